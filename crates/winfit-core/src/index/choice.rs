//! What an engine does with an image on a host: which child it pulls, and whether that child starts.

use std::cmp::Reverse;

use super::{Entry, ImageIndex};
use crate::catalog::{Catalog, EngineRow, Generation, Order};
use crate::engine::Engine;
use crate::host::{Arch, Host, Os};
use crate::platform::{Child, pick};
use crate::reason::builds_in_words;
use crate::rules::engines::{accepted, pull};
use crate::verdict::{Answer, Verdict, judge};

/// What the engine takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// This child of the index.
    Child(usize),
    /// The image itself, a single manifest.
    Single,
    /// Nothing.
    Refused,
    /// Nobody can tell: the catalog does not know the engine's version, or the host states none.
    Unknown,
}

/// What an engine does with an image on a host.
#[derive(Debug, Clone)]
pub struct Choice<'c> {
    /// What it takes.
    pub taken: Taken,
    /// The rule that it carries, where known.
    pub rule: Option<&'c EngineRow>,
    /// How many children match.
    pub matching: usize,
    /// How what it takes runs on the host; none: nothing is taken.
    pub verdict: Option<Verdict>,
    /// The registry does not have what it takes.
    pub missing: bool,
    /// The child that suits the host best and that another rule or order would take.
    pub passed_over: Option<usize>,
}

impl Choice<'_> {
    /// The place of what is taken among the image's children.
    pub fn index(&self) -> Option<usize> {
        match self.taken {
            Taken::Child(at) => Some(at),
            Taken::Single => Some(0),
            Taken::Refused | Taken::Unknown => None,
        }
    }

    /// Whether what is taken runs on the host, with the isolation that the host uses by itself. What is
    /// not there does not.
    pub fn starts(&self) -> Option<Answer> {
        if self.missing {
            return Some(Answer::No);
        }
        let verdict = self.verdict.as_ref()?;
        Some(verdict.answers.of(verdict.default_isolation).answer)
    }
}

/// What the host's engine does with an image. None: the host is no Windows, or names no engine.
pub fn choose<'c>(catalog: &'c Catalog, image: &ImageIndex, host: &Host) -> Option<Choice<'c>> {
    if host.os != Os::Windows {
        return None;
    }
    let engine: Engine = host.engine?;
    let rule = engine.rule(catalog).filter(|_| host.version.is_some());
    let mut choice = Choice {
        taken: Taken::Unknown,
        rule,
        matching: 0,
        verdict: None,
        missing: false,
        passed_over: None,
    };
    let Some(rule) = rule else {
        return Some(choice);
    };
    if image.entries.iter().any(Entry::is_untold) {
        // What one of them is nobody could read: it may be the one.
        return Some(choice);
    }
    if image.is_index {
        let (at, matching) = child(catalog, image, host, rule);
        choice.taken = at.map_or(Taken::Refused, Taken::Child);
        choice.matching = matching;
    } else if let Some(only) = image.entries.first() {
        choice.taken = match pull(catalog, host, &only.image(true)).map(|pull| pull.answer) {
            Some(Answer::Yes) => Taken::Single,
            Some(Answer::No) => Taken::Refused,
            _ => Taken::Unknown,
        };
    }
    let taken = choice.index().map(|at| &image.entries[at]);
    choice.missing = taken.is_some_and(|entry| entry.missing);
    choice.verdict = taken.map(|entry| on_host(catalog, host, entry));
    choice.passed_over = best(catalog, image, host).filter(|best| {
        let best = &image.entries[*best];
        taken.is_none_or(|taken| suits_better(catalog, host, best, taken))
    });
    Some(choice)
}

/// The child that an engine takes, and how many match.
fn child(
    catalog: &Catalog,
    image: &ImageIndex,
    host: &Host,
    rule: &EngineRow,
) -> (Option<usize>, usize) {
    // containerd reads the config of an entry without a platform, and takes it after all others;
    // Docker's classic store finds no platform there that it knows.
    let (with, without): (Vec<usize>, Vec<usize>) =
        (0..image.entries.len()).partition(|at| image.entries[*at].stated.is_some());
    let order = if rule.generation == Generation::D {
        with
    } else {
        [with, without].concat()
    };
    let features: Vec<Vec<&str>> = order
        .iter()
        .map(|at| {
            let platform = seen(&image.entries[*at]);
            platform.map_or_else(Vec::new, |platform| {
                platform.os_features.iter().map(String::as_str).collect()
            })
        })
        .collect();
    let children: Vec<Child<'_>> = order
        .iter()
        .zip(&features)
        .map(|(at, features)| {
            seen(&image.entries[*at]).map_or_else(Child::default, |platform| Child {
                os: &platform.os,
                architecture: &platform.architecture,
                os_version: platform.os_version.as_deref(),
                os_features: features,
            })
        })
        .collect();
    pick(catalog, &children, host).map_or((None, 0), |picked| {
        (picked.index.map(|at| order[at]), picked.matching)
    })
}

/// The platform by which an engine chooses.
fn seen(entry: &Entry) -> Option<&super::Platform> {
    entry.stated.as_ref().or(entry.config.as_ref())
}

/// Whether engines on a host of this architecture look at a child at all.
fn for_arch(entry: &Entry, host: &Host) -> bool {
    let stated = seen(entry).map_or("", |platform| platform.architecture.as_str());
    Arch::parse(stated).is_none_or(|arch| arch == host.arch.unwrap_or(Arch::Amd64))
}

/// How a child runs on a host, whatever the engine pulls.
fn on_host(catalog: &Catalog, host: &Host, entry: &Entry) -> Verdict {
    judge(catalog, host, &entry.image(true))
}

/// The place of the child that suits a host best; none: none runs there.
pub(crate) fn best(catalog: &Catalog, image: &ImageIndex, host: &Host) -> Option<usize> {
    let arch = host.arch.unwrap_or(Arch::Amd64);
    image
        .windows()
        .filter(|(_, entry)| Arch::parse(entry.architecture()) == Some(arch))
        .filter(|(_, entry)| !entry.missing && entry.version().is_some())
        .map(|(at, entry)| (rank(catalog, host, entry), at))
        .filter(|((answer, _), _)| *answer != Answer::No as u8)
        .min()
        .map(|(_, at)| at)
}

/// How well a child suits a host, the best lowest: the answer of the host's own isolation, then the
/// newest Windows.
fn rank(catalog: &Catalog, host: &Host, entry: &Entry) -> (u8, Reverse<Option<(u16, u32)>>) {
    let verdict = on_host(catalog, host, entry);
    let answer = verdict.answers.of(verdict.default_isolation).answer;
    let version = entry.version();
    let version = version.map(|version| (version.build, version.revision.unwrap_or(0)));
    (answer as u8, Reverse(version))
}

/// Whether one child suits a host better than another.
pub(crate) fn suits_better(catalog: &Catalog, host: &Host, one: &Entry, other: &Entry) -> bool {
    rank(catalog, host, one) < rank(catalog, host, other)
}

impl Choice<'_> {
    /// Why the engine takes what it takes, in one sentence without a full stop.
    pub fn reason(&self, image: &ImageIndex, host: &Host) -> String {
        let Some(engine) = host.engine else {
            return String::new();
        };
        let engine = engine.in_words();
        let Some((rule, version)) = self.rule.zip(host.version) else {
            return match host.version {
                None => "nothing states the host's Windows version".to_owned(),
                Some(_) => format!("winfit does not know which rule {engine} carries"),
            };
        };
        let takes = format!(
            "{engine} takes {} (rule {})",
            builds_in_words(&accepted(rule.generation, version.build)),
            rule.generation.name()
        );
        let reason = match self.taken {
            Taken::Single if rule.generation != Generation::D => {
                format!("it is a single manifest, whose platform {engine} does not check")
            }
            Taken::Single => takes,
            Taken::Refused if !image.is_index => {
                format!("{takes}, and this image is none of them")
            }
            Taken::Refused
                if image.windows().next().is_some()
                    && !image.windows().any(|(_, entry)| for_arch(entry, host)) =>
            {
                format!(
                    "none of its Windows images is for {}",
                    host.arch.unwrap_or(Arch::Amd64).name()
                )
            }
            Taken::Refused => match image.windows().count() {
                0 => "there is no Windows image in its index".to_owned(),
                1 => format!("{takes}; the only Windows image in the index is none of them"),
                count => format!("{takes}; of the {count} Windows images in the index none is one"),
            },
            Taken::Child(_) if self.matching == 1 => {
                format!("{takes}; one child of the index matches")
            }
            Taken::Child(_) => format!(
                "{takes}; {} children of the index match, of which it takes {}",
                self.matching,
                order_in_words(rule.order)
            ),
            Taken::Unknown if image.entries.iter().any(Entry::is_untold) => {
                "what one of its images is for could not be read".to_owned()
            }
            Taken::Unknown => "the image's platform cannot be told".to_owned(),
        };
        if self.missing {
            return format!(
                "{reason}; the registry does not have it, and the pull ends with \"not found\""
            );
        }
        let child = self.index().map(|at| &image.entries[at]);
        let unstated = child.filter(|entry| {
            let seen = seen(entry).and_then(|platform| platform.os_version.as_deref());
            image.is_index && seen.is_none_or(str::is_empty)
        });
        match unstated {
            Some(_) => {
                format!("{reason}; the index states no version for it, which matches any host")
            }
            None => reason,
        }
    }
}

/// Which of several matches an order prefers.
fn order_in_words(order: Order) -> &'static str {
    match order {
        Order::Index => "the first in the index",
        Order::Numeric => "the one with the highest revision, whatever its build",
        Order::String => "the one whose os.version comes last as text",
        Order::ExactFirst => "the first of the host's own build, else the first in the index",
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{index, index_of, platform, windows};
    use super::*;
    use crate::host::Kind;
    use crate::version::OsVersion;

    fn choice(image: &ImageIndex, build: u16, engine: &str) -> Choice<'static> {
        let kind = if build == 26_200 {
            Kind::Client
        } else {
            Kind::Server
        };
        let mut host = Host::windows(OsVersion::of_build(build)).with_kind(kind);
        host.engine = Some(engine.parse().unwrap());
        choose(Catalog::builtin(), image, &host).unwrap()
    }

    #[test]
    fn what_is_passed_over_is_told() {
        // containerd#11366: the 2022 image first, on a 2025 host.
        let image = index_of(&["10.0.20348.3091", "10.0.26100.2894"]);
        let found = choice(&image, 26_100, "containerd@2.1.4");
        assert_eq!(found.taken, Taken::Child(0));
        assert_eq!(found.passed_over, Some(1));
        let found = choice(&image, 26_100, "docker@29.6.2");
        assert_eq!((found.taken, found.passed_over), (Taken::Child(1), None));
    }

    #[test]
    fn a_refusal_tells_what_would_have_run() {
        let image = index_of(&["10.0.20348.3091"]);
        let found = choice(&image, 26_200, "containerd@2.3.4");
        assert_eq!(found.taken, Taken::Refused);
        assert_eq!(found.passed_over, Some(0));
        // Neither would a Server 2016 host run it.
        let found = choice(&image, 14_393, "containerd@2.3.4");
        assert_eq!((found.taken, found.passed_over), (Taken::Refused, None));
    }

    #[test]
    fn an_entry_without_a_version_is_taken_and_judged_by_its_config() {
        let image = index([windows(0, "", "10.0.20348.3091")]);
        let found = choice(&image, 17_763, "containerd@1.7.27");
        assert_eq!(found.taken, Taken::Child(0));
        assert_eq!(found.starts(), Some(Answer::No));
    }

    #[test]
    fn entries_without_platform_come_last_and_docker_passes_them() {
        let bare = Entry {
            stated: None,
            config: Some(platform("windows", "10.0.20348.3091")),
            ..Entry::default()
        };
        let image = index([bare, windows(1, "10.0.20348.1", "10.0.20348.1")]);
        assert_eq!(
            choice(&image, 20_348, "containerd@2.1.4").taken,
            Taken::Child(1)
        );
        let alone = index([image.entries[0].clone()]);
        assert_eq!(
            choice(&alone, 20_348, "containerd@2.1.4").taken,
            Taken::Child(0)
        );
        assert_eq!(
            choice(&alone, 20_348, "docker@29.6.2").taken,
            Taken::Refused
        );
    }

    #[test]
    fn a_single_manifest_is_not_checked_by_containerd() {
        let image = ImageIndex {
            is_index: false,
            ..index([Entry {
                stated: None,
                ..windows(0, "", "10.0.26100.2894")
            }])
        };
        let found = choice(&image, 17_763, "containerd@2.3.1");
        assert_eq!(found.taken, Taken::Single);
        assert_eq!(found.starts(), Some(Answer::No));
        assert_eq!(
            choice(&image, 17_763, "docker@29.6.2").taken,
            Taken::Refused
        );
    }

    #[test]
    fn an_engine_outside_the_table_is_unknown() {
        let found = choice(&index_of(&["10.0.20348.1"]), 20_348, "containerd@3.0");
        assert_eq!(found.taken, Taken::Unknown);
    }
}
