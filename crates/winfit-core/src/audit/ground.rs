//! What all workloads of an audit share: the hosts as they are judged, and what was looked up before.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use crate::catalog::Catalog;
use crate::fleet::{Fleet, Member, Orchestrator, State};
use crate::host::{Host, Isolation, Kind, Os};
use crate::image::{Image, published_arch};
use crate::placement::kubernetes::{Operator, Requirement, RuntimeClass};
use crate::placement::{Admission, Placement};
use crate::reference::Base;
use crate::verdict::{Answer, Verdict, judge};
use crate::version::OsVersion;

use super::AuditOptions;

/// How an image fares on a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It runs.
    Runs,
    /// It may fail.
    Risk,
    /// Nobody can tell.
    Unknown,
    /// It would run, but the engine does not pull it.
    Refused,
    /// It does not run.
    No,
}

/// A base image's floating tag.
#[derive(Debug, Clone, Copy)]
pub(super) struct FloatingTag {
    pub(super) base: Base,
    pub(super) build: u16,
    pub(super) tag: &'static str,
    image: Image,
    long_term: bool,
    supported: bool,
}

/// Hosts, base image, orchestrator, whether Hyper-V isolation is asked for.
type TagKey = (Vec<usize>, &'static str, &'static str, Option<bool>);

/// All that decides where a workload gets to. Of a thousand few differ in it.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) enum Demands {
    /// A Swarm service.
    Swarm {
        orchestrator: &'static str,
        swarm_looks: bool,
        constraints: Vec<String>,
        platforms: Vec<(String, String)>,
    },
    /// A pod, with what its RuntimeClass adds.
    Pod {
        node_selector: Vec<Demand>,
        terms: Option<Vec<Vec<Demand>>>,
        tolerations: Vec<(Option<String>, bool, String, Option<String>)>,
        node_name: Option<String>,
    },
}

/// A demand on a label, or on a field, without where it stands.
pub(super) type Demand = (String, Operator, Vec<String>, bool);

impl Demands {
    /// Those of a placement; none: it is no orchestrator's, or not all of it is known.
    pub(super) fn of(
        orchestrator: Orchestrator,
        swarm_looks: bool,
        placement: &Placement,
    ) -> Option<Self> {
        match placement {
            Placement::Anywhere => None,
            Placement::Swarm(swarm) => {
                let constraints = swarm.constraints.iter();
                swarm.unresolved.is_empty().then(|| Self::Swarm {
                    orchestrator: orchestrator.name(),
                    swarm_looks,
                    constraints: constraints.map(|one| one.value.clone()).collect(),
                    platforms: swarm.platforms.clone(),
                })
            }
            Placement::Pod(pod) => {
                let demands = |all: &[Requirement]| all.iter().map(demand).collect();
                let terms = pod.terms.as_ref();
                let tolerations = pod.tolerations.iter();
                Some(Self::Pod {
                    node_selector: demands(&pod.node_selector),
                    terms: terms.map(|terms| terms.iter().map(|term| demands(term)).collect()),
                    tolerations: tolerations
                        .map(|one| {
                            (
                                one.key.clone(),
                                one.exists,
                                one.value.clone(),
                                one.effect.clone(),
                            )
                        })
                        .collect(),
                    node_name: pod.node_name.as_ref().map(|name| name.value.clone()),
                })
            }
        }
    }
}

fn demand(requirement: &Requirement) -> Demand {
    (
        requirement.key.clone(),
        requirement.operator,
        requirement.values.clone(),
        requirement.field,
    )
}

/// Where a workload gets to: see the fields of the same names of [`super::place::Spot`].
#[derive(Debug, Default)]
pub(super) struct Spread {
    pub(super) declared: usize,
    pub(super) candidates: Vec<usize>,
    pub(super) unavailable: Vec<usize>,
    pub(super) unsure: Vec<usize>,
    pub(super) missing: Option<String>,
}

impl Spread {
    /// Puts a workload to every host of its orchestrator.
    pub(super) fn find(
        fleet: &Fleet,
        orchestrator: Orchestrator,
        admission: impl Fn(usize) -> Admission,
    ) -> Self {
        let mut spread = Self::default();
        for (at, member) in fleet.hosts.iter().enumerate() {
            if member.orchestrator.is_some_and(|own| own != orchestrator) {
                continue;
            }
            spread.declared += 1;
            match (admission(at), member.state) {
                (Admission::Yes, State::Ready) => spread.candidates.push(at),
                (Admission::Yes, _) => spread.unavailable.push(at),
                (Admission::Unknown { missing, .. }, State::Ready) => {
                    spread.unsure.push(at);
                    spread.missing.get_or_insert(missing);
                }
                (Admission::Unknown { .. } | Admission::No { .. }, _) => {}
            }
        }
        spread
    }
}

/// The ground of an audit.
pub(super) struct Ground<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) fleet: &'a Fleet,
    pub(super) options: &'a AuditOptions,
    classes: BTreeMap<&'a str, &'a RuntimeClass>,
    /// Hosts that differ in a fact that decides, and which of them each member is.
    distinct: Vec<Host>,
    distinct_of: Vec<usize>,
    tags: OnceCell<Vec<FloatingTag>>,
    best_tags: RefCell<HashMap<TagKey, Option<usize>>>,
    spreads: RefCell<HashMap<Demands, Rc<Spread>>>,
}

impl<'a> Ground<'a> {
    pub(super) fn new(catalog: &'a Catalog, fleet: &'a Fleet, options: &'a AuditOptions) -> Self {
        let mut distinct: Vec<Host> = Vec::new();
        let mut known: HashMap<String, usize> = HashMap::new();
        let distinct_of = fleet
            .hosts
            .iter()
            .map(|member| {
                // All the facts as text: they are small, and a fleet may have very many hosts.
                *known
                    .entry(format!("{:?}", member.host))
                    .or_insert_with(|| {
                        distinct.push(member.host);
                        distinct.len() - 1
                    })
            })
            .collect();
        Self {
            catalog,
            fleet,
            options,
            // Of two classes with one name the first counts; the API server has only one.
            classes: fleet
                .runtime_classes
                .iter()
                .rev()
                .map(|class| (class.name.as_str(), class))
                .collect(),
            distinct,
            distinct_of,
            tags: OnceCell::new(),
            best_tags: RefCell::default(),
            spreads: RefCell::default(),
        }
    }

    pub(super) fn member(&self, at: usize) -> &'a Member {
        &self.fleet.hosts[at]
    }

    pub(super) fn members(&self, at: &[usize]) -> impl Iterator<Item = &'a Member> {
        at.iter().map(|at| &self.fleet.hosts[*at])
    }

    /// Which of the hosts that differ in a fact that decides a member is.
    pub(super) fn distinct_of(&self, at: usize) -> usize {
        self.distinct_of[at]
    }

    /// Where a workload with these demands gets to, found once.
    pub(super) fn spread(&self, demands: Demands, find: impl FnOnce() -> Spread) -> Rc<Spread> {
        let mut known = self.spreads.borrow_mut();
        Rc::clone(known.entry(demands).or_insert_with(|| Rc::new(find())))
    }

    pub(super) fn class(&self, name: &str) -> Option<&'a RuntimeClass> {
        self.classes.get(name).copied()
    }

    pub(super) fn verdict(&self, host: &Host, image: &Image) -> Verdict {
        judge(self.catalog, host, image)
    }

    /// How an image fares on a host with the isolation asked for, else the host's default.
    pub(super) fn outcome(&self, host: &Host, image: &Image, asked: Option<Isolation>) -> Outcome {
        let verdict = self.verdict(host, image);
        let isolation = asked.unwrap_or(verdict.default_isolation);
        match verdict.answers.of(isolation).answer {
            Answer::No => Outcome::No,
            // The image may well state a version that winfit does not know.
            Answer::Unknown if image.version.is_none() => Outcome::Unknown,
            _ if verdict.pull_refused() => Outcome::Refused,
            Answer::Yes | Answer::Preview => Outcome::Runs,
            Answer::Risk => Outcome::Risk,
            Answer::Unknown => Outcome::Unknown,
        }
    }

    /// The best base image of a kind that runs on all of these hosts, Linux ones aside: long-term and
    /// supported before the rest, then the newest. None: there is none, or no Windows host.
    pub(super) fn tag_for_all(
        &self,
        hosts: &[usize],
        orchestrator: Orchestrator,
        base: Base,
        asked: Option<Isolation>,
    ) -> Option<FloatingTag> {
        let mut distinct: Vec<usize> = hosts
            .iter()
            .map(|at| self.distinct_of[*at])
            .filter(|at| self.distinct[*at].os == Os::Windows)
            .collect();
        distinct.sort_unstable();
        distinct.dedup();
        if distinct.is_empty() {
            return None;
        }
        let tags = self.tags.get_or_init(|| self.floating_tags());
        let key = (
            distinct,
            base.name(),
            orchestrator.name(),
            asked.map(|isolation| isolation == Isolation::Hyperv),
        );
        if let Some(known) = self.best_tags.borrow().get(&key) {
            return known.map(|at| tags[at]);
        }
        let runs_everywhere = |tag: &FloatingTag| {
            key.0.iter().all(|at| {
                let host = as_judged(&self.distinct[*at], orchestrator);
                self.outcome(&host, &tag.image, asked) == Outcome::Runs
            })
        };
        let best = tags
            .iter()
            .enumerate()
            .filter(|(_, tag)| tag.base == base && runs_everywhere(tag))
            .max_by_key(|(_, tag)| (tag.supported, tag.long_term, tag.build))
            .map(|(at, _)| at);
        self.best_tags.borrow_mut().insert(key, best);
        best.map(|at| tags[at])
    }

    fn floating_tags(&self) -> Vec<FloatingTag> {
        let catalog = self.catalog;
        let mut found: Vec<FloatingTag> = Vec::new();
        for base in Base::ALL {
            let releases = catalog.releases.iter().filter(|release| {
                release.kind == Kind::Server && release.base_images.contains(&base.name())
            });
            for release in releases {
                let build = release.build;
                if found
                    .iter()
                    .any(|tag| tag.base == base && tag.build == build)
                {
                    continue;
                }
                let Some(tag) = release.tags.first() else {
                    continue;
                };
                let newest = catalog.newest_image_update(build, Some(base));
                found.push(FloatingTag {
                    base,
                    build,
                    tag,
                    image: Image {
                        revision_inferred: newest.is_some(),
                        arch: published_arch(Some(base), build),
                        ..Image::windows(OsVersion {
                            revision: newest.map(|update| update.revision),
                            ..OsVersion::of_build(build)
                        })
                    },
                    long_term: release.channel == "LTSC",
                    supported: catalog
                        .support_end(base, build)
                        .is_none_or(|end| end >= self.options.today),
                });
            }
        }
        found
    }
}

/// A host as workloads of this orchestrator meet it: a node of a cluster or a Swarm whose kind nobody
/// states is a server.
pub(super) fn as_judged(host: &Host, orchestrator: Orchestrator) -> Host {
    match (orchestrator, host.kind) {
        (Orchestrator::Kubernetes | Orchestrator::Swarm, Kind::Unknown) => {
            host.with_kind(Kind::Server)
        }
        _ => *host,
    }
}
