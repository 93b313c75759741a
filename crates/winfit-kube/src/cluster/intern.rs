//! What thousands of pods have in common is kept once.

use std::collections::HashSet;
use std::sync::Arc;

use crate::model::{Owner, Pod, PodSpec, Workload};

/// Texts and specs that were met before.
#[derive(Debug, Default)]
pub struct Interned {
    texts: HashSet<Arc<str>>,
    specs: HashSet<Arc<PodSpec>>,
}

impl Interned {
    /// The text, shared with those that say the same.
    pub(crate) fn text(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.texts.get(text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = text.into();
        self.texts.insert(Arc::clone(&new));
        new
    }

    fn spec(&mut self, spec: Arc<PodSpec>) -> Arc<PodSpec> {
        if let Some(known) = self.specs.get(&spec) {
            return Arc::clone(known);
        }
        self.specs.insert(Arc::clone(&spec));
        spec
    }

    fn owners(&mut self, owners: &mut [Owner]) {
        for owner in owners {
            owner.kind = self.text(&owner.kind);
            owner.name = self.text(&owner.name);
        }
    }

    /// The pod, its node told apart from its spec, which then is that of its siblings.
    pub(crate) fn pod(&mut self, mut pod: Pod) -> Pod {
        if let Some(spec) = Arc::get_mut(&mut pod.spec) {
            pod.node = self.text(&std::mem::take(&mut spec.node_name));
        }
        pod.spec = self.spec(pod.spec);
        pod.metadata.namespace = self.text(&pod.metadata.namespace);
        self.owners(&mut pod.metadata.owner_references);
        let status = &mut pod.status;
        status.phase = self.text(&status.phase);
        for list in [
            &mut status.init_container_statuses,
            &mut status.container_statuses,
            &mut status.ephemeral_container_statuses,
        ] {
            for container in list.iter_mut() {
                container.name = self.text(&container.name);
                container.image_id = self.text(&container.image_id);
            }
            list.shrink_to_fit();
        }
        pod
    }

    /// The workload, with the pods' spec shared.
    pub(crate) fn workload(&mut self, mut workload: Workload) -> Workload {
        workload.metadata.namespace = self.text(&workload.metadata.namespace);
        self.owners(&mut workload.metadata.owner_references);
        let spec = &mut workload.spec;
        spec.template.spec = self.spec(std::mem::take(&mut spec.template.spec));
        let of_job = &mut spec.job_template.spec.template;
        of_job.spec = self.spec(std::mem::take(&mut of_job.spec));
        workload
    }
}
