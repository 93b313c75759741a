//! The host of an engine, as the engine itself tells it.

use serde::Deserialize;
use winfit_core::Catalog;
use winfit_core::host::{Host, Isolation, Os, ReadHost, read_hosts};

use crate::engine::Engine;
use crate::error::DockerError;
use crate::model::or_default;

/// An engine with the host that it runs on.
#[derive(Debug, Clone)]
pub struct EngineHost {
    /// The host's name.
    pub name: String,
    /// The host, with what was inferred of it.
    pub read: ReadHost,
    /// The engine's version: `20.10.9`.
    pub version: String,
    /// The driver of its image store: `windowsfilter`, `overlay2`.
    pub driver: String,
    /// Its images are in containerd's store.
    pub containerd_store: bool,
    /// The isolation that a container gets when nobody asks for one, as the engine says; none: it
    /// says none, as all engines on Linux.
    pub isolation: Option<Isolation>,
}

/// `/info`, the part that is about the engine; its host is read from the whole text.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct EngineInfo {
    name: String,
    server_version: String,
    driver: String,
    #[serde(deserialize_with = "or_default")]
    driver_status: Vec<Vec<String>>,
    isolation: String,
}

impl EngineHost {
    /// Asks an engine.
    pub async fn read(catalog: &Catalog, engine: &Engine) -> Result<Self, DockerError> {
        let bytes = engine.get_bytes("/info").await?;
        Self::of_info(catalog, &String::from_utf8_lossy(&bytes)).map_err(|reason| {
            DockerError::Answer {
                endpoint: engine.name().to_owned(),
                what: "/info".to_owned(),
                reason,
            }
        })
    }

    /// Reads what `docker info --format json` prints, or `/info` answers; why not, in a few words.
    pub fn of_info(catalog: &Catalog, text: &str) -> Result<Self, String> {
        let info: EngineInfo = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let reading = read_hosts(catalog, text);
        let read = reading.hosts.into_iter().next().ok_or_else(|| {
            match reading.unread.into_iter().next() {
                Some(unread) => format!("it states no host: expected {}", unread.expected),
                None => "it states no host".to_owned(),
            }
        })?;
        let containerd_store = info.driver_status.iter().any(|row| {
            matches!(row.as_slice(), [key, value] if key == "driver-type"
                && value.starts_with("io.containerd.snapshotter"))
        });
        Ok(Self {
            name: if info.name.is_empty() {
                "this host".to_owned()
            } else {
                info.name
            },
            read,
            version: info.server_version,
            driver: info.driver,
            containerd_store,
            isolation: isolation(&info.isolation),
        })
    }

    /// The facts that decide what runs there.
    pub fn host(&self) -> &Host {
        &self.read.host
    }

    /// Whether it runs Windows containers.
    pub fn is_windows(&self) -> bool {
        self.read.host.os == Os::Windows
    }
}

/// `process` or `hyperv`; none: the engine's own default (`default`, or nothing).
pub fn isolation(text: &str) -> Option<Isolation> {
    match text.trim().to_ascii_lowercase().as_str() {
        "process" => Some(Isolation::Process),
        "hyperv" => Some(Isolation::Hyperv),
        _ => None,
    }
}
