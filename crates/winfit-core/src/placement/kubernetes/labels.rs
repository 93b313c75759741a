//! The labels of a node: those that are stated, and those that every cluster sets by itself.

use std::borrow::Cow;

use crate::catalog::Catalog;
use crate::fleet::Member;
use crate::host::Os;

use super::{BUILD_LABEL, OLD_OS_LABEL, OS_LABEL};

/// What is known of one label of a node.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Label<'m> {
    /// Its value.
    Is(Cow<'m, str>),
    /// The node does not have it.
    Absent,
    /// Nothing says whether the node has it.
    NotStated,
}

/// What is known of a label of a node.
///
/// Labels that were not stated follow from the facts where the kubelet sets them from the same facts.
/// Of a node as its cluster shows it only the stated ones count: a kubelet before 1.17 set no
/// `windows-build`.
pub(super) fn label<'m>(catalog: &Catalog, member: &'m Member, key: &str) -> Label<'m> {
    if let Some(value) = member.labels.known.get(key) {
        return Label::Is(Cow::Borrowed(value));
    }
    let has = |key: &str| member.labels.known.contains_key(key);
    if member.labels.complete && (has(OS_LABEL) || has(OLD_OS_LABEL)) {
        return Label::Absent;
    }
    match derived(catalog, member, key) {
        Label::NotStated if member.labels.complete => Label::Absent,
        found => found,
    }
}

/// Whether a node has the kubelet's label of its build, as far as anybody knows.
pub(crate) fn may_have_build_label(catalog: &Catalog, member: &Member) -> bool {
    label(catalog, member, BUILD_LABEL) != Label::Absent
}

/// The name of the node, where it was declared with one; one read from its cluster has its own.
pub(super) fn node_name<'m>(catalog: &Catalog, member: &'m Member) -> Option<&'m str> {
    let own = member.labels.complete || super::super::has_own_name(catalog, member);
    own.then_some(member.name.as_str())
}

fn derived<'m>(catalog: &Catalog, member: &'m Member, key: &str) -> Label<'m> {
    let host = &member.host;
    let stated = |value: Option<&'m str>| {
        value.map_or(Label::NotStated, |value| Label::Is(Cow::Borrowed(value)))
    };
    match key {
        // The beta names were to go in Kubernetes 1.22; kubelets (`kubelet_node_status.go`) and the node
        // lifecycle controller (`ensureSecondaryExists`) have kept them beside the others ever since.
        OS_LABEL | OLD_OS_LABEL => Label::Is(Cow::Borrowed(host.os.name())),
        _ if ARCH_LABELS.contains(&key) => stated(host.arch.map(crate::host::Arch::name)),
        "kubernetes.io/hostname" => stated(node_name(catalog, member)),
        BUILD_LABEL => match (host.os, host.version) {
            (Os::Linux, _) => Label::Absent,
            (Os::Windows, Some(version)) => {
                Label::Is(Cow::Owned(version.without_revision().to_string()))
            }
            (Os::Windows, None) => Label::NotStated,
        },
        "kubernetes.azure.com/os" if on_platform(catalog, member, "aks") => {
            Label::Is(Cow::Borrowed(host.os.name()))
        }
        "kubernetes.azure.com/os-sku" if on_platform(catalog, member, "aks") => stated(
            host.version
                .and_then(|version| super::selected::sku_of_build(version.build)),
        ),
        _ => Label::NotStated,
    }
}

/// The labels of the architecture that every kubelet sets.
pub(super) const ARCH_LABELS: [&str; 2] = ["kubernetes.io/arch", "beta.kubernetes.io/arch"];

/// What AKS writes into `kubernetes.azure.com/os-sku` (`articles/aks/upgrade-windows-os.md`,
/// `windows-annual-channel.md`).
pub(super) const AKS_SKUS: [(u16, &str); 4] = [
    (17_763, "Windows2019"),
    (20_348, "Windows2022"),
    (25_398, "WindowsAnnual"),
    (26_100, "Windows2025"),
];

/// Whether the node belongs to this hosting platform.
pub(super) fn on_platform(catalog: &Catalog, member: &Member, platform: &str) -> bool {
    member
        .host
        .platform
        .and_then(|at| catalog.platforms.get(usize::from(at)))
        .is_some_and(|facts| facts.platform == platform)
}
