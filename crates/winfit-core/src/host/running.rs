//! Running text: versions, names and KBs among words and look-alikes.

use crate::catalog::{Catalog, Release};
use crate::names;
use crate::version::{OsVersion, SMALLEST_BARE_BUILD};

use super::fields;
use super::update;

/// Something of Windows in a line.
#[derive(Debug)]
pub(super) enum What<'c> {
    /// A version.
    Version(OsVersion),
    /// The lab's build and revision: `14393.321.amd64fre…`.
    Lab(OsVersion),
    /// A name, and whether it is only a family's.
    Name(Vec<&'c Release>, bool),
    /// A KB.
    Kb(u32),
    /// `Build 2600`, which Microsoft's page prints for 26100.
    Build2600,
    /// It starts as a Windows version and cannot be one.
    Malformed,
}

/// That, and where it is in the line.
#[derive(Debug)]
pub(super) struct Hit<'c> {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) what: What<'c>,
}

/// Everything of Windows in a line, in order.
pub(super) fn hits<'c>(catalog: &'c Catalog, line: &str) -> Vec<Hit<'c>> {
    let mut hits = Vec::new();
    if line.len() < 400 && line.contains("BIOS") {
        return hits;
    }
    numbers(catalog, line, &mut hits);
    for (start, end, kb) in update::stated(line) {
        // `1809-KB4493509` in an image's tag is the image's.
        let tag = line[..start].ends_with(['-', '_']) && in_reference(line, start);
        if !tag {
            hits.push(Hit {
                start,
                end,
                what: What::Kb(kb),
            });
        }
    }
    let mut at = 0;
    for word in names::words(line, 0) {
        let start = word.end - word.text.len();
        if start < at || !names::opens_a_name(word.text) {
            continue;
        }
        // Not in paths, tags and labels: `C:\Windows`, `servercore:ltsc2019`, `os=windows`.
        let before = line[..start].chars().next_back();
        let joined = matches!(before, Some('\\' | '/' | ':' | '=' | '-' | '_' | '.' | '@'));
        if joined {
            continue;
        }
        if let Some(found) = names::name_at(catalog, line, start) {
            at = found.end;
            hits.push(Hit {
                start,
                end: found.end,
                what: What::Name(found.releases, found.family),
            });
        }
    }
    hits.sort_by_key(|hit| hit.start);
    hits
}

/// Whether the word that holds this byte is an image reference or a path.
fn in_reference(line: &str, at: usize) -> bool {
    let word = tail(line, at, 300).rsplit(char::is_whitespace).next();
    word.is_some_and(|word| word.contains('/') || word.contains(':'))
}

/// Whether the word before this byte is a path or a reference.
fn in_path(line: &str, at: usize) -> bool {
    let word = tail(line, at, 300).rsplit(char::is_whitespace).next();
    word.is_some_and(|word| word.contains('/'))
}

fn numbers(catalog: &Catalog, line: &str, hits: &mut Vec<Hit<'_>>) {
    let bytes = line.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let start = at;
        while at < bytes.len() && (bytes[at].is_ascii_digit() || bytes[at] == b'.') {
            at += 1;
        }
        let mut end = at;
        while bytes[end - 1] == b'.' {
            end -= 1;
        }
        let whole = end - start;
        // Where letters follow a dot (`14393.321.amd64fre`), the run ends in one.
        let flavour = at > end && bytes.get(at).is_some_and(u8::is_ascii_alphabetic);
        if flavour && let Some(lab) = fields::lab(&line[start..]) {
            let word = line[start..].find(|c: char| c.is_whitespace() || c == ')');
            // On past it, so that a line of nothing else stays linear.
            at = word.map_or(line.len(), |word| start + word);
            hits.push(Hit {
                start,
                end: at,
                what: What::Lab(lab),
            });
            continue;
        }
        if flavour {
            // `22621.ni_release.220506-1250` and the like.
            continue;
        }
        if whole > 40 || joined_before(line, start) || joined_after(line, end, at) {
            if line[start..end].starts_with("10.0.") && !joined_before(line, start) && whole > 40 {
                hits.push(malformed(start, end));
            }
            continue;
        }
        if let Some(what) = number(catalog, line, start, end) {
            hits.push(Hit { start, end, what });
        }
    }
}

const fn malformed<'c>(start: usize, end: usize) -> Hit<'c> {
    Hit {
        start,
        end,
        what: What::Malformed,
    }
}

/// Whether the number is the tail of something else: a tag, a path, a word, a Kubernetes version.
fn joined_before(line: &str, start: usize) -> bool {
    let mut before = line[..start].chars().rev();
    match before.next() {
        None => false,
        Some(':') => in_path(line, start - 1),
        Some('=') => !fields::normal(tail(line, start - 1, 9)).ends_with("version"),
        Some(c) => {
            c.is_alphanumeric() && c.is_ascii()
                || matches!(c, '.' | '/' | '\\' | '@' | '-' | '_' | '+' | '$')
        }
    }
}

/// Whether it goes on as something else: a CIDR, a kernel's suffix, a unit.
fn joined_after(line: &str, end: usize, run_end: usize) -> bool {
    if run_end > end {
        return false;
    }
    match line[end..].chars().next() {
        Some(c) => {
            c.is_ascii_alphanumeric()
                || matches!(c, '/' | '_' | '%' | '+')
                || (c == '-' && {
                    line[end + 1..].starts_with(|next: char| next.is_ascii_alphanumeric())
                })
        }
        None => false,
    }
}

fn number<'c>(catalog: &Catalog, line: &str, start: usize, end: usize) -> Option<What<'c>> {
    let text = &line[start..end];
    let parts = text.split('.').count();
    if parts >= 3 {
        if let Ok(version) = text.parse::<OsVersion>() {
            if !fields::is_windows(version) || selector_before(line, start) {
                return None;
            }
            return Some(What::Version(clean(line, start, version)));
        }
        // `10.0.99999999999.1` begins as one; `10.0.1.2.3` and the like are nothing.
        let third = text.strip_prefix("10.0.")?.split('.').next()?;
        return (third.len() >= 5).then_some(What::Malformed);
    }
    let known = |build: u16| catalog.kinds_of(build).is_some();
    let after_build = build_word_before(line, start);
    if parts == 1 {
        if text == "2600" && after_build {
            return Some(What::Build2600);
        }
        let build: u16 = text.parse().ok()?;
        if selector_before(line, start) {
            return None;
        }
        let whole_line = line.trim() == text;
        return (build >= SMALLEST_BARE_BUILD && (after_build || whole_line && known(build)))
            .then(|| What::Version(OsVersion::of_build(build)));
    }
    let version: OsVersion = text.parse().ok()?;
    let stands = (known(version.build) || after_build) && !selector_before(line, start);
    stands.then_some(What::Version(version))
}

/// `[Environment]::OSVersion` always ends in .0; the build of PowerShell's own files lags behind.
fn clean(line: &str, start: usize, version: OsVersion) -> OsVersion {
    let before = tail(line, start, 200);
    let environment = version.revision == Some(0)
        && (before.contains("Win32NT") || before.contains("Windows NT"));
    if environment || before.contains("BuildVersion") {
        version.without_revision()
    } else {
        version
    }
}

/// The last bytes before a place, on a character boundary.
fn tail(line: &str, at: usize, most: usize) -> &str {
    let mut from = at.saturating_sub(most);
    while !line.is_char_boundary(from) {
        from += 1;
    }
    &line[from..at]
}

/// Selectors and constraints ask for a host and are none.
fn selector_before(line: &str, start: usize) -> bool {
    let before = tail(line, start, 48);
    before.contains("osbuild") || before.contains("windows-build") || before.contains("==")
}

/// Whether the word before says that a build follows, in one of the languages of Windows.
fn build_word_before(line: &str, start: usize) -> bool {
    let before = tail(line, start, 48).to_lowercase();
    let before = before.trim_end_matches([' ', ':', '.', '\t', '"', '\u{a0}']);
    let word = before
        .rsplit([' ', '(', '[', '\u{a0}'])
        .next()
        .unwrap_or_default();
    let words = [
        "build",
        "buildnr",
        "compil",
        "ビルド",
        "сборка",
        "kompil",
        "derleme",
        "생성",
        "빌드",
        "内部版本",
        "組建",
        "sestaven",
        "versjon",
        "buildnumber",
    ];
    words.iter().any(|known| word.contains(known))
        || before.ends_with("compilación de so")
        || before.ends_with("build del so")
        || before.ends_with("build do so")
        || before.ends_with("build du se")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str) -> Vec<String> {
        hits(Catalog::builtin(), line)
            .into_iter()
            .map(|hit| match hit.what {
                What::Version(version) => version.to_string(),
                What::Lab(version) => format!("lab {}", version.short()),
                What::Name(releases, family) => format!(
                    "{}{}",
                    releases[0].name,
                    if family { " and others" } else { "" }
                ),
                What::Kb(kb) => format!("KB{kb}"),
                What::Build2600 => "2600".to_owned(),
                What::Malformed => format!("malformed {}", &line[hit.start..hit.end]),
            })
            .collect()
    }

    #[test]
    fn what_states_a_version() {
        for (line, expected) in [
            (
                "Microsoft Windows [Version 10.0.16299.125]",
                "10.0.16299.125",
            ),
            (
                "Microsoft Windows [Versi\u{a2}n 10.0.17763.437]",
                "10.0.17763.437",
            ),
            ("Version 1809 (OS Build 17763.437)", "10.0.17763.437"),
            (
                "Versión 1809 (compilación de SO 17763.437)",
                "10.0.17763.437",
            ),
            ("バージョン 1809 (OS ビルド 17763.437)", "10.0.17763.437"),
            ("Version 24H2 (Build 27900.1000)", "10.0.27900.1000"),
            (
                "14393.321.amd64fre.rs1_release_inmarket.161004-2338",
                "lab 14393.321",
            ),
            ("Win32NT             10.0.17763.0 and", "10.0.17763"),
            ("on 10.0.14393.* only", "10.0.14393"),
            ("17763", "10.0.17763"),
            ("Windows OS build: 22631", "10.0.22631"),
            ("(Build 2600)", "2600"),
            (
                "it says 10.0.99999999999.1 here",
                "malformed 10.0.99999999999.1",
            ),
            ("Microsoft Windows [Version 6.3.9600]", "10.0"),
        ] {
            let found = shown(line);
            assert_eq!(found.len(), 1, "{line}: {found:?}");
            if expected != "10.0" {
                assert_eq!(found[0], expected, "{line}");
            }
        }
    }

    #[test]
    fn what_only_looks_alike() {
        for line in [
            "10.0.138.9 and 10.240.0.4, 10.0.0.0/16",
            "v1.7.7-7+e79c96c8ff2d8e 20.10.9 4.0.30319 5.1.17763.1",
            "FROM mcr.microsoft.com/windows/nanoserver:10.0.17763.437",
            "FROM mcr.microsoft.com/windows/nanoserver:1809-KB4493509",
            "mcr.microsoft.com/windows/servercore:ltsc2019",
            "C:\\Windows\\System32 windows/amd64 os=windows windowsfilter",
            "beta.kubernetes.io/osbuild=14393.1715",
            "\"beta.kubernetes.io/osbuild\": \"14393.1715\"",
            "node.labels.OsVersion == 10.0.17763",
            "port 17763 costs 12345.67, in 2019",
            "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion",
            "5.4.0-1083-azure 10.0.17763-x",
            "containerd://1.6.6+azure",
            "2600",
            "(c) 2017 Microsoft Corporation. All rights reserved.",
        ] {
            assert_eq!(shown(line), [""; 0], "{line}");
        }
    }

    #[test]
    fn names_and_kbs_in_order() {
        assert_eq!(
            shown("10.0.14393.1914 (Windows Server 2016 med KB4051033 tillämpad)"),
            ["10.0.14393.1914", "Windows Server 2016", "KB4051033"]
        );
        assert_eq!(
            shown("The Windows 10 Pro operating system")[0],
            "Windows 10 1607 and others"
        );
    }
}
