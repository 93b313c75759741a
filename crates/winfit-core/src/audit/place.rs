//! Where a workload may get to: its placement, put to every host.

use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;

use crate::finding::{Confidence, Origin};
use crate::fleet::{Orchestrator, Workload};
use crate::host::{Host, Isolation, Os};
use crate::image::{Image, NamedImage};
use crate::placement::kubernetes::{Conflict, RuntimeClass};
use crate::placement::{Admission, Placement, Selected};

use super::evidence;
use super::ground::{Demands, Ground, Outcome, Spread, as_judged};
use super::images::confidence;

/// A workload with all that follows from where it may get to.
pub(super) struct Spot<'a> {
    pub(super) workload: &'a Workload,
    /// The placement with what the RuntimeClass adds.
    pub(super) placement: Cow<'a, Placement>,
    pub(super) class: Option<&'a RuntimeClass>,
    pub(super) conflict: Option<Box<Conflict>>,
    /// The versions that the placement demands.
    pub(super) selected: Vec<Selected>,
    /// The isolation asked for.
    pub(super) asked: Option<Isolation>,
    /// The operating system that the workload states.
    pub(super) os: Option<Os>,
    /// How many hosts its orchestrator has, whatever their state.
    pub(super) declared: usize,
    /// Hosts that it admits and that take new work.
    pub(super) candidates: Vec<usize>,
    /// Hosts that it admits and that take none.
    pub(super) unavailable: Vec<usize>,
    /// Hosts of which nobody can tell, and what the first of them does not state.
    pub(super) unsure: Vec<usize>,
    pub(super) missing: Option<String>,
    /// Swarm keeps it off Linux nodes by the image's platforms.
    swarm_looks: bool,
    /// The containers, those that are judged.
    pub(super) uses: Vec<Use<'a>>,
}

/// A container's image, on every candidate.
pub(super) struct Use<'a> {
    /// The container's name.
    pub(super) container: &'a crate::fleet::Container,
    /// The image whose facts decide, and where it stands.
    pub(super) decisive: Option<(&'a NamedImage, &'a Origin)>,
    /// The facts it is judged by; of several images behind one reference those on the first candidate
    /// where one of them does not run.
    pub(super) image: Image,
    /// How it fares on each candidate, in their order.
    pub(super) outcomes: Vec<Outcome>,
}

impl<'a> Use<'a> {
    /// Where the image's version is stated.
    pub(super) fn origin(&self) -> &'a Origin {
        self.decisive
            .map_or(&self.container.image.origin, |(_, origin)| origin)
    }

    /// How sure its version is.
    pub(super) fn confidence(&self) -> Confidence {
        self.decisive
            .map_or(Confidence::Certain, |(named, _)| confidence(named))
    }

    /// A build file of the repository decides, not the image's own name.
    pub(super) fn is_built(&self) -> bool {
        self.origin() != &self.container.image.origin
    }

    /// Whether there are several images behind its reference, and each host takes its own.
    pub(super) fn is_choice(&self) -> bool {
        self.decisive.is_some_and(|(named, _)| {
            let variants = named.variants.as_deref();
            variants.is_some_and(|variants| variants.images.len() > 1)
        })
    }

    /// The facts of the image that a host takes.
    pub(super) fn on(&self, ground: &Ground<'a>, host: &Host) -> Image {
        on_host(ground, self.decisive, self.image, host)
    }

    /// How it fares on a host.
    pub(super) fn outcome(
        &self,
        ground: &Ground<'a>,
        host: &Host,
        asked: Option<Isolation>,
    ) -> Outcome {
        ground.outcome(host, &self.on(ground, host), asked)
    }

    /// The positions among the candidates where it fares so.
    pub(super) fn with(&self, outcome: Outcome) -> impl Iterator<Item = usize> {
        self.outcomes
            .iter()
            .enumerate()
            .filter(move |(_, found)| **found == outcome)
            .map(|(at, _)| at)
    }
}

impl<'a> Spot<'a> {
    /// Places a workload and judges its images on every candidate.
    pub(super) fn find(ground: &Ground<'a>, workload: &'a Workload) -> Self {
        let (placement, class, conflict) = merged(ground, workload);
        let selected = placement.selected(ground.catalog);
        let isolation = workload.isolation.as_ref().map(|isolation| isolation.value);
        let asked = isolation.or_else(|| class.and_then(RuntimeClass::isolation));
        let os = evidence::stated(workload, &placement, &selected, asked);
        let mut spot = Self {
            workload,
            placement,
            class,
            conflict,
            selected,
            asked,
            os,
            declared: 0,
            candidates: Vec::new(),
            unavailable: Vec::new(),
            unsure: Vec::new(),
            missing: None,
            swarm_looks: false,
            uses: Vec::new(),
        };
        spot.put_to_hosts(ground);
        spot.uses = spot.judged(ground);
        spot
    }

    /// Whether it is for Windows by any evidence.
    pub(super) fn is_windows(&self) -> bool {
        self.os == Some(Os::Windows) || self.uses.iter().any(|found| found.image.os == Os::Windows)
    }

    /// A member as this workload meets it.
    pub(super) fn host(&self, ground: &Ground<'a>, at: usize) -> Host {
        as_judged(&ground.member(at).host, self.workload.orchestrator)
    }

    /// Whether every image that is judged runs on a host.
    pub(super) fn all_run_on(&self, ground: &Ground<'a>, host: &Host) -> bool {
        let runs = |found: &Use<'a>| found.outcome(ground, host, self.asked) == Outcome::Runs;
        !self.uses.is_empty() && self.uses.iter().all(runs)
    }

    /// On how many candidates every image runs. Of a workload that is not judged: on all.
    pub(super) fn fit(&self) -> usize {
        (0..self.candidates.len())
            .filter(|at| {
                self.uses
                    .iter()
                    .all(|found| found.outcomes[*at] == Outcome::Runs)
            })
            .count()
    }

    /// Nothing limits its hosts.
    pub(super) fn is_unplaced(&self) -> bool {
        match self.placement.as_ref() {
            Placement::Anywhere => true,
            Placement::Pod(pod) => pod.is_empty(),
            Placement::Swarm(swarm) => swarm.constraints.is_empty(),
        }
    }

    /// Whether it gets to a host.
    pub(super) fn admission(&self, ground: &Ground<'a>, at: usize) -> Admission {
        let member = ground.member(at);
        if self.swarm_looks && member.host.os == Os::Linux {
            return Admission::No {
                because: "the image's platform, windows".to_owned(),
                origin: None,
            };
        }
        self.placement.admits(ground.catalog, member)
    }

    fn put_to_hosts(&mut self, ground: &Ground<'a>) {
        // Swarm asks the registry for the image's platforms when a service is made, and keeps those for
        // Windows off Linux nodes by itself.
        self.swarm_looks =
            self.workload.orchestrator == Orchestrator::Swarm
                && (self.os == Some(Os::Windows)
                    || self.os.is_none()
                        && self.workload.containers.iter().any(|container| {
                            evidence::of_container(container) == Some(Os::Windows)
                        }));
        let orchestrator = self.workload.orchestrator;
        let demands = Demands::of(orchestrator, self.swarm_looks, &self.placement);
        let known = demands.map(|demands| ground.spread(demands, || self.spread(ground)));
        let spread = known.unwrap_or_else(|| Rc::new(self.spread(ground)));
        self.declared = spread.declared;
        self.candidates.clone_from(&spread.candidates);
        self.unavailable.clone_from(&spread.unavailable);
        self.unsure.clone_from(&spread.unsure);
        self.missing.clone_from(&spread.missing);
    }

    fn spread(&self, ground: &Ground<'a>) -> Spread {
        let orchestrator = self.workload.orchestrator;
        Spread::find(ground.fleet, orchestrator, |at| self.admission(ground, at))
    }

    /// A pod that states another operating system than the image's (`spec.os.name`) is refused by every
    /// kubelet.
    pub(super) fn states_other_os(&self, image: Os) -> bool {
        self.workload.orchestrator == Orchestrator::Kubernetes
            && self.workload.os.is_some_and(|stated| stated != image)
    }

    /// The containers with evidence, or all of a workload that states Windows, on every candidate.
    fn judged(&self, ground: &Ground<'a>) -> Vec<Use<'a>> {
        let mut found = Vec::new();
        let own: Vec<Option<Os>> = self
            .workload
            .containers
            .iter()
            .map(evidence::of_container)
            .collect();
        let windows = self.os == Some(Os::Windows) || own.contains(&Some(Os::Windows));
        if !windows {
            return found;
        }
        for (container, own) in self.workload.containers.iter().zip(own) {
            let Some(os) = own.or(self.os.filter(|os| *os == Os::Windows)) else {
                continue;
            };
            let image = if container.image.unresolved.is_empty() {
                evidence::facts(container, os)
            } else {
                Image {
                    host_process: container.host_process,
                    ..Image::without_version()
                }
            };
            let decisive = container
                .image
                .decisive()
                .filter(|_| container.image.unresolved.is_empty());
            // A large fleet has few hosts that differ in what decides.
            let mut known: HashMap<usize, (Image, Outcome)> = HashMap::new();
            let (on_each, outcomes): (Vec<Image>, Vec<Outcome>) = self
                .candidates
                .iter()
                .map(|at| {
                    let judge = || {
                        let host = self.host(ground, *at);
                        let image = on_host(ground, decisive, image, &host);
                        let outcome = if self.states_other_os(image.os) {
                            Outcome::No
                        } else {
                            ground.outcome(&host, &image, self.asked)
                        };
                        (image, outcome)
                    };
                    *known.entry(ground.distinct_of(*at)).or_insert_with(judge)
                })
                .unzip();
            let worst = outcomes
                .iter()
                .position(|outcome| *outcome != Outcome::Runs)
                .unwrap_or(0);
            found.push(Use {
                container,
                decisive: container.image.decisive(),
                image: on_each.get(worst).copied().unwrap_or(image),
                outcomes,
            });
        }
        found
    }
}

/// The facts of a container's image on a host. An image of another system than the one that the container
/// is for is no choice.
fn on_host(
    ground: &Ground<'_>,
    decisive: Option<(&NamedImage, &Origin)>,
    image: Image,
    host: &Host,
) -> Image {
    let Some((named, _)) = decisive.filter(|(named, _)| named.variants.is_some()) else {
        return image;
    };
    let taken = named.on(ground.catalog, host);
    if taken.os != image.os {
        return image;
    }
    Image {
        host_process: image.host_process,
        ..taken
    }
}

type Merged<'a> = (
    Cow<'a, Placement>,
    Option<&'a RuntimeClass>,
    Option<Box<Conflict>>,
);

/// The placement with what the RuntimeClass adds, where the fleet knows the class.
fn merged<'a>(ground: &Ground<'a>, workload: &'a Workload) -> Merged<'a> {
    let own = Cow::Borrowed(&workload.placement);
    let Placement::Pod(pod) = &workload.placement else {
        return (own, None, None);
    };
    let class = pod
        .runtime_class
        .as_ref()
        .and_then(|name| ground.class(&name.value));
    match class.map(|class| pod.with_runtime_class(class)) {
        None => (own, None, None),
        Some(Ok(merged)) => (Cow::Owned(Placement::Pod(Box::new(merged))), class, None),
        Some(Err(conflict)) => (own, class, Some(conflict)),
    }
}
