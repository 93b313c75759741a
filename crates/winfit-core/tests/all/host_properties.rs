//! Properties of the readers: nothing panics, and what is written is read back.

use proptest::prelude::*;
use winfit_core::Catalog;
use winfit_core::host::{Kind, decode, read_host_spec, read_hosts};

/// Words that the readers know, to get further than noise does.
fn words() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "Windows",
        "Server",
        "2019",
        "10",
        "11",
        "24H2",
        ",",
        "KB4041691",
        "KB",
        "Build",
        "2600",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "\"",
        ":",
        "=",
        "\n",
        " ",
        "\t",
        "10.0.17763.437",
        "10.0.",
        "17763",
        ".",
        "-",
        "Name:",
        "Kernel Version:",
        "OS Name:",
        "UBR",
        "REG_DWORD",
        "0x1b5",
        "CurrentBuild",
        "Client:",
        "Server:",
        "Version:",
        "apiVersion:",
        "kind:",
        "Node",
        "metadata:",
        "name:",
        "Ready",
        "v1.7",
        "kubernetes.io/os=windows",
        "osbuild",
        "C:\\>",
        "ver",
        "amd64fre",
        "14393.1.amd64fre",
        "ビルド",
        "é",
        "\u{a0}",
        "Microsoft Windows ",
        "hyperv=",
        "engine=",
        "docker@1",
        "linux",
        "\"Labels\"",
        "\"OsVersion\"",
        "Major Minor Build Revision",
        "$ ",
        "PS ",
        "://",
        "RS",
        "win",
        "ltsc",
        "\0",
        "Labels:",
        "- ",
        "Host Name:",
        "：",
    ]);
    prop::collection::vec(word, 0..40).prop_map(|words| words.concat())
}

fn read_all(text: &str) {
    let catalog = Catalog::builtin();
    let reading = read_hosts(catalog, text);
    assert!(!reading.hosts.is_empty() || !reading.unread.is_empty() || !reading.notes.is_empty());
    for host in &reading.hosts {
        assert!(host.line >= 1 && host.line <= text.lines().count().max(1));
        assert!(host.text.chars().count() <= 80);
    }
    if let Err(error) = read_host_spec(catalog, text) {
        assert!(!error.to_string().is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        read_all(&decode(&bytes));
    }

    #[test]
    fn text_never_panics(text in "\\PC{0,120}") {
        read_all(&text);
    }

    #[test]
    fn known_words_never_panic(text in words()) {
        read_all(&text);
    }

    #[test]
    fn a_version_is_read_back_from_each_spelling(
        build in prop::sample::select(vec![14393_u16, 16299, 17763, 19045, 20348, 22631, 25398, 26100, 28000, 27842]),
        revision in 1_u32..40_000,
    ) {
        let catalog = Catalog::builtin();
        let full = format!("10.0.{build}.{revision}");
        let hex = format!("0x{revision:x}");
        for text in [
            full.clone(),
            format!("{build}.{revision}"),
            format!("Microsoft Windows [Version {full}]"),
            format!("Microsoft Windows [versión {full}]\r\n"),
            format!("Version 99Z9 (OS Build {build}.{revision})"),
            format!("    CurrentBuildNumber    REG_SZ    {build}\n    UBR    REG_DWORD    {hex}\n"),
            format!("CurrentBuild : {build}\nUBR : {revision}\n"),
            format!("{{\"CurrentBuild\": \"{build}\", \"UBR\": {revision}}}"),
            format!(" Kernel Version: {full}\n Operating System: windows\n"),
            format!("n1 Ready agent 1h v1.24.3 10.0.138.9 <none> Windows {full} containerd://1.6.6+azure"),
            format!("{{\"kernelVersion\": \"{full}\", \"osImage\": \"\", \"operatingSystem\": \"windows\"}}"),
            format!("{{\"OSType\":\"windows\",\"OperatingSystem\":\"Microsoft Windows Version 1 (OS Build {build}.{revision})\",\"ServerVersion\":\"27.0.1\"}}"),
        ] {
            let reading = read_hosts(catalog, &text);
            prop_assert_eq!(reading.hosts.len(), 1, "{}: {:?}", text, reading);
            let version = reading.hosts[0].host.version.map(|version| version.to_string());
            prop_assert_eq!(version.as_deref(), Some(full.as_str()), "{}", text);
        }
        let read = read_host_spec(catalog, &full).expect("a version");
        prop_assert_eq!(read[0].host.kind, Kind::Unknown);
    }
}

/// Text that would show a reader whose time is not linear, at a size where that is felt.
#[test]
fn huge_lines_and_deep_json_are_read_in_one_pass() {
    let catalog = Catalog::builtin();
    for unit in [
        "10.0.17763.437 ",
        "14393.321.amd64fre.rs1.",
        "Windows Server ",
        "{\"a\":",
        "[",
        "\"",
        "a=b,",
        "KB4041691 ",
        "Name: a ",
        "a Ready v1.2 ",
        "UBR REG_DWORD 0x1 ",
        "windows",
        "10.0.99999999999.1 ",
        "é",
        "Build 2600 ",
        "kubernetes.io/os=windows,",
        "1.",
        "/",
        "Labels: ",
        ": ",
    ] {
        let text = unit.repeat((1 << 15) / unit.len());
        let _ = read_hosts(catalog, &text);
        let _ = read_hosts(catalog, &text.replace(' ', "\n"));
    }
    let deep = format!("{}{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
    assert!(read_hosts(catalog, &deep).hosts.is_empty());
    let huge = " ".repeat((16 << 20) + 1);
    let unread = read_hosts(catalog, &huge).unread;
    assert!(unread[0].expected.contains("at most 16 MiB"), "{unread:?}");
}
