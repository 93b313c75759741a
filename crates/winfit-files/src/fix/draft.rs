//! Files while fixes are written into them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use winfit_core::change::Change;
use winfit_core::finding::{Origin, Span};
use winfit_core::remedy::Remedy;

use super::{FileEdit, NotFixed, dockerfile, structured};
use crate::daemon::{read as read_daemon, read_script};
use crate::edit::{Edit, apply};
use crate::repository::{Facts, ReadFile, Repository};
use crate::source::Source;

/// One file under edit.
struct Draft {
    /// As it was read, which is what findings speak of.
    read: Arc<Source>,
    /// As it is by now.
    now: Source,
    /// What was done, each against what the one before it made.
    done: Vec<Vec<Edit>>,
}

impl Draft {
    fn new(source: &Arc<Source>) -> Self {
        Self {
            read: Arc::clone(source),
            now: with_text(source, source.text.clone()),
            done: Vec::new(),
        }
    }

    /// Where a piece of the file as read stands by now. None: it was edited.
    fn place(&self, span: Span) -> Option<Range<usize>> {
        let mut place = span.start..span.end;
        for edits in &self.done {
            let mut moved = place.clone();
            for edit in edits {
                let inside = edit.range.start < place.end && edit.range.end > place.start;
                if inside {
                    return None;
                }
                if edit.range.end <= place.start {
                    let gone = edit.range.len();
                    moved.start = moved.start + edit.text.len() - gone;
                    moved.end = moved.end + edit.text.len() - gone;
                }
            }
            place = moved;
        }
        Some(place)
    }

    fn edited(&self, edits: Vec<Edit>) -> Result<Self, NotFixed> {
        let name = || self.read.name.to_string();
        let text =
            apply(&self.now.text, &edits).ok_or_else(|| NotFixed::Vanished { place: name() })?;
        // Who reads JSON reads no other YAML.
        if is_json(&self.now.text) && !is_json(&text) {
            return Err(NotFixed::Refused {
                place: name(),
                reason: "the edited file would not be JSON any more".to_owned(),
            });
        }
        let mut done = self.done.clone();
        done.push(edits);
        Ok(Self {
            read: Arc::clone(&self.read),
            now: with_text(&self.read, text),
            done,
        })
    }
}

fn is_json(text: &str) -> bool {
    text.trim_start().starts_with('{')
        && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

fn with_text(source: &Source, text: String) -> Source {
    Source::new(&source.name, source.path.clone(), text, source.encoding)
}

/// Files under edit, by name.
#[derive(Default)]
pub(super) struct Drafts(BTreeMap<Arc<str>, Draft>);

impl Drafts {
    /// Carries a remedy out whole, or not at all.
    pub(super) fn carry_out(
        &mut self,
        repository: &Repository,
        remedy: &Remedy,
    ) -> Result<(), NotFixed> {
        if remedy.changes.is_empty() {
            return Err(NotFixed::NoChange);
        }
        let mut by_file: BTreeMap<Arc<str>, Vec<&Change>> = BTreeMap::new();
        for change in &remedy.changes {
            let name = Arc::clone(&change.at().source);
            by_file.entry(name).or_default().push(change);
        }
        let mut edited = Vec::new();
        for (name, changes) in by_file {
            let file = repository.file(&name).ok_or_else(|| NotFixed::Vanished {
                place: name.to_string(),
            })?;
            let draft = match self.0.get(&name) {
                Some(known) => of_file(file, known, &changes)?,
                None => of_file(file, &Draft::new(&file.source), &changes)?,
            };
            edited.push((name, draft));
        }
        self.0.extend(edited);
        Ok(())
    }

    /// Whether one of these places was edited.
    pub(super) fn touched<'o>(&self, mut places: impl Iterator<Item = &'o Origin>) -> bool {
        places.any(|place| {
            let draft = self.0.get(&place.source);
            draft
                .zip(place.span)
                .is_some_and(|(draft, span)| draft.place(span).is_none())
        })
    }

    /// The files with their texts of now.
    pub(super) fn texts(self) -> impl Iterator<Item = (Arc<Source>, String)> {
        self.0
            .into_values()
            .map(|draft| (draft.read, draft.now.text))
    }

    /// What was done, against the files as they were read.
    pub(super) fn edits(&self) -> Vec<FileEdit> {
        let mut found = Vec::new();
        for draft in self.0.values() {
            let mut edits = match draft.done.as_slice() {
                [once] => once.clone(),
                _ => between(&draft.read.text, &draft.now.text)
                    .into_iter()
                    .collect(),
            };
            edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
            found.extend(edits.into_iter().map(|edit| FileEdit {
                source: Arc::clone(&draft.read),
                range: edit.range,
                text: edit.text,
            }));
        }
        found
    }
}

/// The one edit between two texts.
fn between(old: &str, new: &str) -> Option<Edit> {
    if old == new {
        return None;
    }
    let (a, b) = (old.as_bytes(), new.as_bytes());
    let mut start = a
        .iter()
        .zip(b)
        .take_while(|(one, other)| one == other)
        .count();
    while !(old.is_char_boundary(start) && new.is_char_boundary(start)) {
        start -= 1;
    }
    let mut tail = a[start..]
        .iter()
        .rev()
        .zip(b[start..].iter().rev())
        .take_while(|(one, other)| one == other)
        .count();
    while !(old.is_char_boundary(a.len() - tail) && new.is_char_boundary(b.len() - tail)) {
        tail -= 1;
    }
    Some(Edit {
        range: start..a.len() - tail,
        text: new[start..b.len() - tail].to_owned(),
    })
}

/// A file with these changes, which are all about it.
fn of_file(file: &ReadFile, draft: &Draft, changes: &[&Change]) -> Result<Draft, NotFixed> {
    let place = |draft: &Draft, change: &Change| match (change, change.at().span) {
        (Change::EngineIsolation { .. }, _) => Ok(0..0),
        (_, Some(span)) => draft.place(span).ok_or_else(|| NotFixed::Overlaps {
            place: draft.read.name.to_string(),
        }),
        (_, None) => Err(NotFixed::Vanished {
            place: draft.read.name.to_string(),
        }),
    };
    match &file.facts {
        Facts::Compose(_) | Facts::Kubernetes(_) | Facts::Part => {
            let placed = changes
                .iter()
                .map(|change| Ok((*change, place(draft, change)?)))
                .collect::<Result<Vec<_>, NotFixed>>()?;
            draft.edited(structured::edits(&draft.now, &placed)?)
        }
        Facts::Daemon(_) if !is_json(&draft.now.text) && !draft.now.text.trim().is_empty() => {
            let [change @ Change::Text { old, new, .. }] = changes else {
                return Err(NotFixed::NoChange);
            };
            let place = place(draft, change)?;
            draft.edited(broken_json_edit(&draft.now, place, old, new)?)
        }
        Facts::Daemon(_) | Facts::NotThere => {
            let placed = changes
                .iter()
                .map(|change| Ok((*change, place(draft, change)?)))
                .collect::<Result<Vec<_>, NotFixed>>()?;
            draft.edited(structured::daemon_edits(&draft.now, &placed)?)
        }
        Facts::Dockerfile(_) | Facts::Script(_) => {
            let mut known = Draft {
                read: Arc::clone(&draft.read),
                now: with_text(&draft.now, draft.now.text.clone()),
                done: draft.done.clone(),
            };
            for change in changes {
                let Change::Text { old, new, .. } = change else {
                    return Err(NotFixed::NoChange);
                };
                let place = place(&known, change)?;
                let edits = if matches!(file.facts, Facts::Script(_)) {
                    script_edit(&known.now, place, old, new)?
                } else {
                    dockerfile::edit(&known.now, place, old, new)?
                };
                known = known.edited(edits)?;
            }
            Ok(known)
        }
        Facts::Template(_) | Facts::Config | Facts::Broken(_) => Err(NotFixed::NoChange),
    }
}

/// Another text in a `daemon.json` that is no JSON yet. It must be one then, or be read further than
/// before.
fn broken_json_edit(
    source: &Source,
    place: Range<usize>,
    old: &str,
    new: &str,
) -> Result<Vec<Edit>, NotFixed> {
    let vanished = || NotFixed::Vanished {
        place: source.name.to_string(),
    };
    if source.text.get(place.clone()) != Some(old) {
        return Err(vanished());
    }
    let edits = vec![Edit {
        range: place.clone(),
        text: new.to_owned(),
    }];
    let text = apply(&source.text, &edits).ok_or_else(vanished)?;
    let edited = with_text(source, text);
    let (_, problems) = read_daemon(&edited);
    let next = problems
        .iter()
        .filter_map(|problem| problem.origin.span)
        .map(|span| span.start)
        .min();
    if is_json(&edited.text) || next.is_some_and(|next| next >= place.start + new.len()) {
        Ok(edits)
    } else {
        Err(NotFixed::Refused {
            place: source.name.to_string(),
            reason: "it would be no JSON then either".to_owned(),
        })
    }
}

/// An option in a script: the text stands there as it is, or not at all.
fn script_edit(
    source: &Source,
    place: Range<usize>,
    old: &str,
    new: &str,
) -> Result<Vec<Edit>, NotFixed> {
    let vanished = || NotFixed::Vanished {
        place: source.name.to_string(),
    };
    let text = source.text.get(place.clone()).ok_or_else(vanished)?;
    let at = text.find(old).ok_or_else(vanished)?;
    let start = place.start + at;
    let edits = vec![Edit {
        range: start..start + old.len(),
        text: new.to_owned(),
    }];
    let options = |source: &Source| -> Vec<String> {
        let commands = read_script(source).into_iter();
        let options = commands.flat_map(|command| command.exec_opts);
        options.map(|option| option.value).collect()
    };
    let text = apply(&source.text, &edits).ok_or_else(vanished)?;
    let (was, is) = (options(source), options(&with_text(source, text)));
    let fine = was.len() == is.len()
        && was != is
        && was
            .iter()
            .zip(&is)
            .all(|(was, is)| was == is || was == old && is == new);
    if fine { Ok(edits) } else { Err(vanished()) }
}
