//! What somebody saved of a cluster, for support cases.

mod describe;
mod json;
mod parts;
mod taken;
mod words;
mod yaml;

use std::borrow::Cow;

use winfit_core::host::decode;

use self::parts::{Form, Part};
use self::taken::Taken;
use super::{Cluster, Interned};

/// What was saved and decides nothing, or could not be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// The kinds of objects that decide nothing, in the order in which they were met, with how many.
    pub kinds: Vec<(String, usize)>,
    /// What could not be read, each as a sentence; at most twenty.
    pub broken: Vec<String>,
    /// How many more there are of those.
    pub more_broken: usize,
}

/// So much that cannot be read is told one by one.
const MOST_BROKEN: usize = 20;

/// So many kinds that decide nothing are told apart. A cluster has some hundreds; a hostile file any number.
const MOST_KINDS: usize = 1000;

impl LeftOut {
    /// What to tell of what could not be read, a sentence each.
    pub fn complaints(&self) -> Vec<String> {
        let mut all = self.broken.clone();
        if self.more_broken > 0 {
            all.push(format!("{} more are left out", self.more_broken));
        }
        all
    }

    fn other(&mut self, kind: String) {
        if let Some((_, times)) = self.kinds.iter_mut().find(|(known, _)| *known == kind) {
            *times += 1;
        } else if self.kinds.len() < MOST_KINDS {
            self.kinds.push((kind, 1));
        }
    }

    fn is_broken(&mut self, sentence: String) {
        if self.broken.len() < MOST_BROKEN {
            self.broken.push(sentence);
        } else {
            self.more_broken += 1;
        }
    }
}

impl Cluster {
    /// Puts in what `kubectl get nodes,pods,… -o json` or `-o yaml` or `kubectl describe` printed, in any order
    /// and number, with the prompts and the prose around it that people paste along. In UTF-8 or UTF-16.
    ///
    /// What cannot be read is left out and told; all else is in.
    ///
    /// # Errors
    ///
    /// The text has none of these.
    pub fn add_saved(&mut self, bytes: &[u8], interned: &mut Interned) -> Result<LeftOut, String> {
        let text = text_of(bytes);
        let mut taken = Taken::new(self, interned);
        let mut is_any = false;
        let mut at = Part::default();
        while let Some(part) = parts::next(&text, at) {
            is_any = true;
            let length = match part.form {
                Form::Json => json::read(part.text, part.line, &mut taken),
                Form::Yaml => {
                    yaml::read(part.text, part.line, &mut taken);
                    part.text.len()
                }
                Form::Describe => {
                    describe::read(part.text, &mut taken);
                    part.text.len()
                }
            };
            at = part.behind(length);
            if taken.is_full() {
                break;
            }
        }
        let left = taken.done();
        if is_any {
            Ok(left)
        } else {
            Err(
                "neither JSON nor YAML nor kubectl describe output of a cluster's objects"
                    .to_owned(),
            )
        }
    }

    /// As [`Cluster::add_saved`].
    ///
    /// # Errors
    ///
    /// As [`Cluster::add_saved`].
    pub fn add_json(&mut self, text: &[u8], interned: &mut Interned) -> Result<LeftOut, String> {
        self.add_saved(text, interned)
    }
}

/// The whole objects of what was saved, as JSON texts: JSON as it stands, YAML made JSON. Descriptions show no
/// whole objects.
pub fn whole_objects(bytes: &[u8]) -> Vec<Vec<u8>> {
    let text = text_of(bytes);
    let mut found = Vec::new();
    let mut at = Part::default();
    while let Some(part) = parts::next(&text, at) {
        let length = match part.form {
            Form::Json => {
                let length = json::length(part.text);
                found.push(part.text.as_bytes()[..length].to_vec());
                length
            }
            Form::Yaml => {
                found.extend(yaml::as_json(part.text).map(String::into_bytes));
                part.text.len()
            }
            Form::Describe => part.text.len(),
        };
        at = part.behind(length);
    }
    found
}

/// Text of bytes as people's tools write them; not copied where it is UTF-8 already.
fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    let unmarked = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    // UTF-16 without a mark has a zero beside every ASCII character, and is UTF-8 by accident.
    let zeros = unmarked.iter().take(64).any(|byte| *byte == 0);
    match std::str::from_utf8(unmarked) {
        Ok(text) if !zeros => Cow::Borrowed(text),
        _ => Cow::Owned(decode(bytes)),
    }
}
