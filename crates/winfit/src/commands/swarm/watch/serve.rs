//! `/metrics` and `/healthz`: two short answers over plain HTTP, and nothing else.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// The longest head of a request.
const LONGEST: usize = 8 * 1024;
/// How long one request may take, its answer included.
const PATIENCE: Duration = Duration::from_secs(5);
/// So many requests are answered at a time; more wait.
const AT_A_TIME: usize = 16;

/// What is counted.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    pub(super) nodes: AtomicU64,
    pub(super) services: AtomicU64,
    /// Findings: errors, warnings, infos.
    pub(super) findings: [AtomicU64; 3],
    pub(super) leads: AtomicU64,
    pub(super) labelled: AtomicU64,
    pub(super) constrained: AtomicU64,
    /// Writes that failed.
    pub(super) failed_writes: AtomicU64,
    pub(super) rounds: AtomicU64,
    pub(super) failed_rounds: AtomicU64,
    pub(super) reconnects: AtomicU64,
    /// When the Swarm was last read well, in milliseconds since 1970; 0: not yet.
    pub(super) read_at: AtomicU64,
    /// The same by a clock that only goes forward.
    pub(super) read: Mutex<Option<Instant>>,
}

impl Metrics {
    /// One more.
    pub(super) fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// So many.
    pub(super) fn set(gauge: &AtomicU64, value: usize) {
        gauge.store(value as u64, Ordering::Relaxed);
    }

    /// The Swarm was read well just now.
    pub(super) fn read_now(&self) {
        Self::add(&self.rounds);
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let millis = since.map_or(0, |since| since.as_millis() as u64);
        self.read_at.store(millis, Ordering::Relaxed);
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Whether the Swarm was read well lately.
    fn is_healthy(&self, within: Duration) -> bool {
        let read = *self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.is_some_and(|read| read.elapsed() <= within)
    }

    /// As Prometheus reads it.
    fn text(&self) -> String {
        let of = |value: &AtomicU64| value.load(Ordering::Relaxed);
        let millis = of(&self.read_at);
        let mut text = String::new();
        let mut add = |name: &str, kind: &str, help: &str, lines: &[(&str, String)]| {
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
            for (labels, value) in lines {
                let _ = writeln!(text, "{name}{labels} {value}");
            }
        };
        let one = |value: &AtomicU64| [("", of(value).to_string())];
        add(
            "winfit_swarm_nodes",
            "gauge",
            "Nodes of the Swarm.",
            &one(&self.nodes),
        );
        add(
            "winfit_swarm_services",
            "gauge",
            "Services of the Swarm.",
            &one(&self.services),
        );
        let [errors, warnings, infos] = &self.findings;
        add(
            "winfit_swarm_findings",
            "gauge",
            "Findings by severity.",
            &[
                ("{severity=\"error\"}", of(errors).to_string()),
                ("{severity=\"warning\"}", of(warnings).to_string()),
                ("{severity=\"info\"}", of(infos).to_string()),
            ],
        );
        add(
            "winfit_swarm_leader",
            "gauge",
            "Whether the manager that is asked leads: only then something is told and written.",
            &one(&self.leads),
        );
        add(
            "winfit_swarm_label_writes_total",
            "counter",
            "Nodes that were given labels.",
            &one(&self.labelled),
        );
        add(
            "winfit_swarm_constraint_writes_total",
            "counter",
            "Services that were given constraints.",
            &one(&self.constrained),
        );
        add(
            "winfit_swarm_failed_writes_total",
            "counter",
            "Writes that failed.",
            &one(&self.failed_writes),
        );
        add(
            "winfit_swarm_rounds_total",
            "counter",
            "How often the Swarm was read well.",
            &one(&self.rounds),
        );
        add(
            "winfit_swarm_failed_rounds_total",
            "counter",
            "How often it could not be read.",
            &one(&self.failed_rounds),
        );
        add(
            "winfit_swarm_reconnects_total",
            "counter",
            "How often the engine's events were listened to anew.",
            &one(&self.reconnects),
        );
        add(
            "winfit_swarm_last_success_timestamp_seconds",
            "gauge",
            "When the Swarm was last read well; 0: not yet.",
            &[("", format!("{}.{:03}", millis / 1000, millis % 1000))],
        );
        text
    }
}

/// Listens at an address.
pub(super) async fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// Answers until the task ends. `fresh`: how old the last good reading may be for good health.
pub(super) async fn serve(listener: TcpListener, metrics: Arc<Metrics>, fresh: Duration) {
    let gate = Arc::new(Semaphore::new(AT_A_TIME));
    loop {
        let Ok(through) = Arc::clone(&gate).acquire_owned().await else {
            return;
        };
        let Ok((stream, _)) = listener.accept().await else {
            // Too many open files, as a rule: others will be closed.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let metrics = Arc::clone(&metrics);
        tokio::spawn(async move {
            // A reader that goes away is no matter of the watch's.
            let _ = tokio::time::timeout(PATIENCE, exchange(stream, &metrics, fresh)).await;
            drop(through);
        });
    }
}

async fn exchange(
    mut stream: TcpStream,
    metrics: &Metrics,
    fresh: Duration,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    let mut bytes = [0; 1024];
    while !head.windows(4).any(|part| part == b"\r\n\r\n") {
        let count = stream.read(&mut bytes).await?;
        if count == 0 {
            return Ok(());
        }
        head.extend_from_slice(&bytes[..count]);
        if head.len() > LONGEST {
            break;
        }
    }
    let answer = answer(&head, metrics, fresh);
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}

fn answer(head: &[u8], metrics: &Metrics, fresh: Duration) -> String {
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let path = target.split('?').next().unwrap_or_default();
    let (status, body) = match (method, path) {
        _ if head.len() > LONGEST => ("431 Request Header Fields Too Large", String::new()),
        ("GET" | "HEAD", "/metrics") => ("200 OK", metrics.text()),
        ("GET" | "HEAD", "/healthz") if metrics.is_healthy(fresh) => ("200 OK", "ok\n".to_owned()),
        ("GET" | "HEAD", "/healthz") => (
            "503 Service Unavailable",
            "the Swarm was not read lately\n".to_owned(),
        ),
        ("GET" | "HEAD", _) => (
            "404 Not Found",
            "there are /metrics and /healthz\n".to_owned(),
        ),
        _ => ("405 Method Not Allowed", String::new()),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    if method == "HEAD" { head } else { head + &body }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(request: &str) -> String {
        let metrics = Metrics::default();
        let answer = answer(request.as_bytes(), &metrics, Duration::from_mins(1));
        answer.split("\r\n").next().unwrap().to_owned()
    }

    #[test]
    fn two_pages_and_nothing_else() {
        assert_eq!(status("GET /metrics HTTP/1.1\r\n\r\n"), "HTTP/1.1 200 OK");
        assert_eq!(
            status("GET /healthz HTTP/1.0\r\n\r\n"),
            "HTTP/1.1 503 Service Unavailable"
        );
        assert_eq!(status("GET / HTTP/1.1\r\n\r\n"), "HTTP/1.1 404 Not Found");
        assert_eq!(
            status("POST /metrics HTTP/1.1\r\n\r\n"),
            "HTTP/1.1 405 Method Not Allowed"
        );
        assert_eq!(
            status(&"x".repeat(LONGEST + 1)),
            "HTTP/1.1 431 Request Header Fields Too Large"
        );
    }

    #[test]
    fn health_is_a_swarm_that_was_read() {
        let metrics = Metrics::default();
        metrics.read_now();
        assert!(metrics.is_healthy(Duration::from_mins(1)));
        assert!(metrics.text().contains("winfit_swarm_rounds_total 1\n"));
    }
}
