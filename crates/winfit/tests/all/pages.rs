//! Every command that the README and the pages print is run, and prints what they show.
//!
//! In a `console` block a line `$ …` is a command for sh (lines `> …` go on with it), a line `? N`
//! its exit code where that is not 0, and the rest what it prints, errors included; a line `...`
//! stands for any lines that the page leaves out. With
//! `WINFIT_PAGES=overwrite` the pages are written anew with what the commands print now.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::repository;

/// Runs a command as a reader would, with the built winfit on the path.
fn run(command: &str) -> (String, i32) {
    let bin = Path::new(env!("CARGO_BIN_EXE_winfit")).parent().unwrap();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = vec![bin.to_path_buf()];
    folders.extend(std::env::split_paths(&path));
    let output = Command::new("sh")
        .arg("-c")
        .arg(format!("{{ {command}\n}} 2>&1"))
        .current_dir(repository("."))
        .env("PATH", std::env::join_paths(folders).unwrap())
        // 2026-11-22: what is said of support must not depend on the day of the test.
        .env("SOURCE_DATE_EPOCH", "1795305600")
        .env_remove("CLICOLOR_FORCE")
        .output()
        .unwrap();
    (
        String::from_utf8(output.stdout).unwrap(),
        output.status.code().unwrap_or(-1),
    )
}

/// One command of a console block, and what the page shows of it.
struct Shown {
    /// The command's lines, with their marks.
    command: Vec<String>,
    /// The lines after it: its exit code, its output.
    output: Vec<String>,
}

/// The commands of a console block.
fn commands(block: &[&str]) -> Vec<Shown> {
    let mut found: Vec<Shown> = Vec::new();
    for line in block {
        match found.last_mut() {
            _ if line.starts_with("$ ") => found.push(Shown {
                command: vec![(*line).to_owned()],
                output: Vec::new(),
            }),
            Some(last) if line.starts_with("> ") && last.output.is_empty() => {
                last.command.push((*line).to_owned());
            }
            Some(last) => last.output.push((*line).to_owned()),
            None => {}
        }
    }
    for shown in &mut found {
        while shown.output.last().is_some_and(String::is_empty) {
            shown.output.pop();
        }
    }
    found
}

impl Shown {
    /// What it prints now, as the page would show it.
    fn printed(&self) -> Vec<String> {
        let lines: Vec<&str> = self
            .command
            .iter()
            .map(|line| line[2..].trim_end_matches('\\'))
            .collect();
        let (output, exit) = run(&lines.join(" "));
        let mut printed = Vec::new();
        if exit != 0 {
            printed.push(format!("? {exit}"));
        }
        printed.extend(output.trim_end().lines().map(str::to_owned));
        printed
    }
}

/// Whether what is shown is what is printed, but for what the page leaves out.
fn agree(shown: &[String], printed: &[String]) -> bool {
    match shown.iter().position(|line| line == "...") {
        None => shown == printed,
        Some(gap) => {
            let rest = &shown[gap + 1..];
            printed.len() >= gap
                && shown[..gap] == printed[..gap]
                && (gap..=printed.len()).any(|from| agree(rest, &printed[from..]))
        }
    }
}

/// The page as it should be, how many commands ran, and what disagrees.
fn rendered(page: &str) -> (String, usize, Vec<String>) {
    let mut text = String::new();
    let mut ran = 0;
    let mut wrong = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        writeln!(text, "{line}").unwrap();
        if line != "```console" {
            continue;
        }
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        for (at, shown) in commands(&block).iter().enumerate() {
            let printed = shown.printed();
            ran += 1;
            if at > 0 {
                text.push('\n');
            }
            let output = if agree(&shown.output, &printed) {
                &shown.output
            } else {
                wrong.push(format!(
                    "{}\n  shows:\n{}\n  prints:\n{}",
                    shown.command.join("\n"),
                    shown.output.join("\n"),
                    printed.join("\n")
                ));
                &printed
            };
            for line in shown.command.iter().chain(output) {
                writeln!(text, "{line}").unwrap();
            }
        }
        writeln!(text, "```").unwrap();
    }
    (text, ran, wrong)
}

fn markdown_in(folder: &Path) -> Vec<PathBuf> {
    let mut pages: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .collect();
    pages.sort();
    pages
}

fn check(pages: &[PathBuf]) {
    let overwrite = std::env::var_os("WINFIT_PAGES").is_some_and(|value| value == "overwrite");
    let mut commands = 0;
    let mut disagree = String::new();
    for page in pages {
        let shown = std::fs::read_to_string(page).unwrap();
        let (text, ran, wrong) = rendered(&shown);
        commands += ran;
        if overwrite {
            std::fs::write(page, text).unwrap();
            continue;
        }
        for wrong in wrong {
            writeln!(disagree, "\n{}: {wrong}", page.display()).unwrap();
        }
    }
    assert!(disagree.is_empty(), "{disagree}");
    assert!(commands > 0, "no command was run");
}

#[test]
fn the_readme_shows_what_its_commands_print() {
    check(&[repository("README.md")]);
}

#[test]
fn the_command_pages_show_what_their_commands_print() {
    check(&markdown_in(&repository("docs/commands")));
}

#[test]
fn the_rule_pages_show_what_their_commands_print() {
    check(&markdown_in(&repository("docs/rules")));
}

/// The specification of the command line: tables of commands and what they print.
#[test]
fn the_specification_holds() {
    check(&markdown_in(&repository("crates/winfit/tests/spec")));
}
