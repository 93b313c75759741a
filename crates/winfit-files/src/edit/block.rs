//! Lines of block style.

use std::fmt::Write as _;
use std::ops::Range;

use super::Edit;
use super::flow;
use super::scalar::{self, Quotes};
use super::value::Value;
use super::yaml::is_flow;
use crate::yaml::Node;

/// How a document lays its lines out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    /// By how many columns a mapping is indented below its key.
    indent: usize,
    /// By how many columns the dashes of a sequence are indented below its key.
    dashes: usize,
}

impl Layout {
    /// That of a document that nobody has written yet.
    pub(crate) fn usual() -> Self {
        Self {
            indent: 2,
            dashes: 2,
        }
    }

    /// That of a document, by its first nested collections; where there are none two columns each.
    pub(super) fn of(root: Node<'_, '_>, text: &str) -> Self {
        let mut seen = (None, None);
        look(root, text, &mut seen, 0);
        let indent = seen.0.unwrap_or(2);
        Self {
            indent,
            dashes: seen.1.unwrap_or(indent),
        }
    }
}

/// The line end of the line of this byte; of a last line without one that of the first line.
pub(super) fn newline_near(text: &str, at: usize) -> &'static str {
    let end = memchr::memchr(b'\n', &text.as_bytes()[at.min(text.len())..])
        .map(|found| found + at)
        .or_else(|| memchr::memchr(b'\n', text.as_bytes()));
    match end {
        Some(end) if text[..end].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

fn look(node: Node<'_, '_>, text: &str, seen: &mut (Option<usize>, Option<usize>), depth: usize) {
    const DEEPEST: usize = 32;
    if depth > DEEPEST
        || node.is_alias()
        || is_flow(node, text)
        || seen.0.is_some() && seen.1.is_some()
    {
        return;
    }
    for entry in node.written_entries().0 {
        let value = entry.value;
        if value.is_alias() || is_flow(value, text) {
            continue;
        }
        let start = match value.elements().first() {
            Some(first) => dash(text, first.span().start),
            None => Some(value.span().start),
        };
        let below = start.and_then(|start| {
            column(text, start).checked_sub(column(text, entry.key.span().start))
        });
        if value.is_mapping() && seen.0.is_none() {
            seen.0 = below.filter(|columns| *columns > 0);
        } else if value.is_sequence() && seen.1.is_none() {
            seen.1 = below;
        }
        look(value, text, seen, depth + 1);
    }
    if node.is_sequence() {
        for element in node.elements() {
            look(element, text, seen, depth + 1);
        }
    }
}

/// The column of a byte, from 0, in characters.
pub(super) fn column(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    text.get(line_start(text, at)..at)
        .map_or(0, |before| before.chars().count())
}

fn line_start(text: &str, at: usize) -> usize {
    memchr::memrchr(b'\n', &text.as_bytes()[..at]).map_or(0, |found| found + 1)
}

/// Where the line of a byte ends, its line end not counted.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    memchr::memchr(b'\n', &text.as_bytes()[at.min(text.len())..])
        .map_or(text.len(), |found| at + found)
}

/// The lines of what stands below a key of this column: ends without a line end.
pub(super) fn value_lines(value: &Value, column: usize, layout: &Layout, newline: &str) -> String {
    match value {
        Value::Mapping(entries) => mapping_lines(entries, column + layout.indent, layout, newline),
        Value::Sequence(elements) => elements
            .iter()
            .map(|element| element_lines(element, column + layout.dashes, 2, layout, newline))
            .collect::<Vec<_>>()
            .join(newline),
        Value::Scalar { .. } => {
            let text = scalar::write(value, Quotes::Plain);
            format!("{:width$}{text}", "", width = column + layout.indent)
        }
    }
}

/// The lines of entries whose keys stand in this column.
pub(crate) fn mapping_lines(
    entries: &[(Value, Value)],
    column: usize,
    layout: &Layout,
    newline: &str,
) -> String {
    let lines: Vec<String> = entries
        .iter()
        .map(|(key, value)| {
            let name = scalar::write(key, Quotes::Plain);
            let head = format!("{:column$}{name}:", "");
            // Values of one kind that belong together, as people write them.
            let short = key.as_str() == Some("values") || value.is_empty();
            match value {
                Value::Scalar { .. } => {
                    format!("{head} {}", scalar::write(value, Quotes::Plain))
                }
                Value::Sequence(_) | Value::Mapping(_) if short => {
                    format!("{head} {}", flow::write(value, false))
                }
                _ => format!(
                    "{head}{newline}{}",
                    value_lines(value, column, layout, newline)
                ),
            }
        })
        .collect();
    lines.join(newline)
}

/// The lines of an element whose dash stands in this column, its value so many columns behind it.
pub(super) fn element_lines(
    value: &Value,
    column: usize,
    gap: usize,
    layout: &Layout,
    newline: &str,
) -> String {
    let mut text = format!("{:column$}-{:space$}", "", "", space = gap.max(2) - 1);
    let inner = match value {
        Value::Mapping(entries) if !entries.is_empty() => {
            mapping_lines(entries, column + gap.max(2), layout, newline)
        }
        Value::Scalar { .. } => scalar::write(value, Quotes::Plain),
        _ => flow::write(value, false),
    };
    let _ = write!(text, "{}", inner.trim_start_matches(' '));
    text
}

/// The dash before an element. None: something stands between them.
pub(super) fn dash(text: &str, element: usize) -> Option<usize> {
    let before = text.get(..element)?;
    let before = before.trim_end_matches([' ', '\t', '\r', '\n']);
    before.strip_suffix('-').map(str::len)
}

/// How far behind its dash an element stands; 2 where it stands on another line.
pub(super) fn gap(text: &str, dash: usize, element: usize) -> usize {
    match text.get(dash..element) {
        Some(between) if !between.contains('\n') => between.chars().count(),
        _ => 2,
    }
}

/// Whole lines behind the line on which something ends.
pub(super) fn insert_after(text: &str, end: usize, lines: &str, newline: &str) -> Edit {
    let line_end = line_end(text, end);
    if line_end < text.len() {
        Edit::insert(line_end + 1, format!("{lines}{newline}"))
    } else {
        Edit::insert(line_end, format!("{newline}{lines}"))
    }
}

/// Whole lines before the line on which something starts, and before the comments right above that.
/// None: something else stands on that line before it.
pub(super) fn insert_before(text: &str, start: usize, lines: &str, newline: &str) -> Option<Edit> {
    let mut at = line_start(text, start);
    let indent = text.get(at..start)?;
    if !indent.bytes().all(|byte| byte == b' ') {
        return None;
    }
    while at > 0 {
        let above = line_start(text, at - 1);
        let line = &text[above..at];
        let is_comment = line
            .strip_prefix(indent)
            .is_some_and(|rest| rest.starts_with('#'));
        if !is_comment {
            break;
        }
        at = above;
    }
    Some(Edit::insert(at, format!("{lines}{newline}")))
}

/// Takes an entry away with its lines. `next` is the entry behind it.
pub(super) fn remove(
    text: &str,
    entry: &Range<usize>,
    next: Option<&Range<usize>>,
) -> Option<Edit> {
    let start = line_start(text, entry.start);
    let before = text.get(start..entry.start)?;
    if before.bytes().all(|byte| byte == b' ') {
        return Some(whole_lines(text, start, entry.end));
    }
    // It stands behind a dash: what follows moves up to it.
    let next = next?;
    let between = text.get(entry.end..next.start)?;
    between
        .trim()
        .is_empty()
        .then(|| Edit::remove(entry.start..next.start))
}

/// Takes an element away with its dash and its lines.
pub(super) fn remove_element(text: &str, element: &Range<usize>) -> Option<Edit> {
    let dash = dash(text, element.start)?;
    let start = line_start(text, dash);
    let indent = text.get(start..dash)?;
    indent
        .bytes()
        .all(|byte| byte == b' ')
        .then(|| whole_lines(text, start, element.end))
}

/// From the start of a line to the end of another one, line end included.
fn whole_lines(text: &str, start: usize, end: usize) -> Edit {
    let end = line_end(text, end);
    if end < text.len() {
        return Edit::remove(start..end + 1);
    }
    // The last line has no line end: the one before it becomes the last.
    let before = text[..start].trim_end_matches(['\r', '\n']).len();
    let line_ends = start - before;
    let keep = before
        + line_ends.saturating_sub(if text[..start].ends_with("\r\n") {
            2
        } else {
            1
        });
    Edit::remove(keep..end)
}
