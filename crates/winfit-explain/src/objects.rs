//! Pods and events as objects, JSON or YAML: what stands near a message, by its keys.
//!
//! `kubectl` sorts keys, so a container's `image` stands before its status message and its `name`
//! behind (`lastState`) or before (`state`), and an event's `involvedObject` before its message.
//! The text need not be one well-formed document.

use crate::diagnosis::SubjectKind;
use crate::facts::{Facts, Form, is_id, name_in, reference};

/// How far behind a message its container's name or its event's source is looked for.
const BEHIND: usize = 16 * 1024;

/// The values of a key, with their places.
fn values<'a>(text: &'a str, key: &'a str) -> impl DoubleEndedIterator<Item = (usize, &'a str)> {
    // `match_indices` of a `&str` goes only forward; keys are few.
    let found: Vec<(usize, &str)> = text
        .match_indices(key)
        .filter_map(|(at, _)| {
            let own =
                |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':');
            if text[..at].ends_with(own) {
                return None;
            }
            let rest = &text[at + key.len()..];
            let rest = rest.trim_start_matches(['\\', '"', '\'']).trim_start();
            let rest = rest.strip_prefix(':')?;
            let rest = rest.trim_start_matches([' ', '\t', '\\', '"', '\'']);
            Some((at, rest))
        })
        .collect();
    found.into_iter()
}

fn last_name(text: &str, key: &str) -> Option<(usize, String)> {
    let (at, value) = values(text, key).next_back()?;
    Some((at, name_in(value)?))
}

fn first_name(text: &str, key: &str) -> Option<(usize, String)> {
    let (at, value) = values(text, key).next()?;
    Some((at, name_in(value)?))
}

fn lossy(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// An event: `object` is where its `involvedObject` stands, `at` where its message does.
pub(crate) fn event(window: &[u8], object: usize, at: usize, facts: &mut Facts) {
    let head = lossy(&window[object..at]);
    let before = lossy(&window[object.saturating_sub(700)..object]);
    let behind = lossy(&window[at..window.len().min(at + BEHIND)]);
    let behind = behind.split("involvedObject").next().unwrap_or_default();
    if let Some((_, kind)) = first_name(&head, "kind")
        && kind != "Pod"
    {
        return;
    }
    if let Some((_, name)) = first_name(&head, "name") {
        facts.kind = Some(SubjectKind::Pod);
        // A name that the message gave is the container's.
        if facts.container.is_none() && facts.name.as_ref() != Some(&name) {
            facts.container = facts.name.take();
        }
        facts.name = Some(name);
    }
    if let Some((_, namespace)) = first_name(&head, "namespace") {
        facts.namespace = Some(namespace);
    }
    if let Some((_, path)) = values(&head, "fieldPath").next()
        && let Some((_, rest)) = path.split_once('{')
    {
        facts.container = name_in(rest);
    }
    if facts.sandbox {
        facts.container = None;
    }
    let count = last_name(&before, "count").or_else(|| first_name(behind, "count"));
    let count = count.and_then(|(_, count)| count.parse().ok());
    facts.form = Form::Event(count.unwrap_or(1));
    if let Some((_, host)) = first_name(behind, "host") {
        facts.node = Some(host);
    }
}

/// A pod's status: `statuses` is where its `containerStatuses` stands.
pub(crate) fn status(window: &[u8], statuses: usize, at: usize, facts: &mut Facts) {
    let head = lossy(&window[..statuses]);
    let mut from = 0;
    if let Some((place, namespace)) = last_name(&head, "namespace") {
        // In sorted keys the name stands right before the namespace.
        if let Some((name_at, name)) = last_name(&head[..place], "name") {
            facts.kind = Some(SubjectKind::Pod);
            if facts.container.is_none() {
                facts.container = facts.name.take();
            }
            facts.name = Some(name);
            from = name_at;
        }
        facts.namespace = Some(namespace);
    }
    let spec = &head[from..];
    if let Some((_, node)) = last_name(spec, "nodeName") {
        facts.node = Some(node);
    }
    if let Some((place, _)) = values(spec, "nodeSelector").next_back() {
        facts.node_selectors = selectors(&spec[place..]);
    }
    facts.form = Form::Status;
    let section = lossy(&window[statuses..at]);
    let behind = lossy(&window[at..window.len().min(at + BEHIND)]);
    // Within this container alone: its section begins with its id.
    let own = section.rfind("containerID").map_or(0, |_| {
        // The terminated state repeats the id; the image stands behind the first of the two.
        let last = values(&section, "lastState").next_back().map(|(at, _)| at);
        let upto = last.unwrap_or(section.len());
        section[..upto].rfind("containerID").unwrap_or(0)
    });
    let own = &section[own..];
    if let Some((_, image)) = values(own, "image").next() {
        facts.image = facts.image.take().or_else(|| reference(image));
    }
    if let Some((_, id)) = values(own, "containerID").next() {
        let id = id
            .split(['"', '\\', '\n', ' ', ','])
            .next()
            .unwrap_or_default();
        let id = id.rsplit('/').next().unwrap_or_default();
        if is_id(id) {
            facts.container_id = facts.container_id.take().or_else(|| Some(id.to_owned()));
        }
    }
    // In `state` the name has passed; in `lastState` it is still to come.
    let name = first_own_name(own).or_else(|| first_own_name(&behind));
    if name.is_some() {
        facts.container = name;
    }
}

fn first_own_name(text: &str) -> Option<String> {
    first_name(text, "name").map(|(_, name)| name)
}

/// `nodeSelector`, as a JSON object or as the deeper lines of YAML.
fn selectors(text: &str) -> Vec<(String, String)> {
    const MOST: usize = 64;
    let pair = |text: &str| {
        let quotes = |c: char| c.is_whitespace() || matches!(c, '"' | '\\' | '\'');
        // Keys hold no colon; values hold none either.
        let (key, value) = text.rsplit_once(':')?;
        let (key, value) = (key.trim_matches(quotes), value.trim_matches(quotes));
        let plain = |text: &str| !text.is_empty() && !text.contains(char::is_whitespace);
        (plain(key) && plain(value)).then(|| (key.to_owned(), value.to_owned()))
    };
    let rest = &text["nodeSelector".len()..];
    let json =
        rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '\\' | '"' | ':'));
    if let Some(inside) = json.strip_prefix('{') {
        let inside = inside.split('}').next().unwrap_or_default();
        return inside.split(',').filter_map(pair).take(MOST).collect();
    }
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut lines = rest.lines().skip(1).peekable();
    let depth = lines.peek().map_or(0, |line| indent(line));
    lines
        .take_while(|line| depth > 0 && indent(line) == depth)
        .map_while(pair)
        .take(MOST)
        .collect()
}
