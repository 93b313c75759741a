//! Labels of one's own: `--label KEY=osbuild|build|version|release`.

use thiserror::Error;
use winfit_core::Catalog;
use winfit_core::generation;
use winfit_core::host::Host;
use winfit_core::placement::kubernetes::{BUILD_LABEL, OLD_OS_LABEL, OS_LABEL};
use winfit_core::version::OsVersion;

use super::OWN;

/// The kubelet writes these by itself, and takes back what others write there.
const OF_THE_KUBELET: [&str; 6] = [
    OS_LABEL,
    OLD_OS_LABEL,
    BUILD_LABEL,
    "kubernetes.io/arch",
    "beta.kubernetes.io/arch",
    "kubernetes.io/hostname",
];

/// On this build only equal revisions run, so that the build alone places nothing.
const EQUAL_REVISIONS: u16 = 14_393;

/// A label that the user wants beside winfit's own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OwnLabel {
    /// Its key.
    pub key: String,
    /// What its value tells.
    pub tells: Tells,
}

/// What the value of a label tells of a node's Windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tells {
    /// `16299`, and `14393.1715`: as on Microsoft's page.
    OsBuild,
    /// `20348`.
    Build,
    /// `10.0.20348.825`.
    Version,
    /// `ltsc2022`.
    Release,
}

/// Why a node cannot have a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Lack {
    /// Only equal revisions run there, and nothing tells its own.
    #[error(
        "a label that tells where images of 14393 run needs the node's revision, and nothing tells it"
    )]
    Revision,
    /// The catalog knows no release of its build.
    #[error("winfit's catalog has no release of the node's build")]
    Release,
}

/// Why a label of one's own cannot be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KeyError {
    /// It is not written as it has to be.
    #[error(
        "--label {0}: write it as KEY=osbuild, KEY=build, KEY=version or KEY=release, as beta.kubernetes.io/osbuild=osbuild"
    )]
    Form(String),
    /// No label may have this key.
    #[error(
        "--label {0}: no label key; it has at most 63 letters, digits, hyphens, dots and underscores, begins and ends with a letter or a digit, and may have a domain in small letters and a slash before it"
    )]
    Key(String),
    /// It is one of winfit's own.
    #[error("--label {0}: labels under {OWN} are winfit's own and are written anyway")]
    Own(String),
    /// It is one of the kubelet's.
    #[error("--label {0}: the kubelet writes this label itself")]
    Kubelet(String),
}

impl OwnLabel {
    /// Reads `KEY=osbuild`.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let form = || KeyError::Form(text.to_owned());
        let (key, tells) = text.split_once('=').ok_or_else(form)?;
        let tells = match tells {
            "osbuild" => Tells::OsBuild,
            "build" => Tells::Build,
            "version" => Tells::Version,
            "release" => Tells::Release,
            _ => return Err(form()),
        };
        let named = key.to_owned();
        if !is_key(key) {
            Err(KeyError::Key(named))
        } else if key.starts_with(OWN) {
            Err(KeyError::Own(named))
        } else if OF_THE_KUBELET.contains(&key) {
            Err(KeyError::Kubelet(named))
        } else {
            Ok(Self { key: named, tells })
        }
    }

    /// Its value on a host, or why it can have none.
    pub(super) fn value(
        &self,
        catalog: &Catalog,
        host: &Host,
        version: OsVersion,
    ) -> Result<String, Lack> {
        match self.tells {
            Tells::Build => Ok(version.build.to_string()),
            Tells::Version => Ok(version.to_string()),
            Tells::OsBuild if version.build != EQUAL_REVISIONS => Ok(version.build.to_string()),
            Tells::OsBuild => match version.revision {
                Some(revision) => Ok(format!("{}.{revision}", version.build)),
                None => Err(Lack::Revision),
            },
            Tells::Release => generation::release(catalog, host).ok_or(Lack::Release),
        }
    }
}

/// Whether the API server takes it as the key of a label.
fn is_key(key: &str) -> bool {
    let (domain, name) = match key.split_once('/') {
        Some((domain, name)) => (Some(domain), name),
        None => (None, key),
    };
    let sound_name = (1..=63).contains(&name.len())
        && ends_are(name, |byte| byte.is_ascii_alphanumeric())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    sound_name && domain.is_none_or(is_domain)
}

/// Whether it is a DNS subdomain.
fn is_domain(domain: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    domain.len() <= 253
        && domain.split('.').all(|part| {
            ends_are(part, plain) && part.bytes().all(|byte| plain(byte) || byte == b'-')
        })
}

fn ends_are(text: &str, allowed: impl Fn(u8) -> bool) -> bool {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
        return false;
    };
    allowed(*first) && allowed(*last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_that_the_api_server_takes() {
        let long = format!("{}=build", "a".repeat(64));
        let longest = format!("x.io/{}=build", "a".repeat(63));
        for text in [
            "osbuild=osbuild",
            "beta.kubernetes.io/osbuild=osbuild",
            "Contoso_win.1=release",
            &longest,
        ] {
            assert!(OwnLabel::parse(text).is_ok(), "{text}");
        }
        for text in [
            "=build",
            "-a=build",
            "a-=build",
            "/a=build",
            "a/=build",
            "a/b/c=build",
            "Contoso.com/a=build",
            "a..b/c=build",
            "a b=build",
            "ä=build",
            &long,
        ] {
            let refused = OwnLabel::parse(text);
            assert!(matches!(refused, Err(KeyError::Key(_))), "{text}");
        }
        for text in ["a", "a=", "a=os", "a=build=build"] {
            let refused = OwnLabel::parse(text);
            assert!(matches!(refused, Err(KeyError::Form(_))), "{text}");
        }
        let of_others = ["winfit.dev/build=build", "kubernetes.io/os=release"];
        assert!(matches!(
            of_others.map(OwnLabel::parse),
            [Err(KeyError::Own(_)), Err(KeyError::Kubelet(_))]
        ));
    }
}
