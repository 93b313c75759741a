//! Whole runs of fixes over fleets of any kind: they end, nothing gets worse, and a second run has nothing
//! to do.

use std::collections::HashMap;

use proptest::prelude::*;
use winfit_core::Catalog;
use winfit_core::day::parse_day;
use winfit_core::finding::Severity;
use winfit_files::fix::{Fixed, run};
use winfit_files::lint::{Lint, LintOptions, lint};
use winfit_files::overlay::Overlay;
use winfit_files::repository::{ReadOptions, read};

/// A tree of files that only memory has.
fn tree(files: &[(&str, String)]) -> ReadOptions {
    let root = std::env::temp_dir().join("winfit-runs-that-is-not-there");
    let mut overlay = Overlay::default();
    for (name, text) in files {
        overlay.put(&root.join(name), text.as_bytes().to_vec());
    }
    ReadOptions {
        paths: files
            .iter()
            .filter(|(name, _)| *name != "winfit.toml")
            .map(|(name, _)| root.join(name))
            .collect(),
        config: Some(root.join("winfit.toml")),
        overlay,
        ..ReadOptions::default()
    }
}

fn options() -> LintOptions {
    LintOptions {
        today: parse_day("2026-11-22").unwrap(),
        eol_within: None,
        hosts: Vec::new(),
        build_isolation: None,
        registries: winfit_files::registries::Words::new(),
    }
}

fn judged(read_options: &ReadOptions) -> Lint {
    let repository = read(Catalog::builtin(), read_options);
    assert!(repository.unread.is_empty(), "{:?}", repository.unread);
    lint(Catalog::builtin(), &repository, &options())
}

fn fixed(read_options: &ReadOptions) -> Fixed {
    run(Catalog::builtin(), read_options, &options(), true)
}

/// The tree with the fixes.
fn after(read_options: &ReadOptions, fixed: &Fixed) -> ReadOptions {
    let mut next = read_options.clone();
    for file in &fixed.files {
        next.overlay
            .put(&file.source.path, file.text.as_bytes().to_vec());
    }
    next
}

fn errors(lint: &Lint) -> HashMap<(&str, String), usize> {
    let mut counts = HashMap::new();
    for finding in &lint.findings {
        if finding.severity == Severity::Error {
            let key = (finding.rule, finding.subject.in_words());
            *counts.entry(key).or_default() += 1;
        }
    }
    counts
}

const IMAGES: [&str; 12] = [
    "mcr.microsoft.com/windows/servercore:ltsc2016",
    "mcr.microsoft.com/windows/servercore:10.0.14393.1715",
    "mcr.microsoft.com/windows/servercore:ltsc2019",
    "mcr.microsoft.com/windows/servercore:10.0.17763.437",
    "mcr.microsoft.com/windows/servercore:10.0.17763.6293",
    "mcr.microsoft.com/windows/nanoserver:1809-KB4493509",
    "mcr.microsoft.com/windows/nanoserver:ltsc2022",
    "mcr.microsoft.com/windows/nanoserver:ltsc2025",
    "windows/servercore:1709",
    "contoso/web:1-windowsservercore-ltsc2022",
    "contoso/own:1",
    "golang:1.27-windowsservercore-1809",
];

const HOSTS: [&str; 9] = [
    "host = \"10.0.14393.1715\"",
    "host = \"10.0.14393.1770\"",
    "host = \"ltsc2019\"",
    "host = \"10.0.17763.437\"",
    "host = \"10.0.17763.6293\"",
    "host = \"ltsc2022\"",
    "host = \"ltsc2025\"\nstate = \"cordoned\"",
    "host = \"ltsc2022\"\ntaints = [\"os=windows:NoSchedule\"]",
    "host = \"linux\"",
];

const SELECTORS: [&str; 6] = [
    "",
    "      nodeSelector: {kubernetes.io/os: windows}\n",
    "      nodeSelector:\n        beta.kubernetes.io/os: windows\n",
    "      nodeSelector:\n        node.kubernetes.io/windows-build: \"17763\"\n",
    "      nodeSelector: {\"node.kubernetes.io/windows-build\": \"10.0.20348\"}\n",
    "      affinity:\n        nodeAffinity:\n          requiredDuringSchedulingIgnoredDuringExecution:\n            nodeSelectorTerms:\n            - matchExpressions:\n              - {key: kubernetes.io/os, operator: In, values: [windows]}\n            - matchExpressions:\n              - key: node.kubernetes.io/windows-build\n                operator: In\n                values: [10.0.17763]\n",
];

fn of<T: Copy + std::fmt::Debug>(all: &'static [T]) -> impl Strategy<Value = T> {
    prop::sample::select(all)
}

fn fleet() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    let hosts = prop::collection::vec((of(&HOSTS), of(&["kubernetes", "swarm"])), 0..5);
    let pods = prop::collection::vec((of(&SELECTORS), of(&IMAGES)), 0..4);
    let services = prop::collection::vec(
        (
            of(&IMAGES),
            of(&["", "    isolation: process\n", "    deploy: {}\n"]),
        ),
        0..4,
    );
    let tags = of(&["", "base_tags = \"pinned\"\n", "base_tags = \"floating\"\n"]);
    let base = of(&IMAGES);
    (hosts, pods, services, tags, base).prop_map(|(hosts, pods, services, tags, base)| {
        let mut config = tags.to_owned();
        for (at, (host, orchestrator)) in hosts.iter().enumerate() {
            config.push_str(&format!("[[hosts]]\nname = \"n{at}\"\n{host}\norchestrator = \"{orchestrator}\"\n"));
        }
        config.push_str("[images.\"contoso/own\"]\ndockerfile = \"own/Dockerfile\"\n");
        let pods: Vec<String> = pods
            .iter()
            .enumerate()
            .map(|(at, (selector, image))| {
                format!(
                    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: d{at}}}\nspec:\n  selector: {{matchLabels: {{a: b}}}}\n  template:\n    metadata: {{labels: {{a: b}}}}\n    spec:\n{selector}      containers:\n      - name: web\n        image: {image}\n"
                )
            })
            .collect();
        let mut compose = "services:\n  first:\n    image: redis:7\n".to_owned();
        for (at, (image, more)) in services.iter().enumerate() {
            compose.push_str(&format!("  s{at}:\n    image: {image}\n{more}"));
        }
        vec![
            ("winfit.toml", config),
            ("own/Dockerfile", format!("FROM {base} AS build\nFROM {base}\nCOPY --from=build a b\n")),
            ("all.yaml", pods.join("---\n")),
            ("docker-compose.yml", compose),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn nothing_gets_worse_and_a_second_run_has_nothing_to_do(files in fleet()) {
        let files: Vec<_> = files.into_iter().filter(|(_, text)| !text.is_empty()).collect();
        let options = tree(&files);
        let before = judged(&options);
        let once = fixed(&options);
        let next = after(&options, &once);
        let left = judged(&next);
        let had = errors(&before);
        for (key, count) in errors(&left) {
            prop_assert!(count <= had.get(&key).copied().unwrap_or(0), "{key:?} is new\n{files:#?}\n{:#?}", once.applied);
        }
        prop_assert!(left.findings.len() <= before.findings.len() || once.files.is_empty() || errors(&left).len() < had.len());
        let twice = fixed(&next);
        prop_assert!(twice.files.is_empty(), "{:#?}\n{files:#?}", twice.applied);
    }
}

/// What becomes of some files, and what is said.
fn told(files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
    let files: Vec<(&str, String)> = files
        .iter()
        .map(|(name, text)| (*name, (*text).to_owned()))
        .collect();
    let fixed = fixed(&tree(&files));
    (
        fixed.files.iter().map(|file| file.text.clone()).collect(),
        fixed
            .applied
            .iter()
            .map(|applied| applied.rule.to_owned())
            .collect(),
    )
}

const CORE: &str = "mcr.microsoft.com/windows/servercore";

#[test]
fn a_patch_that_the_hosts_do_not_run_is_not_written() {
    for (host, image) in [
        ("10.0.17763.437", "10.0.17763.437"),
        ("10.0.17763.6293", "10.0.17763.6293"),
    ] {
        let (texts, applied) = told(&[
            ("winfit.toml", &format!("hosts = [\"{host}\"]\n")),
            (
                "docker-compose.yml",
                &format!("services:\n  a:\n    image: {CORE}:{image}\n    deploy: {{}}\n"),
            ),
        ]);
        assert_eq!((texts, applied), (vec![], vec![]));
    }
}

#[test]
fn two_workloads_that_want_one_base_to_be_two_things_are_placed_or_left() {
    let pod = |name: &str, build: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec:\n  nodeSelector:\n    kubernetes.io/os: windows\n    node.kubernetes.io/windows-build: \"10.0.{build}\"\n  containers:\n  - {{name: web, image: \"contoso/web:1\"}}\n"
        )
    };
    let dockerfile = format!("FROM {CORE}:ltsc2022\n");
    let (texts, applied) = told(&[
        (
            "winfit.toml",
            "[[hosts]]\nhost = \"ltsc2019\"\norchestrator = \"kubernetes\"\n[[hosts]]\nhost = \"ltsc2022\"\norchestrator = \"kubernetes\"\n[images.\"contoso/web\"]\ndockerfile = \"Dockerfile\"\n",
        ),
        ("Dockerfile", &dockerfile),
        ("a.yaml", &pod("a", "17763")),
        ("b.yaml", &pod("b", "20348")),
    ]);
    // The base stays, since b runs on it; a goes where it can start.
    assert_eq!(applied, ["build-mismatch"]);
    assert_eq!(texts, [pod("a", "20348")]);
}

#[test]
fn what_somebody_decided_stays() {
    // A pin to one build, with its reason beside it.
    let pod = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec:\n  nodeSelector:\n    kubernetes.io/os: windows\n    # see the wiki\n    node.kubernetes.io/windows-build: \"10.0.20348\"\n  containers:\n  - {{name: web, image: \"{CORE}:ltsc2022\"}}\n"
    );
    let hosts = "hosts = [\"ltsc2022\", \"ltsc2025\"]\n";
    assert_eq!(
        told(&[("winfit.toml", hosts), ("a.yaml", &pod)]),
        (vec![], vec![])
    );
    // A label by which revisions are told apart.
    let labelled = "[[hosts]]\nhost = \"10.0.14393.1715\"\norchestrator = \"kubernetes\"\nlabels = { \"beta.kubernetes.io/osbuild\" = \"14393.1715\" }\n";
    let pod = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec:\n  nodeSelector:\n    kubernetes.io/os: windows\n    beta.kubernetes.io/osbuild: \"14393.1715\"\n  containers:\n  - {{name: web, image: \"{CORE}:10.0.14393.1715\"}}\n"
    );
    assert_eq!(
        told(&[("winfit.toml", labelled), ("a.yaml", &pod)]),
        (vec![], vec![])
    );
    // A taint that keeps others off, and one of a node in trouble.
    let pod = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec:\n  nodeSelector: {{kubernetes.io/os: windows}}\n  containers:\n  - {{name: web, image: \"{CORE}:ltsc2022\"}}\n"
    );
    for taint in [
        "dedicated=sql:NoSchedule",
        "node.kubernetes.io/unreachable:NoExecute",
    ] {
        let tainted = format!(
            "[[hosts]]\nhost = \"ltsc2022\"\norchestrator = \"kubernetes\"\ntaints = [\"{taint}\"]\n"
        );
        assert_eq!(
            told(&[("winfit.toml", &tainted), ("a.yaml", &pod)]),
            (vec![], vec![])
        );
    }
}
