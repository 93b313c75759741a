//! Kubernetes manifests: pod templates, RuntimeClasses, Nodes, with exact places.

mod flattened;
mod node;
mod pod;
mod read;
mod recognise;

use winfit_core::finding::{Located, Origin};
use winfit_core::placement::PodPlacement;
use winfit_core::placement::kubernetes::{Operator, RuntimeClass, Taint};

pub use self::flattened::read_flattened;
pub use self::read::read;
pub use self::recognise::{is_helm_template, is_kustomization, is_object, looks_like};

/// What a file of manifests states.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifests {
    /// The objects, those inside a `List` one by one.
    pub objects: Vec<Object>,
}

/// One object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// The document it stands in, counted from 0 over those that are not empty.
    pub document: usize,
    /// `apiVersion`.
    pub api_version: Option<Located<String>>,
    /// `kind`.
    pub kind: Located<String>,
    /// `metadata.name`, or `metadata.generateName`.
    pub name: Option<Located<String>>,
    /// `metadata.namespace`.
    pub namespace: Option<Located<String>>,
    /// `metadata.annotations`.
    pub annotations: Vec<(Located<String>, String)>,
    /// What it is.
    pub content: Content,
    /// What it demands of the labels of nodes, as written: a pod's nodeSelector and required node
    /// affinity, a RuntimeClass's `scheduling.nodeSelector`.
    pub demands: Vec<Demand>,
    /// Values of a type that the API server refuses.
    pub wrong_types: Vec<WrongType>,
    /// Where it stands.
    pub origin: Origin,
}

/// A demand on a label of nodes, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    /// The label.
    pub key: Located<String>,
    /// How values are compared; `In` for a nodeSelector.
    pub operator: Operator,
    /// The values.
    pub values: Vec<Located<String>>,
    /// The term of the required node affinity that it belongs to, from 0; none: it stands in a
    /// nodeSelector.
    pub term: Option<usize>,
}

/// A value that YAML reads as something else than the text that the field takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongType {
    /// The value as written.
    pub value: Located<String>,
    /// The field that takes text: `nodeSelector`, `annotations`.
    pub field: &'static str,
    /// What YAML makes of it: `a number`, `a truth value`.
    pub read_as: &'static str,
}

/// What an object is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// It starts pods.
    Workload(Box<PodTemplate>),
    /// A RuntimeClass.
    RuntimeClass(Box<RuntimeClass>),
    /// A Node.
    Node(Box<NodeObject>),
    /// Anything else.
    Other,
}

/// A pod template, or the pod itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodTemplate {
    /// What limits its nodes.
    pub placement: PodPlacement,
    /// `spec.os.name`.
    pub os_name: Option<Located<String>>,
    /// The containers.
    pub containers: Vec<PodContainer>,
    /// `hostProcess: true` for the whole pod.
    pub host_process: bool,
    /// The first key `windowsOptions`, of the pod or of a container.
    pub windows_options: Option<Origin>,
    /// `hostNetwork`.
    pub host_network: Option<Located<bool>>,
    /// The labels that its pods get.
    pub labels: Vec<(String, String)>,
    /// The template's own annotations.
    pub annotations: Vec<(Located<String>, String)>,
    /// `replicas`, `parallelism`.
    pub replicas: Option<u32>,
    /// Whether the workload has `spec.selector`.
    pub has_selector: bool,
    /// Fields of the pod's spec that stand inside a container: `nodeSelector`, `tolerations`,
    /// `affinity`, `runtimeClassName`, `nodeName`, `hostNetwork`, `os`; the keys.
    pub misplaced: Vec<Located<String>>,
    /// What a `nodeSelector` inside a container demands.
    pub misplaced_demands: Vec<Demand>,
    /// Where the pod's spec stands: its first key.
    pub spec: Origin,
}

/// What kind of container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContainerKind {
    /// Under `initContainers`.
    Init,
    /// Under `containers`.
    Main,
    /// Under `ephemeralContainers`.
    Ephemeral,
}

/// A container of a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodContainer {
    /// Its name.
    pub name: String,
    /// Its image.
    pub image: Option<Located<String>>,
    /// Where it stands in the pod.
    pub kind: ContainerKind,
    /// `hostProcess`, its own or else the pod's.
    pub host_process: bool,
    /// Where it stands.
    pub origin: Origin,
}

/// A Node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeObject {
    /// `metadata.labels`.
    pub labels: Vec<(String, String)>,
    /// `spec.taints`.
    pub taints: Vec<Taint>,
    /// `spec.unschedulable`.
    pub unschedulable: bool,
    /// The condition `Ready` is there and not `True`.
    pub not_ready: bool,
    /// `status.nodeInfo.kernelVersion`.
    pub kernel_version: Option<Located<String>>,
    /// `status.nodeInfo.operatingSystem`.
    pub operating_system: Option<String>,
    /// `status.nodeInfo.architecture`.
    pub architecture: Option<String>,
    /// `status.nodeInfo.containerRuntimeVersion`.
    pub runtime_version: Option<String>,
}
