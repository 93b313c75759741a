//! `winfit kube runtimeclasses`: which classes a cluster should have, as manifests.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::kube_support::api::Rule;
use crate::kube_support::cluster::TestCluster;
use crate::winfit;

fn node(name: &str, kernel: &str) -> Value {
    let (build, _) = kernel.rsplit_once('.').unwrap();
    json!({
        "kind": "Node",
        "metadata": {"name": name, "labels": {
            "kubernetes.io/os": "windows", "kubernetes.io/arch": "amd64",
            "node.kubernetes.io/windows-build": build,
        }},
        "status": {"nodeInfo": {
            "kernelVersion": kernel, "operatingSystem": "windows", "architecture": "amd64",
            "containerRuntimeVersion": "containerd://1.7.20",
        }},
    })
}

fn tainted(mut node: Value, taints: Value) -> Value {
    node["spec"]["taints"] = taints;
    node
}

fn with_handlers(mut node: Value, handlers: &[&str]) -> Value {
    let handlers = handlers.iter().map(|name| json!({"name": name}));
    node["status"]["runtimeHandlers"] = handlers.collect();
    node
}

fn class(name: &str, handler: &str, scheduling: Value) -> Value {
    let mut class = json!({"kind": "RuntimeClass", "metadata": {"name": name}, "handler": handler});
    class["scheduling"] = scheduling;
    class
}

fn saved(objects: &[Value]) -> (TempDir, Output) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("cluster.json");
    let list = json!({"kind": "List", "items": objects});
    fs::write(&path, list.to_string()).unwrap();
    let path = path.display().to_string();
    let output = winfit(&["kube", "runtimeclasses", "--from", &path]);
    (folder, output)
}

/// The manifests for these objects.
fn manifests(objects: &[Value]) -> String {
    let (_, output) = saved(objects);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), errors.as_str()), (Some(0), ""));
    String::from_utf8(output.stdout).unwrap()
}

/// The name of each class with its handler, in the order in which they are printed.
fn names(manifests: &str) -> Vec<(&str, &str)> {
    let lines = |start: &str| {
        let start = start.to_owned();
        manifests
            .lines()
            .filter_map(move |line| line.strip_prefix(start.as_str()))
    };
    lines("  name: ").zip(lines("handler: ")).collect()
}

/// Manifests with each comment as one line.
fn unwrapped(manifests: &str) -> String {
    manifests.replace("\n# ", " ")
}

const TAINT: &str = r#"[{"key": "os", "value": "windows", "effect": "NoSchedule"}]"#;

fn two_builds() -> [Value; 3] {
    let taints: Value = serde_json::from_str(TAINT).unwrap();
    [
        tainted(node("win-a", "10.0.17763.5329"), taints.clone()),
        tainted(node("win-b", "10.0.20348.825"), taints.clone()),
        tainted(node("win-c", "10.0.20348.2700"), taints),
    ]
}

#[test]
fn each_build_has_a_class_as_the_documentation_recommends() {
    assert_eq!(
        manifests(&two_builds()),
        r#"---
# Windows Server 2019 (17763): win-a
apiVersion: node.k8s.io/v1
kind: RuntimeClass
metadata:
  name: windows-ltsc2019
handler: runhcs-wcow-process
scheduling:
  nodeSelector:
    kubernetes.io/arch: amd64
    kubernetes.io/os: windows
    node.kubernetes.io/windows-build: "10.0.17763"
  tolerations:
  - key: os
    operator: Equal
    value: windows
    effect: NoSchedule
---
# Windows Server 2022 (20348): win-b, win-c
apiVersion: node.k8s.io/v1
kind: RuntimeClass
metadata:
  name: windows-ltsc2022
handler: runhcs-wcow-process
scheduling:
  nodeSelector:
    kubernetes.io/arch: amd64
    kubernetes.io/os: windows
    node.kubernetes.io/windows-build: "10.0.20348"
  tolerations:
  - key: os
    operator: Equal
    value: windows
    effect: NoSchedule
"#
    );
}

/// As the documentation, OpenShift and GKE spell them; what is for something else is not tolerated.
#[test]
fn taints_are_tolerated_as_this_cluster_spells_them() {
    let text = manifests(&[
        tainted(
            node("win-a", "10.0.20348.825"),
            json!([
                {"key": "os", "value": "Windows", "effect": "NoSchedule"},
                {"key": "dedicated", "value": "gpu", "effect": "NoExecute"},
                {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"},
            ]),
        ),
        tainted(
            node("win-b", "10.0.20348.825"),
            json!([
                {"key": "node.kubernetes.io/os", "value": "windows", "effect": "NoSchedule"},
                {"key": "windows", "effect": "NoSchedule"},
                {"key": "os", "value": "windows", "effect": "PreferNoSchedule"},
            ]),
        ),
    ]);
    let (_, tolerations) = text.split_once("  tolerations:\n").unwrap();
    assert_eq!(
        tolerations,
        "  - key: node.kubernetes.io/os\n    operator: Equal\n    value: windows\n    effect: NoSchedule\n\
         \x20 - key: os\n    operator: Equal\n    value: Windows\n    effect: NoSchedule\n\
         \x20 - key: windows\n    operator: Exists\n    effect: NoSchedule\n"
    );
    assert!(
        text.contains("# Note: the taint dedicated=gpu:NoExecute on win-a is not tolerated.\n"),
        "{text}"
    );
}

#[test]
fn handlers_are_those_that_the_nodes_know() {
    let mut docker = node("win-d", "10.0.17763.5329");
    docker["status"]["nodeInfo"]["containerRuntimeVersion"] = json!("docker://20.10.9");
    let offering = [
        "",
        "runhcs-wcow-process",
        "runhcs-wcow-hypervisor",
        "runhcs-wcow-hypervisor-17763",
    ];
    let text = manifests(&[
        docker,
        with_handlers(node("win-a", "10.0.20348.825"), &offering),
        with_handlers(node("win-b", "10.0.20348.825"), &["runhcs-wcow-process"]),
        node("win-c", "10.0.26100.2894"),
    ]);
    assert_eq!(
        names(&text),
        [
            ("windows-ltsc2019", "docker"),
            ("windows-ltsc2022", "runhcs-wcow-process"),
            ("windows-ltsc2022-hyperv", "runhcs-wcow-hypervisor"),
            (
                "windows-ltsc2022-hyperv-17763",
                "runhcs-wcow-hypervisor-17763"
            ),
            ("windows-ltsc2025", "runhcs-wcow-process"),
        ]
    );
    let note =
        "# Note: no handler runhcs-wcow-hypervisor on win-b: pods of this class fail\n# there.\n";
    assert!(text.contains(note), "{text}");
}

/// containerd's own configuration has the handler anywhere.
#[test]
fn where_the_platform_offers_no_hyperv_its_handler_makes_no_class() {
    let handlers = ["runhcs-wcow-process", "runhcs-wcow-hypervisor"];
    let mut node = with_handlers(node("akswin000000", "10.0.20348.825"), &handlers);
    node["metadata"]["labels"]["kubernetes.azure.com/agentpool"] = json!("win");
    let text = manifests(&[node]);
    assert_eq!(names(&text), [("windows-ltsc2022", "runhcs-wcow-process")]);
    let said = "Note: no class for Hyper-V isolation: nodes have the handler, and Azure Kubernetes Service offers none.";
    assert!(unwrapped(&text).contains(said), "{text}");
}

#[test]
fn what_the_cluster_has_is_named_and_not_repeated() {
    let selector =
        |build: &str| json!({"nodeSelector": {"node.kubernetes.io/windows-build": build}});
    let taints: Value = serde_json::from_str(TAINT).unwrap();
    let objects = [
        node("win-a", "10.0.17763.5329"),
        node("win-b", "10.0.20348.825"),
        tainted(node("win-c", "10.0.26100.2894"), taints),
        class("old-servers", "runhcs-wcow-process", selector("10.0.17763")),
        // Under this name handlers cannot be changed.
        class("windows-ltsc2022", "other", selector("10.0.20348")),
        // Its pods would not tolerate the taint.
        class("new-servers", "runhcs-wcow-process", selector("10.0.26100")),
    ];
    let text = manifests(&objects);
    assert_eq!(
        names(&text),
        [
            ("windows-ltsc2022-2", "runhcs-wcow-process"),
            ("windows-ltsc2025", "runhcs-wcow-process"),
        ]
    );
    for line in [
        "# Windows Server 2019 (17763): win-a The cluster's RuntimeClass old-servers says the same.",
        "Windows Server 2022 (20348): win-b Note: the cluster's RuntimeClass windows-ltsc2022 says something else, and its handler cannot be changed.",
    ] {
        assert!(unwrapped(&text).contains(line), "{text}");
    }
}

#[test]
fn nodes_that_a_class_does_not_reach_are_told() {
    let mut old = node("win-a", "10.0.17763.5329");
    let labels = old["metadata"]["labels"].as_object_mut().unwrap();
    labels.remove("node.kubernetes.io/windows-build");
    let text = manifests(&[old, node("win-b", "10.0.14393.1715")]);
    for note in [
        "Note: no label node.kubernetes.io/windows-build=10.0.17763 on win-a: this class places no pods there.",
        "Note: images of 14393 run on nodes of their own revision only",
    ] {
        assert!(unwrapped(&text).contains(note), "{text}");
    }
}

#[test]
fn nodes_of_unknown_windows_are_told_beside_the_manifests() {
    let silent = json!({"kind": "Node", "metadata": {"name": "win-x", "labels": {"kubernetes.io/os": "windows"}}});
    let (_, output) = saved(&[silent.clone(), node("win-a", "10.0.20348.825")]);
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains("which Windows win-x has"), "{errors}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(names(&text).len(), 1);
    let (_, output) = saved(&[silent]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(3), 0));
}

#[test]
fn winfit_reads_what_it_prints() {
    let (folder, output) = saved(&two_builds());
    let manifests = folder.path().join("manifests");
    fs::create_dir(&manifests).unwrap();
    fs::write(manifests.join("classes.yaml"), &output.stdout).unwrap();
    let web = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  os: {name: windows}\n  runtimeClassName: windows-ltsc2019\n  containers:\n  - {name: web, image: 'contoso/web:1-ltsc2022'}\n";
    fs::write(manifests.join("web.yaml"), web).unwrap();
    let manifests = manifests.display().to_string();
    let hosts = ["--host=ltsc2019", "--host=ltsc2022", "--format=json"];
    let output = winfit(&[&["lint", &manifests], &hosts[..]].concat());
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = document["findings"].as_array().unwrap().iter();
    let rules: Vec<&str> = findings.map(|one| one["rule"].as_str().unwrap()).collect();
    // Only the node that the class selects is left, and the image does not run there.
    assert!(rules.contains(&"build-mismatch"), "{document:#}");
    assert!(!rules.contains(&"no-host-for-placement"), "{document:#}");
}

/// kubectl itself reads the manifests, and with its objects in the cluster there is nothing left to make.
#[test]
fn kubectl_reads_it_and_then_nothing_is_left_to_make() {
    let (folder, output) = saved(&two_builds());
    let path = folder.path().join("classes.yaml");
    fs::write(&path, &output.stdout).unwrap();
    let Some(list) = as_kubectl_reads(&path) else {
        eprintln!("left out: kubectl is not installed (Debian: kubernetes-client)");
        return;
    };
    let api = TestCluster::with(&two_builds());
    for object in list {
        api.create(&object);
    }
    let kubeconfig = format!("--kubeconfig={}", api.kubeconfig().display());
    let output = winfit(&["kube", "runtimeclasses", &kubeconfig]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(names(&text), []);
    assert_eq!(text.matches("says the same.").count(), 2, "{text}");
}

fn as_kubectl_reads(path: &Path) -> Option<Vec<Value>> {
    let output = Command::new("kubectl")
        .args(["label", "--local", "-o", "json", "read=yes", "-f"])
        .arg(path)
        .output()
        .ok()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let objects = serde_json::Deserializer::from_slice(&output.stdout).into_iter::<Value>();
    let objects: Vec<Value> = objects.map(Result::unwrap).collect();
    assert_eq!(objects.len(), 2);
    Some(objects)
}

#[test]
fn of_a_cluster_only_nodes_and_classes_are_read() {
    let api = TestCluster::with(&two_builds());
    let kubeconfig = format!("--kubeconfig={}", api.kubeconfig().display());
    let output = winfit(&["kube", "runtimeclasses", &kubeconfig]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(names(&String::from_utf8(output.stdout).unwrap()).len(), 2);
    assert_eq!(
        api.asked(),
        [
            "GET /api/v1/nodes?limit=500",
            "GET /apis/node.k8s.io/v1/runtimeclasses?limit=500",
        ]
    );
    let nodes = Rule {
        verbs: &["list"],
        group: "",
        resource: "nodes",
        namespace: None,
    };
    let reader = api.kubeconfig_of("reader", &[nodes]);
    let output = winfit(&[
        "kube",
        "runtimeclasses",
        "--kubeconfig",
        &reader.display().to_string(),
    ]);
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains("resources: [runtimeclasses]"), "{errors}");
}
