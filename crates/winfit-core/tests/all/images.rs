//! What a tag says about the Windows inside, form by form, and what it does not.

use proptest::prelude::*;
use winfit_core::Catalog;
use winfit_core::engine::Engine;
use winfit_core::host::Arch;
use winfit_core::image::{NamedImage, StatedBy, is_container_only};
use winfit_core::reference::{Base, Reference};
use winfit_core::version::OsVersion;

fn read(text: &str) -> NamedImage {
    NamedImage::read(Catalog::builtin(), text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The version that a tag states, `-` for none; a floating tag's own revision is not a stated one.
fn stated(named: &NamedImage) -> String {
    match named.image.version {
        None => "-".to_owned(),
        Some(version) if named.image.revision_inferred => {
            format!("{} floating", version.without_revision().short())
        }
        Some(version) => version.short(),
    }
}

/// `tags.tsv`, row by row.
#[test]
fn every_form_of_tag() {
    for (text, expected) in [
        // Base images: the release, its long-term alias, sac2016.
        (
            "mcr.microsoft.com/windows/servercore:1709",
            "16299 floating",
        ),
        (
            "mcr.microsoft.com/windows/nanoserver:1803",
            "17134 floating",
        ),
        (
            "mcr.microsoft.com/windows/nanoserver:1809",
            "17763 floating",
        ),
        ("mcr.microsoft.com/windows:1903", "18362 floating"),
        ("mcr.microsoft.com/windows:1909", "18363 floating"),
        ("mcr.microsoft.com/windows:2004", "19041 floating"),
        ("mcr.microsoft.com/windows:20H2", "19042 floating"),
        (
            "mcr.microsoft.com/windows/servercore:ltsc2016",
            "14393 floating",
        ),
        (
            "mcr.microsoft.com/windows/servercore:ltsc2019",
            "17763 floating",
        ),
        (
            "mcr.microsoft.com/windows/server:ltsc2022",
            "20348 floating",
        ),
        (
            "mcr.microsoft.com/windows/server:ltsc2025",
            "26100 floating",
        ),
        (
            "mcr.microsoft.com/windows/nanoserver:sac2016",
            "14393 floating",
        ),
        // Pinned to a KB, or to the version.
        (
            "mcr.microsoft.com/windows/nanoserver:1809-KB4493509",
            "17763.437",
        ),
        (
            "mcr.microsoft.com/windows/servercore:20H2-KB5015807",
            "19042.1826",
        ),
        (
            "mcr.microsoft.com/windows/servercore:ltsc2022-KB5015827",
            "20348.825",
        ),
        (
            "mcr.microsoft.com/windows/servercore:ltsc2025-KB5059087",
            "26100.3781",
        ),
        (
            "mcr.microsoft.com/windows/nanoserver:10.0.17763.437",
            "17763.437",
        ),
        (
            "mcr.microsoft.com/windows/servercore:10.0.20348.825",
            "20348.825",
        ),
        // One architecture.
        (
            "mcr.microsoft.com/windows/nanoserver:1809-amd64",
            "17763 floating",
        ),
        (
            "mcr.microsoft.com/windows/nanoserver:1809-KB5034768-amd64",
            "17763.5458",
        ),
        (
            "mcr.microsoft.com/windows/servercore:10.0.20348.887-amd64",
            "20348.887",
        ),
        (
            "mcr.microsoft.com/windows/nanoserver:ltsc2025-arm64",
            "26100 floating",
        ),
        (
            "mcr.microsoft.com/windows/nanoserver:1809-arm32v7",
            "17763 floating",
        ),
        // Previews and Insider builds.
        (
            "mcr.microsoft.com/windows/servercore:win10-21h1-preview",
            "20348",
        ),
        (
            "mcr.microsoft.com/windows/servercore/insider:10.0.20348.1",
            "20348.1",
        ),
        (
            "mcr.microsoft.com/windows/insider:10.0.26040.1000",
            "26040.1000",
        ),
        // Docker Hub's old names.
        ("microsoft/windowsservercore:1709_KB4043961", "16299.19"),
        ("microsoft/nanoserver:1709_KB4074588", "16299.248"),
        ("microsoft/nanoserver:1803_KB4103721", "17134.48"),
        ("microsoft/windowsservercore:10.0.14393.1770", "14393.1770"),
        ("microsoft/windowsservercore:10.0.14300.1030", "14300.1030"),
        ("microsoft/windowsservercore:ltsc2016", "14393 floating"),
        ("windows/servercore:1709", "16299 floating"),
        // A copy elsewhere may lag: its tags are no promise of the newest revision.
        ("contoso.azurecr.io/windows/servercore:ltsc2019", "17763"),
        // Built on a base image.
        ("golang:1.27.0-windowsservercore-ltsc2025", "26100"),
        ("python:3.14-windowsservercore-ltsc2022", "20348"),
        ("openjdk:14-jdk-windowsservercore-1809", "17763"),
        (
            "mcr.microsoft.com/dotnet/framework/aspnet:4.8-windowsservercore-ltsc2019",
            "17763",
        ),
        (
            "mcr.microsoft.com/dotnet/framework/runtime:4.8-20250424-windowsservercore-ltsc2019",
            "17763",
        ),
        ("mcr.microsoft.com/dotnet/sdk:8.0-nanoserver-1809", "17763"),
        (
            "mcr.microsoft.com/dotnet/sdk:nanoserver-arm32v7-1809",
            "17763",
        ),
        ("mcr.microsoft.com/dotnet/sdk:8.0-nanoserver-20H2", "19042"),
        ("mcr.microsoft.com/dotnet/sdk:8.0-nanoserver-2004", "19041"),
        (
            "mcr.microsoft.com/windows/servercore/iis:windowsservercore-ltsc2022",
            "20348",
        ),
        (
            "mcr.microsoft.com/businesscentral:10.0.17763.437-generic-0.1.0.13",
            "17763.437",
        ),
        (
            "mcr.microsoft.com/powershell:lts-nanoserver-ltsc2022",
            "20348",
        ),
        ("example/csi:v1.0-windows-1809-amd64", "17763"),
        ("example/gke-pd-csi:v1.0.0-windows_2019", "17763"),
        (
            "gitlab/runner-helper:x86_64-v17.0.0-servercore21H2",
            "20348",
        ),
        (
            "gitlab/runner-helper:x86_64-v17.0.0-servercore1809",
            "17763",
        ),
        // What tells nothing: it may be a year, a version, anything.
        ("example/app:2004", "-"),
        ("example/app:1909", "-"),
        ("example/app:1809", "-"),
        ("example/app:20H2", "-"),
        ("example/app:4.2-2019", "-"),
        ("example/app:10.0.138.9", "-"),
        ("example/app:latest", "-"),
        ("contoso/myimage", "-"),
        ("windows/servercore/iis", "-"),
        ("golang:1.27.0", "-"),
        // A version or a release by itself.
        ("10.0.17763.437", "17763.437"),
        ("17763.437", "17763.437"),
        ("ltsc2019", "17763 floating"),
        ("1809", "17763 floating"),
        ("21H2", "20348 floating"),
        ("Windows Server 2022", "20348 floating"),
    ] {
        assert_eq!(stated(&read(text)), expected, "{text}");
    }
}

#[test]
fn tags_say_more_than_the_version() {
    let single = read("mcr.microsoft.com/windows/servercore:ltsc2022-amd64");
    assert!(single.image.single_manifest);
    assert_eq!(single.image.arch, Some(Arch::Amd64));
    let arm = read("mcr.microsoft.com/windows/nanoserver:1809-arm32v7");
    assert_eq!(arm.image.arch, Some(Arch::Arm));
    let nano = read("mcr.microsoft.com/dotnet/sdk:8.0-nanoserver-1809");
    assert_eq!((nano.base, nano.is_base), (Some(Base::Nanoserver), false));
    assert_eq!(nano.release_piece.as_deref(), Some("1809"));
    assert_eq!(nano.stated_by, StatedBy::Tag);
    let kb = read("mcr.microsoft.com/windows/nanoserver:1809-KB4493509");
    assert_eq!(kb.kb, Some(4_493_509));
}

#[test]
fn tags_that_cannot_be_are_told_apart() {
    for (text, note) in [
        (
            "mcr.microsoft.com/windows/servercore:ltsc2019-KB4493509",
            "write 1809-KB4493509",
        ),
        (
            "mcr.microsoft.com/windows/servercore:1809-KB4041691",
            "KB4041691 is an update of 14393, not of 17763",
        ),
        (
            "mcr.microsoft.com/windows/servercore:1809-KB9999999",
            "KB9999999 is not in the catalog",
        ),
        (
            "mcr.microsoft.com/windows/servercore:2017",
            "no tag of the base images",
        ),
        (
            "mcr.microsoft.com/windows/servercore:ltcs2022",
            "did you mean ltsc2022?",
        ),
        (
            "mcr.microsoft.com/windows:ltsc2022",
            "no windows image of Windows Server 2022",
        ),
        (
            "mcr.microsoft.com/windows/nanserver:ltsc2022",
            "windows/nanserver is no base image",
        ),
        (
            "microsoft/windowsservercore:ltsc2016",
            "published as mcr.microsoft.com/windows/servercore",
        ),
    ] {
        let named = read(text);
        assert!(
            named.notes.iter().any(|found| found.message.contains(note)),
            "{text}: {:?}",
            named.notes
        );
    }
}

#[test]
fn a_registry_of_ones_own_may_have_tags_of_its_own() {
    for (repository, tag, doubtful) in [
        ("mcr.microsoft.com/windows/servercore", "hardened", true),
        ("registry.contoso.com/windows/servercore", "hardened", false),
        ("registry.contoso.com/windows/servercore", "latest", false),
        ("registry.contoso.com/windows/servercore", "ltcs2022", true),
    ] {
        let named = read(&format!("{repository}:{tag}"));
        assert_eq!(named.is_doubtful(), doubtful, "{repository}:{tag}");
        assert_eq!(named.image.version, None, "{repository}:{tag}");
    }
}

#[test]
fn latest_of_the_base_images_is_refused_with_its_last_day() {
    for text in [
        "mcr.microsoft.com/windows/servercore",
        "mcr.microsoft.com/windows/servercore:latest",
        "mcr.microsoft.com/windows/nanoserver:latest",
        "mcr.microsoft.com/windows:latest",
        "mcr.microsoft.com/microsoft-windows-nanoserver",
        "microsoft/windowsservercore",
        "windows/servercore",
        "servercore",
    ] {
        let error = NamedImage::read(Catalog::builtin(), text)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("2019-04-16") && error.contains("mcr.microsoft.com/windows"),
            "{text}: {error}"
        );
    }
}

#[test]
fn revisions_that_only_images_have_are_known() {
    let catalog = Catalog::builtin();
    for (build, revision, expected) in [
        (17_763, 1040, true),
        (14_393, 3506, true),
        (20_348, 169, true),
        (17_763, 1039, false),
        (17_763, 437, false),
        (17_763, 438, false),
    ] {
        let version = OsVersion::new(build, revision);
        assert_eq!(is_container_only(catalog, version), expected, "{version}");
    }
}

proptest! {
    /// Readers take whatever comes.
    #[test]
    fn arbitrary_text_never_panics(text in "\\PC{0,80}") {
        let _ = Reference::parse(&text);
        let _ = NamedImage::read(Catalog::builtin(), &text);
        let _ = text.parse::<Engine>();
        let _ = text.parse::<OsVersion>();
    }

    /// The same, near what they read.
    #[test]
    fn text_near_a_reference_never_panics(
        text in "(mcr\\.microsoft\\.com/)?(windows/)?(servercore|nanoserver|a/b)?[:@/._-]{0,2}(ltsc|KB|10\\.0\\.|[0-9]{0,12}|[-_.a-zA-Z]){0,6}"
    ) {
        if let Ok(named) = NamedImage::read(Catalog::builtin(), &text) {
            prop_assert!(named.image.version.is_none_or(|version| version.major == 10));
        }
    }

    /// What is read prints as it was written.
    #[test]
    fn references_survive_a_round_trip(
        registry in prop::option::of("[a-z]{1,8}\\.[a-z]{2,4}(:[1-9][0-9]{1,3})?"),
        path in "[a-z0-9]{1,8}(/[a-z0-9]{1,8}){0,2}",
        tag in prop::option::of("[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}"),
        digest in prop::option::of("[0-9a-f]{64}"),
    ) {
        let mut text = registry.map_or(String::new(), |registry| format!("{registry}/")) + &path;
        if let Some(tag) = &tag {
            text.push_str(&format!(":{tag}"));
        }
        if let Some(digest) = &digest {
            text.push_str(&format!("@sha256:{digest}"));
        }
        let read = Reference::parse(&text).unwrap();
        prop_assert_eq!(read.to_string(), text);
        prop_assert_eq!(read.tag, tag);
    }

    /// Every update that has a KB is read back from its tag.
    #[test]
    fn kb_tags_give_their_revision(at in 0usize..1494) {
        let catalog = Catalog::builtin();
        let update = &catalog.updates[at];
        let tag = update
            .kb
            .and_then(|kb| winfit_core::recommend::kb_tag(catalog, update.build, kb));
        if let Some(tag) = tag {
            let named = read(&format!("mcr.microsoft.com/windows/servercore:{tag}"));
            let found = named.image.version.unwrap();
            prop_assert_eq!(found.build, update.build);
            // A KB may bring several revisions; the newest is read.
            prop_assert!(found.revision.unwrap() >= update.revision);
        }
    }
}

#[test]
fn a_slip_of_the_hand_is_told_from_another_tag() {
    for (tag, expected) in [
        ("ltsc2022-", Some("ltsc2022")),
        ("ltsc-2019", Some("ltsc2019")),
        ("ltcs2022", Some("ltsc2022")),
        ("ltcs2022-KB5015827", Some("ltsc2022")),
        ("1809-KB999", None),
        ("ltsc2022-latest", None),
        ("2017-amd", None),
    ] {
        let named = read(&format!("mcr.microsoft.com/windows/servercore:{tag}"));
        assert!(named.is_doubtful(), "{tag}");
        let note = &named.notes[0].message;
        let instead = note.split_once("did you mean ").map(|(_, tag)| tag);
        assert_eq!(
            instead,
            expected.map(|tag| format!("{tag}?")).as_deref(),
            "{tag}"
        );
    }
}
