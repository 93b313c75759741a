//! Hosts read from whole outputs, as people paste them.

use std::path::PathBuf;

use winfit_core::Catalog;
use winfit_core::host::{HostReading, Os, ReadHost, decode, read_hosts};

fn fixture(name: &str) -> String {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests/fixtures/host", name]
        .iter()
        .collect();
    decode(&std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

fn read(text: &str) -> HostReading {
    read_hosts(Catalog::builtin(), text)
}

/// A host on one line: name, version, kind, and what else is known.
fn shown(read: &ReadHost) -> String {
    let host = &read.host;
    let mut words = vec![read.name.clone().unwrap_or_else(|| "-".to_owned())];
    words.push(match (host.os, host.version) {
        (Os::Linux, _) => "linux".to_owned(),
        (Os::Windows, Some(version)) => version.to_string(),
        (Os::Windows, None) => "windows".to_owned(),
    });
    if host.os == Os::Windows {
        words.push(host.kind.name().to_owned());
    }
    words.extend(host.arch.map(|arch| arch.name().to_owned()));
    words.extend(host.engine.map(|engine| engine.to_string()));
    words.extend(
        host.configured_isolation
            .map(|isolation| isolation.name().to_owned()),
    );
    words.extend(host.platform.map(|at| {
        Catalog::builtin().platforms[usize::from(at)]
            .platform
            .to_owned()
    }));
    words.join(" ")
}

#[track_caller]
fn reads(name: &str, expected: &[&str]) -> HostReading {
    let reading = read(&fixture(name));
    let hosts: Vec<String> = reading.hosts.iter().map(shown).collect();
    assert_eq!(hosts, expected, "{name}: {reading:#?}");
    reading
}

#[track_caller]
fn wholly(name: &str, expected: &[&str]) -> HostReading {
    let reading = reads(name, expected);
    assert!(reading.unread.is_empty(), "{name}: {:#?}", reading.unread);
    reading
}

#[test]
fn the_pages_command_prompt_session_is_one_host() {
    let reading = wholly("page-cmd-session.txt", &["- 10.0.16299.125 unknown"]);
    assert_eq!(reading.hosts[0].line, 1);
    assert_eq!(reading.hosts[0].text, "10.0.16299.125");
    wholly("page-registry-session.txt", &["- 10.0.14393.321 unknown"]);
    let both = fixture("page-cmd-session.txt") + &fixture("page-registry-session.txt");
    assert_eq!(read(&both).hosts.len(), 2);
}

#[test]
fn the_pages_nodes_as_kubectl_describes_them() {
    for page in ["page-describe-nodes-es.txt", "page-describe-nodes-sv.txt"] {
        let reading = reads(
            page,
            &[
                "38519acs9010 10.0.14393.1715 server amd64",
                "38519acs9011 10.0.16299 server amd64",
            ],
        );
        assert!(reading.hosts[0].inferred[0].starts_with("kind: server, since a Kubernetes node"));
        // The two Linux nodes are in the plain list only, which says neither system nor version.
        assert_eq!(reading.unread.len(), 1, "{:?}", reading.unread);
        assert_eq!(
            reading.unread[0].text,
            "k8s-linuxpool1-38519084-0, k8s-master-38519084-0"
        );
        assert!(reading.unread[0].expected.contains("-o wide"));
    }
}

#[test]
fn the_pages_labels_in_columns_and_on_one_line() {
    for page in ["page-show-labels-es.txt", "page-show-labels-sv.txt"] {
        wholly(
            page,
            &[
                "38519acs9010 10.0.14393.1715 server amd64",
                "38519acs9011 10.0.16299 server amd64",
                "k8s-linuxpool1-38519084-0 linux amd64",
                "k8s-master-38519084-0 linux amd64",
            ],
        );
    }
}

#[test]
fn the_pages_swarm_labels_in_lines_and_on_one_line() {
    for page in ["page-swarm-labels-es.txt", "page-swarm-labels-sv.txt"] {
        let reading = wholly(page, &["- 10.0.16296 server"]);
        assert!(reading.hosts[0].inferred[0].contains("a Swarm node whose kind is not stated"));
    }
}

#[test]
fn selectors_of_a_pod_are_no_host() {
    for page in [
        "page-describe-pod-es.txt",
        "page-describe-pod-sv.txt",
        "page-deployment-sv.txt",
    ] {
        let reading = reads(page, &[]);
        assert!(!reading.unread.is_empty(), "{page}");
    }
}

#[test]
fn registries() {
    let reading = wholly("reg-query.txt", &["- 10.0.17763.437 server"]);
    assert!(
        reading.hosts[0].text.contains("UBR: 0x1b5"),
        "{:?}",
        reading.hosts[0].text
    );
    // Windows 11 still calls itself Windows 10 in the registry: the build decides.
    let reading = wholly("get-itemproperty.txt", &["- 10.0.22631.2715 client"]);
    assert!(reading.notes.is_empty(), "{:?}", reading.notes);
    wholly("registry.json", &["- 10.0.20348.887 server"]);
    let flat = fixture("reg-query.txt")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    let hosts = read(&flat).hosts;
    assert_eq!(shown(&hosts[0]), "- 10.0.17763.437 server");
    let two = fixture("reg-query.txt") + &fixture("reg-query.txt").replace("0x1b5", "0x1b6");
    assert_eq!(read(&two).hosts.len(), 2);
}

#[test]
fn systeminfo_in_seven_languages() {
    let reading = wholly(
        "systeminfo-en.txt",
        &["WIN-5L2NJ8KQ0V1 10.0.17763.437 server amd64"],
    );
    let host = &reading.hosts[0];
    assert_eq!(
        host.kb,
        [4_486_553, 4_470_788, 4_480_056, 4_493_510, 4_493_509]
    );
    assert!(
        host.inferred[0].contains("KB4493509, the newest of its updates"),
        "{:?}",
        host.inferred
    );
    wholly(
        "systeminfo-de.txt",
        &["SRV-BERLIN 10.0.14393.1770 server amd64"],
    );
    wholly("systeminfo-fr.txt", &["POSTE-17 10.0.22631 client amd64"]);
    wholly("systeminfo-es.txt", &["SRV-MADRID 10.0.20348 server amd64"]);
    wholly("systeminfo-sv.txt", &["SRV-LUND 10.0.26100 server amd64"]);
    wholly(
        "systeminfo-ja.txt",
        &["SRV-TOKYO 10.0.17763.437 server amd64"],
    );
    // The vendor's name in the system's own script.
    wholly("systeminfo-ru.txt", &["SRV-RU 10.0.17763.437 server"]);
    let all = ["en", "de", "fr", "es", "sv", "ja"]
        .map(|language| fixture(&format!("systeminfo-{language}.txt")))
        .join("\n");
    let names: Vec<_> = read(&all)
        .hosts
        .into_iter()
        .filter_map(|host| host.name)
        .collect();
    assert_eq!(
        names,
        [
            "WIN-5L2NJ8KQ0V1",
            "SRV-BERLIN",
            "POSTE-17",
            "SRV-MADRID",
            "SRV-LUND",
            "SRV-TOKYO"
        ]
    );
}

#[test]
fn powershell() {
    wholly(
        "get-computerinfo.txt",
        &["web1 10.0.17763.437 server amd64"],
    );
    wholly("environment.txt", &["- 10.0.17763 unknown"]);
    wholly("environment-version.txt", &["- 10.0.20348 unknown"]);
}

#[test]
fn other_commands_about_the_system() {
    wholly("get-computerinfo.json", &["WEB1 10.0.17763.437 server"]);
    wholly("environment.json", &["- 10.0.17763 unknown"]);
    wholly("get-ciminstance.txt", &["WEB7 10.0.20348 unknown"]);
    wholly("wmic.txt", &["SRV1 10.0.17763 server"]);
    wholly("msinfo.txt", &["- 10.0.20348 server"]);
    wholly("systeminfo-csv.txt", &["- 10.0.17763 server"]);
    wholly("settings-about.txt", &["- 10.0.22631.2861 client"]);
    // Three commands at one prompt are about one host, in any order.
    wholly("reg-query-ubr.txt", &["- 10.0.17763.437 unknown"]);
}

#[test]
fn versions_of_images_are_no_hosts() {
    for name in ["image-inspect.json", "manifest.json"] {
        assert_eq!(reads(name, &[]).unread.len(), 1, "{name}");
    }
}

#[test]
fn whole_pages_are_read_without_end_or_panic() {
    // The pages' prose is no session; it only must not lose the nodes that stand in it.
    for page in ["page-describe-nodes-sv.txt", "page-show-labels-sv.txt"] {
        let text = format!("{}\n{}", fixture("page-cmd-session.txt"), fixture(page));
        assert_eq!(shown(&read(&text).hosts[0]), "- 10.0.16299.125 unknown");
        assert_eq!(
            shown(&read(&text).hosts[2]),
            "38519acs9011 10.0.16299 server amd64"
        );
    }
}

#[test]
fn winver() {
    wholly("winver-server.txt", &["- 10.0.17763.437 server"]);
    wholly("winver-de.txt", &["- 10.0.19045.3693 client"]);
    wholly("winver-es.txt", &["- 10.0.26100.4061 client"]);
}

#[test]
fn kubernetes_nodes() {
    let windows_22 = "akswin000000 10.0.20348.825 server amd64 containerd@1.6.6 aks";
    wholly(
        "describe-nodes.txt",
        &[
            windows_22,
            "aks-nodepool1-23511823-vmss000000 linux amd64 containerd@1.5.11",
            "akswin19000000 10.0.17763.3165 server amd64 docker@20.10.9 aks",
        ],
    );
    wholly(
        "get-nodes-wide.txt",
        &[
            "aks-nodepool1-23511823-vmss000000 linux containerd@1.5.11",
            "aksnpwin000000 10.0.17763.3165 server containerd@1.6.6 aks",
            "akswin22000000 10.0.20348.825 server containerd@1.6.6 aks",
            "old-win 10.0.14393.1715 server docker@17.06.2",
        ],
    );
    wholly(
        "nodes.json",
        &[
            "akswin22000000 10.0.20348.825 server amd64 containerd@1.6.6 aks",
            "lin1 linux arm64 containerd@1.7.1",
        ],
    );
    wholly(
        "nodes.yaml",
        &[
            "win-a 10.0.17763.3165 server amd64 containerd@1.7.0",
            "lin-a linux amd64 containerd@1.7.0",
        ],
    );
    wholly(
        "get-nodes-label-column.txt",
        &["akswin000000 10.0.17763 server aks"],
    );
    let reading = reads("get-nodes.txt", &[]);
    assert_eq!(reading.unread[0].text, "akswin000000");
    assert_eq!(reading.unread[0].line, 2);
    let flat = fixture("get-nodes-wide.txt")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    assert_eq!(read(&flat).hosts.len(), 4);
    let flat = fixture("page-describe-nodes-sv.txt")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    let hosts: Vec<String> = read(&flat).hosts.iter().map(shown).collect();
    assert_eq!(
        hosts,
        [
            "38519acs9010 10.0.14393.1715 server amd64",
            "38519acs9011 10.0.16299 server amd64"
        ]
    );
}

#[test]
fn docker_engines() {
    wholly(
        "docker-info.txt",
        &["WIN-5L2NJ8KQ0V1 10.0.17763.2628 server amd64 docker@24.0.7 process"],
    );
    wholly(
        "docker-info-desktop.txt",
        &["LAPTOP-7 10.0.26200.7171 client amd64 docker@29.6.2+containerd hyperv"],
    );
    wholly(
        "docker-info-old.txt",
        &["WIN-BSTMQDRQC2E 10.0.14393.1715 server amd64 docker@17.06.2 process"],
    );
    wholly(
        "docker-info.json",
        &["WIN-22 10.0.20348.169 server amd64 docker@27.5.1 process"],
    );
    let reading = wholly(
        "docker-version.txt",
        &["- windows unknown amd64 docker@20.10.8"],
    );
    assert!(
        reading.notes[0].contains("docker info"),
        "{:?}",
        reading.notes
    );
    wholly(
        "docker-version.json",
        &["- 10.0.20348 unknown amd64 docker@24.0.7"],
    );
    // Both commands in one session are one host, and `ver` before them too.
    let session = format!(
        "Microsoft Windows [Version 10.0.17763.2628]\n{}\n{}",
        fixture("docker-version.txt").replace("20.10.8", "24.0.7"),
        fixture("docker-info.txt")
    );
    let hosts: Vec<String> = read(&session).hosts.iter().map(shown).collect();
    assert_eq!(
        hosts,
        ["WIN-5L2NJ8KQ0V1 10.0.17763.2628 server amd64 docker@24.0.7 process"]
    );
}

#[test]
fn swarm_nodes_by_their_labels() {
    let reading = reads(
        "node-inspect.json",
        &[
            "WIN-A 10.0.17763 server amd64 docker@20.10.9",
            "lin-b 10.0.16299 server amd64 docker@20.10.9",
        ],
    );
    assert!(
        reading.notes[0].starts_with("lin-b: the label OS=windows contradicts"),
        "{:?}",
        reading.notes
    );
    assert_eq!(reading.unread[0].text, "win-c");
    assert!(reading.unread[0].expected.contains("OsVersion"));
    wholly(
        "node-inspect-pretty.txt",
        &["swarm-win1 10.0.20348 server amd64 docker@20.10.9"],
    );
    let reading = reads("node-ls.txt", &[]);
    assert!(
        reading.unread[0]
            .expected
            .contains("docker node ls does not show")
    );
}

#[test]
fn utf16_and_code_pages() {
    for name in ["systeminfo-ja.txt", "reg-query.txt"] {
        let text = fixture(name);
        let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let plain = read(&text);
        assert_eq!(read(&decode(&le)), plain);
        assert_eq!(read(&decode(&be)), plain);
        assert_eq!(read(&text.replace('\n', "\r\n")), plain);
    }
    let german = b"Betriebssystemname:    Microsoft Windows Server 2019 Standard\r\nBetriebssystemversion: 10.0.17763 Nicht zutreffend Build 17763\r\nRegistrierter Besitzer: M\x81ller\r\n";
    assert_eq!(
        shown(&read(&decode(german)).hosts[0]),
        "- 10.0.17763 server"
    );
}

#[test]
fn truncated_json_still_says_what_it_says() {
    let text = fixture("nodes.json");
    let cut = &text[..text.find("kubeletVersion").unwrap_or(0)];
    let hosts = read(cut).hosts;
    assert_eq!(hosts.len(), 1, "{hosts:#?}");
    assert_eq!(
        hosts[0].host.version.map(|v| v.to_string()).as_deref(),
        Some("10.0.20348.825")
    );
}
