//! Labels of nodes that contradict what is known of the host.

use crate::finding::{Finding, Origin, Severity, Subject};
use crate::fleet::{Member, Orchestrator};
use crate::host::Os;
use crate::placement::kubernetes::{
    OLD_OS_LABEL, OS_LABEL, demands_version, sku_of_build, version_in_label,
};
use crate::remedy::{Command, Remedy, RemedyKind, Safety, Shell};
use crate::version::OsVersion;

/// The labels by which workloads are placed, against the host's own facts.
pub(super) fn contradictions(member: &Member) -> Vec<Finding> {
    match member.orchestrator {
        Some(Orchestrator::Kubernetes) => of_cluster(member),
        _ => of_swarm(member),
    }
}

/// `OS` and `OsVersion` of a Swarm node.
fn of_swarm(member: &Member) -> Vec<Finding> {
    let mut found = Vec::new();
    let label = |name: &str| member.labels.known.get(name).map(|value| value.trim());
    if let Some(os) = label("OS")
        && !os.is_empty()
        && !os.eq_ignore_ascii_case(member.host.os.name())
    {
        found.push(contradiction(member, "OS", os, member.host.os.name()));
    }
    if let Some(text) = label("OsVersion")
        && let (Ok(stated), Some(own)) = (text.parse::<OsVersion>(), member.host.version)
        && let Some(own) = unlike(stated, own)
    {
        found.push(contradiction(member, "OsVersion", text, &own.to_string()));
    }
    found
}

/// The labels of a Kubernetes node that say its system or its Windows.
fn of_cluster(member: &Member) -> Vec<Finding> {
    let mut found = Vec::new();
    for (key, value) in &member.labels.known {
        if [OS_LABEL, OLD_OS_LABEL].contains(&key.as_str()) {
            if !value.eq_ignore_ascii_case(member.host.os.name()) {
                found.push(contradiction(member, key, value, member.host.os.name()));
            }
            continue;
        }
        if !demands_version(key) || member.host.os != Os::Windows {
            continue;
        }
        // What was learnt from a label says nothing against it.
        let learnt = key.rsplit('/').next().unwrap_or_default();
        if member.learnt_from == format!("label {learnt}") {
            continue;
        }
        if let (Some(stated), Some(own)) = (version_in_label(value), member.host.version)
            && let Some(own) = unlike(stated, own)
        {
            let right = match sku_of_build(own.build) {
                Some(sku) if key.ends_with("/os-sku") => sku.to_owned(),
                _ if value.starts_with("10.0.") => own.to_string(),
                _ => own.short(),
            };
            found.push(contradiction(member, key, value, &right));
        }
    }
    found
}

/// The host's version, as exact as the stated one, where it is another.
fn unlike(stated: OsVersion, own: OsVersion) -> Option<OsVersion> {
    let revisions_differ = matches!((stated.revision, own.revision), (Some(a), Some(b)) if a != b);
    if stated.without_revision() == own.without_revision() && !revisions_differ {
        return None;
    }
    Some(if stated.revision.is_some() {
        own
    } else {
        own.without_revision()
    })
}

fn contradiction(member: &Member, label: &str, value: &str, own: &str) -> Finding {
    let name = member.name.as_str();
    let in_cluster = member.orchestrator == Some(Orchestrator::Kubernetes);
    let (what, text) = if in_cluster {
        (
            "pods",
            format!("kubectl label node {name} {label}={own} --overwrite"),
        )
    } else {
        (
            "services",
            format!("docker node update --label-add {label}={own} {name}"),
        )
    };
    let origin = member
        .origin
        .clone()
        .unwrap_or_else(|| Origin::whole(&format!("node {name}").into()));
    Finding::new(
        "label-contradiction",
        Severity::Info,
        Subject::new("node", name),
        Origin {
            field: in_cluster.then(|| format!("metadata.labels[{label}]")),
            ..origin
        },
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
            text,
        }],
        diff: None,
        changes: Vec::new(),
    })
    .note(format!(
        "{what} are placed by the label, and judged by the host"
    ))
}
