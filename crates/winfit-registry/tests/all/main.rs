//! The registry client against a real registry (Debian's docker-registry), and skopeo as a witness.
// Helpers of tests fail as tests do.
#![allow(clippy::unwrap_used)]

mod describing;
mod faults;
mod inspecting;
mod logins;
mod pushing;
mod support;
mod tags;
mod tls;
