//! YAML as a tree whose every node knows its place.
//!
//! The tree is an arena: aliases point at the node that their anchor names, so that a bomb of
//! nested aliases costs what its text costs. Whoever walks a tree goes through [`Node`], which
//! follows aliases and `<<` merges and counts what it visits: after so many visits it finds nothing
//! more, and [`Tree::exhausted`] says so.
//!
//! Spans: `&text[node.span()]` is a scalar with its quotes, and a flow collection with its brackets.
//! A block scalar's span is its body, without the `|` or `>` before it: from the first character of
//! its first line to the last of its last. A block collection's goes from its first key or dash to
//! the end of its last node. A value that is not written at all is an empty span near
//! the key's colon or the dash. Anchors and tags stand outside.

mod read;
mod words;

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashSet;
use std::ops::Range;

pub use self::read::{comments, read};
use crate::problem::Problem;
use crate::source::Source;

/// How many nodes may be visited in a small document before a reader gives up.
pub const MOST_VISITS: u32 = 200_000;

/// How many visits a node of a large document is worth: a reader looks at each of them a few times,
/// unless aliases lead it back to the same ones.
const VISITS_PER_NODE: u32 = 64;

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
    /// Its first element.
    Sequence(Option<u32>),
    /// Its first key; keys and values follow one another.
    Mapping(Option<u32>),
    /// What its anchor names; none: no such anchor.
    Alias(Option<u32>),
}

#[derive(Debug)]
struct Item<'t> {
    data: Data<'t>,
    span: Range<usize>,
    /// What follows it in the collection that it belongs to.
    next: Option<u32>,
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

    /// The nodes as they are written, in order: scalars with their texts, aliases with what they name.
    /// Two documents with one outline have the same anchors, merges and collections.
    pub(crate) fn outline(&self) -> Vec<Outline<'_>> {
        let of = |item: &'_ Item<'t>| match &item.data {
            Data::Scalar { text, string, .. } => Written::Scalar(text.to_string(), *string),
            Data::Sequence(_) => Written::Sequence,
            Data::Mapping(_) => Written::Mapping,
            Data::Alias(target) => Written::Alias(*target),
        };
        self.items
            .iter()
            .map(|item| (of(item), item.next, item.tag.as_deref()))
            .collect()
    }

    fn most_visits(&self) -> u32 {
        u32::try_from(self.items.len())
            .unwrap_or(u32::MAX)
            .saturating_mul(VISITS_PER_NODE)
            .max(MOST_VISITS)
    }

    /// Whether a reader gave up: it came through aliases to the same nodes again and again.
    pub fn exhausted(&self) -> bool {
        self.visits.get() >= self.most_visits()
    }

    /// What a reader says of a document that it gave up.
    pub fn exhausted_problem(&self, source: &Source) -> Option<Problem> {
        let root = self.root()?.span();
        self.exhausted().then(|| {
            Problem::error(
                "too-large",
                source.origin(root.start, source.line_end(root.start).min(root.end)),
                "this document refers to its own parts too often to be read",
            )
            .label("its aliases lead to the same nodes again and again")
        })
    }

    /// The ids of a chain, from its first on.
    fn chain(&self, first: Option<u32>) -> impl Iterator<Item = u32> {
        std::iter::successors(first, |id| self.items[*id as usize].next)
    }

    /// The pairs of a mapping, from its first key on.
    fn pairs(&self, first: Option<u32>) -> impl Iterator<Item = (u32, u32)> {
        let mut ids = self.chain(first);
        std::iter::from_fn(move || Some((ids.next()?, ids.next()?)))
    }
}

/// A node as it is written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// A scalar: its text, and whether it is text.
    Scalar(String, bool),
    /// A sequence.
    Sequence,
    /// A mapping.
    Mapping,
    /// An alias, and the node that it stands for.
    Alias(Option<u32>),
}

/// A node as it is written, what follows it in its collection, its tag.
pub(crate) type Outline<'a> = (Written, Option<u32>, Option<&'a str>);

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
        visits < self.tree.most_visits()
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

    /// Whether it is an alias, which stands for another node.
    pub fn is_alias(self) -> bool {
        matches!(self.item().data, Data::Alias(_))
    }

    /// The entries that are written in this very mapping, and whether `<<` merges others in. Of an
    /// alias none.
    pub fn written_entries(self) -> (Vec<Entry<'a, 't>>, bool) {
        let mut found = Vec::new();
        if self.is_alias() {
            return (found, false);
        }
        let merged = self.own_entries(|entry| found.push(entry));
        (found, !merged.is_empty())
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
        match self.resolved().item().data {
            Data::Sequence(first) => self
                .tree
                .chain(first)
                .map(|id| Node { id, ..self })
                .take_while(|node| node.visit())
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The entries of a mapping, its own before those that `<<` merges in; merged keys that it has
    /// itself are left out, and so is `<<`. Of anything else none.
    pub fn entries(self) -> Vec<Entry<'a, 't>> {
        let mut found = Vec::new();
        let merged = self.own_entries(|entry| found.push(entry));
        if !merged.is_empty() {
            let mut known = found
                .iter()
                .filter_map(|entry| entry.key.as_str())
                .collect();
            for source in merged {
                source.merge(1, &mut known, &mut found);
            }
        }
        found
    }

    /// Tells the mapping's own entries, and gives back what `<<` merges in.
    fn own_entries(self, mut tell: impl FnMut(Entry<'a, 't>)) -> Vec<Self> {
        let Data::Mapping(first) = self.resolved().item().data else {
            return Vec::new();
        };
        let mut merged = Vec::new();
        for (key, value) in self.tree.pairs(first) {
            let key = Node { id: key, ..self };
            let value = Node { id: value, ..self };
            if !key.visit() {
                break;
            }
            if !key.is_merge() {
                tell(Entry { key, value });
            } else if value.is_sequence() {
                merged.extend(value.elements());
            } else {
                merged.push(value);
            }
        }
        merged
    }

    /// Adds the entries of a mapping that is merged in, those that are not known.
    fn merge(self, depth: usize, known: &mut HashSet<&'a str>, found: &mut Vec<Entry<'a, 't>>) {
        let merged = self.own_entries(|entry| {
            if entry.key.as_str().is_none_or(|name| known.insert(name)) {
                found.push(entry);
            }
        });
        if depth < DEEPEST_ALIAS {
            for source in merged {
                source.merge(depth + 1, known, found);
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
        let Data::Mapping(first) = self.resolved().item().data else {
            return None;
        };
        let mut merges = false;
        for (id, value) in self.tree.pairs(first) {
            let node = Node { id, ..self };
            if !node.visit() {
                return None;
            }
            if node.as_str() == Some(key) && !node.is_merge() {
                return Some(Entry {
                    key: node,
                    value: Node { id: value, ..self },
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
