//! A real `kube-apiserver` with its `etcd`, where `KUBEBUILDER_ASSETS` names a folder that has both.
//!
//! Run with Kubernetes 1.20 and etcd 3.4. Newer ones take the same flags by their documentation.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::admin::{Admin, JSON, Upstream};
use super::api::{ADMIN, Rule, token_of};

/// How long both may take to start on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// Each is heavy: tests that meet them go one after another.
static ONE: Mutex<()> = Mutex::new(());

/// Both programs. They end with it.
pub(super) struct Real {
    pub(super) admin: Admin,
    _programs: [Program; 2],
    _folder: TempDir,
    _one: MutexGuard<'static, ()>,
}

/// A program that ends with its handle.
struct Program {
    child: Child,
    log: PathBuf,
}

impl Program {
    fn start(command: &mut Command, log: PathBuf) -> Self {
        let file = File::create(&log).unwrap();
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Self { child, log }
    }

    /// Waits until something holds, which the program brings about.
    fn until(&mut self, mut holds: impl FnMut() -> bool) {
        let end = Instant::now() + PATIENCE;
        while !holds() {
            let ended = self.child.try_wait().unwrap();
            if ended.is_some() || Instant::now() > end {
                let log = fs::read_to_string(&self.log).unwrap_or_default();
                let lines: Vec<&str> = log.lines().rev().take(20).collect();
                panic!("{}: {ended:?}\n{}", self.log.display(), lines.join("\n"));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The folder with both programs.
pub(super) fn assets() -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os("KUBEBUILDER_ASSETS")?);
    ["kube-apiserver", "etcd"]
        .into_iter()
        .all(|program| folder.join(program).is_file())
        .then_some(folder)
}

/// Ports that nobody listens on now.
fn free_ports<const N: usize>() -> [SocketAddr; N] {
    let listeners = [(); N].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
    listeners.map(|listener| listener.local_addr().unwrap())
}

impl Real {
    pub(super) fn start(assets: &Path) -> Self {
        let one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = TempDir::new().unwrap();
        let [peers, clients, secure] = free_ports();
        let mut etcd_program = Program::start(
            Command::new(assets.join("etcd"))
                .arg(format!(
                    "--data-dir={}",
                    folder.path().join("etcd").display()
                ))
                .arg(format!("--listen-peer-urls=http://{peers}"))
                .arg(format!("--initial-advertise-peer-urls=http://{peers}"))
                .arg(format!("--initial-cluster=default=http://{peers}"))
                .arg(format!("--listen-client-urls=http://{clients}"))
                .arg(format!("--advertise-client-urls=http://{clients}")),
            folder.path().join("etcd.log"),
        );
        let etcd = Admin {
            token: None,
            ..Admin::plain(clients)
        };
        etcd_program.until(|| {
            etcd.try_to_send("GET", "/health", None)
                .is_ok_and(|(code, _)| code == 200)
        });
        let tls = write_certificates(folder.path());
        let plain = Admin {
            upstream: Upstream {
                address: secure,
                tls: Some(tls),
            },
            ..Admin::plain(secure)
        };
        let speaker = plain.clone();
        let admin = Admin {
            forgets: Arc::new(move || forget(&speaker, &etcd)),
            ..plain
        };
        let mut server = Program::start(
            &mut api_server(assets, folder.path(), clients, secure),
            folder.path().join("kube-apiserver.log"),
        );
        // Ready is when it has made its own roles too.
        server.until(|| {
            admin
                .try_to_send("GET", "/readyz", None)
                .is_ok_and(|(code, _)| code == 200)
        });
        Self {
            admin,
            _programs: [server, etcd_program],
            _folder: folder,
            _one: one,
        }
    }

    /// Lets a user do this, and waits until the server has heard of it.
    pub(super) fn admit(&self, user: &str, rules: &[Rule]) {
        const GROUP: &str = "/apis/rbac.authorization.k8s.io/v1";
        for (at, rule) in rules.iter().enumerate() {
            let name = format!("test-{user}-{at}");
            let role = json!({
                "kind": "ClusterRole", "metadata": {"name": name},
                "rules": [{"verbs": rule.verbs, "apiGroups": [rule.group], "resources": [rule.resource]}],
            });
            self.make(&format!("{GROUP}/clusterroles"), &role);
            let (kind, path) = match rule.namespace {
                None => ("ClusterRoleBinding", format!("{GROUP}/clusterrolebindings")),
                Some(namespace) => {
                    let path = format!("{GROUP}/namespaces/{namespace}/rolebindings");
                    ("RoleBinding", path)
                }
            };
            let group = "rbac.authorization.k8s.io";
            self.make(
                &path,
                &json!({
                    "kind": kind, "metadata": {"name": name},
                    "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": name},
                    "subjects": [{"apiGroup": group, "kind": "User", "name": user}],
                }),
            );
            let end = Instant::now() + PATIENCE;
            while !self.may(user, rule) {
                assert!(Instant::now() < end, "{user} may not yet: {rule:?}");
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }

    fn make(&self, path: &str, object: &Value) {
        let mut object = object.clone();
        object["apiVersion"] = json!("rbac.authorization.k8s.io/v1");
        let (code, answer) = self.admin.send("POST", path, Some((JSON, &object)));
        assert_eq!(code, 201, "{answer}");
    }

    /// Whether the server lets a user do what a rule names.
    fn may(&self, user: &str, rule: &Rule) -> bool {
        let (resource, subresource) = rule.resource.split_once('/').unwrap_or((rule.resource, ""));
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
            "spec": {"user": user, "resourceAttributes": {
                "verb": rule.verbs[0], "group": rule.group, "resource": resource,
                "subresource": subresource, "namespace": rule.namespace.unwrap_or_default(),
            }},
        });
        let path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
        let (_, answer) = self.admin.send("POST", path, Some((JSON, &review)));
        answer["status"]["allowed"] == true
    }
}

/// Makes etcd forget all states but today's.
fn forget(admin: &Admin, etcd: &Admin) {
    let now = admin.get("/api/v1/namespaces?limit=1");
    let body = json!({"revision": now["metadata"]["resourceVersion"], "physical": true});
    let (code, answer) = etcd.send("POST", "/v3/kv/compaction", Some((JSON, &body)));
    assert_eq!(code, 200, "{answer}");
}

fn api_server(assets: &Path, folder: &Path, etcd: SocketAddr, secure: SocketAddr) -> Command {
    let tokens = folder.join("tokens.csv");
    let line = format!("{},{ADMIN},1,\"system:masters\"\n", token_of(ADMIN));
    fs::write(&tokens, line).unwrap();
    let file = |name: &str| folder.join(name).display().to_string();
    let mut command = Command::new(assets.join("kube-apiserver"));
    command
        .arg(format!("--etcd-servers=http://{etcd}"))
        .arg(format!("--bind-address={}", secure.ip()))
        .arg(format!("--advertise-address={}", secure.ip()))
        .arg(format!("--secure-port={}", secure.port()))
        .arg(format!("--cert-dir={}", file("certs")))
        .arg(format!("--tls-cert-file={}", file("server.crt")))
        .arg(format!("--tls-private-key-file={}", file("server.key")))
        .arg(format!("--token-auth-file={}", tokens.display()))
        .arg("--authorization-mode=RBAC")
        .arg(format!("--service-account-issuer=https://{secure}"))
        .arg(format!(
            "--service-account-key-file={}",
            file("accounts.pub")
        ))
        .arg(format!(
            "--service-account-signing-key-file={}",
            file("accounts.key")
        ))
        .arg("--service-cluster-ip-range=10.0.0.0/24")
        // Loopback is no endpoint of a service.
        .arg("--endpoint-reconciler-type=none")
        // No controller makes the accounts of pods, and none takes the taints off new nodes.
        .arg("--disable-admission-plugins=ServiceAccount,TaintNodesByCondition");
    command
}

/// Writes the server's certificate and the keys of accounts; gives back how a client trusts the server.
fn write_certificates(folder: &Path) -> Arc<rustls::ClientConfig> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    fs::write(folder.join("server.crt"), certificate.pem()).unwrap();
    fs::write(folder.join("server.key"), key.serialize_pem()).unwrap();
    let accounts = KeyPair::generate().unwrap();
    fs::write(folder.join("accounts.key"), accounts.serialize_pem()).unwrap();
    fs::write(folder.join("accounts.pub"), accounts.public_key_pem()).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    let authority = CertificateDer::from_pem_slice(issuer.pem().as_bytes()).unwrap();
    roots.add(authority).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}
