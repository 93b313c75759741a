//! Another default for an engine, shown or written into its `daemon.json`.

use std::path::PathBuf;

use anyhow::Result;
use winfit_core::Catalog;
use winfit_core::host::{Isolation, Os};
use winfit_docker::DockerError;
use winfit_docker::host::EngineHost;

use super::{Default, FileWord, knows_neither, path};
use crate::cli::IsolationArguments;
use crate::commands::docker::daemon::DaemonFile;
use crate::engines::Engines;
use crate::output::{nothing, printable, usage};

/// What became of a wish for another default.
pub(super) struct Set {
    pub(super) wanted: Isolation,
    /// The engine's `daemon.json` as it is now.
    pub(super) file: FileWord,
    pub(super) state: State,
    /// What the engine's default is now; none: nothing was written or is to be, and nobody needs to know.
    pub(super) engine: Option<Now>,
}

/// How far it came.
pub(super) enum State {
    /// The file says so already.
    Already,
    /// The change, which is not written.
    Shown(String),
    /// It is written, and what was there is kept.
    Written {
        diff: String,
        /// None: nothing was there.
        backup: Option<PathBuf>,
    },
}

/// What an engine says of its default.
pub(super) enum Now {
    /// The wanted one is.
    TakenUp(Default),
    /// Another one is still.
    Still(Default),
    /// It runs Linux containers.
    Linux(String),
    /// It does not answer.
    Silent(DockerError),
}

impl Now {
    /// Whether the engine has yet to be restarted.
    pub(super) fn must_restart(&self) -> bool {
        matches!(self, Self::Still(_) | Self::Silent(_))
    }
}

/// Sets another default, or shows how.
pub(super) fn set(
    catalog: &Catalog,
    arguments: &IsolationArguments,
    engines: &Engines,
    wanted: Isolation,
) -> Result<Set> {
    if arguments.file.is_none() && !engines.engine().is_here() {
        return Err(usage(format!(
            "the engine at {} reads its daemon.json on its own machine; run this there, or name the file with --file",
            engines.engine().name()
        )));
    }
    let ask = || engines.block_on(EngineHost::read(catalog, engines.engine()));
    // A file that is named alone may be of any engine, as one of Windows that is prepared on Linux.
    let is_of_engine = arguments.file.is_none()
        || arguments.engine.docker_host.is_some()
        || arguments.engine.context.is_some();
    if is_of_engine
        && let Ok(host) = ask()
        && host.host().os == Os::Linux
    {
        return Err(nothing(format!(
            "{}; nothing is set for it",
            knows_neither(&host)
        )));
    }
    let file = DaemonFile::read(catalog, &path(arguments))?;
    let of = |file: &DaemonFile, state, engine| Set {
        wanted,
        file: FileWord::of(file),
        state,
        engine,
    };
    let now = || Some(now(catalog, ask(), wanted));
    let Some(changed) = file.with(wanted)? else {
        return Ok(of(&file, State::Already, now()));
    };
    let diff = changed.diff();
    if !arguments.apply {
        return Ok(of(&file, State::Shown(diff), None));
    }
    let backup = changed.write()?;
    // As the file says it now, not as it was meant.
    let written = DaemonFile::read(catalog, file.path())?;
    if written.isolation() != Some(wanted) {
        return Err(nothing(format!(
            "{} was written, and does not say {} now: somebody else wrote it as well",
            printable(&file.path().display().to_string()),
            wanted.name()
        )));
    }
    Ok(of(&written, State::Written { diff, backup }, now()))
}

fn now(catalog: &Catalog, asked: Result<EngineHost, DockerError>, wanted: Isolation) -> Now {
    match asked {
        Err(error) => Now::Silent(error),
        Ok(host) if !host.is_windows() => Now::Linux(host.name),
        Ok(host) => {
            let default = Default::of(catalog, &host);
            if default.now == wanted {
                Now::TakenUp(default)
            } else {
                Now::Still(default)
            }
        }
    }
}
