//! An instruction's name, its flags and its words.

/// What separates words: the set of BuildKit's parser, which knows no other spaces.
pub(super) fn is_blank(c: char) -> bool {
    matches!(c, '\t' | '\x0b' | '\x0c' | '\r' | ' ')
}

/// A piece of an instruction's joined text.
pub(super) type Piece = (usize, usize);

/// A flag (`--from=build`), without quotes and escapes.
#[derive(Debug)]
pub(super) struct Flag {
    /// Its text.
    text: String,
    /// For each byte of the text, where it stands in the instruction; one more for its end.
    places: Vec<usize>,
}

impl Flag {
    /// Where the flag stands.
    pub(super) fn piece(&self) -> Piece {
        self.part(0, self.text.len())
    }

    fn part(&self, start: usize, end: usize) -> Piece {
        let from = self.places[start];
        (
            from,
            if start == end {
                from
            } else {
                self.places[end - 1] + 1
            },
        )
    }

    /// Its name without the dashes.
    pub(super) fn name(&self) -> &str {
        let name = self.text.trim_start_matches("--");
        name.split_once('=').map_or(name, |(name, _)| name)
    }

    /// What stands behind its first `=`.
    pub(super) fn value(&self) -> Option<(&str, Piece)> {
        let at = self.text.find('=')? + 1;
        Some((&self.text[at..], self.part(at, self.text.len())))
    }

    /// The value of `key=…` in a flag whose value is a list, as that of `--mount`.
    pub(super) fn value_of(&self, key: &str) -> Option<(&str, Piece)> {
        let (list, _) = self.value()?;
        let mut at = self.text.len() - list.len();
        for field in list.split(',') {
            if let Some((name, value)) = field.split_once('=')
                && name.eq_ignore_ascii_case(key)
            {
                let start = at + name.len() + 1;
                return Some((value, self.part(start, start + value.len())));
            }
            at += field.len() + 1;
        }
        None
    }
}

/// An instruction, cut up.
#[derive(Debug)]
pub(super) struct Instruction {
    /// Its name, as written.
    pub(super) name: Piece,
    /// Its flags.
    pub(super) flags: Vec<Flag>,
    /// What follows, without blanks around it.
    pub(super) rest: Piece,
}

/// Cuts an instruction into its name, its flags and the rest. `from` is where it starts: behind
/// `ONBUILD`, in triggers.
pub(super) fn cut(text: &str, from: usize) -> Instruction {
    let end = text.trim_end().len();
    let start = (end - text[from.min(end)..end].trim_start().len()).min(end);
    let name_end = text[start..end].find(is_blank).map_or(end, |at| start + at);
    let (flags, at) = flags(&text[..end], name_end);
    let rest = end - text[at..end].trim_start().len();
    Instruction {
        name: (start, name_end),
        flags,
        rest: (rest, end),
    }
}

/// The flags from `at` on, and where they end.
fn flags(text: &str, mut at: usize) -> (Vec<Flag>, usize) {
    let mut flags = Vec::new();
    loop {
        let rest = text[at..].trim_start();
        let start = text.len() - rest.len();
        if !rest.starts_with("--") {
            return (flags, start);
        }
        let mut flag = Flag {
            text: String::new(),
            places: Vec::new(),
        };
        let mut quote = None;
        let mut end = text.len();
        let mut chars = rest.char_indices();
        while let Some((offset, c)) = chars.next() {
            let mut taken = (offset, c);
            match (quote, c) {
                (None, c) if c.is_whitespace() => {
                    end = start + offset;
                    break;
                }
                (None, '\'' | '"') => {
                    quote = Some(c);
                    continue;
                }
                (Some(open), c) if c == open => {
                    quote = None;
                    continue;
                }
                (_, '\\') => match chars.next() {
                    Some(next) => taken = next,
                    None => continue,
                },
                _ => {}
            }
            flag.text.push(taken.1);
            for byte in 0..taken.1.len_utf8() {
                flag.places.push(start + taken.0 + byte);
            }
        }
        flag.places.push(end);
        at = end;
        // Two dashes alone end the flags.
        if flag.text == "--" {
            return (flags, at);
        }
        flags.push(flag);
    }
}

/// The words of a piece, cut at blanks alone: quotes mean nothing here, as in `FROM` and `COPY`.
pub(super) fn plain_words(text: &str, (start, end): Piece) -> impl Iterator<Item = Piece> {
    let mut at = start;
    std::iter::from_fn(move || {
        let rest = text[at..end].trim_start_matches(is_blank);
        if rest.is_empty() {
            return None;
        }
        let from = end - rest.len();
        at = rest.find(is_blank).map_or(end, |blank| from + blank);
        Some((from, at))
    })
}

/// The words of a piece with quotes minded, which stay in them, as in `ARG`.
pub(super) fn quoted_words(text: &str, (start, end): Piece, escape: char) -> Vec<Piece> {
    let mut words = Vec::new();
    let mut word = None;
    let mut quote = None;
    let mut chars = text[start..end].char_indices();
    while let Some((offset, c)) = chars.next() {
        if quote.is_none() && c.is_whitespace() {
            if let Some(from) = word.take() {
                words.push((from, start + offset));
            }
            continue;
        }
        word.get_or_insert(start + offset);
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            (Some('\''), _) => {}
            (_, c) if c == escape => {
                chars.next();
            }
            _ => {}
        }
    }
    if let Some(from) = word {
        words.push((from, end));
    }
    words
}

/// The same piece without the quotes around it, where one pair holds all of it.
pub(super) fn without_quotes(text: &str, (start, end): Piece) -> Piece {
    for quote in ['"', '\''] {
        let inner = text[start..end]
            .strip_prefix(quote)
            .and_then(|rest| rest.strip_suffix(quote));
        if inner.is_some_and(|inner| !inner.contains(quote)) {
            return (start + 1, end - 1);
        }
    }
    (start, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_are_cut_into_name_flags_and_rest() {
        let text = "COPY --from=\"build\"\t--chown=a\\ b  x y ";
        let found = cut(text, 0);
        assert_eq!(&text[found.name.0..found.name.1], "COPY");
        assert_eq!(&text[found.rest.0..found.rest.1], "x y");
        let names: Vec<&str> = found.flags.iter().map(Flag::name).collect();
        assert_eq!(names, ["from", "chown"]);
        let (value, (start, end)) = found.flags[0].value().unwrap();
        assert_eq!((value, &text[start..end]), ("build", "build"));
        assert_eq!(found.flags[1].value().unwrap().0, "a b");
    }

    #[test]
    fn a_mount_names_where_it_comes_from() {
        let text = "RUN --mount=type=bind,from=build,target=C:\\\\x go";
        let found = cut(text, 0);
        let (value, (start, end)) = found.flags[0].value_of("from").unwrap();
        assert_eq!((value, &text[start..end]), ("build", "build"));
        assert_eq!(&text[found.rest.0..found.rest.1], "go");
    }

    #[test]
    fn words_of_arg_keep_their_quotes() {
        let text = "A=1 B=\"x y\" C='p`' D=a` b E=";
        let words: Vec<&str> = quoted_words(text, (0, text.len()), '`')
            .into_iter()
            .map(|(start, end)| &text[start..end])
            .collect();
        assert_eq!(words, ["A=1", "B=\"x y\"", "C='p`'", "D=a` b", "E="]);
    }
}
