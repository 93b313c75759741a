//! A glance at the tasks of services that may be failing. Managers make no event of a task, and to read the
//! whole Swarm every second would cost too much.
//!
//! Tried with dockerd 20.10.24, of whose events a test beside the watch's makes sure: of a service whose tasks
//! fail its manager tells events of the service and nothing else. The failing containers are told by the engines
//! that run them, each its own, with `local` as their scope.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use winfit_docker::DockerError;
use winfit_docker::model::{Service, Task};
use winfit_docker::swarm::{Swarm, stuck, tasks_of};

use super::Watch;
use super::memory::Memory;

/// The shortest pause between two glances.
const PAUSE: Duration = Duration::from_secs(1);

/// A pause is at least so many times as long as what it follows: of a Swarm's time glances take no more
/// than a tenth, however many tasks its services have.
const REST: u32 = 9;

/// How long a service that came or changed is looked at.
const LATELY: Duration = Duration::from_mins(2);

/// So many services are looked at, those that changed last before all others.
const MOST: usize = 64;

/// Services that may be failing.
#[derive(Debug, Default)]
pub(super) struct Suspects {
    /// When services came or changed, by their ids.
    changed: BTreeMap<String, Instant>,
    /// When a task of theirs last said what is wrong, by their ids; empty: none did.
    said: BTreeMap<String, String>,
    /// How long the last glance took.
    took: Duration,
}

impl Suspects {
    /// Notes that a service came or changed.
    pub(super) fn note_change(&mut self, id: &str, now: Instant) {
        self.changed.insert(id.to_owned(), now);
    }

    /// Chooses anew, after the Swarm was read. Whoever is told as failing needs no further look.
    pub(super) fn choose(&mut self, swarm: &Swarm, told: &Memory, now: Instant) {
        self.changed
            .retain(|_, at| now.duration_since(*at) < LATELY);
        let is_told = |service: &Service| {
            let mut rules = stuck::RULES.iter();
            rules.any(|rule| told.tells(rule.name, "service", &service.spec.name))
        };
        let services = swarm.services.iter();
        let mut chosen: Vec<&Service> = services
            .filter(|service| self.changed.contains_key(&service.id) || is_short(service))
            .filter(|service| !is_told(service))
            .collect();
        chosen.sort_by_key(|service| Reverse(self.changed.get(&service.id)));
        chosen.truncate(MOST);
        let chosen = chosen.into_iter();
        self.said = chosen
            .map(|service| (service.id.clone(), String::new()))
            .collect();
        take_in(&mut self.said, &swarm.tasks);
    }

    /// Nobody is looked at until the Swarm was read again.
    pub(super) fn clear(&mut self) {
        self.said.clear();
    }

    /// How long to wait until the next glance; none: there is nothing to look at.
    pub(super) fn pause(&self) -> Option<Duration> {
        (!self.said.is_empty()).then(|| PAUSE.max(self.took * REST))
    }
}

impl Watch<'_> {
    /// Whether a task of a suspect has said something new.
    pub(super) async fn glance(&mut self) -> bool {
        let ids: Vec<&str> = self.suspects.said.keys().map(String::as_str).collect();
        let began = Instant::now();
        let tasks: Result<Vec<Task>, DockerError> = tasks_of(&self.engine, &ids).await;
        self.suspects.took = began.elapsed();
        // What is wrong with the manager the next reading tells.
        let Ok(tasks) = tasks else {
            self.suspects.clear();
            return false;
        };
        let before = self.suspects.said.clone();
        take_in(&mut self.suspects.said, &tasks);
        self.suspects.said != before
    }
}

/// Takes in when tasks last said what is wrong.
fn take_in(said: &mut BTreeMap<String, String>, tasks: &[Task]) {
    for task in tasks {
        if !task.status.err.is_empty()
            && let Some(last) = said.get_mut(&task.service_id)
            && *last < task.status.timestamp
        {
            last.clone_from(&task.status.timestamp);
        }
    }
}

/// Whether fewer tasks run than should.
fn is_short(service: &Service) -> bool {
    service
        .service_status
        .is_some_and(|status| status.running_tasks + status.completed_tasks < status.desired_tasks)
}
