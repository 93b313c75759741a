//! What differs between two values, as patches say it: only the fields that change.

use serde_json::{Map, Value, json};

/// The operations of a JSON patch (RFC 6902) that make one value of the other. `at` is the pointer to both.
pub fn between(old: &Value, new: &Value, at: &str) -> Vec<Value> {
    let mut operations = Vec::new();
    differ(old, new, at, &mut operations);
    operations
}

/// The operations that undo those of [`between`].
pub fn undone(old: &Value, new: &Value, at: &str) -> Vec<Value> {
    between(new, old, at)
}

fn differ(old: &Value, new: &Value, at: &str, operations: &mut Vec<Value>) {
    match (old, new) {
        _ if old == new => {}
        (Value::Object(old), Value::Object(new)) => {
            for (key, value) in old {
                let at = below(at, key);
                match new.get(key) {
                    Some(new) => differ(value, new, &at, operations),
                    None => operations.push(json!({"op": "remove", "path": at})),
                }
            }
            for (key, value) in new.iter().filter(|(key, _)| !old.contains_key(*key)) {
                let at = below(at, key);
                operations.push(json!({"op": "add", "path": at, "value": value}));
            }
        }
        (Value::Array(old), Value::Array(new)) if new.len() >= old.len() && !old.is_empty() => {
            // Lists are changed in place, and grow at their end.
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                differ(old, new, &format!("{at}/{index}"), operations);
            }
            for value in &new[old.len()..] {
                operations.push(json!({"op": "add", "path": format!("{at}/-"), "value": value}));
            }
        }
        (_, new) => operations.push(json!({"op": "replace", "path": at, "value": new})),
    }
}

/// A pointer to an entry: RFC 6901 escapes two symbols.
fn below(at: &str, key: &str) -> String {
    format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// What a merge patch says to make one value of the other: lists whole, `null` for what goes. kustomize
/// takes the same as a strategic merge patch, since no list that places pods is merged by a key.
pub fn merge(old: &Value, new: &Value) -> Value {
    let (Value::Object(old), Value::Object(new)) = (old, new) else {
        return new.clone();
    };
    let mut found = Map::new();
    for key in old.keys().filter(|key| !new.contains_key(*key)) {
        found.insert(key.clone(), Value::Null);
    }
    for (key, value) in new {
        match old.get(key) {
            Some(old) if old == value => {}
            Some(old) => {
                found.insert(key.clone(), merge(old, value));
            }
            None => {
                found.insert(key.clone(), value.clone());
            }
        }
    }
    Value::Object(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_map_is_made_and_a_known_one_gets_an_entry() {
        let new = json!({"nodeSelector": {"kubernetes.io/os": "windows"}});
        assert_eq!(
            between(&json!({}), &new, "/spec"),
            [
                json!({"op": "add", "path": "/spec/nodeSelector", "value": {"kubernetes.io/os": "windows"}})
            ]
        );
        let old = json!({"nodeSelector": {"a~b": "c"}});
        let new = json!({"nodeSelector": {"kubernetes.io/os": "windows"}});
        assert_eq!(
            between(&old, &new, "/spec"),
            [
                json!({"op": "remove", "path": "/spec/nodeSelector/a~0b"}),
                json!({"op": "add", "path": "/spec/nodeSelector/kubernetes.io~1os", "value": "windows"}),
            ]
        );
    }

    #[test]
    fn lists_grow_at_their_end_and_change_in_place() {
        let old = json!({"terms": [{"demands": [1]}, {"demands": []}]});
        let new = json!({"terms": [{"demands": [1, 2]}, {"demands": [2]}]});
        assert_eq!(
            between(&old, &new, ""),
            [
                json!({"op": "add", "path": "/terms/0/demands/-", "value": 2}),
                json!({"op": "replace", "path": "/terms/1/demands", "value": [2]}),
            ]
        );
        assert_eq!(
            undone(&old, &new, ""),
            [
                json!({"op": "replace", "path": "/terms/0/demands", "value": [1]}),
                json!({"op": "replace", "path": "/terms/1/demands", "value": []}),
            ]
        );
    }

    #[test]
    fn a_merge_patch_says_null_for_what_goes() {
        let old = json!({"nodeSelector": {"a": "b", "c": "d"}, "kept": 1});
        let new = json!({"nodeSelector": {"c": "e"}, "kept": 1});
        assert_eq!(
            merge(&old, &new),
            json!({"nodeSelector": {"a": null, "c": "e"}})
        );
    }
}
