//! The engines of a Swarm's nodes, each asked itself: Swarm carries no Windows version.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use winfit_core::Catalog;
use winfit_core::host::{Host, Os, read_hosts};

use super::Swarm;
use super::fleet::{Told, name_of};
use crate::endpoint::Settings;
use crate::engine::Engine;
use crate::error::DockerError;
use crate::model::Node;

/// So many engines are asked at a time.
const AT_A_TIME: usize = 16;

/// What the engines said, by the nodes' ids, and why others said nothing, by their names.
#[derive(Debug, Default)]
pub struct Answers {
    /// The hosts.
    pub told: Told,
    /// The reasons.
    pub silent: BTreeMap<String, String>,
}

/// Asks the engine of each node that is not Linux by its own word, at the address that a template makes:
/// `{addr}` is the node's address, `{hostname}` its name.
pub async fn ask(
    catalog: &'static Catalog,
    swarm: &Swarm,
    settings: &Settings,
    template: &str,
    patience: Duration,
) -> Result<Answers, DockerError> {
    if !template.contains("{addr}") && !template.contains("{hostname}") {
        return Err(DockerError::Settings(format!(
            "the template {template:?} makes one address for all nodes; write {{addr}} or {{hostname}} where they differ, as tcp://{{addr}}:2376"
        )));
    }
    let gate = Arc::new(Semaphore::new(AT_A_TIME));
    let mut asked = Vec::new();
    for node in &swarm.nodes {
        if node.description.platform.os == "linux" && !is_labelled_windows(node) {
            continue;
        }
        let address = template
            .replace("{addr}", &address(node))
            .replace("{hostname}", name_of(node));
        let endpoint = settings.endpoint(Some(&address), None)?;
        let engine = Engine::new(endpoint, patience);
        let gate = Arc::clone(&gate);
        let task = tokio::spawn(async move {
            // Gates are never closed; if one were, there would be nothing to wait for.
            let _through = gate.acquire().await.ok();
            host(catalog, &engine).await
        });
        asked.push((node, task));
    }
    let mut answers = Answers::default();
    for (node, task) in asked {
        match task.await {
            Ok(Ok(host)) => {
                let learnt_from = "its engine".to_owned();
                answers.told.insert(node.id.clone(), (host, learnt_from));
            }
            Ok(Err(error)) => {
                let name = name_of(node).to_owned();
                answers.silent.insert(name, error.to_string());
            }
            Err(error) => {
                let name = name_of(node).to_owned();
                answers.silent.insert(name, error.to_string());
            }
        }
    }
    Ok(answers)
}

/// Whether a label says Windows, whatever the engine says of its platform.
fn is_labelled_windows(node: &Node) -> bool {
    let mut values = node.spec.labels.values();
    values.any(|value| value.eq_ignore_ascii_case("windows"))
}

/// Where others reach a node. A manager may know itself by no address of its own.
fn address(node: &Node) -> String {
    let own = node.status.addr.as_str();
    let of_manager = node
        .manager_status
        .as_ref()
        .map(|manager| manager.addr.as_str());
    match of_manager.and_then(|addr| addr.rsplit_once(':')) {
        Some((addr, _)) if matches!(own, "" | "0.0.0.0" | "::") => addr.to_owned(),
        _ => own.to_owned(),
    }
}

/// The host of an engine, as its `/info` tells it.
pub async fn host(catalog: &Catalog, engine: &Engine) -> Result<Host, DockerError> {
    let bytes = engine.get_bytes("/info").await?;
    let reading = read_hosts(catalog, &String::from_utf8_lossy(&bytes));
    let told = reading.hosts.into_iter().next();
    told.map(|read| read.host)
        .filter(|host| host.os == Os::Linux || host.version.is_some())
        .ok_or_else(|| DockerError::Answer {
            endpoint: engine.name().to_owned(),
            what: "/info".to_owned(),
            reason: "it states no Windows version".to_owned(),
        })
}
