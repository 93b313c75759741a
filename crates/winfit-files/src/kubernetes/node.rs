//! Nodes and RuntimeClasses.

use winfit_core::placement::kubernetes::{RuntimeClass, Taint};

use super::NodeObject;
use super::pod::{labels, node_selector};
use super::read::Reading;
use crate::yaml::Node;

/// A RuntimeClass; none without a handler, which the API server refuses.
pub(super) fn runtime_class(reading: &mut Reading<'_>, root: Node<'_, '_>) -> Option<RuntimeClass> {
    // In v1alpha1 the handler was called otherwise and stood in a spec.
    let handler = root
        .get("handler")
        .or_else(|| root.at(&["spec", "runtimeHandler"]))?;
    let handler = reading.text(handler)?;
    let name = root
        .at(&["metadata", "name"])
        .and_then(|node| reading.text(node));
    let scheduling = root
        .get("scheduling")
        .or_else(|| root.at(&["spec", "scheduling"]));
    let selector = scheduling.and_then(|scheduling| scheduling.get("nodeSelector"));
    let tolerations = scheduling.and_then(|scheduling| scheduling.get("tolerations"));
    Some(RuntimeClass {
        name: name.map(|name| name.value).unwrap_or_default(),
        handler,
        node_selector: node_selector(reading, selector),
        tolerations: reading.tolerations(tolerations),
        origin: reading.first_line(root),
    })
}

/// A Node.
pub(super) fn node(reading: &mut Reading<'_>, root: Node<'_, '_>) -> NodeObject {
    let text = |node: Option<Node<'_, '_>>| {
        node.filter(|node| !node.is_null())
            .and_then(Node::as_str)
            .map(ToOwned::to_owned)
    };
    let spec = root.get("spec");
    let taints = spec
        .and_then(|spec| spec.get("taints"))
        .map_or_else(Vec::new, Node::elements)
        .into_iter()
        .filter_map(|taint| {
            Some(Taint {
                key: text(taint.get("key"))?,
                value: text(taint.get("value")).unwrap_or_default(),
                effect: text(taint.get("effect")).unwrap_or_default(),
            })
        })
        .collect();
    let not_ready = root
        .at(&["status", "conditions"])
        .map_or_else(Vec::new, Node::elements)
        .into_iter()
        .any(|condition| {
            condition.get("type").and_then(Node::as_str) == Some("Ready")
                && condition.get("status").and_then(Node::as_str) != Some("True")
        });
    let info = root.at(&["status", "nodeInfo"]);
    let fact = |key| text(info.and_then(|info| info.get(key)));
    NodeObject {
        labels: labels(root),
        taints,
        unschedulable: spec
            .and_then(|spec| spec.get("unschedulable"))
            .and_then(Node::as_bool)
            == Some(true),
        not_ready,
        kernel_version: info
            .and_then(|info| info.get("kernelVersion"))
            .and_then(|node| reading.text(node)),
        operating_system: fact("operatingSystem"),
        architecture: fact("architecture"),
        runtime_version: fact("containerRuntimeVersion"),
    }
}
