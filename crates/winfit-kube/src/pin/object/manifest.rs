//! Manifests of an object: a patch for kustomize, and the whole object to make it anew.

use serde_json::{Map, Value, json};

use super::Object;
use crate::pin::patch::merge;

/// What the API server writes into the metadata of every object.
const SERVERS_OWN: [&str; 10] = [
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
    "selfLink",
    "ownerReferences",
    "generateName",
];

/// Labels by which a Job finds its pods; a new one gets new ones.
const OF_JOB: [&str; 4] = [
    "controller-uid",
    "job-name",
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-name",
];

/// What the API server, its admission and the scheduler write into the spec of a pod.
const OF_POD: [&str; 5] = [
    "nodeName",
    "serviceAccount",
    "priority",
    "preemptionPolicy",
    "ephemeralContainers",
];

/// The volume that admission mounts into every pod.
const OF_ACCOUNT: &str = "kube-api-access-";

impl Object {
    /// The owner of a pod or a ReplicaSet, of a kind that winfit does not know: its template as that shows it.
    pub fn owner_of(owned: &Value, kind: &str, name: &str) -> Self {
        let mut pod = owned.clone();
        match owned.pointer("/spec/template/spec") {
            Some(spec) => pod["spec"] = spec.clone(),
            None => of_pod(&mut pod),
        }
        let above = pod.pointer("/metadata/ownerReferences");
        let mut above = above.and_then(Value::as_array).into_iter().flatten();
        let one = above.find(|one| one["kind"] == kind && one["name"] == name);
        let value = json!({
            "apiVersion": one.map_or(&Value::Null, |one| &one["apiVersion"]),
            "metadata": {
                "name": name,
                "namespace": pod["metadata"]["namespace"],
                // Nobody but its own controller knows what its fields mean.
                "ownerReferences": [{"kind": kind, "name": name, "controller": true}],
            },
            "spec": {"template": {"spec": pod["spec"]}},
        });
        Self::new(kind, value)
    }

    /// The strategic merge patch that changes its pods' spec, as kustomize takes it.
    pub fn patch_file(&self, old: &Value, new: &Value) -> String {
        winfit_files::object::yaml(&self.with_pods(&merge(old, new)))
    }

    /// The template with this spec of its pods, as YAML to compare.
    pub fn template(&self, pods: &Value) -> String {
        winfit_files::object::yaml(&self.with_pods(pods))
    }

    /// The merge patch that makes of one spec of its pods the other, as `kubectl patch` takes it.
    pub fn merge_patch(&self, old: &Value, new: &Value) -> String {
        let whole = self.with_pods(&merge(old, new));
        winfit_files::object::yaml(&json!({"spec": whole["spec"]}))
    }

    /// The manifest that makes it anew with this spec of its pods.
    pub fn anew(&self, pods: &Value) -> String {
        let mut value = self.value.clone();
        if let Some(spec) = value.pointer_mut(self.pods_at()) {
            *spec = pods.clone();
        }
        if let Some(metadata) = value
            .pointer_mut("/metadata")
            .and_then(Value::as_object_mut)
        {
            metadata.retain(|key, _| !SERVERS_OWN.contains(&key.as_str()));
            without(
                metadata,
                "annotations",
                &["kubectl.kubernetes.io/last-applied-configuration"],
            );
            without(metadata, "labels", &OF_JOB);
        }
        match self.kind.as_str() {
            "Job" => of_job(&mut value),
            "Pod" => of_pod(&mut value),
            _ => {}
        }
        // kubectl writes what an object is first.
        let mut ordered = Map::new();
        ordered.insert("apiVersion".to_owned(), self.api_version().into());
        ordered.insert("kind".to_owned(), self.kind.clone().into());
        for key in ["metadata", "spec"] {
            if let Some(part) = value.get(key) {
                ordered.insert(key.to_owned(), part.clone());
            }
        }
        winfit_files::object::yaml(&Value::Object(ordered))
    }
}

fn of_job(value: &mut Value) {
    if value.pointer("/spec/manualSelector") != Some(&Value::Bool(true))
        && let Some(spec) = value.pointer_mut("/spec").and_then(Value::as_object_mut)
    {
        spec.shift_remove("selector");
    }
    if let Some(metadata) = value
        .pointer_mut("/spec/template/metadata")
        .and_then(Value::as_object_mut)
    {
        metadata.shift_remove("creationTimestamp");
        without(metadata, "labels", &OF_JOB);
    }
}

fn of_pod(value: &mut Value) {
    let Some(spec) = value.pointer_mut("/spec").and_then(Value::as_object_mut) else {
        return;
    };
    spec.retain(|key, _| !OF_POD.contains(&key.as_str()));
    let names_account = |one: &Value| {
        let name = one["name"].as_str().unwrap_or_default();
        name.starts_with(OF_ACCOUNT)
    };
    retain(spec, "volumes", |volume| !names_account(volume));
    // Admission adds both again, each with its seconds.
    retain(spec, "tolerations", |one| {
        let key = one["key"].as_str().unwrap_or_default();
        let defaults = [
            "node.kubernetes.io/not-ready",
            "node.kubernetes.io/unreachable",
        ];
        !(defaults.contains(&key) && one["tolerationSeconds"] == 300)
    });
    for list in ["initContainers", "containers"] {
        let containers = spec.get_mut(list).and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten() {
            if let Some(container) = container.as_object_mut() {
                retain(container, "volumeMounts", |mount| !names_account(mount));
            }
        }
    }
}

/// Takes keys out of a map in a map; an empty one goes.
fn without(map: &mut Map<String, Value>, key: &str, gone: &[&str]) {
    if let Some(inner) = map.get_mut(key).and_then(Value::as_object_mut) {
        inner.retain(|key, _| !gone.contains(&key.as_str()));
        if inner.is_empty() {
            map.shift_remove(key);
        }
    }
}

/// Keeps some elements of a list in a map; an empty one goes.
fn retain(map: &mut Map<String, Value>, key: &str, stays: impl Fn(&Value) -> bool) {
    if let Some(list) = map.get_mut(key).and_then(Value::as_array_mut) {
        list.retain(stays);
        if list.is_empty() {
            map.shift_remove(key);
        }
    }
}
