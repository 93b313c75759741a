//! Rules for manifests.

use std::sync::Arc;

use winfit_core::finding::{Finding, Rule};

use super::Context;
use crate::kubernetes::Manifests;

/// The rules of this file.
pub const RULES: &[Rule] = &[];

/// Checks one file, whose path as shown is `name`.
pub fn check(_context: &Context<'_>, _name: &Arc<str>, _manifests: &Manifests) -> Vec<Finding> {
    Vec::new()
}
