//! The places of a finding for people: excerpts with underlines and labels, as wide as there is room.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin as Header, Renderer, Snippet};
use winfit_core::finding::{Finding, Origin, Severity, Span};
use winfit_files::source::Source;

use super::excerpt::{excerpt, lines, near};
use super::{Report, clean, in_words};

/// From here on nobody needs a narrower excerpt.
const WIDE: usize = 80;

/// More further places of one finding are counted, not shown.
pub(super) const MOST_PLACES: usize = 6;

/// A place of a finding: what is said of it, and whether it is the main one.
struct Shown<'a> {
    origin: &'a Origin,
    label: &'a str,
    kind: AnnotationKind,
}

/// Some places of one source that are near each other, or one place without an excerpt.
struct Part<'a> {
    source: Option<&'a Source>,
    shown: Vec<(&'a Shown<'a>, Option<Span>)>,
}

/// What a finding's places look like.
pub(super) struct Excerpts {
    pub(super) text: String,
    /// How wide the line numbers are.
    pub(super) gutter: usize,
    /// Labels that have no room in a narrow excerpt, each behind what tells its place.
    pub(super) outside: Vec<(String, String)>,
}

/// The excerpts of a finding, and further places without one.
pub(super) fn places(report: &Report<'_>, finding: &Finding, width: usize) -> Excerpts {
    let whole = excerpts(report, finding, width, false);
    let plain = anstream::adapter::strip_str(&whole.text).to_string();
    if width < WIDE && plain.lines().any(|line| is_wide(line, width)) {
        excerpts(report, finding, width, true)
    } else {
        whole
    }
}

/// Whether a line of an excerpt runs over the edge. Paths above excerpts may: they are to be copied.
fn is_wide(line: &str, width: usize) -> bool {
    let is_path = line.trim_start().starts_with(['-', ':']);
    !is_path && textwrap::core::display_width(line) > width
}

/// The excerpts. Where they are to be `narrow`, of a place that is too wide its start is underlined,
/// and labels that would run over the edge stand outside.
fn excerpts(report: &Report<'_>, finding: &Finding, width: usize, narrow: bool) -> Excerpts {
    let mut outside = Vec::new();
    let mut all = vec![Shown {
        origin: &finding.origin,
        label: &finding.label,
        kind: AnnotationKind::Primary,
    }];
    all.extend(
        finding
            .related
            .iter()
            .take(MOST_PLACES)
            .map(|related| Shown {
                origin: &related.origin,
                label: &related.label,
                kind: AnnotationKind::Context,
            }),
    );
    let mut parts: Vec<Part<'_>> = Vec::new();
    for shown in &all {
        let source = report.sources.source(&shown.origin.source);
        let Some((source, span)) = source.zip(shown.origin.span) else {
            parts.push(Part {
                source: None,
                shown: vec![(shown, None)],
            });
            continue;
        };
        let here = lines(source, span);
        let known = parts.iter_mut().find(|part| {
            part.source.is_some_and(|other| std::ptr::eq(other, source))
                && part
                    .shown
                    .iter()
                    .all(|(_, other)| other.is_some_and(|other| near(lines(source, other), here)))
        });
        match known {
            Some(part) => part.shown.push((shown, Some(span))),
            None => parts.push(Part {
                source: Some(source),
                shown: vec![(shown, Some(span))],
            }),
        }
    }
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let last_line = parts.iter().flat_map(|part| {
        let source = part.source;
        let spans = part.shown.iter().filter_map(|(_, span)| *span);
        spans.filter_map(move |span| Some(lines(source?, span).1))
    });
    // Beside the source's own text: the line's number, ` | `, and the space before a label.
    let margin = last_line.max().unwrap_or(1).to_string().len() + 4;
    let mut group = Group::with_level(level);
    for part in &parts {
        let Some((first, _)) = part.shown.first() else {
            continue;
        };
        let mut words = in_words(first.origin);
        let Some(source) = part.source else {
            if !first.label.is_empty() {
                words.push_str(&format!(": {}", clean(first.label)));
            }
            group = group.element(Header::path(words));
            continue;
        };
        group = group.element(Header::path(words));
        let spans: Vec<Span> = part.shown.iter().filter_map(|(_, span)| *span).collect();
        let excerpt = excerpt(source, &spans);
        let mut snippet =
            Snippet::source(excerpt.text.clone()).line_start(excerpt.first_line as usize);
        for ((shown, _), span) in part.shown.iter().zip(&excerpt.spans) {
            let mut label = clean(shown.label);
            let room = width.saturating_sub(margin);
            let span = if narrow {
                &cut(&excerpt.text, span, room.saturating_sub(KEPT))
            } else {
                span
            };
            if narrow && !fits(&excerpt.text, &(span.start..span.start), &label, room) {
                let place = match (shown.kind, shown.origin.line()) {
                    (AnnotationKind::Context, Some(line)) => format!("line {line}"),
                    _ => "here".to_owned(),
                };
                outside.push((place, std::mem::take(&mut label)));
            }
            let room = fits(&excerpt.text, span, &label, room);
            let annotation = shown.kind.span(span.clone());
            if label.is_empty() {
                snippet = snippet.annotation(annotation);
            } else if room {
                snippet = snippet.annotation(annotation.label(label));
            } else {
                // Below the line, where the label has more room than behind the underline.
                snippet = snippet
                    .annotation(annotation)
                    .annotation(shown.kind.span(span.start..span.start).label(label));
            }
        }
        group = group.element(snippet);
    }
    // The renderer counts neither what stands for the rest of a line nor all of its margin.
    let dots = if narrow { 2 * DOTS + margin } else { 0 };
    let renderer = Renderer::styled()
        .hyperlink(false)
        .term_width(width.saturating_sub(dots));
    let styled = renderer.render(&[group]);
    let plain = anstream::adapter::strip_str(&styled).to_string();
    let gutter = plain.find("-->").unwrap_or(0);
    // Without a line number the arrow would stand at the very edge.
    let indent = if gutter == 0 { " " } else { "" };
    let mut text = String::new();
    for (line, plain) in styled.lines().zip(plain.lines()) {
        // The header of an excerpt that has one already: its column would be counted in the
        // excerpt, which may be cut.
        if plain.trim() != ":::" {
            text.push_str(indent);
            if narrow && is_wide(plain, width) {
                // The renderer cuts all lines alike, which fits not every one of them.
                let end = cut(plain, &(0..plain.len()), width.saturating_sub(DOTS)).end;
                text.push_str(&format!("{}...", &plain[..end]));
            } else {
                text.push_str(line.trim_end());
            }
            text.push('\n');
        }
    }
    Excerpts {
        text,
        gutter: gutter.max(1),
        outside,
    }
}

/// What a cut line keeps before its place and after it: dots, and a few characters.
const KEPT: usize = 16;

/// What stands for the rest of a line that is cut.
const DOTS: usize = "...".len();

/// The start of a place in one line that is wider than this.
fn cut(text: &str, span: &Range<usize>, width: usize) -> Range<usize> {
    let place = &text[span.clone()];
    if place.contains('\n') {
        return span.clone();
    }
    let mut columns = 0;
    let end = place.char_indices().find_map(|(at, c)| {
        columns += if c == '\t' {
            4
        } else {
            textwrap::core::display_width(c.encode_utf8(&mut [0; 4]))
        };
        (columns > width).then_some(span.start + at)
    });
    span.start..end.unwrap_or(span.end)
}

/// Whether a label fits behind the underline of its place. A line that does not fit itself is cut so
/// that the place stays.
fn fits(text: &str, span: &Range<usize>, label: &str, width: usize) -> bool {
    let columns = |text: &str| textwrap::core::display_width(&text.replace('\t', "    "));
    let from = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
    let to = text[span.end..]
        .find('\n')
        .map_or(text.len(), |at| span.end + at);
    let several_lines = text[span.clone()].contains('\n');
    let before = if columns(&text[from..to]) <= width {
        columns(&text[from..span.start])
    } else {
        KEPT
    };
    several_lines || before + columns(&text[span.clone()]) + columns(label) <= width
}
