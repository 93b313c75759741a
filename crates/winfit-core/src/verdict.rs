//! The verdict: for one host and one image, an answer per isolation, with its reasons.
//!
//! [`judge`] is pure, total and allocates nothing: reasons are small values that
//! [`crate::reason`] turns into sentences when somebody reads them.

use crate::catalog::Catalog;
use crate::host::{Host, HypervOffer, Isolation, Kind, Os};
use crate::image::Image;
use crate::rules::engines::{Pull, pull};
use crate::rules::{documented, revision};

/// What a verdict says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It runs.
    Yes,
    /// It runs, as a preview.
    Preview,
    /// It may fail.
    Risk,
    /// Nobody can tell from what is known.
    Unknown,
    /// It does not run.
    No,
}

impl Answer {
    /// The word in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::Preview => "preview",
            Self::Risk => "risk",
            Self::Unknown => "unknown",
            Self::No => "no",
        }
    }

    /// Whether the image runs: yes or preview.
    pub fn runs(self) -> bool {
        matches!(self, Self::Yes | Self::Preview)
    }

    /// From best to worst: yes, preview, risk, unknown, no.
    #[inline]
    fn badness(self) -> u8 {
        match self {
            Self::Yes => 0,
            Self::Preview => 1,
            Self::Risk => 2,
            Self::Unknown => 3,
            Self::No => 4,
        }
    }
}

/// One reason of a judgement. Small and `Copy`; [`crate::reason`] renders it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The operating systems differ.
    WrongOs,
    /// The architectures differ.
    WrongArchitecture,
    /// Both are Linux: not a question of Windows versions.
    NoWindows,
    /// HostProcess containers need not match.
    HostProcess,
    /// The image states no version.
    NoOsVersion,
    /// The host states none.
    NoHostVersion,
    /// The host is older than the first Windows with containers.
    HostBeforeContainers,
    /// A row of the matrix says so.
    Documented {
        /// Index into [`Catalog::matrix`].
        row: u16,
    },
    /// The image's build is newer than the host's.
    ImageNewer,
    /// The image's build is older, and process isolation shares the host's kernel.
    ImageOlder {
        /// The page lists no such pair.
        inferred: bool,
    },
    /// The image's build is older, and a Hyper-V container brings its own kernel.
    OwnKernel {
        /// The page lists no such pair.
        inferred: bool,
    },
    /// The builds are equal; the page lists no such pair.
    EqualBuilds,
    /// The catalog does not know this build's release.
    BuildNotInCatalog {
        /// The build.
        build: u16,
    },
    /// A sentence of the page contradicts its table.
    ProseDiffers {
        /// Index into the list of such sentences.
        prose: u8,
    },
    /// Engines accept equal builds on Windows 10, against the page.
    EnginesAcceptEqualBuilds,
    /// 2016 needs equal revisions, and one is not stated.
    RevisionNotStated,
    /// 1709 and 1803 lie between two wordings of the revision rule.
    TwoWordings,
    /// A known break.
    Break {
        /// Index into [`Catalog::breaks`].
        row: u8,
        /// Only the inferred revision of a floating tag brings it.
        inferred: bool,
    },
    /// The host offers no Hyper-V isolation.
    HypervUnavailable,
    /// The platform's documentation does not say whether it offers Hyper-V isolation.
    HypervNotStated,
    /// The build is both a server and a client, and the answers differ.
    KindUnknown,
}

const MOST_REASONS: usize = 10;

/// An answer for one isolation, with its reasons in the order in which they were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judgement {
    /// The answer.
    pub answer: Answer,
    reasons: [Option<Reason>; MOST_REASONS],
}

impl Judgement {
    #[inline]
    pub(crate) const fn new(answer: Answer) -> Self {
        Self {
            answer,
            reasons: [None; MOST_REASONS],
        }
    }

    #[inline]
    pub(crate) fn because(answer: Answer, reason: Reason) -> Self {
        let mut judgement = Self::new(answer);
        judgement.add(reason);
        judgement
    }

    #[inline]
    pub(crate) fn add(&mut self, reason: Reason) {
        for slot in &mut self.reasons {
            if slot.is_none() {
                *slot = Some(reason);
                return;
            }
        }
    }

    /// Adds a reason; the worse answer stands.
    #[inline]
    pub(crate) fn worsen(&mut self, answer: Answer, reason: Reason) {
        if answer.badness() > self.answer.badness() {
            self.answer = answer;
        }
        self.add(reason);
    }

    /// The reasons.
    pub fn reasons(&self) -> impl Iterator<Item = Reason> {
        self.reasons.iter().copied().flatten()
    }
}

/// What `recommended` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recommended {
    /// Run it with this isolation.
    Isolation(Isolation),
    /// Neither isolation runs it.
    None,
    /// Nothing better than unknown or risk is left.
    Unknown,
}

impl Recommended {
    /// The word in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Isolation(isolation) => isolation.name(),
            Self::None => "none",
            Self::Unknown => "unknown",
        }
    }
}

/// The two judgements for one kind of host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForKind {
    /// Under process isolation.
    pub process: Judgement,
    /// Under Hyper-V isolation.
    pub hyperv: Judgement,
}

impl ForKind {
    fn same(judgement: Judgement) -> Self {
        Self {
            process: judgement,
            hyperv: judgement,
        }
    }

    /// The judgement for an isolation.
    pub fn of(&self, isolation: Isolation) -> &Judgement {
        match isolation {
            Isolation::Process => &self.process,
            Isolation::Hyperv => &self.hyperv,
        }
    }
}

/// The verdict for one host and one image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// The judgement for each isolation.
    pub answers: ForKind,
    /// Where the host's kind is unknown and matters: as a server, and as a client.
    pub by_kind: Option<(ForKind, ForKind)>,
    /// What the engine would pull, where one is named.
    pub pull: Option<Pull>,
    /// What to run it with.
    pub recommended: Recommended,
    /// The isolation that a container gets on this host when nobody asks for one.
    pub default_isolation: Isolation,
}

impl Verdict {
    /// Whether the image runs with the isolation asked for (else the host's default) and is pulled.
    pub fn fits(&self, asked: Option<Isolation>) -> bool {
        let isolation = asked.unwrap_or(self.default_isolation);
        self.answers.of(isolation).answer.runs() && !self.pull_refused()
    }

    /// Whether the image would run, and only the engine refuses to pull it.
    pub fn pull_refused_alone(&self, asked: Option<Isolation>) -> bool {
        let isolation = asked.unwrap_or(self.default_isolation);
        self.pull_refused() && self.answers.of(isolation).answer.runs()
    }

    /// Whether the named engine refuses to pull.
    pub fn pull_refused(&self) -> bool {
        self.pull.is_some_and(|pull| pull.answer == Answer::No)
    }
}

/// Judges one image on one host, by the three authorities in their order (`contract` section 3).
#[inline]
pub fn judge(catalog: &Catalog, host: &Host, image: &Image) -> Verdict {
    let kind = host.effective_kind(catalog);
    let (answers, by_kind) = match kind {
        Kind::Server | Kind::Client => (judge_kind(catalog, host, image, kind), None),
        Kind::Unknown => judge_both(catalog, host, image),
    };
    let default_isolation = host.default_isolation(catalog);
    Verdict {
        recommended: recommend(&answers, default_isolation),
        answers,
        by_kind,
        pull: pull(catalog, host, image),
        default_isolation,
    }
}

fn recommend(answers: &ForKind, default: Isolation) -> Recommended {
    for isolation in [default, default.other()] {
        if answers.of(isolation).answer.runs() {
            return Recommended::Isolation(isolation);
        }
    }
    let open = |isolation| matches!(answers.of(isolation).answer, Answer::Risk | Answer::Unknown);
    if open(Isolation::Process) || open(Isolation::Hyperv) {
        Recommended::Unknown
    } else {
        Recommended::None
    }
}

fn judge_both(
    catalog: &Catalog,
    host: &Host,
    image: &Image,
) -> (ForKind, Option<(ForKind, ForKind)>) {
    let server = judge_kind(catalog, host, image, Kind::Server);
    let client = judge_kind(catalog, host, image, Kind::Client);
    let mut differs = false;
    let mut merge = |server: &Judgement, client: &Judgement| {
        if server.answer == client.answer {
            return *server;
        }
        differs = true;
        Judgement::because(Answer::Unknown, Reason::KindUnknown)
    };
    let merged = ForKind {
        process: merge(&server.process, &client.process),
        hyperv: merge(&server.hyperv, &client.hyperv),
    };
    (merged, differs.then_some((server, client)))
}

#[inline]
fn judge_kind(catalog: &Catalog, host: &Host, image: &Image, kind: Kind) -> ForKind {
    if host.os != image.os {
        return ForKind::same(Judgement::because(Answer::No, Reason::WrongOs));
    }
    if let (Some(host_arch), Some(image_arch)) = (host.arch, image.arch)
        && host_arch != image_arch
    {
        return ForKind::same(Judgement::because(Answer::No, Reason::WrongArchitecture));
    }
    if host.os == Os::Linux {
        return ForKind::same(Judgement::because(Answer::Yes, Reason::NoWindows));
    }
    if image.host_process {
        return ForKind::same(Judgement::because(Answer::Yes, Reason::HostProcess));
    }
    let mut answers = match (host.version, image.version) {
        (_, None) => ForKind::same(Judgement::because(Answer::Unknown, Reason::NoOsVersion)),
        (None, _) => ForKind::same(Judgement::because(Answer::Unknown, Reason::NoHostVersion)),
        (Some(host_version), Some(_))
            if (host_version.major, host_version.minor) != (10, 0)
                || host_version.build < FIRST_WITH_CONTAINERS =>
        {
            ForKind::same(Judgement::because(Answer::No, Reason::HostBeforeContainers))
        }
        (Some(host_version), Some(image_version)) => {
            let row = documented::row_for(catalog, kind, host_version.build, image_version.build);
            let one = |isolation| {
                let mut judgement = documented::judge(
                    catalog,
                    kind,
                    host_version.build,
                    image_version.build,
                    row,
                    isolation,
                );
                revision::apply(
                    catalog,
                    image,
                    host_version,
                    image_version,
                    isolation,
                    &mut judgement,
                );
                judgement
            };
            ForKind {
                process: one(Isolation::Process),
                hyperv: one(Isolation::Hyperv),
            }
        }
    };
    match host.hyperv_offer(catalog) {
        HypervOffer::Yes => {}
        HypervOffer::No => answers.hyperv.worsen(Answer::No, Reason::HypervUnavailable),
        HypervOffer::NotStated => answers
            .hyperv
            .worsen(Answer::Unknown, Reason::HypervNotStated),
    }
    answers
}

/// Windows Server 2016 and Windows 10 1607 were the first to run Windows Server containers.
pub const FIRST_WITH_CONTAINERS: u16 = 14_393;
