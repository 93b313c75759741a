//! `winfit swarm`: what a Swarm does not know of its nodes, and what follows from it.

mod audit;
mod human;

use anyhow::Result;
use winfit_core::Catalog;
use winfit_docker::swarm::fleet::{LabelNames, Told};

use crate::cli::{HostFacts, NodeFacts, SwarmArguments, SwarmCommand};
use crate::input;
use crate::output::{Outcome, printable, usage};

pub(crate) fn run(arguments: &SwarmArguments) -> Result<Outcome> {
    match &arguments.command {
        SwarmCommand::Audit(arguments) => audit::run(arguments),
    }
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
