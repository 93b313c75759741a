//! The body of an answer, taken as it comes.

use serde::de::{DeserializeOwned, Error as _};
use serde_json::{Deserializer, Error};

/// What becomes of the bytes of an answer.
pub(super) trait Body {
    /// Takes the next of them.
    fn take(&mut self, bytes: &[u8]) -> Result<(), Error>;
}

/// All of them are kept.
impl Body for Vec<u8> {
    fn take(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.extend_from_slice(bytes);
        Ok(())
    }
}

/// A list, of which each object is read as soon as it is there whole: a Swarm's tasks are many megabytes,
/// of which a few fields count, and reading goes on while the engine still sends.
pub(super) struct List<T> {
    found: Vec<T>,
    /// What came and is not read yet.
    rest: Vec<u8>,
    /// Where what is not read begins in `rest`.
    at: usize,
    /// Before this many bytes there is no use in another try to read the next object.
    wait_for: usize,
    next: Next,
}

/// What stands next in a list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// `[`; Go writes an empty one as null.
    Opening,
    /// An object, or the end where there is none.
    First,
    /// An object.
    Object,
    /// A comma, or the end.
    Comma,
    /// Nothing.
    Nothing,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self {
            found: Vec::new(),
            rest: Vec::new(),
            at: 0,
            wait_for: 0,
            next: Next::Opening,
        }
    }
}

impl<T: DeserializeOwned> Body for List<T> {
    fn take(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.rest.drain(..self.at);
        self.at = 0;
        self.rest.extend_from_slice(bytes);
        if self.rest.len() < self.wait_for {
            return Ok(());
        }
        self.read(false)
    }
}

impl<T: DeserializeOwned> List<T> {
    /// The objects, where the list came to its end.
    pub(super) fn finish(mut self) -> Result<Vec<T>, Error> {
        self.read(true)?;
        Ok(self.found)
    }

    /// Reads what is there; with `all` nothing more comes.
    fn read(&mut self, all: bool) -> Result<(), Error> {
        loop {
            let blank = |byte: &u8| byte.is_ascii_whitespace();
            let left = &self.rest[self.at..];
            self.at += left.iter().take_while(|byte| blank(byte)).count();
            let left = &self.rest[self.at..];
            let Some(first) = left.first() else {
                return match self.next {
                    Next::Nothing => Ok(()),
                    _ if !all => Ok(()),
                    _ => Err(Error::custom("the list breaks off")),
                };
            };
            match (self.next, first) {
                (Next::Opening, b'[') => self.step(1, Next::First),
                (Next::Opening, b'n') if left.len() < 4 && !all => return Ok(()),
                (Next::Opening, b'n') if left.starts_with(b"null") => self.step(4, Next::Nothing),
                (Next::First | Next::Comma, b']') => self.step(1, Next::Nothing),
                (Next::Comma, b',') => self.step(1, Next::Object),
                (Next::First | Next::Object, _) => {
                    let mut objects = Deserializer::from_slice(left).into_iter::<T>();
                    match objects.next() {
                        Some(Ok(object)) => {
                            let read = objects.byte_offset();
                            self.found.push(object);
                            self.wait_for = 0;
                            self.step(read, Next::Comma);
                        }
                        Some(Err(error)) if error.is_eof() && !all => {
                            // An object of any size is so read a few times at most.
                            self.wait_for = left.len() + left.len() / 2;
                            return Ok(());
                        }
                        Some(Err(error)) => return Err(error),
                        None => return Ok(()),
                    }
                }
                // As it is told of any other text that is no list of them.
                _ => return Err(no_list::<T>(left)),
            }
        }
    }

    fn step(&mut self, bytes: usize, next: Next) {
        self.at += bytes;
        self.next = next;
    }
}

fn no_list<T: DeserializeOwned>(text: &[u8]) -> Error {
    match serde_json::from_slice::<Vec<T>>(text) {
        Err(error) if !error.is_eof() => error,
        _ => Error::custom("it is no list"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read of a text that comes in pieces of this size.
    fn read(text: &str, size: usize) -> Result<Vec<(u32, String)>, Error> {
        let mut list = List::default();
        for piece in text.as_bytes().chunks(size) {
            list.take(piece)?;
        }
        list.finish()
    }

    #[test]
    fn a_list_is_the_same_in_pieces_of_any_size() {
        let text = " [ [1, \"a\"],[2,\"],[ \\\" ä\"] , [30000, \"\"] ]\n";
        let whole: Vec<(u32, String)> = serde_json::from_str(text).unwrap();
        for size in 1..=text.len() {
            assert_eq!(read(text, size).unwrap(), whole, "{size}");
            assert_eq!(read("[]\n", size).unwrap(), []);
            assert_eq!(read("null\n", size).unwrap(), []);
        }
    }

    #[test]
    fn what_is_no_whole_list_is_refused() {
        for text in [
            "",
            "nul",
            "{}",
            "[",
            "[[1, \"a\"]",
            "[[1, \"a\"],]",
            "[,]",
            "[[1, \"a\"] [2, \"b\"]]",
            "[[1, \"a\"]] x",
            "[[1, \"a\"], 5]",
            "[[1, 5",
        ] {
            for size in 1..=text.len().max(1) {
                assert!(read(text, size).is_err(), "{text} by {size}");
            }
        }
    }
}
