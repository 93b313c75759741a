//! A node with what decides of writing its labels: its identity, and who owns which label.

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::MANAGER;
use crate::model::{Node, nothing_is_default};

/// A node whose labels may be written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Target {
    /// The node.
    pub node: Node,
    /// What tells it from another node that gets its name later; empty: not told.
    pub uid: String,
    /// Who owns its labels; empty: not told.
    pub owners: Owners,
}

impl Target {
    /// A node of which nothing else was saved.
    pub fn of(node: Node) -> Self {
        Self {
            node,
            ..Self::default()
        }
    }

    pub(super) fn label(&self, key: &str) -> Option<&str> {
        self.node.metadata.labels.get(key).map(String::as_str)
    }
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let object = Value::deserialize(deserializer)?;
        let facts = Facts::deserialize(&object).map_err(D::Error::custom)?;
        let node = Node::deserialize(&object).map_err(D::Error::custom)?;
        Ok(Self {
            node,
            owners: Owners::of(&facts.metadata.managed_fields),
            uid: facts.metadata.uid,
        })
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Facts {
    #[serde(deserialize_with = "nothing_is_default")]
    metadata: FactsMeta,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct FactsMeta {
    #[serde(deserialize_with = "nothing_is_default")]
    uid: String,
    #[serde(deserialize_with = "nothing_is_default")]
    managed_fields: Vec<Managed>,
}

/// The fields that one manager owns.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Managed {
    #[serde(deserialize_with = "nothing_is_default")]
    manager: String,
    #[serde(deserialize_with = "nothing_is_default")]
    operation: String,
    #[serde(deserialize_with = "nothing_is_default")]
    subresource: String,
    #[serde(deserialize_with = "nothing_is_default")]
    fields_v1: Value,
}

/// Who owns the labels of a node, by their keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Owners(BTreeMap<String, Vec<Owner>>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Owner {
    manager: String,
    /// It is winfit by its own server-side apply: what it wants no longer goes away by itself.
    winfit: bool,
}

impl Owners {
    fn of(managed: &[Managed]) -> Self {
        let mut owners: BTreeMap<String, Vec<Owner>> = BTreeMap::new();
        for one in managed {
            let labels = one.fields_v1.pointer("/f:metadata/f:labels");
            let Some(labels) = labels.and_then(Value::as_object) else {
                continue;
            };
            for key in labels.keys().filter_map(|field| field.strip_prefix("f:")) {
                owners.entry(key.to_owned()).or_default().push(Owner {
                    manager: one.manager.clone(),
                    winfit: one.manager == MANAGER
                        && one.operation == "Apply"
                        && one.subresource.is_empty(),
                });
            }
        }
        Self(owners)
    }

    /// The labels that winfit has applied.
    pub(super) fn applied(&self) -> impl Iterator<Item = &str> {
        let owned = self.0.iter();
        owned
            .filter(|(_, owners)| owners.iter().any(|owner| owner.winfit))
            .map(|(key, _)| key.as_str())
    }

    /// Those beside winfit who own a label, each once.
    pub(super) fn others(&self, key: &str) -> Vec<String> {
        let owners = self.0.get(key).into_iter().flatten();
        let mut others: Vec<String> = owners
            .filter(|owner| !owner.winfit)
            .map(|owner| owner.manager.clone())
            .collect();
        others.sort();
        others.dedup();
        others
    }
}
