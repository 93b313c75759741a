//! Everything in one binary: one file a reader.
#![allow(clippy::unwrap_used)]

mod kubernetes;
mod yaml;
