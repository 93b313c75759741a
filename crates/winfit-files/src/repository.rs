//! A tree of files, read: what each states, and what could not be read.

use std::collections::HashSet;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, mpsc};

use ignore::WalkBuilder;
use ignore::overrides::{Override, OverrideBuilder};
use winfit_core::Catalog;
use winfit_core::version::quote_for_error;

use crate::against::Before;
use crate::compose::{BASES, Compose};
use crate::config::{self, Config};
use crate::daemon::{DaemonJson, ServiceCommand};
use crate::discover;
use crate::dockerfile::Dockerfile;
use crate::kubernetes::Manifests;
use crate::loader::DiskLoader;
use crate::one_file::{of_bytes, read_file};
use crate::overlay::{self, Overlay};
use crate::problem::Problem;
use crate::source::{Encoding, Source, decode};

/// The largest file that is read. The largest manifests of large charts are a tenth of it.
pub const MOST_BYTES: u64 = 8 * 1024 * 1024;

/// What to read.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// Files and folders; empty: the working folder.
    pub paths: Vec<PathBuf>,
    /// `winfit.toml`; none: the nearest one in the first path or above it.
    pub config: Option<PathBuf>,
    /// A file that does not come from the disk: its text, and the name that says what it is.
    pub stdin: Option<(String, Vec<u8>)>,
    /// Texts in the place of those on the disk.
    pub overlay: Overlay,
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
    /// A part of a Compose project, read with the file it belongs to.
    Part,
    /// `winfit.toml`.
    Config,
    /// A `daemon.json` that `winfit.toml` names and that is not there yet: a fix may make it.
    NotThere,
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
    /// It was not asked for, and is read because what was asked for builds on it: nothing is told of
    /// it alone.
    pub beside: bool,
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
    /// `winfit.toml`, or what stands for none.
    pub config: Config,
    /// All of it was read, not some files.
    pub whole: bool,
    /// What it was at a revision of git, where it is compared with one.
    pub before: Option<Box<Before>>,
}

impl Repository {
    /// How many files were read, `winfit.toml` and what was not asked for aside; where there is nothing
    /// else, `winfit.toml` counts.
    pub fn count(&self) -> usize {
        let asked_for = |file: &&ReadFile| {
            let no_file = matches!(
                file.facts,
                Facts::Config | Facts::Template(_) | Facts::NotThere
            );
            !no_file && !file.beside
        };
        let is_there = |file: &&ReadFile| !matches!(file.facts, Facts::NotThere);
        match self.files.iter().filter(asked_for).count() {
            0 => self.files.iter().filter(is_there).count(),
            count => count,
        }
    }

    /// A file by the name that origins carry.
    pub fn file(&self, name: &str) -> Option<&ReadFile> {
        self.files
            .binary_search_by(|file| (*file.source.name).cmp(name))
            .ok()
            .map(|at| &self.files[at])
    }

    /// The text of a file by the name that origins carry.
    pub fn source(&self, name: &str) -> Option<&Arc<Source>> {
        self.file(name).map(|file| &file.source)
    }
}

/// What a reading sends home.
pub(crate) enum Found {
    File(Box<ReadFile>),
    Unread(Unread),
}

/// Finds and reads.
pub fn read(catalog: &Catalog, options: &ReadOptions) -> Repository {
    let mut repository = Repository::default();
    let working = [PathBuf::from(".")];
    let paths = if options.paths.is_empty() && options.stdin.is_none() {
        &working[..]
    } else {
        &options.paths
    };
    read_config(catalog, options, paths, &mut repository);
    repository.whole = options.stdin.is_none() && is_whole(paths, &repository.config);
    let mut roots = paths.to_vec();
    if repository.config.name.is_empty() {
        roots.push(PathBuf::from("."));
    } else {
        roots.push(Path::new("./").join(&repository.config.folder));
    }
    let disk = DiskLoader::new(&roots, &options.overlay);
    let (sender, receiver) = mpsc::channel();
    if let Some((name, bytes)) = &options.stdin {
        let path = PathBuf::from(name);
        if let Some(file) = of_bytes(&path, name, bytes.clone(), true, &disk) {
            repository.files.push(file);
        } else {
            repository.unread.push(Unread {
                path: name.clone(),
                reason: "it is no Dockerfile, Compose file, manifest or daemon.json".to_owned(),
            });
        }
    }
    for path in paths {
        read_path(path, &repository.config, &disk, &options.overlay, &sender);
    }
    for root in paths {
        read_new(root, &repository.config, &disk, &options.overlay, &sender);
    }
    drop(sender);
    for found in receiver {
        match found {
            Found::File(file) => repository.files.push(*file),
            Found::Unread(unread) => repository.unread.push(unread),
        }
    }
    read_beside(&mut repository, &disk);
    read_daemon_json(&mut repository, paths, &disk);
    tell_missing_dockerfiles(&mut repository);
    let loaded = disk.loaded();
    leave_out_parts(&mut repository, &loaded);
    for source in loaded {
        repository.files.push(ReadFile {
            source,
            facts: Facts::Part,
            problems: Vec::new(),
            beside: false,
        });
    }
    // A part of a project that was found on its own as well comes after what was found.
    repository.files.sort_by(|one, other| {
        let part = |file: &ReadFile| matches!(file.facts, Facts::Part);
        (&one.source.name, part(one)).cmp(&(&other.source.name, part(other)))
    });
    repository
        .files
        .dedup_by(|later, first| later.source.name == first.source.name);
    repository
        .unread
        .sort_by(|one, other| one.path.cmp(&other.path));
    repository.unread.dedup();
    repository
}

/// A Dockerfile that `winfit.toml` names and that is not there.
fn tell_missing_dockerfiles(repository: &mut Repository) {
    let known: HashSet<PathBuf> = repository
        .files
        .iter()
        .filter(|file| matches!(file.facts, Facts::Dockerfile(_)))
        .map(|file| tidy(Path::new(&*file.source.name)))
        .collect();
    let missing: Vec<Problem> = repository
        .config
        .images
        .iter()
        .filter_map(|image| {
            let path = image
                .dockerfile
                .as_ref()
                .filter(|path| !known.contains(&by_name(path)))?;
            let message = format!(
                "{:?} is no Dockerfile that can be read, so nobody knows what {} is built on",
                quote_for_error(&path.to_string_lossy()),
                image.reference
            );
            let origin = image.dockerfile_at.clone()?;
            Some(Problem::warning("winfit-toml", origin, message).label("not found"))
        })
        .collect();
    let config = repository
        .files
        .iter_mut()
        .find(|file| matches!(file.facts, Facts::Config));
    if let Some(config) = config {
        config.problems.extend(missing);
    }
}

/// A Compose file that another one includes or extends is judged with that one: alone it would be
/// another project, with other variables. Those that Compose finds by their names are projects.
fn leave_out_parts(repository: &mut Repository, loaded: &[Arc<Source>]) {
    let names: HashSet<&str> = loaded.iter().map(|source| &*source.name).collect();
    for file in &mut repository.files {
        let name = file
            .source
            .path
            .file_name()
            .map(|name| name.to_string_lossy());
        let found_by_name =
            name.is_some_and(|name| BASES.iter().any(|base| name.eq_ignore_ascii_case(base)));
        if matches!(file.facts, Facts::Compose(_))
            && !found_by_name
            && names.contains(&*file.source.name)
        {
            file.facts = Facts::Part;
            file.problems.clear();
        }
    }
}

/// Reads the Dockerfiles that `winfit.toml` and Compose files name, where they are not read yet.
fn read_beside(repository: &mut Repository, loader: &DiskLoader<'_>) {
    let known: HashSet<PathBuf> = repository
        .files
        .iter()
        .map(|file| tidy(Path::new(&*file.source.name)))
        .collect();
    let of_config = repository.config.images.iter();
    let mut wanted: Vec<PathBuf> = of_config
        .filter_map(|image| image.dockerfile.clone())
        .collect();
    for file in &repository.files {
        if let Facts::Compose(compose) = &file.facts {
            let builds = compose
                .services
                .iter()
                .filter_map(|service| service.build.as_ref());
            wanted.extend(builds.filter_map(|build| build.dockerfile.clone()));
        }
    }
    for path in &mut wanted {
        *path = by_name(path);
    }
    wanted.sort();
    wanted.dedup();
    for path in wanted {
        // What is not there, or elsewhere, leaves the image unknown.
        if known.contains(&path) || loader.allows(&path).is_err() {
            continue;
        }
        if let Some(Found::File(mut file)) = read_file(&path, true, loader)
            && matches!(file.facts, Facts::Dockerfile(_))
        {
            file.beside = true;
            repository.files.push(*file);
        }
    }
}

/// Reads the `daemon.json` that `winfit.toml` names, or keeps its place.
fn read_daemon_json(repository: &mut Repository, paths: &[PathBuf], loader: &DiskLoader<'_>) {
    let Some(named) = &repository.config.daemon_json else {
        return;
    };
    let path = by_name(&named.path);
    let known = |file: &ReadFile| tidy(Path::new(&*file.source.name)) == path;
    if repository.files.iter().any(known) {
        return;
    }
    let beside = !paths
        .iter()
        .any(|root| overlay::key(&path).starts_with(overlay::key(root)));
    let allowed = if loader.covers(&path) {
        Ok(())
    } else {
        loader.allows(&path)
    };
    match allowed {
        Ok(()) => match read_file(&path, true, loader) {
            Some(Found::File(mut file)) => {
                file.beside = beside;
                repository.files.push(*file);
            }
            Some(Found::Unread(unread)) => repository.unread.push(unread),
            None => {}
        },
        Err(_) if loader.may_make(&path) => {
            let source = Source::new(&shown(&path), path, String::new(), Encoding::Utf8);
            repository.files.push(ReadFile {
                source: Arc::new(source),
                facts: Facts::NotThere,
                problems: Vec::new(),
                beside,
            });
        }
        Err(reason) => {
            let message = format!(
                "{:?} cannot be read: {reason}",
                quote_for_error(&named.path.to_string_lossy())
            );
            let origin = named.origin.clone();
            let problem = Problem::warning("winfit-toml", origin, message).label("not read");
            let config = repository
                .files
                .iter_mut()
                .find(|file| matches!(file.facts, Facts::Config));
            if let Some(config) = config {
                config.problems.push(problem);
            }
        }
    }
}

/// A path as a file's name has it: a file that was given by an absolute path is named from the working
/// folder.
pub(crate) fn by_name(path: &Path) -> PathBuf {
    tidy(Path::new(&shown(path)))
}

/// A path without `.` and without `..` behind a folder.
pub fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir
                if tidy
                    .components()
                    .next_back()
                    .is_some_and(|last| matches!(last, Component::Normal(_))) =>
            {
                tidy.pop();
            }
            part => tidy.push(part),
        }
    }
    tidy
}

fn read_config(
    catalog: &Catalog,
    options: &ReadOptions,
    paths: &[PathBuf],
    repository: &mut Repository,
) {
    let path = match (&options.config, paths.first()) {
        (Some(path), _) => path.clone(),
        (None, Some(first)) => match nearest_config(first, &options.overlay) {
            Some(path) => path,
            None => return,
        },
        // Of standard input the name tells where it would stand.
        (None, None) => match nearest_config(&of_stdin(options), &options.overlay) {
            Some(path) => path,
            None => return,
        },
    };
    let name = shown(&path);
    match options.overlay.read(&path) {
        Ok(Some(bytes)) => {
            let decoded = decode(bytes);
            let no_text = decoded.as_ref().err().copied();
            let (text, encoding) = decoded.unwrap_or((String::new(), Encoding::Utf8));
            let source = Source::new(&name, path.clone(), text, encoding);
            let folder = PathBuf::from(shown(path.parent().unwrap_or(Path::new(""))));
            let (config, mut problems) = config::read(catalog, &source, &folder);
            if let Some(no_text) = no_text {
                let message = format!(
                    "this is no text: byte {} is neither UTF-8 nor UTF-16",
                    no_text.at
                );
                problems.push(Problem::error("winfit-toml", source.whole(), message));
            }
            repository.config = config;
            repository.files.push(ReadFile {
                source: Arc::new(source),
                facts: Facts::Config,
                problems,
                beside: false,
            });
        }
        Ok(None) => repository.unread.push(Unread {
            path: name,
            reason: "it is larger than 8 MiB".to_owned(),
        }),
        Err(reason) => repository.unread.push(Unread { path: name, reason }),
    }
}

/// Where standard input would stand, by its name; else the working folder.
fn of_stdin(options: &ReadOptions) -> PathBuf {
    let named = options.stdin.as_ref().map(|(name, _)| PathBuf::from(name));
    named
        .filter(|path| {
            path.parent()
                .is_some_and(|folder| !folder.as_os_str().is_empty() && folder.is_dir())
        })
        .unwrap_or_else(|| PathBuf::from("."))
}

/// Whether these paths are all that `winfit.toml` stands for; without one, whether they are folders.
fn is_whole(paths: &[PathBuf], config: &Config) -> bool {
    if config.name.is_empty() {
        return paths.iter().all(|path| path.is_dir());
    }
    let Ok(folder) = Path::new("./").join(&config.folder).canonicalize() else {
        return false;
    };
    paths
        .iter()
        .filter_map(|path| path.canonicalize().ok())
        .any(|path| folder.starts_with(path))
}

/// The nearest `winfit.toml` in a folder or above it, up to the root of the git repository.
fn nearest_config(path: &Path, overlay: &Overlay) -> Option<PathBuf> {
    let start = if path.is_dir() { path } else { path.parent()? };
    let mut folder = if start.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        start.to_owned()
    };
    loop {
        let candidate = folder.join("winfit.toml");
        if overlay.has_file(&candidate) {
            return Some(candidate);
        }
        if folder.join(".git").exists() {
            return None;
        }
        let above = std::path::absolute(&folder).ok()?;
        above.parent()?.clone_into(&mut folder);
    }
}

/// A path as people see it: relative to the working folder where it is below it, with `/`.
pub fn shown(path: &Path) -> String {
    let below = path
        .is_absolute()
        .then(|| std::env::current_dir().ok())
        .flatten()
        .and_then(|here| path.strip_prefix(here).ok().map(Path::to_owned));
    let path = below.as_deref().unwrap_or(path);
    let parts: Vec<String> = path
        .components()
        .filter(|part| !matches!(part, std::path::Component::CurDir))
        .map(|part| match part {
            std::path::Component::RootDir => String::new(),
            part => part.as_os_str().to_string_lossy().into_owned(),
        })
        .collect();
    parts.join("/")
}

pub(crate) fn reason(error: &std::io::Error) -> String {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::NotFound => "there is no such file".to_owned(),
        ErrorKind::PermissionDenied => "it may not be read".to_owned(),
        ErrorKind::IsADirectory => "it is a folder, not a file".to_owned(),
        _ => format!("it could not be read ({error})"),
    }
}

fn read_path(
    path: &Path,
    config: &Config,
    loader: &DiskLoader<'_>,
    overlay: &Overlay,
    sender: &mpsc::Sender<Found>,
) {
    if path.is_dir() {
        walk(path, config, loader, sender);
        return;
    }
    if !path.exists() && overlay.has_file(path) {
        // It is new: see `read_new`.
        return;
    }
    let found = match std::fs::symlink_metadata(path) {
        Err(error) if !loader.covers(path) => Some(Found::Unread(Unread {
            path: shown(path),
            reason: reason(&error),
        })),
        _ => read_file(path, true, loader),
    };
    // Hooks and editors name every file that changed: what winfit does not know is passed over.
    let Some(found) = found else { return };
    // The receiver lives until all senders are gone.
    let _ = sender.send(found);
}

fn walk(root: &Path, config: &Config, loader: &DiskLoader<'_>, sender: &mpsc::Sender<Found>) {
    let mut builder = WalkBuilder::new(root);
    // What is ignored is told by the repository, not by the settings of whoever runs this.
    builder
        .hidden(false)
        .ignore(false)
        .git_global(false)
        .require_git(false)
        .follow_links(false)
        .filter_entry(|entry| entry.file_name() != ".git");
    if let Some(excluded) = excluded(config) {
        builder.overrides(excluded);
    }
    builder.build_parallel().run(|| {
        let sender = sender.clone();
        Box::new(move |entry| {
            let found = match entry {
                Ok(entry) => {
                    let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
                    if is_file && discover::by_name(entry.path()).is_some() {
                        read_file(entry.path(), false, loader)
                    } else {
                        None
                    }
                }
                Err(error) => unread(&error),
            };
            match found.map(|found| sender.send(found)) {
                Some(Err(_)) => ignore::WalkState::Quit,
                _ => ignore::WalkState::Continue,
            }
        })
    });
}

/// What `winfit.toml` excludes.
fn excluded(config: &Config) -> Option<Override> {
    if config.exclude.is_empty() {
        return None;
    }
    let mut overrides = OverrideBuilder::new(&config.folder);
    for glob in &config.exclude {
        // A glob that is none was told when winfit.toml was read.
        let _ = overrides.add(&format!("!{glob}"));
    }
    overrides.build().ok()
}

/// Reads the files of the overlay that the disk does not have: a walk does not meet them.
fn read_new(
    root: &Path,
    config: &Config,
    loader: &DiskLoader<'_>,
    overlay: &Overlay,
    sender: &mpsc::Sender<Found>,
) {
    if overlay.is_empty() {
        return;
    }
    let above = overlay::key(root);
    let excluded = excluded(config);
    for path in overlay.new_files() {
        let Ok(rest) = path.strip_prefix(&above) else {
            continue;
        };
        // As a walk would name it.
        let path = if rest.as_os_str().is_empty() {
            root.to_owned()
        } else {
            root.join(rest)
        };
        let is_excluded = excluded
            .as_ref()
            .is_some_and(|globs| globs.matched(&path, false).is_ignore());
        let given = path == root;
        if is_excluded || !(given || discover::by_name(&path).is_some()) {
            continue;
        }
        if let Some(found) = read_file(&path, given, loader) {
            // The receiver lives until all senders are gone.
            let _ = sender.send(found);
        }
    }
}

/// A folder that could not be looked into.
fn unread(error: &ignore::Error) -> Option<Found> {
    let (path, why) = match error {
        ignore::Error::WithDepth { err, .. } => return unread(err),
        ignore::Error::WithPath { path, err } => (shown(path), &**err),
        other => (String::new(), other),
    };
    let reason = why.io_error().map_or_else(|| why.to_string(), reason);
    // Between listing and reading a file may go.
    (!path.is_empty()).then_some(Found::Unread(Unread { path, reason }))
}
