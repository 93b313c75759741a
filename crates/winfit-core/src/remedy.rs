//! Remedies: what would make the image run, in the order a careful colleague would give them.
//!
//! Only changes that were judged to work are offered: each candidate goes through
//! [`judge`] again.

use crate::catalog::{Catalog, Relation};
use crate::engine::{Engine, EngineVersion, Product, Store};
use crate::host::{Host, Isolation, Kind};
use crate::image::{Image, NamedImage};
use crate::reason::{Pair, windows_name};
use crate::recommend::{TagAdvice, advise};
use crate::reference::Base;
use crate::rules::engines::accepts;
use crate::verdict::{Reason, Verdict, judge};
use crate::version::OsVersion;

/// Whether a remedy can change what already works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Safety {
    /// It cannot.
    Safe,
    /// It moves, restarts or rebuilds something.
    Unsafe,
}

impl Safety {
    /// The word in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Unsafe => "unsafe",
        }
    }
}

/// Where a command is to be pasted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shell {
    /// Any shell: nothing in the line differs.
    Any,
    /// PowerShell.
    PowerShell,
    /// sh and its kin.
    Sh,
    /// A Dockerfile.
    Dockerfile,
    /// A Kubernetes manifest.
    Yaml,
}

impl Shell {
    /// The word in JSON and in labels.
    pub fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::PowerShell => "powershell",
            Self::Sh => "sh",
            Self::Dockerfile => "dockerfile",
            Self::Yaml => "yaml",
        }
    }
}

/// Something to paste.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Where.
    pub shell: Shell,
    /// The text, ready to paste; long lines are continued as the shell wants it.
    pub text: String,
}

/// What kind of change a remedy is, in the contract's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RemedyKind {
    /// An engine version or image store that pulls the image.
    Engine,
    /// A newer patch on the host.
    PatchHost,
    /// The image on the right base.
    Rebuild,
    /// The other isolation.
    Isolation,
    /// Another host of the fleet.
    OtherHost,
    /// A second node pool or cluster.
    NodePool,
    /// The same Windows in development and production.
    SameVersion,
}

/// One change that would make the image run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remedy {
    /// What kind of change.
    pub kind: RemedyKind,
    /// What to do, in one line.
    pub title: String,
    /// Whether it can change what already works.
    pub safety: Safety,
    /// What to paste.
    pub commands: Vec<Command>,
    /// The change to a file, as a unified diff without line numbers.
    pub diff: Option<String>,
}

/// A host with the name by which sentences call it.
#[derive(Debug, Clone, Copy)]
pub struct FleetHost<'a> {
    /// What the user wrote, or the node's name.
    pub label: &'a str,
    /// The facts.
    pub host: &'a Host,
}

/// All that remedies are found from.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// The catalog.
    pub catalog: &'a Catalog,
    /// The image.
    pub image: &'a NamedImage,
    /// The host.
    pub host: &'a Host,
    /// Its verdict.
    pub verdict: &'a Verdict,
    /// The isolation asked for; none: the host's default.
    pub asked: Option<Isolation>,
    /// The other hosts at hand.
    pub others: &'a [FleetHost<'a>],
    /// The workload is a pod: `docker run` is not how it starts, and containerd pulls no image for
    /// another build than the node's, also not for Hyper-V isolation (containerd#6862).
    pub pod: bool,
}

/// What would make the image run, in order; nothing where it runs already.
pub fn remedies(situation: &Situation<'_>) -> Vec<Remedy> {
    if situation.verdict.fits(situation.asked) {
        return Vec::new();
    }
    let mut found = Vec::new();
    situation.engine(&mut found);
    situation.patch_host(&mut found);
    situation.rebuild(&mut found);
    situation.isolate(&mut found);
    situation.other_host(&mut found);
    situation.node_pool(&mut found);
    situation.same_version(&mut found);
    found
}

impl Situation<'_> {
    fn isolation(&self) -> Isolation {
        self.asked.unwrap_or(self.verdict.default_isolation)
    }

    fn runs(&self, host: &Host, image: &Image, isolation: Isolation) -> bool {
        let verdict = judge(self.catalog, host, image);
        verdict.answers.of(isolation).answer.runs() && !verdict.pull_refused()
    }

    fn builds(&self) -> Option<(u16, u16)> {
        Some((self.host.version?.build, self.image.image.version?.build))
    }

    /// An engine version or image store that pulls what this one refuses.
    fn engine(&self, found: &mut Vec<Remedy>) {
        let (Some(engine), Some((host, image))) = (self.host.engine, self.builds()) else {
            return;
        };
        let some_isolation_runs =
            self.verdict.answers.process.answer.runs() || self.verdict.answers.hyperv.answer.runs();
        if !self.verdict.pull_refused() || !some_isolation_runs {
            return;
        }
        if engine.product == Product::Docker && engine.store == Store::Containerd {
            let classic = Engine {
                store: Store::Classic,
                ..engine
            };
            let accepted = classic
                .rule(self.catalog)
                .is_some_and(|row| accepts(row.generation, host, image));
            if accepted {
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
                });
            }
        }
        if let Some(version) = self.version_that_pulls(&engine, host, image) {
            found.push(Remedy {
                kind: RemedyKind::Engine,
                title: format!(
                    "use {} {version}, which pulls it",
                    engine.product.in_words()
                ),
                safety: Safety::Unsafe,
                commands: Vec::new(),
                diff: None,
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
            });
        }
    }

    /// The released version nearest to the engine's own whose rule takes the pair.
    fn version_that_pulls(&self, engine: &Engine, host: u16, image: u16) -> Option<EngineVersion> {
        self.catalog
            .engines
            .iter()
            .filter(|row| {
                row.product == engine.product
                    && (engine.product == Product::Containerd
                        || row.store.is_none_or(|store| store == engine.store))
                    && row.client.is_none_or(|client| client == engine.client)
                    && row.to.to_string() != "main"
                    && accepts(row.generation, host, image)
            })
            .map(|row| row.to)
            .max()
    }

    /// A newer patch on the host, where a break asks for one.
    fn patch_host(&self, found: &mut Vec<Remedy>) {
        let Some(version) = self.host.version else {
            return;
        };
        let Some(host_revision) = version.revision else {
            return;
        };
        let isolation = self.isolation();
        let mut wanted: Vec<u32> = Vec::new();
        for reason in self.verdict.answers.of(isolation).reasons() {
            let Reason::Break { row, .. } = reason else {
                continue;
            };
            let known = &self.catalog.breaks[usize::from(row)];
            match known.relation {
                Relation::SameSide | Relation::ImageNeedsHost => wanted.extend(known.host_min),
                Relation::Equal => {
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
                    update
                        .day
                        .map_or_else(String::new, |day| format!(", of {day}, or later"))
                ),
                safety: Safety::Unsafe,
                commands: Vec::new(),
                diff: None,
            });
        }
    }

    /// The build whose images suit the host best: its own, else the newest below that runs.
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
        builds.into_iter().find_map(|build| {
            advise(self.catalog, &hosts, base, build, isolation)
                .filter(|advice| advice.answer().runs())
        })
    }

    /// The same image rebuilt or retagged on the right base.
    fn rebuild(&self, found: &mut Vec<Remedy>) {
        use crate::host::Os;
        if self.image.image.os != Os::Windows || self.host.os != Os::Windows {
            return;
        }
        let isolation = self.isolation();
        let Some(advice) = self.best_base(isolation) else {
            return;
        };
        if !advice_differs(self.image, &advice) {
            return;
        }
        let references = advice.lines_for_from();
        let derived_retag = self
            .image
            .reference
            .as_ref()
            .zip(self.image.release_piece.as_ref())
            .filter(|_| advice.floating_answer.runs())
            .and_then(|(reference, piece)| {
                let tag = reference.tag.as_ref()?;
                let wanted = spelled_like(piece, &advice);
                Some(reference.with_tag(&tag.replace(piece.as_str(), &wanted)))
            });
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
        let title = if commands.len() > 1 {
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
        });
    }

    /// The other isolation, where it runs.
    fn isolate(&self, found: &mut Vec<Remedy>) {
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
        });
    }

    fn other_host(&self, found: &mut Vec<Remedy>) {
        if let Some(image) = self.image.image.version.filter(|_| self.pod) {
            found.push(node_selector(image));
        }
        let fitting: Vec<&FleetHost<'_>> = self
            .others
            .iter()
            .filter(|other| judge(self.catalog, other.host, &self.image.image).fits(self.asked))
            .collect();
        for other in fitting {
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
            });
        }
    }

    /// A second node pool, where the host is one of several or on a platform that has pools.
    fn node_pool(&self, found: &mut Vec<Remedy>) {
        let Some(image) = self.image.image.version else {
            return;
        };
        if self.others.is_empty() && self.host.platform.is_none() {
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
        });
    }

    fn same_version(&self, found: &mut Vec<Remedy>) {
        let build = |host: &Host| host.version.map(|version| version.build);
        let mixed = self
            .others
            .iter()
            .any(|other| build(other.host) != build(self.host));
        if mixed {
            found.push(Remedy {
                kind: RemedyKind::SameVersion,
                title: "run one Windows version from development to production".to_owned(),
                safety: Safety::Unsafe,
                commands: Vec::new(),
                diff: None,
            });
        }
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

/// Writes a release the way the tag at hand writes releases: `ltsc2022`, `2022`, `1809`.
fn spelled_like(piece: &str, advice: &TagAdvice) -> String {
    let year = advice.floating.strip_prefix("ltsc");
    match year {
        Some(year) if piece.len() == 4 && piece.starts_with("20") && piece != "2004" => {
            year.to_owned()
        }
        _ => advice.floating.clone(),
    }
}

/// The placement that keeps a pod on nodes with the image's Windows.
pub fn node_selector(image: OsVersion) -> Remedy {
    Remedy {
        kind: RemedyKind::OtherHost,
        title: "place the pod only on nodes that have the image's Windows".to_owned(),
        safety: Safety::Unsafe,
        commands: vec![Command {
            shell: Shell::Yaml,
            text: format!(
                "nodeSelector:\n  kubernetes.io/os: windows\n  node.kubernetes.io/windows-build: \"{}\"",
                image.without_revision()
            ),
        }],
        diff: None,
    }
}

/// `docker run` with a flag, continued as each shell wants it where the line is long.
pub fn docker_run(flag: &str, image: &str) -> Vec<Command> {
    let line = format!("docker run {flag} {image}");
    if line.len() <= 70 {
        return vec![Command {
            shell: Shell::Any,
            text: line,
        }];
    }
    // The shells continue a line differently: a backtick and a backslash.
    [(Shell::PowerShell, '`'), (Shell::Sh, '\\')]
        .into_iter()
        .map(|(shell, mark)| Command {
            shell,
            text: format!("docker run {flag} {mark}\n  {image}"),
        })
        .collect()
}
