//! Messages over standard input and output. What comes in is not trusted: lengths have a limit, and a
//! message that is none does not end the session.

use std::io::{self, BufRead, Read};
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use lsp_server::{ErrorCode, Message, RequestId, Response};
use serde::Deserialize;

/// The largest message that is read: the largest file that winfit reads, spelt as wastefully as JSON can.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// The longest line of a header.
const MOST_HEADER: u64 = 8 * 1024;

/// What comes from the editor.
#[derive(Debug)]
pub(super) enum Incoming {
    /// A message.
    Message(Message),
    /// A message that is none, with the request it would have been.
    Broken {
        id: Option<RequestId>,
        reason: String,
    },
    /// Nothing more can be read: why, where the editor has not simply closed the pipe.
    End(Option<String>),
}

/// Reads in a thread of its own.
pub(super) fn reader() -> Receiver<Incoming> {
    const AHEAD: usize = 64;
    let (sender, receiver) = bounded(AHEAD);
    thread::spawn(move || {
        let mut input = io::stdin().lock();
        loop {
            let incoming = read(&mut input);
            let last = matches!(incoming, Incoming::End(_));
            if sender.send(incoming).is_err() || last {
                return;
            }
        }
    });
    receiver
}

/// Writes in a thread of its own, until all senders are gone: an editor that is slow to read keeps
/// nobody waiting.
pub(super) fn writer() -> (Sender<Message>, thread::JoinHandle<()>) {
    let (sender, receiver) = unbounded::<Message>();
    let thread = thread::spawn(move || {
        let mut output = io::stdout().lock();
        for message in receiver {
            // The session ends where the editor closes its other pipe too.
            if message.write(&mut output).is_err() {
                return;
            }
        }
    });
    (sender, thread)
}

/// Reads one message.
fn read(input: &mut impl BufRead) -> Incoming {
    let length = match header(input) {
        Ok(Some(length)) => length,
        Ok(None) => return Incoming::End(None),
        Err(reason) => return Incoming::End(Some(reason)),
    };
    let mut bytes = Vec::new();
    match input.take(length).read_to_end(&mut bytes) {
        Ok(read) if read as u64 == length => {}
        Ok(_) => return Incoming::End(Some("the input ends inside of a message".to_owned())),
        Err(error) => return Incoming::End(Some(format!("the input cannot be read: {error}"))),
    }
    match serde_json::from_slice(&bytes) {
        Ok(message) => Incoming::Message(message),
        Err(error) => Incoming::Broken {
            id: serde_json::from_slice::<OnlyId>(&bytes)
                .ok()
                .map(|only| only.id),
            reason: format!("a message of {length} bytes is none of the protocol: {error}"),
        },
    }
}

/// The part of a broken request that an answer needs.
#[derive(Deserialize)]
struct OnlyId {
    id: RequestId,
}

/// What to answer to a request that cannot be read.
pub(super) fn refusal(id: RequestId, reason: String) -> Message {
    Response::new_err(id, ErrorCode::InvalidRequest as i32, reason).into()
}

/// The length that a header states; none: the input has ended before it.
fn header(input: &mut impl BufRead) -> Result<Option<u64>, String> {
    const MOST_LINES: usize = 16;
    let mut length = None;
    for at in 0..MOST_LINES {
        let mut line = Vec::new();
        let read = input.take(MOST_HEADER).read_until(b'\n', &mut line);
        match read {
            Ok(0) if at == 0 => return Ok(None),
            Ok(_) => {}
            Err(error) => return Err(format!("the input cannot be read: {error}")),
        }
        let text = std::str::from_utf8(&line).unwrap_or_default();
        if !text.ends_with('\n') {
            return Err(no_header());
        }
        let text = text.trim_end_matches(['\r', '\n']);
        if text.is_empty() {
            return length.map(Some).ok_or_else(no_header);
        }
        let (name, value) = text.split_once(':').ok_or_else(no_header)?;
        if name.trim().eq_ignore_ascii_case("content-length") {
            let stated = value.trim().parse::<u64>().map_err(|_| no_header())?;
            if stated > MOST_BYTES {
                return Err(format!(
                    "a message of {stated} bytes is announced, and none over 64 MiB is read"
                ));
            }
            length = Some(stated);
        }
    }
    Err(no_header())
}

fn no_header() -> String {
    "the input is no Language Server Protocol: each message begins with Content-Length: and its bytes"
        .to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(input: &[u8]) -> Vec<String> {
        let mut input = input;
        let mut found = Vec::new();
        loop {
            let incoming = read(&mut input);
            let last = matches!(incoming, Incoming::End(_));
            found.push(match incoming {
                Incoming::Message(message) => format!("{message:?}"),
                Incoming::Broken { id, reason } => format!("broken {id:?} {reason}"),
                Incoming::End(reason) => format!("end {}", reason.unwrap_or_default()),
            });
            if last {
                return found;
            }
        }
    }

    #[test]
    fn what_is_broken_is_told() {
        let framed = |text: &str| format!("content-length:{}\r\n\r\n{text}", text.len());
        for (input, told) in [
            (String::new(), "end "),
            ("hello\n".to_owned(), "end the input is no Language"),
            (
                "Content-Length: 5\r\n\r\n{".to_owned(),
                "end the input ends inside",
            ),
            (
                format!("Content-Length: {}\r\n\r\n", u64::MAX),
                "end a message of 18446744073709551615 bytes is announced",
            ),
            (
                "Content-Length: -1\r\n\r\n".to_owned(),
                "end the input is no Language",
            ),
            ("A: b\r\n".repeat(100), "end the input is no Language"),
            ("a".repeat(100_000), "end the input is no Language"),
            (framed("{"), "broken None"),
            (
                framed(r#"{"id": 3, "method": 4}"#),
                "broken Some(RequestId(I32(3)))",
            ),
            (framed(&"[".repeat(100_000)), "broken None"),
            (framed(r#"{"method": "exit"}"#), "Notification"),
        ] {
            let found = all(input.as_bytes());
            assert!(found[0].starts_with(told), "{told}: {found:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(input in proptest::collection::vec(any::<u8>(), 0..200)) {
            all(&input);
        }
    }
}
