//! What every command prints through: style, width, exit codes.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use thiserror::Error;
use winfit_core::verdict::Answer;

/// The exit codes of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It fits; nothing to report.
    Fits = 0,
    /// Findings.
    Findings = 1,
    /// The command was used wrongly.
    Usage = 2,
    /// Nothing at all could be read or reached.
    Nothing = 3,
}

/// What a command has to say, and how the process ends.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// For standard output.
    pub(crate) text: String,
    /// For standard error: what could not be read beside what could.
    pub(crate) complaints: Vec<String>,
    /// The exit code.
    pub(crate) exit: Exit,
}

impl Outcome {
    pub(crate) fn new(text: String, exit: Exit) -> Self {
        Self {
            text,
            complaints: Vec::new(),
            exit,
        }
    }
}

/// An error with an exit code of its own.
#[derive(Debug, Error)]
#[error("{message}")]
pub(crate) struct Refusal {
    pub(crate) message: String,
    pub(crate) exit: Exit,
}

/// Bad usage: exit code 2.
pub(crate) fn usage(message: impl Into<String>) -> anyhow::Error {
    Refusal {
        message: message.into(),
        exit: Exit::Usage,
    }
    .into()
}

/// Nothing could be read: exit code 3.
pub(crate) fn nothing(message: impl Into<String>) -> anyhow::Error {
    Refusal {
        message: message.into(),
        exit: Exit::Nothing,
    }
    .into()
}

/// Prints the answer. Colours go only to a terminal that wants them.
pub(crate) fn print(outcome: &Outcome) -> io::Result<()> {
    const ESCAPE: u8 = 0x1b;
    for complaint in &outcome.complaints {
        complain(complaint);
    }
    let text = outcome.text.as_bytes();
    if !text.contains(&ESCAPE) {
        // Without styles there is nothing to take away.
        let mut out = io::stdout().lock();
        out.write_all(text)?;
        return out.flush();
    }
    let mut out = anstream::stdout().lock();
    out.write_all(text)?;
    out.flush()
}

/// Whether the reader has closed the pipe. Windows has more words for that than Rust's kinds know:
/// ERROR_NO_DATA and ERROR_PIPE_NOT_CONNECTED.
pub(crate) fn is_closed_pipe(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
        || (cfg!(windows) && matches!(error.raw_os_error(), Some(232 | 233)))
}

/// Prints an error. If even that cannot be written there is nobody left to tell.
pub(crate) fn complain(message: &str) {
    let error = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
    let lines: Vec<String> = format!("winfit: {message}")
        .lines()
        .map(|line| wrap(line, "", "  "))
        .collect();
    let text = lines.join("\n");
    let text = text.replacen("winfit:", &format!("{error}winfit:{error:#}"), 1);
    let _ = anstream::stderr()
        .lock()
        .write_all(format!("{text}\n").as_bytes());
}

/// A word to somebody who waits at a terminal. If it cannot be written nothing is lost.
pub(crate) fn hint(message: &str) {
    let text = faint(&format!("{message}\n"));
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
}

/// Words that are laid out already, for standard error. If they cannot be written nobody is left to tell.
pub(crate) fn tell(text: &str) {
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
}

/// How wide lines may be: 80 columns, less on a narrower terminal.
pub(crate) fn width() -> usize {
    const WIDEST: usize = 80;
    const NARROWEST: usize = 40;
    terminal_size::terminal_size()
        .map(|(terminal_size::Width(columns), _)| usize::from(columns))
        .filter(|columns| *columns > 0)
        .map_or(WIDEST, |columns| columns.clamp(NARROWEST, WIDEST))
}

/// How wide excerpts of files may be: 80 columns in a file or a pipe, in a terminal what it has, up
/// to 100.
pub(crate) fn excerpt_width() -> usize {
    terminal_size::terminal_size_of(io::stdout())
        .map(|(terminal_size::Width(columns), _)| usize::from(columns))
        .filter(|columns| *columns > 0)
        .map_or(80, |columns| columns.clamp(40, 100))
}

/// Wraps a sentence. Words (image references, paths) are never broken.
pub(crate) fn wrap(text: &str, first: &str, rest: &str) -> String {
    let options = textwrap::Options::new(width())
        .initial_indent(first)
        .subsequent_indent(rest)
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .word_separator(textwrap::WordSeparator::AsciiSpace);
    textwrap::fill(text, options)
}

pub(crate) fn bold(text: &str) -> String {
    let style = Style::new().bold();
    format!("{style}{text}{style:#}")
}

pub(crate) fn faint(text: &str) -> String {
    let style = Style::new().dimmed();
    format!("{style}{text}{style:#}")
}

/// An answer's word, padded, then coloured.
pub(crate) fn answer(answer: Answer, width: usize) -> String {
    let colour = match answer {
        Answer::Yes | Answer::Preview => AnsiColor::Green,
        Answer::Risk | Answer::Unknown => AnsiColor::Yellow,
        Answer::No => AnsiColor::Red,
    };
    let style = Style::new().fg_color(Some(colour.into()));
    format!("{style}{:width$}{style:#}", answer.name())
}

/// Lays rows out in columns that are as wide as their widest cell.
pub(crate) fn columns(rows: &[Vec<String>], indent: &str) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count)
        .map(|at| {
            rows.iter()
                .filter_map(|row| row.get(at))
                .map(|cell| textwrap::core::display_width(cell))
                .max()
                .unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    for row in rows {
        let mut line = indent.to_owned();
        for (at, cell) in row.iter().enumerate() {
            line.push_str(cell);
            if at + 1 < row.len() {
                let pad = widths[at] - textwrap::core::display_width(cell) + 2;
                line.extend(std::iter::repeat_n(' ', pad));
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// A cell of a Markdown table.
pub(crate) fn markdown_cell(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('|', "\\|")
        .replace('\n', " ")
}

/// Text from outside, made safe to print: control characters could drive a terminal.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}
