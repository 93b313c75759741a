//! Why a registry gave no answer, in a sentence with the next step.

use std::time::Duration;

use thiserror::Error;

/// Why a registry gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RegistryError {
    /// Nothing answers there.
    #[error("{registry} cannot be reached: {reason}")]
    Unreachable {
        /// The registry.
        registry: String,
        /// What the system says.
        reason: String,
    },
    /// There is no such host.
    #[error(
        "{registry} is no host that this machine can find; is it spelt right, and the network up?"
    )]
    UnknownHost {
        /// The registry.
        registry: String,
    },
    /// The proxy between does not lead there.
    #[error(
        "{registry} is asked through the proxy {proxy}, and {reason}; HTTPS_PROXY and HTTP_PROXY name proxies, NO_PROXY hosts that need none"
    )]
    Proxy {
        /// The registry.
        registry: String,
        /// `HOST[:PORT]` of the proxy.
        proxy: String,
        /// What is wrong.
        reason: String,
    },
    /// Its certificate is not trusted.
    #[error(
        "{registry}: its certificate is not trusted, {reason}; if the registry is your own, name the authority that signed it: --ca FILE"
    )]
    Untrusted {
        /// The registry.
        registry: String,
        /// Why.
        reason: String,
    },
    /// It speaks plain HTTP where TLS was expected.
    #[error(
        "{registry} does not speak TLS; if it is meant to speak plain HTTP: --plain-http {registry}"
    )]
    PlainHttp {
        /// The registry.
        registry: String,
    },
    /// It speaks TLS where plain HTTP was expected.
    #[error("{registry} speaks TLS, not plain HTTP; leave --plain-http {registry} out")]
    NotPlainHttp {
        /// The registry.
        registry: String,
    },
    /// It lets in only who has a certificate.
    #[error(
        "{registry} wants a client certificate that it knows: put client.cert and client.key into certs.d/{registry} of Docker or containerd"
    )]
    ClientCertificate {
        /// The registry.
        registry: String,
    },
    /// It points elsewhere, and that is not followed.
    #[error("{registry} redirects, and that {reason}")]
    Redirect {
        /// The registry.
        registry: String,
        /// What is wrong with where it leads.
        reason: String,
    },
    /// It sends more than such a document can have.
    #[error("{registry} sends more than {} bytes, which no such document has", .most)]
    TooLarge {
        /// The registry.
        registry: String,
        /// The most that is read.
        most: usize,
    },
    /// The registry wants a token, and none is to be had.
    #[error("{registry} wants a token, and {reason}")]
    TokenService {
        /// The registry.
        registry: String,
        /// Why there is none.
        reason: String,
    },
    /// The registry wants to know who asks, and no login is at hand.
    #[error(
        "{registry} does not let just anybody read {repository}, or has no such repository: docker login {registry}"
    )]
    Unauthorized {
        /// The registry.
        registry: String,
        /// The repository.
        repository: String,
    },
    /// The registry wants to know who asks, and where the login may be cannot be read.
    #[error(
        "{registry} does not let just anybody read {repository}, and your login cannot be read: {trouble}"
    )]
    LoginUnreadable {
        /// The registry.
        registry: String,
        /// The repository.
        repository: String,
        /// What is wrong with the file, or the helper.
        trouble: String,
    },
    /// The login at hand does not count.
    #[error("{registry} refuses the login of {login}; log in again: docker login {registry}")]
    LoginRefused {
        /// The registry.
        registry: String,
        /// The file or the helper that it comes from.
        login: String,
    },
    /// The login at hand counts, and lacks the right.
    #[error(
        "{registry} gives the login of {login} no right to {repository}, or has no such repository; ask its owner for the right"
    )]
    Denied {
        /// The registry.
        registry: String,
        /// The repository.
        repository: String,
        /// The file or the helper that it comes from.
        login: String,
    },
    /// There is no such tag or digest.
    #[error("{reference} is not there: its registry knows no such tag or digest")]
    NotFound {
        /// The reference.
        reference: String,
    },
    /// There is no such repository.
    #[error(
        "{registry} knows no repository {repository}; private ones may be hidden from who is not logged in: docker login {registry}"
    )]
    NoRepository {
        /// The registry.
        registry: String,
        /// The repository.
        repository: String,
    },
    /// Too many requests, for longer than winfit waits.
    #[error("{registry} takes no more requests now{}", after(*.retry_after))]
    RateLimited {
        /// The registry.
        registry: String,
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
    /// The registry answered with something that is not an image.
    #[error("{reference}: {reason}")]
    Answer {
        /// The reference.
        reference: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Nothing was asked: only the cache counts, and it does not know.
    #[error("{reference} is not in the cache, and --offline asks no registry")]
    Offline {
        /// The reference.
        reference: String,
    },
    /// It took too long.
    #[error("{reference}: not done within {} seconds; winfit was {doing}", .within.as_secs())]
    Deadline {
        /// The reference.
        reference: String,
        /// How long was waited.
        within: Duration,
        /// What it was doing, as the end of "winfit was …".
        doing: String,
    },
    /// Settings of the user that cannot be used.
    #[error("{0}")]
    Settings(String),
}

impl RegistryError {
    /// Whether the registry answered that there is no such thing.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::NotFound { .. } | Self::NoRepository { .. })
    }

    /// Whether it is about the registry as a whole, so that asking it for something else ends alike.
    pub fn is_of_registry(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. }
                | Self::Proxy { .. }
                | Self::UnknownHost { .. }
                | Self::Untrusted { .. }
                | Self::PlainHttp { .. }
                | Self::NotPlainHttp { .. }
                | Self::ClientCertificate { .. }
                | Self::LoginRefused { .. }
                | Self::RateLimited { .. }
        ) || matches!(self, Self::Deadline { doing, .. } if doing.starts_with("waiting for "))
    }
}

fn after(retry_after: Option<Duration>) -> String {
    match retry_after {
        Some(wait) => format!("; it asks to wait {} seconds", wait.as_secs()),
        None => "; try again later, or log in for a higher limit".to_owned(),
    }
}
