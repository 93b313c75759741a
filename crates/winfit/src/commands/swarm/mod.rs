//! `winfit swarm`: what a Swarm does not know of its nodes, and what follows from it.

mod audit;
mod constrain;
mod human;
mod isolate;
mod label;

use anyhow::Result;
use winfit_core::Catalog;
use winfit_core::placement::swarm::Constraint;
use winfit_docker::swarm::Swarm;
use winfit_docker::swarm::fleet::{LabelNames, Told};

use crate::cli::{HostFacts, NodeFacts, SwarmArguments, SwarmCommand, SwarmSource};
use crate::engines::Engines;
use crate::input;
use crate::output::{Outcome, nothing, printable, usage};

pub(crate) fn run(arguments: &SwarmArguments) -> Result<Outcome> {
    match &arguments.command {
        SwarmCommand::Audit(arguments) => audit::run(arguments),
        SwarmCommand::Label(arguments) => label::run(arguments),
        SwarmCommand::Constrain(arguments) => constrain::run(arguments),
        SwarmCommand::Isolate(arguments) => isolate::run(arguments),
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

/// Reads the Swarm from its manager, or from what somebody saved.
fn read(source: &SwarmSource, told: &Told) -> Result<Reading> {
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

/// What `--host NODE=HOST` tells.
fn told(catalog: &Catalog, facts: &NodeFacts) -> Result<Told> {
    let mut told = Told::new();
    for text in &facts.hosts {
        let Some((node, spec)) = text.split_once('=').filter(|(node, _)| !node.is_empty()) else {
            return Err(usage(format!(
                "--host {}: name the node and its Windows, as win-a=ltsc2019",
                printable(text)
            )));
        };
        let (hosts, _) = input::hosts(catalog, &[spec.to_owned()], &HostFacts::default())?;
        let [host] = hosts.as_slice() else {
            return Err(usage(format!(
                "--host {}: one node has one Windows, and that names {}",
                printable(text),
                hosts.len()
            )));
        };
        told.insert(node.to_owned(), (host.host, "--host".to_owned()));
    }
    Ok(told)
}
