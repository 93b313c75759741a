//! All that can be fixed in a tree, round after round: one fix may make way for another one.

use std::collections::BTreeMap;
use std::sync::Arc;

use winfit_core::Catalog;
use winfit_core::finding::{Finding, Origin};
use winfit_core::remedy::{Remedy, Safety};

use super::NotFixed;
use super::draft::Drafts;
use super::write::encode;
use crate::lint::{Lint, LintOptions, lint};
use crate::repository::{ReadOptions, Repository, read};
use crate::source::Source;

/// A tree that still changes after so many rounds would go on for ever.
const MOST_ROUNDS: usize = 10;

/// A file that a fix changed.
#[derive(Debug)]
pub struct FixedFile {
    /// As it was read.
    pub source: Arc<Source>,
    /// Its text with the fixes.
    pub text: String,
}

/// A finding that was fixed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The rule.
    pub rule: &'static str,
    /// Where the finding stood when it was fixed.
    pub origin: Origin,
    /// What was done.
    pub title: String,
    /// Whether that can change what already works.
    pub safety: Safety,
}

/// A tree with its fixes. Nothing is written yet.
#[derive(Debug)]
pub struct Fixed {
    /// The files that changed, by path.
    pub files: Vec<FixedFile>,
    /// What was fixed, in order.
    pub applied: Vec<Applied>,
    /// Fixes that no small edit carries out, each with the rule that wanted it.
    pub refused: Vec<(&'static str, NotFixed)>,
    /// The tree as it would be read after the fixes.
    pub repository: Repository,
    /// What is left.
    pub lint: Lint,
}

/// Reads, lints and fixes until nothing more changes.
pub fn run(
    catalog: &Catalog,
    options: &ReadOptions,
    lint_options: &LintOptions,
    unsafe_fixes: bool,
) -> Fixed {
    let mut options = options.clone();
    let mut files: BTreeMap<Arc<str>, FixedFile> = BTreeMap::new();
    let mut applied = Vec::new();
    let mut round = 0;
    loop {
        round += 1;
        let repository = read(catalog, &options);
        let found = lint(catalog, &repository, lint_options);
        let mut drafts = Drafts::default();
        let mut refused = Vec::new();
        let mut any = false;
        for finding in &found.findings {
            let Some(remedy) = chosen(&repository, finding, unsafe_fixes) else {
                continue;
            };
            let related = finding.related.iter().map(|related| &related.origin);
            let places = related.chain([&finding.origin]);
            // What was said of a place that another fix changed may not be true any more.
            if drafts.touched(places) {
                continue;
            }
            match drafts.carry_out(&repository, remedy) {
                Ok(()) => {
                    any = true;
                    applied.push(Applied {
                        rule: finding.rule,
                        origin: finding.origin.clone(),
                        title: remedy.title.clone(),
                        safety: remedy.safety,
                    });
                }
                Err(NotFixed::Overlaps { .. } | NotFixed::NoChange) => {}
                Err(reason) => refused.push((finding.rule, reason)),
            }
        }
        if !any || round == MOST_ROUNDS {
            files.retain(|_, file| file.text != file.source.text);
            return Fixed {
                files: files.into_values().collect(),
                applied,
                refused,
                repository,
                lint: found,
            };
        }
        for (source, text) in drafts.texts() {
            put(&mut options, &source, &text);
            let name = Arc::clone(&source.name);
            files
                .entry(name)
                .or_insert_with(|| FixedFile {
                    source,
                    text: String::new(),
                })
                .text = text;
        }
    }
}

/// The first remedy of a finding that a file can carry, and that may be carried out.
pub fn chosen<'f>(
    repository: &Repository,
    finding: &'f Finding,
    unsafe_fixes: bool,
) -> Option<&'f Remedy> {
    finding.remedies.iter().find(|remedy| {
        let allowed = unsafe_fixes || remedy.safety == Safety::Safe;
        // What was not asked for is not changed.
        let asked_for = |name: &str| repository.file(name).is_some_and(|file| !file.beside);
        allowed
            && !remedy.changes.is_empty()
            && remedy
                .changes
                .iter()
                .all(|change| asked_for(&change.at().source))
    })
}

/// The next round reads this text.
fn put(options: &mut ReadOptions, source: &Source, text: &str) {
    let bytes = encode(text, source.encoding);
    match &mut options.stdin {
        Some((name, given)) if **name == *source.name => *given = bytes,
        _ => options.overlay.put(&source.path, bytes),
    }
}
