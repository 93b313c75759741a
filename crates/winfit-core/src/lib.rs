//! The domain of winfit: whether a Windows container image runs on a host.
//!
//! This crate reads nothing, writes nothing and asks no clock. It holds the [`catalog`] of Windows
//! releases, updates, documented pairs and engine rules, reads hosts and images from what people
//! write, and judges one against the other.

pub mod catalog;
pub mod day;
pub mod engine;
pub mod host;
pub mod names;
pub mod version;

pub use catalog::Catalog;
pub use time::Date;
