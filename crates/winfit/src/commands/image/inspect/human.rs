//! Images for people: what is in them, each child in a row, then the Windows of each.

use winfit_core::{Catalog, Date};
use winfit_registry::inspect::{Child, ImageReport, VersionFrom};

use super::{Images, Known};
use crate::findings::{clean, plural};
use crate::output::{bold, columns, wrap};

pub(super) fn human(catalog: &Catalog, images: &Images, today: Date) -> String {
    let blocks: Vec<String> = images
        .reports
        .iter()
        .map(|report| block(catalog, report, today))
        .collect();
    blocks.join("\n")
}

fn block(catalog: &Catalog, report: &ImageReport, today: Date) -> String {
    let knowledge = Known::of(catalog, report);
    let mut text = bold(&wrap(&headline(report, &knowledge), "", ""));
    text.push_str("\n\n");
    let shown: Vec<&Child> = report
        .children
        .iter()
        .filter(|child| !child.attestation)
        .collect();
    let mut rows = vec![
        ["platform", "os.version", "stated in", "size", "digest"]
            .map(str::to_owned)
            .to_vec(),
    ];
    rows.extend(shown.iter().map(|child| row(child)));
    text.push_str(&columns(&rows, "  "));
    let known = known(report, &knowledge, today);
    if !known.is_empty() {
        text.push('\n');
        text.push_str(&columns(&known, "  "));
    }
    text.push('\n');
    for (about, sentence) in remarks(report, &shown) {
        text.push_str(&wrap(&sentence, &format!("  {about:5}  "), "         "));
        text.push('\n');
    }
    text
}

/// What is in it.
fn headline(report: &ImageReport, knowledge: &[Option<Known<'_>>]) -> String {
    let name = clean(&report.reference.short());
    let mut windows: Vec<String> = Vec::new();
    let mut untold = 0;
    let mut others = 0;
    let mut unread = 0;
    let children = report.children.iter().zip(knowledge);
    for (child, known) in children.filter(|(child, _)| !child.attestation) {
        if child.os().is_empty() && child.trouble.is_some() {
            unread += 1;
            continue;
        }
        if child.os() != "windows" {
            others += 1;
            continue;
        }
        match known {
            Some(known) => {
                let release = format!("{} ({})", known.release, known.version.build);
                if !windows.contains(&release) {
                    windows.push(release);
                }
            }
            None => untold += 1,
        }
    }
    if untold > 0 {
        windows.push("a Windows that nothing states".to_owned());
    }
    if unread > 0 {
        let what = if report.is_index {
            format!("{} in it", plural(unread, "image"))
        } else {
            "what is in it".to_owned()
        };
        return format!("{name}: {what} could not be read, so nobody knows what all it is for.");
    }
    match (windows.len(), others) {
        (0, _) => format!("{name} holds no Windows image."),
        (_, 0) => format!("{name} is for {}.", list(&windows)),
        (_, others) => format!(
            "{name} is for {}; {} for other systems.",
            list(&windows),
            plural(others, "image")
        ),
    }
}

fn list(names: &[String]) -> String {
    match names {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => names.concat(),
    }
}

fn row(child: &Child) -> Vec<String> {
    let stated = match child.os_version_from() {
        VersionFrom::None if child.os() != "windows" => "",
        from => from.name(),
    };
    vec![
        platform(child),
        clean(child.os_version().unwrap_or("")),
        stated.to_owned(),
        child.size.to_string(),
        short(child.digest.as_str()),
    ]
}

/// `windows/amd64`, with a variant and features where there are any.
pub(in crate::commands::image) fn platform(child: &Child) -> String {
    let or = |text: &str| {
        if text.is_empty() {
            "?".to_owned()
        } else {
            clean(text)
        }
    };
    let mut platform = format!("{}/{}", or(child.os()), or(child.architecture()));
    if let Some(entry) = &child.entry {
        if let Some(variant) = &entry.variant {
            platform.push_str(&format!("/{}", clean(variant)));
        }
        for feature in &entry.os_features {
            platform.push_str(&format!("+{}", clean(feature)));
        }
    }
    platform
}

/// A digest by as many digits as tell it from others.
pub(in crate::commands::image) fn short(digest: &str) -> String {
    const ENOUGH: usize = "sha256:".len() + 12;
    digest.get(..ENOUGH).unwrap_or(digest).to_owned()
}

/// The Windows of each version once: its update, and its support.
fn known(report: &ImageReport, knowledge: &[Option<Known<'_>>], today: Date) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (child, known) in report.children.iter().zip(knowledge) {
        let Some(known) = known else { continue };
        if child.attestation || child.os() != "windows" {
            continue;
        }
        let support = known.support_end.map_or_else(String::new, |end| {
            if end < today {
                format!("ended on {end}")
            } else {
                format!("until {end}")
            }
        });
        let row = vec![
            known.version.short(),
            known.release.clone(),
            known.update_in_words(),
            support,
        ];
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    if !rows.is_empty() {
        let head = ["build", "Windows", "update", "support"];
        rows.insert(0, head.map(str::to_owned).to_vec());
    }
    rows
}

fn remarks(report: &ImageReport, shown: &[&Child]) -> Vec<(&'static str, String)> {
    let mut remarks = Vec::new();
    let what = if report.is_index { "index" } else { "image" };
    remarks.push((what, report.digest.to_string()));
    if !report.is_index {
        remarks.push((
            "note",
            "a single manifest: containerd pulls it without a look at its platform".to_owned(),
        ));
    }
    for child in shown {
        let short = short(child.digest.as_str());
        match child.os_version_from() {
            VersionFrom::Conflict => {
                let said = |text: Option<&String>| clean(text.map_or("", String::as_str));
                let index = child
                    .entry
                    .as_ref()
                    .and_then(|entry| entry.os_version.as_ref());
                let config = child
                    .config
                    .as_ref()
                    .and_then(|config| config.os_version.as_ref());
                remarks.push((
                    "note",
                    format!(
                        "{short}: the index says {}, the config says {}, which is what runs",
                        said(index),
                        said(config)
                    ),
                ));
            }
            _ if report.is_index && child.entry.is_none() => {
                remarks.push((
                    "note",
                    format!("{short}: its entry has no platform; what is shown is its config's"),
                ));
            }
            _ => {}
        }
    }
    let aside = report.children.len() - shown.len();
    if aside > 0 {
        remarks.push((
            "note",
            format!("{} set aside", plural(aside, "attestation")),
        ));
    }
    remarks
}
