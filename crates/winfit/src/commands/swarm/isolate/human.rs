//! The way to Hyper-V isolation for people: which nodes restart in which order, and what is typed.

use winfit_core::Catalog;
use winfit_core::reason::windows_name;
use winfit_docker::swarm::isolate::verify::{NotVerified, Verified};
use winfit_docker::swarm::isolate::{Step, Way};

use crate::commands::swarm::human::entry;
use crate::findings::{clean, plural};
use crate::output::{bold, columns, wrap};

/// What the engines of nodes said, and the way of those that still have another default.
pub(super) fn verified(way: &Way, verified: &[Verified]) -> String {
    let fine = verified.iter().filter(|one| one.answer.is_ok()).count();
    let headline = format!(
        "Hyper-V is the default isolation of {fine} of {}.",
        plural(verified.len(), "node")
    );
    let mut text = bold(&wrap(&headline, "", ""));
    text.push_str("\n\n");
    for one in verified {
        let words = match &one.answer {
            Ok(()) => "hyperv".to_owned(),
            Err(reason) => reason.to_string(),
        };
        text.push_str(&entry(&clean(&one.node), &clean(&words)));
    }
    let is_left = |step: &&Step| {
        let still = |one: &Verified| matches!(one.answer, Err(NotVerified::Still { .. }));
        let mut left = verified.iter().filter(|one| still(one));
        left.any(|one| one.node == step.node)
    };
    let left: Vec<&Step> = way.steps.iter().filter(is_left).collect();
    if !left.is_empty() {
        text.push_str(DAEMON_JSON);
        for (at, step) in left.into_iter().enumerate() {
            text.push_str(&commands(at + 1, step));
        }
    }
    text
}

pub(super) fn human(catalog: &Catalog, way: &Way, open: &[String]) -> String {
    if way.steps.is_empty() {
        return nothing_to_do(way, open);
    }
    let headline = format!(
        "{} can take Hyper-V as the default isolation, one after the other; nothing is written, since each change is made on its node.",
        plural(way.steps.len(), "node")
    );
    let mut text = bold(&wrap(&headline, "", ""));
    text.push_str("\n\n");
    let head = ["", "node", "role", "Windows", "Hyper-V"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for (at, step) in way.steps.iter().enumerate() {
        rows.push(vec![
            (at + 1).to_string(),
            clean(&step.node),
            step.role.to_owned(),
            windows(catalog, step),
            if step.stated { "as told" } else { "to be seen" }.to_owned(),
        ]);
    }
    text.push_str(&columns(&rows, "  "));
    if !way.services.is_empty() {
        let head = ["service", "may use", "starts on now", "then"];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        for gain in &way.services {
            rows.push(vec![
                clean(&gain.service),
                gain.may_use.to_string(),
                gain.now.to_string(),
                gain.then.to_string(),
            ]);
        }
        text.push('\n');
        text.push_str(&columns(&rows, "  "));
    }
    text.push('\n');
    for node in &way.has {
        text.push_str(&entry("note", &clean(&format!("{node} has it already"))));
    }
    text.push_str(&without_it(way));
    for step in way.steps.iter().filter(|step| !step.stops.is_empty()) {
        let words = format!(
            "while {} restarts no other node runs {}",
            step.node,
            step.stops.join(", ")
        );
        text.push_str(&entry("note", &clean(&words)));
    }
    let managers = way.steps.iter().filter(|step| step.role != "worker");
    if managers.count() == 1 {
        text.push_str(&entry(
            "note",
            "the Swarm takes no commands while its only manager restarts; tasks elsewhere go on",
        ));
    }
    text.push_str(&not_known(open));
    if way.steps.iter().any(|step| !step.stated) {
        text.push_str(SEE_FIRST);
    }
    text.push_str(DAEMON_JSON);
    for (at, step) in way.steps.iter().enumerate() {
        text.push_str(&commands(at + 1, step));
    }
    text.push_str(AFTERWARDS);
    text
}

/// What is typed for one node: on a manager and on the node itself, by turns.
fn commands(number: usize, step: &Step) -> String {
    let node = clean(&step.node);
    let back = step.availability;
    let lines = [
        (
            "manager",
            format!("docker node update --availability drain {node}"),
        ),
        (
            "manager",
            format!("docker node ps --filter desired-state=running {node}"),
        ),
        ("node", "Restart-Service docker".to_owned()),
        ("node", "docker info --format '{{.Isolation}}'".to_owned()),
        (
            "manager",
            format!("docker node update --availability {back} {node}"),
        ),
    ];
    let mut text = format!("\n  {number}  {node}\n");
    for (place, command) in lines {
        text.push_str(&format!("       {place:7}  {command}\n"));
    }
    text
}

/// No node restarts: all have it that can.
fn nothing_to_do(way: &Way, open: &[String]) -> String {
    let headline = match (way.has.is_empty(), way.cannot.is_empty()) {
        (false, true) => "Hyper-V is the default isolation of all Windows nodes already.",
        (false, false) => {
            "Hyper-V is the default isolation of all Windows nodes that offer it already."
        }
        (true, false) => "No Windows node of this Swarm offers Hyper-V isolation.",
        (true, true) => "No node of this Swarm runs Windows.",
    };
    let mut text = bold(&wrap(headline, "", ""));
    text.push('\n');
    let notes = [without_it(way), not_known(open)].concat();
    if !notes.is_empty() {
        text.push('\n');
        text.push_str(&notes);
    }
    text
}

/// The nodes that cannot have it.
fn without_it(way: &Way) -> String {
    let nodes = way.cannot.iter();
    nodes
        .map(|node| {
            let words = format!(
                "{node} offers no Hyper-V isolation; keep services of older images off it with winfit swarm constrain"
            );
            entry("note", &clean(&words))
        })
        .collect()
}

/// The nodes of which nobody can tell their Windows.
fn not_known(open: &[String]) -> String {
    let reasons = open.iter();
    reasons
        .map(|reason| entry("open", &clean(reason)))
        .collect()
}

/// What shows that it is done.
const AFTERWARDS: &str = "
  afterwards, ask all their engines
       winfit swarm isolate --verify --endpoint-template 'tcp://{addr}:2376'
";

/// What shows whether a node can.
const SEE_FIRST: &str = "
  first, on each node (a virtual machine needs nested virtualisation)
       (Get-WindowsFeature Hyper-V).InstallState
";

/// What each node's engine is told.
const DAEMON_JSON: &str = r#"
  on each node, in C:\ProgramData\docker\config\daemon.json (winfit lint --fix
  edits one that has more in it)
       { "exec-opts": ["isolation=hyperv"] }

  then node by node; the second command shows when its tasks are gone, the
  fourth one says hyperv
"#;

fn windows(catalog: &Catalog, step: &Step) -> String {
    match step.host.version {
        Some(version) => format!(
            "{} ({})",
            windows_name(catalog, version.build, step.host.effective_kind(catalog)),
            version.build
        ),
        None => "which is not known".to_owned(),
    }
}
