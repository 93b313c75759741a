//! The Windows versions that a pod's placement demands of its nodes.

use crate::catalog::Catalog;
use crate::version::OsVersion;

use super::labels::AKS_SKUS;
use super::{Operator, PodPlacement, Requirement, WINFIT_BUILD_LABEL, WINFIT_VERSION_LABEL};
use crate::placement::Selected;

/// Whether a label's name says that its value is a version of Windows: `windows-build` of today's
/// kubelets, `osbuild` of the page's deployment, AKS's own and winfit's.
pub fn demands_version(key: &str) -> bool {
    let last = key.rsplit('/').next().unwrap_or_default();
    matches!(last, "windows-build" | "osbuild")
        || [
            "kubernetes.azure.com/os-sku",
            WINFIT_BUILD_LABEL,
            WINFIT_VERSION_LABEL,
        ]
        .contains(&key)
}

impl PodPlacement {
    /// The Windows versions that it demands of its nodes: `10.0.17763`, `16299`, `14393.1715`, AKS's
    /// `Windows2022`. Of several any may be chosen.
    pub fn selected(&self, _catalog: &Catalog) -> Vec<Selected> {
        let terms = self.terms.iter().flatten().flatten();
        let mut found: Vec<Selected> = Vec::new();
        for requirement in self.node_selector.iter().chain(terms) {
            if requirement.operator != Operator::In || !demands_version(&requirement.key) {
                continue;
            }
            for version in versions(requirement) {
                if found.iter().all(|known| known.version != version) {
                    found.push(Selected {
                        version,
                        origin: requirement.origin.clone(),
                    });
                }
            }
        }
        found
    }
}

/// The Windows version that the value of such a label says: `10.0.17763`, `16299`, AKS's `Windows2022`.
pub fn version_in_label(value: &str) -> Option<OsVersion> {
    let sku = AKS_SKUS.iter().find(|(_, sku)| *sku == value);
    sku.map(|(build, _)| OsVersion::of_build(*build))
        .or_else(|| value.parse().ok())
}

/// What AKS calls a build in `kubernetes.azure.com/os-sku`.
pub(crate) fn sku_of_build(build: u16) -> Option<&'static str> {
    let sku = AKS_SKUS.iter().find(|(known, _)| *known == build);
    sku.map(|(_, sku)| *sku)
}

fn versions(requirement: &Requirement) -> impl Iterator<Item = OsVersion> {
    // Nobody lists more builds than there are; the bound keeps hostile lists cheap.
    const MOST: usize = 64;
    let values = requirement.values.iter().take(MOST);
    values.filter_map(|value| version_in_label(value))
}
