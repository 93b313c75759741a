//! What the server refuses of an object: names and labels by their grammar, fields that may not change.

use serde_json::{Value, json};

use super::http::Response;
use super::kinds::Path;
use super::status::{self, Wrong};

/// Whether an object may be kept in the place of another.
pub(super) fn check(path: &Path, before: Option<&Value>, now: &Value) -> Result<(), Response> {
    let mut wrong = Vec::new();
    labels(&now["metadata"]["labels"], &mut wrong);
    if let Some(before) = before {
        changes(path, before, now, &mut wrong);
    } else {
        complete(path, now, &mut wrong);
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(status::invalid(path, &wrong))
    }
}

fn refuse(wrong: &mut Vec<Wrong>, reason: &'static str, field: &str, message: String) {
    wrong.push(Wrong {
        reason,
        field: field.to_owned(),
        message,
    });
}

const VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const NAME: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

fn labels(labels: &Value, wrong: &mut Vec<Wrong>) {
    const FIELD: &str = "metadata.labels";
    let mut refuse = |text: &str, why: &str| {
        self::refuse(
            wrong,
            "FieldValueInvalid",
            FIELD,
            format!("Invalid value: {text:?}: {why}"),
        );
    };
    for (key, value) in labels.as_object().into_iter().flatten() {
        let name = key.rsplit('/').next().unwrap_or(key);
        if name.is_empty() || !is_word(name) {
            refuse(key, NAME);
        } else if name.len() > 63 {
            refuse(key, "name part must be no more than 63 characters");
        }
        let value = value.as_str().unwrap_or_default();
        if value.len() > 63 {
            refuse(value, "must be no more than 63 characters");
        } else if !value.is_empty() && !is_word(value) {
            refuse(value, VALUE);
        }
    }
}

fn is_word(text: &str) -> bool {
    let end = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    end(text.bytes().next())
        && end(text.bytes().next_back())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// What an object of its kind cannot be without.
fn complete(path: &Path, now: &Value, wrong: &mut Vec<Wrong>) {
    let required = |wrong: &mut Vec<Wrong>, field: &str| {
        refuse(
            wrong,
            "FieldValueRequired",
            field,
            "Required value".to_owned(),
        );
    };
    let empty = |value: &Value| value.as_array().is_none_or(Vec::is_empty);
    let template = &now["spec"]["template"];
    match path.kind.name {
        "Pod" if empty(&now["spec"]["containers"]) => required(wrong, "spec.containers"),
        "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" => {
            let wanted = now["spec"]["selector"]["matchLabels"].as_object();
            let own = &template["metadata"]["labels"];
            if wanted.is_none() && now["spec"]["selector"]["matchExpressions"].is_null() {
                required(wrong, "spec.selector");
            } else if wanted.is_some_and(|wanted| wanted.iter().any(|(key, v)| own[key] != *v)) {
                let message =
                    format!("Invalid value: {own}: `selector` does not match template `labels`");
                refuse(
                    wrong,
                    "FieldValueInvalid",
                    "spec.template.metadata.labels",
                    message,
                );
            }
            if empty(&template["spec"]["containers"]) {
                required(wrong, "spec.template.spec.containers");
            }
        }
        "RuntimeClass" if now["handler"].as_str().is_none_or(str::is_empty) => {
            required(wrong, "handler");
        }
        _ => {}
    }
}

const POD: &str = "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";
const STATEFUL: &str = "Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";

/// Fields that may not change once they are there.
fn changes(path: &Path, before: &Value, now: &Value, wrong: &mut Vec<Wrong>) {
    let immutable = |wrong: &mut Vec<Wrong>, field: &str, shown: &str| {
        let message = format!("Invalid value: {shown}: field is immutable");
        refuse(wrong, "FieldValueInvalid", field, message);
    };
    let differs = |field: &str| before["spec"][field] != now["spec"][field];
    match path.kind.name {
        "Job" => {
            if differs("template") {
                immutable(wrong, "spec.template", "core.PodTemplateSpec{…}");
            }
            if differs("selector") {
                immutable(wrong, "spec.selector", "v1.LabelSelector{…}");
            }
        }
        "Deployment" | "ReplicaSet" | "DaemonSet" if differs("selector") => {
            immutable(wrong, "spec.selector", "v1.LabelSelector{…}");
        }
        "StatefulSet" => {
            let fixed = [
                "selector",
                "serviceName",
                "podManagementPolicy",
                "volumeClaimTemplates",
            ];
            if fixed.into_iter().any(differs) {
                refuse(wrong, "FieldValueForbidden", "spec", STATEFUL.to_owned());
            }
        }
        "RuntimeClass" if before["handler"] != now["handler"] => {
            immutable(wrong, "handler", &now["handler"].to_string());
        }
        "Pod"
            if fixed_of_pod(&before["spec"]) != fixed_of_pod(&now["spec"])
                || fewer_tolerations(before, now) =>
        {
            refuse(wrong, "FieldValueForbidden", "spec", POD.to_owned());
        }
        _ => {}
    }
}

/// A pod's `spec` without what may change.
fn fixed_of_pod(spec: &Value) -> Value {
    let mut spec = spec.clone();
    for list in ["containers", "initContainers"] {
        for container in spec[list].as_array_mut().into_iter().flatten() {
            container["image"] = json!("");
        }
    }
    if let Some(fields) = spec.as_object_mut() {
        for free in [
            "activeDeadlineSeconds",
            "tolerations",
            "terminationGracePeriodSeconds",
        ] {
            fields.shift_remove(free);
        }
        fields.retain(|_, value| !value.is_null());
    }
    spec
}

fn fewer_tolerations(before: &Value, now: &Value) -> bool {
    let of = |pod: &Value| {
        let tolerations = pod["spec"]["tolerations"].as_array();
        tolerations.cloned().unwrap_or_default()
    };
    let now = of(now);
    of(before).iter().any(|one| !now.contains(one))
}
