//! Pasted text with one host or many: the outputs of `ver`, `reg query`, `systeminfo`, `kubectl`,
//! `docker` and the rest, one after another or alone.
//!
//! Each line goes to the first reader that knows it: a row of a table, a field, running text. Fields
//! gather in a draft until one comes a second time or another tool's output begins.

use std::collections::{HashMap, HashSet};

use crate::catalog::Catalog;

use super::draft::{Draft, Outcome, Shape};
use super::lines;
use super::read::{self, HostReading, ReadHost, Source, Unread, quote};
use super::tables::{self, Row};
use super::text::EXAMPLES;

/// What cannot be read is quoted this often; a text of nothing else has said enough by then.
const MOST_UNREAD: usize = 1000;

/// Which part of an output the next fields belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Any,
    /// Docker's client, whose versions are not the host's.
    Client,
    Server,
    /// A component of the server: containerd, runc.
    Component,
    /// A Kubernetes object in YAML.
    Yaml,
}

pub(super) struct Session<'c> {
    pub(super) catalog: &'c Catalog,
    pub(super) reading: HostReading,
    /// What is unread only if nothing else was read.
    pub(super) doubtful: Vec<Unread>,
    pub(super) open: Option<Draft<'c>>,
    pub(super) part: Part,
    /// YAML: the next `name:` is the object's.
    pub(super) metadata: bool,
    /// The value of the line before, where it may be the computer's name.
    pub(super) before: Option<String>,
    /// Names and line of rows that state no version.
    pub(super) bare: Vec<(String, usize)>,
    /// `Major Minor Build Revision` stood above.
    pub(super) version_columns: bool,
    /// The hosts so far, and what kind of words stated them.
    pub(super) hosts: Vec<(ReadHost, Source)>,
    /// Patch levels without a build.
    pub(super) orphans: Vec<(u32, String)>,
    /// The builds of each KB met so far.
    pub(super) builds_of_kb: HashMap<u32, Vec<u16>>,
}

impl<'c> Session<'c> {
    pub(super) fn new(catalog: &'c Catalog) -> Self {
        Self {
            catalog,
            reading: HostReading::default(),
            doubtful: Vec::new(),
            open: None,
            part: Part::Any,
            metadata: false,
            before: None,
            bare: Vec::new(),
            version_columns: false,
            hosts: Vec::new(),
            orphans: Vec::new(),
            builds_of_kb: HashMap::new(),
        }
    }

    pub(super) fn lines(&mut self, text: &str, first: usize) {
        for (at, line) in text.lines().enumerate() {
            for piece in lines::unflatten(line) {
                self.line(piece, first + at);
            }
        }
    }

    pub(super) fn line(&mut self, raw: &str, line: usize) {
        let text = raw.trim();
        if text.is_empty() {
            self.before = None;
            return;
        }
        let rows = tables::rows(self.catalog, text, line);
        if !rows.is_empty() {
            self.close();
            for row in rows {
                match row {
                    Row::Node(draft) => self.finish(*draft),
                    Row::Bare(name) => self.bare.push((name, line)),
                }
            }
            return;
        }
        if let Some(command) = lines::command(text) {
            // Several queries of one key are one host.
            if !command.starts_with("reg ") && !command.contains("Get-ItemProperty") {
                self.close();
            }
            return;
        }
        if self.registry_line(text, line) || self.docker_heading(raw, text, line) {
            return;
        }
        if self.label_line(text, line) {
            return;
        }
        let Some(pair) = lines::pair(text) else {
            self.before = None;
            self.running(text, line);
            return;
        };
        let taken = self.pair(raw, &pair, line);
        self.before =
            (!taken && pair.value.split_whitespace().count() == 1).then(|| pair.value.to_owned());
        if taken {
            return;
        }
        let structured = self
            .open
            .as_ref()
            .is_some_and(|draft| draft.other || draft.shape != Shape::Running);
        if !structured || text.contains("[Ver") {
            self.running(text, line);
        }
    }

    pub(super) fn close(&mut self) {
        if matches!(self.part, Part::Yaml) {
            self.part = Part::Any;
        }
        if let Some(draft) = self.open.take() {
            self.finish(draft);
        }
    }

    pub(super) fn finish(&mut self, draft: Draft<'c>) {
        let doubtful = draft.shape == Shape::Running;
        let source = Source {
            by_name: doubtful && draft.stated_build().is_none(),
            remote: draft.kubernetes || draft.swarm,
        };
        if let (Some((ubr, said)), None) = (&draft.ubr, draft.stated_build())
            && draft.named.is_none()
        {
            self.orphans.push((*ubr, said.text.clone()));
        }
        match draft.finish(self.catalog, &mut self.reading.notes) {
            Outcome::Host(host) => self.hosts.push((*host, source)),
            Outcome::Unread(unread) if doubtful => self.doubtful.push(unread),
            Outcome::Unread(unread) => self.reading.unread.push(unread),
            Outcome::Nothing => {}
        }
    }

    pub(super) fn end(mut self, text: &str) -> HostReading {
        self.close();
        let mut reading = self.reading;
        if reading.unread.len() > MOST_UNREAD {
            let more = reading.unread.len() - MOST_UNREAD;
            reading.unread.truncate(MOST_UNREAD);
            reading.notes.push(format!(
                "{more} more places that could not be read are left out"
            ));
        }
        reading.hosts = read::join(self.hosts);
        // `reg query /v UBR` and `ver` in one session.
        for (ubr, text) in &self.orphans {
            let mut bare = reading
                .hosts
                .iter_mut()
                .filter_map(|host| host.host.version.as_mut());
            let told = bare.any(|version| version.revision == Some(*ubr));
            if let (false, [host]) = (told, reading.hosts.as_mut_slice())
                && let Some(version) = &mut host.host.version
                && version.revision.is_none()
            {
                version.revision = Some(*ubr);
                host.text = quote(&format!("{}, {text}", host.text));
            } else if !told {
                continue;
            }
            reading.unread.retain(|unread| unread.text != *text);
        }
        // Another command may have stated what the plain list of nodes does not.
        let names: HashSet<&str> = reading
            .hosts
            .iter()
            .filter_map(|host| host.name.as_deref())
            .collect();
        let told = |name: &str| names.contains(name);
        reading.unread.retain(|unread| !told(&unread.text));
        let untold: Vec<&str> = self
            .bare
            .iter()
            .map(|(name, _)| name.as_str())
            .filter(|name| !told(name))
            .collect();
        if let (Some((_, line)), false) = (self.bare.first(), untold.is_empty()) {
            reading.unread.push(Unread {
                text: quote(&untold.join(", ")),
                line: *line,
                expected: "a Windows version, which kubectl get nodes shows with -o wide"
                    .to_owned(),
            });
        }
        if reading.hosts.is_empty() && reading.unread.is_empty() {
            reading.unread = self.doubtful;
            reading.unread.truncate(20);
        }
        if reading.hosts.is_empty() && reading.unread.is_empty() {
            let (at, first) = text
                .lines()
                .enumerate()
                .find(|(_, line)| !line.trim().is_empty())
                .unwrap_or((0, ""));
            let swarm = first.contains("MANAGER STATUS") || first.contains("AVAILABILITY");
            let expected = if swarm {
                "a Windows version, which docker node ls does not show; docker info on the node \
                 does, and docker node inspect shows its labels"
                    .to_owned()
            } else {
                format!("text that states a Windows version. {EXAMPLES}")
            };
            reading.unread.push(Unread {
                text: quote(first),
                line: at + 1,
                expected,
            });
        }
        reading
    }
}
