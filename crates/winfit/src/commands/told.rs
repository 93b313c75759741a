//! What a user tells of hosts and images beside what an orchestrator knows of them.

use std::collections::BTreeMap;

use anyhow::Result;
use winfit_core::Catalog;
use winfit_core::fleet::Fleet;
use winfit_core::given::{Given, give};
use winfit_core::host::Host;

use crate::cli::HostFacts;
use crate::input;
use crate::output::{printable, usage};

/// Hosts by the names of their nodes, each with where it was learnt.
pub(super) type Told = BTreeMap<String, (Host, String)>;

/// What `--image-version REF=VERSION` tells.
pub(super) fn images(texts: &[String]) -> Result<Given> {
    let mut given = Given::new();
    for text in texts {
        let shown = printable(text);
        let Some((reference, version)) = text.rsplit_once('=') else {
            return Err(usage(format!(
                "--image-version {shown}: write it as REF=VERSION, as contoso/fax=10.0.17763"
            )));
        };
        let version = version
            .parse()
            .map_err(|error| usage(format!("--image-version {shown}: {error}")))?;
        given.insert(reference.to_owned(), version);
    }
    Ok(given)
}

/// Gives the images of all workloads their versions, and says which references none of them (`unit`) has.
pub(super) fn give_all(fleet: &mut Fleet, given: &Given, unit: &str) -> Vec<String> {
    let workloads = fleet.workloads.iter_mut();
    let used: Vec<String> = workloads.flat_map(|one| give(one, given)).collect();
    let unused = given.keys().filter(|name| !used.contains(name));
    unused
        .map(|name| {
            format!(
                "--image-version {}=…: no {unit} has that image",
                printable(name)
            )
        })
        .collect()
}

/// What `--host NODE=HOST` tells.
pub(super) fn hosts(catalog: &Catalog, texts: &[String]) -> Result<Told> {
    let mut told = Told::new();
    for text in texts {
        let Some((node, spec)) = text.split_once('=').filter(|(node, _)| !node.is_empty()) else {
            return Err(usage(format!(
                "--host {}: name the node and its Windows, as win-a=ltsc2019",
                printable(text)
            )));
        };
        let (hosts, _) = input::hosts(catalog, &[spec.to_owned()], &HostFacts::default())?;
        let [host] = hosts.as_slice() else {
            return Err(usage(format!(
                "--host {}: one node has one Windows, and that names {}",
                printable(text),
                hosts.len()
            )));
        };
        told.insert(node.to_owned(), (host.host, "--host".to_owned()));
    }
    Ok(told)
}
