//! Placements that forbid fit hosts, or that are missing.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use crate::finding::{Confidence, Finding, Origin, Severity};
use crate::fleet::{ImageUse, Orchestrator, State};
use crate::host::{Host, Kind, Os};
use crate::placement::kubernetes::{BUILD_LABEL, OS_LABEL, Requirement, demands_version};
use crate::placement::swarm::Constraint;
use crate::placement::{Admission, Placement, PodPlacement, SwarmPlacement};
use crate::reference::Reference;
use crate::remedy::{Command, Remedy, RemedyKind, Safety, Shell};
use crate::version::OsVersion;

use super::ground::{Demands, Ground, Outcome, Spread};
use super::place::{Spot, Use};
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

    /// What a selector of these builds would not lift by being there: a demand of another label, or one
    /// in the affinity beside a nodeSelector or the other way round.
    pub(super) fn in_place_of(&self, builds: &[u16]) -> String {
        let Placement::Pod(pod) = self.placement.as_ref() else {
            return String::new();
        };
        let several = builds.len() > 1;
        let for_another_os =
            |demand: &&Requirement| demand.key == OS_LABEL && demand.values != [Os::Windows.name()];
        let selected = pod.node_selector.iter().find(|demand| {
            demands_version(&demand.key) && (several || demand.key != BUILD_LABEL)
                || for_another_os(demand) && several
        });
        let mut terms = pod.terms.iter().flatten().flatten();
        let of_term = terms.find(|demand| demands_version(&demand.key));
        match (selected, of_term) {
            (Some(demand), _) => format!(", in place of {} in the nodeSelector", demand.key),
            (None, Some(demand)) if !several => {
                format!(", in place of {} in the affinity", demand.key)
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
        let whose = self.workload.subject.in_words();
        let states = words::listed(ground.members(&fit), |member| {
            format!("{} is {}", words::host(member), member.state.in_words())
        });
        let message = match fit.len() {
            0 => return None,
            1 => format!("the only host on which {whose} would run takes no new work: {states}"),
            _ => format!("the only hosts on which {whose} would run take no new work: {states}"),
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
            changes: Vec::new(),
        })
    }

    /// One build is demanded where hosts of other builds run the images as well.
    pub(super) fn exact_build(&self, ground: &Ground<'a>) -> Option<Finding> {
        // Where it has no host at all, that is said; a class has no affinity to name several builds in.
        let demanded = self
            .selected
            .first()
            .filter(|_| !self.candidates.is_empty() || !self.unsure.is_empty())
            .filter(|demanded| self.class_at(&demanded.origin).is_none())?;
        let build = demanded.version.build;
        let there = Host::windows(demanded.version).with_kind(Kind::Server);
        // Of an image that does not run where it is sent, that is said.
        let fails = |found: &Use<'a>| {
            found.outcomes.contains(&Outcome::No)
                || found.outcome(ground, &there, self.asked) == Outcome::No
        };
        if self.uses.iter().any(fails) {
            return None;
        }
        let one = self
            .selected
            .iter()
            .all(|selected| selected.version.build == build);
        // On 2016 the revisions must be equal, so asking for one is right.
        if !one || build == 14_393 && demanded.version.revision.is_some() {
            return None;
        }
        let open = without_version(&self.placement);
        let orchestrator = self.workload.orchestrator;
        let admission = |at| open.admits(ground.catalog, ground.member(at));
        let spread = Demands::of(orchestrator, false, &open).map(|demands| {
            let find = || Spread::find(ground.fleet, orchestrator, admission);
            ground.spread(demands, find)
        });
        // The hosts that are looked at all take new work.
        let admits = |at| match &spread {
            Some(spread) => spread.candidates.binary_search(&at).is_ok(),
            None => admission(at) == Admission::Yes,
        };
        let mut runs: HashMap<usize, bool> = HashMap::new();
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
                let run = || self.all_run_on(ground, &self.host(ground, *at));
                *runs.entry(ground.distinct_of(*at)).or_insert_with(run)
                    && admits(*at)
                    // Those are in order, and of the hosts that take new work all that may get it.
                    && self.candidates.binary_search(at).is_err()
                    && self.unsure.binary_search(at).is_err()
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
                "{} is kept to {}, although its images run on {names} as well",
                self.workload.subject.in_words(),
                words::release(ground.catalog, build)
            ),
        )
        .label(format!("only {build}"));
        Some(match self.workload.orchestrator {
            Orchestrator::Kubernetes => finding.remedy(Remedy {
                title: format!("admit {names} as well{}", self.in_place_of(&builds)),
                ..self.place_on_builds(&builds)
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
                    "nothing says on which of its hosts {} runs ({}), nor which Windows {} is built on",
                    self.workload.subject.in_words(),
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
                    "nothing says on which of its hosts {} runs ({}), nor which Windows {} is built on",
                    self.workload.subject.in_words(),
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

/// A Windows image that states no version and needs one.
fn is_unknown(image: &Use<'_>) -> bool {
    let used = &image.container.image;
    image.image.os == Os::Windows
        && image.image.version.is_none()
        && !image.image.host_process
        && !image.is_choice()
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

/// The placement without what a selector of builds would say instead: the version of Windows, and
/// Windows itself.
pub(super) fn but_for_windows(placement: &Placement) -> Cow<'_, Placement> {
    let mut open = without_version(placement);
    if let Placement::Pod(pod) = placement
        && pod
            .node_selector
            .iter()
            .any(|demand| demand.key == OS_LABEL)
        && let Placement::Pod(pod) = open.to_mut()
    {
        pod.node_selector.retain(|demand| demand.key != OS_LABEL);
    }
    open
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
        changes: Vec::new(),
    }
}
