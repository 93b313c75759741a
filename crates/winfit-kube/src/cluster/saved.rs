//! What somebody saved of a cluster, for support cases.

mod describe;
mod pieces;

use std::borrow::Cow;

use serde_json::Value;
use winfit_core::host::decode;

use crate::model::{Item, Objects};

use super::{Cluster, Interned};

/// What was saved and decides nothing, or could not be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// The kinds of objects that decide nothing, in the order in which they were met, with how many.
    pub kinds: Vec<(String, usize)>,
    /// Objects that could not be read, each as a sentence; at most ten.
    pub broken: Vec<String>,
    /// How many more of those there are.
    pub more_broken: usize,
}

/// So many objects that cannot be read are told one by one.
const MOST_BROKEN: usize = 10;

impl LeftOut {
    /// What to tell of what could not be read, a sentence each.
    pub fn complaints(&self) -> Vec<String> {
        let mut all = self.broken.clone();
        if self.more_broken > 0 {
            all.push(format!("{} more objects are left out", self.more_broken));
        }
        all
    }

    fn other(&mut self, kind: String) {
        match self.kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, times)) => *times += 1,
            None => self.kinds.push((kind, 1)),
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

/// How many objects there are: what a reading that failed is taken back to.
struct Mark {
    nodes: usize,
    pods: usize,
    workloads: usize,
    events: usize,
    classes: usize,
}

impl Cluster {
    /// Puts in what `kubectl get nodes,pods,… -o json` or `-o yaml` or `kubectl describe` printed, one after
    /// another in any number, in UTF-8 or UTF-16.
    ///
    /// # Errors
    ///
    /// The text is none of these; the sentence names the line where one is known. What stood before it is in.
    pub fn add_saved(&mut self, bytes: &[u8], interned: &mut Interned) -> Result<LeftOut, String> {
        let utf8 = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let text: Cow<'_, [u8]> = if utf8.starts_with(b"\xff\xfe") || utf8.starts_with(b"\xfe\xff")
        {
            Cow::Owned(decode(utf8).into_bytes())
        } else {
            Cow::Borrowed(utf8)
        };
        let first = text.iter().find(|byte| !byte.is_ascii_whitespace());
        if matches!(first, Some(b'{' | b'[')) {
            return self.add_json(&text, interned);
        }
        let text = String::from_utf8_lossy(&text);
        if describe::is_described(&text) {
            let mut left = LeftOut::default();
            for object in describe::objects(&text) {
                self.add_value(&object, interned, &mut left);
            }
            return Ok(left);
        }
        self.add_yaml(&text, interned)
    }

    /// Puts in JSON. Objects with a field of another type than Kubernetes gives it are left out and told.
    ///
    /// # Errors
    ///
    /// As [`Cluster::add_saved`].
    pub fn add_json(&mut self, text: &[u8], interned: &mut Interned) -> Result<LeftOut, String> {
        let mark = self.mark();
        let mut left = LeftOut::default();
        let read = self.read_json(text, interned, &mut left);
        match read {
            Ok(()) => Ok(left),
            // Nearly all files are as they should be; only of others each object is read for itself.
            Err(error) if error.is_data() => {
                let Ok(pieces) = pieces::pieces(text) else {
                    return Err(error.to_string());
                };
                self.back_to(&mark);
                let mut left = LeftOut::default();
                for piece in pieces {
                    match piece {
                        Ok(items) => {
                            for item in items {
                                self.take(item, interned, &mut left);
                            }
                        }
                        Err(sentence) => left.is_broken(sentence),
                    }
                }
                Ok(left)
            }
            Err(error) => Err(error.to_string()),
        }
    }

    fn read_json(
        &mut self,
        text: &[u8],
        interned: &mut Interned,
        left: &mut LeftOut,
    ) -> Result<(), serde_json::Error> {
        let mut sink = |item: Item| self.take(item, interned, left);
        let mut reader = serde_json::Deserializer::from_slice(text);
        while reader.end().is_err() {
            Objects::read(&mut reader, &mut sink)?;
        }
        Ok(())
    }

    fn take(&mut self, item: Item, interned: &mut Interned, left: &mut LeftOut) {
        if let Some(kind) = self.add(item, interned) {
            left.other(kind);
        }
    }

    /// Puts in YAML documents. They are read as JSON, so that the same facts come out of both.
    fn add_yaml(&mut self, text: &str, interned: &mut Interned) -> Result<LeftOut, String> {
        let documents: Vec<Value> = serde_saphyr::from_multiple_with_options(text, yaml_options())
            .map_err(|error| in_one_line(&error.to_string()))?;
        let mut left = LeftOut::default();
        let mut objects = 0;
        for document in documents.iter().filter(|document| !document.is_null()) {
            if !document.is_object() && !document.is_array() {
                continue;
            }
            objects += 1;
            self.add_value(document, interned, &mut left);
        }
        if objects == 0 {
            return Err(
                "neither JSON, YAML nor kubectl describe output of a cluster's objects".to_owned(),
            );
        }
        Ok(left)
    }

    fn add_value(&mut self, value: &Value, interned: &mut Interned, left: &mut LeftOut) {
        let text = value.to_string();
        match self.add_json(text.as_bytes(), interned) {
            Ok(found) => {
                for (kind, times) in found.kinds {
                    for _ in 0..times {
                        left.other(kind.clone());
                    }
                }
                left.more_broken += found.more_broken;
                for sentence in found.broken {
                    // The lines of the JSON that was made of it are nobody's.
                    left.is_broken(sentence.replace(", line 1:", ":"));
                }
            }
            Err(sentence) => left.is_broken(sentence),
        }
    }

    fn mark(&self) -> Mark {
        Mark {
            nodes: self.nodes.len(),
            pods: self.pods.len(),
            workloads: self.workloads.len(),
            events: self.events.len(),
            classes: self.classes.len(),
        }
    }

    fn back_to(&mut self, mark: &Mark) {
        self.nodes.truncate(mark.nodes);
        self.pods.truncate(mark.pods);
        self.workloads.truncate(mark.workloads);
        self.events.truncate(mark.events);
        self.classes.truncate(mark.classes);
    }
}

/// What kubectl writes needs no anchors; of what others wrote a few do.
fn yaml_options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 200_000_000,
            max_nodes: 100_000_000,
            max_total_scalar_bytes: 4 << 30,
            max_documents: 1_000_000,
            max_depth: 128,
        },
    }
}

/// The first line of a parser's message, which goes on with an excerpt.
fn in_one_line(message: &str) -> String {
    message.lines().next().unwrap_or(message).to_owned()
}
