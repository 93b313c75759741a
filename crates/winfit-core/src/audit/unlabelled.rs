//! Nodes without the kubelet's label of their build: those of kubelets before 1.17.

use crate::fleet::Member;
use crate::placement::kubernetes::{BUILD_LABEL, may_have_build_label};
use crate::remedy::{Command, Remedy, RemedyKind, Safety, Shell};

use super::ground::Ground;
use super::place::Spot;

impl Spot<'_> {
    /// By labels that the nodes have yet to get: what demands the kubelet's would wait for ever.
    pub(super) fn label_first(&self, title: &str) -> Remedy {
        let subject = &self.workload.subject;
        let whom = format!("{}/{}", subject.kind.to_lowercase(), subject.name);
        let namespace = subject.namespace.as_deref().unwrap_or_default();
        let within = match namespace {
            "" => String::new(),
            namespace => format!(" -n {namespace}"),
        };
        let mut text = "winfit kube label --apply".to_owned();
        let plain = |symbol: char| symbol.is_ascii_alphanumeric() || "._-/".contains(symbol);
        if whom.chars().chain(namespace.chars()).all(plain) {
            text.push_str(&format!("\nwinfit kube pin {whom}{within}"));
        }
        Remedy {
            kind: RemedyKind::OtherHost,
            title: format!("{title}; not all of them have {BUILD_LABEL}, so label them first"),
            safety: Safety::Unsafe,
            commands: vec![Command {
                shell: Shell::Any,
                text,
            }],
            diff: None,
            changes: Vec::new(),
        }
    }
}

/// Whether one of these nodes is known not to have the kubelet's label of its build.
pub(super) fn lacks_build_label(ground: &Ground<'_>, members: &[&Member]) -> bool {
    let mut members = members.iter();
    members.any(|member| !may_have_build_label(ground.catalog, member))
}
