//! Variables: what `$NAME` and `${NAME…}` stand for, as BuildKit's `frontend/dockerfile/shell` has it.

use std::cell::Cell;
use std::collections::HashMap;

use winfit_core::version::quote_for_error;

use super::pattern::Pattern;
use super::words::Piece;

/// The longest value that is followed. A chain of arguments that each double the one before would
/// fill the memory otherwise.
const LONGEST_VALUE: usize = 4096;

/// Braces within braces that are followed.
const DEEPEST: usize = 32;

/// The most names of variables without a value that one word tells.
const MOST_NAMES: usize = 16;

/// What all substitutions of a file may cost together, in bytes written and compared.
const FUEL: usize = 16 << 20;

/// Arguments that builders set themselves: they always have a value, which no file tells.
const PREDEFINED: [&str; 11] = [
    "BUILDPLATFORM",
    "BUILDOS",
    "BUILDOSVERSION",
    "BUILDARCH",
    "BUILDVARIANT",
    "TARGETPLATFORM",
    "TARGETOS",
    "TARGETOSVERSION",
    "TARGETARCH",
    "TARGETVARIANT",
    "TARGETSTAGE",
];

/// Whether builders set this argument themselves (`TARGETARCH`).
pub fn is_predefined(name: &str) -> bool {
    PREDEFINED.contains(&name)
}

/// An argument that has a value.
#[derive(Debug)]
pub(super) struct Arg {
    /// The value; else the variables that it is made of and that have none.
    pub(super) value: Result<String, Vec<String>>,
    /// Where the text stands that an edit of the value would change; none where it was given from
    /// outside.
    pub(super) stated_at: Option<Piece>,
}

/// The arguments that `FROM` sees.
#[derive(Debug)]
pub(super) struct Scope {
    /// The arguments so far.
    pub(super) args: HashMap<String, Arg>,
    /// The file's escape character.
    pub(super) escape: char,
    fuel: Cell<usize>,
}

/// What a word stands for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Expansion {
    /// This text.
    Text(String),
    /// Nobody can tell: these variables have no value.
    Unknown(Vec<String>),
    /// Builders refuse it, for this reason.
    Refused(String),
}

enum Lookup<'s> {
    Set(&'s str),
    /// It has a value that is made of these.
    Hidden(Vec<String>),
    Unset,
}

impl Scope {
    pub(super) fn new(escape: char) -> Self {
        Self {
            args: HashMap::new(),
            escape,
            fuel: Cell::new(FUEL),
        }
    }

    fn get(&self, name: &str) -> Lookup<'_> {
        match self.args.get(name) {
            Some(arg) => match &arg.value {
                Ok(value) => Lookup::Set(value),
                Err(names) => Lookup::Hidden(names.clone()),
            },
            None if is_predefined(name) => Lookup::Hidden(vec![name.to_owned()]),
            None => Lookup::Unset,
        }
    }

    fn spend(&self, cost: usize) -> bool {
        match self.fuel.get().checked_sub(cost) {
            Some(rest) => {
                self.fuel.set(rest);
                true
            }
            None => false,
        }
    }

    /// What a word stands for, with its variables put in and its quotes and escapes taken off.
    pub(super) fn expand(&self, word: &str) -> Expansion {
        let mut expander = Expander {
            scope: self,
            word,
            at: 0,
            unknown: false,
            names: Vec::new(),
        };
        match expander.read(None, false, 0) {
            Ok(text) if !expander.unknown => Expansion::Text(text),
            Ok(_) => Expansion::Unknown(expander.names),
            Err(Stop::TooDeep) => Expansion::Unknown(expander.names),
            Err(Stop::Refused(reason)) => Expansion::Refused(reason),
        }
    }

    /// Where the text stands that an edit of `word` would change: the default of the argument that
    /// holds all of it, or its tag; else `word` itself, which starts at `start` of its text.
    pub(super) fn stated_at(
        &self,
        word: &str,
        start: usize,
        place: &dyn Fn(Piece) -> Piece,
    ) -> Piece {
        let own = place((start, start + word.len()));
        if word.contains(self.escape) {
            return own;
        }
        let Some(last) = last_variable(word) else {
            return own;
        };
        let whole = last.start == 0;
        let tag = word[..last.start].ends_with(':');
        if !whole && !tag {
            return own;
        }
        match (self.args.get(last.name), last.default) {
            (Some(arg), _) => arg.stated_at.unwrap_or(own),
            (None, Some((from, to))) if !is_predefined(last.name) => {
                if word[from..to].contains(['$', '"', '\'']) {
                    own
                } else {
                    place((start + from, start + to))
                }
            }
            _ => own,
        }
    }
}

struct LastVariable<'w> {
    name: &'w str,
    start: usize,
    /// What `:-` gives where it has no value.
    default: Option<Piece>,
}

/// The variable that ends a word, where one does.
fn last_variable(word: &str) -> Option<LastVariable<'_>> {
    let mut last = None;
    let mut at = 0;
    while let Some(offset) = word[at..].find('$') {
        let start = at + offset;
        let braced = word[start + 1..].starts_with('{');
        let name_start = start + 1 + usize::from(braced);
        let name_end = word[name_start..]
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .map_or(word.len(), |length| name_start + length);
        let mut default = None;
        let mut end = name_end;
        if braced {
            let mut depth = 1_usize;
            let closing = word[name_end..].char_indices().find(|(_, c)| {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    _ => {}
                }
                depth == 0
            });
            let inner_end = name_end + closing?.0;
            let inner = &word[name_end..inner_end];
            let skipped = inner.strip_prefix(":-").or_else(|| inner.strip_prefix('-'));
            default = skipped.map(|text| (inner_end - text.len(), inner_end));
            end = inner_end + 1;
        }
        last = (end == word.len()).then_some(LastVariable {
            name: &word[name_start..name_end],
            start,
            default,
        });
        at = end.max(start + 1);
    }
    last
}

enum Stop {
    /// Builders refuse it.
    Refused(String),
    /// It is nested deeper than is followed.
    TooDeep,
}

fn refused<T>(reason: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Refused(reason.into()))
}

struct Expander<'s> {
    scope: &'s Scope,
    word: &'s str,
    at: usize,
    /// A variable had no value, or the text became too long.
    unknown: bool,
    names: Vec<String>,
}

impl Expander<'_> {
    fn peek(&self) -> Option<char> {
        self.word[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn without_value(&mut self, name: &str) {
        self.unknown = true;
        let name = quote_for_error(name);
        if self.names.len() < MOST_NAMES && !self.names.contains(&name) {
            self.names.push(name);
        }
    }

    /// Adds to a text, unless it becomes too long.
    fn add(&mut self, text: &mut String, more: &str) {
        if self.unknown {
            return;
        }
        if text.len() + more.len() > LONGEST_VALUE || !self.scope.spend(more.len()) {
            self.unknown = true;
            text.clear();
        } else {
            text.push_str(more);
        }
    }

    fn add_char(&mut self, text: &mut String, c: char) {
        self.add(text, c.encode_utf8(&mut [0; 4]));
    }

    /// Reads up to `stop`, or to the end.
    fn read(
        &mut self,
        stop: Option<char>,
        raw_escapes: bool,
        depth: usize,
    ) -> Result<String, Stop> {
        if depth > DEEPEST {
            return Err(Stop::TooDeep);
        }
        let mut text = String::new();
        while let Some(c) = self.next() {
            match c {
                c if Some(c) == stop => return Ok(text),
                '\'' => loop {
                    match self.next() {
                        None => return refused("a ' is opened and never closed"),
                        Some('\'') => break,
                        Some(c) => self.add_char(&mut text, c),
                    }
                },
                '"' => self.double_quoted(&mut text, raw_escapes, depth)?,
                '$' => {
                    let value = self.dollar(depth)?;
                    self.add(&mut text, &value);
                }
                c if c == self.scope.escape => {
                    if raw_escapes {
                        self.add_char(&mut text, c);
                    }
                    if let Some(c) = self.next() {
                        self.add_char(&mut text, c);
                    }
                }
                c => self.add_char(&mut text, c),
            }
        }
        match stop {
            None => Ok(text),
            Some(stop) => refused(format!("a ${{ is opened and its {stop} never comes")),
        }
    }

    fn double_quoted(
        &mut self,
        text: &mut String,
        raw_escapes: bool,
        depth: usize,
    ) -> Result<(), Stop> {
        let escape = self.scope.escape;
        loop {
            match self.next() {
                None => return refused("a \" is opened and never closed"),
                Some('"') => return Ok(()),
                Some('$') => {
                    let value = self.dollar(depth)?;
                    self.add(text, &value);
                }
                Some(c) if c == escape => {
                    if raw_escapes {
                        self.add_char(text, c);
                    }
                    match self.peek() {
                        None => {}
                        Some(next) if next == '"' || next == '$' || next == escape => {
                            self.next();
                            self.add_char(text, next);
                        }
                        Some(_) => self.add_char(text, c),
                    }
                }
                Some(c) => self.add_char(text, c),
            }
        }
    }

    fn name(&mut self) -> String {
        let rest = &self.word[self.at..];
        let first = rest.chars().next();
        let length = match first {
            Some(c) if c.is_numeric() => rest.find(|c: char| !c.is_numeric()),
            Some(c) if "@*#?-$!".contains(c) => Some(c.len_utf8()),
            _ => rest.find(|c: char| !c.is_alphanumeric() && c != '_'),
        };
        let name = rest[..length.unwrap_or(rest.len())].to_owned();
        self.at += name.len();
        name
    }

    /// The value of a variable with nothing done to it.
    fn plain(&mut self, name: &str) -> String {
        match self.scope.get(name) {
            Lookup::Set(value) => value.to_owned(),
            Lookup::Hidden(names) => {
                self.unknown = true;
                for name in names {
                    self.without_value(&name);
                }
                String::new()
            }
            Lookup::Unset => {
                self.without_value(name);
                String::new()
            }
        }
    }

    /// Reads what follows a dollar sign.
    fn dollar(&mut self, depth: usize) -> Result<String, Stop> {
        if self.peek() != Some('{') {
            let name = self.name();
            if name.is_empty() {
                return Ok("$".to_owned());
            }
            return Ok(self.plain(&name));
        }
        self.next();
        match self.peek() {
            None => return refused("a ${ is opened and its } never comes"),
            Some('{' | '}' | ':') => return refused("${ is followed by the name of a variable"),
            Some(_) => {}
        }
        let name = self.name();
        let (operator, empty_is_unset) = match self.next() {
            Some('}') => return Ok(self.plain(&name)),
            Some(':') => (self.next(), true),
            other => (other, false),
        };
        match operator {
            Some(operator @ ('-' | '+' | '?')) => {
                self.choice(&name, operator, empty_is_unset, depth)
            }
            Some(end @ ('#' | '%')) if !empty_is_unset => self.trim(&name, end, depth),
            Some('/') if !empty_is_unset => self.replace(&name, depth),
            None => refused("a ${ is opened and its } never comes"),
            Some(other) => {
                let other = other.escape_debug();
                refused(format!(
                    "${{{name}{other}…}} is no substitution that builders know"
                ))
            }
        }
    }

    /// `${NAME:-default}`, `${NAME:+other}`, `${NAME:?message}`.
    fn choice(
        &mut self,
        name: &str,
        operator: char,
        empty_is_unset: bool,
        depth: usize,
    ) -> Result<String, Stop> {
        let before = (self.unknown, self.names.len());
        let word = self.read(Some('}'), false, depth + 1)?;
        let set = match self.scope.get(name) {
            Lookup::Set(value) => Some(!(empty_is_unset && value.is_empty())),
            Lookup::Unset => Some(false),
            // It has a value, which may be empty.
            Lookup::Hidden(_) => (!empty_is_unset).then_some(true),
        };
        let takes_word = match operator {
            '-' => set == Some(false),
            '+' => set == Some(true),
            _ => false,
        };
        if takes_word {
            return Ok(word);
        }
        // The word is not used: what it lacks is not lacking.
        self.unknown = before.0;
        self.names.truncate(before.1);
        if operator == '+' && set == Some(false) {
            return Ok(String::new());
        }
        Ok(self.plain(name))
    }

    /// `${NAME#pattern}` and `${NAME%pattern}`, doubled for the longest match.
    fn trim(&mut self, name: &str, end: char, depth: usize) -> Result<String, Stop> {
        let word = self.read(Some('}'), true, depth + 1)?;
        let value = self.plain(name);
        let (word, longest) = match word.strip_prefix(end) {
            Some(rest) => (rest, true),
            None => (word.as_str(), false),
        };
        let pattern = Pattern::read(word).or_else(refused)?;
        if self.unknown || !self.scope.spend(pattern.cost(&value)) {
            self.unknown = true;
            return Ok(String::new());
        }
        Ok(match end {
            '#' => pattern.without_start(&value, longest),
            _ => pattern.without_end(&value, longest),
        })
    }

    /// `${NAME/pattern/other}`, with two slashes for every match.
    fn replace(&mut self, name: &str, depth: usize) -> Result<String, Stop> {
        let all = self.peek() == Some('/');
        if all {
            self.next();
        }
        let pattern = self.read(Some('/'), true, depth + 1)?;
        let other = self.read(Some('}'), true, depth + 1)?;
        let value = self.plain(name);
        let pattern = Pattern::read(&pattern).or_else(refused)?;
        let cost = pattern
            .cost(&value)
            .saturating_mul(value.len() + 1)
            .saturating_add(other.len().saturating_mul(value.len() + 1));
        if self.unknown || !self.scope.spend(cost) {
            self.unknown = true;
            return Ok(String::new());
        }
        Ok(pattern.replaced(&value, &other, all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(escape: char) -> Scope {
        let mut scope = Scope::new(escape);
        for (name, value) in [
            ("TAG", "ltsc2022"),
            ("BASE", "mcr.microsoft.com/windows/servercore"),
            ("EMPTY", ""),
            ("V", "4.8-windowsservercore-ltsc2019"),
            ("P", "a*b*c"),
        ] {
            let arg = Arg {
                value: Ok(value.to_owned()),
                stated_at: None,
            };
            scope.args.insert(name.to_owned(), arg);
        }
        scope
    }

    #[test]
    fn words_become_what_builders_make_of_them() {
        for (word, text) in [
            ("plain", "plain"),
            ("$TAG", "ltsc2022"),
            ("${TAG}", "ltsc2022"),
            (
                "${BASE}:${TAG}",
                "mcr.microsoft.com/windows/servercore:ltsc2022",
            ),
            ("\"$TAG\"", "ltsc2022"),
            ("'$TAG'", "$TAG"),
            ("\\$TAG", "$TAG"),
            ("\"\\$TAG \\x \\\\\"", "$TAG \\x \\"),
            ("a\\", "a"),
            ("$", "$"),
            ("a$/b", "a$/b"),
            ("$TAG-x", "ltsc2022-x"),
            ("$TAG.x", "ltsc2022.x"),
            ("${NONE:-1809}", "1809"),
            ("${NONE-1809}", "1809"),
            ("${EMPTY:-1809}", "1809"),
            ("${EMPTY-1809}", ""),
            ("${TAG:-$NONE}", "ltsc2022"),
            ("${NONE:-${NONE:-${TAG}}}", "ltsc2022"),
            ("${TAG:+a}", "a"),
            ("${TAG+a}", "a"),
            ("${EMPTY:+a}", ""),
            ("${EMPTY+a}", "a"),
            ("${NONE:+a}", ""),
            ("${NONE+$NONE}", ""),
            ("${TAG:?must be given}", "ltsc2022"),
            ("${V#*-}", "windowsservercore-ltsc2019"),
            ("${V##*-}", "ltsc2019"),
            ("${V%-*}", "4.8-windowsservercore"),
            ("${V%%-*}", "4.8"),
            ("${V#x}", "4.8-windowsservercore-ltsc2019"),
            ("${V#4.?}", "-windowsservercore-ltsc2019"),
            ("${V%ltsc*}", "4.8-windowsservercore-"),
            ("${P#a\\*}", "b*c"),
            ("${V/windowsservercore/nano}", "4.8-nano-ltsc2019"),
            ("${V/-/_}", "4.8_windowsservercore-ltsc2019"),
            ("${V//-/_}", "4.8_windowsservercore_ltsc2019"),
            ("${V/-*/}", "4.8"),
            ("${V//s?/}", "4.8-windowervercore-lt2019"),
        ] {
            assert_eq!(
                scope('\\').expand(word),
                Expansion::Text(text.to_owned()),
                "{word}"
            );
        }
        for (word, text) in [
            ("`$TAG", "$TAG"),
            ("\"`$TAG\"", "$TAG"),
            ("C:\\$TAG", "C:\\ltsc2022"),
        ] {
            assert_eq!(
                scope('`').expand(word),
                Expansion::Text(text.to_owned()),
                "{word}"
            );
        }
    }

    #[test]
    fn variables_without_a_value_are_named() {
        for (word, names) in [
            ("$NONE", ["NONE"].as_slice()),
            ("a:${NONE}-${OTHER}-$NONE", &["NONE", "OTHER"]),
            ("${NONE:-$OTHER}", &["OTHER"]),
            ("${TARGETARCH:-amd64}", &["TARGETARCH"]),
            ("${NONE:?give it}", &["NONE"]),
            ("${NONE#x}", &["NONE"]),
            ("${NONE/a/b}", &["NONE"]),
        ] {
            let names = names.iter().map(|&name| name.to_owned()).collect();
            assert_eq!(
                scope('\\').expand(word),
                Expansion::Unknown(names),
                "{word}"
            );
        }
        // It is set, whatever it is.
        assert_eq!(
            scope('\\').expand("${TARGETARCH+x}"),
            Expansion::Text("x".to_owned())
        );
    }

    #[test]
    fn what_builders_refuse_says_why() {
        for (word, part) in [
            ("${", "never comes"),
            ("${TAG", "never comes"),
            ("${TAG:-x", "never comes"),
            ("${TAG/x}", "its / never comes"),
            ("${}", "name of a variable"),
            ("${:x}", "name of a variable"),
            ("${{TAG}}", "name of a variable"),
            ("${TAG:x}", "no substitution"),
            ("${TAG!x}", "no substitution"),
            ("'a", "never closed"),
            ("\"a", "never closed"),
            ("${TAG#\\x}", "escapes"),
        ] {
            match scope('\\').expand(word) {
                Expansion::Refused(reason) => assert!(reason.contains(part), "{word}: {reason}"),
                other => panic!("{word}: {other:?}"),
            }
        }
    }

    #[test]
    fn bombs_stay_small() {
        let mut scope = scope('\\');
        for round in 0..64 {
            let value = match scope.expand(&format!("$A{round}$A{round}")) {
                _ if round == 0 => Ok("x".to_owned()),
                Expansion::Text(text) => Ok(text),
                Expansion::Unknown(names) => Err(names),
                Expansion::Refused(reason) => panic!("{reason}"),
            };
            assert!(value.as_ref().map_or(0, String::len) <= LONGEST_VALUE);
            let arg = Arg {
                value,
                stated_at: None,
            };
            scope.args.insert(format!("A{}", round + 1), arg);
        }
        let deep = "${A:-".repeat(100_000);
        assert!(matches!(scope.expand(&deep), Expansion::Unknown(_)));
    }
}
