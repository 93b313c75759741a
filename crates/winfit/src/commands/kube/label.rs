//! `winfit kube label`: the labels that tell each node's Windows.

mod human;
mod json;

use std::collections::BTreeMap;

use anyhow::Result;
use winfit_core::Catalog;
use winfit_kube::label::{
    Displaced, Held, Labels, NodeChange, OwnLabel, Target, Wish, apply, conflicts,
};
use winfit_kube::model::{Kind, Workload};
use winfit_kube::{KubeError, label};

use super::{Asked, refused, saved};
use crate::cli::{DataFormat, KubeLabelArguments, NodesSource};
use crate::commands::told;
use crate::findings::plural;
use crate::output::{Exit, Outcome, nothing, printable, usage};

/// What lets winfit label nodes.
const RULES: &str = "a ClusterRole with these rules lets winfit label nodes:
rules:
- apiGroups: [\"\"]
  resources: [nodes]
  verbs: [get, list, patch]";

/// What is to become of the nodes, and what became of them.
struct Labelled {
    changes: Vec<NodeChange>,
    /// Labels are taken from those who own them.
    force: bool,
    /// DaemonSets that lose nodes by it; or why nobody can tell.
    displaced: Result<Vec<Displaced>, KubeError>,
    /// With `--apply`: the nodes as they are now, by name, or why they were not written.
    written: Option<BTreeMap<String, Result<Target, Refused>>>,
}

/// Why the labels of a node were not written.
enum Refused {
    /// Some are somebody else's.
    Held(Vec<Held>),
    /// Another reason.
    Otherwise(KubeError),
}

impl Refused {
    fn in_words(&self) -> String {
        match self {
            Self::Held(held) => {
                let words: Vec<String> = held.iter().map(in_words).collect();
                format!("{}; --force takes it over", words.join("; "))
            }
            Self::Otherwise(error) => error.to_string(),
        }
    }

    /// Whether the others would only fail alike.
    fn is_of_all(&self) -> bool {
        let Self::Otherwise(error) = self else {
            return false;
        };
        !matches!(
            error,
            KubeError::NotFound { .. } | KubeError::Conflict { .. } | KubeError::Refused { .. }
        )
    }
}

/// Whose a label is.
fn in_words(held: &Held) -> String {
    format!(
        "{} says {} and belongs to {}",
        held.label,
        held.says,
        held.by.join(" and ")
    )
}

impl Labelled {
    fn outcome(&self, change: &NodeChange) -> Option<&Result<Target, Refused>> {
        self.written.as_ref()?.get(&change.name)
    }

    /// The node as it is after it was written.
    fn after(&self, change: &NodeChange) -> Option<&Target> {
        self.outcome(change)?.as_ref().ok()
    }

    /// Why the labels of a node were not written.
    fn error(&self, change: &NodeChange) -> Option<&Refused> {
        self.outcome(change)?.as_ref().err()
    }

    /// The labels of a node as they are now.
    fn now<'l>(&'l self, change: &'l NodeChange) -> &'l Labels {
        let after = self.after(change);
        after.map_or(&change.now, |after| &after.node.metadata.labels)
    }

    /// Whether a label of the node is somebody else's, and is left to them.
    fn is_held(&self, change: &NodeChange) -> bool {
        !self.force && !change.held.is_empty()
    }

    /// What went wrong, in sentences.
    fn errors(&self) -> Vec<String> {
        let changes = self.changes.iter();
        let mut errors: Vec<String> = changes
            .filter_map(|change| {
                let error = self.error(change)?;
                let (node, reason) = (&change.name, error.in_words());
                Some(printable(&match error {
                    Refused::Held(_) => format!("{node} keeps its labels: {reason}"),
                    Refused::Otherwise(_) => format!(
                        "writing the labels of {node} came to no end: {reason}; it has its old labels or its new ones, and the same command again writes what is left"
                    ),
                }))
            })
            .collect();
        let all = self.written.iter().flat_map(BTreeMap::values);
        let lost = all
            .filter_map(|one| one.as_ref().err())
            .find(|error| error.is_of_all());
        if let Some(lost) = lost {
            let left = self.changes.iter().filter(|change| change.is_change());
            let left = left.filter(|change| self.outcome(change).is_none()).count();
            if left > 0 {
                errors.push(format!(
                    "the labels of {} were not tried then, and are as they were",
                    plural(left, "more node")
                ));
            }
            if let Refused::Otherwise(KubeError::Forbidden { .. }) = lost {
                errors.push(RULES.to_owned());
            }
        }
        let changes = self.changes.iter();
        errors.extend(changes.filter_map(|change| self.undone(change)));
        errors
    }

    /// What was written and is not there when it is read back.
    fn undone(&self, change: &NodeChange) -> Option<String> {
        let labels = &self.after(change)?.node.metadata.labels;
        let mut set = change.set.iter();
        let (key, value) = set.find(|(key, value)| labels.get(*key) != Some(value))?;
        Some(printable(&format!(
            "{key}={value} was written and is not there when {} is read back: something in the cluster changes it",
            change.name
        )))
    }
}

pub(super) fn run(arguments: &KubeLabelArguments) -> Result<Outcome> {
    let catalog = crate::overlay::catalog();
    let own = own(&arguments.labels)?;
    let told = told::hosts(catalog, &arguments.hosts)?;
    let wish = Wish {
        told: &told,
        own: &own,
        force: arguments.force,
    };
    let Read {
        nodes,
        saved,
        asked,
        mut complaints,
    } = read(&arguments.source)?;
    complaints.extend(super::not_there(&told, |name| {
        nodes.iter().any(|node| *node.node.metadata.name == *name)
    }));
    let changes = label::plan(catalog, &nodes, &wish);
    let daemonsets = match &asked {
        // Who only adds labels ends no pod.
        Some(asked) if changes.iter().any(NodeChange::takes_away) => {
            asked.runtime.block_on(label::read_daemonsets(&asked.api))
        }
        _ => Ok(saved),
    };
    let displaced =
        daemonsets.map(|daemonsets| label::displaced(catalog, &nodes, daemonsets, &told, &changes));
    let mut labelled = Labelled {
        changes,
        force: arguments.force,
        displaced,
        written: None,
    };
    if let (true, Some(asked)) = (arguments.apply, &asked) {
        labelled.written = Some(write(catalog, asked, &labelled.changes, &wish));
    }
    let errors = labelled.errors();
    let mut outcomes = labelled.written.iter().flat_map(BTreeMap::values);
    let lost = outcomes
        .clone()
        .any(|one| one.as_ref().is_err_and(Refused::is_of_all));
    if lost && outcomes.all(Result::is_err) {
        return Err(nothing([complaints, errors].concat().join("\n")));
    }
    let left = labelled.changes.iter().any(|change| {
        change.open.is_some() || !change.lacking.is_empty() || labelled.is_held(change)
    });
    let text = match arguments.format {
        DataFormat::Human => human::human(catalog, &labelled),
        DataFormat::Json => json::document(&labelled)?,
    };
    let exit = if left || !errors.is_empty() || !complaints.is_empty() {
        Exit::Findings
    } else {
        Exit::Fits
    };
    let mut outcome = Outcome::new(text, exit);
    outcome.complaints = [complaints, errors].concat();
    Ok(outcome)
}

/// Labels of one's own, each key once.
fn own(texts: &[String]) -> Result<Vec<OwnLabel>> {
    let mut own: Vec<OwnLabel> = Vec::new();
    for text in texts {
        let one = OwnLabel::parse(text).map_err(|error| usage(printable(&error.to_string())))?;
        if own
            .iter()
            .any(|known| known.key == one.key && known.tells != one.tells)
        {
            return Err(usage(format!(
                "--label {}: one label tells one thing, and this key is given twice",
                one.key
            )));
        }
        own.push(one);
    }
    Ok(own)
}

/// What was read.
struct Read {
    nodes: Vec<Target>,
    /// DaemonSets that were saved with them.
    saved: Vec<Workload>,
    /// The cluster, where it was asked.
    asked: Option<Asked>,
    complaints: Vec<String>,
}

fn read(source: &NodesSource) -> Result<Read> {
    if !source.from.is_empty() {
        let (cluster, complaints) = saved(&source.whole(), |_| {})?;
        if cluster.nodes.is_empty() {
            return Err(nothing(
                "no node in what was given; save kubectl get nodes -o json".to_owned(),
            ));
        }
        let workloads = cluster.workloads.into_iter();
        return Ok(Read {
            nodes: cluster.nodes.into_iter().map(Target::of).collect(),
            saved: workloads
                .filter(|(kind, _)| *kind == Kind::DaemonSet)
                .map(|(_, workload)| workload)
                .collect(),
            asked: None,
            complaints,
        });
    }
    let asked = Asked::new(&source.cluster)?;
    let nodes = asked.runtime.block_on(label::read(&asked.api));
    let nodes = nodes.map_err(|error| match error {
        KubeError::Forbidden { .. } => nothing(printable(&error.to_string()) + "\n" + RULES),
        other => refused(&other),
    })?;
    Ok(Read {
        nodes,
        saved: Vec::new(),
        asked: Some(asked),
        complaints: Vec::new(),
    })
}

/// Writes what is to be written, one node after the other.
fn write(
    catalog: &Catalog,
    asked: &Asked,
    changes: &[NodeChange],
    wish: &Wish<'_>,
) -> BTreeMap<String, Result<Target, Refused>> {
    let mut all = BTreeMap::new();
    for change in changes.iter().filter(|change| change.is_change()) {
        let one = async {
            match apply(&asked.api, change, wish.force).await {
                Ok(after) => Ok(after),
                Err(KubeError::Conflict { message }) => {
                    // The server's own sentence names the fields in its words; the node says the rest.
                    Err(
                        match conflicts(&asked.api, catalog, wish, &change.name).await {
                            Ok(held) if !held.is_empty() => Refused::Held(held),
                            // A node that is gone conflicts with the one that was read.
                            Err(gone @ KubeError::NotFound { .. }) => Refused::Otherwise(gone),
                            _ => Refused::Otherwise(KubeError::Conflict { message }),
                        },
                    )
                }
                Err(error) => Err(Refused::Otherwise(error)),
            }
        };
        let one = asked.runtime.block_on(one);
        let lost = one.as_ref().is_err_and(Refused::is_of_all);
        all.insert(change.name.clone(), one);
        if lost {
            break;
        }
    }
    all
}
