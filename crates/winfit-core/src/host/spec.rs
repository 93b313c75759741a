//! A HOST argument: a version, a release's name, a name with a KB, or any text that states one,
//! with facts after commas.

use thiserror::Error;

use crate::catalog::{Catalog, Release, Stream, stream};
use crate::engine::EngineError;
use crate::host::{Host, Kind};
use crate::names::releases_named;
use crate::version::{OsVersion, VersionError, quote_for_error};

use super::facts;
use super::fields::is_windows;
use super::read::{self, Alternative, HostReading, ReadHost, Source, Unread, quote};
use super::session::Session;
use super::text::read_hosts;
use super::update;

/// Why a text names no host. Each sentence quotes the text and says what would do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HostSpecError {
    /// Nothing to read.
    #[error("a host is missing; write its version, as 10.0.17763.437, or its release, as ltsc2019")]
    Empty,
    /// Numbers that are no Windows version.
    #[error(transparent)]
    Version(#[from] VersionError),
    /// Numbers that are a version of something else.
    #[error("{text:?} is no Windows version: {reason}; one looks like 10.0.17763.437")]
    NotWindows {
        /// The text as given, shortened.
        text: String,
        /// What it is instead, or what it lacks.
        reason: &'static str,
    },
    /// A bare 2600.
    #[error(
        "{text:?} is no build that has containers; where Microsoft's page prints \"Windows 11 24H2 (Build 2600)\" it means 26100"
    )]
    Build2600 {
        /// The text as given.
        text: String,
    },
    /// A fact after a comma that says nothing.
    #[error("{fact:?} says nothing of a host; expected {expected}")]
    Fact {
        /// The fact as given, shortened.
        fact: String,
        /// What would do.
        expected: String,
    },
    /// The same fact twice.
    #[error("{fact:?} states {key} a second time; say it once")]
    Twice {
        /// The second one.
        fact: String,
        /// Which fact it is.
        key: String,
    },
    /// Facts that cannot be true together.
    #[error("{text:?} contradicts itself: {reason}")]
    Contradiction {
        /// The host as given, shortened.
        text: String,
        /// Why.
        reason: String,
    },
    /// The engine of `engine=`.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A KB that the catalog does not have.
    #[error(
        "KB{kb} is not in the catalog, whose newest update is of {newest}; write the version that the host reports, as 10.0.17763.437"
    )]
    UnknownKb {
        /// Its number.
        kb: u32,
        /// The day of the newest update, as 2026-08-11.
        newest: String,
    },
    /// A KB of another release.
    #[error("KB{kb} is no update of {named}; it brings {builds}")]
    KbElsewhere {
        /// Its number.
        kb: u32,
        /// The release that the text names.
        named: String,
        /// What the KB is for.
        builds: String,
    },
    /// A Windows that never had containers, or that the catalog does not have.
    #[error(
        "{name} is no release with containers that winfit knows; the first are Windows Server 2016 and Windows 10 1607 (`winfit catalog releases` has all)"
    )]
    NoContainers {
        /// As the text names it.
        name: String,
    },
    /// No version, name or KB in the text.
    #[error("{text:?} names no host: expected {expected}")]
    Unreadable {
        /// The text as given, shortened.
        text: String,
        /// What was expected.
        expected: String,
    },
}

/// Reads a HOST argument: a base and the facts after it (see the module).
///
/// Several hosts come back where the base names several: `21H2` is three releases. A caller that
/// needs one shows them as the choices.
///
/// # Errors
///
/// What is wrong with the text, in a sentence that quotes it.
pub fn read_host_spec(catalog: &Catalog, text: &str) -> Result<Vec<ReadHost>, HostSpecError> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(HostSpecError::Empty);
    }
    if trimmed.contains('\n') || trimmed.len() > 400 {
        return from_text(catalog, trimmed);
    }
    let (base, facts) = facts::split(catalog, trimmed)?;
    if base.is_empty() {
        return Err(HostSpecError::Empty);
    }
    // `17763.437,sever`: what stands before the comma is a host, so what follows was meant as a fact.
    if strict(catalog, base).is_none()
        && let Some((before, fact)) = base.rsplit_once(',')
        && matches!(strict(catalog, before.trim()), Some(Ok(_)))
    {
        return Err(HostSpecError::Fact {
            fact: quote_for_error(fact.trim()),
            expected: "server, client, hyperv=off, arch=amd64, engine=docker@29.6.2, platform=aks, isolation=hyperv or name=NAME"
                .to_owned(),
        });
    }
    if let Some(old) = without_containers(base) {
        return Err(HostSpecError::NoContainers { name: old });
    }
    let hosts = match strict(catalog, base) {
        Some(result) => result?,
        // Where all of it reads as text, the commas are the text's own: a line of JSON.
        None => from_text(catalog, base)
            .or_else(|error| from_text(catalog, trimmed).map_err(|_| error))?,
    };
    facts.apply(catalog, base, hosts)
}

/// A Windows Server of a year that is none of those with containers.
fn without_containers(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let year = lower.split("windows server ").nth(1)?;
    let digits: String = year.chars().take_while(char::is_ascii_digit).collect();
    let is_year = digits.len() == 4 && digits.starts_with("20") && digits != "2004";
    let known = ["2016", "2019", "2022", "2025"].contains(&digits.as_str());
    (is_year && !known).then(|| quote_for_error(text))
}

/// Any text that states a version.
fn from_text(catalog: &Catalog, text: &str) -> Result<Vec<ReadHost>, HostSpecError> {
    let reading = read_hosts(catalog, text);
    if !reading.hosts.is_empty() {
        return Ok(reading.hosts);
    }
    let expected = reading.unread.into_iter().next().map_or_else(
        || "a version or a release".to_owned(),
        |unread| unread.expected,
    );
    Err(HostSpecError::Unreadable {
        text: quote_for_error(&quote(text)),
        expected,
    })
}

/// A text that is nothing but a version, a name, or one of them with a KB; none where it is not.
fn strict(catalog: &Catalog, text: &str) -> Option<Result<Vec<ReadHost>, HostSpecError>> {
    if text.eq_ignore_ascii_case("linux") {
        return Some(Ok(vec![ReadHost::new(read::linux(), text, 1)]));
    }
    let kbs = update::stated(text);
    if let (Some((start, ..)), Some((_, end, _))) = (kbs.first(), kbs.last()) {
        let kbs: Vec<u32> = kbs.iter().map(|(_, _, kb)| *kb).collect();
        return with_kbs(catalog, text, &text[..*start], &text[*end..], &kbs);
    }
    let releases = releases_named(catalog, text);
    if !releases.is_empty() {
        return Some(Ok(named(&releases, text)));
    }
    let numeric = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.')
        || (text.starts_with(['-', '+']) && !text[1..].contains(char::is_whitespace));
    numeric
        .then(|| number(text).map(|version| vec![ReadHost::new(Host::windows(version), text, 1)]))
}

fn number(text: &str) -> Result<OsVersion, HostSpecError> {
    if matches!(text, "2600" | "10.0.2600") {
        return Err(HostSpecError::Build2600 {
            text: text.to_owned(),
        });
    }
    let version: OsVersion = text.parse()?;
    if is_windows(version) {
        return Ok(version);
    }
    let reason = if (version.major, version.minor) == (10, 0) {
        "Windows 10 began at build 10240, and this looks like an address"
    } else {
        "Windows that runs containers begins with 10.0"
    };
    Err(HostSpecError::NotWindows {
        text: quote_for_error(text),
        reason,
    })
}

/// The hosts that a name may mean: one where all releases are one build, told apart by their kind
/// alone, and their updates are the same; otherwise each.
fn named(releases: &[&Release], text: &str) -> Vec<ReadHost> {
    let one_build = releases
        .iter()
        .all(|release| release.build == releases[0].build);
    let kind = releases[0].kind;
    let one_kind = releases.iter().all(|release| release.kind == kind);
    let host = |release: &Release, kind| {
        let host = Host::windows(OsVersion::of_build(release.build)).with_kind(kind);
        ReadHost::new(host, text, 1)
    };
    // Clients and servers of 26100 count their updates apart, so "24H2" alone is no host yet.
    let apart = stream(releases[0].build, u32::MAX) != Stream::Common;
    if one_build && (one_kind || !apart) {
        let kind = if one_kind { kind } else { Kind::Unknown };
        return vec![host(releases[0], kind)];
    }
    releases
        .iter()
        .map(|release| host(release, release.kind))
        .collect()
}

/// A version or a name, any words between, KBs, and a word or two after them.
fn with_kbs(
    catalog: &Catalog,
    text: &str,
    before: &str,
    after: &str,
    kbs: &[u32],
) -> Option<Result<Vec<ReadHost>, HostSpecError>> {
    if crate::names::words(after, 0).take(4).count() > 3 {
        return None;
    }
    let hosts = base_before(catalog, before)?;
    let unknown = kbs
        .iter()
        .find(|kb| update::builds(catalog, **kb, Kind::Unknown).is_empty());
    if let Some(kb) = unknown {
        let newest = catalog
            .newest_update_day()
            .map_or_else(String::new, |day| day.to_string());
        return Some(Err(HostSpecError::UnknownKb { kb: *kb, newest }));
    }
    Some(resolve_kbs(catalog, text, before, hosts, kbs))
}

/// What stands before a KB: nothing, or a version or name, with up to three words between.
fn base_before(catalog: &Catalog, before: &str) -> Option<Vec<ReadHost>> {
    let mut head = before.trim_end_matches(|c: char| !c.is_alphanumeric());
    if head.is_empty() {
        return Some(Vec::new());
    }
    for _ in 0..4 {
        let releases = releases_named(catalog, head);
        if !releases.is_empty() {
            return Some(named(&releases, head));
        }
        if let Ok(version) = number(head) {
            return Some(vec![ReadHost::new(Host::windows(version), head, 1)]);
        }
        let word = head.rfind(|c: char| !c.is_alphanumeric())?;
        head = head[..word].trim_end_matches(|c: char| !c.is_alphanumeric());
    }
    None
}

fn resolve_kbs(
    catalog: &Catalog,
    text: &str,
    before: &str,
    hosts: Vec<ReadHost>,
    kbs: &[u32],
) -> Result<Vec<ReadHost>, HostSpecError> {
    let bare = hosts.is_empty();
    let hosts = if bare {
        let builds = update::builds(catalog, kbs[0], Kind::Unknown);
        builds
            .into_iter()
            .map(|build| ReadHost::new(Host::windows(OsVersion::of_build(build)), text, 1))
            .collect()
    } else {
        hosts
    };
    let mut read = Vec::new();
    let mut stranger = None;
    for mut host in hosts {
        let Some(version) = host.host.version else {
            continue;
        };
        let kind = host.host.kind;
        let fitting = |kb: &&u32| !update::readings(catalog, **kb, version.build, kind).is_empty();
        if let Some(kb) = kbs.iter().find(|kb| !fitting(kb)) {
            stranger.get_or_insert(*kb);
            continue;
        }
        host.text = quote(text);
        host.kb = kbs.to_vec();
        // Where the fourth number is stated, the KB only comes with it.
        if version.revision.is_none()
            && let Some(by) = update::newest(catalog, kbs, version.build, kind)
        {
            host.inferred.push(format!(
                "revision: {}, since KB{} brings {} to {}",
                by.version.revision.unwrap_or(0),
                by.kb,
                version.build,
                by.version.short()
            ));
            host.host.version = Some(by.version);
            host.alternatives = by.alternatives;
        }
        read.push(host);
    }
    match stranger {
        Some(kb) if read.is_empty() => Err(HostSpecError::KbElsewhere {
            kb,
            named: match releases_named(catalog, before.trim_end()).first() {
                Some(release) => release.name.to_owned(),
                // The word between the name and the KB, in whatever language, is part of neither.
                None => quote_for_error(
                    before
                        .trim_end()
                        .rsplit_once(' ')
                        .map_or(before, |(name, _)| name),
                ),
            },
            builds: update::in_words(catalog, kb),
        }),
        _ => {
            if let (true, [first, rest @ ..]) = (bare, read.as_mut_slice()) {
                let others = rest.iter().filter_map(|other| {
                    let version = other.host.version?;
                    let because = format!("{} also brings {}", quote(text), version.short());
                    Some(Alternative { version, because })
                });
                first.alternatives.extend(others);
            }
            Ok(read)
        }
    }
}

/// A plain list, one HOST to a line: most lines are nothing else. None where it is no such list.
pub(super) fn read_list(catalog: &Catalog, text: &str) -> Option<HostReading> {
    const LONGEST_LINE: usize = 200;
    const MOST_LINES: usize = 5000;
    let lines = || {
        text.lines()
            .enumerate()
            .map(|(at, line)| (at + 1, without_comment(line).trim()))
            .filter(|(_, line)| !line.is_empty())
    };
    let mut reading = HostReading::default();
    let (mut read, mut count) = (0, 0);
    for (number, line) in lines() {
        if line.len() > LONGEST_LINE || count == MOST_LINES || (count > 50 && read * 2 < count) {
            return None;
        }
        count += 1;
        let hosts = match facts::split(catalog, line) {
            Ok((base, facts)) => {
                strict(catalog, base).map(|hosts| facts.apply(catalog, base, hosts?))
            }
            Err(error) => Some(Err(error)),
        };
        match hosts {
            Some(Ok(mut hosts)) if hosts.len() == 1 => {
                read += 1;
                for host in &mut hosts {
                    host.line = number;
                }
                reading.hosts.extend(hosts);
            }
            Some(Ok(hosts)) => {
                read += 1;
                let mut choices: Vec<String> = hosts
                    .iter()
                    .filter_map(|host| {
                        let name = host.releases(catalog).first()?.name;
                        Some(format!("{name} ({})", host.host.version?.short()))
                    })
                    .collect();
                choices.truncate(5);
                reading.unread.push(Unread {
                    text: quote(line),
                    line: number,
                    expected: format!("one host; this means {}", choices.join(", ")),
                });
            }
            Some(Err(error)) => reading.unread.push(Unread {
                text: quote(line),
                line: number,
                expected: format!("a host: {error}"),
            }),
            None => match stated_by(catalog, line, number) {
                Some(host) => reading.hosts.push(host),
                None => reading.unread.push(Unread {
                    text: quote(line),
                    line: number,
                    expected: "a host, as 10.0.17763.437, ltsc2019 or win11-24h2".to_owned(),
                }),
            },
        }
    }
    if read == 0 || read * 2 < count {
        return None;
    }
    // Each line is a host of its own; only what is the same word for word is one.
    let alone = Source {
        by_name: true,
        remote: false,
    };
    reading.hosts = read::join(
        reading
            .hosts
            .into_iter()
            .map(|host| (host, alone))
            .collect(),
    );
    Some(reading)
}

/// A line of a list up to its comment: a `#` in front or behind a blank.
fn without_comment(line: &str) -> &str {
    let marks = line.match_indices('#');
    let comment = marks
        .map(|(at, _)| at)
        .find(|at| *at == 0 || line[..*at].ends_with([' ', '\t']));
    comment.map_or(line, |at| &line[..at])
}

/// The one host that a line of a list states in other words, as `ver` prints it.
fn stated_by(catalog: &Catalog, line: &str, number: usize) -> Option<ReadHost> {
    let mut session = Session::new(catalog);
    session.lines(line, number);
    let mut hosts = session.end(line).hosts;
    hosts.pop().filter(|_| hosts.is_empty())
}

/// How to write each reading so that it is the only one.
pub fn choices(catalog: &Catalog, hosts: &[ReadHost]) -> Vec<String> {
    let mut choices: Vec<String> = hosts
        .iter()
        .filter_map(|read| {
            let version = read.host.version?;
            let release = catalog.main_release(version.build, read.host.effective_kind(catalog))?;
            let name = match (release.kind, release.tags.first()) {
                (Kind::Client, _) => {
                    let family = if version.build >= 22_000 {
                        "win11"
                    } else {
                        "win10"
                    };
                    format!("{family}-{}", release.version.to_ascii_lowercase())
                }
                (_, Some(tag)) if tag.starts_with("ltsc") => tag.replace("ltsc", "ws"),
                _ => version.to_string(),
            };
            Some(format!("{name} ({})", release.name))
        })
        .collect();
    // Windows Server 2019 and version 1809 are one build.
    choices.dedup();
    choices
}
