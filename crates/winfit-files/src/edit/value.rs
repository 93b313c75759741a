//! What a YAML document means: aliases and merges resolved, comments, styles and order of keys aside.

use crate::yaml::{Node, Tree};

/// Deeper than this no document that engines read nests; aliases can make one that never ends.
const DEEPEST: usize = 256;

/// The meaning of a node.
#[derive(Debug, Clone, Eq)]
pub(crate) enum Value {
    /// A scalar.
    Scalar {
        /// Its text.
        text: String,
        /// It is text, and not a number, a truth value or nothing.
        string: bool,
        /// Its local tag.
        tag: Option<String>,
    },
    /// A sequence.
    Sequence(Vec<Value>),
    /// A mapping; the order of its entries means nothing.
    Mapping(Vec<(Value, Value)>),
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Scalar { text, string, tag },
                Self::Scalar {
                    text: other,
                    string: of_other,
                    tag: other_tag,
                },
            ) => text == other && string == of_other && tag == other_tag,
            (Self::Sequence(one), Self::Sequence(other)) => one == other,
            (Self::Mapping(one), Self::Mapping(other)) => {
                // Most often the order is the same; then no entry is looked for.
                one.len() == other.len()
                    && one.iter().enumerate().all(|(at, entry)| {
                        other.get(at) == Some(entry) || other.iter().any(|found| found == entry)
                    })
            }
            _ => false,
        }
    }
}

impl Value {
    /// A text.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Scalar {
            text: text.into(),
            string: true,
            tag: None,
        }
    }

    /// A truth value.
    pub(crate) fn bool(value: bool) -> Self {
        Self::Scalar {
            text: value.to_string(),
            string: false,
            tag: None,
        }
    }

    /// A mapping of texts to these values.
    pub(crate) fn mapping<'k>(entries: impl IntoIterator<Item = (&'k str, Value)>) -> Self {
        Self::Mapping(
            entries
                .into_iter()
                .map(|(key, value)| (Self::text(key), value))
                .collect(),
        )
    }

    /// The meaning of a node; none: it is too deep, or too entangled to be told.
    pub(crate) fn of(node: Node<'_, '_>) -> Option<Self> {
        Self::at_depth(node, 0)
    }

    /// The meaning of a whole document.
    pub(crate) fn of_tree(tree: &Tree<'_>) -> Option<Self> {
        let value = Self::of(tree.root()?)?;
        (!tree.exhausted()).then_some(value)
    }

    fn at_depth(node: Node<'_, '_>, depth: usize) -> Option<Self> {
        if depth > DEEPEST {
            return None;
        }
        if node.is_sequence() {
            let elements = node.elements().into_iter();
            let elements = elements.map(|element| Self::at_depth(element, depth + 1));
            return Some(Self::Sequence(elements.collect::<Option<_>>()?));
        }
        if node.is_mapping() {
            let entries = node.entries().into_iter().map(|entry| {
                Some((
                    Self::at_depth(entry.key, depth + 1)?,
                    Self::at_depth(entry.value, depth + 1)?,
                ))
            });
            return Some(Self::Mapping(entries.collect::<Option<_>>()?));
        }
        Some(Self::Scalar {
            text: node.as_str()?.to_owned(),
            string: node.is_string(),
            tag: node.tag().map(ToOwned::to_owned),
        })
    }

    /// The scalar's text.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Nothing: `null`, `~`, a key without a value.
    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Scalar { text, string: false, .. }
            if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// The value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        let Self::Mapping(entries) = self else {
            return None;
        };
        entries
            .iter()
            .find(|(known, _)| known.as_str() == Some(key))
            .map(|(_, value)| value)
    }

    /// The value behind a path of keys.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |value, key| value.get(key))
    }

    /// Gives a key a value, in its place or at the end. Of what is no mapping nothing comes.
    pub(crate) fn set(&mut self, key: &str, value: Value) {
        if self.is_null() {
            *self = Self::Mapping(Vec::new());
        }
        if let Self::Mapping(entries) = self {
            match entries
                .iter_mut()
                .find(|(known, _)| known.as_str() == Some(key))
            {
                Some((_, known)) => *known = value,
                None => entries.push((Self::text(key), value)),
            }
        }
    }

    /// Takes a key away.
    pub(crate) fn remove(&mut self, key: &str) {
        if let Self::Mapping(entries) = self {
            entries.retain(|(known, _)| known.as_str() != Some(key));
        }
    }

    /// Whether it is a mapping or a sequence without anything in it, or nothing.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Scalar { .. } => self.is_null(),
            Self::Sequence(elements) => elements.is_empty(),
            Self::Mapping(entries) => entries.is_empty(),
        }
    }

    /// The elements of a sequence; of anything else none.
    pub(crate) fn elements(&self) -> &[Self] {
        match self {
            Self::Sequence(elements) => elements,
            _ => &[],
        }
    }
}
