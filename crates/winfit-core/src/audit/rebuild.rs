//! Another base for an image: its own name and tag stay, but for what names the release.

use crate::change::Change;
use crate::finding::Origin;
use crate::fleet::Orchestrator;
use crate::host::{Isolation, Kind, Os};
use crate::image::NamedImage;
use crate::reason::windows_name;
use crate::recommend::{is_pinned, on_build};
use crate::reference::{Base, Reference};
use crate::remedy::{Command, Remedy, RemedyKind, Safety, Shell, Situation, retagged};

use super::ground::{Ground, Outcome, as_judged};
use super::place::{Spot, Use};
use super::words;

/// Hosts that an image is to run on, and how.
pub(super) struct Hosts<'h> {
    /// Which members.
    pub(super) at: &'h [usize],
    /// Who places it on them.
    pub(super) orchestrator: Orchestrator,
    /// The isolation asked for.
    pub(super) asked: Option<Isolation>,
}

/// An image, and the file that names it.
#[derive(Clone, Copy)]
pub(super) struct Written<'n> {
    /// The image.
    pub(super) named: &'n NamedImage,
    /// Where it is stated.
    pub(super) origin: &'n Origin,
    /// It stands in a build file's FROM, not in a manifest's or Compose file's `image:`.
    pub(super) in_build_file: bool,
}

impl<'a> Use<'a> {
    /// The image whose version decides, as it is written.
    pub(super) fn written(&self) -> Option<Written<'a>> {
        self.decisive.map(|(named, origin)| Written {
            named,
            origin,
            in_build_file: self.is_built(),
        })
    }
}

impl<'a> Spot<'a> {
    /// The base image that runs on all of the hosts.
    pub(super) fn other_base(&self, ground: &Ground<'a>, found: &Use<'a>) -> Option<Remedy> {
        let hosts = Hosts {
            at: &self.candidates,
            orchestrator: self.workload.orchestrator,
            asked: self.asked,
        };
        other_base(ground, found.written()?, &hosts)
    }
}

/// The base image that runs on all of these hosts.
pub(super) fn other_base(
    ground: &Ground<'_>,
    written: Written<'_>,
    hosts: &Hosts<'_>,
) -> Option<Remedy> {
    let named = written.named;
    let own = named
        .image
        .version
        .filter(|_| named.image.os == Os::Windows)?;
    let base = named.base.unwrap_or(Base::Servercore);
    let tag = ground.tag_for_all(hosts.at, hosts.orchestrator, base, hosts.asked)?;
    if tag.build == own.build {
        return None;
    }
    let whom = match words::builds(ground.members(hosts.at)) {
        one if !one.contains(',') && !one.contains(' ') => "its hosts",
        _ => "all of its hosts",
    };
    let pinned = written.pinned_on(ground, tag.build, hosts);
    let tags: Vec<&str> = pinned.iter().map(String::as_str).chain([tag.tag]).collect();
    written.on(ground, tag.build, &tags, Some(tag.tag), whom)
}

/// The base image that one host runs, of the host's own release where only patches differ.
pub(super) fn base_of_host(
    ground: &Ground<'_>,
    written: Written<'_>,
    situation: &Situation<'_>,
    host: &str,
) -> Option<Remedy> {
    // Under the other isolation the file would have to say that as well.
    let (advice, _) = situation
        .rebuilt()
        .filter(|(_, isolation)| *isolation == situation.isolation())?;
    let floating = Some(advice.floating.as_str()).filter(|_| advice.floating_answer.runs());
    let mut tags = advice.tags_for_from();
    // As it is pinned now, so it is pinned then.
    let pin = advice.pinned.as_ref();
    let alike = match written.named.kb {
        Some(_) => pin.and_then(|pin| pin.kb_tag.as_deref()),
        None => pin.map(|pin| pin.exact_tag.as_str()),
    };
    if let Some(at) = tags.iter().position(|tag| Some(*tag) == alike)
        && is_pinned(written.named)
    {
        tags[..=at].rotate_right(1);
    }
    written.on(ground, advice.build, &tags, floating, host)
}

/// Derived images of which every release has a tag (`tags.tsv`): Microsoft's own of today, and the
/// official images of Docker Hub.
fn is_vouched_for(reference: &Reference) -> bool {
    match reference.registry.as_deref() {
        Some("mcr.microsoft.com") => true,
        None | Some("docker.io") => !reference.repository.contains('/'),
        Some(_) => false,
    }
}

impl Written<'_> {
    /// The tag of a build that pins as the image's own tag does, where the image of it runs on all of
    /// these hosts.
    fn pinned_on(self, ground: &Ground<'_>, build: u16, hosts: &Hosts<'_>) -> Option<String> {
        if !is_pinned(self.named) {
            return None;
        }
        let reference = on_build(ground.catalog, self.named, build)?;
        let image = NamedImage::read_reference(ground.catalog, &reference.to_string()).ok()?;
        let runs = |at: &usize| {
            let host = as_judged(&ground.member(*at).host, hosts.orchestrator);
            host.os != Os::Windows
                || ground.outcome(&host, &image.image, hosts.asked) == Outcome::Runs
        };
        hosts.at.iter().all(runs).then_some(reference.tag)?
    }

    /// The same image on another base. A derived image has no tags but floating ones.
    fn on(
        self,
        ground: &Ground<'_>,
        build: u16,
        tags: &[&str],
        floating: Option<&str>,
        whom: &str,
    ) -> Option<Remedy> {
        let named = self.named;
        let windows = words::release(ground.catalog, build);
        let derived = floating.filter(|_| !named.is_base);
        let (title, in_build_file, references) =
            if let Some(reference) = derived.and_then(|tag| retagged(named, tag)) {
                let name = windows_name(ground.catalog, build, Kind::Server);
                (
                    format!("take its {name} tag, if it has one; that runs on {whom}"),
                    self.in_build_file,
                    vec![reference.to_string()],
                )
            } else if named.is_base {
                let references = tags.iter().filter_map(|tag| retagged(named, tag));
                let take = if self.in_build_file {
                    "build it on"
                } else {
                    "take the image of"
                };
                (
                    format!("{take} {windows}, which runs on {whom}"),
                    self.in_build_file,
                    references.map(|found| found.to_string()).collect(),
                )
            } else {
                // Where its base is not known, the line to write is not known either.
                let repository = named.base?.repository();
                let references = tags.iter().map(|tag| format!("{repository}:{tag}"));
                (
                    format!("build it on {windows}, which runs on {whom}"),
                    true,
                    references.collect(),
                )
            };
        let title = if references.len() > 1 {
            format!("{title}, one of")
        } else {
            title
        };
        let old = named.reference.as_ref();
        let rewritten = named.is_base || in_build_file == self.in_build_file;
        let diff = old
            .filter(|_| rewritten)
            .zip(references.first())
            .map(|(old, new)| format!("-{old}\n+{new}\n"));
        // Whether a derived image has the other tag only its registry knows.
        let vouched = named.is_base || old.is_some_and(is_vouched_for);
        let changes = old
            .filter(|old| rewritten && vouched && old.digest.is_none())
            .zip(references.first())
            .map(|(_, new)| Change::Text {
                at: self.origin.clone(),
                old: named.text.clone(),
                new: new.clone(),
            });
        let commands: Vec<Command> = references
            .iter()
            .map(|reference| {
                if in_build_file {
                    (Shell::Dockerfile, format!("FROM {reference}"))
                } else {
                    (Shell::Yaml, format!("image: {reference}"))
                }
            })
            .map(|(shell, text)| Command { shell, text })
            .collect();
        (!commands.is_empty()).then_some(Remedy {
            kind: RemedyKind::Rebuild,
            title,
            safety: Safety::Unsafe,
            commands,
            diff,
            changes: changes.into_iter().collect(),
        })
    }
}
