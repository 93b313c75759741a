//! Why git could not tell, in a sentence each.

use thiserror::Error;

/// Why git could not tell. Each sentence names the revision or the folder, and the next step.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GitError {
    /// There is no git.
    #[error("--against needs git, and no git is on the PATH; install it, or leave --against out")]
    NoGit,
    /// The folder is in no repository.
    #[error(
        "{folder} is in no git repository, so there is no {revision} to compare it with; give a path in one"
    )]
    NoRepository {
        /// The folder as shown.
        folder: String,
        /// The revision as given.
        revision: String,
    },
    /// A repository without files.
    #[error("{folder} is a bare git repository, which has no files to check; give a clone of it")]
    Bare {
        /// The folder as shown.
        folder: String,
    },
    /// The repository belongs to somebody else.
    #[error(
        "git does not read the repository of {folder}, which belongs to another user; if you trust it: git config --global --add safe.directory \"{advised}\""
    )]
    Ownership {
        /// The folder as shown.
        folder: String,
        /// What git wants to have named.
        advised: String,
    },
    /// A path in another repository than the first.
    #[error("{path} is in another git repository than {first}; check each of them by itself")]
    OtherRepository {
        /// The path as shown.
        path: String,
        /// The first path as shown.
        first: String,
    },
    /// A text that can be no revision.
    #[error(
        "--against {revision}: {reason}; a revision is a branch, a tag or a commit, as main or v1.2, and main... is where this branch left main"
    )]
    Form {
        /// The text as given, shortened.
        revision: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// No such revision.
    #[error(
        "--against {revision}: the repository has no such branch, tag or commit; git branch --all and git tag list them"
    )]
    NoRevision {
        /// The revision as given, shortened.
        revision: String,
    },
    /// A shallow clone without it.
    #[error(
        "--against {revision}: this clone is shallow and does not have it; fetch it first: {fetch}"
    )]
    Shallow {
        /// The revision as given, shortened.
        revision: String,
        /// The command.
        fetch: String,
    },
    /// Two histories without a common commit.
    #[error(
        "--against {revision}...: the two histories have no commit in common; give {revision} without the dots"
    )]
    NoMergeBase {
        /// The revision without its dots, shortened.
        revision: String,
    },
    /// Anything else that git says.
    #[error("git {what} did not work: {said}")]
    Failed {
        /// The command of git.
        what: &'static str,
        /// The first line of what git said.
        said: String,
    },
}

impl GitError {
    /// Whether the user can mend it by asking otherwise; else nothing could be read.
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::NoRepository { .. }
                | Self::OtherRepository { .. }
                | Self::Form { .. }
                | Self::NoRevision { .. }
                | Self::NoMergeBase { .. }
        )
    }
}
