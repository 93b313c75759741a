//! The API of a cluster: requests, and what becomes of what it answers.

mod failure;

use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use kube::client::Body;
use kube::{Client, Config};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use crate::error::KubeError;
use crate::model::Page;

/// So many objects are asked for at a time, as kubectl does.
const PAGE: usize = 500;

/// So often a list is read on after its state was forgotten; a large one may take many times the minutes
/// that servers remember.
const MOST_FORGOTTEN: usize = 20;

/// No answer is larger: a page of objects of the largest size that clusters keep.
const LARGEST: usize = 1 << 30;

/// A change of one object.
#[derive(Debug, Clone, PartialEq)]
pub enum Patch {
    /// JSON patch (RFC 6902): a list of operations, all of them or none.
    Json(serde_json::Value),
    /// Server-side apply: the fields that a manager wants, and no others. Fields that it wanted before and
    /// wants no longer go away.
    Apply {
        /// The object with its apiVersion, kind and name.
        object: serde_json::Value,
        /// Who wants them.
        manager: &'static str,
        /// Takes fields from those who own them.
        force: bool,
    },
}

impl Patch {
    fn content_type(&self) -> &'static str {
        match self {
            Self::Json(_) => "application/json-patch+json",
            Self::Apply { .. } => "application/apply-patch+yaml",
        }
    }
}

/// Whether a change is only tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The server says what would come of it, and writes nothing.
    Try,
    /// It is written.
    Write,
}

/// The API of a cluster.
#[derive(Clone)]
pub struct Api {
    client: Client,
    server: Arc<str>,
    context: Option<String>,
    namespace: String,
    patience: Duration,
}

impl Api {
    pub(crate) fn new(
        config: Config,
        context: Option<String>,
        patience: Duration,
    ) -> Result<Self, KubeError> {
        let server: Arc<str> = config.cluster_url.to_string().trim_end_matches('/').into();
        let namespace = config.default_namespace.clone();
        let client =
            Client::try_from(config).map_err(|error| failure::of_client(&server, &error))?;
        Ok(Self {
            client,
            server,
            context,
            namespace,
            patience,
        })
    }

    /// The API server's address.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// The context of the kubeconfig, where one led here.
    pub fn context(&self) -> Option<&str> {
        self.context.as_deref()
    }

    /// The namespace of the context, else `default`.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Reads a list to its end, page by page, each given to `take` as it comes.
    ///
    /// Where the server has forgotten the state that the list began with, it is read on with the state of
    /// today, as the server offers: an object may then be missed or met twice that changed meanwhile.
    pub async fn list<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
        mut take: impl FnMut(Vec<T>),
    ) -> Result<(), KubeError> {
        let mut next = String::new();
        let mut forgotten = 0;
        loop {
            let mut asked = form_urlencoded::Serializer::new(String::new());
            asked.append_pair("limit", &PAGE.to_string());
            for (name, value) in query {
                asked.append_pair(name, value);
            }
            if !next.is_empty() {
                asked.append_pair("continue", &next);
            }
            let asked = format!("{path}?{}", asked.finish());
            let page = match self.answer(&asked).await {
                Ok(bytes) => self.parsed::<Page<T>>(path, &bytes)?,
                Err(KubeError::Gone {
                    next: Some(offered),
                    ..
                }) if forgotten < MOST_FORGOTTEN => {
                    forgotten += 1;
                    next = offered;
                    continue;
                }
                Err(error) => return Err(error),
            };
            take(page.items);
            if page.metadata.next.is_empty() {
                return Ok(());
            }
            if page.metadata.next == next {
                return Err(self.unreadable(path, "it goes round in a circle"));
            }
            next = page.metadata.next;
        }
    }

    /// Reads one object.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, KubeError> {
        let bytes = self.answer(path).await?;
        self.parsed(path, &bytes)
    }

    /// Changes one object, or tries to; gives back what it then is.
    pub async fn patch<T: DeserializeOwned>(
        &self,
        path: &str,
        wanted: &Patch,
        change: Change,
    ) -> Result<T, KubeError> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if change == Change::Try {
            query.append_pair("dryRun", "All");
        }
        let value = match wanted {
            Patch::Json(value) => value,
            Patch::Apply {
                object,
                manager,
                force,
            } => {
                query.append_pair("fieldManager", manager);
                query.append_pair("force", if *force { "true" } else { "false" });
                object
            }
        };
        let asked = format!("{path}?{}", query.finish());
        // JSON is YAML, so that both kinds are written alike.
        let body =
            serde_json::to_vec(value).map_err(|error| self.unreadable(path, &error.to_string()))?;
        let sent = Sent {
            method: Method::PATCH,
            path: &asked,
            body: Some((wanted.content_type(), body)),
        };
        let bytes = self.exchange(&sent).await?;
        self.parsed(path, &bytes)
    }

    fn parsed<T: DeserializeOwned>(&self, path: &str, bytes: &[u8]) -> Result<T, KubeError> {
        serde_json::from_slice(bytes).map_err(|error| self.unreadable(path, &error.to_string()))
    }

    fn unreadable(&self, path: &str, reason: &str) -> KubeError {
        KubeError::Answer {
            server: self.server.to_string(),
            what: path.split('?').next().unwrap_or(path).to_owned(),
            reason: reason.to_owned(),
        }
    }

    async fn answer(&self, path: &str) -> Result<Vec<u8>, KubeError> {
        let sent = Sent {
            method: Method::GET,
            path,
            body: None,
        };
        self.exchange(&sent).await
    }

    /// Sends until the server answers, or the patience ends, and reads the whole answer.
    async fn exchange(&self, sent: &Sent<'_>) -> Result<Vec<u8>, KubeError> {
        let path = sent.path;
        let end = Instant::now() + self.patience;
        let mut pause = Duration::from_millis(200);
        loop {
            let request = sent
                .request()
                .map_err(|error| self.unreadable(path, &error.to_string()))?;
            let response = tokio::time::timeout_at(end, self.client.send(request)).await;
            let response = response
                .map_err(|_| self.late(path))?
                .map_err(|error| failure::of_client(&self.server, &error))?;
            // What the server did not begin to do may be asked again: 429 and 503 say so.
            if is_put_off(response.status()) {
                let wait = retry_after(&response).unwrap_or(pause);
                // A server may name any number of seconds.
                let again = Instant::now().checked_add(wait);
                if again.is_some_and(|again| again < end) {
                    tokio::time::sleep(wait).await;
                    pause = (pause * 2).min(Duration::from_secs(5));
                    continue;
                }
                if response.status() == StatusCode::TOO_MANY_REQUESTS {
                    return Err(KubeError::Throttled {
                        server: self.server.to_string(),
                        seconds: self.patience.as_secs(),
                    });
                }
            }
            let status = response.status();
            let read = Limited::new(response.into_body(), LARGEST).collect();
            let read = tokio::time::timeout_at(end, read)
                .await
                .map_err(|_| self.late(path))?;
            let bytes = read
                .map_err(|error| self.unreadable(path, &failure::innermost(error.as_ref())))?
                .to_bytes();
            if status.is_success() {
                return Ok(bytes.into());
            }
            return Err(failure::of_status(&self.server, status, &bytes));
        }
    }

    fn late(&self, path: &str) -> KubeError {
        KubeError::Deadline {
            server: self.server.to_string(),
            what: path.split('?').next().unwrap_or(path).to_owned(),
            seconds: self.patience.as_secs(),
        }
    }
}

/// What is sent, as often as the server puts it off.
struct Sent<'a> {
    method: Method,
    path: &'a str,
    /// With its content type.
    body: Option<(&'static str, Vec<u8>)>,
}

impl Sent<'_> {
    fn request(&self) -> Result<Request<Body>, http::Error> {
        let request = Request::builder()
            .method(self.method.clone())
            .uri(self.path)
            .header(ACCEPT, "application/json");
        match &self.body {
            Some((kind, body)) => request
                .header(CONTENT_TYPE, *kind)
                .body(Body::from(body.clone())),
            None => request.body(Body::empty()),
        }
    }
}

/// Whether the request may be sent again.
fn is_put_off(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::SERVICE_UNAVAILABLE
}

/// When the server says that it wants to be asked again.
fn retry_after<B>(response: &Response<B>) -> Option<Duration> {
    let text = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}
