//! What the benchmarks share: the pairs that are judged, and the count of allocations.

pub mod allocations;
pub mod pairs;
