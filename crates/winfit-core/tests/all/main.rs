//! One binary for all integration tests of the core.

mod host_text;
mod verdict;
