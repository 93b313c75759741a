//! Changes of YAML and JSON files, as changes of what their documents mean.

use std::collections::BTreeMap;
use std::ops::Range;

use winfit_core::change::{Change, ServiceChange};
use winfit_core::host::Isolation;

use super::{NotFixed, pieces, pod};
use crate::daemon;
use crate::edit::path::{Place, Step, at, find};
use crate::edit::value::Value;
use crate::edit::yaml::{NotEdited, edit, edit_written, values};
use crate::edit::{Edit, apply};
use crate::source::Source;
use crate::yaml::Tree;

/// A document, and the changes in it with the bytes of their places.
type InDocument<'c> = (Range<usize>, Vec<(&'c Change, Range<usize>)>);

/// The edits that carry out these changes, each with the bytes of its place in this text.
///
/// Documents know nothing of one another, so each is read and edited by itself: a file with thousands of
/// them costs no more than those that change.
pub(super) fn edits(
    source: &Source,
    changes: &[(&Change, Range<usize>)],
) -> Result<Vec<Edit>, NotFixed> {
    let mut by_document: BTreeMap<usize, InDocument<'_>> = BTreeMap::new();
    for (change, span) in changes {
        let document = document_around(&source.text, span.start);
        let span =
            span.start.saturating_sub(document.start)..span.end.saturating_sub(document.start);
        let (_, changes) = by_document
            .entry(document.start)
            .or_insert_with(|| (document, Vec::new()));
        changes.push((change, span));
    }
    let mut all = Vec::new();
    for (document, changes) in by_document.into_values() {
        let text = source.text[document.clone()].to_owned();
        let own = Source::new(&source.name, source.path.clone(), text, source.encoding);
        let edits = of_document(&own, &changes)?.into_iter();
        all.extend(edits.map(|edit| Edit {
            range: edit.range.start + document.start..edit.range.end + document.start,
            text: edit.text,
        }));
    }
    Ok(all)
}

/// The document around a byte, from its marker to the next one. Nowhere else can `---` begin a line.
fn document_around(text: &str, at: usize) -> Range<usize> {
    let is_marker = |start: usize| {
        let rest = &text[start..];
        rest.strip_prefix("---")
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
    };
    let lines = |from: usize| {
        memchr::memmem::find_iter(&text.as_bytes()[from..], "\n---")
            .map(move |found| from + found + 1)
    };
    let at = at.min(text.len());
    let mut start = 0;
    let mut before =
        memchr::memmem::rfind_iter(&text.as_bytes()[..at], "\n---").map(|found| found + 1);
    if let Some(found) = before.find(|found| is_marker(*found)) {
        start = found;
    }
    let end = lines(at).find(|found| is_marker(*found));
    start..end.unwrap_or(text.len())
}

fn of_document(
    source: &Source,
    changes: &[(&Change, Range<usize>)],
) -> Result<Vec<Edit>, NotFixed> {
    let refused = |reason: &str| NotFixed::Refused {
        place: source.name.to_string(),
        reason: reason.to_owned(),
    };
    let not_edited = |reason: NotEdited| refused(&reason.to_string());
    let (trees, old) = values(source).map_err(not_edited)?;
    let mut new: BTreeMap<usize, Value> = BTreeMap::new();
    for (change, span) in changes {
        let (document, place) = locate(&trees, change, span).ok_or_else(|| NotFixed::Vanished {
            place: source.name.to_string(),
        })?;
        let value = new.entry(document).or_insert_with(|| old[document].clone());
        carry_out(value, &place, change).ok_or_else(|| {
            refused(match change {
                Change::Text { .. } => {
                    "the text is put together elsewhere (a variable, a build argument, an inline \
                     Dockerfile); change it there"
                }
                _ => {
                    "what stands there already is of another shape than the change expects, or \
                     contradicts it; mend that first"
                }
            })
        })?;
    }
    let mut all = Vec::new();
    for (document, value) in &new {
        let found = match (edit(source, *document, value), changes) {
            // What stands behind an anchor is mended there, for all that use it: whether that is right
            // for all of them, the next judgement tells.
            (Err(NotEdited::Elsewhere), [(Change::Text { old, new, .. }, span)]) => {
                edit_written(source, span, old, new)
            }
            (found, _) => found,
        };
        all.extend(found.map_err(not_edited)?);
    }
    // Each document was checked by itself; together they must fit into one text.
    apply(&source.text, &all)
        .map(|_| all)
        .ok_or_else(|| not_edited(NotEdited::Form))
}

/// The same in a `daemon.json`; one without anything in it gets its settings.
pub(super) fn daemon_edits(
    source: &Source,
    changes: &[(&Change, Range<usize>)],
) -> Result<Vec<Edit>, NotFixed> {
    if let ([(Change::EngineIsolation { isolation, .. }, _)], true) =
        (changes, source.text.trim().is_empty())
    {
        let whole = 0..source.text.len();
        return Ok(vec![Edit {
            range: whole,
            text: daemon::of_isolation(*isolation),
        }]);
    }
    edits(source, changes)
}

/// The document that a change is about, and its place there.
fn locate(trees: &[Tree<'_>], change: &Change, span: &Range<usize>) -> Option<(usize, Place)> {
    if let Change::EngineIsolation { .. } = change {
        let root = Place {
            path: Vec::new(),
            is_key: false,
        };
        return (!trees.is_empty()).then_some((0, root));
    }
    trees
        .iter()
        .enumerate()
        .find_map(|(at, tree)| Some((at, find(tree, span)?)))
}

fn carry_out(root: &mut Value, place: &Place, change: &Change) -> Option<()> {
    match change {
        Change::Text { old, new, .. } => text(root, place, old, new),
        Change::Quote { .. } => {
            let Value::Scalar { string, .. } = at(root, &place.path)? else {
                return None;
            };
            *string = true;
            Some(())
        }
        Change::Demand { key, values, .. } => demand(root, place, key, values),
        Change::Remove { .. } => remove(root, place),
        Change::Toleration { taint, .. } => {
            let toleration = at(root, &place.path)?;
            let seconds = toleration.get("tolerationSeconds").cloned();
            *toleration = pod::toleration(taint);
            if let Some(seconds) = seconds {
                toleration.set("tolerationSeconds", seconds);
            }
            Some(())
        }
        Change::Pod { change, .. } => {
            let path = if place.is_key {
                place.above()
            } else {
                &place.path
            };
            pod::change(at(root, path)?, change)
        }
        Change::Service { change, .. } => service(at(root, &place.path)?, change),
        Change::ApiVersion {
            to, match_labels, ..
        } => {
            let object = at(root, place.above())?;
            object.set("apiVersion", Value::text(to));
            // What the old version knew, and API servers of today refuse.
            if let Some(mut spec) = object.get("spec").cloned() {
                for gone in ["rollbackTo", "templateGeneration"] {
                    spec.remove(gone);
                }
                object.set("spec", spec);
            }
            if !match_labels.is_empty() {
                selector(object, match_labels)?;
            }
            Some(())
        }
        Change::EngineIsolation { isolation, .. } => engine_isolation(root, *isolation),
    }
}

/// Another text; of one with variables the default that decides.
fn text(root: &mut Value, place: &Place, old: &str, new: &str) -> Option<()> {
    if place.is_key {
        return rename(at(root, place.above())?, old, new);
    }
    let Value::Scalar { text, string, .. } = at(root, &place.path)? else {
        return None;
    };
    *text = if text == old {
        new.to_owned()
    } else {
        let defaults = with_defaults(text)?;
        pieces(old, new)
            .into_iter()
            .filter(|(piece, _)| text.matches(piece.as_str()).count() == 1)
            .map(|(piece, with)| text.replacen(&piece, &with, 1))
            .find(|edited| defaults == old && with_defaults(edited).as_deref() == Some(new))?
    };
    *string = true;
    Some(())
}

/// What a text of a Compose file says where its variables have no other values than their defaults.
/// None: one has no default, or is written in another way.
fn with_defaults(text: &str) -> Option<String> {
    let mut result = String::new();
    let mut rest = text;
    while let Some(dollar) = rest.find('$') {
        result.push_str(&rest[..dollar]);
        let inside = rest[dollar + 1..].strip_prefix('{')?;
        let (variable, behind) = inside.split_once('}')?;
        let (_, default) = variable
            .split_once(":-")
            .or_else(|| variable.split_once('-'))?;
        if default.contains('$') {
            return None;
        }
        result.push_str(default);
        rest = behind;
    }
    result.push_str(rest);
    Some(result)
}

fn rename(mapping: &mut Value, old: &str, new: &str) -> Option<()> {
    if mapping.get(new).is_some() {
        mapping.remove(old);
        return Some(());
    }
    let Value::Mapping(entries) = mapping else {
        return None;
    };
    let (key, _) = entries
        .iter_mut()
        .find(|(key, _)| key.as_str() == Some(old))?;
    *key = Value::text(new);
    Some(())
}

/// A demand in a nodeSelector, by its key, or in an expression, by the value of its `key`.
fn demand(root: &mut Value, place: &Place, key: &str, values: &[String]) -> Option<()> {
    if place.is_key {
        let old = place.key()?;
        let selector = at(root, place.above())?;
        selector.get(old)?;
        if old != key {
            rename(selector, old, key)?;
        }
        if let Some(value) = values.first() {
            selector.set(key, Value::text(value));
        }
        return Some(());
    }
    if place.key() != Some("key") {
        return None;
    }
    let expression = at(root, place.above())?;
    expression.set("key", Value::text(key));
    if !values.is_empty() {
        let mut written: Vec<Value> = Vec::new();
        for value in values.iter().map(Value::text) {
            if !written.contains(&value) {
                written.push(value);
            }
        }
        expression.set("values", Value::Sequence(written));
    }
    Some(())
}

/// An entry or an element goes, and what holds nothing but it.
fn remove(root: &mut Value, place: &Place) -> Option<()> {
    let mut path = place.path.as_slice();
    loop {
        let (last, above) = path.split_last()?;
        let holder = at(root, above)?;
        match (holder, last) {
            (Value::Sequence(elements), Step::Element(at)) if *at < elements.len() => {
                elements.remove(*at);
            }
            (holder @ Value::Mapping(_), Step::Key(key)) => {
                holder.get(key)?;
                holder.remove(key);
            }
            _ => return None,
        }
        // What is left empty says nothing more.
        if above.is_empty() || !at(root, above)?.is_empty() {
            return Some(());
        }
        path = above;
    }
}

fn service(service: &mut Value, change: &ServiceChange) -> Option<()> {
    if let Some(isolation) = change.isolation {
        behind(service, "image", "isolation", Value::text(isolation.name()))?;
    }
    if change.constraints.is_empty() {
        return Some(());
    }
    let empty = || Value::Mapping(Vec::new());
    let mut deploy = service.get("deploy").cloned().unwrap_or_else(empty);
    let mut placement = deploy.get("placement").cloned().unwrap_or_else(empty);
    let mut constraints = match placement.get("constraints") {
        None => Vec::new(),
        Some(value) if value.is_null() => Vec::new(),
        Some(Value::Sequence(constraints)) => constraints.clone(),
        Some(_) => return None,
    };
    for constraint in change.constraints.iter().map(Value::text) {
        if !constraints.contains(&constraint) {
            constraints.push(constraint);
        }
    }
    placement.set("constraints", Value::Sequence(constraints));
    deploy.set("placement", placement);
    service.set("deploy", deploy);
    service.get("deploy")?.get("placement").map(|_| ())
}

/// Gives a key a value; a new key stands behind another one.
fn behind(mapping: &mut Value, other: &str, key: &str, value: Value) -> Option<()> {
    if mapping.get(key).is_none()
        && let Value::Mapping(entries) = mapping
        && let Some(at) = entries
            .iter()
            .position(|(known, _)| known.as_str() == Some(other))
    {
        entries.insert(at + 1, (Value::text(key), value));
        return Some(());
    }
    mapping.set(key, value);
    mapping.get(key).map(|_| ())
}

/// `spec.selector`, which apps/v1 demands, before the template that it selects.
fn selector(object: &mut Value, labels: &[(String, String)]) -> Option<()> {
    let mut spec = object.get("spec")?.clone();
    if spec.get("selector").is_some_and(|known| !known.is_empty()) {
        return Some(());
    }
    let labels = labels
        .iter()
        .map(|(key, value)| (key.as_str(), Value::text(value)));
    let selector = Value::mapping([("matchLabels", Value::mapping(labels))]);
    spec.remove("selector");
    let Value::Mapping(entries) = &mut spec else {
        return None;
    };
    let template = entries
        .iter()
        .position(|(key, _)| key.as_str() == Some("template"))?;
    entries.insert(template, (Value::text("selector"), selector));
    object.set("spec", spec);
    Some(())
}

/// `"exec-opts": ["isolation=…"]`, in the place of an isolation that stands there.
fn engine_isolation(root: &mut Value, isolation: Isolation) -> Option<()> {
    const KEY: &str = "exec-opts";
    if !matches!(root, Value::Mapping(_)) {
        return None;
    }
    let mut options = match root.get(KEY) {
        None => Vec::new(),
        Some(value) if value.is_null() => Vec::new(),
        Some(Value::Sequence(options)) => options.clone(),
        Some(_) => return None,
    };
    let wanted = Value::text(format!("isolation={}", isolation.name()));
    let is_isolation = |option: &Value| {
        let name = option.as_str().and_then(|text| text.split('=').next());
        name.is_some_and(|name| name.trim().eq_ignore_ascii_case("isolation"))
    };
    match options.iter().rposition(is_isolation) {
        // Of several the engine takes the last.
        Some(last) => options[last] = wanted,
        None => options.push(wanted),
    }
    root.set(KEY, Value::Sequence(options));
    Some(())
}
