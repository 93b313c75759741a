//! A pasted text in its parts: JSON, YAML, descriptions, and what is none of them.

/// How a part is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `-o json`. Where it ends its reader knows.
    Json,
    /// `-o yaml`, one document.
    Yaml,
    /// `kubectl describe`, one object or several.
    Describe,
}

/// A part; as [`Default`] the begin of the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'t> {
    /// How it is written.
    pub(super) form: Form,
    /// Its text; of JSON all that follows.
    pub(super) text: &'t str,
    /// Its first line, from 1.
    pub(super) line: usize,
    /// Where it starts.
    start: usize,
}

impl Default for Part<'_> {
    fn default() -> Self {
        Self {
            form: Form::Describe,
            text: "",
            line: 1,
            start: 0,
        }
    }
}

impl Part<'_> {
    /// The place behind so many of its bytes.
    pub(super) fn behind(&self, length: usize) -> Self {
        let read = self.text.get(..length).unwrap_or(self.text);
        Self {
            form: self.form,
            text: "",
            line: self.line + count_lines(read),
            start: self.start + read.len(),
        }
    }
}

/// How many lines end in a text.
pub(super) fn count_lines(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

/// The next part from a place on.
pub(super) fn next<'t>(text: &'t str, from: Part<'_>) -> Option<Part<'t>> {
    let mut start = from.start;
    let mut line = from.line;
    loop {
        let rest = text.get(start..).filter(|rest| !rest.is_empty())?;
        if let Some(form) = form(rest) {
            let text = match form {
                Form::Json => rest,
                Form::Yaml | Form::Describe => &rest[..end(rest, form)],
            };
            return Some(Part {
                form,
                text,
                line,
                start,
            });
        }
        start += line_of(rest).len();
        line += 1;
    }
}

/// The first line, with its end.
fn line_of(text: &str) -> &str {
    text.split_inclusive('\n').next().unwrap_or_default()
}

/// Where a part ends that begins the text: at the line where another begins, or a prompt stands.
fn end(text: &str, form: Form) -> usize {
    let mut at = line_of(text).len();
    let mut is_named = names_api(line_of(text));
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let line = line_of(rest);
        let ends = match form {
            Form::Yaml => {
                let again = is_named && names_api(line);
                is_named |= names_api(line);
                again || is_document(line) || is_prompt(line) || is_described(rest)
            }
            // In a description may stand nearly everything: in messages, in arguments.
            _ => {
                is_prompt(line)
                    || names_api(line)
                    || is_document(line)
                    || matches!(line.trim_end(), "{" | "[")
                    || line.starts_with("{\"apiVersion\"")
                    || line.starts_with("{\"kind\"")
            }
        };
        if ends {
            return at;
        }
        at += line.len();
    }
    text.len()
}

/// How the part is written that begins the text.
fn form(text: &str) -> Option<Form> {
    let line = line_of(text);
    let line = line.trim_end();
    if is_json(text) {
        return Some(Form::Json);
    }
    if is_described(text) {
        return Some(Form::Describe);
    }
    let is_yaml = is_document(line)
        || names_api(line)
        || [
            "kind:",
            "items:",
            "- apiVersion:",
            "- kind:",
            "metadata:",
            "%YAML",
        ]
        .iter()
        .any(|start| line.starts_with(start) && line.split_whitespace().count() <= 3);
    is_yaml.then_some(Form::Yaml)
}

/// Whether JSON of objects begins the text; a word in brackets does not.
fn is_json(text: &str) -> bool {
    let text = text.trim_start_matches([' ', '\t']);
    let within = match text.as_bytes().first() {
        Some(b'{') => ['"', '}'],
        Some(b'[') => ['{', ']'],
        _ => return false,
    };
    let next = text[1..].trim_start().chars().next();
    next.is_none_or(|next| within.contains(&next) || (next == '[' && text.starts_with('[')))
}

/// `apiVersion: v1` and nothing else, at the start of a line.
fn names_api(line: &str) -> bool {
    line.strip_prefix("apiVersion:")
        .is_some_and(|version| version.split_whitespace().count() == 1)
}

/// The mark between YAML documents.
fn is_document(line: &str) -> bool {
    line.trim_end() == "---" || line.starts_with("--- ")
}

/// The prompt of a shell.
fn is_prompt(line: &str) -> bool {
    let line = line.trim_start();
    let drive = line.strip_prefix("PS ").unwrap_or(line);
    line.starts_with("$ ")
        || (drive.as_bytes().get(1..3) == Some(br":\") && drive.contains('>'))
        || line.starts_with("kubectl ")
        || ["$ kubectl ", "# kubectl ", "> kubectl "]
            .iter()
            .any(|prompt| line.contains(prompt))
}

/// Whether a description begins the text: an object's name, and behind it what stands there.
pub(super) fn is_described(text: &str) -> bool {
    let mut lines = text.lines();
    let Some(name) = lines.next().and_then(|line| line.strip_prefix("Name:")) else {
        return false;
    };
    let follows = ["Namespace:", "Role:", "Roles:", "Selector:", "Labels:"];
    name.split_whitespace().count() == 1
        && lines
            .next()
            .is_some_and(|line| follows.iter().any(|key| line.starts_with(key)))
}
