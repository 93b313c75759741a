//! Where the cluster is, and who asks: as kubectl finds both.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};

use crate::api::Api;
use crate::error::KubeError;

/// What the user says of the cluster; what is left out, the environment says.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The kubeconfig; none: those that `KUBECONFIG` lists, else the one in the home folder, else the
    /// account of the pod that this runs in.
    pub kubeconfig: Option<PathBuf>,
    /// The context; none: the current one.
    pub context: Option<String>,
    /// How long one answer may take.
    pub patience: Duration,
}

impl Settings {
    /// Finds the cluster. Nothing is asked yet.
    pub fn connect(&self) -> Result<Api, KubeError> {
        let listed = self.listed();
        let files: Vec<&Path> = listed
            .iter()
            .map(PathBuf::as_path)
            .filter(|path| path.exists())
            .collect();
        if let (Some(given), []) = (&self.kubeconfig, files.as_slice()) {
            return Err(KubeError::Settings(format!(
                "{}: there is no such file",
                given.display()
            )));
        }
        let (mut config, context) = if files.is_empty() {
            if let Some(context) = &self.context {
                let looked: Vec<String> = listed
                    .iter()
                    .map(|path| path.display().to_string())
                    .collect();
                return Err(KubeError::NoCluster(format!(
                    "there is no kubeconfig that could have the context {context} (looked for {})",
                    looked.join(", ")
                )));
            }
            (in_pod(&listed)?, None)
        } else {
            self.by_files(&files)?
        };
        config.connect_timeout = Some(self.patience);
        // Each request has an end of its own, which says so; the client's would end the wait at the same moment.
        config.read_timeout = None;
        // The client's own tries know no end that suits somebody who waits.
        config.default_retry = false;
        Api::new(config, context, self.patience)
    }

    /// The files that may tell, those first that count first.
    fn listed(&self) -> Vec<PathBuf> {
        if let Some(path) = &self.kubeconfig {
            return vec![path.clone()];
        }
        let set: OsString = std::env::var_os("KUBECONFIG").unwrap_or_default();
        let listed: Vec<PathBuf> = std::env::split_paths(&set)
            .filter(|path| !path.as_os_str().is_empty())
            .collect();
        if listed.is_empty() {
            std::env::home_dir()
                .map(|home| home.join(".kube/config"))
                .into_iter()
                .collect()
        } else {
            listed
        }
    }

    fn by_files(&self, files: &[&Path]) -> Result<(Config, Option<String>), KubeError> {
        let mut merged = Kubeconfig::default();
        for path in files {
            let read = Kubeconfig::read_from(path).and_then(|read| merged.clone().merge(read));
            merged = read.map_err(|error| KubeError::Settings(in_file(path, &error)))?;
        }
        let name = self
            .context
            .clone()
            .or_else(|| merged.current_context.clone());
        let Some(name) = name.filter(|name| !name.is_empty()) else {
            return Err(KubeError::NoCluster(
                "the kubeconfig names no current context; --context names one (see kubectl config get-contexts)"
                    .to_owned(),
            ));
        };
        if !merged.contexts.iter().any(|context| context.name == name) {
            let known: Vec<&str> = merged
                .contexts
                .iter()
                .map(|context| context.name.as_str())
                .collect();
            return Err(KubeError::Settings(format!(
                "the kubeconfig has no context {name}; it has {}",
                if known.is_empty() {
                    "none".to_owned()
                } else {
                    known.join(", ")
                }
            )));
        }
        let options = KubeConfigOptions {
            context: Some(name.clone()),
            ..KubeConfigOptions::default()
        };
        let loaded = block(Config::from_custom_kubeconfig(merged, &options));
        let config = loaded.map_err(|error| {
            KubeError::Settings(format!("context {name}: {}", in_words(&error)))
        })?;
        Ok((config, Some(name)))
    }
}

/// The account of the pod that this runs in.
fn in_pod(listed: &[PathBuf]) -> Result<Config, KubeError> {
    if std::env::var_os("KUBERNETES_SERVICE_HOST").is_none() {
        let looked: Vec<String> = listed
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        return Err(KubeError::NoCluster(format!(
            "there is no kubeconfig (looked for {}), and this is no pod of a cluster",
            looked.join(", ")
        )));
    }
    Config::incluster().map_err(|error| {
        KubeError::NoCluster(format!("the pod's own account cannot be used: {error}"))
    })
}

/// Reading a configuration waits for nothing, though its function could.
fn block<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    loop {
        if let std::task::Poll::Ready(found) = future.as_mut().poll(&mut context) {
            return found;
        }
    }
}

fn in_file(path: &Path, error: &KubeconfigError) -> String {
    format!("{}: {}", path.display(), in_words(error))
}

/// What is wrong with a kubeconfig, without what it says: it holds secrets.
fn in_words(error: &KubeconfigError) -> String {
    match error {
        KubeconfigError::ReadConfig(error, _) => format!("cannot be read: {error}"),
        KubeconfigError::Parse(error) => {
            let place = error.location();
            let line = place.map_or_else(String::new, |place| format!(" (line {})", place.line()));
            format!("is no kubeconfig{line}")
        }
        KubeconfigError::LoadClusterOfContext(name) => {
            format!("its cluster {name} is not in the kubeconfig")
        }
        KubeconfigError::MissingClusterUrl => "its cluster has no server".to_owned(),
        KubeconfigError::ParseClusterUrl(_) => "its cluster's server is no address".to_owned(),
        KubeconfigError::LoadCertificateAuthority(_) => {
            "its certificate-authority cannot be read".to_owned()
        }
        KubeconfigError::LoadClientCertificate(_) => {
            "its client-certificate cannot be read".to_owned()
        }
        KubeconfigError::LoadClientKey(_) => "its client-key cannot be read".to_owned(),
        KubeconfigError::ParseCertificates(_) => "one of its certificates is no PEM".to_owned(),
        other => other.to_string(),
    }
}
