//! A tree of files, read: what each states, and what could not be read.

use std::path::PathBuf;
use std::sync::Arc;

use crate::compose::Compose;
use crate::daemon::{DaemonJson, ServiceCommand};
use crate::dockerfile::Dockerfile;
use crate::kubernetes::Manifests;
use crate::problem::Problem;
use crate::source::Source;

/// What to read.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// Files and folders; empty: the working folder.
    pub paths: Vec<PathBuf>,
    /// `winfit.toml`; none: the nearest one above the first path.
    pub config: Option<PathBuf>,
    /// A file that does not come from the disk: its text, and the name that says what it is.
    pub stdin: Option<(String, Vec<u8>)>,
}

/// What a file is, with its facts.
#[derive(Debug)]
pub enum Facts {
    /// A Dockerfile.
    Dockerfile(Dockerfile),
    /// A Compose file.
    Compose(Compose),
    /// Kubernetes manifests.
    Kubernetes(Manifests),
    /// `daemon.json`.
    Daemon(DaemonJson),
    /// A script that starts or registers the engine.
    Script(Vec<ServiceCommand>),
    /// A source of Helm or Kustomize, which is no manifest before it is rendered: how to render it.
    Template(&'static str),
    /// `winfit.toml`.
    Config,
    /// Its kind is known, and nothing could be read of it.
    Broken(&'static str),
}

/// A file that winfit reads.
#[derive(Debug)]
pub struct ReadFile {
    /// Its text.
    pub source: Arc<Source>,
    /// What it states.
    pub facts: Facts,
    /// What is wrong with it as a text of its kind.
    pub problems: Vec<Problem>,
}

/// Something that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// The path as shown.
    pub path: String,
    /// Why, in a few words.
    pub reason: String,
}

/// A tree of files, read.
#[derive(Debug, Default)]
pub struct Repository {
    /// What was read, by path.
    pub files: Vec<ReadFile>,
    /// What could not be.
    pub unread: Vec<Unread>,
}

impl Repository {
    /// The text of a file by the name that origins carry.
    pub fn source(&self, name: &str) -> Option<&Arc<Source>> {
        self.files
            .binary_search_by(|file| (*file.source.name).cmp(name))
            .ok()
            .map(|at| &self.files[at].source)
    }
}

/// Finds and reads.
pub fn read(_options: &ReadOptions) -> Repository {
    Repository::default()
}
