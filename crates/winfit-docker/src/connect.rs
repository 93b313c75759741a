//! Streams to engines: sockets, pipes, TCP, TLS, and `ssh HOST docker system dial-stdio`.

use std::io;
use std::path::Path;
use std::pin::Pin;
use std::process::Stdio;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio_rustls::TlsConnector;

use crate::endpoint::{Address, Endpoint, TlsFiles};
use crate::error::DockerError;

/// A stream of bytes in both directions.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// Opens a stream to an engine.
pub(crate) async fn connect(endpoint: &Endpoint) -> Result<Box<dyn Duplex>, DockerError> {
    let failed = |error: io::Error| of_io(endpoint, &error);
    match &endpoint.address {
        #[cfg(unix)]
        Address::Unix(path) => match tokio::net::UnixStream::connect(path).await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) => Err(failed(error)),
        },
        #[cfg(windows)]
        Address::Pipe(name) => pipe(name).await.map_err(failed),
        #[cfg(unix)]
        Address::Pipe(_) => Err(failed(io::Error::other("only Windows has named pipes"))),
        #[cfg(windows)]
        Address::Unix(_) => Err(failed(io::Error::other("Windows has no Unix sockets"))),
        Address::Tcp { host, port, tls } => {
            let stream = TcpStream::connect((host.as_str(), *port))
                .await
                .map_err(failed)?;
            // Small requests, whose answers somebody waits for. Where it cannot be set they are slower.
            let _ = stream.set_nodelay(true);
            match tls {
                None => Ok(Box::new(stream)),
                Some(files) => tls_over(endpoint, host, files, stream).await,
            }
        }
        Address::Ssh {
            destination,
            port,
            socket,
        } => ssh(endpoint, destination, *port, socket.as_deref()),
    }
}

/// What a failure to connect means.
pub(crate) fn of_io(endpoint: &Endpoint, error: &io::Error) -> DockerError {
    let unreachable = |reason: &str| DockerError::Unreachable {
        endpoint: endpoint.name.clone(),
        reason: reason.to_owned(),
    };
    match error.kind() {
        io::ErrorKind::PermissionDenied => DockerError::Denied {
            endpoint: endpoint.name.clone(),
        },
        io::ErrorKind::NotFound => unreachable("there is no such socket"),
        io::ErrorKind::ConnectionRefused => unreachable("nothing listens there"),
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::BrokenPipe => unreachable("the connection broke off"),
        _ => unreachable(&error.to_string()),
    }
}

#[cfg(windows)]
async fn pipe(name: &str) -> io::Result<Box<dyn Duplex>> {
    use tokio::net::windows::named_pipe::ClientOptions;
    /// ERROR_PIPE_BUSY: all its instances are taken, and one may be free soon.
    const BUSY: i32 = 231;
    loop {
        match ClientOptions::new().open(name) {
            Ok(client) => return Ok(Box::new(client)),
            Err(error) if error.raw_os_error() == Some(BUSY) => {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
            Err(error) => return Err(error),
        }
    }
}

async fn tls_over(
    endpoint: &Endpoint,
    host: &str,
    files: &TlsFiles,
    stream: TcpStream,
) -> Result<Box<dyn Duplex>, DockerError> {
    let trouble = |reason: String| DockerError::Tls {
        endpoint: endpoint.name.clone(),
        reason,
    };
    let config = tls_config(files).map_err(trouble)?;
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| trouble(format!("{host:?} is no name of a host")))?;
    let stream = TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .map_err(|error| trouble(error.to_string()))?;
    Ok(Box::new(stream))
}

fn tls_config(files: &TlsFiles) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let mut roots = RootCertStore::empty();
    if let Some(ca) = &files.ca {
        for certificate in certificates(ca)? {
            roots
                .add(certificate)
                .map_err(|error| format!("{}: {error}", ca.display()))?;
        }
    }
    if roots.is_empty() && !files.trust_all {
        return Err("there is no ca.pem to check the engine's certificate by".to_owned());
    }
    let builder = if files.trust_all {
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(TrustAll(provider)))
    } else {
        builder.with_root_certificates(roots)
    };
    let Some((certificate, key)) = &files.client else {
        return Ok(builder.with_no_client_auth());
    };
    let chain = certificates(certificate)?;
    let own =
        PrivateKeyDer::from_pem_file(key).map_err(|error| format!("{}: {error}", key.display()))?;
    builder
        .with_client_auth_cert(chain, own)
        .map_err(|error| error.to_string())
}

/// The certificates of a PEM file.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| format!("{}: {error}", path.display()))
}

/// Any certificate will do: what `DOCKER_TLS` without `DOCKER_TLS_VERIFY`, and a context's `SkipTLSVerify`,
/// ask for.
#[derive(Debug)]
struct TrustAll(Arc<CryptoProvider>);

impl ServerCertVerifier for TrustAll {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// The engine at the other end of ssh, whose keys and questions are ssh's own business.
fn ssh(
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
    }))
}

/// A process that speaks for an engine. It ends with this.
struct Piped {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
}

impl Piped {
    /// Why the process said nothing: its own words, which went to its errors.
    fn poll_words(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        const MOST: usize = 4096;
        let mut words = Vec::new();
        let Some(errors) = self.child.stderr.as_mut() else {
            return Poll::Ready(io::ErrorKind::UnexpectedEof.into());
        };
        let mut bytes = [0; 1024];
        loop {
            let read = std::pin::pin!(errors.read(&mut bytes));
            match read.poll(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(0) | Err(_)) => break,
                Poll::Ready(Ok(count)) => words.extend_from_slice(&bytes[..count]),
            }
            if words.len() >= MOST {
                break;
            }
        }
        let words = String::from_utf8_lossy(&words);
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
        Pin::new(&mut self.input).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.input).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.input).poll_shutdown(context)
    }
}
