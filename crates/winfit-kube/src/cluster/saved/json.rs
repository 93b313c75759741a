//! JSON, in one pass where it is as it should be. Where it is not, the value is read once more object by object,
//! and only the broken ones are left out.

use serde::de::IgnoredAny;
use serde_json::Deserializer;
use serde_json::value::RawValue;

use crate::model::{Item, Objects, Sink};

use super::parts::count_lines;
use super::taken::Taken;
use super::words;

/// Reads the value that begins a text, and says how many bytes of it are done. After a break that is up to the
/// line of the break: another part may begin there.
pub(super) fn read(text: &str, line: usize, taken: &mut Taken<'_>) -> usize {
    let mut reading = Reading::new(text, line, taken);
    let error = match reading.value() {
        Ok(length) => return length,
        Err(error) => error,
    };
    // Broken off, or written over: object by object as far as it goes.
    reading.taken.is_broken(
        line + error.line().saturating_sub(1),
        "what follows in this JSON",
        &words::sentence(&error),
    );
    let broken = line_start(text, error.line());
    if let Some(begin) = taken_up(text, broken, taken) {
        begin
    } else if broken > 0 {
        broken
    } else {
        text.find('\n').map_or(text.len(), |end| end + 1)
    }
}

/// How many bytes the value has that begins a text; of one that breaks off all.
pub(super) fn length(text: &str) -> usize {
    let mut values = Deserializer::from_str(text).into_iter::<IgnoredAny>();
    match values.next() {
        Some(Ok(_)) => values.byte_offset(),
        _ => text.len(),
    }
}

/// Reads what there is of a text that breaks off where somebody has told already.
pub(super) fn read_broken(text: &str, line: usize, taken: &mut Taken<'_>) {
    let mut reading = Reading::new(text, line, taken);
    // The break is the caller's.
    let _ = reading.value();
}

/// Where another value begins before the break: what kubectl indents stands at no line's start, so that a text
/// that breaks off has not swallowed what was saved behind it. Some times only, since each is read to its end.
fn taken_up(text: &str, broken: usize, taken: &mut Taken<'_>) -> Option<usize> {
    let before = text.get(..broken)?;
    let at = before
        .match_indices('\n')
        .map(|(at, _)| at + 1)
        .find(|at| text[*at..].starts_with('{'))?;
    taken.may_take_up().then_some(at)
}

/// Where a line starts, from 1.
fn line_start(text: &str, line: usize) -> usize {
    let before = text.split_inclusive('\n').take(line.saturating_sub(1));
    before.map(str::len).sum()
}

struct Reading<'a, 'c> {
    taken: &'a mut Taken<'c>,
    text: &'a str,
    /// The text's first line.
    line: usize,
    /// A place in the text, and how many lines end before it.
    counted: (usize, usize),
    /// How many objects were taken.
    given: usize,
    /// How many of those that come were taken before.
    skip: usize,
    one_by_one: bool,
}

impl<'a, 'c> Reading<'a, 'c> {
    fn new(text: &'a str, line: usize, taken: &'a mut Taken<'c>) -> Self {
        Self {
            taken,
            text,
            line,
            counted: (0, 0),
            given: 0,
            skip: 0,
            one_by_one: false,
        }
    }

    /// Reads the value; an error: the text is no JSON.
    fn value(&mut self) -> Result<usize, serde_json::Error> {
        let text = self.text;
        let mut reader = Deserializer::from_str(text);
        if Objects::read(&mut reader, self).is_ok() {
            return Ok(reader.into_iter::<IgnoredAny>().byte_offset());
        }
        (self.skip, self.one_by_one) = (self.given, true);
        let mut reader = Deserializer::from_str(text);
        let Err(error) = Objects::read(&mut reader, self) else {
            return Ok(reader.into_iter::<IgnoredAny>().byte_offset());
        };
        // The object is none of a list; or the list itself is broken.
        let mut whole = Deserializer::from_str(text).into_iter::<&RawValue>();
        match whole.next() {
            Some(Ok(raw)) => {
                // The error's line is the text's, which may begin with empty ones.
                self.taken.is_broken(
                    self.line + error.line().saturating_sub(1),
                    &words::name(raw.get(), None),
                    &words::reason(text, &error),
                );
                Ok(whole.byte_offset())
            }
            Some(Err(error)) => Err(error),
            None => Ok(text.len()),
        }
    }

    /// The line of a piece of the text. Pieces come in their order, so that each byte is counted once.
    fn line_of(&mut self, piece: &str) -> usize {
        let at = piece
            .as_ptr()
            .addr()
            .saturating_sub(self.text.as_ptr().addr());
        let (from, lines) = self.counted;
        if let Some(between) = self.text.get(from..at) {
            self.counted = (at, lines + count_lines(between));
        }
        self.line + self.counted.1
    }
}

impl Sink for Reading<'_, '_> {
    fn item(&mut self, item: Item) {
        if self.skip > 0 {
            self.skip -= 1;
        } else {
            self.given += 1;
            self.taken.item(item);
        }
    }

    fn one_by_one(&self) -> bool {
        self.one_by_one
    }

    fn broken(&mut self, text: &str, kind: Option<&str>, error: &serde_json::Error) {
        let line = self.line_of(text) + error.line().saturating_sub(1);
        self.taken
            .is_broken(line, &words::name(text, kind), &words::reason(text, error));
    }
}
