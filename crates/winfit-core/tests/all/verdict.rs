//! The verdict, as a specification: which image runs on which host, and why.

use proptest::prelude::*;
use winfit_core::Catalog;
use winfit_core::catalog::{Cell, Relation, RowStatus};
use winfit_core::host::{Arch, Host, Isolation, Kind, Os};
use winfit_core::image::{Image, NamedImage};
use winfit_core::reason::Pair;
use winfit_core::verdict::{Answer, Verdict, by_kind, judge};
use winfit_core::version::OsVersion;

fn version(text: &str) -> OsVersion {
    text.parse().expect("a version")
}

fn host(text: &str, kind: Kind) -> Host {
    Host::windows(version(text)).with_kind(kind)
}

fn decide(host: &Host, image: &Image) -> Verdict {
    judge(Catalog::builtin(), host, image)
}

/// `process/hyperv` as in `yes/no`.
fn answers(verdict: &Verdict) -> String {
    format!(
        "{}/{}",
        verdict.answers.process.answer.name(),
        verdict.answers.hyperv.answer.name()
    )
}

fn rules(host: &Host, image: &Image, isolation: Isolation) -> Vec<&'static str> {
    let pair = Pair {
        catalog: Catalog::builtin(),
        host,
        image,
    };
    decide(host, image)
        .answers
        .of(isolation)
        .reasons()
        .map(|reason| pair.render(reason, isolation).rule)
        .collect()
}

const SERVER: Kind = Kind::Server;
const CLIENT: Kind = Kind::Client;
const UNKNOWN: Kind = Kind::Unknown;

/// Every pair that the pages and the facts talk about, without revisions.
#[test]
fn builds() {
    for (host_text, kind, image, expected) in [
        // The Swedish page's first table: Windows Server 2025.
        ("26100", SERVER, "26100", "yes/yes"),
        ("26100", SERVER, "20348", "yes/yes"),
        ("26100", SERVER, "17763", "no/yes"),
        ("26100", SERVER, "14393", "no/yes"),
        // Its second: Windows 11 24H2.
        ("26100", CLIENT, "26100", "yes/yes"),
        ("26100", CLIENT, "20348", "yes/yes"),
        ("26100", CLIENT, "17763", "no/yes"),
        ("26100", CLIENT, "14393", "no/yes"),
        // Before 24H2 the footnote excludes the Server 2025 image.
        ("22631", CLIENT, "26100", "no/no"),
        ("22631", CLIENT, "20348", "yes/yes"),
        ("22000", CLIENT, "20348", "yes/yes"),
        ("22621", UNKNOWN, "20348", "yes/yes"),
        // Other servers.
        ("20348", SERVER, "26100", "no/no"),
        ("20348", SERVER, "20348", "yes/yes"),
        ("20348", SERVER, "17763", "no/yes"),
        ("20348", UNKNOWN, "14393", "no/yes"),
        ("17763", SERVER, "20348", "no/no"),
        ("17763", SERVER, "17763", "yes/yes"),
        ("17763", SERVER, "14393", "no/yes"),
        ("14393", SERVER, "17763", "no/no"),
        // The page's own example: 2016 host, 1709 image.
        ("14393", SERVER, "16299", "no/no"),
        ("16299", SERVER, "14393", "no/yes"),
        ("16299", SERVER, "16299", "yes/yes"),
        // 23H2 lists only the Server 2022 image; Hyper-V is inferred.
        ("25398", SERVER, "20348", "yes/yes"),
        ("25398", SERVER, "26100", "no/no"),
        ("25398", SERVER, "17763", "no/yes"),
        // Windows 10: never process isolation, whatever engines accept.
        ("19045", CLIENT, "20348", "no/no"),
        ("19045", CLIENT, "17763", "no/yes"),
        ("17763", CLIENT, "17763", "no/yes"),
        // 25H2: the Server 2025 image is reported to fail in both isolations.
        ("26200", CLIENT, "26100", "risk/risk"),
        ("26200", CLIENT, "20348", "yes/yes"),
        ("28000", CLIENT, "20348", "yes/yes"),
        // A build that is both: where both kinds agree that is the answer.
        ("17763", UNKNOWN, "14393", "no/yes"),
        ("17763", UNKNOWN, "17763", "unknown/yes"),
        ("26100", UNKNOWN, "20348", "yes/yes"),
        // Builds that the catalog does not know.
        ("16296", UNKNOWN, "16296", "yes/yes"),
        ("16296", UNKNOWN, "14393", "no/yes"),
        ("16296", UNKNOWN, "16299", "no/no"),
        ("30000", UNKNOWN, "20348", "unknown/unknown"),
        ("30000", UNKNOWN, "30000", "unknown/unknown"),
        ("30000", CLIENT, "20348", "unknown/unknown"),
        ("30000", CLIENT, "17763", "no/unknown"),
        ("22500", UNKNOWN, "20348", "unknown/yes"),
        // Before containers.
        ("10586", UNKNOWN, "14393", "no/no"),
        ("6.3.9600", UNKNOWN, "14393", "no/no"),
    ] {
        let (mut host, image) = (host(host_text, kind), Image::windows(version(image)));
        let verdict = decide(&host, &image);
        // 14393 without revisions is its own test; here only the builds matter.
        assert_eq!(
            answers(&verdict),
            expected,
            "{host_text} {kind:?} {:?}",
            image.version
        );
        host.hyperv = Some(false);
        assert_eq!(decide(&host, &image).answers.hyperv.answer, Answer::No);
    }
}

/// Each side's revision, and what the known breaks make of it.
#[test]
fn revisions() {
    for (host_text, kind, image, expected, rule) in [
        // Example 1 of the pages: Windows Server 2016 with KB4041691 is 14393.1770.
        ("14393.1770", SERVER, "14393.1770", "yes/yes", None),
        (
            "14393.1770",
            SERVER,
            "14393.1944",
            "no/yes",
            Some("2016-equal-revision"),
        ),
        // ... then KB4053579 on the host.
        (
            "14393.1944",
            SERVER,
            "14393.1770",
            "no/yes",
            Some("2016-equal-revision"),
        ),
        (
            "14393.1914",
            SERVER,
            "14393.1944",
            "no/yes",
            Some("2016-equal-revision"),
        ),
        (
            "14393",
            SERVER,
            "14393.1944",
            "risk/yes",
            Some("revision-not-stated"),
        ),
        (
            "14393.1770",
            SERVER,
            "14393",
            "risk/yes",
            Some("revision-not-stated"),
        ),
        // A container-only revision counts as the newest ordinary one below it.
        ("14393.3504", SERVER, "14393.3506", "yes/yes", None),
        (
            "14393.3542",
            SERVER,
            "14393.3506",
            "no/yes",
            Some("2016-equal-revision"),
        ),
        ("14393.189", SERVER, "14393.206", "yes/yes", None),
        ("14393.3506", SERVER, "14393.3506", "yes/yes", None),
        // Example 2: 1809 with KB4534273 is 17763.973; revisions need not match.
        ("17763.973", SERVER, "17763.437", "yes/yes", None),
        ("17763.973", SERVER, "17763.1", "yes/yes", None),
        ("17763.973", SERVER, "17763", "yes/yes", None),
        // February 2020: host 1039, image 1040.
        ("17763.1039", SERVER, "17763.1040", "yes/yes", None),
        (
            "17763.1039",
            SERVER,
            "17763.973",
            "no/yes",
            Some("2020-02-baseline"),
        ),
        (
            "17763.973",
            SERVER,
            "17763.1040",
            "no/yes",
            Some("2020-02-baseline"),
        ),
        (
            "17763.1098",
            SERVER,
            "17763.973",
            "no/yes",
            Some("2020-02-baseline"),
        ),
        ("18362.657", SERVER, "18362.658", "yes/yes", None),
        (
            "18363.657",
            SERVER,
            "18363.1",
            "no/yes",
            Some("2020-02-baseline"),
        ),
        // 2025.
        (
            "26100.2894",
            SERVER,
            "26100.3194",
            "risk/yes",
            Some("2025-02-server-2025"),
        ),
        ("26100.3194", SERVER, "26100.3194", "yes/yes", None),
        (
            "26100.3775",
            SERVER,
            "26100.3781",
            "risk/yes",
            Some("2025-04-server-2025"),
        ),
        ("26100.4061", SERVER, "26100.3781", "yes/yes", None),
        // The host is at or above the image: the observed minimum does not act.
        ("26100.3915", SERVER, "26100.3781", "yes/yes", None),
        ("17763.7249", SERVER, "17763.7249", "yes/yes", None),
        (
            "17763.7136",
            SERVER,
            "17763.7249",
            "risk/yes",
            Some("2025-04-server-2019"),
        ),
        // The streams of January 2026.
        (
            "26100.8037",
            CLIENT,
            "26100.32522",
            "unknown/yes",
            Some("2026-01-stream-split"),
        ),
        ("26100.32522", SERVER, "26100.32230", "yes/yes", None),
        ("26100.7462", CLIENT, "26100.32522", "yes/yes", None),
        (
            "26200.8037",
            CLIENT,
            "26100.32522",
            "unknown/risk",
            Some("2026-01-stream-split"),
        ),
        (
            "26200.6899",
            CLIENT,
            "26100.6899",
            "risk/risk",
            Some("2025-image-on-25h2"),
        ),
        // The stream tells the kind.
        ("26100.32522", UNKNOWN, "26100.32522", "yes/yes", None),
        (
            "26100.8037",
            UNKNOWN,
            "26100.32522",
            "unknown/yes",
            Some("2026-01-stream-split"),
        ),
        // 1709 and 1803 lie between two wordings.
        (
            "16299.125",
            SERVER,
            "16299.19",
            "yes/yes",
            Some("revision-rule-wordings"),
        ),
        (
            "17134.1",
            SERVER,
            "17134.112",
            "yes/yes",
            Some("revision-rule-wordings"),
        ),
    ] {
        let (host, image) = (host(host_text, kind), Image::windows(version(image)));
        let verdict = decide(&host, &image);
        assert_eq!(
            answers(&verdict),
            expected,
            "{host_text} {:?}",
            image.version
        );
        if let Some(rule) = rule {
            let found = rules(&host, &image, Isolation::Process);
            assert!(found.contains(&rule), "{host_text}: {found:?}");
        }
    }
}

/// What a tag leaves open is inferred, and an inference never says no.
#[test]
fn floating_tags() {
    for (reference, host_text, kind, expected) in [
        (
            "mcr.microsoft.com/windows/servercore:ltsc2016",
            "14393.1770",
            SERVER,
            "risk/yes",
        ),
        (
            "mcr.microsoft.com/windows/servercore:ltsc2019",
            "17763.437",
            SERVER,
            "risk/yes",
        ),
        (
            "mcr.microsoft.com/windows/servercore:ltsc2019",
            "17763",
            SERVER,
            "yes/yes",
        ),
        (
            "mcr.microsoft.com/windows/nanoserver:1809",
            "17763.973",
            SERVER,
            "risk/yes",
        ),
        (
            "mcr.microsoft.com/windows/servercore:ltsc2025",
            "26100.2894",
            SERVER,
            "risk/yes",
        ),
        (
            "mcr.microsoft.com/windows/servercore:ltsc2025",
            "26100.8037",
            CLIENT,
            "risk/yes",
        ),
        (
            "mcr.microsoft.com/windows/servercore:ltsc2025",
            "26100.33296",
            SERVER,
            "yes/yes",
        ),
        // A derived image's tag says the build, never the revision.
        (
            "golang:1.27.0-windowsservercore-ltsc2025",
            "26100.2894",
            SERVER,
            "yes/yes",
        ),
    ] {
        let named = NamedImage::read(Catalog::builtin(), reference).unwrap();
        let verdict = decide(&host(host_text, kind), &named.image);
        assert_eq!(answers(&verdict), expected, "{reference} on {host_text}");
    }
}

#[test]
fn another_system_or_architecture_is_its_own_answer() {
    let windows = host("20348", SERVER);
    let image = Image::windows(version("20348"));
    let linux_image = Image {
        os: Os::Linux,
        ..Image::without_version()
    };
    let linux_host = Host {
        os: Os::Linux,
        version: None,
        ..windows
    };
    let arm_host = Host {
        arch: Some(Arch::Arm64),
        ..host("26100", SERVER)
    };
    let amd_image = Image {
        arch: Some(Arch::Amd64),
        ..Image::windows(version("26100"))
    };
    for (host, image, rule) in [
        (&windows, &linux_image, "wrong-os"),
        (&linux_host, &image, "wrong-os"),
        (&arm_host, &amd_image, "wrong-architecture"),
    ] {
        assert_eq!(answers(&decide(host, image)), "no/no");
        assert_eq!(rules(host, image, Isolation::Process), [rule]);
    }
}

/// Base images came for amd64 alone until Server 2025.
#[test]
fn an_arm64_host_has_images_only_from_server_2025_on() {
    let host = Host {
        arch: Some(Arch::Arm64),
        ..host("26100", CLIENT)
    };
    for (image, expected) in [
        ("mcr.microsoft.com/windows/servercore:ltsc2022", "no/no"),
        ("mcr.microsoft.com/windows/server:ltsc2025", "no/no"),
        ("mcr.microsoft.com/windows/nanoserver:ltsc2025", "yes/yes"),
    ] {
        let named = NamedImage::read(Catalog::builtin(), image).unwrap();
        assert_eq!(answers(&decide(&host, &named.image)), expected, "{image}");
    }
}

#[test]
fn host_process_containers_are_exempt_and_say_so() {
    let image = Image {
        host_process: true,
        ..Image::windows(version("20348"))
    };
    let host = host("17763", SERVER);
    assert_eq!(answers(&decide(&host, &image)), "yes/yes");
    assert_eq!(
        rules(&host, &image, Isolation::Process),
        ["host-process-exempt"]
    );
}

#[test]
fn without_a_version_nothing_is_promised() {
    let host = host("17763", SERVER);
    let image = Image::without_version();
    assert_eq!(answers(&decide(&host, &image)), "unknown/unknown");
    assert_eq!(rules(&host, &image, Isolation::Process), ["no-os-version"]);
}

#[test]
fn both_kinds_are_kept_where_they_differ() {
    let host = host("17763", UNKNOWN);
    let verdict = decide(&host, &Image::windows(version("17763")));
    let (server, client) =
        by_kind(Catalog::builtin(), &host, &Image::windows(version("17763"))).unwrap();
    assert_eq!(server.process.answer, Answer::Yes);
    assert_eq!(client.process.answer, Answer::No);
    assert_eq!(verdict.default_isolation, Isolation::Process);
    assert_eq!(verdict.recommended.name(), "hyperv");
}

#[test]
fn the_default_isolation_is_the_configured_one_else_by_kind_and_engine() {
    let catalog = Catalog::builtin();
    let server = host("17763", SERVER);
    let client = host("19045", CLIENT);
    assert_eq!(server.default_isolation(catalog), Isolation::Process);
    assert_eq!(client.default_isolation(catalog), Isolation::Hyperv);
    let on_containerd = Host {
        engine: Some("containerd@2.0.0".parse().unwrap()),
        ..client
    };
    assert_eq!(on_containerd.default_isolation(catalog), Isolation::Process);
    let configured = Host {
        configured_isolation: Some(Isolation::Hyperv),
        ..server
    };
    assert_eq!(configured.default_isolation(catalog), Isolation::Hyperv);
    let unknown = host("17763", UNKNOWN);
    assert_eq!(unknown.default_isolation(catalog), Isolation::Process);
}

#[test]
fn a_platform_without_hyperv_takes_it_away_unless_the_host_is_known_to_have_it() {
    let catalog = Catalog::builtin();
    let aks = catalog
        .platforms
        .iter()
        .position(|platform| platform.platform == "aks")
        .unwrap() as u8;
    let host = Host {
        platform: Some(aks),
        ..host("20348", SERVER)
    };
    let image = Image::windows(version("17763"));
    assert_eq!(answers(&decide(&host, &image)), "no/no");
    assert!(rules(&host, &image, Isolation::Hyperv).contains(&"hyperv-unavailable"));
    let told = Host {
        hyperv: Some(true),
        ..host
    };
    assert_eq!(answers(&decide(&told, &image)), "no/yes");
}

#[test]
fn a_platform_that_says_nothing_of_hyperv_leaves_it_open() {
    let catalog = Catalog::builtin();
    let eks = catalog
        .platforms
        .iter()
        .position(|platform| platform.platform == "eks")
        .unwrap() as u8;
    let host = Host {
        platform: Some(eks),
        ..host("20348", SERVER)
    };
    let image = Image::windows(version("17763"));
    assert_eq!(answers(&decide(&host, &image)), "no/unknown");
    assert!(rules(&host, &image, Isolation::Hyperv).contains(&"hyperv-not-stated"));
}

/// The pull of each engine, beside the isolations and never mixed into them.
#[test]
fn pulls() {
    for (host_text, image, engine, expected) in [
        ("26200", "20348", "docker@29.6.2+containerd", "no B index"),
        ("26200", "20348", "docker@29.6.2", "yes D exact-first"),
        ("26200", "20348", "docker@28.5.2+containerd", "yes A index"),
        ("26200", "20348", "containerd@2.1.4", "yes A index"),
        ("26200", "20348", "containerd@2.3.1", "no B index"),
        ("26200", "20348", "containerd@2.3.1+client", "no B string"),
        ("26200", "20348", "containerd@main", "yes C index"),
        ("20348", "17763", "containerd@1.7.27", "no A index"),
        ("20348", "17763", "docker@29.6.2", "yes D exact-first"),
        ("17763", "20348", "docker@29.6.2", "no D exact-first"),
        ("26100", "20348", "containerd@1.6.20", "no X numeric"),
        ("26100", "20348", "docker@30.0.0", "unknown - -"),
    ] {
        let mut host = host(host_text, UNKNOWN);
        host.engine = Some(engine.parse().unwrap());
        let pull = decide(&host, &Image::windows(version(image))).pull.unwrap();
        let found = format!(
            "{} {} {}",
            pull.answer.name(),
            pull.generation.map_or("-", |generation| generation.name()),
            pull.order.map_or("-", |order| order.name())
        );
        assert_eq!(found, expected, "{image} on {host_text} with {engine}");
    }
}

#[test]
fn an_image_without_a_version_is_pulled_by_all_but_old_containerd() {
    for (engine, expected) in [
        ("containerd@1.6.22", Answer::No),
        ("containerd@1.6.23", Answer::Yes),
        ("containerd@1.7.0", Answer::Yes),
        ("docker@29.6.2", Answer::Yes),
    ] {
        let mut host = host("20348", SERVER);
        host.engine = Some(engine.parse().unwrap());
        let pull = decide(&host, &Image::without_version()).pull.unwrap();
        assert_eq!(pull.answer, expected, "{engine}");
    }
}

/// A tag that ends in -amd64 names a manifest, which containerd pulls without a look.
#[test]
fn single_manifests_bypass_containerds_check_but_not_dockers() {
    let reference = "mcr.microsoft.com/windows/servercore:ltsc2022-amd64";
    let named = NamedImage::read(Catalog::builtin(), reference).unwrap();
    for (host_text, engine, expected) in [
        ("26200", "docker@29.6.2+containerd", Answer::Yes),
        ("26200", "containerd@2.3.1", Answer::Yes),
        ("17763", "docker@29.6.2", Answer::No),
    ] {
        let mut host = host(host_text, UNKNOWN);
        host.engine = Some(engine.parse().unwrap());
        let pull = decide(&host, &named.image).pull.unwrap();
        assert_eq!(pull.answer, expected, "{engine}");
    }
}

/// Windows 10 with equal builds: the page says no, engines say yes, and the verdict shows both.
#[test]
fn windows_10_with_equal_builds_is_no_with_the_engines_view_beside_it() {
    let host = host("17763.437", CLIENT);
    let image = Image::windows(version("17763.437"));
    let found = rules(&host, &image, Isolation::Process);
    assert_eq!(found, ["documented-matrix", "engines-accept-equal-builds"]);
}

#[test]
fn prose_that_contradicts_the_table_is_a_reason_and_the_table_decides() {
    for host in [host("22631", CLIENT), host("26100", SERVER)] {
        let image = Image::windows(version("20348"));
        assert_eq!(decide(&host, &image).answers.process.answer, Answer::Yes);
        let found = rules(&host, &image, Isolation::Process);
        assert!(found.contains(&"prose-and-table-differ"), "{found:?}");
    }
}

/// A cell's day is that of its own last change, not of the other cell's.
#[test]
fn a_cell_stands_since_its_own_last_change() {
    let catalog = Catalog::builtin();
    let (_, row) =
        winfit_core::rules::documented::row_for(catalog, CLIENT, 17_763, 17_763).unwrap();
    assert_eq!(row.cell_since(Isolation::Process).to_string(), "2023-03-16");
    assert_eq!(row.cell_since(Isolation::Hyperv).to_string(), "2022-09-22");
}

/// Every current row of the matrix, on each end of its hosts, is what the verdict documents.
#[test]
fn every_current_row_of_the_matrix_stands() {
    let catalog = Catalog::builtin();
    let mut checked = 0;
    for row in &catalog.matrix {
        if row.status == RowStatus::Historical {
            continue;
        }
        for build in [row.host_build_min, row.host_build_max.unwrap_or(28_000)] {
            let host = Host::windows(OsVersion::of_build(build)).with_kind(row.host_kind);
            let verdict = decide(&host, &Image::windows(OsVersion::of_build(row.image_build)));
            for isolation in [Isolation::Process, Isolation::Hyperv] {
                let expected = match row.cell(isolation) {
                    Cell::Yes => Answer::Yes,
                    Cell::Preview => Answer::Preview,
                    Cell::No => Answer::No,
                    Cell::Unlisted => continue,
                };
                // A break may make it worse: 2016 without revisions.
                let found = verdict.answers.of(isolation).answer;
                let breaks = catalog.breaks.iter().any(|known| {
                    known.host_builds.contains(&build)
                        && known.image_build == row.image_build
                        && matches!(known.relation, Relation::Always | Relation::Equal)
                });
                assert!(
                    found == expected || breaks,
                    "{} ({build}) {} {isolation:?}: {found:?}",
                    row.host_release,
                    row.image_release
                );
                checked += 1;
            }
        }
    }
    assert!(checked > 60, "{checked}");
}

fn any_version() -> impl Strategy<Value = OsVersion> {
    let known = prop::sample::select(
        Catalog::builtin()
            .releases
            .iter()
            .map(|release| release.build)
            .collect::<Vec<_>>(),
    );
    let build = prop_oneof![4 => known, 1 => any::<u16>()];
    (build, prop::option::of(0u32..40_000)).prop_map(|(build, revision)| OsVersion {
        revision,
        ..OsVersion::of_build(build)
    })
}

proptest! {
    /// No isolation runs a newer Windows on an older one, whatever else is true.
    #[test]
    fn a_newer_image_never_runs(host in any_version(), image in any_version(), kind in 0usize..3) {
        let kind = [SERVER, CLIENT, UNKNOWN][kind];
        let verdict = decide(&Host::windows(host).with_kind(kind), &Image::windows(image));
        if image.build > host.build {
            prop_assert_eq!(verdict.answers.process.answer, Answer::No);
            prop_assert_eq!(verdict.answers.hyperv.answer, Answer::No);
        }
    }

    /// Knowing more never turns both kinds' common answer around.
    #[test]
    fn an_unknown_kind_is_one_of_the_two(host in any_version(), image in any_version()) {
        let unknown = decide(&Host::windows(host), &Image::windows(image));
        let told = [SERVER, CLIENT]
            .map(|kind| decide(&Host::windows(host).with_kind(kind), &Image::windows(image)));
        for isolation in [Isolation::Process, Isolation::Hyperv] {
            let answer = unknown.answers.of(isolation).answer;
            let of_kinds = told.each_ref().map(|verdict| verdict.answers.of(isolation).answer);
            prop_assert!(of_kinds.contains(&answer) || answer == Answer::Unknown);
        }
    }

    /// Every answer has a reason, and every reason a sentence.
    #[test]
    fn every_answer_says_why(host in any_version(), image in any_version(), kind in 0usize..3) {
        let kind = [SERVER, CLIENT, UNKNOWN][kind];
        let (host, image) = (Host::windows(host).with_kind(kind), Image::windows(image));
        let pair = Pair { catalog: Catalog::builtin(), host: &host, image: &image };
        let verdict = decide(&host, &image);
        for isolation in [Isolation::Process, Isolation::Hyperv] {
            let reasons: Vec<_> = verdict.answers.of(isolation).reasons().collect();
            prop_assert!(!reasons.is_empty());
            for reason in reasons {
                let words = pair.render(reason, isolation);
                prop_assert!(!words.message.is_empty() && !words.source.is_empty());
            }
        }
    }
}
