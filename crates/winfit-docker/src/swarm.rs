//! A Swarm: its nodes, services and tasks, and the fleet that they make.

pub mod commands;
pub mod constrain;
pub mod fleet;
pub mod isolate;
pub mod label;
pub mod mark;
pub mod nodes;
mod saved;
pub mod stuck;
pub mod write;

use std::collections::HashMap;

use crate::engine::{ApiVersion, Engine};
use crate::error::DockerError;
use crate::model::{Info, Node, Service, Task};

/// From here on services tell how many of their tasks run.
const TELLS_STATUS: ApiVersion = ApiVersion(1, 41);

/// A Swarm, as one of its managers knows it.
#[derive(Debug, Clone, Default)]
pub struct Swarm {
    /// Its nodes.
    pub nodes: Vec<Node>,
    /// Its services.
    pub services: Vec<Service>,
    /// Their tasks, those that ended included.
    pub tasks: Vec<Task>,
}

impl Swarm {
    /// Reads the Swarm of a manager.
    pub async fn read(engine: &Engine) -> Result<Self, DockerError> {
        is_manager(engine).await?;
        let mut swarm = Self::read_nodes(engine).await?;
        swarm.read_work(engine).await?;
        Ok(swarm)
    }

    /// Reads the nodes of a manager's Swarm, and nothing else.
    pub async fn read_nodes(engine: &Engine) -> Result<Self, DockerError> {
        let mut nodes: Vec<Node> = engine.get_list("/nodes").await?;
        // Managers have them by id, which tells people nothing.
        nodes.sort_by(|one, other| {
            let of = |node: &Node| (node.description.hostname.clone(), node.id.clone());
            of(one).cmp(&of(other))
        });
        Ok(Self {
            nodes,
            ..Self::default()
        })
    }

    /// Reads the services and tasks of a manager's Swarm.
    pub async fn read_work(&mut self, engine: &Engine) -> Result<(), DockerError> {
        let services = if engine.api_version().await? >= TELLS_STATUS {
            "/services?status=true"
        } else {
            "/services"
        };
        self.services = engine.get_list(services).await?;
        self.tasks = engine.get_list("/tasks").await?;
        Ok(())
    }

    /// The nodes by their ids.
    pub fn nodes_by_id(&self) -> HashMap<&str, &Node> {
        let nodes = self.nodes.iter();
        nodes.map(|node| (node.id.as_str(), node)).collect()
    }

    /// The tasks of each service, by its id.
    pub fn tasks_by_service(&self) -> HashMap<&str, Vec<&Task>> {
        let mut found: HashMap<&str, Vec<&Task>> = HashMap::new();
        for task in &self.tasks {
            found.entry(&task.service_id).or_default().push(task);
        }
        found
    }
}

/// The tasks of some services, by the services' ids, those that ended included.
pub async fn tasks_of(engine: &Engine, services: &[&str]) -> Result<Vec<Task>, DockerError> {
    // `{"service":["ID",…]}`; ids are letters and digits.
    let ids: Vec<String> = services.iter().map(|id| format!("%22{id}%22")).collect();
    let path = format!(
        "/tasks?filters=%7B%22service%22%3A%5B{}%5D%7D",
        ids.join("%2C")
    );
    engine.get_list(&path).await
}

/// Whether an engine is a manager; why not, in a sentence.
pub async fn is_manager(engine: &Engine) -> Result<Info, DockerError> {
    let info: Info = engine.get("/info").await?;
    let endpoint = engine.name().to_owned();
    match info.swarm.local_node_state.as_str() {
        "active" if info.swarm.control_available => Ok(info),
        "active" => Err(DockerError::NotManager {
            endpoint,
            managers: info
                .swarm
                .remote_managers
                .into_iter()
                .map(|peer| peer.addr)
                .collect(),
        }),
        "" | "inactive" => Err(DockerError::NoSwarm { endpoint }),
        "locked" => Err(DockerError::SwarmTrouble {
            endpoint,
            reason: "it is locked; docker swarm unlock opens it".to_owned(),
        }),
        state => Err(DockerError::SwarmTrouble {
            endpoint,
            reason: if info.swarm.error.is_empty() {
                format!("the node is {state}")
            } else {
                info.swarm.error
            },
        }),
    }
}
