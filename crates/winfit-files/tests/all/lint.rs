//! The whole way: a tree of files, and the findings of it.

use winfit_core::Catalog;
use winfit_core::day::parse_day;
use winfit_files::ignores::ignore_here;
use winfit_files::lint::{Lint, LintOptions, lint, rules};

use crate::repository::Tree;

fn lint_of(tree: &Tree) -> Lint {
    let options = LintOptions {
        today: parse_day("2026-11-22").unwrap(),
        eol_within: None,
        hosts: Vec::new(),
        build_isolation: None,
        registries: winfit_files::registries::Words::new(),
    };
    lint(Catalog::builtin(), &tree.read(), &options)
}

/// The findings as `file:line:column rule`.
fn found(tree: &Tree) -> Vec<String> {
    let folder = tree.path().to_string_lossy().replace('\\', "/");
    lint_of(tree)
        .findings
        .iter()
        .map(|finding| {
            let source = finding.origin.source.trim_start_matches(&folder);
            let place = finding.origin.span.map_or_else(String::new, |span| {
                format!(":{}:{}", span.line, span.column)
            });
            format!("{}{place} {}", source.trim_start_matches('/'), finding.rule)
        })
        .collect()
}

fn deployment(image: &str, selector: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  selector: {{}}\n  template:\n    spec:\n      nodeSelector:\n        kubernetes.io/os: windows\n{selector}      containers:\n        - name: web\n          image: {image}\n"
    )
}

const CORE: &str = "mcr.microsoft.com/windows/servercore";

#[test]
fn a_linux_repository_has_no_findings() {
    let tree = Tree::new(&[
        (
            "Dockerfile",
            "FROM golang:1.24 AS build\nRUN go build\nFROM debian:12\nCOPY --from=build /a /a\n",
        ),
        (
            "Dockerfile.alpine",
            "ARG VERSION\nFROM alpine:${VERSION}\nRUN apk add curl\n",
        ),
        (
            "compose.yaml",
            "services:\n  db:\n    image: postgres:16\n    deploy:\n      replicas: 1\n  web:\n    build: .\n    image: ${REGISTRY}/web:${TAG}\n",
        ),
        (
            "k8s/all.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  selector: {}\n  template:\n    spec:\n      containers:\n        - name: web\n          image: nginx:latest\n---\napiVersion: extensions/v1beta1\nkind: DaemonSet\nmetadata:\n  name: log\nspec:\n  template:\n    spec:\n      nodeSelector:\n        beta.kubernetes.io/os: linux\n      tolerations:\n        - operator: Exists\n      containers:\n        - name: log\n          image: fluent/fluentd:v1.16\n",
        ),
        (
            "etc/daemon.json",
            "{\"exec-opts\": [\"native.cgroupdriver=systemd\"], \"log-driver\": \"json-file\"}\n",
        ),
        (
            "winfit.toml",
            "hosts = [\"ltsc2019\", \"ltsc2022\", \"linux\"]\n",
        ),
    ]);
    assert_eq!(found(&tree), Vec::<String>::new());
}

#[test]
fn placement_that_admits_an_unfit_host_is_found_at_the_base_of_the_build_file() {
    let tree = Tree::new(&[
        (
            "web/Dockerfile",
            &format!("# escape=`\nFROM {CORE}:ltsc2022\n"),
        ),
        ("web.yaml", &deployment("contoso/web:1", "")),
        (
            "winfit.toml",
            "orchestrator = \"kubernetes\"\nhosts = [\"ltsc2019\", \"ltsc2022\"]\n[images.\"contoso/web\"]\ndockerfile = \"web/Dockerfile\"\n",
        ),
    ]);
    assert_eq!(found(&tree), ["web/Dockerfile:2:6 build-mismatch"]);
    let lint = lint_of(&tree);
    assert_eq!((lint.placed[0].candidates, lint.placed[0].fit), (2, 1));
}

#[test]
fn an_image_is_read_through_the_dockerfile_that_compose_builds_it_from() {
    let tree = Tree::new(&[
        (
            "web/Dockerfile",
            &format!("ARG RELEASE=ltsc2019\nFROM {CORE}:${{RELEASE}}\n"),
        ),
        (
            "compose.yaml",
            "services:\n  web:\n    build:\n      context: web\n      args:\n        RELEASE: ltsc2022\n    image: contoso/web\n",
        ),
        (
            "web.yaml",
            &deployment(
                "contoso/web:7",
                "        node.kubernetes.io/windows-build: \"10.0.17763\"\n",
            ),
        ),
    ]);
    let found = found(&tree);
    assert!(
        found.iter().any(|found| found.ends_with("build-mismatch")),
        "{found:?}"
    );
}

#[test]
fn without_hosts_a_selector_and_an_image_are_checked_against_each_other() {
    let tree = Tree::new(&[(
        "web.yaml",
        &deployment(
            &format!("{CORE}:ltsc2022"),
            "        node.kubernetes.io/windows-build: \"10.0.17763\"\n",
        ),
    )]);
    assert_eq!(found(&tree), ["web.yaml:14:18 build-mismatch"]);
}

#[test]
fn a_constraint_that_no_node_can_meet_is_told_once() {
    let stack = |constraint: &str| {
        format!(
            "services:\n  core:\n    image: {CORE}:ltsc2022\n    deploy:\n      placement:\n        constraints:\n          - {constraint}\n"
        )
    };
    for (constraint, rule) in [
        ("node.labels.OsVersion = 10.0.20348", "constraint-syntax"),
        ("node.os == windows", "constraint-never-true"),
        ("node.hostname == win-*", "constraint-never-true"),
        ("node.hostname == win-b", "no-host-for-placement"),
    ] {
        let tree = Tree::new(&[
            ("stack.yaml", &stack(constraint)),
            (
                "winfit.toml",
                "[[hosts]]\nname = \"win-a\"\nhost = \"ltsc2022\"\norchestrator = \"swarm\"\n",
            ),
        ]);
        assert_eq!(found(&tree), [format!("stack.yaml:7:13 {rule}")]);
    }
}

#[test]
fn what_is_told_of_one_tag_goes_before_what_is_told_of_the_repository() {
    let pod = |tag: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  nodeSelector:\n    kubernetes.io/os: windows\n  containers:\n    - name: a\n      image: contoso/a:{tag}\n"
        )
    };
    let tree = Tree::new(&[
        ("one.yaml", &pod("1")),
        ("two.yaml", &pod("2")),
        (
            "winfit.toml",
            "hosts = [\"ltsc2019\"]\n[images.\"contoso/a\"]\nos_version = \"10.0.17763\"\n[images.\"contoso/a:2\"]\nos_version = \"10.0.20348\"\n",
        ),
    ]);
    assert_eq!(found(&tree), ["two.yaml:10:14 build-mismatch"]);
}

#[test]
fn ignores_take_findings_away_and_are_told_when_they_match_nothing() {
    let tree = Tree::new(&[
        (
            "a/Dockerfile",
            &format!("# winfit: ignore[latest-removed]\nFROM {CORE}:latest\n"),
        ),
        (
            "b/Dockerfile",
            &format!("# winfit: ignore[latest-removed, old-image-name]\nFROM {CORE}:ltsc2022\n"),
        ),
        (
            "c/Dockerfile",
            &format!("FROM {CORE}:latest # winfit: ignore[latest-removed]\n"),
        ),
        (
            "d/Dockerfile",
            &format!("# winfit: ignore[latst-removed]\nFROM {CORE}:ltsc2022\n"),
        ),
        (
            "e.yaml",
            &deployment(
                &format!("{CORE}:latest # winfit: ignore[latest-removed]"),
                "",
            ),
        ),
        ("f/Dockerfile", &format!("FROM {CORE}:latest\n")),
        (
            "winfit.toml",
            "[[ignore]]\nrule = \"latest-removed\"\npath = \"f/\"\n[[ignore]]\nrule = \"latest-removed\"\npath = \"g/\"\n",
        ),
    ]);
    let found = found(&tree);
    let unused: Vec<&String> = found
        .iter()
        .filter(|found| found.ends_with("unused-ignore"))
        .collect();
    assert_eq!(
        unused,
        [
            "winfit.toml:5:8 unused-ignore",
            "b/Dockerfile:1:18 unused-ignore",
            "b/Dockerfile:1:34 unused-ignore",
            "d/Dockerfile:1:18 unused-ignore",
        ]
    );
    // A comment cannot stand behind an instruction of a Dockerfile.
    let rest: Vec<&String> = found
        .iter()
        .filter(|found| !found.ends_with("unused-ignore"))
        .collect();
    assert!(
        rest.iter()
            .all(|found| found.starts_with("c/Dockerfile:1:"))
            && !rest.is_empty(),
        "{rest:?}"
    );
}

#[test]
fn a_mirror_holds_what_its_original_holds() {
    let tree = Tree::new(&[
        (
            "Dockerfile",
            "FROM registry.contoso.com/mcr/windows/servercore/iis:windowsservercore-ltsc2022\n",
        ),
        (
            "base/Dockerfile",
            "FROM registry.contoso.com/mcr/windows:1809\n",
        ),
        (
            "winfit.toml",
            "hosts = [\"ltsc2016\"]\n[registries]\n\"registry.contoso.com/mcr\" = \"mcr.microsoft.com\"\n",
        ),
    ]);
    let found = found(&tree);
    assert!(
        found.contains(&"Dockerfile:1:6 build-mismatch".to_owned()),
        "{found:?}"
    );
    assert!(
        found.contains(&"base/Dockerfile:1:6 build-mismatch".to_owned()),
        "{found:?}"
    );
}

#[test]
fn base_tags_are_as_the_repository_wants_them() {
    let dockerfiles = [
        ("a/Dockerfile", format!("FROM {CORE}:ltsc2022\n")),
        ("b/Dockerfile", format!("FROM {CORE}:10.0.20348.5499\n")),
    ];
    let with = |config: &str| {
        let tree = Tree::new(&[
            (dockerfiles[0].0, &dockerfiles[0].1),
            (dockerfiles[1].0, &dockerfiles[1].1),
            ("winfit.toml", config),
        ]);
        found(&tree)
    };
    assert_eq!(with(""), Vec::<String>::new());
    assert_eq!(
        with("base_tags = \"pinned\"\n"),
        ["a/Dockerfile:1:6 floating-base"]
    );
    assert_eq!(
        with("base_tags = \"floating\"\n"),
        ["b/Dockerfile:1:6 pinned-base"]
    );
}

#[test]
fn a_broken_file_is_told_with_its_place_and_the_rest_is_read() {
    let tree = Tree::new(&[
        (
            "a.yaml",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: [\n---\napiVersion: v1\nkind: Pod\n",
        ),
        ("b/Dockerfile", &format!("FROM {CORE}:latest\n")),
        ("c/Dockerfile", "RUN echo\n"),
    ]);
    let found = found(&tree);
    assert!(
        found
            .iter()
            .any(|f| f.starts_with("a.yaml:") && f.ends_with(" broken-file")),
        "{found:?}"
    );
    assert!(
        found.iter().any(|f| f == "b/Dockerfile:1:6 latest-removed"),
        "{found:?}"
    );
    assert!(
        found
            .iter()
            .any(|f| f.starts_with("c/Dockerfile:1:1") && f.ends_with(" broken-file")),
        "{found:?}"
    );
}

#[test]
fn how_to_render_names_the_folder_where_no_shell_needs_quotes() {
    let chart = "apiVersion: v1\nkind: Pod\nmetadata: {name: {{ .Values.name }}}\nspec: {nodeSelector: {kubernetes.io/os: windows}}\n";
    for (path, expected) in [
        ("charts/kiln/templates/kiln.yaml", "charts/kiln | winfit"),
        ("charts/my kiln/templates/kiln.yaml", "CHART | winfit"),
    ] {
        let lint = lint_of(&Tree::new(&[(path, chart)]));
        let told = lint
            .findings
            .iter()
            .find(|finding| finding.rule == "not-rendered")
            .unwrap();
        assert!(told.message.contains(expected), "{path}: {}", told.message);
    }
}

#[test]
fn every_rule_is_listed_once_and_every_finding_has_a_listed_rule() {
    let names: Vec<&str> = rules().iter().map(|rule| rule.name).collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(names, sorted);
    assert!(names.len() > 30, "{names:?}");
    for rule in rules() {
        assert!(
            !rule.summary.is_empty() && !rule.summary.ends_with('.'),
            "{}",
            rule.name
        );
    }
}

#[test]
fn a_chart_whose_values_alone_name_windows_is_told() {
    let tree = Tree::new(&[
        ("chart/Chart.yaml", "apiVersion: v2\nname: kiln\n"),
        (
            "chart/values.yaml",
            "nodeSelector:\n  kubernetes.io/os: windows\n",
        ),
        (
            "chart/templates/pod.yaml",
            "apiVersion: v1\nkind: Pod\nspec:\n  nodeSelector: {{ toYaml .Values.nodeSelector }}\n",
        ),
        ("linux/values.yaml", "image: nginx\n"),
        (
            "linux/templates/pod.yaml",
            "apiVersion: v1\nkind: Pod\nspec:\n  image: {{ .Values.image }}\n",
        ),
    ]);
    assert_eq!(found(&tree), ["chart/templates/pod.yaml not-rendered"]);
}

#[test]
fn a_hash_inside_a_text_is_no_comment() {
    let tree = Tree::new(&[
        (
            "compose.yaml",
            &format!(
                "services:\n  a:\n    command: |\n      # winfit: ignore[latest-removed]\n    image: {CORE}:latest\n"
            ),
        ),
        (
            "Dockerfile",
            &format!("# winfit: ignore\nFROM {CORE}:ltsc2022\n"),
        ),
    ]);
    assert_eq!(
        found(&tree),
        [
            "Dockerfile:1:3 unused-ignore",
            "compose.yaml:5:12 latest-removed"
        ]
    );
}

#[test]
fn ignores_of_what_was_not_read_are_not_called_unused() {
    let tree = Tree::new(&[
        (
            "a/Dockerfile",
            &format!("# winfit: ignore[build-mismatch]\nFROM {CORE}:ltsc2022\n"),
        ),
        ("b/Dockerfile", &format!("FROM {CORE}:ltsc2019\n")),
        (
            "winfit.toml",
            "hosts = [\"ltsc2019\"]\n[[ignore]]\nrule = \"old-image-name\"\npath = \"b/\"\n",
        ),
    ]);
    assert_eq!(found(&tree), ["winfit.toml:3:8 unused-ignore"]);
    let with = |paths: &[&str], hosts: &[&str]| {
        let options = winfit_files::repository::ReadOptions {
            paths: paths.iter().map(|path| tree.path().join(path)).collect(),
            ..Default::default()
        };
        let repository = winfit_files::repository::read(Catalog::builtin(), &options);
        let hosts = hosts.iter().map(|host| {
            let read = winfit_core::host::read_host_spec(Catalog::builtin(), host).unwrap();
            winfit_core::fleet::Member::new(host, read[0].host, "--host")
        });
        let options = LintOptions {
            today: parse_day("2026-11-22").unwrap(),
            eol_within: None,
            hosts: hosts.collect(),
            build_isolation: None,
            registries: winfit_files::registries::Words::new(),
        };
        let lint = lint(Catalog::builtin(), &repository, &options);
        lint.findings
            .iter()
            .map(|finding| finding.rule)
            .collect::<Vec<_>>()
    };
    // One file, and other hosts than those that the ignores were written for.
    assert_eq!(with(&["b/Dockerfile"], &[]), [""; 0]);
    assert_eq!(
        with(&["."], &["ltsc2022"]),
        ["unused-ignore", "build-mismatch"]
    );
}

#[test]
fn a_build_file_that_no_given_workload_uses_is_judged_by_itself() {
    let config =
        "hosts = [\"ltsc2019\"]\n[images.\"contoso/web\"]\ndockerfile = \"web/Dockerfile\"\n";
    let tree = Tree::new(&[
        ("web/Dockerfile", &format!("FROM {CORE}:ltsc2022\n")),
        ("winfit.toml", config),
    ]);
    assert_eq!(found(&tree), ["web/Dockerfile:1:6 build-mismatch"]);
}

#[test]
fn a_build_file_that_is_not_there_is_told() {
    let tree = Tree::new(&[
        ("web.yaml", &deployment("contoso/web", "")),
        (
            "winfit.toml",
            "hosts = [\"ltsc2019\"]\n[images.\"contoso/web\"]\ndockerfile = \"nosuch\"\n",
        ),
    ]);
    assert!(found(&tree).contains(&"winfit.toml:3:14 winfit-toml".to_owned()));
}

#[test]
fn a_node_without_a_status_is_a_host_by_its_label() {
    let node = "apiVersion: v1\nkind: Node\nmetadata:\n  name: a\n  labels:\n    kubernetes.io/os: windows\n    node.kubernetes.io/windows-build: 10.0.17763\n";
    let tree = Tree::new(&[
        ("node.yaml", node),
        ("web.yaml", &deployment(&format!("{CORE}:ltsc2022"), "")),
    ]);
    assert_eq!(found(&tree), ["web.yaml:13:18 build-mismatch"]);
    assert_eq!(lint_of(&tree).hosts_from, "Node manifests");
}

#[test]
fn an_included_compose_file_is_judged_with_the_one_that_includes_it() {
    let tree = Tree::new(&[
        (".env", "TAG=ltsc2019\n"),
        (
            "docker-compose.yml",
            "include: [sub/inc.yml]\nservices: {}\n",
        ),
        (
            "sub/inc.yml",
            &format!("services:\n  web:\n    image: {CORE}:${{TAG}}\n"),
        ),
        ("winfit.toml", "hosts = [\"ltsc2022\"]\n"),
    ]);
    let lint = lint_of(&tree);
    assert_eq!(lint.placed.len(), 1);
    assert_eq!(found(&tree), ["sub/inc.yml:3:12 build-mismatch"]);
}

#[test]
fn a_merge_that_is_not_resolved_is_one_finding() {
    let tree = Tree::new(&[(
        "Dockerfile",
        &format!(
            "<<<<<<< HEAD\nFROM {CORE}:latest\n=======\nFROM {CORE}:ltsc2022\n>>>>>>> other\n"
        ),
    )]);
    assert_eq!(found(&tree), ["Dockerfile:1:1 broken-file"]);
}

/// A file with the first finding of a rule ignored where it stands; none: no comment can stand there.
fn ignored(name: &str, text: &str, rule: &str) -> Option<String> {
    let tree = Tree::new(&[(name, text)]);
    let findings = lint_of(&tree).findings;
    let finding = findings.iter().find(|finding| finding.rule == rule);
    let finding = finding.unwrap_or_else(|| panic!("{rule} in {findings:#?}"));
    let edit = ignore_here(&tree.read(), finding)?;
    assert!(edit.range.is_empty(), "it only adds");
    let mut text = text.to_owned();
    text.insert_str(edit.range.start, &edit.text);
    tree.write(name, text.as_bytes());
    let left = lint_of(&tree).findings;
    assert!(left.iter().all(|finding| finding.rule != rule), "{left:#?}");
    assert!(left.len() < findings.len(), "{left:#?}");
    Some(text)
}

#[test]
fn an_ignore_is_written_where_a_comment_can_stand() {
    const RULE: &str = "latest-removed";
    let comment = "# winfit: ignore[latest-removed]";
    let from = format!("FROM {CORE}:latest");
    for (name, before, after) in [
        (
            "Dockerfile",
            format!("{from}\n"),
            format!("{comment}\n{from}\n"),
        ),
        (
            "Dockerfile",
            format!("# escape=`\r\n  {from}\r\n"),
            format!("# escape=`\r\n  {comment}\r\n  {from}\r\n"),
        ),
        ("Dockerfile", from.clone(), format!("{comment}\n{from}")),
        (
            "Dockerfile",
            format!("# winfit: ignore[floating-base]\n{from}\n"),
            format!("# winfit: ignore[floating-base, latest-removed]\n{from}\n"),
        ),
        (
            "compose.yaml",
            format!("services:\r\n  a:\r\n    image: {CORE}:latest\r\n"),
            format!("services:\r\n  a:\r\n    image: {CORE}:latest  {comment}\r\n"),
        ),
        (
            "compose.yaml",
            format!("services: {{ a: {{ image: {CORE}:latest # why\n }} }}\n"),
            format!("services: {{ a: {{ image: {CORE}:latest # why  {comment}\n }} }}\n"),
        ),
    ] {
        assert_eq!(ignored(name, &before, RULE), Some(after), "{before}");
    }
    // In a text of several lines it would be a part of the text, and JSON has no comments.
    for (name, text) in [
        (
            "compose.yaml",
            format!("services:\n  a:\n    image: |-\n      {CORE}:latest\n"),
        ),
        (
            "pod.json",
            format!(
                "{{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {{\"name\": \"a\"}}, \"spec\": {{\"containers\": [{{\"name\": \"a\", \"image\": \"{CORE}:latest\"}}]}}}}\n"
            ),
        ),
    ] {
        assert_eq!(ignored(name, &text, RULE), None, "{text}");
    }
}

/// Hosts from the command line build what is there; those of winfit.toml only where an isolation of
/// builds is named.
#[test]
fn dockerfiles_are_judged_as_built_on_the_hosts() {
    let staged = format!(
        "ARG TAG=ltsc2019\nFROM {CORE}:${{TAG}} AS tools\nFROM tools AS build\nRUN dir\nFROM {CORE}:ltsc2022\nCOPY --from=build /a /a\n"
    );
    let tree = Tree::new(&[
        ("Dockerfile", &staged),
        (
            "copy/Dockerfile",
            &format!("FROM {CORE}:ltsc2019\nCOPY a b\n"),
        ),
        ("linux/Dockerfile", "FROM golang:1.24\nRUN go build\n"),
        ("winfit.toml", "hosts = [\"ltsc2022\"]\n"),
    ]);
    let here = || {
        let host = winfit_core::host::Host::windows("10.0.20348".parse().unwrap());
        vec![winfit_core::fleet::Member::new("ci", host, "--host")]
    };
    let told = |hosts, build_isolation| {
        let options = LintOptions {
            today: parse_day("2026-11-22").unwrap(),
            eol_within: None,
            hosts,
            build_isolation,
            registries: winfit_files::registries::Words::new(),
        };
        lint(Catalog::builtin(), &tree.read(), &options)
            .findings
            .iter()
            .filter(|finding| finding.rule == "cannot-build-here")
            .map(|finding| {
                let place = |origin: &winfit_core::finding::Origin| {
                    origin.span.map(|span| (span.line, span.column)).unwrap()
                };
                let related: Vec<(u32, u32)> = finding
                    .related
                    .iter()
                    .map(|related| place(&related.origin))
                    .collect();
                (place(&finding.origin), related)
            })
            .collect::<Vec<_>>()
    };
    let process = Some(winfit_core::host::Isolation::Process);
    let hyperv = Some(winfit_core::host::Isolation::Hyperv);
    // The argument's default, and the RUN of a stage on the stage.
    let base = vec![((1, 9), vec![(4, 1)])];
    assert_eq!(told(here(), None), base);
    assert_eq!(told(here(), process), base);
    assert_eq!(told(here(), hyperv), []);
    assert_eq!(told(vec![], None), []);
    assert_eq!(told(vec![], process), base);
}

/// Where Compose builds a file, its arguments and its target count.
#[test]
fn compose_says_how_a_dockerfile_is_built() {
    let dockerfile = format!(
        "ARG TAG=ltsc2019\nFROM {CORE}:${{TAG}} AS web\nRUN dir\nFROM {CORE}:ltsc2025 AS later\nRUN dir\n"
    );
    let told = |compose: &str| {
        let tree = Tree::new(&[("web/Dockerfile", &dockerfile), ("compose.yaml", compose)]);
        let host = winfit_core::host::Host::windows("10.0.20348".parse().unwrap());
        let options = LintOptions {
            today: parse_day("2026-11-22").unwrap(),
            eol_within: None,
            hosts: vec![winfit_core::fleet::Member::new("ci", host, "--host")],
            build_isolation: None,
            registries: winfit_files::registries::Words::new(),
        };
        lint(Catalog::builtin(), &tree.read(), &options)
            .findings
            .iter()
            .filter(|finding| finding.rule == "cannot-build-here")
            .map(|finding| {
                let name = finding.origin.source.rsplit('/').next().unwrap();
                format!("{name}:{}", finding.origin.line().unwrap())
            })
            .collect::<Vec<_>>()
    };
    for (build, expected) in [
        (
            "{context: elsewhere}",
            &["Dockerfile:1", "Dockerfile:4"][..],
        ),
        ("web", &["Dockerfile:1", "Dockerfile:4"]),
        ("{context: web, target: web}", &["Dockerfile:1"]),
        ("{context: web, target: web, args: {TAG: ltsc2022}}", &[]),
        ("{context: web, target: web, isolation: hyperv}", &[]),
        ("{context: web, isolation: HyperV}", &["Dockerfile:4"]),
        // A given value has no default's place.
        (
            "{context: web, target: web, args: {TAG: ltsc2016}}",
            &["Dockerfile:2"],
        ),
    ] {
        let compose = format!("services:\n  web:\n    build: {build}\n");
        assert_eq!(told(&compose), expected, "{build}");
    }
    let inline = format!(
        "services:\n  web:\n    build:\n      dockerfile_inline: |\n        FROM {CORE}:ltsc2019\n        RUN dir\n"
    );
    assert!(
        told(&inline).contains(&"compose.yaml:5".to_owned()),
        "{:?}",
        told(&inline)
    );
}
