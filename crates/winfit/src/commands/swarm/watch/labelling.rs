//! Labels for nodes: which are missing, and writing them.

use std::sync::Arc;

use tokio::task::JoinSet;
use winfit_docker::swarm::fleet::{Told, fleet};
use winfit_docker::swarm::label::{self, NodeChange};
use winfit_docker::swarm::{Swarm, services};

use super::Watch;
use super::log::{Level, Line};
use super::memory::State;
use super::serve::Metrics;
use super::telling::state;

/// So many nodes are given their labels at a time.
const AT_A_TIME: usize = 8;

impl Watch<'_> {
    /// Gives nodes their labels, or says which they would get; the nodes then have them here as well.
    pub(super) async fn label(
        &mut self,
        swarm: &mut Swarm,
        told: &Arc<Told>,
        leads: bool,
    ) -> Vec<State> {
        let changes = label::plan(self.catalog, swarm, &self.names, told);
        let mut states: Vec<State> = self
            .silent
            .iter()
            .map(|(name, reason)| {
                let line = Line::new(Level::Warning, "silent", reason).about("node", name);
                state(&["silent", name, reason], line)
            })
            .collect();
        for change in &changes {
            if let Some(open) = &change.open {
                let open = open.to_string();
                let line = Line::new(Level::Warning, "open", &open).about("node", &change.name);
                states.push(state(&["open", &change.id, &open], line));
            }
        }
        let changes: Vec<NodeChange> = changes.into_iter().filter(NodeChange::is_change).collect();
        if !self.arguments.label {
            states.extend(changes.iter().map(|change| {
                let words = in_words(change);
                let line = Line::new(
                    Level::Info,
                    "labels",
                    format!("it would get {words}; --label writes them"),
                );
                state(
                    &["labels", &change.id, &words],
                    line.about("node", &change.name),
                )
            }));
            return states;
        }
        if !leads || changes.is_empty() {
            return states;
        }
        self.say_displaced(swarm, told, &changes).await;
        for some in changes.chunks(AT_A_TIME) {
            if self.stop.is_set() {
                break;
            }
            let mut writes = JoinSet::new();
            for change in some.iter().cloned() {
                let (engine, catalog) = (self.engine.clone(), self.catalog);
                let (names, told) = (Arc::clone(&self.names), Arc::clone(told));
                writes.spawn(async move {
                    let now = label::apply(&engine, catalog, &names, &told, &change.id).await;
                    (change, now)
                });
            }
            let mut open: Vec<&NodeChange> = some.iter().collect();
            loop {
                let Some(written) = self.finish(writes.join_next()).await else {
                    for change in open {
                        self.given_up("node", &change.name, "labels");
                    }
                    return states;
                };
                let (change, now) = match written {
                    None => break,
                    Some(Err(_)) => continue,
                    Some(Ok(done)) => done,
                };
                open.retain(|other| other.id != change.id);
                match now {
                    Ok(labels) => {
                        Metrics::add(&self.metrics.labelled);
                        let line = Line::new(
                            Level::Info,
                            "labels",
                            format!("it has {} now", in_words(&change)),
                        );
                        self.say(&line.about("node", &change.name));
                        let mut nodes = swarm.nodes.iter_mut();
                        if let Some(node) = nodes.find(|node| node.id == change.id) {
                            node.spec.labels = labels;
                        }
                    }
                    Err(error) => states.extend(self.not_written("node", &change.name, &error)),
                }
            }
        }
        states
    }

    /// Says which services lose nodes by labels that are about to be written.
    async fn say_displaced(&mut self, swarm: &Swarm, told: &Told, changes: &[NodeChange]) {
        if !self.began {
            // Labels do not wait for what cannot be read: the round then fails by itself.
            let read = services(&self.engine);
            self.services = self
                .stop
                .unless(read)
                .await
                .and_then(Result::ok)
                .unwrap_or_default();
        }
        if self.services.is_empty() {
            return;
        }
        let before = Swarm {
            nodes: swarm.nodes.clone(),
            services: self.services.clone(),
            tasks: Vec::new(),
        };
        // Both lists are in the order of the nodes.
        let mut fleet = fleet(self.catalog, &before, &self.names, told);
        fleet.hosts.retain(|host| {
            let mut changes = changes.iter();
            changes.any(|change| host.id.as_deref() == Some(change.id.as_str()))
        });
        for (service, node) in label::displaced(self.catalog, &fleet, changes) {
            let line = Line::new(
                Level::Warning,
                "displaced",
                format!(
                    "it may no longer use {node}, whose labels change; its tasks there end at once"
                ),
            );
            self.say(&line.about("service", &service));
        }
    }
}

/// `OS=windows, winfit.build=17763, no winfit.runs-ltsc2016`.
fn in_words(change: &NodeChange) -> String {
    let set = change.set.iter();
    let removed = change.remove.iter();
    let words: Vec<String> = set
        .map(|(name, value)| format!("{name}={value}"))
        .chain(removed.map(|name| format!("no {name}")))
        .collect();
    words.join(", ")
}
