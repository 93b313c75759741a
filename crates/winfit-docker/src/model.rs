//! What decides of the engine's objects; everything else of them is passed over.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

/// Null stands for nothing, as Go writes it.
pub(crate) fn or_default<'de, T: Default + Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// `/info`, the part that is about the Swarm.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Info {
    /// The host's name.
    pub name: String,
    /// `windows`, `linux`.
    #[serde(rename = "OSType")]
    pub os_type: String,
    /// The default isolation of its containers; Linux has none.
    pub isolation: String,
    /// What it is in a Swarm.
    pub swarm: SwarmInfo,
}

/// What an engine is in a Swarm.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct SwarmInfo {
    /// Its id.
    #[serde(rename = "NodeID")]
    pub node_id: String,
    /// `inactive`, `pending`, `active`, `error`, `locked`.
    pub local_node_state: String,
    /// It is a manager.
    pub control_available: bool,
    /// What is wrong.
    pub error: String,
    /// The managers that it knows.
    #[serde(deserialize_with = "or_default")]
    pub remote_managers: Vec<Peer>,
    /// The Swarm itself; only managers know it.
    #[serde(deserialize_with = "or_default")]
    pub cluster: Cluster,
}

/// A Swarm, as its managers know it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Cluster {
    /// Its id.
    #[serde(rename = "ID")]
    pub id: String,
}

/// Another node, as a node knows it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Peer {
    /// `ADDRESS:PORT`.
    pub addr: String,
}

/// How often an object was changed: a change names it, so that two do not undo each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Version {
    /// The number.
    pub index: u64,
}

/// Labels by name.
pub type Labels = BTreeMap<String, String>;

/// A node.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Node {
    /// Its id.
    #[serde(rename = "ID")]
    pub id: String,
    /// How often it was changed.
    pub version: Version,
    /// What people say of it.
    pub spec: NodeSpec,
    /// What its engine says.
    #[serde(deserialize_with = "or_default")]
    pub description: NodeDescription,
    /// How it is.
    pub status: NodeStatus,
    /// Of a manager.
    pub manager_status: Option<ManagerStatus>,
}

/// What people say of a node.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct NodeSpec {
    /// The node labels.
    #[serde(deserialize_with = "or_default")]
    pub labels: Labels,
    /// `manager`, `worker`.
    pub role: String,
    /// `active`, `pause`, `drain`.
    pub availability: String,
}

/// What a node's engine says of it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct NodeDescription {
    /// Its name.
    pub hostname: String,
    /// Its platform: no version is among it.
    pub platform: NodePlatform,
    /// Its engine.
    pub engine: NodeEngine,
}

/// A platform, as Swarm knows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct NodePlatform {
    /// `x86_64`.
    pub architecture: String,
    /// `windows`, `linux`.
    #[serde(rename = "OS")]
    pub os: String,
}

/// A node's engine.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct NodeEngine {
    /// `20.10.24`.
    pub engine_version: String,
    /// The engine labels.
    #[serde(deserialize_with = "or_default")]
    pub labels: Labels,
}

/// How a node is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct NodeStatus {
    /// `ready`, `down`, `disconnected`, `unknown`.
    pub state: String,
    /// Why.
    pub message: String,
    /// Its address.
    pub addr: String,
}

/// What a manager is among the managers.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ManagerStatus {
    /// It leads.
    pub leader: bool,
    /// `ADDRESS:PORT`, by which others reach it.
    pub addr: String,
}

/// A service.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Service {
    /// Its id.
    #[serde(rename = "ID")]
    pub id: String,
    /// How often it was changed.
    pub version: Version,
    /// What is wanted.
    pub spec: ServiceSpec,
    /// What was wanted before it was changed the last time.
    pub previous_spec: Option<ServiceSpec>,
    /// How many run; asked for from version 1.41 of the API.
    pub service_status: Option<ServiceStatus>,
}

/// What is wanted of a service.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ServiceSpec {
    /// Its name.
    pub name: String,
    /// Its tasks.
    pub task_template: TaskTemplate,
    /// How many.
    pub mode: Mode,
}

/// What each task is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct TaskTemplate {
    /// Its container; none: a plugin.
    pub container_spec: Option<ContainerSpec>,
    /// Where it may run.
    #[serde(deserialize_with = "or_default")]
    pub placement: Placement,
    /// How often somebody had its tasks begin anew without another change.
    pub force_update: u64,
}

/// A task's container.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ContainerSpec {
    /// Its image, often with a digest.
    pub image: String,
    /// `default`, `process`, `hyperv`.
    pub isolation: String,
}

/// Where a service may run.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Placement {
    /// Its constraints.
    #[serde(deserialize_with = "or_default")]
    pub constraints: Vec<String>,
    /// The platforms of its image, as whoever created it saw them.
    #[serde(deserialize_with = "or_default")]
    pub platforms: Vec<NodePlatform>,
}

/// How many tasks a service has.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Mode {
    /// So many.
    pub replicated: Option<Replicated>,
    /// One a node.
    pub global: Option<Empty>,
    /// So many that end.
    pub replicated_job: Option<ReplicatedJob>,
    /// One a node that ends.
    pub global_job: Option<Empty>,
}

/// So many tasks.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Replicated {
    /// How many.
    pub replicas: u32,
}

/// So many tasks that end.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ReplicatedJob {
    /// How many at a time.
    pub max_concurrent: u32,
    /// How many in all.
    pub total_completions: u32,
}

/// Something that is there, and says no more.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Empty {}

/// How many tasks of a service run.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ServiceStatus {
    /// So many run.
    pub running_tasks: u32,
    /// So many should.
    pub desired_tasks: u32,
    /// So many of a job are done.
    pub completed_tasks: u32,
}

/// A task.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Task {
    /// Its service.
    #[serde(rename = "ServiceID")]
    pub service_id: String,
    /// Its number among the service's; of a global service none.
    pub slot: u32,
    /// Its node; empty: none yet.
    #[serde(rename = "NodeID")]
    pub node_id: String,
    /// What is to become of it: `running`, `shutdown`.
    pub desired_state: String,
    /// How it is.
    pub status: TaskStatus,
}

/// How a task is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct TaskStatus {
    /// When that was said, as RFC 3339 in UTC: texts in this form sort as their times do, to the second.
    pub timestamp: String,
    /// `running`, `failed`, `rejected`, `pending`, …
    pub state: String,
    /// What it does.
    pub message: String,
    /// What is wrong, whole.
    pub err: String,
}
