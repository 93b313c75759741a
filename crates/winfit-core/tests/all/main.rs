//! One binary for all integration tests of the core.

mod audit;
mod fleet_builder;
mod host_properties;
mod host_spec;
mod host_text;
mod images;
mod no_host;
mod placement;
mod preflight;
mod rebuild;
mod settled;
mod verdict;
