//! All that a registry knows of an image.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::task::{JoinError, JoinHandle};
use winfit_core::reference::Reference;

use crate::client::{Client, Document};
use crate::digest::Digest;
use crate::error::RegistryError;
use crate::model::{
    DOCKER_LIST, DOCKER_MANIFEST, DOCKER_SCHEMA_1, Descriptor, ImageConfig, Index, OCI_INDEX,
    OCI_MANIFEST, Platform,
};
use crate::place::Place;
use crate::transport::watch;

/// Where the version of a child was stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VersionFrom {
    /// The index alone.
    Index,
    /// The config alone.
    Config,
    /// Both, and they agree.
    Both,
    /// Both, and they differ; the config's counts.
    Conflict,
    /// Neither.
    None,
}

impl VersionFrom {
    /// The word in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Index => "index",
            Self::Config => "config",
            Self::Both => "both",
            Self::Conflict => "conflict",
            Self::None => "none",
        }
    }
}

/// One child of an image, or the image itself where it has no index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Child {
    /// Its digest.
    pub digest: Digest,
    /// Its media type.
    pub media_type: String,
    /// The size of its manifest in bytes.
    pub size: u64,
    /// What the index says of it; none: the entry has no platform, or there is no index.
    pub entry: Option<Platform>,
    /// What its config says; none for attestations, and where it could not be read.
    pub config: Option<ImageConfig>,
    /// Why its config could not be read.
    #[serde(skip)]
    pub trouble: Option<RegistryError>,
    /// It proves how another child was built, and is no image.
    pub attestation: bool,
}

impl Child {
    /// Whether the registry does not have it.
    pub fn is_missing(&self) -> bool {
        self.trouble.as_ref().is_some_and(RegistryError::is_missing)
    }

    /// The operating system: the config's, which is the fact, else the index's.
    pub fn os(&self) -> &str {
        self.stated_by_config_first(|config| &config.os, |entry| &entry.os)
    }

    /// The architecture, the same way.
    pub fn architecture(&self) -> &str {
        self.stated_by_config_first(|config| &config.architecture, |entry| &entry.architecture)
    }

    fn stated_by_config_first(
        &self,
        of_config: impl Fn(&ImageConfig) -> &String,
        of_entry: impl Fn(&Platform) -> &String,
    ) -> &str {
        let config = self.config.as_ref().map(of_config);
        let entry = self.entry.as_ref().map(of_entry);
        let mut stated = [config, entry].into_iter().flatten();
        stated
            .find(|text| !text.is_empty())
            .map_or("", String::as_str)
    }

    /// The versions that the index and the config state.
    fn stated(&self) -> (Option<&str>, Option<&str>) {
        let index = self
            .entry
            .as_ref()
            .and_then(|entry| entry.os_version.as_deref());
        let config = self
            .config
            .as_ref()
            .and_then(|config| config.os_version.as_deref());
        let said = |text: &&str| !text.is_empty();
        (index.filter(said), config.filter(said))
    }

    /// The Windows version inside: the config's, which is the fact, else the index's.
    pub fn os_version(&self) -> Option<&str> {
        let (index, config) = self.stated();
        config.or(index)
    }

    /// Where the version was stated.
    pub fn os_version_from(&self) -> VersionFrom {
        match self.stated() {
            (None, None) => VersionFrom::None,
            (Some(_), None) => VersionFrom::Index,
            (None, Some(_)) => VersionFrom::Config,
            (Some(index), Some(config)) if index == config => VersionFrom::Both,
            (Some(_), Some(_)) => VersionFrom::Conflict,
        }
    }
}

/// An image with all its children.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageReport {
    /// The reference as given.
    pub reference: Reference,
    /// The digest of its index, or of its manifest.
    pub digest: Digest,
    /// The media type of that.
    pub media_type: String,
    /// Whether it is an index.
    pub is_index: bool,
    /// Its children, in the order of the index.
    pub children: Vec<Child>,
}

/// What is kept of an image by its digest.
#[derive(Serialize, Deserialize)]
struct Known {
    media_type: String,
    is_index: bool,
    children: Vec<Child>,
}

/// No index has so many entries but one that is to keep its readers busy.
const MOST_CHILDREN: usize = 500;

/// Under this name images are kept.
const KIND: &str = "images";

/// Reads an image: its index, and the manifest and the config of each child. What is known of its digest
/// from an earlier run is not asked for again.
pub async fn inspect(client: &Client, reference: &Reference) -> Result<ImageReport, RegistryError> {
    let looks_again = client.looks_again();
    if let Some(report) = known_image(client, reference) {
        if looks_again {
            return still_there(client, report).await;
        }
        return Ok(report);
    }
    if client.options().offline {
        return Err(RegistryError::Offline {
            reference: reference.to_string(),
        });
    }
    let limit = client.options().deadline;
    let (document, left) = watch::within(limit, &reference.to_string(), async {
        let document = client.manifest(reference).await?;
        Ok((document, watch::left()))
    })
    .await?;
    let digest = document.digest.clone();
    let known = match client.cache().fact(KIND, &digest) {
        Some(known) if looks_again => {
            return still_there(client, report(reference, digest, known)).await;
        }
        Some(known) => known,
        None => read(client, reference, &document, left).await?,
    };
    if known.children.iter().all(|child| child.trouble.is_none()) {
        client.cache().keep_fact(KIND, &digest, &known);
    }
    Ok(report(reference, digest, known))
}

/// A known image, once its registry has said that it still has it; a child that is gone is one that could
/// not be read.
async fn still_there(
    client: &Client,
    mut report: ImageReport,
) -> Result<ImageReport, RegistryError> {
    let place = Place::of(&report.reference);
    let ask = |digest: Digest| {
        let (client, place) = (client.clone(), place.clone());
        tokio::spawn(async move { client.present(&place, &digest).await })
    };
    let whole = ask(report.digest.clone());
    let asked: Vec<_> = report
        .children
        .iter()
        .map(|child| (!child.attestation && report.is_index).then(|| ask(child.digest.clone())))
        .collect();
    let answer = |joined: Result<Result<(), RegistryError>, JoinError>| {
        joined.unwrap_or_else(|error| {
            Err(RegistryError::Answer {
                reference: report.reference.to_string(),
                reason: error.to_string(),
            })
        })
    };
    answer(whole.await)?;
    for (child, asked) in report.children.iter_mut().zip(asked) {
        if let Some(asked) = asked {
            child.trouble = answer(asked.await).err();
        }
    }
    Ok(report)
}

/// What earlier runs know of images, without a request.
pub fn known(client: &Client, references: &[Reference]) -> Vec<Option<ImageReport>> {
    if client.looks_again() {
        return vec![None; references.len()];
    }
    client.cache().reading(|| {
        let references = references.iter();
        references
            .map(|reference| known_image(client, reference))
            .collect()
    })
}

fn known_image(client: &Client, reference: &Reference) -> Option<ImageReport> {
    let digest = client.known_digest(reference)?;
    let known = client.cache().fact(KIND, &digest)?;
    Some(report(reference, digest, known))
}

fn report(reference: &Reference, digest: Digest, known: Known) -> ImageReport {
    let Known {
        media_type,
        is_index,
        children,
    } = known;
    ImageReport {
        reference: reference.clone(),
        digest,
        media_type,
        is_index,
        children,
    }
}

async fn read(
    client: &Client,
    reference: &Reference,
    document: &Document,
    left: Duration,
) -> Result<Known, RegistryError> {
    let broken = |reason: String| RegistryError::Answer {
        reference: reference.to_string(),
        reason,
    };
    let media_type = media_type(document);
    let is_index = matches!(media_type.as_str(), OCI_INDEX | DOCKER_LIST);
    let children = if is_index {
        let index: Index = serde_json::from_slice(&document.bytes)
            .map_err(|error| broken(format!("its index cannot be read: {error}")))?;
        if index.manifests.len() > MOST_CHILDREN {
            return Err(broken(format!(
                "its index has {} entries, more than the {MOST_CHILDREN} that are read",
                index.manifests.len()
            )));
        }
        children(client, reference, index.manifests, left).await?
    } else if matches!(media_type.as_str(), OCI_MANIFEST | DOCKER_MANIFEST) {
        let named = by_digest(reference, &document.digest);
        let (config, trouble) = apart(config(client, &named, &document.digest, left).await);
        vec![Child {
            digest: document.digest.clone(),
            media_type: media_type.clone(),
            size: document.bytes.len() as u64,
            entry: None,
            config,
            trouble,
            attestation: false,
        }]
    } else if DOCKER_SCHEMA_1.contains(&media_type.as_str()) {
        return Err(broken(
            "it is a manifest of schema 1, which no engine pulls any more; push the image again"
                .to_owned(),
        ));
    } else {
        return Err(broken(format!("it is no image but {media_type:?}")));
    };
    Ok(Known {
        media_type,
        is_index,
        children,
    })
}

/// A config that is asked for, or why not.
enum Asked {
    Task(JoinHandle<Result<ImageConfig, RegistryError>>),
    Not(Option<RegistryError>),
}

/// The children of an index, all at a time.
async fn children(
    client: &Client,
    reference: &Reference,
    entries: Vec<Descriptor>,
    left: Duration,
) -> Result<Vec<Child>, RegistryError> {
    let mut asked = Vec::with_capacity(entries.len());
    for entry in entries {
        let digest = Digest::parse(&entry.digest).ok_or_else(|| RegistryError::Answer {
            reference: reference.to_string(),
            reason: format!(
                "an entry of its index has the digest {:?}, which is none",
                entry.digest
            ),
        })?;
        let attestation = is_attestation(&entry);
        if matches!(entry.media_type.as_str(), OCI_INDEX | DOCKER_LIST) {
            let trouble = RegistryError::Answer {
                reference: by_digest(reference, &digest).to_string(),
                reason: "it is an index within an index, which Docker does not pull; put its images into the outer one: winfit image assemble"
                    .to_owned(),
            };
            asked.push((entry, digest, attestation, Asked::Not(Some(trouble))));
            continue;
        }
        let config = if attestation {
            Asked::Not(None)
        } else {
            let (client, digest) = (client.clone(), digest.clone());
            let named = by_digest(reference, &digest);
            Asked::Task(tokio::spawn(async move {
                config(&client, &named, &digest, left).await
            }))
        };
        asked.push((entry, digest, attestation, config));
    }
    let mut children = Vec::with_capacity(asked.len());
    for (entry, digest, attestation, config) in asked {
        let (config, trouble) = match config {
            Asked::Not(trouble) => (None, trouble),
            Asked::Task(task) => apart(task.await.unwrap_or_else(|error| {
                Err(RegistryError::Answer {
                    reference: reference.to_string(),
                    reason: error.to_string(),
                })
            })),
        };
        children.push(Child {
            digest,
            media_type: entry.media_type,
            size: entry.size,
            entry: entry.platform,
            config,
            trouble,
            attestation,
        });
    }
    Ok(children)
}

/// What the config of an image says, in what is left of the reference's time.
async fn config(
    client: &Client,
    named: &Reference,
    digest: &Digest,
    left: Duration,
) -> Result<ImageConfig, RegistryError> {
    let limit = client.options().deadline;
    let asked = client.image_config(named, digest);
    watch::within_rest(limit, left, &named.to_string(), asked).await
}

/// What BuildKit writes beside an image to prove how it was built.
pub(crate) fn is_attestation(entry: &Descriptor) -> bool {
    let unknown = entry
        .platform
        .as_ref()
        .is_some_and(|platform| platform.os == "unknown" && platform.architecture == "unknown");
    let kind = entry.annotations.get("vnd.docker.reference.type");
    unknown || kind.is_some_and(|kind| kind == "attestation-manifest")
}

fn by_digest(reference: &Reference, digest: &Digest) -> Reference {
    Reference {
        tag: None,
        digest: Some(digest.to_string()),
        ..reference.clone()
    }
}

fn apart(
    found: Result<ImageConfig, RegistryError>,
) -> (Option<ImageConfig>, Option<RegistryError>) {
    match found {
        Ok(config) => (Some(config), None),
        Err(trouble) => (None, Some(trouble)),
    }
}

/// The media type that a document has by its own word, else by the registry's.
pub(crate) fn media_type(document: &Document) -> String {
    #[derive(Deserialize)]
    struct Own {
        #[serde(rename = "mediaType", default)]
        media_type: String,
    }
    let own = serde_json::from_slice::<Own>(&document.bytes).map(|own| own.media_type);
    match own {
        Ok(own) if !own.is_empty() => own,
        _ => document
            .media_type
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_owned(),
    }
}
