//! A YAML text (and JSON, which is YAML) that is to mean something else: only what differs changes.

use std::ops::Range;

use thiserror::Error;

use super::block::{self, Layout};
use super::flow;
use super::scalar::{self, Quotes};
use super::value::Value;
use super::{Edit, apply};
use crate::source::Source;
use crate::yaml::{Entry, Node, Style, Tree, read};

/// Why a text is not edited. It stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum NotEdited {
    /// It cannot be read whole.
    #[error("the file cannot be read whole")]
    Broken,
    /// Its aliases make more of it than is looked at.
    #[error("its aliases refer to one another too often")]
    Entangled,
    /// What is to change comes from a mapping that `<<` merges in.
    #[error("a merge (<<) brings this in, and an edit there would reach further")]
    Merged,
    /// It is written in a way that has no small edit.
    #[error("it is written in a form that winfit does not edit")]
    Form,
    /// The edited text would mean something else than what was asked for.
    #[error("the edit would reach further than this place, as through an anchor")]
    Elsewhere,
}

/// The edits after which this document means `new`, and all others what they mean now.
pub(crate) fn edit(source: &Source, document: usize, new: &Value) -> Result<Vec<Edit>, NotEdited> {
    let (trees, old) = values(source)?;
    let (tree, before) = trees
        .get(document)
        .zip(old.get(document))
        .ok_or(NotEdited::Broken)?;
    let root = tree.root().ok_or(NotEdited::Broken)?;
    let mut editor = Editor {
        text: &source.text,
        json: is_json(root, &source.text),
        layout: Layout::of(root, &source.text),
        edits: Vec::new(),
    };
    editor.node(root, before, new, Slot::Root)?;
    let text = apply(&source.text, &editor.edits).ok_or(NotEdited::Form)?;
    // What is read back decides, not what was meant.
    let edited = Source::new(&source.name, source.path.clone(), text, source.encoding);
    let (_, after) = values(&edited).map_err(|_| NotEdited::Elsewhere)?;
    let expected = |at: usize| if at == document { new } else { &old[at] };
    let same = after.len() == old.len()
        && after
            .iter()
            .enumerate()
            .all(|(at, value)| value == expected(at));
    if same {
        Ok(editor.edits)
    } else {
        Err(NotEdited::Elsewhere)
    }
}

/// The documents of a text and their meanings.
pub(crate) fn values(source: &Source) -> Result<(Vec<Tree<'_>>, Vec<Value>), NotEdited> {
    let (trees, problems) = read(source);
    if !problems.is_empty() {
        return Err(NotEdited::Broken);
    }
    let values = trees
        .iter()
        .map(|tree| Value::of_tree(tree).ok_or(NotEdited::Entangled))
        .collect::<Result<_, _>>()?;
    Ok((trees, values))
}

/// JSON is written with all its quotes.
fn is_json(root: Node<'_, '_>, text: &str) -> bool {
    let (entries, _) = root.written_entries();
    is_flow(root, text)
        && entries
            .iter()
            .all(|entry| text[entry.key.span()].starts_with('"'))
}

pub(super) fn is_flow(node: Node<'_, '_>, text: &str) -> bool {
    matches!(text.as_bytes().get(node.span().start), Some(b'[' | b'{'))
}

/// Where a node stands, as far as putting another one there needs it.
#[derive(Clone, Copy)]
enum Slot {
    /// It is the document.
    Root,
    /// It is the value of a key that starts in this column and ends at this byte.
    Value { column: usize, key_end: usize },
    /// It is an element, or stands in a flow collection.
    Inside,
}

struct Editor<'s> {
    text: &'s str,
    json: bool,
    layout: Layout,
    edits: Vec<Edit>,
}

impl Editor<'_> {
    fn node(
        &mut self,
        node: Node<'_, '_>,
        old: &Value,
        new: &Value,
        slot: Slot,
    ) -> Result<(), NotEdited> {
        if old == new {
            return Ok(());
        }
        match (old, new) {
            _ if node.is_alias() => self.replace(node, new, slot),
            (Value::Scalar { .. }, Value::Scalar { .. }) => self.scalar(node, new, slot),
            (Value::Mapping(_), Value::Mapping(entries))
                if !old.is_empty() && !entries.is_empty() =>
            {
                self.mapping(node, old, entries)
            }
            (Value::Sequence(old), Value::Sequence(new)) if !old.is_empty() && !new.is_empty() => {
                self.sequence(node, old, new)
            }
            _ => self.replace(node, new, slot),
        }
    }

    fn scalar(&mut self, node: Node<'_, '_>, new: &Value, slot: Slot) -> Result<(), NotEdited> {
        let span = node.span();
        match node.style() {
            // Its header would have to go as well.
            Some(Style::Block) | None => return Err(NotEdited::Form),
            Some(_) if span.is_empty() => return self.replace(node, new, slot),
            Some(_) => {}
        }
        let quotes = Quotes::of(&self.text[span.clone()]);
        self.edits.push(Edit {
            range: span,
            text: scalar::write(new, quotes),
        });
        Ok(())
    }

    /// Another node in the place of this one.
    fn replace(&mut self, node: Node<'_, '_>, new: &Value, slot: Slot) -> Result<(), NotEdited> {
        let span = node.span();
        let block = !is_flow(node, self.text)
            && !node.is_alias()
            && (node.is_mapping() || node.is_sequence());
        let in_flow = |editor: &Self| flow::write(new, editor.json);
        let Slot::Value { column, key_end } = slot else {
            if block || span.is_empty() && !matches!(slot, Slot::Root) {
                return Err(NotEdited::Form);
            }
            self.edits.push(Edit {
                range: span,
                text: if matches!(slot, Slot::Root) {
                    flow::write_lines(new, self.json, self.layout.newline_near(self.text, 0))
                } else {
                    in_flow(self)
                },
            });
            return Ok(());
        };
        let colon = self.colon(key_end)?;
        let start = span.start.max(colon);
        let end = span.end.max(colon);
        let between = &self.text[colon..start];
        let rest = &self.text[end..super::block::line_end(self.text, end)];
        let alone = between.trim().is_empty() && rest.trim().is_empty();
        let collection = !matches!(new, Value::Scalar { .. }) && !new.is_empty();
        if collection && alone && !self.json {
            let newline = self.layout.newline_near(self.text, key_end);
            let lines = block::value_lines(new, column, &self.layout, newline);
            self.edits.push(Edit {
                range: colon..end,
                text: format!("{newline}{lines}"),
            });
            return Ok(());
        }
        if block && !(alone && between.trim_matches([' ', '\r', '\n']).is_empty()) {
            return Err(NotEdited::Form);
        }
        let range = if block || start == colon {
            colon..end
        } else {
            start..end
        };
        let space = if range.start == colon { " " } else { "" };
        let text = match new {
            Value::Scalar { .. } => scalar::write(new, self.quotes()),
            _ => in_flow(self),
        };
        self.edits.push(Edit {
            range,
            text: format!("{space}{text}"),
        });
        Ok(())
    }

    fn quotes(&self) -> Quotes {
        if self.json {
            Quotes::Double
        } else {
            Quotes::Plain
        }
    }

    /// The byte behind the colon of a key that ends here.
    fn colon(&self, key_end: usize) -> Result<usize, NotEdited> {
        let rest = &self.text[key_end..];
        let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        if rest[blank..].starts_with(':') {
            Ok(key_end + blank + 1)
        } else {
            Err(NotEdited::Form)
        }
    }

    fn mapping(
        &mut self,
        node: Node<'_, '_>,
        old: &Value,
        new: &[(Value, Value)],
    ) -> Result<(), NotEdited> {
        let Value::Mapping(before) = old else {
            return Err(NotEdited::Form);
        };
        let (written, merges) = node.written_entries();
        let named = |entries: &[(Value, Value)], key: &Value| {
            entries.iter().position(|(known, _)| known == key)
        };
        let flow = is_flow(node, self.text);
        // The entries as they stand in the text, by their position in `before`: own entries come first.
        let own = |at: usize| written.get(at);
        let mut kept: Vec<Option<usize>> = vec![None; new.len()];
        let mut gone = Vec::new();
        for (at, (key, value)) in before.iter().enumerate() {
            if let Some(to) = named(new, key) {
                kept[to] = Some(at);
                let Some(entry) = own(at) else {
                    // A merge brings it; one of its own goes before that.
                    if *value != new[to].1 {
                        kept[to] = None;
                    }
                    continue;
                };
                self.node(entry.value, value, &new[to].1, self.slot(entry, flow))?;
                continue;
            }
            let entry = own(at).ok_or(NotEdited::Merged)?;
            match new.get(at) {
                // Another key in the very place of this one is its new name.
                Some((renamed, with)) if named(before, renamed).is_none() => {
                    kept[at] = Some(at);
                    self.scalar(entry.key, renamed, Slot::Inside)?;
                    self.node(entry.value, value, with, self.slot(entry, flow))?;
                }
                _ => gone.push(at),
            }
        }
        if gone.len() == written.len() && !merges {
            return self.all_anew(node, &written, new, &kept);
        }
        self.remove_entries(&written, &gone, flow)?;
        for (at, (key, value)) in new.iter().enumerate() {
            if kept[at].is_some() {
                continue;
            }
            let stays = |to: &Option<usize>| {
                let at = (*to)?;
                own(at).filter(|_| !gone.contains(&at)).map(|_| at)
            };
            let after = kept[..at].iter().rev().find_map(stays);
            let before = kept[at..].iter().find_map(stays);
            self.insert_entry(node, &written, (after, before), key, value, flow)?;
        }
        Ok(())
    }

    /// All the entries of a mapping give way: the first is rewritten, the rest goes and comes.
    fn all_anew(
        &mut self,
        node: Node<'_, '_>,
        written: &[Entry<'_, '_>],
        new: &[(Value, Value)],
        kept: &[Option<usize>],
    ) -> Result<(), NotEdited> {
        if kept.iter().any(Option::is_some) || is_flow(node, self.text) {
            return Err(NotEdited::Form);
        }
        let (Some(first), Some(last)) = (written.first(), written.last()) else {
            return Err(NotEdited::Form);
        };
        let range = first.key.span().start..entry_end(last);
        if self.text[range.clone()].contains('#') {
            return Err(NotEdited::Form);
        }
        let column = block::column(self.text, range.start);
        let newline = self.layout.newline_near(self.text, range.start);
        let lines = block::mapping_lines(new, column, &self.layout, newline);
        self.edits.push(Edit {
            range,
            text: lines.trim_start_matches(' ').to_owned(),
        });
        Ok(())
    }

    fn slot(&self, entry: &Entry<'_, '_>, flow: bool) -> Slot {
        let key = entry.key.span();
        if flow {
            Slot::Inside
        } else {
            Slot::Value {
                column: block::column(self.text, key.start),
                key_end: key.end,
            }
        }
    }

    fn remove_entries(
        &mut self,
        written: &[Entry<'_, '_>],
        gone: &[usize],
        flow: bool,
    ) -> Result<(), NotEdited> {
        let spans: Vec<Range<usize>> = written
            .iter()
            .map(|entry| entry.key.span().start..entry_end(entry))
            .collect();
        let edits: Option<Vec<Edit>> = if flow {
            flow::remove(self.text, &spans, gone)
        } else {
            gone.iter()
                .map(|at| block::remove(self.text, &spans[*at], spans.get(at + 1)))
                .collect()
        };
        self.edits.extend(edits.ok_or(NotEdited::Form)?);
        Ok(())
    }

    /// Puts an entry in behind one that stands there, or before one.
    fn insert_entry(
        &mut self,
        node: Node<'_, '_>,
        written: &[Entry<'_, '_>],
        (after, before): (Option<usize>, Option<usize>),
        key: &Value,
        value: &Value,
        flow: bool,
    ) -> Result<(), NotEdited> {
        let span = |at: usize| written[at].key.span().start..entry_end(&written[at]);
        if flow {
            let entry = flow::entry(key, value, self.json);
            let edit = flow::insert(
                self.text,
                &node.span(),
                after.map(span),
                before.map(span),
                &entry,
            );
            self.edits.push(edit);
            return Ok(());
        }
        let anchor = after.or(before).ok_or(NotEdited::Form)?;
        let column = block::column(self.text, span(anchor).start);
        let newline = self.layout.newline_near(self.text, span(anchor).start);
        let one = [(key.clone(), value.clone())];
        let lines = block::mapping_lines(&one, column, &self.layout, newline);
        let edit = match (after, before) {
            (None, Some(before)) => {
                block::insert_before(self.text, span(before).start, &lines, newline)
            }
            _ => None,
        };
        self.edits.push(match edit {
            Some(edit) => edit,
            None => block::insert_after(self.text, span(anchor).end, &lines, newline),
        });
        Ok(())
    }

    fn sequence(
        &mut self,
        node: Node<'_, '_>,
        old: &[Value],
        new: &[Value],
    ) -> Result<(), NotEdited> {
        let elements = node.elements();
        let flow = is_flow(node, self.text);
        if elements.len() != old.len() {
            return Err(NotEdited::Form);
        }
        if new.len() >= old.len() {
            for (at, element) in elements.iter().enumerate() {
                self.node(*element, &old[at], &new[at], Slot::Inside)?;
            }
            return self.push(node, &elements, &new[old.len()..], flow);
        }
        // Fewer: those that are gone go, and the rest stays as it is.
        let mut gone = Vec::new();
        let mut to = 0;
        for (at, value) in old.iter().enumerate() {
            if new.get(to) == Some(value) {
                to += 1;
            } else {
                gone.push(at);
            }
        }
        if to != new.len() {
            return Err(NotEdited::Form);
        }
        let spans: Vec<Range<usize>> = elements.iter().map(|element| element.span()).collect();
        let edits: Option<Vec<Edit>> = if flow {
            flow::remove(self.text, &spans, &gone)
        } else {
            gone.iter()
                .map(|at| block::remove_element(self.text, &spans[*at]))
                .collect()
        };
        self.edits.extend(edits.ok_or(NotEdited::Form)?);
        Ok(())
    }

    fn push(
        &mut self,
        node: Node<'_, '_>,
        elements: &[Node<'_, '_>],
        new: &[Value],
        flow: bool,
    ) -> Result<(), NotEdited> {
        let Some(last) = elements.last() else {
            return Err(NotEdited::Form);
        };
        for value in new {
            let edit = if flow {
                let text = flow::write(value, self.json);
                flow::insert(self.text, &node.span(), Some(last.span()), None, &text)
            } else {
                let newline = self.layout.newline_near(self.text, last.span().start);
                let dash = node.span().start;
                let gap = block::gap(self.text, dash, elements[0].span().start);
                let column = block::column(self.text, dash);
                let lines = block::element_lines(value, column, gap, &self.layout, newline);
                block::insert_after(self.text, last.span().end, &lines, newline)
            };
            self.edits.push(edit);
        }
        Ok(())
    }
}

/// Where an entry ends; of one without a value where its colon stands.
fn entry_end(entry: &Entry<'_, '_>) -> usize {
    entry.value.span().end.max(entry.key.span().end)
}
