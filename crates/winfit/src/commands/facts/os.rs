//! What a file's words tell of the operating system and the Windows version of an image.

use std::collections::HashMap;

use winfit_core::Catalog;
use winfit_core::finding::Origin;
use winfit_core::fleet::{Fleet, ImageUse};
use winfit_core::host::Os;
use winfit_core::image::{ImageError, NamedImage};
use winfit_core::placement::PodPlacement;
use winfit_core::placement::kubernetes::{Operator, Requirement};
use winfit_core::reference::Reference;
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

    /// What a reference tells by itself. Of one whose tag is a variable the repository still tells
    /// the operating system.
    pub(super) fn of_image(catalog: &Catalog, text: &str) -> Self {
        if !text.contains('$') {
            return Self::of_read(&NamedImage::read_reference(catalog, text));
        }
        let folder = text.rfind('/').map_or(0, |at| at + 1);
        let name = &text[..folder + text[folder..].find([':', '@']).unwrap_or(0)];
        if name.len() == folder || name.contains('$') {
            return Self::default();
        }
        Self {
            version: None,
            ..Self::of_read(&NamedImage::read_reference(catalog, name))
        }
    }

    fn of_read(read: &Result<NamedImage, ImageError>) -> Self {
        match read {
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
            Ok(named) if named.reference.as_ref().is_some_and(is_of_windows) => Self::WINDOWS,
            // Only base images of Windows are refused for their `latest`.
            Err(ImageError::LatestRemoved { .. }) => Self::WINDOWS,
            _ => Self::default(),
        }
    }

    /// An image with what else the files tell of it: the base of the Dockerfile that builds it, and
    /// `winfit.toml`.
    fn of_used(catalog: &Catalog, used: &ImageUse) -> Self {
        let built = used.built_from.as_deref();
        let built = built.map_or_else(Self::default, |base| Self::of_used(catalog, base));
        if built.version.is_some() {
            return built;
        }
        let read = match &used.image {
            // What is no reference yet may be one with a variable.
            Err(_) => Self::of_image(catalog, &used.text),
            image => Self::of_read(image),
        };
        Self {
            os: used.os.or(read.os).or(built.os),
            ..read
        }
    }

    fn or_os(self, os: Option<Os>) -> Self {
        Self {
            os: self.os.or(os),
            ..self
        }
    }
}

/// Whether all tags of a repository are Windows images: those that Microsoft builds on its own bases.
/// <https://mcr.microsoft.com/v2/_catalog>
fn is_of_windows(reference: &Reference) -> bool {
    reference.registry.as_deref() == Some("mcr.microsoft.com")
        && ["windows/", "dotnet/framework/"]
            .iter()
            .any(|folder| reference.repository.starts_with(folder))
}

/// The images of what runs, by who uses them and where they stand, with what the repository as a
/// whole tells of them.
pub(super) struct Images<'f>(HashMap<(&'f Origin, &'f Origin), &'f ImageUse>);

impl<'f> Images<'f> {
    pub(super) fn new(fleet: &'f Fleet) -> Self {
        let all = fleet.workloads.iter().flat_map(|workload| {
            let images = workload.containers.iter().map(|container| &container.image);
            images.map(|image| ((&workload.origin, &image.origin), image))
        });
        Self(all.collect())
    }

    /// What is known of the image that stands at a place of what stands at another.
    pub(super) fn known(&self, catalog: &Catalog, owner: &Origin, place: &Origin) -> Known {
        let used = self.0.get(&(owner, place));
        used.map_or_else(Known::default, |used| Known::of_used(catalog, used))
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
    Known::of_image(
        catalog,
        stage.resolved.as_deref().unwrap_or(&stage.base.value),
    )
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

/// A pod: by `spec.os`, by its selectors, by HostProcess, by its images, of which this
/// is known. Images of both kinds leave it open.
pub(super) fn of_pod(pod: &PodTemplate, images: &[Known]) -> Option<Os> {
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
    only(images.iter().filter_map(|image| image.os))
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
