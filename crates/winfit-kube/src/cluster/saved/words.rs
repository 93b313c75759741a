//! What is wrong with an object, in words.

use serde::Deserialize;
use serde_json::value::RawValue;

/// Longer names are not Kubernetes'.
const LONGEST: usize = 253;

/// A broken object's kind and name, as far as it tells them.
pub(super) fn name(text: &str, kind: Option<&str>) -> String {
    #[derive(Deserialize)]
    struct Head<'a> {
        #[serde(borrow)]
        kind: Option<&'a RawValue>,
        #[serde(borrow)]
        metadata: Option<&'a RawValue>,
    }
    #[derive(Deserialize)]
    struct Metadata<'a> {
        #[serde(borrow)]
        name: Option<&'a RawValue>,
        #[serde(borrow)]
        namespace: Option<&'a RawValue>,
    }
    let head: Option<Head<'_>> = serde_json::from_str(text).ok();
    let metadata: Option<Metadata<'_>> = head
        .as_ref()
        .and_then(|head| serde_json::from_str(head.metadata?.get()).ok());
    let (name, namespace) = metadata.map_or((None, None), |metadata| {
        (string(metadata.name), string(metadata.namespace))
    });
    let kind = head
        .and_then(|head| string(head.kind))
        .or_else(|| kind.map(str::to_owned));
    match (kind, namespace, name) {
        (Some(kind), Some(namespace), Some(name)) => format!("{kind} {namespace}/{name}"),
        (Some(kind), None, Some(name)) => format!("{kind} {name}"),
        (None, _, Some(name)) => format!("an object {name}"),
        (Some(kind), _, None) => format!("a {kind} whose name cannot be read"),
        (None, _, None) => "an object without kind and name".to_owned(),
    }
}

fn string(raw: Option<&RawValue>) -> Option<String> {
    let text: String = serde_json::from_str(raw?.get()).ok()?;
    (!text.is_empty() && text.len() <= LONGEST).then_some(text)
}

/// What is wrong with an object, with the field where it stands.
pub(super) fn reason(text: &str, error: &serde_json::Error) -> String {
    let sentence = sentence(error);
    match field(text, error) {
        Some(field) if error.is_data() => format!("{field}: {sentence}"),
        _ => sentence,
    }
}

/// The key before the place of an error.
fn field<'t>(text: &'t str, error: &serde_json::Error) -> Option<&'t str> {
    let start: usize = text
        .split_inclusive('\n')
        .take(error.line().checked_sub(1)?)
        .map(str::len)
        .sum();
    let end = text.floor_char_boundary(start + error.column());
    let before = text.get(..end)?;
    // The value's own text may have stood before the place.
    let colon = before.rfind("\":").or_else(|| before.rfind("\" :"))?;
    let key = &before[before[..colon].rfind('"')? + 1..colon];
    (key.len() <= LONGEST).then_some(key)
}

/// An error of the JSON reader without its place.
pub(super) fn sentence(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text
        .rfind(" at line ")
        .map_or(text.as_str(), |at| &text[..at]);
    if let Some((found, expected)) = text
        .strip_prefix("invalid type: ")
        .or_else(|| text.strip_prefix("invalid value: "))
        .and_then(|rest| rest.rsplit_once(", expected "))
    {
        return format!("{} stands where {} belongs", thing(found), wanted(expected));
    }
    if let Some(key) = text.strip_prefix("duplicate field ") {
        return format!("the key {} stands twice", key.trim_matches('`'));
    }
    match text {
        "recursion limit exceeded" => "it is nested too deep".to_owned(),
        _ if error.is_eof() => "the text ends in the middle of it".to_owned(),
        _ if error.is_syntax() => format!("it is no JSON ({text})"),
        _ => text.chars().take(LONGEST).collect(),
    }
}

fn thing(found: &str) -> String {
    let (kind, value) = found.split_once(' ').unwrap_or((found, ""));
    let value: String = value.trim_matches('`').chars().take(80).collect();
    match kind {
        "sequence" => "a list".to_owned(),
        "map" => "a map".to_owned(),
        "string" => format!("the text {value}"),
        "integer" | "boolean" => value,
        "floating" => value.trim_start_matches("point `").to_owned(),
        _ => found.chars().take(80).collect(),
    }
}

fn wanted(expected: &str) -> &str {
    match expected {
        "a string" | "a borrowed string" | "str" => "a text",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "u32" => "a number from 0 to 4294967295",
        "i64" => "a number",
        _ if expected.starts_with("struct ") => "a map",
        other => other,
    }
}
