//! The arguments of `winfit image`.

use clap::{Args, Subcommand};
use winfit_core::Date;
use winfit_core::engine::Engine;
use winfit_core::host::Arch;

use super::{FindingsOptions, Format, HostFacts, KindArgument, arch, day, engine};
use crate::online::RegistryArguments;

#[derive(Debug, Args)]
pub(crate) struct ImageArguments {
    #[command(subcommand)]
    pub(crate) command: ImageCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ImageCommand {
    /// Show what registries have: each child's platform, the Windows in it, and where that is stated
    Inspect(InspectArguments),
    /// Say which child engines pull on hosts, and whether it starts there
    Pick(PickArguments),
    /// Check indexes: versions, order, children, hosts that are left out
    Lint(ImageLintArguments),
    /// Put images of several Windows into one index, in the order that serves most engines
    Assemble(AssembleArguments),
}

/// Which images are read, and how.
#[derive(Debug, Args)]
pub(crate) struct ImagesArguments {
    /// Images, as registry.contoso.com/shop/web:1.4; - reads a list from standard input, one a line,
    /// where # begins a comment
    #[arg(required = true, value_name = "REF")]
    pub(crate) references: Vec<String>,
    #[command(flatten)]
    pub(crate) registry: RegistryArguments,
}

#[derive(Debug, Args)]
pub(crate) struct InspectArguments {
    #[command(flatten)]
    pub(crate) images: ImagesArguments,
    /// The day for dates of support (else today)
    #[arg(long, value_parser = day, value_name = "DATE")]
    pub(crate) as_of: Option<Date>,
    /// How to print the answer
    #[arg(long, default_value = "human")]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct PickArguments {
    #[command(flatten)]
    pub(crate) images: ImagesArguments,
    /// A host; may be repeated (see `winfit check --help`)
    #[arg(long = "host", required = true, value_name = "HOST")]
    pub(crate) hosts: Vec<String>,
    /// An engine, as docker@29.6.2, docker@29.6.2+containerd, containerd@2.3.1 or
    /// containerd@2.3.1+client; may be repeated. Without it one engine of each rule that winfit knows
    #[arg(long = "engine", value_parser = engine, value_name = "ENGINE")]
    pub(crate) engines: Vec<Engine>,
    /// The hosts are servers or clients, for builds that are both
    #[arg(long, value_name = "KIND")]
    pub(crate) host_kind: Option<KindArgument>,
    /// The hosts' architecture: amd64, arm64
    #[arg(long, value_parser = arch, value_name = "ARCH")]
    pub(crate) arch: Option<Arch>,
    /// How to print the answer
    #[arg(long, default_value = "human")]
    pub(crate) format: Format,
    /// Say of every host and engine why
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

impl PickArguments {
    /// What is told of every host.
    pub(crate) fn facts(&self) -> HostFacts {
        HostFacts {
            host_kind: self.host_kind,
            arch: self.arch,
            ..HostFacts::default()
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct ImageLintArguments {
    #[command(flatten)]
    pub(crate) images: ImagesArguments,
    /// A host that the images have to run on, in place of those of winfit.toml in this folder (see
    /// `winfit check --help`)
    #[arg(long = "host", value_name = "HOST")]
    pub(crate) hosts: Vec<String>,
    #[command(flatten)]
    pub(crate) facts: HostFacts,
    #[command(flatten)]
    pub(crate) findings: FindingsOptions,
}

#[derive(Debug, Args)]
pub(crate) struct AssembleArguments {
    /// The image that the index becomes, with its tag
    #[arg(value_name = "NEW")]
    pub(crate) new: String,
    /// An image to put into it, of an index all that it holds; may be repeated. Without it NEW itself
    /// is written anew
    #[arg(long = "from", value_name = "REF")]
    pub(crate) from: Vec<String>,
    /// Push the index; without it nothing is written
    #[arg(long, conflicts_with = "offline")]
    pub(crate) apply: bool,
    #[command(flatten)]
    pub(crate) registry: RegistryArguments,
    /// How to print the answer
    #[arg(long, default_value = "human")]
    pub(crate) format: super::DataFormat,
}
