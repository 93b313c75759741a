//! How Swarm places services: the constraint grammar of swarmkit (`manager/constraint/constraint.go`).

use crate::catalog::Catalog;
use crate::finding::Located;
use crate::fleet::Member;

use super::{Admission, Selected};

/// What limits the nodes of a Swarm service. All constraints must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SwarmPlacement {
    /// The constraints as written.
    pub constraints: Vec<Located<String>>,
    /// Operating system and architecture of the image's platforms, where known: Swarm filters by them.
    pub platforms: Vec<(String, String)>,
}

impl SwarmPlacement {
    /// Whether it lets the service onto this node.
    pub fn admits(&self, _catalog: &Catalog, _member: &Member) -> Admission {
        Admission::Yes
    }

    /// The Windows versions that it demands of its nodes.
    pub fn selected(&self, _catalog: &Catalog) -> Vec<Selected> {
        Vec::new()
    }
}
