//! YAML, made JSON line by line, so that the same facts come out of both and an error's line is the YAML's.

use std::collections::HashMap;
use std::ops::Range;

use granit_parser::{Event, Options, Parser, ScalarStyle, Tag, options};

use super::json;
use super::taken::Taken;

/// Nesting that no object has.
const DEEPEST: usize = 100;

/// kubectl writes no aliases. Of what others wrote they may copy so much, whatever the text's own size.
const MOST_COPIED: usize = 1 << 20;

/// Reads a document.
pub(super) fn read(text: &str, line: usize, taken: &mut Taken<'_>) {
    let mut made = Made::default();
    let broken = made.document(text);
    if let Some(broken) = broken {
        // What stood before the break is read; the JSON's own break is not told too.
        json::read_broken(&made.text, line, taken);
        taken.is_broken(
            line + broken.line.saturating_sub(1),
            "what follows in this YAML",
            &broken.reason,
        );
        return;
    }
    let mut rest = made.text.as_str();
    let mut at = line;
    while !rest.trim_start().is_empty() {
        let length = json::read(rest, at, taken).min(rest.len());
        at += super::parts::count_lines(&rest[..length]);
        rest = &rest[length..];
    }
}

/// A document as JSON; none: it cannot be read to its end.
pub(super) fn as_json(text: &str) -> Option<String> {
    let mut made = Made::default();
    let broken = made.document(text);
    broken.is_none().then_some(made.text)
}

/// Where and why a document cannot be read further.
struct Broken {
    line: usize,
    reason: String,
}

/// The JSON that is made of a document.
#[derive(Default)]
struct Made {
    text: String,
    lines: usize,
    open: Vec<Open>,
    /// Where the nodes of anchors stand, once they are whole.
    anchors: HashMap<usize, Range<usize>>,
    copied: usize,
}

/// A collection that is being written.
struct Open {
    is_map: bool,
    /// How many nodes are in it; of a map keys and values.
    count: usize,
    start: usize,
    anchor: usize,
}

impl Made {
    fn document(&mut self, text: &str) -> Option<Broken> {
        let options: Options = options! {
            emit_comments: false,
            emit_unresolved_aliases: true,
            flow_nesting_limit: DEEPEST,
            block_nesting_limit: DEEPEST,
        };
        let mut parser = Parser::new_from_str_with_options(text, options);
        let most = text.len() + MOST_COPIED;
        while let Some(event) = parser.next_event() {
            let (event, line) = match event {
                Ok((event, span)) => (event, span.start.line()),
                Err(error) => {
                    return Some(Broken {
                        line: error.marker().line(),
                        reason: format!("it is no YAML ({})", error.info()),
                    });
                }
            };
            if let Err(reason) = self.take(event, line, most) {
                return Some(Broken {
                    line,
                    reason: reason.to_owned(),
                });
            }
        }
        None
    }

    fn take(&mut self, event: Event<'_>, line: usize, most: usize) -> Result<(), &'static str> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is_key = self.node(line);
                let start = self.text.len();
                let plain = style == ScalarStyle::Plain;
                if is_key && plain && text == "<<" {
                    return Err("a merge key (<<), which kubectl does not write");
                }
                let is_text = is_key || !plain || is_tagged_text(tag.as_deref());
                match (is_text, typed(&text)) {
                    (false, Some(typed)) => self.text.push_str(typed),
                    _ => self.string(&text),
                }
                self.anchor(anchor, start);
            }
            Event::SequenceStart(_, anchor, _) => self.begin(false, anchor, line)?,
            Event::MappingStart(_, anchor, _) => self.begin(true, anchor, line)?,
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(open) = self.open.pop() {
                    self.text.push(if open.is_map { '}' } else { ']' });
                    self.anchor(open.anchor, open.start);
                }
            }
            Event::Alias(anchor) => self.alias(anchor, line, most)?,
            Event::UnresolvedAlias(_) => return Err("an alias without its anchor"),
            _ => {}
        }
        Ok(())
    }

    /// A node begins: what stands before it, and whether it is a key.
    fn node(&mut self, line: usize) -> bool {
        let mut is_key = false;
        let mut mark = None;
        if let Some(open) = self.open.last_mut() {
            is_key = open.is_map && open.count % 2 == 0;
            mark = match open.count {
                0 => None,
                _ if open.is_map && !is_key => Some(':'),
                _ => Some(','),
            };
            open.count += 1;
        }
        self.text.extend(mark);
        while self.lines + 1 < line {
            self.text.push('\n');
            self.lines += 1;
        }
        is_key
    }

    fn begin(&mut self, is_map: bool, anchor: usize, line: usize) -> Result<(), &'static str> {
        if self.node(line) {
            return Err("a key that is no text");
        }
        self.open.push(Open {
            is_map,
            count: 0,
            start: self.text.len(),
            anchor,
        });
        self.text.push(if is_map { '{' } else { '[' });
        Ok(())
    }

    fn anchor(&mut self, anchor: usize, start: usize) {
        if anchor > 0 {
            self.anchors.insert(anchor, start..self.text.len());
        }
    }

    fn alias(&mut self, anchor: usize, line: usize, most: usize) -> Result<(), &'static str> {
        let Some(range) = self.anchors.get(&anchor).cloned() else {
            return Err("an alias within its own anchor");
        };
        self.copied += range.len();
        if self.copied > most {
            return Err("its aliases repeat its own parts too often");
        }
        let is_key = self.node(line);
        // Line ends stand between values only, never in texts: the lines that follow keep their numbers.
        let node = self.text[range].replace('\n', "");
        if is_key && !node.starts_with('"') {
            return Err("a key that is no text");
        }
        self.text.push_str(&node);
        Ok(())
    }

    fn string(&mut self, text: &str) {
        // Of a text it cannot fail.
        self.text
            .push_str(&serde_json::to_string(text).unwrap_or_default());
    }
}

fn is_tagged_text(tag: Option<&Tag>) -> bool {
    tag.is_some_and(|tag| tag.suffix() == "str")
}

/// A plain scalar that is no text, as JSON. kubectl quotes texts that look so.
fn typed(text: &str) -> Option<&str> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Some("null"),
        "true" | "True" | "TRUE" => Some("true"),
        "false" | "False" | "FALSE" => Some("false"),
        _ if is_number(text) => Some(text),
        _ => None,
    }
}

/// Whether a text is a number in JSON.
fn is_number(text: &str) -> bool {
    let first = text.strip_prefix('-').unwrap_or(text).as_bytes().first();
    first.is_some_and(u8::is_ascii_digit)
        && text.len() <= 40
        && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}
