//! `lint` and `facts` at the prompt: what they read, what they say where there is nothing, exit codes.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A folder of a test's own, gone with it.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let name = format!("winfit-lint-{}-{name}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Runs the built command in a folder, with this on its standard input.
pub(crate) fn winfit(
    folder: &Path,
    arguments: &[&str],
    stdin: &str,
) -> (Option<i32>, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_winfit"))
        .args(arguments)
        .current_dir(folder)
        .env("SOURCE_DATE_EPOCH", "1795305600")
        .env("WINFIT_CATALOG_OVERLAY", "off")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that refuses its arguments reads nothing, and closes the pipe.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    let Output {
        status,
        stdout,
        stderr,
    } = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn where_there_is_nothing_to_read() {
    let folder = Folder::new("nothing");
    for command in ["lint", "facts"] {
        assert_eq!(
            winfit(&folder.0, &[command], ""),
            (
                Some(0),
                "no Dockerfile, Compose file, manifest or daemon.json in this folder\n".to_owned(),
                String::new()
            )
        );
        assert_eq!(
            winfit(&folder.0, &[command, "."], ""),
            (
                Some(0),
                "no Dockerfile, Compose file, manifest or daemon.json in .\n".to_owned(),
                String::new()
            )
        );
        let (exit, out, err) = winfit(&folder.0, &[command, ".", "--format=json"], "");
        assert_eq!(exit, Some(0));
        assert!(out.starts_with("{\n  \"schema\": \"winfit."), "{out}");
        assert!(err.contains("no Dockerfile, Compose file"), "{err}");
    }
}

#[test]
fn a_file_that_winfit_does_not_know() {
    let folder = Folder::new("unknown");
    std::fs::write(folder.0.join("notes.txt"), "nothing to run\n").unwrap();
    for command in ["lint", "facts"] {
        assert_eq!(
            winfit(&folder.0, &[command, "notes.txt"], ""),
            (
                Some(0),
                "no Dockerfile, Compose file, manifest or daemon.json in notes.txt\n".to_owned(),
                String::new()
            )
        );
        let (exit, _, err) = winfit(&folder.0, &[command, "notes.txt", "gone"], "");
        assert_eq!(exit, Some(3), "what could be read says nothing");
        assert!(err.contains("gone: there is no such file"), "{err}");
    }
}

#[test]
fn a_path_that_is_not_there() {
    let folder = Folder::new("missing");
    for command in ["lint", "facts"] {
        assert_eq!(
            winfit(&folder.0, &[command, "gone"], ""),
            (
                Some(3),
                String::new(),
                "winfit: gone: there is no such file or folder\n".to_owned()
            )
        );
        let (exit, _, err) = winfit(&folder.0, &[command, "--config", "gone.toml"], "");
        assert_eq!(exit, Some(3));
        assert_eq!(err, "winfit: --config gone.toml: there is no such file\n");
    }
    let (exit, out, _) = winfit(&folder.0, &["lint", "gone", "--format=sarif"], "");
    assert_eq!(exit, Some(3));
    assert!(out.contains("\"executionSuccessful\": false"), "{out}");
    let (exit, out, _) = winfit(&folder.0, &["lint", "gone", "--fail-on=never"], "");
    assert_eq!((exit, out.as_str()), (Some(3), ""));
}

#[test]
fn standard_input_has_a_name_only_where_it_is_read() {
    let folder = Folder::new("stdin");
    std::fs::create_dir(folder.0.join("web")).unwrap();
    for command in ["lint", "facts"] {
        let (exit, _, err) = winfit(&folder.0, &[command, "--stdin-filename=a.yaml", "."], "");
        assert_eq!(exit, Some(2));
        assert!(err.contains("give - too, or no path"), "{err}");
        let (exit, _, err) = winfit(&folder.0, &[command, "--stdin-filename=web"], "");
        assert_eq!(exit, Some(2));
        assert!(err.contains("--stdin-filename web is a folder"), "{err}");
    }
}

/// An editor gives the text that it has, and the name alone; what goes with that file is on the disk.
#[test]
fn an_editor_names_the_file_that_standard_input_is() {
    let folder = Folder::new("editor");
    let repository = folder.0.join("repository");
    for (path, text) in [
        ("winfit.toml", "hosts = [\"ltsc2019\"]\n"),
        ("web/.env", "TAG=1\n"),
        (
            "web/Dockerfile",
            "FROM mcr.microsoft.com/windows/servercore:ltsc2022\n",
        ),
        ("elsewhere/keep", ""),
    ] {
        let path = repository.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let compose = "services:\n  web:\n    image: contoso/web:${TAG}\n    build: .\n";
    let nano = "FROM mcr.microsoft.com/windows/nanoserver:ltsc2025\n";
    let elsewhere = repository.join("elsewhere");
    let absolute = |name: &str| repository.join(name).display().to_string();
    for (here, name, dash, text, exit, told) in [
        // What was saved does not count, and what it builds is looked up beside it.
        (
            &repository,
            "web/Dockerfile".to_owned(),
            false,
            nano,
            1,
            " --> web/Dockerfile:1:6\n",
        ),
        (
            &repository,
            "./web/Dockerfile".to_owned(),
            true,
            nano,
            1,
            "image (26100)",
        ),
        (
            &repository,
            "web/unsaved.yaml".to_owned(),
            false,
            compose,
            1,
            " web/unsaved.yaml:3:12\n",
        ),
        (
            &elsewhere,
            absolute("web/unsaved.yaml"),
            false,
            compose,
            1,
            "/web/Dockerfile:1:6\n",
        ),
        (
            &repository,
            "winfit.toml".to_owned(),
            false,
            "hosts = 1\n",
            1,
            " --> winfit.toml:1:9\n",
        ),
        // Editors name every file that they have.
        (
            &repository,
            "web/values.yaml".to_owned(),
            false,
            "a: 1\n",
            0,
            "no findings",
        ),
        (
            &repository,
            "notes.txt".to_owned(),
            true,
            "hello\n",
            0,
            "no findings",
        ),
    ] {
        let mut arguments = vec!["lint", "--stdin-filename", &name];
        arguments.extend(dash.then_some("-"));
        let (code, out, err) = winfit(here, &arguments, text);
        assert_eq!((code, err.as_str()), (Some(exit), ""), "{name}");
        assert!(out.contains(told), "{name}: {out}");
    }
}

#[test]
fn a_host_is_read_before_any_file() {
    let folder = Folder::new("host");
    let (exit, _, err) = winfit(&folder.0, &["lint", "--host=24H2"], "");
    assert_eq!(exit, Some(2));
    assert!(err.contains("names several releases"), "{err}");
}

#[test]
fn however_a_path_is_given_reports_name_it_from_the_working_folder() {
    let folder = Folder::new("paths");
    std::fs::create_dir_all(folder.0.join("here/web")).unwrap();
    let here = folder.0.join("here");
    std::fs::write(here.join("web/Dockerfile"), "SAY hello\n").unwrap();
    let absolute = here.display().to_string();
    for path in [
        "web".to_owned(),
        "../here/web".to_owned(),
        format!("{absolute}/web"),
        format!("{absolute}/../here/web/Dockerfile"),
    ] {
        for (format, named) in [
            ("github", "file=web/Dockerfile,"),
            ("gitlab", "\"path\": \"web/Dockerfile\""),
            ("sarif", "\"uri\": \"web/Dockerfile\""),
        ] {
            let (_, out, _) = winfit(&here, &["lint", &path, "--format", format], "");
            assert!(out.contains(named), "{path}: {out}");
        }
    }
}

#[test]
fn settings_alone_are_nothing_read() {
    let folder = Folder::new("settings");
    std::fs::write(folder.0.join("winfit.toml"), "hosts = [\"ltsc2022\"]\n").unwrap();
    std::fs::write(folder.0.join("Dockerfile"), "FROM scratch\n").unwrap();
    for command in ["lint", "facts"] {
        let (exit, out, err) = winfit(&folder.0, &[command, "-"], "");
        assert_eq!((exit, out.as_str()), (Some(3), ""));
        assert!(err.contains("standard input: "), "{err}");
        let (_, out, _) = winfit(&folder.0, &["lint", "-", "--format=sarif"], "");
        assert!(out.contains("\"executionSuccessful\": false"), "{out}");
        for (paths, exit) in [
            (["gone", "winfit.toml"], 1),
            (["gone", "Dockerfile"], 1),
            (["-", "Dockerfile"], 1),
            (["winfit.toml", "Dockerfile"], 0),
        ] {
            let (code, ..) = winfit(&folder.0, &[command, paths[0], paths[1]], "");
            assert_eq!(code, Some(exit), "{paths:?}");
        }
    }
}

#[test]
fn templates_are_told_at_the_end() {
    let folder = Folder::new("templates");
    std::fs::write(folder.0.join("Dockerfile"), "FROM scratch\n").unwrap();
    std::fs::write(folder.0.join("kustomization.yaml"), "resources: [a]\n").unwrap();
    let (exit, out, _) = winfit(&folder.0, &["lint"], "");
    assert_eq!(exit, Some(0));
    assert!(
        out.ends_with("\n1 template not read (kustomize build FOLDER | winfit lint -)\n"),
        "{out}"
    );
}

#[test]
fn reports_go_to_files_beside_the_one_that_is_printed() {
    let folder = Folder::new("output");
    let at = |name: &str| folder.0.join(name);
    std::fs::write(at("Dockerfile"), "SAY hello\n").unwrap();
    std::fs::write(at("old.sarif"), "old").unwrap();
    std::fs::create_dir(at("folder")).unwrap();
    let lint = |outputs: &[&str]| {
        let outputs: Vec<String> = outputs.iter().map(|to| format!("--output={to}")).collect();
        let mut arguments = vec!["lint", "Dockerfile"];
        arguments.extend(outputs.iter().map(String::as_str));
        winfit(&folder.0, &arguments, "")
    };
    let (exit, out, err) = lint(&[
        "sarif=old.sarif",
        "markdown=summary.md",
        "human=seen.txt",
        "gitlab=gl.json",
    ]);
    assert_eq!((exit, err.as_str()), (Some(1), ""));
    let read = |name: &str| std::fs::read_to_string(at(name)).unwrap();
    assert_eq!(read("seen.txt"), out);
    assert!(read("old.sarif").contains("\"broken-file\""));
    assert!(read("summary.md").starts_with("**1 error in 1 file"));
    assert!(read("gl.json").contains("\"check_name\": \"broken-file\""));
    // The answer is given all the same, and nothing half written stays.
    for (to, reason) in [
        (
            "json=gone/a.json",
            "--output gone/a.json: there is no such folder",
        ),
        ("json=folder", "--output folder: it is a folder, not a file"),
    ] {
        let (exit, out, err) = lint(&[to]);
        assert_eq!(exit, Some(3), "{to}");
        assert!(out.contains("[broken-file]"), "{out}");
        assert_eq!(err, format!("winfit: {reason}\n"));
    }
    for (outputs, reason) in [
        (
            &["json=-"][..],
            "standard output has the report of --format",
        ),
        (&["json=a", "sarif=a"], "--output a is given twice"),
    ] {
        let (exit, _, err) = lint(outputs);
        assert_eq!(exit, Some(2));
        assert!(err.contains(reason), "{err}");
    }
    let mut left: Vec<String> = std::fs::read_dir(&folder.0)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(
        left,
        [
            "Dockerfile",
            "folder",
            "gl.json",
            "old.sarif",
            "seen.txt",
            "summary.md"
        ]
    );
}

#[cfg(unix)]
#[test]
fn a_report_replaces_a_file_and_nothing_else() {
    let folder = Folder::new("replace");
    std::fs::write(folder.0.join("Dockerfile"), "FROM scratch\n").unwrap();
    std::fs::write(folder.0.join("real"), "").unwrap();
    std::os::unix::fs::symlink("real", folder.0.join("link")).unwrap();
    let arguments = [
        "lint",
        "Dockerfile",
        "--output=markdown=link",
        "--output=json=/dev/null",
    ];
    assert_eq!(winfit(&folder.0, &arguments, "").0, Some(0));
    assert!(folder.0.join("link").is_symlink());
    let real = std::fs::read_to_string(folder.0.join("real")).unwrap();
    assert!(real.starts_with("**no findings"), "{real}");
    assert!(!Path::new("/dev/null").is_file());
}
