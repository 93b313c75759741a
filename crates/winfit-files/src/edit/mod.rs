//! Editing texts byte-exactly: what a document is to mean goes in, the bytes that must change come out.
//!
//! An editor takes a text, a place and a new meaning, and gives [`Edit`]s. It reads its own result
//! again and refuses where that does not mean exactly what was asked for: through an anchor that
//! something else uses as well, or a key that a merge brings in.

pub(crate) mod block;
mod flow;
pub(crate) mod path;
pub(crate) mod scalar;
pub(crate) mod value;
pub(crate) mod yaml;

use std::ops::Range;

/// A piece of a text that gives way to another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The bytes that go; empty: text is put in.
    pub range: Range<usize>,
    /// What comes in their place.
    pub text: String,
}

impl Edit {
    /// Puts text in before a byte.
    pub(crate) fn insert(at: usize, text: String) -> Self {
        Self {
            range: at..at,
            text,
        }
    }

    /// Takes bytes away.
    pub(crate) fn remove(range: Range<usize>) -> Self {
        Self {
            range,
            text: String::new(),
        }
    }
}

/// The text with all the edits, which are against the same text. None: two of them overlap, or one
/// does not lie in the text.
pub(crate) fn apply(text: &str, edits: &[Edit]) -> Option<String> {
    let mut sorted: Vec<&Edit> = edits.iter().collect();
    // What is put in at one place stays in the order given.
    sorted.sort_by_key(|edit| (edit.range.start, edit.range.end));
    let mut result = String::with_capacity(text.len() + 256);
    let mut done = 0;
    for edit in sorted {
        if edit.range.start < done || edit.range.end < edit.range.start {
            return None;
        }
        result.push_str(text.get(done..edit.range.start)?);
        result.push_str(&edit.text);
        done = edit.range.end;
        text.get(done..)?;
    }
    result.push_str(text.get(done..)?);
    Some(result)
}
