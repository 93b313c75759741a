//! One request to a registry, with all that stands between.

use reqwest::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use reqwest::{Method, RequestBuilder, StatusCode};

use crate::digest::Digest;
use crate::error::RegistryError;
use crate::place::Place;

/// The most that is read of what a registry says beside documents: its errors, its receipts.
const MOST_WORDS: usize = 64 * 1024;

/// What came back, whole.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) content_type: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// Sends requests.
#[derive(Debug, Clone)]
pub(crate) struct Transport {
    http: reqwest::Client,
}

impl Transport {
    pub(crate) fn new() -> Result<Self, RegistryError> {
        // A second installation of the provider changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .build()
            .map_err(|error| RegistryError::Settings(error.to_string()))?;
        Ok(Self { http })
    }

    /// Gets a path below `/v2/REPOSITORY/`; at most so many bytes of it.
    pub(crate) async fn get(
        &self,
        place: &Place,
        path: &str,
        accept: &[&str],
        most: usize,
    ) -> Result<Answer, RegistryError> {
        let accept = accept.join(", ");
        let request = self.request(Method::GET, place, path);
        self.send(place, path, request.header(ACCEPT, accept), most)
            .await
    }

    /// Asks whether something is there, without fetching it.
    pub(crate) async fn head(
        &self,
        place: &Place,
        path: &str,
        accept: &[&str],
    ) -> Result<Answer, RegistryError> {
        let accept = accept.join(", ");
        let request = self.request(Method::HEAD, place, path);
        self.send(place, path, request.header(ACCEPT, accept), 0)
            .await
    }

    /// Writes a document.
    pub(crate) async fn put(
        &self,
        place: &Place,
        path: &str,
        media_type: &str,
        bytes: &[u8],
    ) -> Result<Answer, RegistryError> {
        let request = self
            .request(Method::PUT, place, path)
            .header(CONTENT_TYPE, media_type)
            .body(bytes.to_vec());
        self.send(place, path, request, MOST_WORDS).await
    }

    /// Asks for a blob of another repository, without sending it.
    pub(crate) async fn mount(
        &self,
        place: &Place,
        digest: &Digest,
        from_repository: &str,
    ) -> Result<Answer, RegistryError> {
        let path = format!("blobs/uploads/?mount={digest}&from={from_repository}");
        let request = self
            .request(Method::POST, place, &path)
            .header(CONTENT_LENGTH, 0);
        self.send(place, &path, request, MOST_WORDS).await
    }

    fn request(&self, method: Method, place: &Place, path: &str) -> RequestBuilder {
        let host = place.api_host();
        let local = host.starts_with("localhost") || host.starts_with("127.");
        let scheme = if local { "http" } else { "https" };
        let url = format!("{scheme}://{host}/v2/{}/{path}", place.repository);
        self.http.request(method, url)
    }

    async fn send(
        &self,
        place: &Place,
        path: &str,
        request: RequestBuilder,
        most: usize,
    ) -> Result<Answer, RegistryError> {
        let unreachable = |error: reqwest::Error| RegistryError::Unreachable {
            registry: place.registry.clone(),
            reason: error.without_url().to_string(),
        };
        let answer = request.send().await.map_err(unreachable)?;
        let status = answer.status();
        let name = path.split(['/', '?']).nth(1).unwrap_or_default();
        if status == StatusCode::NOT_FOUND {
            return Err(RegistryError::NotFound {
                reference: place.named(name),
            });
        }
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            return Err(RegistryError::Unauthorized {
                registry: place.registry.clone(),
                repository: place.repository.clone(),
            });
        }
        if !status.is_success() {
            return Err(RegistryError::Answer {
                reference: place.named(name),
                reason: format!("the registry answers {status}"),
            });
        }
        let headers = answer.headers().clone();
        let content_type = headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        let body = answer.bytes().await.map_err(unreachable)?.to_vec();
        if body.len() > most {
            return Err(RegistryError::Answer {
                reference: path.to_owned(),
                reason: format!("it is larger than {most} bytes"),
            });
        }
        Ok(Answer {
            status,
            content_type,
            headers,
            body,
        })
    }
}
