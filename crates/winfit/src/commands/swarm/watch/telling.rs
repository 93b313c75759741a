//! What is wrong, as something that is so until it is no more.

use std::collections::HashMap;

use winfit_core::audit::{AuditOptions, audit};
use winfit_core::finding::{Finding, Severity};
use winfit_core::fleet::Fleet;
use winfit_docker::DockerError;
use winfit_docker::swarm::commands::for_live_services;
use winfit_docker::swarm::fleet::name_of;
use winfit_docker::swarm::{Swarm, stuck};

use super::Watch;
use super::log::{Level, Line};
use super::memory::State;
use super::serve::Metrics;
use crate::commands::notes::Calendar;

impl Watch<'_> {
    /// A write that failed, to be told. Where the watch ends it is said at once: no later round tells it.
    pub(super) fn not_written(
        &mut self,
        kind: &str,
        name: &str,
        error: &DockerError,
    ) -> Option<State> {
        self.failed = true;
        Metrics::add(&self.metrics.failed_writes);
        let error = error.to_string();
        let ends = self.stop.is_set();
        let then = if ends {
            "the watch ends without it"
        } else {
            "it is tried again"
        };
        let line = Line::new(Level::Error, "not-written", format!("{error}; {then}"));
        let line = line.about(kind, name);
        if ends {
            self.unfinished = true;
            self.say(&line);
            return None;
        }
        Some(state(&["not-written", kind, name, &error], line))
    }

    /// Says of a write that was given up what there is now.
    pub(super) fn given_up(&mut self, kind: &str, name: &str, what: &str) {
        self.unfinished = true;
        Metrics::add(&self.metrics.failed_writes);
        let line = Line::new(
            Level::Error,
            "not-written",
            format!(
                "the watch ends without the manager's answer: it has its old {what} or its new ones"
            ),
        );
        self.say(&line.about(kind, name));
    }

    /// What is wrong, by the rules of `winfit swarm audit`. Services that were mended just now are left to
    /// the next round, which their change brings about.
    pub(super) fn findings(
        &mut self,
        swarm: &Swarm,
        fleet: &Fleet,
        mended: &[String],
    ) -> Vec<State> {
        let options = AuditOptions {
            today: Calendar::new(None, None).today,
            eol_within: self.arguments.eol_within,
        };
        let mut findings = audit(self.catalog, fleet, &options).findings;
        for_live_services(&mut findings);
        // A service whose tasks say nothing is one that only begins.
        let stuck = stuck::findings(swarm).into_iter();
        findings.extend(stuck.filter(|finding| !finding.notes.is_empty()));
        findings.retain(|finding| {
            finding.subject.kind != "service" || !mended.contains(&finding.subject.name)
        });
        let of = [Severity::Error, Severity::Warning, Severity::Info];
        for (gauge, severity) in self.metrics.findings.iter().zip(of) {
            let found = findings.iter();
            let count = found.filter(|finding| finding.severity == severity).count();
            Metrics::set(gauge, count);
        }
        self.worst = findings.iter().map(|finding| finding.severity).max();
        let ids = ids(swarm);
        let states = findings.iter().map(|finding| {
            let subject = (finding.subject.kind.as_str(), finding.subject.name.as_str());
            of_finding(finding, ids.get(&subject).copied().unwrap_or_default())
        });
        states.collect()
    }
}

/// The ids of nodes and services, by what they are and what people call them: one that was removed and made
/// anew is another one.
fn ids(swarm: &Swarm) -> HashMap<(&str, &str), &str> {
    let nodes = swarm.nodes.iter();
    let nodes = nodes.map(|node| (("node", name_of(node)), node.id.as_str()));
    let services = swarm.services.iter();
    let services = services.map(|service| {
        let name = service.spec.name.as_str();
        (("service", name), service.id.as_str())
    });
    nodes.chain(services).collect()
}

/// A finding about the object with this id, as something that is so. Of a service that does not run, the same words would be others after
/// each task that fails.
fn of_finding(finding: &Finding, id: &str) -> State {
    let restless = stuck::RULES.iter().any(|rule| rule.name == finding.rule);
    let subject = finding.subject.in_words();
    let line = Line::of_finding(finding);
    let message = match finding.message.split_once(", in ") {
        _ if restless => "",
        // How many days are left is another number every day.
        Some((message, days)) if days.ends_with(" days") => message,
        _ => &finding.message,
    };
    State {
        about: id.to_owned(),
        restless,
        ..state(&["finding", finding.rule, &subject, id, message], line)
    }
}

pub(super) fn state(key: &[&str], line: Line) -> State {
    State {
        key: key.join("\n"),
        about: String::new(),
        restless: false,
        line,
    }
}
