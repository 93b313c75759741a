//! Which message a hit belongs to, and what that message says by itself.
//!
//! Sentences are data: each is written as Windows or the engine prints it and compared in squeezed
//! form, around the anchor that led to it. Codes are read where they stand; prose is never
//! required where a code is printed, because Windows speaks the language of its host.

use std::sync::LazyLock;

use winfit_core::version::OsVersion;

use crate::anchors::ANCHORS;
use crate::codes::{self, Class, Hcs};
use winfit_core::finding::{Confidence, Severity};

use crate::diagnosis::DiagnosisKind;
use crate::normalise::{View, squeeze};
use crate::{operation, pulls};

/// What a message says.
#[derive(Debug, Clone)]
pub(crate) struct Signal {
    pub(crate) kind: DiagnosisKind,
    pub(crate) signature: &'static str,
    pub(crate) confidence: Confidence,
    pub(crate) severity: Severity,
    pub(crate) code: Option<u32>,
    pub(crate) host_version: Option<OsVersion>,
    pub(crate) image_version: Option<OsVersion>,
    pub(crate) image_os: Option<String>,
    pub(crate) wanted_os: Option<String>,
    pub(crate) truncated: bool,
    /// Says nothing unless the image's name says Windows.
    pub(crate) needs_windows_image: bool,
    /// Where the message lies in the squeezed text.
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Signal {
    pub(crate) fn new(
        kind: DiagnosisKind,
        signature: &'static str,
        confidence: Confidence,
        severity: Severity,
        (start, end): (usize, usize),
    ) -> Self {
        Self {
            kind,
            signature,
            confidence,
            severity,
            code: None,
            host_version: None,
            image_version: None,
            image_os: None,
            wanted_os: None,
            truncated: false,
            needs_windows_image: false,
            start,
            end,
        }
    }
}

/// What follows from a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// The text of a Host Compute Service code, by its last byte.
    Hcs(u8),
    /// hcsshim's wrapper: any language, then the code in parentheses.
    SystemCall,
    /// hcsshim's other wrapper, around its layer functions.
    Win32,
    /// `starting container failed:` as Swarm cuts it.
    Starting,
    NoHypervisor,
    NoUtilityVm,
    ClientOnly,
    AppService,
    /// Selection of an image by a registry client.
    Pull(pulls::Form),
}

/// The sentences. Where two begin alike the longer stands first.
pub(crate) const SENTENCES: &[(&str, Rule)] = &[
    (
        "The container operating system does not match the host operating system",
        Rule::Hcs(0x01),
    ),
    (
        "The operating system of the container does not match the operating system of the host",
        Rule::Hcs(0x01),
    ),
    // Cut short: nothing else begins so.
    (
        "The container operating system does not match the",
        Rule::Hcs(0x01),
    ),
    (
        "The operating system of the container does not match the",
        Rule::Hcs(0x01),
    ),
    (
        "The virtual machine or container exited unexpectedly while starting",
        Rule::Hcs(0x00),
    ),
    (
        "The virtual machine or container exited unexpectedly",
        Rule::Hcs(0x06),
    ),
    ("The compute system exited unexpectedly", Rule::Hcs(0x06)),
    (
        "The container image contains a layer with an unrecognized format",
        Rule::Hcs(0x12),
    ),
    (
        "The virtual machine could not be started because a required feature is not installed",
        Rule::Hcs(0x02),
    ),
    (
        "The operation could not be started because a required feature is not installed",
        Rule::Hcs(0x14),
    ),
    ("you must join the Windows Insider Program", Rule::Hcs(0x13)),
    ("failure in a Windows system call:", Rule::SystemCall),
    ("failed in Win32:", Rule::Win32),
    (
        "No hypervisor is present on this system",
        Rule::NoHypervisor,
    ),
    (
        "since the hypervisor is not running in the host",
        Rule::NoHypervisor,
    ),
    (
        "utility VM folder could not be found in layers",
        Rule::NoUtilityVm,
    ),
    (
        "Windows client operating systems only support Hyper-V containers",
        Rule::ClientOnly,
    ),
    (
        "Windows client operating systems earlier than version 1809 can only run Hyper-V containers",
        Rule::ClientOnly,
    ),
    (
        "Cannot run this Operating System/Version in Windows Containers",
        Rule::AppService,
    ),
    ("starting container failed:", Rule::Starting),
    (
        "no matching manifest for",
        Rule::Pull(pulls::Form::NoManifest),
    ),
    (
        "in the manifest list entries",
        Rule::Pull(pulls::Form::InTheList),
    ),
    (
        "no match for platform in manifest",
        Rule::Pull(pulls::Form::NoPlatform),
    ),
    (
        "-based image is incompatible with a",
        Rule::Pull(pulls::Form::Uplevel),
    ),
    (
        "cannot download image with operating system",
        Rule::Pull(pulls::Form::Download),
    ),
    (
        "image operating system",
        Rule::Pull(pulls::Form::ImageSystem),
    ),
    (
        "cannot be used on this platform",
        Rule::Pull(pulls::Form::OnThisPlatform),
    ),
    (
        "does not match the specified platform",
        Rule::Pull(pulls::Form::OtherPlatform),
    ),
    (
        "does not provide the specified platform",
        Rule::Pull(pulls::Form::NotProvided),
    ),
    (
        "does not provide any platform",
        Rule::Pull(pulls::Form::NothingProvided),
    ),
    (
        "no image found in manifest list for architecture",
        Rule::Pull(pulls::Form::NotInList),
    ),
    (
        "no image found in image index for architecture",
        Rule::Pull(pulls::Form::NotInList),
    ),
    (
        "ProcessUtilityVMImage",
        Rule::Pull(pulls::Form::UtilityVmImage),
    ),
    ("ImportLayer", Rule::Pull(pulls::Form::ImportLayer)),
];

struct Index {
    squeezed: Vec<String>,
    /// For each anchor: the sentences that hold it, and where.
    by_anchor: Vec<Vec<(usize, usize)>>,
}

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let squeezed: Vec<String> = SENTENCES.iter().map(|(text, _)| squeeze(text)).collect();
    let by_anchor = ANCHORS
        .iter()
        .map(|anchor| {
            let anchor = squeeze(anchor);
            let holds = |(index, text): (usize, &String)| {
                let places = text.match_indices(anchor.as_str());
                places.map(|(at, _)| (index, at)).collect::<Vec<_>>()
            };
            squeezed.iter().enumerate().flat_map(holds).collect()
        })
        .collect();
    Index {
        squeezed,
        by_anchor,
    }
});

/// The squeezed sentences, with their rules.
pub(crate) fn sentences() -> impl Iterator<Item = (&'static [u8], Rule)> {
    let squeezed = INDEX.squeezed.iter().map(String::as_bytes);
    squeezed.zip(SENTENCES.iter().map(|(_, rule)| *rule))
}

/// The message that the hit at `raw` belongs to.
pub(crate) fn recognise(view: &View, raw: usize, anchor: usize) -> Option<Signal> {
    let text = view.squeezed.as_slice();
    let at = view.squeezed_at(raw);
    for &(sentence, offset) in &INDEX.by_anchor[anchor] {
        let Some(start) = at.checked_sub(offset) else {
            continue;
        };
        if text[start..].starts_with(INDEX.squeezed[sentence].as_bytes()) {
            let end = start + INDEX.squeezed[sentence].len();
            let signal = follow(view, SENTENCES[sentence].1, start, end);
            if signal.is_some() {
                return signal;
            }
        }
    }
    if ANCHORS[anchor] == "ComputeSystem" {
        return operation::follow(view, at);
    }
    if ANCHORS[anchor] == "rorMess" {
        return result_document(text, at);
    }
    if ANCHORS[anchor].bytes().any(|byte| byte.is_ascii_digit()) {
        let found = codes::read(&view.text, view.text_at(raw))?;
        let start = view.text_to_squeezed(found.start);
        let end = view.text_to_squeezed(found.end);
        return Some(of_code(
            found.code,
            codes::row_of(found.code)?,
            (start, end),
        ));
    }
    None
}

/// `"Error":-1070137087,"ErrorMessage":…`, where a line break may have cut the number.
fn result_document(text: &[u8], at: usize) -> Option<Signal> {
    let end = at.checked_sub(b",\"Er".len())?;
    if !text[end..].starts_with(b",\"Er") {
        return None;
    }
    let digits = text[..end]
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let found = codes::read(text, end - digits)?;
    text[..found.start]
        .ends_with(b"\"Error\":")
        .then(|| codes::row_of(found.code).map(|row| of_code(found.code, row, (found.start, at))))?
}

fn follow(view: &View, rule: Rule, start: usize, end: usize) -> Option<Signal> {
    use DiagnosisKind::{HypervUnavailable, OtherHcs, StartMismatch};
    let text = view.squeezed.as_slice();
    let certain = |kind, signature| {
        let span = (start, end);
        Signal::new(kind, signature, Confidence::Certain, Severity::Error, span)
    };
    match rule {
        Rule::Hcs(low) => of_text(text, low, start, end),
        Rule::SystemCall => old_build(text, start, end).or_else(|| system_call(text, start, end)),
        Rule::Win32 => {
            let near = start.saturating_sub(40);
            match memchr::memmem::rfind(&text[near..start], b"ImportLayer") {
                Some(at) => {
                    let end = near + at + "ImportLayer".len();
                    pulls::follow(view, pulls::Form::ImportLayer, near + at, end)
                }
                None => system_call(text, start, end),
            }
        }
        Rule::Starting => {
            let rest = &text[end..text.len().min(end + 16)];
            let cut = cut_short(rest)?;
            let plain = rest[..cut.0].iter().all(u8::is_ascii_alphanumeric);
            (plain && quoted(text, start)).then(|| truncated(start, end + cut.1))
        }
        Rule::NoHypervisor => Some(certain(HypervUnavailable, "no-hypervisor")),
        Rule::NoUtilityVm => Some(certain(HypervUnavailable, "no-utility-vm")),
        Rule::ClientOnly => Some(certain(OtherHcs, "client-hyperv-only")),
        Rule::AppService => Some(certain(StartMismatch, "app-service")),
        Rule::Pull(form) => pulls::follow(view, form, start, end),
    }
}

/// The text of a code, with the code behind it where one is printed.
pub(crate) fn of_text(text: &[u8], low: u8, start: usize, end: usize) -> Option<Signal> {
    if let Some((code, end)) = code_behind(text, end, low)
        && let Some(row) = codes::row_of(code)
    {
        return Some(of_code(code, row, (start, end)));
    }
    let row = codes::TABLE.iter().find(|row| row.low == low)?;
    let mut signal = of_code(0xc037_0100 | u32::from(low), row, (start, end));
    signal.code = None;
    Some(signal)
}

/// What a code says.
pub(crate) fn of_code(code: u32, row: &'static Hcs, span: (usize, usize)) -> Signal {
    use Confidence::{Certain, Possible};
    use DiagnosisKind::{HypervUnavailable, OtherHcs, RevisionSuspect, StartMismatch};
    let (kind, signature, confidence, severity) = match row.class {
        Class::Mismatch => (
            StartMismatch,
            "hcs-image-mismatch",
            Certain,
            Severity::Error,
        ),
        Class::HypervMissing => (
            HypervUnavailable,
            "hcs-hyperv-missing",
            Certain,
            Severity::Error,
        ),
        Class::UnexpectedExit => (
            RevisionSuspect,
            "hcs-unexpected-exit",
            Possible,
            Severity::Warning,
        ),
        Class::UnknownLayer => (
            RevisionSuspect,
            "hcs-unknown-layer",
            Possible,
            Severity::Warning,
        ),
        Class::Insider => (OtherHcs, "hcs-insider", Certain, Severity::Error),
        Class::Pending => (OtherHcs, PENDING, Certain, Severity::Info),
        Class::Other => (OtherHcs, "hcs-other", Certain, Severity::Info),
    };
    let mut signal = Signal::new(kind, signature, confidence, severity, span);
    signal.code = Some(code);
    signal
}

/// The signature of "operation pending", which is not an error and yields nothing.
pub(crate) const PENDING: &str = "hcs-pending";

/// The code in parentheses behind a sentence: `. (0xc0370101)`, or further on where the text of a
/// code has more than one sentence.
fn code_behind(text: &[u8], end: usize, low: u8) -> Option<(u32, usize)> {
    let rest = &text[end..text.len().min(end + 150)];
    let at = memchr::memmem::find(rest, b"(0")?;
    let (code, len) = code_in_parentheses(&rest[at..])?;
    let right_behind = rest[..at].iter().all(|byte| *byte == b'.');
    (right_behind || (code & 0xff == u32::from(low) && low == 0x13))
        .then_some((code, end + at + len))
}

pub(crate) fn code_in_parentheses(text: &[u8]) -> Option<(u32, usize)> {
    let digits = text
        .strip_prefix(b"(0x")
        .or_else(|| text.strip_prefix(b"(0X"))?;
    let len = digits.iter().position(|byte| *byte == b')')?;
    if len == 0 || len > 8 {
        return None;
    }
    let digits = std::str::from_utf8(&digits[..len]).ok()?;
    let code = u32::from_str_radix(digits, 16).ok()?;
    Some((code, len + 4))
}

/// How far the prose of a message may reach before its code.
pub(crate) const PROSE: usize = 700;

/// The code behind a wrapper, its place, and the prose in between.
fn wrapped_code(text: &[u8], end: usize) -> Option<(u32, usize, &[u8])> {
    let rest = &text[end..text.len().min(end + PROSE)];
    let at = memchr::memmem::find_iter(rest, b"(0")
        .find(|at| code_in_parentheses(&rest[*at..]).is_some())?;
    let prose = &rest[..at];
    // The code of the next message is not this one's.
    if memchr::memmem::find(prose, b"failureinaWindows").is_some() {
        return None;
    }
    let (code, len) = code_in_parentheses(&rest[at..])?;
    Some((code, end + at + len, prose))
}

fn system_call(text: &[u8], start: usize, end: usize) -> Option<Signal> {
    let (code, end, _) = wrapped_code(text, end)?;
    Some(of_code(code, codes::row_of(code)?, (start, end)))
}

/// What builds before 1709 said of images that were too new for them.
fn old_build(text: &[u8], start: usize, end: usize) -> Option<Signal> {
    let (code, end, prose) = wrapped_code(text, end)?;
    let old = match code {
        0x8004_8016 => prose.starts_with(b"winapierror#"),
        0xc037_010d => prose == b"TheJSONdocumentisinvalid.",
        0x490 => true,
        _ => false,
    };
    old.then(|| {
        let mut signal = Signal::new(
            DiagnosisKind::StartMismatch,
            "hcs-old-build",
            Confidence::Possible,
            Severity::Warning,
            (start, end),
        );
        signal.code = Some(code);
        signal
    })
}

/// Where a text is cut with `…` or `...`: the place, and the place behind the dots.
pub(crate) fn cut_short(text: &[u8]) -> Option<(usize, usize)> {
    let ellipsis = memchr::memmem::find(text, "…".as_bytes());
    let dots = memchr::memmem::find(text, b"...");
    let at = match (ellipsis, dots) {
        (Some(one), Some(other)) => one.min(other),
        (one, other) => one.or(other)?,
    };
    Some((at, at + 3))
}

/// Swarm prints errors in quotes; a page that mentions one does not.
pub(crate) fn quoted(text: &[u8], start: usize) -> bool {
    start > 0 && text[start - 1] == b'"'
}

pub(crate) fn truncated(start: usize, end: usize) -> Signal {
    let mut signal = Signal::new(
        DiagnosisKind::StartMismatch,
        "swarm-truncated",
        Confidence::Possible,
        Severity::Warning,
        (start, end),
    );
    signal.truncated = true;
    signal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sentence_can_be_found_by_an_anchor() {
        for (index, (sentence, _)) in SENTENCES.iter().enumerate() {
            let held = INDEX
                .by_anchor
                .iter()
                .flatten()
                .any(|(other, _)| *other == index);
            assert!(held, "no anchor in {sentence:?}");
        }
    }
}
