//! `winfit kube audit`: nodes, workloads, and what is wrong.

use anyhow::Result;
use winfit_core::audit::{Audit, AuditOptions, RULES, audit};
use winfit_core::finding::{Finding, Rule};
use winfit_kube::{failing, for_live_objects};

use super::{Known, human, know};
use crate::cli::KubeAuditArguments;
use crate::commands::audited;
use crate::commands::lint::written_twice;
use crate::commands::notes::Calendar;
use crate::findings::paths::WorkingFolder;
use crate::findings::{Fixable, NoFiles, Report};
use crate::output::{Outcome, usage};

pub(super) fn run(arguments: &KubeAuditArguments) -> Result<Outcome> {
    let catalog = crate::overlay::catalog();
    if let Some(twice) = written_twice(&arguments.findings.outputs) {
        return Err(usage(format!(
            "--output {} is given twice; each report needs a file of its own",
            twice.display()
        )));
    }
    let Known {
        cluster,
        fleet,
        complaints,
        from,
        settled,
    } = know(catalog, &arguments.source, &arguments.facts)?;
    let options = AuditOptions {
        today: Calendar::new(arguments.as_of, None).today,
        eol_within: arguments.eol_within,
    };
    let Audit {
        mut findings,
        placed,
    } = audit(catalog, &fleet.fleet, &options);
    for_live_objects(&mut findings);
    failing::tell_of_pods(&cluster, &fleet, &mut findings);
    findings.extend(failing::findings(catalog, &cluster, &fleet));
    // What does not run now comes first of what is as heavy.
    findings.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), is_foretold(finding)));
    let fleet = fleet.fleet;
    let not_judged: Vec<(String, String)> = fleet
        .workloads
        .iter()
        .zip(&placed)
        .filter_map(|(workload, placed)| {
            Some((workload.subject.in_words(), placed.missing.clone()?))
        })
        .collect();
    let rules: Vec<Rule> = [RULES, failing::RULES].concat();
    let folder = WorkingFolder::current();
    let report = Report {
        findings: &findings,
        sources: &NoFiles,
        rules: &rules,
        hosts: &fleet.hosts,
        hosts_from: &from,
        workloads: &fleet.workloads,
        placed: &placed,
        not_judged: &not_judged,
        templates: &[],
        fixed: &[],
        fixable: Fixable::default(),
        files: fleet.workloads.len(),
        unit: "workload",
        ignored: 0,
        unread: &[],
        folder: &folder,
    };
    audited::told(
        catalog,
        &report,
        &arguments.findings,
        || human::tables(catalog, &report, settled.as_deref()),
        complaints,
    )
}

/// Whether a finding tells what may happen, not what does.
fn is_foretold(finding: &Finding) -> bool {
    !failing::RULES.iter().any(|rule| rule.name == finding.rule)
}
