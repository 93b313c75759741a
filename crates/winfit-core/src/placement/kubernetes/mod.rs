//! How Kubernetes places pods: nodeSelector, required node affinity, RuntimeClass, taints and
//! tolerations, `nodeName`.

mod admits;
mod labels;
mod runtime_class;
mod selected;

use crate::finding::{Located, Origin};
use crate::host::Isolation;

pub(crate) use self::labels::may_have_build_label;
pub use self::runtime_class::Conflict;
pub(crate) use self::selected::sku_of_build;
pub use self::selected::{demands_version, version_in_label};

/// The label of the operating system that every kubelet sets.
pub const OS_LABEL: &str = "kubernetes.io/os";

/// Its old name, which clusters still keep beside it.
pub const OLD_OS_LABEL: &str = "beta.kubernetes.io/os";

/// The label of the build that every kubelet on Windows sets since Kubernetes 1.17.
pub const BUILD_LABEL: &str = "node.kubernetes.io/windows-build";

/// The label by which winfit tells the build of a node: `20348`.
pub const WINFIT_BUILD_LABEL: &str = "winfit.dev/build";

/// The label by which winfit tells the whole version of a node: `10.0.20348.825`.
pub const WINFIT_VERSION_LABEL: &str = "winfit.dev/version";

/// An operator of a node affinity's expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// The value is one of these.
    In,
    /// The value is none of these; a node without the label matches.
    NotIn,
    /// The label is there.
    Exists,
    /// The label is not there.
    DoesNotExist,
    /// The value is an integer above this one.
    Gt,
    /// The value is an integer below this one.
    Lt,
}

impl Operator {
    /// The word in manifests.
    pub fn name(self) -> &'static str {
        match self {
            Self::In => "In",
            Self::NotIn => "NotIn",
            Self::Exists => "Exists",
            Self::DoesNotExist => "DoesNotExist",
            Self::Gt => "Gt",
            Self::Lt => "Lt",
        }
    }

    /// Reads the word; case matters, as to the API server.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "In" => Self::In,
            "NotIn" => Self::NotIn,
            "Exists" => Self::Exists,
            "DoesNotExist" => Self::DoesNotExist,
            "Gt" => Self::Gt,
            "Lt" => Self::Lt,
            _ => return None,
        })
    }
}

/// One demand on a label of a node, or on its name (`matchFields`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// The label; `metadata.name` for `matchFields`.
    pub key: String,
    /// How values are compared.
    pub operator: Operator,
    /// The values.
    pub values: Vec<String>,
    /// It is about a field (`metadata.name`), not a label.
    pub field: bool,
    /// Where the demand stands.
    pub origin: Origin,
}

/// A toleration of a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toleration {
    /// The taint's key; none with `Exists` tolerates every taint.
    pub key: Option<String>,
    /// `operator: Exists`.
    pub exists: bool,
    /// The value, for `Equal`.
    pub value: String,
    /// The effect; none: every effect.
    pub effect: Option<String>,
    /// Where it stands.
    pub origin: Origin,
}

/// A taint of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taint {
    /// Its key.
    pub key: String,
    /// Its value; may be empty.
    pub value: String,
    /// `NoSchedule`, `NoExecute`, `PreferNoSchedule`.
    pub effect: String,
}

/// What limits the nodes of a pod.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PodPlacement {
    /// `nodeSelector`: all must match.
    pub node_selector: Vec<Requirement>,
    /// `nodeSelectorTerms` of the required node affinity: one of the terms must match, and of a term
    /// all demands. None: no required affinity. A term without demands matches no node.
    pub terms: Option<Vec<Vec<Requirement>>>,
    /// `tolerations`.
    pub tolerations: Vec<Toleration>,
    /// `nodeName`: no scheduler is asked.
    pub node_name: Option<Located<String>>,
    /// `runtimeClassName`.
    pub runtime_class: Option<Located<String>>,
    /// Where the pod's spec stands.
    pub origin: Option<Origin>,
}

/// A RuntimeClass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuntimeClass {
    /// Its name.
    pub name: String,
    /// The handler of containerd: `runhcs-wcow-process`.
    pub handler: Located<String>,
    /// `scheduling.nodeSelector`.
    pub node_selector: Vec<Requirement>,
    /// `scheduling.tolerations`.
    pub tolerations: Vec<Toleration>,
    /// Where it stands.
    pub origin: Origin,
}

impl RuntimeClass {
    /// The isolation that its handler brings, where the name tells: by convention
    /// `runhcs-wcow-process`, `runhcs-wcow-hypervisor` and `runhcs-wcow-hypervisor-<build>`.
    pub fn isolation(&self) -> Option<Isolation> {
        let handler = self.handler.value.as_str();
        if handler.starts_with("runhcs-wcow-hypervisor") {
            Some(Isolation::Hyperv)
        } else if handler == "runhcs-wcow-process" {
            Some(Isolation::Process)
        } else {
            None
        }
    }
}
