//! Pinned workloads for people: what changes, what that does, and the way back.

use winfit_core::fleet::State;
use winfit_kube::pin::{Decision, Nodes, Object, Owned, Plan, merge};

use super::Pinned;
use super::files::{Told, file_name};
use crate::findings::{clean, plural};
use crate::output::{bold, wrap};

/// What the command was asked for.
#[derive(Clone, Copy)]
pub(super) struct Shown {
    pub(super) applied: bool,
    pub(super) all: bool,
}

pub(super) fn human(pinned: &[Pinned], shown: Shown) -> String {
    let mut text = String::new();
    let matters = |one: &&Pinned| !shown.all || !matches!(one.decision, Decision::NotWindows);
    let parts: Vec<String> = pinned
        .iter()
        .filter(matters)
        .map(|one| part(one, shown))
        .collect();
    let others = pinned.len() - parts.len();
    if pinned.len() > 1 {
        text.push_str(&bold(&wrap(&headline(pinned, shown), "", "")));
        text.push_str("\n\n");
    }
    text.push_str(&parts.join("\n"));
    if others > 0 {
        let sentence = format!(
            "{} without any sign of Windows left out.",
            plural(others, "workload")
        );
        let space = if parts.is_empty() { "" } else { "\n" };
        text.push_str(&format!("{space}{}\n", wrap(&sentence, "", "")));
    }
    if text.is_empty() {
        text.push_str("There is no workload.\n");
    }
    text
}

fn headline(pinned: &[Pinned], shown: Shown) -> String {
    let all = plural(pinned.len(), "workload");
    if shown.applied {
        let written = pinned.iter().filter(|one| one.now().is_some()).count();
        return format!("{written} of {all} pinned.");
    }
    let changes = pinned.iter().filter(|one| one.change().is_some()).count();
    format!("{changes} of {all} would be pinned; nothing is written yet.")
}

fn part(one: &Pinned, shown: Shown) -> String {
    let mut text = bold(&wrap(&clean(&sentence(one)), "", ""));
    text.push_str("\n\n");
    text.push_str(&entry("image", &one.images.join(", ")));
    match &one.decision {
        Decision::Pin(plan) => {
            if let Some((_, object)) = &one.object {
                text.push_str(&pinned_part(one, plan, object, shown));
            }
        }
        Decision::Right(nodes) => text.push_str(&places(nodes)),
        Decision::NotTold(nodes) => {
            text.push_str(&places(nodes));
            text.push_str(&entry(
                "note",
                "label the nodes first: winfit kube label --apply gives each what it runs, its build and its version",
            ));
        }
        Decision::UnknownImage(_) => text.push_str(&entry(
            "note",
            "--image-version REF=VERSION tells it, --online asks the image's registry",
        )),
        Decision::NoNode(_) => text.push_str(&entry(
            "note",
            "a change of its placement would leave it without a node, so nothing is written; winfit kube audit says what else would do",
        )),
        Decision::NotWindows | Decision::Refused(_) => {}
    }
    text
}

/// What is the matter, first.
pub(super) fn sentence(one: &Pinned) -> String {
    let whose = one.subject.in_words();
    match &one.decision {
        Decision::NotWindows => format!("Nothing says that {whose} is for Windows."),
        Decision::Right(nodes) => {
            let places = [nodes.on.clone(), waiting(nodes)].concat();
            format!(
                "{whose} admits only nodes that run it: {}. Nothing is to be changed.",
                list(&places)
            )
        }
        Decision::Pin(plan) => pin_sentence(one, plan),
        Decision::UnknownImage(why) | Decision::NoNode(why) | Decision::Refused(why) => {
            format!("{whose} is not pinned: {}.", why.trim_end_matches('.'))
        }
        Decision::NotTold(nodes) => {
            let places = [nodes.on.clone(), waiting(nodes)].concat();
            format!(
                "{whose} runs on {}, and no label tells that from {}.",
                list(&places),
                list(&nodes.off)
            )
        }
    }
}

fn pin_sentence(one: &Pinned, plan: &Plan) -> String {
    let whose = one.subject.in_words();
    let by = match &one.owned {
        Owned::ByNobody | Owned::Immutable => String::new(),
        Owned::By(manager) => format!("; {manager} writes it, so winfit does not"),
        Owned::ByObject { kind, name } => {
            format!("; {kind} {name} writes it, so winfit does not")
        }
    };
    let (verb, ending) = match &one.written {
        Some(Ok(written)) if written.already => ("is kept", "; somebody else has written that"),
        Some(Ok(_)) => ("is kept", ""),
        Some(Err(_)) => ("was to be kept", ""),
        None if !by.is_empty() => ("should be kept", ""),
        None if one.owned == Owned::Immutable => {
            ("should be kept", "; it cannot be changed, only made anew")
        }
        None => ("would be kept", "; nothing is written yet"),
    };
    let fit = [plan.nodes.on.clone(), waiting(&plan.nodes)].concat();
    if plan.nodes.off.is_empty() {
        let verb = verb.replace("kept", "placed");
        return format!(
            "{whose} {verb} on {}, which runs it{by}{ending}.",
            list(&fit)
        )
        .replace(
            "which runs it",
            if fit.len() > 1 {
                "which run it"
            } else {
                "which runs it"
            },
        );
    }
    format!(
        "{whose} {verb} off {}, where it cannot start{by}{ending}.",
        list(&plan.nodes.off)
    )
}

fn pinned_part(one: &Pinned, plan: &Plan, object: &Object, shown: Shown) -> String {
    let mut text = places(&plan.nodes);
    let mut cordoned = plan.nodes.waits.iter();
    let cordoned = cordoned.find(|(_, state)| *state == State::Cordoned);
    if let (true, Some((name, _))) = (plan.nodes.on.is_empty(), cordoned) {
        let words =
            format!("until then it waits: kubectl uncordon {name} lets pods onto a cordoned node");
        text.push_str(&entry("note", &words));
    }
    if one.owned != Owned::Immutable {
        text.push_str(&entry("note", restart(object)));
    }
    let now = one.now().map(|written| &written.object);
    if let Some(now) = now {
        text.push_str(&read_back(now));
    } else {
        let change = winfit_files::object::yaml(&merge(&plan.old, &plan.new));
        text.push_str(&format!("\n  {}\n", dotted(object.pods_at())));
        text.push_str(&indented(&change, "    "));
    }
    text.push_str(&steps(one, plan, object, shown));
    text
}

/// What is to be done, or was.
fn steps(one: &Pinned, plan: &Plan, object: &Object, shown: Shown) -> String {
    let mut text = String::new();
    match (&one.file, &one.owned) {
        (Some(Told::Written(path)), Owned::Immutable) => {
            text.push_str(&format!("\n  {}\n", clean(&path.display().to_string())));
            text.push_str(&anew(object, &path.display().to_string()));
            return text;
        }
        (Some(Told::Written(path)), _) => {
            text.push_str(&format!("\n  {}\n", clean(&path.display().to_string())));
            return text;
        }
        (Some(Told::Not), _) => return text,
        (None, _) => {}
    }
    match &one.owned {
        Owned::Immutable => {
            text.push_str("\n  1  write its manifest: the same command with --output DIR\n");
            text.push_str("  2  make it anew (what it has done so far is lost)\n");
            text.push_str(&anew(object, &format!("DIR/{}", file_name(object))));
        }
        Owned::By(manager) => {
            let words = format!(
                "give {manager} this change: the same command with --output DIR writes it as a patch for kustomize"
            );
            text.push_str(&format!("\n{}\n", wrap(&clean(&words), "  1  ", "     ")));
        }
        Owned::ByObject { kind, name } => {
            let words = format!(
                "change the template of {kind} {name}: the same command with --output DIR writes it as a patch for kustomize"
            );
            text.push_str(&format!("\n{}\n", wrap(&clean(&words), "  1  ", "     ")));
        }
        Owned::ByNobody => {
            let is_planned = one.written.is_none() && !shown.applied;
            if is_planned {
                text.push_str("\n  1  write it: the same command with --apply\n");
            }
            let Some((forth, back)) = by_hand(plan, object) else {
                return text;
            };
            if is_planned {
                text.push_str(&format!("  2  or by hand\n{}", indented(&forth, "       ")));
            }
            if !matches!(one.written, Some(Err(_))) {
                text.push_str(&format!("\n  the way back\n{}", indented(&back, "       ")));
            }
        }
    }
    text
}

/// Commands that change the object by hand, and back; both shells take them alike. None: a value in it means
/// something to a shell.
pub(super) fn by_hand(plan: &Plan, object: &Object) -> Option<(String, String)> {
    let command = |old, new| {
        // In double quotes nothing may mean anything to a shell; YAML has single ones as well.
        let patch = object.merge_patch(old, new);
        if patch.contains(['\'', '\\', '$', '`', '!']) {
            return None;
        }
        let patch = patch.replace('"', "'");
        Some(format!(
            "{} patch {} {} --type=merge -p \"\n{patch}\"",
            kubectl(object)?,
            object.kind().to_lowercase(),
            object.name()
        ))
    };
    Some((
        command(&plan.old, &plan.new)?,
        command(&plan.new, &plan.old)?,
    ))
}

/// kubectl in the object's namespace. None: its name is none that an API server has.
fn kubectl(object: &Object) -> Option<String> {
    object.path()?;
    Some(format!("kubectl -n {}", object.namespace()))
}

fn anew(object: &Object, path: &str) -> String {
    let command = kubectl(object).map(|kubectl| format!("{kubectl} replace --force -f {path}"));
    indented(&command.unwrap_or_default(), "       ")
}

/// The selectors as the system now reports them.
fn read_back(object: &Object) -> String {
    let mut text = format!(
        "\n  {}, as the cluster has it now\n",
        dotted(object.pods_at())
    );
    let now = super::json::selectors(object);
    text.push_str(&indented(&winfit_files::object::yaml(&now), "    "));
    text
}

/// What becomes of the pods that run.
fn restart(object: &Object) -> &'static str {
    let strategy = |at: &str| object.field(at).unwrap_or_default();
    match object.kind() {
        "Deployment" if object.says("/spec/paused") => {
            "it is paused: its pods are replaced once kubectl rollout resume lets it go on"
        }
        "Deployment" if strategy("/spec/strategy/type") == "Recreate" => {
            "its pods restart: all of them stop, then new ones start"
        }
        "Deployment" => "its pods restart, replaced step by step",
        "StatefulSet" | "DaemonSet" if strategy("/spec/updateStrategy/type") == "OnDelete" => {
            "its pods stay as they are until somebody deletes them (updateStrategy OnDelete); those that come after follow the template"
        }
        "StatefulSet" => "its pods restart one after another, the last first",
        "DaemonSet" => "its pods restart, node after node",
        "CronJob" => "Jobs that it starts from now on follow it; those that run are left alone",
        "ReplicaSet" | "ReplicationController" => {
            "its pods stay as they are until somebody deletes them; those that come after follow the template"
        }
        _ => "its pods restart",
    }
}

fn places(nodes: &Nodes) -> String {
    let mut text = String::new();
    if !nodes.on.is_empty() {
        text.push_str(&entry("runs", &list(&nodes.on)));
    }
    let waits: Vec<String> = nodes
        .waits
        .iter()
        .map(|(name, state)| format!("{name}, which is {}", state.in_words()))
        .collect();
    if !waits.is_empty() {
        text.push_str(&entry("waits", &format!("for {}", list(&waits))));
    }
    if !nodes.off.is_empty() {
        text.push_str(&entry("not", &list(&nodes.off)));
    }
    text
}

fn waiting(nodes: &Nodes) -> Vec<String> {
    nodes.waits.iter().map(|(name, _)| name.clone()).collect()
}

fn entry(label: &str, words: &str) -> String {
    format!(
        "{}\n",
        wrap(&clean(words), &format!("  {label:5}  "), "         ")
    )
}

fn indented(text: &str, indent: &str) -> String {
    let lines = text.lines();
    lines
        .map(|line| format!("{indent}{}\n", clean(line)))
        .collect()
}

/// `/spec/template/spec` as people write fields: `spec.template.spec`.
fn dotted(pointer: &str) -> String {
    pointer.trim_start_matches('/').replace('/', ".")
}

/// Nodes by name, of many the first.
fn list(names: &[String]) -> String {
    const MOST: usize = 6;
    let shown: Vec<&str> = names.iter().take(MOST).map(String::as_str).collect();
    match names.len().saturating_sub(MOST) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
