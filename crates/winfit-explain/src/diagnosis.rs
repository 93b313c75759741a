//! What was found: the types that `explain` gives back.

use winfit_core::finding::{Confidence, Severity};
use winfit_core::version::OsVersion;

/// What kind of failure a text states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DiagnosisKind {
    /// A container does not start: its image is for another Windows than the host's.
    StartMismatch,
    /// A pod's sandbox does not start: the pause image is for another Windows than the node's.
    SandboxMismatch,
    /// A pull found no variant of the image for this host.
    PullNoMatch,
    /// A pull was refused because the image is for a newer Windows than the host's.
    PullUplevel,
    /// The texts of unequal patch levels, which have other causes as well.
    RevisionSuspect,
    /// The image is for another operating system than the engine runs.
    WrongOs,
    /// Hyper-V isolation is asked for and the host or the image cannot give it.
    HypervUnavailable,
    /// Another result of the Host Compute Service, named for what it is.
    OtherHcs,
}

impl DiagnosisKind {
    /// The name in JSON, kebab-case.
    pub fn name(self) -> &'static str {
        match self {
            Self::StartMismatch => "start-mismatch",
            Self::SandboxMismatch => "sandbox-mismatch",
            Self::PullNoMatch => "pull-no-match",
            Self::PullUplevel => "pull-uplevel",
            Self::RevisionSuspect => "revision-suspect",
            Self::WrongOs => "wrong-os",
            Self::HypervUnavailable => "hyperv-unavailable",
            Self::OtherHcs => "other-hcs",
        }
    }
}

/// What sort of thing failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SubjectKind {
    /// A Kubernetes pod.
    Pod,
    /// A container that no pod or service is named for.
    Container,
    /// A Swarm service.
    Service,
    /// A Swarm task whose service is not known.
    Task,
}

impl SubjectKind {
    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pod => "pod",
            Self::Container => "container",
            Self::Service => "service",
            Self::Task => "task",
        }
    }
}

/// What failed, as far as the text tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    /// What sort of thing it is.
    pub kind: Option<SubjectKind>,
    /// Its namespace, in Kubernetes.
    pub namespace: Option<String>,
    /// Its name: the pod's, the service's, the container's.
    pub name: Option<String>,
    /// The node or host it was placed on.
    pub node: Option<String>,
    /// The container within the pod.
    pub container: Option<String>,
}

/// A place in the text.
///
/// `offset` counts the bytes as they came, also in UTF-16. A text that is cut in the middle of a
/// character keeps exact offsets up to the cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Location {
    /// From 1.
    pub line: u64,
    /// In characters, from 1.
    pub column: u64,
    /// In bytes of the original text, from 0.
    pub offset: u64,
}

/// How many further lines a diagnosis keeps.
pub const MOST_LINES: usize = 20;
/// How many layer ids a diagnosis keeps.
pub const MOST_LAYERS: usize = 128;
/// How many diagnoses a report keeps; the rest are counted.
pub const MOST_DIAGNOSES: usize = 10_000;

/// One failure, to one thing, however often the text repeats it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnosis {
    /// What happened.
    pub kind: DiagnosisKind,
    /// The code that the text prints, such as `0xc0370101`; none where it prints only words.
    pub code: Option<u32>,
    /// The host's Windows, where the text states it.
    pub host_version: Option<OsVersion>,
    /// The image's Windows, where the text states it.
    pub image_version: Option<OsVersion>,
    /// The image's operating system (`linux`), where the text states it and it is the point.
    pub image_os: Option<String>,
    /// The operating system that was asked for, where the text states it and it is the point.
    pub wanted_os: Option<String>,
    /// The image has Windows variants, whatever the text says of the one that was asked for: whoever asks
    /// its registry knows.
    pub has_windows: bool,
    /// The image, as the text writes it.
    pub image: Option<String>,
    /// What failed.
    pub subject: Subject,
    /// The Swarm task, such as `web.1`.
    pub task: Option<String>,
    /// The container's id.
    pub container_id: Option<String>,
    /// The ids of the image's layers, at most [`MOST_LAYERS`].
    pub layer_ids: Vec<String>,
    /// The volume that was to be the container's root.
    pub volume_path: Option<String>,
    /// Whether the container asked for Hyper-V isolation (`HvPartition`), where the text tells.
    pub hyperv_isolated: Option<bool>,
    /// The pod's node selectors, in the order of the text.
    pub node_selectors: Vec<(String, String)>,
    /// Running and wanted replicas, where `docker service ls` said so.
    pub replicas: Option<(u64, u64)>,
    /// Where it is said first.
    pub location: Location,
    /// Further lines that say it, at most [`MOST_LINES`].
    pub also_at: Vec<u64>,
    /// How often it happened: an event's own count, else how often the text says it.
    pub count: u64,
    /// How sure this is.
    pub confidence: Confidence,
    /// How much it matters.
    pub severity: Severity,
    /// Which form was recognised, such as `hcs-image-mismatch`.
    pub signature: &'static str,
    /// The engine cut the error short, so that its cause is not in the text.
    pub truncated: bool,
}

/// All that a text says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// In the order of their first places.
    pub diagnoses: Vec<Diagnosis>,
    /// How many bytes were read.
    pub bytes: u64,
    /// How many lines they hold; a last line without its line break counts.
    pub lines: u64,
    /// The start of the input is full of NULs or control bytes and is not UTF-16.
    pub binary: bool,
    /// Nothing but white space was read.
    pub empty: bool,
    /// How many diagnoses beyond [`MOST_DIAGNOSES`] were left out.
    pub dropped: u64,
}
