//! DaemonSets that lose nodes by their labels. Other pods stay where they are when labels go; those of a
//! DaemonSet are ended by its controller.

use winfit_core::Catalog;
use winfit_core::placement::Admission;

use super::{NodeChange, Target};
use crate::api::Api;
use crate::cluster::{Cluster, Interned};
use crate::error::KubeError;
use crate::fleet::{Told, fleet};
use crate::model::{Item, Kind, Workload};

/// A DaemonSet, in words, and a node whose pod of it ends.
pub type Displaced = (String, String);

impl NodeChange {
    /// Whether something that was there goes, or says something else.
    pub fn takes_away(&self) -> bool {
        let mut set = self.set.keys();
        !self.remove.is_empty() || set.any(|key| self.now.contains_key(key))
    }

    /// The labels after it.
    fn after(&self) -> super::Labels {
        let mut labels = self.now.clone();
        labels.retain(|key, _| !self.remove.contains(key));
        labels.extend(self.set.clone());
        labels
    }
}

/// Reads the DaemonSets of all namespaces.
pub async fn read_daemonsets(api: &Api) -> Result<Vec<Workload>, KubeError> {
    let mut found = Vec::new();
    let take = |page: Vec<Workload>| found.extend(page);
    api.list("/apis/apps/v1/daemonsets", &[], take).await?;
    Ok(found)
}

/// Which DaemonSets lose which nodes.
pub fn displaced(
    catalog: &Catalog,
    nodes: &[Target],
    daemonsets: Vec<Workload>,
    told: &Told,
    changes: &[NodeChange],
) -> Vec<Displaced> {
    let mut interned = Interned::default();
    let mut cluster = Cluster {
        nodes: nodes.iter().map(|target| target.node.clone()).collect(),
        ..Cluster::default()
    };
    for workload in daemonsets {
        cluster.add(Item::Workload(Kind::DaemonSet, workload), &mut interned);
    }
    let fleet = fleet(catalog, &cluster, told).fleet;
    let mut found = Vec::new();
    for (member, change) in fleet.hosts.iter().zip(changes) {
        if !change.takes_away() {
            continue;
        }
        let mut after = member.clone();
        after.labels.known = change.after();
        for workload in &fleet.workloads {
            let admits = |member| workload.placement.admits(catalog, member);
            if admits(member) == Admission::Yes && matches!(admits(&after), Admission::No { .. }) {
                found.push((workload.subject.in_words(), change.name.clone()));
            }
        }
    }
    found
}
