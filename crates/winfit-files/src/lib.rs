//! Dockerfiles, Compose files, Kubernetes manifests and `daemon.json`: found, read with exact
//! places, and checked.
//!
//! Readers ([`dockerfile`], [`compose`], [`kubernetes`], [`daemon`]) turn a [`source::Source`] into
//! facts and [`problem::Problem`]s and judge nothing. [`rules`] judge what concerns a file's text
//! alone; where images run is judged by the core, on the fleet that is built from the facts.

pub mod against;
pub mod compose;
pub mod config;
pub mod daemon;
pub mod discover;
pub mod dockerfile;
pub mod edit;
pub mod fix;
pub mod fleet;
pub mod git;
pub mod ignores;
pub mod kubernetes;
pub mod lint;
mod loader;
pub mod object;
mod one_file;
pub mod overlay;
pub mod problem;
pub mod registries;
pub mod repository;
pub mod rules;
mod shares;
pub mod source;
pub mod yaml;
