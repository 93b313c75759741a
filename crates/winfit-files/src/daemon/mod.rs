//! `daemon.json`, and the flags of the `docker` service in scripts that register it.

mod json;
mod labels;
mod script;

use winfit_core::finding::Located;
use winfit_core::host::Isolation;

pub use self::json::read;
pub use self::labels::{NotLabelled, with_labels};
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

impl DaemonJson {
    /// The default isolation of the engine that reads this; none: it has its own. The last one that is
    /// stated counts, in any case (moby, `daemon/daemon_windows.go:setDefaultIsolation`).
    pub fn isolation(&self) -> Option<Isolation> {
        let mut stated = self.exec_opts.iter().filter_map(|option| {
            let (key, value) = option.value.split_once('=')?;
            let is_isolation = key.trim().eq_ignore_ascii_case("isolation");
            is_isolation.then(|| value.trim().to_ascii_lowercase())
        });
        match stated.next_back()?.as_str() {
            "process" => Some(Isolation::Process),
            "hyperv" => Some(Isolation::Hyperv),
            _ => None,
        }
    }
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
