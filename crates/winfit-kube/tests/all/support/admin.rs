//! Whoever may do everything in a cluster, and the way to its API server.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use serde_json::{Value, json};

use super::api::{ADMIN, Object, token_of};

/// A connection, plain or by TLS.
pub(super) trait Stream: Read + Write {}

impl<T: Read + Write> Stream for T {}

/// Where an API server is.
#[derive(Clone)]
pub(super) struct Upstream {
    pub(super) address: SocketAddr,
    /// None: it speaks plain HTTP, as the stand-in does.
    pub(super) tls: Option<Arc<rustls::ClientConfig>>,
}

impl Upstream {
    pub(super) fn connect(&self) -> std::io::Result<Box<dyn Stream>> {
        let stream = TcpStream::connect(self.address)?;
        // Handshakes are small messages back and forth.
        stream.set_nodelay(true)?;
        let Some(config) = &self.tls else {
            return Ok(Box::new(stream));
        };
        let name = ServerName::from(self.address.ip());
        let connection = rustls::ClientConnection::new(Arc::clone(config), name)
            .map_err(std::io::Error::other)?;
        Ok(Box::new(rustls::StreamOwned::new(connection, stream)))
    }
}

/// Reads to the end. Go's server ends a TLS connection without saying so when it was asked to close it.
pub(super) fn read_to_end(stream: &mut dyn Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Err(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => Err(error),
        _ => Ok(bytes),
    }
}

/// Speaks to the API server for the test itself: past all faults, and not among what was asked.
#[derive(Clone)]
pub(crate) struct Admin {
    pub(super) upstream: Upstream,
    /// Its login. etcd refuses one that it does not know.
    pub(super) token: Option<String>,
    /// Makes the cluster forget all states but today's.
    pub(super) forgets: Arc<dyn Fn() + Send + Sync>,
}

impl Admin {
    pub(super) fn plain(address: SocketAddr) -> Self {
        Self {
            upstream: Upstream { address, tls: None },
            token: Some(token_of(ADMIN)),
            forgets: Arc::new(|| ()),
        }
    }

    /// Sends a request; gives back the status and the body, which is JSON or a text.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<(&str, &Value)>,
    ) -> (u16, Value) {
        self.try_to_send(method, path, body)
            .unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    pub(super) fn try_to_send(
        &self,
        method: &str,
        path: &str,
        body: Option<(&str, &Value)>,
    ) -> std::io::Result<(u16, Value)> {
        let mut stream = self.upstream.connect()?;
        // HTTP/1.0: the answer ends with the connection.
        let mut head = format!(
            "{method} {path} HTTP/1.0\r\nHost: {}\r\nAccept: application/json\r\nUser-Agent: test/1\r\n",
            self.upstream.address
        );
        if let Some(token) = &self.token {
            head += &format!("Authorization: Bearer {token}\r\n");
        }
        let text = body.map(|(_, value)| value.to_string()).unwrap_or_default();
        if let Some((kind, _)) = body {
            head += &format!("Content-Type: {kind}\r\nContent-Length: {}\r\n", text.len());
        }
        stream.write_all(format!("{head}\r\n{text}").as_bytes())?;
        stream.flush()?;
        let bytes = read_to_end(&mut *stream)?;
        let mut reader = BufReader::new(&bytes[..]);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let code = line.split(' ').nth(1).and_then(|code| code.parse().ok());
        let code = code.ok_or_else(|| std::io::Error::other(format!("no answer: {line:?}")))?;
        while line.trim_end() != "" {
            line.clear();
            reader.read_line(&mut line)?;
        }
        let mut rest = Vec::new();
        reader.read_to_end(&mut rest)?;
        let text = String::from_utf8_lossy(&rest).into_owned();
        Ok((code, serde_json::from_str(&text).unwrap_or(json!(text))))
    }

    /// The same where nothing but success will do.
    fn done(&self, method: &str, path: &str, kind: &str, body: &Value) -> Value {
        let (code, answer) = self.send(method, path, Some((kind, body)));
        assert!(
            (200..300).contains(&code),
            "{method} {path}: {code} {answer}"
        );
        answer
    }

    /// Makes an object, with its namespace where that is missing, and with its status where it has one.
    pub(crate) fn create(&self, object: &Value) -> Value {
        let place = Object::of(object);
        let mut body = object.clone();
        body["apiVersion"] = json!(place.api_version);
        let (code, mut made) = self.send("POST", &place.list, Some((JSON, &body)));
        if let (404, Some(namespace)) = (code, &place.namespace) {
            let namespace =
                json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
            self.done("POST", "/api/v1/namespaces", JSON, &namespace);
            made = self.done("POST", &place.list, JSON, &body);
        } else {
            assert_eq!(code, 201, "{}: {made}", place.list);
        }
        if place.status && !object["status"].is_null() {
            self.patch_status(&place.path, &object["status"])
        } else {
            made
        }
    }

    /// Puts an object in the place of the one of its name.
    pub(crate) fn replace(&self, object: &Value) -> Value {
        let place = Object::of(object);
        let mut body = object.clone();
        body["apiVersion"] = json!(place.api_version);
        self.done("PUT", &place.path, JSON, &body)
    }

    /// An object, or a list.
    pub(crate) fn get(&self, path: &str) -> Value {
        let (code, answer) = self.send("GET", path, None);
        assert_eq!(code, 200, "{path}: {answer}");
        answer
    }

    /// Changes an object by a merge patch.
    pub(crate) fn merge(&self, path: &str, wanted: &Value) -> Value {
        self.done("PATCH", path, MERGE, wanted)
    }

    /// Says how an object is, as a kubelet or a controller does.
    pub(crate) fn patch_status(&self, path: &str, status: &Value) -> Value {
        let wanted = json!({"status": status});
        self.done("PATCH", &format!("{path}/status"), MERGE, &wanted)
    }

    /// Watches a list: the events, as they come.
    pub(crate) fn watch(&self, path: &str) -> impl Iterator<Item = Value> + use<> {
        let mut stream = self.upstream.connect().unwrap();
        let head = format!(
            "GET {path} HTTP/1.0\r\nHost: {}\r\nAuthorization: Bearer {}\r\nAccept: application/json\r\n\r\n",
            self.upstream.address,
            token_of(ADMIN)
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.flush().unwrap();
        // Lines between are the head's, and the lengths of chunks.
        let lines = BufReader::new(stream).lines().map_while(Result::ok);
        lines.filter_map(|line| serde_json::from_str(&line).ok().filter(Value::is_object))
    }

    /// Forgets every state but today's: lists of several pages that began before cannot be read on as they
    /// were.
    pub(crate) fn forget(&self) {
        (self.forgets)();
    }

    /// Takes an object out at once.
    pub(crate) fn delete(&self, path: &str) {
        let options = json!({
            "apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0,
            "propagationPolicy": "Background",
        });
        self.done("DELETE", path, JSON, &options);
    }
}

pub(super) const JSON: &str = "application/json";
const MERGE: &str = "application/merge-patch+json";
