//! Reasons as people read them: the rule's name, the authority, one plain sentence, the source.

mod pull;
mod telling;

use crate::catalog::{Catalog, Cell, RowStatus};
use crate::host::{Host, Isolation, Kind, Os};
use crate::image::Image;
use crate::rules::documented::PROSE;
use crate::verdict::Reason;
use crate::version::OsVersion;

pub(crate) use self::pull::builds_in_words;
pub use self::telling::telling;

/// Who says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authority {
    /// Microsoft's documentation.
    Documented,
    /// An engine's source.
    Engine,
    /// A known break.
    KnownBreak,
    /// It follows from the facts at hand.
    Fact,
}

impl Authority {
    /// The word in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Engine => "engine",
            Self::KnownBreak => "known-break",
            Self::Fact => "fact",
        }
    }
}

/// A reason in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedReason {
    /// The rule's name, which is also its page in `docs/rules/`.
    pub rule: &'static str,
    /// Who says so.
    pub authority: Authority,
    /// One plain sentence.
    pub message: String,
    /// Where that is stated.
    pub source: String,
}

/// What a sentence needs to name both sides.
#[derive(Debug, Clone, Copy)]
pub struct Pair<'a> {
    /// The catalog.
    pub catalog: &'a Catalog,
    /// The host.
    pub host: &'a Host,
    /// The image.
    pub image: &'a Image,
}

const PAGE: &str = "Microsoft, Windows container version compatibility";

/// The names of the rules that a verdict can give beside those of the known breaks, each with a
/// page in `docs/rules/`.
pub const RULES: [&str; 20] = [
    "documented-matrix",
    "image-newer-than-host",
    "image-older-than-host",
    "own-kernel",
    "equal-builds",
    "build-not-in-catalog",
    "prose-and-table-differ",
    "engines-accept-equal-builds",
    "revision-not-stated",
    "revision-rule-wordings",
    "wrong-os",
    "no-windows",
    "wrong-architecture",
    "host-process-exempt",
    "no-os-version",
    "no-host-version",
    "host-before-containers",
    "hyperv-unavailable",
    "hyperv-not-stated",
    "host-kind-unknown",
];

/// The name of the Windows that has a build: `Windows Server 2022`; for a build that is both a
/// server and a client, both.
pub fn windows_name(catalog: &Catalog, build: u16, kind: Kind) -> String {
    let names: Vec<&str> = match kind {
        Kind::Unknown => [Kind::Server, Kind::Client]
            .into_iter()
            .filter_map(|kind| catalog.main_release(build, kind))
            .map(|release| release.name)
            .collect(),
        known => catalog
            .main_release(build, known)
            .or_else(|| catalog.main_release(build, Kind::Unknown))
            .map(|release| release.name)
            .into_iter()
            .collect(),
    };
    if names.is_empty() {
        format!("Windows build {build}")
    } else {
        names.join(" or ")
    }
}

impl Pair<'_> {
    fn host_build(&self) -> String {
        self.host
            .version
            .map_or_else(|| "unknown".to_owned(), |version| version.build.to_string())
    }

    fn image_build(&self) -> String {
        self.image
            .version
            .map_or_else(|| "unknown".to_owned(), |version| version.build.to_string())
    }

    fn short(version: Option<OsVersion>) -> String {
        version.map_or_else(|| "unknown".to_owned(), OsVersion::short)
    }

    /// The name of the host's Windows.
    pub fn host_name(&self) -> String {
        match (self.host.os, self.host.version) {
            (Os::Linux, _) => "Linux".to_owned(),
            (_, Some(version)) => windows_name(
                self.catalog,
                version.build,
                self.host.effective_kind(self.catalog),
            ),
            (_, None) => "a Windows of unknown version".to_owned(),
        }
    }

    /// The name of the image's Windows. Images are servers.
    pub fn image_name(&self) -> String {
        match (self.image.os, self.image.version) {
            (Os::Linux, _) => "Linux".to_owned(),
            (_, Some(version)) => windows_name(self.catalog, version.build, Kind::Server),
            (_, None) => "a Windows of unknown version".to_owned(),
        }
    }

    /// A reason in words, for one isolation.
    pub fn render(&self, reason: Reason, isolation: Isolation) -> RenderedReason {
        use Authority::{Documented, Engine, Fact, KnownBreak};
        let (host, image) = (self.host_build(), self.image_build());
        let page = || PAGE.to_owned();
        let (rule, authority, message, source): (_, _, String, String) = match reason {
            Reason::WrongOs => (
                "wrong-os",
                Fact,
                format!(
                    "the image is for {}, the host runs {}: a container shares its host's kernel",
                    os_name(self.image.os),
                    os_name(self.host.os)
                ),
                "the image's and the host's operating system".to_owned(),
            ),
            Reason::WrongArchitecture => (
                "wrong-architecture",
                Fact,
                format!(
                    "the image is for {}, the host is {}: Windows containers are not emulated",
                    self.image.arch.map_or("another architecture", |arch| arch.name()),
                    self.host.arch.map_or("another", |arch| arch.name())
                ),
                "the image's and the host's architecture".to_owned(),
            ),
            Reason::NoWindows => (
                "no-windows",
                Fact,
                "both are Linux: Windows versions play no part".to_owned(),
                "the image's and the host's operating system".to_owned(),
            ),
            Reason::HostProcess => (
                "host-process-exempt",
                Documented,
                "a HostProcess container uses the host's own user mode: versions need not match"
                    .to_owned(),
                "Kubernetes, Create a Windows HostProcess Pod".to_owned(),
            ),
            Reason::NoOsVersion => (
                "no-os-version",
                Fact,
                "nothing states the image's Windows version: most engines pull it anywhere, containerd up to 1.6.22 does not; it may still fail at start"
                    .to_owned(),
                "winfit catalog engines".to_owned(),
            ),
            Reason::NoHostVersion => (
                "no-host-version",
                Fact,
                "nothing states the host's Windows version".to_owned(),
                "the host as given".to_owned(),
            ),
            Reason::HostBeforeContainers => (
                "host-before-containers",
                Documented,
                format!(
                    "the host ({}) is older than Windows Server 2016 and Windows 10 1607 (14393), the first that run Windows containers",
                    Self::short(self.host.version)
                ),
                page(),
            ),
            Reason::Documented { row } => return self.documented(row, isolation),
            Reason::ImageNewer => (
                "image-newer-than-host",
                Fact,
                format!(
                    "the image's Windows ({image}) is newer than the host's ({host}); no isolation runs a newer Windows on an older one"
                ),
                page(),
            ),
            Reason::ImageOlder { inferred } => (
                "image-older-than-host",
                if inferred { Fact } else { Documented },
                format!(
                    "the image's Windows ({image}) is older than the host's ({host}), and a process-isolated container shares the host's kernel{}",
                    inferred_mark(inferred)
                ),
                page(),
            ),
            Reason::OwnKernel { inferred } => (
                "own-kernel",
                if inferred { Fact } else { Documented },
                format!(
                    "a Hyper-V container brings its own kernel: the image's build ({image}) may be any up to the host's ({host}){}",
                    inferred_mark(inferred)
                ),
                page(),
            ),
            Reason::EqualBuilds => (
                "equal-builds",
                Fact,
                format!(
                    "the image and the host have the same build ({host}); the page does not list them (inferred)"
                ),
                page(),
            ),
            Reason::BuildNotInCatalog { build } => {
                let (below, above) = self.catalog.neighbours(build);
                let place = match (below, above) {
                    (Some(below), Some(above)) => format!("it lies between {below} and {above}"),
                    (Some(below), None) => format!("the newest that it knows is {below}"),
                    _ => "it is older than all that it knows".to_owned(),
                };
                (
                    "build-not-in-catalog",
                    Fact,
                    format!(
                        "the catalog knows no release with build {build} ({place}), so nobody vouches for image {image} on host {host}"
                    ),
                    "winfit catalog releases".to_owned(),
                )
            }
            Reason::ProseDiffers { prose } => {
                let subject = PROSE[usize::from(prose)].subject;
                let conflict = self
                    .catalog
                    .conflicts
                    .iter()
                    .find(|conflict| conflict.subject == subject);
                let (value, other) =
                    conflict.map_or(("", ""), |conflict| (conflict.value, conflict.other_value));
                (
                    "prose-and-table-differ",
                    Documented,
                    format!(
                        "for image {image} on host {host} the page's text says {value}, its table {other}; the table decides"
                    ),
                    "winfit catalog conflicts".to_owned(),
                )
            }
            Reason::EnginesAcceptEqualBuilds => (
                "engines-accept-equal-builds",
                Engine,
                format!(
                    "engines do start image {image} on host {host} with equal builds since 2018; the page does not support it"
                ),
                "moby c907c2486c (2018-10-09)".to_owned(),
            ),
            Reason::RevisionNotStated => (
                "revision-not-stated",
                Documented,
                format!(
                    "Windows Server 2016 needs equal revisions, and one is not stated (image {}, host {})",
                    Self::short(self.image.version),
                    Self::short(self.host.version)
                ),
                page(),
            ),
            Reason::TwoWordings => (
                "revision-rule-wordings",
                Documented,
                format!(
                    "the revisions differ (image {}, host {}): texts to 2019 exempt hosts from 1709 from equal revisions, the current text from 1809",
                    Self::short(self.image.version),
                    Self::short(self.host.version)
                ),
                "winfit catalog conflicts".to_owned(),
            ),
            Reason::Break { row, inferred } => {
                let known = &self.catalog.breaks[usize::from(row)];
                let mark = if inferred {
                    "; the image's revision is that of the newest known update (inferred)"
                } else {
                    ""
                };
                return RenderedReason {
                    rule: known.id,
                    authority: KnownBreak,
                    message: format!(
                        "image {} on host {}: {}{mark}",
                        Self::short(self.image.version),
                        Self::short(self.host.version),
                        broken_sentence(known)
                    ),
                    source: known.evidence.to_owned(),
                };
            }
            Reason::HypervUnavailable => {
                let platform = self
                    .host
                    .platform
                    .and_then(|at| self.catalog.platforms.get(usize::from(at)))
                    .filter(|_| self.host.hyperv.is_none());
                let (message, source) = match platform {
                    Some(platform) => (
                        format!("{} offers no Hyper-V isolation", platform.name),
                        platform.source.to_owned(),
                    ),
                    None => (
                        "the host has no Hyper-V; in a virtual machine it needs nested virtualisation"
                            .to_owned(),
                        "the host as given".to_owned(),
                    ),
                };
                ("hyperv-unavailable", Fact, message, source)
            }
            Reason::HypervNotStated => {
                let platform = self
                    .host
                    .platform
                    .and_then(|at| self.catalog.platforms.get(usize::from(at)));
                (
                    "hyperv-not-stated",
                    Fact,
                    format!(
                        "{} documents no Hyper-V isolation; say hyperv=on for hosts that have it",
                        platform.map_or("the platform", |platform| platform.name)
                    ),
                    platform.map_or_else(String::new, |platform| platform.source.to_owned()),
                )
            }
            Reason::KindUnknown => (
                "host-kind-unknown",
                Fact,
                match self.host.version.map(|version| version.build) {
                    Some(build) if self.catalog.kinds_of(build).is_some() => format!(
                        "build {build} is both {}, and the answers differ: say which with --host-kind",
                        windows_name(self.catalog, build, Kind::Unknown).replace(" or ", " and ")
                    ),
                    _ => format!(
                        "nothing says whether build {host} is a server or a client, and the answers differ: say which with --host-kind"
                    ),
                },
                "winfit catalog releases".to_owned(),
            ),
        };
        RenderedReason {
            rule,
            authority,
            message,
            source,
        }
    }

    fn documented(&self, row: u16, isolation: Isolation) -> RenderedReason {
        let row = &self.catalog.matrix[usize::from(row)];
        let cell = row.cell(isolation);
        let when = match row.status {
            RowStatus::Current => format!("since {}", row.cell_since(isolation)),
            RowStatus::Historical => {
                format!("on its page of {}, dropped since", row.last_doc)
            }
        };
        let pair = format!(
            "the {} image ({}) on {} ({})",
            row.image_release,
            row.image_build,
            row.host_release,
            self.host_build()
        );
        let sentence = match cell {
            Cell::Yes => format!("Microsoft documents {pair} as supported, {when}"),
            Cell::Preview => format!("Microsoft documents {pair} as a preview, {when}"),
            Cell::No => format!("Microsoft documents {pair} as not supported, {when}"),
            Cell::Unlisted => format!("Microsoft documents nothing of {pair}"),
        };
        let note = if row.note.is_empty() {
            String::new()
        } else {
            format!(" ({})", row.note)
        };
        RenderedReason {
            rule: "documented-matrix",
            authority: Authority::Documented,
            message: format!("{sentence}{note}"),
            source: format!("{PAGE}, {}", row.last_doc),
        }
    }
}

fn broken_sentence(known: &crate::catalog::RevisionBreak) -> String {
    use crate::catalog::Relation;
    match known.relation {
        Relation::SameSide => format!(
            "images from .{} and hosts from .{} on have the change of {}, and only one side has it; {}",
            known.image_min.unwrap_or_default(),
            known.host_min.unwrap_or_default(),
            known.day,
            known.symptom
        ),
        Relation::Equal => {
            "Windows Server 2016 needs equal revisions; the image may not start".to_owned()
        }
        Relation::ImageNeedsHost => format!(
            "images from .{} on need a host from .{} on; otherwise {}",
            known.image_min.unwrap_or_default(),
            known.host_min.unwrap_or_default(),
            known.symptom
        ),
        Relation::Always => format!("users report {}", known.symptom),
        Relation::Streams => format!(
            "since {} clients and servers of this build count their revisions apart, and the two cannot be compared; {}",
            known.day, known.symptom
        ),
    }
}

fn inferred_mark(inferred: bool) -> &'static str {
    if inferred {
        " (inferred: the page does not list this pair)"
    } else {
        ""
    }
}

fn os_name(os: Os) -> &'static str {
    match os {
        Os::Windows => "Windows",
        Os::Linux => "Linux",
    }
}
