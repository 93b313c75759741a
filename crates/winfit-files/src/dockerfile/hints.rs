//! What instructions tell of the operating system beneath them.

use winfit_core::host::Os;

use super::platform::Platform;
use super::words::{Piece, is_blank};

/// The operating system of a platform specifier.
pub(super) fn os_of_platform(text: &str) -> Option<Os> {
    match Platform::parse(text).ok()?.os.as_deref() {
        Some("windows") => Some(Os::Windows),
        Some("linux") => Some(Os::Linux),
        _ => None,
    }
}

/// The operating system on which an instruction makes sense; none where both would do: Windows takes
/// `/app` as well as `C:\app`, and PowerShell runs on Linux as `pwsh`.
pub(super) fn os_of_instruction(name: &str, text: &str, (start, end): Piece) -> Option<Os> {
    let rest = &text[start..end];
    let list = || -> Option<Vec<String>> {
        rest.starts_with('[')
            .then(|| serde_json::from_str(rest).ok())
            .flatten()
    };
    match name {
        "SHELL" => of_program(list()?.first()?),
        "RUN" | "CMD" | "ENTRYPOINT" => match list() {
            Some(words) => of_program(words.first()?),
            None => of_program(rest.split(is_blank).next()?),
        },
        "WORKDIR" => of_path(rest),
        "COPY" | "ADD" => match list() {
            Some(words) => of_path(words.last()?),
            None => of_path(rest.rsplit(is_blank).next()?),
        },
        _ => None,
    }
}

fn of_program(word: &str) -> Option<Os> {
    const OF_LINUX: [&str; 6] = ["apt-get", "apk", "yum", "dnf", "microdnf", "zypper"];
    if word.starts_with("/bin/") || OF_LINUX.contains(&word) {
        return Some(Os::Linux);
    }
    let last = word.trim_matches('"').rsplit(['\\', '/']).next()?;
    let program = last.to_ascii_lowercase();
    matches!(program.trim_end_matches(".exe"), "powershell" | "cmd").then_some(Os::Windows)
}

fn of_path(path: &str) -> Option<Os> {
    let path = path.trim_start_matches(['"', '\'']);
    let mut chars = path.chars();
    let drive = chars.next().is_some_and(|c| c.is_ascii_alphabetic()) && chars.next() == Some(':');
    (drive && matches!(chars.next(), None | Some('\\' | '/' | '"' | '\''))).then_some(Os::Windows)
}
