//! A server that answers by a script: what a real registry will not do on request.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What is sent for one request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// A status, header lines, a body; the length is told.
    Say(u16, Vec<String>, Vec<u8>),
    /// The first bytes of a body whose whole length is told, and then the end.
    Truncated(Vec<u8>, usize),
    /// A head, and then a byte now and then.
    Drip,
    /// A body, after a while.
    Late(Duration, Vec<u8>),
    /// These bytes, which may be no HTTP.
    Raw(&'static [u8]),
    /// The connection is closed without a word.
    Nothing,
}

/// `200` with a body.
pub(crate) fn ok(body: &[u8]) -> Reply {
    Reply::Say(200, Vec::new(), body.to_vec())
}

/// A status with one header line, and no body.
pub(crate) fn status(status: u16, header: &str) -> Reply {
    let headers = (!header.is_empty()).then(|| header.to_owned());
    Reply::Say(status, headers.into_iter().collect(), Vec::new())
}

/// A request that came.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// The path with its query.
    pub(crate) target: String,
    pub(crate) authorization: Option<String>,
    /// All other headers, by their names in small letters.
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
}

#[derive(Default)]
struct State {
    /// A path's replies; the last one stands for all that follow.
    script: HashMap<String, Vec<Reply>>,
    /// For a path, what must be shown and what is answered then.
    guards: HashMap<String, (String, Reply)>,
    seen: Vec<Seen>,
    /// Requests that are served now, and the most that ever were.
    now: usize,
    most: usize,
}

/// The server. Its threads end with the test's process.
pub(crate) struct Faulty {
    port: u16,
    state: Arc<Mutex<State>>,
}

impl Faulty {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state: Arc<Mutex<State>> = Arc::default();
        let shared = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = shared.clone();
                std::thread::spawn(move || {
                    let reply = read(&stream, &state);
                    // Whoever hangs up early has seen enough.
                    let _ = reply.map(|reply| send(stream, reply));
                });
            }
        });
        Self { port, state }
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The same server under another name.
    pub(crate) fn other_host(&self) -> String {
        format!("localhost:{}", self.port)
    }

    /// What a path, without its query, is answered with, in turn.
    pub(crate) fn on(&self, path: &str, replies: impl IntoIterator<Item = Reply>) {
        let replies = replies.into_iter().collect();
        self.state
            .lock()
            .unwrap()
            .script
            .insert(path.to_owned(), replies);
    }

    /// A path that answers one thing to who shows this header, and another to all others.
    pub(crate) fn guard(&self, path: &str, authorization: &str, refusal: Reply, reply: Reply) {
        let guard = (authorization.to_owned(), reply);
        self.state
            .lock()
            .unwrap()
            .guards
            .insert(path.to_owned(), guard);
        self.on(path, [refusal]);
    }

    /// The requests that came so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.state.lock().unwrap().seen.clone()
    }

    /// The most requests that were served at a time.
    pub(crate) fn most_at_once(&self) -> usize {
        self.state.lock().unwrap().most
    }

    /// How many requests of a path came so far.
    pub(crate) fn count(&self, path: &str) -> usize {
        let seen = self.seen();
        seen.iter()
            .filter(|seen| bare(&seen.target) == path)
            .count()
    }
}

fn bare(target: &str) -> &str {
    target.split('?').next().unwrap()
}

/// Reads a request and finds its reply. One request a connection: what follows a fault is nobody's
/// concern.
fn read(stream: &TcpStream, state: &Mutex<State>) -> Option<Reply> {
    let mut reader = BufReader::new(stream);
    // TLS is spoken to it: what servers of plain HTTP say to that.
    if reader.fill_buf().ok()?.first() == Some(&0x16) {
        return Some(status(400, ""));
    }
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next()?, words.next()?);
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers
        .get("content-length")
        .map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    {
        let mut state = state.lock().unwrap();
        state.now += 1;
        state.most = state.most.max(state.now);
    }
    // Long enough for those who come at the same time to be seen together.
    std::thread::sleep(Duration::from_millis(5));
    let mut state = state.lock().unwrap();
    state.now -= 1;
    let path = bare(&target).to_owned();
    let seen = Seen {
        method,
        target,
        authorization: headers.remove("authorization"),
        headers,
        body: String::from_utf8(body).unwrap(),
    };
    state.seen.push(seen.clone());
    if let Some((wanted, reply)) = state.guards.get(&path)
        && seen.authorization.as_ref() == Some(wanted)
    {
        return Some(reply.clone());
    }
    Some(match state.script.get_mut(&path) {
        Some(replies) if replies.len() > 1 => replies.remove(0),
        Some(replies) => replies[0].clone(),
        None => status(404, ""),
    })
}

fn send(mut stream: TcpStream, reply: Reply) -> std::io::Result<()> {
    let head = |status: u16, headers: &[String], length: usize| {
        let headers: String = headers
            .iter()
            .map(|header| format!("{header}\r\n"))
            .collect();
        format!(
            "HTTP/1.1 {status} X\r\n{headers}connection: close\r\ncontent-length: {length}\r\n\r\n"
        )
    };
    match reply {
        Reply::Say(status, headers, body) => {
            stream.write_all(head(status, &headers, body.len()).as_bytes())?;
            stream.write_all(&body)
        }
        Reply::Truncated(body, length) => {
            stream.write_all(head(200, &[], length).as_bytes())?;
            stream.write_all(&body)
        }
        Reply::Drip => {
            stream.write_all(head(200, &[], 1_000_000).as_bytes())?;
            loop {
                stream.write_all(b" ")?;
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        Reply::Late(pause, body) => {
            std::thread::sleep(pause);
            stream.write_all(head(200, &[], body.len()).as_bytes())?;
            stream.write_all(&body)
        }
        Reply::Raw(bytes) => stream.write_all(bytes),
        Reply::Nothing => Ok(()),
    }
}
