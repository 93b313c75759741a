//! The product against its own words: pages, schemas, rules. One test binary, one module a question.
// Helpers of tests fail as tests do.
#![allow(clippy::unwrap_used)]

mod against;
// Its engines are real ones, behind sockets.
#[cfg(unix)]
mod docker;
// Real daemons; each binary uses a part of it.
#[cfg(unix)]
mod docker_ssh;
#[cfg(unix)]
#[allow(dead_code)]
#[path = "../../../winfit-docker/tests/all/support/mod.rs"]
mod docker_support;
#[cfg(unix)]
mod docker_tls;
mod docs;
mod fleets;
mod image;
mod kube;
mod kube_label;
mod kube_label_apply;
mod kube_live;
mod kube_runtimeclasses;
// Their scripts want a shell.
#[cfg(unix)]
mod integrations;
mod kube_pin;
// The API of their clusters.
#[path = "../../../winfit-kube/tests/all/support/mod.rs"]
mod kube_support;
mod lint;
mod lsp;
mod mend;
mod online;
mod page_registry;
mod pages;
mod plugin;
mod proxies;
mod sandbox;
mod sarif;
mod sarif_schema;
mod schemas;
// One support for all that need a registry; each binary uses a part of it.
#[allow(dead_code)]
#[path = "../../../winfit-registry/tests/all/support/mod.rs"]
mod support;
mod swarm;
#[cfg(unix)]
mod swarm_watch;
mod sync;
#[cfg(unix)]
mod told;
mod update_bots;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A path in the repository, where readers of the README stand.
fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
        .canonicalize()
        .unwrap()
}

/// Runs the built command.
fn winfit(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_winfit"))
        .args(arguments)
        // What the developer has learnt from registries is not what is tested.
        .env("WINFIT_CATALOG_OVERLAY", "off")
        .output()
        .unwrap()
}
