//! Pods that do not start, by what their status and their events say: one finding for each cause of each
//! owner, however many pods, states and events tell of it.

mod said;
mod standing;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use winfit_core::Catalog;
use winfit_core::finding::{Finding, Origin, Rule, Subject};
use winfit_core::fleet::{Member, Workload};
use winfit_core::host::Kind;
use winfit_core::reason::windows_name;
use winfit_core::version::OsVersion;
use winfit_explain::{Diagnosis, DiagnosisKind, SubjectKind};

use crate::cluster::Cluster;
use crate::fleet::{ClusterFleet, is_ready};
use crate::model::Pod;

pub use self::said::{Said, said};
pub use self::standing::{foretells, tell_of_pods};

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

/// Where a node's pause image is named.
pub const PAUSE_IMAGE: &str = "the pause image is the node's, in sandbox_image of containerd's config.toml; registry.k8s.io/pause:3.10.2 is the first for Windows Server 2025";

/// So many nodes are named.
const MOST_NODES: usize = 3;

/// A cause, as one container of one owner has it.
#[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Cause {
    /// The workload in the fleet; of a pause image none: its node decides.
    workload: Option<usize>,
    of_pod: CauseInPod,
}

/// A cause in one pod.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct CauseInPod {
    /// The container; of a pause image the node.
    name: String,
    kind: DiagnosisKind,
    code: Option<u32>,
}

/// Why a container of a pod does not start, and everything that says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told<'c> {
    /// The diagnosis, with what the pod, its node and its image say beside the text.
    pub diagnosis: Diagnosis,
    /// The texts that it was made of, the first first. Never empty.
    pub said: Vec<Said<'c>>,
    cause: CauseInPod,
}

impl Told<'_> {
    /// How often it happened: an event's own count, else how often it is said.
    pub fn count(&self) -> u32 {
        let counts = self.said.iter().map(|said| said.times);
        counts.max().unwrap_or(1)
    }
}

/// What all pods of a cluster are explained with.
pub struct Explaining<'c> {
    cluster: &'c Cluster,
    fleet: &'c ClusterFleet,
    events: said::EventsOfPods<'c>,
    hosts: HashMap<&'c str, &'c Member>,
    /// What texts mean; when many pods fail they fail alike.
    known: HashMap<&'c str, Option<Arc<Diagnosis>>>,
}

impl<'c> Explaining<'c> {
    /// Puts the events and the nodes in order.
    pub fn new(cluster: &'c Cluster, fleet: &'c ClusterFleet) -> Self {
        Self {
            cluster,
            fleet,
            events: said::events_of_pods(cluster),
            hosts: members(fleet),
            known: HashMap::new(),
        }
    }

    /// Everything that a pod, the `at`th of the cluster, says of why it does not run, explained or not.
    pub fn said(&self, at: usize) -> Vec<Said<'c>> {
        let pod = &self.cluster.pods[at];
        let key = (&*pod.metadata.namespace, &*pod.metadata.name);
        let events = self.events.get(&key).map_or(&[][..], Vec::as_slice);
        said(pod, events)
    }

    /// Why a pod, the `at`th of the cluster, does not start, one entry a cause; empty: nothing that it says
    /// has to do with Windows versions, or it runs.
    pub fn of_pod(&mut self, at: usize) -> Vec<Told<'c>> {
        let pod = &self.cluster.pods[at];
        let mut found: Vec<Told<'c>> = Vec::new();
        if is_ready(pod) {
            return found;
        }
        let workload = self.fleet.workload_of[at];
        for said in self.said(at) {
            let Some(diagnosis) = self.diagnosis(said.text) else {
                continue;
            };
            // Of the many ways to fail only those count that have to do with Windows versions.
            if diagnosis.kind == DiagnosisKind::OtherHcs {
                continue;
            }
            let cause = cause(&diagnosis, &said, pod);
            if let Some(told) = found.iter_mut().find(|told| told.cause == cause) {
                told.said.push(said);
                continue;
            }
            let host = self.hosts.get(&*pod.node).copied();
            let mut diagnosis = (*diagnosis).clone();
            let workload = workload.map(|at| &self.fleet.fleet.workloads[at]);
            complete(&mut diagnosis, pod, &cause, workload, host);
            found.push(Told {
                diagnosis,
                said: vec![said],
                cause,
            });
        }
        found
    }

    /// What a text means, where it tells of something that winfit knows.
    fn diagnosis(&mut self, text: &'c str) -> Option<Arc<Diagnosis>> {
        let explain = || {
            let report = winfit_explain::explain_bytes(text.as_bytes());
            report.diagnoses.into_iter().next().map(Arc::new)
        };
        self.known.entry(text).or_insert_with(explain).clone()
    }
}

fn cause(diagnosis: &Diagnosis, said: &Said<'_>, pod: &Pod) -> CauseInPod {
    let sandbox = diagnosis.kind == DiagnosisKind::SandboxMismatch;
    let name = match said.container {
        _ if sandbox => &*pod.node,
        Some(container) => container,
        None => diagnosis.subject.container.as_deref().unwrap_or_default(),
    };
    CauseInPod {
        name: name.to_owned(),
        kind: diagnosis.kind,
        code: diagnosis.code.filter(|_| !sandbox),
    }
}

/// What was said of a cause.
struct Failure<'c> {
    /// The first pod that fails for it.
    pod: &'c Pod,
    told: Told<'c>,
    pods: BTreeSet<&'c str>,
    nodes: BTreeSet<&'c str>,
}

/// The pods that do not start for a reason that winfit knows.
pub fn findings(catalog: &Catalog, cluster: &Cluster, fleet: &ClusterFleet) -> Vec<Finding> {
    let mut explaining = Explaining::new(cluster, fleet);
    let mut failures: BTreeMap<Cause, Failure<'_>> = BTreeMap::new();
    for (at, pod) in cluster.pods.iter().enumerate() {
        for told in explaining.of_pod(at) {
            let sandbox = told.diagnosis.kind == DiagnosisKind::SandboxMismatch;
            let cause = Cause {
                workload: fleet.workload_of[at].filter(|_| !sandbox),
                of_pod: told.cause.clone(),
            };
            let failure = failures.entry(cause).or_insert_with(|| Failure {
                pod,
                told,
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
        .map(|(cause, failure)| failure.finding(catalog, cause.workload, fleet))
        .collect()
}

/// The nodes by their names.
fn members(fleet: &ClusterFleet) -> HashMap<&str, &Member> {
    let hosts = fleet.fleet.hosts.iter();
    hosts.map(|member| (member.name.as_str(), member)).collect()
}

impl Failure<'_> {
    fn finding(self, catalog: &Catalog, workload: Option<usize>, fleet: &ClusterFleet) -> Finding {
        let diagnosis = &self.told.diagnosis;
        let own = pod_subject(self.pod);
        let sandbox = diagnosis.kind == DiagnosisKind::SandboxMismatch;
        let (rule, subject) = match workload {
            _ if sandbox => ("pause-image-mismatch", Subject::new("node", &self.pod.node)),
            Some(at) => ("pod-not-running", fleet.fleet.workloads[at].subject.clone()),
            None => ("pod-not-running", own.clone()),
        };
        let mut message = in_words(catalog, diagnosis);
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
        let said = &self.told.said[0];
        let mut finding = Finding::new(
            rule,
            diagnosis.severity,
            subject,
            Origin {
                source: own.in_words().into(),
                span: None,
                field: Some(said.field.clone()),
            },
            message,
        )
        .confidence(diagnosis.confidence);
        if self.nodes.len() > 1 && !sandbox {
            finding = finding.note(format!("on {}", nodes(&self.nodes)));
        }
        finding = finding.note(format!("{} says: {}", said.field, said.text.trim()));
        if sandbox {
            return finding.note(PAUSE_IMAGE);
        }
        let unknown = diagnosis.image.is_some() && diagnosis.image_version.is_none();
        if unknown && diagnosis.kind == DiagnosisKind::StartMismatch {
            return finding.note(
                "nothing says which Windows the image is built on: --online asks its registry, --image-version REF=VERSION tells it",
            );
        }
        finding
    }
}

/// Gives a diagnosis what its objects say beside the text: the pod, the node, the image and both versions.
fn complete(
    diagnosis: &mut Diagnosis,
    pod: &Pod,
    cause: &CauseInPod,
    workload: Option<&Workload>,
    host: Option<&Member>,
) {
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
        return;
    }
    diagnosis.subject.container = Some(cause.name.clone()).filter(|name| !name.is_empty());
    let mut containers = workload.into_iter().flat_map(|one| &one.containers);
    if let Some(container) = containers.find(|container| container.name == cause.name) {
        diagnosis.image = Some(container.image.text.clone());
        let version = container.image.decisive();
        let version = version.and_then(|(named, _)| named.image.version);
        diagnosis.image_version = diagnosis.image_version.or(version);
    }
}

/// What happened, with both versions as far as they are known, as one sentence without a full stop.
pub fn in_words(catalog: &Catalog, diagnosis: &Diagnosis) -> String {
    let mut sentence = diagnosis.message();
    sentence.truncate(sentence.trim_end_matches('.').len());
    match diagnosis.kind {
        DiagnosisKind::StartMismatch => {}
        // These speak of the image alone.
        DiagnosisKind::PullNoMatch | DiagnosisKind::PullUplevel | DiagnosisKind::WrongOs => {
            return format!("{}: {sentence}", cannot_start(diagnosis));
        }
        _ => return sentence,
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

/// Who does not start, and where.
fn cannot_start(diagnosis: &Diagnosis) -> String {
    let node = diagnosis.subject.node.as_deref();
    let on = node.map_or_else(String::new, |node| format!(" on node {node}"));
    format!("{} cannot start{on}", diagnosis.who())
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
