//! The hosts of `winfit.toml`, and the facts that all of them or one of them states.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::{DeTable, DeValue};
use winfit_core::engine::Engine;
use winfit_core::finding::Origin;
use winfit_core::fleet::{Labels, Member, Orchestrator, Role, State};
use winfit_core::host::{Arch, Host, Isolation, Kind, Os, choices, read_host_spec};
use winfit_core::placement::kubernetes::Taint;
use winfit_core::version::{OsVersion, quote_for_error};

use super::Config;
use super::read::{Key, RULE, Reading, Value};
use crate::problem::Problem;

/// Keys at the top that are facts of every host.
pub(super) const HOST_FACTS: [&str; 7] = [
    "arch",
    "engine",
    "hyperv",
    "isolation",
    "kind",
    "orchestrator",
    "platform",
];

/// What is told of all hosts, or of one.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct HostFacts {
    arch: Option<Arch>,
    engine: Option<Engine>,
    hyperv: Option<bool>,
    isolation: Option<Isolation>,
    kind: Option<Kind>,
    orchestrator: Option<Orchestrator>,
    platform: Option<u8>,
}

impl HostFacts {
    /// Adds to a host what it does not state itself.
    fn complete(&self, host: &mut Host) {
        host.arch = host.arch.or(self.arch);
        host.engine = host.engine.or(self.engine);
        host.platform = host.platform.or(self.platform);
        if host.os == Os::Windows {
            host.hyperv = host.hyperv.or(self.hyperv);
            host.configured_isolation = host.configured_isolation.or(self.isolation);
            if let (Kind::Unknown, Some(kind)) = (host.kind, self.kind) {
                host.kind = kind;
            }
        }
    }
}

impl Reading<'_> {
    /// One of the facts that all hosts or one host may state.
    pub(super) fn fact(&mut self, key: &Key<'_>, value: &Value<'_>, facts: &mut HostFacts) {
        let name = key.get_ref().as_ref();
        if name == "hyperv" {
            facts.hyperv = self.flag(value);
            return;
        }
        let Some(text) = self.text(value, "a text") else {
            return;
        };
        let lower = text.to_ascii_lowercase();
        let mut expected = None;
        match name {
            "arch" => {
                facts.arch = Arch::parse(text);
                expected = facts.arch.is_none().then(|| "amd64 or arm64".to_owned());
            }
            "engine" => match text.parse() {
                Ok(engine) => facts.engine = Some(engine),
                Err(error) => {
                    self.wrong(value.span(), error.to_string());
                    return;
                }
            },
            "isolation" => {
                facts.isolation = match lower.as_str() {
                    "process" => Some(Isolation::Process),
                    "hyperv" => Some(Isolation::Hyperv),
                    _ => None,
                };
                expected = facts
                    .isolation
                    .is_none()
                    .then(|| "process or hyperv".to_owned());
            }
            "kind" => {
                facts.kind = match lower.as_str() {
                    "server" => Some(Kind::Server),
                    "client" => Some(Kind::Client),
                    _ => None,
                };
                expected = facts.kind.is_none().then(|| "server or client".to_owned());
            }
            "orchestrator" => {
                facts.orchestrator = match lower.as_str() {
                    "kubernetes" => Some(Orchestrator::Kubernetes),
                    "swarm" => Some(Orchestrator::Swarm),
                    "docker" => Some(Orchestrator::Docker),
                    _ => None,
                };
                expected = facts
                    .orchestrator
                    .is_none()
                    .then(|| "kubernetes, swarm or docker".to_owned());
            }
            _ => {
                let at = self
                    .catalog
                    .platforms
                    .iter()
                    .position(|platform| platform.platform.eq_ignore_ascii_case(text));
                facts.platform = at.and_then(|at| u8::try_from(at).ok());
                if facts.platform.is_none() {
                    let known: Vec<&str> =
                        self.catalog.platforms.iter().map(|p| p.platform).collect();
                    expected = Some(format!("one of {}", known.join(", ")));
                }
            }
        }
        if let Some(expected) = expected {
            self.wrong(
                value.span(),
                format!(
                    "{:?} is no {name}; expected {expected}",
                    quote_for_error(text)
                ),
            );
        }
    }

    pub(super) fn hosts(&mut self, value: &Value<'_>, facts: &HostFacts, config: &mut Config) {
        let Some(array) = value.get_ref().as_array() else {
            self.wrong(
                value.span(),
                "expected a list of hosts, as hosts = [\"ltsc2019\", \"ltsc2022\"] or [[hosts]] tables",
            );
            return;
        };
        for item in array {
            match item.get_ref() {
                DeValue::String(text) => {
                    let members = self.members(text, item.span(), facts, None);
                    config.hosts.extend(members);
                }
                DeValue::Table(table) => self.host(table, item.span(), *facts, config),
                _ => self.wrong(
                    item.span(),
                    "a host is a text, as \"ltsc2019\", or a table with host = \"…\"",
                ),
            }
        }
        let mut names: Vec<(&str, Option<&Origin>)> = config
            .hosts
            .iter()
            .map(|member| (member.name.as_str(), member.origin.as_ref()))
            .collect();
        names.sort_by_key(|(name, _)| *name);
        for pair in names.windows(2) {
            if let ([(first, _), (second, Some(origin))], true) = (pair, pair[0].0 == pair[1].0) {
                self.problems.push(Problem::warning(
                    RULE,
                    (*origin).clone(),
                    format!(
                        "two hosts are called {first:?}; give each a name of its own, as name = \"{second}-2\""
                    ),
                ));
            }
        }
    }

    /// Reads what names a host's version.
    fn members(
        &mut self,
        text: &str,
        span: Range<usize>,
        facts: &HostFacts,
        name: Option<&str>,
    ) -> Vec<Member> {
        if text == "auto" || text.starts_with('@') {
            self.wrong(
                span,
                "winfit.toml names hosts by version or release; auto and @FILE are for --host",
            );
            return Vec::new();
        }
        let read = match read_host_spec(self.catalog, text) {
            Ok(read) => read,
            Err(error) => {
                self.wrong(span, error.to_string());
                return Vec::new();
            }
        };
        if read.len() > 1 {
            let choices = choices(self.catalog, &read);
            self.wrong(
                span,
                format!(
                    "{:?} names several releases; say which: {}",
                    quote_for_error(text),
                    choices.join(", ")
                ),
            );
            return Vec::new();
        }
        let origin = self.origin(span);
        read.into_iter()
            .map(|mut read| {
                facts.complete(&mut read.host);
                // Who places work with Kubernetes or Swarm places it on servers.
                if read.host.os == Os::Windows
                    && read.host.kind == Kind::Unknown
                    && matches!(
                        facts.orchestrator,
                        Some(Orchestrator::Kubernetes | Orchestrator::Swarm)
                    )
                {
                    read.host.kind = Kind::Server;
                }
                let name = name.or(read.name.as_deref()).unwrap_or(text);
                let mut member = Member::new(name, read.host, &self.source.name);
                member.orchestrator = facts.orchestrator;
                member.origin = Some(origin.clone());
                member
            })
            .collect()
    }

    fn host(
        &mut self,
        table: &DeTable<'_>,
        span: Range<usize>,
        mut facts: HostFacts,
        config: &mut Config,
    ) {
        const KEYS: [&str; 9] = [
            "host",
            "name",
            "labels",
            "engine_labels",
            "taints",
            "role",
            "address",
            "id",
            "state",
        ];
        let mut host = None;
        let mut name = None;
        let mut shape = Member::new("", Host::windows(OsVersion::of_build(0)), "");
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "host" => {
                    host = self
                        .text(value, "a version or a release")
                        .map(|t| (t, value.span()));
                }
                "name" => name = self.text(value, "a name"),
                "id" => shape.id = self.text(value, "a node's id").map(str::to_owned),
                "labels" => shape.labels = self.labels(value),
                "engine_labels" => shape.engine_labels = self.labels(value),
                "taints" => shape.taints = Some(self.taints(value)),
                "role" => match value.get_ref().as_str() {
                    Some("manager") => shape.role = Some(Role::Manager),
                    Some("worker") => shape.role = Some(Role::Worker),
                    _ => self.wrong(value.span(), "role is \"manager\" or \"worker\""),
                },
                "address" => match value.get_ref().as_str().and_then(|text| text.parse().ok()) {
                    Some(address) => shape.address = Some(address),
                    None => self.wrong(value.span(), "address is an IP address, as \"10.0.0.7\""),
                },
                "state" => match value.get_ref().as_str() {
                    Some("ready") => shape.state = State::Ready,
                    Some("cordoned") => shape.state = State::Cordoned,
                    Some("drained") => shape.state = State::Drained,
                    Some("down") => shape.state = State::Down,
                    _ => self.wrong(
                        value.span(),
                        "state is \"ready\", \"cordoned\", \"drained\" or \"down\"",
                    ),
                },
                known if HOST_FACTS.contains(&known) => self.fact(key, value, &mut facts),
                _ => {
                    let mut known = KEYS.to_vec();
                    known.extend(HOST_FACTS);
                    self.unknown_key(key, &known);
                }
            }
        }
        let Some((text, at)) = host else {
            if !table.keys().any(|key| key.get_ref() == "host") {
                self.wrong(
                    span,
                    "this host states no version; add host = \"ltsc2022\" or a version",
                );
            }
            return;
        };
        for member in self.members(text, at, &facts, name) {
            config.hosts.push(Member {
                labels: shape.labels.clone(),
                engine_labels: shape.engine_labels.clone(),
                taints: shape.taints.clone(),
                id: shape.id.clone(),
                role: shape.role,
                address: shape.address,
                state: shape.state,
                ..member
            });
        }
    }

    fn labels(&mut self, value: &Value<'_>) -> Labels {
        let mut known = BTreeMap::new();
        if let Some(table) = self.table(value, "a table of labels, as { agentpool = \"win22\" }") {
            for (key, value) in table {
                if let Some(text) =
                    self.text(value, "a text between quotes: label values are texts")
                {
                    known.insert(key.get_ref().to_string(), text.to_owned());
                }
            }
        }
        Labels {
            known,
            complete: false,
        }
    }

    /// `key=value:Effect`, as `kubectl taint` writes them.
    fn taints(&mut self, value: &Value<'_>) -> Vec<Taint> {
        let mut taints = Vec::new();
        for (text, span) in self.texts(value, "taints, as \"os=windows:NoSchedule\"") {
            let Some((pair, effect)) = text.rsplit_once(':') else {
                self.wrong(
                    span,
                    "a taint is written key=value:Effect, as os=windows:NoSchedule",
                );
                continue;
            };
            if !["NoSchedule", "PreferNoSchedule", "NoExecute"].contains(&effect) {
                self.wrong(
                    span,
                    "the effect of a taint is NoSchedule, PreferNoSchedule or NoExecute",
                );
                continue;
            }
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            taints.push(Taint {
                key: key.to_owned(),
                value: value.to_owned(),
                effect: effect.to_owned(),
            });
        }
        taints
    }
}
