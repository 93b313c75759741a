//! A cluster as the fleet that the core audits: its nodes, and one workload for everything that makes pods.

mod digests;
mod node;
mod owners;
mod placement;

use std::collections::HashMap;
use std::sync::Arc;

use winfit_core::Catalog;
use winfit_core::finding::{Located, Origin, Subject};
use winfit_core::fleet::{Container, Fleet, ImageUse, Orchestrator, Workload};
use winfit_core::host::{Host, Os};
use winfit_core::image::NamedImage;
use winfit_core::placement::kubernetes::RuntimeClass;
use winfit_core::placement::{Placement, PodPlacement};

use crate::cluster::Cluster;
use crate::model::{self, Kind, Pod, PodSpec};

pub use self::digests::take_digests;
pub use self::node::Told;
pub(crate) use self::node::member;
use self::owners::{Owner, Owners};

/// A cluster as a fleet, and which pods are whose.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClusterFleet {
    /// The nodes, the workloads, the RuntimeClasses.
    pub fleet: Fleet,
    /// Of each pod of the cluster, the workload that it belongs to; none: one that has ended.
    pub workload_of: Vec<Option<usize>>,
    /// Of each workload, the object of the cluster that has its pod template; none: only its pods are known.
    pub object_of: Vec<Option<usize>>,
}

/// Makes a fleet of a cluster. Told hosts, by nodes' names, go before what nodes say of themselves.
pub fn fleet(catalog: &Catalog, cluster: &Cluster, told: &Told) -> ClusterFleet {
    let nodes = cluster.nodes.iter();
    let hosts = nodes.map(|node| node::member(catalog, node, told));
    let mut building = Building {
        catalog,
        cluster,
        owners: Owners::new(cluster),
        known: HashMap::new(),
        found: ClusterFleet {
            fleet: Fleet {
                hosts: hosts.collect(),
                runtime_classes: cluster.classes.iter().map(class).collect(),
                ..Fleet::default()
            },
            ..ClusterFleet::default()
        },
    };
    building.workloads();
    building.pods();
    building.systems();
    building.found
}

/// The containers and the placement of pods with this spec.
pub(crate) fn of_spec(
    catalog: &Catalog,
    subject: &Subject,
    spec: &PodSpec,
) -> (Vec<Container>, PodPlacement) {
    let fields = match Kind::parse(&subject.kind) {
        Some(kind) => kind.pods_at(),
        None if subject.kind == "Pod" => "spec",
        None => "spec.template.spec",
    };
    let place = Place::new(subject, fields);
    (
        containers(catalog, spec, &place),
        placement::of_pod(spec, &place),
    )
}

/// The operating system that a pod states.
pub(crate) fn os_of(spec: &PodSpec) -> Option<Os> {
    match spec.os.name.as_str() {
        "windows" => Some(Os::Windows),
        "linux" => Some(Os::Linux),
        _ => None,
    }
}

struct Building<'c> {
    catalog: &'c Catalog,
    cluster: &'c Cluster,
    owners: Owners<'c>,
    /// The places of workloads in the fleet, by what owns their pods.
    known: HashMap<Owner<'c>, usize>,
    found: ClusterFleet,
}

/// How many pods there are.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    wanted: Option<u32>,
    running: Option<u32>,
}

impl<'c> Building<'c> {
    /// Everything that makes pods by itself: not the ReplicaSets of Deployments, nor the Jobs of CronJobs.
    fn workloads(&mut self) {
        for (at, (kind, workload)) in self.cluster.workloads.iter().enumerate() {
            let owner = self.owners.of_workload(at);
            let own = owner == Owner::of(*kind, workload);
            if own {
                if is_done(*kind, workload) {
                    continue;
                }
            } else if self.owners.lists(&owner) || workload.spec.replicas == Some(0) {
                // What is folded into its owner, or what an owner that is not listed has replaced.
                continue;
            }
            if self.known.contains_key(&owner) {
                continue;
            }
            let holder = Subject {
                kind: kind.name().to_owned(),
                namespace: Some(workload.metadata.namespace.to_string()),
                name: workload.metadata.name.to_string(),
            };
            let place = Place::new(&holder, kind.pods_at());
            let counts = counts(*kind, workload);
            let everywhere = *kind == Kind::DaemonSet;
            self.add(owner, workload.spec.pods(), &place, counts, everywhere);
            self.found.object_of.push(Some(at));
        }
    }

    /// Pods: each to its workload, and one workload more for those whose owner is not listed.
    fn pods(&mut self) {
        let cluster = self.cluster;
        for pod in &cluster.pods {
            let owner = self.owners.of_pod(pod);
            let known = self.known.get(&owner).copied();
            if known.is_none() && (has_ended(pod) || self.owners.lists(&owner)) {
                self.found.workload_of.push(None);
                continue;
            }
            let at = known.unwrap_or_else(|| self.of_pod(owner, pod));
            self.found.workload_of.push(Some(at));
            if self.found.object_of[at].is_none() {
                let workload = &mut self.found.fleet.workloads[at];
                let one = |count: &mut Option<u32>| *count = Some(count.unwrap_or_default() + 1);
                one(&mut workload.wanted);
                if is_ready(pod) {
                    one(&mut workload.running);
                }
            }
        }
    }

    /// A workload of which only pods are known.
    fn of_pod(&mut self, owner: Owner<'c>, pod: &'c Pod) -> usize {
        let holder = Subject {
            kind: "Pod".to_owned(),
            namespace: Some(pod.metadata.namespace.to_string()),
            name: pod.metadata.name.to_string(),
        };
        let place = Place::new(&holder, "spec");
        let counts = Counts {
            wanted: None,
            running: Some(0),
        };
        let everywhere = owner.kind == Kind::DaemonSet.name();
        let at = self.add(owner, &pod.spec, &place, counts, everywhere);
        self.found.object_of.push(None);
        let workload = &mut self.found.fleet.workloads[at];
        if let (true, Placement::Pod(placement)) = (everywhere, &mut workload.placement) {
            // The controller binds each of them to its node by its name.
            placement::unbind(placement);
        }
        at
    }

    fn add(
        &mut self,
        owner: Owner<'c>,
        spec: &PodSpec,
        place: &Place,
        counts: Counts,
        everywhere: bool,
    ) -> usize {
        let at = self.found.fleet.workloads.len();
        self.found.fleet.workloads.push(Workload {
            subject: owner.subject(),
            orchestrator: Orchestrator::Kubernetes,
            containers: containers(self.catalog, spec, place),
            placement: Placement::Pod(Box::new(placement::of_pod(spec, place))),
            isolation: None,
            os: os_of(spec),
            everywhere,
            wanted: counts.wanted,
            running: counts.running,
            origin: Origin::whole(&place.source),
        });
        self.known.insert(owner, at);
        at
    }

    /// A pod that runs well shows for which system its images are: its node's.
    fn systems(&mut self) {
        let hosts: HashMap<&str, &Host> = self
            .cluster
            .nodes
            .iter()
            .zip(&self.found.fleet.hosts)
            .map(|(node, member)| (&*node.metadata.name, &member.host))
            .collect();
        let mut shown: Vec<Option<Result<Os, ()>>> = vec![None; self.found.fleet.workloads.len()];
        for (pod, at) in self.cluster.pods.iter().zip(&self.found.workload_of) {
            let (Some(at), true) = (at, is_ready(pod)) else {
                continue;
            };
            let Some(host) = hosts.get(&*pod.node) else {
                continue;
            };
            shown[*at] = match shown[*at] {
                None => Some(Ok(host.os)),
                Some(Ok(os)) if os == host.os => Some(Ok(os)),
                // One reference for several systems shows nothing.
                Some(_) => Some(Err(())),
            };
        }
        for (workload, shown) in self.found.fleet.workloads.iter_mut().zip(shown) {
            if let Some(Ok(os)) = shown {
                for container in &mut workload.containers {
                    container.image.os = Some(os);
                }
            }
        }
    }
}

/// Where a pod template stands.
struct Place {
    source: Arc<str>,
    fields: &'static str,
}

impl Place {
    fn new(holder: &Subject, fields: &'static str) -> Self {
        Self {
            source: holder.in_words().into(),
            fields,
        }
    }

    /// A field of the pod's spec.
    fn at(&self, field: &str) -> Origin {
        Origin {
            source: Arc::clone(&self.source),
            span: None,
            field: Some(format!("{}.{field}", self.fields)),
        }
    }

    /// The pod's spec.
    fn spec(&self) -> Origin {
        Origin {
            source: Arc::clone(&self.source),
            span: None,
            field: Some(self.fields.to_owned()),
        }
    }
}

fn containers(catalog: &Catalog, spec: &PodSpec, place: &Place) -> Vec<Container> {
    let of_pod = spec.security_context.windows_options.host_process;
    let lists = [
        ("initContainers", &spec.init_containers),
        ("containers", &spec.containers),
        ("ephemeralContainers", &spec.ephemeral_containers),
    ];
    let mut found = Vec::new();
    for (list, containers) in lists {
        for (index, container) in containers.iter().enumerate() {
            if container.image.is_empty() {
                continue;
            }
            let own = container.security_context.windows_options.host_process;
            found.push(Container {
                name: container.name.clone(),
                image: ImageUse {
                    text: container.image.clone(),
                    image: NamedImage::read_reference(catalog, &container.image),
                    origin: place.at(&format!("{list}[{index}].image")),
                    unresolved: Vec::new(),
                    os: None,
                    built_from: None,
                },
                host_process: own.or(of_pod) == Some(true),
            });
        }
    }
    found
}

fn class(class: &model::RuntimeClass) -> RuntimeClass {
    let name = class.metadata.name.to_string();
    let place = Place {
        source: format!("RuntimeClass {name}").into(),
        fields: "scheduling",
    };
    let handler = Origin {
        source: Arc::clone(&place.source),
        span: None,
        field: Some("handler".to_owned()),
    };
    RuntimeClass {
        handler: Located::new(class.handler.clone(), handler),
        node_selector: placement::selector(&class.scheduling.node_selector, &place),
        tolerations: placement::tolerations(&class.scheduling.tolerations, &place),
        origin: Origin::whole(&place.source),
        name,
    }
}

/// How many pods people want of a workload, and how many are there.
fn counts(kind: Kind, workload: &model::Workload) -> Counts {
    let (spec, status) = (&workload.spec, &workload.status);
    let (wanted, running) = match kind {
        Kind::Deployment | Kind::ReplicaSet | Kind::ReplicationController | Kind::StatefulSet => (
            Some(spec.replicas.unwrap_or(1)),
            status.ready_replicas.unwrap_or_default(),
        ),
        Kind::DaemonSet => (
            status.desired_number_scheduled,
            status.number_ready.unwrap_or_default(),
        ),
        Kind::Job if spec.suspend => (Some(0), status.active),
        Kind::Job => (
            Some(spec.completions.or(spec.parallelism).unwrap_or(1)),
            status.active + status.succeeded.unwrap_or_default(),
        ),
        Kind::CronJob => (None, status.active),
    };
    Counts {
        wanted,
        running: Some(running),
    }
}

/// A Job that has come to its end starts nothing any more.
fn is_done(kind: Kind, workload: &model::Workload) -> bool {
    let (spec, status) = (&workload.spec, &workload.status);
    let succeeded = status.succeeded.unwrap_or_default();
    let wanted = spec.completions.or(spec.parallelism).unwrap_or(1);
    kind == Kind::Job && status.active == 0 && succeeded >= wanted && succeeded > 0
}

/// How a pod is, in one word: `healthy`, `unscheduled`, `ended`, `not-ready`.
pub fn pod_state(pod: &Pod) -> &'static str {
    if has_ended(pod) {
        "ended"
    } else if is_ready(pod) {
        "healthy"
    } else if pod.node.is_empty() {
        "unscheduled"
    } else {
        "not-ready"
    }
}

/// A pod that has come to its end, well or not, and is not started again.
pub(crate) fn has_ended(pod: &Pod) -> bool {
    matches!(&*pod.status.phase, "Succeeded" | "Failed")
}

/// A pod all of whose containers run and answer.
pub fn is_ready(pod: &Pod) -> bool {
    let containers = &pod.status.container_statuses;
    !containers.is_empty() && containers.iter().all(|container| container.ready)
}
