//! Debian's `docker-registry`, started on a free port of loopback with a folder of its own.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A registry; it ends with the test.
pub(crate) struct Registry {
    process: Child,
    folder: TempDir,
    users: Option<TempDir>,
    port: u16,
}

/// `captain:quiet harbour`, as `auth` of a login holds it.
pub(crate) const AUTH: &str = "Y2FwdGFpbjpxdWlldCBoYXJib3Vy";
/// The same as htpasswd does (bcrypt).
const HTPASSWD: &str = "captain:$2y$05$winfitwinfitwinfitwinOAuonrqsqhgDnQ.YHU4k8gYrbvcSzfwO\n";

impl Registry {
    /// A registry that speaks plain HTTP and lets everybody in.
    pub(crate) fn start() -> Self {
        Self::with("", "")
    }

    /// A registry with further lines of `http:` and of the whole configuration.
    pub(crate) fn with(http: &str, more: &str) -> Self {
        Self::on(free_port(), http, more)
    }

    /// A registry that lets in `captain` with `quiet harbour` alone.
    pub(crate) fn guarded() -> Self {
        let folder = TempDir::new().unwrap();
        let users = folder.path().join("htpasswd");
        fs::write(&users, HTPASSWD).unwrap();
        let auth = format!(
            "auth: {{htpasswd: {{realm: harbour, path: {}}}}}\n",
            users.display()
        );
        // It reads its users when somebody comes.
        let mut registry = Self::with("", &auth);
        registry.users = Some(folder);
        registry
    }

    /// The same on this port.
    pub(crate) fn on(port: u16, http: &str, more: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let root = folder.path().join("data");
        let config = folder.path().join("config.yml");
        let text = format!(
            "version: 0.1\nlog: {{level: warn, accesslog: {{disabled: true}}}}\nstorage:\n  filesystem: {{rootdirectory: {}}}\n  delete: {{enabled: true}}\nhttp:\n  addr: 127.0.0.1:{port}\n{http}{more}",
            root.display()
        );
        fs::write(&config, text).unwrap();
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let process = Command::new("docker-registry")
            .arg("serve")
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| {
                panic!("docker-registry (Debian: apt-get install docker-registry): {error}")
            });
        let mut registry = Self {
            process,
            folder,
            users: None,
            port,
        };
        registry.wait();
        registry
    }

    fn wait(&mut self) {
        let end = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let ended = self.process.try_wait().unwrap();
            assert!(
                ended.is_none() && Instant::now() < end,
                "the registry does not start: {}",
                fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// `127.0.0.1:PORT`, as references name it.
    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

/// Whether the registry and its witness are installed; where they are not, the test that asks is left
/// out, and says so.
pub(crate) fn installed() -> bool {
    let found = ["docker-registry", "skopeo"].into_iter().all(|program| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
    });
    if !found {
        eprintln!("left out: docker-registry and skopeo are not installed (Debian has both)");
    }
    found
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A port that nobody has at this moment.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
