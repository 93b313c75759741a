//! Pods that run now, and would not if they were to start again.

use std::collections::{BTreeSet, HashMap};

use winfit_core::finding::{Finding, Subject};

use super::nodes;
use crate::cluster::Cluster;
use crate::fleet::{ClusterFleet, is_ready};

/// What an audit says of where pods may be placed; all of them may be right where they are.
const FORETELL: [&str; 5] = [
    "build-mismatch",
    "may-not-start",
    "pull-refused",
    "no-host-for-placement",
    "only-fit-host-unavailable",
];

/// Whether a finding is about where pods may be placed, so that one that runs now may not run again.
pub fn foretells(finding: &Finding) -> bool {
    FORETELL.contains(&finding.rule)
}

/// Tells with findings about placement how many pods run all the same, and that one which is made anew may
/// not.
pub fn tell_of_pods(cluster: &Cluster, fleet: &ClusterFleet, findings: &mut [Finding]) {
    let told: HashMap<&Subject, usize> = fleet
        .fleet
        .workloads
        .iter()
        .enumerate()
        .map(|(at, workload)| (&workload.subject, at))
        .collect();
    let mut running: HashMap<usize, (usize, BTreeSet<&str>)> = HashMap::new();
    for (pod, workload) in cluster.pods.iter().zip(&fleet.workload_of) {
        if let (Some(at), true) = (workload, is_ready(pod)) {
            let (pods, nodes) = running.entry(*at).or_default();
            *pods += 1;
            nodes.insert(&pod.node);
        }
    }
    for finding in findings {
        if !foretells(finding) {
            continue;
        }
        let at = told.get(&finding.subject);
        let Some((pods, on)) = at.and_then(|at| running.get(at)) else {
            continue;
        };
        let (pods, one) = match pods {
            1 => ("1 pod runs".to_owned(), "it"),
            many => (format!("{many} pods run"), "one of them"),
        };
        finding.notes.push(format!(
            "{pods} now, on {}; if {one} has to start again, this decides where",
            nodes(on)
        ));
    }
}
