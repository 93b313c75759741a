//! Findings as SARIF 2.1.0, the format of code scanning.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Result;
use serde_json::{Value, json};
use winfit_core::finding::{Finding, Origin, Severity};
use winfit_core::remedy::Remedy;

use super::fingerprint::fingerprints;
use super::paths::is_absolute;
use super::{Place, Report, clean, document};

/// One log with one run.
pub(crate) fn sarif(report: &Report<'_>) -> Result<String> {
    // All rules, so that a log without findings still says what was looked for.
    let names = report.rules.iter().map(|rule| rule.name);
    let rules: BTreeMap<&str, String> = names
        .chain(report.findings.iter().map(|finding| finding.rule))
        .map(|name| (name, report.rule_summary(name)))
        .collect();
    let index: BTreeMap<&str, usize> = rules
        .keys()
        .enumerate()
        .map(|(at, name)| (*name, at))
        .collect();
    let results: Vec<Value> = report
        .findings
        .iter()
        .zip(fingerprints(report))
        .map(|(finding, fingerprint)| {
            let mut result = result(report, finding);
            result["ruleIndex"] = json!(index.get(finding.rule));
            result["partialFingerprints"] = json!({"winfit/v1": fingerprint});
            result
        })
        .collect();
    let rules: Vec<Value> = rules
        .iter()
        .map(|(name, summary)| rule(name, summary))
        .collect();
    document(&json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "winfit",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [invocation(report)],
            "results": results,
        }],
    }))
}

/// A rule's page is part of the repository and has no address of its own, so there is no `helpUri`.
fn rule(name: &str, summary: &str) -> Value {
    json!({
        "id": name,
        "shortDescription": {"text": summary},
        "fullDescription": {"text": summary},
        "help": {"text": format!("winfit's docs/rules/{name}.md says why, and what to do")},
    })
}

/// How it went: what could not be read is told, and only where nothing at all was the run failed.
fn invocation(report: &Report<'_>) -> Value {
    let failed = report.files == 0 && !report.unread.is_empty();
    let notifications: Vec<Value> = report
        .unread
        .iter()
        .map(|unread| {
            let place = Place {
                path: report.folder.relative(&clean(&unread.path)),
                region: None,
            };
            json!({
                "level": if failed { "error" } else { "warning" },
                "message": {"text": clean(&format!("{}: {}", unread.path, unread.reason))},
                "locations": [{"physicalLocation": physical(&place)}],
            })
        })
        .collect();
    json!({"executionSuccessful": !failed, "toolExecutionNotifications": notifications})
}

fn result(report: &Report<'_>, finding: &Finding) -> Value {
    let mut text = clean(&finding.message);
    for note in &finding.notes {
        text.push_str(&format!("\n{}", clean(note)));
    }
    for remedy in &finding.remedies {
        text.push_str(&format!(
            "\n{}: {}",
            super::fix_word(remedy),
            clean(&remedy.title)
        ));
    }
    let mut result = json!({
        "ruleId": finding.rule,
        "level": match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "note",
        },
        "message": {"text": text},
        "locations": [location(report, &finding.origin, &finding.label)],
        "properties": {
            "confidence": finding.confidence.name(),
            "subject": clean(&finding.subject.in_words()),
        },
    });
    if !finding.related.is_empty() {
        let related: Vec<Value> = finding
            .related
            .iter()
            .enumerate()
            .map(|(at, related)| {
                let mut location = location(report, &related.origin, &related.label);
                location["id"] = json!(at);
                location
            })
            .collect();
        result["relatedLocations"] = json!(related);
    }
    let fixes: Vec<Value> = finding
        .remedies
        .iter()
        .filter_map(|remedy| fix(report, remedy))
        .collect();
    if !fixes.is_empty() {
        result["fixes"] = json!(fixes);
    }
    result
}

/// A remedy as edits, which whoever shows the log can apply; none: it takes a person's hand.
fn fix(report: &Report<'_>, remedy: &Remedy) -> Option<Value> {
    let mut by_file: BTreeMap<Arc<str>, (Value, Vec<Value>)> = BTreeMap::new();
    for edit in report.sources.edits(remedy) {
        let origin = edit.source.origin(edit.range.start, edit.range.end);
        let mut place = physical(&report.place(&origin)?);
        let replacement = json!({
            "deletedRegion": place["region"].take(),
            "insertedContent": {"text": edit.text},
        });
        by_file
            .entry(Arc::clone(&edit.source.name))
            .or_insert_with(|| (place["artifactLocation"].take(), Vec::new()))
            .1
            .push(replacement);
    }
    let changes: Vec<Value> = by_file
        .into_values()
        .map(|(artifact, replacements)| {
            json!({"artifactLocation": artifact, "replacements": replacements})
        })
        .collect();
    let title = format!("{}: {}", super::fix_word(remedy), clean(&remedy.title));
    (!changes.is_empty())
        .then(|| json!({"description": {"text": title}, "artifactChanges": changes}))
}

fn location(report: &Report<'_>, origin: &Origin, label: &str) -> Value {
    let mut location = match report.place(origin) {
        Some(place) => json!({"physicalLocation": physical(&place)}),
        None => json!({"logicalLocations": [{"fullyQualifiedName": super::in_words(origin)}]}),
    };
    if !label.is_empty() {
        location["message"] = json!({"text": clean(label)});
    }
    location
}

fn physical(place: &Place) -> Value {
    let artifact = if is_absolute(&place.path) {
        let path = place.path.trim_start_matches('/');
        json!({"uri": format!("file:///{}", percent_encoded(path))})
    } else {
        json!({"uri": percent_encoded(&place.path), "uriBaseId": "%SRCROOT%"})
    };
    match place.region {
        Some(region) => json!({
            "artifactLocation": artifact,
            "region": {
                "startLine": region.line,
                "startColumn": region.column,
                "endLine": region.end_line,
                "endColumn": region.end_column,
            },
        }),
        None => json!({"artifactLocation": artifact}),
    }
}

/// A path as a URI reference (RFC 3986): all but unreserved characters and `/` as `%XX` of UTF-8.
fn percent_encoded(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/') {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

#[cfg(test)]
#[path = "../../tests/all/sarif_schema.rs"]
mod sarif_schema;

#[cfg(test)]
mod tests {
    use super::sarif_schema::SarifSchema;
    use super::*;
    use crate::findings::samples::Sample;

    #[test]
    fn a_log_is_what_the_standard_s_schema_says() {
        let schema = SarifSchema::read();
        let sample = Sample::new();
        let log: Value = serde_json::from_str(&sarif(&sample.report()).unwrap()).unwrap();
        assert_eq!(schema.check(&log), Ok(()));
        for (what, pointer, value) in [
            (
                "a level that is none",
                "/runs/0/results/0/level",
                json!("fatal"),
            ),
            (
                "a line 0",
                "/runs/0/results/0/locations/0/physicalLocation/region/startLine",
                json!(0),
            ),
            (
                "a path with a space",
                "/runs/0/results/0/locations/0/physicalLocation/artifactLocation/uri",
                json!("a b"),
            ),
            (
                "a rule without its id",
                "/runs/0/tool/driver/rules/0",
                json!({}),
            ),
            (
                "a column kind that is none",
                "/runs/0/columnKind",
                json!("bytes"),
            ),
        ] {
            let mut bad = log.clone();
            *bad.pointer_mut(pointer).expect(what) = value;
            assert!(schema.check(&bad).is_err(), "{what} was accepted");
        }
    }

    #[test]
    fn paths_are_uris() {
        for (path, uri) in [
            ("a/b.yaml", r#"{"uri":"a/b.yaml","uriBaseId":"%SRCROOT%"}"#),
            (
                "a b:c%#?",
                r#"{"uri":"a%20b%3Ac%25%23%3F","uriBaseId":"%SRCROOT%"}"#,
            ),
            ("窓", r#"{"uri":"%E7%AA%93","uriBaseId":"%SRCROOT%"}"#),
            ("/srv/a", r#"{"uri":"file:///srv/a"}"#),
            ("C:/a", r#"{"uri":"file:///C%3A/a"}"#),
        ] {
            let place = Place {
                path: path.to_owned(),
                region: None,
            };
            assert_eq!(physical(&place)["artifactLocation"].to_string(), uri);
        }
    }

    #[test]
    fn a_log_says_where_and_what() {
        let sample = Sample::new();
        insta::assert_snapshot!(sarif(&sample.report()).unwrap(), @r#"
        {
          "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
          "version": "2.1.0",
          "runs": [
            {
              "tool": {
                "driver": {
                  "name": "winfit",
                  "semanticVersion": "0.1.0",
                  "rules": [
                    {
                      "id": "a-whole-file",
                      "shortDescription": {
                        "text": "a whole file"
                      },
                      "fullDescription": {
                        "text": "a whole file"
                      },
                      "help": {
                        "text": "winfit's docs/rules/a-whole-file.md says why, and what to do"
                      }
                    },
                    {
                      "id": "an-object",
                      "shortDescription": {
                        "text": "an object"
                      },
                      "fullDescription": {
                        "text": "an object"
                      },
                      "help": {
                        "text": "winfit's docs/rules/an-object.md says why, and what to do"
                      }
                    },
                    {
                      "id": "build-mismatch",
                      "shortDescription": {
                        "text": "an image cannot start on a host that its placement admits"
                      },
                      "fullDescription": {
                        "text": "an image cannot start on a host that its placement admits"
                      },
                      "help": {
                        "text": "winfit's docs/rules/build-mismatch.md says why, and what to do"
                      }
                    },
                    {
                      "id": "hostile",
                      "shortDescription": {
                        "text": "hostile"
                      },
                      "fullDescription": {
                        "text": "hostile"
                      },
                      "help": {
                        "text": "winfit's docs/rules/hostile.md says why, and what to do"
                      }
                    }
                  ]
                }
              },
              "columnKind": "unicodeCodePoints",
              "invocations": [
                {
                  "executionSuccessful": true,
                  "toolExecutionNotifications": [
                    {
                      "level": "warning",
                      "message": {
                        "text": "shop/ä b.yaml: it may not be read"
                      },
                      "locations": [
                        {
                          "physicalLocation": {
                            "artifactLocation": {
                              "uri": "shop/%C3%A4%20b.yaml",
                              "uriBaseId": "%SRCROOT%"
                            }
                          }
                        }
                      ]
                    }
                  ]
                }
              ],
              "results": [
                {
                  "ruleId": "build-mismatch",
                  "level": "error",
                  "message": {
                    "text": "this image (Windows Server 2022, 20348) cannot start on one of the two hosts that the Deployment may use\nthe version is read from the tag\nfix (unsafe, moves pods): admit only ltsc2022 (20348)"
                  },
                  "locations": [
                    {
                      "physicalLocation": {
                        "artifactLocation": {
                          "uri": "shop/web/Dockerfile",
                          "uriBaseId": "%SRCROOT%"
                        },
                        "region": {
                          "startLine": 2,
                          "startColumn": 7,
                          "endLine": 2,
                          "endColumn": 52
                        }
                      },
                      "message": {
                        "text": "needs 20348 or newer"
                      }
                    }
                  ],
                  "properties": {
                    "confidence": "likely",
                    "subject": "Deployment shop/web"
                  },
                  "relatedLocations": [
                    {
                      "physicalLocation": {
                        "artifactLocation": {
                          "uri": "shop/deploy/100%25%20web.yaml",
                          "uriBaseId": "%SRCROOT%"
                        },
                        "region": {
                          "startLine": 7,
                          "startColumn": 41,
                          "endLine": 7,
                          "endColumn": 50
                        }
                      },
                      "message": {
                        "text": "admits ltsc2016 (14393)"
                      },
                      "id": 0
                    }
                  ],
                  "ruleIndex": 2,
                  "partialFingerprints": {
                    "winfit/v1": "4124285840c60dcd2fc88288a55875ac"
                  }
                },
                {
                  "ruleId": "hostile",
                  "level": "warning",
                  "message": {
                    "text": "says �]0;owned� | `<b>` @all, *50%*�and��more"
                  },
                  "locations": [
                    {
                      "physicalLocation": {
                        "artifactLocation": {
                          "uri": "shop/web/Dockerfile",
                          "uriBaseId": "%SRCROOT%"
                        },
                        "region": {
                          "startLine": 3,
                          "startColumn": 10,
                          "endLine": 3,
                          "endColumn": 23
                        }
                      },
                      "message": {
                        "text": "�here"
                      }
                    }
                  ],
                  "properties": {
                    "confidence": "certain",
                    "subject": "Dockerfile shop/web/Dockerfile"
                  },
                  "ruleIndex": 3,
                  "partialFingerprints": {
                    "winfit/v1": "4190d14c519b4533a69021b7b1e69402"
                  }
                },
                {
                  "ruleId": "hostile",
                  "level": "note",
                  "message": {
                    "text": "a wide character stands before it"
                  },
                  "locations": [
                    {
                      "physicalLocation": {
                        "artifactLocation": {
                          "uri": "shop/deploy/100%25%20web.yaml",
                          "uriBaseId": "%SRCROOT%"
                        },
                        "region": {
                          "startLine": 3,
                          "startColumn": 12,
                          "endLine": 3,
                          "endColumn": 15
                        }
                      }
                    }
                  ],
                  "properties": {
                    "confidence": "certain",
                    "subject": "Deployment 窓口"
                  },
                  "relatedLocations": [
                    {
                      "physicalLocation": {
                        "artifactLocation": {
                          "uri": "shop/web/Dockerfile",
                          "uriBaseId": "%SRCROOT%"
                        }
                      },
                      "message": {
                        "text": "and here"
                      },
                      "id": 0
                    }
                  ],
                  "ruleIndex": 3,
                  "partialFingerprints": {
                    "winfit/v1": "2493b0dd4129985116a5941953b5e667"
                  }
                },
                {
                  "ruleId": "an-object",
                  "level": "note",
                  "message": {
                    "text": "a node has no place in a file"
                  },
                  "locations": [
                    {
                      "logicalLocations": [
                        {
                          "fullyQualifiedName": "node win-a, metadata.labels"
                        }
                      ]
                    }
                  ],
                  "properties": {
                    "confidence": "certain",
                    "subject": "node win-a"
                  },
                  "ruleIndex": 1,
                  "partialFingerprints": {
                    "winfit/v1": "18cfbcc5d930ef5538891522179c893d"
                  }
                },
                {
                  "ruleId": "a-whole-file",
                  "level": "note",
                  "message": {
                    "text": "a file as a whole"
                  },
                  "locations": [
                    {
                      "physicalLocation": {
                        "artifactLocation": {
                          "uri": "shop/web/Dockerfile",
                          "uriBaseId": "%SRCROOT%"
                        }
                      }
                    }
                  ],
                  "properties": {
                    "confidence": "certain",
                    "subject": "Dockerfile shop/web/Dockerfile"
                  },
                  "ruleIndex": 0,
                  "partialFingerprints": {
                    "winfit/v1": "cea1a8f08e7078c7a829da5df63f7a20"
                  }
                }
              ]
            }
          ]
        }
        "#);
    }
}
