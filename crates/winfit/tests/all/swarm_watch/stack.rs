//! The stack file, deployed by `docker stack deploy` on a real Swarm.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::docker_support::real_swarm::{RealSwarm, can_run};
use crate::schemas::check_document;

const IMAGE: &str = "contoso/winfit:1";
const SERVICE: &str = "winfit_watch";

fn well(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What a program needs to run: itself, its libraries, and what loads them.
fn parts(program: &Path) -> Vec<PathBuf> {
    let needed = well(&Command::new("ldd").arg(program).output().unwrap());
    let words = needed.split_whitespace();
    words
        .filter(|word| word.starts_with('/'))
        .map(PathBuf::from)
        .collect()
}

/// Makes the image of the Dockerfile beside the stack file, from this build instead of a repository's.
fn import(swarm: &RealSwarm) {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("root");
    let program = root.join("usr/local/bin/winfit");
    std::fs::create_dir_all(program.parent().unwrap()).unwrap();
    // Without what only debuggers read, which is most of it.
    let built = env!("CARGO_BIN_EXE_winfit");
    well(
        &Command::new("objcopy")
            .args(["--strip-all", built])
            .arg(&program)
            .output()
            .unwrap(),
    );
    for library in parts(Path::new(built)) {
        let copy = root.join(library.strip_prefix("/").unwrap());
        std::fs::create_dir_all(copy.parent().unwrap()).unwrap();
        std::fs::copy(&library, &copy).unwrap();
    }
    let archive = folder.path().join("root.tar");
    let mut pack = Command::new("tar");
    pack.arg("-C")
        .arg(&root)
        .arg("-cf")
        .args([&archive, &PathBuf::from(".")]);
    well(&pack.output().unwrap());
    let archive = archive.display().to_string();
    let change = [
        "--change=ENTRYPOINT [\"winfit\"]",
        "--change=ENV PATH=/usr/local/bin",
    ];
    swarm.docker(
        "win-a",
        &[&["import"], &change[..], &[&archive, IMAGE]].concat(),
    );
}

/// What the watch has logged, all its tasks together.
fn logged(swarm: &RealSwarm) -> Vec<Value> {
    let logs = swarm.try_docker("win-a", &["service", "logs", "--raw", SERVICE]);
    let logs = logs.unwrap_or_default();
    let lines = logs
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    lines.collect()
}

fn told(swarm: &RealSwarm, what: &str, name: &str) -> usize {
    let is_it = |line: &&Value| line["what"] == what && line["subject"]["name"] == name;
    logged(swarm).iter().filter(is_it).count()
}

#[test]
fn deployed_as_it_is_it_labels_tells_and_is_told_once_over_its_restarts() {
    if !can_run() {
        return;
    }
    let swarm = RealSwarm::start(&["win-a"]);
    // The file has the engine's socket where it usually is.
    let socket = swarm.socket("win-a").display().to_string();
    let script = format!("mount -t tmpfs none /run && ln -s {socket} /run/docker.sock");
    well(&swarm.beside("sh").args(["-c", &script]).output().unwrap());
    import(&swarm);
    let labels = ["--label-add=OS=windows", "--label-add=OsVersion=10.0.17763"];
    swarm.docker(
        "win-a",
        &[&["node", "update"], &labels[..], &["win-a"]].concat(),
    );

    let file = crate::repository("integrations/swarm/winfit-stack.yml");
    let deployed = Command::new("docker")
        .args(["stack", "deploy", "--resolve-image=never", "-c"])
        .arg(&file)
        .arg("winfit")
        .env("WINFIT_IMAGE", IMAGE)
        .env("DOCKER_HOST", swarm.address("win-a"))
        .env("DOCKER_CONFIG", swarm.config())
        .output()
        .unwrap();
    well(&deployed);
    swarm.until("the node is labelled", || {
        let format = "--format={{.Spec.Labels}}";
        let shown = swarm.docker("win-a", &["node", "inspect", format, "win-a"]);
        shown.contains("winfit.runs-ltsc2019:true")
    });
    swarm.create("fax", "contoso/fax:2-ltsc2022", "", &["--replicas=0"]);
    swarm.until("the service is told", || {
        told(&swarm, "finding", "fax") == 1
    });

    let container = swarm.docker("win-a", &["ps", "--quiet"]);
    let key = "--format={{.NetworkSettings.SandboxKey}}";
    let key = swarm.docker("win-a", &["inspect", key, container.trim()]);
    let get =
        "exec 3<>/dev/tcp/127.0.0.1/9323; printf 'GET /metrics HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3";
    let mut page = swarm.beside("nsenter");
    page.arg(format!("--net={}", key.trim()))
        .args(["--", "bash", "-c", get]);
    let page = well(&page.output().unwrap());
    assert!(page.contains("\nwinfit_swarm_nodes 1\n"), "{page}");

    // Another task goes on where this one has ended.
    swarm.docker(
        "win-a",
        &["service", "update", "--force", "--detach", SERVICE],
    );
    swarm.until("the next task watches", || {
        let lines = logged(&swarm);
        lines
            .iter()
            .filter(|line| line["what"] == "watching")
            .count()
            == 2
    });
    swarm.create("mail", "contoso/fax:2-ltsc2022", "", &["--replicas=0"]);
    swarm.until("the next service is told", || {
        told(&swarm, "finding", "mail") == 1
    });
    let lines = logged(&swarm);
    lines.iter().for_each(check_document);
    assert_eq!(told(&swarm, "finding", "fax"), 1, "{lines:#?}");
    let ended = lines.iter().filter(|line| line["what"] == "stopped");
    assert_eq!(ended.count(), 1, "{lines:#?}");

    swarm.docker("win-a", &["stack", "rm", "winfit"]);
    swarm.until("nothing of it runs", || {
        swarm.docker("win-a", &["ps", "--quiet"]).trim().is_empty()
    });
}
