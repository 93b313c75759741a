//! Reading a cluster: the kubeconfig, pages, and what each refusal becomes.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use winfit_kube::{Cluster, KubeError, Scope, Settings, role_for};

use crate::support::admin::Admin;
use crate::support::api::Rule;
use crate::support::cluster::{Fault, TestCluster};

async fn read_as(kubeconfig: PathBuf) -> Result<Cluster, KubeError> {
    let settings = Settings {
        kubeconfig: Some(kubeconfig),
        context: None,
        patience: Duration::from_secs(30),
    };
    Cluster::read(&settings.connect()?, &Scope::default()).await
}

async fn read(test: &TestCluster) -> Result<Cluster, KubeError> {
    read_as(test.kubeconfig()).await
}

fn node(at: usize) -> Value {
    json!({"kind": "Node", "metadata": {"name": format!("win-{at:03}")}})
}

/// A cluster whose nodes need a second page.
fn of_two_pages() -> TestCluster {
    let nodes: Vec<Value> = (0..501).map(node).collect();
    TestCluster::with(&nodes)
}

/// An answer with a text of its own.
fn answer(code: u16, body: &str) -> Fault {
    Fault::Answer(code, Vec::new(), body.to_owned())
}

#[tokio::test]
async fn lists_are_read_page_by_page() {
    let test = of_two_pages();
    let cluster = read(&test).await.unwrap();
    assert_eq!(cluster.nodes.len(), 501);
    assert_eq!(&*cluster.nodes[500].metadata.name, "win-500");
    let asked = test.asked();
    assert_eq!(asked[0], "GET /api/v1/nodes?limit=500");
    assert!(
        asked[1].starts_with("GET /api/v1/nodes?limit=500&continue="),
        "{}",
        asked[1]
    );
}

#[tokio::test]
async fn a_forgotten_state_is_read_on_where_the_server_offers_that() {
    let test = of_two_pages();
    // What is there by then is read, of what went nothing is missed.
    let change = |admin: &Admin| {
        admin.create(&node(501));
        admin.forget();
    };
    test.on("GET", "/nodes?", 1, Fault::First(Box::new(change)));
    let cluster = read(&test).await.unwrap();
    assert_eq!(cluster.nodes.len(), 502);
    let nodes = test.asked();
    let nodes = nodes.iter().filter(|line| line.contains("/nodes?"));
    assert_eq!(nodes.count(), 3);
}

#[tokio::test]
async fn a_list_that_goes_round_in_a_circle_ends() {
    let test = TestCluster::start();
    let page = r#"{"metadata": {"continue": "x"}, "items": []}"#.to_owned();
    test.on("GET", "/nodes?", 0, Fault::Always(200, Vec::new(), page));
    let error = read(&test).await.unwrap_err();
    assert!(error.to_string().contains("circle"), "{error}");
}

#[tokio::test]
async fn what_may_not_be_read_is_left_out_with_the_rule_that_it_needs() {
    let test = TestCluster::with(&[node(0)]);
    let only = |group, resource| Rule {
        verbs: &["list"],
        group,
        resource,
        namespace: None,
    };
    let allowed = [
        only("", "nodes"),
        only("", "events"),
        only("", "replicationcontrollers"),
        only("node.k8s.io", "runtimeclasses"),
        only("apps", "deployments"),
        only("apps", "replicasets"),
        only("apps", "statefulsets"),
        only("apps", "daemonsets"),
    ];
    let cluster = read_as(test.kubeconfig_of("eve", &allowed)).await.unwrap();
    assert_eq!(cluster.nodes.len(), 1);
    assert_eq!(
        role_for(&cluster.missing),
        "rules:\n\
         - apiGroups: [\"batch\"]\n  resources: [jobs, cronjobs]\n  verbs: [get, list]\n\
         - apiGroups: [\"\"]\n  resources: [pods]\n  verbs: [get, list]\n"
    );
}

#[tokio::test]
async fn who_is_asked_too_much_is_asked_again_when_it_says() {
    let test = TestCluster::with(&[node(0)]);
    for _ in 0..2 {
        let headers = vec![("retry-after", "0".to_owned())];
        test.on("GET", "", 0, Fault::Answer(429, headers, String::new()));
    }
    assert_eq!(read(&test).await.unwrap().nodes.len(), 1);
}

#[tokio::test]
async fn a_server_that_forgets_every_state_ends_the_reading() {
    let test = TestCluster::start();
    for turn in 0..30 {
        let turn = turn % 2;
        let body = format!(r#"{{"message": "expired", "metadata": {{"continue": "{turn}"}}}}"#);
        test.on("GET", "/nodes?", 0, answer(410, &body));
    }
    let error = read(&test).await.unwrap_err();
    assert!(error.to_string().contains("try again"), "{error}");
    assert_eq!(test.asked().len(), 21);
}

#[tokio::test]
async fn each_refusal_is_a_sentence_with_what_to_do() {
    let status = |code, message: &str| {
        let body = json!({"kind": "Status", "message": message}).to_string();
        answer(code, &body)
    };
    let throttled = |seconds: u64| {
        let headers = vec![("retry-after", seconds.to_string())];
        Fault::Answer(429, headers, String::new())
    };
    let test = TestCluster::start();
    for (fault, words) in [
        (status(401, "Unauthorized"), "log in again as for kubectl"),
        (status(500, "etcd is away"), "refuses (500): etcd is away"),
        (
            status(410, "too old"),
            "has forgotten the state that was read (410): too old; try again",
        ),
        (throttled(60), "is asked too much (429)"),
        (throttled(u64::MAX), "is asked too much (429)"),
        (answer(200, "<html>"), "is that a Kubernetes API server?"),
        (
            answer(200, r#"{"items": 7}"#),
            "is that a Kubernetes API server?",
        ),
        (Fault::Cut, "cannot be read"),
    ] {
        test.on("GET", "/nodes?", 0, fault);
        let error = read(&test).await.unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
        assert!(!error.contains("token-of"), "{error}");
    }
}

#[tokio::test]
async fn who_gives_no_answer_is_not_waited_for_longer_than_was_said() {
    let test = TestCluster::start();
    test.on("GET", "/nodes?", 0, Fault::Hang);
    let settings = Settings {
        kubeconfig: Some(test.kubeconfig()),
        context: None,
        patience: Duration::from_millis(300),
    };
    let api = settings.connect().unwrap();
    let error = Cluster::read(&api, &Scope::default()).await.unwrap_err();
    // Not the client's own end of the same moment, which says less.
    assert!(matches!(error, KubeError::Deadline { .. }), "{error}");
}

#[tokio::test]
async fn a_kubeconfig_that_leads_nowhere_says_why() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("config");
    let mut settings = Settings {
        kubeconfig: Some(path.clone()),
        context: None,
        patience: Duration::from_secs(2),
    };
    let said = |settings: &Settings| settings.connect().err().map(|error| error.to_string());
    assert!(said(&settings).unwrap().contains("there is no such file"));
    for (text, words) in [
        ("a: [secret", "is no kubeconfig"),
        ("contexts: []", "names no current context"),
        (
            "current-context: lab\ncontexts: []",
            "has no context lab; it has none",
        ),
        (
            "current-context: lab\ncontexts: [{name: lab, context: {cluster: c, user: u}}]",
            "context lab: its cluster c is not in the kubeconfig",
        ),
    ] {
        std::fs::write(&path, text).unwrap();
        let said = said(&settings).unwrap();
        assert!(said.contains(words), "{said}");
        assert!(!said.contains("secret"), "{said}");
    }
    settings.context = Some("other".to_owned());
    std::fs::write(
        &path,
        "contexts: [{name: lab, context: {cluster: c, user: u}}]",
    )
    .unwrap();
    assert!(
        said(&settings)
            .unwrap()
            .contains("has no context other; it has lab")
    );
}
