//! `kubectl get … -o yaml`: the same facts as of JSON, and limits on what a text may grow to.

use proptest::prelude::*;
use serde_json::{Value, json};
use winfit_kube::{Cluster, Interned, LeftOut};

fn read(text: &str) -> (Cluster, LeftOut) {
    let mut cluster = Cluster::default();
    let left = cluster.add_saved(text.as_bytes(), &mut Interned::default());
    (cluster, left.unwrap())
}

/// A value as kubectl writes YAML: block style, texts quoted where they would be read as something else.
fn write(value: &Value, depth: usize, text: &mut String) {
    let indent = " ".repeat(depth);
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                text.push_str(&format!("\n{indent}{}:", scalar(key)));
                write(value, depth + 2, text);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                text.push_str(&format!("\n{indent}-"));
                write(item, depth + 2, text);
            }
        }
        Value::String(value) => text.push_str(&format!(" {}", scalar(value))),
        other => text.push_str(&format!(" {other}")),
    }
}

fn scalar(text: &str) -> String {
    let is_plain = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .chars()
            .all(|each| each.is_ascii_alphanumeric() || "-./".contains(each))
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
            .contains(&text.to_lowercase().as_str());
    if is_plain {
        text.to_owned()
    } else {
        json!(text).to_string()
    }
}

fn yaml(value: &Value) -> String {
    let mut text = String::new();
    write(value, 0, &mut text);
    text.trim_start().to_owned() + "\n"
}

/// Texts as they stand in labels and messages: numbers, truth values, several lines, any letter.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z][a-z0-9./-]{0,12}",
        "[0-9]{1,4}(\\.[0-9]{1,3})?",
        "(true|no|on|null|~|1e3|0x1F|\\.5|2026-11-25)?",
        "[ -~\\n\u{e5}\u{4e2d}]{0,24}",
    ]
}

prop_compose! {
    fn node()(name in text(), labels in prop::collection::btree_map(text(), text(), 0..4),
        cordoned in any::<bool>(), version in text(), taint in text()) -> Value {
        json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels},
            "spec": {"unschedulable": cordoned, "taints": [{"key": taint, "value": "true", "effect": "NoSchedule"}]},
            "status": {"nodeInfo": {"kernelVersion": version, "operatingSystem": "windows"}}})
    }
}

prop_compose! {
    fn pod()(name in text(), image in text(), message in text(), code in any::<i64>(), restarts in any::<u32>(),
        selector in prop::collection::btree_map(text(), text(), 0..3)) -> Value {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "shop", "labels": null},
            "spec": {"nodeName": name, "nodeSelector": selector, "containers": [{"name": "web", "image": image}],
                "affinity": {}, "tolerations": []},
            "status": {"phase": "Running", "containerStatuses": [{"name": "web", "restartCount": restarts,
                "ready": false, "lastState": {"terminated": {"exitCode": code, "message": message}}}]}})
    }
}

prop_compose! {
    fn deployment()(name in text(), replicas in any::<u32>(), image in text()) -> Value {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
            "spec": {"replicas": replicas, "template": {"spec": {"containers": [{"image": image, "name": "web"}]}}}})
    }
}

fn objects() -> impl Strategy<Value = Vec<Value>> {
    prop::collection::vec(prop_oneof![node(), pod(), deployment()], 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_same_facts_come_out_of_json_and_yaml(items in objects()) {
        let list = json!({"apiVersion": "v1", "items": items, "kind": "List"});
        let expected = read(&serde_json::to_string_pretty(&list).unwrap());
        prop_assert_eq!(&expected.1, &LeftOut::default());
        let count = expected.0.nodes.len() + expected.0.pods.len() + expected.0.workloads.len();
        prop_assert_eq!(count, items.len());
        prop_assert_eq!(&read(&yaml(&list)), &expected);
        let documents: Vec<String> = items.iter().map(yaml).collect();
        prop_assert_eq!(&read(&documents.join("---\n")), &expected);
    }

    #[test]
    fn objects_before_and_behind_a_broken_one_are_kept(
        before in objects(), behind in objects(), wrong in prop_oneof![Just(json!(7)), Just(json!("text"))]
    ) {
        let broken = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "broken"}, "spec": wrong});
        let all: Vec<&Value> = before.iter().chain([&broken]).chain(&behind).collect();
        let whole: Vec<&Value> = before.iter().chain(&behind).collect();
        let expected = read(&json!({"apiVersion": "v1", "items": whole}).to_string()).0;
        let list = json!({"apiVersion": "v1", "items": all});
        for text in [list.to_string(), serde_json::to_string_pretty(&list).unwrap(), yaml(&list)] {
            let (cluster, left) = read(&text);
            prop_assert_eq!(&cluster, &expected);
            prop_assert_eq!(left.broken.len(), 1, "{:?}", left);
            prop_assert!(left.broken[0].contains("Pod broken is left out: spec: "), "{:?}", left);
        }
    }

    #[test]
    fn any_bytes_are_read_to_their_end(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        pieces in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "[", "]", "\"kind\"", ":", ",", "\"Pod\"", "\n", "apiVersion: v1\n", "kind: Pod\n", "---\n",
            "Name: a\nNamespace: b\n", "Containers:\n", "  web:\n    Image: x\n", "&a ", "*a ", "- ", "Events:\n",
            "Warning Failed 3m (x", "Message: ", "\"items\"", "metadata:\n  name: ", "$ kubectl ", "|\n",
        ]), 0..40),
    ) {
        let mut cluster = Cluster::default();
        let _ = cluster.add_saved(&bytes, &mut Interned::default());
        let _ = cluster.add_saved(pieces.concat().as_bytes(), &mut Interned::default());
    }
}

#[test]
fn block_texts_and_aliases_mean_what_they_say() {
    let (cluster, left) = read(
        "apiVersion: v1\nitems:\n- kind: Pod\n  metadata: &m\n    name: a\n  status:\n    message: |\n      one\n\n      two\n- kind: Pod\n  metadata: *m\n  spec: 3\n- kind: Pod\n  metadata: *m\n",
    );
    let pods: Vec<_> = cluster.pods.iter().map(|pod| &*pod.metadata.name).collect();
    assert_eq!(pods, ["a", "a"]);
    assert_eq!(cluster.pods[0].status.message, "one\n\ntwo\n");
    assert_eq!(
        left.broken,
        ["line 13: Pod a is left out: spec: 3 stands where a map belongs"]
    );
}

#[test]
fn aliases_that_repeat_one_another_without_end_are_refused() {
    let mut text = String::from("apiVersion: v1\na0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let nine = vec![format!("*a{}", level - 1); 9].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{nine}]\n"));
    }
    let (cluster, left) = read(&format!("{text}---\napiVersion: v1\nkind: Node\n"));
    assert_eq!(cluster.nodes.len(), 1);
    assert_eq!(
        left.broken,
        [
            "line 7: what follows in this YAML is left out: its aliases repeat its own parts too often"
        ]
    );
}

#[test]
fn a_document_that_is_no_yaml_keeps_what_stood_before_the_break() {
    let (cluster, left) = read(
        "apiVersion: v1\nitems:\n- kind: Node\n  metadata:\n    name: a\n- kind: Node\n  a: b: c\n---\napiVersion: v1\nkind: Node\n",
    );
    assert_eq!(cluster.nodes.len(), 2);
    assert!(
        left.broken[0]
            .starts_with("line 7: what follows in this YAML is left out: it is no YAML ("),
        "{left:?}"
    );
}
