//! Findings as a Code Quality report of GitLab.

use anyhow::Result;
use serde_json::{Value, json};
use winfit_core::finding::Severity;

use super::fingerprint::fingerprints;
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
            json!({
                "description": clean(&finding.message),
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
            })
        })
        .collect();
    document(&entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::samples::Sample;

    #[test]
    fn each_finding_is_one_entry() {
        let sample = Sample::new();
        insta::assert_snapshot!(gitlab(&sample.report()).unwrap(), @r#"
        [
          {
            "description": "this image (Windows Server 2022, 20348) cannot start on one of the two hosts that the Deployment may use",
            "check_name": "build-mismatch",
            "fingerprint": "4124285840c60dcd2fc88288a55875ac",
            "severity": "critical",
            "location": {
              "path": "shop/web/Dockerfile",
              "lines": {
                "begin": 2,
                "end": 2
              }
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
            }
          },
          {
            "description": "a wide character stands before it",
            "check_name": "hostile",
            "fingerprint": "2493b0dd4129985116a5941953b5e667",
            "severity": "info",
            "location": {
              "path": "shop/deploy/100% web.yaml",
              "lines": {
                "begin": 3,
                "end": 3
              }
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
