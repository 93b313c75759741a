//! References that name a Linux: nothing else says so of an image that nobody has pulled.

use crate::reference::Reference;

/// Distributions, as images are called and as tags end.
const NAMES: [&str; 21] = [
    "alpine",
    "amazonlinux",
    "azurelinux",
    "bookworm",
    "bullseye",
    "busybox",
    "buster",
    "centos",
    "debian",
    "distroless",
    "fedora",
    "focal",
    "jammy",
    "linux",
    "mariner",
    "noble",
    "opensuse",
    "rockylinux",
    "trixie",
    "ubi",
    "ubuntu",
];

/// Whether a piece of the tag, or the repository's last part, is a Linux distribution.
pub(super) fn is_named(reference: &Reference) -> bool {
    let tag = reference.tag.as_deref().unwrap_or_default();
    let name = reference.repository.rsplit('/').next().unwrap_or_default();
    tag.split(['-', '_'])
        .chain([name])
        // `alpine3.20`, `ubi9`
        .map(|piece| piece.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.'))
        .any(|piece| NAMES.contains(&piece))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distributions_are_known_by_their_names() {
        for (text, linux) in [
            ("debian:12-slim", true),
            ("mcr.microsoft.com/dotnet/aspnet:8.0-alpine3.20", true),
            ("mcr.microsoft.com/dotnet/aspnet:8.0-jammy-chiseled", true),
            ("redhat/ubi9", true),
            ("contoso/base:1-linux-amd64", true),
            ("contoso/base:1", false),
            ("golang:1.27-windowsservercore-ltsc2025", false),
        ] {
            let reference = Reference::parse(text).unwrap();
            assert_eq!(is_named(&reference), linux, "{text}");
        }
    }
}
