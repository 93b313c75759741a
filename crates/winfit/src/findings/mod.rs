//! Findings, rendered: one file an output format. Files, Docker, Swarm and Kubernetes all give the
//! same [`Report`].
//!
//! Text from files is hostile: every renderer makes it harmless for where it goes.

mod closing;
mod excerpt;
mod fingerprint;
pub(crate) mod github;
pub(crate) mod gitlab;
pub(crate) mod human;
pub(crate) mod json;
pub(crate) mod markdown;
pub(crate) mod patch;
pub(crate) mod paths;
mod places;
#[cfg(test)]
pub(crate) mod samples;
pub(crate) mod sarif;

use anyhow::Result;
use paths::WorkingFolder;
use serde::Serialize;
use winfit_core::audit::Placed;
use winfit_core::finding::{Finding, Origin, Rule, Severity};
use winfit_core::fleet::{Member, Workload};
use winfit_core::remedy::{Remedy, Safety, Shell};
use winfit_files::fix::{Applied, FileEdit, chosen, edits};
use winfit_files::repository::{Repository, Unread};
use winfit_files::source::Source;

/// Where the texts are that origins point into.
pub(crate) trait Sources {
    /// The text of a file by the name that origins carry; none: it is no file, or not at hand.
    fn source(&self, name: &str) -> Option<&Source>;

    /// What carries a remedy out in these texts; nothing where it takes a person's hand.
    fn edits(&self, remedy: &Remedy) -> Vec<FileEdit>;
}

impl Sources for Repository {
    fn source(&self, name: &str) -> Option<&Source> {
        Self::source(self, name).map(AsRef::as_ref)
    }

    fn edits(&self, remedy: &Remedy) -> Vec<FileEdit> {
        edits(self, remedy).unwrap_or_default()
    }
}

/// What is judged is no file: places are fields of objects.
pub(crate) struct NoFiles;

impl Sources for NoFiles {
    fn source(&self, _name: &str) -> Option<&Source> {
        None
    }

    fn edits(&self, _remedy: &Remedy) -> Vec<FileEdit> {
        Vec::new()
    }
}

/// What an audit found, with all that renderers show of it.
pub(crate) struct Report<'a> {
    /// What is wrong, by place.
    pub(crate) findings: &'a [Finding],
    /// The texts.
    pub(crate) sources: &'a dyn Sources,
    /// The rules that may be named, with their summaries.
    pub(crate) rules: &'a [Rule],
    /// The hosts.
    pub(crate) hosts: &'a [Member],
    /// Where the hosts come from, in words: `winfit.toml`. May be empty.
    pub(crate) hosts_from: &'a str,
    /// What runs on them.
    pub(crate) workloads: &'a [Workload],
    /// How that is placed, in the same order.
    pub(crate) placed: &'a [Placed],
    /// What is not judged, as subjects in words, each with the label that is not declared.
    pub(crate) not_judged: &'a [(String, String)],
    /// The templates that are not read, each by the command that renders it.
    pub(crate) templates: &'a [&'a str],
    /// What was mended before.
    pub(crate) fixed: &'a [Applied],
    /// How many of the findings a fix would mend.
    pub(crate) fixable: Fixable,
    /// How many files were read, or of whatever else holds what findings point at.
    pub(crate) files: usize,
    /// What those are: `file`, `image`.
    pub(crate) unit: &'static str,
    /// How many findings comments and `winfit.toml` ignore.
    pub(crate) ignored: usize,
    /// What could not be read.
    pub(crate) unread: &'a [Unread],
    /// The working folder: annotations name files from it.
    pub(crate) folder: &'a WorkingFolder,
}

/// How many findings a fix would mend.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Fixable {
    /// With `--fix` alone.
    pub(crate) safe: usize,
    /// With `--unsafe-fixes` besides.
    pub(crate) also_unsafe: usize,
}

impl Fixable {
    /// Counts them. Of many findings not each edit is tried.
    pub(crate) fn of(repository: &Repository, findings: &[Finding]) -> Self {
        const TRIED: usize = 100;
        let mut count = Self::default();
        for (at, finding) in findings.iter().enumerate() {
            let can = |unsafe_fixes| {
                chosen(repository, finding, unsafe_fixes)
                    .is_some_and(|remedy| at >= TRIED || edits(repository, remedy).is_ok())
            };
            if can(false) {
                count.safe += 1;
            } else if can(true) {
                count.also_unsafe += 1;
            }
        }
        count
    }

    /// `1 fix with --fix`, `2 fixes with --fix --unsafe-fixes`; none: there are none.
    pub(crate) fn in_words(self) -> Option<String> {
        match (self.safe, self.also_unsafe) {
            (0, 0) => None,
            (safe, 0) => Some(format!("{} with --fix", fixes(safe))),
            (0, other) => Some(format!("{} with --fix --unsafe-fixes", fixes(other))),
            (safe, other) => Some(format!(
                "{} with --fix, {other} more with --unsafe-fixes",
                fixes(safe)
            )),
        }
    }
}

fn fixes(count: usize) -> String {
    match count {
        1 => "1 fix".to_owned(),
        many => format!("{many} fixes"),
    }
}

impl Report<'_> {
    /// How many findings are of this weight.
    fn count(&self, severity: Severity) -> usize {
        let same = |finding: &&Finding| finding.severity == severity;
        self.findings.iter().filter(same).count()
    }

    /// `1 error, 2 warnings`, or `no findings`.
    fn counted(&self) -> String {
        let parts: Vec<String> = [
            (Severity::Error, "error"),
            (Severity::Warning, "warning"),
            (Severity::Info, "info"),
        ]
        .into_iter()
        .map(|(severity, word)| (self.count(severity), word))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| match word {
            "info" => format!("{count} info"),
            word => plural(count, word),
        })
        .collect();
        if parts.is_empty() {
            "no findings".to_owned()
        } else {
            parts.join(", ")
        }
    }

    /// `1 error in 14 files against 3 hosts (winfit.toml), 2 ignored`.
    pub(crate) fn summary(&self) -> String {
        let mut text = format!("{} in {}", self.counted(), plural(self.files, self.unit));
        if !self.hosts.is_empty() {
            text.push_str(&format!(" against {}", plural(self.hosts.len(), "host")));
            if !self.hosts_from.is_empty() {
                text.push_str(&format!(" ({})", clean(self.hosts_from)));
            }
        }
        if self.ignored > 0 {
            text.push_str(&format!(", {} ignored", self.ignored));
        }
        if !self.unread.is_empty() {
            text.push_str(&format!(", {} not read", self.unread.len()));
        }
        if self.hosts.is_empty() && self.unit == "file" {
            text.push_str("; no hosts are declared");
        }
        text
    }

    /// What a rule says in one line; of a rule that is not listed its name in words.
    fn rule_summary(&self, name: &str) -> String {
        self.rules
            .iter()
            .find(|rule| rule.name == name)
            .map_or_else(|| name.replace('-', " "), |rule| rule.summary.to_owned())
    }

    /// The place in a file that an origin names; none: it is an object.
    fn place(&self, origin: &Origin) -> Option<Place> {
        let source = self.sources.source(&origin.source);
        if origin.span.is_none() && source.is_none() {
            return None;
        }
        let path = self.folder.relative(&clean(&origin.source));
        let region = origin.span.map(|span| {
            let (end_line, end_column) = source
                .and_then(|source| source.text.get(span.start..span.end))
                .map_or((span.line, span.column), |text| {
                    let lines = text.matches('\n').count() as u32;
                    match text.rsplit_once('\n') {
                        Some((_, last)) => (span.line + lines, last.chars().count() as u32 + 1),
                        None => (span.line, span.column + text.chars().count() as u32),
                    }
                });
            Region {
                line: span.line,
                column: span.column,
                end_line,
                end_column,
            }
        });
        Some(Place { path, region })
    }
}

/// A place in a file, for formats that cannot show it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    /// The path, from the working folder where it is in the repository around that.
    path: String,
    /// The piece; none: the file as a whole.
    region: Option<Region>,
}

/// Lines and columns from 1, columns in characters; the end is the place after the last character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Region {
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
}

/// An origin in words: `shop/web.yaml:21:9`, `Deployment shop/web, spec.template`.
pub(crate) fn in_words(origin: &Origin) -> String {
    let mut text = clean(&origin.source);
    if let Some(span) = origin.span {
        text.push_str(&format!(":{}:{}", span.line, span.column));
    }
    if let Some(field) = &origin.field {
        text.push_str(&format!(", {}", clean(field)));
    }
    text
}

/// A remedy with what it may cost: `fix`, `fix (unsafe, moves pods)`; one that no file carries is `by hand`.
pub(crate) fn fix_word(remedy: &Remedy) -> String {
    match (remedy.safety, remedy.effect()) {
        _ if remedy.changes.is_empty() => "fix (by hand)".to_owned(),
        (Safety::Safe, _) => "fix".to_owned(),
        (Safety::Unsafe, None) => "fix (unsafe)".to_owned(),
        (Safety::Unsafe, Some(effect)) => format!("fix (unsafe, {effect})"),
    }
}

/// The lines of a remedy to paste, each with whether it is only a label.
pub(crate) fn to_paste(remedy: &Remedy) -> Vec<(bool, String)> {
    let mut lines = Vec::new();
    // A diff that names no file says what the commands say.
    if let Some(diff) = remedy.diff.as_ref().filter(|diff| diff.starts_with("---")) {
        let told = diff.lines().filter(|line| !line.starts_with("---"));
        lines.extend(told.map(|line| (false, clean(line.strip_prefix("+++ ").unwrap_or(line)))));
    }
    for command in &remedy.commands {
        match command.shell {
            Shell::PowerShell => lines.push((true, "# PowerShell".to_owned())),
            Shell::Sh => lines.push((true, "# sh".to_owned())),
            _ => {}
        }
        lines.extend(command.text.lines().map(|line| (false, clean(line))));
    }
    lines
}

/// A JSON document that also drives no terminal: what JSON itself leaves as it is (DEL and what
/// follows it, turns of direction) is escaped, so that nothing is lost.
pub(crate) fn document(value: &impl Serialize) -> Result<String> {
    let text = crate::json::document(value)?;
    let harmful = |c: char| c != '\n' && harmless(c) != c;
    // Below DEL there is nothing that JSON leaves as it is and that does harm.
    if text.bytes().all(|byte| byte < 0x7f) || !text.contains(harmful) {
        return Ok(text);
    }
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if harmful(c) {
            safe.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            safe.push(c);
        }
    }
    Ok(safe)
}

/// `1 file`, `2 files`.
pub(crate) fn plural(count: usize, word: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {word}{ending}")
}

/// Text from outside, made harmless: control characters could drive a terminal, and those that turn
/// the direction of writing could make a line look like another.
pub(crate) fn clean(text: &str) -> String {
    text.chars().map(harmless).collect()
}

fn harmless(c: char) -> char {
    let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{61c}');
    if c.is_control() || turns {
        '\u{fffd}'
    } else {
        c
    }
}

#[cfg(test)]
mod tests {
    use super::samples::Sample;
    use super::*;

    #[test]
    fn the_last_line_counts() {
        let sample = Sample::new();
        let report = sample.report();
        assert_eq!(
            report.summary(),
            "1 error, 1 warning, 3 info in 2 files against 2 hosts (winfit.toml), 2 ignored, \
             1 not read"
        );
        let clean = Report {
            findings: &[],
            ignored: 0,
            unread: &[],
            files: 14,
            ..sample.report()
        };
        assert_eq!(
            clean.summary(),
            "no findings in 14 files against 2 hosts (winfit.toml)"
        );
        let alone = Report {
            hosts: &[],
            files: 1,
            ..clean
        };
        assert_eq!(
            alone.summary(),
            "no findings in 1 file; no hosts are declared"
        );
    }

    #[test]
    fn files_are_named_from_the_working_folder() {
        for (name, path) in [
            ("a/b", "a/b"),
            ("./a/b", "a/b"),
            ("../a", "../a"),
            ("/srv/a", "a"),
            ("/srv2/a", "/srv2/a"),
        ] {
            let sample = Sample {
                sources: vec![Source::of_text(name, "")],
                ..Sample::new()
            };
            let place = sample.report().place(&sample.sources[0].whole());
            assert_eq!(place.map(|place| place.path).as_deref(), Some(path));
        }
    }

    #[test]
    fn columns_are_characters_and_ends_lie_behind() {
        let sample = Sample {
            sources: vec![Source::of_text("a", "窓 b\n窓窓")],
            ..Sample::new()
        };
        let source = &sample.sources[0];
        let report = sample.report();
        let region = |start, end| {
            let place = report.place(&source.origin(start, end)).unwrap();
            let at = place.region.unwrap();
            (at.line, at.column, at.end_line, at.end_column)
        };
        assert_eq!(region(0, 3), (1, 1, 1, 2));
        assert_eq!(region(4, 5), (1, 3, 1, 4));
        assert_eq!(region(4, 9), (1, 3, 2, 2));
        assert_eq!(region(12, 12), (2, 3, 2, 3));
    }
}
