//! `winfit explain`: error texts, whole logs and describe output.

mod advice;
mod registry;
mod verdict;

use std::fs::File;
use std::io::{self, IsTerminal};
use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};
use winfit_core::Catalog;
use winfit_core::remedy::Remedy;
use winfit_explain::{Diagnosis, Report, SubjectKind};

use self::verdict::{Given, Missing, Settled};
use super::check;
use crate::cli::{DataFormat, ExplainArguments, FailOn};
use crate::input;
use crate::json;
use crate::output::{Exit, Outcome, bold, columns, faint, nothing, printable, wrap};
use crate::settling::Answers;

/// A file that was read.
struct Source {
    /// Its path; none: standard input.
    file: Option<String>,
    report: Report,
}

pub(crate) fn run(arguments: &ExplainArguments) -> Result<Outcome> {
    let catalog = crate::overlay::catalog();
    let mut given = Given::read(catalog, arguments)?;
    let (mut sources, mut complaints) = read(&arguments.files);
    if sources.is_empty() {
        return Err(nothing(complaints.join("\n")));
    }
    given.answers = registry::look(catalog, arguments, &mut sources, given.is_windows())?;
    let found: Vec<(&Source, &Diagnosis)> = sources
        .iter()
        .flat_map(|source| {
            source
                .report
                .diagnoses
                .iter()
                .map(move |found| (source, found))
        })
        .collect();
    let settled: Vec<Option<Settled>> = found
        .iter()
        .map(|(_, diagnosis)| given.settle(catalog, diagnosis))
        .collect();
    let text = match arguments.format {
        DataFormat::Json => document(catalog, &found, &settled, &given.answers)?,
        DataFormat::Human => {
            let missing: Vec<Missing> = found
                .iter()
                .map(|(_, diagnosis)| given.missing(catalog, diagnosis))
                .collect();
            human(
                catalog,
                &sources,
                &found,
                &settled,
                &missing,
                &given.answers,
                arguments.verbose,
            )
        }
    };
    let worst = found.iter().map(|(_, diagnosis)| diagnosis.severity).max();
    let failed = worst.is_some_and(|severity| arguments.fail_on.counts(severity))
        || (!complaints.is_empty() && arguments.fail_on != FailOn::Never);
    let mut outcome = Outcome::new(text, if failed { Exit::Findings } else { Exit::Fits });
    // That a registry does not answer changes nothing of what the text says.
    complaints.extend(given.answers.complaints());
    outcome.complaints = complaints;
    Ok(outcome)
}

/// Reads every source; what cannot be read is said, and the others are read all the same.
fn read(files: &[std::path::PathBuf]) -> (Vec<Source>, Vec<String>) {
    let mut sources = Vec::new();
    let mut complaints = Vec::new();
    let standard = [std::path::PathBuf::from("-")];
    let files = if files.is_empty() { &standard } else { files };
    for path in files {
        let name = if path.as_os_str() == "-" {
            "standard input".to_owned()
        } else {
            path.display().to_string()
        };
        match read_one(path) {
            Err(_) if name.contains(' ') && !path.exists() => complaints.push(format!(
                "{name:?} is no file; to explain a text, pipe it: echo TEXT | winfit explain"
            )),
            Err(error) => complaints.push(format!("{name}: {}", input::reason(&error))),
            Ok(report) if report.empty => complaints.push(format!(
                "{name} is empty; expected an error text, a log, or the output of `kubectl describe pod` or `docker service ps --no-trunc`"
            )),
            Ok(report) if report.binary && report.diagnoses.is_empty() => complaints.push(format!(
                "{name} is no text; expected an error text, a log, or the output of `kubectl describe pod` or `docker service ps --no-trunc`"
            )),
            Ok(report) => sources.push(Source {
                file: (path.as_os_str() != "-").then(|| path.display().to_string()),
                report,
            }),
        }
    }
    (sources, complaints)
}

fn read_one(path: &Path) -> io::Result<Report> {
    if path.as_os_str() == "-" {
        let stdin = io::stdin();
        if stdin.is_terminal() {
            crate::output::hint(
                "paste the error text, then end it with Ctrl-D (Ctrl-Z on Windows)",
            );
        }
        return winfit_explain::explain(stdin.lock());
    }
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    winfit_explain::explain(file)
}

/// `log.txt:12:5`, or `line 12` of standard input.
fn place(source: &Source, diagnosis: &Diagnosis) -> String {
    let location = diagnosis.location;
    match &source.file {
        Some(file) => format!("{}:{}:{}", printable(file), location.line, location.column),
        None => format!("line {}", location.line),
    }
}

fn human(
    catalog: &Catalog,
    sources: &[Source],
    found: &[(&Source, &Diagnosis)],
    settled: &[Option<Settled>],
    missing: &[Missing],
    answers: &Answers,
    verbose: bool,
) -> String {
    if found.is_empty() {
        let lines: u64 = sources.iter().map(|source| source.report.lines).sum();
        let what = if lines == 1 { "line" } else { "lines" };
        let headline = format!("No Windows version mismatch in {lines} {what}.");
        let hint = "If something does not start all the same: `docker service ps --no-trunc` and `kubectl describe pod` print the whole error.";
        return format!("{}\n\n{}\n", bold(&headline), wrap(hint, "  ", "  "));
    }
    let mut text = String::new();
    if found.len() > 1 {
        text.push_str(&overview(found, dropped(sources)));
    }
    let mut advised: Vec<&str> = Vec::new();
    for (at, (source, diagnosis)) in found.iter().enumerate() {
        if at > 0 {
            text.push('\n');
        }
        // The same advice once: ten pods that fail alike are mended alike.
        let known = advised.contains(&diagnosis.signature);
        if !known {
            advised.push(diagnosis.signature);
        }
        let advice = match (&settled[at], known) {
            (Some(settled), _) => {
                let judged = settled.judged(catalog);
                let mut advice = format!("\n{}", check::block(catalog, &judged, verbose));
                for doubt in settled.doubts(diagnosis, judged.fits()) {
                    advice.push('\n');
                    advice.push_str(&wrap(&printable(&doubt), "  ", "  "));
                    advice.push('\n');
                }
                advice
            }
            (None, true) => String::new(),
            (None, false) => {
                let known = registry::has(answers, diagnosis).is_some();
                let mut advice = check::remedies_text(&advice::remedies(diagnosis, known));
                let file = source.file.as_deref();
                for line in advice::to_settle(diagnosis, file, &missing[at]) {
                    advice.push_str(&line);
                    advice.push('\n');
                }
                advice
            }
        };
        text.push_str(&block(source, diagnosis, answers, verbose));
        text.push_str(&advice);
    }
    let dropped = dropped(sources);
    if dropped > 0 {
        text.push_str(&faint(&format!("\n{dropped} more, not shown\n")));
    }
    text
}

/// How many failures beyond the cap were only counted.
fn dropped(sources: &[Source]) -> u64 {
    sources.iter().map(|source| source.report.dropped).sum()
}

/// Several failures: one line each, before each is told.
fn overview(found: &[(&Source, &Diagnosis)], dropped: u64) -> String {
    let mut text = if dropped == 0 {
        bold(&format!("{} failures", found.len()))
    } else {
        bold(&format!("{} failures, and {dropped} more", found.len()))
    };
    text.push_str("\n\n");
    let rows: Vec<Vec<String>> = found
        .iter()
        .map(|(source, diagnosis)| {
            vec![
                diagnosis.kind.name().to_owned(),
                printable(&diagnosis.who()),
                place(source, diagnosis),
            ]
        })
        .collect();
    text.push_str(&columns(&rows, "  "));
    text.push('\n');
    text
}

fn block(source: &Source, diagnosis: &Diagnosis, answers: &Answers, verbose: bool) -> String {
    let mut text = bold(&wrap(&printable(&diagnosis.message()), "", ""));
    text.push_str("\n\n");
    for (label, value) in facts(source, diagnosis, answers, verbose) {
        let first = format!("  {label:12}");
        text.push_str(&wrap(&printable(&value), &first, &" ".repeat(14)));
        text.push('\n');
    }
    text
}

/// What the text states, a row each.
fn facts(
    source: &Source,
    diagnosis: &Diagnosis,
    answers: &Answers,
    verbose: bool,
) -> Vec<(&'static str, String)> {
    let mut rows: Vec<(&'static str, String)> = Vec::new();
    let subject = &diagnosis.subject;
    let containers: Vec<&str> = subject
        .container
        .as_deref()
        .into_iter()
        .chain(diagnosis.image.as_deref())
        .collect();
    if !containers.is_empty() {
        let label = if subject.container.is_some() {
            "container"
        } else {
            "image"
        };
        rows.push((label, containers.join(", ")));
    }
    if let (Some(node), Some(SubjectKind::Service | SubjectKind::Task)) =
        (&subject.node, subject.kind)
    {
        rows.push(("node", node.clone()));
    }
    let (label, mut said) = match (diagnosis.code, diagnosis.code_name()) {
        (Some(code), Some(name)) if verbose => {
            ("said by", format!("Windows, {code:#010x} ({name}), at "))
        }
        (Some(code), _) => ("said by", format!("Windows, {code:#010x}, at ")),
        (None, _) => ("said at", String::new()),
    };
    said.push_str(&place(source, diagnosis));
    if let Some(again) = diagnosis.also_at.first() {
        said.push_str(&format!("; again at line {again}"));
    }
    if diagnosis.count > 1 {
        said.push_str(&format!(" ({} times)", diagnosis.count));
    }
    rows.push((label, said));
    if let Some(version) = diagnosis.host_version {
        rows.push(("host", version.to_string()));
    }
    if let Some(version) = diagnosis.image_version {
        rows.push(("image's", version.to_string()));
    }
    if let Some(said) = registry::row(answers, diagnosis) {
        rows.push(("registry", said));
    }
    if !diagnosis.node_selectors.is_empty() {
        rows.push(("placement", placement(&diagnosis.node_selectors)));
    }
    if diagnosis.confidence != winfit_explain::Confidence::Certain {
        rows.push(("confidence", diagnosis.confidence.name().to_owned()));
    }
    if verbose {
        if let Some(id) = &diagnosis.container_id {
            rows.push(("id", id.clone()));
        }
        if !diagnosis.layer_ids.is_empty() {
            rows.push(("layers", format!("{}", diagnosis.layer_ids.len())));
        }
        rows.push(("form", diagnosis.signature.to_owned()));
    }
    rows
}

/// Whether the selectors tell one Windows from another.
fn placement(selectors: &[(String, String)]) -> String {
    let list: Vec<String> = selectors
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    let tells = |key: &str| {
        ["osbuild", "windows-build", "hostname", "os-sku"]
            .iter()
            .any(|word| key.contains(word))
    };
    if selectors.iter().any(|(key, _)| tells(key)) {
        list.join(", ")
    } else {
        format!("only {}: any Windows node may be chosen", list.join(", "))
    }
}

fn document(
    catalog: &Catalog,
    found: &[(&Source, &Diagnosis)],
    settled: &[Option<Settled>],
    answers: &Answers,
) -> Result<String> {
    let diagnoses: Vec<Value> = found
        .iter()
        .zip(settled)
        .map(|((source, diagnosis), settled)| {
            let subject = &diagnosis.subject;
            let (remedies, verdict): (Vec<Remedy>, Value) = if let Some(settled) = settled {
                let judged = settled.judged(catalog);
                let verdict = check::verdict_json(catalog, &judged);
                (judged.remedies, verdict)
            } else {
                let known = registry::has(answers, diagnosis).is_some();
                (advice::remedies(diagnosis, known), Value::Null)
            };
            let selectors: serde_json::Map<String, Value> = diagnosis
                .node_selectors
                .iter()
                .map(|(key, value)| (key.clone(), json!(value)))
                .collect();
            json!({
                "kind": diagnosis.kind.name(),
                "code": diagnosis.code.map(|code| format!("{code:#010x}")),
                "host_version": diagnosis.host_version.map(|version| version.to_string()),
                "image_version": diagnosis.image_version.map(|version| version.to_string()),
                "image": diagnosis.image,
                "subject": {
                    "kind": subject.kind.map(SubjectKind::name),
                    "namespace": subject.namespace,
                    "name": subject.name,
                    "node": subject.node,
                    "container": subject.container,
                },
                "location": {
                    "file": source.file,
                    "line": diagnosis.location.line,
                    "column": diagnosis.location.column,
                    "offset": diagnosis.location.offset,
                },
                "count": diagnosis.count,
                "confidence": diagnosis.confidence.name(),
                "severity": diagnosis.severity.name(),
                "message": diagnosis.message(),
                "remedies": remedies.iter().map(json::remedy).collect::<Vec<_>>(),
                "signature": diagnosis.signature,
                "container_id": diagnosis.container_id,
                "layer_ids": diagnosis.layer_ids,
                "node_selectors": selectors,
                "truncated": diagnosis.truncated,
                "registry": registry::has(answers, diagnosis).map(registry::document),
                "verdict": verdict,
            })
        })
        .collect();
    json::document(&json!({"schema": "winfit.explain/1", "diagnoses": diagnoses}))
}
