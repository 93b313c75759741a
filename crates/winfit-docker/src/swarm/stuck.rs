//! Services that do not run as they should, each with its latest errors, whole and explained.

use std::collections::HashMap;

use winfit_core::finding::{Finding, Origin, Rule, Severity, Subject};

use super::{Swarm, fleet::name_of};
use crate::model::{Service, Task};

/// The rules that only a running Swarm can break.
pub const RULES: &[Rule] = &[Rule {
    name: "service-not-running",
    summary: "A Swarm service runs fewer tasks than it should, and its tasks say why",
}];

/// So many different errors of one service are shown.
const MOST: usize = 3;

/// What a task said when it ended, and where that was.
struct Said<'s> {
    error: &'s str,
    node: Option<&'s str>,
    /// How many tasks said it.
    times: usize,
}

/// What errors mean, as a sentence: when many services fail they fail alike.
type Explained = HashMap<String, Option<String>>;

/// The services that run fewer tasks than they should, or none that stays.
pub fn findings(swarm: &Swarm) -> Vec<Finding> {
    let tasks = swarm.tasks_by_service();
    let nodes = swarm.nodes_by_id();
    let node = |task: &Task| nodes.get(task.node_id.as_str()).map(|node| name_of(node));
    let mut explained = Explained::new();
    let services = swarm.services.iter();
    services
        .filter_map(|service| {
            let tasks = tasks
                .get(service.id.as_str())
                .map_or(&[][..], Vec::as_slice);
            finding(service, tasks, &node, &mut explained)
        })
        .collect()
}

fn finding<'s>(
    service: &'s Service,
    tasks: &[&'s Task],
    node: &impl Fn(&Task) -> Option<&'s str>,
    explained: &mut Explained,
) -> Option<Finding> {
    let running = |task: &&&Task| task.status.state == "running" && task.desired_state == "running";
    let done = |task: &&&Task| task.status.state == "complete";
    let mode = &service.spec.mode;
    let is_job = mode.replicated_job.is_some() || mode.global_job.is_some();
    let status = service.service_status;
    let runs = status.map_or_else(
        || tasks.iter().filter(running).count() as u32,
        |status| status.running_tasks,
    );
    let complete = status.map_or_else(
        || tasks.iter().filter(done).count() as u32,
        |status| status.completed_tasks,
    );
    let wanted = match (&mode.replicated, &mode.replicated_job) {
        (Some(mode), _) => mode.replicas,
        (_, Some(job)) => job.total_completions,
        _ => status?.desired_tasks,
    };
    let well = if is_job { runs + complete } else { runs };
    if well >= wanted {
        return None;
    }
    let said = latest(tasks, node);
    let name = &service.spec.name;
    let text: String = said
        .iter()
        .map(|said| format!("{}\n", said.error))
        .collect();
    let diagnosis = explained.entry(text).or_insert_with_key(|text| {
        let diagnoses = winfit_explain::explain_bytes(text.as_bytes()).diagnoses;
        Some(diagnoses.into_iter().next()?.message())
    });
    let verb = if is_job { "has done" } else { "runs" };
    let why = match (&diagnosis, said.first()) {
        (Some(diagnosis), _) => format!(": {}", clause(diagnosis)),
        (None, Some(said)) => format!(": {}", said.error),
        (None, None) => "; its tasks say no reason".to_owned(),
    };
    let severity = if well == 0 {
        Severity::Error
    } else {
        Severity::Warning
    };
    let mut finding = Finding::new(
        "service-not-running",
        severity,
        Subject::new("service", name),
        Origin::whole(&format!("service {name}").into()),
        format!("service {name} {verb} {well} of {wanted}{why}"),
    );
    for said in &said {
        let on = said
            .node
            .map_or_else(|| "no node".to_owned(), |node| format!("on {node}"));
        let times = match said.times {
            1 => String::new(),
            times => format!(", {times} times"),
        };
        finding = finding.note(format!("{on}{times}: {}", said.error));
    }
    Some(finding)
}

/// A sentence as the end of another one.
fn clause(sentence: &str) -> String {
    sentence.trim_end_matches('.').to_owned()
}

/// The latest errors, each once, the newest first.
fn latest<'s>(tasks: &[&'s Task], node: &impl Fn(&Task) -> Option<&'s str>) -> Vec<Said<'s>> {
    let mut failed: Vec<&&Task> = tasks
        .iter()
        .filter(|task| !task.status.err.is_empty())
        .collect();
    failed.sort_by(|one, other| other.status.timestamp.cmp(&one.status.timestamp));
    let mut found: Vec<Said<'s>> = Vec::new();
    for task in failed {
        let error = task.status.err.trim();
        let on = node(task);
        let known = found
            .iter_mut()
            .find(|said| said.error == error && said.node == on);
        if let Some(said) = known {
            said.times += 1;
        } else if found.len() < MOST {
            found.push(Said {
                error,
                node: on,
                times: 1,
            });
        }
    }
    found
}
