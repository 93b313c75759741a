//! Placement: what limits the hosts that a workload may get to.

pub mod kubernetes;
pub mod swarm;

use crate::catalog::Catalog;
use crate::finding::Origin;
use crate::fleet::Member;
use crate::host::Os;
use crate::version::OsVersion;

pub use self::kubernetes::PodPlacement;
pub use self::swarm::SwarmPlacement;

/// Whether a host was declared with a name of its own. Of one that was not, the words that declared it
/// (`ltsc2022`, `10.0.17763,server`) stand in for the name, and its real name is not known.
pub(crate) fn has_own_name(catalog: &Catalog, member: &Member) -> bool {
    let name = member.name.as_str();
    !name.contains([',', ' '])
        && name.parse::<OsVersion>().is_err()
        && crate::names::releases_named(catalog, name).is_empty()
}

/// What limits the hosts of a workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placement {
    /// Nothing.
    Anywhere,
    /// A pod's selectors, affinity and tolerations.
    Pod(Box<PodPlacement>),
    /// A Swarm service's constraints.
    Swarm(SwarmPlacement),
}

impl Placement {
    /// The operating system that it selects, where it selects one.
    pub fn os(&self) -> Option<Os> {
        let of_name = |name: &str| match name {
            "windows" => Some(Os::Windows),
            "linux" => Some(Os::Linux),
            _ => None,
        };
        match self {
            Self::Anywhere => None,
            Self::Pod(pod) => pod.selected_os().and_then(|(os, _)| of_name(os)),
            Self::Swarm(swarm) => swarm.selected_os().and_then(|(os, _)| of_name(&os)),
        }
    }
}

/// Whether a placement lets a workload onto a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// It does.
    Yes,
    /// It does not.
    No {
        /// The requirement that keeps it off, in a few words: `node.kubernetes.io/windows-build=10.0.17763`.
        because: String,
        /// Where that stands.
        origin: Option<Origin>,
    },
    /// Nobody can tell: the host does not state what the placement asks for.
    Unknown {
        /// What is not stated: `label agentpool`.
        missing: String,
        /// Where it is asked for.
        origin: Option<Origin>,
    },
}

/// A Windows version that a placement demands of its hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected {
    /// The version.
    pub version: OsVersion,
    /// Where it is demanded.
    pub origin: Origin,
}

impl Placement {
    /// Whether it lets a workload onto this host.
    pub fn admits(&self, catalog: &Catalog, member: &Member) -> Admission {
        match self {
            Self::Anywhere => Admission::Yes,
            Self::Pod(pod) => pod.admits(catalog, member),
            Self::Swarm(swarm) => swarm.admits(catalog, member),
        }
    }

    /// The placement with nothing but the demand that gave this refusal; none where that was no demand.
    pub(crate) fn only_demand(&self, refusal: &Admission) -> Option<Self> {
        match self {
            Self::Anywhere => None,
            Self::Pod(pod) => Some(Self::Pod(Box::new(pod.only_demand(refusal)?))),
            Self::Swarm(swarm) => Some(Self::Swarm(swarm.only_demand(refusal)?)),
        }
    }

    /// The demand that stands at a place, in a few words, and the placement with nothing else.
    pub fn demand_at(&self, stands: impl Fn(&Origin) -> bool) -> Option<(String, Self)> {
        match self {
            Self::Anywhere => None,
            Self::Pod(pod) => {
                let (words, alone) = pod.demand_at(stands)?;
                Some((words, Self::Pod(Box::new(alone))))
            }
            Self::Swarm(swarm) => {
                let (words, alone) = swarm.demand_at(stands)?;
                Some((words, Self::Swarm(alone)))
            }
        }
    }

    /// The Windows versions that it demands, where it does; empty: it demands none.
    pub fn selected(&self, catalog: &Catalog) -> Vec<Selected> {
        match self {
            Self::Anywhere => Vec::new(),
            Self::Pod(pod) => pod.selected(catalog),
            Self::Swarm(swarm) => swarm.selected(catalog),
        }
    }
}
