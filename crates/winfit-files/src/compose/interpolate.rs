//! Variables in values: the grammar of Compose's templates (compose-go, `template/template.go`).
//!
//! `$NAME`, `${NAME}`, `${NAME:-default}` and its kin, with defaults inside defaults, and `$$` for a
//! dollar sign. A `$` before anything else stands for itself.

use std::ops::Range;

use super::env_file::{Env, Known};

/// How many defaults may stand inside one another.
const DEEPEST: usize = 16;

/// How long a value may become.
pub(super) const LONGEST: usize = 64 * 1024;

/// How many variables without a value are named.
const MOST_NAMED: usize = 32;

/// A value after substitution.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Substituted {
    /// The value; none where a variable that it needs has none.
    pub text: Option<String>,
    /// The variables that have no value.
    pub unresolved: Vec<String>,
}

/// A template that Compose refuses, or that winfit does not follow to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// The bytes of the template that are at fault.
    pub at: Range<usize>,
    /// What is wrong, in a few words that follow on "this ".
    pub what: &'static str,
}

/// Puts in the values of variables.
///
/// A variable without a value and without a default leaves the whole text without one. Compose would
/// put an empty string there, but on the machine where it runs the environment may well have a value.
pub fn substitute(template: &str, env: &Env) -> Result<Substituted, Malformed> {
    if !template.contains('$') {
        return Ok(Substituted {
            text: Some(template.to_owned()),
            unresolved: Vec::new(),
        });
    }
    let mut out = Out::default();
    expand(template, 0, env, 0, &mut out)?;
    Ok(Substituted {
        text: (!out.lacking).then_some(out.text),
        unresolved: out.unresolved,
    })
}

#[derive(Default)]
struct Out {
    text: String,
    lacking: bool,
    unresolved: Vec<String>,
}

impl Out {
    fn lacks(&mut self, name: &str) {
        self.lacking = true;
        if self.unresolved.len() < MOST_NAMED && !self.unresolved.iter().any(|known| known == name)
        {
            self.unresolved.push(name.to_owned());
        }
    }
}

/// What stands between a variable's name and the text behind it.
const OPERATORS: [(&str, Operator); 6] = [
    (":-", Operator::Default { empty_counts: true }),
    (":?", Operator::Required { empty_counts: true }),
    (":+", Operator::Alternative { empty_counts: true }),
    (
        "-",
        Operator::Default {
            empty_counts: false,
        },
    ),
    (
        "?",
        Operator::Required {
            empty_counts: false,
        },
    ),
    (
        "+",
        Operator::Alternative {
            empty_counts: false,
        },
    ),
];

/// An operator; `empty_counts`: an empty value counts as none.
#[derive(Clone, Copy)]
enum Operator {
    Default { empty_counts: bool },
    Required { empty_counts: bool },
    Alternative { empty_counts: bool },
}

/// Expands a piece of a template that starts at byte `base` of the whole.
fn expand(
    template: &str,
    base: usize,
    env: &Env,
    depth: usize,
    out: &mut Out,
) -> Result<(), Malformed> {
    let mut rest = template;
    while let Some(dollar) = rest.find('$') {
        let at = base + (template.len() - rest.len()) + dollar;
        out.text.push_str(&rest[..dollar]);
        let behind = &rest[dollar + 1..];
        let used = if behind.starts_with('$') {
            out.text.push('$');
            1
        } else if behind.starts_with('{') {
            braced(behind, at, env, depth, out)?
        } else {
            let name = name_at_start(behind);
            if name.is_empty() {
                out.text.push('$');
            } else {
                plain(name, env, out);
            }
            name.len()
        };
        if out.text.len() > LONGEST {
            return Err(Malformed {
                at: at..at + 1,
                what: "value grows beyond 64 KiB",
            });
        }
        rest = &behind[used..];
    }
    out.text.push_str(rest);
    Ok(())
}

fn plain(name: &str, env: &Env, out: &mut Out) {
    match env.look_up(name) {
        Known::Value(value) => out.text.push_str(value),
        Known::Unset | Known::Unknown => out.lacks(name),
    }
}

/// Expands what stands in braces; the dollar sign stands at byte `at` of the whole. Gives how many
/// bytes that is.
fn braced(
    behind: &str,
    at: usize,
    env: &Env,
    depth: usize,
    out: &mut Out,
) -> Result<usize, Malformed> {
    let Some(close) = closing_brace(behind) else {
        return Err(Malformed {
            at: at..at + 1 + behind.trim_end().len(),
            what: "variable has no closing brace",
        });
    };
    let whole = at..at + close + 2;
    let inner = &behind[1..close];
    let name = name_at_start(inner);
    let tail = &inner[name.len()..];
    if name.is_empty() {
        return Err(Malformed {
            at: whole,
            what: "variable has no name that Compose accepts",
        });
    }
    if tail.is_empty() {
        plain(name, env, out);
        return Ok(close + 1);
    }
    let Some((operator, argument)) = OPERATORS
        .iter()
        .find_map(|(word, operator)| Some((*operator, tail.strip_prefix(word)?)))
    else {
        return Err(Malformed {
            at: whole,
            what: "variable has something behind its name that is none of :- - :? ? :+ +",
        });
    };
    let known = env.look_up(name);
    let nested = |out: &mut Out| {
        if depth >= DEEPEST {
            return Err(Malformed {
                at: whole.clone(),
                what: "variable has more than 16 defaults inside one another",
            });
        }
        let base = at + 1 + close - argument.len();
        expand(argument, base, env, depth + 1, out)
    };
    match (operator, known) {
        (Operator::Default { empty_counts }, Known::Value(value)) => {
            if value.is_empty() && empty_counts {
                nested(out)?;
            } else {
                out.text.push_str(value);
            }
        }
        (Operator::Default { .. }, Known::Unset) => nested(out)?,
        (Operator::Required { empty_counts }, Known::Value(value)) => {
            if value.is_empty() && empty_counts {
                out.lacks(name);
            } else {
                out.text.push_str(value);
            }
        }
        (Operator::Alternative { empty_counts }, Known::Value(value)) => {
            if !(value.is_empty() && empty_counts) {
                nested(out)?;
            }
        }
        (
            Operator::Alternative {
                empty_counts: false,
            },
            Known::Unknown,
        ) => nested(out)?,
        (Operator::Alternative { .. }, Known::Unset) => {}
        (Operator::Required { .. }, Known::Unset) | (_, Known::Unknown) => out.lacks(name),
    }
    Ok(close + 1)
}

/// The name that a text starts with; empty where it starts with none.
fn name_at_start(text: &str) -> &str {
    let end = text
        .bytes()
        .position(|byte| !(byte.is_ascii_alphanumeric() || byte == b'_'))
        .unwrap_or(text.len());
    if text.starts_with(|first: char| first.is_ascii_digit()) {
        return "";
    }
    &text[..end]
}

/// Where the brace closes that the text starts with; braces inside it count.
fn closing_brace(text: &str) -> Option<usize> {
    let mut open = 0usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => open += 1,
            b'}' => {
                open -= 1;
                if open == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}
