//! A registry's word against a name's: which facts count, and what is said of it.

use std::sync::Arc;

use winfit_core::Catalog;
use winfit_core::host::{Arch, Host, Os};
use winfit_core::image::{Image, NamedImage, StatedBy};
use winfit_core::variants::{Variant, Variants};
use winfit_core::version::OsVersion;

const DIGEST: &str = "@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// An image of an index: a Windows of this version, none for an empty one, or `linux`.
fn variant(version: &str) -> Variant {
    let image = match version {
        "" => Image::without_version(),
        "linux" => Image {
            os: Os::Linux,
            ..Image::without_version()
        },
        version => Image::windows(version.parse().expect("a version")),
    };
    Variant {
        os: image.os.name().to_owned(),
        architecture: "amd64".to_owned(),
        index_version: image.version.map(|version| version.to_string()),
        os_features: Vec::new(),
        image: Image {
            arch: Some(Arch::Amd64),
            ..image
        },
        digest: format!("sha256:{version}"),
    }
}

fn settled(text: &str, versions: &[&str]) -> NamedImage {
    let mut named = NamedImage::read_reference(Catalog::builtin(), text).expect("a reference");
    named.settle(Arc::new(Variants {
        digest: "sha256:0".to_owned(),
        is_index: true,
        images: versions.iter().map(|version| variant(version)).collect(),
    }));
    named
}

fn notes(named: &NamedImage) -> Vec<&str> {
    let notes = named.notes.iter();
    notes.map(|note| note.message.as_str()).collect()
}

fn on(named: &NamedImage, build: u16) -> String {
    let host = Host::windows(OsVersion::of_build(build));
    let image = named.on(Catalog::builtin(), &host);
    image.version.map_or_else(String::new, OsVersion::short)
}

#[test]
fn a_tag_that_says_the_truth_goes_on_floating() {
    let named = settled(
        "mcr.microsoft.com/windows/servercore:ltsc2022",
        &["10.0.20348.2340"],
    );
    assert_eq!(named.stated_by, StatedBy::Tag);
    assert!(named.image.revision_inferred);
    assert_eq!(notes(&named), [""; 0]);
    // What it has today is what a host gets today.
    assert_eq!(on(&named, 20_348), "20348.2340");
    let judged = named.for_host(
        Catalog::builtin(),
        &Host::windows(OsVersion::of_build(20_348)),
    );
    assert_eq!(judged.stated_by, StatedBy::Registry);
    assert_eq!(judged.digest.as_deref(), Some("sha256:10.0.20348.2340"));
}

#[test]
fn a_tag_that_does_not_is_told_and_counts_no_more() {
    let named = settled("contoso/web:1-ltsc2019", &["10.0.20348.2340"]);
    assert_eq!(named.image.version, Some(OsVersion::new(20_348, 2340)));
    assert_eq!(named.release_piece, None);
    assert_eq!(
        notes(&named),
        ["its tag says 10.0.17763, its registry 10.0.20348.2340: the registry counts"]
    );
    // A revision is a promise as well; a build alone is none of a revision.
    let exact = "mcr.microsoft.com/windows/servercore:10.0.17763.437";
    assert_eq!(notes(&settled(exact, &["10.0.17763.438"])).len(), 1);
    assert_eq!(notes(&settled(exact, &["10.0.17763.437"])).len(), 0);
    assert_eq!(
        notes(&settled("contoso/web:1-ltsc2019", &["10.0.17763.1"])).len(),
        0
    );
}

#[test]
fn what_is_there_is_not_doubtful() {
    let text = "mcr.microsoft.com/windows/servercore:ltsc2022-custom";
    let named = NamedImage::read_reference(Catalog::builtin(), text).unwrap();
    assert!(named.is_doubtful());
    assert!(!settled(text, &["10.0.20348.2340"]).is_doubtful());
    let mut gone = named;
    gone.not_there();
    assert!(notes(&gone).contains(&"its registry knows no such tag"));
}

#[test]
fn a_digest_has_the_build_that_its_image_has() {
    let text = format!("mcr.microsoft.com/windows/servercore:ltsc2019{DIGEST}");
    let same = settled(&text, &["10.0.17763.5576"]);
    assert_eq!(same.image.version, Some(OsVersion::new(17_763, 5576)));
    assert!(!same.image.revision_inferred);
    assert_eq!(notes(&same), [""; 0]);
    let other = settled(&text, &["10.0.20348.2340"]);
    assert_eq!(other.image.version, Some(OsVersion::new(20_348, 2340)));
    assert_eq!(notes(&other).len(), 1);
}

#[test]
fn of_an_index_each_host_takes_its_own() {
    let named = settled(
        "contoso/web:1",
        &["10.0.17763.5576", "10.0.20348.2340", "linux"],
    );
    // Without a host there is no one version, and no one system.
    assert_eq!(named.image.version, None);
    assert_eq!(named.variants.as_deref().unwrap().only_os(), None);
    assert_eq!(on(&named, 17_763), "17763.5576");
    assert_eq!(on(&named, 20_348), "20348.2340");
    assert_eq!(on(&named, 26_100), "20348.2340");
}

#[test]
fn an_image_that_states_nothing_leaves_the_name_standing() {
    let named = settled("contoso/web:1-ltsc2019", &[""]);
    assert_eq!(on(&named, 17_763), "17763");
    assert_eq!(named.stated_by, StatedBy::Tag);
    let untold = settled("contoso/web:1", &[""]);
    assert_eq!(on(&untold, 17_763), "");
}

#[test]
fn a_linux_image_is_one_whatever_its_tag_says() {
    let named = settled("contoso/web:1-ltsc2019", &["linux"]);
    assert_eq!(named.image.os, Os::Linux);
    assert!(notes(&named)[0].contains("only a Linux image"));
}

#[test]
fn an_index_without_images_says_nothing_of_them() {
    let none = settled("contoso/web:1-ltsc2019", &[]);
    assert_eq!(none.image.os, Os::Windows);
    assert_eq!(on(&none, 17_763), "17763");
    assert_eq!(notes(&none), [""; 0]);
    let host = Host::windows(OsVersion::of_build(17_763));
    let judged = none.for_host(Catalog::builtin(), &host);
    assert_eq!(notes(&judged), ["its index has no image at all"]);
}
