//! The specification of reading and checking files.
// Helpers of tests fail as tests do.
#![allow(clippy::unwrap_used)]

mod compose;
mod config;
mod daemon;
mod dockerfile;
mod fix;
mod kubernetes;
mod lint;
mod repository;
mod runs;
mod write;
mod yaml;
