//! winfit as a plugin of Docker's own command line.

use std::fs;
use std::process::Command;

use tempfile::TempDir;

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
