//! An engine's `daemon.json`: what it says of isolation, and another default put into it.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use serde::de::IgnoredAny;
use similar::TextDiff;
use winfit_core::Catalog;
use winfit_core::change::Change;
use winfit_core::finding::Severity;
use winfit_core::host::Isolation;
use winfit_core::remedy::{Remedy, RemedyKind, Safety};
use winfit_files::daemon::{DaemonJson, of_isolation};
use winfit_files::fix::write::write;
use winfit_files::fix::{FixedFile, edits};
use winfit_files::repository::{Facts, ReadFile, ReadOptions, Repository, read};
use winfit_files::source::{Encoding, Source};

use crate::input;
use crate::output::nothing;

/// What the reader knows the file by.
const NAME: &str = "daemon.json";

/// The largest file that is read: no engine's settings come near to it.
const MOST: u64 = 1024 * 1024;

/// Where an engine has its settings that runs on this machine.
pub(super) fn usual() -> PathBuf {
    PathBuf::from(if cfg!(windows) {
        r"C:\ProgramData\docker\config\daemon.json"
    } else {
        "/etc/docker/daemon.json"
    })
}

/// A `daemon.json` as it is read.
pub(super) struct DaemonFile {
    path: PathBuf,
    /// None: it is not there.
    repository: Option<Repository>,
}

/// A change of it, which is not written yet.
pub(super) struct Changed {
    file: FixedFile,
    /// What is there now, byte for byte.
    before: Option<Vec<u8>>,
}

impl DaemonFile {
    /// Reads it. That it is not there is no trouble.
    pub(super) fn read(catalog: &Catalog, path: &Path) -> Result<Self> {
        let bytes = match bytes(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self {
                    path: path.to_owned(),
                    repository: None,
                });
            }
            Err(error) => {
                return Err(nothing(format!(
                    "{}: {}",
                    path.display(),
                    input::reason(&error)
                )));
            }
        };
        let options = ReadOptions {
            stdin: Some((NAME.to_owned(), bytes)),
            ..ReadOptions::default()
        };
        Ok(Self {
            path: path.to_owned(),
            repository: Some(read(catalog, &options)),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is there.
    pub(super) fn is_there(&self) -> bool {
        self.repository.is_some()
    }

    fn read_file(&self) -> Option<&ReadFile> {
        let files = &self.repository.as_ref()?.files;
        files.iter().find(|file| *file.source.name == *NAME)
    }

    /// The default that it sets; none: it sets none.
    pub(super) fn isolation(&self) -> Option<Isolation> {
        match &self.read_file()?.facts {
            Facts::Daemon(daemon) => DaemonJson::isolation(daemon),
            _ => None,
        }
    }

    /// Why the engine would not start with it, with the place; none: it is JSON.
    pub(super) fn broken(&self) -> Option<String> {
        self.repository.as_ref()?;
        let Some(file) = self.read_file() else {
            return Some(format!(
                "{}: it is no text that can be read",
                self.path.display()
            ));
        };
        let text = &file.source.text;
        if text.trim().is_empty() || serde_json::from_str::<IgnoredAny>(text).is_ok() {
            return None;
        }
        let problem = file
            .problems
            .iter()
            .find(|problem| problem.severity == Severity::Error)?;
        let place = problem.origin.span.map_or_else(String::new, |span| {
            format!(":{}:{}", span.line, span.column)
        });
        Some(format!(
            "{}{place}: {}",
            self.path.display(),
            problem.message
        ))
    }

    /// The file with another default; none: it has that already.
    pub(super) fn with(&self, isolation: Isolation) -> Result<Option<Changed>> {
        if let Some(broken) = self.broken() {
            return Err(nothing(format!("{broken}; it is left as it is")));
        }
        let Some(repository) = &self.repository else {
            return Ok(Some(Changed {
                file: FixedFile {
                    source: self.source(String::new(), Encoding::Utf8),
                    text: of_isolation(isolation),
                    created: true,
                },
                before: None,
            }));
        };
        let Some(file) = self.read_file() else {
            return Ok(None);
        };
        let remedy = Remedy {
            kind: RemedyKind::Isolation,
            title: String::new(),
            safety: Safety::Unsafe,
            commands: Vec::new(),
            diff: None,
            changes: vec![Change::EngineIsolation {
                at: file.source.whole(),
                isolation,
            }],
        };
        let found = edits(repository, &remedy).map_err(|error| {
            nothing(format!(
                "{}: {error}; it is left as it is",
                self.path.display()
            ))
        })?;
        let before = &file.source.text;
        let mut text = before.clone();
        for edit in found.into_iter().rev() {
            text.replace_range(edit.range, &edit.text);
        }
        if text == *before {
            return Ok(None);
        }
        let encoding = file.source.encoding;
        Ok(Some(Changed {
            before: Some(winfit_files::fix::write::encode(before, encoding)),
            file: FixedFile {
                source: self.source(before.clone(), encoding),
                text,
                created: false,
            },
        }))
    }

    fn source(&self, text: String, encoding: Encoding) -> Arc<Source> {
        let name = self.path.display().to_string();
        Arc::new(Source::new(&name, self.path.clone(), text, encoding))
    }
}

impl Changed {
    /// The change as people read it.
    pub(super) fn diff(&self) -> String {
        let name = self.file.source.name.to_string();
        let before = if self.file.created {
            "(not there yet)"
        } else {
            &name
        };
        TextDiff::from_lines(&self.file.source.text, &self.file.text)
            .unified_diff()
            .header(before, &name)
            .to_string()
    }

    /// Writes it, and gives back where what was there is kept.
    pub(super) fn write(&self) -> Result<Option<PathBuf>> {
        let path = &self.file.source.path;
        let backup = match &self.before {
            None => None,
            Some(bytes) => Some(keep(path, bytes).map_err(|error| {
                nothing(format!(
                    "{}: what is there could not be kept beside it ({error}), and it is left as it is",
                    path.display()
                ))
            })?),
        };
        if let Err(error) = write(&self.file) {
            // A copy of what is there still says nothing.
            if let Some(backup) = backup {
                let _ = fs::remove_file(backup);
            }
            return Err(nothing(error.to_string()));
        }
        Ok(backup)
    }
}

/// Reads a file that is not larger than any that an engine has.
fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let metadata = fs::metadata(path)?;
    if metadata.len() > MOST {
        return Err(io::Error::other(
            "larger than 1 MiB, which no engine's settings are",
        ));
    }
    fs::read(path)
}

/// Keeps what a file holds in `daemon.json.bak` beside it, or under the first number that is free.
fn keep(path: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
    const MOST_KEPT: u32 = 1000;
    let permissions = fs::metadata(path)?.permissions();
    for number in 0..MOST_KEPT {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".bak");
        if number > 0 {
            name.push(format!(".{number}"));
        }
        let backup = path.with_file_name(name);
        let mut file = match OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&backup)
        {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            Err(error) => return Err(error),
        };
        file.write_all(bytes)?;
        file.set_permissions(permissions)?;
        file.sync_all()?;
        return Ok(backup);
    }
    Err(io::Error::other(
        "there are a thousand copies of it already",
    ))
}
