//! `winfit kube runtimeclasses`: a RuntimeClass for each Windows build of the cluster.

use anyhow::Result;
use winfit_kube::Cluster;
use winfit_kube::classes::{classes, manifests};
use winfit_kube::label::Open;

use super::{Asked, left_out, not_there, saved};
use crate::cli::{KubeRuntimeClassesArguments, NodesSource};
use crate::commands::told;
use crate::output::{Exit, Outcome, nothing, printable};

pub(super) fn run(arguments: &KubeRuntimeClassesArguments) -> Result<Outcome> {
    let catalog = crate::overlay::catalog();
    let told = told::hosts(catalog, &arguments.hosts)?;
    let (cluster, mut complaints) = read(&arguments.source)?;
    complaints.extend(not_there(&told, |name| {
        let mut nodes = cluster.nodes.iter();
        nodes.any(|node| *node.metadata.name == *name)
    }));
    let found = classes(catalog, &cluster, &told);
    complaints.extend(found.open.iter().map(|node| {
        let node = node.clone();
        printable(&Open::Unknown { node }.to_string())
    }));
    if found.wanted.is_empty() {
        complaints.push(
            "no node here has a Windows version that is known, so there is no class to make"
                .to_owned(),
        );
        return Err(nothing(complaints.join("\n")));
    }
    let exit = if complaints.is_empty() {
        Exit::Fits
    } else {
        Exit::Findings
    };
    let mut outcome = Outcome::new(manifests(&found), exit);
    outcome.complaints = complaints;
    Ok(outcome)
}

fn read(source: &NodesSource) -> Result<(Cluster, Vec<String>)> {
    if !source.from.is_empty() {
        return saved(&source.whole(), |_| {});
    }
    let asked = Asked::new(&source.cluster)?;
    let cluster = asked.wait(Cluster::of_nodes(&asked.api))?;
    let complaints = left_out(&cluster.missing);
    Ok((cluster, complaints))
}
