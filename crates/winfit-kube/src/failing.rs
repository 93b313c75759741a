//! Pods that do not start, by what their status and their events say: one finding for each cause of each
//! owner, however many pods, states and events tell of it.

mod said;
mod standing;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use winfit_core::Catalog;
use winfit_core::finding::{Finding, Origin, Rule, Subject};
use winfit_core::fleet::Member;
use winfit_core::host::Kind;
use winfit_core::image::Image;
use winfit_core::reason::windows_name;
use winfit_core::version::OsVersion;
use winfit_explain::{Diagnosis, DiagnosisKind, SubjectKind};

use crate::cluster::Cluster;
use crate::fleet::{ClusterFleet, is_ready};
use crate::model::Pod;

pub use self::said::{Said, said};
pub use self::standing::tell_of_pods;

/// The rules that only a running cluster can break.
pub const RULES: &[Rule] = &[
    Rule {
        name: "pod-not-running",
        summary: "Pods do not start, and say that their image's Windows is why",
    },
    Rule {
        name: "pause-image-mismatch",
        summary: "A node's pause image is for another Windows, so that no pod starts there",
    },
];

/// So many nodes are named.
const MOST_NODES: usize = 3;

/// A cause, as one container of one owner has it.
#[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Cause {
    /// The workload in the fleet; of a pause image none: its node decides.
    workload: Option<usize>,
    /// The container; of a pause image the node.
    name: String,
    kind: DiagnosisKind,
    code: Option<u32>,
}

/// What was said of a cause.
struct Failure<'c> {
    /// The first pod that fails for it.
    pod: &'c Pod,
    diagnosis: Diagnosis,
    said: Said<'c>,
    pods: BTreeSet<&'c str>,
    nodes: BTreeSet<&'c str>,
}

/// What a text means; when many pods fail they fail alike.
#[derive(Debug, Default)]
pub struct Explained<'c> {
    known: HashMap<&'c str, Option<Arc<Diagnosis>>>,
}

impl<'c> Explained<'c> {
    /// What a text means, where it tells of something that winfit knows.
    pub fn diagnosis(&mut self, text: &'c str) -> Option<Arc<Diagnosis>> {
        let explain = || {
            let report = winfit_explain::explain_bytes(text.as_bytes());
            report.diagnoses.into_iter().next().map(Arc::new)
        };
        self.known.entry(text).or_insert_with(explain).clone()
    }
}

/// The pods that do not start for a reason that winfit knows.
pub fn findings(catalog: &Catalog, cluster: &Cluster, fleet: &ClusterFleet) -> Vec<Finding> {
    let mut explained = Explained::default();
    let mut failures: BTreeMap<Cause, Failure<'_>> = BTreeMap::new();
    let hosts: HashMap<&str, &Member> = members(fleet);
    let events = said::events_of_pods(cluster);
    for (pod, workload) in cluster.pods.iter().zip(&fleet.workload_of) {
        if is_ready(pod) {
            continue;
        }
        let key = (&*pod.metadata.namespace, &*pod.metadata.name);
        let of_pod = events.get(&key).map_or(&[][..], Vec::as_slice);
        for said in said(pod, of_pod) {
            let Some(diagnosis) = explained.diagnosis(said.text) else {
                continue;
            };
            // Of the many ways to fail only those count that have to do with Windows versions.
            if diagnosis.kind == DiagnosisKind::OtherHcs {
                continue;
            }
            let sandbox = diagnosis.kind == DiagnosisKind::SandboxMismatch;
            let name = match said.container {
                _ if sandbox => &*pod.node,
                Some(container) => container,
                None => diagnosis.subject.container.as_deref().unwrap_or_default(),
            };
            let cause = Cause {
                workload: workload.filter(|_| !sandbox),
                name: name.to_owned(),
                kind: diagnosis.kind,
                code: diagnosis.code.filter(|_| !sandbox),
            };
            let failure = failures.entry(cause).or_insert_with(|| Failure {
                pod,
                diagnosis: (*diagnosis).clone(),
                said,
                pods: BTreeSet::new(),
                nodes: BTreeSet::new(),
            });
            failure.pods.insert(&pod.metadata.name);
            if !pod.node.is_empty() {
                failure.nodes.insert(&pod.node);
            }
        }
    }
    failures
        .into_iter()
        .map(|(cause, failure)| failure.finding(catalog, &cause, fleet, &hosts))
        .collect()
}

/// The nodes by their names.
fn members(fleet: &ClusterFleet) -> HashMap<&str, &Member> {
    let hosts = fleet.fleet.hosts.iter();
    hosts.map(|member| (member.name.as_str(), member)).collect()
}

impl Failure<'_> {
    fn finding(
        mut self,
        catalog: &Catalog,
        cause: &Cause,
        fleet: &ClusterFleet,
        hosts: &HashMap<&str, &Member>,
    ) -> Finding {
        let host = hosts.get(&*self.pod.node).copied();
        let image = complete(&mut self.diagnosis, self.pod, cause, fleet, host);
        let own = pod_subject(self.pod);
        let sandbox = cause.kind == DiagnosisKind::SandboxMismatch;
        let (rule, subject) = match cause.workload {
            _ if sandbox => ("pause-image-mismatch", Subject::new("node", &self.pod.node)),
            Some(at) => ("pod-not-running", fleet.fleet.workloads[at].subject.clone()),
            None => ("pod-not-running", own.clone()),
        };
        let mut message = in_words(catalog, &self.diagnosis);
        let others = self.pods.len() - 1;
        if others > 0 {
            let pods = if others == 1 { "pod" } else { "pods" };
            let of = if sandbox || subject == own {
                String::new()
            } else {
                format!(" of {}", subject.in_words())
            };
            message.push_str(&format!(" ({others} more {pods}{of} as well)"));
        }
        let mut finding = Finding::new(
            rule,
            self.diagnosis.severity,
            subject,
            Origin {
                source: own.in_words().into(),
                span: None,
                field: Some(self.said.field.clone()),
            },
            message,
        )
        .confidence(self.diagnosis.confidence);
        if self.nodes.len() > 1 && !sandbox {
            finding = finding.note(format!("on {}", nodes(&self.nodes)));
        }
        finding = finding.note(format!(
            "{} says: {}",
            self.said.field,
            self.said.text.trim()
        ));
        if sandbox {
            return finding.note(
                "the pause image is the node's, in sandbox_image of containerd's config.toml; registry.k8s.io/pause:3.10.2 is the first for Windows Server 2025",
            );
        }
        match (image, cause.kind) {
            (Some(image), DiagnosisKind::StartMismatch) if image.version.is_none() => finding.note(
                "nothing says which Windows the image is built on: --online asks its registry, --image-version REF=VERSION tells it",
            ),
            _ => finding,
        }
    }
}

/// Gives a diagnosis what its objects say beside the text: the pod, the node, the image and both versions.
/// Gives back the image's facts, where it is one of a workload.
fn complete(
    diagnosis: &mut Diagnosis,
    pod: &Pod,
    cause: &Cause,
    fleet: &ClusterFleet,
    host: Option<&Member>,
) -> Option<Image> {
    diagnosis.subject = winfit_explain::Subject {
        kind: Some(SubjectKind::Pod),
        namespace: Some(pod.metadata.namespace.to_string()),
        name: Some(pod.metadata.name.to_string()),
        node: Some(pod.node.to_string()).filter(|node| !node.is_empty()),
        container: None,
    };
    let host_version = host.and_then(|member| member.host.version);
    diagnosis.host_version = diagnosis.host_version.or(host_version);
    if cause.kind == DiagnosisKind::SandboxMismatch {
        return None;
    }
    diagnosis.subject.container = Some(cause.name.clone()).filter(|name| !name.is_empty());
    let workload = cause.workload.map(|at| &fleet.fleet.workloads[at])?;
    let mut containers = workload.containers.iter();
    let container = containers.find(|container| container.name == cause.name)?;
    diagnosis.image = Some(container.image.text.clone());
    let image = container.image.decisive().map(|(named, _)| named.image);
    let version = image.and_then(|image| image.version);
    diagnosis.image_version = diagnosis.image_version.or(version);
    image
}

/// What happened, with both versions as far as they are known, as one sentence without a full stop.
pub fn in_words(catalog: &Catalog, diagnosis: &Diagnosis) -> String {
    let mut sentence = diagnosis.message();
    sentence.truncate(sentence.trim_end_matches('.').len());
    if diagnosis.kind != DiagnosisKind::StartMismatch {
        return sentence;
    }
    let release = |version: OsVersion| {
        let name = windows_name(catalog, version.build, Kind::Server);
        format!("{name} ({})", version.short())
    };
    match (diagnosis.image_version, diagnosis.host_version) {
        (Some(image), Some(host)) => {
            sentence.push_str(&format!(
                "; the image is for {}, the node has {}",
                release(image),
                release(host)
            ));
        }
        (None, Some(host)) => sentence.push_str(&format!("; the node has {}", release(host))),
        _ => {}
    }
    sentence
}

/// A pod as what a finding is about.
pub fn pod_subject(pod: &Pod) -> Subject {
    Subject {
        kind: "Pod".to_owned(),
        namespace: Some(pod.metadata.namespace.to_string()),
        name: pod.metadata.name.to_string(),
    }
}

fn nodes(nodes: &BTreeSet<&str>) -> String {
    let named: Vec<&str> = nodes.iter().copied().take(MOST_NODES).collect();
    match nodes.len() - named.len() {
        0 => named.join(", "),
        more => format!("{} and {more} more nodes", named.join(", ")),
    }
}
