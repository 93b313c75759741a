//! What the four kinds of patches make of an object, and who owns which label then.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::http::{Request, Response};
use super::status;
use super::store::{Kept, OWNED, Path};

/// What a patch makes of an object, or why it does not apply.
pub(super) fn apply(
    path: &Path,
    kept: &Kept,
    request: &Request,
    manager: &str,
) -> Result<Kept, Response> {
    let bad = || status::of(400, "BadRequest", "the body is no patch");
    let wanted = request.json().ok_or_else(bad)?;
    let mut next = kept.clone();
    match request.header("content-type").unwrap_or_default() {
        "application/json-patch+json" => {
            let operations: json_patch::Patch =
                serde_json::from_value(wanted).map_err(|_| bad())?;
            let mut object = kept.object.clone();
            json_patch::patch(&mut object, &operations).map_err(|_| status::patch_refused())?;
            take_over(&mut next, object, manager);
        }
        // Maps of strings are all that tests merge, and both kinds treat those alike.
        "application/merge-patch+json" | "application/strategic-merge-patch+json" => {
            let stated = wanted["metadata"]["resourceVersion"].as_str();
            let own = kept.object["metadata"]["resourceVersion"].as_str();
            if stated.is_some() && stated != own {
                return Err(status::conflict(path));
            }
            let mut object = kept.object.clone();
            json_patch::merge(&mut object, &wanted);
            take_over(&mut next, object, manager);
        }
        "application/apply-patch+yaml" => {
            let force = request.query("force").as_deref() == Some("true");
            server_side(&mut next, &wanted, manager, force)?;
        }
        other => {
            let message = format!("the body of the request was in an unknown format - {other}");
            return Err(status::of(415, "UnsupportedMediaType", &message));
        }
    }
    Ok(next)
}

/// Puts another object in the place of the kept one. Labels that it changes then belong to who wrote them.
pub(super) fn take_over(kept: &mut Kept, object: Value, manager: &str) {
    for map in OWNED {
        let before = kept.object["metadata"][map]
            .as_object()
            .cloned()
            .unwrap_or_default();
        let now = object["metadata"][map]
            .as_object()
            .cloned()
            .unwrap_or_default();
        for (key, value) in &now {
            if before.get(key) != Some(value) {
                kept.owners
                    .insert((map, key.clone()), BTreeSet::from([manager.to_owned()]));
            }
        }
        kept.owners
            .retain(|(own, key), _| *own != map || now.contains_key(key));
    }
    kept.object = object;
    show_owners(kept);
}

/// Server-side apply, of labels and annotations.
fn server_side(
    kept: &mut Kept,
    wanted: &Value,
    manager: &str,
    force: bool,
) -> Result<(), Response> {
    let mut conflicts = Vec::new();
    for map in OWNED {
        let wanted = wanted["metadata"][map]
            .as_object()
            .cloned()
            .unwrap_or_default();
        for (key, value) in &wanted {
            let owners = kept
                .owners
                .get(&(map, key.clone()))
                .cloned()
                .unwrap_or_default();
            let differs = kept.object["metadata"][map]
                .get(key)
                .is_some_and(|own| own != value);
            let other = owners.iter().find(|owner| *owner != manager);
            if let (true, false, Some(other)) = (differs, force, other) {
                conflicts.push((other.clone(), format!(".metadata.{map}.{key}")));
            }
        }
    }
    if !conflicts.is_empty() {
        return Err(status::field_conflicts(&conflicts));
    }
    for map in OWNED {
        let wanted = wanted["metadata"][map]
            .as_object()
            .cloned()
            .unwrap_or_default();
        for (key, value) in &wanted {
            let owners = kept.owners.entry((map, key.clone())).or_default();
            if kept.object["metadata"][map].get(key) != Some(value) {
                owners.clear();
            }
            owners.insert(manager.to_owned());
            kept.object["metadata"][map][key] = value.clone();
        }
        // What the manager wanted before, and nobody else does.
        let mut gone = Vec::new();
        for ((own, key), owners) in &mut kept.owners {
            if *own == map
                && !wanted.contains_key(key)
                && owners.remove(manager)
                && owners.is_empty()
            {
                gone.push(key.clone());
            }
        }
        for key in gone {
            kept.owners.remove(&(map, key.clone()));
            if let Some(fields) = kept.object["metadata"][map].as_object_mut() {
                fields.remove(&key);
            }
        }
    }
    show_owners(kept);
    Ok(())
}

/// `metadata.managedFields`, as far as it is kept.
fn show_owners(kept: &mut Kept) {
    let managers: BTreeSet<&String> = kept.owners.values().flatten().collect();
    let entries: Vec<Value> = managers
        .into_iter()
        .map(|manager| {
            let mut fields = json!({});
            for ((map, key), owners) in &kept.owners {
                if owners.contains(manager) {
                    fields["f:metadata"][format!("f:{map}")][format!("f:{key}")] = json!({});
                }
            }
            json!({"manager": manager, "operation": "Apply", "fieldsType": "FieldsV1", "fieldsV1": fields})
        })
        .collect();
    if !entries.is_empty() {
        kept.object["metadata"]["managedFields"] = json!(entries);
    }
}
