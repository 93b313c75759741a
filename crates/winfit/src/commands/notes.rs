//! What is worth knowing beside a verdict: missing patches, ends of support.

use time::Date;
use winfit_core::Catalog;
use winfit_core::audit::currency::{
    Behind, Support, host_behind, host_support, image_behind, image_support,
};
use winfit_core::catalog::Relation;
use winfit_core::finding::Severity;
use winfit_core::host::{Host, Os};
use winfit_core::image::NamedImage;

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

    /// The note about an end of support, where it is near or past.
    fn support(
        &self,
        support: Option<&Support>,
        ended: &'static str,
        ending: &'static str,
    ) -> Option<Note> {
        let end = support?.on(self.today, self.within)?;
        Some(Note {
            rule: if end.ended { ended } else { ending },
            severity: if self.counts {
                Severity::Warning
            } else {
                Severity::Info
            },
            message: end.sentence,
            source: "Microsoft's lifecycle pages".to_owned(),
        })
    }
}

/// Today, or the day that `SOURCE_DATE_EPOCH` names for output that can be repeated.
pub(crate) fn today() -> Date {
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
            source: match image.variants {
                Some(_) => "the image's registry".to_owned(),
                None => "the image as given".to_owned(),
            },
        })
        .collect();
    if host.os == Os::Windows && image.image.os == Os::Windows {
        notes.extend(patch_level_open(catalog, host, image));
        notes.extend(image_behind(catalog, image).map(|found| behind("image", &found)));
        notes.extend(host_behind(catalog, host).map(|found| behind("host", &found)));
        notes.extend(calendar.support(
            image_support(catalog, image).as_ref(),
            "base-out-of-support",
            "base-support-ending",
        ));
        notes.extend(calendar.support(
            host_support(catalog, host).as_ref(),
            "host-out-of-support",
            "host-support-ending",
        ));
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

fn behind(what: &str, found: &Behind<'_>) -> Note {
    Note {
        rule: "base-behind-patches",
        severity: Severity::Info,
        message: found.sentence(what),
        source: "Microsoft, Windows container version compatibility".to_owned(),
    }
}
