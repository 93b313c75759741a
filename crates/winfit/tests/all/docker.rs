//! `winfit docker` with a real engine, which a proxy makes one on Windows.

mod isolation;
mod online;
mod options;
mod page;

use std::fs;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::docker_support::proxy::Proxy;
use crate::docker_support::real_swarm::{RealSwarm, can_run};
use crate::told::{flat, text};
use crate::winfit;

/// An engine on Windows Server 2022, the isolations that it was asked for, and its default.
struct WindowsEngine {
    swarm: RealSwarm,
    proxy: Proxy,
    asked: Arc<Mutex<Vec<String>>>,
    default: Arc<Mutex<String>>,
}

impl WindowsEngine {
    fn start() -> Self {
        let swarm = RealSwarm::apart(&["win-a"]);
        swarm.import("contoso/fax:2-ltsc2019");
        swarm.import("contoso/print:1");
        swarm.import("contoso/new:3");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let default = Arc::new(Mutex::new("process".to_owned()));
        let (seen, now) = (Arc::clone(&asked), Arc::clone(&default));
        let proxy = Proxy::start(
            &swarm.socket("win-a"),
            move |path, object| {
                // Linux knows no isolation but its own.
                if path == "/containers/create" {
                    let isolation = object["HostConfig"]["Isolation"].take();
                    let isolation = isolation.as_str().unwrap_or_default().to_owned();
                    seen.lock().unwrap().push(isolation);
                    object["HostConfig"]["Isolation"] = "".into();
                }
            },
            move |path, object| of_windows(path, object, &now.lock().unwrap()),
        );
        Self {
            swarm,
            proxy,
            asked,
            default,
        }
    }

    fn winfit(&self, arguments: &[&str]) -> Output {
        let folder = self.swarm.folder("win-a");
        Command::new(env!("CARGO_BIN_EXE_winfit"))
            .args(arguments)
            .env("WINFIT_CATALOG_OVERLAY", "off")
            .env("DOCKER_HOST", self.proxy.address())
            .env("DOCKER_CONFIG", folder.join("config"))
            .output()
            .unwrap()
    }
}

fn of_windows(path: &str, object: &mut Value, default: &str) {
    if path == "/info" {
        for (key, value) in [
            ("OSType", "windows"),
            ("OSVersion", "10.0.20348"),
            ("Isolation", default),
            (
                "OperatingSystem",
                "Microsoft Windows Server Version 21H2 (OS Build 20348.169)",
            ),
        ] {
            object[key] = value.into();
        }
    } else if path.starts_with("/images/") && path.ends_with("/json") && object.is_object() {
        let version = match object["RepoTags"][0].as_str() {
            Some("contoso/fax:2" | "contoso/fax:2-ltsc2019") => "10.0.17763.437",
            Some("contoso/new:3") => "10.0.26100.1",
            _ => "10.0.20348.2340",
        };
        object["Os"] = "windows".into();
        object["OsVersion"] = version.into();
    } else if path.starts_with("/containers/") && object.is_object() && object["Name"].is_string() {
        object["Platform"] = "windows".into();
        let own = object["Config"]["Labels"]["isolation"].as_str();
        object["HostConfig"]["Isolation"] = own.unwrap_or("default").into();
        if object["Name"] == "/fax" {
            object["HostConfig"]["Isolation"] = "process".into();
            object["State"]["Error"] = json!(
                "container fax encountered an error during CreateContainer: failure in a Windows system call: The operating system of the container does not match the operating system of the host. (0xc0370101)"
            );
        }
    }
}

#[test]
fn audit_judges_images_and_containers_and_explains_what_failed() {
    if !can_run() {
        return;
    }
    let engine = WindowsEngine::start();
    engine
        .swarm
        .docker("win-a", &["create", "--name=fax", "contoso/fax:2-ltsc2019"]);
    engine
        .swarm
        .docker("win-a", &["create", "--name=print", "contoso/print:1"]);
    let output = engine.winfit(&["docker", "audit", "--as-of=2026-11-22"]);
    let told = text(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    for line in [
        "host       win-a, Windows Server 2022 (20348.169)",
        "isolation  process by default",
        "error[container-not-started]: container fax was not started:",
        "error[process-isolation-cannot-work]:",
        "docker run --isolation=hyperv contoso/fax:2-ltsc2019",
        "docker run contoso/fax:2-ltsc2022",
    ] {
        assert!(told.contains(line), "{line}\n{told}");
    }
    let row = |name: &str| {
        let line = told.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        row("fax"),
        "fax created process no Windows Server 2019 contoso/fax:2-ltsc2019"
    );
    assert_eq!(
        row("print"),
        "print created process (default) yes Windows Server 2022 contoso/print:1"
    );
    assert_eq!(
        row("contoso/new:3"),
        "contoso/new:3 Windows Server 2025 26100.1 no no"
    );
    // What nobody runs is no finding.
    assert!(
        told.contains("2 errors in 2 containers against 1 host"),
        "{told}"
    );

    let output = engine.winfit(&["docker", "audit", "--as-of=2026-11-22", "--format=json"]);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["schema"], "winfit.audit/1");
    let workloads: Vec<(&str, &str, u64)> = document["workloads"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let text = |key: &str| one[key].as_str().unwrap();
            (text("kind"), text("name"), one["fit"].as_u64().unwrap())
        })
        .collect();
    for wanted in [
        ("container", "fax", 0),
        ("container", "print", 1),
        ("image", "contoso/new:3", 0),
    ] {
        assert!(workloads.contains(&wanted), "{wanted:?} {workloads:?}");
    }

    // What is saved says the same.
    let folder = TempDir::new().unwrap();
    let saved = folder.path().join("saved.json");
    let docker = |arguments: &[&str]| {
        let output = Command::new("docker")
            .args(arguments)
            .env("DOCKER_HOST", engine.proxy.address())
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let mut all = docker(&["info", "--format", "json"]);
    all.push_str(&docker(&["inspect", "fax", "print"]));
    all.push_str(&docker(&[
        "image",
        "inspect",
        "contoso/fax:2-ltsc2019",
        "contoso/print:1",
    ]));
    fs::write(&saved, all).unwrap();
    let from = format!("--from={}", saved.display());
    let output = winfit(&["docker", "audit", &from, "--as-of=2026-11-22"]);
    let told = text(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(
        told.contains("2 errors in 2 containers against 1 host"),
        "{told}"
    );
}

#[test]
fn run_adds_the_isolation_that_the_image_needs() {
    if !can_run() {
        return;
    }
    let engine = WindowsEngine::start();
    let mut run = vec!["docker", "run", "-d", "--name", "web", "--network=none"];
    run.extend(["-e", "NODE=a", "-e", "FITS=a", "contoso/fax:2-ltsc2019"]);
    let output = engine.winfit(&run);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert!(
        flat(&output).contains("--isolation=hyperv added:"),
        "{}",
        text(&output)
    );
    let id = String::from_utf8(output.stdout).unwrap();
    assert_eq!(id.trim().len(), 64, "only the container's id: {id:?}");
    assert_eq!(*engine.asked.lock().unwrap(), ["hyperv"]);
    let running = engine.swarm.docker("win-a", &["ps", "--format={{.Names}}"]);
    assert_eq!(running.trim(), "web");

    // Docker's own exit code comes back.
    let output = engine.winfit(&run);
    assert_eq!(output.status.code(), Some(125), "{}", text(&output));

    // What fits is run as it is, and what a container says is passed on.
    let output = engine.winfit(&["docker", "run", "--rm", "--network=none", "contoso/print:1"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(
        text(&output).contains("this does not fit here"),
        "{}",
        text(&output)
    );
    assert_eq!(*engine.asked.lock().unwrap(), ["hyperv", "hyperv", ""]);
}

#[test]
fn run_prints_and_refuses_without_running() {
    if !can_run() {
        return;
    }
    let engine = WindowsEngine::start();
    let stdout = |arguments: &[&str]| {
        let output = engine.winfit(arguments);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(
        stdout(&[
            "docker",
            "run",
            "--print",
            "-it",
            "-h",
            "a b",
            "contoso/fax:2-ltsc2019",
            "cmd",
            "-x"
        ]),
        "docker run -it -h 'a b' --isolation=hyperv contoso/fax:2-ltsc2019 cmd -x\n"
    );
    assert_eq!(
        stdout(&["docker", "run", "--print", "-it", "contoso/print:1"]),
        "docker run -it contoso/print:1\n"
    );
    assert_eq!(
        stdout(&[
            "docker",
            "run",
            "--print",
            "--isolation",
            "hyperv",
            "contoso/fax:2-ltsc2019"
        ]),
        "docker run --isolation hyperv contoso/fax:2-ltsc2019\n"
    );
    for (arguments, told) in [
        (
            vec!["--isolation=process", "contoso/fax:2-ltsc2019"],
            "contoso/fax:2-ltsc2022",
        ),
        (
            vec!["-d", "contoso/new:3"],
            "contoso/new:3 does not run on win-a (Windows Server 2022)",
        ),
        (
            vec!["mcr.microsoft.com/windows/nanoserver:ltsc2025"],
            "mcr.microsoft.com/windows/nanoserver:ltsc2022",
        ),
    ] {
        let mut all = vec!["docker", "run"];
        all.extend(arguments);
        let output = engine.winfit(&all);
        assert_eq!(output.status.code(), Some(1), "{}", text(&output));
        assert!(output.stdout.is_empty(), "{}", text(&output));
        assert!(flat(&output).contains(told), "{told}\n{}", text(&output));
    }
    for arguments in [
        &["--newer", "x"][..],
        &["--isolation=hyper-v", "x"],
        &["-d"],
        &["UPPER CASE"],
    ] {
        let mut all = vec!["docker", "run"];
        all.extend(arguments);
        let output = engine.winfit(&all);
        assert_eq!(
            output.status.code(),
            Some(2),
            "{arguments:?}\n{}",
            text(&output)
        );
    }
    assert!(engine.asked.lock().unwrap().is_empty());
}

/// What is wrong with the arguments is told before an engine is asked.
#[test]
fn what_is_no_name_and_what_goes_not_together_is_bad_usage() {
    for arguments in [
        &["docker", "isolation", "a/../../info"][..],
        &["docker", "isolation", ""],
        &["docker", "isolation", "web", "--set=hyperv"],
        &["docker", "isolation", "--apply"],
        &["docker", "isolation", "--set=hyper-v"],
        &[
            "docker",
            "isolation",
            "--set=hyperv",
            "--docker-host=tcp://192.0.2.1:2375",
        ],
        &["docker", "run"],
        &["docker", "run", "-d", "--print", "contoso/fax:2"],
        &[
            "docker",
            "audit",
            "--from=a",
            "--docker-host=tcp://192.0.2.1:2375",
        ],
    ] {
        let output = winfit(arguments);
        assert_eq!(
            output.status.code(),
            Some(2),
            "{arguments:?}\n{}",
            text(&output)
        );
    }
}
