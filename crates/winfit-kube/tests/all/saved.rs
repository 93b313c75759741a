//! What `kubectl get … -o json` saved.

use winfit_kube::model::Kind;
use winfit_kube::{Cluster, Interned, LeftOut};

fn read(text: &str) -> (Cluster, Result<LeftOut, String>) {
    let mut cluster = Cluster::default();
    let left = cluster.add_json(text.as_bytes(), &mut Interned::default());
    (cluster, left)
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
    assert_eq!(left.unwrap().kinds, [("ConfigMap".to_owned(), 2)]);
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
    assert_eq!(left.unwrap(), LeftOut::default());
    assert_eq!(&*cluster.pods[0].metadata.name, "web-1-a");
}

#[test]
fn objects_one_after_another_and_arrays_of_them() {
    let (cluster, left) = read(&format!("{NODE}\n[{NODE}, {NODE}]\n"));
    assert_eq!(left.unwrap(), LeftOut::default());
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
fn what_is_no_kubernetes_object_is_told_with_its_line() {
    for (text, reason) in [
        ("", None),
        ("{}", None),
        ("nonsense", Some("expected ident at line 1 column 2")),
        ("{\"kind\": \"Node\",\n\"spec\": 7}", Some("line 2")),
        (
            "{\"kind\": \"Pod\", \"spec\": {\"containers\":",
            Some("EOF while parsing"),
        ),
        ("[[[[[[1]]]]]]", Some("invalid type: integer `1`")),
        (
            "3",
            Some("invalid type: integer `3`, expected a Kubernetes object"),
        ),
    ] {
        let (_, left) = read(text);
        let said = left.map_or_else(|said| said, |left| left.complaints().join("; "));
        match reason {
            None => assert_eq!(said, "", "{text}"),
            Some(reason) => assert!(said.contains(reason), "{text}: {said}"),
        }
    }
}

#[test]
fn nested_brackets_end_the_reading_and_not_the_program() {
    let deep = "[".repeat(100_000);
    assert!(read(&deep).1.is_err());
    let deep = format!(
        "{{\"kind\": \"Pod\", \"spec\": {}",
        "{\"a\":".repeat(100_000)
    );
    assert!(read(&deep).1.is_err());
}
