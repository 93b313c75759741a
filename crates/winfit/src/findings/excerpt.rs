//! The lines of a source around a place, short and harmless, with spans that fit them.

use std::ops::Range;

use winfit_core::finding::Span;
use winfit_files::source::Source;

use super::harmless;

/// Of a longer line only so many bytes before and after the place are looked at; the renderer cuts
/// what is left to the width of the terminal.
const AROUND: usize = 240;

/// A place over more lines is shown by its first line.
const MOST_LINES: u32 = 8;

/// Two places that are at most so many lines apart are shown in one excerpt.
const NEAR: u32 = 60;

/// A few lines of a source.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Excerpt {
    /// The lines, each with its line end.
    pub(super) text: String,
    /// The number of the first.
    pub(super) first_line: u32,
    /// The places in `text`, in the order given.
    pub(super) spans: Vec<Range<usize>>,
}

/// The lines that a place covers: first and last.
pub(super) fn lines(source: &Source, span: Span) -> (u32, u32) {
    let last = source.line(span.end.max(span.start + 1) - 1);
    if last.saturating_sub(span.line) >= MOST_LINES {
        (span.line, span.line)
    } else {
        (span.line, last.max(span.line))
    }
}

/// Whether two runs of lines fit into one excerpt.
pub(super) fn near(a: (u32, u32), b: (u32, u32)) -> bool {
    a.0.abs_diff(b.0) <= NEAR && a.1.abs_diff(b.1) <= NEAR
}

/// The lines around these places of one source. `spans` is not empty.
pub(super) fn excerpt(source: &Source, spans: &[Span]) -> Excerpt {
    let covered: Vec<(u32, u32)> = spans.iter().map(|span| lines(source, *span)).collect();
    let first = covered.iter().map(|lines| lines.0).min().unwrap_or(1);
    let last = covered.iter().map(|lines| lines.1).max().unwrap_or(first);
    let mut found = Excerpt {
        text: String::new(),
        first_line: first,
        spans: spans.iter().map(|_| 0..0).collect(),
    };
    // Where the line's text starts in the source.
    let mut start = source.line_start(first);
    for line in first..=last {
        let text = source.line_text(line);
        // Lines far from every place are never shown, and need no text.
        let told = covered
            .iter()
            .any(|lines| line + 2 >= lines.0 && line <= lines.1 + 2);
        // The pieces of this line that places cover.
        let mut pieces: Vec<(usize, Range<usize>)> = Vec::new();
        for (at, (span, lines)) in spans.iter().zip(&covered).enumerate() {
            if (lines.0..=lines.1).contains(&line) {
                let from = span.start.saturating_sub(start).min(text.len());
                let to = if span.end > start + text.len() {
                    text.len()
                } else {
                    span.end - start
                };
                pieces.push((at, from..to.max(from)));
            }
        }
        let shown = window(text, &pieces);
        let marks = copy(text, shown, told, &pieces, &mut found.text);
        for (at, piece) in marks {
            let span = &mut found.spans[at];
            if line == covered[at].0 {
                *span = piece;
            } else {
                span.end = piece.end;
            }
        }
        found.text.push('\n');
        start = source.line_start(line + 1);
    }
    found
}

/// The part of a line that is worth copying.
fn window(text: &str, pieces: &[(usize, Range<usize>)]) -> Range<usize> {
    let from = pieces.iter().map(|(_, piece)| piece.start).min();
    let from = from.unwrap_or(0).saturating_sub(AROUND);
    // Of places that are far from each other in one line the first is shown.
    let to = pieces.iter().map(|(_, piece)| piece.end).max().unwrap_or(0);
    let to = to.min(from + 2 * AROUND) + AROUND;
    text.floor_char_boundary(from)..text.floor_char_boundary(to)
}

/// Copies a line, harmless, and gives the pieces as they are in the copy.
fn copy(
    text: &str,
    shown: Range<usize>,
    told: bool,
    pieces: &[(usize, Range<usize>)],
    to: &mut String,
) -> Vec<(usize, Range<usize>)> {
    let begin = to.len();
    let mut marks: Vec<(usize, Range<usize>)> = pieces
        .iter()
        .map(|(at, _)| (*at, begin..usize::MAX))
        .collect();
    if told {
        for (offset, c) in text[shown.clone()].char_indices() {
            let offset = shown.start + offset;
            for ((_, mark), (_, piece)) in marks.iter_mut().zip(pieces) {
                if offset <= piece.start {
                    mark.start = to.len();
                }
                if offset <= piece.end {
                    mark.end = to.len();
                }
            }
            to.push(if c == '\t' { c } else { harmless(c) });
        }
    }
    for ((_, mark), (_, piece)) in marks.iter_mut().zip(pieces) {
        if piece.start >= shown.end {
            mark.start = to.len();
        }
        if piece.end >= shown.end || mark.end == usize::MAX {
            mark.end = to.len();
        }
        mark.end = mark.end.max(mark.start);
    }
    marks
}

#[cfg(test)]
// One range is one place here, not a list of numbers.
#[allow(clippy::single_range_in_vec_init)]
mod tests {
    use super::*;

    fn of(text: &str, places: &[Range<usize>]) -> Excerpt {
        let source = Source::of_text("a", text);
        let spans: Vec<Span> = places
            .iter()
            .map(|place| source.span(place.start, place.end))
            .collect();
        excerpt(&source, &spans)
    }

    #[test]
    fn only_the_lines_of_a_place_are_copied() {
        let found = of("one\r\ntwo\r\nthree\n", &[5..8]);
        assert_eq!(found.text, "two\n");
        assert_eq!(found.first_line, 2);
        assert_eq!(found.spans, [0..3]);
    }

    #[test]
    fn control_characters_change_spans_not_places() {
        let found = of("\ta\u{1b}[2J\u{9b}b 窓 c", &[9..10, 14..15]);
        assert_eq!(found.text, "\ta\u{fffd}[2J\u{fffd}b 窓 c\n");
        assert_eq!(&found.text[found.spans[0].clone()], " ");
        assert_eq!(&found.text[found.spans[1].clone()], "c");
    }

    #[test]
    fn two_places_share_their_lines() {
        let text = "a\n".repeat(30) + "b\n";
        let found = of(&text, &[60..61, 0..1]);
        assert_eq!(found.first_line, 1);
        assert_eq!(found.text.lines().count(), 31);
        assert_eq!(
            found.text.matches('a').count(),
            5,
            "what is not shown is not copied"
        );
        assert_eq!(&found.text[found.spans[0].clone()], "b");
        assert_eq!(&found.text[found.spans[1].clone()], "a");
    }

    #[test]
    fn a_place_over_some_lines_is_whole_and_over_many_its_first() {
        let found = of("one\ntwo\nthree\nfour\n", &[4..13]);
        assert_eq!(found.text, "two\nthree\n");
        assert_eq!(found.spans, [0..9]);
        let text = "line\n".repeat(100);
        let found = of(&text, &[5..400]);
        assert_eq!((found.text.as_str(), found.first_line), ("line\n", 2));
        assert_eq!(found.spans, [0..4]);
    }

    #[test]
    fn nothing_at_the_end_is_a_place_too() {
        let found = of("one\n", &[4..4]);
        assert_eq!((found.text.as_str(), found.first_line), ("\n", 2));
        assert_eq!(found.spans, [0..0]);
        assert_eq!(of("", &[0..0]).spans, [0..0]);
    }

    #[test]
    fn of_a_long_line_only_what_is_near_is_copied() {
        let text = format!("{}here{}", "窓".repeat(1_000_000), "x".repeat(1_000_000));
        let found = of(&text, &[3_000_000..3_000_004]);
        assert!(found.text.len() < 1000, "{}", found.text.len());
        assert_eq!(&found.text[found.spans[0].clone()], "here");
        let found = of(&text, &[0..3_000_000]);
        assert!(found.text.len() < 1000, "{}", found.text.len());
    }
}
