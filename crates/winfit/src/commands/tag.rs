//! `winfit tag`: which tags to write in FROM.

use anyhow::Result;
use serde_json::{Value, json};
use winfit_core::Catalog;
use winfit_core::host::{Host, Isolation, Kind, Os};
use winfit_core::reason::windows_name;
use winfit_core::recommend::{TagAdvice, tags_for};
use winfit_core::reference::Base;
use winfit_core::verdict::Answer;

use super::notes::Calendar;
use crate::cli::{DataFormat, TagArguments};
use crate::input;
use crate::json;
use crate::output::{Exit, Outcome, bold, faint, nothing, printable, wrap};

struct Section {
    isolation: Isolation,
    advice: Vec<TagAdvice>,
}

pub(crate) fn run(arguments: &TagArguments) -> Result<Outcome> {
    let catalog = crate::overlay::catalog();
    let (read, mut complaints) = input::hosts(catalog, &arguments.hosts, &arguments.facts)?;
    // A cluster's list has Linux nodes in it; no Windows base image is asked of them.
    let (read, linux): (Vec<_>, Vec<_>) = read
        .into_iter()
        .partition(|read| read.host.os == Os::Windows);
    for read in &linux {
        let name = printable(read.name.as_deref().unwrap_or(&read.text));
        complaints.push(format!("{name} is left out: it runs Linux"));
    }
    if read.is_empty() {
        return Err(nothing(
            "none of the hosts runs Windows; expected one that does, as --host ltsc2022",
        ));
    }
    let hosts: Vec<Host> = read.iter().map(|read| read.host).collect();
    let today = Calendar::new(arguments.as_of, None).today;
    let bases: Vec<Base> = if arguments.base.is_empty() {
        Base::ALL.to_vec()
    } else {
        arguments.base.iter().map(|base| (*base).into()).collect()
    };
    let isolations = match arguments.isolation {
        Some(isolation) => vec![isolation.into()],
        None => vec![Isolation::Process, Isolation::Hyperv],
    };
    let sections: Vec<Section> = isolations
        .into_iter()
        .map(|isolation| Section {
            isolation,
            advice: bases
                .iter()
                .flat_map(|base| tags_for(catalog, &hosts, *base, Some(isolation)))
                .filter(|advice| advice.support_end.is_none_or(|end| end >= today))
                .collect(),
        })
        .collect();
    let names: Vec<String> = read
        .iter()
        .map(|read| match (&read.name, read.host.version) {
            (Some(name), _) => printable(name),
            (None, Some(version)) => {
                windows_name(catalog, version.build, read.host.effective_kind(catalog))
            }
            (None, None) => printable(&read.text),
        })
        .collect();
    let any = sections
        .iter()
        .any(|section| section.advice.iter().any(|advice| advice.answer().runs()));
    let text = match arguments.format {
        DataFormat::Human => human(catalog, &sections, &names),
        DataFormat::Json => document(&sections, &names)?,
    };
    let mut names = names;
    names.dedup();
    let unknown_kind = read
        .iter()
        .any(|read| read.host.effective_kind(catalog) == Kind::Unknown);
    if unknown_kind {
        complaints.push(
            "a host may be a server or a client; --host-kind says which, where the answer is unknown"
                .to_owned(),
        );
    }
    let mut outcome = Outcome::new(text, if any { Exit::Fits } else { Exit::Findings });
    outcome.complaints = complaints;
    Ok(outcome)
}

/// Names in a sentence.
fn enumerate(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn human(catalog: &Catalog, sections: &[Section], names: &[String]) -> String {
    let hosts = enumerate(names);
    let best = sections.iter().find_map(|section| {
        let advice = section
            .advice
            .iter()
            .find(|advice| advice.answer().runs())?;
        Some((section.isolation, advice))
    });
    let headline = if let Some((isolation, advice)) = best {
        let tag = if advice.floating_answer.runs() {
            advice.floating.clone()
        } else {
            advice
                .pinned
                .as_ref()
                .map_or_else(|| advice.floating.clone(), |pin| pin.exact_tag.clone())
        };
        let with = match isolation {
            Isolation::Process => "",
            Isolation::Hyperv => " with Hyper-V isolation",
        };
        format!("On {hosts}, build on {tag}{with}.")
    } else {
        let with = match sections {
            [only] => format!(" with {} isolation", only.isolation.name()),
            _ => String::new(),
        };
        format!("No base image that is still supported runs on {hosts}{with}.")
    };
    let mut text = bold(&wrap(&headline, "", ""));
    text.push('\n');
    for section in sections {
        text.push_str(&format!(
            "\n  with {} isolation\n",
            section.isolation.name()
        ));
        if section.advice.is_empty() {
            text.push_str("    none\n");
        }
        // One release at a time, in the order of its best base image.
        let mut builds: Vec<u16> = Vec::new();
        for advice in &section.advice {
            if !builds.contains(&advice.build) {
                builds.push(advice.build);
            }
        }
        for build in builds {
            let of_build: Vec<&TagAdvice> = section
                .advice
                .iter()
                .filter(|advice| advice.build == build)
                .collect();
            text.push_str(&release(&of_build));
        }
    }
    if let Some((_, advice)) = best {
        let from = advice.lines_for_from();
        text.push('\n');
        for line in from {
            text.push_str(&format!("  FROM {line}\n"));
        }
    }
    let day = catalog
        .newest_update_day()
        .map_or_else(String::new, |day| day.to_string());
    text.push('\n');
    text.push_str(&faint(&format!(
        "  pinned to updates that winfit knows, the newest of {day}"
    )));
    text.push('\n');
    text
}

/// One release: its tags, its base images, how long each is supported.
fn release(of_build: &[&TagAdvice]) -> String {
    let Some(first) = of_build.first() else {
        return String::new();
    };
    let floating = if first.floating_answer == Answer::Yes {
        first.floating.clone()
    } else {
        format!("{} ({})", first.floating, first.floating_answer.name())
    };
    let mut ends: Vec<(String, Vec<&str>)> = Vec::new();
    for advice in of_build {
        let end = advice
            .support_end
            .map_or_else(|| "unknown".to_owned(), |end| end.to_string());
        match ends.iter_mut().find(|(known, _)| *known == end) {
            Some((_, bases)) => bases.push(advice.base.name()),
            None => ends.push((end, vec![advice.base.name()])),
        }
    }
    let support: Vec<String> = ends
        .iter()
        .map(|(end, bases)| format!("{} to {end}", bases.join(", ")))
        .collect();
    let mut text = format!("    {floating:18} {}\n", support.join("; "));
    if let Some(pin) = &first.pinned {
        let mark = if pin.answer == Answer::Yes {
            String::new()
        } else {
            format!(" ({})", pin.answer.name())
        };
        let tags: Vec<String> = pin
            .kb_tag
            .iter()
            .cloned()
            .chain([pin.exact_tag.clone()])
            .collect();
        text.push_str(&format!(
            "      {:16} {}{mark}\n",
            "pinned",
            tags.join(", ")
        ));
    }
    text
}

fn document(sections: &[Section], names: &[String]) -> Result<String> {
    let tags: Vec<Value> = sections
        .iter()
        .flat_map(|section| {
            section.advice.iter().map(|advice| {
                let repository = advice.base.repository();
                json!({
                    "isolation": section.isolation.name(),
                    "base": advice.base.name(),
                    "release": advice.release,
                    "build": advice.build,
                    "answer": advice.answer().name(),
                    "floating": {
                        "reference": format!("{repository}:{}", advice.floating),
                        "answer": advice.floating_answer.name(),
                    },
                    "pinned": advice.pinned.as_ref().map(|pin| json!({
                        "kb": pin.kb_tag.as_ref().map(|tag| format!("{repository}:{tag}")),
                        "exact": format!("{repository}:{}", pin.exact_tag),
                        "os_version": pin.version.to_string(),
                        "day": pin.day.map(|day| day.to_string()),
                        "answer": pin.answer.name(),
                    })),
                    "support_end": advice.support_end.map(|day| day.to_string()),
                })
            })
        })
        .collect();
    json::document(&json!({"schema": "winfit.tag/1", "hosts": names, "tags": tags}))
}
