//! What goes wrong before and while a Swarm is read, and labels that tell nothing true: a sentence each, with
//! what to do.

use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};

use serde_json::{Value, json};

use super::{labels, run, text};
use crate::docker_support::proxy::Proxy;
use crate::docker_support::real_swarm::{RealSwarm, can_run, kill};
use crate::winfit;

/// All commands that read a Swarm.
const COMMANDS: [&[&str]; 5] = [
    &["audit"],
    &["label"],
    &["constrain", "--all"],
    &["isolate"],
    &["watch", "--once"],
];

fn at(address: &str, arguments: &[&str]) -> Output {
    winfit(&[&["swarm"], arguments, &["--docker-host", address]].concat())
}

/// That a command said nothing but this sentence, and left with 3.
fn says_only(output: &Output, sentence: &str) {
    let said = text(output);
    let flowing = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert_eq!(flowing, format!("winfit: {sentence}"));
}

#[test]
fn who_knows_no_swarm_says_whom_to_ask() {
    if !can_run() {
        return;
    }
    let swarm = RealSwarm::start(&["win-a", "win-b"]);
    let worker = swarm.address("win-b");
    for command in COMMANDS {
        says_only(
            &at(&worker, command),
            &format!(
                "{worker} is a worker of its Swarm, and only managers know the nodes and services; ask a manager (127.0.0.1:2377)"
            ),
        );
    }
    swarm.docker("win-b", &["swarm", "leave"]);
    for command in COMMANDS {
        says_only(
            &at(&worker, command),
            &format!(
                "{worker} is in no Swarm; docker swarm init begins one, and --docker-host or --context ask another engine"
            ),
        );
    }
}

#[test]
fn who_may_not_open_the_socket_is_told_which_group_may() {
    if !can_run() {
        return;
    }
    let swarm = RealSwarm::start(&["win-a"]);
    // The way to the socket is everybody's; the socket is not. So is the command.
    let folder = swarm.folder("win-a");
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(folder.parent().unwrap(), open).unwrap();
    let program = folder.join("winfit");
    std::fs::copy(env!("CARGO_BIN_EXE_winfit"), &program).unwrap();
    let address = swarm.address("win-a");
    for command in COMMANDS {
        let output = Command::new("setpriv")
            .args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"])
            .arg(&program)
            .arg("swarm")
            .args(command)
            .args(["--docker-host", &address])
            .env("HOME", &folder)
            .env_remove("XDG_DATA_HOME")
            .output()
            .unwrap();
        says_only(
            &output,
            &format!(
                "{address} may not be opened by this user; become a member of its group (docker, docker-users on Windows), or run this as root"
            ),
        );
    }
}

#[test]
fn an_engine_that_is_too_old_is_to_be_updated() {
    if !can_run() {
        return;
    }
    let swarm = RealSwarm::start(&["win-a"]);
    // What Docker 18.09 says of itself.
    let proxy = Proxy::start(
        &swarm.socket("win-a"),
        |_, _| {},
        |path, object| {
            if path == "/version" {
                object["ApiVersion"] = json!("1.39");
            }
        },
    );
    let address = proxy.address();
    for command in COMMANDS {
        says_only(
            &at(&address, command),
            &format!(
                "{address} speaks version 1.39 of the API, and winfit needs 1.40 (Docker 19.03) or newer; update the engine"
            ),
        );
    }
}

#[test]
fn an_engine_that_dies_in_the_middle_leaves_nothing_half_told() {
    if !can_run() {
        return;
    }
    for command in [["audit"].as_slice(), &["constrain", "--all"], &["isolate"]] {
        let swarm = RealSwarm::start(&["win-a"]);
        let folder = swarm.folder("win-a");
        // Its nodes are told, its services no longer.
        let proxy = Proxy::start(
            &swarm.socket("win-a"),
            |_, _| {},
            move |path, _| {
                if path == "/nodes" {
                    kill(&folder);
                }
            },
        );
        let output = at(&proxy.address(), command);
        let said = text(&output);
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(output.stdout.is_empty(), "{said}");
        let begins = format!("winfit: no engine answers at {}: ", proxy.address());
        let flowing = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flowing.starts_with(&begins), "{said}");
        assert!(
            flowing.ends_with("is Docker running, and DOCKER_HOST right?"),
            "{said}"
        );
    }
}

#[test]
fn labels_that_tell_nothing_true_stay_until_somebody_says_what_is() {
    if !can_run() {
        return;
    }
    let swarm = RealSwarm::start(&["win-a", "win-b"]);
    for (node, wrong) in [
        ("win-a", ["winfit.build=17763", "OsVersion=10.0.20348"]),
        ("win-b", ["rack=7", "OsVersion=latest"]),
    ] {
        let labels = wrong.map(|label| format!("--label-add={label}"));
        let labels = labels.each_ref().map(String::as_str);
        // The engine is one of Linux, and the label goes before it.
        let update = ["node", "update", "--label-add=OS=windows"];
        swarm.docker("win-a", &[&update[..], &labels, &[node]].concat());
    }
    let before = ["win-a", "win-b"].map(|node| labels(&swarm, node));
    let output = run(&swarm, "win-a", &["label", "--apply"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let said = text(&output);
    let flowing = said.split_whitespace().collect::<Vec<_>>().join(" ");
    for sentence in [
        "of win-a the label winfit.build says 17763 and the label OsVersion says 10.0.20348; say which is true with --host win-a=10.0.20348",
        "the label OsVersion of win-b says \"latest\", which is no Windows version; say which it has with --host win-b=ltsc2019",
    ] {
        assert!(flowing.contains(sentence), "{said}");
    }
    assert_eq!(["win-a", "win-b"].map(|node| labels(&swarm, node)), before);
}

#[test]
fn two_nodes_of_one_hostname_are_labelled_by_their_ids() {
    if !can_run() {
        return;
    }
    let swarm = RealSwarm::start(&["win-a", "win-b"]);
    let id = |node: &str| {
        let id = swarm.docker("win-a", &["node", "inspect", "--format={{.ID}}", node]);
        id.trim().to_owned()
    };
    let (first, second) = (id("win-a"), id("win-b"));
    let one_name = |path: &str, object: &mut Value| {
        let nodes = object.as_array_mut().filter(|_| path == "/nodes");
        for node in nodes.into_iter().flatten() {
            node["Description"]["Hostname"] = json!("win-a");
        }
    };
    let proxy = Proxy::start(&swarm.socket("win-a"), |_, _| {}, one_name);
    let by_name = at(
        &proxy.address(),
        &["label", "--apply", "--host=win-a=ltsc2019"],
    );
    let said = text(&by_name);
    let flowing = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(by_name.status.code(), Some(1), "{said}");
    let asks = "2 nodes have the hostname win-a, and --host win-a=… tells only one of them; name each by its id";
    assert!(flowing.contains(asks), "{said}");
    assert!(said.contains(&first) && said.contains(&second), "{said}");
    assert_eq!(
        ["win-a", "win-b"].map(|node| labels(&swarm, node)),
        ["map[]", "map[]"]
    );

    let by_id = [
        "label".to_owned(),
        "--apply".to_owned(),
        format!("--host={first}=ltsc2019"),
        format!("--host={second}=ltsc2022"),
    ];
    let written = at(&proxy.address(), &by_id.each_ref().map(String::as_str));
    assert_eq!(written.status.code(), Some(0), "{}", text(&written));
    assert!(labels(&swarm, &first).contains("OsVersion:10.0.17763"));
    assert!(labels(&swarm, &second).contains("OsVersion:10.0.20348"));
}
