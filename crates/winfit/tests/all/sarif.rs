//! What `lint --format sarif` prints is SARIF 2.1.0.

use serde_json::Value;

use crate::sarif_schema::SarifSchema;
use crate::{repository, winfit};

#[test]
fn what_lint_prints_is_sarif() {
    let schema = SarifSchema::read();
    let examples = repository("examples").display().to_string();
    for path in [&examples, "a/path that is not: there/100%"] {
        let output = winfit(&["lint", path, "--format=sarif", "--as-of=2026-11-22"]);
        let log: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(schema.check(&log), Ok(()), "{path}");
        assert_eq!(log["runs"][0]["tool"]["driver"]["name"], "winfit");
    }
}
