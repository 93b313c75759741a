use super::*;
use crate::host::{Host, read_host_spec};
use crate::index::samples::{index, index_of, platform, windows};
use crate::index::{Entry, ImageIndex};

fn member(text: &str) -> Member {
    let host: Host = read_host_spec(Catalog::builtin(), text).unwrap()[0].host;
    Member::new(text, host, "--host")
}

/// `severity rule place`, in order.
fn found(image: &ImageIndex, hosts: &[&str]) -> Vec<String> {
    let hosts: Vec<Member> = hosts.iter().map(|text| member(text)).collect();
    index_findings(Catalog::builtin(), image, &hosts)
        .iter()
        .map(|finding| {
            let place = finding.origin.field.as_deref().unwrap_or("-");
            format!("{} {} {place}", finding.severity.name(), finding.rule)
        })
        .collect()
}

fn message(image: &ImageIndex, hosts: &[&str]) -> String {
    let hosts: Vec<Member> = hosts.iter().map(|text| member(text)).collect();
    index_findings(Catalog::builtin(), image, &hosts)[0]
        .message
        .clone()
}

fn linux(number: u8) -> Entry {
    Entry {
        stated: Some(platform("linux", "")),
        config: Some(platform("linux", "")),
        ..windows(number, "", "")
    }
}

const NONE: [&str; 0] = [];

#[test]
fn a_right_index_has_no_finding() {
    let right = index_of(&["10.0.26100.2894", "10.0.20348.825", "10.0.17763.437"]);
    assert_eq!(found(&right, &[]), NONE);
    assert_eq!(found(&right, &["ltsc2025", "ltsc2022", "ltsc2019"]), NONE);
    assert_eq!(found(&index([linux(0)]), &[]), NONE);
    let mut attested = right;
    for number in [8, 9] {
        attested.entries.push(Entry {
            stated: Some(platform("unknown", "")),
            config: None,
            attestation: true,
            ..windows(number, "", "")
        });
    }
    assert_eq!(found(&attested, &[]), NONE);
}

#[test]
fn where_versions_are_stated() {
    for (in_index, in_config, expected) in [
        ("10.0.20348.825", "10.0.20348.825", None),
        (
            "",
            "10.0.20348.825",
            Some("warning index-version-missing manifests[0].platform.os.version"),
        ),
        (
            "10.0.20348.1",
            "10.0.20348.825",
            Some("warning index-version-conflict manifests[0].platform.os.version"),
        ),
        (
            "10.0.17763.1",
            "10.0.20348.825",
            Some("error index-version-conflict manifests[0].platform.os.version"),
        ),
        (
            "ltsc2022",
            "10.0.20348.825",
            Some("error index-version-conflict manifests[0].platform.os.version"),
        ),
        ("", "", Some("info index-version-nowhere manifests[0]")),
        ("10.0.20348.825", "", None),
    ] {
        let image = index([windows(0, in_index, in_config)]);
        let expected: Vec<&str> = expected.into_iter().collect();
        assert_eq!(found(&image, &[]), expected, "{in_index:?} {in_config:?}");
    }
    // Beside others it is in their way.
    let image = index([
        windows(0, "", ""),
        windows(1, "10.0.20348.825", "10.0.20348.825"),
    ]);
    assert!(found(&image, &[])[0].starts_with("warning index-version-nowhere"));
}

#[test]
fn a_single_manifest_states_its_version_in_its_config_alone() {
    let of = |version| ImageIndex {
        is_index: false,
        ..index([Entry {
            stated: None,
            ..windows(0, "", version)
        }])
    };
    assert_eq!(found(&of("10.0.20348.825"), &[]), NONE);
    assert_eq!(found(&of(""), &[]), ["info index-version-nowhere config"]);
}

#[test]
fn an_order_that_makes_engines_choose_the_wrong_child() {
    let image = index_of(&["10.0.20348.3091", "10.0.26100.40000"]);
    assert_eq!(found(&image, &[]), ["warning index-order manifests[0]"]);
    let told = message(&image, &[]);
    assert!(
        told.starts_with("on Windows Server 2025 (26100), "),
        "{told}"
    );
    // Nobody sees the order where the host's own engine takes its own build first.
    assert_eq!(found(&image, &["ltsc2025,engine=docker@29.6.2"]), NONE);
    assert_eq!(
        message(&image, &["ltsc2025,engine=containerd@2.1.4"]),
        "on Windows Server 2025 (26100), containerd 2.1.4 pulls 10.0.20348.3091 where \
         10.0.26100.40000 is there and suits the host better"
    );
    assert_eq!(found(&image, &["ltsc2022"]), NONE);
}

#[test]
fn revisions_that_engines_compare_wrongly() {
    let trap = index_of(&["10.0.26100.2894", "10.0.26100.999"]);
    assert_eq!(
        found(&trap, &[]),
        ["warning index-revision-trap manifests[1].platform.os.version"]
    );
    let across = index_of(&["10.0.26100.2894", "10.0.20348.3091"]);
    assert_eq!(
        found(&across, &["ltsc2025"]),
        ["info index-revision-trap manifests[1].platform.os.version"]
    );
}

#[test]
fn what_entries_name_and_state() {
    let good = || windows(0, "10.0.20348.825", "10.0.20348.825");
    let missing = Entry {
        missing: true,
        config: None,
        ..windows(1, "10.0.17763.437", "")
    };
    assert_eq!(
        found(&index([good(), missing]), &[]),
        ["error index-child-missing manifests[1].digest"]
    );
    let bare = Entry {
        stated: None,
        ..windows(1, "", "10.0.17763.437")
    };
    assert!(
        found(&index([good(), bare]), &[])
            .contains(&"warning index-child-without-os manifests[1].platform".to_owned())
    );
    let mut featured = windows(1, "10.0.17763.437", "10.0.17763.437");
    let stated = featured.stated.as_mut().unwrap();
    stated.os_features = vec!["hyperv".to_owned()];
    assert_eq!(
        found(&index([good(), featured.clone()]), &[]),
        ["warning index-os-features manifests[1].platform.os.features"]
    );
    featured.stated.as_mut().unwrap().os_features = Vec::new();
    featured.config.as_mut().unwrap().os_features = vec!["win32k".to_owned()];
    assert_eq!(
        found(&index([good(), featured]), &[]),
        ["warning index-os-features manifests[1].platform.os.features"]
    );
    let twin = windows(1, "10.0.20348.825", "10.0.20348.825");
    assert_eq!(
        found(&index([good(), twin]), &[]),
        ["warning index-duplicate-platform manifests[1].platform"]
    );
    assert_eq!(
        found(&index([good(), good()]), &[]),
        ["info index-duplicate-platform manifests[1].platform"]
    );
    assert_eq!(
        found(&index([linux(0), linux(1)]), &[]),
        ["warning index-duplicate-platform manifests[1].platform"]
    );
}

#[test]
fn hosts_that_are_left_out() {
    let image = index_of(&["10.0.20348.825"]);
    assert_eq!(found(&image, &["ltsc2022"]), NONE);
    assert_eq!(
        message(&image, &["ltsc2022", "ltsc2019"]),
        "none of its Windows images (10.0.20348.825) runs on ltsc2019 (Windows Server 2019, 17763)"
    );
    assert_eq!(
        message(&index([linux(0)]), &["ltsc2019"]),
        "there is no Windows image in it for ltsc2019 (Windows Server 2019, 17763)"
    );
    // It would run, and this engine does not take it.
    assert_eq!(
        message(&image, &["win11-25h2,engine=containerd@2.3.4"]),
        "containerd 2.3.4 pulls none of it on win11-25h2,engine=containerd@2.3.4 (Windows 11 25H2, \
         26200), where 10.0.20348.825 would run"
    );
    // Of a child whose version nobody knows nothing can be said.
    assert!(!found(&index([windows(0, "", "")]), &["ltsc2019"])[0].contains("lacks"));
}
