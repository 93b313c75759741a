//! The literals that the whole input is searched for.
//!
//! Every byte is looked at once, for these literals only; everything else happens around a hit. So
//! an anchor has to be rare in ordinary logs, and each message needs two that share no byte: a hard
//! wrap through one leaves the other whole. The two anchors of the mismatch sentences are eleven
//! bytes long and their distances are chosen so that no wrap at twenty columns or more cuts both;
//! a test tries every column at every phase.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind, Span, packed};

/// The literals, case-sensitive. Hand the same to a text search tool to compare speeds.
pub const ANCHORS: &[&str] = &[
    // Codes: 0xc03701xx and 0x803701xx in hexadecimal, signed and unsigned decimal.
    "c03701",
    "C03701",
    "803701",
    "10701370",
    "2143878",
    "32248302",
    "2151088",
    // `"ErrorMessage"`, which follows the code in result documents.
    "rorMess",
    // The operation, which no language changes.
    "ComputeSystem",
    "Windows system c",
    // "does not match the host operating system", "… the operating system of the host".
    "t match the",
    "e host oper",
    "er does not",
    "em of the host",
    // Other results of the Host Compute Service.
    "exited unexpect",
    "an unrecognized f",
    "image contains a l",
    "hypervisor is",
    "required feature is n",
    "utility VM folder",
    "found in layers",
    "client operating sys",
    "Hyper-V contain",
    "Windows Insider P",
    "not run this",
    "s Operating",
    "System/Vers",
    "ows Contain",
    // Pulls.
    "no matching man",
    "ifest for",
    "in the manifest list ent",
    "no match for plat",
    "orm in manifest",
    "based image is inc",
    "ompatible with a",
    "image with operating sys",
    "image operating sys",
    "used on this plat",
    "specified platform",
    "provide any platform",
    "not provide the s",
    "no image found in",
    "ProcessUti",
    "lityVMImage",
    "ImportLayer",
    "failed in Win",
    // Swarm.
    "ng container failed",
    "replicated",
    "REPLICAS",
];

/// The length of the longest anchor.
pub(crate) const LONGEST: usize = {
    let mut longest = 0;
    let mut at = 0;
    while at < ANCHORS.len() {
        if ANCHORS[at].len() > longest {
            longest = ANCHORS[at].len();
        }
        at += 1;
    }
    longest
};

/// An anchor found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    /// Its index in [`ANCHORS`].
    pub(crate) anchor: usize,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

enum Searcher {
    /// Vector instructions; what the speed comes from.
    Packed(packed::Searcher),
    /// For machines without them.
    Automaton(AhoCorasick),
}

static SEARCHER: LazyLock<Option<Searcher>> = LazyLock::new(|| {
    let packed = packed::Config::new()
        .match_kind(packed::MatchKind::LeftmostFirst)
        .builder()
        .extend(ANCHORS)
        .build();
    match packed {
        Some(packed) => Some(Searcher::Packed(packed)),
        None => AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostFirst)
            .build(ANCHORS)
            .ok()
            .map(Searcher::Automaton),
    }
});

/// The first anchor at or after `from`.
pub(crate) fn find(bytes: &[u8], from: usize) -> Option<Found> {
    let span = Span {
        start: from,
        end: bytes.len(),
    };
    let found = match SEARCHER.as_ref()? {
        Searcher::Packed(packed) => packed.find_in(bytes, span)?,
        Searcher::Automaton(automaton) => {
            automaton.find(aho_corasick::Input::new(bytes).span(span))?
        }
    };
    Some(Found {
        anchor: found.pattern().as_usize(),
        start: found.start(),
        end: found.end(),
    })
}

/// Whether a hit of the commoner anchors is worth a closer look, told from the bytes beside it.
pub(crate) fn worth_it(bytes: &[u8], found: Found) -> bool {
    let next = || {
        let rest = &bytes[found.end..];
        let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'>' | b'|' | b'\\');
        rest.iter().take(256).find(|byte| !blank(byte)).copied()
    };
    match ANCHORS[found.anchor] {
        // "does not match the specified…" and all the other things that do not match.
        "t match the" => matches!(next(), Some(b'h' | b'o' | b's' | 0x1b | 0xe2)),
        "er does not" => matches!(next(), Some(b'm' | 0x1b | 0xe2)),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vector_search_is_built_where_the_machine_has_it() {
        assert!(SEARCHER.is_some());
        assert!(ANCHORS.len() <= 64, "more would disable the vector search");
    }

    #[test]
    fn no_wrap_of_twenty_columns_or_more_cuts_every_anchor_of_a_mismatch() {
        for sentence in [
            "The container operating system does not match the host operating system.",
            "The operating system of the container does not match the operating system of the host.",
            "Cannot run this Operating System/Version in Windows Containers",
        ] {
            for width in 20..=200 {
                for phase in 0..width {
                    let mut wrapped = String::new();
                    for (at, c) in sentence.chars().enumerate() {
                        if at > 0 && at % width == phase % width {
                            wrapped.push('\n');
                        }
                        wrapped.push(c);
                    }
                    assert!(
                        find(wrapped.as_bytes(), 0).is_some(),
                        "width {width}, phase {phase}: {wrapped}"
                    );
                }
            }
        }
    }

    #[test]
    fn ordinary_prose_is_turned_away_at_once() {
        let text = b"the checksum does not match the expected one";
        let found = find(text, 0).unwrap();
        assert!(!worth_it(text, found));
    }
}
