//! How base images are to be tagged, where `winfit.toml` says so with `base_tags`.

use winfit_core::finding::{Finding, Located, Rule, Severity, Subject};
use winfit_core::fleet::ImageUse;
use winfit_core::recommend::kb_tag;
use winfit_core::reference::Reference;
use winfit_core::remedy::{Remedy, RemedyKind};

use super::Context;
use crate::config::BaseTags;

/// The rules of this file; `floating-base` is the core's, which speaks of 2016.
pub const RULES: &[Rule] = &[Rule {
    name: "pinned-base",
    summary: "A base image is pinned where a floating tag is wanted",
}];

/// Checks one base image against the repository's own wish.
pub fn check(context: &Context<'_>, used: &ImageUse, subject: &Subject) -> Option<Finding> {
    let wanted = context.base_tags?;
    let image = used.image.as_ref().ok()?;
    let reference = image.reference.as_ref().filter(|_| image.is_base)?;
    let version = image.image.version?;
    let pinned = reference.digest.is_some()
        || (version.revision.is_some() && !image.image.revision_inferred)
        || image.kb.is_some();
    match (wanted, pinned) {
        // Of 2016 the core speaks, whatever the wish.
        (BaseTags::Pinned, false) if version.build != 14_393 => {
            let newest = context
                .catalog
                .newest_image_update(version.build, image.base);
            let pin = newest.map(|update| {
                let tag = update
                    .kb
                    .and_then(|kb| kb_tag(context.catalog, update.build, kb));
                tag.unwrap_or(format!("10.0.{}.{}", update.build, update.revision))
            });
            let retag =
                |tag: &str| rewrite("pin it to the newest update known", used, reference, tag);
            let finding = Finding::new(
                "floating-base",
                Severity::Warning,
                subject.clone(),
                used.origin.clone(),
                format!(
                    "{} takes another patch level with each build, and winfit.toml wants pins",
                    image.short()
                ),
            );
            Some(match pin {
                Some(pin) => finding
                    .label(format!("pin it, as {pin}"))
                    .remedy(retag(&pin)),
                None => finding.label("floats"),
            })
        }
        (BaseTags::Floating, true) if version.build != 14_393 => {
            let floating = context
                .catalog
                .releases
                .iter()
                .find(|release| release.build == version.build && !release.tags.is_empty())
                .and_then(|release| release.tags.first());
            let finding = Finding::new(
                "pinned-base",
                Severity::Warning,
                subject.clone(),
                used.origin.clone(),
                format!(
                    "{} stays at its patch level, and winfit.toml wants floating tags",
                    image.short()
                ),
            );
            Some(match floating {
                Some(tag) => finding.label(format!("write {tag}")).remedy(rewrite(
                    "let it float",
                    used,
                    reference,
                    tag,
                )),
                None => finding.label("pinned"),
            })
        }
        _ => None,
    }
}

/// The same image under another tag. A digest beside the tag would go on deciding, and goes.
fn rewrite(title: &str, used: &ImageUse, reference: &Reference, tag: &str) -> Remedy {
    let written = Located::new(used.text.clone(), used.origin.clone());
    let reference = reference.with_tag(tag).to_string();
    super::write_instead(title, RemedyKind::Rebuild, &written, &reference)
}
