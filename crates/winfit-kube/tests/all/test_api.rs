//! What tests rely on of their own API. Where there is a real one, these meet that.

use serde_json::{Value, json};
use winfit_kube::{Api, Change, KubeError, Patch, Settings};

use crate::support::api::Rule;
use crate::support::cluster::{Fault, TestCluster};

const NODE: &str = "/api/v1/nodes/win-a";
const MAPS: &str = "/api/v1/namespaces/shop/configmaps";

fn node(labels: &Value) -> Value {
    json!({"kind": "Node", "metadata": {"name": "win-a", "labels": labels}})
}

fn map(name: &str) -> Value {
    json!({"kind": "ConfigMap", "metadata": {"name": name, "namespace": "shop", "labels": {"of": "test"}}})
}

fn template(image: &str) -> Value {
    json!({
        "metadata": {"labels": {"app": "web"}},
        "spec": {"restartPolicy": "Never", "containers": [{"name": "app", "image": image}]},
    })
}

fn connected(kubeconfig: std::path::PathBuf) -> Api {
    let settings = Settings {
        kubeconfig: Some(kubeconfig),
        context: None,
        patience: std::time::Duration::from_secs(10),
    };
    settings.connect().unwrap()
}

fn labels(manager: &'static str, labels: &Value, force: bool) -> Patch {
    Patch::Apply {
        object: json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "win-a", "labels": labels}}),
        manager,
        force,
    }
}

/// The names of a list's items.
fn names(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().unwrap().iter();
    items
        .map(|item| item["metadata"]["name"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn labels_that_a_manager_applies_are_its_own() {
    let test = TestCluster::with(&[node(&json!({"rack": "7"}))]);
    let api = connected(test.kubeconfig());
    let write = |patch: Patch| {
        let api = &api;
        async move { api.patch::<Value>(NODE, &patch, Change::Write).await }
    };
    write(labels("one", &json!({"a": "1", "b": "1"}), false))
        .await
        .unwrap();
    // What it no longer wants goes; what others have stays.
    let now = write(labels("one", &json!({"a": "2"}), false))
        .await
        .unwrap();
    assert_eq!(now["metadata"]["labels"], json!({"rack": "7", "a": "2"}));
    // What it wants already is no new version.
    let again = write(labels("one", &json!({"a": "2"}), false)).await;
    let version = |object: &Value| object["metadata"]["resourceVersion"].clone();
    assert_eq!(version(&again.unwrap()), version(&now));
    // What another manager wants otherwise is a conflict, unless it takes it.
    let refused = write(labels("two", &json!({"a": "3"}), false)).await;
    assert!(
        matches!(&refused, Err(KubeError::Conflict { message }) if message == "Apply failed with 1 conflict: conflict with \"one\": .metadata.labels.a"),
        "{refused:?}"
    );
    let now = write(labels("two", &json!({"a": "3"}), true))
        .await
        .unwrap();
    assert_eq!(now["metadata"]["labels"]["a"], "3");
    // What is only tried is not written.
    let tried = labels("two", &json!({"a": "4"}), false);
    let tried: Value = api.patch(NODE, &tried, Change::Try).await.unwrap();
    assert_eq!(tried["metadata"]["labels"]["a"], "4");
    assert_eq!(test.get(NODE)["metadata"]["labels"]["a"], "3");
    // What it set aside is the first manager's no more.
    let now = write(labels("one", &json!({}), false)).await.unwrap();
    assert_eq!(now["metadata"]["labels"]["a"], "3");
}

#[tokio::test]
async fn a_conflict_names_each_manager_with_its_fields() {
    let test = TestCluster::with(&[node(&json!({"rack": "7"}))]);
    let api = connected(test.kubeconfig());
    let first = labels("one", &json!({"a": "1", "b": "1"}), false);
    api.patch::<Value>(NODE, &first, Change::Write)
        .await
        .unwrap();
    let second = json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": "win-a", "labels": {"a": "2", "b": "2"}},
    });
    let path = format!("{NODE}?fieldManager=two&force=false");
    let body = Some(("application/apply-patch+yaml", &second));
    let (code, status) = test.admin.send("PATCH", &path, body);
    assert_eq!((code, &status["reason"]), (409, &json!("Conflict")));
    assert_eq!(
        status["message"],
        "Apply failed with 2 conflicts: conflicts with \"one\":\n- .metadata.labels.a\n- .metadata.labels.b"
    );
    assert_eq!(
        status["details"]["causes"][1],
        json!({
            "reason": "FieldManagerConflict", "message": "conflict with \"one\"",
            "field": ".metadata.labels.b",
        })
    );
}

#[tokio::test]
async fn a_json_patch_applies_whole_or_not_at_all() {
    let test = TestCluster::with(&[node(&json!({"rack": "7"}))]);
    let api = connected(test.kubeconfig());
    let version = test.get(NODE)["metadata"]["resourceVersion"].clone();
    let patch = |version: &Value| {
        Patch::Json(json!([
            {"op": "test", "path": "/metadata/resourceVersion", "value": version},
            {"op": "add", "path": "/metadata/labels/a~1b", "value": "1"},
        ]))
    };
    let now: Value = api
        .patch(NODE, &patch(&version), Change::Write)
        .await
        .unwrap();
    assert_eq!(now["metadata"]["labels"], json!({"rack": "7", "a/b": "1"}));
    let refused = api
        .patch::<Value>(NODE, &patch(&version), Change::Write)
        .await;
    assert!(
        matches!(&refused, Err(KubeError::Refused { code: 422, message, .. })
            if message == "the server rejected our request due to an error in our request"),
        "{refused:?}"
    );
}

#[test]
fn a_patch_of_an_older_state_is_a_conflict() {
    let test = TestCluster::with(&[node(&json!({}))]);
    let mut older = test.get(NODE);
    test.admin
        .merge(NODE, &json!({"metadata": {"labels": {"a": "1"}}}));
    older["metadata"]["labels"] = json!({"a": "2"});
    let (code, status) = test
        .admin
        .send("PUT", NODE, Some(("application/json", &older)));
    assert_eq!(code, 409);
    assert_eq!(
        status["message"],
        "Operation cannot be fulfilled on nodes \"win-a\": the object has been modified; please apply your changes to the latest version and try again"
    );
    let strategic = json!({"metadata": {"resourceVersion": older["metadata"]["resourceVersion"], "labels": {"a": null}}});
    let body = Some(("application/strategic-merge-patch+json", &strategic));
    assert_eq!(test.admin.send("PATCH", NODE, body).0, 409);
    assert_eq!(test.get(NODE)["metadata"]["labels"], json!({"a": "1"}));
}

#[test]
fn a_strategic_merge_meets_containers_by_their_names() {
    let pod = json!({
        "kind": "Pod", "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"containers": [{"name": "app", "image": "a:1"}, {"name": "log", "image": "b:1"}]},
    });
    let test = TestCluster::with(&[pod]);
    let path = "/api/v1/namespaces/shop/pods/web";
    let wanted = json!({"spec": {"containers": [{"name": "log", "image": "b:2"}]}});
    let body = Some(("application/strategic-merge-patch+json", &wanted));
    let (code, now) = test.admin.send("PATCH", path, body);
    assert_eq!(code, 200, "{now}");
    let images: Vec<&Value> = (0..2)
        .map(|at| &now["spec"]["containers"][at]["image"])
        .collect();
    assert_eq!(images, ["a:1", "b:2"]);
}

#[test]
fn the_pages_of_a_list_are_of_one_state_until_that_is_forgotten() {
    let test = TestCluster::with(&[map("b"), map("c"), map("d")]);
    let selected = format!("{MAPS}?labelSelector=of%3Dtest&limit=1");
    let first = test.get(&selected);
    assert_eq!(names(&first), ["b"]);
    let token = first["metadata"]["continue"].as_str().unwrap().to_owned();
    test.create(&map("a"));
    test.delete(&format!("{MAPS}/c"));
    let next = format!("{selected}&continue={token}");
    assert_eq!(names(&test.get(&next)), ["c"]);
    test.forget();
    let (code, status) = test.admin.send("GET", &next, None);
    assert_eq!((code, &status["reason"]), (410, &json!("Expired")));
    // What the refusal offers reads on with the state of today.
    let token = status["metadata"]["continue"].as_str().unwrap();
    let rest = test.get(&format!("{selected}&continue={token}"));
    assert_eq!(names(&rest), ["d"]);
    assert_eq!(rest["metadata"].get("continue"), None);
}

#[test]
fn lists_are_selected_by_labels_and_fields() {
    let pod = |name: &str, labels: Value, node: &str| {
        json!({
            "kind": "Pod", "metadata": {"name": name, "namespace": "shop", "labels": labels},
            "spec": {"nodeName": node, "containers": [{"name": "app", "image": "a"}]},
        })
    };
    let test = TestCluster::with(&[
        pod("one", json!({"app": "web", "tier": "front"}), "win-a"),
        pod("two", json!({"app": "api"}), "win-a"),
        pod("zoo", json!({}), "win-b"),
    ]);
    for (query, expected) in [
        ("labelSelector=app%3Dweb", &["one"][..]),
        ("labelSelector=app%20in%20(web,api),!tier", &["two"]),
        ("labelSelector=app%20notin%20(web)", &["two", "zoo"]),
        ("labelSelector=app!%3Dweb,app", &["two"]),
        ("fieldSelector=spec.nodeName%3Dwin-b", &["zoo"]),
        ("fieldSelector=metadata.name!%3Dzoo", &["one", "two"]),
    ] {
        let list = test.get(&format!("/api/v1/namespaces/shop/pods?{query}"));
        assert_eq!(names(&list), expected, "{query}");
    }
    for query in ["fieldSelector=spec.colour%3Dred", "labelSelector=a%20in"] {
        let (code, _) = test
            .admin
            .send("GET", &format!("/api/v1/pods?{query}"), None);
        assert_eq!(code, 400, "{query}");
    }
}

#[test]
fn a_watch_tells_what_happens_to_what_it_selects() {
    let test = TestCluster::with(&[map("a")]);
    let version = test.get(MAPS)["metadata"]["resourceVersion"].clone();
    let version = version.as_str().unwrap().to_owned();
    let query =
        format!("watch=1&labelSelector=of%3Dtest&resourceVersion={version}&timeoutSeconds=60");
    let mut events = test.admin.watch(&format!("{MAPS}?{query}"));
    test.create(&map("b"));
    test.admin
        .merge(&format!("{MAPS}/a"), &json!({"data": {"k": "v"}}));
    // What no longer matches is gone for the watch.
    test.admin
        .merge(&format!("{MAPS}/b"), &json!({"metadata": {"labels": null}}));
    test.delete(&format!("{MAPS}/a"));
    let mut told = Vec::new();
    for event in events.by_ref().take(4) {
        let name = event["object"]["metadata"]["name"].as_str().unwrap();
        told.push(format!("{} {name}", event["type"].as_str().unwrap()));
    }
    assert_eq!(told, ["ADDED b", "MODIFIED a", "DELETED b", "DELETED a"]);
}

#[test]
fn what_may_not_change_is_refused() {
    let test = TestCluster::with(&[
        json!({
            "kind": "Job", "metadata": {"name": "once", "namespace": "shop"},
            "spec": {"template": template("a:1")},
        }),
        json!({
            "kind": "Pod", "metadata": {"name": "web", "namespace": "shop"},
            "spec": template("a:1")["spec"],
        }),
    ]);
    let selector = json!({"nodeSelector": {"kubernetes.io/os": "windows"}});
    let job = "/apis/batch/v1/namespaces/shop/jobs/once";
    let pod = "/api/v1/namespaces/shop/pods/web";
    let refused = |path: &str, wanted: &Value| {
        let body = Some(("application/merge-patch+json", wanted));
        let (code, status) = test.admin.send("PATCH", path, body);
        (code, status["message"].as_str().unwrap().to_owned())
    };
    let (code, message) = refused(job, &json!({"spec": {"template": {"spec": selector}}}));
    assert_eq!(code, 422);
    assert!(
        message.starts_with(
            "Job.batch \"once\" is invalid: spec.template: Invalid value: core.PodTemplateSpec{"
        ) && message.ends_with(": field is immutable"),
        "{message}"
    );
    let (code, message) = refused(pod, &json!({"spec": selector}));
    assert_eq!(code, 422);
    assert!(
        message.starts_with("Pod \"web\" is invalid: spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`"),
        "{message}"
    );
    let value = json!({"metadata": {"labels": {"a": "not a label"}}});
    assert_eq!(refused(pod, &value).0, 422);
}

#[test]
fn statuses_are_written_apart_and_specs_are_counted() {
    let path = "/apis/apps/v1/namespaces/shop/deployments/web";
    let test = TestCluster::with(&[json!({
        "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"},
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "app", "image": "a:1"}]},
            },
        },
        "status": {"replicas": 2, "readyReplicas": 1},
    })]);
    let made = test.get(path);
    assert_eq!(made["status"]["readyReplicas"], 1);
    assert_eq!(made["metadata"]["generation"], 1);
    let now = test.admin.merge(
        path,
        &json!({"spec": {"replicas": 3}, "status": {"replicas": 9}}),
    );
    assert_eq!(now["metadata"]["generation"], 2);
    assert_eq!(now["status"]["replicas"], 2);
    let now = test.patch_status(path, &json!({"readyReplicas": 2}));
    assert_eq!(now["metadata"]["generation"], 2);
}

#[tokio::test]
async fn what_a_user_may_not_do_is_refused() {
    let test = TestCluster::with(&[node(&json!({}))]);
    let rule = Rule {
        verbs: &["get", "list"],
        group: "",
        resource: "nodes",
        namespace: None,
    };
    let api = connected(test.kubeconfig_of("reader", &[rule]));
    api.get::<Value>(NODE).await.unwrap();
    let refused = api
        .patch::<Value>(NODE, &labels("one", &json!({}), false), Change::Write)
        .await;
    let Err(KubeError::Forbidden { message }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(
        message,
        "nodes \"win-a\" is forbidden: User \"reader\" cannot patch resource \"nodes\" in API group \"\" at the cluster scope"
    );
    let refused = api.get::<Value>("/apis/apps/v1/namespaces/shop/deployments");
    let refused = refused.await.unwrap_err().to_string();
    assert!(
        refused.contains("deployments.apps is forbidden: User \"reader\" cannot list resource \"deployments\" in API group \"apps\" in the namespace \"shop\""),
        "{refused}"
    );
    let nobody = connected(test.kubeconfig_of_nobody());
    let refused = nobody.get::<Value>(NODE).await;
    assert!(
        matches!(refused, Err(KubeError::Unauthorized { .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn the_front_does_what_a_test_asks_for() {
    let test = TestCluster::with(&[node(&json!({"a": "1"}))]);
    let api = connected(test.kubeconfig());
    let get = || api.get::<Value>(NODE);
    // Something happens under the reader's hands.
    let change = |admin: &crate::support::admin::Admin| {
        admin.merge(NODE, &json!({"metadata": {"labels": {"a": "2"}}}));
    };
    test.on("GET", NODE, 1, Fault::First(Box::new(change)));
    assert_eq!(get().await.unwrap()["metadata"]["labels"]["a"], "1");
    assert_eq!(get().await.unwrap()["metadata"]["labels"]["a"], "2");
    test.on("GET", NODE, 0, Fault::Cut);
    assert!(matches!(get().await, Err(KubeError::Answer { .. })));
    test.on(
        "GET",
        NODE,
        0,
        Fault::Always(401, Vec::new(), String::new()),
    );
    for _ in 0..2 {
        assert!(matches!(get().await, Err(KubeError::Unauthorized { .. })));
    }
    let asked = format!("GET {NODE}");
    assert_eq!(test.asked(), vec![asked; 5]);
}
