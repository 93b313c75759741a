//! Pods, and what pod templates have of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use super::{Condition, PodMeta, nothing_is_default};

/// A pod.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Pod {
    /// Its name and owners.
    #[serde(deserialize_with = "nothing_is_default")]
    pub metadata: PodMeta,
    /// What decides of where it runs. Pods of one owner share it once [`crate::Interned`] has met them.
    #[serde(deserialize_with = "nothing_is_default")]
    pub spec: Arc<PodSpec>,
    /// What its kubelet says.
    #[serde(deserialize_with = "nothing_is_default")]
    pub status: PodStatus,
    /// The node that it is bound to; empty: none yet. [`crate::Interned`] takes it out of the spec.
    #[serde(skip)]
    pub node: Arc<str>,
}

/// What decides of where a pod runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodSpec {
    /// The node that it is bound to. The pods of one owner differ in it.
    #[serde(deserialize_with = "nothing_is_default")]
    pub node_name: String,
    /// Labels that its node must have.
    #[serde(deserialize_with = "nothing_is_default")]
    pub node_selector: BTreeMap<String, String>,
    /// Further demands.
    #[serde(deserialize_with = "nothing_is_default")]
    pub affinity: Affinity,
    /// Taints that do not keep it off.
    #[serde(deserialize_with = "nothing_is_default")]
    pub tolerations: Vec<Toleration>,
    /// The RuntimeClass.
    #[serde(deserialize_with = "nothing_is_default")]
    pub runtime_class_name: String,
    /// The operating system that it states.
    #[serde(deserialize_with = "nothing_is_default")]
    pub os: PodOs,
    /// Whether all its containers are HostProcess ones.
    #[serde(deserialize_with = "nothing_is_default")]
    pub security_context: SecurityContext,
    /// Containers that run before the others.
    #[serde(deserialize_with = "nothing_is_default")]
    pub init_containers: Vec<Container>,
    /// Its containers.
    #[serde(deserialize_with = "nothing_is_default")]
    pub containers: Vec<Container>,
    /// Containers that somebody added to look at it (`kubectl debug`).
    #[serde(deserialize_with = "nothing_is_default")]
    pub ephemeral_containers: Vec<Container>,
}

/// The operating system that a pod states.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default)]
pub struct PodOs {
    /// `windows` or `linux`.
    #[serde(deserialize_with = "nothing_is_default")]
    pub name: String,
}

/// The security context of a pod or a container.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SecurityContext {
    /// Its part for Windows.
    #[serde(deserialize_with = "nothing_is_default")]
    pub windows_options: WindowsOptions,
}

/// The part of a security context for Windows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct WindowsOptions {
    /// A HostProcess container; none: not stated, what is above it counts.
    pub host_process: Option<bool>,
}

/// A container of a pod.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Container {
    /// Its name.
    #[serde(deserialize_with = "nothing_is_default")]
    pub name: String,
    /// Its image.
    #[serde(deserialize_with = "nothing_is_default")]
    pub image: String,
    /// Whether it is a HostProcess container.
    #[serde(deserialize_with = "nothing_is_default")]
    pub security_context: SecurityContext,
}

/// The affinity of a pod, of which only that to nodes decides.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Affinity {
    /// The affinity to nodes.
    #[serde(deserialize_with = "nothing_is_default")]
    pub node_affinity: NodeAffinity,
}

/// The affinity of a pod to nodes, of which only what is required decides.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default)]
pub struct NodeAffinity {
    /// What is required; none: nothing is.
    #[serde(rename = "requiredDuringSchedulingIgnoredDuringExecution")]
    pub required: Option<NodeSelector>,
}

/// Terms of which one must match.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NodeSelector {
    /// The terms.
    #[serde(deserialize_with = "nothing_is_default")]
    pub node_selector_terms: Vec<Term>,
}

/// Demands that must all match.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Term {
    /// About labels.
    #[serde(deserialize_with = "nothing_is_default")]
    pub match_expressions: Vec<Expression>,
    /// About fields: `metadata.name`.
    #[serde(deserialize_with = "nothing_is_default")]
    pub match_fields: Vec<Expression>,
}

/// A demand.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default)]
pub struct Expression {
    /// The label.
    #[serde(deserialize_with = "nothing_is_default")]
    pub key: String,
    /// `In`, `NotIn`, `Exists`, `DoesNotExist`, `Gt`, `Lt`.
    #[serde(deserialize_with = "nothing_is_default")]
    pub operator: String,
    /// The values.
    #[serde(deserialize_with = "nothing_is_default")]
    pub values: Vec<String>,
}

/// A toleration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default)]
pub struct Toleration {
    /// The taint's key.
    #[serde(deserialize_with = "nothing_is_default")]
    pub key: String,
    /// `Equal` or `Exists`.
    #[serde(deserialize_with = "nothing_is_default")]
    pub operator: String,
    /// The taint's value.
    #[serde(deserialize_with = "nothing_is_default")]
    pub value: String,
    /// The taint's effect; empty: every one.
    #[serde(deserialize_with = "nothing_is_default")]
    pub effect: String,
}

/// What a pod's kubelet says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodStatus {
    /// `Pending`, `Running`, `Succeeded`, `Failed`, `Unknown`.
    #[serde(deserialize_with = "nothing_is_default")]
    pub phase: Arc<str>,
    /// Why the pod as a whole is so, in one word: `Evicted`, `PodOSNotSupported`.
    #[serde(deserialize_with = "nothing_is_default")]
    pub reason: String,
    /// The same as a sentence.
    #[serde(deserialize_with = "nothing_is_default")]
    pub message: String,
    /// Whether it was placed and is ready. Kept only where one is not true.
    #[serde(deserialize_with = "only_untrue")]
    pub conditions: Vec<Condition>,
    /// Its init containers.
    #[serde(deserialize_with = "nothing_is_default")]
    pub init_container_statuses: Vec<ContainerStatus>,
    /// Its containers.
    #[serde(deserialize_with = "nothing_is_default")]
    pub container_statuses: Vec<ContainerStatus>,
    /// Its ephemeral containers.
    #[serde(deserialize_with = "nothing_is_default")]
    pub ephemeral_container_statuses: Vec<ContainerStatus>,
}

impl PodStatus {
    /// The states of all its containers, init containers first.
    pub fn containers(&self) -> impl Iterator<Item = &ContainerStatus> {
        let main = self
            .init_container_statuses
            .iter()
            .chain(&self.container_statuses);
        main.chain(&self.ephemeral_container_statuses)
    }
}

/// The state of a container.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ContainerStatus {
    /// Its name.
    #[serde(deserialize_with = "nothing_is_default")]
    pub name: Arc<str>,
    /// The image as the runtime names it, with its digest: `docker-pullable://…@sha256:…`.
    #[serde(rename = "imageID", deserialize_with = "nothing_is_default")]
    pub image_id: Arc<str>,
    /// It runs and answers.
    #[serde(deserialize_with = "nothing_is_default")]
    pub ready: bool,
    /// How often it was started again.
    #[serde(deserialize_with = "nothing_is_default")]
    pub restart_count: u32,
    /// How it is.
    #[serde(deserialize_with = "nothing_is_default")]
    pub state: ContainerState,
    /// How it was before.
    #[serde(deserialize_with = "nothing_is_default")]
    pub last_state: ContainerState,
}

/// How a container is, or was. One of the parts at most; none of them where it runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ContainerState {
    /// It does not run yet.
    pub waiting: Option<Box<Waiting>>,
    /// It has ended.
    pub terminated: Option<Box<Terminated>>,
}

/// Why a container does not run yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Waiting {
    /// `CrashLoopBackOff`, `ContainerCreating`.
    #[serde(deserialize_with = "nothing_is_default")]
    pub reason: String,
    /// A sentence; here stands the engine's error, where there is one.
    #[serde(deserialize_with = "nothing_is_default")]
    pub message: String,
}

/// How a container ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Terminated {
    /// `ContainerCannotRun`, `Error`, `Completed`.
    #[serde(deserialize_with = "nothing_is_default")]
    pub reason: String,
    /// A sentence; here stands the engine's error, where there is one.
    #[serde(deserialize_with = "nothing_is_default")]
    pub message: String,
    /// Its exit code.
    #[serde(deserialize_with = "nothing_is_default")]
    pub exit_code: i64,
}

/// Conditions that hold are those of every healthy pod: they need not be kept.
fn only_untrue<'de, D>(deserializer: D) -> Result<Vec<Condition>, D::Error>
where
    D: serde::Deserializer<'de>,
{
    let mut conditions: Vec<Condition> = nothing_is_default(deserializer)?;
    conditions.retain(|condition| condition.status != "True");
    conditions.shrink_to_fit();
    Ok(conditions)
}
