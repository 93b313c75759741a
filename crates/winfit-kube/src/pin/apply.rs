//! Changes written: each tried first, each bound to the version of the object that it was planned for.

use serde_json::{Value, json};
use thiserror::Error;

use super::{Decision, Object, Pinning, Plan, Wanted, between, decide};
use crate::api::{Api, Change, Patch};
use crate::error::KubeError;

/// So often a change is planned anew, where the object changes meanwhile.
const MOST_PLANS: usize = 5;

/// An object that is to be changed.
#[derive(Debug, Clone)]
pub struct Job {
    /// What is wanted, as it was read.
    pub wanted: Wanted,
    /// The object, as it was read.
    pub object: Object,
    /// The change.
    pub plan: Plan,
}

impl Job {
    /// The JSON patch: nothing of it is done where the object is another than the one that was planned for.
    pub fn patch(&self) -> Value {
        let version = self.object.resource_version();
        let mut operations = vec![json!({
            "op": "test",
            "path": "/metadata/resourceVersion",
            "value": version,
        })];
        operations.extend(self.operations());
        Value::Array(operations)
    }

    /// What is changed of the object.
    pub fn operations(&self) -> Vec<Value> {
        between(&self.plan.old, &self.plan.new, self.object.pods_at())
    }
}

/// Why a change was not written.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum NotWritten {
    /// The API server says no, or nothing.
    #[error("{0}")]
    Api(#[from] KubeError),
    /// Nobody can tell whether it was written.
    #[error("whether it was written is not known: {0}")]
    Unsure(KubeError),
    /// It is not there any more.
    #[error("it is gone; somebody has deleted it meanwhile")]
    Gone,
    /// It is another one now, and cannot be pinned.
    #[error("it was changed meanwhile, and as it is now winfit does not pin it: {0}")]
    Changed(String),
    /// It never stands still.
    #[error(
        "it was changed {MOST_PLANS} times while it was to be pinned; does a controller write it?"
    )]
    Restless,
    /// What the cluster keeps is not what was written.
    #[error(
        "it was written, and the cluster keeps something else that does not admit the fit nodes alone: does an admission webhook change it?"
    )]
    Altered,
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// The object as the cluster then has it.
    pub object: Object,
    /// Somebody else had made it right meanwhile; nothing was written.
    pub already: bool,
}

/// Tries a change, or writes it. Where the object has changed meanwhile, it is planned anew from what it is
/// now. Gives back whether there was anything to change.
pub async fn attempt(
    api: &Api,
    pinning: &Pinning<'_>,
    job: &mut Job,
    change: Change,
) -> Result<bool, NotWritten> {
    let path = path(&job.object)?;
    for _ in 0..MOST_PLANS {
        let wanted = Patch::Json(job.patch());
        let Err(refused) = api.patch::<Value>(&path, &wanted, change).await else {
            return Ok(true);
        };
        match refused {
            KubeError::NotFound { .. } => return Err(NotWritten::Gone),
            // The test of the version failed, or something else is wrong: the server does not say which.
            KubeError::Conflict { .. } | KubeError::Refused { code: 422, .. } => {}
            KubeError::Deadline { .. }
            | KubeError::Unreachable { .. }
            | KubeError::Answer { .. }
                if change == Change::Write =>
            {
                return Err(NotWritten::Unsure(refused));
            }
            other => return Err(other.into()),
        }
        let now = read(api, &path, &job.object).await?;
        if now.resource_version() == job.object.resource_version() {
            return Err(refused.into());
        }
        if !plan_anew(pinning, job, now)? {
            return Ok(false);
        }
    }
    Err(NotWritten::Restless)
}

/// Writes a change, and reads it back.
pub async fn write(api: &Api, pinning: &Pinning<'_>, job: &mut Job) -> Result<Written, NotWritten> {
    let wrote = attempt(api, pinning, job, Change::Write).await?;
    let path = path(&job.object)?;
    let object = read(api, &path, &job.object).await?;
    let word = Wanted::of(pinning, &job.wanted.workload, &object)
        .map(|wanted| decide(pinning, std::slice::from_ref(&wanted)).remove(0));
    match word {
        Some(Decision::Right(_)) => Ok(Written {
            object,
            already: !wrote,
        }),
        _ => Err(NotWritten::Altered),
    }
}

fn path(object: &Object) -> Result<String, NotWritten> {
    object.path().ok_or(NotWritten::Gone)
}

async fn read(api: &Api, path: &str, object: &Object) -> Result<Object, NotWritten> {
    match api.get::<Value>(path).await {
        Ok(value) => Ok(Object::new(object.kind(), value)),
        Err(KubeError::NotFound { .. }) => Err(NotWritten::Gone),
        Err(error) => Err(error.into()),
    }
}

/// Plans a change for what the object is now; gives back whether there is still one to make.
fn plan_anew(pinning: &Pinning<'_>, job: &mut Job, now: Object) -> Result<bool, NotWritten> {
    let changed = |why: &str| NotWritten::Changed(why.to_owned());
    if now.owned() != super::Owned::ByNobody {
        return Err(changed("something else writes it"));
    }
    let wanted = Wanted::of(pinning, &job.wanted.workload, &now)
        .ok_or_else(|| changed("it has no pod template that could be read"))?;
    let decision = decide(pinning, std::slice::from_ref(&wanted)).remove(0);
    job.wanted = wanted;
    job.object = now;
    match decision {
        Decision::Pin(plan) => {
            job.plan = *plan;
            Ok(true)
        }
        Decision::Right(_) => Ok(false),
        Decision::NotWindows => Err(changed("nothing says any more that it is for Windows")),
        Decision::NotTold(_) => Err(changed(
            "no label tells the nodes on which it runs from the others",
        )),
        Decision::UnknownImage(why) | Decision::NoNode(why) | Decision::Refused(why) => {
            Err(NotWritten::Changed(why))
        }
    }
}
