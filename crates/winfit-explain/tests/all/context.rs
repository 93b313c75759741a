//! To what it happened: pods, containers, nodes, from every place that names them.

use winfit_explain::{DiagnosisKind, SubjectKind, explain_bytes};

use crate::{brief, one};

const ID: &str = "b81ed896222eb87906ccab1c3dd2fc49324eafa798438f7979b87b210906f839";
const MISMATCH: &str = "The container operating system does not match the host operating system.";

/// `kind namespace/name container @node xCOUNT`.
fn about(text: &str) -> String {
    let found = one(text);
    let subject = &found.subject;
    let shown = |value: &Option<String>| value.clone().unwrap_or("-".to_owned());
    format!(
        "{} {}/{} {} @{} x{}",
        found.kind.name(),
        shown(&subject.namespace),
        shown(&subject.name),
        shown(&subject.container),
        shown(&subject.node),
        found.count
    )
}

#[test]
fn kubelet_and_containerd_lines() {
    let rows = [
        (
            format!(
                "E0512 10:00:00.0 1234 pod_workers.go:1298] \"Error syncing pod, skipping\" err=\"failed to \\\"StartContainer\\\" for \\\"web\\\" with RunContainerError: \\\"failed to create containerd task: failed to create shim task: hcs::CreateComputeSystem {ID}: {MISMATCH}: unknown\\\"\" pod=\"shop/web-0\" podUID=\"6a07aaf3\""
            ),
            "start-mismatch shop/web-0 web @- x1",
        ),
        (
            format!(
                "E0512 10:00:00.0 1234 kuberuntime_manager.go:1] \"CreatePodSandbox for pod failed\" err=\"rpc error: code = Unknown desc = failed to create containerd task: failed to create shim task: hcs::CreateComputeSystem {ID}: {MISMATCH}: unknown\" pod=\"shop/web-0\""
            ),
            "sandbox-mismatch shop/web-0 - @- x1",
        ),
        (
            format!(
                "time=\"2024-05-12T10:00:00Z\" level=error msg=\"RunPodSandbox for &PodSandboxMetadata{{Name:web-0,Uid:6a07aaf3,Namespace:shop,Attempt:0,}} failed, error\" error=\"failed to create containerd task: failed to create shim task: hcs::CreateComputeSystem {ID}: {MISMATCH}: unknown\""
            ),
            "sandbox-mismatch shop/web-0 - @- x1",
        ),
        (
            format!(
                "Warning  FailedCreatePodSandBox  2m (x7 over 9m)  kubelet  Failed to create pod sandbox: rpc error: code = Unknown desc = failed to start sandbox container for pod \"web-0\": Error response from daemon: hcsshim::CreateComputeSystem {ID}: {MISMATCH}"
            ),
            "sandbox-mismatch -/web-0 - @- x7",
        ),
        (
            format!(
                "2m54s   Warning   Failed   pod/web-0   Error: failed to create containerd task: failed to create shim task: hcs::CreateComputeSystem {ID}: {MISMATCH}: unknown"
            ),
            "start-mismatch -/web-0 - @- x1",
        ),
        (
            format!(
                "shop   2m54s (x4 over 8m)   Warning   Failed   pod/web-0   Error: hcs::CreateComputeSystem {ID}: {MISMATCH}: unknown"
            ),
            "start-mismatch shop/web-0 - @- x4",
        ),
        (
            format!(
                "2m 33m 11 web-0.14ec0a2b3c4d5e6f Pod spec.containers{{web}} Warning Failed kubelet, node1 Error: hcsshim::CreateComputeSystem web: {MISMATCH}"
            ),
            "start-mismatch -/web-0 web @node1 x11",
        ),
        (
            format!(
                "Error syncing pod 6a07aaf3 (\"web-0_shop(6a07aaf3)\"), skipping: failed to \"StartContainer\" for \"web\" with RunContainerError: \"hcsshim::CreateComputeSystem web: {MISMATCH}\""
            ),
            "start-mismatch shop/web-0 web @- x1",
        ),
    ];
    for (text, expected) in rows {
        assert_eq!(about(&text), expected, "{text}");
    }
}

#[test]
fn repeated_lines_of_a_log_are_one_diagnosis_and_are_counted() {
    let line = |id: u32| {
        format!(
            "E0512 \"Error syncing pod, skipping\" err=\"hcs::CreateComputeSystem {id:064x}: {MISMATCH}: unknown\" pod=\"shop/web-0\"\n"
        )
    };
    let text: String = (0..50).map(line).collect();
    let found = one(&text);
    assert_eq!(found.count, 50);
    assert_eq!(found.also_at.len(), winfit_explain::MOST_LINES);
}

#[test]
fn two_containers_of_a_pod_are_two_diagnoses() {
    let line = |name: &str| {
        format!(
            "E0512 \"Error syncing pod\" err=\"failed to \\\"StartContainer\\\" for \\\"{name}\\\" with RunContainerError: \\\"hcs::CreateComputeSystem {ID}: {MISMATCH}\\\"\" pod=\"shop/web-0\"\n"
        )
    };
    let report = explain_bytes([line("web"), line("sidecar")].concat().as_bytes());
    assert_eq!(report.diagnoses.len(), 2);
}

#[test]
fn describe_since_1_9_has_its_count_behind_the_age() {
    let text = format!(
        "Name:             web-0
Namespace:        shop
Priority:         0
Node:             win-a/10.0.0.4
Containers:
  web:
    Container ID:   containerd://{ID}
    Image:          contoso/web:2
    Image ID:       contoso/web@sha256:{ID}
    Last State:     Terminated
      Reason:       StartError
      Message:      failed to create containerd task: failed to create shim task: hcs::CreateComputeSystem {ID}: {MISMATCH}: unknown
      Exit Code:    128
  sidecar:
    Container ID:   containerd://{id2}
    Image:          contoso/sidecar:1
Node-Selectors:   kubernetes.io/os=windows
                  node.kubernetes.io/windows-build=10.0.17763
Tolerations:      <none>
Events:
  Type     Reason     Age                  From               Message
  ----     ------     ----                 ----               -------
  Normal   Scheduled  33m                  default-scheduler  Successfully assigned shop/web-0 to win-a
  Warning  Failed     2m (x11 over 33m)    kubelet            Error: failed to create containerd task: failed to create shim task: hcs::CreateComputeSystem {ID}: {MISMATCH}: unknown
  Warning  BackOff    11s (x139 over 32m)  kubelet            Back-off restarting failed container web in pod web-0_shop(6a07)
",
        id2 = ID.replace('b', "c"),
    );
    let found = one(&text);
    assert_eq!(about(&text), "start-mismatch shop/web-0 web @win-a x11");
    assert_eq!(found.image.as_deref(), Some("contoso/web:2"));
    assert_eq!(
        found.node_selectors,
        [
            ("kubernetes.io/os".to_owned(), "windows".to_owned()),
            (
                "node.kubernetes.io/windows-build".to_owned(),
                "10.0.17763".to_owned()
            ),
        ]
    );
}

#[test]
fn objects_in_json_and_yaml() {
    let pod = format!(
        r#"{{
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {{
        "name": "web-0",
        "namespace": "shop",
        "ownerReferences": [ {{ "kind": "ReplicaSet", "name": "web" }} ]
    }},
    "spec": {{
        "containers": [ {{ "image": "contoso/web:2", "name": "web" }} ],
        "nodeName": "win-a",
        "nodeSelector": {{
            "kubernetes.io/os": "windows",
            "node.kubernetes.io/windows-build": "10.0.17763"
        }}
    }},
    "status": {{
        "containerStatuses": [
            {{
                "containerID": "containerd://{ID}",
                "image": "contoso/web:2",
                "imageID": "contoso/web@sha256:{ID}",
                "lastState": {{
                    "terminated": {{
                        "containerID": "containerd://{ID}",
                        "exitCode": 128,
                        "message": "failed to create containerd task: failed to create shim task: hcs::CreateComputeSystem {ID}: {MISMATCH}: unknown",
                        "reason": "StartError"
                    }}
                }},
                "name": "web",
                "ready": false
            }}
        ]
    }}
}}"#
    );
    let found = one(&pod);
    assert_eq!(about(&pod), "start-mismatch shop/web-0 web @win-a x1");
    assert_eq!(found.image.as_deref(), Some("contoso/web:2"));
    assert_eq!(found.node_selectors.len(), 2, "{:?}", found.node_selectors);

    let yaml = format!(
        "apiVersion: v1
kind: Pod
metadata:
  name: web-0
  namespace: shop
spec:
  nodeName: win-a
  nodeSelector:
    kubernetes.io/os: windows
    node.kubernetes.io/windows-build: 10.0.17763
  schedulerName: default-scheduler
status:
  containerStatuses:
  - containerID: containerd://{ID}
    image: contoso/web:2
    imageID: contoso/web@sha256:{ID}
    lastState:
      terminated:
        containerID: containerd://{ID}
        exitCode: 128
        message: 'failed to create containerd task: failed to create shim task:
          hcs::CreateComputeSystem {ID}:
          The container operating system does not match the host operating system.:
          unknown'
        reason: StartError
    name: web
    ready: false
"
    );
    let found = one(&yaml);
    assert_eq!(about(&yaml), "start-mismatch shop/web-0 web @win-a x1");
    assert_eq!(found.image.as_deref(), Some("contoso/web:2"));
    assert_eq!(found.node_selectors.len(), 2, "{:?}", found.node_selectors);

    let events = format!(
        r#"{{ "items": [
    {{
        "apiVersion": "v1",
        "count": 11,
        "involvedObject": {{
            "fieldPath": "spec.containers{{web}}",
            "kind": "Pod",
            "name": "web-0",
            "namespace": "shop"
        }},
        "kind": "Event",
        "message": "Error: failed to create containerd task: failed to create shim task: hcs::CreateComputeSystem {ID}: {MISMATCH}: unknown",
        "metadata": {{ "name": "web-0.17", "namespace": "shop" }},
        "reason": "Failed",
        "source": {{ "component": "kubelet", "host": "win-a" }}
    }} ] }}"#
    );
    assert_eq!(about(&events), "start-mismatch shop/web-0 web @win-a x11");
}

#[test]
fn a_pull_event_names_pod_image_and_host_version() {
    let text = "Name: web-0\nNamespace: shop\nNode: win-a/10.0.0.4\nContainers:\n web:\n Container ID:\n Image: contoso/web:2\nEvents:\n Warning Failed 2m (x3 over 4m) kubelet Failed to pull image \"contoso/web:2\": rpc error: code = NotFound desc = failed to pull and unpack image \"docker.io/contoso/web:2\": no match for platform in manifest: not found\n Warning Failed 2m (x3 over 4m) kubelet Error: ErrImagePull\n";
    let found = one(text);
    assert_eq!(found.kind, DiagnosisKind::PullNoMatch);
    assert_eq!(found.subject.kind, Some(SubjectKind::Pod));
    assert_eq!(found.subject.name.as_deref(), Some("web-0"));
    assert_eq!(found.count, 3);
    assert!(
        found
            .image
            .as_deref()
            .is_some_and(|image| image.contains("contoso/web:2"))
    );
}

#[test]
fn services_of_both_modes() {
    let report = explain_bytes(
        b"ID             NAME      MODE         REPLICAS   IMAGE     PORTS
xh6mwbdq2uil   web       replicated   0/3        web:1     *:80->80/tcp
xh6mwbdq2uim   agent     global       0/2        agent:1
xh6mwbdq2uin   db        replicated   1/1        db:1
xh6mwbdq2uio   none      global       0/0        none:1
",
    );
    let found: Vec<String> = report
        .diagnoses
        .iter()
        .map(|found| {
            format!(
                "{} {:?} line {}",
                found.who(),
                found.replicas.unwrap(),
                found.location.line
            )
        })
        .collect();
    assert_eq!(
        found,
        ["Service web (0, 3) line 2", "Service agent (0, 2) line 3"]
    );
}

#[test]
fn the_two_families_of_a_code_about_one_container_are_one() {
    let text = format!(
        "container {ID} encountered an error during CreateContainer: failure in a Windows system call: x (0xc0370101)\ncontainer {ID} encountered an error during CreateContainer: failure in a Windows system call: x (0x80370101)\n"
    );
    assert_eq!(
        brief(&one(&text)),
        "start-mismatch 0xc0370101 certain error"
    );
}
