//! `winfit kube pin` on an API that keeps what is written to it.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::kube_support::admin::Admin;
use crate::kube_support::api::Rule;
use crate::kube_support::cluster::{Fault, TestCluster};
use crate::schemas::check_document;
use crate::winfit;

const BUILD: &str = "node.kubernetes.io/windows-build";
const WEB: &str = "/apis/apps/v1/namespaces/shop/deployments/web";
const QUEUE: &str = "/apis/apps/v1/namespaces/shop/statefulsets/queue";

fn node(name: &str, version: &str) -> Value {
    let build: Vec<&str> = version.split('.').take(3).collect();
    json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/os": "windows", BUILD: build.join(".")}},
        "spec": {},
        "status": {
            "conditions": [{"type": "Ready", "status": "True"}],
            "nodeInfo": {"kernelVersion": version, "operatingSystem": "windows", "architecture": "amd64",
                "containerRuntimeVersion": "containerd://1.7.13"},
        },
    })
}

fn workload(kind: &str, name: &str, tag: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": kind,
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {
                    "nodeSelector": {"kubernetes.io/os": "windows"},
                    "containers": [{"name": name, "image": format!("mcr.microsoft.com/windows/servercore:{tag}")}],
                },
            },
        },
    })
}

/// Two builds, and two workloads that each of them runs one of.
fn shop() -> TestCluster {
    TestCluster::with(&[
        node("win-a", "10.0.17763.8037"),
        node("win-b", "10.0.20348.4405"),
        workload("Deployment", "web", "ltsc2019"),
        workload("StatefulSet", "queue", "ltsc2022"),
    ])
}

fn pin_by(kubeconfig: &Path, arguments: &[&str]) -> Output {
    let kubeconfig = kubeconfig.display().to_string();
    let own = ["kube", "pin", "--kubeconfig", &kubeconfig];
    winfit(&[&own, arguments].concat())
}

fn pin(api: &TestCluster, arguments: &[&str]) -> Output {
    pin_by(&api.kubeconfig(), arguments)
}

/// All that it says, with its exit code.
fn said(output: &Output) -> (String, Option<i32>) {
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    let text = String::from_utf8(text).unwrap();
    (
        text.split_whitespace().collect::<Vec<_>>().join(" "),
        output.status.code(),
    )
}

fn selector(api: &TestCluster, path: &str) -> Value {
    api.get(path)["spec"]["template"]["spec"]["nodeSelector"].clone()
}

fn pinned_to(build: &str) -> Value {
    json!({"kubernetes.io/os": "windows", BUILD: build})
}

fn as_before() -> Value {
    json!({"kubernetes.io/os": "windows"})
}

/// Something changes an object.
fn edit(path: &'static str, change: impl FnOnce(&mut Value) + Send + 'static) -> Fault {
    Fault::First(Box::new(move |admin: &Admin| {
        let mut object = admin.get(path);
        change(&mut object);
        admin.replace(&object);
    }))
}

#[test]
fn nothing_is_written_without_apply() {
    let api = shop();
    let (text, code) = said(&pin(&api, &["deploy/web"]));
    assert!(text.contains("Deployment shop/web would be kept off win-b, where it cannot start; nothing is written yet."), "{text}");
    assert!(text.contains("its pods restart"), "{text}");
    assert_eq!(code, Some(0));
    assert!(api.asked().iter().all(|line| line.starts_with("GET ")));
}

#[test]
fn changes_are_tried_then_written_then_read_back() {
    let api = shop();
    let output = pin(&api, &["--all", "--apply", "--format=json"]);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    check_document(&document);
    assert_eq!(
        document["workloads"][0]["now"]["nodeSelector"],
        pinned_to("10.0.17763")
    );
    assert_eq!(selector(&api, WEB), pinned_to("10.0.17763"));
    assert_eq!(selector(&api, QUEUE), pinned_to("10.0.20348"));
    let asked = api.asked();
    let writes: Vec<&str> = asked
        .iter()
        .filter_map(|line| line.strip_prefix("PATCH "))
        .collect();
    let tried = |path: &str| format!("{path}?dryRun=All");
    let written = |path: &str| format!("{path}?");
    assert_eq!(
        writes,
        [tried(WEB), tried(QUEUE), written(WEB), written(QUEUE)]
    );
    // The same again finds nothing to do.
    let (text, code) = said(&pin(&api, &["--all", "--apply"]));
    assert!(text.contains("0 of 2 workloads pinned."), "{text}");
    assert!(
        text.contains("admits only nodes that run it: win-a. Nothing is to be changed."),
        "{text}"
    );
    assert_eq!(code, Some(0));
}

#[test]
fn the_selectors_are_shown_as_the_cluster_has_them() {
    let api = shop();
    let (text, code) = said(&pin(&api, &["web", "--apply"]));
    assert!(
        text.contains("Deployment shop/web is kept off win-b, where it cannot start."),
        "{text}"
    );
    assert!(
        text.contains("spec.template.spec, as the cluster has it now nodeSelector: kubernetes.io/os: windows node.kubernetes.io/windows-build: \"10.0.17763\""),
        "{text}"
    );
    assert_eq!(code, Some(0));
}

#[test]
fn an_object_that_changes_before_the_write_is_planned_anew() {
    let api = shop();
    let zone = |object: &mut Value| {
        object["spec"]["template"]["spec"]["nodeSelector"]["kubernetes.io/os"] = json!("windows");
        object["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = json!(7);
    };
    api.on("PATCH", "deployments/web?", 1, edit(WEB, zone));
    let (text, code) = said(&pin(&api, &["web", "--apply"]));
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(selector(&api, WEB), pinned_to("10.0.17763"));
    let now = api.get(WEB);
    assert_eq!(
        now["spec"]["template"]["spec"]["terminationGracePeriodSeconds"],
        7
    );
}

#[test]
fn an_image_that_changes_before_the_write_decides_anew() {
    let api = shop();
    let newer = |object: &mut Value| {
        object["spec"]["template"]["spec"]["containers"][0]["image"] =
            json!("mcr.microsoft.com/windows/servercore:ltsc2022");
    };
    api.on("PATCH", "deployments/web?", 1, edit(WEB, newer));
    let (text, code) = said(&pin(&api, &["web", "--apply"]));
    assert!(
        text.contains("image mcr.microsoft.com/windows/servercore:ltsc2022 runs win-b"),
        "{text}"
    );
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(selector(&api, WEB), pinned_to("10.0.20348"));
}

#[test]
fn what_somebody_else_makes_right_meanwhile_is_not_written_again() {
    let api = shop();
    let right = |object: &mut Value| {
        object["spec"]["template"]["spec"]["nodeSelector"] = pinned_to("10.0.17763");
    };
    api.on("PATCH", "deployments/web?", 1, edit(WEB, right));
    let (text, code) = said(&pin(&api, &["web", "--apply"]));
    assert!(text.contains("somebody else has written that"), "{text}");
    assert_eq!(code, Some(0));
}

#[test]
fn an_object_that_never_stands_still_is_left_alone() {
    let api = shop();
    for turn in 0..5 {
        let stir = move |object: &mut Value| object["spec"]["replicas"] = json!(turn + 2);
        api.on("PATCH", "deployments/web?", 0, edit(WEB, stir));
    }
    let (text, code) = said(&pin(&api, &["--all", "--apply"]));
    assert!(
        text.contains("it was changed 5 times while it was to be pinned"),
        "{text}"
    );
    assert!(
        text.contains("nothing was written: all changes were tried first"),
        "{text}"
    );
    assert_eq!(code, Some(1));
    assert_eq!(selector(&api, WEB), as_before());
    assert_eq!(selector(&api, QUEUE), as_before());
}

#[test]
fn where_one_change_is_forbidden_none_is_written() {
    let api = shop();
    let everything = |resource: &'static str, group: &'static str, verbs| Rule {
        verbs,
        group,
        resource,
        namespace: None,
    };
    let read: &[&str] = &["get", "list"];
    let kubeconfig = api.kubeconfig_of(
        "dev",
        &[
            everything("nodes", "", read),
            everything("pods", "", read),
            everything("deployments", "apps", &["get", "list", "patch"]),
            everything("statefulsets", "apps", read),
        ],
    );
    let (text, code) = said(&pin_by(&kubeconfig, &["web", "queue", "--apply"]));
    assert!(
        text.contains("StatefulSet shop/queue would not be taken: not allowed:"),
        "{text}"
    );
    assert!(
        text.contains("User \"dev\" cannot patch resource \"statefulsets\""),
        "{text}"
    );
    assert_eq!(code, Some(1));
    assert_eq!(selector(&api, WEB), as_before());
    assert_eq!(selector(&api, QUEUE), as_before());
}

#[test]
fn a_failure_between_two_writes_leaves_each_old_or_new_and_a_second_run_finishes() {
    let api = shop();
    let failure = Fault::Answer(
        500,
        Vec::new(),
        json!({"message": "etcd is away"}).to_string(),
    );
    api.on("PATCH", "statefulsets/queue?", 1, failure);
    let (text, code) = said(&pin(&api, &["--all", "--apply"]));
    assert!(
        text.contains("StatefulSet shop/queue was not changed:"),
        "{text}"
    );
    assert!(text.contains("etcd is away"), "{text}");
    assert!(
        text.contains("the same command again writes what is left"),
        "{text}"
    );
    assert_eq!(code, Some(1));
    assert_eq!(selector(&api, WEB), pinned_to("10.0.17763"));
    assert_eq!(selector(&api, QUEUE), as_before());
    let (text, code) = said(&pin(&api, &["--all", "--apply"]));
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(selector(&api, QUEUE), pinned_to("10.0.20348"));
}

#[test]
fn an_answer_that_breaks_off_leaves_nobody_believing_anything() {
    let api = shop();
    api.on("PATCH", "deployments/web?", 1, Fault::Cut);
    let (text, code) = said(&pin(&api, &["--all", "--apply"]));
    assert!(
        text.contains("whether it was written is not known"),
        "{text}"
    );
    assert!(
        text.contains("not tried any more, and as before: StatefulSet shop/queue"),
        "{text}"
    );
    assert_eq!(code, Some(1));
    let (text, code) = said(&pin(&api, &["--all", "--apply"]));
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(selector(&api, WEB), pinned_to("10.0.17763"));
    assert_eq!(selector(&api, QUEUE), pinned_to("10.0.20348"));
}

#[test]
fn what_is_deleted_meanwhile_is_said_to_be_gone() {
    let api = shop();
    let delete = Fault::First(Box::new(|admin: &Admin| admin.delete(WEB)));
    api.on("PATCH", "deployments/web?", 1, delete);
    let (text, code) = said(&pin(&api, &["web", "--apply"]));
    assert!(
        text.contains("it is gone; somebody has deleted it meanwhile"),
        "{text}"
    );
    assert_eq!(code, Some(1));
}

#[test]
fn what_a_tool_owns_gets_a_file_and_the_tools_name() {
    let mut object = workload("Deployment", "web", "ltsc2019");
    object["metadata"]["labels"] = json!({"app.kubernetes.io/managed-by": "Helm"});
    object["metadata"]["annotations"] = json!({"meta.helm.sh/release-name": "front"});
    let mut job = workload("Job", "sums", "ltsc2019");
    job["apiVersion"] = json!("batch/v1");
    // The server itself selects a Job's pods.
    job["spec"] = json!({"template": job["spec"]["template"]});
    job["spec"]["template"]["spec"]["restartPolicy"] = json!("Never");
    let api = TestCluster::with(&[
        node("win-a", "10.0.17763.8037"),
        node("win-b", "10.0.20348.4405"),
        object,
        job,
    ]);
    let (text, code) = said(&pin(&api, &["--all", "--apply"]));
    assert!(text.contains("Deployment shop/web should be kept off win-b, where it cannot start; Helm release front writes it, so winfit does not."), "{text}");
    assert!(text.contains("Job shop/sums should be kept off win-b, where it cannot start; it cannot be changed, only made anew."), "{text}");
    assert!(
        text.contains("kubectl -n shop replace --force -f DIR/shop.job.sums.yaml"),
        "{text}"
    );
    assert_eq!(code, Some(1));
    assert_eq!(selector(&api, WEB), as_before());

    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().display().to_string();
    let (text, code) = said(&pin(&api, &["--all", "--output", &path]));
    assert_eq!(code, Some(0), "{text}");
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(
        read("shop.deployment.web.yaml"),
        "# Written by winfit kube pin: a strategic merge patch, as kustomize takes it.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  template:
    spec:
      nodeSelector:
        node.kubernetes.io/windows-build: \"10.0.17763\"
"
    );
    let job = read("shop.job.sums.yaml");
    assert!(
        job.contains("node.kubernetes.io/windows-build: \"10.0.17763\""),
        "{job}"
    );
    assert!(
        !job.contains("uid") && !job.contains("resourceVersion"),
        "{job}"
    );
    // Its own files it writes again; what somebody else has written stays.
    std::fs::write(folder.path().join("shop.deployment.web.yaml"), "mine\n").unwrap();
    let (text, code) = said(&pin(&api, &["--all", "--output", &path]));
    assert!(
        text.contains("somebody else has written this file"),
        "{text}"
    );
    assert_eq!(code, Some(1));
    assert_eq!(read("shop.deployment.web.yaml"), "mine\n");
}

#[test]
fn without_nodes_nothing_is_pinned() {
    let api = shop();
    let read = |resource: &'static str| Rule {
        verbs: &["get", "list"],
        group: "apps",
        resource,
        namespace: None,
    };
    let kubeconfig = api.kubeconfig_of("dev", &[read("deployments"), read("statefulsets")]);
    let (text, code) = said(&pin_by(&kubeconfig, &["--all"]));
    assert!(
        text.contains("there is no node to pin anything to"),
        "{text}"
    );
    assert!(text.contains("resources: [nodes"), "{text}");
    assert_eq!(code, Some(3));
}

#[test]
fn an_owner_of_another_kind_gets_a_patch_of_its_template() {
    let mut object = workload("ReplicaSet", "web-5d8f", "ltsc2019");
    object["metadata"]["ownerReferences"] = json!([{
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "web", "uid": "u", "controller": true,
    }]);
    let api = TestCluster::with(&[
        node("win-a", "10.0.17763.8037"),
        node("win-b", "10.0.20348.4405"),
        object,
    ]);
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().display().to_string();
    let (text, code) = said(&pin(&api, &["rollout/web", "--output", &path]));
    assert!(
        text.contains("Rollout web writes it, so winfit does not"),
        "{text}"
    );
    assert_eq!(code, Some(0));
    let file = std::fs::read_to_string(folder.path().join("shop.rollout.web.yaml")).unwrap();
    assert!(
        file.contains("apiVersion: argoproj.io/v1alpha1\nkind: Rollout\n"),
        "{file}"
    );
    assert!(
        file.contains("node.kubernetes.io/windows-build: \"10.0.17763\""),
        "{file}"
    );
}

#[test]
fn pods_that_wait_for_a_hand_are_said_to() {
    let mut object = workload("StatefulSet", "queue", "ltsc2022");
    object["spec"]["updateStrategy"] = json!({"type": "OnDelete"});
    let api = TestCluster::with(&[
        node("win-a", "10.0.17763.8037"),
        node("win-b", "10.0.20348.4405"),
        object,
    ]);
    let (text, _) = said(&pin(&api, &["sts/queue"]));
    assert!(
        text.contains("its pods stay as they are until somebody deletes them"),
        "{text}"
    );
}

#[test]
fn workloads_are_looked_for_in_the_namespace_that_is_meant() {
    let mut elsewhere = workload("Deployment", "web", "ltsc2022");
    elsewhere["metadata"]["namespace"] = json!("plang");
    let api = shop();
    api.create(&elsewhere);
    let first = |arguments: &[&str]| said(&pin(&api, arguments)).0;
    assert!(first(&["web"]).starts_with("Deployment shop/web"));
    assert!(first(&["web", "-n", "plang"]).starts_with("Deployment plang/web"));
    let (text, code) = said(&pin(&api, &["web", "-A"]));
    assert!(
        text.contains("web could be Deployment plang/web or Deployment shop/web"),
        "{text}"
    );
    assert_eq!(code, Some(2));
    let (text, code) = said(&pin(&api, &["ds/web"]));
    assert!(
        text.contains("ds/web: there is no such workload in the namespace of the context"),
        "{text}"
    );
    assert_eq!(code, Some(3));
}

const FABRIKAM: &str = "/apis/apps/v1/namespaces/plang/deployments/fabrikamfiber.web";

/// A node of the page: a kubelet of 1.7, which sets no label of its build.
fn old_node(name: &str, lab: &str, cordoned: bool) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": name, "labels": {"beta.kubernetes.io/os": "windows"}},
        "spec": {"unschedulable": cordoned},
        "status": {
            "conditions": [{"type": "Ready", "status": "True"}],
            "nodeInfo": {"kernelVersion": lab, "operatingSystem": "windows", "architecture": "amd64",
                "containerRuntimeVersion": "docker://17.6.2"},
        },
    })
}

/// As a person does it: with kubectl where there is one.
fn label(api: &TestCluster, name: &str, value: &str) {
    let label = format!("beta.kubernetes.io/osbuild={value}");
    let kubectl = Command::new("kubectl")
        .arg("--kubeconfig")
        .arg(api.kubectl_config())
        .args(["label", "node", name, &label])
        .output();
    if let Ok(output) = kubectl {
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{error}");
        return;
    }
    let mut node = api.get(&format!("/api/v1/nodes/{name}"));
    node["metadata"]["labels"]["beta.kubernetes.io/osbuild"] = json!(value);
    api.replace(&node);
}

#[test]
fn the_page_is_played() {
    let mut deployment = workload("Deployment", "fabrikamfiber.web", "");
    deployment["metadata"]["namespace"] = json!("plang");
    let template = json!({
        "nodeSelector": {"beta.kubernetes.io/os": "windows"},
        "containers": [{"name": "fabrikamfiberweb", "image": "patricklang/fabrikamfiber.web:latest"}],
    });
    deployment["spec"]["template"]["spec"] = template.clone();
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "fabrikamfiber.web-789699744-rqv6p", "namespace": "plang", "ownerReferences": [
            {"apiVersion": "apps/v1", "kind": "Deployment", "name": "fabrikamfiber.web", "uid": "u", "controller": true},
        ]},
        "spec": template,
    });
    pod["spec"]["nodeName"] = json!("38519acs9011");
    let api = TestCluster::with(&[
        old_node(
            "38519acs9010",
            "10.0 14393 (14393.1715.amd64fre.rs1_release_inmarket.170906-1810)",
            true,
        ),
        old_node(
            "38519acs9011",
            "10.0 16299 (16299.0.amd64fre.rs3_release.170922-1354)",
            false,
        ),
        deployment,
        pod,
    ]);
    let image = "patricklang/fabrikamfiber.web=10.0.14393.1715";
    let arguments = ["fabrikamfiber.web", "-n", "plang", "--image-version", image];
    // Nothing tells the nodes apart yet.
    let (text, code) = said(&pin(&api, &arguments));
    assert!(
        text.contains("runs on 38519acs9010, and no label tells that from 38519acs9011."),
        "{text}"
    );
    assert_eq!(code, Some(1));
    label(&api, "38519acs9010", "14393.1715");
    label(&api, "38519acs9011", "16299.0");
    let (text, code) = said(&pin(&api, &[&arguments[..], &["--apply"]].concat()));
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.contains("waits for 38519acs9010, which is cordoned"),
        "{text}"
    );
    assert!(text.contains("kubectl uncordon 38519acs9010"), "{text}");
    assert_eq!(
        selector(&api, FABRIKAM),
        json!({"beta.kubernetes.io/os": "windows", "beta.kubernetes.io/osbuild": "14393.1715"})
    );
    // Uncordoned, it is the one node that the template admits, and the image runs there.
    let mut node = api.get("/api/v1/nodes/38519acs9010");
    node["spec"]["unschedulable"] = json!(false);
    api.replace(&node);
    let (text, code) = said(&pin(&api, &arguments));
    assert!(
        text.contains("admits only nodes that run it: 38519acs9010. Nothing is to be changed."),
        "{text}"
    );
    assert_eq!(code, Some(0));
    let kubeconfig = api.kubeconfig().display().to_string();
    let audit = winfit(&[
        "kube",
        "audit",
        "--kubeconfig",
        &kubeconfig,
        "-n",
        "plang",
        "--image-version",
        image,
        "--format=json",
    ]);
    let audit: Value = serde_json::from_slice(&audit.stdout).unwrap();
    let workload = &audit["workloads"][0];
    assert_eq!(
        (&workload["candidates"], &workload["fit"]),
        (&json!(1), &json!(1))
    );
}

/// `batch/v1` has them from 1.21 on, `batch/v1beta1` before that.
#[test]
fn cron_jobs_are_pinned_where_the_cluster_serves_them() {
    let api = shop();
    let (code, _) = api.admin.send("GET", "/apis/batch/v1/cronjobs", None);
    let version = if code == 200 { "v1" } else { "v1beta1" };
    let mut job = workload("Deployment", "tidy", "ltsc2019")["spec"]["template"].clone();
    job["spec"]["restartPolicy"] = json!("Never");
    let object = json!({
        "apiVersion": format!("batch/{version}"), "kind": "CronJob",
        "metadata": {"name": "tidy", "namespace": "shop"},
        "spec": {"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": job}}},
    });
    let list = format!("/apis/batch/{version}/namespaces/shop/cronjobs");
    let body = Some(("application/json", &object));
    let (code, answer) = api.admin.send("POST", &list, body);
    assert_eq!(code, 201, "{answer}");
    let (text, code) = said(&pin(&api, &["cj/tidy", "--apply"]));
    assert_eq!(code, Some(0), "{text}");
    let now = api.get(&format!("{list}/tidy"));
    assert_eq!(
        now["spec"]["jobTemplate"]["spec"]["template"]["spec"]["nodeSelector"],
        pinned_to("10.0.17763")
    );
}
