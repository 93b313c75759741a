//! What changes when one image takes the place of another: a patch, or another Windows.
//!
//! Update bots compare tags as numbers, so `10.0.17763.437` to `10.0.26100.1` looks like a patch to
//! them, and `1809` to `2004` like a release of the same thing. Here the build decides.

mod bots;
mod level;
mod linux;
mod servers;
mod stay;
mod words;

use crate::catalog::{Catalog, Relation, RevisionBreak, Stream, stream};
use crate::host::Os;
use crate::image::NamedImage;
use crate::reference::Reference;

pub use self::bots::{BotUpdate, bot_update};
pub use self::level::{Level, Told};
pub use self::servers::{Runs, ServerRow, servers};
pub use self::stay::stay;
pub use self::words::with_update;

/// What one image is to the other, the heaviest difference first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// One of them is Linux, the other Windows.
    Os,
    /// Nothing says which Windows one of them has.
    Unknown,
    /// Another Windows build.
    Build,
    /// Another architecture, of the same build.
    Architecture,
    /// Another base image of the same build: servercore becomes nanoserver.
    Base,
    /// An image of another name, of the same build.
    Repository,
    /// The same image of the same build; only the patch level may differ.
    Patch(Direction),
    /// The same image.
    Same,
    /// Both are Linux: there is no Windows to change.
    NoWindows,
}

/// Where the patch level goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To a newer revision.
    Forward,
    /// To an older one.
    Back,
    /// It stays, and something else changes.
    Even,
    /// A floating tag becomes a pinned one.
    Pinned,
    /// A pinned tag becomes a floating one.
    Floats,
    /// Nothing tells.
    Untold,
}

impl ChangeKind {
    /// The word in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Os => "os",
            Self::Unknown => "unknown",
            Self::Build => "build",
            Self::Architecture => "architecture",
            Self::Base => "base",
            Self::Repository => "repository",
            Self::Patch(_) => "patch",
            Self::Same => "same",
            Self::NoWindows => "no-windows",
        }
    }

    /// Whether the hosts that run the old image cannot notice: what a bot may merge.
    pub fn keeps_windows(self) -> bool {
        matches!(self, Self::Patch(_) | Self::Same | Self::NoWindows)
    }
}

impl Direction {
    /// The word in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::Back => "back",
            Self::Even => "even",
            Self::Pinned => "pinned",
            Self::Floats => "floats",
            Self::Untold => "unknown",
        }
    }
}

/// A change of image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageChange<'i> {
    /// What it is.
    pub kind: ChangeKind,
    /// The image before, and its level.
    pub old: Side<'i>,
    /// The image after, and its level.
    pub new: Side<'i>,
    /// How an update bot sees it, where it would propose it.
    pub bot: Option<BotUpdate>,
}

/// One of the two images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Side<'i> {
    /// The image.
    pub image: &'i NamedImage,
    /// Its operating system, where anything tells: an image that states nothing may be either.
    pub os: Option<Os>,
    /// Its Windows, as far as it is told.
    pub level: Level,
}

impl<'i> Side<'i> {
    fn new(catalog: &Catalog, image: &'i NamedImage) -> Self {
        let level = Level::of(catalog, image);
        let tells_linux = image.image.os == Os::Linux
            || (image.base.is_none()
                && level.version.is_none()
                && image.reference.as_ref().is_some_and(linux::is_named));
        let os = match (tells_linux, image.base.is_some() || level.version.is_some()) {
            (true, _) => Some(Os::Linux),
            (false, true) => Some(Os::Windows),
            (false, false) => None,
        };
        Self { image, os, level }
    }

    /// Whether it says of itself that it has to do with Windows.
    pub fn is_windows(&self) -> bool {
        self.os == Some(Os::Windows)
    }
}

/// Compares two images.
pub fn image_change<'i>(
    catalog: &Catalog,
    old: &'i NamedImage,
    new: &'i NamedImage,
) -> ImageChange<'i> {
    let (old, new) = (Side::new(catalog, old), Side::new(catalog, new));
    ImageChange {
        kind: kind(&old, &new),
        old,
        new,
        bot: bot_update(old.image, new.image),
    }
}

fn kind(old: &Side<'_>, new: &Side<'_>) -> ChangeKind {
    if is_same_text(old.image, new.image) {
        return ChangeKind::Same;
    }
    match (old.os, new.os) {
        (Some(Os::Linux), Some(Os::Linux)) => return ChangeKind::NoWindows,
        (Some(one), Some(other)) if one != other => return ChangeKind::Os,
        _ => {}
    }
    let (Some(was), Some(is)) = (old.level.version, new.level.version) else {
        return ChangeKind::Unknown;
    };
    if (was.major, was.minor, was.build) != (is.major, is.minor, is.build) {
        return ChangeKind::Build;
    }
    if let (Some(was), Some(is)) = (old.image.image.arch, new.image.image.arch)
        && was != is
    {
        return ChangeKind::Architecture;
    }
    if let (Some(was), Some(is)) = (old.image.base, new.image.base)
        && was != is
    {
        return ChangeKind::Base;
    }
    if is_other_repository(old.image, new.image) {
        return ChangeKind::Repository;
    }
    let direction = direction(&old.level, &new.level);
    // Of images built on a base more than their Windows differs; a base image is its Windows.
    let is_its_windows = |side: &Side<'_>| side.image.is_base || side.image.reference.is_none();
    let both_float = old.level.told == Told::Floating && new.level.told == Told::Floating;
    if (direction == Direction::Even || both_float) && is_its_windows(old) && is_its_windows(new) {
        return ChangeKind::Same;
    }
    ChangeKind::Patch(direction)
}

/// Whether both name one image whatever the tags say: the same text, or the same digest.
fn is_same_text(old: &NamedImage, new: &NamedImage) -> bool {
    match (&old.reference, &new.reference) {
        (Some(old), Some(new)) => old == new || (old.digest.is_some() && old.digest == new.digest),
        (None, None) => old.text == new.text,
        _ => false,
    }
}

/// Whether the names differ by more than the registry: a mirror keeps the end of the path, and a base
/// image is the same under its old names.
fn is_other_repository(old: &NamedImage, new: &NamedImage) -> bool {
    let (Some(one), Some(other)) = (&old.reference, &new.reference) else {
        return false;
    };
    if let (Some(one), Some(other)) = (one.base_image(), other.base_image()) {
        return one.base != other.base || one.insider != other.insider;
    }
    let (path, other_path) = (one.repository.as_str(), other.repository.as_str());
    let ends_with = |long: &str, short: &str| {
        long.strip_suffix(short)
            .is_some_and(|prefix| prefix.is_empty() || prefix.ends_with('/'))
    };
    let mirrored = one.registry != other.registry
        && (ends_with(path, other_path) || ends_with(other_path, path));
    let official = |reference: &Reference| reference.repository.replacen("library/", "", 1);
    path != other_path && !mirrored && official(one) != official(other)
}

fn direction(old: &Level, new: &Level) -> Direction {
    match (old.told, new.told) {
        (Told::Pinned, Told::Pinned) => match (old.revision(), new.revision()) {
            (Some(was), Some(is)) if was.1 == is.1 => Direction::Even,
            (Some((build, was)), Some((_, is))) if comparable(build, was, is) => {
                if is > was {
                    Direction::Forward
                } else {
                    Direction::Back
                }
            }
            _ => Direction::Untold,
        },
        (Told::Floating, Told::Pinned | Told::Digest) => Direction::Pinned,
        (Told::Pinned | Told::Digest, Told::Floating) => Direction::Floats,
        _ => Direction::Untold,
    }
}

/// Revisions of the client stream and of the server stream count apart.
fn comparable(build: u16, one: u32, other: u32) -> bool {
    let (one, other) = (stream(build, one), stream(build, other));
    one == other || one == Stream::Common || other == Stream::Common
}

impl ImageChange<'_> {
    /// Whether hosts of this build start such an image with process isolation only at the very
    /// revision of the image: Windows Server 2016.
    pub fn needs_equal_revision(&self, catalog: &Catalog) -> bool {
        let Some(version) = self.new.level.version else {
            return false;
        };
        matches!(self.kind, ChangeKind::Patch(_))
            && catalog.breaks.iter().any(|row| {
                row.relation == Relation::Equal
                    && row.image_build == version.build
                    && row.host_builds.contains(&version.build)
            })
    }

    /// The known breaks between which the two revisions lie: hosts of the same build that were not
    /// patched as far may fail to start the new image, or to start it well.
    pub fn crossed<'c>(&self, catalog: &'c Catalog) -> Vec<&'c RevisionBreak> {
        let (ChangeKind::Patch(_), Some((build, was)), Some((_, is))) = (
            self.kind,
            self.old.level.revision(),
            self.new.level.revision(),
        ) else {
            return Vec::new();
        };
        // What floats had another revision when it was last pulled.
        if self.old.level.told != Told::Pinned || self.new.level.told != Told::Pinned {
            return Vec::new();
        }
        let within = was.min(is)..was.max(is);
        catalog
            .breaks
            .iter()
            .filter(|row| {
                let needs = match row.relation {
                    Relation::SameSide => true,
                    Relation::ImageNeedsHost => is > was,
                    Relation::Equal | Relation::Always | Relation::Streams => false,
                };
                needs
                    && row.image_build == build
                    && row.host_builds.contains(&build)
                    // `within` leaves out its end: a minimum equal to the newer revision is crossed.
                    && row.image_min.is_some_and(|min| within.contains(&(min.saturating_sub(1))))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
