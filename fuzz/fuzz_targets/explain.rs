//! Explaining: any bytes give a report, and the same one however the reads cut them.
#![no_main]

use std::io::{self, Read};

use libfuzzer_sys::fuzz_target;
use winfit_explain::{explain, explain_bytes};

/// Gives the bytes in pieces whose lengths come from the input.
struct Pieces<'a> {
    rest: &'a [u8],
    lengths: &'a [u8],
    round: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let length = usize::from(self.lengths[self.round % self.lengths.len()]);
        self.round += 1;
        if length == 255 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let count = (length % 64 + 1).min(self.rest.len()).min(out.len());
        let (piece, rest) = self.rest.split_at(count);
        out[..count].copy_from_slice(piece);
        self.rest = rest;
        Ok(count)
    }
}

/// Where the reader's own pieces end.
const CHUNK: usize = 256 * 1024;

/// What is said of a text that stands behind so many bytes of dull lines.
fn behind(filler: usize, text: &[u8]) -> Vec<String> {
    let mut padded: Vec<u8> = b"nothing to see in this line\n".repeat(filler / 28 + 1);
    padded.truncate(filler);
    padded.push(b'\n');
    padded.extend_from_slice(text);
    let report = explain_bytes(&padded);
    report
        .diagnoses
        .iter()
        .map(winfit_explain::Diagnosis::message)
        .collect()
}

fuzz_target!(|input: &[u8]| {
    let Some((lengths, text)) = input.split_at_checked(4) else {
        return;
    };
    let whole = explain_bytes(text);
    for diagnosis in &whole.diagnoses {
        assert!(!diagnosis.message().is_empty());
        let _ = diagnosis.next_commands();
        assert!(diagnosis.location.line >= 1 && diagnosis.location.line <= whole.lines);
    }
    if lengths.iter().any(|length| *length != 255) {
        let pieces = Pieces {
            rest: text,
            lengths,
            round: 0,
        };
        match explain(pieces) {
            Ok(report) => assert_eq!(report, whole),
            Err(error) => panic!("nothing fails to be read: {error}"),
        }
    }
    // The same text, whole in one piece of the reader and cut by the end of one.
    if lengths[0] % 8 == 0 && !text.is_empty() {
        let cut = usize::from(u16::from_le_bytes([lengths[1], lengths[2]])) % text.len();
        assert_eq!(behind(8192, text), behind(CHUNK - 1 - cut, text));
    }
});
