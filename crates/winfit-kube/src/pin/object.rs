//! An object as the cluster has it: where its pods' spec stands, and who may change it.

mod manifest;

use std::fmt;

use serde_json::{Value, json};

use crate::cluster::{older_path_of, path_of};

/// An object that has a pod template, or is a pod.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    value: Value,
    /// Its kind, which objects in lists need not name.
    kind: String,
}

/// Who may change an object's pod template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owned {
    /// Anybody who may patch it.
    ByNobody,
    /// A tool that writes it again from what it knows.
    By(Manager),
    /// Another object, whose controller writes it.
    ByObject {
        /// Its kind.
        kind: String,
        /// Its name.
        name: String,
    },
    /// Nobody: it can only be made anew.
    Immutable,
}

/// A tool that keeps objects as it wants them, and what of it keeps this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manager {
    /// `Helm`, `Argo CD`, `Flux`.
    pub tool: &'static str,
    /// `release`, `application`, `Kustomization`, `HelmRelease`.
    pub what: &'static str,
    /// Its name.
    pub name: String,
}

impl fmt::Display for Manager {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {} {}", self.tool, self.what, self.name)
    }
}

impl Object {
    /// An object of this kind.
    pub fn new(kind: &str, value: Value) -> Self {
        Self {
            value,
            kind: kind.to_owned(),
        }
    }

    /// Its kind.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    fn text(&self, pointer: &str) -> &str {
        let found = self.value.pointer(pointer).and_then(Value::as_str);
        found.unwrap_or_default()
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.text("/metadata/name")
    }

    /// Its namespace.
    pub fn namespace(&self) -> &str {
        self.text("/metadata/namespace")
    }

    /// The version of the object, opaque.
    pub fn resource_version(&self) -> &str {
        self.text("/metadata/resourceVersion")
    }

    /// A field that is a text, by its JSON pointer.
    pub fn field(&self, pointer: &str) -> Option<&str> {
        self.value.pointer(pointer)?.as_str()
    }

    /// Whether a field says yes.
    pub fn says(&self, pointer: &str) -> bool {
        self.value.pointer(pointer) == Some(&Value::Bool(true))
    }

    /// The JSON pointer to the spec of its pods.
    pub fn pods_at(&self) -> &'static str {
        match self.kind.as_str() {
            "Pod" => "/spec",
            "CronJob" => "/spec/jobTemplate/spec/template/spec",
            _ => "/spec/template/spec",
        }
    }

    /// The spec of its pods.
    pub fn pods(&self) -> Option<&Value> {
        self.value.pointer(self.pods_at())
    }

    /// Where the API has it. None: it is of a kind that winfit does not know.
    pub fn path(&self) -> Option<String> {
        let of = match self.api_version() {
            "batch/v1beta1" => older_path_of,
            _ => path_of,
        };
        of(&self.kind, self.namespace(), self.name())
    }

    /// Who may change its pod template. Who writes it in the end is named, not what that goes through: Flux
    /// and Argo CD write what Helm has rendered.
    pub fn owned(&self) -> Owned {
        let owners = self.value.pointer("/metadata/ownerReferences");
        let controller = owners.and_then(Value::as_array).and_then(|owners| {
            let mut owners = owners.iter();
            owners.find(|owner| owner["controller"].as_bool() == Some(true))
        });
        if let Some(owner) = controller {
            let text = |key: &str| owner[key].as_str().unwrap_or_default().to_owned();
            return Owned::ByObject {
                kind: text("kind"),
                name: text("name"),
            };
        }
        match self.manager() {
            Some(manager) => Owned::By(manager),
            None if matches!(self.kind.as_str(), "Job" | "Pod") => Owned::Immutable,
            None => Owned::ByNobody,
        }
    }

    fn manager(&self) -> Option<Manager> {
        let of = |list: &str, key: &str| {
            let found = self.value.pointer(list)?.get(key)?.as_str()?;
            (!found.is_empty()).then(|| found.to_owned())
        };
        let label = |key: &str| of("/metadata/labels", key);
        let annotation = |key: &str| of("/metadata/annotations", key);
        let manager = |tool, what| move |name| Manager { tool, what, name };
        label("kustomize.toolkit.fluxcd.io/name")
            .map(manager("Flux", "Kustomization"))
            .or_else(|| label("helm.toolkit.fluxcd.io/name").map(manager("Flux", "HelmRelease")))
            .or_else(|| {
                // NAME:GROUP/KIND:NAMESPACE/NAME
                let tracked = annotation("argocd.argoproj.io/tracking-id");
                let tracked = tracked.map(|id| id.split(':').next().unwrap_or_default().to_owned());
                tracked
                    .or_else(|| label("argocd.argoproj.io/instance"))
                    .map(manager("Argo CD", "application"))
            })
            .or_else(|| {
                label("app.kubernetes.io/managed-by").filter(|tool| tool == "Helm")?;
                annotation("meta.helm.sh/release-name").map(manager("Helm", "release"))
            })
    }

    /// What names it in manifests, and the spec of its pods.
    pub(super) fn with_pods(&self, pods: &Value) -> Value {
        let mut metadata = json!({"name": self.name()});
        if !self.namespace().is_empty() {
            metadata["namespace"] = json!(self.namespace());
        }
        let mut inner = pods.clone();
        for key in self.pods_at().rsplit('/').filter(|key| !key.is_empty()) {
            inner = json!({ key: inner });
        }
        json!({
            "apiVersion": self.api_version(),
            "kind": self.kind,
            "metadata": metadata,
            "spec": inner["spec"],
        })
    }

    fn api_version(&self) -> &str {
        match self.value["apiVersion"].as_str() {
            Some(own) => own,
            None => match self.kind.as_str() {
                "CronJob" | "Job" => "batch/v1",
                "ReplicationController" | "Pod" => "v1",
                _ => "apps/v1",
            },
        }
    }
}
