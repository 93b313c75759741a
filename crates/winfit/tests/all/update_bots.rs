//! The presets for update bots let through what the core calls a patch, and no other Windows.
//!
//! The bots are models here: their rules for tags, without their registries. `tools/renovate-test` puts
//! the same pairs to Renovate itself.

use std::cmp::Ordering;
use std::fs;

use regex::{Regex, RegexBuilder};
use serde_json::Value;
use winfit_core::Catalog;
use winfit_core::image::NamedImage;
use winfit_core::image_change::{ChangeKind, Direction, image_change};
use winfit_core::reference::Base;

use crate::repository;

/// What a bot calls an update; none: it does not propose it.
type Update = Option<&'static str>;

fn text(path: &str) -> String {
    fs::read_to_string(repository(path)).unwrap()
}

/// Whether a change keeps Windows, and whether it is a patch that goes forward. None: nothing tells.
fn judged(image: &str, old: &str, new: &str) -> Option<(bool, bool)> {
    let catalog = Catalog::builtin();
    let read = |tag: &str| NamedImage::read_reference(catalog, &format!("{image}:{tag}")).unwrap();
    let (old, new) = (read(old), read(new));
    match image_change(catalog, &old, &new).kind {
        ChangeKind::Unknown | ChangeKind::NoWindows => None,
        kind => Some((
            kind.keeps_windows(),
            kind == ChangeKind::Patch(Direction::Forward),
        )),
    }
}

/// The tags of base images that the catalog knows: by version, by KB, floating.
struct BaseTags {
    exact: Vec<String>,
    kb: Vec<String>,
    floating: Vec<String>,
}

impl BaseTags {
    fn of_servercore() -> Self {
        let catalog = Catalog::builtin();
        let mut tags = Self {
            exact: Vec::new(),
            kb: Vec::new(),
            floating: Vec::new(),
        };
        for release in &catalog.releases {
            if !release.base_images.contains(&"servercore") || release.name.ends_with("1809") {
                continue;
            }
            tags.floating
                .extend(release.tags.iter().map(|tag| (*tag).to_owned()));
            for update in catalog.image_updates_of(release.build, Some(Base::Servercore)) {
                tags.exact
                    .push(format!("10.0.{}.{}", update.build, update.revision));
                let kb = update.kb.unwrap();
                tags.kb
                    .extend(winfit_core::recommend::kb_tag(catalog, update.build, kb));
            }
        }
        assert!(tags.exact.len() > 300 && tags.kb.len() > 200 && tags.floating.len() > 10);
        tags
    }
}

/// Renovate: the rules of a preset, and the two ways to compare tags that it uses.
struct Renovate {
    rules: Vec<Rule>,
}

struct Rule {
    images: Option<Vec<Pattern>>,
    value: Pattern,
    versioning: Option<Versioning>,
}

enum Versioning {
    Docker,
    ByPattern(Regex),
}

impl Versioning {
    fn read(text: &str) -> Self {
        if let Some(pattern) = text.strip_prefix("regex:") {
            return Self::ByPattern(Regex::new(pattern).unwrap());
        }
        assert_eq!(text, "docker");
        Self::Docker
    }
}

enum Pattern {
    Exact(String),
    Matches(Regex),
}

impl Pattern {
    fn read(text: &str) -> Self {
        let Some(rest) = text.strip_prefix('/') else {
            return Self::Exact(text.to_owned());
        };
        let (pattern, flags) = rest.rsplit_once('/').unwrap();
        assert!(matches!(flags, "" | "i"), "{text}");
        let regex = RegexBuilder::new(pattern)
            .case_insensitive(flags == "i")
            .build();
        Self::Matches(regex.unwrap())
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == text,
            Self::Matches(regex) => regex.is_match(text),
        }
    }
}

/// A tag as a bot reads it: numbers, and what must stay as it is.
#[derive(PartialEq)]
struct Version {
    numbers: Vec<u64>,
    letters: String,
    stays: String,
}

impl Renovate {
    fn with_preset() -> Self {
        let preset: Value =
            serde_json::from_str(&text("integrations/renovate/winfit.json")).unwrap();
        let rules = preset["packageRules"].as_array().unwrap().iter();
        let rules = rules.map(|rule| Rule {
            images: rule["matchPackageNames"].as_array().map(|names| {
                let names = names.iter().filter_map(Value::as_str);
                names.map(Pattern::read).collect()
            }),
            value: Pattern::read(rule["matchCurrentValue"].as_str().unwrap()),
            versioning: rule["versioning"].as_str().map(Versioning::read),
        });
        Self {
            rules: rules.collect(),
        }
    }

    fn without() -> Self {
        Self { rules: Vec::new() }
    }

    /// The last rule that matches says how tags are compared.
    fn update(&self, image: &str, old: &str, new: &str) -> Update {
        let matching = self.rules.iter().rev().find(|rule| {
            let named = rule
                .images
                .as_ref()
                .is_none_or(|images| images.iter().any(|pattern| pattern.matches(image)));
            named && rule.versioning.is_some() && rule.value.matches(old)
        });
        let read = |tag: &str| match matching.and_then(|rule| rule.versioning.as_ref()) {
            Some(Versioning::ByPattern(pattern)) => by_pattern(pattern, tag),
            Some(Versioning::Docker) | None => by_numbers(tag),
        };
        let (old, new) = (read(old)?, read(new)?);
        if old.stays != new.stays || old.numbers.len() != new.numbers.len() {
            return None;
        }
        let order = new.numbers.cmp(&old.numbers).then_with(|| {
            match (old.letters.is_empty(), new.letters.is_empty()) {
                (true, false) => Ordering::Less,
                (false, true) => Ordering::Greater,
                _ => new.letters.cmp(&old.letters),
            }
        });
        if order != Ordering::Greater {
            return None;
        }
        let part = |version: &Version, at: usize| version.numbers.get(at).copied().unwrap_or(0);
        Some(match () {
            () if part(&new, 0) > part(&old, 0) => "major",
            () if part(&new, 1) > part(&old, 1) => "minor",
            () => "patch",
        })
    }
}

/// Renovate's `docker` versioning.
fn by_numbers(tag: &str) -> Option<Version> {
    let tag = tag.strip_prefix('v').unwrap_or(tag);
    let (version, stays) = tag.split_once('-').unwrap_or((tag, ""));
    let end = version
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(version.len());
    let (numbers, letters) = version.split_at(end);
    if !letters
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '_')
    {
        return None;
    }
    let numbers: Result<Vec<u64>, _> = numbers.split('.').map(str::parse).collect();
    Some(Version {
        numbers: numbers.ok()?,
        letters: letters.to_owned(),
        stays: stays.to_owned(),
    })
}

/// Renovate's `regex` versioning.
fn by_pattern(pattern: &Regex, tag: &str) -> Option<Version> {
    let found = pattern.captures(tag)?;
    let group = |name: &str| found.name(name).map(|group| group.as_str());
    let number = |name: &str| group(name).map_or(0, |digits| digits.parse().unwrap());
    let mut numbers = vec![number("major"), number("minor"), number("patch")];
    if group("build").is_some() {
        numbers.push(number("build"));
    }
    Some(Version {
        numbers,
        letters: String::new(),
        stays: group("compatibility").unwrap_or_default().to_owned(),
    })
}

#[test]
fn renovate_s_preset_lets_patches_through_and_no_other_windows() {
    let (preset, without) = (Renovate::with_preset(), Renovate::without());
    let pairs = text("integrations/renovate/pairs.tsv");
    let mut kept = 0;
    for line in pairs.lines().skip(1) {
        let [image, old, new, expected] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let found = preset.update(image, old, new);
        assert_eq!(found.unwrap_or("none"), expected, "{line}");
        let Some((keeps, _)) = judged(image, old, new) else {
            continue;
        };
        assert!(
            keeps || found.is_none(),
            "another Windows gets through: {line}"
        );
        kept += usize::from(!keeps && without.update(image, old, new).is_some());
    }
    assert!(kept >= 10, "the pairs show too few of Renovate's mistakes");
    // The first of them.
    let servercore = Base::Servercore.repository();
    let update = without.update(servercore, "10.0.17763.437", "10.0.26100.1");
    assert_eq!(update, Some("patch"));
}

#[test]
fn renovate_s_preset_agrees_with_the_core_on_every_tag_of_the_base_images() {
    let preset = Renovate::with_preset();
    let servercore = Base::Servercore.repository();
    let tags = BaseTags::of_servercore();
    for old in tags.exact.iter().step_by(11) {
        for new in &tags.exact {
            let found = preset.update(servercore, old, new).is_some();
            let (_, forward) = judged(servercore, old, new).unwrap();
            assert_eq!(found, forward, "{old} -> {new}");
        }
    }
    for old in &tags.floating {
        for new in tags.floating.iter().chain(&tags.kb).chain(&tags.exact) {
            assert_eq!(preset.update(servercore, old, new), None, "{old} -> {new}");
        }
    }
    for old in tags.kb.iter().step_by(11) {
        for new in &tags.kb {
            let (keeps, forward) = judged(servercore, old, new).unwrap();
            let found = preset.update(servercore, old, new).is_some();
            assert!(
                keeps || !found,
                "another Windows gets through: {old} -> {new}"
            );
            let kb = |tag: &str| tag.split("KB").nth(1).unwrap().parse::<u32>().unwrap();
            assert_eq!(found, keeps && kb(new) > kb(old), "{old} -> {new}");
            // KB numbers are given out, not counted up: of older builds a later update may have a
            // smaller one, and a bot that follows them goes to the newest all the same (see below).
            if old.starts_with("ltsc") {
                assert_eq!(found, forward, "{old} -> {new}");
            }
        }
    }
}

#[test]
fn the_largest_kb_of_a_build_is_the_newest() {
    let catalog = Catalog::builtin();
    for build in [17_763, 19_042, 20_348, 26_100] {
        let updates: Vec<_> = catalog
            .image_updates_of(build, Some(Base::Servercore))
            .collect();
        let largest = updates.iter().max_by_key(|update| update.kb).unwrap();
        let newest = updates.last().unwrap();
        assert_eq!(largest.kb, newest.kb, "{build}");
    }
}

/// Dependabot: a tag's numbers, and the ranges of `ignore`, which leave out whatever is in one of them.
struct Dependabot {
    ignored: Vec<Vec<(String, Vec<u64>)>>,
}

impl Dependabot {
    fn read(versions: &str) -> Self {
        let ranges: Vec<String> = serde_json::from_str(versions).unwrap();
        let range = |text: &String| {
            let bounds = text.split(',').map(|bound| {
                let (sign, version) = bound.trim().split_once(' ').unwrap();
                (sign.to_owned(), dotted(version))
            });
            bounds.collect()
        };
        Self {
            ignored: ranges.iter().map(range).collect(),
        }
    }

    fn ignores(&self, tag: &str) -> bool {
        let numbers = Self::numbers(tag);
        self.ignored.iter().any(|range| {
            range.iter().all(|(sign, bound)| match sign.as_str() {
                "<" => &numbers < bound,
                ">=" => &numbers >= bound,
                other => panic!("{other}"),
            })
        })
    }

    /// `10.0.17763.437`, `1809`, `1809-KB4493509` as numbers.
    fn numbers(tag: &str) -> Vec<u64> {
        dotted(&tag.replace("KB", "").replace('-', "."))
    }

    /// Tags that begin with letters are not compared, nor those with letters inside.
    fn compares(tag: &str) -> bool {
        tag.replace("-KB", "")
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
    }
}

fn dotted(version: &str) -> Vec<u64> {
    version
        .split('.')
        .map(|part| part.parse().unwrap())
        .collect()
}

#[test]
fn dependabot_s_ranges_leave_one_windows() {
    let file = text("integrations/dependabot/dependabot.yml");
    let ranges = |line: &'static str| -> Dependabot {
        let mut lines = file.lines().filter(|other| other.contains("versions: "));
        let line = lines.find(|other| other.contains(line)).unwrap();
        Dependabot::read(line.split("versions: ").nth(1).unwrap())
    };
    let tags = BaseTags::of_servercore();
    let catalog = Catalog::builtin();
    for (name, build) in [
        ("Windows Server 2016", 14_393),
        ("Windows Server 2019", 17_763),
        ("Windows Server 2022", 20_348),
        ("Windows Server 2025", 26_100),
    ] {
        let dependabot = ranges(name);
        for tag in tags.exact.iter().chain(&tags.kb).chain(&tags.floating) {
            let reference = format!("{}:{tag}", Base::Servercore.repository());
            let image = NamedImage::read_reference(catalog, &reference).unwrap();
            let own = image.image.version.unwrap().build == build;
            if Dependabot::compares(tag) {
                assert_eq!(dependabot.ignores(tag), !own, "{name}: {tag}");
            }
        }
    }
    // What the file says, for all images, is what its comment says of that release.
    let used: Vec<&str> = file
        .lines()
        .filter(|line| line.starts_with("        versions:"))
        .collect();
    let of_2019 = file
        .lines()
        .find(|line| line.contains("Windows Server 2019   versions"));
    let of_2019 = of_2019.unwrap().split("versions: ").nth(1).unwrap();
    assert_eq!(used.len(), 5);
    assert!(used[..4].iter().all(|line| line.ends_with(of_2019)));
    let generic = Dependabot::read(used[4].split("versions: ").nth(1).unwrap());
    assert!(!generic.ignores("10.0.17763.9121"));
    assert!(generic.ignores("10.0.20348.825"));
}
