//! `lint --against`: real repositories, as people and pipelines have them.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

const SERVERCORE: &str = "mcr.microsoft.com/windows/servercore";

/// A folder, gone with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("winfit-against-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    /// A repository with these files committed.
    fn repository(files: &[(&str, &str)]) -> Self {
        let folder = Self::new();
        folder.git(&["init", "--quiet", "--initial-branch=main"]);
        folder.write(files);
        folder.commit();
        folder
    }

    fn write(&self, files: &[(&str, &str)]) {
        for (name, text) in files {
            let path = self.0.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }

    fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message=x"]);
    }

    fn git(&self, arguments: &[&str]) {
        let output = quiet(Command::new("git").current_dir(&self.0))
            .args(["-c", "protocol.file.allow=always"])
            .args(arguments)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {said}");
    }

    fn winfit(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_winfit"));
        quiet(
            command
                .current_dir(&self.0)
                .env("SOURCE_DATE_EPOCH", "1795305600")
                .env("WINFIT_CATALOG_OVERLAY", "off"),
        );
        command
    }

    fn lint(&self, arguments: &[&str]) -> Output {
        self.winfit().arg("lint").args(arguments).output().unwrap()
    }

    /// The findings of the two rules: rule, severity, `file:line:column`, all its words.
    fn changes(&self, against: &str) -> Vec<(String, String, String, String)> {
        let output = self.lint(&["--format=json", "--against", against]);
        let document: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", said(&output)));
        let findings = document["findings"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        findings
            .filter(|finding| text(&finding["rule"]).starts_with("base-"))
            .filter(|finding| {
                matches!(
                    &*text(&finding["rule"]),
                    "base-build-changed" | "base-patched"
                )
            })
            .map(|finding| {
                let origin = &finding["origin"];
                (
                    text(&finding["rule"]),
                    text(&finding["severity"]),
                    format!(
                        "{}:{}:{}",
                        text(&origin["file"]),
                        origin["line"],
                        origin["column"]
                    ),
                    finding.to_string(),
                )
            })
            .collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The settings of whoever runs the tests stay out of them.
fn quiet(command: &mut Command) -> &mut Command {
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "a");
        command.env(format!("GIT_{who}_EMAIL"), "a@example.com");
    }
    command
        .env(
            "GIT_CONFIG_GLOBAL",
            if cfg!(windows) { "NUL" } else { "/dev/null" },
        )
        .env("GIT_CONFIG_NOSYSTEM", "1")
}

fn said(output: &Output) -> String {
    // Sentences are wrapped.
    let text = String::from_utf8_lossy(&output.stderr);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn from(tag: &str) -> String {
    format!("FROM {SERVERCORE}:{tag}\n")
}

#[test]
fn every_kind_of_file_is_compared_in_its_place() {
    let deployment = |tag: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    spec:\n      containers:\n        - name: web\n          image: contoso/web:1-windowsservercore-{tag}\n"
        )
    };
    let compose = "services:\n  web:\n    image: contoso/web:1-windowsservercore-${REL}\n  api:\n    image: contoso/api:1\n    build:\n      context: api\n      args:\n        REL: ${REL}\n";
    let api = format!("ARG REL=ltsc2019\nFROM {SERVERCORE}:${{REL}}\n");
    let folder = Folder::repository(&[
        (
            "web/Dockerfile",
            &format!("ARG TAG=10.0.17763.437\nFROM {SERVERCORE}:${{TAG}}\n"),
        ),
        ("api/Dockerfile", &api),
        ("compose.yaml", compose),
        (".env", "REL=ltsc2019\n"),
        ("deploy/web.yaml", &deployment("ltsc2019")),
        ("patched.Dockerfile", &from("10.0.17763.437")),
        ("same.Dockerfile", &from("ltsc2019")),
        ("linux.Dockerfile", "FROM debian:11\n"),
    ]);
    folder.write(&[
        (
            "web/Dockerfile",
            &format!("ARG TAG=10.0.26100.1742\nFROM {SERVERCORE}:${{TAG}}\n"),
        ),
        (".env", "REL=ltsc2022\n"),
        ("deploy/web.yaml", &deployment("ltsc2022")),
        ("patched.Dockerfile", &from("10.0.17763.9121")),
        ("same.Dockerfile", &format!("# a comment\n{}", from("1809"))),
        ("linux.Dockerfile", "FROM debian:12\n"),
        ("new.Dockerfile", &from("ltsc2025")),
    ]);
    let found: Vec<String> = folder
        .changes("main")
        .into_iter()
        .map(|(rule, severity, place, _)| format!("{rule} {severity} {place}"))
        .collect();
    assert_eq!(
        found,
        [
            "base-build-changed warning compose.yaml:3:12",
            "base-build-changed warning compose.yaml:5:12",
            "base-build-changed warning deploy/web.yaml:10:18",
            "base-patched info patched.Dockerfile:1:6",
            "base-build-changed warning web/Dockerfile:1:9",
        ]
    );
}

#[test]
fn a_patch_is_named_and_passes() {
    let folder = Folder::repository(&[("Dockerfile", &from("1809-KB4493509"))]);
    folder.write(&[("Dockerfile", &from("1809-KB5120238"))]);
    let found = folder.changes("main");
    assert_eq!(found.len(), 1);
    for part in [
        "17763.437",
        "KB4493509",
        "2019-04-09",
        "17763.9121",
        "KB5120238",
        "2026-08-11",
    ] {
        assert!(found[0].3.contains(part), "{part}: {}", found[0].3);
    }
    assert_eq!(folder.lint(&["--against=main"]).status.code(), Some(0));
}

#[test]
fn hosts_decide_how_heavy_a_change_is() {
    for (hosts, severity) in [
        ("[\"ltsc2019\"]", "error"),
        ("[\"ltsc2019\", \"ltsc2022\"]", "warning"),
        ("[\"ltsc2022\", \"ltsc2025\"]", "info"),
        ("[]", "warning"),
    ] {
        let toml = format!("hosts = {hosts}\n");
        let folder =
            Folder::repository(&[("Dockerfile", &from("ltsc2019")), ("winfit.toml", &toml)]);
        folder.write(&[("Dockerfile", &from("ltsc2022"))]);
        let found = folder.changes("HEAD");
        assert_eq!(found.len(), 1, "{hosts}");
        assert_eq!(found[0].1, severity, "{hosts}");
    }
}

#[test]
fn renamed_files_and_stages_are_matched() {
    let stages = |first: &str, tag: &str| {
        format!(
            "FROM {SERVERCORE}:{tag} AS {first}\nWORKDIR C:/source\nCOPY . C:/source\nRUN C:/source/build.cmd --configuration release --output C:/a\nFROM {SERVERCORE}:ltsc2022\nCOPY --from={first} C:/a C:/a\n"
        )
    };
    let folder = Folder::repository(&[("old/Dockerfile", &stages("build", "ltsc2019"))]);
    folder.git(&["mv", "old", "new"]);
    folder.write(&[("new/Dockerfile", &stages("builder", "ltsc2022"))]);
    let found = folder.changes("main");
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].2, "new/Dockerfile:1:6");
    assert!(
        found[0].3.contains("in old/Dockerfile:1:6"),
        "{}",
        found[0].3
    );
    // Seen from a folder below, too.
    let output = folder
        .winfit()
        .current_dir(folder.0.join("new"))
        .args(["lint", "--against=main", "--format=github"])
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("base-build-changed"));
}

#[test]
fn stages_are_matched_by_name_then_by_number_then_as_the_last() {
    let first = "FROM mcr.microsoft.com/windows/servercore:ltsc2019";
    let last = "FROM mcr.microsoft.com/windows/nanoserver";
    let folder = Folder::repository(&[(
        "Dockerfile",
        &format!("{first} AS build\nRUN build.cmd\n{last}:ltsc2019\n"),
    )]);
    // A stage more, of another Windows, is no change; the one behind it is the last all the same.
    folder.write(&[(
        "Dockerfile",
        &format!("FROM mcr.microsoft.com/windows/servercore:ltsc2025 AS tools\n{first} AS build\nRUN build.cmd\n{last}:ltsc2022\n"),
    )]);
    let found = folder.changes("main");
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].2, "Dockerfile:4:6");
    // Another name in the same place.
    folder.write(&[(
        "Dockerfile",
        &format!(
            "{} AS compile\nRUN build.cmd\n{last}:ltsc2019\n",
            first.replace("2019", "2022")
        ),
    )]);
    let found = folder.changes("main");
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].2, "Dockerfile:1:6");
}

#[test]
fn what_is_read_beside_is_told_where_it_is_used() {
    let compose = "services:\n  web:\n    image: contoso/web:1\n    build: web\n";
    let folder = Folder::repository(&[
        ("compose.yaml", compose),
        ("web/Dockerfile", &from("ltsc2019")),
    ]);
    folder.write(&[("web/Dockerfile", &from("ltsc2022"))]);
    let output = folder.lint(&["compose.yaml", "--against=main", "--format=github"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("file=compose.yaml,line=3,"), "{text}");
    assert!(text.contains("base-build-changed"), "{text}");
}

#[test]
fn a_hook_may_ask_about_a_folder_below() {
    let folder = Folder::repository(&[("web/Dockerfile", &from("ltsc2019"))]);
    folder.write(&[("web/Dockerfile", &from("ltsc2022"))]);
    let output = folder
        .winfit()
        .args(["lint", "web", "--against=HEAD", "--format=github"])
        .env("GIT_DIR", ".git")
        .env("GIT_INDEX_FILE", ".git/index.lock")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.contains("base-build-changed"),
        "{text}{}",
        said(&output)
    );
}

#[test]
fn three_dots_are_where_the_branches_parted() {
    let folder = Folder::repository(&[
        ("Dockerfile", &from("ltsc2019")),
        ("api.Dockerfile", &from("ltsc2019")),
    ]);
    folder.git(&["checkout", "--quiet", "-b", "feature"]);
    folder.write(&[("Dockerfile", &from("ltsc2022"))]);
    folder.commit();
    folder.git(&["checkout", "--quiet", "main"]);
    folder.write(&[("api.Dockerfile", &from("ltsc2025"))]);
    folder.commit();
    folder.git(&["checkout", "--quiet", "feature"]);
    assert_eq!(folder.changes("main").len(), 2);
    let own = folder.changes("main...");
    assert_eq!(own.len(), 1);
    assert_eq!(own[0].2, "Dockerfile:1:6");
    folder.git(&["tag", "v1", "main"]);
    assert_eq!(folder.changes("v1").len(), 2);
    assert_eq!(folder.changes("HEAD~1").len(), 1);
    assert_eq!(folder.changes("HEAD").len(), 0);
}

#[test]
fn an_ignore_silences_a_change_and_waits_for_one() {
    let ignored = |tag: &str| format!("# winfit: ignore[base-build-changed]\n{}", from(tag));
    let folder = Folder::repository(&[("Dockerfile", &ignored("ltsc2019"))]);
    let without = folder.lint(&[]);
    assert_eq!(
        without.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&without.stdout)
    );
    folder.write(&[("Dockerfile", &ignored("ltsc2022"))]);
    assert_eq!(folder.changes("main").len(), 0);
}

#[test]
fn what_git_cannot_tell_is_said_in_one_sentence() {
    let folder = Folder::repository(&[("Dockerfile", &from("ltsc2019"))]);
    for (against, code, part) in [
        ("nope", 2, "has no such branch, tag or commit"),
        ("-x", 2, "it begins with a dash"),
        ("--output=x", 2, "it begins with a dash"),
        ("main..HEAD", 2, "it is a range"),
        ("...", 2, "nothing is named"),
        ("HEAD:Dockerfile", 2, "has no such branch, tag or commit"),
    ] {
        let output = folder.lint(&[&format!("--against={against}")]);
        assert_eq!(output.status.code(), Some(code), "{against}");
        assert!(said(&output).contains(part), "{against}: {}", said(&output));
        assert!(output.stdout.is_empty(), "{against}");
    }
    let stdin = folder.lint(&["-", "--against=main"]);
    assert_eq!(stdin.status.code(), Some(2));
    let elsewhere = Folder::new();
    elsewhere.write(&[("Dockerfile", &from("ltsc2019"))]);
    let output = elsewhere.lint(&["--against=main"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said(&output).contains("this folder is in no git repository"),
        "{}",
        said(&output)
    );
    let both = folder.lint(&[".", &elsewhere.0.display().to_string(), "--against=main"]);
    assert_eq!(both.status.code(), Some(2));
    assert!(
        said(&both).contains("is in another git repository than this folder"),
        "{}",
        said(&both)
    );
    let bare = Folder::new();
    bare.git(&["init", "--quiet", "--bare"]);
    let output = bare.lint(&["--against=main"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(
        said(&output).contains("bare git repository"),
        "{}",
        said(&output)
    );
    let without_git = folder
        .winfit()
        .args(["lint", "--against=main"])
        .env("PATH", OsStr::new(""))
        .output()
        .unwrap();
    assert_eq!(without_git.status.code(), Some(3));
    assert!(
        said(&without_git).contains("no git is on the PATH"),
        "{}",
        said(&without_git)
    );
    let foreign = folder
        .winfit()
        .args(["lint", "--against=main"])
        .env("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
        .output()
        .unwrap();
    assert_eq!(foreign.status.code(), Some(3));
    assert!(
        said(&foreign).contains("git config --global --add safe.directory"),
        "{}",
        said(&foreign)
    );
}

#[test]
fn a_shallow_clone_says_what_to_fetch() {
    let folder = Folder::repository(&[("Dockerfile", &from("ltsc2019"))]);
    folder.git(&["checkout", "--quiet", "-b", "feature"]);
    folder.write(&[("Dockerfile", &from("ltsc2022"))]);
    folder.commit();
    let clone = Folder::new();
    let origin = format!("file://{}", folder.0.display());
    clone.git(&[
        "clone",
        "--quiet",
        "--depth=1",
        "--branch=feature",
        &origin,
        ".",
    ]);
    let output = clone.lint(&["--against=origin/main"]);
    assert_eq!(output.status.code(), Some(3));
    let fetch = "git fetch --depth=1 origin main:refs/remotes/origin/main";
    assert!(said(&output).contains(fetch), "{}", said(&output));
    // What it says works.
    let words: Vec<&str> = fetch.split(' ').skip(1).collect();
    clone.git(&words);
    assert_eq!(clone.changes("origin/main").len(), 1);
    let fork = clone.lint(&["--against=origin/main..."]);
    assert_eq!(fork.status.code(), Some(3));
    assert!(
        said(&fork).contains("git fetch --unshallow"),
        "{}",
        said(&fork)
    );
}

#[test]
fn odd_files_are_told_or_passed_over() {
    let large = format!("{}#{}\n", from("ltsc2019"), "x".repeat(9 << 20));
    let folder = Folder::repository(&[
        ("gone.Dockerfile", &from("ltsc2019")),
        ("large.Dockerfile", &large),
        ("broken.yaml", "services:\n  - [\n"),
    ]);
    fs::remove_file(folder.0.join("gone.Dockerfile")).unwrap();
    folder.write(&[
        ("large.Dockerfile", &from("ltsc2022")),
        (
            "broken.yaml",
            "services:\n  web:\n    image: contoso/web:1-ltsc2022\n",
        ),
    ]);
    let output = folder.lint(&["--against=main"]);
    assert!(
        said(&output).contains("large.Dockerfile at main: it was larger than 8 MiB"),
        "{}",
        said(&output)
    );
    assert_eq!(folder.changes("main").len(), 0);
}

#[cfg(unix)]
#[test]
fn paths_that_are_no_text_are_compared() {
    use std::os::unix::ffi::OsStrExt;
    let folder = Folder::repository(&[]);
    let path = folder.0.join(OsStr::from_bytes(b"x\xff\n.Dockerfile"));
    fs::write(&path, from("ltsc2019")).unwrap();
    folder.commit();
    fs::write(&path, from("ltsc2022")).unwrap();
    assert_eq!(folder.changes("HEAD").len(), 1);
    // What was a link had no text of its own.
    let link = folder.0.join("link.Dockerfile");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    folder.commit();
    fs::remove_file(&link).unwrap();
    fs::write(&link, from("ltsc2025")).unwrap();
    assert_eq!(folder.changes("HEAD").len(), 0);
    let through_link = Folder::new();
    std::os::unix::fs::symlink(&folder.0, through_link.0.join("here")).unwrap();
    fs::write(&path, from("ltsc2019")).unwrap();
    let output = through_link.lint(&["here", "--against=HEAD", "--format=github"]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("base-build-changed"));
}

#[test]
fn a_submodule_at_another_commit_is_told() {
    let library = Folder::repository(&[("Dockerfile", &from("ltsc2019"))]);
    let folder = Folder::repository(&[]);
    folder.git(&[
        "submodule",
        "--quiet",
        "add",
        &library.0.display().to_string(),
        "vendor/library",
    ]);
    folder.commit();
    let inside = folder.0.join("vendor/library");
    fs::write(inside.join("Dockerfile"), from("ltsc2022")).unwrap();
    folder.git(&[
        "-C",
        "vendor/library",
        "commit",
        "--quiet",
        "--all",
        "--message=x",
    ]);
    let output = folder.lint(&["--against=HEAD"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said(&output).contains("vendor/library: this submodule is at another commit than at HEAD"),
        "{}",
        said(&output)
    );
    // By itself it is a repository like others.
    let output = folder.lint(&["vendor/library", "--against=HEAD~1", "--format=github"]);
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("base-build-changed"),
        "{}",
        said(&output)
    );
}

#[test]
fn programs_that_a_repository_names_are_not_run() {
    let folder = Folder::repository(&[
        ("Dockerfile", &from("ltsc2019")),
        (".gitattributes", "* diff=odd\n"),
    ]);
    let mark = folder.0.join("ran");
    let touch = format!("touch '{}'; false", mark.display());
    for setting in [
        "core.fsmonitor",
        "diff.external",
        "diff.odd.command",
        "diff.odd.textconv",
        "core.pager",
    ] {
        folder.git(&["config", setting, &touch]);
    }
    let _ = fs::remove_file(&mark);
    folder.write(&[("Dockerfile", &from("ltsc2022"))]);
    assert_eq!(folder.changes("main").len(), 1);
    assert!(
        !Path::new(&mark).exists(),
        "a program of the repository ran"
    );
}
