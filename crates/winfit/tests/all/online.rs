//! `--online`: what a registry says goes before what a name says.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::sandbox::Winfit;
use crate::schemas::check_document;
use crate::support::images::{Repository, platform};
use crate::support::registry::{Registry, free_port};

/// An index of three builds whose entries state no version, as older tools make them.
fn silent_index(repository: &Repository, tag: &str) {
    let children = ["10.0.17763.5576", "10.0.20348.2340", "10.0.26100.2894"]
        .map(|version| repository.windows(None, version));
    let entry = || Some(platform("windows", "amd64", None));
    repository.index(
        tag,
        true,
        &children.each_ref().map(|child| (child, entry())),
    );
}

#[test]
fn an_index_without_versions_is_settled_by_the_configs() {
    let registry = Registry::start();
    let web = Repository::new(&registry.host(), "shop/web");
    silent_index(&web, "1");
    let image = format!("{}/shop/web:1", registry.host());
    let winfit = Winfit::new();
    let by_name = winfit.run(&["check", &image, "--host", "ltsc2022"]);
    assert_eq!(by_name.exit, 1, "{}", by_name.text);
    let said = winfit.run(&["check", &image, "--host", "ltsc2022", "--online", "-v"]);
    assert_eq!(said.exit, 0, "{}{}", said.text, said.errors);
    let words = said.words();
    assert!(
        words.contains("10.0.20348.2340 from its registry"),
        "{words}"
    );
    assert!(words.contains("its index has 3 Windows images (10.0.17763.5576, 10.0.20348.2340, 10.0.26100.2894): 10.0.20348.2340 has the host's own build"), "{words}");
    assert!(words.contains("digest sha256:"), "{words}");
    // A host of another build takes another one.
    let said = winfit.run(&[
        "check",
        &image,
        "--host",
        "20349,server",
        "--host",
        "ltsc2019",
        "--online",
        "--format",
        "json",
    ]);
    let document: Value = serde_json::from_str(&said.text).unwrap();
    check_document(&document);
    let versions: Vec<&Value> = document["verdicts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|verdict| &verdict["image"]["os_version"])
        .collect();
    assert_eq!(
        versions,
        [&json!("10.0.20348.2340"), &json!("10.0.17763.5576")]
    );
    assert_eq!(
        document["verdicts"][0]["image"]["stated_by"],
        "from its registry"
    );
    assert!(
        document["verdicts"][0]["image"]["digest"]
            .as_str()
            .unwrap()
            .starts_with("sha256:")
    );
    assert_eq!(
        document["verdicts"][0]["image"]["inferred_revision"],
        Value::Null
    );
}

#[test]
fn a_named_engine_decides_which_child_is_judged() {
    let registry = Registry::start();
    let web = Repository::new(&registry.host(), "shop/web");
    let of = |version: &str| {
        let entry = platform("windows", "amd64", Some(version));
        (web.windows(None, version), Some(entry))
    };
    let (old, new) = (of("10.0.20348.3091"), of("10.0.26100.2894"));
    web.index(
        "1",
        false,
        &[(&old.0, old.1.clone()), (&new.0, new.1.clone())],
    );
    let image = format!("{}/shop/web:1", registry.host());
    let winfit = Winfit::new();
    let check = |engine: &str| {
        winfit
            .run(&[
                "check", &image, "--host", "ltsc2025", "--engine", engine, "--online",
            ])
            .words()
    };
    let first = check("containerd@2.1.4");
    assert!(
        first.contains("10.0.20348.3091 from its registry"),
        "{first}"
    );
    assert!(
        first.contains("this engine takes 10.0.20348.3091, the first that fits"),
        "{first}"
    );
    let own = check("docker@29.6.2");
    assert!(own.contains("10.0.26100.2894 from its registry"), "{own}");
}

#[test]
fn tag_and_index_and_config_that_differ_are_told() {
    let registry = Registry::start();
    let web = Repository::new(&registry.host(), "shop/web");
    let child = web.windows(None, "10.0.20348.2340");
    web.index(
        "4.8-windowsservercore-ltsc2019",
        true,
        &[(
            &child,
            Some(platform("windows", "amd64", Some("10.0.20348.1"))),
        )],
    );
    let image = format!(
        "{}/shop/web:4.8-windowsservercore-ltsc2019",
        registry.host()
    );
    let winfit = Winfit::new();
    let said = winfit.run(&["check", &image, "--host", "ltsc2019", "--online"]);
    let words = said.words();
    assert_eq!(said.exit, 1, "{words}");
    assert!(
        words.contains("10.0.20348.2340 from its registry"),
        "{words}"
    );
    assert!(
        words
            .contains("its tag says 10.0.17763, its registry 10.0.20348.2340: the registry counts"),
        "{words}"
    );
    assert!(
        words.contains("its index says 10.0.20348.1, the image itself 10.0.20348.2340"),
        "{words}"
    );
}

#[test]
fn a_linux_only_image_is_another_system() {
    let registry = Registry::start();
    let tools = Repository::new(&registry.host(), "shop/tools");
    let linux = tools.image(
        None,
        false,
        &json!({"os": "linux", "architecture": "amd64"}),
    );
    tools.index(
        "1",
        false,
        &[(&linux, Some(platform("linux", "amd64", None)))],
    );
    let image = format!("{}/shop/tools:1", registry.host());
    let said = Winfit::new().run(&["check", &image, "--host", "ltsc2022", "--online", "-v"]);
    assert_eq!(said.exit, 1);
    assert!(said.text.contains("wrong-os"), "{}", said.text);
    assert!(said.text.contains("Linux"), "{}", said.text);
}

#[test]
fn an_unreachable_registry_leaves_the_tag_and_says_so() {
    let host = format!("127.0.0.1:{}", free_port());
    let image = format!("{host}/windows/servercore:ltsc2022");
    let said = Winfit::new().run(&[
        "check",
        &image,
        "--host",
        "ltsc2022",
        "--online",
        "--timeout",
        "5",
    ]);
    assert_eq!(said.exit, 0, "{}", said.errors);
    let errors = said.error_words();
    assert!(
        errors.contains(&format!("{host} cannot be reached")),
        "{errors}"
    );
    assert!(
        errors.contains(&format!("{image} judged by its name: ")),
        "{errors}"
    );
    assert_eq!(errors.matches("winfit:").count(), 1, "{errors}");
    assert!(said.words().contains("from its tag"), "{}", said.text);
}

#[test]
fn an_image_that_is_not_there_is_told() {
    let registry = Registry::start();
    let base = Repository::new(&registry.host(), "windows/servercore");
    base.windows(Some("1809"), "10.0.17763.5576");
    let image = format!("{}/windows/servercore:ltsc2022", registry.host());
    let said = Winfit::new().run(&["check", &image, "--host", "ltsc2022", "--online"]);
    assert_eq!(said.exit, 1, "{}", said.text);
    assert!(
        said.words().contains("its registry knows no such tag"),
        "{}",
        said.text
    );
}

/// Hosts of three builds, and a Deployment on any Windows node.
fn write_fleet(folder: &Path, images: &[&str]) {
    fs::write(
        folder.join("winfit.toml"),
        "[[hosts]]\nname = \"win-a\"\nhost = \"ltsc2019\"\norchestrator = \"kubernetes\"\n\n[[hosts]]\nname = \"win-b\"\nhost = \"ltsc2022\"\norchestrator = \"kubernetes\"\n",
    )
    .unwrap();
    let documents: Vec<String> = images
        .iter()
        .enumerate()
        .map(|(at, image)| {
            format!(
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web{at}}}\nspec:\n  selector: {{matchLabels: {{app: web{at}}}}}\n  template:\n    metadata: {{labels: {{app: web{at}}}}}\n    spec:\n      nodeSelector:\n        kubernetes.io/os: windows\n      containers:\n        - name: web\n          image: {image}\n"
            )
        })
        .collect();
    fs::write(folder.join("deploy.yaml"), documents.join("---\n")).unwrap();
}

#[test]
fn lint_settles_a_fleet_by_its_registries() {
    let registry = Registry::start();
    let web = Repository::new(&registry.host(), "shop/web");
    silent_index(&web, "all");
    web.windows(Some("new"), "10.0.20348.2340");
    let tools = Repository::new(&registry.host(), "shop/tools");
    tools.image(
        Some("1"),
        false,
        &json!({"os": "linux", "architecture": "amd64"}),
    );
    let of = |name: &str| format!("{}/shop/{name}", registry.host());
    let winfit = Winfit::new();
    write_fleet(
        winfit.path(),
        &[&of("web:all"), &of("web:new"), &of("tools:1")],
    );
    let by_name = winfit.run(&["lint"]);
    assert!(
        by_name.text.contains("unknown-image-version"),
        "{}",
        by_name.text
    );
    let said = winfit.run(&["lint", "--online"]);
    let words = said.words();
    assert_eq!(said.exit, 1, "{words}{}", said.errors);
    // Each host takes its own of the index; the single image is newer than one of the two hosts, and the
    // third is for Linux.
    assert_eq!(
        said.text.matches("error[build-mismatch]").count(),
        2,
        "{}",
        said.text
    );
    assert!(!said.text.contains("web:all"), "{}", said.text);
    assert!(said.text.contains("needs 20348 or newer"), "{}", said.text);
    assert!(
        said.text.contains("web:new") && said.text.contains("tools:1"),
        "{}",
        said.text
    );
    assert!(words.ends_with("3 images settled by registry"), "{words}");
    assert!(said.errors.is_empty(), "{}", said.errors);
}

#[test]
fn one_of_three_registries_down_is_told_and_drops_nothing() {
    let (one, two) = (Registry::start(), Registry::start());
    let down = format!("127.0.0.1:{}", free_port());
    for registry in [&one, &two] {
        Repository::new(&registry.host(), "shop/web").windows(Some("1"), "10.0.17763.5576");
    }
    let winfit = Winfit::new();
    let lost = format!("{down}/windows/servercore:ltsc2022");
    write_fleet(
        winfit.path(),
        &[
            &format!("{}/shop/web:1", one.host()),
            &format!("{}/shop/web:1", two.host()),
            &lost,
            &format!("{down}/windows/nanoserver:1809"),
        ],
    );
    let said = winfit.run(&["lint", "--online", "--timeout", "5"]);
    let words = said.words();
    assert!(
        words.contains("2 images settled by registry, 2 by name:"),
        "{words}"
    );
    assert!(words.contains(&lost), "{words}");
    let errors = said.error_words();
    assert_eq!(errors.matches("winfit:").count(), 1, "{errors}");
    assert!(
        errors.contains(&format!("{down} cannot be reached")),
        "{errors}"
    );
    assert!(errors.contains("judged by their names:"), "{errors}");
    // By its name it is still judged.
    assert!(said.text.contains("error[build-mismatch]"), "{}", said.text);
    // A document for programs has the same findings, and the sentence goes beside it.
    let json = winfit.run(&["lint", "--online", "--timeout", "5", "--format", "json"]);
    assert!(
        json.error_words().contains("cannot be reached"),
        "{}",
        json.errors
    );
}

#[test]
fn what_the_repository_builds_is_not_asked_for() {
    let registry = Registry::start();
    let winfit = Winfit::new();
    let image = format!("{}/shop/own:1", registry.host());
    let base = format!("{}/windows/servercore:ltsc2019", registry.host());
    let mirror = Repository::new(&registry.host(), "windows/servercore");
    mirror.windows(Some("ltsc2019"), "10.0.17763.5576");
    fs::write(
        winfit.path().join("Dockerfile"),
        format!("FROM {base}\nRUN cmd /c ver\n"),
    )
    .unwrap();
    fs::write(
        winfit.path().join("compose.yaml"),
        format!("services:\n  own:\n    image: {image}\n    build: .\n"),
    )
    .unwrap();
    let said = winfit.run(&["lint", "--online", "--host", "ltsc2019"]);
    let words = said.words();
    assert!(
        words.ends_with("1 image settled by registry"),
        "{words}{}",
        said.errors
    );
    assert_eq!(said.errors, "");
}

#[test]
fn an_image_that_is_not_there_is_among_the_findings() {
    let registry = Registry::start();
    let base = Repository::new(&registry.host(), "windows/servercore");
    base.windows(Some("1809"), "10.0.17763.5576");
    let winfit = Winfit::new();
    write_fleet(
        winfit.path(),
        &[&format!("{}/windows/servercore:ltsc2019", registry.host())],
    );
    let said = winfit.run(&["lint", "--online"]);
    assert!(said.text.contains("image-as-written"), "{}", said.text);
    assert!(said.words().contains("1 not there:"), "{}", said.text);
}

/// Runs `explain` on a text.
fn explain(winfit: &Winfit, text: &str, more: &[&str]) -> crate::sandbox::Said {
    fs::write(winfit.path().join("error.txt"), text).unwrap();
    let mut arguments = vec!["explain", "error.txt"];
    arguments.extend(more);
    winfit.run(&arguments)
}

#[test]
fn explain_looks_at_the_index_before_it_blames_versions() {
    let registry = Registry::start();
    let tools = Repository::new(&registry.host(), "shop/tools");
    let linux = tools.image(
        None,
        false,
        &json!({"os": "linux", "architecture": "amd64"}),
    );
    tools.index(
        "1",
        false,
        &[(&linux, Some(platform("linux", "amd64", None)))],
    );
    let web = Repository::new(&registry.host(), "shop/web");
    silent_index(&web, "1");
    let winfit = Winfit::new();
    let pull = |image: &str| {
        format!(
            "docker: Error response from daemon: Head \"http://{image}\"\nFailed to pull image \"{image}\": no matching manifest for windows/amd64 10.0.19045 in the manifest list entries.\n"
        )
    };
    let image = format!("{}/shop/tools:1", registry.host());
    let by_text = explain(&winfit, &pull(&image), &[]);
    assert!(by_text.words().contains("most often"), "{}", by_text.text);
    let said = explain(&winfit, &pull(&image), &["--online"]);
    let words = said.words();
    assert_eq!(said.exit, 1, "{words}{}", said.errors);
    assert!(
        words.contains(&format!(
            "{image} is a Linux image, and this engine runs Windows containers"
        )),
        "{words}"
    );
    assert!(
        words.contains("registry has it for linux/amd64 alone"),
        "{words}"
    );
    let json = explain(&winfit, &pull(&image), &["--online", "--format", "json"]);
    let document: Value = serde_json::from_str(&json.text).unwrap();
    check_document(&document);
    assert_eq!(document["diagnoses"][0]["kind"], "wrong-os");
    assert_eq!(
        document["diagnoses"][0]["registry"]["others"],
        json!(["linux/amd64"])
    );
    // With Windows images the versions are told, and which of them the host takes.
    let image = format!("{}/shop/web:1", registry.host());
    let said = explain(&winfit, &pull(&image), &["--online"]);
    let words = said.words();
    assert!(
        words.contains("it is for other versions of Windows"),
        "{words}"
    );
    assert!(
        words.contains(
            "registry has it for Windows 10.0.17763.5576, 10.0.20348.2340, 10.0.26100.2894"
        ),
        "{words}"
    );
    assert!(
        words.contains("10.0.17763.5576 is the newest that is not newer than the host"),
        "{words}"
    );
    // A registry that is down leaves what the text says.
    let down = format!("127.0.0.1:{}/shop/web:1", free_port());
    let said = explain(&winfit, &pull(&down), &["--online", "--timeout", "5"]);
    assert!(said.words().contains("most often"), "{}", said.text);
    assert!(
        said.error_words().contains("cannot be reached"),
        "{}",
        said.errors
    );
}

#[test]
fn a_digest_whose_image_has_another_build_is_found() {
    let registry = Registry::start();
    let base = Repository::new(&registry.host(), "windows/servercore");
    base.windows(Some("ltsc2019"), "10.0.17763.5576");
    let other = base.windows(None, "10.0.20348.2340");
    let name = format!("{}/windows/servercore:ltsc2019", registry.host());
    let pinned = format!("{name}@{}", other.digest);
    let winfit = Winfit::new();
    let by_name = winfit.run(&["image-change", &name, &pinned]);
    assert_eq!(by_name.exit, 0, "{}", by_name.text);
    let said = winfit.run(&["image-change", &name, &pinned, "--online"]);
    assert_eq!(said.exit, 1, "{}", said.text);
    let words = said.words();
    assert!(words.contains("20348"), "{words}");
    assert!(
        words.contains("its tag says 10.0.17763, its registry 10.0.20348.2340"),
        "{words}"
    );
    // Hosts that run both are an answer.
    let hosts = winfit.run(&[
        "image-change",
        &name,
        &pinned,
        "--online",
        "--host",
        "ltsc2022",
    ]);
    assert!(hosts.words().contains("yes"), "{}", hosts.text);
}

#[test]
fn a_digest_that_became_another_build_is_found_since_a_revision() {
    let registry = Registry::start();
    let base = Repository::new(&registry.host(), "shop/base");
    let image = |digest: &str| format!("{}/shop/base@{digest}", registry.host());
    let old = image(base.windows(None, "10.0.17763.5576").digest.as_str());
    let patched = image(base.windows(None, "10.0.17763.5696").digest.as_str());
    let other = image(base.windows(None, "10.0.20348.2340").digest.as_str());
    let winfit = Winfit::new();
    let dockerfile = |image: &str| {
        fs::write(
            winfit.path().join("Dockerfile"),
            format!("FROM {image}\nRUN dir\n"),
        )
        .unwrap();
    };
    let git = |arguments: &[&str]| {
        let done = Command::new("git")
            .current_dir(winfit.path())
            .args(["-c", "user.name=x", "-c", "user.email=x@x.example"])
            .args(arguments)
            .output()
            .unwrap();
        assert!(done.status.success(), "git {arguments:?}");
    };
    git(&["init", "--quiet"]);
    dockerfile(&old);
    git(&["add", "Dockerfile"]);
    git(&["commit", "--quiet", "--message=x"]);
    for (now, name, rule) in [
        (&patched, "17763.5696", "[base-patched]"),
        (&other, "20348", "[base-build-changed]"),
    ] {
        dockerfile(now);
        let said = winfit.run(&["lint", "Dockerfile", "--against=HEAD", "--online"]);
        assert!(said.text.contains(rule), "{}{}", said.text, said.errors);
        assert!(said.words().contains(name), "{}", said.text);
        // Their names say nothing.
        let by_name = winfit.run(&["lint", "Dockerfile", "--against=HEAD"]);
        assert!(!by_name.text.contains(rule), "{}", by_name.text);
    }
}

#[test]
fn a_tag_that_moves_is_believed_for_its_time_and_not_longer() {
    let registry = Registry::start();
    let web = Repository::new(&registry.host(), "shop/web");
    web.windows(Some("1"), "10.0.17763.5576");
    let image = format!("{}/shop/web:1", registry.host());
    let winfit = Winfit::new();
    let version = |more: &[&str]| {
        let mut arguments = vec!["check", &image, "--host", "ltsc2022", "--format", "json"];
        arguments.extend(more);
        let said = winfit.run(&arguments);
        let document: Value = serde_json::from_str(&said.text).unwrap();
        document["verdicts"][0]["image"]["os_version"].clone()
    };
    assert_eq!(version(&["--online"]), "10.0.17763.5576");
    web.windows(Some("1"), "10.0.20348.2340");
    // What a tag means is believed for five minutes, and offline for as long as there is nobody to ask.
    assert_eq!(version(&["--online"]), "10.0.17763.5576");
    assert_eq!(version(&["--offline"]), "10.0.17763.5576");
    age(&winfit.path().join("cache"));
    assert_eq!(version(&["--offline"]), "10.0.17763.5576");
    assert_eq!(version(&["--online"]), "10.0.20348.2340");
}

/// Makes what the cache knows of tags an hour old.
fn age(cache: &Path) {
    let folder = cache.join("winfit").join("registry");
    let file = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|ending| ending == "sqlite3"));
    let connection = rusqlite::Connection::open(file.unwrap()).unwrap();
    let aged = connection.execute("UPDATE tags SET learnt = learnt - 3600000", []);
    assert_eq!(aged.unwrap(), 1);
}

#[test]
fn a_pod_with_an_index_for_each_build_mixes_nothing() {
    let registry = Registry::start();
    let web = Repository::new(&registry.host(), "shop/web");
    silent_index(&web, "all");
    web.windows(Some("2022"), "10.0.20348.2340");
    web.windows(Some("2019"), "10.0.17763.5576");
    let winfit = Winfit::new();
    let name = |tag: &str| format!("{}/shop/web:{tag}", registry.host());
    let second = |tag: &str| {
        format!(
            "{}\n        - name: second\n          image: {}",
            name("all"),
            name(tag)
        )
    };
    write_fleet(winfit.path(), &[&second("2022")]);
    let said = winfit.run(&["lint", "--online"]);
    assert!(!said.text.contains("pod-mixes-builds"), "{}", said.text);
    assert!(said.text.contains("error[build-mismatch]"), "{}", said.text);
    // Two that have one build each do, and only they are named.
    let third = format!(
        "{}\n        - name: third\n          image: {}",
        second("2022"),
        name("2019")
    );
    write_fleet(winfit.path(), &[&third]);
    let said = winfit.run(&["lint", "--online"]);
    assert!(
        said.words().contains(
            "second is Windows Server 2022 (20348), third is Windows Server 2019 (17763)"
        ),
        "{}",
        said.text
    );
}

#[test]
fn an_image_that_is_not_there_is_not_blamed_on_windows() {
    let registry = Registry::start();
    Repository::new(&registry.host(), "shop/web").windows(Some("1"), "10.0.20348.2340");
    let image = format!("{}/shop/web:2", registry.host());
    let winfit = Winfit::new();
    let text = format!(
        "failed to pull image {image:?}: no matching manifest for windows(10.0.20348)/amd64 in the manifest list entries\n"
    );
    fs::write(winfit.path().join("error.txt"), &text).unwrap();
    let said = winfit.run(&["explain", "--online", "error.txt"]);
    assert!(
        said.words().contains("registry has no such tag or digest"),
        "{}",
        said.text
    );
    // Docker's own words name no image; the user does.
    let bare = "no matching manifest for windows(10.0.20348)/amd64 in the manifest list entries\n";
    fs::write(winfit.path().join("error.txt"), bare).unwrap();
    let config = json!({"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": []}});
    Repository::new(&registry.host(), "shop/tools").image(Some("1"), false, &config);
    let linux = format!("{}/shop/tools:1", registry.host());
    let said = winfit.run(&["explain", "--online", "--image", &linux, "error.txt"]);
    assert!(said.words().contains("is a Linux image"), "{}", said.text);
}
