//! Listening to an engine: what wakes the watch, over restarts and lost connections.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, mpsc};
use winfit_docker::Engine;

use super::stop::{First, first};

/// The shortest and the longest pause before a connection is tried anew.
pub(super) const PAUSES: (Duration, Duration) =
    (Duration::from_millis(100), Duration::from_secs(5));

/// A connection that lasts so long was a good one.
const GOOD: Duration = Duration::from_secs(1);

/// What wakes the watch.
#[derive(Debug)]
pub(super) enum Wake {
    /// Events are listened to from now on; what happened before is not among them.
    Listening,
    /// Something happened.
    Changed,
    /// Events are not heard, and why.
    Lost(String),
}

/// Listens until nobody wants to know. `anew` asks for a new connection: the old one may be dead without a
/// sign.
pub(super) async fn follow(engine: Engine, wake: mpsc::UnboundedSender<Wake>, anew: Arc<Notify>) {
    let mut since = None;
    let mut pause = PAUSES.0;
    loop {
        let why = match engine.events(since).await {
            Err(error) => error.to_string(),
            Ok(mut events) => {
                let began = Instant::now();
                if wake.send(Wake::Listening).is_err() {
                    return;
                }
                let why = loop {
                    match first(events.next(), anew.notified()).await {
                        First::One(Ok(Some(event))) => {
                            since = Some(event.at);
                            if wake.send(Wake::Changed).is_err() {
                                return;
                            }
                        }
                        First::One(Ok(None)) => {
                            break format!("{} ended its events", engine.name());
                        }
                        First::One(Err(error)) => break error.to_string(),
                        First::Other(()) => break format!("{} is silent", engine.name()),
                    }
                };
                if began.elapsed() >= GOOD {
                    pause = PAUSES.0;
                }
                why
            }
        };
        if wake.send(Wake::Lost(why)).is_err() {
            return;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSES.1);
    }
}
