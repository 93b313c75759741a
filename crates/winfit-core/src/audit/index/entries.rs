//! The entries of the index: what they name, and what they state of its platform.

use super::LookedAt;
use crate::finding::{Finding, Severity};
use crate::index::{Entry, Platform};

/// The only os.features that Windows has.
const WIN32K: &str = "win32k";

pub(super) fn findings(looked_at: &LookedAt<'_>, findings: &mut Vec<Finding>) {
    for (at, entry) in looked_at.image.entries.iter().enumerate() {
        findings.extend(missing(looked_at, at, entry));
        findings.extend(without_os(looked_at, at, entry));
        findings.extend(features(looked_at, at, entry));
    }
    duplicates(looked_at, findings);
    if looked_at.image.is_index
        && looked_at
            .image
            .entries
            .iter()
            .all(|entry| entry.attestation)
    {
        findings.push(looked_at.of_image(
            "index-lacks-host",
            Severity::Error,
            "the index names no image at all: nobody pulls anything of it".to_owned(),
        ));
    }
}

fn missing(looked_at: &LookedAt<'_>, at: usize, entry: &Entry) -> Option<Finding> {
    let message = format!(
        "the index names {}, and the registry does not have it: whoever takes it gets \"not found\"",
        entry.short_digest()
    );
    entry.missing.then(|| {
        looked_at
            .of_child("index-child-missing", Severity::Error, at, "digest", message)
            .note("a child is lost when it is deleted by its digest, when its own tag is cleaned up, or when only the index was copied")
    })
}

fn without_os(looked_at: &LookedAt<'_>, at: usize, entry: &Entry) -> Option<Finding> {
    let stated = entry.stated.as_ref().map(|stated| stated.os.as_str());
    let silent = looked_at.image.is_index && entry.is_windows() && stated.unwrap_or("").is_empty();
    silent.then(|| {
        let (field, what) = match stated {
            None => ("platform", "states no platform"),
            Some(_) => ("platform.os", "states no operating system"),
        };
        looked_at
            .of_child(
                "index-child-without-os",
                Severity::Warning,
                at,
                field,
                format!("{} is a Windows image by its config, and its entry {what}", entry.name()),
            )
            .note("Docker's classic image store does not take such an entry; containerd takes it only where no other fits")
            .remedy(looked_at.assemble("write the index anew from the configs"))
    })
}

fn features(looked_at: &LookedAt<'_>, at: usize, entry: &Entry) -> Option<Finding> {
    let stated = entry.stated.as_ref().filter(|_| entry.is_windows())?;
    let place = "platform.os.features";
    let finding = |message: String| {
        looked_at.of_child("index-os-features", Severity::Warning, at, place, message)
    };
    let other: Vec<&str> = stated
        .os_features
        .iter()
        .map(String::as_str)
        .filter(|feature| *feature != WIN32K)
        .collect();
    if !other.is_empty() {
        let message = format!(
            "{} demands {} of its host, which no Windows offers: containerd does not take it",
            entry.name(),
            other.join(", ")
        );
        return Some(finding(message).note("the one feature of Windows is win32k"));
    }
    // A config that states none leaves the index free to.
    let config = entry
        .config
        .as_ref()
        .filter(|config| !config.os_features.is_empty())?;
    (config.os_features != stated.os_features).then(|| {
        finding(format!(
            "{} demands {} by its config, and the index {}",
            entry.name(),
            config.os_features.join(", "),
            if stated.os_features.is_empty() {
                "leaves that out".to_owned()
            } else {
                format!("says {}", stated.os_features.join(", "))
            }
        ))
        .remedy(looked_at.assemble("write the index anew from the configs"))
    })
}

/// Two entries of one platform: the second is never taken by engines that go by the index's order.
fn duplicates(looked_at: &LookedAt<'_>, findings: &mut Vec<Finding>) {
    let entries = &looked_at.image.entries;
    for (at, entry) in entries.iter().enumerate() {
        let Some(platform) = entry.stated.as_ref().filter(|_| !entry.attestation) else {
            continue;
        };
        let earlier = entries[..at].iter().position(|other| {
            !other.attestation && other.stated.as_ref().is_some_and(|it| same(it, platform))
        });
        let Some(earlier) = earlier else { continue };
        let name = in_words(platform);
        // Whether two Windows images without a version in the index are two is another rule's matter.
        if platform.os == "windows"
            && platform.os_version.is_none()
            && entries[earlier].version_text() != entry.version_text()
        {
            continue;
        }
        let twice = entries[earlier].digest == entry.digest;
        let (severity, message) = if twice {
            (
                Severity::Info,
                format!("{} stands twice in the index", entry.short_digest()),
            )
        } else {
            (
                Severity::Warning,
                format!(
                    "{} and {} are both for {name}: which one an engine takes depends on its order alone",
                    entries[earlier].short_digest(),
                    entry.short_digest()
                ),
            )
        };
        findings.push(
            looked_at
                .of_child(
                    "index-duplicate-platform",
                    severity,
                    at,
                    "platform",
                    message,
                )
                .related(looked_at.at(earlier, "platform"), "the same platform"),
        );
    }
}

fn same(one: &Platform, other: &Platform) -> bool {
    let version = |platform: &Platform| platform.os_version.clone().unwrap_or_default();
    let key = |platform: &Platform| {
        let mut features = platform.os_features.clone();
        features.sort();
        (
            platform.os.clone(),
            platform.architecture.clone(),
            platform.variant.clone().unwrap_or_default(),
            features,
        )
    };
    key(one) == key(other) && version(one) == version(other)
}

/// `windows/amd64 10.0.20348.825`.
fn in_words(platform: &Platform) -> String {
    let mut text = format!("{}/{}", platform.os, platform.architecture);
    for more in [&platform.variant, &platform.os_version]
        .into_iter()
        .flatten()
    {
        text.push(' ');
        text.push_str(more);
    }
    text
}
