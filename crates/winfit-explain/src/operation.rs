//! `CreateComputeSystem ID: …`: newer engines print the operation and Windows' words, no code.

use std::sync::LazyLock;

use crate::codes;
use winfit_core::finding::{Confidence, Severity};

use crate::diagnosis::DiagnosisKind;
use crate::normalise::{View, squeeze};
use crate::signatures::{
    PROSE, Rule, Signal, code_in_parentheses, cut_short, of_code, of_text, quoted, sentences,
    truncated,
};

/// Texts of other codes, read only behind an operation's name: alone they are ordinary prose.
const BEHIND_THE_OPERATION: &[(&str, u8)] = &[
    (
        "The requested virtual machine or container operation is not valid in the current state",
        0x05,
    ),
    (
        "The virtual machine or container was forcefully exited",
        0x07,
    ),
    (
        "A connection could not be established with the container or virtual machine",
        0x08,
    ),
    (
        "The operation timed out because a response was not received",
        0x09,
    ),
    (
        "The virtual machine or container JSON document is invalid",
        0x0d,
    ),
    (
        "A virtual machine or container with the specified identifier does not exist",
        0x0e,
    ),
    (
        "A virtual machine or container with the specified identifier already exists",
        0x0f,
    ),
    (
        "The virtual machine or container with the specified identifier is not running",
        0x10,
    ),
    ("A communication protocol error has occurred", 0x11),
];

static BEHIND: LazyLock<Vec<(String, u8)>> = LazyLock::new(|| {
    let texts = BEHIND_THE_OPERATION.iter();
    texts.map(|(text, low)| (squeeze(text), *low)).collect()
});

/// `CreateComputeSystem ID: …`, whose name no language changes.
pub(crate) fn follow(view: &View, at: usize) -> Option<Signal> {
    let text = view.squeezed.as_slice();
    let mut start = at.checked_sub("Create".len())?;
    if !text[start..].starts_with(b"Create") {
        return None;
    }
    for prefix in [b"hcsshim::".as_slice(), b"hcs::"] {
        if text[..start].ends_with(prefix) {
            start -= prefix.len();
            break;
        }
    }
    let id = at + "ComputeSystem".len();
    let id_len = text[id..]
        .iter()
        .take(200)
        .take_while(|byte| byte.is_ascii_alphanumeric() || b"-_.@/".contains(byte))
        .count();
    let end = id + id_len;
    if text.get(end) != Some(&b':') {
        // Swarm cuts the error in the middle of the id.
        let dots = text[id..end].ends_with(b"...") || text[end..].starts_with("…".as_bytes());
        return (dots && quoted(text, start)).then(|| truncated(start, end + 3));
    }
    let end = end + 1;
    let rest = &text[end..];
    for (sentence, rule) in sentences() {
        if let Rule::Hcs(low) = rule
            && rest.starts_with(sentence)
        {
            return of_text(text, low, start, end + sentence.len());
        }
    }
    for (sentence, low) in BEHIND.iter() {
        if rest.starts_with(sentence.as_bytes()) {
            return of_text(text, *low, start, end + sentence.len());
        }
    }
    let near = &rest[..rest.len().min(PROSE)];
    let code = memchr::memmem::find_iter(near, b"(0").find_map(|place| {
        let (code, len) = code_in_parentheses(&near[place..])?;
        Some((code, place, len))
    });
    if let Some((code, place, len)) = code
        && memchr::memmem::find(&near[..place], b"ComputeSystem").is_none()
    {
        return Some(of_code(
            code,
            codes::row_of(code)?,
            (start, end + place + len),
        ));
    }
    if let Some((prefix, len)) = cut_short(&near[..near.len().min(100)]) {
        let begun = sentences().any(|(sentence, rule)| {
            rule == Rule::Hcs(0x01) && sentence.starts_with(&near[..prefix])
        });
        return (begun && quoted(text, start)).then(|| truncated(start, end + len));
    }
    localised(view, start, end)
}

/// Words of another language and no code. Which words mean a mismatch is documented nowhere, so
/// this is only a suspicion.
fn localised(view: &View, start: usize, end: usize) -> Option<Signal> {
    const ENGLISH: [&str; 12] = [
        "the", "is", "not", "could", "cannot", "has", "to", "of", "been", "with", "error:",
        "failed",
    ];
    let from = view.squeezed_to_text(end);
    let rest = &view.text[from..view.text.len().min(from + 400)];
    let stop = rest
        .iter()
        .position(|byte| matches!(byte, b'\n' | b'"' | b'[' | b'(' | b'{'))
        .unwrap_or(rest.len());
    let prose = String::from_utf8_lossy(&rest[..stop]);
    let prose = prose.split(": unknown").next().unwrap_or_default().trim();
    let words: Vec<String> = prose.split(' ').map(str::to_lowercase).collect();
    let first = prose.chars().next()?;
    // Go's own errors begin small; Windows writes sentences.
    if first.is_ascii() && !first.is_ascii_uppercase() {
        return None;
    }
    let foreign = prose.chars().any(char::is_alphabetic) && !prose.is_ascii();
    let long_enough = if foreign {
        prose.len() >= 20
    } else {
        words.len() >= 6
    };
    let english = words.iter().any(|word| ENGLISH.contains(&word.as_str()));
    (long_enough && !english).then(|| {
        let len = squeeze(prose).len();
        Signal::new(
            DiagnosisKind::StartMismatch,
            "hcs-create-localised",
            Confidence::Possible,
            Severity::Warning,
            (start, (end + len).min(view.squeezed.len())),
        )
    })
}
