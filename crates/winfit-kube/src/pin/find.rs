//! Whole objects in what somebody saved: few of many, each found by its name before it is read.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::cluster::{older_path_of, path_of};
use crate::model::nothing_is_default;

/// Lists in lists are followed so far.
const DEEPEST: usize = 4;

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sought {
    /// Its kind.
    pub kind: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl Sought {
    /// Where the API has it. None: it is of a kind that winfit does not know.
    pub fn path(&self) -> Option<String> {
        path_of(&self.kind, &self.namespace, &self.name)
    }

    /// Where the API of an older cluster has it.
    pub fn older_path(&self) -> Option<String> {
        older_path_of(&self.kind, &self.namespace, &self.name)
    }
}

/// What an object shows of itself before it is read whole.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Head<'a> {
    #[serde(deserialize_with = "nothing_is_default")]
    kind: String,
    #[serde(deserialize_with = "nothing_is_default")]
    metadata: HeadMeta,
    #[serde(borrow)]
    items: Option<Vec<&'a RawValue>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct HeadMeta {
    #[serde(deserialize_with = "nothing_is_default")]
    name: String,
    #[serde(deserialize_with = "nothing_is_default")]
    namespace: String,
}

/// Finds objects in what `kubectl get … -o json` printed, each where it stands first.
pub fn find(text: &[u8], sought: &[Sought]) -> Vec<Option<Value>> {
    let mut found = vec![None; sought.len()];
    let values = serde_json::Deserializer::from_slice(text).into_iter::<&RawValue>();
    for value in values.map_while(Result::ok) {
        look(value, "", 0, sought, &mut found);
    }
    found
}

fn look(raw: &RawValue, kind: &str, depth: usize, sought: &[Sought], found: &mut [Option<Value>]) {
    let Ok(head) = serde_json::from_str::<Head<'_>>(raw.get()) else {
        return;
    };
    let kind = if head.kind.is_empty() {
        kind
    } else {
        &head.kind
    };
    if let Some(items) = head.items {
        if depth < DEEPEST {
            let of_items = kind.strip_suffix("List").unwrap_or_default();
            for item in items {
                look(item, of_items, depth + 1, sought, found);
            }
        }
        return;
    }
    let HeadMeta { name, namespace } = &head.metadata;
    for (one, place) in sought.iter().zip(found) {
        let same = one.kind == kind && one.name == *name && one.namespace == *namespace;
        if same && place.is_none() {
            *place = serde_json::from_str(raw.get()).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn objects_are_found_in_lists_and_beside_them() {
        let web = json!({"metadata": {"name": "web", "namespace": "shop"}, "spec": {"a": 1}});
        let mut alone = web.clone();
        alone["kind"] = json!("Pod");
        let text = format!(
            "{} {}",
            json!({"kind": "List", "items": [{"kind": "DeploymentList", "items": [web]}]}),
            alone
        );
        let sought = |kind: &str, name: &str| Sought {
            kind: kind.to_owned(),
            namespace: "shop".to_owned(),
            name: name.to_owned(),
        };
        let wanted = [
            sought("Pod", "web"),
            sought("Deployment", "web"),
            sought("Pod", "other"),
        ];
        let found = find(text.as_bytes(), &wanted);
        assert_eq!(found, [Some(alone), Some(web), None]);
    }
}
