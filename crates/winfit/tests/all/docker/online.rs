//! `--online`: the engine is asked for an image first, then its registry.

use std::fs;

use super::WindowsEngine;
use crate::docker_support::real_swarm::can_run;
use crate::sandbox::{Said, Winfit};
use crate::support::images::{Repository, platform};
use crate::support::registry::{Registry, free_port};

/// An engine on Windows Server 2022, and a registry with images whose names say no Windows.
struct Shop {
    engine: WindowsEngine,
    registry: Registry,
    winfit: Winfit,
}

impl Shop {
    fn open() -> Self {
        let registry = Registry::start();
        let web = Repository::new(&registry.host(), "shop/web");
        web.windows(Some("1"), "10.0.17763.5576");
        web.windows(Some("2"), "10.0.26100.2894");
        let all = ["10.0.17763.5576", "10.0.20348.2340"].map(|version| {
            let entry = platform("windows", "amd64", Some(version));
            (web.windows(None, version), Some(entry))
        });
        let listed = all.each_ref().map(|(child, entry)| (child, entry.clone()));
        web.index("both", true, &listed);
        Self {
            engine: WindowsEngine::start(),
            registry,
            winfit: Winfit::new(),
        }
    }

    fn named(&self, image: &str) -> String {
        format!("{}/{image}", self.registry.host())
    }

    fn docker(&self, arguments: &[&str]) -> Said {
        let mut command = self.winfit.command(&[&["docker"], arguments].concat());
        command.env("DOCKER_HOST", self.engine.proxy.address());
        Said::of(command.output().unwrap())
    }

    /// What would be run, and what is said beside it.
    fn would_run(&self, arguments: &[&str]) -> (String, String) {
        let said = self.docker(&[&["run", "--print"], arguments].concat());
        assert_eq!(said.exit, 0, "{}{}", said.text, said.errors);
        (said.text.trim().to_owned(), said.error_words())
    }
}

#[test]
fn an_image_that_is_not_here_is_judged_by_its_registry() {
    if !can_run() {
        return;
    }
    let shop = Shop::open();
    let (old, new) = (shop.named("shop/web:1"), shop.named("shop/web:2"));

    // The name tells nothing, and nobody else is asked.
    let (line, word) = shop.would_run(&["-it", &old]);
    assert_eq!(line, format!("docker run -it {old}"));
    assert!(
        word.contains("cannot be told:") && word.ends_with("; --online asks its registry"),
        "{word}"
    );

    // The registry tells.
    let (line, word) = shop.would_run(&["--online", "-it", &old, "cmd"]);
    assert_eq!(line, format!("docker run -it --isolation=hyperv {old} cmd"));
    assert!(
        word.contains("the image's Windows (17763) is older than the host's (20348)"),
        "{word}"
    );
    let said = shop.docker(&["run", "--online", &new]);
    assert_eq!(said.exit, 1, "{}{}", said.text, said.errors);
    assert!(
        said.errors.contains("10.0.26100.2894") && said.errors.contains("from its registry"),
        "{}",
        said.errors
    );
    // It is known from now on.
    let (line, _) = shop.would_run(&["--offline", &old]);
    assert_eq!(line, format!("docker run --isolation=hyperv {old}"));

    // Of several Windows the host takes its own.
    let both = shop.named("shop/web:both");
    assert_eq!(
        shop.would_run(&["--online", &both]),
        (format!("docker run {both}"), String::new())
    );
}

#[test]
fn an_image_that_is_here_is_judged_by_what_is_here() {
    if !can_run() {
        return;
    }
    let shop = Shop::open();
    // Here it is built on the host's own Windows, in the registry on a newer one.
    let image = shop.named("shop/web:2");
    shop.engine.swarm.import(&image);
    let plain = (format!("docker run {image}"), String::new());
    assert_eq!(shop.would_run(&["--online", &image]), plain);
    let said = shop.docker(&["run", "--online", "--pull=always", &image]);
    assert_eq!(said.exit, 1, "{}{}", said.text, said.errors);
    assert!(said.errors.contains("from its registry"), "{}", said.errors);
    // What docker will not pull, nobody asks for.
    let (_, word) = shop.would_run(&["--online", "--pull=never", &shop.named("shop/web:1")]);
    assert!(word.contains("cannot be told:"), "{word}");
}

#[test]
fn a_registry_that_does_not_answer_leaves_the_name() {
    if !can_run() {
        return;
    }
    let shop = Shop::open();
    let nowhere = format!("127.0.0.1:{}", free_port());
    let image = format!("{nowhere}/shop/web:1-ltsc2019");
    let (line, word) = shop.would_run(&["--online", &image]);
    assert_eq!(line, format!("docker run --isolation=hyperv {image}"));
    assert!(
        word.contains(&format!("{image} judged by its name: ")),
        "{word}"
    );
    // winfit's own options stand before docker's.
    let said = shop.docker(&["run", "-it", "--online", &image]);
    assert_eq!(said.exit, 2, "{}{}", said.text, said.errors);
    assert!(
        said.error_words()
            .contains("--online is winfit's own, and stands before docker's"),
        "{}",
        said.errors
    );
}

#[test]
fn audit_asks_only_for_images_that_nobody_shows() {
    if !can_run() {
        return;
    }
    let shop = Shop::open();
    let (here, saved) = (shop.named("shop/web:2"), shop.named("shop/web:1"));
    shop.engine.swarm.import(&here);
    let create = ["create", "--name=here", &here];
    shop.engine.swarm.docker("win-a", &create);
    let said = shop.docker(&["audit", "--online"]);
    assert_eq!(said.exit, 0, "{}{}", said.text, said.errors);
    assert!(!said.text.contains("registry"), "{}", said.text);

    // Of a container that somebody sent without its image, the registry knows more.
    let path = shop.winfit.path().join("saved.json");
    let container = format!(
        r#"[
            {{"Name": "win-a", "OSType": "windows", "Driver": "windowsfilter", "Isolation": "process",
              "OperatingSystem": "Microsoft Windows Server Version 21H2 (OS Build 20348.169)",
              "OSVersion": "10.0.20348", "ServerVersion": "20.10.9"}},
            {{"Id": "4f81", "Name": "/fax", "Image": "sha256:aa11", "Platform": "windows",
              "State": {{"Status": "created", "Running": false, "ExitCode": 0, "Error": ""}},
              "HostConfig": {{"Isolation": "default"}}, "Config": {{"Image": "{saved}"}}}}
        ]"#
    );
    fs::write(&path, container).unwrap();
    let from = format!("--from={}", path.display());
    let audit = |more: &[&str]| {
        let arguments = [&["docker", "audit", &*from], more].concat();
        shop.winfit.run(&arguments)
    };
    let by_name = audit(&[]);
    let row = "fax created process (default) unknown not stated";
    assert!(by_name.words().contains(row), "{}", by_name.text);
    let by_registry = audit(&["--online"]);
    assert_eq!(by_registry.exit, 1, "{}", by_registry.text);
    for told in [
        "fax created process (default) no Windows Server 2019",
        "1 image settled by registry.",
        "error[build-mismatch]:",
    ] {
        assert!(by_registry.words().contains(told), "{}", by_registry.text);
    }
}
