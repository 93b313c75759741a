//! The rules, one authority a file: what is documented, what is known to break, what engines do.

pub mod documented;
pub mod engines;
pub mod revision;
