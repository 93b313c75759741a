//! Asking Docker engines: the options that all commands share, and the runtime that asks.

use std::time::Duration;

use anyhow::Result;
use tokio::runtime::Runtime;
use winfit_docker::{Engine, Settings};

use crate::cli::EngineArguments;
use crate::output::usage;
use crate::plugin;

/// An engine with the runtime that asks it.
pub(crate) struct Engines {
    engine: Engine,
    settings: Settings,
    runtime: Runtime,
}

impl Engines {
    /// The engine that the arguments, else the environment, name.
    pub(crate) fn new(arguments: &EngineArguments) -> Result<Self> {
        let mut arguments = arguments.clone();
        if arguments.docker_host.is_none() && arguments.context.is_none() {
            let given = plugin::given();
            arguments.docker_host = given.host;
            arguments.context = given.context;
        }
        let settings = Settings::of_user();
        let endpoint = settings
            .endpoint(
                arguments.docker_host.as_deref(),
                arguments.context.as_deref(),
            )
            .map_err(|error| usage(error.to_string()))?;
        let runtime = runtime()?;
        Ok(Self {
            engine: Engine::new(endpoint, patience(&arguments)),
            settings,
            runtime,
        })
    }

    /// The engine.
    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// What tells where other engines are.
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Waits for something that asks.
    pub(crate) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }
}

/// What waits for engines.
pub(crate) fn runtime() -> Result<Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    Ok(builder.worker_threads(1).enable_all().build()?)
}

/// How long one answer may take.
pub(crate) fn patience(arguments: &EngineArguments) -> Duration {
    Duration::from_secs(arguments.timeout)
}
