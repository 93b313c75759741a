//! Whatever the cluster and the template: after the change exactly the nodes that run it are admitted, of
//! those that were before, and what the template demanded it demands still.

use proptest::prelude::*;
use serde_json::{Value, json};
use winfit_core::audit::{Fares, Reach, reaches};
use winfit_kube::pin::{Decision, Object, Wanted};

use crate::pin_plan::{Lab, linux, node, options, web, with};

const VERSIONS: [&str; 6] = [
    "10.0.14393.1715",
    "10.0.14393.8519",
    "10.0.17763.8037",
    "10.0.20348.4405",
    "10.0.25398.1965",
    "10.0.26100.7171",
];

fn a_node() -> impl Strategy<Value = (usize, bool, Option<&'static str>, bool, bool)> {
    (
        0..=VERSIONS.len(),
        any::<bool>(),
        prop_oneof![
            4 => Just(None),
            1 => Just(Some("os=windows")),
            1 => Just(Some("os=Windows")),
            1 => Just(Some("dedicated=gpu")),
        ],
        // Without the label of its build; with the page's.
        prop::bool::weighted(0.2),
        any::<bool>(),
    )
}

fn nodes() -> impl Strategy<Value = Vec<Value>> {
    prop::collection::vec(a_node(), 1..6).prop_map(|nodes| {
        let each = nodes.into_iter().enumerate();
        each.map(|(at, (version, cordoned, taint, unlabelled, osbuild))| {
            let name = format!("node-{at}");
            let mut made = match VERSIONS.get(version) {
                Some(version) => node(&name, version),
                None => linux(&name),
            };
            made["metadata"]["labels"]["zone"] = json!(if at % 2 == 0 { "x" } else { "y" });
            if let Some(version) = VERSIONS.get(version) {
                let labels = made["metadata"]["labels"].as_object_mut().unwrap();
                if unlabelled {
                    labels.remove("node.kubernetes.io/windows-build");
                }
                if osbuild {
                    let own = version.trim_start_matches("10.0.");
                    labels.insert("beta.kubernetes.io/osbuild".to_owned(), json!(own));
                }
            }
            let taints: Vec<Value> = taint
                .and_then(|taint| taint.split_once('='))
                .map(|(key, value)| json!({"key": key, "value": value, "effect": "NoSchedule"}))
                .into_iter()
                .collect();
            with(
                made,
                "/spec",
                json!({"unschedulable": cordoned, "taints": taints}),
            )
        })
        .collect()
    })
}

fn expression() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!({"key": "zone", "operator": "In", "values": ["x"]})),
        Just(json!({"key": "zone", "operator": "NotIn", "values": ["x"]})),
        Just(json!({"key": "kubernetes.io/os", "operator": "In", "values": ["windows"]})),
        Just(
            json!({"key": "node.kubernetes.io/windows-build", "operator": "In",
            "values": ["10.0.17763", "10.0.20348", "10.0.26100"]})
        ),
        Just(json!({"key": "node.kubernetes.io/windows-build", "operator": "Exists"})),
    ]
}

fn template() -> impl Strategy<Value = Value> {
    let selector = prop::sample::subsequence(
        vec![
            ("kubernetes.io/os", "windows"),
            ("zone", "x"),
            ("node.kubernetes.io/windows-build", "10.0.20348"),
        ],
        0..=3,
    );
    let term = prop::collection::vec(expression(), 1..3);
    let terms = prop::collection::vec(term, 0..3);
    let tags = prop::sample::select(vec![
        "ltsc2016",
        "10.0.14393.1715",
        "ltsc2019",
        "ltsc2022",
        "ltsc2025",
    ]);
    (tags, selector, terms, any::<bool>()).prop_map(|(tag, selector, terms, tolerant)| {
        let mut more = json!({});
        if !selector.is_empty() {
            let entries = selector.into_iter();
            let entries = entries.map(|(key, value)| (key.to_owned(), json!(value)));
            more["nodeSelector"] = Value::Object(entries.collect());
        }
        if !terms.is_empty() {
            let terms: Vec<Value> = terms
                .into_iter()
                .map(|term| json!({"matchExpressions": term}))
                .collect();
            more["affinity"] = json!({"nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms},
            }});
        }
        if tolerant {
            more["tolerations"] = json!([{"key": "dedicated", "operator": "Exists"}]);
        }
        web(tag, more)
    })
}

fn classes() -> impl Strategy<Value = Vec<Value>> {
    let class = prop::sample::select(vec!["10.0.17763", "10.0.20348", "10.0.26100"]);
    prop::collection::vec(class, 0..2).prop_map(|builds| {
        let each = builds.into_iter();
        each.map(|build| {
            json!({
                "kind": "RuntimeClass", "metadata": {"name": format!("windows-{build}")},
                "handler": "runhcs-wcow-process",
                "scheduling": {"nodeSelector": {"node.kubernetes.io/windows-build": build}},
            })
        })
        .collect()
    })
}

/// Where the Deployment with this template reaches in a cluster of these objects.
fn reach(objects: &[Value], object: &Value) -> Reach {
    let objects = [objects, std::slice::from_ref(object)].concat();
    let lab = Lab::new(&objects);
    let options = options();
    let pinning = lab.pinning(&options);
    let found = reaches(
        pinning.catalog,
        pinning.fleet,
        &options,
        &pinning.fleet.workloads,
    );
    found.into_iter().next().unwrap()
}

fn fit(reach: &Reach) -> Vec<usize> {
    let hosts = reach.hosts.iter();
    hosts
        .filter(|(_, fares)| *fares == Fares::Runs)
        .map(|(at, _)| *at)
        .collect()
}

fn all(reach: &Reach) -> Vec<usize> {
    reach.hosts.iter().map(|(at, _)| *at).collect()
}

/// Every demand of the old template is in the new one: in the nodeSelector, and in every term.
fn demands_still(old: &Value, new: &Value) -> bool {
    let selector = |spec: &Value| {
        spec["nodeSelector"]
            .as_object()
            .cloned()
            .unwrap_or_default()
    };
    let has = selector(new);
    let of_selector = selector(old)
        .iter()
        .all(|(key, value)| has.get(key) == Some(value));
    let terms = |spec: &Value| {
        let required =
            &spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
        required["nodeSelectorTerms"]
            .as_array()
            .cloned()
            .unwrap_or_default()
    };
    let (before, after) = (terms(old), terms(new));
    let expressions = |term: &Value| {
        term["matchExpressions"]
            .as_array()
            .cloned()
            .unwrap_or_default()
    };
    // Values of a list that is there already may become fewer.
    let narrower = |own: &Value, other: &Value| {
        own["key"] == other["key"]
            && own["operator"] == other["operator"]
            && match (own["values"].as_array(), other["values"].as_array()) {
                (Some(own), Some(other)) => {
                    !other.is_empty() && other.iter().all(|value| own.contains(value))
                }
                (own, other) => own == other,
            }
    };
    let of_terms = before.len() == after.len() || before.is_empty();
    of_selector
        && of_terms
        && before.iter().zip(&after).all(|(before, after)| {
            let after = expressions(after);
            expressions(before)
                .iter()
                .all(|own| after.iter().any(|other| narrower(own, other)))
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn exactly_the_fit_nodes_are_admitted_afterwards(
        nodes in nodes(),
        classes in classes(),
        object in template(),
    ) {
        let others = [nodes, classes].concat();
        let lab = Lab::new(&[others.clone(), vec![object.clone()]].concat());
        let before = reach(&others, &object);
        match lab.decide(&object) {
            Decision::Pin(plan) => {
                let changed = with(object.clone(), "/spec/template/spec", plan.new.clone());
                let after = reach(&others, &changed);
                prop_assert!(!after.hosts.is_empty());
                prop_assert_eq!(fit(&after), all(&after));
                prop_assert!(after.conflict.is_none());
                if !fit(&before).is_empty() && before.conflict.is_none() {
                    prop_assert_eq!(all(&after), fit(&before));
                    prop_assert!(demands_still(&plan.old, &plan.new), "{} {}", plan.old, plan.new);
                }
                // The same again changes nothing.
                let again = Lab::new(&[others.clone(), vec![changed.clone()]].concat());
                let again = again.decide(&changed);
                prop_assert!(matches!(again, Decision::Right(_)), "{again:?}");
            }
            Decision::Right(_) => prop_assert_eq!(all(&before), fit(&before)),
            Decision::NotTold(nodes) => {
                prop_assert!(!nodes.on.is_empty() || !nodes.waits.is_empty());
            }
            Decision::NoNode(_) => prop_assert!(fit(&before).is_empty()),
            other => prop_assert!(fit(&before).is_empty(), "{other:?}"),
        }
    }

    #[test]
    fn a_json_patch_makes_of_the_old_spec_the_new_one_and_back(
        nodes in nodes(),
        object in template(),
    ) {
        let lab = Lab::new(&[nodes, vec![object.clone()]].concat());
        if let Decision::Pin(plan) = lab.decide(&object) {
            let mut spec = plan.old.clone();
            apply(&mut spec, &winfit_kube::pin::between(&plan.old, &plan.new, ""));
            prop_assert_eq!(&spec, &plan.new);
            apply(&mut spec, &winfit_kube::pin::undone(&plan.old, &plan.new, ""));
            prop_assert_eq!(&spec, &plan.old);
        }
    }
}

/// Carries out a JSON patch.
fn apply(value: &mut Value, operations: &[Value]) {
    let operations: json_patch::Patch = serde_json::from_value(operations.into()).unwrap();
    json_patch::patch(value, &operations).unwrap();
}

#[test]
fn what_is_wanted_of_an_object_without_pods_is_nothing() {
    let object = web("ltsc2019", json!({}));
    let lab = Lab::new(std::slice::from_ref(&object));
    let options = options();
    let pinning = lab.pinning(&options);
    let empty = Object::new("Deployment", json!({"metadata": {"name": "web"}}));
    assert!(Wanted::of(&pinning, &pinning.fleet.workloads[0], &empty).is_none());
}
