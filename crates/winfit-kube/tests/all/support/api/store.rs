//! The objects, and what requests do with them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::http::{Request, Response};
use super::{patch, status};

/// Which object, or which list.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Path {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) resource: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
}

/// The kinds there are, with their resources.
const KINDS: [(&str, &str, &str, &str); 13] = [
    ("Node", "", "v1", "nodes"),
    ("Namespace", "", "v1", "namespaces"),
    ("Pod", "", "v1", "pods"),
    ("Event", "", "v1", "events"),
    ("ReplicationController", "", "v1", "replicationcontrollers"),
    ("Deployment", "apps", "v1", "deployments"),
    ("ReplicaSet", "apps", "v1", "replicasets"),
    ("StatefulSet", "apps", "v1", "statefulsets"),
    ("DaemonSet", "apps", "v1", "daemonsets"),
    ("Job", "batch", "v1", "jobs"),
    ("CronJob", "batch", "v1", "cronjobs"),
    ("RuntimeClass", "node.k8s.io", "v1", "runtimeclasses"),
    ("Rollout", "argoproj.io", "v1alpha1", "rollouts"),
];

impl Path {
    /// Reads the path of a request; none: it is of no kind that there is.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        let mut parts = path.trim_matches('/').split('/');
        let (group, version) = match parts.next()? {
            "api" => ("", parts.next()?),
            "apis" => (parts.next()?, parts.next()?),
            _ => return None,
        };
        let mut rest: Vec<&str> = parts.collect();
        let namespace = match rest.as_slice() {
            ["namespaces", namespace, _, ..] => {
                let namespace = (*namespace).to_owned();
                rest.drain(..2);
                namespace
            }
            _ => String::new(),
        };
        let resource = *rest.first()?;
        let known = |(_, its_group, its_version, its_name): &(&str, &str, &str, &str)| {
            (*its_group, *its_version, *its_name) == (group, version, resource)
        };
        KINDS.iter().any(known).then(|| Self {
            group: group.to_owned(),
            version: version.to_owned(),
            resource: resource.to_owned(),
            namespace,
            name: rest
                .get(1)
                .map_or_else(String::new, |name| (*name).to_owned()),
        })
    }

    fn of(object: &Value) -> Option<Self> {
        let kind = object["kind"].as_str()?;
        let (_, group, version, resource) = KINDS.iter().find(|(known, ..)| *known == kind)?;
        let text = |field: &str| {
            object["metadata"][field]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        Some(Self {
            group: (*group).to_owned(),
            version: (*version).to_owned(),
            resource: (*resource).to_owned(),
            namespace: text("namespace"),
            name: text("name"),
        })
    }

    fn kind(&self) -> &'static str {
        let same = |(_, group, _, name): &&(&str, &str, &str, &str)| {
            (*group, *name) == (self.group.as_str(), self.resource.as_str())
        };
        KINDS.iter().find(same).map_or("", |(kind, ..)| kind)
    }

    fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// `deployments.apps`, `nodes`.
    pub(super) fn in_group(&self) -> String {
        if self.group.is_empty() {
            self.resource.clone()
        } else {
            format!("{}.{}", self.resource, self.group)
        }
    }
}

/// An object with who owns which of its labels and annotations.
#[derive(Debug, Clone, Default)]
pub(super) struct Kept {
    pub(super) object: Value,
    /// By `labels` or `annotations` and the key.
    pub(super) owners: BTreeMap<(&'static str, String), BTreeSet<String>>,
}

/// The maps whose fields have owners.
pub(super) const OWNED: [&str; 2] = ["labels", "annotations"];

/// The objects of a cluster.
#[derive(Debug, Default)]
pub(crate) struct Store {
    objects: BTreeMap<Path, Kept>,
    version: u64,
}

impl Store {
    /// Puts an object in, whatever was there.
    pub(super) fn put(&mut self, object: Value) -> Option<Value> {
        let path = Path::of(&object)?;
        let mut kept = self.objects.get(&path).cloned().unwrap_or_default();
        patch::take_over(&mut kept, object, "test");
        Some(self.keep(path, kept))
    }

    fn keep(&mut self, path: Path, mut kept: Kept) -> Value {
        self.version += 1;
        let new = !self.objects.contains_key(&path);
        self.finish(&path, &mut kept, new);
        let object = kept.object.clone();
        self.objects.insert(path, kept);
        object
    }

    /// What the server itself writes into an object.
    fn finish(&self, path: &Path, kept: &mut Kept, new: bool) {
        let before = self.objects.get(path).map(|kept| &kept.object);
        let object = &mut kept.object;
        object["apiVersion"] = json!(path.api_version());
        object["kind"] = json!(path.kind());
        let generation = match before {
            Some(before) if before["spec"] == object["spec"] => {
                before["metadata"]["generation"].clone()
            }
            Some(before) => json!(before["metadata"]["generation"].as_u64().unwrap_or(0) + 1),
            None => json!(1),
        };
        let meta = &mut object["metadata"];
        meta["resourceVersion"] = json!(self.version.to_string());
        meta["generation"] = generation;
        if new {
            meta["uid"] = json!(format!("00000000-0000-4000-8000-{:012}", self.version));
            meta["creationTimestamp"] = json!("2026-01-02T03:04:05Z");
        }
    }

    pub(super) fn get(&self, path: &Path) -> Option<Value> {
        Some(self.objects.get(path)?.object.clone())
    }

    pub(super) fn delete(&mut self, path: &Path) -> Option<Value> {
        Some(self.objects.remove(path)?.object)
    }

    pub(super) fn list(&self, path: &Path, request: &Request) -> Response {
        let limit: usize = request
            .query("limit")
            .and_then(|text| text.parse().ok())
            .filter(|limit| *limit > 0)
            .unwrap_or(usize::MAX);
        // A token is how many were given before, and the state they were given of.
        let token = request.query("continue").unwrap_or_default();
        let start: usize = token
            .split('.')
            .next_back()
            .and_then(|text| text.parse().ok())
            .unwrap_or(0);
        let labels = request.query("labelSelector").unwrap_or_default();
        let fields = request.query("fieldSelector").unwrap_or_default();
        let all: Vec<&Value> = self
            .objects
            .iter()
            .filter(|(key, _)| key.group == path.group && key.resource == path.resource)
            .filter(|(key, _)| path.namespace.is_empty() || key.namespace == path.namespace)
            .map(|(_, kept)| &kept.object)
            .filter(|object| selects_labels(&labels, object) && selects_fields(&fields, object))
            .collect();
        let end = all.len().min(start.saturating_add(limit));
        let mut items: Vec<Value> = all[start.min(end)..end]
            .iter()
            .map(|object| (*object).clone())
            .collect();
        for item in &mut items {
            // Items of a typed list name no kind.
            let item = item.as_object_mut().unwrap();
            item.remove("kind");
            item.remove("apiVersion");
        }
        let mut meta = json!({"resourceVersion": self.version.to_string()});
        if end < all.len() {
            meta["continue"] = json!(format!("{}.{end}", self.version));
            meta["remainingItemCount"] = json!(all.len() - end);
        }
        Response::json(
            200,
            &json!({
                "kind": format!("{}List", path.kind()), "apiVersion": path.api_version(),
                "metadata": meta, "items": items,
            }),
        )
    }

    pub(super) fn create(&mut self, path: &Path, request: &Request) -> Response {
        let Some(mut object) = request.json() else {
            return status::of(400, "BadRequest", "the body is no object");
        };
        object["kind"] = json!(path.kind());
        if !path.namespace.is_empty() {
            object["metadata"]["namespace"] = json!(path.namespace);
        }
        let Some(own) = Path::of(&object) else {
            return status::of(400, "BadRequest", "the object has no name");
        };
        if self.objects.contains_key(&own) {
            let message = format!("{} {:?} already exists", own.in_group(), own.name);
            return status::of(409, "AlreadyExists", &message);
        }
        let mut kept = Kept::default();
        patch::take_over(&mut kept, object, &manager(request));
        self.write(own, kept, request, 201)
    }

    pub(super) fn replace(&mut self, path: &Path, request: &Request) -> Response {
        let (Some(object), Some(kept)) = (request.json(), self.objects.get(path)) else {
            return status::no_object(path);
        };
        let stated = object["metadata"]["resourceVersion"].as_str();
        if stated.is_some_and(|stated| {
            Some(stated) != kept.object["metadata"]["resourceVersion"].as_str()
        }) {
            return status::conflict(path);
        }
        let mut kept = kept.clone();
        patch::take_over(&mut kept, object, &manager(request));
        self.write(path.clone(), kept, request, 200)
    }

    pub(super) fn patch(&mut self, path: &Path, request: &Request) -> Response {
        let Some(kept) = self.objects.get(path) else {
            return status::no_object(path);
        };
        match patch::apply(path, kept, request, &manager(request)) {
            Ok(kept) => self.write(path.clone(), kept, request, 200),
            Err(refusal) => refusal,
        }
    }

    /// Checks what a write makes of an object, and keeps it unless it is only tried.
    fn write(&mut self, path: Path, mut kept: Kept, request: &Request, code: u16) -> Response {
        if let Some(before) = self.objects.get(&path) {
            let template = ["spec", "template"];
            let of = |object: &Value| object[template[0]][template[1]].clone();
            if path.resource == "jobs" && of(&before.object) != of(&kept.object) {
                return status::immutable(&path, "Job", "spec.template");
            }
            let selector = |object: &Value| object["spec"]["nodeSelector"].clone();
            if path.resource == "pods" && selector(&before.object) != selector(&kept.object) {
                return status::immutable(&path, "Pod", "spec");
            }
        }
        if request.query("dryRun").as_deref() == Some("All") {
            let new = !self.objects.contains_key(&path);
            self.finish(&path, &mut kept, new);
            return Response::json(code, &kept.object);
        }
        let object = self.keep(path, kept);
        Response::json(code, &object)
    }
}

/// Who writes.
fn manager(request: &Request) -> String {
    request.query("fieldManager").unwrap_or_else(|| {
        let agent = request.header("user-agent").unwrap_or("unknown");
        agent.split('/').next().unwrap_or(agent).to_owned()
    })
}

fn selects_labels(selector: &str, object: &Value) -> bool {
    let labels = &object["metadata"]["labels"];
    selector
        .split(',')
        .filter(|part| !part.is_empty())
        .all(|part| {
            if let Some((key, value)) = part.split_once("!=") {
                labels[key].as_str() != Some(value)
            } else if let Some((key, value)) = part.split_once('=') {
                labels[key].as_str() == Some(value.trim_start_matches('='))
            } else if let Some(key) = part.strip_prefix('!') {
                labels.get(key).is_none()
            } else {
                labels.get(part).is_some()
            }
        })
}

fn selects_fields(selector: &str, object: &Value) -> bool {
    selector
        .split(',')
        .filter(|part| !part.is_empty())
        .all(|part| {
            let (path, value) = part.split_once('=').unwrap_or((part, ""));
            let mut at = object;
            for key in path.split('.') {
                at = &at[key];
            }
            at.as_str().unwrap_or_default() == value.trim_start_matches('=')
        })
}
