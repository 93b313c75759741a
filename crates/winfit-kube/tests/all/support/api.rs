//! A small Kubernetes API that keeps what is written to it: pages of one state, watches, selectors, the four
//! kinds of patches, server-side apply with owners of fields, conflicts, dry runs, fields that may not change,
//! RBAC refusals, discovery for kubectl, and faults that a test asks for. Where its words matter they are
//! those of kube-apiserver. `cluster.rs` has the same tests meet the real one.

mod check;
mod discovery;
mod http;
mod kinds;
mod managed;
mod patch;
mod selector;
mod status;
mod store;
mod watch;
mod write;

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use serde_json::Value;
use tempfile::TempDir;

use self::kinds::Path;
use self::store::Store;
use super::faults::{Faults, Met};

pub(crate) use self::http::{Request, Response};

/// What happens instead of an answer of this API.
pub(crate) type Fault = super::faults::Fault<Cluster>;

/// What a user may do with a resource.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    /// `get`, `list`, `patch`; `*` for all of them.
    pub(crate) verbs: &'static [&'static str],
    /// Its group; of the core API the empty text.
    pub(crate) group: &'static str,
    /// Its name: `pods`, `nodes/status`.
    pub(crate) resource: &'static str,
    /// The namespace; none: everywhere.
    pub(crate) namespace: Option<&'static str>,
}

/// A user, known by a token.
#[derive(Debug, Clone)]
struct User {
    name: String,
    token: String,
    /// None: everything.
    rules: Option<Vec<Rule>>,
}

/// What is in the cluster.
#[derive(Clone, Default)]
pub(crate) struct Cluster {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    store: Mutex<Store>,
    /// Wakes the watches.
    changed: Condvar,
}

impl Cluster {
    /// Puts an object in as it is, with its status.
    pub(crate) fn put(&self, object: &Value) {
        self.store().put(object);
        self.inner.changed.notify_all();
    }

    /// Takes an object out.
    pub(crate) fn delete(&self, path: &str) {
        let path = Path::parse(path).unwrap();
        self.store().take_out(&path);
        self.inner.changed.notify_all();
    }

    /// An object.
    pub(crate) fn get(&self, path: &str) -> Value {
        let path = Path::parse(path).unwrap();
        let found = self.store().get(&path);
        found.unwrap_or_else(|| panic!("no {path:?}"))
    }

    /// Forgets every state but today's: lists of several pages and watches that began before then have ended.
    pub(crate) fn forget(&self) {
        self.store().forget();
        self.inner.changed.notify_all();
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.inner.store.lock().unwrap()
    }
}

/// An API server on a free port of loopback.
pub(crate) struct TestApi {
    address: SocketAddr,
    /// What is in the cluster.
    pub(crate) cluster: Cluster,
    shared: Arc<Shared>,
    folder: TempDir,
}

struct Shared {
    users: Mutex<Vec<User>>,
    faults: Faults<Cluster>,
}

/// The user who may do everything.
pub(crate) const ADMIN: &str = "admin";

/// A user's token.
pub(crate) fn token_of(user: &str) -> String {
    format!("token-of-{user}")
}

/// Writes a kubeconfig for a user, whose namespace is `shop`.
pub(crate) fn write_kubeconfig(folder: &TempDir, server: SocketAddr, user: &str) -> PathBuf {
    write_config(folder, user, &format!("http://{server}"), "config")
}

/// The same for kubectl, which sends no token over plain HTTP.
pub(crate) fn write_kubectl_config(folder: &TempDir, server: SocketAddr, user: &str) -> PathBuf {
    write_config(
        folder,
        user,
        &format!("http://{server}/as/{user}"),
        "kubectl",
    )
}

fn write_config(folder: &TempDir, user: &str, server: &str, extension: &str) -> PathBuf {
    let path = folder.path().join(format!("{user}.{extension}"));
    let config = serde_json::json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "test",
        "clusters": [{"name": "test", "cluster": {"server": server}}],
        "users": [{"name": user, "user": {"token": token_of(user)}}],
        "contexts": [{"name": "test", "context": {
            "cluster": "test", "user": user, "namespace": "shop"}}],
    });
    std::fs::write(&path, config.to_string()).unwrap();
    path
}

impl TestApi {
    /// Starts it, with these objects in it.
    pub(crate) fn start(objects: &[Value]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let cluster = Cluster::default();
        for object in objects {
            cluster.put(object);
        }
        let admin = User {
            name: ADMIN.to_owned(),
            token: token_of(ADMIN),
            rules: None,
        };
        let shared = Arc::new(Shared {
            users: Mutex::new(vec![admin]),
            faults: Faults::new(),
        });
        let (served, serving) = (cluster.clone(), Arc::clone(&shared));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (cluster, shared) = (served.clone(), Arc::clone(&serving));
                std::thread::spawn(move || serve(stream, &cluster, &shared));
            }
        });
        Self {
            address,
            cluster,
            shared,
            folder: TempDir::new().unwrap(),
        }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The kubeconfig of the user who may do everything.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        write_kubeconfig(&self.folder, self.address, ADMIN)
    }

    /// The same for kubectl.
    pub(crate) fn kubectl_config(&self) -> PathBuf {
        write_kubectl_config(&self.folder, self.address, ADMIN)
    }

    /// The kubeconfig of a user who may do only this.
    pub(crate) fn kubeconfig_of(&self, user: &str, rules: &[Rule]) -> PathBuf {
        self.admit(user, rules);
        write_kubeconfig(&self.folder, self.address, user)
    }

    /// Lets a user do this.
    pub(crate) fn admit(&self, user: &str, rules: &[Rule]) {
        self.shared.users.lock().unwrap().push(User {
            name: user.to_owned(),
            token: token_of(user),
            rules: Some(rules.to_vec()),
        });
    }

    /// The kubeconfig of somebody whose login is not known.
    pub(crate) fn kubeconfig_of_nobody(&self) -> PathBuf {
        write_kubeconfig(&self.folder, self.address, "nobody")
    }

    /// Lets something happen to a request of this method whose path and query hold `part`, after so many were
    /// let by.
    pub(crate) fn on(&self, method: &'static str, part: &str, after: usize, fault: Fault) {
        self.shared.faults.on(method, part, after, fault);
    }

    /// What was asked: methods with paths and queries.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.shared.faults.asked()
    }
}

fn serve(mut stream: TcpStream, cluster: &Cluster, shared: &Shared) {
    let Some(request) = Request::read(&stream) else {
        return;
    };
    let mut cut = false;
    match shared.faults.meet(&request) {
        Met::Answer(response) => return response.write(&mut stream, false),
        Met::Hang => loop {
            std::thread::park();
        },
        Met::First(act) => act(cluster),
        Met::Cut => cut = true,
        Met::Nothing => {}
    }
    if let Some(response) = answer(&mut stream, &request, cluster, shared) {
        response.write(&mut stream, cut);
    }
}

/// Answers; none: a watch that answered already.
fn answer(
    stream: &mut TcpStream,
    request: &Request,
    cluster: &Cluster,
    shared: &Shared,
) -> Option<Response> {
    let users = shared.users.lock().unwrap().clone();
    let bearer = request.header("authorization").unwrap_or_default();
    let token = bearer.strip_prefix("Bearer ").unwrap_or_default();
    let Some(user) = users.iter().find(|user| user.token == token) else {
        return Some(status::unauthorized());
    };
    let Some(path) = Path::parse(request.path()) else {
        return Some(discovery::answer(request.path()).unwrap_or_else(status::no_path));
    };
    let Some(verb) = verb(request, &path) else {
        return Some(status::not_allowed());
    };
    if !allows(user, verb, &path) {
        return Some(status::forbidden(&user.name, verb, &path));
    }
    let kind = request.header("content-type").unwrap_or("application/json");
    if ["create", "update"].contains(&verb) && !kind.starts_with("application/json") {
        return Some(status::unknown_format(&["application/json"]));
    }
    if verb == "watch" {
        watch::serve(stream, cluster, &path, request);
        return None;
    }
    let mut store = cluster.store();
    let response = match verb {
        "list" => store.list(&path, request),
        "get" => store.get(&path).map_or_else(
            || status::no_object(&path),
            |object| Response::json(200, &object),
        ),
        "patch" => store.patch(&path, request),
        "update" => store.replace(&path, request),
        "create" => store.create(&path, request),
        _ => store.delete(&path, request),
    };
    drop(store);
    cluster.inner.changed.notify_all();
    Some(response)
}

/// What a request wants to do; none: nothing that there is.
fn verb(request: &Request, path: &Path) -> Option<&'static str> {
    let watches = ["1", "true"].contains(&request.query("watch").unwrap_or_default().as_str());
    let placed = !path.kind.namespaced || !path.namespace.is_empty();
    Some(match (request.method.as_str(), path.name.is_empty()) {
        ("GET", _) if watches => "watch",
        ("GET", true) => "list",
        ("GET", false) => "get",
        ("PATCH", false) => "patch",
        ("PUT", false) => "update",
        ("POST", true) if placed => "create",
        ("DELETE", false) if path.subresource.is_empty() => "delete",
        _ => return None,
    })
}

fn allows(user: &User, verb: &str, path: &Path) -> bool {
    let Some(rules) = &user.rules else {
        return true;
    };
    rules.iter().any(|rule| {
        (rule.verbs.contains(&verb) || rule.verbs.contains(&"*"))
            && rule.group == path.kind.group
            && rule.resource == path.resource()
            && rule.namespace.is_none_or(|own| own == path.namespace)
    })
}
