//! A Swarm, as its manager tells it.

use std::time::Duration;

use winfit_core::Catalog;
use winfit_core::fleet::{Role, State};
use winfit_core::host::Os;
use winfit_docker::swarm::fleet::{LabelNames, Told, fleet};
use winfit_docker::swarm::{Swarm, nodes, stuck};
use winfit_docker::{DockerError, Settings};

use crate::asking::{block_on, engine};
use crate::support::real_swarm::{RealSwarm, can_run};

#[test]
fn nodes_services_and_what_their_tasks_say() {
    if !can_run() {
        return;
    }
    let swarm = RealSwarm::start(&["win-a", "win-b"]);
    swarm.import("contoso/fax:2-ltsc2019");
    swarm.create("fax", "contoso/fax:2-ltsc2019", "nowhere", &[]);
    swarm.create(
        "print",
        "contoso/fax:2-ltsc2019",
        "win-b",
        &["--constraint=node.hostname==win-b"],
    );
    swarm.docker(
        "win-a",
        &[
            "node",
            "update",
            "--label-add=OS=windows",
            "--label-add=OsVersion=10.0.17763",
            "win-b",
        ],
    );
    swarm.docker(
        "win-a",
        &["node", "update", "--availability=pause", "win-a"],
    );
    swarm.until("print runs", || swarm.replicas("print") == "1/1");
    let read = || block_on(Swarm::read(&engine(&swarm.address("win-a")))).unwrap();
    swarm.until("fax has failed", || {
        read()
            .tasks
            .iter()
            .any(|task| task.status.err.contains("non-zero exit"))
    });
    let found = read();
    let fleet = fleet(
        Catalog::builtin(),
        &found,
        &LabelNames::default(),
        &Told::new(),
    );
    let of = |name: &str| fleet.hosts.iter().find(|host| host.name == name).unwrap();
    let (manager, worker) = (of("win-a"), of("win-b"));
    assert_eq!(
        (manager.role, manager.state),
        (Some(Role::Manager), State::Cordoned)
    );
    assert_eq!(
        (worker.role, worker.state),
        (Some(Role::Worker), State::Ready)
    );
    assert_eq!(worker.host.version.unwrap().to_string(), "10.0.17763");
    assert_eq!(worker.learnt_from, "label OsVersion");
    assert_eq!(worker.address.unwrap().to_string(), "127.0.0.1");
    assert_eq!(
        worker.host.engine.unwrap().to_string().split('.').next(),
        Some("docker@20")
    );
    let print = fleet
        .workloads
        .iter()
        .find(|one| one.subject.name == "print")
        .unwrap();
    assert_eq!((print.wanted, print.running), (Some(1), Some(1)));
    let stuck = stuck::findings(&found);
    assert_eq!(stuck.len(), 1, "{stuck:?}");
    assert!(
        stuck[0]
            .message
            .starts_with("service fax runs 0 of 1: task: non-zero exit (1)"),
        "{}",
        stuck[0].message
    );
}

#[test]
fn each_node_is_asked_itself_where_a_template_tells_how() {
    if !can_run() {
        return;
    }
    let swarm = RealSwarm::start(&["win-a", "win-b"]);
    swarm.docker(
        "win-a",
        &["node", "update", "--label-add=OS=windows", "win-b"],
    );
    let engine = engine(&swarm.address("win-a"));
    let found = block_on(Swarm::read(&engine)).unwrap();
    let ask = |template: &str| {
        block_on(nodes::ask(
            Catalog::builtin(),
            &found,
            &Settings::default(),
            template,
            Duration::from_secs(30),
        ))
    };
    let folder = swarm.folder("win-a");
    let folder = folder.parent().unwrap().display();
    // Only the node that is said to be Windows is asked; what it really is is what it says itself.
    let answers = ask(&format!("unix://{folder}/{{hostname}}/sock")).unwrap();
    let hosts: Vec<Os> = answers.told.values().map(|(host, _)| host.os).collect();
    assert_eq!(hosts, [Os::Linux]);
    assert!(answers.silent.is_empty());
    let answers = ask(&format!("unix://{folder}/{{hostname}}/none")).unwrap();
    assert!(answers.told.is_empty());
    assert!(answers.silent["win-b"].contains("there is no such socket"));
    assert!(matches!(
        ask("tcp://win-b:2376"),
        Err(DockerError::Settings(_))
    ));
}

#[test]
fn who_does_not_know_the_swarm_says_whom_to_ask() {
    if !can_run() {
        return;
    }
    let swarm = RealSwarm::start(&["win-a", "win-b"]);
    let told = block_on(Swarm::read(&engine(&swarm.address("win-b")))).unwrap_err();
    assert!(matches!(told, DockerError::NotManager { .. }), "{told:?}");
    assert!(
        told.to_string().ends_with("ask a manager (127.0.0.1:2377)"),
        "{told}"
    );
    swarm.docker("win-b", &["swarm", "leave"]);
    let told = block_on(Swarm::read(&engine(&swarm.address("win-b")))).unwrap_err();
    assert!(matches!(told, DockerError::NoSwarm { .. }), "{told:?}");
    let nowhere = swarm.folder("win-a").join("none");
    let told = block_on(Swarm::read(&engine(&format!(
        "unix://{}",
        nowhere.display()
    ))));
    assert!(
        told.unwrap_err()
            .to_string()
            .contains("there is no such socket")
    );
    let log = swarm.folder("win-a").join("log");
    let told = block_on(Swarm::read(&engine(&format!("unix://{}", log.display()))));
    assert!(
        told.unwrap_err()
            .to_string()
            .contains("nothing listens there")
    );
}
