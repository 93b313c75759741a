//! What audits of engines, Swarms and clusters end with: the findings told, and the exit code.

use anyhow::Result;
use winfit_core::Catalog;

use super::lint::{rendered, write_reports};
use crate::cli::{FindingsFormat, FindingsOptions};
use crate::findings::Report;
use crate::output::{Exit, Outcome, excerpt_width};

/// Tells the findings as the options ask for it, for people with tables of what was judged before them.
pub(super) fn told(
    catalog: &Catalog,
    report: &Report<'_>,
    shown: &FindingsOptions,
    tables: impl FnOnce() -> String,
    mut complaints: Vec<String>,
) -> Result<Outcome> {
    let mut text = rendered(
        catalog,
        report,
        shown.format,
        excerpt_width(),
        shown.verbose,
    )?;
    if shown.format == FindingsFormat::Human {
        text.insert_str(0, &tables());
    }
    let unwritten = write_reports(catalog, report, &shown.outputs, shown.verbose)?;
    let counts = report
        .findings
        .iter()
        .any(|finding| shown.fail_on.counts(finding.severity));
    let exit = if !unwritten.is_empty() {
        Exit::Nothing
    } else if counts || !complaints.is_empty() {
        Exit::Findings
    } else {
        Exit::Fits
    };
    complaints.extend(unwritten);
    let mut outcome = Outcome::new(text, exit);
    outcome.complaints = complaints;
    Ok(outcome)
}
