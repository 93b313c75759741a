//! The arguments of commands that ask Docker engines.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use winfit_core::Date;

use super::{DataFormat, FindingsOptions, day, days};
use crate::settling::EngineOnlineArguments;

/// Which engine is asked, and how long.
#[derive(Debug, Clone, Args)]
pub(crate) struct EngineArguments {
    /// The engine's address, as unix:///var/run/docker.sock, tcp://HOST:2376 or ssh://USER@HOST (else
    /// DOCKER_HOST, else the current context)
    #[arg(long, value_name = "ADDRESS", help_heading = ENGINE)]
    pub(crate) docker_host: Option<String>,
    /// The Docker context to ask (see docker context ls)
    #[arg(long, value_name = "NAME", help_heading = ENGINE, conflicts_with = "docker_host")]
    pub(crate) context: Option<String>,
    /// How long one answer may take, in seconds
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 60,
        value_parser = clap::value_parser!(u64).range(1..=86_400),
        help_heading = ENGINE
    )]
    pub(crate) timeout: u64,
}

/// Where the options of engines stand in help.
const ENGINE: &str = "Engine";

#[derive(Debug, Args)]
pub(crate) struct SwarmArguments {
    #[command(subcommand)]
    pub(crate) command: SwarmCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SwarmCommand {
    /// Show nodes with their Windows versions, services with where they fit, and what is wrong
    Audit(SwarmAuditArguments),
    /// Give each node the labels that tell its Windows, and what images it runs
    Label(SwarmLabelArguments),
    /// Keep services off nodes where they cannot start, by the fewest constraints
    Constrain(SwarmConstrainArguments),
    /// Show the way to Hyper-V isolation on every Windows node, and check nodes that have gone it
    Isolate(SwarmIsolateArguments),
    /// Follow a Swarm: labels for nodes that join, findings (or constraints) for new services
    Watch(SwarmWatchArguments),
}

/// What is told of a Swarm's nodes beside what the Swarm knows.
#[derive(Debug, Clone, Args)]
pub(crate) struct NodeFacts {
    /// A node's Windows, as win-a=ltsc2019 or win-a=10.0.17763.437; may be repeated
    #[arg(long = "host", value_name = "NODE=HOST")]
    pub(crate) hosts: Vec<String>,
    /// The node label that tells Windows or Linux
    #[arg(long, value_name = "NAME", default_value = "OS")]
    pub(crate) os_label: String,
    /// The node label that tells the version
    #[arg(long, value_name = "NAME", default_value = "OsVersion")]
    pub(crate) version_label: String,
}

/// What is told of services' images.
#[derive(Debug, Clone, Args)]
pub(crate) struct ServiceFacts {
    /// The version inside an image that no tag tells, as contoso/fax=10.0.17763; may be repeated
    #[arg(long, value_name = "REF=VERSION")]
    pub(crate) image_version: Vec<String>,
}

/// Where the Swarm is read.
#[derive(Debug, Clone, Args)]
pub(crate) struct SwarmSource {
    /// Ask also the engine of each Windows node, at the address that this makes of {addr} and {hostname},
    /// as tcp://{addr}:2376, or in the Docker context, as {hostname}
    #[arg(long, value_name = "TEMPLATE", conflicts_with = "from")]
    pub(crate) endpoint_template: Option<String>,
    /// Ask no engine, and judge what docker node inspect, docker service inspect and docker service ps
    /// said (JSON; - is standard input); may be repeated
    #[arg(long, value_name = "FILE", conflicts_with_all = ["docker_host", "context"])]
    pub(crate) from: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) engine: EngineArguments,
}

#[derive(Debug, Args)]
pub(crate) struct SwarmLabelArguments {
    #[command(flatten)]
    pub(crate) nodes: NodeFacts,
    #[command(flatten)]
    pub(crate) source: SwarmSource,
    /// On a worker, which may not change node labels: write engine labels into its own daemon.json.
    /// --host then names the worker's own Windows, where it is not this machine's
    #[arg(long = "self", conflicts_with_all = ["from", "docker_host", "context"])]
    pub(crate) own: bool,
    /// The worker's daemon.json (else the one where the engine looks for it)
    #[arg(long, value_name = "PATH", requires = "own")]
    pub(crate) file: Option<PathBuf>,
    /// Write the labels; without it nothing is written
    #[arg(long, conflicts_with = "from")]
    pub(crate) apply: bool,
    /// How to print the answer
    #[arg(long, default_value = "human")]
    pub(crate) format: DataFormat,
}

#[derive(Debug, Args)]
pub(crate) struct SwarmConstrainArguments {
    /// Services, by name or id
    #[arg(value_name = "SERVICE", required_unless_present = "all")]
    pub(crate) services: Vec<String>,
    /// All services
    #[arg(long, conflicts_with = "services")]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) nodes: NodeFacts,
    #[command(flatten)]
    pub(crate) images: ServiceFacts,
    #[command(flatten)]
    pub(crate) source: SwarmSource,
    #[command(flatten)]
    pub(crate) online: EngineOnlineArguments,
    /// Write the constraints; without it nothing is written
    #[arg(long, conflicts_with = "from")]
    pub(crate) apply: bool,
    /// How to print the answer
    #[arg(long, default_value = "human")]
    pub(crate) format: DataFormat,
}

#[derive(Debug, Args)]
pub(crate) struct SwarmIsolateArguments {
    #[command(flatten)]
    pub(crate) nodes: NodeFacts,
    #[command(flatten)]
    pub(crate) images: ServiceFacts,
    #[command(flatten)]
    pub(crate) source: SwarmSource,
    /// Ask the engine of a node whether Hyper-V is its default isolation, at an address or in a context, as
    /// win-a=tcp://win-a:2376; may be repeated. Alone: ask the engines of all Windows nodes, at the addresses
    /// that --endpoint-template makes
    #[arg(long, value_name = "NODE=ADDRESS", num_args = 0..=1, default_missing_value = "")]
    pub(crate) verify: Vec<String>,
    /// How to print the answer
    #[arg(long, default_value = "human")]
    pub(crate) format: DataFormat,
}

#[derive(Debug, Args)]
pub(crate) struct SwarmAuditArguments {
    #[command(flatten)]
    pub(crate) nodes: NodeFacts,
    #[command(flatten)]
    pub(crate) images: ServiceFacts,
    #[command(flatten)]
    pub(crate) source: SwarmSource,
    #[command(flatten)]
    pub(crate) online: EngineOnlineArguments,
    /// The day for dates of support (else today)
    #[arg(long, value_parser = day, value_name = "DATE")]
    pub(crate) as_of: Option<Date>,
    /// Count support that ends within so many days as a warning
    #[arg(long, value_parser = days, value_name = "DAYS", default_value = "180d")]
    pub(crate) eol_within: i64,
    #[command(flatten)]
    pub(crate) findings: FindingsOptions,
}

#[derive(Debug, Args)]
pub(crate) struct SwarmWatchArguments {
    #[command(flatten)]
    pub(crate) nodes: NodeFacts,
    #[command(flatten)]
    pub(crate) images: ServiceFacts,
    /// Write the labels that tell each node's Windows; without it they are told
    #[arg(long)]
    pub(crate) label: bool,
    /// Constrain services that are created or changed from now on to nodes that run them (their replicas
    /// restart); without it only findings are told
    #[arg(long)]
    pub(crate) enforce: bool,
    /// Read the Swarm once, tell and write what there is, and end
    #[arg(long, conflicts_with = "listen")]
    pub(crate) once: bool,
    /// Keep in a file what was told: a watch that begins anew repeats nothing and misses nothing
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// Serve /metrics (Prometheus) and /healthz at an address, as 127.0.0.1:9323
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
    /// Read the whole Swarm at least so often, in seconds: tasks tell nobody that they fail
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 30,
        value_parser = clap::value_parser!(u64).range(1..=86_400)
    )]
    pub(crate) every: u64,
    /// Ask also the engine of each Windows node, at the address that this makes of {addr} and {hostname},
    /// as tcp://{addr}:2376, or in the Docker context, as {hostname}
    #[arg(long, value_name = "TEMPLATE")]
    pub(crate) endpoint_template: Option<String>,
    #[command(flatten)]
    pub(crate) engine: EngineArguments,
    /// Count support that ends within so many days as a warning
    #[arg(long, value_parser = days, value_name = "DAYS", default_value = "180d")]
    pub(crate) eol_within: i64,
    /// How to log: lines for people, or one JSON object a line
    #[arg(long, default_value = "human")]
    pub(crate) format: DataFormat,
}
