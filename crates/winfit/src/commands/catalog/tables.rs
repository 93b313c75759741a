//! Each table of the catalog as rows of text.

use time::Date;
use winfit_core::Catalog;
use winfit_core::catalog::{Conflict, LifecycleRow, MatrixRow, RevisionBreak, RowStatus, Update};

use super::{Shape, Table};

fn day(day: Option<Date>) -> String {
    day.map_or_else(String::new, |day| day.to_string())
}

fn number(number: Option<u32>) -> String {
    number.map_or_else(String::new, |number| number.to_string())
}

pub(super) fn releases(catalog: &Catalog) -> Table {
    releases_of(catalog.releases.iter())
}

pub(super) fn releases_of<'c>(
    rows: impl Iterator<Item = &'c winfit_core::catalog::Release>,
) -> Table {
    Table {
        name: "releases",
        columns: vec![
            "name",
            "build",
            "channel",
            "support_end",
            "tags",
            "kind",
            "version",
            "ga",
            "mainstream_end",
            "extended_end",
            "base_images",
            "note",
        ],
        rows: rows
            .map(|release| {
                vec![
                    release.name.to_owned(),
                    release.build.to_string(),
                    release.channel.to_owned(),
                    release.support_end().to_string(),
                    release.tags.join(","),
                    release.kind.name().to_owned(),
                    release.version.to_owned(),
                    release.ga.to_string(),
                    release.mainstream_end.to_string(),
                    day(release.extended_end),
                    release.base_images.join(","),
                    release.note.to_owned(),
                ]
            })
            .collect(),
        shape: Shape::Columns(5),
    }
}

pub(super) fn updates<'c>(rows: impl Iterator<Item = &'c Update>) -> Table {
    Table {
        name: "updates",
        columns: vec![
            "version",
            "kb",
            "date",
            "kind",
            "audience",
            "confidence",
            "date_basis",
            "sources",
            "build",
            "revision",
        ],
        rows: rows
            .map(|update| {
                vec![
                    format!("{}.{}", update.build, update.revision),
                    update.kb.map_or_else(String::new, |kb| format!("KB{kb}")),
                    day(update.day),
                    update.kind.to_owned(),
                    update.audience.name().to_owned(),
                    update.confidence.to_owned(),
                    update.day_basis.to_owned(),
                    update.sources.to_owned(),
                    update.build.to_string(),
                    update.revision.to_string(),
                ]
            })
            .collect(),
        shape: Shape::Columns(6),
    }
}

pub(super) fn matrix<'c>(rows: impl Iterator<Item = &'c MatrixRow>) -> Table {
    Table {
        name: "matrix",
        columns: vec![
            "host",
            "image",
            "hyperv",
            "process",
            "status",
            "host_release",
            "image_release",
            "host_kind",
            "host_build_min",
            "host_build_max",
            "image_build",
            "first_doc",
            "last_doc",
            "dropped",
            "flips_hyperv_process",
            "note",
        ],
        rows: rows
            .map(|row| {
                let short = |name: &str| {
                    name.trim_start_matches("Windows ")
                        .replace(" (Annual Channel)", "")
                };
                let host = if row.host_kind == winfit_core::host::Kind::Client {
                    row.host_release.to_owned()
                } else {
                    short(row.host_release)
                };
                let flips: Vec<String> = row
                    .flips
                    .iter()
                    .map(|(day, hyperv, process)| {
                        format!("{day}:{}/{}", hyperv.name(), process.name())
                    })
                    .collect();
                vec![
                    host,
                    short(row.image_release),
                    row.hyperv.name().to_owned(),
                    row.process.name().to_owned(),
                    match row.status {
                        RowStatus::Current => "current".to_owned(),
                        RowStatus::Historical => format!("to {}", row.last_doc),
                    },
                    row.host_release.to_owned(),
                    row.image_release.to_owned(),
                    row.host_kind.name().to_owned(),
                    row.host_build_min.to_string(),
                    row.host_build_max
                        .map_or_else(String::new, |build| build.to_string()),
                    row.image_build.to_string(),
                    row.first_doc.to_string(),
                    row.last_doc.to_string(),
                    day(row.dropped),
                    flips.join("; "),
                    row.note.to_owned(),
                ]
            })
            .collect(),
        shape: Shape::Columns(5),
    }
}

pub(super) fn breaks<'c>(rows: impl Iterator<Item = &'c RevisionBreak>) -> Table {
    Table {
        name: "breaks",
        columns: vec![
            "id",
            "host_build",
            "date",
            "isolation",
            "image_build",
            "host_min",
            "image_min",
            "relation",
            "symptom",
            "fix",
            "evidence",
            "confidence",
        ],
        rows: rows
            .map(|row| {
                let builds: Vec<String> = row.host_builds.iter().map(u16::to_string).collect();
                let isolation = match (row.process, row.hyperv) {
                    (true, true) => "process, hyperv",
                    (false, true) => "hyperv",
                    _ => "process",
                };
                vec![
                    row.id.to_owned(),
                    builds.join(","),
                    row.day.to_string(),
                    isolation.to_owned(),
                    row.image_build.to_string(),
                    number(row.host_min),
                    number(row.image_min),
                    row.relation_text.to_owned(),
                    row.symptom.to_owned(),
                    row.fix.to_owned(),
                    row.evidence.to_owned(),
                    row.confidence_text.to_owned(),
                ]
            })
            .collect(),
        shape: Shape::Paragraphs(2),
    }
}

pub(super) fn conflicts<'c>(rows: impl Iterator<Item = &'c Conflict>) -> Table {
    Table {
        name: "conflicts",
        columns: vec![
            "subject",
            "field",
            "value",
            "source",
            "other_value",
            "other_source",
        ],
        rows: rows
            .map(|row| {
                vec![
                    row.subject.to_owned(),
                    row.field.to_owned(),
                    row.value.to_owned(),
                    row.source.to_owned(),
                    row.other_value.to_owned(),
                    row.other_source.to_owned(),
                ]
            })
            .collect(),
        shape: Shape::Paragraphs(2),
    }
}

pub(super) fn engines(catalog: &Catalog) -> Table {
    Table {
        name: "engines",
        columns: vec![
            "engine",
            "versions",
            "generation",
            "rule",
            "order",
            "empty_os_version",
            "source",
        ],
        rows: catalog
            .engines
            .iter()
            .map(|row| {
                let mut engine = row.product.name().to_owned();
                match row.store {
                    Some(winfit_core::engine::Store::Containerd) => engine.push_str("+containerd"),
                    Some(winfit_core::engine::Store::Classic) => {
                        engine.push_str(" (classic store)");
                    }
                    None => {}
                }
                match row.client {
                    Some(true) => engine.push_str("+client"),
                    Some(false) => engine.push_str(" (CRI)"),
                    None => {}
                }
                let versions = if row.from == row.to {
                    row.from.to_string()
                } else {
                    format!("{} to {}", row.from, row.to)
                };
                let rule = catalog
                    .engine_rules
                    .iter()
                    .find(|rule| rule.generation == row.generation.name());
                vec![
                    engine,
                    versions,
                    row.generation.name().to_owned(),
                    rule.map_or_else(String::new, |rule| rule.rule.to_owned()),
                    row.order.name().to_owned(),
                    if row.empty_matches {
                        "pulled"
                    } else {
                        "refused"
                    }
                    .to_owned(),
                    row.source.to_owned(),
                ]
            })
            .collect(),
        shape: Shape::Paragraphs(2),
    }
}

pub(super) fn tags(catalog: &Catalog) -> Table {
    Table {
        name: "tags",
        columns: vec![
            "form", "registry", "repos", "examples", "meaning", "object", "evidence", "status",
        ],
        rows: catalog
            .tag_forms
            .iter()
            .map(|row| {
                vec![
                    row.form.to_owned(),
                    row.registry.to_owned(),
                    row.repos.to_owned(),
                    row.examples.to_owned(),
                    row.meaning.to_owned(),
                    row.object.to_owned(),
                    row.evidence.to_owned(),
                    row.status.to_owned(),
                ]
            })
            .collect(),
        shape: Shape::Paragraphs(1),
    }
}

pub(super) fn lifecycle<'c>(rows: impl Iterator<Item = &'c LifecycleRow>) -> Table {
    Table {
        name: "lifecycle",
        columns: vec![
            "page",
            "build",
            "mainstream_end",
            "extended_end",
            "base_image",
            "version",
            "channel",
            "availability",
            "commit",
        ],
        rows: rows
            .map(|row| {
                vec![
                    row.doc_day.to_string(),
                    row.os_build.to_owned(),
                    day(row.mainstream_end),
                    day(row.extended_end),
                    row.base_image.to_owned(),
                    row.version.to_owned(),
                    row.channel.to_owned(),
                    day(row.availability),
                    row.commit.to_owned(),
                ]
            })
            .collect(),
        shape: Shape::Columns(5),
    }
}
