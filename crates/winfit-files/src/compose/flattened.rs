//! Compose files that have lost their indentation, as when they are copied from a page.

use winfit_core::finding::{Located, Origin};

use super::layer::{ServiceLayer, Slot};
use super::model::Model;
use super::service::{File, is_extension, origin};
use crate::problem::Problem;
use crate::yaml::Node;

/// Top-level keys of Compose files, which are no services of version 1.
const TOP_LEVEL: [&str; 9] = [
    "version", "name", "include", "services", "models", "networks", "volumes", "secrets", "configs",
];

/// Keys that say what a service runs.
const OF_SERVICES: [&str; 8] = [
    "image",
    "build",
    "isolation",
    "platform",
    "deploy",
    "scale",
    "extends",
    "dockerfile",
];

/// A file whose indentation is lost, as when it is copied from a page: `services:` holds nothing,
/// and what belongs below it stands beside it.
pub(super) fn flattened(
    file: &File<'_>,
    root: Node<'_, '_>,
    model: &mut Model,
    services: &Origin,
    problems: &mut Vec<Problem>,
) {
    let mut current: Option<ServiceLayer> = None;
    let mut misplaced: Option<(Origin, String)> = None;
    let mut below = false;
    for entry in root.entries() {
        let Some(key) = entry.key.as_str() else {
            continue;
        };
        if key == "services" {
            below = true;
        } else if !below || (TOP_LEVEL.contains(&key) && !OF_SERVICES.contains(&key)) {
            if let Some(done) = current.take() {
                model.put_over(done);
            }
        } else if OF_SERVICES.contains(&key) {
            let Some(service) = &mut current else {
                continue;
            };
            let place = origin(file.source, entry.key);
            misplaced.get_or_insert((place, key.to_owned()));
            match key {
                "image" => {
                    service.image = file
                        .text(entry.value, key, problems)
                        .map_or(Slot::Absent, Slot::Set);
                }
                "isolation" => {
                    service.isolation = file
                        .text(entry.value, key, problems)
                        .map_or(Slot::Absent, Slot::Set);
                }
                _ => {}
            }
        } else if entry.value.is_null() && !is_extension(entry.key) {
            if let Some(done) = current.take() {
                model.put_over(done);
            }
            let place = origin(file.source, entry.key);
            current = Some(ServiceLayer::named(Located::new(key.to_owned(), place)));
        }
    }
    if let Some(done) = current.take() {
        model.put_over(done);
    }
    if let Some((place, key)) = misplaced {
        problems.push(
            Problem::error(
                "wrong-type",
                services.clone(),
                format!(
                    "`services` is empty, and `{key}` stands beside it: the indentation is lost"
                ),
            )
            .label("nothing stands below this")
            .other(place, "belongs below a service"),
        );
    } else {
        // Nothing that a service would say stands beside it: an empty file, not a broken one.
        *model = Model {
            version: model.version.take(),
            ..Model::default()
        };
    }
}
