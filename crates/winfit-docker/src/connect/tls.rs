//! TLS with an engine, as `docker` speaks it, and what its failures mean.

use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use rustls::client::ResolvesClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore,
    SignatureScheme,
};
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use winfit_core::Date;

use super::{Duplex, of_io};
use crate::endpoint::{Address, Endpoint, TlsFiles};
use crate::error::DockerError;

pub(super) async fn over(
    endpoint: &Endpoint,
    host: &str,
    files: &TlsFiles,
    stream: TcpStream,
) -> Result<Box<dyn Duplex>, DockerError> {
    let trouble = |reason: String| DockerError::Tls {
        endpoint: endpoint.name.clone(),
        reason,
    };
    let mut config = config(files).map_err(trouble)?;
    let asked = Arc::new(AtomicBool::new(false));
    config.client_auth_cert_resolver = Arc::new(Noted {
        resolver: Arc::clone(&config.client_auth_cert_resolver),
        asked: Arc::clone(&asked),
    });
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| trouble(format!("{host:?} is no name of a host")))?;
    let stream = TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .map_err(|error| of_io(endpoint, &error))?;
    Ok(Box::new(Judged {
        stream,
        asked: asked.load(Ordering::Relaxed),
    }))
}

fn config(files: &TlsFiles) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let builder = if files.trust_all {
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(TrustAll(provider)))
    } else if let Some(ca) = &files.ca {
        builder.with_root_certificates(authorities(ca)?)
    } else {
        // A context without ca.pem means the system's own, as it does to docker.
        builder
            .with_platform_verifier()
            .map_err(|error| format!("this machine's authorities cannot be read: {error}"))?
    };
    let Some((certificate, key)) = &files.client else {
        return Ok(builder.with_no_client_auth());
    };
    let chain = certificates(certificate)?;
    let own = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| format!("{} holds no key: {error}", key.display()))?;
    builder.with_client_auth_cert(chain, own).map_err(|error| {
        format!(
            "{} and {} do not go together: {error}",
            certificate.display(),
            key.display()
        )
    })
}

fn authorities(file: &Path) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(file)? {
        roots
            .add(certificate)
            .map_err(|error| format!("{}: {error}", file.display()))?;
    }
    if roots.is_empty() {
        return Err(format!(
            "{} holds no certificate; it is that of the authority which signed the engine's",
            file.display()
        ));
    }
    Ok(roots)
}

/// What a failure of TLS means; none: it is none of TLS.
pub(super) fn failure(endpoint: &Endpoint, error: &io::Error) -> Option<DockerError> {
    let error: &rustls::Error = error.get_ref()?.downcast_ref()?;
    let files = match &endpoint.address {
        Address::Tcp { tls, .. } => tls.as_ref()?,
        _ => return None,
    };
    let endpoint = endpoint.name.clone();
    let reason = match error {
        rustls::Error::InvalidMessage(_) => return Some(DockerError::NoTls { endpoint }),
        rustls::Error::InvalidCertificate(reason) => of_certificate(reason, files),
        rustls::Error::AlertReceived(alert) => of_alert(*alert, files),
        other => other.to_string(),
    };
    Some(DockerError::Tls { endpoint, reason })
}

/// What is wrong with the engine's certificate.
fn of_certificate(reason: &CertificateError, files: &TlsFiles) -> String {
    match (reason, &files.ca) {
        (CertificateError::UnknownIssuer | CertificateError::BadSignature, Some(ca)) => format!(
            "{} has not signed the engine's certificate; put the certificate of the authority there that has",
            ca.display()
        ),
        (CertificateError::UnknownIssuer | CertificateError::BadSignature, None) => {
            "no authority that this machine knows has signed the engine's certificate; name the one that has, as ca= of the context"
                .to_owned()
        }
        (CertificateError::NotValidForNameContext { expected, presented }, _) => format!(
            "the engine's certificate is for {}, not for {}; ask for the engine by a name of its certificate, or have one signed with this name",
            names(presented),
            expected.to_str()
        ),
        (CertificateError::NotValidForName, _) => {
            "the engine's certificate is for another host; ask for the engine by a name of its certificate"
                .to_owned()
        }
        (CertificateError::ExpiredContext { not_after, .. }, _) => format!(
            "the engine's certificate ended on {}; give the engine a new one, or set this machine's clock right",
            day(*not_after)
        ),
        (CertificateError::NotValidYetContext { not_before, .. }, _) => format!(
            "the engine's certificate begins on {}; set this machine's clock right, or wait until then",
            day(*not_before)
        ),
        (other, _) => format!("the engine's certificate does not hold: {other}"),
    }
}

/// What the engine says of who asks.
fn of_alert(alert: AlertDescription, files: &TlsFiles) -> String {
    let Some((certificate, _)) = &files.client else {
        return match alert {
            AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::HandshakeFailure => {
                "the engine wants a certificate of who asks, and there is none; put cert.pem and key.pem into the folder that DOCKER_CERT_PATH names, or name them as cert= and key= of the context"
                    .to_owned()
            }
            other => format!("the engine refuses ({other:?})"),
        };
    };
    format!(
        "the engine does not take {}; have a certificate for clients signed by the authority that the engine trusts (its --tlscacert), and see that it has not ended",
        certificate.display()
    )
}

/// The names of a certificate, in words: rustls has them as `DnsName("win-a")`.
fn names(presented: &[String]) -> String {
    let plain: Vec<&str> = presented
        .iter()
        .map(|name| {
            let inner = name
                .split_once('(')
                .map_or(name.as_str(), |(_, inner)| inner);
            inner.trim_end_matches(')').trim_matches('"')
        })
        .collect();
    match plain.as_slice() {
        [] => "no host at all".to_owned(),
        plain => plain.join(", "),
    }
}

fn day(time: UnixTime) -> String {
    const EPOCH: i32 = 2_440_588;
    i32::try_from(time.as_secs() / 86_400)
        .ok()
        .and_then(|days| Date::from_julian_day(days.checked_add(EPOCH)?).ok())
        .map_or_else(
            || "a day beyond all calendars".to_owned(),
            |day| day.to_string(),
        )
}

/// Gives the client's certificate, and notes that the engine asked for it.
#[derive(Debug)]
struct Noted {
    resolver: Arc<dyn ResolvesClientCert>,
    asked: Arc<AtomicBool>,
}

impl ResolvesClientCert for Noted {
    fn resolve(
        &self,
        authorities: &[&[u8]],
        schemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        self.asked.store(true, Ordering::Relaxed);
        self.resolver.resolve(authorities, schemes)
    }

    fn has_certs(&self) -> bool {
        self.resolver.has_certs()
    }
}

/// A stream on which the engine has still to say what it thinks of the client's certificate: with TLS 1.3 it
/// does so after the handshake, and a connection that it ends then may have lost its word.
struct Judged {
    stream: TlsStream<TcpStream>,
    /// It asked for a certificate, and has said nothing yet.
    asked: bool,
}

impl Judged {
    fn refused(&self, error: io::Error) -> io::Error {
        let told = match error.get_ref() {
            Some(inner) => inner.is::<rustls::Error>(),
            None => false,
        };
        if told || !self.asked {
            return error;
        }
        io::Error::other(rustls::Error::AlertReceived(
            AlertDescription::CertificateRequired,
        ))
    }
}

impl AsyncRead for Judged {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        match ready!(polled) {
            Ok(()) if buffer.filled().len() > before => {
                self.asked = false;
                Poll::Ready(Ok(()))
            }
            Ok(()) if self.asked => {
                Poll::Ready(Err(self.refused(io::ErrorKind::UnexpectedEof.into())))
            }
            Ok(()) => Poll::Ready(Ok(())),
            Err(error) => Poll::Ready(Err(self.refused(error))),
        }
    }
}

impl AsyncWrite for Judged {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        polled.map_err(|error| self.refused(error))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_flush(context);
        polled.map_err(|error| self.refused(error))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
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
