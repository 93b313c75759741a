//! Pod templates, wherever they stand.

use winfit_core::finding::{Located, Origin};
use winfit_core::placement::PodPlacement;
use winfit_core::placement::kubernetes::{Operator, Requirement};

use super::read::Reading;
use super::{ContainerKind, Demand, PodContainer, PodTemplate};
use crate::yaml::Node;

/// Where kinds keep their pod template, Kubernetes' own and those of others (Argo Rollout, Knative
/// Service, OpenKruise, Agones, KEDA), the longest path first.
const TEMPLATES: &[&[&str]] = &[
    &["spec", "jobTemplate", "spec", "template"],
    &["spec", "template", "jobTemplate", "spec", "template"],
    &["spec", "template", "spec", "template"],
    &["spec", "jobTargetRef", "template"],
    &["spec", "template"],
    &["spec", "podTemplate"],
    &["template"],
];

/// Fields of a pod's spec that people put into a container.
const OF_THE_POD: &[&str] = &[
    "nodeSelector",
    "tolerations",
    "affinity",
    "runtimeClassName",
    "nodeName",
    "hostNetwork",
    "os",
];

/// The pod template of an object that has one; a Pod is its own.
pub(super) fn template(
    reading: &mut Reading<'_>,
    kind: &str,
    root: Node<'_, '_>,
) -> Option<PodTemplate> {
    let (holder, template) = if kind == "Pod" {
        (None, root)
    } else {
        TEMPLATES.iter().find_map(|path| {
            let template = root.at(path)?;
            let containers = template.at(&["spec", "containers"])?;
            let above = root.at(&path[..path.len() - 1])?;
            // A mapping is a mistake that is told.
            let some = containers.is_sequence() || containers.is_mapping();
            some.then_some((Some(above), template))
        })?
    };
    let spec = template.get("spec").filter(|spec| spec.is_mapping())?;
    let mut found = PodTemplate {
        placement: PodPlacement::default(),
        os_name: None,
        containers: Vec::new(),
        host_process: false,
        windows_options: None,
        host_network: None,
        labels: labels(template),
        annotations: Vec::new(),
        replicas: holder.and_then(copies),
        has_selector: holder
            .and_then(|holder| holder.get("selector"))
            .is_some_and(|selector| !selector.entries().is_empty()),
        misplaced: Vec::new(),
        misplaced_demands: Vec::new(),
        spec: first_key(reading, spec),
    };
    found.placement.origin = Some(found.spec.clone());
    // A Pod's own annotations are those of the object.
    if holder.is_some()
        && let Some(annotations) = template.at(&["metadata", "annotations"])
    {
        found.annotations = reading.annotations(annotations);
    }
    found.read(reading, spec);
    Some(found)
}

/// `metadata.labels`.
pub(super) fn labels(object: Node<'_, '_>) -> Vec<(String, String)> {
    let text = |node: Node<'_, '_>| {
        node.as_str()
            .filter(|_| !node.is_null())
            .map(ToOwned::to_owned)
    };
    object
        .at(&["metadata", "labels"])
        .map_or_else(Vec::new, Node::entries)
        .into_iter()
        .filter_map(|entry| Some((text(entry.key)?, text(entry.value).unwrap_or_default())))
        .collect()
}

/// `replicas`, or a Job's `parallelism`.
fn copies(holder: Node<'_, '_>) -> Option<u32> {
    let text = holder
        .get("replicas")
        .or_else(|| holder.get("parallelism"))?
        .as_str()?;
    text.parse().ok()
}

fn first_key(reading: &Reading<'_>, mapping: Node<'_, '_>) -> Origin {
    match mapping.entries().first() {
        Some(entry) => reading.origin(entry.key),
        None => reading.origin(mapping),
    }
}

impl PodTemplate {
    fn read(&mut self, reading: &mut Reading<'_>, spec: Node<'_, '_>) {
        let entries = spec.entries();
        // The pod's own security context first: containers inherit from it.
        for entry in &entries {
            if entry.key.as_str() == Some("securityContext") {
                self.host_process = self.windows_options(reading, entry.value) == Some(true);
            }
        }
        for entry in &entries {
            let value = entry.value;
            match entry.key.as_str().unwrap_or_default() {
                "nodeSelector" => {
                    self.placement.node_selector = node_selector(reading, Some(value));
                }
                "affinity" => {
                    self.placement.terms = value
                        .at(&[
                            "nodeAffinity",
                            "requiredDuringSchedulingIgnoredDuringExecution",
                        ])
                        .and_then(|required| required.get("nodeSelectorTerms"))
                        .filter(|terms| terms.is_sequence())
                        .map(|found| terms(reading, found));
                }
                "tolerations" => self.placement.tolerations = reading.tolerations(Some(value)),
                "nodeName" => {
                    let name = reading.string(value, "nodeName");
                    self.placement.node_name = Some(name).filter(|name| !name.value.is_empty());
                }
                "runtimeClassName" => {
                    let name = reading.string(value, "runtimeClassName");
                    self.placement.runtime_class = Some(name).filter(|name| !name.value.is_empty());
                }
                "os" => {
                    self.os_name = value.get("name").and_then(|name| reading.text(name));
                }
                "hostNetwork" => {
                    self.host_network = value
                        .as_bool()
                        .map(|on| Located::new(on, reading.origin(value)));
                }
                "initContainers" => self.containers(reading, value, ContainerKind::Init),
                "containers" => self.containers(reading, value, ContainerKind::Main),
                "ephemeralContainers" => self.containers(reading, value, ContainerKind::Ephemeral),
                _ => {}
            }
        }
    }

    /// Reads `windowsOptions` of a security context, and gives back its `hostProcess`.
    fn windows_options(
        &mut self,
        reading: &Reading<'_>,
        security_context: Node<'_, '_>,
    ) -> Option<bool> {
        let options = security_context.entry("windowsOptions")?;
        if options.value.is_null() {
            return None;
        }
        self.windows_options
            .get_or_insert_with(|| reading.origin(options.key));
        options.value.get("hostProcess")?.as_bool()
    }

    fn containers(&mut self, reading: &mut Reading<'_>, list: Node<'_, '_>, kind: ContainerKind) {
        reading.shape(list, "a list of containers", list.is_sequence());
        for element in list.elements() {
            reading.shape(
                element,
                "a container: a mapping with name and image",
                element.is_mapping(),
            );
            let mut container = PodContainer {
                name: String::new(),
                image: None,
                kind,
                host_process: self.host_process,
                origin: reading.first_line(element),
            };
            for entry in element.entries() {
                match entry.key.as_str().unwrap_or_default() {
                    "name" => {
                        let name = reading.text(entry.value);
                        container.name = name.map(|name| name.value).unwrap_or_default();
                    }
                    "image" => {
                        container.image = reading
                            .text(entry.value)
                            .filter(|image| !image.value.is_empty());
                    }
                    "securityContext" => {
                        if let Some(own) = self.windows_options(reading, entry.value) {
                            container.host_process = own;
                        }
                    }
                    field if OF_THE_POD.contains(&field) => {
                        let key = Located::new(field.to_owned(), reading.origin(entry.key));
                        self.misplaced.push(key);
                        if field == "nodeSelector" {
                            self.misplaced_demands.extend(demands(reading, entry.value));
                        }
                    }
                    _ => {}
                }
            }
            self.containers.push(container);
        }
    }
}

/// The demands of a `nodeSelector`.
pub(super) fn node_selector(
    reading: &mut Reading<'_>,
    selector: Option<Node<'_, '_>>,
) -> Vec<Requirement> {
    let Some(selector) = selector else {
        return Vec::new();
    };
    reading.shape(
        selector,
        "a mapping of labels to values",
        selector.is_mapping(),
    );
    let demands = demands(reading, selector);
    let found = demands
        .iter()
        .map(|demand| Requirement {
            key: demand.key.value.clone(),
            operator: Operator::In,
            values: demand
                .values
                .iter()
                .map(|value| value.value.clone())
                .collect(),
            field: false,
            origin: reading.between(&demand.key.origin, &demand.values[0].origin),
        })
        .collect();
    reading.demands.extend(demands);
    found
}

/// A `nodeSelector` as written.
fn demands(reading: &mut Reading<'_>, selector: Node<'_, '_>) -> Vec<Demand> {
    let mut found = Vec::new();
    for entry in selector.entries() {
        let Some(key) = reading.text(entry.key) else {
            continue;
        };
        let value = reading.string(entry.value, "nodeSelector");
        found.push(Demand {
            key,
            operator: Operator::In,
            values: vec![value],
            term: None,
        });
    }
    found
}

/// The terms of a required node affinity.
fn terms(reading: &mut Reading<'_>, terms: Node<'_, '_>) -> Vec<Vec<Requirement>> {
    let mut found = Vec::new();
    for (at, term) in terms.elements().into_iter().enumerate() {
        let mut requirements = Vec::new();
        for entry in term.entries() {
            let field = match entry.key.as_str() {
                Some("matchExpressions") => false,
                Some("matchFields") => true,
                _ => continue,
            };
            for expression in entry.value.elements() {
                requirements.extend(requirement(reading, expression, at, field));
            }
        }
        found.push(requirements);
    }
    found
}

/// An expression; none without a key, or with an operator that there is not.
fn requirement(
    reading: &mut Reading<'_>,
    expression: Node<'_, '_>,
    term: usize,
    field: bool,
) -> Option<Requirement> {
    let key = reading.text(expression.get("key")?)?;
    let operator = Operator::parse(expression.get("operator")?.as_str()?)?;
    let values: Vec<Located<String>> = expression
        .get("values")
        .map_or_else(Vec::new, Node::elements)
        .into_iter()
        .map(|value| reading.string(value, "values"))
        .collect();
    let found = Requirement {
        key: key.value.clone(),
        operator,
        values: values.iter().map(|value| value.value.clone()).collect(),
        field,
        origin: reading.origin(expression),
    };
    if !field {
        reading.demands.push(Demand {
            key,
            operator,
            values,
            term: Some(term),
        });
    }
    Some(found)
}
