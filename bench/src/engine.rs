//! A simulated engine of a large Swarm on a Unix socket: what a manager answers to the questions that
//! winfit asks, at the sizes that real engines send.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::fleet;

/// What it answers, by path.
pub struct Answers {
    lists: Vec<(&'static str, Vec<u8>)>,
}

impl Answers {
    /// The Swarm, generated; the same in every run.
    pub fn generated(nodes: usize, services: usize, tasks: usize) -> Self {
        let version = json!({"Version": "28.5.1", "ApiVersion": "1.51", "MinAPIVersion": "1.24", "Os": "linux", "Arch": "amd64"});
        let list = |count: usize, one: &dyn Fn(usize) -> Value| {
            let mut text = b"[".to_vec();
            for at in 0..count {
                if at > 0 {
                    text.push(b',');
                }
                text.extend(one(at).to_string().into_bytes());
            }
            text.extend(b"]\n");
            text
        };
        Self {
            lists: vec![
                ("/version", version.to_string().into_bytes()),
                ("/info", fleet::info(nodes).to_string().into_bytes()),
                ("/nodes", list(nodes, &fleet::node)),
                ("/services", list(services, &fleet::service)),
                (
                    "/tasks",
                    list(tasks, &|at| fleet::task(at, nodes, services)),
                ),
            ],
        }
    }

    /// How many bytes an answer has.
    pub fn size(&self, path: &str) -> usize {
        self.of(path).map_or(0, <[u8]>::len)
    }

    fn of(&self, path: &str) -> Option<&[u8]> {
        let bare = path.split('?').next().unwrap_or(path);
        // `/v1.47/nodes`
        let bare = match bare.strip_prefix("/v1.").and_then(|rest| rest.find('/')) {
            Some(at) => &bare["/v1.".len() + at..],
            None => bare,
        };
        let mut lists = self.lists.iter();
        lists
            .find(|(path, _)| *path == bare)
            .map(|(_, answer)| answer.as_slice())
    }
}

/// Listens until the process ends; each connection has a thread.
pub fn listen(socket: &Path, answers: Answers) -> std::io::Result<()> {
    let listener = UnixListener::bind(socket)?;
    let answers = Arc::new(answers);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answers = Arc::clone(&answers);
            // Who leaves in the middle of an answer is nobody's failure.
            std::thread::spawn(move || drop(serve(stream, &answers)));
        }
    });
    Ok(())
}

fn serve(stream: UnixStream, answers: &Answers) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut request = String::new();
        if reader.read_line(&mut request)? == 0 {
            return Ok(());
        }
        loop {
            let mut header = String::new();
            if reader.read_line(&mut header)? == 0 || header.trim_end().is_empty() {
                break;
            }
        }
        let path = request.split(' ').nth(1).unwrap_or_default();
        let stream = reader.get_mut();
        if let Some(body) = answers.of(path) {
            // As Go writes what it encodes at once: one chunk, and no length.
            let head = format!(
                "HTTP/1.1 200 OK\r\nApi-Version: 1.51\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n",
                body.len()
            );
            stream.write_all(head.as_bytes())?;
            stream.write_all(body)?;
            stream.write_all(b"\r\n0\r\n\r\n")?;
        } else {
            let body = r#"{"message":"page not found"}"#;
            let head = format!(
                "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(head.as_bytes())?;
        }
    }
}
