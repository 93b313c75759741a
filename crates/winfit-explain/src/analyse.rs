//! From a hit to an occurrence: the message, its line, the document around it.

use memchr::{memchr, memrchr};

use crate::anchors::ANCHORS;
use crate::collect::{Collector, Occurrence};
use winfit_core::finding::{Confidence, Severity};

use crate::diagnosis::{Diagnosis, DiagnosisKind, Location};
use crate::documents::{Documents, Spot};
use crate::extra;
use crate::facts::{self, Facts, Line, says_windows};
use crate::normalise::{View, unwrap_lines};
use crate::place::{Encoding, earlier, later_line};
use crate::signatures::{self, PENDING, Signal};
use crate::swarm;

/// How far before a hit its message may begin.
const MESSAGE_BACK: usize = 700;
/// How far behind a hit its message may end.
const MESSAGE_AHEAD: usize = 1000;
/// How far before a message its line is read.
const LINE_BACK: usize = 2048;
/// How far behind a message its line is read.
const LINE_AHEAD: usize = 512;

/// A literal found.
#[derive(Debug)]
pub(crate) struct Hit<'a> {
    /// What surrounds it.
    pub(crate) window: &'a [u8],
    /// Where the window begins in the stream.
    pub(crate) base: u64,
    /// Where in the window it is.
    pub(crate) at: usize,
    /// Which literal it is.
    pub(crate) anchor: usize,
    /// Its place.
    pub(crate) location: Location,
}

/// Looks at hits in their order.
pub(crate) struct Analyst {
    encoding: Encoding,
    /// The stream up to here belongs to messages already understood.
    consumed: u64,
    documents: Documents,
    collector: Collector,
}

impl Analyst {
    pub(crate) fn new(encoding: Encoding) -> Self {
        Self {
            encoding,
            consumed: 0,
            documents: Documents::default(),
            collector: Collector::default(),
        }
    }

    /// The diagnoses, and how many more there were.
    pub(crate) fn finish(self) -> (Vec<Diagnosis>, u64) {
        self.collector.finish()
    }

    pub(crate) fn look(&mut self, hit: &Hit<'_>) {
        if hit.base + (hit.at as u64) < self.consumed {
            return;
        }
        match ANCHORS[hit.anchor] {
            "replicated" => self.service(hit, hit.at),
            "REPLICAS" => {
                for row in swarm::global_rows(hit.window, hit.at) {
                    self.service(hit, row);
                }
            }
            _ => self.message(hit),
        }
    }

    /// A row of `docker service ls`.
    fn service(&mut self, hit: &Hit<'_>, at: usize) {
        let Some((facts, end)) = swarm::row(hit.window, at) else {
            return;
        };
        let signal = Signal::new(
            DiagnosisKind::StartMismatch,
            swarm::ZERO_REPLICAS,
            Confidence::Possible,
            Severity::Warning,
            (0, 0),
        );
        let mut location = hit.location;
        if at > hit.at {
            location.line = later_line(hit.window, hit.at, location.line, at);
            let start = memrchr(b'\n', &hit.window[..at]).map_or(0, |start| start + 1);
            location.column = (at - start) as u64 + 1;
            location.offset += (at - hit.at) as u64;
        }
        self.collector.add(Occurrence {
            signal,
            facts,
            location,
            start: hit.base + at as u64,
            end: hit.base + end as u64,
            continues: false,
        });
    }

    fn message(&mut self, hit: &Hit<'_>) {
        let window = hit.window;
        let floor = usize::try_from(self.consumed.saturating_sub(hit.base)).unwrap_or(0);
        let from = hit.at.saturating_sub(MESSAGE_BACK).max(floor);
        let to = window.len().min(hit.at + MESSAGE_AHEAD);
        let view = View::new(&window[from..to]);
        let Some(signal) = signatures::recognise(&view, hit.at - from, hit.anchor) else {
            return;
        };
        let text_start = view.squeezed_to_text(signal.start);
        let text_end = view.squeezed_end_to_text(signal.end).max(text_start);
        let start = from + view.raw_at(text_start);
        let end = (from + view.raw_end(text_end)).max(hit.at + 1);
        let document = extra::find(window, end);
        let message_end = document.map_or(end, |(_, end)| end);
        self.consumed = hit.base + message_end as u64;
        if signal.signature == PENDING {
            return;
        }
        let width = wrapped_at(&window[..end], start);
        let line = Line {
            before: line_before(window, start, floor, width),
            message: String::from_utf8_lossy(&view.text[text_start..text_end]).into_owned(),
            after: line_behind(window, message_end, width),
            earlier: if asks_for_image(&signal) {
                let from = start.saturating_sub(LINE_BACK).max(floor);
                View::plain(&window[from..start]).into_string()
            } else {
                String::new()
            },
        };
        let mut facts = facts::read(&line);
        let lead = String::from_utf8_lossy(&view.text[..text_start]);
        let spot = Spot {
            window,
            base: hit.base,
            at: start,
        };
        self.documents.enrich(spot, &lead, &mut facts);
        if let Some((from, to)) = document {
            extra::read(&window[from..to], width, &mut facts);
        }
        let Some(signal) = judge(signal, &facts) else {
            return;
        };
        let location = if start <= hit.at {
            earlier(window, hit.at, hit.location, start, self.encoding)
        } else {
            hit.location
        };
        self.collector.add(Occurrence {
            signal,
            facts,
            location,
            start: hit.base + start as u64,
            end: hit.base + message_end as u64,
            continues: line.before.contains("[Event Detail"),
        });
    }
}

/// Settles what only the surroundings tell.
fn judge(mut signal: Signal, facts: &Facts) -> Option<Signal> {
    let windows = facts.image.as_deref().is_some_and(says_windows);
    if signal.needs_windows_image && !windows {
        return None;
    }
    if signal.kind == DiagnosisKind::StartMismatch && facts.sandbox {
        signal.kind = DiagnosisKind::SandboxMismatch;
    }
    // Windows in the image's name: the words are about Windows after all.
    if signal.signature == "pull-no-platform" && windows {
        signal.confidence = Confidence::Certain;
    }
    Some(signal)
}

fn asks_for_image(signal: &Signal) -> bool {
    !matches!(signal.kind, DiagnosisKind::OtherHcs)
}

/// The width at which a message is wrapped, if a line break runs through it.
fn wrapped_at(message: &[u8], start: usize) -> Option<usize> {
    let at = start + memchr(b'\n', &message[start..])?;
    let from = start.saturating_sub(LINE_BACK);
    let line = memrchr(b'\n', &message[from..at]).map_or(from, |line| from + line + 1);
    let width = at - line;
    let carriage = at > line && message[at - 1] == b'\r';
    Some(width - usize::from(carriage))
}

fn line_before(window: &[u8], start: usize, floor: usize, width: Option<usize>) -> String {
    let from = start.saturating_sub(LINE_BACK).max(floor.min(start));
    let bytes = &window[from..start];
    let unwrapped;
    let bytes = match width {
        Some(width) => {
            unwrapped = unwrap_lines(bytes, width);
            unwrapped.as_slice()
        }
        None => bytes,
    };
    let line = memrchr(b'\n', bytes).map_or(0, |line| line + 1);
    View::plain(&bytes[line..]).into_string()
}

fn line_behind(window: &[u8], end: usize, width: Option<usize>) -> String {
    let bytes = &window[end..window.len().min(end + LINE_AHEAD)];
    let unwrapped;
    let bytes = match width {
        Some(width) => {
            // The first piece of a line is shorter than the width; what stands before it on its
            // line is given back to it.
            let line = memrchr(b'\n', &window[end.saturating_sub(LINE_BACK)..end]);
            let line = line.map_or(end, |line| end.saturating_sub(LINE_BACK) + line + 1);
            let lead = end - line;
            unwrapped = unwrap_lines(&window[line..window.len().min(end + LINE_AHEAD)], width);
            &unwrapped[lead.min(unwrapped.len())..]
        }
        None => bytes,
    };
    let len = memchr(b'\n', bytes).unwrap_or(bytes.len());
    View::plain(&bytes[..len]).into_string()
}
