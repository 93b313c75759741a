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
use crate::model::{Info, Node};

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

/// A node with its engine, or why it has none.
pub type NodeEngine<'s> = (&'s Node, Result<Engine, DockerError>);

/// Asks the engine of each node that is not Linux by its own word which Windows it has, at the address or in
/// the context that a template makes.
pub async fn ask(
    catalog: &'static Catalog,
    swarm: &Swarm,
    settings: &Settings,
    template: &str,
    patience: Duration,
) -> Result<Answers, DockerError> {
    let mut answers = Answers::default();
    let (mut nodes, mut known) = (Vec::new(), Vec::new());
    for (node, engine) in engines(swarm, settings, template, patience)? {
        match engine {
            Ok(engine) => {
                nodes.push(node);
                known.push(engine);
            }
            Err(error) => answers.is_silent(node, &error),
        }
    }
    let engines = known;
    let endpoints: Vec<String> = engines.iter().map(|one| one.name().to_owned()).collect();
    let answered = ask_all(
        engines,
        |engine| async move { host(catalog, &engine).await },
    );
    let answered = answered.await.into_iter().zip(endpoints);
    for (node, (answer, endpoint)) in nodes.into_iter().zip(answered) {
        let answer = answer.and_then(|(host, info)| {
            if info.swarm.node_id == node.id {
                return Ok(host);
            }
            let name = info.name;
            Err(DockerError::OtherNode { endpoint, name })
        });
        match answer {
            Ok(host) => {
                let learnt_from = "its engine".to_owned();
                answers.told.insert(node.id.clone(), (host, learnt_from));
            }
            Err(error) => answers.is_silent(node, &error),
        }
    }
    Ok(answers)
}

impl Answers {
    fn is_silent(&mut self, node: &Node, error: &DockerError) {
        self.silent
            .insert(name_of(node).to_owned(), error.to_string());
    }
}

/// The engine of each node that is not Linux by its own word, where a template says: `{addr}` is the node's
/// address, `{hostname}` its name. What has no colon is no address but the name of a Docker context; a node
/// for which there is no such context has no engine here.
pub fn engines<'s>(
    swarm: &'s Swarm,
    settings: &Settings,
    template: &str,
    patience: Duration,
) -> Result<Vec<NodeEngine<'s>>, DockerError> {
    if !template.contains("{addr}") && !template.contains("{hostname}") {
        return Err(DockerError::Settings(format!(
            "the template {template:?} makes one address for all nodes; write {{addr}} or {{hostname}} where they differ, as tcp://{{addr}}:2376, or {{hostname}} for contexts of the nodes' names"
        )));
    }
    let is_address = template.contains(':');
    let is_asked =
        |node: &&Node| node.description.platform.os != "linux" || is_labelled_windows(node);
    let nodes = swarm.nodes.iter().filter(is_asked);
    nodes
        .map(|node| {
            let place = template
                .replace("{addr}", &address(node))
                .replace("{hostname}", name_of(node));
            let endpoint = if is_address {
                Ok(settings.endpoint(Some(&place), None)?)
            } else {
                settings.endpoint(None, Some(&place))
            };
            Ok((node, endpoint.map(|found| Engine::new(found, patience))))
        })
        .collect()
}

/// Asks engines the same, so many at a time, and gives their answers in order.
pub(super) async fn ask_all<T, F>(
    engines: Vec<Engine>,
    question: impl Fn(Engine) -> F,
) -> Vec<Result<T, DockerError>>
where
    T: Send + 'static,
    F: Future<Output = Result<T, DockerError>> + Send + 'static,
{
    let gate = Arc::new(Semaphore::new(AT_A_TIME));
    let mut asked = Vec::new();
    for engine in engines {
        let endpoint = engine.name().to_owned();
        let (gate, answer) = (Arc::clone(&gate), question(engine));
        let task = tokio::spawn(async move {
            // Gates are never closed; if one were, there would be nothing to wait for.
            let _through = gate.acquire().await.ok();
            answer.await
        });
        asked.push((endpoint, task));
    }
    let mut answers = Vec::new();
    for (endpoint, task) in asked {
        answers.push(task.await.unwrap_or_else(|error| {
            let reason = error.to_string();
            Err(DockerError::Unreachable { endpoint, reason })
        }));
    }
    answers
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

/// The host of an engine and whose it is, as its `/info` tells it.
async fn host(catalog: &Catalog, engine: &Engine) -> Result<(Host, Info), DockerError> {
    let bytes = engine.get_bytes("/info").await?;
    let unreadable = |reason: String| DockerError::Answer {
        endpoint: engine.name().to_owned(),
        what: "/info".to_owned(),
        reason,
    };
    let info = serde_json::from_slice(&bytes).map_err(|error| unreadable(error.to_string()))?;
    let reading = read_hosts(catalog, &String::from_utf8_lossy(&bytes));
    let told = reading.hosts.into_iter().next();
    told.map(|read| (read.host, info))
        .filter(|(host, _)| host.os == Os::Linux || host.version.is_some())
        .ok_or_else(|| unreadable("it states no Windows version".to_owned()))
}
