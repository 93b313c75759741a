//! One engine: its API at the version that both sides know, one request after another.

mod body;
mod leaderless;

use std::error::Error as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::OnceCell;
use tokio::task::JoinHandle;

use self::body::{Body, List};
use crate::connect::{connect, of_io};
use crate::endpoint::{Address, Endpoint};
use crate::error::DockerError;

/// The oldest API that is spoken: Docker 19.03.
pub const OLDEST: ApiVersion = ApiVersion(1, 40);
/// The newest API that is asked for; what a newer engine says in this one is known.
pub const NEWEST: ApiVersion = ApiVersion(1, 47);

/// The most that is read of one answer: the tasks of a Swarm at its documented limits are a third of it.
const MOST: usize = 512 * 1024 * 1024;

/// How long a connection that is over may take to say why.
const END: Duration = Duration::from_secs(1);

/// A version of the engine's API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ApiVersion(pub u16, pub u16);

impl ApiVersion {
    fn parse(text: &str) -> Option<Self> {
        let (major, minor) = text.trim().split_once('.')?;
        Some(Self(major.parse().ok()?, minor.parse().ok()?))
    }
}

impl std::fmt::Display for ApiVersion {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}.{}", self.0, self.1)
    }
}

/// An engine. A clone is the same one.
#[derive(Debug, Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    endpoint: Endpoint,
    /// How long one answer may take.
    patience: Duration,
    version: OnceCell<ApiVersion>,
    /// Connections that wait for the next request.
    idle: Mutex<Vec<Connection>>,
}

/// A connection, and what it ends with.
#[derive(Debug)]
struct Connection {
    sender: SendRequest<Full<Bytes>>,
    end: Option<JoinHandle<Result<(), hyper::Error>>>,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Engine")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

/// An answer with its status.
struct Answer<B> {
    status: u16,
    body: B,
    /// What is said in place of a body, where the request was refused.
    refusal: Vec<u8>,
}

/// An answer that has begun and has no end.
#[derive(Debug)]
pub(crate) struct Stream {
    /// The connection lasts as long as this.
    _connection: Connection,
    pub(crate) body: Incoming,
}

/// The whole of an answer's body.
type Whole = Vec<u8>;

/// The form of the engine's refusals.
#[derive(Deserialize)]
struct Message {
    message: String,
}

impl Engine {
    /// The engine at an endpoint, which is not asked yet. One answer may take `patience`.
    pub fn new(endpoint: Endpoint, patience: Duration) -> Self {
        Self(Arc::new(Inner {
            endpoint,
            patience,
            version: OnceCell::new(),
            idle: Mutex::default(),
        }))
    }

    /// Where it is, as people write it.
    pub fn name(&self) -> &str {
        &self.0.endpoint.name
    }

    /// Whether it is reached by a socket or a pipe of this machine: its files are here then.
    pub fn is_here(&self) -> bool {
        matches!(self.0.endpoint.address, Address::Unix(_) | Address::Pipe(_))
    }

    /// The version of the API that is spoken with it.
    pub async fn api_version(&self) -> Result<ApiVersion, DockerError> {
        let negotiated = self.0.version.get_or_try_init(|| self.negotiate());
        negotiated.await.copied()
    }

    async fn negotiate(&self) -> Result<ApiVersion, DockerError> {
        /// `/version` names it in its body on every engine that there ever was.
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Version {
            api_version: String,
        }
        let answer = self
            .send::<Whole>(Method::GET, "/version", None, "/version")
            .await?;
        if !is_done(answer.status) {
            return Err(self.refusal("/version", &answer));
        }
        let found: Version = self.read("/version", &answer)?;
        let theirs = ApiVersion::parse(&found.api_version).ok_or_else(|| DockerError::Answer {
            endpoint: self.name().to_owned(),
            what: "/version".to_owned(),
            reason: format!("{:?} is no version of an API", found.api_version),
        })?;
        if theirs < OLDEST {
            return Err(DockerError::TooOld {
                endpoint: self.name().to_owned(),
                version: theirs.to_string(),
                needed: OLDEST.to_string(),
            });
        }
        Ok(theirs.min(NEWEST))
    }

    /// Gets an object.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, DockerError> {
        let answer = self.ask::<Whole>(Method::GET, path, None).await?;
        self.read(path, &answer)
    }

    /// Gets a list of objects, each read as it comes: the whole is never in memory.
    pub async fn get_list<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, DockerError> {
        let answer = self.ask::<List<T>>(Method::GET, path, None).await?;
        let found = answer.body.finish();
        found.map_err(|error| self.unread(path, &error))
    }

    /// Gets an object as its bytes are.
    pub async fn get_bytes(&self, path: &str) -> Result<Vec<u8>, DockerError> {
        Ok(self.ask::<Whole>(Method::GET, path, None).await?.body)
    }

    /// Sends an object. What comes back is not read.
    pub async fn post(&self, path: &str, object: &Value) -> Result<(), DockerError> {
        let body = Bytes::from(object.to_string());
        self.ask::<Whole>(Method::POST, path, Some(body)).await?;
        Ok(())
    }

    /// Asks at the version that both sides know.
    async fn ask<B: Body + Default>(
        &self,
        method: Method,
        path: &str,
        body: Option<Bytes>,
    ) -> Result<Answer<B>, DockerError> {
        let version = self.api_version().await?;
        let whole = format!("/v{version}{path}");
        let answer = self.send(method, &whole, body, path).await?;
        if is_done(answer.status) {
            return Ok(answer);
        }
        Err(self.refusal(path, &answer))
    }

    fn refusal<B>(&self, path: &str, answer: &Answer<B>) -> DockerError {
        if is_plain_refused(answer.status, &answer.refusal) {
            return DockerError::WantsTls {
                endpoint: self.name().to_owned(),
            };
        }
        let message = serde_json::from_slice::<Message>(&answer.refusal)
            .map(|message| message.message)
            .unwrap_or_default();
        let endpoint = self.name().to_owned();
        let message = message.trim().to_owned();
        let bare = path.split('?').next().unwrap_or(path);
        if let Some(reason) = leaderless::reason(answer.status, &message) {
            let reason = reason.to_owned();
            return DockerError::SwarmTrouble { endpoint, reason };
        }
        match answer.status {
            503 | 406 if message.contains("docker swarm init") => DockerError::NoSwarm { endpoint },
            503 | 406 if message.contains("not a swarm manager") => DockerError::NotManager {
                endpoint,
                managers: Vec::new(),
            },
            503 => DockerError::SwarmTrouble {
                endpoint,
                reason: message,
            },
            404 => DockerError::NotFound {
                endpoint,
                what: in_words(bare),
            },
            500 | 409 if message.contains("out of sequence") => DockerError::OutOfDate {
                what: in_words(bare),
            },
            status => DockerError::Refused {
                endpoint,
                what: bare.to_owned(),
                status,
                message: if message.is_empty() {
                    "no reason given".to_owned()
                } else {
                    message
                },
            },
        }
    }

    fn read<T: DeserializeOwned>(
        &self,
        path: &str,
        answer: &Answer<Whole>,
    ) -> Result<T, DockerError> {
        serde_json::from_slice(&answer.body).map_err(|error| self.unread(path, &error))
    }

    fn unread(&self, path: &str, error: &serde_json::Error) -> DockerError {
        DockerError::Answer {
            endpoint: self.name().to_owned(),
            what: path.split('?').next().unwrap_or(path).to_owned(),
            reason: error.to_string(),
        }
    }

    /// Sends a request, once more where a connection that waited had been closed meanwhile.
    async fn send<B: Body + Default>(
        &self,
        method: Method,
        path: &str,
        body: Option<Bytes>,
        what: &str,
    ) -> Result<Answer<B>, DockerError> {
        let exchange = async {
            let waiting = self
                .0
                .idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop();
            if let Some(mut connection) = waiting
                && connection.sender.ready().await.is_ok()
            {
                match self
                    .once(&mut connection, &method, path, body.clone(), what)
                    .await
                {
                    // What cannot be read is so another time too.
                    unread @ Err(DockerError::Answer { .. }) => return unread,
                    // What was sent may have been carried out: only a question is asked twice.
                    Err(_) if method == Method::GET => {}
                    other => return self.kept(connection, other),
                }
            }
            let mut connection = self.connection().await?;
            let answer = self.once(&mut connection, &method, path, body, what).await;
            self.kept(connection, answer)
        };
        tokio::time::timeout(self.0.patience, exchange)
            .await
            .unwrap_or_else(|_| Err(self.deadline(what)))
    }

    /// A connection that did well waits for the next request.
    fn kept<B>(
        &self,
        connection: Connection,
        answer: Result<Answer<B>, DockerError>,
    ) -> Result<Answer<B>, DockerError> {
        if answer.is_ok() {
            let mut idle = self.0.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.push(connection);
        }
        answer
    }

    async fn connection(&self) -> Result<Connection, DockerError> {
        let stream = connect(&self.0.endpoint).await?;
        let (sender, connection) = handshake(TokioIo::new(stream))
            .await
            .map_err(|error| self.broken(&error))?;
        Ok(Connection {
            sender,
            end: Some(tokio::spawn(connection)),
        })
    }

    /// Why a request was not answered. One that came too late knows only that the connection was over; what
    /// ended that says more.
    async fn unanswered(&self, connection: &mut Connection, error: &hyper::Error) -> DockerError {
        if error.is_canceled()
            && io_cause(error).is_none()
            && let Some(end) = connection.end.take()
            && let Ok(Ok(Err(why))) = tokio::time::timeout(END, end).await
        {
            return self.broken(&why);
        }
        self.broken(error)
    }

    async fn once<B: Body + Default>(
        &self,
        connection: &mut Connection,
        method: &Method,
        path: &str,
        body: Option<Bytes>,
        what: &str,
    ) -> Result<Answer<B>, DockerError> {
        let response = self.begin(connection, method, path, body).await?;
        let status = response.status().as_u16();
        let mut answer = Answer {
            status,
            body: B::default(),
            refusal: Vec::new(),
        };
        let body = response.into_body();
        if is_done(status) {
            self.take(body, &mut answer.body, what).await?;
        } else {
            self.take(body, &mut answer.refusal, what).await?;
        }
        Ok(answer)
    }

    /// Takes a body as it comes.
    async fn take(
        &self,
        mut body: Incoming,
        into: &mut impl Body,
        what: &str,
    ) -> Result<(), DockerError> {
        let mut size = 0;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| self.broken(&error))?;
            // Trailers say nothing.
            let Ok(bytes) = frame.into_data() else {
                continue;
            };
            size += bytes.len();
            if size > MOST {
                return Err(DockerError::Answer {
                    endpoint: self.name().to_owned(),
                    what: what.split('?').next().unwrap_or(what).to_owned(),
                    reason: "it is larger than 512 MiB".to_owned(),
                });
            }
            into.take(&bytes)
                .map_err(|error| self.unread(what, &error))?;
        }
        Ok(())
    }

    /// Sends a request, and gives back the answer as it begins.
    async fn begin(
        &self,
        connection: &mut Connection,
        method: &Method,
        path: &str,
        body: Option<Bytes>,
    ) -> Result<Response<Incoming>, DockerError> {
        let host = match &self.0.endpoint.address {
            Address::Tcp { host, port, .. } => format!("{host}:{port}"),
            _ => "docker".to_owned(),
        };
        let mut request = Request::builder()
            .method(method.clone())
            .uri(path)
            .header(HOST, host);
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let request = request
            .body(Full::new(body.unwrap_or_default()))
            .map_err(|error| DockerError::Settings(format!("{path}: {error}")))?;
        match connection.sender.send_request(request).await {
            Ok(response) => Ok(response),
            Err(error) => Err(self.unanswered(connection, &error).await),
        }
    }

    /// Begins an answer that has no end, on a connection of its own. Only its beginning is waited for no
    /// longer than for any other answer.
    pub(crate) async fn stream(&self, path: &str) -> Result<Stream, DockerError> {
        let version = self.api_version().await?;
        let whole = format!("/v{version}{path}");
        let beginning = async {
            let mut connection = self.connection().await?;
            let response = self
                .begin(&mut connection, &Method::GET, &whole, None)
                .await?;
            let status = response.status().as_u16();
            let body = response.into_body();
            if (200..300).contains(&status) {
                return Ok(Stream {
                    _connection: connection,
                    body,
                });
            }
            let mut refusal: Whole = Vec::new();
            self.take(body, &mut refusal, path).await?;
            Err(self.refusal(
                path,
                &Answer {
                    status,
                    body: Whole::new(),
                    refusal,
                },
            ))
        };
        tokio::time::timeout(self.0.patience, beginning)
            .await
            .unwrap_or_else(|_| Err(self.deadline(path)))
    }

    fn deadline(&self, what: &str) -> DockerError {
        DockerError::Deadline {
            endpoint: self.name().to_owned(),
            what: what.split('?').next().unwrap_or(what).to_owned(),
            within: self.0.patience,
        }
    }

    pub(crate) fn broken(&self, error: &hyper::Error) -> DockerError {
        if error.is_parse() {
            return DockerError::NoHttp {
                endpoint: self.name().to_owned(),
                reason: error.to_string(),
            };
        }
        let cause = io_cause(error);
        if let (Some(words), Address::Ssh { .. }) = (cause, &self.0.endpoint.address) {
            return DockerError::Ssh {
                endpoint: self.name().to_owned(),
                reason: words.to_string(),
            };
        }
        match cause {
            Some(io) => of_io(&self.0.endpoint, io),
            None => DockerError::Unreachable {
                endpoint: self.name().to_owned(),
                reason: "the connection broke off".to_owned(),
            },
        }
    }
}

/// What the stream said, wherever hyper keeps it: of a request that was not begun it is the cause's cause.
fn io_cause(error: &hyper::Error) -> Option<&std::io::Error> {
    let mut cause = error.source();
    while let Some(one) = cause {
        if let Some(io) = one.downcast_ref() {
            return Some(io);
        }
        cause = one.source();
    }
    None
}

/// Whether a status says that what was asked for was done.
fn is_done(status: u16) -> bool {
    (200..300).contains(&status)
}

/// Whether these are the words in which Go's servers refuse plain HTTP where they speak TLS.
fn is_plain_refused(status: u16, text: &[u8]) -> bool {
    status == 400 && text.starts_with(b"Client sent an HTTP request to an HTTPS server")
}

/// `service fax` of `/services/fax/update`.
fn in_words(path: &str) -> String {
    let mut parts = path.trim_start_matches('/').split('/');
    match (parts.next(), parts.next()) {
        (Some(kind), Some(name)) => format!("{} {name}", kind.trim_end_matches('s')),
        _ => path.to_owned(),
    }
}
