//! From documents to objects.

use std::ops::Range;

use winfit_core::finding::{Located, Origin};
use winfit_core::placement::kubernetes::Toleration;

use super::{Content, Demand, Manifests, Object, WrongType, is_object, node, pod};
use crate::problem::Problem;
use crate::source::Source;
use crate::yaml::{Node, Style, Tree};

/// Lists in lists are followed so far.
const DEEPEST_LIST: usize = 4;

/// Reads the documents of a file that are Kubernetes objects. Documents without `apiVersion` and
/// `kind` are left out; `document` counts them all the same.
pub fn read(source: &Source, trees: &[Tree<'_>]) -> (Manifests, Vec<Problem>) {
    let mut manifests = Manifests::default();
    let mut problems = Vec::new();
    for (document, tree) in trees.iter().enumerate() {
        if let Some(root) = tree.root().filter(|_| is_object(tree)) {
            let list = List {
                document,
                api_version: None,
                kind: None,
            };
            list.read(source, root, 0, &mut manifests.objects, &mut problems);
        }
        problems.extend(tree.exhausted_problem(source));
    }
    (manifests, problems)
}

/// What an object has from the list that it stands in.
struct List {
    document: usize,
    /// The `apiVersion` of a typed list (`PodList`), whose items need none of their own.
    api_version: Option<Located<String>>,
    /// The kind of its items.
    kind: Option<Located<String>>,
}

impl List {
    fn read(
        &self,
        source: &Source,
        root: Node<'_, '_>,
        depth: usize,
        found: &mut Vec<Object>,
        problems: &mut Vec<Problem>,
    ) {
        let mut reading = Reading::of(source);
        let api_version = root
            .get("apiVersion")
            .and_then(|node| reading.text(node))
            .or_else(|| self.api_version.clone());
        let kind = root.get("kind").and_then(|node| reading.text(node));
        let Some(kind) = kind.or_else(|| self.kind.clone()) else {
            return;
        };
        let items = root.get("items").filter(|items| items.is_sequence());
        if let (Some(of), Some(items)) = (kind.value.strip_suffix("List"), items) {
            if depth >= DEEPEST_LIST {
                return;
            }
            let typed = !of.is_empty();
            let list = List {
                document: self.document,
                api_version: api_version.filter(|_| typed),
                kind: typed.then(|| Located::new(of.to_owned(), kind.origin.clone())),
            };
            for item in items.elements() {
                list.read(source, item, depth + 1, found, problems);
            }
            return;
        }
        let metadata = root.get("metadata");
        let field = |name| {
            let node = metadata?.get(name)?;
            reading.text(node)
        };
        let name = field("name").or_else(|| field("generateName"));
        let namespace = field("namespace");
        let annotations = metadata
            .and_then(|metadata| metadata.get("annotations"))
            .map(|node| reading.annotations(node))
            .unwrap_or_default();
        let content = content(
            &mut reading,
            api_version.as_ref().map_or("", |version| &version.value),
            &kind.value,
            root,
        );
        let origin = reading.first_line(root);
        problems.append(&mut reading.problems);
        found.push(Object {
            document: self.document,
            api_version,
            kind,
            name,
            namespace,
            annotations,
            content,
            demands: reading.demands,
            wrong_types: reading.wrong_types,
            origin,
        });
    }
}

fn content(
    reading: &mut Reading<'_>,
    api_version: &str,
    kind: &str,
    root: Node<'_, '_>,
) -> Content {
    match kind {
        "RuntimeClass" if api_version.starts_with("node.k8s.io/") => {
            node::runtime_class(reading, root).map_or(Content::Other, |class| {
                Content::RuntimeClass(Box::new(class))
            })
        }
        "Node" if api_version == "v1" => Content::Node(Box::new(node::node(reading, root))),
        _ => pod::template(reading, kind, root).map_or(Content::Other, |template| {
            Content::Workload(Box::new(template))
        }),
    }
}

/// Reads one object, and collects what stands all over it.
pub(super) struct Reading<'s> {
    source: &'s Source,
    /// See [`Object::demands`].
    pub(super) demands: Vec<Demand>,
    wrong_types: Vec<WrongType>,
    /// Parts of another shape than the field has.
    problems: Vec<Problem>,
}

impl<'s> Reading<'s> {
    fn of(source: &'s Source) -> Self {
        Self {
            source,
            demands: Vec::new(),
            wrong_types: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// Tells a part of another shape than the field has. Nothing (`null`) is no part; a document may
    /// repeat one mistake very often.
    pub(super) fn shape(&mut self, node: Node<'_, '_>, expected: &str, fits: bool) {
        const MOST: usize = 20;
        if fits || node.is_null() || self.problems.len() >= MOST {
            return;
        }
        let origin = self.first_line(node);
        let message = format!("the API server refuses this: expected {expected}");
        self.problems
            .push(Problem::error("wrong-type", origin, message));
    }

    pub(super) fn span(&self, span: Range<usize>) -> Origin {
        self.source.origin(span.start, span.end)
    }

    pub(super) fn origin(&self, node: Node<'_, '_>) -> Origin {
        self.span(node.span())
    }

    /// From a key to the end of its value.
    pub(super) fn between(&self, key: &Origin, value: &Origin) -> Origin {
        match (key.span, value.span) {
            (Some(key), Some(value)) => self.span(key.start..value.end.max(key.end)),
            _ => key.clone(),
        }
    }

    /// The first line of a node that may have many.
    pub(super) fn first_line(&self, node: Node<'_, '_>) -> Origin {
        let span = node.span();
        self.span(span.start..self.source.line_end(span.start).min(span.end))
    }

    /// A scalar's text with its place; of nothing none.
    pub(super) fn text(&self, node: Node<'_, '_>) -> Option<Located<String>> {
        let text = node.as_str().filter(|_| !node.is_null())?;
        Some(Located::new(text.to_owned(), self.origin(node)))
    }

    /// The text of a field that takes text only; nothing (`null`) is the empty text, as to the API
    /// server.
    pub(super) fn string(&mut self, node: Node<'_, '_>, field: &'static str) -> Located<String> {
        let text = match node.as_str() {
            Some(text) if !node.is_null() => text,
            _ => "",
        };
        let value = Located::new(text.to_owned(), self.origin(node));
        let read_as = if node.is_mapping() {
            Some("a mapping")
        } else if node.is_sequence() {
            Some("a list")
        } else {
            read_as(node)
        };
        if let Some(read_as) = read_as {
            self.wrong_types.push(WrongType {
                value: value.clone(),
                field,
                read_as,
            });
        }
        value
    }

    /// Keys with texts: annotations, labels.
    pub(super) fn annotations(&mut self, node: Node<'_, '_>) -> Vec<(Located<String>, String)> {
        node.entries()
            .into_iter()
            .filter_map(|entry| {
                let value = self.string(entry.value, "annotations").value;
                Some((self.text(entry.key)?, value))
            })
            .collect()
    }

    pub(super) fn tolerations(&mut self, node: Option<Node<'_, '_>>) -> Vec<Toleration> {
        let Some(node) = node else { return Vec::new() };
        self.shape(node, "a list of tolerations", node.is_sequence());
        let mut found = Vec::new();
        for element in node.elements() {
            let mut toleration = Toleration {
                key: None,
                exists: false,
                value: String::new(),
                effect: None,
                origin: self.origin(element),
            };
            for entry in element.entries() {
                let Some(key) = entry.key.as_str() else {
                    continue;
                };
                if !matches!(key, "key" | "operator" | "value" | "effect") {
                    continue;
                }
                let text = self.string(entry.value, "tolerations").value;
                match key {
                    "key" => toleration.key = (!text.is_empty()).then_some(text),
                    "operator" => toleration.exists = text == "Exists",
                    "value" => toleration.value = text,
                    _ => toleration.effect = (!text.is_empty()).then_some(text),
                }
            }
            found.push(toleration);
        }
        found
    }
}

/// What Go's YAML 1.1 makes of a plain scalar that is no text to it.
fn read_as(node: Node<'_, '_>) -> Option<&'static str> {
    let text = node.as_str().filter(|_| !node.is_null())?;
    if node.style() != Some(Style::Plain) {
        return None;
    }
    if (node.as_bool().is_some() && !node.is_string())
        || matches!(
            text,
            "y" | "Y"
                | "yes"
                | "Yes"
                | "YES"
                | "n"
                | "N"
                | "no"
                | "No"
                | "NO"
                | "on"
                | "On"
                | "ON"
                | "off"
                | "Off"
                | "OFF"
        )
    {
        return Some("a truth value");
    }
    (!node.is_string()).then_some("a number")
}
