//! The time that a reference may take, and what it is spent on.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::error::RegistryError;

tokio::task_local! {
    static WATCH: Arc<Watch>;
}

struct Watch {
    end: Instant,
    doing: Mutex<String>,
}

/// Runs a future for so long at most. Inside another watch that one counts: requests for one reference
/// share its time.
pub(crate) async fn within<T>(
    limit: Duration,
    reference: &str,
    future: impl Future<Output = Result<T, RegistryError>>,
) -> Result<T, RegistryError> {
    if WATCH.try_with(|_| ()).is_ok() {
        return future.await;
    }
    let watch = Arc::new(Watch {
        end: Instant::now() + limit,
        doing: Mutex::default(),
    });
    let timed = tokio::time::timeout(limit, WATCH.scope(watch.clone(), future)).await;
    timed.unwrap_or_else(|_| {
        let doing = watch.doing.lock().unwrap_or_else(PoisonError::into_inner);
        Err(RegistryError::Deadline {
            reference: reference.to_owned(),
            within: limit,
            doing: doing.clone(),
        })
    })
}

/// Notes what is done now, as the end of "winfit was …".
pub(crate) fn doing(what: impl FnOnce() -> String) {
    let _ = WATCH.try_with(|watch| {
        *watch.doing.lock().unwrap_or_else(PoisonError::into_inner) = what();
    });
}

/// Whether so long a wait ends in time.
pub(crate) fn allows(wait: Duration) -> bool {
    WATCH
        .try_with(|watch| Instant::now() + wait < watch.end)
        .unwrap_or(true)
}
