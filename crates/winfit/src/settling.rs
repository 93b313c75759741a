//! Images settled by their registries where those answer, and by their names where they do not.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use anyhow::Result;
use clap::Args;
use winfit_core::fleet::Fleet;
use winfit_core::image::NamedImage;
use winfit_core::reference::Reference;
use winfit_core::variants::Variants;
use winfit_files::registries::{self, Word, Words};
use winfit_registry::place::Place;
use winfit_registry::{RegistryError, settle};

use crate::cli::EngineArguments;
use crate::online::{Online, REGISTRIES, RegistryAccess, RegistryArguments};
use crate::output::{printable, wrap};

/// Whether registries are asked, and how.
#[derive(Debug, Clone, Args)]
pub(crate) struct OnlineArguments {
    /// Ask the images' registries which Windows is inside; where one does not answer, the name counts
    #[arg(long, help_heading = REGISTRIES)]
    online: bool,
    #[command(flatten)]
    registry: RegistryArguments,
}

impl OnlineArguments {
    /// Whether registries, or at least the cache of what they said, are asked.
    pub(crate) fn wanted(&self) -> bool {
        self.online || self.registry.access.offline
    }
}

/// The same beside the options of an engine, whose `--timeout` counts for registries as well.
#[derive(Debug, Clone, Args)]
pub(crate) struct EngineOnlineArguments {
    /// Ask the registries of images that the engine does not know which Windows is inside; where one
    /// does not answer, the name counts
    #[arg(long, help_heading = REGISTRIES)]
    online: bool,
    #[command(flatten)]
    access: RegistryAccess,
}

impl EngineOnlineArguments {
    /// How registries are asked beside this engine.
    pub(crate) fn beside(&self, engine: &EngineArguments) -> OnlineArguments {
        OnlineArguments {
            online: self.online,
            registry: RegistryArguments {
                access: self.access.clone(),
                timeout: engine.timeout,
            },
        }
    }
}

/// What registries said, by the texts of references.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    found: HashMap<String, Result<Arc<Variants>, RegistryError>>,
    /// What is left to say of single children.
    troubles: Vec<String>,
}

/// How many images are asked for together.
const TOGETHER: usize = 32;

impl Answers {
    /// Asks for every reference once. What fails leaves the others alone, and a registry that cannot be
    /// reached is not asked again.
    pub(crate) fn ask(
        arguments: &OnlineArguments,
        references: impl IntoIterator<Item = Reference>,
    ) -> Result<Self> {
        let mut answers = Self::default();
        let mut wanted: Vec<Reference> = references.into_iter().collect();
        wanted.sort_by_key(ToString::to_string);
        wanted.dedup();
        if wanted.is_empty() || !arguments.wanted() {
            return Ok(answers);
        }
        let online = Online::new(&arguments.registry);
        let mut down: HashMap<String, RegistryError> = HashMap::new();
        while !wanted.is_empty() {
            let mut now = Vec::new();
            wanted.retain(|reference| {
                if let Some(error) = down.get(&Place::of(reference).registry) {
                    answers
                        .found
                        .insert(reference.to_string(), Err(error.clone()));
                    return false;
                }
                if now.len() < TOGETHER {
                    now.push(reference.clone());
                    return false;
                }
                true
            });
            let reports = online.inspect_all(&now)?;
            for (reference, report) in now.iter().zip(reports) {
                let answer = match report {
                    Ok(report) => {
                        answers.troubles.extend(settle::troubles(&report));
                        settle::variants(&report).map(Arc::new)
                    }
                    Err(error) => {
                        if error.is_of_registry() {
                            down.insert(Place::of(reference).registry, error.clone());
                        }
                        Err(error)
                    }
                };
                answers.found.insert(reference.to_string(), answer);
            }
        }
        Ok(answers)
    }

    /// Asks for the images of a fleet that registries can settle, and takes their words into it.
    pub(crate) fn settle_fleet(arguments: &OnlineArguments, fleet: &mut Fleet) -> Result<Self> {
        if !arguments.wanted() {
            return Ok(Self::default());
        }
        let answers = Self::ask(arguments, registries::to_ask(fleet))?;
        registries::settle(fleet, &answers.words());
        Ok(answers)
    }

    /// Settles an image by what its registry said, where it was asked and answered.
    pub(crate) fn settle(&self, named: &mut NamedImage) {
        let Some(reference) = &named.reference else {
            return;
        };
        match self.found.get(&reference.to_string()) {
            Some(Ok(variants)) => named.settle(Arc::clone(variants)),
            Some(Err(RegistryError::NotFound { .. })) => named.not_there(),
            Some(Err(_)) | None => {}
        }
    }

    /// Whether the registry of a reference was asked, and has no such image.
    pub(crate) fn is_missing(&self, reference: &Reference) -> bool {
        let found = self.found.get(&reference.to_string());
        matches!(found, Some(Err(error)) if error.is_missing())
    }

    /// What the registry of a reference has, where it was asked and answered.
    pub(crate) fn variants(&self, reference: &Reference) -> Option<&Variants> {
        let answer = self.found.get(&reference.to_string())?;
        answer.as_ref().ok().map(|variants| &**variants)
    }

    /// What was said, for a fleet.
    pub(crate) fn words(&self) -> Words {
        let word = |answer: &Result<_, RegistryError>| match answer {
            Ok(variants) => Some(Word::Has(Arc::clone(variants))),
            Err(RegistryError::NotFound { .. }) => Some(Word::HasNot),
            Err(_) => None,
        };
        self.found
            .iter()
            .filter_map(|(reference, answer)| Some((reference.clone(), word(answer)?)))
            .collect()
    }

    /// The references whose registries did not answer (or did, and have no such image), in order.
    fn left(&self, not_there: bool) -> Vec<&str> {
        let is_left = |answer: &Result<_, RegistryError>| match answer {
            Ok(_) => false,
            Err(error) => matches!(error, RegistryError::NotFound { .. }) == not_there,
        };
        let left = self.found.iter().filter(|(_, answer)| is_left(answer));
        let mut left: Vec<&str> = left.map(|(reference, _)| reference.as_str()).collect();
        left.sort_unstable();
        left
    }

    /// Why images were judged by their names alone: one sentence a reason, with the images.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let mut reasons: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for reference in self.left(false) {
            if let Some(Err(error)) = self.found.get(reference) {
                reasons
                    .entry(error.to_string())
                    .or_default()
                    .push(reference);
            }
        }
        let by_name = reasons.into_iter().map(|(reason, references)| {
            let names = if references.len() == 1 {
                "its name"
            } else {
                "their names"
            };
            printable(&format!(
                "{} judged by {names}: {reason}",
                first_few(&references)
            ))
        });
        by_name
            .chain(self.troubles.iter().map(|trouble| printable(trouble)))
            .collect()
    }

    /// The same as a paragraph before findings; empty: nobody was asked.
    pub(crate) fn before(&self) -> String {
        self.paragraph()
            .map_or_else(String::new, |text| format!("{text}\n\n"))
    }

    /// The same as a paragraph at the end.
    pub(crate) fn after(&self) -> String {
        self.paragraph()
            .map_or_else(String::new, |text| format!("\n{text}\n"))
    }

    fn paragraph(&self) -> Option<String> {
        let summary = self.summary()?;
        Some(wrap(&format!("{summary}."), "", ""))
    }

    /// How many images were settled by which, for the end of a report. None: nobody was asked.
    pub(crate) fn summary(&self) -> Option<String> {
        let images = |count: usize| match count {
            1 => "1 image".to_owned(),
            many => format!("{many} images"),
        };
        let some = |references: &[&str], how: &str| {
            (!references.is_empty()).then(|| {
                let named = printable(&first_few(references));
                format!("{} {how}: {named}", references.len())
            })
        };
        let (by_name, missing) = (self.left(false), self.left(true));
        let settled = self.found.len() - by_name.len() - missing.len();
        let parts = [
            Some(format!("{} settled by registry", images(settled))),
            some(&by_name, "by name"),
            some(&missing, "not there"),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        (!self.found.is_empty()).then(|| parts.join(", "))
    }
}

fn first_few(references: &[&str]) -> String {
    const MOST: usize = 5;
    let shown = references[..references.len().min(MOST)].join(", ");
    match references.len().saturating_sub(MOST) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
