//! Label and field selectors, as the server reads them.

use serde_json::Value;

/// One demand of a label selector.
#[derive(Debug, PartialEq, Eq)]
enum Demand {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Absent(String),
}

/// What a list asks for.
#[derive(Debug, Default)]
pub(super) struct Selector {
    labels: Vec<Demand>,
    /// Paths with values, and whether they are to be equal.
    fields: Vec<(String, String, bool)>,
}

/// The fields that a list can be asked by, of each kind; the two of `metadata` besides.
const FIELDS: [(&str, &[&str]); 3] = [
    (
        "Pod",
        &["spec.nodeName", "spec.restartPolicy", "status.phase"],
    ),
    (
        "Event",
        &[
            "involvedObject.kind",
            "involvedObject.name",
            "involvedObject.namespace",
            "involvedObject.uid",
            "reason",
            "type",
        ],
    ),
    ("Node", &["spec.unschedulable"]),
];

impl Selector {
    /// Reads both; the error is the server's.
    pub(super) fn parse(kind: &str, labels: &str, fields: &str) -> Result<Self, String> {
        let labels = split(labels)
            .into_iter()
            .map(|part| {
                demand(part.trim()).ok_or_else(|| format!("unable to parse requirement: {part:?}"))
            })
            .collect::<Result<_, _>>()?;
        let known = FIELDS.iter().find(|(name, _)| *name == kind);
        let known = known.map_or(&[][..], |(_, fields)| *fields);
        let mut wanted = Vec::new();
        for part in fields.split(',').filter(|part| !part.is_empty()) {
            let (field, value, equal) = if let Some((field, value)) = part.split_once("!=") {
                (field, value, false)
            } else if let Some((field, value)) = part.split_once('=') {
                (field, value.trim_start_matches('='), true)
            } else {
                return Err(format!(
                    "invalid selector: {part:?}; can't understand {part:?}"
                ));
            };
            if !["metadata.name", "metadata.namespace"].contains(&field) && !known.contains(&field)
            {
                return Err(format!("field label not supported: {field}"));
            }
            wanted.push((field.to_owned(), value.to_owned(), equal));
        }
        Ok(Self {
            labels,
            fields: wanted,
        })
    }

    /// Whether everything is asked for.
    pub(super) fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    pub(super) fn selects(&self, object: &Value) -> bool {
        let labels = &object["metadata"]["labels"];
        let value = |key: &str| labels.get(key).and_then(Value::as_str);
        self.labels.iter().all(|demand| match demand {
            Demand::In(key, values) => {
                value(key).is_some_and(|own| values.iter().any(|v| v == own))
            }
            Demand::NotIn(key, values) => {
                value(key).is_none_or(|own| values.iter().all(|v| v != own))
            }
            Demand::Exists(key) => value(key).is_some(),
            Demand::Absent(key) => value(key).is_none(),
        }) && self.fields.iter().all(|(field, wanted, equal)| {
            let mut at = object;
            for key in field.split('.') {
                at = &at[key];
            }
            let own = match at {
                Value::String(text) => text.clone(),
                Value::Bool(truth) => truth.to_string(),
                _ if field == "spec.unschedulable" => "false".to_owned(),
                _ => String::new(),
            };
            (own == *wanted) == *equal
        })
    }
}

/// The demands of a selector: commas within parentheses part values.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts.retain(|part| !part.trim().is_empty());
    parts
}

fn demand(part: &str) -> Option<Demand> {
    let key = |text: &str| {
        let text = text.trim();
        let sound = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
        (!text.is_empty() && text.chars().all(sound)).then(|| text.to_owned())
    };
    let set = |text: &str| {
        let inner = text.trim().strip_prefix('(')?.strip_suffix(')')?;
        let values = inner.split(',').map(|value| value.trim().to_owned());
        Some(values.collect::<Vec<_>>())
    };
    if let Some((name, values)) = part.split_once(" notin ") {
        return Some(Demand::NotIn(key(name)?, set(values)?));
    }
    if let Some((name, values)) = part.split_once(" in ") {
        return Some(Demand::In(key(name)?, set(values)?));
    }
    let one = |value: &str| vec![value.trim_start_matches('=').trim().to_owned()];
    if let Some((name, value)) = part.split_once("!=") {
        return Some(Demand::NotIn(key(name)?, one(value)));
    }
    if let Some((name, value)) = part.split_once('=') {
        return Some(Demand::In(key(name)?, one(value)));
    }
    if let Some(name) = part.strip_prefix('!') {
        return Some(Demand::Absent(key(name)?));
    }
    Some(Demand::Exists(key(part)?))
}
