//! Writing scalars so that every reader of YAML takes them for text.

use std::fmt::Write as _;

use super::value::Value;

/// How a scalar stands in its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quotes {
    /// None.
    Plain,
    /// Single ones.
    Single,
    /// Double ones.
    Double,
}

impl Quotes {
    /// Those of a scalar as written.
    pub(crate) fn of(written: &str) -> Self {
        match written.as_bytes().first() {
            Some(b'\'') => Self::Single,
            Some(b'"') => Self::Double,
            _ => Self::Plain,
        }
    }
}

/// A scalar, in these quotes where it can stand in them.
pub(crate) fn write(value: &Value, quotes: Quotes) -> String {
    let Value::Scalar { text, string, .. } = value else {
        return String::new();
    };
    if !string {
        return text.clone();
    }
    let harmless = !text.chars().any(char::is_control);
    match quotes {
        Quotes::Plain if is_plain(text) => text.clone(),
        Quotes::Single if harmless => format!("'{}'", text.replace('\'', "''")),
        _ => double(text),
    }
}

fn double(text: &str) -> String {
    let mut written = String::with_capacity(text.len() + 2);
    written.push('"');
    for symbol in text.chars() {
        match symbol {
            '"' => written.push_str("\\\""),
            '\\' => written.push_str("\\\\"),
            '\n' => written.push_str("\\n"),
            '\r' => written.push_str("\\r"),
            '\t' => written.push_str("\\t"),
            symbol if u32::from(symbol) < 0x20 || u32::from(symbol) == 0x7f => {
                let _ = write!(written, "\\u{:04x}", u32::from(symbol));
            }
            symbol => written.push(symbol),
        }
    }
    written.push('"');
    written
}

/// Whether a text can stand without quotes, in flow style too, and is text to YAML 1.1 as well.
///
/// What starts with a digit is quoted, as people quote versions: readers differ on what is a number, a
/// date or a base 60 number.
fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 10] = [
        "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan",
    ];
    let starts = text
        .chars()
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_' || first == '/');
    let word = |symbol: char| symbol.is_ascii_alphanumeric() || "_./:@+=!$-".contains(symbol);
    let spaced = text
        .split(' ')
        .all(|part| !part.is_empty() && part.chars().all(word) && !part.ends_with(':'));
    starts && spaced && !WORDS.contains(&text.to_ascii_lowercase().as_str())
}

/// Whether a text with variables, as Compose has them, can stand without quotes in block style as the one
/// before it does.
pub(crate) fn varies(written: &str, new: &str) -> bool {
    let word = |symbol: char| symbol.is_ascii_alphanumeric() || "_./:@+$-{}".contains(symbol);
    let plain = |text: &str| {
        let starts = text
            .chars()
            .next()
            .is_some_and(|first| first.is_ascii_alphabetic() || first == '$');
        starts && text.contains("${") && text.chars().all(word) && !text.ends_with(':')
    };
    plain(written) && plain(new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_written_so_that_all_readers_take_them_for_texts() {
        for (text, plain) in [
            ("windows", "windows"),
            ("kubernetes.io/os", "kubernetes.io/os"),
            (
                "mcr.microsoft.com/windows/nanoserver:1809",
                "mcr.microsoft.com/windows/nanoserver:1809",
            ),
            (
                "node.labels.OsVersion == 10.0.14393",
                "node.labels.OsVersion == 10.0.14393",
            ),
            ("10.0.17763", "\"10.0.17763\""),
            ("1809", "\"1809\""),
            ("yes", "\"yes\""),
            ("Off", "\"Off\""),
            ("", "\"\""),
            ("a: b", "\"a: b\""),
            ("a:", "\"a:\""),
            ("a #b", "\"a #b\""),
            ("*", "\"*\""),
            ("- a", "\"- a\""),
            ("a, b", "\"a, b\""),
            ("{a", "\"{a\""),
            ("say \"so\"\\", "\"say \\\"so\\\"\\\\\""),
            ("a\nb\u{7}", "\"a\\nb\\u0007\""),
        ] {
            assert_eq!(write(&Value::text(text), Quotes::Plain), plain);
        }
    }

    #[test]
    fn quotes_stay_where_the_text_can_stand_in_them() {
        let text = |text: &str| Value::text(text);
        assert_eq!(write(&text("it's"), Quotes::Single), "'it''s'");
        assert_eq!(write(&text("a\tb"), Quotes::Single), "\"a\\tb\"");
        assert_eq!(write(&text("windows"), Quotes::Double), "\"windows\"");
        assert_eq!(write(&Value::bool(true), Quotes::Double), "true");
    }
}
