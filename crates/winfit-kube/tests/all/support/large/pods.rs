//! Pods and their events.

use serde_json::{Value, json};

use super::workloads::{
    DAEMON_SET, DEPLOYMENT, JOB, REPLICA_SET, Selects, Shape, build_label, daemon_set_shape, hash,
    namespace, shape,
};
use super::{Large, OF_DEPLOYMENT, OF_JOB, Os, Owner, mix, nodes, suffix, uid};

/// How a pod is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Runs,
    /// Its image's Windows is newer than its node's.
    Fails,
    Finished,
}

/// A pod, as far as it is told apart from others of its shape.
struct Pod {
    name: String,
    namespace: String,
    owner: (&'static str, String, String),
    shape: Shape,
    hash: String,
}

impl Large {
    fn owner(&self, at: usize) -> Owner {
        if at < self.of_deployments {
            Owner::Deployment(at / OF_DEPLOYMENT)
        } else if at < self.of_deployments + self.of_jobs {
            Owner::Job((at - self.of_deployments) / OF_JOB)
        } else {
            Owner::DaemonSet(self.daemon_sets.partition_point(|first| *first <= at) - 1)
        }
    }

    /// The node of a pod, and whether it fails there.
    pub(super) fn placed(&self, at: usize) -> (usize, bool) {
        let shape = match self.owner(at) {
            Owner::DaemonSet(number) => {
                let own = at - self.daemon_sets[number];
                let windows = number.is_multiple_of(2);
                // The nodes of one system, each once.
                let node = if windows {
                    own / 4 * 5 + 1 + own % 4
                } else {
                    own * 5
                };
                return (node, false);
            }
            Owner::Job(number) => shape(JOB, number),
            Owner::Deployment(number) => shape(DEPLOYMENT, number),
        };
        let newer = matches!(shape.os, Os::Windows(20348..));
        let fails = at < self.of_deployments
            && newer
            && shape.selects == Selects::Windows
            && mix(at, 40).is_multiple_of(20);
        let os = if fails { Os::Windows(17763) } else { shape.os };
        (self.node_of(os, at), fails)
    }

    fn pod(&self, at: usize) -> Pod {
        let end = suffix(at, 41, 5);
        match self.owner(at) {
            Owner::Deployment(number) => {
                let hash = hash(number);
                let set = format!("app-{number}-{hash}");
                Pod {
                    name: format!("{set}-{end}"),
                    namespace: namespace(number),
                    owner: ("ReplicaSet", set, uid(REPLICA_SET, number)),
                    shape: shape(DEPLOYMENT, number),
                    hash,
                }
            }
            Owner::Job(number) => Pod {
                name: format!("job-{number}-{end}"),
                namespace: namespace(number),
                owner: ("Job", format!("job-{number}"), uid(JOB, number)),
                shape: shape(JOB, number),
                hash: suffix(number, 42, 9),
            },
            Owner::DaemonSet(number) => Pod {
                name: format!("agent-{number}-{end}"),
                namespace: namespace(number),
                owner: (
                    "DaemonSet",
                    format!("agent-{number}"),
                    uid(DAEMON_SET, number),
                ),
                shape: daemon_set_shape(number),
                hash: suffix(number, 43, 9),
            },
        }
    }

    pub(super) fn write_pod(&self, at: usize, out: &mut Vec<u8>) {
        let (node, fails) = self.placed(at);
        let pod = self.pod(at);
        let selects = pod.shape.selects as usize;
        // Jobs that run have two others that ended.
        let ended = matches!(self.owner(at), Owner::Job(number) if !number.is_multiple_of(3));
        let template = if fails {
            &self.templates.failing_pod
        } else if ended {
            &self.templates.finished_pod[selects]
        } else {
            &self.templates.pod[selects]
        };
        let (kind, owner, owner_uid) = pod.owner;
        let (uid, version) = (uid(50, at), (10_000_000 + at).to_string());
        let build = build_label(pod.shape.os);
        let (a, b) = (mix(at / OF_DEPLOYMENT, 51), mix(at, 52));
        let digest = format!("{a:016x}{:016x}{a:016x}{a:016x}", !a);
        let container = format!("{b:016x}{:016x}{b:016x}{b:016x}", !b);
        let address = format!("10.{}.{}.{}", 64 + (at >> 16), (at >> 8) & 255, at & 255);
        let host = format!("10.{}.{}.{}", node >> 16, (node >> 8) & 255, node & 255);
        let token = suffix(at, 53, 5);
        let node = nodes::name(node);
        // A repository's name has no tag.
        let bare = pod
            .shape
            .image
            .rsplit_once(':')
            .map_or("", |(bare, _)| bare);
        let values = [
            &*pod.name,
            &pod.namespace,
            &uid,
            &version,
            &pod.shape.image,
            &build,
            &owner,
            &owner_uid,
            &pod.hash,
            &node,
            &digest,
            &container,
            &address,
            &host,
            kind,
            &token,
            bare,
            if kind == "Job" { "batch/v1" } else { "apps/v1" },
        ];
        template.fill(&values, out);
    }

    pub(super) fn write_event(&self, at: usize, out: &mut Vec<u8>) {
        let failing = self.failing.get(at);
        let pod_at = failing.map_or_else(|| (at - self.failing.len()) * 20, |pod| *pod);
        let pod = self.pod(pod_at);
        let (uid, of) = (uid(60, at), uid(50, pod_at));
        let version = (20_000_000 + at).to_string();
        let name = format!("{}.{:016x}", pod.name, mix(at, 61));
        let node = nodes::name(self.placed(pod_at).0);
        let template = if failing.is_some() {
            &self.templates.warning
        } else {
            &self.templates.pulled
        };
        let values = [
            &*name,
            &pod.namespace,
            &uid,
            &version,
            &pod.name,
            &of,
            &node,
            &pod.shape.image,
        ];
        template.fill(&values, out);
    }
}

/// The `spec` of a template: 4 image, 5 build, 6 owner.
pub(super) fn spec(selects: Selects) -> Value {
    let mut spec = json!({
        "containers": [{
            "name": "app", "image": "@4@", "imagePullPolicy": "IfNotPresent",
            "env": [
                {"name": "ASPNETCORE_URLS", "value": "http://+:8080"},
                {"name": "SHOP_REGION", "value": "westeurope"},
                {"name": "POD_NAME", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}},
                {"name": "SHOP_SECRET", "valueFrom": {"secretKeyRef": {"name": "shop", "key": "connection"}}},
            ],
            "ports": [{"containerPort": 8080, "name": "http", "protocol": "TCP"}],
            "resources": {
                "limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "250m", "memory": "512Mi"},
            },
            "readinessProbe": {
                "httpGet": {"path": "/ready", "port": "http", "scheme": "HTTP"},
                "periodSeconds": 10, "timeoutSeconds": 1, "failureThreshold": 3, "successThreshold": 1,
            },
            "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
        }],
        "dnsPolicy": "ClusterFirst", "restartPolicy": "Always", "schedulerName": "default-scheduler",
        "securityContext": {}, "terminationGracePeriodSeconds": 30,
    });
    if selects != Selects::Nothing {
        spec["nodeSelector"] = json!({"kubernetes.io/os": "windows"});
        spec["tolerations"] =
            json!([{"key": "os", "operator": "Equal", "value": "windows", "effect": "NoSchedule"}]);
    }
    if selects == Selects::Build {
        spec["nodeSelector"]["node.kubernetes.io/windows-build"] = json!("@5@");
    }
    spec
}

const MISMATCH: &str = "container @11@ encountered an error during hcsshim::System::CreateProcess: failure in a Windows system call: The operating system of the container does not match the operating system of the host. (0xc0370101)";

/// 0 name, 1 namespace, 2 identity, 3 version, 4 image, 5 build, 6 owner, 7 its identity, 8 hash, 9 node,
/// 10 digest, 11 container, 12 address, 13 its host's, 14 the owner's kind, 15 token, 16 repository, 17 the owner's API.
pub(super) fn template(selects: Selects, state: State) -> Value {
    let mut spec = spec(selects);
    let token = "kube-api-access-@15@";
    spec["nodeName"] = json!("@9@");
    spec["serviceAccountName"] = json!("default");
    spec["serviceAccount"] = json!("default");
    spec["priority"] = json!(0);
    spec["enableServiceLinks"] = json!(true);
    spec["preemptionPolicy"] = json!("PreemptLowerPriority");
    spec["containers"][0]["volumeMounts"] = json!([{
        "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "name": token, "readOnly": true,
    }]);
    spec["volumes"] = json!([{"name": token, "projected": {"defaultMode": 420, "sources": [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [{"path": "namespace",
            "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]}},
    ]}}]);
    let tolerations = spec["tolerations"].as_array().cloned().unwrap_or_default();
    let of_all = ["not-ready", "unreachable"].map(|what| {
        json!({
            "key": format!("node.kubernetes.io/{what}"), "operator": "Exists", "effect": "NoExecute",
            "tolerationSeconds": 300,
        })
    });
    spec["tolerations"] = tolerations.into_iter().chain(of_all).collect();
    if state == State::Finished {
        spec["restartPolicy"] = json!("Never");
    }
    json!({
        "metadata": {
            "name": "@0@", "generateName": "@6@-", "namespace": "@1@", "uid": "@2@",
            "resourceVersion": "@3@", "creationTimestamp": "2025-11-10T09:12:35Z",
            "labels": {"app": "@6@", "pod-template-hash": "@8@"},
            "ownerReferences": [{
                "apiVersion": "@17@", "kind": "@14@", "name": "@6@", "uid": "@7@",
                "controller": true, "blockOwnerDeletion": true,
            }],
            "managedFields": managed(),
        },
        "spec": spec,
        "status": status(state),
    })
}

fn status(state: State) -> Value {
    let (phase, ready, own) = match state {
        State::Runs => (
            "Running",
            "True",
            json!({"running": {"startedAt": "2025-11-10T09:13:01Z"}}),
        ),
        State::Fails => (
            "Pending",
            "False",
            json!({"waiting": {"reason": "RunContainerError", "message": MISMATCH}}),
        ),
        State::Finished => (
            "Succeeded",
            "False",
            json!({"terminated": {
                "exitCode": 0, "reason": "Completed", "startedAt": "2025-11-10T09:13:01Z",
                "finishedAt": "2025-11-10T09:15:01Z", "containerID": "containerd://@11@",
            }}),
        ),
    };
    let conditions: Vec<Value> = [
        ("PodReadyToStartContainers", "True"),
        ("Initialized", "True"),
        ("Ready", ready),
        ("ContainersReady", ready),
        ("PodScheduled", "True"),
    ]
    .into_iter()
    .map(|(kind, status)| {
        json!({
            "type": kind, "status": status, "lastProbeTime": null,
            "lastTransitionTime": "2025-11-10T09:13:02Z",
        })
    })
    .collect();
    json!({
        "phase": phase, "qosClass": "Burstable", "conditions": conditions,
        "hostIP": "@13@", "hostIPs": [{"ip": "@13@"}], "podIP": "@12@", "podIPs": [{"ip": "@12@"}],
        "startTime": "2025-11-10T09:12:35Z",
        "containerStatuses": [{
            "name": "app", "image": "@4@", "imageID": "@16@@sha256:@10@",
            "containerID": "containerd://@11@", "ready": ready == "True", "started": ready == "True",
            "restartCount": 0, "state": own, "lastState": {},
        }],
    })
}

/// `metadata.managedFields`: near half of what a pod weighs.
fn managed() -> Value {
    let condition = |kind: &str| {
        let fields = json!({".": {}, "f:lastProbeTime": {}, "f:lastTransitionTime": {}, "f:status": {}, "f:type": {}});
        (format!("k:{{\"type\":\"{kind}\"}}"), fields)
    };
    let kinds = [
        "ContainersReady",
        "Initialized",
        "PodReadyToStartContainers",
        "Ready",
    ];
    let conditions: serde_json::Map<String, Value> = kinds.map(condition).into_iter().collect();
    json!([
        {
            "manager": "kube-controller-manager", "operation": "Update", "apiVersion": "v1",
            "time": "2025-11-10T09:12:35Z", "fieldsType": "FieldsV1",
            "fieldsV1": {
                "f:metadata": {
                    "f:generateName": {},
                    "f:labels": {".": {}, "f:app": {}, "f:pod-template-hash": {}},
                    "f:ownerReferences": {".": {}, "k:{\"uid\":\"@7@\"}": {}},
                },
                "f:spec": {
                    "f:containers": {"k:{\"name\":\"app\"}": {
                        ".": {}, "f:env": {".": {}, "k:{\"name\":\"ASPNETCORE_URLS\"}": {".": {}, "f:name": {}, "f:value": {}}},
                        "f:image": {}, "f:imagePullPolicy": {}, "f:name": {}, "f:ports": {".": {}},
                        "f:readinessProbe": {".": {}, "f:failureThreshold": {}, "f:httpGet": {".": {}}},
                        "f:resources": {".": {}, "f:limits": {".": {}}, "f:requests": {".": {}}},
                    }},
                    "f:dnsPolicy": {}, "f:enableServiceLinks": {}, "f:nodeSelector": {}, "f:restartPolicy": {},
                    "f:schedulerName": {}, "f:securityContext": {}, "f:terminationGracePeriodSeconds": {},
                    "f:tolerations": {},
                },
            },
        },
        {
            "manager": "kubelet", "operation": "Update", "apiVersion": "v1", "subresource": "status",
            "time": "2025-11-10T09:13:02Z", "fieldsType": "FieldsV1",
            "fieldsV1": {"f:status": {
                "f:conditions": conditions, "f:containerStatuses": {}, "f:hostIP": {}, "f:hostIPs": {},
                "f:phase": {}, "f:podIP": {}, "f:podIPs": {".": {}, "k:{\"ip\":\"@12@\"}": {".": {}, "f:ip": {}}},
                "f:startTime": {},
            }},
        },
    ])
}

/// 0 name, 1 namespace, 2 identity, 3 version, 4 pod, 5 its identity, 6 node, 7 image.
pub(super) fn event(warning: bool) -> Value {
    let (kind, reason, message, count) = if warning {
        let message = MISMATCH.replace("@11@", "app");
        ("Warning", "Failed", format!("Error: {message}"), 11)
    } else {
        let message = "Container image \"@7@\" already present on machine".to_owned();
        ("Normal", "Pulled", message, 1)
    };
    json!({
        "metadata": {
            "name": "@0@", "namespace": "@1@", "uid": "@2@", "resourceVersion": "@3@",
            "creationTimestamp": "2025-11-10T09:13:02Z",
        },
        "involvedObject": {
            "apiVersion": "v1", "kind": "Pod", "name": "@4@", "namespace": "@1@", "uid": "@5@",
            "resourceVersion": "@3@", "fieldPath": "spec.containers{app}",
        },
        "type": kind, "reason": reason, "message": message, "count": count,
        "firstTimestamp": "2025-11-10T09:13:02Z", "lastTimestamp": "2025-11-10T09:23:02Z",
        "eventTime": null, "reportingComponent": "kubelet", "reportingInstance": "@6@",
        "source": {"component": "kubelet", "host": "@6@"},
    })
}
