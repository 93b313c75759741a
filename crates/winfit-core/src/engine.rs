//! Container engines: what a user names (`docker@29.6.2+containerd`), and its version.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::catalog::{Catalog, EngineRow};
use crate::version::quote_for_error;

/// The engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Product {
    /// Docker Engine.
    Docker,
    /// containerd.
    Containerd,
}

impl Product {
    /// The name in flags and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Containerd => "containerd",
        }
    }

    /// The name in sentences.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Docker => "Docker",
            Self::Containerd => "containerd",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "docker" => Some(Self::Docker),
            "containerd" => Some(Self::Containerd),
            _ => None,
        }
    }
}

/// Docker's two image stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Store {
    /// The graph driver (`windowsfilter`), the default on Windows up to Docker 29.
    Classic,
    /// containerd's, opt-in on Windows (`"features": {"containerd-snapshotter": true}`).
    Containerd,
}

/// An engine's version. Pre-releases are below their release; `main` is above all. `29.6` and
/// `29.6.0` are the same version.
#[derive(Debug, Clone, Copy, Eq)]
pub struct EngineVersion {
    /// Three numbers of 16 bits, then the pre-release: one number, so that comparing is one step.
    key: u64,
    /// How many numbers were written, for printing.
    written: u8,
}

/// The kinds of pre-releases in their order, each with the room of its numbers.
const PRE_RELEASES: [&str; 3] = ["alpha", "beta", "rc"];
const PER_KIND: u64 = 0x4000;
/// A release is above all of its pre-releases.
const RELEASE: u64 = 0xffff;
const MAIN: u16 = u16::MAX;

impl EngineVersion {
    const fn pack(parts: [u16; 3], pre: u64) -> u64 {
        (parts[0] as u64) << 48 | (parts[1] as u64) << 32 | (parts[2] as u64) << 16 | pre
    }

    fn parts(self) -> [u16; 3] {
        [
            (self.key >> 48) as u16,
            (self.key >> 32) as u16,
            (self.key >> 16) as u16,
        ]
    }

    /// Reads `29.6.2`, `v2.3`, `18.06.1-ce`, `2.4.0-beta.0`, `1.6.6+azure`, `main`.
    pub fn parse(text: &str) -> Option<Self> {
        if matches!(text, "main" | "master") {
            return Some(Self {
                key: Self::pack([MAIN, 0, 0], RELEASE),
                written: 0,
            });
        }
        let text = text.strip_prefix('v').unwrap_or(text);
        // Build metadata and distribution suffixes do not order versions.
        let text = text.split('+').next()?;
        let (numbers, suffix) = text.split_once('-').unwrap_or((text, ""));
        let mut parts = [0; 3];
        let mut written = 0;
        for part in numbers.split('.') {
            let plain = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            if written == 3 || !plain {
                return None;
            }
            let value: u16 = part.parse().ok()?;
            if value == MAIN {
                return None;
            }
            parts[written] = value;
            written += 1;
        }
        let pre = (0..).zip(PRE_RELEASES).find_map(|(kind, word)| {
            let number = suffix.strip_prefix(word)?.trim_start_matches(['.', '-']);
            Some(kind * PER_KIND + number.parse().unwrap_or(0).min(PER_KIND - 1))
        });
        Some(Self {
            key: Self::pack(parts, pre.unwrap_or(RELEASE)),
            written: written as u8,
        })
    }

    /// Neither a pre-release nor a branch.
    pub fn is_release(self) -> bool {
        self.key & RELEASE == RELEASE && !self.is_branch()
    }

    fn is_branch(self) -> bool {
        self.parts()[0] == MAIN
    }
}

impl PartialEq for EngineVersion {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Ord for EngineVersion {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }
}

impl PartialOrd for EngineVersion {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for EngineVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.written == 0 {
            return f.write_str("main");
        }
        let parts = self.parts();
        for (at, part) in parts.iter().take(usize::from(self.written)).enumerate() {
            if at > 0 {
                f.write_str(".")?;
            }
            // Docker's calendar versions keep their zero: 18.06.
            if at == 1 && (17..=20).contains(&parts[0]) {
                write!(f, "{part:02}")?;
            } else if *part == 999 {
                f.write_str("x")?;
            } else {
                write!(f, "{part}")?;
            }
        }
        match self.key & RELEASE {
            RELEASE => Ok(()),
            pre => {
                let kind = PRE_RELEASES
                    .get((pre / PER_KIND) as usize)
                    .unwrap_or(&"pre");
                write!(f, "-{kind}.{}", pre % PER_KIND)
            }
        }
    }
}

/// An engine that a user named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Engine {
    /// Docker or containerd.
    pub product: Product,
    /// Its version.
    pub version: EngineVersion,
    /// Docker with containerd's image store.
    pub store: Store,
    /// containerd's own client (`ctr`, `nerdctl`) rather than its CRI plugin.
    pub client: bool,
}

/// Why a text names no engine.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "{text:?} names no engine: {reason}; write docker@29.6.2, docker@29.6.2+containerd, containerd@2.3.1 or containerd@2.3.1+client"
)]
pub struct EngineError {
    text: String,
    reason: String,
}

impl FromStr for Engine {
    type Err = EngineError;

    fn from_str(text: &str) -> Result<Self, EngineError> {
        let error = |reason: String| EngineError {
            text: quote_for_error(text),
            reason,
        };
        let Some((name, rest)) = text.trim().split_once('@') else {
            return Err(error("its version is missing".to_owned()));
        };
        let product = match name.trim().to_ascii_lowercase().as_str() {
            "docker" | "moby" | "docker-engine" => Product::Docker,
            "containerd" => Product::Containerd,
            other => {
                return Err(error(format!(
                    "{:?} is neither docker nor containerd",
                    quote_for_error(other)
                )));
            }
        };
        let mut pieces = rest.split('+');
        let number = pieces.next().unwrap_or_default();
        let version = EngineVersion::parse(number)
            .ok_or_else(|| error(format!("{:?} is no version", quote_for_error(number))))?;
        let mut engine = Self {
            product,
            version,
            store: Store::Classic,
            client: false,
        };
        for option in pieces {
            match (product, option) {
                (Product::Docker, "containerd") => engine.store = Store::Containerd,
                (Product::Docker, "classic") => engine.store = Store::Classic,
                (Product::Containerd, "client") => engine.client = true,
                (Product::Containerd, "cri") => engine.client = false,
                // `containerd://1.6.6+azure`: a distribution's mark, not an option.
                (Product::Containerd, "azure") => {}
                _ => {
                    return Err(error(format!(
                        "{:?} is no option of {}",
                        quote_for_error(option),
                        product.name()
                    )));
                }
            }
        }
        Ok(engine)
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.product.name(), self.version)?;
        match (self.product, self.store, self.client) {
            (Product::Docker, Store::Containerd, _) => f.write_str("+containerd"),
            (Product::Containerd, _, true) => f.write_str("+client"),
            _ => Ok(()),
        }
    }
}

impl Engine {
    /// How people speak of it: `Docker 29.6.2 with the containerd image store`.
    pub fn in_words(&self) -> String {
        match (self.product, self.store, self.client) {
            (Product::Docker, Store::Containerd, _) => {
                format!("Docker {} with the containerd image store", self.version)
            }
            (Product::Docker, Store::Classic, _) => {
                format!("Docker {} with its classic image store", self.version)
            }
            (Product::Containerd, _, true) => format!("containerd {}'s client", self.version),
            (Product::Containerd, _, false) => format!("containerd {}", self.version),
        }
    }

    fn concerns(&self, row: &EngineRow) -> bool {
        row.product == self.product
            && (self.product == Product::Containerd
                || row.store.is_none_or(|store| store == self.store))
            && row.client.is_none_or(|client| client == self.client)
    }

    /// The rule that this version carries, where the catalog knows it.
    #[inline]
    pub fn rule<'c>(&self, catalog: &'c Catalog) -> Option<&'c EngineRow> {
        self.rule_at(catalog).map(|(_, row)| row)
    }

    /// The same, with its index into [`Catalog::engines`].
    #[inline]
    pub(crate) fn rule_at<'c>(&self, catalog: &'c Catalog) -> Option<(u8, &'c EngineRow)> {
        let at = catalog.engines.iter().position(|row| {
            self.concerns(row) && row.from <= self.version && self.version <= row.to
        })?;
        Some((at as u8, &catalog.engines[at]))
    }

    /// The row whose versions are nearest to this one, for an engine outside the table.
    pub fn nearest<'c>(&self, catalog: &'c Catalog) -> Option<&'c EngineRow> {
        let released = |row: &&EngineRow| !row.from.is_branch();
        let below = catalog
            .engines
            .iter()
            .filter(|row| self.concerns(row))
            .filter(released)
            .filter(|row| row.to <= self.version)
            .max_by_key(|row| row.to);
        below.or_else(|| {
            catalog
                .engines
                .iter()
                .filter(|row| self.concerns(row))
                .filter(released)
                .min_by_key(|row| row.from)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Generation, Order};

    #[test]
    fn every_engine_version_of_the_table_has_its_generation_and_order() {
        use Generation::{A, B, C, D, X};
        use Order::{ExactFirst, Index, Numeric, String};
        for (engine, generation, order) in [
            ("containerd@1.5.18", X, Numeric),
            ("containerd@1.6.22", X, Numeric),
            ("containerd@1.6.23", A, Numeric),
            ("containerd@1.6.36", A, Numeric),
            ("containerd@1.7.0", X, Index),
            ("containerd@1.7.5", X, Index),
            ("containerd@1.7.6", A, Index),
            ("containerd@1.7.27+client", A, Index),
            ("containerd@2.0.5", A, Index),
            ("containerd@2.1.4", A, Index),
            ("containerd@2.2.0", B, Index),
            ("containerd@2.3.4", B, Index),
            ("containerd@2.3.1+client", B, String),
            ("containerd@2.4.0-beta.0", B, Index),
            ("containerd@main", C, Index),
            ("containerd@main+client", C, String),
            ("docker@18.06.0-ce", D, ExactFirst),
            ("docker@20.10.24", D, ExactFirst),
            ("docker@29.7.2", D, ExactFirst),
            ("docker@27.5.1+containerd", A, Index),
            ("docker@28.5.2+containerd", A, Index),
            ("docker@29.0.0+containerd", B, Index),
            ("docker@29.7.2+containerd", B, Index),
            ("docker@main+containerd", C, Index),
        ] {
            let parsed: Engine = engine.parse().unwrap();
            let row = parsed
                .rule(Catalog::builtin())
                .unwrap_or_else(|| panic!("{engine} has no row"));
            assert_eq!((row.generation, row.order), (generation, order), "{engine}");
        }
    }

    #[test]
    fn versions_outside_the_table_are_unknown_and_name_the_nearest() {
        for (engine, nearest) in [
            ("containerd@2.3.5", "2.3.4"),
            ("containerd@2.4.0", "2.4.0-beta.0"),
            ("containerd@3.0", "2.4.0-beta.0"),
            ("docker@29.8.0", "29.7.2"),
            ("docker@30.0+containerd", "29.7.2"),
        ] {
            let parsed: Engine = engine.parse().unwrap();
            assert!(parsed.rule(Catalog::builtin()).is_none(), "{engine}");
            let row = parsed.nearest(Catalog::builtin()).unwrap();
            assert_eq!(row.to.to_string(), nearest, "{engine}");
        }
        let old: Engine = "docker@17.06.2".parse().unwrap();
        assert!(old.rule(Catalog::builtin()).is_none());
        let row = old.nearest(Catalog::builtin()).unwrap();
        assert_eq!(row.from.to_string(), "18.06");
    }

    #[test]
    fn what_names_no_engine_is_refused_with_what_would() {
        for text in [
            "docker",
            "podman@5",
            "docker@x",
            "docker@29+buildkit",
            "containerd@1..2",
            "@",
        ] {
            let error = text.parse::<Engine>().unwrap_err().to_string();
            assert!(error.contains("write docker@29.6.2"), "{error}");
        }
    }

    #[test]
    fn an_engine_prints_as_it_is_written() {
        for text in [
            "docker@29.6.2",
            "docker@29.6.2+containerd",
            "docker@18.06.1",
            "containerd@2.3.1",
            "containerd@2.3.1+client",
            "containerd@2.4.0-beta.0",
        ] {
            assert_eq!(text.parse::<Engine>().unwrap().to_string(), text);
        }
    }
}
