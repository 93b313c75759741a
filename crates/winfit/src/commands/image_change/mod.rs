//! `winfit image-change`: whether a new image is a patch of the old one, or another Windows.

mod documents;
mod human;

use std::io::Read;

use anyhow::Result;
use winfit_core::Catalog;
use winfit_core::host::{Os, ReadHost, decode};
use winfit_core::image::{Image, NamedImage, StatedBy};
use winfit_core::image_change::{ImageChange, Side, image_change};
use winfit_core::verdict::{Verdict, judge};
use winfit_core::version::OsVersion;

use super::notes::Calendar;
use crate::cli::{Format, ImageChangeArguments};
use crate::input;
use crate::output::{Exit, Outcome, nothing, printable, usage};
use crate::settling::Answers;

/// The old image and the new one.
type Pair = (NamedImage, NamedImage);

/// A change, and how it fares on the hosts that were given.
struct Compared<'a> {
    change: ImageChange<'a>,
    hosts: Vec<OnHost<'a>>,
}

/// The two images on one host.
struct OnHost<'a> {
    host: &'a ReadHost,
    old: Verdict,
    new: Verdict,
}

pub(crate) fn run(arguments: &ImageChangeArguments) -> Result<Outcome> {
    let catalog = crate::overlay::catalog();
    let (mut pairs, mut complaints) = pairs(catalog, arguments)?;
    let answers = settle(arguments, &mut pairs)?;
    let (hosts, of_hosts) = input::hosts(catalog, &arguments.hosts, &arguments.facts)?;
    complaints.extend(of_hosts);
    let today = Calendar::new(arguments.as_of, None).today;
    let compared: Vec<Compared<'_>> = pairs
        .iter()
        .map(|(old, new)| Compared::new(catalog, old, new, &hosts))
        .collect();
    let text = match arguments.format {
        Format::Human => human::human(catalog, &compared, today),
        Format::Json => documents::document(catalog, &compared)?,
        Format::Markdown => documents::markdown(catalog, &compared, today),
    };
    let passes = complaints.is_empty() && compared.iter().all(Compared::passes);
    let exit = if passes { Exit::Fits } else { Exit::Findings };
    let mut outcome = Outcome::new(text, exit);
    // That a registry does not answer changes no comparison.
    complaints.extend(answers.complaints());
    outcome.complaints = complaints;
    Ok(outcome)
}

impl<'a> Compared<'a> {
    fn new(
        catalog: &Catalog,
        old: &'a NamedImage,
        new: &'a NamedImage,
        hosts: &'a [ReadHost],
    ) -> Self {
        let change = image_change(catalog, old, new);
        // Of several images behind one reference each host takes its own.
        let verdict = |side: &Side<'_>, host: &ReadHost| {
            let image = as_told(side, side.image.on(catalog, &host.host));
            judge(catalog, &host.host, &image)
        };
        let on_host = |host: &'a ReadHost| OnHost {
            host,
            old: verdict(&change.old, host),
            new: verdict(&change.new, host),
        };
        Self {
            change,
            hosts: hosts.iter().map(on_host).collect(),
        }
    }

    /// Whether the change may be merged: Windows stays, or all the hosts that were given run the new
    /// image as they run containers by themselves.
    fn passes(&self) -> bool {
        let fits = if self.hosts.is_empty() {
            self.change.kind.keeps_windows()
        } else {
            self.hosts.iter().all(|host| host.new.fits(None))
        };
        fits && !self.change.new.image.is_doubtful()
    }
}

/// The facts of an image, a Linux by its name included.
fn facts(side: &Side<'_>) -> Image {
    as_told(side, side.image.image)
}

fn as_told(side: &Side<'_>, mut image: Image) -> Image {
    if side.os == Some(Os::Linux) {
        image.os = Os::Linux;
        image.version = None;
    }
    image
}

/// The pairs that were given, and what is wrong with the lines of a list: a bad line costs that line
/// alone. Of two images on the command line a bad one is the end.
fn pairs(catalog: &Catalog, arguments: &ImageChangeArguments) -> Result<(Vec<Pair>, Vec<String>)> {
    let mut wrong = Vec::new();
    let texts = match arguments.images.as_slice() {
        [only] if only == "-" => from_lines(&standard_input()?, &mut wrong)?,
        [old, new] => vec![(None, old.clone(), new.clone())],
        given => {
            let given = given.first().map_or("", String::as_str);
            return Err(usage(format!(
                "{}: one image is no change; give the old one and the new one, as winfit image-change OLD NEW",
                printable(given)
            )));
        }
    };
    let mut versions = given_versions(arguments)?;
    let mut pairs = Vec::new();
    for (line, old, new) in texts {
        let mut read = |text: &str| match NamedImage::read(catalog, text) {
            Ok(mut image) => {
                for (reference, version, used) in &mut versions {
                    if reference == text {
                        image.give_version(*version);
                        *used = true;
                    }
                }
                Some(image)
            }
            Err(error) => {
                wrong.push(match line {
                    Some(line) => format!("standard input:{line}: {error}"),
                    None => error.to_string(),
                });
                None
            }
        };
        let (old, new) = (read(&old), read(&new));
        pairs.extend(old.zip(new));
    }
    let unused: Vec<String> = versions
        .iter()
        .filter(|(_, _, used)| !used)
        .map(|(reference, _, _)| {
            format!("--image-version {reference}=…: {reference} is none of the images")
        })
        .collect();
    if pairs.is_empty() || !unused.is_empty() {
        wrong.extend(unused);
        return Err(usage(wrong.join("\n")));
    }
    Ok((pairs, wrong))
}

/// Asks the registries of the images whose version the user does not give.
fn settle(arguments: &ImageChangeArguments, pairs: &mut [Pair]) -> Result<Answers> {
    let open = |image: &NamedImage| image.stated_by != StatedBy::Given;
    let images = pairs.iter().flat_map(|(old, new)| [old, new]);
    let references = images
        .filter(|image| open(image))
        .filter_map(|image| image.reference.clone());
    let answers = Answers::ask(&arguments.online, references)?;
    let images = pairs.iter_mut().flat_map(|(old, new)| [old, new]);
    for image in images.filter(|image| open(image)) {
        answers.settle(image);
    }
    Ok(answers)
}

/// Standard input as text.
fn standard_input() -> Result<String> {
    /// The pairs of ten thousand files are a tenth of it.
    const MOST: u64 = 16 * 1024 * 1024;
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(MOST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| nothing(format!("standard input: {}", input::reason(&error))))?;
    if bytes.len() as u64 > MOST {
        return Err(nothing("standard input is larger than 16 MiB"));
    }
    Ok(decode(&bytes))
}

/// Lines of an old and a new image, as a script collects them from a diff, with their numbers.
fn from_lines(text: &str, wrong: &mut Vec<String>) -> Result<Vec<(Option<usize>, String, String)>> {
    let mut pairs = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [] => {}
            [first, ..] if first.starts_with('#') => {}
            [old, new] => pairs.push((Some(at + 1), (*old).to_owned(), (*new).to_owned())),
            _ => wrong.push(format!(
                "standard input:{}: expected two images, the old one and the new one, with a space between them",
                at + 1
            )),
        }
    }
    if pairs.is_empty() && wrong.is_empty() {
        return Err(nothing(
            "standard input has no images; expected lines of two, the old one and the new one",
        ));
    }
    Ok(pairs)
}

/// What `--image-version` gives, and whether an image took it.
fn given_versions(arguments: &ImageChangeArguments) -> Result<Vec<(String, OsVersion, bool)>> {
    let read = |pair: &String| {
        let (reference, version) = pair.rsplit_once('=').ok_or_else(|| {
            usage(format!(
                "--image-version {pair}: write it as REF=VERSION, as contoso/myimage=10.0.17763.437"
            ))
        })?;
        let version = version
            .parse()
            .map_err(|error| usage(format!("--image-version {pair}: {error}")))?;
        Ok((reference.to_owned(), version, false))
    };
    arguments.image_version.iter().map(read).collect()
}

/// What the core says of a change, as a sentence that stands alone.
fn capitalised(catalog: &Catalog, change: &ImageChange<'_>) -> String {
    let sentence = change.sentence(catalog);
    let mut letters = sentence.chars();
    // An image's name stays as it is written.
    match letters.next() {
        Some(first) if !sentence.starts_with(&change.names().0) => {
            first.to_uppercase().chain(letters).collect()
        }
        _ => sentence,
    }
}

/// How a host is called: by its name, else by the words that stated it.
fn label(host: &ReadHost) -> String {
    printable(host.name.as_deref().unwrap_or(&host.text))
}
