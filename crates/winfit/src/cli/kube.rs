//! The arguments of commands that ask Kubernetes clusters.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use winfit_core::Date;

use super::{DataFormat, FailOn, FindingsOptions, day, days};
use crate::settling::OnlineArguments;

/// Where the options of clusters stand in help.
const CLUSTER: &str = "Cluster";

#[derive(Debug, Args)]
pub(crate) struct KubeArguments {
    #[command(subcommand)]
    pub(crate) command: KubeCommand,
}

/// Judge a Kubernetes cluster: its nodes, its workloads, what cannot start where
#[derive(Debug, Parser)]
#[command(
    name = "kubectl-winfit",
    bin_name = "kubectl winfit",
    version,
    propagate_version = true
)]
pub(crate) struct KubectlArguments {
    #[command(subcommand)]
    pub(crate) command: KubeCommand,
    /// Use the built-in catalog alone, without what `winfit catalog sync` has learnt
    #[arg(long, global = true, display_order = 900)]
    pub(crate) no_overlay: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KubeCommand {
    /// Show nodes with their Windows versions, workloads with where they fit, and what is wrong
    Audit(KubeAuditArguments),
    /// Say of a pod why it does not start: which container, which image, which node, what to do
    Explain(KubeExplainArguments),
    /// Change pod templates so that they admit exactly the nodes on which their images run
    Pin(KubePinArguments),
    /// Label each node with its Windows version and the images that it runs
    Label(KubeLabelArguments),
    /// Print a RuntimeClass for each Windows build of the cluster, for kubectl apply -f -
    #[command(name = "runtimeclasses")]
    RuntimeClasses(KubeRuntimeClassesArguments),
}

/// Which cluster is asked, as kubectl finds it, and how long.
#[derive(Debug, Clone, Args)]
pub(crate) struct ClusterArguments {
    /// The kubeconfig (else those that KUBECONFIG lists, else ~/.kube/config, else the account of the pod
    /// that this runs in)
    #[arg(long, value_name = "FILE", help_heading = CLUSTER)]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// The context (see kubectl config get-contexts)
    #[arg(long, value_name = "NAME", help_heading = CLUSTER)]
    pub(crate) context: Option<String>,
    /// How long one answer may take, in seconds
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 60,
        value_parser = clap::value_parser!(u64).range(1..=86_400),
        help_heading = CLUSTER
    )]
    pub(crate) request_timeout: u64,
}

/// What of the cluster is read.
#[derive(Debug, Clone, Args)]
pub(crate) struct ScopeArguments {
    /// Only this namespace (else all of them)
    #[arg(short, long, value_name = "NAME", help_heading = CLUSTER)]
    pub(crate) namespace: Option<String>,
    /// All namespaces, which is what is read anyway
    #[arg(short = 'A', long, conflicts_with = "namespace", help_heading = CLUSTER)]
    pub(crate) all_namespaces: bool,
    /// Only workloads and pods with these labels, as app=web,tier!=cache
    #[arg(short = 'l', long, value_name = "LABELS", help_heading = CLUSTER)]
    pub(crate) selector: Option<String>,
}

/// Where the cluster is read.
#[derive(Debug, Clone, Args)]
pub(crate) struct ClusterSource {
    /// Ask no cluster, and judge what kubectl get nodes,pods,deployments,… -o json or -o yaml or kubectl
    /// describe said (- is standard input); may be repeated
    #[arg(long, value_name = "FILE", conflicts_with_all = ["kubeconfig", "context", "namespace", "selector"])]
    pub(crate) from: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) scope: ScopeArguments,
    #[command(flatten)]
    pub(crate) cluster: ClusterArguments,
}

/// What is told beside what the cluster knows.
#[derive(Debug, Clone, Args)]
pub(crate) struct ClusterFacts {
    /// A node's Windows, as win-a=ltsc2019 or win-a=10.0.17763.437; may be repeated
    #[arg(long = "host", value_name = "NODE=HOST")]
    pub(crate) hosts: Vec<String>,
    /// The version inside an image that no tag tells, as contoso/fax=10.0.17763; may be repeated
    #[arg(long, value_name = "REF=VERSION")]
    pub(crate) image_version: Vec<String>,
    #[command(flatten)]
    pub(crate) online: OnlineArguments,
}

#[derive(Debug, Args)]
pub(crate) struct KubeAuditArguments {
    /// Say also what the cluster as a whole could do: versions to keep apart or to do without, what to
    /// rebuild (for people only)
    #[arg(long)]
    pub(crate) advice: bool,
    #[command(flatten)]
    pub(crate) facts: ClusterFacts,
    #[command(flatten)]
    pub(crate) source: ClusterSource,
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
pub(crate) struct KubeExplainArguments {
    /// The pod: its name, or how its name begins
    #[arg(value_name = "POD")]
    pub(crate) pod: String,
    #[command(flatten)]
    pub(crate) facts: ClusterFacts,
    #[command(flatten)]
    pub(crate) source: ClusterSource,
    /// The day for dates of support (else today)
    #[arg(long, value_parser = day, value_name = "DATE")]
    pub(crate) as_of: Option<Date>,
    /// Count support that ends within so many days as a warning
    #[arg(long, value_parser = days, value_name = "DAYS", default_value = "180d")]
    pub(crate) eol_within: i64,
    /// Exit with 1 for findings of at least this weight
    #[arg(long, value_name = "SEVERITY", default_value = "warning")]
    pub(crate) fail_on: FailOn,
    /// How to print the answer
    #[arg(long, default_value = "human")]
    pub(crate) format: DataFormat,
}

/// Where nodes are read.
#[derive(Debug, Clone, Args)]
pub(crate) struct NodesSource {
    /// Ask no cluster, and judge what kubectl get nodes -o json or -o yaml or kubectl describe said (- is
    /// standard input); may be repeated
    #[arg(long, value_name = "FILE", conflicts_with_all = ["kubeconfig", "context"])]
    pub(crate) from: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) cluster: ClusterArguments,
}

impl NodesSource {
    /// As the source of everything: nodes are in no namespace, and are all read.
    pub(crate) fn whole(&self) -> ClusterSource {
        ClusterSource {
            from: self.from.clone(),
            scope: ScopeArguments {
                namespace: None,
                all_namespaces: false,
                selector: None,
            },
            cluster: self.cluster.clone(),
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct KubeLabelArguments {
    /// A label of your own that tells the same, as beta.kubernetes.io/osbuild=osbuild: osbuild is the build
    /// (of 14393 with its revision), build the build, version all four numbers, release ltsc2022; may be
    /// repeated
    #[arg(long = "label", value_name = "KEY=WHAT")]
    pub(crate) labels: Vec<String>,
    /// A node's Windows, as win-a=ltsc2019 or win-a=10.0.17763.437; may be repeated
    #[arg(long = "host", value_name = "NODE=HOST")]
    pub(crate) hosts: Vec<String>,
    #[command(flatten)]
    pub(crate) source: NodesSource,
    /// Write the labels; without it nothing is written
    #[arg(long, conflicts_with = "from")]
    pub(crate) apply: bool,
    /// Take labels over that another field manager owns
    #[arg(long)]
    pub(crate) force: bool,
    /// How to print the answer
    #[arg(long, default_value = "human")]
    pub(crate) format: DataFormat,
}

#[derive(Debug, Args)]
pub(crate) struct KubeRuntimeClassesArguments {
    /// A node's Windows, as win-a=ltsc2019 or win-a=10.0.17763.437; may be repeated
    #[arg(long = "host", value_name = "NODE=HOST")]
    pub(crate) hosts: Vec<String>,
    #[command(flatten)]
    pub(crate) source: NodesSource,
}

#[derive(Debug, Args)]
pub(crate) struct KubePinArguments {
    /// Workloads as kubectl names them, as deployment/web or ds/agent; the bare name of what has it alone
    #[arg(value_name = "WORKLOAD", required_unless_present = "all")]
    pub(crate) workloads: Vec<String>,
    /// All workloads of the namespace, with -A of all namespaces
    #[arg(long, conflicts_with = "workloads")]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) facts: ClusterFacts,
    #[command(flatten)]
    pub(crate) source: ClusterSource,
    /// Write the changes; without it nothing is written
    #[arg(long, conflicts_with_all = ["from", "diff", "output"])]
    pub(crate) apply: bool,
    /// Print the changes of the templates as a unified diff
    #[arg(long, conflicts_with = "output")]
    pub(crate) diff: bool,
    /// Write a file for each change into a folder: a patch for kustomize, or the manifest of what is to be
    /// made anew
    #[arg(long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    /// How to print the answer
    #[arg(long, default_value = "human")]
    pub(crate) format: DataFormat,
}
