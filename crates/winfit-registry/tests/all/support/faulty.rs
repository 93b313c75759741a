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
    pub(crate) body: String,
}

/// A path's replies; the last one stands for all that follow.
type Script = HashMap<String, Vec<Reply>>;

/// The server. Its threads end with the test's process.
pub(crate) struct Faulty {
    port: u16,
    script: Arc<Mutex<Script>>,
    seen: Arc<Mutex<Vec<Seen>>>,
    /// Requests that are served now, and the most that ever were.
    at_once: Arc<Mutex<(usize, usize)>>,
}

impl Faulty {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            script: Arc::default(),
            seen: Arc::default(),
            at_once: Arc::default(),
        };
        let (script, seen) = (server.script.clone(), server.seen.clone());
        let at_once = server.at_once.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (script, seen) = (script.clone(), seen.clone());
                let at_once = at_once.clone();
                std::thread::spawn(move || {
                    {
                        let mut at_once = at_once.lock().unwrap();
                        at_once.0 += 1;
                        at_once.1 = at_once.1.max(at_once.0);
                    }
                    serve(stream, &script, &seen, &at_once);
                });
            }
        });
        server
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The same server under another name.
    pub(crate) fn other_host(&self) -> String {
        format!("localhost:{}", self.port)
    }

    /// What a path, without its query, is answered with, in turn.
    pub(crate) fn on(&self, path: &str, replies: impl IntoIterator<Item = Reply>) {
        let replies = replies.into_iter().collect();
        self.script.lock().unwrap().insert(path.to_owned(), replies);
    }

    /// The requests that came so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// The most requests that were served at a time.
    pub(crate) fn most_at_once(&self) -> usize {
        self.at_once.lock().unwrap().1
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

/// One request a connection: what follows a fault is nobody's concern.
fn serve(
    stream: TcpStream,
    script: &Mutex<Script>,
    seen: &Mutex<Vec<Seen>>,
    at_once: &Mutex<(usize, usize)>,
) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    // TLS is spoken to it: what servers of plain HTTP say to that.
    if reader.fill_buf().ok()?.first() == Some(&0x16) {
        let _ = send(stream, Reply::Say(400, Vec::new(), Vec::new()));
        at_once.lock().unwrap().0 -= 1;
        return None;
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
    seen.lock().unwrap().push(Seen {
        method,
        target: target.clone(),
        authorization: headers.remove("authorization"),
        body: String::from_utf8(body).unwrap(),
    });
    let reply = {
        let mut script = script.lock().unwrap();
        match script.get_mut(bare(&target)) {
            Some(replies) if replies.len() > 1 => replies.remove(0),
            Some(replies) => replies[0].clone(),
            None => status(404, ""),
        }
    };
    at_once.lock().unwrap().0 -= 1;
    // Whoever hangs up early has seen enough.
    let _ = send(stream, reply);
    Some(())
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
        Reply::Raw(bytes) => stream.write_all(bytes),
        Reply::Nothing => Ok(()),
    }
}
