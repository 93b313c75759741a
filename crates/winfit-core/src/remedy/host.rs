//! Remedies on the host's side: its engine, its patches, other hosts.

use super::{Command, Remedy, RemedyKind, Safety, Shell, Situation, node_selector};
use crate::catalog::Relation;
use crate::engine::{Engine, EngineVersion, Product, Store};
use crate::host::{Host, Isolation, Kind, Os};
use crate::image::Image;
use crate::reason::Pair;
use crate::rules::engines::pull;
use crate::verdict::{Answer, Reason, judge};
use crate::version::OsVersion;

/// How many other hosts are named: somewhere to run is wanted, not a list.
const MOST_OTHER_HOSTS: usize = 3;

impl Situation<'_> {
    /// An engine version or image store that pulls what this one refuses.
    pub(super) fn engine(&self, found: &mut Vec<Remedy>) {
        let Some(engine) = self.host.engine else {
            return;
        };
        // An image that is pulled and then does not start is no better off.
        let asked = self.verdict.answers.of(self.isolation()).answer;
        if !self.verdict.pull_refused() || asked == Answer::No {
            return;
        }
        let classic = Engine {
            store: Store::Classic,
            ..engine
        };
        if classic != engine && self.pulled_by(classic) {
            found.push(Remedy {
                kind: RemedyKind::Engine,
                title: "switch Docker to its classic image store, the default on Windows"
                    .to_owned(),
                safety: Safety::Unsafe,
                commands: vec![Command {
                    shell: Shell::PowerShell,
                    text: "Restart-Service docker".to_owned(),
                }],
                diff: Some(
                    "--- C:\\ProgramData\\docker\\config\\daemon.json\n+++ C:\\ProgramData\\docker\\config\\daemon.json\n-  \"features\": { \"containerd-snapshotter\": true }\n+  \"features\": { \"containerd-snapshotter\": false }\n"
                        .to_owned(),
                ),
                changes: Vec::new(),
            });
        }
        if let Some(version) = self.version_that_pulls(engine) {
            found.push(Remedy {
                kind: RemedyKind::Engine,
                title: format!(
                    "use {} {version}, which pulls it",
                    engine.product.in_words()
                ),
                safety: Safety::Unsafe,
                commands: Vec::new(),
                diff: None,
                changes: Vec::new(),
            });
        }
        let base_tag = self
            .image
            .reference
            .as_ref()
            .filter(|_| self.image.is_base && !self.image.image.single_manifest)
            .and_then(|reference| Some((reference, reference.tag.as_ref()?)));
        if let Some((reference, tag)) = base_tag
            && !(engine.product == Product::Docker && engine.store == Store::Classic)
        {
            found.push(Remedy {
                kind: RemedyKind::Engine,
                title: "pull the tag of one architecture, which this engine does not check"
                    .to_owned(),
                safety: Safety::Safe,
                commands: vec![Command {
                    shell: Shell::Any,
                    text: format!(
                        "{} pull {}",
                        if engine.product == Product::Docker {
                            "docker"
                        } else {
                            "nerdctl"
                        },
                        reference.with_tag(&format!("{tag}-amd64"))
                    ),
                }],
                diff: None,
                changes: Vec::new(),
            });
        }
    }

    fn pulled_by(&self, engine: Engine) -> bool {
        let host = Host {
            engine: Some(engine),
            ..*self.host
        };
        pull(self.catalog, &host, &self.image.image).is_some_and(|pull| pull.answer == Answer::Yes)
    }

    /// The released version nearest to the engine's own that pulls: the first newer one, else the
    /// last older one.
    fn version_that_pulls(&self, engine: Engine) -> Option<EngineVersion> {
        let at = |version| Engine { version, ..engine };
        let rows = || {
            self.catalog
                .engines
                .iter()
                .filter(|row| row.from.is_release() && self.pulled_by(at(row.from)))
        };
        let newer = rows()
            .map(|row| row.from)
            .filter(|version| *version > engine.version)
            .min();
        newer.or_else(|| {
            rows()
                .map(|row| row.to)
                .filter(|version| *version < engine.version)
                .max()
        })
    }

    /// A newer patch on the host, where a break asks for one.
    pub(super) fn patch_host(&self, found: &mut Vec<Remedy>) {
        let Some(version) = self.host.version else {
            return;
        };
        let Some(host_revision) = version.revision else {
            return;
        };
        let isolation = self.isolation();
        let mut wanted: Vec<u32> = Vec::new();
        let mut exact = false;
        for reason in self.verdict.answers.of(isolation).reasons() {
            let Reason::Break { row, .. } = reason else {
                continue;
            };
            let known = &self.catalog.breaks[usize::from(row)];
            match known.relation {
                Relation::SameSide | Relation::ImageNeedsHost => wanted.extend(known.host_min),
                Relation::Equal => {
                    exact = true;
                    wanted.extend(self.image.image.version.and_then(|image| image.revision));
                }
                Relation::Always | Relation::Streams => {}
            }
        }
        let Some(target) = wanted.into_iter().max().filter(|to| *to > host_revision) else {
            return;
        };
        let kind = self.host.effective_kind(self.catalog);
        let update = self
            .catalog
            .updates_of(version.build)
            .iter()
            .find(|update| {
                update.revision >= target
                    && update.kb.is_some()
                    && match kind {
                        Kind::Server => update.audience != crate::catalog::Audience::Client,
                        Kind::Client => update.audience != crate::catalog::Audience::Server,
                        Kind::Unknown => true,
                    }
            });
        let Some((update, kb)) = update.and_then(|update| Some((update, update.kb?))) else {
            return;
        };
        let patched = Host {
            version: Some(OsVersion {
                revision: Some(update.revision),
                ..version
            }),
            ..*self.host
        };
        // A floating tag keeps its doubt on 2016: the newest update may not be in the image yet.
        let settled = Image {
            revision_inferred: false,
            ..self.image.image
        };
        if self.runs(&patched, &settled, isolation) {
            found.push(Remedy {
                kind: RemedyKind::PatchHost,
                title: format!(
                    "update the host to KB{kb} ({}.{}){}",
                    update.build,
                    update.revision,
                    update.day.map_or_else(String::new, |day| {
                        // 2016 needs that very revision.
                        let later = if exact { "" } else { ", or later" };
                        format!(", of {day}{later}")
                    })
                ),
                safety: Safety::Unsafe,
                commands: Vec::new(),
                diff: None,
                changes: Vec::new(),
            });
        }
    }

    pub(super) fn other_host(&self, found: &mut Vec<Remedy>) {
        // A pull that is refused is a matter of the engine, not of the node.
        let misplaced = self.pod && !self.verdict.pull_refused_alone(self.asked);
        if let Some(image) = self.image.image.version.filter(|_| misplaced) {
            found.push(node_selector(image));
        }
        let fitting = self
            .others()
            .filter(|other| judge(self.catalog, other.host, &self.image.image).fits(self.asked));
        for other in fitting.take(MOST_OTHER_HOSTS) {
            let pair = Pair {
                catalog: self.catalog,
                host: other.host,
                image: &self.image.image,
            };
            found.push(Remedy {
                kind: RemedyKind::OtherHost,
                title: format!("run it on {} ({})", other.label, pair.host_name()),
                safety: Safety::Unsafe,
                commands: Vec::new(),
                diff: None,
                changes: Vec::new(),
            });
        }
    }

    /// A second node pool, where the host is one of several or on a platform that has pools.
    pub(super) fn node_pool(&self, found: &mut Vec<Remedy>) {
        let Some(image) = self.image.image.version else {
            return;
        };
        // A pool of the host's own release would meet the same.
        if self
            .host
            .version
            .is_some_and(|host| host.build == image.build)
        {
            return;
        }
        if self.others().next().is_none() && self.host.platform.is_none() {
            return;
        }
        let Some(release) = self
            .catalog
            .main_release(image.build, Kind::Server)
            .filter(|release| release.kind == Kind::Server)
        else {
            return;
        };
        // Judged on a freshly patched host of that release.
        let node = Host {
            version: Some(
                self.catalog
                    .newest_host_update(image.build, None)
                    .map_or(image, |update| {
                        OsVersion::new(update.build, update.revision)
                    }),
            ),
            ..Host::windows(image).with_kind(Kind::Server)
        };
        if image.build == 14_393 || !self.runs(&node, &self.image.image, Isolation::Process) {
            return;
        }
        found.push(Remedy {
            kind: RemedyKind::NodePool,
            title: format!(
                "give it a node pool or cluster of its own with {}",
                release.name
            ),
            safety: Safety::Unsafe,
            commands: Vec::new(),
            diff: None,
            changes: Vec::new(),
        });
    }

    pub(super) fn same_version(&self, found: &mut Vec<Remedy>) {
        let build = |host: &Host| host.version.map(|version| version.build);
        let windows = self.image.image.os == Os::Windows
            && self.image.image.version.is_some()
            && self.host.os == Os::Windows;
        let mixed = windows
            && self
                .others()
                .any(|other| other.host.os == Os::Windows && build(other.host) != build(self.host));
        if mixed {
            found.push(Remedy {
                kind: RemedyKind::SameVersion,
                title: "run one Windows version from development to production".to_owned(),
                safety: Safety::Unsafe,
                commands: Vec::new(),
                diff: None,
                changes: Vec::new(),
            });
        }
    }
}
