//! Asking Docker engines: the options that all commands share, and the runtime that asks.

use std::time::Duration;

use anyhow::Result;
use tokio::runtime::Runtime;
use winfit_docker::{Engine, Settings};

use crate::cli::EngineArguments;
use crate::output::usage;

/// An engine with the runtime that asks it.
pub(crate) struct Engines {
    engine: Engine,
    runtime: Runtime,
}

impl Engines {
    /// The engine that the arguments, else the environment, name.
    pub(crate) fn new(arguments: &EngineArguments) -> Result<Self> {
        let endpoint = Settings::of_user()
            .endpoint(
                arguments.docker_host.as_deref(),
                arguments.context.as_deref(),
            )
            .map_err(|error| usage(error.to_string()))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        Ok(Self {
            engine: Engine::new(endpoint, Duration::from_secs(arguments.timeout)),
            runtime,
        })
    }

    /// The engine.
    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Waits for something that asks.
    pub(crate) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }
}
