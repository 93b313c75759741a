//! What `kubectl get … -o json` saved, and what of it cannot be read.

use winfit_kube::model::Kind;
use winfit_kube::{Cluster, Interned, LeftOut};

fn read(text: &str) -> (Cluster, Result<Vec<(String, usize)>, String>) {
    let (cluster, left) = read_all(text);
    (cluster, left.map(|left| left.kinds))
}

fn read_all(text: &str) -> (Cluster, Result<LeftOut, String>) {
    let mut cluster = Cluster::default();
    let left = cluster.add_saved(text.as_bytes(), &mut Interned::default());
    (cluster, left)
}

/// What is told of a text in which something cannot be read.
fn broken(text: &str) -> Vec<String> {
    read_all(text).1.unwrap().broken
}

const NODE: &str = r#"{"apiVersion": "v1", "kind": "Node",
    "metadata": {"name": "win-a", "labels": {"kubernetes.io/os": "windows"}},
    "spec": {"unschedulable": true, "taints": [{"key": "os", "value": "windows", "effect": "NoSchedule"}]},
    "status": {"nodeInfo": {"kernelVersion": "10.0.17763.3165", "operatingSystem": "windows"}}}"#;

fn pod(name: &str, node: &str) -> String {
    format!(
        r#"{{"kind": "Pod", "metadata": {{"name": "{name}", "namespace": "shop", "managedFields": [{{"a": []}}],
        "ownerReferences": [{{"kind": "ReplicaSet", "name": "web-1", "controller": true}}]}},
        "spec": {{"nodeName": "{node}", "nodeSelector": {{"kubernetes.io/os": "windows"}},
        "containers": [{{"name": "web", "image": "contoso/web:1", "args": null}}]}},
        "status": {{"phase": "Running", "conditions": [{{"type": "Ready", "status": "True"}}],
        "containerStatuses": [{{"name": "web", "imageID": "contoso/web@sha256:0",
        "state": {{"waiting": {{"reason": "CrashLoopBackOff", "message": "back-off"}}}},
        "lastState": {{"terminated": {{"message": "(0xc0370101)", "exitCode": 128}}}}}}]}}}}"#
    )
}

#[test]
fn a_list_of_several_kinds_as_kubectl_writes_it() {
    // kubectl sorts keys: the items stand before the list's kind.
    let text = format!(
        r#"{{"apiVersion": "v1", "items": [{NODE}, {}, {{"kind": "ConfigMap"}}, {{"kind": "ConfigMap"}}],
        "kind": "List", "metadata": {{"resourceVersion": ""}}}}"#,
        pod("web-1-a", "win-a")
    );
    let (cluster, left) = read(&text);
    assert_eq!(left.unwrap(), [("ConfigMap".to_owned(), 2)]);
    assert_eq!(&*cluster.nodes[0].metadata.name, "win-a");
    assert!(cluster.nodes[0].spec.unschedulable);
    assert_eq!(
        cluster.nodes[0].status.node_info.kernel_version,
        "10.0.17763.3165"
    );
    let pod = &cluster.pods[0];
    assert_eq!((&*pod.metadata.name, &*pod.node), ("web-1-a", "win-a"));
    assert!(
        pod.status.conditions.is_empty(),
        "conditions that hold are not kept"
    );
    let web = &pod.status.container_statuses[0];
    let ended = web.last_state.terminated.as_ref().unwrap();
    assert_eq!(
        (ended.message.as_str(), ended.exit_code),
        ("(0xc0370101)", 128)
    );
}

#[test]
fn a_typed_list_as_the_api_gives_it_names_its_items_kind_once() {
    let item = pod("web-1-a", "").replace(r#""kind": "Pod", "#, "");
    let (cluster, left) = read(&format!(r#"{{"kind": "PodList", "items": [{item}]}}"#));
    assert_eq!(left.unwrap(), []);
    assert_eq!(&*cluster.pods[0].metadata.name, "web-1-a");
}

#[test]
fn objects_one_after_another_and_arrays_of_them() {
    let (cluster, left) = read(&format!("{NODE}\n[{NODE}, {NODE}]\n"));
    assert_eq!(left.unwrap(), []);
    assert_eq!(cluster.nodes.len(), 3);
}

#[test]
fn the_kind_may_stand_last() {
    let text = r#"{"spec": {"replicas": 3, "template": {"spec": {"containers": [{"name": "web"}]}}},
        "metadata": {"name": "web"}, "kind": "Deployment"}"#;
    let (cluster, _) = read(text);
    let (kind, workload) = &cluster.workloads[0];
    assert_eq!((*kind, workload.spec.replicas), (Kind::Deployment, Some(3)));
    assert_eq!(workload.spec.pods().containers[0].name, "web");
}

#[test]
fn a_cron_jobs_pods_stand_in_its_jobs_template_and_active_is_a_list() {
    let text = r#"{"kind": "CronJob", "metadata": {"name": "night"},
        "spec": {"jobTemplate": {"spec": {"template": {"spec": {"containers": [{"name": "sweep"}]}}}}},
        "status": {"active": [{"name": "night-1"}, {"name": "night-2"}]}}"#;
    let (cluster, _) = read(text);
    let (_, night) = &cluster.workloads[0];
    assert_eq!(night.spec.pods().containers[0].name, "sweep");
    assert_eq!(night.status.active, 2);
}

#[test]
fn the_pods_of_one_owner_share_their_spec() {
    let text = format!("{}{}", pod("web-1-a", "win-a"), pod("web-1-b", "win-b"));
    let (cluster, _) = read(&text);
    let [one, other] = cluster.pods.as_slice() else {
        panic!("two pods");
    };
    assert_ne!(one.node, other.node);
    assert!(std::sync::Arc::ptr_eq(&one.spec, &other.spec));
}

#[test]
fn only_events_that_may_tell_why_a_pod_does_not_run_are_kept() {
    let event = |kind: &str, reason: &str| {
        format!(
            r#"{{"kind": "Event", "involvedObject": {{"kind": "{kind}", "name": "web-1-a"}},
            "reason": "{reason}", "message": "m", "type": "Warning", "count": 7}}"#
        )
    };
    let text = [
        event("Pod", "FailedCreatePodSandBox"),
        event("Pod", "Unhealthy"),
        event("Node", "FailedMount"),
    ]
    .concat();
    let (cluster, _) = read(&text);
    assert_eq!(cluster.events.len(), 1);
    assert_eq!(cluster.events[0].count, 7);
}

#[test]
fn a_text_without_objects_is_told() {
    let none = "neither JSON nor YAML nor kubectl describe output of a cluster's objects";
    for text in ["", "nonsense", "3", "NAME STATUS\nwin-a Ready\n"] {
        let (cluster, left) = read_all(text);
        assert_eq!(left, Err(none.to_owned()), "{text:?}");
        assert_eq!(cluster, Cluster::default());
    }
}

#[test]
fn an_object_with_a_field_of_another_type_is_left_out_and_told_with_its_line() {
    let node = |from: &str, to: &str| NODE.replace(from, to);
    for (text, told) in [
        (
            "{\"kind\": \"Node\",\n\"spec\": 7}".to_owned(),
            "line 2: a Node whose name cannot be read is left out: spec: 7 stands where a map belongs",
        ),
        (
            node(r#"{"kubernetes.io/os": "windows"}"#, "[1]"),
            "line 2: Node win-a is left out: labels: a list stands where a map belongs",
        ),
        (
            node(r#""name": "win-a""#, r#""name": 3"#),
            "line 2: a Node whose name cannot be read is left out: name: 3 stands where a text belongs",
        ),
        (
            pod("web", "").replace("128", "\"128\""),
            "line 8: Pod shop/web is left out: exitCode: the text \"128\" stands where a number belongs",
        ),
        (
            r#"{"kind": "Job", "metadata": {"name": "j"}, "spec": {"parallelism": -1}}"#.to_owned(),
            "line 1: Job j is left out: parallelism: -1 stands where a number from 0 to 4294967295 belongs",
        ),
        (
            r#"{"kind": "Job", "metadata": {"name": "j", "name": "k"}}"#.to_owned(),
            "line 1: a Job whose name cannot be read is left out: name: the key name stands twice",
        ),
        (
            r#"{"kind": 3}"#.to_owned(),
            "line 1: an object without kind and name is left out: kind: 3 stands where a text belongs",
        ),
    ] {
        assert_eq!(broken(&text), [told], "{text}");
    }
}

#[test]
fn what_stands_before_and_behind_a_broken_object_is_kept() {
    let names = |cluster: &Cluster| -> Vec<String> {
        let pods = cluster.pods.iter();
        pods.map(|pod| pod.metadata.name.to_string()).collect()
    };
    let bad = pod("b", "").replace(r#"{"kubernetes.io/os": "windows"}"#, "\"windows\"");
    let told =
        "Pod shop/b is left out: nodeSelector: the text \"windows\" stands where a map belongs";
    let [a, c, d] = ["a", "c", "d"].map(|name| pod(name, ""));
    for text in [
        format!(r#"{{"kind": "List", "items": [{a}, {bad}, {c}, {d}]}}"#),
        // Items before the kind of their list, and a list in a list.
        format!(
            r#"{{"items": [{a}, {{"kind": "List", "items": [{bad}, {c}]}}, {d}], "kind": "List"}}"#
        ),
        format!("{a}\n{bad}\n{c}\n[{d}]"),
    ] {
        let (cluster, left) = read_all(&text);
        assert_eq!(names(&cluster), ["a", "c", "d"], "{text}");
        let left = left.unwrap();
        assert_eq!(left.broken.len(), 1, "{left:?}");
        assert!(left.broken[0].ends_with(told), "{left:?}");
        let line = text
            .lines()
            .position(|line| line.contains("nodeSelector\": \"windows\""))
            .unwrap()
            + 1;
        assert!(
            left.broken[0].starts_with(&format!("line {line}: ")),
            "{left:?}"
        );
    }
}

#[test]
fn the_kind_that_a_typed_list_tells_is_told_of_a_broken_object() {
    let text = r#"{"kind": "PodList", "items": [{"metadata": {"name": "web"}, "spec": 7}]}"#;
    let (cluster, left) = read_all(text);
    assert!(cluster.pods.is_empty());
    assert_eq!(
        left.unwrap().broken,
        ["line 1: Pod web is left out: spec: 7 stands where a map belongs"]
    );
}

#[test]
fn a_text_that_breaks_off_keeps_what_was_whole() {
    let text = format!(
        r#"{{"kind": "List", "items": [{NODE},
        {}"#,
        &pod("a", "")[..80]
    );
    let (cluster, left) = read_all(&text);
    assert_eq!(cluster.nodes.len(), 1);
    let told = "what follows in this JSON is left out: the text ends in the middle of it";
    assert!(left.unwrap().broken[0].ends_with(told));
    // What somebody saved behind it is another part.
    let (cluster, left) = read_all(&format!("{text}\n{NODE}\n"));
    assert_eq!(cluster.nodes.len(), 2, "{left:?}");
}

#[test]
fn twenty_broken_objects_are_told_and_the_others_counted() {
    let text = r#"{"kind": "Pod", "spec": 1}"#.repeat(50);
    let left = read_all(&text).1.unwrap();
    assert_eq!((left.broken.len(), left.more_broken), (20, 30));
    assert_eq!(left.complaints()[20], "30 more are left out");
}

#[test]
fn nested_brackets_end_no_program_and_no_reading() {
    let many = 100_000;
    let deep = format!("{{\"a\": {}1{}}}", "[".repeat(many), "]".repeat(many));
    for object in [
        format!(r#"{{"kind": "Pod", "spec": {{"affinity": {deep}}}}}"#),
        format!(r#"{{"kind": "Pod", "spec": {deep}}}"#),
        deep.clone(),
        format!("{}1{}", "[".repeat(many), "]".repeat(many)),
    ] {
        let (cluster, _) = read_all(&format!("[{object}, {NODE}]"));
        assert_eq!(cluster.nodes.len(), 1);
    }
    for open in [
        "[",
        "{\"a\":",
        "{\"kind\": \"Pod\", \"spec\": {\"affinity\":",
    ] {
        assert_eq!(broken(&open.repeat(many)).len(), 1);
    }
}
