//! Whether a Windows pod gets to Windows nodes at all.

use winfit_core::change::{Change, PodChange};
use winfit_core::finding::{Finding, Severity};
use winfit_core::fleet::Fleet;
use winfit_core::placement::Placement;
use winfit_core::placement::kubernetes::{Operator, Requirement, Taint, Toleration};
use winfit_core::remedy::{Remedy, Safety};
use winfit_core::version::quote_for_error;

use super::evidence::{Evidence, runtime_class};
use super::labels::{AKS_OS, AKS_OS_SKU, BETA_OS, OS, OS_BUILD, WINDOWS_BUILD, demand_instead};
use super::{Checking, paste};
use crate::kubernetes::PodTemplate;

/// The keys under which clusters taint their Windows nodes: `os` (Kubernetes' own documentation,
/// OpenShift), `node.kubernetes.io/os` (GKE, Azure Local), `kubernetes.io/os`.
const OS_TAINTS: &[&str] = &["os", "node.kubernetes.io/os", "kubernetes.io/os"];

/// Of a fleet of any size only the first are looked at for how it spells its taints.
const MOST_COMPARED: usize = 1000;

/// EKS: how a node computes. Fargate and Auto Mode have no Windows.
const EKS_COMPUTE: &str = "eks.amazonaws.com/compute-type";

impl Checking<'_> {
    pub(super) fn os_selector(
        &self,
        template: &PodTemplate,
        evidence: &Evidence,
        found: &mut Vec<Finding>,
    ) {
        let placement = &template.placement;
        if placement.node_name.is_some() || placement.node_selector.iter().any(settles) {
            return;
        }
        // A term without demands matches no node.
        let every_term = placement.terms.as_ref().is_some_and(|terms| {
            terms
                .iter()
                .all(|term| term.is_empty() || term.iter().any(settles))
        });
        if every_term {
            return;
        }
        if let Some(name) = &placement.runtime_class {
            match runtime_class(self.context, &name.value) {
                Some(class) if !class.node_selector.iter().any(settles) => {}
                // It places the pod, or nobody knows what it does.
                _ => return,
            }
        }
        // What stands in the wrong place is told of by its own rule, and says what to do.
        if template
            .misplaced
            .iter()
            .any(|key| key.value == "nodeSelector")
        {
            return;
        }
        let mut finding = Finding::new(
            "os-selector-missing",
            Severity::Warning,
            self.subject(),
            evidence.origin.clone(),
            format!(
                "nothing keeps this Windows pod off Linux nodes: its placement says nothing of {OS}"
            ),
        )
        .label(evidence.label.clone())
        .confidence(evidence.confidence);
        if let Some(class) = &placement.runtime_class {
            finding = finding.related(class.origin.clone(), "selects no Windows nodes either");
        }
        if template.os_name.is_some() {
            finding = finding.note(
                "spec.os.name does not place a pod: the scheduler passes it over, and a kubelet on another \
                 system refuses the pod",
            );
        }
        let change = Change::Pod {
            at: template.spec.clone(),
            change: Box::new(PodChange {
                demands: vec![(OS.to_owned(), vec!["windows".to_owned()])],
                ..PodChange::default()
            }),
        };
        found.push(finding.remedy(Remedy {
            changes: vec![change],
            ..paste(
                "place the pod on Windows nodes only, in the pod's spec",
                Safety::Unsafe,
                format!("nodeSelector:\n  {OS}: windows"),
            )
        }));
    }

    pub(super) fn no_windows(&self, evidence: &Evidence, found: &mut Vec<Finding>) {
        for demand in &self.object.demands {
            if demand.key.value != EKS_COMPUTE || demand.operator != Operator::In {
                continue;
            }
            for value in &demand.values {
                let name = match value.value.as_str() {
                    "fargate" => "EKS Fargate",
                    "auto" => "EKS Auto Mode",
                    _ => continue,
                };
                let finding = Finding::new(
                    "no-windows-here",
                    Severity::Error,
                    self.subject(),
                    value.origin.clone(),
                    format!("{name} runs no Windows pods, and this pod is one"),
                )
                .label("no Windows here")
                .confidence(evidence.confidence)
                .related(evidence.origin.clone(), evidence.label.clone());
                let selects_windows = self.object.demands.iter().any(|other| {
                    other.term == demand.term
                        && other.key.value == OS
                        && other.values.iter().any(|value| value.value == "windows")
                });
                found.push(if selects_windows {
                    finding.note(format!(
                        "take {EKS_COMPUTE} away: the Windows nodes of EKS are in node groups"
                    ))
                } else {
                    finding.remedy(demand_instead(
                        "select the Windows nodes of a node group in its place",
                        demand,
                        OS,
                        vec!["windows".to_owned()],
                    ))
                });
            }
        }
    }

    pub(super) fn taint_spelling(&self, template: &PodTemplate, found: &mut Vec<Finding>) {
        let class = template
            .placement
            .runtime_class
            .as_ref()
            .and_then(|name| runtime_class(self.context, &name.value));
        let of_class = class.map_or(&[][..], |class| &class.tolerations);
        let tolerations = || template.placement.tolerations.iter().chain(of_class);
        let variants: Vec<&Toleration> = template
            .placement
            .tolerations
            .iter()
            .filter(|toleration| is_os_spelling(toleration))
            .collect();
        let Some(first) = variants.first() else {
            return;
        };
        let declared = os_taints(self.context.fleet);
        if let Some(taint) = declared.first() {
            // Which effect is tolerated is another question than how the taint is spelt.
            let fits = declared
                .iter()
                .any(|taint| tolerations().any(|toleration| is_spelt_as(toleration, taint)));
            if !fits {
                found.push(
                    Finding::new(
                        "taint-spelling",
                        Severity::Warning,
                        self.subject(),
                        first.origin.clone(),
                        format!(
                            "no node has the taint {}: the Windows nodes have {}, which this pod does not tolerate",
                            in_words(first),
                            taint_in_words(taint)
                        ),
                    )
                    .label(format!("nodes spell it {}", taint_in_words(taint)))
                    .remedy(Remedy {
                        changes: vec![Change::Toleration {
                            at: first.origin.clone(),
                            taint: (*taint).clone(),
                        }],
                        ..paste(
                            "tolerate the taint as the nodes spell it",
                            Safety::Unsafe,
                            toleration_of(taint),
                        )
                    }),
                );
            }
            return;
        }
        let Some(common) = common_spelling(self.context.fleet) else {
            return;
        };
        if tolerations().any(|one| one.exists) || variants.iter().any(|one| in_words(one) == common)
        {
            return;
        }
        found.push(
            Finding::new(
                "taint-spelling",
                Severity::Info,
                self.subject(),
                first.origin.clone(),
                format!(
                    "this pod tolerates {}, most others here {common}; a node has one spelling, and taints \
                     are compared exactly",
                    in_words(first)
                ),
            )
            .label(format!("elsewhere {common}")),
        );
    }
}

/// Whether a demand settles which system a node has, or which node it is.
fn settles(requirement: &Requirement) -> bool {
    if requirement.field {
        return requirement.operator == Operator::In;
    }
    match requirement.key.as_str() {
        // Which one it settles is for others to judge.
        OS | BETA_OS | AKS_OS | AKS_OS_SKU => !matches!(
            requirement.operator,
            Operator::Exists | Operator::DoesNotExist
        ),
        WINDOWS_BUILD | OS_BUILD => !matches!(
            requirement.operator,
            Operator::NotIn | Operator::DoesNotExist
        ),
        // Where no Windows is, another rule speaks.
        EKS_COMPUTE | "kubernetes.io/hostname" | "cloud.google.com/gke-os-distribution" => {
            requirement.operator == Operator::In
        }
        // A pool that is called after Windows: `agentpool: winpool`.
        key => {
            requirement.operator == Operator::In
                && (names_windows(key)
                    || requirement.values.iter().all(|value| names_windows(value)))
        }
    }
}

fn names_windows(text: &str) -> bool {
    let lower = text.to_lowercase();
    lower.contains("windows")
        || lower
            .split(['-', '_', '.', '/'])
            .any(|part| part.starts_with("win"))
}

/// Whether a toleration is about the taint of Windows nodes, in any spelling.
fn is_os_spelling(toleration: &Toleration) -> bool {
    toleration
        .key
        .as_deref()
        .is_some_and(|key| OS_TAINTS.contains(&key.to_lowercase().as_str()))
        && (toleration.exists || toleration.value.eq_ignore_ascii_case("windows"))
}

fn os_taints(fleet: &Fleet) -> Vec<&Taint> {
    fleet
        .hosts
        .iter()
        .take(MOST_COMPARED)
        .filter_map(|member| member.taints.as_ref())
        .flatten()
        .filter(|taint| {
            taint.effect != "PreferNoSchedule"
                && OS_TAINTS.contains(&taint.key.to_lowercase().as_str())
                && taint.value.eq_ignore_ascii_case("windows")
        })
        .collect()
}

/// As Kubernetes compares them: exactly.
fn is_spelt_as(toleration: &Toleration, taint: &Taint) -> bool {
    match &toleration.key {
        None => toleration.exists,
        Some(key) => *key == taint.key && (toleration.exists || toleration.value == taint.value),
    }
}

fn in_words(toleration: &Toleration) -> String {
    let key = toleration.key.as_deref().unwrap_or_default();
    if toleration.exists {
        return quote_for_error(key);
    }
    format!(
        "{}={}",
        quote_for_error(key),
        quote_for_error(&toleration.value)
    )
}

fn taint_in_words(taint: &Taint) -> String {
    format!(
        "{}={}",
        quote_for_error(&taint.key),
        quote_for_error(&taint.value)
    )
}

fn toleration_of(taint: &Taint) -> String {
    let effect = if taint.effect.is_empty() {
        String::new()
    } else {
        format!("\n    effect: {}", taint.effect)
    };
    format!(
        "tolerations:\n  - key: {}\n    operator: Equal\n    value: {}{effect}",
        taint.key, taint.value
    )
}

/// The spelling that most workloads tolerate, where they differ.
fn common_spelling(fleet: &Fleet) -> Option<String> {
    let mut spellings: Vec<(String, usize)> = Vec::new();
    for workload in fleet.workloads.iter().take(MOST_COMPARED) {
        let Placement::Pod(pod) = &workload.placement else {
            continue;
        };
        for toleration in pod
            .tolerations
            .iter()
            .filter(|one| is_os_spelling(one) && !one.exists)
        {
            let words = in_words(toleration);
            match spellings.iter_mut().find(|(known, _)| *known == words) {
                Some((_, count)) => *count += 1,
                None => spellings.push((words, 1)),
            }
        }
    }
    // The first of equals: what the fleet says first.
    let most = spellings.iter().map(|(_, count)| *count).max()?;
    let first = spellings.iter().position(|(_, count)| *count == most)?;
    (spellings.len() > 1).then(|| spellings.swap_remove(first).0)
}
