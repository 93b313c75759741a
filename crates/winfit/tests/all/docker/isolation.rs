//! `winfit docker isolation`: what explains an engine's default, and another one written.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::WindowsEngine;
use crate::docker_support::real_swarm::{RealSwarm, can_run};
use crate::schemas::check_document;
use crate::told::{flat, text};
use crate::winfit;

#[test]
fn isolation_is_told_with_what_explains_it() {
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
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("daemon.json");
    let file = format!("--file={}", path.display());
    let told = |arguments: &[&str]| {
        let mut all = vec!["docker", "isolation", &file];
        all.extend(arguments);
        let output = engine.winfit(&all);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
        flat(&output)
    };
    let first = told(&[]);
    assert!(
        first.starts_with("Containers on win-a get process isolation when nobody asks for one."),
        "{first}"
    );
    assert!(
        first.contains("is Docker's own default on Windows Server"),
        "{first}"
    );
    assert!(told(&["fax"]).starts_with("fax has process isolation. container process"));
    let print = told(&["print"]);
    assert!(
        print.contains("container default the engine's default counts"),
        "{print}"
    );

    // Shown, and not written.
    let shown = told(&["--set=hyperv"]);
    assert!(
        shown.contains("isolation=hyperv") && shown.contains("--apply"),
        "{shown}"
    );
    assert!(!path.exists());
    // Written, and not taken up.
    let written = told(&["--set=hyperv", "--apply"]);
    assert!(
        written.contains("the engine's default is still process; restart it"),
        "{written}"
    );
    assert!(
        written.contains("PowerShell Restart-Service docker sh systemctl restart docker"),
        "{written}"
    );
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        "{\n    \"exec-opts\": [\"isolation=hyperv\"]\n}\n"
    );
    assert!(told(&[]).contains("the engine has not taken it up: restart it"));
    // Taken up.
    *engine.default.lock().unwrap() = "hyperv".to_owned();
    assert!(told(&[]).contains("daemon.json says so (exec-opts)"));
    let again = told(&["--set=hyperv", "--apply"]);
    assert!(again.contains("already; nothing is changed"), "{again}");
    assert!(
        again.contains("the engine's default is hyperv now"),
        "{again}"
    );
    // Neither.
    fs::write(&path, "{\"debug\": true}\n").unwrap();
    assert!(told(&[]).contains("the service is given --exec-opt isolation=hyperv"));

    let output = engine.winfit(&["docker", "isolation", "none"]);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output));
    assert!(
        flat(&output).contains("knows no container none"),
        "{}",
        text(&output)
    );
}

fn files(folder: &Path) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect();
    found.sort();
    found
}

/// No engine is needed to write its file.
#[test]
fn what_was_there_is_kept_under_a_name_that_is_free() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("daemon.json");
    let file = format!("--file={}", path.display());
    let nowhere = format!("--docker-host=unix://{}/none", folder.path().display());
    let set = |isolation: &str| {
        let set = format!("--set={isolation}");
        winfit(&["docker", "isolation", &nowhere, &file, &set, "--apply"])
    };
    fs::write(&path, "{\n    \"debug\": true\n}\n").unwrap();
    let output = set("hyperv");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert!(
        flat(&output).contains("what was there is kept in"),
        "{}",
        text(&output)
    );
    assert!(
        flat(&output).contains("cannot be told: no engine answers"),
        "{}",
        text(&output)
    );
    let output = set("process");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let wanted = |isolation: &str| {
        format!("{{\n    \"debug\": true,\n    \"exec-opts\": [\"isolation={isolation}\"]\n}}\n")
    };
    let all = vec![
        ("daemon.json".to_owned(), wanted("process")),
        (
            "daemon.json.bak".to_owned(),
            "{\n    \"debug\": true\n}\n".to_owned(),
        ),
        ("daemon.json.bak.1".to_owned(), wanted("hyperv")),
    ];
    assert_eq!(files(folder.path()), all);
    // Nothing to do, nothing kept.
    assert_eq!(set("process").status.code(), Some(0));
    assert_eq!(files(folder.path()), all);
    // What is no JSON is left alone, and its place is told.
    let broken = "{\n    \"debug\": true,,\n}\n";
    fs::write(&path, broken).unwrap();
    let output = set("hyperv");
    assert_eq!(output.status.code(), Some(3), "{}", text(&output));
    assert!(
        text(&output).contains("daemon.json:2:19:"),
        "{}",
        text(&output)
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), broken);
    assert_eq!(files(folder.path()).len(), 3);
}

/// The document that a command prints, which is as its schema says.
fn document(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}", text(output));
    let document = serde_json::from_slice(&output.stdout).unwrap();
    check_document(&document);
    document
}

#[test]
fn programs_read_the_same_as_json() {
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
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("daemon.json");
    let file = format!("--file={}", path.display());
    let told = |arguments: &[&str]| {
        let mut all = vec!["docker", "isolation", &file, "--format=json"];
        all.extend(arguments);
        document(&engine.winfit(&all))
    };
    let win_a = |isolation: &str| {
        json!({
            "host": "win-a", "os": "windows", "kind": "server",
            "isolation": isolation, "isolation_unset": "process",
        })
    };
    let says = |state: &str, isolation: Value| {
        let path = path.display().to_string();
        json!({"path": path, "state": state, "isolation": isolation})
    };

    let first = told(&[]);
    assert_eq!(first["schema"], "winfit.docker-isolation/1");
    assert_eq!(first["engine"], win_a("process"));
    assert_eq!(first["container"], Value::Null);
    assert_eq!(first["file"], says("not-there", Value::Null));
    assert_eq!(
        first["why"],
        "process is Docker's own default on Windows Server, and daemon.json says nothing else"
    );
    assert_eq!(first["change"], Value::Null);

    let of = |name: &str| told(&[name])["container"].take();
    assert_eq!(
        [of("fax"), of("print")],
        [
            json!({"name": "fax", "says": "process", "isolation": "process"}),
            json!({"name": "print", "says": "default", "isolation": "process"}),
        ]
    );

    // Shown: the engine is not asked, and the file is as it was.
    let mut shown = told(&["--set=hyperv"]);
    assert_eq!(shown["file"], says("not-there", Value::Null));
    let diff = shown["change"]["diff"].take();
    assert!(
        diff.as_str()
            .unwrap()
            .contains("+    \"exec-opts\": [\"isolation=hyperv\"]"),
        "{diff}"
    );
    assert_eq!(shown["engine"], Value::Null);
    assert_eq!(
        shown["change"],
        json!({"wanted": "hyperv", "state": "shown", "diff": null, "backup": null, "restart": []})
    );

    // Written, and not taken up.
    fs::write(&path, "{\"debug\": true}\n").unwrap();
    let mut written = told(&["--set=hyperv", "--apply"]);
    assert_eq!(written["engine"], win_a("process"));
    assert_eq!(written["file"], says("sets", "hyperv".into()));
    written["change"]["diff"].take();
    assert_eq!(
        written["change"],
        json!({
            "wanted": "hyperv", "state": "written", "diff": null,
            "backup": format!("{}.bak", path.display()),
            "restart": [
                {"shell": "powershell", "text": "Restart-Service docker"},
                {"shell": "sh", "text": "systemctl restart docker"},
            ],
        })
    );

    // Taken up: nothing is left to do.
    *engine.default.lock().unwrap() = "hyperv".to_owned();
    let again = told(&["--set=hyperv", "--apply"]);
    assert_eq!(again["engine"], win_a("hyperv"));
    assert_eq!(
        again["change"],
        json!({"wanted": "hyperv", "state": "already", "diff": null, "backup": null, "restart": []})
    );

    // What is broken explains nothing.
    fs::write(&path, "{,}").unwrap();
    let broken = told(&[]);
    assert_eq!(broken["file"], says("no-json", Value::Null));
    assert!(
        broken["why"].as_str().unwrap().contains("daemon.json:1:2:"),
        "{broken}"
    );
}

/// A file that nobody's engine is known for is written all the same, and the document says why not more.
#[test]
fn an_engine_that_is_silent_is_told_in_the_document() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("daemon.json");
    let file = format!("--file={}", path.display());
    let nowhere = format!("--docker-host=unix://{}/none", folder.path().display());
    let set = ["--set=process", "--apply", "--format=json"];
    let written = document(&winfit(
        &[&["docker", "isolation", &*nowhere, &*file], &set[..]].concat(),
    ));
    assert_eq!(written["engine"], Value::Null);
    assert_eq!(written["file"]["isolation"], "process");
    let why = written["why"].as_str().unwrap();
    assert!(why.contains("no engine answers at"), "{why}");
    let restart = written["change"]["restart"].as_array().unwrap();
    assert_eq!(restart.len(), 2, "{written}");
}

#[test]
fn nothing_is_set_for_a_linux_engine_that_was_asked() {
    if !can_run() {
        return;
    }
    let swarm = RealSwarm::apart(&["lin-a"]);
    let address = format!("unix://{}", swarm.socket("lin-a").display());
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("daemon.json");
    let file = format!("--file={}", path.display());
    let winfit = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_winfit"))
            .args(["docker", "isolation", "--set=hyperv"])
            .args(arguments)
            .env("WINFIT_CATALOG_OVERLAY", "off")
            .env("DOCKER_HOST", &address)
            .output()
            .unwrap()
    };
    let named = format!("--docker-host={address}");
    for arguments in [&[][..], &[&*named, &*file, "--apply"], &[&*named, &*file]] {
        let output = winfit(arguments);
        assert_eq!(output.status.code(), Some(3), "{}", text(&output));
        assert!(
            flat(&output).contains(
                "lin-a is a Linux host: its engine isolates all containers alike, and knows neither process nor hyperv; nothing is set for it"
            ),
            "{}",
            text(&output)
        );
    }
    assert!(!path.exists());

    // A file that is named alone is a Windows engine's, prepared here.
    let output = winfit(&[&file, "--apply"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert!(
        flat(&output).contains("the engine of lin-a runs Linux containers"),
        "{}",
        text(&output)
    );
    assert!(path.exists());
    let again = document(&winfit(&[&file, "--apply", "--format=json"]));
    assert_eq!(
        again["engine"],
        json!({
            "host": "lin-a", "os": "linux", "kind": null,
            "isolation": null, "isolation_unset": null,
        })
    );
}
