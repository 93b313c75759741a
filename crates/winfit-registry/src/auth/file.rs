//! Files with logins: Docker's `config.json`, and the `auth.json` of Podman and skopeo.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;

use super::secret::Secret;
use crate::settings_file;

/// The largest file that is read.
const LARGEST: usize = 1024 * 1024;
/// Docker Hub's key, from the days of the first API.
pub(crate) const HUB_KEY: &str = "https://index.docker.io/v1/";

/// Padded or not, as tools and hands write it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent),
);

/// What proves who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Credential {
    /// A user and a password, for basic authentication or for a token service.
    Password {
        /// The user.
        user: String,
        /// The password.
        password: Secret,
    },
    /// Buys tokens of the registry's token service.
    Identity(Secret),
    /// Is shown to the registry as it is.
    Token(Secret),
}

/// A file with logins.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuthFile {
    #[serde(default)]
    auths: Option<BTreeMap<String, Entry>>,
    creds_store: Option<String>,
    #[serde(default)]
    cred_helpers: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Default, Deserialize)]
struct Entry {
    auth: Option<Secret>,
    username: Option<String>,
    password: Option<Secret>,
    identitytoken: Option<Secret>,
    registrytoken: Option<Secret>,
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

impl AuthFile {
    /// Reads a file. None: there is none. Otherwise why it cannot be used, without a word of what it
    /// says.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>, String> {
        let read = settings_file::read(path, LARGEST);
        let Some(text) = read.map_err(|error| format!("{}: {error}", path.display()))? else {
            return Ok(None);
        };
        Self::parse(&text).map(Some).map_err(|(line, column)| {
            format!(
                "{}:{line}:{column}: it is not the JSON that docker login writes",
                path.display()
            )
        })
    }

    pub(crate) fn parse(text: &[u8]) -> Result<Self, (usize, usize)> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        if text.trim_ascii().is_empty() {
            return Ok(Self::default());
        }
        // serde's own words would quote values, and values are secrets.
        serde_json::from_slice(text).map_err(|error| (error.line(), error.column()))
    }

    /// The helper that keeps the logins of a registry: its own, else the one for all.
    pub(crate) fn helper(&self, registry: &str) -> Option<&str> {
        let own = self.cred_helpers.iter().flatten();
        own.filter(|(key, _)| normal(key) == registry)
            .map(|(_, helper)| helper)
            .chain(&self.creds_store)
            .map(String::as_str)
            .find(|helper| !helper.is_empty())
    }

    /// The login that stands in the file: that of the longest part of `REGISTRY/REPOSITORY` which is a
    /// key. None: there is none; an error: its text cannot be used.
    pub(crate) fn find(
        &self,
        registry: &str,
        repository: &str,
    ) -> Option<Result<Credential, String>> {
        let auths = self.auths.as_ref()?;
        let whole = format!("{registry}/{repository}");
        let mut part = whole.as_str();
        loop {
            let named = auths.iter().filter(|(key, _)| normal(key) == part);
            for (key, entry) in named {
                match entry.credential() {
                    Ok(None) => {}
                    Ok(Some(credential)) => return Some(Ok(credential)),
                    Err(reason) => return Some(Err(format!("the login of {key:?}: {reason}"))),
                }
            }
            part = &part[..part.rfind('/')?];
        }
    }
}

impl Entry {
    fn credential(&self) -> Result<Option<Credential>, String> {
        let said = |secret: &Option<Secret>| {
            secret
                .clone()
                .filter(|secret| !secret.reveal().trim().is_empty())
        };
        if let Some(token) = said(&self.registrytoken) {
            return Ok(Some(Credential::Token(token)));
        }
        if let Some(token) = said(&self.identitytoken) {
            return Ok(Some(Credential::Identity(token)));
        }
        if let (Some(user), Some(password)) = (&self.username, said(&self.password)) {
            return Ok(Some(Credential::Password {
                user: user.clone(),
                password,
            }));
        }
        let Some(auth) = said(&self.auth) else {
            return Ok(None);
        };
        let pair = BASE64
            .decode(auth.reveal().trim())
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .ok_or("its auth is not base64 of user:password")?;
        let (user, password) = pair
            .split_once(':')
            .ok_or("its auth is not base64 of user:password")?;
        Ok(Some(Credential::Password {
            user: user.to_owned(),
            // Docker pads with zero bytes what it wrote long ago.
            password: Secret::new(password.trim_end_matches('\0')),
        }))
    }
}

/// A key as registries are named: without scheme and API version, Docker Hub under one name. With a
/// scheme it names a whole host, without one a path belongs to it.
fn normal(key: &str) -> String {
    let bare = key.trim();
    let (bare, host_only) = match bare.split_once("://") {
        Some((_, bare)) => (bare, true),
        None => (bare, false),
    };
    let bare = bare.trim_end_matches('/');
    let (host, path) = bare.split_once('/').unwrap_or((bare, ""));
    let host = host.to_ascii_lowercase();
    let host = match host.as_str() {
        "index.docker.io" | "registry-1.docker.io" => "docker.io",
        other => other,
    };
    if host_only || matches!(path, "" | "v1" | "v2") {
        host.to_owned()
    } else {
        format!("{host}/{path}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(file: &str, registry: &str, repository: &str) -> String {
        let file = AuthFile::parse(file.as_bytes()).unwrap();
        match file.find(registry, repository) {
            None => "nobody".to_owned(),
            Some(Ok(Credential::Password { user, password })) => {
                format!("{user}/{}", password.reveal())
            }
            Some(Ok(Credential::Identity(token))) => format!("identity {}", token.reveal()),
            Some(Ok(Credential::Token(token))) => format!("token {}", token.reveal()),
            Some(Err(reason)) => reason,
        }
    }

    #[test]
    fn keys_in_every_spelling() {
        for key in [
            "example.com:5000",
            "https://example.com:5000",
            "http://EXAMPLE.com:5000/v1/",
            "https://example.com:5000/v2/",
            "example.com:5000/",
            "https://example.com:5000/any/path",
        ] {
            let file = format!(r#"{{"auths": {{"{key}": {{"auth": "YTpi"}}}}}}"#);
            assert_eq!(user(&file, "example.com:5000", "x"), "a/b", "{key}");
            assert_eq!(user(&file, "example.com", "x"), "nobody", "{key}");
        }
        for key in [
            HUB_KEY,
            "index.docker.io",
            "docker.io",
            "index.docker.io/v1/",
        ] {
            let file = format!(r#"{{"auths": {{"{key}": {{"auth": "YTpi"}}}}}}"#);
            assert_eq!(user(&file, "docker.io", "library/x"), "a/b", "{key}");
        }
    }

    #[test]
    fn the_longest_key_decides() {
        let file = r#"{"auths": {
            "example.com": {"username": "host", "password": "1"},
            "example.com/shop": {"username": "shop", "password": "2"},
            "example.com/shop/web": {"username": "web", "password": "3"},
            "example.com/empty": {}
        }}"#;
        for (repository, wanted) in [
            ("shop/web", "web/3"),
            ("shop/web/deep", "web/3"),
            ("shop/website", "shop/2"),
            ("shopping", "host/1"),
            ("empty/x", "host/1"),
        ] {
            assert_eq!(
                user(file, "example.com", repository),
                wanted,
                "{repository}"
            );
        }
        assert_eq!(user(file, "example.com.evil.net", "shop/web"), "nobody");
        assert_eq!(user(file, "com", "x"), "nobody");
    }

    #[test]
    fn every_kind_of_entry() {
        for (entry, wanted) in [
            (r#"{"auth": "YTpi"}"#, "a/b"),
            (r#"{"auth": "YTpiOmM"}"#, "a/b:c"),
            (r#"{"auth": "YTpi", "identitytoken": "t"}"#, "identity t"),
            (r#"{"auth": "", "registrytoken": "r"}"#, "token r"),
            (r#"{"username": "u", "password": "p", "email": "x"}"#, "u/p"),
            (
                r#"{"auth": "hunter2!"}"#,
                "the login of \"h\": its auth is not base64 of user:password",
            ),
            (
                r#"{"auth": "YWJj"}"#,
                "the login of \"h\": its auth is not base64 of user:password",
            ),
            ("{}", "nobody"),
        ] {
            let file = format!(r#"{{"auths": {{"h": {entry}}}}}"#);
            assert_eq!(user(&file, "h", "x"), wanted, "{entry}");
        }
    }

    #[test]
    fn helpers_by_exact_host() {
        let file = AuthFile::parse(
            br#"{"credsStore": "all", "credHelpers": {"gcr.io": "gcloud", "https://index.docker.io/v1/": "hub"}}"#,
        )
        .unwrap();
        assert_eq!(file.helper("gcr.io"), Some("gcloud"));
        assert_eq!(file.helper("eu.gcr.io"), Some("all"));
        assert_eq!(file.helper("docker.io"), Some("hub"));
        let file = AuthFile::parse(br#"{"auths": null, "credsStore": ""}"#).unwrap();
        assert_eq!(file.helper("gcr.io"), None);
    }

    #[test]
    fn broken_files_are_told_by_their_place_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        std::fs::write(&path, "{\"auths\":\n {\"h\": \"hunter2\"}}").unwrap();
        let told = AuthFile::read(&path).unwrap_err();
        assert!(told.contains("config.json:2:"), "{told}");
        assert!(!told.contains("hunter2"), "{told}");
        std::fs::write(&path, "\u{feff}").unwrap();
        assert!(AuthFile::read(&path).unwrap().is_some());
        assert!(
            AuthFile::read(&folder.path().join("none"))
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn nothing_secret_is_shown() {
        let file = AuthFile::parse(
            br#"{"auths": {"h": {"auth": "hunter2", "password": "hunter2", "identitytoken": "hunter2"}}}"#,
        );
        assert!(!format!("{file:?}").contains("hunter2"));
    }

    proptest::proptest! {
        #[test]
        fn no_login_goes_to_another_host(host in "[a-z]{1,8}\\.[a-z]{2}(:[0-9]{2})?", other in "[a-z]{1,8}\\.[a-z]{2}(:[0-9]{2})?", path in "(/[a-z]{1,4}){0,3}") {
            proptest::prop_assume!(host != other);
            let file = format!(r#"{{"auths": {{"{host}{path}": {{"auth": "YTpi"}}}}}}"#);
            proptest::prop_assert_eq!(user(&file, &other, &format!("{host}{path}")), "nobody");
        }
    }
}
