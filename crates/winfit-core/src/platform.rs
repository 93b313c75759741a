//! Which child of an index an engine picks.

use crate::catalog::{Catalog, EngineRow, Generation, Order};
use crate::host::{Arch, Host};
use crate::rules::engines::accepts;
use crate::version::OsVersion;

/// The platform of one child of an index, its strings as the registry has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Child<'a> {
    /// `windows`, `linux`, `unknown` (attestations); empty where the entry has no platform.
    pub os: &'a str,
    /// `amd64`, `arm64`.
    pub architecture: &'a str,
    /// `10.0.20348.825`; none or empty where it is not stated.
    pub os_version: Option<&'a str>,
    /// `win32k` and others.
    pub os_features: &'a [&'a str],
}

/// What an engine picks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pick {
    /// The child's place in the index; none: the engine refuses.
    pub index: Option<usize>,
    /// The engine's generation.
    pub generation: Generation,
    /// Its order among matches.
    pub order: Order,
    /// How many children match.
    pub matching: usize,
}

/// The child that the host's engine picks; none where the host names no engine, none that the
/// catalog knows, or no version.
///
/// `children` are the entries of an index in its order. An entry that is itself an index is not
/// followed. A single manifest has no children and is not platform-checked by containerd.
pub fn pick(catalog: &Catalog, children: &[Child<'_>], host: &Host) -> Option<Pick> {
    let rule = host.engine?.rule(catalog)?;
    let version = host.version?;
    let arch = host.arch.unwrap_or(Arch::Amd64);
    let mut matching: Vec<usize> = (0..children.len())
        .filter(|at| matches(rule, version, arch, &children[*at]))
        .collect();
    match rule.order {
        // Ties keep index order: all sorts here are stable, as the engines' are.
        Order::Index => {
            matching.sort_by_key(|at| std::cmp::Reverse(children[*at].os_features.len()));
        }
        Order::Numeric => {
            matching.sort_by_key(|at| std::cmp::Reverse(revision_number(children[*at].os_version)));
        }
        Order::String => {
            matching.sort_by(|a, b| {
                let text = |at: &usize| children[*at].os_version.unwrap_or_default();
                text(b).cmp(text(a))
            });
        }
        Order::ExactFirst => {
            let own = format!("{}.", version.without_revision());
            matching.sort_by_key(|at| {
                !children[*at]
                    .os_version
                    .is_some_and(|text| text.starts_with(&own))
            });
        }
    }
    Some(Pick {
        index: matching.first().copied(),
        generation: rule.generation,
        order: rule.order,
        matching: matching.len(),
    })
}

fn matches(rule: &EngineRow, host: OsVersion, arch: Arch, child: &Child<'_>) -> bool {
    if child.os != "windows" || Arch::parse(child.architecture) != Some(arch) {
        return false;
    }
    let features_fit = rule.generation == Generation::D
        || child.os_features.iter().all(|feature| *feature == "win32k");
    if !features_fit {
        return false;
    }
    let Some(text) = child.os_version.filter(|text| !text.is_empty()) else {
        return rule.empty_matches;
    };
    match rule.generation {
        // A plain string prefix, without the dot behind the build.
        Generation::X => text.starts_with(&host.without_revision().to_string()),
        Generation::D => match build_of_third_part(text) {
            Some(build) => build <= u64::from(host.build),
            // Docker lets pass what it cannot read.
            None => true,
        },
        generation => {
            strict_build(host, text).is_some_and(|build| accepts(generation, host.build, build))
        }
    }
}

/// The build of `major.minor.build…` where major and minor are the host's; anything else, also
/// `ltsc2022` or `10`, reads as 0.0.0 and never matches.
fn strict_build(host: OsVersion, text: &str) -> Option<u16> {
    let mut parts = text.split('.');
    let major: u16 = parts.next()?.parse().ok()?;
    let minor: u16 = parts.next()?.parse().ok()?;
    let build: u16 = parts.next()?.parse().ok()?;
    ((major, minor) == (host.major, host.minor)).then_some(build)
}

fn build_of_third_part(text: &str) -> Option<u64> {
    text.split('.').nth(2)?.parse().ok()
}

/// containerd's numeric order looks at the fourth part only, whatever the build.
fn revision_number(text: Option<&str>) -> i64 {
    text.and_then(|text| text.split('.').nth(3))
        .and_then(|part| part.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn child(version: &str) -> Child<'_> {
        Child {
            os: "windows",
            architecture: "amd64",
            os_version: Some(version),
            os_features: &[],
        }
    }

    fn picked(host: u16, engine: &str, children: &[Child<'_>]) -> Option<usize> {
        let mut host = Host::windows(OsVersion::of_build(host));
        host.engine = Some(engine.parse().unwrap());
        pick(Catalog::builtin(), children, &host).unwrap().index
    }

    #[test]
    fn each_order_picks_as_its_engine_does() {
        // A Server 2025 node and an index that lists 2022 first (containerd#11366).
        let both = [child("10.0.20348.3091"), child("10.0.26100.2894")];
        for (engine, expected) in [
            ("containerd@1.6.36", 0), // numeric, and it compares revisions across builds
            ("containerd@1.7.27", 0),
            ("containerd@2.1.4", 0),
            ("containerd@2.3.1", 0),
            ("containerd@2.3.1+client", 1),
            ("docker@29.6.2", 1),
            ("docker@29.6.2+containerd", 0),
        ] {
            assert_eq!(picked(26_100, engine, &both), Some(expected), "{engine}");
        }
        // Revisions of three and four digits: the string order prefers .587 to .3091.
        let digits = [child("10.0.20348.3091"), child("10.0.20348.587")];
        assert_eq!(picked(20_348, "containerd@2.2.0+client", &digits), Some(1));
        assert_eq!(picked(20_348, "containerd@1.6.36", &digits), Some(0));
        let traps = [child("10.0.26100.999"), child("10.0.26100.2894")];
        assert_eq!(picked(26_100, "containerd@2.2.0+client", &traps), Some(0));
        assert_eq!(picked(26_100, "containerd@1.6.36", &traps), Some(1));
    }

    #[test]
    fn the_same_index_under_the_generations_of_25h2() {
        let server_2022 = [child("10.0.20348.3091")];
        for (engine, expected) in [
            ("containerd@2.1.4", Some(0)),
            ("containerd@2.3.4", None),
            ("containerd@main", Some(0)),
            ("docker@29.6.2", Some(0)),
            ("docker@29.6.2+containerd", None),
        ] {
            assert_eq!(picked(26_200, engine, &server_2022), expected, "{engine}");
        }
    }

    #[test]
    fn children_without_a_readable_version() {
        let empty = [Child {
            os_version: None,
            ..child("")
        }];
        assert_eq!(picked(17_763, "containerd@1.6.22", &empty), None);
        assert_eq!(picked(17_763, "containerd@1.7.0", &empty), Some(0));
        assert_eq!(picked(17_763, "containerd@2.2.0", &empty), Some(0));
        assert_eq!(picked(17_763, "docker@29.6.2", &empty), Some(0));
        let malformed = [child("ltsc2022")];
        assert_eq!(picked(20_348, "containerd@2.2.0", &malformed), None);
        assert_eq!(picked(20_348, "docker@29.6.2", &malformed), Some(0));
        // The empty version comes last in the string order.
        let mixed = [empty[0], child("10.0.20348.1")];
        assert_eq!(picked(20_348, "containerd@2.2.0+client", &mixed), Some(1));
        assert_eq!(picked(20_348, "containerd@2.2.0", &mixed), Some(0));
    }

    #[test]
    fn other_platforms_features_and_attestations_are_set_aside() {
        let arm = Child {
            architecture: "arm64",
            ..child("10.0.26100.1")
        };
        let linux = Child {
            os: "linux",
            os_version: None,
            ..child("")
        };
        let attestation = Child {
            os: "unknown",
            architecture: "unknown",
            ..Child::default()
        };
        let featured = Child {
            os_features: &["win32k", "other"],
            ..child("10.0.26100.1")
        };
        let win32k = Child {
            os_features: &["win32k"],
            ..child("10.0.26100.1")
        };
        let none = Child::default();
        let index = [arm, linux, attestation, none, featured, win32k];
        assert_eq!(picked(26_100, "containerd@2.2.0", &index), Some(5));
        assert_eq!(picked(26_100, "containerd@2.2.0", &index[..5]), None);
    }
}
