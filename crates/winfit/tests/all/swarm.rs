//! `winfit swarm` on a real Swarm: the chapter of Microsoft's page about Docker Swarm, played through.

// It types as sh reads it.
#[cfg(unix)]
mod by_hand;
// Proxies stand before their engines.
#[cfg(unix)]
mod election;
#[cfg(unix)]
mod faults;
#[cfg(unix)]
mod held;
#[cfg(unix)]
mod isolating;
mod online;

use std::process::Output;

use serde_json::{Value, json};

use crate::docker_support::real_swarm::{RealSwarm, can_run};
use crate::schemas::check_document;
use crate::winfit;

/// Runs `winfit swarm` against a daemon.
fn run(swarm: &RealSwarm, node: &str, arguments: &[&str]) -> Output {
    let address = swarm.address(node);
    let asked = ["--docker-host", &address];
    winfit(&[&["swarm"], arguments, &asked].concat())
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Runs it, and gives back what it says where it ends so.
fn says(swarm: &RealSwarm, code: i32, arguments: &[&str]) -> String {
    let output = run(swarm, "win-a", arguments);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    said
}

fn labels(swarm: &RealSwarm, node: &str) -> String {
    let shown = swarm.docker(
        "win-a",
        &["node", "inspect", "--format={{.Spec.Labels}}", node],
    );
    shown.trim().to_owned()
}

fn constraints(swarm: &RealSwarm, service: &str) -> String {
    let format = "--format={{.Spec.TaskTemplate.Placement.Constraints}}";
    let shown = swarm.docker("win-a", &["service", "inspect", format, service]);
    shown.trim().to_owned()
}

/// Everything that is wanted of an object, but for this field of the part at a place.
fn spec(swarm: &RealSwarm, kind: &str, name: &str, place: &str, but: &str) -> Value {
    let shown = swarm.docker("win-a", &[kind, "inspect", "--format={{json .Spec}}", name]);
    let mut spec: Value = serde_json::from_str(&shown).unwrap();
    if let Some(Value::Object(found)) = spec.pointer_mut(place) {
        found.remove(but);
    }
    spec
}

const LABEL: [&str; 7] = [
    "label",
    "--host",
    "win-a=10.0.14393.2665",
    "--host",
    "win-b=10.0.17763.437",
    "--host",
    "win-c=ltsc2022",
];

#[test]
fn the_page_s_chapter() {
    if !can_run() {
        return;
    }
    let swarm = RealSwarm::start(&["win-a", "win-b", "win-c"]);
    swarm.import("contoso/fax:2-ltsc2019");
    // A task starts where this is: its error elsewhere is longer than docker service ps lets it be.
    std::fs::write(swarm.folder("win-b").join("here"), "").unwrap();
    let root = swarm.folder("win-b");
    let root = root.parent().unwrap().display().to_string();
    let mount = format!("--mount=type=bind,source={root}/{{{{.Node.Hostname}}}}/here,target=/here");
    swarm.docker(
        "win-a",
        &["node", "update", "--availability=pause", "win-b"],
    );
    // Once it has failed it waits for somebody to change it.
    let once = [
        "--restart-condition=none",
        "--label=team=shop",
        "--placement-pref=spread=node.labels.rack",
        &mount,
    ];
    swarm.create("fax", "contoso/fax:2-ltsc2019", "win-b", &once);
    let tasks = |more: &[&str]| {
        let all = ["service", "ps", "fax", "--format={{.Error}}"];
        swarm.docker("win-a", &[&all, more].concat())
    };
    swarm.until("fax has failed", || tasks(&[]).contains('…'));
    swarm.docker(
        "win-a",
        &["node", "update", "--availability=active", "win-b"],
    );
    assert_eq!(swarm.replicas("fax"), "0/1");
    assert!(!tasks(&[]).contains("does not exist"));
    assert!(tasks(&["--no-trunc"]).contains("bind source path does not exist"));

    // Labels: shown first, then written, as docker shows them.
    let shown = says(&swarm, 0, &LABEL);
    assert!(
        shown.starts_with("3 of 3 nodes would get other labels; nothing is written yet."),
        "{shown}"
    );
    assert_eq!(labels(&swarm, "win-b"), "map[]");
    swarm.docker("win-a", &["node", "update", "--label-add=rack=7", "win-b"]);
    swarm.docker(
        "win-a",
        &[
            "node",
            "update",
            "--label-add=winfit.runs-ltsc2016=true",
            "win-b",
        ],
    );
    let before = spec(&swarm, "node", "win-b", "", "Labels");
    let written = says(&swarm, 0, &[&LABEL[..], &["--apply"]].concat());
    let of_b = "map[OS:windows OsVersion:10.0.17763 rack:7 winfit.build:17763 winfit.revision:437 winfit.runs-ltsc2019:true]";
    assert!(written.contains(of_b), "{written}");
    assert_eq!(labels(&swarm, "win-b"), of_b);
    assert_eq!(
        labels(&swarm, "win-a"),
        "map[OS:windows OsVersion:10.0.14393 winfit.build:14393 winfit.revision:2665 winfit.runs-ltsc2016-2665:true]"
    );
    assert_eq!(
        labels(&swarm, "win-c"),
        "map[OS:windows OsVersion:10.0.20348 winfit.build:20348 winfit.runs-ltsc2022:true]"
    );
    assert_eq!(spec(&swarm, "node", "win-b", "", "Labels"), before);
    // They tell now what was told, and a second run changes nothing.
    let again = says(&swarm, 0, &["label", "--apply"]);
    assert!(
        again.starts_with("The labels of 3 nodes are right as they are."),
        "{again}"
    );

    // The audit says what to do, as commands for a manager.
    let audit = says(&swarm, 1, &["audit"]);
    assert!(
        audit
            .contains("docker service update --constraint-add 'node.labels.OsVersion==10.0.17763'")
            || audit.contains("--constraint-add 'node.labels.OsVersion==10.0.17763' \\"),
        "{audit}"
    );

    // The constraint: shown first, then written.
    let place = "/TaskTemplate/Placement";
    let before = spec(&swarm, "service", "fax", place, "Constraints");
    let shown = says(&swarm, 0, &["constrain", "fax"]);
    assert!(
        shown.contains("fax would be kept off win-a, win-c"),
        "{shown}"
    );
    assert_eq!(constraints(&swarm, "fax"), "[]");
    let output = run(&swarm, "win-a", &["constrain", "fax", "--format=json"]);
    check_document(&serde_json::from_slice(&output.stdout).unwrap());
    let written = says(&swarm, 0, &["constrain", "fax", "--apply"]);
    assert!(
        written.contains("[node.labels.OsVersion==10.0.17763]"),
        "{written}"
    );
    assert_eq!(
        constraints(&swarm, "fax"),
        "[node.labels.OsVersion==10.0.17763]"
    );
    assert_eq!(spec(&swarm, "service", "fax", place, "Constraints"), before);
    swarm.until("fax runs", || swarm.replicas("fax") == "1/1");
    let again = says(&swarm, 0, &["constrain", "--all", "--apply"]);
    assert!(
        again.starts_with("fax runs on every node that it may use: win-b."),
        "{again}"
    );
    assert_eq!(
        constraints(&swarm, "fax"),
        "[node.labels.OsVersion==10.0.17763]"
    );
    // The way back is Docker's own.
    swarm.docker("win-a", &["service", "rollback", "--detach", "fax"]);
    assert_eq!(constraints(&swarm, "fax"), "[]");
}

#[test]
fn a_service_that_no_node_runs_is_left_alone() {
    if !can_run() {
        return;
    }
    let swarm = RealSwarm::start(&["win-a", "win-b"]);
    swarm.import("contoso/fax:2-ltsc2016");
    swarm.create(
        "fax",
        "contoso/fax:2-ltsc2016",
        "win-b",
        &["--constraint=node.hostname!=win-a"],
    );
    let hosts = ["--host=win-a=ltsc2019", "--host=win-b=ltsc2022"];
    let said = says(
        &swarm,
        1,
        &[&["constrain", "fax", "--apply"], &hosts[..]].concat(),
    );
    assert!(
        said.starts_with("fax runs on no node that it may use"),
        "{said}"
    );
    assert!(
        said.contains("docker service update --image contoso/fax:2-ltsc2022 fax"),
        "{said}"
    );
    assert_eq!(constraints(&swarm, "fax"), "[node.hostname!=win-a]");
    let said = says(&swarm, 3, &["constrain", "nothing"]);
    assert!(said.contains("the Swarm has no service nothing"), "{said}");
    // A worker knows nothing of nodes.
    let output = run(&swarm, "win-b", &["label"]);
    assert!(text(&output).contains("ask a manager"), "{}", text(&output));
}

/// Leads to a daemon until so many changes have passed, and then to nothing: not even the answer to the
/// last one comes back.
#[cfg(unix)]
fn vanishing(socket: &std::path::Path, at: &std::path::Path, changes: usize) {
    use std::io::{Read, Write};
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    let listener = UnixListener::bind(at).unwrap();
    let socket = socket.to_owned();
    let passed = Arc::new(AtomicUsize::new(0));
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            if passed.load(Ordering::SeqCst) >= changes {
                continue;
            }
            let daemon = UnixStream::connect(&socket).unwrap();
            let (mut answers, mut back) =
                (daemon.try_clone().unwrap(), client.try_clone().unwrap());
            let mut to = daemon;
            let seen = Arc::clone(&passed);
            let is_gone = Arc::clone(&passed);
            std::thread::spawn(move || {
                let mut bytes = [0; 8192];
                while let Ok(count @ 1..) = answers.read(&mut bytes) {
                    if is_gone.load(Ordering::SeqCst) >= changes {
                        break;
                    }
                    let _ = back.write_all(&bytes[..count]);
                }
                let _ = back.shutdown(std::net::Shutdown::Both);
            });
            std::thread::spawn(move || {
                let mut bytes = [0; 8192];
                while let Ok(count @ 1..) = client.read(&mut bytes) {
                    let sent = &bytes[..count];
                    if sent.windows(8).any(|part| part == b"/update?") {
                        seen.fetch_add(1, Ordering::SeqCst);
                    }
                    if to.write_all(sent).is_err() {
                        break;
                    }
                }
            });
        }
    });
}

#[cfg(unix)]
#[test]
fn a_manager_that_vanishes_leaves_nodes_old_or_new_and_a_second_run_finishes() {
    if !can_run() {
        return;
    }
    let swarm = RealSwarm::start(&["win-a", "win-b", "win-c"]);
    let new = |version: &str, runs: &str| {
        format!(
            "map[OS:windows OsVersion:10.0.{version} winfit.build:{version} winfit.runs-{runs}:true]"
        )
    };
    let at = swarm.folder("win-a").join("vanishing");
    vanishing(&swarm.socket("win-a"), &at, 2);
    let hosts = [
        "label",
        "--apply",
        "--host=win-a=10.0.17763",
        "--host=win-b=10.0.20348",
        "--host=win-c=10.0.17763",
    ];
    let address = format!("unix://{}", at.display());
    let output = winfit(&[&["swarm"], &hosts[..], &["--docker-host", &address]].concat());
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let flowing = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        flowing.contains("writing the labels of win-b came to no end:")
            && flowing.contains("the same command again writes what is left"),
        "{said}"
    );
    assert!(
        said.starts_with("The labels of 1 of 3 nodes are written."),
        "{said}"
    );
    let all = [
        new("17763", "ltsc2019"),
        new("20348", "ltsc2022"),
        new("17763", "ltsc2019"),
    ];
    let nodes = ["win-a", "win-b", "win-c"];
    for (node, new) in nodes.iter().zip(&all) {
        let found = labels(&swarm, node);
        assert!(found == "map[]" || found == *new, "{node}: {found}");
    }
    assert_eq!(labels(&swarm, "win-a"), all[0]);
    assert_eq!(labels(&swarm, "win-c"), "map[]");
    says(&swarm, 0, &hosts);
    assert_eq!(nodes.map(|node| labels(&swarm, node)), all);
}

#[test]
fn a_worker_writes_its_own_daemon_json_and_keeps_the_rest() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("daemon.json");
    let before =
        "{\r\n  \"debug\": true,\r\n  \"labels\": [\"rack=7\", \"winfit.build=14393\"]\r\n}\r\n";
    std::fs::write(&file, before).unwrap();
    let name = file.display().to_string();
    let arguments = [
        "swarm",
        "label",
        "--self",
        "--host=ltsc2019",
        "--file",
        &name,
    ];
    let shown = text(&winfit(&arguments));
    let flowing = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flowing.contains("nothing is written yet"), "{shown}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), before);
    let applied = [&arguments[..], &["--apply"]].concat();
    let output = winfit(&applied);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let after = "{\r\n  \"debug\": true,\r\n  \"labels\": [\"rack=7\", \"winfit.build=17763\", \"OS=windows\", \"OsVersion=10.0.17763\", \"winfit.runs-ltsc2019=true\"]\r\n}\r\n";
    assert_eq!(std::fs::read_to_string(&file).unwrap(), after);
    let backup = folder.path().join("daemon.json.before-winfit");
    assert_eq!(std::fs::read_to_string(&backup).unwrap(), before);
    let again = text(&winfit(&applied));
    assert!(again.contains("already."), "{again}");
    assert_eq!(std::fs::read_to_string(&backup).unwrap(), before);
    // What the engine does not start with is not made worse.
    std::fs::write(&file, "{\"labels\": ").unwrap();
    let output = winfit(&applied);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output));
}

#[test]
fn engines_are_asked_for_their_isolation() {
    if !can_run() {
        return;
    }
    let swarm = RealSwarm::start(&["win-a", "win-b"]);
    let hosts = ["--host=win-a=ltsc2022", "--host=win-b=ltsc2019"];
    let way = says(&swarm, 0, &[&["isolate"], &hosts[..]].concat());
    assert!(way.contains("1  win-b  worker"), "{way}");
    assert!(way.contains("2  win-a  leader"), "{way}");
    let right = format!("--verify=win-b={}", swarm.address("win-b"));
    let wrong = format!("--verify=win-a={}", swarm.address("win-b"));
    let said = says(&swarm, 1, &["isolate", &right, &wrong]);
    assert!(
        said.starts_with("Hyper-V is the default isolation of 0 of 2 nodes."),
        "{said}"
    );
    assert!(said.contains("it runs Linux"), "{said}");
    let flowing = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        flowing.contains("which is not that node of this Swarm"),
        "{said}"
    );
}

#[test]
fn what_runs_against_all_that_is_known_is_said() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("swarm.json");
    let node = |id: &str, name: &str, version: &str| {
        json!({
            "ID": id,
            "Spec": {"Labels": {"OsVersion": version}, "Availability": "active"},
            "Description": {"Hostname": name, "Platform": {"OS": "windows"}},
            "Status": {"State": "ready"},
        })
    };
    let saved = json!([
        node("n1", "win-a", "10.0.17763"),
        node("n2", "win-b", "10.0.20348"),
        {"ID": "s1", "Spec": {
            "Name": "web",
            "TaskTemplate": {"ContainerSpec": {"Image": "contoso/web:2-ltsc2022"}},
            "Mode": {"Replicated": {"Replicas": 1}},
        }},
        {"ID": "t1", "ServiceID": "s1", "NodeID": "n1", "DesiredState": "running",
         "Status": {"State": "running"}},
    ]);
    std::fs::write(&file, saved.to_string()).unwrap();
    let name = file.display().to_string();
    let output = winfit(&["swarm", "constrain", "web", "--from", &name]);
    let said = text(&output);
    let flowing = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flowing.contains("it runs on win-a all the same"), "{said}");
}
