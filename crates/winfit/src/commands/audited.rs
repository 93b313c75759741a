//! What audits of engines, Swarms and clusters have in common: what stands in their reports, how the findings
//! are told, and the exit code.

use std::cmp::Reverse;

use anyhow::Result;
use winfit_core::Catalog;
use winfit_core::audit::{Placed, RULES};
use winfit_core::finding::{Finding, Rule};
use winfit_core::fleet::{Member, Workload};

use super::lint::{rendered, write_reports, written_twice};
use crate::cli::{FindingsFormat, FindingsOptions};
use crate::findings::paths::WorkingFolder;
use crate::findings::{Fixable, NoFiles, Report};
use crate::output::{Exit, Outcome, excerpt_width, usage};

/// Refuses two reports in one file.
pub(super) fn check(shown: &FindingsOptions) -> Result<()> {
    match written_twice(&shown.outputs) {
        Some(twice) => Err(usage(format!(
            "--output {} is given twice; each report needs a file of its own",
            twice.display()
        ))),
        None => Ok(()),
    }
}

/// What an audit found of hosts and workloads.
pub(super) struct Audited<'a> {
    findings: Vec<Finding>,
    hosts: &'a [Member],
    workloads: &'a [Workload],
    placed: &'a [Placed],
    /// Workloads that nobody can judge, each with why.
    not_judged: Vec<(String, String)>,
    rules: Vec<Rule>,
    folder: WorkingFolder,
}

impl<'a> Audited<'a> {
    /// All that was found. What breaks the rules that only something that was started can break comes first of
    /// what is as heavy: the rest tells what may happen.
    pub(super) fn new(
        mut findings: Vec<Finding>,
        of_started: &[Rule],
        hosts: &'a [Member],
        workloads: &'a [Workload],
        placed: &'a [Placed],
    ) -> Self {
        let is_foretold =
            |finding: &Finding| !of_started.iter().any(|rule| rule.name == finding.rule);
        findings.sort_by_key(|finding| (Reverse(finding.severity), is_foretold(finding)));
        let each = workloads.iter().zip(placed);
        let not_judged = each.filter_map(|(workload, placed)| {
            Some((workload.subject.in_words(), placed.missing.clone()?))
        });
        Self {
            not_judged: not_judged.collect(),
            rules: [RULES, of_started].concat(),
            folder: WorkingFolder::current(),
            findings,
            hosts,
            workloads,
            placed,
        }
    }

    /// The report of so many of something that runs, on hosts that come from there.
    pub(super) fn report<'r>(
        &'r self,
        hosts_from: &'r str,
        count: usize,
        unit: &'static str,
    ) -> Report<'r> {
        Report {
            findings: &self.findings,
            sources: &NoFiles,
            rules: &self.rules,
            hosts: self.hosts,
            hosts_from,
            workloads: self.workloads,
            placed: self.placed,
            not_judged: &self.not_judged,
            templates: &[],
            fixed: &[],
            fixable: Fixable::default(),
            files: count,
            unit,
            ignored: 0,
            unread: &[],
            folder: &self.folder,
        }
    }
}

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
