//! Compose files of every version: services after `extends`, `include`, overrides and variables.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use winfit_core::finding::{Located, Origin};

use crate::problem::Problem;
use crate::source::Source;
use crate::yaml::Tree;

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
    /// Variables in `image` that have no value.
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
    /// elsewhere (a URL), or a variable has no value.
    pub dockerfile: Option<PathBuf>,
    /// `dockerfile_inline`.
    pub inline: Option<Located<String>>,
    /// `target`.
    pub target: Option<String>,
    /// `args` that have a value.
    pub args: Vec<(String, String)>,
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
pub fn read(
    _source: &Source,
    _trees: &[Tree<'_>],
    _overrides: &[Arc<Source>],
    _loader: &dyn Loader,
) -> (Compose, Vec<Problem>) {
    (Compose::default(), Vec::new())
}
