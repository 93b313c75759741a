//! Where a reference leads: the registry's host and the repository there.

use winfit_core::reference::Reference;

/// A repository of a registry.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The host as references name it, `docker.io` where none is written; credentials and settings go
    /// by this name.
    pub registry: String,
    /// The repository, `library/` before Docker Hub's own.
    pub repository: String,
}

impl Place {
    /// The place of a reference.
    pub fn of(reference: &Reference) -> Self {
        let registry = match reference.registry.as_deref() {
            None | Some("docker.io" | "index.docker.io" | "registry-1.docker.io") => "docker.io",
            Some(other) => other,
        };
        let own = registry == "docker.io" && !reference.repository.contains('/');
        Self {
            registry: registry.to_owned(),
            repository: if own {
                format!("library/{}", reference.repository)
            } else {
                reference.repository.clone()
            },
        }
    }

    /// The host that speaks the registry's API.
    pub fn api_host(&self) -> &str {
        if self.registry == "docker.io" {
            "registry-1.docker.io"
        } else {
            &self.registry
        }
    }

    /// A tag or a digest here, as references are written.
    pub fn named(&self, tag_or_digest: &str) -> String {
        let sign = if tag_or_digest.contains(':') {
            '@'
        } else {
            ':'
        };
        format!("{}/{}{sign}{tag_or_digest}", self.registry, self.repository)
    }
}
