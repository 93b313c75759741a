//! Placements that no declared host satisfies.

use crate::change::{Change, PodChange};
use crate::finding::{Finding, Origin, Severity};
use crate::fleet::{Member, Orchestrator, State};
use crate::host::Os;
use crate::placement::kubernetes::{Taint, Toleration};
use crate::placement::{Admission, Placement, PodPlacement};
use crate::remedy::Remedy;

use super::classes::other_class;
use super::ground::Ground;
use super::place::Spot;
use super::remedies::{builds, yaml};
use super::selectors::but_for_windows;
use super::words;

/// A host that a placement keeps off, and by what.
struct KeptOff {
    host: usize,
    because: String,
    origin: Option<Origin>,
}

/// A host that runs all the images, and the taints of it that keep the pod off.
type Reachable<'a> = (usize, Vec<&'a Taint>);

impl<'a> Spot<'a> {
    /// No declared host satisfies the placement, for certain.
    pub(super) fn no_host(&self, ground: &Ground<'a>) -> Option<Finding> {
        let nobody = self.candidates.is_empty()
            && self.unavailable.is_empty()
            && self.unsure.is_empty()
            && self.conflict.is_none();
        let kept_off = if nobody {
            self.kept_off(ground)
        } else {
            Vec::new()
        };
        let first = kept_off.first()?;
        let member = ground.member(first.host);
        let whose = self.workload.subject.in_words();
        let message = match self.declared {
            1 => format!(
                "the only declared host, {}, does not satisfy the placement of {whose}",
                words::host(member)
            ),
            many => format!(
                "none of the {} declared hosts satisfies the placement of {whose}",
                words::number(many)
            ),
        };
        let (origin, label) = match self.only_taints(ground, first.host).first() {
            Some(taint) => (
                self.tolerating_origin(),
                format!(
                    "the taint {} of {} is not tolerated",
                    taint.in_words(),
                    member.name
                ),
            ),
            None if self.keeps_off_all(ground, first, &kept_off) => {
                (first.origin.as_ref(), "no host has this".to_owned())
            }
            None => (
                first.origin.as_ref(),
                format!("keeps off {}", words::host(member)),
            ),
        };
        let image = self.uses.first().map(|found| &found.container.image.origin);
        let origin = origin.or(image).unwrap_or(&self.workload.origin);
        let mut finding = Finding::new(
            "no-host-for-placement",
            Severity::Error,
            self.workload.subject.clone(),
            origin.clone(),
            message,
        )
        .label(label);
        if let Some(class) = self.class_at(origin)
            && let Placement::Pod(pod) = self.placement.as_ref()
            && let Some(named) = &pod.runtime_class
        {
            finding = finding.related(
                named.origin.clone(),
                format!("takes on what RuntimeClass {} selects", class.name),
            );
        }
        for sentence in reasons(ground, &kept_off) {
            finding = finding.note(sentence);
        }
        finding.remedies.extend(self.way_in(ground));
        Some(finding)
    }

    /// The hosts that it keeps off: first those that run all its images, Windows ones before Linux ones.
    fn kept_off(&self, ground: &Ground<'a>) -> Vec<KeptOff> {
        let mut found: Vec<KeptOff> = self
            .served(ground)
            .filter_map(|at| match self.admission(ground, at) {
                Admission::No { because, origin } => Some(KeptOff {
                    host: at,
                    because,
                    origin,
                }),
                _ => None,
            })
            .collect();
        found.sort_by_cached_key(|kept_off| {
            let runs = self.all_run_on(ground, &self.host(ground, kept_off.host));
            (!runs, ground.member(kept_off.host).host.os == Os::Linux)
        });
        found
    }

    /// Whether one demand keeps off every declared host, whatever else does.
    fn keeps_off_all(&self, ground: &Ground<'a>, first: &KeptOff, kept_off: &[KeptOff]) -> bool {
        let refusal = Admission::No {
            because: first.because.clone(),
            origin: first.origin.clone(),
        };
        let Some(alone) = self.placement.only_demand(&refusal) else {
            return false;
        };
        kept_off.iter().all(|other| {
            let admission = alone.admits(ground.catalog, ground.member(other.host));
            matches!(admission, Admission::No { .. })
        })
    }

    /// The pod's tolerations, which a further one would join, else its spec. Never a demand: those hold.
    fn tolerating_origin(&self) -> Option<&'a Origin> {
        let Placement::Pod(pod) = &self.workload.placement else {
            return None;
        };
        let tolerated = pod.tolerations.first().map(|first| &first.origin);
        Some(
            tolerated
                .or(pod.origin.as_ref())
                .unwrap_or(&self.workload.origin),
        )
    }

    /// The taints of a host that alone keep a pod off it.
    fn only_taints(&self, ground: &Ground<'a>, host: usize) -> Vec<&'a Taint> {
        let Placement::Pod(pod) = self.placement.as_ref() else {
            return Vec::new();
        };
        let member = ground.member(host);
        let taints: Vec<&Taint> = pod.untolerated(ground.catalog, member).collect();
        let admitted = !matches!(
            tolerating(pod, &taints).admits(ground.catalog, member),
            Admission::No { .. }
        );
        if admitted { taints } else { Vec::new() }
    }

    /// What would let it onto hosts that run all its images: a selector of their builds, or tolerations.
    fn way_in(&self, ground: &Ground<'a>) -> Option<Remedy> {
        let open = but_for_windows(&self.placement);
        let (Placement::Pod(open), Placement::Pod(pod)) = (open.as_ref(), self.placement.as_ref())
        else {
            return None;
        };
        let reachable: Vec<Reachable<'a>> = self
            .served(ground)
            .filter(|at| {
                ground.member(*at).state == State::Ready
                    && self.all_run_on(ground, &self.host(ground, *at))
            })
            .filter_map(|at| {
                let member = ground.member(at);
                let taints: Vec<&Taint> = pod.untolerated(ground.catalog, member).collect();
                // A node that its cluster itself keeps empty takes nobody, tolerant or not.
                if taints.iter().any(|taint| is_of_the_cluster(taint)) {
                    return None;
                }
                let admission = tolerating(open, &taints).admits(ground.catalog, member);
                (admission == Admission::Yes).then_some((at, taints))
            })
            .collect();
        let free: Vec<&Member> = reachable
            .iter()
            .filter(|(_, taints)| taints.is_empty())
            .map(|(at, _)| ground.member(*at))
            .collect();
        if free.is_empty() {
            return self.tolerate(ground, pod, open, &reachable);
        }
        let builds = builds(&free);
        if let Some(class) = self.choosing_class() {
            return other_class(ground, class, &builds, self.pod_spec());
        }
        (!builds.is_empty()).then(|| Remedy {
            title: format!(
                "admit {}{}",
                words::hosts(free.iter().copied()),
                self.in_place_of(&builds)
            ),
            ..self.place_on_builds(&builds)
        })
    }

    /// Tolerations of the taints of one host that runs all the images; with a selector of its build where
    /// they would let the pod onto hosts that do not, or where another build is demanded.
    fn tolerate(
        &self,
        ground: &Ground<'a>,
        pod: &PodPlacement,
        open: &PodPlacement,
        reachable: &[Reachable<'a>],
    ) -> Option<Remedy> {
        let only_tainted = |(at, _): &&Reachable<'a>| !self.only_taints(ground, *at).is_empty();
        let (at, taints) = reachable.iter().find(only_tainted).or(reachable.first())?;
        let member = ground.member(*at);
        let tolerant = tolerating(pod, taints);
        let admitted = tolerant.admits(ground.catalog, member) == Admission::Yes;
        let unfit: Vec<&Member> = self
            .served(ground)
            .filter(|at| {
                let admission = tolerant.admits(ground.catalog, ground.member(*at));
                admission == Admission::Yes && !self.all_run_on(ground, &self.host(ground, *at))
            })
            .map(|at| ground.member(at))
            .collect();
        let plural = if taints.len() == 1 { "" } else { "s" };
        let mut title = format!("tolerate the taint{plural} of {}", words::host(member));
        let mut change = PodChange {
            tolerate: taints.iter().map(|taint| (*taint).clone()).collect(),
            ..PodChange::default()
        };
        let mut text = "tolerations:".to_owned();
        for taint in taints {
            text.push_str(&toleration_in_yaml(taint));
        }
        if !admitted || !unfit.is_empty() {
            let tolerant = tolerating(open, taints);
            let fit: Vec<&Member> = reachable
                .iter()
                .map(|(at, _)| ground.member(*at))
                .filter(|member| tolerant.admits(ground.catalog, member) == Admission::Yes)
                .collect();
            let builds = builds(&fit);
            if let Some(class) = self.choosing_class() {
                return other_class(ground, class, &builds, self.pod_spec());
            }
            let selecting = self.place_on_builds(&builds);
            if let [Change::Pod { change: placed, .. }] = selecting.changes.as_slice() {
                change.lift.clone_from(&placed.lift);
                change.demands.clone_from(&placed.demands);
            }
            title.push_str(" and select its build");
            title.push_str(&self.in_place_of(&builds));
            if !unfit.is_empty() {
                title.push_str(&format!(
                    ", since {} would be admitted as well",
                    words::hosts(unfit)
                ));
            }
            for command in selecting.commands {
                text = format!("{text}\n{}", command.text);
            }
        }
        // What any other taint keeps off, somebody keeps off: only a person lifts that.
        let for_windows = change.tolerate.iter().all(says_windows);
        Some(Remedy {
            changes: if for_windows {
                self.pod_change(change)
            } else {
                Vec::new()
            },
            ..yaml(title, text)
        })
    }

    /// The hosts of its orchestrator, whatever their state.
    fn served(&self, ground: &Ground<'a>) -> impl Iterator<Item = usize> + use<'a> {
        let orchestrator: Orchestrator = self.workload.orchestrator;
        ground
            .fleet
            .hosts
            .iter()
            .enumerate()
            .filter(move |(_, member)| member.orchestrator.is_none_or(|own| own == orchestrator))
            .map(|(at, _)| at)
    }
}

/// A taint by which a cluster says that a node is in trouble, or not in service.
fn is_of_the_cluster(taint: &Taint) -> bool {
    let prefix = taint.key.split('/').next().unwrap_or_default();
    matches!(
        prefix,
        "node.kubernetes.io" | "node.cloudprovider.kubernetes.io"
    ) && !says_windows(taint)
}

/// A taint that only tells Windows nodes from others, in any spelling.
fn says_windows(taint: &Taint) -> bool {
    let key = taint.key.rsplit('/').next().unwrap_or_default();
    key.eq_ignore_ascii_case("os") && taint.value.eq_ignore_ascii_case(Os::Windows.name())
}

/// The pod with tolerations of these taints.
fn tolerating(pod: &PodPlacement, taints: &[&Taint]) -> PodPlacement {
    let mut tolerant = pod.clone();
    tolerant
        .tolerations
        .extend(taints.iter().map(|taint| Toleration::of(taint)));
    tolerant
}

/// One sentence for all that the same demand keeps off.
fn reasons(ground: &Ground<'_>, kept_off: &[KeptOff]) -> Vec<String> {
    const MOST: usize = 3;
    let mut told: Vec<&str> = Vec::new();
    for kept_off in kept_off {
        if told.len() == MOST {
            break;
        }
        let because = kept_off.because.as_str();
        if !told.contains(&because) {
            told.push(because);
        }
    }
    told.into_iter()
        .map(|because| {
            let kept: Vec<usize> = kept_off
                .iter()
                .filter(|other| other.because == because)
                .map(|other| other.host)
                .collect();
            let verb = if kept.len() == 1 { "is" } else { "are" };
            let hosts = words::hosts(ground.members(&kept));
            format!("{hosts} {verb} kept off by {because}")
        })
        .collect()
}

/// An entry of a pod's tolerations.
fn toleration_in_yaml(taint: &Taint) -> String {
    let Taint { key, value, effect } = taint;
    let compared = if value.is_empty() {
        "operator: Exists".to_owned()
    } else {
        format!("operator: Equal\n    value: {value:?}")
    };
    format!("\n  - key: {key}\n    {compared}\n    effect: {effect}")
}
