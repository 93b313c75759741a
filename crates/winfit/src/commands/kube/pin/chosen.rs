//! The workloads that were named, as kubectl names them.

use anyhow::Result;
use winfit_core::finding::Subject;
use winfit_core::fleet::Fleet;

use crate::cli::KubePinArguments;
use crate::output::{printable, usage};

/// The short names of kubectl, and the plurals, which it takes as well.
const NAMES: [(&str, &[&str]); 8] = [
    ("Deployment", &["deploy", "deployment", "deployments"]),
    ("ReplicaSet", &["rs", "replicaset", "replicasets"]),
    (
        "ReplicationController",
        &["rc", "replicationcontroller", "replicationcontrollers"],
    ),
    ("StatefulSet", &["sts", "statefulset", "statefulsets"]),
    ("DaemonSet", &["ds", "daemonset", "daemonsets"]),
    ("Job", &["job", "jobs"]),
    ("CronJob", &["cj", "cronjob", "cronjobs"]),
    ("Pod", &["po", "pod", "pods"]),
];

/// The places of the workloads that are meant, and what was named and is not there.
pub(super) fn chosen(
    arguments: &KubePinArguments,
    fleet: &Fleet,
) -> Result<(Vec<usize>, Vec<String>)> {
    if arguments.all {
        return Ok(((0..fleet.workloads.len()).collect(), Vec::new()));
    }
    let mut found = Vec::new();
    let mut unknown = Vec::new();
    for text in &arguments.workloads {
        let meant: Vec<usize> = (0..fleet.workloads.len())
            .filter(|at| means(text, &fleet.workloads[*at].subject))
            .collect();
        match meant.as_slice() {
            [] => unknown.push(format!(
                "{}: there is no such workload {}; winfit kube audit names them",
                printable(text),
                whereabouts(arguments)
            )),
            [one] if found.contains(one) => {}
            [one] => found.push(*one),
            several => {
                let names = several.iter();
                let names: Vec<String> = names
                    .map(|at| fleet.workloads[*at].subject.in_words())
                    .collect();
                return Err(usage(format!(
                    "{} could be {}; name its kind, as deployment/NAME, and its namespace with -n",
                    printable(text),
                    printable(&names.join(" or "))
                )));
            }
        }
    }
    Ok((found, unknown))
}

fn whereabouts(arguments: &KubePinArguments) -> String {
    let scope = &arguments.source.scope;
    match &scope.namespace {
        _ if !arguments.source.from.is_empty() => "in what was given".to_owned(),
        Some(namespace) => format!("in namespace {}", printable(namespace)),
        None if scope.all_namespaces => "in the cluster".to_owned(),
        None => "in the namespace of the context (-n names another, -A means all)".to_owned(),
    }
}

/// Whether a text names a workload: `deployment/web`, `deploy/web`, `deployment.apps/web`, `web`.
fn means(text: &str, subject: &Subject) -> bool {
    let Some((kind, name)) = text.split_once('/') else {
        return text == subject.name;
    };
    let kind = kind.split('.').next().unwrap_or_default().to_lowercase();
    let own = subject.kind.to_lowercase();
    let known = NAMES
        .iter()
        .find(|(known, _)| *known == subject.kind)
        .is_some_and(|(_, names)| names.contains(&kind.as_str()));
    name == subject.name && (known || kind == own || kind.strip_suffix('s') == Some(&own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workloads_are_named_as_kubectl_names_them() {
        let subject = |kind: &str| Subject {
            kind: kind.to_owned(),
            namespace: Some("shop".to_owned()),
            name: "web".to_owned(),
        };
        for text in [
            "web",
            "deployment/web",
            "deploy/web",
            "deployment.apps/web",
            "Deployment/web",
        ] {
            assert!(means(text, &subject("Deployment")), "{text}");
        }
        for text in ["we", "ds/web", "deployment/other", "deployment/web/x"] {
            assert!(!means(text, &subject("Deployment")), "{text}");
        }
        assert!(means("rollouts.argoproj.io/web", &subject("Rollout")));
    }
}
