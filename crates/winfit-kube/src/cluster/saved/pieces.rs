//! JSON object by object: one that cannot be read takes none of the others with it.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::model::{Item, Objects};

/// The objects of one piece, or why it cannot be read.
pub(super) type Piece = Result<Vec<Item>, String>;

/// Lists in lists are followed so far.
const DEEPEST: usize = 4;

/// A list, as far as it is one.
#[derive(Deserialize)]
struct List<'t> {
    #[serde(default)]
    kind: Option<String>,
    #[serde(borrow, default)]
    items: Option<Vec<&'t RawValue>>,
}

/// What an object that cannot be read is called.
#[derive(Deserialize)]
struct Named<'t> {
    #[serde(default)]
    kind: Option<String>,
    #[serde(borrow, default)]
    metadata: Option<&'t RawValue>,
}

#[derive(Default, Deserialize)]
struct Name {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    namespace: Option<String>,
}

/// The objects of a text, each read for itself.
pub(super) fn pieces(text: &[u8]) -> Result<Vec<Piece>, serde_json::Error> {
    let mut reading = Reading {
        text,
        counted: 0,
        line: 1,
        found: Vec::new(),
    };
    for raw in serde_json::Deserializer::from_slice(text).into_iter::<&RawValue>() {
        reading.read(raw?, None, 0);
    }
    Ok(reading.found)
}

struct Reading<'t> {
    text: &'t [u8],
    /// How far lines are counted.
    counted: usize,
    line: usize,
    found: Vec<Piece>,
}

impl<'t> Reading<'t> {
    fn read(&mut self, raw: &'t RawValue, kind: Option<&str>, depth: usize) {
        let mut items = Vec::new();
        let mut sink = |item: Item| items.push(item);
        let mut reader = serde_json::Deserializer::from_str(raw.get());
        let error = match Objects::read_as(kind.map(str::to_owned), &mut reader, &mut sink) {
            Ok(()) => {
                self.found.push(Ok(items));
                return;
            }
            Err(error) => error,
        };
        if depth < DEEPEST {
            if let Ok(all) = serde_json::from_str::<Vec<&'t RawValue>>(raw.get()) {
                for one in all {
                    self.read(one, kind, depth + 1);
                }
                return;
            }
            if let Ok(List {
                kind,
                items: Some(all),
            }) = serde_json::from_str::<List<'t>>(raw.get())
            {
                let of_list = kind.as_deref().and_then(|kind| kind.strip_suffix("List"));
                let of_items = of_list.filter(|kind| !kind.is_empty());
                for one in all {
                    self.read(one, of_items, depth + 1);
                }
                return;
            }
        }
        let line = self.line_of(raw) + error.line() - 1;
        let reason = error.to_string();
        let reason = reason.split(" at line ").next().unwrap_or(&reason);
        self.found.push(Err(format!(
            "{} is left out, line {line}: {reason}",
            named(raw.get(), kind)
        )));
    }

    /// The line where a value begins. Values come in the order of the text.
    fn line_of(&mut self, raw: &RawValue) -> usize {
        let at = raw
            .get()
            .as_ptr()
            .addr()
            .saturating_sub(self.text.as_ptr().addr());
        let at = at.min(self.text.len()).max(self.counted);
        let new = &self.text[self.counted..at];
        self.line += new.split(|byte| *byte == b'\n').count() - 1;
        self.counted = at;
        self.line
    }
}

fn named(text: &str, kind: Option<&str>) -> String {
    let Ok(named) = serde_json::from_str::<Named<'_>>(text) else {
        return kind.unwrap_or("an object").to_owned();
    };
    let meta = named.metadata.map(RawValue::get).unwrap_or_default();
    let meta: Name = serde_json::from_str(meta).unwrap_or_default();
    let kind = named.kind.as_deref().or(kind).unwrap_or("an object");
    match (meta.namespace, meta.name) {
        (Some(namespace), Some(name)) => format!("{kind} {namespace}/{name}"),
        (None, Some(name)) => format!("{kind} {name}"),
        (_, None) => format!("{kind} without a name"),
    }
}
