//! `winfit image pick`: which child engines pull on hosts, why, and whether it starts there.

mod documents;
mod human;

use anyhow::Result;
use winfit_core::Catalog;
use winfit_core::engine::Engine;
use winfit_core::host::{Host, Isolation, Os, ReadHost};
use winfit_core::index::{Choice, Entry, ImageIndex, Taken, choose, one_of_each_rule};
use winfit_core::verdict::Answer;
use winfit_registry::inspect::ImageReport;

use super::Images;
use crate::cli::{Format, PickArguments};
use crate::commands::check::label;
use crate::input;
use crate::output::{Exit, Outcome, usage};

pub(super) fn run(arguments: &PickArguments) -> Result<Outcome> {
    let catalog = crate::overlay::catalog();
    let (hosts, complaints) = input::hosts(catalog, &arguments.hosts, &arguments.facts())?;
    if let Some(other) = hosts.iter().find(|read| read.host.os != Os::Windows) {
        return Err(usage(format!(
            "--host {}: it is no Windows; what engines pull of an index on Linux is not a question of versions",
            label(other)
        )));
    }
    let images = Images::read(&arguments.images)?;
    let described: Vec<ImageIndex> = images.reports.iter().map(ImageReport::described).collect();
    let picked: Vec<Picked<'_>> = described
        .iter()
        .map(|image| Picked::new(catalog, image, &hosts, &arguments.engines))
        .collect();
    let text = match arguments.format {
        Format::Human => human::human(catalog, &picked, arguments.verbose),
        Format::Json => documents::document(&picked, &images)?,
        Format::Markdown => documents::markdown(&picked),
    };
    let all_run = picked
        .iter()
        .flat_map(|picked| &picked.cells)
        .all(Cell::runs);
    let exit = if all_run { Exit::Fits } else { Exit::Findings };
    let mut outcome = images.outcome(text, exit);
    if !complaints.is_empty() && outcome.exit == Exit::Fits {
        outcome.exit = Exit::Findings;
    }
    outcome.complaints.splice(0..0, complaints);
    Ok(outcome)
}

/// What every engine pulls of an image on every host.
struct Picked<'a> {
    image: &'a ImageIndex,
    cells: Vec<Cell<'a>>,
}

/// What one engine pulls on one host.
struct Cell<'a> {
    image: &'a ImageIndex,
    /// What the host is called.
    name: String,
    /// The host with the engine.
    host: Host,
    engine: Engine,
    choice: Choice<'a>,
}

impl<'a> Picked<'a> {
    fn new(
        catalog: &'a Catalog,
        image: &'a ImageIndex,
        hosts: &[ReadHost],
        engines: &[Engine],
    ) -> Self {
        let mut cells = Vec::new();
        for read in hosts {
            let engines = match (engines, read.host.engine) {
                ([], Some(own)) => vec![own],
                ([], None) => one_of_each_rule(catalog)
                    .into_iter()
                    .map(|(engine, _)| engine)
                    .collect(),
                (given, _) => given.to_vec(),
            };
            for engine in engines {
                let host = Host {
                    engine: Some(engine),
                    ..read.host
                };
                if let Some(choice) = choose(catalog, image, &host) {
                    cells.push(Cell {
                        image,
                        name: label(read),
                        host,
                        engine,
                        choice,
                    });
                }
            }
        }
        Self { image, cells }
    }
}

impl Cell<'_> {
    /// The child that is pulled.
    fn child(&self) -> Option<&Entry> {
        self.choice.index().map(|at| &self.image.entries[at])
    }

    /// The child that suits the host better, and is passed over.
    fn better(&self) -> Option<&Entry> {
        self.choice.passed_over.map(|at| &self.image.entries[at])
    }

    /// Whether something is pulled, and starts by itself.
    fn runs(&self) -> bool {
        self.choice.starts().is_some_and(Answer::runs)
    }

    /// Why, in a sentence without a full stop.
    fn reason(&self) -> String {
        let mut reason = self.choice.reason(self.image, &self.host);
        match (self.child(), self.better()) {
            (Some(_), Some(better)) => {
                reason.push_str(&format!("; {} suits the host better", better.name()));
            }
            (None, Some(better)) => {
                reason.push_str(&format!("; {} would run there", better.name()));
            }
            _ => {}
        }
        reason
    }

    /// What is pulled, in a word or two.
    fn pulls(&self) -> String {
        match (self.choice.taken, self.child()) {
            (_, Some(child)) => child.name(),
            (Taken::Refused, None) => "nothing".to_owned(),
            (_, None) => "unknown".to_owned(),
        }
    }

    /// Whether that starts: the word of the verdict, or with which isolation alone it does.
    fn starts(&self) -> &'static str {
        if self.choice.missing {
            return "not there";
        }
        let Some(verdict) = &self.choice.verdict else {
            return "-";
        };
        let default = verdict.default_isolation;
        let answer = verdict.answers.of(default).answer;
        match (answer, default.other()) {
            (Answer::No, other) if verdict.answers.of(other).answer.runs() => match other {
                Isolation::Hyperv => "only hyperv",
                Isolation::Process => "only process",
            },
            _ => answer.name(),
        }
    }
}
