//! The client: manifests and configs by reference and digest, each asked for once.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use winfit_core::reference::Reference;

use crate::cache::Cache;
use crate::digest::Digest;
use crate::error::RegistryError;
use crate::flight::Flights;
use crate::model::{ACCEPTED, ImageConfig, Manifest};
use crate::place::Place;
use crate::search::Search;
use crate::transport::Transport;
use crate::transport::retry::Retry;

/// The largest manifest or index that is read.
pub const MOST_MANIFEST: usize = 4 * 1024 * 1024;
/// The largest config that is read.
pub const MOST_CONFIG: usize = 8 * 1024 * 1024;

/// How to ask.
#[derive(Debug, Clone)]
pub struct Options {
    /// Ask no registry: only the cache counts.
    pub offline: bool,
    /// Where facts are kept between runs; none: nowhere.
    pub cache: Option<PathBuf>,
    /// For how long it is believed that a tag means the digest that it meant.
    pub tag_ttl: Duration,
    /// Ask whether what is known by its digest is still there: nothing that a registry deletes changes a
    /// digest. What a tag means is asked anew too.
    pub look_again: bool,
    /// How long one reference may take, retries and waits included.
    pub deadline: Duration,
    /// How many requests go to one host at a time.
    pub per_host: usize,
    /// Registries that speak plain HTTP, beside localhost.
    pub plain_http: Vec<String>,
    /// Further certificate authorities, as PEM files.
    pub authorities: Vec<PathBuf>,
    /// Where logins, certificates and mirrors are looked for.
    pub search: Search,
    /// How often and how soon a request is sent again.
    pub retry: Retry,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            offline: false,
            cache: None,
            tag_ttl: Duration::from_mins(5),
            look_again: false,
            deadline: Duration::from_mins(1),
            per_host: 8,
            plain_http: Vec::new(),
            authorities: Vec::new(),
            search: Search::of_user(),
            retry: Retry::default(),
        }
    }
}

/// A manifest or an index, as the registry has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its digest, which was checked.
    pub digest: Digest,
    /// Its media type, as the registry says.
    pub media_type: String,
    /// Its bytes.
    pub bytes: Arc<[u8]>,
}

/// Reads images from registries. A clone is the same client: it shares connections, and what was asked
/// for is not asked for again.
#[derive(Debug, Clone)]
pub struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    options: Options,
    transport: Transport,
    cache: Cache,
    documents: Flights<(Place, String), Result<Document, RegistryError>>,
    /// What a digest means is the same everywhere, so whoever asks first asks for all.
    configs: Flights<Digest, Result<ImageConfig, RegistryError>>,
    /// What one repository said, where it matters which one was asked.
    own_configs: Flights<(Place, Digest), Result<ImageConfig, RegistryError>>,
    /// Whether repositories still have what is known.
    presence: Flights<(Place, Digest), Result<(), RegistryError>>,
}

impl Client {
    /// A client with these options.
    pub fn new(options: Options) -> Self {
        Self(Arc::new(Inner {
            transport: Transport::new(&options),
            cache: Cache::new(options.cache.as_deref()),
            options,
            documents: Flights::default(),
            configs: Flights::default(),
            own_configs: Flights::default(),
            presence: Flights::default(),
        }))
    }

    /// How it asks.
    pub fn options(&self) -> &Options {
        &self.0.options
    }

    /// What earlier runs have learnt.
    pub(crate) fn cache(&self) -> &Cache {
        &self.0.cache
    }

    pub(crate) fn presence(&self) -> &Flights<(Place, Digest), Result<(), RegistryError>> {
        &self.0.presence
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.0.transport
    }

    /// The digest that a reference means, where it says it or where that was learnt a short time ago;
    /// offline, whenever it was.
    pub(crate) fn known_digest(&self, reference: &Reference) -> Option<Digest> {
        if let Some(digest) = &reference.digest {
            return Digest::parse(digest);
        }
        let options = self.options();
        let ttl = match (options.offline, options.look_again) {
            (true, _) => None,
            (false, true) => Some(Duration::ZERO),
            (false, false) => Some(options.tag_ttl),
        };
        self.cache()
            .tag(&Place::of(reference), name_of(reference), ttl)
    }

    /// The manifest or index that a reference names: by its digest where it has one, else by its tag,
    /// else `latest`. It is asked for once in a run.
    pub async fn manifest(&self, reference: &Reference) -> Result<Document, RegistryError> {
        let place = Place::of(reference);
        let key = (place.clone(), name_of(reference).to_owned());
        let fetch = self.fetch_manifest(&place, reference);
        let document = self.0.documents.answer(key, fetch).await?;
        if reference.digest.is_none() {
            // The same by its digest need not be asked for.
            let by_digest = (place, document.digest.to_string());
            self.0.documents.know(by_digest, Ok(document.clone()));
        }
        Ok(document)
    }

    async fn fetch_manifest(
        &self,
        place: &Place,
        reference: &Reference,
    ) -> Result<Document, RegistryError> {
        let name = name_of(reference);
        let wanted = reference.digest.as_deref().and_then(Digest::parse);
        let path = format!("manifests/{name}");
        let (media_type, bytes) = self.get(place, &path, &ACCEPTED, MOST_MANIFEST).await?;
        let by_digest = wanted.is_some();
        let digest = wanted.unwrap_or_else(|| Digest::of(&bytes));
        checked(&digest, &bytes, &reference.to_string())?;
        if !by_digest {
            self.cache().keep_tag(place, name, &digest);
        }
        Ok(Document {
            digest,
            media_type,
            bytes: bytes.into(),
        })
    }

    /// What the config of an image says, by the digest of its manifest: from an earlier run, else by
    /// reading manifest and config.
    pub(crate) async fn image_config(
        &self,
        reference: &Reference,
        digest: &Digest,
    ) -> Result<ImageConfig, RegistryError> {
        let place = Place::of(reference);
        let own = (place.clone(), digest.clone());
        if self.looks_again() {
            let fetch = Box::pin(self.fetch_config(reference, digest, true));
            return self.0.own_configs.answer(own, fetch).await;
        }
        let fetch = Box::pin(self.fetch_config(reference, digest, false));
        if let Ok(config) = self.0.configs.answer(digest.clone(), fetch).await {
            return Ok(config);
        }
        // Another repository may have been asked, whose trouble says nothing of this one.
        let fetch = Box::pin(self.fetch_config(reference, digest, false));
        self.0.own_configs.answer(own, fetch).await
    }

    /// `present`: what is known counts only where the repository still has it.
    async fn fetch_config(
        &self,
        reference: &Reference,
        digest: &Digest,
        present: bool,
    ) -> Result<ImageConfig, RegistryError> {
        let place = Place::of(reference);
        if let Some(known) = self.cache().fact("configs", digest) {
            if present {
                self.present(&place, digest).await?;
            }
            return Ok(known);
        }
        if self.options().offline {
            return Err(RegistryError::Offline {
                reference: reference.to_string(),
            });
        }
        let document = self.manifest(reference).await?;
        let config = self.config_of(&place, &document).await?;
        self.cache().keep_fact("configs", digest, &config);
        Ok(config)
    }

    /// Whether what is known by its digest is asked for again: see [`Options::look_again`].
    pub(crate) fn looks_again(&self) -> bool {
        self.options().look_again && !self.options().offline
    }

    async fn config_of(
        &self,
        place: &Place,
        document: &Document,
    ) -> Result<ImageConfig, RegistryError> {
        let broken = |reason: String| RegistryError::Answer {
            reference: format!(
                "{}/{}@{}",
                place.registry, place.repository, document.digest
            ),
            reason,
        };
        let manifest: Manifest = serde_json::from_slice(&document.bytes)
            .map_err(|error| broken(format!("its manifest cannot be read: {error}")))?;
        let digest = Digest::parse(&manifest.config.digest).ok_or_else(|| {
            broken("its manifest names a config by something that is no digest".to_owned())
        })?;
        let bytes = self.config(place, &digest).await?;
        serde_json::from_slice(&bytes)
            .map_err(|error| broken(format!("its config cannot be read: {error}")))
    }

    /// A blob of a repository, by its digest: a config.
    pub async fn config(&self, place: &Place, digest: &Digest) -> Result<Arc<[u8]>, RegistryError> {
        let path = format!("blobs/{digest}");
        let reference = format!("{}/{}@{digest}", place.registry, place.repository);
        let (_, bytes) = self.get(place, &path, &["*/*"], MOST_CONFIG).await?;
        checked(digest, &bytes, &reference)?;
        Ok(bytes.into())
    }

    async fn get(
        &self,
        place: &Place,
        path: &str,
        accept: &[&str],
        most: usize,
    ) -> Result<(String, Vec<u8>), RegistryError> {
        if self.options().offline {
            let name = path.split_once('/').map_or(path, |(_, name)| name);
            return Err(RegistryError::Offline {
                reference: place.named(name),
            });
        }
        // The chain of mirrors, logins and retries is large; what awaits it need not be.
        let request = Box::pin(self.transport().get(place, path, accept, most));
        let answer = request.await?;
        Ok((answer.content_type, answer.body))
    }
}

/// What a reference asks its repository for.
fn name_of(reference: &Reference) -> &str {
    reference
        .digest
        .as_deref()
        .or(reference.tag.as_deref())
        .unwrap_or("latest")
}

/// What was sent is what was asked for.
fn checked(digest: &Digest, bytes: &[u8], reference: &str) -> Result<(), RegistryError> {
    if digest.is_of(bytes) {
        return Ok(());
    }
    Err(RegistryError::Answer {
        reference: reference.to_owned(),
        reason: format!("what the registry sent does not have the digest {digest}"),
    })
}
