//! HTTP clients: one for each set of certificates, made when it is first needed.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use reqwest::{Certificate, Identity};

use crate::error::RegistryError;
use crate::settings_file;

/// How long a connection may take to stand, and how long an answer may pause.
const PATIENCE: Duration = Duration::from_secs(15);

/// The largest file of certificates that is read: the system's own authorities are a quarter of it.
const LARGEST: usize = 1024 * 1024;

/// Whom to trust, and how to be known, over TLS.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Tls {
    /// Authorities beside the system's, as PEM files.
    pub(crate) authorities: Vec<PathBuf>,
    /// The certificate of who asks, and its key, as PEM files.
    pub(crate) client: Option<(PathBuf, PathBuf)>,
    /// Any certificate will do: the user's own settings say so.
    pub(crate) trust_all: bool,
}

/// How to connect.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Connection {
    /// None: plain HTTP. No certificates are read for that: the system's alone take milliseconds.
    pub(crate) tls: Option<Tls>,
    /// The host is this machine, which no proxy knows.
    pub(crate) loopback: bool,
}

/// The clients made so far.
#[derive(Debug)]
pub(crate) struct Clients {
    patience: Duration,
    made: Mutex<HashMap<Connection, Slot>>,
}

/// Made once, while those who want it too wait.
type Slot = Arc<OnceLock<Result<reqwest::Client, RegistryError>>>;

impl Clients {
    /// Clients for requests that may take so long.
    pub(crate) fn new(deadline: Duration) -> Self {
        // A second installation of the provider changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            patience: deadline.min(PATIENCE),
            made: Mutex::default(),
        }
    }

    /// The client for a connection.
    pub(crate) fn of(&self, connection: &Connection) -> Result<reqwest::Client, RegistryError> {
        let slot = {
            let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
            made.entry(connection.clone()).or_default().clone()
        };
        slot.get_or_init(|| self.make(connection)).clone()
    }

    fn make(&self, connection: &Connection) -> Result<reqwest::Client, RegistryError> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("winfit/", env!("CARGO_PKG_VERSION")))
            // Redirects are followed where it is known what may go along.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(self.patience)
            .read_timeout(self.patience);
        if connection.loopback {
            builder = builder.no_proxy();
        }
        builder = match &connection.tls {
            None => builder.tls_certs_only([]),
            Some(tls) => {
                for path in &tls.authorities {
                    builder = builder.tls_certs_merge(authorities(path)?);
                }
                if let Some((certificate, key)) = &tls.client {
                    builder = builder.identity(identity(certificate, key)?);
                }
                builder.tls_danger_accept_invalid_certs(tls.trust_all)
            }
        };
        builder.build().map_err(|error| {
            let reason = super::failure::innermost(&error);
            RegistryError::Settings(format!("no connection over TLS can be made: {reason}"))
        })
    }
}

fn authorities(path: &Path) -> Result<Vec<Certificate>, RegistryError> {
    let pem = read(path)?;
    match Certificate::from_pem_bundle(&pem) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(RegistryError::Settings(format!(
            "{}: there is no certificate in PEM form in it",
            path.display()
        ))),
    }
}

fn identity(certificate: &Path, key: &Path) -> Result<Identity, RegistryError> {
    let mut pem = read(certificate)?;
    pem.push(b'\n');
    pem.extend(read(key)?);
    Identity::from_pem(&pem).map_err(|_| {
        RegistryError::Settings(format!(
            "{} and {} are not a certificate and its key in PEM form",
            certificate.display(),
            key.display()
        ))
    })
}

fn read(path: &Path) -> Result<Vec<u8>, RegistryError> {
    let trouble = |reason: String| RegistryError::Settings(format!("{}: {reason}", path.display()));
    settings_file::read(path, LARGEST)
        .map_err(|error| trouble(error.to_string()))?
        .ok_or_else(|| trouble("there is no such file".to_owned()))
}
