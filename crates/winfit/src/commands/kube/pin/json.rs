//! `winfit.kube-pin/1`.

use serde_json::{Map, Value, json};
use winfit_kube::pin::{Decision, Nodes, Object, Owned, between, merge, undone};

use super::Pinned;
use super::files::Told;
use super::human::by_hand;

/// The fields of a pod's spec that place it.
const PLACE: [&str; 4] = [
    "runtimeClassName",
    "nodeSelector",
    "affinity",
    "tolerations",
];

pub(super) fn document(pinned: &[Pinned], applied: bool) -> Value {
    let workloads: Vec<Value> = pinned.iter().map(one).collect();
    json!({
        "schema": "winfit.kube-pin/1",
        "applied": applied,
        "workloads": workloads,
    })
}

/// What places the pods of an object, as it is there.
pub(super) fn selectors(object: &Object) -> Value {
    let pods = object.pods();
    let found = PLACE.iter().filter_map(|key| {
        let value = pods?.get(*key)?;
        Some(((*key).to_owned(), value.clone()))
    });
    Value::Object(found.collect::<Map<_, _>>())
}

fn one(pinned: &Pinned) -> Value {
    let subject = &pinned.subject;
    let none = Nodes::default();
    let nodes = match &pinned.decision {
        Decision::Right(nodes) | Decision::NotTold(nodes) => nodes,
        Decision::Pin(plan) => &plan.nodes,
        _ => &none,
    };
    let why = match &pinned.decision {
        Decision::UnknownImage(why) | Decision::NoNode(why) | Decision::Refused(why) => Some(why),
        _ => None,
    };
    let waits: Vec<Value> = nodes
        .waits
        .iter()
        .map(|(name, state)| json!({"node": name, "state": state.in_words()}))
        .collect();
    let error = pinned
        .written
        .as_ref()
        .and_then(|written| written.as_ref().err());
    let mut object = json!({
        "kind": subject.kind,
        "namespace": subject.namespace,
        "name": subject.name,
        "images": pinned.images,
        "decision": word(&pinned.decision),
        "why": why,
        "on": nodes.on,
        "waits": waits,
        "off": nodes.off,
        "owner": owner(pinned),
        "change": null,
        "patch": [],
        "way_back": [],
        "commands": [],
        "file": match &pinned.file {
            Some(Told::Written(path)) => Some(path.display().to_string()),
            _ => None,
        },
        "now": pinned.now().map(|written| selectors(&written.object)),
        "error": error.map(ToString::to_string),
    });
    if let Some((plan, whole)) = pinned.change() {
        object["change"] = merge(&plan.old, &plan.new);
        object["patch"] = between(&plan.old, &plan.new, whole.pods_at()).into();
        object["way_back"] = undone(&plan.old, &plan.new, whole.pods_at()).into();
        if let Some((forth, _)) = by_hand(plan, whole).filter(|_| pinned.is_patched()) {
            object["commands"] = json!([{"shell": "any", "text": forth}]);
        }
    }
    object
}

/// Who writes the object; none: winfit may, or nobody asked.
fn owner(pinned: &Pinned) -> Value {
    match &pinned.owned {
        Owned::ByNobody => Value::Null,
        Owned::By(manager) => json!({"by": "tool", "name": manager.to_string()}),
        Owned::ByObject { kind, name } => json!({"by": "object", "name": format!("{kind} {name}")}),
        Owned::Immutable => json!({"by": "nobody", "name": null}),
    }
}

/// A decision in one word.
fn word(decision: &Decision) -> &'static str {
    match decision {
        Decision::NotWindows => "not-windows",
        Decision::Right(_) => "right",
        Decision::Pin(_) => "pin",
        Decision::UnknownImage(_) => "unknown-image",
        Decision::NoNode(_) => "no-node",
        Decision::NotTold(_) => "not-told-apart",
        Decision::Refused(_) => "refused",
    }
}
