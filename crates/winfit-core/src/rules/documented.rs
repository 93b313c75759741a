//! The first authority: Microsoft's support matrix, and what follows where it is silent.

use crate::catalog::{Catalog, Cell, MatrixRow, OfImage};
use crate::host::{Isolation, Kind};
use crate::verdict::{Answer, Judgement, Reason};

/// The first build with the stable interface between user and kernel mode.
pub const STABLE_INTERFACE_FROM: u16 = 20_348;

/// The row that covers a pair: current before historical, the newest page first.
#[inline]
pub fn row_for(
    catalog: &Catalog,
    kind: Kind,
    host_build: u16,
    image_build: u16,
) -> Option<(u16, &MatrixRow)> {
    of_image_row(catalog, catalog.of_image(image_build), kind, host_build)
}

/// The row that covers a host, of those about one image.
#[inline]
pub(crate) fn of_image_row<'c>(
    catalog: &'c Catalog,
    of_image: OfImage<'c>,
    kind: Kind,
    host_build: u16,
) -> Option<(u16, &'c MatrixRow)> {
    let at = of_image.row_for(kind, host_build)?;
    Some((at, &catalog.matrix[usize::from(at)]))
}

/// What is documented for one isolation, with the inference where the page says nothing; written
/// into a judgement that is yes and has no reasons yet.
#[inline]
pub(crate) fn judge(
    catalog: &Catalog,
    kind: Kind,
    host_build: u16,
    image_build: u16,
    row: Option<(u16, &MatrixRow)>,
    isolation: Isolation,
    judgement: &mut Judgement,
) {
    let cell = row.map_or(Cell::Unlisted, |(_, row)| row.cell(isolation));
    let listed = match cell {
        Cell::Yes => Some(Answer::Yes),
        Cell::Preview => Some(Answer::Preview),
        Cell::No => Some(Answer::No),
        Cell::Unlisted => None,
    };
    if let (Some(answer), Some((at, _))) = (listed, row) {
        judgement.answer = answer;
        judgement.add(Reason::Documented { row: at });
    }
    if image_build > host_build {
        judgement.worsen(Answer::No, Reason::ImageNewer);
    } else if image_build < host_build {
        older(
            catalog,
            host_build,
            image_build,
            listed,
            isolation,
            judgement,
        );
    } else if listed.is_none() {
        // A build from the future is not vouched for, not even for its own images.
        if host_build > catalog.newest_build() {
            judgement.worsen(
                Answer::Unknown,
                Reason::BuildNotInCatalog { build: host_build },
            );
        } else {
            judgement.add(Reason::EqualBuilds);
        }
    }
    // A row without an end covers hosts that nobody had seen when it was written.
    if listed.is_some() && image_build <= host_build && host_build > catalog.newest_build() {
        judgement.worsen(
            Answer::Unknown,
            Reason::BuildNotInCatalog { build: host_build },
        );
    }
    if judgement.answer == Answer::No
        && image_build == host_build
        && isolation == Isolation::Process
        && kind == Kind::Client
    {
        // The page says no for Windows 10, engines have allowed equal builds since 2018.
        judgement.add(Reason::EnginesAcceptEqualBuilds);
    }
    if isolation == Isolation::Process {
        let prose = PROSE
            .iter()
            .position(|prose| prose.about(kind, host_build, image_build));
        if let Some(at) = prose {
            judgement.add(Reason::ProseDiffers { prose: at as u8 });
        }
    }
}

fn older(
    catalog: &Catalog,
    host_build: u16,
    image_build: u16,
    listed: Option<Answer>,
    isolation: Isolation,
    judgement: &mut Judgement,
) {
    let inferred = listed.is_none();
    match isolation {
        Isolation::Process => {
            if listed.is_none_or(|answer| answer == Answer::No) {
                // Between builds with the stable interface, whether an older image runs depends on
                // the release, which the catalog may not know.
                let stranger = (inferred && image_build >= STABLE_INTERFACE_FROM)
                    .then_some([host_build, image_build])
                    .into_iter()
                    .flatten()
                    .find(|build| catalog.kinds_of(*build).is_none());
                match stranger {
                    Some(build) => {
                        judgement.worsen(Answer::Unknown, Reason::BuildNotInCatalog { build });
                    }
                    None => judgement.worsen(Answer::No, Reason::ImageOlder { inferred }),
                }
            }
        }
        Isolation::Hyperv if inferred => {
            if host_build > catalog.newest_build() {
                judgement.worsen(
                    Answer::Unknown,
                    Reason::BuildNotInCatalog { build: host_build },
                );
            } else {
                judgement.add(Reason::OwnKernel { inferred });
            }
        }
        Isolation::Hyperv => {
            if judgement.answer == Answer::Yes {
                judgement.add(Reason::OwnKernel { inferred });
            }
        }
    }
}

/// A sentence of the page that contradicts its table; the table decides.
pub(crate) struct Prose {
    /// The subject of its row in `conflicts.tsv`.
    pub(crate) subject: &'static str,
    kind: Kind,
    host_from: u16,
    host_to: u16,
    image: u16,
}

impl Prose {
    #[inline]
    fn about(&self, kind: Kind, host_build: u16, image_build: u16) -> bool {
        self.kind == kind
            && self.image == image_build
            && (self.host_from..=self.host_to).contains(&host_build)
    }
}

/// Which pairs the contradictions of `conflicts.tsv` are about.
pub(crate) static PROSE: [Prose; 2] = [
    Prose {
        subject: "Windows 11 and ltsc2022, process isolation",
        kind: Kind::Client,
        host_from: 22_000,
        host_to: u16::MAX,
        image: 20_348,
    },
    Prose {
        subject: "ltsc2022 on Server 2025, process isolation",
        kind: Kind::Server,
        host_from: 26_100,
        host_to: 26_100,
        image: 20_348,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_contradiction_has_its_row() {
        for prose in &PROSE {
            let catalog = Catalog::builtin();
            assert!(
                catalog
                    .conflicts
                    .iter()
                    .any(|conflict| conflict.subject == prose.subject),
                "{}",
                prose.subject
            );
        }
    }

    #[test]
    fn current_rows_win_over_historical_and_newer_pages_over_older() {
        let catalog = Catalog::builtin();
        // The page of 2021 allowed Hyper-V here; the current row for Windows 10 does not.
        let (_, row) = row_for(catalog, Kind::Client, 19_043, 20_348).unwrap();
        assert_eq!((row.host_release, row.hyperv), ("Windows 10", Cell::No));
        let (_, row) = row_for(catalog, Kind::Client, 22_000, 20_348).unwrap();
        assert_eq!((row.host_release, row.process), ("Windows 11", Cell::Yes));
        // Windows 10 1607 is not covered by the current row.
        let (_, row) = row_for(catalog, Kind::Client, 14_393, 17_763).unwrap();
        assert_eq!(row.host_release, "Windows 10 1607/1703");
        assert!(row_for(catalog, Kind::Server, 20_348, 26_100).is_none());
    }
}
