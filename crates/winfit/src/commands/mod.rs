//! One module a command: it reads its arguments, asks the core, and renders.

mod audited;
pub(crate) mod catalog;
pub(crate) mod check;
pub(crate) mod docker;
pub(crate) mod explain;
pub(crate) mod facts;
pub(crate) mod host;
pub(crate) mod image;
pub(crate) mod image_change;
pub(crate) mod kube;
pub(crate) mod lint;
pub(crate) mod lsp;
pub(crate) mod matrix;
mod mended;
pub(crate) mod notes;
pub(crate) mod rules;
pub(crate) mod swarm;
pub(crate) mod tag;
mod told;
