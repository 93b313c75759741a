//! The domain of winfit: whether a Windows container image runs on a host.
//!
//! This crate reads nothing, writes nothing and asks no clock. It holds the [`catalog`] of Windows
//! releases, updates, documented pairs and engine rules, reads hosts and images from what people
//! write, and judges one against the other.

pub mod audit;
pub mod catalog;
pub mod change;
pub mod day;
pub mod engine;
pub mod finding;
pub mod fleet;
pub mod generation;
pub mod given;
pub mod host;
pub mod image;
pub mod image_change;
pub mod index;
pub mod matrix_view;
pub mod names;
pub mod placement;
pub mod platform;
pub mod reason;
pub mod recommend;
pub mod reference;
pub mod remedy;
pub mod rules;
pub mod variants;
pub mod verdict;
pub mod version;

pub use catalog::Catalog;
pub use time::Date;
