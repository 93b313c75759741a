//! The tests of `winfit-kube`.

#![allow(clippy::unwrap_used)]

mod reading;
mod saved;
mod server;
mod support;
mod test_api;
