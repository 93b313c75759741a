//! A real registry of a test's own, and images in it.

pub(crate) mod authority;
pub(crate) mod faulty;
pub(crate) mod images;
pub(crate) mod registry;

use std::future::Future;
use std::time::Duration;

use winfit_registry::{Options, Retry, Search};

/// Runs a future on a runtime of the test's own.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

/// Options that know nothing of this machine's user, and do not wait long.
pub(crate) fn options() -> Options {
    Options {
        search: Search::nowhere(),
        // Each request is to reach the registry.
        tag_ttl: Duration::ZERO,
        deadline: Duration::from_secs(20),
        retry: Retry {
            attempts: 5,
            first: Duration::from_millis(5),
            longest: Duration::from_millis(20),
        },
        ..Options::default()
    }
}
