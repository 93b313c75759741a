//! Nodes.

use serde::Deserialize;

use super::{Meta, nothing_is_default};

/// A node.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Node {
    /// Its name and labels.
    #[serde(deserialize_with = "nothing_is_default")]
    pub metadata: Meta,
    /// What people want of it.
    #[serde(deserialize_with = "nothing_is_default")]
    pub spec: NodeSpec,
    /// What its kubelet says.
    #[serde(deserialize_with = "nothing_is_default")]
    pub status: NodeStatus,
}

/// What people want of a node.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NodeSpec {
    /// It is cordoned.
    #[serde(deserialize_with = "nothing_is_default")]
    pub unschedulable: bool,
    /// What keeps pods off it.
    #[serde(deserialize_with = "nothing_is_default")]
    pub taints: Vec<Taint>,
    /// The machine under it as its cloud names it, as `azure:///subscriptions/…`.
    #[serde(rename = "providerID", deserialize_with = "nothing_is_default")]
    pub provider_id: String,
}

/// A taint.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Taint {
    /// Its key.
    #[serde(deserialize_with = "nothing_is_default")]
    pub key: String,
    /// Its value; may be empty.
    #[serde(deserialize_with = "nothing_is_default")]
    pub value: String,
    /// `NoSchedule`, `NoExecute`, `PreferNoSchedule`.
    #[serde(deserialize_with = "nothing_is_default")]
    pub effect: String,
}

/// What a node's kubelet says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NodeStatus {
    /// The machine's system and software.
    #[serde(deserialize_with = "nothing_is_default")]
    pub node_info: NodeInfo,
    /// Whether it is ready.
    #[serde(deserialize_with = "nothing_is_default")]
    pub conditions: Vec<Condition>,
    /// The handlers of its container runtime, since Kubernetes 1.30; empty: not told.
    #[serde(deserialize_with = "nothing_is_default")]
    pub runtime_handlers: Vec<RuntimeHandler>,
}

/// A node's system and software.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NodeInfo {
    /// `10.0.17763.3165`; of old kubelets `10.0 14393 (14393.1715.amd64fre.…)`.
    #[serde(deserialize_with = "nothing_is_default")]
    pub kernel_version: String,
    /// `Windows Server 2019 Datacenter`.
    #[serde(deserialize_with = "nothing_is_default")]
    pub os_image: String,
    /// `windows` or `linux`.
    #[serde(deserialize_with = "nothing_is_default")]
    pub operating_system: String,
    /// `amd64`.
    #[serde(deserialize_with = "nothing_is_default")]
    pub architecture: String,
    /// `containerd://1.7.20`.
    #[serde(deserialize_with = "nothing_is_default")]
    pub container_runtime_version: String,
    /// `v1.31.2`.
    #[serde(deserialize_with = "nothing_is_default")]
    pub kubelet_version: String,
}

/// A condition of a node or a pod.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Condition {
    /// `Ready`, `PodScheduled`.
    #[serde(rename = "type", deserialize_with = "nothing_is_default")]
    pub kind: String,
    /// `True`, `False`, `Unknown`.
    #[serde(deserialize_with = "nothing_is_default")]
    pub status: String,
    /// One word.
    #[serde(deserialize_with = "nothing_is_default")]
    pub reason: String,
    /// A sentence.
    #[serde(deserialize_with = "nothing_is_default")]
    pub message: String,
}

/// A handler of a node's container runtime.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct RuntimeHandler {
    /// `runhcs-wcow-process`; the default one has the empty name.
    #[serde(deserialize_with = "nothing_is_default")]
    pub name: String,
}
