//! Engines that are asked, and waited for.

use std::time::Duration;

use winfit_docker::{Engine, Settings};

/// The engine at an address.
pub(crate) fn engine(address: &str) -> Engine {
    let endpoint = Settings::default().endpoint(Some(address), None).unwrap();
    Engine::new(endpoint, Duration::from_secs(30))
}

/// Waits for an answer.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}
