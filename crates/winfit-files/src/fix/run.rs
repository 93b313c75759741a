//! All that can be fixed in a tree, round after round: one fix may make way for another one.
//!
//! A fix is kept only where everything, judged anew, bears it out: the finding is gone, and nothing is
//! found now that weighs as much and was not there before. So a fix for one workload never breaks
//! another one, two rules never undo each other for ever, and every round ends with less to find.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use winfit_core::Catalog;
use winfit_core::finding::{Finding, Origin, Subject};
use winfit_core::remedy::{Remedy, Safety};

use super::NotFixed;
use super::draft::Drafts;
use super::write::encode;
use crate::lint::{Lint, LintOptions, lint};
use crate::repository::{Facts, ReadOptions, Repository, read};
use crate::source::Source;

/// How often a tree is judged anew at most. Where each of so many fixes stood in another's way, the rest
/// is left to the next run.
const MOST_TRIES: usize = 200;

/// A file that a fix changed.
#[derive(Debug)]
pub struct FixedFile {
    /// As it was read.
    pub source: Arc<Source>,
    /// Its text with the fixes.
    pub text: String,
    /// It was not there before.
    pub created: bool,
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
    /// Fixes that were not made, each with the rule that wanted it.
    pub refused: Vec<(&'static str, NotFixed)>,
    /// The tree as it would be read after the fixes.
    pub repository: Repository,
    /// What is left.
    pub lint: Lint,
}

/// Reads, lints and fixes until nothing more can be made better.
pub fn run(
    catalog: &Catalog,
    options: &ReadOptions,
    lint_options: &LintOptions,
    unsafe_fixes: bool,
) -> Fixed {
    let judge = Judge {
        catalog,
        lint_options,
    };
    let mut state = judge.state(options.clone());
    let mut files: BTreeMap<Arc<str>, FixedFile> = BTreeMap::new();
    let mut applied = Vec::new();
    let mut rejected: HashMap<Wish, NotFixed> = HashMap::new();
    let mut tries = 0;
    loop {
        let mut batch = state.candidates(unsafe_fixes, &rejected);
        if batch.is_empty() || tries == MOST_TRIES {
            break;
        }
        let next = loop {
            tries += 1;
            match judge.attempt(&state, &batch) {
                Ok(next) => break Some(next),
                Err(Failure::Of(culprits)) => {
                    for (candidate, reason) in culprits {
                        rejected.insert(candidate.wish(&state), reason);
                    }
                    break None;
                }
                Err(Failure::Together(reason)) if batch.len() == 1 || tries == MOST_TRIES => {
                    rejected.insert(batch[0].wish(&state), reason);
                    break None;
                }
                // One of them it is: the first half is tried alone.
                Err(Failure::Together(_)) => batch.truncate(batch.len().div_ceil(2)),
            }
        };
        let Some(next) = next else { continue };
        applied.extend(next.made.iter().map(|candidate| candidate.applied(&state)));
        for (source, text) in next.texts {
            let name = Arc::clone(&source.name);
            let before = state.repository.file(&name);
            let created = before.is_some_and(|file| matches!(file.facts, Facts::NotThere));
            let file = files.entry(name).or_insert(FixedFile {
                source,
                text: String::new(),
                created,
            });
            file.text = text;
        }
        state = next.state;
        // What did not do before may do now.
        rejected.clear();
    }
    files.retain(|_, file| file.text != file.source.text);
    let left: HashSet<(&str, &Subject)> = state.keys().collect();
    let mut refused: Vec<(&'static str, NotFixed)> = rejected
        .into_iter()
        .filter(|(wish, _)| left.contains(&(wish.rule, &wish.subject)))
        .map(|(wish, reason)| (wish.rule, reason))
        .collect();
    refused.sort_by_key(|(rule, reason)| (*rule, reason.to_string()));
    refused.dedup();
    Fixed {
        files: files.into_values().collect(),
        applied,
        refused,
        repository: state.repository,
        lint: state.lint,
    }
}

/// A tree, read and judged.
struct State {
    options: ReadOptions,
    repository: Repository,
    lint: Lint,
}

/// A finding and the remedy that is to mend it, by their places in the state's lists.
#[derive(Clone, Copy)]
struct Candidate {
    finding: usize,
    remedy: usize,
}

/// What a fix is remembered by, however its lines move.
#[derive(PartialEq, Eq, Hash)]
struct Wish {
    rule: &'static str,
    subject: Subject,
    source: Arc<str>,
    title: String,
}

impl Wish {
    fn of(finding: &Finding, remedy: &Remedy) -> Self {
        Self {
            rule: finding.rule,
            subject: finding.subject.clone(),
            source: Arc::clone(&finding.origin.source),
            title: remedy.title.clone(),
        }
    }
}

impl Candidate {
    fn finding(self, state: &State) -> &Finding {
        &state.lint.findings[self.finding]
    }

    fn remedy(self, state: &State) -> &Remedy {
        &self.finding(state).remedies[self.remedy]
    }

    fn wish(self, state: &State) -> Wish {
        Wish::of(self.finding(state), self.remedy(state))
    }

    fn applied(self, state: &State) -> Applied {
        let (finding, remedy) = (self.finding(state), self.remedy(state));
        Applied {
            rule: finding.rule,
            origin: finding.origin.clone(),
            title: remedy.done_in_words(),
            safety: remedy.safety,
        }
    }
}

impl State {
    /// The first remedy of each finding that may be carried out and was not rejected, of the heaviest
    /// findings alone: what is lighter may be gone with them.
    fn candidates(&self, unsafe_fixes: bool, rejected: &HashMap<Wish, NotFixed>) -> Vec<Candidate> {
        let of = |(at, finding): (usize, &Finding)| {
            let remedy = carriable(&self.repository, finding, unsafe_fixes)
                .find(|(_, remedy)| !rejected.contains_key(&Wish::of(finding, remedy)))?;
            Some(Candidate {
                finding: at,
                remedy: remedy.0,
            })
        };
        let findings = self.lint.findings.iter().enumerate();
        let mut found: Vec<Candidate> = findings.filter_map(of).collect();
        let heaviest = found.iter().map(|one| one.finding(self).severity).max();
        found.retain(|one| Some(one.finding(self).severity) == heaviest);
        found
    }

    /// What is found, by rule and subject.
    fn keys(&self) -> impl Iterator<Item = (&str, &Subject)> {
        let findings = self.lint.findings.iter();
        findings.map(|finding| (finding.rule, &finding.subject))
    }
}

/// A tree with some fixes.
struct Next {
    /// The fixes that were made; others have their turn in the next round.
    made: Vec<Candidate>,
    /// The texts that changed.
    texts: Vec<(Arc<Source>, String)>,
    state: State,
}

/// Why a batch of fixes is not made.
enum Failure {
    /// These are to blame.
    Of(Vec<(Candidate, NotFixed)>),
    /// One of them is, and which one is not known.
    Together(NotFixed),
}

struct Judge<'a> {
    catalog: &'a Catalog,
    lint_options: &'a LintOptions,
}

impl Judge<'_> {
    fn state(&self, options: ReadOptions) -> State {
        let repository = read(self.catalog, &options);
        let lint = lint(self.catalog, &repository, self.lint_options);
        State {
            options,
            repository,
            lint,
        }
    }

    /// The tree with these fixes, where it bears them out.
    fn attempt(&self, state: &State, batch: &[Candidate]) -> Result<Next, Failure> {
        let mut drafts = Drafts::default();
        let mut made = Vec::new();
        let mut culprits = Vec::new();
        for candidate in batch {
            let finding = candidate.finding(state);
            let related = finding.related.iter().map(|related| &related.origin);
            // What was said of a place that another fix changed may not be true any more; it has its
            // turn in the next round.
            if drafts.touched(related.chain([&finding.origin])) {
                continue;
            }
            match drafts.carry_out(&state.repository, candidate.remedy(state)) {
                Ok(()) => made.push(*candidate),
                Err(NotFixed::Overlaps { .. }) => {}
                Err(reason) => culprits.push((*candidate, reason)),
            }
        }
        if !culprits.is_empty() {
            return Err(Failure::Of(culprits));
        }
        let texts: Vec<(Arc<Source>, String)> = drafts.texts().collect();
        let mut options = state.options.clone();
        for (source, text) in &texts {
            put(&mut options, source, text);
        }
        let next = self.state(options);
        bears_out(state, &made, &next)?;
        Ok(Next {
            made,
            texts,
            state: next,
        })
    }
}

/// Of a file that is no JSON the first mistake is told; mending it makes way for the next one.
const ONE_AT_A_TIME: &str = "daemon-json-refused";

/// How often each rule speaks of each subject.
fn counted(state: &State) -> HashMap<(&'static str, &Subject), usize> {
    let mut counts = HashMap::new();
    for finding in &state.lint.findings {
        *counts.entry((finding.rule, &finding.subject)).or_default() += 1;
    }
    counts
}

/// Whether a tree is better with these fixes, which all mend findings of one weight: what they mend is
/// gone, and what is new weighs less.
fn bears_out(before: &State, made: &[Candidate], after: &State) -> Result<(), Failure> {
    let (was, is) = (counted(before), counted(after));
    let more = |finding: &Finding| {
        let key = (finding.rule, &finding.subject);
        let count = |counts: &HashMap<_, usize>| counts.get(&key).copied().unwrap_or(0);
        count(&is).cmp(&count(&was))
    };
    let stays: Vec<(Candidate, NotFixed)> = made
        .iter()
        .filter(|candidate| {
            let finding = candidate.finding(before);
            finding.rule != ONE_AT_A_TIME && more(finding) != Ordering::Less
        })
        .map(|candidate| {
            let place = candidate.finding(before).origin.source.to_string();
            (*candidate, NotFixed::Stays { place })
        })
        .collect();
    if !stays.is_empty() {
        return Err(Failure::Of(stays));
    }
    let Some(first) = made.first().map(|first| first.finding(before)) else {
        return Ok(());
    };
    let mut found = after.lint.findings.iter();
    match found.find(|finding| finding.severity >= first.severity && more(finding).is_gt()) {
        None => Ok(()),
        Some(worse) => Err(Failure::Together(NotFixed::Worse {
            place: first.origin.source.to_string(),
            rule: worse.rule,
            subject: worse.subject.in_words(),
        })),
    }
}

/// The remedies of a finding that a file can carry and that may be carried out, with their places.
fn carriable<'f>(
    repository: &Repository,
    finding: &'f Finding,
    unsafe_fixes: bool,
) -> impl Iterator<Item = (usize, &'f Remedy)> {
    // What was not asked for is not changed.
    let asked_for = |name: &str| repository.file(name).is_some_and(|file| !file.beside);
    let on_request = ON_REQUEST.contains(&finding.rule);
    finding
        .remedies
        .iter()
        .enumerate()
        .filter(move |(_, remedy)| {
            let allowed = unsafe_fixes || remedy.safety == Safety::Safe;
            let changes = &remedy.changes;
            allowed
                && !on_request
                && !changes.is_empty()
                && changes.iter().all(|change| asked_for(&change.at().source))
        })
}

/// Rules of which somebody decides, finding by finding: a pin that keeps other hosts off may be there for
/// a reason that no file tells. An editor offers the change; `--fix` does not make it.
const ON_REQUEST: [&str; 1] = ["exact-build-selector"];

/// The first remedy of a finding that `--fix` would carry out.
pub fn chosen<'f>(
    repository: &Repository,
    finding: &'f Finding,
    unsafe_fixes: bool,
) -> Option<&'f Remedy> {
    carriable(repository, finding, unsafe_fixes)
        .next()
        .map(|(_, remedy)| remedy)
}

/// The next round reads this text.
fn put(options: &mut ReadOptions, source: &Source, text: &str) {
    let bytes = encode(text, source.encoding);
    match &mut options.stdin {
        Some((name, given)) if **name == *source.name => *given = bytes,
        _ => options.overlay.put(&source.path, bytes),
    }
}
