//! An object of a cluster, which comes as JSON: changed as a manifest is, and written as one.

use serde_json::{Map, Number, Value as Json};
use winfit_core::change::PodChange;

use crate::edit::block::{Layout, mapping_lines};
use crate::edit::value::Value;
use crate::fix::pod;

/// A pod's spec after a change. None: it says something already that the change contradicts, or is of a
/// shape that no API server takes.
pub fn changed(spec: &Json, change: &PodChange) -> Option<Json> {
    let mut value = of_json(spec);
    pod::change(&mut value, change)?;
    Some(to_json(&value))
}

/// An object as block YAML, with a line end; of what is no object nothing comes.
pub fn yaml(object: &Json) -> String {
    match of_json(object) {
        Value::Mapping(entries) => {
            let mut text = mapping_lines(&entries, 0, &Layout::usual(), "\n");
            text.push('\n');
            text
        }
        _ => String::new(),
    }
}

fn of_json(json: &Json) -> Value {
    match json {
        Json::String(text) => Value::text(text),
        Json::Array(elements) => Value::Sequence(elements.iter().map(of_json).collect()),
        Json::Object(entries) => Value::mapping(
            entries
                .iter()
                .map(|(key, value)| (key.as_str(), of_json(value))),
        ),
        plain => Value::Scalar {
            text: plain.to_string(),
            string: false,
            tag: None,
        },
    }
}

fn to_json(value: &Value) -> Json {
    match value {
        Value::Scalar {
            text,
            string: false,
            ..
        } => match text.as_str() {
            "true" => Json::Bool(true),
            "false" => Json::Bool(false),
            number => number.parse::<Number>().map_or(Json::Null, Json::Number),
        },
        Value::Scalar { text, .. } => Json::String(text.clone()),
        Value::Sequence(elements) => Json::Array(elements.iter().map(to_json).collect()),
        Value::Mapping(entries) => {
            let entries = entries.iter().map(|(key, value)| {
                let key = key.as_str().unwrap_or_default();
                (key.to_owned(), to_json(value))
            });
            Json::Object(entries.collect::<Map<_, _>>())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_that_nothing_changes_stays_what_it_is() {
        let spec =
            json!({"a": null, "b": [1, 2.5, -3, true, "true", "1"], "c": {"d": {}, "e": []}});
        assert_eq!(changed(&spec, &PodChange::default()), Some(spec));
    }

    #[test]
    fn an_object_is_written_as_people_write_manifests() {
        let object = json!({
            "kind": "Pod",
            "spec": {
                "nodeSelector": {"kubernetes.io/os": "windows", "beta.kubernetes.io/osbuild": "14393.1715"},
                "tolerations": [{"key": "os", "value": "windows"}],
                "containers": [{"args": ["a", "b c"], "tty": true, "env": []}],
            },
        });
        assert_eq!(
            yaml(&object),
            "kind: Pod\nspec:\n  nodeSelector:\n    kubernetes.io/os: windows\n    \
             beta.kubernetes.io/osbuild: \"14393.1715\"\n  tolerations:\n    - key: os\n      \
             value: windows\n  containers:\n    - args:\n        - a\n        - b c\n      \
             tty: true\n      env: []\n"
        );
    }
}
