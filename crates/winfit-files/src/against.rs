//! A tree of files as it was at a revision of git, beside the tree as it is.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::git::{Changed, Git, GitError, folder_in_words};
use crate::loader::DiskLoader;
use crate::one_file::of_bytes;
use crate::overlay::Overlay;
use crate::repository::{Facts, ReadFile, Repository, Unread, shown};

/// What changed files were at a revision.
#[derive(Debug)]
pub struct Before {
    /// The revision, as it was given.
    pub revision: String,
    /// The files as they were, under the names that they have today: those that changed, and what is
    /// needed to read them. What is wrong with them is not told.
    pub(crate) repository: Repository,
    /// What files were called then, by their names of today.
    old_names: HashMap<Arc<str>, String>,
    /// How many of the files that winfit reads changed.
    pub changed: usize,
    /// What could not be compared.
    pub unread: Vec<Unread>,
}

impl Before {
    /// What a file was called then.
    pub fn old_name<'n>(&'n self, name: &'n str) -> &'n str {
        self.old_names.get(name).map_or(name, String::as_str)
    }
}

/// Reads what the files of a repository were at a revision. `paths` are those that the repository was
/// read from; empty: the working folder.
pub fn before(
    repository: &Repository,
    paths: &[PathBuf],
    revision: &str,
) -> Result<Before, GitError> {
    let working = [PathBuf::from(".")];
    let paths = if paths.is_empty() {
        &working[..]
    } else {
        paths
    };
    let git = git_of(paths, revision)?;
    let commit = git.commit(revision)?;
    let changed = git.changed(&commit)?;
    let mut before = Before {
        revision: revision.to_owned(),
        repository: Repository {
            config: repository.config.clone(),
            ..Repository::default()
        },
        old_names: HashMap::new(),
        changed: 0,
        unread: Vec::new(),
    };
    let today = Today::new(repository, &git.top);
    let old = today.old_texts(&git, &changed, &mut before)?;
    if old.is_empty() {
        return Ok(before);
    }
    let mut overlay = Overlay::default();
    for (at, text) in &old {
        // What was not there is read as if it said nothing.
        let bytes = text.clone().unwrap_or_default();
        overlay.put(&repository.files[*at].source.path, bytes);
    }
    let loader = DiskLoader::new(paths, &overlay);
    for (at, file) in repository.files.iter().enumerate() {
        let bytes = match (old.get(&at), &file.facts) {
            (Some(text), Facts::Dockerfile(_) | Facts::Compose(_) | Facts::Kubernetes(_)) => {
                text.clone()
            }
            // What a Compose file says depends on others: its variables, its parts, its Dockerfiles.
            (None, Facts::Compose(_)) => Some(file.source.text.clone().into_bytes()),
            (None, Facts::Dockerfile(dockerfile)) => {
                before.repository.files.push(ReadFile {
                    source: Arc::clone(&file.source),
                    facts: Facts::Dockerfile(dockerfile.clone()),
                    problems: Vec::new(),
                    beside: file.beside,
                });
                continue;
            }
            _ => continue,
        };
        let source = &file.source;
        let read =
            bytes.and_then(|bytes| of_bytes(&source.path, &source.name, bytes, true, &loader));
        before.repository.files.extend(read.map(|read| ReadFile {
            beside: file.beside,
            ..read
        }));
    }
    Ok(before)
}

/// The repository that all paths are in.
fn git_of(paths: &[PathBuf], revision: &str) -> Result<Git, GitError> {
    let first = paths.first().map_or(Path::new("."), PathBuf::as_path);
    let git = Git::of(first, revision)?;
    let top = git.top.canonicalize().unwrap_or_else(|_| git.top.clone());
    for path in paths {
        let inside = path.canonicalize().is_ok_and(|path| path.starts_with(&top));
        if !inside {
            return Err(GitError::OtherRepository {
                path: folder_in_words(path),
                first: folder_in_words(first),
            });
        }
    }
    Ok(git)
}

/// The files of today, by where they lie.
struct Today<'r> {
    repository: &'r Repository,
    top: PathBuf,
    by_path: HashMap<PathBuf, usize>,
}

impl<'r> Today<'r> {
    fn new(repository: &'r Repository, top: &Path) -> Self {
        // Folders are resolved once; a file that is a link is itself to git.
        let mut folders: HashMap<PathBuf, Option<PathBuf>> = HashMap::new();
        let mut by_path = HashMap::new();
        for (at, file) in repository.files.iter().enumerate() {
            let path = &file.source.path;
            let Some(name) = path.file_name().map(OsString::from) else {
                continue;
            };
            let folder = match path.parent() {
                Some(folder) if !folder.as_os_str().is_empty() => folder,
                _ => Path::new("."),
            };
            let canonical = folders
                .entry(folder.to_owned())
                .or_insert_with(|| folder.canonicalize().ok());
            if let Some(folder) = canonical {
                by_path.insert(folder.join(name), at);
            }
        }
        Self {
            repository,
            top: top.canonicalize().unwrap_or_else(|_| top.to_owned()),
            by_path,
        }
    }

    /// What the changed files among those of today said, by their place; none: they were not there.
    fn old_texts(
        &self,
        git: &Git,
        changed: &[Changed],
        before: &mut Before,
    ) -> Result<HashMap<usize, Option<Vec<u8>>>, GitError> {
        let mut texts = HashMap::new();
        let mut blobs = None;
        for change in changed {
            let path = self.top.join(&change.path);
            if change.submodule {
                self.tell_submodule(&path, before);
                continue;
            }
            let Some(at) = self.by_path.get(&path).copied() else {
                continue;
            };
            let name = &self.repository.files[at].source.name;
            before.changed += 1;
            if let Some(old) = &change.renamed_from {
                let old = shown(&name_then(name, &change.path, old));
                before.old_names.insert(Arc::clone(name), old);
            }
            let Some(id) = &change.blob else {
                texts.insert(at, None);
                continue;
            };
            let blobs = match &mut blobs {
                Some(blobs) => blobs,
                none => none.insert(git.blobs()?),
            };
            let reason = match blobs.read(id) {
                Ok(Some(text)) => {
                    texts.insert(at, Some(text));
                    continue;
                }
                Ok(None) => "it was larger than 8 MiB".to_owned(),
                Err(reason) => reason,
            };
            before.unread.push(Unread {
                path: format!("{} at {}", before.old_name(name), before.revision),
                reason,
            });
        }
        Ok(texts)
    }

    /// A submodule that is at another commit, where files of it were read: they are another
    /// repository's, and it is asked for them by itself.
    fn tell_submodule(&self, path: &Path, before: &mut Before) {
        let read = self.by_path.keys().any(|file| file.starts_with(path));
        if read {
            let path = shown(path);
            before.unread.push(Unread {
                reason: format!(
                    "this submodule is at another commit than at {}, and its files were not compared; run winfit lint --against in it",
                    before.revision
                ),
                path,
            });
        }
    }
}

/// The old path as people see it: as today's is shown, from the working folder.
fn name_then(name: &str, path: &Path, old: &Path) -> PathBuf {
    let below = path.to_string_lossy().replace('\\', "/");
    match name.strip_suffix(&*below) {
        Some(prefix) => Path::new(prefix).join(old),
        None => old.to_owned(),
    }
}
