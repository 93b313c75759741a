//! Which description or object a message stands in.
//!
//! Headers are looked for in the text before a hit, each byte once: how far the search has come is
//! remembered, so a million hits cost no more than one pass.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use crate::describe::{self, Describe};
use crate::facts::{Facts, Form};
use crate::objects;

const MARKERS: [&str; 3] = ["Namespace:", "ontainerStatuses", "involvedObject"];
const LONGEST_MARKER: u64 = 16;
/// An object's own parts are this near.
const NEAR: u64 = 128 * 1024;

static SEARCHER: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| AhoCorasick::new(MARKERS).ok());

/// The headers seen so far; positions are the stream's.
#[derive(Debug, Default)]
pub(crate) struct Documents {
    scanned: u64,
    description: Option<Describe>,
    statuses: Option<u64>,
    object: Option<u64>,
}

/// A place in the window that begins at `base` in the stream.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spot<'a> {
    pub(crate) window: &'a [u8],
    pub(crate) base: u64,
    pub(crate) at: usize,
}

impl Documents {
    /// Adds what the surrounding description or object knows. `lead` is the text before the
    /// message, normalised.
    pub(crate) fn enrich(&mut self, spot: Spot<'_>, lead: &str, facts: &mut Facts) {
        self.advance(spot);
        let position = spot.base + spot.at as u64;
        let key = message_key(lead);
        if matches!(facts.form, Form::Event(_)) || key == Some(Key::Described) {
            if let Form::Line = facts.form {
                facts.form = Form::Status;
            }
            // A row of `kubectl get events` names its own pod.
            if facts.name.is_none()
                || facts.kind != Some(crate::diagnosis::SubjectKind::Pod)
                || facts.name.as_deref() == self.description.as_ref().map(Describe::name)
            {
                self.describe(spot);
                if let Some(description) = &self.description {
                    description.enrich(facts, position);
                }
            }
            return;
        }
        if key != Some(Key::Object) {
            return;
        }
        let near = |place: &u64| position - place <= NEAR && *place >= spot.base;
        let header = self
            .description
            .as_ref()
            .map(|description| description.header);
        let object = self
            .object
            .filter(near)
            .filter(|place| Some(*place) > header);
        let statuses = self
            .statuses
            .filter(near)
            .filter(|place| Some(*place) > header);
        if object > statuses {
            if let Some(object) = object {
                objects::event(spot.window, (object - spot.base) as usize, spot.at, facts);
            }
        } else if let Some(statuses) = statuses {
            objects::status(spot.window, (statuses - spot.base) as usize, spot.at, facts);
        }
    }

    /// Looks for headers in what no earlier hit has looked at.
    fn advance(&mut self, spot: Spot<'_>) {
        let position = spot.base + spot.at as u64;
        let from = self.scanned.saturating_sub(LONGEST_MARKER).max(spot.base);
        self.scanned = position.max(self.scanned);
        if from >= position {
            return;
        }
        let Some(searcher) = SEARCHER.as_ref() else {
            return;
        };
        let start = (from - spot.base) as usize;
        for found in searcher.find_iter(&spot.window[start..spot.at]) {
            let at = start + found.start();
            let place = spot.base + at as u64;
            match found.pattern().as_usize() {
                0 => {
                    let known = self.description.as_ref();
                    if known.is_none_or(|known| known.header != place)
                        && let Some(name) = describe::header(spot.window, at)
                    {
                        self.description = Some(Describe::new(place, name));
                    }
                }
                1 => self.statuses = Some(place),
                _ => self.object = Some(place),
            }
        }
    }

    /// Reads the description on, to the end of what the window holds.
    fn describe(&mut self, spot: Spot<'_>) {
        let Some(description) = &mut self.description else {
            return;
        };
        if description.read_to < spot.base {
            return;
        }
        let from = (description.read_to - spot.base) as usize;
        if from < spot.window.len() {
            description.read(&spot.window[from..], false);
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    /// `Message:` of a description.
    Described,
    /// `"message":` or `message:` of an object.
    Object,
}

/// The key whose value the text before the message begins.
fn message_key(lead: &str) -> Option<Key> {
    let at = lead.rfind("essage")?;
    let rest = &lead[at + "essage".len()..];
    let value = rest
        .trim_start_matches('"')
        .trim_start()
        .strip_prefix(':')?;
    // The wrappers between the key and the message: ids, operations, "rpc error: …".
    if value.len() > 600 {
        return None;
    }
    match lead[..at].chars().next_back()? {
        'M' if rest.starts_with(':') => Some(Key::Described),
        'm' => Some(Key::Object),
        _ => None,
    }
}
