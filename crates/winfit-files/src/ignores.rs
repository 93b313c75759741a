//! Comments that say what not to report: `# winfit: ignore[rule]` beside a line or right above it.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use ignore::gitignore::GitignoreBuilder;
use winfit_core::finding::{Finding, Origin, Severity, Subject};
use winfit_core::version::quote_for_error;

use crate::config::Config;
use crate::repository::{Facts, Repository};
use crate::source::Source;

/// A comment, or one rule of it.
#[derive(Debug)]
struct Comment {
    rule: String,
    /// The line it stands on, from 1.
    line: u32,
    /// The line that it is about: its own, or the next that is no comment.
    about: u32,
    origin: Origin,
    used: bool,
}

const MARK: &str = "winfit: ignore[";

/// The comments of one text.
fn comments(source: &Source, needs_own_line: bool) -> Vec<Comment> {
    let mut found = Vec::new();
    for at in memchr::memmem::find_iter(source.text.as_bytes(), MARK) {
        let line = source.line(at);
        let line_start = at - (source.span(at, at).column as usize - 1).min(at);
        let before = source.text.get(line_start..at).unwrap_or_default();
        let own_line = before.trim_start().starts_with('#');
        let beside = before.trim_end().ends_with('#') && !needs_own_line;
        if !own_line && !beside {
            continue;
        }
        let list_at = at + MARK.len();
        let Some(list) = source.text[list_at..].split([']', '\n']).next() else {
            continue;
        };
        let about = if own_line {
            let mut next = line + 1;
            while source.line_text(next).trim_start().starts_with('#') {
                next += 1;
            }
            next
        } else {
            line
        };
        let mut offset = list_at;
        for piece in list.split(',') {
            let rule = piece.trim();
            let start = offset + piece.len() - piece.trim_start().len();
            if !rule.is_empty() {
                found.push(Comment {
                    rule: rule.to_owned(),
                    line,
                    about,
                    origin: source.origin(start, start + rule.len()),
                    used: false,
                });
            }
            offset += piece.len() + 1;
        }
    }
    found
}

/// Takes away what is ignored, says how many those are, and reports ignores that match nothing.
pub(crate) fn apply(
    repository: &Repository,
    findings: Vec<Finding>,
    rules: &[&'static str],
) -> (Vec<Finding>, usize) {
    let mut by_file: HashMap<Arc<str>, Vec<Comment>> = HashMap::new();
    for file in &repository.files {
        let needs_own_line = matches!(file.facts, Facts::Dockerfile(_));
        let found = comments(&file.source, needs_own_line);
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
        .map(|comment| unused(&comment.rule, comment.origin, rules))
        .collect();
    for (ignore, used) in config.ignores.iter().zip(config_used) {
        if !used {
            unused.push(self::unused(&ignore.rule, ignore.origin.clone(), rules));
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
            if here && comment.rule == finding.rule {
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

fn unused(rule: &str, origin: Origin, rules: &[&'static str]) -> Finding {
    let subject = Subject::new("file", &origin.source);
    let known = rules.contains(&rule);
    let message = if known {
        format!("this ignores {rule}, which is not found here any more")
    } else {
        format!("no rule is called {:?}", quote_for_error(rule))
    };
    let label = if known {
        "matches nothing".to_owned()
    } else {
        near(rule, rules).map_or_else(
            || "see docs/rules/README.md".to_owned(),
            |near| format!("did you mean {near}?"),
        )
    };
    Finding::new("unused-ignore", Severity::Warning, subject, origin, message).label(label)
}

/// The rule that shares the most pieces with a misspelt name.
fn near(name: &str, rules: &[&'static str]) -> Option<&'static str> {
    let pieces: Vec<&str> = name.split(['-', '_']).collect();
    let shared = |rule: &str| {
        rule.split('-')
            .filter(|piece| pieces.contains(piece))
            .count()
    };
    rules
        .iter()
        .copied()
        .max_by_key(|rule| shared(rule))
        .filter(|rule| shared(rule) > 0)
}
