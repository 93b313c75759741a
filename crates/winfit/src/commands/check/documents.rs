//! Verdicts for programs (`winfit.check/1`) and for pull requests (Markdown).

use anyhow::Result;
use serde_json::{Value, json};
use winfit_core::Catalog;
use winfit_core::verdict::{ForKind, Recommended, by_kind};

use super::{Judged, label};
use crate::json;
use crate::output::{markdown_cell, printable};

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
    if let Some((server, client)) = by_kind(catalog, &judged.host.host, &judged.image.image) {
        let of = |answers: &ForKind| {
            let (process, hyperv) = json::answers(&pair, answers);
            json!({"process": process, "hyperv": hyperv})
        };
        value["by_kind"] = json!({"server": of(&server), "client": of(&client)});
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
        .collect();
    value
}

pub(super) fn document(catalog: &Catalog, judged: &[Judged<'_>]) -> Result<String> {
    let verdicts: Vec<Value> = judged
        .iter()
        .map(|judged| verdict_json(catalog, judged))
        .collect();
    json::document(&json!({"schema": "winfit.check/1", "verdicts": verdicts}))
}

pub(super) fn markdown(catalog: &Catalog, judged: &[Judged<'_>]) -> String {
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
