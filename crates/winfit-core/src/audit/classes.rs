//! What a RuntimeClass has to do with where its pods get to.

use crate::change::{Change, PodChange};
use crate::finding::Origin;
use crate::placement::PodPlacement;
use crate::placement::kubernetes::{BUILD_LABEL, OS_LABEL, RuntimeClass, demands_version};
use crate::remedy::Remedy;
use crate::version::OsVersion;

use super::ground::Ground;
use super::place::Spot;
use super::remedies::yaml;
use super::words;

impl<'a> Spot<'a> {
    /// The RuntimeClass, where it is what stands at this place.
    pub(super) fn class_at(&self, origin: &Origin) -> Option<&'a RuntimeClass> {
        self.class.filter(|class| {
            let mut selects = class.node_selector.iter();
            selects.any(|demand| demand.origin == *origin)
        })
    }

    /// The RuntimeClass, where it selects nodes by their Windows: a selector of the pod would conflict.
    pub(super) fn choosing_class(&self) -> Option<&'a RuntimeClass> {
        self.class.filter(|class| {
            let mut selects = class.node_selector.iter();
            selects.any(|demand| demands_version(&demand.key))
        })
    }
}

/// Another class in the place of this one: one of the cluster for one of these builds, else one that
/// is to be written for the newest of them.
pub(super) fn other_class(
    ground: &Ground<'_>,
    class: &RuntimeClass,
    builds: &[u16],
    pod_spec: Option<&Origin>,
) -> Option<Remedy> {
    let newest = builds.iter().max()?;
    let selects = |other: &RuntimeClass| {
        let alone = PodPlacement {
            node_selector: other.node_selector.clone(),
            ..PodPlacement::default()
        };
        let selected = alone.selected(ground.catalog);
        let build = selected.first()?.version.build;
        (selected.len() == 1 && builds.contains(&build)).then_some(build)
    };
    let known = ground.fleet.runtime_classes.iter().find_map(|other| {
        let alike = other.name != class.name && other.isolation() == class.isolation();
        Some((other, selects(other).filter(|_| alike)?))
    });
    let change = known.zip(pod_spec).map(|((other, _), at)| Change::Pod {
        at: at.clone(),
        change: Box::new(PodChange {
            runtime_class: Some(other.name.clone()),
            ..PodChange::default()
        }),
    });
    let (title, text) = if let Some((other, build)) = known {
        (
            format!(
                "name RuntimeClass {}, which selects {}",
                other.name,
                words::release(ground.catalog, build)
            ),
            format!("runtimeClassName: {}", other.name),
        )
    } else {
        (
            format!(
                "write a RuntimeClass that selects {}, and name it in place of {}",
                words::release(ground.catalog, *newest),
                class.name
            ),
            format!(
                "scheduling:\n  nodeSelector:\n    {OS_LABEL}: windows\n    {BUILD_LABEL}: \"{}\"",
                OsVersion::of_build(*newest)
            ),
        )
    };
    Some(Remedy {
        changes: change.into_iter().collect(),
        ..yaml(title, text)
    })
}
