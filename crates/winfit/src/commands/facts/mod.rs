//! `winfit facts`: what files state, before any judgement.

mod documents;
mod human;
mod os;
#[cfg(test)]
mod tests;

use anyhow::Result;
use winfit_core::finding::Severity;
use winfit_files::repository::{Facts, ReadFile, Repository};

use super::lint::{complaints_of, is_nothing, no_files, read_files};
use crate::cli::{DataFormat, FactsArguments};
use crate::output::{Exit, Outcome};

pub(crate) fn run(arguments: &FactsArguments) -> Result<Outcome> {
    let catalog = crate::overlay::catalog();
    let repository = read_files(&arguments.files)?;
    let none = no_files(&repository, &arguments.files);
    let nothing = is_nothing(&repository, &arguments.files);
    let document = documents::document(catalog, &repository);
    let text = match arguments.format {
        DataFormat::Json => crate::findings::document(&document)?,
        DataFormat::Human if nothing => String::new(),
        DataFormat::Human => none
            .as_ref()
            .map_or_else(|| human::human(&document), |none| format!("{none}\n")),
    };
    let exit = if nothing {
        Exit::Nothing
    } else if is_partly_unreadable(&repository) {
        Exit::Findings
    } else {
        Exit::Fits
    };
    let mut outcome = Outcome::new(text, exit);
    outcome.complaints = complaints_of(&repository);
    if arguments.format == DataFormat::Json {
        outcome.complaints.extend(none);
    }
    Ok(outcome)
}

/// Whether the facts are not all that the files would state. What else is wrong with a file (a key
/// that stands twice, a value of a wrong type) is shown, and hides nothing.
fn is_partly_unreadable(repository: &Repository) -> bool {
    !repository.unread.is_empty() || repository.files.iter().any(is_broken)
}

fn is_broken(file: &ReadFile) -> bool {
    matches!(file.facts, Facts::Broken(_))
        || file.problems.iter().any(|problem| match problem.rule {
            "too-large" => true,
            "broken-file" | "daemon-json-refused" => problem.severity == Severity::Error,
            _ => false,
        })
}
