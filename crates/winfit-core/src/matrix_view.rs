//! The documented matrix as a table, as the page stood on any day. Nothing is inferred here: what the
//! page does not list is shown as not listed.

use time::Date;

use crate::catalog::{Catalog, Cell, MatrixRow, RowStatus};
use crate::host::Kind;
use crate::reason::windows_name;

/// Which hosts of the page to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostChoice {
    /// One build of one kind.
    Build {
        /// Server or client; unknown shows both.
        kind: Kind,
        /// The build.
        build: u16,
    },
    /// All rows whose host's name starts so: `Windows 11`.
    Family(&'static str),
}

/// The table of one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostTable {
    /// The host, as the page or the catalog names it.
    pub host: String,
    /// Its kind.
    pub kind: Kind,
    /// Its build, where one was chosen.
    pub build: Option<u16>,
    /// One row an image, newest first.
    pub rows: Vec<ViewRow>,
}

/// One line of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewRow {
    /// The image, as the page names it.
    pub image: &'static str,
    /// Its build.
    pub image_build: u16,
    /// The process cell on that day.
    pub process: Cell,
    /// The Hyper-V cell on that day.
    pub hyperv: Cell,
    /// The page's note.
    pub note: &'static str,
    /// The first page with the row; none where it is not listed.
    pub first_doc: Option<Date>,
    /// The last page seen with the row.
    pub last_doc: Option<Date>,
    /// For a family: the builds the row is about.
    pub host_builds: Option<(u16, Option<u16>)>,
}

fn in_force(row: &MatrixRow, day: Option<Date>) -> bool {
    match day {
        Some(day) => row.in_force(day),
        None => row.status == RowStatus::Current,
    }
}

fn cells(row: &MatrixRow, day: Option<Date>) -> (Cell, Cell) {
    match day {
        Some(day) => row.state_on(day),
        None => (row.process, row.hyperv),
    }
}

/// The images that some row in force names, newest first.
fn images(catalog: &Catalog, day: Option<Date>) -> Vec<(u16, &'static str)> {
    let mut images: Vec<(u16, &'static str)> = catalog
        .matrix
        .iter()
        .filter(|row| in_force(row, day))
        .map(|row| (row.image_build, row.image_release))
        .collect();
    images.sort_unstable_by(|a, b| b.cmp(a));
    images.dedup_by_key(|(build, _)| *build);
    images
}

/// The tables for these hosts (none: every host that the page names) and images (none: every image
/// that it names), as the page stood on a day (none: the newest page).
pub fn tables(
    catalog: &Catalog,
    hosts: &[HostChoice],
    wanted: &[u16],
    day: Option<Date>,
) -> Vec<HostTable> {
    let mut images = images(catalog, day);
    if !wanted.is_empty() {
        images.retain(|(build, _)| wanted.contains(build));
        for build in wanted {
            if !images.iter().any(|(known, _)| known == build) {
                // An image that no row in force names: by the name that any page gave it.
                let name = catalog
                    .matrix
                    .iter()
                    .find(|row| row.image_build == *build)
                    .map(|row| row.image_release)
                    .or_else(|| {
                        catalog
                            .main_release(*build, Kind::Server)
                            .map(|release| release.name)
                    });
                images.push((*build, name.unwrap_or("a Windows that no page names")));
            }
        }
        images.sort_unstable_by(|a, b| b.cmp(a));
    }
    let mut found = Vec::new();
    if hosts.is_empty() {
        let mut seen: Vec<&str> = Vec::new();
        for row in catalog.matrix.iter().filter(|row| in_force(row, day)) {
            if !seen.contains(&row.host_release) {
                seen.push(row.host_release);
                found.push(family(catalog, row.host_release, &images, day, true));
            }
        }
        return found;
    }
    for host in hosts {
        match host {
            HostChoice::Family(name) => found.push(family(catalog, name, &images, day, false)),
            HostChoice::Build { kind, build } => {
                let kinds: &[Kind] = match kind {
                    Kind::Unknown => &[Kind::Server, Kind::Client],
                    Kind::Server => &[Kind::Server],
                    Kind::Client => &[Kind::Client],
                };
                for kind in kinds {
                    let table = of_build(catalog, *kind, *build, &images, day);
                    // Of an unknown kind, only what the page or the catalog knows.
                    let known = catalog.main_release(*build, *kind).is_some()
                        || table.rows.iter().any(|row| row.first_doc.is_some());
                    if known || kinds.len() == 1 {
                        found.push(table);
                    }
                }
            }
        }
    }
    found
}

fn of_build(
    catalog: &Catalog,
    kind: Kind,
    build: u16,
    images: &[(u16, &'static str)],
    day: Option<Date>,
) -> HostTable {
    let rows = images
        .iter()
        .map(|(image_build, image)| {
            let row = catalog
                .matrix_rows_for_image(*image_build)
                .iter()
                .map(|at| &catalog.matrix[usize::from(*at)])
                .find(|row| in_force(row, day) && row.covers(kind, build));
            view(*image_build, image, row, day, false)
        })
        .collect();
    HostTable {
        host: windows_name(catalog, build, kind),
        kind,
        build: Some(build),
        rows,
    }
}

fn family(
    catalog: &Catalog,
    name: &str,
    images: &[(u16, &'static str)],
    day: Option<Date>,
    whole_name: bool,
) -> HostTable {
    let mut kind = Kind::Unknown;
    let mut rows = Vec::new();
    for (image_build, image) in images {
        let mut listed = false;
        for row in catalog.matrix.iter().filter(|row| {
            row.image_build == *image_build
                && in_force(row, day)
                && if whole_name {
                    row.host_release == name
                } else {
                    row.host_release.starts_with(name)
                }
        }) {
            listed = true;
            kind = row.host_kind;
            rows.push(view(*image_build, image, Some(row), day, true));
        }
        if !listed {
            rows.push(view(*image_build, image, None, day, false));
        }
    }
    HostTable {
        host: name.to_owned(),
        kind,
        build: None,
        rows,
    }
}

fn view(
    image_build: u16,
    image: &'static str,
    row: Option<&MatrixRow>,
    day: Option<Date>,
    with_builds: bool,
) -> ViewRow {
    let (process, hyperv) = row.map_or((Cell::Unlisted, Cell::Unlisted), |row| cells(row, day));
    ViewRow {
        image,
        image_build,
        process,
        hyperv,
        note: row.map_or("", |row| row.note),
        first_doc: row.map(|row| row.first_doc),
        last_doc: row.map(|row| row.last_doc),
        host_builds: row
            .filter(|row| with_builds && row.host_build_max != Some(row.host_build_min))
            .map(|row| (row.host_build_min, row.host_build_max)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::day::parse_day;

    fn marks(hosts: &[HostChoice], day: Option<&str>) -> Vec<String> {
        let day = day.map(|text| parse_day(text).unwrap());
        tables(Catalog::builtin(), hosts, &[], day)
            .iter()
            .flat_map(|table| &table.rows)
            .map(|row| format!("{} {}/{}", row.image, row.hyperv.name(), row.process.name()))
            .collect()
    }

    fn server(build: u16) -> HostChoice {
        HostChoice::Build {
            kind: Kind::Server,
            build,
        }
    }

    #[test]
    fn the_two_tables_of_the_swedish_page() {
        let expected = [
            "Windows Server 2025 yes/yes",
            "Windows Server 2022 yes/yes",
            "Windows Server 2019 yes/no",
            "Windows Server 2016 yes/no",
        ];
        assert_eq!(marks(&[server(26_100)], None), expected);
        let client = HostChoice::Build {
            kind: Kind::Client,
            build: 26_100,
        };
        assert_eq!(marks(&[client], None), expected);
    }

    #[test]
    fn the_two_tables_of_the_spanish_page_as_of_its_day() {
        assert_eq!(
            marks(&[server(20_348)], Some("2023-06-01")),
            [
                "Windows Server 2022 yes/yes",
                "Windows Server 2019 yes/no",
                "Windows Server 2016 yes/no",
            ]
        );
        assert_eq!(
            marks(&[HostChoice::Family("Windows 11")], Some("2023-06-01")),
            [
                "Windows Server 2022 yes/preview",
                "Windows Server 2019 yes/no",
                "Windows Server 2016 yes/no",
            ]
        );
    }

    #[test]
    fn a_pair_without_a_row_is_not_listed_and_nothing_is_inferred() {
        assert_eq!(
            marks(&[server(20_348)], None)[0],
            "Windows Server 2025 unlisted/unlisted"
        );
        assert!(marks(&[server(20_348)], Some("2010-01-01")).is_empty());
    }

    #[test]
    fn of_two_states_on_one_day_the_last_stands() {
        let rows = marks(&[server(16_299)], Some("2017-12-13"));
        assert_eq!(
            rows,
            ["Windows Server 1709 yes/yes", "Windows Server 2016 yes/no"]
        );
    }
}
