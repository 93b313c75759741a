//! `ssh HOST docker system dial-stdio` as a stream.

use std::io;
use std::pin::Pin;
use std::process::Stdio;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::Duplex;
use crate::endpoint::Endpoint;
use crate::error::DockerError;

/// The engine at the other end of ssh, whose keys and questions are ssh's own business.
pub(super) fn begin(
    endpoint: &Endpoint,
    destination: &str,
    port: Option<u16>,
    socket: Option<&str>,
) -> Result<Box<dyn Duplex>, DockerError> {
    let mut command = Command::new("ssh");
    if let Some(port) = port {
        command.args(["-p", &port.to_string()]);
    }
    command.args(["-o", "ConnectTimeout=30", "-T", "--", destination, "docker"]);
    if let Some(socket) = socket {
        command.arg(format!("--host=unix://{socket}"));
    }
    command
        .args(["system", "dial-stdio"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let failed = |reason: String| DockerError::Ssh {
        endpoint: endpoint.name.clone(),
        reason,
    };
    let mut child = command.spawn().map_err(|error| {
        failed(match error.kind() {
            io::ErrorKind::NotFound => "the command ssh is not installed".to_owned(),
            _ => error.to_string(),
        })
    })?;
    let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(failed("it has no pipes".to_owned()));
    };
    Ok(Box::new(Piped {
        child,
        input,
        output,
        words: Vec::new(),
    }))
}

/// A process that speaks for an engine. It ends with this.
struct Piped {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
    /// What it has said of its errors so far.
    words: Vec<u8>,
}

impl Piped {
    /// Why the process said nothing: its own words, which went to its errors.
    fn poll_words(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        const MOST: usize = 4096;
        if let Some(errors) = self.child.stderr.as_mut() {
            let mut bytes = [0; 1024];
            while self.words.len() < MOST {
                let read = std::pin::pin!(errors.read(&mut bytes));
                match read.poll(context) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Ok(0) | Err(_)) => break,
                    Poll::Ready(Ok(count)) => self.words.extend_from_slice(&bytes[..count]),
                }
            }
        }
        let words = String::from_utf8_lossy(&self.words);
        let last = words.lines().rfind(|line| !line.trim().is_empty());
        Poll::Ready(io::Error::other(
            last.unwrap_or("it ended without a word").trim().to_owned(),
        ))
    }
}

impl AsyncRead for Piped {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        match Pin::new(&mut self.output).poll_read(context, buffer) {
            Poll::Ready(Ok(())) if buffer.filled().len() == before => {
                self.poll_words(context).map(Err)
            }
            other => other,
        }
    }
}

impl AsyncWrite for Piped {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.input).poll_write(context, bytes) {
            // It has ended, and has said why.
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.poll_words(context).map(Err)
            }
            other => other,
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.input).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.input).poll_shutdown(context)
    }
}
