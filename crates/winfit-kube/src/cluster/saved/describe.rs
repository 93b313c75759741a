//! What `kubectl describe` printed of nodes, pods and what owns pods: with its indentation, or without it, as
//! web pages and chats leave it.
//!
//! Lines are known by the keys that kubectl writes; what a section holds follows its key. Where there is
//! indentation a key counts only at its own depth, so that nobody's environment or message is taken for one.

mod containers;
mod events;
mod object;
mod values;

use self::object::Described;
use super::parts::is_described;
use super::taken::Taken;
use crate::model::Item;

/// Reads the objects of a text that begins with one.
pub(super) fn read(text: &str, taken: &mut Taken<'_>) {
    let mut rest = text;
    while !rest.is_empty() {
        let length = end(rest);
        let (one, behind) = rest.split_at(length);
        object(one, taken);
        rest = behind;
    }
}

/// Where the description ends that begins a text.
fn end(text: &str) -> usize {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if at > 0 && is_described(&text[at..]) {
            return at;
        }
        at += line.len();
    }
    at
}

fn object(text: &str, taken: &mut Taken<'_>) {
    let lines: Vec<&str> = text.lines().collect();
    let is_indented = lines.iter().any(|line| line.starts_with([' ', '\t']));
    let mut described = Described::new(is_indented);
    for (at, line) in lines.iter().enumerate() {
        let next = lines.get(at + 1).copied().unwrap_or_default();
        described.line(line, next);
    }
    let (object, events) = described.done();
    taken.item(object);
    for event in events {
        taken.item(Item::Event(event));
    }
}
