//! One binary for all tests of the command line and of the documents about it.
// Helpers of tests fail as tests do.
#![allow(clippy::unwrap_used)]

mod docs;
mod pages;
mod schemas;

use std::path::PathBuf;
use std::process::{Command, Output};

/// A path in the repository.
fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

/// Runs the built command.
fn winfit(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_winfit"))
        .args(arguments)
        .output()
        .expect("the built command starts")
}
