//! One service of one file: from a YAML node to a layer.

use std::path::{Component, Path, PathBuf};

use winfit_core::finding::{Located, Origin};
use winfit_core::version::quote_for_error;

use super::env_file::Env;
use super::interpolate::substitute;
use super::layer::{
    BuildLayer, Context, DeployLayer, Extends, PlacementLayer, ServiceLayer, Slot, Text,
};
use crate::problem::Problem;
use crate::source::Source;
use crate::yaml::Node;

/// A file, while it is read.
pub(super) struct File<'f> {
    pub(super) source: &'f Source,
    pub(super) env: &'f Env,
    /// The folder from which its relative paths go.
    pub(super) folder: &'f Path,
    /// Version 1: services at the root, `dockerfile` beside `build`.
    pub(super) first_version: bool,
}

/// What a node is, for sentences.
pub(super) fn in_words(node: Node<'_, '_>) -> &'static str {
    if node.is_mapping() {
        "a mapping"
    } else if node.is_sequence() {
        "a list"
    } else if node.is_null() {
        "empty"
    } else if node.is_string() {
        "a string"
    } else {
        "a number or a truth value"
    }
}

/// A value of a type that Compose refuses.
pub(super) fn wrong_type(
    source: &Source,
    node: Node<'_, '_>,
    what: &str,
    expected: &str,
) -> Problem {
    Problem::error(
        "wrong-type",
        origin(source, node),
        format!(
            "`{what}` is {}, and Compose expects {expected}",
            in_words(node)
        ),
    )
    .label(format!("{expected} belongs here"))
}

/// Where a node stands; an alias stands where its anchor does.
pub(super) fn origin(source: &Source, node: Node<'_, '_>) -> Origin {
    let span = node.resolved().span();
    source.origin(span.start, span.end)
}

/// What the tag of a node makes of its value.
fn slot<T>(node: Node<'_, '_>, read: impl FnOnce(Node<'_, '_>) -> Option<T>) -> Slot<T> {
    match node.tag() {
        Some("reset") => Slot::Reset,
        Some("override") => read(node).map_or(Slot::Reset, Slot::Override),
        _ if node.is_null() => Slot::Absent,
        _ => read(node).map_or(Slot::Absent, Slot::Set),
    }
}

/// The value behind a key, as its tag has it.
fn slot_of<T>(
    node: Node<'_, '_>,
    key: &str,
    read: impl FnOnce(Node<'_, '_>) -> Option<T>,
) -> Slot<T> {
    node.get(key)
        .map_or(Slot::Absent, |value| slot(value, read))
}

impl File<'_> {
    /// Reads a service.
    pub(super) fn service(
        &self,
        name: Node<'_, '_>,
        node: Node<'_, '_>,
        problems: &mut Vec<Problem>,
    ) -> ServiceLayer {
        let place = origin(self.source, name);
        let name = name.as_str().unwrap_or_default().to_owned();
        let mut layer = ServiceLayer::named(Located::new(name, place));
        if node.is_null() {
            return layer;
        }
        if !node.is_mapping() {
            let what = format!("services.{}", quote_for_error(&layer.name.value));
            problems.push(wrong_type(self.source, node, &what, "a mapping"));
            return layer;
        }
        self.fill(&mut layer, node, problems);
        layer
    }

    /// Reads into a service what a mapping says of it.
    pub(super) fn fill(
        &self,
        layer: &mut ServiceLayer,
        node: Node<'_, '_>,
        problems: &mut Vec<Problem>,
    ) {
        layer.image = slot_of(node, "image", |value| self.text(value, "image", problems));
        layer.isolation = slot_of(node, "isolation", |value| {
            self.text(value, "isolation", problems)
        });
        layer.platform = slot_of(node, "platform", |value| {
            self.text(value, "platform", problems)
        });
        layer.scale = slot_of(node, "scale", |value| self.number(value, "scale", problems));
        layer.deploy = slot_of(node, "deploy", |value| self.deploy(value, problems));
        let place = node
            .entry("build")
            .map(|entry| origin(self.source, entry.key));
        layer.build = slot_of(node, "build", |value| self.build(value, place?, problems));
        if self.first_version
            && let Slot::Set(build) = &mut layer.build
        {
            build.dockerfile = slot_of(node, "dockerfile", |value| {
                self.text(value, "dockerfile", problems)
            });
        }
        layer.extends = node
            .get("extends")
            .and_then(|value| self.extends(value, problems));
    }

    /// A scalar after substitution. A number is refused by Compose and read all the same.
    pub(super) fn text(
        &self,
        node: Node<'_, '_>,
        what: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<Text> {
        if !node.is_string() {
            problems.push(wrong_type(self.source, node, what, "a string"));
        }
        self.scalar(node, problems)
    }

    /// A number, or a string that holds one.
    fn number(&self, node: Node<'_, '_>, what: &str, problems: &mut Vec<Problem>) -> Option<Text> {
        let text = self.scalar(node, problems);
        let fits = text.as_ref().is_some_and(|text| {
            text.value
                .as_ref()
                .is_none_or(|value| value.trim().parse::<u32>().is_ok())
        });
        if !fits {
            problems.push(wrong_type(self.source, node, what, "a whole number"));
            return None;
        }
        text
    }

    fn scalar(&self, node: Node<'_, '_>, problems: &mut Vec<Problem>) -> Option<Text> {
        let written = node.as_str()?;
        let place = origin(self.source, node);
        let substituted = match substitute(written, self.env) {
            Ok(substituted) => substituted,
            Err(malformed) => {
                let place = self.inside(node, written, &malformed.at).unwrap_or(place);
                let problem = Problem::error(
                    "broken-file",
                    place,
                    format!(
                        "this {}, and Compose refuses the file; `$$` stands for a dollar sign",
                        malformed.what
                    ),
                );
                problems.push(problem);
                return None;
            }
        };
        Some(Text {
            written: written.to_owned(),
            value: substituted.text,
            unresolved: substituted.unresolved,
            origin: place,
        })
    }

    /// A piece of a scalar's text, where the file spells it as it is.
    fn inside(
        &self,
        node: Node<'_, '_>,
        text: &str,
        piece: &std::ops::Range<usize>,
    ) -> Option<Origin> {
        let span = node.resolved().span();
        let written = self.source.text.get(span.clone())?;
        let skipped = (0..2).find(|skip| {
            written
                .get(*skip..)
                .is_some_and(|from| from.starts_with(text))
        })?;
        let start = span.start + skipped;
        Some(self.source.origin(start + piece.start, start + piece.end))
    }

    fn deploy(&self, node: Node<'_, '_>, problems: &mut Vec<Problem>) -> Option<DeployLayer> {
        if !node.is_mapping() {
            problems.push(wrong_type(self.source, node, "deploy", "a mapping"));
            return None;
        }
        Some(DeployLayer {
            placement: slot_of(node, "placement", |value| self.placement(value, problems)),
            mode: slot_of(node, "mode", |value| {
                self.text(value, "deploy.mode", problems)
            }),
            replicas: slot_of(node, "replicas", |value| {
                self.number(value, "deploy.replicas", problems)
            }),
            origin: origin(self.source, node),
        })
    }

    fn placement(&self, node: Node<'_, '_>, problems: &mut Vec<Problem>) -> Option<PlacementLayer> {
        if !node.is_mapping() {
            let what = "deploy.placement";
            problems.push(wrong_type(self.source, node, what, "a mapping"));
            return None;
        }
        let what = "deploy.placement.constraints";
        let constraints = slot_of(node, "constraints", |value| {
            if value.is_sequence() {
                let mut found = Vec::new();
                for element in value.elements() {
                    found.extend(self.text(element, what, problems));
                }
                return Some(found);
            }
            problems.push(wrong_type(
                self.source,
                value,
                what,
                "a list of strings like `- node.platform.os == windows`",
            ));
            // What a person meant by a single string is clear.
            value
                .as_str()
                .and_then(|_| self.scalar(value, problems))
                .map(|text| vec![text])
        });
        Some(PlacementLayer { constraints })
    }

    fn build(
        &self,
        node: Node<'_, '_>,
        place: Origin,
        problems: &mut Vec<Problem>,
    ) -> Option<BuildLayer> {
        let mut build = BuildLayer {
            context: Slot::Absent,
            dockerfile: Slot::Absent,
            inline: Slot::Absent,
            target: Slot::Absent,
            isolation: Slot::Absent,
            args: Slot::Absent,
            folder: self.folder.to_owned(),
            origin: place,
        };
        if node.is_mapping() {
            build.context = slot_of(node, "context", |value| {
                self.context(value, "build.context", problems)
            });
            build.dockerfile = slot_of(node, "dockerfile", |value| {
                self.text(value, "build.dockerfile", problems)
            });
            build.inline = slot_of(node, "dockerfile_inline", |value| {
                self.text(value, "build.dockerfile_inline", problems)
            });
            build.target = slot_of(node, "target", |value| {
                self.text(value, "build.target", problems)
            });
            build.isolation = slot_of(node, "isolation", |value| {
                self.text(value, "build.isolation", problems)
            });
            build.args = slot_of(node, "args", |value| self.args(value, problems));
        } else if node.is_sequence() {
            let expected = "a folder or a mapping";
            problems.push(wrong_type(self.source, node, "build", expected));
            return None;
        } else {
            build.context = Slot::Set(self.context(node, "build", problems)?);
        }
        Some(build)
    }

    fn context(
        &self,
        node: Node<'_, '_>,
        what: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<Context> {
        let text = self.text(node, what, problems)?;
        Some(match text.value {
            Some(value) if !is_remote(&value) => Context::Folder(join(self.folder, &value)),
            _ => Context::Elsewhere,
        })
    }

    fn args(
        &self,
        node: Node<'_, '_>,
        problems: &mut Vec<Problem>,
    ) -> Option<Vec<(String, Option<String>)>> {
        let mut found = Vec::new();
        if node.is_mapping() {
            for entry in node.entries() {
                let Some(name) = entry.key.as_str() else {
                    continue;
                };
                // Without a value it takes that of the environment, where that has one.
                if entry.value.is_null() {
                    continue;
                }
                match self.scalar(entry.value, problems) {
                    Some(text) => found.push((name.to_owned(), text.value)),
                    None if entry.value.as_str().is_none() => {
                        let what = format!("build.args.{}", quote_for_error(name));
                        problems.push(wrong_type(self.source, entry.value, &what, "a string"));
                    }
                    None => {}
                }
            }
        } else if node.is_sequence() {
            for element in node.elements() {
                let Some(text) = self.text(element, "build.args", problems) else {
                    continue;
                };
                if let Some((name, value)) = text.value.as_deref().and_then(|v| v.split_once('=')) {
                    found.push((name.to_owned(), Some(value.to_owned())));
                } else if text.value.is_none()
                    && let Some((name, _)) = text.written.split_once('=')
                {
                    found.push((name.to_owned(), None));
                }
            }
        } else {
            let expected = "a mapping or a list of `NAME=value`";
            problems.push(wrong_type(self.source, node, "build.args", expected));
            return None;
        }
        Some(found)
    }

    fn extends(&self, node: Node<'_, '_>, problems: &mut Vec<Problem>) -> Option<Extends> {
        if node.is_null() || node.tag() == Some("reset") {
            return None;
        }
        if node.is_sequence() {
            let expected = "the name of a service, or a mapping with `service`";
            problems.push(wrong_type(self.source, node, "extends", expected));
            return None;
        }
        let (service, file) = if node.is_mapping() {
            let Some(service) = node.get("service").filter(|value| !value.is_null()) else {
                let place = origin(self.source, node);
                let message = "`extends` names no service, and Compose refuses the file";
                problems.push(Problem::error("broken-file", place, message));
                return None;
            };
            let service = self.text(service, "extends.service", problems)?;
            let file = match node.get("file").filter(|value| !value.is_null()) {
                Some(value) => {
                    let file = self.text(value, "extends.file", problems)?;
                    Some(Located::new(file.value?, origin(self.source, value)))
                }
                None => None,
            };
            (service, file)
        } else {
            (self.text(node, "extends", problems)?, None)
        };
        Some(Extends {
            service: service.value?,
            file,
            origin: origin(self.source, node),
        })
    }
}

/// Whether a path is none of this repository: a Git reference or a URL (compose-go,
/// `isRemoteContext`).
pub(super) fn is_remote(path: &str) -> bool {
    path.contains("://")
        || ["github.com/", "git@", "service:"]
            .iter()
            .any(|prefix| path.starts_with(prefix))
}

/// A path of a Compose file from its folder, without `.` and without `..` where that is possible.
/// Backslashes separate on every system: the files are written for Windows.
pub(super) fn join(folder: &Path, path: &str) -> PathBuf {
    let path = path.replace('\\', "/");
    let drive = path
        .as_bytes()
        .get(..2)
        .is_some_and(|start| start[0].is_ascii_alphabetic() && start[1] == b':');
    let joined = if drive {
        PathBuf::from(path)
    } else {
        folder.join(path)
    };
    normalise(&joined)
}

/// The path without `.` and without `..` where that is possible.
pub(super) fn normalise(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir
                if matches!(out.components().next_back(), Some(Component::Normal(_))) =>
            {
                out.pop();
            }
            _ => out.push(part),
        }
    }
    out
}

/// A key for whatever people want to keep: `x-common`.
pub(super) fn is_extension(key: Node<'_, '_>) -> bool {
    key.as_str().is_none_or(|key| key.starts_with("x-"))
}
