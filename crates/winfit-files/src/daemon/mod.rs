//! `daemon.json`, and the flags of the `docker` service in scripts that register it.

mod json;
mod script;

use winfit_core::finding::Located;
use winfit_core::host::Isolation;

pub use self::json::read;
pub use self::script::{looks_like as script_looks_like, read as read_script};

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

/// A `daemon.json` that says nothing but the default isolation.
pub fn of_isolation(isolation: Isolation) -> String {
    format!(
        "{{\n    \"exec-opts\": [\"isolation={}\"]\n}}\n",
        isolation.name()
    )
}
