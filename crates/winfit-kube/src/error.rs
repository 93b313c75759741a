//! Why a cluster gave no answer, in a sentence with the next step.

use thiserror::Error;

/// Why a cluster gave no answer, or did not take a change.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KubeError {
    /// Nothing says where a cluster is.
    #[error(
        "no cluster: {0}; KUBECONFIG or --kubeconfig names a kubeconfig, and --from judges what kubectl get … -o json saved"
    )]
    NoCluster(String),
    /// What says where the cluster is cannot be used.
    #[error("{0}")]
    Settings(String),
    /// Nothing answers there.
    #[error("{server} does not answer: {reason}; does kubectl get nodes reach it?")]
    Unreachable {
        /// The API server.
        server: String,
        /// What the system says.
        reason: String,
    },
    /// TLS does not come about.
    #[error(
        "{server}: TLS does not come about: {reason}; the kubeconfig's certificate-authority and tls-server-name decide whom to trust"
    )]
    Tls {
        /// The API server.
        server: String,
        /// What is wrong.
        reason: String,
    },
    /// The login is not known, or no longer.
    #[error(
        "{server} does not know this login (401): it is wrong or has expired; log in again as for kubectl"
    )]
    Unauthorized {
        /// The API server.
        server: String,
    },
    /// The command that logs in failed.
    #[error("the login command of the kubeconfig does not work: {0}")]
    Login(String),
    /// The user may not do that.
    #[error("not allowed: {message}")]
    Forbidden {
        /// What the API server says.
        message: String,
    },
    /// There is no such object, or no such kind.
    #[error("not there: {message}")]
    NotFound {
        /// What the API server says.
        message: String,
    },
    /// Somebody changed the object meanwhile.
    #[error("changed meanwhile: {message}")]
    Conflict {
        /// What the API server says.
        message: String,
    },
    /// The list is too old to be read on.
    #[error("{server} has forgotten the state that was read (410): {message}; try again")]
    Gone {
        /// The API server.
        server: String,
        /// What it says.
        message: String,
        /// What to read on with, where it offers that: the state then changes in the middle.
        next: Option<String>,
    },
    /// It is asked too much.
    #[error(
        "{server} is asked too much (429) and answers nothing within {seconds} s; try again later, or with a longer --request-timeout"
    )]
    Throttled {
        /// The API server.
        server: String,
        /// How long it was asked.
        seconds: u64,
    },
    /// It took too long.
    #[error(
        "{server} gives no answer within {seconds} s ({what}); --request-timeout sets how long to wait"
    )]
    Deadline {
        /// The API server.
        server: String,
        /// What was asked.
        what: String,
        /// How long was waited.
        seconds: u64,
    },
    /// It refuses, for another reason.
    #[error("{server} refuses ({code}): {message}")]
    Refused {
        /// The API server.
        server: String,
        /// The HTTP status.
        code: u16,
        /// What it says.
        message: String,
    },
    /// The answer is not what its API promises.
    #[error(
        "{server}: the answer to {what} cannot be read: {reason}; is that a Kubernetes API server?"
    )]
    Answer {
        /// The API server.
        server: String,
        /// What was asked.
        what: String,
        /// What is wrong.
        reason: String,
    },
}
