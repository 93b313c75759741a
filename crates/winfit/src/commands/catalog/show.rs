//! `winfit catalog show`: all that is known of one thing, with sources.

use anyhow::Result;
use serde_json::json;
use winfit_core::Catalog;
use winfit_core::catalog::{Conflict, MatrixRow, Release, RowStatus, Stream, Update, stream};
use winfit_core::host::Kind;
use winfit_core::image::{build_of_tag, is_container_only};
use winfit_core::names::releases_named;
use winfit_core::reason::windows_name;
use winfit_core::recommend::{kb_tag, lifecycle_of};
use winfit_core::reference::Base;
use winfit_core::version::OsVersion;

use super::{Table, freshness, tables};
use crate::cli::{DataFormat, ShowArguments};
use crate::json;
use crate::output::{Exit, Outcome, bold, faint, nothing, wrap};

/// What the question is about.
struct Subject<'c> {
    /// The answer's first line.
    headline: String,
    builds: Vec<u16>,
    /// The updates asked for; empty: the question is about whole builds.
    updates: Vec<&'c Update>,
    /// What else must be said.
    notes: Vec<String>,
}

pub(super) fn run(catalog: &Catalog, arguments: &ShowArguments) -> Result<Outcome> {
    let text = arguments.what.join(" ");
    let subject = subject(catalog, text.trim()).ok_or_else(|| {
        nothing(format!(
            "the catalog knows nothing of {text:?}; ask for a version (17763.437), a build (26100), a KB (KB4493509), a release (ltsc2019, \"Windows Server 2022\") or a tag (1809-KB4493509)"
        ))
    })?;
    let for_programs = arguments.format == DataFormat::Json;
    let sections = sections(catalog, &subject, for_programs);
    let text = match arguments.format {
        DataFormat::Json => {
            let mut value = json!({
                "schema": "winfit.catalog/1",
                "query": text,
                "newest_update": freshness(catalog),
                "summary": subject.headline,
                "notes": subject.notes,
            });
            for (_, table) in &sections {
                value[table.name] = table.json();
            }
            json::document(&value)?
        }
        DataFormat::Human => human(catalog, &subject, &sections),
    };
    Ok(Outcome::new(text, Exit::Fits))
}

fn human(catalog: &Catalog, subject: &Subject<'_>, sections: &[(&str, Table)]) -> String {
    let mut text = bold(&wrap(&subject.headline, "", ""));
    text.push('\n');
    for note in &subject.notes {
        text.push_str(&wrap(note, "  ", "  "));
        text.push('\n');
    }
    for (title, table) in sections {
        if !table.rows.is_empty() {
            text.push_str(&format!("\n{title}\n"));
            text.push_str(&table.human("  "));
        }
    }
    text.push_str(&faint(&format!(
        "\nthe newest update in the catalog is of {}\n",
        freshness(catalog)
    )));
    text
}

fn kb(text: &str) -> Option<u32> {
    let digits = text
        .strip_prefix("KB")
        .or_else(|| text.strip_prefix("kb"))
        .or_else(|| text.strip_prefix("Kb"))?
        .trim();
    if digits.len() > 9 {
        return None;
    }
    digits.parse().ok()
}

fn subject<'c>(catalog: &'c Catalog, text: &str) -> Option<Subject<'c>> {
    if let Some(kb) = kb(text) {
        return of_kb(catalog, kb);
    }
    // A tag with its repository is a tag.
    let tag = text.rsplit(':').next().unwrap_or(text);
    let tag = tag
        .strip_suffix("-amd64")
        .or_else(|| tag.strip_suffix("-arm64"))
        .unwrap_or(tag);
    if let Some((release, number)) = tag.split_once(['-', '_'])
        && let (Some(build), Some(number)) = (build_of_tag(catalog, release), kb(number))
    {
        let mut subject = of_kb(catalog, number)?;
        subject.updates.retain(|update| update.build == build);
        if subject.updates.is_empty() {
            subject.notes.push(format!(
                "KB{number} is no update of {build}: no image has this tag"
            ));
        }
        subject.builds = vec![build];
        return Some(subject);
    }
    if let Ok(version) = tag.parse::<OsVersion>() {
        return Some(of_version(catalog, version));
    }
    let releases = releases_named(catalog, tag);
    let mut builds: Vec<u16> = releases.iter().map(|release| release.build).collect();
    builds.sort_unstable();
    builds.dedup();
    let names: Vec<&str> = releases.iter().map(|release| release.name).collect();
    (!builds.is_empty()).then(|| Subject {
        headline: match builds.as_slice() {
            [build] => format!("{text} is build {build}: {}.", names.join(", ")),
            _ => format!("{text} names several: {}.", names.join(", ")),
        },
        builds,
        updates: Vec::new(),
        notes: Vec::new(),
    })
}

fn of_kb(catalog: &Catalog, kb: u32) -> Option<Subject<'_>> {
    let updates = catalog.updates_of_kb(kb);
    let first = updates.first()?;
    let mut builds: Vec<u16> = updates.iter().map(|update| update.build).collect();
    builds.dedup();
    let versions: Vec<String> = updates
        .iter()
        .map(|update| format!("{}.{}", update.build, update.revision))
        .collect();
    let day = first
        .day
        .map_or_else(String::new, |day| format!(", of {day}"));
    Some(Subject {
        headline: format!("KB{kb}{day}, brings {}.", versions.join(", ")),
        builds,
        updates,
        notes: Vec::new(),
    })
}

fn of_version(catalog: &Catalog, version: OsVersion) -> Subject<'_> {
    let name = windows_name(catalog, version.build, Kind::Unknown);
    let known = catalog.kinds_of(version.build).is_some();
    let mut notes = Vec::new();
    if !known {
        let (below, above) = catalog.neighbours(version.build);
        let place = match (below, above) {
            (Some(below), Some(above)) => format!("between {below} and {above}"),
            (Some(below), None) => format!("after {below}, the newest known"),
            (None, _) => "before all that it knows".to_owned(),
        };
        notes.push(format!(
            "The catalog has no release with this build; it lies {place}."
        ));
    }
    let Some(revision) = version.revision else {
        return Subject {
            headline: if known {
                format!("{version} is {name}.")
            } else {
                format!("{version} is no named release.")
            },
            builds: vec![version.build],
            updates: Vec::new(),
            notes,
        };
    };
    let updates: Vec<&Update> = catalog.updates_at(version.build, revision).collect();
    if updates.is_empty() && known {
        let rows = catalog.updates_of(version.build);
        let below = rows.iter().rev().find(|update| update.revision < revision);
        let above = rows.iter().find(|update| update.revision > revision);
        let near = |update: Option<&Update>| {
            update.map_or_else(
                || "nothing".to_owned(),
                |update| {
                    let kb = update
                        .kb
                        .map_or_else(String::new, |kb| format!(" (KB{kb})"));
                    format!(".{}{kb}", update.revision)
                },
            )
        };
        notes.push(format!(
            "The catalog has no update with this revision; it lies between {} and {}.",
            near(below),
            near(above)
        ));
    }
    if is_container_only(catalog, version) {
        notes.push("This revision was only ever seen in images, never on a host.".to_owned());
    }
    match stream(version.build, revision) {
        Stream::Client => notes.push(
            "A revision of the client stream: since 2026-01-13 clients count apart from servers."
                .to_owned(),
        ),
        Stream::Server => notes.push(
            "A revision of the server stream: since 2026-01-13 servers count apart from clients."
                .to_owned(),
        ),
        Stream::Common => {}
    }
    let kbs: Vec<String> = updates
        .iter()
        .filter_map(|update| update.kb)
        .map(|kb| format!("KB{kb}"))
        .collect();
    let with = if kbs.is_empty() {
        String::new()
    } else {
        format!(" with {}", kbs.join(" or "))
    };
    let day = updates
        .iter()
        .find_map(|update| update.day)
        .map_or_else(String::new, |day| format!(", of {day}"));
    Subject {
        headline: format!("{version} is {name}{with}{day}."),
        builds: vec![version.build],
        updates,
        notes,
    }
}

/// The sections of the answer. People see the rows of the matrix that still stand, where there are
/// any; programs see all.
fn sections<'c>(
    catalog: &'c Catalog,
    subject: &Subject<'c>,
    all_rows: bool,
) -> Vec<(&'static str, Table)> {
    let builds = &subject.builds;
    let in_matrix: Vec<&MatrixRow> = catalog
        .matrix
        .iter()
        .filter(|row| {
            builds
                .iter()
                .any(|build| row.image_build == *build || row.covers(row.host_kind, *build))
        })
        .collect();
    let any_current = in_matrix.iter().any(|row| row.status == RowStatus::Current);
    let in_matrix = in_matrix
        .into_iter()
        .filter(|row| all_rows || !any_current || row.status == RowStatus::Current);
    let releases: Vec<&Release> = catalog
        .releases
        .iter()
        .filter(|release| builds.contains(&release.build))
        .collect();
    let updates = if subject.updates.is_empty() {
        newest(catalog, builds)
    } else {
        subject.updates.clone()
    };
    let about = |conflict: &&Conflict| {
        releases.iter().any(|release| {
            conflict.subject.contains(release.name)
                || release.tags.iter().any(|tag| {
                    conflict
                        .subject
                        .split(|c: char| !c.is_ascii_alphanumeric())
                        .any(|word| word.eq_ignore_ascii_case(tag))
                })
        })
    };
    vec![
        ("Releases", tables::releases_of(releases.iter().copied())),
        (
            if subject.updates.is_empty() {
                "Newest updates (`winfit catalog updates` has all)"
            } else {
                "Updates"
            },
            tables::updates(updates.into_iter()),
        ),
        ("Tags", tags(catalog, subject)),
        ("Base images", base_images(catalog, builds)),
        (
            "As host or image in Microsoft's matrix (`winfit catalog matrix` has its history)",
            tables::matrix(in_matrix),
        ),
        (
            "Known breaks",
            tables::breaks(catalog.breaks.iter().filter(|row| {
                builds
                    .iter()
                    .any(|build| row.image_build == *build || row.host_builds.contains(build))
            })),
        ),
        (
            "Where sources differ",
            tables::conflicts(catalog.conflicts.iter().filter(about)),
        ),
    ]
}

/// The newest updates of each stream of each build.
fn newest<'c>(catalog: &'c Catalog, builds: &[u16]) -> Vec<&'c Update> {
    let mut found = Vec::new();
    for build in builds {
        let mut streams: Vec<Stream> = Vec::new();
        for update in catalog.updates_of(*build) {
            let of = stream(*build, update.revision);
            if !streams.contains(&of) {
                streams.push(of);
            }
        }
        for of in streams {
            found.extend(
                catalog
                    .updates_of(*build)
                    .iter()
                    .rev()
                    .filter(|update| stream(*build, update.revision) == of)
                    .take(3),
            );
        }
    }
    found
}

fn tags(catalog: &Catalog, subject: &Subject<'_>) -> Table {
    let mut rows = Vec::new();
    for build in &subject.builds {
        for base in Base::ALL {
            let Some(release) = catalog.releases.iter().find(|release| {
                release.build == *build && release.base_images.contains(&base.name())
            }) else {
                continue;
            };
            let repository = base.repository();
            if subject.updates.is_empty() {
                for tag in &release.tags {
                    rows.push(vec![format!("{repository}:{tag}"), "floating".to_owned()]);
                }
            }
            for update in subject
                .updates
                .iter()
                .filter(|update| update.build == *build)
            {
                if update.audience == winfit_core::catalog::Audience::Client {
                    continue;
                }
                if let Some(tag) = update.kb.and_then(|kb| kb_tag(catalog, *build, kb)) {
                    rows.push(vec![format!("{repository}:{tag}"), "pinned".to_owned()]);
                }
                let exact = OsVersion::new(*build, update.revision);
                rows.push(vec![format!("{repository}:{exact}"), "pinned".to_owned()]);
            }
        }
    }
    rows.dedup();
    Table {
        name: "tags",
        columns: vec!["reference", "kind"],
        rows,
        shape: super::Shape::Columns(2),
    }
}

fn base_images(catalog: &Catalog, builds: &[u16]) -> Table {
    let mut rows = Vec::new();
    for build in builds {
        for base in Base::ALL {
            let published = catalog.releases.iter().any(|release| {
                release.build == *build && release.base_images.contains(&base.name())
            });
            if let Some(row) = lifecycle_of(catalog, base, *build).filter(|_| published) {
                let day =
                    |day: Option<time::Date>| day.map_or_else(String::new, |day| day.to_string());
                rows.push(vec![
                    base.name().to_owned(),
                    build.to_string(),
                    day(row.mainstream_end),
                    day(row.extended_end),
                    format!("page of {}", row.doc_day),
                ]);
            }
        }
    }
    Table {
        name: "base_images",
        columns: vec!["base", "build", "mainstream_end", "extended_end", "source"],
        rows,
        shape: super::Shape::Columns(5),
    }
}
