//! Remedies that place a service elsewhere, by what is known of a Swarm that runs: the constraints that
//! `constrain` would write, and not those that a Compose file would need.

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
    for finding in findings {
        let is_of = |service: &&Workload| service.subject.name == finding.subject.name;
        let found = fleet.workloads.iter().find(is_of);
        let Some(service) = found.filter(|_| finding.subject.kind == "service") else {
            continue;
        };
        if finding.remedies.iter().any(places) {
            let remedies = std::mem::take(&mut finding.remedies).into_iter();
            finding.remedies = remedies
                .filter_map(|remedy| {
                    if places(&remedy) {
                        placed(catalog, fleet, names, service, remedy)
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

fn placed(
    catalog: &Catalog,
    fleet: &Fleet,
    names: &LabelNames,
    service: &Workload,
    remedy: Remedy,
) -> Option<Remedy> {
    let (title, flags) = match decide(catalog, fleet, service, names) {
        // Labels that are to be written first tell more than names.
        Decision::Constrain(found) if !found.by_name && !found.by_chance => (
            format!("admit only {}", list(fleet, &found.on)),
            constraint_add(&found.add),
        ),
        Decision::NoNode { .. } => instead(catalog, fleet, names, service)?,
        _ => return Some(remedy),
    };
    Some(Remedy {
        title,
        commands: service_update(&flags, &service.subject.name),
        ..remedy
    })
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
