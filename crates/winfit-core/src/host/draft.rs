//! A host being read: the facts that its lines or its JSON state, and what they say together.

use crate::catalog::{Catalog, Release};
use crate::engine::{Engine, EngineVersion, Product, Store};
use crate::host::{Arch, Isolation, Kind, Os};
use crate::version::OsVersion;

use super::read::{self, ReadHost, Unread, quote};
use super::update;

/// Words of the input and their line.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub(super) text: String,
    pub(super) line: usize,
}

impl Said {
    pub(super) fn new(text: &str, line: usize) -> Self {
        Self {
            text: quote(text),
            line,
        }
    }
}

/// What kind of output the facts come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// `reg query`, `Get-ItemProperty`.
    Registry,
    /// `systeminfo`, `Get-ComputerInfo`, `wmic os`.
    System,
    /// `docker info`, `docker version`, `docker node inspect`, `kubectl describe node`, `nodeInfo`.
    Node,
    /// Running text: `ver`, winver, a sentence.
    Running,
}

/// The facts of one host.
// The marks are independent of each other: a Swarm node is a Docker engine too.
#[allow(clippy::struct_excessive_bools)]
#[derive(Debug, Clone)]
pub(super) struct Draft<'c> {
    pub(super) shape: Shape,
    pub(super) line: usize,
    pub(super) name: Option<String>,
    pub(super) os: Option<(Os, Said)>,
    /// A version with its patch level.
    pub(super) full: Option<(OsVersion, Said)>,
    /// A version, or a build alone.
    pub(super) build: Option<(OsVersion, Said)>,
    /// The registry's patch level.
    pub(super) ubr: Option<(u32, Said)>,
    /// `14393.321.amd64fre…`.
    pub(super) lab: Option<(OsVersion, Said)>,
    /// A label of the node.
    pub(super) label: Option<(OsVersion, Said)>,
    /// The label `OS` of a Swarm node.
    pub(super) label_os: Option<(Os, Said)>,
    /// Server or client by a field that says just that.
    pub(super) kind: Option<Kind>,
    /// Server or client by a name.
    pub(super) kind_by_name: Option<Kind>,
    /// What a name may mean.
    pub(super) named: Option<(Vec<&'c Release>, Said)>,
    /// `DisplayVersion`, `ReleaseId`.
    pub(super) version_name: Option<String>,
    pub(super) kbs: Vec<u32>,
    pub(super) kb_said: Option<Said>,
    pub(super) arch: Option<Arch>,
    pub(super) product: Option<Product>,
    pub(super) engine: Option<EngineVersion>,
    pub(super) store: Option<Store>,
    pub(super) isolation: Option<Isolation>,
    pub(super) platform: Option<(u8, String)>,
    pub(super) kubernetes: bool,
    pub(super) swarm: bool,
    pub(super) docker: bool,
    /// It is some other object (a pod), whose selectors are no host.
    pub(super) other: bool,
    pub(super) inferred: Vec<String>,
    /// The fields it has, to know where the next host starts.
    pub(super) seen: Vec<&'static str>,
}

/// What came of the facts.
pub(super) enum Outcome {
    Host(Box<ReadHost>),
    Unread(Unread),
    Nothing,
}

impl<'c> Draft<'c> {
    pub(super) fn new(shape: Shape, line: usize) -> Self {
        Self {
            shape,
            line,
            name: None,
            os: None,
            full: None,
            build: None,
            ubr: None,
            lab: None,
            label: None,
            label_os: None,
            kind: None,
            kind_by_name: None,
            named: None,
            version_name: None,
            kbs: Vec::new(),
            kb_said: None,
            arch: None,
            product: None,
            engine: None,
            store: None,
            isolation: None,
            platform: None,
            kubernetes: false,
            swarm: false,
            docker: false,
            other: false,
            inferred: Vec::new(),
            seen: Vec::new(),
        }
    }

    /// The build that the facts give so far, a name aside.
    pub(super) fn stated_build(&self) -> Option<u16> {
        let of = |fact: &Option<(OsVersion, Said)>| fact.as_ref().map(|(v, _)| v.build);
        of(&self.full)
            .or_else(|| of(&self.build))
            .or_else(|| of(&self.lab))
            .or_else(|| of(&self.label))
    }

    /// Takes a version, with or without its patch level.
    pub(super) fn version(&mut self, version: OsVersion, said: Said) {
        let slot = if version.revision.is_some() {
            &mut self.full
        } else {
            &mut self.build
        };
        slot.get_or_insert((version, said));
    }

    /// Takes the product name that a field states: the kind, and the release where it says one.
    pub(super) fn product_name(&mut self, catalog: &'c Catalog, text: &str, line: usize) {
        self.kind_by_name = self.kind_by_name.or_else(|| kind_in(text));
        let releases = crate::names::releases_named(catalog, text.trim_start_matches("Microsoft "));
        if !releases.is_empty() && self.named.is_none() {
            self.named = Some((releases, Said::new(text, line)));
        }
    }

    /// Takes a KB of the host, once. No host has as many as are refused here; a text may.
    pub(super) fn kb(&mut self, kb: u32) {
        const MOST: usize = 1000;
        if self.kbs.len() < MOST && !self.kbs.contains(&kb) {
            self.kbs.push(kb);
        }
    }

    fn stated_kind(&self) -> Kind {
        self.kind.or(self.kind_by_name).unwrap_or(Kind::Unknown)
    }

    /// What the facts say together. Notes get the contradictions.
    pub(super) fn finish(self, catalog: &'c Catalog, notes: &mut Vec<String>) -> Outcome {
        if self.other {
            return Outcome::Nothing;
        }
        if let Some((Os::Linux, said)) = self.effective_os(notes) {
            let mut host = ReadHost::new(read::linux(), &said.text, said.line);
            host.host.arch = self.arch;
            host.host.engine = self.engine();
            host.host.platform = self.platform.as_ref().map(|(at, _)| *at);
            host.name = self.name;
            return Outcome::Host(Box::new(host));
        }
        let mut inferred = self.inferred.clone();
        let mut alternatives = Vec::new();
        let Some((version, said)) =
            self.choose_version(catalog, &mut inferred, &mut alternatives, notes)
        else {
            return self.without_version(catalog, notes);
        };
        let host = super::Host::windows(version);
        let mut read = ReadHost::new(host, &said.text, said.line);
        read.alternatives = alternatives;
        read.host.kind = self.stated_kind();
        let client_only = catalog
            .kinds_of(version.build)
            .is_some_and(|kinds| kinds.only() == Kind::Client);
        if read.host.kind == Kind::Unknown && (self.kubernetes || self.swarm) && !client_only {
            let what = if self.kubernetes {
                "Kubernetes"
            } else {
                "Swarm"
            };
            read.host.kind = Kind::Server;
            inferred.push(format!(
                "kind: server, since a {what} node whose kind is not stated is a server"
            ));
        }
        self.check_kind(catalog, version, &mut read, notes);
        read.host.arch = self.arch;
        read.host.engine = self.engine();
        read.host.configured_isolation = self.isolation;
        let by_name = || aks_by_name(catalog, self.name.as_deref().filter(|_| self.kubernetes)?);
        if let Some((at, because)) = self.platform.clone().or_else(by_name) {
            read.host.platform = Some(at);
            inferred.push(because);
        }
        read.name = self.name;
        read.kb = self.kbs;
        read.inferred = inferred;
        Outcome::Host(Box::new(read))
    }

    /// The operating system: the Swarm label first, and a word where the engine says otherwise.
    fn effective_os(&self, notes: &mut Vec<String>) -> Option<(Os, Said)> {
        if let (Some((label, said)), Some((os, _))) = (&self.label_os, &self.os)
            && label != os
        {
            notes.push(format!(
                "{}: the label {} contradicts the engine, which says {}; the label decides",
                self.named_or("this node"),
                said.text,
                os.name()
            ));
        }
        self.label_os.clone().or_else(|| self.os.clone())
    }

    fn named_or(&self, other: &str) -> String {
        self.name.clone().unwrap_or_else(|| other.to_owned())
    }

    fn choose_version(
        &self,
        catalog: &Catalog,
        inferred: &mut Vec<String>,
        alternatives: &mut Vec<read::Alternative>,
        notes: &mut Vec<String>,
    ) -> Option<(OsVersion, Said)> {
        // The label decides in a Swarm; in Kubernetes the node's own kernel does.
        let by_fields = self.version_of_fields();
        let mut chosen = match (by_fields, self.label.clone()) {
            (Some(own), Some(label)) => {
                if own.0.build != label.0.build {
                    let (winner, why) = if self.swarm {
                        (&label, "the label decides in a Swarm")
                    } else {
                        (&own, "what the node itself reports decides")
                    };
                    notes.push(format!(
                        "{}: the label says {} and the node {}; {why}, so {}",
                        self.named_or("this node"),
                        label.0,
                        own.0,
                        winner.0
                    ));
                }
                let label_wins = if own.0.build == label.0.build {
                    own.0.revision.is_none() || (self.swarm && label.0.revision.is_some())
                } else {
                    self.swarm
                };
                if label_wins { label } else { own }
            }
            (Some(own), None) => own,
            (None, Some(label)) => label,
            (None, None) => self.version_of_name(catalog, inferred)?,
        };
        if chosen.0.revision.is_none()
            && let Some((ubr, said)) = &self.ubr
        {
            chosen.0.revision = Some(*ubr);
            chosen.1.text = quote(&format!("{}, {}", chosen.1.text, said.text));
        }
        if chosen.0.revision.is_none() {
            let kind = self.stated_kind();
            if let Some(by) = update::newest(catalog, &self.kbs, chosen.0.build, kind) {
                if let Some(said) = &self.kb_said
                    && self.shape == Shape::Running
                    && said.line == chosen.1.line
                    && said.text != chosen.1.text
                {
                    chosen.1.text = quote(&format!("{} … KB{}", chosen.1.text, by.kb));
                }
                let among = if self.kbs.len() > 1 {
                    ", the newest of its updates that the catalog knows,"
                } else {
                    ""
                };
                inferred.push(format!(
                    "revision: {}, since KB{}{among} brings {} to {}",
                    by.version.revision.unwrap_or(0),
                    by.kb,
                    by.version.build,
                    by.version.short()
                ));
                chosen.0 = by.version;
                *alternatives = by.alternatives;
            }
        }
        Some(chosen)
    }

    /// A fourth number or `OS Build` first, then the build with its UBR, then the lab.
    fn version_of_fields(&self) -> Option<(OsVersion, Said)> {
        let own = self.full.clone().or_else(|| self.build.clone());
        let lab = self.lab.clone().map(|(lab, said)| {
            // Only on 14393 does the lab's revision follow the patches.
            let lab = if lab.build == 14393 {
                lab
            } else {
                lab.without_revision()
            };
            (lab, said)
        });
        match (own, lab) {
            (Some((own, said)), Some((lab, lab_said))) => {
                let refined =
                    own.revision.is_none() && own.build == lab.build && self.ubr.is_none();
                if refined && lab.revision.is_some() {
                    Some((lab, lab_said))
                } else {
                    Some((own, said))
                }
            }
            (own, lab) => own.or(lab),
        }
    }

    /// The build that the name leaves no choice about, or that all the KBs are for.
    fn version_of_name(
        &self,
        catalog: &Catalog,
        inferred: &mut Vec<String>,
    ) -> Option<(OsVersion, Said)> {
        if let Some((releases, said)) = &self.named {
            let version_name = self.version_name.as_deref();
            let fits = |release: &&&Release| {
                releases.len() == 1
                    || version_name.is_none_or(|name| release.version.eq_ignore_ascii_case(name))
            };
            let mut builds: Vec<u16> = releases.iter().filter(fits).map(|r| r.build).collect();
            builds.dedup();
            if builds.is_empty() || builds.len() > 1 {
                return None;
            }
            if self.shape != Shape::Running {
                inferred.push(format!(
                    "version: {}, by the name {:?}",
                    OsVersion::of_build(builds[0]),
                    said.text
                ));
            }
            return Some((OsVersion::of_build(builds[0]), said.clone()));
        }
        // Several KBs of one host: the builds that all of them are for.
        let said = self.kb_said.clone()?;
        let mut common: Option<Vec<u16>> = None;
        for kb in &self.kbs {
            let builds = update::builds(catalog, *kb, self.stated_kind());
            if builds.is_empty() {
                continue;
            }
            common = Some(match common {
                None => builds,
                Some(known) => known.into_iter().filter(|b| builds.contains(b)).collect(),
            });
        }
        let build = *common?.first()?;
        Some((OsVersion::of_build(build), said))
    }

    /// Names and builds that cannot both be true.
    fn check_kind(
        &self,
        catalog: &Catalog,
        version: OsVersion,
        read: &mut ReadHost,
        notes: &mut Vec<String>,
    ) {
        if let (Some(kind), Some(by_name)) = (self.kind, self.kind_by_name)
            && kind != by_name
        {
            notes.push(format!(
                "{}: its name says {} and its installation type {}; the type decides",
                self.named_or("this host"),
                by_name.name(),
                kind.name()
            ));
        }
        let by_build = catalog
            .kinds_of(version.build)
            .map_or(Kind::Unknown, crate::catalog::Kinds::only);
        let stated = read.host.kind;
        if by_build != Kind::Unknown && stated != Kind::Unknown && by_build != stated {
            let name = catalog
                .main_release(version.build, by_build)
                .map_or("", |release| release.name);
            notes.push(format!(
                "{}: said to be a {}, but {} is {name}, a {}; the build decides",
                self.named_or("this host"),
                stated.name(),
                version,
                by_build.name()
            ));
            read.host.kind = by_build;
        }
    }

    fn engine(&self) -> Option<Engine> {
        Some(Engine {
            product: self.product?,
            version: self.engine?,
            store: self.store.unwrap_or(Store::Classic),
            client: false,
        })
    }

    /// A host whose version nothing states: an engine's is still a host, the rest is unread.
    fn without_version(self, catalog: &Catalog, notes: &mut Vec<String>) -> Outcome {
        let said = self.os.as_ref().map(|(_, said)| said.clone());
        let windows = self.os.as_ref().is_some_and(|(os, _)| *os == Os::Windows);
        if self.docker && !self.swarm && windows && self.engine.is_some() {
            let said = said.unwrap_or_else(|| Said::new("docker", self.line));
            let mut read = ReadHost::new(read::windows_without_version(), &said.text, said.line);
            read.host.kind = self.stated_kind();
            read.host.arch = self.arch;
            read.host.engine = self.engine();
            read.host.configured_isolation = self.isolation;
            let name = self.named_or("this Docker host");
            notes.push(format!(
                "{name}: no Windows version is stated here; `docker info` has it in \
                 \"Operating System\""
            ));
            read.name = self.name;
            return Outcome::Host(Box::new(read));
        }
        let unread = |text: &str, line, expected: String| {
            Outcome::Unread(Unread {
                text: quote(text),
                line,
                expected,
            })
        };
        if let Some((_, said)) = &self.ubr {
            return unread(
                &said.text,
                said.line,
                "the build as well: UBR is only the patch level; CurrentBuildNumber, of the same \
                 registry key, has the build"
                    .to_owned(),
            );
        }
        if let Some((releases, said)) = &self.named {
            let mut builds: Vec<String> = releases
                .iter()
                .map(|release| format!("{} ({})", release.name, release.build))
                .collect();
            let more = builds.len().saturating_sub(4);
            builds.truncate(4);
            let more = if more == 0 {
                String::new()
            } else {
                format!(" and {more} more")
            };
            return unread(
                &said.text,
                said.line,
                format!("which one: that name means {}{more}", builds.join(", ")),
            );
        }
        if let Some(kb) = self.kbs.first()
            && let Some(said) = &self.kb_said
            && self.shape == Shape::Running
        {
            return unread(
                &said.text,
                said.line,
                format!(
                    "a KB that the catalog has: KB{kb} is not in it, and its newest update is of {}",
                    catalog
                        .newest_update_day()
                        .map_or_else(String::new, |day| day.to_string())
                ),
            );
        }
        if self.kubernetes && self.name.is_some() {
            let name = self.named_or("the node");
            return unread(
                &name,
                self.line,
                format!("a kernel version; `kubectl get node {name} -o wide` shows it"),
            );
        }
        if self.swarm {
            let name = self.named_or("self");
            return unread(
                &self.named_or("a Swarm node"),
                self.line,
                format!(
                    "a label OsVersion, which Swarm does not set itself; on the node: docker node \
                     update --label-add OsVersion=VERSION {name}"
                ),
            );
        }
        Outcome::Nothing
    }
}

/// Server or client, where a product name says it.
pub(super) fn kind_in(text: &str) -> Option<Kind> {
    let lower = text.to_lowercase();
    if lower.contains("windows server") || lower.contains("hyper-v server") {
        return Some(Kind::Server);
    }
    for family in ["windows 10", "windows 11", "windows 8", "windows 7"] {
        if let Some(at) = lower.find(family) {
            let next = lower[at + family.len()..].chars().next();
            // Not the "Windows 10" of "Windows 10.0.17763".
            if !next.is_some_and(|c| c.is_ascii_digit() || c == '.') {
                return Some(Kind::Client);
            }
        }
    }
    None
}

/// AKS names its nodes after their pool and their place in its scale set: `aksnpwin000000`,
/// `aks-nodepool1-23511823-vmss000000`.
fn aks_by_name(catalog: &Catalog, name: &str) -> Option<(u8, String)> {
    let place = name.strip_prefix("aks")?;
    let (_, number) = place.split_at_checked(place.len().checked_sub(6)?)?;
    let numbered = number.starts_with("000") && number.bytes().all(|b| b.is_ascii_alphanumeric());
    let at = catalog
        .platforms
        .iter()
        .position(|platform| platform.platform == "aks")?;
    let full = catalog.platforms[at].name;
    numbered.then(|| {
        (
            u8::try_from(at).unwrap_or_default(),
            format!("platform: aks ({full}), by the node's name {name}"),
        )
    })
}
