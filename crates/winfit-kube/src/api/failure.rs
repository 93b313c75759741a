//! From what went wrong to a sentence.

use std::error::Error;

use http::StatusCode;
use serde::Deserialize;

use crate::error::KubeError;
use crate::model::nothing_is_default;

/// What the API server says of a failure.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Status {
    #[serde(deserialize_with = "nothing_is_default")]
    message: String,
    #[serde(deserialize_with = "nothing_is_default")]
    metadata: crate::model::PageMeta,
}

/// An answer that is none.
pub(super) fn of_status(server: &str, code: StatusCode, body: &[u8]) -> KubeError {
    let status: Status = serde_json::from_slice(body).unwrap_or_default();
    let message = if status.message.is_empty() {
        code.canonical_reason()
            .unwrap_or("no reason given")
            .to_owned()
    } else {
        status.message
    };
    let server = server.to_owned();
    match code {
        StatusCode::UNAUTHORIZED => KubeError::Unauthorized { server },
        StatusCode::FORBIDDEN => KubeError::Forbidden { message },
        StatusCode::NOT_FOUND => KubeError::NotFound { message },
        StatusCode::CONFLICT => KubeError::Conflict { message },
        StatusCode::GONE => KubeError::Gone {
            server,
            message,
            next: Some(status.metadata.next).filter(|next| !next.is_empty()),
        },
        code => KubeError::Refused {
            server,
            code: code.as_u16(),
            message,
        },
    }
}

/// A request that got no answer.
pub(super) fn of_client(server: &str, error: &kube::Error) -> KubeError {
    use kube::client::AuthError;
    let server = server.to_owned();
    let login = match error {
        kube::Error::Auth(error) => Some(error),
        kube::Error::Service(inner) => inner.downcast_ref::<AuthError>(),
        _ => None,
    };
    if let Some(login) = login {
        return KubeError::Login(of_login(login));
    }
    let reason = innermost(error);
    if is_tls(error) {
        return KubeError::Tls { server, reason };
    }
    match error {
        kube::Error::RustlsTls(_) => KubeError::Tls { server, reason },
        kube::Error::ProxyProtocolUnsupported { .. }
        | kube::Error::ProxyProtocolDisabled { .. } => KubeError::Settings(format!(
            "the proxy of the kubeconfig cannot be used: {reason}"
        )),
        _ => KubeError::Unreachable { server, reason },
    }
}

/// What the login command says. What it prints is a secret, and is not shown.
fn of_login(error: &kube::client::AuthError) -> String {
    use kube::client::AuthError;
    match error {
        AuthError::AuthExecRun { cmd, out } => {
            let said = String::from_utf8_lossy(&out.stderr);
            let last = said
                .lines()
                .rfind(|line| !line.trim().is_empty())
                .unwrap_or("it says nothing");
            format!("{cmd} ended with {}: {}", out.status, last.trim())
        }
        AuthError::AuthExecParse(_) => "what it prints is no ExecCredential".to_owned(),
        AuthError::ReadTokenFile(error, path) => {
            format!("the token file {} cannot be read: {error}", path.display())
        }
        other => other.to_string(),
    }
}

fn is_tls(error: &kube::Error) -> bool {
    let mut at: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = at {
        if error.is::<rustls::Error>() {
            return true;
        }
        let inner = error
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref);
        at = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    false
}

/// The innermost reason, which says what happened; those around it say that something did.
pub(super) fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut at = error;
    while let Some(inner) = at.source() {
        at = inner;
    }
    at.to_string()
}
