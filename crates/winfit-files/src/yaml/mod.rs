//! YAML as a tree whose every node knows its place.
//!
//! The tree is an arena: aliases point at the node that their anchor names, so that a bomb of
//! nested aliases costs what its text costs. Whoever walks a tree goes through [`Node`], which
//! follows aliases and `<<` merges and counts what it visits: after [`MOST_VISITS`] it finds nothing
//! more, and [`Tree::exhausted`] says so.

mod read;

use std::borrow::Cow;
use std::cell::Cell;
use std::ops::Range;

pub use self::read::read;

/// How many nodes may be visited in one document before a reader gives up.
pub const MOST_VISITS: u32 = 200_000;

/// How many aliases and merges may be followed one after the other.
const DEEPEST_ALIAS: usize = 32;

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// As it is.
    Plain,
    /// Between single or double quotes.
    Quoted,
    /// A block scalar: `|` or `>`.
    Block,
}

#[derive(Debug)]
enum Data<'t> {
    Scalar {
        text: Cow<'t, str>,
        style: Style,
        string: bool,
    },
    Sequence(Vec<u32>),
    Mapping(Vec<(u32, u32)>),
    Alias(Option<u32>),
}

#[derive(Debug)]
struct Item<'t> {
    data: Data<'t>,
    span: Range<usize>,
    /// What stands behind the `!` of a local tag.
    tag: Option<Box<str>>,
}

/// The tree of one document.
#[derive(Debug)]
pub struct Tree<'t> {
    items: Vec<Item<'t>>,
    root: Option<u32>,
    visits: Cell<u32>,
    /// Where the document starts, in bytes of the file.
    pub start: usize,
}

impl<'t> Tree<'t> {
    /// The root; none: the document is empty.
    pub fn root(&self) -> Option<Node<'_, 't>> {
        self.root.map(|id| Node { tree: self, id })
    }

    /// Whether a reader gave up after [`MOST_VISITS`].
    pub fn exhausted(&self) -> bool {
        self.visits.get() >= MOST_VISITS
    }
}

/// A node of a [`Tree`]. Small and `Copy`.
#[derive(Debug, Clone, Copy)]
pub struct Node<'a, 't> {
    tree: &'a Tree<'t>,
    id: u32,
}

/// A key of a mapping with its value.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a, 't> {
    /// The key.
    pub key: Node<'a, 't>,
    /// The value; an alias is the alias, see [`Node::resolved`].
    pub value: Node<'a, 't>,
}

impl<'a, 't> Node<'a, 't> {
    fn item(self) -> &'a Item<'t> {
        &self.tree.items[self.id as usize]
    }

    fn visit(self) -> bool {
        let visits = self.tree.visits.get().saturating_add(1);
        self.tree.visits.set(visits);
        visits < MOST_VISITS
    }

    /// The node that an alias stands for; any other node is itself.
    #[must_use]
    pub fn resolved(self) -> Self {
        let mut node = self;
        for _ in 0..DEEPEST_ALIAS {
            match node.item().data {
                Data::Alias(Some(id)) => node = Node { id, ..node },
                _ => break,
            }
        }
        node
    }

    /// The bytes of the file that spell it, quotes included; of an alias the alias.
    pub fn span(self) -> Range<usize> {
        self.item().span.clone()
    }

    /// The local tag that the node carries, without its `!`: `reset` of `!reset null`.
    pub fn tag(self) -> Option<&'a str> {
        self.resolved().item().tag.as_deref()
    }

    /// The scalar's text.
    pub fn as_str(self) -> Option<&'a str> {
        match &self.resolved().item().data {
            Data::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The scalar's text where YAML makes it a string: not `5`, `true`, `null`, `~` written plain.
    pub fn is_string(self) -> bool {
        matches!(
            self.resolved().item().data,
            Data::Scalar { string: true, .. }
        )
    }

    /// How the scalar is written.
    pub fn style(self) -> Option<Style> {
        match self.resolved().item().data {
            Data::Scalar { style, .. } => Some(style),
            _ => None,
        }
    }

    /// The scalar as a truth value: `true` and `false`, as Kubernetes and Compose write them.
    pub fn as_bool(self) -> Option<bool> {
        match self.as_str()? {
            "true" | "True" | "TRUE" => Some(true),
            "false" | "False" | "FALSE" => Some(false),
            _ => None,
        }
    }

    /// Nothing stands here: an empty value, `null`, `~`.
    pub fn is_null(self) -> bool {
        match &self.resolved().item().data {
            Data::Scalar {
                text,
                style,
                string,
            } => {
                *style == Style::Plain
                    && !string
                    && matches!(text.as_ref(), "" | "~" | "null" | "Null" | "NULL")
            }
            _ => false,
        }
    }

    /// Whether it is a mapping.
    pub fn is_mapping(self) -> bool {
        matches!(self.resolved().item().data, Data::Mapping(_))
    }

    /// Whether it is a sequence.
    pub fn is_sequence(self) -> bool {
        matches!(self.resolved().item().data, Data::Sequence(_))
    }

    /// The elements of a sequence; of anything else none.
    pub fn elements(self) -> Vec<Self> {
        match &self.resolved().item().data {
            Data::Sequence(ids) => ids
                .iter()
                .map(|id| Node { id: *id, ..self })
                .take_while(|node| node.visit())
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The entries of a mapping, its own before those that `<<` merges in; merged keys that it has
    /// itself are left out, and so is `<<`. Of anything else none.
    pub fn entries(self) -> Vec<Entry<'a, 't>> {
        let mut found: Vec<Entry<'a, 't>> = Vec::new();
        self.collect(0, &mut found);
        found
    }

    fn collect(self, depth: usize, found: &mut Vec<Entry<'a, 't>>) {
        let Data::Mapping(pairs) = &self.resolved().item().data else {
            return;
        };
        let own = found.len();
        let mut merged = Vec::new();
        for (key, value) in pairs {
            let entry = Entry {
                key: Node { id: *key, ..self },
                value: Node { id: *value, ..self },
            };
            if !entry.key.visit() {
                return;
            }
            if entry.key.is_merge() {
                merged.push(entry.value);
                continue;
            }
            // Only what came before this mapping outranks it; within it keys are unique.
            let name = entry.key.as_str();
            let taken = own > 0
                && name.is_some()
                && found[..own].iter().any(|known| known.key.as_str() == name);
            if !taken {
                found.push(entry);
            }
        }
        if depth >= DEEPEST_ALIAS {
            return;
        }
        for source in merged {
            if source.is_sequence() {
                for element in source.elements() {
                    element.collect(depth + 1, found);
                }
            } else {
                source.collect(depth + 1, found);
            }
        }
    }

    fn is_merge(self) -> bool {
        matches!(
            &self.item().data,
            Data::Scalar { text, style: Style::Plain, .. } if text == "<<"
        )
    }

    /// The entry with this key, merges followed.
    pub fn entry(self, key: &str) -> Option<Entry<'a, 't>> {
        let Data::Mapping(pairs) = &self.resolved().item().data else {
            return None;
        };
        let mut merges = false;
        for (id, value) in pairs {
            let node = Node { id: *id, ..self };
            if !node.visit() {
                return None;
            }
            if node.as_str() == Some(key) {
                return Some(Entry {
                    key: node,
                    value: Node { id: *value, ..self },
                });
            }
            merges |= node.is_merge();
        }
        if !merges {
            return None;
        }
        self.entries()
            .into_iter()
            .find(|entry| entry.key.as_str() == Some(key))
    }

    /// The value of this key, merges followed.
    pub fn get(self, key: &str) -> Option<Self> {
        self.entry(key).map(|entry| entry.value)
    }

    /// The value behind a path of keys.
    pub fn at(self, path: &[&str]) -> Option<Self> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }
}
