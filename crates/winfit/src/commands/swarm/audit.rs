//! `winfit swarm audit`: nodes, services, and what is wrong.

use anyhow::Result;
use winfit_core::audit::{Audit, AuditOptions, audit};
use winfit_docker::swarm::commands::for_live_services;
use winfit_docker::swarm::fleet::fleet;
use winfit_docker::swarm::stuck;

use super::{Reading, give_all, given, human, names, read, told};
use crate::cli::SwarmAuditArguments;
use crate::commands::audited::{self, Audited};
use crate::commands::notes::Calendar;
use crate::output::Outcome;
use crate::settling::Answers;

pub(super) fn run(arguments: &SwarmAuditArguments) -> Result<Outcome> {
    let catalog = crate::overlay::catalog();
    audited::check(&arguments.findings)?;
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
    let audited = Audited::new(
        findings,
        stuck::RULES,
        &fleet.hosts,
        &fleet.workloads,
        &placed,
    );
    let report = audited.report(&hosts_from, fleet.workloads.len(), "service");
    audited::told(
        catalog,
        &report,
        &arguments.findings,
        || human::tables(catalog, &report) + &answers.before(),
        complaints,
    )
}
