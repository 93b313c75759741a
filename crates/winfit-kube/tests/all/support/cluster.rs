//! A cluster's API for tests: the real `kube-apiserver` where `KUBEBUILDER_ASSETS` names a folder that has it
//! with `etcd`, else the stand-in. Both are met through the same front, so that the same tests meet both.

use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Once};

use serde_json::Value;
use tempfile::TempDir;

use super::admin::Admin;
use super::api::{ADMIN, Rule, TestApi, write_kubeconfig, write_kubectl_config};
use super::front::Front;
use super::real::{self, Real};

/// What happens instead of an answer of the cluster.
pub(crate) type Fault = super::faults::Fault<Admin>;

/// A cluster. What it runs ends with it.
pub(crate) struct TestCluster {
    behind: Behind,
    /// Speaks to the API server past all faults.
    pub(crate) admin: Admin,
    front: Front,
    folder: TempDir,
}

enum Behind {
    Real(Box<Real>),
    StandIn(TestApi),
}

impl TestCluster {
    /// Starts it, empty but for what a new cluster has.
    pub(crate) fn start() -> Self {
        static SAID: Once = Once::new();
        let behind = match real::assets() {
            Some(folder) => Behind::Real(Box::new(Real::start(&folder))),
            None => Behind::StandIn(TestApi::start(&[])),
        };
        let (admin, met) = match &behind {
            Behind::Real(real) => (real.admin.clone(), "the real kube-apiserver"),
            Behind::StandIn(api) => {
                let cluster = api.cluster.clone();
                let admin = Admin {
                    forgets: Arc::new(move || cluster.forget()),
                    ..Admin::plain(api.address())
                };
                (admin, "the stand-in")
            }
        };
        SAID.call_once(|| {
            // Each run says so, also where the output of tests is kept back.
            let _ = writeln!(std::io::stderr(), "tests of clusters meet {met}");
        });
        Self {
            front: Front::start(admin.clone()),
            behind,
            admin,
            folder: TempDir::new().unwrap(),
        }
    }

    /// Starts it, with these objects in it.
    pub(crate) fn with(objects: &[Value]) -> Self {
        let cluster = Self::start();
        for object in objects {
            cluster.create(object);
        }
        cluster
    }

    /// Whether it is the real one.
    pub(crate) fn is_real(&self) -> bool {
        matches!(self.behind, Behind::Real(_))
    }

    /// The kubeconfig of the user who may do everything.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        write_kubeconfig(&self.folder, self.front.address, ADMIN)
    }

    /// The same for kubectl.
    pub(crate) fn kubectl_config(&self) -> PathBuf {
        write_kubectl_config(&self.folder, self.front.address, ADMIN)
    }

    /// The kubeconfig of a user who may do only this.
    pub(crate) fn kubeconfig_of(&self, user: &str, rules: &[Rule]) -> PathBuf {
        match &self.behind {
            Behind::Real(real) => {
                real.admit(user, rules);
                self.front.speak_for(user);
            }
            Behind::StandIn(api) => api.admit(user, rules),
        }
        write_kubeconfig(&self.folder, self.front.address, user)
    }

    /// The kubeconfig of somebody whose login is not known.
    pub(crate) fn kubeconfig_of_nobody(&self) -> PathBuf {
        write_kubeconfig(&self.folder, self.front.address, "nobody")
    }

    /// Makes an object, with its namespace where that is missing, and with its status where it has one.
    pub(crate) fn create(&self, object: &Value) -> Value {
        self.admin.create(object)
    }

    /// Puts an object in the place of the one of its name.
    pub(crate) fn replace(&self, object: &Value) -> Value {
        self.admin.replace(object)
    }

    /// An object, or a list.
    pub(crate) fn get(&self, path: &str) -> Value {
        self.admin.get(path)
    }

    /// Says how an object is, as a kubelet or a controller does.
    pub(crate) fn patch_status(&self, path: &str, status: &Value) -> Value {
        self.admin.patch_status(path, status)
    }

    /// Takes an object out.
    pub(crate) fn delete(&self, path: &str) {
        self.admin.delete(path);
    }

    /// Forgets every state but today's: lists of several pages that began before cannot be read on as they
    /// were.
    pub(crate) fn forget(&self) {
        self.admin.forget();
    }

    /// Lets something happen to a request of this method whose path and query hold `part`, after so many were
    /// let by.
    pub(crate) fn on(&self, method: &'static str, part: &str, after: usize, fault: Fault) {
        self.front.on(method, part, after, fault);
    }

    /// What was asked: methods with paths and queries.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.front.asked()
    }
}
