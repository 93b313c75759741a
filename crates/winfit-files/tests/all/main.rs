//! The specification of reading and checking files.

mod config;
mod kubernetes;
mod lint;
mod repository;
mod yaml;
