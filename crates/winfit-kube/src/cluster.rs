//! A cluster that was read: its nodes, what runs on them, and what its kubelets say.

mod intern;
mod once;
mod saved;

use std::fmt::Write as _;

use crate::api::Api;
use crate::error::KubeError;
use crate::model::{Event, Item, Kind, Node, Pod, RuntimeClass, Workload};

pub use self::intern::Interned;
pub use self::saved::{LeftOut, whole_objects};

/// What of a cluster is read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// The namespace; none: all of them.
    pub namespace: Option<Namespace>,
    /// A label selector for workloads and pods, as kubectl takes it.
    pub selector: Option<String>,
}

/// The name of a namespace. Nothing else gets into the path of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namespace(String);

impl Namespace {
    /// Reads a name as the API server takes it: at most 63 small letters, digits and hyphens.
    pub fn parse(text: &str) -> Option<Self> {
        let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let sound = (1..=63).contains(&text.len())
            && text.bytes().all(inner)
            && !text.starts_with('-')
            && !text.ends_with('-');
        sound.then(|| Self(text.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A cluster, as far as it decides of what runs where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cluster {
    /// Its nodes.
    pub nodes: Vec<Node>,
    /// Its pods.
    pub pods: Vec<Pod>,
    /// What owns pods.
    pub workloads: Vec<(Kind, Workload)>,
    /// Warnings about pods.
    pub events: Vec<Event>,
    /// Its RuntimeClasses.
    pub classes: Vec<RuntimeClass>,
    /// What could not be read.
    pub missing: Vec<Missing>,
}

/// A resource that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Its API group; of the core API the empty text.
    pub group: &'static str,
    /// Its name: `pods`.
    pub resource: &'static str,
    /// Why not.
    pub because: String,
    /// The user may not; else the cluster has no such resource.
    pub forbidden: bool,
}

/// Where a kind is listed.
#[derive(Debug, Clone, Copy)]
struct Resource {
    group: &'static str,
    version: &'static str,
    name: &'static str,
}

impl Resource {
    const fn new(group: &'static str, version: &'static str, name: &'static str) -> Self {
        Self {
            group,
            version,
            name,
        }
    }

    const NODES: Self = Self::new("", "v1", "nodes");
    const PODS: Self = Self::new("", "v1", "pods");
    const EVENTS: Self = Self::new("", "v1", "events");
    const CLASSES: Self = Self::new("node.k8s.io", "v1", "runtimeclasses");

    fn of(kind: Kind) -> Self {
        match kind {
            Kind::Deployment => Self::new("apps", "v1", "deployments"),
            Kind::ReplicaSet => Self::new("apps", "v1", "replicasets"),
            Kind::StatefulSet => Self::new("apps", "v1", "statefulsets"),
            Kind::DaemonSet => Self::new("apps", "v1", "daemonsets"),
            Kind::ReplicationController => Self::new("", "v1", "replicationcontrollers"),
            Kind::Job => Self::new("batch", "v1", "jobs"),
            Kind::CronJob => Self::new("batch", "v1", "cronjobs"),
        }
    }

    /// Where clusters have it that do not have it here: CronJobs are `v1` from 1.21 on.
    fn older(self) -> Option<Self> {
        (self.name == "cronjobs").then_some(Self {
            version: "v1beta1",
            ..self
        })
    }

    /// Its path, within a namespace where one is given.
    fn path(self, namespace: Option<&Namespace>) -> String {
        let mut path = if self.group.is_empty() {
            format!("/api/{}", self.version)
        } else {
            format!("/apis/{}/{}", self.group, self.version)
        };
        if let Some(Namespace(namespace)) = namespace {
            let _ = write!(path, "/namespaces/{namespace}");
        }
        let _ = write!(path, "/{}", self.name);
        path
    }

    /// What is left out where it may not be read; other failures end the reading.
    fn missing(self, error: KubeError) -> Result<Missing, KubeError> {
        match error {
            KubeError::Forbidden { message } => Ok(Missing {
                group: self.group,
                resource: self.name,
                because: message,
                forbidden: true,
            }),
            // An API that an old or a small cluster does not have.
            KubeError::NotFound { message } => Ok(Missing {
                group: self.group,
                resource: self.name,
                because: message,
                forbidden: false,
            }),
            other => Err(other),
        }
    }
}

impl Cluster {
    /// Reads a cluster. What the user may not read is left out and named.
    pub async fn read(api: &Api, scope: &Scope) -> Result<Self, KubeError> {
        let mut cluster = Self::default();
        // A login that does not work shows here, once.
        cluster.read_nodes(api).await?;
        let mut interned = Interned::default();
        let namespace = scope.namespace.as_ref();
        let selector: Vec<(&str, &str)> = scope
            .selector
            .iter()
            .map(|selector| ("labelSelector", selector.as_str()))
            .collect();
        for kind in Kind::ALL {
            let resource = Resource::of(kind);
            let workloads = &mut cluster.workloads;
            let mut take = |page: Vec<Workload>| {
                let page = page.into_iter();
                workloads.extend(page.map(|workload| (kind, interned.workload(workload))));
            };
            let path = resource.path(namespace);
            let mut read = api.list(&path, &selector, &mut take).await;
            if let (Err(KubeError::NotFound { .. }), Some(older)) = (&read, resource.older()) {
                read = api.list(&older.path(namespace), &selector, take).await;
            }
            if let Err(error) = read {
                cluster.missing.push(resource.missing(error)?);
            }
        }
        let pods = &mut cluster.pods;
        let take = |page: Vec<Pod>| pods.extend(page.into_iter().map(|pod| interned.pod(pod)));
        let read = api
            .list(&Resource::PODS.path(namespace), &selector, take)
            .await;
        if let Err(error) = read {
            cluster.missing.push(Resource::PODS.missing(error)?);
        }
        let events = &mut cluster.events;
        let take = |page: Vec<Event>| events.extend(page.into_iter().filter(Event::may_tell));
        let warnings = [("fieldSelector", "involvedObject.kind=Pod,type=Warning")];
        let read = api
            .list(&Resource::EVENTS.path(namespace), &warnings, take)
            .await;
        if let Err(error) = read {
            cluster.missing.push(Resource::EVENTS.missing(error)?);
        }
        Ok(cluster)
    }

    /// Reads a cluster's nodes and RuntimeClasses, and nothing that runs on them.
    pub async fn of_nodes(api: &Api) -> Result<Self, KubeError> {
        let mut cluster = Self::default();
        cluster.read_nodes(api).await?;
        Ok(cluster)
    }

    async fn read_nodes(&mut self, api: &Api) -> Result<(), KubeError> {
        let take = |page: Vec<Node>| self.nodes.extend(page);
        if let Err(error) = api.list(&Resource::NODES.path(None), &[], take).await {
            // An API server without nodes is none.
            let KubeError::Forbidden { .. } = error else {
                return Err(error);
            };
            self.missing.push(Resource::NODES.missing(error)?);
        }
        let take = |page: Vec<RuntimeClass>| self.classes.extend(page);
        if let Err(error) = api.list(&Resource::CLASSES.path(None), &[], take).await {
            self.missing.push(Resource::CLASSES.missing(error)?);
        }
        Ok(())
    }

    /// Puts an object in, wherever it was read; gives back the kind of one that decides nothing.
    pub fn add(&mut self, item: Item, interned: &mut Interned) -> Option<String> {
        match item {
            Item::Node(node) => self.nodes.push(node),
            Item::Pod(pod) => self.pods.push(interned.pod(pod)),
            Item::Workload(kind, workload) => {
                self.workloads.push((kind, interned.workload(workload)));
            }
            Item::Event(event) if event.may_tell() => self.events.push(event),
            Item::Event(_) => {}
            Item::Class(class) => self.classes.push(class),
            Item::Other(kind) => return Some(kind),
        }
        None
    }
}

impl Event {
    /// Whether it may tell why a pod does not run: the reasons of failures all say so.
    fn may_tell(&self) -> bool {
        &*self.involved_object.kind == "Pod" && self.reason.starts_with("Failed")
    }
}

/// The path of a pod, or of an object that owns pods. None: of another kind, or its name is none that an API
/// server has.
pub(crate) fn path_of(kind: &str, namespace: &str, name: &str) -> Option<String> {
    let resource = match Kind::parse(kind) {
        Some(kind) => Resource::of(kind),
        None if kind == "Pod" => Resource::PODS,
        None => return None,
    };
    path_in(resource, namespace, name)
}

/// The same in a cluster that does not serve the kind there.
pub(crate) fn older_path_of(kind: &str, namespace: &str, name: &str) -> Option<String> {
    let older = Resource::of(Kind::parse(kind)?).older()?;
    path_in(older, namespace, name)
}

fn path_in(resource: Resource, namespace: &str, name: &str) -> Option<String> {
    let namespace = Namespace::parse(namespace)?;
    let inner =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte);
    let sound =
        (1..=253).contains(&name.len()) && name.bytes().all(inner) && !name.starts_with('.');
    sound.then(|| format!("{}/{name}", resource.path(Some(&namespace))))
}

/// The rules that a ClusterRole needs for what is missing, as YAML.
pub fn role_for(missing: &[Missing]) -> String {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for one in missing {
        match groups.iter_mut().find(|(group, _)| *group == one.group) {
            Some((_, resources)) => resources.push(one.resource),
            None => groups.push((one.group, vec![one.resource])),
        }
    }
    let mut text = String::from("rules:\n");
    for (group, resources) in groups {
        let _ = writeln!(
            text,
            "- apiGroups: [\"{group}\"]\n  resources: [{}]\n  verbs: [get, list]",
            resources.join(", ")
        );
    }
    text
}
