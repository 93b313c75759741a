//! Reading nodes for their labels, and writing those.

use serde_json::{Value, json};
use winfit_core::Catalog;

use super::{Held, MANAGER, NodeChange, Target, Wish, of_node, stale};
use crate::api::{Api, Change, Patch};
use crate::error::KubeError;

/// Where nodes are.
const NODES: &str = "/api/v1/nodes";

/// Reads all nodes.
pub async fn read(api: &Api) -> Result<Vec<Target>, KubeError> {
    let mut nodes = Vec::new();
    let take = |page: Vec<Target>| nodes.extend(page);
    api.list(NODES, &[], take).await?;
    Ok(nodes)
}

/// Writes the labels of one node, and gives back the node as it then is.
///
/// Nothing but its labels changes, and of these only winfit's. What goes and is not winfit's by the word
/// of the API server goes after the others are in: where somebody else holds one of them, nothing is done.
pub async fn apply(api: &Api, change: &NodeChange, force: bool) -> Result<Target, KubeError> {
    let path = format!("{NODES}/{}", change.name);
    let applied = Patch::Apply {
        object: object(change),
        manager: MANAGER,
        force,
    };
    let after: Target = api.patch(&path, &applied, Change::Write).await?;
    let left = stale(&after, &change.wanted);
    if !left.is_empty() {
        let removal = Patch::Json(removal(&after, &left));
        let _: Value = api.patch(&path, &removal, Change::Write).await?;
    }
    api.get(&path).await
}

/// The labels that winfit wants of a node, as it applies them.
fn object(change: &NodeChange) -> Value {
    let mut metadata = json!({"name": change.name});
    if !change.wanted.is_empty() {
        metadata["labels"] = json!(change.wanted);
    }
    // Of a node that is gone, or that is another one by now, the API server then makes none.
    if !change.uid.is_empty() {
        metadata["uid"] = json!(change.uid);
    }
    json!({"apiVersion": "v1", "kind": "Node", "metadata": metadata})
}

/// Takes labels away, as long as they say what they said.
fn removal(node: &Target, labels: &[String]) -> Value {
    let mut operations = Vec::new();
    for key in labels {
        let path = format!("/metadata/labels/{}", escaped(key));
        operations.push(json!({"op": "test", "path": path, "value": node.label(key)}));
        operations.push(json!({"op": "remove", "path": path}));
    }
    Value::Array(operations)
}

/// A key as a part of a JSON pointer.
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// Which labels of a node are somebody else's just now: what lies behind a refusal.
pub async fn conflicts(
    api: &Api,
    catalog: &Catalog,
    wish: &Wish<'_>,
    name: &str,
) -> Result<Vec<Held>, KubeError> {
    let node: Target = api.get(&format!("{NODES}/{name}")).await?;
    Ok(of_node(catalog, &node, wish).held)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::{Labels, plan};

    /// Server-side apply makes an object that is not there; with the identity of the node that was read, the
    /// API server refuses to.
    #[test]
    fn a_node_that_is_gone_is_not_made_anew() {
        let node: Target = serde_json::from_value(json!({
            "metadata": {"name": "win-a", "uid": "7c1d"},
            "status": {"nodeInfo": {"kernelVersion": "10.0.20348.825", "operatingSystem": "windows"}},
        }))
        .unwrap();
        let wish = Wish {
            told: &crate::fleet::Told::new(),
            own: &[],
            force: false,
        };
        let changes = plan(Catalog::builtin(), &[node], &wish);
        let applied = object(&changes[0]);
        assert_eq!(applied["metadata"]["uid"], "7c1d");
        assert_eq!(applied["metadata"]["labels"]["winfit.dev/build"], "20348");
    }

    #[test]
    fn keys_are_parts_of_a_pointer() {
        let mut node = Target::default();
        node.node.metadata.labels = Labels::from([("winfit.dev/a~b".to_owned(), "1".to_owned())]);
        assert_eq!(
            removal(&node, &["winfit.dev/a~b".to_owned()]),
            json!([
                {"op": "test", "path": "/metadata/labels/winfit.dev~1a~0b", "value": "1"},
                {"op": "remove", "path": "/metadata/labels/winfit.dev~1a~0b"},
            ])
        );
    }
}
