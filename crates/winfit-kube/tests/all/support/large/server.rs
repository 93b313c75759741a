//! Serves a large cluster: lists, page by page, made as they are asked for.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;

use super::{Kind, Large};

/// A server of a large cluster, on a free port of loopback. It takes any token, changes nothing, and selects
/// only events, by their type.
pub(crate) struct LargeServer {
    pub(crate) address: SocketAddr,
}

/// Lists of kinds of which there is none.
const EMPTY: [&str; 5] = [
    "/api/v1/namespaces",
    "/api/v1/replicationcontrollers",
    "/apis/apps/v1/statefulsets",
    "/apis/batch/v1/cronjobs",
    "/apis/argoproj.io/v1alpha1/rollouts",
];

impl LargeServer {
    pub(super) fn start(large: Large) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let large = Arc::new(large);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let large = Arc::clone(&large);
                // A client that goes has what it wants.
                std::thread::spawn(move || serve(&stream, &large));
            }
        });
        Ok(Self { address })
    }

    /// Writes a kubeconfig that leads to it.
    pub(crate) fn write_kubeconfig(&self, path: &Path) -> std::io::Result<()> {
        let config = serde_json::json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "large",
            "clusters": [{"name": "large", "cluster": {"server": format!("http://{}", self.address)}}],
            "users": [{"name": "admin", "user": {"token": "token"}}],
            "contexts": [{"name": "large", "context": {"cluster": "large", "user": "admin"}}],
        });
        std::fs::write(path, config.to_string())
    }
}

/// Answers requests until the client has no more.
fn serve(mut stream: &TcpStream, large: &Large) -> std::io::Result<()> {
    // Whole pages are written at once.
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    let (mut line, mut answer) = (String::new(), Vec::new());
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
        while line.trim_end() != "" {
            line.clear();
            reader.read_line(&mut line)?;
        }
        answer.clear();
        let found = body(large, &target, &mut answer);
        let status = if found { "200 OK" } else { "404 Not Found" };
        let length = answer.len();
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(&answer)?;
    }
}

fn body(large: &Large, target: &str, out: &mut Vec<u8>) -> bool {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let parameter = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(own, _)| *own == name).map(|(_, value)| value)
    };
    if EMPTY.contains(&path) {
        out.extend_from_slice(b"{\"metadata\":{\"resourceVersion\":\"30000000\"},\"items\":[]}");
        return true;
    }
    let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.path() == path) else {
        return false;
    };
    let mut count = large.count(kind);
    // Warnings come first.
    let warnings =
        |fields: &str| fields.contains("type%3DWarning") || fields.contains("type=Warning");
    if kind == Kind::Event && parameter("fieldSelector").is_some_and(warnings) {
        count = large.failing();
    }
    let start = parameter("continue")
        .and_then(|token| token.parse().ok())
        .unwrap_or(0);
    let limit = parameter("limit").and_then(|text| text.parse().ok());
    let limit = limit.filter(|limit| *limit > 0).unwrap_or(usize::MAX);
    let end = count.min(usize::saturating_add(start, limit));
    let version = kind.api_version();
    let mut head = format!(
        "{{\"kind\":\"{kind:?}List\",\"apiVersion\":\"{version}\",\"metadata\":{{\"resourceVersion\":\"30000000\""
    );
    if end < count {
        let left = count - end;
        let _ = write!(
            head,
            ",\"continue\":\"{end}\",\"remainingItemCount\":{left}"
        );
    }
    out.extend_from_slice(head.as_bytes());
    out.extend_from_slice(b"},\"items\":[");
    for at in start..end {
        if at > start {
            out.push(b',');
        }
        large.write(kind, at, false, out);
    }
    out.extend_from_slice(b"]}\n");
    true
}
