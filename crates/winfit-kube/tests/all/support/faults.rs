//! What happens to requests instead of an answer, as tests ask for it; and what was asked.

use std::sync::Mutex;

use super::api::{Request, Response};

/// What happens instead of an answer. `C` is the cluster that `First` acts on.
pub(crate) enum Fault<C> {
    /// This answer, once: a status, headers, a body.
    Answer(u16, Vec<(&'static str, String)>, String),
    /// This answer from now on.
    Always(u16, Vec<(&'static str, String)>, String),
    /// The answer ends in the middle of its body.
    Cut,
    /// No answer at all.
    Hang,
    /// Something happens in the cluster, then the request is answered.
    First(Box<dyn FnOnce(&C) + Send>),
}

/// A fault that waits for its request.
struct Awaited<C> {
    method: &'static str,
    /// A part of the path and the query.
    part: String,
    /// How many such requests are let by.
    after: usize,
    fault: Fault<C>,
}

/// The faults that are to come, and what was asked.
pub(crate) struct Faults<C> {
    awaited: Mutex<Vec<Awaited<C>>>,
    asked: Mutex<Vec<String>>,
}

/// What a request meets.
pub(super) enum Met<C> {
    Nothing,
    Answer(Response),
    Cut,
    Hang,
    First(Box<dyn FnOnce(&C) + Send>),
}

impl<C> Faults<C> {
    pub(super) fn new() -> Self {
        Self {
            awaited: Mutex::default(),
            asked: Mutex::default(),
        }
    }

    /// Lets a fault happen to a request of this method whose path and query hold `part`, after so many were let
    /// by. Each happens to one request, but `Always`.
    pub(super) fn on(&self, method: &'static str, part: &str, after: usize, fault: Fault<C>) {
        self.awaited.lock().unwrap().push(Awaited {
            method,
            part: part.to_owned(),
            after,
            fault,
        });
    }

    /// What was asked: methods with paths and queries.
    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// Notes a request, and finds what it meets.
    pub(super) fn meet(&self, request: &Request) -> Met<C> {
        let line = format!("{} {}", request.method, request.target);
        self.asked.lock().unwrap().push(line);
        let mut awaited = self.awaited.lock().unwrap();
        let at = awaited.iter_mut().position(|one| {
            let meant = one.method == request.method && request.target.contains(&one.part);
            if meant && one.after > 0 {
                one.after -= 1;
                return false;
            }
            meant
        });
        let Some(at) = at else {
            return Met::Nothing;
        };
        let answer = |code: u16, headers: Vec<(&'static str, String)>, body: String| {
            Met::Answer(Response {
                code,
                headers,
                body: body.into_bytes(),
            })
        };
        if let Fault::Always(code, headers, body) = &awaited[at].fault {
            return answer(*code, headers.clone(), body.clone());
        }
        match awaited.remove(at).fault {
            Fault::Answer(code, headers, body) | Fault::Always(code, headers, body) => {
                answer(code, headers, body)
            }
            Fault::Cut => Met::Cut,
            Fault::Hang => Met::Hang,
            Fault::First(act) => Met::First(act),
        }
    }
}
