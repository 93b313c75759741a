//! Requests to registries, with all that stands between: mirrors, logins, retries, limits.

pub(crate) mod asker;
pub(crate) mod clients;
pub(crate) mod endpoints;
pub(crate) mod exchange;
pub(crate) mod failure;
pub(crate) mod hosts_toml;
mod proxies;
pub(crate) mod retry;
pub(crate) mod watch;

use std::sync::Arc;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode};

use crate::client::Options;
use crate::digest::Digest;
use crate::error::RegistryError;
use crate::place::Place;
use asker::{Asker, Call};
use endpoints::Purpose;
use exchange::MOST_WORDS;

/// What came back, whole.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) content_type: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// It comes from the host that was asked, not from one that a redirect led to.
    own: bool,
}

/// Sends requests. What comes back has a status of success; all else is an error with its reason.
#[derive(Debug, Clone)]
pub(crate) struct Transport {
    asker: Arc<Asker>,
}

impl Transport {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            asker: Arc::new(Asker::new(options)),
        }
    }

    /// Gets a path below `/v2/REPOSITORY/`; at most so many bytes of it.
    pub(crate) async fn get(
        &self,
        place: &Place,
        path: &str,
        accept: &[&str],
        most: usize,
    ) -> Result<Answer, RegistryError> {
        self.read(Method::GET, place, path, accept, most).await
    }

    /// Asks whether something is there, without fetching it.
    pub(crate) async fn head(
        &self,
        place: &Place,
        path: &str,
        accept: &[&str],
    ) -> Result<Answer, RegistryError> {
        self.read(Method::HEAD, place, path, accept, 0).await
    }

    /// Writes a document.
    pub(crate) async fn put(
        &self,
        place: &Place,
        path: &str,
        media_type: &str,
        bytes: &[u8],
    ) -> Result<Answer, RegistryError> {
        let mut headers = HeaderMap::new();
        if let Ok(media_type) = HeaderValue::from_str(media_type) {
            headers.insert(CONTENT_TYPE, media_type);
        }
        self.asker
            .call(Call {
                place,
                method: Method::PUT,
                path,
                headers,
                body: bytes,
                most: MOST_WORDS,
                purpose: Purpose::Push,
                digest: None,
                actions: "pull,push",
                from: None,
            })
            .await
    }

    /// Asks for a blob of another repository, without sending it.
    pub(crate) async fn mount(
        &self,
        place: &Place,
        digest: &Digest,
        from_repository: &str,
    ) -> Result<Answer, RegistryError> {
        self.asker
            .call(Call {
                place,
                method: Method::POST,
                path: &format!("blobs/uploads/?mount={digest}&from={from_repository}"),
                headers: HeaderMap::new(),
                body: b"",
                most: MOST_WORDS,
                purpose: Purpose::Push,
                digest: None,
                actions: "pull,push",
                from: Some(from_repository),
            })
            .await
    }

    async fn read(
        &self,
        method: Method,
        place: &Place,
        path: &str,
        accept: &[&str],
        most: usize,
    ) -> Result<Answer, RegistryError> {
        let mut headers = HeaderMap::new();
        if let Ok(accept) = HeaderValue::from_str(&accept.join(", ")) {
            headers.insert(ACCEPT, accept);
        }
        let name = path.split_once('/').map_or(path, |(_, name)| name);
        let digest = Digest::parse(name);
        let purpose = match digest {
            Some(_) => Purpose::Digest,
            None => Purpose::Tag,
        };
        // Without a body there is nothing to check.
        let digest = digest.filter(|_| method == Method::GET);
        self.asker
            .call(Call {
                place,
                method,
                path,
                headers,
                body: b"",
                most,
                purpose,
                digest: digest.as_ref(),
                actions: "pull",
                from: None,
            })
            .await
    }
}
