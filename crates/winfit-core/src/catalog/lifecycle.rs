//! Support of the base images, as Microsoft's container lifecycle page had it on each day.

use time::Date;

use super::tsv::{TableError, table};
use crate::reference::Base;

/// One row of one day's page.
#[derive(Debug, Clone)]
pub struct LifecycleRow {
    /// The page's day.
    pub doc_day: Date,
    /// The page's commit.
    pub commit: &'static str,
    /// `Server Core, Nano Server, Windows`, as the page writes it.
    pub base_image: &'static str,
    /// The base images that it is about, read from that.
    bases: Vec<Base>,
    /// `Long-Term`, `Semi-Annual`.
    pub channel: &'static str,
    /// `2019`, `1809`, `2019, 1809`.
    pub version: &'static str,
    /// The build, as the page has it; none where it is no number.
    pub build: Option<u16>,
    /// Since when.
    pub availability: Option<Date>,
    /// End of mainstream support.
    pub mainstream_end: Option<Date>,
    /// End of extended support.
    pub extended_end: Option<Date>,
}

impl LifecycleRow {
    /// Whether the row is about this base image.
    pub fn names(&self, base: Base) -> bool {
        self.bases.contains(&base)
    }
}

/// The base images that a cell of the page names.
fn bases(cell: &str) -> Vec<Base> {
    let names = |base: &Base| {
        cell.split(',')
            .any(|name| name.trim().trim_end_matches(" (LTSC)") == base.lifecycle_name())
    };
    Base::ALL.into_iter().filter(names).collect()
}

pub(super) fn read() -> Result<Vec<LifecycleRow>, TableError> {
    table(
        "lifecycle.tsv",
        include_str!("../../data/lifecycle.tsv"),
        |row| {
            let base_image = row.text("base_image")?;
            Ok(LifecycleRow {
                doc_day: row.required_day("doc_date")?,
                commit: row.text("commit")?,
                base_image,
                bases: bases(base_image),
                channel: row.text("channel")?,
                version: row.text("version")?,
                build: row.text("os_build")?.parse().ok(),
                availability: row.day("availability")?,
                mainstream_end: row.day("mainstream_end")?,
                extended_end: row.day("extended_end")?,
            })
        },
    )
}
