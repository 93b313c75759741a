//! Engines and Swarms, real ones.
// Helpers of tests fail as tests do.
#![allow(clippy::unwrap_used)]

mod asking;
mod deciding;
mod large;
#[cfg(unix)]
mod local;
mod reading;
mod smallest;
mod support;
mod writing;
