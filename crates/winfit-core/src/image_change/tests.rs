use super::*;

const SERVERCORE: &str = "mcr.microsoft.com/windows/servercore";

/// `sc:` and `ns:` stand for the base images.
fn read(text: &str) -> NamedImage {
    let text = text
        .replace("sc:", &format!("{SERVERCORE}:"))
        .replace("ns:", "mcr.microsoft.com/windows/nanoserver:")
        .replace("fx:", "mcr.microsoft.com/dotnet/framework/aspnet:")
        .replace(
            "#1",
            "sha256:1111111111111111111111111111111111111111111111111111111111111111",
        )
        .replace(
            "#2",
            "sha256:2222222222222222222222222222222222222222222222222222222222222222",
        );
    NamedImage::read(Catalog::builtin(), &text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn kind_of(old: &str, new: &str) -> ChangeKind {
    let (old, new) = (read(old), read(new));
    image_change(Catalog::builtin(), &old, &new).kind
}

#[test]
fn the_build_decides() {
    use ChangeKind::{Architecture, Base, Build, NoWindows, Os, Patch, Repository, Same, Unknown};
    use Direction::{Back, Even, Floats, Forward, Pinned, Untold};
    for (old, new, expected) in [
        // What update bots take for a patch, or for an update of the same image.
        ("sc:10.0.17763.437", "sc:10.0.26100.1", Build),
        ("sc:1809", "sc:2004", Build),
        ("sc:ltsc2019", "sc:ltsc2022", Build),
        ("sc:1809-KB4493509", "sc:2004-KB4571756", Build),
        ("sc:10.0.17763.437-amd64", "sc:10.0.20348.825-amd64", Build),
        // Back is another Windows as well.
        ("sc:ltsc2025", "sc:ltsc2022", Build),
        // True patches, in every form.
        ("sc:10.0.17763.437", "sc:10.0.17763.9121", Patch(Forward)),
        (
            "sc:10.0.17763.437-amd64",
            "sc:10.0.17763.9121-amd64",
            Patch(Forward),
        ),
        ("sc:1809-KB4493509", "sc:1809-KB5120238", Patch(Forward)),
        ("sc:1809-KB4493509", "sc:10.0.17763.9121", Patch(Forward)),
        ("sc:10.0.17763.9121", "sc:10.0.17763.437", Patch(Back)),
        ("sc:10.0.14393.1770", "sc:10.0.14393.9418", Patch(Forward)),
        ("17763.437", "17763.9121", Patch(Forward)),
        // Before and after the streams parted.
        ("sc:10.0.26100.1742", "sc:10.0.26100.32860", Patch(Forward)),
        ("sc:10.0.26100.7623", "sc:10.0.26100.32860", Patch(Untold)),
        // Floating and pinned.
        ("sc:ltsc2019", "sc:10.0.17763.9121", Patch(Pinned)),
        ("sc:ltsc2019", "sc:ltsc2019@#1", Patch(Pinned)),
        ("sc:1809-KB4493509", "sc:1809", Patch(Floats)),
        ("sc:ltsc2019@#1", "sc:ltsc2019@#2", Patch(Untold)),
        ("sc:1809-KB9999999", "sc:1809-KB5120238", Patch(Untold)),
        // The same under two names.
        ("sc:ltsc2019", "sc:ltsc2019", Same),
        ("sc:ltsc2019", "sc:1809", Same),
        ("sc:1809-KB4493509", "sc:10.0.17763.437", Same),
        ("sc:1809@#1", "sc:ltsc2022@#1", Same),
        ("microsoft/windowsservercore:ltsc2016", "sc:ltsc2016", Same),
        ("sc:ltsc2022", "sc:ltsc2022-amd64", Same),
        ("ltsc2019", "1809", Same),
        // Another image of the same build.
        ("sc:ltsc2022", "ns:ltsc2022", Base),
        ("sc:ltsc2022", "ns:ltsc2025", Build),
        ("ns:ltsc2025-amd64", "ns:ltsc2025-arm64", Architecture),
        (
            "contoso/web:1-windowsservercore-ltsc2019",
            "contoso/api:1-windowsservercore-ltsc2019",
            Repository,
        ),
        (
            "sc:10.0.20348.1",
            "mcr.microsoft.com/windows/servercore/insider:10.0.20348.1",
            Repository,
        ),
        // Images that are built on Windows.
        (
            "fx:4.8-windowsservercore-ltsc2019",
            "fx:4.8-windowsservercore-ltsc2022",
            Build,
        ),
        (
            "fx:4.8-windowsservercore-ltsc2019",
            "fx:4.8.1-windowsservercore-ltsc2019",
            Patch(Untold),
        ),
        (
            "fx:4.8-20250424-windowsservercore-ltsc2019",
            "fx:4.8-20250610-windowsservercore-ltsc2019",
            Patch(Untold),
        ),
        (
            "mcr.microsoft.com/windows/servercore/iis:windowsservercore-ltsc2022",
            "mcr.microsoft.com/windows/servercore/iis:windowsservercore-ltsc2025",
            Build,
        ),
        (
            "mcr.microsoft.com/dotnet/sdk:8.0-nanoserver-1809",
            "mcr.microsoft.com/dotnet/sdk:8.0-nanoserver-ltsc2022",
            Build,
        ),
        (
            "mcr.microsoft.com/businesscentral:10.0.17763.437-generic-0.1.0.13",
            "mcr.microsoft.com/businesscentral:10.0.20348.825-generic-0.1.0.13",
            Build,
        ),
        (
            "mcr.microsoft.com/businesscentral:10.0.17763.437-generic-0.1.0.13",
            "mcr.microsoft.com/businesscentral:10.0.17763.437-generic-0.1.0.14",
            Patch(Even),
        ),
        (
            "golang:1.27.0-windowsservercore-ltsc2025",
            "registry.example.com/hub/library/golang:1.27.1-windowsservercore-ltsc2025",
            Patch(Untold),
        ),
        // Out of Windows, and into it.
        ("sc:ltsc2022", "debian:bookworm", Os),
        ("debian:12-slim", "ns:ltsc2022", Os),
        ("debian:11", "alpine:3.20", NoWindows),
        // Nobody can tell.
        ("sc:ltsc2022", "contoso/base:2", Unknown),
        ("contoso/base:2", "contoso/base:3", Unknown),
        ("contoso/base@#1", "contoso/base@#2", Unknown),
        ("example/app:2004", "example/app:1909", Unknown),
    ] {
        assert_eq!(kind_of(old, new), expected, "{old} -> {new}");
    }
}

#[test]
fn what_keeps_windows_is_what_a_bot_may_merge() {
    for (old, new, keeps) in [
        ("sc:10.0.17763.437", "sc:10.0.17763.9121", true),
        ("sc:ltsc2019", "sc:1809", true),
        ("sc:10.0.17763.437", "sc:10.0.26100.1", false),
        ("sc:ltsc2022", "ns:ltsc2022", false),
        ("sc:ltsc2022", "contoso/base:2", false),
    ] {
        assert_eq!(kind_of(old, new).keeps_windows(), keeps, "{old} -> {new}");
    }
}

#[test]
fn a_patch_names_its_update() {
    let (old, new) = (read("sc:10.0.17763.437"), read("sc:10.0.17763.9121"));
    let change = image_change(Catalog::builtin(), &old, &new);
    assert_eq!(
        with_update(&change.old.level),
        "17763.437 (KB4493509 of 2019-04-09)"
    );
    assert_eq!(
        with_update(&change.new.level),
        "17763.9121 (KB5120238 of 2026-08-11)"
    );
    assert_eq!(
        change.sentence(Catalog::builtin()),
        "this is a patch update of Windows Server 2019 (17763), from 17763.437 to 17763.9121"
    );
}

fn remarks(old: &str, new: &str) -> Vec<String> {
    let (old, new) = (read(old), read(new));
    image_change(Catalog::builtin(), &old, &new).remarks(Catalog::builtin())
}

#[test]
fn what_a_patch_asks_of_hosts_is_said() {
    let of_2016 = remarks("sc:10.0.14393.9000", "sc:10.0.14393.9418");
    assert_eq!(
        of_2016,
        [
            "Windows Server 2016 (14393) starts it with process isolation only at the very same revision: the hosts must be at 14393.9418 as well"
        ]
    );
    let across = remarks("sc:10.0.17763.1000", "sc:10.0.17763.1040");
    assert!(across[0].contains("2020-02-baseline"), "{across:?}");
    assert!(across[0].contains("hosts below 17763.1039"), "{across:?}");
    let back = remarks("sc:10.0.17763.1040", "sc:10.0.17763.1000");
    assert!(back[0].contains("hosts from 17763.1039 on"), "{back:?}");
    assert_eq!(remarks("sc:10.0.17763.1040", "sc:10.0.17763.1100"), [""; 0]);
    // What floats had a revision that nobody knows.
    let pinned = remarks("sc:ltsc2019", "sc:10.0.17763.437");
    assert_eq!(pinned.len(), 1, "{pinned:?}");
    assert!(pinned[0].contains("stands for 17763."), "{pinned:?}");
    // An older image asks nothing of hosts where only newer ones do.
    assert_eq!(remarks("sc:10.0.26100.3194", "sc:10.0.26100.2894"), [""; 0]);
}

#[test]
fn the_servers_that_lose_the_image_are_named() {
    let catalog = Catalog::builtin();
    let (old, new) = (read("sc:ltsc2019"), read("sc:ltsc2022"));
    let rows = servers(catalog, &old.image, &new.image);
    let of = |build| {
        rows.iter()
            .find(|row| row.build == build)
            .map(|row| (row.old, row.new))
    };
    assert_eq!(of(14_393), Some((Runs::No, Runs::No)));
    assert_eq!(of(17_763), Some((Runs::Process, Runs::No)));
    assert_eq!(of(20_348), Some((Runs::Hyperv, Runs::Process)));
    assert_eq!(of(26_100), Some((Runs::Hyperv, Runs::Process)));
    let of_2019 = rows.iter().find(|row| row.build == 17_763).unwrap();
    assert_eq!(of_2019.release, "Windows Server 2019");
}

#[test]
fn to_stay_is_to_write_the_old_release_patched() {
    for (old, new, expected) in [
        (
            "sc:10.0.17763.437",
            "sc:10.0.26100.1",
            Some("sc:10.0.17763.9121"),
        ),
        (
            "sc:10.0.17763.437-amd64",
            "sc:10.0.26100.1-amd64",
            Some("sc:10.0.17763.9121-amd64"),
        ),
        (
            "sc:1809-KB4493509",
            "sc:2004-KB4571756",
            Some("sc:1809-KB5120238"),
        ),
        ("sc:ltsc2019", "sc:ltsc2022", Some("sc:ltsc2019")),
        (
            "fx:4.8-windowsservercore-ltsc2019",
            "fx:4.8-windowsservercore-ltsc2022",
            Some("fx:4.8-windowsservercore-ltsc2019"),
        ),
        ("sc:10.0.17763.437", "sc:10.0.17763.9121", None),
        ("17763.437", "26100.1", None),
    ] {
        let catalog = Catalog::builtin();
        let (was, is) = (read(old), read(new));
        let found = stay(catalog, &image_change(catalog, &was, &is));
        let found = found.map(|reference| reference.to_string());
        assert_eq!(
            found,
            expected.map(|text| read(text).text),
            "{old} -> {new}"
        );
    }
}
