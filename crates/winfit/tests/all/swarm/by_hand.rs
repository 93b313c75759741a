//! What is printed for those who type it themselves, typed: one command for a node or a service, and the way
//! back.

use std::process::Command;

use crate::docker_support::real_swarm::{RealSwarm, can_run};

use super::{constraints, labels, says};

/// What stands under a heading for sh.
fn for_sh(said: &str, heading: &str) -> String {
    let lines = said.lines().skip_while(|line| line.trim() != heading);
    let lines = lines.skip_while(|line| line.trim() != "sh").skip(1);
    let lines = lines.take_while(|line| line.starts_with("       "));
    lines.map(|line| format!("{}\n", line.trim())).collect()
}

/// Types it on the manager.
fn typed(swarm: &RealSwarm, commands: &str) {
    let output = Command::new("sh")
        .args(["-euc", commands])
        .env("DOCKER_HOST", swarm.address("win-a"))
        .env("DOCKER_CONFIG", swarm.config())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{commands}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn labels_are_written_and_taken_back_by_one_command_a_node() {
    if !can_run() {
        return;
    }
    let swarm = RealSwarm::start(&["win-a", "win-b"]);
    let stale = [
        "--label-add=winfit.build=14393",
        "--label-add=winfit.note=it's (not) true",
        "--label-add=rack=7",
    ];
    swarm.docker(
        "win-a",
        &[&["node", "update"], &stale[..], &["win-b"]].concat(),
    );
    let nodes = ["win-a", "win-b"];
    let before = nodes.map(|node| labels(&swarm, node));
    let hosts = ["label", "--host=win-a=ltsc2022", "--host=win-b=17763.437"];
    let said = says(&swarm, 0, &hosts);

    let forth = for_sh(&said, "2  or by hand");
    assert_eq!(forth.matches("docker node update").count(), 2, "{said}");
    typed(&swarm, &forth);
    let after = nodes.map(|node| labels(&swarm, node));
    assert_eq!(
        after[1],
        "map[OS:windows OsVersion:10.0.17763 rack:7 winfit.build:17763 winfit.revision:437 winfit.runs-ltsc2019:true]"
    );
    // It is what --apply writes: nothing is left to do.
    let again = says(&swarm, 0, &[&hosts[..], &["--apply"]].concat());
    assert!(
        again.starts_with("The labels of 2 nodes are right as they are."),
        "{again}"
    );

    let back = for_sh(&said, "the way back");
    assert_eq!(back.matches("docker node update").count(), 2, "{said}");
    typed(&swarm, &back);
    assert_eq!(nodes.map(|node| labels(&swarm, node)), before);
    // What --apply wrote has the same way back.
    let written = says(&swarm, 0, &[&hosts[..], &["--apply"]].concat());
    assert_eq!(for_sh(&written, "the way back"), back);
    typed(&swarm, &back);
    assert_eq!(nodes.map(|node| labels(&swarm, node)), before);
}

#[test]
fn a_service_gets_all_its_constraints_by_one_command_and_loses_them_by_one() {
    if !can_run() {
        return;
    }
    let swarm = RealSwarm::start(&["win-a", "win-b", "win-c", "win-d"]);
    swarm.import("contoso/fax:2-ltsc2022");
    let has = ["--mode=global", "--constraint=node.labels.team!=shop"];
    swarm.create("fax", "contoso/fax:2-ltsc2022", "win-c", &has);
    let hosts = [
        "--host=win-a=ltsc2016",
        "--host=win-b=ltsc2019",
        "--host=win-c=ltsc2022",
        "--host=win-d=ltsc2022",
    ];
    let said = says(&swarm, 0, &[&["constrain", "fax"], &hosts[..]].concat());
    let forth = for_sh(&said, "2  or by hand");
    assert_eq!(forth.matches("docker service update").count(), 1, "{said}");
    // Who types it need not wait until the tasks run.
    let detached = |commands: &str| commands.replace("service update", "service update --detach");
    typed(&swarm, &detached(&forth));
    // docker sorts them.
    assert_eq!(
        constraints(&swarm, "fax"),
        "[node.hostname!=win-a node.hostname!=win-b node.labels.team!=shop]"
    );
    let back = for_sh(&said, "the way back");
    assert_eq!(back.matches("docker service update").count(), 1, "{said}");
    typed(&swarm, &detached(&back));
    assert_eq!(constraints(&swarm, "fax"), "[node.labels.team!=shop]");
}
