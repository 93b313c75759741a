//! What stands in Compose files and cannot work, beyond where images run.

use std::sync::Arc;

use winfit_core::finding::{Finding, Rule, Severity, Subject};
use winfit_core::version::quote_for_error;

use super::Context;
use super::daemon::meant;
use crate::compose::{Compose, Service};

/// The rules of this file.
pub const RULES: &[Rule] = &[Rule {
    name: "isolation-value",
    summary: "an isolation that Windows does not have",
}];

/// Checks one file, whose path as shown is `name`.
pub fn check(_context: &Context<'_>, _name: &Arc<str>, compose: &Compose) -> Vec<Finding> {
    compose.services.iter().filter_map(isolation).collect()
}

fn subject(service: &Service) -> Subject {
    Subject::new("service", &service.name.value)
}

/// Engines take `default`, `process` and `hyperv` in any case (moby, `api/types/container`). Of
/// another word `docker compose up` fails, and a Swarm makes the default.
fn isolation(service: &Service) -> Option<Finding> {
    let isolation = service.isolation.as_ref()?;
    let word = isolation.value.as_str();
    let known = ["", "default", "process", "hyperv"];
    if known.iter().any(|known| known.eq_ignore_ascii_case(word)) {
        return None;
    }
    let finding = Finding::new(
        "isolation-value",
        Severity::Error,
        subject(service),
        isolation.origin.clone(),
        format!(
            "Windows has no isolation {:?}: it is default, process or hyperv",
            quote_for_error(word)
        ),
    )
    .note("docker compose up fails with it; docker stack deploy silently takes the host's default");
    Some(match meant(word) {
        Some(better) => finding.label(better),
        None => finding,
    })
}
