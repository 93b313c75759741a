//! `winfit.toml`: the fleet that a repository is written for, and what not to report.

mod hosts;
mod read;

use std::path::PathBuf;

use winfit_core::finding::Origin;
use winfit_core::fleet::Member;
use winfit_core::host::Os;
use winfit_core::version::OsVersion;

pub use self::read::read;

/// How the repository wants its base images tagged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BaseTags {
    /// By release (`ltsc2022`): every build takes the newest patches.
    Floating,
    /// By KB, version or digest: every build takes the same.
    Pinned,
}

/// What is told of an image that its reference does not tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageFacts {
    /// The repository, or the whole reference, that this is about.
    pub reference: String,
    /// The version inside.
    pub os_version: Option<OsVersion>,
    /// Its operating system.
    pub os: Option<Os>,
    /// The Dockerfile that builds it, joined to the folder of `winfit.toml`.
    pub dockerfile: Option<PathBuf>,
    /// Where that is written.
    pub dockerfile_at: Option<Origin>,
    /// Where that is written.
    pub origin: Origin,
}

/// A file that `winfit.toml` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedFile {
    /// The path, joined to the folder of `winfit.toml`.
    pub path: PathBuf,
    /// Where that is written.
    pub origin: Origin,
}

/// A registry that holds the images of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror {
    /// What references start with: `registry.contoso.com/mcr`.
    pub prefix: String,
    /// What that stands for: `mcr.microsoft.com`.
    pub of: String,
}

/// A rule that is not to be reported for some files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignore {
    /// The rule's name.
    pub rule: String,
    /// The files, as in .gitignore, relative to `winfit.toml`; none: all.
    pub path: Option<String>,
    /// Where that is written.
    pub origin: Origin,
}

/// A `winfit.toml`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Config {
    /// The folder it stands in: paths in it start there.
    pub folder: PathBuf,
    /// The path of the file as shown.
    pub name: String,
    /// The hosts.
    pub hosts: Vec<Member>,
    /// The `daemon.json` of these hosts' engines, which need not be there yet.
    pub daemon_json: Option<NamedFile>,
    /// What is told of images.
    pub images: Vec<ImageFacts>,
    /// Mirrors of registries.
    pub mirrors: Vec<Mirror>,
    /// What not to report.
    pub ignores: Vec<Ignore>,
    /// Files that are not read at all, as in .gitignore.
    pub exclude: Vec<String>,
    /// How base images are to be tagged.
    pub base_tags: Option<BaseTags>,
    /// Support that ends within so many days is a warning.
    pub eol_within: Option<i64>,
}
