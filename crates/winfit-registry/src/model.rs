//! Indexes, manifests and configs, as the OCI and Docker media types have them.

use serde::{Deserialize, Serialize};

/// An OCI index.
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// A Docker manifest list.
pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// An OCI manifest.
pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// A Docker manifest, schema 2.
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
/// A Docker manifest, schema 1: what registries may still send to who asks for nothing better.
pub const DOCKER_SCHEMA_1: [&str; 2] = [
    "application/vnd.docker.distribution.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v1+prettyjws",
];

/// What is asked for.
pub const ACCEPTED: [&str; 4] = [OCI_INDEX, DOCKER_LIST, OCI_MANIFEST, DOCKER_MANIFEST];

/// The platform of an index's entry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct Platform {
    /// `windows`, `linux`, `unknown`.
    pub os: String,
    /// `amd64`, `arm64`.
    pub architecture: String,
    /// `v8`.
    pub variant: Option<String>,
    /// `10.0.20348.825`.
    #[serde(rename = "os.version")]
    pub os_version: Option<String>,
    /// `win32k`.
    #[serde(rename = "os.features")]
    pub os_features: Vec<String>,
}

/// An entry of an index, or what a manifest names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Descriptor {
    /// Its media type.
    #[serde(rename = "mediaType", default)]
    pub media_type: String,
    /// Its digest.
    pub digest: String,
    /// Its size in bytes.
    #[serde(default)]
    pub size: u64,
    /// Its platform; entries without one exist.
    pub platform: Option<Platform>,
    /// Its annotations.
    #[serde(default)]
    pub annotations: std::collections::BTreeMap<String, String>,
}

/// An index.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Index {
    /// Its entries, in order.
    pub manifests: Vec<Descriptor>,
}

/// A manifest.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Manifest {
    /// The image's config.
    pub config: Descriptor,
}

/// A manifest with its layers, for those who copy it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Layers {
    /// The image's config.
    pub config: Descriptor,
    /// Its layers.
    #[serde(default)]
    pub layers: Vec<Descriptor>,
}

impl Descriptor {
    /// Whether it is a layer that its publisher keeps, as those of Windows' base images long were.
    pub fn is_foreign(&self) -> bool {
        self.media_type.contains(".foreign.") || self.media_type.contains(".nondistributable.")
    }
}

/// What the config of an image says of its platform.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct ImageConfig {
    /// `windows`.
    pub os: String,
    /// `amd64`.
    pub architecture: String,
    /// `10.0.20348.825`.
    #[serde(rename = "os.version")]
    pub os_version: Option<String>,
    /// `win32k`.
    #[serde(rename = "os.features")]
    pub os_features: Vec<String>,
    /// When it was made, as it says itself.
    pub created: Option<String>,
}
