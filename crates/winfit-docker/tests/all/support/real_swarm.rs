//! Real Docker daemons in a real Swarm: Debian's `docker.io`, in a network, process and mount namespace of a
//! test's own, each daemon under a hostname of its own. Nothing of it outlives the test.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Long enough for a machine with much else to do.
const PATIENCE: Duration = Duration::from_secs(90);

/// The daemons. They end with this.
pub(crate) struct RealSwarm {
    process: Child,
    folder: TempDir,
    nodes: Vec<String>,
}

/// Whether there is what a Swarm needs; where not, the test that asks is left out, and says so.
pub(crate) fn can_run() -> bool {
    static CAN: OnceLock<bool> = OnceLock::new();
    *CAN.get_or_init(|| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let has = |program: &str| {
            let mut folders = std::env::split_paths(&path);
            folders.any(|folder| folder.join(program).is_file())
        };
        let missing = ["dockerd", "docker", "unshare", "ip", "cc"]
            .into_iter()
            .find(|program| !has(program));
        if let Some(missing) = missing {
            eprintln!("left out: {missing} is not installed (Debian: docker.io, iproute2, gcc)");
            return false;
        }
        let namespaces = Command::new("unshare")
            .args(["--net", "--mount", "--pid", "--fork", "true"])
            .stderr(Stdio::null())
            .status();
        let root = namespaces.is_ok_and(|status| status.success());
        if !root {
            eprintln!("left out: Docker daemons of a test's own need root");
        }
        root
    })
}

impl RealSwarm {
    /// Daemons with these hostnames. The first one is the manager of a Swarm, which the others join as
    /// workers.
    pub(crate) fn start(nodes: &[&str]) -> Self {
        Self::joined(nodes, "worker")
    }

    /// Daemons that are all managers of one Swarm. The first one leads at the beginning.
    // One of the binaries has no managers beside the first.
    #[allow(dead_code)]
    pub(crate) fn managers(nodes: &[&str]) -> Self {
        Self::joined(nodes, "manager")
    }

    fn joined(nodes: &[&str], role: &str) -> Self {
        let swarm = Self::apart(nodes);
        swarm.docker(
            nodes[0],
            &[
                "swarm",
                "init",
                "--advertise-addr=127.0.0.1",
                "--listen-addr=127.0.0.1:2377",
            ],
        );
        let token = swarm.docker(nodes[0], &["swarm", "join-token", "--quiet", role]);
        for (at, node) in nodes.iter().enumerate().skip(1) {
            let address = format!("127.0.0.{}", at + 1);
            swarm.docker(
                node,
                &[
                    "swarm",
                    "join",
                    "--token",
                    token.trim(),
                    &format!("--advertise-addr={address}"),
                    &format!("--listen-addr={address}:2377"),
                    &format!("--data-path-addr={address}"),
                    "127.0.0.1:2377",
                ],
            );
        }
        swarm
    }

    /// Daemons that know nothing of each other.
    pub(crate) fn apart(nodes: &[&str]) -> Self {
        Self::with(nodes, |_| String::new())
    }

    /// Daemons that know nothing of each other, each with flags of its own beside the usual ones.
    pub(crate) fn with(nodes: &[&str], flags: impl Fn(&str) -> String) -> Self {
        let folder = TempDir::new().unwrap();
        let mut script = vec!["ip link set lo up\n".to_owned()];
        for node in nodes {
            let own = folder.path().join(node);
            std::fs::create_dir(&own).unwrap();
            std::fs::write(own.join("daemon.json"), "{}\n").unwrap();
            let (own, flags) = (own.display(), flags(node));
            script.push(format!(
                "unshare --uts sh -c 'hostname {node}; while :; do while [ -e {own}/down ]; do sleep 0.1; done; dockerd --data-root {own}/data --exec-root {own}/exec -p {own}/pid -H unix://{own}/sock --config-file {own}/daemon.json --bridge=none --iptables=false --storage-driver=vfs {flags}; sleep 0.3; done' >{own}/log 2>&1 &\n"
            ));
        }
        script.push("wait\n".to_owned());
        let process = Command::new("unshare")
            .args([
                "--net",
                "--mount",
                "--pid",
                "--fork",
                "--kill-child",
                "--mount-proc",
                "sh",
                "-c",
                &script.concat(),
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let swarm = Self {
            process,
            folder,
            nodes: nodes.iter().map(|node| (*node).to_owned()).collect(),
        };
        for node in &swarm.nodes {
            swarm.until(&format!("{node} answers"), || {
                swarm
                    .command(node, &["info"])
                    .output()
                    .unwrap()
                    .status
                    .success()
            });
        }
        swarm
    }

    /// Ends a daemon, which then begins anew.
    // One of the binaries restarts none.
    #[allow(dead_code)]
    pub(crate) fn restart(&self, node: &str) {
        end(&self.folder(node), "-TERM");
    }

    /// The folder of a daemon, with its `daemon.json` and its log.
    pub(crate) fn folder(&self, node: &str) -> PathBuf {
        self.folder.path().join(node)
    }

    /// A daemon's socket.
    pub(crate) fn socket(&self, node: &str) -> PathBuf {
        self.folder(node).join("sock")
    }

    /// A daemon's address, as `DOCKER_HOST` has it.
    pub(crate) fn address(&self, node: &str) -> String {
        format!("unix://{}", self.socket(node).display())
    }

    /// A program in the daemons' network, whose loopback is theirs.
    // One of the binaries has no use for it.
    #[allow(dead_code)]
    pub(crate) fn inside(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/proc/{}/ns/net", self.process.id()));
        command.args(["--", program]);
        command
    }

    fn command(&self, node: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command
            .args(arguments)
            .env("DOCKER_HOST", self.address(node))
            .env("DOCKER_CONFIG", self.folder.path().join("config"));
        command
    }

    /// Where `docker` keeps its contexts.
    // One of the binaries asks for none.
    #[allow(dead_code)]
    pub(crate) fn config(&self) -> PathBuf {
        self.folder.path().join("config")
    }

    /// What `docker` says of a daemon; none: it ends with a failure.
    // One of the binaries has no daemon that may be away.
    #[allow(dead_code)]
    pub(crate) fn try_docker(&self, node: &str, arguments: &[&str]) -> Option<String> {
        let output = self.command(node, arguments).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        output.status.success().then_some(said)
    }

    /// What `docker` says of a daemon.
    pub(crate) fn docker(&self, node: &str, arguments: &[&str]) -> String {
        let output = self.command(node, arguments).output().unwrap();
        assert!(
            output.status.success(),
            "docker {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// Gives all daemons an image that runs where its `FITS` names the host that `NODE` says it is on, and
    /// ends with a failure elsewhere.
    pub(crate) fn import(&self, image: &str) {
        let archive = self.folder.path().join("root.tar");
        if !archive.is_file() {
            let root = self.folder.path().join("root");
            std::fs::create_dir(&root).unwrap();
            let source = self.folder.path().join("start.c");
            std::fs::write(&source, START).unwrap();
            let built = Command::new("cc")
                .args(["-static", "-O1", "-o"])
                .args([root.join("start"), source])
                .status();
            assert!(built.unwrap().success());
            let packed = Command::new("tar")
                .arg("-C")
                .arg(&root)
                .arg("-cf")
                .args([&archive, &PathBuf::from(".")])
                .status();
            assert!(packed.unwrap().success());
        }
        for node in &self.nodes {
            let archive = archive.display().to_string();
            self.docker(
                node,
                &[
                    "import",
                    "--change",
                    "ENTRYPOINT [\"/start\"]",
                    &archive,
                    image,
                ],
            );
        }
    }

    /// Creates a service of such an image on the first daemon.
    pub(crate) fn create(&self, service: &str, image: &str, fits: &str, more: &[&str]) {
        let name = format!("--name={service}");
        let fits = format!("--env=FITS={fits}");
        let mut arguments = vec![
            "service",
            "create",
            "--detach",
            "--network=host",
            "--no-resolve-image",
            "--env=NODE={{.Node.Hostname}}",
            "--restart-delay=1s",
            &name,
            &fits,
        ];
        arguments.extend(more);
        arguments.push(image);
        self.docker(&self.nodes[0], &arguments);
    }

    /// Running and wanted tasks of a service, as `docker service ls` says: `0/1`.
    pub(crate) fn replicas(&self, service: &str) -> String {
        let filter = format!("name={service}");
        let arguments = [
            "service",
            "ls",
            "--filter",
            &filter,
            "--format={{.Replicas}}",
        ];
        self.docker(&self.nodes[0], &arguments).trim().to_owned()
    }

    /// Waits until something is so.
    pub(crate) fn until(&self, what: &str, is_so: impl Fn() -> bool) {
        let end = Instant::now() + PATIENCE;
        while !is_so() {
            if Instant::now() > end {
                let logs = self.nodes.iter().map(|node| {
                    let log = std::fs::read_to_string(self.folder(node).join("log"));
                    let log = log.unwrap_or_default();
                    let last: Vec<&str> = log.lines().rev().take(8).collect();
                    format!("{node}:\n{}", last.join("\n"))
                });
                let logs: Vec<String> = logs.collect();
                panic!("waited in vain until {what}\n{}", logs.join("\n"));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Kills the daemon of this folder, as a machine dies that loses its power. It stays away until `down` is
/// removed.
// One of the binaries kills none.
#[allow(dead_code)]
pub(crate) fn kill(folder: &Path) {
    std::fs::write(folder.join("down"), "").unwrap();
    end(folder, "-KILL");
}

fn end(folder: &Path, signal: &str) {
    let own = folder.join("pid").display().to_string();
    let is_it = |process: &std::fs::DirEntry| {
        let words = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        let words = String::from_utf8_lossy(&words).into_owned();
        let mut words = words.split('\0');
        words.next() == Some("dockerd") && words.any(|word| word == own)
    };
    let mut processes = std::fs::read_dir("/proc").unwrap().flatten();
    let daemon = processes.find(is_it).unwrap().file_name();
    let ended = Command::new("kill").arg(signal).arg(daemon).status();
    assert!(ended.unwrap().success());
}

impl Drop for RealSwarm {
    fn drop(&mut self) {
        // The namespace's first process goes with it, and all others with that.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs for as long as it is let where it fits, and says what is wrong elsewhere.
const START: &str = r#"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void end(int signal) { _exit(0); }

int main(void) {
    const char *node = getenv("NODE"), *fits = getenv("FITS");
    signal(SIGTERM, end);
    if (!node || !fits || !strstr(fits, node)) {
        fprintf(stderr, "this does not fit %s\n", node ? node : "here");
        return 1;
    }
    for (;;)
        pause();
}
"#;
