//! Picks for people: the answer, a table of hosts and engines, and why.

use winfit_core::Catalog;
use winfit_core::index::{Entry, Taken};
use winfit_core::version::OsVersion;

use super::{Cell, Picked};
use crate::commands::image::{host_name, windows};
use crate::findings::{clean, plural};
use crate::output::{bold, columns, wrap};

/// Of so many every reason is told.
const FEW: usize = 3;

pub(super) fn human(catalog: &Catalog, picked: &[Picked<'_>], verbose: bool) -> String {
    let blocks: Vec<String> = picked
        .iter()
        .map(|picked| block(catalog, picked, verbose))
        .collect();
    blocks.join("\n")
}

fn block(catalog: &Catalog, picked: &Picked<'_>, verbose: bool) -> String {
    let mut text = bold(&wrap(&headline(catalog, picked), "", ""));
    text.push_str("\n\n");
    let mut rows = vec![
        ["host", "engine", "pulls", "starts", "better"]
            .map(str::to_owned)
            .to_vec(),
    ];
    rows.extend(picked.cells.iter().map(|cell| {
        vec![
            clean(&cell.name),
            cell.engine.to_string(),
            cell.child().map_or_else(|| cell.pulls(), build),
            cell.starts().to_owned(),
            cell.better().map_or_else(String::new, build),
        ]
    }));
    if picked.cells.iter().all(|cell| cell.better().is_none()) {
        for row in &mut rows {
            row.truncate(4);
        }
    }
    text.push_str(&columns(&rows, "  "));
    text.push_str(&digests(picked));
    let mut reasons: Vec<String> = Vec::new();
    for cell in &picked.cells {
        let told = verbose || picked.cells.len() <= FEW || cell.better().is_some() || !cell.runs();
        let reason = clean(&cell.reason());
        if told && !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    let kept = if verbose {
        reasons.len()
    } else {
        reasons.len().min(2 * FEW)
    };
    text.push('\n');
    for reason in &reasons[..kept] {
        text.push_str(&wrap(reason, "  why  ", "       "));
        text.push('\n');
    }
    if reasons.len() > kept {
        text.push_str(&format!(
            "  and {}: -v shows them\n",
            plural(reasons.len() - kept, "more reason")
        ));
    }
    text
}

/// The digest of each child that is pulled.
fn digests(picked: &Picked<'_>) -> String {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for child in picked.cells.iter().filter_map(Cell::child) {
        let row = vec![clean(&child.name()), child.digest.clone()];
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    let text: String = rows
        .iter()
        .map(|row| format!("  {}\n    {}\n", row[0], row[1]))
        .collect();
    if text.is_empty() {
        text
    } else {
        format!("\n{text}")
    }
}

fn headline(catalog: &Catalog, picked: &Picked<'_>) -> String {
    let name = clean(&short(&picked.image.reference));
    if let [only] = picked.cells.as_slice() {
        return one(catalog, &name, only);
    }
    if let Some(answer) = on_one_host(catalog, &name, picked) {
        return answer;
    }
    let all = picked.cells.len();
    let count = |of: &dyn Fn(&&Cell<'_>) -> bool| picked.cells.iter().filter(of).count();
    let best = count(&|cell| cell.runs() && cell.better().is_none());
    if best == all {
        return format!("Every engine pulls an image of {name} that starts, on every host.");
    }
    let refused = count(&|cell| cell.choice.taken == Taken::Refused);
    let unknown = count(&|cell| cell.choice.taken == Taken::Unknown);
    let not_started = count(&|cell| cell.child().is_some() && !cell.runs());
    let second = count(&|cell| cell.runs() && cell.better().is_some());
    let parts: Vec<String> = [
        (best, "pulls", "pull", "what suits the host best"),
        (
            second,
            "pulls",
            "pull",
            "what starts, and not what suits best",
        ),
        (
            not_started,
            "pulls",
            "pull",
            "what does not start by itself",
        ),
        (refused, "pulls", "pull", "nothing"),
        (unknown, "is", "are", "not known"),
    ]
    .into_iter()
    .filter(|(count, ..)| *count > 0)
    .map(|(count, one, many, what)| {
        let verb = if count == 1 { one } else { many };
        format!("{count} {verb} {what}")
    })
    .collect();
    format!(
        "Of {all} pairs of host and engine for {name}, {}.",
        parts.join(", ")
    )
}

/// The answer for one host and one engine.
fn one(catalog: &Catalog, name: &str, cell: &Cell<'_>) -> String {
    let engine = cell.engine.in_words();
    let host = host_name(catalog, &cell.host);
    let Some(child) = cell.child() else {
        return match cell.choice.taken {
            Taken::Refused => format!("{engine} pulls nothing of {name} on {host}."),
            _ => format!("What {engine} pulls of {name} on {host} cannot be told."),
        };
    };
    let what = match child.version() {
        Some(version) => format!(
            "the {} image ({})",
            windows(catalog, version),
            version.short()
        ),
        None => "an image that states no version".to_owned(),
    };
    let then = match cell.starts() {
        "yes" | "preview" => "it starts",
        "no" => "it does not start there",
        "not there" => "the registry does not have it, and the pull fails",
        "only hyperv" => "it starts only with Hyper-V isolation",
        "only process" => "it starts only with process isolation",
        _ => "it may not start",
    };
    let passed = cell.better().map_or_else(String::new, |better| {
        format!(", and {} would suit the host better", build(better))
    });
    format!("{engine} pulls {what} of {name} on {host}; {then}{passed}.")
}

/// The answer for few engines on one host: who pulls what.
fn on_one_host(catalog: &Catalog, name: &str, picked: &Picked<'_>) -> Option<String> {
    let (first, others) = picked.cells.split_first()?;
    if picked.cells.len() > FEW || others.iter().any(|cell| cell.name != first.name) {
        return None;
    }
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for cell in &picked.cells {
        let what = cell.child().map_or_else(|| cell.pulls(), build);
        let engine = cell.engine.to_string();
        match groups.iter_mut().find(|(known, _)| *known == what) {
            Some((_, engines)) => engines.push(engine),
            None => groups.push((what, vec![engine])),
        }
    }
    let parts: Vec<String> = groups
        .iter()
        .map(|(what, engines)| {
            let verb = if engines.len() == 1 { "pulls" } else { "pull" };
            format!("{} {verb} {what}", engines.join(" and "))
        })
        .collect();
    let host = host_name(catalog, &first.host);
    Some(format!("Of {name} on {host}, {}.", parts.join("; ")))
}

/// `20348.825`, or what a child is called that states no version.
fn build(child: &Entry) -> String {
    let version = child.version().map(OsVersion::short);
    version.unwrap_or_else(|| clean(&child.name()))
}

/// The reference without its registry.
fn short(reference: &str) -> String {
    winfit_core::reference::Reference::parse(reference)
        .map_or_else(|_| reference.to_owned(), |reference| reference.short())
}
