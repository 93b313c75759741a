//! `winfit matrix`: the documented matrix.

use anyhow::Result;
use serde_json::{Value, json};
use winfit_core::Catalog;
use winfit_core::catalog::Cell;
use winfit_core::host::{Isolation, Kind};
use winfit_core::matrix_view::{HostChoice, HostTable, ViewRow, tables};
use winfit_core::names::releases_named;
use winfit_core::version::OsVersion;

use crate::cli::{Format, MatrixArguments};
use crate::json;
use crate::output::{Exit, Outcome, bold, columns, faint, markdown_cell, usage, wrap};

pub(crate) fn run(arguments: &MatrixArguments) -> Result<Outcome> {
    let catalog = crate::overlay::catalog();
    let mut hosts = Vec::new();
    for text in &arguments.hosts {
        hosts.extend(host(catalog, text)?);
    }
    let mut images = Vec::new();
    for text in &arguments.images {
        images.push(image(catalog, text)?);
    }
    let tables = tables(catalog, &hosts, &images, arguments.as_of);
    let isolation = arguments.isolation.map(Isolation::from);
    let text = match arguments.format {
        Format::Human => human(&tables, isolation, arguments),
        Format::Markdown => markdown(&tables, isolation),
        Format::Json => document(&tables, isolation, arguments)?,
    };
    Ok(Outcome::new(text, Exit::Fits))
}

fn host(catalog: &Catalog, text: &str) -> Result<Vec<HostChoice>> {
    let compact: String = text
        .chars()
        .filter(|c| !matches!(c, ' ' | '-' | '_'))
        .collect::<String>()
        .to_ascii_lowercase();
    match compact.as_str() {
        "win11" | "windows11" => return Ok(vec![HostChoice::Family("Windows 11")]),
        "win10" | "windows10" => return Ok(vec![HostChoice::Family("Windows 10")]),
        _ => {}
    }
    if let Ok(version) = text.parse::<OsVersion>() {
        return Ok(vec![HostChoice::Build {
            kind: Kind::Unknown,
            build: version.build,
        }]);
    }
    let mut choices: Vec<HostChoice> = Vec::new();
    for release in releases_named(catalog, text) {
        let choice = HostChoice::Build {
            kind: release.kind,
            build: release.build,
        };
        if !choices.contains(&choice) {
            choices.push(choice);
        }
    }
    if !choices.is_empty() {
        return Ok(choices);
    }
    // Any other text that states a host.
    let (found, _) = crate::input::hosts(
        catalog,
        &[text.to_owned()],
        &crate::cli::HostFacts {
            host_kind: None,
            no_hyperv: false,
            arch: None,
            platform: None,
            engine: None,
        },
    )?;
    Ok(found
        .iter()
        .filter_map(|read| {
            Some(HostChoice::Build {
                kind: read.host.effective_kind(catalog),
                build: read.host.version?.build,
            })
        })
        .collect())
}

fn image(catalog: &Catalog, text: &str) -> Result<u16> {
    let named = winfit_core::image::NamedImage::read(catalog, text)
        .map_err(|error| usage(format!("--image {error}")))?;
    named.image.version.map(|version| version.build).ok_or_else(|| {
        usage(format!(
            "--image {text} tells no Windows version; name a release, as ltsc2022, or a build, as 10.0.17763"
        ))
    })
}

fn word(cell: Cell) -> &'static str {
    match cell {
        Cell::Unlisted => "not listed",
        other => other.name(),
    }
}

fn builds(row: &ViewRow) -> String {
    match row.host_builds {
        Some((from, Some(to))) => format!("hosts {from} to {to}"),
        Some((from, None)) => format!("hosts from {from}"),
        None => String::new(),
    }
}

fn cells(row: &ViewRow, isolation: Option<Isolation>) -> Vec<&'static str> {
    match isolation {
        Some(Isolation::Process) => vec![word(row.process)],
        Some(Isolation::Hyperv) => vec![word(row.hyperv)],
        None => vec![word(row.hyperv), word(row.process)],
    }
}

fn heads(isolation: Option<Isolation>) -> Vec<&'static str> {
    match isolation {
        Some(isolation) => vec![isolation.name()],
        None => vec!["hyperv", "process"],
    }
}

fn page_day(tables: &[HostTable]) -> Option<time::Date> {
    tables
        .iter()
        .flat_map(|table| &table.rows)
        .filter_map(|row| row.last_doc)
        .max()
}

fn human(
    tables: &[HostTable],
    isolation: Option<Isolation>,
    arguments: &MatrixArguments,
) -> String {
    if tables.iter().all(|table| table.rows.is_empty()) {
        let day = arguments
            .as_of
            .map_or_else(|| "today".to_owned(), |day| format!("on {day}"));
        let first = crate::overlay::catalog()
            .matrix
            .iter()
            .map(|row| row.first_doc)
            .min()
            .map_or_else(String::new, |day| day.to_string());
        return wrap(
            &format!(
                "Microsoft's page had no table {day}; its first is of {first}. `winfit catalog matrix` shows every row with its days."
            ),
            "",
            "",
        ) + "\n";
    }
    let mut text = String::new();
    for table in tables {
        text.push_str(&bold(&table.host));
        if let Some(build) = table.build {
            text.push_str(&format!(" ({build})"));
        }
        text.push('\n');
        let mut head = vec!["image".to_owned(), "build".to_owned()];
        head.extend(heads(isolation).into_iter().map(str::to_owned));
        let mut rows = vec![head];
        let mut notes: Vec<&str> = Vec::new();
        for row in &table.rows {
            let mut line = vec![row.image.to_owned(), row.image_build.to_string()];
            line.extend(cells(row, isolation).into_iter().map(str::to_owned));
            let mut marks = builds(row);
            if !row.note.is_empty() {
                let at = notes.iter().position(|note| *note == row.note);
                let at = at.unwrap_or_else(|| {
                    notes.push(row.note);
                    notes.len() - 1
                });
                let number = format!("[{}]", at + 1);
                if !marks.is_empty() {
                    marks.push(' ');
                }
                marks.push_str(&number);
            }
            line.push(marks);
            rows.push(line);
        }
        text.push_str(&columns(&rows, "  "));
        for (at, note) in notes.iter().enumerate() {
            let mark = format!("  [{}] ", at + 1);
            text.push_str(&wrap(note, &mark, "      "));
            text.push('\n');
        }
        text.push('\n');
    }
    let source = match arguments.as_of {
        Some(day) => format!("  as Microsoft's page stood on {day}; nothing is inferred"),
        None => format!(
            "  Microsoft's page of {}; nothing is inferred",
            page_day(tables).map_or_else(String::new, |day| day.to_string())
        ),
    };
    text.push_str(&faint(&source));
    text.push('\n');
    text
}

fn markdown(tables: &[HostTable], isolation: Option<Isolation>) -> String {
    let mut text = String::new();
    for (at, table) in tables.iter().enumerate() {
        if at > 0 {
            text.push('\n');
        }
        text.push_str(&format!("### {}\n\n", table.host));
        let heads = heads(isolation);
        text.push_str(&format!(
            "| image | {} | note |\n|---|{}---|\n",
            heads.join(" | "),
            "---|".repeat(heads.len())
        ));
        for row in &table.rows {
            let note = [builds(row), row.note.to_owned()]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join("; ");
            text.push_str(&format!(
                "| {} | {} | {} |\n",
                row.image,
                cells(row, isolation).join(" | "),
                markdown_cell(&note)
            ));
        }
    }
    text
}

fn document(
    tables: &[HostTable],
    isolation: Option<Isolation>,
    arguments: &MatrixArguments,
) -> Result<String> {
    let hosts: Vec<Value> = tables
        .iter()
        .map(|table| {
            let images: Vec<Value> = table
                .rows
                .iter()
                .map(|row| {
                    let mut value = json!({
                        "image": row.image,
                        "image_build": row.image_build,
                    });
                    if isolation != Some(Isolation::Process) {
                        value["hyperv"] = json!(row.hyperv.name());
                    }
                    if isolation != Some(Isolation::Hyperv) {
                        value["process"] = json!(row.process.name());
                    }
                    value["host_builds"] = row
                        .host_builds
                        .map_or(Value::Null, |(from, to)| json!({"from": from, "to": to}));
                    value["note"] = json!(row.note);
                    value["first_doc"] = json!(row.first_doc.map(|day| day.to_string()));
                    value["last_doc"] = json!(row.last_doc.map(|day| day.to_string()));
                    value
                })
                .collect();
            json!({
                "host": table.host,
                "kind": table.kind.name(),
                "build": table.build,
                "images": images,
            })
        })
        .collect();
    json::document(&json!({
        "schema": "winfit.matrix/1",
        "as_of": arguments.as_of.map(|day| day.to_string()),
        "hosts": hosts,
    }))
}
