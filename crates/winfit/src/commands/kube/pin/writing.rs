//! `--apply`: all changes tried, then each written and read back.

use winfit_kube::pin::{Decision, Job, NotWritten, Owned, Pinning, Written, attempt, write as put};
use winfit_kube::{Change, KubeError};

use super::{Pinned, images_of};
use crate::commands::kube::Asked;
use crate::output::printable;

/// Writes the changes. Gives back why some were not written.
pub(super) fn write(asked: &Asked, pinning: &Pinning<'_>, pinned: &mut [Pinned]) -> Vec<String> {
    let mut jobs: Vec<(usize, Job)> = pinned
        .iter()
        .enumerate()
        .filter_map(|(at, one)| Some((at, job(one)?)))
        .collect();
    let mut complaints = Vec::new();
    for (at, job) in &mut jobs {
        let tried = attempt(&asked.api, pinning, job, Change::Try);
        if let Err(error) = asked.runtime.block_on(tried) {
            complaints.push(sentence(&pinned[*at], &error, "would not be taken"));
            let is_over = ends_all(&error);
            pinned[*at].written = Some(Err(error));
            if is_over {
                break;
            }
        }
    }
    if !complaints.is_empty() {
        complaints.push("nothing was written: all changes were tried first".to_owned());
        return complaints;
    }
    let mut left = jobs.into_iter();
    for (at, mut job) in left.by_ref() {
        let written = asked.runtime.block_on(put(&asked.api, pinning, &mut job));
        let one = &mut pinned[at];
        one.decision = Decision::Pin(Box::new(job.plan));
        // Its images may be others by now.
        one.images = images_of(&job.wanted.workload);
        one.object = Some((job.wanted, job.object));
        if let Err(error) = &written {
            complaints.push(sentence(one, error, "was not changed"));
        }
        let is_over = written.as_ref().is_err_and(ends_all);
        one.written = Some(written);
        if is_over {
            break;
        }
    }
    let untried: Vec<String> = left.map(|(at, _)| pinned[at].subject.in_words()).collect();
    if !untried.is_empty() {
        complaints.push(printable(&format!(
            "not tried any more, and as before: {}",
            untried.join(", ")
        )));
    }
    if !complaints.is_empty() {
        complaints.push("the same command again writes what is left".to_owned());
    }
    complaints
}

fn job(one: &Pinned) -> Option<Job> {
    let (plan, object) = one.change().filter(|_| one.owned == Owned::ByNobody)?;
    let (wanted, _) = one.object.as_ref()?;
    Some(Job {
        wanted: wanted.clone(),
        object: object.clone(),
        plan: plan.clone(),
    })
}

fn sentence(one: &Pinned, error: &NotWritten, verb: &str) -> String {
    let whose = one.subject.in_words();
    printable(&match error {
        // These say themselves what became of it.
        NotWritten::Unsure(_) | NotWritten::Altered => format!("{whose}: {error}"),
        _ => format!("{whose} {verb}: {error}"),
    })
}

/// Whether a failure says that further requests would fail alike, each after its time.
fn ends_all(error: &NotWritten) -> bool {
    let (NotWritten::Unsure(error) | NotWritten::Api(error)) = error else {
        return false;
    };
    matches!(
        error,
        KubeError::Unreachable { .. }
            | KubeError::Deadline { .. }
            | KubeError::Answer { .. }
            | KubeError::Unauthorized { .. }
            | KubeError::Throttled { .. }
            | KubeError::Tls { .. }
            | KubeError::Login(_)
    )
}

impl Pinned {
    /// What was written of it, where something was.
    pub(super) fn now(&self) -> Option<&Written> {
        self.written.as_ref()?.as_ref().ok()
    }
}
