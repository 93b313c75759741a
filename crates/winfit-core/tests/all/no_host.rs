//! What is said of a placement that no host satisfies, and of remedies that must not make the next error.

use winfit_core::finding::Located;
use winfit_core::fleet::{Container, Fleet, ImageUse, Member, Workload};
use winfit_core::placement::kubernetes::{PodPlacement, RuntimeClass};

use crate::fleet_builder::{
    at, audited, constraints, container, deployment, fleet, image, labels, linux, only, place,
    requirement, rules, runtime_class, selector, service, taint, toleration, windows, written,
};

const CORE_2019: &str = "mcr.microsoft.com/windows/servercore:ltsc2019";
const CORE_2022: &str = "mcr.microsoft.com/windows/servercore:ltsc2022";
const ANY_WINDOWS: &[(&str, &str)] = &[("kubernetes.io/os", "windows")];

fn tainted(member: Member) -> Member {
    Member {
        taints: Some(vec![taint("os", "windows", "NoSchedule")]),
        ..member
    }
}

fn said(hosts: Vec<Member>, workload: Workload) -> String {
    let audit = audited(&fleet(hosts, vec![workload]));
    written(only(&audit, "no-host-for-placement"))
}

fn in_class(class: RuntimeClass, more: Vec<RuntimeClass>, hosts: Vec<Member>, text: &str) -> Fleet {
    let placement = PodPlacement {
        runtime_class: Some(Located::new(class.name.clone(), at("web.yaml", 12))),
        ..selector(ANY_WINDOWS)
    };
    Fleet {
        runtime_classes: [vec![class], more].concat(),
        ..fleet(hosts, vec![deployment(placement, vec![image(text, 30)])])
    }
}

fn class_of(name: &str, build: &str) -> RuntimeClass {
    runtime_class(
        name,
        "runhcs-wcow-process",
        &[("node.kubernetes.io/windows-build", build)],
    )
}

#[test]
fn the_demand_is_that_which_keeps_off_a_host_that_would_do() {
    // The first host is kept off by the build, but only the second would run the image.
    let pool = |member: Member, value| Member {
        labels: labels(&[("pool", value)], false),
        ..member
    };
    let hosts = vec![
        pool(windows("win-b", "10.0.17763"), "a"),
        pool(windows("win-c", "10.0.20348"), "b"),
    ];
    let placement = selector(&[
        ("node.kubernetes.io/windows-build", "10.0.20348"),
        ("pool", "a"),
    ]);
    insta::assert_snapshot!(said(hosts, deployment(placement, vec![image(CORE_2022, 30)])), @"
    error[no-host-for-placement] certain: none of the two declared hosts satisfies the placement of Deployment web
      web.yaml:22 keeps off win-c (20348)
      note: win-c (20348) is kept off by pool=a
      note: win-b (17763) is kept off by node.kubernetes.io/windows-build=10.0.20348
    ");
}

#[test]
fn what_no_host_has_is_said_only_of_a_demand_that_keeps_off_all() {
    let label = |hosts, placement| {
        let workload = deployment(placement, vec![image(CORE_2022, 30)]);
        let audit = audited(&fleet(hosts, vec![workload]));
        let finding = only(&audit, "no-host-for-placement");
        (place(&finding.origin), finding.label.clone())
    };
    let build = [
        ("kubernetes.io/os", "windows"),
        ("node.kubernetes.io/windows-build", "10.0.26100"),
    ];
    // That another demand keeps Linux off first does not matter: it lacks this one too.
    let hosts = || vec![linux("lin-a"), windows("win-c", "10.0.20348")];
    assert_eq!(
        label(hosts(), selector(&build)),
        ("web.yaml:22".into(), "no host has this".into())
    );
    let by_name = PodPlacement {
        node_name: Some(Located::new("win-x".to_owned(), at("web.yaml", 14))),
        ..selector(&[])
    };
    assert_eq!(
        label(hosts(), by_name),
        ("web.yaml:14".into(), "no host has this".into())
    );
    let affinity = PodPlacement {
        terms: Some(vec![vec![requirement(
            "kubernetes.io/os",
            "In",
            &["plan9"],
        )]]),
        ..selector(&[])
    };
    assert_eq!(label(hosts(), affinity).1, "no host has this");
    // The host that runs the image is kept off by its taint, which is no demand of the pod.
    let mixed = vec![
        windows("win-b", "10.0.17763"),
        tainted(windows("win-c", "10.0.20348")),
    ];
    assert_eq!(
        label(
            mixed,
            selector(&[("node.kubernetes.io/windows-build", "10.0.20348")])
        ),
        (
            "web.yaml:10".into(),
            "the taint os=windows:NoSchedule of win-c is not tolerated".into()
        )
    );
    // Constraints as well.
    let swarm = service(
        &["node.labels.a==1", "node.hostname==win-x"],
        image(CORE_2022, 30),
    );
    let with_label = Member {
        labels: labels(&[("a", "1")], true),
        ..windows("win-c", "10.0.20348")
    };
    let other = Member {
        labels: labels(&[("a", "2")], true),
        ..windows("win-b", "10.0.17763")
    };
    let audit = audited(&fleet(vec![other, with_label], vec![swarm]));
    let finding = only(&audit, "no-host-for-placement");
    assert_eq!(finding.origin, constraints(&["", ""]).constraints[1].origin);
    assert_eq!(finding.label, "no host has this");
}

#[test]
fn a_taint_is_said_at_the_tolerations() {
    let placement = PodPlacement {
        tolerations: vec![toleration(Some("gpu"), true, "", None)],
        ..selector(ANY_WINDOWS)
    };
    let hosts = vec![tainted(windows("win-c", "10.0.20348"))];
    let audit = audited(&fleet(
        hosts,
        vec![deployment(placement, vec![image(CORE_2022, 30)])],
    ));
    let finding = only(&audit, "no-host-for-placement");
    assert_eq!(place(&finding.origin), "web.yaml:30");
    assert_eq!(
        finding.label,
        "the taint os=windows:NoSchedule of win-c is not tolerated"
    );
}

#[test]
fn a_toleration_that_would_let_it_onto_unfit_hosts_comes_with_a_selector() {
    let hosts = vec![
        tainted(windows("win-b", "10.0.17763")),
        tainted(windows("win-c", "10.0.20348")),
    ];
    let workload = deployment(selector(ANY_WINDOWS), vec![image(CORE_2022, 30)]);
    insta::assert_snapshot!(said(hosts, workload), @r#"
    error[no-host-for-placement] certain: none of the two declared hosts satisfies the placement of Deployment web
      web.yaml:10 the taint os=windows:NoSchedule of win-c is not tolerated
      note: win-c (20348), win-b (17763) are kept off by the node's taint os=windows:NoSchedule
      unsafe: tolerate the taint of win-c (20348) and select its build, since win-b (17763) would be admitted as well
        tolerations:
          - key: os
            operator: Equal
            value: "windows"
            effect: NoSchedule
        nodeSelector:
          kubernetes.io/os: windows
          node.kubernetes.io/windows-build: "10.0.20348"
    "#);
    // All the taints of a host are to be tolerated, and another build to be demanded.
    let two = Member {
        taints: Some(vec![
            taint("os", "windows", "NoSchedule"),
            taint("gpu", "", "NoExecute"),
        ]),
        ..windows("win-c", "10.0.20348")
    };
    let build = selector(&[("kubernetes.azure.com/os-sku", "Windows2019")]);
    let workload = deployment(build, vec![image(CORE_2022, 30)]);
    let on = crate::fleet_builder::on_platform(two, "aks");
    insta::assert_snapshot!(said(vec![on], workload), @r#"
    error[no-host-for-placement] certain: the only declared host, win-c (20348), does not satisfy the placement of Deployment web
      web.yaml:21 no host has this
      note: win-c (20348) is kept off by kubernetes.azure.com/os-sku=Windows2019
      unsafe: tolerate the taints of win-c (20348) and select its build, in place of kubernetes.azure.com/os-sku in the nodeSelector
        tolerations:
          - key: os
            operator: Equal
            value: "windows"
            effect: NoSchedule
          - key: gpu
            operator: Exists
            effect: NoExecute
        nodeSelector:
          kubernetes.io/os: windows
          node.kubernetes.io/windows-build: "10.0.20348"
    "#);
}

#[test]
fn a_host_process_pod_tolerates_taints_like_any_other() {
    let of = |name, unresolved: &[&str]| {
        let used = ImageUse {
            unresolved: unresolved.iter().map(|name| (*name).to_owned()).collect(),
            ..image("contoso/agent:1", 30)
        };
        Container {
            host_process: true,
            ..container(name, used)
        }
    };
    let workload = Workload {
        // No image of its own decides where such a container runs, so an open one does not matter.
        containers: vec![of("web", &[]), of("log", &["TAG"])],
        ..deployment(
            selector(&[("kubernetes.io/os", "windows"), ("pool", "a")]),
            vec![],
        )
    };
    let pool = |member: Member, value| Member {
        labels: labels(&[("pool", value)], false),
        ..member
    };
    let hosts = vec![
        pool(windows("win-b", "10.0.17763"), "b"),
        pool(tainted(windows("win-c", "10.0.20348")), "a"),
    ];
    let audit = audited(&fleet(hosts, vec![workload]));
    let finding = only(&audit, "no-host-for-placement");
    let titles: Vec<&str> = finding.remedies.iter().map(|r| r.title.as_str()).collect();
    assert_eq!(titles, ["tolerate the taint of win-c (20348)"]);
}

#[test]
fn a_demand_of_a_runtime_class_names_the_pod_as_well() {
    let host = || vec![windows("win-c", "10.0.20348")];
    let alone = in_class(class_of("win2019", "10.0.17763"), vec![], host(), CORE_2022);
    let audit = audited(&alone);
    insta::assert_snapshot!(written(only(&audit, "no-host-for-placement")), @r#"
    error[no-host-for-placement] certain: the only declared host, win-c (20348), does not satisfy the placement of Deployment web
      class.yaml:7 no host has this
      web.yaml:12 takes on what RuntimeClass win2019 selects
      note: win-c (20348) is kept off by node.kubernetes.io/windows-build=10.0.17763
      unsafe: write a RuntimeClass that selects Windows Server 2022 (20348), and name it in place of win2019
        scheduling:
          nodeSelector:
            kubernetes.io/os: windows
            node.kubernetes.io/windows-build: "10.0.20348"
    "#);
    // A class that is there need not be written.
    let both = in_class(
        class_of("win2019", "10.0.17763"),
        vec![class_of("win2022", "10.0.20348")],
        host(),
        CORE_2022,
    );
    let audit = audited(&both);
    let remedy = &only(&audit, "no-host-for-placement").remedies[0];
    assert_eq!(
        (remedy.title.as_str(), remedy.commands[0].text.as_str()),
        (
            "name RuntimeClass win2022, which selects Windows Server 2022 (20348)",
            "runtimeClassName: win2022"
        )
    );
}

#[test]
fn a_selector_beside_a_runtime_class_would_conflict() {
    let hosts = vec![
        windows("win-b", "10.0.17763"),
        windows("win-c", "10.0.20348"),
    ];
    for hosts in [hosts, vec![]] {
        let audit = audited(&in_class(
            class_of("win2019", "10.0.17763"),
            vec![],
            hosts,
            CORE_2022,
        ));
        let finding = only(&audit, "build-mismatch");
        let titles: Vec<&str> = finding
            .remedies
            .iter()
            .filter(|remedy| remedy.commands[0].text.contains("nodeSelector"))
            .map(|remedy| remedy.title.as_str())
            .collect();
        assert_eq!(
            titles,
            [
                "write a RuntimeClass that selects Windows Server 2022 (20348), and name it in place of win2019"
            ]
        );
    }
}

#[test]
fn it_is_placed_only_on_hosts_that_the_rest_of_its_placement_admits() {
    let titles = |host: Member| -> Vec<String> {
        let placement = selector(&[
            ("kubernetes.io/os", "windows"),
            ("node.kubernetes.io/windows-build", "10.0.17763"),
        ]);
        let hosts = vec![windows("win-b", "10.0.17763"), host];
        let audit = audited(&fleet(
            hosts,
            vec![deployment(placement, vec![image(CORE_2022, 30)])],
        ));
        let remedies = &only(&audit, "build-mismatch").remedies;
        let titles = remedies.iter().map(|remedy| remedy.title.clone());
        titles.filter(|title| title.starts_with("place")).collect()
    };
    let host = || windows("win-c", "10.0.20348");
    assert_eq!(titles(host()), ["place it on win-c (20348) instead"]);
    assert_eq!(titles(tainted(host())), [""; 0]);
}

#[test]
fn one_build_by_a_runtime_class_or_for_an_image_that_fails_there_is_no_matter_of_its_selector() {
    let hosts = || {
        vec![
            windows("win-c", "10.0.20348"),
            windows("win-d", "10.0.26100"),
        ]
    };
    let class = class_of("win2022", "10.0.20348");
    let audit = audited(&in_class(class, vec![], hosts(), CORE_2022));
    assert_eq!(rules(&audit), [""; 0]);
    let build = selector(&[("node.kubernetes.io/windows-build", "10.0.17763")]);
    let audit = audited(&fleet(
        [hosts(), vec![windows("win-b", "10.0.17763")]].concat(),
        vec![deployment(build, vec![image(CORE_2022, 30)])],
    ));
    assert_eq!(rules(&audit), ["build-mismatch"]);
}

#[test]
fn beside_a_conflict_with_its_class_nothing_is_said_of_hosts() {
    let class = class_of("win2019", "10.0.17763");
    let placement = PodPlacement {
        runtime_class: Some(Located::new("win2019".to_owned(), at("web.yaml", 12))),
        ..selector(&[("node.kubernetes.io/windows-build", "10.0.20348")])
    };
    for hosts in [
        vec![windows("win-b", "10.0.17763")],
        vec![tainted(windows("win-c", "10.0.20348"))],
    ] {
        let audit = audited(&Fleet {
            runtime_classes: vec![class.clone()],
            ..fleet(
                hosts,
                vec![deployment(placement.clone(), vec![image(CORE_2019, 30)])],
            )
        });
        assert_eq!(rules(&audit), ["runtime-class-conflict"]);
    }
}
