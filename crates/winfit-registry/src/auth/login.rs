//! The login that a user has for a repository, wherever it is kept.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::OnceCell;

use super::file::{AuthFile, Credential, HUB_KEY};
use super::helper;

/// How long a credential helper may take: some ask a service, or wait for a key ring to be opened.
const HELPER: Duration = Duration::from_secs(15);

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Login {
    /// The credential; none: the registry is asked as nobody.
    pub(crate) credential: Option<Credential>,
    /// The file or the helper that has it.
    pub(crate) from: String,
    /// Why a file or a helper could not be asked: worth saying where the registry refuses.
    pub(crate) troubles: Vec<String>,
}

/// Finds logins, each once.
#[derive(Debug)]
pub(crate) struct Logins {
    files: Vec<PathBuf>,
    helpers: Vec<PathBuf>,
    read: OnceCell<Read>,
    /// By registry and repository.
    found: Mutex<Cells<Arc<Login>>>,
    /// By helper and server.
    asked: Mutex<Cells<Asked>>,
}

/// What is found out once, while those who want it too wait.
type Cells<T> = HashMap<(String, String), Arc<OnceCell<T>>>;

type Asked = Result<Option<Credential>, String>;

#[derive(Debug, Default)]
struct Read {
    files: Vec<(PathBuf, AuthFile)>,
    troubles: Vec<String>,
}

impl Logins {
    pub(crate) fn new(files: Vec<PathBuf>, helpers: Vec<PathBuf>) -> Self {
        Self {
            files,
            helpers,
            read: OnceCell::new(),
            found: Mutex::default(),
            asked: Mutex::default(),
        }
    }

    /// The login for a repository of a registry.
    pub(crate) async fn of(&self, registry: &str, repository: &str) -> Arc<Login> {
        let cell = cell(&self.found, (registry.to_owned(), repository.to_owned()));
        cell.get_or_init(|| async { Arc::new(self.find(registry, repository).await) })
            .await
            .clone()
    }

    async fn find(&self, registry: &str, repository: &str) -> Login {
        let read = self.read.get_or_init(|| async { self.read() }).await;
        let mut login = Login {
            troubles: read.troubles.clone(),
            ..Login::default()
        };
        for (path, file) in &read.files {
            if let Some(helper) = file.helper(registry) {
                match self.ask(helper, registry).await {
                    Ok(None) => {}
                    Ok(credential) => {
                        login.credential = credential;
                        login.from = format!("docker-credential-{helper}");
                        return login;
                    }
                    Err(trouble) => login.troubles.push(trouble),
                }
            }
            match file.find(registry, repository) {
                None => {}
                Some(Ok(credential)) => {
                    login.credential = Some(credential);
                    login.from = path.display().to_string();
                    return login;
                }
                Some(Err(trouble)) => login
                    .troubles
                    .push(format!("{}: {trouble}", path.display())),
            }
        }
        login
    }

    fn read(&self) -> Read {
        let mut read = Read::default();
        for path in &self.files {
            match AuthFile::read(path) {
                Ok(Some(file)) => read.files.push((path.clone(), file)),
                Ok(None) => {}
                Err(trouble) => read.troubles.push(trouble),
            }
        }
        read
    }

    /// A helper knows hosts, not repositories: it is asked once for each.
    async fn ask(&self, helper: &str, registry: &str) -> Asked {
        let server = match registry {
            "docker.io" => HUB_KEY,
            other => other,
        };
        let cell = cell(&self.asked, (helper.to_owned(), server.to_owned()));
        cell.get_or_init(|| helper::ask(helper, server, &self.helpers, HELPER))
            .await
            .clone()
    }
}

fn cell<T>(cells: &Mutex<Cells<T>>, key: (String, String)) -> Arc<OnceCell<T>> {
    let mut cells = cells.lock().unwrap_or_else(PoisonError::into_inner);
    cells.entry(key).or_default().clone()
}
