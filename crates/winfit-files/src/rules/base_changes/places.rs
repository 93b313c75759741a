//! Where images stand, and what stood in the same place before.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use winfit_core::Catalog;
use winfit_core::finding::{Origin, Subject};
use winfit_core::fleet::{Fleet, ImageUse};

use super::super::dockerfile::image_use;
use crate::dockerfile::Dockerfile;
use crate::fleet::completed;
use crate::repository::{Facts, Repository};

/// Where an image stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Place {
    /// A stage of a Dockerfile, by its name.
    Named(Arc<str>, String),
    /// A stage of a Dockerfile, by its number.
    Numbered(Arc<str>, usize),
    /// The last stage of a Dockerfile.
    Last(Arc<str>),
    /// A container: the file, what it belongs to, its name, how many of the same names stand before it,
    /// and whether this is the image it is built on.
    Container(Arc<str>, Subject, String, usize, bool),
}

/// An image in its place.
pub(super) struct Placed<'a> {
    /// Its place, by all that tells it, the surest first: a stage may get another name, or another
    /// number by a stage before it.
    places: Vec<Place>,
    pub(super) subject: Subject,
    pub(super) used: ImageUse,
    /// The fleet that it is of.
    pub(super) fleet: &'a Fleet,
    /// The workload, by its place in the fleet; none: a Dockerfile's stage.
    pub(super) workload: Option<usize>,
}

/// What stood before in the place of each new image. Surer places are matched first, and nothing is
/// matched twice.
pub(super) fn matched<'o, 'f>(
    old: &'o [Placed<'f>],
    new: &[Placed<'_>],
) -> Vec<Option<&'o Placed<'f>>> {
    let mut found: Vec<Option<usize>> = vec![None; new.len()];
    let mut taken: HashSet<usize> = HashSet::new();
    let rules: [fn(&Place) -> bool; 3] = [
        |place| matches!(place, Place::Named(..) | Place::Container(..)),
        |place| matches!(place, Place::Numbered(..)),
        |place| matches!(place, Place::Last(..)),
    ];
    for rule in rules {
        let places = |placed: &Placed<'_>| placed.places.iter().find(|place| rule(place)).cloned();
        let mut by_place: HashMap<Place, usize> = HashMap::new();
        for (at, placed) in old.iter().enumerate().rev() {
            if !taken.contains(&at) {
                by_place.extend(places(placed).map(|place| (place, at)));
            }
        }
        for (found, new) in found.iter_mut().zip(new) {
            let free = found.is_none().then(|| places(new)).flatten();
            if let Some(at) = free.and_then(|place| by_place.remove(&place)) {
                taken.insert(at);
                *found = Some(at);
            }
        }
    }
    let in_place = |at: Option<usize>| at.and_then(|at| old.get(at));
    found.into_iter().map(in_place).collect()
}

/// The images of a repository, each in its place.
pub(super) fn placed<'a>(
    catalog: &Catalog,
    repository: &Repository,
    fleet: &'a Fleet,
) -> Vec<Placed<'a>> {
    let mut all = Vec::new();
    for file in &repository.files {
        // What was not asked for is told where it is used.
        if let (Facts::Dockerfile(dockerfile), false) = (&file.facts, file.beside) {
            let name = &file.source.name;
            stages(catalog, repository, name, dockerfile, fleet, &mut all);
        }
    }
    let stated: HashSet<(Origin, String)> = all
        .iter()
        .map(|placed| (placed.used.origin.clone(), placed.used.text.clone()))
        .collect();
    let mut counts: HashMap<(Arc<str>, Subject, String), usize> = HashMap::new();
    for (at, workload) in fleet.workloads.iter().enumerate() {
        for container in &workload.containers {
            if container.host_process {
                continue;
            }
            let file = Arc::clone(&workload.origin.source);
            let same = (file, workload.subject.clone(), container.name.clone());
            let count = counts.entry(same.clone()).or_default();
            let (file, subject, name) = same;
            let mut add = |used: &ImageUse, built: bool| {
                all.push(Placed {
                    places: vec![Place::Container(
                        Arc::clone(&file),
                        subject.clone(),
                        name.clone(),
                        *count,
                        built,
                    )],
                    subject: subject.clone(),
                    used: used.clone(),
                    workload: Some(at),
                    fleet,
                });
            };
            add(&container.image, false);
            // What a Dockerfile says by itself is told there; here, what build arguments make of it.
            if let Some(built) = container.image.built_from.as_deref()
                && !stated.contains(&(built.origin.clone(), built.text.clone()))
            {
                let used = ImageUse {
                    origin: container.image.origin.clone(),
                    ..built.clone()
                };
                add(&used, true);
            }
            *count += 1;
        }
    }
    all
}

fn stages<'a>(
    catalog: &Catalog,
    repository: &Repository,
    file: &Arc<str>,
    dockerfile: &Dockerfile,
    fleet: &'a Fleet,
    all: &mut Vec<Placed<'a>>,
) {
    for (at, stage) in dockerfile.stages.iter().enumerate() {
        let Some(used) = image_use(catalog, stage) else {
            continue;
        };
        let named = stage.name.as_ref();
        let mut places: Vec<Place> = named
            .map(|name| Place::Named(Arc::clone(file), name.value.clone()))
            .into_iter()
            .collect();
        places.push(Place::Numbered(Arc::clone(file), at));
        if at + 1 == dockerfile.stages.len() {
            places.push(Place::Last(Arc::clone(file)));
        }
        all.push(Placed {
            places,
            subject: Subject::new("Dockerfile", file),
            used: completed(catalog, &repository.config, used),
            workload: None,
            fleet,
        });
    }
}
