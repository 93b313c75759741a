//! What tests of clusters stand on. Tests of `winfit` take it in as well, and each crate uses its own part.

#![allow(dead_code)]

pub(crate) mod api;
mod faults;
