//! What stands in Compose files and cannot work, beyond where images run.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use winfit_core::finding::{Confidence, Finding, Located, Origin, Rule, Severity, Subject};
use winfit_core::fleet::{Fleet, Member, Orchestrator};
use winfit_core::placement::Placement;
use winfit_core::placement::swarm::{Constraint, Key};
use winfit_core::remedy::RemedyKind;
use winfit_core::version::quote_for_error;

use super::daemon::meant;
use super::{Context, write_instead};
use crate::compose::{Compose, Service};

/// The rules of this file.
pub const RULES: &[Rule] = &[
    Rule {
        name: "isolation-value",
        summary: "An isolation that Windows does not have",
    },
    Rule {
        name: "constraint-syntax",
        summary: "A placement constraint that Swarm refuses",
    },
    Rule {
        name: "constraint-never-true",
        summary: "A placement constraint that no node can meet, or that excludes none",
    },
    Rule {
        name: "label-spelling",
        summary: "A node label in another case than elsewhere, which makes it another label",
    },
];

/// Checks one file, whose path as shown is `name`.
pub fn check(context: &Context<'_>, _name: &Arc<str>, compose: &Compose) -> Vec<Finding> {
    let mut found: Vec<Finding> = compose.services.iter().filter_map(isolation).collect();
    found.extend(compose.services.iter().filter_map(|service| {
        let image = service.image.as_ref()?;
        let base = super::dockerfile::Base {
            reference: service.resolved_image.as_deref(),
            origin: &image.origin,
        };
        let stated = service.platform.as_ref()?;
        super::dockerfile::platform(context.catalog, &subject(service), stated, &base)
    }));
    // Most files have no constraints, and the fleet may be large.
    if compose
        .services
        .iter()
        .any(|service| !service.constraints.is_empty())
    {
        let spellings = Spellings::of(context.fleet, compose);
        for service in &compose.services {
            constraints(context.fleet, &spellings, service, &mut found);
        }
    }
    found
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
        Some(better) => finding.label(better).remedy(write_instead(
            "write the isolation as engines read it",
            RemedyKind::Isolation,
            isolation,
            better,
        )),
        None => finding,
    })
}

/// Symbols of patterns, which Swarm compares literally. Commas are no value at all to it.
const OF_PATTERNS: [char; 7] = ['*', '?', '|', '(', ')', '[', ']'];

fn constraints(fleet: &Fleet, spellings: &Spellings, service: &Service, found: &mut Vec<Finding>) {
    let subject = subject(service);
    // What was demanded of each key so far: with ==, and with != and the value in small letters.
    let mut wanted: HashMap<String, (&Located<String>, String)> = HashMap::new();
    let mut unwanted: HashMap<(String, String), &Located<String>> = HashMap::new();
    for written in &service.constraints {
        let constraint = match Constraint::parse(&written.value) {
            Ok(constraint) => constraint,
            Err(error) => {
                let finding = Finding::new(
                    "constraint-syntax",
                    Severity::Error,
                    subject.clone(),
                    written.origin.clone(),
                    error.to_string(),
                );
                found.push(
                    finding
                        .label("Swarm refuses the service")
                        .note(format!("it says: {}", error.engine_words())),
                );
                continue;
            }
        };
        let key = in_words(&constraint.key);
        if let Some(finding) = alone(fleet, &subject, written, &constraint, &key) {
            found.push(finding);
            continue;
        }
        found.extend(spellings.check(&subject, written, &constraint.key));
        let value = constraint.value.to_lowercase();
        // An address and a network may well name the same node.
        if constraint.key == Key::Ip {
            continue;
        }
        let other = if constraint.equal {
            let other = wanted
                .get(&key)
                .filter(|(_, known)| *known != value)
                .map(|(other, _)| *other);
            other.or_else(|| unwanted.get(&(key.clone(), value.clone())).copied())
        } else {
            wanted
                .get(&key)
                .filter(|(_, known)| *known == value)
                .map(|(other, _)| *other)
        };
        if let Some(other) = other {
            found.push(
                Finding::new(
                    "constraint-never-true",
                    Severity::Error,
                    subject.clone(),
                    written.origin.clone(),
                    format!(
                        "no node meets both {} and {}, and Swarm asks for all constraints at once",
                        quote_for_error(&other.value),
                        quote_for_error(&written.value)
                    ),
                )
                .label("excludes what the other asks for")
                .related(other.origin.clone(), "the other"),
            );
        }
        if constraint.equal {
            wanted.entry(key).or_insert((written, value));
        } else {
            unwanted.entry((key, value)).or_insert(written);
        }
    }
}

fn in_words(key: &Key) -> String {
    match key {
        Key::Id => "node.id".to_owned(),
        Key::Hostname => "node.hostname".to_owned(),
        Key::Ip => "node.ip".to_owned(),
        Key::Role => "node.role".to_owned(),
        Key::Os => "node.platform.os".to_owned(),
        Key::Arch => "node.platform.arch".to_owned(),
        Key::NodeLabel(name) => format!("node.labels.{name}"),
        Key::EngineLabel(name) => format!("engine.labels.{name}"),
        Key::Unknown(key) => key.clone(),
    }
}

/// What is wrong with a constraint by itself.
fn alone(
    fleet: &Fleet,
    subject: &Subject,
    written: &Located<String>,
    constraint: &Constraint,
    key: &str,
) -> Option<Finding> {
    let finding = |severity, message: String| {
        Finding::new(
            "constraint-never-true",
            severity,
            subject.clone(),
            written.origin.clone(),
            message,
        )
    };
    if let Key::Unknown(_) = constraint.key {
        let finding = finding(
            Severity::Error,
            format!(
                "Swarm does not know {:?}, and no node meets a constraint on it",
                quote_for_error(key)
            ),
        );
        return Some(match meant_key(key) {
            // The name of the label only a person knows.
            Some(better) if better.ends_with("NAME") => finding.label(better),
            Some(better) => finding.label(better).remedy(write_instead(
                "write the key that Swarm knows",
                RemedyKind::OtherHost,
                written,
                &written.value.replacen(key, better, 1),
            )),
            None => finding.note(
                "the keys are node.id, node.hostname, node.ip, node.role, node.platform.os, \
                 node.platform.arch, node.labels.NAME and engine.labels.NAME",
            ),
        });
    }
    let value = constraint.value.as_str();
    let pattern = value.contains(OF_PATTERNS) && !is_label_value(fleet, &constraint.key, value);
    if pattern {
        let quoted = quote_for_error(value);
        return Some(
            if constraint.equal {
                finding(
                    Severity::Error,
                    format!(
                        "Swarm knows no patterns: {key} is compared to {quoted:?} letter by letter, \
                         and no node meets that"
                    ),
                )
            } else {
                finding(
                    Severity::Warning,
                    format!(
                        "Swarm knows no patterns: {key} is compared to {quoted:?} letter by letter, \
                         and that excludes no node"
                    ),
                )
            }
            .label("taken literally")
            .note(
                "to admit several versions give their nodes one label of the same value, \
                 or exclude the others with !=",
            ),
        );
    }
    if constraint.key == Key::Role
        && constraint.equal
        && !["manager", "worker"]
            .iter()
            .any(|role| role.eq_ignore_ascii_case(value))
    {
        return Some(
            finding(
                Severity::Error,
                format!(
                    "no node has the role {:?}: a node is a manager or a worker",
                    quote_for_error(value)
                ),
            )
            .label("manager or worker"),
        );
    }
    None
}

/// The key that an unknown one most likely means.
fn meant_key(key: &str) -> Option<&'static str> {
    Some(match key.to_ascii_lowercase().as_str() {
        "node.os" | "node.platform" | "platform.os" | "engine.os" | "node.ostype" => {
            "node.platform.os"
        }
        "node.arch" | "platform.arch" | "engine.arch" => "node.platform.arch",
        "node.name" | "node.host" | "hostname" => "node.hostname",
        "node.type" => "node.role",
        "node.labels" | "node.label" => "node.labels.NAME",
        "engine.labels" | "engine.label" => "engine.labels.NAME",
        other if other.starts_with("node.label.") => "node.labels.NAME",
        other if other.starts_with("engine.label.") => "engine.labels.NAME",
        _ => return None,
    })
}

/// Whether a known node has this very value as a label.
fn is_label_value(fleet: &Fleet, key: &Key, value: &str) -> bool {
    swarm_nodes(fleet).any(|member| {
        let held = match key {
            Key::NodeLabel(name) => member.labels.known.get(name),
            Key::EngineLabel(name) => member.engine_labels.known.get(name),
            _ => None,
        };
        held.is_some_and(|held| held.eq_ignore_ascii_case(value))
    })
}

fn swarm_nodes(fleet: &Fleet) -> impl Iterator<Item = &Member> {
    fleet.hosts.iter().filter(|member| {
        member
            .orchestrator
            .is_none_or(|orchestrator| orchestrator == Orchestrator::Swarm)
    })
}

/// How node labels are spelt, by their names in small letters.
struct Spellings {
    /// What the nodes have.
    held: HashMap<String, Vec<String>>,
    /// What services ask for, with how often and where first, the most frequent spelling first.
    asked: HashMap<String, Vec<Asked>>,
}

struct Asked {
    name: String,
    count: usize,
    origin: Origin,
}

impl Spellings {
    fn of(fleet: &Fleet, compose: &Compose) -> Self {
        let mut held: HashMap<String, Vec<String>> = HashMap::new();
        for name in swarm_nodes(fleet).flat_map(|member| member.labels.known.keys()) {
            let names = held.entry(name.to_lowercase()).or_default();
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        // The services of this file are among the fleet's, as a rule: each place counts once.
        let mut places: BTreeMap<(Arc<str>, usize), (String, Origin)> = BTreeMap::new();
        let of_fleet = fleet.workloads.iter().flat_map(|workload| {
            let constraints: &[Located<String>] = match &workload.placement {
                Placement::Swarm(swarm) => &swarm.constraints,
                Placement::Anywhere | Placement::Pod(_) => &[],
            };
            constraints
        });
        let of_file = compose
            .services
            .iter()
            .flat_map(|service| &service.constraints);
        for written in of_fleet.chain(of_file) {
            if let Ok(Constraint {
                key: Key::NodeLabel(name),
                ..
            }) = Constraint::parse(&written.value)
            {
                let origin = written.origin.clone();
                let start = origin.span.map_or(0, |span| span.start);
                places.insert((Arc::clone(&origin.source), start), (name, origin));
            }
        }
        let mut asked: HashMap<String, Vec<Asked>> = HashMap::new();
        for (name, origin) in places.into_values() {
            let names = asked.entry(name.to_lowercase()).or_default();
            match names.iter_mut().find(|known| known.name == name) {
                Some(known) => known.count += 1,
                None => names.push(Asked {
                    name,
                    count: 1,
                    origin,
                }),
            }
        }
        for names in asked.values_mut() {
            names.sort_by_key(|known| std::cmp::Reverse(known.count));
        }
        Self { held, asked }
    }

    /// A label that is spelt otherwise on the nodes or, where no node is known to have it, in most
    /// other constraints.
    fn check(&self, subject: &Subject, written: &Located<String>, key: &Key) -> Option<Finding> {
        let Key::NodeLabel(name) = key else {
            return None;
        };
        let finding = |message: String, better: &str| {
            Finding::new(
                "label-spelling",
                Severity::Warning,
                subject.clone(),
                written.origin.clone(),
                message,
            )
            .label(better.to_owned())
            .remedy(write_instead(
                "write the label as the nodes have it",
                RemedyKind::OtherHost,
                written,
                &written.value.replacen(name, better, 1),
            ))
            .confidence(Confidence::Likely)
            .note("in names of labels case matters to Swarm; in their values it does not")
        };
        let small = name.to_lowercase();
        if let Some(held) = self.held.get(&small) {
            let better = held.first().filter(|_| !held.contains(name))?;
            return Some(finding(
                format!("the label {name} is asked for, and nodes have {better}: two labels"),
                better,
            ));
        }
        let most = self.asked.get(&small)?.first()?;
        (most.name != *name).then(|| {
            finding(
                format!(
                    "the label {name} is asked for here and {} elsewhere: two labels",
                    most.name
                ),
                &most.name,
            )
            .related(most.origin.clone(), "spelt so here")
        })
    }
}
