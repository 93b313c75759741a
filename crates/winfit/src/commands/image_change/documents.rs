//! Changes for programs (`winfit.image-change/1`) and for pull requests (Markdown).

use anyhow::Result;
use serde_json::{Value, json};
use winfit_core::host::{Arch, Os};
use winfit_core::image_change::{BotUpdate, ChangeKind, Side, Told, servers, stay};
use winfit_core::reference::{Base, Reference};
use winfit_core::{Catalog, Date};

use super::human::{headline, remarks, side_in_words, table};
use super::{Compared, OnHost, capitalised, facts, label};
use crate::json;
use crate::output::{markdown_cell, printable};

pub(super) fn document(catalog: &Catalog, compared: &[Compared<'_>]) -> Result<String> {
    let changes: Vec<Value> = compared
        .iter()
        .map(|compared| change_json(catalog, compared))
        .collect();
    json::document(&json!({"schema": "winfit.image-change/1", "changes": changes}))
}

fn change_json(catalog: &Catalog, compared: &Compared<'_>) -> Value {
    let change = &compared.change;
    let servers: Vec<Value> = match change.kind {
        ChangeKind::Build => servers(catalog, &facts(&change.old), &facts(&change.new)),
        _ => Vec::new(),
    }
    .iter()
    .map(|row| {
        json!({
            "release": row.release,
            "build": row.build,
            "old": row.old.name(),
            "new": row.new.name(),
        })
    })
    .collect();
    json!({
        "change": change.kind.name(),
        "direction": match change.kind {
            ChangeKind::Patch(direction) => Some(direction.name()),
            _ => None,
        },
        "keeps_windows": change.kind.keeps_windows(),
        "passes": compared.passes(),
        "bot_calls_it": change.bot.map(BotUpdate::name),
        "message": capitalised(catalog, change),
        "old": side_json(&change.old),
        "new": side_json(&change.new),
        "remarks": remarks(catalog, compared),
        "servers": servers,
        "hosts": compared.hosts.iter().map(host_json).collect::<Vec<Value>>(),
        "stay": stay(catalog, change).as_ref().map(Reference::to_string),
    })
}

fn side_json(side: &Side<'_>) -> Value {
    let image = side.image;
    let (level, floats) = (&side.level, side.level.told == Told::Floating);
    let stated = level.version.map(|version| {
        if floats {
            version.without_revision()
        } else {
            version
        }
    });
    let revision = level.version.and_then(|version| version.revision);
    json!({
        "text": image.text,
        "reference": image.reference.as_ref().map(Reference::to_string),
        "os": side.os.map(Os::name),
        "os_version": stated.map(|version| version.to_string()),
        "build": stated.map(|version| version.build),
        "revision": revision.filter(|_| !floats),
        "inferred_revision": revision.filter(|_| floats),
        "level": level.told.name(),
        "kb": level.kb.map(|kb| format!("KB{kb}")),
        "day": level.day.map(|day| day.to_string()),
        "base": image.base.map(Base::name),
        "arch": image.image.arch.map(Arch::name),
    })
}

fn host_json(on: &OnHost<'_>) -> Value {
    let answer = |verdict: &winfit_core::verdict::Verdict| {
        verdict.answers.of(verdict.default_isolation).answer.name()
    };
    json!({
        "name": label(on.host),
        "os_version": on.host.host.version.map(|version| version.to_string()),
        "isolation": on.new.default_isolation.name(),
        "old": answer(&on.old),
        "new": answer(&on.new),
        "runs_new": on.new.fits(None),
    })
}

pub(super) fn markdown(catalog: &Catalog, compared: &[Compared<'_>], today: Date) -> String {
    let blocks: Vec<String> = compared
        .iter()
        .map(|compared| block(catalog, compared, today))
        .collect();
    blocks.join("\n")
}

fn block(catalog: &Catalog, compared: &Compared<'_>, today: Date) -> String {
    let change = &compared.change;
    let mut text = format!("**{}**\n\n", markdown_cell(&headline(catalog, compared)));
    text.push_str("| | image | Windows |\n|---|---|---|\n");
    for (label, side) in [("old", &change.old), ("new", &change.new)] {
        text.push_str(&format!(
            "| {label} | `{}` | {} |\n",
            markdown_cell(&printable(&side.image.text)),
            markdown_cell(&side_in_words(catalog, side))
        ));
    }
    let rows = table(catalog, compared, today);
    for (at, row) in rows.iter().enumerate() {
        let cells: Vec<String> = row.iter().map(|cell| markdown_cell(cell)).collect();
        if at == 0 {
            text.push('\n');
        }
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
        if at == 0 {
            text.push_str("|---|---|---|\n");
        }
    }
    let remarks = remarks(catalog, compared);
    if !remarks.is_empty() {
        text.push('\n');
    }
    for remark in remarks {
        text.push_str(&format!("- {}\n", markdown_cell(&remark)));
    }
    if let Some(reference) = stay(catalog, change).filter(|_| !compared.passes()) {
        text.push_str(&format!(
            "\nTo stay on {}: `{}`\n",
            change.old.windows(catalog),
            printable(&reference.to_string())
        ));
    }
    text
}
