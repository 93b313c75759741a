//! Findings as a Code Quality report of GitLab.

use anyhow::Result;
use serde_json::{Value, json};
use winfit_core::finding::{Finding, Severity};

use super::fingerprint::fingerprints;
use super::markdown::details;
use super::{Report, clean, document};

/// A list with one entry a finding.
pub(crate) fn gitlab(report: &Report<'_>) -> Result<String> {
    let entries: Vec<Value> = report
        .findings
        .iter()
        .zip(fingerprints(report))
        .map(|(finding, fingerprint)| {
            let place = report.place(&finding.origin);
            let region = place.as_ref().and_then(|place| place.region);
            let (begin, end) = region.map_or((1, 1), |region| (region.line, region.end_line));
            let mut entry = json!({
                "description": description(finding),
                "check_name": finding.rule,
                "fingerprint": fingerprint,
                "severity": match finding.severity {
                    Severity::Error => "critical",
                    Severity::Warning => "major",
                    Severity::Info => "info",
                },
                "location": {
                    "path": place.map_or_else(|| clean(&finding.origin.source), |place| place.path),
                    "lines": {"begin": begin, "end": end},
                },
            });
            let body = details(finding);
            if !body.is_empty() {
                entry["content"] = json!({"body": body});
            }
            entry
        })
        .collect();
    document(&entries)
}

/// The sentence, and what it is about where neither that nor the place says it.
fn description(finding: &Finding) -> String {
    let message = clean(&finding.message);
    let subject = &finding.subject;
    let name = clean(&subject.name);
    let said = |word: &str| word == name || word.rsplit('/').next() == Some(&name);
    let is_said = message
        .split(|c: char| !c.is_alphanumeric() && !"-._/".contains(c))
        .any(said)
        || *finding.origin.source == *subject.name
        || *finding.origin.source == *subject.in_words();
    if is_said {
        message
    } else {
        format!("{message} ({})", clean(&subject.in_words()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::samples::Sample;

    #[test]
    fn the_subject_is_named_once() {
        let sample = Sample::new();
        for (message, told) in [
            ("it cannot start", "it cannot start (Deployment shop/web)"),
            ("shop/web cannot start", "shop/web cannot start"),
            (
                "\"web\" is no name of a Deployment",
                "\"web\" is no name of a Deployment",
            ),
            (
                "the website cannot start",
                "the website cannot start (Deployment shop/web)",
            ),
        ] {
            let mut finding = sample.findings[0].clone();
            finding.message = message.to_owned();
            assert_eq!(description(&finding), told);
        }
    }

    #[test]
    fn each_finding_is_one_entry() {
        let sample = Sample::new();
        insta::assert_snapshot!(gitlab(&sample.report()).unwrap(), @r#"
        [
          {
            "description": "this image (Windows Server 2022, 20348) cannot start on one of the two hosts that the Deployment may use (Deployment shop/web)",
            "check_name": "build-mismatch",
            "fingerprint": "4124285840c60dcd2fc88288a55875ac",
            "severity": "critical",
            "location": {
              "path": "shop/web/Dockerfile",
              "lines": {
                "begin": 2,
                "end": 2
              }
            },
            "content": {
              "body": "- here: needs 20348 or newer\n- `shop/deploy/100% web.yaml:7:41`: admits ltsc2016 (14393)\n- the version is read from the tag\n- fix (unsafe, moves pods): admit only ltsc2022 (20348)\n\n  ```\n  nodeSelector:\n    node.kubernetes.io/windows-build: \"10.0.20348\"\n  ```\n"
            }
          },
          {
            "description": "says �]0;owned� | `<b>` @all, *50%*�and��more",
            "check_name": "hostile",
            "fingerprint": "4190d14c519b4533a69021b7b1e69402",
            "severity": "major",
            "location": {
              "path": "shop/web/Dockerfile",
              "lines": {
                "begin": 3,
                "end": 3
              }
            },
            "content": {
              "body": "- here: �here\n"
            }
          },
          {
            "description": "a wide character stands before it (Deployment 窓口)",
            "check_name": "hostile",
            "fingerprint": "2493b0dd4129985116a5941953b5e667",
            "severity": "info",
            "location": {
              "path": "shop/deploy/100% web.yaml",
              "lines": {
                "begin": 3,
                "end": 3
              }
            },
            "content": {
              "body": "- `shop/web/Dockerfile`: and here\n"
            }
          },
          {
            "description": "a node has no place in a file",
            "check_name": "an-object",
            "fingerprint": "18cfbcc5d930ef5538891522179c893d",
            "severity": "info",
            "location": {
              "path": "node win-a",
              "lines": {
                "begin": 1,
                "end": 1
              }
            }
          },
          {
            "description": "a file as a whole",
            "check_name": "a-whole-file",
            "fingerprint": "cea1a8f08e7078c7a829da5df63f7a20",
            "severity": "info",
            "location": {
              "path": "shop/web/Dockerfile",
              "lines": {
                "begin": 1,
                "end": 1
              }
            }
          }
        ]
        "#);
    }
}
