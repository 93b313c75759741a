//! Placements as they would be: with further tolerations, without what the pod demands of its Windows.

use serde::Deserialize;
use serde_json::Value;
use winfit_core::Catalog;
use winfit_core::audit::Reach;
use winfit_core::finding::Origin;
use winfit_core::fleet::{Orchestrator, Workload};
use winfit_core::placement::kubernetes::{Requirement, Taint, Toleration};
use winfit_core::placement::{Admission, Placement, PodPlacement};

use super::Pinning;
use crate::fleet;
use crate::model::PodSpec;

/// What of a placement may give way, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// Nothing: demands are only added.
    AsItIs,
    /// Taints that only say that a node has Windows are tolerated.
    Tolerant,
    /// What the pod itself demands of its nodes' Windows goes, since it keeps off all that fit.
    Lifted,
    /// And so does its RuntimeClass, which selects nodes by their Windows.
    OtherClass,
}

pub(super) const LEVELS: [Level; 4] = [
    Level::AsItIs,
    Level::Tolerant,
    Level::Lifted,
    Level::OtherClass,
];

impl Level {
    /// The workload with this level's placement. None: there is nothing that could give way.
    pub(super) fn applied(
        self,
        pinning: &Pinning<'_>,
        workload: &Workload,
        reach: &Reach,
    ) -> Option<Workload> {
        let mut workload = workload.clone();
        let Placement::Pod(placement) = &mut workload.placement else {
            return None;
        };
        match self {
            Self::AsItIs => return Some(workload),
            Self::Tolerant => {}
            Self::Lifted if reach.demands.is_empty() => return None,
            Self::OtherClass if !reach.class_chooses => return None,
            Self::Lifted => lift(placement, &reach.demands),
            Self::OtherClass => {
                lift(placement, &reach.demands);
                placement.runtime_class = None;
            }
        }
        let taints = windows_taints(pinning);
        placement.tolerations.extend(taints.iter().map(toleration));
        Some(workload)
    }
}

/// Takes demands on these labels out of a placement.
fn lift(placement: &mut PodPlacement, labels: &[String]) {
    let stays = |demand: &Requirement| demand.field || !labels.contains(&demand.key);
    placement.node_selector.retain(stays);
    if let Some(terms) = &mut placement.terms {
        for term in terms.iter_mut() {
            term.retain(stays);
        }
        // A term that demanded nothing else would match no node.
        if terms.iter().any(Vec::is_empty) {
            placement.terms = None;
        }
    }
}

fn toleration(taint: &Taint) -> Toleration {
    Toleration {
        key: Some(taint.key.clone()),
        exists: taint.value.is_empty(),
        value: taint.value.clone(),
        effect: Some(taint.effect.clone()),
        origin: Origin::whole(&"winfit".into()),
    }
}

/// The taints of the cluster that say of a node only that it has Windows, as the cluster spells them:
/// `os=windows`, `os=Windows`, `node.kubernetes.io/os=windows`.
fn windows_taints(pinning: &Pinning<'_>) -> Vec<Taint> {
    let mut found: Vec<Taint> = Vec::new();
    let taints = pinning.fleet.hosts.iter().flat_map(|host| &host.taints);
    for taint in taints.flatten().filter(|taint| is_of_windows(taint)) {
        if !found.contains(taint) {
            found.push(taint.clone());
        }
    }
    found
}

/// Whether a taint says only that its node has Windows.
pub(super) fn is_of_windows(taint: &Taint) -> bool {
    let last = taint.key.rsplit('/').next().unwrap_or_default();
    last == "os" && taint.value.eq_ignore_ascii_case("windows")
}

/// A workload whose pods have this spec. What is known of its images stays.
pub(super) fn with_spec(
    catalog: &Catalog,
    workload: &Workload,
    spec: &Value,
) -> Result<Workload, serde_json::Error> {
    let spec = PodSpec::deserialize(spec)?;
    let mut workload = workload.clone();
    let (containers, placement) = fleet::of_spec(catalog, &workload.subject, &spec);
    let known = std::mem::replace(&mut workload.containers, containers);
    for container in &mut workload.containers {
        let mut known = known.iter();
        if let Some(known) = known.find(|known| known.image.text == container.image.text) {
            container.image = known.image.clone();
        }
    }
    workload.os = fleet::os_of(&spec);
    workload.placement = Placement::Pod(Box::new(placement));
    Ok(workload)
}

/// The placement of a workload with what its RuntimeClass adds. None: the API server would refuse it.
pub(super) fn whole(pinning: &Pinning<'_>, workload: &Workload) -> Option<PodPlacement> {
    let Placement::Pod(own) = &workload.placement else {
        return None;
    };
    let named = own.runtime_class.as_ref();
    let mut classes = pinning.fleet.runtime_classes.iter();
    match named.and_then(|named| classes.find(|class| class.name == named.value)) {
        Some(class) => own.with_runtime_class(class).ok(),
        None => Some((**own).clone()),
    }
}

/// The nodes that a workload's placement admits, whatever their state.
pub(super) fn admitted(pinning: &Pinning<'_>, workload: &Workload) -> Option<Vec<usize>> {
    let placement = whole(pinning, workload)?;
    let hosts = pinning.fleet.hosts.iter().enumerate();
    let found = hosts.filter(|(_, member)| {
        let orchestrator = member.orchestrator;
        orchestrator.is_none_or(|own| own == Orchestrator::Kubernetes)
            && placement.admits(pinning.catalog, member) == Admission::Yes
    });
    Some(found.map(|(at, _)| at).collect())
}
