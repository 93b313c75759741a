//! Refusals, in the words of kube-apiserver.

use serde_json::{Value, json};

use super::http::Response;
use super::kinds::Path;
use super::managed::Manager;

fn body(code: u16, reason: &str, message: &str, details: &Value) -> Value {
    let mut status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason,
    });
    if !details.is_null() {
        status["details"] = details.clone();
    }
    status["code"] = json!(code);
    status
}

fn with(code: u16, reason: &str, message: &str, details: &Value) -> Response {
    Response::json(code, &body(code, reason, message, details))
}

/// Which object is meant.
fn details(path: &Path) -> Value {
    let mut details = json!({"group": path.kind.group, "kind": path.kind.resource});
    if !path.name.is_empty() {
        details["name"] = json!(path.name);
    }
    if path.kind.group.is_empty() {
        details
            .as_object_mut()
            .map(|fields| fields.shift_remove("group"));
    }
    details
}

pub(super) fn bad_request(message: &str) -> Response {
    with(400, "BadRequest", message, &Value::Null)
}

pub(super) fn unauthorized() -> Response {
    with(401, "Unauthorized", "Unauthorized", &Value::Null)
}

pub(super) fn not_allowed() -> Response {
    let message = "the server does not allow this method on the requested resource";
    with(405, "MethodNotAllowed", message, &json!({}))
}

/// A path that the server does not serve at all: it answers in plain text.
pub(super) fn no_path() -> Response {
    Response {
        code: 404,
        headers: vec![("X-Content-Type-Options", "nosniff".to_owned())],
        body: b"404 page not found\n".to_vec(),
    }
}

pub(super) fn no_object(path: &Path) -> Response {
    let message = format!("{} {:?} not found", path.in_group(), path.name);
    with(404, "NotFound", &message, &details(path))
}

pub(super) fn no_namespace(name: &str) -> Response {
    let message = format!("namespaces {name:?} not found");
    let details = json!({"name": name, "kind": "namespaces"});
    with(404, "NotFound", &message, &details)
}

pub(super) fn exists(path: &Path) -> Response {
    let message = format!("{} {:?} already exists", path.in_group(), path.name);
    with(409, "AlreadyExists", &message, &details(path))
}

pub(super) fn forbidden(user: &str, verb: &str, path: &Path) -> Response {
    let what = if path.name.is_empty() {
        path.in_group()
    } else {
        format!("{} {:?}", path.in_group(), path.name)
    };
    let place = if path.namespace.is_empty() {
        "at the cluster scope".to_owned()
    } else {
        format!("in the namespace {:?}", path.namespace)
    };
    let message = format!(
        "{what} is forbidden: User {user:?} cannot {verb} resource {:?} in API group {:?} {place}",
        path.resource(),
        path.kind.group
    );
    with(403, "Forbidden", &message, &details(path))
}

/// An apply that names the uid of an object that is there no more (`patch.go` of the apiserver).
pub(super) fn gone_under_its_uid(path: &Path, uid: &str) -> Response {
    let message = format!(
        "Operation cannot be fulfilled on {} {:?}: uid mismatch: the provided object specified uid {uid}, and no existing object was found",
        path.in_group(),
        path.name
    );
    with(409, "Conflict", &message, &details(path))
}

/// Somebody else wrote the object meanwhile.
pub(super) fn conflict(path: &Path) -> Response {
    let message = format!(
        "Operation cannot be fulfilled on {} {:?}: the object has been modified; please apply your changes to the latest version and try again",
        path.in_group(),
        path.name
    );
    with(409, "Conflict", &message, &details(path))
}

/// What the server no longer remembers; `next` is where such a list can be read on.
pub(super) fn expired(next: &str) -> Response {
    let mut status = body(
        410,
        "Expired",
        "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.",
        &Value::Null,
    );
    status["metadata"]["continue"] = json!(next);
    Response::json(410, &status)
}

/// The same of a watch, as the object of its `ERROR` event.
pub(super) fn too_old(asked: u64, oldest: u64) -> Value {
    let message = format!("too old resource version: {asked} ({oldest})");
    body(410, "Expired", &message, &Value::Null)
}

/// A JSON patch that does not apply: the server does not say why.
pub(super) fn patch_refused() -> Response {
    let message = "the server rejected our request due to an error in our request";
    with(422, "Invalid", message, &json!({}))
}

/// A body of a kind that is not read.
pub(super) fn unknown_format(accepted: &[&str]) -> Response {
    let message = format!(
        "the body of the request was in an unknown format - accepted media types include: {}",
        accepted.join(", ")
    );
    with(415, "UnsupportedMediaType", &message, &Value::Null)
}

/// What is wrong with a field: its path, and the server's words for it.
pub(super) struct Wrong {
    pub(super) reason: &'static str,
    pub(super) field: String,
    pub(super) message: String,
}

pub(super) fn invalid(path: &Path, wrong: &[Wrong]) -> Response {
    let said: Vec<String> = wrong
        .iter()
        .map(|one| format!("{}: {}", one.field, one.message))
        .collect();
    let said = match said.as_slice() {
        [one] => one.clone(),
        several => format!("[{}]", several.join(", ")),
    };
    let message = format!(
        "{} {:?} is invalid: {said}",
        path.kind_in_group(),
        path.name
    );
    let mut details = details(path);
    details["kind"] = json!(path.kind.name);
    details["causes"] = wrong
        .iter()
        .map(|one| json!({"reason": one.reason, "message": one.message, "field": one.field}))
        .collect();
    with(422, "Invalid", &message, &details)
}

/// A server-side apply that does not say who applies.
pub(super) fn no_manager() -> Response {
    let message = "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch";
    with(422, "Invalid", message, &Value::Null)
}

/// Fields that belong to other managers.
pub(super) fn field_conflicts(conflicts: &[(Manager, String)]) -> Response {
    let causes: Vec<_> = conflicts
        .iter()
        .map(|(manager, field)| {
            json!({
                "reason": "FieldManagerConflict",
                "message": format!("conflict with {manager}"),
                "field": field,
            })
        })
        .collect();
    let message = if let [(manager, field)] = conflicts {
        format!("Apply failed with 1 conflict: conflict with {manager}: {field}")
    } else {
        let mut managers: Vec<&Manager> = conflicts.iter().map(|(manager, _)| manager).collect();
        managers.sort();
        managers.dedup();
        let mut lines = Vec::new();
        for manager in managers {
            lines.push(format!("conflicts with {manager}:"));
            let own = conflicts.iter().filter(|(one, _)| one == manager);
            lines.extend(own.map(|(_, field)| format!("- {field}")));
        }
        let many = conflicts.len();
        format!("Apply failed with {many} conflicts: {}", lines.join("\n"))
    };
    with(409, "Conflict", &message, &json!({"causes": causes}))
}
