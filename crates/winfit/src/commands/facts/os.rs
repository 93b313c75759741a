//! What a file's words tell of the operating system and the Windows version of an image.

use winfit_core::Catalog;
use winfit_core::host::Os;
use winfit_core::image::{ImageError, NamedImage};
use winfit_core::placement::PodPlacement;
use winfit_core::placement::kubernetes::{Operator, Requirement};
use winfit_core::version::OsVersion;
use winfit_files::dockerfile::{Dockerfile, Stage};
use winfit_files::kubernetes::PodTemplate;

/// What is known of an image. A reference that says nothing leaves both open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// Its operating system.
    pub(super) os: Option<Os>,
    /// Its Windows version as stated: without the revision that a floating tag stands for.
    pub(super) version: Option<OsVersion>,
}

impl Known {
    const WINDOWS: Self = Self {
        os: Some(Os::Windows),
        version: None,
    };

    /// What a reference tells by itself.
    pub(super) fn of_image(catalog: &Catalog, reference: &str) -> Self {
        match NamedImage::read_reference(catalog, reference) {
            // `ltsc2022` alone is a release to `winfit check`, and a repository's name in a file.
            Ok(named) if named.reference.is_none() => Self::default(),
            Ok(named) if named.image.version.is_some() || named.base.is_some() => Self {
                os: Some(named.image.os),
                version: named.image.version.map(|version| {
                    if named.image.revision_inferred {
                        version.without_revision()
                    } else {
                        version
                    }
                }),
            },
            // Only base images of Windows are refused for their `latest`.
            Err(ImageError::LatestRemoved { .. }) => Self::WINDOWS,
            _ => Self::default(),
        }
    }

    fn or_os(self, os: Option<Os>) -> Self {
        Self {
            os: self.os.or(os),
            ..self
        }
    }
}

/// The stages of a Dockerfile, one by one: by the base image, by the stage that it goes on from, else
/// by what the Dockerfile hints at.
pub(super) fn of_stages(catalog: &Catalog, dockerfile: &Dockerfile) -> Vec<Known> {
    let mut known: Vec<Known> = Vec::with_capacity(dockerfile.stages.len());
    for stage in &dockerfile.stages {
        let base = match stage.of_stage {
            Some(earlier) => known.get(earlier).copied().unwrap_or_default(),
            None => of_base(catalog, stage),
        };
        known.push(base.or_os(stage.os_hint));
    }
    known
}

fn of_base(catalog: &Catalog, stage: &Stage) -> Known {
    let resolved = stage.resolved.as_deref();
    resolved.map_or_else(Known::default, |base| Known::of_image(catalog, base))
}

/// The word before `/` in `platform: windows/amd64`, and before the version in
/// `windows(10.0.17763)/amd64`.
pub(super) fn of_platform(platform: &str) -> Option<Os> {
    let word = platform.split(['/', '(']).next().unwrap_or_default();
    of_word(word)
}

fn of_word(word: &str) -> Option<Os> {
    if word.eq_ignore_ascii_case("windows") {
        Some(Os::Windows)
    } else if word.eq_ignore_ascii_case("linux") {
        Some(Os::Linux)
    } else {
        None
    }
}

/// A pod: by `spec.os`, by its selectors, by HostProcess, by its images. Images of both kinds leave
/// it open.
pub(super) fn of_pod(catalog: &Catalog, pod: &PodTemplate) -> Option<Os> {
    if let Some(os) = pod.os_name.as_ref().and_then(|name| of_word(&name.value)) {
        return Some(os);
    }
    if let Some(os) = of_placement(&pod.placement) {
        return Some(os);
    }
    if pod.host_process
        || pod
            .containers
            .iter()
            .any(|container| container.host_process)
    {
        return Some(Os::Windows);
    }
    let images = pod.containers.iter().filter_map(|container| {
        let image = container.image.as_ref()?;
        Known::of_image(catalog, &image.value).os
    });
    only(images)
}

/// What selectors and required affinity demand. Every term must demand the same.
fn of_placement(placement: &PodPlacement) -> Option<Os> {
    let selected = placement.node_selector.iter().filter_map(of_requirement);
    if let Some(os) = only(selected) {
        return Some(os);
    }
    let terms = placement.terms.as_ref()?;
    let each: Option<Vec<Os>> = terms
        .iter()
        .map(|term| only(term.iter().filter_map(of_requirement)))
        .collect();
    only(each?.into_iter())
}

fn of_requirement(requirement: &Requirement) -> Option<Os> {
    let key = requirement.key.as_str();
    let about_os =
        !requirement.field && matches!(key, "kubernetes.io/os" | "beta.kubernetes.io/os");
    match (
        about_os,
        requirement.operator,
        requirement.values.as_slice(),
    ) {
        (true, Operator::In, [value]) => of_word(value),
        _ => None,
    }
}

/// The one that all agree on; none where there is none, or where they differ.
fn only(mut all: impl Iterator<Item = Os>) -> Option<Os> {
    let first = all.next()?;
    all.all(|os| os == first).then_some(first)
}
