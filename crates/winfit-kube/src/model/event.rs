//! Events.

use std::sync::Arc;

use serde::Deserialize;

use super::nothing_is_default;

/// An event of the core API.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Event {
    /// What it is about.
    #[serde(deserialize_with = "nothing_is_default")]
    pub involved_object: Involved,
    /// `Failed`, `FailedCreatePodSandBox`, `FailedScheduling`.
    #[serde(deserialize_with = "nothing_is_default")]
    pub reason: String,
    /// A sentence; here stands the engine's error.
    #[serde(deserialize_with = "nothing_is_default")]
    pub message: String,
    /// `Normal` or `Warning`.
    #[serde(rename = "type", deserialize_with = "nothing_is_default")]
    pub kind: String,
    /// How often it happened.
    #[serde(deserialize_with = "nothing_is_default")]
    pub count: u32,
    /// When it happened last, as RFC 3339.
    #[serde(deserialize_with = "nothing_is_default")]
    pub last_timestamp: String,
    /// When it happened, of events that are counted otherwise.
    #[serde(deserialize_with = "nothing_is_default")]
    pub event_time: String,
    /// Who says so.
    #[serde(deserialize_with = "nothing_is_default")]
    pub source: Source,
}

/// What an event is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Involved {
    /// `Pod`.
    #[serde(deserialize_with = "nothing_is_default")]
    pub kind: Arc<str>,
    /// Its namespace.
    #[serde(deserialize_with = "nothing_is_default")]
    pub namespace: Arc<str>,
    /// Its name.
    #[serde(deserialize_with = "nothing_is_default")]
    pub name: Arc<str>,
    /// Its part: `spec.containers{web}`.
    #[serde(deserialize_with = "nothing_is_default")]
    pub field_path: String,
}

/// Who tells an event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Source {
    /// `kubelet`, `default-scheduler`.
    #[serde(deserialize_with = "nothing_is_default")]
    pub component: String,
    /// The node.
    #[serde(deserialize_with = "nothing_is_default")]
    pub host: String,
}
