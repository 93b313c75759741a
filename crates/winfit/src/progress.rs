//! How far a long reading is: one line at a terminal that is rewritten, nothing in a pipe.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// Fewer are read before anybody wonders.
const FEW: usize = 4;
/// More often nobody can read it.
const EVERY: Duration = Duration::from_millis(100);

/// The line; it is gone when this is dropped. The cursor stays visible, so that whoever interrupts
/// finds the terminal as it was.
pub(crate) struct Progress {
    total: usize,
    done: usize,
    shown: Option<Instant>,
    visible: bool,
}

impl Progress {
    /// Nothing of so many is done.
    pub(crate) fn new(total: usize) -> Self {
        Self {
            total,
            done: 0,
            shown: None,
            visible: total > FEW && io::stderr().is_terminal(),
        }
    }

    /// One more is done.
    pub(crate) fn next(&mut self) {
        self.done += 1;
        if self.visible && self.shown.is_none_or(|shown| shown.elapsed() >= EVERY) {
            self.shown = Some(Instant::now());
            write(&format!("{} of {} images read", self.done, self.total));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown.is_some() {
            write("");
        }
    }
}

/// Writes over the line. If it cannot be written nothing is lost.
fn write(text: &str) {
    let mut out = io::stderr().lock();
    let _ = write!(out, "\r\x1b[K{text}");
    let _ = out.flush();
}
