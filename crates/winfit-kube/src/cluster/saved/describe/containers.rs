//! The containers of a pod or of a pod template.

use std::sync::Arc;

use super::values::{key_value, number, stated};
use crate::model::{Container, ContainerState, ContainerStatus, Terminated, Waiting};

/// The containers of a list, and their states where the list has them.
#[derive(Default)]
pub(super) struct Containers {
    pub(super) list: Vec<Container>,
    pub(super) statuses: Vec<ContainerStatus>,
    /// How deep names stand.
    depth: Option<usize>,
    at: At,
}

/// Where in a container the lines are.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum At {
    /// Among its own fields.
    #[default]
    Fields,
    /// In its state.
    State,
    /// In its last state.
    LastState,
    /// In the message of either, which may have lines of its own.
    Message { is_last: bool },
    /// Behind all that decides: environment, mounts.
    Behind,
}

/// What stands behind the states of a container.
const BEHIND: [&str; 9] = [
    "Limits",
    "Requests",
    "Liveness",
    "Readiness",
    "Startup",
    "Environment Variables from",
    "Environment",
    "Mounts",
    "Devices",
];

impl Containers {
    /// A line of the section, without its indentation but with its depth, and the line behind it.
    pub(super) fn line(&mut self, line: &str, depth: usize, next: &str) {
        if self.begins(line, depth, next) {
            let name = line.trim().trim_end_matches(':');
            self.list.push(Container {
                name: name.to_owned(),
                ..Container::default()
            });
            self.at = At::Fields;
            return;
        }
        if self.at == At::Behind {
            return;
        }
        let is_message = matches!(self.at, At::Message { .. });
        match key_value(line) {
            Some((key, value)) if self.field(key, value) => {}
            _ if is_message => self.goes_on(line),
            _ => {}
        }
    }

    /// Whether a line is a container's name: its image or the container's id follows.
    fn begins(&mut self, line: &str, depth: usize, next: &str) -> bool {
        let follows = key_value(next).is_some_and(|(key, value)| {
            key == "Container ID" || (key == "Image" && !value.is_empty())
        });
        let name = line.trim().strip_suffix(':');
        let is_name = name.is_some_and(|name| !name.contains([' ', ':']) && !name.is_empty());
        follows && is_name && *self.depth.get_or_insert(depth) == depth
    }

    /// A field of the container that was begun last; false: none that decides.
    fn field(&mut self, key: &str, value: &str) -> bool {
        let Some(container) = self.list.last_mut() else {
            return false;
        };
        let name: Arc<str> = container.name.as_str().into();
        if BEHIND.contains(&key) {
            self.at = At::Behind;
            return true;
        }
        match key {
            "Image" => {
                if container.image.is_empty() {
                    stated(value)
                        .unwrap_or_default()
                        .clone_into(&mut container.image);
                }
            }
            "Container ID" => {
                self.status(name);
            }
            "Image ID" => self.status(name).image_id = stated(value).unwrap_or_default().into(),
            "State" => {
                self.status(name).state = state(value);
                self.at = At::State;
            }
            "Last State" => {
                self.status(name).last_state = state(value);
                self.at = At::LastState;
            }
            "Ready" => {
                self.status(name).ready = value == "True";
                self.at = At::Fields;
            }
            "Restart Count" => {
                self.status(name).restart_count = number(value).unwrap_or_default();
            }
            "Reason" | "Message" | "Exit Code" | "Signal" | "Started" | "Finished" => {
                return self.of_state(key, value);
            }
            _ => return false,
        }
        true
    }

    /// The status of the container that was begun last.
    fn status(&mut self, name: Arc<str>) -> &mut ContainerStatus {
        if self.statuses.last().is_none_or(|last| last.name != name) {
            self.statuses.push(ContainerStatus {
                name,
                ..ContainerStatus::default()
            });
        }
        let last = self.statuses.len() - 1;
        &mut self.statuses[last]
    }

    /// A field of a state.
    fn of_state(&mut self, key: &str, value: &str) -> bool {
        let is_last = match self.at {
            At::State => false,
            At::LastState => true,
            At::Message { is_last } => is_last,
            At::Fields | At::Behind => return false,
        };
        self.at = match (key, is_last) {
            ("Message", _) => At::Message { is_last },
            (_, true) => At::LastState,
            (_, false) => At::State,
        };
        let Some(state) = self.state(is_last) else {
            return true;
        };
        if let Some(waiting) = &mut state.waiting {
            match key {
                "Reason" => value.clone_into(&mut waiting.reason),
                "Message" => value.clone_into(&mut waiting.message),
                _ => {}
            }
        }
        if let Some(ended) = &mut state.terminated {
            match key {
                "Reason" => value.clone_into(&mut ended.reason),
                "Message" => value.clone_into(&mut ended.message),
                "Exit Code" => ended.exit_code = value.parse().unwrap_or_default(),
                _ => {}
            }
        }
        true
    }

    fn state(&mut self, is_last: bool) -> Option<&mut ContainerState> {
        let status = self.statuses.last_mut()?;
        Some(if is_last {
            &mut status.last_state
        } else {
            &mut status.state
        })
    }

    /// A further line of a message.
    fn goes_on(&mut self, line: &str) {
        let At::Message { is_last } = self.at else {
            return;
        };
        let Some(state) = self.state(is_last) else {
            return;
        };
        let message = match (&mut state.waiting, &mut state.terminated) {
            (Some(waiting), _) => &mut waiting.message,
            (_, Some(ended)) => &mut ended.message,
            (None, None) => return,
        };
        message.push('\n');
        message.push_str(line.trim_end());
    }
}

fn state(value: &str) -> ContainerState {
    match value.split_whitespace().next() {
        Some("Waiting") => ContainerState {
            waiting: Some(Box::<Waiting>::default()),
            terminated: None,
        },
        Some("Terminated") => ContainerState {
            waiting: None,
            terminated: Some(Box::<Terminated>::default()),
        },
        _ => ContainerState::default(),
    }
}
