//! `winfit catalog sync` against a real registry that mirrors the base images.

use std::fs;

use serde_json::{Value, json};
use winfit_registry::digest::Digest;

use crate::sandbox::Winfit;
use crate::schemas::check_document;
use crate::support::faulty::{Faulty, ok, status};
use crate::support::images::{Repository, windows_config};
use crate::support::registry::{Registry, free_port};

const OVERLAY: &str = "data/winfit/catalog/updates.tsv";

/// A base image under some tags.
fn push(repository: &Repository, tags: &[&str], os_version: &str, created: &str) {
    let mut config = windows_config(os_version);
    config["created"] = json!(created);
    for tag in tags {
        repository.image(Some(tag), true, &config);
    }
}

fn servercore(registry: &Registry) -> Repository {
    Repository::new(&registry.host(), "mcr/windows/servercore")
}

fn sync(winfit: &Winfit, registry: &Registry, more: &[&str]) -> crate::sandbox::Said {
    let prefix = format!("{}/mcr", registry.host());
    let mut arguments = vec![
        "catalog",
        "sync",
        "--registry",
        &prefix,
        "--repository",
        "windows/servercore",
    ];
    arguments.extend(more);
    winfit.run(&arguments)
}

#[test]
fn new_updates_are_learnt_and_used() {
    let registry = Registry::start();
    let repository = servercore(&registry);
    push(
        &repository,
        &[
            "ltsc2022",
            "ltsc2022-KB5999999",
            "10.0.20348.9999",
            "10.0.20348.9999-amd64",
        ],
        "10.0.20348.9999",
        "2026-11-08T01:02:03Z",
    );
    // Known, without a KB, of a build that nobody knows.
    push(
        &repository,
        &["10.0.17763.437"],
        "10.0.17763.437",
        "2019-04-03T00:00:00Z",
    );
    push(
        &repository,
        &["10.0.17763.9998"],
        "10.0.17763.9998",
        "2031-01-01T00:00:00Z",
    );
    push(&repository, &["10.0.27842.1000"], "10.0.27842.1000", "");
    let winfit = Winfit::new();
    let before = winfit.run(&["catalog", "show", "KB5999999"]);
    assert_ne!(before.exit, 0);
    let said = sync(&winfit, &registry, &[]);
    assert_eq!(said.exit, 0, "{}{}", said.text, said.errors);
    let words = said.words();
    assert!(
        words.starts_with("2 updates that the catalog did not know."),
        "{words}"
    );
    assert!(
        words.contains("Windows Server 2022 20348.9999 KB5999999 image of 2026-11-08"),
        "{words}"
    );
    // A day that is yet to come is none.
    assert!(
        words.contains("Windows Server 2019 17763.9998 no KB"),
        "{words}"
    );
    assert!(
        words.contains("10.0.27842.1000: no release that winfit knows has this build"),
        "{words}"
    );
    let file = fs::read_to_string(winfit.path().join(OVERLAY)).unwrap();
    assert_eq!(file.lines().count(), 4, "{file}");
    assert!(file.contains("sha256:"), "{file}");
    // Now it is known, both ways, and a floating tag stands for it.
    let shown = winfit.run(&["catalog", "show", "KB5999999"]);
    assert!(shown.text.contains("20348.9999"), "{}", shown.text);
    let listed = winfit.run(&["catalog", "updates", "registry"]);
    assert!(
        listed.words().contains("2 rows learnt from registries"),
        "{}",
        listed.text
    );
    let check = winfit.run(&[
        "check",
        "mcr.microsoft.com/windows/servercore:10.0.20348.1",
        "--host",
        "20348.1,server",
    ]);
    assert!(
        check.words().contains("KB5999999, 20348.9999"),
        "{}",
        check.text
    );
    // Runs that must depend on the program alone leave it out.
    let without = winfit.run(&["--no-overlay", "catalog", "show", "KB5999999"]);
    assert_ne!(without.exit, 0);
    let mut command = winfit.command(&["catalog", "show", "KB5999999"]);
    command.env("WINFIT_CATALOG_OVERLAY", "off");
    assert!(!command.output().unwrap().status.success());
    let refused = winfit.run(&["catalog", "sync", "--no-overlay"]);
    assert_eq!(refused.exit, 2, "{}", refused.errors);
    // A second time there is nothing to ask for.
    let again = sync(&winfit, &registry, &["--format", "json"]);
    let document: Value = serde_json::from_str(&again.text).unwrap();
    assert_eq!(document["learnt"], json!([]));
    assert_eq!(document["repositories"][0]["asked"], 0);
    assert_eq!(
        fs::read_to_string(winfit.path().join(OVERLAY)).unwrap(),
        file
    );
}

#[test]
fn tags_that_do_not_say_the_truth_are_shown_and_not_taken() {
    let registry = Registry::start();
    let repository = servercore(&registry);
    push(&repository, &["10.0.20348.9999"], "10.0.20348.1", "");
    push(&repository, &["10.0.17763.9999"], "", "");
    push(&repository, &["1809-KB5999998"], "10.0.20348.9990", "");
    // KB4493509 is one of 17763.
    push(&repository, &["ltsc2022-KB4493509"], "10.0.20348.9991", "");
    let winfit = Winfit::new();
    let said = sync(&winfit, &registry, &[]);
    let words = said.words();
    assert!(words.starts_with("Nothing new"), "{words}");
    for sentence in [
        "10.0.20348.9999: the tag says 10.0.20348.9999, the image inside is 10.0.20348.1",
        "10.0.17763.9999: the image inside states no version",
        "1809-KB5999998: the tag says 10.0.17763, the image inside is 10.0.20348.9990",
        "ltsc2022-KB4493509: KB4493509 is an update of 17763, not of 20348",
    ] {
        assert!(words.contains(sentence), "{sentence}\n{words}");
    }
    let file = fs::read_to_string(winfit.path().join(OVERLAY)).unwrap();
    assert_eq!(file.lines().count(), 1, "{file}");
    // They are told again, and not asked for again.
    let again = sync(&winfit, &registry, &["--format", "json"]);
    let document: Value = serde_json::from_str(&again.text).unwrap();
    assert_eq!(document["conflicts"].as_array().unwrap().len(), 4);
    check_document(&document);
    assert_eq!(document["repositories"][0]["asked"], 0);
}

#[test]
fn a_sync_goes_on_where_another_one_ended() {
    let registry = Registry::start();
    let repository = servercore(&registry);
    for revision in 9900..9920 {
        let version = format!("10.0.20348.{revision}");
        push(&repository, &[&version], &version, "2026-11-08T00:00:00Z");
    }
    let winfit = Winfit::new();
    // Broken off after the first few: what they told is in the overlay.
    let first = sync(&winfit, &registry, &[]);
    assert_eq!(first.exit, 0);
    let whole = fs::read_to_string(winfit.path().join(OVERLAY)).unwrap();
    let kept: Vec<&str> = whole.lines().take(9).collect();
    fs::write(winfit.path().join(OVERLAY), kept.join("\n") + "\n").unwrap();
    let said = sync(&winfit, &registry, &["--format", "json"]);
    let document: Value = serde_json::from_str(&said.text).unwrap();
    assert_eq!(document["repositories"][0]["asked"], 12);
    assert_eq!(document["learnt"].as_array().unwrap().len(), 12);
    check_document(&document);
    assert_eq!(
        fs::read_to_string(winfit.path().join(OVERLAY)).unwrap(),
        whole
    );
    assert_eq!(
        fs::read_dir(winfit.path().join("data/winfit/catalog"))
            .unwrap()
            .count(),
        3,
        "the overlay, what was refused, the lock"
    );
}

#[test]
fn hostile_rows_of_an_overlay_are_refused_and_the_rest_counts() {
    let winfit = Winfit::new();
    let file = winfit.path().join(OVERLAY);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let header = "build\trevision\tkb\tdate\tdate_basis\tkind\taudience\tconfidence\tsources\n";
    fs::write(
        &file,
        format!("{header}20348\t9999\tKB5999999\t2026-11-10\timage created\t\tserver\tregistry\ta\n99999\t1\t\t\tno date\tcontainer\tunknown\tregistry\ta\n20348\t9998\tKB4493509\t\tno date\t\tserver\tregistry\t\u{1b}]0;x\n"),
    )
    .unwrap();
    let said = winfit.run(&["catalog", "show", "KB5999999"]);
    assert_eq!(said.exit, 0, "{}", said.errors);
    assert!(
        said.error_words().contains("line 3: build"),
        "{}",
        said.errors
    );
    assert!(said.error_words().contains("line 4: "), "{}", said.errors);
    assert!(!said.errors.contains('\u{1b}'), "{:?}", said.errors);
    fs::write(&file, "x".repeat(2 * 1024 * 1024)).unwrap();
    let said = winfit.run(&["catalog", "show", "KB4493509"]);
    assert_eq!(said.exit, 0);
    assert!(
        said.error_words().contains("larger than 1024 KiB"),
        "{}",
        said.errors
    );
}

#[test]
fn a_registry_that_does_not_answer_is_told_once() {
    let winfit = Winfit::new();
    let host = format!("127.0.0.1:{}", free_port());
    let said = winfit.run(&["catalog", "sync", "--registry", &host, "--timeout", "5"]);
    assert_eq!(said.exit, 3, "{}", said.text);
    assert_eq!(
        said.errors.matches("cannot be reached").count(),
        1,
        "{}",
        said.errors
    );
    let said = winfit.run(&["catalog", "sync", "--registry", "contoso"]);
    assert_eq!(said.exit, 2);
    assert!(
        said.error_words().contains("names no host"),
        "{}",
        said.errors
    );
}

#[test]
fn a_mirror_need_not_have_all_repositories() {
    let registry = Registry::start();
    push(
        &servercore(&registry),
        &["ltsc2022-KB5999999"],
        "10.0.20348.9999",
        "2026-11-08T00:00:00Z",
    );
    let winfit = Winfit::new();
    let prefix = format!("{}/mcr", registry.host());
    let said = winfit.run(&["catalog", "sync", "--registry", &prefix]);
    assert_eq!(said.exit, 0, "{}{}", said.text, said.errors);
    let words = said.words();
    assert!(
        words.contains("1 repository with 1 tag, 1 image looked at"),
        "{words}"
    );
    assert!(words.contains("not there: "), "{words}");
    let none = winfit.run(&["catalog", "sync", "--registry", &registry.host()]);
    assert_eq!(none.exit, 3, "{}", none.text);
    assert!(
        none.error_words().contains("--registry HOST/PREFIX"),
        "{}",
        none.errors
    );
}

#[test]
fn what_could_not_be_read_says_nothing_against_its_tag() {
    let server = Faulty::start();
    let config = br#"{"os":"windows","architecture":"amd64","os.version":"10.0.20348.9100"}"#;
    let digest = Digest::of(config);
    let media_type = "application/vnd.docker.distribution.manifest.v2+json";
    let manifest = json!({
        "schemaVersion": 2, "mediaType": media_type,
        "config": {"digest": digest.as_str(), "size": config.len()}, "layers": [],
    });
    let place = "/v2/windows/servercore";
    let tags = json!({"name": "windows/servercore", "tags": ["10.0.20348.9100"]});
    server.on(
        &format!("{place}/tags/list"),
        [ok(tags.to_string().as_bytes())],
    );
    let path = format!("{place}/manifests/10.0.20348.9100");
    server.on(&path, [ok(manifest.to_string().as_bytes())]);
    let blob = format!("{place}/blobs/{digest}");
    server.on(&blob, [status(403, "")]);
    let winfit = Winfit::new();
    let sync = || {
        winfit.run(&[
            "catalog",
            "sync",
            "--registry",
            &server.host(),
            "--repository",
            "windows/servercore",
        ])
    };
    let said = sync();
    assert_eq!(said.exit, 3, "{}{}", said.text, said.errors);
    assert!(!said.text.contains("conflict"), "{}", said.text);
    // Once it can be read, it is.
    server.on(&blob, [ok(config)]);
    let said = sync();
    assert_eq!(said.exit, 0, "{}{}", said.text, said.errors);
    assert!(said.text.contains("20348.9100"), "{}", said.text);
}

#[test]
fn two_syncs_at_a_time_lose_nothing() {
    let registries = [Registry::start(), Registry::start()];
    let winfit = Winfit::new();
    for (registry, first) in registries.iter().zip([9900, 9950]) {
        let repository = servercore(registry);
        for revision in first..first + 6 {
            let version = format!("10.0.20348.{revision}");
            push(&repository, &[&version], &version, "2026-11-08T00:00:00Z");
        }
    }
    std::thread::scope(|scope| {
        let winfit = &winfit;
        for registry in &registries {
            scope.spawn(move || assert_eq!(sync(winfit, registry, &[]).exit, 0));
        }
    });
    let file = fs::read_to_string(winfit.path().join(OVERLAY)).unwrap();
    assert_eq!(file.lines().count(), 1 + 12, "{file}");
}
