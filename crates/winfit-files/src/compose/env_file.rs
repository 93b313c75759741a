//! `.env`: the values of variables, by the syntax of Compose's reader (compose-go, `dotenv`).

use std::collections::HashMap;
use std::sync::Arc;

use super::interpolate::{self, Substituted};
use crate::problem::Problem;
use crate::source::Source;

/// What is known of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known<'e> {
    /// Its value.
    Value(&'e str),
    /// It is set, from a variable that has no value here.
    Unknown,
    /// No file sets it.
    Unset,
}

/// The variables of a project: those of its files alone. What the process has in its environment is
/// never asked, so that two people who check the same files get the same findings.
#[derive(Debug, Default)]
pub struct Env {
    /// None: set, but nobody here knows to what.
    own: HashMap<String, Option<String>>,
    /// The variables of the project that includes this one, which win.
    outer: Option<Arc<Env>>,
}

impl Env {
    /// No variables but those of the project that includes this one.
    pub fn inside(outer: Option<Arc<Env>>) -> Self {
        Self {
            own: HashMap::new(),
            outer,
        }
    }

    /// What is known of a variable.
    pub fn look_up(&self, name: &str) -> Known<'_> {
        let mut env = Some(self);
        let mut found = Known::Unset;
        // The outermost project that sets it wins.
        while let Some(at) = env {
            match at.own.get(name) {
                Some(Some(value)) => found = Known::Value(value),
                Some(None) => found = Known::Unknown,
                None => {}
            }
            env = at.outer.as_deref();
        }
        found
    }

    /// Adds the variables of a `.env` file, and says what is wrong with it.
    pub fn add(&mut self, source: &Source) -> Vec<Problem> {
        let mut reader = Reader {
            source,
            at: 0,
            problems: Vec::new(),
        };
        while reader.statement(self) {}
        reader.problems
    }

    fn set(&mut self, key: &str, value: Option<String>) {
        // Compose passes over keys that start with a digit.
        if !key.is_empty() && !key.starts_with(|first: char| first.is_ascii_digit()) {
            self.own.insert(key.to_owned(), value);
        }
    }
}

struct Reader<'s> {
    source: &'s Source,
    at: usize,
    problems: Vec<Problem>,
}

/// White space that ends no line, as Compose's reader counts it.
fn is_space(symbol: char) -> bool {
    matches!(
        symbol,
        '\t' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{85}' | '\u{a0}'
    )
}

impl<'s> Reader<'s> {
    fn rest(&self) -> &'s str {
        &self.source.text[self.at..]
    }

    fn skip(&mut self, matches: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches(matches).len();
    }

    fn skip_line(&mut self) {
        let rest = self.rest();
        self.at += memchr::memchr(b'\n', rest.as_bytes()).map_or(rest.len(), |end| end + 1);
    }

    fn broken(&mut self, start: usize, end: usize, message: &str) {
        let origin = self.source.origin(start, end);
        self.problems
            .push(Problem::error("broken-file", origin, message));
    }

    /// Reads one statement; false: there is none left.
    fn statement(&mut self, env: &mut Env) -> bool {
        self.skip(char::is_whitespace);
        let rest = self.rest();
        if rest.is_empty() {
            return false;
        }
        if rest.starts_with('#') {
            self.skip_line();
            return true;
        }
        if let Some(behind) = rest.strip_prefix("export")
            && behind.starts_with(char::is_whitespace)
        {
            self.at += "export".len();
            self.skip(is_space);
        }
        let start = self.at;
        let rest = self.rest();
        let mut ended = None;
        for (at, symbol) in rest.char_indices() {
            match symbol {
                '=' | ':' | '\n' => {
                    ended = Some((at, symbol));
                    break;
                }
                '_' | '.' | '-' | '[' | ']' => {}
                _ if is_space(symbol) || symbol.is_alphanumeric() => {}
                _ => {
                    self.broken(
                        start + at,
                        start + at + symbol.len_utf8(),
                        "a character that no variable's name may have, and Compose stops here",
                    );
                    self.skip_line();
                    return true;
                }
            }
        }
        let Some((length, end)) = ended else {
            // A name alone on the last line sets nothing.
            self.at = self.source.text.len();
            return false;
        };
        let key = rest[..length].trim_end();
        self.at += length + 1;
        if key.contains(' ') {
            self.broken(
                start,
                start + key.len(),
                "a variable's name with a space in it, and Compose stops here",
            );
            if end != '\n' {
                self.skip_line();
            }
            return true;
        }
        if end == '\n' {
            // A name without a value stands for what the environment has.
            return true;
        }
        self.skip(is_space);
        self.value(key, env);
        true
    }

    fn value(&mut self, key: &str, env: &mut Env) {
        let start = self.at;
        let rest = self.rest();
        let Some(quote) = rest
            .bytes()
            .next()
            .filter(|first| matches!(first, b'"' | b'\''))
        else {
            self.skip_line();
            let line = self.source.text[start..self.at].trim_end_matches('\n');
            let value = line.split_once(" #").map_or(line, |(value, _)| value);
            self.assign(key, value.trim_end(), start, env);
            return;
        };
        let Some((text, length)) = quoted(rest, quote) else {
            let line = memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
            self.broken(
                start,
                start + line,
                "a value whose quotes are never closed, and Compose stops here",
            );
            self.skip_line();
            return;
        };
        self.at += length;
        if quote == b'"' {
            self.assign(key, &escapes(&text), start, env);
        } else {
            env.set(key, Some(text));
        }
    }

    fn assign(&mut self, key: &str, template: &str, start: usize, env: &mut Env) {
        match interpolate::substitute(template, env) {
            Ok(Substituted { text, .. }) => env.set(key, text),
            Err(malformed) => {
                self.broken(
                    start,
                    self.at,
                    &format!("this {}, and Compose stops here", malformed.what),
                );
                env.set(key, None);
            }
        }
    }
}

/// The text between the quotes that `text` starts with, and how many bytes it takes with them. Of
/// backslashes only those before a quote are taken away.
fn quoted(text: &str, quote: u8) -> Option<(String, usize)> {
    let mut out = Vec::new();
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        if byte == quote && !escaped {
            return Some((String::from_utf8(out).ok()?, at + 1));
        }
        if byte == b'\\' && !escaped {
            escaped = true;
            continue;
        }
        if escaped && byte != quote {
            out.push(b'\\');
        }
        escaped = false;
        out.push(byte);
    }
    None
}

/// The escapes of double quotes, those of them that Compose knows.
fn escapes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut symbols = text.chars().peekable();
    while let Some(symbol) = symbols.next() {
        if symbol != '\\' {
            out.push(symbol);
            continue;
        }
        let Some(next) = symbols.peek().copied() else {
            out.push('\\');
            break;
        };
        let plain = match next {
            'a' => "\u{7}",
            'b' => "\u{8}",
            'f' => "\u{c}",
            'n' => "\n",
            'r' => "\r",
            't' => "\t",
            'v' => "\u{b}",
            '"' => "\"",
            '\\' => "\\",
            // A dollar sign that starts no variable.
            '$' => "$$",
            _ => {
                out.push('\\');
                continue;
            }
        };
        out.push_str(plain);
        symbols.next();
    }
    out
}
