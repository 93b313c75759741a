//! `winfit docker isolation`: which one containers get and why, and another default for the engine.

use std::path::PathBuf;

use anyhow::Result;
use winfit_core::Catalog;
use winfit_core::host::{Host, Isolation, Kind, Os};
use winfit_docker::DockerError;
use winfit_docker::host::{EngineHost, isolation};
use winfit_docker::local::LocalContainer;

use super::daemon::{DaemonFile, usual};
use crate::cli::IsolationArguments;
use crate::engines::Engines;
use crate::output::{Exit, Outcome, bold, columns, nothing, printable, usage, wrap};

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
        return set(catalog, arguments, &engines, wanted.into());
    }
    let host = engines
        .block_on(EngineHost::read(catalog, engines.engine()))
        .map_err(|error| nothing(error.to_string()))?;
    if !host.is_windows() {
        return Err(nothing(format!(
            "{} is a Linux host: its engine isolates all containers alike, and knows neither process nor hyperv",
            printable(&host.name)
        )));
    }
    let default = Default::of(catalog, &host);
    let explained = explain(catalog, arguments, &engines, &default)?;
    let text = match &arguments.container {
        None => of_engine(&host, &default, &explained),
        Some(name) => {
            let container = engines
                .block_on(LocalContainer::find(engines.engine(), name))
                .map_err(|error| nothing(error.to_string()))?;
            of_container(&container, &default, &explained)
        }
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

/// The isolation that containers get when nobody asks for one.
struct Default {
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
    /// What `daemon.json` says, and where it is.
    file: Option<(String, String)>,
    why: String,
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
    if let Some(broken) = file.broken() {
        return Ok(Explained {
            file: Some(("no JSON".to_owned(), file.path().display().to_string())),
            why: broken,
        });
    }
    let (says, why) = match file.isolation() {
        Some(set) if set == default.now => (
            set.name().to_owned(),
            "daemon.json says so (exec-opts)".to_owned(),
        ),
        Some(set) => (
            set.name().to_owned(),
            format!(
                "daemon.json says {}, and the engine has not taken it up: restart it ({})",
                set.name(),
                restart(Os::Windows)
            ),
        ),
        None => (
            if file.is_there() {
                "says none".to_owned()
            } else {
                "is not there".to_owned()
            },
            if default.now == default.own {
                format!("{now} is Docker's own default {on}, and daemon.json says nothing else")
            } else {
                format!(
                    "Docker's own default {on} is {}, and daemon.json says nothing of it: the service is given --exec-opt isolation={now}, or another file with --config-file",
                    default.own.name()
                )
            },
        ),
    };
    Ok(Explained {
        file: Some((says, file.path().display().to_string())),
        why,
    })
}

fn path(arguments: &IsolationArguments) -> PathBuf {
    arguments.file.clone().unwrap_or_else(usual)
}

fn of_engine(host: &EngineHost, default: &Default, explained: &Explained) -> String {
    let mut text = bold(&wrap(
        &format!(
            "Containers on {} get {} when nobody asks for one.",
            printable(&host.name),
            in_words(default.now)
        ),
        "",
        "",
    ));
    text.push_str("\n\n");
    text.push_str(&rows(None, default, explained));
    text
}

fn of_container(container: &LocalContainer, default: &Default, explained: &Explained) -> String {
    let said = container.host_config.isolation.trim();
    let own = isolation(said);
    let has = own.unwrap_or(default.now);
    let name = printable(container.name());
    let mut text = bold(&wrap(&format!("{name} has {}.", in_words(has)), "", ""));
    text.push_str("\n\n");
    let why = match own {
        None => "the engine's default counts".to_owned(),
        Some(own) if own == default.now => "which is the engine's default as well".to_owned(),
        Some(_) => "its own, or the default when it was made".to_owned(),
    };
    let shown = if said.is_empty() { "default" } else { said };
    text.push_str(&rows(Some(&(printable(shown), why)), default, explained));
    text
}

fn in_words(isolation: Isolation) -> &'static str {
    match isolation {
        Isolation::Process => "process isolation",
        Isolation::Hyperv => "Hyper-V isolation (hyperv)",
    }
}

/// What the container says, the engine, its file; then why.
fn rows(container: Option<&(String, String)>, default: &Default, explained: &Explained) -> String {
    let row = |label: &str, value: &str, more: &str| {
        vec![label.to_owned(), value.to_owned(), more.to_owned()]
    };
    let mut rows = Vec::new();
    if let Some((says, why)) = container {
        rows.push(row("container", says, why));
    }
    rows.push(row("engine", default.now.name(), "its default"));
    if let Some((says, path)) = &explained.file {
        rows.push(row("daemon.json", says, &printable(path)));
    }
    let mut text = columns(&rows, "  ");
    text.push('\n');
    text.push_str(&wrap(&printable(&explained.why), "  why  ", "       "));
    text.push('\n');
    text
}

/// The command that restarts the engine.
fn restart(os: Os) -> &'static str {
    match os {
        Os::Windows => "Restart-Service docker",
        Os::Linux => "systemctl restart docker",
    }
}

/// Another default, shown or written.
fn set(
    catalog: &Catalog,
    arguments: &IsolationArguments,
    engines: &Engines,
    wanted: Isolation,
) -> Result<Outcome> {
    if arguments.file.is_none() && !engines.engine().is_here() {
        return Err(usage(format!(
            "the engine at {} reads its daemon.json on its own machine; run this there, or name the file with --file",
            engines.engine().name()
        )));
    }
    let file = DaemonFile::read(catalog, &path(arguments))?;
    let place = printable(&file.path().display().to_string());
    let Some(changed) = file.with(wanted)? else {
        let mut text = wrap(
            &format!(
                "{place} sets {} already; nothing is changed.",
                in_words(wanted)
            ),
            "",
            "",
        );
        text.push('\n');
        text.push_str(&now(catalog, engines, wanted));
        return Ok(Outcome::new(text, Exit::Fits));
    };
    if !arguments.apply {
        let text = format!(
            "{}\n{}\n",
            changed.diff(),
            wrap(
                "Nothing is written yet; --apply writes it, and keeps what is there beside it.",
                "",
                ""
            )
        );
        return Ok(Outcome::new(text, Exit::Fits));
    }
    let backup = changed.write()?;
    // As the file says it now, not as it was meant.
    let written = DaemonFile::read(catalog, file.path())?;
    if written.isolation() != Some(wanted) {
        return Err(nothing(format!(
            "{place} was written, and does not say {} now: somebody else wrote it as well",
            wanted.name()
        )));
    }
    let mut text = bold(&wrap(
        &format!("{place} sets {} now.", in_words(wanted)),
        "",
        "",
    ));
    text.push_str("\n\n");
    if let Some(backup) = backup {
        let backup = printable(&backup.display().to_string());
        text.push_str(&wrap(
            &format!("what was there is kept in {backup}"),
            "  ",
            "  ",
        ));
        text.push('\n');
    }
    text.push_str(&now(catalog, engines, wanted));
    Ok(Outcome::new(text, Exit::Fits))
}

/// What the engine's default is now, and how it takes up what its file says.
fn now(catalog: &Catalog, engines: &Engines, wanted: Isolation) -> String {
    let asked: Result<EngineHost, DockerError> =
        engines.block_on(EngineHost::read(catalog, engines.engine()));
    let (sentence, must_restart) = match asked {
        Ok(host) if !host.is_windows() => (
            format!(
                "the engine of {} runs Linux containers, which know neither process nor hyperv",
                printable(&host.name)
            ),
            false,
        ),
        Ok(host) => {
            let now = Default::of(catalog, &host).now;
            if now == wanted {
                (format!("the engine's default is {} now", now.name()), false)
            } else {
                (
                    format!("the engine's default is still {}; restart it", now.name()),
                    true,
                )
            }
        }
        Err(error) => (
            format!("what the engine's default is now cannot be told: {error}"),
            true,
        ),
    };
    let mut text = wrap(&printable(&sentence), "  ", "  ");
    text.push('\n');
    if must_restart {
        text.push_str(
            "\n  The engine reads its file when it starts. Restarting it stops containers.\n",
        );
        let label = |shell: &str, command: &str| vec![shell.to_owned(), command.to_owned()];
        text.push_str(&columns(
            &[
                label("PowerShell", restart(Os::Windows)),
                label("sh", restart(Os::Linux)),
            ],
            "    ",
        ));
        text.push_str("  Then see what it took up:\n    winfit docker isolation\n");
    }
    text
}
