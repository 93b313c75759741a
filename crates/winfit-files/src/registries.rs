//! What registries say of the images of a fleet: which are worth asking for, and what follows from the
//! answers. Nothing here asks.

use std::collections::HashMap;
use std::sync::Arc;

use winfit_core::fleet::{Fleet, ImageUse, Workload};
use winfit_core::host::Os;
use winfit_core::image::StatedBy;
use winfit_core::reference::Reference;
use winfit_core::variants::Variants;

/// What a registry says of a reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// It has these images.
    Has(Arc<Variants>),
    /// It has no such tag or digest.
    HasNot,
}

/// What registries say, by the texts of references.
pub type Words = HashMap<String, Word>;

/// The references of a fleet that a registry can settle, each once.
///
/// Left out are images that the repository builds, that `winfit.toml` tells of, whose config an engine
/// showed, and that are evidently for Linux. Of the rest a name seldom tells all, so that also those without any evidence are asked for.
pub fn to_ask(fleet: &mut Fleet) -> Vec<Reference> {
    let mut found = Vec::new();
    let mut collect = |used: &mut ImageUse| found.extend(open(used).cloned());
    for workload in fleet.workloads.iter_mut().filter(|it| !is_for_linux(it)) {
        for container in &mut workload.containers {
            each(&mut container.image, &mut collect);
        }
    }
    of_builds(fleet, &mut collect);
    found.sort_by_key(ToString::to_string);
    found.dedup();
    found
}

/// Takes the words of the registries into the fleet.
pub fn settle(fleet: &mut Fleet, words: &Words) {
    let mut take = |used: &mut ImageUse| settle_use(used, words);
    let containers = fleet.workloads.iter_mut().flat_map(|it| &mut it.containers);
    for container in containers {
        each(&mut container.image, &mut take);
    }
    of_builds(fleet, &mut take);
}

/// Takes the word of its registry into one image.
pub(crate) fn settle_use(used: &mut ImageUse, words: &Words) {
    let Some(word) = open(used).and_then(|reference| words.get(&reference.to_string())) else {
        return;
    };
    let Ok(named) = &mut used.image else { return };
    match word {
        Word::Has(variants) => {
            named.settle(Arc::clone(variants));
            used.os = variants.only_os().or(used.os);
        }
        // Of an image that may well be for Linux nothing is said.
        Word::HasNot if named.image.version.is_some() || named.base.is_some() => {
            named.not_there();
        }
        Word::HasNot => {}
    }
}

fn of_builds(fleet: &mut Fleet, what: &mut impl FnMut(&mut ImageUse)) {
    for build in &mut fleet.builds {
        each(&mut build.base, what);
    }
    if let Some(preflight) = &mut fleet.preflight {
        for base in &mut preflight.bases {
            each(&mut base.image, what);
        }
    }
}

/// An image, and what it is built from.
fn each(used: &mut ImageUse, what: &mut impl FnMut(&mut ImageUse)) {
    what(used);
    if let Some(base) = used.built_from.as_deref_mut() {
        each(base, what);
    }
}

/// The reference of an image that its registry can settle.
pub(crate) fn open(used: &ImageUse) -> Option<&Reference> {
    let named = used.image.as_ref().ok()?;
    let reference = named.reference.as_ref()?;
    // An engine that has the image shows its config: that is what runs there.
    let told = matches!(named.stated_by, StatedBy::Given | StatedBy::Config);
    let linux = used.os == Some(Os::Linux) || named.image.os == Os::Linux;
    let built = used.built_from.is_some();
    // What Compose builds under a name of its own stands under another reference.
    let as_written = Reference::parse(&used.text).is_ok_and(|written| written == *reference);
    (used.unresolved.is_empty() && as_written && !told && !linux && !built).then_some(reference)
}

fn is_for_linux(workload: &Workload) -> bool {
    workload.os.or_else(|| workload.placement.os()) == Some(Os::Linux)
}
