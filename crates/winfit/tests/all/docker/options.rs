//! `winfit docker run` reads what the installed `docker run` takes.

use std::process::Command;

use super::WindowsEngine;
use crate::docker_support::real_swarm::can_run;
use crate::told::text;

const IMAGE: &str = "contoso/fax:2-ltsc2019";

/// The options that `docker run --help` lists, each with whether it takes a value.
fn options() -> Vec<(String, bool)> {
    let output = Command::new("docker").args(["run", "--help"]).output();
    let help = String::from_utf8(output.unwrap().stdout).unwrap();
    let mut found = Vec::new();
    for line in help.lines() {
        // `  -a, --attach list      Attach to …`; a switch has no word before the gap.
        let Some((names, _)) = line.trim_start().split_once("  ") else {
            continue;
        };
        if !line.starts_with("  ") || !names.starts_with('-') {
            continue;
        }
        let mut words: Vec<&str> = names.split_whitespace().collect();
        let wants = words.last().is_some_and(|word| !word.starts_with('-'));
        words.retain(|word| word.starts_with('-'));
        found.extend(words.iter().map(|word| (word.replace(',', ""), wants)));
    }
    found
}

#[test]
fn every_option_of_docker_is_told_from_the_image() {
    if !can_run() {
        return;
    }
    let engine = WindowsEngine::start();
    let options = options();
    for known in [("--name", true), ("-d", false), ("--rm", false)] {
        let known = (known.0.to_owned(), known.1);
        assert!(options.contains(&known), "{known:?} in {options:?}");
    }
    // Those decide what is done, or end it.
    let deciding = ["--isolation", "--platform", "--pull", "--help"];
    let mut line = Vec::new();
    for (name, wants) in &options {
        if deciding.contains(&name.as_str()) {
            continue;
        }
        line.push(name.as_str());
        if *wants {
            line.push("VALUE");
        }
    }
    let arguments = [&["docker", "run", "--print"], &line[..], &[IMAGE]].concat();
    let output = engine.winfit(&arguments);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let wanted = format!("docker run {} --isolation=hyperv {IMAGE}\n", line.join(" "));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), wanted);
}

#[test]
fn the_platform_counts_as_docker_takes_it() {
    if !can_run() {
        return;
    }
    let engine = WindowsEngine::start();
    let run = |environment: &str, arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_winfit"))
            .args(["docker", "run", "--print"])
            .args(arguments)
            .arg("contoso/elsewhere:1")
            .env("WINFIT_CATALOG_OVERLAY", "off")
            .env("DOCKER_HOST", engine.proxy.address())
            .env("DOCKER_DEFAULT_PLATFORM", environment)
            .output()
            .unwrap()
    };
    for (environment, arguments, code) in [
        ("", &[][..], 0),
        ("", &["--platform=linux/amd64"], 1),
        ("linux/amd64", &[], 1),
        ("linux/amd64", &["--platform", "windows/amd64"], 0),
    ] {
        let output = run(environment, arguments);
        let said = text(&output);
        assert_eq!(output.status.code(), Some(code), "{environment}: {said}");
    }
}
