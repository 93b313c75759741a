//! The pairs of host and image that `judge` is timed on.

use winfit_core::Catalog;
use winfit_core::host::{Host, Kind};
use winfit_core::image::Image;
use winfit_core::verdict::{Answer, judge};
use winfit_core::version::OsVersion;

/// One pair.
#[derive(Debug, Clone, Copy)]
pub struct Pair {
    /// Its name in criterion's files.
    pub id: &'static str,
    /// Its name in the table.
    pub name: &'static str,
    /// Where the container would run.
    pub host: Host,
    /// What would run.
    pub image: Image,
    /// What process isolation gets, so that no benchmark times a wrong path.
    pub process: Answer,
}

/// The pairs: each goes another way through the rules.
///
/// # Panics
///
/// Where `judge` does not answer what the pair stands for.
pub fn pairs() -> Vec<Pair> {
    let server = |version| Host::windows(version).with_kind(Kind::Server);
    let client = |version| Host::windows(version).with_kind(Kind::Client);
    let with_engine = |host, text: &str| Host {
        engine: text.parse().ok(),
        ..host
    };
    let row = |id, name, host, image, process| Pair {
        id,
        name,
        host,
        image: Image::windows(image),
        process,
    };
    let pairs = vec![
        row(
            "equal",
            "equal builds, 2022 on 2022",
            server(OsVersion::new(20_348, 4294)),
            OsVersion::new(20_348, 4294),
            Answer::Yes,
        ),
        row(
            "older",
            "cross build, 2019 on 2022",
            server(OsVersion::new(20_348, 4294)),
            OsVersion::new(17_763, 7314),
            Answer::No,
        ),
        row(
            "newer",
            "cross build, 2022 on 2019",
            server(OsVersion::new(17_763, 7314)),
            OsVersion::new(20_348, 4294),
            Answer::No,
        ),
        row(
            "stable",
            "cross build, 2022 on Windows 11 24H2",
            client(OsVersion::new(26_100, 4061)),
            OsVersion::new(20_348, 4294),
            Answer::Yes,
        ),
        row(
            "revisions-equal",
            "2016, equal revisions",
            server(OsVersion::new(14_393, 8066)),
            OsVersion::new(14_393, 8066),
            Answer::Yes,
        ),
        row(
            "revisions-differ",
            "2016, revisions either side of a break",
            server(OsVersion::new(14_393, 1794)),
            OsVersion::new(14_393, 8066),
            Answer::No,
        ),
        row(
            "risk",
            "25H2 and a 2025 image of the server stream",
            client(OsVersion::new(26_200, 7623)),
            OsVersion::new(26_100, 32_230),
            Answer::Unknown,
        ),
        row(
            "both-kinds",
            "17763, server or client not known",
            Host::windows(OsVersion::of_build(17_763)),
            OsVersion::of_build(17_763),
            Answer::Unknown,
        ),
        row(
            "engine",
            "25H2, 2022 image, docker@29.6.2+containerd",
            with_engine(
                client(OsVersion::new(26_200, 7623)),
                "docker@29.6.2+containerd",
            ),
            OsVersion::new(20_348, 4294),
            Answer::Yes,
        ),
    ];
    for pair in &pairs {
        let answer = judge(Catalog::builtin(), &pair.host, &pair.image)
            .answers
            .process
            .answer;
        assert_eq!(answer, pair.process, "{}", pair.name);
    }
    pairs
}

/// The floor: what a tool without rules would ask, whether the image's build is the host's or older.
#[inline]
pub fn build_fits(host: &Host, image: &Image) -> bool {
    match (host.version, image.version) {
        (Some(host), Some(image)) => image.build <= host.build,
        _ => false,
    }
}
