//! Watches: what happens to objects, told as it happens.

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Cluster;
use super::http::{Request, Response};
use super::kinds::Path;
use super::selector::Selector;
use super::status;
use super::store::{self, Happened, Store};

/// A watch on its connection.
struct Watch<'a> {
    path: &'a Path,
    selector: Selector,
    bookmarks: bool,
    /// Up to which version everything was told.
    told: u64,
}

/// Tells what happens until the client goes, or the time ends that it named.
pub(super) fn serve(stream: &mut TcpStream, cluster: &Cluster, path: &Path, request: &Request) {
    let selector = match store::selector(path, request) {
        Ok(selector) => selector,
        Err(refusal) => return refusal.write(stream, false),
    };
    let number = |name: &str| {
        request
            .query(name)
            .and_then(|text| text.parse::<u64>().ok())
    };
    let end = Instant::now() + Duration::from_secs(number("timeoutSeconds").unwrap_or(1800));
    let asked = number("resourceVersion").unwrap_or(0);
    let mut watch = Watch {
        path,
        selector,
        bookmarks: request.query("allowWatchBookmarks").as_deref() == Some("true"),
        told: asked,
    };
    if Response::begin_chunks(stream).is_err() {
        return;
    }
    let mut store = cluster.inner.store.lock().unwrap();
    let mut events = if asked == 0 {
        watch.everything(&store)
    } else {
        Vec::new()
    };
    loop {
        if watch.told < store.oldest {
            events = vec![event("ERROR", &status::too_old(watch.told, store.oldest))];
            drop(store);
            let _ = write(stream, &events);
            let _ = stream.write_all(b"0\r\n\r\n");
            return;
        }
        events.append(&mut watch.news(&store));
        drop(store);
        if write(stream, &events).is_err() {
            return;
        }
        events.clear();
        store = cluster.inner.store.lock().unwrap();
        while store.version == watch.told {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let _ = stream.write_all(b"0\r\n\r\n");
                return;
            }
            (store, _) = cluster.inner.changed.wait_timeout(store, left).unwrap();
        }
    }
}

fn event(kind: &str, object: &Value) -> Value {
    json!({"type": kind, "object": object})
}

fn write(stream: &mut TcpStream, events: &[Value]) -> std::io::Result<()> {
    for event in events {
        let line = format!("{event}\n");
        write!(stream, "{:x}\r\n{line}\r\n", line.len())?;
    }
    stream.flush()
}

impl Watch<'_> {
    /// All objects that there are.
    fn everything(&mut self, store: &Store) -> Vec<Value> {
        self.told = store.version;
        let objects = store.shelves.get(self.path.kind.name).into_iter().flatten();
        objects
            .filter(|((namespace, _), kept)| {
                self.here(namespace) && self.selector.selects(&kept.object)
            })
            .map(|(_, kept)| event("ADDED", &kept.object))
            .collect()
    }

    fn here(&self, namespace: &str) -> bool {
        self.path.namespace.is_empty() || self.path.namespace == namespace
    }

    /// What happened since; a bookmark where it was nothing of concern.
    fn news(&mut self, store: &Store) -> Vec<Value> {
        let news = store
            .log
            .iter()
            .filter(|happened| happened.version > self.told);
        let mut events: Vec<Value> = news.filter_map(|happened| self.tell(happened)).collect();
        if events.is_empty() && self.bookmarks && store.version > self.told {
            events.push(event("BOOKMARK", &json!({
                "kind": self.path.kind.name, "apiVersion": self.path.kind.api_version(),
                "metadata": {"resourceVersion": store.version.to_string(), "creationTimestamp": null},
            })));
        }
        self.told = store.version;
        events
    }

    fn tell(&self, happened: &Happened) -> Option<Value> {
        if happened.kind != self.path.kind || !self.here(&happened.namespace) {
            return None;
        }
        let before = happened
            .before
            .as_ref()
            .filter(|kept| self.selector.selects(&kept.object));
        let now = happened
            .now
            .as_ref()
            .filter(|kept| self.selector.selects(&kept.object));
        match (before, now) {
            (None, Some(now)) => Some(event("ADDED", &now.object)),
            (Some(_), Some(now)) => Some(event("MODIFIED", &now.object)),
            (Some(before), None) => {
                // What it was, at the version at which it went.
                let mut object = before.object.clone();
                object["metadata"]["resourceVersion"] = json!(happened.version.to_string());
                Some(event("DELETED", &object))
            }
            (None, None) => None,
        }
    }
}
