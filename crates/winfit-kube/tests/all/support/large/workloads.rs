//! What owns pods.

use serde_json::{Value, json};

use super::pods;
use super::{Large, OF_DEPLOYMENT, OF_JOB, Os, mix, suffix, uid};

/// What a workload selects of its nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Selects {
    /// It is for Linux and says nothing.
    Nothing,
    /// Any Windows.
    Windows,
    /// The Windows of its image.
    Build,
}

/// What a workload is for.
pub(super) struct Shape {
    pub(super) os: Os,
    pub(super) selects: Selects,
    pub(super) image: String,
}

/// The salts of Deployments and Jobs.
pub(super) const DEPLOYMENT: u64 = 20;
pub(super) const JOB: u64 = 21;
pub(super) const DAEMON_SET: u64 = 22;
pub(super) const REPLICA_SET: u64 = 23;

/// The shape of the Deployment or Job of this number.
pub(super) fn shape(salt: u64, at: usize) -> Shape {
    let chance = mix(at, salt);
    let (os, tag) = match chance % 10 {
        0..=3 => (Os::Linux, ""),
        4 | 5 => (Os::Windows(17763), "-ltsc2019"),
        6 | 7 => (Os::Windows(20348), "-ltsc2022"),
        _ => (Os::Windows(26100), "-ltsc2025"),
    };
    let selects = match os {
        Os::Linux => Selects::Nothing,
        Os::Windows(_) if (chance >> 8).is_multiple_of(2) => Selects::Build,
        Os::Windows(_) => Selects::Windows,
    };
    // Several workloads run the same image.
    let app = at / 2;
    Shape {
        os,
        selects,
        image: format!(
            "registry.example.com/team-{}/app-{app}:1.{}.2{tag}",
            app % 50,
            app % 7
        ),
    }
}

/// The label that an image's Windows selects; Linux has none.
pub(super) fn build_label(os: Os) -> String {
    match os {
        Os::Linux => String::new(),
        Os::Windows(build) => format!("10.0.{build}"),
    }
}

/// The namespace of a workload.
pub(super) fn namespace(at: usize) -> String {
    format!("team-{}", at / 2 % 50)
}

/// The hash in the names of a Deployment's pods.
pub(super) fn hash(at: usize) -> String {
    suffix(at, 30, 9)
}

impl Large {
    /// How many nodes a DaemonSet of this number has pods on: they are for Windows and for Linux in turn.
    pub(super) fn nodes_of_daemon_set(&self, at: usize) -> usize {
        let linux = self.nodes.div_ceil(5);
        if at.is_multiple_of(2) {
            self.nodes - linux
        } else {
            linux
        }
    }

    /// How many pods the Deployment of this number has.
    fn replicas(&self, at: usize) -> usize {
        OF_DEPLOYMENT.min(self.of_deployments - at * OF_DEPLOYMENT)
    }

    fn fill(of: &Of<'_>, out: &mut Vec<u8>) {
        let shape = &of.shape;
        let template = &of.templates[shape.selects as usize];
        let version = (2_000_000 + of.at).to_string();
        let (many, build) = (of.many.to_string(), build_label(shape.os));
        let namespace = namespace(of.at);
        let uid = uid(of.salt, of.at);
        let values = [
            &*of.name,
            &namespace,
            &uid,
            &version,
            &shape.image,
            &build,
            &of.app,
            &many,
            &of.hash,
            &of.owner,
            &of.owner_uid,
        ];
        template.fill(&values, out);
    }

    pub(super) fn write_deployment(&self, at: usize, out: &mut Vec<u8>) {
        let name = format!("app-{at}");
        let of = Of {
            salt: DEPLOYMENT,
            app: name.clone(),
            many: self.replicas(at),
            ..Of::new(&self.templates.deployment, at, name, shape(DEPLOYMENT, at))
        };
        Self::fill(&of, out);
    }

    pub(super) fn write_replica_set(&self, number: usize, out: &mut Vec<u8>) {
        let (at, old) = (number / 2, !number.is_multiple_of(2));
        let hash = if old { suffix(at, 31, 9) } else { hash(at) };
        let mut of = Of {
            salt: if old { REPLICA_SET + 1 } else { REPLICA_SET },
            app: format!("app-{at}"),
            many: if old { 0 } else { self.replicas(at) },
            owner: format!("app-{at}"),
            owner_uid: uid(DEPLOYMENT, at),
            ..Of::new(
                &self.templates.replica_set,
                at,
                format!("app-{at}-{hash}"),
                shape(DEPLOYMENT, at),
            )
        };
        of.hash = hash;
        Self::fill(&of, out);
    }

    pub(super) fn write_job(&self, at: usize, out: &mut Vec<u8>) {
        let name = format!("job-{at}");
        let of = Of {
            salt: JOB,
            app: name.clone(),
            many: OF_JOB.min(self.of_jobs - at * OF_JOB),
            ..Of::new(&self.templates.job, at, name, shape(JOB, at))
        };
        Self::fill(&of, out);
    }

    pub(super) fn write_daemon_set(&self, at: usize, out: &mut Vec<u8>) {
        let name = format!("agent-{at}");
        let of = Of {
            salt: DAEMON_SET,
            app: name.clone(),
            many: self.nodes_of_daemon_set(at),
            ..Of::new(&self.templates.daemon_set, at, name, daemon_set_shape(at))
        };
        Self::fill(&of, out);
    }
}

/// DaemonSets run images that have a child for each Windows.
pub(super) fn daemon_set_shape(at: usize) -> Shape {
    let windows = at.is_multiple_of(2);
    Shape {
        os: if windows {
            Os::Windows(20348)
        } else {
            Os::Linux
        },
        selects: if windows {
            Selects::Windows
        } else {
            Selects::Nothing
        },
        image: format!("registry.example.com/agents/agent-{at}:2.1"),
    }
}

/// What is written of a workload.
struct Of<'a> {
    templates: &'a [super::template::Template; 3],
    salt: u64,
    at: usize,
    name: String,
    shape: Shape,
    app: String,
    many: usize,
    hash: String,
    owner: String,
    owner_uid: String,
}

impl<'a> Of<'a> {
    fn new(
        templates: &'a [super::template::Template; 3],
        at: usize,
        name: String,
        shape: Shape,
    ) -> Self {
        Self {
            templates,
            salt: 0,
            at,
            name,
            shape,
            app: String::new(),
            many: 0,
            hash: String::new(),
            owner: String::new(),
            owner_uid: String::new(),
        }
    }
}

/// What all have; 0 name, 1 namespace, 2 identity, 3 version, 4 image, 5 build, 6 app, 7 how many, 8 hash,
/// 9 owner, 10 its identity.
fn meta(labels: &Value) -> Value {
    json!({
        "name": "@0@", "namespace": "@1@", "uid": "@2@", "resourceVersion": "@3@", "generation": 2,
        "creationTimestamp": "2025-11-10T09:12:33Z", "labels": labels,
        "annotations": {"deployment.kubernetes.io/revision": "2"},
        "managedFields": [{
            "manager": "kubectl-client-side-apply", "operation": "Update", "apiVersion": "apps/v1",
            "time": "2025-11-10T09:12:33Z", "fieldsType": "FieldsV1",
            "fieldsV1": {
                "f:metadata": {"f:annotations": {".": {}}, "f:labels": {".": {}, "f:app": {}}},
                "f:spec": {"f:progressDeadlineSeconds": {}, "f:replicas": {}, "f:selector": {},
                    "f:template": {"f:metadata": {"f:labels": {".": {}, "f:app": {}}}, "f:spec": {
                        "f:containers": {"k:{\"name\":\"app\"}": {".": {}, "f:image": {}, "f:name": {}}},
                        "f:nodeSelector": {}, "f:tolerations": {}}}},
            },
        }],
    })
}

fn template(selects: Selects, labels: &Value) -> Value {
    json!({"metadata": {"labels": labels}, "spec": pods::spec(selects)})
}

pub(super) fn deployment(selects: Selects) -> Value {
    let labels = json!({"app": "@6@"});
    json!({
        "metadata": meta(&labels),
        "spec": {
            "replicas": "@=7=@", "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600,
            "selector": {"matchLabels": labels},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
            "template": template(selects, &labels),
        },
        "status": {
            "observedGeneration": 2, "replicas": "@=7=@", "updatedReplicas": "@=7=@",
            "readyReplicas": "@=7=@", "availableReplicas": "@=7=@",
            "conditions": [{
                "type": "Available", "status": "True", "reason": "MinimumReplicasAvailable",
                "message": "Deployment has minimum availability.",
                "lastTransitionTime": "2025-11-10T09:14:02Z", "lastUpdateTime": "2025-11-10T09:14:02Z",
            }],
        },
    })
}

pub(super) fn replica_set(selects: Selects) -> Value {
    let labels = json!({"app": "@6@", "pod-template-hash": "@8@"});
    let mut meta = meta(&labels);
    meta["ownerReferences"] = json!([{
        "apiVersion": "apps/v1", "kind": "Deployment", "name": "@9@", "uid": "@10@",
        "controller": true, "blockOwnerDeletion": true,
    }]);
    json!({
        "metadata": meta,
        "spec": {
            "replicas": "@=7=@", "selector": {"matchLabels": labels},
            "template": template(selects, &labels),
        },
        "status": {"observedGeneration": 2, "replicas": "@=7=@", "readyReplicas": "@=7=@"},
    })
}

pub(super) fn daemon_set(selects: Selects) -> Value {
    let labels = json!({"app": "@6@"});
    json!({
        "metadata": meta(&labels),
        "spec": {
            "revisionHistoryLimit": 10, "selector": {"matchLabels": labels},
            "template": template(selects, &labels),
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}},
        },
        "status": {
            "currentNumberScheduled": "@=7=@", "desiredNumberScheduled": "@=7=@",
            "numberMisscheduled": 0, "numberReady": "@=7=@", "observedGeneration": 2,
        },
    })
}

pub(super) fn job(selects: Selects) -> Value {
    let labels = json!({"job-name": "@6@"});
    let mut template = template(selects, &labels);
    template["spec"]["restartPolicy"] = json!("Never");
    json!({
        "metadata": meta(&labels),
        "spec": {
            "backoffLimit": 6, "completions": "@=7=@", "parallelism": "@=7=@",
            "selector": {"matchLabels": labels}, "template": template,
        },
        "status": {"startTime": "2025-11-10T09:12:33Z", "ready": 0, "succeeded": 1},
    })
}
