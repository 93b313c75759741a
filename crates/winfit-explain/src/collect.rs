//! One diagnosis for one failure of one thing, however often and in how many places it is said.

use std::collections::HashMap;

use crate::diagnosis::{
    Diagnosis, DiagnosisKind, Location, MOST_DIAGNOSES, MOST_LINES, Subject, SubjectKind,
};
use crate::facts::{Facts, Form};
use crate::signatures::Signal;
use crate::swarm::ZERO_REPLICAS;

/// A message, with what it is about.
#[derive(Debug)]
pub(crate) struct Occurrence {
    pub(crate) signal: Signal,
    pub(crate) facts: Facts,
    pub(crate) location: Location,
    /// Where it lies in the stream.
    pub(crate) start: u64,
    pub(crate) end: u64,
    /// It elaborates on the message before.
    pub(crate) continues: bool,
}

struct Entry {
    diagnosis: Diagnosis,
    /// The sum of the events' own counts.
    events: u64,
    /// Lines that each say it once.
    lines: u64,
    /// Swarm tasks, by the start of their ids.
    tasks: Vec<String>,
    end: u64,
    last_line: u64,
}

/// The diagnoses so far.
#[derive(Default)]
pub(crate) struct Collector {
    entries: Vec<Entry>,
    /// The entries about a thing, by the thing.
    about: HashMap<String, Vec<usize>>,
    dropped: u64,
}

/// Two messages of one failure on one line are at most this far apart.
const ECHO: u64 = 200;
/// How many failures of one thing are compared; more would let hostile text cost time.
const MOST_ALIKE: usize = 64;
/// How many tasks are told apart.
const MOST_TASKS: usize = 10_000;

impl Collector {
    pub(crate) fn add(&mut self, occurrence: Occurrence) {
        let key = key_of(&occurrence);
        let known = self.about.get(&key).and_then(|entries| {
            let same = |index: &&usize| self.entries[**index].is_about(&occurrence);
            entries.iter().rev().take(MOST_ALIKE).find(same).copied()
        });
        if let Some(index) = known {
            self.entries[index].merge(occurrence);
        } else if self.entries.len() >= MOST_DIAGNOSES {
            self.dropped += 1;
        } else {
            self.about.entry(key).or_default().push(self.entries.len());
            self.entries.push(Entry::new(occurrence));
        }
    }

    pub(crate) fn finish(self) -> (Vec<Diagnosis>, u64) {
        let mut diagnoses: Vec<Diagnosis> = self.entries.into_iter().map(Entry::finish).collect();
        diagnoses.sort_by_key(|diagnosis| diagnosis.location.offset);
        (diagnoses, self.dropped)
    }
}

/// What an occurrence is about, as far as it identifies a failure.
fn key_of(occurrence: &Occurrence) -> String {
    let facts = &occurrence.facts;
    let signal = &occurrence.signal;
    match (facts.kind, &facts.name, &facts.container_id) {
        (Some(SubjectKind::Service), Some(name), _) => format!("service {name}"),
        (Some(SubjectKind::Pod), Some(name), _) => format!("pod {name}"),
        (_, _, Some(id)) => format!("id {}", &id[..id.len().min(12)]),
        (_, Some(name), _) => format!("container {name}"),
        _ => format!(
            "{} {:?} {:?} {:?} {:?}",
            signal.kind.name(),
            facts.image,
            signal.code,
            signal.image_version,
            signal.host_version
        ),
    }
}

/// Whether two facts may be the same: one is not stated, or both say the same.
fn agree<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    }
}

fn fill<T>(slot: &mut Option<T>, value: Option<T>) {
    if slot.is_none() {
        *slot = value;
    }
}

impl Entry {
    fn new(occurrence: Occurrence) -> Self {
        let Occurrence {
            signal,
            facts,
            location,
            end,
            ..
        } = occurrence;
        let mut entry = Self {
            events: 0,
            lines: 0,
            tasks: Vec::new(),
            end,
            last_line: location.line,
            diagnosis: Diagnosis {
                kind: signal.kind,
                code: signal.code,
                host_version: signal.host_version,
                image_version: signal.image_version,
                image_os: signal.image_os,
                wanted_os: signal.wanted_os,
                image: facts.image,
                subject: Subject {
                    kind: facts.kind,
                    namespace: facts.namespace,
                    name: facts.name,
                    node: facts.node,
                    container: facts.container,
                },
                task: facts.task,
                container_id: facts.container_id,
                layer_ids: facts.layer_ids,
                volume_path: facts.volume_path,
                hyperv_isolated: facts.hyperv_isolated,
                node_selectors: facts.node_selectors,
                replicas: facts.replicas,
                location,
                also_at: Vec::new(),
                count: 1,
                confidence: signal.confidence,
                severity: signal.severity,
                signature: signal.signature,
                truncated: signal.truncated,
                has_windows: false,
            },
        };
        entry.count(facts.form, facts.task_id);
        entry
    }

    fn count(&mut self, form: Form, task: Option<String>) {
        match form {
            Form::Line => self.lines += 1,
            Form::Event(count) => self.events += count,
            Form::Task => {
                if let Some(task) = task
                    && self.tasks.len() < MOST_TASKS
                    && !self.tasks.contains(&task)
                {
                    self.tasks.push(task);
                }
            }
            // They say that it happened; the events say how often.
            Form::Status | Form::Service => {}
        }
    }

    fn is_about(&self, occurrence: &Occurrence) -> bool {
        let own = &self.diagnosis;
        let (signal, facts) = (&occurrence.signal, &occurrence.facts);
        // A list that says only "0 of 1" belongs to whatever else is known of the service.
        let vague = own.signature == ZERO_REPLICAS || signal.signature == ZERO_REPLICAS;
        // A guess from a shortened error gives way to the whole error.
        let guess = own.kind == DiagnosisKind::StartMismatch && (own.truncated || signal.truncated);
        (own.kind == signal.kind || vague || guess)
            && (vague
                || guess
                || agree(own.code.as_ref(), signal.code.as_ref())
                || same_code(own.code, signal.code))
            && agree(own.subject.namespace.as_ref(), facts.namespace.as_ref())
            && agree(own.subject.container.as_ref(), facts.container.as_ref())
            && agree(own.image_version.as_ref(), signal.image_version.as_ref())
            && self.may_be(facts)
    }

    /// Pods and services start a new container each time; otherwise the id tells things apart,
    /// be it shortened.
    fn may_be(&self, facts: &Facts) -> bool {
        let lasting = matches!(facts.kind, Some(SubjectKind::Pod | SubjectKind::Service));
        match (&self.diagnosis.container_id, &facts.container_id) {
            (Some(own), Some(other)) if !lasting => {
                own.starts_with(other.as_str()) || other.starts_with(own.as_str())
            }
            _ => true,
        }
    }

    fn merge(&mut self, occurrence: Occurrence) {
        let Occurrence {
            signal,
            facts,
            location,
            start,
            end,
            continues,
        } = occurrence;
        let echo =
            continues || (location.line == self.last_line && start.saturating_sub(self.end) < ECHO);
        if !echo || facts.form != Form::Line {
            self.count(facts.form, facts.task_id);
        }
        self.end = end;
        self.last_line = location.line;
        let own = &mut self.diagnosis;
        if signal.confidence > own.confidence || own.signature == ZERO_REPLICAS {
            own.kind = signal.kind;
            own.signature = signal.signature;
            own.confidence = signal.confidence;
            own.severity = signal.severity;
            own.truncated = signal.truncated;
            // The surer text names the image with its digest.
            if facts.image.is_some() {
                own.image.clone_from(&facts.image);
            }
        }
        fill(&mut own.code, signal.code);
        fill(&mut own.host_version, signal.host_version);
        fill(&mut own.image_version, signal.image_version);
        fill(&mut own.image_os, signal.image_os);
        fill(&mut own.wanted_os, signal.wanted_os);
        fill(&mut own.image, facts.image);
        fill(&mut own.subject.kind, facts.kind);
        fill(&mut own.subject.namespace, facts.namespace);
        fill(&mut own.subject.name, facts.name);
        fill(&mut own.subject.node, facts.node);
        fill(&mut own.subject.container, facts.container);
        fill(&mut own.task, facts.task);
        fill(&mut own.container_id, facts.container_id);
        fill(&mut own.volume_path, facts.volume_path);
        fill(&mut own.hyperv_isolated, facts.hyperv_isolated);
        fill(&mut own.replicas, facts.replicas);
        if own.layer_ids.is_empty() {
            own.layer_ids = facts.layer_ids;
        }
        if own.node_selectors.is_empty() {
            own.node_selectors = facts.node_selectors;
        }
        let line = location.line;
        if line != own.location.line
            && own.also_at.len() < MOST_LINES
            && own.also_at.last() != Some(&line)
        {
            own.also_at.push(line);
        }
    }

    fn finish(self) -> Diagnosis {
        let mut diagnosis = self.diagnosis;
        let tasks = self.tasks.len() as u64;
        diagnosis.count = (self.events + self.lines + tasks).max(1);
        diagnosis
    }
}

/// The two families of one code.
fn same_code(one: Option<u32>, other: Option<u32>) -> bool {
    let low = |code: u32| (crate::codes::row_of(code).is_some()).then_some(code & 0xff);
    match (one.and_then(low), other.and_then(low)) {
        (Some(one), Some(other)) => one == other,
        _ => false,
    }
}
