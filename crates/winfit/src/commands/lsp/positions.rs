//! Places as editors count them: lines from 0, and characters of a line in units of an encoding.

use std::ops::Range;

use lsp_types::Position;

/// What one unit of a column is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Units {
    /// Bytes of UTF-8.
    Utf8,
    /// Units of UTF-16: a character outside of the BMP counts twice. What every editor knows.
    Utf16,
}

impl Units {
    fn of(self, c: char) -> usize {
        match self {
            Self::Utf8 => c.len_utf8(),
            Self::Utf16 => c.len_utf16(),
        }
    }
}

/// A text with its lines. Unlike everywhere else in winfit a lone `\r` ends a line too: so the
/// protocol counts them.
#[derive(Debug)]
pub(super) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let bytes = text.as_bytes();
        let ends = (0..bytes.len()).filter(|at| match bytes[*at] {
            b'\n' => true,
            b'\r' => bytes.get(at + 1) != Some(&b'\n'),
            _ => false,
        });
        Self {
            text,
            starts: std::iter::once(0).chain(ends.map(|at| at + 1)).collect(),
        }
    }

    /// A line without its end.
    fn content(&self, line: usize) -> &'t str {
        let start = self.starts[line];
        let end = self.starts.get(line + 1).copied();
        self.text[start..end.unwrap_or(self.text.len())].trim_end_matches(['\n', '\r'])
    }

    /// The position of a byte. One inside of a character is the character's; one inside of a line's end
    /// is the end of the line; one beyond the text is its end.
    pub(super) fn position(&self, at: usize, units: Units) -> Position {
        let at = self.text.floor_char_boundary(at);
        let line = self.starts.partition_point(|start| *start <= at) - 1;
        let content = self.content(line);
        let within = (at - self.starts[line]).min(content.len());
        let character: usize = content[..within].chars().map(|c| units.of(c)).sum();
        Position::new(line as u32, character as u32)
    }

    /// The positions of some bytes.
    pub(super) fn range(&self, bytes: &Range<usize>, units: Units) -> lsp_types::Range {
        lsp_types::Range::new(
            self.position(bytes.start, units),
            self.position(bytes.end, units),
        )
    }

    /// The byte at a position. One inside of a character is the character's first; one behind the line
    /// is the line's end; one below the text is the text's end.
    pub(super) fn offset(&self, position: Position, units: Units) -> usize {
        let line = position.line as usize;
        if line >= self.starts.len() {
            return self.text.len();
        }
        let content = self.content(line);
        let mut left = position.character as usize;
        for (at, c) in content.char_indices() {
            let width = units.of(c);
            if width > left {
                return self.starts[line] + at;
            }
            left -= width;
        }
        self.starts[line] + content.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn columns_in_both_units() {
        let text = "a𝄞b\r\nc\rd\n";
        let lines = Lines::new(text);
        let at = |needle: &str| text.find(needle).unwrap();
        for (needle, line, utf8, utf16) in [
            ("a", 0, 0, 0),
            ("b", 0, 5, 3),
            ("c", 1, 0, 0),
            ("d", 2, 0, 0),
        ] {
            for (units, character) in [(Units::Utf8, utf8), (Units::Utf16, utf16)] {
                let position = Position::new(line, character);
                assert_eq!(lines.position(at(needle), units), position, "{needle}");
                assert_eq!(lines.offset(position, units), at(needle), "{needle}");
            }
        }
        // Between the halves of a character, behind a line, below the text.
        assert_eq!(lines.offset(Position::new(0, 2), Units::Utf16), 1);
        assert_eq!(lines.offset(Position::new(0, 3), Units::Utf8), 1);
        assert_eq!(lines.offset(Position::new(0, 99), Units::Utf8), 6);
        assert_eq!(lines.offset(Position::new(9, 0), Units::Utf8), text.len());
        assert_eq!(lines.position(7, Units::Utf8), Position::new(0, 6));
    }

    fn units() -> impl Strategy<Value = Units> {
        prop_oneof![Just(Units::Utf8), Just(Units::Utf16)]
    }

    proptest! {
        #[test]
        fn a_byte_comes_back(
            text in "(\\PC|[\r\n𝄞窓é]){0,40}",
            at in 0usize..200,
            units in units(),
        ) {
            let lines = Lines::new(&text);
            let back = lines.offset(lines.position(at, units), units);
            prop_assert!(text.is_char_boundary(back));
            let at = text.floor_char_boundary(at);
            // Only the inside of a line's end has no position of its own.
            let inside = text[..at].ends_with('\r') && text[at..].starts_with('\n');
            prop_assert_eq!(back, if inside { at - 1 } else { at });
        }

        #[test]
        fn any_position_is_a_place_in_the_text(
            text in "(\\PC|[\r\n𝄞窓é]){0,40}",
            line in 0u32..50,
            character in prop_oneof![0u32..60, Just(u32::MAX)],
            units in units(),
        ) {
            let lines = Lines::new(&text);
            let position = Position::new(line, character);
            let at = lines.offset(position, units);
            prop_assert!(text.is_char_boundary(at));
            let there = lines.position(at, units);
            prop_assert!(there <= position);
            prop_assert_eq!(lines.offset(there, units), at);
        }
    }
}
