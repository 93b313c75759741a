//! The client: manifests and configs by reference and digest, each asked for once.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use winfit_core::reference::Reference;

use crate::digest::Digest;
use crate::error::RegistryError;
use crate::model::ACCEPTED;
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

/// Reads images from registries.
#[derive(Debug, Clone)]
pub struct Client {
    options: Options,
    pub(crate) transport: Transport,
}

impl Client {
    /// A client with these options.
    pub fn new(options: Options) -> Result<Self, RegistryError> {
        let transport = Transport::new(&options);
        Ok(Self { options, transport })
    }

    /// How it asks.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The manifest or index that a reference names: by its digest where it has one, else by its tag,
    /// else `latest`.
    pub async fn manifest(&self, reference: &Reference) -> Result<Document, RegistryError> {
        let place = Place::of(reference);
        let name = reference
            .digest
            .as_deref()
            .or(reference.tag.as_deref())
            .unwrap_or("latest");
        let wanted = reference.digest.as_deref().and_then(Digest::parse);
        let path = format!("manifests/{name}");
        let (media_type, bytes) = self.get(&place, &path, &ACCEPTED, MOST_MANIFEST).await?;
        let digest = wanted.unwrap_or_else(|| Digest::of(&bytes));
        checked(&digest, &bytes, &reference.to_string())?;
        Ok(Document {
            digest,
            media_type,
            bytes: bytes.into(),
        })
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
        let answer = self.transport.get(place, path, accept, most).await?;
        Ok((answer.content_type, answer.body))
    }
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
