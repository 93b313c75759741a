//! `winfit swarm constrain`: the fewest constraints that keep services off nodes where they cannot start.

mod human;

use anyhow::Result;
use serde_json::{Value, json};
use winfit_core::Catalog;
use winfit_core::audit::{AuditOptions, audit};
use winfit_core::fleet::{Fleet, Workload};
use winfit_core::remedy::{Command, RemedyKind};
use winfit_docker::DockerError;
use winfit_docker::swarm::Swarm;
use winfit_docker::swarm::commands::{
    constraint_add, constraint_rm, for_live_services, service_update,
};
use winfit_docker::swarm::constrain::{self, Applied, Constraints, Decision};
use winfit_docker::swarm::fleet::name_of;
use winfit_files::registries;

use super::{Known, is_of_the_manager, know};
use crate::cli::{DataFormat, SwarmConstrainArguments};
use crate::commands::notes::Calendar;
use crate::findings::document;
use crate::output::{Exit, Outcome, nothing, printable};
use crate::settling::Answers;

/// One service, with what is to become of it.
struct Constrained {
    id: String,
    name: String,
    image: String,
    /// The constraints that it has.
    has: Vec<String>,
    decision: Decision,
    /// The nodes on which tasks of it run just now.
    runs_on: Vec<String>,
    /// Where no node runs it: what else would do.
    instead: Vec<Command>,
    /// With `--apply`: the constraints that it has now, or why they were not written.
    written: Option<Result<Vec<String>, DockerError>>,
}

impl Constrained {
    /// What is to be added; none: nothing is.
    fn change(&self) -> Option<&Constraints> {
        match &self.decision {
            Decision::Constrain(found) => Some(found),
            _ => None,
        }
    }

    /// The command that does it by hand, and the one that undoes it.
    fn commands(&self) -> Option<(Vec<Command>, Vec<Command>)> {
        let add = &self.change()?.add;
        Some((
            service_update(&constraint_add(add), &self.name),
            service_update(&constraint_rm(add), &self.name),
        ))
    }

    /// What became of it. It may have been decided anew, where somebody else changed it meanwhile.
    fn take(&mut self, applied: Result<Applied, DockerError>) {
        self.written = Some(applied.map(|applied| {
            if let Some(decision) = applied.decision {
                self.decision = decision;
                self.image = applied.image;
                self.has = applied.had;
            }
            applied.now
        }));
    }

    /// Whether it has new constraints.
    fn is_written(&self) -> bool {
        self.change().is_some() && matches!(self.written, Some(Ok(_)))
    }

    fn error(&self) -> Option<&DockerError> {
        self.written.as_ref()?.as_ref().err()
    }
}

pub(super) fn run(arguments: &SwarmConstrainArguments) -> Result<Outcome> {
    let catalog = crate::overlay::catalog();
    let Known {
        swarm,
        mut fleet,
        names,
        given,
        open,
        mut complaints,
        engines,
    } = know(&arguments.source, &arguments.nodes, &arguments.images)?;
    let answers = ask(arguments, &swarm, &mut fleet)?;
    complaints.extend(answers.complaints());
    let (chosen, unknown) = chosen(arguments, &swarm, &fleet);
    if chosen.is_empty() && !unknown.is_empty() {
        return Err(nothing([complaints, unknown].concat().join("\n")));
    }
    complaints.extend(unknown);
    let mut services: Vec<Constrained> = chosen
        .into_iter()
        .map(|(id, workload)| Constrained {
            runs_on: runs_on(&swarm, &id),
            id,
            name: workload.subject.name.clone(),
            image: constrain::image_text(workload),
            has: constraints_of(workload),
            decision: constrain::decide(catalog, &fleet, workload, &names),
            instead: Vec::new(),
            written: None,
        })
        .collect();
    let stuck = |service: &Constrained| matches!(service.decision, Decision::NoNode { .. });
    if services.iter().any(stuck) {
        let instead = other_images(catalog, &fleet);
        for service in services.iter_mut().filter(|service| stuck(service)) {
            let of_it = instead.iter().filter(|(name, _)| *name == service.name);
            service.instead = of_it.map(|(_, command)| command.clone()).collect();
        }
    }
    if let (true, Some(engines)) = (arguments.apply, &engines) {
        for service in &mut services {
            if service.change().is_some() {
                let engine = engines.engine();
                let apply = constrain::apply(engine, catalog, &fleet, &names, &given, &service.id);
                let applied = engines.block_on(apply);
                let lost = applied.as_ref().is_err_and(is_of_the_manager);
                service.take(applied);
                if lost {
                    // The others would only fail alike.
                    break;
                }
            }
        }
    }
    let errors = services.iter().filter_map(|service| {
        let error = service.error()?;
        Some(format!(
            "writing the constraints of {} came to no end: {error}; each service has its old constraints or its new ones, and the same command again writes what is left",
            printable(&service.name)
        ))
    });
    let errors: Vec<String> = errors.collect();
    complaints.extend(errors.iter().cloned());
    if !errors.is_empty() && !services.iter().any(Constrained::is_written) {
        return Err(nothing(complaints.join("\n")));
    }
    let text = match arguments.format {
        DataFormat::Human => human::human(&services, &open, arguments.apply) + &answers.after(),
        DataFormat::Json => document(&as_json(&services, &open, arguments.apply))?,
    };
    let fails = |service: &Constrained| match service.decision {
        Decision::NoNode { .. } | Decision::NotTold => true,
        Decision::Fits { ref unsure, .. } => !unsure.is_empty(),
        // Of all services most are none of winfit's business.
        Decision::UnknownImage => !arguments.all,
        _ => false,
    };
    let exit = if services.iter().any(fails) || !complaints.is_empty() {
        Exit::Findings
    } else {
        Exit::Fits
    };
    let mut outcome = Outcome::new(text, exit);
    outcome.complaints = complaints;
    Ok(outcome)
}

/// Asks registries for the images of the services that were named.
fn ask(arguments: &SwarmConstrainArguments, swarm: &Swarm, fleet: &mut Fleet) -> Result<Answers> {
    let online = arguments.online.beside(&arguments.source.engine);
    let (chosen, _) = chosen(arguments, swarm, fleet);
    let mut wanted = Fleet {
        workloads: chosen.into_iter().map(|(_, one)| one.clone()).collect(),
        ..Fleet::default()
    };
    let answers = Answers::settle_fleet(&online, &mut wanted)?;
    registries::settle(fleet, &answers.words());
    Ok(answers)
}

/// The services that were named, each with its id, and what was named and is not there.
fn chosen<'f>(
    arguments: &SwarmConstrainArguments,
    swarm: &Swarm,
    fleet: &'f Fleet,
) -> (Vec<(String, &'f Workload)>, Vec<String>) {
    let id_of = |workload: &Workload| {
        let mut services = swarm.services.iter();
        let found = services.find(|service| service.spec.name == workload.subject.name);
        found.map(|service| service.id.clone()).unwrap_or_default()
    };
    let all = fleet.workloads.iter();
    let mut all: Vec<(String, &Workload)> = all.map(|one| (id_of(one), one)).collect();
    let known = |wanted: &String| {
        let mut all = all.iter();
        all.any(|(id, workload)| id == wanted || workload.subject.name == *wanted)
    };
    let unknown = arguments
        .services
        .iter()
        .filter(|wanted| !known(wanted))
        .map(|wanted| {
            format!(
                "the Swarm has no service {} that runs containers; docker service ls names them",
                printable(wanted)
            )
        })
        .collect();
    if !arguments.all {
        let wanted = |id: &String, name: &String| {
            let mut services = arguments.services.iter();
            services.any(|one| one == id || one == name)
        };
        all.retain(|(id, workload)| wanted(id, &workload.subject.name));
    }
    (all, unknown)
}

/// The nodes on which tasks of a service run just now.
fn runs_on(swarm: &Swarm, id: &str) -> Vec<String> {
    let nodes = swarm.nodes_by_id();
    let tasks = swarm.tasks.iter();
    let mut found: Vec<String> = tasks
        .filter(|task| task.service_id == id && task.status.state == "running")
        .filter_map(|task| Some(name_of(nodes.get(task.node_id.as_str())?).to_owned()))
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn constraints_of(workload: &Workload) -> Vec<String> {
    match &workload.placement {
        winfit_core::placement::Placement::Swarm(placement) => {
            let constraints = placement.constraints.iter();
            constraints.map(|one| one.value.clone()).collect()
        }
        _ => Vec::new(),
    }
}

/// What would let services run where they are, by their names: another image, Hyper-V.
fn other_images(catalog: &Catalog, fleet: &Fleet) -> Vec<(String, Command)> {
    let options = AuditOptions {
        today: Calendar::new(None, None).today,
        eol_within: 0,
    };
    let mut findings = audit(catalog, fleet, &options).findings;
    for_live_services(&mut findings);
    let mut found: Vec<(String, Command)> = Vec::new();
    for finding in findings {
        let remedies = finding.remedies.into_iter();
        for remedy in remedies
            .filter(|remedy| matches!(remedy.kind, RemedyKind::Rebuild | RemedyKind::Isolation))
        {
            for command in remedy.commands {
                let one = (finding.subject.name.clone(), command);
                if !found.contains(&one) {
                    found.push(one);
                }
            }
        }
    }
    found
}

/// `winfit.swarm-change/1` about services.
fn as_json(services: &[Constrained], open: &[String], applied: bool) -> Value {
    let services: Vec<Value> = services
        .iter()
        .map(|service| {
            let add: &[String] = service.change().map_or(&[], |found| &found.add);
            let now = match &service.written {
                Some(Ok(now)) => now,
                _ => &service.has,
            };
            let commands = |commands: &[Command]| -> Vec<Value> {
                let commands = commands.iter();
                commands
                    .map(|one| json!({"shell": one.shell.name(), "text": one.text}))
                    .collect()
            };
            let (forth, back) = service.commands().unwrap_or_default();
            let mut object = json!({
                "id": service.id,
                "name": service.name,
                "image": service.image,
                "decision": word(&service.decision),
                "runs_on": service.runs_on,
                "add": add,
                "constraints": now,
                "commands": commands(&forth),
                "way_back": commands(&back),
                "instead": commands(&service.instead),
                "error": service.error().map(ToString::to_string),
            });
            match &service.decision {
                Decision::Fits { on, unsure } => {
                    object["on"] = json!(on);
                    object["unsure"] = json!(unsure);
                }
                Decision::Constrain(found) => {
                    object["on"] = json!(found.on);
                    object["off"] = json!(found.off);
                    object["lost"] = json!(found.lost);
                }
                Decision::NoNode { may_use, .. } => object["off"] = json!(may_use),
                _ => {}
            }
            object
        })
        .collect();
    json!({
        "schema": "winfit.swarm-change/1",
        "applied": applied,
        "nodes": [],
        "services": services,
        "displaced": [],
        "open": open,
    })
}

/// A decision in one word.
fn word(decision: &Decision) -> &'static str {
    match decision {
        Decision::Fits { .. } => "fits",
        Decision::Constrain(found) if found.may => "constrain-may-start",
        Decision::Constrain(_) => "constrain",
        Decision::NoNode { .. } => "no-node",
        Decision::NotWindows => "not-windows",
        Decision::UnknownImage => "unknown-image",
        Decision::NotTold => "not-told-apart",
    }
}
