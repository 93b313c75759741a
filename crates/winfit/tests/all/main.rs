//! One binary for all tests of the command line.
// Helpers of tests fail as tests do.
#![allow(clippy::unwrap_used)]

mod pages;
