//! A tree of files, read: what each states, and what could not be read.

use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use ignore::WalkBuilder;
use ignore::overrides::OverrideBuilder;
use winfit_core::Catalog;

use crate::compose::{self, Compose, Loader};
use crate::config::{self, Config};
use crate::daemon::{self, DaemonJson, ServiceCommand};
use crate::discover::{self, Candidate, Kind};
use crate::dockerfile::{self, Dockerfile};
use crate::kubernetes::{self, Manifests};
use crate::problem::Problem;
use crate::source::{Encoding, Source, decode};
use crate::yaml;

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
}

impl Repository {
    /// How many files were read, `winfit.toml` and what was not asked for aside; where there is nothing
    /// else, `winfit.toml` counts.
    pub fn count(&self) -> usize {
        let asked_for = |file: &&ReadFile| !matches!(file.facts, Facts::Config) && !file.beside;
        match self.files.iter().filter(asked_for).count() {
            0 => self.files.len(),
            count => count,
        }
    }

    /// The text of a file by the name that origins carry.
    pub fn source(&self, name: &str) -> Option<&Arc<Source>> {
        self.files
            .binary_search_by(|file| (*file.source.name).cmp(name))
            .ok()
            .map(|at| &self.files[at].source)
    }
}

/// What a reading sends home.
enum Found {
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
    let mut roots = paths.to_vec();
    if repository.config.name.is_empty() {
        roots.push(PathBuf::from("."));
    } else {
        roots.push(Path::new("./").join(&repository.config.folder));
    }
    let loader = DiskLoader::new(&roots);
    let (sender, receiver) = mpsc::channel();
    if let Some((name, bytes)) = &options.stdin {
        let path = PathBuf::from(name);
        if let Some(file) = of_bytes(&path, name, bytes.clone(), true, &loader) {
            repository.files.push(file);
        } else {
            repository.unread.push(Unread {
                path: name.clone(),
                reason: "it is no Dockerfile, Compose file, manifest or daemon.json".to_owned(),
            });
        }
    }
    for path in paths {
        read_path(path, &repository.config, &loader, &sender);
    }
    drop(sender);
    for found in receiver {
        match found {
            Found::File(file) => repository.files.push(*file),
            Found::Unread(unread) => repository.unread.push(unread),
        }
    }
    read_beside(&mut repository, &loader);
    for source in loader.loaded() {
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

/// Reads the Dockerfiles that `winfit.toml` and Compose files name, where they are not read yet.
fn read_beside(repository: &mut Repository, loader: &DiskLoader) {
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
        *path = tidy(path);
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

/// A path without `.` and without `..` behind a folder.
pub(crate) fn tidy(path: &Path) -> PathBuf {
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
        (None, Some(first)) => match nearest_config(first) {
            Some(path) => path,
            None => return,
        },
        (None, None) => match nearest_config(Path::new(".")) {
            Some(path) => path,
            None => return,
        },
    };
    let name = shown(&path);
    match read_bytes(&path) {
        Ok(Some(bytes)) => {
            let (text, encoding) = match decode(bytes) {
                Ok(decoded) => decoded,
                Err(_) => (String::new(), Encoding::Utf8),
            };
            let source = Source::new(&name, path.clone(), text, encoding);
            let folder = PathBuf::from(shown(path.parent().unwrap_or(Path::new(""))));
            let (config, problems) = config::read(catalog, &source, &folder);
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

/// The nearest `winfit.toml` in a folder or above it, up to the root of the git repository.
fn nearest_config(path: &Path) -> Option<PathBuf> {
    let start = if path.is_dir() { path } else { path.parent()? };
    let mut folder = if start.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        start.to_owned()
    };
    loop {
        let candidate = folder.join("winfit.toml");
        if candidate.is_file() {
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

/// The bytes of a file; none: it is larger than [`MOST_BYTES`].
fn read_bytes(path: &Path) -> Result<Option<Vec<u8>>, String> {
    let file = File::open(path).map_err(|error| reason(&error))?;
    let size = file.metadata().map_or(0, |metadata| metadata.len());
    let mut bytes = Vec::with_capacity(size.min(MOST_BYTES) as usize + 1);
    file.take(MOST_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| reason(&error))?;
    Ok((bytes.len() as u64 <= MOST_BYTES).then_some(bytes))
}

fn reason(error: &std::io::Error) -> String {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::NotFound => "there is no such file".to_owned(),
        ErrorKind::PermissionDenied => "it may not be read".to_owned(),
        ErrorKind::IsADirectory => "it is a folder, not a file".to_owned(),
        _ => format!("it could not be read ({error})"),
    }
}

fn read_path(path: &Path, config: &Config, loader: &DiskLoader, sender: &mpsc::Sender<Found>) {
    if path.is_dir() {
        walk(path, config, loader, sender);
        return;
    }
    let found = match std::fs::symlink_metadata(path) {
        Err(error) => Some(Found::Unread(Unread {
            path: shown(path),
            reason: reason(&error),
        })),
        Ok(_) => read_file(path, true, loader),
    };
    // Hooks and editors name every file that changed: what winfit does not know is passed over.
    let Some(found) = found else { return };
    // The receiver lives until all senders are gone.
    let _ = sender.send(found);
}

fn walk(root: &Path, config: &Config, loader: &DiskLoader, sender: &mpsc::Sender<Found>) {
    let mut builder = WalkBuilder::new(root);
    // What is ignored is told by the repository, not by the settings of whoever runs this.
    builder
        .hidden(false)
        .ignore(false)
        .git_global(false)
        .require_git(false)
        .follow_links(false)
        .filter_entry(|entry| entry.file_name() != ".git");
    if !config.exclude.is_empty() {
        let mut overrides = OverrideBuilder::new(&config.folder);
        for glob in &config.exclude {
            // A glob that is none was told when winfit.toml was read.
            let _ = overrides.add(&format!("!{glob}"));
        }
        if let Ok(overrides) = overrides.build() {
            builder.overrides(overrides);
        }
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

/// Reads one file. None: it is nothing that winfit reads.
fn read_file(path: &Path, given: bool, loader: &DiskLoader) -> Option<Found> {
    let name = shown(path);
    match read_bytes(path) {
        Ok(Some(bytes)) => {
            of_bytes(path, &name, bytes, given, loader).map(|file| Found::File(Box::new(file)))
        }
        Ok(None) => too_large(path, &name, given),
        Err(reason) => Some(Found::Unread(Unread { path: name, reason })),
    }
}

/// A file that is too large to be read: told where its name says that it matters.
fn too_large(path: &Path, name: &str, given: bool) -> Option<Found> {
    let kind = match discover::by_name(path) {
        Some(Candidate::Dockerfile) => "dockerfile",
        Some(Candidate::Daemon) => "daemon",
        Some(Candidate::Yaml) if given || starts_like_manifest(path) => "kubernetes",
        _ if given => "unknown",
        _ => return None,
    };
    let source = Source::new(name, path.to_owned(), String::new(), Encoding::Utf8);
    let problem = Problem::warning(
        "too-large",
        source.whole(),
        "this file is larger than 8 MiB and was not read",
    );
    Some(Found::File(Box::new(ReadFile {
        source: Arc::new(source),
        facts: Facts::Broken(kind),
        problems: vec![problem],
        beside: false,
    })))
}

/// Whether the first part of a large file looks like manifests.
fn starts_like_manifest(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(64 * 1024).read_to_end(&mut head));
    read.is_ok() && kubernetes::looks_like(&String::from_utf8_lossy(&head))
}

/// What a text is and states. None: it is nothing that winfit reads.
fn of_bytes(
    path: &Path,
    name: &str,
    bytes: Vec<u8>,
    given: bool,
    loader: &DiskLoader,
) -> Option<ReadFile> {
    let (text, encoding) = match decode(bytes) {
        Ok(decoded) => decoded,
        Err(no_text) => return not_text(path, name, given, no_text.at),
    };
    let kind = discover::kind(path, &text, given)?;
    let source = Arc::new(Source::new(name, path.to_owned(), text, encoding));
    let (facts, problems) = match kind {
        Kind::Dockerfile => {
            let (dockerfile, problems) = dockerfile::read(&source);
            (Facts::Dockerfile(dockerfile), problems)
        }
        Kind::Daemon => {
            let (daemon, problems) = daemon::read(&source);
            (Facts::Daemon(daemon), problems)
        }
        Kind::Script => {
            let commands = daemon::read_script(&source);
            if commands.is_empty() {
                return None;
            }
            (Facts::Script(commands), Vec::new())
        }
        Kind::Template(how) => (Facts::Template(how), Vec::new()),
        // Only the one that applies is read, and it is read first.
        Kind::Config => return None,
        Kind::Kubernetes => kubernetes_facts(&source, given)?,
        Kind::Compose => compose_facts(&source, loader),
    };
    Some(ReadFile {
        source,
        facts,
        problems,
        beside: false,
    })
}

fn not_text(path: &Path, name: &str, given: bool, at: usize) -> Option<ReadFile> {
    let kind = match discover::by_name(path) {
        Some(Candidate::Dockerfile) => "dockerfile",
        Some(Candidate::Daemon) => "daemon",
        _ if given => "unknown",
        _ => return None,
    };
    let source = Source::new(name, path.to_owned(), String::new(), Encoding::Utf8);
    let problem = Problem::error(
        "broken-file",
        source.whole(),
        format!("this is no text: byte {at} is neither UTF-8 nor UTF-16"),
    );
    Some(ReadFile {
        source: Arc::new(source),
        facts: Facts::Broken(kind),
        problems: vec![problem],
        beside: false,
    })
}

fn kubernetes_facts(source: &Arc<Source>, given: bool) -> Option<(Facts, Vec<Problem>)> {
    let (trees, mut problems) = yaml::read(source);
    // A template of some other kind is no YAML before it is rendered.
    if !problems.is_empty() && !given && (source.text.contains("{{") || source.text.contains("{%"))
    {
        return Some((Facts::Template(discover::RENDER), Vec::new()));
    }
    if problems.is_empty() && !trees.iter().any(kubernetes::is_object) {
        return None;
    }
    if trees.is_empty()
        && let Some(manifests) = kubernetes::read_flattened(source)
    {
        return Some((Facts::Kubernetes(manifests), problems));
    }
    let (manifests, more) = kubernetes::read(source, &trees);
    problems.extend(more);
    Some((Facts::Kubernetes(manifests), problems))
}

fn compose_facts(source: &Arc<Source>, loader: &DiskLoader) -> (Facts, Vec<Problem>) {
    let folder = source.path.parent().unwrap_or(Path::new(""));
    let file_name = source
        .path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    // An override is read with the file that it overrides, where that is there.
    if let Some(bases) = file_name.as_deref().and_then(compose::is_override)
        && bases.iter().any(|name| folder.join(name).is_file())
    {
        return (Facts::Part, Vec::new());
    }
    // Of several names Compose takes the first, and one override beside it.
    let first_of = |names: &[&'static str]| {
        names
            .iter()
            .find(|name| folder.join(name).is_file())
            .copied()
    };
    let overrides: Vec<Arc<Source>> = first_of(&compose::BASES)
        .filter(|base| file_name.as_deref() == Some(base))
        .and_then(|_| first_of(&compose::OVERRIDES))
        .and_then(|name| loader.load(&folder.join(name)).ok())
        .into_iter()
        .collect();
    let (trees, mut problems) = yaml::read(source);
    let (compose, more) = compose::read(source, &trees, &overrides, loader);
    problems.extend(more);
    (Facts::Compose(compose), problems)
}

/// Reads the further files of Compose projects: only regular files below the roots that were
/// given, or below the git repository around them, so that a hostile file cannot pull others into a report.
struct DiskLoader {
    roots: Vec<PathBuf>,
    loaded: Mutex<Vec<Arc<Source>>>,
}

impl DiskLoader {
    fn new(paths: &[PathBuf]) -> Self {
        let roots = paths
            .iter()
            .filter_map(|path| path.canonicalize().ok())
            .map(|path| {
                let folder = if path.is_dir() {
                    path.as_path()
                } else {
                    path.parent().unwrap_or(&path)
                };
                folder
                    .ancestors()
                    .find(|above| above.join(".git").exists())
                    .unwrap_or(folder)
                    .to_owned()
            })
            .collect();
        Self {
            roots,
            loaded: Mutex::new(Vec::new()),
        }
    }

    /// Whether a file may be read: why not, in a few words.
    fn allows(&self, path: &Path) -> Result<(), String> {
        let canonical = path.canonicalize().map_err(|error| reason(&error))?;
        if !self.roots.iter().any(|root| canonical.starts_with(root)) {
            return Err("it lies outside of what was given to winfit".to_owned());
        }
        if !canonical.is_file() {
            return Err("it is no file".to_owned());
        }
        Ok(())
    }

    fn loaded(self) -> Vec<Arc<Source>> {
        self.loaded
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Loader for DiskLoader {
    fn load(&self, path: &Path) -> Result<Arc<Source>, String> {
        self.allows(path)?;
        let name = shown(path);
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = loaded.iter().find(|source| *source.name == *name) {
            return Ok(Arc::clone(known));
        }
        let bytes = read_bytes(path)?.ok_or("it is larger than 8 MiB")?;
        let (text, encoding) = decode(bytes).map_err(|_| "it is no text".to_owned())?;
        let source = Arc::new(Source::new(&name, path.to_owned(), text, encoding));
        loaded.push(Arc::clone(&source));
        Ok(source)
    }
}
