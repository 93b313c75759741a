//! `winfit swarm audit`: nodes, services, and what is wrong.

use anyhow::Result;
use winfit_core::audit::{Audit, AuditOptions, RULES, audit};
use winfit_core::finding::{Finding, Rule};
use winfit_docker::swarm::commands::for_live_services;
use winfit_docker::swarm::fleet::fleet;
use winfit_docker::swarm::stuck;

use super::{Reading, give_all, given, human, names, read, told};
use crate::cli::SwarmAuditArguments;
use crate::commands::audited;
use crate::commands::lint::written_twice;
use crate::commands::notes::Calendar;
use crate::findings::paths::WorkingFolder;
use crate::findings::{Fixable, NoFiles, Report};
use crate::output::{Outcome, usage};
use crate::settling::Answers;

pub(super) fn run(arguments: &SwarmAuditArguments) -> Result<Outcome> {
    let catalog = crate::overlay::catalog();
    if let Some(twice) = written_twice(&arguments.findings.outputs) {
        return Err(usage(format!(
            "--output {} is given twice; each report needs a file of its own",
            twice.display()
        )));
    }
    let mut told = told(catalog, &arguments.nodes)?;
    let Reading {
        swarm,
        mut complaints,
        from: hosts_from,
        ..
    } = read(&arguments.source, &mut told)?;
    let mut fleet = fleet(catalog, &swarm, &names(&arguments.nodes), &told);
    complaints.extend(give_all(&mut fleet, &given(&arguments.images)?));
    let online = arguments.online.beside(&arguments.source.engine);
    let answers = Answers::settle_fleet(&online, &mut fleet)?;
    complaints.extend(answers.complaints());
    let options = AuditOptions {
        today: Calendar::new(arguments.as_of, None).today,
        eol_within: arguments.eol_within,
    };
    let Audit {
        mut findings,
        placed,
        ..
    } = audit(catalog, &fleet, &options);
    for_live_services(&mut findings);
    findings.extend(stuck::findings(&swarm));
    // What does not run now comes first of what is as heavy.
    findings.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), is_foretold(finding)));
    let not_judged: Vec<(String, String)> = fleet
        .workloads
        .iter()
        .zip(&placed)
        .filter_map(|(workload, placed)| {
            Some((workload.subject.in_words(), placed.missing.clone()?))
        })
        .collect();
    let rules: Vec<Rule> = [RULES, stuck::RULES].concat();
    let folder = WorkingFolder::current();
    let report = Report {
        findings: &findings,
        sources: &NoFiles,
        rules: &rules,
        hosts: &fleet.hosts,
        hosts_from: &hosts_from,
        workloads: &fleet.workloads,
        placed: &placed,
        not_judged: &not_judged,
        templates: &[],
        fixed: &[],
        fixable: Fixable::default(),
        files: fleet.workloads.len(),
        unit: "service",
        ignored: 0,
        unread: &[],
        folder: &folder,
    };
    audited::told(
        catalog,
        &report,
        &arguments.findings,
        || human::tables(catalog, &report) + &answers.before(),
        complaints,
    )
}

/// Whether a finding tells what may happen, not what does.
fn is_foretold(finding: &Finding) -> bool {
    !stuck::RULES.iter().any(|rule| rule.name == finding.rule)
}
