//! Which constraints are chosen, and what a change of labels costs.

use serde_json::{Value, json};
use winfit_core::Catalog;
use winfit_core::audit::{AuditOptions, audit};
use winfit_core::day::parse_day;
use winfit_core::host::Host;
use winfit_core::version::OsVersion;
use winfit_docker::swarm::Swarm;
use winfit_docker::swarm::commands::for_live_services;
use winfit_docker::swarm::constrain::{Constraints, Decision, decide};
use winfit_docker::swarm::fleet::{LabelNames, Told, fleet};
use winfit_docker::swarm::isolate::way;
use winfit_docker::swarm::label;
use winfit_docker::swarm::placing::place;

/// A Swarm that somebody saved: nodes by name, system and labels, and a service.
fn swarm(nodes: &[(&str, &str, Value)], service: &Value) -> Swarm {
    let mut swarm = Swarm::default();
    let mut all: Vec<Value> = nodes
        .iter()
        .enumerate()
        .map(|(at, (name, os, labels))| {
            json!({
                "ID": format!("n{at}"),
                "Spec": {"Labels": labels, "Role": "worker", "Availability": "active"},
                "Description": {"Hostname": name, "Platform": {"OS": os, "Architecture": "x86_64"}},
                "Status": {"State": "ready"},
            })
        })
        .collect();
    all.push(service.clone());
    let complaints = swarm.add_saved(&Value::Array(all).to_string());
    assert_eq!(complaints, Vec::<String>::new());
    swarm
}

fn service(image: &str, constraints: &[&str], mode: &Value) -> Value {
    json!({
        "ID": "s1",
        "Spec": {
            "Name": "fax",
            "TaskTemplate": {
                "ContainerSpec": {"Image": image},
                "Placement": {"Constraints": constraints},
            },
            "Mode": mode,
        },
    })
}

fn one() -> Value {
    json!({"Replicated": {"Replicas": 1}})
}

fn version(build: u16) -> Value {
    json!({"OS": "windows", "OsVersion": format!("10.0.{build}")})
}

fn decided(nodes: &[(&str, &str, Value)], service: &Value) -> Decision {
    let swarm = swarm(nodes, service);
    let names = LabelNames::default();
    let fleet = fleet(Catalog::builtin(), &swarm, &names, &Told::new());
    decide(Catalog::builtin(), &fleet, &fleet.workloads[0], &names)
}

fn constraints(nodes: &[(&str, &str, Value)], service: &Value) -> Constraints {
    match decided(nodes, service) {
        Decision::Constrain(found) => found,
        other => panic!("{other:?}"),
    }
}

/// What `--host` tells of nodes.
fn hosts(builds: &[(&str, u16)]) -> Told {
    let told = builds.iter().map(|(name, build)| {
        let host = Host::windows(OsVersion::of_build(*build));
        ((*name).to_owned(), (host, "--host".to_owned()))
    });
    told.collect()
}

/// Labels as `winfit swarm label` writes them.
fn labelled(build: u16, runs: &[&str]) -> Value {
    let mut labels = version(build);
    for generation in runs {
        labels[format!("winfit.runs-{generation}")] = json!("true");
    }
    labels
}

#[test]
fn one_label_for_two_releases_keeps_both() {
    let nodes = [
        ("win-a", "windows", labelled(17763, &["ltsc2019"])),
        ("win-b", "windows", labelled(20348, &["ltsc2022"])),
        (
            "win-c",
            "windows",
            labelled(26100, &["ltsc2022", "ltsc2025"]),
        ),
    ];
    let found = constraints(&nodes, &service("contoso/fax:2-ltsc2022", &[], &one()));
    assert_eq!(found.add, ["node.labels.winfit.runs-ltsc2022==true"]);
    assert_eq!(found.on, ["win-b", "win-c"]);
    assert_eq!(found.off, ["win-a"]);
    assert_eq!(found.lost, Vec::<String>::new());
}

#[test]
fn without_it_one_constraint_keeps_as_many_as_it_can() {
    let nodes = [
        ("win-a", "windows", version(17763)),
        ("win-b", "windows", version(20348)),
        ("win-c", "windows", version(26100)),
    ];
    let image = "contoso/fax:2-ltsc2022";
    let found = constraints(&nodes, &service(image, &[], &one()));
    assert_eq!(found.add.len(), 1);
    assert_eq!(found.on.len() + found.lost.len(), 2);
    // A service on every node loses none that runs it.
    let found = constraints(&nodes, &service(image, &[], &json!({"Global": {}})));
    assert_eq!(found.add, ["node.labels.OsVersion!=10.0.17763"]);
    assert_eq!(found.on, ["win-b", "win-c"]);
}

#[test]
fn constraints_that_are_there_stay_and_count() {
    let nodes = [
        ("win-a", "windows", version(17763)),
        ("win-b", "windows", version(20348)),
    ];
    let image = "contoso/fax:2-ltsc2019";
    let found = decided(&nodes, &service(image, &["node.hostname==win-a"], &one()));
    assert!(matches!(found, Decision::Fits { .. }), "{found:?}");
    let found = decided(&nodes, &service(image, &["node.hostname==win-b"], &one()));
    let Decision::NoNode { may_use, kept_off } = found else {
        panic!("{found:?}");
    };
    assert_eq!(may_use, ["win-b"]);
    assert_eq!(kept_off.len(), 1);
    assert_eq!(kept_off[0].0, "win-a");
    assert!(
        kept_off[0].1.contains("node.hostname==win-b"),
        "{kept_off:?}"
    );
}

#[test]
fn linux_nodes_and_linux_services() {
    let nodes = [
        ("lin-a", "linux", json!({})),
        ("win-a", "windows", version(20348)),
    ];
    let found = constraints(&nodes, &service("contoso/fax:2-ltsc2022", &[], &one()));
    assert_eq!(found.add, ["node.labels.OsVersion==10.0.20348"]);
    assert_eq!(found.off, ["lin-a"]);
    let found = decided(&nodes, &service("nginx:1", &[], &one()));
    assert!(
        matches!(found, Decision::UnknownImage | Decision::NotWindows),
        "{found:?}"
    );
}

#[test]
fn nodes_that_no_label_tells_apart_are_named() {
    let told = [("win-a", 17763), ("win-b", 20348), ("win-c", 20348)];
    let nodes = told.map(|(name, _)| (name, "windows", json!({})));
    let swarm = swarm(&nodes, &service("contoso/fax:2-ltsc2022", &[], &one()));
    let names = LabelNames::default();
    let fleet = fleet(Catalog::builtin(), &swarm, &names, &hosts(&told));
    let decided = decide(Catalog::builtin(), &fleet, &fleet.workloads[0], &names);
    let Decision::Constrain(found) = decided else {
        panic!("{decided:?}");
    };
    assert_eq!(found.add, ["node.hostname!=win-a"]);
    assert!(found.by_name && !found.by_chance);
}

#[test]
fn the_build_tells_as_well_as_the_page_s_version() {
    let build = |build: &str| json!({"winfit.build": build});
    let nodes = [
        ("win-a", "windows", build("17763")),
        ("win-b", "windows", build("20348")),
        ("win-c", "windows", build("20348")),
    ];
    let found = constraints(&nodes, &service("contoso/fax:2-ltsc2022", &[], &one()));
    assert_eq!(found.add, ["node.labels.winfit.build==20348"]);
    assert!(!found.by_name && !found.by_chance);
}

#[test]
fn a_label_that_is_not_enough_gets_another_one_beside_it() {
    // The label of win-a is of yesterday, when it was another machine.
    let runs = |rack: &str| json!({"winfit.runs-ltsc2022": "true", "rack": rack});
    let told = [
        ("win-a", 17763),
        ("win-b", 20348),
        ("win-c", 20348),
        ("win-d", 17763),
    ];
    let labels = [runs("7"), runs("8"), runs("9"), json!({"rack": "8"})];
    let nodes: Vec<(&str, &str, Value)> = told
        .iter()
        .zip(labels)
        .map(|((name, _), labels)| (*name, "windows", labels))
        .collect();
    let of_mode = |mode: &Value| {
        let swarm = swarm(&nodes, &service("contoso/fax:2-ltsc2022", &[], mode));
        let names = LabelNames::default();
        let fleet = fleet(Catalog::builtin(), &swarm, &names, &hosts(&told));
        match decide(Catalog::builtin(), &fleet, &fleet.workloads[0], &names) {
            Decision::Constrain(found) => found,
            other => panic!("{other:?}"),
        }
    };
    let both = [
        "node.labels.winfit.runs-ltsc2022==true",
        "node.labels.rack!=7",
    ];
    let everywhere = of_mode(&json!({"Global": {}}));
    assert_eq!(everywhere.add, both);
    assert!(everywhere.by_chance && !everywhere.by_name);
    assert_eq!(everywhere.lost, Vec::<String>::new());
    // One is enough where one node is.
    let found = of_mode(&one());
    assert_eq!(found.add, ["node.labels.rack==9"]);
    assert_eq!(found.on, ["win-c"]);
    assert_eq!(found.lost, ["win-b"]);
}

/// What the audit would do, each as its title and its command for sh.
fn audited(nodes: &[(&str, &str, Value)], service: &Value) -> Vec<(String, String)> {
    let swarm = swarm(nodes, service);
    let names = LabelNames::default();
    let fleet = fleet(Catalog::builtin(), &swarm, &names, &Told::new());
    let options = AuditOptions {
        today: parse_day("2026-11-25").unwrap(),
        eol_within: 0,
    };
    let mut findings = audit(Catalog::builtin(), &fleet, &options).findings;
    place(Catalog::builtin(), &fleet, &names, &mut findings);
    for_live_services(&mut findings);
    let remedies = findings.into_iter().flat_map(|finding| finding.remedies);
    remedies
        .map(|remedy| {
            let text = remedy.commands.into_iter().next_back().unwrap().text;
            (remedy.title, text.replace(" \\\n ", ""))
        })
        .collect()
}

#[test]
fn the_audit_places_services_as_constrain_does() {
    let mut contradicts = version(20348);
    contradicts["winfit.build"] = json!("17763");
    let nodes = [
        ("win-a", "windows", version(17763)),
        ("win-b", "windows", version(20348)),
        ("win-c", "windows", contradicts),
    ];
    let fax = service("contoso/fax:2-ltsc2019", &[], &one());
    let found = audited(&nodes, &fax);
    assert_eq!(
        found[0],
        (
            // The label keeps it off win-c, whatever that is.
            "admit only win-a (17763)".to_owned(),
            "docker service update --constraint-add 'node.labels.OsVersion==10.0.17763' fax"
                .to_owned()
        )
    );
}

#[test]
fn a_constraint_on_another_windows_goes_before_the_right_one_comes() {
    let nodes = [
        ("win-a", "windows", version(17763)),
        ("win-b", "windows", version(20348)),
    ];
    let wrong = ["node.labels.OsVersion==10.0.20348", "node.role==worker"];
    let found = audited(&nodes, &service("contoso/fax:2-ltsc2019", &wrong, &one()));
    let moved = found
        .iter()
        .find(|(title, _)| title.starts_with("place it"));
    assert_eq!(
        moved,
        Some(&(
            "place it on win-a (17763) instead".to_owned(),
            "docker service update --constraint-rm 'node.labels.OsVersion==10.0.20348' --constraint-add 'node.labels.OsVersion==10.0.17763' fax".to_owned()
        ))
    );
    // What keeps it off for another reason is somebody's wish.
    let wrong = ["node.labels.OsVersion==10.0.20348", "node.hostname==win-b"];
    let found = audited(&nodes, &service("contoso/fax:2-ltsc2019", &wrong, &one()));
    let moved = found
        .iter()
        .find(|(title, _)| title.starts_with("place it"));
    assert_eq!(moved, None);
}

#[test]
fn a_label_that_changes_costs_services_their_node() {
    let node = ("win-a", "windows", version(17763));
    let constraint = "node.labels.OsVersion==10.0.17763";
    let swarm = swarm(
        &[node],
        &service("contoso/fax:2-ltsc2019", &[constraint], &one()),
    );
    let names = LabelNames::default();
    let host = winfit_core::host::Host::windows("10.0.20348".parse().unwrap());
    let told = Told::from([("win-a".to_owned(), (host, "--host".to_owned()))]);
    let changes = label::plan(Catalog::builtin(), &swarm, &names, &told);
    let fleet = fleet(Catalog::builtin(), &swarm, &names, &told);
    assert_eq!(
        label::displaced(Catalog::builtin(), &fleet, &changes),
        [("fax".to_owned(), "win-a".to_owned())]
    );
}

#[test]
fn a_node_that_no_shell_takes_is_asked_for_by_its_id() {
    let labels = json!({"OsVersion": "10.0.17763", "winfit.build": "20348"});
    let nodes = [
        ("win a", "windows", json!({})),
        ("win$b", "windows", json!({"OsVersion": "newest"})),
        ("win;c", "windows", labels),
    ];
    let swarm = swarm(&nodes, &service("nginx:1", &[], &one()));
    let changes = label::plan(
        Catalog::builtin(),
        &swarm,
        &LabelNames::default(),
        &Told::new(),
    );
    for (change, says) in changes.iter().zip(["ltsc2019", "ltsc2019", "10.0.17763"]) {
        let asks = change.open.as_ref().map(ToString::to_string);
        let ends = format!("--host {}={says}", change.id);
        assert!(asks.unwrap_or_default().ends_with(&ends), "{change:?}");
    }
}

#[test]
fn a_version_of_linux_contradicts_nothing() {
    let labels = json!({"OS": "linux", "OsVersion": "trixie/sid"});
    let swarm = swarm(
        &[("lin-a", "linux", labels)],
        &service("nginx:1", &[], &one()),
    );
    let names = LabelNames::default();
    let changes = label::plan(Catalog::builtin(), &swarm, &names, &Told::new());
    assert_eq!(changes[0].open, None);
    assert!(!changes[0].is_change(), "{changes:?}");
}

#[test]
fn labels_of_people_stay_where_they_say_the_same() {
    let labels =
        json!({"OS": "Windows", "OsVersion": "10.0.17763.437", "winfit.runs-ltsc2016": "true"});
    let swarm = swarm(
        &[
            ("win-a", "windows", labels),
            ("lin-a", "linux", json!({"winfit.build": "1"})),
        ],
        &service("nginx:1", &[], &one()),
    );
    let names = LabelNames::default();
    let changes = label::plan(Catalog::builtin(), &swarm, &names, &Told::new());
    let set: Vec<&str> = changes[0].set.keys().map(String::as_str).collect();
    assert_eq!(
        set,
        ["winfit.build", "winfit.revision", "winfit.runs-ltsc2019"]
    );
    assert_eq!(changes[0].remove, ["winfit.runs-ltsc2016"]);
    // No label that begins so is true of Linux.
    assert_eq!(changes[1].remove, ["winfit.build"]);
    assert!(changes[1].set.is_empty());
}

#[test]
fn a_node_that_has_hyperv_stands_in_for_the_next() {
    let nodes = [
        ("win-a", "windows", version(17763)),
        ("win-b", "windows", version(20348)),
    ];
    let swarm = swarm(&nodes, &service("contoso/fax:2-ltsc2019", &[], &one()));
    let names = LabelNames::default();
    let fleet = fleet(Catalog::builtin(), &swarm, &names, &Told::new());
    let way = way(Catalog::builtin(), &swarm, &fleet);
    let steps: Vec<(&str, usize)> = way
        .steps
        .iter()
        .map(|step| (step.node.as_str(), step.stops.len()))
        .collect();
    assert_eq!(steps, [("win-b", 0), ("win-a", 0)]);
    let gain = &way.services[0];
    assert_eq!((gain.may_use, gain.now, gain.then), (2, 1, 2));
}

#[test]
fn a_node_with_hyperv_as_its_default_runs_older_generations_and_stays_known() {
    let names = LabelNames::default();
    let nothing = service("nginx:1", &[], &one());
    let fresh = swarm(&[("win-a", "windows", json!({}))], &nothing);
    let mut host = winfit_core::host::Host::windows("10.0.20348".parse().unwrap());
    host.configured_isolation = Some(winfit_core::host::Isolation::Hyperv);
    let told = Told::from([("win-a".to_owned(), (host, "--host".to_owned()))]);
    let changes = label::plan(Catalog::builtin(), &fresh, &names, &told);
    let labels = changes[0].after();
    assert_eq!(
        labels.get("winfit.isolation").map(String::as_str),
        Some("hyperv")
    );
    assert!(labels.contains_key("winfit.runs-ltsc2019"), "{labels:?}");
    // A second run without the words of the first one changes nothing.
    let known = swarm(&[("win-a", "windows", json!(labels))], &nothing);
    let changes = label::plan(Catalog::builtin(), &known, &names, &Told::new());
    assert!(!changes[0].is_change(), "{changes:?}");
}
