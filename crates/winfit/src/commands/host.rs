//! `winfit host`: Windows versions from anything that people paste.

use anyhow::Result;
use serde_json::{Value, json};
use winfit_core::Catalog;
use winfit_core::host::{HostReading, Kind, Os, ReadHost};
use winfit_core::reason::windows_name;

use crate::cli::{DataFormat, HostArguments};
use crate::input;
use crate::json;
use crate::output::{Exit, Outcome, bold, columns, faint, nothing, printable, usage, wrap};
use crate::this_machine;

pub(crate) fn run(arguments: &HostArguments) -> Result<Outcome> {
    let catalog = crate::overlay::catalog();
    let text = arguments.text.join(" ");
    let reading = if arguments.text.is_empty() {
        input::of_one(this_machine::read()?)
    } else if text.trim().is_empty() {
        return Err(usage(
            "the text is empty; give a version (10.0.17763.437), a release (ltsc2019), @FILE, or - for standard input",
        ));
    } else {
        input::host_words(catalog, &arguments.text)?
    };
    let complaints: Vec<String> = reading.unread.iter().map(input::unread).collect();
    if reading.hosts.is_empty() {
        let mut why = complaints;
        why.extend(reading.notes);
        if why.is_empty() {
            why.push(
                "the text states no Windows version; expected the output of `ver`, `systeminfo`, `reg query`, `docker info` or `kubectl describe node`, or a version such as 10.0.17763.437"
                    .to_owned(),
            );
        }
        return Err(nothing(why.join("\n")));
    }
    let ambiguous = !from_outside(&text) && input::is_ambiguous(&reading.hosts);
    let text = match arguments.format {
        DataFormat::Json => document(catalog, &reading, ambiguous)?,
        DataFormat::Human => human(catalog, &reading, ambiguous, arguments.verbose),
    };
    let incomplete = !complaints.is_empty() || reading.hosts.iter().any(|read| !is_stated(read));
    let exit = if incomplete {
        Exit::Findings
    } else {
        Exit::Fits
    };
    let mut outcome = Outcome::new(text, exit);
    outcome.complaints = complaints;
    Ok(outcome)
}

/// Whether the text came from a file or a pipe, where several hosts are several hosts.
fn from_outside(text: &str) -> bool {
    text == "-" || text == "auto" || text.starts_with('@')
}

/// A Linux host has no Windows version to state.
fn is_stated(read: &ReadHost) -> bool {
    read.host.os == Os::Linux || read.host.version.is_some()
}

fn document(catalog: &Catalog, reading: &HostReading, ambiguous: bool) -> Result<String> {
    let hosts: Vec<Value> = reading
        .hosts
        .iter()
        .map(|read| json::host(catalog, read))
        .collect();
    json::document(&json!({
        "schema": "winfit.host/1",
        "hosts": hosts,
        "ambiguous": ambiguous,
        "notes": reading.notes,
    }))
}

fn release(catalog: &Catalog, read: &ReadHost) -> String {
    match (read.host.os, read.host.version) {
        (Os::Linux, _) => "Linux".to_owned(),
        (_, Some(version)) if catalog.kinds_of(version.build).is_some() => {
            windows_name(catalog, version.build, read.host.effective_kind(catalog))
        }
        (_, Some(version)) => {
            let (below, above) = catalog.neighbours(version.build);
            match (below, above) {
                (Some(below), Some(above)) => {
                    format!("no named release, between {below} and {above}")
                }
                (Some(below), None) => format!("newer than {below}, the newest known"),
                _ => "older than any with containers".to_owned(),
            }
        }
        (_, None) => "Windows, version not stated".to_owned(),
    }
}

fn version(read: &ReadHost) -> String {
    read.host
        .version
        .map_or_else(|| "-".to_owned(), |version| version.to_string())
}

fn human(catalog: &Catalog, reading: &HostReading, ambiguous: bool, verbose: bool) -> String {
    let mut text = String::new();
    match reading.hosts.as_slice() {
        [only] => one(catalog, only, &mut text),
        several => many(catalog, several, ambiguous, verbose, &mut text),
    }
    let mut remarks: Vec<&String> = reading.notes.iter().collect();
    if verbose || reading.hosts.len() == 1 {
        for remark in reading.hosts.iter().flat_map(|read| &read.inferred) {
            if !remarks.contains(&remark) {
                remarks.push(remark);
            }
        }
    }
    for (at, remark) in remarks.into_iter().enumerate() {
        if at == 0 {
            text.push('\n');
        }
        text.push_str(&wrap(&printable(remark), "  note  ", "        "));
        text.push('\n');
    }
    text
}

fn one(catalog: &Catalog, read: &ReadHost, text: &mut String) {
    let name = read
        .name
        .as_ref()
        .map_or_else(String::new, |name| format!("{}: ", printable(name)));
    let headline = match read.host.version {
        Some(version) if catalog.kinds_of(version.build).is_some() => {
            format!("{name}{}, {version}", release(catalog, read))
        }
        Some(version) => format!("{name}{version}, {}", release(catalog, read)),
        None => format!("{name}{}", release(catalog, read)),
    };
    text.push_str(&bold(&wrap(&headline, "", "")));
    text.push_str("\n\n");
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut row = |label: &str, value: String| rows.push(vec![label.to_owned(), value]);
    if let Some(version) = read.host.version {
        row("build", version.build.to_string());
        match version.revision {
            Some(revision) => {
                let updates: Vec<String> = catalog
                    .updates_at(version.build, revision)
                    .filter_map(|update| {
                        let kb = update.kb?;
                        Some(match update.day {
                            Some(day) => format!("KB{kb} of {day}"),
                            None => format!("KB{kb}"),
                        })
                    })
                    .collect();
                row("revision", format!("{revision}  {}", updates.join(", ")));
            }
            None => row("revision", "not stated".to_owned()),
        }
        row("kind", read.host.effective_kind(catalog).name().to_owned());
        let releases: Vec<&str> = read
            .releases(catalog)
            .iter()
            .map(|release| release.name)
            .collect();
        if releases.len() > 1 {
            row("releases", releases.join("; "));
        }
    }
    if let Some(arch) = read.host.arch {
        row("arch", arch.name().to_owned());
    }
    if let Some(engine) = read.host.engine {
        row("engine", engine.to_string());
    }
    if let Some(hyperv) = read.host.hyperv {
        row("hyperv", if hyperv { "on" } else { "off" }.to_owned());
    }
    if let Some(platform) = read
        .host
        .platform
        .and_then(|at| catalog.platforms.get(usize::from(at)))
    {
        row("platform", platform.name.to_owned());
    }
    row("stated by", printable(&read.text));
    for alternative in &read.alternatives {
        row(
            "or",
            format!("{}, {}", alternative.version, alternative.because),
        );
    }
    text.push_str(&columns(&rows, "  "));
}

fn many(catalog: &Catalog, hosts: &[ReadHost], ambiguous: bool, verbose: bool, text: &mut String) {
    let headline = if ambiguous {
        format!(
            "{} names several releases; say which: {}.",
            printable(&hosts[0].text),
            winfit_core::host::choices(catalog, hosts).join(", ")
        )
    } else {
        format!("{} hosts", hosts.len())
    };
    text.push_str(&bold(&wrap(&headline, "", "")));
    text.push_str("\n\n");
    let named = hosts.iter().any(|read| read.name.is_some());
    let rows: Vec<Vec<String>> = hosts
        .iter()
        .map(|read| {
            let mut row = Vec::new();
            if named {
                row.push(printable(read.name.as_deref().unwrap_or("-")));
            }
            row.push(version(read));
            row.push(release(catalog, read));
            row.push(match (read.host.os, read.host.effective_kind(catalog)) {
                (Os::Linux, _) => String::new(),
                (_, Kind::Unknown) => "kind unknown".to_owned(),
                (_, kind) => kind.name().to_owned(),
            });
            row
        })
        .collect();
    text.push_str(&columns(&rows, "  "));
    if !verbose && hosts.iter().any(|read| !read.inferred.is_empty()) {
        text.push_str(&faint("\n  -v shows what was inferred, and from what\n"));
    }
}
