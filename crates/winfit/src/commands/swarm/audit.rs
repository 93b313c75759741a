//! `winfit swarm audit`: nodes, services, and what is wrong.

use anyhow::Result;
use winfit_core::audit::{Audit, AuditOptions, RULES, audit};
use winfit_core::finding::{Finding, Rule};
use winfit_docker::swarm::fleet::fleet;
use winfit_docker::swarm::{Swarm, stuck};

use super::{human, names, told};
use crate::cli::{FindingsFormat, SwarmAuditArguments};
use crate::commands::lint::{rendered, write_reports, written_twice};
use crate::commands::notes::Calendar;
use crate::engines::Engines;
use crate::findings::paths::WorkingFolder;
use crate::findings::{Fixable, NoFiles, Report};
use crate::input;
use crate::output::{Exit, Outcome, excerpt_width, nothing, usage};

pub(super) fn run(arguments: &SwarmAuditArguments) -> Result<Outcome> {
    let catalog = crate::overlay::catalog();
    if let Some(twice) = written_twice(&arguments.findings.outputs) {
        return Err(usage(format!(
            "--output {} is given twice; each report needs a file of its own",
            twice.display()
        )));
    }
    let told = told(catalog, &arguments.nodes)?;
    let (swarm, mut complaints, hosts_from) = read(arguments)?;
    let unknown = told.keys().filter(|name| !knows(&swarm, name));
    complaints.extend(
        unknown.map(|name| format!("--host {name}=…: the Swarm has no node of that name or id")),
    );
    let fleet = fleet(catalog, &swarm, &names(&arguments.nodes), &told);
    let options = AuditOptions {
        today: Calendar::new(arguments.as_of, None).today,
        eol_within: arguments.eol_within,
    };
    let Audit {
        mut findings,
        placed,
        ..
    } = audit(catalog, &fleet, &options);
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
    let shown = &arguments.findings;
    let mut text = rendered(
        catalog,
        &report,
        shown.format,
        excerpt_width(),
        shown.verbose,
    )?;
    if shown.format == FindingsFormat::Human {
        text.insert_str(0, &human::tables(catalog, &report));
    }
    let unwritten = write_reports(catalog, &report, &shown.outputs, shown.verbose)?;
    let counts = findings
        .iter()
        .any(|finding| shown.fail_on.counts(finding.severity));
    let exit = if !unwritten.is_empty() {
        Exit::Nothing
    } else if counts || !complaints.is_empty() {
        Exit::Findings
    } else {
        Exit::Fits
    };
    let mut outcome = Outcome::new(text, exit);
    outcome.complaints = complaints;
    outcome.complaints.extend(unwritten);
    Ok(outcome)
}

/// The Swarm, what of its files could not be read, and where it comes from in words.
fn read(arguments: &SwarmAuditArguments) -> Result<(Swarm, Vec<String>, String)> {
    if arguments.from.is_empty() {
        let engines = Engines::new(&arguments.engine)?;
        let swarm = engines.block_on(Swarm::read(engines.engine()));
        let swarm = swarm.map_err(|error| nothing(error.to_string()))?;
        return Ok((swarm, Vec::new(), engines.engine().name().to_owned()));
    }
    let mut swarm = Swarm::default();
    let mut complaints = Vec::new();
    for path in &arguments.from {
        let name = path.display().to_string();
        let text = input::read_text(&name)?;
        for reason in swarm.add_saved(&text) {
            complaints.push(format!("{name}: {reason}"));
        }
    }
    if swarm.nodes.is_empty() && swarm.services.is_empty() {
        complaints.push(
            "no node and no service in what was given; save docker node inspect and docker service inspect"
                .to_owned(),
        );
        return Err(nothing(complaints.join("\n")));
    }
    Ok((swarm, complaints, "saved".to_owned()))
}

fn knows(swarm: &Swarm, name: &str) -> bool {
    let mut nodes = swarm.nodes.iter();
    nodes.any(|node| node.id == name || node.description.hostname == name)
}

/// Whether a finding tells what may happen, not what does.
fn is_foretold(finding: &Finding) -> bool {
    !stuck::RULES.iter().any(|rule| rule.name == finding.rule)
}
