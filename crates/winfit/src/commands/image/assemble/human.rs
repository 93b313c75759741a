//! An assembly for people: what it holds, its text, what is to be pushed, and whom it does not help.

use winfit_core::Catalog;
use winfit_core::host::Kind;
use winfit_core::index::Unhelped;
use winfit_core::reason::windows_name;
use winfit_registry::inspect::Child;

use super::Assembled;
use crate::commands::image::inspect::human::{platform, short};
use crate::findings::{clean, plural};
use crate::output::{bold, columns, wrap};

pub(super) fn human(catalog: &Catalog, assembled: &Assembled) -> String {
    let assembly = &assembled.assembly;
    let name = clean(&assembly.reference.short());
    let images = plural(assembly.children.len(), "image");
    let headline = match &assembled.now {
        Some(_) => format!("{name} is now an index over {images}."),
        None => format!("{name} would be an index over {images}; nothing is written yet."),
    };
    let mut text = bold(&wrap(&headline, "", ""));
    text.push_str("\n\n");
    text.push_str(&children(assembled));
    if assembled.now.is_none() {
        text.push('\n');
        for line in assembly.text.lines() {
            text.push_str(&format!("  {}\n", clean(line)));
        }
        text.push('\n');
        let copies = assembly.copies().count();
        if copies > 0 {
            let words = format!(
                "{} from other repositories of the registry; {} mounted there, not sent",
                plural(copies, "image"),
                if copies == 1 {
                    "its blobs are"
                } else {
                    "their blobs are"
                }
            );
            text.push_str(&entry("copy", &words));
        }
        let words = format!(
            "{} as {}",
            plural(assembly.text.len(), "byte"),
            clean(&assembly.reference.to_string())
        );
        text.push_str(&entry("push", &words));
    } else {
        text.push('\n');
    }
    text.push_str(&entry("index", assembly.digest().as_str()));
    for remark in remarks(catalog, assembled) {
        text.push_str(&entry("note", &remark));
    }
    if assembled.now.is_none() {
        text.push_str("\n  1  push it: the same command with --apply\n");
    }
    text
}

fn entry(label: &str, words: &str) -> String {
    format!("{}\n", wrap(words, &format!("  {label:5}  "), "         "))
}

/// The children as the index has them: those of the registry after a push.
fn children(assembled: &Assembled) -> String {
    let mut rows = vec![
        ["platform", "os.version", "digest", "from"]
            .map(str::to_owned)
            .to_vec(),
    ];
    let planned = assembled.assembly.report();
    let report = assembled.now.as_ref().unwrap_or(&planned);
    for child in &report.children {
        let from = assembled
            .assembly
            .children
            .iter()
            .find(|(known, _)| known.digest == child.digest)
            .map_or_else(String::new, |(_, from)| clean(&from.short()));
        rows.push(row(child, from));
    }
    columns(&rows, "  ")
}

fn row(child: &Child, from: String) -> Vec<String> {
    vec![
        platform(child),
        clean(child.os_version().unwrap_or("")),
        short(child.digest.as_str()),
        from,
    ]
}

fn remarks(catalog: &Catalog, assembled: &Assembled) -> Vec<String> {
    let mut remarks = assembled.remarks.clone();
    if assembled.assembly.left_out > 0 {
        remarks.push(format!(
            "{} left out: they are about the index that they were in",
            plural(assembled.assembly.left_out, "attestation")
        ));
    }
    let mut told: Vec<&Unhelped> = Vec::new();
    for one in &assembled.unhelped {
        let alike = |other: &&Unhelped| {
            (other.build, other.gets, other.best) == (one.build, one.gets, one.best)
        };
        if told.iter().any(alike) {
            continue;
        }
        told.push(one);
        let engines: Vec<String> = assembled
            .unhelped
            .iter()
            .filter(alike)
            .map(|other| other.engine.to_string())
            .collect();
        remarks.push(clean(&sentence(catalog, assembled, one, &engines)));
    }
    remarks
}

/// Whom no order helps.
fn sentence(
    catalog: &Catalog,
    assembled: &Assembled,
    unhelped: &Unhelped,
    engines: &[String],
) -> String {
    let name = |at: usize| {
        let child = assembled.assembly.children.get(at);
        child.map_or_else(String::new, |(child, _)| child.described().name())
    };
    let host = windows_name(catalog, unhelped.build, Kind::Server);
    let verb = if engines.len() == 1 { "takes" } else { "take" };
    let what = match unhelped.gets {
        Some(at) => format!("{} where {} fits better", name(at), name(unhelped.best)),
        None => format!("nothing, where {} would run", name(unhelped.best)),
    };
    format!(
        "no order helps {} on {host} ({}): {verb} {what}",
        engines.join(", "),
        unhelped.build
    )
}
