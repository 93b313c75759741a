//! Every command that the README and the pages print is run, and prints what they show.
//!
//! In a `console` block a line `$ …` is a command for sh (lines `> …` go on with it), a line `? N`
//! its exit code where that is not 0, and the rest what it prints, errors included; a line `...`
//! stands for any lines that the page leaves out. With
//! `WINFIT_PAGES=overwrite` the pages are written anew with what the commands print now.
//!
//! A block whose info string has a file's name after the language (`yaml deploy/web.yaml`) is that
//! file: it is written into a folder of its section (`## …`), where the section's later commands
//! run. Without such files commands run at the repository's root.
//!
//! Where that name begins with `localhost:5000/`, the block is an image in a registry of the page's
//! own (see `page_registry`).

use std::fmt::Write as _;
use std::path::{Component, Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::page_registry::PageRegistry;
use crate::repository;

/// Runs a command as a reader would in this folder, with the built winfit on the path.
fn run(command: &str, folder: &Path, registry: &PageRegistry) -> (String, i32) {
    let bin = Path::new(env!("CARGO_BIN_EXE_winfit")).parent().unwrap();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = vec![bin.to_path_buf()];
    folders.extend(std::env::split_paths(&path));
    let command = registry.to_port(command);
    let output = Command::new("sh")
        .arg("-c")
        .arg(format!("{{ {command}\n}} 2>&1"))
        .current_dir(folder)
        .env("PATH", std::env::join_paths(folders).unwrap())
        // 2026-11-22: what is said of support must not depend on the day of the test.
        .env("SOURCE_DATE_EPOCH", "1795305600")
        .env("WINFIT_CATALOG_OVERLAY", "off")
        .env_remove("CLICOLOR_FORCE")
        // What was learnt of a registry on a port must not outlive it.
        .env("XDG_CACHE_HOME", registry.cache())
        .output()
        .unwrap();
    (
        registry.to_name(&String::from_utf8(output.stdout).unwrap()),
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
    fn printed(&self, folder: &Path, registry: &PageRegistry) -> Vec<String> {
        let lines: Vec<&str> = self
            .command
            .iter()
            .map(|line| line[2..].trim_end_matches('\\'))
            .collect();
        let (output, exit) = run(&lines.join(" "), folder, registry);
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

/// What is printed, with what the page leaves out left out where it still can be.
fn with_gaps(shown: &[String], printed: &[String]) -> Vec<String> {
    // A line that is printed may look like one: excerpts of sources have gaps as well.
    const GAP: &str = "\0";
    let shown: Vec<&str> = shown
        .iter()
        .map(|line| if line == "..." { GAP } else { line })
        .collect();
    let lines: Vec<&str> = printed.iter().map(String::as_str).collect();
    let mut text = Vec::new();
    for op in similar::capture_diff_slices(similar::Algorithm::Myers, &shown, &lines) {
        let (old, new) = (&shown[op.old_range()], &printed[op.new_range()]);
        let Some(gap) = old.iter().position(|line| *line == GAP) else {
            text.extend_from_slice(new);
            continue;
        };
        // As many lines as the page shows before the first gap and behind the last one.
        let behind = old.iter().rev().take_while(|line| **line != GAP).count();
        let before = gap.min(new.len());
        text.extend_from_slice(&new[..before]);
        text.push("...".to_owned());
        text.extend_from_slice(&new[new.len().saturating_sub(behind).max(before)..]);
    }
    text
}

/// The folder of a section's files; gone with the section.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("winfit-pages-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    /// Writes a file of the page. Its path goes down into the folder, and nowhere else.
    fn write(&self, path: &str, lines: &[&str]) -> Result<(), String> {
        let down = Path::new(path)
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        if !down || path.contains('\\') {
            return Err(format!(
                "{path}: a page's file has a relative path without .."
            ));
        }
        let path = self.0.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut text = lines.join("\n");
        text.push('\n');
        std::fs::write(path, text).unwrap();
        Ok(())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The name of the file that a block is, by its info string.
fn file_name(info: &str) -> Option<&str> {
    let (language, name) = info.split_once(' ')?;
    (language != "console" && !name.trim().is_empty()).then_some(name.trim())
}

/// The page as it should be, how many commands ran, and what disagrees.
fn rendered(page: &str) -> (String, usize, Vec<String>) {
    let mut text = String::new();
    let mut ran = 0;
    let mut wrong = Vec::new();
    let mut folder: Option<Folder> = None;
    let registry = PageRegistry::default();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        writeln!(text, "{line}").unwrap();
        if line.starts_with("## ") {
            folder = None;
        }
        let Some(info) = line.strip_prefix("```") else {
            continue;
        };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        if info != "console" {
            if let Some(image) = file_name(info).and_then(PageRegistry::image) {
                registry.push(image, &block.join("\n"));
            } else if let Some(name) = file_name(info) {
                let folder = folder.get_or_insert_with(Folder::new);
                wrong.extend(folder.write(name, &block).err());
            }
            for line in block {
                writeln!(text, "{line}").unwrap();
            }
            writeln!(text, "```").unwrap();
            continue;
        }
        let root = repository(".");
        let here = folder.as_ref().map_or(&*root, |folder| &*folder.0);
        for (at, shown) in commands(&block).iter().enumerate() {
            let printed = shown.printed(here, &registry);
            ran += 1;
            if at > 0 {
                text.push('\n');
            }
            let output = if agree(&shown.output, &printed) {
                shown.output.clone()
            } else {
                wrong.push(format!(
                    "{}\n  shows:\n{}\n  prints:\n{}",
                    shown.command.join("\n"),
                    shown.output.join("\n"),
                    printed.join("\n")
                ));
                with_gaps(&shown.output, &printed)
            };
            for line in shown.command.iter().chain(&output) {
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
fn the_pages_of_docs_show_what_their_commands_print() {
    check(&markdown_in(&repository("docs")));
}

#[test]
fn the_command_pages_show_what_their_commands_print() {
    check(&markdown_in(&repository("docs/commands")));
}

#[test]
fn the_rule_pages_show_what_their_commands_print() {
    check(&markdown_in(&repository("docs/rules")));
}

#[test]
fn the_page_about_update_bots_shows_what_its_commands_print() {
    check(&[repository("docs/update-bots.md")]);
}

/// The specification of the command line: tables of commands and what they print.
#[test]
fn the_specification_holds() {
    check(&markdown_in(&repository("crates/winfit/tests/spec")));
}

#[test]
fn a_page_that_is_written_anew_leaves_out_what_it_left_out() {
    let lines = |text: &str| -> Vec<String> { text.split(' ').map(str::to_owned).collect() };
    for (shown, printed, after) in [
        ("a ... d e", "a b c d f", "a ... d f"),
        ("a ... d", "a b c x", "a ... x"),
        ("... d ... g", "a b d e f h", "... d ... h"),
        ("a b", "a c", "a c"),
    ] {
        assert_eq!(
            with_gaps(&lines(shown), &lines(printed)),
            lines(after),
            "{shown}"
        );
    }
}

#[test]
fn files_of_a_section_are_where_its_commands_run() {
    let page = "# A page

## With files

```dockerfile Dockerfile
## no section
FROM contoso/web
```

```yaml deploy/web.yaml
kind: Pod
```

```sh
## no section either
```

```console
$ cat Dockerfile deploy/web.yaml
## no section
FROM contoso/web
kind: Pod

$ ls
not this
```

## Without

```console
$ test -e Dockerfile
? 1

$ ls Cargo.toml
Cargo.toml
```
";
    let (text, ran, wrong) = rendered(page);
    assert_eq!(ran, 4);
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert!(wrong[0].starts_with("$ ls\n"), "{wrong:?}");
    assert_eq!(text, page.replace("not this", "Dockerfile\ndeploy"));
}

#[test]
fn files_of_a_page_stay_in_their_folder() {
    for path in ["../up", "/etc/up", "a/../../up", "./up", "..\\up"] {
        let (_, _, wrong) = rendered(&format!("```yaml {path}\nkind: Pod\n```\n"));
        assert_eq!(wrong.len(), 1, "{path} was written");
    }
    let (_, _, wrong) = rendered("```yaml a b/c.yaml\nkind: Pod\n```\n");
    assert!(wrong.is_empty(), "{wrong:?}");
}
