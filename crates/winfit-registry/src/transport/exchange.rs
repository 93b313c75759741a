//! One exchange: a request, its redirects, and an answer that is read up to a limit.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use reqwest::header::{
    AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER,
};
use reqwest::{Method, StatusCode, Url};
use tokio::sync::Semaphore;

use super::Answer;
use super::clients::{Clients, Connection};
use super::endpoints::{Endpoints, authority};
use super::failure::{self, Failure};
use super::proxies::Proxies;
use super::retry::retry_after;
use super::watch;
use crate::error::RegistryError;

/// The most redirects that are followed.
const MOST_REDIRECTS: usize = 5;
/// The most that is read of what a registry says beside documents: its errors, its receipts.
pub(crate) const MOST_WORDS: usize = 64 * 1024;

/// A request.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    /// Further headers for the request's own host alone.
    pub(crate) own_headers: &'a HeaderMap,
    /// Goes to the request's own host alone.
    pub(crate) authorization: Option<&'a HeaderValue>,
    pub(crate) body: &'a [u8],
    /// The most bytes that an answer may have.
    pub(crate) most: usize,
}

/// Sends requests, so many to a host at a time.
#[derive(Debug)]
pub(crate) struct Exchange {
    clients: Clients,
    proxies: Proxies,
    per_host: usize,
    gates: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl Exchange {
    pub(crate) fn new(clients: Clients, per_host: usize) -> Self {
        Self {
            clients,
            proxies: Proxies::default(),
            per_host: per_host.max(1),
            gates: Mutex::default(),
        }
    }

    /// Sends a request by a connection, and follows where the answer points.
    pub(crate) async fn send(
        &self,
        request: &Request<'_>,
        first: &Connection,
        endpoints: &Endpoints,
    ) -> Result<Answer, Failure> {
        let mut url = request.url.clone();
        let mut connection = first.clone();
        let mut seen = vec![url.clone()];
        loop {
            let own = url.origin() == request.url.origin();
            let answer = self.once(request, &url, own, &connection).await?;
            // What is written goes where it was sent, and nowhere else.
            let follows = matches!(request.method, Method::GET | Method::HEAD);
            if !answer.status.is_redirection() || !follows {
                return Ok(answer);
            }
            let lost = |reason: String| {
                Failure::lasting(RegistryError::Redirect {
                    registry: authority(&request.url),
                    reason,
                })
            };
            let location = answer
                .headers
                .get(LOCATION)
                .and_then(|value| value.to_str().ok());
            let mut next = location
                .and_then(|location| url.join(location).ok())
                .filter(|next| matches!(next.scheme(), "http" | "https") && next.has_host())
                .ok_or_else(|| lost("does not say where to".to_owned()))?;
            // A login in an address would be sent as one.
            let _ = next.set_username("");
            let _ = next.set_password(None);
            let to = authority(&next);
            if url.scheme() == "https" && next.scheme() == "http" {
                return Err(lost(format!("leads from TLS to plain HTTP at {to}")));
            }
            if seen.contains(&next) {
                return Err(lost(format!("goes round in a circle, back to {to}")));
            }
            if seen.len() > MOST_REDIRECTS {
                return Err(lost(format!("goes on after {MOST_REDIRECTS} redirects")));
            }
            watch::doing(|| format!("following a redirect of {} to {to}", authority(&url)));
            connection = if next.origin() == request.url.origin() {
                first.clone()
            } else {
                endpoints.connection(&next)
            };
            seen.push(next.clone());
            url = next;
        }
    }

    async fn once(
        &self,
        request: &Request<'_>,
        url: &Url,
        own: bool,
        connection: &Connection,
    ) -> Result<Answer, Failure> {
        let client = self.clients.of(connection).map_err(Failure::lasting)?;
        let host = authority(url);
        let gate = {
            let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
            let gate = gates.entry(host.clone());
            gate.or_insert_with(|| Arc::new(Semaphore::new(self.per_host)))
                .clone()
        };
        // Gates are never closed; if one were, there would be nothing to wait for.
        let _through = watch::queue(gate.acquire()).await.ok();
        let mut headers = request.headers.clone();
        if own {
            headers.extend(request.own_headers.clone());
            if let Some(authorization) = request.authorization {
                headers.insert(AUTHORIZATION, authorization.clone());
            }
        }
        let mut sent = client
            .request(request.method.clone(), url.clone())
            .headers(headers);
        if matches!(request.method, Method::POST | Method::PUT) {
            sent = sent.body(request.body.to_vec());
        }
        let proxy = || {
            let goes_by_one = !connection.loopback;
            goes_by_one.then(|| self.proxies.of(url)).flatten()
        };
        let mut response = sent.send().await.map_err(|error| {
            let mut failure = failure::of(&error, &host);
            let tls = connection.tls.as_ref();
            if tls.is_some_and(|tls| tls.client.is_none()) {
                failure.suspect_certificate();
            }
            match proxy() {
                Some(proxy) => failure.through(proxy),
                None => failure,
            }
        })?;
        let status = response.status();
        if status == StatusCode::PROXY_AUTHENTICATION_REQUIRED
            && let Some(proxy) = proxy()
        {
            return Err(Failure::proxy_login(host, proxy));
        }
        let headers = response.headers().clone();
        let most = if status == StatusCode::OK {
            request.most
        } else {
            MOST_WORDS
        };
        let too_large = || {
            Failure::lasting(RegistryError::TooLarge {
                registry: host.clone(),
                most,
            })
        };
        let announced = headers
            .get(CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok())
            .and_then(|length| length.parse::<u64>().ok());
        let mut body = Vec::new();
        if request.method != Method::HEAD {
            if status == StatusCode::OK && announced.is_some_and(|length| length > most as u64) {
                return Err(too_large());
            }
            loop {
                let chunk = match response.chunk().await {
                    Ok(Some(chunk)) => chunk,
                    Ok(None) => break,
                    // Of what is no document, what came will do.
                    Err(_) if status != StatusCode::OK => break,
                    Err(error) => return Err(failure::of(&error, &host)),
                };
                if body.len() + chunk.len() > most {
                    if status == StatusCode::OK {
                        return Err(too_large());
                    }
                    break;
                }
                body.extend_from_slice(&chunk);
            }
        }
        let content_type = headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        Ok(Answer {
            status,
            content_type,
            headers,
            body,
            own,
        })
    }
}

/// How long an answer asks to wait.
pub(crate) fn wait(answer: &Answer) -> Option<std::time::Duration> {
    let header = answer.headers.get(RETRY_AFTER)?.to_str().ok()?;
    retry_after(header, SystemTime::now())
}
