//! The objects of workloads, whole.

use anyhow::Result;
use serde_json::Value;
use winfit_core::finding::Subject;
use winfit_kube::fleet::ClusterFleet;
use winfit_kube::model::Kind;
use winfit_kube::pin::{Object, Sought, find};
use winfit_kube::{Cluster, KubeError, whole_objects};

use crate::commands::kube::{Asked, refused};
use crate::output::printable;

/// Where objects are.
pub(super) enum Source {
    /// In the cluster.
    Cluster(Box<Asked>),
    /// In what somebody saved.
    Saved(Vec<Vec<u8>>),
}

impl Source {
    /// The objects of these workloads, and why some of them could not be read.
    pub(super) fn objects(
        &self,
        cluster: &Cluster,
        fleet: &ClusterFleet,
        workloads: &[usize],
    ) -> Result<(Vec<Option<Object>>, Vec<String>)> {
        let sought: Vec<Sought> = workloads
            .iter()
            .map(|at| self.shown_by(cluster, fleet, *at))
            .collect();
        let mut complaints = Vec::new();
        let values = match self {
            Self::Saved(texts) => {
                let values = saved(texts, &sought);
                if values.iter().any(Option::is_none) {
                    complaints.push(
                        "kubectl describe shows no whole objects; save them with kubectl get … -o json"
                            .to_owned(),
                    );
                }
                values
            }
            Self::Cluster(asked) => {
                let mut values = Vec::new();
                for one in &sought {
                    values.push(match get(asked, one) {
                        Ok(value) => value,
                        Err(error) if is_of_one(&error) => {
                            let sentence = format!("{} {}: {error}", one.kind, one.name);
                            complaints.push(printable(&sentence));
                            None
                        }
                        Err(error) => return Err(refused(&error)),
                    });
                }
                values
            }
        };
        let objects = workloads.iter().zip(&sought).zip(values);
        let objects = objects.map(|((at, sought), value)| {
            let Subject { kind, name, .. } = &fleet.fleet.workloads[*at].subject;
            Some(if *kind == sought.kind {
                Object::new(kind, value?)
            } else {
                Object::owner_of(&value?, kind, name)
            })
        });
        Ok((objects.collect(), complaints))
    }

    /// The object that shows a workload's template: its own, else that of something which it owns.
    fn shown_by(&self, cluster: &Cluster, fleet: &ClusterFleet, at: usize) -> Sought {
        let subject = &fleet.fleet.workloads[at].subject;
        let own = Sought {
            kind: subject.kind.clone(),
            namespace: subject.namespace.clone().unwrap_or_default(),
            name: subject.name.clone(),
        };
        let listed = fleet.object_of[at].map(|object| &cluster.workloads[object]);
        let is_listed = listed.is_some_and(|(kind, _)| kind.name() == subject.kind);
        let can_be_read = matches!(self, Self::Cluster(_)) && Kind::parse(&subject.kind).is_some();
        if is_listed || can_be_read || subject.kind == "Pod" {
            return own;
        }
        if let Some((kind, workload)) = listed {
            return Sought {
                kind: kind.name().to_owned(),
                name: workload.metadata.name.to_string(),
                ..own
            };
        }
        let mut pods = cluster.pods.iter().zip(&fleet.workload_of);
        match pods.find(|(_, of)| **of == Some(at)) {
            Some((pod, _)) => Sought {
                kind: "Pod".to_owned(),
                name: pod.metadata.name.to_string(),
                ..own
            },
            None => own,
        }
    }
}

fn saved(texts: &[Vec<u8>], sought: &[Sought]) -> Vec<Option<Value>> {
    let mut values = vec![None; sought.len()];
    for text in texts.iter().flat_map(|text| whole_objects(text)) {
        for (value, found) in values.iter_mut().zip(find(&text, sought)) {
            *value = value.take().or(found);
        }
    }
    values
}

fn get(asked: &Asked, sought: &Sought) -> Result<Option<Value>, KubeError> {
    let Some(path) = sought.path() else {
        return Ok(None);
    };
    let read = |path: &str| asked.runtime.block_on(asked.api.get(path)).map(Some);
    match (read(&path), sought.older_path()) {
        (Err(KubeError::NotFound { .. }), Some(older)) => read(&older),
        (read, _) => read,
    }
}

/// Whether a failure is about one object, and others may do.
fn is_of_one(error: &KubeError) -> bool {
    matches!(
        error,
        KubeError::Forbidden { .. } | KubeError::NotFound { .. }
    )
}
