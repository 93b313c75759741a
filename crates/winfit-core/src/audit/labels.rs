//! Labels of Swarm nodes that contradict what is known of the host.

use crate::finding::{Finding, Origin, Severity, Subject};
use crate::fleet::{Member, Orchestrator};
use crate::remedy::{Command, Remedy, RemedyKind, Safety, Shell};
use crate::version::OsVersion;

/// The labels `OS` and `OsVersion`, by which services are placed, against the host's own facts.
pub(super) fn contradictions(member: &Member) -> Vec<Finding> {
    if member.orchestrator == Some(Orchestrator::Kubernetes) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let name = member.name.as_str();
    let origin = member
        .origin
        .clone()
        .unwrap_or_else(|| Origin::whole(&format!("node {}", member.name).into()));
    let mut contradicts = |label: &str, value: &str, own: &str| {
        found.push(
            Finding::new(
                "label-contradiction",
                Severity::Info,
                Subject::new("node", &member.name),
                origin.clone(),
                format!(
                    "the label {label} of {name} says {value}, but the host is {own}, as {} says",
                    member.learnt_from
                ),
            )
            .label(own.to_owned())
            .remedy(Remedy {
                kind: RemedyKind::OtherHost,
                title: "give the node the label that is true".to_owned(),
                safety: Safety::Unsafe,
                commands: vec![Command {
                    shell: Shell::Any,
                    text: format!("docker node update --label-add {label}={own} {name}"),
                }],
                diff: None,
                changes: Vec::new(),
            })
            .note("services are placed by the label, and judged by the host"),
        );
    };
    let label = |name: &str| member.labels.known.get(name).map(|value| value.trim());
    if let Some(os) = label("OS")
        && !os.is_empty()
        && !os.eq_ignore_ascii_case(member.host.os.name())
    {
        contradicts("OS", os, member.host.os.name());
    }
    if let Some(text) = label("OsVersion")
        && let (Ok(stated), Some(own)) = (text.parse::<OsVersion>(), member.host.version)
    {
        let revisions_differ =
            matches!((stated.revision, own.revision), (Some(a), Some(b)) if a != b);
        if stated.without_revision() != own.without_revision() || revisions_differ {
            let own = if stated.revision.is_some() {
                own
            } else {
                own.without_revision()
            };
            contradicts("OsVersion", text, &own.to_string());
        }
    }
    found
}
