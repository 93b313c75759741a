//! The whole way from a tree of files to findings.

use std::collections::HashSet;
use std::sync::Arc;

use time::Date;
use winfit_core::Catalog;
use winfit_core::audit::{AuditOptions, Placed, audit};
use winfit_core::finding::{Finding, Origin, Rule, Severity, Subject};
use winfit_core::fleet::{Fleet, Member};

use crate::daemon::{DaemonJson, ServiceCommand};
use crate::problem::Problem;
use crate::repository::{Facts, Repository};
use crate::rules::{self, Context};
use crate::{fleet, ignores};

/// What a lint needs beside the files.
#[derive(Debug, Clone)]
pub struct LintOptions {
    /// The day for dates of support.
    pub today: Date,
    /// Support that ends within so many days is a warning; none: what `winfit.toml` says, else 180.
    pub eol_within: Option<i64>,
    /// Hosts beside those of `winfit.toml` and of the files; where there are any, they alone count.
    pub hosts: Vec<Member>,
}

/// What a lint found.
#[derive(Debug, Default)]
pub struct Lint {
    /// The fleet that the files describe.
    pub fleet: Fleet,
    /// How its workloads are placed, in their order.
    pub placed: Vec<Placed>,
    /// What is wrong, by place; without what is ignored.
    pub findings: Vec<Finding>,
    /// How many findings comments and `winfit.toml` ignore.
    pub ignored: usize,
    /// Where the hosts come from, in words: `winfit.toml`; empty: none are declared.
    pub hosts_from: String,
}

/// Rules of files as texts.
const READING: &[Rule] = &[
    Rule {
        name: "broken-file",
        summary: "A file is not what its kind demands, and cannot be read whole",
    },
    Rule {
        name: "duplicate-key",
        summary: "A key stands twice in one mapping",
    },
    Rule {
        name: "too-large",
        summary: "A file is too large, or refers to itself too often, to be read",
    },
    Rule {
        name: "unresolved-include",
        summary: "A file that another one includes or extends cannot be read",
    },
    Rule {
        name: "winfit-toml",
        summary: "winfit.toml says something that winfit does not understand",
    },
    Rule {
        name: "not-rendered",
        summary: "A chart or an overlay is judged only after it is rendered",
    },
    Rule {
        name: "unused-ignore",
        summary: "An ignore matches nothing, or names no rule",
    },
];

/// Every rule that a lint can name, by name.
pub fn rules() -> Vec<Rule> {
    let mut all: Vec<Rule> = [
        READING,
        winfit_core::audit::RULES,
        rules::compose::RULES,
        rules::daemon::RULES,
        rules::dockerfile::RULES,
        rules::kubernetes::RULES,
        rules::tags::RULES,
    ]
    .concat();
    all.sort_by_key(|rule| rule.name);
    all.dedup_by_key(|rule| rule.name);
    all
}

/// Builds the fleet, audits it, checks every file, and leaves out what is ignored.
pub fn lint(catalog: &Catalog, repository: &Repository, options: &LintOptions) -> Lint {
    let config = &repository.config;
    let audit_options = AuditOptions {
        today: options.today,
        eol_within: options.eol_within.or(config.eol_within).unwrap_or(180),
    };
    let fleet = fleet::fleet(catalog, repository, &options.hosts);
    let audited = audit(catalog, &fleet, &audit_options);
    let context = Context {
        catalog,
        fleet: &fleet,
        options: &audit_options,
        base_tags: config.base_tags,
    };
    let mut findings = audited.findings;
    for file in &repository.files {
        let name = &file.source.name;
        findings.extend(
            file.problems
                .iter()
                .map(|problem| of_problem(problem, name)),
        );
        match &file.facts {
            Facts::Dockerfile(facts) => {
                findings.extend(rules::dockerfile::check(&context, name, facts));
                let subject = Subject::new("Dockerfile", name);
                findings.extend(
                    facts
                        .stages
                        .iter()
                        .filter_map(|stage| rules::dockerfile::image_use(catalog, stage))
                        .filter_map(|used| rules::tags::check(&context, &used, &subject)),
                );
            }
            Facts::Compose(facts) => findings.extend(rules::compose::check(&context, name, facts)),
            Facts::Kubernetes(facts) => {
                findings.extend(rules::kubernetes::check(&context, name, facts));
            }
            Facts::Daemon(facts) => findings.extend(rules::daemon::check(&context, name, facts)),
            Facts::Template(how) => {
                findings.extend(not_rendered(file.source.text.as_str(), name, how));
            }
            Facts::Script(facts) => findings.extend(rules::daemon::check_script(name, facts)),
            Facts::Part | Facts::Config | Facts::Broken(_) => {}
        }
    }
    for workload in &fleet.workloads {
        findings.extend(
            workload
                .containers
                .iter()
                .filter(|container| container.image.built_from.is_none())
                .filter_map(|container| {
                    rules::tags::check(&context, &container.image, &workload.subject)
                }),
        );
    }
    findings.extend(doubled(repository));
    said_of_the_constraint(&mut findings);
    let names: Vec<&'static str> = rules().iter().map(|rule| rule.name).collect();
    let (mut findings, ignored) = ignores::apply(repository, findings, &names);
    findings.sort_by(|one, other| {
        let key = |finding: &Finding| {
            let at = finding.origin.span.map(|span| span.start);
            (
                Arc::clone(&finding.origin.source),
                at,
                std::cmp::Reverse(finding.severity),
                finding.rule,
            )
        };
        key(one).cmp(&key(other))
    });
    findings.dedup();
    let hosts_from = match (
        options.hosts.is_empty(),
        fleet.hosts.is_empty(),
        config.hosts.is_empty(),
    ) {
        (false, ..) => "--host".to_owned(),
        (true, true, _) => String::new(),
        (true, false, false) => config.name.clone(),
        (true, false, true) => "Node manifests".to_owned(),
    };
    Lint {
        fleet,
        placed: audited.placed,
        findings,
        ignored,
        hosts_from,
    }
}

/// A constraint that no node can meet keeps every host off: that is said where the constraint is wrong.
fn said_of_the_constraint(findings: &mut Vec<Finding>) {
    const OF_CONSTRAINTS: [&str; 2] = ["constraint-syntax", "constraint-never-true"];
    let told: HashSet<Origin> = findings
        .iter()
        .filter(|finding| {
            OF_CONSTRAINTS.contains(&finding.rule) && finding.severity == Severity::Error
        })
        .map(|finding| finding.origin.clone())
        .collect();
    findings.retain(|finding| {
        finding.rule != "no-host-for-placement" || !told.contains(&finding.origin)
    });
}

fn of_problem(problem: &Problem, name: &Arc<str>) -> Finding {
    let finding = Finding::new(
        problem.rule,
        problem.severity,
        Subject::new("file", name),
        problem.origin.clone(),
        problem.message.clone(),
    )
    .label(problem.label.clone());
    match &problem.other {
        Some((origin, label)) => finding.related(origin.clone(), label.clone()),
        None => finding,
    }
}

/// A template that has to do with Windows, which nobody judges before it is rendered.
fn not_rendered(text: &str, name: &Arc<str>, how: &str) -> Option<Finding> {
    let about_windows = ["windows", "nanoserver", "servercore", "Windows"]
        .iter()
        .any(|word| memchr::memmem::find(text.as_bytes(), word.as_bytes()).is_some());
    about_windows.then(|| {
        Finding::new(
            "not-rendered",
            Severity::Info,
            Subject::new("file", name),
            winfit_core::finding::Origin::whole(name),
            "this is no manifest before it is rendered, and was not judged",
        )
        .note(how)
    })
}

fn doubled(repository: &Repository) -> Vec<Finding> {
    let mut daemons: Vec<(Arc<str>, &DaemonJson)> = Vec::new();
    let mut scripts: Vec<(Arc<str>, &[ServiceCommand])> = Vec::new();
    for file in &repository.files {
        let name = Arc::clone(&file.source.name);
        match &file.facts {
            Facts::Daemon(daemon) => daemons.push((name, daemon)),
            Facts::Script(commands) => scripts.push((name, commands)),
            _ => {}
        }
    }
    rules::daemon::check_doubled(&daemons, &scripts)
}
