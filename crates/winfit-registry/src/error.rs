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
    /// The registry wants to know who asks, or does not let them.
    #[error(
        "{registry} does not let this user read {repository}: log in with docker login {registry}, or ask for the right to pull"
    )]
    Unauthorized {
        /// The registry.
        registry: String,
        /// The repository.
        repository: String,
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
    #[error("{registry} takes no more requests now{}", after(.retry_after))]
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
    #[error("{reference}: no answer within {} seconds", .within.as_secs())]
    Deadline {
        /// The reference.
        reference: String,
        /// How long was waited.
        within: Duration,
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
}

fn after(retry_after: &Option<Duration>) -> String {
    match retry_after {
        Some(wait) => format!("; it asks to wait {} seconds", wait.as_secs()),
        None => "; try again later, or log in for a higher limit".to_owned(),
    }
}
