//! Lines, columns and original offsets, counted while the bytes are in the cache.

use memchr::{memchr_iter, memrchr};

use crate::diagnosis::Location;

/// How the original bytes were encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf8,
    Utf16Le,
    Utf16Be,
}

impl Encoding {
    /// How many original bytes this decoded text had.
    fn original_len(self, text: &[u8]) -> u64 {
        match self {
            Self::Utf8 => text.len() as u64,
            // Every character of UTF-8 is one unit, those of four bytes are two.
            Self::Utf16Le | Self::Utf16Be => {
                let pairs = text.iter().filter(|byte| **byte >= 0xf0).count();
                2 * (characters(text) + pairs as u64)
            }
        }
    }
}

/// How many characters begin in these bytes.
fn characters(text: &[u8]) -> u64 {
    // Blocks small enough for a byte's count, which compiles to vector instructions.
    text.chunks(192)
        .map(|block| {
            let starts = block
                .iter()
                .map(|byte| u8::from(byte & 0xc0 != 0x80))
                .fold(0_u8, u8::wrapping_add);
            u64::from(starts)
        })
        .sum()
}

/// A place that only moves forward.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor {
    encoding: Encoding,
    /// Line breaks so far.
    pub(crate) breaks: u64,
    /// Characters since the last line break.
    column: u64,
    offset: u64,
}

impl Cursor {
    /// At the start; `mark` is the length of a byte order mark that was skipped.
    pub(crate) fn new(encoding: Encoding, mark: u64) -> Self {
        Self {
            encoding,
            breaks: 0,
            column: 0,
            offset: mark,
        }
    }

    /// Past these bytes.
    pub(crate) fn pass(&mut self, bytes: &[u8]) {
        let breaks = memchr_iter(b'\n', bytes).count() as u64;
        self.breaks += breaks;
        match memrchr(b'\n', bytes) {
            Some(last) => self.column = characters(&bytes[last + 1..]),
            None => self.column += characters(bytes),
        }
        self.offset += self.encoding.original_len(bytes);
    }

    pub(crate) fn location(&self) -> Location {
        Location {
            line: self.breaks + 1,
            column: self.column + 1,
            offset: self.offset,
        }
    }
}

/// The place `to`, at or before a place `from` that is known.
pub(crate) fn earlier(
    window: &[u8],
    from: usize,
    known: Location,
    to: usize,
    encoding: Encoding,
) -> Location {
    let between = &window[to..from];
    let breaks = memchr_iter(b'\n', between).count() as u64;
    let column = if breaks == 0 {
        known.column.saturating_sub(characters(between))
    } else {
        let start = memrchr(b'\n', &window[..to]).map_or(0, |at| at + 1);
        characters(&window[start..to]) + 1
    };
    Location {
        line: known.line - breaks,
        column: column.max(1),
        offset: known.offset.saturating_sub(encoding.original_len(between)),
    }
}

/// The line of a place `to`, at or after a place whose line is known.
pub(crate) fn later_line(window: &[u8], from: usize, line: u64, to: usize) -> u64 {
    line + memchr_iter(b'\n', &window[from..to]).count() as u64
}
