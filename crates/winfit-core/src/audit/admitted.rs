//! The hosts that a workload may get to, for rules that judge more than the image it has today.

use crate::catalog::Catalog;
use crate::fleet::{Fleet, Workload};
use crate::host::{Host, Isolation};

use super::AuditOptions;
use super::ground::Ground;
use super::place::Spot;

/// Where a workload may run, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted {
    /// The hosts that its placement admits and that take new work, as places in the fleet and as they
    /// are judged.
    pub hosts: Vec<(usize, Host)>,
    /// The isolation that it asks for.
    pub asked: Option<Isolation>,
}

/// Puts a workload's placement to every host of the fleet.
pub fn admitted(
    catalog: &Catalog,
    fleet: &Fleet,
    options: &AuditOptions,
    workload: &Workload,
) -> Admitted {
    let ground = Ground::new(catalog, fleet, options);
    let spot = Spot::find(&ground, workload);
    let hosts = spot.candidates.iter();
    Admitted {
        hosts: hosts.map(|at| (*at, spot.host(&ground, *at))).collect(),
        asked: spot.asked,
    }
}
