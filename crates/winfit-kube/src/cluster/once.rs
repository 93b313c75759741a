//! Objects that were saved more than once: by `kubectl get`, and again by `kubectl describe`.

use std::collections::{HashMap, HashSet};

use crate::model::Meta;

use super::Cluster;

impl Cluster {
    /// Leaves each object in once, the first one that was read. Gives back those of which another one says
    /// something else, by their kinds and names.
    pub fn once(&mut self) -> Vec<String> {
        let mut unlike = Vec::new();
        let of = |kind: &str, namespace: &str, name: &str| match namespace {
            "" => format!("{kind} {name}"),
            _ => format!("{kind} {namespace}/{name}"),
        };
        let of_meta = |kind: &str, meta: &Meta| of(kind, &meta.namespace, &meta.name);
        let named = |name: &str, whole: String| (!name.is_empty()).then_some(whole);
        first_ones(&mut self.nodes, &mut unlike, |node| {
            named(&node.metadata.name, of_meta("Node", &node.metadata))
        });
        first_ones(&mut self.pods, &mut unlike, |pod| {
            let meta = &pod.metadata;
            named(&meta.name, of("Pod", &meta.namespace, &meta.name))
        });
        first_ones(&mut self.workloads, &mut unlike, |(kind, workload)| {
            let meta = &workload.metadata;
            named(&meta.name, of_meta(kind.name(), meta))
        });
        first_ones(&mut self.classes, &mut unlike, |class| {
            let meta = &class.metadata;
            named(&meta.name, of_meta("RuntimeClass", meta))
        });
        unlike
    }
}

/// Leaves what has a name in once.
fn first_ones<T: PartialEq>(
    all: &mut Vec<T>,
    unlike: &mut Vec<String>,
    name: impl Fn(&T) -> Option<String>,
) {
    let names: Vec<Option<String>> = all.iter().map(name).collect();
    let mut first: HashMap<&str, usize> = HashMap::new();
    let mut again: HashSet<usize> = HashSet::new();
    for (at, name) in names.iter().enumerate() {
        let Some(name) = name.as_deref() else {
            continue;
        };
        let kept = *first.entry(name).or_insert(at);
        if kept == at {
            continue;
        }
        again.insert(at);
        if all[kept] != all[at] && unlike.last().map(String::as_str) != Some(name) {
            unlike.push(name.to_owned());
        }
    }
    if again.is_empty() {
        return;
    }
    let mut at = 0;
    all.retain(|_| {
        at += 1;
        !again.contains(&(at - 1))
    });
}
