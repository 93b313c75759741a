//! A round: the Swarm is read once, and what follows from it is told and written.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use winfit_docker::DockerError;
use winfit_docker::model::{Info, Service, Version};
use winfit_docker::swarm::fleet::{Told, fleet, give, name_of};
use winfit_docker::swarm::mark::mark;
use winfit_docker::swarm::{Swarm, is_manager, label, nodes};

use super::Watch;
use super::log::{Level, Line};
use super::memory::TAKEOVER;
use super::serve::Metrics;
use crate::engines::patience;

/// How long the engine of a node may take to tell its Windows: labels of others wait for it.
const NODE_PATIENCE: Duration = Duration::from_secs(2);

/// How long a node may be away until that counts.
const AWAY: Duration = Duration::from_mins(1);

/// How a round ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Round {
    Done,
    /// The end was asked for meanwhile.
    Stopped,
}

impl Watch<'_> {
    /// Reads the Swarm, labels nodes, tells what is new, and constrains new services. `is_due`: nothing has
    /// happened, only time has passed.
    pub(super) async fn round(&mut self, is_due: bool) -> Result<Round, DockerError> {
        let stop = self.stop.clone();
        let engine = self.engine.clone();
        self.failed = false;
        let Some(read) = stop
            .unless(async {
                let info = is_manager(&engine).await?;
                Ok((info, Swarm::read_nodes(&engine).await?))
            })
            .await
        else {
            return Ok(Round::Stopped);
        };
        let (info, mut swarm) = read?;
        if !self.began && !self.arguments.once {
            self.say_what_it_does();
        }
        self.recall(&info)?;
        let leads = self.leads(&info, &swarm);
        match stop.unless(self.ask_nodes(&swarm, is_due)).await {
            None => return Ok(Round::Stopped),
            Some(asked) => asked?,
        }
        let now = Instant::now();
        self.bear_with(&mut swarm, now);
        let told = self.all_told(&swarm);
        let mut states = self.label(&mut swarm, &told, leads).await;
        if stop.is_set() {
            return Ok(Round::Stopped);
        }
        match stop.unless(swarm.read_work(&engine)).await {
            None => return Ok(Round::Stopped),
            Some(read) => read?,
        }
        let mut fleet = fleet(self.catalog, &swarm, &self.names, &told);
        for service in &mut fleet.workloads {
            give(service, &self.given);
        }
        let unheard = self.note_changes(&swarm.services, now);
        let mut mended = Vec::new();
        if self.arguments.enforce && leads {
            let mut settled = fleet.clone();
            let changes = label::plan(self.catalog, &swarm, &self.names, &told);
            label::unsettle(&mut settled, &changes);
            states.extend(self.constrain(&swarm, &settled, &mut mended).await);
        }
        states.extend(self.findings(&swarm, &fleet, &mended));
        for line in self.memory.take_in(now, states, &unheard, leads) {
            self.say(&line);
        }
        if leads {
            self.suspects.choose(&swarm, &self.memory, now);
        } else {
            self.suspects.clear();
        }
        Metrics::set(&self.metrics.nodes, swarm.nodes.len());
        Metrics::set(&self.metrics.services, swarm.services.len());
        self.services = swarm.services;
        self.began = true;
        self.missed &= !self.listening;
        self.keep(&info.swarm.cluster.id, now);
        self.metrics.read_now();
        Ok(if stop.is_set() {
            Round::Stopped
        } else {
            Round::Done
        })
    }

    /// Whether telling and writing is this one's. Of several managers the leader's watch does it, so that
    /// nothing is done thrice; who asks for one round wants it done.
    fn leads(&mut self, info: &Info, swarm: &Swarm) -> bool {
        let is_leader = |node: &&winfit_docker::model::Node| {
            let status = node.manager_status.as_ref();
            status.is_some_and(|status| status.leader)
        };
        let leader = swarm.nodes.iter().find(is_leader);
        let leads =
            self.arguments.once || leader.is_some_and(|leader| leader.id == info.swarm.node_id);
        if self.leads != Some(leads) {
            let line = match leader {
                _ if leads && self.leads.is_some() => Some(Line::new(
                    Level::Info,
                    "leads",
                    "this manager leads now: what is found is told and written here",
                )),
                _ if leads => None,
                Some(leader) => Some(Line::new(
                    Level::Info,
                    "follows",
                    format!(
                        "{} leads: what is found is told and written by its watch",
                        name_of(leader)
                    ),
                )),
                None => Some(Line::new(
                    Level::Info,
                    "follows",
                    "no manager leads just now: nothing is told or written until one does",
                )),
            };
            if let Some(line) = line {
                self.say(&line);
            }
        }
        self.leads = Some(leads);
        self.metrics.leads.store(leads.into(), Ordering::Relaxed);
        leads
    }

    /// Asks the engines of nodes that have not told their Windows yet. Those that said nothing are asked
    /// again when time has passed, not at every change.
    async fn ask_nodes(&mut self, swarm: &Swarm, is_due: bool) -> Result<(), DockerError> {
        let Some(template) = &self.arguments.endpoint_template else {
            return Ok(());
        };
        // A node that was away may come back with another Windows or isolation, however short that was: when
        // it calls again the managers note it.
        let nodes = swarm.nodes_by_id();
        self.asked.retain(|id, version| {
            let node = nodes.get(id.as_str());
            node.is_some_and(|node| node.status.state == "ready" && node.version == *version)
        });
        self.answers.retain(|id, _| self.asked.contains_key(id));
        let unknown = Swarm {
            nodes: swarm
                .nodes
                .iter()
                .filter(|node| node.status.state == "ready" && !self.answers.contains_key(&node.id))
                .filter(|node| {
                    let name = name_of(node);
                    !self.told.contains_key(name)
                        && !self.told.contains_key(&node.id)
                        && (is_due || !self.asked.contains_key(&node.id))
                })
                .cloned()
                .collect(),
            ..Swarm::default()
        };
        let asked: Vec<&str> = unknown.nodes.iter().map(name_of).collect();
        let patience = patience(&self.arguments.engine).min(NODE_PATIENCE);
        let answers = nodes::ask(self.catalog, &unknown, self.settings, template, patience).await?;
        self.silent.retain(|name, _| {
            let mut nodes = swarm.nodes.iter();
            !asked.contains(&name.as_str()) && nodes.any(|node| name_of(node) == name)
        });
        self.silent.extend(answers.silent);
        self.answers.extend(answers.told);
        let asked = unknown.nodes.iter();
        let asked = asked.map(|node| (node.id.clone(), node.version));
        self.asked.extend(asked);
        Ok(())
    }

    /// Nodes that are away for a moment count as ready: whenever a manager begins to lead, it knows of no
    /// node until that has called, and nothing is wrong.
    fn bear_with(&mut self, swarm: &mut Swarm, now: Instant) {
        let mut ready = BTreeMap::new();
        for node in &mut swarm.nodes {
            let state = &mut node.status.state;
            if state == "ready" {
                ready.insert(node.id.clone(), now);
            } else if let Some(last) = self.ready.get(&node.id)
                && now.duration_since(*last) < AWAY
            {
                ready.insert(node.id.clone(), *last);
                "ready".clone_into(state);
            }
        }
        self.ready = ready;
    }

    /// What is known of nodes beside the Swarm; what the user says goes first.
    fn all_told(&self, swarm: &Swarm) -> Arc<Told> {
        let mut told = self.told.clone();
        for (id, host) in &self.answers {
            let node = swarm.nodes.iter().find(|node| node.id == *id);
            let given = node.is_some_and(|node| self.told.contains_key(name_of(node)));
            if !given {
                told.entry(id.clone()).or_insert_with(|| host.clone());
            }
        }
        Arc::new(told)
    }

    /// Notes which services came or changed. Those that were there when the first watch began are not among
    /// them. Gives back what changed while nobody looked.
    fn note_changes(&mut self, services: &[Service], now: Instant) -> BTreeSet<String> {
        // Of what else was changed only the version tells. A look at tasks that are well does no harm.
        let versions = self.services.iter();
        let versions: BTreeMap<&str, Version> = versions
            .map(|service| (service.id.as_str(), service.version))
            .collect();
        for service in services {
            let version = versions.get(service.id.as_str());
            if version.is_some_and(|version| *version != service.version) {
                self.suspects.note_change(&service.id, now);
            }
        }
        let marks: BTreeMap<String, u64> = services
            .iter()
            .map(|service| (service.id.clone(), mark(service)))
            .collect();
        let before = self.marks.take();
        let is_changed = |(id, mark): &(&String, &u64)| {
            let before = before.as_ref();
            before.is_some_and(|before| before.get(*id) != Some(*mark))
        };
        let changed: BTreeSet<String> = marks
            .iter()
            .filter(is_changed)
            .map(|(id, _)| id.clone())
            .collect();
        for id in &changed {
            self.suspects.note_change(id, now);
        }
        if self.arguments.enforce {
            let all = marks.keys().filter(|_| self.arguments.once);
            for id in changed.iter().chain(all) {
                self.pending.entry(id.clone()).or_insert(now);
            }
        }
        self.pending.retain(|id, since| {
            marks.contains_key(id) && (self.leads == Some(true) || since.elapsed() <= TAKEOVER)
        });
        self.marks = Some(marks);
        if self.missed {
            changed
        } else {
            BTreeSet::new()
        }
    }
}
