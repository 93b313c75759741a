//! What to write instead of another Windows: the same release, patched.

use crate::catalog::Catalog;
use crate::recommend::kb_tag;
use crate::reference::Reference;

use super::{ChangeKind, ImageChange};

/// The old image with the newest update that winfit knows, its tag in the form that it had: an exact
/// version, a KB, a floating name. None: the build stays, or the old image names none.
pub fn stay(catalog: &Catalog, change: &ImageChange<'_>) -> Option<Reference> {
    if change.kind != ChangeKind::Build {
        return None;
    }
    let old = change.old.image;
    let reference = old.reference.as_ref()?;
    let build = change.old.level.version?.build;
    let tag = reference.tag.as_deref()?;
    let newest = catalog
        .newest_image_update(build, old.base)
        .filter(|update| update.confidence != "observed");
    let exact = old
        .image
        .version
        .filter(|version| version.revision.is_some() && !old.image.revision_inferred);
    let pinned = match (newest, old.kb, exact) {
        (Some(newest), Some(kb), _) => {
            let written = format!("KB{kb}");
            let newest = newest.kb.and_then(|kb| kb_tag(catalog, build, kb))?;
            let kb = newest.rsplit('-').next()?;
            // The rest of the tag stays, as the architecture behind it.
            tag.contains(&written).then(|| tag.replace(&written, kb))
        }
        (Some(newest), None, Some(exact)) if old.is_base => {
            let written = exact.to_string();
            let newest = format!("10.0.{build}.{}", newest.revision);
            tag.contains(&written)
                .then(|| tag.replace(&written, &newest))
        }
        _ => None,
    };
    Some(match pinned {
        Some(tag) => reference.with_tag(&tag),
        // What floats, and what is built elsewhere, stays as it was.
        None => reference.clone(),
    })
}
