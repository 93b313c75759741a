//! `kubectl describe pod`, with its indentation, without it, or all on one line.
//!
//! The three layouts have the same words in the same order, so the output is read as words: keys
//! end in a colon, values follow. Line breaks and indentation carry no meaning here.

use crate::diagnosis::SubjectKind;
use crate::facts::{Facts, Form, is_id, name_in, reference};

/// A container of the pod.
#[derive(Debug, Clone)]
struct Container {
    name: String,
    id: Option<String>,
    image: Option<String>,
    /// Where its section begins, in the stream.
    at: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expect {
    Nothing,
    Namespace,
    Node,
    ContainerId,
    Image,
    Selectors,
}

/// A pod's description, as far as it was read.
#[derive(Debug, Clone)]
pub(crate) struct Describe {
    /// Where its header stands in the stream.
    pub(crate) header: u64,
    /// How far it was read.
    pub(crate) read_to: u64,
    name: String,
    namespace: Option<String>,
    node: Option<String>,
    containers: Vec<Container>,
    selectors: Vec<(String, String)>,
    expect: Expect,
    last: [String; 2],
    /// Its events began, or the next description: nothing more to read.
    done: bool,
}

/// How many containers and selectors are kept.
const MOST: usize = 256;

/// The pod's name, if `Namespace:` at `at` is the second line of a description.
pub(crate) fn header(window: &[u8], at: usize) -> Option<String> {
    let from = at.saturating_sub(600);
    let before = String::from_utf8_lossy(&window[from..at]);
    let mut words = before.split_whitespace().rev();
    let name = words.next()?;
    (words.next()? == "Name:").then(|| name_in(name))?
}

impl Describe {
    pub(crate) fn new(header: u64, name: String) -> Self {
        Self {
            header,
            read_to: header,
            name,
            namespace: None,
            node: None,
            containers: Vec::new(),
            selectors: Vec::new(),
            expect: Expect::Nothing,
            last: [String::new(), String::new()],
            done: false,
        }
    }

    /// Reads on, to the last whole word of `bytes`, which begin at `self.read_to`.
    pub(crate) fn read(&mut self, bytes: &[u8], is_end: bool) {
        let mut at = 0;
        while at < bytes.len() && !self.done {
            let blank = bytes[at..]
                .iter()
                .position(|byte| !byte.is_ascii_whitespace())
                .unwrap_or(bytes.len() - at);
            let start = at + blank;
            let len = match bytes[start..].iter().position(u8::is_ascii_whitespace) {
                Some(len) => len,
                None if is_end => bytes.len() - start,
                None => break,
            };
            // Longer words are documents, not names.
            let word = &bytes[start..start + len.min(600)];
            self.word(&String::from_utf8_lossy(word), self.read_to + start as u64);
            at = start + len;
        }
        self.read_to += at as u64;
    }

    fn word(&mut self, word: &str, at: u64) {
        if word.ends_with(':') {
            self.expect = self.key(word, at);
        } else {
            self.value(word);
        }
        let [_, last] = std::mem::take(&mut self.last);
        self.last = [last, word.to_owned()];
    }

    fn key(&mut self, word: &str, at: u64) -> Expect {
        match word {
            "Namespace:" if self.last[0] == "Name:" && self.namespace.is_some() => {
                self.done = true;
                Expect::Nothing
            }
            "Namespace:" if self.namespace.is_none() => Expect::Namespace,
            "Node:" if self.node.is_none() => Expect::Node,
            "ID:" if self.last[1] == "Container" && self.containers.len() < MOST => {
                let name = self.last[0].trim_end_matches(':').to_owned();
                self.containers.push(Container {
                    name,
                    id: None,
                    image: None,
                    at,
                });
                Expect::ContainerId
            }
            "Image:" => Expect::Image,
            "Node-Selectors:" => Expect::Selectors,
            "Events:" => {
                self.done = true;
                Expect::Nothing
            }
            _ => Expect::Nothing,
        }
    }

    fn value(&mut self, word: &str) {
        let expected = self.expect;
        if expected != Expect::Selectors {
            self.expect = Expect::Nothing;
        }
        match expected {
            Expect::Nothing => {}
            Expect::Namespace => self.namespace = name_in(word),
            Expect::Node => self.node = word.split('/').next().and_then(name_in),
            Expect::ContainerId => {
                let id = word.rsplit('/').next().unwrap_or_default();
                if let Some(container) = self.containers.last_mut()
                    && is_id(id)
                {
                    container.id = Some(id.to_owned());
                }
            }
            Expect::Image => {
                if let Some(container) = self.containers.last_mut()
                    && container.image.is_none()
                {
                    container.image = reference(word);
                }
            }
            Expect::Selectors => {
                if let Some((key, value)) = word.split_once('=')
                    && self.selectors.len() < MOST
                {
                    self.selectors.push((key.to_owned(), value.to_owned()));
                }
            }
        }
    }

    /// The pod.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Adds what the description knows about an occurrence at `at`.
    pub(crate) fn enrich(&self, facts: &mut Facts, at: u64) {
        facts.kind = Some(SubjectKind::Pod);
        // A container's name that the line gave was taken for the subject's.
        if facts.container.is_none() && facts.name.as_deref() != Some(&self.name) {
            facts.container = facts.name.take();
        }
        facts.name = Some(self.name.clone());
        facts.namespace = self.namespace.clone().or(facts.namespace.take());
        facts.node = facts.node.take().or_else(|| self.node.clone());
        facts.node_selectors.clone_from(&self.selectors);
        if facts.sandbox {
            facts.container = None;
            return;
        }
        let by_name = |container: &&Container| Some(&container.name) == facts.container.as_ref();
        let by_id =
            |container: &&Container| container.id.is_some() && container.id == facts.container_id;
        let found = self.containers.iter().find(by_name).or_else(|| {
            match facts.form {
                // A status stands in the section of its container.
                Form::Status => self.containers.iter().rfind(|container| container.at <= at),
                _ => self.containers.iter().find(by_id),
            }
        });
        let only = || match self.containers.as_slice() {
            [only] if facts.container.is_none() => Some(only),
            _ => None,
        };
        if let Some(container) = found.or_else(only) {
            facts.container = Some(container.name.clone());
            facts.image = facts.image.take().or_else(|| container.image.clone());
            facts.container_id = facts.container_id.take().or_else(|| container.id.clone());
        }
    }
}
