//! Objects that the API server refuses, and what nothing reads any more.

use winfit_core::change::{Change, PodChange};
use winfit_core::finding::{Finding, Severity};
use winfit_core::placement::kubernetes::RuntimeClass;
use winfit_core::remedy::{Remedy, Safety};
use winfit_core::version::quote_for_error;

use super::labels::replacement;
use super::{Checking, all_host_process, paste};
use crate::kubernetes::{Content, PodTemplate};

/// The versions that are gone: which, of which kinds (empty: all with a pod template), what took
/// their place, and since which Kubernetes they are no longer served (the deprecated API migration
/// guide; for node.k8s.io/v1alpha1 the changelog of 1.24).
const REMOVED: &[(&str, &[&str], &str, &str)] = &[
    (
        "extensions/v1beta1",
        &["Deployment", "DaemonSet", "ReplicaSet"],
        "apps/v1",
        "1.16",
    ),
    (
        "apps/v1beta1",
        &["Deployment", "StatefulSet"],
        "apps/v1",
        "1.16",
    ),
    (
        "apps/v1beta2",
        &["Deployment", "DaemonSet", "ReplicaSet", "StatefulSet"],
        "apps/v1",
        "1.16",
    ),
    ("batch/v2alpha1", &["CronJob"], "batch/v1", "1.21"),
    ("batch/v1beta1", &["CronJob"], "batch/v1", "1.25"),
    (
        "node.k8s.io/v1alpha1",
        &["RuntimeClass"],
        "node.k8s.io/v1",
        "1.24",
    ),
    (
        "node.k8s.io/v1beta1",
        &["RuntimeClass"],
        "node.k8s.io/v1",
        "1.25",
    ),
];

/// Of a template's labels so many go into a selector to paste.
const MOST_LABELS: usize = 5;

/// Read by Docker's part of the kubelet, with a feature gate, until Kubernetes 1.20.
const ISOLATION_TYPE: &str = "experimental.windows.kubernetes.io/isolation-type";

impl Checking<'_> {
    pub(super) fn removed_api_version(
        &self,
        template: Option<&PodTemplate>,
        found: &mut Vec<Finding>,
    ) {
        let Some(api_version) = &self.object.api_version else {
            return;
        };
        let kind = self.object.kind.value.as_str();
        let Some((old, _, new, since)) = REMOVED
            .iter()
            .find(|(old, kinds, ..)| *old == api_version.value && kinds.contains(&kind))
        else {
            return;
        };
        let mut finding = Finding::new(
            "removed-api-version",
            Severity::Error,
            self.subject(),
            api_version.origin.clone(),
            format!("Kubernetes {since} and newer refuse a {kind} of {old}; {new} took its place"),
        )
        .label(format!("now {new}"));
        let mut text = format!("apiVersion: {new}");
        if let Some(template) = template.filter(|one| *new == "apps/v1" && !one.has_selector) {
            finding = finding.note(format!(
                "{new} demands spec.selector, which {old} made from the labels of the pod template{}",
                if template.labels.is_empty() {
                    "; this template has none, so give it a label too"
                } else {
                    ""
                }
            ));
        }
        if let Some(template) =
            template.filter(|one| *new == "apps/v1" && !one.has_selector && !one.labels.is_empty())
        {
            text.push_str("\nspec:\n  selector:\n    matchLabels:");
            for (key, value) in template.labels.iter().take(MOST_LABELS) {
                text.push_str(&format!("\n      {key}: {value:?}"));
            }
        }
        if let Content::RuntimeClass(class) = &self.object.content
            && *old == "node.k8s.io/v1alpha1"
        {
            finding = finding.note(
                "spec.runtimeHandler is called handler and stands beside metadata in node.k8s.io/v1",
            );
            text.push_str(&format!(
                "\nhandler: {}",
                quote_for_error(&class.handler.value)
            ));
        }
        let match_labels = match template {
            Some(one) if *new == "apps/v1" && !one.has_selector => one.labels.clone(),
            _ => Vec::new(),
        };
        // Without a selector, and without labels to make one of, the new version would be refused as
        // well; what else v1alpha1 wrote otherwise, only a person moves.
        let whole = template
            .is_none_or(|one| *new != "apps/v1" || one.has_selector || !one.labels.is_empty())
            && *old != "node.k8s.io/v1alpha1";
        let change = Change::ApiVersion {
            at: api_version.origin.clone(),
            to: (*new).to_owned(),
            match_labels,
        };
        // A DaemonSet of the oldest version replaced its pods only when somebody deleted them.
        let restarts = kind == "DaemonSet" && *old == "extensions/v1beta1";
        let safety = if restarts {
            finding = finding.note(format!(
                "a change of the template replaces the pods at once in {new}, where {old} waited until they \
                 were deleted; updateStrategy: {{type: OnDelete}} keeps that"
            ));
            Safety::Unsafe
        } else {
            Safety::Safe
        };
        found.push(finding.remedy(Remedy {
            changes: whole.then_some(change).into_iter().collect(),
            ..paste("write the version that is served", safety, text)
        }));
    }

    /// `first` is where this object's findings start: a value that is wrong in itself is told of once.
    pub(super) fn wrong_types(&self, first: usize, found: &mut Vec<Finding>) {
        let labels = first..found.len();
        for wrong in &self.object.wrong_types {
            if found[labels.clone()]
                .iter()
                .any(|known| known.origin == wrong.value.origin)
            {
                continue;
            }
            let value = quote_for_error(&wrong.value.value);
            let finding = Finding::new(
                "wrong-type",
                Severity::Error,
                self.subject(),
                wrong.value.origin.clone(),
                format!(
                    "YAML reads this as {}, and {} takes only text: the API server refuses the object",
                    wrong.read_as, wrong.field
                ),
            );
            let quoted =
                !value.is_empty() && wrong.read_as != "a list" && wrong.read_as != "a mapping";
            found.push(if quoted {
                finding.label("needs quotes").remedy(Remedy {
                    changes: vec![Change::Quote {
                        at: wrong.value.origin.clone(),
                    }],
                    ..paste("quote it", Safety::Safe, format!("{value:?}"))
                })
            } else {
                finding.label("text is expected")
            });
        }
    }

    pub(super) fn misplaced(&self, template: &PodTemplate, found: &mut Vec<Finding>) {
        for key in &template.misplaced {
            let mut finding = Finding::new(
                "misplaced-pod-field",
                Severity::Error,
                self.subject(),
                key.origin.clone(),
                format!(
                    "{} is a field of the pod, not of a container: here it is refused or has no effect",
                    key.value
                ),
            )
            .label("belongs beside containers")
            .related(template.spec.clone(), "the pod's own fields start here")
            .note(
                "kubectl refuses unknown fields unless it is told not to; for other clients the API server \
                 drops them",
            );
            if key.value == "nodeSelector" && !template.misplaced_demands.is_empty() {
                let demands = self.as_nodes_have_it(&template.misplaced_demands);
                let lines: Vec<String> = demands
                    .iter()
                    .map(|(demand, key, values)| replacement(demand, key, values.clone()))
                    .collect();
                let text = format!("nodeSelector:\n  {}", lines.join("\n  "));
                let demands = demands
                    .into_iter()
                    .map(|(_, key, values)| (key.to_owned(), values))
                    .collect();
                let up = Change::Pod {
                    at: template.spec.clone(),
                    change: Box::new(PodChange {
                        demands,
                        ..PodChange::default()
                    }),
                };
                let away = Change::Remove {
                    at: key.origin.clone(),
                };
                finding = finding.remedy(Remedy {
                    changes: vec![up, away],
                    ..paste("move it up, beside containers", Safety::Unsafe, text)
                });
            }
            found.push(finding);
        }
    }

    pub(super) fn annotations(&self, template: &PodTemplate, found: &mut Vec<Finding>) {
        let all = self.object.annotations.iter().chain(&template.annotations);
        for (key, value) in all.filter(|(key, _)| key.value == ISOLATION_TYPE) {
            let class = &template.placement.runtime_class;
            let message = match class {
                Some(class) => format!(
                    "Kubernetes 1.21 and newer do not read this annotation: the RuntimeClass {} decides on the \
                     isolation",
                    quote_for_error(&class.value)
                ),
                None => "Kubernetes 1.21 and newer do not read this annotation: the containers start with \
                         process isolation"
                    .to_owned(),
            };
            let mut finding = Finding::new(
                "dead-annotation",
                Severity::Warning,
                self.subject(),
                key.origin.clone(),
                message,
            )
            .label("has no effect");
            let away = Remedy {
                commands: Vec::new(),
                changes: vec![Change::Remove {
                    at: key.origin.clone(),
                }],
                ..paste(
                    "take the annotation away; what runs is as before, and pods of a template are made anew",
                    Safety::Unsafe,
                    "",
                )
            };
            if let Some(class) = class {
                finding = finding
                    .related(class.origin.clone(), "this counts")
                    .remedy(away);
            } else if value == "hyperv" {
                finding = finding
                    .note(
                        "a RuntimeClass chooses the isolation now; its handler must be configured in \
                         containerd on the nodes",
                    )
                    .remedy(paste(
                        "choose Hyper-V isolation by a RuntimeClass",
                        Safety::Unsafe,
                        "apiVersion: node.k8s.io/v1\nkind: RuntimeClass\nmetadata:\n  name: windows-hyperv\n\
                         handler: runhcs-wcow-hypervisor\n---\n# in the pod's spec\nruntimeClassName: windows-hyperv",
                    ));
            }
            found.push(finding);
        }
    }

    /// What the API server checks of HostProcess pods (`validateWindowsHostProcessPod`).
    pub(super) fn host_process(&self, template: &PodTemplate, found: &mut Vec<Finding>) {
        if !template
            .containers
            .iter()
            .any(|container| container.host_process)
        {
            return;
        }
        let stated = template.windows_options.as_ref().unwrap_or(&template.spec);
        if !all_host_process(template) {
            for container in template.containers.iter().filter(|one| !one.host_process) {
                let finding = Finding::new(
                    "host-process-incomplete",
                    Severity::Error,
                    self.subject(),
                    container.origin.clone(),
                    "in a pod with a HostProcess container all containers must be HostProcess containers, \
                     and this one is not: the API server refuses the pod",
                )
                .related(stated.clone(), "set here");
                found.push(if template.host_process {
                    finding
                        .label("says hostProcess: false")
                        .note("a container that says nothing of hostProcess has the pod's value")
                } else {
                    // Which containers are to be SYSTEM on the node, only a person says.
                    finding.label("hostProcess is not set for it").remedy(paste(
                        "set it for the whole pod",
                        Safety::Unsafe,
                        "securityContext:\n  windowsOptions:\n    hostProcess: true",
                    ))
                });
            }
        }
        if template.host_network.as_ref().is_none_or(|on| !on.value) {
            let origin = template
                .host_network
                .as_ref()
                .map_or(stated, |on| &on.origin);
            found.push(
                Finding::new(
                    "host-process-incomplete",
                    Severity::Error,
                    self.subject(),
                    origin.clone(),
                    "a pod with HostProcess containers needs hostNetwork: true, or the API server refuses it",
                )
                .label(if template.host_network.is_some() {
                    "is to be true"
                } else {
                    "this pod's hostNetwork is not set"
                })
                .remedy(Remedy {
                    changes: vec![of_spec(
                        template,
                        PodChange {
                            host_network: true,
                            ..PodChange::default()
                        },
                    )],
                    ..paste(
                        "set it in the pod's spec",
                        Safety::Unsafe,
                        "hostNetwork: true",
                    )
                }),
            );
        }
    }

    pub(super) fn handler(&self, class: &RuntimeClass, found: &mut Vec<Finding>) {
        let handler = class.handler.value.as_str();
        let Some(build) = handler.strip_prefix("runhcs-wcow-hypervisor-") else {
            return;
        };
        found.push(
            Finding::new(
                "hypervisor-handler",
                Severity::Info,
                self.subject(),
                class.handler.origin.clone(),
                format!(
                    "containerd knows the handler {} only where someone configured it",
                    quote_for_error(handler)
                ),
            )
            .label("not among containerd's defaults")
            .note(format!(
                "a handler for each build, here {}, is a convention of Microsoft's own containerd; the \
                 defaults are runhcs-wcow-process and runhcs-wcow-hypervisor",
                quote_for_error(build)
            )),
        );
    }
}

/// A change of the template's pod spec.
fn of_spec(template: &PodTemplate, change: PodChange) -> Change {
    Change::Pod {
        at: template.spec.clone(),
        change: Box::new(change),
    }
}
