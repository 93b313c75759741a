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

#[cfg(test)]
mod tests {
    use super::*;

    const NODE: &str = r#"{"ID": "n1", "Spec": {"Labels": {"OS": "windows"}, "Availability": "active"}, "Description": {"Hostname": "win-a"}}"#;
    const SERVICE: &str = r#"{"ID": "s1", "Spec": {"Name": "fax", "TaskTemplate": {"ContainerSpec": {"Image": "a"}}}}"#;
    const ROW: &str = r#"{"CurrentState":"Failed 2 seconds ago","DesiredState":"Shutdown","Error":"\"task: non-zero exit (1)\"","ID":"t1","Image":"a","Name":" \\_ fax.1","Node":"win-a","Ports":""}"#;

    fn saved(text: &str) -> (Swarm, Vec<String>) {
        let mut swarm = Swarm::default();
        let complaints = swarm.add_saved(text);
        (swarm, complaints)
    }

    #[test]
    fn arrays_and_lines_of_all_kinds() {
        let newer = ROW.replace("exit (1)", "exit (2)");
        let text = format!("{newer}\n{ROW}\n[{NODE}]\n[{SERVICE}]\n");
        let (swarm, complaints) = saved(&text);
        assert_eq!(complaints, Vec::<String>::new());
        assert_eq!((swarm.nodes.len(), swarm.services.len()), (1, 1));
        let tasks: Vec<(&str, &str, &str)> = swarm
            .tasks
            .iter()
            .map(|task| {
                let status = &task.status;
                (
                    task.node_id.as_str(),
                    status.state.as_str(),
                    status.err.as_str(),
                )
            })
            .collect();
        assert_eq!(
            tasks,
            [
                ("n1", "failed", "task: non-zero exit (2)"),
                ("n1", "failed", "task: non-zero exit (1)")
            ]
        );
        // The first line is the newest.
        assert!(swarm.tasks[0].status.timestamp > swarm.tasks[1].status.timestamp);
    }

    #[test]
    fn a_task_belongs_to_the_longest_name_that_it_may_mean() {
        let other = SERVICE.replace("s1", "s2").replace("fax", "fax.old");
        let row = ROW.replace("fax.1", "fax.old.1");
        let (swarm, _) = saved(&format!("{SERVICE}{other}{row}{ROW}"));
        let of: Vec<&str> = swarm
            .tasks
            .iter()
            .map(|task| task.service_id.as_str())
            .collect();
        assert_eq!(of, ["s2", "s1"]);
    }

    #[test]
    fn what_is_none_of_them_costs_itself() {
        for (text, said) in [
            ("{}", "an object is no node"),
            ("ID  NAME\n", "this is no JSON"),
            ("[1, 2]", "an object is no node"),
            (
                r#"{"Spec": {"TaskTemplate": 5}}"#,
                "a service cannot be read: invalid type",
            ),
        ] {
            let (swarm, complaints) = saved(&format!("{NODE}{text}"));
            assert_eq!(swarm.nodes.len(), 1, "{text}");
            assert!(complaints[0].contains(said), "{text}: {complaints:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_ends(text in "(\\{|\\}|\\[|\\]|\"|:|,|ID|Spec|TaskTemplate|Name|Status|State|1| |\n){0,60}") {
            saved(&text);
        }
    }
}
