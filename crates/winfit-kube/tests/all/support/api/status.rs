//! Refusals, in the words of kube-apiserver.

use serde_json::json;

use super::http::Response;
use super::store::Path;

pub(super) fn of(code: u16, reason: &str, message: &str) -> Response {
    Response::json(
        code,
        &json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": message, "reason": reason, "code": code,
        }),
    )
}

pub(super) fn unauthorized() -> Response {
    of(401, "Unauthorized", "Unauthorized")
}

pub(super) fn not_found(message: &str) -> Response {
    of(404, "NotFound", message)
}

pub(super) fn no_object(path: &Path) -> Response {
    let message = format!("{} {:?} not found", path.in_group(), path.name);
    not_found(&message)
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
        path.resource, path.group
    );
    of(403, "Forbidden", &message)
}

/// Somebody else wrote the object meanwhile.
pub(super) fn conflict(path: &Path) -> Response {
    let message = format!(
        "Operation cannot be fulfilled on {} {:?}: the object has been modified; please apply your changes to the latest version and try again",
        path.in_group(),
        path.name
    );
    of(409, "Conflict", &message)
}

/// A JSON patch that does not apply: the server does not say why.
pub(super) fn patch_refused() -> Response {
    of(
        422,
        "Invalid",
        "the server rejected our request due to an error in our request",
    )
}

/// A field that may not change.
pub(super) fn immutable(path: &Path, kind: &str, field: &str) -> Response {
    let message = format!(
        "{kind}.{} {:?} is invalid: {field}: Invalid value: field is immutable",
        path.group, path.name
    );
    of(422, "Invalid", &message)
}

/// Fields that belong to other managers.
pub(super) fn field_conflicts(conflicts: &[(String, String)]) -> Response {
    let causes: Vec<_> = conflicts
        .iter()
        .map(|(manager, field)| {
            json!({
                "reason": "FieldManagerConflict",
                "message": format!("conflict with {manager:?}"),
                "field": field,
            })
        })
        .collect();
    let many = conflicts.len();
    let (manager, field) = &conflicts[0];
    let message = if many == 1 {
        format!("Apply failed with 1 conflict: conflict with {manager:?}: {field}")
    } else {
        format!("Apply failed with {many} conflicts: conflicts with {manager:?}: {field}")
    };
    Response::json(
        409,
        &json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": message, "reason": "Conflict", "code": 409, "details": {"causes": causes},
        }),
    )
}
