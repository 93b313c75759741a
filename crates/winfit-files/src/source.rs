//! A text with its places: decoded once, every fact remembers where it stood.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use winfit_core::finding::{Origin, Span};

/// How a file's bytes spell its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// UTF-8 behind a byte order mark.
    Utf8Bom,
    /// UTF-16, little end first, behind a byte order mark: what PowerShell's `>` writes.
    Utf16Le,
    /// UTF-16, big end first, behind a byte order mark.
    Utf16Be,
}

/// A file's text.
#[derive(Debug)]
pub struct Source {
    /// The path as shown to people: with `/`, and what is no UTF-8 replaced.
    pub name: Arc<str>,
    /// The path as the system knows it; empty for standard input.
    pub path: PathBuf,
    /// The text, without its byte order mark.
    pub text: String,
    /// How the bytes spell it.
    pub encoding: Encoding,
    /// The byte offsets at which lines start.
    lines: OnceLock<Vec<usize>>,
}

/// A text that is none: bytes that are neither UTF-8 nor UTF-16.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotText {
    /// The first byte that fits no encoding.
    pub at: usize,
}

/// Decodes UTF-8 and UTF-16, with and without a byte order mark (UTF-16 only with one).
pub fn decode(bytes: Vec<u8>) -> Result<(String, Encoding), NotText> {
    let utf16 = |from: fn([u8; 2]) -> u16| -> Result<String, NotText> {
        let units = bytes[2..]
            .chunks_exact(2)
            .map(|pair| from([pair[0], pair[1]]));
        let mut text = String::with_capacity(bytes.len() / 2);
        for (at, unit) in char::decode_utf16(units).enumerate() {
            text.push(unit.map_err(|_| NotText { at: 2 + at * 2 })?);
        }
        if bytes.len() % 2 == 1 {
            return Err(NotText {
                at: bytes.len() - 1,
            });
        }
        Ok(text)
    };
    if bytes.starts_with(b"\xff\xfe") {
        return Ok((utf16(u16::from_le_bytes)?, Encoding::Utf16Le));
    }
    if bytes.starts_with(b"\xfe\xff") {
        return Ok((utf16(u16::from_be_bytes)?, Encoding::Utf16Be));
    }
    let (bytes, encoding) = if bytes.starts_with(b"\xef\xbb\xbf") {
        (bytes[3..].to_vec(), Encoding::Utf8Bom)
    } else {
        (bytes, Encoding::Utf8)
    };
    match String::from_utf8(bytes) {
        Ok(text) => Ok((text, encoding)),
        Err(error) => Err(NotText {
            at: error.utf8_error().valid_up_to(),
        }),
    }
}

impl Source {
    /// A text of this name.
    pub fn new(name: &str, path: PathBuf, text: String, encoding: Encoding) -> Self {
        Self {
            name: Arc::from(name),
            path,
            text,
            encoding,
            lines: OnceLock::new(),
        }
    }

    /// A text for tests and standard input.
    pub fn of_text(name: &str, text: &str) -> Self {
        Self::new(name, PathBuf::new(), text.to_owned(), Encoding::Utf8)
    }

    fn lines(&self) -> &[usize] {
        self.lines.get_or_init(|| {
            std::iter::once(0)
                .chain(memchr::memchr_iter(b'\n', self.text.as_bytes()).map(|at| at + 1))
                .collect()
        })
    }

    /// The line of a byte, from 1.
    pub fn line(&self, at: usize) -> u32 {
        self.lines().partition_point(|start| *start <= at) as u32
    }

    /// The byte at which a line starts, from 1; of a line beyond the last the end of the text.
    pub fn line_start(&self, line: u32) -> usize {
        let at = (line as usize).saturating_sub(1);
        self.lines().get(at).copied().unwrap_or(self.text.len())
    }

    /// A line's text, from 1, without its line end.
    pub fn line_text(&self, line: u32) -> &str {
        let at = (line as usize).saturating_sub(1);
        let Some(start) = self.lines().get(at).copied() else {
            return "";
        };
        let end = self.lines().get(at + 1).copied().unwrap_or(self.text.len());
        self.text
            .get(start..end)
            .unwrap_or_default()
            .trim_end_matches(['\n', '\r'])
    }

    /// Where the line of a byte ends, its line end not counted.
    pub fn line_end(&self, at: usize) -> usize {
        let at = at.min(self.text.len());
        let rest = &self.text.as_bytes()[at..];
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        at + end - usize::from(end > 0 && rest[end - 1] == b'\r')
    }

    /// A piece of the text, with the line and column of its start. Offsets beyond the text are
    /// brought back into it.
    pub fn span(&self, start: usize, end: usize) -> Span {
        let start = start.min(self.text.len());
        let end = end.clamp(start, self.text.len());
        let line = self.line(start);
        let line_start = self.lines()[(line as usize).saturating_sub(1)];
        let column = self
            .text
            .get(line_start..start)
            .map_or(start - line_start, |before| before.chars().count())
            + 1;
        Span {
            start,
            end,
            line,
            column: column as u32,
        }
    }

    /// A piece of the text as the origin of a fact.
    pub fn origin(&self, start: usize, end: usize) -> Origin {
        Origin::at(&self.name, self.span(start, end))
    }

    /// The file as a whole.
    pub fn whole(&self) -> Origin {
        Origin::whole(&self.name)
    }
}
