//! Pasted text with one host or many: JSON is taken out first, the lines between go to the session.

use crate::catalog::Catalog;

use super::json::{self, Json};
use super::read::{HostReading, Unread, quote};
use super::session::Session;
use super::spec;

/// More text than this is no paste.
const MOST_BYTES: usize = 16 << 20;

/// Reads every host that a pasted text states.
///
/// Never fails: what it cannot read it quotes in [`HostReading::unread`] with what it expected.
/// Addresses, product versions and Kubernetes versions in the text are not taken for Windows'. The
/// time is linear in the length of the text, which may be 16 MiB.
pub fn read_hosts(catalog: &Catalog, text: &str) -> HostReading {
    let mut reading = HostReading::default();
    if text.len() > MOST_BYTES {
        reading.unread.push(Unread {
            text: quote(text),
            line: 1,
            expected: format!(
                "at most 16 MiB of text; this is {} MiB",
                text.len().div_ceil(1 << 20)
            ),
        });
        return reading;
    }
    if text.trim().is_empty() {
        reading.unread.push(Unread {
            text: String::new(),
            line: 1,
            expected: format!("text that states a Windows version; this is empty. {EXAMPLES}"),
        });
        return reading;
    }
    if let Some(list) = spec::read_list(catalog, text) {
        return list;
    }
    let mut session = Session::new(catalog);
    let mut at = 0;
    let mut line = 1;
    for (start, end) in json::regions(text) {
        let before = &text[at..start];
        let first = line + newlines(before);
        match json::read(catalog, &text[start..end], first) {
            Json::Hosts(drafts) => {
                session.lines(before, line);
                session.close();
                for draft in drafts {
                    session.finish(draft);
                }
            }
            Json::Other => session.lines(before, line),
            Json::Unknown | Json::No => continue,
        }
        line = first + newlines(&text[start..end]);
        at = end;
    }
    session.lines(&text[at..], line);
    session.end(text)
}

/// What would do, for every sentence about what does not.
pub(super) const EXAMPLES: &str = "The output of ver, systeminfo, docker info, kubectl describe node, or a \
                        version such as 10.0.17763.437 will do";

fn newlines(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}
