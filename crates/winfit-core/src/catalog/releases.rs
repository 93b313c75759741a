//! Named releases of Windows.

use time::Date;

use super::tsv::{TableError, table};
use crate::host::Kind;

/// A named Windows: `Windows Server 2022`, `Windows Server, version 1709`, `Windows 11 24H2`.
#[derive(Debug, Clone)]
pub struct Release {
    /// As Microsoft writes it.
    pub name: &'static str,
    /// Its build.
    pub build: u16,
    /// Server or client.
    pub kind: Kind,
    /// `LTSC`, `SAC`, `GAC` or `AC`.
    pub channel: &'static str,
    /// Its version name: `1809`, `21H2`.
    pub version: &'static str,
    /// General availability.
    pub ga: Date,
    /// End of mainstream support (or of servicing).
    pub mainstream_end: Date,
    /// End of extended support, where there is one of its own.
    pub extended_end: Option<Date>,
    /// The base images published for it: `servercore`, `nanoserver`, `server`, `windows`.
    pub base_images: Vec<&'static str>,
    /// The floating tags of those images.
    pub tags: Vec<&'static str>,
    /// What else is worth knowing.
    pub note: &'static str,
}

impl Release {
    /// The last day of any general support.
    pub fn support_end(&self) -> Date {
        self.extended_end.unwrap_or(self.mainstream_end)
    }
}

fn list(text: &'static str) -> Vec<&'static str> {
    text.split(',').filter(|item| !item.is_empty()).collect()
}

pub(super) fn read() -> Result<Vec<Release>, TableError> {
    table(
        "releases.tsv",
        include_str!("../../data/releases.tsv"),
        |row| {
            Ok(Release {
                name: row.text("name")?,
                build: row.number("build")?,
                kind: match row.text("kind")? {
                    "server" => Kind::Server,
                    "client" => Kind::Client,
                    other => {
                        return Err(
                            row.error("kind", format!("{other:?} is neither server nor client"))
                        );
                    }
                },
                channel: row.text("channel")?,
                version: row.text("version")?,
                ga: row.required_day("ga")?,
                mainstream_end: row.required_day("mainstream_end")?,
                extended_end: row.day("extended_end")?,
                base_images: list(row.text("base_images")?),
                tags: list(row.text("tags")?),
                note: row.text("note")?,
            })
        },
    )
}
