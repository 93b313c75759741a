//! Placement, as a specification: whom selectors, affinity, taints and constraints let in.

use proptest::prelude::*;
use winfit_core::Catalog;
use winfit_core::finding::Located;
use winfit_core::fleet::{Member, Role};
use winfit_core::host::{Arch, Host};
use winfit_core::placement::kubernetes::{Operator, PodPlacement, Requirement};
use winfit_core::placement::swarm::{Constraint, Key};
use winfit_core::placement::{Admission, SwarmPlacement};

use crate::fleet_builder::{
    at, constraints, labels, linux, on_platform, requirement, runtime_class, selector, taint,
    toleration, windows,
};

/// `yes`, `no`, or what is not stated.
fn word(admission: &Admission) -> String {
    match admission {
        Admission::Yes => "yes".to_owned(),
        Admission::No { .. } => "no".to_owned(),
        Admission::Unknown { missing, .. } => missing.clone(),
    }
}

fn pod(placement: &PodPlacement, member: &Member) -> String {
    word(&placement.admits(Catalog::builtin(), member))
}

fn affinity(terms: &[&[Requirement]]) -> PodPlacement {
    PodPlacement {
        terms: Some(terms.iter().map(|term| term.to_vec()).collect()),
        ..PodPlacement::default()
    }
}

#[test]
fn operators_of_an_affinity_on_a_node_whose_labels_are_all_known() {
    let node = Member {
        labels: labels(
            &[
                ("kubernetes.io/os", "windows"),
                ("pool", "win"),
                ("size", "8"),
            ],
            true,
        ),
        ..windows("win-a", "10.0.17763")
    };
    for (key, operator, values, expected) in [
        ("pool", "In", &["win", "lin"][..], "yes"),
        ("pool", "In", &["WIN"], "no"),
        ("none", "In", &["win"], "no"),
        ("pool", "In", &[], "no"),
        ("pool", "NotIn", &["lin"], "yes"),
        ("pool", "NotIn", &["win"], "no"),
        // Nodes without the label match what excludes it.
        ("none", "NotIn", &["win"], "yes"),
        ("none", "DoesNotExist", &[], "yes"),
        ("pool", "DoesNotExist", &[], "no"),
        ("pool", "Exists", &[], "yes"),
        ("none", "Exists", &[], "no"),
        ("pool", "Exists", &["win"], "no"),
        ("size", "Gt", &["7"], "yes"),
        ("size", "Gt", &["8"], "no"),
        ("size", "Lt", &["9"], "yes"),
        ("size", "Lt", &["8"], "no"),
        ("size", "Gt", &["seven"], "no"),
        ("size", "Gt", &["1", "2"], "no"),
        ("pool", "Gt", &["1"], "no"),
        ("none", "Lt", &["1"], "no"),
    ] {
        let placement = affinity(&[&[requirement(key, operator, values)]]);
        assert_eq!(
            pod(&placement, &node),
            expected,
            "{key} {operator} {values:?}"
        );
    }
}

#[test]
fn a_label_that_is_not_stated_leaves_every_operator_open() {
    let host = windows("win-a", "10.0.17763");
    for operator in ["In", "NotIn"] {
        let placement = affinity(&[&[requirement("agentpool", operator, &["win"])]]);
        assert_eq!(pod(&placement, &host), "label agentpool", "{operator}");
    }
    for operator in ["Exists", "DoesNotExist"] {
        let placement = affinity(&[&[requirement("agentpool", operator, &[])]]);
        assert_eq!(pod(&placement, &host), "label agentpool", "{operator}");
    }
    // What surely fails counts before what nobody can tell.
    let both = selector(&[("agentpool", "win"), ("kubernetes.io/os", "linux")]);
    assert_eq!(pod(&both, &host), "no");
}

#[test]
fn terms_are_alternatives_and_their_demands_are_not() {
    let host = windows("win-a", "10.0.17763");
    let is = |os: &str| requirement("kubernetes.io/os", "In", &[os]);
    let build = |build: &str| requirement("node.kubernetes.io/windows-build", "In", &[build]);
    let broken = requirement("kubernetes.io/os", "Gt", &["windows"]);
    for (terms, expected) in [
        (&[][..], "no"),
        (&[&[][..]], "no"),
        (&[&[], &[is("windows")]], "yes"),
        (&[&[is("linux")], &[is("windows")]], "yes"),
        (&[&[is("windows"), build("10.0.20348")]], "no"),
        (&[&[is("windows"), build("10.0.17763")]], "yes"),
        (&[&[is("windows"), broken.clone()]], "no"),
        (&[&[broken], &[is("windows")]], "yes"),
    ] {
        assert_eq!(pod(&affinity(terms), &host), expected, "{terms:?}");
    }
    // nodeSelector and affinity both count.
    let both = PodPlacement {
        terms: Some(vec![vec![is("windows")]]),
        ..selector(&[("kubernetes.io/os", "linux")])
    };
    assert_eq!(pod(&both, &host), "no");
}

#[test]
fn match_fields_know_the_name_of_the_node_alone() {
    let field = |operator, name| Requirement {
        field: true,
        ..requirement("metadata.name", operator, &[name])
    };
    let node = windows("win-a", "10.0.17763");
    for (demand, expected) in [
        (field("In", "win-a"), "yes"),
        (field("In", "win-b"), "no"),
        (field("NotIn", "win-b"), "yes"),
        (field("Exists", "win-a"), "no"),
    ] {
        assert_eq!(pod(&affinity(&[&[demand]]), &node), expected);
    }
}

#[test]
fn labels_that_every_cluster_sets_follow_from_the_facts() {
    let amd64 = |member: Member| Member {
        host: Host {
            arch: Some(Arch::Amd64),
            ..member.host
        },
        ..member
    };
    let win = || windows("win-a", "10.0.17763.437");
    for (member, key, value, expected) in [
        (win(), "kubernetes.io/os", "windows", "yes"),
        (win(), "beta.kubernetes.io/os", "windows", "yes"),
        (linux("lin-a"), "kubernetes.io/os", "windows", "no"),
        // Where nobody says otherwise a host is amd64; it may be arm64, and nothing else.
        (win(), "kubernetes.io/arch", "amd64", "yes"),
        (win(), "beta.kubernetes.io/arch", "amd64", "yes"),
        (
            win(),
            "kubernetes.io/arch",
            "arm64",
            "label kubernetes.io/arch",
        ),
        (win(), "kubernetes.io/arch", "386", "no"),
        (amd64(win()), "kubernetes.io/arch", "amd64", "yes"),
        (amd64(win()), "beta.kubernetes.io/arch", "arm64", "no"),
        (win(), "kubernetes.io/hostname", "win-a", "yes"),
        (win(), "kubernetes.io/hostname", "win-b", "no"),
        // A host that was declared by its release alone has a name that nobody told.
        (
            windows("ltsc2019", "10.0.17763"),
            "kubernetes.io/hostname",
            "win-b",
            "label kubernetes.io/hostname",
        ),
        (
            win(),
            "node.kubernetes.io/windows-build",
            "10.0.17763",
            "yes",
        ),
        (
            win(),
            "node.kubernetes.io/windows-build",
            "10.0.17763.437",
            "no",
        ),
        (
            linux("lin-a"),
            "node.kubernetes.io/windows-build",
            "10.0.17763",
            "no",
        ),
        (
            win(),
            "kubernetes.azure.com/os-sku",
            "Windows2019",
            "label kubernetes.azure.com/os-sku",
        ),
        (
            on_platform(win(), "aks"),
            "kubernetes.azure.com/os-sku",
            "Windows2019",
            "yes",
        ),
        (
            on_platform(win(), "aks"),
            "kubernetes.azure.com/os-sku",
            "Windows2022",
            "no",
        ),
        (
            on_platform(win(), "aks"),
            "kubernetes.azure.com/os",
            "windows",
            "yes",
        ),
    ] {
        assert_eq!(
            pod(&selector(&[(key, value)]), &member),
            expected,
            "{key}={value}"
        );
    }
    // What is stated counts, and what a cluster shows is all there is.
    let stated = Member {
        labels: labels(&[("kubernetes.io/os", "windows")], true),
        ..win()
    };
    let build = selector(&[("node.kubernetes.io/windows-build", "10.0.17763")]);
    assert_eq!(pod(&build, &stated), "no");
    // A Node that was written by hand leaves out what the kubelet will add.
    let by_hand = Member {
        labels: labels(&[("pool", "win")], true),
        ..win()
    };
    assert_eq!(pod(&build, &by_hand), "yes");
    assert_eq!(pod(&selector(&[("agentpool", "x")]), &by_hand), "no");
}

#[test]
fn taints_keep_off_whoever_does_not_tolerate_them() {
    let windows_taint = || taint("os", "windows", "NoSchedule");
    for (taint_of_node, tolerations, expected) in [
        (windows_taint(), vec![], "no"),
        (taint("os", "windows", "NoExecute"), vec![], "no"),
        (taint("os", "windows", "PreferNoSchedule"), vec![], "yes"),
        (
            windows_taint(),
            vec![toleration(Some("os"), false, "windows", Some("NoSchedule"))],
            "yes",
        ),
        (
            windows_taint(),
            vec![toleration(Some("os"), false, "windows", None)],
            "yes",
        ),
        (
            windows_taint(),
            vec![toleration(Some("os"), false, "Windows", None)],
            "no",
        ),
        (
            windows_taint(),
            vec![toleration(Some("OS"), false, "windows", None)],
            "no",
        ),
        (
            windows_taint(),
            vec![toleration(Some("os"), false, "windows", Some("NoExecute"))],
            "no",
        ),
        (
            windows_taint(),
            vec![toleration(Some("os"), true, "", None)],
            "yes",
        ),
        (
            windows_taint(),
            vec![toleration(None, true, "", None)],
            "yes",
        ),
        (
            windows_taint(),
            vec![toleration(None, true, "", Some("NoExecute"))],
            "no",
        ),
    ] {
        let node = Member {
            taints: Some(vec![taint_of_node.clone()]),
            ..windows("win-a", "10.0.17763")
        };
        let placement = PodPlacement {
            tolerations: tolerations.clone(),
            ..PodPlacement::default()
        };
        assert_eq!(
            pod(&placement, &node),
            expected,
            "{taint_of_node:?} {tolerations:?}"
        );
    }
    // Taints that are not stated keep nobody off.
    assert_eq!(
        pod(&PodPlacement::default(), &windows("win-a", "10.0.17763")),
        "yes"
    );
}

#[test]
fn on_gke_selecting_windows_is_tolerating_its_taint() {
    let node = |platform| {
        let member = on_platform(windows("win-a", "10.0.17763"), platform);
        Member {
            taints: Some(vec![taint(
                "node.kubernetes.io/os",
                "windows",
                "NoSchedule",
            )]),
            ..member
        }
    };
    let selects = selector(&[("kubernetes.io/os", "windows")]);
    assert_eq!(pod(&selects, &node("gke")), "yes");
    assert_eq!(pod(&selects, &node("eks")), "no");
    assert_eq!(pod(&PodPlacement::default(), &node("gke")), "no");
}

#[test]
fn with_a_node_name_no_scheduler_is_asked() {
    let named = |name: &str| PodPlacement {
        node_name: Some(Located::new(name.to_owned(), at("web.yaml", 12))),
        ..PodPlacement::default()
    };
    let tainted = |effect| Member {
        taints: Some(vec![taint("os", "windows", effect)]),
        ..windows("win-a", "10.0.17763")
    };
    assert_eq!(pod(&named("win-a"), &tainted("NoSchedule")), "yes");
    assert_eq!(pod(&named("win-a"), &tainted("NoExecute")), "no");
    assert_eq!(pod(&named("win-b"), &tainted("NoSchedule")), "no");
    let nameless = windows("10.0.17763", "10.0.17763");
    assert_eq!(pod(&named("win-b"), &nameless), "the node's name");
}

#[test]
fn a_runtime_class_adds_its_selector_and_tolerations() {
    let class = runtime_class(
        "windows-2019",
        "runhcs-wcow-process",
        &[
            ("kubernetes.io/os", "windows"),
            ("node.kubernetes.io/windows-build", "10.0.17763"),
        ],
    );
    let own = selector(&[("kubernetes.io/os", "windows"), ("pool", "a")]);
    let merged = own.with_runtime_class(&class).unwrap();
    let keys: Vec<&str> = merged
        .node_selector
        .iter()
        .map(|own| own.key.as_str())
        .collect();
    assert_eq!(
        keys,
        [
            "kubernetes.io/os",
            "pool",
            "node.kubernetes.io/windows-build"
        ]
    );
    assert_eq!(merged.tolerations, class.tolerations);

    let other = selector(&[("node.kubernetes.io/windows-build", "10.0.20348")]);
    let conflict = other.with_runtime_class(&class).unwrap_err();
    assert_eq!(conflict.key, "node.kubernetes.io/windows-build");
    assert_eq!(conflict.pod.value, "10.0.20348");
    assert_eq!(conflict.pod.origin, at("web.yaml", 21));
    assert_eq!(conflict.class.value, "10.0.17763");
    assert_eq!(conflict.class.origin, at("class.yaml", 7));
}

#[test]
fn versions_that_selectors_demand() {
    let of = |placement: &PodPlacement| -> Vec<String> {
        let selected = placement.selected(Catalog::builtin());
        selected
            .iter()
            .map(|found| found.version.to_string())
            .collect()
    };
    for (key, value, expected) in [
        (
            "node.kubernetes.io/windows-build",
            "10.0.17763",
            "10.0.17763",
        ),
        ("node.kubernetes.io/windows-build", "17763", "10.0.17763"),
        // The page's deployment.
        ("beta.kubernetes.io/osbuild", "16299", "10.0.16299"),
        (
            "beta.kubernetes.io/osbuild",
            "14393.1715",
            "10.0.14393.1715",
        ),
        ("contoso.com/osbuild", "16299.15", "10.0.16299.15"),
        ("kubernetes.azure.com/os-sku", "Windows2025", "10.0.26100"),
    ] {
        assert_eq!(of(&selector(&[(key, value)])), [expected], "{key}={value}");
    }
    assert!(
        of(&selector(&[
            ("pool", "17763"),
            ("kubernetes.azure.com/os-sku", "Ubuntu")
        ]))
        .is_empty()
    );
    let build =
        |operator, values| requirement("node.kubernetes.io/windows-build", operator, values);
    let two = affinity(&[
        &[build("In", &["10.0.20348", "10.0.26100"])],
        &[build("In", &["10.0.20348"])],
    ]);
    assert_eq!(of(&two), ["10.0.20348", "10.0.26100"]);
    assert!(of(&affinity(&[&[build("NotIn", &["10.0.20348"])]])).is_empty());
}

#[test]
fn the_page_s_deployment_is_placed_by_the_labels_that_its_author_set() {
    let placement = selector(&[
        ("beta.kubernetes.io/os", "windows"),
        ("beta.kubernetes.io/osbuild", "14393.1715"),
    ]);
    let member = |labels| Member {
        labels,
        ..windows("38519acs9011", "10.0.14393.1715")
    };
    let set = [
        ("beta.kubernetes.io/os", "windows"),
        ("beta.kubernetes.io/osbuild", "14393.1715"),
    ];
    assert_eq!(pod(&placement, &member(labels(&set, true))), "yes");
    assert_eq!(pod(&placement, &member(labels(&set[..1], true))), "no");
    assert_eq!(
        pod(&placement, &member(labels(&[], false))),
        "label beta.kubernetes.io/osbuild"
    );
}

/// The engine's own test vectors, and what its grammar makes of the page's labels.
#[test]
fn what_is_a_constraint() {
    for (text, key, equal, value) in [
        (" node == node1", Key::Unknown("node".into()), true, "node1"),
        ("NoDe==node1", Key::Unknown("NoDe".into()), true, "node1"),
        ("no.de==node1", Key::Unknown("no.de".into()), true, "node1"),
        (
            "_node==_node1",
            Key::Unknown("_node".into()),
            true,
            "_node1",
        ),
        (
            "node==[a-b]+c*(n|b)/",
            Key::Unknown("node".into()),
            true,
            "[a-b]+c*(n|b)/",
        ),
        ("node==node 1", Key::Unknown("node".into()), true, "node 1"),
        (
            "NODE.LABELS.OsVersion == 10.0.20348",
            Key::NodeLabel("OsVersion".into()),
            true,
            "10.0.20348",
        ),
        (
            "Engine.Labels.win!=true",
            Key::EngineLabel("win".into()),
            false,
            "true",
        ),
        (
            "node.labels.==x",
            Key::Unknown("node.labels.".into()),
            true,
            "x",
        ),
        ("node.id!=2ivku8v2gvtg4", Key::Id, false, "2ivku8v2gvtg4"),
        ("node.Hostname==win-a", Key::Hostname, true, "win-a"),
        ("node.ip==10.0.0.0/8", Key::Ip, true, "10.0.0.0/8"),
        ("node.role==manager", Key::Role, true, "manager"),
        ("node.platform.os==windows", Key::Os, true, "windows"),
        ("node.platform.arch==x86_64", Key::Arch, true, "x86_64"),
    ] {
        let read = Constraint::parse(text);
        let value = value.to_owned();
        assert_eq!(read, Ok(Constraint { key, equal, value }), "{text}");
    }
    let no_operator = "constraint expected one operator from ==, !=";
    for (text, engine) in [
        ("", no_operator),
        (" ", no_operator),
        ("nodeabc", no_operator),
        ("node ~ abc", no_operator),
        ("node.id=abc", no_operator),
        ("1node==a2", "key '1node' is invalid"),
        ("no de== node1", "key 'no de' is invalid"),
        ("no*de==node1", "key 'no*de' is invalid"),
        ("no$de==node1", "key 'no$de' is invalid"),
        ("==node1", "key '' is invalid"),
        ("n==node1", "key 'n' is invalid"),
        (
            "kubernetes.io/os==windows",
            "key 'kubernetes.io/os' is invalid",
        ),
        // `==` is tried before `!=`.
        ("a!=b==c", "key 'a!=b' is invalid"),
        ("node==", "value '' is invalid"),
        ("node== ", "value '' is invalid"),
        ("node==a,b", "value 'a,b' is invalid"),
        ("node==\"a\"", "value '\"a\"' is invalid"),
        ("node==a=b", "value 'a=b' is invalid"),
    ] {
        let error = Constraint::parse(text).unwrap_err();
        assert_eq!(error.engine_words(), engine, "{text}");
        let sentence = error.to_string();
        assert!(
            !sentence.contains("invalid") && !sentence.ends_with('.'),
            "{sentence}"
        );
    }
}

#[test]
fn constraints_compare_whole_values_without_case() {
    let node = Member {
        labels: labels(
            &[("OsVersion", "10.0.20348"), ("pool", "Win"), ("odd", "f*o")],
            true,
        ),
        engine_labels: labels(&[("disk", "ssd")], true),
        id: Some("2ivku8v2gvtg4".to_owned()),
        role: Some(Role::Worker),
        address: Some("10.1.2.3".parse().unwrap()),
        host: Host {
            arch: Some(Arch::Amd64),
            ..windows("", "10.0.20348").host
        },
        ..windows("foo", "10.0.20348")
    };
    for (text, expected) in [
        ("node.labels.OsVersion==10.0.20348", "yes"),
        ("node.labels.OsVersion!=10.0.20348", "no"),
        ("node.labels.OsVersion==10.0.20348.1", "no"),
        // The case of a label's name matters, of the rest not.
        ("node.labels.osversion==10.0.20348", "no"),
        ("NODE.LABELS.pool==wIN", "yes"),
        // A label that is not there is an empty one.
        ("node.labels.none==x", "no"),
        ("node.labels.none!=x", "yes"),
        ("engine.labels.disk==SSD", "yes"),
        // No patterns.
        ("node.hostname==f*o", "no"),
        ("node.hostname==FOO", "yes"),
        ("node.labels.odd==f*o", "yes"),
        ("node.id==2IVKU8V2GVTG4", "yes"),
        ("node.role==worker", "yes"),
        ("node.role!=manager", "yes"),
        ("node.platform.os==windows", "yes"),
        ("node.platform.arch==x86_64", "yes"),
        ("node.platform.arch==amd64", "no"),
        ("node.ip==10.1.2.3", "yes"),
        ("node.ip!=10.1.2.3", "no"),
        ("node.ip==10.1.0.0/16", "yes"),
        ("node.ip==10.1.2.99/24", "yes"),
        ("node.ip!=10.2.0.0/16", "yes"),
        ("node.ip==0.0.0.0/0", "yes"),
        ("node.ip==::ffff:10.1.2.3", "yes"),
        ("node.ip==fe80::/10", "no"),
        ("node.ip!=nonsense", "no"),
        ("node.ip!=10.0.0.0/33", "no"),
        ("node.colour!=red", "no"),
        ("no operator", "no"),
    ] {
        let admission = constraints(&[text]).admits(Catalog::builtin(), &node);
        assert_eq!(word(&admission), expected, "{text}");
    }
    let all = constraints(&["node.role==worker", "node.labels.pool==win"]);
    assert_eq!(all.admits(Catalog::builtin(), &node), Admission::Yes);
}

#[test]
fn what_a_swarm_node_does_not_state_is_open() {
    let node = windows("win-a", "10.0.20348");
    for (text, expected) in [
        ("node.labels.OsVersion==10.0.20348", "label OsVersion"),
        ("node.labels.OS!=linux", "label OS"),
        ("engine.labels.disk==ssd", "engine label disk"),
        ("node.id==x", "its id"),
        ("node.role==worker", "its role"),
        ("node.ip==10.0.0.1", "its address"),
        ("node.platform.arch==aarch64", "its architecture"),
        ("node.platform.arch==x86_64", "yes"),
        ("node.platform.arch!=aarch64", "yes"),
        ("node.platform.os==windows", "yes"),
    ] {
        let admission = constraints(&[text]).admits(Catalog::builtin(), &node);
        assert_eq!(word(&admission), expected, "{text}");
    }
    let both = constraints(&[
        "node.labels.OsVersion==10.0.20348",
        "node.platform.os==linux",
    ]);
    assert_eq!(word(&both.admits(Catalog::builtin(), &node)), "no");
}

#[test]
fn swarm_filters_by_system_and_architecture_and_nothing_else() {
    let node = |arch| Member {
        host: Host {
            arch,
            ..windows("", "10.0.17763").host
        },
        ..windows("win-a", "10.0.17763")
    };
    for (platforms, arch, expected) in [
        (&[][..], None, "yes"),
        (&[("windows", "amd64")], Some(Arch::Amd64), "yes"),
        (&[("windows", "x86_64")], Some(Arch::Amd64), "yes"),
        (&[("windows", "arm64")], Some(Arch::Amd64), "no"),
        (&[("linux", "amd64")], Some(Arch::Amd64), "no"),
        (
            &[("linux", "amd64"), ("windows", "")],
            Some(Arch::Amd64),
            "yes",
        ),
        (&[("", "aarch64")], Some(Arch::Arm64), "yes"),
        (&[("windows", "amd64")], None, "yes"),
        (&[("windows", "arm64")], None, "its architecture"),
        (&[("windows", "arm")], None, "no"),
    ] {
        let placement = SwarmPlacement {
            platforms: platforms
                .iter()
                .map(|(os, arch)| ((*os).into(), (*arch).into()))
                .collect(),
            ..SwarmPlacement::default()
        };
        let admission = placement.admits(Catalog::builtin(), &node(arch));
        assert_eq!(word(&admission), expected, "{platforms:?} {arch:?}");
    }
}

#[test]
fn versions_that_constraints_demand() {
    for (text, expected) in [
        ("node.labels.OsVersion == 10.0.20348", &["10.0.20348"][..]),
        ("node.labels.winfit.build==20348", &["10.0.20348"]),
        ("node.labels.OsVersion != 10.0.20348", &[]),
        ("engine.labels.OsVersion == 10.0.20348", &[]),
        ("node.labels.OsVersion == new", &[]),
    ] {
        let selected = constraints(&[text]).selected(Catalog::builtin());
        let versions: Vec<String> = selected
            .iter()
            .map(|found| found.version.to_string())
            .collect();
        assert_eq!(versions, expected, "{text}");
    }
}

fn any_requirement() -> impl Strategy<Value = Requirement> {
    let key = prop_oneof![
        Just("kubernetes.io/os"),
        Just("node.kubernetes.io/windows-build"),
        Just("pool"),
        Just("size"),
        Just("metadata.name"),
    ];
    let operator = proptest::sample::select(vec![
        Operator::In,
        Operator::NotIn,
        Operator::Exists,
        Operator::DoesNotExist,
        Operator::Gt,
        Operator::Lt,
    ]);
    let value = prop_oneof![
        Just("windows"),
        Just("10.0.17763"),
        Just("8"),
        Just("win-a"),
        Just("")
    ];
    let values = proptest::collection::vec(value, 0..3);
    (key, operator, values, any::<bool>()).prop_map(|(key, operator, values, field)| Requirement {
        key: key.to_owned(),
        operator,
        values: values.into_iter().map(str::to_owned).collect(),
        field,
        origin: at("web.yaml", 21),
    })
}

fn any_member() -> impl Strategy<Value = Member> {
    (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(complete, known, win)| {
        let pairs: &[(&str, &str)] = if known {
            &[("pool", "8"), ("size", "9")]
        } else {
            &[]
        };
        let member = if win {
            windows("win-a", "10.0.17763")
        } else {
            linux("lin-a")
        };
        Member {
            labels: labels(pairs, complete),
            ..member
        }
    })
}

proptest! {
    /// More demands never admit more hosts: from no there is no way back, and what was open never
    /// becomes certain.
    #[test]
    fn more_demands_never_admit_more(
        member in any_member(),
        own in proptest::collection::vec(any_requirement(), 0..4),
        more in proptest::collection::vec(any_requirement(), 0..4),
        term in proptest::option::of(proptest::collection::vec(any_requirement(), 0..3)),
    ) {
        let rank = |placement: &PodPlacement| match placement.admits(Catalog::builtin(), &member) {
            Admission::Yes => 2,
            Admission::Unknown { .. } => 1,
            Admission::No { .. } => 0,
        };
        let few = PodPlacement { node_selector: own.clone(), ..PodPlacement::default() };
        let many = PodPlacement {
            node_selector: own.into_iter().chain(more).collect(),
            terms: term.map(|term| vec![term]),
            ..PodPlacement::default()
        };
        prop_assert!(rank(&many) <= rank(&few));
    }

    #[test]
    fn no_text_breaks_the_constraint_grammar(texts in proptest::collection::vec("\\PC{0,40}", 0..4), own in "[a-zA-Z.]{0,12}(==|!=)\\PC{0,20}") {
        let texts: Vec<&str> = texts.iter().map(String::as_str).chain([own.as_str()]).collect();
        let node = windows("win-a", "10.0.17763");
        let all = constraints(&texts).admits(Catalog::builtin(), &node);
        let one = constraints(&texts[..1]).admits(Catalog::builtin(), &node);
        // One that keeps it off keeps it off in company too.
        if matches!(one, Admission::No { .. }) {
            let off = matches!(all, Admission::No { .. });
            prop_assert!(off);
        }
    }
}
