//! What a revision's images have become: true patches, and other Windows.
//!
//! Images are matched by where they stand: the stage of a Dockerfile, the container of a workload. An
//! image that is new in its place, or whose place is gone, is no change.

mod hosts;
mod places;

use std::collections::HashSet;

use winfit_core::catalog::Catalog;
use winfit_core::change::Change;
use winfit_core::finding::{Confidence, Finding, Rule, Severity};
use winfit_core::fleet::{Fleet, ImageUse};
use winfit_core::host::Os;
use winfit_core::image::{Image, NamedImage, StatedBy};
use winfit_core::image_change::{
    ChangeKind, Direction, ImageChange, Side, image_change, stay, with_update,
};
use winfit_core::reference::Reference;
use winfit_core::remedy::{Command, Remedy, RemedyKind, Safety, Shell};

use self::places::{Placed, matched, placed};
use super::Context;
use crate::against::Before;
use crate::fleet::fleet;
use crate::registries::{self, Words};
use crate::repository::Repository;

/// The rules of this file.
pub const RULES: &[Rule] = &[
    Rule {
        name: "base-build-changed",
        summary: "An image has another Windows than it had at a revision",
    },
    Rule {
        name: "base-patched",
        summary: "An image has another patch level of the same Windows than it had at a revision",
    },
];

/// The images on both sides of each change that a registry can settle.
pub fn to_ask(
    catalog: &Catalog,
    repository: &Repository,
    new_fleet: &Fleet,
    before: &Before,
) -> Vec<Reference> {
    let old_fleet = fleet(catalog, &before.repository, &[]);
    let old = placed(catalog, &before.repository, &old_fleet);
    let new = placed(catalog, repository, new_fleet);
    let changes = new.iter().zip(matched(&old, &new));
    changes
        .filter_map(|(new, old)| Some((new, old.filter(|old| old.used.text != new.used.text)?)))
        .flat_map(|(new, old)| [&old.used, &new.used])
        .filter_map(|used| registries::open(used).cloned())
        .collect()
}

/// Compares the images of today with those of a revision, by their registries' words where there are any.
pub fn check(
    context: &Context<'_>,
    repository: &Repository,
    before: &Before,
    words: &Words,
) -> Vec<Finding> {
    let catalog = context.catalog;
    let old_fleet = fleet(catalog, &before.repository, &[]);
    let mut old = placed(catalog, &before.repository, &old_fleet);
    let mut new = placed(catalog, repository, context.fleet);
    // Those of the fleet of today have taken their words already.
    let unsettled = |used: &ImageUse| used.image.as_ref().is_ok_and(|it| it.variants.is_none());
    for placed in old.iter_mut().chain(&mut new) {
        if unsettled(&placed.used) {
            registries::settle_use(&mut placed.used, words);
        }
    }
    let checking = Checking { context, before };
    let mut seen = HashSet::new();
    let mut findings = Vec::new();
    for (new, old) in new.iter().zip(matched(&old, &new)) {
        let Some(old) = old.filter(|old| old.used.text != new.used.text) else {
            continue;
        };
        // Stages that share an argument share its change.
        let (was, is) = (old.used.text.as_str(), new.used.text.as_str());
        if seen.insert((&new.used.origin, was, is)) {
            findings.extend(checking.change(old, new));
        }
    }
    findings
}

struct Checking<'a> {
    context: &'a Context<'a>,
    before: &'a Before,
}

impl Checking<'_> {
    fn change(&self, old: &Placed<'_>, new: &Placed<'_>) -> Option<Finding> {
        // Of variables without a value other rules speak.
        if !old.used.unresolved.is_empty() || !new.used.unresolved.is_empty() {
            return None;
        }
        let (was, is) = (old.used.image.as_ref().ok()?, new.used.image.as_ref().ok()?);
        let change = image_change(self.context.catalog, was, is);
        let finding = match change.kind {
            ChangeKind::Build | ChangeKind::Os => self.other_windows(&change, old, new),
            // Of images that have nothing to do with Windows nothing is said.
            ChangeKind::Unknown if change.old.is_windows() || change.new.is_windows() => {
                self.not_told(&change, old, new)
            }
            ChangeKind::Patch(direction) if direction != Direction::Even => {
                self.patched(&change, direction, old, new)?
            }
            _ => return None,
        };
        let by_tag = [was, is]
            .iter()
            .any(|image| image.stated_by == StatedBy::Tag);
        Some(if by_tag && finding.rule == "base-build-changed" {
            finding.confidence(Confidence::Likely)
        } else {
            finding
        })
    }

    /// A finding in the new image's place. What is told of the old one beside its name is `level`.
    fn finding(
        &self,
        rule: &'static str,
        severity: Severity,
        message: String,
        level: Option<&str>,
        (old, new): (&Placed<'_>, &Placed<'_>),
    ) -> Finding {
        let name = self.before.old_name(&old.used.origin.source);
        let place = match old.used.origin.span {
            Some(span) => format!("{name}:{}:{}", span.line, span.column),
            None => name.to_owned(),
        };
        let revision = &self.before.revision;
        let image = &old.used.text;
        let was = match level {
            Some(level) => format!("at {revision} it was {image}, {level}, in {place}"),
            None => format!("at {revision} it was {image}, in {place}"),
        };
        let (subject, origin) = (new.subject.clone(), new.used.origin.clone());
        Finding::new(rule, severity, subject, origin, message).note(was)
    }

    /// Another build, or another operating system: as heavy as its hosts take it.
    fn other_windows(
        &self,
        change: &ImageChange<'_>,
        old: &Placed<'_>,
        new: &Placed<'_>,
    ) -> Finding {
        let catalog = self.context.catalog;
        let hosts = self.on_hosts(&facts(&change.old), &facts(&change.new), new);
        let severity = match (hosts.all, hosts.without.len()) {
            (0, _) => Severity::Warning,
            (_, 0) => Severity::Info,
            (all, without) if all == without => Severity::Error,
            _ => Severity::Warning,
        };
        let mut finding = self
            .finding(
                "base-build-changed",
                severity,
                change.sentence(catalog),
                None,
                (old, new),
            )
            .label(format!("was {}", change.old.image.short()));
        for remark in change.remarks(catalog) {
            finding = finding.note(remark);
        }
        if let Some(note) = hosts.note() {
            finding = finding.note(note);
        }
        match stay(catalog, change).filter(|_| severity > Severity::Info) {
            Some(reference) => {
                let windows = change.old.windows(catalog);
                finding.remedy(remedy(&windows, &reference.to_string(), old, new))
            }
            None => finding,
        }
    }

    /// A Windows that nothing tells: of the new image a warning, of the old one worth knowing.
    fn not_told(&self, change: &ImageChange<'_>, old: &Placed<'_>, new: &Placed<'_>) -> Finding {
        let catalog = self.context.catalog;
        let now = change.new.level.version.is_some();
        let (severity, label, unknown) = if now {
            let windows = change.new.windows(catalog);
            (Severity::Info, format!("{windows} now"), &change.old)
        } else {
            let label = "which Windows?".to_owned();
            (Severity::Warning, label, &change.new)
        };
        let rule = "base-build-changed";
        let mut finding = self
            .finding(rule, severity, change.sentence(catalog), None, (old, new))
            .label(label);
        for remark in change.remarks(catalog) {
            finding = finding.note(remark);
        }
        match how_to_tell(unknown.image) {
            Some(how) => finding.note(how),
            None => finding,
        }
    }

    /// The same Windows, patched or set back. None: nothing tells of patches.
    fn patched(
        &self,
        change: &ImageChange<'_>,
        direction: Direction,
        old: &Placed<'_>,
        new: &Placed<'_>,
    ) -> Option<Finding> {
        if direction == Direction::Untold {
            return None;
        }
        let catalog = self.context.catalog;
        let sentence = change.sentence(catalog);
        let was = with_update(&change.old.level);
        let (rule, step) = ("base-patched", (old, new));
        let mut finding = self
            .finding(rule, Severity::Info, sentence, Some(&was), step)
            .label(with_update(&change.new.level));
        for remark in change.remarks(catalog) {
            finding = finding.note(remark);
        }
        Some(finding)
    }
}

/// The facts of an image, a Linux by its name included.
fn facts(side: &Side<'_>) -> Image {
    match side.os {
        Some(Os::Linux) => Image {
            os: Os::Linux,
            version: None,
            ..side.image.image
        },
        _ => side.image.image,
    }
}

/// Where to say which Windows an image has.
fn how_to_tell(image: &NamedImage) -> Option<String> {
    let reference = image.reference.as_ref()?;
    let bare = Reference {
        tag: None,
        digest: None,
        ..reference.clone()
    };
    Some(if image.is_base && reference.digest.is_some() {
        format!(
            "write the tag beside the digest, as {bare}:ltsc2022@sha256:…; engines follow the digest, people and winfit read the tag"
        )
    } else {
        format!(
            "say it in winfit.toml under [images.\"{bare}\"], as os_version = \"10.0.20348\" or os = \"linux\""
        )
    })
}

fn remedy(windows: &str, reference: &str, old: &Placed<'_>, new: &Placed<'_>) -> Remedy {
    let (shell, text) = match new.workload {
        Some(_) => (Shell::Yaml, format!("image: {reference}")),
        None => (Shell::Dockerfile, format!("FROM {reference}")),
    };
    let patched = if reference == old.used.text {
        ""
    } else {
        ", with its newest update"
    };
    Remedy {
        kind: RemedyKind::Rebuild,
        title: format!("stay on {windows}{patched}"),
        safety: Safety::Unsafe,
        commands: vec![Command { shell, text }],
        diff: Some(format!("-{}\n+{reference}\n", new.used.text)),
        changes: vec![Change::Text {
            at: new.used.origin.clone(),
            old: new.used.text.clone(),
            new: reference.to_owned(),
        }],
    }
}
