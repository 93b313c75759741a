//! Picks for programs (`winfit.pick/1`) and for pull requests (Markdown).

use anyhow::Result;
use serde_json::{Value, json};
use winfit_core::catalog::{Generation, Order};
use winfit_core::index::{Entry, Taken};
use winfit_core::verdict::Answer;

use super::{Cell, Picked};
use crate::commands::image::Images;
use crate::findings::{clean, document as harmless};
use crate::output::markdown_cell;

pub(super) fn document(picked: &[Picked<'_>], images: &Images) -> Result<String> {
    let picks: Vec<Value> = picked
        .iter()
        .flat_map(|picked| &picked.cells)
        .map(pick)
        .collect();
    harmless(&json!({
        "schema": "winfit.pick/1",
        "picks": picks,
        "errors": images.unread(),
    }))
}

fn pick(cell: &Cell<'_>) -> Value {
    let child = cell.child();
    let rule = cell.choice.rule;
    json!({
        "reference": cell.image.reference,
        "host": cell.name,
        "host_version": cell.host.version.map(|version| version.to_string()),
        "engine": cell.engine.to_string(),
        "taken": match cell.choice.taken {
            Taken::Child(_) => "child",
            Taken::Single => "single-manifest",
            Taken::Refused => "nothing",
            Taken::Unknown => "unknown",
        },
        "digest": child.map(|child| child.digest.clone()),
        "os_version": child.and_then(Entry::version_text),
        "generation": rule.map(|rule| Generation::name(rule.generation)),
        "order": rule.map(|rule| Order::name(rule.order)),
        "starts": cell.choice.starts().map(Answer::name),
        "passed_over": cell.better().map(|better| json!({
            "digest": better.digest,
            "os_version": better.version_text(),
        })),
        "reason": cell.reason(),
        "source": rule.map(|rule| rule.source),
    })
}

pub(super) fn markdown(picked: &[Picked<'_>]) -> String {
    let mut text =
        "| image | host | engine | pulls | starts | why |\n|---|---|---|---|---|---|\n".to_owned();
    for cell in picked.iter().flat_map(|picked| &picked.cells) {
        let cells = [
            cell.image.reference.clone(),
            cell.name.clone(),
            cell.engine.to_string(),
            cell.pulls(),
            cell.starts().to_owned(),
            cell.reason(),
        ];
        let cells: Vec<String> = cells
            .iter()
            .map(|text| markdown_cell(&clean(text)))
            .collect();
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    text
}
