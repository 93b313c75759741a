//! Words that several findings share: numbers, lists of hosts, versions.

use std::collections::HashSet;

use crate::catalog::Catalog;
use crate::fleet::Member;
use crate::host::{Host, Kind, Os};
use crate::image::Image;
use crate::reason::windows_name;
use crate::version::OsVersion;

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

/// The image's build in short: `20348`, `Linux`.
pub(super) fn image_build(image: &Image) -> String {
    match (image.os, image.version) {
        (Os::Linux, _) => "Linux".to_owned(),
        (Os::Windows, Some(version)) => version.build.to_string(),
        (Os::Windows, None) => "Windows".to_owned(),
    }
}

/// The image's version and those of hosts, for a sentence about both: builds, and patch levels as well
/// where a build is the same on both sides.
pub(super) fn versions(image: &Image, members: &[&Member]) -> (String, String) {
    let build = image.version.map(|version| version.build);
    let same = |member: &&&Member| {
        build.is_some() && member.host.version.map(|version| version.build) == build
    };
    match (image.version, members.iter().find(same)) {
        (Some(version), Some(first)) if image.os == first.host.os => {
            let mut known = HashSet::new();
            let distinct = members
                .iter()
                .filter(|member| known.insert((member.host.os == Os::Linux, member.host.version)));
            let short = |member: &&Member| {
                let version = member.host.version;
                version.map_or_else(|| build_of(&member.host), OsVersion::short)
            };
            (version.short(), listed(distinct, short))
        }
        _ => (image_build(image), builds(members.iter().copied())),
    }
}
