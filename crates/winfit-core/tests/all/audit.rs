//! The audit, as a specification: what is said of a fleet, and what is not.

use winfit_core::Catalog;
use winfit_core::audit::{RULES, image_findings};
use winfit_core::finding::{Confidence, Located, Severity, Subject};
use winfit_core::fleet::{
    Build, Container, Fleet, ImageUse, Member, Orchestrator, State, Workload,
};
use winfit_core::host::{Host, Isolation, Os};
use winfit_core::placement::Placement;
use winfit_core::placement::kubernetes::{PodPlacement, Taint};

use crate::fleet_builder::{
    at, audited, built, constraints, container, deployment, docker, fleet, image, isolated, labels,
    linux, on_platform, only, options, place, requirement, rules, runtime_class, selector, service,
    windows, written,
};

const CORE_2019: &str = "mcr.microsoft.com/windows/servercore:ltsc2019";
const CORE_2022: &str = "mcr.microsoft.com/windows/servercore:ltsc2022";
const CORE_2025: &str = "mcr.microsoft.com/windows/servercore:ltsc2025";

const ANY_WINDOWS: &[(&str, &str)] = &[("kubernetes.io/os", "windows")];

fn three_hosts() -> Vec<Member> {
    vec![
        windows("win-a", "10.0.14393.2000"),
        windows("win-b", "10.0.17763"),
        windows("win-c", "10.0.20348"),
    ]
}

fn one(hosts: Vec<Member>, workload: Workload) -> winfit_core::audit::Audit {
    audited(&fleet(hosts, vec![workload]))
}

fn placed(audit: &winfit_core::audit::Audit) -> (usize, usize, usize) {
    let placed = &audit.placed[0];
    (placed.candidates, placed.fit, placed.unsure)
}

#[test]
fn an_image_that_some_admitted_hosts_cannot_start() {
    let workload = deployment(
        selector(ANY_WINDOWS),
        vec![built("contoso/web:1", 30, CORE_2022)],
    );
    let audit = one(three_hosts(), workload);
    assert_eq!(placed(&audit), (3, 1, 0));
    insta::assert_snapshot!(written(only(&audit, "build-mismatch")), @r#"
    error[build-mismatch] likely: this Windows Server 2022 image (20348) cannot start on two of the three hosts that Deployment web may use (14393, 17763)
      web/Dockerfile:3 needs 20348 or newer
      web.yaml:21 admits win-a (14393), win-b (17763)
      web.yaml:30 the image that is built from it
      note: the image's Windows (20348) is newer than the host's (14393); no isolation runs a newer Windows on an older one
      unsafe: admit only win-c (20348)
        nodeSelector:
          kubernetes.io/os: windows
          node.kubernetes.io/windows-build: "10.0.20348"
    "#);
    assert_eq!(rules(&audit), ["build-mismatch"]);
}

#[test]
fn several_fit_builds_need_an_affinity_and_linux_hosts_are_named() {
    let hosts = [
        three_hosts(),
        vec![linux("lin-a"), windows("win-d", "10.0.26100")],
    ]
    .concat();
    let workload = deployment(selector(&[]), vec![image(CORE_2022, 30)]);
    let audit = one(hosts, workload);
    assert_eq!(placed(&audit), (5, 2, 0));
    insta::assert_snapshot!(written(only(&audit, "build-mismatch")), @r#"
    error[build-mismatch] likely: this Windows Server 2022 image (20348) cannot start on three of the five hosts that Deployment web may use (14393, 17763, Linux)
      web.yaml:30 needs 20348 or newer
      web.yaml:10 admits win-a (14393), win-b (17763), lin-a (Linux)
      note: the image's Windows (20348) is newer than the host's (14393); no isolation runs a newer Windows on an older one
      note: the image is for Windows, the host runs Linux: a container shares its host's kernel
      note: nothing keeps it off Linux (lin-a): select kubernetes.io/os: windows
      unsafe: admit only win-c (20348), win-d (26100)
        nodeSelector:
          kubernetes.io/os: windows
        affinity:
          nodeAffinity:
            requiredDuringSchedulingIgnoredDuringExecution:
              nodeSelectorTerms:
                - matchExpressions:
                    - key: node.kubernetes.io/windows-build
                      operator: In
                      values: ["10.0.20348", "10.0.26100"]
    "#);
}

#[test]
fn how_many_of_the_hosts_is_said_in_words() {
    let on = |count: usize| (0..count).map(|at| windows(&format!("old-{at}"), "10.0.17763"));
    let new = |count: usize| (0..count).map(|at| windows(&format!("new-{at}"), "10.0.20348"));
    for (old, fit, expected) in [
        (
            1,
            0,
            "on the only host that Deployment web may use (Windows Server 2019, 17763)",
        ),
        (
            2,
            0,
            "on either of the two hosts that Deployment web may use (Windows Server 2019, 17763)",
        ),
        (
            3,
            0,
            "on any of the three hosts that Deployment web may use (Windows Server 2019, 17763)",
        ),
        (
            1,
            1,
            "on one of the two hosts that Deployment web may use (Windows Server 2019, 17763)",
        ),
        (
            13,
            1,
            "on 13 of the 14 hosts that Deployment web may use (Windows Server 2019, 17763)",
        ),
    ] {
        let workload = deployment(selector(ANY_WINDOWS), vec![image(CORE_2022, 30)]);
        let audit = one(on(old).chain(new(fit)).collect(), workload);
        let finding = only(&audit, "build-mismatch");
        assert!(finding.message.ends_with(expected), "{}", finding.message);
        assert!(
            finding.related[0].label.len() < 80,
            "{}",
            finding.related[0].label
        );
    }
}

#[test]
fn where_one_base_runs_on_all_hosts_it_is_named() {
    let workload = || deployment(selector(ANY_WINDOWS), vec![image(CORE_2019, 30)]);
    let hosts = || {
        vec![
            windows("win-c", "10.0.20348"),
            windows("win-d", "10.0.26100"),
        ]
    };
    let audit = one(hosts(), workload());
    let commands: Vec<&str> = only(&audit, "build-mismatch")
        .remedies
        .iter()
        .flat_map(|remedy| remedy.commands.iter().map(|command| command.text.as_str()))
        .collect();
    // Older images fall to the rule as newer ones do, and pods are offered no Hyper-V isolation.
    assert_eq!(
        commands,
        ["image: mcr.microsoft.com/windows/servercore:ltsc2022"]
    );

    let own = deployment(
        selector(ANY_WINDOWS),
        vec![built("contoso/web:1", 30, CORE_2019)],
    );
    let audit = one(hosts(), own);
    let remedy = &only(&audit, "build-mismatch").remedies[0];
    assert_eq!(
        remedy.commands[0].text,
        "FROM mcr.microsoft.com/windows/servercore:ltsc2022"
    );
    assert_eq!(
        remedy.diff.as_deref(),
        Some(
            "-mcr.microsoft.com/windows/servercore:ltsc2019\n+mcr.microsoft.com/windows/servercore:ltsc2022\n"
        )
    );
}

#[test]
fn a_swarm_service_is_kept_to_its_hosts_by_a_label() {
    let hosts = vec![
        windows("win-b", "10.0.17763"),
        windows("win-c", "10.0.20348"),
        linux("lin-a"),
    ];
    let audit = one(hosts, service(&[], image(CORE_2022, 30)));
    // Swarm keeps Windows images off Linux nodes by itself.
    assert_eq!(placed(&audit), (2, 1, 0));
    insta::assert_snapshot!(written(only(&audit, "build-mismatch")), @"
    error[build-mismatch] likely: this Windows Server 2022 image (20348) cannot start on one of the two hosts that service web may use (Windows Server 2019, 17763)
      web.yaml:30 needs 20348 or newer
      note: the image's Windows (20348) is newer than the host's (17763); no isolation runs a newer Windows on an older one
      unsafe: admit only win-c (20348)
        docker node update --label-add OsVersion=10.0.20348 win-c
        deploy:
          placement:
            constraints:
              - node.labels.OsVersion == 10.0.20348
    ");
    // Several builds are asked for by excluding the others.
    let hosts = vec![
        windows("win-b", "10.0.17763"),
        windows("win-c", "10.0.20348"),
        windows("win-d", "10.0.26100"),
    ];
    let audit = one(hosts, service(&[], image(CORE_2022, 30)));
    let commands = &only(&audit, "build-mismatch").remedies[0].commands;
    assert_eq!(
        commands[0].text,
        "docker node update --label-add OsVersion=10.0.17763 win-b"
    );
    assert!(
        commands[1]
            .text
            .ends_with("- node.labels.OsVersion != 10.0.17763")
    );
}

#[test]
fn who_runs_docker_chooses_the_host_so_one_that_fits_is_enough() {
    assert_eq!(
        rules(&one(three_hosts(), docker(image(CORE_2022, 30)))),
        [""; 0]
    );
    let hosts = vec![windows("a", "10.0.17763"), windows("b", "10.0.17763")];
    let audit = one(hosts, docker(image(CORE_2022, 30)));
    let finding = only(&audit, "build-mismatch");
    assert_eq!(
        finding.message,
        "this Windows Server 2022 image (20348) cannot start on either of the two declared hosts (Windows Server 2019, 17763)"
    );
    assert!(finding.related.is_empty());
    // An older image: Hyper-V isolation is one way.
    let audit = one(
        vec![windows("c", "10.0.20348")],
        docker(image(CORE_2019, 30)),
    );
    let titles: Vec<&str> = only(&audit, "build-mismatch")
        .remedies
        .iter()
        .map(|remedy| remedy.title.as_str())
        .collect();
    assert_eq!(
        titles,
        [
            "take the image of Windows Server 2022 (20348), which runs on its hosts",
            "isolate it with Hyper-V (the hosts need it; virtual machines need nested virtualisation)",
        ]
    );
}

#[test]
fn hosts_of_another_orchestrator_or_out_of_work_are_no_candidates() {
    let of = |orchestrator| Member {
        orchestrator: Some(orchestrator),
        ..windows("win-b", "10.0.17763")
    };
    let workload = || deployment(selector(ANY_WINDOWS), vec![image(CORE_2022, 30)]);
    assert_eq!(
        placed(&one(vec![of(Orchestrator::Swarm)], workload())),
        (0, 0, 0)
    );
    assert_eq!(
        placed(&one(vec![of(Orchestrator::Kubernetes)], workload())),
        (1, 0, 0)
    );
    for state in [State::Cordoned, State::Drained, State::Down] {
        let out = Member {
            state,
            ..windows("win-c", "10.0.20348")
        };
        let audit = one(vec![windows("win-b", "10.0.17763"), out], workload());
        assert_eq!(placed(&audit), (1, 0, 0));
        let finding = only(&audit, "only-fit-host-unavailable");
        assert_eq!(
            finding.message,
            format!(
                "the only host on which Deployment web would run takes no new work: win-c (20348) is {}",
                state.in_words()
            )
        );
        assert_eq!(finding.severity, Severity::Warning);
        assert_eq!(finding.label, "admits win-c (20348)");
        // What is down is not taken back by a command.
        let commands: Vec<&str> = finding
            .remedies
            .iter()
            .flat_map(|remedy| &remedy.commands)
            .map(|command| command.text.as_str())
            .collect();
        let by_hand = state != State::Down;
        assert_eq!(commands == ["kubectl uncordon win-c"], by_hand);
        assert_eq!(commands.is_empty(), !by_hand);
    }
    // Where the placement names the build, that is the place.
    let out = Member {
        state: State::Drained,
        ..windows("win-c", "10.0.20348")
    };
    let named = service(
        &["node.hostname==win-c", "node.labels.OsVersion==10.0.20348"],
        image(CORE_2022, 30),
    );
    let labelled = Member {
        labels: labels(&[("OsVersion", "10.0.20348")], true),
        ..out
    };
    let audit = one(vec![labelled], named);
    insta::assert_snapshot!(written(only(&audit, "only-fit-host-unavailable")), @"
    warning[only-fit-host-unavailable] certain: the only host on which service web would run takes no new work: win-c (20348) is drained
      compose.yaml:32 admits win-c (20348)
      unsafe: give win-c new work again, until other hosts fit
        docker node update --availability active win-c
    ");
}

#[test]
fn a_workload_is_called_by_its_whole_name_and_linux_hosts_by_no_build() {
    let mut workload = deployment(selector(&[]), vec![image(CORE_2022, 30)]);
    workload.subject.namespace = Some("shop".to_owned());
    let audit = one(vec![linux("lin-a")], workload);
    let finding = only(&audit, "build-mismatch");
    assert_eq!(
        finding.message,
        "this Windows Server 2022 image (20348) cannot start on the only host that Deployment shop/web may use (Linux)"
    );
    assert_eq!(finding.label, "Windows Server 2022 (20348)");
}

#[test]
fn a_host_of_which_nobody_can_tell_is_counted_apart() {
    let placement = selector(&[("kubernetes.io/os", "windows"), ("agentpool", "win")]);
    let pool = |name, value| Member {
        labels: labels(&[("agentpool", value)], false),
        ..windows(name, "10.0.17763")
    };
    let hosts = vec![
        pool("win-a", "win"),
        pool("win-b", "other"),
        windows("win-c", "10.0.20348"),
    ];
    let audit = one(
        hosts,
        deployment(placement.clone(), vec![image(CORE_2022, 30)]),
    );
    assert_eq!(placed(&audit), (1, 0, 1));
    let notes = &only(&audit, "build-mismatch").notes;
    assert_eq!(
        notes.last().unwrap(),
        "of one host more nobody can tell whether the placement admits them: label agentpool is not stated"
    );
    assert_eq!(audit.placed[0].missing, None);
    // An image that runs on none of the hosts that it may get to runs on none.
    let on = |hosts, text| one(hosts, deployment(placement.clone(), vec![image(text, 30)]));
    let audit = on(vec![windows("win-a", "10.0.17763")], CORE_2022);
    assert_eq!(audit.placed[0].missing.as_deref(), Some("label agentpool"));
    insta::assert_snapshot!(written(only(&audit, "build-mismatch")), @"
    error[build-mismatch] likely: this Windows Server 2022 image (20348) cannot start on the only host that Deployment web might use (Windows Server 2019, 17763)
      web.yaml:30 needs 20348 or newer
      note: the image's Windows (20348) is newer than the host's (17763); no isolation runs a newer Windows on an older one
      note: nobody can tell whether the placement admits it: label agentpool is not stated
      unsafe: take the image of Windows Server 2019 (17763), which runs on its hosts
        image: mcr.microsoft.com/windows/servercore:ltsc2019
    ");
    // Where it runs on one of them, nothing is certain and nothing said, but that.
    let audit = on(
        vec![
            windows("win-a", "10.0.17763"),
            windows("win-c", "10.0.20348"),
        ],
        CORE_2022,
    );
    assert_eq!(rules(&audit), [""; 0]);
    assert_eq!(placed(&audit), (0, 0, 2));
    assert_eq!(audit.placed[0].missing.as_deref(), Some("label agentpool"));
    // Of a workload for Linux nothing is missing.
    let linux_pool = selector(&[("agentpool", "lin")]);
    let audit = one(
        vec![windows("win-a", "10.0.17763")],
        deployment(linux_pool, vec![image("nginx:1", 30)]),
    );
    assert_eq!(audit.placed[0].missing, None);
}

#[test]
fn without_declared_hosts_the_selector_stands_for_them() {
    let placement = selector(&[("node.kubernetes.io/windows-build", "10.0.17763")]);
    let audit = one(vec![], deployment(placement, vec![image(CORE_2022, 30)]));
    assert_eq!(rules(&audit), ["build-mismatch"]);
    insta::assert_snapshot!(written(only(&audit, "build-mismatch")), @r#"
    error[build-mismatch] likely: this Windows Server 2022 image (20348) cannot start where the placement of Deployment web puts it: the selector demands Windows Server 2019 (17763)
      web.yaml:30 needs 20348 or newer
      web.yaml:21 demands 17763
      note: the image's Windows (20348) is newer than the host's (17763); no isolation runs a newer Windows on an older one
      unsafe: place the pod only on nodes that have the image's Windows
        nodeSelector:
          kubernetes.io/os: windows
          node.kubernetes.io/windows-build: "10.0.20348"
    "#);
    let right = service(&["node.labels.OsVersion==10.0.20348"], image(CORE_2022, 30));
    assert_eq!(rules(&one(vec![], right)), [""; 0]);
    let wrong = service(&["node.labels.OsVersion==10.0.17763"], image(CORE_2022, 30));
    assert_eq!(rules(&one(vec![], wrong)), ["build-mismatch"]);
    let nothing = deployment(selector(ANY_WINDOWS), vec![image(CORE_2022, 30)]);
    assert_eq!(rules(&one(vec![], nothing)), [""; 0]);
}

#[test]
fn a_placement_that_no_host_satisfies_says_what_keeps_each_off() {
    let placement = selector(&[("node.kubernetes.io/windows-build", "10.0.26100")]);
    let hosts = [vec![linux("lin-a")], three_hosts()].concat();
    let audit = one(
        hosts,
        deployment(placement.clone(), vec![image(CORE_2022, 30)]),
    );
    assert_eq!(rules(&audit), ["no-host-for-placement"]);
    insta::assert_snapshot!(written(only(&audit, "no-host-for-placement")), @r#"
    error[no-host-for-placement] certain: none of the four declared hosts satisfies the placement of Deployment web
      web.yaml:21 no host has this
      note: win-c (20348), win-a (14393), win-b (17763) and 1 more are kept off by node.kubernetes.io/windows-build=10.0.26100
      unsafe: admit win-c (20348)
        nodeSelector:
          kubernetes.io/os: windows
          node.kubernetes.io/windows-build: "10.0.20348"
    "#);
    // A cordoned host still satisfies it.
    let cordoned = Member {
        state: State::Cordoned,
        ..windows("win-d", "10.0.26100")
    };
    let hosts = [three_hosts(), vec![cordoned]].concat();
    let audit = one(hosts, deployment(placement, vec![image(CORE_2022, 30)]));
    assert_eq!(rules(&audit), ["only-fit-host-unavailable"]);
    // A constraint that is none lets nobody in.
    let broken = service(&["node.labels.OsVersion=10.0.20348"], image(CORE_2022, 30));
    assert_eq!(
        rules(&one(three_hosts(), broken)),
        ["no-host-for-placement"]
    );
}

/// A selector does not help against a taint.
#[test]
fn a_taint_that_keeps_a_pod_off_is_to_be_tolerated() {
    let tainted = Member {
        taints: Some(vec![Taint {
            key: "os".to_owned(),
            value: "windows".to_owned(),
            effect: "NoSchedule".to_owned(),
        }]),
        ..windows("win-c", "10.0.20348")
    };
    let audit = one(
        vec![linux("lin-a"), tainted],
        deployment(selector(ANY_WINDOWS), vec![image(CORE_2022, 30)]),
    );
    insta::assert_snapshot!(written(only(&audit, "no-host-for-placement")), @r#"
    error[no-host-for-placement] certain: none of the two declared hosts satisfies the placement of Deployment web
      web.yaml:10 the taint os=windows:NoSchedule of win-c is not tolerated
      note: win-c (20348) is kept off by the node's taint os=windows:NoSchedule
      note: lin-a (Linux) is kept off by kubernetes.io/os=windows
      unsafe: tolerate the taint of win-c (20348)
        tolerations:
          - key: os
            operator: Equal
            value: "windows"
            effect: NoSchedule
    "#);
    let audit = one(
        vec![Member {
            taints: Some(vec![Taint {
                key: "dedicated".to_owned(),
                value: String::new(),
                effect: "NoExecute".to_owned(),
            }]),
            ..windows("win-c", "10.0.20348")
        }],
        deployment(selector(ANY_WINDOWS), vec![image(CORE_2022, 30)]),
    );
    insta::assert_snapshot!(written(only(&audit, "no-host-for-placement")), @"
    error[no-host-for-placement] certain: the only declared host, win-c (20348), does not satisfy the placement of Deployment web
      web.yaml:10 the taint dedicated:NoExecute of win-c is not tolerated
      note: win-c (20348) is kept off by the node's taint dedicated:NoExecute
      unsafe: tolerate the taint of win-c (20348)
        tolerations:
          - key: dedicated
            operator: Exists
            effect: NoExecute
    ");
}

#[test]
fn a_selector_of_one_build_forbids_other_fit_hosts() {
    let build = |build| {
        selector(&[
            ("kubernetes.io/os", "windows"),
            ("node.kubernetes.io/windows-build", build),
        ])
    };
    let hosts = || {
        vec![
            windows("win-c", "10.0.20348"),
            windows("win-d", "10.0.26100"),
        ]
    };
    let audit = one(
        hosts(),
        deployment(build("10.0.20348"), vec![image(CORE_2022, 30)]),
    );
    let finding = only(&audit, "exact-build-selector");
    assert_eq!(
        finding.message,
        "Deployment web is kept to Windows Server 2022 (20348), although its images run on win-d (26100) as well"
    );
    assert_eq!(place(&finding.origin), "web.yaml:22");
    assert!(
        finding.remedies[0].commands[0]
            .text
            .ends_with(r#"values: ["10.0.20348", "10.0.26100"]"#)
    );
    // An affinity beside the nodeSelector would change nothing.
    assert_eq!(
        finding.remedies[0].title,
        "admit win-d (26100) as well, in place of node.kubernetes.io/windows-build in the nodeSelector"
    );

    // Not where the image needs that build, nor where another demand forbids the host too.
    let audit = one(
        hosts(),
        deployment(build("10.0.26100"), vec![image(CORE_2025, 30)]),
    );
    assert_eq!(rules(&audit), [""; 0]);
    let pooled = |pool| {
        selector(&[
            ("node.kubernetes.io/windows-build", "10.0.20348"),
            ("pool", pool),
        ])
    };
    let pool = |member: Member, pool| Member {
        labels: labels(&[("pool", pool)], false),
        ..member
    };
    let two = vec![
        pool(windows("win-c", "10.0.20348"), "a"),
        pool(windows("win-d", "10.0.26100"), "b"),
    ];
    let audit = one(two, deployment(pooled("a"), vec![image(CORE_2022, 30)]));
    assert_eq!(rules(&audit), [""; 0]);
    // Without declared hosts nothing is forbidden.
    assert_eq!(
        rules(&one(
            vec![],
            deployment(build("10.0.20348"), vec![image(CORE_2022, 30)])
        )),
        [""; 0]
    );

    // As an affinity with a demand beside it, and in a Swarm.
    let term = vec![
        requirement("kubernetes.io/os", "In", &["windows"]),
        requirement("node.kubernetes.io/windows-build", "In", &["10.0.20348"]),
    ];
    let affinity = PodPlacement {
        terms: Some(vec![term]),
        ..PodPlacement::default()
    };
    let audit = one(hosts(), deployment(affinity, vec![image(CORE_2022, 30)]));
    let finding = only(&audit, "exact-build-selector");
    assert_eq!(finding.remedies[0].title, "admit win-d (26100) as well");
    let labelled = |name, version: &str| Member {
        labels: labels(&[("OsVersion", version)], true),
        ..windows(name, version)
    };
    let swarm = vec![
        labelled("win-c", "10.0.20348"),
        labelled("win-d", "10.0.26100"),
    ];
    let audit = one(
        swarm,
        service(&["node.labels.OsVersion==10.0.20348"], image(CORE_2022, 30)),
    );
    assert_eq!(rules(&audit), ["exact-build-selector"]);
}

#[test]
fn on_2016_the_revisions_decide() {
    let core = |tag: &str| image(&format!("mcr.microsoft.com/windows/servercore:{tag}"), 30);
    let on = |host: &str, used| {
        one(
            vec![windows("win-a", host)],
            deployment(selector(ANY_WINDOWS), vec![used]),
        )
    };
    let exact = |tag, host| rules(&on(host, core(tag)));
    assert_eq!(exact("10.0.14393.1770", "10.0.14393.1770"), [""; 0]);
    assert_eq!(
        exact("10.0.14393.1715", "10.0.14393.1770"),
        ["build-mismatch"]
    );
    assert_eq!(exact("10.0.14393.1770", "10.0.14393"), ["may-not-start"]);
    // "needs 14393" would be met: the revisions are what differs.
    let audit = on("10.0.14393.1770", core("10.0.14393.1715"));
    let finding = only(&audit, "build-mismatch");
    assert_eq!(finding.label, "14393.1715");
    assert_eq!(finding.related[0].label, "admits win-a (14393.1770)");
    let audit = on("10.0.14393.1770", core("10.0.14393.1715"));
    let finding = only(&audit, "build-mismatch");
    assert_eq!(
        finding.message,
        "this Windows Server 2016 image (14393.1715) cannot start on the only host that Deployment web may use (Windows Server 2016, 14393.1770)"
    );
    let commands: Vec<&str> = finding
        .remedies
        .iter()
        .flat_map(|remedy| &remedy.commands)
        .map(|command| command.text.as_str())
        .collect();
    assert!(
        commands.contains(&"image: mcr.microsoft.com/windows/servercore:10.0.14393.1770"),
        "{commands:?}"
    );
    // The tag that moves is a risk, not a certainty.
    assert_eq!(exact("ltsc2016", "10.0.14393.1770"), ["may-not-start"]);
    let finding = image_findings(
        Catalog::builtin(),
        &core("ltsc2016"),
        &Subject::new("Dockerfile", "x"),
        &options(),
        &[],
    );
    assert!(
        finding
            .iter()
            .any(|finding| finding.rule == "floating-base")
    );
}

#[test]
fn under_hyperv_isolation_a_tag_may_move() {
    let floats = || image("mcr.microsoft.com/windows/servercore:ltsc2016", 30);
    let said = |workload| {
        let audit = one(vec![windows("win-a", "10.0.14393.1770")], workload);
        audit
            .findings
            .iter()
            .any(|finding| finding.rule == "floating-base")
    };
    assert!(said(service(&[], floats())));
    assert!(!said(isolated(service(&[], floats()), Isolation::Hyperv)));
    assert!(said(isolated(service(&[], floats()), Isolation::Process)));
}

#[test]
fn what_the_engine_refuses_to_pull_does_not_run() {
    let host = Host {
        engine: Some("docker@29.6.2+containerd".parse().unwrap()),
        kind: winfit_core::host::Kind::Client,
        configured_isolation: Some(Isolation::Process),
        ..windows("pc", "10.0.26200").host
    };
    let pc = Member {
        host,
        ..windows("pc", "10.0.26200")
    };
    let audit = one(vec![pc], docker(image(CORE_2022, 30)));
    assert_eq!(placed(&audit), (1, 0, 0));
    let finding = only(&audit, "pull-refused");
    assert_eq!(
        finding.message,
        "this Windows Server 2022 image (20348) would run, but is not pulled, on the only declared host (Windows 11 25H2, 26200)"
    );
    assert_eq!(finding.label, "not pulled");
    assert!(
        finding.notes[0].contains("refuses to pull image 20348"),
        "{:?}",
        finding.notes
    );
    assert!(finding.remedies[0].title.contains("classic image store"));
}

#[test]
fn a_linux_only_repository_gives_no_finding() {
    let hosts = vec![linux("lin-a"), windows("win-a", "10.0.17763")];
    let selected = selector(&[("kubernetes.io/os", "linux")]);
    let unresolved = ImageUse {
        unresolved: vec!["TAG".to_owned()],
        ..image("nginx:${TAG}", 31)
    };
    for workload in [
        deployment(
            PodPlacement::default(),
            vec![image("nginx:1", 30), image("redis", 31)],
        ),
        deployment(selected.clone(), vec![image("contoso/web:2019", 30)]),
        service(&["node.role==manager"], image("nginx:latest", 30)),
        docker(image("contoso/web:1809", 30)),
        docker(unresolved),
    ] {
        let audit = one(hosts.clone(), workload);
        assert_eq!(audit.findings, []);
        assert_eq!(audit.placed[0].candidates, audit.placed[0].fit);
    }
    // Not even where no host satisfies the placement.
    let audit = one(
        vec![windows("win-a", "10.0.17763")],
        deployment(selected, vec![image("nginx:1", 30)]),
    );
    assert_eq!(audit.findings, []);
}

#[test]
fn an_image_that_states_no_windows() {
    let unknown = || vec![image("contoso/web:1", 30)];
    let audit = one(three_hosts(), deployment(selector(ANY_WINDOWS), unknown()));
    assert_eq!(rules(&audit), ["unknown-image-version"]);
    assert_eq!(placed(&audit), (3, 0, 0));
    let finding = only(&audit, "unknown-image-version");
    assert_eq!(finding.severity, Severity::Info);
    assert!(
        finding.notes[0].contains(r#"under [images."contoso/web"], as os_version = "10.0.20348""#)
    );

    let stated = |hosts, placement| {
        let workload = Workload {
            os: Some(Os::Windows),
            ..deployment(placement, unknown())
        };
        rules(&one(hosts, workload))
    };
    assert_eq!(
        stated(three_hosts(), PodPlacement::default()),
        ["no-placement"]
    );
    let mixed = vec![linux("lin-a"), windows("win-a", "10.0.20348")];
    assert!(stated(mixed, PodPlacement::default()).contains(&"no-placement"));
    // Hosts that are alike leave nothing to chance.
    let alike = vec![
        windows("win-a", "10.0.20348"),
        windows("win-b", "10.0.20348.825"),
    ];
    assert_eq!(stated(alike, PodPlacement::default()), [""; 0]);
}

#[test]
fn host_process_containers_are_exempt() {
    let host_process = Container {
        host_process: true,
        ..container("web", image(CORE_2022, 30))
    };
    let workload = Workload {
        containers: vec![host_process],
        ..deployment(selector(ANY_WINDOWS), vec![])
    };
    let audit = one(three_hosts(), workload);
    assert_eq!(rules(&audit), [""; 0]);
    assert_eq!(placed(&audit), (3, 3, 0));
}

#[test]
fn containers_of_one_pod_share_a_host() {
    let pod = |one, other| {
        deployment(
            selector(ANY_WINDOWS),
            vec![image(one, 30), image(other, 40)],
        )
    };
    let audit = one(vec![], pod(CORE_2019, CORE_2022));
    let finding = only(&audit, "pod-mixes-builds");
    assert_eq!(
        finding.message,
        "no Windows runs all containers of this pod: web is Windows Server 2019 (17763), log is Windows Server 2022 (20348)"
    );
    assert_eq!(
        (place(&finding.origin), place(&finding.related[0].origin)),
        ("web.yaml:40".into(), "web.yaml:30".into())
    );
    // Server 2025 runs both of these.
    assert_eq!(rules(&one(vec![], pod(CORE_2022, CORE_2025))), [""; 0]);
    // No host is offered on which the other container fails.
    let hosts = || {
        vec![
            windows("win-b", "10.0.17763"),
            windows("win-c", "10.0.20348"),
            windows("win-d", "10.0.26100"),
        ]
    };
    let admits = |audit: &winfit_core::audit::Audit| -> Vec<String> {
        let titles = audit.findings.iter().flat_map(|finding| &finding.remedies);
        titles
            .map(|remedy| remedy.title.clone())
            .filter(|title| title.starts_with("admit"))
            .collect()
    };
    let audit = one(hosts(), pod(CORE_2019, CORE_2022));
    // That each fails somewhere follows from that they do not go together.
    assert_eq!(rules(&audit), ["pod-mixes-builds"]);
    assert_eq!(admits(&audit), [""; 0]);
    let audit = one(hosts(), pod(CORE_2022, CORE_2025));
    assert_eq!(rules(&audit), ["build-mismatch", "build-mismatch"]);
    assert_eq!(admits(&audit), ["admit only win-d (26100)"; 2]);

    let on_linux = ImageUse {
        image: image("nginx:1", 40).image.map(|mut named| {
            named.image.os = Os::Linux;
            named
        }),
        ..image("nginx:1", 40)
    };
    let workload = deployment(selector(ANY_WINDOWS), vec![image(CORE_2019, 30), on_linux]);
    let audit = one(vec![windows("win-b", "10.0.17763")], workload);
    assert_eq!(rules(&audit), ["mixed-os-pod"]);
    let finding = only(&audit, "mixed-os-pod");
    assert_eq!(
        finding.message,
        "no node runs this pod: container log is for Linux, container web for Windows"
    );
    assert_eq!(place(&finding.origin), "web.yaml:40");
    // A name alone does not make an image one for Linux.
    let unsure = deployment(
        selector(ANY_WINDOWS),
        vec![image(CORE_2019, 30), image("nginx:1", 40)],
    );
    assert_eq!(rules(&one(vec![], unsure)), ["unknown-image-version"]);
}

fn with_class(
    hosts: Vec<Member>,
    handler: &str,
    adds: &[(&str, &str)],
    own: &[(&str, &str)],
) -> Fleet {
    let placement = PodPlacement {
        runtime_class: Some(Located::new("windows".to_owned(), at("web.yaml", 12))),
        ..selector(own)
    };
    Fleet {
        runtime_classes: vec![runtime_class("windows", handler, adds)],
        ..fleet(
            hosts,
            vec![deployment(placement, vec![image(CORE_2019, 30)])],
        )
    }
}

#[test]
fn runtime_classes_place_and_isolate() {
    let process = "runhcs-wcow-process";
    let build = [("node.kubernetes.io/windows-build", "10.0.17763")];
    let audit = audited(&with_class(three_hosts(), process, &build, ANY_WINDOWS));
    assert_eq!((placed(&audit), rules(&audit)), ((1, 1, 0), vec![]));

    let other = [("node.kubernetes.io/windows-build", "10.0.20348")];
    let audit = audited(&with_class(vec![], process, &build, &other));
    let finding = only(&audit, "runtime-class-conflict");
    assert_eq!(
        finding.message,
        "no such pod can be made: it selects node.kubernetes.io/windows-build=10.0.20348, its RuntimeClass windows selects node.kubernetes.io/windows-build=10.0.17763"
    );
    assert_eq!(
        (place(&finding.origin), place(&finding.related[0].origin)),
        ("web.yaml:21".into(), "class.yaml:7".into())
    );

    let hypervisor = "runhcs-wcow-hypervisor";
    let host = || windows("win-c", "10.0.20348");
    for (member, expected) in [
        (host(), &[][..]),
        (on_platform(host(), "aks"), &["hyperv-unavailable"]),
        (on_platform(host(), "gke"), &["hyperv-unavailable"]),
        (on_platform(host(), "eks"), &["hyperv-not-stated"]),
    ] {
        let audit = audited(&with_class(vec![member], hypervisor, &[], ANY_WINDOWS));
        assert_eq!(rules(&audit), expected);
    }
    // A class that the files do not have may be in the cluster.
    let mut unknown = with_class(
        vec![windows("win-b", "10.0.17763")],
        process,
        &[],
        ANY_WINDOWS,
    );
    unknown.runtime_classes.clear();
    assert_eq!(rules(&audited(&unknown)), [""; 0]);
}

#[test]
fn process_isolation_where_only_hyperv_works() {
    let asks = |isolation| isolated(service(&[], image(CORE_2019, 30)), isolation);
    let new = || vec![windows("win-c", "10.0.20348")];
    let audit = one(new(), asks(Isolation::Process));
    assert_eq!(rules(&audit), ["process-isolation-cannot-work"]);
    let finding = only(&audit, "process-isolation-cannot-work");
    assert_eq!(place(&finding.origin), "compose.yaml:40");
    assert_eq!(
        finding.message,
        "process isolation cannot start this image, Windows Server 2019 (17763), on its hosts (Windows Server 2022, 20348); Hyper-V isolation can"
    );
    let commands: Vec<&str> = finding
        .remedies
        .iter()
        .map(|remedy| remedy.commands[0].text.as_str())
        .collect();
    assert_eq!(
        commands,
        [
            "image: mcr.microsoft.com/windows/servercore:ltsc2022",
            "isolation: hyperv"
        ]
    );
    assert_eq!(rules(&one(new(), asks(Isolation::Hyperv))), [""; 0]);
    assert_eq!(
        rules(&one(
            vec![windows("win-b", "10.0.17763")],
            asks(Isolation::Process)
        )),
        [""; 0]
    );
    assert_eq!(rules(&one(vec![], asks(Isolation::Process))), [""; 0]);
    // One host where it works leaves it a matter of placement.
    let both = vec![
        windows("win-b", "10.0.17763"),
        windows("win-c", "10.0.20348"),
    ];
    assert_eq!(
        rules(&one(both, asks(Isolation::Process))),
        ["build-mismatch"]
    );
}

#[test]
fn labels_that_contradict_their_host() {
    let host = |pairs: &[(&str, &str)]| Member {
        labels: labels(pairs, true),
        orchestrator: Some(Orchestrator::Swarm),
        ..windows("win-c", "10.0.20348.825")
    };
    for (pairs, expected) in [
        (
            &[("OS", "windows"), ("OsVersion", "10.0.20348")][..],
            &[][..],
        ),
        (&[("OsVersion", "10.0.20348.825")], &[]),
        (&[("OsVersion", "anything")], &[]),
        (
            &[("OS", "linux")],
            &["the label OS of win-c says linux, but the host is windows, as winfit.toml says"],
        ),
        (
            &[("OsVersion", "10.0.17763")],
            &[
                "the label OsVersion of win-c says 10.0.17763, but the host is 10.0.20348, as winfit.toml says",
            ],
        ),
        (
            &[("OsVersion", "10.0.20348.1")],
            &[
                "the label OsVersion of win-c says 10.0.20348.1, but the host is 10.0.20348.825, as winfit.toml says",
            ],
        ),
    ] {
        let audit = audited(&fleet(vec![host(pairs)], vec![]));
        let messages: Vec<&str> = audit
            .findings
            .iter()
            .map(|finding| finding.message.as_str())
            .collect();
        assert_eq!(messages, expected);
        assert!(
            rules(&audit)
                .iter()
                .all(|rule| *rule == "label-contradiction")
        );
        for finding in &audit.findings {
            let command = &finding.remedies[0].commands[0].text;
            let label = command
                .strip_prefix("docker node update --label-add ")
                .and_then(|rest| rest.strip_suffix(" win-c"))
                .unwrap();
            let (name, value) = label.split_once('=').unwrap();
            let mended = audited(&fleet(vec![host(&[(name, value)])], vec![]));
            assert_eq!(rules(&mended), [""; 0], "{command}");
        }
    }
}

#[test]
fn a_dockerfile_that_nothing_uses_need_only_run_somewhere() {
    let with = |from, used| Fleet {
        builds: vec![Build {
            subject: Subject::new("Dockerfile", "web/Dockerfile"),
            base: image(from, 3),
            used,
        }],
        ..fleet(
            vec![
                linux("lin-a"),
                windows("a", "10.0.14393"),
                windows("b", "10.0.17763"),
            ],
            vec![],
        )
    };
    let audit = audited(&with(CORE_2022, false));
    assert_eq!(
        only(&audit, "build-mismatch").message,
        "this Windows Server 2022 image (20348) cannot start on either of the two declared Windows hosts (14393, 17763)"
    );
    assert_eq!(audited(&with(CORE_2022, true)).findings, []);
    assert_eq!(audited(&with(CORE_2019, false)).findings, []);
    assert_eq!(audited(&with("alpine:3", false)).findings, []);
}

#[test]
fn images_by_themselves() {
    let found = |text: &str| -> Vec<String> {
        let findings = image_findings(
            Catalog::builtin(),
            &image(text, 3),
            &Subject::new("Dockerfile", "x"),
            &options(),
            &[],
        );
        findings
            .iter()
            .map(|finding| {
                format!(
                    "{} {} {}",
                    finding.severity.name(),
                    finding.rule,
                    finding.label
                )
            })
            .collect()
    };
    for (text, expected) in [
        (
            "mcr.microsoft.com/windows/servercore:latest",
            &["error latest-removed names no release"][..],
        ),
        (
            "microsoft/nanoserver",
            &["error latest-removed names no release"],
        ),
        (
            "windows/servercore:1709",
            &[
                "warning old-image-name names no registry",
                "warning base-out-of-support ended 2019-04-09",
            ],
        ),
        (
            "mcr.microsoft.com/microsoft-windows-nanoserver:1709",
            &[
                "warning old-image-name an old name",
                "warning base-out-of-support ended 2019-04-09",
            ],
        ),
        (
            "mcr.microsoft.com/windows/servercore:ltsc2019-KB4493509",
            &["warning image-as-written no image has this name"],
        ),
        (
            "mcr.microsoft.com/windows/servercore:1809-KB4041691",
            &["warning image-as-written no image has this name"],
        ),
        (
            "mcr.microsoft.com/windows/nanoserver:ltsc2016",
            &["warning image-as-written no image has this name"],
        ),
        (
            "mcr.microsoft.com/windows/servercore:10.0.20348.825",
            &["info base-behind-patches 20348.5499 is the newest known"],
        ),
        (
            "mcr.microsoft.com/windows/servercore:ltsc2016",
            &[
                "warning base-support-ending ends 2027-01-11",
                "warning floating-base moves with every update",
            ],
        ),
        (
            "mcr.microsoft.com/windows/servercore::ltsc2022",
            &["error image-as-written names no image"],
        ),
        (
            "contoso/Windows/Servercore:ltsc2022",
            &["error image-as-written names no image"],
        ),
        ("contoso//web:1", &[]),
        (CORE_2022, &[]),
        ("contoso/web:10.0.20348.825", &[]),
        ("nginx", &[]),
        ("nginx:latest", &[]),
    ] {
        assert_eq!(found(text), expected, "{text}");
    }
    let subject = Subject::new("Dockerfile", "x");
    let old = image("microsoft/windowsservercore:1709_KB4043961", 3);
    let findings = image_findings(Catalog::builtin(), &old, &subject, &options(), &[]);
    assert_eq!(
        findings[0].remedies[0].commands[0].text,
        "mcr.microsoft.com/windows/servercore:1709-KB4043961"
    );
    assert_eq!(findings[1].confidence, Confidence::Likely);
}

#[test]
fn of_an_image_with_an_open_variable_nothing_else_is_said() {
    let open = |text: &str| ImageUse {
        unresolved: vec!["TAG".to_owned()],
        ..image(text, 30)
    };
    let base = open("mcr.microsoft.com/windows/servercore:${TAG}");
    let audit = one(three_hosts(), docker(base));
    assert_eq!(rules(&audit), ["unresolved-variable"]);
    assert_eq!(
        audit.findings[0].message,
        "winfit cannot tell which image this is: nothing gives the variable TAG a value"
    );
    // Elsewhere only where the workload is known to be for Windows.
    let own = || vec![open("contoso/web:${TAG}")];
    let audit = one(three_hosts(), deployment(selector(ANY_WINDOWS), own()));
    assert_eq!(rules(&audit), ["unresolved-variable"]);
    let audit = one(three_hosts(), deployment(PodPlacement::default(), own()));
    assert_eq!(rules(&audit), [""; 0]);
}

#[test]
fn one_image_is_judged_once_a_workload_and_checked_once_a_place() {
    let old = || image("mcr.microsoft.com/windows/servercore:10.0.17763.437", 30);
    let twice = || deployment(selector(ANY_WINDOWS), vec![old(), old()]);
    let audit = audited(&fleet(
        vec![windows("win-c", "10.0.20348")],
        vec![twice(), twice()],
    ));
    let count = |rule| {
        audit
            .findings
            .iter()
            .filter(|finding| finding.rule == rule)
            .count()
    };
    assert_eq!(count("build-mismatch"), 2);
    assert_eq!(count("base-behind-patches"), 1);
    // A comment beside one line that says to ignore it is no word about the other.
    let lines = deployment(selector(ANY_WINDOWS), vec![old(), image(&old().text, 40)]);
    let audit = one(vec![windows("win-c", "10.0.20348")], lines);
    let places: Vec<String> = audit
        .findings
        .iter()
        .filter(|finding| finding.rule == "build-mismatch")
        .map(|finding| place(&finding.origin))
        .collect();
    assert_eq!(places, ["web.yaml:30", "web.yaml:40"]);
    // What a Dockerfile builds on is the Dockerfile's own matter.
    let own = deployment(
        selector(ANY_WINDOWS),
        vec![built(
            "contoso/web:1",
            30,
            "mcr.microsoft.com/windows/servercore:1709",
        )],
    );
    let audit = one(vec![], own);
    assert_eq!(audit.findings, []);
}

#[test]
fn the_same_fleet_gives_the_same_findings_and_every_rule_is_listed() {
    let placements = [
        Placement::Anywhere,
        Placement::Pod(Box::new(selector(ANY_WINDOWS))),
        Placement::Swarm(constraints(&["node.labels.OsVersion==10.0.17763"])),
    ];
    let workloads: Vec<Workload> = placements
        .into_iter()
        .flat_map(|placement| {
            [
                CORE_2019,
                CORE_2022,
                "contoso/web:1",
                "microsoft/nanoserver",
            ]
            .map(|text| Workload {
                placement: placement.clone(),
                ..deployment(PodPlacement::default(), vec![image(text, 30)])
            })
        })
        .collect();
    let fleet = fleet([three_hosts(), vec![linux("lin-a")]].concat(), workloads);
    let audit = audited(&fleet);
    assert_eq!(audit, audited(&fleet));
    assert_eq!(audit.placed.len(), fleet.workloads.len());
    assert!(audit.findings.len() > 5);
    for finding in &audit.findings {
        assert!(
            RULES.iter().any(|rule| rule.name == finding.rule),
            "{}",
            finding.rule
        );
        assert!(!finding.message.ends_with('.'), "{}", finding.message);
    }
}

#[test]
fn what_lies_beside_a_reference_is_evidence_as_well() {
    let told = |os| ImageUse {
        os,
        ..image("contoso/web", 20)
    };
    let said = |image: ImageUse, isolation: Option<Isolation>| {
        let workload = Workload {
            isolation: isolation.map(|isolation| Located::new(isolation, at("web.yaml", 9))),
            ..service(&["node.labels.pool == a"], image)
        };
        rules(&one(three_hosts(), workload))
    };
    assert_eq!(said(told(None), None), [""; 0]);
    assert_eq!(said(told(Some(Os::Linux)), None), [""; 0]);
    assert_eq!(
        said(told(Some(Os::Windows)), None),
        ["unknown-image-version"]
    );
    // Only Windows has isolations to ask for.
    assert_eq!(
        said(told(None), Some(Isolation::Process)),
        ["unknown-image-version"]
    );
}

#[test]
fn a_service_of_a_windows_swarm_may_land_anywhere() {
    let said = |hosts, name| one(hosts, service(&[], image(name, 20)));
    let audit = said(three_hosts(), "contoso/web");
    let finding = only(&audit, "no-placement");
    assert_eq!(finding.severity, Severity::Info);
    assert_eq!(finding.confidence, Confidence::Possible);
    // The official library of Docker Hub is for Linux, and so may be what a mixed Swarm runs.
    assert_eq!(rules(&said(three_hosts(), "redis:7")), [""; 0]);
    let mixed = vec![
        linux("lin-a"),
        windows("win-a", "10.0.17763"),
        windows("win-b", "10.0.20348"),
    ];
    assert_eq!(rules(&said(mixed, "contoso/web")), [""; 0]);
}

#[test]
fn a_windows_image_that_is_put_on_linux_cannot_start() {
    let linux = || selector(&[("kubernetes.io/os", "linux")]);
    let core = || vec![image(CORE_2022, 30)];
    assert_eq!(
        rules(&one(vec![], deployment(linux(), core()))),
        ["build-mismatch"]
    );
    let stated = |placement| Workload {
        os: Some(Os::Linux),
        ..deployment(placement, core())
    };
    assert_eq!(
        rules(&one(vec![], stated(PodPlacement::default()))),
        ["build-mismatch"]
    );
    // The kubelet refuses it even on a node where the image would run.
    let audit = one(three_hosts(), stated(selector(ANY_WINDOWS)));
    assert_eq!(rules(&audit), ["build-mismatch"]);
    assert_eq!(audit.placed[0].fit, 0);
    let swarm = service(&["node.platform.os == linux"], image(CORE_2022, 30));
    assert_eq!(rules(&one(vec![], swarm)), ["build-mismatch"]);
}

#[test]
fn of_several_builds_that_a_selector_names_each_is_admitted() {
    let both = PodPlacement {
        terms: Some(vec![vec![requirement(
            "node.kubernetes.io/windows-build",
            "In",
            &["10.0.17763", "10.0.20348"],
        )]]),
        ..PodPlacement::default()
    };
    let audit = one(vec![], deployment(both, vec![image(CORE_2019, 30)]));
    assert!(
        only(&audit, "build-mismatch")
            .message
            .ends_with("it admits Windows Server 2022 (20348)"),
        "{:?}",
        audit.findings
    );
}

#[test]
fn repositories_that_moved_to_microsofts_registry() {
    for (old, today) in [
        ("microsoft/iis", "mcr.microsoft.com/windows/servercore/iis"),
        (
            "microsoft/aspnet:4.7.2",
            "mcr.microsoft.com/dotnet/framework/aspnet",
        ),
        (
            "docker.io/microsoft/wcf",
            "mcr.microsoft.com/dotnet/framework/wcf",
        ),
    ] {
        let found = image_findings(
            Catalog::builtin(),
            &image(old, 3),
            &Subject::new("Dockerfile", "Dockerfile"),
            &options(),
            &[],
        );
        assert_eq!(found.len(), 1, "{old}: {found:?}");
        assert_eq!(found[0].rule, "old-image-name");
        assert!(found[0].message.ends_with(&format!("it is {today} today")));
    }
    let own = image("registry.contoso.com/microsoft/iis", 3);
    let subject = Subject::new("Dockerfile", "Dockerfile");
    let found = image_findings(Catalog::builtin(), &own, &subject, &options(), &[]);
    assert_eq!(found, []);
}
