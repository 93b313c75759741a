//! What somebody saved: `docker info --format json`, and `docker inspect` of images and containers.

use serde::Deserialize;
use serde_json::{Deserializer, Value};

use super::{Local, LocalContainer, LocalImage};

impl Local {
    /// Adds what a text of JSON documents holds, arrays of them included, and gives back why some could not
    /// be read.
    pub fn add_saved(&mut self, text: &str) -> Vec<String> {
        let mut complaints = Vec::new();
        for document in Deserializer::from_str(text).into_iter::<Value>() {
            match document {
                Ok(Value::Array(objects)) => {
                    complaints.extend(objects.into_iter().filter_map(|object| self.add(object)));
                }
                Ok(object) => complaints.extend(self.add(object)),
                Err(error) => {
                    complaints.push(format!(
                        "line {}, column {}: this is no JSON; give --format json to docker info, and nothing to inspect",
                        error.line(),
                        error.column()
                    ));
                    break;
                }
            }
        }
        complaints
    }

    fn add(&mut self, object: Value) -> Option<String> {
        let wrong =
            |what: &str, error: serde_json::Error| Some(format!("{what} cannot be read: {error}"));
        let has = |pointer: &str| object.pointer(pointer).is_some();
        if has("/State/Status") && has("/HostConfig") {
            match LocalContainer::deserialize(object) {
                Ok(container) => self.containers.push(container),
                Err(error) => return wrong("a container", error),
            }
        } else if has("/RepoTags") && has("/Os") {
            match LocalImage::deserialize(object) {
                Ok(image) => self.images.push(image),
                Err(error) => return wrong("an image", error),
            }
        } else if has("/ServerVersion") {
            self.info = Some(object.to_string());
        } else {
            return Some(
                "an object is no info, no image and no container, and was passed over".to_owned(),
            );
        }
        None
    }
}
