//! Everything that a pod's status and its events say of why it does not run, with where it stands.

use std::collections::HashMap;

use crate::cluster::Cluster;
use crate::model::{ContainerState, Event, Pod};

/// A sentence about a pod, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said<'c> {
    /// The container, where it is about one.
    pub container: Option<&'c str>,
    /// The field of the pod, or the event's reason: `status.containerStatuses[web].state.waiting.message`.
    pub field: String,
    /// What it says.
    pub text: &'c str,
    /// How often, where it is counted.
    pub times: u32,
}

/// The events of pods, by namespace and name.
pub(super) type EventsOfPods<'c> = HashMap<(&'c str, &'c str), Vec<&'c Event>>;

/// Puts the events of each pod together.
pub(super) fn events_of_pods(cluster: &Cluster) -> EventsOfPods<'_> {
    let mut found = EventsOfPods::new();
    for event in &cluster.events {
        let about = &event.involved_object;
        if &*about.kind == "Pod" {
            let key = (&*about.namespace, &*about.name);
            found.entry(key).or_default().push(event);
        }
    }
    found
}

/// What a pod and these events of it say: its containers' states before, theirs now, then the pod as a
/// whole, then the events.
pub fn said<'c>(pod: &'c Pod, events: &[&'c Event]) -> Vec<Said<'c>> {
    let status = &pod.status;
    let lists = [
        ("initContainerStatuses", &status.init_container_statuses),
        ("containerStatuses", &status.container_statuses),
        (
            "ephemeralContainerStatuses",
            &status.ephemeral_container_statuses,
        ),
    ];
    let mut found = Vec::new();
    for (list, containers) in lists {
        for container in containers {
            let both = [
                ("state", &container.state),
                ("lastState", &container.last_state),
            ];
            for (name, state) in both {
                for (part, text) in messages(state) {
                    found.push(Said {
                        container: Some(&container.name),
                        field: format!("status.{list}[{}].{name}.{part}.message", container.name),
                        text,
                        times: 1,
                    });
                }
            }
        }
    }
    if !status.message.is_empty() {
        found.push(Said {
            container: None,
            field: "status.message".to_owned(),
            text: &status.message,
            times: 1,
        });
    }
    for event in events.iter().filter(|event| !event.message.is_empty()) {
        found.push(Said {
            container: container_in(&event.involved_object.field_path),
            field: format!("event {}", event.reason),
            text: &event.message,
            times: event.count.max(1),
        });
    }
    found
}

/// What a state says, and in which part of it.
fn messages(state: &ContainerState) -> impl Iterator<Item = (&'static str, &str)> {
    let waiting = state
        .waiting
        .as_ref()
        .map(|one| ("waiting", one.message.as_str()));
    let ended = state
        .terminated
        .as_ref()
        .map(|one| ("terminated", one.message.as_str()));
    let both = waiting.into_iter().chain(ended);
    both.filter(|(_, text)| !text.is_empty())
}

/// The container that an event is about: `spec.containers{web}`.
fn container_in(field_path: &str) -> Option<&str> {
    let (_, rest) = field_path.split_once('{')?;
    rest.strip_suffix('}').filter(|name| !name.is_empty())
}
