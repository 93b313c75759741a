//! What changes objects.

use serde_json::{Value, json};

use super::check::check;
use super::http::{Request, Response};
use super::kinds::{Kind, Path};
use super::managed::{self, Manager, NOW};
use super::store::{Kept, Store};
use super::{patch, status};

impl Store {
    /// Puts an object in as it is, with its status, whatever was there.
    pub(super) fn put(&mut self, object: &Value) {
        let path = Path::of(object).unwrap_or_else(|| panic!("no kind that is served: {object}"));
        self.make_namespace(&path.namespace);
        let before = self.kept(&path).map(|kept| (**kept).clone());
        let mut kept = before.clone().unwrap_or_default();
        let manager = Manager {
            name: "test".to_owned(),
            applies: false,
            subresource: String::new(),
            api_version: path.kind.api_version(),
        };
        managed::updated(&mut kept.owners, &kept.object, object, &manager);
        kept.object = object.clone();
        self.finish(&path, before.as_ref(), &mut kept);
        self.keep_next(&path, kept);
    }

    /// Objects that a test puts in bring their namespace.
    fn make_namespace(&mut self, name: &str) {
        let key = (String::new(), name.to_owned());
        let namespaces = self.shelves.get("Namespace");
        if !name.is_empty() && namespaces.is_none_or(|known| !known.contains_key(&key)) {
            self.put(&json!({
                "kind": "Namespace", "metadata": {"name": name}, "status": {"phase": "Active"},
            }));
        }
    }

    pub(super) fn create(&mut self, path: &Path, request: &Request) -> Response {
        let Some(mut object) = request.json().filter(Value::is_object) else {
            return status::bad_request("the object provided is unrecognized");
        };
        if object["kind"]
            .as_str()
            .is_some_and(|kind| kind != path.kind.name)
        {
            let message = format!(
                "the object's kind {} is not {}",
                object["kind"], path.kind.name
            );
            return status::bad_request(&message);
        }
        if path.kind.namespaced {
            let own = object["metadata"]["namespace"].as_str();
            if own.is_some_and(|own| own != path.namespace) {
                return status::bad_request(
                    "the namespace of the provided object does not match the namespace sent on the request",
                );
            }
            object["metadata"]["namespace"] = json!(path.namespace);
            let namespace = (String::new(), path.namespace.clone());
            let namespaces = self.shelves.get("Namespace");
            if !namespaces.is_some_and(|shelf| shelf.contains_key(&namespace)) {
                return status::no_namespace(&path.namespace);
            }
        }
        let Some(prefix) = object["metadata"]["generateName"].as_str() else {
            return self.create_named(path, object, request);
        };
        object["metadata"]["name"] = json!(format!("{prefix}{:05}", self.version + 1));
        self.create_named(path, object, request)
    }

    fn create_named(&mut self, path: &Path, mut object: Value, request: &Request) -> Response {
        let mut path = path.clone();
        object["metadata"]["name"]
            .as_str()
            .unwrap_or_default()
            .clone_into(&mut path.name);
        if path.name.is_empty() {
            let wrong = status::Wrong {
                reason: "FieldValueRequired",
                field: "metadata.name".to_owned(),
                message: "Required value: name or generateName is required".to_owned(),
            };
            return status::invalid(&path, &[wrong]);
        }
        if self.kept(&path).is_some() {
            return status::exists(&path);
        }
        // Kubelets say at once how a node is; of all else the status is written apart.
        if path.kind.status && path.kind.name != "Node" {
            object["status"] = match path.kind.name {
                "Pod" => json!({"phase": "Pending", "qosClass": "BestEffort"}),
                "Namespace" => json!({"phase": "Active"}),
                _ => json!({}),
            };
        }
        let manager = manager(&path, request);
        let mut kept = Kept::default();
        managed::updated(&mut kept.owners, &Value::Null, &object, &manager);
        kept.object = object;
        self.write(&path, kept, request)
    }

    pub(super) fn replace(&mut self, path: &Path, request: &Request) -> Response {
        let Some(before) = self.kept(path) else {
            return status::no_object(path);
        };
        let Some(object) = request.json().filter(Value::is_object) else {
            return status::bad_request("the object provided is unrecognized");
        };
        if object["metadata"]["name"] != json!(path.name) {
            let message = format!(
                "the name of the object ({}) does not match the name on the URL ({})",
                object["metadata"]["name"].as_str().unwrap_or_default(),
                path.name
            );
            return status::bad_request(&message);
        }
        let owners = before.owners.clone();
        self.update(path, Kept { object, owners }, request)
    }

    pub(super) fn patch(&mut self, path: &Path, request: &Request) -> Response {
        let manager = manager(path, request);
        let before = match self.kept(path) {
            Some(kept) => (**kept).clone(),
            // Server-side apply makes what is not there, but for an object that names its uid: that one was.
            None if manager.applies => match uid_in(request) {
                Some(uid) => return status::gone_under_its_uid(path, &uid),
                None => Kept {
                    object: json!({"metadata": {"name": path.name}}),
                    ..Kept::default()
                },
            },
            None => return status::no_object(path),
        };
        match patch::apply(path, &before, request, &manager) {
            Ok(mut kept) if manager.applies => {
                if path.kind.namespaced {
                    kept.object["metadata"]["namespace"] = json!(path.namespace);
                }
                self.write(path, kept, request)
            }
            Ok(kept) => self.update(path, kept, request),
            Err(refusal) => refusal,
        }
    }

    /// A write that is no apply: what it changes belongs to who made it.
    fn update(&mut self, path: &Path, mut kept: Kept, request: &Request) -> Response {
        let Some(before) = self.kept(path) else {
            return status::no_object(path);
        };
        let manager = manager(path, request);
        only_its_part(path, &before.object, &mut kept.object);
        managed::updated(&mut kept.owners, &before.object, &kept.object, &manager);
        self.write(path, kept, request)
    }

    /// Checks what a write makes of an object, and keeps it unless it is only tried.
    fn write(&mut self, path: &Path, mut kept: Kept, request: &Request) -> Response {
        let before = self.kept(path).map(|kept| (**kept).clone());
        let code = if before.is_some() { 200 } else { 201 };
        let old = before.as_ref().map(|kept| &kept.object);
        if let Some(old) = old {
            only_its_part(path, old, &mut kept.object);
            let stated = kept.object["metadata"]["resourceVersion"]
                .as_str()
                .unwrap_or_default();
            if !stated.is_empty() && old["metadata"]["resourceVersion"] != *stated {
                return status::conflict(path);
            }
        }
        if let Err(refusal) = check(path, old, &kept.object) {
            return refusal;
        }
        let tried = request.query("dryRun").as_deref() == Some("All");
        self.finish(path, before.as_ref(), &mut kept);
        // What changes nothing is no new version.
        if before.as_ref() == Some(&kept) || tried {
            return Response::json(code, &kept.object);
        }
        Response::json(code, &self.keep_next(path, kept))
    }

    pub(super) fn delete(&mut self, path: &Path, request: &Request) -> Response {
        let Some(kept) = self.kept(path) else {
            return status::no_object(path);
        };
        let meta = kept.object["metadata"].clone();
        let wanted = request.json().unwrap_or_default();
        for field in ["uid", "resourceVersion"] {
            let wanted = &wanted["preconditions"][field];
            if !wanted.is_null() && *wanted != meta[field] {
                return status::conflict(path);
            }
        }
        if request.query("dryRun").as_deref() != Some("All") && wanted["dryRun"].is_null() {
            self.take_out(path);
        }
        Response::json(
            200,
            &json!({
                "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
                "details": {"name": path.name, "kind": path.kind.resource, "uid": meta["uid"]},
            }),
        )
    }

    /// Takes an object out, whatever is in the way.
    pub(super) fn take_out(&mut self, path: &Path) {
        self.version += 1;
        self.keep(path, None);
    }

    /// What the server itself writes into an object.
    fn finish(&self, path: &Path, before: Option<&Kept>, kept: &mut Kept) {
        let object = &mut kept.object;
        object["apiVersion"] = json!(path.kind.api_version());
        object["kind"] = json!(path.kind.name);
        let old = before.map(|kept| &kept.object);
        let spec = object["spec"].clone();
        let meta = &mut object["metadata"];
        let Some(fields) = meta.as_object_mut() else {
            return;
        };
        // What is empty is not shown.
        for map in ["labels", "annotations"] {
            let empty = |value: &Value| value.as_object().is_none_or(serde_json::Map::is_empty);
            if fields.get(map).is_some_and(empty) {
                fields.shift_remove(map);
            }
        }
        if let Some(old) = old {
            for field in ["uid", "creationTimestamp"] {
                meta[field] = old["metadata"][field].clone();
            }
        } else {
            meta["uid"] = json!(format!("00000000-0000-4000-8000-{:012}", self.version + 1));
            meta["creationTimestamp"] = json!(NOW);
        }
        if path.kind.generations {
            let was = old.map_or(0, |old| old["metadata"]["generation"].as_u64().unwrap_or(0));
            let same = old.is_some_and(|old| old["spec"] == spec);
            meta["generation"] = json!(if same { was } else { was + 1 });
        }
        kept.owners.show(object);
        if let Some(old) = old {
            object["metadata"]["resourceVersion"] = old["metadata"]["resourceVersion"].clone();
        }
    }

    /// Keeps what was finished, as the next version.
    fn keep_next(&mut self, path: &Path, mut kept: Kept) -> Value {
        self.version += 1;
        kept.object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        let object = kept.object.clone();
        self.keep(path, Some(kept));
        object
    }
}

/// A status is written apart from all else.
fn only_its_part(path: &Path, before: &Value, now: &mut Value) {
    if !path.kind.status {
        return;
    }
    let field = if path.subresource == "status" {
        "spec"
    } else {
        "status"
    };
    if let Some(fields) = now.as_object_mut() {
        match before.get(field) {
            Some(value) => fields.insert(field.to_owned(), value.clone()),
            None => fields.shift_remove(field),
        };
    }
}

/// Who writes.
fn manager(path: &Path, request: &Request) -> Manager {
    let kind: &Kind = path.kind;
    let applies = request.method == "PATCH"
        && request
            .header("content-type")
            .is_some_and(|kind| kind.starts_with(patch::APPLY));
    let said = request
        .query("fieldManager")
        .filter(|name| !name.is_empty());
    let name = said.unwrap_or_else(|| {
        let agent = request.header("user-agent").unwrap_or("unknown");
        // An apply has to say who applies.
        let agent = if applies { "" } else { agent };
        agent.split('/').next().unwrap_or(agent).to_owned()
    });
    Manager {
        name,
        applies,
        subresource: path.subresource.clone(),
        api_version: kind.api_version(),
    }
}

/// The uid that a body names.
fn uid_in(request: &Request) -> Option<String> {
    let body = request.json()?;
    body["metadata"]["uid"].as_str().map(str::to_owned)
}
