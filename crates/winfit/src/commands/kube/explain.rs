//! `winfit kube explain POD`: one pod, and everything that its cluster says of why it runs or does not.

mod human;
mod json;

use anyhow::Result;
use winfit_core::audit::{Audit, AuditOptions, Placed, RULES, audit};
use winfit_core::finding::{Finding, Rule};
use winfit_core::fleet::{Fleet, Member, Workload};
use winfit_kube::failing::{self, Explaining, Said, Told};
use winfit_kube::fleet::{is_ready, pod_state};
use winfit_kube::for_live_objects;
use winfit_kube::model::Pod;

use super::{Known, know};
use crate::cli::{DataFormat, KubeExplainArguments};
use crate::commands::notes::Calendar;
use crate::output::{Exit, Outcome, nothing, printable};

/// So many pods are explained where a beginning names several.
const MOST: usize = 20;

/// A pod with all that is known of it.
struct Explained<'k> {
    pod: &'k Pod,
    /// The node that it is bound to, where the cluster lists it.
    node: Option<&'k Member>,
    workload: Option<&'k Workload>,
    placed: Placed,
    /// Why it does not start.
    told: Vec<Told<'k>>,
    /// What it says beside that.
    said: Vec<Said<'k>>,
    /// What is wrong with its workload.
    findings: Vec<Finding>,
}

pub(super) fn run(arguments: &KubeExplainArguments) -> Result<Outcome> {
    let catalog = crate::overlay::catalog();
    let mut known = know(catalog, &arguments.source, &arguments.facts)?;
    let found = matching(&known, &arguments.pod);
    if found.is_empty() {
        known.complaints.push(none(&known, &arguments.pod));
        return Err(nothing(known.complaints.join("\n")));
    }
    let options = AuditOptions {
        today: Calendar::new(arguments.as_of, None).today,
        eol_within: arguments.eol_within,
    };
    let mut explaining = Explaining::new(&known.cluster, &known.fleet);
    let more = found.len().saturating_sub(MOST);
    let explained: Vec<Explained<'_>> = found
        .into_iter()
        .take(MOST)
        .map(|at| explain(&known, &mut explaining, at, &options))
        .collect();
    let rules: Vec<Rule> = [RULES, failing::RULES].concat();
    let text = match arguments.format {
        DataFormat::Human => {
            let mut blocks: Vec<String> = Vec::new();
            for one in &explained {
                blocks.push(human::block(catalog, one, &rules));
            }
            let mut text = blocks.join("\n");
            if more > 0 {
                text.push_str(&format!("\n{more} more pods begin so\n"));
            }
            text
        }
        DataFormat::Json => json::document(catalog, &explained)?,
    };
    let failing = explained.iter().any(|one| {
        let counts = |finding: &Finding| arguments.fail_on.counts(finding.severity);
        !one.told.is_empty() || one.findings.iter().any(counts)
    });
    let exit = if failing || !known.complaints.is_empty() {
        Exit::Findings
    } else {
        Exit::Fits
    };
    let mut outcome = Outcome::new(text, exit);
    outcome.complaints.clone_from(&known.complaints);
    Ok(outcome)
}

/// The pods that are meant: the one of that name, else those whose names begin so, as `kubectl describe`
/// takes it. `pod/NAME` and `NAMESPACE/NAME` are read too.
fn matching(known: &Known, wanted: &str) -> Vec<usize> {
    let pods = &known.cluster.pods;
    let (namespace, name) = match wanted.split_once('/') {
        Some(("pod" | "pods" | "po", name)) => (None, name),
        Some((namespace, name)) => (Some(namespace), name),
        None => (None, wanted),
    };
    let within = |pod: &Pod| namespace.is_none_or(|wanted| *pod.metadata.namespace == *wanted);
    let all = |fits: &dyn Fn(&str) -> bool| -> Vec<usize> {
        (0..pods.len())
            .filter(|at| within(&pods[*at]) && fits(&pods[*at].metadata.name))
            .collect()
    };
    let exact = all(&|of_pod| of_pod == name);
    if exact.is_empty() {
        all(&|of_pod| of_pod.starts_with(name))
    } else {
        exact
    }
}

/// That there is no such pod, with what there is.
fn none(known: &Known, wanted: &str) -> String {
    let pods = &known.cluster.pods;
    if pods.is_empty() {
        return format!(
            "there is no pod {}: {} has no pods here; -n names another namespace",
            printable(wanted),
            known.from
        );
    }
    let named: Vec<String> = pods
        .iter()
        .filter(|pod| !is_ready(pod))
        .chain(pods.iter().filter(|pod| is_ready(pod)))
        .take(3)
        .map(|pod| printable(&format!("{}/{}", pod.metadata.namespace, pod.metadata.name)))
        .collect();
    format!(
        "there is no pod {} and none that begins so; there is {} ({} in all)",
        printable(wanted),
        named.join(", "),
        pods.len()
    )
}

fn explain<'k>(
    known: &'k Known,
    explaining: &mut Explaining<'k>,
    at: usize,
    options: &AuditOptions,
) -> Explained<'k> {
    let catalog = crate::overlay::catalog();
    let pod = &known.cluster.pods[at];
    let workload = known.fleet.workload_of[at].map(|at| &known.fleet.fleet.workloads[at]);
    let (findings, placed) = workload.map_or_else(Default::default, |workload| {
        let alone = Fleet {
            hosts: known.fleet.fleet.hosts.clone(),
            workloads: vec![workload.clone()],
            runtime_classes: known.fleet.fleet.runtime_classes.clone(),
            ..Fleet::default()
        };
        let Audit {
            mut findings,
            mut placed,
        } = audit(catalog, &alone, options);
        // Of the nodes only this pod's own is of interest.
        findings
            .retain(|finding| finding.subject.kind != "node" || finding.subject.name == *pod.node);
        for_live_objects(&mut findings);
        failing::tell_of_pods(&known.cluster, &known.fleet, &mut findings);
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        (findings, placed.pop().unwrap_or_default())
    });
    let mut hosts = known.fleet.fleet.hosts.iter();
    Explained {
        pod,
        node: hosts.find(|member| *member.name == *pod.node),
        workload,
        placed,
        told: explaining.of_pod(at),
        said: explaining.said(at),
        findings,
    }
}

impl Explained<'_> {
    /// How the pod is, in one word: `healthy`, `failing`, `unscheduled`, `ended`, `not-ready`.
    fn state(&self) -> &'static str {
        if self.told.is_empty() {
            pod_state(self.pod)
        } else {
            "failing"
        }
    }

    /// The answer, as a sentence without a full stop.
    fn headline(&self) -> String {
        let catalog = crate::overlay::catalog();
        if let Some(told) = self.told.first() {
            return failing::in_words(catalog, &told.diagnosis);
        }
        let pod = failing::pod_subject(self.pod).in_words();
        let node = &self.pod.node;
        match self.state() {
            "healthy" => {
                if self.findings.iter().any(failing::foretells) {
                    format!(
                        "{pod} is healthy on node {node}, but may not start again as it is placed"
                    )
                } else {
                    format!("{pod} is healthy: all its containers run on node {node}")
                }
            }
            "unscheduled" => format!("{pod} waits for a node that takes it"),
            "ended" => format!("{pod} has ended ({})", self.pod.status.phase),
            _ => format!(
                "{pod} is not ready on node {node}, and nothing that it says has to do with Windows versions"
            ),
        }
    }
}
