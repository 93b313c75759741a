//! Rules for manifests. They speak where Windows is evident, and of Linux never.

mod evidence;
mod labels;
mod objects;
mod placement;

use std::sync::Arc;

use winfit_core::finding::{Finding, Located, Rule, Subject};
use winfit_core::remedy::{Command, Remedy, RemedyKind, Safety, Shell};

use self::evidence::Evidence;
use super::Context;
use crate::kubernetes::{Content, Manifests, Object, PodTemplate};

/// The rules of this file.
pub const RULES: &[Rule] = &[
    Rule {
        name: "removed-api-version",
        summary: "Kubernetes no longer serves this version of the object",
    },
    Rule {
        name: "deprecated-label",
        summary: "A node label that is on its way out, or that no cluster sets",
    },
    Rule {
        name: "dead-annotation",
        summary: "An annotation that no Kubernetes reads any more",
    },
    Rule {
        name: "wildcard-label-value",
        summary: "A label's value with a wildcard, which matches no node",
    },
    Rule {
        name: "windows-build-value",
        summary: "A value of node.kubernetes.io/windows-build that no node has",
    },
    Rule {
        name: "os-label-value",
        summary: "A value of an operating system's label that no node has",
    },
    Rule {
        name: "wrong-type",
        summary: "A value is of a type that is refused there",
    },
    Rule {
        name: "misplaced-pod-field",
        summary: "A field of the pod that stands inside a container",
    },
    Rule {
        name: "os-selector-missing",
        summary: "Nothing keeps a Windows pod off Linux nodes",
    },
    Rule {
        name: "taint-spelling",
        summary: "A toleration that spells a taint otherwise than the nodes do",
    },
    Rule {
        name: "host-process-incomplete",
        summary: "A HostProcess pod that the API server refuses",
    },
    Rule {
        name: "retired-node-os",
        summary: "Node pools of this Windows are retired, or soon will be",
    },
    Rule {
        name: "no-windows-here",
        summary: "A Windows pod on nodes that are never Windows",
    },
    Rule {
        name: "hypervisor-handler",
        summary: "A RuntimeClass handler that containerd has only where it is configured",
    },
];

/// Checks one file, whose path as shown is `name`.
pub fn check(context: &Context<'_>, _name: &Arc<str>, manifests: &Manifests) -> Vec<Finding> {
    let mut found = Vec::new();
    for object in &manifests.objects {
        let first = found.len();
        let evidence = evidence::of(context, object);
        let checking = Checking {
            context,
            object,
            evidence,
        };
        match &object.content {
            Content::Workload(template) => {
                checking.labels(&mut found);
                if let Some(evidence) = &checking.evidence {
                    checking.removed_api_version(Some(template), &mut found);
                    checking.wrong_types(first, &mut found);
                    checking.misplaced(template, &mut found);
                    checking.os_selector(template, evidence, &mut found);
                    checking.taint_spelling(template, &mut found);
                    checking.no_windows(evidence, &mut found);
                }
                checking.annotations(template, &mut found);
                checking.host_process(template, &mut found);
            }
            Content::RuntimeClass(class) => {
                checking.labels(&mut found);
                if checking.evidence.is_some() {
                    checking.removed_api_version(None, &mut found);
                    checking.wrong_types(first, &mut found);
                }
                checking.handler(class, &mut found);
            }
            Content::Node(_) | Content::Other => {}
        }
    }
    found
}

/// One object under its rules.
struct Checking<'a> {
    context: &'a Context<'a>,
    object: &'a Object,
    /// What makes it evident that the object is about Windows.
    evidence: Option<Evidence>,
}

impl Checking<'_> {
    fn subject(&self) -> Subject {
        subject(self.object)
    }
}

/// What findings call an object.
pub fn subject(object: &Object) -> Subject {
    let text = |field: &Option<Located<String>>| field.as_ref().map(|field| field.value.clone());
    Subject {
        kind: object.kind.value.clone(),
        namespace: text(&object.namespace),
        name: text(&object.name).unwrap_or_else(|| "without a name".to_owned()),
    }
}

/// Whether a pod starts nothing but HostProcess containers.
fn all_host_process(template: &PodTemplate) -> bool {
    !template.containers.is_empty()
        && template
            .containers
            .iter()
            .all(|container| container.host_process)
}

/// A piece of a manifest to paste.
fn paste(title: impl Into<String>, safety: Safety, text: impl Into<String>) -> Remedy {
    Remedy {
        kind: RemedyKind::OtherHost,
        title: title.into(),
        safety,
        commands: vec![Command {
            shell: Shell::Yaml,
            text: text.into(),
        }],
        diff: None,
        changes: Vec::new(),
    }
}
