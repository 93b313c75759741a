//! What a command told, as tests read it.

use std::process::Output;

/// All of it: what was answered, then what was said beside that.
pub(crate) fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// The same without its line ends, as wrapping puts them anywhere.
pub(crate) fn flat(output: &Output) -> String {
    text(output)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}
