//! Further files that what was given refers to: parts of Compose projects, build files.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::compose::Loader;
use crate::overlay::{self, Overlay};
use crate::repository::{reason, shown};
use crate::source::{Source, decode};

/// Reads the further files of Compose projects: only regular files below the roots that were
/// given, or below the git repository around them, so that a hostile file cannot pull others into a report.
pub(crate) struct DiskLoader<'o> {
    roots: Vec<PathBuf>,
    overlay: &'o Overlay,
    loaded: Mutex<Vec<Arc<Source>>>,
}

impl<'o> DiskLoader<'o> {
    /// Files below these paths, or below the git repositories around them, may be read.
    pub(crate) fn new(paths: &[PathBuf], overlay: &'o Overlay) -> Self {
        let roots = paths
            .iter()
            .filter_map(|path| {
                // A text that an editor has not saved has a folder all the same.
                let folder = || path.parent().map(|folder| Path::new(".").join(folder));
                path.canonicalize()
                    .ok()
                    .or_else(|| folder()?.canonicalize().ok())
            })
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
            overlay,
            loaded: Mutex::new(Vec::new()),
        }
    }

    /// Whether a file may be read: why not, in a few words.
    pub(crate) fn allows(&self, path: &Path) -> Result<(), String> {
        let canonical = path.canonicalize().map_err(|error| reason(&error))?;
        if !self.roots.iter().any(|root| canonical.starts_with(root)) {
            return Err("it lies outside of what was given to winfit".to_owned());
        }
        if !canonical.is_file() {
            return Err("it is no file".to_owned());
        }
        Ok(())
    }

    /// Whether there is nothing at this path, and a file may be made there: the nearest folder that is
    /// there is one of those that may be read.
    pub(crate) fn may_make(&self, path: &Path) -> bool {
        let path = overlay::key(path);
        if path.symlink_metadata().is_ok() {
            return false;
        }
        let mut above = path.ancestors().skip(1);
        let nearest = above.find_map(|folder| folder.canonicalize().ok());
        nearest.is_some_and(|folder| {
            folder.is_dir() && self.roots.iter().any(|root| folder.starts_with(root))
        })
    }

    /// Whether the overlay has a text for this path.
    pub(crate) fn covers(&self, path: &Path) -> bool {
        self.overlay.covers(path)
    }

    /// The bytes of a file, from the overlay or the disk; none: it is too large to be read.
    pub(crate) fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, String> {
        self.overlay.read(path)
    }

    /// What was read.
    pub(crate) fn loaded(self) -> Vec<Arc<Source>> {
        self.loaded
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Loader for DiskLoader<'_> {
    fn load(&self, path: &Path) -> Result<Arc<Source>, String> {
        self.allows(path)?;
        let name = shown(path);
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = loaded.iter().find(|source| *source.name == *name) {
            return Ok(Arc::clone(known));
        }
        let bytes = self.read(path)?.ok_or("it is larger than 8 MiB")?;
        let (text, encoding) = decode(bytes).map_err(|_| "it is no text".to_owned())?;
        let source = Arc::new(Source::new(&name, path.to_owned(), text, encoding));
        loaded.push(Arc::clone(&source));
        Ok(source)
    }
}
