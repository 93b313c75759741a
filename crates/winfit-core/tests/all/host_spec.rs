//! HOST arguments: every spelling, and every refusal with its sentence.

use winfit_core::Catalog;
use winfit_core::host::{Arch, Isolation, ReadHost, read_host_spec, read_hosts};

fn shown(text: &str) -> Vec<String> {
    let hosts =
        read_host_spec(Catalog::builtin(), text).unwrap_or_else(|error| panic!("{text}: {error}"));
    hosts.iter().map(line).collect()
}

fn line(read: &ReadHost) -> String {
    let version = read.host.version.map_or_else(
        || read.host.os.name().to_owned(),
        |version| version.to_string(),
    );
    format!("{version} {}", read.host.kind.name())
}

#[track_caller]
fn refused(text: &str) -> String {
    match read_host_spec(Catalog::builtin(), text) {
        Ok(hosts) => panic!("{text} was read as {hosts:?}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn one_host_in_each_spelling() {
    for (text, expected) in [
        ("10.0.17763.437", "10.0.17763.437 unknown"),
        (" 17763.437 ", "10.0.17763.437 unknown"),
        ("17763", "10.0.17763 unknown"),
        ("10.0.16296", "10.0.16296 unknown"),
        ("26100", "10.0.26100 unknown"),
        ("ltsc2019", "10.0.17763 server"),
        ("ws2019", "10.0.17763 server"),
        ("2019", "10.0.17763 server"),
        ("server 2022", "10.0.20348 server"),
        ("win11-24h2", "10.0.26100 client"),
        ("Windows 11 24H2", "10.0.26100 client"),
        ("1809", "10.0.17763 unknown"),
        ("RS5", "10.0.17763 unknown"),
        ("20H2", "10.0.19042 unknown"),
        ("Windows Server, version 1709", "10.0.16299 server"),
        ("Windows Server, version 1709,server", "10.0.16299 server"),
        ("Windows 10, version 22H2", "10.0.19045 client"),
        ("WindowsAnnual", "10.0.25398 server"),
        (
            "Windows Server 2016 med KB4041691",
            "10.0.14393.1770 server",
        ),
        (
            "Windows Server 2016 con KB4041691",
            "10.0.14393.1770 server",
        ),
        (
            "Windows Server 2016 with KB4053579",
            "10.0.14393.1944 server",
        ),
        (
            "Windows Server 2016 mit KB4051033",
            "10.0.14393.1914 server",
        ),
        (
            "Windows Server 2016 med KB4051033 tillämpad",
            "10.0.14393.1914 server",
        ),
        (
            "Windows Server, version 1809, con KB4534273",
            "10.0.17763.973 server",
        ),
        ("ws2016+KB4041691", "10.0.14393.1770 server"),
        ("ws2016 kb4041691", "10.0.14393.1770 server"),
        ("1809-KB4493509", "10.0.17763.437 unknown"),
        ("17763+KB4493509", "10.0.17763.437 unknown"),
        ("10.0.17763.400 KB4493509", "10.0.17763.400 unknown"),
        ("KB4041691", "10.0.14393.1770 unknown"),
        ("ws2019+KB4486553 ,KB4493509", "10.0.17763.437 server"),
        ("Windows 11 24H2 (Build 2600)", "10.0.26100 client"),
        (
            "Microsoft Windows [Version 10.0.16299.125]",
            "10.0.16299.125 unknown",
        ),
        (
            "14393.321.amd64fre.rs1_release_inmarket.161004-2338",
            "10.0.14393.321 unknown",
        ),
        (
            "17763.1.amd64fre.rs5_release.180914-1434",
            "10.0.17763 unknown",
        ),
        (
            "Microsoft Windows Server Version 21H2 (OS Build 20348.169)",
            "10.0.20348.169 server",
        ),
        (
            "{\"CurrentBuildNumber\": \"17763\", \"UBR\": 437}",
            "10.0.17763.437 unknown",
        ),
        ("17763.437,server", "10.0.17763.437 server"),
        ("24H2,server", "10.0.26100 server"),
        ("24H2,client", "10.0.26100 client"),
        ("21H2,server", "10.0.20348 server"),
        ("23H2,server", "10.0.25398 server"),
        ("linux", "linux unknown"),
        ("Linux,name=web,arch=arm64", "linux unknown"),
        ("6.3.9600", "6.3.9600 unknown"),
    ] {
        if text.contains("KB4486553") {
            // A servicing stack update is in no list of revisions.
            assert!(refused(text).starts_with("KB4486553 is not in the catalog"));
            continue;
        }
        assert_eq!(shown(text), [expected], "{text}");
    }
}

#[test]
fn ambiguous_names_give_their_choices() {
    assert_eq!(
        shown("21H2"),
        [
            "10.0.19044 client",
            "10.0.20348 server",
            "10.0.22000 client"
        ]
    );
    assert_eq!(shown("22H2"), ["10.0.19045 client", "10.0.22621 client"]);
    assert_eq!(shown("23H2"), ["10.0.22631 client", "10.0.25398 server"]);
    assert_eq!(shown("24H2"), ["10.0.26100 client", "10.0.26100 server"]);
    assert_eq!(
        shown("21H2,client"),
        ["10.0.19044 client", "10.0.22000 client"]
    );
    assert!(shown("Windows 11").len() >= 6);
    assert!(shown("win10,client").len() >= 10);
}

#[test]
fn a_kb_with_several_revisions_keeps_them() {
    let hosts = read_host_spec(Catalog::builtin(), "ws2016+KB4057142").expect("known");
    assert_eq!(line(&hosts[0]), "10.0.14393.2035 server");
    assert_eq!(
        hosts[0].alternatives[0].version.to_string(),
        "10.0.14393.2034"
    );
    assert_eq!(hosts[0].kb, [4_057_142]);
    assert!(hosts[0].inferred[0].contains("since KB4057142 brings 14393"));
    // One KB for two builds: both, the newest first.
    let builds = shown("KB5032190");
    assert_eq!(builds.len(), 2, "{builds:?}");
    assert!(builds[0].starts_with("10.0.22631.") && builds[1].starts_with("10.0.22621."));
}

#[test]
fn facts_after_commas() {
    let text = "17763.437,server,hyperv=off,arch=amd64,engine=docker@29.6.2+containerd,platform=aks,isolation=hyperv,name=web-1";
    let hosts = read_host_spec(Catalog::builtin(), text).expect("all facts");
    let [read] = hosts.as_slice() else {
        panic!("{hosts:?}");
    };
    let host = &read.host;
    assert_eq!(line(read), "10.0.17763.437 server");
    assert_eq!(host.hyperv, Some(false));
    assert_eq!(host.arch.map(Arch::name), Some("amd64"));
    assert_eq!(
        host.engine.map(|e| e.to_string()).as_deref(),
        Some("docker@29.6.2+containerd")
    );
    assert_eq!(
        host.configured_isolation.map(Isolation::name),
        Some("hyperv")
    );
    assert_eq!(read.name.as_deref(), Some("web-1"));
    assert!(host.platform.is_some());
}

#[test]
fn refusals_say_what_is_wrong_and_what_would_be_right() {
    for (text, start, holds) in [
        ("", "a host is missing", "10.0.17763.437"),
        (" \t", "a host is missing", "ltsc2019"),
        (",server", "a host is missing", ""),
        ("2600", "\"2600\" is no build that has containers", "26100"),
        ("10..1", "\"10..1\" has nothing between two of its dots", ""),
        ("-1", "\"-1\" in \"-1\" is not a plain number", ""),
        ("10.0.99999999999.1", "99999999999 in", "at most 65535"),
        (
            "10.0.138.9",
            "\"10.0.138.9\" is no Windows version",
            "address",
        ),
        ("20.10.9", "\"20.10.9\" is no Windows version", "10.0"),
        (
            "17763.437,hyprv=off",
            "\"hyprv=off\" says nothing of a host",
            "hyperv=on|off",
        ),
        (
            "17763.437,hyperv=maybe",
            "\"hyperv=maybe\"",
            "hyperv=on or hyperv=off",
        ),
        ("17763,arch=mips", "\"arch=mips\"", "arch=amd64"),
        ("17763,platform=mars", "\"platform=mars\"", "aks"),
        (
            "17763,engine=podman@5",
            "\"podman@5\" names no engine",
            "docker@29.6.2",
        ),
        (
            "17763,isolation=vm",
            "\"isolation=vm\"",
            "isolation=process",
        ),
        ("17763,name=", "\"name=\"", "name=NAME"),
        (
            "17763,server,server",
            "\"server\" states kind a second time",
            "",
        ),
        (
            "17763,server,client",
            "\"client\" states kind a second time",
            "",
        ),
        (
            "17763,hyperv=on,hyperv=on",
            "\"hyperv=on\" states hyperv a second time",
            "",
        ),
        (
            "ws2019,client",
            "\"ws2019\" contradicts itself",
            "that is a server",
        ),
        (
            "win11-24h2,server",
            "\"win11-24h2\" contradicts itself",
            "client",
        ),
        (
            "19045,server",
            "\"19045\" contradicts itself",
            "Windows 10 22H2",
        ),
        (
            "26100.33296,client",
            "\"26100.33296\" contradicts itself",
            "only servers have",
        ),
        ("linux,server", "\"linux\" contradicts itself", "Linux"),
        ("linux,hyperv=on", "\"linux\" contradicts itself", "Hyper-V"),
        ("KB9999999", "KB9999999 is not in the catalog", "2026-"),
        (
            "ws2019+KB4041691",
            "KB4041691 is no update of Windows Server 2019",
            "14393.1770 (Windows Server 2016)",
        ),
        (
            "win11-24h2+KB5078740",
            "KB5078740 is no update of Windows 11 24H2",
            "Windows Server 2025",
        ),
        ("banana", "\"banana\" names no host", "10.0.17763.437"),
        (
            "17763,servr",
            "\"servr\" says nothing of a host",
            "hyperv=off",
        ),
        (
            "ws2022,no-hyperv",
            "\"no-hyperv\" says nothing of a host",
            "",
        ),
        (
            "Windows Server 2012 R2",
            "Windows Server 2012 R2 is no release with containers",
            "Windows Server 2016",
        ),
        ("(Build 2600)", "\"(Build 2600)\" names no host", "26100"),
        ("docker 20.10.9", "\"docker 20.10.9\" names no host", ""),
    ] {
        let error = refused(text);
        assert!(error.starts_with(start), "{text}: {error}");
        assert!(error.contains(holds), "{text}: {error}");
    }
}

#[test]
fn lists_sentences_and_look_alikes() {
    let read = |text: &str| {
        let reading = read_hosts(Catalog::builtin(), text);
        (
            reading.hosts.iter().map(line).collect::<Vec<_>>(),
            reading.unread.len(),
        )
    };
    assert_eq!(
        read("# fleet\n10.0.17763.437\nltsc2022,name=b\nbanana\n\nws2016+KB4041691\n"),
        (
            vec![
                "10.0.17763.437 unknown".into(),
                "10.0.20348 server".into(),
                "10.0.14393.1770 server".into()
            ],
            1
        )
    );
    // Comments behind a host, and a line as `ver` prints it.
    assert_eq!(
        read(
            "ltsc2019 # the old one\r\nltsc2022\t#\r\nMicrosoft Windows [Version 10.0.26100.4061]\r\nC#\r\n"
        ),
        (
            vec![
                "10.0.17763 server".into(),
                "10.0.20348 server".into(),
                "10.0.26100.4061 unknown".into()
            ],
            1
        )
    );
    assert_eq!(read("17763.437\n17763.437\n17763").0.len(), 2);
    assert_eq!(
        read("the host is 10.0.14393.1914 (Windows Server 2016 med KB4051033) and the other 10.0.14393.1944 (Windows Server 2016 con KB4053579)").0,
        ["10.0.14393.1914 server", "10.0.14393.1944 server"]
    );
    assert_eq!(
        read("Exempel 1: Containervärden kör Windows Server 2016 med KB4041691 tillämpad.").0,
        ["10.0.14393.1770 server"]
    );
    assert_eq!(
        read(
            "Ejemplo 2: El host de contenedor ejecuta Windows Server, versión 1809, con KB4534273."
        )
        .0,
        ["10.0.17763.973 server"]
    );
    assert_eq!(
        read("- Stöds från Windows 11 24H2 (\nBuild 2600) och senare.").0,
        ["10.0.26100 client"]
    );
    for text in [
        "10.0.138.9",
        "IP 10.0.138.9, 10.240.0.4/16",
        ".NET 4.0.30319, Docker 20.10.9, v1.7.7-7+e79c96c8ff2d8e",
        "Build 2600",
        "2600",
        "",
        " \n ",
        "Windows 11",
        "\u{0}\u{1}\u{2}\u{7f}",
        "[[[[{{{{",
        "10..1",
        "-1",
        "10.0.99999999999.1",
        "UBR    REG_DWORD    0x1b5",
        "KB9999999",
    ] {
        let (hosts, unread) = read(text);
        assert!(hosts.is_empty(), "{text}: {hosts:?}");
        assert!(unread > 0, "{text}");
    }
    let unread = read_hosts(Catalog::builtin(), "    UBR    REG_DWORD    0x1b5").unread;
    assert!(
        unread[0].expected.contains("CurrentBuildNumber"),
        "{unread:?}"
    );
}

#[test]
fn ver_in_other_languages() {
    for text in [
        "Microsoft Windows [Version 10.0.17763.437]",
        "Microsoft Windows [version 10.0.17763.437]",
        "Microsoft Windows [Versión 10.0.17763.437]",
        "Microsoft Windows [Versi\u{a2}n 10.0.17763.437]",
        "Microsoft Windows [版本 10.0.17763.437]",
        "Microsoft Windows [Версия 10.0.17763.437]",
        "Microsoft Windows [versione 10.0.17763.437]",
        "Microsoft Windows [10.0.17763.437]",
        "\r\nMicrosoft Windows [Version 10.0.17763.437]\r\n(c) 2018 Microsoft Corporation. Med ensamrätt.\r\n\r\nC:\\Users\\a>",
    ] {
        assert_eq!(shown(text), ["10.0.17763.437 unknown"], "{text}");
    }
}
