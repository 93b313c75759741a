//! RuntimeClasses as manifests, ready for `kubectl apply -f -`.

use std::fmt::Write as _;

use super::{Classes, Wanted};
use crate::model::{RuntimeClass, Toleration};

/// Lines of comments are no longer.
const WIDTH: usize = 78;

/// All of them: one document a class, with what is to be known of each above it. What the cluster has
/// already is named and not repeated.
pub fn manifests(classes: &Classes) -> String {
    let mut text = String::new();
    for wanted in &classes.wanted {
        if wanted.class.is_ok() {
            text.push_str("---\n");
        }
        text.push_str(&comments(wanted));
        if let Ok(class) = &wanted.class {
            text.push_str(&manifest(class));
        }
    }
    text
}

fn comments(wanted: &Wanted) -> String {
    let mut text = comment(&wanted.what);
    if let Err(known) = &wanted.class {
        text.push_str(&comment(&format!(
            "The cluster's RuntimeClass {known} says the same."
        )));
    }
    for note in &wanted.notes {
        text.push_str(&comment(&format!("Note: {note}.")));
    }
    text
}

/// A sentence as lines of comments. Nothing in it ends a comment before its time.
fn comment(sentence: &str) -> String {
    let mut text = String::new();
    let mut line = String::from("#");
    let clean: String = sentence
        .chars()
        .map(|symbol| {
            if is_harmful(symbol) {
                '\u{fffd}'
            } else {
                symbol
            }
        })
        .collect();
    for word in clean.split(' ') {
        if line.len() > 1 && line.chars().count() + 1 + word.chars().count() > WIDTH {
            let _ = writeln!(text, "{line}");
            line = String::from("#");
        }
        let _ = write!(line, " {word}");
    }
    let _ = writeln!(text, "{line}");
    text
}

/// What ends a line for YAML, and what a terminal takes as a command.
fn is_harmful(symbol: char) -> bool {
    symbol.is_control() || matches!(symbol, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
}

fn manifest(class: &RuntimeClass) -> String {
    let mut text = format!(
        "apiVersion: node.k8s.io/v1\nkind: RuntimeClass\nmetadata:\n  name: {}\nhandler: {}\nscheduling:\n  nodeSelector:\n",
        scalar(&class.metadata.name),
        scalar(&class.handler)
    );
    for (key, value) in &class.scheduling.node_selector {
        let _ = writeln!(text, "    {}: {}", scalar(key), scalar(value));
    }
    if !class.scheduling.tolerations.is_empty() {
        text.push_str("  tolerations:\n");
    }
    for toleration in &class.scheduling.tolerations {
        text.push_str(&of_toleration(toleration));
    }
    text
}

fn of_toleration(toleration: &Toleration) -> String {
    let fields = [
        ("key", &toleration.key),
        ("operator", &toleration.operator),
        ("value", &toleration.value),
        ("effect", &toleration.effect),
    ];
    let mut text = String::new();
    for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()) {
        let sign = if text.is_empty() { "-" } else { " " };
        let _ = writeln!(text, "  {sign} {name}: {}", scalar(value));
    }
    text
}

/// A text as YAML reads it back: plain where every reader takes it for a text, else in quotes.
fn scalar(text: &str) -> String {
    const READ_OTHERWISE: [&str; 11] = [
        "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf",
    ];
    let lower = text.to_ascii_lowercase();
    let plain = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .chars()
            .all(|symbol| symbol.is_ascii_alphanumeric() || "._-/".contains(symbol))
        && !READ_OTHERWISE.contains(&&*lower);
    if plain {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for symbol in text.chars() {
        match symbol {
            ' '..='~' if symbol != '"' && symbol != '\\' => quoted.push(symbol),
            other => {
                let _ = write!(quoted, "\\U{:08x}", u32::from(other));
            }
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stay_texts() {
        for (text, written) in [
            ("windows", "windows"),
            ("kubernetes.io/os", "kubernetes.io/os"),
            ("10.0.20348", r#""10.0.20348""#),
            ("True", r#""True""#),
            ("17763", r#""17763""#),
            ("", r#""""#),
            ("a: b", r#""a: b""#),
            ("a\"b\n", r#""a\U00000022b\U0000000a""#),
        ] {
            assert_eq!(scalar(text), written);
        }
    }

    #[test]
    fn nothing_ends_a_comment() {
        let hostile = "win-a\nkind: Pod\u{2028}x: \u{1b}[2J";
        let text = comment(hostile);
        assert!(text.lines().all(|line| line.starts_with('#')), "{text}");
        assert!(!text.contains(['\u{1b}', '\u{2028}']), "{text}");
    }
}
