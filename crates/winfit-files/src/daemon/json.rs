//! `daemon.json`, read as strictly as the engine does: Go's `encoding/json`, then the engine's own
//! check of the keys (moby, `daemon/config/config.go`).

use std::collections::HashMap;

use jsonc_parser::ast::{Object, ObjectProp, ObjectPropName, Value};
use jsonc_parser::common::{Range, Ranged};
use jsonc_parser::errors::{ParseError, ParseErrorKind};
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use winfit_core::finding::{Located, Origin};

use super::DaemonJson;
use crate::problem::Problem;
use crate::source::{Encoding, Source};

/// No engine's settings come near to this.
const LONGEST: usize = 1024 * 1024;

/// What an engine refuses to start with.
const REFUSED: &str = "daemon-json-refused";

/// Reads a `daemon.json` as strictly as the engine does. What it would refuse is a problem, and is
/// read all the same where it is clear what was meant.
pub fn read(source: &Source) -> (DaemonJson, Vec<Problem>) {
    let mut reader = Reader {
        source,
        behind: 0,
        daemon: DaemonJson::default(),
        problems: Vec::new(),
    };
    reader.encoding();
    reader.text();
    (reader.daemon, reader.problems)
}

struct Reader<'s> {
    source: &'s Source,
    /// How many bytes stand before the file's text in what is parsed.
    behind: usize,
    daemon: DaemonJson,
    problems: Vec<Problem>,
}

/// JSON without anything that JSON does not have.
fn strict() -> ParseOptions {
    ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    }
}

fn parse<'t>(text: &'t str, options: &ParseOptions) -> Result<Option<Value<'t>>, ParseError> {
    parse_to_ast(text, &CollectOptions::default(), options).map(|parsed| parsed.value)
}

fn in_words(value: &Value<'_>) -> &'static str {
    match value {
        Value::StringLit(_) => "a string",
        Value::NumberLit(_) => "a number",
        Value::BooleanLit(_) => "a truth value",
        Value::Object(_) => "an object",
        Value::Array(_) => "a list",
        Value::NullKeyword(_) => "null",
    }
}

impl Reader<'_> {
    fn place(&self, range: Range) -> Origin {
        self.source.origin(
            range.start.saturating_sub(self.behind),
            range.end.saturating_sub(self.behind),
        )
    }

    fn refused(&mut self, origin: Origin, message: impl Into<String>) {
        self.problems.push(Problem::error(REFUSED, origin, message));
    }

    /// Byte order marks are accepted since Docker 23.0 (moby#44777, moby#44790).
    fn encoding(&mut self) {
        let name = match self.source.encoding {
            Encoding::Utf8 => return,
            Encoding::Utf8Bom => "UTF-8 behind a byte order mark",
            Encoding::Utf16Le | Encoding::Utf16Be => "UTF-16",
        };
        self.problems.push(Problem::warning(
            "daemon-json-encoding",
            self.source.whole(),
            format!(
                "the file is {name}, which engines before Docker 23.0 refuse to start with; \
                 plain UTF-8 works with all of them"
            ),
        ));
    }

    fn text(&mut self) {
        let text = &self.source.text;
        if text.len() > LONGEST {
            let message = "the file is larger than 1 MiB, which no engine's settings are; \
                           it is not read";
            self.problems
                .push(Problem::error("broken-file", self.source.whole(), message));
            return;
        }
        if text.trim().is_empty() {
            let message = "the file is empty, which engines before Docker 23.0 refuse to start \
                           with; {} works with all of them";
            self.problems
                .push(Problem::info(REFUSED, self.source.whole(), message));
            return;
        }
        match parse(text, &strict()) {
            Ok(Some(value)) => {
                if let Some(problem) = self.second_opinion(text) {
                    self.problems.push(problem);
                }
                self.root(&value);
            }
            // Only white space, which was looked at above, has no value.
            Ok(None) => {}
            Err(error) => self.not_json(text, &error),
        }
    }

    /// What the parser with the places lets pass, and Go does not: control characters in strings.
    fn second_opinion(&self, text: &str) -> Option<Problem> {
        let error = serde_json::from_str::<serde::de::IgnoredAny>(text).err()?;
        // Go nests deeper than this reader does.
        if error.to_string().contains("recursion limit") {
            return None;
        }
        let line = self.source.line_text(error.line() as u32);
        let line_start = line.as_ptr() as usize - text.as_ptr() as usize;
        let mut at = (line_start + error.column().saturating_sub(1)).min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let length = text[at..].chars().next().map_or(0, char::len_utf8);
        Some(Problem::error(
            REFUSED,
            self.source.origin(at, at + length),
            "this is no JSON, and the engine does not start: a character that a string may hold \
             only behind a backslash, or a number that JSON does not have",
        ))
    }

    fn not_json(&mut self, text: &str, error: &ParseError) {
        // Half a surrogate pair in a string: Go takes it.
        if serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() {
            return;
        }
        // A line copied from a page without the braces around it.
        if text.trim_start().starts_with('"') {
            let wrapped = format!("{{{text}\n}}");
            if let Ok(Some(value @ Value::Object(_))) = parse(&wrapped, &ParseOptions::default()) {
                let start = text.len() - text.trim_start().len();
                let origin = self.source.origin(start, text.trim_end().len());
                self.problems.push(
                    Problem::error(
                        REFUSED,
                        origin,
                        "the braces around the settings are missing, and the engine does not \
                         start: the file is one object, { \"exec-opts\": [\"isolation=hyperv\"] }",
                    )
                    .label("belongs between { and }")
                    .instead(
                        "put the braces around them",
                        format!("{{\n    {}\n}}", text.trim()),
                    ),
                );
                self.behind = 1;
                self.root(&value);
                return;
            }
        }
        let (message, label) = refusal(error.kind());
        let mut range = error.range();
        if range.end <= range.start {
            let next = text.get(range.start..).and_then(|rest| rest.chars().next());
            range.end = range.start + next.map_or(0, char::len_utf8);
        }
        let origin = self.place(range);
        let problem = Problem::error(REFUSED, origin, message).label(label);
        self.problems.push(match error.kind() {
            ParseErrorKind::CommentsNotAllowed => problem.instead("delete the comment", ""),
            ParseErrorKind::TrailingCommasNotAllowed => problem.instead("delete the comma", ""),
            _ => problem,
        });
        // What was meant is often clear all the same.
        if let Ok(Some(value)) = parse(text, &ParseOptions::default()) {
            self.root(&value);
        }
    }

    fn root(&mut self, value: &Value<'_>) {
        let Value::Object(object) = value else {
            if !matches!(value, Value::NullKeyword(_)) {
                let message = format!(
                    "the file is {}, and the engine does not start: it expects an object, {{ … }}",
                    in_words(value)
                );
                let origin = self.place(value.range());
                self.refused(origin, message);
            }
            return;
        };
        self.duplicates(object, 0);
        for property in &object.properties {
            let key = property.name.as_str().to_owned();
            let origin = self.place(name_range(property));
            self.daemon.keys.push(Located::new(key, origin));
        }
        // Of keys that stand twice Go keeps the last.
        let last = |name: &str| {
            object
                .properties
                .iter()
                .rfind(|property| property.name.as_str() == name)
        };
        if let Some(property) = last("exec-opts") {
            self.exec_opts(&property.value);
        }
        if let Some(property) = last("features") {
            self.features(&property.value);
        }
    }

    fn exec_opts(&mut self, value: &Value<'_>) {
        match value {
            Value::Array(list) => {
                for element in &list.elements {
                    if let Value::StringLit(text) = element {
                        let origin = self.place(text.range);
                        let option = Located::new(text.value.to_string(), origin);
                        self.daemon.exec_opts.push(option);
                    } else {
                        let message = format!(
                            "an element of `exec-opts` is {}, and the engine does not start: it \
                             expects strings like \"isolation=hyperv\"",
                            in_words(element)
                        );
                        let origin = self.place(element.range());
                        self.refused(origin, message);
                    }
                }
            }
            Value::NullKeyword(_) => {}
            _ => {
                let message = format!(
                    "`exec-opts` is {}, and the engine does not start: it expects a list, \
                     [\"isolation=hyperv\"]",
                    in_words(value)
                );
                let origin = self.place(value.range());
                if let Value::StringLit(text) = value {
                    let option = Located::new(text.value.to_string(), origin.clone());
                    self.daemon.exec_opts.push(option);
                }
                self.refused(origin, message);
            }
        }
    }

    fn features(&mut self, value: &Value<'_>) {
        let Value::Object(object) = value else {
            if !matches!(value, Value::NullKeyword(_)) {
                let message = format!(
                    "`features` is {}, and the engine does not start: it expects an object",
                    in_words(value)
                );
                let origin = self.place(value.range());
                self.refused(origin, message);
            }
            return;
        };
        for property in &object.properties {
            if property.name.as_str() != "containerd-snapshotter" {
                continue;
            }
            match &property.value {
                Value::BooleanLit(literal) => self.daemon.containerd_store = Some(literal.value),
                Value::NullKeyword(_) => {}
                other => {
                    let message = format!(
                        "`containerd-snapshotter` is {}, and the engine does not start: it expects \
                         true or false, without quotes",
                        in_words(other)
                    );
                    let origin = self.place(other.range());
                    self.refused(origin, message);
                }
            }
        }
    }

    /// Keys that stand twice in one object. The parser's own limit bounds the depth.
    fn duplicates(&mut self, object: &Object<'_>, depth: usize) {
        let mut seen: HashMap<&str, Range> = HashMap::new();
        for property in &object.properties {
            let range = name_range(property);
            if let Some(first) = seen.insert(property.name.as_str(), range) {
                self.problems.push(
                    Problem::warning(
                        "duplicate-key",
                        self.place(range),
                        format!(
                            "the key {:?} stands twice in this object; the engine takes the last",
                            property.name.as_str()
                        ),
                    )
                    .label("again here")
                    .other(self.place(first), "first here"),
                );
            }
            if let Value::Object(inner) = &property.value
                && depth < 8
            {
                self.duplicates(inner, depth + 1);
            }
        }
    }
}

fn name_range(property: &ObjectProp<'_>) -> Range {
    match &property.name {
        ObjectPropName::String(name) => name.range,
        ObjectPropName::Word(name) => name.range,
    }
}

/// What stands there that JSON does not have, with the way out, and a few words about the place.
fn refusal(kind: &ParseErrorKind) -> (String, &'static str) {
    let (what, label) = match kind {
        ParseErrorKind::CommentsNotAllowed => (
            "JSON has no comments; say it in another file beside this one",
            "delete the comment",
        ),
        ParseErrorKind::TrailingCommasNotAllowed => (
            "JSON has no comma behind the last element",
            "delete the comma",
        ),
        ParseErrorKind::SingleQuotedStringsNotAllowed => (
            "JSON has double quotes only",
            "write it between double quotes",
        ),
        ParseErrorKind::ExpectedStringObjectProperty | ParseErrorKind::UnexpectedWord => (
            "JSON has keys and words between double quotes only",
            "write it between double quotes",
        ),
        ParseErrorKind::ExpectedComma => (
            "a comma is missing between two elements",
            "a comma belongs before this",
        ),
        ParseErrorKind::MultipleRootJsonValues => (
            "something stands behind the end of the object",
            "does not belong to it",
        ),
        ParseErrorKind::UnterminatedObject => ("a brace is never closed", "opened here"),
        ParseErrorKind::UnterminatedArray => ("a bracket is never closed", "opened here"),
        ParseErrorKind::String(_) => (
            "a string is never closed, or holds an escape that JSON does not have; a backslash \
             in a path is written twice",
            "this string",
        ),
        ParseErrorKind::NestingDepthExceeded => {
            ("it nests deeper than any engine's settings", "too deep")
        }
        _ => {
            let text = format!("{kind}");
            let mut symbols = text.chars();
            let lowered: String = symbols
                .next()
                .into_iter()
                .flat_map(char::to_lowercase)
                .chain(symbols)
                .collect();
            return (
                format!("this is no JSON, and the engine does not start: {lowered}"),
                "",
            );
        }
    };
    (
        format!("this is no JSON, and the engine does not start: {what}"),
        label,
    )
}
