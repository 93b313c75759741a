//! The crate as its users meet it: whole texts in, diagnoses out.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests may panic as tests may"
)]

mod context;
mod corpus;
mod input;
mod pages;
mod wrapping;

use winfit_explain::{Diagnosis, Report, explain_bytes};

/// The one diagnosis of a text.
#[track_caller]
fn one(text: &str) -> Diagnosis {
    let report = explain_bytes(text.as_bytes());
    assert_eq!(report.diagnoses.len(), 1, "{text}\n{:#?}", report.diagnoses);
    report.diagnoses.into_iter().next().unwrap()
}

/// A diagnosis in a line: kind, code, confidence, severity.
fn brief(diagnosis: &Diagnosis) -> String {
    let code = diagnosis
        .code
        .map_or("-".to_owned(), |code| format!("{code:#x}"));
    format!(
        "{} {code} {} {}",
        diagnosis.kind.name(),
        diagnosis.confidence.name(),
        diagnosis.severity.name()
    )
}

fn briefs(report: &Report) -> Vec<String> {
    report.diagnoses.iter().map(brief).collect()
}
