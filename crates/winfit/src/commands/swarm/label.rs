//! `winfit swarm label`: the labels that tell each node's Windows.

mod human;
mod own;

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::{Value, json};
use winfit_docker::DockerError;
use winfit_docker::model::Labels;
use winfit_docker::swarm::fleet::fleet;
use winfit_docker::swarm::label::{self, NodeChange};

use super::{Reading, check, is_of_the_manager, names, read, told};
use crate::cli::{DataFormat, SwarmLabelArguments};
use crate::findings::document;
use crate::output::{Exit, Outcome, nothing};

/// What is to become of the nodes, and what became of them.
struct Labelled {
    changes: Vec<NodeChange>,
    /// Services that lose a node, with its name.
    displaced: Vec<(String, String)>,
    /// With `--apply`: the labels that nodes have now, by id, or why they were not written.
    written: Option<BTreeMap<String, Result<Labels, DockerError>>>,
}

impl Labelled {
    /// The labels of a node as they are now.
    fn now<'l>(&'l self, change: &'l NodeChange) -> &'l Labels {
        let written = self.written.as_ref().and_then(|all| all.get(&change.id));
        match written {
            Some(Ok(labels)) => labels,
            _ => &change.now,
        }
    }

    /// Whether its labels are written and read back.
    fn is_written(&self, change: &NodeChange) -> bool {
        let written = self.written.as_ref().and_then(|all| all.get(&change.id));
        matches!(written, Some(Ok(_)))
    }

    /// Why the labels of a node were not written.
    fn error(&self, change: &NodeChange) -> Option<&DockerError> {
        self.written.as_ref()?.get(&change.id)?.as_ref().err()
    }
}

pub(super) fn run(arguments: &SwarmLabelArguments) -> Result<Outcome> {
    let catalog = crate::overlay::catalog();
    let names = names(&arguments.nodes);
    check(&names)?;
    if arguments.own {
        return own::run(catalog, arguments, &names);
    }
    let mut told = told(catalog, &arguments.nodes)?;
    let Reading {
        swarm,
        complaints,
        engines,
        ..
    } = read(&arguments.source, &mut told)?;
    let changes = label::plan(catalog, &swarm, &names, &told);
    let fleet = fleet(catalog, &swarm, &names, &told);
    let displaced = label::displaced(catalog, &fleet, &changes);
    let mut written = None;
    if let (true, Some(engines)) = (arguments.apply, &engines) {
        let mut all = BTreeMap::new();
        for change in changes.iter().filter(|change| change.is_change()) {
            let engine = engines.engine();
            let now = engines.block_on(label::apply(engine, catalog, &names, &told, &change.id));
            let lost = now.as_ref().is_err_and(is_of_the_manager);
            all.insert(change.id.clone(), now);
            if lost {
                // The others would only fail alike.
                break;
            }
        }
        written = Some(all);
    }
    let labelled = Labelled {
        changes,
        displaced,
        written,
    };
    let errors: Vec<String> = labelled
        .changes
        .iter()
        .filter_map(|change| {
            let error = labelled.error(change)?;
            Some(format!(
                "writing the labels of {} came to no end: {error}; each node has its old labels or its new ones, and the same command again writes what is left",
                change.name
            ))
        })
        .collect();
    if let Some(written) = &labelled.written
        && !written.is_empty()
        && written.values().all(Result::is_err)
    {
        return Err(nothing([complaints, errors].concat().join("\n")));
    }
    let open = labelled.changes.iter().any(|change| change.open.is_some());
    let text = match arguments.format {
        DataFormat::Human => human::human(catalog, &labelled),
        DataFormat::Json => document(&as_json(&labelled))?,
    };
    let exit = if open || !errors.is_empty() || !complaints.is_empty() {
        Exit::Findings
    } else {
        Exit::Fits
    };
    let mut outcome = Outcome::new(text, exit);
    outcome.complaints = [complaints, errors].concat();
    Ok(outcome)
}

/// `winfit.swarm-change/1` about nodes.
fn as_json(labelled: &Labelled) -> Value {
    let nodes: Vec<Value> = labelled
        .changes
        .iter()
        .map(|change| {
            json!({
                "id": change.id,
                "name": change.name,
                "os_version": change.host.version.map(|version| version.to_string()),
                "learnt_from": change.learnt_from,
                "set": change.set,
                "remove": change.remove,
                "labels": labelled.now(change),
                "open": change.open.as_ref().map(ToString::to_string),
                "error": labelled.error(change).map(ToString::to_string),
            })
        })
        .collect();
    let displaced = labelled.displaced.iter();
    let displaced: Vec<Value> = displaced
        .map(|(service, node)| json!({"service": service, "node": node}))
        .collect();
    json!({
        "schema": "winfit.swarm-change/1",
        "applied": labelled.written.is_some(),
        "nodes": nodes,
        "services": [],
        "displaced": displaced,
        "open": labelled
            .changes
            .iter()
            .filter_map(|change| Some(change.open.as_ref()?.to_string()))
            .collect::<Vec<_>>(),
    })
}
