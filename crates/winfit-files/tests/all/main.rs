//! Readers and rules of files. One test binary, one module a kind of file.
// Helpers of tests fail as tests do.
#![allow(clippy::unwrap_used)]

mod dockerfile;
