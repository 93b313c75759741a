//! `winfit kube label` on a cluster: what is written, what is left to others, what faults leave behind.

use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};

use crate::kube_support::api::Rule;
use crate::kube_support::cluster::{Fault, TestCluster};
use crate::schemas::check_document;
use crate::winfit;

fn node(name: &str, kernel: &str, labels: Value) -> Value {
    let mut node = json!({
        "kind": "Node",
        "metadata": {"name": name},
        "status": {
            "conditions": [{"type": "Ready", "status": "True"}],
            "nodeInfo": {
                "kernelVersion": kernel, "operatingSystem": "windows", "architecture": "amd64",
                "containerRuntimeVersion": "containerd://1.7.20", "kubeletVersion": "v1.31.2",
            },
        },
    });
    node["metadata"]["labels"] = labels;
    node
}

fn linux(name: &str, labels: Value) -> Value {
    let mut node = node(name, "6.1.0-28-amd64", labels);
    node["status"]["nodeInfo"]["operatingSystem"] = json!("linux");
    node
}

/// Two Windows nodes and a Linux one, none labelled.
fn three() -> TestCluster {
    TestCluster::with(&[
        node("win-a", "10.0.17763.5329", json!({"disk": "ssd"})),
        node("win-b", "10.0.26100.2894", json!({})),
        linux("linux", json!({"disk": "hdd"})),
    ])
}

fn label_as(kubeconfig: &Path, more: &[&str]) -> Output {
    let kubeconfig = format!("--kubeconfig={}", kubeconfig.display());
    winfit(&[&["kube", "label", &kubeconfig], more].concat())
}

fn label(api: &TestCluster, more: &[&str]) -> (Option<i32>, String, String) {
    said(&label_as(&api.kubeconfig(), more))
}

/// The exit code, what was printed, and the complaints without line ends.
fn said(output: &Output) -> (Option<i32>, String, String) {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let errors = String::from_utf8(output.stderr.clone()).unwrap();
    let errors = errors.split_whitespace().collect::<Vec<_>>().join(" ");
    (output.status.code(), text, errors)
}

fn labels(api: &TestCluster, node: &str) -> Value {
    let node = api.get(&format!("/api/v1/nodes/{node}"));
    // The server does not show what is empty.
    let labels = node["metadata"].get("labels");
    labels.cloned().unwrap_or_else(|| json!({}))
}

/// The requests that may have changed something.
fn writes(api: &TestCluster) -> Vec<String> {
    let asked = api.asked().into_iter();
    asked.filter(|line| !line.starts_with("GET ")).collect()
}

fn of_2019() -> Value {
    json!({
        "winfit.dev/version": "10.0.17763.5329", "winfit.dev/build": "17763",
        "winfit.dev/runs-ltsc2019": "true",
    })
}

fn of_2025() -> Value {
    json!({
        "winfit.dev/version": "10.0.26100.2894", "winfit.dev/build": "26100",
        "winfit.dev/runs-ltsc2022": "true", "winfit.dev/runs-ltsc2025": "true",
    })
}

fn and(mut labels: Value, key: &str, value: &str) -> Value {
    labels[key] = json!(value);
    labels
}

#[test]
fn without_apply_the_change_is_shown_and_nothing_is_written() {
    let api = three();
    let (exit, text, errors) = label(&api, &[]);
    assert_eq!((exit, errors.as_str()), (Some(0), ""));
    assert!(
        text.starts_with("2 of 3 nodes would get other labels; nothing is written yet.\n"),
        "{text}"
    );
    assert_eq!(writes(&api), [] as [&str; 0]);
}

#[test]
fn each_windows_node_is_written_once_and_read_back() {
    let api = three();
    let (exit, text, errors) = label(&api, &["--apply"]);
    assert_eq!((exit, errors.as_str()), (Some(0), ""));
    assert_eq!(labels(&api, "win-a"), and(of_2019(), "disk", "ssd"));
    assert_eq!(labels(&api, "win-b"), of_2025());
    assert_eq!(labels(&api, "linux"), json!({"disk": "hdd"}));
    assert_eq!(
        writes(&api),
        [
            "PATCH /api/v1/nodes/win-a?fieldManager=winfit&force=false",
            "PATCH /api/v1/nodes/win-b?fieldManager=winfit&force=false",
        ]
    );
    for line in [
        "\n  kubectl get nodes --show-labels\n    NAME   STATUS  ROLES   VERSION  LABELS\n",
        "\n    win-a  Ready   <none>  v1.31.2  disk=ssd,winfit.dev/build=17763,winfit.dev/runs-ltsc2019=true,winfit.dev/version=10.0.17763.5329\n",
        "\n  the way back\n       kubectl label node win-a winfit.dev/build- winfit.dev/runs-ltsc2019- winfit.dev/version-\n",
    ] {
        assert!(text.contains(line), "{text}");
    }
    // The second time there is nothing left to write.
    let before = writes(&api).len();
    let (exit, text, _) = label(&api, &["--apply"]);
    assert_eq!(exit, Some(0));
    assert_eq!(
        text.lines().next(),
        Some("The labels of 3 nodes are right as they are.")
    );
    assert_eq!(writes(&api).len(), before);
}

#[test]
fn programs_read_what_the_cluster_says_after_it() {
    let api = three();
    let (_, text, _) = label(&api, &["--apply", "--format", "json"]);
    let document: Value = serde_json::from_str(&text).unwrap();
    check_document(&document);
    assert_eq!(document["applied"], true);
    assert_eq!(document["nodes"][2]["labels"], of_2025());
}

#[test]
fn labels_that_are_wanted_no_longer_go_and_those_of_others_stay() {
    // Kubernetes 1.20 takes a manager whose last label was taken over for the owner of all of them: this one
    // keeps another.
    let theirs = json!({"disk": "ssd", "rack": "7"});
    let api = TestCluster::with(&[
        node("win-a", "10.0.17763.5329", theirs),
        linux("linux", json!({"disk": "hdd"})),
    ]);
    let own = [
        "--apply",
        "--label",
        "contoso.com/os=release",
        "--label",
        "disk=build",
    ];
    // Somebody else has written one of the two with another value.
    let (exit, _, errors) = label(&api, &[&own[..], &["--force"]].concat());
    assert_eq!((exit, errors.as_str()), (Some(0), ""));
    let both = and(
        and(of_2019(), "contoso.com/os", "ltsc2019"),
        "disk",
        "17763",
    );
    assert_eq!(labels(&api, "win-a"), and(both, "rack", "7"));
    label(&api, &["--apply"]);
    assert_eq!(labels(&api, "win-a"), and(of_2019(), "rack", "7"));
    assert_eq!(labels(&api, "linux"), json!({"disk": "hdd"}));
}

/// By hand, by an older winfit, or before the node was made anew.
#[test]
fn stale_labels_under_winfits_name_go_whoever_wrote_them() {
    let api = TestCluster::with(&[
        node(
            "win-a",
            "10.0.17763.5329",
            and(of_2019(), "winfit.dev/runs-ltsc2016", "true"),
        ),
        linux("linux", json!({"winfit.dev/build": "17763", "disk": "hdd"})),
    ]);
    let (exit, _, errors) = label(&api, &["--apply"]);
    assert_eq!((exit, errors.as_str()), (Some(0), ""));
    assert_eq!(labels(&api, "win-a"), of_2019());
    assert_eq!(labels(&api, "linux"), json!({"disk": "hdd"}));
}

#[test]
fn a_label_of_somebody_else_is_left_to_them_unless_it_is_taken() {
    let other = json!({"winfit.dev/build": "2019"});
    let api = TestCluster::with(&[
        node("win-a", "10.0.17763.5329", other.clone()),
        node("win-b", "10.0.26100.2894", json!({})),
    ]);
    let whose = "winfit.dev/build says 2019 and belongs to test; --force takes it over";
    let (exit, text, _) = label(&api, &[]);
    assert_eq!(exit, Some(1));
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains(&format!("on win-a {whose}")), "{text}");
    assert!(!text.contains("kubectl label node win-a"), "{text}");

    let (exit, text, errors) = label(&api, &["--apply"]);
    assert_eq!(exit, Some(1));
    assert!(
        text.starts_with("The labels of 1 of 2 nodes are written."),
        "{text}"
    );
    assert_eq!(errors, format!("winfit: win-a keeps its labels: {whose}"));
    assert_eq!(labels(&api, "win-a"), other);
    assert_eq!(labels(&api, "win-b"), of_2025());

    let (exit, text, errors) = label(&api, &["--apply", "--force"]);
    assert_eq!((exit, errors.as_str()), (Some(0), ""));
    assert!(
        text.contains("on win-a winfit.dev/build was test's and is winfit's now"),
        "{text}"
    );
    assert_eq!(labels(&api, "win-a"), of_2019());
}

#[test]
fn a_label_that_somebody_takes_meanwhile_is_told_as_theirs() {
    let api = three();
    let taken = node("win-a", "10.0.17763.5329", json!({"winfit.dev/build": "7"}));
    let first = Fault::First(Box::new(move |admin| drop(admin.replace(&taken))));
    api.on("PATCH", "/nodes/win-a", 0, first);
    let (exit, _, errors) = label(&api, &["--apply"]);
    assert_eq!(exit, Some(1));
    assert_eq!(
        errors,
        "winfit: win-a keeps its labels: winfit.dev/build says 7 and belongs to test; --force takes it over"
    );
    assert_eq!(labels(&api, "win-b"), of_2025());
}

#[test]
fn a_node_that_goes_meanwhile_is_told_and_the_others_are_written() {
    let api = three();
    let first = Fault::First(Box::new(|admin| admin.delete("/api/v1/nodes/win-a")));
    api.on("PATCH", "/nodes/win-a", 0, first);
    let (exit, _, errors) = label(&api, &["--apply"]);
    assert_eq!(exit, Some(1));
    assert!(
        errors.starts_with("winfit: writing the labels of win-a came to no end: not there: "),
        "{errors}"
    );
    assert_eq!(labels(&api, "win-b"), of_2025());
}

/// What was written stays, what was not is as it was, and a second run finishes.
#[test]
fn an_api_that_goes_away_in_the_middle_leaves_whole_nodes() {
    for fault in [
        Fault::Cut,
        Fault::Answer(401, Vec::new(), String::new()),
        Fault::Hang,
    ] {
        let api = TestCluster::with(&[
            node("win-a", "10.0.17763.5329", json!({})),
            node("win-b", "10.0.26100.2894", json!({})),
            node("win-c", "10.0.26100.2894", json!({"disk": "ssd"})),
        ]);
        // What is cut off has been done.
        let is_done = matches!(fault, Fault::Cut);
        api.on("PATCH", "/nodes/win-b", 0, fault);
        let kubeconfig = api.kubeconfig();
        let output = label_as(&kubeconfig, &["--apply", "--request-timeout=3"]);
        let (exit, text, errors) = said(&output);
        assert_eq!(exit, Some(1), "{errors}");
        assert!(
            text.starts_with("The labels of 1 of 3 nodes are written."),
            "{text}"
        );
        assert!(
            errors.starts_with("winfit: writing the labels of win-b came to no end: "),
            "{errors}"
        );
        assert!(
            errors.ends_with("the labels of 1 more node were not tried then, and are as they were"),
            "{errors}"
        );
        assert_eq!(labels(&api, "win-a"), of_2019());
        let left = if is_done { of_2025() } else { json!({}) };
        assert_eq!(labels(&api, "win-b"), left);
        assert_eq!(labels(&api, "win-c"), json!({"disk": "ssd"}));

        let (exit, _, errors) = label(&api, &["--apply"]);
        assert_eq!((exit, errors.as_str()), (Some(0), ""));
        assert_eq!(labels(&api, "win-b"), of_2025());
        assert_eq!(labels(&api, "win-c"), and(of_2025(), "disk", "ssd"));
    }
}

const NODES: Rule = Rule {
    verbs: &["get", "list"],
    group: "",
    resource: "nodes",
    namespace: None,
};

#[test]
fn who_may_not_write_is_told_the_rule_that_it_needs() {
    let api = three();
    let reader = api.kubeconfig_of("reader", &[NODES]);
    // Looking is allowed.
    assert_eq!(label_as(&reader, &[]).status.code(), Some(0));
    let (exit, text, errors) = said(&label_as(&reader, &["--apply"]));
    assert_eq!((exit, text.as_str()), (Some(3), ""));
    for words in [
        "User \"reader\" cannot patch resource \"nodes\"",
        "rules: - apiGroups: [\"\"] resources: [nodes] verbs: [get, list, patch]",
    ] {
        assert!(errors.contains(words), "{errors}");
    }
    assert_eq!(writes(&api).len(), 1, "the others would only fail alike");
    let stranger = api.kubeconfig_of("stranger", &[]);
    let (exit, _, errors) = said(&label_as(&stranger, &[]));
    assert_eq!(exit, Some(3));
    assert!(errors.contains("verbs: [get, list, patch]"), "{errors}");
}

/// Something in the cluster that writes labels back is not hidden by the answer to the write.
#[test]
fn what_is_not_there_when_it_is_read_back_is_told() {
    let api = three();
    let back = node("win-b", "10.0.26100.2894", json!({}));
    let first = Fault::First(Box::new(move |admin| drop(admin.replace(&back))));
    api.on("GET", "/nodes/win-b", 0, first);
    let (exit, _, errors) = label(&api, &["--apply"]);
    assert_eq!(exit, Some(1));
    assert_eq!(
        errors,
        "winfit: winfit.dev/build=26100 was written and is not there when win-b is read back: something in the cluster changes it"
    );
}

#[test]
fn daemonsets_are_read_only_where_a_label_goes() {
    let api = three();
    api.create(&json!({
        "kind": "DaemonSet", "apiVersion": "apps/v1", "metadata": {"name": "agent", "namespace": "ops"},
        "spec": {
            "selector": {"matchLabels": {"app": "agent"}},
            "template": {"metadata": {"labels": {"app": "agent"}}, "spec": {
                "nodeSelector": {"winfit.dev/runs-ltsc2016": "true"},
                "containers": [{"name": "agent", "image": "contoso/agent:1"}]}},
        },
    }));
    label(&api, &["--apply"]);
    assert!(!api.asked().iter().any(|line| line.contains("daemonsets")));
    let stale = and(of_2019(), "winfit.dev/runs-ltsc2016", "true");
    api.replace(&node("win-a", "10.0.17763.5329", stale));
    // Who may not read them labels all the same.
    let patching = Rule {
        verbs: &["get", "list", "patch"],
        ..NODES
    };
    let (exit, text, _) = said(&label_as(&api.kubeconfig_of("writer", &[patching]), &[]));
    assert_eq!(exit, Some(0));
    assert!(text.contains("note   DaemonSets cannot be read"), "{text}");
    let (exit, text, _) = label(&api, &["--apply"]);
    assert_eq!(exit, Some(0));
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        text.contains("the labels of win-a keep DaemonSet ops/agent off it: its pod there ends"),
        "{text}"
    );
}
