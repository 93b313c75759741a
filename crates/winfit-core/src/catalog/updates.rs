//! Updates: which KB brings which build to which revision, and when.

use time::Date;

use super::tsv::{Row, TableError, table};

/// Who gets an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Servers and clients alike.
    ServerAndClient,
    /// Servers (and with them the images).
    Server,
    /// Clients only.
    Client,
    /// A revision seen only in images, never on a host.
    Container,
    /// The sources do not say.
    Unknown,
}

impl Audience {
    /// The data file's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::ServerAndClient => "server+client",
            Self::Server => "server",
            Self::Client => "client",
            Self::Container => "container",
            Self::Unknown => "unknown",
        }
    }
}

/// One row: a build and revision, and the KB that brings it. A revision may have several KBs and a
/// KB several revisions.
#[derive(Debug, Clone)]
pub struct Update {
    /// The build.
    pub build: u16,
    /// The revision (UBR) after this update.
    pub revision: u32,
    /// The number of the KB article; none for revisions seen only in images and for some first ones.
    pub kb: Option<u32>,
    /// The day of release, where a source has it.
    pub day: Option<Date>,
    /// Where the day comes from: `listed`, `date via same KB on sibling build`, `no date`.
    pub day_basis: &'static str,
    /// `preview`, `oob` (out of band), `rtm`, `container`, or empty for a monthly update.
    pub kind: &'static str,
    /// Who gets it.
    pub audience: Audience,
    /// How many sources agree: `3-source`, `2-source`, `1-source`, `observed`; `registry` for what was
    /// learnt from a registry's tags (see [`overlay`](super::overlay)).
    pub confidence: &'static str,
    /// Which sources.
    pub sources: &'static str,
}

/// The streams of revisions. They were one until 2026-01-13; since then clients and servers of build
/// 26100 count apart, and revisions of the two cannot be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Everything before the split, and every other build.
    Common,
    /// 26100 and 26200 from .7623, below .32230.
    Client,
    /// From .32230.
    Server,
}

/// First revision of the client stream (KB5074109, 2026-01-13).
const CLIENT_STREAM_FROM: u32 = 7623;
/// First revision of the server stream (KB5073379, 2026-01-13).
const SERVER_STREAM_FROM: u32 = 32_230;

/// The stream a revision belongs to.
#[inline]
pub fn stream(build: u16, revision: u32) -> Stream {
    match build {
        26_100 | 26_200 if revision >= SERVER_STREAM_FROM => Stream::Server,
        26_100 | 26_200 if revision >= CLIENT_STREAM_FROM => Stream::Client,
        _ => Stream::Common,
    }
}

/// The columns, as the first line of the file names them.
pub(super) const HEADER: &str =
    "build\trevision\tkb\tdate\tdate_basis\tkind\taudience\tconfidence\tsources";

pub(super) fn read() -> Result<Vec<Update>, TableError> {
    table(
        "updates.tsv",
        include_str!("../../data/updates.tsv"),
        read_row,
    )
}

pub(super) fn read_row(row: &Row<'_>) -> Result<Update, TableError> {
    let kb = row.text("kb")?;
    Ok(Update {
        build: row.number("build")?,
        revision: row.number("revision")?,
        kb: match kb.strip_prefix("KB") {
            Some(digits) => Some(
                digits
                    .parse()
                    .map_err(|_| row.error("kb", format!("{kb:?} is not a KB number")))?,
            ),
            None if kb.is_empty() => None,
            None => return Err(row.error("kb", format!("{kb:?} does not start with KB"))),
        },
        day: row.day("date")?,
        day_basis: row.text("date_basis")?,
        kind: row.text("kind")?,
        audience: match row.text("audience")? {
            "server+client" => Audience::ServerAndClient,
            "server" => Audience::Server,
            "client" => Audience::Client,
            "container" => Audience::Container,
            "unknown" => Audience::Unknown,
            other => {
                return Err(row.error("audience", format!("{other:?} is no audience")));
            }
        },
        confidence: row.text("confidence")?,
        sources: row.text("sources")?,
    })
}
