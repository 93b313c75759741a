//! `winfit swarm label --apply` while the leader of three managers is killed, and another one is elected.

use std::path::PathBuf;
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::text;
use crate::docker_support::proxy::Proxy;
use crate::docker_support::real_swarm::{RealSwarm, can_run, kill};
use crate::winfit;

const NODES: [&str; 3] = ["win-a", "win-b", "win-c"];

/// What each node is to have.
const NEW: [&str; 3] = [
    "map[OS:windows OsVersion:10.0.17763 winfit.build:17763 winfit.runs-ltsc2019:true]",
    "map[OS:windows OsVersion:10.0.20348 winfit.build:20348 winfit.runs-ltsc2022:true]",
    "map[OS:windows OsVersion:10.0.17763 winfit.build:17763 winfit.runs-ltsc2019:true]",
];

/// `label --apply` by what answers at an address.
fn label(address: &str) -> Output {
    winfit(&[
        "swarm",
        "label",
        "--apply",
        "--host=win-a=10.0.17763",
        "--host=win-b=10.0.20348",
        "--host=win-c=10.0.17763",
        "--docker-host",
        address,
    ])
}

/// A manager as it is asked; in the middle of the command, when the change of the second node is on its way,
/// others are killed, or it is itself.
fn asked(swarm: &RealSwarm, manager: &str, killed: &[&str]) -> Proxy {
    let killed: Vec<PathBuf> = killed.iter().map(|node| swarm.folder(node)).collect();
    let changes = Arc::new(AtomicUsize::new(0));
    Proxy::start(
        &swarm.socket(manager),
        move |path, _| {
            if path.ends_with("/update") && changes.fetch_add(1, Ordering::SeqCst) == 1 {
                for folder in &killed {
                    kill(folder);
                }
            }
        },
        |_, _| {},
    )
}

/// The labels of all nodes, as one of the managers that are left says.
fn labels(swarm: &RealSwarm) -> Option<Vec<String>> {
    let format = "--format={{.Spec.Labels}}";
    let command = [&["node", "inspect", format], &NODES[..]].concat();
    let shown = swarm.try_docker("win-b", &command)?;
    Some(shown.lines().map(str::to_owned).collect())
}

/// Three managers, of which the first leads.
fn managers() -> RealSwarm {
    let swarm = RealSwarm::managers(&NODES);
    swarm.until("all managers are reachable", || {
        let nodes = swarm.docker("win-a", &["node", "ls", "--format={{.ManagerStatus}}"]);
        let mut all: Vec<&str> = nodes.lines().collect();
        all.sort_unstable();
        all == ["Leader", "Reachable", "Reachable"]
    });
    swarm
}

/// Each node has its old labels or its new ones, a second run finishes, and a third has nothing to do.
fn is_whole_and_finishes(swarm: &RealSwarm) {
    swarm.until(
        "both managers that are left know the one that leads",
        || {
            ["win-b", "win-c"].iter().all(|manager| {
                let nodes =
                    swarm.try_docker(manager, &["node", "ls", "--format={{.ManagerStatus}}"]);
                nodes.is_some_and(|nodes| nodes.lines().any(|status| status == "Leader"))
            })
        },
    );
    let found = labels(swarm).unwrap();
    for (found, new) in found.iter().zip(NEW) {
        assert!(found == "map[]" || found == new, "{found}");
    }
    assert_eq!(found[0], NEW[0], "it was written before");

    let second = label(&swarm.address("win-b"));
    assert_eq!(second.status.code(), Some(0), "{}", text(&second));
    assert_eq!(labels(swarm).unwrap(), NEW);
    let third = text(&label(&swarm.address("win-c")));
    assert!(
        third.starts_with("The labels of 3 nodes are right as they are."),
        "{third}"
    );
}

/// That the second node's labels came to no end, in one sentence.
fn says_what_is_left(output: &Output, because: &str) {
    let said = text(output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.starts_with("The labels of 1 of 3 nodes are written."),
        "{said}"
    );
    let errors = String::from_utf8_lossy(&output.stderr);
    let sentence = errors.split_whitespace().collect::<Vec<_>>().join(" ");
    let begins = format!("winfit: writing the labels of win-b came to no end: {because}");
    assert!(sentence.starts_with(&begins), "{sentence}");
    assert!(
        sentence.ends_with(
            "each node has its old labels or its new ones, and the same command again writes what is left"
        ),
        "{sentence}"
    );
    assert_eq!(sentence.matches("winfit:").count(), 1, "{sentence}");
}

#[test]
fn the_leader_that_is_asked_is_killed_between_two_nodes() {
    if !can_run() {
        return;
    }
    let swarm = managers();
    let proxy = asked(&swarm, "win-a", &["win-a"]);
    let first = label(&proxy.address());
    says_what_is_left(&first, "no engine answers at unix://");
    is_whole_and_finishes(&swarm);
}

#[test]
fn a_manager_that_is_asked_waits_for_the_next_leader() {
    if !can_run() {
        return;
    }
    let swarm = managers();
    let proxy = asked(&swarm, "win-b", &["win-a"]);
    let first = label(&proxy.address());
    // How long it waits is the engine's; where that is not long enough, it says so.
    if first.status.code() == Some(0) {
        let said = text(&first);
        assert!(
            said.starts_with("The labels of 3 nodes are written."),
            "{said}"
        );
    } else {
        says_what_is_left(&first, "the Swarm of unix://");
    }
    is_whole_and_finishes(&swarm);
}

#[test]
fn without_enough_managers_nothing_more_is_written_until_they_are_back() {
    if !can_run() {
        return;
    }
    let swarm = managers();
    let proxy = asked(&swarm, "win-b", &["win-a", "win-c"]);
    let first = label(&proxy.address());
    says_what_is_left(&first, "the Swarm of unix://");
    std::fs::remove_file(swarm.folder("win-c").join("down")).unwrap();
    is_whole_and_finishes(&swarm);
}
