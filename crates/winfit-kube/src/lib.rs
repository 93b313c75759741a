//! Kubernetes clusters: what runs where, from the API or from what somebody saved, and what may be changed
//! of it.
//!
//! Objects are winfit's own slim ones (`model`): a cluster has up to 150,000 pods, and a whole pod weighs
//! forty times what decides of it.

pub mod advice;
mod api;
pub mod classes;
mod cluster;
mod connect;
mod error;
pub mod failing;
pub mod fleet;
pub mod label;
mod live;
pub mod model;
pub mod pin;

pub use self::api::{Api, Change, Patch};
pub use self::cluster::{
    Cluster, Interned, LeftOut, Missing, Namespace, Scope, role_for, whole_objects,
};
pub use self::connect::Settings;
pub use self::error::KubeError;
pub use self::live::for_live_objects;
