//! Fingerprints that stay when lines move: from the rule, the file, the subject and the words that
//! stand at the place, never from line numbers.

use std::collections::HashMap;

use super::Report;

/// One fingerprint a finding, in their order, none twice: of findings that are alike in everything,
/// the second, third and so on count.
pub(super) fn fingerprints(report: &Report<'_>) -> Vec<String> {
    let mut seen: HashMap<u128, u32> = HashMap::new();
    report
        .findings
        .iter()
        .map(|finding| {
            let origin = &finding.origin;
            let words = origin.span.and_then(|span| {
                let source = report.sources.source(&origin.source)?;
                source.text.get(span.start..span.end)
            });
            let place = report.place(origin);
            let parts = [
                finding.rule,
                place.as_ref().map_or(&*origin.source, |place| &place.path),
                origin.field.as_deref().unwrap_or_default(),
                &finding.subject.kind,
                finding.subject.namespace.as_deref().unwrap_or_default(),
                &finding.subject.name,
                words.unwrap_or_default(),
            ];
            let hash = parts.iter().fold(FNV_OFFSET, |hash, part| {
                // No text has this byte, so that no two lists of parts run into the same bytes.
                let bytes = part.bytes().chain([0xff]);
                bytes.fold(hash, fnv)
            });
            let times = seen.entry(hash).or_default();
            let numbered = times.to_le_bytes().into_iter().fold(hash, fnv);
            *times += 1;
            format!("{numbered:032x}")
        })
        .collect()
}

/// FNV-1a with 128 bits: the same on every machine and in every release, and nobody gains by making
/// two findings look alike.
const FNV_OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;

fn fnv(hash: u128, byte: u8) -> u128 {
    const FNV_PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    (hash ^ u128::from(byte)).wrapping_mul(FNV_PRIME)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use winfit_core::finding::{Finding, Severity, Subject};
    use winfit_files::source::Source;

    use super::*;
    use crate::findings::samples::{Sample, place};

    fn of(text: &str, words: &[&str]) -> Vec<String> {
        let source = Source::of_text("a", text);
        let subject = Subject::new("Dockerfile", "a");
        let finding = |words: &&str| {
            let origin = place(&source, words);
            Finding::new("rule", Severity::Error, subject.clone(), origin, "it is")
        };
        let findings = words.iter().map(finding).collect();
        let sample = Sample {
            sources: vec![source],
            findings,
            ..Sample::new()
        };
        fingerprints(&sample.report())
    }

    #[test]
    fn lines_may_move() {
        let before = of("FROM a\nFROM b\n", &["a", "b"]);
        let after = of("# new\n\n  FROM a\nFROM b\n", &["a", "b"]);
        assert_eq!(before, after);
        assert_ne!(before[0], before[1]);
    }

    #[test]
    fn what_is_alike_is_numbered() {
        let same = of("FROM a\n", &["a", "a", "a"]);
        assert_eq!(same.iter().collect::<HashSet<_>>().len(), 3);
        assert_eq!(same[..2], of("FROM a\n", &["a", "a"]));
    }

    /// Published test values of FNV-1a with 128 bits: stored fingerprints must not change.
    #[test]
    fn the_hash_is_fnv_1a() {
        assert_eq!(
            fnv(FNV_OFFSET, b'a'),
            0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964
        );
    }
}
