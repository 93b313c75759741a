//! The smallest change to a pod template that admits exactly the nodes on which its images run.

mod apply;
mod candidates;
mod find;
mod object;
mod patch;
mod placed;

use serde_json::Value;
use winfit_core::Catalog;
use winfit_core::audit::{Audit, AuditOptions, Fares, Reach, audit, reaches};
use winfit_core::change::PodChange;
use winfit_core::fleet::{Fleet, State, Workload};
use winfit_core::given::{Given, give};

pub use self::apply::{Job, NotWritten, Written, attempt, write};
pub use self::find::{Sought, find};
pub use self::object::{Manager, Object, Owned};
pub use self::patch::{between, merge, undone};

use self::candidates::Candidates;
use self::placed::{LEVELS, Level};
use crate::cluster::Cluster;

/// What pins workloads: a cluster, and who judges it.
#[derive(Debug, Clone, Copy)]
pub struct Pinning<'a> {
    /// What Windows is.
    pub catalog: &'a Catalog,
    /// The cluster as it was read.
    pub cluster: &'a Cluster,
    /// The same, as what is judged.
    pub fleet: &'a Fleet,
    /// What an audit needs beside.
    pub options: &'a AuditOptions,
    /// The versions inside images that somebody gave.
    pub given: &'a Given,
}

/// A workload that is to be pinned.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// What it is, with the facts of its images.
    pub workload: Workload,
    /// The spec of its pods, whole, as the cluster has it.
    pub spec: Value,
}

impl Wanted {
    /// A workload as its object has it now. What is known of its images stays known. None: the object has no
    /// spec of pods that could be read.
    pub fn of(pinning: &Pinning<'_>, workload: &Workload, object: &Object) -> Option<Self> {
        let mut spec = object.pods()?.clone();
        if let ("Pod", Some(spec)) = (object.kind(), spec.as_object_mut()) {
            // The scheduler's word, not the user's.
            spec.shift_remove("nodeName");
        }
        let mut workload = placed::with_spec(pinning.catalog, workload, &spec).ok()?;
        give(&mut workload, pinning.given);
        Some(Self { workload, spec })
    }
}

/// What is to become of a workload.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// Nothing tells that it is for Windows.
    NotWindows,
    /// It admits exactly nodes on which it runs.
    Right(Nodes),
    /// Its template is to change.
    Pin(Box<Plan>),
    /// Which Windows its images are built on, nobody says.
    UnknownImage(String),
    /// It runs on no node that a change of its placement could leave it.
    NoNode(String),
    /// No label tells the nodes on which it runs from the others.
    NotTold(Nodes),
    /// What stands there cannot be changed so: the reason.
    Refused(String),
}

/// Nodes, by what a workload has of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Nodes {
    /// It runs there, and they take new pods.
    pub on: Vec<String>,
    /// It would run there, and they take no new pods now: each with why.
    pub waits: Vec<(String, State)>,
    /// Its template admits them today, and it does not run there, or nobody can tell.
    pub off: Vec<String>,
}

/// A change of a pod template.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// What it means.
    pub change: PodChange,
    /// The spec of the pods before it.
    pub old: Value,
    /// The spec of the pods after it.
    pub new: Value,
    /// Which nodes are admitted after it, and which no longer.
    pub nodes: Nodes,
}

/// What is decided of workloads by what lists show of them; none: their objects are needed.
pub fn at_first_sight(pinning: &Pinning<'_>, workloads: &[Workload]) -> Vec<Option<Decision>> {
    let reaches = pinning.reaches(workloads);
    reaches.iter().map(|reach| pinning.seen(reach)).collect()
}

/// Decides about workloads. The core judges which nodes are fit, before the change and after it.
pub fn decide(pinning: &Pinning<'_>, wanted: &[Wanted]) -> Vec<Decision> {
    let own: Vec<Workload> = wanted.iter().map(|one| one.workload.clone()).collect();
    let first = pinning.reaches(&own);
    let mut found: Vec<Option<Decision>> = first.iter().map(|reach| pinning.seen(reach)).collect();
    let open = |found: &[Option<Decision>]| -> Vec<usize> {
        (0..found.len()).filter(|at| found[*at].is_none()).collect()
    };
    for level in LEVELS {
        let left = open(&found);
        let tried: Vec<(usize, Workload)> = left
            .into_iter()
            .filter_map(|at| {
                let workload = level.applied(pinning, &own[at], &first[at])?;
                Some((at, workload))
            })
            .collect();
        let workloads: Vec<Workload> = tried.iter().map(|(_, one)| one.clone()).collect();
        for ((at, workload), reach) in tried.iter().zip(pinning.reaches(&workloads)) {
            let runs = reach.hosts.iter().any(|(_, fares)| *fares == Fares::Runs);
            if runs && reach.conflict.is_none() {
                let asked = Asked {
                    level,
                    before: &first[*at],
                    reach: &reach,
                    workload,
                };
                found[*at] = Some(pinning.pinned(&wanted[*at], &asked));
            }
        }
    }
    let left = open(&found);
    let whys = pinning.why_not(left.iter().map(|at| &own[*at]));
    for (at, why) in left.into_iter().zip(whys) {
        found[at] = Some(why);
    }
    pinning.audited(wanted, found.into_iter().flatten().collect())
}

/// A workload with the placement of one level, and where that reaches.
struct Asked<'a> {
    level: Level,
    /// Where it reaches as it stands.
    before: &'a Reach,
    reach: &'a Reach,
    workload: &'a Workload,
}

impl Asked<'_> {
    /// The nodes on which it runs.
    fn fit(&self) -> Vec<usize> {
        fit(self.reach)
    }
}

fn fit(reach: &Reach) -> Vec<usize> {
    let runs = reach.hosts.iter();
    runs.filter(|(_, fares)| *fares == Fares::Runs)
        .map(|(at, _)| *at)
        .collect()
}

impl Pinning<'_> {
    fn reaches(&self, workloads: &[Workload]) -> Vec<Reach> {
        if workloads.is_empty() {
            return Vec::new();
        }
        reaches(self.catalog, self.fleet, self.options, workloads)
    }

    /// What is decided at first sight.
    fn seen(&self, reach: &Reach) -> Option<Decision> {
        if !reach.windows {
            return Some(Decision::NotWindows);
        }
        let fit = fit(reach);
        let right = !fit.is_empty() && fit.len() == reach.hosts.len() && reach.conflict.is_none();
        right.then(|| Decision::Right(self.nodes(&fit, reach)))
    }

    /// The first change after which exactly the fit nodes are admitted.
    fn pinned(&self, wanted: &Wanted, asked: &Asked<'_>) -> Decision {
        let fit = asked.fit();
        let nodes = self.nodes(&fit, asked.before);
        let candidates = Candidates::new(self, asked, &fit);
        for change in candidates.all() {
            let Some(new) = winfit_files::object::changed(&wanted.spec, &change) else {
                continue;
            };
            if new == wanted.spec {
                continue;
            }
            let Ok(after) = placed::with_spec(self.catalog, &wanted.workload, &new) else {
                continue;
            };
            if placed::admitted(self, &after).as_deref() == Some(&fit) {
                return Decision::Pin(Box::new(Plan {
                    change,
                    old: wanted.spec.clone(),
                    new,
                    nodes,
                }));
            }
        }
        Decision::NotTold(nodes)
    }

    /// The nodes by name.
    fn nodes(&self, fit: &[usize], before: &Reach) -> Nodes {
        let mut nodes = Nodes::default();
        for at in fit {
            let member = &self.fleet.hosts[*at];
            match member.state {
                State::Ready => nodes.on.push(member.name.clone()),
                state => nodes.waits.push((member.name.clone(), state)),
            }
        }
        let off = before.hosts.iter().filter(|(at, _)| !fit.contains(at));
        nodes.off = off
            .map(|(at, _)| self.fleet.hosts[*at].name.clone())
            .collect();
        nodes
    }

    /// Why workloads run on no node, in the core's own words where it has some.
    fn why_not<'w>(&self, workloads: impl Iterator<Item = &'w Workload>) -> Vec<Decision> {
        let workloads: Vec<Workload> = workloads.cloned().collect();
        if workloads.is_empty() {
            return Vec::new();
        }
        let fleet = Fleet {
            hosts: self.fleet.hosts.clone(),
            runtime_classes: self.fleet.runtime_classes.clone(),
            workloads,
            ..Fleet::default()
        };
        let Audit { findings, .. } = audit(self.catalog, &fleet, self.options);
        let each = fleet.workloads.iter();
        each.map(|workload| {
            let mut own = findings
                .iter()
                .filter(|finding| finding.subject == workload.subject);
            let decisive = |rules: &[&str]| {
                let mut own = own.clone();
                own.find(|finding| rules.contains(&finding.rule))
            };
            if let Some(finding) = decisive(&["mixed-os-pod", "runtime-class-conflict"]) {
                return Decision::Refused(finding.message.clone());
            }
            if let Some(finding) = decisive(&["pod-mixes-builds"]) {
                return Decision::NoNode(format!("{} ({})", finding.message, images(workload)));
            }
            if let Some(finding) = own.find(|finding| finding.rule == "unknown-image-version") {
                return Decision::UnknownImage(finding.message.clone());
            }
            Decision::NoNode(format!(
                "no node that {} could be placed on runs all of {}",
                workload.subject.in_words(),
                images(workload)
            ))
        })
        .collect()
    }

    /// The core's word on every workload as it would be: a change that leaves it other nodes than those on
    /// which it runs is not made.
    fn audited(&self, wanted: &[Wanted], found: Vec<Decision>) -> Vec<Decision> {
        let after: Vec<Option<Workload>> = wanted
            .iter()
            .zip(&found)
            .map(|(one, decision)| match decision {
                Decision::Pin(plan) => {
                    placed::with_spec(self.catalog, &one.workload, &plan.new).ok()
                }
                _ => None,
            })
            .collect();
        let workloads: Vec<Workload> = after.iter().flatten().cloned().collect();
        let mut reaches = self.reaches(&workloads).into_iter().zip(&workloads);
        found
            .into_iter()
            .zip(&after)
            .map(|(decision, after)| {
                let word = after.as_ref().and_then(|_| reaches.next());
                match (decision, word) {
                    (Decision::Pin(plan), Some((reach, changed))) if !self.keeps(&plan, &reach) => {
                        self.not_kept(changed, plan.nodes)
                    }
                    (decision, _) => decision,
                }
            })
            .collect()
    }

    /// Why a change does not do: once the pod says that it is for Windows, all its images are judged.
    fn not_kept(&self, changed: &Workload, nodes: Nodes) -> Decision {
        match self.why_not(std::iter::once(changed)).pop() {
            Some(Decision::NoNode(_)) | None => Decision::NotTold(nodes),
            Some(why) => why,
        }
    }

    fn keeps(&self, plan: &Plan, reach: &Reach) -> bool {
        let runs = fit(reach);
        let nodes = self.nodes(&runs, reach);
        !runs.is_empty()
            && reach.conflict.is_none()
            && nodes.off.is_empty()
            && (nodes.on, nodes.waits) == (plan.nodes.on.clone(), plan.nodes.waits.clone())
    }
}

/// The images of a workload, each once.
fn images(workload: &Workload) -> String {
    let mut images: Vec<&str> = workload
        .containers
        .iter()
        .map(|container| container.image.text.as_str())
        .collect();
    images.dedup();
    images.join(", ")
}
