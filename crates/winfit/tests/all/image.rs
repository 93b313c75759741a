//! `winfit image` against a real registry, and skopeo as the witness that registries say what winfit
//! says of them. Where the nearest tools fail has a test of its own.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::images::{Pushed, Repository, platform, windows_config};
use crate::support::registry::{AUTH, Registry};

const PRETTYJWS: &str = "application/vnd.docker.distribution.manifest.v1+prettyjws";

/// A registry of a test's own, and commands that ask it.
pub(crate) struct Shop {
    registry: Registry,
    folder: TempDir,
}

impl Shop {
    pub(crate) fn open() -> Self {
        Self {
            registry: Registry::start(),
            folder: TempDir::new().unwrap(),
        }
    }

    pub(crate) fn repository(&self, name: &str) -> Repository {
        Repository::new(&self.registry.host(), name)
    }

    /// An image of it, as references name it.
    pub(crate) fn named(&self, image: &str) -> String {
        format!("{}/{image}", self.registry.host())
    }

    /// An index over Windows images, each by the version in the index and that in the config.
    pub(crate) fn index(&self, image: &str, children: &[(&str, &str)]) -> Vec<Pushed> {
        let (name, tag) = image.split_once(':').unwrap();
        let repository = self.repository(name);
        let pushed: Vec<Pushed> = children
            .iter()
            .map(|(_, config)| repository.windows(None, config))
            .collect();
        let listed: Vec<_> = pushed
            .iter()
            .zip(children)
            .map(|(child, (index, _))| {
                let version = (!index.is_empty()).then_some(*index);
                (child, Some(platform("windows", "amd64", version)))
            })
            .collect();
        repository.index(tag, true, &listed);
        pushed
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_winfit"));
        command
            .args(arguments)
            .env("XDG_CACHE_HOME", self.folder.path())
            .env("SOURCE_DATE_EPOCH", "1795305600")
            .current_dir(self.folder.path());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn with_input(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        child.wait_with_output().unwrap()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--format=json"]].concat());
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {}", text(&output.stderr)))
    }

    /// `os_version os_version_from` of each child.
    fn versions(&self, image: &str) -> Vec<String> {
        let found = self.json(&["image", "inspect", &self.named(image)]);
        let children = found["images"][0]["children"].as_array().unwrap();
        children
            .iter()
            .map(|child| {
                let version = child["os_version"].as_str().unwrap_or("-");
                format!("{version} {}", child["os_version_from"].as_str().unwrap())
            })
            .collect()
    }

    /// What an engine pulls on a host.
    fn picked(&self, image: &str, host: &str, engine: &str) -> Value {
        let (host, engine) = (format!("--host={host}"), format!("--engine={engine}"));
        self.json(&["image", "pick", &self.named(image), &host, &engine])["picks"][0].clone()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs skopeo, which has to succeed.
fn skopeo(arguments: &[&str]) -> String {
    let output = Command::new("skopeo")
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("skopeo (Debian: apt-get install skopeo): {error}"));
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        text(&output.stderr)
    );
    text(&output.stdout)
}

fn raw(reference: &str) -> Value {
    let name = format!("docker://{reference}");
    serde_json::from_str(&skopeo(&["inspect", "--tls-verify=false", "--raw", &name])).unwrap()
}

#[test]
fn what_winfit_reads_is_what_skopeo_reads() {
    let shop = Shop::open();
    let versions = ["10.0.17763.5576", "10.0.20348.2340", "10.0.26100.2894"];
    let children = shop.index("shop/web:1", &versions.map(|version| ("", version)));
    let image = shop.named("shop/web:1");
    let found = shop.json(&["image", "inspect", &image]);
    let listed = raw(&image);
    let ours = found["images"][0]["children"].as_array().unwrap();
    for (at, child) in children.iter().enumerate() {
        assert_eq!(ours[at]["digest"], child.digest.as_str());
        assert_eq!(ours[at]["digest"], listed["manifests"][at]["digest"]);
        assert_eq!(ours[at]["size"], listed["manifests"][at]["size"]);
        let name = format!("docker://{}@{}", shop.named("shop/web"), child.digest);
        let config = skopeo(&["inspect", "--tls-verify=false", "--config", "--raw", &name]);
        let config: Value = serde_json::from_str(&config).unwrap();
        assert_eq!(ours[at]["os_version"], config["os.version"]);
        assert_eq!(ours[at]["os_version"], versions[at]);
    }
}

#[test]
fn an_index_that_skopeo_copied_is_read_as_the_one_that_was_pushed() {
    let shop = Shop::open();
    shop.index(
        "shop/web:1",
        &[("10.0.20348.1", "10.0.20348.2340"), ("", "")],
    );
    let (from, to) = (shop.named("shop/web:1"), shop.named("other/web:2"));
    skopeo(&[
        "copy",
        "--all",
        "--preserve-digests",
        "--src-tls-verify=false",
        "--dest-tls-verify=false",
        &format!("docker://{from}"),
        &format!("docker://{to}"),
    ]);
    assert_eq!(shop.versions("other/web:2"), shop.versions("shop/web:1"));
    assert_eq!(
        shop.versions("other/web:2"),
        ["10.0.20348.2340 conflict", "- none"]
    );
}

/// List of regressions, 1: a multi-architecture operator fell over such an entry.
#[test]
fn an_index_entry_without_platform() {
    let shop = Shop::open();
    let repository = shop.repository("shop/web");
    let child = repository.windows(None, "10.0.20348.2340");
    repository.index("1", false, &[(&child, None)]);
    assert_eq!(shop.versions("shop/web:1"), ["10.0.20348.2340 config"]);
    let found = shop.json(&["image", "inspect", &shop.named("shop/web:1")]);
    let child = &found["images"][0]["children"][0];
    assert_eq!(
        (&child["os"], &child["architecture"]),
        (&json!("windows"), &json!("amd64"))
    );
    let output = shop.run(&["image", "lint", &shop.named("shop/web:1")]);
    assert!(text(&output.stdout).contains("[index-child-without-os]"));
    let pick = |engine| shop.picked("shop/web:1", "ltsc2022", engine)["taken"].clone();
    assert_eq!(pick("containerd@2.3.1"), "child");
    assert_eq!(pick("docker@29.6.2"), "nothing");
}

#[test]
fn a_child_that_was_deleted_is_found_whatever_the_cache_knows() {
    let shop = Shop::open();
    let children = shop.index(
        "shop/web:1",
        &[
            ("10.0.17763.5576", "10.0.17763.5576"),
            ("10.0.20348.2340", "10.0.20348.2340"),
        ],
    );
    let image = shop.named("shop/web:1");
    let lint = |more: &[&str]| {
        let output = shop.run(&[&["image", "lint", &image], more].concat());
        text(&output.stdout)
    };
    assert!(
        !lint(&[]).contains("[index-child-missing]"),
        "{}",
        lint(&[])
    );
    shop.repository("shop/web").delete(&children[0].digest);
    // What inspect shows is what the digest means.
    assert_eq!(shop.versions("shop/web:1").len(), 2);
    let found = lint(&[]);
    assert!(found.contains("[index-child-missing]"), "{found}");
    // Who asks nobody learns nothing of it.
    assert!(!lint(&["--offline"]).contains("[index-child-missing]"));
    shop.repository("shop/web").delete(&children[1].digest);
    assert_eq!(lint(&[]).matches("[index-child-missing]").count(), 2);
}

#[test]
fn what_is_not_there_does_not_run() {
    let shop = Shop::open();
    let lost = shop.index("shop/web:1", &[("10.0.17763.5576", "10.0.17763.5576")]);
    shop.repository("shop/web").delete(&lost[0].digest);
    let image = shop.named("shop/web:1");
    let pick = [
        "image",
        "pick",
        &image,
        "--host=ltsc2019",
        "--engine=docker@29.6.2",
    ];
    let output = shop.run(&pick);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stdout)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    assert!(
        said.contains("the registry does not have it, and the pull fails"),
        "{said}"
    );
    let checked = shop.run(&["check", &image, "--host=ltsc2019", "--online"]);
    assert_eq!(checked.status.code(), Some(1));
    let said = text(&checked.stdout);
    assert!(said.contains("its registry knows no such tag"), "{said}");
    assert!(!said.contains("To settle it"), "{said}");
}

#[test]
fn one_repositorys_loss_is_not_anothers() {
    let shop = Shop::open();
    let children = [("10.0.17763.5576", "10.0.17763.5576")];
    let lost = shop.index("aaa/one:1", &children);
    shop.index("zzz/two:1", &children);
    shop.repository("aaa/one").delete(&lost[0].digest);
    let (one, two) = (shop.named("aaa/one:1"), shop.named("zzz/two:1"));
    for images in [[&one, &two], [&two, &one]] {
        let output = shop.run(&["image", "lint", images[0], images[1]]);
        let found = text(&output.stdout);
        assert_eq!(found.matches("[index-child-missing]").count(), 1, "{found}");
        let output = shop.run(&["image", "inspect", images[0], images[1], "--format=json"]);
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        let images = found["images"].as_array().unwrap();
        let healthy = images
            .iter()
            .find(|image| image["reference"] == two.as_str());
        let child = &healthy.unwrap()["children"][0];
        assert_eq!(
            (&child["error"], &child["os_version_from"]),
            (&Value::Null, &json!("both"))
        );
    }
}

#[test]
fn what_was_assembled_is_what_is_shown_next() {
    let shop = Shop::open();
    let versions = ["10.0.20348.2340", "10.0.26100.2894"];
    shop.index("shop/web:1", &versions.map(|version| (version, version)));
    let image = shop.named("shop/web:1");
    // Read before, so that the cache has an opinion.
    assert_eq!(shop.versions("shop/web:1").len(), 2);
    let done = shop.json(&["image", "assemble", &image, "--apply"]);
    let found = shop.json(&["image", "inspect", &image]);
    assert_eq!(found["images"][0]["digest"], done["image"]["digest"]);
    assert_eq!(
        shop.versions("shop/web:1"),
        ["10.0.26100.2894 both", "10.0.20348.2340 both"]
    );
}

#[test]
fn what_the_config_says_is_what_an_image_is() {
    let shop = Shop::open();
    let repository = shop.repository("shop/web");
    let config = json!({"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": []}});
    let linux = repository.image(None, true, &config);
    let mut arm = windows_config("10.0.20348.2340");
    arm["architecture"] = json!("arm64");
    let arm = repository.image(None, true, &arm);
    let listed = || Some(platform("windows", "amd64", Some("10.0.20348.2340")));
    repository.index("linux", true, &[(&linux, listed())]);
    repository.index("arm", true, &[(&arm, listed())]);
    for (tag, said) in [
        (
            "linux",
            "the index says windows, the image's config says linux",
        ),
        ("arm", "the index says amd64, the image's config says arm64"),
    ] {
        let image = shop.named(&format!("shop/web:{tag}"));
        let output = shop.run(&["image", "lint", &image]);
        let found = text(&output.stdout)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        assert!(found.contains("[index-version-conflict]"), "{found}");
        assert!(found.contains(said), "{found}");
        let checked = shop.run(&["check", &image, "--host=ltsc2022,arch=amd64", "--online"]);
        assert_eq!(checked.status.code(), Some(1), "{}", text(&checked.stdout));
    }
}

#[test]
fn a_file_of_hosts_that_cannot_be_read_is_told() {
    let shop = Shop::open();
    shop.repository("shop/web")
        .windows(Some("1"), "10.0.20348.2340");
    let image = shop.named("shop/web:1");
    for (config, said) in [
        ("garbage = [", "winfit.toml"),
        ("hosts = [\"21H2\"]\n", "winfit.toml:1:10"),
    ] {
        fs::write(shop.folder.path().join("winfit.toml"), config).unwrap();
        let output = shop.run(&["image", "lint", &image]);
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
        assert!(
            text(&output.stderr).contains(said),
            "{}",
            text(&output.stderr)
        );
    }
}

/// List of regressions, 2.
#[test]
fn attestation_children_are_set_aside() {
    let shop = Shop::open();
    let repository = shop.repository("shop/web");
    let child = repository.windows(None, "10.0.20348.2340");
    let proof = repository.image(
        None,
        false,
        &json!({"os": "unknown", "architecture": "unknown"}),
    );
    let windows = platform("windows", "amd64", Some("10.0.20348.2340"));
    let unknown = platform("unknown", "unknown", None);
    repository.index(
        "1",
        false,
        &[(&child, Some(windows)), (&proof, Some(unknown))],
    );
    let image = shop.named("shop/web:1");
    let found = shop.json(&["image", "inspect", &image]);
    assert_eq!(found["images"][0]["children"][1]["attestation"], true);
    let shown = text(&shop.run(&["image", "inspect", &image]).stdout);
    assert!(shown.contains("1 attestation set aside"), "{shown}");
    let linted = shop.run(&["image", "lint", &image, "--host=ltsc2022"]);
    assert_eq!(linted.status.code(), Some(0), "{}", text(&linted.stdout));
}

/// List of regressions, 3.
#[test]
fn an_index_of_three_windows_and_several_linux() {
    let shop = Shop::open();
    let repository = shop.repository("shop/web");
    let versions = ["10.0.26100.32860", "10.0.20348.2340", "10.0.17763.5576"];
    let windows = versions.map(|version| repository.windows(None, version));
    let linux = ["amd64", "arm64", "arm"].map(|architecture| {
        let config = json!({"os": "linux", "architecture": architecture, "rootfs": {"type": "layers", "diff_ids": []}});
        (repository.image(None, false, &config), architecture)
    });
    let mut entries: Vec<(&Pushed, Option<Value>)> = linux
        .iter()
        .map(|(child, architecture)| (child, Some(platform("linux", architecture, None))))
        .collect();
    entries.extend(
        windows
            .iter()
            .zip(versions)
            .map(|(child, version)| (child, Some(platform("windows", "amd64", Some(version))))),
    );
    repository.index("1", false, &entries);
    let image = shop.named("shop/web:1");
    for (host, version) in [
        ("ltsc2019", versions[2]),
        ("ltsc2022", versions[1]),
        ("ltsc2025", versions[0]),
    ] {
        for engine in ["containerd@1.6.36", "containerd@2.3.1", "docker@29.6.2"] {
            let pick = shop.picked("shop/web:1", host, engine);
            assert_eq!(pick["os_version"], version, "{host} {engine}");
        }
    }
    let hosts = ["--host=ltsc2019", "--host=ltsc2022", "--host=ltsc2025"];
    let linted = shop.run(&[&["image", "lint", &image], &hosts[..]].concat());
    assert_eq!(linted.status.code(), Some(0), "{}", text(&linted.stdout));
}

/// List of regressions, 4 and 5.
#[test]
fn a_windows_child_without_os_version() {
    let shop = Shop::open();
    shop.index("shop/web:config", &[("", "10.0.17763.5576")]);
    shop.index("shop/web:neither", &[("", "")]);
    assert_eq!(shop.versions("shop/web:config"), ["10.0.17763.5576 config"]);
    assert_eq!(shop.versions("shop/web:neither"), ["- none"]);
    // Every Windows gets it, and where it does not start that is said.
    let pick = shop.picked("shop/web:config", "ltsc2016", "containerd@2.3.1");
    assert_eq!(
        (&pick["taken"], &pick["starts"]),
        (&json!("child"), &json!("no"))
    );
    let pick = |engine| shop.picked("shop/web:neither", "ltsc2022", engine);
    assert_eq!(pick("containerd@1.6.22")["taken"], "nothing");
    assert_eq!(pick("containerd@1.6.23")["taken"], "child");
    assert_eq!(pick("containerd@1.6.23")["starts"], "unknown");
}

/// List of regressions, 6 and 7: the digest counts, and is not read as `latest`.
#[test]
fn references_by_tag_and_digest() {
    let shop = Shop::open();
    let repository = shop.repository("shop/web");
    let old = repository.windows(Some("1"), "10.0.17763.5576");
    repository.windows(Some("1"), "10.0.20348.2340");
    repository.windows(Some("latest"), "10.0.26100.2894");
    let digest = &old.digest;
    for name in [format!("shop/web:1@{digest}"), format!("shop/web@{digest}")] {
        assert_eq!(shop.versions(&name), ["10.0.17763.5576 config"], "{name}");
    }
    assert_eq!(shop.versions("shop/web:1"), ["10.0.20348.2340 config"]);
    // A digest of another algorithm is one too; this registry has none by it.
    let other = format!("{}@sha512:{}", shop.named("shop/web"), "0".repeat(128));
    let output = shop.run(&["image", "inspect", &other]);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("sha512:0000"));
}

/// List of regressions, 18: 20348 on 26200 under the generations.
#[test]
fn windows_11_25h2_and_the_server_2022_image() {
    let shop = Shop::open();
    shop.index("shop/web:1", &[("10.0.20348.2340", "10.0.20348.2340")]);
    for (engine, taken) in [
        ("containerd@2.1.4", "child"),
        ("containerd@2.3.4", "nothing"),
        ("containerd@main", "child"),
        ("docker@29.6.2", "child"),
        ("docker@29.6.2+containerd", "nothing"),
    ] {
        let pick = shop.picked("shop/web:1", "win11-25h2", engine);
        assert_eq!(pick["taken"], taken, "{engine}");
        let passed = pick["passed_over"]["os_version"].as_str();
        assert_eq!(passed.is_some(), taken == "nothing", "{engine}");
    }
}

/// List of regressions, 19: containerd#11366, and revisions compared as text.
#[test]
fn index_order_and_text_order() {
    let shop = Shop::open();
    let pair = |version| (version, version);
    shop.index(
        "shop/web:1",
        &[pair("10.0.20348.3091"), pair("10.0.26100.2894")],
    );
    let pick = shop.picked("shop/web:1", "ltsc2025", "containerd@2.3.1");
    assert_eq!(pick["os_version"], "10.0.20348.3091");
    assert_eq!(pick["passed_over"]["os_version"], "10.0.26100.2894");
    shop.index(
        "shop/web:2",
        &[pair("10.0.26100.2894"), pair("10.0.26100.999")],
    );
    let pick = |engine| shop.picked("shop/web:2", "ltsc2025", engine)["os_version"].clone();
    assert_eq!(pick("containerd@2.3.1+client"), "10.0.26100.999");
    assert_eq!(pick("containerd@2.3.1"), "10.0.26100.2894");
    assert_eq!(pick("containerd@1.6.36"), "10.0.26100.2894");
}

#[test]
fn single_manifests_are_read_and_not_checked_by_containerd() {
    let shop = Shop::open();
    shop.repository("shop/web")
        .windows(Some("1"), "10.0.26100.2894");
    let found = shop.json(&["image", "inspect", &shop.named("shop/web:1")]);
    assert_eq!(found["images"][0]["is_index"], false);
    let pick = shop.picked("shop/web:1", "ltsc2019", "containerd@2.3.1");
    assert_eq!(
        (&pick["taken"], &pick["starts"]),
        (&json!("single-manifest"), &json!("no"))
    );
    assert_eq!(
        shop.picked("shop/web:1", "ltsc2019", "docker@29.6.2")["taken"],
        "nothing"
    );
}

#[test]
fn what_cannot_be_read_is_told_and_the_rest_goes_on() {
    let shop = Shop::open();
    shop.repository("shop/web")
        .windows(Some("1"), "10.0.20348.2340");
    let list = format!(
        "# ours\n\n{}\n{}  # gone\n",
        shop.named("shop/web:1"),
        shop.named("shop/web:2")
    );
    let output = shop.with_input(&["image", "inspect", "-", "--format=json"], &list);
    assert_eq!(output.status.code(), Some(1));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["images"].as_array().unwrap().len(), 1);
    assert_eq!(found["errors"][0]["reference"], shop.named("shop/web:2"));
    // Nothing of a terminal's progress in a pipe.
    assert!(!text(&output.stderr).contains('\r'));
    let none = shop.run(&["image", "inspect", &shop.named("shop/web:2")]);
    assert_eq!(none.status.code(), Some(3));
    // A line that is no image costs that line.
    let list = format!("Shop/Web:1\n{}\n", shop.named("shop/web:1"));
    let wrong = shop.with_input(&["image", "inspect", "-", "--format=json"], &list);
    assert_eq!(wrong.status.code(), Some(1));
    let found: Value = serde_json::from_slice(&wrong.stdout).unwrap();
    assert_eq!(found["images"].as_array().unwrap().len(), 1);
    assert_eq!(found["errors"][0]["reference"], "Shop/Web:1");
    let said = text(&wrong.stderr);
    assert!(
        said.contains("standard input, line 1: \"Shop/Web:1\" is no image reference: at"),
        "{said}"
    );
}

/// No registry stores one today: something that sends it stands in for one of old.
#[test]
fn schema_1_is_refused_with_its_reason() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = BufReader::new(stream.try_clone().unwrap()).lines();
            while request
                .next()
                .is_some_and(|line| !line.unwrap_or_default().is_empty())
            {}
            let body = r#"{"schemaVersion": 1, "name": "shop/old", "tag": "1", "fsLayers": []}"#;
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: {PRETTYJWS}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(format!("{head}{body}").as_bytes());
        }
    });
    let shop = Shop::open();
    let output = shop.run(&["image", "inspect", &format!("{host}/shop/old:1")]);
    assert_eq!(output.status.code(), Some(3));
    let said = text(&output.stderr);
    assert!(said.contains("schema 1"), "{said}");
}

#[test]
fn an_index_is_assembled_over_repositories_and_skopeo_reads_it() {
    let shop = Shop::open();
    let old = shop
        .repository("shop/web")
        .windows(Some("1-ltsc2019"), "10.0.17763.5576");
    let new = shop
        .repository("shop/builds")
        .windows(Some("1-ltsc2025"), "10.0.26100.2894");
    let web = shop.named("shop/web:1");
    let from = [
        shop.named("shop/web:1-ltsc2019"),
        shop.named("shop/builds:1-ltsc2025"),
    ];
    let arguments = [
        "image", "assemble", &web, "--from", &from[0], "--from", &from[1],
    ];
    let plan = shop.json(&arguments);
    assert_eq!(plan["applied"], false);
    assert_eq!(plan["copies"][0]["digest"], new.digest.as_str());
    assert_eq!(
        shop.run(&["image", "inspect", &web]).status.code(),
        Some(3),
        "nothing is written without --apply"
    );
    let done = shop.json(&[&arguments[..], &["--apply"]].concat());
    assert_eq!(done["applied"], true);
    assert_eq!(done["image"]["digest"], plan["image"]["digest"]);
    let read = raw(&web);
    assert_eq!(read, plan["index"]);
    let digests: Vec<&str> = read["manifests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["digest"].as_str().unwrap())
        .collect();
    assert_eq!(digests, [new.digest.as_str(), old.digest.as_str()]);
    assert_eq!(
        read["manifests"][0]["platform"]["os.version"],
        "10.0.26100.2894"
    );
    // The copied child is whole: skopeo takes it out of the new repository, blobs and all.
    let child = format!("docker://{}@{}", shop.named("shop/web"), new.digest);
    let folder = format!("dir:{}", shop.folder.path().join("copy").display());
    skopeo(&["copy", "--src-tls-verify=false", &child, &folder]);
    assert_eq!(
        shop.versions("shop/web:1"),
        ["10.0.26100.2894 both", "10.0.17763.5576 both"]
    );
}

#[test]
fn an_index_is_pushed_with_the_login_that_docker_has() {
    let shop = Shop {
        registry: Registry::guarded(),
        folder: TempDir::new().unwrap(),
    };
    for (name, tag, version) in [
        ("shop/web", "1-ltsc2019", "10.0.17763.5576"),
        ("shop/builds", "1-ltsc2025", "10.0.26100.2894"),
    ] {
        let repository = shop.repository(name).known_as("captain", "quiet harbour");
        repository.windows(Some(tag), version);
    }
    let (web, old, new) = (
        shop.named("shop/web:1"),
        shop.named("shop/web:1-ltsc2019"),
        shop.named("shop/builds:1-ltsc2025"),
    );
    let assemble = |auth: &str| {
        let docker = shop.folder.path().join("docker");
        fs::create_dir_all(&docker).unwrap();
        let logins = json!({"auths": {shop.registry.host(): {"auth": auth}}});
        fs::write(docker.join("config.json"), logins.to_string()).unwrap();
        shop.command(&[
            "image", "assemble", &web, "--from", &old, "--from", &new, "--apply",
        ])
        .env("DOCKER_CONFIG", docker)
        .output()
        .unwrap()
    };
    // `captain:wrong`
    let refused = assemble("Y2FwdGFpbjp3cm9uZw==");
    assert_eq!(refused.status.code(), Some(3));
    let said = text(&refused.stderr);
    let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("refuses the login of"), "{words}");
    assert!(
        words.contains(&format!("docker login {}", shop.registry.host())),
        "{words}"
    );
    assert!(!words.contains("wrong"), "{words}");
    let output = assemble(AUTH);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let all = format!("{}{}", text(&output.stdout), text(&output.stderr));
    assert!(!all.contains("harbour") && !all.contains(AUTH), "{all}");
    // It is whole: what was in the other repository is in this one.
    let copy = format!("dir:{}", shop.folder.path().join("copy").display());
    skopeo(&[
        "copy",
        "--src-tls-verify=false",
        "--src-creds=captain:quiet harbour",
        "--override-os=windows",
        "--override-arch=amd64",
        &format!("docker://{web}"),
        &copy,
    ]);
}

#[test]
fn an_index_written_anew_states_what_the_configs_state() {
    let shop = Shop::open();
    let repository = shop.repository("shop/web");
    let mut config = windows_config("10.0.20348.2340");
    config["os.features"] = json!(["win32k"]);
    let children = [
        repository.image(None, true, &config),
        repository.windows(None, "10.0.26100.32860"),
    ];
    let bare = platform("windows", "amd64", None);
    let listed: Vec<_> = children
        .iter()
        .map(|child| (child, Some(bare.clone())))
        .collect();
    repository.index("1", true, &listed);
    let image = shop.named("shop/web:1");
    assert_eq!(shop.run(&["image", "lint", &image]).status.code(), Some(1));
    let output = shop.run(&["image", "assemble", &image, "--apply"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let entries = raw(&image)["manifests"].clone();
    assert_eq!(entries[0]["platform"]["os.version"], "10.0.26100.32860");
    assert_eq!(entries[1]["platform"]["os.features"], json!(["win32k"]));
}

#[test]
fn an_index_that_is_written_states_true_sizes() {
    let shop = Shop::open();
    let repository = shop.repository("shop/web");
    let child = repository.windows(None, "10.0.20348.2340");
    let entry = json!({
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "digest": child.digest.as_str(), "size": 1,
        "platform": {"os": "windows", "architecture": "amd64"},
    });
    let list = "application/vnd.docker.distribution.manifest.list.v2+json";
    let index = json!({"schemaVersion": 2, "mediaType": list, "manifests": [entry]});
    repository.manifest(Some("1"), list, &index);
    let image = shop.named("shop/web:1");
    shop.json(&["image", "assemble", &image, "--apply"]);
    let written = &raw(&image)["manifests"][0];
    assert!(written["size"].as_u64().unwrap() > 100, "{written}");
    assert_eq!(written["platform"]["os.version"], "10.0.20348.2340");
}

#[test]
fn what_is_said_of_many_images_is_said_once() {
    let shop = Shop::open();
    let nowhere = format!("127.0.0.1:{}", crate::support::registry::free_port());
    let list = format!("{nowhere}/a:1\n{nowhere}/b:1\n{nowhere}/c:1\n");
    let output = shop.with_input(&["image", "inspect", "-"], &list);
    assert_eq!(output.status.code(), Some(3));
    let said = text(&output.stderr)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    assert_eq!(said.matches("cannot be reached").count(), 1, "{said}");
    assert!(
        said.ends_with(&format!("(said of 3 images, {nowhere}/a:1 the first)")),
        "{said}"
    );
}

#[test]
fn images_of_another_registry_are_refused_with_the_command_that_copies_them() {
    let (shop, other) = (Shop::open(), Shop::open());
    other
        .repository("shop/web")
        .windows(Some("1-ltsc2019"), "10.0.17763.5576");
    let (web, from) = (shop.named("shop/web:1"), other.named("shop/web:1-ltsc2019"));
    let refused = shop.run(&["image", "assemble", &web, "--from", &from]);
    assert_eq!(refused.status.code(), Some(2));
    let said = text(&refused.stderr);
    let (_, rest) = said.split_once("skopeo ").unwrap();
    let (command, _) = rest.split_once("then").unwrap();
    let words = command.split_whitespace();
    let command: Vec<&str> = words.filter(|word| *word != "\\").collect();
    let plain = ["--src-tls-verify=false", "--dest-tls-verify=false"];
    skopeo(&[&command[..1], &plain[..], &command[1..]].concat());
    let copied = said.rsplit("--from").next().unwrap().trim();
    let output = shop.run(&["image", "assemble", &web, "--from", copied, "--apply"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(shop.versions("shop/web:1"), ["10.0.17763.5576 both"]);
}

#[test]
fn hostile_text_of_a_registry_drives_no_terminal() {
    let shop = Shop::open();
    let hostile = "10.0.20348.1\u{1b}]0;owned\u{7}\u{202e}";
    shop.index(
        "shop/web:1",
        &[(hostile, hostile), ("10.0.20348.2340", hostile)],
    );
    let image = shop.named("shop/web:1");
    for arguments in [
        &["image", "inspect", &image][..],
        &["image", "inspect", &image, "--format=markdown"],
        &["image", "inspect", &image, "--format=json"],
        &["image", "pick", &image, "--host=ltsc2022"],
        &["image", "lint", &image],
        &["image", "lint", &image, "--format=github"],
        &["image", "assemble", &image],
        &["image", "assemble", &image, "--format=json"],
    ] {
        let output = shop.run(arguments);
        for stream in [&output.stdout, &output.stderr] {
            let shown = text(stream);
            let bad = shown.contains(['\u{1b}', '\u{7}', '\u{202e}']);
            assert!(!bad, "{arguments:?}: {shown:?}");
        }
        assert_ne!(output.status.code(), Some(101));
    }
}

#[test]
fn the_hosts_of_winfit_toml_count_where_none_is_given() {
    let shop = Shop::open();
    shop.index("shop/web:1", &[("10.0.20348.2340", "10.0.20348.2340")]);
    let config = "[[hosts]]\nname = \"win-a\"\nhost = \"ltsc2019\"\n";
    std::fs::write(shop.folder.path().join("winfit.toml"), config).unwrap();
    let image = shop.named("shop/web:1");
    let output = shop.run(&["image", "lint", &image]);
    let shown = text(&output.stdout);
    assert!(
        shown.contains("win-a (Windows Server 2019, 17763)"),
        "{shown}"
    );
    assert!(shown.contains("against 1 host (winfit.toml)"), "{shown}");
    let output = shop.run(&["image", "lint", &image, "--host=ltsc2022"]);
    assert_eq!(output.status.code(), Some(0));
    // An image for Linux alone is not meant for them, unless it is said to be.
    let config = json!({"os": "linux", "architecture": "amd64"});
    shop.repository("shop/db").image(Some("1"), false, &config);
    let linux = shop.named("shop/db:1");
    assert_eq!(shop.run(&["image", "lint", &linux]).status.code(), Some(0));
    let output = shop.run(&["image", "lint", &linux, "--host=ltsc2022"]);
    assert!(text(&output.stdout).contains("there is no Windows image in it"));
}

/// util-linux's `script` gives the command a terminal.
#[cfg(target_os = "linux")]
#[test]
fn a_terminal_sees_how_far_a_list_is_and_nothing_of_it_afterwards() {
    let shop = Shop::open();
    let mut list = String::new();
    for tag in ["1", "2", "3", "4", "5"] {
        let image = format!("shop/web:{tag}");
        shop.repository("shop/web")
            .windows(Some(tag), "10.0.20348.2340");
        list.push_str(&format!("{}\n", shop.named(&image)));
    }
    std::fs::write(shop.folder.path().join("list"), list).unwrap();
    let winfit = env!("CARGO_BIN_EXE_winfit");
    let output = Command::new("script")
        .args([
            "-qec",
            &format!("{winfit} image inspect - < list > /dev/null"),
            "/dev/null",
        ])
        .env("XDG_CACHE_HOME", shop.folder.path())
        .current_dir(shop.folder.path())
        .output()
        .unwrap();
    let shown = text(&output.stdout);
    assert!(shown.contains(" of 5 images read"), "{shown:?}");
    assert!(shown.ends_with("\r\u{1b}[K"), "{shown:?}");
}
