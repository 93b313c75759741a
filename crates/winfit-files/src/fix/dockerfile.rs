//! Changes of Dockerfiles: a text behind `FROM`, in an `ARG`, in a flag.

use std::ops::Range;

use super::{NotFixed, pieces};
use crate::dockerfile::{CopySource, Dockerfile, read};
use crate::edit::{Edit, apply};
use crate::source::Source;

/// The edit after which the text that is stated at these bytes says `new` where it says `old` now.
///
/// The text at the place may be a part of what it states: the tag that an `ARG` holds. Where that
/// does not decide it alone, the other `ARG`s and the `FROM` itself are tried.
pub(super) fn edit(
    source: &Source,
    span: Range<usize>,
    old: &str,
    new: &str,
) -> Result<Vec<Edit>, NotFixed> {
    let (before, _) = read(source);
    let mut places = vec![span.clone()];
    for stage in &before.stages {
        if stage
            .stated_at
            .span
            .is_some_and(|stated| stated.start == span.start)
        {
            places.extend(stage.base.origin.span.map(|base| base.start..base.end));
        }
    }
    places.extend(before.args.iter().filter_map(|(_, default)| {
        let span = default.as_ref()?.origin.span?;
        Some(span.start..span.end)
    }));
    for place in places {
        let Some(text) = source.text.get(place.clone()) else {
            continue;
        };
        for (piece, with) in pieces(old, new) {
            // Of a piece that stands there twice nobody knows which one is meant.
            let Some(at) = text
                .find(&piece)
                .filter(|at| text.rfind(&piece) == Some(*at))
            else {
                continue;
            };
            let start = place.start + at;
            let edit = Edit {
                range: start..start + piece.len(),
                text: with.clone(),
            };
            let Some(text) = apply(&source.text, std::slice::from_ref(&edit)) else {
                continue;
            };
            let edited = Source::new(&source.name, source.path.clone(), text, source.encoding);
            let (after, _) = read(&edited);
            if says(&before, &after, old, new, (&piece, &with)) {
                return Ok(vec![edit]);
            }
        }
    }
    Err(NotFixed::Refused {
        place: source.name.to_string(),
        reason: format!(
            "no single text there says {old} and nothing else: it comes from a build argument, or from \
             several pieces; change it by hand"
        ),
    })
}

/// The texts that a Dockerfile states, in order.
fn stated(dockerfile: &Dockerfile) -> Vec<Option<&str>> {
    let mut texts = Vec::new();
    for stage in &dockerfile.stages {
        texts.push(stage.name.as_ref().map(|name| name.value.as_str()));
        texts.push(stage.resolved.as_deref());
        texts.push(
            stage
                .platform
                .as_ref()
                .map(|platform| platform.value.as_str()),
        );
        for copy in &stage.copies {
            texts.push(match &copy.from {
                CopySource::Image(image) | CopySource::Unresolved(image) => Some(image),
                CopySource::Stage(_) => None,
            });
        }
        texts.extend(
            stage
                .onbuild
                .iter()
                .map(|trigger| Some(trigger.value.as_str())),
        );
    }
    texts
}

/// Whether the edited file says what was meant: `new` where it said `old`, and elsewhere what it said.
/// What takes its text from the very piece that changed changes with it: two stages with one tag.
fn says(
    before: &Dockerfile,
    after: &Dockerfile,
    old: &str,
    new: &str,
    (piece, with): (&str, &str),
) -> bool {
    let stages = |dockerfile: &Dockerfile| -> Vec<Option<usize>> {
        dockerfile
            .stages
            .iter()
            .map(|stage| stage.of_stage)
            .collect()
    };
    let (was, is) = (stated(before), stated(after));
    if was.len() != is.len() || stages(before) != stages(after) || before.escape != after.escape {
        return false;
    }
    let mut changed = false;
    let all = was.iter().zip(&is).all(|(was, is)| match (was, is) {
        (Some(was), Some(is)) if was != is => {
            changed |= *was == old && *is == new;
            *was == old && *is == new || was.replacen(piece, with, 1) == *is
        }
        (was, is) => was == is,
    });
    all && changed
}
