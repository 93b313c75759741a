//! Which Windows an image has, and how firmly its name says so.

use time::Date;

use crate::catalog::Catalog;
use crate::image::{NamedImage, StatedBy};
use crate::version::OsVersion;

/// How an image's patch level is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// It never moves: a revision or a KB is named, or the version is given.
    Pinned,
    /// It never moves, but only a digest says so: which revision it has cannot be read.
    Digest,
    /// It moves with every update.
    Floating,
    /// The name says nothing of it, as the tags of most images that are built on Windows.
    Untold,
}

impl Told {
    /// The word in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pinned => "pinned",
            Self::Digest => "digest",
            Self::Floating => "floating",
            Self::Untold => "unknown",
        }
    }
}

/// The Windows of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// The version. The revision of a floating tag is that of the newest update known.
    pub version: Option<OsVersion>,
    /// How the revision is told.
    pub told: Told,
    /// The KB that brings the revision, where it is known.
    pub kb: Option<u32>,
    /// The day of that update.
    pub day: Option<Date>,
}

impl Level {
    pub(super) fn of(catalog: &Catalog, image: &NamedImage) -> Self {
        let facts = &image.image;
        let by_digest = image
            .reference
            .as_ref()
            .is_some_and(|reference| reference.digest.is_some());
        let stated = facts.version.and_then(|version| version.revision);
        // What its registry has under a tag today, it may not have tomorrow.
        let today = image.stated_by == StatedBy::Registry && !by_digest && image.kb.is_none();
        let told = match (stated, facts.revision_inferred) {
            (Some(_), false) if today => Told::Floating,
            (Some(_), false) => Told::Pinned,
            (None, _) if image.kb.is_some() => Told::Pinned,
            _ if by_digest => Told::Digest,
            (Some(_), true) => Told::Floating,
            (None, _) => Told::Untold,
        };
        // What floats today says nothing of what a digest once was.
        let version = if told == Told::Digest {
            facts.version.map(OsVersion::without_revision)
        } else {
            facts.version
        };
        let mut level = Self {
            version,
            told,
            kb: image.kb,
            day: None,
        };
        if let Some((build, revision)) = level.revision() {
            let named = catalog
                .updates_at(build, revision)
                .find(|update| image.kb.is_none_or(|kb| update.kb == Some(kb)));
            level.kb = image.kb.or(named.and_then(|update| update.kb));
            level.day = named.and_then(|update| update.day);
        }
        level
    }

    /// The build with its revision, where both are known.
    pub fn revision(&self) -> Option<(u16, u32)> {
        let version = self.version?;
        Some((version.build, version.revision?))
    }
}
