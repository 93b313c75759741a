//! `docker service ls` and `docker stack services`: services of which nothing runs.
//!
//! The list says that a service does not start, not why, so each row is only a suspicion.

use crate::diagnosis::SubjectKind;
use crate::facts::{Facts, Form, is_swarm_id, reference};
use crate::normalise::View;

/// The signature of a row at `0/N`.
pub(crate) const ZERO_REPLICAS: &str = "swarm-zero-replicas";

/// How far a row reaches to either side of its mode.
const ROW: usize = 700;

/// The row whose mode stands at `at`; gives where the row's count ends, too.
pub(crate) fn row(window: &[u8], at: usize) -> Option<(Facts, usize)> {
    let from = at.saturating_sub(ROW);
    let to = window.len().min(at + ROW);
    let before = View::plain(&window[from..at]).into_string();
    let view = View::plain(&window[at..to]);
    let mut before = before.split_whitespace().rev();
    let (name, id) = (before.next()?, before.next()?);
    // A shell's prompt or a selected row puts nothing between id and name.
    if !is_swarm_id(id) {
        return None;
    }
    let text = String::from_utf8_lossy(&view.text).into_owned();
    let mut after = text.split_whitespace();
    let mode = after.next()?;
    let replicas = after.next()?;
    if !matches!(mode, "replicated" | "global") {
        return None;
    }
    let (running, wanted) = replicas.split_once('/')?;
    let (running, wanted): (u64, u64) = (running.parse().ok()?, wanted.parse().ok()?);
    if running != 0 || wanted == 0 {
        return None;
    }
    let count_end = text.find(replicas)? + replicas.len();
    let image = after.next().and_then(reference);
    let facts = Facts {
        form: Form::Service,
        kind: Some(SubjectKind::Service),
        name: Some(name.to_owned()),
        image,
        replicas: Some((running, wanted)),
        ..Facts::default()
    };
    Some((facts, at + view.raw_end(count_end.min(view.text.len()))))
}

/// The places of the mode in rows of global services below a `MODE REPLICAS` header.
pub(crate) fn global_rows(window: &[u8], header: usize) -> Vec<usize> {
    const MOST_ROWS: usize = 1000;
    let header_line = &window[header.saturating_sub(200)..header];
    if memchr::memmem::rfind(header_line, b"MODE").is_none() {
        return Vec::new();
    }
    let mut rows = Vec::new();
    let mut at = header;
    let lines = window[header..]
        .split(|byte| *byte == b'\n')
        .take(MOST_ROWS);
    for (index, line) in lines.enumerate() {
        let first = line
            .split(u8::is_ascii_whitespace)
            .find(|word| !word.is_empty())
            .and_then(|word| std::str::from_utf8(word).ok());
        // The list ends with the first line that is no row.
        if index > 0 && !first.is_some_and(is_swarm_id) {
            break;
        }
        if let Some(place) = memchr::memmem::find(line, b" global ") {
            rows.push(at + place + 1);
        }
        at += line.len() + 1;
    }
    rows
}
