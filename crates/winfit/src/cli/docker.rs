//! The arguments of `winfit docker`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, Args, Subcommand};
use winfit_core::Date;

use super::{DataFormat, EngineArguments, FindingsOptions, IsolationArgument, day, days};
use crate::settling::EngineOnlineArguments;

#[derive(Debug, Args)]
pub(crate) struct DockerArguments {
    #[command(subcommand)]
    pub(crate) command: DockerCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DockerCommand {
    /// Show this host, its images and containers judged, and why containers were not started
    Audit(DockerAuditArguments),
    /// Show which isolation containers get and why, or set the engine's default
    Isolation(IsolationArguments),
    /// Run a container with the isolation that it needs here, or say what would run
    Run(DockerRunArguments),
}

#[derive(Debug, Args)]
pub(crate) struct DockerAuditArguments {
    /// Ask no engine, and judge what docker info --format json and docker inspect said (JSON; - is
    /// standard input); may be repeated
    #[arg(long, value_name = "FILE", conflicts_with_all = ["docker_host", "context"])]
    pub(crate) from: Vec<PathBuf>,
    /// The day for dates of support (else today)
    #[arg(long, value_parser = day, value_name = "DATE")]
    pub(crate) as_of: Option<Date>,
    /// Count support that ends within so many days as a warning
    #[arg(long, value_parser = days, value_name = "DAYS", default_value = "180d")]
    pub(crate) eol_within: i64,
    #[command(flatten)]
    pub(crate) findings: FindingsOptions,
    #[command(flatten)]
    pub(crate) engine: EngineArguments,
    #[command(flatten)]
    pub(crate) online: EngineOnlineArguments,
}

#[derive(Debug, Args)]
pub(crate) struct IsolationArguments {
    /// A container, by its name or id; without it the engine's default is told
    #[arg(value_name = "CONTAINER", conflicts_with = "set")]
    pub(crate) container: Option<String>,
    /// Write this default into daemon.json
    #[arg(long, value_name = "ISOLATION")]
    pub(crate) set: Option<IsolationArgument>,
    /// The engine's daemon.json (else C:\ProgramData\docker\config\daemon.json, and
    /// /etc/docker/daemon.json on other systems)
    #[arg(long, value_name = "PATH")]
    pub(crate) file: Option<PathBuf>,
    /// Write it; without this the change is only shown
    #[arg(long, requires = "set")]
    pub(crate) apply: bool,
    /// How to print the answer
    #[arg(long, default_value = "human")]
    pub(crate) format: DataFormat,
    #[command(flatten)]
    pub(crate) engine: EngineArguments,
}

// `-h` is docker's: a container's hostname.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(crate) struct DockerRunArguments {
    /// Only print the command
    #[arg(long)]
    pub(crate) print: bool,
    /// Print help
    #[arg(long, action = ArgAction::Help)]
    pub(crate) help: Option<bool>,
    #[command(flatten)]
    pub(crate) engine: EngineArguments,
    #[command(flatten)]
    pub(crate) online: EngineOnlineArguments,
    /// What docker run is given: its options, the image, a command
    #[arg(
        value_name = "DOCKER RUN ARGUMENTS",
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub(crate) arguments: Vec<OsString>,
}
