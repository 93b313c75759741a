//! From a KB to a revision. A KB may have brought several, to several builds.

use crate::catalog::{Audience, Catalog, Stream, Update, stream};
use crate::host::Kind;
use crate::version::OsVersion;

use super::read::Alternative;

/// What a KB gives a host of a build.
pub(super) struct ByKb {
    /// The revision that is used: the newest.
    pub(super) version: OsVersion,
    /// The KB that brought it.
    pub(super) kb: u32,
    /// The others, the newest first.
    pub(super) alternatives: Vec<Alternative>,
}

/// Whether a host of this kind can have this update: since clients and servers of one build count
/// apart, half of the updates are not for it. Revisions seen only in images are on no host.
fn fits(update: &Update, kind: Kind) -> bool {
    let stream_fits = match stream(update.build, update.revision) {
        Stream::Common => true,
        Stream::Server => kind != Kind::Client,
        Stream::Client => kind != Kind::Server,
    };
    stream_fits && update.audience != Audience::Container
}

/// The revisions that a KB brought to a build, the newest first.
pub(super) fn readings(catalog: &Catalog, kb: u32, build: u16, kind: Kind) -> Vec<u32> {
    let mut revisions: Vec<u32> = catalog
        .updates_of(build)
        .iter()
        .rev()
        .filter(|update| update.kb == Some(kb) && fits(update, kind))
        .map(|update| update.revision)
        .collect();
    revisions.dedup();
    revisions
}

/// The builds that a KB is for, the newest first.
pub(super) fn builds(catalog: &Catalog, kb: u32, kind: Kind) -> Vec<u16> {
    let mut builds: Vec<u16> = catalog
        .updates_of_kb(kb)
        .into_iter()
        .filter(|update| fits(update, kind))
        .map(|update| update.build)
        .collect();
    builds.dedup();
    builds
}

/// The newest revision that any of these KBs brought to a build: what a host that lists them has.
pub(super) fn newest(catalog: &Catalog, kbs: &[u32], build: u16, kind: Kind) -> Option<ByKb> {
    let mut best: Option<(u32, u32, Vec<u32>)> = None;
    for &kb in kbs {
        let revisions = readings(catalog, kb, build, kind);
        let Some(&revision) = revisions.first() else {
            continue;
        };
        if best.as_ref().is_none_or(|(known, ..)| *known < revision) {
            best = Some((revision, kb, revisions));
        }
    }
    let (revision, kb, revisions) = best?;
    let alternatives = revisions
        .into_iter()
        .skip(1)
        .map(|other| Alternative {
            version: OsVersion::new(build, other),
            because: format!("KB{kb} also brought {build}.{other}"),
        })
        .collect();
    Some(ByKb {
        version: OsVersion::new(build, revision),
        kb,
        alternatives,
    })
}

/// The builds of a KB in words: `17763.437 (Windows Server 2019)`.
pub(super) fn in_words(catalog: &Catalog, kb: u32) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut seen = 0;
    for build in builds(catalog, kb, Kind::Unknown) {
        let revision = readings(catalog, kb, build, Kind::Unknown)
            .first()
            .copied()
            .unwrap_or(0);
        let kind = match stream(build, revision) {
            Stream::Client => Kind::Client,
            Stream::Server | Stream::Common => Kind::Unknown,
        };
        let name = catalog
            .main_release(build, kind)
            .map_or(String::new(), |release| format!(" ({})", release.name));
        seen += 1;
        if seen <= 4 {
            parts.push(format!("{build}.{revision}{name}"));
        }
    }
    parts.join(", ")
}

/// Every KB that a text states: `KB4041691`, `kb 4041691`, `KB-4041691`; where each starts and ends.
pub(super) fn stated(text: &str) -> Vec<(usize, usize, u32)> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at + 2 < bytes.len() {
        let letters =
            bytes[at].eq_ignore_ascii_case(&b'k') && bytes[at + 1].eq_ignore_ascii_case(&b'b');
        let within = at > 0 && bytes[at - 1].is_ascii_alphanumeric();
        if !letters || within {
            at += 1;
            continue;
        }
        let start = at;
        at += 2;
        if matches!(bytes.get(at), Some(b' ' | b'-' | b'_')) {
            at += 1;
        }
        let digits = at;
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        let ends = !bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
        if (6..=8).contains(&(at - digits))
            && ends
            && let Ok(kb) = text[digits..at].parse()
        {
            found.push((start, at, kb));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kbs_in_text() {
        let kbs = |text| {
            stated(text)
                .into_iter()
                .map(|(_, _, kb)| kb)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            kbs("med KB4041691, kb 4053579 och KB-5005625"),
            [4_041_691, 4_053_579, 5_005_625]
        );
        assert_eq!(kbs("[01]: KB4486553"), [4_486_553]);
        assert_eq!(
            kbs("64 KB, 12345 KB free, xKB4041691, KB4041691x, KB12, KB999999999"),
            [0; 0]
        );
    }

    #[test]
    fn a_kb_with_two_revisions_gives_the_newest_and_keeps_the_other() {
        let by = newest(Catalog::builtin(), &[4_057_142], 14393, Kind::Unknown).expect("known");
        assert_eq!(by.version, OsVersion::new(14393, 2035));
        assert_eq!(by.alternatives.len(), 1);
        assert_eq!(by.alternatives[0].version, OsVersion::new(14393, 2034));
    }

    #[test]
    fn clients_and_servers_of_one_build_have_their_own_updates() {
        let catalog = Catalog::builtin();
        assert_eq!(readings(catalog, 5_078_740, 26100, Kind::Server), [32522]);
        assert_eq!(readings(catalog, 5_078_740, 26100, Kind::Client), [0; 0]);
    }
}
