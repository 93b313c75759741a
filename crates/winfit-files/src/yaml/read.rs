//! From text to trees, through granit's events.

use std::collections::HashMap;
use std::ops::Range;

use granit_parser::{Event, Options, Parser, ScalarStyle, ScanError, Tag, options};
use winfit_core::version::quote_for_error;

use super::{Data, Item, Node, Style, Tree, words};
use crate::problem::Problem;
use crate::source::Source;

/// Nesting that no manifest has.
pub(super) const DEEPEST: usize = 128;

/// How many problems of one file are told: a file that has more is none of ours to mend.
const MOST_PROBLEMS: usize = 100;

/// Up to so many keys are compared with one another; more are looked up.
const FEW_KEYS: usize = 12;

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
        size: 0,
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
struct Open {
    id: u32,
    /// What was put into it last.
    last: Option<u32>,
    /// How many nodes are in it: of a mapping keys and values.
    count: usize,
}

struct Reading<'t> {
    source: &'t Source,
    trees: Vec<Tree<'t>>,
    problems: Vec<Problem>,
    tree: Option<Tree<'t>>,
    open: Vec<Open>,
    /// How many nodes the document before had: documents of one file resemble each other.
    size: usize,
    /// Anchors of this document by granit's numbers.
    anchors: HashMap<usize, u32>,
}

impl<'t> Reading<'t> {
    fn tell(&mut self, problem: Problem) {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(problem);
        }
    }

    fn broken(&mut self, error: &ScanError) {
        let at = error.marker().byte_offset().unwrap_or(0);
        self.tell(words::problem(self.source, at, error.kind()));
        self.tree = None;
        self.open.clear();
        self.anchors.clear();
    }

    fn take(&mut self, event: Event<'t>, range: Range<usize>) {
        match event {
            Event::DocumentStart(..) => {
                self.tree = Some(Tree {
                    items: Vec::with_capacity(self.size),
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
                    self.size = tree.items.len();
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
                let span = self.trimmed(range, style);
                let data = Data::Scalar {
                    text,
                    style,
                    string,
                };
                self.add(data, span, anchor, tag.as_deref());
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.open(Data::Sequence(None), range, anchor, tag.as_deref());
            }
            Event::MappingStart(_, anchor, tag) => {
                self.open(Data::Mapping(None), range, anchor, tag.as_deref());
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(range.end),
            Event::Alias(anchor) => {
                let target = self.anchors.get(&anchor).copied();
                self.add(Data::Alias(target), range, 0, None);
            }
            Event::UnresolvedAlias(name) => {
                self.tell(
                    Problem::error(
                        "broken-file",
                        self.source.origin(range.start, range.end),
                        format!(
                            "no anchor &{} stands before this alias",
                            quote_for_error(&name)
                        ),
                    )
                    .label("names nothing"),
                );
                self.add(Data::Alias(None), range, 0, None);
            }
            _ => {}
        }
    }

    /// A scalar's bytes; of a block of text without the empty lines that the parser passed before it
    /// noticed the end.
    fn trimmed(&self, range: Range<usize>, style: Style) -> Range<usize> {
        if style != Style::Block {
            return range;
        }
        let text = self.source.text.get(range.clone()).unwrap_or_default();
        range.start..range.start + text.trim_end_matches([' ', '\t', '\r', '\n']).len()
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
        tree.items.push(Item {
            data,
            span,
            next: None,
            tag,
        });
        if anchor > 0 {
            self.anchors.insert(anchor, id);
        }
        let Some(open) = self.open.last_mut() else {
            tree.root = Some(id);
            return Some(id);
        };
        open.count += 1;
        match open.last.replace(id) {
            Some(last) => tree.items[last as usize].next = Some(id),
            None => {
                if let Data::Sequence(first) | Data::Mapping(first) =
                    &mut tree.items[open.id as usize].data
                {
                    *first = Some(id);
                }
            }
        }
        Some(id)
    }

    fn open(&mut self, data: Data<'t>, span: Range<usize>, anchor: usize, tag: Option<&Tag>) {
        self.indented_by_tab(span.start);
        if let Some(id) = self.add(data, span, anchor, tag) {
            self.open.push(Open {
                id,
                last: None,
                count: 0,
            });
        }
    }

    /// The grammar lets a tab stand before the outermost collection; engines' readers do not.
    fn indented_by_tab(&mut self, start: usize) {
        let bytes = self.source.text.as_bytes();
        if matches!(bytes.get(start), Some(b'[' | b'{')) {
            return;
        }
        let before = &bytes[..start.min(bytes.len())];
        let blank = before
            .iter()
            .rev()
            .take_while(|byte| matches!(byte, b' ' | b'\t'))
            .count();
        let (line, indentation) = before.split_at(before.len() - blank);
        if let Some(tab) = memchr::memchr(b'\t', indentation)
            && matches!(line.last(), None | Some(b'\n' | b'\r'))
        {
            let at = line.len() + tab;
            self.tell(words::problem(
                self.source,
                at,
                &granit_parser::ErrorKind::TabInIndentation,
            ));
        }
    }

    fn close(&mut self, end: usize) {
        let (Some(tree), Some(closed)) = (self.tree.as_mut(), self.open.pop()) else {
            return;
        };
        let start = tree.items[closed.id as usize].span.start;
        // A block sequence may begin where its first element does, and that may be a flow collection.
        let first = match tree.items[closed.id as usize].data {
            Data::Sequence(first) | Data::Mapping(first) => first,
            Data::Scalar { .. } | Data::Alias(_) => None,
        };
        let apart = first.is_none_or(|first| tree.items[first as usize].span.start != start);
        let bracket = matches!(self.source.text.as_bytes().get(start), Some(b'[' | b'{'));
        let flow = bracket && apart;
        // A block collection ends where its last node does, not where the parser noticed it.
        let end = match closed.last {
            Some(last) if !flow => tree.items[last as usize].span.end,
            _ => end,
        };
        tree.items[closed.id as usize].span.end = end.max(start);
        if matches!(tree.items[closed.id as usize].data, Data::Mapping(_)) && closed.count > 2 {
            self.duplicates(closed.id, closed.count / 2);
        }
    }

    /// Keys that a mapping has twice: which of the two counts differs from reader to reader.
    fn duplicates(&mut self, id: u32, count: usize) {
        let Some(tree) = &self.tree else { return };
        let Data::Mapping(first) = tree.items[id as usize].data else {
            return;
        };
        let keys = tree.pairs(first).filter_map(|(key, _)| {
            let node = Node { tree, id: key };
            let name = node.as_str()?;
            (name != "<<").then_some((name, node))
        });
        let mut twice = Vec::new();
        if count <= FEW_KEYS {
            let keys: Vec<(&str, Node<'_, '_>)> = keys.collect();
            for (at, (name, key)) in keys.iter().enumerate() {
                if let Some((_, first)) = keys[..at].iter().rfind(|(known, _)| known == name) {
                    twice.push((*name, *first, *key));
                }
            }
        } else {
            let mut seen = HashMap::with_capacity(count);
            for (name, key) in keys {
                if let Some(first) = seen.insert(name, key) {
                    twice.push((name, first, key));
                }
            }
        }
        let problems: Vec<Problem> = twice
            .into_iter()
            .take(MOST_PROBLEMS)
            .map(|(name, first, key)| {
                let place = |node: Node<'_, '_>| {
                    let span = node.span();
                    self.source.origin(span.start, span.end)
                };
                Problem::error(
                    "duplicate-key",
                    place(key),
                    format!(
                        "the key {:?} stands twice in this mapping",
                        quote_for_error(name)
                    ),
                )
                .label("again here")
                .other(place(first), "first here")
            })
            .collect();
        for problem in problems {
            self.tell(problem);
        }
    }
}

/// Whether a plain scalar is a number, a truth value or nothing, by the core schema of YAML 1.2.
fn is_typed(text: &str) -> bool {
    if matches!(
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
            | ".nan"
            | ".NaN"
            | ".NAN"
    ) {
        return true;
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        return true;
    }
    // Rust reads `inf` and `nan` too, which are text to YAML.
    let number = unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && unsigned.parse::<f64>().is_ok();
    number
        || [("0x", 16), ("0o", 8)].into_iter().any(|(prefix, radix)| {
            text.strip_prefix(prefix)
                .is_some_and(|digits| u64::from_str_radix(digits, radix).is_ok())
        })
}

/// Where the comments of a YAML text stand, in bytes. Of a broken text those before the break.
pub fn comments(source: &Source) -> Vec<(usize, usize)> {
    let options: Options = options! {
        emit_comments: true,
        emit_unresolved_aliases: true,
        flow_nesting_limit: DEEPEST,
        block_nesting_limit: DEEPEST,
        max_buffered_comment_events: 10_000,
    };
    Parser::new_from_str_with_options(&source.text, options)
        .map_while(Result::ok)
        .filter(|(event, _)| matches!(event, Event::Comment(..)))
        .filter_map(|(_, span)| Some((span.start.byte_offset()?, span.end.byte_offset()?)))
        .collect()
}
