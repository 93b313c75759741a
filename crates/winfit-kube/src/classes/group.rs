//! Windows nodes of one build: what a class for them says, and what it cannot say.

use std::collections::BTreeMap;

use winfit_core::Catalog;
use winfit_core::fleet::Member;
use winfit_core::generation;
use winfit_core::host::{Kind, Os};
use winfit_core::placement::kubernetes::{BUILD_LABEL, OS_LABEL, Taint};
use winfit_core::version::OsVersion;

use super::{ARCH_LABEL, HYPERV};
use crate::model::{Node, Toleration};

/// containerd's handler of process isolation.
const PROCESS: &str = "runhcs-wcow-process";

/// The one handler that Docker's shims know.
const DOCKER: &str = "docker";

/// So many nodes are named.
const NAMED: usize = 3;

/// Nodes of one build and architecture.
pub(super) struct Group<'c> {
    pub(super) build: OsVersion,
    pub(super) arch: String,
    pub(super) nodes: Vec<(&'c Node, Member)>,
}

impl Group<'_> {
    pub(super) fn kind(&self, catalog: &Catalog) -> Kind {
        let first = self.nodes.first();
        first.map_or(Kind::Server, |(_, own)| own.host.effective_kind(catalog))
    }

    /// `windows-ltsc2022`, `windows-1709`, `windows-ltsc2025-arm64`.
    pub(super) fn name(&self, catalog: &Catalog) -> String {
        let release = self
            .nodes
            .first()
            .and_then(|(_, own)| generation::release(catalog, &own.host));
        let release = release.unwrap_or_else(|| self.build.build.to_string());
        let release = release.trim_start_matches("sac-").trim_start_matches("ws-");
        if self.arch == "amd64" {
            format!("windows-{release}")
        } else {
            format!("windows-{release}-{}", self.arch)
        }
    }

    pub(super) fn selector(&self) -> BTreeMap<String, String> {
        BTreeMap::from([
            (OS_LABEL.to_owned(), Os::Windows.name().to_owned()),
            (ARCH_LABEL.to_owned(), self.arch.clone()),
            (BUILD_LABEL.to_owned(), self.build.to_string()),
        ])
    }

    /// The handler of process isolation, and what is to be said of nodes that have another.
    pub(super) fn process_handler(&self) -> (String, Vec<String>) {
        let of_docker = |member: &Member| {
            let engine = member.host.engine;
            engine.is_some_and(|engine| engine.in_words().starts_with("Docker"))
        };
        let docker: Vec<&str> = self
            .nodes
            .iter()
            .filter(|(_, own)| of_docker(own))
            .map(|(_, own)| own.name.as_str())
            .collect();
        if docker.len() == self.nodes.len() {
            return (DOCKER.to_owned(), Vec::new());
        }
        let mut notes = Vec::new();
        if !docker.is_empty() {
            notes.push(format!(
                "Docker on {}, which knows only the handler {DOCKER}: pods of this class fail there",
                named(&docker)
            ));
        }
        let mut lacking = self.lacking(PROCESS);
        lacking.retain(|name| !docker.contains(name));
        if !lacking.is_empty() {
            notes.push(format!(
                "no handler {PROCESS} on {}: pods of this class fail there",
                named(&lacking)
            ));
        }
        (PROCESS.to_owned(), notes)
    }

    /// The handlers of Hyper-V isolation that nodes offer whose platform runs them.
    pub(super) fn hyperv_handlers(&self, catalog: &Catalog) -> Vec<String> {
        let nodes = self.nodes.iter();
        let mut handlers: Vec<String> = nodes
            .filter(|(_, member)| no_hyperv(catalog, member).is_none())
            .flat_map(|(node, _)| &node.status.runtime_handlers)
            .filter(|handler| handler.name.starts_with(HYPERV))
            .map(|handler| handler.name.clone())
            .collect();
        handlers.sort();
        handlers.dedup();
        handlers
    }

    /// The nodes that tell their handlers and have not this one.
    pub(super) fn lacking(&self, handler: &str) -> Vec<&str> {
        let nodes = self.nodes.iter();
        nodes
            .filter(|(node, _)| {
                let told = &node.status.runtime_handlers;
                !told.is_empty() && told.iter().all(|own| own.name != handler)
            })
            .map(|(_, own)| own.name.as_str())
            .collect()
    }

    /// Nodes that the selector does not find, for want of a label that says what their kubelet says.
    pub(super) fn selector_notes(&self) -> Vec<String> {
        let selector = self.selector();
        let mut notes = Vec::new();
        for (key, value) in &selector {
            let missed: Vec<&str> = self
                .nodes
                .iter()
                .filter(|(node, _)| node.metadata.labels.get(key) != Some(value))
                .map(|(_, own)| own.name.as_str())
                .collect();
            if !missed.is_empty() {
                notes.push(format!(
                    "no label {key}={value} on {}: this class places no pods there",
                    named(&missed)
                ));
            }
        }
        notes
    }

    /// On 14393 the build alone places nothing well.
    pub(super) fn revision_note(&self) -> Option<String> {
        (self.build.build == 14_393).then(|| {
            "images of 14393 run on nodes of their own revision only: add the label that winfit kube label gives those"
                .to_owned()
        })
    }

    /// The tolerations for what keeps other pods off Windows nodes, and what is said of further taints.
    pub(super) fn tolerations(&self) -> (Vec<Toleration>, Vec<String>) {
        let mut found: Vec<Toleration> = Vec::new();
        let mut left: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for (_, member) in &self.nodes {
            for taint in member.taints.iter().flatten() {
                if taint.effect == "PreferNoSchedule" {
                    continue;
                }
                if !is_of_windows(taint) {
                    let words = format!("{}={}:{}", taint.key, taint.value, taint.effect);
                    left.entry(words).or_default().push(&member.name);
                    continue;
                }
                let toleration = tolerating(taint);
                if !found.contains(&toleration) {
                    found.push(toleration);
                }
            }
        }
        found.sort_by(|one, other| {
            (&one.key, &one.value, &one.effect).cmp(&(&other.key, &other.value, &other.effect))
        });
        let left = left.into_iter();
        let left = left.map(|(taint, nodes)| {
            format!("the taint {taint} on {} is not tolerated", named(&nodes))
        });
        (found, left.collect())
    }
}

/// Whether a taint keeps off what is not for Windows, however it is spelt: `os=windows`, `os=Windows`,
/// `node.kubernetes.io/os=windows`.
fn is_of_windows(taint: &Taint) -> bool {
    let says = |text: &str| text.to_ascii_lowercase().contains("windows");
    says(&taint.value) || says(&taint.key)
}

fn tolerating(taint: &Taint) -> Toleration {
    let operator = if taint.value.is_empty() {
        "Exists"
    } else {
        "Equal"
    };
    Toleration {
        key: taint.key.clone(),
        operator: operator.to_owned(),
        value: taint.value.clone(),
        effect: taint.effect.clone(),
    }
}

/// Some nodes by their names, the others by their number.
pub(super) fn named(names: &[&str]) -> String {
    let few = names[..names.len().min(NAMED)].join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => few,
        more => format!("{few} and {more} more"),
    }
}

/// The platform of a node, where it offers no Hyper-V isolation.
pub(super) fn no_hyperv(catalog: &Catalog, member: &Member) -> Option<&'static str> {
    let at = usize::from(member.host.platform?);
    let platform = catalog.platforms.get(at)?;
    (platform.hyperv == Some(false)).then_some(platform.name)
}
