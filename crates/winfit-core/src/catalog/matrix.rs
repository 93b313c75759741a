//! Microsoft's support matrix, as its page stood on each day.

use time::Date;

use super::tsv::{TableError, table};
use crate::host::{Isolation, Kind};

/// What a cell of the page's table says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    /// Supported.
    Yes,
    /// Not supported.
    No,
    /// Supported as a preview.
    Preview,
    /// The page says nothing of this pair.
    Unlisted,
}

impl Cell {
    /// The data file's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Preview => "preview",
            Self::Unlisted => "unlisted",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "yes" => Self::Yes,
            "no" => Self::No,
            "preview" => Self::Preview,
            "unlisted" => Self::Unlisted,
            _ => return None,
        })
    }
}

/// Whether the page still has the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowStatus {
    /// On the newest page.
    Current,
    /// Dropped from it on the day of [`MatrixRow::dropped`].
    Historical,
}

/// One row of the page: a host, an image, and the two cells.
#[derive(Debug, Clone)]
pub struct MatrixRow {
    /// The host as the page calls it.
    pub host_release: &'static str,
    /// Server or client.
    pub host_kind: Kind,
    /// The first build that the row covers.
    pub host_build_min: u16,
    /// The last build that it covers; none: all later ones.
    pub host_build_max: Option<u16>,
    /// The image as the page calls it.
    pub image_release: &'static str,
    /// The image's build.
    pub image_build: u16,
    /// The newest state of the Hyper-V cell.
    pub hyperv: Cell,
    /// The newest state of the process cell.
    pub process: Cell,
    /// The page's own words where they matter.
    pub note: &'static str,
    /// Current or historical.
    pub status: RowStatus,
    /// The first day the page had the row.
    pub first_doc: Date,
    /// The last page seen with it.
    pub last_doc: Date,
    /// The first page without it.
    pub dropped: Option<Date>,
    /// Its states where they changed: day, Hyper-V cell, process cell, in the file's order.
    pub flips: Vec<(Date, Cell, Cell)>,
}

impl MatrixRow {
    /// The cell for an isolation, in its newest state.
    #[inline]
    pub fn cell(&self, isolation: Isolation) -> Cell {
        match isolation {
            Isolation::Process => self.process,
            Isolation::Hyperv => self.hyperv,
        }
    }

    /// Whether the row speaks about this host.
    #[inline]
    pub fn covers(&self, kind: Kind, build: u16) -> bool {
        self.host_kind == kind
            && build >= self.host_build_min
            && self.host_build_max.is_none_or(|max| build <= max)
    }

    /// Whether the page had the row on that day.
    pub fn in_force(&self, day: Date) -> bool {
        day >= self.first_doc && self.dropped.is_none_or(|dropped| day < dropped)
    }

    /// The cells as the page had them on that day: (process, hyperv). The last flip up to the day
    /// counts; of two on one day, the later in the file.
    pub fn state_on(&self, day: Date) -> (Cell, Cell) {
        self.flips
            .iter()
            .rev()
            .find(|(from, _, _)| *from <= day)
            .map_or((self.process, self.hyperv), |(_, hyperv, process)| {
                (*process, *hyperv)
            })
    }

    /// The day since which the newest state of a cell stands.
    pub fn cell_since(&self, isolation: Isolation) -> Date {
        let cell_of = |(_, hyperv, process): &(Date, Cell, Cell)| match isolation {
            Isolation::Process => *process,
            Isolation::Hyperv => *hyperv,
        };
        let now = self.cell(isolation);
        self.flips
            .iter()
            .rev()
            .take_while(|flip| cell_of(flip) == now)
            .last()
            .map_or(self.first_doc, |(day, _, _)| *day)
    }
}

pub(super) fn read() -> Result<Vec<MatrixRow>, TableError> {
    table("matrix.tsv", include_str!("../../data/matrix.tsv"), |row| {
        let cell = |column| {
            let text = row.text(column)?;
            Cell::parse(text).ok_or_else(|| row.error(column, format!("{text:?} is no state")))
        };
        let mut flips = Vec::new();
        for flip in row
            .text("flips_hyperv_process")?
            .split(';')
            .map(str::trim)
            .filter(|flip| !flip.is_empty())
        {
            let parsed = flip.split_once(':').and_then(|(day, cells)| {
                let (hyperv, process) = cells.split_once('/')?;
                Some((
                    crate::day::parse_day(day).ok()?,
                    Cell::parse(hyperv)?,
                    Cell::parse(process)?,
                ))
            });
            flips.push(parsed.ok_or_else(|| {
                row.error("flips_hyperv_process", format!("{flip:?} is no flip"))
            })?);
        }
        Ok(MatrixRow {
            host_release: row.text("host_release")?,
            host_kind: match row.text("host_kind")? {
                "server" => Kind::Server,
                "client" => Kind::Client,
                other => return Err(row.error("host_kind", format!("{other:?} is no kind"))),
            },
            host_build_min: row.number("host_build_min")?,
            host_build_max: row.optional("host_build_max")?,
            image_release: row.text("image_release")?,
            image_build: row.number("image_build")?,
            hyperv: cell("hyperv")?,
            process: cell("process")?,
            note: row.text("note")?,
            status: match row.text("status")? {
                "current" => RowStatus::Current,
                "historical" => RowStatus::Historical,
                other => return Err(row.error("status", format!("{other:?} is no status"))),
            },
            first_doc: row.required_day("first_doc")?,
            last_doc: row.required_day("last_doc")?,
            dropped: row.day("dropped")?,
            flips,
        })
    })
}

/// Rows by image build; within one, current before historical, then the newest page first.
pub(super) fn by_image(rows: &[MatrixRow]) -> Vec<(u16, Vec<u16>)> {
    let mut index: Vec<(u16, Vec<u16>)> = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let entry = if let Some((_, entry)) = index
            .iter_mut()
            .find(|(build, _)| *build == row.image_build)
        {
            entry
        } else {
            index.push((row.image_build, Vec::new()));
            let last = index.len() - 1;
            &mut index[last].1
        };
        entry.push(at as u16);
    }
    for (_, entry) in &mut index {
        entry.sort_by_key(|at| {
            let row = &rows[usize::from(*at)];
            (
                row.status == RowStatus::Historical,
                std::cmp::Reverse(row.last_doc),
            )
        });
    }
    index
}
