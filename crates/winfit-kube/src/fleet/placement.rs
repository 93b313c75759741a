//! What limits the nodes of pods, with the field where each demand stands.

use std::collections::BTreeMap;

use winfit_core::finding::Located;
use winfit_core::placement::PodPlacement;
use winfit_core::placement::kubernetes::{Operator, Requirement, Toleration};

use super::Place;
use crate::model::{self, PodSpec};

/// Where the terms of a required node affinity stand in a pod's spec.
const TERMS: &str =
    "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms";

/// What limits the nodes of a pod with this spec.
pub(super) fn of_pod(spec: &PodSpec, place: &Place) -> PodPlacement {
    let stated = |value: &str, field: &str| {
        (!value.is_empty()).then(|| Located::new(value.to_owned(), place.at(field)))
    };
    let required = spec.affinity.node_affinity.required.as_ref();
    PodPlacement {
        node_selector: selector(&spec.node_selector, place),
        terms: required.map(|required| {
            let terms = required.node_selector_terms.iter().enumerate();
            terms.map(|(at, one)| term(one, at, place)).collect()
        }),
        tolerations: tolerations(&spec.tolerations, place),
        node_name: stated(&spec.node_name, "nodeName"),
        runtime_class: stated(&spec.runtime_class_name, "runtimeClassName"),
        origin: Some(place.spec()),
    }
}

/// A `nodeSelector`, of a pod or of a RuntimeClass.
pub(super) fn selector(labels: &BTreeMap<String, String>, place: &Place) -> Vec<Requirement> {
    labels
        .iter()
        .map(|(key, value)| Requirement {
            key: key.clone(),
            operator: Operator::In,
            values: vec![value.clone()],
            field: false,
            origin: place.at(&format!("nodeSelector[{key}]")),
        })
        .collect()
}

fn term(term: &model::Term, at: usize, place: &Place) -> Vec<Requirement> {
    let lists = [
        ("matchExpressions", false, &term.match_expressions),
        ("matchFields", true, &term.match_fields),
    ];
    let mut found = Vec::new();
    for (list, field, expressions) in lists {
        for (index, expression) in expressions.iter().enumerate() {
            // The API server lets no other operator in.
            let Some(operator) = Operator::parse(&expression.operator) else {
                continue;
            };
            found.push(Requirement {
                key: expression.key.clone(),
                operator,
                values: expression.values.clone(),
                field,
                origin: place.at(&format!("{TERMS}[{at}].{list}[{index}]")),
            });
        }
    }
    found
}

/// The tolerations of a pod or of a RuntimeClass.
pub(super) fn tolerations(tolerations: &[model::Toleration], place: &Place) -> Vec<Toleration> {
    let some = |text: &String| (!text.is_empty()).then(|| text.clone());
    tolerations
        .iter()
        .enumerate()
        .map(|(at, toleration)| Toleration {
            key: some(&toleration.key),
            exists: toleration.operator == "Exists",
            value: toleration.value.clone(),
            effect: some(&toleration.effect),
            origin: place.at(&format!("tolerations[{at}]")),
        })
        .collect()
}

/// Takes out what binds a pod to one node by its name: a DaemonSet's pods have nothing else that differs.
pub(super) fn unbind(placement: &mut PodPlacement) {
    placement.node_name = None;
    if let Some(terms) = &mut placement.terms {
        for term in terms.iter_mut() {
            term.retain(|demand| !demand.field);
        }
        if terms.iter().any(Vec::is_empty) {
            placement.terms = None;
        }
    }
}
