//! The small forms in descriptions: keys, labels, taints, tolerations, counts.

use serde_json::{Value, json};

/// `Kernel Version:  10.0.17763.3165`; none: the line has no key.
pub(super) fn key_value(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    let (key, value) = match line.split_once(": ") {
        Some(found) => found,
        None => match line.split_once(":\t") {
            Some(found) => found,
            None => (line.strip_suffix(':')?, ""),
        },
    };
    // Words of a sentence are no key.
    let sound = !key.is_empty() && key.len() <= 253 && !key.contains(['"', '{', '=', '(']);
    sound.then(|| (key.trim(), value.trim()))
}

/// `kubernetes.io/os=windows`.
pub(super) fn label(text: &str) -> Option<(&str, &str)> {
    let (key, value) = text.split_once('=')?;
    (!key.is_empty() && !key.contains(char::is_whitespace)).then(|| (key, value.trim()))
}

/// `os=windows:NoSchedule`, `node.kubernetes.io/unschedulable:NoSchedule`.
pub(super) fn taint(text: &str) -> Option<Value> {
    let (taint, effect) = text.rsplit_once(':')?;
    let (key, value) = taint.split_once('=').unwrap_or((taint, ""));
    Some(json!({"key": key, "value": value, "effect": effect}))
}

/// `os=windows:NoSchedule`, `node.kubernetes.io/not-ready:NoExecute op=Exists for 300s`, `op=Exists`.
pub(super) fn toleration(text: &str) -> Option<Value> {
    let mut words = text.split_whitespace().peekable();
    let taint = match words.peek()? {
        word if word.starts_with("op=") => "",
        _ => words.next()?,
    };
    let exists = words.any(|word| word == "op=Exists");
    let (taint, effect) = taint.rsplit_once(':').unwrap_or((taint, ""));
    let (key, value) = taint.split_once('=').unwrap_or((taint, ""));
    Some(json!({
        "key": key, "value": value, "effect": effect,
        "operator": if exists { "Exists" } else { "Equal" },
    }))
}

/// The number before a word, or the first where none is named: `3 desired | 2 available`.
pub(super) fn number_before(text: &str, word: &str) -> Option<u32> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let at = match word {
        "" => 0,
        word => words.iter().position(|one| *one == word)?.checked_sub(1)?,
    };
    words.get(at)?.parse().ok()
}
