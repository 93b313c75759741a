//! Texts that stand in for those on the disk: what an editor has not saved, what a fix would write.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::repository::{MOST_BYTES, reason, tidy};

/// Texts by path. A file that is not among them is read from the disk.
#[derive(Debug, Clone, Default)]
pub struct Overlay(HashMap<PathBuf, Vec<u8>>);

impl Overlay {
    /// Puts a text over the file with this path.
    pub fn put(&mut self, path: &Path, bytes: Vec<u8>) {
        self.0.insert(key(path), bytes);
    }

    /// Takes a text away: the file counts again.
    pub fn remove(&mut self, path: &Path) {
        self.0.remove(&key(path));
    }

    /// Whether nothing is put over.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The files that the disk does not have, by path.
    pub(crate) fn new_files(&self) -> Vec<&Path> {
        let mut found: Vec<&Path> = self.0.keys().map(PathBuf::as_path).collect();
        found.retain(|path| !path.exists());
        found.sort();
        found
    }

    /// Whether there is a file, here or on the disk.
    pub(crate) fn has_file(&self, path: &Path) -> bool {
        path.is_file() || self.covers(path)
    }

    /// Whether a text is put over this path, where the disk need not have a file.
    pub(crate) fn covers(&self, path: &Path) -> bool {
        !self.is_empty() && self.0.contains_key(&key(path))
    }

    /// The bytes of a file; none: it is larger than [`MOST_BYTES`].
    pub(crate) fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, String> {
        if !self.is_empty()
            && let Some(bytes) = self.0.get(&key(path))
        {
            return Ok((bytes.len() as u64 <= MOST_BYTES).then(|| bytes.clone()));
        }
        let file = File::open(path).map_err(|error| reason(&error))?;
        let size = file.metadata().map_or(0, |metadata| metadata.len());
        let mut bytes = Vec::with_capacity(size.min(MOST_BYTES) as usize + 1);
        file.take(MOST_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| reason(&error))?;
        Ok((bytes.len() as u64 <= MOST_BYTES).then_some(bytes))
    }
}

/// One path, however it was come by.
pub(crate) fn key(path: &Path) -> PathBuf {
    tidy(&std::path::absolute(path).unwrap_or_else(|_| path.to_owned()))
}
