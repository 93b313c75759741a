//! The generations of images that a node can run. Constraints know no "or", so each is a label of its own.

use winfit_core::Catalog;
use winfit_core::host::{Host, Kind};
use winfit_core::image::Image;
use winfit_core::verdict::judge;
use winfit_core::version::OsVersion;

/// What labels about generations begin with.
pub const RUNS: &str = "winfit.runs-";

/// The labels of the generations that a host runs, the oldest first: `winfit.runs-ltsc2022`. Where only
/// equal revisions run, the revision is part of the name: `winfit.runs-ltsc2016-2665`.
pub fn labels(catalog: &Catalog, host: &Host) -> Vec<String> {
    let runs = |version| judge(catalog, host, &Image::windows(version)).fits(None);
    let mut found = Vec::new();
    for (build, name) in generations(catalog) {
        if runs(OsVersion::of_build(build)) {
            found.push(format!("{RUNS}{name}"));
            continue;
        }
        let own = host.version.filter(|own| own.build == build);
        if let Some(revision) = own.and_then(|own| own.revision)
            && runs(OsVersion::new(build, revision))
        {
            found.push(format!("{RUNS}{name}-{revision}"));
        }
    }
    found
}

/// The labels of nodes that run an image, the plain one first.
pub fn of_image(catalog: &Catalog, image: &Image) -> Vec<String> {
    let Some(version) = image.version else {
        return Vec::new();
    };
    let generations = generations(catalog).into_iter();
    let mut found = Vec::new();
    for (_, name) in generations.filter(|(build, _)| *build == version.build) {
        found.push(format!("{RUNS}{name}"));
        found.extend(version.revision.map(|own| format!("{RUNS}{name}-{own}")));
    }
    found
}

/// The builds that images are published of, each with its name in labels, the oldest first.
fn generations(catalog: &Catalog) -> Vec<(u16, String)> {
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

    fn of(version: &str) -> Vec<String> {
        let version = version.parse().ok();
        let host = Host {
            version,
            ..Host::windows(OsVersion::of_build(0))
        };
        labels(Catalog::builtin(), &host.with_kind(Kind::Server))
    }

    #[test]
    fn each_server_runs_its_own_and_from_2022_on_the_one_before() {
        assert_eq!(of("10.0.17763"), ["winfit.runs-ltsc2019"]);
        assert_eq!(of("10.0.16299"), ["winfit.runs-sac-1709"]);
        assert_eq!(of("10.0.20348"), ["winfit.runs-ltsc2022"]);
        assert_eq!(of("10.0.25398"), ["winfit.runs-ltsc2022"]);
        assert_eq!(
            of("10.0.26100"),
            ["winfit.runs-ltsc2022", "winfit.runs-ltsc2025"]
        );
    }

    #[test]
    fn windows_server_2016_runs_its_own_revision() {
        assert_eq!(of("10.0.14393"), Vec::<String>::new());
        assert_eq!(of("10.0.14393.2665"), ["winfit.runs-ltsc2016-2665"]);
    }
}
