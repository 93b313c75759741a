//! What to do about an image that does not start on some of the hosts that its placement admits.

use std::fmt::Write as _;

use crate::change::{Change, PodChange, ServiceChange};
use crate::finding::Origin;
use crate::fleet::{Member, Orchestrator, State};
use crate::host::{HypervOffer, Isolation, Os};
use crate::placement::kubernetes::{BUILD_LABEL, OLD_OS_LABEL, OS_LABEL, demands_version};
use crate::placement::{Admission, Placement};
use crate::remedy::{
    Command, FleetHost, Remedy, RemedyKind, Safety, Shell, Situation, node_selector, remedies,
};
use crate::version::OsVersion;

use super::classes::other_class;
use super::ground::{Ground, Outcome};
use super::place::{Spot, Use};
use super::rebuild::base_of_host;
use super::selectors::but_for_windows;
use super::unlabelled::lacks_build_label;
use super::words;

/// How many hosts get a command of their own.
const MOST_COMMANDS: usize = 3;

impl<'a> Spot<'a> {
    /// The changes that would let one image start, the best first.
    pub(super) fn remedies(&self, ground: &Ground<'a>, found: &Use<'a>) -> Vec<Remedy> {
        let mut remedies = Vec::new();
        let (mut fit, mut spare, mut unfit) = (Vec::new(), Vec::new(), Vec::new());
        for (position, at) in self.candidates.iter().enumerate() {
            // All containers go there together.
            let fails = self.uses.iter().any(|container| {
                matches!(container.outcomes[position], Outcome::No | Outcome::Refused)
            });
            let list = if fails {
                &mut unfit
            } else if found.outcomes[position] == Outcome::Runs {
                &mut fit
            } else {
                &mut spare
            };
            list.push(ground.member(*at));
        }
        // Where it runs on none for sure, those on which it may start are better than the rest.
        if fit.is_empty() && !spare.is_empty() {
            remedies.extend(
                self.admit_only(ground, &spare, &unfit)
                    .map(|remedy| Remedy {
                        title: format!("{}, where it may start", remedy.title),
                        ..remedy
                    }),
            );
        } else {
            remedies.extend(self.admit_only(ground, &fit, &unfit));
        }
        // Whether somebody else's image has such a tag, nobody here knows: that comes last.
        let guessed = found
            .written()
            .is_some_and(|written| !written.named.is_base && !written.in_build_file);
        let (mut sure, mut guess) = (self.other_base(ground, found), None);
        if guessed {
            std::mem::swap(&mut sure, &mut guess);
        }
        remedies.extend(sure);
        remedies.extend(self.hyperv(ground, found));
        if fit.is_empty() && spare.is_empty() {
            remedies.extend(self.place_elsewhere(ground));
        }
        remedies.extend(guess);
        // A host that runs it and takes no work just now is no reason for another image.
        let waits = self
            .unavailable
            .iter()
            .any(|at| self.all_run_on(ground, &self.host(ground, *at)));
        for remedy in &mut remedies {
            if waits && remedy.kind == RemedyKind::Rebuild {
                remedy.changes.clear();
            }
        }
        remedies
    }

    /// Place it on hosts that its placement keeps it off, and that run all its images.
    fn place_elsewhere(&self, ground: &Ground<'a>) -> Option<Remedy> {
        let orchestrator = self.workload.orchestrator;
        let open = but_for_windows(&self.placement);
        let elsewhere: Vec<&Member> = ground
            .fleet
            .hosts
            .iter()
            .enumerate()
            .filter(|(at, member)| {
                member.state == State::Ready
                    && member.orchestrator.is_none_or(|own| own == orchestrator)
                    && open.admits(ground.catalog, member) == Admission::Yes
                    && !self.candidates.contains(at)
                    && self.all_run_on(ground, &self.host(ground, *at))
            })
            .map(|(_, member)| member)
            .collect();
        let builds = builds(&elsewhere);
        let title = format!(
            "place it on {} instead",
            words::hosts(elsewhere.iter().copied())
        );
        match (orchestrator, builds.as_slice()) {
            (_, []) | (Orchestrator::Docker, _) => None,
            (Orchestrator::Kubernetes, builds) => match self.choosing_class() {
                Some(class) => other_class(ground, class, builds, self.pod_spec()),
                None if lacks_build_label(ground, &elsewhere) => Some(self.label_first(&title)),
                None => Some(Remedy {
                    title: format!("{title}{}", self.in_place_of(builds)),
                    ..self.place_on_builds(builds)
                }),
            },
            (Orchestrator::Swarm, [build]) => {
                Some(self.swarm_constraints(title, &elsewhere, &[], &[*build], &[]))
            }
            (Orchestrator::Swarm, _) => None,
        }
    }

    /// Keep it to the hosts on which it runs, by their builds.
    fn admit_only(
        &self,
        ground: &Ground<'a>,
        fit: &[&Member],
        unfit: &[&Member],
    ) -> Option<Remedy> {
        let (builds, bad) = (builds(fit), builds(unfit));
        if builds.is_empty() || unfit.is_empty() || builds.iter().any(|build| bad.contains(build)) {
            return None;
        }
        let only_linux = unfit.iter().all(|member| member.host.os == Os::Linux);
        let title = if only_linux {
            "admit only Windows hosts".to_owned()
        } else {
            format!("admit only {}", words::hosts(fit.iter().copied()))
        };
        match self.workload.orchestrator {
            Orchestrator::Docker => None,
            Orchestrator::Kubernetes if only_linux => Some(Remedy {
                changes: self.pod_change(PodChange {
                    demands: vec![windows()],
                    ..PodChange::default()
                }),
                ..yaml(title, format!("nodeSelector:\n  {OS_LABEL}: windows"))
            }),
            Orchestrator::Kubernetes => match self.choosing_class() {
                Some(class) => other_class(ground, class, &builds, self.pod_spec()),
                None if lacks_build_label(ground, fit) => Some(self.label_first(&title)),
                None => Some(Remedy {
                    title,
                    ..self.place_on_builds(&builds)
                }),
            },
            Orchestrator::Swarm => Some(self.swarm_constraints(title, fit, unfit, &builds, &bad)),
        }
    }

    /// The spec of the pod.
    pub(super) fn pod_spec(&self) -> Option<&'a Origin> {
        match &self.workload.placement {
            Placement::Pod(pod) => pod.origin.as_ref(),
            _ => None,
        }
    }

    /// A change of the pod's own spec.
    pub(super) fn pod_change(&self, change: PodChange) -> Vec<Change> {
        let change = |at: &Origin| Change::Pod {
            at: at.clone(),
            change: Box::new(change),
        };
        self.pod_spec().map(change).into_iter().collect()
    }

    /// The placement on nodes of these builds, in place of what the pod demands of their Windows now.
    pub(super) fn place_on_builds(&self, builds: &[u16]) -> Remedy {
        Remedy {
            changes: self.pod_change(PodChange {
                lift: self.demands_on_windows(),
                demands: vec![windows(), of_builds(builds)],
                ..PodChange::default()
            }),
            ..place_on_builds(builds)
        }
    }

    /// The labels by which the pod itself demands a version of Windows, or another system.
    pub(super) fn demands_on_windows(&self) -> Vec<String> {
        let Placement::Pod(pod) = &self.workload.placement else {
            return Vec::new();
        };
        let terms = pod.terms.iter().flatten().flatten();
        let mut found: Vec<String> = Vec::new();
        for demand in pod.node_selector.iter().chain(terms) {
            let for_another = matches!(demand.key.as_str(), OS_LABEL | OLD_OS_LABEL)
                && demand.values != [Os::Windows.name()];
            let lifted = demands_version(&demand.key) || for_another;
            if lifted && !demand.field && !found.contains(&demand.key) {
                found.push(demand.key.clone());
            }
        }
        found
    }

    /// Hyper-V isolation, written beside the service's image.
    pub(super) fn isolate_with_hyperv(&self) -> Remedy {
        let change = Change::Service {
            at: self.workload.origin.clone(),
            change: ServiceChange {
                isolation: Some(Isolation::Hyperv),
                ..ServiceChange::default()
            },
        };
        Remedy {
            kind: RemedyKind::Isolation,
            changes: vec![change],
            ..yaml(
                "isolate it with Hyper-V (the hosts need it; virtual machines need nested virtualisation)"
                    .to_owned(),
                "isolation: hyperv".to_owned(),
            )
        }
    }

    /// Hyper-V isolation, where a service can ask for it and it helps on every host. Pods cannot:
    /// containerd pulls no image for another build than the node's (containerd#6862).
    fn hyperv(&self, ground: &Ground<'a>, found: &Use<'a>) -> Option<Remedy> {
        if self.workload.orchestrator == Orchestrator::Kubernetes
            || self.asked == Some(Isolation::Hyperv)
            || self.candidates.is_empty()
        {
            return None;
        }
        let helps = self.candidates.iter().all(|at| {
            let host = self.host(ground, *at);
            host.hyperv_offer(ground.catalog) == HypervOffer::Yes
                && found.outcome(ground, &host, Some(Isolation::Hyperv)) == Outcome::Runs
        });
        helps.then(|| self.isolate_with_hyperv())
    }

    /// What would help on one candidate, of these kinds: another engine, a newer patch, another revision.
    pub(super) fn remedies_for(
        &self,
        ground: &Ground<'a>,
        found: &Use<'a>,
        position: usize,
        kinds: &[RemedyKind],
    ) -> Vec<Remedy> {
        let Some(written) = found.written() else {
            return Vec::new();
        };
        let at = self.candidates[position];
        let host = self.host(ground, at);
        let verdict = ground.verdict(&host, &found.image);
        let situation = Situation {
            catalog: ground.catalog,
            image: written.named,
            host: &host,
            verdict: &verdict,
            asked: self.asked,
            fleet: &[FleetHost {
                label: &ground.member(at).name,
                host: &host,
            }],
            today: ground.options.today,
            pod: self.workload.orchestrator == Orchestrator::Kubernetes,
        };
        let mut remedies = remedies(&situation);
        // A rebuild is written as the file at hand writes images.
        remedies
            .retain(|remedy| kinds.contains(&remedy.kind) && remedy.kind != RemedyKind::Rebuild);
        if kinds.contains(&RemedyKind::Rebuild) {
            let whom = words::host_in_full(ground.member(at));
            remedies.extend(base_of_host(ground, written, &situation, &whom));
        }
        remedies
    }
}

/// The builds of hosts, each once, the oldest first.
pub(super) fn builds(members: &[&Member]) -> Vec<u16> {
    let mut found: Vec<u16> = members
        .iter()
        .filter_map(|member| Some(member.host.version?.build))
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// Another placement, as YAML to paste.
pub(super) fn yaml(title: String, text: String) -> Remedy {
    Remedy {
        kind: RemedyKind::OtherHost,
        title,
        safety: Safety::Unsafe,
        commands: vec![Command {
            shell: Shell::Yaml,
            text,
        }],
        diff: None,
        changes: Vec::new(),
    }
}

/// A pod's placement on nodes of these builds: a nodeSelector for one, an affinity for several, which a
/// nodeSelector cannot say.
fn place_on_builds(builds: &[u16]) -> Remedy {
    if let [build] = builds {
        return node_selector(OsVersion::of_build(*build));
    }
    let values: Vec<String> = builds
        .iter()
        .map(|build| format!("\"{}\"", OsVersion::of_build(*build)))
        .collect();
    yaml(
        "place the pod only on nodes of these builds".to_owned(),
        format!(
            "nodeSelector:\n  {OS_LABEL}: windows\naffinity:\n  nodeAffinity:\n    requiredDuringSchedulingIgnoredDuringExecution:\n      nodeSelectorTerms:\n        - matchExpressions:\n            - key: {BUILD_LABEL}\n              operator: In\n              values: [{}]",
            values.join(", ")
        ),
    )
}

/// Windows nodes alone.
pub(super) fn windows() -> (String, Vec<String>) {
    (OS_LABEL.to_owned(), vec![Os::Windows.name().to_owned()])
}

/// Nodes of these builds alone.
fn of_builds(builds: &[u16]) -> (String, Vec<String>) {
    let version = |build: &u16| OsVersion::of_build(*build).to_string();
    (BUILD_LABEL.to_owned(), builds.iter().map(version).collect())
}

/// The label by which the page tells the Windows of a Swarm's nodes apart.
const VERSION_LABEL: &str = "OsVersion";

impl Spot<'_> {
    /// Constraints are all joined by *and*: one build is asked for by its name, several by excluding the
    /// others. The label is the user's own and may have to be set first.
    fn swarm_constraints(
        &self,
        title: String,
        fit: &[&Member],
        unfit: &[&Member],
        builds: &[u16],
        bad: &[u16],
    ) -> Remedy {
        if let Some((name, value)) = label_of_all(fit, unfit) {
            let constraint = format!("node.labels.{name} == {value}");
            return Remedy {
                changes: vec![Change::Service {
                    at: self.workload.origin.clone(),
                    change: ServiceChange {
                        constraints: vec![constraint.clone()],
                        ..ServiceChange::default()
                    },
                }],
                ..yaml(
                    title,
                    format!("deploy:\n  placement:\n    constraints:\n      - {constraint}"),
                )
            };
        }
        let (labelled, sign, builds) = match builds {
            [_] => (fit, "==", builds),
            _ => (unfit, "!=", bad),
        };
        let constraints: Vec<String> = builds
            .iter()
            .map(|build| {
                let value = label_of(labelled, *build)
                    .unwrap_or_else(|| OsVersion::of_build(*build).to_string());
                format!("node.labels.{VERSION_LABEL} {sign} {value}")
            })
            .collect();
        let mut text = "deploy:\n  placement:\n    constraints:".to_owned();
        for constraint in &constraints {
            let _ = write!(text, "\n      - {constraint}");
        }
        let unlabelled: Vec<&&Member> = labelled
            .iter()
            .filter(|member| !member.labels.known.contains_key(VERSION_LABEL))
            .collect();
        let mut commands: Vec<Command> = unlabelled
            .iter()
            .take(MOST_COMMANDS)
            .filter_map(|member| {
                let version = member.host.version?.without_revision();
                Some(Command {
                    shell: Shell::Any,
                    text: format!(
                        "docker node update --label-add {VERSION_LABEL}={version} {}",
                        member.name
                    ),
                })
            })
            .collect();
        commands.push(Command {
            shell: Shell::Yaml,
            text,
        });
        // A constraint on a label that no node has yet would leave the service without a node.
        let change = unlabelled.is_empty().then(|| Change::Service {
            at: self.workload.origin.clone(),
            change: ServiceChange {
                constraints,
                ..ServiceChange::default()
            },
        });
        Remedy {
            kind: RemedyKind::OtherHost,
            title,
            safety: Safety::Unsafe,
            commands,
            diff: None,
            changes: change.into_iter().collect(),
        }
    }
}

/// A label that tells these hosts from the others already, that of the page before any other.
fn label_of_all<'m>(fit: &[&'m Member], unfit: &[&Member]) -> Option<(&'m str, &'m str)> {
    let of_first = &fit.first()?.labels.known;
    let has = |member: &Member, name: &str, value: &str| {
        let known = member.labels.known.get(name);
        known.is_some_and(|known| known.eq_ignore_ascii_case(value))
    };
    let mut telling: Vec<(&str, &str)> = of_first
        .iter()
        .map(|(name, value)| (name.as_str(), value.trim()))
        .filter(|(name, value)| {
            let plain = |text: &str| {
                let fine = |symbol: char| symbol.is_ascii_alphanumeric() || "-_.".contains(symbol);
                !text.is_empty() && text.chars().all(fine)
            };
            plain(name)
                && plain(value)
                && fit.iter().all(|member| has(member, name, value))
                // Of a host that may have more labels than are declared nobody can tell.
                && unfit.iter().all(|member| member.labels.known.contains_key(*name))
                && !unfit.iter().any(|member| has(member, name, value))
        })
        .collect();
    telling.sort_by_key(|(name, _)| *name != VERSION_LABEL);
    telling.first().copied()
}

/// What the label of the hosts of one build says, where it says the same on all of them.
fn label_of(members: &[&Member], build: u16) -> Option<String> {
    let of_build = |member: &&&Member| member.host.version.is_some_and(|own| own.build == build);
    let mut values = members
        .iter()
        .filter(of_build)
        .map(|member| member.labels.known.get(VERSION_LABEL));
    let first = values.next()??;
    values
        .all(|other| other == Some(first))
        .then(|| first.trim().to_owned())
}
