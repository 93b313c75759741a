//! The hosts that a workload may get to, for rules that judge more than the image it has today.

use std::collections::HashMap;

use crate::catalog::Catalog;
use crate::fleet::{Fleet, Workload};
use crate::host::{Host, Isolation};
use crate::placement::kubernetes::Conflict;

use super::AuditOptions;
use super::ground::{Ground, Outcome};
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

/// How the images of a workload fare on a host, all of them together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fares {
    /// All of them run.
    Runs,
    /// One of them may fail, or nobody can tell.
    MayStart,
    /// One of them does not run.
    Fails,
}

/// Where a workload may run once every host takes new work, and how it fares there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// Something tells that it is for Windows; else nothing is judged.
    pub windows: bool,
    /// The hosts that its placement admits, whatever their state, in their order.
    pub hosts: Vec<(usize, Fares)>,
    /// The labels by which the pod itself demands a version of Windows, or another system.
    pub demands: Vec<String>,
    /// Its RuntimeClass selects hosts by their Windows.
    pub class_chooses: bool,
    /// The pod and its RuntimeClass contradict each other.
    pub conflict: Option<Box<Conflict>>,
}

/// Puts the placements of workloads to every host of the fleet. The workloads need not be the fleet's own.
pub fn reaches(
    catalog: &Catalog,
    fleet: &Fleet,
    options: &AuditOptions,
    workloads: &[Workload],
) -> Vec<Reach> {
    let ground = Ground::new(catalog, fleet, options);
    let each = workloads.iter();
    each.map(|workload| Spot::find(&ground, workload).reach(&ground))
        .collect()
}

impl<'a> Spot<'a> {
    fn reach(&self, ground: &Ground<'a>) -> Reach {
        if !self.is_windows() {
            return Reach::default();
        }
        let mut admitted = [self.candidates.as_slice(), self.unavailable.as_slice()].concat();
        admitted.sort_unstable();
        // A large fleet has few hosts that differ in what decides.
        let mut known: HashMap<usize, Fares> = HashMap::new();
        let hosts = admitted.into_iter().map(|at| {
            let fares = known.entry(ground.distinct_of(at));
            (at, *fares.or_insert_with(|| self.fares(ground, at)))
        });
        Reach {
            windows: true,
            hosts: hosts.collect(),
            demands: self.demands_on_windows(),
            class_chooses: self.choosing_class().is_some(),
            conflict: self.conflict.clone(),
        }
    }

    fn fares(&self, ground: &Ground<'a>, at: usize) -> Fares {
        let host = self.host(ground, at);
        let mut worst = Fares::Runs;
        for found in &self.uses {
            if self.states_other_os(found.on(ground, &host).os) {
                return Fares::Fails;
            }
            match found.outcome(ground, &host, self.asked) {
                Outcome::Runs => {}
                Outcome::Risk | Outcome::Unknown => worst = Fares::MayStart,
                Outcome::No | Outcome::Refused => return Fares::Fails,
            }
        }
        worst
    }
}
