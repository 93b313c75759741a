//! Image references, and the base image that one names under any of its old spellings.

use std::fmt;

use thiserror::Error;

use crate::version::quote_for_error;

/// `[registry/]repository[:tag][@digest]`, as engines read it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reference {
    /// The registry's host and port, where written.
    pub registry: Option<String>,
    /// The repository's path, as written.
    pub repository: String,
    /// The tag, where written.
    pub tag: Option<String>,
    /// `sha256:…`, where written.
    pub digest: Option<String>,
}

/// Why a text is no image reference.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReferenceError {
    /// Nothing, or only white space.
    #[error("an image is missing; one looks like mcr.microsoft.com/windows/servercore:ltsc2022")]
    Empty,
    /// A character or form that no engine takes.
    #[error("{text:?} is no image reference: at character {at}, {reason}")]
    Form {
        /// The text as given, shortened.
        text: String,
        /// Where the mistake begins: a character of the text without the white space around it, from 1.
        at: usize,
        /// What is wrong, and what would do.
        reason: String,
    },
}

const LONGEST: usize = 1024;

impl Reference {
    /// Reads a reference.
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        let text = text.trim();
        let error = |(at, reason): Wrong| ReferenceError::Form {
            text: quote_for_error(text),
            at: text.get(..at).unwrap_or(text).chars().count() + 1,
            reason,
        };
        if text.is_empty() {
            return Err(ReferenceError::Empty);
        }
        if text.len() > LONGEST {
            let at = text.floor_char_boundary(LONGEST);
            return Err(error((at, format!("it is longer than {LONGEST} bytes"))));
        }
        if let Some((at, odd)) = text.char_indices().find(|(_, c)| !c.is_ascii_graphic()) {
            return Err(error((at, format!("{odd:?} cannot stand in one"))));
        }
        if let Some((scheme, _)) = text.split_once("://") {
            let reason = format!("a reference has no scheme; leave {scheme}:// out");
            return Err(error((0, reason)));
        }
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (text, None),
        };
        if let Some(digest) = digest {
            check_digest(digest).map_err(|wrong| error(behind(rest.len() + 1, wrong)))?;
        }
        // A colon after the last slash starts the tag; one before it belongs to the port.
        let path_at = rest.rfind('/').map_or(0, |at| at + 1);
        let (name, tag) = match rest[path_at..].find(':') {
            Some(colon) => (&rest[..path_at + colon], Some(&rest[path_at + colon + 1..])),
            None => (rest, None),
        };
        if let Some(tag) = tag {
            check_tag(tag).map_err(|wrong| error(behind(name.len() + 1, wrong)))?;
        }
        let (registry, repository) = match name.split_once('/') {
            Some((first, path))
                if first.contains(['.', ':']) || first.eq_ignore_ascii_case("localhost") =>
            {
                (Some(first), path)
            }
            _ => (None, name),
        };
        check_repository(repository)
            .map_err(|wrong| error(behind(name.len() - repository.len(), wrong)))?;
        if let Some(registry) = registry {
            let fine =
                |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
            if let Some(at) = registry.find(|c| !fine(c)) {
                let reason = format!(
                    "{:?} is no registry; one looks like mcr.microsoft.com or localhost:5000",
                    quote_for_error(registry)
                );
                return Err(error((at, reason)));
            }
            check_host(registry).map_err(&error)?;
        }
        Ok(Self {
            registry: registry.map(str::to_ascii_lowercase),
            repository: repository.to_owned(),
            tag: tag.map(str::to_owned),
            digest: digest.map(str::to_owned),
        })
    }

    /// The same reference with another tag and no digest.
    #[must_use]
    pub fn with_tag(&self, tag: &str) -> Self {
        Self {
            tag: Some(tag.to_owned()),
            digest: None,
            ..self.clone()
        }
    }

    /// The repository and the tag without the registry, base images by their last part alone:
    /// `servercore:ltsc2019`, `contoso/web:1`; for sentences.
    pub fn short(&self) -> String {
        let last = match self.base_image() {
            Some(_) => self.repository.rsplit('/').next().unwrap_or_default(),
            None => self.repository.as_str(),
        };
        match (&self.tag, &self.digest) {
            (Some(tag), _) => format!("{last}:{tag}"),
            (None, Some(digest)) => {
                let hex = digest.split(':').nth(1).unwrap_or_default();
                format!("{last}@{}…", hex.get(..12).unwrap_or(hex))
            }
            (None, None) => last.to_owned(),
        }
    }

    /// The base image that this names, under any spelling that the pages and old files use.
    pub fn base_image(&self) -> Option<BaseImage> {
        let registry = self.registry.as_deref();
        let hub = matches!(
            registry,
            None | Some("docker.io" | "index.docker.io" | "registry-1.docker.io")
        );
        let path = self.repository.to_ascii_lowercase();
        let path = path.as_str();
        let (path, insider) = match path
            .strip_suffix("/insider")
            .or_else(|| path.strip_suffix("-insider"))
        {
            Some(path) => (path, true),
            None => (path, false),
        };
        let found = |base, home| {
            Some(BaseImage {
                base,
                home,
                insider,
            })
        };
        if registry == Some("mcr.microsoft.com") {
            return match path {
                "windows/nanoserver" => found(Base::Nanoserver, Home::Mcr),
                "windows/servercore" => found(Base::Servercore, Home::Mcr),
                "windows/server" => found(Base::Server, Home::Mcr),
                "windows" => found(Base::Windows, Home::Mcr),
                "microsoft-windows-nanoserver" => found(Base::Nanoserver, Home::OldName),
                "microsoft-windows-servercore" => found(Base::Servercore, Home::OldName),
                _ => None,
            };
        }
        if hub {
            return match path {
                "microsoft/nanoserver" => found(Base::Nanoserver, Home::OldName),
                "microsoft/windowsservercore" => found(Base::Servercore, Home::OldName),
                "microsoft/windows" => found(Base::Windows, Home::OldName),
                "windows/nanoserver" | "nanoserver" => found(Base::Nanoserver, Home::NoRegistry),
                "windows/servercore" | "servercore" => found(Base::Servercore, Home::NoRegistry),
                "windows/server" => found(Base::Server, Home::NoRegistry),
                "windows" => found(Base::Windows, Home::NoRegistry),
                _ => None,
            };
        }
        let under = |name: &str| {
            path.strip_suffix(name)
                .is_some_and(|before| before.is_empty() || before.ends_with('/'))
        };
        if under("windows/nanoserver") {
            found(Base::Nanoserver, Home::Mirror)
        } else if under("windows/servercore") {
            found(Base::Servercore, Home::Mirror)
        } else if under("windows/server") {
            found(Base::Server, Home::Mirror)
        } else {
            None
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(registry) = &self.registry {
            write!(f, "{registry}/")?;
        }
        f.write_str(&self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

/// The byte at which a mistake begins, and what it is.
type Wrong = (usize, String);

/// A mistake in a piece that stands so many bytes behind the text's start.
fn behind(start: usize, (at, reason): Wrong) -> Wrong {
    (start + at, reason)
}

fn check_digest(digest: &str) -> Result<(), Wrong> {
    let form = "a digest looks like sha256: and 64 hex digits";
    let Some((algorithm, hex)) = digest.split_once(':') else {
        return Err((0, form.to_owned()));
    };
    let wanted = match algorithm {
        "sha256" => 64,
        "sha384" => 96,
        "sha512" => 128,
        _ => {
            let reason = format!(
                "{:?} is no digest algorithm; {form}",
                quote_for_error(algorithm)
            );
            return Err((0, reason));
        }
    };
    let start = algorithm.len() + 1;
    if let Some((at, odd)) = hex.char_indices().find(|(_, c)| !c.is_ascii_hexdigit()) {
        return Err((start + at, format!("{odd:?} is no hex digit; {form}")));
    }
    if hex.len() != wanted {
        let reason = format!("its digest has {} hex digits; {form}", hex.len());
        return Err((start + hex.len().min(wanted), reason));
    }
    Ok(())
}

/// `HOST[:PORT]`, whose characters are those of one.
fn check_host(registry: &str) -> Result<(), Wrong> {
    let (host, port, at) = match registry.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((host, "")) => (host, None, 0),
            Some((host, port)) => (
                host,
                Some(port.strip_prefix(':').unwrap_or("")),
                host.len() + 3,
            ),
            None => {
                let reason = "an address of IPv6 ends with ], as [::1]:5000".to_owned();
                return Err((registry.len(), reason));
            }
        },
        None => match registry.split_once(':') {
            Some((host, port)) => (host, Some(port), host.len() + 1),
            None => (registry, None, 0),
        },
    };
    if host.is_empty() {
        return Err((0, "a registry's host is missing".to_owned()));
    }
    match port.map(str::parse::<u16>) {
        None | Some(Ok(1..)) => Ok(()),
        Some(_) => Err((at, "a port is a number from 1 to 65535".to_owned())),
    }
}

fn check_tag(tag: &str) -> Result<(), Wrong> {
    /// What the distribution specification allows.
    const LONGEST_TAG: usize = 128;
    if tag.is_empty() {
        return Err((0, "a tag is missing; one looks like ltsc2022".to_owned()));
    }
    let first = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let fine = |c: char| first(c) || matches!(c, '.' | '-');
    let mut letters = tag.char_indices();
    let wrong = match letters.next() {
        Some((at, c)) if !first(c) => Some(at),
        _ => letters.find(|(_, c)| !fine(*c)).map(|(at, _)| at),
    };
    if let Some(at) = wrong {
        let reason = format!(
            "{:?} is no tag; tags are letters, digits, dots, dashes and underscores",
            quote_for_error(tag)
        );
        return Err((at, reason));
    }
    if tag.len() > LONGEST_TAG {
        let reason = format!("its tag is longer than {LONGEST_TAG} characters");
        return Err((LONGEST_TAG, reason));
    }
    Ok(())
}

fn check_repository(repository: &str) -> Result<(), Wrong> {
    let mut start = 0;
    for part in repository.split('/') {
        if part.is_empty() {
            return Err((start, "a part of its path is empty".to_owned()));
        }
        let ends = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let fine = |c: char| ends(c) || matches!(c, '.' | '_' | '-');
        if let Some(at) = part.find(|c: char| c.is_ascii_uppercase()) {
            let reason = format!(
                "{:?} has capital letters, which no registry takes in a repository",
                quote_for_error(part)
            );
            return Err((start + at, reason));
        }
        let wrong = part
            .find(|c| !fine(c))
            .or_else(|| (!part.starts_with(ends)).then_some(0))
            .or_else(|| (!part.ends_with(ends)).then(|| part.len() - 1));
        if let Some(at) = wrong {
            let reason = format!(
                "{:?} is no part of a repository; they are lower-case letters and digits, with dots, dashes and underscores inside",
                quote_for_error(part)
            );
            return Err((start + at, reason));
        }
        start += part.len() + 1;
    }
    Ok(())
}

/// The base images that Microsoft publishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// Nano Server.
    Nanoserver,
    /// Server Core.
    Servercore,
    /// Server with graphics, from 2022.
    Server,
    /// The whole Windows API, 1809 to 20H2.
    Windows,
}

impl Base {
    /// The name in flags and in `releases.tsv`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nanoserver => "nanoserver",
            Self::Servercore => "servercore",
            Self::Server => "server",
            Self::Windows => "windows",
        }
    }

    /// All of them, the most used first.
    pub const ALL: [Self; 4] = [
        Self::Servercore,
        Self::Nanoserver,
        Self::Server,
        Self::Windows,
    ];

    /// The repository that publishes it.
    pub fn repository(self) -> &'static str {
        match self {
            Self::Nanoserver => "mcr.microsoft.com/windows/nanoserver",
            Self::Servercore => "mcr.microsoft.com/windows/servercore",
            Self::Server => "mcr.microsoft.com/windows/server",
            Self::Windows => "mcr.microsoft.com/windows",
        }
    }

    /// Its name on Microsoft's lifecycle page.
    pub fn lifecycle_name(self) -> &'static str {
        match self {
            Self::Nanoserver => "Nano Server",
            Self::Servercore => "Server Core",
            Self::Server => "Datacenter Container",
            Self::Windows => "Windows",
        }
    }
}

/// Under which name a base image was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Home {
    /// Its own repository, `mcr.microsoft.com/windows/…`.
    Mcr,
    /// A name it no longer has: Docker Hub's `microsoft/…`, or the page's
    /// `mcr.microsoft.com/microsoft-windows-nanoserver`.
    OldName,
    /// `windows/servercore` without a registry, which engines look for on Docker Hub.
    NoRegistry,
    /// A copy in another registry.
    Mirror,
}

/// A reference that names a base image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BaseImage {
    /// Which.
    pub base: Base,
    /// How it was written.
    pub home: Home,
    /// The Insider repository beside it.
    pub insider: bool,
}

impl BaseImage {
    /// The repository to write instead of an old or registry-less name.
    pub fn repository(self) -> String {
        if self.insider {
            format!("{}/insider", self.base.repository())
        } else {
            self.base.repository().to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_as_engines_read_them() {
        for (text, registry, repository, tag, digest) in [
            ("nginx", None, "nginx", None, false),
            ("contoso/myimage", None, "contoso/myimage", None, false),
            (
                "localhost:5000/a/b:1",
                Some("localhost:5000"),
                "a/b",
                Some("1"),
                false,
            ),
            ("host:5000/repo", Some("host:5000"), "repo", None, false),
            (
                "mcr.microsoft.com/windows/nanoserver:1809-KB4493509",
                Some("mcr.microsoft.com"),
                "windows/nanoserver",
                Some("1809-KB4493509"),
                false,
            ),
            (
                "windows/servercore/iis@sha256:868bca7e89e1743792e15f78edb5a73070ef44eae6807dc3f05f9b94c23943d5",
                None,
                "windows/servercore/iis",
                None,
                true,
            ),
            (
                "host:5000/repo:tag@sha256:868bca7e89e1743792e15f78edb5a73070ef44eae6807dc3f05f9b94c23943d5",
                Some("host:5000"),
                "repo",
                Some("tag"),
                true,
            ),
        ] {
            let read = Reference::parse(text).unwrap();
            assert_eq!(read.registry.as_deref(), registry, "{text}");
            assert_eq!(read.repository, repository, "{text}");
            assert_eq!(read.tag.as_deref(), tag, "{text}");
            assert_eq!(read.digest.is_some(), digest, "{text}");
            assert_eq!(read.to_string(), text);
        }
    }

    #[test]
    fn what_is_no_reference_says_why() {
        let digits = "1".repeat(64);
        for (text, at, part) in [
            ("a:", 3, "a tag is missing"),
            ("a b", 2, "' ' cannot stand in one"),
            (" \u{e4}", 1, "cannot stand in one"),
            ("Contoso/App:1", 1, "capital letters"),
            ("contoso/App:1", 9, "capital letters"),
            ("a//b", 3, "a part of its path is empty"),
            ("localhost:5000/a//b", 18, "a part of its path is empty"),
            ("a@sha256:12", 12, "has 2 hex digits"),
            (&format!("a@sha256:{digits}0"), 74, "has 65 hex digits"),
            ("a:1@sha256:12g4", 14, "no hex digit"),
            ("a@md5:12", 3, "no digest algorithm"),
            ("a@", 3, "a digest looks like"),
            ("-a/b", 1, "no part of a repository"),
            ("b/a-:1", 4, "no part of a repository"),
            ("b/a+c", 4, "no part of a repository"),
            ("a:t*g", 4, "is no tag"),
            ("a:-t", 3, "is no tag"),
            (
                &format!("a:{digits}{digits}{digits}"),
                131,
                "is longer than",
            ),
            ("my_registry.local/a", 3, "no registry"),
            ("localhost:99999/a:1", 11, "a port is a number"),
            ("localhost:/a", 11, "a port is a number"),
            ("[::1/a", 5, "ends with ]"),
            ("[::1]5000/a", 7, "a port is a number"),
            (":5000/a", 1, "host is missing"),
            ("docker://a:1", 1, "leave docker:// out"),
        ] {
            let error = Reference::parse(text).unwrap_err();
            let said = error.to_string();
            assert!(said.contains(part), "{text}: {said}");
            let found = match error {
                ReferenceError::Form { at, .. } => at,
                ReferenceError::Empty => 0,
            };
            assert_eq!(found, at, "{text}: {said}");
        }
        assert_eq!(Reference::parse(" "), Err(ReferenceError::Empty));
    }

    #[test]
    fn base_images_are_known_under_every_name_the_pages_print() {
        for (text, base, home, repository) in [
            (
                "mcr.microsoft.com/windows/servercore:ltsc2019",
                Base::Servercore,
                Home::Mcr,
                "mcr.microsoft.com/windows/servercore",
            ),
            (
                "mcr.microsoft.com/windows/insider:10.0.20348.1",
                Base::Windows,
                Home::Mcr,
                "mcr.microsoft.com/windows/insider",
            ),
            (
                "mcr.microsoft.com/microsoft-windows-nanoserver",
                Base::Nanoserver,
                Home::OldName,
                "mcr.microsoft.com/windows/nanoserver",
            ),
            (
                "microsoft/windowsservercore:1709_KB4043961",
                Base::Servercore,
                Home::OldName,
                "mcr.microsoft.com/windows/servercore",
            ),
            (
                "microsoft/nanoserver-insider",
                Base::Nanoserver,
                Home::OldName,
                "mcr.microsoft.com/windows/nanoserver/insider",
            ),
            (
                "windows/servercore:1709",
                Base::Servercore,
                Home::NoRegistry,
                "mcr.microsoft.com/windows/servercore",
            ),
            (
                "contoso.azurecr.io/mirror/windows/nanoserver:1809",
                Base::Nanoserver,
                Home::Mirror,
                "mcr.microsoft.com/windows/nanoserver",
            ),
        ] {
            let found = Reference::parse(text).unwrap().base_image().unwrap();
            assert_eq!((found.base, found.home), (base, home), "{text}");
            assert_eq!(found.repository(), repository);
        }
        for text in [
            "windows/servercore/iis",
            "mcr.microsoft.com/dotnet/framework/aspnet:4.8",
            "contoso/windows",
            "nginx",
        ] {
            assert!(
                Reference::parse(text).unwrap().base_image().is_none(),
                "{text}"
            );
        }
    }
}
