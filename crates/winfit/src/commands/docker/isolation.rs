//! `winfit docker isolation`: which one containers get and why, and another default for the engine.

mod human;
mod json;
mod set;

use std::path::PathBuf;

use anyhow::Result;
use winfit_core::Catalog;
use winfit_core::host::{Host, Isolation, Kind, Os};
use winfit_docker::host::{EngineHost, isolation};
use winfit_docker::local::LocalContainer;

use super::daemon::{DaemonFile, usual};
use crate::cli::{DataFormat, IsolationArguments};
use crate::engines::Engines;
use crate::findings::document;
use crate::output::{Exit, Outcome, nothing, printable, usage};

pub(super) fn run(arguments: &IsolationArguments) -> Result<Outcome> {
    let catalog = crate::overlay::catalog();
    if let Some(name) = &arguments.container
        && !is_name(name)
    {
        return Err(usage(format!(
            "{:?} is no container's name: letters, digits and _.- make one",
            printable(name)
        )));
    }
    let engines = Engines::new(&arguments.engine)?;
    if let Some(wanted) = arguments.set {
        let set = set::set(catalog, arguments, &engines, wanted.into())?;
        let text = match arguments.format {
            DataFormat::Human => human::of_set(&set),
            DataFormat::Json => document(&json::of_set(&set))?,
        };
        return Ok(Outcome::new(text, Exit::Fits));
    }
    let host = engines
        .block_on(EngineHost::read(catalog, engines.engine()))
        .map_err(|error| nothing(error.to_string()))?;
    if !host.is_windows() {
        return Err(nothing(knows_neither(&host)));
    }
    let default = Default::of(catalog, &host);
    let explained = explain(catalog, arguments, &engines, &default)?;
    let container = arguments.container.as_ref().map(|name| {
        engines
            .block_on(LocalContainer::find(engines.engine(), name))
            .map(|found| OfContainer::of(&found, &default))
            .map_err(|error| nothing(error.to_string()))
    });
    let told = Told {
        container: container.transpose()?,
        default,
        explained,
    };
    let text = match arguments.format {
        DataFormat::Human => human::told(&told),
        DataFormat::Json => document(&json::told(&told))?,
    };
    Ok(Outcome::new(text, Exit::Fits))
}

/// Whether a text may be a container's name or id. What may not must not become part of a request.
fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes
        .next()
        .is_some_and(|byte| byte.is_ascii_alphanumeric())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}

/// Why a Linux engine has no default to tell, and takes none.
fn knows_neither(host: &EngineHost) -> String {
    format!(
        "{} is a Linux host: its engine isolates all containers alike, and knows neither process nor hyperv",
        printable(&host.name)
    )
}

/// What there is to tell of an engine, and of one of its containers.
struct Told {
    /// The container that was asked for.
    container: Option<OfContainer>,
    default: Default,
    explained: Explained,
}

/// The isolation of a container.
struct OfContainer {
    name: String,
    /// As `docker inspect` shows it.
    says: String,
    /// What it asked for; none: the engine's default.
    own: Option<Isolation>,
    has: Isolation,
}

impl OfContainer {
    fn of(container: &LocalContainer, default: &Default) -> Self {
        let says = container.host_config.isolation.trim();
        let own = isolation(says);
        Self {
            name: container.name().to_owned(),
            says: if says.is_empty() { "default" } else { says }.to_owned(),
            own,
            has: own.unwrap_or(default.now),
        }
    }
}

/// The isolation that containers get when nobody asks for one.
struct Default {
    /// The host's name.
    host: String,
    /// As the engine says.
    now: Isolation,
    /// What Docker takes on such a host when nothing is configured.
    own: Isolation,
    kind: Kind,
}

impl Default {
    fn of(catalog: &Catalog, host: &EngineHost) -> Self {
        let facts = host.host();
        let own = Host {
            configured_isolation: None,
            ..*facts
        };
        Self {
            host: host.name.clone(),
            now: host
                .isolation
                .unwrap_or_else(|| facts.default_isolation(catalog)),
            own: own.default_isolation(catalog),
            kind: facts.effective_kind(catalog),
        }
    }
}

/// Why the default is what it is.
struct Explained {
    /// What `daemon.json` says; none: it is not at hand.
    file: Option<FileWord>,
    why: String,
}

/// A `daemon.json`, and what it says of isolation.
struct FileWord {
    path: PathBuf,
    says: Says,
}

/// What a `daemon.json` says of isolation.
#[derive(Clone, Copy)]
enum Says {
    /// It is not there.
    NotThere,
    /// It is no JSON.
    NoJson,
    /// Nothing.
    Nothing,
    /// That one.
    Sets(Isolation),
}

impl FileWord {
    fn of(file: &DaemonFile) -> Self {
        let says = match file.isolation() {
            _ if file.broken().is_some() => Says::NoJson,
            Some(isolation) => Says::Sets(isolation),
            None if file.is_there() => Says::Nothing,
            None => Says::NotThere,
        };
        Self {
            path: file.path().to_owned(),
            says,
        }
    }
}

/// Whether `daemon.json` explains the default. That of an engine elsewhere is not at hand.
fn explain(
    catalog: &Catalog,
    arguments: &IsolationArguments,
    engines: &Engines,
    default: &Default,
) -> Result<Explained> {
    let now = default.now.name();
    let on = match default.kind {
        Kind::Server => "on Windows Server",
        Kind::Client => "on Windows 10 and 11",
        Kind::Unknown => "here",
    };
    if arguments.file.is_none() && !engines.engine().is_here() {
        return Ok(Explained {
            file: None,
            why: if default.now == default.own {
                format!(
                    "{now} is Docker's own default {on}; its daemon.json is not on this machine"
                )
            } else {
                format!(
                    "Docker's own default {on} is {}: the engine is configured so, on its own machine",
                    default.own.name()
                )
            },
        });
    }
    let file = DaemonFile::read(catalog, &path(arguments))?;
    let word = FileWord::of(&file);
    let why = match (word.says, file.broken()) {
        (_, Some(broken)) => broken,
        (Says::Sets(set), None) if set == default.now => {
            "daemon.json says so (exec-opts)".to_owned()
        }
        (Says::Sets(set), None) => format!(
            "daemon.json says {}, and the engine has not taken it up: restart it ({})",
            set.name(),
            restart(Os::Windows)
        ),
        (_, None) if default.now == default.own => {
            format!("{now} is Docker's own default {on}, and daemon.json says nothing else")
        }
        (_, None) => format!(
            "Docker's own default {on} is {}, and daemon.json says nothing of it: the service is given --exec-opt isolation={now}, or another file with --config-file",
            default.own.name()
        ),
    };
    Ok(Explained {
        file: Some(word),
        why,
    })
}

fn path(arguments: &IsolationArguments) -> PathBuf {
    arguments.file.clone().unwrap_or_else(usual)
}

/// The command that restarts the engine.
fn restart(os: Os) -> &'static str {
    match os {
        Os::Windows => "Restart-Service docker",
        Os::Linux => "systemctl restart docker",
    }
}
