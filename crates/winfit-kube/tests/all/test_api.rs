//! What tests rely on of their own API.

use serde_json::{Value, json};
use winfit_kube::{Api, Change, KubeError, Patch, Settings};

use crate::support::api::{Rule, TestApi};

const NODE: &str = "/api/v1/nodes/win-a";

fn node(labels: &Value) -> Value {
    json!({"kind": "Node", "metadata": {"name": "win-a", "labels": labels}})
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

#[tokio::test]
async fn labels_that_a_manager_applies_are_its_own() {
    let test = TestApi::start(&[node(&json!({"rack": "7"}))]);
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
    // What another manager wants otherwise is a conflict, unless it takes it.
    let refused = write(labels("two", &json!({"a": "3"}), false)).await;
    assert!(
        matches!(refused, Err(KubeError::Conflict { message }) if message.contains("conflict with \"one\": .metadata.labels.a"))
    );
    let now = write(labels("two", &json!({"a": "3"}), true))
        .await
        .unwrap();
    assert_eq!(now["metadata"]["labels"]["a"], "3");
    // What is only tried is not written.
    let tried = labels("two", &json!({"a": "4"}), false);
    let tried: Value = api.patch(NODE, &tried, Change::Try).await.unwrap();
    assert_eq!(tried["metadata"]["labels"]["a"], "4");
    assert_eq!(test.cluster.get(NODE)["metadata"]["labels"]["a"], "3");
}

#[tokio::test]
async fn a_json_patch_applies_whole_or_not_at_all() {
    let test = TestApi::start(&[node(&json!({"rack": "7"}))]);
    let api = connected(test.kubeconfig());
    let version = test.cluster.get(NODE)["metadata"]["resourceVersion"].clone();
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
        matches!(refused, Err(KubeError::Refused { code: 422, .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn what_a_user_may_not_do_is_refused() {
    let test = TestApi::start(&[node(&json!({}))]);
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
    let nobody = connected(test.kubeconfig_of_nobody());
    let refused = nobody.get::<Value>(NODE).await;
    assert!(
        matches!(refused, Err(KubeError::Unauthorized { .. })),
        "{refused:?}"
    );
}
