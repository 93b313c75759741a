//! Remedies carried out: the bytes of the change, and no others.
//!
//! A remedy says what is to change ([`Change`](winfit_core::change::Change)); this finds the bytes, file by file, and checks that
//! the edited text means exactly that. [`run`] goes over a whole lint until nothing more can be fixed.

mod dockerfile;
mod draft;
pub(crate) mod pod;
mod run;
mod structured;
pub mod write;

use std::ops::Range;
use std::sync::Arc;

use thiserror::Error;
use winfit_core::remedy::Remedy;

use self::draft::Drafts;
pub use self::run::{Applied, Fixed, FixedFile, chosen, run};
use crate::repository::Repository;
use crate::source::Source;

/// A piece of a file that gives way to another text.
#[derive(Debug, Clone)]
pub struct FileEdit {
    /// The file.
    pub source: Arc<Source>,
    /// The bytes of its text that go.
    pub range: Range<usize>,
    /// What comes in their place.
    pub text: String,
}

/// Why a remedy is not carried out.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotFixed {
    /// It takes a person's hand.
    #[error("nothing in a file carries this out")]
    NoChange,
    /// What was to be changed is not there.
    #[error("{place}: what this would change no longer stands there")]
    Vanished {
        /// The file.
        place: String,
    },
    /// Another fix changes the same text; it is for the next round.
    #[error("{place}: another fix changes the same text")]
    Overlaps {
        /// The file.
        place: String,
    },
    /// The finding would stay: something else decides.
    #[error(
        "{place}: the finding would stay after this change, so something else decides: a variable that is set elsewhere, an override"
    )]
    Stays {
        /// The file.
        place: String,
    },
    /// Something else would break.
    #[error(
        "{place}: after this change {rule} would be found of {subject}; the two need a person's decision"
    )]
    Worse {
        /// The file.
        place: String,
        /// The rule that would speak.
        rule: &'static str,
        /// Of what.
        subject: String,
    },
    /// No edit does this, and nothing else.
    #[error("{place}: {reason}")]
    Refused {
        /// The file.
        place: String,
        /// Why.
        reason: String,
    },
}

/// The edits that carry a remedy out, by file and place.
pub fn edits(repository: &Repository, remedy: &Remedy) -> Result<Vec<FileEdit>, NotFixed> {
    let mut drafts = Drafts::default();
    drafts.carry_out(repository, remedy)?;
    Ok(drafts.edits())
}

/// The pieces of a text that may stand somewhere by themselves, each with what takes its place: the
/// whole, the name, the tag, and what differs between two separators.
fn pieces(old: &str, new: &str) -> Vec<(String, String)> {
    let mut found = vec![(old.to_owned(), new.to_owned())];
    let mut add = |old: &str, new: &str| {
        let piece = (old.to_owned(), new.to_owned());
        if !old.is_empty() && old != new && !found.contains(&piece) {
            found.push(piece);
        }
    };
    if let (Some((name, tag)), Some((new_name, new_tag))) = (split_tag(old), split_tag(new)) {
        if tag == new_tag {
            add(name, new_name);
        }
        if name == new_name {
            add(tag, new_tag);
        }
    }
    let is_separator = |byte: u8| b"/:@-_=,[]() ".contains(&byte);
    let (a, b) = (old.as_bytes(), new.as_bytes());
    let common = a
        .iter()
        .zip(b)
        .take_while(|(one, other)| one == other)
        .count();
    let start = a[..common]
        .iter()
        .rposition(|byte| is_separator(*byte))
        .map_or(0, |at| at + 1);
    let (a, b) = (&a[start..], &b[start..]);
    let same = a
        .iter()
        .rev()
        .zip(b.iter().rev())
        .take_while(|(one, other)| one == other)
        .count();
    let tail = a[a.len() - same..]
        .iter()
        .position(|byte| is_separator(*byte))
        .map_or(0, |at| same - at);
    let middle = |text: &str| text.get(start..text.len() - tail).map(str::to_owned);
    if let (Some(old), Some(new)) = (middle(old), middle(new)) {
        add(&old, &new);
        // `ltsc${YEAR}`: the word stands elsewhere than its number.
        let split = |text: &str| text.find(|symbol: char| symbol.is_ascii_digit());
        if let (Some(at), Some(new_at)) = (split(&old), split(&new))
            && old[..at] == new[..new_at]
        {
            add(&old[at..], &new[new_at..]);
        }
    }
    found
}

/// A reference's name and tag.
fn split_tag(reference: &str) -> Option<(&str, &str)> {
    let (name, tag) = reference.rsplit_once(':')?;
    (!tag.contains(['/', '@']) && !name.contains('@')).then_some((name, tag))
}

#[cfg(test)]
mod tests {
    use super::pieces;

    #[test]
    fn what_may_stand_by_itself_is_the_whole_the_name_the_tag_and_what_differs() {
        let of = |old, new| -> Vec<String> {
            pieces(old, new)
                .into_iter()
                .map(|(old, new)| format!("{old} > {new}"))
                .collect()
        };
        assert_eq!(
            of(
                "m/windows/nanoserver:ltsc2019",
                "m/windows/nanoserver:ltsc2022"
            ),
            [
                "m/windows/nanoserver:ltsc2019 > m/windows/nanoserver:ltsc2022",
                "ltsc2019 > ltsc2022",
                "2019 > 2022"
            ]
        );
        assert_eq!(
            of(
                "microsoft/nanoserver:1709",
                "mcr.microsoft.com/windows/nanoserver:1709"
            ),
            [
                "microsoft/nanoserver:1709 > mcr.microsoft.com/windows/nanoserver:1709",
                "microsoft/nanoserver > mcr.microsoft.com/windows/nanoserver",
                "microsoft > mcr.microsoft.com/windows"
            ]
        );
        assert_eq!(
            of(
                "a/b:4.8-windowsservercore-ltsc2019-x",
                "a/b:4.8-windowsservercore-ltsc2022-x"
            ),
            [
                "a/b:4.8-windowsservercore-ltsc2019-x > a/b:4.8-windowsservercore-ltsc2022-x",
                "4.8-windowsservercore-ltsc2019-x > 4.8-windowsservercore-ltsc2022-x",
                "ltsc2019 > ltsc2022",
                "2019 > 2022"
            ]
        );
        assert_eq!(of("", "a"), [" > a"]);
        assert_eq!(of("hyper-v", "hyperv"), ["hyper-v > hyperv"]);
    }
}
