//! The arguments.

mod docker;
mod engines;
mod image;
mod kube;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};
use winfit_core::Date;
use winfit_core::day::{DayError, parse_day};
use winfit_core::engine::{Engine, EngineError};
use winfit_core::finding::Severity;
use winfit_core::host::{Arch, Isolation, Kind, Os};
use winfit_core::reference::Base;

use crate::online::RegistryArguments;
use crate::report_file::{self, ReportFile};
use crate::settling::OnlineArguments;

pub(crate) use self::docker::{
    DockerArguments, DockerAuditArguments, DockerCommand, DockerRunArguments, IsolationArguments,
};
pub(crate) use self::engines::{
    EngineArguments, NodeFacts, ServiceFacts, SwarmArguments, SwarmAuditArguments, SwarmCommand,
    SwarmConstrainArguments, SwarmIsolateArguments, SwarmLabelArguments, SwarmSource,
    SwarmWatchArguments,
};
pub(crate) use self::image::{
    AssembleArguments, ImageArguments, ImageCommand, ImageLintArguments, ImagesArguments,
    InspectArguments, PickArguments,
};

pub(crate) use self::kube::{
    ClusterArguments, ClusterFacts, ClusterSource, KubeArguments, KubeAuditArguments, KubeCommand,
    KubeExplainArguments, KubeLabelArguments, KubePinArguments, KubeRuntimeClassesArguments,
    KubectlArguments, NodesSource, ScopeArguments,
};

/// Will this Windows container image run on this host, and if not, what is the smallest change that
/// makes it run?
#[derive(Debug, Parser)]
#[command(name = "winfit", version, propagate_version = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Use the built-in catalog alone, without what `winfit catalog sync` has learnt
    #[arg(long, global = true, display_order = 900)]
    pub(crate) no_overlay: bool,
}

impl Arguments {
    /// The arguments of winfit as a plugin of kubectl: those after `winfit kube`.
    pub(crate) fn of_kubectl(arguments: Vec<OsString>) -> Self {
        let KubectlArguments {
            command,
            no_overlay,
        } = KubectlArguments::parse_from(arguments);
        Self {
            command: Command::Kube(KubeArguments { command }),
            no_overlay,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Judge images on hosts: which isolation runs them, and what to change where none does
    Check(CheckArguments),
    /// Read Windows versions from anything you can paste
    Host(HostArguments),
    /// Check a repository: Dockerfiles, Compose files, manifests, daemon.json
    Lint(LintArguments),
    /// Serve an editor: findings while you type, verdicts under the pointer, fixes
    Lsp(LspArguments),
    /// Ask a Docker engine: what runs on its host, which isolation it takes, and run with the right one
    Docker(DockerArguments),
    /// Judge a Swarm: its nodes, its services, what cannot start where
    Swarm(SwarmArguments),
    /// Judge a Kubernetes cluster: its nodes, its workloads, what cannot start where
    Kube(KubeArguments),
    /// Ask registries: what an image holds, what engines pull of it, what is wrong with its index
    Image(ImageArguments),
    /// Say whether a new image is a patch of the old one, or another Windows
    ImageChange(ImageChangeArguments),
    /// Show what winfit reads in files, before any judgement
    Facts(FactsArguments),
    /// List the rules of lint, or show the page of one
    Rules(RulesArguments),
    /// Find version mismatches in error texts, logs and describe output
    Explain(ExplainArguments),
    /// Show Microsoft's support matrix, today's or that of any day
    Matrix(MatrixArguments),
    /// Say which tags to write in FROM for these hosts
    Tag(TagArguments),
    /// Look things up: releases, updates (KB), the matrix, breaks, engines, conflicts
    Catalog(CatalogArguments),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Human,
    /// For programs: one document, versioned
    Json,
    /// For pull requests and wikis
    Markdown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DataFormat {
    /// For people
    Human,
    /// For programs: one document, versioned
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FindingsFormat {
    /// For people: excerpts with the exact place
    Human,
    /// For programs: one document, versioned
    Json,
    /// For code scanning: SARIF 2.1.0
    Sarif,
    /// For GitHub Actions: annotations on the changed lines
    Github,
    /// For GitLab: a Code Quality report
    Gitlab,
    /// For pull requests and wikis
    Markdown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum FailOn {
    /// What cannot run
    Error,
    /// What may not run, or not for long
    Warning,
    /// Anything worth knowing
    Info,
    /// Nothing: always exit 0
    Never,
}

impl FailOn {
    /// Whether something of this weight makes the exit code 1.
    pub(crate) fn counts(self, severity: Severity) -> bool {
        match self {
            Self::Error => severity >= Severity::Error,
            Self::Warning => severity >= Severity::Warning,
            Self::Info => true,
            Self::Never => false,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum IsolationArgument {
    /// Share the host's kernel
    Process,
    /// A small virtual machine with a kernel of its own
    Hyperv,
}

impl From<IsolationArgument> for Isolation {
    fn from(argument: IsolationArgument) -> Self {
        match argument {
            IsolationArgument::Process => Self::Process,
            IsolationArgument::Hyperv => Self::Hyperv,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum KindArgument {
    /// Windows Server
    Server,
    /// Windows 10 or 11
    Client,
}

impl From<KindArgument> for Kind {
    fn from(argument: KindArgument) -> Self {
        match argument {
            KindArgument::Server => Self::Server,
            KindArgument::Client => Self::Client,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OsArgument {
    /// Windows
    Windows,
    /// Linux
    Linux,
}

impl From<OsArgument> for Os {
    fn from(argument: OsArgument) -> Self {
        match argument {
            OsArgument::Windows => Self::Windows,
            OsArgument::Linux => Self::Linux,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum BaseArgument {
    /// mcr.microsoft.com/windows/servercore
    Servercore,
    /// mcr.microsoft.com/windows/nanoserver
    Nanoserver,
    /// mcr.microsoft.com/windows/server
    Server,
    /// mcr.microsoft.com/windows
    Windows,
}

impl From<BaseArgument> for Base {
    fn from(argument: BaseArgument) -> Self {
        match argument {
            BaseArgument::Servercore => Self::Servercore,
            BaseArgument::Nanoserver => Self::Nanoserver,
            BaseArgument::Server => Self::Server,
            BaseArgument::Windows => Self::Windows,
        }
    }
}

/// What is told of every host on the command line, over what its text says.
#[derive(Debug, Default, Args)]
pub(crate) struct HostFacts {
    /// The hosts are servers or clients, for builds that are both
    #[arg(long, value_name = "KIND")]
    pub(crate) host_kind: Option<KindArgument>,
    /// The hosts have no Hyper-V
    #[arg(long)]
    pub(crate) no_hyperv: bool,
    /// The hosts' architecture: amd64, arm64
    #[arg(long, value_parser = arch, value_name = "ARCH")]
    pub(crate) arch: Option<Arch>,
    /// Where the hosts run: aks, gke, eks, openshift
    #[arg(long, value_name = "PLATFORM")]
    pub(crate) platform: Option<String>,
    /// The engine, as docker@29.6.2, docker@29.6.2+containerd, containerd@2.3.1 or
    /// containerd@2.3.1+client; without it only Windows is judged, not the pull
    #[arg(long, value_parser = engine, value_name = "ENGINE")]
    pub(crate) engine: Option<Engine>,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// Images: references, versions or release names
    #[arg(required = true, value_name = "IMAGE")]
    pub(crate) images: Vec<String>,
    /// A host: a version (10.0.17763.437), a release (ltsc2022, win11-24h2, "Windows Server 2016
    /// with KB4041691"), text that states one, @FILE, @- or auto; facts may follow after commas:
    /// 17763,server,hyperv=off,engine=docker@29.6.2
    #[arg(long = "host", required = true, value_name = "HOST")]
    pub(crate) hosts: Vec<String>,
    #[command(flatten)]
    pub(crate) facts: HostFacts,
    /// The isolation that must work (else the host's default)
    #[arg(long, value_name = "ISOLATION")]
    pub(crate) isolation: Option<IsolationArgument>,
    /// The version inside an image that no tag tells, as contoso/myimage=10.0.17763.437
    #[arg(long, value_name = "REF=VERSION")]
    pub(crate) image_version: Vec<String>,
    /// The images' operating system, where the text cannot tell
    #[arg(long, value_name = "OS")]
    pub(crate) image_os: Option<OsArgument>,
    /// The images run as HostProcess containers
    #[arg(long)]
    pub(crate) host_process: bool,
    #[command(flatten)]
    pub(crate) online: OnlineArguments,
    /// The day for dates of support (else today)
    #[arg(long, value_parser = day, value_name = "DATE")]
    pub(crate) as_of: Option<Date>,
    /// Count support that ends within so many days as a warning, as 180d
    #[arg(long, value_parser = days, value_name = "DAYS")]
    pub(crate) eol_within: Option<i64>,
    /// From which severity on the exit code is 1
    #[arg(long, default_value = "warning", value_name = "SEVERITY")]
    pub(crate) fail_on: FailOn,
    /// How to print the answer
    #[arg(long, default_value = "human")]
    pub(crate) format: Format,
    /// Show all reasons with their rules and sources
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ImageChangeArguments {
    /// The old image and the new one: references, versions or release names; - reads lines of two
    /// from standard input
    #[arg(required = true, num_args = 1..=2, value_names = ["OLD", "NEW"])]
    pub(crate) images: Vec<String>,
    /// A host that is to run the new image (see `winfit check --help`); where all do, another
    /// Windows is told and the exit code is 0
    #[arg(long = "host", value_name = "HOST")]
    pub(crate) hosts: Vec<String>,
    #[command(flatten)]
    pub(crate) facts: HostFacts,
    /// The version inside an image that no tag tells, as contoso/myimage=10.0.17763.437
    #[arg(long, value_name = "REF=VERSION")]
    pub(crate) image_version: Vec<String>,
    #[command(flatten)]
    pub(crate) online: OnlineArguments,
    /// The day for dates of support (else today)
    #[arg(long, value_parser = day, value_name = "DATE")]
    pub(crate) as_of: Option<Date>,
    /// How to print the answer
    #[arg(long, default_value = "human")]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct HostArguments {
    /// Text that states a version, @FILE, or - for standard input; without it this machine
    #[arg(value_name = "TEXT|@FILE|-", allow_negative_numbers = true)]
    pub(crate) text: Vec<String>,
    /// How to print the answer
    #[arg(long, default_value = "human")]
    pub(crate) format: DataFormat,
    /// Show what was inferred, and from what
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    /// Files to read; none or - reads standard input
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The host, for the full verdict (see `winfit check --help`)
    #[arg(long, value_name = "HOST")]
    pub(crate) host: Option<String>,
    #[command(flatten)]
    pub(crate) facts: HostFacts,
    /// The image, for the full verdict: a reference, a version or a release
    #[arg(long, value_name = "IMAGE")]
    pub(crate) image: Option<String>,
    /// The version inside the image, as REF=VERSION or only VERSION
    #[arg(long, value_name = "REF=VERSION")]
    pub(crate) image_version: Option<String>,
    #[command(flatten)]
    pub(crate) online: OnlineArguments,
    /// The day for dates of support (else today)
    #[arg(long, value_parser = day, value_name = "DATE")]
    pub(crate) as_of: Option<Date>,
    /// From which severity on the exit code is 1
    #[arg(long, default_value = "warning", value_name = "SEVERITY")]
    pub(crate) fail_on: FailOn,
    /// How to print the answer
    #[arg(long, default_value = "human")]
    pub(crate) format: DataFormat,
    /// Show more of what the text states
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

/// Which files are read, of `lint` and `facts`.
#[derive(Debug, Args)]
pub(crate) struct FilesArguments {
    /// Files and folders (else the working folder); - reads standard input, as what `helm template`
    /// and `kustomize build` print
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// The winfit.toml to use (else the nearest one above the first path)
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Standard input is this file, as an editor has it: its name says what it is, and its folder
    /// which files go with it
    #[arg(long, value_name = "NAME")]
    pub(crate) stdin_filename: Option<PathBuf>,
}

impl FilesArguments {
    /// The paths to read, with the name of standard input in the place of `-`; editors give the name
    /// alone.
    pub(crate) fn named_paths(&self) -> Vec<PathBuf> {
        match &self.stdin_filename {
            None => self.paths.clone(),
            Some(name) if self.paths.is_empty() => vec![name.clone()],
            Some(name) => {
                let paths = self.paths.iter();
                paths
                    .map(|path| if is_stdin(path) { name } else { path })
                    .cloned()
                    .collect()
            }
        }
    }
}

/// Whether a path stands for standard input.
pub(crate) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

#[derive(Debug, Args)]
pub(crate) struct LintArguments {
    #[command(flatten)]
    pub(crate) files: FilesArguments,
    /// A host to check against, in place of those of winfit.toml and of the files (see
    /// `winfit check --help`)
    #[arg(long = "host", value_name = "HOST")]
    pub(crate) hosts: Vec<String>,
    #[command(flatten)]
    pub(crate) facts: HostFacts,
    /// Judge Dockerfiles as built by docker build --isolation=ISOLATION on the hosts (else, where
    /// --host is given, with each host's default)
    #[arg(long, value_name = "ISOLATION")]
    pub(crate) isolation: Option<IsolationArgument>,
    /// Also tell which images changed since a revision of git, and whether their Windows did: a
    /// branch, a tag, a commit; main... is where this branch left main
    #[arg(long, value_name = "REV", allow_hyphen_values = true, conflicts_with_all = ["fix", "diff"])]
    pub(crate) against: Option<String>,
    #[command(flatten)]
    pub(crate) online: OnlineArguments,
    /// The day for dates of support (else today)
    #[arg(long, value_parser = day, value_name = "DATE")]
    pub(crate) as_of: Option<Date>,
    /// Count support that ends within so many days as a warning (else what winfit.toml says, else
    /// 180d)
    #[arg(long, value_parser = days, value_name = "DAYS")]
    pub(crate) eol_within: Option<i64>,
    /// Mend what can be mended without changing what already works, and report what is left
    #[arg(long)]
    pub(crate) fix: bool,
    /// Mend also what moves, restarts or rebuilds something
    #[arg(long)]
    pub(crate) unsafe_fixes: bool,
    /// Write nothing, and print what --fix would change as a patch
    #[arg(long, conflicts_with_all = ["fix", "format"])]
    pub(crate) diff: bool,
    #[command(flatten)]
    pub(crate) findings: FindingsOptions,
}

/// How findings are told, and when they make the exit code 1.
#[derive(Debug, Args)]
pub(crate) struct FindingsOptions {
    /// From which severity on the exit code is 1
    #[arg(long, default_value = "warning", value_name = "SEVERITY")]
    pub(crate) fail_on: FailOn,
    /// How to print the findings
    #[arg(long, default_value = "human")]
    pub(crate) format: FindingsFormat,
    /// Write the findings to a file as well, as sarif=winfit.sarif; may be repeated
    #[arg(long = "output", value_parser = report_file::parse, value_name = "FORMAT=FILE")]
    pub(crate) outputs: Vec<ReportFile>,
    /// Show what each finding is about and how sure it is
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

#[derive(Debug, Args)]
pub(crate) struct LspArguments {
    /// Speak over standard input and output: what it does anyway, and what editors say
    #[arg(long)]
    pub(crate) stdio: bool,
}

#[derive(Debug, Args)]
pub(crate) struct FactsArguments {
    #[command(flatten)]
    pub(crate) files: FilesArguments,
    /// How to print the facts
    #[arg(long, default_value = "human")]
    pub(crate) format: DataFormat,
}

#[derive(Debug, Args)]
pub(crate) struct RulesArguments {
    /// A rule, as findings name it in brackets; without it all rules of lint in a line each
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct MatrixArguments {
    /// Only these hosts: ws2025, win11-24h2, win11 (the page's rows), 10.0.20348
    #[arg(long = "host", value_name = "HOST")]
    pub(crate) hosts: Vec<String>,
    /// Only these images: ltsc2022, 1809, 10.0.17763
    #[arg(long = "image", value_name = "IMAGE")]
    pub(crate) images: Vec<String>,
    /// Only this isolation
    #[arg(long, value_name = "ISOLATION")]
    pub(crate) isolation: Option<IsolationArgument>,
    /// The page as it stood on that day
    #[arg(long, value_parser = day, value_name = "DATE")]
    pub(crate) as_of: Option<Date>,
    /// How to print the answer
    #[arg(long, default_value = "human")]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct TagArguments {
    /// The hosts that all must run it (see `winfit check --help`)
    #[arg(long = "host", required = true, value_name = "HOST")]
    pub(crate) hosts: Vec<String>,
    #[command(flatten)]
    pub(crate) facts: HostFacts,
    /// The base image (else all that fit)
    #[arg(long, value_name = "BASE")]
    pub(crate) base: Vec<BaseArgument>,
    /// The isolation (else both are shown)
    #[arg(long, value_name = "ISOLATION")]
    pub(crate) isolation: Option<IsolationArgument>,
    /// The day for dates of support (else today)
    #[arg(long, value_parser = day, value_name = "DATE")]
    pub(crate) as_of: Option<Date>,
    /// How to print the answer
    #[arg(long, default_value = "human")]
    pub(crate) format: DataFormat,
}

#[derive(Debug, Args)]
pub(crate) struct CatalogArguments {
    #[command(subcommand)]
    pub(crate) command: CatalogCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CatalogCommand {
    /// Named releases, their builds, tags and support
    Releases(FilterArguments),
    /// Updates: build and revision, KB, day
    Updates(FilterArguments),
    /// Microsoft's support matrix with its history
    Matrix(FilterArguments),
    /// Known breaks between revisions of one build
    Breaks(FilterArguments),
    /// Where sources contradict each other
    Conflicts(FilterArguments),
    /// Engine versions and the rule that each carries
    Engines(FilterArguments),
    /// The forms of tags and what they mean
    Tags(FilterArguments),
    /// Support of the base images, as each page had it
    Lifecycle(FilterArguments),
    /// Learn new revisions and KBs from the tags of the base images, and keep them beside the
    /// built-in tables
    Sync(SyncArguments),
    /// All that is known of 17763.437, KB4493509, ltsc2019, 1809-KB4493509 or 26100
    Show(ShowArguments),
}

#[derive(Debug, Args)]
pub(crate) struct FilterArguments {
    /// Only rows that contain all these words
    #[arg(value_name = "FILTER")]
    pub(crate) filter: Vec<String>,
    /// How to print the answer
    #[arg(long, default_value = "human")]
    pub(crate) format: DataFormat,
}

#[derive(Debug, Args)]
pub(crate) struct SyncArguments {
    /// A registry that has the base images (else Microsoft's), as localhost:5000, or localhost:5000/mcr
    /// for repositories under a prefix
    #[arg(long, value_name = "HOST")]
    pub(crate) registry: Vec<String>,
    /// A repository to read (else those of all base images), as windows/servercore
    #[arg(long, value_name = "NAME")]
    pub(crate) repository: Vec<String>,
    #[command(flatten)]
    pub(crate) registries: RegistryArguments,
    /// How to print the answer
    #[arg(long, default_value = "human")]
    pub(crate) format: DataFormat,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArguments {
    /// A version, a build, a KB, a release or a tag
    #[arg(required = true, value_name = "X")]
    pub(crate) what: Vec<String>,
    /// How to print the answer
    #[arg(long, default_value = "human")]
    pub(crate) format: DataFormat,
}

/// A long option written with one dash (`-host`, as PowerShell has them). Read as short options it
/// would ask for help, and exit with 0.
pub(crate) fn single_dash_word(arguments: impl Iterator<Item = String>) -> Option<String> {
    // What stands behind `docker run` is docker's.
    let mut last = String::new();
    arguments
        .take_while(|argument| {
            let is_end = argument == "--" || (last == "docker" && argument == "run");
            last.clone_from(argument);
            !is_end
        })
        .find(|argument| {
            argument.strip_prefix('-').is_some_and(|word| {
                word.len() > 2
                    && word
                        .bytes()
                        .all(|byte| byte.is_ascii_lowercase() || byte == b'-')
            }) && !argument.starts_with("--")
        })
}

fn day(text: &str) -> Result<Date, DayError> {
    parse_day(text)
}

fn engine(text: &str) -> Result<Engine, EngineError> {
    text.parse()
}

fn arch(text: &str) -> Result<Arch, String> {
    Arch::parse(text).ok_or_else(|| "an architecture is amd64, arm64, arm or 386".to_owned())
}

fn days(text: &str) -> Result<i64, String> {
    let number = text.strip_suffix('d').unwrap_or(text);
    match number.parse::<i64>() {
        Ok(days) if (0..=36_500).contains(&days) => Ok(days),
        _ => Err("a number of days is 0 to 36500, as 180d".to_owned()),
    }
}
