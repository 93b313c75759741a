//! Nodes, services and tasks that somebody saved: what `docker node inspect`, `docker service inspect` and
//! `docker service ps --format json` print.

use serde::Deserialize;
use serde_json::{Deserializer, Value};

use super::Swarm;
use crate::model::{Node, Service, Task, TaskStatus};

/// A line of `docker service ps --format json`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    #[serde(default)]
    name: String,
    #[serde(default)]
    node: String,
    #[serde(default)]
    current_state: String,
    #[serde(default)]
    desired_state: String,
    #[serde(default)]
    error: String,
}

impl Swarm {
    /// Adds what a text of JSON documents holds, arrays of them included, and gives back why some could not
    /// be read.
    pub fn add_saved(&mut self, text: &str) -> Vec<String> {
        let mut complaints = Vec::new();
        let mut rows = Vec::new();
        for document in Deserializer::from_str(text).into_iter::<Value>() {
            match document {
                Ok(Value::Array(objects)) => {
                    for object in objects {
                        complaints.extend(self.add(object, &mut rows));
                    }
                }
                Ok(object) => complaints.extend(self.add(object, &mut rows)),
                Err(error) => {
                    complaints.push(format!(
                        "line {}, column {}: this is no JSON; give --format json to docker service ps, and nothing to inspect",
                        error.line(),
                        error.column()
                    ));
                    break;
                }
            }
        }
        // The newest task stands first, and no line says when that was.
        for (at, row) in rows.into_iter().enumerate() {
            self.add_row(&row, at);
        }
        complaints
    }

    fn add(&mut self, object: Value, rows: &mut Vec<Row>) -> Option<String> {
        let wrong =
            |what: &str, error: serde_json::Error| Some(format!("{what} cannot be read: {error}"));
        let has = |pointer: &str| object.pointer(pointer).is_some();
        if has("/Spec/TaskTemplate") {
            match Service::deserialize(object) {
                Ok(service) => self.services.push(service),
                Err(error) => return wrong("a service", error),
            }
        } else if has("/Spec/Availability") || has("/Description/Hostname") {
            match Node::deserialize(object) {
                Ok(node) => self.nodes.push(node),
                Err(error) => return wrong("a node", error),
            }
        } else if has("/ServiceID") && has("/Status/State") {
            match Task::deserialize(object) {
                Ok(task) => self.tasks.push(task),
                Err(error) => return wrong("a task", error),
            }
        } else if has("/CurrentState") && has("/DesiredState") {
            match Row::deserialize(object) {
                Ok(row) => rows.push(row),
                Err(error) => return wrong("a task", error),
            }
        } else {
            return Some(
                "an object is no node, no service and no task, and was passed over".to_owned(),
            );
        }
        None
    }

    /// A task by the names that are shown of it; of a service that is not there it says nothing.
    fn add_row(&mut self, row: &Row, at: usize) {
        let name = row.name.trim_start_matches(['\\', '_', ' ']);
        let named = |service: &&Service| {
            name.strip_prefix(&service.spec.name)
                .is_some_and(|rest| rest.starts_with('.'))
        };
        // `a.b.1` is a task of `a.b`, where there is one.
        let services = self.services.iter().filter(named);
        let Some(service) = services.max_by_key(|service| service.spec.name.len()) else {
            return;
        };
        let node = self
            .nodes
            .iter()
            .find(|node| node.description.hostname == row.node || node.id == row.node);
        let state = row.current_state.split(' ').next().unwrap_or_default();
        self.tasks.push(Task {
            service_id: service.id.clone(),
            slot: 0,
            node_id: node.map_or_else(|| row.node.clone(), |node| node.id.clone()),
            desired_state: row.desired_state.to_ascii_lowercase(),
            status: TaskStatus {
                timestamp: format!("{:09}", usize::MAX - at),
                state: state.to_ascii_lowercase(),
                message: String::new(),
                err: row.error.trim_matches('"').to_owned(),
            },
        });
    }
}
