//! The catalog: what is known of Windows releases, updates, images and engines, with sources.
//!
//! The tables are data files compiled into the program and read once, at first use. Look-ups go
//! both ways: build to release and back, revision to KB and back.

mod breaks;
mod engines;
mod index;
mod lifecycle;
mod matrix;
pub mod overlay;
mod releases;
mod small;
mod tsv;
mod updates;

use std::sync::LazyLock;

use time::Date;

pub use breaks::{BreakAnswer, Evidence, Relation, RevisionBreak};
pub use engines::{EngineRow, EngineRule, Generation, Order};
pub use lifecycle::LifecycleRow;
pub use matrix::{Cell, MatrixRow, RowStatus};
pub use releases::Release;
pub use small::{Conflict, OldName, PlatformFacts, TagForm};
pub use tsv::TableError;
pub use updates::{Audience, Stream, Update, stream};

pub(crate) use index::{OfImage, PairBreak};

use crate::host::Kind;
use crate::reference::Base;

/// All tables.
#[derive(Debug)]
pub struct Catalog {
    /// Named releases, oldest first.
    pub releases: Vec<Release>,
    /// Updates, by build and then revision.
    pub updates: Vec<Update>,
    /// The rows of Microsoft's support matrix, current and historical, as the data file orders them.
    pub matrix: Vec<MatrixRow>,
    /// Lifecycle of the base images, one row per page and day.
    pub lifecycle: Vec<LifecycleRow>,
    /// Revision boundaries inside one build.
    pub breaks: Vec<RevisionBreak>,
    /// The generations of the engines' rules, in words.
    pub engine_rules: Vec<EngineRule>,
    /// Which engine version carries which generation.
    pub engines: Vec<EngineRow>,
    /// The forms of tags and what they mean.
    pub tag_forms: Vec<TagForm>,
    /// Where sources contradict each other.
    pub conflicts: Vec<Conflict>,
    /// Hosting platforms and what they offer.
    pub platforms: Vec<PlatformFacts>,
    /// Repositories for Windows that moved from Docker Hub to Microsoft's registry.
    pub old_names: Vec<OldName>,
    /// What a verdict looks up, laid out for it.
    index: index::Index,
    /// Builds the catalog knows, sorted, with the kinds of Windows they were released as.
    builds: Vec<(u16, Kinds)>,
}

/// Whether a build was released as a server, as a client, or as both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kinds {
    /// A Windows Server has this build.
    pub server: bool,
    /// A Windows 10 or 11 has this build.
    pub client: bool,
}

impl Kinds {
    /// The kind, where the build leaves no choice.
    pub fn only(self) -> Kind {
        match (self.server, self.client) {
            (true, false) => Kind::Server,
            (false, true) => Kind::Client,
            _ => Kind::Unknown,
        }
    }
}

static BUILTIN: LazyLock<Catalog> = LazyLock::new(|| match Catalog::read() {
    Ok(catalog) => catalog,
    // The tables are part of the program and every row is read by a test.
    Err(error) => unreachable!("the built-in catalog is unreadable: {error}"),
});

impl Catalog {
    /// The tables that this version of winfit was built with.
    pub fn builtin() -> &'static Self {
        &BUILTIN
    }

    fn read() -> Result<Self, TableError> {
        let releases = releases::read()?;
        let matrix = matrix::read()?;
        let mut builds: Vec<(u16, Kinds)> = Vec::new();
        for release in &releases {
            let at = match builds.binary_search_by_key(&release.build, |(build, _)| *build) {
                Ok(at) => at,
                Err(at) => {
                    let neither = Kinds {
                        server: false,
                        client: false,
                    };
                    builds.insert(at, (release.build, neither));
                    at
                }
            };
            match release.kind {
                Kind::Server => builds[at].1.server = true,
                Kind::Client => builds[at].1.client = true,
                Kind::Unknown => {}
            }
        }
        let updates = updates::read()?;
        let breaks = breaks::read()?;
        Ok(Self {
            index: index::Index::new(&matrix, &breaks, &updates),
            updates,
            lifecycle: lifecycle::read()?,
            breaks,
            engine_rules: engines::read_rules()?,
            engines: engines::read_versions()?,
            tag_forms: small::read_tags()?,
            conflicts: small::read_conflicts()?,
            platforms: small::read_platforms()?,
            old_names: small::read_old_names()?,
            releases,
            matrix,
            builds,
        })
    }

    /// The tables with the updates of an overlay beside the built-in ones, which stand as they are; and
    /// what of the overlay was refused or set apart. The text lives as long as the process: rows point
    /// into it.
    pub fn with_overlay(text: &'static str) -> (Self, overlay::Reading) {
        let mut catalog = match Self::read() {
            Ok(catalog) => catalog,
            Err(error) => unreachable!("the built-in catalog is unreadable: {error}"),
        };
        let reading = overlay::read(&catalog, text);
        catalog.updates.extend(reading.taken.iter().cloned());
        // Stable: of one revision the built-in row stays first.
        catalog
            .updates
            .sort_by_key(|update| (update.build, update.revision));
        catalog.index = index::Index::new(&catalog.matrix, &catalog.breaks, &catalog.updates);
        (catalog, reading)
    }

    /// The releases that have this build, servers first.
    pub fn releases_of(&self, build: u16) -> impl Iterator<Item = &Release> {
        let with = move |kind| {
            self.releases
                .iter()
                .filter(move |release| release.build == build && release.kind == kind)
        };
        with(Kind::Server).chain(with(Kind::Client))
    }

    /// The release that people mean by this build and kind: the long-term one where there are two.
    pub fn main_release(&self, build: u16, kind: Kind) -> Option<&Release> {
        let fits = |release: &&Release| kind == Kind::Unknown || release.kind == kind;
        let mut candidates = self.releases_of(build).filter(fits);
        let first = candidates.next()?;
        Some(
            candidates
                .find(|release| release.channel == "LTSC" && first.channel != "LTSC")
                .unwrap_or(first),
        )
    }

    /// Whether the build belongs to a named release, and of which kinds.
    #[inline]
    pub fn kinds_of(&self, build: u16) -> Option<Kinds> {
        let at = self
            .builds
            .binary_search_by_key(&build, |(build, _)| *build)
            .ok()?;
        Some(self.builds[at].1)
    }

    /// The builds of named releases next to `build`: the newest below and the oldest above it.
    pub fn neighbours(&self, build: u16) -> (Option<u16>, Option<u16>) {
        let below = self.builds.iter().rev().find(|(other, _)| *other < build);
        let above = self.builds.iter().find(|(other, _)| *other > build);
        (below.map(|(b, _)| *b), above.map(|(b, _)| *b))
    }

    /// The newest build that a named release has.
    #[inline]
    pub fn newest_build(&self) -> u16 {
        self.builds.last().map_or(0, |(build, _)| *build)
    }

    /// The updates of one build, oldest revision first.
    pub fn updates_of(&self, build: u16) -> &[Update] {
        let start = self.updates.partition_point(|update| update.build < build);
        let end = self.updates.partition_point(|update| update.build <= build);
        &self.updates[start..end]
    }

    /// The rows for one build and revision; several KBs may name the same revision.
    pub fn updates_at(&self, build: u16, revision: u32) -> impl Iterator<Item = &Update> {
        self.updates_of(build)
            .iter()
            .filter(move |update| update.revision == revision)
    }

    /// Every build and revision that a KB brings (`4493509`), the newest first.
    pub fn updates_of_kb(&self, kb: u32) -> Vec<&Update> {
        let mut found: Vec<&Update> = self
            .updates
            .iter()
            .filter(|update| update.kb == Some(kb))
            .collect();
        found.sort_by_key(|update| std::cmp::Reverse((update.build, update.revision)));
        found
    }

    /// The monthly updates of a build that its images get, oldest first. Previews and client-only
    /// updates never reach images, nor do those that came after the support of the base image (or
    /// of the server, where no base image is named) had ended: clients were patched for longer.
    pub fn image_updates_of(
        &self,
        build: u16,
        base: Option<Base>,
    ) -> impl DoubleEndedIterator<Item = &Update> {
        let end = base
            .and_then(|base| self.support_end(base, build))
            .or_else(|| {
                self.releases_of(build)
                    .filter(|release| release.kind == Kind::Server)
                    .map(Release::support_end)
                    .max()
            });
        self.updates_of(build).iter().filter(move |update| {
            update.kind.is_empty()
                && update.kb.is_some()
                && matches!(
                    update.audience,
                    Audience::ServerAndClient | Audience::Server
                )
                // An update without a day may have come after the end.
                && matches!((update.day, end), (Some(day), Some(end)) if day <= end)
        })
    }

    /// The newest update that the images of a build get: what a floating tag stands for.
    pub fn newest_image_update(&self, build: u16, base: Option<Base>) -> Option<&Update> {
        self.image_updates_of(build, base).next_back()
    }

    /// The newest lifecycle row about a base image of a build.
    pub fn lifecycle_of(&self, base: Base, build: u16) -> Option<&LifecycleRow> {
        self.lifecycle
            .iter()
            .filter(|row| row.build == Some(build) && row.names(base))
            .max_by_key(|row| (row.doc_day, row.extended_end))
    }

    /// The last day of support of a base image, as its lifecycle page has it.
    pub fn support_end(&self, base: Base, build: u16) -> Option<Date> {
        self.lifecycle_of(base, build)
            .and_then(|row| row.extended_end.or(row.mainstream_end))
    }

    /// The newest update that a host of this kind and stream gets, previews aside.
    pub fn newest_host_update(&self, build: u16, stream_of: Option<Stream>) -> Option<&Update> {
        self.updates_of(build).iter().rev().find(|update| {
            update.kind != "preview"
                && update.kind != "container"
                && match stream_of {
                    None => true,
                    Some(wanted) => stream(build, update.revision) == wanted,
                }
        })
    }

    /// The day of the newest update that the catalog knows: how fresh its answers are.
    pub fn newest_update_day(&self) -> Option<Date> {
        self.updates.iter().filter_map(|update| update.day).max()
    }

    /// The matrix rows about an image build, best authority first (see [`MatrixRow`]).
    #[inline]
    pub fn matrix_rows_for_image(&self, image_build: u16) -> &[u16] {
        self.of_image(image_build).rows()
    }

    /// What the matrix and the breaks know of an image build.
    #[inline]
    pub(crate) fn of_image(&self, image_build: u16) -> OfImage<'_> {
        self.index.of_image(image_build)
    }

    /// The newest ordinary revision up to one that only images have; an ordinary one itself.
    #[inline]
    pub(crate) fn ordinary_revision(&self, build: u16, revision: u32) -> u32 {
        self.index.ordinary_revision(build, revision)
    }

    /// The facts of a hosting platform by its short name (`aks`).
    pub fn platform(&self, name: &str) -> Option<&PlatformFacts> {
        self.platforms
            .iter()
            .find(|platform| platform.platform.eq_ignore_ascii_case(name))
    }
}
