//! The specification of reading and checking files.

mod config;
mod lint;
mod repository;
