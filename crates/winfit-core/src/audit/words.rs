//! Words that several findings share: numbers, lists of hosts, versions.

use std::collections::HashSet;

use crate::catalog::Catalog;
use crate::fleet::{Member, Orchestrator};
use crate::host::{Host, Kind, Os};
use crate::image::Image;
use crate::reason::windows_name;
use crate::version::OsVersion;

use super::ground::as_judged;

/// How many hosts, builds or labels a sentence names before it counts the rest.
pub(super) const MOST_NAMED: usize = 3;

/// Small numbers as words.
pub(super) fn number(count: usize) -> String {
    const WORDS: [&str; 13] = [
        "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        "eleven", "twelve",
    ];
    WORDS
        .get(count)
        .map_or_else(|| count.to_string(), |word| (*word).to_owned())
}

/// `one host`, `two hosts`.
pub(super) fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {what}{plural}", number(count))
}

/// The first of a list, the rest counted: `a, b, c and 4 more`. Only what is named is put into words.
pub(super) fn listed<T>(
    items: impl IntoIterator<Item = T>,
    in_words: impl Fn(T) -> String,
) -> String {
    let mut items = items.into_iter();
    let mut words: Vec<String> = items.by_ref().take(MOST_NAMED).map(in_words).collect();
    let more = items.count();
    if let (Some(last), true) = (words.last_mut(), more > 0) {
        last.push_str(&format!(" and {more} more"));
    }
    words.join(", ")
}

/// A host's version in brackets behind its name: `17763`, `Linux`.
pub(super) fn build_of(host: &Host) -> String {
    match (host.os, host.version) {
        (Os::Linux, _) => "Linux".to_owned(),
        (Os::Windows, Some(version)) => version.build.to_string(),
        (Os::Windows, None) => "version unknown".to_owned(),
    }
}

/// `win-a (14393)`.
pub(super) fn host(member: &Member) -> String {
    format!("{} ({})", member.name, build_of(&member.host))
}

/// `win-a (14393.1770)`, where the revision is known.
pub(super) fn host_in_full(member: &Member) -> String {
    let version = member.host.version;
    let version = version.map_or_else(|| build_of(&member.host), OsVersion::short);
    format!("{} ({version})", member.name)
}

/// `win-a (14393), win-b (17763)`.
pub(super) fn hosts<'m>(members: impl IntoIterator<Item = &'m Member>) -> String {
    listed(members, host)
}

/// The builds of hosts, each once, in the order of the hosts: `14393, 17763`.
pub(super) fn builds<'m>(members: impl IntoIterator<Item = &'m Member>) -> String {
    let mut known = HashSet::new();
    let distinct = members.into_iter().filter(|member| {
        let build = member.host.version.map(|version| version.build);
        known.insert((member.host.os == Os::Linux, build))
    });
    listed(distinct, |member| build_of(&member.host))
}

/// `Windows Server 2019 (17763)`; `Linux`.
pub(super) fn image(catalog: &Catalog, image: &Image) -> String {
    match (image.os, image.version) {
        (Os::Linux, _) => "Linux".to_owned(),
        (Os::Windows, Some(version)) => release(catalog, version.build),
        (Os::Windows, None) => "a Windows of unknown version".to_owned(),
    }
}

/// `Windows Server 2019 (17763)`.
pub(super) fn release(catalog: &Catalog, build: u16) -> String {
    let name = windows_name(catalog, build, Kind::Server);
    if name.contains(&build.to_string()) {
        name
    } else {
        format!("{name} ({build})")
    }
}

/// What a sentence calls an image by its Windows, with the version as it is to be stated:
/// `this Windows Server 2022 image (20348)`, `this Linux image`.
pub(super) fn this_image(catalog: &Catalog, image: &Image, stated: Option<String>) -> String {
    let Some(version) = image.version.filter(|_| image.os == Os::Windows) else {
        return match image.os {
            Os::Linux => "this Linux image".to_owned(),
            Os::Windows => "this Windows image".to_owned(),
        };
    };
    let build = version.build.to_string();
    let name = windows_name(catalog, version.build, Kind::Server);
    let stated = stated.unwrap_or_else(|| build.clone());
    if name.contains(&build) {
        format!("this image ({stated})")
    } else {
        format!("this {name} image ({stated})")
    }
}

/// The versions of hosts: builds, or patch levels where they are asked for; of one alone with the name
/// of its release: `Windows Server 2019, 17763`.
fn of_hosts<'m>(
    catalog: &Catalog,
    orchestrator: Orchestrator,
    members: impl IntoIterator<Item = &'m Member>,
    in_full: bool,
) -> String {
    let stated = |member: &Member| match member.host.version {
        Some(version) if in_full => version.short(),
        _ => build_of(&member.host),
    };
    let mut known = HashSet::new();
    let distinct: Vec<&Member> = members
        .into_iter()
        .filter(|member| known.insert(stated(member)))
        .collect();
    if let [one] = distinct.as_slice()
        && let Some(version) = one.host.version.filter(|_| one.host.os == Os::Windows)
    {
        let kind = as_judged(&one.host, orchestrator).effective_kind(catalog);
        let name = windows_name(catalog, version.build, kind);
        if !name.contains(&version.build.to_string()) {
            return format!("{name}, {}", stated(one));
        }
    }
    listed(distinct, stated)
}

/// The builds of hosts, each once; of one alone with the name of its release.
pub(super) fn releases<'m>(
    catalog: &Catalog,
    orchestrator: Orchestrator,
    members: impl IntoIterator<Item = &'m Member>,
) -> String {
    of_hosts(catalog, orchestrator, members, false)
}

/// An image and the versions of hosts, for a sentence about both: builds, and patch levels where a
/// build is the same on both sides.
pub(super) fn versions(
    catalog: &Catalog,
    orchestrator: Orchestrator,
    image: &Image,
    members: &[&Member],
) -> (String, String) {
    let own = image.version.filter(|_| image.os == Os::Windows);
    let same_build = own.filter(|own| {
        let mut hosts = members.iter().filter_map(|member| member.host.version);
        hosts.any(|host| host.build == own.build)
    });
    (
        this_image(catalog, image, same_build.map(OsVersion::short)),
        of_hosts(
            catalog,
            orchestrator,
            members.iter().copied(),
            same_build.is_some(),
        ),
    )
}
