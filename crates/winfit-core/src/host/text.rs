//! Pasted text with one host or many: the outputs of `ver`, `reg query`, `systeminfo`, `kubectl`,
//! `docker` and the rest, one after another or alone.
//!
//! Each line goes to the first reader that knows it: a row of a table, a field, running text. Fields
//! gather in a draft until one comes a second time or another tool's output begins. JSON is taken
//! out first.

use std::collections::HashSet;

use crate::catalog::Catalog;
use crate::host::{Arch, Kind};
use crate::version::OsVersion;

use super::draft::{Draft, Outcome, Said, Shape};
use super::fields::{self, Field};
use super::json::{self, Json};
use super::lines::{self, Pair};
use super::read::{self, HostReading, Unread, quote};
use super::running::{self, What};
use super::spec;
use super::tables::{self, Row};
use super::update;

/// More text than this is no paste.
const MOST_BYTES: usize = 16 << 20;

/// Reads every host that a pasted text states.
///
/// Never fails: what it cannot read it quotes in [`HostReading::unread`] with what it expected.
/// Addresses, product versions and Kubernetes versions in the text are not taken for Windows'. The
/// time is linear in the length of the text, which may be 16 MiB.
pub fn read_hosts(catalog: &Catalog, text: &str) -> HostReading {
    let mut reading = HostReading::default();
    if text.len() > MOST_BYTES {
        reading.unread.push(Unread {
            text: quote(text),
            line: 1,
            expected: format!(
                "at most 16 MiB of text; this is {} MiB",
                text.len().div_ceil(1 << 20)
            ),
        });
        return reading;
    }
    if text.trim().is_empty() {
        reading.unread.push(Unread {
            text: String::new(),
            line: 1,
            expected: format!("text that states a Windows version; this is empty. {EXAMPLES}"),
        });
        return reading;
    }
    if let Some(list) = spec::read_list(catalog, text) {
        return list;
    }
    let mut session = Session::new(catalog);
    let mut at = 0;
    let mut line = 1;
    for (start, end) in json::regions(text) {
        let before = &text[at..start];
        let first = line + newlines(before);
        match json::read(catalog, &text[start..end], first) {
            Json::Hosts(drafts) => {
                session.lines(before, line);
                session.close();
                for draft in drafts {
                    session.finish(draft);
                }
            }
            Json::Other => session.lines(before, line),
            Json::Unknown | Json::No => continue,
        }
        line = first + newlines(&text[start..end]);
        at = end;
    }
    session.lines(&text[at..], line);
    session.end(text)
}

const EXAMPLES: &str = "The output of ver, systeminfo, docker info, kubectl describe node, or a \
                        version such as 10.0.17763.437 will do";

fn newlines(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

/// Which part of an output the next fields belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Any,
    /// Docker's client, whose versions are not the host's.
    Client,
    Server,
    /// A component of the server: containerd, runc.
    Component,
    /// A Kubernetes object in YAML.
    Yaml,
}

struct Session<'c> {
    catalog: &'c Catalog,
    reading: HostReading,
    /// What is unread only if nothing else was read.
    doubtful: Vec<Unread>,
    open: Option<Draft<'c>>,
    part: Part,
    /// YAML: the next `name:` is the object's.
    metadata: bool,
    /// The value of the line before, where it may be the computer's name.
    before: Option<String>,
    /// Names and line of rows that state no version.
    bare: Vec<(String, usize)>,
    /// `Major Minor Build Revision` stood above.
    version_columns: bool,
}

impl<'c> Session<'c> {
    fn new(catalog: &'c Catalog) -> Self {
        Self {
            catalog,
            reading: HostReading::default(),
            doubtful: Vec::new(),
            open: None,
            part: Part::Any,
            metadata: false,
            before: None,
            bare: Vec::new(),
            version_columns: false,
        }
    }

    fn lines(&mut self, text: &str, first: usize) {
        for (at, line) in text.lines().enumerate() {
            for piece in lines::unflatten(line) {
                self.line(piece, first + at);
            }
        }
    }

    fn line(&mut self, raw: &str, line: usize) {
        let text = raw.trim();
        if text.is_empty() {
            self.before = None;
            return;
        }
        let rows = tables::rows(self.catalog, text, line);
        if !rows.is_empty() {
            self.close();
            for row in rows {
                match row {
                    Row::Node(draft) => self.finish(*draft),
                    Row::Bare(name) => self.bare.push((name, line)),
                }
            }
            return;
        }
        if let Some(command) = lines::command(text) {
            // Several queries of one key are one host.
            if !command.starts_with("reg ") && !command.contains("Get-ItemProperty") {
                self.close();
            }
            return;
        }
        if self.registry_line(text, line) || self.docker_heading(raw, text, line) {
            return;
        }
        if self.label_line(text, line) {
            return;
        }
        let Some(pair) = lines::pair(text) else {
            self.before = None;
            self.running(text, line);
            return;
        };
        let taken = self.pair(raw, &pair, line);
        self.before =
            (!taken && pair.value.split_whitespace().count() == 1).then(|| pair.value.to_owned());
        if taken {
            return;
        }
        let structured = self
            .open
            .as_ref()
            .is_some_and(|draft| draft.other || draft.shape != Shape::Running);
        if !structured || text.contains("[Ver") {
            self.running(text, line);
        }
    }

    /// `CurrentBuildNumber    REG_SZ    17763`, one on a line or several.
    fn registry_line(&mut self, text: &str, line: usize) -> bool {
        if !text.contains(" REG_") && !text.contains("\tREG_") {
            return false;
        }
        for (key, value) in lines::registry_values(text) {
            if let Some(known) = fields::find(key)
                && known.shape == Some(Shape::Registry)
            {
                self.field(known, key, value, line);
            }
        }
        true
    }

    /// `Client:` and `Server:` of Docker, and the components below them.
    fn docker_heading(&mut self, raw: &str, text: &str, line: usize) -> bool {
        let flush = raw.starts_with(|c: char| !c.is_whitespace());
        if text == "Client:" || (flush && text.starts_with("Client: ")) {
            self.close();
            self.part = Part::Client;
            return true;
        }
        if text == "Server:" || (flush && text.starts_with("Server: ")) {
            if self.open.as_ref().is_none_or(|draft| !draft.docker) {
                self.close();
                let mut draft = Draft::new(Shape::Node, line);
                draft.docker = true;
                self.open = Some(draft);
            }
            self.part = Part::Server;
            return true;
        }
        if matches!(self.part, Part::Server | Part::Component) && text.ends_with(':') {
            let component = ["containerd:", "runc:", "docker-init:"];
            if component.contains(&text) {
                self.part = Part::Component;
                return true;
            }
        }
        false
    }

    /// `kubernetes.io/os=windows`; `- OsVersion=10.0.20348` of `docker node inspect --pretty`.
    fn label_line(&mut self, text: &str, line: usize) -> bool {
        let labels = text.strip_prefix("Labels:").map_or(text, str::trim);
        if !labels.contains('=') {
            return false;
        }
        let Some(draft) = self
            .open
            .as_mut()
            .filter(|draft| draft.shape == Shape::Node)
        else {
            return false;
        };
        let mut any = false;
        for pair in labels
            .split([' ', ',', '\t'])
            .filter(|word| word.contains('='))
        {
            let Some((key, value)) = pair.split_once('=') else {
                continue;
            };
            if key.contains('/') && !key.contains(':') {
                any = true;
                if !draft.other {
                    fields::label(draft, self.catalog, key, value, line);
                }
            } else if matches!(fields::normal(key).as_str(), "os" | "osversion") {
                any = true;
                draft.swarm = true;
                fields::swarm_label(draft, key, value, line);
            }
        }
        any
    }

    /// A `key: value` line. False where neither key nor value says anything.
    fn pair(&mut self, raw: &str, pair: &Pair<'_>, line: usize) -> bool {
        let key = fields::normal(pair.key);
        if self.part == Part::Client {
            // Docker's client ends where a line stands flush again; its fields are no host's.
            if raw.starts_with([' ', '\t']) || is_client_field(&key) {
                return true;
            }
            self.part = Part::Any;
        }
        match key.as_str() {
            "apiversion" => {
                if !matches!(self.part, Part::Server | Part::Component) {
                    self.close();
                    self.open = Some(Draft::new(Shape::Node, line));
                    self.part = Part::Yaml;
                }
                return true;
            }
            "kind" if self.part == Part::Yaml => {
                if let Some(draft) = &mut self.open {
                    draft.kubernetes |= pair.value == "Node";
                    draft.other |= !pair.value.ends_with("Node") && !pair.value.ends_with("List");
                }
                return true;
            }
            "metadata" if self.part == Part::Yaml => {
                self.metadata = true;
                return true;
            }
            "version" if self.part == Part::Server => {
                return self.docker_field(Field::ServerVersion, pair, line);
            }
            "osarch" if self.part == Part::Server => {
                self.docker_field(Field::OsType, pair, line);
                if let (Some(draft), Some((_, arch))) = (&mut self.open, pair.value.split_once('/'))
                {
                    draft.arch = draft.arch.or_else(|| Arch::parse(arch));
                }
                return true;
            }
            _ if self.part == Part::Component && !key.starts_with("kernel") => {
                if key == "version" || key == "gitcommit" {
                    return true;
                }
            }
            _ => {}
        }
        if self.part == Part::Yaml
            && pair.key.contains('/')
            && let Some(draft) = &mut self.open
        {
            if !draft.other {
                fields::label(draft, self.catalog, pair.key, pair.value, line);
            }
            return true;
        }
        if let Some(known) = fields::find(pair.key) {
            return self.known(known, pair, line);
        }
        self.by_value(&key, pair, line)
    }

    fn docker_field(&mut self, field: Field, pair: &Pair<'_>, line: usize) -> bool {
        if let Some(draft) = &mut self.open {
            fields::apply(draft, self.catalog, field, pair.key, pair.value, line);
        }
        true
    }

    fn known(&mut self, known: &fields::Known, pair: &Pair<'_>, line: usize) -> bool {
        let open = self.open.as_ref().map(|draft| draft.shape);
        if known.field == Field::Name {
            if self.part == Part::Yaml {
                if std::mem::take(&mut self.metadata) {
                    self.docker_field(Field::Name, pair, line);
                }
                return true;
            }
            let own_field = known.shape == Some(Shape::System);
            match open {
                // The name comes before the rest in systeminfo, and may start another's.
                None | Some(Shape::Running) if known.shape.is_none() => return false,
                Some(Shape::System | Shape::Registry) if known.key == "name" => return true,
                Some(Shape::System) if known.shape.is_none() => {
                    if self.seen(known.key) {
                        self.close();
                        return false;
                    }
                }
                Some(_) if own_field && open != known.shape => {
                    self.close();
                    return false;
                }
                _ => {}
            }
        }
        // Words that open no host by themselves.
        if known.field == Field::Other && open != Some(Shape::Node) {
            return false;
        }
        if known.field == Field::OsVersion
            && fields::leading_version(pair.value).is_none()
            && !pair.value.contains("Windows NT")
        {
            return false;
        }
        self.field(known, pair.key, pair.value, line);
        true
    }

    fn seen(&self, key: &str) -> bool {
        self.open
            .as_ref()
            .is_some_and(|draft| draft.seen.contains(&key))
    }

    /// Puts a known field into the open draft, or into a new one where it belongs to another host.
    fn field(&mut self, known: &fields::Known, key: &str, value: &str, line: usize) {
        let shape = known.shape.unwrap_or_else(|| {
            self.open
                .as_ref()
                .map_or(Shape::System, |draft| draft.shape)
        });
        let shape = if shape == Shape::Running {
            Shape::System
        } else {
            shape
        };
        let fits = self.open.as_ref().is_some_and(|draft| {
            draft.shape == shape && (self.part == Part::Yaml || !draft.seen.contains(&known.key))
        });
        if !fits {
            self.open_draft(shape, line);
        }
        if let Some(draft) = &mut self.open {
            draft.seen.push(known.key);
            fields::apply(draft, self.catalog, known.field, key, value, line);
        }
    }

    fn open_draft(&mut self, shape: Shape, line: usize) {
        let name = self.before.take();
        self.close();
        let mut draft = Draft::new(shape, line);
        if shape == Shape::System
            && let Some(name) = name.filter(|name| is_computer_name(name))
        {
            draft.name = Some(name);
            draft.seen.push("hostname");
        }
        self.open = Some(draft);
    }

    /// Fields whose name is in another language: `systeminfo` is known by its values.
    fn by_value(&mut self, key: &str, pair: &Pair<'_>, line: usize) -> bool {
        let bios = key.contains("bios");
        let version = fields::leading_version(pair.value).filter(|version| {
            // `10.0.17763 N/A Build 17763`
            let build = version.build.to_string();
            pair.value.trim_end().ends_with(&build)
                && pair.value.len() > version.to_string().len() + 2
        });
        let is = |key| fields::find(key).map_or(&[][..], std::slice::from_ref);
        if !bios && version.is_some() {
            for known in is("OsVersion") {
                if self
                    .open
                    .as_ref()
                    .is_none_or(|draft| draft.shape != Shape::System)
                {
                    self.open_draft(Shape::System, line);
                }
                self.field(known, pair.key, pair.value, line);
            }
            return true;
        }
        let named =
            pair.value.starts_with("Microsoft Windows ") && !pair.value.contains(['[', '(']);
        if !bios && named && self.open.as_ref().is_none_or(|draft| !draft.other) {
            for known in is("OsName") {
                self.field(known, pair.key, pair.value, line);
            }
            return true;
        }
        let Some(draft) = self
            .open
            .as_mut()
            .filter(|draft| draft.shape == Shape::System)
        else {
            return false;
        };
        if key == "version" && fields::leading_version(pair.value).is_some() {
            fields::apply(
                draft,
                self.catalog,
                Field::OsVersion,
                pair.key,
                pair.value,
                line,
            );
            return true;
        }
        if pair.value.contains("x64") {
            draft.arch = draft.arch.or(Some(Arch::Amd64));
        } else if pair.value.contains("ARM64") {
            draft.arch = draft.arch.or(Some(Arch::Arm64));
        }
        let kbs = update::stated(pair.value);
        for (_, _, kb) in &kbs {
            draft.kbs.push(*kb);
        }
        !kbs.is_empty()
    }

    fn running(&mut self, text: &str, line: usize) {
        if self.open.as_ref().is_some_and(|draft| draft.other) {
            return;
        }
        if self.columns(text, line) {
            return;
        }
        // The hotfix list goes on below its heading.
        if let Some(draft) = self
            .open
            .as_mut()
            .filter(|draft| draft.shape == Shape::System)
        {
            let kbs = update::stated(text);
            if !kbs.is_empty() {
                draft.kbs.extend(kbs.into_iter().map(|(_, _, kb)| kb));
                return;
            }
        }
        for hit in running::hits(self.catalog, text) {
            let words = &text[hit.start..hit.end];
            self.hit(hit.what, text, Said::new(words, line));
        }
    }

    /// The columns of `[Environment]::OSVersion.Version`.
    fn columns(&mut self, text: &str, line: usize) -> bool {
        let words: Vec<&str> = text.split_whitespace().take(7).collect();
        if words == ["Major", "Minor", "Build", "Revision"] {
            self.version_columns = true;
            return true;
        }
        if !self.version_columns || text.starts_with("--") {
            return self.version_columns;
        }
        self.version_columns = false;
        let ["10", "0", build, _] = words.as_slice() else {
            return false;
        };
        let Ok(version) = build.parse::<OsVersion>() else {
            return false;
        };
        self.close();
        let mut draft = Draft::new(Shape::System, line);
        draft.version(version, Said::new(text, line));
        self.open = Some(draft);
        true
    }

    /// The open draft of running text, or a new one.
    fn sentence(&mut self, fits: impl Fn(&Draft<'c>) -> bool, line: usize) -> &mut Draft<'c> {
        let fits = self
            .open
            .as_ref()
            .is_some_and(|draft| draft.shape == Shape::Running && fits(draft));
        if !fits {
            self.close();
        }
        self.open
            .get_or_insert_with(|| Draft::new(Shape::Running, line))
    }

    fn hit(&mut self, what: What<'c>, text: &str, said: Said) {
        let catalog = self.catalog;
        let line = said.line;
        match what {
            What::Version(version) => {
                let draft = self.sentence(|draft| takes_version(draft, version), line);
                draft.version(version, said);
            }
            What::Lab(lab) => {
                let draft = self.sentence(
                    |draft| {
                        draft.lab.is_none() && draft.stated_build().is_none_or(|b| b == lab.build)
                    },
                    line,
                );
                draft.lab = Some((lab, said));
            }
            What::Name(releases, family) => {
                let kinds: Vec<Kind> = releases.iter().map(|release| release.kind).collect();
                let kind = kinds
                    .first()
                    .copied()
                    .filter(|kind| kinds.iter().all(|k| k == kind));
                if family {
                    self.family(releases, kind, said);
                    return;
                }
                let draft = self.sentence(
                    |draft| {
                        let builds = || releases.iter().map(|release| release.build);
                        let kbs_fit = || {
                            draft.kbs.iter().all(|kb| {
                                update::builds(catalog, *kb, Kind::Unknown)
                                    .iter()
                                    .any(|build| builds().any(|b| b == *build))
                            })
                        };
                        let kind_fits = draft.kind_by_name.is_none()
                            || kind.is_none()
                            || draft.kind_by_name == kind;
                        kind_fits
                            && draft.named.is_none()
                            && match draft.stated_build() {
                                Some(stated) => builds().any(|build| build == stated),
                                None => kbs_fit(),
                            }
                    },
                    line,
                );
                draft.kind_by_name = draft.kind_by_name.or(kind);
                draft.named = Some((releases, said));
            }
            What::Kb(kb) => self.kb(kb, said),
            What::Build2600 => self.build_2600(text, said),
            What::Malformed => self.reading.unread.push(Unread {
                text: said.text,
                line,
                expected: "a Windows version, whose build is at most 65535, as 10.0.17763.437"
                    .to_owned(),
            }),
        }
    }

    /// "Windows 11", "Windows Server" without more: tells the kind of what stands beside it.
    fn family(
        &mut self,
        releases: Vec<&'c crate::catalog::Release>,
        kind: Option<Kind>,
        said: Said,
    ) {
        if let Some(draft) = self
            .open
            .as_mut()
            .filter(|draft| draft.shape == Shape::Running)
        {
            let fits = draft.stated_build().is_some_and(|build| {
                self.catalog
                    .releases_of(build)
                    .any(|release| Some(release.kind) == kind)
                    || self.catalog.kinds_of(build).is_none()
            });
            if fits {
                draft.kind_by_name = draft.kind_by_name.or(kind);
                return;
            }
            if draft.stated_build().is_some() || draft.named.is_some() {
                return;
            }
        }
        self.close();
        let mut draft = Draft::new(Shape::Running, said.line);
        draft.kind_by_name = kind;
        draft.named = Some((releases, said));
        self.open = Some(draft);
    }

    fn kb(&mut self, kb: u32, said: Said) {
        let catalog = self.catalog;
        let builds = update::builds(catalog, kb, Kind::Unknown);
        let draft = self.sentence(
            |draft| match (draft.stated_build(), &draft.named) {
                (Some(build), _) => builds.is_empty() || builds.contains(&build),
                (None, Some((releases, _))) => {
                    builds.is_empty() || releases.iter().any(|r| builds.contains(&r.build))
                }
                (None, None) => true,
            },
            said.line,
        );
        if let Some((releases, _)) = &mut draft.named
            && releases
                .iter()
                .any(|release| builds.contains(&release.build))
        {
            releases.retain(|release| builds.contains(&release.build));
        }
        if !draft.kbs.contains(&kb) {
            draft.kbs.push(kb);
        }
        draft.kb_said.get_or_insert(said);
    }

    /// The Swedish page's "Windows 11 24H2 (Build 2600)".
    fn build_2600(&mut self, text: &str, said: Said) {
        const MEANT: u16 = 26_100;
        let lower = quote(text).to_lowercase();
        let named = self.open.as_ref().is_some_and(|draft| {
            draft.shape == Shape::Running
                && draft.stated_build().is_none()
                && draft.named.as_ref().is_some_and(|(releases, _)| {
                    releases.iter().any(|release| release.build == MEANT)
                })
        });
        if !named && !lower.contains("windows 11") && !lower.contains("24h2") {
            self.reading.unread.push(Unread {
                text: quote(text),
                line: said.line,
                expected: "a build that has containers, 14393 or newer; 2600 is Windows XP's. \
                           Beside \"Windows 11\" or \"24H2\" it is read as 26100"
                    .to_owned(),
            });
            return;
        }
        let line = said.line;
        let draft = self.sentence(|draft| draft.stated_build().is_none(), line);
        draft.inferred.push(format!(
            "build: {MEANT}, since no Windows 11 has build 2600, which Microsoft's page prints for it"
        ));
        let said = draft.named.as_ref().map_or(said.clone(), |(_, name)| {
            Said::new(&format!("{} (Build 2600)", name.text), name.line)
        });
        draft.build = Some((OsVersion::of_build(MEANT), said));
    }

    fn close(&mut self) {
        if matches!(self.part, Part::Yaml) {
            self.part = Part::Any;
        }
        if let Some(draft) = self.open.take() {
            self.finish(draft);
        }
    }

    fn finish(&mut self, draft: Draft<'c>) {
        let doubtful = draft.shape == Shape::Running;
        match draft.finish(self.catalog, &mut self.reading.notes) {
            Outcome::Host(host) => self.reading.hosts.push(*host),
            Outcome::Unread(unread) if doubtful => self.doubtful.push(unread),
            Outcome::Unread(unread) => self.reading.unread.push(unread),
            Outcome::Nothing => {}
        }
    }

    fn end(mut self, text: &str) -> HostReading {
        self.close();
        let mut reading = self.reading;
        reading.hosts = read::join(reading.hosts, false);
        // Another command may have stated what the plain list of nodes does not.
        let names: HashSet<&str> = reading
            .hosts
            .iter()
            .filter_map(|host| host.name.as_deref())
            .collect();
        let told = |name: &str| names.contains(name);
        reading.unread.retain(|unread| !told(&unread.text));
        let untold: Vec<&str> = self
            .bare
            .iter()
            .map(|(name, _)| name.as_str())
            .filter(|name| !told(name))
            .collect();
        if let (Some((_, line)), false) = (self.bare.first(), untold.is_empty()) {
            reading.unread.push(Unread {
                text: quote(&untold.join(", ")),
                line: *line,
                expected: "a Windows version, which kubectl get nodes shows with -o wide"
                    .to_owned(),
            });
        }
        if reading.hosts.is_empty() && reading.unread.is_empty() {
            reading.unread = self.doubtful;
            reading.unread.truncate(20);
        }
        if reading.hosts.is_empty() && reading.unread.is_empty() {
            let (at, first) = text
                .lines()
                .enumerate()
                .find(|(_, line)| !line.trim().is_empty())
                .unwrap_or((0, ""));
            let swarm = first.contains("MANAGER STATUS") || first.contains("AVAILABILITY");
            let expected = if swarm {
                "a Windows version, which docker node ls does not show; docker info on the node \
                 does, and docker node inspect shows its labels"
                    .to_owned()
            } else {
                format!("text that states a Windows version. {EXAMPLES}")
            };
            reading.unread.push(Unread {
                text: quote(first),
                line: at + 1,
                expected,
            });
        }
        reading
    }
}

/// Whether a version may be of the host that the sentence speaks of.
fn takes_version(draft: &Draft<'_>, version: OsVersion) -> bool {
    let same = |known: OsVersion| {
        known.without_revision() == version.without_revision()
            && (known.revision.is_none()
                || version.revision.is_none()
                || known.revision == version.revision)
    };
    if let Some((known, _)) = &draft.full {
        return same(*known);
    }
    if let Some((known, _)) = &draft.build {
        return same(*known);
    }
    if let Some((lab, _)) = &draft.lab {
        return lab.build == version.build;
    }
    match &draft.named {
        Some((releases, _)) => releases
            .iter()
            .any(|release| release.build == version.build),
        None => true,
    }
}

fn is_client_field(key: &str) -> bool {
    let fields = [
        "version",
        "apiversion",
        "goversion",
        "gitcommit",
        "built",
        "osarch",
        "context",
        "experimental",
        "debugmode",
        "plugins",
        "cloudintegration",
    ];
    fields.contains(&key)
}

/// What may stand before the name of the system in `systeminfo`.
fn is_computer_name(text: &str) -> bool {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    text.len() <= 63 && text.chars().all(fits) && text.chars().any(char::is_alphabetic)
}
