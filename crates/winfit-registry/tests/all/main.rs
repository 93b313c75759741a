//! The registry client against a real registry (Debian's docker-registry), and skopeo as a witness.
// Helpers of tests fail as tests do.
#![allow(clippy::unwrap_used)]

mod inspecting;
mod support;
mod tags;
