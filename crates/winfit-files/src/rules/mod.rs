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
use winfit_core::change::Change;
use winfit_core::finding::Located;
use winfit_core::fleet::{Fleet, Member};
use winfit_core::remedy::{Command, Remedy, RemedyKind, Safety, Shell};

use crate::config::BaseTags;

/// What rules know beside the file at hand.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The catalog.
    pub catalog: &'a Catalog,
    /// The fleet, with all hosts and all workloads of the repository.
    pub fleet: &'a Fleet,
    /// Its hosts for Windows that take new work.
    pub hosts: &'a [&'a Member],
    /// Days.
    pub options: &'a AuditOptions,
    /// How the repository wants its base images tagged.
    pub base_tags: Option<BaseTags>,
}

/// Another text in the place of this one.
fn write_instead(title: &str, kind: RemedyKind, written: &Located<String>, right: &str) -> Remedy {
    Remedy {
        kind,
        title: title.to_owned(),
        safety: Safety::Unsafe,
        commands: vec![Command {
            shell: Shell::Any,
            text: right.to_owned(),
        }],
        diff: None,
        changes: vec![Change::Text {
            at: written.origin.clone(),
            old: written.value.clone(),
            new: right.to_owned(),
        }],
    }
}
