//! What an engine does at pull, as people read it.

use super::{Authority, Pair, RenderedReason};
use crate::rules::engines::{Pull, PullReason, accepted};
use crate::verdict::Answer;

impl Pair<'_> {
    /// What the engine does and why, in words.
    pub fn render_pull(&self, pull: &Pull) -> Vec<RenderedReason> {
        let engine = self
            .host
            .engine
            .map_or_else(String::new, |engine| engine.in_words());
        let (host, image) = (self.host_build(), self.image_build());
        let (row, message) = match pull.reason {
            PullReason::Rule { row } => {
                let rule = &self.catalog.engines[usize::from(row)];
                let verb = if pull.answer == Answer::Yes {
                    "pulls"
                } else {
                    "refuses to pull"
                };
                (
                    Some(rule),
                    format!(
                        "{engine} {verb} image {image} on host {host}: its rule ({}) takes {}",
                        rule.generation.name(),
                        builds_in_words(&accepted(
                            rule.generation,
                            self.host.version.map_or(0, |version| version.build)
                        ))
                    ),
                )
            }
            PullReason::NoOsVersion { row } => {
                let rule = &self.catalog.engines[usize::from(row)];
                let verb = if rule.empty_matches {
                    "pulls an image that states no version"
                } else {
                    "refuses an image that states no version"
                };
                (Some(rule), format!("{engine} {verb}"))
            }
            PullReason::SingleManifest { row } => (
                Some(&self.catalog.engines[usize::from(row)]),
                format!(
                    "{engine} pulls image {image} on host {host}: the tag names a single manifest, whose platform it does not check"
                ),
            ),
            PullReason::EngineNotInTable => {
                let nearest = self
                    .host
                    .engine
                    .and_then(|engine| engine.nearest(self.catalog));
                let nearest = nearest.map_or_else(String::new, |row| {
                    let version = if self
                        .host
                        .engine
                        .is_some_and(|engine| engine.version < row.from)
                    {
                        row.from
                    } else {
                        row.to
                    };
                    format!(
                        "; the nearest known is {version}, with rule {}",
                        row.generation.name()
                    )
                });
                (
                    None,
                    format!("winfit does not know which rule {engine} carries{nearest}"),
                )
            }
            PullReason::HostVersionUnknown => {
                (None, "nothing states the host's Windows version".to_owned())
            }
            PullReason::OtherPlatform => (
                None,
                format!("{engine} finds nothing for this host's platform in the image"),
            ),
        };
        vec![RenderedReason {
            rule: "engine-pull",
            authority: Authority::Engine,
            message,
            source: row.map_or_else(
                || "winfit catalog engines".to_owned(),
                |rule| rule.source.to_owned(),
            ),
        }]
    }
}

/// The builds that an engine accepts, in words.
pub(crate) fn builds_in_words(builds: &std::ops::RangeInclusive<u16>) -> String {
    match (*builds.start(), *builds.end()) {
        (from, to) if from == to => format!("only {to} here"),
        (0, to) => format!("any build up to {to} here"),
        (from, to) => format!("builds {from} to {to} here"),
    }
}
