//! The time that a reference may take, and what it is spent on.

use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::error::RegistryError;

tokio::task_local! {
    static WATCH: Arc<Watch>;
}

struct Watch {
    start: Instant,
    /// What may be spent from the start on.
    left: Duration,
    state: Mutex<State>,
}

struct State {
    doing: String,
    /// Requests that stand in a queue of winfit's own, and since when there are any.
    queued: usize,
    since: Instant,
    /// The time spent there.
    waited: Duration,
}

impl Watch {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When the time is over, as things stand: queueing is not the registry's fault, and does not count.
    fn end(&self) -> Instant {
        let state = self.state();
        let now = match state.queued {
            0 => Duration::ZERO,
            _ => state.since.elapsed(),
        };
        self.start + self.left + state.waited + now
    }
}

/// Runs a future for so long at most. Inside another watch that one counts: requests for one reference
/// share its time.
pub(crate) async fn within<T>(
    limit: Duration,
    reference: &str,
    future: impl Future<Output = Result<T, RegistryError>>,
) -> Result<T, RegistryError> {
    within_rest(limit, limit, reference, future).await
}

/// The same, where a part of the limit is spent already.
pub(crate) async fn within_rest<T>(
    limit: Duration,
    left: Duration,
    reference: &str,
    future: impl Future<Output = Result<T, RegistryError>>,
) -> Result<T, RegistryError> {
    if WATCH.try_with(|_| ()).is_ok() {
        return future.await;
    }
    let start = Instant::now();
    let watch = Arc::new(Watch {
        start,
        left,
        state: Mutex::new(State {
            doing: String::new(),
            queued: 0,
            since: start,
            waited: Duration::ZERO,
        }),
    });
    let mut future = pin!(WATCH.scope(watch.clone(), future));
    loop {
        if let Ok(done) = tokio::time::timeout_at(watch.end(), &mut future).await {
            return done;
        }
        if watch.end() <= Instant::now() {
            return Err(RegistryError::Deadline {
                reference: reference.to_owned(),
                within: limit,
                doing: watch.state().doing.clone(),
            });
        }
    }
}

/// What is left of the time, for tasks that go on by themselves; outside of any watch nothing.
pub(crate) fn left() -> Duration {
    WATCH
        .try_with(|watch| watch.end().saturating_duration_since(Instant::now()))
        .unwrap_or_default()
}

/// Notes what is done now, as the end of "winfit was …".
pub(crate) fn doing(what: impl FnOnce() -> String) {
    let _ = WATCH.try_with(|watch| watch.state().doing = what());
}

/// Whether so long a wait ends in time.
pub(crate) fn allows(wait: Duration) -> bool {
    WATCH
        .try_with(|watch| Instant::now() + wait < watch.end())
        .unwrap_or(true)
}

/// Waits in a queue of winfit's own.
pub(crate) async fn queue<T>(future: impl Future<Output = T>) -> T {
    let _queued = WATCH.try_with(Arc::clone).map(Queued::new);
    future.await
}

/// A request in a queue; it leaves the queue when this is dropped, served or given up.
struct Queued(Arc<Watch>);

impl Queued {
    fn new(watch: Arc<Watch>) -> Self {
        let mut state = watch.state();
        if state.queued == 0 {
            state.since = Instant::now();
        }
        state.queued += 1;
        drop(state);
        Self(watch)
    }
}

impl Drop for Queued {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.queued -= 1;
        if state.queued == 0 {
            let waited = state.since.elapsed();
            state.waited += waited;
        }
    }
}
