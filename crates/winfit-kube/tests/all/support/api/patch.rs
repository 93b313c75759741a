//! What the four kinds of patches make of an object.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::http::{Request, Response};
use super::kinds::Path;
use super::managed::{self, Field, Manager, Owners};
use super::status;
use super::store::Kept;

const JSON: &str = "application/json-patch+json";
const MERGE: &str = "application/merge-patch+json";
const STRATEGIC: &str = "application/strategic-merge-patch+json";
pub(super) const APPLY: &str = "application/apply-patch+yaml";

/// What a patch makes of an object, or why it does not apply.
pub(super) fn apply(
    path: &Path,
    kept: &Kept,
    request: &Request,
    manager: &Manager,
) -> Result<Kept, Response> {
    let Some(wanted) = request.json() else {
        return Err(status::bad_request("the body of the request is no JSON"));
    };
    let kind = request.header("content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default();
    if kind == APPLY {
        let force = request.query("force").as_deref() == Some("true");
        return server_side(path, kept, &wanted, manager, force);
    }
    let mut object = kept.object.clone();
    match kind {
        JSON => {
            let operations: json_patch::Patch = serde_json::from_value(wanted)
                .map_err(|error| status::bad_request(&error.to_string()))?;
            json_patch::patch(&mut object, &operations).map_err(|_| status::patch_refused())?;
        }
        MERGE => json_patch::merge(&mut object, &wanted),
        STRATEGIC => merge(&mut object, &wanted),
        _ => return Err(status::unknown_format(&[JSON, MERGE, STRATEGIC, APPLY])),
    }
    Ok(Kept {
        object,
        owners: kept.owners.clone(),
    })
}

/// A strategic merge: as a merge patch, but items of lists that have names meet by their names.
fn merge(object: &mut Value, wanted: &Value) {
    let Some(fields) = wanted.as_object() else {
        *object = wanted.clone();
        return;
    };
    if fields.get("$patch") == Some(&json!("replace")) {
        *object = wanted.clone();
        object
            .as_object_mut()
            .map(|fields| fields.shift_remove("$patch"));
        return;
    }
    if !object.is_object() {
        *object = json!({});
    }
    for (name, value) in fields {
        if name.starts_with('$') {
            continue;
        }
        let own = object.as_object_mut();
        let Some(own) = own else { return };
        match (value, managed::item_key(name)) {
            (Value::Null, _) => {
                own.shift_remove(name);
            }
            (Value::Array(items), Some(key)) => {
                merge_items(own.entry(name).or_insert(json!([])), items, key);
            }
            (value, _) => merge(own.entry(name).or_insert(Value::Null), value),
        }
    }
}

fn merge_items(list: &mut Value, items: &[Value], key: &str) {
    if !list.is_array() {
        *list = json!([]);
    }
    let Some(own) = list.as_array_mut() else {
        return;
    };
    if items.iter().any(|item| item["$patch"] == "replace") {
        own.clear();
    }
    for item in items {
        let same = |one: &Value| one[key] == item[key];
        match item["$patch"].as_str() {
            Some("delete") => own.retain(|one| !same(one)),
            Some("replace") => {}
            _ => match own.iter_mut().find(|one| same(one)) {
                Some(one) => merge(one, item),
                None => own.push(item.clone()),
            },
        }
    }
}

/// Server-side apply: what this manager wants, in place of what it wanted before.
fn server_side(
    path: &Path,
    kept: &Kept,
    wanted: &Value,
    manager: &Manager,
    force: bool,
) -> Result<Kept, Response> {
    if manager.name.is_empty() {
        return Err(status::no_manager());
    }
    if !wanted["metadata"]["managedFields"].is_null() {
        return Err(status::bad_request("metadata.managedFields must be nil"));
    }
    let said = |field: &str| wanted["metadata"][field].as_str();
    if said("name").is_some_and(|name| name != path.name) {
        let message = format!(
            "the name of the object ({}) does not match the name on the URL ({})",
            said("name").unwrap_or_default(),
            path.name
        );
        return Err(status::bad_request(&message));
    }
    let now = managed::leaves(&kept.object, &manager.subresource);
    let wants = managed::leaves(wanted, &manager.subresource);
    let differs = |field: &Field, value: &Value| now.get(field).is_some_and(|own| own != value);
    let mut owners = kept.owners.clone();
    let mut conflicts = Vec::new();
    for (field, value) in wants.iter().filter(|(field, value)| differs(field, value)) {
        for other in owners.others(field, manager) {
            conflicts.push((other, managed::shown(field)));
        }
        debug_assert!(!value.is_null());
    }
    if !conflicts.is_empty() && !force {
        return Err(status::field_conflicts(&conflicts));
    }
    for (field, _) in wants.iter().filter(|(field, value)| differs(field, value)) {
        owners.take(field);
    }
    let mut object = kept.object.clone();
    let mut body = wanted.clone();
    if manager.subresource != "status" {
        body.as_object_mut()
            .map(|fields| fields.shift_remove("status"));
    }
    merge(&mut object, &body);
    let wants: BTreeSet<Field> = wants.into_keys().collect();
    let wanted_before = owners.0.insert(manager.clone(), wants);
    forsake(&mut object, &owners, &wanted_before.unwrap_or_default());
    owners.tidy();
    Ok(Kept { object, owners })
}

/// Takes out what nobody wants any more.
fn forsake(object: &mut Value, owners: &Owners, before: &BTreeSet<Field>) {
    let wanted = |field: &Field| owners.0.values().any(|fields| fields.contains(field));
    for field in before.iter().filter(|field| !wanted(field)) {
        managed::remove(object, field);
    }
}
