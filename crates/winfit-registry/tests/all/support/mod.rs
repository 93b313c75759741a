//! A real registry of a test's own, and images in it.

pub(crate) mod images;
pub(crate) mod registry;

use std::future::Future;

/// Runs a future on a runtime of the test's own.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}
