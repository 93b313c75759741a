//! `winfit kube` on an API that answers, and on one that does not.

use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};

use crate::kube_support::api::Rule;
use crate::kube_support::cluster::{Fault, TestCluster};
use crate::winfit;

fn node(name: &str, version: &str) -> Value {
    json!({
        "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/os": "windows"}},
        "status": {
            "conditions": [{"type": "Ready", "status": "True"}],
            "nodeInfo": {"kernelVersion": version, "operatingSystem": "windows", "architecture": "amd64"},
        },
    })
}

fn deployment(namespace: &str, name: &str, image: &str) -> Value {
    json!({
        "kind": "Deployment", "metadata": {"name": name, "namespace": namespace, "labels": {"app": name}},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": {
                "nodeSelector": {"kubernetes.io/os": "windows"},
                "containers": [{"name": "app", "image": image}]}},
        },
    })
}

fn shop() -> Vec<Value> {
    vec![
        node("win-a", "10.0.17763.5329"),
        deployment("shop", "web", "contoso/web:1-ltsc2019"),
        deployment("shop", "api", "contoso/api:1-ltsc2022"),
        deployment("back", "fax", "contoso/fax:1-ltsc2022"),
    ]
}

fn audit(kubeconfig: &Path, more: &[&str]) -> Output {
    let path = kubeconfig.display().to_string();
    let words = [&["kube", "audit", "--kubeconfig", &path], more].concat();
    winfit(&words)
}

/// The lines of the table of workloads.
fn workloads(output: &Output) -> Vec<String> {
    let text = String::from_utf8_lossy(&output.stdout);
    let lines = text.lines().filter(|line| line.starts_with("Deployment"));
    lines
        .map(|line| {
            line.split_whitespace()
                .take(2)
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect()
}

fn errors(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn all_namespaces_one_of_them_and_what_has_certain_labels() {
    let api = TestCluster::with(&shop());
    let config = api.kubeconfig();
    let all = [
        "Deployment back/fax",
        "Deployment shop/api",
        "Deployment shop/web",
    ];
    assert_eq!(workloads(&audit(&config, &[])), all);
    assert_eq!(workloads(&audit(&config, &["-A"])), all);
    assert_eq!(workloads(&audit(&config, &["-n", "shop"])), all[1..]);
    assert_eq!(workloads(&audit(&config, &["-l", "app=web"])), all[2..]);
    let hostile = audit(&config, &["-n", "shop/../../nodes"]);
    assert_eq!(hostile.status.code(), Some(2));
    assert!(
        errors(&hostile).contains("the name of a namespace has small letters, digits and hyphens"),
        "{}",
        errors(&hostile)
    );
}

#[test]
fn what_may_not_be_read_is_named_with_the_role_that_would_let_it() {
    let api = TestCluster::with(&shop());
    let only = |group, resource| Rule {
        verbs: &["list"],
        group,
        resource,
        namespace: None,
    };
    let config = api.kubeconfig_of("eve", &[only("", "nodes"), only("apps", "deployments")]);
    let output = audit(&config, &[]);
    assert_eq!(workloads(&output).len(), 3);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        errors(&output).contains("pods are left out: pods is forbidden: User \"eve\" cannot list resource \"pods\" in API group \"\" at the cluster scope"),
        "{said}"
    );
    assert!(
        said.contains(
            "- apiGroups: [\"batch\"]\n  resources: [jobs, cronjobs]\n  verbs: [get, list]"
        ),
        "{said}"
    );
}

#[test]
fn a_login_that_is_not_known_ends_it_in_one_sentence() {
    let api = TestCluster::with(&shop());
    let output = audit(&api.kubeconfig_of_nobody(), &[]);
    assert_eq!(output.status.code(), Some(3));
    let said = errors(&output);
    assert!(said.contains("does not know this login (401)"), "{said}");
    assert_eq!(said.matches("winfit:").count(), 1, "{said}");
}

#[test]
fn no_cluster_is_said_to_be_none() {
    let folder = tempfile::TempDir::new().unwrap();
    let output = audit(&folder.path().join("config"), &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        errors(&output).contains("there is no such file"),
        "{}",
        errors(&output)
    );
}

#[test]
fn an_api_that_goes_away_in_the_middle_of_a_list_is_told() {
    let api = TestCluster::with(&shop());
    api.on("GET", "/deployments", 0, Fault::Cut);
    let output = audit(&api.kubeconfig(), &[]);
    assert_eq!(output.status.code(), Some(3), "{}", errors(&output));
    let said = errors(&output);
    assert!(said.contains("cannot be read"), "{said}");
    assert_eq!(said.matches("winfit:").count(), 1, "{said}");
}

#[test]
fn an_api_that_is_busy_is_asked_again() {
    let api = TestCluster::with(&shop());
    let busy = || {
        let after = vec![("Retry-After", "0".to_owned())];
        Fault::Answer(429, after, "{}".to_owned())
    };
    api.on("GET", "/pods", 0, busy());
    api.on("GET", "/pods", 0, busy());
    assert_eq!(workloads(&audit(&api.kubeconfig(), &[])).len(), 3);
    api.on("GET", "/nodes", 0, Fault::Hang);
    let output = audit(&api.kubeconfig(), &["--request-timeout", "1"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(
        errors(&output).contains("gives no answer within 1 s (/api/v1/nodes)"),
        "{}",
        errors(&output)
    );
}

#[test]
fn a_cluster_of_several_pages_is_read_to_its_end() {
    let mut objects = vec![node("win-a", "10.0.17763.5329")];
    for at in 0..1_203 {
        objects.push(deployment(
            "shop",
            &format!("web-{at}"),
            "contoso/web:1-ltsc2019",
        ));
    }
    let api = TestCluster::with(&objects);
    let output = audit(&api.kubeconfig(), &["--format", "json"]);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["workloads"].as_array().unwrap().len(), 1_203);
    let asked = api.asked();
    let pages = asked.iter().filter(|line| line.contains("/deployments?"));
    assert_eq!(pages.count(), 3);
}
