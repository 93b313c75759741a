//! `winfit kube` on what was saved of clusters.

mod words;

use std::fs;
use std::process::Output;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::schemas::check_document;
use crate::winfit;

/// A folder with what somebody saved.
struct Saved {
    folder: TempDir,
}

impl Saved {
    fn new(objects: &[Value]) -> Self {
        let folder = TempDir::new().unwrap();
        let list = json!({"kind": "List", "items": objects});
        fs::write(folder.path().join("cluster.json"), list.to_string()).unwrap();
        Self { folder }
    }

    fn kube(&self, command: &[&str]) -> Output {
        let path = self.folder.path().join("cluster.json");
        let path = path.display().to_string();
        let words = [&["kube"], command, &["--from", &path]].concat();
        winfit(&words)
    }

    fn document(&self, command: &[&str]) -> Value {
        let output = self.kube(&[command, &["--format", "json"]].concat());
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        let document: Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{errors}"));
        check_document(&document);
        document
    }

    /// The rules of an audit's findings with their subjects, the heaviest first.
    fn found(&self) -> Vec<String> {
        let document = self.document(&["audit", "--as-of", "2026-01-01", "--eol-within", "1d"]);
        let findings = document["findings"].as_array().unwrap().iter();
        findings
            .map(|finding| {
                let subject = &finding["subject"];
                let rule = finding["rule"].as_str().unwrap();
                format!("{rule} {}", subject["name"].as_str().unwrap())
            })
            .collect()
    }
}

fn node(name: &str, version: &str) -> Value {
    json!({
        "kind": "Node",
        "metadata": {"name": name, "labels": {
            "kubernetes.io/os": "windows", "kubernetes.io/arch": "amd64",
            "node.kubernetes.io/windows-build": version.rsplitn(2, '.').last().unwrap(),
        }},
        "status": {
            "conditions": [{"type": "Ready", "status": "True"}],
            "nodeInfo": {
                "kernelVersion": version, "operatingSystem": "windows", "architecture": "amd64",
                "containerRuntimeVersion": "containerd://1.7.20",
            },
        },
    })
}

const WINDOWS: &str = "kubernetes.io/os";

fn spec(image: &str) -> Value {
    json!({"nodeSelector": {WINDOWS: "windows"}, "containers": [{"name": "app", "image": image}]})
}

fn deployment(name: &str, spec: &Value) -> Value {
    json!({
        "kind": "Deployment", "metadata": {"name": name, "namespace": "shop"},
        "spec": {"replicas": 2, "template": {"spec": spec}},
        "status": {"readyReplicas": 2},
    })
}

fn pod(name: &str, owner: Option<(&str, &str)>, node: &str, image: &str, status: &Value) -> Value {
    let mut spec = spec(image);
    spec["nodeName"] = json!(node);
    let owners =
        owner.map(|(kind, name)| json!([{"kind": kind, "name": name, "controller": true}]));
    json!({
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "shop", "ownerReferences": owners},
        "spec": spec, "status": status,
    })
}

fn running() -> Value {
    json!({"phase": "Running", "containerStatuses": [{"name": "app", "ready": true}]})
}

fn waiting(message: &str) -> Value {
    json!({"phase": "Pending", "containerStatuses": [{"name": "app", "ready": false,
        "state": {"waiting": {"reason": "RunContainerError", "message": message}}}]})
}

const MISMATCH: &str = "container 4f81 encountered an error during CreateContainer: failure in a Windows system call: The operating system of the container does not match the operating system of the host. (0xc0370101)";

const LTSC2019: &str = "contoso/app:1-ltsc2019";

#[test]
fn pods_belong_to_what_owns_them_in_the_end() {
    let image = spec(LTSC2019);
    let mut of_deployment = deployment("web-7d4f", &image);
    of_deployment["kind"] = json!("ReplicaSet");
    of_deployment["metadata"]["ownerReferences"] =
        json!([{"kind": "Deployment", "name": "web", "controller": true}]);
    let mut of_rollout = of_deployment.clone();
    of_rollout["metadata"] = json!({"name": "api-5c", "namespace": "shop",
        "ownerReferences": [{"kind": "Rollout", "name": "api", "controller": true}]});
    let mut replaced = of_rollout.clone();
    replaced["metadata"]["name"] = json!("api-4b");
    replaced["spec"]["replicas"] = json!(0);
    let done = json!({"kind": "Job", "metadata": {"name": "done", "namespace": "shop"},
        "spec": {"completions": 1, "template": {"spec": image}}, "status": {"succeeded": 1}});
    let nightly = json!({"kind": "CronJob", "metadata": {"name": "nightly", "namespace": "shop"},
        "spec": {"jobTemplate": {"spec": {"template": {"spec": image}}}}});
    let of_nightly = json!({"kind": "Job", "metadata": {"name": "nightly-1", "namespace": "shop",
        "ownerReferences": [{"kind": "CronJob", "name": "nightly", "controller": true}]},
        "spec": {"template": {"spec": image}}, "status": {"active": 1}});
    let saved = Saved::new(&[
        node("win-a", "10.0.17763.5329"),
        deployment("web", &image),
        of_deployment,
        replaced,
        of_rollout,
        done,
        nightly,
        of_nightly,
        pod(
            "web-7d4f-x",
            Some(("ReplicaSet", "web-7d4f")),
            "win-a",
            LTSC2019,
            &running(),
        ),
        pod(
            "game-0",
            Some(("GameServer", "game")),
            "win-a",
            LTSC2019,
            &running(),
        ),
        pod(
            "game-1",
            Some(("GameServer", "game")),
            "win-a",
            LTSC2019,
            &waiting("x"),
        ),
        pod("bare", None, "win-a", LTSC2019, &running()),
        pod(
            "over",
            None,
            "win-a",
            LTSC2019,
            &json!({"phase": "Succeeded"}),
        ),
    ]);
    let document = saved.document(&["audit"]);
    let workloads: Vec<String> = document["workloads"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let text = |field: &str| one[field].as_str().unwrap().to_owned();
            format!(
                "{} {} {}/{}",
                text("kind"),
                text("name"),
                one["running"],
                one["wanted"]
            )
        })
        .collect();
    assert_eq!(
        workloads,
        [
            "Deployment web 2/2",
            "Rollout api 2/2",
            "CronJob nightly 0/null",
            "GameServer game 1/2",
            "Pod bare 1/1",
        ]
    );
}

#[test]
fn what_is_said_of_nodes() {
    let mut cordoned = node("cordoned", "10.0.17763.5329");
    cordoned["spec"] = json!({"unschedulable": true, "taints": [
        {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}]});
    let mut down = node("down", "10.0.20348.2700");
    down["status"]["conditions"] = json!([{"type": "Ready", "status": "Unknown"}]);
    let mut silent = node("silent", "");
    silent["status"] = json!({});
    silent["metadata"]["labels"] = json!({WINDOWS: "windows"});
    let linux = json!({"kind": "Node", "metadata": {"name": "linux", "labels": {WINDOWS: "linux"}},
        "status": {"nodeInfo": {"kernelVersion": "5.15.0-1", "operatingSystem": "linux"}}});
    let saved = Saved::new(&[cordoned, down, silent, linux]);
    let document = saved.document(&["audit"]);
    let hosts: Vec<String> = document["hosts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|host| {
            let text = |field: &str| host[field].as_str().unwrap_or("null").to_owned();
            let all = ["name", "os", "os_version", "state", "learnt_from"].map(text);
            all.join(", ")
        })
        .collect();
    assert_eq!(
        hosts,
        [
            "cordoned, windows, 10.0.17763.5329, cordoned, nodeInfo",
            "down, windows, 10.0.20348.2700, not ready, nodeInfo",
            "silent, windows, null, ready, nowhere",
            "linux, linux, null, ready, nodeInfo",
        ]
    );
    let told = saved.document(&["audit", "--host", "silent=ltsc2022"]);
    assert_eq!(told["hosts"][2]["os_version"], "10.0.20348");
}

#[test]
fn the_only_fit_node_may_be_cordoned() {
    let mut fit = node("win-a", "10.0.17763.5329");
    fit["spec"] = json!({"unschedulable": true, "taints": [
        {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}]});
    let saved = Saved::new(&[
        fit,
        node("win-b", "10.0.20348.2700"),
        deployment("web", &spec(LTSC2019)),
    ]);
    assert_eq!(
        saved.found(),
        ["build-mismatch web", "only-fit-host-unavailable web"]
    );
}

#[test]
fn labels_are_checked_against_what_the_kubelet_says() {
    let mut liar = node("win-a", "10.0.17763.5329");
    let labels = &mut liar["metadata"]["labels"];
    labels["node.kubernetes.io/windows-build"] = json!("10.0.20348");
    labels["beta.kubernetes.io/osbuild"] = json!("17763");
    labels["kubernetes.azure.com/os-sku"] = json!("Windows2022");
    labels["beta.kubernetes.io/os"] = json!("linux");
    let document = Saved::new(&[liar]).document(&["audit"]);
    let findings = document["findings"].as_array().unwrap().iter();
    let found: Vec<(&str, &str)> = findings
        .map(|finding| {
            let commands = &finding["remedies"][0]["commands"];
            let field = finding["origin"]["field"].as_str().unwrap();
            (field, commands[0]["text"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        found,
        [
            (
                "metadata.labels[beta.kubernetes.io/os]",
                "kubectl label node win-a beta.kubernetes.io/os=windows --overwrite"
            ),
            (
                "metadata.labels[kubernetes.azure.com/os-sku]",
                "kubectl label node win-a kubernetes.azure.com/os-sku=Windows2019 --overwrite"
            ),
            (
                "metadata.labels[node.kubernetes.io/windows-build]",
                "kubectl label node win-a node.kubernetes.io/windows-build=10.0.17763 --overwrite"
            ),
        ]
    );
}

#[test]
fn all_pods_of_an_owner_that_fail_alike_are_one_finding() {
    let owner = Some(("Deployment", "web"));
    let saved = Saved::new(&[
        node("win-a", "10.0.20348.2700"),
        deployment("web", &spec("contoso/app:1")),
        pod("web-1", owner, "win-a", "contoso/app:1", &waiting(MISMATCH)),
        pod("web-2", owner, "win-a", "contoso/app:1", &waiting(MISMATCH)),
        pod("web-3", owner, "win-a", "contoso/app:1", &running()),
        pod("other", None, "win-a", "contoso/app:1", &waiting(MISMATCH)),
        pod(
            "slow",
            None,
            "win-a",
            "contoso/app:1",
            &waiting("back-off pulling image"),
        ),
    ]);
    let found = saved.found();
    let failing: Vec<&String> = found
        .iter()
        .filter(|found| found.starts_with("pod-not-running"))
        .collect();
    assert_eq!(failing, ["pod-not-running web", "pod-not-running other"]);
}

/// Regressions 20, 22 and 23 of the peers: codes and none, JSON in JSON, pause images.
#[test]
fn whatever_a_pod_says_it_in() {
    let in_json = format!(
        "{{\"message\":{}}}",
        serde_json::to_string(MISMATCH).unwrap()
    );
    let twice = serde_json::to_string(&in_json).unwrap();
    for text in [
        MISMATCH.to_owned(),
        MISMATCH.replace("0xc0370101", "0x80370101"),
        "CreateComputeSystem web: The container operating system does not match the host operating system.".to_owned(),
        in_json,
        twice,
    ] {
        let saved = Saved::new(&[
            node("win-a", "10.0.20348.2700"),
            pod("web", None, "win-a", "contoso/app:1", &waiting(&text)),
        ]);
        let document = saved.document(&["explain", "web"]);
        let pod = &document["pods"][0];
        assert_eq!(pod["state"], "failing", "{text}");
        assert_eq!(pod["diagnoses"][0]["kind"], "start-mismatch", "{text}");
    }
    let saved = Saved::new(&[
        node("win-a", "10.0.20348.2700"),
        pod("web", None, "win-a", "contoso/app:1", &waiting("")),
        json!({"kind": "Event", "reason": "FailedCreatePodSandBox", "type": "Warning",
            "involvedObject": {"kind": "Pod", "namespace": "shop", "name": "web"},
            "message": format!("Failed to create pod sandbox: {MISMATCH}")}),
    ]);
    let found = saved.found();
    assert!(
        found.contains(&"pause-image-mismatch win-a".to_owned()),
        "{found:?}"
    );
}

#[test]
fn containers_of_every_kind_count_and_hostprocess_ones_run_anywhere() {
    let mut mixed = spec("contoso/app:1-ltsc2022");
    mixed["initContainers"] = json!([{"name": "first", "image": LTSC2019}]);
    // A single manifest: of an index containerd would pull no entry for another Windows.
    let mut exempt = spec("mcr.microsoft.com/windows/servercore:ltsc2019-amd64");
    exempt["securityContext"] = json!({"windowsOptions": {"hostProcess": true}});
    let nightly = json!({"kind": "CronJob", "metadata": {"name": "nightly", "namespace": "shop"},
        "spec": {"jobTemplate": {"spec": {"template": {"spec": spec(LTSC2019)}}}}});
    let saved = Saved::new(&[
        node("win-a", "10.0.20348.2700"),
        deployment("init", &mixed),
        deployment("agent", &exempt),
        nightly,
    ]);
    let found = saved.found();
    assert!(
        found.contains(&"pod-mixes-builds init".to_owned()),
        "{found:?}"
    );
    assert!(
        found.contains(&"build-mismatch nightly".to_owned()),
        "{found:?}"
    );
    assert!(
        !found.iter().any(|found| found.ends_with("agent")),
        "{found:?}"
    );
}

#[test]
fn hyperv_handlers_are_what_nodes_report() {
    let class = json!({"kind": "RuntimeClass", "metadata": {"name": "hyperv"},
        "handler": "runhcs-wcow-hypervisor"});
    // Of an index containerd would pull no entry for another Windows, whatever the isolation.
    let mut spec = spec("mcr.microsoft.com/windows/servercore:ltsc2019-amd64");
    spec["runtimeClassName"] = json!("hyperv");
    let web = deployment("web", &spec);
    let with = |handlers: Value, labels: Value| {
        let mut node = node("win-a", "10.0.20348.2700");
        node["status"]["runtimeHandlers"] = handlers;
        for (key, value) in labels.as_object().unwrap() {
            node["metadata"]["labels"][key] = value.clone();
        }
        Saved::new(&[node, class.clone(), web.clone()]).found()
    };
    let hyperv = json!([{"name": "runhcs-wcow-process"}, {"name": "runhcs-wcow-hypervisor"}]);
    let process = json!([{"name": "runhcs-wcow-process"}]);
    assert_eq!(with(hyperv.clone(), json!({})), [] as [&str; 0]);
    // A handler makes no isolation that the platform does not offer.
    assert_eq!(
        with(hyperv, json!({"cloud.google.com/gke-nodepool": "win"}))[0],
        "hyperv-unavailable web"
    );
    assert_eq!(with(process, json!({}))[0], "hyperv-unavailable web");
    assert_eq!(
        with(json!([]), json!({"kubernetes.azure.com/agentpool": "win"}))[0],
        "hyperv-unavailable web"
    );
    // What runs no handlers that it tells of may have any.
    assert_eq!(with(json!([]), json!({})), [] as [&str; 0]);
}

#[test]
fn pods_that_run_now_may_not_run_again() {
    let saved = Saved::new(&[
        node("win-a", "10.0.17763.5329"),
        node("win-b", "10.0.20348.2700"),
        deployment("web", &spec(LTSC2019)),
        pod(
            "web-1",
            Some(("Deployment", "web")),
            "win-a",
            LTSC2019,
            &running(),
        ),
    ]);
    let text = String::from_utf8(saved.kube(&["audit"]).stdout).unwrap();
    assert!(text.contains("1 pod runs now, on win-a"), "{text}");
    let text = String::from_utf8(saved.kube(&["explain", "web"]).stdout).unwrap();
    assert!(
        text.starts_with("Pod shop/web-1 is healthy on node win-a, but may not start again"),
        "{text}"
    );
}

#[test]
fn a_healthy_pod_is_said_to_be_healthy() {
    let saved = Saved::new(&[
        node("win-a", "10.0.17763.5329"),
        pod("web", None, "win-a", LTSC2019, &running()),
    ]);
    let output = saved.kube(&["explain", "web", "--as-of", "2026-01-01"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.starts_with("Pod shop/web is healthy: all its containers run"),
        "{text}"
    );
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn pods_that_are_not_there_are_named_by_those_that_are() {
    let saved = Saved::new(&[
        node("win-a", "10.0.17763.5329"),
        pod("web", None, "win-a", LTSC2019, &running()),
    ]);
    let output = saved.kube(&["explain", "api"]);
    assert_eq!(output.status.code(), Some(3));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("none that begins so; there is shop/web (1 in"),
        "{said}"
    );
}
