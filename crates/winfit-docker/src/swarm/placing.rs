//! Remedies that place a service elsewhere, by what is known of a Swarm that runs: the constraints that
//! `constrain` would write, and not those that a Compose file would need.

use std::collections::HashMap;

use winfit_core::Catalog;
use winfit_core::finding::Finding;
use winfit_core::fleet::{Fleet, Workload};
use winfit_core::placement::Placement;
use winfit_core::placement::swarm::{Constraint, Key};
use winfit_core::remedy::{Remedy, RemedyKind};

use super::commands::{Flag, constraint_add, constraint_rm, service_update};
use super::constrain::{Decision, decide};
use super::fleet::LabelNames;
use super::label::OWN;

/// So many nodes are named.
const MOST: usize = 3;

/// Gives the remedies that place services elsewhere the constraints that do it on this Swarm, and takes away
/// those that would leave a service without a node.
pub fn place(catalog: &Catalog, fleet: &Fleet, names: &LabelNames, findings: &mut [Finding]) {
    let mut known = Known::new();
    for finding in findings {
        let is_of = |service: &&Workload| service.subject.name == finding.subject.name;
        let found = fleet.workloads.iter().find(is_of);
        let Some(service) = found.filter(|_| finding.subject.kind == "service") else {
            continue;
        };
        if finding.remedies.iter().any(places) {
            let placed = known
                .entry(alike(service))
                .or_insert_with(|| placed(catalog, fleet, names, service));
            let remedies = std::mem::take(&mut finding.remedies).into_iter();
            finding.remedies = remedies
                .filter_map(|remedy| {
                    if places(&remedy) {
                        placed.of(service, remedy)
                    } else {
                        Some(remedy)
                    }
                })
                .collect();
        }
    }
}

/// Whether a remedy writes constraints.
fn places(remedy: &Remedy) -> bool {
    let mut commands = remedy.commands.iter();
    remedy.kind == RemedyKind::OtherHost && commands.any(|one| one.text.contains("constraints:"))
}

/// What places a service on nodes that run it.
enum Placed {
    /// These flags; with the remedy's title.
    By(String, Vec<Flag>),
    /// What a Compose file would need.
    AsWritten,
    /// Nothing.
    Nowhere,
}

/// What places services, by what decides of it: many services of a Swarm are alike.
type Known = HashMap<String, Placed>;

/// What decides where a service is placed.
fn alike(service: &Workload) -> String {
    let image = service.containers.first().map(|one| &one.image.image);
    let image = image.and_then(|image| image.as_ref().ok());
    let isolation = service.isolation.as_ref().map(|isolation| isolation.value);
    let placement = match &service.placement {
        Placement::Swarm(placement) => Some((
            placement
                .constraints
                .iter()
                .map(|one| &one.value)
                .collect::<Vec<_>>(),
            &placement.platforms,
        )),
        _ => None,
    };
    let image = image.map(|named| &named.image);
    format!(
        "{image:?} {placement:?} {isolation:?} {} {:?}",
        service.everywhere, service.os
    )
}

impl Placed {
    /// The remedy of one service.
    fn of(&self, service: &Workload, remedy: Remedy) -> Option<Remedy> {
        match self {
            Self::By(title, flags) => Some(Remedy {
                title: title.clone(),
                commands: service_update(flags, &service.subject.name),
                diff: None,
                ..remedy
            }),
            Self::AsWritten => Some(remedy),
            Self::Nowhere => None,
        }
    }
}

fn placed(catalog: &Catalog, fleet: &Fleet, names: &LabelNames, service: &Workload) -> Placed {
    match decide(catalog, fleet, service, names) {
        // Labels that are to be written first tell more than names.
        Decision::Constrain(found) if !found.by_name && !found.by_chance => Placed::By(
            format!("admit only {}", list(fleet, &found.on)),
            constraint_add(&found.add),
        ),
        Decision::NoNode { .. } => match instead(catalog, fleet, names, service) {
            Some((title, flags)) => Placed::By(title, flags),
            None => Placed::Nowhere,
        },
        _ => Placed::AsWritten,
    }
}

/// Where it would run but for its constraints on Windows, and what lets it: constraints are joined by *and*,
/// so that those go before others come.
fn instead(
    catalog: &Catalog,
    fleet: &Fleet,
    names: &LabelNames,
    service: &Workload,
) -> Option<(String, Vec<Flag>)> {
    let mut open = service.clone();
    let Placement::Swarm(placement) = &mut open.placement else {
        return None;
    };
    let (on_windows, others): (Vec<_>, Vec<_>) = std::mem::take(&mut placement.constraints)
        .into_iter()
        .partition(|written| asks_for_windows(&written.value, names));
    placement.constraints = others;
    let removed: Vec<String> = on_windows.into_iter().map(|one| one.value).collect();
    let (on, add) = match decide(catalog, fleet, &open, names) {
        Decision::Fits { on, .. } => (on, Vec::new()),
        Decision::Constrain(found) => (found.on, found.add),
        _ => return None,
    };
    let flags = [constraint_rm(&removed), constraint_add(&add)].concat();
    Some((format!("place it on {} instead", list(fleet, &on)), flags))
}

/// Whether a constraint holds a service to a Windows version.
fn asks_for_windows(text: &str, names: &LabelNames) -> bool {
    let Ok(constraint) = Constraint::parse(text) else {
        return false;
    };
    match constraint.key {
        Key::NodeLabel(name) | Key::EngineLabel(name) => {
            name == names.version || name.starts_with(OWN)
        }
        _ => false,
    }
}

/// Nodes by name, with their builds; of many the first.
fn list(fleet: &Fleet, names: &[String]) -> String {
    let shown = names.iter().take(MOST).map(|name| {
        let member = fleet.hosts.iter().find(|member| member.name == *name);
        let version = member.and_then(|member| member.host.version);
        version.map_or_else(
            || name.clone(),
            |version| format!("{name} ({})", version.build),
        )
    });
    let shown: Vec<String> = shown.collect();
    match names.len().saturating_sub(MOST) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
