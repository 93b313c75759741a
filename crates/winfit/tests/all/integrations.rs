//! The action, the templates and the hooks: their own scripts are run, as far as they need no server.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use winfit_files::source::Source;
use winfit_files::yaml::{self, Node};

use crate::repository;

/// A folder of a test's own, with a repository in it; gone with it.
struct Workspace(PathBuf);

impl Workspace {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let name = format!("winfit-integrations-{}-{name}", std::process::id());
        let workspace = Self(std::env::temp_dir().join(name));
        for folder in ["here", "temp"] {
            std::fs::create_dir_all(workspace.0.join(folder)).unwrap();
        }
        for (path, text) in files {
            std::fs::write(workspace.0.join("here").join(path), text).unwrap();
        }
        workspace
    }

    fn at(&self, path: &str) -> String {
        self.0.join(path).display().to_string()
    }

    fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.0.join(path)).unwrap_or_default()
    }

    /// Runs a script in the repository: its exit code, and what it prints.
    fn run(&self, shell: &[&str], script: &str, env: &BTreeMap<String, String>) -> (i32, String) {
        let output = Command::new(shell[0])
            .args(&shell[1..])
            .arg(script)
            .current_dir(self.0.join("here"))
            .envs(env)
            .env("SOURCE_DATE_EPOCH", "1795305600")
            .env("WINFIT_CATALOG_OVERLAY", "off")
            .env_remove("CLICOLOR_FORCE")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (
            output.status.code().unwrap_or(-1),
            text(output.stdout) + &text(output.stderr),
        )
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A YAML file of the repository, looked at.
fn with_yaml<T>(path: &str, look: impl FnOnce(&[Node<'_, '_>]) -> T) -> T {
    let text = std::fs::read_to_string(repository(path)).unwrap();
    let source = Source::of_text(path, &text);
    let (trees, problems) = yaml::read(&source);
    assert!(problems.is_empty(), "{path}: {problems:?}");
    let roots: Vec<Node<'_, '_>> = trees.iter().filter_map(yaml::Tree::root).collect();
    look(&roots)
}

fn text(node: Node<'_, '_>, key: &str) -> String {
    let value = node.get(key).and_then(Node::as_str);
    value.unwrap_or_default().to_owned()
}

fn texts(node: Option<Node<'_, '_>>) -> BTreeMap<String, String> {
    let entries = node.map(Node::entries).unwrap_or_default();
    entries
        .iter()
        .map(|entry| {
            let text = |node: Node<'_, '_>| node.as_str().unwrap_or_default().to_owned();
            (text(entry.key), text(entry.value))
        })
        .collect()
}

/// A text with its expressions between `open` and `close` put in.
fn filled(text: &str, open: &str, close: &str, value: impl Fn(&str) -> String) -> String {
    let mut parts = text.split(open);
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (expression, rest) = part.split_once(close).unwrap();
        filled += &value(expression.trim());
        filled += rest;
    }
    filled
}

const OLD: &str = "FROM mcr.microsoft.com/windows/servercore:ltsc2019\nRUN dir\n";

/// A step of the action.
struct Step {
    id: String,
    uses: String,
    run: String,
    env: BTreeMap<String, String>,
}

/// The steps of the action, and the default of each of its inputs.
fn action() -> (Vec<Step>, BTreeMap<String, String>) {
    with_yaml("action.yml", |roots| {
        let root = roots[0];
        let steps = root.at(&["runs", "steps"]).unwrap().elements();
        let steps = steps.into_iter().map(|step| {
            let shell = text(step, "shell");
            assert_eq!(
                shell,
                if step.get("run").is_some() {
                    "bash"
                } else {
                    ""
                }
            );
            Step {
                id: text(step, "id"),
                uses: text(step, "uses"),
                run: text(step, "run"),
                env: texts(step.get("env")),
            }
        });
        let inputs = root.get("inputs").unwrap().entries();
        let inputs = inputs.iter().map(|input| {
            let name = input.key.as_str().unwrap().to_owned();
            (name, text(input.value, "default"))
        });
        (steps.collect(), inputs.collect())
    })
}

/// Runs a step of the action with these inputs, as a runner would.
fn step(workspace: &Workspace, id: &str, given: &[(&str, &str)]) -> (i32, String) {
    let (steps, mut inputs) = action();
    for (name, value) in given {
        assert!(inputs.contains_key(*name), "no input {name}");
        inputs.insert((*name).to_owned(), (*value).to_owned());
    }
    let step = steps.iter().find(|step| step.id == id).unwrap();
    let mut env: BTreeMap<String, String> = step
        .env
        .iter()
        .map(|(name, text)| {
            let value = filled(text, "${{", "}}", |expression| {
                inputs[expression.strip_prefix("inputs.").unwrap()].clone()
            });
            (name.clone(), value)
        })
        .collect();
    let action = repository(".").display().to_string();
    for (name, value) in [
        ("GITHUB_ACTION_PATH", action),
        ("GITHUB_WORKSPACE", workspace.at("here")),
        ("GITHUB_OUTPUT", workspace.at("temp/outputs")),
        ("GITHUB_STEP_SUMMARY", workspace.at("temp/summary")),
        ("RUNNER_TEMP", workspace.at("temp")),
        ("RUNNER_OS", "Linux".to_owned()),
        ("RUNNER_ARCH", "X64".to_owned()),
    ] {
        env.insert(name.to_owned(), value);
    }
    for file in ["temp/outputs", "temp/summary"] {
        std::fs::write(workspace.0.join(file), "").unwrap();
    }
    let shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"];
    workspace.run(&shell, &step.run, &env)
}

#[test]
fn no_script_of_the_action_holds_an_input_and_every_action_is_pinned() {
    let (steps, inputs) = action();
    for step in &steps {
        assert!(!step.run.contains("${{"), "{}: {}", step.id, step.run);
        if let Some((_, pin)) = step.uses.split_once('@') {
            let hash = pin.len() == 40 && pin.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(hash, "{}", step.uses);
        }
    }
    let whole = std::fs::read_to_string(repository("action.yml")).unwrap();
    let page = std::fs::read_to_string(repository("docs/ci.md")).unwrap();
    for input in inputs.keys() {
        assert!(
            whole.contains(&format!("inputs.{input} ")),
            "{input} is not used"
        );
        assert!(
            page.contains(&format!("| `{input}` |")),
            "docs/ci.md: {input}"
        );
    }
}

#[test]
fn the_action_lints_and_reports() {
    let workspace = Workspace::new("github", &[("Dockerfile", OLD), ("two words.txt", "")]);
    let winfit = env!("CARGO_BIN_EXE_winfit");
    let lint = |given: &[(&str, &str)]| {
        let mut all = vec![("executable", winfit)];
        all.extend(given);
        step(&workspace, "lint", &all)
    };
    for (given, code, told) in [
        (
            &[("hosts", "ltsc2022")][..],
            1,
            "::error file=Dockerfile,line=1,",
        ),
        (
            &[("hosts", "\n  ltsc2022\r\nltsc2019")],
            1,
            "::warning file=Dockerfile,line=1,",
        ),
        (&[("hosts", "ltsc2022"), ("isolation", "hyperv")], 0, ""),
        (
            &[("hosts", "ltsc2022"), ("fail-on", "never")],
            0,
            "::error ",
        ),
        (&[("path", "Dockerfile\ntwo words.txt")], 0, ""),
    ] {
        let (exit, printed) = lint(given);
        assert_eq!(exit, code, "{given:?}: {printed}");
        assert!(printed.starts_with(told), "{given:?}: {printed}");
        let outputs = workspace.read("temp/outputs");
        let expected = format!(
            "exit-code={code}\nsarif={}\nmarkdown={}\n",
            workspace.at("temp/winfit.sarif"),
            workspace.at("temp/winfit.md")
        );
        assert_eq!(outputs, expected);
        let summary = workspace.read("temp/summary");
        assert!(summary.starts_with("### winfit\n\n**"), "{summary}");
        let told_there = summary.contains("cannot-build-here");
        assert_eq!(told_there, !told.is_empty(), "{summary}");
        let sarif = workspace.read("temp/winfit.sarif");
        assert!(sarif.contains("\"version\": \"2.1.0\""), "{sarif}");
        assert_eq!(sarif.contains("\"uri\": \"Dockerfile\""), told_there);
    }
    // Nothing is taken for code, and where there is no report none is named.
    for (given, code) in [
        (("path", "$(touch owned) `touch owned`;touch owned"), 3),
        (("hosts", "$(touch owned)"), 2),
        (("fail-on", "error;touch owned"), 2),
        (("isolation", "-h"), 2),
    ] {
        let (exit, printed) = lint(&[given]);
        assert_eq!(exit, code, "{given:?}: {printed}");
        assert!(!workspace.0.join("here/owned").exists(), "{given:?}");
        let outputs = workspace.read("temp/outputs");
        assert!(outputs.starts_with(&format!("exit-code={code}\n")));
        assert_eq!(outputs.contains("sarif="), code == 3, "{outputs}");
    }
    // What people read is not to command the runner.
    let (_, printed) = lint(&[("format", "human"), ("hosts", "ltsc2022")]);
    let token = printed.lines().next().unwrap();
    let token = token.strip_prefix("::stop-commands::").unwrap();
    assert!(printed.ends_with(&format!("::{token}::\n")), "{printed}");
    assert_eq!(token.len(), 32);
}

#[test]
fn a_summary_that_is_too_long_ends_with_a_whole_line() {
    let mut dockerfile = String::new();
    for stage in 0..1500 {
        dockerfile +=
            &format!("FROM mcr.microsoft.com/windows/servercore:ltsc2019 AS a{stage}\nRUN dir\n");
    }
    let workspace = Workspace::new("long", &[("Dockerfile", &dockerfile)]);
    let winfit = env!("CARGO_BIN_EXE_winfit");
    step(
        &workspace,
        "lint",
        &[
            ("executable", winfit),
            ("hosts", "ltsc2022"),
            ("format", "json"),
        ],
    );
    let summary = workspace.read("temp/summary");
    assert!(
        (900_000..1_000_200).contains(&summary.len()),
        "{}",
        summary.len()
    );
    assert!(summary.ends_with("\n\nThis is too long for a summary; the log has all findings.\n"));
}

#[test]
fn the_cache_is_named_after_the_sources() {
    let workspace = Workspace::new("key", &[]);
    let key = || {
        let (exit, printed) = step(&workspace, "sources", &[]);
        assert_eq!((exit, printed.as_str()), (0, ""));
        workspace.read("temp/outputs")
    };
    let first = key();
    let hash = first.strip_prefix("key=winfit-Linux-X64-").unwrap();
    assert_eq!(hash.trim_end().len(), 40, "{first}");
    assert_eq!(key(), first);
}

#[test]
fn the_gitlab_job_lints_and_reports() {
    let workspace = Workspace::new("gitlab", &[("Dockerfile", OLD)]);
    // What the cache brings.
    std::fs::create_dir_all(workspace.0.join("here/.winfit/bin")).unwrap();
    let cached = workspace.0.join("here/.winfit/bin/winfit");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_winfit"), cached).unwrap();
    let job = |given: &[(&str, &str)]| {
        with_yaml("integrations/gitlab/winfit.gitlab-ci.yml", |roots| {
            let inputs = roots[0].at(&["spec", "inputs"]).unwrap().entries();
            let mut inputs: BTreeMap<String, String> = inputs
                .iter()
                .map(|input| {
                    (
                        input.key.as_str().unwrap().to_owned(),
                        text(input.value, "default"),
                    )
                })
                .collect();
            for (name, value) in given {
                assert!(inputs.contains_key(*name), "no input {name}");
                inputs.insert((*name).to_owned(), (*value).to_owned());
            }
            let job = roots[1].get("winfit").unwrap();
            let variables = texts(job.get("variables"));
            let env = variables.into_iter().map(|(name, value)| {
                let input = |name: &str| inputs[name.strip_prefix("inputs.").unwrap()].clone();
                (name, filled(&value, "$[[", "]]", input))
            });
            let script: Vec<&str> = ["before_script", "script"]
                .into_iter()
                .flat_map(|key| job.get(key).unwrap().elements())
                .filter_map(Node::as_str)
                .collect();
            let script = script.join("\n");
            assert!(!script.contains("$[["), "{script}");
            workspace.run(&["sh", "-ec"], &script, &env.collect())
        })
    };
    for (given, code, entries) in [
        (&[("hosts", "ltsc2022 ltsc2025")][..], 1, 1),
        (&[("hosts", "ltsc2022"), ("isolation", "hyperv")], 0, 0),
        (&[("hosts", "ltsc2022"), ("fail-on", "never")], 0, 1),
        (&[("paths", "Dockerfile $(touch owned) *")], 1, 0),
    ] {
        let (exit, printed) = job(given);
        assert_eq!(exit, code, "{given:?}: {printed}");
        let report = workspace.read("here/gl-code-quality-report.json");
        assert_eq!(
            report.matches("\"check_name\"").count(),
            entries,
            "{report}"
        );
        assert!(!workspace.0.join("here/owned").exists());
    }
}

#[test]
fn the_azure_steps_lint_and_report() {
    let hostile = format!(
        "{OLD}FROM mcr.microsoft.com/windows/nanoserver:ltsc2019 # ##vso[task.setvariable variable=x]y ##[error]z\n"
    );
    let workspace = Workspace::new("azure", &[("Dockerfile", &hostile)]);
    std::fs::create_dir_all(workspace.0.join("temp/winfit/bin")).unwrap();
    let built = workspace.0.join("temp/winfit/bin/winfit");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_winfit"), built).unwrap();
    let steps = |given: &[(&str, &str)]| {
        with_yaml("integrations/azure/winfit.yml", |roots| {
            let mut last = (0, String::new());
            let steps = roots[0].get("steps").unwrap().elements();
            for step in steps {
                let Some(script) = step.get("bash").and_then(Node::as_str) else {
                    assert_eq!(text(step, "artifact"), "CodeAnalysisLogs");
                    continue;
                };
                assert!(!script.contains("${{"), "{script}");
                let value = |expression: &str| {
                    let name = expression
                        .trim_start_matches("join(';', ")
                        .trim_end_matches(')')
                        .strip_prefix("parameters.")
                        .unwrap();
                    let given = given.iter().find(|(given, _)| *given == name);
                    let default = match name {
                        "paths" => ".",
                        "failOn" => "warning",
                        _ => "",
                    };
                    given.map_or(default, |(_, value)| *value).to_owned()
                };
                let env = texts(step.get("env")).into_iter();
                let mut env: BTreeMap<String, String> = env
                    .map(|(name, text)| (name, filled(&text, "${{", "}}", value)))
                    .collect();
                env.insert("AGENT_TEMPDIRECTORY".to_owned(), workspace.at("temp"));
                last = workspace.run(&["bash", "--noprofile", "--norc", "-c"], script, &env);
            }
            last
        })
    };
    let summary = format!(
        "##vso[task.uploadsummary]{}\n",
        workspace.at("temp/winfit-reports/winfit.md")
    );
    for (given, code) in [
        (&[("hosts", "ltsc2022;10.0.26100")][..], 1),
        (&[("hosts", "ltsc2022"), ("failOn", "never")], 0),
        (&[("paths", "Dockerfile;$(touch owned);two words")], 1),
        (&[("hosts", "24H2")], 2),
    ] {
        let reports = workspace.0.join("temp/winfit-reports");
        let _ = std::fs::remove_dir_all(&reports);
        let (exit, printed) = steps(given);
        assert_eq!(exit, code, "{given:?}: {printed}");
        assert!(!workspace.0.join("here/owned").exists());
        assert_eq!(reports.join("winfit.sarif").exists(), code < 2);
        assert_eq!(printed.ends_with(&summary), code < 2, "{printed}");
        // What a report quotes of files commands nothing.
        let printed = printed.replace(&summary, "");
        assert!(
            !printed.contains("##vso[") && !printed.contains("##["),
            "{printed}"
        );
    }
}

#[test]
fn the_hooks_take_the_files_that_lint_reads() {
    let patterns = with_yaml(".pre-commit-hooks.yaml", |roots| {
        let hooks = roots[0].elements();
        let ids: Vec<String> = hooks.iter().map(|hook| text(*hook, "id")).collect();
        assert_eq!(ids, ["winfit", "winfit-fix"]);
        hooks
            .iter()
            .map(|hook| {
                let pattern = |key| regex::Regex::new(&text(hook.resolved(), key)).unwrap();
                (pattern("files"), pattern("exclude"))
            })
            .collect::<Vec<_>>()
    });
    for path in [
        "Dockerfile",
        "web/dockerfile",
        "web/Containerfile",
        "web/Dockerfile.windows",
        "web/dockerfile_nano",
        "web/Dockerfile-2022",
        "win.Dockerfile",
        "a/win.containerfile",
        "compose.yaml",
        "docker-compose.yml",
        "deploy/list.json",
        "C/daemon.json",
        "setup.ps1",
        "setup.psm1",
        "install.CMD",
        "install.bat",
        "ci/run.sh",
        "winfit.toml",
        "sub/winfit.toml",
        "Dockerfile.dockerignore",
        ".dockerignore",
        "mydockerfile",
        "Dockerfiles/readme.md",
        "Cargo.toml",
        "notwinfit.toml",
        "notes.txt",
        "src/main.rs",
        "yaml",
        "a.ps",
    ] {
        let is_read = winfit_files::discover::by_name(Path::new(path)).is_some();
        for (files, exclude) in &patterns {
            let taken = files.is_match(path) && !exclude.is_match(path);
            assert_eq!(taken, is_read, "{path}");
        }
    }
}

/// Where pre-commit is at hand it has the last word on its own file.
#[test]
fn pre_commit_takes_the_hooks() {
    let checked = Command::new("pre-commit")
        .args(["validate-manifest", ".pre-commit-hooks.yaml"])
        .current_dir(repository("."))
        .output();
    if let Ok(output) = checked {
        assert!(output.status.success(), "{output:?}");
    }
}
