//! Patterns of `${NAME#pattern}`: `*` and `?`, and `\` before either.

use winfit_core::version::quote_for_error;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Any,
    One,
    Char(char),
}

/// A pattern.
#[derive(Debug)]
pub(super) struct Pattern(Vec<Token>);

impl Pattern {
    /// Reads a pattern. `\}` and `\/` stand for themselves, other escapes are refused.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let mut tokens = Vec::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            tokens.push(match c {
                '*' => Token::Any,
                '?' => Token::One,
                '\\' => match chars.next() {
                    Some(c @ ('*' | '?' | '\\' | '}' | '/')) => Token::Char(c),
                    _ => {
                        return Err(format!(
                            "the pattern {:?} escapes something else than * ? \\ / or }}",
                            quote_for_error(text)
                        ));
                    }
                },
                c => Token::Char(c),
            });
        }
        Ok(Self(tokens))
    }

    /// About how many steps a match costs.
    pub(super) fn cost(&self, value: &str) -> usize {
        (self.0.len() + 1).saturating_mul(value.len() + 1)
    }

    /// How many characters a match from the start takes: the fewest, or the most.
    fn matched<'t>(
        tokens: impl Iterator<Item = &'t Token>,
        chars: &[char],
        longest: bool,
    ) -> Option<usize> {
        // Which lengths can be reached.
        let mut ends = vec![false; chars.len() + 1];
        ends[0] = true;
        for token in tokens {
            match token {
                Token::Any => {
                    let first = ends.iter().position(|end| *end)?;
                    ends[first..].fill(true);
                }
                Token::One => {
                    ends.rotate_right(1);
                    ends[0] = false;
                }
                Token::Char(wanted) => {
                    for at in (0..chars.len()).rev() {
                        ends[at + 1] = ends[at] && chars[at] == *wanted;
                    }
                    ends[0] = false;
                }
            }
        }
        if longest {
            ends.iter().rposition(|end| *end)
        } else {
            ends.iter().position(|end| *end)
        }
    }

    /// The value without the start that matches.
    pub(super) fn without_start(&self, value: &str, longest: bool) -> String {
        let chars: Vec<char> = value.chars().collect();
        let length = Self::matched(self.0.iter(), &chars, longest).unwrap_or(0);
        chars[length..].iter().collect()
    }

    /// The value without the end that matches.
    pub(super) fn without_end(&self, value: &str, longest: bool) -> String {
        let backwards: Vec<char> = value.chars().rev().collect();
        let length = Self::matched(self.0.iter().rev(), &backwards, longest).unwrap_or(0);
        backwards[length..].iter().rev().collect()
    }

    /// The value with the first match, or with all, replaced. Matches are as long as they can be.
    pub(super) fn replaced(&self, value: &str, other: &str, all: bool) -> String {
        let chars: Vec<char> = value.chars().collect();
        let mut out = String::with_capacity(value.len());
        let mut at = 0;
        let mut behind_match = false;
        while at <= chars.len() {
            match Self::matched(self.0.iter(), &chars[at..], true) {
                Some(length) if length > 0 || !behind_match => {
                    out.push_str(other);
                    at += length;
                    if !all {
                        break;
                    }
                    behind_match = length > 0;
                    if behind_match {
                        continue;
                    }
                }
                _ => behind_match = false,
            }
            out.extend(chars.get(at));
            at += 1;
        }
        out.extend(chars.get(at..).unwrap_or_default());
        out
    }
}
