//! Comments that say what not to report: `# winfit: ignore[rule]` beside a line or right above it.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use ignore::gitignore::GitignoreBuilder;
use winfit_core::finding::{Finding, Origin, Severity, Subject};
use winfit_core::version::quote_for_error;

use crate::config::Config;
use crate::fix::FileEdit;
use crate::repository::{Facts, ReadFile, Repository};
use crate::source::Source;
use crate::yaml;

/// The rule of ignores that match nothing.
const UNUSED: &str = "unused-ignore";

/// A comment, or one rule of it.
#[derive(Debug)]
struct Comment {
    /// The rule; none: the comment names rules in a way that is not read.
    rule: Option<String>,
    /// The line it stands on, from 1.
    line: u32,
    /// The line that it is about: its own, or the next that is no comment.
    about: u32,
    origin: Origin,
    used: bool,
}

/// The comments of one file that speak to winfit.
fn comments(file: &ReadFile) -> Vec<Comment> {
    let source = &file.source;
    let mentions = |text: &str| memchr::memmem::find(text.as_bytes(), b"winfit").is_some();
    if !mentions(&source.text) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (start, end) in places_of_comments(file) {
        read_comment(source, start, end, &mut found);
    }
    found
}

/// Where comments stand, by the syntax of the file: `#` inside a text is none.
fn places_of_comments(file: &ReadFile) -> Vec<(usize, usize)> {
    let source = &file.source;
    match &file.facts {
        Facts::Compose(_) | Facts::Kubernetes(_) | Facts::Part => yaml::comments(source),
        // A comment cannot stand behind an instruction.
        _ => own_lines(source),
    }
}

/// Comments on lines of their own.
fn own_lines(source: &Source) -> Vec<(usize, usize)> {
    let mut start = 0;
    let mut found = Vec::new();
    for line in source.text.split_inclusive('\n') {
        if line.trim_start().starts_with('#') {
            found.push((start, start + line.trim_end().len()));
        }
        start += line.len();
    }
    found
}

/// Reads `winfit: ignore[rule, rule]` out of one comment.
fn read_comment(source: &Source, start: usize, end: usize, found: &mut Vec<Comment>) {
    let Some(text) = source.text.get(start..end) else {
        return;
    };
    let lower = text.to_ascii_lowercase();
    let Some(at) = lower.find("winfit") else {
        return;
    };
    let rest = lower[at + "winfit".len()..].trim_start();
    let Some(rest) = rest.strip_prefix(':').map(str::trim_start) else {
        return;
    };
    if !["ignore", "disable", "noqa"]
        .iter()
        .any(|word| rest.starts_with(word))
    {
        return;
    }
    let line = source.line(start);
    let own_line = source.line_text(line).trim_start().starts_with('#');
    let about = if own_line {
        let mut next = line + 1;
        while source.line_text(next).trim_start().starts_with('#') {
            next += 1;
        }
        next
    } else {
        line
    };
    let mut add = |rule: Option<String>, start: usize, end: usize| {
        found.push(Comment {
            rule,
            line,
            about,
            origin: source.origin(start, end),
            used: false,
        });
    };
    let list = rest
        .strip_prefix("ignore")
        .and_then(|rest| rest.strip_prefix('['))
        .and_then(|rest| rest.split_once(']'));
    let Some((list, _)) = list else {
        add(None, start + at, end);
        return;
    };
    let mut offset = start + text.len() - rest.len() + "ignore[".len();
    for piece in list.split(',') {
        let rule = piece.trim();
        let from = offset + piece.len() - piece.trim_start().len();
        if !rule.is_empty() {
            add(Some(rule.to_owned()), from, from + rule.len());
        }
        offset += piece.len() + 1;
    }
}

/// The edit that ignores a finding where it stands: a comment beside its line in YAML, above it in a
/// Dockerfile, or one more rule in the comment that is there. None where a comment cannot stand, or
/// would say something else.
pub fn ignore_here(repository: &Repository, finding: &Finding) -> Option<FileEdit> {
    if finding.rule == UNUSED {
        return None;
    }
    let line = finding.origin.line()?;
    let name = &finding.origin.source;
    let file = repository
        .files
        .iter()
        .find(|file| file.source.name == *name)?;
    let source = &file.source;
    let is_yaml = match &file.facts {
        Facts::Dockerfile(_) => false,
        Facts::Compose(_) | Facts::Kubernetes(_) | Facts::Part => true,
        _ => return None,
    };
    let rule = finding.rule;
    let there = comments(file)
        .into_iter()
        .rfind(|comment| comment.about == line && comment.rule.is_some());
    let (at, text) = if let Some(span) = there.and_then(|comment| comment.origin.span) {
        (span.end, format!(", {rule}"))
    } else {
        let start = source.line_start(line);
        let end = source.line_end(start);
        if is_yaml {
            (end, format!("  # winfit: ignore[{rule}]"))
        } else {
            let text = source.line_text(line);
            let indent = &text[..text.len() - text.trim_start().len()];
            let line_end = match &source.text.as_bytes()[end..] {
                [b'\r', b'\n', ..] => "\r\n",
                _ => "\n",
            };
            (start, format!("{indent}# winfit: ignore[{rule}]{line_end}"))
        }
    };
    let edit = FileEdit {
        source: Arc::clone(source),
        range: at..at,
        text,
    };
    ignores(file, &edit, rule).then_some(edit)
}

/// Whether a file with this edit has a comment that ignores the rule, and is otherwise what it was: in
/// a text of several lines, or in JSON, `#` begins no comment.
fn ignores(file: &ReadFile, edit: &FileEdit, rule: &str) -> bool {
    let old = &*file.source;
    let mut text = old.text.clone();
    text.insert_str(edit.range.start, &edit.text);
    let new = Source::new(&old.name, old.path.clone(), text, old.encoding);
    let places = match &file.facts {
        Facts::Dockerfile(_) => own_lines(&new),
        _ if old.path.extension().is_some_and(|ending| ending == "json") => return false,
        _ => yaml::comments(&new),
    };
    let mut found = Vec::new();
    for (start, end) in places {
        read_comment(&new, start, end, &mut found);
    }
    let is_there = found.iter().any(|comment| {
        let span = comment.origin.span;
        comment.rule.as_deref() == Some(rule)
            && span.is_some_and(|span| {
                let edited = edit.range.start..edit.range.start + edit.text.len();
                edited.contains(&span.start)
            })
    });
    let as_sound = || match &file.facts {
        Facts::Dockerfile(facts) => {
            crate::dockerfile::read(&new).0.stages.len() == facts.stages.len()
        }
        _ => yaml::read(&new).1.len() <= yaml::read(old).1.len(),
    };
    is_there && as_sound()
}

/// What was read: only of all that an ignore was written for can it be told that it matches nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope {
    /// The whole repository, not some files of it.
    pub(crate) whole: bool,
    /// The hosts are those that the repository declares, not others or none.
    pub(crate) own_hosts: bool,
}

/// Rules whose findings depend on the hosts.
const OF_HOSTS: [&str; 13] = [
    "build-mismatch",
    "exact-build-selector",
    "hyperv-not-stated",
    "hyperv-unavailable",
    "label-contradiction",
    "may-not-start",
    "no-host-for-placement",
    "no-placement",
    "only-fit-host-unavailable",
    "process-isolation-cannot-work",
    "pull-refused",
    "taint-spelling",
    "unknown-image-version",
];

/// Rules that compare with a revision: without one they find nothing, and an ignore of them waits.
const OF_CHANGES: [&str; 2] = ["base-build-changed", "base-patched"];

/// Takes away what is ignored, says how many those are, and reports ignores that match nothing.
pub(crate) fn apply(
    repository: &Repository,
    findings: Vec<Finding>,
    rules: &[&'static str],
    scope: Scope,
) -> (Vec<Finding>, usize) {
    let mut by_file: HashMap<Arc<str>, Vec<Comment>> = HashMap::new();
    for file in &repository.files {
        let found = comments(file);
        if !found.is_empty() {
            by_file.insert(Arc::clone(&file.source.name), found);
        }
    }
    let config = &repository.config;
    let mut config_used = vec![false; config.ignores.len()];
    let before = findings.len();
    let mut kept: Vec<Finding> = findings
        .into_iter()
        .filter(|finding| {
            let by_comment = by_comment(&mut by_file, finding);
            let by_config = by_config(config, &mut config_used, finding);
            !(by_comment || by_config)
        })
        .collect();
    let ignored = before - kept.len();
    let mut unused: Vec<Finding> = by_file
        .into_values()
        .flatten()
        .filter(|comment| !comment.used)
        .filter_map(|comment| unused(comment.rule.as_deref(), comment.origin, rules, scope))
        .collect();
    for (ignore, used) in config.ignores.iter().zip(config_used) {
        if !used {
            let origin = ignore.origin.clone();
            unused.extend(self::unused(Some(&ignore.rule), origin, rules, scope));
        }
    }
    kept.append(&mut unused);
    (kept, ignored)
}

fn by_comment(by_file: &mut HashMap<Arc<str>, Vec<Comment>>, finding: &Finding) -> bool {
    let places = std::iter::once(&finding.origin).chain(finding.related.iter().map(|r| &r.origin));
    let mut ignored = false;
    for place in places {
        let (Some(line), Some(comments)) = (place.line(), by_file.get_mut(&place.source)) else {
            continue;
        };
        for comment in comments {
            let here = comment.about == line || comment.line == line;
            if here && comment.rule.as_deref() == Some(finding.rule) {
                comment.used = true;
                ignored = true;
            }
        }
    }
    ignored
}

fn by_config(config: &Config, used: &mut [bool], finding: &Finding) -> bool {
    let mut ignored = false;
    for (ignore, used) in config.ignores.iter().zip(used) {
        if ignore.rule != finding.rule {
            continue;
        }
        let matches = ignore
            .path
            .as_ref()
            .is_none_or(|glob| matches_path(config, glob, &finding.origin.source));
        if matches {
            *used = true;
            ignored = true;
        }
    }
    ignored
}

/// Whether a path is meant by a pattern of `winfit.toml`, written as in .gitignore.
fn matches_path(config: &Config, glob: &str, path: &str) -> bool {
    let path = Path::new(path);
    let path = path.strip_prefix(&config.folder).unwrap_or(path);
    // The matcher knows only paths below its folder.
    if path.has_root() || path.components().any(|part| part.as_os_str() == "..") {
        return false;
    }
    let mut builder = GitignoreBuilder::new("");
    builder.add_line(None, glob).is_ok()
        && builder
            .build()
            .is_ok_and(|globs| globs.matched_path_or_any_parents(path, false).is_ignore())
}

fn unused(
    rule: Option<&str>,
    origin: Origin,
    rules: &[&'static str],
    scope: Scope,
) -> Option<Finding> {
    let (message, label) = match rule {
        None => (
            "this comment ignores nothing as it is written".to_owned(),
            "write # winfit: ignore[RULE]".to_owned(),
        ),
        Some(rule) if rules.contains(&rule) => {
            let waits =
                OF_CHANGES.contains(&rule) || (!scope.own_hosts && OF_HOSTS.contains(&rule));
            if !scope.whole || waits {
                return None;
            }
            (
                format!("this ignores {rule}, which is not found here any more"),
                "matches nothing".to_owned(),
            )
        }
        Some(rule) => (
            format!("no rule is called {:?}", quote_for_error(rule)),
            near(rule, rules).map_or_else(
                || "see docs/rules/README.md".to_owned(),
                |near| format!("did you mean {near}?"),
            ),
        ),
    };
    let subject = Subject::new("file", &origin.source);
    Some(Finding::new(UNUSED, Severity::Warning, subject, origin, message).label(label))
}

/// The name that a misspelt one is nearest to, if it is near at all.
pub(crate) fn near<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    const NEAR: f64 = 0.7;
    known
        .iter()
        .map(|known| (strsim::normalized_damerau_levenshtein(name, known), *known))
        .filter(|(likeness, _)| *likeness >= NEAR)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, known)| known)
}
