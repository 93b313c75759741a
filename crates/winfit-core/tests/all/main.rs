//! Integration tests of the core, in one binary.

mod host_properties;
mod host_spec;
mod host_text;
