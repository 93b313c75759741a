//! The fleet: hosts, what runs on them, and where each fact was stated. Files, Docker, Swarm and
//! Kubernetes all give the same shape, which [`crate::audit`] judges.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::finding::{Located, Origin, Subject};
use crate::host::{Host, Isolation, Os};
use crate::image::{ImageError, NamedImage};
use crate::placement::Placement;
use crate::placement::kubernetes::{RuntimeClass, Taint};

/// Who places workloads on hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Orchestrator {
    /// Kubernetes.
    Kubernetes,
    /// Docker in swarm mode.
    Swarm,
    /// One Docker host at a time: `docker run`, `docker compose up`.
    Docker,
}

impl Orchestrator {
    /// The word in `winfit.toml`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kubernetes => "kubernetes",
            Self::Swarm => "swarm",
            Self::Docker => "docker",
        }
    }
}

/// Whether a host takes new work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It does.
    Ready,
    /// Cordoned (`SchedulingDisabled`) or paused.
    Cordoned,
    /// Drained.
    Drained,
    /// Down or not ready.
    Down,
}

impl State {
    /// For sentences: `cordoned`.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Cordoned => "cordoned",
            Self::Drained => "drained",
            Self::Down => "not ready",
        }
    }
}

/// The labels of a host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Labels {
    /// Those that are known.
    pub known: BTreeMap<String, String>,
    /// Whether these are all: of a node read from its cluster they are; of a declared host a label
    /// that is not named may exist all the same.
    pub complete: bool,
}

/// A role in a Swarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A manager.
    Manager,
    /// A worker.
    Worker,
}

/// A host of the fleet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name; of a host that was declared without one, the words that declared it.
    pub name: String,
    /// The facts that decide.
    pub host: Host,
    /// Where its version was learnt: `winfit.toml`, `Node manifest`, `label OsVersion`.
    pub learnt_from: String,
    /// Whether it takes new work.
    pub state: State,
    /// Who places work on it; none: not stated, anybody may.
    pub orchestrator: Option<Orchestrator>,
    /// Kubernetes labels, or the node labels of a Swarm.
    pub labels: Labels,
    /// The engine labels of a Swarm node.
    pub engine_labels: Labels,
    /// Its taints; none: not stated.
    pub taints: Option<Vec<Taint>>,
    /// Its id in a Swarm.
    pub id: Option<String>,
    /// Its role in a Swarm.
    pub role: Option<Role>,
    /// Its address.
    pub address: Option<IpAddr>,
    /// Where it was stated.
    pub origin: Option<Origin>,
}

impl Member {
    /// A ready host of which only the name and the facts that decide are known.
    pub fn new(name: &str, host: Host, learnt_from: &str) -> Self {
        Self {
            name: name.to_owned(),
            host,
            learnt_from: learnt_from.to_owned(),
            state: State::Ready,
            orchestrator: None,
            labels: Labels::default(),
            engine_labels: Labels::default(),
            taints: None,
            id: None,
            role: None,
            address: None,
            origin: None,
        }
    }
}

/// An image as something uses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageUse {
    /// The reference after all substitutions; as written where they failed.
    pub text: String,
    /// What it says.
    pub image: Result<NamedImage, ImageError>,
    /// Where it stands.
    pub origin: Origin,
    /// Variables in it that could not be resolved.
    pub unresolved: Vec<String>,
    /// Its operating system, where something beside the reference tells: the Dockerfile's own lines,
    /// `winfit.toml`.
    pub os: Option<Os>,
    /// The last base of the Dockerfile that builds it, where the repository has that.
    pub built_from: Option<Box<ImageUse>>,
}

impl ImageUse {
    /// The image whose facts decide: its build file's base where the repository builds it, else
    /// what the reference itself says. None: nothing is known.
    pub fn decisive(&self) -> Option<(&NamedImage, &Origin)> {
        if let Some(found) = self.built_from.as_deref().and_then(ImageUse::decisive)
            && found.0.image.version.is_some()
        {
            return Some(found);
        }
        self.image.as_ref().ok().map(|image| (image, &self.origin))
    }
}

/// One container of a workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// Its name; of a Compose service the service's.
    pub name: String,
    /// Its image.
    pub image: ImageUse,
    /// It runs as a HostProcess container.
    pub host_process: bool,
}

/// Something that starts containers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workload {
    /// What it is.
    pub subject: Subject,
    /// Who places it.
    pub orchestrator: Orchestrator,
    /// Its containers, init containers included.
    pub containers: Vec<Container>,
    /// What limits its hosts.
    pub placement: Placement,
    /// The isolation it asks for, where it does.
    pub isolation: Option<Located<Isolation>>,
    /// The operating system that it states (`spec.os.name`, `platform:`).
    pub os: Option<Os>,
    /// It runs on every host that its placement admits (DaemonSet, global service).
    pub everywhere: bool,
    /// How many copies are wanted.
    pub wanted: Option<u32>,
    /// How many run.
    pub running: Option<u32>,
    /// Where it stands.
    pub origin: Origin,
}

/// An image that a Dockerfile builds, whether or not a workload of the fleet uses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Build {
    /// The Dockerfile.
    pub subject: Subject,
    /// The base of its last stage.
    pub base: ImageUse,
    /// A workload of the fleet uses what it builds.
    pub used: bool,
}

/// An image that a build needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildBase {
    /// The Dockerfile, or the Compose service that builds it.
    pub subject: Subject,
    /// The image, as `FROM` or `COPY --from` names it.
    pub image: ImageUse,
    /// What for.
    pub needed: Needed,
    /// The isolation that what describes the build asks for.
    pub isolation: Option<Isolation>,
}

/// What a build does with an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Needed {
    /// It starts containers of it: the first `RUN` of the stages on it.
    ToRun(Origin),
    /// It adds files to it.
    AsBase,
    /// It takes files from it (`COPY --from`).
    ForFiles,
}

/// What is to be built on the hosts of a fleet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preflight {
    /// The isolation that builds are given which name none themselves; none: the default of each host.
    pub isolation: Option<Isolation>,
    /// The images that the builds need.
    pub bases: Vec<BuildBase>,
}

/// Hosts, and what runs on them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fleet {
    /// The hosts.
    pub hosts: Vec<Member>,
    /// What runs on them.
    pub workloads: Vec<Workload>,
    /// The RuntimeClasses of the cluster.
    pub runtime_classes: Vec<RuntimeClass>,
    /// What Dockerfiles build.
    pub builds: Vec<Build>,
    /// What is built on the hosts; none: they only run what is built elsewhere.
    pub preflight: Option<Preflight>,
}
