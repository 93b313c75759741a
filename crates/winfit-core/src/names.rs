//! Names of Windows releases as people write them: `ltsc2019`, `ws2019`, `Windows Server, version
//! 1709`, `win11-24h2`, `21H2`, `RS5`, `windows-2022`.
//!
//! A name is a row of words in any order of which each says something: the family, the year, the
//! version. A word that says nothing known makes it no name. What the words say together selects
//! rows of the catalog, so a new release needs no new code.

use crate::catalog::{Catalog, Release};
use crate::host::Kind;

/// Every release that a name as people write it may mean; empty: none.
///
/// `ltsc2019` is one release, `1809` three of one build, `21H2` three of three builds, `Windows 11`
/// all of them.
pub fn releases_named<'c>(catalog: &'c Catalog, text: &str) -> Vec<&'c Release> {
    // No name is longer; the bound keeps hostile text cheap.
    const MOST: usize = 120;
    if text.len() > MOST {
        return Vec::new();
    }
    let mut name = Name::default();
    for word in words(text, 0) {
        if !name.take(catalog, word.text) {
            return Vec::new();
        }
    }
    name.releases(catalog)
}

/// A name found in running text.
pub(crate) struct Found<'c> {
    /// Where it ends, as a byte offset of the text.
    pub(crate) end: usize,
    /// What it may mean.
    pub(crate) releases: Vec<&'c Release>,
    /// It names a family only (`Windows 11`, `Windows Server`), no release of it.
    pub(crate) family: bool,
}

/// The longest name that starts at this byte, which must start a word that names a Windows family:
/// in running text a bare `2019` or `1809` is a year or anything else.
pub(crate) fn name_at<'c>(catalog: &'c Catalog, text: &str, start: usize) -> Option<Found<'c>> {
    let mut name = Name::default();
    let mut best = None;
    for (at, word) in words(text, start).take(12).enumerate() {
        if at == 0 && !opens_a_name(word.text) {
            return None;
        }
        if !name.take(catalog, word.text) {
            break;
        }
        let releases = name.releases(catalog);
        if !releases.is_empty() {
            let family = name.year.is_none() && name.version.is_none() && !name.annual;
            best = Some(Found {
                end: word.end,
                releases,
                family,
            });
        }
    }
    best
}

/// Whether a name in running text may start with this word.
pub(crate) fn opens_a_name(word: &str) -> bool {
    let starts = |prefix: &str| {
        word.get(..prefix.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(prefix))
    };
    let digit_after = |prefix: &str| {
        starts(prefix)
            && word
                .as_bytes()
                .get(prefix.len())
                .is_some_and(u8::is_ascii_digit)
    };
    starts("windows") || ["win", "ws", "ltsc"].into_iter().any(digit_after)
}

/// A word and the byte after it.
pub(crate) struct Word<'t> {
    pub(crate) text: &'t str,
    pub(crate) end: usize,
}

/// The words of a text from a byte on: letters and digits, and dots between digits, so that
/// `10.0.17763` is one word and never the `10` of Windows 10.
pub(crate) fn words(text: &str, from: usize) -> impl Iterator<Item = Word<'_>> {
    let mut at = from;
    std::iter::from_fn(move || {
        let rest = text.get(at..)?;
        let skipped = rest.find(char::is_alphanumeric)?;
        let start = at + skipped;
        let mut end = start;
        let mut after_digit = false;
        for (offset, c) in text[start..].char_indices() {
            let digit_next = || {
                text[start + offset + c.len_utf8()..]
                    .bytes()
                    .next()
                    .is_some_and(|byte| byte.is_ascii_digit())
            };
            if !(c.is_alphanumeric() || (c == '.' && after_digit && digit_next())) {
                break;
            }
            after_digit = c.is_ascii_digit();
            end = start + offset + c.len_utf8();
        }
        at = end;
        Some(Word {
            text: &text[start..end],
            end,
        })
    })
}

/// What the words of a name say.
// Each mark is a word that stood there; any may stand with any.
#[allow(clippy::struct_excessive_bools)]
#[derive(Default)]
struct Name {
    windows: bool,
    /// The word before was `Windows`, so `10` and `11` are its family.
    after_windows: bool,
    server: bool,
    client: Option<&'static str>,
    long_term: bool,
    annual: bool,
    year: Option<u16>,
    version: Option<&'static str>,
    month: Option<u8>,
    fall: bool,
    /// `RS`, whose number follows.
    redstone: bool,
}

/// Words that stand in names and decide nothing: editions, channels, architectures.
const NOISE: &[&str] = &[
    "microsoft",
    "ms",
    "version",
    "versión",
    "versão",
    "versione",
    "edition",
    "datacenter",
    "standard",
    "essentials",
    "evaluation",
    "eval",
    "core",
    "full",
    "pro",
    "professional",
    "enterprise",
    "home",
    "education",
    "iot",
    "workstations",
    "for",
    "multi",
    "session",
    "azure",
    "sac",
    "gac",
    "semi",
    "channel",
    "containers",
    "base",
    "update",
    "release",
    "x64",
    "x86",
    "amd64",
    "arm64",
    "arm",
    "english",
    "build",
    "actualización",
    "actualizacion",
    "de",
    "la",
    "uppdatering",
    "uppdateringen",
    "mise",
    "à",
    "jour",
];

/// Windows' internal names of its half-yearly versions.
const HALVES: &[(&str, &str)] = &[("19h1", "1903"), ("19h2", "1909"), ("20h1", "2004")];

/// The names by which updates of Windows 10 were sold: month, year, version.
const SOLD_AS: &[(u8, u16, &str)] = &[
    (4, 2018, "1803"),
    (10, 2018, "1809"),
    (5, 2019, "1903"),
    (11, 2019, "1909"),
    (5, 2020, "2004"),
    (10, 2020, "20H2"),
    (5, 2021, "21H1"),
    (11, 2021, "21H2"),
];

impl Name {
    /// Takes one word; false where it is no word of a name or says a second time what it may say
    /// once.
    fn take(&mut self, catalog: &Catalog, word: &str) -> bool {
        let word = word.to_lowercase();
        if word.contains("annual") && self.take_plain(catalog, word.trim_end_matches("annual")) {
            return !std::mem::replace(&mut self.annual, true);
        }
        let digits = word.find(|c: char| c.is_ascii_digit());
        match digits {
            // `ws2019`, `win11`, `v1809`, `RS5`: letters, then what they announce.
            Some(at) if at > 0 && !NOISE.contains(&word.as_str()) => {
                self.take_plain(catalog, &word[..at]) && self.take_plain(catalog, &word[at..])
            }
            _ => self.take_plain(catalog, &word),
        }
    }

    fn take_plain(&mut self, catalog: &Catalog, word: &str) -> bool {
        let after_windows = std::mem::replace(&mut self.after_windows, false);
        let redstone = std::mem::replace(&mut self.redstone, false);
        match word {
            "" => {}
            "windows" | "win" | "w" => {
                self.after_windows = true;
                return !std::mem::replace(&mut self.windows, true);
            }
            "server" | "srv" | "ws" | "winserver" | "windowsserver" | "servercore"
            | "nanoserver" | "nano" => self.server = true,
            "10" | "11" if after_windows && self.client.is_none() => {
                self.client = Some(if word == "10" {
                    "Windows 10 "
                } else {
                    "Windows 11 "
                });
            }
            "ltsc" | "ltsb" | "lts" | "v" => self.long_term |= word != "v",
            "rs" | "redstone" => self.redstone = true,
            "anniversary" | "aniversario" | "anniversaire" | "anniversario" => {
                return self.set_version("1607");
            }
            "fall" | "autumn" => self.fall = true,
            "creators" => return self.set_version(if self.fall { "1709" } else { "1703" }),
            "april" => self.month = Some(4),
            "may" => self.month = Some(5),
            "october" => self.month = Some(10),
            "november" => self.month = Some(11),
            _ if NOISE.contains(&word) => {}
            _ => return self.take_number(catalog, word, redstone),
        }
        true
    }

    fn take_number(&mut self, catalog: &Catalog, word: &str, redstone: bool) -> bool {
        if redstone {
            let versions = ["1607", "1703", "1709", "1803", "1809"];
            let number = word.parse::<usize>().ok();
            return number
                .and_then(|number| versions.get(number.checked_sub(1)?))
                .is_some_and(|version| self.set_version(version));
        }
        if let Some((_, version)) = HALVES.iter().find(|(half, _)| *half == word) {
            return self.set_version(version);
        }
        let known = catalog
            .releases
            .iter()
            .find(|release| release.version.eq_ignore_ascii_case(word));
        if let Some(release) = known {
            return self.set_version(release.version);
        }
        match word.parse::<u16>() {
            Ok(year @ 2016..=2099) if word.len() == 4 => self.year.replace(year).is_none(),
            _ => false,
        }
    }

    fn set_version(&mut self, version: &'static str) -> bool {
        self.version.replace(version).is_none()
    }

    /// The rows of the catalog that fit all the words.
    fn releases<'c>(&self, catalog: &'c Catalog) -> Vec<&'c Release> {
        if self.server && self.client.is_some() {
            return Vec::new();
        }
        let mut year = self.year;
        let mut version = self.version;
        let mut client = self.client;
        if let (Some(month), Some(stated)) = (self.month, year) {
            let sold = SOLD_AS.iter().find(|(m, y, _)| (*m, *y) == (month, stated));
            let Some((_, _, sold)) = sold else {
                return Vec::new();
            };
            (year, version) = (None, Some(*sold));
            client = client.or(Some("Windows 10 "));
        } else if self.month.is_some() {
            return Vec::new();
        }
        // "Windows 10 Enterprise LTSC 2019" counts in years what the version names.
        if let (Some(_), Some(stated)) = (client, year) {
            let of_year = match stated {
                2016 => "1607",
                2019 => "1809",
                2021 => "21H2",
                2024 => "24H2",
                _ => return Vec::new(),
            };
            if !self.long_term || version.is_some_and(|version| version != of_year) {
                return Vec::new();
            }
            (year, version) = (None, Some(of_year));
        }
        if self.annual {
            let newest = catalog.releases.iter().rfind(|r| r.channel == "AC");
            return newest.into_iter().collect();
        }
        if !self.server && client.is_none() && year.is_none() && version.is_none() {
            return Vec::new();
        }
        let server_of_year = year.map(|year| format!("Windows Server {year}"));
        let found: Vec<&Release> = catalog
            .releases
            .iter()
            .filter(|release| !self.server || release.kind == Kind::Server)
            .filter(|release| client.is_none_or(|family| release.name.starts_with(family)))
            .filter(|release| {
                server_of_year
                    .as_ref()
                    .is_none_or(|name| release.name == name)
            })
            .filter(|release| version.is_none_or(|version| release.version == version))
            .filter(|release| !self.long_term || client.is_some() || release.channel == "LTSC")
            .collect();
        // "Windows Server, version 1809" has its own row beside Windows Server 2019.
        if let (true, Some(version)) = (self.server, version) {
            let own = format!("Windows Server, version {version}");
            if let Some(own) = found.iter().find(|release| release.name == own) {
                return vec![own];
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Vec<&'static str> {
        releases_named(Catalog::builtin(), text)
            .iter()
            .map(|release| release.name)
            .collect()
    }

    #[test]
    fn one_release_by_each_of_its_names() {
        for (text, expected) in [
            ("ltsc2016", "Windows Server 2016"),
            ("sac2016", "Windows Server 2016"),
            ("ltsc2019", "Windows Server 2019"),
            ("LTSC 2022", "Windows Server 2022"),
            ("ws2019", "Windows Server 2019"),
            ("WS2025", "Windows Server 2025"),
            ("Windows Server 2019", "Windows Server 2019"),
            (
                "Microsoft Windows Server 2019 Datacenter",
                "Windows Server 2019",
            ),
            ("Windows Server 2022 Datacenter", "Windows Server 2022"),
            (
                "Windows Server 2022 Datacenter Azure Edition",
                "Windows Server 2022",
            ),
            (
                "Windows Server 2019 Standard Evaluation",
                "Windows Server 2019",
            ),
            ("server 2019", "Windows Server 2019"),
            ("2019", "Windows Server 2019"),
            ("2016", "Windows Server 2016"),
            ("Windows Server 2019, version 1809", "Windows Server 2019"),
            ("Windows Server Version 21H2", "Windows Server 2022"),
            (
                "Windows Server, version 1709",
                "Windows Server, version 1709",
            ),
            (
                "Windows Server, versión 1709",
                "Windows Server, version 1709",
            ),
            (
                "Windows Server version 1809",
                "Windows Server, version 1809",
            ),
            ("Windows Server 23H2", "Windows Server, version 23H2"),
            ("win10-1809", "Windows 10 1809"),
            ("Windows 10, version 22H2", "Windows 10 22H2"),
            ("Windows 10 Version 1809 for x64", "Windows 10 1809"),
            ("win11-24h2", "Windows 11 24H2"),
            ("Windows 11 Pro 23H2", "Windows 11 23H2"),
            ("w11 25H2", "Windows 11 25H2"),
            ("windows-2022", "Windows Server 2022"),
            ("windows-2025", "Windows Server 2025"),
            ("Windows2022", "Windows Server 2022"),
            ("Windows2019", "Windows Server 2019"),
            ("WindowsAnnual", "Windows Server, version 23H2"),
            ("Windows 10 Anniversary Update", "Windows 10 1607"),
            ("Windows 10 Fall Creators Update", "Windows 10 1709"),
            ("Windows 10 October 2018 Update", "Windows 10 1809"),
            ("Windows 10 Enterprise LTSC 2019", "Windows 10 1809"),
            ("Windows 10 Enterprise LTSC 2021", "Windows 10 21H2"),
            ("Windows 11 Enterprise LTSC 2024", "Windows 11 24H2"),
            ("windows_ltsc_2022", "Windows Server 2022"),
        ] {
            assert_eq!(named(text), [expected], "{text}");
        }
    }

    #[test]
    fn names_that_mean_several() {
        let of_1809 = [
            "Windows Server 2019",
            "Windows Server, version 1809",
            "Windows 10 1809",
        ];
        for text in ["1809", "V1809", "RS5", "rs5", "Redstone 5", "version 1809"] {
            assert_eq!(named(text), of_1809, "{text}");
        }
        assert_eq!(
            named("1709"),
            ["Windows Server, version 1709", "Windows 10 1709"]
        );
        assert_eq!(
            named("21H2"),
            ["Windows 10 21H2", "Windows Server 2022", "Windows 11 21H2"]
        );
        assert_eq!(named("22h2"), ["Windows 10 22H2", "Windows 11 22H2"]);
        assert_eq!(
            named("23H2"),
            ["Windows 11 23H2", "Windows Server, version 23H2"]
        );
        assert_eq!(named("24H2"), ["Windows 11 24H2", "Windows Server 2025"]);
        let eleven = named("Windows 11");
        assert!(eleven.len() >= 6 && eleven.iter().all(|name| name.starts_with("Windows 11 ")));
        assert!(named("win10").len() >= 10);
        assert!(named("Windows Server").len() >= 10);
        assert_eq!(named("19H1").len(), 2);
    }

    #[test]
    fn every_name_of_the_catalog_is_a_name() {
        for release in &Catalog::builtin().releases {
            let found = releases_named(Catalog::builtin(), release.name);
            assert_eq!(found.len(), 1, "{}", release.name);
            assert_eq!(found[0].name, release.name);
            for tag in &release.tags {
                assert!(named(tag).contains(&release.name), "{tag}");
            }
        }
    }

    #[test]
    fn what_is_no_name_means_nothing() {
        for text in [
            "",
            "windows",
            "linux",
            "Windows 11 1809",
            "Windows Server 2019 21H2",
            "Windows 10.0.17763",
            "2600",
            "17763",
            "Windows 7",
            "Windows Server 2012 R2",
            "2018",
            "banana 2019",
            "windows-latest",
            "Windows 10 Windows 11",
            "-1",
            "10",
            "RS9",
            "May Update",
            "Windows Server Windows 10",
            "ubuntu-22.04",
            "1.2",
            "Windows 10 2019",
        ] {
            assert_eq!(named(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn the_longest_name_in_running_text() {
        let text = "on Windows Server 2016 and Windows 10.0.17763, not";
        let found = name_at(Catalog::builtin(), text, 3).expect("a name");
        assert_eq!(&text[3..found.end], "Windows Server 2016");
        assert!(name_at(Catalog::builtin(), text, 27).is_none());
        assert!(name_at(Catalog::builtin(), "2019 was a year", 0).is_none());
    }
}
