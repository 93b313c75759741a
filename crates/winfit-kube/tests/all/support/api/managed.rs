//! Which fields of an object belong to whom: `metadata.managedFields`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::{Map, Value, json};

/// When everything happens: what a test prints is then the same each time.
pub(super) const NOW: &str = "2026-01-02T03:04:05Z";

/// Who wrote fields, and how.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Manager {
    pub(super) name: String,
    /// By server-side apply; else by any other write.
    pub(super) applies: bool,
    pub(super) subresource: String,
    pub(super) api_version: String,
}

/// As conflicts name it.
impl fmt::Display for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.name)?;
        if !self.subresource.is_empty() {
            write!(f, " with subresource {:?}", self.subresource)?;
        }
        if !self.applies {
            write!(f, " using {} at {NOW}", self.api_version)?;
        }
        Ok(())
    }
}

/// A step to a field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// A field of an object.
    Field(String),
    /// The item of a list whose field has this value, as JSON.
    Item(&'static str, String),
}

pub(super) type Field = Vec<Step>;

/// As conflicts name it.
pub(super) fn shown(field: &[Step]) -> String {
    let step = |step: &Step| match step {
        Step::Field(name) => format!(".{name}"),
        Step::Item(key, value) => format!("[{key}={value}]"),
    };
    field.iter().map(step).collect()
}

/// Lists whose items are known by a field of theirs; all others are one value.
pub(super) fn item_key(list: &str) -> Option<&'static str> {
    Some(match list {
        "containers"
        | "initContainers"
        | "ephemeralContainers"
        | "env"
        | "volumes"
        | "imagePullSecrets" => "name",
        "volumeMounts" => "mountPath",
        "ports" => "containerPort",
        "conditions" | "addresses" => "type",
        "ownerReferences" => "uid",
        "topologySpreadConstraints" => "topologyKey",
        "hostAliases" => "ip",
        _ => return None,
    })
}

/// The key of the list's items, where all of them have it.
fn keyed(list: &str, items: &[Value]) -> Option<&'static str> {
    let key = item_key(list)?;
    (!items.is_empty() && items.iter().all(|item| item.get(key).is_some())).then_some(key)
}

/// Objects that belong to one manager as a whole.
const WHOLE: [&str; 3] = ["nodeSelector", "selector", "labelSelector"];

/// Fields of `metadata` that belong to the server.
const OF_SERVER: [&str; 8] = [
    "name",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "managedFields",
    "selfLink",
];

/// Each field that can belong to somebody, with its value.
pub(super) fn leaves(object: &Value, subresource: &str) -> BTreeMap<Field, Value> {
    let mut found = BTreeMap::new();
    let Some(fields) = object.as_object() else {
        return found;
    };
    for (name, value) in fields {
        match name.as_str() {
            "kind" | "apiVersion" => {}
            "metadata" => {
                for (own, value) in value.as_object().into_iter().flatten() {
                    if !OF_SERVER.contains(&own.as_str()) {
                        let at = vec![Step::Field(name.clone()), Step::Field(own.clone())];
                        walk(value, own, at, &mut found);
                    }
                }
            }
            "status" if subresource != "status" => {}
            _ => walk(value, name, vec![Step::Field(name.clone())], &mut found),
        }
    }
    found
}

fn walk(value: &Value, name: &str, at: Field, found: &mut BTreeMap<Field, Value>) {
    match value {
        Value::Null => {}
        Value::Object(fields) if !WHOLE.contains(&name) && !fields.is_empty() => {
            for (name, value) in fields {
                let mut at = at.clone();
                at.push(Step::Field(name.clone()));
                walk(value, name, at, found);
            }
        }
        Value::Array(items) => match keyed(name, items) {
            Some(key) => {
                for item in items {
                    let mut at = at.clone();
                    at.push(Step::Item(key, item[key].to_string()));
                    walk(item, "", at, found);
                }
            }
            None => {
                found.insert(at, value.clone());
            }
        },
        _ => {
            found.insert(at, value.clone());
        }
    }
}

/// Takes a field out of an object, and the maps that become empty by it.
pub(super) fn remove(object: &mut Value, field: &[Step]) {
    let Some((step, rest)) = field.split_first() else {
        return;
    };
    match step {
        Step::Field(name) => {
            let Some(fields) = object.as_object_mut() else {
                return;
            };
            if rest.is_empty() {
                fields.shift_remove(name);
                return;
            }
            let Some(inner) = fields.get_mut(name) else {
                return;
            };
            remove(inner, rest);
            let empty = inner.as_object().is_some_and(Map::is_empty)
                || inner.as_array().is_some_and(Vec::is_empty);
            if empty && name != "spec" && name != "metadata" {
                fields.shift_remove(name);
            }
        }
        Step::Item(key, _) => {
            let Some(items) = object.as_array_mut() else {
                return;
            };
            for item in items.iter_mut() {
                if Step::Item(key, item[*key].to_string()) == *step {
                    remove(item, rest);
                }
            }
            // An item of which only its key was kept went with its key.
            items.retain(|item| item.get(*key).is_some());
        }
    }
}

/// Who owns which fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Owners(pub(super) BTreeMap<Manager, BTreeSet<Field>>);

impl Owners {
    /// The managers of a field beside this one.
    pub(super) fn others(&self, field: &Field, but: &Manager) -> Vec<Manager> {
        let owning = |(manager, fields): &(&Manager, &BTreeSet<Field>)| {
            *manager != but && fields.contains(field)
        };
        let managers = self.0.iter().filter(owning);
        managers.map(|(manager, _)| manager.clone()).collect()
    }

    /// Takes a field from everybody.
    pub(super) fn take(&mut self, field: &Field) {
        for fields in self.0.values_mut() {
            fields.remove(field);
        }
    }

    pub(super) fn tidy(&mut self) {
        self.0.retain(|_, fields| !fields.is_empty());
    }

    /// `metadata.managedFields`.
    pub(super) fn show(&self, object: &mut Value) {
        let entries: Vec<Value> = self
            .0
            .iter()
            .map(|(manager, fields)| {
                let mut tree = json!({});
                for field in fields {
                    let mut at = &mut tree;
                    for step in field {
                        let key = match step {
                            Step::Field(name) => format!("f:{name}"),
                            Step::Item(key, value) => format!("k:{{{key:?}:{value}}}"),
                        };
                        at = &mut at[key];
                    }
                    *at = json!({});
                }
                let mut entry = json!({
                    "manager": manager.name,
                    "operation": if manager.applies { "Apply" } else { "Update" },
                    "apiVersion": manager.api_version, "time": NOW,
                    "fieldsType": "FieldsV1", "fieldsV1": tree,
                });
                if !manager.subresource.is_empty() {
                    entry["subresource"] = json!(manager.subresource);
                }
                entry
            })
            .collect();
        if let Some(meta) = object["metadata"].as_object_mut() {
            meta.shift_remove("managedFields");
            if !entries.is_empty() {
                meta.insert("managedFields".to_owned(), json!(entries));
            }
        }
    }
}

/// What an update changes belongs to who made it; what it takes out belongs to nobody.
pub(super) fn updated(owners: &mut Owners, before: &Value, now: &Value, manager: &Manager) {
    let before = leaves(before, &manager.subresource);
    let now = leaves(now, &manager.subresource);
    for field in before.keys().filter(|field| !now.contains_key(*field)) {
        owners.take(field);
    }
    for (field, value) in &now {
        if before.get(field) != Some(value) {
            owners.take(field);
            owners
                .0
                .entry(manager.clone())
                .or_default()
                .insert(field.clone());
        }
    }
    owners.tidy();
}
