//! Facts of hand-built files: every kind has its shape, and what says nothing stays unknown.

use std::sync::Arc;

use serde_json::{Value, json};
use winfit_core::Catalog;
use winfit_core::finding::{Located, Origin};
use winfit_core::host::Os;
use winfit_core::placement::PodPlacement;
use winfit_core::placement::kubernetes::{Operator, Requirement};
use winfit_files::compose::{Compose, Service};
use winfit_files::daemon::{DaemonJson, ServiceCommand};
use winfit_files::dockerfile::{Dockerfile, Stage};
use winfit_files::kubernetes::{
    ContainerKind, Content, Manifests, Object, PodContainer, PodTemplate,
};
use winfit_files::problem::Problem;
use winfit_files::repository::{Facts, ReadFile, Repository, Unread};
use winfit_files::source::Source;

use super::{documents::document, human::human, is_partly_unreadable};
use crate::findings::samples::check_schema;

fn source() -> Arc<Source> {
    Arc::new(Source::of_text("a-file", "first\nsecond\n"))
}

fn origin() -> Origin {
    source().origin(6, 12)
}

fn said(text: &str) -> Located<String> {
    Located::new(text.to_owned(), origin())
}

fn file(facts: Facts) -> ReadFile {
    ReadFile {
        source: source(),
        facts,
        problems: Vec::new(),
    }
}

fn facts(facts: Facts) -> Value {
    let repository = Repository {
        files: vec![file(facts)],
        unread: Vec::new(),
    };
    let document = document(Catalog::builtin(), &repository);
    assert_eq!(check_schema(&document), Ok(()));
    document["files"][0].clone()
}

fn stage(base: &str) -> Stage {
    let resolved = !base.starts_with('$');
    Stage {
        name: None,
        base: said(base),
        resolved: resolved.then(|| base.to_owned()),
        unresolved: if resolved {
            Vec::new()
        } else {
            vec![base[1..].to_owned()]
        },
        stated_at: origin(),
        of_stage: None,
        platform: None,
        copies: Vec::new(),
        onbuild: Vec::new(),
        os_hint: None,
        origin: origin(),
    }
}

fn dockerfile(stages: Vec<Stage>) -> Facts {
    Facts::Dockerfile(Dockerfile {
        escape: '`',
        args: vec![(said("TAG"), Some(said("ltsc2022"))), (said("NONE"), None)],
        stages,
    })
}

#[test]
fn what_a_base_tells() {
    let windows_hint = Stage {
        os_hint: Some(Os::Windows),
        ..stage("$BASE")
    };
    let goes_on = Stage {
        of_stage: Some(0),
        ..stage("build")
    };
    let platform = Stage {
        os_hint: Some(Os::Linux),
        ..stage("contoso/tool")
    };
    let first = stage("mcr.microsoft.com/windows/servercore:ltsc2022");
    let latest = stage("mcr.microsoft.com/windows/servercore:latest");
    let exact = stage("mcr.microsoft.com/windows/nanoserver:10.0.17763.437");
    let stages = vec![
        first,
        goes_on,
        stage("nginx:1.27"),
        windows_hint,
        platform,
        latest,
        exact,
        stage("scratch"),
        // A release to `winfit check`; in a Dockerfile docker.io/library/ltsc2022.
        stage("ltsc2022"),
    ];
    let told = facts(dockerfile(stages));
    let told: Vec<Value> = told["stages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|stage| json!([stage["os"], stage["build"], stage["os_version"]]))
        .collect();
    let expected = [
        json!(["windows", 20348, "10.0.20348"]),
        json!(["windows", 20348, "10.0.20348"]),
        json!(["unknown", null, null]),
        json!(["windows", null, null]),
        json!(["linux", null, null]),
        json!(["windows", null, null]),
        json!(["windows", 17763, "10.0.17763.437"]),
        json!(["unknown", null, null]),
        json!(["unknown", null, null]),
    ];
    assert_eq!(told, expected);
}

fn service(image: &str) -> Service {
    Service {
        name: said("web"),
        image: Some(said(image)),
        resolved_image: Some(image.to_owned()),
        unresolved: Vec::new(),
        build: None,
        isolation: None,
        platform: None,
        deploy: None,
        constraints: Vec::new(),
        global: false,
        replicas: None,
        origin: origin(),
    }
}

fn compose(services: Vec<Service>) -> Facts {
    Facts::Compose(Compose {
        version: Some(said("3.7")),
        services,
    })
}

#[test]
fn what_a_service_tells() {
    let isolated = |word| Service {
        isolation: Some(said(word)),
        ..service("contoso/web")
    };
    let on = |platform| Service {
        platform: Some(said(platform)),
        ..service("contoso/web")
    };
    for (service, os, build) in [
        (service("contoso/web"), "unknown", json!(null)),
        (service("contoso/web:ltsc2019"), "windows", json!(17763)),
        (isolated("hyperv"), "windows", json!(null)),
        (isolated("default"), "unknown", json!(null)),
        (on("windows(10.0.17763)/amd64"), "windows", json!(null)),
        (on("linux/arm64"), "linux", json!(null)),
    ] {
        let told = &facts(compose(vec![service.clone()]))["services"][0];
        assert_eq!(
            (&told["os"], &told["build"]),
            (&json!(os), &build),
            "{service:?}"
        );
    }
}

fn pod(images: &[&str]) -> PodTemplate {
    PodTemplate {
        placement: PodPlacement::default(),
        os_name: None,
        containers: images
            .iter()
            .map(|image| PodContainer {
                name: "web".to_owned(),
                image: Some(said(image)),
                kind: ContainerKind::Main,
                host_process: false,
                origin: origin(),
            })
            .collect(),
        host_process: false,
        annotations: Vec::new(),
        replicas: None,
        has_selector: true,
        misplaced: Vec::new(),
        spec: origin(),
    }
}

fn object(content: Content) -> Facts {
    Facts::Kubernetes(Manifests {
        objects: vec![Object {
            document: 1,
            api_version: Some(said("apps/v1")),
            kind: said("Deployment"),
            name: Some(said("web")),
            namespace: Some(said("shop")),
            annotations: Vec::new(),
            content,
            origin: origin(),
        }],
    })
}

fn requirement(key: &str, value: &str) -> Requirement {
    Requirement {
        key: key.to_owned(),
        operator: Operator::In,
        values: vec![value.to_owned()],
        field: false,
        origin: origin(),
    }
}

#[test]
fn what_a_pod_tells() {
    let plain = || pod(&["contoso/web"]);
    let placed = |placement| PodTemplate {
        placement,
        ..plain()
    };
    let selector = |key, value| {
        placed(PodPlacement {
            node_selector: vec![requirement(key, value)],
            ..PodPlacement::default()
        })
    };
    let terms = |systems: &[&str]| {
        let terms = systems
            .iter()
            .map(|os| vec![requirement("kubernetes.io/os", os)]);
        placed(PodPlacement {
            terms: Some(terms.collect()),
            ..PodPlacement::default()
        })
    };
    let named = PodTemplate {
        os_name: Some(said("linux")),
        ..pod(&["contoso/web:ltsc2022"])
    };
    let host_process = PodTemplate {
        host_process: true,
        ..plain()
    };
    for (pod, os) in [
        (plain(), "unknown"),
        (pod(&["contoso/web:ltsc2022", "nginx:1"]), "windows"),
        (named, "linux"),
        (host_process, "windows"),
        (selector("kubernetes.io/os", "windows"), "windows"),
        (selector("beta.kubernetes.io/os", "linux"), "linux"),
        (selector("agentpool", "windows"), "unknown"),
        (terms(&["windows", "windows"]), "windows"),
        (terms(&["windows", "linux"]), "unknown"),
    ] {
        let told = &facts(object(Content::Workload(Box::new(pod.clone()))))["documents"][0];
        assert_eq!(told["os"], os, "{pod:?}");
        assert_eq!(told["host_process"], pod.host_process);
    }
}

fn all() -> Repository {
    let broken = ReadFile {
        problems: vec![Problem::error(
            "broken-yaml",
            origin(),
            "says \u{1b}]0;owned\u{7} where a key was expected",
        )],
        ..file(Facts::Broken("a Compose file"))
    };
    let commands = vec![ServiceCommand {
        exec_opts: vec![said("isolation=hyperv")],
        config_file: None,
    }];
    let daemon = DaemonJson {
        exec_opts: vec![said("isolation=process")],
        keys: vec![said("exec-opts")],
        containerd_store: None,
    };
    let stages = vec![
        stage("mcr.microsoft.com/windows/servercore:ltsc2022"),
        stage("$BASE"),
    ];
    Repository {
        files: vec![
            file(dockerfile(stages)),
            file(compose(vec![service("contoso/web:ltsc2019")])),
            file(object(Content::Workload(Box::new(pod(&["nginx:1"]))))),
            file(Facts::Daemon(daemon)),
            file(Facts::Script(commands)),
            file(Facts::Template("helm template .")),
            file(Facts::Config),
            broken,
        ],
        unread: vec![Unread {
            path: "b".to_owned(),
            reason: "it may not be read".to_owned(),
        }],
    }
}

#[test]
fn every_kind_is_what_its_schema_says() {
    let document = document(Catalog::builtin(), &all());
    assert_eq!(check_schema(&document), Ok(()));
    for at in 0..6 {
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
        a-file  Dockerfile
          2  stage 0  mcr.microsoft.com/windows/servercore:ltsc2022  windows 10.0.20348
          2  stage 1  $BASE (no value for BASE)                      unknown

        a-file  Compose
          2  web  contoso/web:ltsc2019  windows 10.0.17763

        a-file  Kubernetes
          2  Deployment shop/web  unknown  nginx:1

        a-file  daemon.json
          2  exec-opt isolation=process

        a-file  starts or registers dockerd
          2  exec-opt isolation=hyperv

        a-file  a template, not read
          read it rendered: helm template .

        a-file  winfit's settings

        a-file  could not be read
          meant as a Compose file
          error: line 2: says �]0;owned� where a key was expected
        "#);
}

#[test]
fn a_broken_file_is_partly_unreadable() {
    let broken = |facts| {
        is_partly_unreadable(&Repository {
            files: vec![file(facts)],
            unread: Vec::new(),
        })
    };
    assert!(broken(Facts::Broken("a Compose file")));
    assert!(!broken(Facts::Config));
    assert!(is_partly_unreadable(&all()));
}
