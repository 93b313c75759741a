//! A cluster for people: its nodes with their Windows, its workloads with where they fit.

use winfit_core::Catalog;
use winfit_core::audit::Placed;
use winfit_core::fleet::{Member, State, Workload};
use winfit_core::host::Os;
use winfit_core::reason::windows_name;

use winfit_kube::advice::Advice;

use crate::findings::{Report, clean};
use crate::output::{columns, printable, wrap};

/// Of more nodes than these those that are alike share a line.
const MOST_NODES: usize = 30;

/// Both tables: all nodes, and the workloads for Windows.
pub(super) fn tables(catalog: &Catalog, report: &Report<'_>, settled: Option<&str>) -> String {
    let mut text = String::new();
    if !report.hosts.is_empty() {
        text.push_str(&nodes(catalog, report.hosts));
        text.push('\n');
        if let Some(sentence) = unknown(report.hosts) {
            text.push_str(&format!("{}\n\n", wrap(&sentence, "", "")));
        }
    }
    let workloads = report.workloads.iter().zip(report.placed);
    let rows: Vec<Vec<String>> = workloads
        .filter(|(_, placed)| placed.windows)
        .map(|(workload, placed)| row(workload, placed))
        .collect();
    let others = report.workloads.len() - rows.len();
    if !rows.is_empty() {
        let mut table = vec![head(&["workload", "runs", "may use", "fits", "image"])];
        table.extend(rows);
        text.push_str(&columns(&table, ""));
        text.push('\n');
    }
    if others > 0 {
        let what = if others == 1 {
            "1 workload".to_owned()
        } else {
            format!("{others} workloads")
        };
        let sentence = format!("{what} without any sign of Windows left out of this table.");
        text.push_str(&format!("{}\n\n", wrap(&sentence, "", "")));
    }
    if let Some(settled) = settled {
        text.push_str(&format!("{}\n\n", wrap(&format!("{settled}."), "", "")));
    }
    text
}

/// What the cluster as a whole could do.
pub(super) fn advice(advice: &[Advice]) -> String {
    if advice.is_empty() {
        return "\nNothing to advise: no Windows nodes, or one version that runs all images that tell theirs.\n".to_owned();
    }
    let mut text = String::from("\nFor the cluster as a whole:\n");
    for (at, one) in advice.iter().enumerate() {
        let first = format!("  {}  ", at + 1);
        text.push_str(&format!(
            "{}\n",
            wrap(&printable(&one.what), &first, "     ")
        ));
        for why in &one.why {
            text.push_str(&format!(
                "{}\n",
                wrap(&printable(why), "     - ", "       ")
            ));
        }
        if let Some(how) = &one.how {
            text.push_str(&format!("       {}\n", printable(how)));
        }
    }
    text
}

fn head(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn nodes(catalog: &Catalog, members: &[Member]) -> String {
    let kinds: Vec<[String; 5]> = members
        .iter()
        .map(|member| facts(catalog, member))
        .collect();
    if members.len() <= MOST_NODES {
        let mut table = vec![head(&[
            "node",
            "state",
            "Windows",
            "version",
            "engine",
            "learnt from",
        ])];
        for (member, facts) in members.iter().zip(kinds) {
            let mut row = vec![clean(&member.name)];
            row.extend(facts);
            table.push(row);
        }
        return columns(&table, "");
    }
    let mut alike: Vec<([String; 5], usize)> = Vec::new();
    for facts in kinds {
        match alike.iter_mut().find(|(known, _)| *known == facts) {
            Some((_, count)) => *count += 1,
            None => alike.push((facts, 1)),
        }
    }
    alike.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let mut table = vec![head(&[
        "nodes",
        "state",
        "Windows",
        "version",
        "engine",
        "learnt from",
    ])];
    for (facts, count) in alike {
        let mut row = vec![count.to_string()];
        row.extend(facts);
        table.push(row);
    }
    columns(&table, "")
}

/// That nothing tells the Windows of some nodes, so that nothing is said of what lands there.
fn unknown(members: &[Member]) -> Option<String> {
    let mut unknown = members
        .iter()
        .filter(|member| member.host.os == Os::Windows && member.host.version.is_none());
    let first = clean(&unknown.next()?.name);
    let (others, have) = match unknown.count() {
        0 => (String::new(), "has"),
        1 => (" and one more node".to_owned(), "have"),
        more => (format!(" and {more} more nodes"), "have"),
    };
    Some(format!(
        "Nothing tells which Windows {first}{others} {have}; say it with --host {first}=ltsc2019."
    ))
}

/// State, Windows, version, engine, and where the version was learnt.
fn facts(catalog: &Catalog, member: &Member) -> [String; 5] {
    let host = &member.host;
    let (windows, version) = match (host.os, host.version) {
        (Os::Linux, _) => ("Linux".to_owned(), String::new()),
        (Os::Windows, Some(version)) => (
            windows_name(catalog, version.build, host.effective_kind(catalog)),
            version.short(),
        ),
        (Os::Windows, None) => ("which is not known".to_owned(), String::new()),
    };
    let state = match member.state {
        State::Ready => "ready",
        other => other.in_words(),
    };
    let engine = host.engine.map(|engine| engine.in_words());
    [
        state.to_owned(),
        windows,
        version,
        engine.unwrap_or_default(),
        clean(&member.learnt_from),
    ]
}

fn row(workload: &Workload, placed: &Placed) -> Vec<String> {
    let number = |count: Option<u32>| count.map_or_else(|| "?".to_owned(), |n| n.to_string());
    let mut images: Vec<&str> = workload
        .containers
        .iter()
        .map(|container| container.image.text.as_str())
        .collect();
    images.dedup();
    let image = match images.as_slice() {
        [] => String::new(),
        [one] => clean(one),
        [first, more @ ..] => format!("{} and {} more", clean(first), more.len()),
    };
    vec![
        clean(&workload.subject.in_words()),
        format!("{}/{}", number(workload.running), number(workload.wanted)),
        placed.candidates.to_string(),
        placed.fit.to_string(),
        image,
    ]
}
