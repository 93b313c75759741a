//! The tests of `winfit-kube`.

#![allow(clippy::unwrap_used)]

mod large;
mod reading;
mod saved;
mod saved_forms;
mod support;
mod test_api;
