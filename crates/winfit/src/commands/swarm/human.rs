//! A Swarm for people: its nodes with their Windows, its services with where they fit.

use winfit_core::Catalog;
use winfit_core::fleet::{Member, Role, State, Workload};
use winfit_core::host::Os;
use winfit_core::reason::windows_name;
use winfit_core::remedy::{Command, Shell};

use crate::findings::{Report, clean};
use crate::output::{columns, wrap};

/// A line with a label before it.
pub(super) fn entry(label: &str, words: &str) -> String {
    format!("{}\n", wrap(words, &format!("  {label:5}  "), "         "))
}

/// Commands to paste: as they are where no shell needs another form, else all of them for each shell.
pub(super) fn commands(commands: &[Command]) -> String {
    let of = |shell: Shell| -> String {
        let wanted = [Shell::Any, shell];
        let own = commands.iter().filter(|one| wanted.contains(&one.shell));
        let lines = own.flat_map(|one| one.text.lines());
        lines
            .map(|line| format!("       {}\n", clean(line)))
            .collect()
    };
    if commands.iter().all(|one| one.shell == Shell::Any) {
        return of(Shell::Any);
    }
    format!(
        "     PowerShell\n{}     sh\n{}",
        of(Shell::PowerShell),
        of(Shell::Sh)
    )
}

/// Both tables.
pub(super) fn tables(catalog: &Catalog, report: &Report<'_>) -> String {
    let mut text = String::new();
    let head = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    if !report.hosts.is_empty() {
        let mut rows: Vec<Vec<String>> = vec![head(&[
            "node",
            "role",
            "state",
            "Windows",
            "version",
            "learnt from",
        ])];
        rows.extend(report.hosts.iter().map(|member| node(catalog, member)));
        text.push_str(&columns(&rows, ""));
        text.push('\n');
    }
    if !report.workloads.is_empty() {
        let mut rows: Vec<Vec<String>> =
            vec![head(&["service", "runs", "may use", "fits", "image"])];
        let workloads = report.workloads.iter().zip(report.placed);
        rows.extend(
            workloads.map(|(workload, placed)| service(workload, placed.candidates, placed.fit)),
        );
        text.push_str(&columns(&rows, ""));
        text.push('\n');
    }
    text
}

fn node(catalog: &Catalog, member: &Member) -> Vec<String> {
    let host = &member.host;
    let (windows, version) = match (host.os, host.version) {
        (Os::Linux, _) => ("Linux".to_owned(), String::new()),
        (Os::Windows, Some(version)) => (
            windows_name(catalog, version.build, host.effective_kind(catalog)),
            version.short(),
        ),
        (Os::Windows, None) => ("which is not known".to_owned(), String::new()),
    };
    let role = match member.role {
        Some(Role::Manager) => "manager",
        Some(Role::Worker) => "worker",
        None => "",
    };
    // A paused node is no cordoned one in the words of this engine.
    let state = match member.state {
        State::Cordoned => "paused",
        State::Down => "down",
        other => other.in_words(),
    };
    vec![
        clean(&member.name),
        role.to_owned(),
        state.to_owned(),
        windows,
        version,
        clean(&member.learnt_from),
    ]
}

fn service(workload: &Workload, candidates: usize, fit: usize) -> Vec<String> {
    let number = |count: Option<u32>| count.map_or_else(|| "?".to_owned(), |n| n.to_string());
    let image = workload.containers.first();
    vec![
        clean(&workload.subject.name),
        format!("{}/{}", number(workload.running), number(workload.wanted)),
        candidates.to_string(),
        fit.to_string(),
        image.map_or_else(String::new, |container| clean(&container.image.text)),
    ]
}
