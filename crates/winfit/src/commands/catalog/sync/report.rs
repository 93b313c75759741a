//! What a sync says.

use anyhow::Result;
use serde_json::{Value, json};
use winfit_core::Catalog;
use winfit_core::catalog::overlay::Learnt;
use winfit_core::host::Kind;
use winfit_core::reason::windows_name;

use super::Read;
use super::state::State;
use crate::cli::DataFormat;
use crate::findings::plural;
use crate::json;
use crate::output::{bold, columns, printable, wrap};

pub(super) fn report(
    catalog: &Catalog,
    state: &State,
    read: &[Read],
    format: DataFormat,
) -> Result<String> {
    let mut learnt: Vec<&Learnt> = state.learnt.iter().collect();
    learnt.sort_by_key(|row| (row.build, row.revision, row.kb));
    let (new, apart): (Vec<&Learnt>, Vec<&Learnt>) = learnt
        .into_iter()
        .partition(|row| catalog.kinds_of(row.build).is_some());
    match format {
        DataFormat::Json => json::document(&json!({
            "schema": "winfit.sync/1",
            "overlay": state.file.display().to_string(),
            "learnt": new.iter().map(|row| row_json(catalog, row)).collect::<Value>(),
            "apart": apart.iter().map(|row| row_json(catalog, row)).collect::<Value>(),
            "conflicts": state.refused.iter().map(|((repository, tag), reason)| {
                json!({"repository": repository, "tag": tag, "message": reason})
            }).collect::<Value>(),
            "repositories": read.iter().map(|read| json!({
                "repository": read.name,
                "tags": read.tags,
                "asked": read.asked,
                "error": read.error,
            })).collect::<Value>(),
        })),
        DataFormat::Human => Ok(human(catalog, state, read, &new, &apart)),
    }
}

fn row_json(catalog: &Catalog, row: &Learnt) -> Value {
    let releases: Vec<&str> = catalog
        .releases_of(row.build)
        .map(|release| release.name)
        .collect();
    json!({
        "os_version": format!("10.0.{}.{}", row.build, row.revision),
        "build": row.build,
        "revision": row.revision,
        "kb": row.kb.map(|kb| format!("KB{kb}")),
        "created": row.day.map(|day| day.to_string()),
        "releases": releases,
        "source": row.source,
    })
}

fn human(
    catalog: &Catalog,
    state: &State,
    read: &[Read],
    new: &[&Learnt],
    apart: &[&Learnt],
) -> String {
    let headline = match new.len() {
        0 => "Nothing new: the catalog knows every update that these tags name.".to_owned(),
        1 => "1 update that the catalog did not know.".to_owned(),
        many => format!("{many} updates that the catalog did not know."),
    };
    let mut text = format!("{}\n", bold(&headline));
    if !new.is_empty() {
        let rows: Vec<Vec<String>> = new
            .iter()
            .map(|row| {
                vec![
                    windows_name(catalog, row.build, Kind::Server),
                    format!("{}.{}", row.build, row.revision),
                    row.kb
                        .map_or_else(|| "no KB".to_owned(), |kb| format!("KB{kb}")),
                    row.day
                        .map_or_else(String::new, |day| format!("image of {day}")),
                ]
            })
            .collect();
        text.push('\n');
        text.push_str(&columns(&rows, "  "));
    }
    let mut told: Vec<(&str, String)> = Vec::new();
    for ((repository, tag), reason) in &state.refused {
        told.push(("conflict", format!("{repository}:{tag}: {reason}")));
    }
    for row in apart {
        told.push((
            "apart",
            format!(
                "10.0.{}.{}: no release that winfit knows has this build; it is kept, and used for nothing",
                row.build, row.revision
            ),
        ));
    }
    for (at, (label, sentence)) in told.iter().enumerate() {
        if at == 0 {
            text.push('\n');
        }
        let first = format!("  {label:10}");
        text.push_str(&wrap(&printable(sentence), &first, &" ".repeat(12)));
        text.push('\n');
    }
    let tags: usize = read.iter().map(|read| read.tags).sum();
    let asked: usize = read.iter().map(|read| read.asked).sum();
    let (missing, there): (Vec<&Read>, Vec<&Read>) = read.iter().partition(|read| read.missing);
    let of = match there.len() {
        1 => "1 repository".to_owned(),
        many => format!("{many} repositories"),
    };
    text.push('\n');
    text.push_str(&wrap(
        &format!(
            "{of} with {}, {} looked at; what is learnt stands in {}",
            plural(tags, "tag"),
            plural(asked, "image"),
            printable(&state.file.display().to_string())
        ),
        "  ",
        "  ",
    ));
    text.push('\n');
    if !missing.is_empty() {
        let names: Vec<&str> = missing.iter().map(|read| read.name.as_str()).collect();
        let sentence = printable(&format!("not there: {}", names.join(", ")));
        text.push_str(&wrap(&sentence, "  ", "  "));
        text.push('\n');
    }
    text
}
