//! winfit as a plugin of Docker's and of Kubernetes' own command lines.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;
use winfit_files::source::Source;
use winfit_files::yaml::{self, Node};

use crate::{repository, winfit};

#[test]
fn docker_finds_it_and_hands_it_its_arguments() {
    let folder = TempDir::new().unwrap();
    let plugins = folder.path().join("cli-plugins");
    fs::create_dir(&plugins).unwrap();
    fs::copy(
        env!("CARGO_BIN_EXE_winfit"),
        plugins.join(format!("docker-winfit{}", std::env::consts::EXE_SUFFIX)),
    )
    .unwrap();
    let docker = |arguments: &[&str]| {
        let output = Command::new("docker")
            .args(arguments)
            .env("DOCKER_CONFIG", folder.path())
            .env("WINFIT_CATALOG_OVERLAY", "off")
            .env_remove("DOCKER_HOST")
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (
            output.status.code(),
            text(output.stdout),
            text(output.stderr),
        )
    };
    if Command::new("docker").arg("--version").output().is_err() {
        eprintln!("left out: docker is not installed (Debian: docker.io)");
        return;
    }
    let (_, help, _) = docker(&["--help"]);
    assert!(
        help.contains("Match Windows container images to hosts"),
        "{help}"
    );
    let (exit, text, errors) = docker(&["winfit", "check", "ltsc2019", "--host", "ltsc2022"]);
    assert_eq!((exit, errors.as_str()), (Some(1), ""));
    assert!(text.contains("Windows Server 2022"), "{text}");
    // What docker is told before the plugin's name counts.
    let nowhere = format!("unix://{}", folder.path().join("none").display());
    let (exit, _, errors) = docker(&["-H", &nowhere, "winfit", "swarm", "audit"]);
    assert_eq!(exit, Some(3));
    let words = errors.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.contains(&format!(
            "no engine answers at {nowhere}: there is no such socket"
        )),
        "{words}"
    );
}

/// Puts winfit into a folder under the name by which kubectl finds plugins, as krew does.
fn installed(folder: &Path) -> String {
    let file = folder.join(format!("kubectl-winfit{}", std::env::consts::EXE_SUFFIX));
    #[cfg(unix)]
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_winfit"), &file).unwrap();
    #[cfg(not(unix))]
    fs::copy(env!("CARGO_BIN_EXE_winfit"), &file).unwrap();
    file.display().to_string()
}

/// Runs a command in a folder that is the home of its user and the first in the search path.
fn at_home(folder: &Path, command: &str, arguments: &[&str]) -> Option<Output> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = [folder.to_path_buf()]
        .into_iter()
        .chain(std::env::split_paths(&path));
    Command::new(command)
        .args(arguments)
        .current_dir(folder)
        .env("PATH", std::env::join_paths(path).unwrap())
        .env("HOME", folder)
        .env("WINFIT_CATALOG_OVERLAY", "off")
        .env_remove("KUBECONFIG")
        .output()
        .ok()
}

fn printed(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

const NODES: &str = r#"{"kind": "Node", "metadata": {"name": "win-a"},
    "status": {"nodeInfo": {"kernelVersion": "10.0.20348.825", "operatingSystem": "windows"}}}"#;

#[test]
fn under_kubectls_name_it_is_winfit_kube_and_says_so() {
    let folder = TempDir::new().unwrap();
    let plugin = installed(folder.path());
    fs::write(folder.path().join("nodes.json"), NODES).unwrap();
    let run = |arguments: &[&str]| printed(&at_home(folder.path(), &plugin, arguments).unwrap());
    for (arguments, usage) in [
        (&["--help"][..], "Usage: kubectl winfit [OPTIONS] <COMMAND>"),
        (
            &["audit", "--help"],
            "Usage: kubectl winfit audit [OPTIONS]",
        ),
        (&["label", "-h"], "Usage: kubectl winfit label [OPTIONS]"),
    ] {
        let (exit, text, _) = run(arguments);
        assert_eq!(exit, Some(0));
        assert!(text.contains(usage), "{text}");
    }
    let words = ["kube", "audit", "--from"];
    let path = folder.path().join("nodes.json").display().to_string();
    let itself = printed(&winfit(&[&words[..], &[&path]].concat()));
    assert_eq!(run(&["audit", "--from", &path]), itself);
    // What is not about clusters is no plugin of kubectl.
    let (exit, _, errors) = run(&["check", "ltsc2019", "--host", "ltsc2022"]);
    assert_eq!(exit, Some(2));
    assert!(errors.contains("Usage: kubectl winfit"), "{errors}");
}

#[test]
fn kubectl_finds_it_and_hands_it_its_arguments() {
    let folder = TempDir::new().unwrap();
    let plugin = installed(folder.path());
    fs::write(folder.path().join("nodes.json"), NODES).unwrap();
    let run = |arguments: &[&str]| {
        let output = at_home(folder.path(), "kubectl", arguments)?;
        Some(printed(&output))
    };
    let Some((_, list, _)) = run(&["plugin", "list"]) else {
        eprintln!("left out: kubectl is not installed (Debian: kubernetes-client)");
        return;
    };
    assert!(list.contains(&plugin), "{list}");
    let (exit, help, _) = run(&["winfit", "--help"]).unwrap();
    assert_eq!(exit, Some(0));
    assert!(help.contains("Usage: kubectl winfit "), "{help}");
    let (exit, text, errors) = run(&["winfit", "audit", "--from", "nodes.json"]).unwrap();
    assert_eq!((exit, errors.as_str()), (Some(0), ""));
    assert!(text.contains("win-a"), "{text}");
    // The exit code is winfit's.
    let (exit, ..) = run(&["winfit", "label", "--from", "nodes.json", "--label", "a=b"]).unwrap();
    assert_eq!(exit, Some(2));
    let (exit, ..) = run(&["winfit", "audit", "--kubeconfig", "none"]).unwrap();
    assert_eq!(exit, Some(2));
}

/// What krew installs is what is built here, under this name and this version.
#[test]
fn the_manifest_for_krew_names_what_is_built() {
    let path = "integrations/krew/winfit.yaml";
    let text = fs::read_to_string(repository(path)).unwrap();
    let source = Source::of_text(path, &text);
    let (trees, problems) = yaml::read(&source);
    assert!(problems.is_empty(), "{problems:?}");
    let manifest = trees[0].root().unwrap();
    let at = |keys: &str| {
        let node = manifest.at(&keys.split('.').collect::<Vec<_>>());
        node.and_then(Node::as_str).unwrap_or_default().to_owned()
    };
    assert_eq!(
        at("apiVersion"),
        "krew.googlecontainertools.github.com/v1alpha2"
    );
    assert_eq!(at("kind"), "Plugin");
    // krew wants the file to be named as the plugin, and names the link to it kubectl-winfit.
    assert_eq!(at("metadata.name"), "winfit");
    assert_eq!(
        at("spec.version"),
        format!("v{}", env!("CARGO_PKG_VERSION"))
    );
    assert!((1..=50).contains(&at("spec.shortDescription").len()));
    let platforms = manifest
        .get("spec")
        .and_then(|spec| spec.get("platforms"))
        .unwrap();
    let mut systems = Vec::new();
    for platform in platforms.elements() {
        let text = |key: &str| {
            platform
                .get(key)
                .and_then(Node::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let labels = platform
            .get("selector")
            .and_then(|selector| selector.get("matchLabels"));
        let system = labels
            .and_then(|labels| labels.get("os"))
            .and_then(Node::as_str)
            .unwrap();
        let suffix = if system == "windows" { ".exe" } else { "" };
        let built = Path::new(env!("CARGO_BIN_EXE_winfit")).file_stem().unwrap();
        assert_eq!(text("bin"), format!("{}{suffix}", built.display()));
        let sum = text("sha256");
        assert!(
            sum.len() == 64 && sum.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "{sum}"
        );
        let version = at("spec.version");
        assert!(text("uri").contains(&format!("OWNER/winfit/releases/download/{version}/")));
        let files = platform
            .get("files")
            .map(Node::elements)
            .unwrap_or_default();
        let files: Vec<&str> = files
            .iter()
            .filter_map(|file| file.get("from").and_then(Node::as_str))
            .collect();
        assert_eq!(files, [text("bin").as_str(), "LICENSE*"]);
        systems.push(system.to_owned());
    }
    assert_eq!(systems, ["linux", "windows"]);
}
