//! The whole way from a tree of files to findings.

use time::Date;
use winfit_core::Catalog;
use winfit_core::audit::Placed;
use winfit_core::finding::Finding;
use winfit_core::fleet::{Fleet, Member};

use crate::repository::Repository;

/// What a lint needs beside the files.
#[derive(Debug, Clone)]
pub struct LintOptions {
    /// The day for dates of support.
    pub today: Date,
    /// Support that ends within so many days is a warning; none: what `winfit.toml` says, else 180.
    pub eol_within: Option<i64>,
    /// Hosts beside those of `winfit.toml` and of the files; where there are any, they alone count.
    pub hosts: Vec<Member>,
}

/// What a lint found.
#[derive(Debug, Default)]
pub struct Lint {
    /// The fleet that the files describe.
    pub fleet: Fleet,
    /// How its workloads are placed, in their order.
    pub placed: Vec<Placed>,
    /// What is wrong, by place; without what is ignored.
    pub findings: Vec<Finding>,
    /// How many findings comments and `winfit.toml` ignore.
    pub ignored: usize,
    /// Where the hosts come from, in words: `winfit.toml`; empty: none are declared.
    pub hosts_from: String,
}

/// Builds the fleet, audits it, checks every file, and leaves out what is ignored.
pub fn lint(_catalog: &Catalog, _repository: &Repository, _options: &LintOptions) -> Lint {
    Lint::default()
}
