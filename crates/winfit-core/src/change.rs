//! What a remedy changes, by what it means. Sinks carry it out: `winfit-files` edits the bytes of
//! files, a cluster gets a patch.
//!
//! A change names its place by the [`Origin`] that the source gave; whoever carries it out looks up
//! what stands there, changes that alone, and refuses where it no longer stands there.

use crate::finding::Origin;
use crate::host::Isolation;
use crate::placement::kubernetes::Taint;

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A text is another one: an image's reference, an option, a constraint.
    Text {
        /// Where it is stated; of a text that is put together from variables, the part that decides.
        at: Origin,
        /// What it says, variables put in.
        old: String,
        /// What it is to say.
        new: String,
    },
    /// A value that is read as a number or a truth value becomes the text that it spells.
    Quote {
        /// The value.
        at: Origin,
    },
    /// A demand on a label of nodes, in a nodeSelector or an expression, is about another label or
    /// other values.
    Demand {
        /// The key of the demand.
        at: Origin,
        /// The label.
        key: String,
        /// The values; of a nodeSelector one.
        values: Vec<String>,
    },
    /// Something goes: the entry with this key, or this element of a list.
    Remove {
        /// The key, or the element.
        at: Origin,
    },
    /// A toleration is about this taint.
    Toleration {
        /// The toleration.
        at: Origin,
        /// The taint.
        taint: Taint,
    },
    /// The pod's spec says something else about its nodes.
    Pod {
        /// The pod's spec.
        at: Origin,
        /// What.
        change: Box<PodChange>,
    },
    /// A Compose service says something else about its hosts.
    Service {
        /// The service's name.
        at: Origin,
        /// What.
        change: ServiceChange,
    },
    /// An object is written for another version of its API.
    ApiVersion {
        /// The value of `apiVersion`.
        at: Origin,
        /// The version.
        to: String,
        /// What `spec.selector.matchLabels` is to be, where the new version demands one and the
        /// object has none.
        match_labels: Vec<(String, String)>,
    },
    /// The default isolation of an engine, in its `daemon.json`.
    EngineIsolation {
        /// The file.
        at: Origin,
        /// The isolation.
        isolation: Isolation,
    },
}

impl Change {
    /// Where it begins.
    pub fn at(&self) -> &Origin {
        match self {
            Self::Text { at, .. }
            | Self::Quote { at }
            | Self::Demand { at, .. }
            | Self::Remove { at }
            | Self::Toleration { at, .. }
            | Self::Pod { at, .. }
            | Self::Service { at, .. }
            | Self::ApiVersion { at, .. }
            | Self::EngineIsolation { at, .. } => at,
        }
    }
}

/// What a pod's spec is to say. All parts hold together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PodChange {
    /// Labels that no longer decide: demands on them go, from the nodeSelector and from every term of
    /// the required affinity, before the new ones come.
    pub lift: Vec<String>,
    /// Labels that a node must have, each with the values that will do. One value goes into the
    /// nodeSelector, several into every term of the required node affinity.
    pub demands: Vec<(String, Vec<String>)>,
    /// Taints to tolerate.
    pub tolerate: Vec<Taint>,
    /// The `runtimeClassName`.
    pub runtime_class: Option<String>,
    /// `hostNetwork: true`, which HostProcess containers need.
    pub host_network: bool,
}

/// What a Compose service is to say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceChange {
    /// Constraints to add to `deploy.placement.constraints`.
    pub constraints: Vec<String>,
    /// The `isolation`.
    pub isolation: Option<Isolation>,
}
