//! The generations of images that a node can run. Constraints know no "or", so each is a label of its own.

use winfit_core::Catalog;
use winfit_core::generation;
use winfit_core::host::Host;
use winfit_core::image::Image;

/// What labels about generations begin with.
pub const RUNS: &str = "winfit.runs-";

/// The labels of the generations that a host runs, the oldest first: `winfit.runs-ltsc2022`. Where only
/// equal revisions run, the revision is part of the name: `winfit.runs-ltsc2016-2665`.
pub fn labels(catalog: &Catalog, host: &Host) -> Vec<String> {
    named(generation::run_by(catalog, host))
}

/// The labels of nodes that run an image, the plain one first.
pub fn of_image(catalog: &Catalog, image: &Image) -> Vec<String> {
    named(generation::of_image(catalog, image))
}

fn named(generations: Vec<String>) -> Vec<String> {
    let generations = generations.into_iter();
    generations.map(|name| format!("{RUNS}{name}")).collect()
}
