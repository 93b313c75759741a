//! Which Windows Server hosts run the old image, and which the new one.

use crate::catalog::Catalog;
use crate::host::{Host, Isolation, Kind};
use crate::image::Image;
use crate::verdict::{Answer, judge};
use crate::version::OsVersion;

/// How hosts of a release run an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runs {
    /// As they run containers by themselves.
    Process,
    /// Only with Hyper-V isolation.
    Hyperv,
    /// Not at all.
    No,
    /// Nobody can tell.
    Unknown,
}

impl Runs {
    /// The word in tables and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Hyperv => "hyperv",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }
}

/// A Windows Server, and how it runs the two images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerRow<'c> {
    /// Its build.
    pub build: u16,
    /// Its release, the long-term one where there are two.
    pub release: &'c str,
    /// The last day of its support.
    pub support_end: time::Date,
    /// The old image there.
    pub old: Runs,
    /// The new one.
    pub new: Runs,
}

/// Every Windows Server of the catalog, oldest first, with both images judged on it. The patch levels
/// of hosts are not known here, so what only a patch level breaks counts as running.
pub fn servers<'c>(catalog: &'c Catalog, old: &Image, new: &Image) -> Vec<ServerRow<'c>> {
    let mut rows: Vec<ServerRow<'c>> = Vec::new();
    for release in &catalog.releases {
        let known = rows.iter().any(|row| row.build == release.build);
        if release.kind != Kind::Server || known {
            continue;
        }
        let main = catalog
            .main_release(release.build, Kind::Server)
            .unwrap_or(release);
        rows.push(ServerRow {
            build: main.build,
            release: main.name,
            support_end: main.support_end(),
            old: runs(catalog, main.build, old),
            new: runs(catalog, main.build, new),
        });
    }
    rows.sort_by_key(|row| row.build);
    rows
}

fn runs(catalog: &Catalog, build: u16, image: &Image) -> Runs {
    let host = Host::windows(OsVersion::of_build(build)).with_kind(Kind::Server);
    let answers = judge(catalog, &host, image).answers;
    let of = |isolation| answers.of(isolation).answer;
    let starts = |answer| matches!(answer, Answer::Yes | Answer::Preview | Answer::Risk);
    match (of(Isolation::Process), of(Isolation::Hyperv)) {
        (process, _) if starts(process) => Runs::Process,
        (_, hyperv) if starts(hyperv) => Runs::Hyperv,
        (Answer::No, Answer::No) => Runs::No,
        _ => Runs::Unknown,
    }
}
