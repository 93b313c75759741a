//! Reading a cluster: the kubeconfig, pages, and what each refusal becomes.

use std::time::Duration;

use winfit_kube::{Cluster, KubeError, Scope, Settings, role_for};

use crate::server::{Answer, Server};

fn settings(server: &Server) -> Settings {
    Settings {
        kubeconfig: Some(server.kubeconfig()),
        context: None,
        patience: Duration::from_secs(2),
    }
}

async fn read(server: &Server) -> Result<Cluster, KubeError> {
    Cluster::read(&settings(server).connect()?, &Scope::default()).await
}

fn ok(body: &str) -> Answer {
    (200, Vec::new(), body.to_owned())
}

fn status(code: u16, message: &str) -> Answer {
    (
        code,
        Vec::new(),
        format!(r#"{{"kind": "Status", "message": "{message}"}}"#),
    )
}

const NONE: &str = r#"{"items": null}"#;

#[tokio::test]
async fn lists_are_read_page_by_page() {
    let server = Server::start(|path| {
        if !path.starts_with("/api/v1/nodes") {
            return ok(NONE);
        }
        ok(if path.contains("continue=a%2Fb") {
            r#"{"metadata": {"continue": ""}, "items": [{"metadata": {"name": "win-b"}}]}"#
        } else {
            r#"{"metadata": {"continue": "a/b"}, "items": [{"metadata": {"name": "win-a"}}]}"#
        })
    })
    .await;
    let cluster = read(&server).await.unwrap();
    let names: Vec<&str> = cluster
        .nodes
        .iter()
        .map(|node| &*node.metadata.name)
        .collect();
    assert_eq!(names, ["win-a", "win-b"]);
    assert_eq!(
        server.asked()[..2],
        [
            "/api/v1/nodes?limit=500",
            "/api/v1/nodes?limit=500&continue=a%2Fb"
        ]
    );
}

#[tokio::test]
async fn a_forgotten_state_is_read_on_where_the_server_offers_that() {
    let server = Server::start(|path| {
        if !path.starts_with("/api/v1/nodes") {
            return ok(NONE);
        }
        if path.contains("continue=old") {
            let body = r#"{"message": "expired", "metadata": {"continue": "new"}}"#;
            return (410, Vec::new(), body.to_owned());
        }
        ok(if path.contains("continue=new") {
            r#"{"items": [{"metadata": {"name": "win-b"}}]}"#
        } else {
            r#"{"metadata": {"continue": "old"}, "items": [{"metadata": {"name": "win-a"}}]}"#
        })
    })
    .await;
    assert_eq!(read(&server).await.unwrap().nodes.len(), 2);
}

#[tokio::test]
async fn a_list_that_goes_round_in_a_circle_ends() {
    let server = Server::start(|_| ok(r#"{"metadata": {"continue": "x"}, "items": []}"#)).await;
    let error = read(&server).await.unwrap_err();
    assert!(error.to_string().contains("circle"), "{error}");
}

#[tokio::test]
async fn what_may_not_be_read_is_left_out_with_the_rule_that_it_needs() {
    let server = Server::start(|path| {
        if path.starts_with("/api/v1/pods") || path.contains("jobs") {
            status(403, "User cannot list")
        } else {
            ok(NONE)
        }
    })
    .await;
    let cluster = read(&server).await.unwrap();
    assert_eq!(
        role_for(&cluster.missing),
        "rules:\n\
         - apiGroups: [\"batch\"]\n  resources: [jobs, cronjobs]\n  verbs: [get, list]\n\
         - apiGroups: [\"\"]\n  resources: [pods]\n  verbs: [get, list]\n"
    );
}

#[tokio::test]
async fn who_is_asked_too_much_is_asked_again_when_it_says() {
    let refusals = std::sync::atomic::AtomicU32::new(2);
    let server = Server::start(move |_| {
        let order = std::sync::atomic::Ordering::SeqCst;
        let left = refusals.fetch_update(order, order, |left| left.checked_sub(1));
        if left.is_ok() {
            (429, vec![("retry-after", "0".to_owned())], String::new())
        } else {
            ok(NONE)
        }
    })
    .await;
    read(&server).await.unwrap();
}

#[tokio::test]
async fn a_server_that_forgets_every_state_ends_the_reading() {
    let turn = std::sync::atomic::AtomicU32::new(0);
    let server = Server::start(move |_| {
        let turn = turn.fetch_add(1, std::sync::atomic::Ordering::SeqCst) % 2;
        let body = format!(r#"{{"message": "expired", "metadata": {{"continue": "{turn}"}}}}"#);
        (410, Vec::new(), body)
    })
    .await;
    let error = read(&server).await.unwrap_err();
    assert!(error.to_string().contains("try again"), "{error}");
    assert_eq!(server.asked().len(), 21);
}

#[tokio::test]
async fn each_refusal_is_a_sentence_with_what_to_do() {
    for (answer, words) in [
        (status(401, "Unauthorized"), "log in again as for kubectl"),
        (status(500, "etcd is away"), "refuses (500): etcd is away"),
        (
            status(410, "too old"),
            "has forgotten the state that was read (410): too old; try again",
        ),
        (
            (429, vec![("retry-after", "60".to_owned())], String::new()),
            "is asked too much (429)",
        ),
        (
            (
                429,
                vec![("retry-after", u64::MAX.to_string())],
                String::new(),
            ),
            "is asked too much (429)",
        ),
        (ok("<html>"), "is that a Kubernetes API server?"),
        (ok(r#"{"items": 7}"#), "is that a Kubernetes API server?"),
    ] {
        let server = Server::start(move |_| answer.clone()).await;
        let error = read(&server).await.unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
        assert!(!error.contains("hush"), "{error}");
    }
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
