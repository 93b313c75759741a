//! The labels that tell a node's Windows: which each node should have, and writing them.
//!
//! A Swarm knows no Windows version of its nodes. The labels of Microsoft's page tell it, and winfit's own
//! tell in addition what a node runs. Only these are touched; all others are somebody else's.

pub mod generations;

use std::collections::BTreeMap;

use serde_json::Value;
use thiserror::Error;
use winfit_core::Catalog;
use winfit_core::fleet::{Fleet, Member};
use winfit_core::host::{Host, Os};
use winfit_core::placement::Admission;
use winfit_core::version::OsVersion;

use super::Swarm;
use super::fleet::{BUILD, ISOLATION, LabelNames, REVISION, Told, member, name_of, typed};
use super::write::change;
use crate::engine::Engine;
use crate::error::DockerError;
use crate::model::{Labels, Node};

/// Labels that begin so are winfit's own.
pub const OWN: &str = "winfit.";

/// What is to become of the labels of one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeChange {
    /// The node's id.
    pub id: String,
    /// Its hostname.
    pub name: String,
    /// What is known of it.
    pub host: Host,
    /// Where its version was learnt.
    pub learnt_from: String,
    /// Its labels as they are.
    pub now: Labels,
    /// Labels that are missing or say something else.
    pub set: Labels,
    /// Labels that say nothing true.
    pub remove: Vec<String>,
    /// Why it gets none; its labels stay as they are.
    pub open: Option<Open>,
}

/// Why a node gets no labels, with what to do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Open {
    /// Nothing tells its Windows.
    #[error("nothing tells which Windows {node} has; say it with --host {typed}=ltsc2019")]
    Unknown {
        /// The node.
        node: String,
        /// As a command names it.
        typed: String,
    },
    /// A label that should tell its version does not.
    #[error(
        "the {label} of {node} says {value:?}, which is no Windows version; say which it has with --host {typed}=ltsc2019"
    )]
    NoVersion {
        /// The node.
        node: String,
        /// As a command names it.
        typed: String,
        /// `label OsVersion`.
        label: String,
        /// What it says.
        value: String,
    },
    /// Two labels contradict each other.
    #[error(
        "of {node} the {one} says {says} and the {other} says {but}; say which is true with --host {typed}={but}"
    )]
    Contradiction {
        /// The node.
        node: String,
        /// As a command names it.
        typed: String,
        /// `label winfit.build`.
        one: String,
        /// What it says.
        says: String,
        /// `label OsVersion`.
        other: String,
        /// What that says.
        but: String,
    },
    /// Several nodes have the name by which a host was told.
    #[error(
        "{count} nodes have the hostname {node}, and --host {node}=… tells only one of them; name each by its id, as --host {id}=ltsc2019"
    )]
    SameName {
        /// The hostname.
        node: String,
        /// How many have it.
        count: usize,
        /// The id of this one.
        id: String,
    },
}

impl NodeChange {
    /// Whether anything is to be written.
    pub fn is_change(&self) -> bool {
        !self.set.is_empty() || !self.remove.is_empty()
    }

    /// The labels after it.
    pub fn after(&self) -> Labels {
        let mut labels = self.now.clone();
        self.carry_out(&mut labels);
        labels
    }

    fn carry_out(&self, labels: &mut Labels) {
        labels.retain(|name, _| !self.remove.contains(name));
        labels.extend(self.set.clone());
    }
}

/// What is to become of the labels of every node, in their order.
pub fn plan(catalog: &Catalog, swarm: &Swarm, names: &LabelNames, told: &Told) -> Vec<NodeChange> {
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for node in &swarm.nodes {
        *count.entry(name_of(node)).or_default() += 1;
    }
    let nodes = swarm.nodes.iter();
    nodes
        .map(|node| {
            let name = name_of(node);
            let count = count.get(name).copied().unwrap_or_default();
            let is_told = told.contains_key(&node.id);
            if count > 1 && !is_told && told.contains_key(name) {
                // What is told is told of one of them, and nobody knows of which.
                let mut change = of_node(catalog, node, names, &Told::new());
                change.set.clear();
                change.remove.clear();
                change.open = Some(Open::SameName {
                    node: name.to_owned(),
                    count,
                    id: node.id.clone(),
                });
                return change;
            }
            of_node(catalog, node, names, told)
        })
        .collect()
}

/// What is to become of the labels of one node.
fn of_node(catalog: &Catalog, node: &Node, names: &LabelNames, told: &Told) -> NodeChange {
    let Member {
        name,
        host,
        learnt_from,
        ..
    } = member(node, names, told);
    let mut change = NodeChange {
        id: node.id.clone(),
        name: name.clone(),
        host,
        learnt_from,
        now: node.spec.labels.clone(),
        set: Labels::new(),
        remove: Vec::new(),
        open: None,
    };
    let is_told = told.contains_key(&name) || told.contains_key(&node.id);
    let said = said(node, names);
    if !is_told {
        change.open = contradiction(node, &name, names, &said);
        if change.open.is_some() {
            return change;
        }
    }
    let mut wanted = Labels::new();
    match (host.os, host.version) {
        (Os::Linux, _) => {}
        (Os::Windows, None) => {
            let typed = typed(node).to_owned();
            change.open = Some(Open::Unknown { node: name, typed });
            return change;
        }
        (Os::Windows, Some(version)) => {
            // What is told without a revision says nothing against one that a label of that build has; of
            // several the newest counts, since updates only go up.
            let of_build = said
                .iter()
                .filter_map(|said| said.version.as_ref().ok())
                .filter(|said| said.build == version.build);
            let known = of_build.filter_map(|said| said.revision).max();
            let revision = version.revision.filter(|_| is_told).or(known);
            let version = OsVersion {
                revision: revision.or(version.revision),
                ..version
            };
            change.host.version = Some(version);
            wanted = labels_of(catalog, &change.host, version, names);
            keep_people_s(&change.now, &mut wanted, names, version);
        }
    }
    change.remove = change
        .now
        .keys()
        .filter(|name| name.starts_with(OWN) && !wanted.contains_key(*name))
        .cloned()
        .collect();
    wanted.retain(|name, value| change.now.get(name) != Some(value));
    change.set = wanted;
    change
}

/// All labels of a Windows node.
pub fn labels_of(catalog: &Catalog, host: &Host, version: OsVersion, names: &LabelNames) -> Labels {
    let mut labels = Labels::from([
        (names.os.clone(), Os::Windows.name().to_owned()),
        (
            names.version.clone(),
            version.without_revision().to_string(),
        ),
        (BUILD.to_owned(), version.build.to_string()),
    ]);
    if let Some(revision) = version.revision {
        labels.insert(REVISION.to_owned(), revision.to_string());
    }
    if let Some(isolation) = host.configured_isolation {
        labels.insert(ISOLATION.to_owned(), isolation.name().to_owned());
    }
    let runs = generations::labels(catalog, host).into_iter();
    labels.extend(runs.map(|name| (name, "true".to_owned())));
    labels
}

/// A label of people that says the same in other words stays: constraints may name its words.
fn keep_people_s(now: &Labels, wanted: &mut Labels, names: &LabelNames, version: OsVersion) {
    if let Some(os) = now.get(&names.os)
        && os.trim().eq_ignore_ascii_case(Os::Windows.name())
    {
        wanted.insert(names.os.clone(), os.clone());
    }
    if let Some(text) = now.get(&names.version)
        && let Ok(stated) = text.trim().parse::<OsVersion>()
        && stated.without_revision() == version.without_revision()
        && stated
            .revision
            .is_none_or(|own| Some(own) == version.revision)
    {
        wanted.insert(names.version.clone(), text.clone());
    }
}

/// What one label says of a node's version.
struct Said {
    /// `label OsVersion`.
    label: String,
    value: String,
    version: Result<OsVersion, ()>,
}

/// All that labels say of a node's version.
fn said(node: &Node, names: &LabelNames) -> Vec<Said> {
    let mut found = Vec::new();
    let places = [
        ("label", &node.spec.labels),
        ("engine label", &node.description.engine.labels),
    ];
    for (place, labels) in places {
        let mut add = |name: &str, text: String, value: &str| {
            found.push(Said {
                label: format!("{place} {name}"),
                value: value.to_owned(),
                version: text.parse().map_err(|_| ()),
            });
        };
        if let Some(build) = labels.get(BUILD) {
            let revision = labels.get(REVISION);
            let revision = revision.map_or_else(String::new, |text| format!(".{}", text.trim()));
            add(BUILD, format!("10.0.{}{revision}", build.trim()), build);
        }
        if let Some(text) = labels.get(&names.version) {
            add(&names.version, text.trim().to_owned(), text);
        }
    }
    found
}

/// What is wrong with the labels of a node of which nobody told anything else.
fn contradiction(node: &Node, name: &str, names: &LabelNames, said: &[Said]) -> Option<Open> {
    let os = node.spec.labels.get(&names.os).map(|os| os.trim());
    let platform = node.description.platform.os.as_str();
    let is_linux = match os {
        Some(os) => os.eq_ignore_ascii_case(Os::Linux.name()),
        None => platform == Os::Linux.name(),
    };
    // What is no version of Windows may well be one of Linux.
    let of_windows = said.iter().find(|said| said.version.is_ok());
    if let (true, Some(os), Some(first)) = (is_linux, os, of_windows) {
        return Some(Open::Contradiction {
            node: name.to_owned(),
            typed: typed(node).to_owned(),
            one: format!("label {}", names.os),
            says: os.to_owned(),
            other: first.label.clone(),
            but: first.value.clone(),
        });
    }
    if is_linux {
        return None;
    }
    if let Some(wrong) = said.iter().find(|said| said.version.is_err()) {
        return Some(Open::NoVersion {
            node: name.to_owned(),
            typed: typed(node).to_owned(),
            label: wrong.label.clone(),
            value: wrong.value.clone(),
        });
    }
    let build = |said: &Said| said.version.as_ref().map(|version| version.build).ok();
    let first = said.first()?;
    let other = said.iter().find(|other| build(other) != build(first))?;
    Some(Open::Contradiction {
        node: name.to_owned(),
        typed: typed(node).to_owned(),
        one: first.label.clone(),
        says: first.value.clone(),
        other: other.label.clone(),
        but: other.value.clone(),
    })
}

/// Takes back what the fleet says of nodes whose labels contradict themselves, and gives back why, in
/// sentences: of such a node nobody can tell what runs there.
pub fn unsettle(fleet: &mut Fleet, changes: &[NodeChange]) -> Vec<String> {
    let mut reasons = Vec::new();
    for (member, change) in fleet.hosts.iter_mut().zip(changes) {
        if let Some(open) = &change.open {
            member.host.version = None;
            reasons.push(open.to_string());
        }
    }
    reasons
}

/// The services that nodes would no longer be admitted for, each with the node: their tasks there are
/// stopped at once.
pub fn displaced(
    catalog: &Catalog,
    fleet: &Fleet,
    changes: &[NodeChange],
) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (member, change) in fleet.hosts.iter().zip(changes) {
        if !change.is_change() {
            continue;
        }
        let mut after = member.clone();
        after.labels.known = change.after();
        for workload in &fleet.workloads {
            let admits = |member| workload.placement.admits(catalog, member);
            if admits(member) == Admission::Yes && matches!(admits(&after), Admission::No { .. }) {
                found.push((workload.subject.name.clone(), change.name.clone()));
            }
        }
    }
    found
}

/// Writes the labels of one node, and gives back those that it then has.
///
/// Nothing but its labels changes. Where somebody else changed the node meanwhile, it is read and decided
/// anew.
pub async fn apply(
    engine: &Engine,
    catalog: &Catalog,
    names: &LabelNames,
    told: &Told,
    id: &str,
) -> Result<Labels, DockerError> {
    let path = format!("/nodes/{id}");
    change(engine, &path, |object| {
        let Ok(node) = serde_json::from_value::<Node>(object.clone()) else {
            return false;
        };
        let planned = of_node(catalog, &node, names, told);
        if !planned.is_change() {
            return false;
        }
        let labels = planned.after();
        object["Spec"]["Labels"] = labels
            .into_iter()
            .map(|(name, value)| (name, Value::String(value)))
            .collect();
        true
    })
    .await?;
    let now: Node = engine.get(&path).await?;
    Ok(now.spec.labels)
}

/// Labels as `docker node inspect --format '{{.Spec.Labels}}'` shows them.
pub fn as_docker_shows(labels: &Labels) -> String {
    let shown: Vec<String> = labels
        .iter()
        .map(|(name, value)| format!("{name}:{value}"))
        .collect();
    format!("map[{}]", shown.join(" "))
}
