//! What a pod's spec is to say about its nodes, as a change of its meaning.

use winfit_core::change::PodChange;
use winfit_core::placement::kubernetes::Taint;

use crate::edit::value::Value;

const REQUIRED: [&str; 3] = [
    "affinity",
    "nodeAffinity",
    "requiredDuringSchedulingIgnoredDuringExecution",
];

/// Labels that mean the same to every kubelet: what demands one demands the other.
const OS_LABELS: [&str; 2] = ["kubernetes.io/os", "beta.kubernetes.io/os"];

/// Gives a pod's spec its new meaning. None: it says something already that this contradicts, or is
/// of a shape that no API server takes.
pub(crate) fn change(spec: &mut Value, change: &PodChange) -> Option<()> {
    let Value::Mapping(_) = spec else {
        return None;
    };
    for key in &change.lift {
        lift_from_selector(spec, key);
    }
    let mut several: Vec<(&str, &[String])> = Vec::new();
    for (key, values) in &change.demands {
        match values.as_slice() {
            [] => return None,
            // The affinity says so already, or says it with more values.
            [_] if selected(spec, key).is_none() && is_required(spec, key, values) => {}
            [_] if selected(spec, key).is_none() && in_every_term(spec, key) => {
                several.push((key, values));
            }
            [value] => select(spec, key, value)?,
            values => several.push((key, values)),
        }
    }
    require(spec, &change.lift, &several)?;
    for taint in &change.tolerate {
        tolerate(spec, taint)?;
    }
    if let Some(name) = &change.runtime_class {
        put(spec, "runtimeClassName", Value::text(name));
    }
    if change.host_network {
        put(spec, "hostNetwork", Value::bool(true));
    }
    Some(())
}

/// A field of the pod's spec; a new one before the containers, behind the others about its nodes.
fn put(spec: &mut Value, key: &str, value: Value) {
    const ABOUT_NODES: [&str; 4] = [
        "runtimeClassName",
        "nodeSelector",
        "affinity",
        "tolerations",
    ];
    let Value::Mapping(entries) = spec else {
        return;
    };
    if let Some((_, known)) = entries
        .iter_mut()
        .find(|(known, _)| known.as_str() == Some(key))
    {
        *known = value;
        return;
    }
    let position = |wanted: &[&str]| {
        entries
            .iter()
            .position(|(known, _)| known.as_str().is_some_and(|known| wanted.contains(&known)))
    };
    let about_nodes = ABOUT_NODES.contains(&key).then_some(ABOUT_NODES);
    let behind = about_nodes
        .iter()
        .flatten()
        .take_while(|known| **known != key)
        .filter_map(|known| position(&[known]))
        .last();
    let at = behind
        .map(|at| at + 1)
        .or_else(|| position(&["initContainers", "containers"]))
        .unwrap_or(entries.len());
    entries.insert(at, (Value::text(key), value));
}

fn selected<'v>(spec: &'v Value, key: &str) -> Option<&'v str> {
    spec.get("nodeSelector")?.get(key)?.as_str()
}

fn lift_from_selector(spec: &mut Value, key: &str) {
    let Some(selector) = spec.get("nodeSelector") else {
        return;
    };
    if selector.get(key).is_none() {
        return;
    }
    let mut selector = selector.clone();
    selector.remove(key);
    if selector.is_empty() {
        spec.remove("nodeSelector");
    } else {
        spec.set("nodeSelector", selector);
    }
}

/// One value, in the nodeSelector. A demand under the label's old name is one already.
fn select(spec: &mut Value, key: &str, value: &str) -> Option<()> {
    if OS_LABELS.contains(&key)
        && OS_LABELS
            .iter()
            .any(|name| selected(spec, name) == Some(value))
    {
        return Some(());
    }
    let mut selector = spec
        .get("nodeSelector")
        .cloned()
        .unwrap_or(Value::Mapping(Vec::new()));
    if !(selector.is_null() || matches!(selector, Value::Mapping(_))) {
        return None;
    }
    selector.set(key, Value::text(value));
    put(spec, "nodeSelector", selector);
    Some(())
}

fn terms(spec: &Value) -> Option<&[Value]> {
    match spec.at(&REQUIRED)?.get("nodeSelectorTerms")? {
        Value::Sequence(terms) => Some(terms),
        _ => None,
    }
}

fn is_in(expression: &Value, key: &str) -> bool {
    let same = |known: &str| known == key || OS_LABELS.contains(&known) && OS_LABELS.contains(&key);
    expression
        .get("key")
        .and_then(Value::as_str)
        .is_some_and(same)
        && expression.get("operator").and_then(Value::as_str) == Some("In")
}

fn values(expression: &Value) -> Vec<&str> {
    let values = expression.get("values").map_or(&[][..], Value::elements);
    values.iter().filter_map(Value::as_str).collect()
}

fn expressions(term: &Value) -> &[Value] {
    term.get("matchExpressions")
        .map_or(&[][..], Value::elements)
}

/// Whether every term demands one of these values already.
fn is_required(spec: &Value, key: &str, wanted: &[String]) -> bool {
    let demands = |term: &Value| {
        expressions(term).iter().any(|expression| {
            let found = values(expression);
            is_in(expression, key)
                && !found.is_empty()
                && found
                    .iter()
                    .all(|value| wanted.iter().any(|one| one == value))
        })
    };
    terms(spec).is_some_and(|terms| !terms.is_empty() && terms.iter().all(demands))
}

/// Whether every term demands some values of a label.
fn in_every_term(spec: &Value, key: &str) -> bool {
    let demands = |term: &Value| {
        expressions(term)
            .iter()
            .any(|expression| is_in(expression, key))
    };
    terms(spec).is_some_and(|terms| !terms.is_empty() && terms.iter().all(demands))
}

/// Several values of each label, in every term of the required node affinity: terms are joined by
/// *or*, and what is only one more term would open the rest.
fn require(spec: &mut Value, lift: &[String], wanted: &[(&str, &[String])]) -> Option<()> {
    let old = terms(spec);
    // A nodeSelector that demands one of the values says more than several would.
    let wanted: Vec<_> = wanted
        .iter()
        .filter(|(key, _)| selected(spec, key).is_none())
        .collect();
    let lifted = |expression: &Value| {
        let key = expression.get("key").and_then(Value::as_str);
        key.is_some_and(|key| lift.iter().any(|one| one == key))
    };
    let lifts = old.is_some_and(|terms| {
        terms
            .iter()
            .any(|term| expressions(term).iter().any(lifted))
    });
    if wanted.is_empty() && !lifts {
        return Some(());
    }
    let fresh = [Value::Mapping(Vec::new())];
    // No term at all matches no node, and more demands would not change that.
    let old = match old {
        Some([]) => return None,
        Some(terms) => terms,
        None => &fresh[..],
    };
    let is_new = old.as_ptr() == fresh.as_ptr();
    let mut terms = Vec::new();
    for term in old {
        let is_empty = expressions(term).is_empty() && term.get("matchFields").is_none();
        if is_empty && !is_new {
            return None;
        }
        let mut kept: Vec<Value> = Vec::new();
        let mut open: Vec<_> = wanted.clone();
        for expression in expressions(term) {
            let key = expression
                .get("key")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let same = open.iter().position(|(wanted, _)| *wanted == key);
            match same {
                // The demand that is there takes the new values: those it has, unless it is lifted.
                Some(at) if is_in(expression, key) => {
                    let (_, wanted) = open.remove(at);
                    let own = values(expression);
                    let both: Vec<Value> = wanted
                        .iter()
                        .filter(|value| lifted(expression) || own.contains(&value.as_str()))
                        .map(Value::text)
                        .collect();
                    if both.is_empty() {
                        return None;
                    }
                    let mut narrowed = expression.clone();
                    narrowed.set("values", Value::Sequence(both));
                    kept.push(narrowed);
                }
                _ if lifted(expression) => {}
                _ => kept.push(expression.clone()),
            }
        }
        kept.extend(open.into_iter().map(|(key, values)| {
            Value::mapping([
                ("key", Value::text(*key)),
                ("operator", Value::text("In")),
                (
                    "values",
                    Value::Sequence(values.iter().map(Value::text).collect()),
                ),
            ])
        }));
        let mut term = term.clone();
        if kept.is_empty() {
            term.remove("matchExpressions");
        } else {
            term.set("matchExpressions", Value::Sequence(kept));
        }
        if term.is_empty() {
            // A term that demands nothing matches no node; without it the rest would decide alone.
            return (old.len() == 1).then(|| without_required(spec));
        }
        terms.push(term);
    }
    let mut affinity = spec
        .get("affinity")
        .cloned()
        .unwrap_or(Value::Mapping(Vec::new()));
    let mut node = affinity
        .get("nodeAffinity")
        .cloned()
        .unwrap_or(Value::Mapping(Vec::new()));
    let mut required = node
        .get(REQUIRED[2])
        .cloned()
        .unwrap_or(Value::Mapping(Vec::new()));
    required.set("nodeSelectorTerms", Value::Sequence(terms));
    node.set(REQUIRED[2], required);
    affinity.set("nodeAffinity", node);
    put(spec, "affinity", affinity);
    Some(())
}

/// Takes the required node affinity away, and what held nothing else.
fn without_required(spec: &mut Value) {
    let Some(mut affinity) = spec.get("affinity").cloned() else {
        return;
    };
    if let Some(mut node) = affinity.get("nodeAffinity").cloned() {
        node.remove(REQUIRED[2]);
        if node.is_empty() {
            affinity.remove("nodeAffinity");
        } else {
            affinity.set("nodeAffinity", node);
        }
    }
    if affinity.is_empty() {
        spec.remove("affinity");
    } else {
        spec.set("affinity", affinity);
    }
}

/// A toleration of one taint.
pub(super) fn toleration(taint: &Taint) -> Value {
    let mut entries = vec![("key", Value::text(&taint.key))];
    if taint.value.is_empty() {
        entries.push(("operator", Value::text("Exists")));
    } else {
        entries.push(("operator", Value::text("Equal")));
        entries.push(("value", Value::text(&taint.value)));
    }
    if !taint.effect.is_empty() {
        entries.push(("effect", Value::text(&taint.effect)));
    }
    Value::mapping(entries)
}

fn tolerate(spec: &mut Value, taint: &Taint) -> Option<()> {
    let mut tolerations = match spec.get("tolerations") {
        None => Vec::new(),
        Some(value) if value.is_null() => Vec::new(),
        Some(Value::Sequence(tolerations)) => tolerations.clone(),
        Some(_) => return None,
    };
    let wanted = toleration(taint);
    if !tolerations.contains(&wanted) {
        tolerations.push(wanted);
        put(spec, "tolerations", Value::Sequence(tolerations));
    }
    Some(())
}
