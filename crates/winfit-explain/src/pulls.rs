//! The sentences of engines that pull: no variant, too new a variant, another operating system.

use winfit_core::version::OsVersion;

use winfit_core::finding::{Confidence, Severity};

use crate::diagnosis::DiagnosisKind;
use crate::normalise::View;
use crate::signatures::{Signal, cut_short, quoted};

/// Which sentence it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    NoManifest,
    InTheList,
    NoPlatform,
    Uplevel,
    Download,
    ImageSystem,
    OnThisPlatform,
    OtherPlatform,
    NotProvided,
    NothingProvided,
    NotInList,
    UtilityVmImage,
    ImportLayer,
}

/// How far a sentence's other half may be.
const REACH: usize = 200;

pub(crate) fn follow(view: &View, form: Form, start: usize, end: usize) -> Option<Signal> {
    let text = view.squeezed.as_slice();
    let rest = &text[end..text.len().min(end + REACH)];
    match form {
        Form::NoManifest => no_manifest(text, start, end),
        Form::InTheList => {
            let from = rfind(text, start, b"nomatchingmanifestfor")?;
            no_manifest(text, from, from + "nomatchingmanifestfor".len())
        }
        Form::NoPlatform => {
            // Linux engines say the same; nothing in these words says Windows.
            Some(Signal::new(
                DiagnosisKind::PullNoMatch,
                "pull-no-platform",
                Confidence::Likely,
                Severity::Error,
                (start, end),
            ))
        }
        Form::Uplevel => {
            let words = b"aWindowsversion";
            let from = rfind(text, start, words)?;
            let host = rest.windows(4).position(|four| four == b"host")?;
            let mut signal = Signal::new(
                DiagnosisKind::PullUplevel,
                "pull-uplevel",
                Confidence::Certain,
                Severity::Error,
                (from, end + host + 4),
            );
            signal.image_version = version(&text[from + words.len()..start]);
            signal.host_version = version(&rest[..host]);
            Some(signal)
        }
        Form::Download => {
            let (image, len) = name(rest)?;
            let more = rest[len..].strip_prefix(b"whenrequesting")?;
            let (wanted, more_len) = name(more)?;
            let span = (start, end + len + "whenrequesting".len() + more_len);
            wrong_os("engine-mode", Some(image), Some(wanted), span)
        }
        Form::ImageSystem => image_system(rest, start, end),
        Form::OnThisPlatform => {
            let words = b"imageoperatingsystem";
            let from = rfind(text, start, words)?;
            let after = from + words.len();
            image_system(&text[after..text.len().min(after + REACH)], from, after)
        }
        Form::OtherPlatform => {
            let words = b"itsplatform";
            let (image, wanted, span) = if let Some(from) = rfind(text, start, words) {
                let (image, _) = in_parentheses(&text[from + words.len()..start])?;
                let (wanted, len) = in_parentheses(rest)?;
                (image, wanted, (from, end + len))
            } else {
                // Docker 20.10 to 24: `: wanted linux/amd64, actual: windows/amd64`.
                let wanted = rest.strip_prefix(b":wanted")?;
                let comma = wanted.iter().position(|byte| *byte == b',')?;
                let actual = wanted[comma..].strip_prefix(b",actual:")?;
                let of_platform =
                    |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-()".contains(byte);
                let len = actual.iter().take_while(|byte| of_platform(byte)).count();
                (&actual[..len], &wanted[..comma], (start, end))
            };
            let (image, wanted) = (platform(image)?, platform(wanted)?);
            if image.0 == "windows" && wanted.0 == "windows" {
                let mut signal = Signal::new(
                    DiagnosisKind::PullNoMatch,
                    "pull-other-platform",
                    Confidence::Certain,
                    Severity::Error,
                    span,
                );
                signal.image_version = image.1;
                signal.host_version = wanted.1;
                return Some(signal);
            }
            wrong_os("pull-other-platform", Some(image.0), Some(wanted.0), span)
        }
        Form::NotProvided => {
            let (wanted, len) = in_parentheses(rest)?;
            let (os, version) = platform(wanted)?;
            if os == "windows" && version.is_some() {
                // For this Windows there is nothing; whether there is for another, it does not say.
                let mut signal = Signal::new(
                    DiagnosisKind::PullNoMatch,
                    "pull-not-provided",
                    Confidence::Likely,
                    Severity::Error,
                    (start, end + len),
                );
                signal.host_version = version;
                return Some(signal);
            }
            let mut signal = wrong_os("pull-not-provided", None, Some(os), (start, end + len))?;
            signal.confidence = Confidence::Likely;
            signal.host_version = version;
            Some(signal)
        }
        Form::NothingProvided => Some(Signal::new(
            DiagnosisKind::WrongOs,
            "pull-not-provided",
            Confidence::Possible,
            Severity::Warning,
            (start, end),
        )),
        Form::NotInList => {
            let at = find(rest, b",OS")?;
            let (os, len) = name(&rest[at + 3..])?;
            let span = (start, end + at + 3 + len);
            (os == "windows").then(|| wrong_os("pull-not-in-list", None, Some(os), span))?
        }
        Form::UtilityVmImage => {
            let lost = find(rest, b"UtilityVM:").or_else(|| find(rest, b"cannotfindthepath"))?;
            Some(old_uplevel(Confidence::Likely, start, end + lost))
        }
        Form::ImportLayer => {
            let failed = find(rest, b"failedinWin32:")?;
            let lost = [
                b"cannotfindthefile".as_slice(),
                b"cannotfindthepath",
                b"(0x2)",
                b"(0x3)",
            ];
            let at = lost.iter().find_map(|words| find(&rest[failed..], words))?;
            Some(old_uplevel(Confidence::Possible, start, end + failed + at))
        }
    }
}

/// What engines before 2018 said when they pulled an image that was too new: its layers hold
/// files that the host's Windows does not know.
fn old_uplevel(confidence: Confidence, start: usize, end: usize) -> Signal {
    let severity = match confidence {
        Confidence::Possible => Severity::Warning,
        _ => Severity::Error,
    };
    let kind = DiagnosisKind::PullUplevel;
    Signal::new(kind, "pull-old-uplevel", confidence, severity, (start, end))
}

fn no_manifest(text: &[u8], start: usize, end: usize) -> Option<Signal> {
    let rest = &text[end..text.len().min(end + 80)];
    let Some(stop) = find(rest, b"inthemanifestlist") else {
        // Swarm cuts the sentence at thirty characters: `"no matching manifest for windo…"`.
        let (at, cut_end) = cut_short(rest)?;
        let windows = at >= 3 && b"windows/amd64".starts_with(&rest[..at.min(13)]);
        return (windows && quoted(text, start)).then(|| {
            let span = (start, end + cut_end);
            let kind = DiagnosisKind::PullNoMatch;
            let (likely, error) = (Confidence::Likely, Severity::Error);
            let mut signal = Signal::new(kind, "pull-no-manifest", likely, error, span);
            signal.truncated = true;
            signal
        });
    };
    let mut stop_at = end + stop + b"inthemanifestlist".len();
    // containerd says it twice.
    for more in [b"entries".as_slice(), b":nomatchforplatforminmanifest"] {
        if text[stop_at..].starts_with(more) {
            stop_at += more.len();
        }
    }
    let span = (start, stop_at);
    let (os, version) = platform(&rest[..stop])?;
    let new =
        |kind, confidence| Signal::new(kind, "pull-no-manifest", confidence, Severity::Error, span);
    match os.as_str() {
        "windows" => {
            let mut signal = new(DiagnosisKind::PullNoMatch, Confidence::Certain);
            signal.host_version = version;
            Some(signal)
        }
        // Docker 18.06 to 18.09 lost the platform on its way into the sentence.
        "unknown" => Some(new(DiagnosisKind::PullNoMatch, Confidence::Likely)),
        "linux" => {
            let mut signal = new(DiagnosisKind::WrongOs, Confidence::Likely);
            signal.wanted_os = Some(os);
            signal.image_os = Some("windows".to_owned());
            signal.needs_windows_image = true;
            Some(signal)
        }
        _ => None,
    }
}

fn image_system(rest: &[u8], start: usize, end: usize) -> Option<Signal> {
    let (os, len) = name(rest)?;
    let words = b"cannotbeusedonthisplatform";
    if !rest[len..].starts_with(words) {
        return None;
    }
    // An engine runs either; what it refuses says which it is.
    let other = match os.as_str() {
        "linux" => "windows",
        "windows" => "linux",
        _ => return None,
    };
    let span = (start, end + len + words.len());
    wrong_os("engine-mode", Some(os), Some(other.to_owned()), span)
}

/// Another operating system, where one of the two is Windows.
fn wrong_os(
    signature: &'static str,
    image: Option<String>,
    wanted: Option<String>,
    span: (usize, usize),
) -> Option<Signal> {
    let windows = |os: &Option<String>| os.as_deref() == Some("windows");
    if !windows(&image) && !windows(&wanted) {
        return None;
    }
    let kind = DiagnosisKind::WrongOs;
    let mut signal = Signal::new(kind, signature, Confidence::Certain, Severity::Error, span);
    signal.image_os = image;
    signal.wanted_os = wanted;
    Some(signal)
}

/// `windows/amd64`, `windows/amd64 10.0.17763` without its space, `windows(10.0.26200)/amd64/v3`.
fn platform(text: &[u8]) -> Option<(String, Option<OsVersion>)> {
    let text = std::str::from_utf8(text).ok()?;
    let letters = text.bytes().take_while(u8::is_ascii_lowercase).count();
    let (os, rest) = text.split_at(letters);
    if os.is_empty() {
        return None;
    }
    if let Some(inside) = rest.strip_prefix('(') {
        let stated = inside.split(')').next().unwrap_or_default();
        return Some((os.to_owned(), version(stated.as_bytes())));
    }
    let Some(rest) = rest.strip_prefix('/') else {
        return Some((os.to_owned(), None));
    };
    let rest = ["amd64", "arm64", "x86_64", "386", "arm"]
        .iter()
        .find_map(|arch| rest.strip_prefix(arch))
        .unwrap_or_default();
    // A variant, `/v8`, is one digit.
    let rest = match rest.strip_prefix("/v") {
        Some(variant) => variant.get(1..).unwrap_or_default(),
        None => rest,
    };
    Some((os.to_owned(), version(rest.as_bytes())))
}

/// A version that stands alone; none where an ellipsis is left in it.
fn version(text: &[u8]) -> Option<OsVersion> {
    let text = std::str::from_utf8(text).ok()?;
    let version: OsVersion = text.parse().ok()?;
    (version.major == 10).then_some(version)
}

/// `"linux"`, with or without its quotes.
fn name(text: &[u8]) -> Option<(String, usize)> {
    let open = usize::from(text.first() == Some(&b'"'));
    let len = if open == 1 {
        text[1..].iter().position(|byte| *byte == b'"')?
    } else {
        let known = [b"linux".as_slice(), b"windows", b"darwin"];
        known.iter().find(|os| text.starts_with(os))?.len()
    };
    let name = std::str::from_utf8(&text[open..open + len]).ok()?;
    Some((name.to_ascii_lowercase(), len + 2 * open))
}

/// What stands in the parentheses that `text` begins with, and where they end.
fn in_parentheses(text: &[u8]) -> Option<(&[u8], usize)> {
    if text.first() != Some(&b'(') {
        return None;
    }
    let mut depth = 0;
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some((&text[1..at], at + 1));
        }
    }
    None
}

fn find(text: &[u8], words: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, words)
}

/// The last `words` within reach before `end`.
fn rfind(text: &[u8], end: usize, words: &[u8]) -> Option<usize> {
    let from = end.saturating_sub(REACH);
    memchr::memmem::rfind(&text[from..end], words).map(|at| from + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_in_every_spelling() {
        for (text, os, version) in [
            ("windows/amd64", "windows", None),
            ("windows/amd6410.0.17763", "windows", Some("10.0.17763")),
            ("windows(10.0.19045)/amd64", "windows", Some("10.0.19045")),
            (
                "windows(10.0.26200)/amd64/v3",
                "windows",
                Some("10.0.26200"),
            ),
            ("windows/arm64/v810.0.26100", "windows", Some("10.0.26100")),
            ("linux/arm64/v8", "linux", None),
            ("unknown", "unknown", None),
        ] {
            let read = platform(text.as_bytes()).unwrap();
            assert_eq!(read.0, os, "{text}");
            let expected: Option<OsVersion> = version.map(|text| text.parse().unwrap());
            assert_eq!(read.1, expected, "{text}");
        }
        assert_eq!(version(b"10.0.203...48"), None);
        assert_eq!(version("10.0.203…48".as_bytes()), None);
    }
}
