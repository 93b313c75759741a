//! Images, pushed as the distribution specification says.

use serde_json::{Value, json};
use winfit_registry::digest::Digest;
use winfit_registry::model::{DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST};

use super::block_on;

/// A repository of a registry that speaks plain HTTP.
pub(crate) struct Repository {
    base: String,
    http: reqwest::Client,
}

/// A manifest that was pushed.
#[derive(Debug, Clone)]
pub(crate) struct Pushed {
    pub(crate) digest: Digest,
    pub(crate) media_type: String,
    pub(crate) size: usize,
}

impl Repository {
    /// The repository of this name at a host.
    pub(crate) fn new(host: &str, name: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            base: format!("http://{host}/v2/{name}"),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    /// The same, as a user with a password.
    pub(crate) fn known_as(mut self, user: &str, password: &str) -> Self {
        use base64::Engine as _;
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        let mut headers = reqwest::header::HeaderMap::new();
        headers.insert("authorization", format!("Basic {pair}").parse().unwrap());
        let client = reqwest::Client::builder().no_proxy();
        self.http = client.default_headers(headers).build().unwrap();
        self
    }

    /// The same over TLS, by a client that trusts what it is to trust.
    pub(crate) fn over_tls(mut self, http: reqwest::Client) -> Self {
        self.base = self.base.replacen("http://", "https://", 1);
        self.http = http;
        self
    }

    /// Pushes a blob.
    pub(crate) fn blob(&self, bytes: &[u8]) -> Digest {
        let digest = Digest::of(bytes);
        block_on(async {
            let begun = self
                .http
                .post(format!("{}/blobs/uploads/", self.base))
                .send()
                .await
                .unwrap();
            assert_eq!(begun.status(), 202);
            let location = begun.headers()["location"].to_str().unwrap().to_owned();
            let sign = if location.contains('?') { '&' } else { '?' };
            let done = self
                .http
                .put(format!("{location}{sign}digest={digest}"))
                .header("content-type", "application/octet-stream")
                .body(bytes.to_vec())
                .send()
                .await
                .unwrap();
            assert_eq!(done.status(), 201);
        });
        digest
    }

    /// Pushes a manifest or an index under a tag or, without one, under its digest.
    pub(crate) fn manifest(&self, tag: Option<&str>, media_type: &str, document: &Value) -> Pushed {
        let bytes = serde_json::to_vec(document).unwrap();
        let digest = Digest::of(&bytes);
        let size = bytes.len();
        let name = tag.unwrap_or(digest.as_str()).to_owned();
        block_on(async {
            let answer = self
                .http
                .put(format!("{}/manifests/{name}", self.base))
                .header("content-type", media_type)
                .body(bytes)
                .send()
                .await
                .unwrap();
            let status = answer.status();
            assert_eq!(status, 201, "{}", answer.text().await.unwrap());
        });
        Pushed {
            digest,
            media_type: media_type.to_owned(),
            size,
        }
    }

    /// Deletes a manifest by its digest; indexes that name it stay.
    pub(crate) fn delete(&self, digest: &Digest) {
        let url = format!("{}/manifests/{digest}", self.base);
        let answer = block_on(async { self.http.delete(url).send().await.unwrap() });
        assert_eq!(answer.status(), 202);
    }

    /// An image with this config, one small layer.
    pub(crate) fn image(&self, tag: Option<&str>, docker: bool, config: &Value) -> Pushed {
        let config = serde_json::to_vec(config).unwrap();
        let layer = b"a layer that nobody reads";
        let (manifest, config_type, layer_type) = if docker {
            (
                DOCKER_MANIFEST,
                "application/vnd.docker.container.image.v1+json",
                "application/vnd.docker.image.rootfs.diff.tar.gzip",
            )
        } else {
            (
                OCI_MANIFEST,
                "application/vnd.oci.image.config.v1+json",
                "application/vnd.oci.image.layer.v1.tar+gzip",
            )
        };
        let document = json!({
            "schemaVersion": 2,
            "mediaType": manifest,
            "config": {"mediaType": config_type, "digest": self.blob(&config).as_str(), "size": config.len()},
            "layers": [{"mediaType": layer_type, "digest": self.blob(layer).as_str(), "size": layer.len()}],
        });
        self.manifest(tag, manifest, &document)
    }

    /// A Windows image of this version.
    pub(crate) fn windows(&self, tag: Option<&str>, os_version: &str) -> Pushed {
        self.image(tag, true, &windows_config(os_version))
    }

    /// An index over children, each with the platform that it is to state.
    pub(crate) fn index(
        &self,
        tag: &str,
        docker: bool,
        children: &[(&Pushed, Option<Value>)],
    ) -> Pushed {
        let media_type = if docker { DOCKER_LIST } else { OCI_INDEX };
        let manifests: Vec<Value> = children
            .iter()
            .map(|(child, platform)| {
                let mut entry = json!({
                    "mediaType": child.media_type,
                    "digest": child.digest.as_str(),
                    "size": child.size,
                });
                if let Some(platform) = platform {
                    entry["platform"] = platform.clone();
                }
                entry
            })
            .collect();
        let document = json!({"schemaVersion": 2, "mediaType": media_type, "manifests": manifests});
        self.manifest(Some(tag), media_type, &document)
    }
}

/// The config of a Windows image; an empty version is none.
pub(crate) fn windows_config(os_version: &str) -> Value {
    let mut config = json!({
        "os": "windows",
        "architecture": "amd64",
        "rootfs": {"type": "layers", "diff_ids": []},
        "config": {},
        "history": [],
    });
    if !os_version.is_empty() {
        config["os.version"] = json!(os_version);
    }
    config
}

/// A platform of an index's entry.
pub(crate) fn platform(os: &str, architecture: &str, os_version: Option<&str>) -> Value {
    let mut platform = json!({"os": os, "architecture": architecture});
    if let Some(os_version) = os_version {
        platform["os.version"] = json!(os_version);
    }
    platform
}
