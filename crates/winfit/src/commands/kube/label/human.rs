//! The labels of nodes for people: what changes, what stays open, how to do it by hand.

use std::collections::BTreeMap;

use winfit_core::Catalog;
use winfit_core::host::Os;
use winfit_core::reason::windows_name;
use winfit_kube::label::{Labels, Lack, NodeChange, as_kubectl_shows};
use winfit_kube::model::Node;

use super::{Labelled, in_words};
use crate::findings::{clean, plural};
use crate::output::{bold, columns, wrap};

/// Of more nodes than these those that are alike share a line, and commands are left to programs.
const MOST_NODES: usize = 30;

/// So many nodes of a group are named.
const NAMED: usize = 3;

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
        text.push_str(&read_back(labelled, &changed));
    } else {
        text.push_str(&differences(&changed));
    }
    let notes = notes(labelled);
    if !notes.is_empty() {
        text.push('\n');
    }
    for note in notes {
        text.push_str(&wrap(&clean(&note), "  note   ", "         "));
        text.push('\n');
    }
    text.push_str(&by_hand(labelled, &changed));
    text
}

fn headline(labelled: &Labelled) -> String {
    let all = labelled.changes.len();
    let changed = labelled.changes.iter().filter(|change| change.is_change());
    let count = changed.clone().count();
    let open = labelled.changes.iter().any(|change| change.open.is_some());
    let written = changed.filter(|change| labelled.after(change).is_some());
    let written = written.count();
    match (count, labelled.written.is_some()) {
        (0, _) if open => "No label is to be written; what is open is below.".to_owned(),
        (0, _) => format!(
            "The labels of {} are right as they are.",
            plural(all, "node")
        ),
        (_, true) if written < count => format!(
            "The labels of {written} of {} are written.",
            plural(count, "node")
        ),
        (_, true) => format!("The labels of {} are written.", plural(count, "node")),
        (_, false) => format!(
            "{count} of {} would get other labels; nothing is written yet.",
            plural(all, "node")
        ),
    }
}

/// The nodes, or how many of each kind, with what becomes of their labels.
fn nodes(catalog: &Catalog, labelled: &Labelled) -> String {
    let changes = labelled.changes.iter();
    let rows: Vec<(&NodeChange, [String; 4])> = changes
        .map(|change| (change, facts(catalog, labelled, change)))
        .collect();
    let few = rows.len() <= MOST_NODES;
    let first = if few { "node" } else { "nodes" };
    let head = [first, "Windows", "version", "learnt from", "labels"];
    let mut table = vec![head.map(str::to_owned).to_vec()];
    let row = |first: String, facts: [String; 4]| {
        let mut row = vec![first];
        row.extend(facts);
        row
    };
    if few {
        let rows = rows.into_iter();
        table.extend(rows.map(|(change, facts)| row(clean(&change.name), facts)));
    } else {
        let mut alike: BTreeMap<[String; 4], usize> = BTreeMap::new();
        for (_, facts) in rows {
            *alike.entry(facts).or_default() += 1;
        }
        let alike = alike.into_iter();
        table.extend(alike.map(|(facts, count)| row(count.to_string(), facts)));
    }
    columns(&table, "  ")
}

/// Windows, version, where that was learnt, and what becomes of the labels.
fn facts(catalog: &Catalog, labelled: &Labelled, change: &NodeChange) -> [String; 4] {
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
        match host.os {
            Os::Linux => "none",
            Os::Windows => "right",
        }
    } else if labelled.after(change).is_some() {
        "written"
    } else if labelled.written.is_some() {
        "not written"
    } else if labelled.is_held(change) {
        "somebody else's"
    } else {
        "to write"
    };
    [
        windows,
        version,
        clean(&change.learnt_from),
        labels.to_owned(),
    ]
}

/// What changes, once for all nodes of which the same changes.
fn differences(changed: &[&NodeChange]) -> String {
    let mut alike: Vec<(String, Vec<&str>)> = Vec::new();
    for change in changed {
        let difference = difference(change);
        match alike.iter_mut().find(|(known, _)| *known == difference) {
            Some((_, names)) => names.push(&change.name),
            None => alike.push((difference, vec![&change.name])),
        }
    }
    let mut text = String::new();
    for (difference, names) in alike {
        let mut named = names[..names.len().min(NAMED)].join(", ");
        if names.len() > NAMED {
            named.push_str(&format!(" and {} more", names.len() - NAMED));
        }
        text.push_str(&wrap(&clean(&named), "\n  ", "  "));
        text.push('\n');
        text.push_str(&difference);
    }
    text
}

fn difference(change: &NodeChange) -> String {
    let mut text = String::new();
    for (key, value) in &change.set {
        let was = change.now.get(key);
        let sign = if was.is_some() { "~" } else { "+" };
        let was = was.map_or_else(String::new, |was| format!("  (was {was})"));
        text.push_str(&clean(&format!("    {sign} {key}={value}{was}")));
        text.push('\n');
    }
    for key in &change.remove {
        let value = change.now.get(key).map_or("", String::as_str);
        text.push_str(&clean(&format!("    - {key}={value}")));
        text.push('\n');
    }
    text
}

/// Nodes as kubectl shows them, but for their age.
fn read_back(labelled: &Labelled, changed: &[&NodeChange]) -> String {
    let head = ["NAME", "STATUS", "ROLES", "VERSION", "LABELS"];
    let mut table = vec![head.map(str::to_owned).to_vec()];
    for change in changed {
        let Some(after) = labelled.after(change) else {
            continue;
        };
        table.push(as_row(&after.node));
    }
    if table.len() == 1 {
        return String::new();
    }
    format!(
        "\n  kubectl get nodes --show-labels\n{}",
        columns(&table, "    ")
    )
}

fn as_row(node: &Node) -> Vec<String> {
    let mut conditions = node.status.conditions.iter();
    let ready = conditions.find(|condition| condition.kind == "Ready");
    let mut status = match ready.map(|ready| ready.status.as_str()) {
        Some("True") => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    }
    .to_owned();
    if node.spec.unschedulable {
        status.push_str(",SchedulingDisabled");
    }
    let labels: &Labels = &node.metadata.labels;
    let roles: Vec<&str> = labels
        .iter()
        .filter_map(|(key, value)| match key.as_str() {
            "kubernetes.io/role" => Some(value.as_str()),
            key => key.strip_prefix("node-role.kubernetes.io/"),
        })
        .filter(|role| !role.is_empty())
        .collect();
    let roles = if roles.is_empty() {
        "<none>".to_owned()
    } else {
        roles.join(",")
    };
    [
        node.metadata.name.to_string(),
        status,
        roles,
        node.status.node_info.kubelet_version.clone(),
        as_kubectl_shows(labels),
    ]
    .map(|cell| clean(&cell))
    .to_vec()
}

/// What else is worth knowing.
fn notes(labelled: &Labelled) -> Vec<String> {
    let mut notes = Vec::new();
    for change in &labelled.changes {
        let node = &change.name;
        notes.extend(change.open.as_ref().map(ToString::to_string));
        for (key, reason) in &change.lacking {
            let hint = match reason {
                Lack::Revision => format!("; say it with --host {node}=10.0.14393.REVISION"),
                Lack::Release => String::new(),
            };
            notes.push(format!("{node} gets no {key}: {reason}{hint}"));
        }
        // After a refusal the error says it.
        if labelled.error(change).is_some() {
            continue;
        }
        notes.extend(change.held.iter().map(|held| {
            let whose = in_words(held);
            match (labelled.force, labelled.written.is_some()) {
                (false, _) => format!("on {node} {whose}; --force takes it over"),
                (true, false) => format!("on {node} {whose}, from whom --force takes it"),
                (true, true) => {
                    let by = held.by.join(" and ");
                    format!("on {node} {} was {by}'s and is winfit's now", held.label)
                }
            }
        }));
    }
    let written = labelled.written.is_some();
    match &labelled.displaced {
        Ok(displaced) => notes.extend(displaced.iter().map(|(daemonset, node)| {
            let tense = if written { "keep" } else { "would keep" };
            format!("the labels of {node} {tense} {daemonset} off it: its pod there ends")
        })),
        Err(error) => notes.push(format!(
            "DaemonSets cannot be read, so winfit does not say which lose a node by their selectors: {error}"
        )),
    }
    notes
}

/// What is typed in the place of `--apply`, and the way back: one command a node. What a shell would read
/// more into is left to `--apply`.
fn by_hand(labelled: &Labelled, changed: &[&NodeChange]) -> String {
    let shown = labelled.written.is_none();
    let own = changed.iter().filter(|change| {
        if shown {
            !labelled.is_held(change)
        } else {
            labelled.after(change).is_some()
        }
    });
    let (forth, back): (Vec<String>, Vec<String>) = own
        .map(|change| (change.command(), change.way_back()))
        .filter(|(forth, back)| forth.chars().chain(back.chars()).all(is_plain))
        .unzip();
    let mut text = String::new();
    if shown && !changed.is_empty() {
        text.push_str("\n  1  write them: the same command with --apply\n");
    }
    if back.is_empty() {
        return text;
    }
    if shown {
        text.push_str("  2  or by hand\n");
        text.push_str(&commands(&forth));
    }
    text.push_str("\n  the way back\n");
    text.push_str(&commands(&back));
    text
}

fn commands(commands: &[String]) -> String {
    let few = commands.iter().take(MOST_NODES);
    let mut text: String = few.map(|command| format!("       {command}\n")).collect();
    if commands.len() > MOST_NODES {
        let more = commands.len() - MOST_NODES;
        let words = format!("and {more} more; --format json has the command of every node");
        text.push_str(&wrap(&words, "       ", "       "));
        text.push('\n');
    }
    text
}

/// Whether no shell reads more into it.
fn is_plain(symbol: char) -> bool {
    symbol.is_ascii_alphanumeric() || "._-=/ ".contains(symbol)
}
