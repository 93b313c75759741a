//! What a verdict looks up, laid out for it: small rows side by side, found by the image's build.
//!
//! The tables are read as their files are: wide rows, in the files' order. A verdict asks them the
//! same few questions each time, so the answers are collected here once, when the tables are read.

use std::collections::BTreeSet;

use super::breaks::{Relation, RevisionBreak};
use super::matrix::MatrixRow;
use super::updates::{Audience, Update};
use crate::host::{Isolation, Kind};
use crate::verdict::Answer;

/// The look-ups.
#[derive(Debug)]
pub(super) struct Index {
    /// The image builds that the matrix or a break names.
    images: Vec<ImageBuild>,
    /// The rows of the matrix, image after image, best authority first.
    rows: Vec<u16>,
    /// Which hosts those rows cover.
    covers: Vec<Covers>,
    /// For each pair of builds that a break is about, image after image, then host after host, then
    /// as the breaks' file orders them.
    breaks: Vec<PairBreak>,
    /// The revisions that only images have: build, revision, the newest ordinary one up to it.
    container_only: Vec<(u16, u32, u32)>,
}

/// Where the rows and breaks about an image build end; they start where those before it end.
#[derive(Debug, Clone, Copy)]
struct ImageBuild {
    build: u16,
    rows_end: u16,
    breaks_end: u16,
}

/// What is known of an image build.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OfImage<'c> {
    rows: &'c [u16],
    covers: &'c [Covers],
    breaks: &'c [PairBreak],
}

/// The hosts that a row of the matrix covers.
#[derive(Debug, Clone, Copy)]
struct Covers {
    kind: Kind,
    from: u16,
    to: u16,
}

/// A break, and one pair of builds that it is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PairBreak {
    host_build: u16,
    process: bool,
    hyperv: bool,
    /// Index into [`super::Catalog::breaks`].
    pub(crate) row: u8,
    /// What must hold.
    pub(crate) relation: Relation,
    /// What follows where it does not, for revisions that are stated.
    pub(crate) answer: Answer,
    /// The first host revision on the new side.
    pub(crate) host_min: Option<u32>,
    /// The first image revision on the new side.
    pub(crate) image_min: Option<u32>,
}

impl PairBreak {
    /// Whether the break is about this isolation.
    #[inline]
    pub(crate) fn acts_on(self, isolation: Isolation) -> bool {
        match isolation {
            Isolation::Process => self.process,
            Isolation::Hyperv => self.hyperv,
        }
    }
}

impl<'c> OfImage<'c> {
    /// The rows of the matrix, best authority first.
    #[inline]
    pub(super) fn rows(self) -> &'c [u16] {
        self.rows
    }

    /// The row of the matrix that decides for a host.
    #[inline]
    pub(crate) fn row_for(self, kind: Kind, host_build: u16) -> Option<u16> {
        let at = self.covers.iter().position(|covers| {
            covers.kind == kind && covers.from <= host_build && host_build <= covers.to
        })?;
        Some(self.rows[at])
    }

    /// The breaks about a host, in the order of the breaks' file.
    #[inline]
    pub(crate) fn breaks_on(self, host_build: u16) -> &'c [PairBreak] {
        let Some(start) = self
            .breaks
            .iter()
            .position(|row| row.host_build == host_build)
        else {
            return &[];
        };
        let rest = &self.breaks[start..];
        let others = rest.iter().position(|row| row.host_build != host_build);
        &rest[..others.unwrap_or(rest.len())]
    }
}

impl Index {
    pub(super) fn new(matrix: &[MatrixRow], breaks: &[RevisionBreak], updates: &[Update]) -> Self {
        let by_image = super::matrix::by_image(matrix);
        let covers = |at: &u16| {
            let row = &matrix[usize::from(*at)];
            Covers {
                kind: row.host_kind,
                from: row.host_build_min,
                to: row.host_build_max.unwrap_or(u16::MAX),
            }
        };
        let mut by_image = by_image;
        for row in breaks {
            if !by_image.iter().any(|(build, _)| *build == row.image_build) {
                by_image.push((row.image_build, Vec::new()));
            }
        }
        let mut index = Self {
            images: Vec::new(),
            rows: Vec::new(),
            covers: Vec::new(),
            breaks: Vec::new(),
            container_only: container_only(updates, breaks),
        };
        for (build, rows) in by_image {
            index.covers.extend(rows.iter().map(covers));
            index.rows.extend(rows);
            index.breaks.extend(breaks_of(build, breaks));
            index.images.push(ImageBuild {
                build,
                rows_end: index.rows.len() as u16,
                breaks_end: index.breaks.len() as u16,
            });
        }
        index
    }

    /// What is known of an image build.
    #[inline]
    pub(super) fn of_image(&self, image_build: u16) -> OfImage<'_> {
        let (mut rows, mut breaks) = (0, 0);
        for image in &self.images {
            let (rows_end, breaks_end) =
                (usize::from(image.rows_end), usize::from(image.breaks_end));
            if image.build == image_build {
                return OfImage {
                    rows: &self.rows[rows..rows_end],
                    covers: &self.covers[rows..rows_end],
                    breaks: &self.breaks[breaks..breaks_end],
                };
            }
            (rows, breaks) = (rows_end, breaks_end);
        }
        OfImage {
            rows: &[],
            covers: &[],
            breaks: &[],
        }
    }

    /// The newest ordinary revision up to one that only images have; an ordinary one itself.
    #[inline]
    pub(super) fn ordinary_revision(&self, build: u16, revision: u32) -> u32 {
        self.container_only
            .iter()
            .find(|(of, only, _)| *of == build && *only == revision)
            .map_or(revision, |(_, _, ordinary)| *ordinary)
    }
}

/// The breaks about one image build, host after host.
fn breaks_of(image_build: u16, breaks: &[RevisionBreak]) -> Vec<PairBreak> {
    let mut pairs = Vec::new();
    for (at, row) in breaks.iter().enumerate() {
        // A build named twice is still one break.
        let hosts: BTreeSet<u16> = row.host_builds.iter().copied().collect();
        if row.image_build == image_build {
            pairs.extend(hosts.into_iter().map(|host_build| PairBreak {
                host_build,
                process: row.process,
                hyperv: row.hyperv,
                row: at as u8,
                relation: row.relation,
                answer: row.consequence(),
                host_min: row.host_min,
                image_min: row.image_min,
            }));
        }
    }
    // Stable: the breaks of one pair stay in the file's order.
    pairs.sort_by_key(|pair| pair.host_build);
    pairs
}

/// Only of the builds whose revisions must be equal: nothing else asks.
fn container_only(updates: &[Update], breaks: &[RevisionBreak]) -> Vec<(u16, u32, u32)> {
    let must_be_equal = |build| {
        breaks
            .iter()
            .any(|row| row.relation == Relation::Equal && row.image_build == build)
    };
    let of_images = updates
        .iter()
        .filter(|update| update.audience == Audience::Container && must_be_equal(update.build));
    of_images
        .map(|update| {
            let ordinary = updates
                .iter()
                .filter(|other| {
                    other.build == update.build
                        && other.revision <= update.revision
                        && other.audience != Audience::Container
                })
                .max_by_key(|other| other.revision);
            (
                update.build,
                update.revision,
                ordinary.map_or(update.revision, |other| other.revision),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::catalog::Catalog;
    use crate::host::Kind;

    #[test]
    fn the_index_finds_what_the_tables_say() {
        let catalog = Catalog::builtin();
        let mut builds: Vec<u16> = catalog.releases.iter().map(|row| row.build).collect();
        builds.extend(catalog.matrix.iter().map(|row| row.image_build));
        builds.extend([0, 10_240, 20_349, 26_300, u16::MAX]);
        for image in &builds {
            for host in &builds {
                for kind in [Kind::Server, Kind::Client] {
                    let mut rows = catalog.matrix_rows_for_image(*image).iter();
                    let row = rows.find(|at| catalog.matrix[usize::from(**at)].covers(kind, *host));
                    assert_eq!(catalog.of_image(*image).row_for(kind, *host), row.copied());
                }
                let breaks: Vec<usize> = catalog
                    .of_image(*image)
                    .breaks_on(*host)
                    .iter()
                    .map(|row| usize::from(row.row))
                    .collect();
                let expected: Vec<usize> = (0..catalog.breaks.len())
                    .filter(|at| {
                        let row = &catalog.breaks[*at];
                        row.image_build == *image && row.host_builds.contains(host)
                    })
                    .collect();
                assert_eq!(breaks, expected, "{image} on {host}");
                // A judgement has room for so many.
                assert!(breaks.len() <= 4, "{image} on {host}");
            }
        }
    }

    #[test]
    fn revisions_that_only_images_have_count_as_the_ordinary_one_below() {
        let catalog = Catalog::builtin();
        assert_eq!(catalog.ordinary_revision(14_393, 3504), 3504);
        assert_eq!(catalog.ordinary_revision(14_393, 3506), 3504);
    }
}
