//! Input of any kind: sizes, encodings, reads, bytes.

use std::io::{self, Read};

use proptest::prelude::*;
use winfit_explain::{MOST_DIAGNOSES, explain, explain_bytes};

use crate::corpus::starts;
use crate::one;

/// Gives at most so many bytes at a time, as slow pipes do.
struct Slow<'a> {
    bytes: &'a [u8],
    most: usize,
}

impl Read for Slow<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.most.min(out.len()).min(self.bytes.len());
        out[..count].copy_from_slice(&self.bytes[..count]);
        self.bytes = &self.bytes[count..];
        Ok(count)
    }
}

fn page() -> String {
    [
        include_str!("../fixtures/es-docker-run.txt"),
        include_str!("../fixtures/es-service-ls.txt"),
        include_str!("../fixtures/es-service-ps.txt"),
        include_str!("../fixtures/es-describe-failing.txt"),
        include_str!("../fixtures/sv-describe-healthy.txt"),
    ]
    .concat()
}

#[test]
fn reads_of_any_size_give_the_same_report() {
    let page = page();
    let whole = explain_bytes(page.as_bytes());
    for most in [1, 7, 4096] {
        let bytes = page.as_bytes();
        assert_eq!(explain(Slow { bytes, most }).unwrap(), whole, "{most}");
    }
}

#[test]
fn a_failing_reader_is_an_error() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("gone"))
        }
    }
    assert!(explain(Broken).is_err());
}

fn utf16(text: &str, little: bool, mark: bool) -> Vec<u8> {
    let mark = mark.then_some(0xfeff_u16);
    mark.into_iter()
        .chain(text.encode_utf16())
        .flat_map(|unit| {
            if little {
                unit.to_le_bytes()
            } else {
                unit.to_be_bytes()
            }
        })
        .collect()
}

#[test]
fn utf_16_says_what_utf_8_says_with_offsets_of_its_own() {
    let page = format!("überschrift 😀\n{}", page());
    let expected = explain_bytes(page.as_bytes());
    for little in [true, false] {
        for mark in [true, false] {
            let bytes = utf16(&page, little, mark);
            for most in [1, 7, 1 << 20] {
                let report = explain(Slow {
                    bytes: &bytes,
                    most,
                })
                .unwrap();
                assert_eq!(report.bytes, bytes.len() as u64);
                assert_eq!(report.lines, expected.lines);
                assert!(!report.binary);
                assert_eq!(report.diagnoses.len(), expected.diagnoses.len());
                for (found, plain) in report.diagnoses.iter().zip(&expected.diagnoses) {
                    assert_eq!(found.location.line, plain.location.line);
                    assert_eq!(found.location.column, plain.location.column);
                    assert_eq!(found.message(), plain.message());
                    let at = plain.location.offset as usize;
                    let units = page[..at].encode_utf16().count() + usize::from(mark);
                    assert_eq!(found.location.offset, 2 * units as u64);
                }
            }
        }
    }
}

#[test]
fn a_utf_8_mark_counts_as_bytes_and_not_as_a_column() {
    let found = one("\u{feff}0xc0370101");
    assert_eq!(found.location.offset, 3);
    assert_eq!((found.location.line, found.location.column), (1, 1));
}

#[test]
fn places_are_of_the_message_in_characters() {
    let found = one("eins\nzwölf: (0xc0370101)\n");
    assert_eq!((found.location.line, found.location.column), (2, 9));
    assert_eq!(found.location.offset, 14);
}

#[test]
fn what_is_no_text_is_said_so() {
    let empty = explain_bytes(b"");
    assert!(empty.empty && !empty.binary && empty.lines == 0);
    assert!(explain_bytes(b" \r\n\t\n").empty);
    let random: Vec<u8> = (0..10_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 11) as u8)
        .collect();
    assert!(explain_bytes(&random).binary);
    assert!(explain_bytes(&[0; 5000]).binary);
    let text = explain_bytes(page().as_bytes());
    assert!(!text.binary && !text.empty);
    // Colours and a code page are text.
    assert!(!explain_bytes(b"\x1b[31mdas Ger\xe4t\x1b[0m\r\n").binary);
}

#[test]
fn a_text_cut_in_the_middle_of_a_character_is_read() {
    let text = "ä 0xc0370101 ä";
    let found = explain_bytes(&text.as_bytes()[1..text.len() - 1]);
    assert_eq!(found.diagnoses.len(), 1);
}

#[test]
fn a_long_line_keeps_its_context_near() {
    let mut text = "x".repeat(3_000_000);
    text.push_str(" (0xc0370101) ");
    text.push_str(&"y".repeat(1_000_000));
    let found = one(&text);
    assert_eq!(found.location.column, 3_000_003);
    assert_eq!(found.location.offset, 3_000_002);
}

#[test]
fn beyond_the_cap_diagnoses_are_counted() {
    let line =
        |id| format!("container {id:064x} encountered an error during Start: x (0xc0370101)\n");
    let lines: Vec<String> = (0..MOST_DIAGNOSES + 5).map(line).collect();
    let text = lines.concat();
    let report = explain_bytes(text.as_bytes());
    assert_eq!(report.diagnoses.len(), MOST_DIAGNOSES);
    assert_eq!(report.dropped, 5);
}

/// Pieces that lead the reader into its corners.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let texts: Vec<Vec<u8>> = starts()
        .into_iter()
        .map(|(_, text, _)| text.into_bytes())
        .chain(
            winfit_explain::ANCHORS
                .iter()
                .map(|anchor| anchor.as_bytes().to_vec()),
        )
        .chain([
            b"Name: a\nNamespace: b\n".to_vec(),
            b"Warning Failed ".to_vec(),
            b"\"message\": \"".to_vec(),
            b"involvedObject".to_vec(),
            b"containerStatuses".to_vec(),
            b" extra info: {".to_vec(),
            b"\\\\\\u00".to_vec(),
            b"\x1b[".to_vec(),
            "…".as_bytes().to_vec(),
            "│".as_bytes()[..2].to_vec(),
        ])
        .collect();
    prop_oneof![
        prop::sample::select(texts),
        prop::collection::vec(any::<u8>(), 0..20),
        "[ \n\\\\\":(){}0-9a-f]{0,20}".prop_map(String::into_bytes),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn bytes_of_any_kind_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        for found in explain_bytes(&bytes).diagnoses {
            prop_assert!(!found.message().is_empty());
        }
    }

    #[test]
    fn pieces_in_any_order_never_panic(pieces in prop::collection::vec(piece(), 0..30), cut in 0_usize..100) {
        let mut bytes = pieces.concat();
        bytes.truncate(bytes.len().saturating_sub(cut));
        let report = explain_bytes(&bytes);
        prop_assert_eq!(report.bytes, bytes.len() as u64);
        for found in &report.diagnoses {
            prop_assert!(!found.message().is_empty());
            prop_assert!(found.location.offset <= report.bytes);
            prop_assert!(found.location.line <= report.lines);
        }
    }
}
