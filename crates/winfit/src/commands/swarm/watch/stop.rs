//! The end of a watch: somebody asks for it, and what is being written is finished first.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use anyhow::Result;
use tokio::sync::watch;

/// Whichever of two things came first.
#[derive(Debug)]
pub(super) enum First<A, B> {
    One(A),
    Other(B),
}

/// Waits for either of two things; the one that is not first is given up.
pub(super) async fn first<A, B>(
    one: impl Future<Output = A>,
    other: impl Future<Output = B>,
) -> First<A, B> {
    let (mut one, mut other) = (pin!(one), pin!(other));
    poll_fn(|context| {
        if let Poll::Ready(value) = one.as_mut().poll(context) {
            return Poll::Ready(First::One(value));
        }
        other.as_mut().poll(context).map(First::Other)
    })
    .await
}

/// How urgently the end was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
enum Asked {
    Not,
    /// What is being written is finished first.
    Once,
    /// Nothing is waited for.
    Twice,
}

/// Whether the end was asked for.
#[derive(Debug, Clone)]
pub(super) struct Stop {
    sender: watch::Sender<Asked>,
}

impl Stop {
    /// Takes the signals of whoever wants this process to end: from now on they end nothing by themselves.
    pub(super) fn of_signals() -> Result<Self> {
        let (sender, _) = watch::channel(Asked::Not);
        let stop = Self { sender };
        let mut asked = signals::Signals::new()?;
        let own = stop.clone();
        tokio::spawn(async move {
            asked.next().await;
            own.set();
            asked.next().await;
            own.sender.send_replace(Asked::Twice);
        });
        Ok(stop)
    }

    /// Asks for the end.
    pub(super) fn set(&self) {
        self.sender.send_if_modified(|asked| {
            let is_first = *asked == Asked::Not;
            if is_first {
                *asked = Asked::Once;
            }
            is_first
        });
    }

    pub(super) fn is_set(&self) -> bool {
        *self.sender.borrow() != Asked::Not
    }

    /// Waits for something that may be given up; none: the end was asked for.
    pub(super) async fn unless<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        self.until(Asked::Once, future).await
    }

    /// Waits for something that is better finished; none: the end was asked for a second time.
    pub(super) async fn unless_at_once<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        self.until(Asked::Twice, future).await
    }

    async fn until<T>(&self, end: Asked, future: impl Future<Output = T>) -> Option<T> {
        let mut asked = self.sender.subscribe();
        // The sender lives as long as this.
        let asked = async move { asked.wait_for(|asked| *asked >= end).await.is_ok() };
        match first(asked, future).await {
            First::One(_) => None,
            First::Other(value) => Some(value),
        }
    }
}

#[cfg(unix)]
mod signals {
    use tokio::signal::unix::{Signal, SignalKind, signal};

    pub(super) struct Signals(Signal, Signal);

    impl Signals {
        pub(super) fn new() -> std::io::Result<Self> {
            Ok(Self(
                signal(SignalKind::terminate())?,
                signal(SignalKind::interrupt())?,
            ))
        }

        pub(super) async fn next(&mut self) {
            super::first(self.0.recv(), self.1.recv()).await;
        }
    }
}

#[cfg(windows)]
mod signals {
    use tokio::signal::windows::{CtrlC, CtrlShutdown, ctrl_c, ctrl_shutdown};

    pub(super) struct Signals(CtrlC, CtrlShutdown);

    impl Signals {
        pub(super) fn new() -> std::io::Result<Self> {
            Ok(Self(ctrl_c()?, ctrl_shutdown()?))
        }

        pub(super) async fn next(&mut self) {
            // docker stop sends the second one to a Windows container.
            super::first(self.0.recv(), self.1.recv()).await;
        }
    }
}
