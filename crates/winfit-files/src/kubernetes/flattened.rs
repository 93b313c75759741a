//! A manifest that lost its line breaks, as a web page or a chat leaves it: one line of keys and
//! values. It is no YAML, and nobody can apply it; what it states of images and placement is read
//! all the same, since its order still tells what belongs to what.

use winfit_core::finding::{Located, Origin};
use winfit_core::placement::PodPlacement;
use winfit_core::placement::kubernetes::{Operator, Requirement};

use super::{ContainerKind, Content, Demand, Manifests, Object, PodContainer, PodTemplate};
use crate::source::Source;

/// A page's line is some kilobytes; longer ones are something else.
const LONGEST: usize = 64 * 1024;

/// Reads the object of a text whose first line holds all of it; none: it is something else.
pub fn read_flattened(source: &Source) -> Option<Manifests> {
    let line = source.text.lines().find(|line| !line.trim().is_empty())?;
    if line.len() > LONGEST || !line.trim_start().starts_with("apiVersion:") {
        return None;
    }
    let start = source.text.find(line)?;
    let mut found = Found::default();
    let mut key: Option<Located<String>> = None;
    for (at, word) in words(line) {
        let place = |text: &str, from: usize| {
            Located::new(
                text.to_owned(),
                source.origin(start + from, start + from + text.len()),
            )
        };
        if let Some(bare) = word.strip_suffix(':') {
            let (bare, from) = unquoted(bare, at);
            let this = place(bare, from);
            found.opens(&this.value);
            key = Some(this);
        } else if let Some(key) = key.take() {
            let (bare, from) = unquoted(word, at);
            found.pair(key, place(bare, from));
        }
    }
    found.object().map(|object| Manifests {
        objects: vec![object],
    })
}

/// The words of a line with their places.
fn words(line: &str) -> impl Iterator<Item = (usize, &str)> {
    let address = line.as_ptr() as usize;
    line.split_ascii_whitespace()
        .map(move |word| (word.as_ptr() as usize - address, word))
}

fn unquoted(word: &str, at: usize) -> (&str, usize) {
    for quote in ['"', '\''] {
        if let Some(inner) = word
            .strip_prefix(quote)
            .and_then(|rest| rest.strip_suffix(quote))
        {
            return (inner, at + 1);
        }
    }
    (word, at)
}

/// What the words told so far.
#[derive(Default)]
struct Found {
    api_version: Option<Located<String>>,
    kind: Option<Located<String>>,
    name: Option<Located<String>>,
    namespace: Option<Located<String>>,
    in_spec: bool,
    in_containers: bool,
    in_selector: bool,
    in_template: bool,
    in_labels: bool,
    has_selector: bool,
    spec: Option<Origin>,
    containers: Vec<PodContainer>,
    demands: Vec<Demand>,
    labels: Vec<(String, String)>,
}

impl Found {
    /// A key that may open a part.
    fn opens(&mut self, key: &str) {
        match key {
            "template" => self.in_template = true,
            "labels" => {
                self.in_labels = self.in_template && !self.in_containers;
                return;
            }
            "spec" => self.in_spec = true,
            "selector" if !self.in_containers => self.has_selector = true,
            "containers" => self.in_containers = true,
            "nodeSelector" => {
                self.in_selector = true;
                return;
            }
            _ => {}
        }
        // Labels have a dot or a slash; the next field of the pod has neither.
        if !key.contains(['.', '/']) {
            self.in_selector = false;
            self.in_labels = false;
        }
    }

    fn pair(&mut self, key: Located<String>, value: Located<String>) {
        if self.in_selector && key.value.contains(['.', '/']) {
            self.demands.push(Demand {
                key,
                operator: Operator::In,
                values: vec![value],
                term: None,
            });
            return;
        }
        if self.in_labels {
            self.labels.push((key.value, value.value));
            return;
        }
        match key.value.as_str() {
            "apiVersion" if self.api_version.is_none() => self.api_version = Some(value),
            "kind" if self.kind.is_none() => self.kind = Some(value),
            "name" if !self.in_spec => self.name = Some(value),
            "namespace" if !self.in_spec => self.namespace = Some(value),
            "image" if self.in_containers => {
                self.spec.get_or_insert_with(|| key.origin.clone());
                self.containers.push(PodContainer {
                    name: String::new(),
                    image: Some(value),
                    kind: ContainerKind::Main,
                    host_process: false,
                    origin: key.origin,
                });
            }
            "name" if self.in_containers => {
                if let Some(container) = self.containers.last_mut()
                    && container.name.is_empty()
                {
                    container.name = value.value;
                }
            }
            _ => {}
        }
    }

    fn object(self) -> Option<Object> {
        let kind = self.kind?;
        let origin = self.api_version.as_ref()?.origin.clone();
        let spec = self.spec?;
        let node_selector = self.demands.iter().filter_map(|demand| {
            let value = demand.values.first()?;
            Some(Requirement {
                key: demand.key.value.clone(),
                operator: Operator::In,
                values: vec![value.value.clone()],
                field: false,
                origin: demand.key.origin.clone(),
            })
        });
        let template = PodTemplate {
            placement: PodPlacement {
                node_selector: node_selector.collect(),
                origin: Some(spec.clone()),
                ..PodPlacement::default()
            },
            os_name: None,
            containers: self.containers,
            host_process: false,
            windows_options: None,
            host_network: None,
            labels: self.labels,
            annotations: Vec::new(),
            replicas: None,
            has_selector: self.has_selector,
            misplaced: Vec::new(),
            misplaced_demands: Vec::new(),
            spec,
        };
        Some(Object {
            document: 0,
            api_version: self.api_version,
            kind,
            name: self.name,
            namespace: self.namespace,
            annotations: Vec::new(),
            content: Content::Workload(Box::new(template)),
            demands: self.demands,
            wrong_types: Vec::new(),
            origin,
        })
    }
}
