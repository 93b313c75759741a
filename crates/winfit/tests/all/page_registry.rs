//! The registry of a page: `localhost:5000` in its commands and in what they print is a real registry
//! on a free port. A port of four digits, so that lines wrap where the reader's do.
//!
//! A block ```` ```json localhost:5000/shop/web:1 ```` is an image in it. It is written as its index,
//! with the config of each child in the place of its digest and size, as far as they matter:
//!
//! ```json
//! {"manifests": [{"platform": {"os": "windows"}, "config": {"os.version": "10.0.20348.1"}}]}
//! ```
//!
//! With `"deleted": true` a child is deleted after the push; a block that is only `{"config": …}` is a
//! single manifest.

use std::cell::OnceCell;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU16, Ordering};

use serde_json::{Value, json};
use tempfile::TempDir;
use winfit_registry::model::{DOCKER_LIST, OCI_INDEX};

use crate::support::images::{Repository, windows_config};
use crate::support::registry::Registry;

/// What pages call it.
const NAME: &str = "localhost:5000";

/// A registry that starts when something is said of it, and ends with its page.
#[derive(Default)]
pub(crate) struct PageRegistry(OnceCell<Started>);

struct Started {
    _registry: Registry,
    name: String,
    cache: TempDir,
}

impl PageRegistry {
    /// The image that a block's name means; none: the block is a file.
    pub(crate) fn image(name: &str) -> Option<&str> {
        name.strip_prefix(NAME)?.strip_prefix('/')
    }

    fn started(&self) -> &Started {
        self.0.get_or_init(|| {
            let port = port();
            Started {
                _registry: Registry::on(port, "", ""),
                name: format!("localhost:{port}"),
                cache: TempDir::new().unwrap(),
            }
        })
    }

    /// A command as it is run.
    pub(crate) fn to_port(&self, command: &str) -> String {
        if command.contains(NAME) {
            command.replace(NAME, &self.started().name)
        } else {
            command.to_owned()
        }
    }

    /// What is printed as the page shows it.
    pub(crate) fn to_name(&self, printed: &str) -> String {
        match self.0.get() {
            Some(started) => printed.replace(&started.name, NAME),
            None => printed.to_owned(),
        }
    }

    /// Where facts of registries are kept: nowhere for long.
    pub(crate) fn cache(&self) -> PathBuf {
        let none = || Path::new("/nowhere").to_path_buf();
        self.0.get().map_or_else(none, |started| {
            // A folder for each command: a page may push another image under a tag.
            static USED: AtomicU16 = AtomicU16::new(0);
            let number = USED.fetch_add(1, Ordering::Relaxed);
            started.cache.path().join(number.to_string())
        })
    }

    /// Pushes what a block says.
    pub(crate) fn push(&self, image: &str, block: &str) {
        let (name, tag) = image
            .rsplit_once(':')
            .expect("an image of a page has a tag");
        let document: Value = serde_json::from_str(block)
            .unwrap_or_else(|error| panic!("{image} on a page is no JSON: {error}"));
        let repository = Repository::new(&self.started().name, name);
        let Some(entries) = document["manifests"].as_array() else {
            repository.image(Some(tag), true, &config(&document));
            return;
        };
        let mut children = Vec::new();
        let mut deleted = Vec::new();
        for entry in entries {
            let child = repository.image(None, true, &config(entry));
            if entry["deleted"] == json!(true) {
                deleted.push(child.digest.clone());
            }
            children.push((child, entry.get("platform").cloned()));
        }
        let listed: Vec<_> = children
            .iter()
            .map(|(child, platform)| (child, platform.clone()))
            .collect();
        let docker = document["mediaType"].as_str() != Some(OCI_INDEX);
        let pushed = repository.index(tag, docker, &listed);
        assert!(pushed.media_type == DOCKER_LIST || !docker);
        for digest in deleted {
            repository.delete(&digest);
        }
    }
}

/// A config that has what the page says of it, and what every config has.
fn config(entry: &Value) -> Value {
    let mut config = windows_config("");
    let said = entry["config"].as_object().cloned().unwrap_or_default();
    for (key, value) in said {
        config[key] = value;
    }
    config
}

/// A free port of four digits.
fn port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    const FIRST: u16 = 5001;
    const ALL: u16 = 9999 - FIRST;
    // Two runs at a time begin at different ones.
    let begin = (std::process::id() % u32::from(ALL)) as u16;
    loop {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        assert!(step < ALL, "no port of four digits is free");
        let port = FIRST + (begin + step) % ALL;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
