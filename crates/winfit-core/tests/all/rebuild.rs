//! Another base for an image: what a remedy of the audit writes, and where.

use winfit_core::finding::Subject;
use winfit_core::fleet::{Build, Fleet, ImageUse};
use winfit_core::version::OsVersion;

use crate::fleet_builder::{audited, built, deployment, fleet, image, only, selector, windows};

const ANY_WINDOWS: &[(&str, &str)] = &[("kubernetes.io/os", "windows")];

/// The titles and commands that change the image.
fn rebuilds(host: &str, used: ImageUse) -> Vec<String> {
    let workload = deployment(selector(ANY_WINDOWS), vec![used]);
    let audit = audited(&fleet(vec![windows("win", host)], vec![workload]));
    only(&audit, "build-mismatch")
        .remedies
        .iter()
        .flat_map(|remedy| {
            let commands = remedy.commands.iter().map(|command| command.text.clone());
            [remedy.title.clone()].into_iter().chain(commands)
        })
        .collect()
}

#[test]
fn an_image_keeps_what_it_is() {
    for (text, expected) in [
        (
            "mcr.microsoft.com/dotnet/runtime:8.0-nanoserver-ltsc2025",
            &[
                "take its Windows Server 2022 tag, if it has one; that runs on its hosts",
                "image: mcr.microsoft.com/dotnet/runtime:8.0-nanoserver-ltsc2022",
            ][..],
        ),
        (
            "contoso.azurecr.io/web:3-windows-2025",
            &[
                "take its Windows Server 2022 tag, if it has one; that runs on its hosts",
                "image: contoso.azurecr.io/web:3-windows-2022",
            ],
        ),
        // Base images keep the registry that holds them, but not the names they no longer have.
        (
            "contoso.azurecr.io/mirror/windows/servercore:ltsc2025",
            &[
                "take the image of Windows Server 2022 (20348), which runs on its hosts",
                "image: contoso.azurecr.io/mirror/windows/servercore:ltsc2022",
            ],
        ),
        (
            "windows/servercore:ltsc2025",
            &[
                "take the image of Windows Server 2022 (20348), which runs on its hosts",
                "image: mcr.microsoft.com/windows/servercore:ltsc2022",
            ],
        ),
    ] {
        assert_eq!(rebuilds("10.0.20348", image(text, 30)), expected, "{text}");
    }
}

#[test]
fn build_files_are_told_from() {
    let from = "mcr.microsoft.com/dotnet/runtime:8.0-nanoserver-ltsc2025";
    assert_eq!(
        rebuilds("10.0.20348", built("contoso/web:1", 30, from)),
        [
            "take its Windows Server 2022 tag, if it has one; that runs on its hosts",
            "FROM mcr.microsoft.com/dotnet/runtime:8.0-nanoserver-ltsc2022",
        ]
    );
    let unused = Fleet {
        builds: vec![Build {
            subject: Subject::new("Dockerfile", "web/Dockerfile"),
            base: image("contoso.azurecr.io/windows/servercore:ltsc2025", 3),
            used: false,
        }],
        ..fleet(vec![windows("win", "10.0.20348")], vec![])
    };
    let audit = audited(&unused);
    let remedy = &only(&audit, "build-mismatch").remedies[0];
    assert_eq!(
        (remedy.title.as_str(), remedy.commands[0].text.as_str()),
        (
            "build it on Windows Server 2022 (20348), which runs on its hosts",
            "FROM contoso.azurecr.io/windows/servercore:ltsc2022"
        )
    );
    assert_eq!(
        remedy.diff.as_deref(),
        Some(
            "-contoso.azurecr.io/windows/servercore:ltsc2025\n+contoso.azurecr.io/windows/servercore:ltsc2022\n"
        )
    );
}

#[test]
fn of_an_unknown_base_nothing_is_written() {
    let given = |text: &str| {
        let mut used = image(text, 30);
        if let Ok(named) = &mut used.image {
            named.give_version(OsVersion::of_build(26_100));
        }
        rebuilds("10.0.20348", used)
    };
    assert_eq!(given("contoso/web:1"), [""; 0]);
    assert_eq!(
        given("contoso/web:1-nanoserver"),
        [
            "build it on Windows Server 2022 (20348), which runs on its hosts",
            "FROM mcr.microsoft.com/windows/nanoserver:ltsc2022"
        ]
    );
}
