//! Nodes as hosts.

use std::collections::BTreeMap;

use winfit_core::Catalog;
use winfit_core::finding::Origin;
use winfit_core::fleet::{Labels, Member, Orchestrator, State};
use winfit_core::host::{Host, NodeFacts, Os};
use winfit_core::placement::kubernetes::Taint;

use crate::model::Node;

/// Hosts that were told beside the cluster, by nodes' names, each with where it was learnt.
pub type Told = BTreeMap<String, (Host, String)>;

/// Taints that only say what the node's state says.
const OF_STATE: [&str; 3] = [
    "node.kubernetes.io/unschedulable",
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/unreachable",
];

/// Handlers of Hyper-V isolation: containerd's own name, and those for one build each.
const HYPERV_HANDLER: &str = "runhcs-wcow-hypervisor";

/// A node as a host.
pub(crate) fn member(catalog: &Catalog, node: &Node, told: &Told) -> Member {
    let name = &*node.metadata.name;
    let info = &node.status.node_info;
    let (own, learnt_from) = NodeFacts {
        labels: &node.metadata.labels,
        kernel_version: &info.kernel_version,
        os_image: &info.os_image,
        operating_system: &info.operating_system,
        architecture: &info.architecture,
        runtime_version: &info.container_runtime_version,
    }
    .host(catalog);
    let (mut host, learnt_from) = match told.get(name) {
        Some((told, learnt_from)) => (joined(*told, own), learnt_from.as_str()),
        None => (own, learnt_from),
    };
    host.hyperv = host.hyperv.or_else(|| by_handlers(catalog, node, &host));
    let mut member = Member::new(name, host, learnt_from);
    member.orchestrator = Some(Orchestrator::Kubernetes);
    member.labels = Labels {
        known: node.metadata.labels.clone(),
        complete: true,
    };
    let taints = node.spec.taints.iter();
    member.taints = Some(
        taints
            .filter(|taint| !OF_STATE.contains(&taint.key.as_str()))
            .map(|taint| Taint {
                key: taint.key.clone(),
                value: taint.value.clone(),
                effect: taint.effect.clone(),
            })
            .collect(),
    );
    member.state = state(node);
    member.origin = Some(Origin::whole(&format!("node {name}").into()));
    member
}

/// Whether the handlers of a node's runtime offer Hyper-V isolation; none: it tells no handlers, or it tells one
/// on a platform that offers no such isolation, whose word then counts.
fn by_handlers(catalog: &Catalog, node: &Node, host: &Host) -> Option<bool> {
    let handlers = &node.status.runtime_handlers;
    if host.os != Os::Windows || handlers.is_empty() {
        return None;
    }
    let mut handlers = handlers.iter();
    // Without a handler no pod gets there, whatever the machine could do.
    let has = handlers.any(|handler| handler.name.starts_with(HYPERV_HANDLER));
    let platform = host
        .platform
        .and_then(|at| catalog.platforms.get(usize::from(at)));
    let denied = platform.is_some_and(|platform| platform.hyperv == Some(false));
    (!has || !denied).then_some(has)
}

/// What is told of a host, with what the node knows beside it.
fn joined(told: Host, own: Host) -> Host {
    Host {
        arch: told.arch.or(own.arch),
        engine: told.engine.or(own.engine),
        platform: told.platform.or(own.platform),
        ..told
    }
}

/// A node that says nothing of being ready is not known not to be.
fn state(node: &Node) -> State {
    let mut conditions = node.status.conditions.iter();
    let ready = conditions.find(|condition| condition.kind == "Ready");
    if ready.is_some_and(|ready| ready.status != "True") {
        State::Down
    } else if node.spec.unschedulable {
        State::Cordoned
    } else {
        State::Ready
    }
}
