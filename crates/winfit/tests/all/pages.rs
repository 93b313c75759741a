//! Every command that the README and the pages print is run, and prints what they show.
//!
//! In a `console` block a line `$ …` is a command for sh (lines `> …` go on with it), a line `? N`
//! its exit code where that is not 0, and the rest what it prints, errors included. A line `...`
//! stands for any lines left out. With
//! `WINFIT_PAGES=overwrite` the pages are written anew with what the commands print now.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The workspace's folder, where readers of the README stand.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// Runs a command as a reader would, with the built winfit on the path.
fn run(command: &str) -> (String, i32) {
    let bin = Path::new(env!("CARGO_BIN_EXE_winfit")).parent().unwrap();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = vec![bin.to_path_buf()];
    folders.extend(std::env::split_paths(&path));
    let output = Command::new("sh")
        .arg("-c")
        .arg(format!("{{ {command}\n}} 2>&1"))
        .current_dir(root())
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

/// The page with every console block as the commands print it now, and how many commands ran.
fn rendered(page: &str) -> (String, usize) {
    let mut text = String::new();
    let mut commands = 0;
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        writeln!(text, "{line}").unwrap();
        if line != "```console" {
            continue;
        }
        let mut first = true;
        while let Some(line) = lines.next() {
            if line == "```" {
                writeln!(text, "{line}").unwrap();
                break;
            }
            let Some(command) = line.strip_prefix("$ ") else {
                continue;
            };
            if !first {
                writeln!(text).unwrap();
            }
            first = false;
            writeln!(text, "{line}").unwrap();
            let mut command = command.to_owned();
            while let Some(more) = lines.peek().and_then(|line| line.strip_prefix("> ")) {
                writeln!(text, "> {more}").unwrap();
                command = format!("{} {more}", command.trim_end_matches('\\'));
                lines.next();
            }
            let (output, exit) = run(&command);
            commands += 1;
            if exit != 0 {
                writeln!(text, "? {exit}").unwrap();
            }
            let mut shown: Vec<&str> = Vec::new();
            while let Some(line) = lines.next_if(|line| *line != "```" && !line.starts_with("$ ")) {
                if !line.starts_with("? ") {
                    shown.push(line);
                }
            }
            let shown = shown.join("\n");
            let output = output.trim_end();
            let kept = if shown.lines().any(|line| line == LEFT_OUT) && shortens(&shown, output) {
                shown.trim_end()
            } else {
                output
            };
            text.push_str(kept);
            if !kept.is_empty() {
                text.push('\n');
            }
        }
    }
    (text, commands)
}

const LEFT_OUT: &str = "...";

/// Whether what a page shows is the output with some lines left out.
fn shortens(shown: &str, output: &str) -> bool {
    let mut rest = format!("{output}\n");
    let mut anchored = true;
    for part in shown.trim_end().split_inclusive('\n') {
        if part.trim_end() == LEFT_OUT {
            anchored = false;
            continue;
        }
        let line = format!("{}\n", part.trim_end_matches('\n'));
        let found = if anchored {
            rest.starts_with(&line).then_some(0)
        } else {
            let inside = rest.find(&format!("\n{line}")).map(|at| at + 1);
            rest.starts_with(&line).then_some(0).or(inside)
        };
        let Some(at) = found else {
            return false;
        };
        rest.drain(..at + line.len());
        anchored = true;
    }
    !anchored || rest.is_empty()
}

#[test]
fn lines_may_be_left_out_but_not_changed() {
    let output = "a\n\nb\nc";
    for shown in ["a\n...", "...\nc", "a\n...\nb\n...", "a\n\nb\n...\nc"] {
        assert!(shortens(shown, output), "{shown:?}");
    }
    for shown in [
        "b\n...",
        "...\nb",
        "a\n...\nd\n...",
        "c\n...\na",
        "...\nc\n...\nb\n...",
    ] {
        assert!(!shortens(shown, output), "{shown:?}");
    }
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
    let mut wrong = String::new();
    for page in pages {
        let shown = std::fs::read_to_string(page).unwrap();
        let (printed, ran) = rendered(&shown);
        commands += ran;
        if shown == printed {
            continue;
        }
        if overwrite {
            std::fs::write(page, printed).unwrap();
            continue;
        }
        let differing = shown
            .lines()
            .zip(printed.lines())
            .enumerate()
            .find(|(_, (shown, printed))| shown != printed);
        match differing {
            Some((at, (shown, printed))) => writeln!(
                wrong,
                "{}:{}\n  shows  {shown}\n  prints {printed}",
                page.display(),
                at + 1
            )
            .unwrap(),
            None => writeln!(wrong, "{}: ends differently", page.display()).unwrap(),
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(commands > 0, "no command was run");
}

#[test]
fn the_readme_shows_what_its_commands_print() {
    check(&[root().join("README.md")]);
}

#[test]
fn the_command_pages_show_what_their_commands_print() {
    check(&markdown_in(&root().join("docs/commands")));
}

#[test]
fn the_rule_pages_show_what_their_commands_print() {
    check(&markdown_in(&root().join("docs/rules")));
}

/// The specification of the command line: tables of commands and what they print.
#[test]
fn the_specification_holds() {
    check(&markdown_in(&root().join("crates/winfit/tests/spec")));
}
