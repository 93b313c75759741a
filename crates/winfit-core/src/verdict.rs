//! The verdict: for one host and one image, an answer per isolation, with its reasons.
//!
//! [`judge`] is pure, total and allocates nothing: reasons are small values that
//! [`crate::reason`] turns into sentences when somebody reads them.

use crate::catalog::Catalog;
use crate::host::{Host, HypervOffer, Isolation, Kind, Os};
use crate::image::Image;
use crate::rules::engines::{Pull, pull};
use crate::rules::{documented, revision};
use crate::version::OsVersion;

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

    /// From best to worst, as declared: yes, preview, risk, unknown, no.
    #[inline]
    fn badness(self) -> u8 {
        self as u8
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

/// Enough: three of the matrix, four breaks of one pair of builds (a test counts them), and one more of
/// the revisions or of the host. Verdicts are filled in and copied whole, so room costs time.
const MOST_REASONS: usize = 8;

/// An answer for one isolation, with its reasons in the order in which they were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judgement {
    /// The answer.
    pub answer: Answer,
    /// How many of the reasons count.
    len: u8,
    /// Those after the first `len` are [`Reason::WrongOs`], so that equal judgements compare equal.
    reasons: [Reason; MOST_REASONS],
}

impl Judgement {
    #[inline]
    pub(crate) const fn new(answer: Answer) -> Self {
        Self {
            answer,
            len: 0,
            reasons: [Reason::WrongOs; MOST_REASONS],
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
        if let Some(slot) = self.reasons.get_mut(usize::from(self.len)) {
            *slot = reason;
            self.len += 1;
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
        self.reasons.iter().copied().take(usize::from(self.len))
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
    /// Where every judgement starts: nothing speaks against it yet.
    const YES: Self = Self {
        process: Judgement::new(Answer::Yes),
        hyperv: Judgement::new(Answer::Yes),
    };

    #[inline]
    fn of_mut(&mut self, isolation: Isolation) -> &mut Judgement {
        match isolation {
            Isolation::Process => &mut self.process,
            Isolation::Hyperv => &mut self.hyperv,
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
    /// What the engine would pull, where one is named.
    pub pull: Option<Pull>,
    /// What to run it with.
    pub recommended: Recommended,
    /// The isolation that a container gets on this host when nobody asks for one.
    pub default_isolation: Isolation,
}

impl Verdict {
    /// Where every verdict starts.
    const OPEN: Self = Self {
        answers: ForKind::YES,
        pull: None,
        recommended: Recommended::Unknown,
        default_isolation: Isolation::Process,
    };

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
    let mut verdict = Verdict::OPEN;
    fill_in(catalog, host, image, &mut verdict);
    verdict
}

// Verdicts are filled in where they stay: copying one right after its small fields were written
// costs as much as judging does.
fn fill_in(catalog: &Catalog, host: &Host, image: &Image, verdict: &mut Verdict) {
    let kind = host.effective_kind(catalog);
    match kind {
        Kind::Server | Kind::Client => {
            judge_kind(catalog, host, image, kind, &mut verdict.answers);
        }
        Kind::Unknown => judge_both(catalog, host, image, &mut verdict.answers),
    }
    verdict.pull = pull(catalog, host, image);
    verdict.default_isolation = host.default_isolation_of(kind);
    verdict.recommended = recommend(&verdict.answers, verdict.default_isolation);
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

/// Where the answers for a server and for a client differ, nobody can tell; [`by_kind`] has both.
fn judge_both(catalog: &Catalog, host: &Host, image: &Image, server: &mut ForKind) {
    let mut client = ForKind::YES;
    judge_kind(catalog, host, image, Kind::Server, server);
    judge_kind(catalog, host, image, Kind::Client, &mut client);
    for (server, client) in [
        (&mut server.process, &client.process),
        (&mut server.hyperv, &client.hyperv),
    ] {
        if server.answer != client.answer {
            *server = Judgement::because(Answer::Unknown, Reason::KindUnknown);
        }
    }
}

/// The answers for the host as a server and as a client, where its kind is unknown and matters.
/// Apart from the verdict, which would carry them along for everybody.
pub fn by_kind(catalog: &Catalog, host: &Host, image: &Image) -> Option<(ForKind, ForKind)> {
    if host.effective_kind(catalog) != Kind::Unknown {
        return None;
    }
    let (mut server, mut client) = (ForKind::YES, ForKind::YES);
    judge_kind(catalog, host, image, Kind::Server, &mut server);
    judge_kind(catalog, host, image, Kind::Client, &mut client);
    let differ = server.process.answer != client.process.answer
        || server.hyperv.answer != client.hyperv.answer;
    differ.then_some((server, client))
}

/// Fills in `answers`, which have no reasons yet.
#[inline]
fn judge_kind(catalog: &Catalog, host: &Host, image: &Image, kind: Kind, answers: &mut ForKind) {
    match before_versions(host, image) {
        Ok((host_version, image_version)) => {
            let of_image = catalog.of_image(image_version.build);
            let row = documented::of_image_row(catalog, of_image, kind, host_version.build);
            let breaks = of_image.breaks_on(host_version.build);
            for isolation in [Isolation::Process, Isolation::Hyperv] {
                let judgement = answers.of_mut(isolation);
                documented::judge(
                    catalog,
                    kind,
                    host_version.build,
                    image_version.build,
                    row,
                    isolation,
                    judgement,
                );
                revision::apply(
                    catalog,
                    breaks,
                    image,
                    host_version,
                    image_version,
                    isolation,
                    judgement,
                );
            }
        }
        Err((answer, reason, last)) => {
            for isolation in [Isolation::Process, Isolation::Hyperv] {
                answers.of_mut(isolation).worsen(answer, reason);
            }
            if last {
                return;
            }
        }
    }
    match host.hyperv_offer(catalog) {
        HypervOffer::Yes => {}
        HypervOffer::No => answers.hyperv.worsen(Answer::No, Reason::HypervUnavailable),
        HypervOffer::NotStated => answers
            .hyperv
            .worsen(Answer::Unknown, Reason::HypervNotStated),
    }
}

/// The two versions to compare; else the answer that needs none, and whether a lack of Hyper-V
/// changes nothing of it.
#[inline]
fn before_versions(
    host: &Host,
    image: &Image,
) -> Result<(OsVersion, OsVersion), (Answer, Reason, bool)> {
    if host.os != image.os {
        return Err((Answer::No, Reason::WrongOs, true));
    }
    if let (Some(host_arch), Some(image_arch)) = (host.arch, image.arch)
        && host_arch != image_arch
    {
        return Err((Answer::No, Reason::WrongArchitecture, true));
    }
    if host.os == Os::Linux {
        return Err((Answer::Yes, Reason::NoWindows, true));
    }
    if image.host_process {
        return Err((Answer::Yes, Reason::HostProcess, true));
    }
    match (host.version, image.version) {
        (_, None) => Err((Answer::Unknown, Reason::NoOsVersion, false)),
        (None, _) => Err((Answer::Unknown, Reason::NoHostVersion, false)),
        (Some(host_version), Some(_))
            if (host_version.major, host_version.minor) != (10, 0)
                || host_version.build < FIRST_WITH_CONTAINERS =>
        {
            Err((Answer::No, Reason::HostBeforeContainers, false))
        }
        (Some(host_version), Some(image_version)) => Ok((host_version, image_version)),
    }
}

/// Windows Server 2016 and Windows 10 1607 were the first to run Windows Server containers.
pub const FIRST_WITH_CONTAINERS: u16 = 14_393;
