//! Everything in one binary: one file a reader.

mod yaml;
