//! Flow style: braces, brackets, commas. JSON is written so.

use std::ops::Range;

use super::Edit;
use super::scalar::{self, Quotes};
use super::value::Value;

fn quotes(json: bool) -> Quotes {
    if json { Quotes::Double } else { Quotes::Plain }
}

/// A value on one line.
pub(super) fn write(value: &Value, json: bool) -> String {
    match value {
        Value::Scalar { .. } => scalar::write(value, quotes(json)),
        Value::Sequence(elements) => {
            let elements: Vec<String> = elements.iter().map(|one| write(one, json)).collect();
            format!("[{}]", elements.join(", "))
        }
        Value::Mapping(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|(key, value)| entry(key, value, json))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

/// A document's root: one line an entry.
pub(super) fn write_lines(value: &Value, json: bool, newline: &str) -> String {
    let Value::Mapping(entries) = value else {
        return write(value, json);
    };
    if entries.is_empty() {
        return "{}".to_owned();
    }
    let entries: Vec<String> = entries
        .iter()
        .map(|(key, value)| format!("    {}", entry(key, value, json)))
        .collect();
    format!(
        "{{{newline}{}{newline}}}",
        entries.join(&format!(",{newline}"))
    )
}

/// A key with its value.
pub(super) fn entry(key: &Value, value: &Value, json: bool) -> String {
    format!(
        "{}: {}",
        scalar::write(key, quotes(json)),
        write(value, json)
    )
}

/// Puts an entry or an element behind one that stands there, or before one; a line of its own where
/// that has one.
pub(super) fn insert(
    text: &str,
    collection: &Range<usize>,
    after: Option<Range<usize>>,
    before: Option<Range<usize>>,
    entry: &str,
) -> Edit {
    if let Some(after) = after {
        let between = own_line(text, collection, after.start).unwrap_or_else(|| " ".to_owned());
        return Edit::insert(after.end, format!(",{between}{entry}"));
    }
    match before {
        Some(before) => {
            let between =
                own_line(text, collection, before.start).unwrap_or_else(|| " ".to_owned());
            Edit::insert(before.start, format!("{entry},{between}"))
        }
        None => Edit::insert(collection.start + 1, entry.to_owned()),
    }
}

/// The line end and the indentation before something that starts its line.
fn own_line(text: &str, collection: &Range<usize>, start: usize) -> Option<String> {
    let before = text.get(collection.start..start)?;
    let line = before.rfind('\n')?;
    let indent = &before[line + 1..];
    let blank = indent.bytes().all(|byte| matches!(byte, b' ' | b'\t'));
    let newline = if before[..line].ends_with('\r') {
        "\r\n"
    } else {
        "\n"
    };
    blank.then(|| format!("{newline}{indent}"))
}

/// Takes entries or elements away, each with the comma that separates it from what stays. None: a
/// comment stands in what would go, or nothing would be left.
pub(super) fn remove(text: &str, all: &[Range<usize>], gone: &[usize]) -> Option<Vec<Edit>> {
    let mut edits = Vec::new();
    let mut at = 0;
    while at < all.len() {
        if !gone.contains(&at) {
            at += 1;
            continue;
        }
        let first = at;
        while gone.contains(&at) {
            at += 1;
        }
        let range = match (all.get(at), first.checked_sub(1)) {
            (Some(next), _) => all[first].start..next.start,
            (None, Some(before)) => all[before].end..all[at - 1].end,
            (None, None) => return None,
        };
        if text.get(range.clone())?.contains(" #") {
            return None;
        }
        edits.push(Edit::remove(range));
    }
    Some(edits)
}
