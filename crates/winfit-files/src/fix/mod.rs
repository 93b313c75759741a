//! Remedies carried out: the bytes of the change, and no others.

use std::ops::Range;
use std::sync::Arc;

use thiserror::Error;
use winfit_core::change::Change;
use winfit_core::remedy::Remedy;

use crate::repository::Repository;
use crate::source::Source;

/// A piece of a file that gives way to another text.
#[derive(Debug, Clone)]
pub struct FileEdit {
    /// The file.
    pub source: Arc<Source>,
    /// The bytes of its text that go.
    pub range: Range<usize>,
    /// What comes in their place.
    pub text: String,
}

/// Why a remedy is not carried out.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotFixed {
    /// It takes a person's hand.
    #[error("nothing in a file carries this out")]
    NoChange,
    /// What was to be changed is not there.
    #[error("{place}: what this would change no longer stands there")]
    Vanished {
        /// The file.
        place: String,
    },
}

/// The edits that carry a remedy out, by file and place.
pub fn edits(repository: &Repository, remedy: &Remedy) -> Result<Vec<FileEdit>, NotFixed> {
    if remedy.changes.is_empty() {
        return Err(NotFixed::NoChange);
    }
    let mut found = Vec::new();
    for change in &remedy.changes {
        let vanished = || NotFixed::Vanished {
            place: change.at().source.to_string(),
        };
        let source = repository
            .source(&change.at().source)
            .ok_or_else(vanished)?;
        let span = change.at().span.ok_or_else(vanished)?;
        let Change::Text { old, new, .. } = change else {
            return Err(NotFixed::NoChange);
        };
        if source.text.get(span.start..span.end) != Some(old.as_str()) {
            return Err(vanished());
        }
        found.push(FileEdit {
            source: Arc::clone(source),
            range: span.start..span.end,
            text: new.clone(),
        });
    }
    Ok(found)
}
