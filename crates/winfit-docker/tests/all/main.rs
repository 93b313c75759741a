//! Engines and Swarms, real ones.
// Helpers of tests fail as tests do.
#![allow(clippy::unwrap_used)]

mod deciding;
mod reading;
mod support;
mod writing;
