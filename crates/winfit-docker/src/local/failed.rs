//! Containers that could not be started, each with the engine's words, whole and explained.

use std::collections::BTreeMap;

use winfit_core::finding::{Finding, Origin, Rule, Severity, Subject};

use super::{Local, LocalContainer};

/// The rules that only containers which are there can break.
pub const RULES: &[Rule] = &[Rule {
    name: "container-not-started",
    summary: "A container of this host was not started, and the engine says why",
}];

/// So many containers with one trouble are named.
const NAMED: usize = 5;

/// The containers that could not be started.
pub fn findings(local: &Local) -> Vec<Finding> {
    // Restarts and retries leave many containers of one image with one trouble.
    let mut alike: BTreeMap<(&str, String), Vec<&LocalContainer>> = BTreeMap::new();
    for container in &local.containers {
        if let Some(said) = said(container) {
            let words = said.replace(&container.id, "");
            alike
                .entry((container.config.image.as_str(), words))
                .or_default()
                .push(container);
        }
    }
    alike
        .into_values()
        .filter_map(|containers| finding(&containers))
        .collect()
}

/// What there is to say of a container that does not run.
fn said(container: &LocalContainer) -> Option<String> {
    /// The exit codes of Windows' compute service: `0xc037…`.
    const OF_COMPUTE: u32 = 0xc037;
    let state = &container.state;
    if state.running {
        return None;
    }
    let error = state.error.trim();
    if !error.is_empty() {
        return Some(error.to_owned());
    }
    // Windows has them as numbers without a sign, and some engines with one.
    let code = u32::try_from(state.exit_code & i64::from(u32::MAX)).unwrap_or_default();
    (code >> 16 == OF_COMPUTE).then(|| format!("the container ended with {code:#010x}"))
}

fn finding(containers: &[&LocalContainer]) -> Option<Finding> {
    let first = containers.first()?;
    let error = said(first)?;
    let diagnosis = winfit_explain::explain_bytes(error.as_bytes())
        .diagnoses
        .into_iter()
        .next();
    let why = diagnosis.as_ref().map_or_else(
        || error.clone(),
        |diagnosis| diagnosis.message().trim_end_matches('.').to_owned(),
    );
    // What is no matter of Windows may have an end that somebody wanted.
    let severity = diagnosis
        .as_ref()
        .map_or(Severity::Warning, |diagnosis| diagnosis.severity);
    let name = first.name();
    let mut finding = Finding::new(
        "container-not-started",
        severity,
        Subject::new("container", name),
        Origin::whole(&format!("container {name}").into()),
        format!("container {name} was not started: {why}"),
    );
    if diagnosis.is_some() {
        finding = finding.note(format!("Docker says: {error}"));
    }
    if let [_, others @ ..] = containers
        && !others.is_empty()
    {
        let names: Vec<&str> = others.iter().take(NAMED).map(|one| one.name()).collect();
        let more = match others.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        finding = finding.note(format!("the same of {}{more}", names.join(", ")));
    }
    Some(finding)
}
