//! What `docs/commands/docker.md` shows of an engine on Windows, which no page can start, is what is printed.

use std::fs;
use std::process::Command;

use tempfile::TempDir;

use super::WindowsEngine;
use crate::docker_support::real_swarm::can_run;
use crate::repository;
use crate::told::text;

/// Where the page says that the engine has its settings.
const ON_THE_PAGE: &str = r"C:\ProgramData\docker\config\daemon.json";

/// The `text` blocks that show a command, each with what it prints.
fn shown() -> Vec<(String, String)> {
    let page = fs::read_to_string(repository("docs/commands/docker.md")).unwrap();
    page.split("```text\n$ ")
        .skip(1)
        .map(|rest| {
            let (block, _) = rest.split_once("```").unwrap();
            let (command, printed) = block.split_once('\n').unwrap();
            (command.to_owned(), printed.to_owned())
        })
        .collect()
}

#[test]
fn the_page_shows_what_an_engine_on_windows_gets() {
    if !can_run() {
        return;
    }
    let engine = WindowsEngine::start();
    engine.swarm.import("contoso/fax:2");
    let create = ["create", "--name=print", "--label=isolation=hyperv"];
    engine
        .swarm
        .docker("win-a", &[&create[..], &["contoso/print:1"]].concat());
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("daemon.json").display().to_string();
    let blocks = shown();
    assert_eq!(blocks.len(), 3, "{blocks:?}");
    for (command, printed) in blocks {
        let mut words: Vec<&str> = command.split(' ').collect();
        assert_eq!(words.remove(0), "winfit", "{command}");
        // Here the file is another one than on Windows.
        let file = format!("--file={path}");
        if words.starts_with(&["docker", "isolation"]) {
            words.push(&file);
        }
        let output = Command::new(env!("CARGO_BIN_EXE_winfit"))
            .args(&words)
            .env("WINFIT_CATALOG_OVERLAY", "off")
            .env("DOCKER_HOST", engine.proxy.address())
            .output()
            .unwrap();
        // What is said beside the answer goes before it, as on a terminal.
        let said = [&output.stderr[..], &output.stdout].concat();
        let said = String::from_utf8(said).unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
        assert_eq!(said.replace(&path, ON_THE_PAGE), printed, "{command}");
    }
}
