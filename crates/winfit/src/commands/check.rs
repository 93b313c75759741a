//! `winfit check`: images on hosts.

use anyhow::Result;
use serde_json::{Value, json};
use winfit_core::Catalog;
use winfit_core::catalog::Relation;
use winfit_core::engine::Product;
use winfit_core::host::{Isolation, Os, ReadHost};
use winfit_core::image::NamedImage;
use winfit_core::reason::Pair;
use winfit_core::remedy::{FleetHost, Remedy, Situation, remedies};
use winfit_core::verdict::{Answer, Judgement, Reason, Recommended, Verdict, judge};
use winfit_core::version::OsVersion;

use super::notes::{Calendar, Note, notes};
use crate::cli::{CheckArguments, FailOn, Format};
use crate::input;
use crate::json;
use crate::output::{Exit, Outcome, answer, bold, faint, markdown_cell, printable, usage, wrap};

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
    let catalog = Catalog::builtin();
    let images = images(catalog, arguments)?;
    let (hosts, complaints) = input::hosts(catalog, &arguments.hosts, &arguments.facts)?;
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
    outcome.complaints = complaints;
    Ok(outcome)
}

/// Reads the images; everything that is wrong with them is said at once.
fn images(catalog: &Catalog, arguments: &CheckArguments) -> Result<Vec<NamedImage>> {
    let mut given: Vec<(&str, OsVersion, bool)> = Vec::new();
    for pair in &arguments.image_version {
        let (reference, version) = pair.rsplit_once('=').ok_or_else(|| {
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

/// Judges every image on every host, images first in the order given.
pub(crate) fn judge_all<'a>(
    catalog: &Catalog,
    images: &'a [NamedImage],
    hosts: &'a [ReadHost],
    asked: Option<Isolation>,
    calendar: &Calendar,
) -> Vec<Judged<'a>> {
    let mut judged = Vec::new();
    for image in images {
        for (at, host) in hosts.iter().enumerate() {
            let verdict = judge(catalog, &host.host, &image.image);
            let labels: Vec<String> = hosts.iter().map(label).collect();
            let others: Vec<FleetHost<'_>> = hosts
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != at)
                .map(|(other, read)| FleetHost {
                    label: &labels[other],
                    host: &read.host,
                })
                .collect();
            let remedies = remedies(&Situation {
                catalog,
                image,
                host: &host.host,
                verdict: &verdict,
                asked,
                others: &others,
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
fn label(host: &ReadHost) -> String {
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
        let answer = self.verdict.answers.of(self.isolation()).answer;
        let failed = match fail_on {
            FailOn::Never => false,
            // A risk or an unknown is a warning, not an error.
            FailOn::Error => answer == Answer::No || self.verdict.pull_refused(),
            FailOn::Warning | FailOn::Info => !self.fits(),
        };
        failed || self.notes.iter().any(|note| note.severity.counts(fail_on))
    }

    /// The first line: the answer.
    pub(crate) fn headline(&self, catalog: &Catalog) -> String {
        let image = printable(&self.image.short());
        let pair = self.pair(catalog);
        let host = match &self.host.name {
            Some(name) => format!("{} ({})", printable(name), pair.host_name()),
            None => pair.host_name(),
        };
        let verdict = &self.verdict;
        let isolation = self.isolation();
        let named = |isolation| match isolation {
            Isolation::Process => "process isolation",
            Isolation::Hyperv => "Hyper-V isolation",
        };
        let asked = verdict.answers.of(isolation).answer;
        let other = verdict.answers.of(isolation.other()).answer;
        if verdict.pull_refused() && (asked.runs() || other.runs()) {
            return format!("{image} would run on {host}, but this engine will not pull it.");
        }
        match (asked, other) {
            (Answer::Yes, _) if self.asked.is_none() && isolation == Isolation::Process => {
                format!("{image} runs on {host}.")
            }
            (Answer::Yes, _) => format!("{image} runs on {host} with {}.", named(isolation)),
            (Answer::Preview, _) => format!(
                "{image} runs on {host} as a preview, with {}.",
                named(isolation)
            ),
            (Answer::Risk, Answer::Yes | Answer::Preview) => format!(
                "{image} may fail on {host}; with {} it runs.",
                named(isolation.other())
            ),
            (Answer::Risk, _) => format!("{image} may fail on {host}."),
            (Answer::Unknown, Answer::Yes | Answer::Preview) => format!(
                "{image} runs on {host} with {}; whether with {} cannot be told.",
                named(isolation.other()),
                named(isolation)
            ),
            (Answer::Unknown, _) => format!("Whether {image} runs on {host} cannot be told."),
            (Answer::No, Answer::Yes | Answer::Preview) => format!(
                "{image} runs on {host} only with {}.",
                named(isolation.other())
            ),
            (Answer::No, Answer::Risk) => format!(
                "{image} does not run on {host} with {}, and may fail with {}.",
                named(isolation),
                named(isolation.other())
            ),
            (Answer::No, _) => format!("{image} does not run on {host}."),
        }
    }
}

/// The reason that decides an answer; the others are for `-v`.
fn telling(catalog: &Catalog, judgement: &Judgement) -> Option<Reason> {
    let weight = |reason: &Reason| match (judgement.answer, reason) {
        (
            Answer::No,
            Reason::WrongOs | Reason::WrongArchitecture | Reason::HostBeforeContainers,
        ) => 9,
        (Answer::No, Reason::ImageNewer) => 8,
        (Answer::No, Reason::ImageOlder { .. }) => 7,
        (Answer::No, Reason::HypervUnavailable) => 6,
        // Of several breaks, the rule that everybody on 2016 meets.
        (Answer::No | Answer::Risk | Answer::Unknown, Reason::Break { row, .. }) => {
            let relation = catalog.breaks[usize::from(*row)].relation;
            if relation == Relation::Equal { 7 } else { 6 }
        }
        (Answer::Risk, Reason::RevisionNotStated) => 7,
        (
            Answer::Unknown,
            Reason::KindUnknown
            | Reason::NoOsVersion
            | Reason::NoHostVersion
            | Reason::HypervNotStated
            | Reason::BuildNotInCatalog { .. },
        ) => 7,
        (Answer::Yes | Answer::Preview, Reason::HostProcess | Reason::NoWindows) => 7,
        (Answer::Yes | Answer::Preview, Reason::OwnKernel { .. } | Reason::EqualBuilds) => 6,
        (Answer::Yes | Answer::Preview, Reason::Documented { .. }) => 5,
        (Answer::No, Reason::Documented { .. }) => 4,
        _ => 1,
    };
    let mut best: Option<(i32, Reason)> = None;
    for reason in judgement.reasons() {
        let weight = weight(&reason);
        if best.is_none_or(|(known, _)| weight > known) {
            best = Some((weight, reason));
        }
    }
    best.map(|(_, reason)| reason)
}

fn exit(judged: &[Judged<'_>], fail_on: FailOn) -> Exit {
    if judged.iter().any(|judged| judged.counts(fail_on)) {
        Exit::Findings
    } else {
        Exit::Fits
    }
}

/// A label in front of a wrapped sentence.
fn line(label: &str, answer_word: &str, width: usize, sentence: &str) -> String {
    const LABEL: usize = 9;
    let indent = " ".repeat(2 + LABEL + width);
    let wrapped = wrap(sentence, &indent, &indent);
    let body = wrapped.get(indent.len()..).unwrap_or_default();
    format!("  {label:LABEL$}{answer_word}{body}\n")
}

/// The image and host rows, in columns.
fn sides(catalog: &Catalog, judged: &Judged<'_>) -> String {
    let pair = judged.pair(catalog);
    let image = judged.image;
    let host = judged.host;
    let image_version = match image.image.version {
        Some(version) if image.image.revision_inferred => version.without_revision().to_string(),
        Some(version) => version.to_string(),
        None => "not stated".to_owned(),
    };
    let image_source = match image.image.version {
        None => "",
        Some(_) => image.stated_by.in_words(),
    };
    let image_name = match image.image.version {
        None if image.image.os == Os::Windows => "Windows".to_owned(),
        _ => pair.image_name(),
    };
    let host_version = host
        .host
        .version
        .map_or_else(|| "not stated".to_owned(), |version| version.to_string());
    let host_source = match (host.kb.first(), &host.name) {
        (Some(kb), _) => format!("from KB{kb}"),
        (None, Some(name)) => printable(name),
        (None, None) => "as given".to_owned(),
    };
    let rows = [
        ["image", &image_name, &image_version, image_source],
        ["host", &pair.host_name(), &host_version, &host_source],
    ];
    let name = rows
        .iter()
        .map(|row| row[1].chars().count())
        .max()
        .unwrap_or(0);
    let version = rows
        .iter()
        .map(|row| row[2].chars().count())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for [label, release, number, source] in rows {
        let line = format!("  {label:9}{release:name$}   {number:version$}   {source}");
        text.push_str(line.trim_end());
        text.push('\n');
    }
    if let Some(engine) = host.host.engine {
        text.push_str(&format!("  {:9}{}\n", "engine", engine.in_words()));
    }
    text
}

fn human(catalog: &Catalog, judged: &[Judged<'_>], verbose: bool) -> String {
    let mut text = String::new();
    if judged.len() > 1 {
        let fit = judged.iter().filter(|judged| judged.fits()).count();
        text.push_str(&bold(&format!("{fit} of {} pairs run.", judged.len())));
        text.push_str("\n\n");
    }
    for (at, judged) in judged.iter().enumerate() {
        if at > 0 {
            text.push('\n');
        }
        text.push_str(&block(catalog, judged, verbose));
    }
    if !verbose {
        text.push('\n');
        text.push_str(&faint("  -v shows rules and sources."));
        text.push('\n');
    }
    text
}

/// All that is said of one pair, for people.
pub(crate) fn block(catalog: &Catalog, judged: &Judged<'_>, verbose: bool) -> String {
    let pair = judged.pair(catalog);
    let mut text = bold(&wrap(&judged.headline(catalog), "", ""));
    text.push_str("\n\n");
    text.push_str(&sides(catalog, judged));
    text.push('\n');
    let width = [Isolation::Process, Isolation::Hyperv]
        .into_iter()
        .map(|isolation| judged.verdict.answers.of(isolation).answer.name().len())
        .chain(judged.verdict.pull.map(|pull| pull.answer.name().len()))
        .max()
        .unwrap_or(3)
        + 3;
    for isolation in [Isolation::Process, Isolation::Hyperv] {
        let judgement = judged.verdict.answers.of(isolation);
        let word = answer(judgement.answer, width);
        let reasons: Vec<Reason> = if verbose {
            judgement.reasons().collect()
        } else {
            telling(catalog, judgement).into_iter().collect()
        };
        for (at, reason) in reasons.into_iter().enumerate() {
            let words = pair.render(reason, isolation);
            let (label, word) = if at == 0 {
                (isolation.name(), word.clone())
            } else {
                ("", " ".repeat(width))
            };
            text.push_str(&line(label, &word, width, &words.message));
            if verbose {
                let source = format!(
                    "[{}: {}] {}",
                    words.authority.name(),
                    words.rule,
                    words.source
                );
                text.push_str(&line("", &" ".repeat(width), width, &source));
            }
        }
        if let (true, Some((server, client))) = (
            judgement
                .reasons()
                .any(|reason| reason == Reason::KindUnknown),
            &judged.verdict.by_kind,
        ) {
            let sentence = format!(
                "as a server: {}; as a client: {}",
                server.of(isolation).answer.name(),
                client.of(isolation).answer.name()
            );
            text.push_str(&line("", &" ".repeat(width), width, &sentence));
        }
    }
    if let Some(pull) = &judged.verdict.pull {
        for words in pair.render_pull(pull) {
            text.push_str(&line(
                "pull",
                &answer(pull.answer, width),
                width,
                &words.message,
            ));
            if verbose {
                let source = format!(
                    "[{}: {}] {}",
                    words.authority.name(),
                    words.rule,
                    words.source
                );
                text.push_str(&line("", &" ".repeat(width), width, &source));
            }
        }
    }
    text.push_str(&remarks(judged));
    text.push_str(&remedies_text(&judged.remedies));
    text
}

fn remarks(judged: &Judged<'_>) -> String {
    let mut sentences: Vec<String> = judged
        .host
        .inferred
        .iter()
        .chain(&judged.image.notes)
        .map(|note| printable(note))
        .collect();
    sentences.extend(judged.notes.iter().map(|note| note.message.clone()));
    sentences.extend(how_to_settle(judged));
    let mut text = String::new();
    for (at, sentence) in sentences.iter().enumerate() {
        if at == 0 {
            text.push('\n');
        }
        text.push_str(&line("note", "", 0, sentence));
    }
    text
}

/// Where a missing fact leaves the answer open: how to get it.
fn how_to_settle(judged: &Judged<'_>) -> Option<String> {
    let reference = judged.image.reference.as_ref()?;
    let image = &judged.image.image;
    let open = image.os == Os::Windows && image.version.is_none() && !image.host_process;
    open.then(|| {
        format!(
            "to settle it, run `docker image inspect --format {{{{.OsVersion}}}} {reference}` where the image is, and add --image-version {reference}=VERSION here"
        )
    })
}

/// Remedies, numbered, ready to paste.
pub(crate) fn remedies_text(remedies: &[Remedy]) -> String {
    let mut text = String::new();
    for (at, remedy) in remedies.iter().enumerate() {
        if at == 0 {
            text.push('\n');
        }
        let title = if at == 0 {
            remedy.title.clone()
        } else {
            format!("or {}", remedy.title)
        };
        let number = format!("  {}  ", at + 1);
        text.push_str(&wrap(&title, &number, "     "));
        text.push('\n');
        if let Some(diff) = remedy.diff.as_ref().filter(|diff| diff.starts_with("---")) {
            for changed in diff.lines().filter(|line| !line.starts_with("---")) {
                let shown = changed.strip_prefix("+++ ").unwrap_or(changed);
                text.push_str(&format!("       {shown}\n"));
            }
        }
        for command in &remedy.commands {
            let label = match command.shell {
                winfit_core::remedy::Shell::PowerShell => "PowerShell",
                winfit_core::remedy::Shell::Sh => "sh",
                _ => "",
            };
            if !label.is_empty() {
                text.push_str(&format!("       {}\n", faint(&format!("# {label}"))));
            }
            for line in command.text.lines() {
                text.push_str(&format!("       {}\n", printable(line)));
            }
        }
    }
    text
}

/// One entry of `winfit.check/1`.
pub(crate) fn verdict_json(catalog: &Catalog, judged: &Judged<'_>) -> Value {
    let pair = judged.pair(catalog);
    let (process, hyperv) = json::answers(&pair, &judged.verdict.answers);
    let mut value = json!({
        "host": json::host(catalog, judged.host),
        "image": json::image(judged.image),
        "process": process,
        "hyperv": hyperv,
    });
    if let Some((server, client)) = &judged.verdict.by_kind {
        let of = |answers| {
            let (process, hyperv) = json::answers(&pair, answers);
            json!({"process": process, "hyperv": hyperv})
        };
        value["by_kind"] = json!({"server": of(server), "client": of(client)});
    }
    value["pull"] = judged.verdict.pull.map_or(Value::Null, |pull| {
        let reasons: Vec<Value> = pair.render_pull(&pull).iter().map(json::reason).collect();
        json!({
            "answer": pull.answer.name(),
            "generation": pull.generation.map(winfit_core::catalog::Generation::name),
            "order": pull.order.map(winfit_core::catalog::Order::name),
            "reasons": reasons,
        })
    });
    value["recommended"] = json!(match judged.verdict.recommended {
        Recommended::Isolation(isolation) => isolation.name(),
        other => other.name(),
    });
    value["fits"] = json!(judged.fits());
    value["remedies"] = judged.remedies.iter().map(json::remedy).collect();
    value["notes"] = judged
        .notes
        .iter()
        .map(|note| {
            json!({
                "rule": note.rule,
                "severity": note.severity.name(),
                "message": note.message,
                "source": note.source,
            })
        })
        .chain(judged.image.notes.iter().map(|note| {
            json!({
                "rule": "image-as-written",
                "severity": "info",
                "message": note,
                "source": "the image as given",
            })
        }))
        .collect();
    value
}

fn document(catalog: &Catalog, judged: &[Judged<'_>]) -> Result<String> {
    let verdicts: Vec<Value> = judged
        .iter()
        .map(|judged| verdict_json(catalog, judged))
        .collect();
    json::document(&json!({"schema": "winfit.check/1", "verdicts": verdicts}))
}

fn markdown(catalog: &Catalog, judged: &[Judged<'_>]) -> String {
    let mut text =
        "| image | host | process | hyperv | pull | verdict |\n|---|---|---|---|---|---|\n"
            .to_owned();
    for judged in judged {
        let cells = [
            printable(&judged.image.text),
            label(judged.host),
            judged.verdict.answers.process.answer.name().to_owned(),
            judged.verdict.answers.hyperv.answer.name().to_owned(),
            judged
                .verdict
                .pull
                .map_or_else(String::new, |pull| pull.answer.name().to_owned()),
            judged.headline(catalog),
        ];
        let cells: Vec<String> = cells.iter().map(|cell| markdown_cell(cell)).collect();
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    for judged in judged.iter().filter(|judged| !judged.remedies.is_empty()) {
        text.push_str(&format!(
            "\n**{}**\n\n",
            markdown_cell(&judged.headline(catalog))
        ));
        for (at, remedy) in judged.remedies.iter().enumerate() {
            text.push_str(&format!("{}. {}\n", at + 1, remedy.title));
            for command in &remedy.commands {
                let language = match command.shell {
                    winfit_core::remedy::Shell::Any => "sh",
                    shell => shell.name(),
                };
                let body: Vec<String> = command
                    .text
                    .lines()
                    .map(|line| format!("   {}", printable(line)))
                    .collect();
                text.push_str(&format!(
                    "\n   ```{language}\n{}\n   ```\n",
                    body.join("\n")
                ));
            }
        }
    }
    text
}
