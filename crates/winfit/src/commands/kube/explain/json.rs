//! `winfit.kube-explain/1`.

use anyhow::Result;
use serde_json::{Value, json};
use winfit_core::Catalog;
use winfit_core::finding::Finding;
use winfit_kube::failing::{Said, Told, in_words};

use super::Explained;

pub(super) fn document(catalog: &Catalog, explained: &[Explained<'_>]) -> Result<String> {
    let pods: Vec<Value> = explained.iter().map(|one| pod(catalog, one)).collect();
    crate::json::document(&json!({"schema": "winfit.kube-explain/1", "pods": pods}))
}

fn pod(catalog: &Catalog, one: &Explained<'_>) -> Value {
    let owner = one.workload.map(|workload| &workload.subject);
    let containers: Vec<Value> = one
        .workload
        .iter()
        .flat_map(|workload| &workload.containers)
        .map(|container| {
            let named = container.image.decisive().map(|(named, _)| named);
            json!({
                "name": container.name,
                "image": container.image.text,
                "image_version": named
                    .and_then(|named| named.image.version)
                    .map(|version| version.to_string()),
                "stated_by": named.map(|named| named.stated_by.in_words()),
                "host_process": container.host_process,
                "field": container.image.origin.field,
            })
        })
        .collect();
    json!({
        "namespace": &*one.pod.metadata.namespace,
        "name": &*one.pod.metadata.name,
        "state": one.state(),
        "message": one.headline(),
        "owner": owner.map(|owner| json!({
            "kind": owner.kind, "namespace": owner.namespace, "name": owner.name,
        })),
        "node": one.node.map(|member| json!({
            "name": member.name,
            "os_version": member.host.version.map(|version| version.to_string()),
            "state": member.state.in_words(),
            "learnt_from": member.learnt_from,
        })),
        "containers": containers,
        "candidates": one.placed.candidates,
        "fit": one.placed.fit,
        "diagnoses": one.told.iter().map(|told| diagnosis(catalog, told)).collect::<Vec<_>>(),
        "said": one.said.iter().map(said).collect::<Vec<_>>(),
        "findings": one.findings.iter().map(finding).collect::<Vec<_>>(),
    })
}

fn diagnosis(catalog: &Catalog, told: &Told<'_>) -> Value {
    let found = &told.diagnosis;
    json!({
        "kind": found.kind.name(),
        "code": found.code.map(|code| format!("{code:#010x}")),
        "container": found.subject.container,
        "image": found.image,
        "host_version": found.host_version.map(|version| version.to_string()),
        "image_version": found.image_version.map(|version| version.to_string()),
        "count": told.count(),
        "confidence": found.confidence.name(),
        "severity": found.severity.name(),
        "message": in_words(catalog, found),
        "said_in": told.said.iter().map(|said| said.field.as_str()).collect::<Vec<_>>(),
    })
}

fn said(said: &Said<'_>) -> Value {
    json!({"container": said.container, "field": said.field, "text": said.text, "count": said.times})
}

fn finding(finding: &Finding) -> Value {
    json!({
        "rule": finding.rule,
        "severity": finding.severity.name(),
        "confidence": finding.confidence.name(),
        "message": finding.message,
        "object": &*finding.origin.source,
        "field": finding.origin.field,
        "notes": finding.notes,
        "remedies": finding.remedies.iter().map(crate::json::remedy).collect::<Vec<_>>(),
    })
}
