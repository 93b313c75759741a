//! The kinds there are, and which of their objects a path means.

use serde_json::Value;

/// A kind, as the server serves it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) group: &'static str,
    pub(super) version: &'static str,
    pub(super) resource: &'static str,
    /// As kubectl takes it beside the resource's name.
    pub(super) short: &'static [&'static str],
    pub(super) namespaced: bool,
    /// The server counts the changes of its `spec`.
    pub(super) generations: bool,
    /// Its `status` is written apart.
    pub(super) status: bool,
}

const fn core(name: &'static str, resource: &'static str, short: &'static [&'static str]) -> Kind {
    Kind {
        name,
        group: "",
        version: "v1",
        resource,
        short,
        namespaced: true,
        generations: false,
        status: false,
    }
}

const fn workload(
    group: &'static str,
    name: &'static str,
    resource: &'static str,
    short: &'static [&'static str],
) -> Kind {
    Kind {
        group,
        generations: true,
        status: true,
        ..core(name, resource, short)
    }
}

static KINDS: [Kind; 17] = [
    Kind {
        namespaced: false,
        status: true,
        ..core("Node", "nodes", &["no"])
    },
    Kind {
        namespaced: false,
        status: true,
        ..core("Namespace", "namespaces", &["ns"])
    },
    Kind {
        status: true,
        ..core("Pod", "pods", &["po"])
    },
    core("Event", "events", &["ev"]),
    core("ConfigMap", "configmaps", &["cm"]),
    core("Secret", "secrets", &[]),
    core("ServiceAccount", "serviceaccounts", &["sa"]),
    Kind {
        generations: true,
        status: true,
        ..core("ReplicationController", "replicationcontrollers", &["rc"])
    },
    workload("apps", "Deployment", "deployments", &["deploy"]),
    workload("apps", "ReplicaSet", "replicasets", &["rs"]),
    workload("apps", "StatefulSet", "statefulsets", &["sts"]),
    workload("apps", "DaemonSet", "daemonsets", &["ds"]),
    workload("batch", "Job", "jobs", &[]),
    workload("batch", "CronJob", "cronjobs", &["cj"]),
    Kind {
        group: "node.k8s.io",
        namespaced: false,
        ..core("RuntimeClass", "runtimeclasses", &[])
    },
    Kind {
        group: "coordination.k8s.io",
        ..core("Lease", "leases", &[])
    },
    // What a cluster may have besides: a resource of its own.
    Kind {
        version: "v1alpha1",
        ..workload("argoproj.io", "Rollout", "rollouts", &[])
    },
];

impl Kind {
    pub(super) fn all() -> &'static [Self] {
        &KINDS
    }

    pub(super) fn named(name: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.name == name)
    }

    pub(super) fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_owned()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }
}

/// Which object, or which list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path {
    pub(super) kind: &'static Kind,
    pub(super) namespace: String,
    pub(super) name: String,
    /// `status`, or the empty text.
    pub(super) subresource: String,
}

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
            ["namespaces", namespace, resource, ..] if *resource != "status" => {
                let namespace = (*namespace).to_owned();
                rest.drain(..2);
                namespace
            }
            _ => String::new(),
        };
        let mut rest = rest.into_iter();
        let resource = rest.next()?;
        let kind = KINDS
            .iter()
            .find(|kind| (kind.group, kind.version, kind.resource) == (group, version, resource))?;
        let name = rest.next().unwrap_or_default().to_owned();
        let subresource = rest.next().unwrap_or_default().to_owned();
        let known = subresource.is_empty() || (subresource == "status" && kind.status);
        // One object of a namespaced kind is only found in its namespace, and no other kind is in one.
        let placed = if kind.namespaced {
            name.is_empty() || !namespace.is_empty()
        } else {
            namespace.is_empty()
        };
        (known && placed && rest.next().is_none()).then_some(Self {
            kind,
            namespace,
            name,
            subresource,
        })
    }

    /// Where an object is kept.
    pub(super) fn of(object: &Value) -> Option<Self> {
        let kind = Kind::named(object["kind"].as_str()?)?;
        let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default();
        Some(Self {
            kind,
            namespace: if kind.namespaced {
                text("namespace").to_owned()
            } else {
                String::new()
            },
            name: text("name").to_owned(),
            subresource: String::new(),
        })
    }

    /// `deployments.apps`, `nodes`.
    pub(super) fn in_group(&self) -> String {
        in_group(self.kind.resource, self.kind.group)
    }

    /// `Deployment.apps`, `Node`.
    pub(super) fn kind_in_group(&self) -> String {
        in_group(self.kind.name, self.kind.group)
    }

    /// `nodes`, `nodes/status`.
    pub(super) fn resource(&self) -> String {
        if self.subresource.is_empty() {
            self.kind.resource.to_owned()
        } else {
            format!("{}/{}", self.kind.resource, self.subresource)
        }
    }
}

fn in_group(name: &str, group: &str) -> String {
    if group.is_empty() {
        name.to_owned()
    } else {
        format!("{name}.{group}")
    }
}
