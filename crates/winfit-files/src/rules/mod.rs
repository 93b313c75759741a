//! What is wrong with files, beyond where their images run: one file a kind of file. Where an
//! image runs is the core's [`audit`](winfit_core::audit).

pub mod base_changes;
pub mod compose;
pub mod daemon;
pub mod dockerfile;
pub mod kubernetes;
pub mod tags;

use winfit_core::Catalog;
use winfit_core::audit::AuditOptions;
use winfit_core::fleet::Fleet;

use crate::config::BaseTags;

/// What rules know beside the file at hand.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The catalog.
    pub catalog: &'a Catalog,
    /// The fleet, with all hosts and all workloads of the repository.
    pub fleet: &'a Fleet,
    /// Days.
    pub options: &'a AuditOptions,
    /// How the repository wants its base images tagged.
    pub base_tags: Option<BaseTags>,
}
