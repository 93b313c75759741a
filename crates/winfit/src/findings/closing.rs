//! What the end of a report says beside its counts: what was not judged, and why.

use std::collections::{BTreeMap, BTreeSet};

use super::{clean, plural};

/// Workloads that could not be judged, as subjects in words, each with what its placement
/// asks for and no host declares (`label disktype`): `not judged: 2 workloads (label disktype is not declared)`.
/// None: all were judged.
pub(super) fn not_judged(missing: &[(String, String)], verbose: bool) -> Option<String> {
    let labels: BTreeSet<&str> = missing.iter().map(|(_, label)| label.as_str()).collect();
    if labels.is_empty() {
        return None;
    }
    if verbose {
        let named: Vec<String> = missing
            .iter()
            .map(|(subject, label)| {
                format!("{} ({} is not declared)", clean(subject), clean(label))
            })
            .collect();
        return Some(format!("not judged: {}", named.join(", ")));
    }
    let labels: Vec<String> = labels.into_iter().map(clean).collect();
    let are = if labels.len() == 1 { "is" } else { "are" };
    Some(format!(
        "not judged: {} ({} {are} not declared)",
        plural(missing.len(), "workload"),
        labels.join(", ")
    ))
}

/// Templates, each by the command that renders it: `1 template not read (helm template CHART |
/// winfit lint -)`, one line a command.
pub(super) fn templates(commands: &[&str]) -> Vec<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for command in commands {
        *counts.entry(command).or_default() += 1;
    }
    counts
        .into_iter()
        .map(|(command, count)| format!("{} not read ({command})", plural(count, "template")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_judged_is_counted_with_the_labels() {
        let missing = |all: &[(&str, &str)]| -> Vec<(String, String)> {
            all.iter()
                .map(|(subject, label)| ((*subject).to_owned(), (*label).to_owned()))
                .collect()
        };
        let web = ("Deployment shop/web", "label disktype");
        for (all, counted, named) in [
            (vec![], None, None),
            (
                vec![web],
                Some("not judged: 1 workload (label disktype is not declared)"),
                Some("not judged: Deployment shop/web (label disktype is not declared)"),
            ),
            (
                vec![web, ("Pod a", "label zone"), ("Pod b", "label disktype")],
                Some("not judged: 3 workloads (label disktype, label zone are not declared)"),
                Some(
                    "not judged: Deployment shop/web (label disktype is not declared), Pod a (label zone is not declared), Pod b (label disktype is not declared)",
                ),
            ),
            (
                vec![("Pod \u{1b}[2J", "label a\u{1b}")],
                Some("not judged: 1 workload (label a\u{fffd} is not declared)"),
                Some("not judged: Pod \u{fffd}[2J (label a\u{fffd} is not declared)"),
            ),
        ] {
            let missing = missing(&all);
            assert_eq!(not_judged(&missing, false).as_deref(), counted);
            assert_eq!(not_judged(&missing, true).as_deref(), named);
        }
    }

    #[test]
    fn templates_are_told_with_what_renders_them() {
        assert!(templates(&[]).is_empty());
        let helm = "helm template CHART | winfit lint -";
        let kustomize = "kustomize build FOLDER | winfit lint -";
        assert_eq!(
            templates(&[helm, kustomize, helm]),
            [
                format!("2 templates not read ({helm})"),
                format!("1 template not read ({kustomize})")
            ]
        );
    }
}
