//! Whether an image or a host is behind its patches or near the end of its support. The sentences are
//! shared by `check`, which says them beside a verdict, and by the audit, which makes findings of them.

use time::Date;

use crate::catalog::{Catalog, Stream, Update, stream};
use crate::host::{Host, Kind};
use crate::image::NamedImage;
use crate::reason::windows_name;

/// What is behind, and the newest update that it could have.
#[derive(Debug, Clone)]
pub struct Behind<'c> {
    /// The version as stated: `20348.825`.
    pub stated: String,
    /// The newest update known.
    pub newest: &'c Update,
}

impl Behind<'_> {
    /// One sentence about it. `what` is `image` or `host`.
    pub fn sentence(&self, what: &str) -> String {
        let update = self.newest;
        let kb = update.kb.map_or_else(String::new, |kb| format!("KB{kb}, "));
        let day = update
            .day
            .map_or_else(String::new, |day| format!(", of {day}"));
        format!(
            "the {what}'s Windows ({}) is behind the newest update known ({kb}{}.{}{day}); keep host and image patched",
            self.stated, update.build, update.revision
        )
    }
}

/// An image with a stated revision below the newest that images of its build have.
pub fn image_behind<'c>(catalog: &'c Catalog, image: &NamedImage) -> Option<Behind<'c>> {
    let version = image.image.version?;
    if image.image.revision_inferred {
        return None;
    }
    let newest = catalog.newest_image_update(version.build, image.base)?;
    (version.revision? < newest.revision).then(|| Behind {
        stated: version.short(),
        newest,
    })
}

/// A host with a stated revision below the newest of its own stream.
pub fn host_behind<'c>(catalog: &'c Catalog, host: &Host) -> Option<Behind<'c>> {
    let version = host.version?;
    let revision = version.revision?;
    let of = stream(version.build, revision);
    // A host before the split is behind both streams; which one it joins depends on its kind.
    let newest = match (of, host.effective_kind(catalog)) {
        (Stream::Common, Kind::Server) => catalog.newest_image_update(version.build, None)?,
        (Stream::Common, _) => catalog.newest_host_update(version.build, None)?,
        (own, _) => catalog.newest_host_update(version.build, Some(own))?,
    };
    (revision < newest.revision).then(|| Behind {
        stated: version.short(),
        newest,
    })
}

/// What is supported, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Support {
    /// What: `the Server Core image of Windows Server 2019`.
    pub what: String,
    /// The last day.
    pub end: Date,
}

/// How an end of support stands on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupportEnd {
    /// It is past; else it is near.
    pub ended: bool,
    /// One sentence about it.
    pub sentence: String,
}

impl Support {
    /// What to say of it, where the end is past or within so many days.
    pub fn on(&self, today: Date, within: i64) -> Option<SupportEnd> {
        let Self { what, end } = self;
        let days = (*end - today).whole_days();
        let sentence = if days < 0 {
            format!("support for {what} ended on {end}")
        } else if days <= within {
            format!("support for {what} ends on {end}, in {days} days")
        } else {
            return None;
        };
        Some(SupportEnd {
            ended: days < 0,
            sentence,
        })
    }
}

/// The support of the Windows in an image: that of its base image, else that of the release.
pub fn image_support(catalog: &Catalog, image: &NamedImage) -> Option<Support> {
    let build = image.image.version?.build;
    let release = catalog
        .main_release(build, Kind::Server)
        .filter(|release| release.kind == Kind::Server)?;
    let of_base = image
        .base
        .and_then(|base| Some((base, catalog.support_end(base, build)?)));
    Some(match of_base {
        Some((base, end)) => Support {
            what: format!("the {} image of {}", base.lifecycle_name(), release.name),
            end,
        },
        None => Support {
            what: format!("images of {}", release.name),
            end: release.support_end(),
        },
    })
}

/// The support of a host's release, where server or client is known.
pub fn host_support(catalog: &Catalog, host: &Host) -> Option<Support> {
    let build = host.version?.build;
    let kind = host.effective_kind(catalog);
    // Of a build that is both, the kind decides the end.
    let release = match kind {
        Kind::Unknown => return None,
        kind => catalog
            .main_release(build, kind)
            .filter(|release| release.kind == kind)?,
    };
    Some(Support {
        what: format!("the host's {}", windows_name(catalog, build, kind)),
        end: release.support_end(),
    })
}
