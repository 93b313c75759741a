//! `winfit kube audit`: nodes, workloads, and what is wrong.

use anyhow::Result;
use winfit_core::audit::{Audit, AuditOptions, audit};
use winfit_kube::advice::advice;
use winfit_kube::{failing, for_live_objects};

use super::{Known, human, know};
use crate::cli::{FindingsFormat, KubeAuditArguments};
use crate::commands::audited::{self, Audited};
use crate::commands::notes::Calendar;
use crate::output::{Outcome, usage};

pub(super) fn run(arguments: &KubeAuditArguments) -> Result<Outcome> {
    let catalog = crate::overlay::catalog();
    audited::check(&arguments.findings)?;
    if arguments.advice && arguments.findings.format != FindingsFormat::Human {
        return Err(usage("--advice is for people; leave out --format"));
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
    let fleet = fleet.fleet;
    let audited = Audited::new(
        findings,
        failing::RULES,
        &fleet.hosts,
        &fleet.workloads,
        &placed,
    );
    let report = audited.report(&from, fleet.workloads.len(), "workload");
    let mut outcome = audited::told(
        catalog,
        &report,
        &arguments.findings,
        || human::tables(catalog, &report, settled.as_deref()),
        complaints,
    )?;
    if arguments.advice {
        let advice = advice(catalog, &fleet, &placed);
        outcome.text.push_str(&human::advice(&advice));
    }
    Ok(outcome)
}
