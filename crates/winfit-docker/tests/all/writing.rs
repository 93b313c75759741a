//! Writing labels and constraints: what goes wrong, and what stays as it was.

use std::cell::Cell;
use std::time::Duration;

use serde_json::json;
use winfit_core::Catalog;
use winfit_docker::model::Node;
use winfit_docker::swarm::Swarm;
use winfit_docker::swarm::constrain::{self, Decision};
use winfit_docker::swarm::fleet::{LabelNames, Told, fleet};
use winfit_docker::swarm::label;
use winfit_docker::swarm::write::change;
use winfit_docker::{DockerError, Engine, Settings};

use crate::support::real_swarm::{RealSwarm, can_run};

fn catalog() -> &'static Catalog {
    Catalog::builtin()
}

/// A node of a Swarm that somebody saved.
fn node(id: &str, name: &str, labels: &serde_json::Value) -> Node {
    serde_json::from_value(json!({
        "ID": id,
        "Spec": {"Labels": labels, "Availability": "active"},
        "Description": {"Hostname": name, "Platform": {"OS": "windows", "Architecture": "x86_64"}},
        "Status": {"State": "ready"},
    }))
    .unwrap()
}

fn told(hosts: &[(&str, &str)]) -> Told {
    let hosts = hosts.iter();
    hosts
        .map(|(node, text)| {
            let version = text.parse().unwrap();
            let host = winfit_core::host::Host::windows(version);
            ((*node).to_owned(), (host, "--host".to_owned()))
        })
        .collect()
}

/// What is said of each node.
fn open(nodes: Vec<Node>, told: &Told) -> Vec<String> {
    let swarm = Swarm {
        nodes,
        ..Swarm::default()
    };
    let changes = label::plan(catalog(), &swarm, &LabelNames::default(), told);
    changes
        .iter()
        .map(|change| {
            let open = change.open.as_ref();
            assert!(open.is_none() || !change.is_change(), "{change:?}");
            open.map_or_else(|| "fine".to_owned(), ToString::to_string)
        })
        .collect()
}

#[test]
fn labels_that_tell_nothing_true_are_said_in_a_sentence() {
    let contradicts = node(
        "n1",
        "win-a",
        &json!({"winfit.build": "17763", "OsVersion": "10.0.20348"}),
    );
    let linux = node(
        "n2",
        "win-b",
        &json!({"OS": "linux", "OsVersion": "10.0.20348"}),
    );
    let no_version = node("n3", "win-c", &json!({"OsVersion": "latest"}));
    let unknown = node("n4", "win-d", &json!({}));
    let nodes = vec![contradicts, linux, no_version, unknown];
    assert_eq!(
        open(nodes.clone(), &Told::new()),
        [
            "of win-a the label winfit.build says 17763 and the label OsVersion says 10.0.20348; say which is true with --host win-a=10.0.20348",
            "of win-b the label OS says linux and the label OsVersion says 10.0.20348; say which is true with --host win-b=10.0.20348",
            "the label OsVersion of win-c says \"latest\", which is no Windows version; say which it has with --host win-c=ltsc2019",
            "nothing tells which Windows win-d has; say it with --host win-d=ltsc2019",
        ]
    );
    let all = ["win-a", "win-b", "win-c", "win-d"].map(|name| (name, "10.0.20348"));
    assert_eq!(open(nodes, &told(&all)), ["fine"; 4]);
}

#[test]
fn two_nodes_with_one_hostname_are_told_apart_by_their_ids() {
    let nodes = vec![
        node("n1", "win-a", &json!({})),
        node("n2", "win-a", &json!({})),
    ];
    let by_name = open(nodes.clone(), &told(&[("win-a", "10.0.17763")]));
    assert_eq!(
        by_name[1],
        "2 nodes have the hostname win-a, and --host win-a=… tells only one of them; name each by its id, as --host n2=ltsc2019"
    );
    let by_id = told(&[("n1", "10.0.17763"), ("n2", "10.0.20348")]);
    assert_eq!(open(nodes.clone(), &by_id), ["fine"; 2]);
    // Constraints name such a node by its id as well.
    let service = json!({
        "ID": "s1",
        "Spec": {
            "Name": "fax",
            "TaskTemplate": {"ContainerSpec": {"Image": "contoso/fax:2-ltsc2019"}},
            "Mode": {"Replicated": {"Replicas": 1}},
        },
    });
    let swarm = Swarm {
        nodes,
        services: vec![serde_json::from_value(service).unwrap()],
        tasks: Vec::new(),
    };
    let names = LabelNames::default();
    let fleet = fleet(catalog(), &swarm, &names, &by_id);
    let Decision::Constrain(found) =
        constrain::decide(catalog(), &fleet, &fleet.workloads[0], &names)
    else {
        panic!("it cannot start on the other one");
    };
    assert_eq!(
        (found.add, found.by_name),
        (vec!["node.id!=n2".to_owned()], true)
    );
}

#[test]
fn what_somebody_else_changes_meanwhile_stays() {
    if !can_run() {
        return;
    }
    let swarm = RealSwarm::start(&["win-a"]);
    let address = swarm.address("win-a");
    let endpoint = Settings::default().endpoint(Some(&address), None).unwrap();
    let engine = Engine::new(endpoint, Duration::from_secs(30));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let id = swarm.docker("win-a", &["node", "inspect", "--format={{.ID}}", "self"]);
    let path = format!("/nodes/{}", id.trim());
    let looks = Cell::new(0);
    let race = |times: u32| {
        looks.set(0);
        let written = change(&engine, &path, |object| {
            looks.set(looks.get() + 1);
            if looks.get() <= times {
                let label = format!("--label-add=theirs={}", looks.get());
                swarm.docker("win-a", &["node", "update", &label, "win-a"]);
            }
            object["Spec"]["Labels"]["ours"] = json!(times.to_string());
            true
        });
        runtime.block_on(written)
    };
    let labels = || {
        swarm.docker(
            "win-a",
            &["node", "inspect", "--format={{.Spec.Labels}}", "win-a"],
        )
    };
    assert_eq!(race(2), Ok(true));
    assert_eq!(looks.get(), 3);
    assert_eq!(labels().trim(), "map[ours:2 theirs:2]");
    // Somebody who never stops is not outrun, and what is there stays.
    assert!(matches!(race(9), Err(DockerError::OutOfDate { .. })));
    assert_eq!(labels().trim(), "map[ours:2 theirs:3]");
}
