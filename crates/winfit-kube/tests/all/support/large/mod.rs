//! A large cluster, the same each time: nodes of four releases, workloads with their pods at the size that real
//! ones have, some of them on nodes whose Windows is older than theirs, and events.
//!
//! Every object is made when it is asked for, so that 150,000 pods need not be in memory. Benchmarks take this
//! in as well: it stands on `std` and `serde_json` alone.

#![allow(dead_code)]

mod nodes;
mod pods;
mod server;
mod template;
mod workloads;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use serde_json::Value;

pub(crate) use self::server::LargeServer;
use self::template::Templates;

/// The kinds of which there are objects, as `kubectl get` would be asked for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Node,
    RuntimeClass,
    Deployment,
    ReplicaSet,
    DaemonSet,
    Job,
    Pod,
    Event,
}

impl Kind {
    pub(crate) const ALL: [Self; 8] = [
        Self::Node,
        Self::RuntimeClass,
        Self::Deployment,
        Self::ReplicaSet,
        Self::DaemonSet,
        Self::Job,
        Self::Pod,
        Self::Event,
    ];

    fn api_version(self) -> &'static str {
        match self {
            Self::Node | Self::Pod | Self::Event => "v1",
            Self::RuntimeClass => "node.k8s.io/v1",
            Self::Deployment | Self::ReplicaSet | Self::DaemonSet => "apps/v1",
            Self::Job => "batch/v1",
        }
    }

    /// The path of its list.
    fn path(self) -> &'static str {
        match self {
            Self::Node => "/api/v1/nodes",
            Self::Pod => "/api/v1/pods",
            Self::Event => "/api/v1/events",
            Self::RuntimeClass => "/apis/node.k8s.io/v1/runtimeclasses",
            Self::Deployment => "/apis/apps/v1/deployments",
            Self::ReplicaSet => "/apis/apps/v1/replicasets",
            Self::DaemonSet => "/apis/apps/v1/daemonsets",
            Self::Job => "/apis/batch/v1/jobs",
        }
    }
}

/// A Windows, or Linux.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Os {
    Linux,
    Windows(u32),
}

/// What owns pods in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    Deployment(usize),
    Job(usize),
    DaemonSet(usize),
}

/// So many pods a Deployment and a Job have; a DaemonSet has one on each node of its system.
const OF_DEPLOYMENT: usize = 25;
const OF_JOB: usize = 3;
/// Nodes go round: one Linux, one 17763, two 20348, one 26100.
const ROUND: [Os; 5] = [
    Os::Linux,
    Os::Windows(17763),
    Os::Windows(20348),
    Os::Windows(20348),
    Os::Windows(26100),
];

/// A cluster of so many nodes and pods.
pub(crate) struct Large {
    nodes: usize,
    pods: usize,
    of_deployments: usize,
    of_jobs: usize,
    /// The first pod of each DaemonSet.
    daemon_sets: Vec<usize>,
    /// The pods that do not start.
    failing: Vec<usize>,
    templates: Templates,
}

impl Large {
    /// A cluster of so many nodes and about so many pods.
    pub(crate) fn new(nodes: usize, pods: usize) -> Self {
        assert!(nodes >= ROUND.len(), "a node of each kind");
        let mut large = Self {
            nodes,
            pods,
            of_deployments: 0,
            of_jobs: pods / 10,
            daemon_sets: Vec::new(),
            failing: Vec::new(),
            templates: Templates::new(),
        };
        let mut of_daemon_sets = Vec::new();
        let mut left = pods / 5;
        loop {
            let next = large.nodes_of_daemon_set(of_daemon_sets.len());
            if next == 0 || next > left {
                break;
            }
            of_daemon_sets.push(next);
            left -= next;
        }
        large.of_deployments = pods - large.of_jobs - of_daemon_sets.iter().sum::<usize>();
        let mut first = large.of_deployments + large.of_jobs;
        for many in of_daemon_sets {
            large.daemon_sets.push(first);
            first += many;
        }
        large.failing = (0..pods).filter(|at| large.placed(*at).1).collect();
        large
    }

    /// The largest cluster that Kubernetes' documentation allows for.
    pub(crate) fn documented() -> Self {
        Self::new(5_000, 150_000)
    }

    /// How many objects of a kind there are.
    pub(crate) fn count(&self, kind: Kind) -> usize {
        let deployments = self.of_deployments.div_ceil(OF_DEPLOYMENT);
        match kind {
            Kind::Node => self.nodes,
            Kind::RuntimeClass => 3,
            Kind::Deployment => deployments,
            // Each has the one before as well, scaled down.
            Kind::ReplicaSet => 2 * deployments,
            Kind::DaemonSet => self.daemon_sets.len(),
            Kind::Job => self.of_jobs.div_ceil(OF_JOB),
            Kind::Pod => self.pods,
            // A warning for each failing pod, and what is told of some that run.
            Kind::Event => self.failing.len() + self.pods / 20,
        }
    }

    /// How many pods do not start, since their image's Windows is newer than their node's.
    pub(crate) fn failing(&self) -> usize {
        self.failing.len()
    }

    /// Writes an object as JSON; `typed`: with its kind, as it stands by itself.
    pub(crate) fn write(&self, kind: Kind, at: usize, typed: bool, out: &mut Vec<u8>) {
        debug_assert!(at < self.count(kind));
        out.push(b'{');
        if typed {
            let version = kind.api_version();
            let head = format!("\"apiVersion\":\"{version}\",\"kind\":\"{kind:?}\",");
            out.extend_from_slice(head.as_bytes());
        }
        match kind {
            Kind::Node => self.write_node(at, out),
            Kind::RuntimeClass => Self::write_class(at, out),
            Kind::Deployment => self.write_deployment(at, out),
            Kind::ReplicaSet => self.write_replica_set(at, out),
            Kind::DaemonSet => self.write_daemon_set(at, out),
            Kind::Job => self.write_job(at, out),
            Kind::Pod => self.write_pod(at, out),
            Kind::Event => self.write_event(at, out),
        }
    }

    /// The objects of a kind, one after another.
    pub(crate) fn objects(&self, kind: Kind) -> impl Iterator<Item = Value> + use<'_> {
        let mut text = Vec::new();
        (0..self.count(kind)).map(move |at| {
            text.clear();
            self.write(kind, at, true, &mut text);
            serde_json::from_slice(&text).unwrap()
        })
    }

    /// Writes all objects into a file as `kubectl get … -o json` prints them, but for its indentation.
    pub(crate) fn write_list(&self, path: &Path) -> std::io::Result<()> {
        let mut file = BufWriter::new(File::create(path)?);
        file.write_all(b"{\"apiVersion\":\"v1\",\"items\":[")?;
        let mut text = Vec::new();
        for kind in Kind::ALL {
            for at in 0..self.count(kind) {
                text.clear();
                if kind != Kind::ALL[0] || at > 0 {
                    text.extend_from_slice(b",\n");
                }
                self.write(kind, at, true, &mut text);
                file.write_all(&text)?;
            }
        }
        file.write_all(b"],\"kind\":\"List\",\"metadata\":{\"resourceVersion\":\"\"}}\n")?;
        file.flush()
    }

    /// Serves it on a free port of loopback.
    pub(crate) fn serve(self) -> std::io::Result<LargeServer> {
        LargeServer::start(self)
    }
}

/// Numbers that look like chance and are the same each time.
fn mix(seed: usize, salt: u64) -> u64 {
    let mut at = (seed as u64).wrapping_add(salt.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    at = (at ^ (at >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    at = (at ^ (at >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    at ^ (at >> 31)
}

/// The same as an index.
fn pick(seed: usize, salt: u64, many: usize) -> usize {
    usize::try_from(mix(seed, salt) % many.max(1) as u64).unwrap_or(0)
}

/// An identity of an object.
fn uid(kind: u64, at: usize) -> String {
    let (a, b) = (mix(at, kind), mix(at, kind + 100));
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        a >> 32,
        (a >> 16) & 0xffff,
        a & 0xfff,
        b >> 52,
        b & 0xffff_ffff_ffff
    )
}

/// The letters that Kubernetes ends generated names with.
fn suffix(seed: usize, salt: u64, length: u32) -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let mut at = mix(seed, salt);
    let mut text = String::new();
    for _ in 0..length {
        text.push(char::from(LETTERS[usize::try_from(at % 27).unwrap_or(0)]));
        at /= 27;
    }
    text
}
