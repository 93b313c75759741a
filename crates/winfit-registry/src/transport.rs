//! One request to a registry, with all that stands between.

use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};

use crate::error::RegistryError;
use crate::place::Place;

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
        let host = place.api_host();
        let local = host.starts_with("localhost") || host.starts_with("127.");
        let scheme = if local { "http" } else { "https" };
        let url = format!("{scheme}://{host}/v2/{}/{path}", place.repository);
        let unreachable = |error: reqwest::Error| RegistryError::Unreachable {
            registry: place.registry.clone(),
            reason: error.without_url().to_string(),
        };
        let answer = self
            .http
            .request(Method::GET, url)
            .header(reqwest::header::ACCEPT, accept.join(", "))
            .send()
            .await
            .map_err(unreachable)?;
        let status = answer.status();
        let headers = answer.headers().clone();
        let content_type = answer
            .headers()
            .get(reqwest::header::CONTENT_TYPE)
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
