//! The images that really run, by the digests in pods' statuses.

use std::collections::HashMap;

use winfit_core::reference::Reference;

use super::ClusterFleet;
use crate::cluster::Cluster;

/// Gives the images of a fleet the digests by which their pods run, where all pods agree: a registry is
/// then asked for what runs, not for what a tag means by now.
pub fn take_digests(fleet: &mut ClusterFleet, cluster: &Cluster) {
    // None: pods disagree.
    let mut found: HashMap<(usize, &str), Option<String>> = HashMap::new();
    for (pod, workload) in cluster.pods.iter().zip(&fleet.workload_of) {
        let Some(workload) = workload else { continue };
        for status in pod.status.containers() {
            let Some(digest) = digest(&status.image_id) else {
                continue;
            };
            found
                .entry((*workload, &status.name))
                .and_modify(|known| {
                    if known.as_deref() != Some(digest) {
                        *known = None;
                    }
                })
                .or_insert_with(|| Some(digest.to_owned()));
        }
    }
    for (at, workload) in fleet.fleet.workloads.iter_mut().enumerate() {
        for container in &mut workload.containers {
            let Some(Some(digest)) = found.get(&(at, container.name.as_str())) else {
                continue;
            };
            if let Ok(named) = &mut container.image.image
                && let Some(reference) = &mut named.reference
                && reference.digest.is_none()
            {
                reference.digest = Some(digest.clone());
            }
        }
    }
}

/// The digest of an image by which a registry knows it: `docker-pullable://contoso/web@sha256:…`. That of
/// `sha256:…` alone is the image's own, and no registry's.
fn digest(image_id: &str) -> Option<&str> {
    let (name, digest) = image_id.rsplit_once('@')?;
    let name = name.rsplit("://").next().unwrap_or(name);
    Reference::parse(&format!("{name}@{digest}")).ok()?;
    Some(digest)
}
