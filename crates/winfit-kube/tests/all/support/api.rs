//! A small Kubernetes API that keeps what is written to it: lists with pages, selectors, JSON and merge
//! patches, server-side apply of labels and annotations, conflicts, dry runs, RBAC refusals, and faults that a
//! test asks for. Where its words matter they are those of kube-apiserver.

mod http;
mod patch;
mod status;
mod store;

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tempfile::TempDir;

use self::http::{Request, Response};
use self::store::{Path, Store};

/// What a user may do with a resource.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    /// `get`, `list`, `patch`.
    pub(crate) verbs: &'static [&'static str],
    /// Its group; of the core API the empty text.
    pub(crate) group: &'static str,
    /// Its name: `pods`.
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

/// What happens instead of an answer.
pub(crate) enum Fault {
    /// This answer: a status, headers, a body.
    Answer(u16, Vec<(&'static str, String)>, String),
    /// The answer ends in the middle of its body.
    Cut,
    /// No answer at all.
    Hang,
    /// Something happens in the cluster, then the request is answered.
    First(Box<dyn FnOnce(&Cluster) + Send>),
}

/// A fault that waits for its request.
struct Awaited {
    method: &'static str,
    /// A part of the path and the query.
    part: String,
    /// How many such requests are let by.
    after: usize,
    fault: Fault,
}

/// What is in the cluster, and who may ask for it.
#[derive(Clone)]
pub(crate) struct Cluster {
    store: Arc<Mutex<Store>>,
}

impl Cluster {
    /// Puts an object in as it is, with its status.
    pub(crate) fn put(&self, object: &Value) {
        let mut store = self.store.lock().unwrap();
        store.put(object.clone()).unwrap();
    }

    /// Takes an object out.
    pub(crate) fn delete(&self, path: &str) {
        let path = Path::parse(path).unwrap();
        self.store.lock().unwrap().delete(&path);
    }

    /// An object.
    pub(crate) fn get(&self, path: &str) -> Value {
        let path = Path::parse(path).unwrap();
        let store = self.store.lock().unwrap();
        store.get(&path).unwrap_or_else(|| panic!("no {path:?}"))
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
    faults: Mutex<Vec<Awaited>>,
    asked: Mutex<Vec<String>>,
}

/// The user who may do everything.
const ADMIN: &str = "admin";

impl TestApi {
    /// Starts it, with these objects in it.
    pub(crate) fn start(objects: &[Value]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let cluster = Cluster {
            store: Arc::default(),
        };
        for object in objects {
            cluster.put(object);
        }
        let shared = Arc::new(Shared {
            users: Mutex::new(vec![User {
                name: ADMIN.to_owned(),
                token: format!("token-of-{ADMIN}"),
                rules: None,
            }]),
            faults: Mutex::default(),
            asked: Mutex::default(),
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

    /// The kubeconfig of the user who may do everything.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.config(ADMIN, "shop")
    }

    /// The kubeconfig of a user who may do only this.
    pub(crate) fn kubeconfig_of(&self, user: &str, rules: &[Rule]) -> PathBuf {
        self.shared.users.lock().unwrap().push(User {
            name: user.to_owned(),
            token: format!("token-of-{user}"),
            rules: Some(rules.to_vec()),
        });
        self.config(user, "shop")
    }

    /// The kubeconfig of somebody whose login is not known.
    pub(crate) fn kubeconfig_of_nobody(&self) -> PathBuf {
        self.config("nobody", "shop")
    }

    fn config(&self, user: &str, namespace: &str) -> PathBuf {
        let path = self.folder.path().join(format!("{user}.config"));
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [{"name": "test", "cluster": {"server": format!("http://{}", self.address)}}],
            "users": [{"name": user, "user": {"token": format!("token-of-{user}")}}],
            "contexts": [{"name": "test", "context": {
                "cluster": "test", "user": user, "namespace": namespace}}],
        });
        std::fs::write(&path, config.to_string()).unwrap();
        path
    }

    /// Lets something happen to a request of this method whose path and query hold `part`, after so many were
    /// let by.
    pub(crate) fn on(&self, method: &'static str, part: &str, after: usize, fault: Fault) {
        self.shared.faults.lock().unwrap().push(Awaited {
            method,
            part: part.to_owned(),
            after,
            fault,
        });
    }

    /// What was asked: methods with paths and queries.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.shared.asked.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, cluster: &Cluster, shared: &Shared) {
    let Some(request) = Request::read(&stream) else {
        return;
    };
    let line = format!("{} {}", request.method, request.target);
    shared.asked.lock().unwrap().push(line);
    let mut cut = false;
    match fault(shared, &request) {
        Some(Fault::Answer(code, headers, body)) => {
            let response = Response {
                code,
                headers,
                body: body.into_bytes(),
            };
            response.write(&mut stream, false);
            return;
        }
        Some(Fault::Hang) => loop {
            std::thread::park();
        },
        Some(Fault::First(act)) => act(cluster),
        Some(Fault::Cut) => cut = true,
        None => {}
    }
    answer(&request, cluster, shared).write(&mut stream, cut);
}

fn fault(shared: &Shared, request: &Request) -> Option<Fault> {
    let mut faults = shared.faults.lock().unwrap();
    let at = faults.iter_mut().position(|one| {
        let meant = one.method == request.method && request.target.contains(&one.part);
        if meant && one.after > 0 {
            one.after -= 1;
            return false;
        }
        meant
    })?;
    Some(faults.remove(at).fault)
}

fn answer(request: &Request, cluster: &Cluster, shared: &Shared) -> Response {
    let users = shared.users.lock().unwrap().clone();
    let bearer = request.header("authorization").unwrap_or_default();
    let token = bearer.strip_prefix("Bearer ").unwrap_or_default();
    let Some(user) = users.iter().find(|user| user.token == token) else {
        return status::unauthorized();
    };
    let Some(path) = Path::parse(request.path()) else {
        return status::not_found("the server could not find the requested resource");
    };
    let verb = match (request.method.as_str(), path.name.is_empty()) {
        ("GET", true) => "list",
        ("GET", false) => "get",
        ("PATCH", _) => "patch",
        ("PUT", _) => "update",
        ("POST", _) => "create",
        ("DELETE", _) => "delete",
        _ => {
            return status::of(
                405,
                "MethodNotAllowed",
                "the server does not allow this method on the requested resource",
            );
        }
    };
    if !allows(user, verb, &path) {
        return status::forbidden(&user.name, verb, &path);
    }
    let mut store = cluster.store.lock().unwrap();
    match verb {
        "list" => store.list(&path, request),
        "get" => store.get(&path).map_or_else(
            || status::no_object(&path),
            |object| Response::json(200, &object),
        ),
        "patch" => store.patch(&path, request),
        "update" => store.replace(&path, request),
        "create" => store.create(&path, request),
        _ => {
            let gone = store.delete(&path);
            gone.map_or_else(
                || status::no_object(&path),
                |object| Response::json(200, &object),
            )
        }
    }
}

fn allows(user: &User, verb: &str, path: &Path) -> bool {
    let Some(rules) = &user.rules else {
        return true;
    };
    rules.iter().any(|rule| {
        rule.verbs.contains(&verb)
            && rule.group == path.group
            && rule.resource == path.resource
            && rule.namespace.is_none_or(|own| own == path.namespace)
    })
}
