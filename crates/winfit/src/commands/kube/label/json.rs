//! `winfit.kube-label/1`.

use anyhow::Result;
use serde_json::{Value, json};
use winfit_kube::label::{Held, MANAGER, NodeChange};

use super::Labelled;

pub(super) fn document(labelled: &Labelled) -> Result<String> {
    let changes = labelled.changes.iter();
    let nodes: Vec<Value> = changes.map(|change| node(labelled, change)).collect();
    let displaced = labelled.displaced.iter().flatten();
    let displaced: Vec<Value> = displaced
        .map(|(daemonset, node)| json!({"workload": daemonset, "node": node}))
        .collect();
    crate::findings::document(&json!({
        "schema": "winfit.kube-label/1",
        "applied": labelled.written.is_some(),
        "manager": MANAGER,
        "nodes": nodes,
        "displaced": displaced,
    }))
}

fn node(labelled: &Labelled, change: &NodeChange) -> Value {
    let held: Vec<Value> = change.held.iter().map(held).collect();
    let lacking = change.lacking.iter();
    let lacking: Vec<Value> = lacking
        .map(|(key, reason)| json!({"label": key, "reason": reason.to_string()}))
        .collect();
    json!({
        "name": change.name,
        "os": change.host.os.name(),
        "os_version": change.host.version.map(|version| version.to_string()),
        "learnt_from": change.learnt_from,
        "set": change.set,
        "remove": change.remove,
        "labels": labelled.now(change),
        "held": held,
        "lacking": lacking,
        "command": change.is_change().then(|| change.command()),
        "way_back": change.is_change().then(|| change.way_back()),
        "open": change.open.as_ref().map(ToString::to_string),
        "error": labelled.error(change).map(super::Refused::in_words),
    })
}

fn held(held: &Held) -> Value {
    json!({"label": held.label, "value": held.says, "managers": held.by})
}
