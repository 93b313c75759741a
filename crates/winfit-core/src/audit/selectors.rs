//! Placements that no host satisfies, that forbid fit hosts, or that are missing.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::finding::{Confidence, Finding, Origin, Severity};
use crate::fleet::{ImageUse, Member, Orchestrator, State};
use crate::host::Os;
use crate::placement::kubernetes::{Taint, demands_version};
use crate::placement::swarm::Constraint;
use crate::placement::{Admission, Placement, PodPlacement, SwarmPlacement};
use crate::reference::Reference;
use crate::remedy::{Command, Remedy, RemedyKind, Safety, Shell};
use crate::version::OsVersion;

use super::ground::Ground;
use super::place::{Spot, Use};
use super::remedies::place_on_builds;
use super::{evidence, words};

impl<'a> Spot<'a> {
    fn about_placement(&self, rule: &'static str, severity: Severity, message: String) -> Finding {
        Finding::new(
            rule,
            severity,
            self.workload.subject.clone(),
            self.admitting_origin()
                .unwrap_or(&self.workload.origin)
                .clone(),
            message,
        )
    }

    /// No declared host satisfies the placement, for certain.
    pub(super) fn no_host(&self, ground: &Ground<'a>) -> Option<Finding> {
        let nobody = self.declared > 0
            && self.candidates.is_empty()
            && self.unavailable.is_empty()
            && self.unsure.is_empty();
        let first = self.kept_off.first().filter(|_| nobody)?;
        let kind = &self.workload.subject.kind;
        let message = match self.declared {
            1 => format!(
                "the only declared host, {}, does not satisfy the placement of the {kind}",
                words::host(ground.member(first.host))
            ),
            many => format!(
                "none of the {} declared hosts satisfies the placement of the {kind}",
                words::number(many)
            ),
        };
        let mut finding = self.about_placement("no-host-for-placement", Severity::Error, message);
        if let Some(origin) = &first.origin {
            finding.origin = origin.clone();
        }
        finding = finding.label(if self.only_taint(ground, first.host).is_some() {
            "a taint is not tolerated"
        } else {
            "no host has this"
        });
        // One sentence for all that the same demand keeps off.
        let mut told: Vec<&str> = Vec::new();
        for kept_off in &self.kept_off {
            let because = kept_off.because.as_str();
            if told.contains(&because) {
                continue;
            }
            told.push(because);
            let kept: Vec<usize> = self
                .kept_off
                .iter()
                .filter(|other| other.because == because)
                .map(|other| other.host)
                .collect();
            let verb = if kept.len() == 1 { "is" } else { "are" };
            finding = finding.note(format!(
                "{} {verb} kept off by {because}",
                words::hosts(ground.members(&kept))
            ));
        }
        let fit: Vec<usize> = (0..ground.fleet.hosts.len())
            .filter(|at| {
                let member = ground.member(*at);
                self.may_serve(member.orchestrator)
                    && member.state == State::Ready
                    && self.all_run_on(ground, &self.host(ground, *at))
            })
            .collect();
        let mut builds: Vec<u16> = ground
            .members(&fit)
            .filter_map(|member| Some(member.host.version?.build))
            .collect();
        builds.sort_unstable();
        builds.dedup();
        let tainted: Option<Vec<&Taint>> =
            fit.iter().map(|at| self.only_taint(ground, *at)).collect();
        if let Some([taint, ..]) = tainted.as_deref() {
            let first = words::host(ground.member(fit[0]));
            finding = finding.remedy(tolerate(taint, &first));
        } else if self.workload.orchestrator == Orchestrator::Kubernetes && !builds.is_empty() {
            finding = finding.remedy(Remedy {
                title: format!(
                    "admit {}{}",
                    words::hosts(ground.members(&fit)),
                    self.instead_of_selector(&builds)
                ),
                ..place_on_builds(&builds)
            });
        }
        Some(finding)
    }

    /// The taint of a host that alone keeps a pod off it.
    fn only_taint(&self, ground: &Ground<'a>, host: usize) -> Option<&'a Taint> {
        let Placement::Pod(pod) = self.placement.as_ref() else {
            return None;
        };
        let member = ground.member(host);
        let taint = pod.untolerated(ground.catalog, member)?;
        let untainted = Member {
            taints: None,
            ..member.clone()
        };
        let admitted = !matches!(pod.admits(ground.catalog, &untainted), Admission::No { .. });
        admitted.then_some(taint)
    }

    /// An affinity does not lift what a nodeSelector beside it demands.
    fn instead_of_selector(&self, builds: &[u16]) -> String {
        let Placement::Pod(pod) = self.placement.as_ref() else {
            return String::new();
        };
        let demand = pod
            .node_selector
            .iter()
            .find(|requirement| demands_version(&requirement.key));
        match demand {
            Some(demand) if builds.len() > 1 => {
                format!(", in place of {} in the nodeSelector", demand.key)
            }
            _ => String::new(),
        }
    }

    fn may_serve(&self, orchestrator: Option<Orchestrator>) -> bool {
        orchestrator.is_none_or(|own| own == self.workload.orchestrator)
    }

    /// The hosts on which it would run take no new work.
    pub(super) fn only_fit_unavailable(&self, ground: &Ground<'a>) -> Option<Finding> {
        if !self.unsure.is_empty() || self.fit() > 0 {
            return None;
        }
        let fit: Vec<usize> = self
            .unavailable
            .iter()
            .copied()
            .filter(|at| self.all_run_on(ground, &self.host(ground, *at)))
            .collect();
        let kind = &self.workload.subject.kind;
        let states = words::listed(ground.members(&fit), |member| {
            format!("{} is {}", words::host(member), member.state.in_words())
        });
        let message = match fit.len() {
            0 => return None,
            1 => format!("the only host on which the {kind} would run takes no new work: {states}"),
            _ => format!("the only hosts on which the {kind} would run take no new work: {states}"),
        };
        let mut finding =
            self.about_placement("only-fit-host-unavailable", Severity::Warning, message);
        // What demands these hosts, where something does.
        if let Some(demanded) = self.selected.first() {
            finding.origin = demanded.origin.clone();
        }
        finding = finding.label(format!("admits {}", words::hosts(ground.members(&fit))));
        Some(match self.taken_back(ground, &fit) {
            Some(remedy) => finding.remedy(remedy),
            None => finding,
        })
    }

    /// Hosts that somebody took out by hand, given new work again.
    fn taken_back(&self, ground: &Ground<'a>, fit: &[usize]) -> Option<Remedy> {
        let command = match self.workload.orchestrator {
            Orchestrator::Kubernetes => "kubectl uncordon",
            Orchestrator::Swarm => "docker node update --availability active",
            Orchestrator::Docker => return None,
        };
        let out: Vec<&str> = ground
            .members(fit)
            .filter(|member| matches!(member.state, State::Cordoned | State::Drained))
            .map(|member| member.name.as_str())
            .collect();
        (!out.is_empty()).then(|| Remedy {
            kind: RemedyKind::OtherHost,
            title: format!(
                "give {} new work again, until other hosts fit",
                words::listed(&out, |name| (*name).to_owned())
            ),
            safety: Safety::Unsafe,
            commands: out
                .iter()
                .take(words::MOST_NAMED)
                .map(|name| Command {
                    shell: Shell::Any,
                    text: format!("{command} {name}"),
                })
                .collect(),
            diff: None,
        })
    }

    /// One build is demanded where hosts of other builds run the images as well.
    pub(super) fn exact_build(&self, ground: &Ground<'a>) -> Option<Finding> {
        // Where it has no host at all, that is said.
        let demanded = self
            .selected
            .first()
            .filter(|_| !self.candidates.is_empty() || !self.unsure.is_empty())?;
        let build = demanded.version.build;
        let one = self
            .selected
            .iter()
            .all(|selected| selected.version.build == build);
        // On 2016 the revisions must be equal, so asking for one is right.
        if !one || build == 14_393 && demanded.version.revision.is_some() {
            return None;
        }
        let open = without_version(&self.placement);
        let forbidden: Vec<usize> = ground
            .fleet
            .hosts
            .iter()
            .enumerate()
            .filter(|(_, member)| {
                self.may_serve(member.orchestrator)
                    && member.state == State::Ready
                    && member.host.os == Os::Windows
                    && member.host.version.is_some_and(|own| own.build != build)
            })
            .map(|(at, _)| at)
            .filter(|at| {
                let member = ground.member(*at);
                self.all_run_on(ground, &self.host(ground, *at))
                    && open.admits(ground.catalog, member) == Admission::Yes
                    && matches!(
                        self.placement.admits(ground.catalog, member),
                        Admission::No { .. }
                    )
            })
            .collect();
        if forbidden.is_empty() {
            return None;
        }
        let names = words::hosts(ground.members(&forbidden));
        let mut builds: Vec<u16> = ground
            .members(&forbidden)
            .filter_map(|member| Some(member.host.version?.build))
            .chain([build])
            .collect();
        builds.sort_unstable();
        builds.dedup();
        let finding = Finding::new(
            "exact-build-selector",
            Severity::Info,
            self.workload.subject.clone(),
            demanded.origin.clone(),
            format!(
                "the {} is kept to {}, although its images run on {names} as well",
                self.workload.subject.kind,
                words::release(ground.catalog, build)
            ),
        )
        .label(format!("only {build}"));
        Some(match self.workload.orchestrator {
            Orchestrator::Kubernetes => finding.remedy(Remedy {
                title: format!("admit {names} as well{}", self.instead_of_selector(&builds)),
                ..place_on_builds(&builds)
            }),
            _ => finding.remedy(one_label_for(
                build,
                ground
                    .members(&forbidden)
                    .map(|member| member.name.as_str()),
            )),
        })
    }

    /// Nothing says where it may go, nothing says what it needs, and its hosts differ.
    pub(super) fn no_placement(&self, ground: &Ground<'a>) -> Option<Finding> {
        if self.workload.orchestrator == Orchestrator::Docker || !self.is_unplaced() {
            return None;
        }
        let image = self.uses.iter().find(|image| is_unknown(image))?;
        let mut systems: Vec<(Os, Option<u16>)> = Vec::new();
        for member in ground.members(&self.candidates) {
            let system = (member.host.os, member.host.version.map(|own| own.build));
            let known = system.0 == Os::Linux || system.1.is_some();
            if known && !systems.iter().any(|(os, build)| (*os, *build) == system) {
                systems.push(system);
            }
        }
        let windows = systems.iter().filter(|(os, _)| *os == Os::Windows).count();
        if windows < 2 && windows == systems.len() || windows == 0 {
            return None;
        }
        Some(
            Finding::new(
                "no-placement",
                Severity::Warning,
                self.workload.subject.clone(),
                image.container.image.origin.clone(),
                format!(
                    "nothing says on which of its hosts the {} runs ({}), nor which Windows {} is built on",
                    self.workload.subject.kind,
                    words::builds(ground.members(&self.candidates)),
                    image.container.image.text
                ),
            )
            .label("lands anywhere")
            .note(format!("say which Windows it is built on, in winfit.toml {}", in_config(&image.container.image, None))),
        )
    }

    /// The same in a Swarm of nothing but Windows hosts, of a service that may well be for Windows.
    pub(super) fn perhaps_no_placement(&self, ground: &Ground<'a>) -> Option<Finding> {
        if self.workload.orchestrator != Orchestrator::Swarm
            || self.os.is_some()
            || !self.is_unplaced()
            || self.candidates.len() < self.declared
        {
            return None;
        }
        // An image of the official library on Docker Hub (`redis:7`) is for Linux.
        let image = self.workload.containers.iter().find(|container| {
            let image = &container.image;
            let named = image.image.as_ref().ok();
            let reference = named.and_then(|named| named.reference.as_ref());
            image.unresolved.is_empty()
                && evidence::of_container(container).is_none()
                && reference.is_some_and(|reference| {
                    reference.registry.is_some() || reference.repository.contains('/')
                })
        })?;
        let mut builds = Vec::new();
        for member in ground.members(&self.candidates) {
            if member.host.os == Os::Linux {
                return None;
            }
            builds.push(member.host.version?.build);
        }
        builds.sort_unstable();
        builds.dedup();
        (builds.len() > 1).then(|| {
            Finding::new(
                "no-placement",
                Severity::Info,
                self.workload.subject.clone(),
                image.image.origin.clone(),
                format!(
                    "nothing says on which of its hosts the {} runs ({}), nor which Windows {} is built on",
                    self.workload.subject.kind,
                    words::builds(ground.members(&self.candidates)),
                    image.image.text
                ),
            )
            .label("lands anywhere")
            .confidence(Confidence::Possible)
            .note(format!(
                "say it in winfit.toml: {}; of a Linux image os = \"linux\"",
                in_config(&image.image, None)
            ))
        })
    }

    /// Images for Windows of which nobody says for which Windows.
    pub(super) fn unknown_versions(&self) -> Vec<Finding> {
        if self.is_unplaced() {
            return Vec::new();
        }
        let mut seen: HashSet<(&str, &Origin)> = HashSet::new();
        let mut found = Vec::new();
        for image in self.uses.iter().filter(|image| is_unknown(image)) {
            let used = &image.container.image;
            if !seen.insert((&used.text, &used.origin)) {
                continue;
            }
            found.push(
                Finding::new(
                    "unknown-image-version",
                    Severity::Info,
                    self.workload.subject.clone(),
                    used.origin.clone(),
                    format!(
                        "nothing says which Windows {} is built on, so winfit cannot tell where it starts",
                        used.text
                    ),
                )
                .label("which Windows?")
                .confidence(Confidence::Certain)
                .note(format!(
                    "say it in winfit.toml {}",
                    in_config(used, self.selected.first().map(|found| found.version))
                )),
            );
        }
        found
    }
}

/// A toleration of a host's taint.
fn tolerate(taint: &Taint, host: &str) -> Remedy {
    let Taint { key, value, effect } = taint;
    let compared = if value.is_empty() {
        "operator: Exists".to_owned()
    } else {
        format!("operator: Equal\n    value: {value:?}")
    };
    Remedy {
        kind: RemedyKind::OtherHost,
        title: format!("tolerate the taint of {host}"),
        safety: Safety::Unsafe,
        commands: vec![Command {
            shell: Shell::Yaml,
            text: format!("tolerations:\n  - key: {key}\n    {compared}\n    effect: {effect}"),
        }],
        diff: None,
    }
}

/// A Windows image that states no version and needs one.
fn is_unknown(image: &Use<'_>) -> bool {
    let used = &image.container.image;
    image.image.os == Os::Windows
        && image.image.version.is_none()
        && !image.image.host_process
        && used.unresolved.is_empty()
        && used.image.is_ok()
}

/// What to write into `winfit.toml`.
fn in_config(image: &ImageUse, version: Option<OsVersion>) -> String {
    let name = image
        .image
        .as_ref()
        .ok()
        .and_then(|named| named.reference.as_ref())
        .map_or_else(
            || image.text.clone(),
            |reference| {
                Reference {
                    tag: None,
                    digest: None,
                    ..reference.clone()
                }
                .to_string()
            },
        );
    let version = version.unwrap_or(OsVersion::of_build(20_348));
    format!("under [images.\"{name}\"], as os_version = \"{version}\" or dockerfile = \"…\"")
}

/// The placement without its demands on the version of Windows.
fn without_version(placement: &Placement) -> Cow<'_, Placement> {
    match placement {
        Placement::Anywhere => Cow::Borrowed(placement),
        Placement::Pod(pod) => {
            let mut open: PodPlacement = pod.as_ref().clone();
            open.node_selector
                .retain(|requirement| !demands_version(&requirement.key));
            if let Some(terms) = &mut open.terms {
                let had_demands: Vec<bool> = terms.iter().map(|term| !term.is_empty()).collect();
                for term in terms.iter_mut() {
                    term.retain(|requirement| !demands_version(&requirement.key));
                }
                // A term that asked for nothing else would let every node in.
                let free = terms
                    .iter()
                    .zip(had_demands)
                    .any(|(term, had)| had && term.is_empty());
                if free {
                    open.terms = None;
                }
            }
            Cow::Owned(Placement::Pod(Box::new(open)))
        }
        Placement::Swarm(swarm) => {
            let mut open: SwarmPlacement = swarm.clone();
            open.constraints.retain(|written| {
                Constraint::parse(&written.value)
                    .map_or(true, |constraint| !constraint.key.is_version())
            });
            Cow::Owned(Placement::Swarm(open))
        }
    }
}

/// Constraints cannot say *or*: one label for all hosts that run the image.
fn one_label_for<'m>(build: u16, others: impl Iterator<Item = &'m str>) -> Remedy {
    let label = format!("runs-{build}");
    let mut commands: Vec<Command> = others
        .take(words::MOST_NAMED)
        .map(|name| Command {
            shell: Shell::Any,
            text: format!("docker node update --label-add {label}=true {name}"),
        })
        .collect();
    commands.push(Command {
        shell: Shell::Yaml,
        text: format!(
            "deploy:\n  placement:\n    constraints:\n      - node.labels.{label} == true"
        ),
    });
    Remedy {
        kind: RemedyKind::OtherHost,
        title: format!(
            "give every host that runs {build} images one label, since constraints cannot say \"or\""
        ),
        safety: Safety::Unsafe,
        commands,
        diff: None,
    }
}
