//! Compose files of every version: services after `extends`, `include`, overrides and variables.
//!
//! What Compose itself does is followed from compose-go: documents of one file go over one another,
//! `include` comes before `extends`, and override files come last. Variables get their values from
//! `.env` files alone.

mod env_file;
mod facts;
mod flattened;
mod interpolate;
mod layer;
mod model;
mod names;
mod read;
mod service;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use winfit_core::finding::{Located, Origin};

use crate::problem::Problem;
use crate::source::Source;
use crate::yaml::Tree;

pub use self::env_file::{Env, Known};
pub use self::interpolate::{Malformed, Substituted, substitute};
pub use self::names::{BASES, OVERRIDES, is_override, looks_like};

/// What a Compose file states.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compose {
    /// `version`, where written.
    pub version: Option<Located<String>>,
    /// The services, merged.
    pub services: Vec<Service>,
}

/// One service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its name.
    pub name: Located<String>,
    /// `image`, as written.
    pub image: Option<Located<String>>,
    /// `image` after substitution; none where a variable has no value.
    pub resolved_image: Option<String>,
    /// Variables in `image` that have no value. Compose would put an empty string there, or what the
    /// environment of its process has; neither is known here.
    pub unresolved: Vec<String>,
    /// `build`.
    pub build: Option<ServiceBuild>,
    /// `isolation`, after substitution.
    pub isolation: Option<Located<String>>,
    /// `platform`, after substitution.
    pub platform: Option<Located<String>>,
    /// `deploy`: where the key stands.
    pub deploy: Option<Origin>,
    /// `deploy.placement.constraints`, after substitution.
    pub constraints: Vec<Located<String>>,
    /// Constraints with a variable that has no value, as written: nobody can tell which hosts they
    /// admit.
    pub unresolved_constraints: Vec<Located<String>>,
    /// `deploy.mode: global`.
    pub global: bool,
    /// `deploy.replicas`, or `scale`.
    pub replicas: Option<u32>,
    /// Where the service stands: its key.
    pub origin: Origin,
}

/// `build` of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceBuild {
    /// The Dockerfile, relative to nothing: context and `dockerfile` joined. None: the context is
    /// elsewhere (a URL), the Dockerfile is inline, or a variable has no value.
    pub dockerfile: Option<PathBuf>,
    /// `dockerfile_inline`.
    pub inline: Option<Located<String>>,
    /// `target`.
    pub target: Option<String>,
    /// `isolation`, after substitution.
    pub isolation: Option<Located<String>>,
    /// `args` that have a value.
    pub args: Vec<(String, String)>,
    /// `args` whose value comes from a variable that has none.
    pub unresolved_args: Vec<String>,
    /// Where `build` stands.
    pub origin: Origin,
}

/// Where further files come from: `extends`, `include`, `.env`.
pub trait Loader {
    /// The text of a file beside those that were found; an error says in a few words why not.
    fn load(&self, path: &Path) -> Result<Arc<Source>, String>;
}

/// Reads a Compose file with all that it refers to. `overrides` are the override files that stand
/// beside it (`compose.override.yaml`), in order.
///
/// Problems may lie in other files than this one: what is wrong with an included file is told here
/// too, in the same words as where that file is read on its own.
pub fn read(
    source: &Source,
    trees: &[Tree<'_>],
    overrides: &[Arc<Source>],
    loader: &dyn Loader,
) -> (Compose, Vec<Problem>) {
    read::read(source, trees, overrides, loader)
}
