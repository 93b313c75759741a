//! Everything in one binary: one file a reader.
#![allow(clippy::unwrap_used, clippy::format_collect)]

mod kubernetes;
mod yaml;
