//! Remedies: what would make the image run, in the order a careful colleague would give them.
//!
//! Only changes that were judged to work are offered: each candidate goes through
//! [`judge`] again.

mod host;
mod image;

use time::Date;

pub(crate) use self::image::retagged;

use crate::catalog::Catalog;
use crate::change::Change;
use crate::host::{Host, Isolation};
use crate::image::{Image, NamedImage};
use crate::verdict::{Verdict, judge};
use crate::version::OsVersion;

/// Whether a remedy can change what already works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Safety {
    /// It cannot.
    Safe,
    /// It moves, restarts or rebuilds something.
    Unsafe,
}

impl Safety {
    /// The word in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Unsafe => "unsafe",
        }
    }
}

/// Where a command is to be pasted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shell {
    /// Any shell: nothing in the line differs.
    Any,
    /// PowerShell.
    PowerShell,
    /// sh and its kin.
    Sh,
    /// A Dockerfile.
    Dockerfile,
    /// A Kubernetes manifest.
    Yaml,
}

impl Shell {
    /// The word in JSON and in labels.
    pub fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::PowerShell => "powershell",
            Self::Sh => "sh",
            Self::Dockerfile => "dockerfile",
            Self::Yaml => "yaml",
        }
    }
}

/// Something to paste.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Where.
    pub shell: Shell,
    /// The text, ready to paste; long lines are continued as the shell wants it.
    pub text: String,
}

/// What kind of change a remedy is, in the contract's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RemedyKind {
    /// An engine version or image store that pulls the image.
    Engine,
    /// A newer patch on the host.
    PatchHost,
    /// The image on the right base.
    Rebuild,
    /// The other isolation.
    Isolation,
    /// Another host of the fleet.
    OtherHost,
    /// A second node pool or cluster.
    NodePool,
    /// The same Windows in development and production.
    SameVersion,
}

/// One change that would make the image run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remedy {
    /// What kind of change.
    pub kind: RemedyKind,
    /// What to do, in one line.
    pub title: String,
    /// Whether it can change what already works.
    pub safety: Safety,
    /// What to paste.
    pub commands: Vec<Command>,
    /// The change to a file, as a unified diff without line numbers.
    pub diff: Option<String>,
    /// The changes that carry it out, all together. Empty: it takes a person's hand.
    pub changes: Vec<Change>,
}

impl Remedy {
    /// What was done once it is carried out, in one line: with the text that is written, where it is one
    /// of several.
    pub fn done_in_words(&self) -> String {
        let title = self.title.trim_end_matches(", one of");
        match self.changes.as_slice() {
            [Change::Text { new, .. }] if self.kind == RemedyKind::Rebuild => {
                format!("{title}: {new}")
            }
            _ => title.to_owned(),
        }
    }

    /// What carrying it out does to what runs, in a few words; none: nothing, or nobody can tell.
    ///
    /// Whoever places anew what runs makes it anew: a pod template or a service's spec that changes
    /// replaces its pods or tasks.
    pub fn effect(&self) -> Option<&'static str> {
        if self.safety == Safety::Safe {
            return None;
        }
        let of = |change: &Change| match change {
            Change::Pod { change, .. } if change.host_network => "changes the network",
            Change::Pod { .. } | Change::Demand { .. } | Change::Toleration { .. } => "moves pods",
            Change::Service { change, .. } if change.constraints.is_empty() => {
                "restarts containers"
            }
            Change::Service { .. } => "moves tasks",
            Change::EngineIsolation { .. } => "restarts the engine",
            Change::Text { .. } => match self.kind {
                RemedyKind::Rebuild => "changes the image",
                RemedyKind::Isolation => "changes the isolation",
                _ => "moves what runs",
            },
            Change::Remove { .. } | Change::Quote { .. } | Change::ApiVersion { .. } => {
                "restarts pods"
            }
        };
        self.changes.first().map(of)
    }
}

/// A host with the name by which sentences call it.
#[derive(Debug, Clone, Copy)]
pub struct FleetHost<'a> {
    /// What the user wrote, or the node's name.
    pub label: &'a str,
    /// The facts.
    pub host: &'a Host,
}

/// All that remedies are found from.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// The catalog.
    pub catalog: &'a Catalog,
    /// The image.
    pub image: &'a NamedImage,
    /// The host.
    pub host: &'a Host,
    /// Its verdict.
    pub verdict: &'a Verdict,
    /// The isolation asked for; none: the host's default.
    pub asked: Option<Isolation>,
    /// All hosts at hand; the host itself may be among them.
    pub fleet: &'a [FleetHost<'a>],
    /// The day for dates of support.
    pub today: Date,
    /// The workload is a pod: `docker run` is not how it starts, and containerd pulls no image for
    /// another build than the node's, also not for Hyper-V isolation (containerd#6862).
    pub pod: bool,
}

/// What would make the image run, in order; nothing where it runs already.
pub fn remedies(situation: &Situation<'_>) -> Vec<Remedy> {
    if situation.verdict.fits(situation.asked) {
        return Vec::new();
    }
    let mut found = Vec::new();
    situation.engine(&mut found);
    situation.patch_host(&mut found);
    situation.rebuild(&mut found);
    situation.isolate(&mut found);
    situation.other_host(&mut found);
    situation.node_pool(&mut found);
    situation.same_version(&mut found);
    found
}

impl Situation<'_> {
    /// The other hosts at hand. Of a fleet of any size only the first are looked at: what is wanted is
    /// somewhere to run, not a list.
    pub(super) fn others(&self) -> impl Iterator<Item = &FleetHost<'_>> {
        const MOST: usize = 1000;
        self.fleet
            .iter()
            .take(MOST)
            .filter(|other| !std::ptr::eq(other.host, self.host))
    }

    pub(super) fn isolation(&self) -> Isolation {
        self.asked.unwrap_or(self.verdict.default_isolation)
    }

    pub(super) fn runs(&self, host: &Host, image: &Image, isolation: Isolation) -> bool {
        let verdict = judge(self.catalog, host, image);
        verdict.answers.of(isolation).answer.runs() && !verdict.pull_refused()
    }

    pub(super) fn builds(&self) -> Option<(u16, u16)> {
        Some((self.host.version?.build, self.image.image.version?.build))
    }
}

/// The placement that keeps a pod on nodes with the image's Windows.
pub fn node_selector(image: OsVersion) -> Remedy {
    Remedy {
        kind: RemedyKind::OtherHost,
        title: "place the pod only on nodes that have the image's Windows".to_owned(),
        safety: Safety::Unsafe,
        commands: vec![Command {
            shell: Shell::Yaml,
            text: format!(
                "nodeSelector:\n  kubernetes.io/os: windows\n  node.kubernetes.io/windows-build: \"{}\"",
                image.without_revision()
            ),
        }],
        diff: None,
        changes: Vec::new(),
    }
}

/// `docker run` with a flag, continued as each shell wants it where the line is long.
pub fn docker_run(flag: &str, image: &str) -> Vec<Command> {
    let line = format!("docker run {flag} {image}");
    if line.len() <= 70 {
        return vec![Command {
            shell: Shell::Any,
            text: line,
        }];
    }
    // The shells continue a line differently: a backtick and a backslash.
    [(Shell::PowerShell, '`'), (Shell::Sh, '\\')]
        .into_iter()
        .map(|(shell, mark)| Command {
            shell,
            text: format!("docker run {flag} {mark}\n  {image}"),
        })
        .collect()
}
