//! Remedies on the image's side: another base, the other isolation.

use super::{Command, Remedy, RemedyKind, Safety, Shell, Situation, docker_run};
use crate::host::{Isolation, Kind, Os};
use crate::image::NamedImage;
use crate::reason::windows_name;
use crate::recommend::{TagAdvice, advise};
use crate::reference::{Base, Home, Reference};
use crate::verdict::Answer;

impl Situation<'_> {
    /// The build whose images suit the host best: its own, else the newest below that runs; one that
    /// is still supported before one that is not.
    fn best_base(&self, isolation: Isolation) -> Option<TagAdvice> {
        let host_build = self.host.version?.build;
        // Of a host that may be a server or a client, a base must suit both, each in its default.
        let (hosts, isolation) = match self.host.effective_kind(self.catalog) {
            Kind::Unknown => (
                vec![
                    self.host.with_kind(Kind::Server),
                    self.host.with_kind(Kind::Client),
                ],
                self.asked,
            ),
            _ => (vec![*self.host], Some(isolation)),
        };
        let base = self.image.base.unwrap_or(Base::Servercore);
        let mut builds: Vec<u16> = self
            .catalog
            .releases
            .iter()
            .filter(|release| {
                release.build <= host_build && release.base_images.contains(&base.name())
            })
            .map(|release| release.build)
            .collect();
        builds.sort_unstable_by(|a, b| b.cmp(a));
        builds.dedup();
        let fitting: Vec<TagAdvice> = builds
            .into_iter()
            .filter_map(|build| advise(self.catalog, &hosts, base, build, isolation))
            .filter(|advice| advice.answer().runs())
            .collect();
        let supported = |advice: &&TagAdvice| {
            advice.support_end.is_none_or(|end| end >= self.today) || advice.build == host_build
        };
        fitting
            .iter()
            .find(supported)
            .or_else(|| fitting.first())
            .cloned()
    }

    /// The base that the image should have, and the isolation under which it runs then.
    pub(crate) fn rebuilt(&self) -> Option<(TagAdvice, Isolation)> {
        if self.image.image.os != Os::Windows || self.host.os != Os::Windows {
            return None;
        }
        let asked = self.isolation();
        // A base that needs the other isolation is still an answer.
        let other = || {
            // Where the other isolation runs the image as it is, nothing need be rebuilt for it.
            if self.verdict.answers.of(asked.other()).answer.runs() {
                return None;
            }
            let base = self.best_base(asked.other())?;
            Some((base, asked.other()))
        };
        let (advice, isolation) = self
            .best_base(asked)
            .map(|base| (base, asked))
            .or_else(other)?;
        let unsettled = self.verdict.answers.of(isolation).answer == Answer::Unknown
            && self.image.image.version.is_some_and(|image| {
                image.build == advice.build
                    && (image.revision.is_none() || self.image.image.revision_inferred)
            });
        // The same base again settles nothing.
        let differs = !unsettled && advice_differs(self.image, &advice);
        differs.then_some((advice, isolation))
    }

    /// The same image rebuilt or retagged on the right base.
    pub(super) fn rebuild(&self, found: &mut Vec<Remedy>) {
        let asked = self.isolation();
        let Some((advice, isolation)) = self.rebuilt() else {
            return;
        };
        let of_base = |tag: &str| retagged(self.image, tag).filter(|_| self.image.is_base);
        let references: Vec<String> = advice
            .tags_for_from()
            .into_iter()
            .map(|tag| {
                of_base(tag).map_or_else(
                    || format!("{}:{tag}", advice.base.repository()),
                    |reference| reference.to_string(),
                )
            })
            .collect();
        let derived_retag = retagged(self.image, &advice.floating)
            .filter(|_| !self.image.is_base && advice.floating_answer.runs());
        let mut commands: Vec<Command> = references
            .iter()
            .map(|reference| Command {
                shell: Shell::Dockerfile,
                text: format!("FROM {reference}"),
            })
            .collect();
        let name = windows_name(self.catalog, advice.build, Kind::Server);
        let title = if self.image.is_base {
            if self.host.version.map(|version| version.build) == Some(advice.build) {
                "build it on the host's release".to_owned()
            } else {
                format!("build it on {name}, which this host runs")
            }
        } else if let Some(retagged) = &derived_retag {
            commands.insert(
                0,
                Command {
                    shell: Shell::Any,
                    text: format!("docker pull {retagged}"),
                },
            );
            format!("take its {name} tag, if it has one, or rebuild it")
        } else {
            format!("rebuild it on {name}")
        };
        let title = if isolation == asked {
            title
        } else {
            format!("{title}, and run it with --isolation={}", isolation.name())
        };
        let title = if commands.len() > 1 && derived_retag.is_none() {
            format!("{title}, one of")
        } else {
            title
        };
        let diff = self
            .image
            .reference
            .as_ref()
            .filter(|_| self.image.is_base)
            .zip(references.first())
            .map(|(old, new)| format!("-FROM {old}\n+FROM {new}\n"));
        found.push(Remedy {
            kind: RemedyKind::Rebuild,
            title,
            safety: Safety::Unsafe,
            commands,
            diff,
            changes: Vec::new(),
        });
    }

    /// The other isolation, where it runs.
    pub(super) fn isolate(&self, found: &mut Vec<Remedy>) {
        let other = self.isolation().other();
        if self.pod || !self.verdict.answers.of(other).answer.runs() || self.verdict.pull_refused()
        {
            return;
        }
        let newer_image = self.builds().is_some_and(|(host, image)| image > host);
        if newer_image {
            return;
        }
        let image = self.image.text.as_str();
        let flag = format!("--isolation={}", other.name());
        let commands = if self.image.reference.is_none() {
            docker_run(&flag, "IMAGE")
        } else {
            docker_run(&flag, image)
        };
        let title = match other {
            Isolation::Hyperv => {
                "isolate it with Hyper-V (the host needs it; a virtual machine needs nested virtualisation)"
            }
            Isolation::Process => "run it with process isolation",
        };
        found.push(Remedy {
            kind: RemedyKind::Isolation,
            title: title.to_owned(),
            safety: Safety::Safe,
            commands,
            diff: None,
            changes: Vec::new(),
        });
    }
}

fn advice_differs(image: &NamedImage, advice: &TagAdvice) -> bool {
    let tag = image
        .reference
        .as_ref()
        .and_then(|reference| reference.tag.as_deref());
    let pinned = advice.pinned.as_ref();
    tag.is_none_or(|tag| {
        tag != advice.floating
            && pinned.is_none_or(|pin| tag != pin.exact_tag && Some(tag) != pin.kb_tag.as_deref())
            || !advice.floating_answer.runs()
    })
}

/// The image under the tag of another release: its registry, its repository and the rest of its tag
/// stay, but for the names that base images no longer have. None: nothing in its tag names a release.
pub(crate) fn retagged(image: &NamedImage, release: &str) -> Option<Reference> {
    let reference = image.reference.as_ref()?;
    if let Some(base) = reference.base_image().filter(|_| image.is_base) {
        let keeps_name = matches!(base.home, Home::Mcr | Home::Mirror) && !base.insider;
        let tag = with_arch_of(reference, release);
        if keeps_name {
            return Some(reference.with_tag(&tag));
        }
        let today = Reference::parse(base.base.repository()).ok()?;
        return Some(today.with_tag(&tag));
    }
    let piece = image.release_piece.as_deref()?;
    let tag = reference.tag.as_ref()?;
    let release = match release {
        "ltsc2019" if says_1809(reference) => "1809",
        release => release,
    };
    Some(reference.with_tag(&tag.replace(piece, &spelled_like(piece, release))))
}

/// A tag for one architecture, where the reference's own tag is one.
fn with_arch_of(reference: &Reference, tag: &str) -> String {
    let own = reference.tag.as_deref().unwrap_or_default();
    let arch = own
        .rsplit_once('-')
        .map(|(_, last)| last)
        .filter(|last| matches!(*last, "amd64" | "arm64"));
    match arch {
        Some(arch) if !tag.ends_with(arch) => format!("{tag}-{arch}"),
        _ => tag.to_owned(),
    }
}

/// Repositories whose tags for Windows Server 2019 say `1809` (`tags.tsv`): the official images of Docker
/// Hub, and those of .NET on Nano Server.
fn says_1809(reference: &Reference) -> bool {
    let official = match reference.registry.as_deref() {
        None | Some("docker.io") => {
            let name = reference.repository.strip_prefix("library/");
            !name.unwrap_or(&reference.repository).contains('/')
        }
        Some(_) => false,
    };
    let tag = reference.tag.as_deref().unwrap_or_default();
    let of_microsoft =
        reference.repository.starts_with("dotnet/") || reference.repository == "powershell";
    official || of_microsoft && tag.contains("nanoserver")
}

/// Writes a release the way the tag at hand writes releases: `ltsc2022`, `2022`, `1809`.
fn spelled_like(piece: &str, release: &str) -> String {
    match release.strip_prefix("ltsc") {
        Some(year) if piece.len() == 4 && piece.starts_with("20") && piece != "2004" => {
            year.to_owned()
        }
        _ => release.to_owned(),
    }
}
