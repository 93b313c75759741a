//! What is worth knowing beside a verdict: missing patches, ends of support.

use time::Date;
use winfit_core::Catalog;
use winfit_core::catalog::{Relation, Update, stream};
use winfit_core::finding::Severity;
use winfit_core::host::{Host, Kind, Os};
use winfit_core::image::NamedImage;
use winfit_core::reason::windows_name;

/// A note: a rule, its weight, and a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) rule: &'static str,
    pub(crate) severity: Severity,
    pub(crate) message: String,
    pub(crate) source: String,
}

/// How far support is looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Calendar {
    /// The day of the question.
    pub(crate) today: Date,
    /// Support that ends within so many days is named.
    pub(crate) within: i64,
    /// Whether it then counts as a warning: only where the user asked for it, since `check` answers
    /// whether an image runs, and an old image on an old host does.
    pub(crate) counts: bool,
}

impl Calendar {
    pub(crate) fn new(as_of: Option<Date>, within: Option<i64>) -> Self {
        Self {
            today: as_of.unwrap_or_else(today),
            within: within.unwrap_or(180),
            counts: within.is_some(),
        }
    }

    /// The sentence about an end of support, where it is near or past.
    fn support(
        &self,
        what: &str,
        end: Date,
        ended: &'static str,
        ending: &'static str,
    ) -> Option<Note> {
        let days = (end - self.today).whole_days();
        let severity = if self.counts {
            Severity::Warning
        } else {
            Severity::Info
        };
        let (rule, message) = if days < 0 {
            (ended, format!("support for {what} ended on {end}"))
        } else if days <= self.within {
            (
                ending,
                format!("support for {what} ends on {end}, in {days} days"),
            )
        } else {
            return None;
        };
        Some(Note {
            rule,
            severity,
            message,
            source: "Microsoft's lifecycle pages".to_owned(),
        })
    }
}

/// Today, or the day that `SOURCE_DATE_EPOCH` names for output that can be repeated.
fn today() -> Date {
    std::env::var("SOURCE_DATE_EPOCH")
        .ok()
        .and_then(|seconds| seconds.parse().ok())
        .and_then(|seconds| time::OffsetDateTime::from_unix_timestamp(seconds).ok())
        .unwrap_or_else(time::OffsetDateTime::now_utc)
        .date()
}

/// What to say of one pair.
pub(crate) fn notes(
    catalog: &Catalog,
    host: &Host,
    image: &NamedImage,
    calendar: &Calendar,
) -> Vec<Note> {
    let mut notes: Vec<Note> = image
        .notes
        .iter()
        .map(|note| Note {
            rule: "image-as-written",
            severity: if note.doubtful {
                Severity::Warning
            } else {
                Severity::Info
            },
            message: note.message.clone(),
            source: "the image as given".to_owned(),
        })
        .collect();
    if host.os == Os::Windows && image.image.os == Os::Windows {
        notes.extend(patch_level_open(catalog, host, image));
        notes.extend(image_behind(catalog, image));
        notes.extend(host_behind(catalog, host));
        notes.extend(image_support(catalog, image, calendar));
        notes.extend(host_support(catalog, host, calendar));
    }
    notes
}

/// A pair that is known to break at some patch levels, where one of the two is not stated.
fn patch_level_open(catalog: &Catalog, host: &Host, image: &NamedImage) -> Option<Note> {
    let (of_host, of_image) = (host.version?, image.image.version?);
    let stated = (of_host.revision, of_image.revision);
    let open = match stated {
        (Some(_), Some(_)) => return None,
        (None, None) => "neither patch level is stated",
        (None, Some(_)) => "the host's patch level is not stated",
        (Some(_), None) => "the image's patch level is not stated",
    };
    let known = catalog.breaks.iter().rev().find(|known| {
        matches!(known.relation, Relation::ImageNeedsHost | Relation::SameSide)
            && known.host_builds.contains(&of_host.build)
            && known.image_build == of_image.build
            // A host that is new enough takes every image.
            && !matches!(
                (known.relation, stated.0, known.host_min),
                (Relation::ImageNeedsHost, Some(host), Some(min)) if host >= min
            )
    })?;
    Some(Note {
        rule: known.id,
        severity: Severity::Info,
        message: format!(
            "{open}: images from {}.{} on need a host from {}.{} on",
            of_image.build, known.image_min?, of_host.build, known.host_min?
        ),
        source: known.evidence.to_owned(),
    })
}

fn behind(what: &str, stated: &str, update: &Update) -> Note {
    let kb = update.kb.map_or_else(String::new, |kb| format!("KB{kb}, "));
    let day = update
        .day
        .map_or_else(String::new, |day| format!(", of {day}"));
    Note {
        rule: "base-behind-patches",
        severity: Severity::Info,
        message: format!(
            "the {what}'s Windows ({stated}) is behind the newest update known ({kb}{}.{}{day}); keep host and image patched",
            update.build, update.revision
        ),
        source: "Microsoft, Windows container version compatibility".to_owned(),
    }
}

fn image_behind(catalog: &Catalog, image: &NamedImage) -> Option<Note> {
    let version = image.image.version?;
    if image.image.revision_inferred {
        return None;
    }
    let newest = catalog.newest_image_update(version.build, image.base)?;
    (version.revision? < newest.revision).then(|| behind("image", &version.short(), newest))
}

fn host_behind(catalog: &Catalog, host: &Host) -> Option<Note> {
    let version = host.version?;
    let revision = version.revision?;
    let of = stream(version.build, revision);
    // A host before the split is behind both streams; which one it joins depends on its kind.
    let newest = match (of, host.effective_kind(catalog)) {
        (winfit_core::catalog::Stream::Common, Kind::Server) => {
            catalog.newest_image_update(version.build, None)?
        }
        (winfit_core::catalog::Stream::Common, _) => {
            catalog.newest_host_update(version.build, None)?
        }
        (own, _) => catalog.newest_host_update(version.build, Some(own))?,
    };
    (revision < newest.revision).then(|| behind("host", &version.short(), newest))
}

fn image_support(catalog: &Catalog, image: &NamedImage, calendar: &Calendar) -> Option<Note> {
    let build = image.image.version?.build;
    let release = catalog
        .main_release(build, Kind::Server)
        .filter(|release| release.kind == Kind::Server)?;
    let (what, end) = match image
        .base
        .and_then(|base| Some((base, catalog.support_end(base, build)?)))
    {
        Some((base, end)) => (
            format!("the {} image of {}", base.lifecycle_name(), release.name),
            end,
        ),
        None => (format!("images of {}", release.name), release.support_end()),
    };
    calendar.support(&what, end, "base-out-of-support", "base-support-ending")
}

fn host_support(catalog: &Catalog, host: &Host, calendar: &Calendar) -> Option<Note> {
    let build = host.version?.build;
    let kind = host.effective_kind(catalog);
    // Of a build that is both, the kind decides the end.
    let release = match kind {
        Kind::Unknown => return None,
        kind => catalog
            .main_release(build, kind)
            .filter(|release| release.kind == kind)?,
    };
    calendar.support(
        &format!("the host's {}", windows_name(catalog, build, kind)),
        release.support_end(),
        "host-out-of-support",
        "host-support-ending",
    )
}
