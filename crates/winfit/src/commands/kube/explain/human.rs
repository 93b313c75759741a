//! A pod for people: the answer, the facts with where each stands, then what to do.

use winfit_core::Catalog;
use winfit_core::finding::Rule;
use winfit_core::fleet::Workload;
use winfit_core::host::Os;
use winfit_core::reason::windows_name;
use winfit_explain::DiagnosisKind;
use winfit_kube::failing::PAUSE_IMAGE;

use super::Explained;
use crate::cli::FindingsFormat;
use crate::commands::lint::rendered;
use crate::findings::paths::WorkingFolder;
use crate::findings::{Fixable, NoFiles, Report};
use crate::output::{bold, excerpt_width, printable, wrap};

/// So much of an error is shown; the rest stands where the line says.
const LONGEST: usize = 700;

pub(super) fn block(catalog: &Catalog, one: &Explained<'_>, rules: &[Rule]) -> String {
    let mut text = bold(&wrap(&printable(&format!("{}.", one.headline())), "", ""));
    text.push_str("\n\n");
    for (label, value) in facts(catalog, one) {
        let first = format!("  {label:11} ");
        text.push_str(&wrap(&printable(&value), &first, &" ".repeat(14)));
        text.push('\n');
    }
    if one.findings.is_empty() {
        return text;
    }
    text.push('\n');
    text.push_str(&findings(catalog, one, rules));
    text
}

fn facts(catalog: &Catalog, one: &Explained<'_>) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    if let Some(workload) = one
        .workload
        .filter(|workload| workload.subject.kind != "Pod")
    {
        rows.push(("owner", workload.subject.in_words()));
    }
    if let Some(member) = one.node {
        let host = &member.host;
        let windows = match (host.os, host.version) {
            (Os::Linux, _) => "Linux".to_owned(),
            (Os::Windows, Some(version)) => format!(
                "{} ({})",
                windows_name(catalog, version.build, host.effective_kind(catalog)),
                version.short()
            ),
            (Os::Windows, None) => "a Windows of unknown version".to_owned(),
        };
        let state = member.state.in_words();
        rows.push((
            "node",
            format!(
                "{}, {windows}, {state}; learnt from {}",
                member.name, member.learnt_from
            ),
        ));
    } else if !one.pod.node.is_empty() {
        rows.push((
            "node",
            format!("{}, of which nothing is known", one.pod.node),
        ));
    }
    for container in one
        .workload
        .iter()
        .flat_map(|workload| &workload.containers)
    {
        let image = &container.image;
        let of = match image.decisive() {
            _ if container.host_process => "HostProcess, which runs on any Windows".to_owned(),
            Some((named, _)) => match (named.image.os, named.image.version) {
                (Os::Linux, _) => "for Linux".to_owned(),
                (Os::Windows, Some(version)) => format!(
                    "for {} ({}), {}",
                    windows_name(catalog, version.build, winfit_core::host::Kind::Server),
                    version.short(),
                    named.stated_by.in_words()
                ),
                (Os::Windows, None) => "of a Windows that nothing tells".to_owned(),
            },
            None => "no image can be there under this name".to_owned(),
        };
        let field = image.origin.field.as_deref().unwrap_or_default();
        rows.push((
            "container",
            format!(
                "{}, {}, {of} [{}, {field}]",
                container.name, image.text, image.origin.source
            ),
        ));
    }
    rows.extend(said(one));
    if one.workload.is_some() && one.placed.windows {
        let fit = one.placed.fit;
        let is_open = fit == 0 && one.workload.is_some_and(has_unknown_image);
        let placement = match one.placed.candidates {
            0 => "admits no node that takes new work".to_owned(),
            1 if is_open => {
                "admits one node that takes new work; nothing tells whether its images run there"
                    .to_owned()
            }
            many if is_open => format!(
                "admits {many} nodes that take new work; nothing tells on which of them its images run"
            ),
            1 if fit == 1 => {
                "admits one node that takes new work, and all its images run there".to_owned()
            }
            1 => "admits one node that takes new work, and its images do not all run there"
                .to_owned(),
            many => format!(
                "admits {many} nodes that take new work; on {fit} of them all its images run"
            ),
        };
        rows.push(("placement", placement));
    }
    rows
}

/// Whether nothing tells the Windows inside one of its images.
fn has_unknown_image(workload: &Workload) -> bool {
    let containers = workload.containers.iter();
    let mut asked = containers.filter(|container| !container.host_process);
    asked.any(|container| {
        let decisive = container.image.decisive();
        decisive.is_some_and(|(named, _)| {
            named.image.os == Os::Windows && named.image.version.is_none()
        })
    })
}

/// What the pod and its events say: of a cause once with all the places, else each text.
fn said(one: &Explained<'_>) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    for told in &one.told {
        let by = match told.diagnosis.code {
            Some(code) => format!("Windows, {code:#010x}"),
            None => "the container runtime".to_owned(),
        };
        let places: Vec<String> = told
            .said
            .iter()
            .map(|said| match said.times {
                0 | 1 => said.field.clone(),
                times => format!("{} ({times} times)", said.field),
            })
            .collect();
        rows.push((
            "said by",
            format!("{by}, in {}", places.join("; again in ")),
        ));
        rows.push(("says", clipped(told.said[0].text)));
        if told.diagnosis.kind == DiagnosisKind::SandboxMismatch {
            rows.push(("to do", PAUSE_IMAGE.to_owned()));
        }
    }
    if one.told.is_empty() && one.state() != "healthy" {
        for said in &one.said {
            rows.push(("says", format!("{}: {}", said.field, clipped(said.text))));
        }
        for condition in &one.pod.status.conditions {
            if !condition.message.is_empty() {
                rows.push((
                    "says",
                    format!("{}: {}", condition.kind, clipped(&condition.message)),
                ));
            }
        }
    }
    rows
}

fn clipped(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

fn findings(catalog: &Catalog, one: &Explained<'_>, rules: &[Rule]) -> String {
    let folder = WorkingFolder::current();
    let report = Report {
        findings: &one.findings,
        sources: &NoFiles,
        rules,
        hosts: &[],
        hosts_from: "",
        workloads: &[],
        placed: &[],
        not_judged: &[],
        templates: &[],
        fixed: &[],
        fixable: Fixable::default(),
        files: 1,
        unit: "workload",
        ignored: 0,
        unread: &[],
        folder: &folder,
    };
    // For people nothing can fail to be rendered.
    rendered(
        catalog,
        &report,
        FindingsFormat::Human,
        excerpt_width(),
        false,
    )
    .unwrap_or_default()
}
