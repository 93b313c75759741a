//! The constraints of services for people: what is added, what that does, and the way back.

use winfit_docker::swarm::constrain::{Constraints, Decision};

use super::Constrained;
use crate::commands::swarm::human::{commands, entry};
use crate::findings::{clean, plural};
use crate::output::{bold, wrap};

pub(super) fn human(services: &[Constrained], open: &[String], applied: bool) -> String {
    let mut text = String::new();
    if let [_, _, ..] = services {
        text.push_str(&bold(&wrap(&headline(services, applied), "", "")));
        text.push_str("\n\n");
    }
    let parts: Vec<String> = services.iter().map(one).collect();
    text.push_str(&parts.join("\n"));
    let matters = |one: &Constrained| !matches!(one.decision, Decision::NotWindows);
    if !open.is_empty() && services.iter().any(matters) {
        text.push('\n');
        for reason in open {
            text.push_str(&entry("open", &clean(reason)));
        }
    }
    if text.is_empty() {
        text.push_str("The Swarm has no service that runs containers.\n");
    }
    text
}

fn headline(services: &[Constrained], applied: bool) -> String {
    let changed = services.iter().filter(|one| one.change().is_some()).count();
    let all = plural(services.len(), "service");
    if applied {
        let written = services.iter().filter(|one| one.is_written()).count();
        return format!("{written} of {all} got constraints.");
    }
    format!("{changed} of {all} would get constraints; nothing is written yet.")
}

fn one(service: &Constrained) -> String {
    let name = clean(&service.name);
    let sentence = match &service.decision {
        Decision::Fits { on, unsure } if unsure.is_empty() => {
            format!("{name} runs on every node that it may use: {}.", list(on))
        }
        Decision::Fits { on, unsure } => format!(
            "{name} runs on {}; of {}, which it may use too, nobody can tell.",
            list(on),
            list(unsure)
        ),
        Decision::Constrain(found) => {
            let verb = match &service.written {
                Some(Ok(_)) => "is kept",
                Some(Err(_)) => "was to be kept",
                None => "would be kept",
            };
            let ending = if service.written.is_some() {
                ""
            } else {
                "; nothing is written yet"
            };
            format!(
                "{name} {verb} off {}, where it cannot start{ending}.",
                list(&found.off)
            )
        }
        Decision::NoNode { .. } => format!(
            "{name} runs on no node that it may use; a constraint would leave it without any, so nothing is written."
        ),
        Decision::NotWindows => format!("{name} is for Linux: no Windows version decides."),
        Decision::UnknownImage => {
            format!("Nothing says which Windows the image of {name} is built on.")
        }
        Decision::NotTold => format!(
            "{name} runs on some nodes that it may use, and no constraint tells them from the others."
        ),
    };
    let mut text = bold(&wrap(&sentence, "", ""));
    text.push_str("\n\n");
    text.push_str(&entry("image", &clean(&service.image)));
    for constraint in &service.has {
        text.push_str(&entry("has", &clean(constraint)));
    }
    match &service.decision {
        Decision::Constrain(found) => text.push_str(&constrained(service, found)),
        Decision::NoNode { may_use, kept_off } => {
            let may_use = if may_use.is_empty() {
                "no node".to_owned()
            } else {
                list(may_use)
            };
            text.push_str(&entry("uses", &may_use));
            for (node, why) in kept_off {
                let words = format!("{node} would run it, but: {why}");
                text.push_str(&entry("note", &clean(&words)));
            }
            if !service.instead.is_empty() {
                text.push_str("\n  1  one of these, on the nodes that it has\n");
                text.push_str(&commands(&service.instead));
                text.push_str(&format!("\n  the way back\n{}", rollback(service)));
            }
        }
        Decision::UnknownImage => text.push_str(&entry(
            "note",
            "a tag that names the release says it, as contoso/fax:2-ltsc2019, or you do, as --image-version contoso/fax:2=10.0.17763; --online asks its registry",
        )),
        Decision::NotTold => text.push_str(&entry(
            "note",
            "winfit swarm label --apply gives the nodes labels that do",
        )),
        _ => {}
    }
    text
}

fn constrained(service: &Constrained, found: &Constraints) -> String {
    let mut text = String::new();
    for constraint in &found.add {
        text.push_str(&entry("add", &clean(constraint)));
    }
    let on = if found.may { "may" } else { "runs" };
    let places = format!(
        "{}{}",
        list(&found.on),
        if found.may {
            ": it may start there, and nobody is sure"
        } else {
            ""
        }
    );
    text.push_str(&entry(on, &places));
    text.push_str(&entry("not", &list(&found.off)));
    if !found.lost.is_empty() {
        let words = format!(
            "it would start on {} too, and these constraints keep it off",
            list(&found.lost)
        );
        text.push_str(&entry("note", &words));
    }
    let missing = match (found.by_chance, found.by_name) {
        (true, _) => {
            "a label that says nothing of Windows tells these nodes apart by chance; winfit swarm label --apply gives them labels that say it, also to nodes that join later"
        }
        (false, true) => {
            "a name tells nothing of nodes that join later; winfit swarm label --apply gives all nodes labels that do"
        }
        (false, false) => "",
    };
    if !missing.is_empty() {
        text.push_str(&entry("note", missing));
    }
    let against: Vec<String> = service
        .runs_on
        .iter()
        .filter(|node| found.off.contains(node))
        .cloned()
        .collect();
    if !against.is_empty() {
        let words = format!(
            "it runs on {} all the same: see whether the versions of node and image are told right before anything is written",
            list(&against)
        );
        text.push_str(&entry("note", &words));
    }
    text.push_str(&entry("note", "its replicas restart"));
    let Some((forth, back)) = service.commands() else {
        return text;
    };
    match &service.written {
        None => {
            text.push_str("\n  1  write it: the same command with --apply\n  2  or by hand\n");
            text.push_str(&commands(&forth));
            text.push_str("\n  the way back\n");
        }
        Some(Ok(now)) => {
            let shown = format!(
                "\n  docker service inspect --format \\\n    '{{{{.Spec.TaskTemplate.Placement.Constraints}}}}' {}\n    [{}]\n",
                service.name,
                now.join(" ")
            );
            text.push_str(&shown.lines().map(clean).collect::<Vec<_>>().join("\n"));
            text.push_str("\n\n  the way back\n");
        }
        Some(Err(_)) => return text,
    }
    text.push_str(&commands(&back));
    if matches!(service.written, Some(Ok(_))) {
        text.push_str(&rollback(service));
    }
    text
}

/// The way back to what the service was before its last change.
fn rollback(service: &Constrained) -> String {
    format!("       docker service rollback {}\n", clean(&service.name))
}

/// Nodes by name, of many the first.
fn list(names: &[String]) -> String {
    const MOST: usize = 6;
    let shown: Vec<String> = names.iter().take(MOST).map(|name| clean(name)).collect();
    match names.len().saturating_sub(MOST) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
