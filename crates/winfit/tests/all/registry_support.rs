//! A real registry for the command line's tests: that of the registry crate's own tests.

// Not every helper is of use here.
#![allow(dead_code, unused_imports)]

#[path = "../../../winfit-registry/tests/all/support/mod.rs"]
mod support;

pub(crate) use self::support::block_on;
pub(crate) use self::support::images::{Pushed, Repository, platform, windows_config};
pub(crate) use self::support::registry::{Registry, free_port};
