//! `winfit image`: what registries have, what engines make of it, and indexes that are right.

mod assemble;
mod inspect;
mod lint;
mod list;
mod pick;

use anyhow::Result;
use serde::Serialize;
use winfit_core::Catalog;
use winfit_core::host::{Host, Kind};
use winfit_core::reason::windows_name;
use winfit_core::version::OsVersion;
use winfit_registry::RegistryError;
use winfit_registry::inspect::ImageReport;

use crate::cli::{ImageArguments, ImageCommand, ImagesArguments};
use crate::findings::clean;
use crate::online::Online;
use crate::output::{Exit, Outcome};

pub(crate) fn run(arguments: &ImageArguments) -> Result<Outcome> {
    match &arguments.command {
        ImageCommand::Inspect(arguments) => inspect::run(arguments),
        ImageCommand::Pick(arguments) => pick::run(arguments),
        ImageCommand::Lint(arguments) => lint::run(arguments),
        ImageCommand::Assemble(arguments) => assemble::run(arguments),
    }
}

/// What was read of some images.
struct Images {
    /// Those that could be read, in the order given.
    reports: Vec<ImageReport>,
    /// The others, each with the reason.
    errors: Vec<(String, String)>,
    /// Why children could not be read although their image could.
    troubles: Vec<RegistryError>,
}

impl Images {
    /// Reads the images that the arguments name; one that fails leaves the others alone.
    fn read(arguments: &ImagesArguments) -> Result<Self> {
        Self::read_by(arguments, &Online::new(&arguments.registry))
    }

    /// The same by a client of somebody's own.
    fn read_by(arguments: &ImagesArguments, online: &Online) -> Result<Self> {
        let list = list::references(&arguments.references)?;
        let references = list.references;
        let mut images = Self {
            reports: Vec::with_capacity(references.len()),
            errors: list.wrong,
            troubles: Vec::new(),
        };
        let found = online.inspect_all(&references)?;
        for (found, reference) in found.into_iter().zip(&references) {
            match found {
                Ok(report) => {
                    let troubles = report.children.iter().flat_map(|child| &child.trouble);
                    images.troubles.extend(troubles.cloned());
                    images.reports.push(report);
                }
                Err(error) => images
                    .errors
                    .push((reference.to_string(), clean(&error.to_string()))),
            }
        }
        Ok(images)
    }

    /// An answer, with what could not be read beside it.
    fn outcome(&self, text: String, exit: Exit) -> Outcome {
        let mut outcome = Outcome::new(text, exit);
        let parts = self.troubles.iter().map(|error| clean(&error.to_string()));
        outcome.complaints = together(&self.errors).into_iter().chain(parts).collect();
        if self.reports.is_empty() {
            outcome.exit = Exit::Nothing;
        } else if !outcome.complaints.is_empty() && exit == Exit::Fits {
            outcome.exit = Exit::Findings;
        }
        outcome
    }

    /// `errors` of the documents.
    fn unread(&self) -> Vec<Unread<'_>> {
        let errors = self.errors.iter();
        errors
            .map(|(reference, message)| Unread { reference, message })
            .collect()
    }
}

/// What was said of several images is told once, with the first of them.
fn together(errors: &[(String, String)]) -> Vec<String> {
    let mut found: Vec<(&str, &str, usize)> = Vec::new();
    for (reference, message) in errors {
        match found
            .iter_mut()
            .find(|(known, ..)| *known == message.as_str())
        {
            Some((.., times)) => *times += 1,
            None => found.push((message, reference, 1)),
        }
    }
    let lines = found.into_iter();
    lines
        .map(|(message, first, times)| match times {
            1 => message.to_owned(),
            times => format!("{message} (said of {times} images, {first} the first)"),
        })
        .collect()
}

/// One of `errors` in documents.
#[derive(Serialize)]
struct Unread<'i> {
    reference: &'i str,
    message: &'i str,
}

/// `Windows Server 2022`, the Windows that images of a version have.
fn windows(catalog: &Catalog, version: OsVersion) -> String {
    windows_name(catalog, version.build, Kind::Server)
}

/// The Windows of a host.
fn host_name(catalog: &Catalog, host: &Host) -> String {
    host.version.map_or_else(
        || "a host of unknown version".to_owned(),
        |version| windows_name(catalog, version.build, host.effective_kind(catalog)),
    )
}
