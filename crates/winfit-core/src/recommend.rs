//! Which tags to write for a host: the way back from the verdict.

use time::Date;

use crate::catalog::{Catalog, Update};
use crate::host::{Host, Isolation, Kind};
use crate::image::{Image, NamedImage, published_arch};
use crate::reference::{Base, Reference};
use crate::remedy::retagged;
use crate::verdict::{Answer, judge};
use crate::version::OsVersion;

/// A release's tags of one base image, judged for some hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagAdvice {
    /// The build.
    pub build: u16,
    /// The server release with this build that has images.
    pub release: &'static str,
    /// Its channel.
    pub channel: &'static str,
    /// The base image.
    pub base: Base,
    /// The worst answer over all hosts for the floating tag.
    pub floating_answer: Answer,
    /// The floating tag.
    pub floating: String,
    /// The newest revision that runs on all hosts as well as can be.
    pub pinned: Option<PinnedTag>,
    /// The last day of support of this base image.
    pub support_end: Option<Date>,
}

/// Tags that never move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinnedTag {
    /// The version inside.
    pub version: OsVersion,
    /// The tag that names the KB, where the release has such tags.
    pub kb_tag: Option<String>,
    /// The tag that is the version.
    pub exact_tag: String,
    /// The worst answer over all hosts.
    pub answer: Answer,
    /// The day of the update.
    pub day: Option<Date>,
}

impl TagAdvice {
    /// The better of the floating and the pinned answer.
    pub fn answer(&self) -> Answer {
        let pinned = self.pinned.as_ref().map_or(Answer::No, |pin| pin.answer);
        if rank(pinned) < rank(self.floating_answer) {
            pinned
        } else {
            self.floating_answer
        }
    }
}

impl TagAdvice {
    /// The tags to write in FROM that run: the floating one, then the pinned ones.
    pub fn tags_for_from(&self) -> Vec<&str> {
        let mut tags: Vec<&str> = Vec::new();
        if self.floating_answer.runs() {
            tags.push(&self.floating);
        }
        if let Some(pin) = self.pinned.as_ref().filter(|pin| pin.answer.runs()) {
            tags.extend(pin.kb_tag.as_deref());
            tags.push(&pin.exact_tag);
        }
        tags
    }

    /// The references to write in FROM that run, in the order of their tags.
    pub fn lines_for_from(&self) -> Vec<String> {
        let repository = self.base.repository();
        self.tags_for_from()
            .into_iter()
            .map(|tag| format!("{repository}:{tag}"))
            .collect()
    }
}

fn rank(answer: Answer) -> u8 {
    match answer {
        Answer::Yes => 0,
        Answer::Preview => 1,
        Answer::Risk => 2,
        Answer::Unknown => 3,
        Answer::No => 4,
    }
}

/// How a host takes part in a recommendation: with the isolation asked for, else its default.
fn worst(catalog: &Catalog, hosts: &[Host], image: &Image, isolation: Option<Isolation>) -> Answer {
    hosts
        .iter()
        .map(|host| {
            let verdict = judge(catalog, host, image);
            if verdict.pull_refused() {
                return Answer::No;
            }
            verdict
                .answers
                .of(isolation.unwrap_or(verdict.default_isolation))
                .answer
        })
        .max_by_key(|answer| rank(*answer))
        .unwrap_or(Answer::Unknown)
}

/// The tags of a base image for these hosts, the ones that run first, then the most stable: long
/// term before the rest, supported longest first. Releases that run on no host are left out.
pub fn tags_for(
    catalog: &Catalog,
    hosts: &[Host],
    base: Base,
    isolation: Option<Isolation>,
) -> Vec<TagAdvice> {
    let mut builds: Vec<u16> = catalog
        .releases
        .iter()
        .filter(|release| release.base_images.contains(&base.name()))
        .map(|release| release.build)
        .collect();
    builds.dedup();
    let mut advice: Vec<TagAdvice> = builds
        .into_iter()
        .filter_map(|build| advise(catalog, hosts, base, build, isolation))
        .filter(|advice| advice.answer() != Answer::No)
        .collect();
    advice.sort_by_key(|advice| {
        (
            rank(advice.answer()),
            advice.channel != "LTSC",
            std::cmp::Reverse(advice.support_end),
            std::cmp::Reverse(advice.build),
        )
    });
    advice
}

/// The advice for one build of one base image.
pub fn advise(
    catalog: &Catalog,
    hosts: &[Host],
    base: Base,
    build: u16,
    isolation: Option<Isolation>,
) -> Option<TagAdvice> {
    let release = catalog.releases.iter().find(|release| {
        release.build == build
            && release.kind == Kind::Server
            && release.base_images.contains(&base.name())
    })?;
    let newest = catalog.newest_image_update(build, Some(base));
    let floating_image = Image {
        revision_inferred: newest.is_some(),
        arch: published_arch(Some(base), build),
        ..Image::windows(OsVersion {
            revision: newest.map(|update| update.revision),
            ..OsVersion::of_build(build)
        })
    };
    Some(TagAdvice {
        build,
        release: release.name,
        channel: release.channel,
        base,
        floating_answer: worst(catalog, hosts, &floating_image, isolation),
        floating: release.tags.first().map(|tag| (*tag).to_owned())?,
        pinned: pin(catalog, hosts, base, build, isolation),
        support_end: catalog.support_end(base, build),
    })
}

/// The newest revision that images have and that runs on every host as well as can be.
fn pin(
    catalog: &Catalog,
    hosts: &[Host],
    base: Base,
    build: u16,
    isolation: Option<Isolation>,
) -> Option<PinnedTag> {
    let mut best: Option<(&Update, Answer)> = None;
    for update in catalog.image_updates_of(build, Some(base)).rev() {
        let image = Image {
            arch: published_arch(Some(base), build),
            ..Image::windows(OsVersion::new(build, update.revision))
        };
        let answer = worst(catalog, hosts, &image, isolation);
        if best.is_none_or(|(_, known)| rank(answer) < rank(known)) {
            best = Some((update, answer));
        }
        if answer == Answer::Yes {
            break;
        }
    }
    let (update, answer) = best?;
    let version = OsVersion::new(build, update.revision);
    Some(PinnedTag {
        version,
        kb_tag: kb_tag(catalog, build, update.kb?),
        exact_tag: version.to_string(),
        answer,
        day: update.day,
    })
}

/// `1809-KB4493509`, `ltsc2022-KB5015827`: from Server 2022 on the prefix is the long-term name,
/// before it the version; 2016 never had such tags.
pub fn kb_tag(catalog: &Catalog, build: u16, kb: u32) -> Option<String> {
    let tags = catalog
        .releases
        .iter()
        .find(|release| release.build == build && !release.tags.is_empty())
        .map(|release| &release.tags)?;
    let prefix = match build {
        14_393 => return None,
        17_763 => "1809",
        _ => tags.first()?,
    };
    Some(format!("{prefix}-KB{kb}"))
}

/// The same image on another build, written as it is now: a tag with a KB stays one with a KB, an exact
/// version an exact version, a floating tag a floating tag; the architecture behind it stays as well.
///
/// None: a digest says which image it is, or nothing in its name says the release. Whether such an image
/// is there, and runs where it is wanted, is for others to judge.
pub fn on_build(catalog: &Catalog, image: &NamedImage, build: u16) -> Option<Reference> {
    let reference = image.reference.as_ref()?;
    if reference.digest.is_some() {
        return None;
    }
    let floating = catalog
        .releases
        .iter()
        .find(|release| release.build == build && !release.tags.is_empty())
        .and_then(|release| release.tags.first().copied())?;
    if !image.is_base {
        return retagged(image, floating);
    }
    let newest = catalog.newest_image_update(build, image.base);
    let tag = match (is_pinned(image), newest) {
        (true, Some(update)) => pin_like(catalog, image, update),
        _ => floating.to_owned(),
    };
    retagged(image, &tag)
}

/// The same base image of this update, its tag with a KB or an exact version as it is now.
pub fn on_update(catalog: &Catalog, image: &NamedImage, update: &Update) -> Option<Reference> {
    let reference = image.reference.as_ref()?;
    if reference.digest.is_some() || !image.is_base {
        return None;
    }
    let tag = pin_like(catalog, image, update);
    retagged(image, &tag)
}

/// Whether a tag or a digest keeps an image at its patch level.
pub fn is_pinned(image: &NamedImage) -> bool {
    let digest = image
        .reference
        .as_ref()
        .is_some_and(|one| one.digest.is_some());
    let revision = image
        .image
        .version
        .is_some_and(|version| version.revision.is_some());
    digest || image.kb.is_some() || revision && !image.image.revision_inferred
}

fn pin_like(catalog: &Catalog, image: &NamedImage, update: &Update) -> String {
    let exact = || OsVersion::new(update.build, update.revision).to_string();
    let by_kb = image
        .kb
        .and(update.kb)
        .and_then(|kb| kb_tag(catalog, update.build, kb));
    by_kb.unwrap_or_else(exact)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::day::parse_day;

    fn tags(build: u16, revision: Option<u32>, kind: Kind, isolation: Isolation) -> Vec<String> {
        let version = OsVersion {
            revision,
            ..OsVersion::of_build(build)
        };
        let host = Host::windows(version).with_kind(kind);
        tags_for(
            Catalog::builtin(),
            &[host],
            Base::Servercore,
            Some(isolation),
        )
        .into_iter()
        .map(|advice| format!("{} {}", advice.floating, advice.answer().name()))
        .collect()
    }

    #[test]
    fn the_tags_for_a_host_come_most_stable_first() {
        use Isolation::{Hyperv, Process};
        use Kind::{Client, Server};
        assert_eq!(
            tags(26_100, None, Server, Process),
            ["ltsc2025 yes", "ltsc2022 yes"]
        );
        assert_eq!(tags(20_348, None, Server, Process), ["ltsc2022 yes"]);
        assert_eq!(tags(25_398, None, Server, Process), ["ltsc2022 yes"]);
        assert_eq!(
            tags(26_200, None, Client, Process),
            ["ltsc2022 yes", "ltsc2025 risk"]
        );
        assert_eq!(tags(19_045, None, Client, Process), Vec::<String>::new());
        assert_eq!(
            tags(19_045, None, Client, Hyperv)[..2],
            ["ltsc2019 yes", "ltsc2016 yes"]
        );
    }

    #[test]
    fn on_2016_only_the_hosts_own_revision_is_sure() {
        let host = Host::windows(OsVersion::new(14_393, 1770)).with_kind(Kind::Server);
        let advice = advise(
            Catalog::builtin(),
            &[host],
            Base::Servercore,
            14_393,
            Some(Isolation::Process),
        )
        .unwrap();
        assert_eq!(advice.floating_answer, Answer::Risk);
        let pinned = advice.pinned.unwrap();
        assert_eq!(pinned.exact_tag, "10.0.14393.1770");
        assert_eq!(pinned.kb_tag, None);
        assert_eq!(pinned.answer, Answer::Yes);
    }

    #[test]
    fn support_is_that_of_the_base_image_not_of_the_release() {
        let end = |base, build| Catalog::builtin().support_end(base, build);
        let day = |text| Some(parse_day(text).unwrap());
        assert_eq!(end(Base::Nanoserver, 17_763), day("2029-01-09"));
        assert_eq!(end(Base::Nanoserver, 14_393), day("2018-10-09"));
        assert_eq!(end(Base::Servercore, 14_393), day("2027-01-11"));
        assert_eq!(end(Base::Servercore, 20_348), day("2031-10-14"));
        assert_eq!(end(Base::Server, 26_100), day("2034-10-10"));
        assert_eq!(end(Base::Windows, 17_763), day("2029-01-09"));
    }

    #[test]
    fn kb_tags_are_spelled_as_each_release_spells_them() {
        let tag = |build, kb| kb_tag(Catalog::builtin(), build, kb);
        assert_eq!(tag(17_763, 4_493_509).unwrap(), "1809-KB4493509");
        assert_eq!(tag(20_348, 5_015_827).unwrap(), "ltsc2022-KB5015827");
        assert_eq!(tag(26_100, 5_059_087).unwrap(), "ltsc2025-KB5059087");
        assert_eq!(tag(19_042, 5_015_807).unwrap(), "20H2-KB5015807");
        assert_eq!(tag(14_393, 4_041_691), None);
    }

    #[test]
    fn images_get_no_updates_after_their_support() {
        let newest = |build, base| {
            let update = Catalog::builtin().newest_image_update(build, base).unwrap();
            update.day.unwrap().to_string()
        };
        assert_eq!(newest(16_299, None), "2019-04-09");
        assert_eq!(newest(17_134, None), "2019-11-12");
        assert_eq!(newest(19_042, Some(Base::Windows)), "2022-08-09");
        assert_eq!(newest(17_763, Some(Base::Nanoserver)), "2026-08-11");
        assert_eq!(newest(14_393, Some(Base::Servercore)), "2026-08-11");
        // Nano Server of 2016 ended years before Server Core.
        assert_eq!(newest(14_393, Some(Base::Nanoserver)), "2018-10-09");
    }
}
