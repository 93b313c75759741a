//! What tells that an image or a workload is for Windows. Without evidence nothing is said of it: most
//! repositories are for Linux, and a reference alone seldom tells.

use crate::fleet::{Container, ImageUse, Workload};
use crate::host::{Isolation, Os};
use crate::image::{Image, ImageError, NamedImage};
use crate::placement::{Placement, Selected};

/// How deep a chain of build files is followed.
const MOST_BUILDS: usize = 16;

/// The operating system for which an image is evidently built: its build file's base tells before its
/// own name.
pub(super) fn of_image(image: &ImageUse) -> Option<Os> {
    let mut chain: Vec<&ImageUse> = Vec::new();
    let mut next = Some(image);
    while let Some(current) = next.filter(|_| chain.len() < MOST_BUILDS) {
        chain.push(current);
        next = current.built_from.as_deref();
    }
    chain.into_iter().rev().find_map(of_reference)
}

fn of_reference(image: &ImageUse) -> Option<Os> {
    image.os.or_else(|| match &image.image {
        Ok(named) if named.image.os == Os::Linux => Some(Os::Linux),
        // One reference for several systems tells nothing of where it is meant to run.
        Ok(NamedImage {
            variants: Some(variants),
            ..
        }) => variants.only_os(),
        Ok(named) => names_windows(named).then_some(Os::Windows),
        Err(ImageError::LatestRemoved { .. }) => Some(Os::Windows),
        Err(_) => None,
    })
}

fn names_windows(named: &NamedImage) -> bool {
    named.image.version.is_some() || named.is_base || named.base.is_some()
}

/// The operating system for which a container is evidently meant.
pub(super) fn of_container(container: &Container) -> Option<Os> {
    of_image(&container.image).or(container.host_process.then_some(Os::Windows))
}

/// The operating system that a workload states, by itself or by what it asks of its hosts. Only Windows
/// has isolations to ask for.
pub(super) fn stated(
    workload: &Workload,
    placement: &Placement,
    selected: &[Selected],
    asked: Option<Isolation>,
) -> Option<Os> {
    workload
        .os
        .or_else(|| placement.os())
        .or((!selected.is_empty() || asked.is_some()).then_some(Os::Windows))
}

/// The facts to judge a container by.
pub(super) fn facts(container: &Container, os: Os) -> Image {
    let image = container
        .image
        .decisive()
        .map_or(Image::without_version(), |(named, _)| named.image);
    Image {
        os,
        host_process: container.host_process,
        ..image
    }
}
