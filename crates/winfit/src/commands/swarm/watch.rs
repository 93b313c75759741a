//! `winfit swarm watch`: a Swarm is followed, and what changes is told, labelled and constrained.
//!
//! Events only say that something changed. What there is to tell and to write follows from the whole Swarm,
//! read anew each time: so nothing is missed, whatever happened while nobody listened.

mod follow;
mod log;
mod memory;
mod serve;
mod stop;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use winfit_core::Catalog;
use winfit_core::audit::{AuditOptions, audit};
use winfit_core::finding::{Finding, Severity};
use winfit_core::fleet::Fleet;
use winfit_docker::model::{Info, Service};
use winfit_docker::swarm::commands::for_live_services;
use winfit_docker::swarm::constrain::{self, Decision};
use winfit_docker::swarm::fleet::{Given, LabelNames, Told, fleet, give, name_of};
use winfit_docker::swarm::label::{self, NodeChange};
use winfit_docker::swarm::{Swarm, is_manager, nodes, stuck};
use winfit_docker::{DockerError, Engine, Settings};

use self::follow::{PAUSES, Wake, follow};
use self::log::{Level, Line, Log};
use self::memory::{Memory, State, TAKEOVER};
use self::serve::Metrics;
use self::stop::Stop;
use super::{check, given, names, told};
use crate::cli::SwarmWatchArguments;
use crate::commands::notes::Calendar;
use crate::engines::{Engines, patience};
use crate::output::{Exit, Outcome, is_closed_pipe, nothing, usage};

/// Changes come in bursts: a node that joins is told several times within a moment.
const BURST: Duration = Duration::from_millis(50);

/// So many nodes are given their labels at a time.
const AT_A_TIME: usize = 8;

/// How long the engine of a node may take to tell its Windows: labels of others wait for it.
const NODE_PATIENCE: Duration = Duration::from_secs(2);

pub(super) fn run(arguments: &SwarmWatchArguments) -> Result<Outcome> {
    let catalog = crate::overlay::catalog();
    let names = names(&arguments.nodes);
    check(&names)?;
    let told = told(catalog, &arguments.nodes)?;
    let given = given(&arguments.images)?;
    let engines = Engines::new(&arguments.engine)?;
    engines.block_on(async {
        let stop = Stop::of_signals()?;
        let metrics = Arc::new(Metrics::default());
        if let Some(address) = arguments.listen {
            let listener = serve::bind(address).await.map_err(|error| {
                usage(format!(
                    "--listen {address}: nothing can be served: {error}"
                ))
            })?;
            // One reading may be late, as one that waits for a slow manager is.
            let fresh = Duration::from_secs(arguments.every) * 2 + patience(&arguments.engine);
            tokio::spawn(serve::serve(listener, Arc::clone(&metrics), fresh));
        }
        let mut watch = Watch {
            arguments,
            catalog,
            names: Arc::new(names),
            told,
            answers: Told::new(),
            silent: BTreeMap::new(),
            given,
            ready: BTreeMap::new(),
            engine: engines.engine().clone(),
            settings: engines.settings(),
            log: Log(arguments.format),
            unwritten: None,
            metrics,
            stop,
            memory: Memory::default(),
            services: Vec::new(),
            versions: None,
            pending: BTreeMap::new(),
            leads: None,
            trouble: None,
            listening: false,
            worst: None,
            failed: false,
        };
        watch.run().await
    })
}

/// How long a node may be away until that counts.
const AWAY: Duration = Duration::from_mins(1);

/// How a round ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Round {
    Done,
    /// The end was asked for meanwhile.
    Stopped,
}

struct Watch<'a> {
    arguments: &'a SwarmWatchArguments,
    catalog: &'static Catalog,
    names: Arc<LabelNames>,
    /// What the user tells of nodes.
    told: Told,
    /// What nodes' own engines told, by the nodes' ids.
    answers: Told,
    /// Nodes whose engines said nothing, by their names, with the reasons.
    silent: BTreeMap<String, String>,
    given: Given,
    /// When nodes were last seen ready, by their ids.
    ready: BTreeMap<String, Instant>,
    engine: Engine,
    settings: &'a Settings,
    log: Log,
    /// Why the log can no longer be written.
    unwritten: Option<io::Error>,
    metrics: Arc<Metrics>,
    stop: Stop,
    memory: Memory,
    /// The services as they were last read.
    services: Vec<Service>,
    /// How often each service was changed, by its id; none: the Swarm was not read yet.
    versions: Option<BTreeMap<String, u64>>,
    /// Services that came or changed, and whose constraints are not decided yet, each since when.
    pending: BTreeMap<String, Instant>,
    leads: Option<bool>,
    /// Why the Swarm is not followed just now.
    trouble: Option<String>,
    /// Its events are heard.
    listening: bool,
    /// The heaviest finding of the last round.
    worst: Option<Severity>,
    /// In the last round something was not written.
    failed: bool,
}

impl Watch<'_> {
    async fn run(&mut self) -> Result<Outcome> {
        let (sender, mut wakes) = mpsc::unbounded_channel();
        let anew = Arc::new(Notify::new());
        if !self.arguments.once {
            tokio::spawn(follow(self.engine.clone(), sender, Arc::clone(&anew)));
            // What is read before somebody listens could change unheard.
            if let Some(Some(Wake::Listening)) = self.stop.unless(wakes.recv()).await {
                self.listening = true;
            }
        }
        let every = Duration::from_secs(self.arguments.every);
        let mut pause = PAUSES.0;
        let mut is_due = true;
        loop {
            let mut wait = every;
            if self.stop.is_set() {
                break;
            }
            let first = self.versions.is_none();
            match self.round(is_due).await {
                Ok(Round::Stopped) => break,
                Ok(Round::Done) => {
                    pause = PAUSES.0;
                    if self.arguments.once {
                        break;
                    }
                    self.is_well();
                    if self.failed {
                        wait = wait.min(PAUSES.1);
                    }
                }
                // A wrong address, or no Swarm: nobody would want to wait for that.
                Err(error) if first => {
                    return Err(match error {
                        DockerError::Settings(reason) => usage(reason),
                        other => nothing(other.to_string()),
                    });
                }
                Err(error) => {
                    Metrics::add(&self.metrics.failed_rounds);
                    let is_silent = matches!(
                        error,
                        DockerError::Unreachable { .. } | DockerError::Deadline { .. }
                    );
                    self.is_ill(error.to_string());
                    if is_silent && self.listening {
                        anew.notify_one();
                    }
                    wait = pause;
                    pause = (pause * 2).min(PAUSES.1);
                }
            }
            match self.woken(&mut wakes, wait).await {
                Some(due) => is_due = due,
                None => break,
            }
        }
        if !self.arguments.once {
            self.say(&Line::new(
                Level::Info,
                "stopped",
                "the watch ends, as it was asked to",
            ));
        }
        if let Some(error) = self.unwritten.take().filter(|error| !is_closed_pipe(error)) {
            return Err(nothing(format!("the log could not be written: {error}")));
        }
        let counts = self.failed || self.worst >= Some(Severity::Warning);
        let exit = if self.arguments.once && counts {
            Exit::Findings
        } else {
            Exit::Fits
        };
        Ok(Outcome::new(String::new(), exit))
    }

    /// Waits for something that changed, no longer than this. Whether only time has passed; none: the end
    /// was asked for.
    async fn woken(
        &mut self,
        wakes: &mut mpsc::UnboundedReceiver<Wake>,
        wait: Duration,
    ) -> Option<bool> {
        let end = tokio::time::Instant::now() + wait;
        loop {
            let wake = tokio::time::timeout_at(end, wakes.recv());
            let Ok(wake) = self.stop.unless(wake).await? else {
                return Some(true);
            };
            if !self.heard(wake?) {
                continue;
            }
            self.stop.unless(tokio::time::sleep(BURST)).await?;
            while let Ok(wake) = wakes.try_recv() {
                self.heard(wake);
            }
            return Some(false);
        }
    }

    /// Whether the Swarm is to be read.
    fn heard(&mut self, wake: Wake) -> bool {
        match wake {
            Wake::Changed => true,
            Wake::Listening => {
                Metrics::add(&self.metrics.reconnects);
                self.listening = true;
                true
            }
            Wake::Lost(reason) => {
                self.listening = false;
                self.is_ill(reason);
                false
            }
        }
    }

    fn is_ill(&mut self, reason: String) {
        if self.trouble.is_none() {
            self.say(&Line::new(
                Level::Warning,
                "lost",
                format!("{reason}; it is tried again until it answers"),
            ));
        }
        self.trouble = Some(reason);
    }

    fn say_what_it_does(&mut self) {
        let mut does = vec!["findings are told"];
        if self.arguments.label {
            does.push("labels are written");
        }
        if self.arguments.enforce {
            does.push("new and changed services are constrained");
        }
        let name = self.engine.name().to_owned();
        self.say(&Line::new(
            Level::Info,
            "watching",
            format!("the Swarm of {name} is followed: {}", does.join(", ")),
        ));
    }

    fn is_well(&mut self) {
        if self.listening && self.trouble.take().is_some() {
            self.say(&Line::new(
                Level::Info,
                "again",
                "the Swarm is followed again; what changed meanwhile is told",
            ));
        }
    }

    /// Writes a line of the log. Where nobody reads it any more, the watch ends.
    fn say(&mut self, line: &Line) {
        if self.unwritten.is_none()
            && let Err(error) = self.log.write(line)
        {
            self.unwritten = Some(error);
            self.stop.set();
        }
    }

    /// Reads the Swarm, labels nodes, tells what is new, and constrains new services. `is_due`: nothing has
    /// happened, only time has passed.
    async fn round(&mut self, is_due: bool) -> Result<Round, DockerError> {
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
        if self.versions.is_none() && !self.arguments.once {
            self.say_what_it_does();
        }
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
        self.note_changes(&swarm.services, now);
        let mut mended = Vec::new();
        if self.arguments.enforce && leads {
            let mut settled = fleet.clone();
            let changes = label::plan(self.catalog, &swarm, &self.names, &told);
            label::unsettle(&mut settled, &changes);
            states.extend(self.constrain(&swarm, &settled, &mut mended).await);
        }
        states.extend(self.findings(&swarm, &fleet, &mended));
        for line in self.memory.take_in(now, states, leads) {
            self.say(&line);
        }
        Metrics::set(&self.metrics.nodes, swarm.nodes.len());
        Metrics::set(&self.metrics.services, swarm.services.len());
        self.services = swarm.services;
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
        let is_ready = |id: &str| {
            swarm
                .nodes
                .iter()
                .any(|node| node.id == id && node.status.state == "ready")
        };
        // A node that was away may come back with another Windows.
        self.answers.retain(|id, _| is_ready(id));
        let unknown = Swarm {
            nodes: swarm
                .nodes
                .iter()
                .filter(|node| node.status.state == "ready" && !self.answers.contains_key(&node.id))
                .filter(|node| {
                    let name = name_of(node);
                    !self.told.contains_key(name)
                        && !self.told.contains_key(&node.id)
                        && (is_due || !self.silent.contains_key(name))
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

    /// Gives nodes their labels, or says which they would get; the nodes then have them here as well.
    async fn label(&mut self, swarm: &mut Swarm, told: &Arc<Told>, leads: bool) -> Vec<State> {
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
        self.say_displaced(swarm, told, &changes);
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
            // They are not given up where the end is asked for: each finishes.
            while let Some(written) = writes.join_next().await {
                let Ok((change, now)) = written else {
                    continue;
                };
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
                    Err(error) => states.push(self.not_written("node", &change.name, &error)),
                }
            }
        }
        states
    }

    /// Says which services lose nodes by labels that are about to be written.
    fn say_displaced(&mut self, swarm: &Swarm, told: &Told, changes: &[NodeChange]) {
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

    fn not_written(&mut self, kind: &str, name: &str, error: &DockerError) -> State {
        self.failed = true;
        Metrics::add(&self.metrics.failed_writes);
        let error = error.to_string();
        let line = Line::new(
            Level::Error,
            "not-written",
            format!("{error}; it is tried again"),
        );
        state(&["not-written", kind, name, &error], line.about(kind, name))
    }

    /// What is wrong, by the rules of `winfit swarm audit`. Services that were mended just now are left to
    /// the next round, which their change brings about.
    fn findings(&mut self, swarm: &Swarm, fleet: &Fleet, mended: &[String]) -> Vec<State> {
        let options = AuditOptions {
            today: Calendar::new(None, None).today,
            eol_within: self.arguments.eol_within,
        };
        let mut findings = audit(self.catalog, fleet, &options).findings;
        for_live_services(&mut findings);
        // A service whose tasks say nothing is one that only begins.
        let stuck = stuck::findings(swarm).into_iter();
        findings.extend(stuck.filter(|finding| !finding.notes.is_empty()));
        findings.retain(|finding| {
            finding.subject.kind != "service" || !mended.contains(&finding.subject.name)
        });
        let of = [Severity::Error, Severity::Warning, Severity::Info];
        for (gauge, severity) in self.metrics.findings.iter().zip(of) {
            let found = findings.iter();
            let count = found.filter(|finding| finding.severity == severity).count();
            Metrics::set(gauge, count);
        }
        self.worst = findings.iter().map(|finding| finding.severity).max();
        findings.iter().map(of_finding).collect()
    }

    /// Notes which services came or changed. Those that were there when the watch began are not among them.
    fn note_changes(&mut self, services: &[Service], now: Instant) {
        let all = services.iter();
        let versions: BTreeMap<String, u64> = all
            .map(|service| (service.id.clone(), service.version.index))
            .collect();
        let before = match self.versions.take() {
            Some(before) => before,
            None if self.arguments.once => BTreeMap::new(),
            None => versions.clone(),
        };
        for (id, version) in &versions {
            if before.get(id) != Some(version) {
                self.pending.entry(id.clone()).or_insert(now);
            }
        }
        self.pending.retain(|id, since| {
            versions.contains_key(id) && (self.leads == Some(true) || since.elapsed() <= TAKEOVER)
        });
        self.versions = Some(versions);
    }

    /// Keeps new and changed services off nodes where they cannot start.
    async fn constrain(
        &mut self,
        swarm: &Swarm,
        fleet: &Fleet,
        mended: &mut Vec<String>,
    ) -> Vec<State> {
        let mut states = Vec::new();
        let ids: Vec<String> = self.pending.keys().cloned().collect();
        for id in ids {
            if self.stop.is_set() {
                break;
            }
            let mut services = swarm.services.iter();
            let name = services.find(|service| service.id == id);
            let name = name.map_or("", |service| service.spec.name.as_str());
            let mut workloads = fleet.workloads.iter();
            let workload = workloads.find(|workload| workload.subject.name == name);
            let decision = workload
                .map(|workload| constrain::decide(self.catalog, fleet, workload, &self.names));
            let line = match decision {
                Some(Decision::Constrain(found)) => {
                    let (engine, catalog) = (&self.engine, self.catalog);
                    let written =
                        constrain::apply(engine, catalog, fleet, &self.names, &self.given, &id);
                    match written.await {
                        Ok(_) => {
                            Metrics::add(&self.metrics.constrained);
                            mended.push(name.to_owned());
                            Some(Line::new(
                                Level::Info,
                                "constraints",
                                format!(
                                    "it has {} now, which keeps it off {}, where it cannot start; it runs on {}",
                                    found.add.join(", "),
                                    found.off.join(", "),
                                    found.on.join(", ")
                                ),
                            ))
                        }
                        Err(error) => {
                            states.push(self.not_written("service", name, &error));
                            continue;
                        }
                    }
                }
                Some(Decision::NoNode { .. }) => Some(Line::new(
                    Level::Warning,
                    "unconstrained",
                    "no node that it may use runs it; a constraint would leave it without any",
                )),
                Some(Decision::NotTold) => Some(Line::new(
                    Level::Warning,
                    "unconstrained",
                    "no label or name tells the nodes that run it from those that do not",
                )),
                _ => None,
            };
            self.pending.remove(&id);
            if let Some(line) = line {
                self.say(&line.about("service", name));
            }
        }
        states
    }
}

/// A finding as something that is so. Of a service that does not run, the same words would be others after
/// each task that fails.
fn of_finding(finding: &Finding) -> State {
    let restless = stuck::RULES.iter().any(|rule| rule.name == finding.rule);
    let subject = finding.subject.in_words();
    let line = Line::of_finding(finding);
    let message = match finding.message.split_once(", in ") {
        _ if restless => "",
        // How many days are left is another number every day.
        Some((message, days)) if days.ends_with(" days") => message,
        _ => &finding.message,
    };
    State {
        restless,
        ..state(&["finding", finding.rule, &subject, message], line)
    }
}

fn state(key: &[&str], line: Line) -> State {
    State {
        key: key.join("\n"),
        restless: false,
        line,
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
