//! The order of an index's children: newest build first, and whom no order helps.

use super::choice::{best, choose, suits_better};
use super::{Entry, ImageIndex};
use crate::catalog::{Catalog, EngineRow};
use crate::engine::Engine;
use crate::host::{Host, Kind};
use crate::version::OsVersion;

/// The entries with the newest Windows first; what is no Windows stands behind, in its own order.
pub fn newest_first(mut entries: Vec<Entry>) -> Vec<Entry> {
    entries.sort_by_key(|entry| {
        let version = entry.version().filter(|_| entry.is_windows());
        let version = version.map(|version| (version.build, version.revision));
        (!entry.is_windows(), std::cmp::Reverse(version))
    });
    entries
}

/// A host and an engine to which an index gives another child than the one that suits best, in
/// whatever order its children stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unhelped {
    /// The engine.
    pub engine: Engine,
    /// The host's build.
    pub build: u16,
    /// What it gets, by its place in the index; none: nothing.
    pub gets: Option<usize>,
    /// What would suit it best, by its place in the index.
    pub best: usize,
}

/// Whom no order of the children helps, among one engine of each rule and the long-term servers that
/// the catalog knows.
pub fn unhelped(catalog: &Catalog, image: &ImageIndex) -> Vec<Unhelped> {
    let mut found = Vec::new();
    for host in servers(catalog) {
        for (engine, _) in one_of_each_rule(catalog) {
            let host = Host {
                engine: Some(engine),
                ..host
            };
            let Some(best) = best(catalog, image, &host) else {
                continue;
            };
            let wanted = &image.entries[best];
            // An order can do no more for a child than to put it first.
            let mut other = image.clone();
            other.entries[..=best].rotate_right(1);
            let taken = choose(catalog, &other, &host).and_then(|choice| choice.index());
            let helped =
                taken.is_some_and(|at| !suits_better(catalog, &host, wanted, &other.entries[at]));
            if helped {
                continue;
            }
            found.push(Unhelped {
                engine,
                build: host.version.map_or(0, |version| version.build),
                gets: choose(catalog, image, &host).and_then(|choice| choice.index()),
                best,
            });
        }
    }
    found
}

/// The long-term servers, newest first.
pub(crate) fn servers(catalog: &Catalog) -> Vec<Host> {
    let long_term = catalog.releases.iter().filter(|release| {
        release.kind == Kind::Server && release.channel == "LTSC" && !release.base_images.is_empty()
    });
    let mut builds: Vec<u16> = long_term.map(|release| release.build).collect();
    builds.sort_unstable_by_key(|build| std::cmp::Reverse(*build));
    builds.dedup();
    builds
        .into_iter()
        .map(|build| Host::windows(OsVersion::of_build(build)).with_kind(Kind::Server))
        .collect()
}

/// One engine of each rule and order that the catalog knows: the newest release that carries it, else
/// the newest of all.
pub fn one_of_each_rule(catalog: &Catalog) -> Vec<(Engine, &EngineRow)> {
    let mut found: Vec<(Engine, &EngineRow)> = Vec::new();
    for row in &catalog.engines {
        let engine = row.newest_engine();
        let alike = found.iter_mut().find(|(other, known)| {
            other.product == engine.product
                && other.store == engine.store
                && (known.generation, known.order, known.empty_matches)
                    == (row.generation, row.order, row.empty_matches)
                && known.client == row.client
        });
        match alike {
            Some(known) if row.to.is_release() && row.to > known.0.version => {
                *known = (engine, row);
            }
            Some(_) => {}
            None => found.push((engine, row)),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::samples::{index, index_of, windows};
    use super::*;

    #[test]
    fn the_newest_build_stands_first() {
        let mut linux = windows(9, "", "");
        linux.stated = Some(super::super::samples::platform("linux", ""));
        linux.config.clone_from(&linux.stated);
        let image = index([
            linux,
            windows(0, "", "10.0.17763.9121"),
            windows(1, "10.0.26100.999", "10.0.26100.999"),
            windows(2, "", ""),
            windows(3, "10.0.26100.2894", "10.0.26100.2894"),
        ]);
        let order: Vec<String> = newest_first(image.entries)
            .iter()
            .map(|entry| entry.digest[entry.digest.len() - 1..].to_owned())
            .collect();
        assert_eq!(order, ["3", "1", "0", "2", "9"]);
    }

    #[test]
    fn every_rule_has_one_engine() {
        let catalog = Catalog::builtin();
        let engines = one_of_each_rule(catalog);
        for row in &catalog.engines {
            let carried = engines.iter().any(|(_, other)| {
                (other.product, other.generation, other.order)
                    == (row.product, row.generation, row.order)
            });
            assert!(carried, "{:?}", row.source);
        }
        for (engine, row) in engines {
            let found = engine.rule(catalog).map(|row| row.source);
            assert_eq!(found, Some(row.source), "{engine}");
        }
    }

    #[test]
    fn whom_no_order_helps() {
        let catalog = Catalog::builtin();
        // containerd 1.6 sorts by revision across builds; 2.2's client sorts as text.
        let image = index_of(&["10.0.26100.2894", "10.0.20348.3091"]);
        let on_2025: Vec<String> = unhelped(catalog, &image)
            .iter()
            .filter(|unhelped| unhelped.build == 26_100)
            .map(|unhelped| unhelped.engine.to_string())
            .collect();
        assert_eq!(on_2025, ["containerd@1.6.x"]);
        let trap = index_of(&["10.0.26100.2894", "10.0.26100.999"]);
        let engines: Vec<String> = unhelped(catalog, &trap)
            .iter()
            .map(|unhelped| unhelped.engine.to_string())
            .collect();
        assert_eq!(
            engines,
            ["containerd@2.3.4+client", "containerd@main+client"]
        );
        assert!(unhelped(catalog, &index_of(&["10.0.26100.40000", "10.0.20348.3091"])).is_empty());
    }
}
