//! `winfit catalog`: looking things up.

mod show;
mod sync;
mod tables;

use anyhow::Result;
use serde_json::{Map, Value, json};
use winfit_core::Catalog;

use crate::cli::{CatalogArguments, CatalogCommand, DataFormat, FilterArguments};
use crate::json;
use crate::output::{Exit, Outcome, columns, faint, printable, wrap};
use crate::overlay;

/// A table of the catalog: its columns and its rows, ready for people and programs.
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) columns: Vec<&'static str>,
    pub(super) rows: Vec<Vec<String>>,
    /// How people see it.
    pub(super) shape: Shape,
}

/// How a table is printed for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Columns; only the first so many.
    Columns(usize),
    /// A paragraph a row: its first cells as a heading, the others wrapped below.
    Paragraphs(usize),
}

impl Table {
    /// Keeps the rows that contain all words, whatever their case. A word that is somewhere a whole
    /// word finds only those; any other finds what contains it.
    fn filter(&mut self, words: &[String]) {
        let whole = |row: &[String], wanted: &str| {
            row.iter().any(|cell| {
                cell.to_lowercase()
                    .split([' ', ',', ';', '(', ')'])
                    .any(|word| word == wanted)
            })
        };
        for word in words.iter().flat_map(|word| word.split_whitespace()) {
            let word = word.to_lowercase();
            let known = self.rows.iter().any(|row| whole(row, &word));
            self.rows.retain(|row| {
                if known {
                    whole(row, &word)
                } else {
                    row.join("\t").to_lowercase().contains(&word)
                }
            });
        }
    }

    pub(super) fn human(&self, indent: &str) -> String {
        match self.shape {
            Shape::Columns(shown) => {
                let head = self
                    .columns
                    .iter()
                    .take(shown)
                    .map(|name| (*name).to_owned());
                let mut rows: Vec<Vec<String>> = vec![head.collect()];
                for row in &self.rows {
                    rows.push(row.iter().take(shown).cloned().collect());
                }
                columns(&rows, indent)
            }
            Shape::Paragraphs(heading) => {
                let mut text = String::new();
                for (at, row) in self.rows.iter().enumerate() {
                    if at > 0 {
                        text.push('\n');
                    }
                    let title: Vec<&str> = row
                        .iter()
                        .take(heading)
                        .map(String::as_str)
                        .filter(|cell| !cell.is_empty())
                        .collect();
                    text.push_str(&wrap(&title.join("  "), indent, indent));
                    text.push('\n');
                    let inner = format!("{indent}  ");
                    let deeper = format!("{indent}    ");
                    for (name, cell) in self.columns.iter().zip(row).skip(heading) {
                        if !cell.is_empty() {
                            let line = format!("{}: {cell}", name.replace('_', " "));
                            text.push_str(&wrap(&line, &inner, &deeper));
                            text.push('\n');
                        }
                    }
                }
                text
            }
        }
    }

    pub(super) fn json(&self) -> Value {
        self.rows
            .iter()
            .map(|row| {
                let mut object = Map::new();
                for (name, cell) in self.columns.iter().zip(row) {
                    object.insert((*name).to_owned(), json!(cell));
                }
                Value::Object(object)
            })
            .collect()
    }
}

pub(crate) fn run(arguments: &CatalogArguments, no_overlay: bool) -> Result<Outcome> {
    let catalog = crate::overlay::catalog();
    let (table, filter): (Table, &FilterArguments) = match &arguments.command {
        CatalogCommand::Releases(filter) => (tables::releases(catalog), filter),
        CatalogCommand::Updates(filter) => (tables::updates(catalog.updates.iter()), filter),
        CatalogCommand::Matrix(filter) => (tables::matrix(catalog.matrix.iter()), filter),
        CatalogCommand::Breaks(filter) => (tables::breaks(catalog.breaks.iter()), filter),
        CatalogCommand::Conflicts(filter) => (tables::conflicts(catalog.conflicts.iter()), filter),
        CatalogCommand::Engines(filter) => (tables::engines(catalog), filter),
        CatalogCommand::Tags(filter) => (tables::tags(catalog), filter),
        CatalogCommand::Lifecycle(filter) => (tables::lifecycle(catalog.lifecycle.iter()), filter),
        CatalogCommand::Sync(arguments) => {
            return sync::run(arguments, no_overlay || overlay::is_off());
        }
        CatalogCommand::Show(show) => return show::run(catalog, show),
    };
    list(catalog, table, filter)
}

/// The day of the newest update: how fresh the catalog is.
pub(super) fn freshness(catalog: &Catalog) -> String {
    catalog
        .newest_update_day()
        .map_or_else(|| "unknown".to_owned(), |day| day.to_string())
}

/// How many rows are from the overlay, for the end of a list of updates.
fn learnt(catalog: &Catalog, table: &str) -> Option<String> {
    let current = overlay::current().filter(|_| table == "updates")?;
    let count = catalog
        .updates
        .iter()
        .filter(|update| update.is_learnt())
        .count();
    let rows = if count == 1 { "row" } else { "rows" };
    let sentence = format!(
        "{count} {rows} learnt from registries (confidence: registry), in {}",
        printable(&current.path.display().to_string())
    );
    Some(format!("{}\n", wrap(&sentence, "", "")))
}

fn list(catalog: &Catalog, mut table: Table, arguments: &FilterArguments) -> Result<Outcome> {
    let all = table.rows.len();
    table.filter(&arguments.filter);
    let text = match arguments.format {
        DataFormat::Json => json::document(&json!({
            "schema": "winfit.catalog/1",
            "table": table.name,
            "newest_update": freshness(catalog),
            "rows": table.json(),
        }))?,
        DataFormat::Human => {
            let mut text = if table.rows.is_empty() {
                format!(
                    "No row of {} contains {:?}.\n",
                    table.name,
                    arguments.filter.join(" ")
                )
            } else {
                table.human("")
            };
            text.push_str(&faint(&format!(
                "\n{} of {all} rows; the newest update is of {}\n",
                table.rows.len(),
                freshness(catalog)
            )));
            text.extend(learnt(catalog, table.name).map(|line| faint(&line)));
            text
        }
    };
    let exit = if table.rows.is_empty() {
        Exit::Findings
    } else {
        Exit::Fits
    };
    Ok(Outcome::new(text, exit))
}
