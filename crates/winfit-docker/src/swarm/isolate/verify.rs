//! Whether nodes have Hyper-V as their default isolation now: what their engines say, not what labels do.

use thiserror::Error;

use crate::engine::Engine;
use crate::error::DockerError;
use crate::model::Info;
use crate::swarm::Swarm;
use crate::swarm::fleet::name_of;
use crate::swarm::nodes::ask_all;

/// A node whose engine was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The node, as it was named.
    pub node: String,
    /// Hyper-V is its default isolation; else why that is not so, or not known.
    pub answer: Result<(), NotVerified>,
}

/// Why Hyper-V is not the default isolation of a node, or why nobody knows.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotVerified {
    /// Its engine gave no answer.
    #[error(transparent)]
    Silent(#[from] DockerError),
    /// The Swarm has no such node.
    #[error("the Swarm has no node of that name or id")]
    NoNode,
    /// Another node's engine answered, or one of no node.
    #[error("{endpoint} is the engine of {name}, which is not that node of this Swarm")]
    OtherNode {
        /// The endpoint.
        endpoint: String,
        /// The name that it gives itself.
        name: String,
    },
    /// It runs Linux.
    #[error("it runs Linux, whose containers have no isolation of Windows")]
    Linux,
    /// Another isolation is its default.
    #[error(
        "its default isolation is still {isolation}: its daemon.json does not say isolation=hyperv, or its engine was not restarted since"
    )]
    Still {
        /// `process`, or what it says.
        isolation: String,
    },
}

/// Asks the engines of nodes, each named by its hostname or its id.
pub async fn verify(swarm: &Swarm, asked: Vec<(String, Engine)>) -> Vec<Verified> {
    let (nodes, engines): (Vec<String>, Vec<Engine>) = asked.into_iter().unzip();
    let endpoints: Vec<String> = engines.iter().map(|one| one.name().to_owned()).collect();
    let answers = ask_all(engines, |engine| async move {
        engine.get::<Info>("/info").await
    });
    let answers = answers.await.into_iter().zip(endpoints);
    nodes
        .into_iter()
        .zip(answers)
        .map(|(node, (answer, endpoint))| Verified {
            answer: judge(swarm, &node, &endpoint, answer),
            node,
        })
        .collect()
}

fn judge(
    swarm: &Swarm,
    node: &str,
    endpoint: &str,
    answer: Result<Info, DockerError>,
) -> Result<(), NotVerified> {
    let nodes = swarm.nodes.iter();
    let mut ids = nodes
        .filter(|one| one.id == node || name_of(one) == node)
        .map(|one| one.id.as_str())
        .peekable();
    if ids.peek().is_none() {
        return Err(NotVerified::NoNode);
    }
    let info = answer?;
    if !ids.any(|id| id == info.swarm.node_id) {
        return Err(NotVerified::OtherNode {
            endpoint: endpoint.to_owned(),
            name: info.name,
        });
    }
    match info.isolation.as_str() {
        "hyperv" => Ok(()),
        _ if info.os_type == "linux" => Err(NotVerified::Linux),
        "" => Err(NotVerified::Still {
            isolation: "not told".to_owned(),
        }),
        isolation => Err(NotVerified::Still {
            isolation: isolation.to_owned(),
        }),
    }
}
