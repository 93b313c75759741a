//! Requests to registries, with all that stands between: mirrors, logins, retries, limits.

pub(crate) mod clients;
pub(crate) mod endpoints;
pub(crate) mod exchange;
pub(crate) mod failure;
pub(crate) mod hosts_toml;
pub(crate) mod retry;
pub(crate) mod watch;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use reqwest::{Method, StatusCode, Url};

use crate::auth::token::TokenRequest;
use crate::auth::{Ask, Authorizer, Wish, refusal};
use crate::client::Options;
use crate::digest::Digest;
use crate::error::RegistryError;
use crate::place::Place;
use clients::{Clients, Connection};
use endpoints::{Endpoint, Endpoints, Purpose, authority};
use exchange::{Exchange, MOST_WORDS, Request};
use failure::Failure;
use retry::Retry;

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
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    endpoints: Endpoints,
    exchange: Exchange,
    authorizer: Authorizer,
    retry: Retry,
    deadline: Duration,
    /// Hosts of this machine that were found to speak TLS.
    speak_tls: Mutex<HashSet<Url>>,
}

/// What is asked of a repository, wherever it is asked.
struct Call<'a> {
    place: &'a Place,
    method: Method,
    path: &'a str,
    headers: HeaderMap,
    body: &'a [u8],
    most: usize,
    purpose: Purpose,
    /// What the repository's scope allows: `pull`, `pull,push`.
    actions: &'a str,
    /// Another repository that is read.
    from: Option<&'a str>,
}

impl Transport {
    pub(crate) fn new(options: &Options) -> Self {
        let exchange = Exchange::new(Clients::new(options.deadline), options.per_host);
        Self {
            inner: Arc::new(Inner {
                endpoints: Endpoints::new(options),
                exchange,
                authorizer: Authorizer::new(&options.search),
                retry: options.retry,
                deadline: options.deadline,
                speak_tls: Mutex::default(),
            }),
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
        self.call(Call {
            place,
            method: Method::PUT,
            path,
            headers,
            body: bytes,
            most: MOST_WORDS,
            purpose: Purpose::Push,
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
        self.call(Call {
            place,
            method: Method::POST,
            path: &format!("blobs/uploads/?mount={digest}&from={from_repository}"),
            headers: HeaderMap::new(),
            body: b"",
            most: MOST_WORDS,
            purpose: Purpose::Push,
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
        let purpose = if path.contains("sha256:") || path.contains("sha512:") {
            Purpose::Digest
        } else {
            Purpose::Tag
        };
        self.call(Call {
            place,
            method,
            path,
            headers,
            body: b"",
            most,
            purpose,
            actions: "pull",
            from: None,
        })
        .await
    }

    /// Asks the mirrors, then the registry itself, whose word is the one that is told.
    async fn call(&self, call: Call<'_>) -> Result<Answer, RegistryError> {
        let inner = &self.inner;
        watch::within(inner.deadline, &call.reference(), async {
            let chain = inner.endpoints.of(call.place)?;
            let mirrors = chain.mirrors.iter().filter(|one| one.serves(call.purpose));
            let mirrors: Vec<&Endpoint> = mirrors.collect();
            // A mirror that hangs leaves time for the others, and for the registry.
            let share = inner.deadline / (mirrors.len() as u32 + 1);
            for mirror in mirrors {
                let asked = tokio::time::timeout(share, inner.ask_endpoint(&call, mirror, 1));
                if let Ok(Ok(answer)) = asked.await {
                    return Ok(answer);
                }
            }
            let attempts = inner.retry.attempts;
            inner.ask_endpoint(&call, &chain.registry, attempts).await
        })
        .await
    }
}

impl Call<'_> {
    /// What is asked for, as references are written.
    fn reference(&self) -> String {
        match self.path.split_once('/') {
            Some(("manifests" | "blobs", name)) if self.from.is_none() => self.place.named(name),
            _ => format!("{}/{}", self.place.registry, self.place.repository),
        }
    }

    fn scopes(&self) -> Vec<String> {
        let own = format!("repository:{}:{}", self.place.repository, self.actions);
        let other = self.from.map(|from| format!("repository:{from}:pull"));
        std::iter::once(own).chain(other).collect()
    }
}

impl Inner {
    /// Asks one endpoint, again where that may help.
    async fn ask_endpoint(
        &self,
        call: &Call<'_>,
        endpoint: &Endpoint,
        attempts: u32,
    ) -> Result<Answer, RegistryError> {
        let mut failures = 0;
        loop {
            let failure = match self.ask_once(call, endpoint).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            failures += 1;
            if !failure.passing || failures >= attempts {
                return Err(failure.error);
            }
            let wait = self.retry.wait(failures, failure.wait, fastrand::f64());
            if !watch::allows(wait) {
                return Err(failure.error);
            }
            watch::doing(|| {
                format!(
                    "waiting to ask {} again, after: {}",
                    endpoint.name, failure.error
                )
            });
            tokio::time::sleep(wait).await;
        }
    }

    /// Asks one endpoint once, as whoever it wants to see.
    async fn ask_once(&self, call: &Call<'_>, endpoint: &Endpoint) -> Result<Answer, Failure> {
        let tls_too = endpoint.either && !self.speaks_tls(&endpoint.base);
        let failure = match self.ask_as(call, endpoint, tls_too).await {
            Err(failure) if failure.other_protocol && tls_too => failure,
            other => return other,
        };
        match self.ask_as(call, endpoint, false).await {
            // Neither the one nor the other, where it did not say in words that it speaks TLS.
            Err(second)
                if !matches!(failure.error, RegistryError::NotPlainHttp { .. })
                    && (second.other_protocol
                        || matches!(second.error, RegistryError::Unreachable { .. })) =>
            {
                Err(failure)
            }
            other => {
                let known = self.speak_tls.lock();
                known
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(endpoint.base.clone());
                other
            }
        }
    }

    fn speaks_tls(&self, base: &Url) -> bool {
        let known = self
            .speak_tls
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        known.contains(base)
    }

    /// `plain`: over plain HTTP, where the endpoint may speak either.
    async fn ask_as(
        &self,
        call: &Call<'_>,
        endpoint: &Endpoint,
        plain: bool,
    ) -> Result<Answer, Failure> {
        let mut base = endpoint.base.clone();
        if endpoint.either && !plain {
            let _ = base.set_scheme("https");
        }
        let scopes = call.scopes();
        let wish = Wish {
            registry: &endpoint.name,
            repository: &call.place.repository,
            origin: &base,
            scopes: &scopes,
        };
        let mut grant = self
            .authorizer
            .known(&wish, self)
            .await
            .map_err(token_failure)?;
        let mut answer = self
            .exchange(
                call,
                endpoint,
                &base,
                grant.as_ref().map(|grant| &grant.header),
            )
            .await?;
        if answer.status == StatusCode::UNAUTHORIZED && answer.own {
            watch::doing(|| format!("asking for the right to read at {}", endpoint.name));
            let headers: Vec<&str> = answer
                .headers
                .get_all(WWW_AUTHENTICATE)
                .iter()
                .filter_map(|value| value.to_str().ok())
                .collect();
            let asked = self
                .authorizer
                .answer(&wish, &headers, grant.as_ref(), self);
            if let Some(new) = asked.await.map_err(token_failure)? {
                answer = self
                    .exchange(call, endpoint, &base, Some(&new.header))
                    .await?;
                grant = Some(new);
            }
        }
        if answer.status.is_success() {
            return Ok(answer);
        }
        let codes = failure::codes(&answer.body);
        let says = |code: &str| codes.iter().any(|other| other == code);
        Err(match answer.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN if answer.own => {
                let login = self.authorizer.login(&wish).await;
                // A token is not given to who is not known; a login alone may be the trouble.
                let bearer =
                    grant.is_some_and(|grant| grant.header.as_bytes().starts_with(b"Bearer"));
                let known = bearer || answer.status == StatusCode::FORBIDDEN || says("DENIED");
                Failure::lasting(refusal(&wish, &login, known))
            }
            StatusCode::NOT_FOUND if says("NAME_UNKNOWN") => {
                Failure::lasting(RegistryError::NoRepository {
                    registry: call.place.registry.clone(),
                    repository: call.place.repository.clone(),
                })
            }
            StatusCode::NOT_FOUND => Failure::lasting(RegistryError::NotFound {
                reference: call.reference(),
            }),
            // What Go's servers, and nginx, say to plain HTTP where they speak TLS.
            StatusCode::BAD_REQUEST if base.scheme() == "http" && speaks_of_https(&answer.body) => {
                Failure {
                    other_protocol: true,
                    ..Failure::lasting(RegistryError::NotPlainHttp {
                        registry: endpoint.name.clone(),
                    })
                }
            }
            status => failure::of_status(
                status,
                &codes,
                &endpoint.name,
                &call.reference(),
                exchange::wait(&answer),
            ),
        })
    }

    async fn exchange(
        &self,
        call: &Call<'_>,
        endpoint: &Endpoint,
        base: &Url,
        authorization: Option<&HeaderValue>,
    ) -> Result<Answer, Failure> {
        watch::doing(|| format!("waiting for {} to answer", authority(base)));
        let text = format!("{base}/{}/{}", call.place.repository, call.path);
        let mut url = Url::parse(&text).map_err(|error| {
            Failure::lasting(RegistryError::Answer {
                reference: call.reference(),
                reason: format!("it makes no address: {error}"),
            })
        })?;
        if endpoint.mirror {
            // How a mirror of several registries learns whose repository is meant.
            url.query_pairs_mut()
                .append_pair("ns", &call.place.registry);
        }
        let connection = Connection {
            tls: (base.scheme() == "https").then(|| endpoint.tls.clone()),
            loopback: endpoints::is_loopback(&authority(base)),
        };
        let request = Request {
            method: call.method.clone(),
            url,
            headers: call.headers.clone(),
            authorization,
            body: call.body,
            most: call.most,
        };
        self.exchange
            .send(&request, &connection, &self.endpoints)
            .await
    }
}

impl Ask for Inner {
    async fn ask(&self, request: TokenRequest) -> Result<(StatusCode, Vec<u8>), RegistryError> {
        let connection = self.endpoints.connection(&request.url);
        let host = authority(&request.url);
        watch::doing(|| format!("waiting for a token of {host}"));
        let mut headers = HeaderMap::new();
        let mut method = Method::GET;
        if request.form.is_some() {
            method = Method::POST;
            headers.insert(
                CONTENT_TYPE,
                HeaderValue::from_static("application/x-www-form-urlencoded"),
            );
        }
        let sent = Request {
            method,
            url: request.url,
            headers,
            authorization: request.grant.as_ref().map(|grant| &grant.header),
            body: request
                .form
                .as_ref()
                .map_or(b"", |form| form.reveal().as_bytes()),
            most: MOST_WORDS,
        };
        let mut failures = 0;
        loop {
            let failure = match self
                .exchange
                .send(&sent, &connection, &self.endpoints)
                .await
            {
                Ok(answer) => {
                    let wait = exchange::wait(&answer);
                    let failure = failure::of_status(answer.status, &[], &host, &host, wait);
                    if !failure.passing {
                        return Ok((answer.status, answer.body));
                    }
                    failure
                }
                Err(failure) => failure,
            };
            failures += 1;
            let wait = self.retry.wait(failures, failure.wait, fastrand::f64());
            if !failure.passing || failures >= self.retry.attempts || !watch::allows(wait) {
                return Err(failure.error);
            }
            tokio::time::sleep(wait).await;
        }
    }
}

/// Tokens are asked for with retries of their own.
fn token_failure(error: RegistryError) -> Failure {
    Failure::lasting(error)
}

fn speaks_of_https(body: &[u8]) -> bool {
    let body = String::from_utf8_lossy(&body[..body.len().min(1024)]);
    body.contains("HTTPS")
}
