//! Rules for daemon.

use std::sync::Arc;

use winfit_core::finding::{Finding, Rule};

use super::Context;
use crate::daemon::DaemonJson;

/// The rules of this file.
pub const RULES: &[Rule] = &[];

/// Checks one file, whose path as shown is `name`.
pub fn check(_context: &Context<'_>, _name: &Arc<str>, _daemon: &DaemonJson) -> Vec<Finding> {
    Vec::new()
}
