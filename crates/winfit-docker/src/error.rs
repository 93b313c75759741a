//! Why an engine gave no answer, in a sentence with the next step.

use std::time::Duration;

use thiserror::Error;

/// Why an engine gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DockerError {
    /// Nothing answers there.
    #[error("no engine answers at {endpoint}: {reason}; is Docker running, and DOCKER_HOST right?")]
    Unreachable {
        /// The endpoint.
        endpoint: String,
        /// What the system says.
        reason: String,
    },
    /// The socket or the pipe may not be opened.
    #[error(
        "{endpoint} may not be opened by this user; become a member of its group (docker, docker-users on Windows), or run this as root"
    )]
    Denied {
        /// The endpoint.
        endpoint: String,
    },
    /// TLS does not come about.
    #[error("{endpoint}: TLS does not come about: {reason}")]
    Tls {
        /// The endpoint.
        endpoint: String,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// It was spoken to in plain HTTP, and wants TLS.
    #[error(
        "{endpoint} speaks TLS, and was asked in plain HTTP; set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH, or give the context its ca=, cert= and key="
    )]
    WantsTls {
        /// The endpoint.
        endpoint: String,
    },
    /// It was spoken to in TLS, and does not.
    #[error(
        "{endpoint} speaks no TLS; ask its port for TLS (usually 2376), or leave DOCKER_TLS_VERIFY and DOCKER_TLS unset where plain HTTP is meant"
    )]
    NoTls {
        /// The endpoint.
        endpoint: String,
    },
    /// It speaks something else.
    #[error(
        "{endpoint} does not speak the engine's API ({reason}); is this the port of an engine, and does it want TLS (DOCKER_TLS_VERIFY=1)?"
    )]
    NoHttp {
        /// The endpoint.
        endpoint: String,
        /// What came.
        reason: String,
    },
    /// The command that leads there ends.
    #[error("{endpoint} is not reached by ssh: {reason}")]
    Ssh {
        /// The endpoint.
        endpoint: String,
        /// What ssh says.
        reason: String,
    },
    /// Its API is older than what is needed.
    #[error(
        "{endpoint} speaks version {version} of the API, and winfit needs {needed} (Docker 19.03) or newer; update the engine"
    )]
    TooOld {
        /// The endpoint.
        endpoint: String,
        /// What it speaks.
        version: String,
        /// What is needed.
        needed: String,
    },
    /// The node is a worker.
    #[error(
        "{endpoint} is a worker of its Swarm, and only managers know the nodes and services; ask a manager{}",
        in_brackets(.managers)
    )]
    NotManager {
        /// The endpoint.
        endpoint: String,
        /// The managers that the worker knows, as `ADDRESS:PORT`.
        managers: Vec<String>,
    },
    /// It is the engine of another node, or of none.
    #[error("{endpoint} is the engine of {name}, which is not that node of this Swarm")]
    OtherNode {
        /// The endpoint.
        endpoint: String,
        /// The name that it gives itself.
        name: String,
    },
    /// There is no Swarm.
    #[error(
        "{endpoint} is in no Swarm; docker swarm init begins one, and --docker-host or --context ask another engine"
    )]
    NoSwarm {
        /// The endpoint.
        endpoint: String,
    },
    /// The Swarm does not answer.
    #[error("the Swarm of {endpoint} does not answer: {reason}")]
    SwarmTrouble {
        /// The endpoint.
        endpoint: String,
        /// What the engine says.
        reason: String,
    },
    /// Somebody else changed the object first.
    #[error("{what} was changed by somebody else meanwhile; run the command again")]
    OutOfDate {
        /// The object.
        what: String,
    },
    /// There is no such object.
    #[error("{endpoint} knows no {what}")]
    NotFound {
        /// The endpoint.
        endpoint: String,
        /// The object.
        what: String,
    },
    /// Another refusal.
    #[error("{endpoint} answers {what} with {status}: {message}")]
    Refused {
        /// The endpoint.
        endpoint: String,
        /// What was asked.
        what: String,
        /// The status.
        status: u16,
        /// What the engine says.
        message: String,
    },
    /// An answer that cannot be read.
    #[error("{endpoint} answers {what} with something that cannot be read: {reason}")]
    Answer {
        /// The endpoint.
        endpoint: String,
        /// What was asked.
        what: String,
        /// What is wrong.
        reason: String,
    },
    /// It took too long.
    #[error("{endpoint} did not answer {what} within {} seconds", .within.as_secs())]
    Deadline {
        /// The endpoint.
        endpoint: String,
        /// What was asked.
        what: String,
        /// How long was waited.
        within: Duration,
    },
    /// Settings of the user that cannot be used.
    #[error("{0}")]
    Settings(String),
}

fn in_brackets(known: &[String]) -> String {
    match known {
        [] => String::new(),
        known => format!(" ({})", known.join(", ")),
    }
}
