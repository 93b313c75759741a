//! The command line of winfit.
fn main() {}
