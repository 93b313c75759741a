//! The whole way from a tree of files to findings.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use time::Date;
use winfit_core::Catalog;
use winfit_core::audit::{AuditOptions, Placed, audit};
use winfit_core::change::Change;
use winfit_core::finding::{Finding, Rule, Severity, Subject};
use winfit_core::fleet::{Fleet, Member, Preflight, State};
use winfit_core::host::{Isolation, Os};
use winfit_core::reference::Reference;
use winfit_core::remedy::{Remedy, RemedyKind, Safety};

use crate::daemon::{DaemonJson, ServiceCommand};
use crate::problem::Problem;
use crate::registries::{self, Words};
use crate::repository::{Facts, ReadFile, Repository, by_name, tidy};
use crate::rules::daemon::EngineSettings;
use crate::rules::{self, Context};
use crate::shares::in_shares;
use crate::source::Source;
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
    /// The isolation of `docker build`. Given it, or hosts of their own, Dockerfiles are judged as
    /// they are built on the hosts.
    pub build_isolation: Option<Isolation>,
    /// What registries say of the images, where they were asked.
    pub registries: Words,
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
        rules::base_changes::RULES,
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

/// The fleet as the names of its images tell it.
fn fleet_of(catalog: &Catalog, repository: &Repository, options: &LintOptions) -> Fleet {
    let mut fleet = fleet::fleet(catalog, repository, &options.hosts);
    // Hosts of winfit.toml run what may well be built elsewhere.
    if !options.hosts.is_empty() || options.build_isolation.is_some() {
        fleet.preflight = Some(Preflight {
            isolation: options.build_isolation,
            bases: fleet::build_bases(catalog, repository),
        });
    }
    fleet
}

/// The images that a lint would have settled by their registries, each once.
pub fn to_ask(catalog: &Catalog, repository: &Repository, options: &LintOptions) -> Vec<Reference> {
    let mut fleet = fleet_of(catalog, repository, options);
    let mut found = registries::to_ask(&mut fleet);
    if let Some(before) = &repository.before {
        found.extend(rules::base_changes::to_ask(
            catalog, repository, &fleet, before,
        ));
        found.sort_by_key(ToString::to_string);
        found.dedup();
    }
    found
}

/// Builds the fleet, audits it, checks every file, and leaves out what is ignored.
pub fn lint(catalog: &Catalog, repository: &Repository, options: &LintOptions) -> Lint {
    let config = &repository.config;
    let audit_options = AuditOptions {
        today: options.today,
        eol_within: options.eol_within.or(config.eol_within).unwrap_or(180),
    };
    let mut fleet = fleet_of(catalog, repository, options);
    registries::settle(&mut fleet, &options.registries);
    let audited = audit(catalog, &fleet, &audit_options);
    let hosts: Vec<&Member> = fleet
        .hosts
        .iter()
        .filter(|member| member.host.os == Os::Windows && member.state == State::Ready)
        .collect();
    let context = Context {
        catalog,
        fleet: &fleet,
        hosts: &hosts,
        options: &audit_options,
        base_tags: config.base_tags,
    };
    let mut findings = audited.findings;
    findings.extend(
        in_shares(&repository.files, |files| -> Vec<Finding> {
            files
                .iter()
                .flat_map(|file| of_file(&context, file))
                .collect()
        })
        .into_iter()
        .flatten(),
    );
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
    rules::daemon::default_instead(&engine_settings(repository, options), &mut findings);
    if let Some(before) = &repository.before {
        findings.extend(rules::base_changes::check(
            &context,
            repository,
            before,
            &options.registries,
        ));
    }
    leave_out_consequences(&mut findings);
    leave_hopeless_pods(&mut findings);
    tolerate_once(&mut findings);
    let names: Vec<&'static str> = rules().iter().map(|rule| rule.name).collect();
    let scope = ignores::Scope {
        whole: repository.whole,
        own_hosts: options.hosts.is_empty() && !fleet.hosts.is_empty(),
    };
    let (mut findings, ignored) = ignores::apply(repository, findings, &names, scope);
    // What is wrong in winfit.toml comes first: everything else rests on it.
    let of_others = |finding: &Finding| *finding.origin.source != *config.name;
    findings.sort_by(|one, other| {
        let key = |finding: &Finding| {
            let at = finding.origin.span.map(|span| span.start);
            (
                of_others(finding),
                Arc::clone(&finding.origin.source),
                at,
                std::cmp::Reverse(finding.severity),
                finding.rule,
            )
        };
        key(one)
            .cmp(&key(other))
            .then_with(|| one.message.cmp(&other.message))
    });
    // Two services that have a line in common have its finding in common.
    findings.dedup_by(|later, first| {
        (later.rule, &later.origin, &later.message) == (first.rule, &first.origin, &first.message)
    });
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

/// Where the default isolation of the hosts' engines is written.
fn engine_settings(repository: &Repository, options: &LintOptions) -> EngineSettings {
    let named = repository.config.daemon_json.as_ref();
    // It is that of the hosts of winfit.toml.
    let named = named.filter(|_| options.hosts.is_empty());
    let named = named.map(|named| by_name(&named.path));
    let mut found = Vec::new();
    for file in &repository.files {
        let name = &file.source.name;
        if named
            .as_deref()
            .is_some_and(|named| tidy(Path::new(&**name)) == named)
        {
            return EngineSettings::Named(Arc::clone(name));
        }
        if matches!(file.facts, Facts::Daemon(_)) && !file.beside {
            found.push(Arc::clone(name));
        }
    }
    match (named, <[_; 1]>::try_from(found)) {
        (None, Ok([only])) => EngineSettings::Found(only),
        _ => EngineSettings::Elsewhere,
    }
}

/// A value that no node can have says already why no host satisfies a placement.
fn leave_out_consequences(findings: &mut Vec<Finding>) {
    const CAUSES: [&str; 6] = [
        "windows-build-value",
        "os-label-value",
        "wildcard-label-value",
        "constraint-syntax",
        "constraint-never-true",
        "taint-spelling",
    ];
    let causes: HashSet<(Arc<str>, u32)> = findings
        .iter()
        .filter(|finding| CAUSES.contains(&finding.rule) && finding.severity == Severity::Error)
        .filter_map(|finding| Some((Arc::clone(&finding.origin.source), finding.origin.line()?)))
        .collect();
    findings.retain(|finding| {
        finding.rule != "no-host-for-placement"
            || finding
                .origin
                .line()
                .is_none_or(|line| !causes.contains(&(Arc::clone(&finding.origin.source), line)))
    });
}

/// A pod whose containers no node runs together is not placed by a fix: a person splits it first.
fn leave_hopeless_pods(findings: &mut [Finding]) {
    let hopeless: HashSet<Subject> = findings
        .iter()
        .filter(|finding| matches!(finding.rule, "mixed-os-pod" | "pod-mixes-builds"))
        .map(|finding| finding.subject.clone())
        .collect();
    for finding in findings {
        if !hopeless.contains(&finding.subject) {
            continue;
        }
        for remedy in &mut finding.remedies {
            let places = |change: &Change| matches!(change, Change::Pod { .. });
            if remedy.changes.iter().any(places) {
                remedy.changes.clear();
            }
        }
    }
}

/// A toleration that is mended need not be written a second time.
fn tolerate_once(findings: &mut [Finding]) {
    let mended: HashSet<Subject> = findings
        .iter()
        .filter(|finding| finding.rule == "taint-spelling" && !finding.remedies.is_empty())
        .map(|finding| finding.subject.clone())
        .collect();
    for finding in findings {
        if finding.rule != "no-host-for-placement" || !mended.contains(&finding.subject) {
            continue;
        }
        for remedy in &mut finding.remedies {
            let tolerates = |change: &Change| matches!(change, Change::Pod { change, .. } if !change.tolerate.is_empty());
            if remedy.changes.iter().any(tolerates) {
                remedy.changes.clear();
            }
        }
    }
}

/// What is wrong with one file: as a text of its kind, and by the rules of its kind.
fn of_file(context: &Context<'_>, file: &ReadFile) -> Vec<Finding> {
    if file.beside {
        return Vec::new();
    }
    let name = &file.source.name;
    let mut findings: Vec<Finding> = file
        .problems
        .iter()
        .map(|problem| of_problem(problem, &file.source))
        .collect();
    match &file.facts {
        Facts::Dockerfile(facts) => {
            findings.extend(rules::dockerfile::check(context, name, facts));
            if context.base_tags.is_some() {
                let subject = Subject::new("Dockerfile", name);
                findings.extend(
                    facts
                        .stages
                        .iter()
                        .filter_map(|stage| rules::dockerfile::image_use(context.catalog, stage))
                        .filter_map(|used| rules::tags::check(context, &used, &subject)),
                );
            }
        }
        Facts::Compose(facts) => findings.extend(rules::compose::check(context, name, facts)),
        Facts::Kubernetes(facts) => {
            findings.extend(rules::kubernetes::check(context, name, facts));
        }
        Facts::Daemon(facts) => findings.extend(rules::daemon::check(context, name, facts)),
        Facts::Script(facts) => findings.extend(rules::daemon::check_script(name, facts)),
        Facts::Template(_) | Facts::Part | Facts::Config | Facts::NotThere | Facts::Broken(_) => {}
    }
    findings
}

fn of_problem(problem: &Problem, source: &Source) -> Finding {
    let name = &source.name;
    let mut finding = Finding::new(
        problem.rule,
        problem.severity,
        Subject::new("file", name),
        problem.origin.clone(),
        problem.message.clone(),
    )
    .label(problem.label.clone());
    if let Some((title, text)) = &problem.instead
        && let Some(old) = problem
            .origin
            .span
            .and_then(|span| source.text.get(span.start..span.end))
    {
        // What no reader takes does not work: nothing that does can change.
        finding = finding.remedy(Remedy {
            kind: RemedyKind::Isolation,
            title: (*title).to_owned(),
            safety: Safety::Safe,
            commands: Vec::new(),
            diff: None,
            changes: vec![Change::Text {
                at: problem.origin.clone(),
                old: old.to_owned(),
                new: text.clone(),
            }],
        });
    }
    match &problem.other {
        Some((origin, label)) => finding.related(origin.clone(), label.clone()),
        None => finding,
    }
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
