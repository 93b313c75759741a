//! What there is to judge, and judging it in a thread of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};
use winfit_core::Catalog;
use winfit_core::fleet::Member;
use winfit_files::lint::{Lint, LintOptions, lint};
use winfit_files::overlay::Overlay;
use winfit_files::repository::{ReadOptions, Repository, read, tidy};

use super::documents::{Document, Documents};
use crate::commands::notes::Calendar;

/// What is read and judged together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Project {
    /// A folder or a file, as `winfit lint PATH` reads it.
    Path(PathBuf),
    /// A document that is no file.
    Untitled {
        /// Its address.
        uri: String,
        /// The name that says what it is.
        name: String,
        /// Its text.
        text: String,
    },
}

/// The projects of a session: the folders of the workspace, and for each document outside of them its
/// own folder.
pub(super) fn projects(folders: &[PathBuf], documents: &Documents) -> Vec<Project> {
    let mut paths: Vec<PathBuf> = folders.to_vec();
    let mut untitled = Vec::new();
    for document in documents.iter() {
        match &document.path {
            None => untitled.push(Project::Untitled {
                uri: document.uri.as_str().to_owned(),
                name: document.name(),
                text: document.text.clone(),
            }),
            Some(path) if paths.iter().any(|known| path.starts_with(known)) => {}
            Some(path) => paths.push(own_folder(path)),
        }
    }
    // What lies in another folder is judged with that.
    let all = paths.clone();
    paths.retain(|path| {
        !all.iter()
            .any(|other| other != path && path.starts_with(other))
    });
    paths.dedup();
    paths
        .into_iter()
        .map(Project::Path)
        .chain(untitled)
        .collect()
}

/// The folder of a document that lies in none of the workspace. Nobody keeps a project in a home folder,
/// in what holds home folders, or among temporary files: there the document stands alone.
fn own_folder(path: &Path) -> PathBuf {
    let Some(folder) = path.parent() else {
        return path.to_owned();
    };
    let wide = std::env::home_dir().is_some_and(|home| home.starts_with(folder))
        || folder.parent().is_none()
        || folder == tidy(&std::env::temp_dir());
    if wide { path } else { folder }.to_owned()
}

/// What to judge.
#[derive(Debug)]
pub(super) struct Job {
    /// The state of all documents that this is about.
    pub(super) generation: u64,
    pub(super) projects: Vec<Project>,
    pub(super) overlay: Overlay,
    pub(super) hosts: Vec<Member>,
    pub(super) config: Option<PathBuf>,
    /// The folder from which paths go: see [`Places`](super::places::Places).
    pub(super) base: Option<PathBuf>,
}

/// A project, judged.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) repository: Repository,
    pub(super) lint: Lint,
    /// The address of the document that is no file, with the name that stands for its path.
    pub(super) untitled: Option<(String, String)>,
}

/// All projects, judged.
#[derive(Debug)]
pub(super) struct Analysis {
    pub(super) generation: u64,
    pub(super) judged: Vec<Judged>,
}

/// A thread that judges, one job after the other; what it is given and what it gives. A job of which
/// `newest` says that it is overtaken ends early.
pub(super) fn worker(
    catalog: &'static Catalog,
    newest: Arc<AtomicU64>,
) -> (Sender<Job>, Receiver<Analysis>) {
    let (jobs, to_do) = bounded::<Job>(1);
    let (done, results) = bounded(1);
    thread::spawn(move || {
        for job in to_do {
            let overtaken = || newest.load(Ordering::Relaxed) != job.generation;
            let judged = job
                .projects
                .iter()
                .take_while(|_| !overtaken())
                .map(|project| judge(catalog, &job, project))
                .collect();
            let analysis = Analysis {
                generation: job.generation,
                judged,
            };
            if done.send(analysis).is_err() {
                return;
            }
        }
    });
    (jobs, results)
}

fn judge(catalog: &Catalog, job: &Job, project: &Project) -> Judged {
    let mut options = ReadOptions {
        config: job.config.clone(),
        overlay: job.overlay.clone(),
        ..ReadOptions::default()
    };
    let untitled = match project {
        Project::Path(path) => {
            options.paths.push(from_base(path, job.base.as_deref()));
            None
        }
        Project::Untitled { uri, name, text } => {
            options.stdin = Some((name.clone(), text.clone().into_bytes()));
            Some((uri.clone(), name.clone()))
        }
    };
    let mut repository = read(catalog, &options);
    if untitled.is_some() {
        // A note that is none of winfit's files is nothing to complain of.
        repository.unread.clear();
    }
    let options = LintOptions {
        today: Calendar::new(None, None).today,
        eol_within: None,
        hosts: job.hosts.clone(),
        build_isolation: None,
        registries: winfit_files::registries::Words::new(),
    };
    let lint = lint(catalog, &repository, &options);
    Judged {
        repository,
        lint,
        untitled,
    }
}

/// A path from the base where it lies below it, so that names are those that `winfit lint` shows there.
pub(super) fn from_base(path: &Path, base: Option<&Path>) -> PathBuf {
    match base.and_then(|base| path.strip_prefix(base).ok()) {
        Some(rest) if rest.as_os_str().is_empty() => PathBuf::from("."),
        Some(rest) => rest.to_owned(),
        None => path.to_owned(),
    }
}

/// The texts of the open documents, over those on the disk.
pub(super) fn overlay(documents: &Documents, base: Option<&Path>) -> Overlay {
    let mut overlay = Overlay::default();
    let files = |document: &Document| Some((document.path.clone()?, document.text.clone()));
    for (path, text) in documents.iter().filter_map(files) {
        overlay.put(&from_base(&path, base), text.into_bytes());
    }
    overlay
}
