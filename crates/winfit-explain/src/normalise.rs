//! Text as its author meant it, with the way back to the bytes as they came.
//!
//! An error text passes through JSON encoders, terminals, log collectors and mail before it is
//! pasted. A [`View`] undoes that: ANSI escapes go, JSON escapes of any depth are undone, runs of
//! white space become one, curly quotes become straight. Its *squeezed* form drops white space and
//! the quoting at line starts as well, so that a line break at any column hides nothing.

use memchr::memchr;

/// Normalised and squeezed text, each byte with the offset it came from.
#[derive(Debug, Default)]
pub(crate) struct View {
    /// White space collapsed: one space, or one `\n` where the run held a line break.
    pub(crate) text: Vec<u8>,
    /// Where each byte of `text` came from.
    from: Vec<u32>,
    /// `text` without white space and line quoting.
    pub(crate) squeezed: Vec<u8>,
    /// Where in `text` each byte of `squeezed` came from.
    squeezed_from: Vec<u32>,
    /// How many bytes were given.
    given: usize,
}

impl View {
    /// Normalises and squeezes.
    pub(crate) fn new(raw: &[u8]) -> Self {
        let mut view = Self::plain(raw);
        view.squeeze();
        view
    }

    /// Only normalises, for callers that match no prose.
    pub(crate) fn plain(raw: &[u8]) -> Self {
        let mut writer = Writer {
            text: Vec::with_capacity(raw.len()),
            from: Vec::with_capacity(raw.len()),
        };
        let mut at = 0;
        while at < raw.len() {
            // Most of any text needs nothing undone.
            let rest = &raw[at..];
            let run = rest.iter().position(|byte| !PLAIN[*byte as usize]);
            let run = run.unwrap_or(rest.len());
            writer.text.extend_from_slice(&rest[..run]);
            writer.from.extend(at as u32..(at + run) as u32);
            at += run;
            if at < raw.len() {
                at = writer.step(raw, at);
            }
        }
        Self {
            text: writer.text,
            from: writer.from,
            given: raw.len(),
            ..Self::default()
        }
    }

    fn squeeze(&mut self) {
        self.squeezed.reserve(self.text.len());
        self.squeezed_from.reserve(self.text.len());
        let mut line_start = true;
        let mut at = 0;
        while at < self.text.len() {
            let byte = self.text[at];
            // `> ` of mail, `| ` and `│ ` of boxed output; the box also closes each line.
            let bar = self.text[at..].starts_with("│".as_bytes());
            if bar && (line_start || self.line_ends_at(at + "│".len())) {
                at += "│".len();
                continue;
            }
            match byte {
                b'\n' => line_start = true,
                b' ' => {}
                b'>' | b'|' if line_start => {}
                b'|' if self.line_ends_at(at + 1) => {}
                _ => {
                    line_start = false;
                    self.squeezed.push(byte);
                    self.squeezed_from.push(at as u32);
                }
            }
            at += 1;
        }
    }

    /// Whether nothing but white space is left of the line.
    fn line_ends_at(&self, at: usize) -> bool {
        let rest = &self.text[at.min(self.text.len())..];
        rest.iter()
            .find(|byte| **byte != b' ')
            .is_none_or(|byte| *byte == b'\n')
    }

    /// The squeezed position of a raw offset, or of what follows it.
    pub(crate) fn squeezed_at(&self, raw: usize) -> usize {
        let text = self.text_at(raw);
        self.squeezed_from
            .partition_point(|from| (*from as usize) < text)
    }

    /// The position in `text` of a raw offset, or of what follows it.
    pub(crate) fn text_at(&self, raw: usize) -> usize {
        self.from.partition_point(|from| (*from as usize) < raw)
    }

    /// The position in `text` of a squeezed position.
    pub(crate) fn squeezed_to_text(&self, squeezed: usize) -> usize {
        match self.squeezed_from.get(squeezed) {
            Some(at) => *at as usize,
            None => self.text.len(),
        }
    }

    /// The position in `text` just after the squeezed byte before `squeezed`.
    pub(crate) fn squeezed_end_to_text(&self, squeezed: usize) -> usize {
        match squeezed
            .checked_sub(1)
            .and_then(|last| self.squeezed_from.get(last))
        {
            Some(at) => *at as usize + 1,
            None => 0,
        }
    }

    /// The raw offset of a position in `text`.
    pub(crate) fn raw_at(&self, text: usize) -> usize {
        match self.from.get(text) {
            Some(at) => *at as usize,
            None => self.given,
        }
    }

    /// The raw offset just after the byte of `text` before `text`.
    pub(crate) fn raw_end(&self, text: usize) -> usize {
        match text.checked_sub(1).and_then(|last| self.from.get(last)) {
            Some(at) => *at as usize + 1,
            None => 0,
        }
    }

    /// The squeezed position of a position in `text`.
    pub(crate) fn text_to_squeezed(&self, text: usize) -> usize {
        self.squeezed_from
            .partition_point(|from| (*from as usize) < text)
    }

    /// The whole normalised text.
    pub(crate) fn into_string(self) -> String {
        String::from_utf8(self.text)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }
}

/// The bytes that stand for themselves: visible ASCII but the backslash.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0x21;
    while byte < 0x7f {
        plain[byte] = byte != b'\\' as usize;
        byte += 1;
    }
    plain
};

struct Writer {
    text: Vec<u8>,
    from: Vec<u32>,
}

impl Writer {
    fn push(&mut self, byte: u8, from: usize) {
        self.text.push(byte);
        self.from.push(from as u32);
    }

    fn push_char(&mut self, value: char, from: usize) {
        let mut bytes = [0; 4];
        for byte in value.encode_utf8(&mut bytes).bytes() {
            self.push(byte, from);
        }
    }

    fn push_space(&mut self, breaks: bool, from: usize) {
        match self.text.last_mut() {
            Some(last @ b' ') => {
                if breaks {
                    *last = b'\n';
                }
            }
            Some(b'\n') => {}
            _ => self.push(if breaks { b'\n' } else { b' ' }, from),
        }
    }

    /// Takes what stands at `at`; gives where the next begins.
    fn step(&mut self, raw: &[u8], at: usize) -> usize {
        match raw[at] {
            b'\n' => {
                self.push_space(true, at);
                at + 1
            }
            b' ' | b'\t' | b'\r' | 0x0b | 0x0c => {
                self.push_space(false, at);
                at + 1
            }
            0x1b => skip_ansi(raw, at),
            b'\\' => self.escape(raw, at),
            0x00..=0x1f | 0x7f => at + 1,
            0xc2 if raw.get(at + 1) == Some(&0xa0) => {
                self.push_space(false, at);
                at + 2
            }
            // A soft hyphen, a zero-width space, a byte order mark: invisible on the page.
            0xc2 if raw.get(at + 1) == Some(&0xad) => at + 2,
            0xe2 if raw[at..].starts_with("\u{200b}".as_bytes()) => at + 3,
            0xef if raw[at..].starts_with("\u{feff}".as_bytes()) => at + 3,
            0xe2 if raw.get(at + 1) == Some(&0x80) => {
                match raw.get(at + 2) {
                    Some(0x9c..=0x9e) => self.push(b'"', at),
                    Some(0x98 | 0x99) => self.push(b'\'', at),
                    _ => {
                        self.push(raw[at], at);
                        return at + 1;
                    }
                }
                at + 3
            }
            byte => {
                self.push(byte, at);
                at + 1
            }
        }
    }

    /// A run of backslashes and what it escapes, whatever the depth.
    fn escape(&mut self, raw: &[u8], at: usize) -> usize {
        let mut next = at;
        while raw.get(next) == Some(&b'\\') {
            next += 1;
        }
        match raw.get(next) {
            Some(&quote @ (b'"' | b'/')) => {
                self.push(quote, at);
                next + 1
            }
            // `C:\new` is a path; elsewhere `\n` is a line break of the message itself.
            Some(b'n' | b'r' | b't') if self.text.last() != Some(&b':') => {
                self.push_space(false, at);
                next + 1
            }
            Some(b'u') => {
                let digits = raw.get(next + 1..next + 5);
                let value = digits.and_then(|digits| {
                    let digits = std::str::from_utf8(digits).ok()?;
                    u32::from_str_radix(digits, 16).ok()
                });
                match value {
                    Some(0x1b) => skip_ansi(raw, next + 4),
                    Some(value) if value <= 0x20 || value == 0xa0 => {
                        self.push_space(false, at);
                        next + 5
                    }
                    Some(0x201c..=0x201e) => {
                        self.push(b'"', at);
                        next + 5
                    }
                    // Halves of a pair are not letters of any error text.
                    Some(value) => {
                        self.push_char(char::from_u32(value).unwrap_or('\u{fffd}'), at);
                        next + 5
                    }
                    None => {
                        self.push(b'\\', at);
                        next
                    }
                }
            }
            _ => {
                self.push(b'\\', at);
                next
            }
        }
    }
}

/// The end of the ANSI escape whose `ESC` (or the last character standing for it) is at `at`.
fn skip_ansi(raw: &[u8], at: usize) -> usize {
    match raw.get(at + 1) {
        Some(b'[') => {
            let mut end = at + 2;
            // Parameters are few; a stray `ESC [` must not eat the text.
            while end < raw.len() && end < at + 32 && matches!(raw[end], 0x20..=0x3f) {
                end += 1;
            }
            (end + 1).min(raw.len())
        }
        Some(b']') => {
            let rest = &raw[at..raw.len().min(at + 512)];
            match memchr(0x07, rest).or_else(|| memchr::memmem::find(rest, b"\x1b\\")) {
                Some(end) => at + end + if rest[end] == 0x07 { 1 } else { 2 },
                None => at + 2,
            }
        }
        _ => at + 1,
    }
}

/// Undoes a hard wrap: a line of exactly `width` bytes goes on in the next one.
pub(crate) fn unwrap_lines(raw: &[u8], width: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut lines = raw.split(|byte| *byte == b'\n').peekable();
    while let Some(line) = lines.next() {
        let bare = line.strip_suffix(b"\r").unwrap_or(line);
        if bare.len() == width && lines.peek().is_some() {
            out.extend_from_slice(bare);
        } else {
            out.extend_from_slice(line);
            if lines.peek().is_some() {
                out.push(b'\n');
            }
        }
    }
    out
}

/// A text without its white space, as prose is compared.
pub(crate) fn squeeze(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(raw: &str) -> String {
        View::new(raw.as_bytes()).into_string()
    }

    fn squeezed(raw: &str) -> String {
        String::from_utf8(View::new(raw.as_bytes()).squeezed).unwrap()
    }

    #[test]
    fn escapes_of_any_depth_are_undone() {
        assert_eq!(normal(r#"{"a":"b"}"#), r#"{"a":"b"}"#);
        assert_eq!(normal(r#"{\"a\":\"b\"}"#), r#"{"a":"b"}"#);
        assert_eq!(normal(r#"{\\\"a\\\":\\\"b\\\"}"#), r#"{"a":"b"}"#);
        assert_eq!(normal(r"one\ntwo\\n three"), "one two three");
        assert_eq!(normal(r"a \u003cid\u003e b"), "a <id> b");
        assert_eq!(normal(r"C:\\ProgramData\\docker"), r"C:\ProgramData\docker");
        assert_eq!(normal(r"C:\\new"), r"C:\new");
    }

    #[test]
    fn colours_and_curly_quotes_go() {
        assert_eq!(normal("\u{1b}[31;1mred\u{1b}[0m text"), "red text");
        assert_eq!(normal(r"\u001b[31mred"), "red");
        assert_eq!(normal("\u{1b}]0;title\u{7}text"), "text");
        assert_eq!(normal("“a” ‘b’"), "\"a\" 'b'");
        assert_eq!(normal("a\u{a0}\t b"), "a b");
    }

    #[test]
    fn a_wrap_leaves_no_trace_in_the_squeezed_form() {
        assert_eq!(squeezed("> does n\n> ot mat\r\n| ch"), "doesnotmatch");
        assert_eq!(squeezed("a │ b\n│ c"), "a│bc");
    }

    #[test]
    fn positions_lead_back_to_the_bytes() {
        let raw = br#"ab \"cd\" e"#;
        let view = View::new(raw);
        let at = view.squeezed.iter().position(|b| *b == b'c').unwrap();
        let text = view.squeezed_to_text(at);
        assert_eq!(raw[view.raw_at(text)], b'c');
        assert_eq!(view.squeezed_at(view.raw_at(text)), at);
    }

    #[test]
    fn a_wrapped_line_is_joined_and_others_are_left() {
        assert_eq!(unwrap_lines(b"abcd\nefgh\nij\nk", 4), b"abcdefghij\nk");
    }
}
