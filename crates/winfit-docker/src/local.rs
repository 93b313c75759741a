//! What an engine has and runs itself: its images and its containers.

pub mod failed;
pub mod fleet;
mod saved;

use std::collections::{BTreeSet, HashMap};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::task::JoinSet;

use crate::engine::Engine;
use crate::error::DockerError;
use crate::model::or_default;

/// So many objects are asked for at a time.
const AT_ONCE: usize = 8;

/// The images and containers of an engine.
#[derive(Debug, Clone, Default)]
pub struct Local {
    /// `/info` as it was answered; none: nobody told.
    pub info: Option<String>,
    /// Its images.
    pub images: Vec<LocalImage>,
    /// Its containers, those that do not run included.
    pub containers: Vec<LocalContainer>,
}

/// An image that an engine has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct LocalImage {
    /// `sha256:…`.
    pub id: String,
    /// Its names; empty: it has none.
    #[serde(deserialize_with = "or_default")]
    pub repo_tags: Vec<String>,
    /// `windows`, `linux`.
    pub os: String,
    /// `10.0.17763.437`.
    pub os_version: String,
    /// `amd64`.
    pub architecture: String,
}

/// A container of an engine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct LocalContainer {
    /// Its id.
    pub id: String,
    /// `/web`.
    pub name: String,
    /// The id of its image.
    pub image: String,
    /// `windows`, `linux`.
    pub platform: String,
    /// How it is.
    pub state: ContainerState,
    /// What its host was asked for.
    pub host_config: HostConfig,
    /// What was wanted.
    pub config: ContainerConfig,
}

/// How a container is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ContainerState {
    /// `created`, `running`, `exited`, …
    pub status: String,
    /// It runs.
    pub running: bool,
    /// Why it was not started.
    pub error: String,
    /// With what it ended.
    pub exit_code: i64,
}

/// What a container's host was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct HostConfig {
    /// `default`, `process`, `hyperv`, or nothing.
    pub isolation: String,
}

/// What was wanted of a container.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ContainerConfig {
    /// Its image, as it was named.
    pub image: String,
}

/// An entry of a list of images or containers: the rest is asked for one by one.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    id: String,
    /// Of a container the id of its image.
    #[serde(default, rename = "ImageID")]
    image: String,
}

impl Local {
    /// Reads what an engine has.
    pub async fn read(engine: &Engine) -> Result<Self, DockerError> {
        let info = engine.get_bytes("/info").await?;
        let images: Vec<Listed> = engine.get("/images/json").await?;
        let containers: Vec<Listed> = engine.get("/containers/json?all=true").await?;
        // A container's image may have no name any more, and stands in no list then.
        let ids: BTreeSet<&str> = images
            .iter()
            .map(|image| image.id.as_str())
            .chain(containers.iter().map(|container| container.image.as_str()))
            .filter(|id| !id.is_empty())
            .collect();
        let images = ids.into_iter().map(|id| format!("/images/{id}/json"));
        let containers = containers
            .iter()
            .map(|container| format!("/containers/{}/json", container.id));
        Ok(Self {
            info: Some(String::from_utf8_lossy(&info).into_owned()),
            images: all(engine, images.collect()).await?,
            containers: all(engine, containers.collect()).await?,
        })
    }

    /// The images by their ids.
    pub fn images_by_id(&self) -> HashMap<&str, &LocalImage> {
        let images = self.images.iter();
        images.map(|image| (image.id.as_str(), image)).collect()
    }

    /// The images that no container is of.
    pub fn unused(&self) -> Vec<&LocalImage> {
        let used: BTreeSet<&str> = self
            .containers
            .iter()
            .map(|container| container.image.as_str())
            .collect();
        let images = self.images.iter();
        images
            .filter(|image| !used.contains(image.id.as_str()))
            .collect()
    }
}

impl LocalImage {
    /// An image by its name or id; none: the engine does not have it.
    pub async fn find(engine: &Engine, name: &str) -> Result<Option<Self>, DockerError> {
        match engine.get(&format!("/images/{name}/json")).await {
            Ok(image) => Ok(Some(image)),
            Err(DockerError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Its first name, else its short id.
    pub fn name(&self) -> &str {
        self.repo_tags
            .first()
            .map_or_else(|| short(&self.id), String::as_str)
    }
}

impl LocalContainer {
    /// A container by its name or id.
    pub async fn find(engine: &Engine, name: &str) -> Result<Self, DockerError> {
        engine.get(&format!("/containers/{name}/json")).await
    }

    /// Its name as people write it, else its short id.
    pub fn name(&self) -> &str {
        match self.name.trim_start_matches('/') {
            "" => short(&self.id),
            name => name,
        }
    }
}

/// The first digits of an id, as `docker ps` shows it.
fn short(id: &str) -> &str {
    const DIGITS: usize = 12;
    let id = id.strip_prefix("sha256:").unwrap_or(id);
    id.get(..DIGITS).unwrap_or(id)
}

/// Asks for objects, some at a time. What is gone meanwhile is left out.
async fn all<T: DeserializeOwned + Send + 'static>(
    engine: &Engine,
    paths: Vec<String>,
) -> Result<Vec<T>, DockerError> {
    let mut waiting = paths.into_iter().enumerate();
    let mut asked = JoinSet::new();
    let mut found = Vec::new();
    loop {
        while asked.len() < AT_ONCE
            && let Some((at, path)) = waiting.next()
        {
            let engine = engine.clone();
            asked.spawn(async move { (at, engine.get::<T>(&path).await) });
        }
        match asked.join_next().await {
            None => break,
            Some(Ok((at, Ok(object)))) => found.push((at, object)),
            Some(Ok((_, Err(DockerError::NotFound { .. })))) => {}
            Some(Ok((_, Err(error)))) => return Err(error),
            Some(Err(error)) => {
                if let Ok(panic) = error.try_into_panic() {
                    std::panic::resume_unwind(panic);
                }
            }
        }
    }
    found.sort_by_key(|(at, _)| *at);
    Ok(found.into_iter().map(|(_, object)| object).collect())
}
