//! `winfit swarm isolate`: Hyper-V as the default isolation of every Windows node, the page's other way.

mod human;

use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};
use winfit_docker::swarm::fleet::name_of;
use winfit_docker::swarm::isolate::verify::{Verified, verify};
use winfit_docker::swarm::isolate::{Way, called, way};
use winfit_docker::swarm::nodes;
use winfit_docker::{Engine, Settings};

use super::{Known, know};
use crate::cli::{DataFormat, SwarmIsolateArguments};
use crate::engines::{patience, runtime};
use crate::findings::document;
use crate::output::{Exit, Outcome, printable, usage};

pub(super) fn run(arguments: &SwarmIsolateArguments) -> Result<Outcome> {
    let catalog = crate::overlay::catalog();
    let mut source = arguments.source.clone();
    if !arguments.verify.is_empty() {
        // The engines are asked for their isolation, and not for their Windows before.
        source.endpoint_template = None;
    }
    let known = know(&source, &arguments.nodes, &arguments.images)?;
    let way = way(catalog, &known.swarm, &known.fleet);
    if !arguments.verify.is_empty() {
        return verified(arguments, &known, &way);
    }
    let fine = known.complaints.is_empty() && known.open.is_empty() && way.cannot.is_empty();
    let text = match arguments.format {
        DataFormat::Human => human::human(catalog, &way, &known.open),
        DataFormat::Json => document(&as_json(&way, &known.open, &[]))?,
    };
    Ok(ended(text, fine, known.complaints))
}

/// What the engines of nodes say of their isolation.
fn verified(arguments: &SwarmIsolateArguments, known: &Known, way: &Way) -> Result<Outcome> {
    let (engines, without) = engines(arguments, known, way)?;
    let mut verified = runtime()?.block_on(verify(&known.swarm, engines));
    verified.extend(without);
    let all = verified.iter().all(|one| one.answer.is_ok());
    let fine = known.complaints.is_empty() && all;
    let text = match arguments.format {
        DataFormat::Human => human::verified(way, &verified),
        DataFormat::Json => document(&as_json(way, &known.open, &verified))?,
    };
    Ok(ended(text, fine, known.complaints.clone()))
}

fn ended(text: String, fine: bool, complaints: Vec<String>) -> Outcome {
    let exit = if fine { Exit::Fits } else { Exit::Findings };
    let mut outcome = Outcome::new(text, exit);
    outcome.complaints = complaints;
    outcome
}

/// The engines that are to be asked, each with the node that it should be of.
type Engines = Vec<(String, Engine)>;

/// The engines that are to be asked, and the nodes that have none.
fn engines(
    arguments: &SwarmIsolateArguments,
    known: &Known,
    way: &Way,
) -> Result<(Engines, Vec<Verified>)> {
    let settings = Settings::of_user();
    let patience = patience(&arguments.source.engine);
    let (mut found, mut without) = (Vec::new(), Vec::new());
    for text in &arguments.verify {
        if !text.is_empty() {
            found.push(named(text, &settings, patience)?);
            continue;
        }
        let Some(template) = &arguments.source.endpoint_template else {
            return Err(usage(
                "--verify alone asks the engines of all Windows nodes, and --endpoint-template says where they are, as tcp://{addr}:2376; of one node it is --verify win-a=tcp://win-a:2376",
            ));
        };
        let engines = nodes::engines(&known.swarm, &settings, template, patience);
        for (node, engine) in engines.map_err(|error| usage(error.to_string()))? {
            let members = known.fleet.hosts.iter();
            let mut members = members.filter(|member| member.id.as_ref() == Some(&node.id));
            let name = members.next().map_or_else(
                || name_of(node).to_owned(),
                |member| called(&known.fleet, member),
            );
            // What offers no Hyper-V isolation was never to have it.
            if way.cannot.contains(&name) {
                continue;
            }
            match engine {
                Ok(engine) => found.push((name, engine)),
                Err(error) => without.push(Verified {
                    node: name,
                    answer: Err(error.into()),
                }),
            }
        }
    }
    Ok((found, without))
}

/// `win-a=tcp://win-a:2376`, or `win-a=CONTEXT`.
fn named(text: &str, settings: &Settings, patience: Duration) -> Result<(String, Engine)> {
    let parts = text
        .split_once('=')
        .filter(|(node, place)| !node.is_empty() && !place.is_empty());
    let Some((node, place)) = parts else {
        return Err(usage(format!(
            "--verify {}: name the node and its engine, as win-a=tcp://win-a:2376, or a context that leads there",
            printable(text)
        )));
    };
    let endpoint = if place.contains("://") {
        settings.endpoint(Some(place), None)
    } else {
        settings.endpoint(None, Some(place))
    };
    let endpoint =
        endpoint.map_err(|error| usage(format!("--verify {}: {error}", printable(text))))?;
    Ok((node.to_owned(), Engine::new(endpoint, patience)))
}

/// `winfit.swarm-isolate/1`.
fn as_json(way: &Way, open: &[String], verified: &[Verified]) -> Value {
    let steps: Vec<Value> = way
        .steps
        .iter()
        .map(|step| {
            json!({
                "node": step.node,
                "role": step.role,
                "os_version": step.host.version.map(|version| version.to_string()),
                "hyperv_stated": step.stated,
                "stops": step.stops,
            })
        })
        .collect();
    let services: Vec<Value> = way
        .services
        .iter()
        .map(|gain| {
            json!({
                "service": gain.service,
                "may_use": gain.may_use,
                "starts_on_now": gain.now,
                "starts_on_then": gain.then,
            })
        })
        .collect();
    let verified: Vec<Value> = verified
        .iter()
        .map(|one| {
            json!({
                "node": one.node,
                "hyperv": one.answer.is_ok(),
                "reason": one.answer.as_ref().err().map(ToString::to_string),
            })
        })
        .collect();
    json!({
        "schema": "winfit.swarm-isolate/1",
        "steps": steps,
        "has": way.has,
        "cannot": way.cannot,
        "services": services,
        "open": open,
        "verified": verified,
    })
}
