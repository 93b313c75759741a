//! What tests of engines share.

pub(crate) mod real_swarm;
