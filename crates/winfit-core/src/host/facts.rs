//! The facts that follow a host after commas: `17763.437,server,hyperv=off,engine=docker@29.6.2`.

use crate::catalog::{Catalog, Stream, stream};
use crate::engine::Engine;
use crate::host::{Arch, Isolation, Kind, Os};
use crate::version::quote_for_error;

use super::fields;
use super::read::ReadHost;
use super::spec::HostSpecError;

/// What the facts of one HOST argument say.
#[derive(Debug, Default)]
pub(super) struct Facts {
    kind: Option<Kind>,
    hyperv: Option<bool>,
    arch: Option<Arch>,
    engine: Option<Engine>,
    platform: Option<u8>,
    isolation: Option<Isolation>,
    name: Option<String>,
}

const KEYS: &str = "server, client, hyperv=on|off, arch=amd64|arm64, engine=docker@29.6.2, \
                    platform=NAME, isolation=process|hyperv, name=NAME";

/// Splits the facts off the end of a HOST argument. Names of releases have commas of their own.
pub(super) fn split<'t>(
    catalog: &Catalog,
    text: &'t str,
) -> Result<(&'t str, Facts), HostSpecError> {
    let mut base = text;
    let mut segments = Vec::new();
    while let Some((head, last)) = base.rsplit_once(',') {
        let last = last.trim();
        let is_fact = matches!(last.to_ascii_lowercase().as_str(), "server" | "client")
            || last
                .split_once('=')
                .is_some_and(|(key, _)| !key.trim().contains(' '));
        if !is_fact {
            break;
        }
        segments.push(last);
        base = head;
    }
    let mut facts = Facts::default();
    for segment in segments.iter().rev() {
        facts.take(catalog, segment)?;
    }
    Ok((base.trim(), facts))
}

fn set<T>(slot: &mut Option<T>, value: T, fact: &str, key: &str) -> Result<(), HostSpecError> {
    if slot.replace(value).is_some() {
        return Err(HostSpecError::Twice {
            fact: quote_for_error(fact),
            key: key.to_owned(),
        });
    }
    Ok(())
}

impl Facts {
    fn take(&mut self, catalog: &Catalog, fact: &str) -> Result<(), HostSpecError> {
        let (key, value) = fact.split_once('=').unwrap_or((fact, ""));
        let key = key.trim().to_ascii_lowercase();
        let value = value.trim();
        let wrong = |expected: String| HostSpecError::Fact {
            fact: quote_for_error(fact),
            expected,
        };
        match key.as_str() {
            "server" if !fact.contains('=') => set(&mut self.kind, Kind::Server, fact, "kind"),
            "client" if !fact.contains('=') => set(&mut self.kind, Kind::Client, fact, "kind"),
            "hyperv" => {
                let on = match value.to_ascii_lowercase().as_str() {
                    "on" | "yes" | "true" => true,
                    "off" | "no" | "false" => false,
                    _ => return Err(wrong("hyperv=on or hyperv=off".to_owned())),
                };
                set(&mut self.hyperv, on, fact, "hyperv")
            }
            "arch" => {
                let arch = Arch::parse(value)
                    .ok_or_else(|| wrong("arch=amd64 or arch=arm64".to_owned()))?;
                set(&mut self.arch, arch, fact, "arch")
            }
            "engine" => set(&mut self.engine, value.parse()?, fact, "engine"),
            "isolation" => {
                let isolation = fields::isolation(value)
                    .ok_or_else(|| wrong("isolation=process or isolation=hyperv".to_owned()))?;
                set(&mut self.isolation, isolation, fact, "isolation")
            }
            "platform" => {
                let at = catalog
                    .platforms
                    .iter()
                    .position(|platform| platform.platform.eq_ignore_ascii_case(value));
                let Some(at) = at.and_then(|at| u8::try_from(at).ok()) else {
                    let known: Vec<&str> = catalog.platforms.iter().map(|p| p.platform).collect();
                    return Err(wrong(format!(
                        "a platform that the catalog knows: {}",
                        known.join(", ")
                    )));
                };
                set(&mut self.platform, at, fact, "platform")
            }
            "name" if !value.is_empty() => set(&mut self.name, value.to_owned(), fact, "name"),
            _ => Err(wrong(format!("one of {KEYS}"))),
        }
    }

    /// Adds the facts to what the base may mean; readings that contradict them fall away.
    pub(super) fn apply(
        self,
        catalog: &Catalog,
        base: &str,
        mut hosts: Vec<ReadHost>,
    ) -> Result<Vec<ReadHost>, HostSpecError> {
        if let Some(kind) = self.kind {
            let contradiction = hosts
                .iter()
                .find_map(|host| Self::against(catalog, host, kind, base));
            hosts.retain(|host| Self::against(catalog, host, kind, base).is_none());
            if let (true, Some(error)) = (hosts.is_empty(), contradiction) {
                return Err(error);
            }
        }
        for read in &mut hosts {
            let host = &mut read.host;
            if host.os == Os::Linux && (self.hyperv.is_some() || self.isolation.is_some()) {
                return Err(HostSpecError::Contradiction {
                    text: quote_for_error(base),
                    reason: "a Linux host has neither Hyper-V isolation nor process isolation of \
                             Windows; leave hyperv= and isolation= out"
                        .to_owned(),
                });
            }
            if let (Some(stated), Some(engine)) = (host.engine, self.engine)
                && stated != engine
            {
                return Err(HostSpecError::Contradiction {
                    text: quote_for_error(base),
                    reason: format!(
                        "it states the engine {stated}, and the fact after it {engine}"
                    ),
                });
            }
            if let Some(kind) = self.kind {
                host.kind = kind;
                read.inferred
                    .retain(|sentence| !sentence.starts_with("kind: "));
            }
            host.hyperv = self.hyperv.or(host.hyperv);
            host.arch = self.arch.or(host.arch);
            host.engine = self.engine.or(host.engine);
            host.platform = self.platform.or(host.platform);
            host.configured_isolation = self.isolation.or(host.configured_isolation);
            if self.name.is_some() {
                read.name.clone_from(&self.name);
            }
        }
        Ok(hosts)
    }

    /// Why this host cannot be of this kind.
    fn against(
        catalog: &Catalog,
        read: &ReadHost,
        kind: Kind,
        base: &str,
    ) -> Option<HostSpecError> {
        let error = |reason| {
            Some(HostSpecError::Contradiction {
                text: quote_for_error(base),
                reason,
            })
        };
        if read.host.os == Os::Linux {
            return error(format!("a Linux host is no Windows {}", kind.name()));
        }
        let inferred = read
            .inferred
            .iter()
            .any(|sentence| sentence.starts_with("kind: "));
        let own = if inferred {
            Kind::Unknown
        } else {
            read.host.kind
        };
        if own != Kind::Unknown && own != kind {
            return error(format!("that is a {}, not a {}", own.name(), kind.name()));
        }
        let version = read.host.version?;
        let by_build = catalog.kinds_of(version.build)?.only();
        if by_build != Kind::Unknown && by_build != kind {
            let name = catalog.main_release(version.build, by_build)?.name;
            return error(format!(
                "{} is {name}, a {}, and no {}",
                version.build,
                by_build.name(),
                kind.name()
            ));
        }
        let other = match stream(version.build, version.revision.unwrap_or(0)) {
            Stream::Server => Kind::Server,
            Stream::Client => Kind::Client,
            Stream::Common => kind,
        };
        if other != kind {
            return error(format!(
                "only {}s have the revision {}",
                other.name(),
                version.short()
            ));
        }
        None
    }
}
