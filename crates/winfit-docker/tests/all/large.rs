//! A Swarm far larger than most: it is judged to its end, and nobody is lost on the way.

use serde_json::{Value, json};
use winfit_core::Catalog;
use winfit_core::audit::{AuditOptions, audit};
use winfit_core::day::parse_day;
use winfit_docker::model::{Node, Service, Task};
use winfit_docker::swarm::Swarm;
use winfit_docker::swarm::fleet::{LabelNames, Told, fleet};
use winfit_docker::swarm::stuck;

const NODES: usize = 500;
const SERVICES: usize = 2_000;
const TASKS: usize = 20_000;

/// A fifth of the nodes each.
const BUILDS: [Option<u16>; 5] = [Some(17_763), Some(20_348), Some(20_348), Some(26_100), None];

fn read<T: serde::de::DeserializeOwned>(count: usize, object: impl Fn(usize) -> Value) -> Vec<T> {
    let objects: Vec<Value> = (0..count).map(object).collect();
    serde_json::from_value(Value::Array(objects)).unwrap()
}

fn node(at: usize) -> Value {
    let build = BUILDS[at % 5];
    let os = if build.is_some() { "windows" } else { "linux" };
    let mut labels = json!({"OS": os});
    if let Some(build) = build {
        labels["OsVersion"] = json!(format!("10.0.{build}"));
    }
    json!({
        "ID": format!("n{at}"),
        "Spec": {"Labels": labels, "Role": "worker", "Availability": "active"},
        "Description": {"Hostname": format!("node-{at}"), "Platform": {"OS": os, "Architecture": "x86_64"}},
        "Status": {"State": "ready"},
    })
}

/// A fourth each: one that fits, one that gets to nodes where it cannot start, one for Linux, one that
/// says nothing.
fn service(at: usize) -> Value {
    let (image, constraints): (&str, &[&str]) = match at % 4 {
        0 => (
            "mcr.microsoft.com/windows/servercore:ltsc2022",
            &["node.labels.OsVersion==10.0.20348"],
        ),
        1 => (
            "mcr.microsoft.com/windows/servercore:ltsc2022",
            &["node.labels.OsVersion==10.0.17763"],
        ),
        2 => ("redis:7", &["node.platform.os==linux"]),
        _ => ("contoso/fax:1", &[]),
    };
    json!({
        "ID": format!("s{at}"),
        "Spec": {
            "Name": format!("service-{at}"),
            "TaskTemplate": {
                "ContainerSpec": {"Image": image},
                "Placement": {"Constraints": constraints},
            },
            "Mode": {"Replicated": {"Replicas": 10}},
        },
    })
}

fn task(at: usize) -> Value {
    let service = at % SERVICES;
    let fails = service % 4 == 1;
    json!({
        "ServiceID": format!("s{service}"),
        "NodeID": format!("n{}", at % NODES),
        "DesiredState": if fails { "shutdown" } else { "running" },
        "Status": {
            "Timestamp": format!("2025-07-01T10:{:02}:00Z", at / SERVICES),
            "State": if fails { "rejected" } else { "running" },
            "Err": if fails { "The container operating system does not match the host operating system." } else { "" },
        },
    })
}

#[test]
fn a_large_swarm_is_judged_whole() {
    let swarm = Swarm {
        nodes: read::<Node>(NODES, node),
        services: read::<Service>(SERVICES, service),
        tasks: read::<Task>(TASKS, task),
    };
    let catalog = Catalog::builtin();
    let fleet = fleet(catalog, &swarm, &LabelNames::default(), &Told::new());
    assert_eq!(
        (fleet.hosts.len(), fleet.workloads.len()),
        (NODES, SERVICES)
    );
    let options = AuditOptions {
        today: parse_day("2026-01-01").unwrap(),
        eol_within: 0,
    };
    let audit = audit(catalog, &fleet, &options);
    for (at, placed) in audit.placed.iter().enumerate() {
        let expected = match at % 4 {
            0 => (200, 200),
            1 => (100, 0),
            2 => (100, 100),
            _ => (500, 500),
        };
        assert_eq!((placed.candidates, placed.fit), expected, "service-{at}");
    }
    for (workload, at) in fleet.workloads.iter().zip(0..) {
        let running = if at % 4 == 1 { 0 } else { 10 };
        let counts = (workload.wanted, workload.running);
        assert_eq!(counts, (Some(10), Some(running)), "service-{at}");
    }
    // Each of a fourth of the services once, and by its own name.
    let mismatches = audit.findings.iter();
    let mut names: Vec<&str> = mismatches
        .filter(|finding| finding.rule == "build-mismatch")
        .map(|finding| finding.subject.name.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), SERVICES / 4);
    let stuck = stuck::findings(&swarm);
    assert_eq!(stuck.len(), SERVICES / 4);
    for finding in &stuck {
        assert!(
            finding.message.contains(" runs 0 of 10: "),
            "{}",
            finding.message
        );
        // Ten tasks on some nodes with one error: the latest three places.
        assert!(
            (1..=3).contains(&finding.notes.len()),
            "{:?}",
            finding.notes
        );
    }
}
