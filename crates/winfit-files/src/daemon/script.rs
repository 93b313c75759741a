//! Scripts that start or register the engine: `dockerd --register-service --exec-opt …`.

use memchr::memmem;
use winfit_core::finding::Located;

use super::ServiceCommand;
use crate::source::Source;

/// How many lines one command may be continued over.
const MOST_LINES: usize = 200;

/// Whether a script is worth reading: cheap, and wrong now and then.
pub fn looks_like(text: &str) -> bool {
    memmem::find(text.as_bytes(), b"--exec-opt").is_some()
        && memmem::find(text.as_bytes(), b"dockerd").is_some()
}

/// The lines of a script that start or register `dockerd` with flags of interest: of PowerShell,
/// `cmd` and `sh`, with the lines that continue them.
pub fn read(source: &Source) -> Vec<ServiceCommand> {
    let text = source.text.as_str();
    let mark = continuation(&source.name);
    let mut found = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let mut end = line_end(text, start);
        if is_told(&text[start..end]) {
            for _ in 0..MOST_LINES {
                let line = text[start..end].trim_end();
                if end >= text.len() || !line.ends_with(mark) {
                    break;
                }
                end = line_end(text, end + 1);
            }
            found.extend(command(source, start, end));
        }
        start = end + 1;
    }
    found
}

fn line_end(text: &str, start: usize) -> usize {
    let start = start.min(text.len());
    memchr::memchr(b'\n', &text.as_bytes()[start..]).map_or(text.len(), |end| start + end)
}

/// What continues a line in a script of this name; all of them where the name does not tell.
fn continuation(name: &str) -> &'static [char] {
    let extension = name.rsplit('.').next().unwrap_or_default();
    match extension.to_ascii_lowercase().as_str() {
        "ps1" | "psm1" | "psd1" => &['`'],
        "cmd" | "bat" => &['^'],
        "sh" | "bash" => &['\\'],
        _ => &['`', '^', '\\'],
    }
}

/// Whether a line says something: it is no comment, and prints nothing.
fn is_told(line: &str) -> bool {
    let line = line.trim_start();
    let starts = |word: &str| {
        line.get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word))
            && !line[word.len()..].starts_with(|next: char| next.is_alphanumeric() || next == '-')
    };
    let silent = line.starts_with('#') || line.starts_with("::") || line.is_empty();
    !silent
        && !["rem", "@rem", "echo", "@echo", "write-host", "write-output"]
            .iter()
            .any(|word| starts(word))
}

/// The flags that a command gives to `dockerd`.
fn command(source: &Source, start: usize, end: usize) -> Option<ServiceCommand> {
    let text = source.text.get(start..end)?;
    let engine = engine(text)?;
    let mut exec_opts = Vec::new();
    let mut config_file = None;
    let mut at = engine;
    while let Some(dashes) = text[at..].find("--") {
        let flag = at + dashes;
        let rest = &text[flag..];
        at = flag + 2;
        for (name, values) in [("--exec-opt", true), ("--config-file", false)] {
            let Some(behind) = rest.strip_prefix(name) else {
                continue;
            };
            let Some((value_start, value_end)) = value(behind) else {
                continue;
            };
            let from = flag + name.len();
            let value = &text[from + value_start..from + value_end];
            let origin = source.origin(start + from + value_start, start + from + value_end);
            // A variable of the script: its value is not known here.
            if !value.contains(['$', '%']) {
                let value = Located::new(value.to_owned(), origin);
                if values {
                    exec_opts.push(value);
                } else {
                    config_file = Some(value);
                }
            }
            at = from + value_end;
        }
    }
    (!exec_opts.is_empty() || config_file.is_some()).then_some(ServiceCommand {
        exec_opts,
        config_file,
    })
}

/// Where `dockerd` or `dockerd.exe` stands as a word of its own; the byte behind it.
fn engine(text: &str) -> Option<usize> {
    const NAME: &[u8] = b"dockerd";
    let bytes = text.as_bytes();
    let part_of_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let mut at = 0;
    while at + NAME.len() <= bytes.len() {
        let end = at + NAME.len();
        if bytes[at..end].eq_ignore_ascii_case(NAME)
            && (at == 0 || !part_of_word(bytes[at - 1]))
            && bytes.get(end).is_none_or(|next| !part_of_word(*next))
        {
            return Some(end);
        }
        at += 1;
    }
    None
}

/// Where the value of a flag stands, behind its name: after `=`, spaces, commas and quotes of any
/// nesting (`\"`, `` `" ``), up to what ends it.
fn value(behind: &str) -> Option<(usize, usize)> {
    let glue = |symbol: char| {
        symbol.is_whitespace() || matches!(symbol, '=' | '"' | '\'' | ',' | '`' | '\\' | '^')
    };
    if !behind.starts_with(glue) {
        return None;
    }
    let start = behind.find(|symbol| !glue(symbol))?;
    let value = &behind[start..];
    // The next flag: this one has no value.
    if value.starts_with("--") {
        return None;
    }
    let quoted = behind[..start].ends_with(['"', '\'']);
    let length = value
        .find(|symbol: char| {
            matches!(symbol, '"' | '\'' | '`' | '\r' | '\n')
                || (!quoted && (symbol.is_whitespace() || matches!(symbol, ',' | ')' | ';')))
        })
        .unwrap_or(value.len());
    let mut end = start + length;
    // The backslash of an escaped quote.
    if behind[end..].starts_with('"') && behind[start..end].ends_with('\\') {
        end -= 1;
    }
    (end > start).then_some((start, end))
}
