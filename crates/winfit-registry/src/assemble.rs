//! One index over images that exist: what it says, what has to be copied for it, and its push.

use serde_json::{Map, Value, json};
use thiserror::Error;
use winfit_core::index::newest_first;
use winfit_core::reference::Reference;

use crate::client::Client;
use crate::digest::Digest;
use crate::error::RegistryError;
use crate::inspect::{Child, ImageReport, media_type};
use crate::model::{DOCKER_LIST, DOCKER_MANIFEST, Layers, OCI_INDEX};
use crate::place::Place;

/// An index that is not pushed yet.
#[derive(Debug, Clone)]
pub struct Assembly {
    /// What it becomes.
    pub reference: Reference,
    /// A Docker manifest list where all its children are Docker manifests, else an OCI index.
    pub media_type: &'static str,
    /// Its text, as it is pushed.
    pub text: String,
    /// Its children, in its order, each with the image that it comes from.
    pub children: Vec<(Child, Reference)>,
    /// How many attestations were left out: they are about the indexes that they were in.
    pub left_out: usize,
}

/// Why there is no such index.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AssemblyError {
    /// The new image needs a tag.
    #[error("{0}: an index is pushed under a tag; name one, as {1}:1.4")]
    NoTag(String, String),
    /// Images of another registry.
    #[error(
        "{from} is in another registry than {to}: copy it there first, which keeps its config and so its os.version"
    )]
    OtherRegistry {
        /// The image.
        from: String,
        /// The new image.
        to: String,
        /// The command that copies it, and the image that it then is.
        copy: (String, String),
    },
    /// A child that could not be read.
    #[error("{from}: {reason}; an index over it would say what nobody knows")]
    Unread {
        /// The image.
        from: String,
        /// Why.
        reason: String,
    },
    /// A child whose config states no platform.
    #[error("{from}: the config of {digest} states no {what}, which an index has to")]
    NoPlatform {
        /// The image.
        from: String,
        /// The child.
        digest: String,
        /// `os` or `architecture`.
        what: &'static str,
    },
    /// Nothing to put into it.
    #[error("the images hold nothing but attestations")]
    Nothing,
}

/// Reads the manifests of all children, so that what the new index says of them is what they are: an index
/// may have said anything of their sizes and types, and an image may be gone since it was looked at.
pub async fn verify(client: &Client, report: &mut ImageReport) -> Result<(), RegistryError> {
    for child in &mut report.children {
        if child.attestation || child.trouble.is_some() {
            continue;
        }
        let named = Reference {
            tag: None,
            digest: Some(child.digest.to_string()),
            ..report.reference.clone()
        };
        let document = client.manifest(&named).await?;
        child.size = document.bytes.len() as u64;
        child.media_type = media_type(&document);
    }
    Ok(())
}

impl Assembly {
    /// An index over all that these images hold: each child once, its platform by its own config, the
    /// newest Windows first.
    pub fn new(reference: &Reference, reports: &[ImageReport]) -> Result<Self, AssemblyError> {
        can_be_new(reference)?;
        let mut children: Vec<(Child, Reference)> = Vec::new();
        let mut left_out = 0;
        for report in reports {
            same_registry(reference, &report.reference)?;
            for child in &report.children {
                if child.attestation {
                    left_out += 1;
                } else if children
                    .iter()
                    .all(|(known, _)| known.digest != child.digest)
                {
                    whole(child, &report.reference)?;
                    children.push((child.clone(), report.reference.clone()));
                }
            }
        }
        if children.is_empty() {
            return Err(AssemblyError::Nothing);
        }
        let order = newest_first(
            children
                .iter()
                .map(|(child, _)| child.described())
                .collect(),
        );
        children.sort_by_key(|(child, _)| {
            order
                .iter()
                .position(|entry| entry.digest == child.digest.as_str())
        });
        let docker = children
            .iter()
            .all(|(child, _)| child.media_type == DOCKER_MANIFEST);
        let media_type = if docker { DOCKER_LIST } else { OCI_INDEX };
        let manifests: Vec<Value> = children.iter().map(|(child, _)| entry(child)).collect();
        let index = json!({"schemaVersion": 2, "mediaType": media_type, "manifests": manifests});
        Ok(Self {
            reference: reference.clone(),
            media_type,
            text: format!("{index:#}\n"),
            children,
            left_out,
        })
    }

    /// The digest that it has.
    pub fn digest(&self) -> Digest {
        Digest::of(self.text.as_bytes())
    }

    /// The image that it becomes, as if it were read.
    pub fn report(&self) -> ImageReport {
        let children = self.children.iter().map(|(child, _)| Child {
            entry: Some(platform(child)),
            ..child.clone()
        });
        ImageReport {
            reference: self.reference.clone(),
            digest: self.digest(),
            media_type: self.media_type.to_owned(),
            is_index: true,
            children: children.collect(),
        }
    }

    /// The children that are in other repositories of the registry.
    pub fn copies(&self) -> impl Iterator<Item = &(Child, Reference)> {
        let here = Place::of(&self.reference);
        self.children
            .iter()
            .filter(move |(_, from)| Place::of(from) != here)
    }

    /// Copies what is in other repositories, then pushes the index under its tag.
    pub async fn push(&self, client: &Client) -> Result<Digest, RegistryError> {
        let here = Place::of(&self.reference);
        for (child, from) in self.copies() {
            copy(client, &here, child, from).await?;
        }
        let tag = self.reference.tag.as_deref().unwrap_or_default();
        client
            .push_manifest(&here, tag, self.media_type, self.text.as_bytes())
            .await
    }
}

/// A manifest with all that it names, from one repository of a registry to another: blobs are mounted,
/// not sent.
async fn copy(
    client: &Client,
    here: &Place,
    child: &Child,
    from: &Reference,
) -> Result<(), RegistryError> {
    if client.has_manifest(here, child.digest.as_str()).await? {
        return Ok(());
    }
    let named = Reference {
        tag: None,
        digest: Some(child.digest.to_string()),
        ..from.clone()
    };
    let broken = |reason: String| RegistryError::Answer {
        reference: named.to_string(),
        reason,
    };
    let document = client.manifest(&named).await?;
    let manifest: Layers = serde_json::from_slice(&document.bytes)
        .map_err(|error| broken(format!("its manifest cannot be read: {error}")))?;
    let there = Place::of(from);
    for blob in std::iter::once(&manifest.config).chain(&manifest.layers) {
        let digest = Digest::parse(&blob.digest)
            .ok_or_else(|| broken(format!("it names {:?}, which is no digest", blob.digest)))?;
        let mounted = client.mount_blob(here, &digest, &there.repository).await?;
        // Windows' own layers may be elsewhere altogether.
        if !mounted && !blob.is_foreign() {
            let (command, _) = copy_command(from, &here.registry, &here.repository);
            return Err(broken(format!(
                "{} does not mount its blobs into {}; copy it with\n  {command}",
                here.registry, here.repository
            )));
        }
    }
    client
        .push_manifest(
            here,
            child.digest.as_str(),
            &child.media_type,
            &document.bytes,
        )
        .await?;
    Ok(())
}

/// Whether an index can be pushed under this name.
pub fn can_be_new(reference: &Reference) -> Result<(), AssemblyError> {
    if reference.tag.is_some() && reference.digest.is_none() {
        return Ok(());
    }
    let name = reference.repository.clone();
    Err(AssemblyError::NoTag(reference.to_string(), name))
}

fn same_registry(new: &Reference, from: &Reference) -> Result<(), AssemblyError> {
    let (here, there) = (Place::of(new), Place::of(from));
    if here.registry == there.registry {
        return Ok(());
    }
    Err(AssemblyError::OtherRegistry {
        from: from.to_string(),
        to: new.to_string(),
        copy: copy_command(from, &here.registry, &here.repository),
    })
}

/// The command that copies an image with all its children and their digests, and what it then is.
/// skopeo's `--all` copies a whole index, and `--preserve-digests` fails rather than change one byte
/// of it, so that os.version stays.
fn copy_command(from: &Reference, registry: &str, repository: &str) -> (String, String) {
    let to = Reference {
        registry: Some(registry.to_owned()),
        repository: repository.to_owned(),
        tag: from.tag.clone().filter(|_| from.digest.is_none()),
        digest: from.digest.clone(),
    };
    let command = format!(
        "skopeo copy --all --preserve-digests \\\n    docker://{from} \\\n    docker://{to}"
    );
    (command, to.to_string())
}

/// Whether enough is known of a child to put it into an index.
fn whole(child: &Child, from: &Reference) -> Result<(), AssemblyError> {
    let from = from.to_string();
    if child.config.is_none() {
        let trouble = child.trouble.as_ref();
        let reason = trouble.map_or_else(
            || format!("the config of {} was not read", child.digest),
            ToString::to_string,
        );
        return Err(AssemblyError::Unread { from, reason });
    }
    let missing = match (child.os().is_empty(), child.architecture().is_empty()) {
        (true, _) => "os",
        (_, true) => "architecture",
        _ => return Ok(()),
    };
    Err(AssemblyError::NoPlatform {
        from,
        digest: child.digest.to_string(),
        what: missing,
    })
}

/// The platform of a child, by its config; what a config does not state, by the entry that it had.
fn platform(child: &Child) -> crate::model::Platform {
    let mut platform = child.entry.clone().unwrap_or_default();
    let Some(config) = &child.config else {
        return platform;
    };
    let prefer = |own: &str, other: &mut String| {
        if !own.is_empty() {
            own.clone_into(other);
        }
    };
    prefer(&config.os, &mut platform.os);
    prefer(&config.architecture, &mut platform.architecture);
    let version = config.os_version.clone().filter(|text| !text.is_empty());
    platform.os_version = version.or(platform.os_version);
    if !config.os_features.is_empty() {
        platform.os_features.clone_from(&config.os_features);
    }
    platform
}

fn entry(child: &Child) -> Value {
    let platform = platform(child);
    let mut fields = Map::new();
    fields.insert("architecture".to_owned(), json!(platform.architecture));
    fields.insert("os".to_owned(), json!(platform.os));
    if let Some(version) = platform.os_version.filter(|text| !text.is_empty()) {
        fields.insert("os.version".to_owned(), json!(version));
    }
    if !platform.os_features.is_empty() {
        fields.insert("os.features".to_owned(), json!(platform.os_features));
    }
    if let Some(variant) = platform.variant.filter(|text| !text.is_empty()) {
        fields.insert("variant".to_owned(), json!(variant));
    }
    json!({
        "mediaType": child.media_type,
        "digest": child.digest.as_str(),
        "size": child.size,
        "platform": fields,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ImageConfig, OCI_MANIFEST, Platform};

    fn child(number: u8, version: &str) -> Child {
        Child {
            digest: Digest::of(&[number]),
            media_type: DOCKER_MANIFEST.to_owned(),
            size: 422,
            entry: None,
            config: Some(ImageConfig {
                os: "windows".to_owned(),
                architecture: "amd64".to_owned(),
                os_version: Some(version.to_owned()),
                ..ImageConfig::default()
            }),
            trouble: None,
            attestation: false,
        }
    }

    fn report(reference: &str, children: Vec<Child>) -> ImageReport {
        ImageReport {
            reference: Reference::parse(reference).unwrap(),
            digest: Digest::of(reference.as_bytes()),
            media_type: DOCKER_MANIFEST.to_owned(),
            is_index: children.len() > 1,
            children,
        }
    }

    fn assembled(new: &str, reports: &[ImageReport]) -> Result<Assembly, AssemblyError> {
        Assembly::new(&Reference::parse(new).unwrap(), reports)
    }

    #[test]
    fn each_child_once_the_newest_first() {
        let old = report("localhost:5000/a:1", vec![child(1, "10.0.17763.1")]);
        let both = report(
            "localhost:5000/b:1",
            vec![child(1, "10.0.17763.1"), child(2, "10.0.26100.1")],
        );
        let made = assembled("localhost:5000/a:2", &[old, both]).unwrap();
        let digests: Vec<&Digest> = made
            .children
            .iter()
            .map(|(child, _)| &child.digest)
            .collect();
        assert_eq!(digests, [&Digest::of(&[2]), &Digest::of(&[1])]);
        // The one that both have is taken from where it was named first: nothing is copied for it.
        let copies: Vec<String> = made.copies().map(|(_, from)| from.to_string()).collect();
        assert_eq!(copies, ["localhost:5000/b:1"]);
        assert_eq!(made.media_type, DOCKER_LIST);
    }

    #[test]
    fn one_oci_manifest_makes_an_oci_index() {
        let mut oci = child(2, "10.0.26100.1");
        oci.media_type = OCI_MANIFEST.to_owned();
        let reports = [report(
            "localhost:5000/a:1",
            vec![child(1, "10.0.17763.1"), oci],
        )];
        let made = assembled("localhost:5000/a:2", &reports).unwrap();
        assert_eq!(made.media_type, OCI_INDEX);
        let index: Value = serde_json::from_str(&made.text).unwrap();
        assert_eq!(index["mediaType"], OCI_INDEX);
        assert_eq!(made.digest(), Digest::of(made.text.as_bytes()));
    }

    #[test]
    fn the_config_counts_and_the_entry_fills_in() {
        let mut one = child(1, "10.0.20348.825");
        one.entry = Some(Platform {
            os: "windows".to_owned(),
            architecture: "amd64".to_owned(),
            os_version: Some("10.0.17763.1".to_owned()),
            os_features: vec!["win32k".to_owned()],
            ..Platform::default()
        });
        let made = assembled(
            "localhost:5000/a:2",
            &[report("localhost:5000/a:1", vec![one])],
        );
        let index: Value = serde_json::from_str(&made.unwrap().text).unwrap();
        assert_eq!(
            index["manifests"][0]["platform"],
            json!({
                "architecture": "amd64",
                "os": "windows",
                "os.version": "10.0.20348.825",
                "os.features": ["win32k"],
            })
        );
    }

    #[test]
    fn what_makes_no_index_is_refused() {
        let good = || report("localhost:5000/a:1", vec![child(1, "10.0.17763.1")]);
        let mut unread = child(1, "");
        unread.config = None;
        let mut bare = child(1, "");
        bare.config = Some(ImageConfig::default());
        let mut proof = child(1, "");
        proof.attestation = true;
        for (new, from, part) in [
            ("localhost:5000/a", good(), "under a tag"),
            ("contoso.azurecr.io/a:1", good(), "in another registry"),
            ("a:1", good(), "in another registry"),
            (
                "localhost:5000/a:2",
                report("localhost:5000/a:1", vec![unread]),
                "was not read",
            ),
            (
                "localhost:5000/a:2",
                report("localhost:5000/a:1", vec![bare]),
                "states no os",
            ),
            (
                "localhost:5000/a:2",
                report("localhost:5000/a:1", vec![proof]),
                "nothing but attestations",
            ),
        ] {
            let error = assembled(new, &[from]).unwrap_err().to_string();
            assert!(error.contains(part), "{new}: {error}");
        }
    }
}
