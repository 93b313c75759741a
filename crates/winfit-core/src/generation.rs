//! The generations of images that a host runs, by names that fit into labels: `ltsc2022`, `sac-1709`.
//!
//! Labels of nodes carry them, in Swarms as in Kubernetes clusters: a label for each generation, since a
//! constraint and a nodeSelector both compare one value and know no "or".

use crate::catalog::Catalog;
use crate::host::{Host, Kind};
use crate::image::Image;
use crate::verdict::judge;
use crate::version::OsVersion;

/// The generations that a host runs, the oldest first: `ltsc2022`. Where only equal revisions run, the
/// revision is part of the name: `ltsc2016-2665`.
pub fn run_by(catalog: &Catalog, host: &Host) -> Vec<String> {
    let runs = |version| judge(catalog, host, &Image::windows(version)).fits(None);
    let mut found = Vec::new();
    for (build, name) in published(catalog) {
        if runs(OsVersion::of_build(build)) {
            found.push(name);
            continue;
        }
        let own = host.version.filter(|own| own.build == build);
        if let Some(revision) = own.and_then(|own| own.revision)
            && runs(OsVersion::new(build, revision))
        {
            found.push(format!("{name}-{revision}"));
        }
    }
    found
}

/// The names of nodes' generations that run an image, the plain one first.
pub fn of_image(catalog: &Catalog, image: &Image) -> Vec<String> {
    let Some(version) = image.version else {
        return Vec::new();
    };
    let generations = published(catalog).into_iter();
    let mut found = Vec::new();
    for (_, name) in generations.filter(|(build, _)| *build == version.build) {
        found.push(name.clone());
        found.extend(version.revision.map(|own| format!("{name}-{own}")));
    }
    found
}

/// The name of a host's own release: that of its images, else what its family and version give
/// (`ws-23h2`, `win11-24h2`); none: the catalog does not know it.
pub fn release(catalog: &Catalog, host: &Host) -> Option<String> {
    let build = host.version?.build;
    let is_client = host.effective_kind(catalog) == Kind::Client;
    if !is_client {
        let mut published = published(catalog).into_iter();
        if let Some((_, name)) = published.find(|(own, _)| *own == build) {
            return Some(name);
        }
    }
    let mut releases = catalog.releases.iter();
    let release = releases
        .find(|release| release.build == build && (release.kind == Kind::Client) == is_client)?;
    let version = release.version.to_ascii_lowercase();
    Some(if is_client {
        let family = if release.name.starts_with("Windows 11") {
            "win11"
        } else {
            "win10"
        };
        format!("{family}-{version}")
    } else {
        format!("ws-{version}")
    })
}

/// The builds that images are published of, each with its name in labels, the oldest first.
fn published(catalog: &Catalog) -> Vec<(u16, String)> {
    let mut found: Vec<(u16, String)> = Vec::new();
    for release in &catalog.releases {
        let published = release.kind == Kind::Server && !release.base_images.is_empty();
        let Some(tag) = release.tags.first().filter(|_| published) else {
            continue;
        };
        if found.iter().any(|(build, _)| *build == release.build) {
            continue;
        }
        let name = if tag.starts_with("ltsc") {
            (*tag).to_owned()
        } else {
            format!("sac-{}", tag.to_ascii_lowercase())
        };
        found.push((release.build, name));
    }
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::releases_named;

    fn host(version: &str, kind: Kind) -> Host {
        let host = Host {
            version: version.parse().ok(),
            ..Host::windows(OsVersion::of_build(0))
        };
        host.with_kind(kind)
    }

    fn of(version: &str) -> Vec<String> {
        run_by(Catalog::builtin(), &host(version, Kind::Server))
    }

    #[test]
    fn each_server_runs_its_own_and_from_2022_on_the_one_before() {
        assert_eq!(of("10.0.17763"), ["ltsc2019"]);
        assert_eq!(of("10.0.16299"), ["sac-1709"]);
        assert_eq!(of("10.0.20348"), ["ltsc2022"]);
        assert_eq!(of("10.0.25398"), ["ltsc2022"]);
        assert_eq!(of("10.0.26100"), ["ltsc2022", "ltsc2025"]);
    }

    #[test]
    fn windows_server_2016_runs_its_own_revision() {
        assert_eq!(of("10.0.14393"), Vec::<String>::new());
        assert_eq!(of("10.0.14393.2665"), ["ltsc2016-2665"]);
    }

    #[test]
    fn every_release_of_the_catalog_has_a_name() {
        let named = |version, kind| release(Catalog::builtin(), &host(version, kind));
        for (version, kind, name) in [
            ("10.0.14393.2665", Kind::Server, "ltsc2016"),
            ("10.0.16299", Kind::Server, "sac-1709"),
            ("10.0.20348.825", Kind::Server, "ltsc2022"),
            ("10.0.25398", Kind::Server, "ws-23h2"),
            ("10.0.26100", Kind::Server, "ltsc2025"),
            ("10.0.26100", Kind::Client, "win11-24h2"),
            ("10.0.19045", Kind::Client, "win10-22h2"),
        ] {
            assert_eq!(named(version, kind).as_deref(), Some(name));
            let read = releases_named(Catalog::builtin(), name);
            assert!(!read.is_empty(), "winfit itself reads {name}");
        }
        assert_eq!(named("10.0.20000", Kind::Server), None);
    }
}
