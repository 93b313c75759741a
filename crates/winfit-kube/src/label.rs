//! The labels that tell each node's Windows: which it should have, and writing them.
//!
//! Kubelets label their nodes with the build alone. winfit's own labels tell the full version and one
//! generation of images each that the node runs; users' own say the same under keys of theirs. All others
//! are somebody else's.

mod displaced;
mod keys;
mod target;
mod write;

use std::collections::BTreeMap;

use thiserror::Error;
use winfit_core::Catalog;
use winfit_core::generation;
use winfit_core::host::{Host, Os};
use winfit_core::placement::kubernetes::{WINFIT_BUILD_LABEL, WINFIT_VERSION_LABEL};
use winfit_core::version::OsVersion;

use crate::fleet::{Told, member};

pub use self::displaced::{Displaced, displaced, read_daemonsets};
pub use self::keys::{KeyError, Lack, OwnLabel, Tells};
pub use self::target::{Owners, Target};
pub use self::write::{apply, conflicts, read};

/// Labels that begin so are winfit's own.
pub const OWN: &str = "winfit.dev/";

/// Who winfit is for server-side apply.
pub const MANAGER: &str = "winfit";

/// What labels about generations begin with.
pub const RUNS: &str = "winfit.dev/runs-";

/// Labels by their keys.
pub type Labels = BTreeMap<String, String>;

/// What the user wants of labels.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'w> {
    /// Hosts that were told, by nodes' names.
    pub told: &'w Told,
    /// Labels of one's own.
    pub own: &'w [OwnLabel],
    /// Labels are taken from those who own them.
    pub force: bool,
}

/// What is to become of the labels of one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeChange {
    /// The node's name.
    pub name: String,
    /// What tells it from another node of that name.
    uid: String,
    /// What is known of it.
    pub host: Host,
    /// Where its version was learnt.
    pub learnt_from: String,
    /// Its labels as they are.
    pub now: Labels,
    /// All labels that winfit wants there.
    pub wanted: Labels,
    /// Labels that are missing or say something else.
    pub set: Labels,
    /// Labels that say nothing true, or that nobody wants any more.
    pub remove: Vec<String>,
    /// Labels to set that are somebody else's.
    pub held: Vec<Held>,
    /// Labels of one's own that it cannot have, each with why.
    pub lacking: Vec<(String, Lack)>,
    /// Why it gets none; its labels stay as they are.
    pub open: Option<Open>,
}

/// A label that somebody else owns, with another value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Its key.
    pub label: String,
    /// What it says.
    pub says: String,
    /// Who owns it: the field managers.
    pub by: Vec<String>,
}

/// Why a node gets no labels, with what to do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Open {
    /// Nothing tells its Windows.
    #[error("nothing tells which Windows {node} has; say it with --host {node}=ltsc2019")]
    Unknown {
        /// The node.
        node: String,
    },
}

impl NodeChange {
    /// Whether anything is to be written.
    pub fn is_change(&self) -> bool {
        !self.set.is_empty() || !self.remove.is_empty()
    }

    /// The command that does the same by hand.
    pub fn command(&self) -> String {
        let set = self.set.iter().map(|(key, value)| (key, Some(value)));
        let remove = self.remove.iter().map(|key| (key, None));
        self.typed(set.chain(remove))
    }

    /// The command that undoes it.
    pub fn way_back(&self) -> String {
        let changed = self.set.keys().chain(&self.remove);
        self.typed(changed.map(|key| (key, self.now.get(key))))
    }

    /// `kubectl label`, with labels to set and labels, of no value, to remove.
    fn typed<'l>(&self, labels: impl Iterator<Item = (&'l String, Option<&'l String>)>) -> String {
        let words: String = labels
            .map(|(key, value)| match value {
                Some(value) => format!(" {key}={value}"),
                None => format!(" {key}-"),
            })
            .collect();
        let replaces = self.set.keys().any(|key| self.now.contains_key(key));
        let overwrite = if replaces { " --overwrite" } else { "" };
        format!("kubectl label node {}{words}{overwrite}", self.name)
    }
}

/// What is to become of the labels of every node, in their order.
pub fn plan(catalog: &Catalog, nodes: &[Target], wish: &Wish<'_>) -> Vec<NodeChange> {
    let nodes = nodes.iter();
    nodes.map(|node| of_node(catalog, node, wish)).collect()
}

/// What is to become of the labels of one node.
fn of_node(catalog: &Catalog, target: &Target, wish: &Wish<'_>) -> NodeChange {
    let member = member(catalog, &target.node, wish.told);
    let mut change = NodeChange {
        uid: target.uid.clone(),
        host: member.host,
        learnt_from: member.learnt_from,
        now: target.node.metadata.labels.clone(),
        wanted: Labels::new(),
        set: Labels::new(),
        remove: Vec::new(),
        held: Vec::new(),
        lacking: Vec::new(),
        open: None,
        name: member.name,
    };
    match (change.host.os, change.host.version) {
        (Os::Linux, _) => {}
        (Os::Windows, None) => {
            let node = change.name.clone();
            change.open = Some(Open::Unknown { node });
            return change;
        }
        (Os::Windows, Some(version)) => {
            let version = with_own_revision(catalog, target, version);
            change.host.version = Some(version);
            change.wanted = labels_of(catalog, &change.host, version);
            for own in wish.own {
                match own.value(catalog, &change.host, version) {
                    Ok(value) => {
                        change.wanted.insert(own.key.clone(), value);
                    }
                    Err(reason) => change.lacking.push((own.key.clone(), reason)),
                }
            }
        }
    }
    let is_right = |key: &str, value: &str| target.label(key) == Some(value);
    let missing = change.wanted.iter();
    change.set = missing
        .filter(|(key, value)| !is_right(key, value))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    change.remove = stale(target, &change.wanted);
    change.held = held(target, &change.set);
    change
}

/// What is told of a node without a revision says nothing against the one that its kubelet tells.
fn with_own_revision(catalog: &Catalog, target: &Target, version: OsVersion) -> OsVersion {
    let own = member(catalog, &target.node, &Told::new()).host.version;
    let own = own.filter(|own| own.build == version.build);
    OsVersion {
        revision: version.revision.or(own.and_then(|own| own.revision)),
        ..version
    }
}

/// All of winfit's labels of a Windows node.
fn labels_of(catalog: &Catalog, host: &Host, version: OsVersion) -> Labels {
    let mut labels = Labels::from([
        (WINFIT_VERSION_LABEL.to_owned(), version.to_string()),
        (WINFIT_BUILD_LABEL.to_owned(), version.build.to_string()),
    ]);
    let runs = generation::run_by(catalog, host).into_iter();
    labels.extend(runs.map(|name| (format!("{RUNS}{name}"), "true".to_owned())));
    labels
}

/// The labels of a node that go: winfit's own that say nothing true, whoever wrote them, and others that
/// winfit has written, that nobody else owns, and that are wanted no longer.
fn stale(target: &Target, wanted: &Labels) -> Vec<String> {
    let labels = target.node.metadata.labels.keys();
    let own = labels.filter(|key| key.starts_with(OWN)).cloned();
    let applied = target.owners.applied().filter(|key| {
        let is_there = target.label(key).is_some();
        is_there && !key.starts_with(OWN) && target.owners.others(key).is_empty()
    });
    let mut stale: Vec<String> = own.chain(applied.map(str::to_owned)).collect();
    stale.retain(|key| !wanted.contains_key(key));
    stale
}

/// The labels among those to set that somebody else owns.
fn held(target: &Target, set: &Labels) -> Vec<Held> {
    let set = set.keys();
    set.filter_map(|key| {
        let by = target.owners.others(key);
        let says = target.label(key)?.to_owned();
        (!by.is_empty()).then(|| Held {
            label: key.clone(),
            says,
            by,
        })
    })
    .collect()
}

/// Labels as `kubectl get nodes --show-labels` shows them.
pub fn as_kubectl_shows(labels: &Labels) -> String {
    if labels.is_empty() {
        return "<none>".to_owned();
    }
    let shown: Vec<String> = labels
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    shown.join(",")
}
