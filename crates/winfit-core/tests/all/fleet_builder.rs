//! Fleets in few words, for tests that read like a specification.

use std::collections::BTreeMap;
use std::sync::Arc;

use winfit_core::Catalog;
use winfit_core::audit::{Audit, AuditOptions, audit};
use winfit_core::day::parse_day;
use winfit_core::finding::{Finding, Located, Origin, Span, Subject};
use winfit_core::fleet::{Container, Fleet, ImageUse, Labels, Member, Orchestrator, Workload};
use winfit_core::host::{Host, Isolation, Kind, Os};
use winfit_core::image::NamedImage;
use winfit_core::placement::kubernetes::{
    Operator, PodPlacement, Requirement, RuntimeClass, Taint, Toleration,
};
use winfit_core::placement::{Placement, SwarmPlacement};

/// A place in a file; the line tells places apart.
pub(crate) fn at(source: &str, line: u32) -> Origin {
    let start = line as usize * 100;
    let span = Span {
        start,
        end: start + 10,
        line,
        column: 5,
    };
    Origin::at(&Arc::from(source), span)
}

/// `web.yaml:21`.
pub(crate) fn place(origin: &Origin) -> String {
    match origin.line() {
        Some(line) => format!("{}:{line}", origin.source),
        None => origin.source.to_string(),
    }
}

pub(crate) fn windows(name: &str, version: &str) -> Member {
    let host = Host::windows(version.parse().expect("a test's own text")).with_kind(Kind::Server);
    Member::new(name, host, "winfit.toml")
}

pub(crate) fn linux(name: &str) -> Member {
    let host = Host {
        os: Os::Linux,
        version: None,
        ..Host::windows("10.0.17763".parse().expect("a test's own text"))
    };
    Member::new(name, host, "winfit.toml")
}

pub(crate) fn labels(pairs: &[(&str, &str)], complete: bool) -> Labels {
    let pairs = pairs
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    Labels {
        known: pairs.collect::<BTreeMap<_, _>>(),
        complete,
    }
}

pub(crate) fn on_platform(member: Member, platform: &str) -> Member {
    let known = &Catalog::builtin().platforms;
    let position = known.iter().position(|facts| facts.platform == platform);
    let host = Host {
        platform: Some(
            u8::try_from(position.expect("a test's own text")).expect("a test's own text"),
        ),
        ..member.host
    };
    Member { host, ..member }
}

/// `key`, an operator by its name, values between spaces.
pub(crate) fn requirement(key: &str, operator: &str, values: &[&str]) -> Requirement {
    Requirement {
        key: key.to_owned(),
        operator: Operator::parse(operator).expect("a test's own text"),
        values: values.iter().map(|value| (*value).to_owned()).collect(),
        field: false,
        origin: at("web.yaml", 21),
    }
}

/// A nodeSelector.
pub(crate) fn selector(pairs: &[(&str, &str)]) -> PodPlacement {
    let one = |(line, (key, value)): (u32, &(&str, &str))| Requirement {
        origin: at("web.yaml", line),
        ..requirement(key, "In", &[value])
    };
    PodPlacement {
        node_selector: (21..).zip(pairs).map(one).collect(),
        origin: Some(at("web.yaml", 10)),
        ..PodPlacement::default()
    }
}

pub(crate) fn taint(key: &str, value: &str, effect: &str) -> Taint {
    Taint {
        key: key.to_owned(),
        value: value.to_owned(),
        effect: effect.to_owned(),
    }
}

pub(crate) fn toleration(
    key: Option<&str>,
    exists: bool,
    value: &str,
    effect: Option<&str>,
) -> Toleration {
    Toleration {
        key: key.map(str::to_owned),
        exists,
        value: value.to_owned(),
        effect: effect.map(str::to_owned),
        origin: at("web.yaml", 30),
    }
}

pub(crate) fn runtime_class(name: &str, handler: &str, pairs: &[(&str, &str)]) -> RuntimeClass {
    RuntimeClass {
        name: name.to_owned(),
        handler: Located::new(handler.to_owned(), at("class.yaml", 4)),
        node_selector: pairs
            .iter()
            .map(|(key, value)| Requirement {
                origin: at("class.yaml", 7),
                ..requirement(key, "In", &[value])
            })
            .collect(),
        tolerations: vec![toleration(Some("os"), false, "windows", Some("NoSchedule"))],
        origin: at("class.yaml", 1),
    }
}

pub(crate) fn constraints(texts: &[&str]) -> SwarmPlacement {
    SwarmPlacement {
        unresolved: Vec::new(),
        constraints: (31..)
            .zip(texts)
            .map(|(line, text)| Located::new((*text).to_owned(), at("compose.yaml", line)))
            .collect(),
        platforms: Vec::new(),
    }
}

/// An image as it stands on a line of a manifest.
pub(crate) fn image(text: &str, line: u32) -> ImageUse {
    ImageUse {
        text: text.to_owned(),
        image: NamedImage::read(Catalog::builtin(), text),
        origin: at("web.yaml", line),
        unresolved: Vec::new(),
        built_from: None,
        os: None,
    }
}

/// The same, built by a Dockerfile of the repository.
pub(crate) fn built(text: &str, line: u32, from: &str) -> ImageUse {
    let base = ImageUse {
        origin: at("web/Dockerfile", 3),
        ..image(from, 3)
    };
    ImageUse {
        built_from: Some(Box::new(base)),
        os: None,
        ..image(text, line)
    }
}

pub(crate) fn container(name: &str, image: ImageUse) -> Container {
    Container {
        name: name.to_owned(),
        image,
        host_process: false,
    }
}

fn workload(kind: &str, orchestrator: Orchestrator, placement: Placement) -> Workload {
    Workload {
        subject: Subject::new(kind, "web"),
        orchestrator,
        containers: Vec::new(),
        placement,
        isolation: None,
        os: None,
        everywhere: false,
        wanted: None,
        running: None,
        origin: at("web.yaml", 1),
    }
}

pub(crate) fn deployment(placement: PodPlacement, images: Vec<ImageUse>) -> Workload {
    let placement = Placement::Pod(Box::new(placement));
    let named = ["web", "log", "init"].iter().zip(images);
    Workload {
        containers: named.map(|(name, image)| container(name, image)).collect(),
        ..workload("Deployment", Orchestrator::Kubernetes, placement)
    }
}

pub(crate) fn service(texts: &[&str], image: ImageUse) -> Workload {
    let placement = Placement::Swarm(constraints(texts));
    Workload {
        containers: vec![container("web", image)],
        ..workload("service", Orchestrator::Swarm, placement)
    }
}

pub(crate) fn docker(image: ImageUse) -> Workload {
    Workload {
        containers: vec![container("web", image)],
        ..workload("service", Orchestrator::Docker, Placement::Anywhere)
    }
}

pub(crate) fn isolated(workload: Workload, isolation: Isolation) -> Workload {
    Workload {
        isolation: Some(Located::new(isolation, at("compose.yaml", 40))),
        ..workload
    }
}

pub(crate) fn fleet(hosts: Vec<Member>, workloads: Vec<Workload>) -> Fleet {
    Fleet {
        hosts,
        workloads,
        ..Fleet::default()
    }
}

pub(crate) fn options() -> AuditOptions {
    AuditOptions {
        today: parse_day("2026-11-22").expect("a test's own text"),
        eol_within: 180,
    }
}

pub(crate) fn audited(fleet: &Fleet) -> Audit {
    audit(Catalog::builtin(), fleet, &options())
}

/// What a test of placement looks at: the rules without those about images by themselves.
pub(crate) fn rules(audit: &Audit) -> Vec<&'static str> {
    let by_themselves = [
        "base-behind-patches",
        "base-out-of-support",
        "base-support-ending",
        "floating-base",
    ];
    audit
        .findings
        .iter()
        .map(|finding| finding.rule)
        .filter(|rule| !by_themselves.contains(rule))
        .collect()
}

pub(crate) fn only<'a>(audit: &'a Audit, rule: &str) -> &'a Finding {
    let mut found = audit.findings.iter().filter(|finding| finding.rule == rule);
    let first = found
        .next()
        .unwrap_or_else(|| panic!("no {rule} in {:#?}", audit.findings));
    assert!(found.next().is_none(), "more than one {rule}");
    first
}

/// A finding as a person would meet it.
pub(crate) fn written(finding: &Finding) -> String {
    let mut text = format!(
        "{}[{}] {}: {}\n  {} {}\n",
        finding.severity.name(),
        finding.rule,
        finding.confidence.name(),
        finding.message,
        place(&finding.origin),
        finding.label
    );
    for related in &finding.related {
        text += &format!("  {} {}\n", place(&related.origin), related.label);
    }
    for note in &finding.notes {
        text += &format!("  note: {note}\n");
    }
    for remedy in &finding.remedies {
        text += &format!("  {}: {}\n", remedy.safety.name(), remedy.title);
        for command in &remedy.commands {
            for line in command.text.lines() {
                text += &format!("    {line}\n");
            }
        }
    }
    text
}
