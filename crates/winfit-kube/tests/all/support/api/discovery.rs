//! What the server says of itself: enough for kubectl to find its way.

use serde_json::{Value, json};

use super::http::Response;
use super::kinds::Kind;

/// An answer to a path that means no object; none: it does not mean that.
pub(super) fn answer(path: &str) -> Option<Response> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let found = match parts.as_slice() {
        ["version"] => json!({
            "major": "1", "minor": "32", "gitVersion": "v1.32.4", "platform": "linux/amd64",
            "gitCommit": "", "gitTreeState": "clean", "buildDate": "", "goVersion": "", "compiler": "gc",
        }),
        ["healthz" | "livez" | "readyz"] => {
            return Some(Response {
                code: 200,
                headers: Vec::new(),
                body: b"ok".to_vec(),
            });
        }
        ["api"] => json!({
            "kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [],
        }),
        ["apis"] => json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups()}),
        ["apis", group] => groups().into_iter().find(|known| known["name"] == *group)?,
        ["api", version] => resources("", version)?,
        ["apis", group, version] => resources(group, version)?,
        _ => return None,
    };
    Some(Response::json(200, &found))
}

fn groups() -> Vec<Value> {
    let mut groups: Vec<Value> = Vec::new();
    for kind in Kind::all().iter().filter(|kind| !kind.group.is_empty()) {
        if groups.iter().all(|group| group["name"] != kind.group) {
            let version = json!({"groupVersion": kind.api_version(), "version": kind.version});
            groups.push(json!({
                "name": kind.group, "versions": [version], "preferredVersion": version,
            }));
        }
    }
    groups
}

fn resources(group: &str, version: &str) -> Option<Value> {
    let mut found = Vec::new();
    let mut api_version = None;
    for kind in Kind::all()
        .iter()
        .filter(|kind| (kind.group, kind.version) == (group, version))
    {
        api_version = Some(kind.api_version());
        found.push(json!({
            "name": kind.resource, "singularName": kind.name.to_lowercase(),
            "namespaced": kind.namespaced, "kind": kind.name, "shortNames": kind.short,
            "verbs": ["create", "delete", "get", "list", "patch", "update", "watch"],
            "categories": if kind.status && kind.namespaced { json!(["all"]) } else { json!([]) },
        }));
        if kind.status {
            found.push(json!({
                "name": format!("{}/status", kind.resource), "singularName": "",
                "namespaced": kind.namespaced, "kind": kind.name, "verbs": ["get", "patch", "update"],
            }));
        }
    }
    Some(json!({
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": api_version?, "resources": found,
    }))
}
