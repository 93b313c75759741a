//! What is asked of a repository: of whom, in whose name, and what the answers mean.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use reqwest::{Method, StatusCode, Url};

use super::clients::{Clients, Connection};
use super::endpoints::{self, Endpoint, Endpoints, Purpose, authority};
use super::exchange::{self, Exchange, MOST_WORDS, Request};
use super::failure::{self, Failure};
use super::retry::{Attempts, Retry};
use super::{Answer, watch};
use crate::auth::token::TokenRequest;
use crate::auth::{Ask, Authorizer, Wish, refusal};
use crate::client::Options;
use crate::digest::Digest;
use crate::error::RegistryError;
use crate::place::Place;

/// What is asked of a repository, wherever it is asked.
pub(crate) struct Call<'a> {
    pub(crate) place: &'a Place,
    pub(crate) method: Method,
    pub(crate) path: &'a str,
    pub(crate) headers: HeaderMap,
    pub(crate) body: &'a [u8],
    pub(crate) most: usize,
    pub(crate) purpose: Purpose,
    /// What the answer's bytes must have; none: nobody knows before.
    pub(crate) digest: Option<&'a Digest>,
    /// What the repository's scope allows: `pull`, `pull,push`.
    pub(crate) actions: &'a str,
    /// Another repository that is read.
    pub(crate) from: Option<&'a str>,
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

/// Asks endpoints, and knows what each has said.
#[derive(Debug)]
pub(crate) struct Asker {
    endpoints: Endpoints,
    exchange: Exchange,
    authorizer: Authorizer,
    retry: Retry,
    deadline: Duration,
    /// Hosts of this machine that were found to speak TLS.
    speak_tls: Mutex<HashSet<Url>>,
    /// Mirrors that did not answer in their time, and are not asked again in this run.
    silent: Mutex<HashSet<Url>>,
}

impl Asker {
    pub(crate) fn new(options: &Options) -> Self {
        let exchange = Exchange::new(Clients::new(options.deadline), options.per_host);
        Self {
            endpoints: Endpoints::new(options),
            exchange,
            authorizer: Authorizer::new(&options.search),
            retry: options.retry,
            deadline: options.deadline,
            speak_tls: Mutex::default(),
            silent: Mutex::default(),
        }
    }

    /// Asks the mirrors, then the registry itself, whose word is the one that is told.
    pub(crate) async fn call(&self, call: Call<'_>) -> Result<Answer, RegistryError> {
        watch::within(self.deadline, &call.reference(), async {
            let chain = self.endpoints.of(call.place)?;
            let mirrors = chain.mirrors.iter().filter(|one| one.serves(call.purpose));
            let mirrors: Vec<&Endpoint> = mirrors.collect();
            // A mirror that hangs leaves time for the others, and for the registry.
            let share = self.deadline / (mirrors.len() as u32 + 1);
            for mirror in mirrors {
                if self.is_silent(&mirror.base) {
                    continue;
                }
                let asked = tokio::time::timeout(share, self.ask_endpoint(&call, mirror, 1));
                match asked.await {
                    // What it sends for a digest may be checked; of something else the registry has the
                    // right one.
                    Ok(Ok(answer))
                        if call.digest.is_none_or(|digest| digest.is_of(&answer.body)) =>
                    {
                        return Ok(answer);
                    }
                    Ok(_) => {}
                    Err(_) => {
                        let silent = self.silent.lock();
                        silent
                            .unwrap_or_else(PoisonError::into_inner)
                            .insert(mirror.base.clone());
                    }
                }
            }
            let attempts = self.retry.attempts;
            self.ask_endpoint(&call, &chain.registry, attempts).await
        })
        .await
    }

    /// Asks one endpoint, again where that may help.
    async fn ask_endpoint(
        &self,
        call: &Call<'_>,
        endpoint: &Endpoint,
        attempts: u32,
    ) -> Result<Answer, RegistryError> {
        let mut attempts = Attempts::new(&self.retry, attempts);
        loop {
            match self.ask_once(call, endpoint).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => attempts.after(failure, &endpoint.name).await?,
            }
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

    fn is_silent(&self, mirror: &Url) -> bool {
        let silent = self.silent.lock().unwrap_or_else(PoisonError::into_inner);
        silent.contains(mirror)
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
            .map_err(Failure::lasting)?;
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
            if let Some(new) = asked.await.map_err(Failure::lasting)? {
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
            own_headers: &endpoint.headers,
            authorization,
            body: call.body,
            most: call.most,
        };
        self.exchange
            .send(&request, &connection, &self.endpoints)
            .await
    }
}

impl Ask for Asker {
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
            own_headers: &HeaderMap::new(),
            authorization: request.grant.as_ref().map(|grant| &grant.header),
            body: request
                .form
                .as_ref()
                .map_or(b"", |form| form.reveal().as_bytes()),
            most: MOST_WORDS,
        };
        let mut attempts = Attempts::new(&self.retry, self.retry.attempts);
        loop {
            let sending = self.exchange.send(&sent, &connection, &self.endpoints);
            let failure = match sending.await {
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
            attempts.after(failure, &host).await?;
        }
    }
}

fn speaks_of_https(body: &[u8]) -> bool {
    let body = String::from_utf8_lossy(&body[..body.len().min(1024)]);
    body.contains("HTTPS")
}
