//! RuntimeClasses.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Meta, Toleration, nothing_is_default};

/// A RuntimeClass.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct RuntimeClass {
    /// Its name.
    #[serde(deserialize_with = "nothing_is_default")]
    pub metadata: Meta,
    /// The handler of the container runtime.
    #[serde(deserialize_with = "nothing_is_default")]
    pub handler: String,
    /// What it adds to the placement of its pods.
    #[serde(deserialize_with = "nothing_is_default")]
    pub scheduling: Scheduling,
}

/// What a RuntimeClass adds to the placement of its pods.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Scheduling {
    /// Labels that the node must have.
    #[serde(deserialize_with = "nothing_is_default")]
    pub node_selector: BTreeMap<String, String>,
    /// Taints that do not keep its pods off.
    #[serde(deserialize_with = "nothing_is_default")]
    pub tolerations: Vec<Toleration>,
}
