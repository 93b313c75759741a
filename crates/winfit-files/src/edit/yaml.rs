//! A YAML text (and JSON, which is YAML) that is to mean something else: only what differs changes.

use std::ops::Range;

use thiserror::Error;

use super::block::{self, Layout};
use super::flow;
use super::scalar::{self, Quotes};
use super::value::Value;
use super::{Edit, apply};
use crate::source::Source;
use crate::yaml::{Entry, Node, Style, Tree, Written, read};

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

/// The edit after which the scalar at these bytes says `new` where it says `old` now, and with it all
/// that stands for it: aliases, and mappings that merge it in. Nothing else is written otherwise.
pub(crate) fn edit_written(
    source: &Source,
    span: &Range<usize>,
    old: &str,
    new: &str,
) -> Result<Vec<Edit>, NotEdited> {
    let outlines = |trees: &[Tree<'_>]| -> Vec<(Written, Option<u32>, Option<String>)> {
        let all = trees.iter().flat_map(Tree::outline);
        all.map(|(written, next, tag)| (written, next, tag.map(str::to_owned)))
            .collect()
    };
    let (trees, problems) = read(source);
    if !problems.is_empty() {
        return Err(NotEdited::Broken);
    }
    let written = source.text.get(span.clone()).ok_or(NotEdited::Form)?;
    let edits = vec![Edit {
        range: span.clone(),
        text: scalar::write(&Value::text(new), Quotes::of(written)),
    }];
    let text = apply(&source.text, &edits).ok_or(NotEdited::Form)?;
    let edited = Source::new(&source.name, source.path.clone(), text, source.encoding);
    let (after, problems) = read(&edited);
    let (was, is) = (outlines(&trees), outlines(&after));
    let changed: Vec<_> = was.iter().zip(&is).filter(|(was, is)| was != is).collect();
    let fine = problems.is_empty()
        && was.len() == is.len()
        && matches!(changed.as_slice(), [((Written::Scalar(from, _), next, tag), (to, after, new_tag))]
            if from == old && *to == Written::Scalar(new.to_owned(), true) && next == after && tag == new_tag);
    if fine {
        Ok(edits)
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

/// Whether a collection is written between brackets. A block sequence may begin where its first element
/// does, and that may be one between brackets.
pub(super) fn is_flow(node: Node<'_, '_>, text: &str) -> bool {
    let start = node.span().start;
    if node.is_alias() || !matches!(text.as_bytes().get(start), Some(b'[' | b'{')) {
        return false;
    }
    let first = match node.elements().first() {
        Some(element) => Some(element.span().start),
        None => node
            .written_entries()
            .0
            .first()
            .map(|entry| entry.key.span().start),
    };
    first != Some(start)
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
        let written = &self.text[span.clone()];
        let text = match new.as_str() {
            Some(new) if matches!(slot, Slot::Value { .. }) && scalar::varies(written, new) => {
                new.to_owned()
            }
            _ => scalar::write(new, Quotes::of(written)),
        };
        self.edits.push(Edit { range: span, text });
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
                    flow::write_lines(new, self.json, block::newline_near(self.text, 0))
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
            let newline = block::newline_near(self.text, key_end);
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
            self.insert_entry(node, &written, (after, before), key, value, flow);
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
        let newline = block::newline_near(self.text, range.start);
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
    ) {
        let span = |at: usize| written[at].key.span().start..entry_end(&written[at]);
        if flow {
            let mut entry = flow::entry(key, value, self.json);
            if after.is_none() && before.is_none() {
                // Before the merge, which is all that stands there.
                entry.push_str(", ");
            }
            let edit = flow::insert(
                self.text,
                &node.span(),
                after.map(span),
                before.map(span),
                &entry,
            );
            self.edits.push(edit);
            return;
        }
        // Where nothing but a merge stands, that is the neighbour.
        let anchor = after.or(before).map_or(node.span(), span);
        let column = block::column(self.text, anchor.start);
        let newline = block::newline_near(self.text, anchor.start);
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
            None => block::insert_after(self.text, anchor.end, &lines, newline),
        });
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
            // Others than those that were there: the first ones are rewritten.
            gone = (new.len()..old.len()).collect();
            for (at, value) in new.iter().enumerate() {
                self.node(elements[at], &old[at], value, Slot::Inside)?;
            }
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
                let newline = block::newline_near(self.text, last.span().start);
                let first = elements[0].span().start;
                let dash = block::dash(self.text, first).ok_or(NotEdited::Form)?;
                let gap = block::gap(self.text, dash, first);
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::TestRng;

    use super::*;

    /// Meanings of which keys and values come again, so that changes meet what is there.
    fn meaning() -> impl Strategy<Value = Value> {
        let text = prop::sample::select(vec![
            "windows",
            "10.0.20348",
            "a: b",
            "",
            "yes",
            "it's",
            "x#y",
            "# z",
            "[",
            "*a",
            "é 窓",
            "-",
        ]);
        let scalar = prop_oneof![
            text.prop_map(Value::text),
            any::<bool>().prop_map(Value::bool),
        ];
        let key =
            || prop::sample::select(vec!["os", "kubernetes.io/os", "1809", "b c", "values", "z"]);
        scalar.prop_recursive(3, 24, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 1..4).prop_map(Value::Sequence),
                prop::collection::btree_map(key(), inner, 1..5).prop_map(Value::mapping),
            ]
        })
    }

    fn document() -> impl Strategy<Value = Value> {
        let key = prop::sample::select(vec!["kind", "spec", "data", "metadata", "list"]);
        prop::collection::btree_map(key, meaning(), 1..5).prop_map(Value::mapping)
    }

    /// Writes a meaning as people might: block or flow, with comments, in these steps of indentation.
    fn written(value: &Value, column: usize, step: usize, rng: &mut TestRng, text: &mut String) {
        let Value::Mapping(entries) = value else {
            text.push_str(&flow::write(value, false));
            text.push('\n');
            return;
        };
        for (key, value) in entries {
            if rng.random_range(0..4) == 0 {
                text.push_str(&format!(
                    "{:column$}# above {}\n",
                    "",
                    rng.random_range(0..1000)
                ));
            }
            text.push_str(&format!(
                "{:column$}{}:",
                "",
                scalar::write(key, Quotes::Plain)
            ));
            let comment = match rng.random_range(0..4) {
                0 => format!("  # beside {}\n", rng.random_range(0..1000)),
                _ => "\n".to_owned(),
            };
            match value {
                Value::Mapping(_) if rng.random_range(0..3) > 0 => {
                    text.push_str(&comment);
                    written(value, column + step, step, rng, text);
                }
                Value::Sequence(elements) if rng.random_range(0..3) > 0 => {
                    text.push_str(&comment);
                    let dashes = column + rng.random_range(0..2) * step;
                    for element in elements {
                        text.push_str(&format!("{:dashes$}- ", ""));
                        let mut inner = String::new();
                        written(element, dashes + 2, step, rng, &mut inner);
                        text.push_str(inner.trim_start_matches(' '));
                    }
                }
                value => {
                    let quotes = if rng.random_range(0..2) == 0 {
                        Quotes::Single
                    } else {
                        Quotes::Plain
                    };
                    let value = match value {
                        Value::Scalar { .. } => scalar::write(value, quotes),
                        value => flow::write(value, false),
                    };
                    text.push_str(&format!(" {value}{comment}"));
                }
            }
        }
    }

    /// One small change somewhere in a meaning.
    fn changed(value: &mut Value, rng: &mut TestRng, new: &Value) {
        match value {
            Value::Mapping(entries) => match rng.random_range(0..6) {
                0 if entries.len() > 1 => {
                    entries.remove(rng.random_range(0..entries.len()));
                }
                1 => {
                    let at = rng.random_range(0..=entries.len());
                    entries.insert(at, (Value::text("a/new.key"), new.clone()));
                }
                2 => {
                    let at = rng.random_range(0..entries.len());
                    entries[at].0 = Value::text("a/new.name");
                }
                _ => {
                    let at = rng.random_range(0..entries.len());
                    changed(&mut entries[at].1, rng, new);
                }
            },
            Value::Sequence(elements) => match rng.random_range(0..4) {
                0 if elements.len() > 1 => {
                    elements.remove(rng.random_range(0..elements.len()));
                }
                1 => elements.push(new.clone()),
                _ => {
                    let at = rng.random_range(0..elements.len());
                    changed(&mut elements[at], rng, new);
                }
            },
            Value::Scalar { .. } => *value = new.clone(),
        }
    }

    fn comments(text: &str) -> Vec<&str> {
        let found = text.lines().filter_map(|line| {
            line.find("# above")
                .or(line.find("# beside"))
                .map(|at| &line[at..])
        });
        let mut found: Vec<&str> = found.collect();
        found.sort_unstable();
        found
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1500))]

        /// The heart of it: after an edit the text means what was asked for, or there is no edit. What is
        /// outside of the edits stays by the way they are applied; comments outlive what they stand above.
        #[test]
        fn documents_of_any_form_come_to_mean_what_was_asked_for(
            meaning in document(),
            new in meaning(),
            seed in any::<[u8; 32]>(),
            crlf in any::<bool>(),
            other in prop::option::of(document()),
        ) {
            let mut rng = TestRng::from_seed(prop::test_runner::RngAlgorithm::ChaCha, &seed);
            let step = [2, 4][rng.random_range(0..2)];
            let mut text = String::new();
            written(&meaning, 0, step, &mut rng, &mut text);
            if let Some(other) = &other {
                text.push_str("---\n");
                written(other, 0, step, &mut rng, &mut text);
            }
            if crlf {
                text = text.replace('\n', "\r\n");
            }
            let source = Source::of_text("a.yaml", &text);
            let (_, read_back) = values(&source).unwrap();
            prop_assert_eq!(&read_back[0], &meaning, "{}", text);
            let mut wanted = meaning.clone();
            changed(&mut wanted, &mut rng, &new);
            // Not every form has a small edit; those that are made were read back inside.
            if let Ok(edits) = edit(&source, 0, &wanted) {
                let after = apply(&text, &edits).unwrap();
                let (_, read_back) = values(&Source::of_text("a.yaml", &after)).unwrap();
                prop_assert_eq!(&read_back[0], &wanted, "{}\n{}", text, after);
                prop_assert_eq!(read_back.get(1), other.as_ref());
                let bare = after.matches('\n').count() - after.matches("\r\n").count();
                prop_assert!(if crlf { bare == 0 } else { !after.contains('\r') }, "{:?}", after);
                let left = comments(&after);
                let above = comments(&text).into_iter().filter(|one| one.starts_with("# above"));
                // Those inside of what went went with it; at most those.
                let gone = above.filter(|one| !left.contains(one)).count();
                prop_assert!(gone == 0 || edits.iter().any(|edit| text[edit.range.clone()].contains("# above")));
            }
        }
    }

    /// How often an edit is refused where people would expect one.
    #[test]
    fn few_forms_are_refused() {
        use proptest::strategy::ValueTree as _;
        let mut runner = prop::test_runner::TestRunner::deterministic();
        let (mut edited, mut refused) = (0, Vec::new());
        for _ in 0..400 {
            let meaning = document().new_tree(&mut runner).unwrap().current();
            let new = Value::text("windows");
            let mut text = String::new();
            written(&meaning, 0, 2, runner.rng(), &mut text);
            let mut wanted = meaning.clone();
            changed(&mut wanted, runner.rng(), &new);
            match edit(&Source::of_text("a.yaml", &text), 0, &wanted) {
                Ok(_) => edited += 1,
                Err(reason) => refused.push((reason, text, wanted)),
            }
        }
        assert!(
            refused.len() * 20 < edited,
            "{edited} edited, {}: {refused:#?}",
            refused.len()
        );
    }
}
