//! The engine labels of a `daemon.json`, edited: the list changes, and no other byte.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::edit::value::Value;
use crate::edit::{apply, yaml};
use crate::source::Source;
use crate::yaml::read;

const KEY: &str = "labels";

/// Why a `daemon.json` is left as it is.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotLabelled {
    /// It is no JSON object.
    #[error("{path}: this is no JSON object, and the engine does not start with it; mend it first")]
    NoObject {
        /// The file.
        path: String,
    },
    /// Its `labels` are no list of texts.
    #[error(
        "{path}: \"labels\" is no list of texts as \"name=value\", and the engine does not start with it; mend it first"
    )]
    NoList {
        /// The file.
        path: String,
    },
    /// There is no small edit.
    #[error("{path}: {reason}; write the labels by hand")]
    Form {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
}

/// A `daemon.json` with these labels; none: it has them already. Labels for which `is_stale` go unless they
/// are among them, all others stay.
pub fn with_labels(
    source: &Source,
    labels: &BTreeMap<String, String>,
    is_stale: impl Fn(&str) -> bool,
) -> Result<Option<String>, NotLabelled> {
    let path = source.name.to_string();
    if source.text.trim().is_empty() {
        return Ok(Some(only(labels)));
    }
    let (trees, problems) = read(source);
    let root = match trees.as_slice() {
        [tree] if problems.is_empty() => Value::of_tree(tree),
        _ => None,
    };
    let Some(mut root) = root.filter(|root| matches!(root, Value::Mapping(_))) else {
        return Err(NotLabelled::NoObject { path });
    };
    let found = match root.get(KEY) {
        None => Vec::new(),
        Some(Value::Sequence(found)) => found.clone(),
        Some(value) if value.is_null() => Vec::new(),
        Some(_) => return Err(NotLabelled::NoList { path }),
    };
    let mut left = labels.clone();
    let mut wanted = Vec::new();
    for element in &found {
        let Some(text) = element.as_str() else {
            return Err(NotLabelled::NoList { path });
        };
        let name = text.split('=').next().unwrap_or(text);
        match left.remove(name) {
            Some(value) => wanted.push(Value::text(format!("{name}={value}"))),
            // A second one of that name would decide in place of the first.
            None if labels.contains_key(name) || is_stale(name) => {}
            None => wanted.push(element.clone()),
        }
    }
    wanted.extend(
        left.iter()
            .map(|(name, value)| Value::text(format!("{name}={value}"))),
    );
    if wanted == found {
        return Ok(None);
    }
    root.set(KEY, Value::Sequence(wanted));
    let form = |reason: String| NotLabelled::Form {
        path: path.clone(),
        reason,
    };
    let edits = yaml::edit(source, 0, &root).map_err(|error| form(error.to_string()))?;
    let text = apply(&source.text, &edits);
    text.map(Some)
        .ok_or_else(|| form("it is written in a form that winfit does not edit".to_owned()))
}

/// A `daemon.json` that says nothing else.
fn only(labels: &BTreeMap<String, String>) -> String {
    let labels: Vec<String> = labels
        .iter()
        .map(|(name, value)| format!("        \"{name}={value}\""))
        .collect();
    format!("{{\n    \"labels\": [\n{}\n    ]\n}}\n", labels.join(",\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labelled(text: &str) -> Result<Option<String>, NotLabelled> {
        let labels = BTreeMap::from([
            ("OS".to_owned(), "windows".to_owned()),
            ("winfit.build".to_owned(), "17763".to_owned()),
        ]);
        let source = Source::of_text("daemon.json", text);
        with_labels(&source, &labels, |name| name.starts_with("winfit."))
    }

    #[test]
    fn other_bytes_stay() {
        let text = "{\n  \"debug\":true,\n  \"labels\": [\"rack=7\", \"winfit.build=14393\", \"winfit.revision=1\"],\n  \"hosts\": [ \"npipe://\" ]\n}";
        let after = labelled(text).ok().flatten();
        assert_eq!(
            after.as_deref(),
            Some(
                "{\n  \"debug\":true,\n  \"labels\": [\"rack=7\", \"winfit.build=17763\", \"OS=windows\"],\n  \"hosts\": [ \"npipe://\" ]\n}"
            )
        );
        assert_eq!(labelled(&after.unwrap_or_default()), Ok(None));
    }

    #[test]
    fn a_file_without_labels_gets_them() {
        let only = "{\n    \"labels\": [\n        \"OS=windows\",\n        \"winfit.build=17763\"\n    ]\n}\n";
        assert_eq!(labelled("").ok().flatten().as_deref(), Some(only));
        let empty = labelled("{}\n").ok().flatten().unwrap_or_default();
        assert!(empty.contains("\"OS=windows\""), "{empty}");
        assert_eq!(labelled(&empty), Ok(None));
    }

    #[test]
    fn what_the_engine_refuses_is_left_alone() {
        assert!(matches!(labelled("[]"), Err(NotLabelled::NoObject { .. })));
        assert!(matches!(
            labelled("{\"labels\": 7}"),
            Err(NotLabelled::NoList { .. })
        ));
        assert!(matches!(
            labelled("{\"labels\": "),
            Err(NotLabelled::NoObject { .. })
        ));
    }
}
