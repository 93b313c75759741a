//! The table of events beneath a description, in its two forms.

use serde_json::{Value, json};

/// A row as an event; none: it is a heading, or no row.
pub(super) fn row(line: &str) -> Option<Value> {
    let first = line.split_whitespace().next()?;
    if matches!(first, "Normal" | "Warning") {
        of_today(line)
    } else {
        of_old(line)
    }
}

/// `Warning  Failed  3m (x12 over 49m)  kubelet  Error: …`
fn of_today(line: &str) -> Option<Value> {
    let (kind, rest) = word(line)?;
    let (reason, rest) = word(rest)?;
    let (_age, mut rest) = word(rest)?;
    let mut count = 1;
    if let Some((times, behind)) = word(rest)
        && let Some(times) = times.strip_prefix("(x")
    {
        count = times.parse().unwrap_or(1);
        // `over 49m)`
        rest = behind
            .split_once(')')
            .map_or(behind, |(_, message)| message);
    }
    let (component, rest) = word(rest)?;
    event(kind, reason, component, count, "", rest)
}

/// `33m  2m  11  kubelet, win-a  spec.containers{web}  Warning  Failed  Error: …`
fn of_old(line: &str) -> Option<Value> {
    let (_first, rest) = word(line)?;
    let (_last, rest) = word(rest)?;
    let (count, rest) = word(rest)?;
    let count = count.parse().ok()?;
    let mut rest = rest;
    let (mut from, mut path) = (Vec::new(), "");
    loop {
        let (next, behind) = word(rest)?;
        rest = behind;
        match next {
            "Normal" | "Warning" => {
                let (reason, message) = word(rest)?;
                return event(next, reason, &from.join(" "), count, path, message);
            }
            place if place.starts_with("spec.") => path = place,
            other => from.push(other),
        }
    }
}

fn event(
    kind: &str,
    reason: &str,
    from: &str,
    count: u32,
    path: &str,
    message: &str,
) -> Option<Value> {
    let (component, host) = from.split_once(',').unwrap_or((from, ""));
    let message = message.trim();
    (!message.is_empty()).then(|| {
        json!({
            "kind": "Event", "type": kind, "reason": reason, "count": count, "message": message,
            "involvedObject": {"fieldPath": path},
            "source": {"component": component, "host": host.trim()},
        })
    })
}

/// The first word and what is behind it.
fn word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    if text.is_empty() {
        return None;
    }
    Some(text.split_once(char::is_whitespace).unwrap_or((text, "")))
}
