//! `--online`: services whose images' names say no Windows, settled by a real registry.

use std::fs;

use serde_json::{Value, json};

use super::constraints;
use crate::docker_support::real_swarm::{RealSwarm, can_run};
use crate::sandbox::{Said, Winfit};
use crate::schemas::check_document;
use crate::support::images::{Repository, platform};
use crate::support::registry::Registry;

const HOSTS: [&str; 2] = ["--host=win-a=10.0.17763.5576", "--host=win-b=ltsc2022"];

#[test]
fn a_service_is_constrained_by_what_its_registry_says() {
    if !can_run() {
        return;
    }
    let registry = Registry::start();
    Repository::new(&registry.host(), "shop/fax").windows(Some("1"), "10.0.17763.5576");
    let image = format!("{}/shop/fax:1", registry.host());
    let swarm = RealSwarm::start(&["win-a", "win-b"]);
    swarm.import(&image);
    swarm.create("fax", &image, "win-a", &[]);
    let winfit = Winfit::new();
    let address = format!("--docker-host={}", swarm.address("win-a"));
    let run = |arguments: &[&str]| {
        let mut command = winfit.command(&["swarm"]);
        command.args(arguments).args(HOSTS).arg(&address);
        Said::of(command.output().unwrap())
    };
    let labelled = winfit.command(&["swarm", "label", "--apply", &address]);
    let labelled = { labelled }.args(HOSTS).output().unwrap();
    assert!(labelled.status.success(), "{labelled:?}");

    let by_name = run(&["constrain", "fax"]);
    assert_eq!(by_name.exit, 1, "{}", by_name.text);
    assert!(
        by_name
            .words()
            .contains("Nothing says which Windows the image of fax is built on.")
            && by_name.words().contains("--online asks its registry"),
        "{}",
        by_name.text
    );

    let audit = run(&["audit", "--online"]);
    assert_eq!(audit.exit, 1, "{}{}", audit.text, audit.errors);
    for told in ["1 image settled by registry.", "error[build-mismatch]:"] {
        assert!(audit.words().contains(told), "{}", audit.text);
    }

    let shown = run(&["constrain", "fax", "--online"]);
    assert_eq!(shown.exit, 0, "{}{}", shown.text, shown.errors);
    assert!(
        shown.words().contains("fax would be kept off win-b"),
        "{}",
        shown.text
    );
    assert!(
        shown.text.ends_with("\n1 image settled by registry.\n"),
        "{}",
        shown.text
    );
    assert_eq!(constraints(&swarm, "fax"), "[]");
    // Before it is written the service is read again, and the registry's word still counts.
    let written = run(&["constrain", "fax", "--online", "--apply", "--format=json"]);
    assert_eq!(written.exit, 0, "{}{}", written.text, written.errors);
    let document: Value = serde_json::from_str(&written.text).unwrap();
    check_document(&document);
    assert_eq!(document["services"][0]["error"], Value::Null);
    assert_eq!(
        constraints(&swarm, "fax"),
        "[node.labels.OsVersion==10.0.17763]"
    );
}

fn node(id: &str, version: &str) -> Value {
    json!({
        "ID": id, "Spec": {"Labels": {"OS": "windows", "OsVersion": version}, "Role": "worker", "Availability": "active"},
        "Description": {"Hostname": id, "Platform": {"OS": "windows"}}, "Status": {"State": "ready"},
    })
}

fn service(name: &str, image: &str, constraints: &[&str]) -> Value {
    json!({
        "ID": name, "Spec": {"Name": name, "Mode": {"Replicated": {"Replicas": 1}},
        "TaskTemplate": {"ContainerSpec": {"Image": image}, "Placement": {"Constraints": constraints}}},
    })
}

/// No `winfit.toml` is read beside a Swarm, so that none is advised.
#[test]
fn who_tells_an_image_is_an_option() {
    let winfit = Winfit::new();
    let path = winfit.path().join("swarm.json");
    let fax = service("fax", "contoso/fax:2", &["node.labels.OS==windows"]);
    let all = [
        node("win-a", "10.0.17763"),
        node("win-b", "10.0.20348"),
        fax,
    ];
    fs::write(&path, Value::Array(all.to_vec()).to_string()).unwrap();
    let from = format!("--from={}", path.display());
    let audit = winfit.run(&["swarm", "audit", &from]);
    assert!(
        audit.words().contains("info[unknown-image-version]:")
            && audit.words().contains(
                "= note: --image-version REF=VERSION tells it, --online of swarm audit asks the image's registry"
            ),
        "{}",
        audit.text
    );
    assert!(!audit.text.contains("winfit.toml"), "{}", audit.text);
}

/// A saved Swarm needs no daemon: nodes of three releases, and services of an index with two of them.
#[test]
fn of_several_windows_behind_one_name_each_node_takes_its_own() {
    let registry = Registry::start();
    let web = Repository::new(&registry.host(), "shop/web");
    let two = ["10.0.17763.5576", "10.0.20348.2340"].map(|version| {
        let entry = platform("windows", "amd64", Some(version));
        (web.windows(None, version), Some(entry))
    });
    let listed = two.each_ref().map(|(child, entry)| (child, entry.clone()));
    web.index("1", true, &listed);
    let image = format!("{}/shop/web:1", registry.host());
    let winfit = Winfit::new();
    let path = winfit.path().join("swarm.json");
    let constrained = |nodes: &[Value]| {
        // Of services that are not named nobody asks for images.
        let other = service("other", "127.0.0.1:1/shop/other:1", &[]);
        let all = [nodes, &[service("web", &image, &[]), other]].concat();
        fs::write(&path, Value::Array(all).to_string()).unwrap();
        let from = format!("--from={}", path.display());
        let arguments = [
            "swarm",
            "constrain",
            "web",
            &from,
            "--online",
            "--format=json",
        ];
        let said = winfit.run(&arguments);
        assert_eq!(said.exit, 0, "{}{}", said.text, said.errors);
        let mut document: Value = serde_json::from_str(&said.text).unwrap();
        check_document(&document);
        document["services"][0].take()
    };
    let both = [node("win-a", "10.0.17763"), node("win-b", "10.0.20348")];
    let fits = constrained(&both);
    assert_eq!(fits["decision"], "fits", "{fits}");
    assert_eq!(fits["on"], json!(["win-a", "win-b"]));

    // The index has none for this one.
    let [_, new] = both;
    let kept_off = constrained(&[new, node("win-c", "10.0.14393")]);
    assert_eq!(kept_off["decision"], "constrain", "{kept_off}");
    assert_eq!(
        [&kept_off["add"], &kept_off["on"], &kept_off["off"]],
        [
            &json!(["node.labels.OsVersion==10.0.20348"]),
            &json!(["win-b"]),
            &json!(["win-c"]),
        ]
    );
}
