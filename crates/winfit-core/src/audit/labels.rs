//! Labels of Swarm nodes that contradict what is known of the host.

use crate::finding::{Finding, Origin, Severity, Subject};
use crate::fleet::{Member, Orchestrator};
use crate::version::OsVersion;

/// The labels `OS` and `OsVersion`, by which services are placed, against the host's own facts.
pub(super) fn contradictions(member: &Member) -> Vec<Finding> {
    if member.orchestrator == Some(Orchestrator::Kubernetes) {
        return Vec::new();
    }
    let mut found = Vec::new();
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
                    "the label {label} of {} says {value}, {} says {own}",
                    member.name, member.learnt_from
                ),
            )
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
            contradicts("OsVersion", text, &own.to_string());
        }
    }
    found
}
