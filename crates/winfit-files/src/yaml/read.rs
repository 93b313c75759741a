//! From text to trees, through granit's events.

use std::collections::HashMap;
use std::ops::Range;

use granit_parser::{Event, Options, Parser, ScalarStyle, ScanError, Tag, options};

use super::{Data, Item, Node, Style, Tree};
use crate::problem::Problem;
use crate::source::Source;

/// Nesting that no manifest has.
const DEEPEST: usize = 128;

/// The documents of a YAML text that are not empty, and what is wrong with it. A broken document
/// is left out, the ones after it are read.
pub fn read(source: &Source) -> (Vec<Tree<'_>>, Vec<Problem>) {
    let options: Options = options! {
        emit_comments: false,
        emit_unresolved_aliases: true,
        flow_nesting_limit: DEEPEST,
        block_nesting_limit: DEEPEST,
    };
    let mut parser = Parser::new_from_str_with_options(&source.text, options);
    let mut reading = Reading {
        source,
        trees: Vec::new(),
        problems: Vec::new(),
        tree: None,
        open: Vec::new(),
        anchors: HashMap::new(),
    };
    while let Some(event) = parser.next_event() {
        match event {
            Ok((Event::StreamEnd, _)) => break,
            Ok((event, span)) => {
                let range =
                    span.start.byte_offset().unwrap_or(0)..span.end.byte_offset().unwrap_or(0);
                reading.take(event, range);
            }
            Err(error) => {
                reading.broken(&error);
                if !matches!(parser.proceed_next_document(), Ok(true)) {
                    break;
                }
            }
        }
    }
    (reading.trees, reading.problems)
}

/// A collection that is being filled.
enum Open {
    Sequence(u32),
    /// With the key that waits for its value.
    Mapping(u32, Option<u32>),
}

struct Reading<'t> {
    source: &'t Source,
    trees: Vec<Tree<'t>>,
    problems: Vec<Problem>,
    tree: Option<Tree<'t>>,
    open: Vec<Open>,
    /// Anchors of this document by granit's numbers.
    anchors: HashMap<usize, u32>,
}

impl<'t> Reading<'t> {
    fn broken(&mut self, error: &ScanError) {
        let at = error.marker().byte_offset().unwrap_or(0);
        self.problems.push(Problem::error(
            "broken-file",
            self.source.origin(at, at),
            format!("this is no YAML: {}", error.info()),
        ));
        self.tree = None;
        self.open.clear();
        self.anchors.clear();
    }

    fn take(&mut self, event: Event<'t>, range: Range<usize>) {
        match event {
            Event::DocumentStart(..) => {
                self.tree = Some(Tree {
                    items: Vec::new(),
                    root: None,
                    visits: std::cell::Cell::new(0),
                    start: range.start,
                });
                self.open.clear();
                self.anchors.clear();
            }
            Event::DocumentEnd => {
                if let Some(tree) = self.tree.take()
                    && tree.root().is_some_and(|root| !root.is_null())
                {
                    self.trees.push(tree);
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                let style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
                    _ => Style::Block,
                };
                let string = tag
                    .as_ref()
                    .map_or(style != Style::Plain || !is_typed(&text), |tag| {
                        tag.suffix() == "str"
                    });
                // A value that is not written at all lies where the parser noticed that.
                self.add(
                    Data::Scalar {
                        text,
                        style,
                        string,
                    },
                    range,
                    anchor,
                    tag.as_deref(),
                );
            }
            Event::SequenceStart(_, anchor, tag) => {
                let data = Data::Sequence(Vec::new());
                if let Some(id) = self.add(data, range, anchor, tag.as_deref()) {
                    self.open.push(Open::Sequence(id));
                }
            }
            Event::MappingStart(_, anchor, tag) => {
                let data = Data::Mapping(Vec::new());
                if let Some(id) = self.add(data, range, anchor, tag.as_deref()) {
                    self.open.push(Open::Mapping(id, None));
                }
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(range.end),
            Event::Alias(anchor) => {
                let target = self.anchors.get(&anchor).copied();
                self.add(Data::Alias(target), range, 0, None);
            }
            Event::UnresolvedAlias(name) => {
                self.problems.push(Problem::error(
                    "broken-file",
                    self.source.origin(range.start, range.end),
                    format!("no anchor &{name} stands before this alias"),
                ));
                self.add(Data::Alias(None), range, 0, None);
            }
            _ => {}
        }
    }

    fn add(
        &mut self,
        data: Data<'t>,
        span: Range<usize>,
        anchor: usize,
        tag: Option<&Tag>,
    ) -> Option<u32> {
        let tree = self.tree.as_mut()?;
        let id = u32::try_from(tree.items.len()).ok()?;
        let tag = tag
            .filter(|tag| tag.handle() == "!" && !tag.suffix().is_empty())
            .map(|tag| Box::from(tag.suffix()));
        tree.items.push(Item { data, span, tag });
        if anchor > 0 {
            self.anchors.insert(anchor, id);
        }
        match self.open.last_mut() {
            None => tree.root = Some(id),
            Some(Open::Sequence(parent)) => {
                if let Data::Sequence(ids) = &mut tree.items[*parent as usize].data {
                    ids.push(id);
                }
            }
            Some(Open::Mapping(_, key @ None)) => *key = Some(id),
            Some(Open::Mapping(parent, key)) => {
                if let (Some(key), Data::Mapping(pairs)) =
                    (key.take(), &mut tree.items[*parent as usize].data)
                {
                    pairs.push((key, id));
                }
            }
        }
        Some(id)
    }

    fn close(&mut self, end: usize) {
        let Some(tree) = self.tree.as_mut() else {
            return;
        };
        let Some(closed) = self.open.pop() else {
            return;
        };
        let (Open::Sequence(id) | Open::Mapping(id, _)) = closed;
        let last = match &tree.items[id as usize].data {
            Data::Sequence(ids) => ids.last().copied(),
            Data::Mapping(pairs) => pairs.last().map(|(_, value)| *value),
            _ => None,
        };
        // A block collection ends where its last node does, not where the parser noticed it.
        let flow = self
            .source
            .text
            .as_bytes()
            .get(tree.items[id as usize].span.start);
        let end = match (flow, last) {
            (Some(b'[' | b'{'), _) | (_, None) => end,
            (_, Some(last)) => tree.items[last as usize].span.end,
        };
        let span = &mut tree.items[id as usize].span;
        span.end = end.max(span.start);
        if matches!(closed, Open::Mapping(..)) {
            self.duplicates(id);
        }
    }

    /// Keys that a mapping has twice: which of the two counts differs from reader to reader.
    fn duplicates(&mut self, id: u32) {
        let Some(tree) = &self.tree else { return };
        let Data::Mapping(pairs) = &tree.items[id as usize].data else {
            return;
        };
        if pairs.len() < 2 {
            return;
        }
        let mut seen: HashMap<&str, u32> = HashMap::with_capacity(pairs.len());
        for (key, _) in pairs {
            let node = Node { tree, id: *key };
            let Some(name) = node.as_str().filter(|name| *name != "<<") else {
                continue;
            };
            if let Some(first) = seen.insert(name, *key) {
                let place = |id| {
                    let span = Node { tree, id }.span();
                    self.source.origin(span.start, span.end)
                };
                self.problems.push(
                    Problem::error(
                        "duplicate-key",
                        place(*key),
                        format!("the key {name:?} stands twice in this mapping"),
                    )
                    .label("again here")
                    .other(place(first), "first here"),
                );
            }
        }
    }
}

/// Whether a plain scalar is a number, a truth value or nothing, by YAML 1.2 and by the 1.1 that
/// Go's readers follow.
fn is_typed(text: &str) -> bool {
    matches!(
        text,
        "" | "~"
            | "null"
            | "Null"
            | "NULL"
            | "true"
            | "True"
            | "TRUE"
            | "false"
            | "False"
            | "FALSE"
    ) || text.parse::<f64>().is_ok()
        || text
            .strip_prefix("0x")
            .is_some_and(|hex| u64::from_str_radix(hex, 16).is_ok())
}
