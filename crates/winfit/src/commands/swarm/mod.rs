//! `winfit swarm`: what a Swarm does not know of its nodes, and what follows from it.

mod audit;
mod constrain;
mod human;
mod isolate;
mod label;
mod watch;

use anyhow::Result;
use winfit_core::Catalog;
use winfit_core::fleet::Fleet;
use winfit_core::placement::swarm::Constraint;
use winfit_docker::DockerError;
use winfit_docker::swarm::fleet::{Given, LabelNames, Told, fleet, name_of};
use winfit_docker::swarm::label as labels;
use winfit_docker::swarm::{Swarm, nodes};

use crate::cli::{NodeFacts, ServiceFacts, SwarmArguments, SwarmCommand, SwarmSource};
use crate::engines::{Engines, patience};
use crate::input;
use crate::output::{Outcome, nothing, printable, usage};

pub(crate) fn run(arguments: &SwarmArguments) -> Result<Outcome> {
    match &arguments.command {
        SwarmCommand::Audit(arguments) => audit::run(arguments),
        SwarmCommand::Label(arguments) => label::run(arguments),
        SwarmCommand::Constrain(arguments) => constrain::run(arguments),
        SwarmCommand::Isolate(arguments) => isolate::run(arguments),
        SwarmCommand::Watch(arguments) => watch::run(arguments),
    }
}

/// A Swarm that was read.
struct Reading {
    swarm: Swarm,
    /// What could not be read, and what was told of nodes that are not there.
    complaints: Vec<String>,
    /// Where it comes from in words.
    from: String,
    /// The engine that was asked; none: it was saved.
    engines: Option<Engines>,
}

/// A Swarm as a fleet, with all that is told of its nodes and images.
struct Known {
    swarm: Swarm,
    fleet: Fleet,
    names: LabelNames,
    /// The versions of images that somebody gave.
    given: Given,
    /// Why nobody can tell the Windows of some nodes, each with what to do.
    open: Vec<String>,
    complaints: Vec<String>,
    engines: Option<Engines>,
}

/// Reads a Swarm, and what decides of it. Of nodes whose labels contradict themselves nothing is taken.
fn know(source: &SwarmSource, nodes: &NodeFacts, images: &ServiceFacts) -> Result<Known> {
    let catalog = crate::overlay::catalog();
    let names = names(nodes);
    check(&names)?;
    let mut told = told(catalog, nodes)?;
    let Reading {
        swarm,
        mut complaints,
        engines,
        ..
    } = read(source, &mut told)?;
    let mut fleet = fleet(catalog, &swarm, &names, &told);
    let given = given(images)?;
    complaints.extend(give_all(&mut fleet, &given));
    let open = labels::unsettle(&mut fleet, &labels::plan(catalog, &swarm, &names, &told));
    Ok(Known {
        swarm,
        fleet,
        names,
        given,
        open,
        complaints,
        engines,
    })
}

/// Gives the images of all services their versions, and says which references no service has.
fn give_all(fleet: &mut Fleet, given: &Given) -> Vec<String> {
    crate::commands::told::give_all(fleet, given, "service")
}

/// What `--image-version REF=VERSION` tells.
fn given(facts: &ServiceFacts) -> Result<Given> {
    crate::commands::told::images(&facts.image_version)
}

/// What `--host NODE=HOST` tells.
fn told(catalog: &Catalog, facts: &NodeFacts) -> Result<Told> {
    crate::commands::told::hosts(catalog, &facts.hosts)
}

/// Reads the Swarm from its manager, or from what somebody saved. What its nodes' own engines say joins
/// what is told of them; what a user says goes before that.
fn read(source: &SwarmSource, told: &mut Told) -> Result<Reading> {
    let mut reading = if source.from.is_empty() {
        let engines = Engines::new(&source.engine)?;
        let swarm = engines.block_on(Swarm::read(engines.engine()));
        Reading {
            swarm: swarm.map_err(|error| nothing(error.to_string()))?,
            complaints: Vec::new(),
            from: engines.engine().name().to_owned(),
            engines: Some(engines),
        }
    } else {
        saved(source)?
    };
    let unknown = told.keys().filter(|name| !knows(&reading.swarm, name));
    let complaints: Vec<String> = unknown
        .map(|name| format!("--host {name}=…: the Swarm has no node of that name or id"))
        .collect();
    reading.complaints.extend(complaints);
    if let (Some(template), Some(engines)) = (&source.endpoint_template, &reading.engines) {
        let asked = nodes::ask(
            crate::overlay::catalog(),
            &reading.swarm,
            engines.settings(),
            template,
            patience(&source.engine),
        );
        let answers = engines.block_on(asked);
        let answers = answers.map_err(|error| usage(error.to_string()))?;
        for (id, host) in answers.told {
            let node = reading.swarm.nodes.iter().find(|node| node.id == id);
            let given = node.is_some_and(|node| told.contains_key(name_of(node)));
            if !given {
                told.entry(id).or_insert(host);
            }
        }
        let silent = answers.silent.into_iter();
        reading
            .complaints
            .extend(silent.map(|(node, reason)| format!("node {node}: {reason}")));
    }
    Ok(reading)
}

fn saved(source: &SwarmSource) -> Result<Reading> {
    let mut swarm = Swarm::default();
    let mut complaints = Vec::new();
    for path in &source.from {
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
    Ok(Reading {
        swarm,
        complaints,
        from: "saved".to_owned(),
        engines: None,
    })
}

/// Whether the manager is gone, or its Swarm: it is not this one object that could not be written.
fn is_of_the_manager(error: &DockerError) -> bool {
    matches!(
        error,
        DockerError::Unreachable { .. }
            | DockerError::NotManager { .. }
            | DockerError::NoSwarm { .. }
            | DockerError::SwarmTrouble { .. }
            | DockerError::Deadline { .. }
    )
}

fn knows(swarm: &Swarm, name: &str) -> bool {
    let mut nodes = swarm.nodes.iter();
    nodes.any(|node| node.id == name || node.description.hostname == name)
}

/// Refuses names of labels that no constraint could name.
fn check(names: &LabelNames) -> Result<()> {
    for (option, name) in [
        ("--os-label", &names.os),
        ("--version-label", &names.version),
    ] {
        let constraint = Constraint::parse(&format!("node.labels.{name}==x"));
        if let Err(error) = constraint {
            return Err(usage(format!("{option} {}: {error}", printable(name))));
        }
    }
    Ok(())
}

/// The labels that tell a node's Windows.
fn names(facts: &NodeFacts) -> LabelNames {
    LabelNames {
        os: facts.os_label.clone(),
        version: facts.version_label.clone(),
    }
}
