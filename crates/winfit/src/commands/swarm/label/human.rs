//! The labels of nodes for people: what changes, what stays open, how to do it by hand.

use winfit_core::Catalog;
use winfit_core::host::Os;
use winfit_core::reason::windows_name;
use winfit_docker::swarm::commands::node_update;
use winfit_docker::swarm::fleet::is_plain;
use winfit_docker::swarm::label::{NodeChange, as_docker_shows};

use super::Labelled;
use crate::commands::swarm::human::{commands, entry};
use crate::findings::{clean, plural};
use crate::output::{bold, columns, wrap};

pub(super) fn human(catalog: &Catalog, labelled: &Labelled) -> String {
    let mut text = bold(&wrap(&headline(labelled), "", ""));
    text.push_str("\n\n");
    text.push_str(&nodes(catalog, labelled));
    let changed: Vec<&NodeChange> = labelled
        .changes
        .iter()
        .filter(|change| change.is_change())
        .collect();
    if labelled.written.is_some() {
        for change in changed.iter().filter(|change| labelled.is_written(change)) {
            let shown = as_docker_shows(labelled.now(change));
            text.push_str(&format!(
                "\n  docker node inspect --format '{{{{.Spec.Labels}}}}' {}\n    {}\n",
                clean(&called(labelled, change)),
                clean(&shown)
            ));
        }
    } else {
        for change in &changed {
            text.push_str(&format!("\n  {}\n", clean(&called(labelled, change))));
            for (name, value) in &change.set {
                let sign = if change.now.contains_key(name) {
                    "~"
                } else {
                    "+"
                };
                let was = change.now.get(name);
                let was = was.map_or_else(String::new, |was| format!("  (was {was})"));
                text.push_str(&format!(
                    "    {sign} {}\n",
                    clean(&format!("{name}={value}{was}"))
                ));
            }
            for name in &change.remove {
                let value = change.now.get(name).map_or("", String::as_str);
                text.push_str(&format!("    - {}\n", clean(&format!("{name}={value}"))));
            }
        }
    }
    let mut notes: Vec<String> = labelled
        .changes
        .iter()
        .filter_map(|change| Some(change.open.as_ref()?.to_string()))
        .collect();
    notes.extend(labelled.displaced.iter().map(|(service, node)| {
        let tense = if labelled.written.is_some() { "keep" } else { "would then keep" };
        format!("the constraints of {service} {tense} it off {node}: its tasks there end and start elsewhere")
    }));
    if !notes.is_empty() {
        text.push('\n');
    }
    for note in notes {
        text.push_str(&entry("note", &clean(&note)));
    }
    text.push_str(&by_hand(labelled, &changed));
    text
}

/// What is typed in the place of `--apply`, and the way back: one command a node.
fn by_hand(labelled: &Labelled, changed: &[&NodeChange]) -> String {
    let shown = labelled.written.is_none();
    let changed = changed
        .iter()
        .filter(|change| shown || labelled.is_written(change));
    let (forth, back): (Vec<_>, Vec<_>) = changed
        .map(|change| node_update(change, &called(labelled, change)))
        .unzip();
    let mut text = String::new();
    if back.is_empty() {
        return text;
    }
    if shown {
        text.push_str("\n  1  write them: the same command with --apply\n  2  or by hand\n");
        text.push_str(&commands(&forth.concat()));
    }
    text.push_str("\n  the way back\n");
    text.push_str(&commands(&back.concat()));
    text
}

fn headline(labelled: &Labelled) -> String {
    let all = labelled.changes.len();
    let changed = labelled.changes.iter().filter(|change| change.is_change());
    let count = changed.clone().count();
    let open = labelled.changes.iter().any(|change| change.open.is_some());
    let failed = changed
        .filter(|change| !labelled.is_written(change))
        .count();
    match (count, labelled.written.is_some()) {
        (0, _) if open => "No label is to be written; what is open is below.".to_owned(),
        (0, _) => format!(
            "The labels of {} are right as they are.",
            plural(all, "node")
        ),
        (_, true) if failed > 0 => format!(
            "The labels of {} of {} are written.",
            count - failed,
            plural(count, "node")
        ),
        (_, true) => format!("The labels of {} are written.", plural(count, "node")),
        (_, false) => format!(
            "{count} of {} would get other labels; nothing is written yet.",
            plural(all, "node")
        ),
    }
}

/// A node as commands name it: its hostname, its id where several have that or a shell would read more into
/// it.
fn called(labelled: &Labelled, change: &NodeChange) -> String {
    let same = |other: &&NodeChange| other.name == change.name;
    if !is_plain(&change.name) || labelled.changes.iter().filter(same).count() > 1 {
        change.id.clone()
    } else {
        change.name.clone()
    }
}

fn nodes(catalog: &Catalog, labelled: &Labelled) -> String {
    let head = ["node", "Windows", "version", "learnt from", "labels"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for change in &labelled.changes {
        let host = &change.host;
        let (windows, version) = match (host.os, host.version) {
            (Os::Linux, _) => ("Linux".to_owned(), String::new()),
            (Os::Windows, Some(version)) => (
                windows_name(catalog, version.build, host.effective_kind(catalog)),
                version.short(),
            ),
            (Os::Windows, None) => ("which is not known".to_owned(), String::new()),
        };
        let labels = if change.open.is_some() {
            "open"
        } else if !change.is_change() {
            "right"
        } else if labelled.written.is_none() {
            "to write"
        } else if labelled.is_written(change) {
            "written"
        } else {
            "not written"
        };
        rows.push(vec![
            clean(&called(labelled, change)),
            windows,
            version,
            clean(&change.learnt_from),
            labels.to_owned(),
        ]);
    }
    columns(&rows, "  ")
}
