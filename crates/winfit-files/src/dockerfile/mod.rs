//! Dockerfiles: stages and what they are built from, with exact places.

mod expand;
mod heredoc;
mod hints;
mod lines;
mod pattern;
pub mod platform;
mod stages;
mod words;

pub use expand::is_predefined;

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
    /// Its first `RUN`, which starts a container of what the stage is built from.
    pub run: Option<Origin>,
    /// What `ONBUILD` triggers say: instructions for the image that is built from this one.
    pub onbuild: Vec<Located<String>>,
    /// The operating system, as far as `--platform`, paths, `SHELL` and the escape character tell;
    /// what the base image says is not asked here.
    pub os_hint: Option<Os>,
    /// The `FROM` instruction.
    pub origin: Origin,
}

/// Where files are copied from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
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

impl Dockerfile {
    /// The stage whose base is an image of its own, beneath a stage; that may be `scratch`.
    pub fn base_of(&self, stage: usize) -> Option<&Stage> {
        let mut stage = self.stages.get(stage)?;
        // Stages go on from earlier ones alone, so this ends.
        while let Some(below) = stage.of_stage {
            stage = self.stages.get(below)?;
        }
        Some(stage)
    }

    /// The stage of this name or number, as `--target` and Compose's `target` look it up: the last
    /// one where several have the name.
    pub fn stage_named(&self, target: &str) -> Option<usize> {
        let lower = target.to_lowercase();
        let by_name = self
            .stages
            .iter()
            .rposition(|stage| stage.name.as_ref().is_some_and(|name| name.value == lower));
        by_name.or_else(|| {
            let number: usize = target.parse().ok()?;
            (number < self.stages.len()).then_some(number)
        })
    }
}

/// The stage that brings the base image of what is built: of `target`, else of the last stage. It
/// may be built on `scratch`.
pub fn final_base<'d>(dockerfile: &'d Dockerfile, target: Option<&str>) -> Option<&'d Stage> {
    let stage = match target {
        Some(target) => dockerfile.stage_named(target)?,
        None => dockerfile.stages.len().checked_sub(1)?,
    };
    dockerfile.base_of(stage)
}

/// Reads a Dockerfile. What cannot be understood is a problem; the rest is read all the same.
pub fn read(source: &Source) -> (Dockerfile, Vec<Problem>) {
    read_with_args(source, &[])
}

/// Reads a Dockerfile with build arguments (Compose's `build.args`), which win over the defaults of
/// the `ARG`s that take them.
pub fn read_with_args(source: &Source, given: &[(String, String)]) -> (Dockerfile, Vec<Problem>) {
    stages::read(source, given)
}
