//! An object of whatever kind, read in one pass: `kubectl get nodes,pods,… -o json`, lists in lists, objects
//! one after another.

use std::fmt;

use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::{Event, Node, Pod, RuntimeClass, Workload, nothing_is_default};

/// Lists in lists are followed so far.
const DEEPEST: usize = 4;

/// A kind of object that owns pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Keeps so many pods, and replaces them step by step.
    Deployment,
    /// Keeps so many pods; mostly a Deployment's.
    ReplicaSet,
    /// What came before ReplicaSets.
    ReplicationController,
    /// Keeps so many pods, each with a name and volumes of its own.
    StatefulSet,
    /// A pod on every node that it admits.
    DaemonSet,
    /// Pods that run to their end.
    Job,
    /// Jobs by the clock.
    CronJob,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Deployment,
        Self::ReplicaSet,
        Self::ReplicationController,
        Self::StatefulSet,
        Self::DaemonSet,
        Self::Job,
        Self::CronJob,
    ];

    /// Its name in manifests.
    pub fn name(self) -> &'static str {
        match self {
            Self::Deployment => "Deployment",
            Self::ReplicaSet => "ReplicaSet",
            Self::ReplicationController => "ReplicationController",
            Self::StatefulSet => "StatefulSet",
            Self::DaemonSet => "DaemonSet",
            Self::Job => "Job",
            Self::CronJob => "CronJob",
        }
    }

    /// Reads the name in manifests.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Where the spec of its pods stands.
    pub fn pods_at(self) -> &'static str {
        match self {
            Self::CronJob => "spec.jobTemplate.spec.template.spec",
            _ => "spec.template.spec",
        }
    }
}

/// An object, as far as it decides of anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A node.
    Node(Node),
    /// A pod.
    Pod(Pod),
    /// What owns pods.
    Workload(Kind, Workload),
    /// An event.
    Event(Event),
    /// A RuntimeClass.
    Class(RuntimeClass),
    /// Another kind, by its name; the empty text: it names none.
    Other(String),
}

/// What takes objects as they are read.
pub(crate) trait Sink {
    /// An object was read.
    fn item(&mut self, item: Item);

    /// Each object of a list is to be read by itself, so that a broken one ends nothing but itself. That costs
    /// a second look at every byte.
    fn one_by_one(&self) -> bool;

    /// An object of a list that is read one by one cannot be read: its text, and its kind where the list tells.
    fn broken(&mut self, text: &str, kind: Option<&str>, error: &serde_json::Error);
}

/// Reads an object, or a list with all that is in it, and gives each object away as it is read.
pub(crate) struct Objects<'s, S> {
    /// The kind of what is read, where the list around it tells.
    kind: Option<String>,
    /// How many lists are around it.
    depth: usize,
    /// What takes the objects.
    sink: &'s mut S,
}

impl<'s, S: Sink> Objects<'s, S> {
    /// Reads the next value of a text.
    pub(crate) fn read<'de, D: Deserializer<'de>>(
        reader: D,
        sink: &'s mut S,
    ) -> Result<(), D::Error> {
        let objects = Self {
            kind: None,
            depth: 0,
            sink,
        };
        objects.deserialize(reader)
    }

    /// Reads an object of the list that this one reads.
    fn of_list(&mut self) -> Objects<'_, S> {
        Objects {
            kind: self.kind.clone(),
            depth: self.depth + 1,
            sink: &mut *self.sink,
        }
    }
}

impl<'de, S: Sink> DeserializeSeed<'de> for Objects<'_, S> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, S: Sink> Visitor<'de> for Objects<'_, S> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a Kubernetes object")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        if self.depth >= DEEPEST {
            return Err(A::Error::custom("lists in lists in lists"));
        }
        while self.sink.one_by_one() {
            let Some(raw) = items.next_element::<&'de RawValue>()? else {
                return Ok(());
            };
            let mut reader = serde_json::Deserializer::from_str(raw.get());
            if let Err(error) = self.of_list().deserialize(&mut reader) {
                self.sink.broken(raw.get(), self.kind.as_deref(), &error);
            }
        }
        while items.next_element_seed(self.of_list())?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut built = self
            .kind
            .as_deref()
            .map_or(Built::Not(Vec::new()), Built::of);
        while let Some(key) = map.next_key::<String>()? {
            if key == "kind" {
                let kind: Option<String> = map.next_value()?;
                built = built
                    .named(&kind.unwrap_or_default())
                    .map_err(A::Error::custom)?;
            } else if key == "items" && built.may_be_list() {
                let objects = Objects {
                    kind: built.items_kind(),
                    depth: self.depth,
                    sink: &mut *self.sink,
                };
                map.next_value_seed(objects)?;
                built = built.into_list();
            } else {
                built.take(key, &mut map)?;
            }
        }
        if let Some(item) = built.done() {
            self.sink.item(item);
        }
        Ok(())
    }
}

/// An object while it is read.
enum Built {
    /// Nothing says yet what it is; its parts wait.
    Not(Vec<(String, Box<RawValue>)>),
    /// A list, whose objects are given away already; of objects of this kind, where it tells.
    List(Option<String>),
    /// One of a kind that is known.
    Item(Box<Item>),
}

impl Built {
    fn of(kind: &str) -> Self {
        if let Some(items) = kind.strip_suffix("List") {
            return Self::List(Some(items.to_owned()).filter(|items| !items.is_empty()));
        }
        Self::Item(Box::new(match kind {
            "Node" => Item::Node(Node::default()),
            "Pod" => Item::Pod(Pod::default()),
            "Event" => Item::Event(Event::default()),
            "RuntimeClass" => Item::Class(RuntimeClass::default()),
            other => Kind::parse(other).map_or_else(
                || Item::Other(other.to_owned()),
                |kind| Item::Workload(kind, Workload::default()),
            ),
        }))
    }

    fn may_be_list(&self) -> bool {
        matches!(self, Self::Not(_) | Self::List(_))
    }

    fn items_kind(&self) -> Option<String> {
        match self {
            Self::List(kind) => kind.clone(),
            _ => None,
        }
    }

    fn into_list(self) -> Self {
        match self {
            Self::List(kind) => Self::List(kind),
            _ => Self::List(None),
        }
    }

    /// The object's kind is told. What waited for it is read.
    fn named(self, kind: &str) -> Result<Self, serde_json::Error> {
        match self {
            Self::Not(waiting) => {
                let mut built = Self::of(kind);
                for (key, part) in waiting {
                    // A map of one key, as the parts come.
                    let text = format!("{{{}:{}}}", serde_json::Value::String(key), part.get());
                    let mut reader = serde_json::Deserializer::from_str(&text);
                    let one = One(&mut built);
                    one.deserialize(&mut reader)?;
                }
                Ok(built)
            }
            // The items, which `kubectl get` writes before the kind, are read already.
            other => Ok(other),
        }
    }

    fn take<'de, A: MapAccess<'de>>(&mut self, key: String, map: &mut A) -> Result<(), A::Error> {
        let item = match self {
            Self::Not(waiting) => {
                // Which API it is of decides nothing that its kind does not.
                if key == "apiVersion" {
                    map.next_value::<IgnoredAny>()?;
                } else {
                    waiting.push((key, map.next_value()?));
                }
                return Ok(());
            }
            Self::List(_) => {
                map.next_value::<IgnoredAny>()?;
                return Ok(());
            }
            Self::Item(item) => &mut **item,
        };
        match item {
            Item::Node(node) => match key.as_str() {
                "metadata" => node.metadata = value(map)?,
                "spec" => node.spec = value(map)?,
                "status" => node.status = value(map)?,
                _ => ignored(map)?,
            },
            Item::Pod(pod) => match key.as_str() {
                "metadata" => pod.metadata = value(map)?,
                "spec" => pod.spec = value(map)?,
                "status" => pod.status = value(map)?,
                _ => ignored(map)?,
            },
            Item::Workload(_, workload) => match key.as_str() {
                "metadata" => workload.metadata = value(map)?,
                "spec" => workload.spec = value(map)?,
                "status" => workload.status = value(map)?,
                _ => ignored(map)?,
            },
            Item::Class(class) => match key.as_str() {
                "metadata" => class.metadata = value(map)?,
                "handler" => class.handler = value(map)?,
                "scheduling" => class.scheduling = value(map)?,
                _ => ignored(map)?,
            },
            Item::Event(event) => match key.as_str() {
                "involvedObject" => event.involved_object = value(map)?,
                "reason" => event.reason = value(map)?,
                "message" => event.message = value(map)?,
                "type" => event.kind = value(map)?,
                "count" => event.count = value(map)?,
                "lastTimestamp" => event.last_timestamp = value(map)?,
                "eventTime" => event.event_time = value(map)?,
                "source" => event.source = value(map)?,
                _ => ignored(map)?,
            },
            Item::Other(_) => ignored(map)?,
        }
        Ok(())
    }

    fn done(self) -> Option<Item> {
        match self {
            Self::List(_) => None,
            Self::Not(_) => Some(Item::Other(String::new())),
            Self::Item(item) => Some(*item),
        }
    }
}

fn value<'de, A, T>(map: &mut A) -> Result<T, A::Error>
where
    A: MapAccess<'de>,
    T: Default + Deserialize<'de>,
{
    struct Seed<T>(std::marker::PhantomData<T>);
    impl<'de, T: Default + Deserialize<'de>> DeserializeSeed<'de> for Seed<T> {
        type Value = T;
        fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
            nothing_is_default(deserializer)
        }
    }
    map.next_value_seed(Seed(std::marker::PhantomData))
}

fn ignored<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    map.next_value::<IgnoredAny>().map(|_| ())
}

/// Reads one part that waited.
struct One<'b>(&'b mut Built);

impl<'de> DeserializeSeed<'de> for One<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for One<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a part of a Kubernetes object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            self.0.take(key, &mut map)?;
        }
        Ok(())
    }
}
