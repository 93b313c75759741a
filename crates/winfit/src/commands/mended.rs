//! What `lint --fix` did, on its way to the disk.

use winfit_files::fix::write::write;
use winfit_files::fix::{Applied, Fixed, FixedFile, NotFixed};
use winfit_files::lint::Lint;
use winfit_files::repository::{Repository, shown};

use super::lint::STDIN;
use crate::cli::FilesArguments;
use crate::findings::clean;

/// Files with their fixes.
#[derive(Debug, Default)]
pub(crate) struct Mended {
    /// Those that change.
    pub(crate) files: Vec<FixedFile>,
    /// What was mended in them.
    pub(crate) applied: Vec<Applied>,
    refused: Vec<(&'static str, NotFixed)>,
    /// A file could not be written.
    pub(crate) failed: bool,
}

impl Mended {
    /// Takes the fixes, and gives back what is left.
    pub(crate) fn take(&mut self, fixed: Fixed) -> (Repository, Lint) {
        self.files = fixed.files;
        self.applied = fixed.applied;
        self.refused = fixed.refused;
        (fixed.repository, fixed.lint)
    }

    /// Why some fixes were not made, in a sentence each.
    pub(crate) fn refusals(&self) -> impl Iterator<Item = String> + '_ {
        self.refused
            .iter()
            .map(|(rule, reason)| clean(&format!("not fixed: {rule}: {reason}")))
    }

    /// Writes the files, and tells which could not be written. What was mended in those was not.
    pub(crate) fn write(&mut self) -> Vec<String> {
        let mut complaints = Vec::new();
        for file in &self.files {
            if let Err(error) = write(file) {
                complaints.push(clean(&error.to_string()));
                self.failed = true;
                let name = &file.source.name;
                self.applied
                    .retain(|applied| applied.origin.source != *name);
            }
        }
        complaints
    }

    /// The text of standard input, fixed or as it was.
    pub(crate) fn text_of_stdin(
        &self,
        repository: &Repository,
        arguments: &FilesArguments,
    ) -> String {
        let name = arguments
            .stdin_filename
            .as_deref()
            .map_or_else(|| STDIN.to_owned(), shown);
        let fixed = self.files.iter().find(|file| *file.source.name == *name);
        match fixed {
            Some(file) => file.text.clone(),
            None => repository
                .source(&name)
                .map(|source| source.text.clone())
                .unwrap_or_default(),
        }
    }
}
