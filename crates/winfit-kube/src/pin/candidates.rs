//! Changes that may admit exactly some nodes, the smallest and plainest first.

use std::collections::{BTreeMap, BTreeSet};

use winfit_core::change::PodChange;
use winfit_core::fleet::Member;
use winfit_core::host::Isolation;
use winfit_core::placement::Placement;
use winfit_core::placement::kubernetes::{
    BUILD_LABEL, OLD_OS_LABEL, OS_LABEL, RuntimeClass, Taint, demands_version,
};

use super::placed::{Level, is_of_windows, whole};
use super::{Asked, Pinning};

/// Labels that `winfit kube label` sets: those that say what a node runs outlive its patches.
const RUNS_LABELS: &str = "winfit.dev/runs-";
const OWN_LABELS: &str = "winfit.dev/";

/// A demand on a label with many values is a list of nodes in disguise.
const MOST_VALUES: usize = 32;

/// What candidates are made of.
pub(super) struct Candidates<'a> {
    /// Demands that go.
    lift: Vec<String>,
    /// The label of the operating system that all fit nodes have.
    os: Option<(String, Vec<String>)>,
    /// RuntimeClasses that the pod could name.
    classes: Vec<&'a RuntimeClass>,
    /// Labels whose values tell the fit nodes from the others.
    versions: Vec<(String, Vec<String>)>,
    /// Taints that keep fit nodes off.
    taints: Vec<Taint>,
    /// Whether the placement may need nothing but tolerations, or demands that go.
    gives_way: bool,
}

impl<'a> Candidates<'a> {
    pub(super) fn new(pinning: &Pinning<'a>, asked: &Asked<'_>, fit: &[usize]) -> Self {
        let hosts = &pinning.fleet.hosts;
        let on: Vec<&Member> = fit.iter().map(|at| &hosts[*at]).collect();
        let off: Vec<&Member> = asked
            .reach
            .hosts
            .iter()
            .filter(|(at, _)| !fit.contains(at))
            .map(|(at, _)| &hosts[*at])
            .collect();
        let lifts = matches!(asked.level, Level::Lifted | Level::OtherClass);
        Self {
            lift: if lifts {
                asked.before.demands.clone()
            } else {
                Vec::new()
            },
            os: os_label(&on),
            classes: classes(pinning, asked, &on),
            versions: versions(&on, &off),
            taints: taints(pinning, asked, &on),
            gives_way: asked.level != Level::AsItIs,
        }
    }

    /// All of them. Tolerations are only added where it does not go without: a RuntimeClass may bring them,
    /// and so does GKE.
    pub(super) fn all(&self) -> Vec<PodChange> {
        let mut found = self.with(&[]);
        if !self.taints.is_empty() {
            found.extend(self.with(&self.taints));
        }
        found
    }

    fn with(&self, tolerate: &[Taint]) -> Vec<PodChange> {
        let change = |demands: Vec<(String, Vec<String>)>| PodChange {
            lift: self.lift.clone(),
            demands,
            tolerate: tolerate.to_vec(),
            ..PodChange::default()
        };
        let os = || self.os.iter().cloned();
        let mut found = Vec::new();
        if self.gives_way {
            found.push(change(Vec::new()));
        }
        found.extend(os().map(|os| change(vec![os])));
        found.extend(self.classes.iter().map(|class| PodChange {
            runtime_class: Some(class.name.clone()),
            ..change(Vec::new())
        }));
        for label in &self.versions {
            found.push(change(os().chain([label.clone()]).collect()));
        }
        found
    }
}

/// The label by which all these nodes say that they have Windows.
fn os_label(on: &[&Member]) -> Option<(String, Vec<String>)> {
    let windows = |key: &str| {
        on.iter().all(|member| {
            member
                .labels
                .known
                .get(key)
                .is_some_and(|os| os == "windows")
        })
    };
    let keys = [OS_LABEL, OLD_OS_LABEL];
    let key = keys.into_iter().find(|key| windows(key))?;
    Some((key.to_owned(), vec!["windows".to_owned()]))
}

/// The labels that these nodes all have, with values that none of the others has: the build's own first,
/// then what they run, then those that say a version by their name.
fn versions(on: &[&Member], off: &[&Member]) -> Vec<(String, Vec<String>)> {
    let Some((first, others)) = on.split_first() else {
        return Vec::new();
    };
    let rank = |key: &str| match key {
        BUILD_LABEL => Some(0),
        _ if key.starts_with(RUNS_LABELS) => Some(1),
        _ if demands_version(key) => Some(2),
        _ if key.starts_with(OWN_LABELS) => Some(3),
        _ => None,
    };
    let mut ranked: BTreeMap<(u8, &str), BTreeSet<&str>> = BTreeMap::new();
    for (key, value) in &first.labels.known {
        let Some(rank) = rank(key) else {
            continue;
        };
        let mut values = BTreeSet::from([value.as_str()]);
        let known = others.iter().map(|member| member.labels.known.get(key));
        let all = known.map(|value| value.map(|value| values.insert(value)));
        let has_all = all.collect::<Option<Vec<bool>>>().is_some();
        let tells = off.iter().all(|member| {
            let own = member.labels.known.get(key);
            own.is_none_or(|own| !values.contains(own.as_str()))
        });
        if has_all && tells && values.len() <= MOST_VALUES {
            ranked.insert((rank, key), values);
        }
    }
    ranked
        .into_iter()
        .map(|((_, key), values)| {
            let values = values.into_iter().map(ToOwned::to_owned);
            (key.to_owned(), values.collect())
        })
        .collect()
}

/// The RuntimeClasses that a pod which names none, or the wrong one, could name: those whose handler runs
/// process isolation, which all the fit nodes have where they say which handlers they have.
fn classes<'a>(pinning: &Pinning<'a>, asked: &Asked<'_>, on: &[&Member]) -> Vec<&'a RuntimeClass> {
    let names_one = match &asked.workload.placement {
        Placement::Pod(pod) => pod.runtime_class.is_some(),
        _ => true,
    };
    if names_one {
        return Vec::new();
    }
    let offered = |class: &RuntimeClass| {
        on.iter().all(|member| {
            let mut nodes = pinning.cluster.nodes.iter();
            let node = nodes.find(|node| *node.metadata.name == member.name);
            node.is_none_or(|node| {
                let mut handlers = node.status.runtime_handlers.iter();
                handlers.len() == 0 || handlers.any(|handler| handler.name == class.handler.value)
            })
        })
    };
    let classes = pinning.fleet.runtime_classes.iter();
    classes
        .filter(|class| {
            class.isolation() == Some(Isolation::Process)
                && !class.node_selector.is_empty()
                && offered(class)
        })
        .collect()
}

/// The taints of these nodes that keep the pod off as its template stands.
fn taints(pinning: &Pinning<'_>, asked: &Asked<'_>, on: &[&Member]) -> Vec<Taint> {
    if asked.level == Level::AsItIs {
        return Vec::new();
    }
    let own = whole(pinning, asked.workload).unwrap_or_default();
    // The level's own tolerations are no part of the template.
    let stated = own
        .tolerations
        .iter()
        .filter(|one| &*one.origin.source != "winfit");
    let stated: Vec<_> = stated.collect();
    let mut found: Vec<Taint> = Vec::new();
    for taint in on.iter().flat_map(|member| &member.taints).flatten() {
        let heeded = matches!(taint.effect.as_str(), "NoSchedule" | "NoExecute");
        let tolerated = stated.iter().any(|toleration| toleration.tolerates(taint));
        if heeded && is_of_windows(taint) && !tolerated && !found.contains(taint) {
            found.push(taint.clone());
        }
    }
    found
}
