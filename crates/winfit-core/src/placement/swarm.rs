//! How Swarm places services: the constraint grammar of swarmkit (`manager/constraint/constraint.go`)
//! and its filter by platform (`manager/scheduler/filter.go`).

use std::net::IpAddr;

use thiserror::Error;

use crate::catalog::Catalog;
use crate::finding::{Located, Origin};
use crate::fleet::{Labels, Member, Role};
use crate::host::Arch;
use crate::version::{OsVersion, quote_for_error};

use super::{Admission, Selected};

/// What limits the nodes of a Swarm service. All constraints must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SwarmPlacement {
    /// The constraints as written.
    pub constraints: Vec<Located<String>>,
    /// Constraints of which a part is not known, as a variable without a value.
    pub unresolved: Vec<Located<String>>,
    /// Operating system and architecture of the image's platforms, where known: Swarm filters by them.
    pub platforms: Vec<(String, String)>,
}

/// One constraint: `node.labels.OsVersion == 10.0.20348`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constraint {
    /// What is compared.
    pub key: Key,
    /// `==`; else `!=`.
    pub equal: bool,
    /// The value, compared as a whole and without regard to case. There are no patterns: `*` is a star.
    pub value: String,
}

/// What a constraint compares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// `node.id`.
    Id,
    /// `node.hostname`.
    Hostname,
    /// `node.ip`: an address or a network.
    Ip,
    /// `node.role`.
    Role,
    /// `node.platform.os`.
    Os,
    /// `node.platform.arch`, as the node's kernel names it: `x86_64`.
    Arch,
    /// `node.labels.NAME`; the case of the name matters.
    NodeLabel(String),
    /// `engine.labels.NAME`; the case of the name matters.
    EngineLabel(String),
    /// A key that swarmkit does not know: no node ever matches.
    Unknown(String),
}

/// Why a text is no constraint: the service is not created.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConstraintError {
    /// Neither `==` nor `!=`.
    #[error(
        "{text:?} has neither == nor !=; a constraint looks like node.labels.OsVersion==10.0.20348"
    )]
    NoOperator {
        /// The constraint, shortened.
        text: String,
        /// What the engine says.
        engine: String,
    },
    /// A key that cannot be one.
    #[error(
        "{key:?} cannot stand before == or !=; keys are letters, digits, dots, dashes and underscores, as node.labels.OsVersion"
    )]
    Key {
        /// The key, shortened.
        key: String,
        /// What the engine says.
        engine: String,
    },
    /// A value that cannot be one.
    #[error(
        "{value:?} cannot stand after == or !=; write one plain value without quotes and commas"
    )]
    Value {
        /// The value, shortened.
        value: String,
        /// What the engine says.
        engine: String,
    },
}

impl ConstraintError {
    /// What the engine says of such a constraint.
    pub fn engine_words(&self) -> &str {
        match self {
            Self::NoOperator { engine, .. }
            | Self::Key { engine, .. }
            | Self::Value { engine, .. } => engine,
        }
    }
}

impl Constraint {
    /// Reads a constraint as the manager does: the operators are tried in this order, the first
    /// occurrence splits.
    pub fn parse(text: &str) -> Result<Self, ConstraintError> {
        let split = [("==", true), ("!=", false)]
            .into_iter()
            .find_map(|(operator, equal)| Some((text.split_once(operator)?, equal)));
        let Some(((key, value), equal)) = split else {
            return Err(ConstraintError::NoOperator {
                text: quote_for_error(text),
                engine: "constraint expected one operator from ==, !=".to_owned(),
            });
        };
        let (key, value) = (key.trim(), value.trim());
        if !is_key(key) {
            return Err(ConstraintError::Key {
                key: quote_for_error(key),
                engine: format!("key '{}' is invalid", quote_for_error(key)),
            });
        }
        if !is_value(value) {
            return Err(ConstraintError::Value {
                value: quote_for_error(value),
                engine: format!("value '{}' is invalid", quote_for_error(value)),
            });
        }
        Ok(Self {
            key: Key::read(key),
            equal,
            value: value.to_owned(),
        })
    }

    /// Whether a node matches; an error: it does not state what is compared, which the text names.
    pub fn matches(&self, catalog: &Catalog, member: &Member) -> Result<bool, String> {
        let host = &member.host;
        let not_stated = |what: &str| Err(what.to_owned());
        match &self.key {
            Key::Unknown(_) => Ok(false),
            Key::Id => match &member.id {
                Some(id) => Ok(self.compares(id)),
                None => not_stated("its id"),
            },
            Key::Hostname if super::has_own_name(catalog, member) => {
                Ok(self.compares(&member.name))
            }
            Key::Hostname => not_stated("its name"),
            Key::Role => match member.role {
                Some(Role::Manager) => Ok(self.compares("manager")),
                Some(Role::Worker) => Ok(self.compares("worker")),
                None => not_stated("its role"),
            },
            Key::Os => Ok(self.compares(host.os.name())),
            Key::Arch => {
                let of = |arch| self.compares(kernel_name(arch));
                // Hosts are amd64 where nobody says otherwise, but for a few of arm64.
                match (host.arch, of(Arch::Amd64), of(Arch::Arm64)) {
                    (Some(own), ..) => Ok(of(own)),
                    (None, false, true) => not_stated("its architecture"),
                    (None, usual, _) => Ok(usual),
                }
            }
            Key::Ip => self.matches_address(member.address),
            Key::NodeLabel(name) => self.matches_label(&member.labels, name, "label"),
            Key::EngineLabel(name) => {
                self.matches_label(&member.engine_labels, name, "engine label")
            }
        }
    }

    fn compares(&self, own: &str) -> bool {
        equal_fold(own, &self.value) == self.equal
    }

    /// A label that is not there compares as an empty one.
    fn matches_label(&self, labels: &Labels, name: &str, what: &str) -> Result<bool, String> {
        match labels.known.get(name) {
            Some(value) => Ok(self.compares(value)),
            None if labels.complete => Ok(self.compares("")),
            None => Err(format!("{what} {name}")),
        }
    }

    fn matches_address(&self, address: Option<IpAddr>) -> Result<bool, String> {
        let wanted = match (self.value.parse::<IpAddr>(), network(&self.value)) {
            (Ok(one), _) => (one.to_canonical(), None),
            (Err(_), Some((start, bits))) => (start, Some(bits)),
            // No node has an address that is none, not even with `!=`.
            (Err(_), None) => return Ok(false),
        };
        let Some(own) = address else {
            return Err("its address".to_owned());
        };
        let own = own.to_canonical();
        let same = match wanted {
            (one, None) => own == one,
            (start, Some(bits)) => in_network(own, start, bits),
        };
        Ok(same == self.equal)
    }
}

impl Key {
    fn read(key: &str) -> Self {
        let after = |prefix: &str| {
            let head = key.get(..prefix.len())?;
            let name = &key[prefix.len()..];
            (head.eq_ignore_ascii_case(prefix) && !name.is_empty()).then(|| name.to_owned())
        };
        if let Some(name) = after("node.labels.") {
            return Self::NodeLabel(name);
        }
        if let Some(name) = after("engine.labels.") {
            return Self::EngineLabel(name);
        }
        match key.to_ascii_lowercase().as_str() {
            "node.id" => Self::Id,
            "node.hostname" => Self::Hostname,
            "node.ip" => Self::Ip,
            "node.role" => Self::Role,
            "node.platform.os" => Self::Os,
            "node.platform.arch" => Self::Arch,
            _ => Self::Unknown(key.to_owned()),
        }
    }
}

/// Go folds these two to `s` and `k` where a pattern disregards case.
fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic() || matches!(c, '\u{17f}' | '\u{212a}')
}

/// `^(?i)[a-z_][a-z0-9\-_.]+$`
fn is_key(key: &str) -> bool {
    let mut chars = key.chars();
    let first = chars.next().is_some_and(|c| is_letter(c) || c == '_');
    let rest = chars.as_str();
    let fine = |c: char| is_letter(c) || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
    first && !rest.is_empty() && rest.chars().all(fine)
}

/// `^(?i)[a-z0-9:\-_\s\.\*\(\)\?\+\[\]\\\^\$\|\/]+$`
fn is_value(value: &str) -> bool {
    let fine = |c: char| {
        is_letter(c)
            || c.is_ascii_digit()
            || matches!(c, '\t' | '\n' | '\u{c}' | '\r' | ' ')
            || r":-_.*()?+[]\^$|/".contains(c)
    };
    !value.is_empty() && value.chars().all(fine)
}

/// As Go's `EqualFold`: letter by letter, without regard to case.
fn equal_fold(one: &str, other: &str) -> bool {
    let folded = |c: char| c.to_uppercase().flat_map(char::to_lowercase);
    one.chars()
        .flat_map(folded)
        .eq(other.chars().flat_map(folded))
}

/// The architecture as the kernel of a node names it, which is what engines report.
fn kernel_name(arch: Arch) -> &'static str {
    match arch {
        Arch::Amd64 => "x86_64",
        Arch::Arm64 => "aarch64",
        Arch::Arm => "armv7l",
        Arch::X86 => "i686",
    }
}

/// `10.0.0.0/8`: an address of it and how many bits are common.
fn network(text: &str) -> Option<(IpAddr, u8)> {
    let (address, bits) = text.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let digits = !bits.is_empty() && bits.len() <= 3 && bits.bytes().all(|b| b.is_ascii_digit());
    let bits: u8 = bits.parse().ok().filter(|_| digits)?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    (bits <= most).then_some((address, bits))
}

fn in_network(own: IpAddr, start: IpAddr, bits: u8) -> bool {
    match (own, start) {
        (IpAddr::V4(own), IpAddr::V4(start)) => {
            let apart = u32::from(own) ^ u32::from(start);
            bits == 0 || apart >> (32 - u32::from(bits)) == 0
        }
        (IpAddr::V6(own), IpAddr::V6(start)) => {
            let apart = u128::from(own) ^ u128::from(start);
            bits == 0 || apart >> (128 - u32::from(bits)) == 0
        }
        _ => false,
    }
}

impl SwarmPlacement {
    /// Whether it lets the service onto this node. A constraint that is none keeps the service off every
    /// node; one that surely fails counts before one that nobody can tell.
    pub fn admits(&self, catalog: &Catalog, member: &Member) -> Admission {
        let mut unknown = self.unresolved.first().map(|written| Admission::Unknown {
            missing: format!("a value in {:?}", quote_for_error(written.value.trim())),
            origin: Some(written.origin.clone()),
        });
        for written in &self.constraints {
            let matched = Constraint::parse(&written.value)
                .map_or(Ok(false), |constraint| constraint.matches(catalog, member));
            match matched {
                Ok(true) => {}
                Ok(false) => {
                    return Admission::No {
                        because: quote_for_error(written.value.trim()),
                        origin: Some(written.origin.clone()),
                    };
                }
                Err(missing) => {
                    unknown = unknown.or_else(|| {
                        Some(Admission::Unknown {
                            missing,
                            origin: Some(written.origin.clone()),
                        })
                    });
                }
            }
        }
        match self.platform_fits(member) {
            Some(true) => unknown.unwrap_or(Admission::Yes),
            Some(false) => Admission::No {
                because: format!("the image's platforms, {}", self.platforms_in_words()),
                origin: None,
            },
            None => unknown.unwrap_or_else(|| Admission::Unknown {
                missing: "its architecture".to_owned(),
                origin: None,
            }),
        }
    }

    /// The placement with nothing but the constraint that gave this refusal.
    pub(crate) fn only_demand(&self, refusal: &Admission) -> Option<Self> {
        let gave = |written: &&Located<String>| matches!(refusal, Admission::No { origin, .. } if origin.as_ref() == Some(&written.origin));
        self.constraints.iter().find(gave).map(|written| Self {
            constraints: vec![written.clone()],
            ..Self::default()
        })
    }

    /// The constraint that stands at a place, as written, and the placement with nothing else.
    pub(crate) fn demand_at(&self, stands: impl Fn(&Origin) -> bool) -> Option<(String, Self)> {
        let written = self.constraints.iter().find(|one| stands(&one.origin))?;
        let alone = Self {
            constraints: vec![written.clone()],
            ..Self::default()
        };
        Some((quote_for_error(written.value.trim()), alone))
    }

    /// Whether one of the image's platforms is the node's; none: the node's architecture is not stated.
    fn platform_fits(&self, member: &Member) -> Option<bool> {
        if self.platforms.is_empty() {
            return Some(true);
        }
        let mut open = false;
        for (os, arch) in &self.platforms {
            if !os.is_empty() && os != member.host.os.name() {
                continue;
            }
            match (arch.as_str(), member.host.arch) {
                ("", _) => return Some(true),
                (wanted, None) if docker_name(wanted) == Arch::Amd64.name() => return Some(true),
                (wanted, None) => open |= docker_name(wanted) == Arch::Arm64.name(),
                (wanted, Some(own)) if docker_name(wanted) == own.name() => return Some(true),
                _ => {}
            }
        }
        if open { None } else { Some(false) }
    }

    fn platforms_in_words(&self) -> String {
        const MOST: usize = 3;
        let named = self.platforms.iter().take(MOST).map(|(os, arch)| {
            if arch.is_empty() {
                os.clone()
            } else {
                format!("{os}/{arch}")
            }
        });
        named.collect::<Vec<_>>().join(", ")
    }

    /// The Windows versions that it demands of its nodes, by the label of the documentation
    /// (`node.labels.OsVersion == 10.0.20348`) or by winfit's own.
    pub fn selected(&self, _catalog: &Catalog) -> Vec<Selected> {
        let mut found: Vec<Selected> = Vec::new();
        for written in &self.constraints {
            let Ok(constraint) = Constraint::parse(&written.value) else {
                continue;
            };
            if !constraint.equal || !constraint.key.is_version() {
                continue;
            }
            if let Ok(version) = constraint.value.parse::<OsVersion>() {
                found.push(Selected {
                    version,
                    origin: written.origin.clone(),
                });
            }
        }
        found
    }

    /// The constraint on the operating system, where there is one: what it wants, and where.
    pub(crate) fn selected_os(&self) -> Option<(String, &Located<String>)> {
        self.constraints.iter().find_map(|written| {
            let constraint = Constraint::parse(&written.value).ok()?;
            let os = match &constraint.key {
                Key::Os => true,
                Key::NodeLabel(name) => name == "OS",
                _ => false,
            };
            (os && constraint.equal).then(|| (constraint.value.to_ascii_lowercase(), written))
        })
    }
}

impl Key {
    /// Whether its value is a version of Windows.
    pub(crate) fn is_version(&self) -> bool {
        matches!(self, Self::NodeLabel(name)
            if name.eq_ignore_ascii_case("OsVersion") || name == "winfit.build")
    }
}

/// As Swarm writes architectures before it compares them.
fn docker_name(arch: &str) -> &str {
    match arch {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}
