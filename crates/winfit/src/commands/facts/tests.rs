//! Facts of small files: every kind has its shape, and what says nothing stays unknown.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};
use winfit_core::Catalog;
use winfit_files::problem::Problem;
use winfit_files::repository::{Facts, ReadFile, ReadOptions, Repository, Unread, read};
use winfit_files::source::Source;

use super::{documents::document, human::human, is_broken, is_partly_unreadable};
use crate::findings::samples::check_schema;

fn repository(name: &str, text: &str) -> Repository {
    let options = ReadOptions {
        stdin: Some((name.to_owned(), text.as_bytes().to_vec())),
        ..ReadOptions::default()
    };
    let mut repository = read(Catalog::builtin(), &options);
    // What lies around the working folder of a test is not its matter.
    repository.files.retain(|file| *file.source.name == *name);
    repository
}

fn facts(name: &str, text: &str) -> Value {
    let document = document(Catalog::builtin(), &repository(name, text));
    assert_eq!(check_schema(&document), Ok(()));
    document["files"][0].clone()
}

#[test]
fn what_a_base_tells() {
    let told = facts(
        "Dockerfile",
        "# escape=`
FROM mcr.microsoft.com/windows/servercore:ltsc2022 AS build
FROM build
FROM nginx:1.27
FROM --platform=linux/amd64 contoso/tool
FROM mcr.microsoft.com/windows/servercore:latest
FROM mcr.microsoft.com/windows/nanoserver:10.0.17763.437
FROM scratch
FROM ltsc2022
FROM mcr.microsoft.com/windows/servercore/iis
FROM mcr.microsoft.com/windows/servercore:${X}
FROM mcr.microsoft.com/dotnet/framework/aspnet:4.8
FROM ${REGISTRY}/windows/servercore:ltsc2022
",
    );
    let told: Vec<Value> = told["stages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|stage| json!([stage["os"], stage["build"], stage["os_version"]]))
        .collect();
    let windows = |build: Value, version: Value| json!(["windows", build, version]);
    assert_eq!(told[0], windows(json!(20348), json!("10.0.20348")));
    assert_eq!(told[1], windows(json!(20348), json!("10.0.20348")));
    assert_eq!(told[3], json!(["linux", null, null]));
    assert_eq!(told[4], windows(json!(null), json!(null)));
    assert_eq!(told[5], windows(json!(17763), json!("10.0.17763.437")));
    // A release to `winfit check`; in a Dockerfile docker.io/library/ltsc2022, of which nobody knows.
    assert_eq!(told[7][1], json!(null));
    for told in &told[8..11] {
        assert_eq!(*told, windows(json!(null), json!(null)));
    }
    assert_eq!(told[11][1], json!(null));
}

#[test]
fn an_image_that_the_repository_builds_has_its_base() {
    let folder = std::env::temp_dir().join(format!("winfit-facts-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("web")).unwrap();
    for (name, text) in [
        (
            "web/Dockerfile",
            "ARG RELEASE=ltsc2019\nFROM mcr.microsoft.com/windows/servercore:${RELEASE}\n",
        ),
        (
            "compose.yaml",
            "services:\n  web:\n    build: web\n  new:\n    image: contoso/web:1\n    build:\n      context: web\n      args: {RELEASE: ltsc2022}\n  gone:\n    build: gone\n",
        ),
        (
            "web.yaml",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - {name: web, image: 'contoso/web:1'}\n  - {name: log, image: 'contoso/log:ltsc2025'}\n  - {name: other, image: other}\n",
        ),
    ] {
        std::fs::write(folder.join(name), text).unwrap();
    }
    let options = ReadOptions {
        paths: vec![folder.clone()],
        ..ReadOptions::default()
    };
    let document = document(Catalog::builtin(), &read(Catalog::builtin(), &options));
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(check_schema(&document), Ok(()));
    let builds = |entries: &Value| -> Vec<Value> {
        let entries = entries.as_array().unwrap().iter();
        entries.map(|entry| entry["build"].clone()).collect()
    };
    let files = &document["files"];
    assert_eq!(
        builds(&files[0]["services"]),
        [json!(17763), json!(20348), json!(null)]
    );
    let pod = &files[1]["documents"][0];
    assert_eq!(
        builds(&pod["containers"]),
        [json!(20348), json!(26100), json!(null)]
    );
    assert_eq!(pod["os"], "windows");
    let text = anstream::adapter::strip_str(&human(&document)).to_string();
    assert!(
        text.contains(
            "contoso/web:1 (windows 10.0.20348)  contoso/log:ltsc2025 (windows 10.0.26100)  other\n"
        ),
        "{text}"
    );
}

#[test]
fn what_a_service_tells() {
    for (service, os, build) in [
        ("image: contoso/web", "unknown", json!(null)),
        ("image: contoso/web:ltsc2019", "windows", json!(17763)),
        (
            "{image: contoso/web, isolation: hyperv}",
            "windows",
            json!(null),
        ),
        (
            "{image: contoso/web, isolation: default}",
            "unknown",
            json!(null),
        ),
        (
            "{image: contoso/web, platform: windows(10.0.17763)/amd64}",
            "windows",
            json!(null),
        ),
        (
            "{image: contoso/web, platform: linux/arm64}",
            "linux",
            json!(null),
        ),
    ] {
        let text = if service.starts_with('{') {
            format!("services:\n  web: {service}\n")
        } else {
            format!("services:\n  web:\n    {service}\n")
        };
        let told = &facts("compose.yaml", &text)["services"][0];
        assert_eq!(
            (&told["os"], &told["build"]),
            (&json!(os), &build),
            "{service}"
        );
    }
}

#[test]
fn what_a_pod_tells() {
    let selector = |key: &str, value: &str| format!("  nodeSelector: {{{key}: {value}}}\n");
    let terms = |systems: &[&str]| {
        let mut text = "  affinity:\n    nodeAffinity:\n      requiredDuringSchedulingIgnoredDuringExecution:\n        nodeSelectorTerms:\n".to_owned();
        for os in systems {
            text.push_str(&format!(
                "        - matchExpressions: [{{key: kubernetes.io/os, operator: In, values: [{os}]}}]\n"
            ));
        }
        text
    };
    let host_process = "  securityContext: {windowsOptions: {hostProcess: true}}\n".to_owned();
    for (spec, image, os) in [
        (String::new(), "contoso/web", "unknown"),
        (String::new(), "contoso/web:ltsc2022", "windows"),
        (
            "  os: {name: linux}\n".to_owned(),
            "contoso/web:ltsc2022",
            "linux",
        ),
        (host_process, "contoso/web", "windows"),
        (
            selector("kubernetes.io/os", "windows"),
            "contoso/web",
            "windows",
        ),
        (
            selector("beta.kubernetes.io/os", "linux"),
            "contoso/web",
            "linux",
        ),
        (selector("agentpool", "windows"), "contoso/web", "unknown"),
        (terms(&["windows", "windows"]), "contoso/web", "windows"),
        (terms(&["windows", "linux"]), "contoso/web", "unknown"),
    ] {
        let text = format!(
            "---\n# nothing\n---\napiVersion: v1\nkind: Pod\nmetadata: {{name: web, namespace: shop}}\nspec:\n{spec}  containers: [{{name: web, image: '{image}'}}]\n"
        );
        let told = &facts("web.yaml", &text)["documents"][0];
        assert_eq!(told["os"], os, "{text}");
        assert_eq!(told["host_process"], spec.contains("hostProcess"), "{text}");
        assert_eq!(told["index"], 0, "only documents that are not empty count");
    }
}

/// A file of each kind.
fn all() -> Repository {
    let files = [
        (
            "a/Dockerfile",
            "# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nFROM $BASE\n",
        ),
        (
            "b/compose.yaml",
            "version: '3.7'\nservices:\n  web:\n    image: contoso/web:ltsc2019\n",
        ),
        (
            "c/web.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec:\n  template:\n    spec:\n      containers: [{name: web, image: 'nginx:1'}]\n",
        ),
        ("d/daemon.json", "{\"exec-opts\": [\"isolation=process\"]}"),
        (
            "e/install.ps1",
            "dockerd --register-service --exec-opt isolation=hyperv\n",
        ),
        ("f/kustomization.yaml", "resources: [../c]\n"),
        ("g/Dockerfile", "FROM scratch\nSAY \u{1b}]0;owned\u{7}\n"),
    ];
    let mut all = Repository::default();
    for (name, text) in files {
        all.files.extend(repository(name, text).files);
    }
    // Of a name that is told of, and no text.
    let mut no_text = repository("h/Dockerfile", "FROM scratch\n").files;
    no_text[0].facts = Facts::Broken("dockerfile");
    no_text[0].problems = vec![Problem::error(
        "broken-file",
        no_text[0].source.whole(),
        "this is no text: byte 3 is neither UTF-8 nor UTF-16",
    )];
    all.files.append(&mut no_text);
    for (name, facts) in [
        ("i/compose.override.yaml", Facts::Part),
        ("winfit.toml", Facts::Config),
    ] {
        all.files.push(ReadFile {
            source: Arc::new(Source::of_text(name, "")),
            facts,
            problems: Vec::new(),
            beside: false,
        });
    }
    all.unread.push(Unread {
        path: "b".to_owned(),
        reason: "it may not be read".to_owned(),
    });
    all
}

#[test]
fn every_kind_is_what_its_schema_says() {
    let document = document(Catalog::builtin(), &all());
    assert_eq!(check_schema(&document), Ok(()));
    let files = document["files"].as_array().unwrap();
    let kinds: BTreeSet<&str> = files
        .iter()
        .filter_map(|file| file["kind"].as_str())
        .collect();
    let all = [
        "broken",
        "compose",
        "config",
        "daemon",
        "dockerfile",
        "kubernetes",
        "part",
        "script",
        "template",
    ];
    assert_eq!(kinds, BTreeSet::from(all));
    for (at, file) in files.iter().enumerate() {
        // These two have no facts of their own.
        if file["kind"] == "part" || file["kind"] == "config" {
            continue;
        }
        let mut bad = document.clone();
        let file = bad["files"][at].as_object_mut().unwrap();
        file.retain(|key, _| matches!(key.as_str(), "path" | "kind" | "problems"));
        assert!(
            check_schema(&bad).is_err(),
            "file {at} without its facts was accepted"
        );
    }
}

#[test]
fn people_see_a_block_a_file() {
    let document = document(Catalog::builtin(), &all());
    let text = anstream::adapter::strip_str(&human(&document)).to_string();
    insta::assert_snapshot!(text, @r#"
    a/Dockerfile  Dockerfile
      2  stage 0  mcr.microsoft.com/windows/servercore:ltsc2022  windows 10.0.20348
      3  stage 1  $BASE (no value for BASE)                      windows

    b/compose.yaml  Compose
      3  web  contoso/web:ltsc2019  windows 10.0.17763

    c/web.yaml  Kubernetes
      1  Deployment shop/web  unknown  nginx:1

    d/daemon.json  daemon.json
      1  exec-opt isolation=process

    e/install.ps1  starts or registers dockerd
      1  exec-opt isolation=hyperv

    f/kustomization.yaml  a template, not read
      read it rendered: kustomize build FOLDER | winfit lint -

    g/Dockerfile  Dockerfile
      1  stage 0  scratch  unknown
      error: line 2: "SAY" is no Dockerfile instruction

    h/Dockerfile  could not be read
      meant as dockerfile
      error: this is no text: byte 3 is neither UTF-8 nor UTF-16

    i/compose.override.yaml  a part of another Compose project, read with it

    winfit.toml  winfit's settings
    "#);
}

#[test]
fn what_could_not_be_read_makes_a_part_unreadable() {
    assert!(is_partly_unreadable(&all()));
    assert!(!is_partly_unreadable(&repository(
        "Dockerfile",
        "FROM scratch\n"
    )));
    for (name, text, broken) in [
        ("Dockerfile", "FROM scratch\nSAY hello\n", true),
        ("compose.yaml", "services: {web: [}\n", true),
        ("daemon.json", "{\"hosts\": 1", true),
        ("web.yaml", "apiVersion: v1\nkind: Pod\nspec: [\n", true),
        (
            "compose.yaml",
            "services:\n  web:\n    image: a\n    image: b\n",
            false,
        ),
    ] {
        let repository = repository(name, text);
        assert!(!repository.files[0].problems.is_empty(), "{text}");
        assert_eq!(is_broken(&repository.files[0]), broken, "{text}");
    }
    let mut large = repository("Dockerfile", "FROM scratch\n");
    let whole = large.files[0].source.whole();
    large.files[0].problems = vec![Problem::warning("too-large", whole, "it is larger")];
    assert!(is_partly_unreadable(&large));
}
