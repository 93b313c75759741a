//! The constraints that are found against all that there could be, on Swarms that nobody made up.

use std::cmp::Reverse;

use proptest::prelude::*;
use serde_json::{Value, json};
use winfit_core::Catalog;
use winfit_core::finding::{Located, Origin};
use winfit_core::fleet::{Fleet, Member};
use winfit_core::host::Host;
use winfit_core::placement::{Admission, Placement, SwarmPlacement};
use winfit_core::version::OsVersion;
use winfit_docker::swarm::Swarm;
use winfit_docker::swarm::constrain::{Decision, decide};
use winfit_docker::swarm::fleet::{LabelNames, Told, fleet};

/// A node: its build (none: Linux), whether it takes work, whether its name is the others' too, and its
/// labels, which may be wrong.
#[derive(Debug, Clone)]
struct Node {
    build: Option<u16>,
    ready: bool,
    name: &'static str,
    labels: Vec<(&'static str, &'static str)>,
    engine_labels: Vec<(&'static str, &'static str)>,
}

fn nodes() -> impl Strategy<Value = Vec<Node>> {
    let build = prop_oneof![
        4 => prop::sample::select(vec![17763, 20348, 26100]).prop_map(Some),
        1 => Just(None),
    ];
    let label = prop::sample::select(vec![
        ("OS", "windows"),
        ("OS", "linux"),
        ("OsVersion", "10.0.17763"),
        ("OsVersion", "10.0.20348"),
        ("winfit.runs-ltsc2022", "true"),
        ("winfit.runs-ltsc2019", "true"),
        ("winfit.build", "20348"),
        ("rack", "7"),
        ("rack", "8"),
        ("team", "shop"),
    ]);
    let name = prop_oneof![4 => Just(""), 1 => Just("twin")];
    let node = (
        build,
        prop::bool::weighted(0.8),
        name,
        prop::collection::vec(label.clone(), 0..4),
        prop::collection::vec(label, 0..2),
    );
    let node = node.prop_map(|(build, ready, name, labels, engine_labels)| Node {
        build,
        ready,
        name,
        labels,
        engine_labels,
    });
    prop::collection::vec(node, 1..6)
}

fn name(at: usize, node: &Node) -> String {
    match node.name {
        "" => format!("win-{at}"),
        twin => twin.to_owned(),
    }
}

/// The Swarm with one service, and what is told of its nodes.
fn read(nodes: &[Node], image: &str, has: &[&str], everywhere: bool) -> (Fleet, LabelNames) {
    let labels = |labels: &[(&str, &str)]| -> Value {
        let labels = labels.iter();
        labels
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect()
    };
    let mut all: Vec<Value> = Vec::new();
    let mut told = Told::new();
    for (at, node) in nodes.iter().enumerate() {
        let os = if node.build.is_some() {
            "windows"
        } else {
            "linux"
        };
        let id = format!("id{at}");
        all.push(json!({
            "ID": id,
            "Spec": {
                "Labels": labels(&node.labels),
                "Availability": if node.ready { "active" } else { "drain" },
            },
            "Description": {
                "Hostname": name(at, node),
                "Platform": {"OS": os, "Architecture": "x86_64"},
                "Engine": {"Labels": labels(&node.engine_labels)},
            },
            "Status": {"State": "ready"},
        }));
        let host = node.build.map_or(
            Host {
                os: winfit_core::host::Os::Linux,
                version: None,
                ..Host::windows(OsVersion::of_build(0))
            },
            |build| Host::windows(OsVersion::of_build(build)),
        );
        told.insert(id, (host, "--host".to_owned()));
    }
    all.push(json!({
        "ID": "s1",
        "Spec": {
            "Name": "fax",
            "TaskTemplate": {
                "ContainerSpec": {"Image": image},
                "Placement": {"Constraints": has},
            },
            "Mode": if everywhere { json!({"Global": {}}) } else { json!({"Replicated": {"Replicas": 1}}) },
        },
    }));
    let mut swarm = Swarm::default();
    let complaints = swarm.add_saved(&Value::Array(all).to_string());
    assert_eq!(complaints, Vec::<String>::new());
    let names = LabelNames::default();
    let mut fleet = fleet(Catalog::builtin(), &swarm, &names, &told);
    fleet.hosts.sort_by(|one, other| one.id.cmp(&other.id));
    (fleet, names)
}

/// A constraint as the reference weighs it.
#[derive(Debug, Clone)]
struct Word {
    text: String,
    kind: Kind,
    /// The node at each place stays.
    keeps: Vec<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Windows,
    Other,
    Not,
    Pin,
}

/// All constraints that compare something with what some node says of it.
fn words(nodes: &[Node], members: &[Member], placement: &SwarmPlacement) -> Vec<Word> {
    let mut texts = vec![(Kind::Windows, "node.platform.os==windows".to_owned())];
    for (at, node) in nodes.iter().enumerate() {
        for (place, labels) in [("node", &node.labels), ("engine", &node.engine_labels)] {
            for (label, value) in labels {
                let kind = match *label {
                    "rack" | "team" => Kind::Other,
                    _ => Kind::Windows,
                };
                texts.push((kind, format!("{place}.labels.{label}=={value}")));
                texts.push((kind, format!("{place}.labels.{label}!={value}")));
            }
        }
        for (key, value) in [("hostname", name(at, node)), ("id", format!("id{at}"))] {
            texts.push((Kind::Not, format!("node.{key}!={value}")));
            texts.push((Kind::Pin, format!("node.{key}=={value}")));
        }
    }
    texts.sort_by(|one, other| one.1.cmp(&other.1));
    texts.dedup();
    let words = texts.into_iter().map(|(kind, text)| Word {
        keeps: admitted(members, placement, std::slice::from_ref(&text)),
        kind,
        text,
    });
    words.collect()
}

/// Which nodes a service is let onto with more constraints.
fn admitted(members: &[Member], placement: &SwarmPlacement, add: &[String]) -> Vec<bool> {
    let mut after = placement.clone();
    let here = Origin::whole(&"test".into());
    for text in add {
        after
            .constraints
            .push(Located::new(text.clone(), here.clone()));
    }
    let members = members.iter();
    members
        .map(|member| after.admits(Catalog::builtin(), member) == Admission::Yes)
        .collect()
}

/// What makes a set worse than another: its size, its names, its labels that say nothing of Windows, and how
/// few nodes it keeps.
type Cost = (usize, usize, usize, Reverse<usize>);

struct Wanted {
    good: Vec<usize>,
    bad: Vec<usize>,
    everywhere: bool,
}

impl Wanted {
    /// What these constraints cost where they do what is wanted.
    fn cost(&self, chosen: &[&Word]) -> Option<Cost> {
        let stays = |at: &&usize| chosen.iter().all(|word| word.keeps[**at]);
        let kept = self.good.iter().filter(stays).count();
        let enough = if self.everywhere { self.good.len() } else { 1 };
        let count = |is: &dyn Fn(Kind) -> bool| chosen.iter().filter(|word| is(word.kind)).count();
        (kept >= enough && !self.bad.iter().any(|at| stays(&at))).then(|| {
            (
                chosen.len(),
                count(&|kind| matches!(kind, Kind::Not | Kind::Pin)),
                count(&|kind| kind == Kind::Other),
                Reverse(if self.everywhere { 0 } else { kept }),
            )
        })
    }

    /// The best of all sets of these words. More words than nodes that are to go are never of use.
    fn best(&self, words: &[Word], kinds: &[Kind]) -> Option<Cost> {
        let words: Vec<&Word> = words
            .iter()
            .filter(|word| kinds.contains(&word.kind))
            .collect();
        (1..=self.bad.len()).find_map(|size| self.of_size(&words, size, &mut Vec::new()))
    }

    fn of_size<'w>(
        &self,
        words: &[&'w Word],
        size: usize,
        chosen: &mut Vec<&'w Word>,
    ) -> Option<Cost> {
        if size == 0 {
            return self.cost(chosen);
        }
        let mut best = None;
        for (at, word) in words.iter().enumerate() {
            chosen.push(word);
            let found = self.of_size(&words[at + 1..], size - 1, chosen);
            chosen.pop();
            best = best.into_iter().chain(found).min();
        }
        best
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_smaller_set_of_constraints_does_it(
        nodes in nodes(),
        build in prop::sample::select(vec![17763_u16, 20348]),
        has in prop::sample::subsequence(vec!["node.labels.rack!=7", "node.labels.team!=shop"], 0..=1),
        everywhere: bool,
    ) {
        let image = if build == 17763 { "contoso/fax:2-ltsc2019" } else { "contoso/fax:2-ltsc2022" };
        let (fleet, names) = read(&nodes, image, &has, everywhere);
        let service = &fleet.workloads[0];
        let Placement::Swarm(placement) = &service.placement else {
            panic!("a service of a Swarm");
        };
        let members = &fleet.hosts;
        // Windows Server 2025 runs images of 2022 as well.
        let runs = |node: &Node| node.build == Some(build) || (build, node.build) == (20348, Some(26100));
        let may_use = admitted(members, placement, &[]);
        let all: Vec<usize> = (0..nodes.len()).filter(|at| may_use[*at]).collect();
        let (runs, bad): (Vec<usize>, Vec<usize>) = all.into_iter().partition(|at| runs(&nodes[*at]));
        let good: Vec<usize> = runs.into_iter().filter(|at| nodes[*at].ready).collect();
        let wanted = Wanted { good, bad, everywhere };
        match decide(Catalog::builtin(), &fleet, service, &names) {
            Decision::NoNode { .. } => prop_assert!(wanted.good.is_empty()),
            Decision::Fits { .. } => prop_assert!(wanted.bad.is_empty()),
            Decision::Constrain(found) => {
                let words = words(&nodes, members, placement);
                let chosen: Vec<&Word> = found
                    .add
                    .iter()
                    .map(|text| words.iter().find(|word| word.text == *text).unwrap())
                    .collect();
                let kinds: &[Kind] = if wanted.best(&words, &[Kind::Windows]).is_some() {
                    &[Kind::Windows, Kind::Not]
                } else if wanted.best(&words, &[Kind::Windows, Kind::Other]).is_some() {
                    &[Kind::Windows, Kind::Other, Kind::Not]
                } else {
                    &[Kind::Windows, Kind::Other, Kind::Not, Kind::Pin]
                };
                prop_assert_eq!(wanted.cost(&chosen), wanted.best(&words, kinds), "{:?}", found.add);
                // Beside those that it has, which stay, it is where it was to be.
                let after = admitted(members, placement, &found.add);
                let stays: Vec<String> = wanted.good.iter().filter(|at| after[**at]).map(|at| name(*at, &nodes[*at])).collect();
                prop_assert_eq!(found.on, stays);
                prop_assert!(wanted.bad.iter().all(|at| !after[*at]));
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }
}
