//! Which heredocs an instruction opens. The line is cut into words as a shell does it, with `\` as
//! the escape character whatever the file's is; a line that no shell would take opens none.

use super::lines::Heredoc;

/// Braces within braces that are followed; builders have no limit, and nobody writes five.
const DEEPEST: usize = 32;

/// The heredocs that a line opens, in order.
pub(super) fn heredocs(line: &str) -> Vec<Heredoc> {
    if !line.contains("<<") {
        return Vec::new();
    }
    let mut words = Words {
        line,
        at: 0,
        found: Vec::new(),
        word: None,
    };
    if words.read(None, 0).is_none() {
        return Vec::new();
    }
    words.end_word();
    words
        .found
        .into_iter()
        .filter_map(|(start, end)| heredoc(line, start, end))
        .collect()
}

/// Reads a word of the form `[0-9]*<<-?\s*[^<]*`.
fn heredoc(line: &str, start: usize, end: usize) -> Option<Heredoc> {
    let word = line.get(start..end)?;
    let rest = word.trim_start_matches(|c: char| c.is_ascii_digit());
    let rest = rest.strip_prefix("<<")?;
    let (rest, strips_tabs) = match rest.strip_prefix('-') {
        Some(rest) => (rest, true),
        None => (rest, false),
    };
    let rest = rest.trim_start_matches([' ', '\t', '\r', '\n', '\x0c']);
    if rest.contains('<') {
        return None;
    }
    let name = unquote(rest);
    (!name.is_empty()).then_some(Heredoc {
        name,
        strips_tabs,
        start,
        end,
    })
}

/// A word without quotes and escapes. Variables stay as they are written.
fn unquote(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    let mut chars = word.chars().peekable();
    let mut quote = None;
    while let Some(c) = chars.next() {
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            (None, '\\') => out.extend(chars.next()),
            (Some('"'), '\\') => {
                let escaped = chars.next_if(|next| matches!(next, '"' | '$' | '\\'));
                out.push(escaped.unwrap_or('\\'));
            }
            (_, c) => out.push(c),
        }
    }
    out
}

struct Words<'l> {
    line: &'l str,
    at: usize,
    found: Vec<(usize, usize)>,
    /// Where the word at hand starts.
    word: Option<usize>,
}

impl Words<'_> {
    fn peek(&self) -> Option<char> {
        self.line[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn end_word(&mut self) {
        if let Some(start) = self.word.take() {
            self.found.push((start, self.at));
        }
    }

    /// Reads up to `stop`, or to the end. None: no shell takes this.
    fn read(&mut self, stop: Option<char>, depth: usize) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        while let Some(c) = self.peek() {
            // What stands inside braces belongs to the word around them.
            if depth == 0 {
                if c.is_whitespace() {
                    self.end_word();
                } else {
                    self.word.get_or_insert(self.at);
                }
            }
            self.next();
            match c {
                c if Some(c) == stop => return Some(()),
                '\'' => while self.next()? != '\'' {},
                '"' => self.double_quoted(depth)?,
                '$' => self.dollar(depth)?,
                '\\' => {
                    self.next();
                }
                '<' if self.peek() == Some('<') => {
                    self.next();
                    while self
                        .peek()
                        .is_some_and(|c| matches!(c, ' ' | '\t' | '\r' | '\n'))
                    {
                        self.next();
                    }
                }
                _ => {}
            }
        }
        stop.is_none().then_some(())
    }

    fn double_quoted(&mut self, depth: usize) -> Option<()> {
        loop {
            match self.next()? {
                '"' => return Some(()),
                '$' => self.dollar(depth)?,
                '\\' if self.peek().is_some_and(|c| matches!(c, '"' | '$' | '\\')) => {
                    self.next();
                }
                _ => {}
            }
        }
    }

    /// Reads what follows a dollar sign.
    fn dollar(&mut self, depth: usize) -> Option<()> {
        if self.peek() != Some('{') {
            return Some(());
        }
        self.next();
        if matches!(self.peek()?, '{' | '}' | ':') {
            return None;
        }
        while self.peek().is_some_and(|c| c.is_alphanumeric() || c == '_') {
            self.next();
        }
        match self.next()? {
            '}' => Some(()),
            ':' => {
                self.next()?;
                self.read(Some('}'), depth + 1)
            }
            '+' | '-' | '?' | '#' | '%' => self.read(Some('}'), depth + 1),
            '/' => {
                if self.peek() == Some('/') {
                    self.next();
                }
                self.read(Some('/'), depth + 1)?;
                self.read(Some('}'), depth + 1)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heredocs_are_seen_where_builders_see_them() {
        let none: &[&str] = &[];
        for (line, names) in [
            ("RUN <<EOF", ["EOF"].as_slice()),
            ("RUN <<-EOF", &["EOF"]),
            ("RUN <<\"EOF\"", &["EOF"]),
            ("RUN <<'EOF'", &["EOF"]),
            ("RUN <<'one two'", &["one two"]),
            ("RUN <<E\"O\"F", &["EOF"]),
            ("RUN <<\\EOF", &["EOF"]),
            ("RUN << EOF", &["EOF"]),
            ("RUN <<$EOF", &["$EOF"]),
            ("RUN 3<<EOF", &["EOF"]),
            ("RUN cat <<EOF > f", &["EOF"]),
            ("COPY <<a <<b /dest/", &["a", "b"]),
            ("RUN --mount=type=cache,target=/x <<EOF", &["EOF"]),
            ("RUN cat<<EOF", none),
            ("RUN <<<EOF", none),
            ("RUN \"<<EOF\"", none),
            ("RUN '<<EOF'", none),
            ("RUN echo \"it's\" <<EOF", &["EOF"]),
            ("RUN echo it's <<EOF", none),
            ("RUN <<''", none),
            ("RUN <<", none),
            ("RUN <<- EOF", none),
            ("RUN 1 << 2", &["2"]),
            ("RUN ${env:ProgramFiles} <<EOF", &["EOF"]),
            ("RUN ${{x}} <<EOF", none),
            ("RUN ${x:-<<EOF}", none),
            ("RUN powershell $x = @\"", none),
        ] {
            let found = heredocs(line);
            let found: Vec<&str> = found.iter().map(|heredoc| heredoc.name.as_str()).collect();
            assert_eq!(found, names, "{line}");
        }
    }
}
