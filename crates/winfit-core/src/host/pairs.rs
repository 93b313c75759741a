//! The fields among the lines of a session: which draft each belongs to, and where the next begins.

use crate::host::Arch;

use super::draft::{Draft, Shape};
use super::fields::{self, Field};
use super::lines::{self, Pair};
use super::session::{Part, Session};
use super::update;

impl Session<'_> {
    /// `CurrentBuildNumber    REG_SZ    17763`, one on a line or several.
    pub(super) fn registry_line(&mut self, text: &str, line: usize) -> bool {
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
    pub(super) fn docker_heading(&mut self, raw: &str, text: &str, line: usize) -> bool {
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
    pub(super) fn label_line(&mut self, text: &str, line: usize) -> bool {
        let labels = text.strip_prefix("Labels:").map_or(text, str::trim);
        if !labels.contains('=') {
            return false;
        }
        // `docker node inspect --pretty` has its labels before anything else.
        let swarm = text
            .strip_prefix("- ")
            .and_then(|label| label.split_once('='));
        let swarm = swarm.is_some_and(|(key, _)| matches!(key, "OS" | "OsVersion"));
        if swarm
            && self
                .open
                .as_ref()
                .is_none_or(|draft| draft.shape != Shape::Node)
        {
            self.open_draft(Shape::Node, line);
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
    pub(super) fn pair(&mut self, raw: &str, pair: &Pair<'_>, line: usize) -> bool {
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
            "version" | "gitcommit" if self.part == Part::Component => return true,
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

    pub(super) fn docker_field(&mut self, field: Field, pair: &Pair<'_>, line: usize) -> bool {
        if let Some(draft) = &mut self.open {
            fields::apply(draft, self.catalog, field, pair.key, pair.value, line);
        }
        true
    }

    pub(super) fn known(&mut self, known: &fields::Known, pair: &Pair<'_>, line: usize) -> bool {
        let open = self.open.as_ref().map(|draft| draft.shape);
        if known.field == Field::Name {
            if self.part == Part::Yaml {
                if std::mem::take(&mut self.metadata) {
                    self.docker_field(Field::Name, pair, line);
                }
                return true;
            }
            match open {
                // The name comes before the rest in systeminfo, and may start another's.
                None | Some(Shape::Running) if known.shape.is_none() => return false,
                Some(Shape::System | Shape::Registry) if known.key == "name" => return true,
                Some(Shape::System) if known.shape.is_none() && self.seen(known.key) => {
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

    pub(super) fn seen(&self, key: &str) -> bool {
        self.open
            .as_ref()
            .is_some_and(|draft| draft.seen.contains(&key))
    }

    /// Puts a known field into the open draft, or into a new one where it belongs to another host.
    pub(super) fn field(&mut self, known: &fields::Known, key: &str, value: &str, line: usize) {
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

    pub(super) fn open_draft(&mut self, shape: Shape, line: usize) {
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
    pub(super) fn by_value(&mut self, key: &str, pair: &Pair<'_>, line: usize) -> bool {
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
        // The vendor is written in the system's own script: `Майкрософт Windows Server 2019`.
        let named = pair
            .value
            .split_once("Windows ")
            .is_some_and(|(vendor, _)| {
                let vendor = vendor.trim_end();
                let foreign = !vendor.is_ascii() && !vendor.contains(char::is_whitespace);
                vendor == "Microsoft" || foreign
            })
            && !pair.value.contains(['[', '(']);
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
            draft.kb(*kb);
        }
        !kbs.is_empty()
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
