//! Who owns pods in the end: the Deployment of their ReplicaSet, the CronJob of their Job.

use std::collections::HashMap;

use winfit_core::finding::Subject;

use crate::cluster::Cluster;
use crate::model::{self, Kind, Pod, controller};

/// No chain of owners is longer; one that goes round in a circle ends here.
const LONGEST: usize = 8;

/// What owns pods, as its objects name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Owner<'c> {
    pub(super) kind: &'c str,
    pub(super) namespace: &'c str,
    pub(super) name: &'c str,
}

impl<'c> Owner<'c> {
    pub(super) fn of(kind: Kind, workload: &'c model::Workload) -> Self {
        Self {
            kind: kind.name(),
            namespace: &workload.metadata.namespace,
            name: &workload.metadata.name,
        }
    }

    pub(super) fn subject(&self) -> Subject {
        Subject {
            kind: self.kind.to_owned(),
            namespace: Some(self.namespace.to_owned()),
            name: self.name.to_owned(),
        }
    }
}

/// The workloads of a cluster by their names.
pub(super) struct Owners<'c> {
    cluster: &'c Cluster,
    listed: HashMap<Owner<'c>, usize>,
}

impl<'c> Owners<'c> {
    pub(super) fn new(cluster: &'c Cluster) -> Self {
        let workloads = cluster.workloads.iter().enumerate();
        Self {
            cluster,
            listed: workloads
                .map(|(at, (kind, workload))| (Owner::of(*kind, workload), at))
                .collect(),
        }
    }

    /// Whether an owner is one of the workloads.
    pub(super) fn lists(&self, owner: &Owner<'_>) -> bool {
        self.listed.contains_key(owner)
    }

    /// Who owns a workload in the end; itself where nobody does.
    pub(super) fn of_workload(&self, at: usize) -> Owner<'c> {
        let (kind, workload) = &self.cluster.workloads[at];
        self.above(Owner::of(*kind, workload))
    }

    /// Who owns a pod in the end; itself where nobody does, or its node alone (a static pod).
    pub(super) fn of_pod(&self, pod: &'c Pod) -> Owner<'c> {
        let namespace = &*pod.metadata.namespace;
        let owners = &pod.metadata.owner_references;
        match controller(owners).filter(|owner| &*owner.kind != "Node") {
            Some(owner) => self.above(Owner {
                kind: &owner.kind,
                namespace,
                name: &owner.name,
            }),
            None => Owner {
                kind: "Pod",
                namespace,
                name: &pod.metadata.name,
            },
        }
    }

    fn above(&self, mut owner: Owner<'c>) -> Owner<'c> {
        for _ in 0..LONGEST {
            let Some(at) = self.listed.get(&owner) else {
                break;
            };
            let (_, workload) = &self.cluster.workloads[*at];
            let Some(above) = controller(&workload.metadata.owner_references) else {
                break;
            };
            owner = Owner {
                kind: &above.kind,
                namespace: owner.namespace,
                name: &above.name,
            };
        }
        owner
    }
}
