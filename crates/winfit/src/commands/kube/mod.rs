//! `winfit kube`: what a cluster does not know of its nodes' Windows, and what follows from it.

mod audit;
mod explain;
mod human;
mod label;
mod pin;
mod runtimeclasses;

use std::time::Duration;

use anyhow::Result;
use winfit_core::Catalog;
use winfit_files::registries::{settle, to_ask};
use winfit_kube::fleet::{ClusterFleet, fleet, take_digests};
use winfit_kube::{
    Api, Cluster, Interned, KubeError, Missing, Namespace, Scope, Settings, role_for,
};

use crate::cli::{
    ClusterArguments, ClusterFacts, ClusterSource, KubeArguments, KubeCommand, ScopeArguments,
};
use crate::commands::told;
use crate::engines::runtime;
use crate::input;
use crate::output::{Outcome, nothing, printable, usage};
use crate::settling::Answers;

pub(crate) fn run(arguments: &KubeArguments) -> Result<Outcome> {
    match &arguments.command {
        KubeCommand::Audit(arguments) => audit::run(arguments),
        KubeCommand::Explain(arguments) => explain::run(arguments),
        KubeCommand::Label(arguments) => label::run(arguments),
        KubeCommand::RuntimeClasses(arguments) => runtimeclasses::run(arguments),
        KubeCommand::Pin(arguments) => pin::run(arguments),
    }
}

/// A cluster with the runtime that asks it.
struct Asked {
    api: Api,
    runtime: tokio::runtime::Runtime,
}

impl Asked {
    /// The cluster that the arguments, else the environment, name.
    fn new(arguments: &ClusterArguments) -> Result<Self> {
        let settings = Settings {
            kubeconfig: arguments.kubeconfig.clone(),
            context: arguments.context.clone(),
            patience: Duration::from_secs(arguments.request_timeout),
        };
        let runtime = runtime()?;
        // The client of the API lives in the runtime from its beginning.
        let inside = runtime.enter();
        let api = settings.connect().map_err(|error| refused(&error))?;
        drop(inside);
        Ok(Self { api, runtime })
    }

    /// Waits for an answer.
    fn wait<T>(&self, answer: impl Future<Output = Result<T, KubeError>>) -> Result<T> {
        self.runtime
            .block_on(answer)
            .map_err(|error| refused(&error))
    }

    /// Where it is, in words: the context, else the server.
    fn in_words(&self) -> String {
        match self.api.context() {
            Some(context) => format!("context {context}"),
            None => self.api.server().to_owned(),
        }
    }
}

/// What ends a command: settings that cannot be used are the user's, all else is the cluster's.
fn refused(error: &KubeError) -> anyhow::Error {
    let sentence = printable(&error.to_string());
    match error {
        KubeError::Settings(_) => usage(sentence),
        _ => nothing(sentence),
    }
}

/// A cluster that was read, as a fleet, with all that is told of it.
struct Known {
    cluster: Cluster,
    fleet: ClusterFleet,
    /// What could not be read, and what was told of what is not there.
    complaints: Vec<String>,
    /// Where it comes from in words.
    from: String,
    /// Which images registries settled, where they were asked.
    settled: Option<String>,
}

/// Reads a cluster, and what decides of it.
fn know(catalog: &Catalog, source: &ClusterSource, facts: &ClusterFacts) -> Result<Known> {
    known(catalog, read(source)?, facts)
}

/// A cluster that was read, what could not be read of it, and where it comes from in words.
type Read = (Cluster, Vec<String>, String);

/// What is told of a cluster that was read, and what decides of it.
fn known(catalog: &Catalog, read: Read, facts: &ClusterFacts) -> Result<Known> {
    let hosts = told::hosts(catalog, &facts.hosts)?;
    let given = told::images(&facts.image_version)?;
    let (cluster, mut complaints, from) = read;
    complaints.extend(not_there(&hosts, |name| {
        let mut nodes = cluster.nodes.iter();
        nodes.any(|node| *node.metadata.name == *name)
    }));
    let mut fleet = fleet(catalog, &cluster, &hosts);
    let mut settled = None;
    if facts.online.wanted() {
        take_digests(&mut fleet, &cluster);
        let answers = Answers::ask(&facts.online, to_ask(&mut fleet.fleet))?;
        settle(&mut fleet.fleet, &answers.words());
        complaints.extend(answers.complaints());
        settled = answers.summary();
    }
    complaints.extend(told::give_all(&mut fleet.fleet, &given, "workload"));
    Ok(Known {
        cluster,
        fleet,
        complaints,
        from,
        settled,
    })
}

/// What was told of nodes that are not there.
fn not_there(told: &told::Told, has: impl Fn(&str) -> bool) -> Vec<String> {
    let unknown = told.keys().filter(|name| !has(name));
    unknown
        .map(|name| {
            format!(
                "--host {}=…: the cluster has no node of that name",
                printable(name)
            )
        })
        .collect()
}

fn read(source: &ClusterSource) -> Result<Read> {
    if !source.from.is_empty() {
        let (cluster, complaints) = saved(source, |_| {})?;
        return Ok((cluster, complaints, "saved".to_owned()));
    }
    let scope = scope(&source.scope)?;
    let asked = Asked::new(&source.cluster)?;
    let cluster = asked.wait(Cluster::read(&asked.api, &scope))?;
    let complaints = left_out(&cluster.missing);
    Ok((cluster, complaints, asked.in_words()))
}

fn scope(arguments: &ScopeArguments) -> Result<Scope> {
    let namespace = arguments.namespace.as_deref();
    Ok(Scope {
        namespace: namespace.map(named).transpose()?,
        selector: arguments.selector.clone(),
    })
}

fn named(namespace: &str) -> Result<Namespace> {
    Namespace::parse(namespace).ok_or_else(|| {
        usage(format!(
            "--namespace {}: the name of a namespace has small letters, digits and hyphens, at most 63",
            printable(namespace)
        ))
    })
}

/// What the user may not read, with the rule that would let them.
fn left_out(missing: &[Missing]) -> Vec<String> {
    let mut complaints: Vec<String> = missing
        .iter()
        .map(|one| printable(&format!("{} are left out: {}", one.resource, one.because)))
        .collect();
    let forbidden: Vec<Missing> = missing
        .iter()
        .filter(|one| one.forbidden)
        .cloned()
        .collect();
    if !forbidden.is_empty() {
        complaints.push(format!(
            "a ClusterRole with these rules lets winfit read all that it judges:\n{}",
            role_for(&forbidden)
        ));
    }
    complaints
}

/// What files say; each goes to `keep` once it was read.
fn saved(source: &ClusterSource, mut keep: impl FnMut(Vec<u8>)) -> Result<(Cluster, Vec<String>)> {
    let mut cluster = Cluster::default();
    let mut interned = Interned::default();
    let mut complaints = Vec::new();
    for path in &source.from {
        let name = path.display().to_string();
        let text = input::read_saved(&name)?;
        let reasons = match cluster.add_saved(&text, &mut interned) {
            Ok(left) => left.complaints(),
            Err(reason) => vec![reason],
        };
        let reasons = reasons.iter();
        complaints.extend(reasons.map(|reason| format!("{name}: {}", printable(reason))));
        keep(text);
    }
    let all = cluster.nodes.len();
    cluster.nodes.retain(|node| !node.metadata.name.is_empty());
    if cluster.nodes.len() < all {
        // Nothing could be said of them.
        complaints.push("a Node without a name is left out".to_owned());
    }
    let unlike = cluster.once();
    if let Some((first, others)) = unlike.split_first() {
        let more = match others.len() {
            0 => String::new(),
            more => format!(", and so do {more} more objects"),
        };
        complaints.push(format!(
            "{} stands in what was given more than once and not alike{more}; the first one counts",
            printable(first)
        ));
    }
    if cluster.nodes.is_empty() && cluster.workloads.is_empty() && cluster.pods.is_empty() {
        complaints.push(
            "no node, no pod and no workload in what was given; save kubectl get nodes,pods,deployments,replicasets,statefulsets,daemonsets,jobs,cronjobs,events,runtimeclasses -A -o json"
                .to_owned(),
        );
        return Err(nothing(complaints.join("\n")));
    }
    Ok((cluster, complaints))
}
