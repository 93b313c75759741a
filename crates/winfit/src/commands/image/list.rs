//! The images that the arguments name, or a list on standard input.

use std::io::Read;

use anyhow::Result;
use winfit_core::reference::Reference;

use crate::findings::clean;
use crate::input;
use crate::output::{nothing, printable, usage};

/// More images are read in several runs.
const MOST: usize = 100_000;
/// A hundred thousand of the longest references that are met.
const MOST_BYTES: u64 = 32 * 1024 * 1024;
/// More wrong lines are counted, not shown.
const MOST_WRONG: usize = 20;

/// The images of a list, and what in it is none.
#[derive(Debug, Default)]
pub(super) struct List {
    /// The references, in their order.
    pub(super) references: Vec<Reference>,
    /// Lines of standard input that are none, each with its place and the reason. A wrong argument is
    /// the end instead: whoever wrote it is there to mend it.
    pub(super) wrong: Vec<(String, String)>,
}

/// The images that the arguments name. Everything that is wrong with them is said at once.
pub(super) fn references(arguments: &[String]) -> Result<List> {
    let mut list = List::default();
    let mut wrong = Vec::new();
    for argument in arguments {
        if argument == "-" {
            list.of_lines(&standard_input()?);
            continue;
        }
        match Reference::parse(argument) {
            Ok(reference) => list.references.push(reference),
            Err(error) => wrong.push(error.to_string()),
        }
    }
    if wrong.is_empty() && list.references.is_empty() {
        wrong.extend(list.wrong.drain(..).map(|(_, message)| message));
    }
    if !wrong.is_empty() {
        let more = wrong.len().saturating_sub(MOST_WRONG);
        wrong.truncate(MOST_WRONG);
        if more > 0 {
            wrong.push(format!("and {more} more lines that are no image"));
        }
        return Err(usage(wrong.join("\n")));
    }
    if list.references.len() > MOST {
        return Err(usage(format!(
            "{} images are too many for one run; split the list into pieces of at most {MOST}",
            list.references.len()
        )));
    }
    if list.references.is_empty() {
        return Err(nothing(
            "standard input names no image; expected one a line, as registry.contoso.com/shop/web:1.4",
        ));
    }
    Ok(list)
}

impl List {
    /// One reference a line; `#` begins a comment where a line or a word does.
    fn of_lines(&mut self, text: &str) {
        for (at, line) in text.lines().enumerate() {
            let line = match line.split_once(" #") {
                Some((line, _)) => line.trim(),
                None => line.trim(),
            };
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match Reference::parse(line) {
                Ok(reference) => self.references.push(reference),
                Err(error) => {
                    let message = format!("standard input, line {}: {error}", at + 1);
                    self.wrong.push((clean(line), printable(&message)));
                }
            }
        }
    }
}

fn standard_input() -> Result<String> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(MOST_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| nothing(format!("standard input: {}", input::reason(&error))))?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(nothing("standard input is larger than 32 MiB"));
    }
    Ok(winfit_core::host::decode(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_comments_blank_lines_and_places() {
        let mut list = List::default();
        list.of_lines("# the shop\n\nshop/web:1  # the old one\r\n  shop/api:2\nShop/Web:1\n");
        let names: Vec<String> = list.references.iter().map(ToString::to_string).collect();
        assert_eq!(names, ["shop/web:1", "shop/api:2"]);
        let [(line, message)] = list.wrong.as_slice() else {
            panic!("{list:?}");
        };
        assert_eq!(line, "Shop/Web:1");
        assert!(message.starts_with("standard input, line 5: "), "{message}");
        assert!(message.contains("capital letters"), "{message}");
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let wrong = ["a b".to_owned(), "fine/image:1".to_owned(), "a:".to_owned()];
        let error = references(&wrong).unwrap_err().to_string();
        assert_eq!(error.lines().count(), 2, "{error}");
    }
}
