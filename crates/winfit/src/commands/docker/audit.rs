//! `winfit docker audit`: the host, its images and containers, and what is wrong.

use anyhow::Result;
use winfit_core::audit::{Audit, AuditOptions, Placed, audit};
use winfit_core::fleet::{Fleet, Workload};
use winfit_core::host::{Host, Os};
use winfit_core::verdict::judge;
use winfit_core::{Catalog, version::OsVersion};
use winfit_docker::host::EngineHost;
use winfit_docker::local::fleet::{fleet, of_image, say_as_commands};
use winfit_docker::local::{Local, failed};

use super::human;
use crate::cli::DockerAuditArguments;
use crate::commands::audited::{self, Audited};
use crate::commands::notes::Calendar;
use crate::engines::Engines;
use crate::input;
use crate::output::{Outcome, nothing};
use crate::settling::Answers;

pub(super) fn run(arguments: &DockerAuditArguments) -> Result<Outcome> {
    let catalog = crate::overlay::catalog();
    audited::check(&arguments.findings)?;
    let (local, mut complaints, hosts_from) = read(arguments)?;
    let host = host(catalog, &local)?;
    let mut fleet = fleet(catalog, &local, &host);
    let online = arguments.online.beside(&arguments.engine);
    let answers = Answers::settle_fleet(&online, &mut fleet)?;
    complaints.extend(answers.complaints());
    let options = AuditOptions {
        today: Calendar::new(arguments.as_of, None).today,
        eol_within: arguments.eol_within,
    };
    let Audit {
        mut findings,
        mut placed,
        ..
    } = audit(catalog, &fleet, &options);
    say_as_commands(&fleet, &mut findings);
    findings.extend(failed::findings(&local));
    // Images that no container is of are shown with their verdicts; nothing is wrong with having them.
    let Fleet {
        hosts,
        mut workloads,
        ..
    } = fleet;
    for image in local.unused() {
        let workload = of_image(catalog, image);
        placed.push(alone(catalog, host.host(), &workload));
        workloads.push(workload);
    }
    let audited = Audited::new(findings, failed::RULES, &hosts, &workloads, &placed);
    let report = audited.report(&hosts_from, local.containers.len(), "container");
    audited::told(
        catalog,
        &report,
        &arguments.findings,
        || human::tables(catalog, &local, &host, &workloads) + &answers.before(),
        complaints,
    )
}

/// What an engine has, what of its files could not be read, and where it comes from in words.
fn read(arguments: &DockerAuditArguments) -> Result<(Local, Vec<String>, String)> {
    if arguments.from.is_empty() {
        let engines = Engines::new(&arguments.engine)?;
        let local = engines.block_on(Local::read(engines.engine()));
        let local = local.map_err(|error| nothing(error.to_string()))?;
        return Ok((local, Vec::new(), engines.engine().name().to_owned()));
    }
    let mut local = Local::default();
    let mut complaints = Vec::new();
    for path in &arguments.from {
        let name = path.display().to_string();
        let text = input::read_text(&name)?;
        for reason in local.add_saved(&text) {
            complaints.push(format!("{name}: {reason}"));
        }
    }
    if local.info.is_none() && local.images.is_empty() && local.containers.is_empty() {
        complaints.push(
            "no engine, image and container in what was given; save docker info --format json and docker inspect"
                .to_owned(),
        );
        return Err(nothing(complaints.join("\n")));
    }
    Ok((local, complaints, "saved".to_owned()))
}

/// The engine's host. Without it nothing can be judged.
fn host(catalog: &Catalog, local: &Local) -> Result<EngineHost> {
    let Some(info) = &local.info else {
        return Err(nothing(
            "nothing states the host; save docker info --format json beside the rest",
        ));
    };
    EngineHost::of_info(catalog, info)
        .map_err(|reason| nothing(format!("what docker info said cannot be used: {reason}")))
}

/// How an image that no container is of stands on the host.
fn alone(catalog: &Catalog, host: &Host, workload: &Workload) -> Placed {
    let fits = workload.containers.iter().all(|container| {
        container.image.image.as_ref().is_ok_and(|named| {
            let both_linux = named.image.os == Os::Linux && host.os == Os::Linux;
            both_linux || judge(catalog, host, &named.image).fits(None)
        })
    });
    Placed {
        windows: true,
        candidates: 1,
        fit: usize::from(fits),
        ..Placed::default()
    }
}

/// A version as tables have it; empty: none is known.
pub(super) fn version(version: Option<OsVersion>) -> String {
    version.map_or_else(String::new, OsVersion::short)
}
