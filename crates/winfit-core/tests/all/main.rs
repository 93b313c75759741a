//! One binary for all integration tests of the core.

mod host_properties;
mod host_spec;
mod host_text;
mod images;
mod verdict;
