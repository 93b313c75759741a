//! Just enough of HTTP/1.1: one request a connection.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};

use serde_json::Value;

/// A request.
pub(crate) struct Request {
    pub(crate) method: String,
    /// The path with its query.
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn read(stream: &TcpStream) -> Option<Self> {
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let mut words = line.split_whitespace();
        let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim_end().split_once(':') else {
                break;
            };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut request = Self {
            method,
            target,
            headers,
            body: Vec::new(),
        };
        let length = request
            .header("content-length")
            .and_then(|text| text.parse().ok());
        request.body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut request.body).ok()?;
        request.log_in_by_path();
        Some(request)
    }

    /// kubectl sends no token over plain HTTP, so that its kubeconfig names its user in the path: `/as/admin`.
    fn log_in_by_path(&mut self) {
        let Some((user, rest)) = self
            .target
            .strip_prefix("/as/")
            .and_then(|at| at.split_once('/'))
        else {
            return;
        };
        let bearer = format!("Bearer {}", super::token_of(user));
        self.headers.retain(|(name, _)| name != "authorization");
        self.headers.push(("authorization".to_owned(), bearer));
        self.target = format!("/{rest}");
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// A parameter of the query.
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        let (_, query) = self.target.split_once('?')?;
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    pub(crate) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// An answer.
pub(crate) struct Response {
    pub(crate) code: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn json(code: u16, value: &Value) -> Self {
        Self {
            code,
            headers: Vec::new(),
            body: value.to_string().into_bytes(),
        }
    }

    /// Begins an answer whose length is not known.
    pub(crate) fn begin_chunks(stream: &mut TcpStream) -> std::io::Result<()> {
        stream.write_all(
            b"HTTP/1.1 200 X\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
        )
    }

    /// Writes it; `cut`: only half of its body. A client that is gone wants nothing.
    pub(crate) fn write(&self, stream: &mut TcpStream, cut: bool) {
        let mut head = format!(
            "HTTP/1.1 {} X\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n",
            self.code,
            if self.body.starts_with(b"{") {
                "application/json"
            } else {
                "text/plain; charset=utf-8"
            },
            self.body.len()
        );
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        let end = if cut {
            self.body.len() / 2
        } else {
            self.body.len()
        };
        let written = stream
            .write_all(head.as_bytes())
            .and_then(|()| stream.write_all(&self.body[..end]));
        if written.is_ok() {
            let _ = stream.shutdown(Shutdown::Write);
        }
    }
}
