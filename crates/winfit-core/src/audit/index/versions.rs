//! The Windows version of each child: stated in the index, in the config, in both, or nowhere.

use super::LookedAt;
use crate::catalog::Catalog;
use crate::finding::{Finding, Severity};
use crate::host::Kind;
use crate::index::Entry;
use crate::reason::windows_name;
use crate::version::{OsVersion, quote_for_error};

pub(super) fn findings(looked_at: &LookedAt<'_>, findings: &mut Vec<Finding>) {
    for (at, entry) in looked_at.image.entries.iter().enumerate() {
        findings.extend(other_platform(looked_at, at, entry));
    }
    for (at, entry) in looked_at.image.windows() {
        findings.extend(unreadable(looked_at, at, entry));
        // Of a child that could not be read nobody knows what its config states.
        if entry.missing || entry.config.is_none() {
            continue;
        }
        findings.extend(
            match (entry.version_in_index(), entry.version_in_config()) {
                (None, None) => Some(nowhere(looked_at, at, entry)),
                // Of an entry without a platform that is told.
                (None, Some(config)) if entry.stated.is_some() => {
                    Some(missing(looked_at, at, config))
                }
                (Some(index), Some(config)) if index != config => {
                    Some(conflict(looked_at, at, index, config))
                }
                _ => None,
            },
        );
    }
}

/// The index says another system or architecture than the config.
fn other_platform(looked_at: &LookedAt<'_>, at: usize, entry: &Entry) -> Option<Finding> {
    let (stated, config) = (entry.stated.as_ref()?, entry.config.as_ref()?);
    let differ = |index: &str, config: &str| {
        !index.is_empty() && !config.is_empty() && !index.eq_ignore_ascii_case(config)
    };
    let (field, index, config) = if differ(&stated.os, &config.os) {
        ("platform.os", &stated.os, &config.os)
    } else if differ(&stated.architecture, &config.architecture) {
        (
            "platform.architecture",
            &stated.architecture,
            &config.architecture,
        )
    } else {
        return None;
    };
    // Of an image that has nothing to do with Windows others tell.
    if entry.attestation
        || ![&stated.os, &entry.os().to_owned()]
            .iter()
            .any(|os| *os == "windows")
    {
        return None;
    }
    let finding = looked_at.of_child(
        "index-version-conflict",
        Severity::Error,
        at,
        field,
        format!(
            "the index says {}, the image's config says {}",
            quote_for_error(index),
            quote_for_error(config)
        ),
    );
    Some(
        finding
            .note("engines take it for hosts by the index, and it starts there by the config, or not at all")
            .remedy(looked_at.assemble("write the index anew with the platforms of the configs")),
    )
}

fn missing(looked_at: &LookedAt<'_>, at: usize, config: &str) -> Finding {
    looked_at
        .of_child(
            "index-version-missing",
            Severity::Warning,
            at,
            "platform.os.version",
            format!(
                "the index does not say that this child is {}: engines take it on every Windows",
                named(looked_at.catalog, config)
            ),
        )
        .label(format!("its config says {config}"))
        .remedy(looked_at.assemble("write the index anew with the versions of the configs"))
}

fn conflict(looked_at: &LookedAt<'_>, at: usize, index: &str, config: &str) -> Finding {
    let build = |text: &str| text.parse::<OsVersion>().ok().map(|version| version.build);
    // Builds decide on which hosts it is taken, revisions only between children of one build.
    let (severity, because) = if build(index) == build(config) {
        (
            Severity::Warning,
            "engines that compare revisions go by the index",
        )
    } else {
        (
            Severity::Error,
            "engines take it for hosts by the index, and Windows starts it by the config",
        )
    };
    looked_at
        .of_child(
            "index-version-conflict",
            severity,
            at,
            "platform.os.version",
            format!(
                "the index says {}, the image's config says {}",
                named(looked_at.catalog, index),
                named(looked_at.catalog, config)
            ),
        )
        .note(because)
        .remedy(looked_at.assemble("write the index anew with the versions of the configs"))
}

/// A version that is none, which no engine can compare.
fn unreadable(looked_at: &LookedAt<'_>, at: usize, entry: &Entry) -> Option<Finding> {
    // Where the two differ that is told.
    let (config, index) = (entry.version_in_config(), entry.version_in_index());
    let text = config.or(index).filter(|text| {
        text.parse::<OsVersion>().is_err()
            && (config.is_none() || index.is_none() || config == index)
    })?;
    let message = format!(
        "{:?} is no Windows version, so nobody knows where this child runs",
        quote_for_error(text)
    );
    Some(
        looked_at
            .of_child(
                "index-version-nowhere",
                Severity::Warning,
                at,
                "platform.os.version",
                message,
            )
            .note("a Windows version looks like 10.0.20348.2340"),
    )
}

/// An image without a version is fine by itself (HostProcess); beside others it stands in their way.
fn nowhere(looked_at: &LookedAt<'_>, at: usize, entry: &Entry) -> Finding {
    let image = looked_at.image;
    let beside = image
        .windows()
        .any(|(other, entry)| other != at && entry.version().is_some());
    let (severity, because) = if beside {
        (
            Severity::Warning,
            "engines take it on every Windows, also where another child of the index fits",
        )
    } else {
        (
            Severity::Info,
            "most engines take it on every Windows, containerd up to 1.6.22 on none; HostProcess images may do without",
        )
    };
    looked_at
        .of_child(
            "index-version-nowhere",
            severity,
            at,
            "",
            format!(
                "{} states no Windows version, neither in the index nor in its config",
                entry.short_digest()
            ),
        )
        .note(because)
        .note(
            "images built FROM scratch get no version; those built on a base image get the base's",
        )
}

/// `Windows Server 2022 (10.0.20348.825)`, or the text alone.
fn named(catalog: &Catalog, text: &str) -> String {
    match text.parse::<OsVersion>() {
        Ok(version) => format!(
            "{} ({text})",
            windows_name(catalog, version.build, Kind::Server)
        ),
        Err(_) => format!("{text:?}"),
    }
}
