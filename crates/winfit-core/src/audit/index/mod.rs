//! What is wrong with an image in a registry: its index against its configs, its order against the
//! engines, its children against the hosts.

mod entries;
mod hosts;
mod order;
#[cfg(test)]
mod tests;
mod versions;

use std::sync::Arc;

use crate::catalog::Catalog;
use crate::finding::{Finding, Origin, Rule, Severity, Subject};
use crate::fleet::Member;
use crate::index::ImageIndex;
use crate::remedy::{Command, Remedy, RemedyKind, Safety, Shell};

use super::rule;

/// The rules about images in registries, each with a page in `docs/rules/`.
pub const RULES: &[Rule] = &[
    rule(
        "index-version-missing",
        "The index does not state the Windows version that the image's config states",
    ),
    rule(
        "index-version-conflict",
        "The index and the image's config state different platforms or Windows versions",
    ),
    rule(
        "index-version-nowhere",
        "Neither the index nor the config states a Windows version",
    ),
    rule(
        "index-order",
        "The order of the index makes engines pull an image that suits the host less",
    ),
    rule(
        "index-revision-trap",
        "Engines that compare revisions pull an older image, in whatever order they stand",
    ),
    rule(
        "index-duplicate-platform",
        "Two children of the index state the same platform",
    ),
    rule(
        "index-child-missing",
        "The index names a child that the registry does not have",
    ),
    rule(
        "index-child-without-os",
        "A Windows child of the index does not state its operating system there",
    ),
    rule(
        "index-os-features",
        "The os.features of a Windows child keep engines from pulling it, or fit no Windows",
    ),
    rule(
        "index-lacks-host",
        "No child of the image runs on a host of the fleet",
    ),
];

/// Everything that is wrong with an image, by rule and place. `hosts` are those that it has to run on;
/// without any, its order is held against the long-term servers that the catalog knows.
pub fn index_findings(catalog: &Catalog, image: &ImageIndex, hosts: &[Member]) -> Vec<Finding> {
    let looked_at = LookedAt {
        catalog,
        image,
        source: Arc::from(image.reference.as_str()),
    };
    let mut findings = Vec::new();
    entries::findings(&looked_at, &mut findings);
    versions::findings(&looked_at, &mut findings);
    order::findings(&looked_at, hosts, &mut findings);
    hosts::findings(&looked_at, hosts, &mut findings);
    findings
}

/// An image while it is looked at.
struct LookedAt<'a> {
    catalog: &'a Catalog,
    image: &'a ImageIndex,
    source: Arc<str>,
}

impl LookedAt<'_> {
    /// A finding about a child, or about a field of its entry.
    fn of_child(
        &self,
        rule: &'static str,
        severity: Severity,
        at: usize,
        field: &str,
        message: impl Into<String>,
    ) -> Finding {
        Finding::new(rule, severity, self.subject(), self.at(at, field), message)
    }

    /// A finding about the image.
    fn of_image(
        &self,
        rule: &'static str,
        severity: Severity,
        message: impl Into<String>,
    ) -> Finding {
        let origin = Origin::whole(&self.source);
        Finding::new(rule, severity, self.subject(), origin, message)
    }

    fn subject(&self) -> Subject {
        Subject::new("image", &self.image.reference)
    }

    /// The place of a child, or of a field of its entry, in the index; of a single manifest its config.
    fn at(&self, at: usize, field: &str) -> Origin {
        let path = match (self.image.is_index, field) {
            (false, _) => "config".to_owned(),
            (true, "") => format!("manifests[{at}]"),
            (true, field) => format!("manifests[{at}].{field}"),
        };
        Origin {
            field: Some(path),
            ..Origin::whole(&self.source)
        }
    }

    /// The remedy that writes the index anew, with its versions and in its order.
    fn assemble(&self, title: &str) -> Remedy {
        let reference = &self.image.reference;
        Remedy {
            kind: RemedyKind::Rebuild,
            title: title.to_owned(),
            safety: Safety::Unsafe,
            commands: vec![Command {
                shell: Shell::Any,
                text: format!("winfit image assemble {reference} --apply"),
            }],
            diff: None,
            changes: Vec::new(),
        }
    }
}

/// `a, b and 3 more`.
fn some_of(names: &[String]) -> String {
    const MOST: usize = 3;
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] if names.len() <= MOST => format!("{} and {last}", first.join(", ")),
        _ => format!(
            "{} and {} more",
            names[..MOST].join(", "),
            names.len() - MOST
        ),
    }
}
