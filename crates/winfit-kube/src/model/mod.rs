//! What decides of a cluster's objects. All else of them is skipped as it is read: a whole pod weighs forty
//! times what decides of it.

mod class;
mod event;
mod node;
mod object;
mod pod;
mod workload;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Deserializer};

pub use self::class::{RuntimeClass, Scheduling};
pub use self::event::{Event, Involved, Source};
pub use self::node::{Condition, Node, NodeInfo, NodeSpec, NodeStatus, RuntimeHandler, Taint};
pub use self::object::{Item, Kind};
pub(crate) use self::object::{Objects, Sink};
pub use self::pod::{
    Affinity, Container, ContainerState, ContainerStatus, Expression, NodeAffinity, NodeSelector,
    Pod, PodSpec, PodStatus, Term, Terminated, Toleration, Waiting,
};
pub use self::workload::{Template, Workload, WorkloadSpec, WorkloadStatus};

/// Of an object's metadata what is needed of all kinds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Meta {
    /// The object's name.
    #[serde(deserialize_with = "nothing_is_default")]
    pub name: Arc<str>,
    /// Its namespace; of a kind without namespaces the empty text.
    #[serde(deserialize_with = "nothing_is_default")]
    pub namespace: Arc<str>,
    /// The version of the object, opaque.
    #[serde(deserialize_with = "nothing_is_default")]
    pub resource_version: String,
    /// Its labels.
    #[serde(deserialize_with = "nothing_is_default")]
    pub labels: BTreeMap<String, String>,
    /// Its annotations.
    #[serde(deserialize_with = "nothing_is_default")]
    pub annotations: BTreeMap<String, String>,
    /// Who owns it.
    #[serde(deserialize_with = "nothing_is_default")]
    pub owner_references: Vec<Owner>,
}

/// Of a pod's metadata what decides; its labels and annotations do not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodMeta {
    /// The pod's name.
    #[serde(deserialize_with = "nothing_is_default")]
    pub name: Arc<str>,
    /// Its namespace.
    #[serde(deserialize_with = "nothing_is_default")]
    pub namespace: Arc<str>,
    /// Who owns it.
    #[serde(deserialize_with = "nothing_is_default")]
    pub owner_references: Vec<Owner>,
}

/// An owner of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default)]
pub struct Owner {
    /// Its kind.
    #[serde(deserialize_with = "nothing_is_default")]
    pub kind: Arc<str>,
    /// Its name, in the namespace of what it owns.
    #[serde(deserialize_with = "nothing_is_default")]
    pub name: Arc<str>,
    /// It is the owner that controls the object.
    #[serde(deserialize_with = "nothing_is_default")]
    pub controller: bool,
}

/// The owner that controls an object.
pub fn controller(owners: &[Owner]) -> Option<&Owner> {
    owners.iter().find(|owner| owner.controller)
}

/// A page of a list, as the API server gives it.
#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub struct Page<T> {
    /// About the list.
    #[serde(default, deserialize_with = "nothing_is_default")]
    pub metadata: PageMeta,
    /// Its objects, which name no kind of their own.
    #[serde(default = "Vec::new", deserialize_with = "nothing_is_default")]
    pub items: Vec<T>,
}

/// About a page of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PageMeta {
    /// The state of the cluster that the list shows.
    #[serde(deserialize_with = "nothing_is_default")]
    pub resource_version: String,
    /// What to ask the next page with; empty on the last.
    #[serde(rename = "continue", deserialize_with = "nothing_is_default")]
    pub next: String,
}

/// `null` stands for what is not there, as Go writes it.
pub(crate) fn nothing_is_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
