//! `winfit swarm audit`: nodes, services, and what is wrong.

use anyhow::Result;
use winfit_core::Catalog;
use winfit_core::audit::{Audit, AuditOptions, RULES, audit};
use winfit_core::finding::{Finding, Rule};
use winfit_docker::DockerError;
use winfit_docker::swarm::fleet::{Told, fleet};
use winfit_docker::swarm::{Swarm, nodes, stuck};

use super::{human, names, told};
use crate::cli::{FindingsFormat, SwarmAuditArguments};
use crate::commands::lint::{rendered, write_reports, written_twice};
use crate::commands::notes::Calendar;
use crate::engines::{Engines, patience};
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
    let given = told(catalog, &arguments.nodes)?;
    let Read {
        swarm,
        mut complaints,
        hosts_from,
        mut told,
    } = read(catalog, arguments)?;
    let unknown = given.keys().filter(|name| !knows(&swarm, name));
    complaints.extend(
        unknown.map(|name| format!("--host {name}=…: the Swarm has no node of that name or id")),
    );
    // What a user says goes before what an engine says.
    told.extend(given);
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

/// A Swarm, and what was learnt beside it.
struct Read {
    swarm: Swarm,
    /// What could not be read.
    complaints: Vec<String>,
    /// Where it comes from, in words.
    hosts_from: String,
    /// What the nodes' own engines said.
    told: Told,
}

fn read(catalog: &'static Catalog, arguments: &SwarmAuditArguments) -> Result<Read> {
    if arguments.from.is_empty() {
        let engines = Engines::new(&arguments.engine)?;
        let refused = |error: DockerError| nothing(error.to_string());
        let swarm = engines
            .block_on(Swarm::read(engines.engine()))
            .map_err(refused)?;
        let mut read = Read {
            swarm,
            complaints: Vec::new(),
            hosts_from: engines.engine().name().to_owned(),
            told: Told::new(),
        };
        if let Some(template) = &arguments.endpoint_template {
            let patience = patience(&arguments.engine);
            let asked = nodes::ask(catalog, &read.swarm, engines.settings(), template, patience);
            let answers = engines.block_on(asked).map_err(|error| match error {
                DockerError::Settings(reason) => usage(reason),
                other => refused(other),
            })?;
            read.told = answers.told;
            let silent = answers.silent.into_iter();
            read.complaints
                .extend(silent.map(|(node, reason)| format!("node {node}: {reason}")));
        }
        return Ok(read);
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
    Ok(Read {
        swarm,
        complaints,
        hosts_from: "saved".to_owned(),
        told: Told::new(),
    })
}

fn knows(swarm: &Swarm, name: &str) -> bool {
    let mut nodes = swarm.nodes.iter();
    nodes.any(|node| node.id == name || node.description.hostname == name)
}

/// Whether a finding tells what may happen, not what does.
fn is_foretold(finding: &Finding) -> bool {
    !stuck::RULES.iter().any(|rule| rule.name == finding.rule)
}
