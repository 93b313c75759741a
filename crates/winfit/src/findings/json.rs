//! The whole audit for programs: `winfit.audit/1` of the contract, one shape for files, Docker,
//! Swarm and Kubernetes.

use anyhow::Result;
use serde_json::{Value, json};
use winfit_core::Catalog;
use winfit_core::audit::Placed;
use winfit_core::finding::{Finding, Origin, Subject};
use winfit_core::fleet::{Member, Orchestrator, State, Workload};

use winfit_core::remedy::Safety;
use winfit_files::fix::Applied;

use super::{Report, document};

/// One document.
pub(crate) fn json(catalog: &Catalog, report: &Report<'_>) -> Result<String> {
    let nowhere = Placed::default();
    let placed = report.placed.iter().chain(std::iter::repeat(&nowhere));
    let unread: Vec<Value> = report.unread.iter().map(unread).collect();
    document(&json!({
        "schema": "winfit.audit/1",
        "hosts": report.hosts.iter().map(|member| host(catalog, member)).collect::<Vec<_>>(),
        "workloads": report.workloads.iter().zip(placed)
            .map(|(workload, placed)| self::workload(workload, placed))
            .collect::<Vec<_>>(),
        "findings": report.findings.iter()
            .map(|finding| self::finding(report, finding))
            .collect::<Vec<_>>(),
        "fixed": report.fixed.iter().map(fixed).collect::<Vec<_>>(),
        "files": report.files,
        "ignored": report.ignored,
        "unread": unread,
    }))
}

/// What could not be read.
pub(crate) fn unread(unread: &winfit_files::repository::Unread) -> Value {
    json!({"path": unread.path, "reason": unread.reason})
}

/// A finding that was mended.
fn fixed(applied: &Applied) -> Value {
    json!({
        "rule": applied.rule,
        "file": &*applied.origin.source,
        "title": applied.title,
        "safety": applied.safety.name(),
    })
}

fn host(catalog: &Catalog, member: &Member) -> Value {
    json!({
        "name": member.name,
        "os": member.host.os.name(),
        "os_version": member.host.version.map(|version| version.to_string()),
        "kind": member.host.effective_kind(catalog).name(),
        "learnt_from": member.learnt_from,
        "schedulable": member.state == State::Ready,
        "state": member.state.in_words(),
        "orchestrator": member.orchestrator.map(Orchestrator::name),
    })
}

fn workload(workload: &Workload, placed: &Placed) -> Value {
    let images: Vec<&str> = workload
        .containers
        .iter()
        .map(|container| container.image.text.as_str())
        .collect();
    let mut value = subject(&workload.subject);
    value["images"] = json!(images);
    value["orchestrator"] = json!(workload.orchestrator.name());
    value["wanted"] = json!(workload.wanted);
    value["running"] = json!(workload.running);
    value["candidates"] = json!(placed.candidates);
    value["fit"] = json!(placed.fit);
    value["unsure"] = json!(placed.unsure);
    value
}

fn subject(subject: &Subject) -> Value {
    json!({"kind": subject.kind, "namespace": subject.namespace, "name": subject.name})
}

/// Objects have no file, files no field.
fn origin(report: &Report<'_>, origin: &Origin) -> Value {
    let place = report.place(origin);
    let region = place.as_ref().and_then(|place| place.region);
    json!({
        "file": place.is_some().then_some(&*origin.source),
        "object": place.is_none().then_some(&*origin.source),
        "field": origin.field,
        "line": region.map(|region| region.line),
        "column": region.map(|region| region.column),
        "end_line": region.map(|region| region.end_line),
        "end_column": region.map(|region| region.end_column),
    })
}

fn finding(report: &Report<'_>, finding: &Finding) -> Value {
    let related: Vec<Value> = finding
        .related
        .iter()
        .map(|related| json!({"origin": origin(report, &related.origin), "label": related.label}))
        .collect();
    json!({
        "rule": finding.rule,
        "severity": finding.severity.name(),
        "confidence": finding.confidence.name(),
        "subject": subject(&finding.subject),
        "message": finding.message,
        "origin": origin(report, &finding.origin),
        "label": finding.label,
        "related": related,
        "notes": finding.notes,
        "fix": fix(finding),
        "remedies": finding.remedies.iter().map(crate::json::remedy).collect::<Vec<_>>(),
    })
}

/// What carries out the first remedy that a file can carry, or the first safe one.
fn fix(finding: &Finding) -> Option<&'static str> {
    let changes = finding
        .remedies
        .iter()
        .filter(|remedy| !remedy.changes.is_empty());
    let safest = changes
        .map(|remedy| remedy.safety)
        .min_by_key(|safety| *safety == Safety::Unsafe);
    safest.map(Safety::name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::samples::{Sample, check_schema};

    #[test]
    fn a_document_is_what_its_schema_says() {
        let sample = Sample::new();
        let text = json(Catalog::builtin(), &sample.report()).unwrap();
        let document: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(check_schema(&document), Ok(()));
        for (what, pointer, value) in [
            ("a severity", "/findings/0/severity", json!("fatal")),
            ("a rule", "/findings/0/rule", json!("Build Mismatch")),
            ("a line", "/findings/0/origin/line", json!(0)),
            ("a host", "/hosts/0", json!("win-a")),
            ("a remedy", "/findings/0/remedies/0", json!({})),
        ] {
            let mut bad = document.clone();
            *bad.pointer_mut(pointer).expect(what) = value;
            assert!(
                check_schema(&bad).is_err(),
                "{what} that is none was accepted"
            );
        }
    }

    #[test]
    fn a_document_has_all_that_was_found() {
        let sample = Sample::new();
        let catalog = Catalog::builtin();
        insta::assert_snapshot!(json(catalog, &sample.report()).unwrap(), @r#"
        {
          "schema": "winfit.audit/1",
          "hosts": [
            {
              "name": "ltsc2016",
              "os": "windows",
              "os_version": "10.0.14393",
              "kind": "server",
              "learnt_from": "--host",
              "schedulable": true,
              "state": "ready",
              "orchestrator": null
            },
            {
              "name": "ltsc2022",
              "os": "windows",
              "os_version": "10.0.20348",
              "kind": "server",
              "learnt_from": "--host",
              "schedulable": true,
              "state": "ready",
              "orchestrator": null
            }
          ],
          "workloads": [],
          "findings": [
            {
              "rule": "build-mismatch",
              "severity": "error",
              "confidence": "likely",
              "subject": {
                "kind": "Deployment",
                "namespace": "shop",
                "name": "web"
              },
              "message": "this image (Windows Server 2022, 20348) cannot start on one of the two hosts that the Deployment may use",
              "origin": {
                "file": "shop/web/Dockerfile",
                "object": null,
                "field": null,
                "line": 2,
                "column": 7,
                "end_line": 2,
                "end_column": 52
              },
              "label": "needs 20348 or newer",
              "related": [
                {
                  "origin": {
                    "file": "shop/deploy/100% web.yaml",
                    "object": null,
                    "field": null,
                    "line": 7,
                    "column": 41,
                    "end_line": 7,
                    "end_column": 50
                  },
                  "label": "admits ltsc2016 (14393)"
                }
              ],
              "notes": [
                "the version is read from the tag"
              ],
              "fix": "unsafe",
              "remedies": [
                {
                  "title": "admit only ltsc2022 (20348)",
                  "safety": "unsafe",
                  "commands": [
                    {
                      "shell": "yaml",
                      "text": "nodeSelector:\n  node.kubernetes.io/windows-build: \"10.0.20348\""
                    }
                  ],
                  "diff": null
                }
              ]
            },
            {
              "rule": "hostile",
              "severity": "warning",
              "confidence": "certain",
              "subject": {
                "kind": "Dockerfile",
                "namespace": null,
                "name": "shop/web/Dockerfile"
              },
              "message": "says \u001b]0;owned\u0007 | `<b>` @all, *50%*\nand\r\nmore",
              "origin": {
                "file": "shop/web/Dockerfile",
                "object": null,
                "field": null,
                "line": 3,
                "column": 10,
                "end_line": 3,
                "end_column": 23
              },
              "label": "\u202ehere",
              "related": [],
              "notes": [],
              "fix": null,
              "remedies": []
            },
            {
              "rule": "hostile",
              "severity": "info",
              "confidence": "certain",
              "subject": {
                "kind": "Deployment",
                "namespace": null,
                "name": "窓口"
              },
              "message": "a wide character stands before it",
              "origin": {
                "file": "shop/deploy/100% web.yaml",
                "object": null,
                "field": null,
                "line": 3,
                "column": 12,
                "end_line": 3,
                "end_column": 15
              },
              "label": "",
              "related": [
                {
                  "origin": {
                    "file": "shop/web/Dockerfile",
                    "object": null,
                    "field": null,
                    "line": null,
                    "column": null,
                    "end_line": null,
                    "end_column": null
                  },
                  "label": "and here"
                }
              ],
              "notes": [],
              "fix": null,
              "remedies": []
            },
            {
              "rule": "an-object",
              "severity": "info",
              "confidence": "certain",
              "subject": {
                "kind": "node",
                "namespace": null,
                "name": "win-a"
              },
              "message": "a node has no place in a file",
              "origin": {
                "file": null,
                "object": "node win-a",
                "field": "metadata.labels",
                "line": null,
                "column": null,
                "end_line": null,
                "end_column": null
              },
              "label": "",
              "related": [],
              "notes": [],
              "fix": null,
              "remedies": []
            },
            {
              "rule": "a-whole-file",
              "severity": "info",
              "confidence": "certain",
              "subject": {
                "kind": "Dockerfile",
                "namespace": null,
                "name": "shop/web/Dockerfile"
              },
              "message": "a file as a whole",
              "origin": {
                "file": "shop/web/Dockerfile",
                "object": null,
                "field": null,
                "line": null,
                "column": null,
                "end_line": null,
                "end_column": null
              },
              "label": "",
              "related": [],
              "notes": [],
              "fix": null,
              "remedies": []
            }
          ],
          "fixed": [],
          "files": 2,
          "ignored": 2,
          "unread": [
            {
              "path": "shop/ä b.yaml",
              "reason": "it may not be read"
            }
          ]
        }
        "#);
    }
}
