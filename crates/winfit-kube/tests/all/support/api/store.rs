//! The objects, and what is asked of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::http::{Request, Response};
use super::kinds::{Kind, Path};
use super::managed::Owners;
use super::selector::Selector;
use super::status;

/// An object with who owns which of its fields.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Kept {
    pub(super) object: Value,
    pub(super) owners: Owners,
}

/// The objects of one kind, by namespace and name.
pub(super) type Shelf = BTreeMap<(String, String), Arc<Kept>>;

/// What happened to an object.
#[derive(Debug)]
pub(super) struct Happened {
    pub(super) version: u64,
    pub(super) kind: &'static Kind,
    pub(super) namespace: String,
    pub(super) before: Option<Arc<Kept>>,
    pub(super) now: Option<Arc<Kept>>,
}

/// The objects of a cluster.
#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(super) shelves: BTreeMap<&'static str, Shelf>,
    /// Grows by each write.
    pub(super) version: u64,
    /// The states that lists of several pages began with.
    states: Vec<(u64, &'static str, Shelf)>,
    /// What watches are told.
    pub(super) log: Vec<Happened>,
    /// What was before this version is not known any more.
    pub(super) oldest: u64,
}

/// How many states of lists are kept.
const MOST_STATES: usize = 16;

impl Store {
    pub(super) fn kept(&self, path: &Path) -> Option<&Arc<Kept>> {
        let objects = self.shelves.get(path.kind.name)?;
        objects.get(&(path.namespace.clone(), path.name.clone()))
    }

    pub(super) fn get(&self, path: &Path) -> Option<Value> {
        Some(self.kept(path)?.object.clone())
    }

    /// Puts an object in its place, or takes it out.
    pub(super) fn keep(&mut self, path: &Path, now: Option<Kept>) -> Option<Arc<Kept>> {
        let objects = self.shelves.entry(path.kind.name).or_default();
        let key = (path.namespace.clone(), path.name.clone());
        let now = now.map(Arc::new);
        let before = match &now {
            Some(kept) => objects.insert(key, Arc::clone(kept)),
            None => objects.remove(&key),
        };
        self.log.push(Happened {
            version: self.version,
            kind: path.kind,
            namespace: path.namespace.clone(),
            before: before.clone(),
            now: now.clone(),
        });
        now.or(before)
    }

    /// Forgets all states but today's, as the real server does after some minutes.
    pub(super) fn forget(&mut self) {
        self.states.clear();
        self.log.clear();
        self.oldest = self.version;
    }

    /// Answers with a list, or a page of one.
    pub(super) fn list(&mut self, path: &Path, request: &Request) -> Response {
        let selector = match selector(path, request) {
            Ok(selector) => selector,
            Err(refusal) => return refusal,
        };
        let limit = request.query("limit").and_then(|text| text.parse().ok());
        let limit = limit.filter(|limit| *limit > 0).unwrap_or(usize::MAX);
        let (version, after) = match request.query("continue").filter(|token| !token.is_empty()) {
            None => (self.version, None),
            Some(token) => match place(&token) {
                Some((version, key)) => (version.unwrap_or(self.version), Some(key)),
                None => return status::bad_request("continue key is not valid"),
            },
        };
        let nothing = Shelf::new();
        let objects = if version == self.version {
            self.shelves.get(path.kind.name).unwrap_or(&nothing)
        } else {
            let known =
                |(of, kind, _): &&(u64, &str, Shelf)| (*of, *kind) == (version, path.kind.name);
            let state = self.states.iter().find(known);
            match (state, &after) {
                (Some((_, _, objects)), _) => objects,
                (None, Some(key)) => return status::expired(&token(None, key)),
                (None, None) => &nothing,
            }
        };
        let mut items = Vec::new();
        let mut last = None;
        let mut left = 0;
        for ((namespace, name), kept) in objects {
            let key = (namespace, name);
            let here = path.namespace.is_empty() || path.namespace == *namespace;
            let given = after.as_ref().is_some_and(|(n, m)| key <= (n, m));
            if !here || given || !selector.selects(&kept.object) {
                continue;
            }
            if items.len() == limit {
                left += 1;
                continue;
            }
            items.push(as_item(&kept.object));
            last = Some((namespace.clone(), name.clone()));
        }
        let mut meta = json!({"resourceVersion": version.to_string()});
        if let (1.., Some(last)) = (left, last) {
            meta["continue"] = json!(token(Some(version), &last));
            if selector.is_empty() {
                meta["remainingItemCount"] = json!(left);
            }
            self.remember(version, path.kind.name);
        }
        Response::json(
            200,
            &json!({
                "kind": format!("{}List", path.kind.name), "apiVersion": path.kind.api_version(),
                "metadata": meta, "items": items,
            }),
        )
    }

    /// Keeps the state that a list began with.
    fn remember(&mut self, version: u64, kind: &'static str) {
        let known = self
            .states
            .iter()
            .any(|(of, own, _)| (*of, *own) == (version, kind));
        if known || version != self.version {
            return;
        }
        if self.states.len() == MOST_STATES {
            self.states.remove(0);
        }
        let objects = self.shelves.get(kind).cloned().unwrap_or_default();
        self.states.push((version, kind, objects));
    }
}

pub(super) fn selector(path: &Path, request: &Request) -> Result<Selector, Response> {
    let of = |name: &str| request.query(name).unwrap_or_default();
    let name = if path.name.is_empty() {
        String::new()
    } else {
        format!(",metadata.name={}", path.name)
    };
    let fields = of("fieldSelector") + &name;
    Selector::parse(path.kind.name, &of("labelSelector"), &fields)
        .map_err(|error| status::bad_request(&error))
}

/// Items of a typed list name no kind.
fn as_item(object: &Value) -> Value {
    let mut item = object.clone();
    if let Some(fields) = item.as_object_mut() {
        fields.shift_remove("kind");
        fields.shift_remove("apiVersion");
    }
    item
}

/// Where a list is read on: the state that it began with, else today's, and the last object that was given.
fn token(version: Option<u64>, (namespace, name): &(String, String)) -> String {
    let version = version.map_or_else(|| "now".to_owned(), |version| version.to_string());
    format!("{version}/{namespace}/{name}")
}

fn place(token: &str) -> Option<(Option<u64>, (String, String))> {
    let mut parts = token.split('/');
    let version = match parts.next()? {
        "now" => None,
        version => Some(version.parse().ok()?),
    };
    let key = (parts.next()?.to_owned(), parts.next()?.to_owned());
    parts.next().is_none().then_some((version, key))
}
