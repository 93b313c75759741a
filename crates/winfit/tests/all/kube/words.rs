//! What people read where a cluster tells less than it could.

use serde_json::{Value, json};

use super::{LTSC2019, MISMATCH, Saved, deployment, node, pod, spec, waiting};

/// What is printed, as one line.
fn says(saved: &Saved, command: &[&str]) -> String {
    let output = saved.kube(command);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn unknown(name: &str) -> Value {
    json!({"kind": "Node", "metadata": {"name": name, "labels": {"kubernetes.io/os": "windows"}}})
}

#[test]
fn a_pull_that_fails_is_told_of_its_pod_and_its_node() {
    for (message, of_image) in [
        (
            "no matching manifest for windows/amd64 10.0.20348 in the manifest list entries",
            "contoso/app:1-ltsc2019 has no variant for this host",
        ),
        (
            "image operating system \"linux\" cannot be used on this platform",
            "contoso/app:1-ltsc2019 is a Linux image",
        ),
    ] {
        let failing = pod("web-1", None, "win-a", LTSC2019, &waiting(message));
        let saved = Saved::new(&[node("win-a", "10.0.20348.2700"), failing]);
        let answer = format!("Pod shop/web-1 cannot start on node win-a: {of_image}");
        let said = says(&saved, &["explain", "web"]);
        assert!(said.starts_with(&answer), "{said}");
        let said = says(&saved, &["audit"]);
        assert!(
            said.contains(&format!("error[pod-not-running]: {answer}")),
            "{said}"
        );
    }
}

#[test]
fn an_image_that_nobody_knows_is_not_said_to_run_nowhere() {
    let status = waiting("CrashLoopBackOff");
    let of = |nodes: &[Value]| {
        let failing = pod("web-1", None, "win-a", "contoso/app:latest", &status);
        let saved = Saved::new(&[nodes, &[failing]].concat());
        says(&saved, &["explain", "web"])
    };
    let (one, other) = (
        node("win-a", "10.0.20348.2700"),
        node("win-b", "10.0.17763.1"),
    );
    let said = of(std::slice::from_ref(&one));
    assert!(
        said.contains("takes new work; nothing tells whether its images run there"),
        "{said}"
    );
    let said = of(&[one, other]);
    assert!(
        said.contains("2 nodes that take new work; nothing tells on which of them its images run"),
        "{said}"
    );
}

#[test]
fn nodes_whose_windows_nobody_knows_are_asked_for() {
    let web = deployment("web", &spec(LTSC2019));
    let first = "which Windows win-b has; say it with --host win-b=ltsc2019.";
    let both = "which Windows win-b and one more node have; say it with --host win-b=ltsc2019.";
    for (nodes, sentence) in [
        (vec![], None),
        (vec![unknown("win-b")], Some(first)),
        (vec![unknown("win-b"), unknown("win-c")], Some(both)),
    ] {
        let known = [node("win-a", "10.0.17763.1"), web.clone()];
        let saved = Saved::new(&[&known[..], &nodes].concat());
        let said = says(&saved, &["audit"]);
        match sentence {
            Some(sentence) => assert!(said.contains(sentence), "{said}"),
            None => assert!(!said.contains("Nothing tells"), "{said}"),
        }
    }
}

#[test]
fn a_node_without_a_name_is_left_out_and_told() {
    let mut nameless = node("", "10.0.17763.1");
    nameless["metadata"]["name"] = Value::Null;
    let saved = Saved::new(&[node("win-a", "10.0.17763.1"), nameless]);
    let output = saved.kube(&["audit", "--format", "json"]);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["hosts"].as_array().unwrap().len(), 1, "{document}");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("a Node without a name is left out"), "{told}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn an_object_that_was_saved_twice_counts_once() {
    let of = |second: &Value| {
        let (first, web) = (
            node("win-a", "10.0.17763.1"),
            deployment("web", &spec(LTSC2019)),
        );
        let saved = Saved::new(&[first, web.clone(), second.clone(), web]);
        let output = saved.kube(&["audit", "--format", "json", "--fail-on", "never"]);
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(document["workloads"].as_array().unwrap().len(), 1);
        assert_eq!(document["workloads"][0]["candidates"], 1);
        let hosts = document["hosts"].as_array().unwrap();
        assert_eq!(hosts.len(), 1, "{document}");
        assert_eq!(hosts[0]["os_version"], "10.0.17763.1");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        told.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(of(&node("win-a", "10.0.17763.1")), "");
    let told = of(&node("win-a", "10.0.20348.1"));
    let sentence =
        "Node win-a stands in what was given more than once and not alike; the first one counts";
    assert!(told.contains(sentence), "{told}");
}

#[test]
fn who_has_the_wrong_pause_image_is_told_where_it_is_named() {
    let status = json!({"phase": "Pending", "containerStatuses": [{"name": "app", "ready": false,
        "state": {"waiting": {"reason": "ContainerCreating"}}}]});
    let event = json!({"kind": "Event", "type": "Warning", "reason": "FailedCreatePodSandBox",
        "metadata": {"name": "web-1.1", "namespace": "shop"}, "count": 7,
        "involvedObject": {"kind": "Pod", "namespace": "shop", "name": "web-1"},
        "message": format!("Failed to create pod sandbox: {MISMATCH}")});
    let failing = pod("web-1", None, "win-a", LTSC2019, &status);
    let saved = Saved::new(&[node("win-a", "10.0.17763.1"), failing, event]);
    let said = says(&saved, &["explain", "web-1"]);
    assert!(
        said.contains("to do the pause image is the node's, in sandbox_image"),
        "{said}"
    );
}

#[test]
fn a_diff_says_beside_it_what_has_no_change() {
    let mut unlabelled = [node("win-a", "10.0.17763.1"), node("win-b", "10.0.20348.1")];
    for node in &mut unlabelled {
        node["metadata"]["labels"] = json!({"kubernetes.io/os": "windows"});
    }
    let [first, second] = unlabelled;
    let saved = Saved::new(&[first, second, deployment("web", &spec(LTSC2019))]);
    let output = saved.kube(&["pin", "--all", "--diff"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let told = String::from_utf8_lossy(&output.stderr);
    let sentence = "Deployment shop/web runs on win-a, and no label tells that from win-b";
    assert!(told.contains(sentence), "{told}");
}

#[test]
fn nodes_without_the_kubelet_s_label_are_labelled_first() {
    let fix = |labelled: bool| {
        let mut nodes = [node("win-a", "10.0.17763.1"), node("win-b", "10.0.20348.1")];
        for node in nodes.iter_mut().filter(|_| !labelled) {
            node["metadata"]["labels"] = json!({"kubernetes.io/os": "windows"});
        }
        let [first, second] = nodes;
        let saved = Saved::new(&[first, second, deployment("web", &spec(LTSC2019))]);
        says(&saved, &["audit"])
    };
    // A selector that no node meets would leave the pod waiting.
    let said = fix(false);
    assert!(
        said.contains(
            "admit only win-a (17763); not all of them have node.kubernetes.io/windows-build, \
             so label them first winfit kube label --apply winfit kube pin deployment/web -n shop"
        ),
        "{said}"
    );
    assert!(!said.contains("windows-build: \"10.0.17763\""), "{said}");
    let said = fix(true);
    assert!(said.contains("windows-build: \"10.0.17763\""), "{said}");
}
