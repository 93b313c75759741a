//! The specification of reading and checking files.

mod compose;
mod config;
mod daemon;
mod kubernetes;
mod lint;
mod repository;
mod yaml;
