//! Tokens: what a token service gives for a login, or to nobody, and the registry takes.

use std::time::{Duration, Instant};

use reqwest::Url;
use reqwest::header::HeaderValue;
use serde::Deserialize;

use super::challenge::Challenge;
use super::file::Credential;
use super::secret::Secret;

/// How long a token is good for where its service does not say, by the specification.
const USUAL: u64 = 60;
/// Longer than that no token is kept.
const LONGEST: u64 = 24 * 60 * 60;

/// What a registry is shown.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    /// The `Authorization` header; marked as sensitive, so that it is never shown.
    pub(crate) header: HeaderValue,
    until: Option<Instant>,
}

impl Grant {
    /// A login, shown as it is; it does not run out.
    pub(crate) fn basic(user: &str, password: &Secret) -> Option<Self> {
        use base64::Engine as _;
        let pair = format!("{user}:{}", password.reveal());
        let pair = base64::engine::general_purpose::STANDARD.encode(pair);
        Self::new(&format!("Basic {pair}"), None)
    }

    /// A token, for so long. None: it holds what no header can.
    pub(crate) fn bearer(token: &Secret, until: Option<Instant>) -> Option<Self> {
        Self::new(&format!("Bearer {}", token.reveal()), until)
    }

    fn new(header: &str, until: Option<Instant>) -> Option<Self> {
        let mut header = HeaderValue::from_str(header).ok()?;
        header.set_sensitive(true);
        Some(Self { header, until })
    }

    /// Whether it still counts.
    pub(crate) fn is_good(&self) -> bool {
        self.until.is_none_or(|until| Instant::now() < until)
    }
}

/// How a token is asked for.
#[derive(Debug)]
pub(crate) struct TokenRequest {
    pub(crate) url: Url,
    /// The `Authorization` header.
    pub(crate) grant: Option<Grant>,
    /// A form, which makes it a POST.
    pub(crate) form: Option<Secret>,
}

/// The realm of a challenge, where it is safe to show a login to it: over TLS anywhere, since the
/// registry, which the login is for, says so over TLS itself; over plain HTTP only at the host that
/// speaks plain HTTP itself.
pub(crate) fn realm(challenge: &Challenge, registry: &Url) -> Result<Url, String> {
    let text = challenge
        .parameter("realm")
        .ok_or("it names no token service")?;
    let url = Url::parse(text).map_err(|_| format!("its token service {text:?} is no address"))?;
    if url.username() != "" || url.password().is_some() {
        return Err("the address of its token service has a login of its own".to_owned());
    }
    let named = url.host_str().unwrap_or_default().to_owned();
    let same_host = url.host_str() == registry.host_str();
    match url.scheme() {
        "https" => Ok(url),
        "http" if registry.scheme() == "http" && same_host => Ok(url),
        "http" => Err(format!(
            "its token service at {named} speaks plain HTTP, and no login is shown to that"
        )),
        other => Err(format!(
            "its token service is reached by {other:?}, not by https"
        )),
    }
}

/// How a token for these scopes is asked for.
pub(crate) fn request(
    realm: Url,
    challenge: &Challenge,
    scopes: &[String],
    credential: Option<&Credential>,
) -> TokenRequest {
    let service = challenge.parameter("service");
    let mut url = realm;
    if let Some(Credential::Identity(token)) = credential {
        let mut form = Url::parse("form:").ok();
        if let Some(form) = &mut form {
            let mut pairs = form.query_pairs_mut();
            pairs.append_pair("grant_type", "refresh_token");
            pairs.append_pair("client_id", "winfit");
            pairs.append_pair("refresh_token", token.reveal());
            pairs.append_pair("scope", &scopes.join(" "));
            if let Some(service) = service {
                pairs.append_pair("service", service);
            }
        }
        let form = form.as_ref().and_then(Url::query).unwrap_or_default();
        return TokenRequest {
            url,
            grant: None,
            form: Some(Secret::new(form)),
        };
    }
    {
        let mut pairs = url.query_pairs_mut();
        if let Some(service) = service {
            pairs.append_pair("service", service);
        }
        for scope in scopes {
            pairs.append_pair("scope", scope);
        }
        if let Some(Credential::Password { user, .. }) = credential {
            pairs.append_pair("account", user);
        }
    }
    let grant = match credential {
        Some(Credential::Password { user, password }) => Grant::basic(user, password),
        _ => None,
    };
    TokenRequest {
        url,
        grant,
        form: None,
    }
}

/// The token that a service's answer holds.
pub(crate) fn read(answer: &[u8], asked: Instant) -> Result<Grant, String> {
    #[derive(Deserialize)]
    struct Said {
        token: Option<Secret>,
        access_token: Option<Secret>,
        expires_in: Option<serde_json::Value>,
    }
    // serde's own words would quote what may be a token.
    let said: Said = serde_json::from_slice(answer)
        .map_err(|_| "its token service sends no token".to_owned())?;
    let token = [said.token, said.access_token]
        .into_iter()
        .flatten()
        .find(|token| !token.reveal().is_empty())
        .ok_or("its token service sends no token")?;
    let seconds = said
        .expires_in
        .and_then(|seconds| seconds.as_u64())
        .unwrap_or(USUAL)
        .clamp(1, LONGEST);
    // A tenth is left for the way and for clocks that differ.
    let until = asked + Duration::from_secs(seconds).mul_f32(0.9);
    Grant::bearer(&token, Some(until))
        .ok_or_else(|| "its token service sends a token that no header can hold".to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::challenge;
    use super::*;

    fn challenge(text: &str) -> Challenge {
        challenge::parse(text).remove(0)
    }

    #[test]
    fn realms_that_may_see_a_login() {
        for (registry, address, safe) in [
            ("https://r.example", "https://r.example/token", true),
            ("https://r.example", "https://auth.example/token", true),
            ("https://r.example", "http://r.example/token", false),
            ("https://r.example", "http://evil.example/token", false),
            ("http://localhost:5000", "http://localhost:5001/token", true),
            (
                "http://localhost:5000",
                "http://127.0.0.1:5001/token",
                false,
            ),
            ("http://localhost:5000", "http://evil.example/token", false),
            ("http://localhost:5000", "https://auth.example/token", true),
            (
                "https://r.example",
                "https://me:pw@auth.example/token",
                false,
            ),
            ("https://r.example", "file:///etc/passwd", false),
            ("https://r.example", "/token", false),
        ] {
            let asked = challenge(&format!("Bearer realm=\"{address}\""));
            let registry = Url::parse(registry).unwrap();
            assert_eq!(
                realm(&asked, &registry).is_ok(),
                safe,
                "{registry} {address}"
            );
        }
        let nowhere = challenge("Bearer service=x");
        assert!(realm(&nowhere, &Url::parse("https://r.example").unwrap()).is_err());
    }

    #[test]
    fn what_is_sent() {
        let asked = challenge("Bearer realm=x, service=\"a&b\"");
        let url = || Url::parse("https://auth.example/token?x=y").unwrap();
        let scopes = [
            "repository:a/b:pull".to_owned(),
            "repository:c:pull".to_owned(),
        ];
        let nobody = request(url(), &asked, &scopes, None);
        assert_eq!(
            nobody.url.as_str(),
            "https://auth.example/token?x=y&service=a%26b&scope=repository%3Aa%2Fb%3Apull&scope=repository%3Ac%3Apull"
        );
        assert!(nobody.grant.is_none() && nobody.form.is_none());
        let identity = Credential::Identity(Secret::new("hunter2"));
        let identity = request(url(), &asked, &scopes, Some(&identity));
        assert!(!identity.url.as_str().contains("hunter2"));
        assert!(!format!("{identity:?}").contains("hunter2"));
        assert_eq!(
            identity.form.unwrap().reveal(),
            "grant_type=refresh_token&client_id=winfit&refresh_token=hunter2&scope=repository%3Aa%2Fb%3Apull+repository%3Ac%3Apull&service=a%26b"
        );
        let password = Credential::Password {
            user: "u".to_owned(),
            password: Secret::new("hunter2"),
        };
        let password = request(url(), &asked, &scopes, Some(&password));
        assert!(!format!("{password:?}").contains("aHVudGVy"));
        assert_eq!(password.grant.unwrap().header, "Basic dTpodW50ZXIy");
    }

    #[test]
    fn what_services_answer() {
        let now = Instant::now();
        let good_for = |answer: &str| {
            let grant = read(answer.as_bytes(), now).unwrap();
            (grant.until.unwrap() - now).as_secs()
        };
        assert_eq!(good_for(r#"{"token": "t"}"#), 54);
        assert_eq!(good_for(r#"{"access_token": "t", "expires_in": 300}"#), 270);
        assert_eq!(good_for(r#"{"token": "t", "expires_in": -5}"#), 54);
        assert_eq!(good_for(r#"{"token": "t", "expires_in": 1e300}"#), 54);
        assert_eq!(
            good_for(r#"{"token": "", "access_token": "t", "expires_in": 18446744073709551615}"#),
            77_760
        );
        for answer in [
            "",
            "hunter2",
            "{}",
            r#"{"token": "a\nb: c"}"#,
            r#"{"token": 5}"#,
        ] {
            let told = read(answer.as_bytes(), now).unwrap_err();
            assert!(!told.contains("hunter2"));
        }
    }
}
