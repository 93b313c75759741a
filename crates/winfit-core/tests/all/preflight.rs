//! Dockerfiles before they are built, on the hosts that are to build them.

use winfit_core::Catalog;
use winfit_core::finding::{Finding, Subject};
use winfit_core::fleet::{Build, BuildBase, Fleet, Member, Needed, Preflight};
use winfit_core::host::{Isolation, Os, read_host_spec};

use crate::fleet_builder::{at, audited, fleet, image, linux, only, written};

const RUN: fn() -> Needed = || Needed::ToRun(at("Dockerfile", 3));

fn base(text: &str, needed: Needed) -> BuildBase {
    BuildBase {
        subject: Subject::new("Dockerfile", "web/Dockerfile"),
        image: image(text, 2),
        needed,
        isolation: None,
    }
}

/// A host as `--host` takes it.
fn given(spec: &str) -> Member {
    let read = read_host_spec(Catalog::builtin(), spec).expect("a test's own text");
    Member::new(spec, read[0].host, "--host")
}

fn on(hosts: Vec<Member>, isolation: Option<Isolation>, bases: Vec<BuildBase>) -> Fleet {
    Fleet {
        preflight: Some(Preflight { isolation, bases }),
        ..fleet(hosts, vec![])
    }
}

fn told(fleet: &Fleet) -> Vec<Finding> {
    let mut findings = audited(fleet).findings;
    findings.retain(|finding| finding.rule == "cannot-build-here");
    findings
}

const CORE: &str = "mcr.microsoft.com/windows/servercore";
const NANO: &str = "mcr.microsoft.com/windows/nanoserver";
const PROCESS: Option<Isolation> = Some(Isolation::Process);
const HYPERV: Option<Isolation> = Some(Isolation::Hyperv);

/// Host, base, isolation asked for: what is told where the stage has a RUN, and where it has none.
#[test]
fn hosts_bases_and_isolations() {
    for (host, tag, asked, with_run, without) in [
        // The host's own release, and what the stable interface lets run beside it.
        ("ltsc2022", "ltsc2022", None, "", ""),
        ("ltsc2025", "ltsc2022", None, "", ""),
        ("ltsc2025", "ltsc2022", PROCESS, "", ""),
        // An older image needs a kernel of its own to run, and none to be copied into.
        ("ltsc2022", "ltsc2019", None, "error start", ""),
        ("ltsc2022", "ltsc2019", PROCESS, "error start", ""),
        ("ltsc2022", "ltsc2019", HYPERV, "", ""),
        // A newer one runs nowhere, and is not pulled.
        ("ltsc2019", "ltsc2022", None, "error start", "error pull"),
        ("ltsc2019", "ltsc2022", HYPERV, "error start", "error pull"),
        ("ltsc2022", "ltsc2025", HYPERV, "error start", "error pull"),
        // No Hyper-V to ask for.
        ("ltsc2022,hyperv=off", "ltsc2019", HYPERV, "error start", ""),
        (
            "ltsc2022,platform=aks",
            "ltsc2019",
            HYPERV,
            "error start",
            "",
        ),
        // Clients isolate with Hyper-V unless told otherwise.
        ("win11-24h2", "ltsc2019", None, "", ""),
        ("win11-24h2", "ltsc2019", PROCESS, "error start", ""),
        // The engine's word, where one is named.
        (
            "win11-25h2,engine=docker@29.6.2+containerd",
            "ltsc2022",
            None,
            "error pull",
            "error pull",
        ),
        (
            "ltsc2022,engine=containerd@2.1.4",
            "ltsc2019",
            None,
            "error start",
            "error pull",
        ),
        // Patch levels, where both are stated; where one is not, other rules speak.
        (
            "10.0.26100.1742",
            "10.0.26100.4061",
            None,
            "warning start",
            "",
        ),
        ("10.0.26100.6584", "10.0.26100.4061", None, "", ""),
        ("ltsc2016", "ltsc2016", None, "", ""),
        (
            "10.0.14393.8066",
            "10.0.14393.7969",
            None,
            "error start",
            "",
        ),
    ] {
        for (needed, expected) in [
            (RUN(), with_run),
            (Needed::AsBase, without),
            (Needed::ForFiles, without),
        ] {
            let needs = format!("{host} {tag} {asked:?} {needed:?}");
            let base = base(&format!("{CORE}:{tag}"), needed);
            let found: Vec<String> = told(&on(vec![given(host)], asked, vec![base]))
                .iter()
                .map(|finding| {
                    let verb = ["pull", "start"]
                        .into_iter()
                        .find(|verb| finding.message.contains(&format!(" {verb} ")))
                        .unwrap();
                    format!("{} {verb}", finding.severity.name())
                })
                .collect();
            assert_eq!(found.concat(), expected, "{needs}");
        }
    }
}

#[test]
fn what_is_said_and_what_helps() {
    let fleet = on(
        vec![given("ltsc2022")],
        None,
        vec![base(&format!("{CORE}:ltsc2019"), RUN())],
    );
    insta::assert_snapshot!(written(only(&audited(&fleet), "cannot-build-here")), @r#"
    error[cannot-build-here] likely: docker build cannot start this Windows Server 2019 image (17763) on the given host (Windows Server 2022, 20348) with process isolation
      web.yaml:2 Windows Server 2019 (17763)
      Dockerfile:3 starts a container of it
      note: the image's Windows (17763) is older than the host's (20348), and a process-isolated container shares the host's kernel
      unsafe: build it on Windows Server 2022 (20348), which runs on its hosts
        FROM mcr.microsoft.com/windows/servercore:ltsc2022
      safe: build it with Hyper-V isolation (the host needs it; a virtual machine needs nested virtualisation)
        docker build --isolation=hyperv web
    "#);
    let fleet = on(
        vec![given("ltsc2019"), given("ltsc2022")],
        None,
        vec![base(&format!("{NANO}:ltsc2022"), Needed::AsBase)],
    );
    insta::assert_snapshot!(written(only(&audited(&fleet), "cannot-build-here")), @r#"
    warning[cannot-build-here] likely: docker build cannot pull this Windows Server 2022 image (20348) on one of the two given hosts (Windows Server 2019, 17763)
      web.yaml:2 needs 20348 or newer
      note: the image's Windows (20348) is newer than the host's (17763); no isolation runs a newer Windows on an older one
      unsafe: build it on ltsc2022 (20348)
    "#);
    let fleet = on(
        vec![given("10.0.26100.1742,server")],
        None,
        vec![base(&format!("{CORE}:10.0.26100.4061"), RUN())],
    );
    insta::assert_snapshot!(written(only(&audited(&fleet), "cannot-build-here")), @r#"
    warning[cannot-build-here] likely: docker build may fail to start this Windows Server 2025 image (26100.4061) on the given host (Windows Server 2025, 26100.1742) with process isolation
      web.yaml:2 26100.4061
      Dockerfile:3 starts a container of it
      note: image 26100.4061 on host 26100.1742: images from .3194 on need a host from .3194 on; otherwise 0xc0370106, the container exits unexpectedly
      unsafe: update the host to KB5058411 (26100.4061), of 2025-05-13, or later
      unsafe: build it on the host's release, one of
        FROM mcr.microsoft.com/windows/servercore:ltsc2025-KB5050009
        FROM mcr.microsoft.com/windows/servercore:10.0.26100.2894
      safe: build it with Hyper-V isolation (the host needs it; a virtual machine needs nested virtualisation)
        docker build --isolation=hyperv web
    "#);
}

#[test]
fn hyper_v_is_offered_only_where_the_builder_has_it() {
    for (hosts, asked, offered) in [
        (&["ltsc2022"][..], None, true),
        (&["ltsc2022", "ltsc2025"], None, true),
        (&["ltsc2022,hyperv=off"], None, false),
        (&["ltsc2022", "ltsc2025,hyperv=off"], None, false),
        // BuildKit runs nothing of Windows under Hyper-V.
        (&["ltsc2022,engine=containerd@2.1.4"], None, false),
        (&["ltsc2022,engine=docker@28.0.0"], None, true),
        (&["ltsc2022,platform=gke"], None, false),
        (&["win11-24h2"], PROCESS, true),
        // A newer image runs under neither.
        (&["ltsc2016"], None, false),
    ] {
        let hosts: Vec<Member> = hosts.iter().map(|host| given(host)).collect();
        let named: Vec<String> = hosts.iter().map(|host| host.name.clone()).collect();
        let found = told(&on(
            hosts,
            asked,
            vec![base(&format!("{CORE}:ltsc2019"), RUN())],
        ));
        let commands: Vec<&str> = found[0]
            .remedies
            .iter()
            .flat_map(|remedy| &remedy.commands)
            .map(|command| command.text.as_str())
            .filter(|text| text.starts_with("docker build"))
            .collect();
        let expected = ["docker build --isolation=hyperv web"];
        assert_eq!(commands, &expected[..usize::from(offered)], "{named:?}");
    }
}

#[test]
fn windows_is_judged_and_nothing_else() {
    let windows = || base(&format!("{CORE}:ltsc2019"), RUN());
    let mut hinted = base("contoso/tools:1", RUN());
    hinted.image.os = Some(Os::Windows);
    for (hosts, base, count) in [
        (vec![given("ltsc2022")], base("golang:1.24", RUN()), 0),
        (vec![given("ltsc2022")], base("contoso/tools:1", RUN()), 0),
        // Nobody knows its version.
        (vec![given("ltsc2022")], hinted, 0),
        // Without any Windows no Windows container starts; files are taken there too.
        (vec![linux("ci")], windows(), 1),
        (vec![linux("ci")], base("golang:1.24", RUN()), 0),
        (
            vec![linux("ci")],
            base(&format!("{CORE}:ltsc2019"), Needed::ForFiles),
            0,
        ),
        (vec![linux("ci"), given("ltsc2022")], windows(), 1),
    ] {
        let found = told(&on(hosts, None, vec![base]));
        assert_eq!(found.len(), count, "{found:?}");
    }
}

#[test]
fn a_build_that_names_its_isolation_is_given_no_other() {
    for (own, given, told_of) in [
        (None, None, 1),
        (HYPERV, None, 0),
        (HYPERV, PROCESS, 0),
        (PROCESS, HYPERV, 1),
    ] {
        let base = BuildBase {
            subject: Subject::new("service", "web"),
            isolation: own,
            ..base(&format!("{CORE}:ltsc2019"), RUN())
        };
        let found = told(&on(vec![self::given("ltsc2022")], given, vec![base]));
        assert_eq!(found.len(), told_of, "{own:?} {given:?}");
        for finding in found {
            let last = finding.remedies.last().unwrap();
            assert_eq!(last.commands[0].text, "build:\n  isolation: hyperv");
        }
    }
}

#[test]
fn one_cause_is_told_once() {
    let text = format!("{CORE}:ltsc2019");
    let twice = on(
        vec![given("ltsc2022")],
        None,
        vec![base(&text, RUN()), base(&text, Needed::AsBase)],
    );
    assert_eq!(told(&twice).len(), 1);
    for (needed, asked, expected) in [
        (RUN(), None, &["cannot-build-here"][..]),
        // It can be built, and what is built does not start.
        (Needed::AsBase, None, &["build-mismatch"]),
        (Needed::AsBase, HYPERV, &[]),
        (RUN(), HYPERV, &[]),
    ] {
        let fleet = Fleet {
            builds: vec![Build {
                subject: Subject::new("Dockerfile", "web/Dockerfile"),
                base: image(&text, 2),
                used: false,
            }],
            ..on(vec![given("ltsc2022")], asked, vec![base(&text, needed)])
        };
        let rules: Vec<&str> = audited(&fleet)
            .findings
            .iter()
            .map(|finding| finding.rule)
            .filter(|rule| ["cannot-build-here", "build-mismatch"].contains(rule))
            .collect();
        assert_eq!(rules, expected);
    }
}
