//! The table of events, as it is today and as kubectl wrote it until 2017.

use super::values::number;
use crate::model::{Event, Source};

/// What a row tells; who it is about the object says.
pub(super) fn row(line: &str) -> Option<Event> {
    today(line).or_else(|| old(line))
}

/// `Type Reason Age From Message`.
fn today(line: &str) -> Option<Event> {
    let mut rest = line;
    let kind = word(&mut rest)?;
    if !is_type(kind) {
        return None;
    }
    let reason = word(&mut rest)?;
    let age = word(&mut rest)?;
    if !is_age(age) {
        return None;
    }
    let mut count = 1;
    if let Some(times) = rest.trim_start().strip_prefix("(x") {
        let (times, behind) = times.split_once(')')?;
        count = number(times)?;
        rest = behind;
    }
    // Nobody may have told it; then its column is blank.
    let columns = line.starts_with(' ') && line.trim().contains("  ");
    let is_told = !columns || {
        let teller = rest.trim_start().split("  ").next().unwrap_or_default();
        teller.len() < rest.trim().len() && teller.split(' ').count() <= 2
    };
    let source = if is_told {
        source(&mut rest)?
    } else {
        Source::default()
    };
    Some(event(kind, reason, rest, count, source))
}

/// `FirstSeen LastSeen Count From SubObjectPath Type Reason Message`.
fn old(line: &str) -> Option<Event> {
    let mut rest = line;
    let (first, last) = (word(&mut rest)?, word(&mut rest)?);
    if !is_age(first) || !is_age(last) {
        return None;
    }
    let count = number(word(&mut rest)?)?;
    let source = source(&mut rest)?;
    let mut kind = word(&mut rest)?;
    let mut path = "";
    if !is_type(kind) {
        path = kind;
        kind = word(&mut rest).filter(|kind| is_type(kind))?;
    }
    let reason = word(&mut rest)?;
    let mut event = event(kind, reason, rest, count, source);
    path.clone_into(&mut event.involved_object.field_path);
    Some(event)
}

fn event(kind: &str, reason: &str, message: &str, count: u32, source: Source) -> Event {
    Event {
        reason: reason.to_owned(),
        message: message.trim().to_owned(),
        kind: kind.to_owned(),
        count,
        source,
        ..Event::default()
    }
}

/// `default-scheduler`; `kubelet, win-a`.
fn source(rest: &mut &str) -> Option<Source> {
    let component = word(rest)?;
    let host = match component.strip_suffix(',') {
        Some(_) => word(rest)?,
        None => "",
    };
    Some(Source {
        component: component.trim_end_matches(',').to_owned(),
        host: host.to_owned(),
    })
}

/// Takes the next word.
fn word<'t>(rest: &mut &'t str) -> Option<&'t str> {
    let text = rest.trim_start();
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (word, behind) = text.split_at(end);
    *rest = behind;
    (!word.is_empty()).then_some(word)
}

fn is_type(word: &str) -> bool {
    matches!(word, "Normal" | "Warning")
}

/// `49m`, `3d4h`, `<unknown>`.
fn is_age(word: &str) -> bool {
    word == "<unknown>"
        || word == "<invalid>"
        || (word.starts_with(|first: char| first.is_ascii_digit())
            && word.ends_with(['s', 'm', 'h', 'd', 'y'])
            && word
                .chars()
                .all(|each| each.is_ascii_digit() || "smhdy".contains(each)))
}
