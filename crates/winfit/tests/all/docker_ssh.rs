//! Engines behind ssh: a real sshd, and a real daemon that `docker system dial-stdio` speaks to.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::docker_support::real_swarm::{RealSwarm, can_run};
use crate::support::registry::free_port;
use crate::told::flat;

const SSHD: &str = "/usr/sbin/sshd";

/// A machine with sshd and an engine. What a user has of ssh stands in a folder of the test's.
struct Machine {
    swarm: RealSwarm,
    sshd: Child,
    port: u16,
    folder: TempDir,
}

impl Machine {
    fn start() -> Self {
        let swarm = RealSwarm::start(&["win-a"]);
        let folder = TempDir::new().unwrap();
        let path = |name: &str| folder.path().join(name);
        for key in ["host", "mine", "stranger"] {
            let mut command = Command::new("ssh-keygen");
            command
                .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                .arg(path(key));
            assert!(command.status().unwrap().success());
        }
        fs::copy(path("mine.pub"), path("authorized")).unwrap();
        let port = free_port();
        let known = fs::read_to_string(path("host.pub")).unwrap();
        fs::write(path("known"), format!("[127.0.0.1]:{port} {known}")).unwrap();
        fs::write(path("nobody-known"), "").unwrap();
        let settings = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\n\
             StrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
             PermitRootLogin prohibit-password\n",
            path("host").display(),
            path("authorized").display()
        );
        fs::write(path("sshd"), settings).unwrap();
        // Where sshd puts away its rights; Debian makes it when the service starts.
        fs::create_dir_all("/run/sshd").unwrap();
        let sshd = Command::new(SSHD)
            .args(["-D", "-e", "-f"])
            .arg(path("sshd"))
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let machine = Self {
            swarm,
            sshd,
            port,
            folder,
        };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                begun.elapsed() < Duration::from_secs(30),
                "sshd does not begin"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        machine
    }

    /// What `winfit docker audit` tells with a DOCKER_HOST, its lines joined. A command `ssh` before the
    /// real one stands for the user's own settings, which are not the test's to change.
    fn audit(&self, host: &str, key: &str, known: &str) -> String {
        let tools = TempDir::new().unwrap();
        let ssh = tools.path().join("ssh");
        let at = |name: &str| self.folder.path().join(name).display().to_string();
        let script = format!(
            "#!/bin/sh\nexec /usr/bin/ssh -F none -o BatchMode=yes -o IdentitiesOnly=yes -i {} \
             -o UserKnownHostsFile={} -o GlobalKnownHostsFile=none -o StrictHostKeyChecking=yes \"$@\"\n",
            at(key),
            at(known)
        );
        fs::write(&ssh, script).unwrap();
        fs::set_permissions(&ssh, fs::Permissions::from_mode(0o755)).unwrap();
        let path = std::env::var("PATH").unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_winfit"))
            .args(["docker", "audit", "--timeout", "30"])
            .env("PATH", format!("{}:{path}", tools.path().display()))
            .env("DOCKER_HOST", host)
            .env("WINFIT_CATALOG_OVERLAY", "off")
            .output()
            .unwrap();
        flat(&output)
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.sshd.kill();
        let _ = self.sshd.wait();
    }
}

#[test]
fn an_engine_behind_ssh_answers_and_ssh_says_itself_what_fails() {
    if !can_run() || !Path::new(SSHD).exists() {
        eprintln!("left out: needs root, dockerd and sshd");
        return;
    }
    let machine = Machine::start();
    let socket = machine.swarm.socket("win-a").display().to_string();
    let good = format!("ssh://root@127.0.0.1:{}{socket}", machine.port);

    let said = machine.audit(&good, "mine", "known");
    assert!(said.contains("win-a"), "{said}");

    let unreached = |said: &str, words: &str| {
        assert!(said.contains("is not reached by ssh"), "{said}");
        assert!(said.contains(words), "{said}");
    };
    unreached(
        &machine.audit(&good, "stranger", "known"),
        "Permission denied (publickey)",
    );
    unreached(
        &machine.audit(&good, "mine", "nobody-known"),
        "Host key verification failed",
    );
    let nowhere = format!("ssh://root@127.0.0.1:{}/no/such/socket", machine.port);
    unreached(&machine.audit(&nowhere, "mine", "known"), "/no/such/socket");
    unreached(
        &machine.audit("ssh://root@127.0.0.1:1", "mine", "known"),
        "Connection refused",
    );
}
