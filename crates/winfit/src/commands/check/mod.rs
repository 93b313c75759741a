//! `winfit check`: images on hosts.

mod documents;
mod human;

use anyhow::Result;
use winfit_core::Catalog;
use winfit_core::engine::Product;
use winfit_core::host::{Isolation, Os, ReadHost};
use winfit_core::image::{NamedImage, StatedBy};
use winfit_core::reason::Pair;
use winfit_core::remedy::{FleetHost, Remedy, Situation, remedies};
use winfit_core::verdict::{Verdict, judge};
use winfit_core::version::OsVersion;

pub(crate) use self::documents::verdict_json;
use self::documents::{document, markdown};
use self::human::human;
pub(crate) use self::human::{block, remedies_text};
use super::notes::{Calendar, Note, notes};
use crate::cli::{CheckArguments, FailOn, Format};
use crate::input;
use crate::output::{Exit, Outcome, printable, usage};
use crate::settling::Answers;

/// One host, one image, and all that is said of them.
pub(crate) struct Judged<'a> {
    pub(crate) host: &'a ReadHost,
    pub(crate) image: &'a NamedImage,
    pub(crate) verdict: Verdict,
    pub(crate) remedies: Vec<Remedy>,
    pub(crate) notes: Vec<Note>,
    pub(crate) asked: Option<Isolation>,
}

pub(crate) fn run(arguments: &CheckArguments) -> Result<Outcome> {
    let catalog = crate::overlay::catalog();
    let mut images = images(catalog, arguments)?;
    let (hosts, mut complaints) = input::hosts(catalog, &arguments.hosts, &arguments.facts)?;
    let answers = settle(arguments, &mut images)?;
    let images = on_each(catalog, &images, &hosts);
    let asked = arguments.isolation.map(Into::into);
    let calendar = Calendar::new(arguments.as_of, arguments.eol_within);
    let judged = judge_all(catalog, &images, &hosts, asked, &calendar);
    let text = match arguments.format {
        Format::Human => human(catalog, &judged, arguments.verbose),
        Format::Json => document(catalog, &judged)?,
        Format::Markdown => markdown(catalog, &judged),
    };
    let mut outcome = Outcome::new(text, exit(&judged, arguments.fail_on));
    if outcome.exit == Exit::Fits && !complaints.is_empty() && arguments.fail_on != FailOn::Never {
        outcome.exit = Exit::Findings;
    }
    // That a registry does not answer changes no verdict.
    complaints.extend(answers.complaints());
    outcome.complaints = complaints;
    Ok(outcome)
}

/// Reads the images; everything that is wrong with them is said at once.
fn images(catalog: &Catalog, arguments: &CheckArguments) -> Result<Vec<NamedImage>> {
    let mut given: Vec<(&str, OsVersion, bool)> = Vec::new();
    for pair in &arguments.image_version {
        // Of a single image there is no doubt which one is meant.
        let only = match arguments.images.as_slice() {
            [only] if !pair.contains('=') => Some((only.as_str(), pair.as_str())),
            _ => None,
        };
        let (reference, version) = only.or(pair.rsplit_once('=')).ok_or_else(|| {
            usage(format!(
                "--image-version {pair}: write it as REF=VERSION, as contoso/myimage=10.0.17763.437"
            ))
        })?;
        let version = version
            .parse()
            .map_err(|error| usage(format!("--image-version {pair}: {error}")))?;
        given.push((reference, version, false));
    }
    let mut images = Vec::new();
    let mut wrong = Vec::new();
    for text in &arguments.images {
        let known = given.iter_mut().find(|(reference, _, _)| reference == text);
        let version = known.map(|(_, version, used)| {
            *used = true;
            *version
        });
        if text == "-" || text.starts_with('@') || std::path::Path::new(text).is_file() {
            wrong.push(format!(
                "{text}: an image is a reference, a version or a release, not a file; give what stands behind FROM or image:"
            ));
            continue;
        }
        match NamedImage::read(catalog, text) {
            Ok(mut named) => {
                if let Some(version) = version {
                    named.give_version(version);
                }
                if let Some(os) = arguments.image_os {
                    named.image.os = os.into();
                }
                if named.image.os == Os::Linux {
                    named.image.version = None;
                }
                named.image.host_process = arguments.host_process;
                images.push(named);
            }
            Err(error) => wrong.push(error.to_string()),
        }
    }
    for (reference, _, used) in &given {
        if !used {
            wrong.push(format!(
                "--image-version {reference}=…: {reference} is not among the images of this check"
            ));
        }
    }
    if wrong.is_empty() {
        Ok(images)
    } else {
        Err(usage(wrong.join("\n")))
    }
}

/// Asks the registries of the images whose version or system the user does not give.
fn settle(arguments: &CheckArguments, images: &mut [NamedImage]) -> Result<Answers> {
    let open =
        |image: &NamedImage| arguments.image_os.is_none() && image.stated_by != StatedBy::Given;
    let references = images.iter().filter(|image| open(image));
    let references = references.filter_map(|image| image.reference.clone());
    let answers = Answers::ask(&arguments.online, references)?;
    for image in images.iter_mut().filter(|image| open(image)) {
        answers.settle(image);
    }
    Ok(answers)
}

/// The images as each host takes them, host by host: of an index each takes its own.
fn on_each(catalog: &Catalog, images: &[NamedImage], hosts: &[ReadHost]) -> Vec<Vec<NamedImage>> {
    let on = |host: &ReadHost| {
        let images = images.iter();
        images
            .map(|image| image.for_host(catalog, &host.host))
            .collect()
    };
    hosts.iter().map(on).collect()
}

/// Judges every host with every image, in the order given; the images are there once a host.
fn judge_all<'a>(
    catalog: &Catalog,
    images: &'a [Vec<NamedImage>],
    hosts: &'a [ReadHost],
    asked: Option<Isolation>,
    calendar: &Calendar,
) -> Vec<Judged<'a>> {
    let labels: Vec<String> = hosts.iter().map(label).collect();
    let fleet: Vec<FleetHost<'_>> = hosts
        .iter()
        .zip(&labels)
        .map(|(read, label)| FleetHost {
            label,
            host: &read.host,
        })
        .collect();
    let mut judged = Vec::new();
    for (host, images) in hosts.iter().zip(images) {
        for image in images {
            let verdict = judge(catalog, &host.host, &image.image);
            let remedies = remedies(&Situation {
                catalog,
                image,
                host: &host.host,
                verdict: &verdict,
                asked,
                fleet: &fleet,
                today: calendar.today,
                pod: host
                    .host
                    .engine
                    .is_some_and(|engine| engine.product == Product::Containerd),
            });
            judged.push(Judged {
                host,
                image,
                verdict,
                remedies,
                notes: notes(catalog, &host.host, image, calendar),
                asked,
            });
        }
    }
    judged
}

/// How a host is called: by its name, else by the words that stated it.
pub(crate) fn label(host: &ReadHost) -> String {
    printable(host.name.as_deref().unwrap_or(&host.text))
}

impl Judged<'_> {
    fn pair<'c>(&'c self, catalog: &'c Catalog) -> Pair<'c> {
        Pair {
            catalog,
            host: &self.host.host,
            image: &self.image.image,
        }
    }

    pub(crate) fn fits(&self) -> bool {
        self.verdict.fits(self.asked)
    }

    fn isolation(&self) -> Isolation {
        self.asked.unwrap_or(self.verdict.default_isolation)
    }

    fn counts(&self, fail_on: FailOn) -> bool {
        let failed = fail_on != FailOn::Never && !self.fits();
        failed || self.notes.iter().any(|note| fail_on.counts(note.severity))
    }
}

fn exit(judged: &[Judged<'_>], fail_on: FailOn) -> Exit {
    if judged.iter().any(|judged| judged.counts(fail_on)) {
        Exit::Findings
    } else {
        Exit::Fits
    }
}
