//! What an engine tells of its Swarm as it happens: nodes and services that come, change and go.

use http_body_util::BodyExt as _;
use serde::Deserialize;

use crate::engine::{Engine, Stream};
use crate::error::DockerError;

/// Events of nodes and services, as a query: `{"scope":["swarm"],"type":["node","service"]}`.
const FILTERS: &str =
    "%7B%22scope%22%3A%5B%22swarm%22%5D%2C%22type%22%3A%5B%22node%22%2C%22service%22%5D%7D";

/// The longest line that is read: an event carries names and few words.
const LONGEST: usize = 1024 * 1024;

/// Something that happened.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Event {
    /// `node`, `service`.
    #[serde(rename = "Type")]
    pub kind: String,
    /// `create`, `update`, `remove`.
    #[serde(rename = "Action")]
    pub action: String,
    /// Of what.
    #[serde(rename = "Actor")]
    pub actor: Actor,
    /// When, in nanoseconds since 1970.
    #[serde(rename = "timeNano")]
    pub at: u64,
}

/// What an event is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Actor {
    /// Its id.
    #[serde(rename = "ID")]
    pub id: String,
}

/// Events as they come. They end with this.
#[derive(Debug)]
pub struct Events {
    engine: Engine,
    stream: Stream,
    /// What came and is no whole line yet.
    rest: Vec<u8>,
}

impl Engine {
    /// The events of nodes and services from a moment on, in nanoseconds since 1970, else from now on. Of
    /// the past an engine knows no more than its latest few hundred, and nothing after it restarted: whoever
    /// begins to listen reads the Swarm as well.
    pub async fn events(&self, since: Option<u64>) -> Result<Events, DockerError> {
        let stream = self.stream(&path(since)).await?;
        Ok(Events {
            engine: self.clone(),
            stream,
            rest: Vec::new(),
        })
    }
}

impl Events {
    /// The next event; none: the engine has ended them. It may be waited for and given up at any time.
    pub async fn next(&mut self) -> Result<Option<Event>, DockerError> {
        loop {
            if let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.rest.drain(..=end).collect();
                if line.trim_ascii().is_empty() {
                    continue;
                }
                return serde_json::from_slice(&line)
                    .map(Some)
                    .map_err(|error| self.unreadable(&error.to_string()));
            }
            if self.rest.len() > LONGEST {
                return Err(self.unreadable("a line is longer than 1 MiB"));
            }
            match self.stream.body.frame().await {
                None => return Ok(None),
                Some(Err(error)) => return Err(self.engine.broken(&error)),
                Some(Ok(frame)) => {
                    if let Ok(bytes) = frame.into_data() {
                        self.rest.extend_from_slice(&bytes);
                    }
                }
            }
        }
    }

    fn unreadable(&self, reason: &str) -> DockerError {
        DockerError::Answer {
            endpoint: self.engine.name().to_owned(),
            what: "/events".to_owned(),
            reason: reason.to_owned(),
        }
    }
}

fn path(since: Option<u64>) -> String {
    const SECOND: u64 = 1_000_000_000;
    match since {
        None => format!("/events?filters={FILTERS}"),
        Some(at) => format!(
            "/events?since={}.{:09}&filters={FILTERS}",
            at / SECOND,
            at % SECOND
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_to_the_nanosecond() {
        let path = path(Some(1_700_000_000_000_000_007));
        assert!(path.starts_with("/events?since=1700000000.000000007&filters="));
    }

    #[test]
    fn an_event_as_an_engine_tells_it() {
        let line = r#"{"Type":"node","Action":"update","Actor":{"ID":"n1","Attributes":{"name":"win-a"}},"scope":"swarm","time":1,"timeNano":1000000002}"#;
        let event: Event = serde_json::from_str(line).unwrap();
        assert_eq!(
            (event.kind.as_str(), event.actor.id.as_str()),
            ("node", "n1")
        );
        assert_eq!(event.at, 1_000_000_002);
    }
}
