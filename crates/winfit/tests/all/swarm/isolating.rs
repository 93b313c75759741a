//! `winfit swarm isolate` and the engines of a real Swarm, which proxies make ones on Windows.

use std::collections::BTreeMap;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tempfile::TempDir;

use super::text;
use crate::docker_support::proxy::Proxy;
use crate::docker_support::real_swarm::{RealSwarm, can_run};
use crate::schemas::check_document;

const NODES: [&str; 3] = ["win-a", "win-b", "win-c"];

/// Three engines of one Swarm on Windows Server 2022, each with its default isolation.
struct Windows {
    swarm: RealSwarm,
    /// A socket for each, under its hostname.
    folder: TempDir,
    isolation: Arc<Mutex<BTreeMap<&'static str, &'static str>>>,
    _proxies: Vec<Proxy>,
}

impl Windows {
    fn start() -> Self {
        let swarm = RealSwarm::start(&NODES);
        let folder = TempDir::new().unwrap();
        let isolation = NODES.map(|node| (node, "process"));
        let isolation = Arc::new(Mutex::new(BTreeMap::from(isolation)));
        let proxies = NODES.map(|node| {
            let isolation = Arc::clone(&isolation);
            let proxy = Proxy::start(
                &swarm.socket(node),
                |_, _| {},
                move |path, object| of_windows(path, object, isolation.lock().unwrap()[node]),
            );
            let socket = proxy.address();
            let socket = socket.strip_prefix("unix://").unwrap();
            std::os::unix::fs::symlink(socket, folder.path().join(node)).unwrap();
            proxy
        });
        Self {
            swarm,
            folder,
            isolation,
            _proxies: proxies.into(),
        }
    }

    fn address(&self, node: &str) -> String {
        format!("unix://{}/{node}", self.folder.path().display())
    }

    /// The engine of a node begins anew, with a `daemon.json` that says Hyper-V.
    fn restart_with_hyperv(&self, node: &'static str) {
        self.swarm.restart(node);
        self.isolation.lock().unwrap().insert(node, "hyperv");
        self.swarm.until(&format!("{node} is back"), || {
            let nodes = self.swarm.try_docker("win-a", &["node", "ls"]);
            let own = self.swarm.try_docker(node, &["info"]);
            nodes.zip(own).is_some_and(|(nodes, own)| {
                let ready = nodes.lines().filter(|line| line.contains("Ready")).count();
                ready == NODES.len() && own.contains("Swarm: active")
            })
        });
    }

    /// No engine answers for a node any more.
    fn cut_off(&self, node: &str) {
        std::fs::remove_file(self.folder.path().join(node)).unwrap();
    }

    fn isolate(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_winfit"))
            .args(["swarm", "isolate"])
            .args(arguments)
            .env("WINFIT_CATALOG_OVERLAY", "off")
            .env("DOCKER_HOST", self.address("win-a"))
            .env("DOCKER_CONFIG", self.swarm.config())
            .output()
            .unwrap()
    }

    /// What is said without its line ends, where it ends so.
    fn says(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.isolate(arguments);
        let said = text(&output);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        said.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

fn of_windows(path: &str, object: &mut Value, isolation: &str) {
    match path {
        "/info" => {
            object["OSType"] = "windows".into();
            object["OSVersion"] = "10.0.20348".into();
            object["OperatingSystem"] =
                "Microsoft Windows Server Version 21H2 (OS Build 20348.169)".into();
            object["Isolation"] = isolation.into();
        }
        "/nodes" => {
            for node in object.as_array_mut().unwrap() {
                node["Description"]["Platform"]["OS"] = "windows".into();
            }
        }
        _ => {}
    }
}

#[test]
fn each_node_is_verified_by_its_engine_until_all_have_it() {
    if !can_run() {
        return;
    }
    let windows = Windows::start();
    let template = format!("--endpoint-template={}", windows.address("{hostname}"));
    let verify = ["--verify", template.as_str()];

    // Nothing is done yet.
    let said = windows.says(1, &verify);
    assert!(
        said.starts_with("Hyper-V is the default isolation of 0 of 3 nodes."),
        "{said}"
    );

    // One node has gone the way, one has not, of one nobody knows.
    windows.restart_with_hyperv("win-b");
    windows.cut_off("win-c");
    let said = windows.says(1, &verify);
    assert!(
        said.starts_with(
            "Hyper-V is the default isolation of 1 of 3 nodes. \
             win-a its default isolation is still process: its daemon.json does not say \
             isolation=hyperv, or its engine was not restarted since \
             win-b hyperv \
             win-c no engine answers at unix://"
        ),
        "{said}"
    );
    assert!(
        said.contains("1 win-a manager docker node update --availability drain win-a"),
        "{said}"
    );
    assert!(!said.contains("drain win-b"), "{said}");

    let output = windows.isolate(&[&verify[..], &["--format=json"]].concat());
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    check_document(&document);
    let verified: Vec<bool> = document["verified"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["hyperv"].as_bool().unwrap())
        .collect();
    assert_eq!(verified, [false, true, false]);

    // A single node, by its address and by a context that leads there.
    let host = format!("host={}", windows.address("win-b"));
    windows
        .swarm
        .docker("win-a", &["context", "create", "to-b", "--docker", &host]);
    let by_address = format!("--verify=win-b={}", windows.address("win-b"));
    for one in [by_address.as_str(), "--verify=win-b=to-b"] {
        let said = windows.says(0, &[one]);
        assert!(
            said.starts_with("Hyper-V is the default isolation of 1 of 1 node."),
            "{said}"
        );
    }
    let said = windows.says(1, &["--verify=win-a=to-b", "--verify=win-z=to-b"]);
    assert!(
        said.contains("is the engine of win-b, which is not that node of this Swarm")
            && said.contains("win-z the Swarm has no node of that name or id"),
        "{said}"
    );

    // The plan takes the engines' word as well.
    let said = windows.says(1, &[&template]);
    assert!(said.contains("win-b has it already"), "{said}");
    assert!(said.contains("1 win-c worker"), "{said}");
    assert!(said.contains("2 win-a leader"), "{said}");
    assert!(
        said.contains("node win-c: no engine answers at unix://"),
        "{said}"
    );
}

#[test]
fn nodes_that_all_have_it_need_nothing() {
    if !can_run() {
        return;
    }
    let windows = Windows::start();
    for node in ["win-b", "win-c", "win-a"] {
        windows.restart_with_hyperv(node);
    }
    let template = format!("--endpoint-template={}", windows.address("{hostname}"));
    let said = windows.says(0, &["--verify", &template]);
    assert!(
        said.ends_with("win-a hyperv win-b hyperv win-c hyperv"),
        "{said}"
    );
    let said = windows.says(0, &[&template]);
    assert_eq!(
        said,
        "Hyper-V is the default isolation of all Windows nodes already."
    );
}

#[test]
fn where_the_engines_are_has_to_be_said() {
    if !can_run() {
        return;
    }
    let windows = Windows::start();
    let said = windows.says(2, &["--verify"]);
    assert!(
        said.contains("--endpoint-template says where they are"),
        "{said}"
    );
    let said = windows.says(2, &["--verify=win-a"]);
    assert!(said.contains("name the node and its engine"), "{said}");
    let said = windows.says(2, &["--verify=win-a=no-such-context"]);
    assert!(said.contains("no-such-context"), "{said}");
}

#[test]
fn the_engines_of_nodes_may_be_contexts_of_their_names() {
    if !can_run() {
        return;
    }
    let windows = Windows::start();
    for node in ["win-a", "win-b"] {
        let host = format!("host={}", windows.address(node));
        windows
            .swarm
            .docker("win-a", &["context", "create", node, "--docker", &host]);
    }
    windows.restart_with_hyperv("win-b");
    let template = "--endpoint-template={hostname}";
    let none = "there is no Docker context \"win-c\"; docker context ls shows those that are";
    let said = windows.says(1, &["--verify", template]);
    for words in [
        "isolation of 1 of 3 nodes.",
        "win-b hyperv",
        &format!("win-c {none}"),
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    // What has no context is told, and the others are asked nevertheless.
    let said = windows.says(1, &[template]);
    assert!(said.contains("win-b has it already"), "{said}");
    assert!(said.contains(&format!("node win-c: {none}")), "{said}");
}

#[test]
fn a_node_that_nobody_knows_is_no_plain_success() {
    let folder = TempDir::new().unwrap();
    let saved = folder.path().join("nodes.json");
    let node = |name: &str, labels: Value| {
        serde_json::json!({
            "ID": format!("id-of-{name}"),
            "Spec": {"Labels": labels, "Role": "worker", "Availability": "active"},
            "Description": {"Hostname": name, "Platform": {"OS": "windows", "Architecture": "x86_64"}},
            "Status": {"State": "ready"},
        })
    };
    let known = node("win-a", serde_json::json!({"OsVersion": "10.0.20348"}));
    let open = node("win-b", serde_json::json!({}));
    for (nodes, code) in [(vec![&known], 0), (vec![&known, &open], 1)] {
        std::fs::write(&saved, serde_json::to_string(&nodes).unwrap()).unwrap();
        let output = crate::winfit(&["swarm", "isolate", "--from", saved.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(code), "{}", text(&output));
        let asks = text(&output).contains("nothing tells which Windows win-b has");
        assert_eq!(asks, code == 1, "{}", text(&output));
    }
}
