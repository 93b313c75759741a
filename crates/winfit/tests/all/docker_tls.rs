//! Engines behind TLS, as `docker` reaches them: real daemons with `--tlsverify`, and every way in which it
//! does not come about.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::docker_support::real_swarm::{RealSwarm, can_run};
use crate::support::authority::Authority;
use crate::told::flat;

/// One daemon whose certificate holds for 127.0.0.1 and win-a, one whose certificate has ended, and one that
/// speaks plain HTTP; and the files of a user whom the first two let in.
struct Engines {
    swarm: RealSwarm,
    /// `ca.pem`, `cert.pem` and `key.pem`, as `DOCKER_CERT_PATH` names them.
    files: TempDir,
    /// The folder of Docker's settings.
    config: TempDir,
    _authority: Authority,
}

impl Engines {
    fn start() -> Self {
        let authority = Authority::new();
        let ca = authority.file();
        let good = authority.server(&["127.0.0.1", "win-a"]);
        let old = authority.expired(&["127.0.0.1"]);
        let client = authority.client();
        let flags = |port: u16, (certificate, key): &(PathBuf, PathBuf)| {
            format!(
                "-H tcp://0.0.0.0:{port} --tlsverify --tlscacert={} --tlscert={} --tlskey={}",
                ca.display(),
                certificate.display(),
                key.display()
            )
        };
        let swarm = RealSwarm::with(&["win-a", "old", "plain"], |node| match node {
            "win-a" => flags(2376, &good),
            "old" => flags(2377, &old),
            _ => "-H tcp://127.0.0.1:2375 --tls=false".to_owned(),
        });
        let files = TempDir::new().unwrap();
        fs::copy(&ca, files.path().join("ca.pem")).unwrap();
        fs::copy(&client.0, files.path().join("cert.pem")).unwrap();
        fs::copy(&client.1, files.path().join("key.pem")).unwrap();
        Self {
            swarm,
            files,
            config: TempDir::new().unwrap(),
            _authority: authority,
        }
    }

    fn command(&self, program: &str, environment: &[(&str, &str)]) -> Command {
        let mut command = self.swarm.inside(program);
        for name in [
            "DOCKER_HOST",
            "DOCKER_CONTEXT",
            "DOCKER_TLS",
            "DOCKER_TLS_VERIFY",
        ] {
            command.env_remove(name);
        }
        command
            .env("WINFIT_CATALOG_OVERLAY", "off")
            .env("DOCKER_CONFIG", self.config.path())
            .env("DOCKER_CERT_PATH", self.files.path())
            .envs(environment.iter().copied());
        command
    }

    /// What `winfit docker audit` tells, its lines joined.
    fn audit(&self, environment: &[(&str, &str)], arguments: &[&str]) -> String {
        let output = self
            .command(env!("CARGO_BIN_EXE_winfit"), environment)
            .args(["docker", "audit"])
            .args(arguments)
            .output()
            .unwrap();
        with_code(&output)
    }

    /// A context of Docker's own making.
    fn context(&self, name: &str, endpoint: &str) {
        let output = self
            .command("docker", &[])
            .args(["context", "create", name, "--docker", endpoint])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", flat(&output));
    }

    fn file(&self, name: &str) -> String {
        self.files.path().join(name).display().to_string()
    }
}

/// The exit code and all that was told, its lines joined.
fn with_code(output: &Output) -> String {
    format!("{}: {}", output.status.code().unwrap(), flat(output))
}

/// What an engine on Linux is told by.
const ANSWERED: &str = "0: host win-a, Linux";

const VERIFY: (&str, &str) = ("DOCKER_TLS_VERIFY", "1");

fn put(folder: &Path, name: &str, from: &Path) {
    fs::copy(from, folder.join(name)).unwrap();
}

#[test]
fn engines_behind_tls_answer_as_the_environment_or_a_context_names_them() {
    if !can_run() {
        return;
    }
    let engines = Engines::start();
    let at = ("DOCKER_HOST", "tcp://127.0.0.1:2376");
    let good = |told: String| assert!(told.starts_with(ANSWERED), "{told}");
    good(engines.audit(&[at, VERIFY], &[]));
    // Without a port, by the option; without a check.
    good(engines.audit(&[VERIFY], &["--docker-host=tcp://127.0.0.1"]));
    good(engines.audit(
        &[("DOCKER_HOST", "tcp://127.0.0.2:2376"), ("DOCKER_TLS", "1")],
        &[],
    ));

    let (ca, cert, key) = (
        engines.file("ca.pem"),
        engines.file("cert.pem"),
        engines.file("key.pem"),
    );
    let tls = format!("cert={cert},key={key}");
    engines.context("whole", &format!("host=tcp://127.0.0.1:2376,ca={ca},{tls}"));
    good(engines.audit(&[("DOCKER_CONTEXT", "whole")], &[]));
    engines.context(
        "any",
        &format!("host=tcp://127.0.0.2:2376,skip-tls-verify=true,{tls}"),
    );
    good(engines.audit(&[], &["--context=any"]));
    // Without an authority of its own this machine's count.
    engines.context("own", &format!("host=tcp://127.0.0.1:2376,{tls}"));
    let told = engines.audit(&[("SSL_CERT_FILE", &ca)], &["--context=own"]);
    good(told);
    let nobody = engines.audit(&[], &["--context=own"]);
    assert_eq!(
        nobody,
        "3: winfit: tcp://127.0.0.1:2376: TLS does not come about: no authority that this machine knows has signed the engine's certificate; name the one that has, as ca= of the context"
    );
}

#[test]
fn each_fault_of_tls_is_one_sentence_with_what_to_do() {
    if !can_run() {
        return;
    }
    let engines = Engines::start();
    let told = |host: &str, environment: &[(&str, &str)]| {
        let mut all = vec![("DOCKER_HOST", host)];
        all.extend(environment);
        engines.audit(&all, &[])
    };
    let stranger = Authority::new();
    let folder = TempDir::new().unwrap();
    let own = folder.path().display().to_string();
    let there = ("DOCKER_CERT_PATH", &*own);
    let win_a = "tcp://127.0.0.1:2376";
    let begins = "TLS does not come about:";

    assert_eq!(
        told(win_a, &[VERIFY, there]),
        format!(
            "2: winfit: DOCKER_TLS_VERIFY wants {own}/ca.pem, the certificate of the authority that signed the engine's; put it there, or name another folder with DOCKER_CERT_PATH"
        )
    );
    put(folder.path(), "ca.pem", &stranger.file());
    assert_eq!(
        told(win_a, &[VERIFY, there]),
        format!(
            "3: winfit: {win_a}: {begins} {own}/ca.pem has not signed the engine's certificate; put the certificate of the authority there that has"
        )
    );
    assert_eq!(
        told("tcp://127.0.0.2:2376", &[VERIFY]),
        format!(
            "3: winfit: tcp://127.0.0.2:2376: {begins} the engine's certificate is for 127.0.0.1, win-a, not for 127.0.0.2; ask for the engine by a name of its certificate, or have one signed with this name"
        )
    );
    assert_eq!(
        told("tcp://127.0.0.1:2377", &[VERIFY]),
        format!(
            "3: winfit: tcp://127.0.0.1:2377: {begins} the engine's certificate ended on 2020-01-01; give the engine a new one, or set this machine's clock right"
        )
    );
    // Who asks: nobody, then somebody whom another authority has signed.
    put(folder.path(), "ca.pem", Path::new(&engines.file("ca.pem")));
    assert_eq!(
        told(win_a, &[VERIFY, there]),
        format!(
            "3: winfit: {win_a}: {begins} the engine wants a certificate of who asks, and there is none; put cert.pem and key.pem into the folder that DOCKER_CERT_PATH names, or name them as cert= and key= of the context"
        )
    );
    let (certificate, key) = stranger.client();
    put(folder.path(), "cert.pem", &certificate);
    put(folder.path(), "key.pem", &key);
    assert_eq!(
        told(win_a, &[VERIFY, there]),
        format!(
            "3: winfit: {win_a}: {begins} the engine does not take {own}/cert.pem; have a certificate for clients signed by the authority that the engine trusts (its --tlscacert), and see that it has not ended"
        )
    );
    // Files that are none.
    fs::write(folder.path().join("key.pem"), "no key").unwrap();
    let broken = told(win_a, &[VERIFY, there]);
    assert!(
        broken.contains(&format!("{own}/key.pem holds no key")),
        "{broken}"
    );
    fs::write(folder.path().join("ca.pem"), "no certificate").unwrap();
    let broken = told(win_a, &[VERIFY, there]);
    assert!(
        broken.contains(&format!("{own}/ca.pem holds no certificate")),
        "{broken}"
    );

    // Plain HTTP to who speaks TLS, and the reverse.
    assert_eq!(
        told(win_a, &[]),
        format!(
            "3: winfit: {win_a} speaks TLS, and was asked in plain HTTP; set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH, or give the context its ca=, cert= and key="
        )
    );
    assert_eq!(
        told("tcp://127.0.0.1:2375", &[VERIFY]),
        "3: winfit: tcp://127.0.0.1:2375 speaks no TLS; ask its port for TLS (usually 2376), or leave DOCKER_TLS_VERIFY and DOCKER_TLS unset where plain HTTP is meant"
    );
}
