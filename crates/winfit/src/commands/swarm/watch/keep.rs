//! `--state FILE`: what a watch has told, kept for the one that begins after it.
//!
//! It is written after what it says was told: a watch that is killed in between repeats something rather than
//! miss it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Result;
use serde::{Deserialize, Serialize};
use winfit_core::finding::Subject;
use winfit_docker::DockerError;
use winfit_docker::model::Info;
use winfit_files::fix::write::replace;

use super::Watch;
use super::log::{Level, Line};
use super::memory::State;
use crate::input::reason;
use crate::output::{printable, usage};

/// The largest file that is read or written: some thirty thousand findings.
const MOST: usize = 16 * 1024 * 1024;

/// What it is called in `schema`, all versions of it.
const SCHEMA: &str = "winfit.swarm-watch-state/";
/// What follows it in what this winfit writes.
const VERSION: &[u8] = b"1\"";

/// So many bytes tell whose a file is.
const BEGINNING: usize = 256;

/// What can be so, by the words of its lines.
const STATES: [&str; 5] = ["finding", "labels", "open", "silent", "not-written"];

/// What is kept.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    schema: String,
    /// The Swarm's id.
    swarm: String,
    told: Vec<Told>,
    /// The services' marks by their ids, but for those whose constraints are not decided yet.
    services: BTreeMap<String, u64>,
    /// The nodes that count as ready, by their ids, each with the seconds that it is away.
    nodes: BTreeMap<String, u64>,
}

/// Something that was told and is not gone. What helps is not told again, and not kept.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Told {
    key: String,
    about: String,
    restless: bool,
    what: String,
    rule: Option<String>,
    /// Kind, namespace and name.
    subject: Option<(String, Option<String>, String)>,
    message: String,
}

/// What a file holds.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    Nothing,
    Kept(Box<Kept>),
    /// A state that cannot be read, and why.
    Damaged(&'static str),
    /// Somebody else's.
    Foreign,
}

/// Keeps what is known in a file.
#[derive(Debug)]
pub(super) struct Keeper {
    path: PathBuf,
    /// What an earlier watch has left, until the Swarm is known.
    earlier: Option<Found>,
    /// What the file says.
    written: String,
    /// Why it could not be written the last time.
    trouble: Option<String>,
}

impl Keeper {
    /// Reads what an earlier watch has left. A file that is none of winfit's is refused.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let refused = |reason: &str| {
            let path = printable(&path.display().to_string());
            usage(format!("--state {path}: {reason}"))
        };
        let found = match read(path, MOST + 1) {
            Ok(bytes) => found(&bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Found::Nothing,
            Err(error) => return Err(refused(&reason(&error))),
        };
        if found == Found::Foreign {
            return Err(refused(
                "it is no state of a watch and stays as it is; name a file of its own",
            ));
        }
        Ok(Self {
            path: path.to_owned(),
            earlier: Some(found),
            written: String::new(),
            trouble: None,
        })
    }

    /// Writes what there is to keep, unless the file says so already.
    fn write(&mut self, text: String) -> Result<(), String> {
        if text == self.written {
            return Ok(());
        }
        if text.len() > MOST {
            return Err(format!("there is more to keep than {} MiB", MOST >> 20));
        }
        // What a link leads to is replaced, not the link.
        let path = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        // Somebody may have put another file there meanwhile.
        match read(&path, BEGINNING) {
            Ok(bytes) if version(&bytes).is_none() => {
                return Err("it is no state of a watch any more, and stays as it is".to_owned());
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(reason(&error)),
            _ => {}
        }
        let there = fs::metadata(&path).ok();
        replace(&path, there.as_ref(), text.as_bytes()).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => "there is no such folder".to_owned(),
            io::ErrorKind::PermissionDenied => "its folder may not be written".to_owned(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                "the disk is full".to_owned()
            }
            io::ErrorKind::ReadOnlyFilesystem => "its file system is read-only".to_owned(),
            _ => error.to_string(),
        })?;
        self.written = text;
        Ok(())
    }
}

impl Watch<'_> {
    /// Takes up what an earlier watch of this Swarm has left.
    pub(super) fn recall(&mut self, info: &Info) -> Result<(), DockerError> {
        let Some(keeper) = &mut self.keeper else {
            return Ok(());
        };
        let swarm = &info.swarm.cluster.id;
        if swarm.is_empty() {
            return Err(DockerError::SwarmTrouble {
                endpoint: self.engine.name().to_owned(),
                reason: "it does not know its Swarm just now".to_owned(),
            });
        }
        let path = printable(&keeper.path.display().to_string());
        let why = match keeper.earlier.take() {
            None | Some(Found::Nothing | Found::Foreign) => return Ok(()),
            Some(Found::Damaged(reason)) => reason,
            Some(Found::Kept(kept)) if kept.swarm != *swarm => "it is another Swarm's",
            Some(Found::Kept(kept)) => {
                self.take_up(*kept);
                return Ok(());
            }
        };
        let line = format!("{path}: {why}, and is replaced; what there is is told anew");
        self.say(&Line::new(Level::Warning, "state", line));
        Ok(())
    }

    fn take_up(&mut self, kept: Kept) {
        let now = Instant::now();
        let told = kept.told.into_iter().filter_map(Told::into_state);
        self.memory.recall(now, told.collect());
        // One round sees each node as it is.
        if !self.arguments.once {
            self.ready = kept
                .nodes
                .into_iter()
                .filter_map(|(id, away)| Some((id, now.checked_sub(Duration::from_secs(away))?)))
                .collect();
        }
        self.marks = Some(kept.services);
        self.missed = true;
    }

    /// Keeps what is known. That it cannot be kept is told once; the watch goes on.
    pub(super) fn keep(&mut self, swarm: &str, now: Instant) {
        // What nobody could read was not told.
        if self.unwritten.is_some() {
            return;
        }
        let Some(keeper) = &mut self.keeper else {
            return;
        };
        let services = self.marks.iter().flatten();
        let kept = Kept {
            schema: format!("{SCHEMA}1"),
            swarm: swarm.to_owned(),
            told: self.memory.told().map(Told::from).collect(),
            services: services
                .filter(|(id, _)| !self.pending.contains_key(*id))
                .map(|(id, mark)| (id.clone(), *mark))
                .collect(),
            nodes: self
                .ready
                .iter()
                .map(|(id, last)| (id.clone(), now.duration_since(*last).as_secs()))
                .collect(),
        };
        let written = serde_json::to_string(&kept)
            .map_err(|error| error.to_string())
            .and_then(|text| keeper.write(text + "\n"));
        let path = printable(&keeper.path.display().to_string());
        let had_trouble = keeper.trouble.is_some();
        keeper.trouble = written.err();
        let line = match (&keeper.trouble, had_trouble) {
            (Some(reason), false) => Line::new(
                Level::Warning,
                "state",
                format!(
                    "{path}: it could not be written: {reason}; the watch goes on, and the next one repeats what it tells"
                ),
            ),
            (None, true) => Line::new(Level::Info, "state", format!("{path}: it is written again")),
            _ => return,
        };
        self.say(&line);
    }
}

impl From<State> for Told {
    fn from(state: State) -> Self {
        let line = state.line;
        Self {
            key: state.key,
            about: state.about,
            restless: state.restless,
            what: line.what.to_owned(),
            rule: line.rule.map(std::borrow::Cow::into_owned),
            subject: line
                .subject
                .map(|subject| (subject.kind, subject.namespace, subject.name)),
            message: line.message,
        }
    }
}

impl Told {
    /// None: this winfit tells no such thing.
    fn into_state(self) -> Option<State> {
        let what = STATES.into_iter().find(|what| *what == self.what)?;
        let mut line = Line::new(Level::Info, what, self.message);
        line.rule = self.rule.map(Into::into);
        line.subject = self.subject.map(|(kind, namespace, name)| Subject {
            kind,
            namespace,
            name,
        });
        Some(State {
            key: self.key,
            about: self.about,
            restless: self.restless,
            line,
        })
    }
}

/// No more than so many bytes of a file.
fn read(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    let metadata = fs::metadata(path)?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !metadata.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?
        .take(most as u64)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn found(bytes: &[u8]) -> Found {
    let Some(version) = version(bytes) else {
        return Found::Foreign;
    };
    if version.is_empty() {
        return Found::Nothing;
    }
    if !version.starts_with(VERSION) {
        return Found::Damaged("it is another version's");
    }
    if bytes.len() > MOST {
        return Found::Damaged("it is longer than a state may be");
    }
    match serde_json::from_slice(bytes) {
        Ok(kept) => Found::Kept(Box::new(kept)),
        Err(_) => Found::Damaged("it is damaged"),
    }
}

/// What follows the schema's name in a state, or in what is left of one: `1",…`. Nothing follows it in an
/// empty file; none: it is somebody else's.
fn version(bytes: &[u8]) -> Option<&[u8]> {
    let mut text = bytes.trim_ascii();
    if text.is_empty() {
        return Some(text);
    }
    for word in ["{", "\"schema\"", ":", "\""] {
        text = text.strip_prefix(word.as_bytes())?.trim_ascii_start();
    }
    text.strip_prefix(SCHEMA.as_bytes())
        .filter(|version| !version.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str =
        r#"{"schema":"winfit.swarm-watch-state/1","swarm":"s","told":[],"services":{},"nodes":{}}"#;

    #[test]
    fn a_file_is_a_state_or_what_is_left_of_one_or_somebody_elses() {
        assert_eq!(found(b" \n"), Found::Nothing);
        assert!(matches!(found(EMPTY.as_bytes()), Found::Kept(_)));
        let spaced = EMPTY.replace(':', " : ").replace('{', "{\n");
        assert!(matches!(found(spaced.as_bytes()), Found::Kept(_)));
        let half = &EMPTY.as_bytes()[..EMPTY.len() / 2];
        assert_eq!(found(half), Found::Damaged("it is damaged"));
        let later = EMPTY.replace("state/1", "state/2");
        let other = Found::Damaged("it is another version's");
        assert_eq!(found(later.as_bytes()), other);
        let long = format!("{EMPTY}{}", " ".repeat(MOST));
        let found_long = Found::Damaged("it is longer than a state may be");
        assert_eq!(found(long.as_bytes()), found_long);
        for text in ["{}", "# a config", "\0\0", r#"{"schema":"winfit.check/1"}"#] {
            assert_eq!(found(text.as_bytes()), Found::Foreign, "{text}");
        }
    }
}
