//! What owns pods: Deployments and the like. One shape for all, since each kind has a few of its fields.

use std::fmt;
use std::sync::Arc;

use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{Meta, PodSpec, nothing_is_default};

/// A Deployment, ReplicaSet, ReplicationController, StatefulSet, DaemonSet, Job or CronJob.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Workload {
    /// Its name, labels, annotations and owners.
    #[serde(deserialize_with = "nothing_is_default")]
    pub metadata: Meta,
    /// What people want.
    #[serde(deserialize_with = "nothing_is_default")]
    pub spec: WorkloadSpec,
    /// What there is.
    #[serde(deserialize_with = "nothing_is_default")]
    pub status: WorkloadStatus,
}

/// What people want of a workload.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct WorkloadSpec {
    /// How many pods; of a Deployment that does not say, one.
    pub replicas: Option<u32>,
    /// How many pods of a Job run at once.
    pub parallelism: Option<u32>,
    /// How many pods of a Job must succeed.
    pub completions: Option<u32>,
    /// A CronJob or Job is suspended.
    #[serde(deserialize_with = "nothing_is_default")]
    pub suspend: bool,
    /// The template of its pods.
    #[serde(deserialize_with = "nothing_is_default")]
    pub template: Template,
    /// The template of a CronJob's Jobs.
    #[serde(deserialize_with = "nothing_is_default")]
    pub job_template: Box<JobTemplate>,
}

impl WorkloadSpec {
    /// The spec of its pods.
    pub fn pods(&self) -> &Arc<PodSpec> {
        let of_job = &self.job_template.spec.template;
        if self.template.spec.containers.is_empty() && !of_job.spec.containers.is_empty() {
            &of_job.spec
        } else {
            &self.template.spec
        }
    }
}

/// The template of a CronJob's Jobs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct JobTemplate {
    /// What people want of the Jobs.
    #[serde(deserialize_with = "nothing_is_default")]
    pub spec: JobSpec,
}

/// What people want of a CronJob's Jobs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct JobSpec {
    /// How many pods of each run at once.
    pub parallelism: Option<u32>,
    /// The template of their pods.
    #[serde(deserialize_with = "nothing_is_default")]
    pub template: Template,
}

/// A pod template.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Template {
    /// What decides of where the pods run.
    #[serde(deserialize_with = "nothing_is_default")]
    pub spec: Arc<PodSpec>,
}

/// What there is of a workload.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct WorkloadStatus {
    /// How many of its pods are ready.
    pub ready_replicas: Option<u32>,
    /// On how many nodes a DaemonSet's pods are ready.
    pub number_ready: Option<u32>,
    /// On how many nodes a DaemonSet wants pods.
    pub desired_number_scheduled: Option<u32>,
    /// How many pods of a Job run, or Jobs of a CronJob.
    #[serde(deserialize_with = "how_many")]
    pub active: u32,
    /// How many pods of a Job succeeded.
    pub succeeded: Option<u32>,
}

/// How many: a Job's number of pods, or the length of a CronJob's list of Jobs.
fn how_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    struct HowMany;
    impl<'de> Visitor<'de> for HowMany {
        type Value = u32;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a number of pods, or a list of Jobs")
        }

        fn visit_unit<E>(self) -> Result<u32, E> {
            Ok(0)
        }

        fn visit_u64<E>(self, number: u64) -> Result<u32, E> {
            Ok(u32::try_from(number).unwrap_or(u32::MAX))
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut jobs: A) -> Result<u32, A::Error> {
            let mut many = 0;
            while jobs.next_element::<IgnoredAny>()?.is_some() {
                many += 1;
            }
            Ok(many)
        }
    }
    deserializer.deserialize_any(HowMany)
}
