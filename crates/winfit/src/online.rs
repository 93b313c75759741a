//! Asking registries: the options that all commands share, and the runtime that asks.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use winfit_core::reference::Reference;
use winfit_registry::inspect::{ImageReport, inspect, known};
use winfit_registry::{Client, Options, RegistryError};

use crate::progress::Progress;

/// Where the options of registries stand in help.
pub(crate) const REGISTRIES: &str = "Registries";

/// How registries are asked.
#[derive(Debug, Clone, Args)]
pub(crate) struct RegistryArguments {
    #[command(flatten)]
    pub(crate) access: RegistryAccess,
    /// How long one image may take, in seconds
    #[arg(long, help_heading = REGISTRIES, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) timeout: u64,
}

/// How registries are asked, but for how long.
#[derive(Debug, Clone, Args)]
pub(crate) struct RegistryAccess {
    /// Ask no registry: what the cache knows is all that counts
    #[arg(long, help_heading = REGISTRIES)]
    pub(crate) offline: bool,
    /// A registry that speaks plain HTTP; localhost always may
    #[arg(long, help_heading = REGISTRIES, value_name = "HOST")]
    pub(crate) plain_http: Vec<String>,
    /// A file of certificate authorities (PEM) to trust besides the system's
    #[arg(long = "ca", help_heading = REGISTRIES, value_name = "FILE")]
    pub(crate) authorities: Vec<PathBuf>,
}

/// A client with the runtime that it works on.
pub(crate) struct Online {
    client: Client,
    /// Made when there is something to wait for.
    runtime: OnceCell<Runtime>,
}

impl Online {
    /// A client with these options.
    pub(crate) fn new(arguments: &RegistryArguments) -> Self {
        Self::of(options(arguments))
    }

    /// The same, which asks anew what every tag means.
    pub(crate) fn fresh(arguments: &RegistryArguments) -> Self {
        Self::of(Options {
            tag_ttl: Duration::ZERO,
            ..options(arguments)
        })
    }

    /// The same, which also asks whether what is known is still there.
    pub(crate) fn looking_again(arguments: &RegistryArguments) -> Self {
        Self::of(Options {
            look_again: true,
            ..options(arguments)
        })
    }

    fn of(options: Options) -> Self {
        Self {
            client: Client::new(options),
            runtime: OnceCell::new(),
        }
    }

    /// The client, for more than [`Self::inspect_all`].
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Waits for something that asks.
    pub(crate) fn block_on<T>(&self, future: impl Future<Output = T>) -> Result<T> {
        let runtime = if let Some(runtime) = self.runtime.get() {
            runtime
        } else {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()?;
            self.runtime.get_or_init(|| runtime)
        };
        Ok(runtime.block_on(future))
    }

    /// Reads images, in the order given; one that fails leaves the others alone. Who waits at a
    /// terminal sees how far it is.
    pub(crate) fn inspect_all(
        &self,
        references: &[Reference],
    ) -> Result<Vec<Result<ImageReport, RegistryError>>> {
        let mut places: HashMap<&Reference, usize> = HashMap::new();
        let mut distinct: Vec<&Reference> = Vec::new();
        let at: Vec<usize> = references
            .iter()
            .map(|reference| {
                *places.entry(reference).or_insert_with(|| {
                    distinct.push(reference);
                    distinct.len() - 1
                })
            })
            .collect();
        if distinct.len() < references.len() {
            // What is named twice is asked for once.
            let distinct: Vec<Reference> = distinct.into_iter().cloned().collect();
            let found = self.inspect_all(&distinct)?;
            return Ok(at.into_iter().map(|at| found[at].clone()).collect());
        }
        let known = known(&self.client, references);
        if known.iter().all(Option::is_some) {
            // What the cache knows needs no runtime to wait for it.
            return Ok(known.into_iter().flatten().map(Ok).collect());
        }
        let mut progress = Progress::new(references.len());
        self.block_on(async {
            let asked: Vec<_> = known
                .into_iter()
                .zip(references)
                .map(|(known, reference)| {
                    if let Some(report) = known {
                        return Asked::Known(report);
                    }
                    let (client, reference) = (self.client.clone(), reference.clone());
                    Asked::Task(tokio::spawn(
                        async move { inspect(&client, &reference).await },
                    ))
                })
                .collect();
            let mut found = Vec::with_capacity(asked.len());
            for (asked, reference) in asked.into_iter().zip(references) {
                found.push(match asked {
                    Asked::Known(report) => Ok(report),
                    Asked::Task(task) => task.await.unwrap_or_else(|error| {
                        Err(RegistryError::Answer {
                            reference: reference.to_string(),
                            reason: error.to_string(),
                        })
                    }),
                });
                progress.next();
            }
            found
        })
    }
}

/// An image that is known, or is being asked for.
enum Asked {
    Known(ImageReport),
    Task(JoinHandle<Result<ImageReport, RegistryError>>),
}

fn options(arguments: &RegistryArguments) -> Options {
    let access = &arguments.access;
    Options {
        offline: access.offline,
        cache: cache_folder(),
        deadline: Duration::from_secs(arguments.timeout),
        plain_http: access.plain_http.clone(),
        authorities: access.authorities.clone(),
        ..Options::default()
    }
}

/// Where facts of registries are kept between runs; none: there is no such place.
fn cache_folder() -> Option<PathBuf> {
    let from = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let base = if cfg!(windows) {
        PathBuf::from(from("LOCALAPPDATA")?)
    } else {
        from("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .or_else(|| Some(PathBuf::from(from("HOME")?).join(".cache")))?
    };
    Some(base.join("winfit").join("registry"))
}
