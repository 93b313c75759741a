//! The tests of `winfit-kube`.

#![allow(clippy::unwrap_used)]

mod large;
mod pin_plan;
mod pin_property;
mod reading;
mod saved;
mod saved_describe;
mod saved_parts;
mod saved_yaml;
mod support;
mod test_api;
