//! What tests of engines share.

#[cfg(unix)]
pub(crate) mod proxy;
pub(crate) mod real_swarm;
