//! The small things on one line: keys, labels, taints, tolerations, numbers.

use crate::model::{Taint, Toleration};

/// A line's key and value; the key is what stands before its first colon.
pub(super) fn key_value(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.trim().split_once(':')?;
    (value.is_empty() || value.starts_with([' ', '\t'])).then(|| (key, value.trim()))
}

/// A value that is one: kubectl writes words in brackets for what is not there.
pub(super) fn stated(value: &str) -> Option<&str> {
    let none = ["", "<none>", "<unset>", "<nil>", "<unknown>"];
    (!none.contains(&value)).then_some(value)
}

/// Labels: one a line, or several with blanks or commas between them.
pub(super) fn labels(text: &str) -> impl Iterator<Item = (String, String)> {
    text.split([' ', '\t', ','])
        .filter_map(|label| label.split_once('='))
        .filter(|(key, _)| !key.is_empty())
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
}

/// `os=windows:NoSchedule`, `node.kubernetes.io/unreachable:NoExecute`.
pub(super) fn taint(text: &str) -> Option<Taint> {
    let (taint, effect) = text.trim().rsplit_once(':')?;
    let effects = ["NoSchedule", "NoExecute", "PreferNoSchedule"];
    if !effects.contains(&effect) {
        return None;
    }
    let (key, value) = taint.split_once('=').unwrap_or((taint, ""));
    Some(Taint {
        key: key.to_owned(),
        value: value.to_owned(),
        effect: effect.to_owned(),
    })
}

/// `os=windows:NoSchedule`, `node.kubernetes.io/not-ready:NoExecute op=Exists for 300s`, `op=Exists`; of old
/// kubectls `key=:Exists:NoExecute for 300s`.
pub(super) fn toleration(text: &str) -> Option<Toleration> {
    let text = text.trim();
    let mut words = text.split_whitespace();
    let first = words.next()?;
    if first == "op=Exists" {
        return Some(Toleration {
            operator: "Exists".to_owned(),
            ..Toleration::default()
        });
    }
    let mut parts = first.split(':');
    let taint = parts.next()?;
    let (key, value) = taint.split_once('=').unwrap_or((taint, ""));
    let (mut effect, mut exists) = ("", text.contains(" op=Exists"));
    for part in parts {
        match part {
            "NoSchedule" | "NoExecute" | "PreferNoSchedule" => effect = part,
            "Exists" => exists = true,
            "Equal" => {}
            _ => return None,
        }
    }
    // Old kubectls do not print the operator. A taint without a value is tolerated by both.
    exists |= value.is_empty();
    Some(Toleration {
        key: key.to_owned(),
        operator: if exists { "Exists" } else { "Equal" }.to_owned(),
        value: value.to_owned(),
        effect: effect.to_owned(),
    })
}

/// The number that stands before a word: of `3 desired | 2 updated` that before `updated`.
pub(super) fn number_before(text: &str, word: &str) -> Option<u32> {
    let mut before = None;
    for each in text.split_whitespace() {
        if each == word {
            return before;
        }
        before = each.parse().ok();
    }
    None
}

/// The number that a value is.
pub(super) fn number(text: &str) -> Option<u32> {
    text.split_whitespace().next()?.parse().ok()
}
