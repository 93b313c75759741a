//! What one file says of a service, and how a later file changes it (compose-go, `override`).

use std::path::PathBuf;

use winfit_core::finding::{Located, Origin};

/// A value that a file may set, leave alone, take away (`!reset`) or put in the place of an earlier
/// one without merging (`!override`).
#[derive(Debug, Clone, Default)]
pub(super) enum Slot<T> {
    #[default]
    Absent,
    Set(T),
    Override(T),
    Reset,
}

/// What can be merged with the same of a later file.
pub(super) trait Merge {
    /// The value after `later` came over it.
    fn merge(self, later: Self) -> Self;
}

impl<T> Slot<T> {
    pub(super) fn value(&self) -> Option<&T> {
        match self {
            Self::Set(value) | Self::Override(value) => Some(value),
            Self::Absent | Self::Reset => None,
        }
    }

    pub(super) fn into_value(self) -> Option<T> {
        match self {
            Self::Set(value) | Self::Override(value) => Some(value),
            Self::Absent | Self::Reset => None,
        }
    }
}

impl<T: Merge> Merge for Slot<T> {
    fn merge(self, later: Self) -> Self {
        match (self, later) {
            // What a tag did to earlier files is done.
            (Self::Set(value) | Self::Override(value), Self::Absent) => Self::Set(value),
            (Self::Absent | Self::Reset, Self::Absent) => Self::Absent,
            (Self::Set(value) | Self::Override(value), Self::Set(later)) => {
                Self::Set(value.merge(later))
            }
            (_, later) => later,
        }
    }
}

/// A scalar, after substitution.
#[derive(Debug, Clone)]
pub(super) struct Text {
    pub(super) written: String,
    /// None: a variable has no value.
    pub(super) value: Option<String>,
    pub(super) unresolved: Vec<String>,
    pub(super) origin: Origin,
}

impl Text {
    /// The value with its place, where it is known.
    pub(super) fn located(self) -> Option<Located<String>> {
        Some(Located::new(self.value?, self.origin))
    }
}

impl Merge for Text {
    fn merge(self, later: Self) -> Self {
        later
    }
}

/// Lists grow at their end.
impl<T> Merge for Vec<T> {
    fn merge(mut self, later: Self) -> Self {
        self.extend(later);
        self
    }
}

/// Where a build's files are.
#[derive(Debug, Clone)]
pub(super) enum Context {
    /// A folder.
    Folder(PathBuf),
    /// A URL, or what a variable without a value names.
    Elsewhere,
}

impl Merge for Context {
    fn merge(self, later: Self) -> Self {
        later
    }
}

/// `build`.
#[derive(Debug, Clone)]
pub(super) struct BuildLayer {
    pub(super) context: Slot<Context>,
    pub(super) dockerfile: Slot<Text>,
    pub(super) inline: Slot<Text>,
    pub(super) target: Slot<Text>,
    pub(super) isolation: Slot<Text>,
    /// Names with their values; none: a variable has no value.
    pub(super) args: Slot<Vec<(String, Option<String>)>>,
    /// The folder that stands for a context that nobody names.
    pub(super) folder: PathBuf,
    pub(super) origin: Origin,
}

impl Merge for BuildLayer {
    fn merge(self, later: Self) -> Self {
        Self {
            context: self.context.merge(later.context),
            dockerfile: self.dockerfile.merge(later.dockerfile),
            inline: self.inline.merge(later.inline),
            target: self.target.merge(later.target),
            isolation: self.isolation.merge(later.isolation),
            args: self.args.merge(later.args),
            folder: later.folder,
            origin: self.origin,
        }
    }
}

/// `deploy.placement`.
#[derive(Debug, Clone, Default)]
pub(super) struct PlacementLayer {
    pub(super) constraints: Slot<Vec<Text>>,
}

impl Merge for PlacementLayer {
    fn merge(self, later: Self) -> Self {
        Self {
            constraints: self.constraints.merge(later.constraints),
        }
    }
}

/// `deploy`.
#[derive(Debug, Clone)]
pub(super) struct DeployLayer {
    pub(super) placement: Slot<PlacementLayer>,
    pub(super) mode: Slot<Text>,
    pub(super) replicas: Slot<Text>,
    pub(super) origin: Origin,
}

impl Merge for DeployLayer {
    fn merge(self, later: Self) -> Self {
        Self {
            placement: self.placement.merge(later.placement),
            mode: self.mode.merge(later.mode),
            replicas: self.replicas.merge(later.replicas),
            origin: self.origin,
        }
    }
}

/// `extends`.
#[derive(Debug, Clone)]
pub(super) struct Extends {
    pub(super) service: String,
    pub(super) file: Option<Located<String>>,
    pub(super) origin: Origin,
}

/// A service as one file, or all files so far, have it.
#[derive(Debug, Clone)]
pub(super) struct ServiceLayer {
    pub(super) name: Located<String>,
    pub(super) image: Slot<Text>,
    pub(super) build: Slot<BuildLayer>,
    pub(super) isolation: Slot<Text>,
    pub(super) platform: Slot<Text>,
    pub(super) deploy: Slot<DeployLayer>,
    pub(super) scale: Slot<Text>,
    pub(super) extends: Option<Extends>,
}

impl ServiceLayer {
    /// A service of which nothing is said.
    pub(super) fn named(name: Located<String>) -> Self {
        Self {
            name,
            image: Slot::Absent,
            build: Slot::Absent,
            isolation: Slot::Absent,
            platform: Slot::Absent,
            deploy: Slot::Absent,
            scale: Slot::Absent,
            extends: None,
        }
    }

    /// The service after `later` came over it, under its own name.
    pub(super) fn merge(self, later: Self) -> Self {
        Self {
            name: self.name,
            image: self.image.merge(later.image),
            build: self.build.merge(later.build),
            isolation: self.isolation.merge(later.isolation),
            platform: self.platform.merge(later.platform),
            deploy: self.deploy.merge(later.deploy),
            scale: self.scale.merge(later.scale),
            extends: None,
        }
    }

    /// How much a copy of it costs, in values.
    pub(super) fn size(&self) -> usize {
        let constraints = self
            .deploy
            .value()
            .and_then(|deploy| deploy.placement.value())
            .and_then(|placement| placement.constraints.value())
            .map_or(0, Vec::len);
        let args = self
            .build
            .value()
            .and_then(|build| build.args.value())
            .map_or(0, Vec::len);
        8 + constraints + args
    }
}
