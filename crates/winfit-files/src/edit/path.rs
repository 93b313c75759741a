//! Where something stands in a document, and the meaning that stands there.

use std::ops::Range;

use super::value::Value;
use crate::yaml::{Node, Tree};

/// One step down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// To the value of a key.
    Key(String),
    /// To an element.
    Element(usize),
}

/// What a span is in its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The way to the node; to a key the way to its value.
    pub(crate) path: Vec<Step>,
    /// The span is that of the key.
    pub(crate) is_key: bool,
}

impl Place {
    /// The way to what holds this.
    pub(crate) fn above(&self) -> &[Step] {
        &self.path[..self.path.len().saturating_sub(1)]
    }

    /// The last step, where it is a key.
    pub(crate) fn key(&self) -> Option<&str> {
        match self.path.last() {
            Some(Step::Key(key)) => Some(key),
            _ => None,
        }
    }
}

/// The node or key of this very span. What stands behind an alias stands where its anchor is.
pub(crate) fn find(tree: &Tree<'_>, span: &Range<usize>) -> Option<Place> {
    let root = tree.root()?;
    let mut path = Vec::new();
    look(root, span, &mut path).map(|is_key| Place { path, is_key })
}

fn look(node: Node<'_, '_>, span: &Range<usize>, path: &mut Vec<Step>) -> Option<bool> {
    let own = node.span();
    // A sequence may have the very span of its only element; that is what is meant then.
    let only = node.elements();
    let is_own = matches!(only.as_slice(), [one] if one.span() == own);
    if own == *span && !is_own {
        return Some(false);
    }
    if node.is_alias() || span.start < own.start || span.end > own.end.max(own.start) {
        return None;
    }
    if node.is_sequence() {
        for (at, element) in node.elements().into_iter().enumerate() {
            path.push(Step::Element(at));
            if let Some(found) = look(element, span, path) {
                return Some(found);
            }
            path.pop();
        }
        return None;
    }
    for entry in node.written_entries().0 {
        let Some(key) = entry.key.as_str() else {
            continue;
        };
        path.push(Step::Key(key.to_owned()));
        if entry.key.span() == *span {
            return Some(true);
        }
        if let Some(found) = look(entry.value, span, path) {
            return Some(found);
        }
        path.pop();
    }
    None
}

/// The meaning at the end of a path.
pub(crate) fn at<'v>(value: &'v mut Value, path: &[Step]) -> Option<&'v mut Value> {
    path.iter()
        .try_fold(value, |value, step| match (value, step) {
            (Value::Mapping(entries), Step::Key(key)) => entries
                .iter_mut()
                .find(|(known, _)| known.as_str() == Some(key))
                .map(|(_, value)| value),
            (Value::Sequence(elements), Step::Element(at)) => elements.get_mut(*at),
            _ => None,
        })
}
