//! Hyper-V as the default isolation of every Windows node: which can, and in which order they restart.

pub mod verify;

use std::collections::HashMap;

use winfit_core::Catalog;
use winfit_core::fleet::{Fleet, Member, Role, State, Workload};
use winfit_core::host::{Host, HypervOffer, Isolation, Os};
use winfit_core::placement::{Admission, Placement};

use super::Swarm;
use super::constrain::runs_on;
use super::fleet::is_plain;

/// The whole way to Hyper-V isolation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Way {
    /// The nodes that restart, in order.
    pub steps: Vec<Step>,
    /// The nodes that have it already, as somebody told.
    pub has: Vec<String>,
    /// Windows nodes that offer no Hyper-V isolation.
    pub cannot: Vec<String>,
    /// What it does to services that are for Windows.
    pub services: Vec<Gain>,
}

/// One node that restarts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its hostname; its id where several have that.
    pub node: String,
    /// What is known of it.
    pub host: Host,
    /// `worker`, `manager`, `leader`.
    pub role: &'static str,
    /// Something says that it offers Hyper-V isolation; else that is to be seen first.
    pub stated: bool,
    /// `active`, `pause`, `drain`: as it is to be again afterwards.
    pub availability: &'static str,
    /// Services that no other node runs while it restarts.
    pub stops: Vec<String>,
}

/// On how many nodes a service starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gain {
    /// The service.
    pub service: String,
    /// Now.
    pub now: usize,
    /// Then.
    pub then: usize,
    /// How many nodes it may use.
    pub may_use: usize,
}

/// The way to Hyper-V isolation that stops the fewest services at each step; of several such nodes workers
/// first, the leader last. A node that has gone it runs older images from then on, and stands in for others.
pub fn way(catalog: &Catalog, swarm: &Swarm, fleet: &Fleet) -> Way {
    let mut way = Way::default();
    let mut left: Vec<usize> = Vec::new();
    for (at, member) in fleet.hosts.iter().enumerate() {
        if member.host.os != Os::Windows {
            continue;
        }
        if member.host.configured_isolation == Some(Isolation::Hyperv) {
            way.has.push(called(fleet, member));
        } else if member.host.hyperv_offer(catalog) == HypervOffer::No {
            way.cannot.push(called(fleet, member));
        } else {
            left.push(at);
        }
    }
    let mut services: Vec<Fits<'_>> = fleet
        .workloads
        .iter()
        .map(|service| Fits::find(catalog, service, fleet))
        .filter(|fits| !fits.may_use.is_empty())
        .collect();
    let now: Vec<usize> = services.iter().map(|fits| fits.starts_on.len()).collect();
    while !left.is_empty() {
        // What no other node runs just now, by the node that does.
        let mut alone: HashMap<usize, Vec<String>> = HashMap::new();
        for fits in services
            .iter()
            .filter(|fits| fits.service.wanted != Some(0))
        {
            if let [only] = fits.starts_on.as_slice() {
                let stops = alone.entry(*only).or_default();
                stops.push(fits.service.subject.name.clone());
            }
        }
        let rank = |at: usize| match role(swarm, &fleet.hosts[at]) {
            "worker" => 0,
            "manager" => 1,
            _ => 2,
        };
        let next = left.iter().enumerate();
        let next = next.min_by_key(|(_, at)| (alone.get(at).map_or(0, Vec::len), rank(**at)));
        let Some((position, at)) = next.map(|(position, at)| (position, *at)) else {
            break;
        };
        let member = &fleet.hosts[at];
        let offer = member.host.hyperv_offer(catalog);
        way.steps.push(Step {
            node: called(fleet, member),
            host: member.host,
            role: role(swarm, member),
            stated: offer == HypervOffer::Yes
                && (member.host.hyperv.is_some() || member.host.platform.is_some()),
            availability: match member.state {
                State::Cordoned => "pause",
                State::Drained => "drain",
                State::Ready | State::Down => "active",
            },
            stops: alone.remove(&at).unwrap_or_default(),
        });
        left.remove(position);
        let isolated = Host {
            configured_isolation: Some(Isolation::Hyperv),
            ..member.host
        };
        for fits in &mut services {
            fits.change(catalog, at, &isolated);
        }
    }
    way.services = services
        .iter()
        .zip(now)
        .filter(|(fits, now)| *now > 0 || !fits.starts_on.is_empty())
        .map(|(fits, now)| Gain {
            service: fits.service.subject.name.clone(),
            now,
            then: fits.starts_on.len(),
            may_use: fits.may_use.len(),
        })
        .collect();
    way
}

/// A service with the nodes that it may use, and those of them on which it starts.
struct Fits<'f> {
    service: &'f Workload,
    may_use: Vec<usize>,
    starts_on: Vec<usize>,
}

impl<'f> Fits<'f> {
    fn find(catalog: &Catalog, service: &'f Workload, fleet: &Fleet) -> Self {
        let may_use = may_use(catalog, service, fleet);
        let mut starts_on = may_use.clone();
        starts_on.retain(|at| runs_on(catalog, service, &fleet.hosts[*at].host));
        Self {
            service,
            may_use,
            starts_on,
        }
    }

    /// One of the nodes is another host now.
    fn change(&mut self, catalog: &Catalog, at: usize, host: &Host) {
        if self.may_use.contains(&at) {
            self.starts_on.retain(|other| *other != at);
            if runs_on(catalog, self.service, host) {
                self.starts_on.push(at);
            }
        }
    }
}

/// The ready Windows nodes that a service may use.
fn may_use(catalog: &Catalog, service: &Workload, fleet: &Fleet) -> Vec<usize> {
    let Placement::Swarm(placement) = &service.placement else {
        return Vec::new();
    };
    let members = fleet.hosts.iter().enumerate();
    members
        .filter(|(_, member)| {
            member.state == State::Ready
                && member.host.os == Os::Windows
                && placement.admits(catalog, member) == Admission::Yes
        })
        .map(|(at, _)| at)
        .collect()
}

/// A node as commands name it: its hostname, its id where several have that or a shell would read more into
/// it.
pub fn called(fleet: &Fleet, member: &Member) -> String {
    let same = |other: &&Member| other.name == member.name;
    match &member.id {
        Some(id) if !is_plain(&member.name) => id.clone(),
        Some(id) if fleet.hosts.iter().filter(same).count() > 1 => id.clone(),
        _ => member.name.clone(),
    }
}

fn role(swarm: &Swarm, member: &Member) -> &'static str {
    let mut nodes = swarm.nodes.iter();
    let leads = nodes.any(|node| {
        Some(&node.id) == member.id.as_ref()
            && node
                .manager_status
                .as_ref()
                .is_some_and(|status| status.leader)
    });
    match member.role {
        _ if leads => "leader",
        Some(Role::Manager) => "manager",
        _ => "worker",
    }
}
