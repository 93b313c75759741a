//! `winfit swarm watch`: a Swarm is followed, and what changes is told, labelled and constrained.
//!
//! Events only say that something changed. What there is to tell and to write follows from the whole Swarm,
//! read anew each time: so nothing is missed, whatever happened while nobody listened.

mod enforcing;
mod follow;
mod glance;
mod keep;
mod labelling;
mod log;
mod memory;
mod round;
mod serve;
mod stop;
mod telling;

use std::collections::BTreeMap;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::sync::{Notify, mpsc};
use winfit_core::Catalog;
use winfit_core::finding::Severity;
use winfit_docker::model::{Service, Version};
use winfit_docker::swarm::fleet::{Given, LabelNames, Told};
use winfit_docker::{DockerError, Engine, Settings};

use self::follow::{PAUSES, Wake, follow};
use self::glance::Suspects;
use self::keep::Keeper;
use self::log::{Level, Line, Log};
use self::memory::Memory;
use self::round::Round;
use self::serve::Metrics;
use self::stop::Stop;
use super::{check, given, names, told};
use crate::cli::SwarmWatchArguments;
use crate::engines::{Engines, patience};
use crate::output::{Exit, Outcome, is_closed_pipe, nothing, usage};

/// Changes come in bursts: a node that joins is told several times within a moment.
const BURST: Duration = Duration::from_millis(50);

pub(super) fn run(arguments: &SwarmWatchArguments) -> Result<Outcome> {
    let catalog = crate::overlay::catalog();
    let names = names(&arguments.nodes);
    check(&names)?;
    let told = told(catalog, &arguments.nodes)?;
    let given = given(&arguments.images)?;
    let keeper = match &arguments.state {
        Some(path) => Some(Keeper::open(path)?),
        None => None,
    };
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
            asked: BTreeMap::new(),
            silent: BTreeMap::new(),
            given: Arc::new(given),
            ready: BTreeMap::new(),
            engine: engines.engine().clone(),
            settings: engines.settings(),
            log: Log(arguments.format),
            unwritten: None,
            metrics,
            stop,
            memory: Memory::default(),
            keeper,
            missed: false,
            began: false,
            services: Vec::new(),
            marks: None,
            pending: BTreeMap::new(),
            suspects: Suspects::default(),
            leads: None,
            trouble: None,
            listening: false,
            worst: None,
            failed: false,
            is_stopping: false,
            unfinished: false,
        };
        watch.run().await
    })
}

struct Watch<'a> {
    arguments: &'a SwarmWatchArguments,
    catalog: &'static Catalog,
    names: Arc<LabelNames>,
    /// What the user tells of nodes.
    told: Told,
    /// What nodes' own engines told, by the nodes' ids.
    answers: Told,
    /// The nodes whose engines were asked, each with its version then.
    asked: BTreeMap<String, Version>,
    /// Nodes whose engines said nothing, by their names, with the reasons.
    silent: BTreeMap<String, String>,
    given: Arc<Given>,
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
    /// Where what is known is kept for the next watch.
    keeper: Option<Keeper>,
    /// For a while nobody looked, or heard what changes.
    missed: bool,
    /// The Swarm was read.
    began: bool,
    /// The services as they were last read.
    services: Vec<Service>,
    /// What tells whether a service was changed, by the services' ids; none: the Swarm was not read yet.
    marks: Option<BTreeMap<String, u64>>,
    /// Services that came or changed, and whose constraints are not decided yet, each since when.
    pending: BTreeMap<String, Instant>,
    /// Services whose tasks may be failing.
    suspects: Suspects,
    leads: Option<bool>,
    /// Why the Swarm is not followed just now.
    trouble: Option<String>,
    /// Its events are heard.
    listening: bool,
    /// The heaviest finding of the last round.
    worst: Option<Severity>,
    /// In the last round something was not written.
    failed: bool,
    /// It was said that the end waits for a write.
    is_stopping: bool,
    /// Something was not written when the end came.
    unfinished: bool,
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
                Err(error) if !self.began => {
                    return Err(match error {
                        DockerError::Settings(reason) => usage(reason),
                        other => nothing(other.to_string()),
                    });
                }
                Err(error) => {
                    Metrics::add(&self.metrics.failed_rounds);
                    self.suspects.clear();
                    self.missed = true;
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
        let exit = if self.unfinished || self.arguments.once && counts {
            Exit::Findings
        } else {
            Exit::Fits
        };
        Ok(Outcome::new(String::new(), exit))
    }

    /// Waits for something that changed or a task that failed, no longer than this. Whether only time has
    /// passed; none: the end was asked for.
    async fn woken(
        &mut self,
        wakes: &mut mpsc::UnboundedReceiver<Wake>,
        wait: Duration,
    ) -> Option<bool> {
        let end = Instant::now() + wait;
        loop {
            let pause = self.suspects.pause();
            let next = pause.map_or(end, |pause| end.min(Instant::now() + pause));
            let wake = tokio::time::timeout_at(next.into(), wakes.recv());
            let Ok(wake) = self.stop.unless(wake).await? else {
                let stop = self.stop.clone();
                if next == end {
                    return Some(true);
                }
                if stop.unless(self.glance()).await? {
                    return Some(false);
                }
                continue;
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
                self.missed = true;
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

    /// Waits for a write, and says so where the end was asked for meanwhile. None: the end was asked for again,
    /// and the write is given up.
    async fn finish<T>(&mut self, write: impl Future<Output = T>) -> Option<T> {
        let mut write = pin!(write);
        let stop = self.stop.clone();
        if let Some(done) = stop.unless(write.as_mut()).await {
            return Some(done);
        }
        if !self.is_stopping {
            self.is_stopping = true;
            self.say(&Line::new(
                Level::Info,
                "stopping",
                "what is being written is finished first; asked again, the watch ends at once",
            ));
        }
        stop.unless_at_once(write).await
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
}
