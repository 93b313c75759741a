//! What went wrong on the wire, in words with the next step, and whether asking again may help.

use std::error::Error;
use std::io::ErrorKind;
use std::time::Duration;

use reqwest::StatusCode;
use rustls::{AlertDescription, CertificateError};

use crate::error::RegistryError;

/// The words for it.
const BROKE_OFF: &str = "the connection broke off";

/// The words of a proxy that lets in only whom it knows.
const WANTS_LOGIN: &str = "it wants a login, as http://USER:PASSWORD@HOST has one";

/// A failure of one request.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: RegistryError,
    /// Asking again may help.
    pub(crate) passing: bool,
    /// How long the registry asks to wait.
    pub(crate) wait: Option<Duration>,
    /// What answers speaks another protocol than it was asked in.
    pub(crate) other_protocol: bool,
}

impl Failure {
    /// One that stays.
    pub(crate) fn lasting(error: RegistryError) -> Self {
        Self {
            error,
            passing: false,
            wait: None,
            other_protocol: false,
        }
    }

    /// Says of a connection that broke off what it may mean over TLS: a server that wants a client
    /// certificate closes it, and what it says of that may be lost on the way.
    pub(crate) fn suspect_certificate(&mut self) {
        if let RegistryError::Unreachable { reason, .. } = &mut self.error
            && reason == BROKE_OFF
        {
            reason.push_str(", as it does where a client certificate is wanted");
        }
    }

    /// Says that a proxy stood between, which may be what failed.
    pub(crate) fn through(mut self, proxy: String) -> Self {
        self.error = match self.error {
            RegistryError::Unreachable { registry, reason } => RegistryError::Proxy {
                registry,
                proxy,
                reason: match reason.as_str() {
                    "tunnel error: proxy authorization required" => WANTS_LOGIN.to_owned(),
                    "tunnel error: unsuccessful" => "it lets nobody through".to_owned(),
                    // SOCKS keeps the cause to itself.
                    "SOCKS error: failed to create underlying connection" => {
                        "no connection to it comes about".to_owned()
                    }
                    _ => reason,
                },
            },
            RegistryError::UnknownHost { registry } => RegistryError::Proxy {
                registry,
                proxy,
                reason: "this machine finds no host of that name".to_owned(),
            },
            other => other,
        };
        self
    }

    /// A proxy that wants to know who asks.
    pub(crate) fn proxy_login(registry: String, proxy: String) -> Self {
        Self::lasting(RegistryError::Proxy {
            registry,
            proxy,
            reason: WANTS_LOGIN.to_owned(),
        })
    }

    /// One that may pass.
    pub(crate) fn passing(error: RegistryError, wait: Option<Duration>) -> Self {
        Self {
            passing: true,
            wait,
            ..Self::lasting(error)
        }
    }
}

/// What a request's error means. `host` is who was asked.
pub(crate) fn of(error: &reqwest::Error, host: &str) -> Failure {
    let registry = || host.to_owned();
    let unreachable = |reason: &str| RegistryError::Unreachable {
        registry: registry(),
        reason: reason.to_owned(),
    };
    for cause in causes(error) {
        if let Some(tls) = cause.downcast_ref() {
            return of_tls(tls, host);
        }
        if let Some(io) = cause.downcast_ref::<std::io::Error>() {
            match io.kind() {
                ErrorKind::ConnectionRefused => {
                    return Failure::lasting(unreachable(
                        "the connection is refused, nothing listens there",
                    ));
                }
                ErrorKind::ConnectionReset
                | ErrorKind::ConnectionAborted
                | ErrorKind::BrokenPipe
                | ErrorKind::UnexpectedEof => {
                    return Failure::passing(unreachable(BROKE_OFF), None);
                }
                _ => {}
            }
        }
        if let Some(http) = cause.downcast_ref::<hyper::Error>() {
            if http.is_parse() {
                return Failure {
                    other_protocol: true,
                    ..Failure::lasting(unreachable("what answers there does not speak HTTP"))
                };
            }
            if http.is_incomplete_message() || http.is_canceled() || http.is_closed() {
                return Failure::passing(unreachable(BROKE_OFF), None);
            }
        }
        // The only signs of a name that is not found, or that none could be.
        if matches!(cause.to_string().as_str(), "dns error" | "invalid dns name") {
            return Failure::lasting(RegistryError::UnknownHost {
                registry: registry(),
            });
        }
    }
    if error.is_timeout() {
        let reason = if error.is_connect() {
            "no connection comes about"
        } else {
            "it fell silent"
        };
        return Failure::passing(unreachable(reason), None);
    }
    if error.is_body() || error.is_decode() {
        return Failure::passing(unreachable("the answer broke off"), None);
    }
    let reason = innermost(error);
    // HTTP/2 hands on the words of a TLS alert alone.
    if let Some(alert) = reason.strip_prefix("received fatal alert: ")
        && [
            "CertificateRequired",
            "BadCertificate",
            "UnknownCA",
            "AccessDenied",
        ]
        .contains(&alert)
    {
        return Failure::lasting(RegistryError::ClientCertificate {
            registry: registry(),
        });
    }
    // What HTTP/2 makes of streams that a busy server gives up is not told apart by type.
    Failure {
        passing: !error.is_connect(),
        ..Failure::lasting(unreachable(&reason))
    }
}

fn of_tls(error: &rustls::Error, host: &str) -> Failure {
    let registry = host.to_owned();
    Failure::lasting(match error {
        rustls::Error::InvalidCertificate(reason) => RegistryError::Untrusted {
            registry,
            reason: match reason {
                CertificateError::UnknownIssuer => "nobody known has signed it".to_owned(),
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                    "it has expired".to_owned()
                }
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                    "it does not count yet; is this machine's clock right?".to_owned()
                }
                CertificateError::NotValidForName
                | CertificateError::NotValidForNameContext { .. } => {
                    "it is for another host".to_owned()
                }
                CertificateError::Revoked => "it was revoked".to_owned(),
                other => format!("{other:?}"),
            },
        },
        rustls::Error::InvalidMessage(_) => {
            return Failure {
                other_protocol: true,
                ..Failure::lasting(RegistryError::PlainHttp { registry })
            };
        }
        rustls::Error::AlertReceived(
            AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied,
        ) => RegistryError::ClientCertificate { registry },
        other => RegistryError::Unreachable {
            registry,
            reason: format!("TLS: {other}"),
        },
    })
}

/// A status that is no answer. `codes` are those of the registry's error body.
pub(crate) fn of_status(
    status: StatusCode,
    codes: &[String],
    registry: &str,
    reference: &str,
    wait: Option<Duration>,
) -> Failure {
    let codes = match codes {
        [] => String::new(),
        codes => format!(" ({})", codes.join(", ")),
    };
    let error = RegistryError::Answer {
        reference: reference.to_owned(),
        reason: format!("the registry answers {status}{codes}"),
    };
    match status {
        StatusCode::TOO_MANY_REQUESTS => Failure::passing(
            RegistryError::RateLimited {
                registry: registry.to_owned(),
                retry_after: wait,
            },
            wait,
        ),
        // What it does not implement it will not implement soon.
        StatusCode::NOT_IMPLEMENTED => Failure::lasting(error),
        status if status.is_server_error() => Failure::passing(error, wait),
        _ => Failure::lasting(error),
    }
}

/// The codes of a registry's error body, those alone: its messages are anybody's text.
pub(crate) fn codes(body: &[u8]) -> Vec<String> {
    #[derive(serde::Deserialize)]
    struct Body {
        errors: Vec<One>,
    }
    #[derive(serde::Deserialize)]
    struct One {
        code: String,
    }
    let plain = |code: &String| {
        code.len() <= 40
            && code
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte == b'_')
    };
    match serde_json::from_slice::<Body>(body) {
        Ok(body) => body
            .errors
            .into_iter()
            .map(|one| one.code)
            .filter(plain)
            .take(3)
            .collect(),
        Err(_) => Vec::new(),
    }
}

/// What the innermost cause says, without the address: that is known, and may hold what is signed.
pub(crate) fn innermost(error: &reqwest::Error) -> String {
    causes(error)
        .last()
        .map(ToString::to_string)
        .unwrap_or_default()
}

fn causes<'a>(error: &'a reqwest::Error) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = error.source();
    std::iter::from_fn(move || {
        let cause = next?;
        next = match cause.downcast_ref::<std::io::Error>() {
            // An I/O error's source passes over the error that it carries.
            Some(io) => io
                .get_ref()
                .map(|carried| carried as &(dyn Error + 'static)),
            None => cause.source(),
        };
        Some(cause)
    })
    .take(20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_alone_are_taken_from_error_bodies() {
        let body = br#"{"errors":[{"code":"NAME_UNKNOWN","message":"x"},{"code":"rm -rf"},{"code":"DENIED"}]}"#;
        assert_eq!(codes(body), ["NAME_UNKNOWN", "DENIED"]);
        for body in [
            "",
            "<html>",
            "{}",
            r#"{"errors":null}"#,
            r#"{"errors":[{"code":5}]}"#,
        ] {
            assert!(codes(body.as_bytes()).is_empty(), "{body}");
        }
    }

    #[test]
    fn what_passes_and_what_stays() {
        for (status, passing) in [
            (429, true),
            (502, true),
            (503, true),
            (504, true),
            (500, true),
            (501, false),
            (400, false),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(
                of_status(status, &[], "r", "r/x:1", None).passing,
                passing,
                "{status}"
            );
        }
    }
}
