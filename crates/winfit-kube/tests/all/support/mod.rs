//! What tests of clusters stand on. Tests of `winfit` take it in as well, and each crate uses its own part.

#![allow(dead_code)]

pub(crate) mod admin;
pub(crate) mod api;
pub(crate) mod cluster;
mod faults;
mod front;
pub(crate) mod large;
mod real;
