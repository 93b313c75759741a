//! A thin proxy before a real engine: every request goes through, and what only Windows says is put into
//! the answers.

use std::collections::HashMap;
use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use serde_json::Value;
use tempfile::TempDir;

/// Changes the JSON of a path, which has neither the API's version nor a query: `/info`,
/// `/images/sha256:…/json`.
type Patch = dyn Fn(&str, &mut Value) + Send + Sync;

/// A proxy; its socket ends with this.
pub(crate) struct Proxy {
    folder: TempDir,
}

/// The first line and the headers of a message, and its body.
struct Message {
    first: String,
    headers: HashMap<String, String>,
    body: Vec<u8>,
}

impl Proxy {
    /// A proxy before the engine at this socket.
    pub(crate) fn start(
        engine: &Path,
        request: impl Fn(&str, &mut Value) + Send + Sync + 'static,
        answer: impl Fn(&str, &mut Value) + Send + Sync + 'static,
    ) -> Self {
        let folder = TempDir::new().unwrap();
        let listener = UnixListener::bind(folder.path().join("sock")).unwrap();
        let engine = engine.to_owned();
        let patches: Arc<(Box<Patch>, Box<Patch>)> =
            Arc::new((Box::new(request), Box::new(answer)));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (engine, patches) = (engine.clone(), Arc::clone(&patches));
                // A client that goes away is no matter of the proxy's.
                thread::spawn(move || exchange(&client, &engine, &patches.0, &patches.1).ok());
            }
        });
        Self { folder }
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("sock")
    }

    /// Its address, as `DOCKER_HOST` has it.
    pub(crate) fn address(&self) -> String {
        format!("unix://{}", self.socket().display())
    }
}

/// One request and its answer.
fn exchange(client: &UnixStream, engine: &Path, request: &Patch, answer: &Patch) -> io::Result<()> {
    let mut asked = Message::read(&mut BufReader::new(client), true)?;
    let server = UnixStream::connect(engine)?;
    let target = asked.first.split(' ').nth(1).unwrap_or_default().to_owned();
    let path = bare(&target);
    let is_upgrade = asked.headers.contains_key("upgrade");
    asked.patch(path, request);
    if !is_upgrade {
        asked.close();
    }
    asked.write(&server)?;
    // What may take long (`wait`, `start`, `attach`) is handed on as it comes: clients wait for its beginning.
    let is_read = asked.first.starts_with("GET ") || asked.first.starts_with("HEAD ");
    // Events come for as long as somebody listens.
    if is_upgrade || !is_read || path == "/events" {
        return tunnel(client, &server);
    }
    let mut answered = Message::read(
        &mut BufReader::new(&server),
        !asked.first.starts_with("HEAD"),
    )?;
    answered.patch(path, answer);
    answered.close();
    answered.write(client)
}

/// Bytes in both directions, for what is no longer HTTP.
fn tunnel(client: &UnixStream, server: &UnixStream) -> io::Result<()> {
    let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(std::net::Shutdown::Write);
    });
    let (mut from, mut to) = (server, client);
    let copied = io::copy(&mut from, &mut to);
    // Also where the engine went away: whoever waits is to know.
    client.shutdown(std::net::Shutdown::Both)?;
    copied.map(|_| ())
}

/// `/info` of `/v1.41/info?x=y`.
fn bare(target: &str) -> &str {
    let path = target.split('?').next().unwrap_or_default();
    match path.strip_prefix("/v") {
        Some(rest) if rest.starts_with(|digit: char| digit.is_ascii_digit()) => {
            rest.find('/').map_or(path, |at| &rest[at..])
        }
        _ => path,
    }
}

impl Message {
    fn read(from: &mut BufReader<impl Read>, has_body: bool) -> io::Result<Self> {
        let mut first = String::new();
        from.read_line(&mut first)?;
        let mut headers = HashMap::new();
        loop {
            let mut line = String::new();
            from.read_line(&mut line)?;
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
        let mut body = Vec::new();
        if has_body {
            match (
                headers.get("content-length"),
                headers.get("transfer-encoding"),
            ) {
                (Some(length), _) => {
                    let length = length.parse().unwrap();
                    from.take(length).read_to_end(&mut body)?;
                }
                (None, Some(_)) => chunks(from, &mut body)?,
                // Without a length the body of an answer ends with the connection.
                (None, None) if first.starts_with("HTTP/") => {
                    from.read_to_end(&mut body)?;
                }
                (None, None) => {}
            }
            headers.remove("transfer-encoding");
        }
        let first = first.trim_end().to_owned();
        Ok(Self {
            first,
            headers,
            body,
        })
    }

    fn patch(&mut self, path: &str, change: &Patch) {
        if let Ok(mut value) = serde_json::from_slice::<Value>(&self.body) {
            let before = value.clone();
            change(path, &mut value);
            if value != before {
                self.body = value.to_string().into_bytes();
            }
        }
    }

    /// One request a connection.
    fn close(&mut self) {
        self.headers
            .insert("connection".to_owned(), "close".to_owned());
        if !self.body.is_empty() {
            let length = self.body.len().to_string();
            self.headers.insert("content-length".to_owned(), length);
        }
    }

    fn write(&self, mut to: impl Write) -> io::Result<()> {
        let mut head = format!("{}\r\n", self.first);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        to.write_all(head.as_bytes())?;
        to.write_all(&self.body)?;
        to.flush()
    }
}

fn chunks(from: &mut BufReader<impl Read>, body: &mut Vec<u8>) -> io::Result<()> {
    loop {
        let mut line = String::new();
        from.read_line(&mut line)?;
        let length = u64::from_str_radix(line.trim(), 16).unwrap_or(0);
        from.by_ref().take(length).read_to_end(body)?;
        line.clear();
        from.read_line(&mut line)?;
        if length == 0 {
            return Ok(());
        }
    }
}
