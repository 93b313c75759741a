//! The tests of `winfit-kube`.

#![allow(clippy::unwrap_used)]

mod pin_plan;
mod pin_property;
mod reading;
mod saved;
mod server;
mod support;
mod test_api;
