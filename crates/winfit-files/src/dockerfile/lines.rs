//! Lines: parser directives, comments, continued lines, and where heredocs end, as BuildKit's
//! `frontend/dockerfile/parser` reads them.

use std::borrow::Cow;

/// The longest line that BuildKit's scanner takes, its line end included.
const LONGEST_LINE: usize = 65_535;

/// An instruction's text: its lines joined, without the escape characters that continue them.
#[derive(Debug)]
pub(super) struct Logical<'t> {
    /// The joined text.
    pub(super) text: Cow<'t, str>,
    /// Where its first byte stands in the file.
    first: usize,
    /// Where further lines begin: in the joined text, and in the file.
    more: Vec<(usize, usize)>,
}

impl Logical<'_> {
    fn place(&self, offset: usize) -> usize {
        match self
            .more
            .partition_point(|(logical, _)| *logical <= offset)
            .checked_sub(1)
        {
            None => self.first + offset,
            Some(at) => self.more[at].1 + (offset - self.more[at].0),
        }
    }

    /// A piece of the joined text as a piece of the file: from its first byte to behind its last.
    pub(super) fn span(&self, start: usize, end: usize) -> (usize, usize) {
        let from = self.place(start);
        if end <= start {
            return (from, from);
        }
        (from, self.place(end - 1) + 1)
    }
}

/// Something wrong with a line: where, and what.
#[derive(Debug)]
pub(super) struct LineProblem {
    /// Where it starts.
    pub(super) start: usize,
    /// Where it ends.
    pub(super) end: usize,
    /// One sentence.
    pub(super) message: String,
}

/// A heredoc's end: what ends it, and how its lines are compared.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Heredoc {
    /// The line that ends it.
    pub(super) name: String,
    /// Tabs before that line do not count (`<<-`).
    pub(super) strips_tabs: bool,
    /// Where it is opened in the joined text.
    pub(super) start: usize,
    /// Where that ends.
    pub(super) end: usize,
}

/// The lines of a file, from top to bottom.
#[derive(Debug)]
pub(super) struct Lines<'t> {
    text: &'t str,
    at: usize,
    /// The escape character.
    pub(super) escape: char,
    /// No directive can follow any more.
    directives_done: bool,
    seen: Vec<&'static str>,
    /// What is wrong so far.
    pub(super) problems: Vec<LineProblem>,
}

impl<'t> Lines<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            at: 0,
            escape: '\\',
            directives_done: false,
            seen: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// Where the next line starts.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Goes back to a place that [`Self::position`] told.
    pub(super) fn go_to(&mut self, at: usize) {
        self.at = at;
    }

    /// The next line as it stands, without its line end, and where it starts.
    pub(super) fn physical(&mut self) -> Option<(usize, &'t str)> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        let start = self.at;
        let length = memchr::memchr(b'\n', rest.as_bytes()).map_or(rest.len(), |at| at + 1);
        self.at += length;
        let line = rest[..length].trim_end_matches(['\r', '\n']);
        if length <= LONGEST_LINE {
            return Some((start, line));
        }
        self.problems.push(LineProblem {
            start,
            end: start,
            message: format!(
                "this line is {length} bytes long, and builders take at most {LONGEST_LINE} in a line"
            ),
        });
        Some((start, ""))
    }

    /// The next instruction; comments, empty lines and directives are passed over.
    pub(super) fn instruction(&mut self) -> Option<Logical<'t>> {
        loop {
            let (start, line) = self.physical()?;
            let stripped = line.trim_start();
            let first = start + (line.len() - stripped.len());
            if !self.directives_done {
                self.directive(stripped, first);
            }
            if stripped.is_empty() || stripped.starts_with('#') {
                continue;
            }
            let (body, mut ended) = without_continuation(stripped, self.escape);
            let mut logical = Logical {
                text: Cow::Borrowed(body),
                first,
                more: Vec::new(),
            };
            while !ended {
                let Some((start, line)) = self.physical() else {
                    break;
                };
                let stripped = line.trim_start();
                if stripped.is_empty() || stripped.starts_with('#') {
                    continue;
                }
                let (body, last) = without_continuation(line, self.escape);
                ended = last;
                logical.more.push((logical.text.len(), start));
                logical.text.to_mut().push_str(body);
            }
            if !logical.text.trim().is_empty() {
                return Some(logical);
            }
        }
    }

    /// Reads `# escape=…` and its kin at the top of a file. The first line that is none ends them.
    fn directive(&mut self, line: &str, start: usize) {
        self.directives_done = true;
        let Some((name, value)) = line.strip_prefix('#').and_then(name_and_value) else {
            return;
        };
        let known = ["syntax", "escape", "check"];
        let Some(known) = known
            .into_iter()
            .find(|known| known.eq_ignore_ascii_case(name))
        else {
            return;
        };
        self.directives_done = false;
        let end = start + line.trim_end().len();
        if self.seen.contains(&known) {
            self.problems.push(LineProblem {
                start,
                end,
                message: format!("a file has one {known} directive, and this is another"),
            });
            return;
        }
        self.seen.push(known);
        if known != "escape" {
            return;
        }
        match value {
            "\\" => self.escape = '\\',
            "`" => self.escape = '`',
            other => {
                let at = end - other.len();
                self.problems.push(LineProblem {
                    start: at,
                    end,
                    message: format!(
                        "the escape character is \\ or `, and {:?} is neither",
                        winfit_core::version::quote_for_error(other)
                    ),
                });
            }
        }
    }

    /// Passes over the contents of heredocs; the first that nothing ends is given back.
    pub(super) fn pass_heredocs<'h>(&mut self, heredocs: &'h [Heredoc]) -> Result<(), &'h Heredoc> {
        for heredoc in heredocs {
            loop {
                let Some((_, line)) = self.physical() else {
                    return Err(heredoc);
                };
                let line = if heredoc.strips_tabs {
                    line.trim_start_matches('\t')
                } else {
                    line
                };
                if line == heredoc.name {
                    break;
                }
            }
        }
        Ok(())
    }
}

/// `name = value` of a directive, as `^\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$` matches it.
fn name_and_value(text: &str) -> Option<(&str, &str)> {
    let blank = |c: char| matches!(c, ' ' | '\t' | '\x0c' | '\r');
    let (name, value) = text.trim_start().split_once('=')?;
    let name = name.trim_end_matches(blank);
    let value = value.trim_matches(blank);
    let fine = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric())
        && !value.is_empty();
    fine.then_some((name, value))
}

/// A line without the escape character that continues it, and whether the instruction ends here. An
/// escape character that is itself escaped continues nothing.
fn without_continuation(line: &str, escape: char) -> (&str, bool) {
    match line.trim_end_matches([' ', '\t']).strip_suffix(escape) {
        Some(body) if !body.ends_with(escape) => (body, false),
        _ => (line, true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instructions(text: &str) -> Vec<String> {
        let mut lines = Lines::new(text);
        std::iter::from_fn(|| lines.instruction())
            .map(|logical| logical.text.into_owned())
            .collect()
    }

    #[test]
    fn lines_are_joined_as_builders_join_them() {
        for (text, joined) in [
            ("RUN a \\\n  b", vec!["RUN a   b"]),
            ("RUN a \\ \t\r\n  b\r\n", vec!["RUN a   b"]),
            ("RUN a \\\n# comment\n  b", vec!["RUN a   b"]),
            ("RUN a \\\n  # comment \\\n\n\n  b", vec!["RUN a   b"]),
            ("RUN a \\\\\nRUN b", vec!["RUN a \\\\", "RUN b"]),
            ("RUN a \\", vec!["RUN a "]),
            ("RUN a `\nRUN b", vec!["RUN a `", "RUN b"]),
            (
                "# escape=`\nRUN a `\n b c:\\\nRUN b",
                vec!["RUN a  b c:\\", "RUN b"],
            ),
            ("FR\\\nOM a", vec!["FROM a"]),
            ("\\\nFROM a", vec!["FROM a"]),
            ("\\", vec![]),
            ("  \t# comment \\\n  FROM a", vec!["FROM a"]),
        ] {
            assert_eq!(instructions(text), joined, "{text:?}");
        }
    }

    #[test]
    fn places_in_a_joined_text_lead_back_to_the_file() {
        let text = "RUN a \\\n# no\n  bc";
        let mut lines = Lines::new(text);
        let logical = lines.instruction().unwrap();
        let at = logical.text.find("bc").unwrap();
        let (start, end) = logical.span(at, at + 2);
        assert_eq!(&text[start..end], "bc");
        let (start, end) = logical.span(0, logical.text.len());
        assert_eq!(&text[start..end], text);
    }
}
