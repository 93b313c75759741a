//! Remedies carried out in files: exactly the bytes of the change.

use std::sync::Arc;

use proptest::prelude::*;
use winfit_core::Catalog;
use winfit_core::change::{Change, PodChange, ServiceChange};
use winfit_core::day::parse_day;
use winfit_core::finding::Origin;
use winfit_core::host::Isolation;
use winfit_core::placement::kubernetes::{Requirement, Taint};
use winfit_core::remedy::{Remedy, RemedyKind, Safety};
use winfit_files::fix::{NotFixed, edits, run};
use winfit_files::kubernetes::{Content, PodTemplate};
use winfit_files::lint::LintOptions;
use winfit_files::repository::{Facts, ReadOptions, Repository, read};
use winfit_files::source::Source;

fn repository(name: &str, text: &[u8]) -> Repository {
    let options = ReadOptions {
        stdin: Some((name.to_owned(), text.to_vec())),
        ..ReadOptions::default()
    };
    let mut repository = read(Catalog::builtin(), &options);
    repository.files.retain(|file| *file.source.name == *name);
    repository
}

fn remedy(changes: Vec<Change>) -> Remedy {
    Remedy {
        kind: RemedyKind::OtherHost,
        title: "a change".to_owned(),
        safety: Safety::Unsafe,
        commands: Vec::new(),
        diff: None,
        changes,
    }
}

/// The text with a remedy carried out.
fn carried_out(repository: &Repository, changes: Vec<Change>) -> Result<String, NotFixed> {
    let found = edits(repository, &remedy(changes))?;
    let mut text = repository.files[0].source.text.clone();
    for edit in found.into_iter().rev() {
        text.replace_range(edit.range, &edit.text);
    }
    Ok(text)
}

/// The place of the only piece of the text that says this.
fn place(source: &Arc<Source>, piece: &str) -> Origin {
    let at = source
        .text
        .find(piece)
        .unwrap_or_else(|| panic!("{piece} in {}", source.text));
    source.origin(at, at + piece.len())
}

fn pods(repository: &Repository) -> Vec<&PodTemplate> {
    let Some(Facts::Kubernetes(manifests)) = repository.files.first().map(|file| &file.facts)
    else {
        return Vec::new();
    };
    let templates = manifests
        .objects
        .iter()
        .filter_map(|object| match &object.content {
            Content::Workload(template) => Some(template.as_ref()),
            _ => None,
        });
    templates.collect()
}

fn in_words(requirement: &Requirement) -> String {
    format!(
        "{} {} {:?}",
        requirement.key,
        requirement.operator.name(),
        requirement.values
    )
}

/// What a pod demands of its nodes, in words: its selector, then its terms.
fn demands(template: &PodTemplate) -> (Vec<String>, Option<Vec<Vec<String>>>) {
    let words = |all: &[Requirement]| -> Vec<String> {
        let mut words: Vec<String> = all.iter().map(in_words).collect();
        words.sort();
        words
    };
    let terms = template.placement.terms.as_ref();
    (
        words(&template.placement.node_selector),
        terms.map(|terms| terms.iter().map(|term| words(term)).collect()),
    )
}

/// All the ways in which people write a nodeSelector, each below `spec:` of a pod.
const SHAPES: [&str; 18] = [
    "  nodeSelector:\n    disk: ssd\n",
    "  nodeSelector:\n    disk: ssd\n    kubernetes.io/os: windows\n",
    "  nodeSelector:\n    \"disk\": 'ssd'\n",
    "  nodeSelector:\n    'disk': \"ssd\"   # fast\n",
    "  nodeSelector:\n      disk: ssd\n      # behind it\n",
    "  nodeSelector: {disk: ssd}\n",
    "  nodeSelector: { \"disk\": \"ssd\", kubernetes.io/os: windows } # one line\n",
    "  nodeSelector: {\n    disk: ssd,\n    kubernetes.io/os: windows,\n  }\n",
    "  nodeSelector: {}\n",
    "  nodeSelector: {} # none yet\n",
    "  nodeSelector:\n",
    "  nodeSelector: null\n",
    "",
    "  # above it\n  nodeSelector:\n    # above the entry\n    disk: ssd\n\n",
    "  nodeSelector: &sel\n    disk: ssd\n",
    "  nodeSelector: *sel\n",
    "  nodeSelector:\n    <<: *sel\n",
    "  nodeSelector:\n    beta.kubernetes.io/os: windows\n    disk: ssd\n",
];

/// Where it stands among the other fields.
const POSITIONS: [(&str, &str); 3] = [
    (
        "",
        "  containers:\n  - name: web\n    image: contoso/web:1\n",
    ),
    (
        "  containers:\n    - name: web # it\n      image: contoso/web:1\n",
        "",
    ),
    (
        "  restartPolicy: Never\n",
        "  containers: [{name: web, image: 'contoso/web:1'}]\n",
    ),
];

/// Documents around it.
const AROUND: [(&str, &str); 3] = [
    ("", ""),
    (
        "kind: ConfigMap\napiVersion: v1\ndata: {a: |-\n  text}\n---\n",
        "---\n# the end\n",
    ),
    ("# first\n", "status: {}\n"),
];

/// Every shape, in every position, with both line ends, and without the last one.
fn manifests() -> Vec<String> {
    let mut found = Vec::new();
    for shape in SHAPES {
        for (before, after) in POSITIONS {
            for (first, last) in AROUND {
                let first = if first.contains("ConfigMap") {
                    first.replace("{a: |-\n  text}", "\n  a: |\n    text\n\n")
                } else {
                    first.to_owned()
                };
                let anchor = if shape.contains("*sel") {
                    "metadata:\n  name: web\n  labels: &sel\n    disk: ssd\n"
                } else {
                    "metadata:\n  name: web\n"
                };
                let text = format!(
                    "{first}apiVersion: v1\nkind: Pod\n{anchor}spec:\n{before}{shape}{after}{last}"
                );
                found.push(text.replace('\n', "\r\n"));
                found.push(text.trim_end().to_owned());
                found.push(text);
            }
        }
    }
    found
}

fn place_on(repository: &Repository, builds: &[&str]) -> Option<Vec<Change>> {
    let at = pods(repository).first()?.spec.clone();
    let values = builds.iter().map(|build| (*build).to_owned()).collect();
    Some(vec![Change::Pod {
        at,
        change: Box::new(PodChange {
            lift: vec!["node.kubernetes.io/windows-build".to_owned()],
            demands: vec![
                ("kubernetes.io/os".to_owned(), vec!["windows".to_owned()]),
                ("node.kubernetes.io/windows-build".to_owned(), values),
            ],
            ..PodChange::default()
        }),
    }])
}

/// Every line of the old text is in the new one, in its order, but for so many.
fn lines_gone(old: &str, new: &str) -> Vec<String> {
    let mut rest = new.split_inclusive('\n').peekable();
    let mut gone = Vec::new();
    let all: Vec<&str> = rest.by_ref().collect();
    let mut from = 0;
    for line in old.split_inclusive('\n') {
        let bare = line.trim_end_matches(['\r', '\n']);
        match all[from..]
            .iter()
            .position(|one| one.trim_end_matches(['\r', '\n']) == bare)
        {
            Some(at) => from += at + 1,
            None => gone.push(bare.to_owned()),
        }
    }
    gone
}

#[test]
fn a_node_selector_of_any_shape_gets_one_build_and_nothing_else_changes() {
    let all = manifests();
    assert_eq!(all.len(), 18 * 3 * 3 * 3);
    for text in all {
        let before = repository("pod.yaml", text.as_bytes());
        assert!(
            before.files[0].problems.is_empty(),
            "{text}\n{:?}",
            before.files[0].problems
        );
        let disk = demands(pods(&before)[0])
            .0
            .iter()
            .any(|one| one.contains("disk"));
        let old_name = text.contains("beta.kubernetes.io/os");
        let changes = place_on(&before, &["10.0.20348"]).unwrap();
        let edited =
            carried_out(&before, changes).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let after = repository("pod.yaml", edited.as_bytes());
        assert!(after.files[0].problems.is_empty(), "{edited}");
        let mut wanted = vec![r#"node.kubernetes.io/windows-build In ["10.0.20348"]"#.to_owned()];
        wanted.push(if old_name {
            r#"beta.kubernetes.io/os In ["windows"]"#.to_owned()
        } else {
            r#"kubernetes.io/os In ["windows"]"#.to_owned()
        });
        if disk {
            wanted.push(r#"disk In ["ssd"]"#.to_owned());
        }
        wanted.sort();
        assert_eq!(demands(pods(&after)[0]), (wanted, None), "{edited}");
        same_but_for(
            &text,
            &edited,
            &["nodeSelector", "<<: *sel", "disk: ssd,", "disk: ssd}"],
        );
        // Done once it is done.
        let again = place_on(&after, &["10.0.20348"]).unwrap();
        assert_eq!(carried_out(&after, again).unwrap(), edited);
    }
}

#[test]
fn several_builds_go_into_the_affinity_of_a_pod_of_any_shape() {
    for text in manifests() {
        let before = repository("pod.yaml", text.as_bytes());
        let changes = place_on(&before, &["10.0.20348", "10.0.26100"]).unwrap();
        let edited =
            carried_out(&before, changes).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let after = repository("pod.yaml", edited.as_bytes());
        assert!(after.files[0].problems.is_empty(), "{edited}");
        let (selector, terms) = demands(pods(&after)[0]);
        let os = selector
            .iter()
            .filter(|one| one.contains("kubernetes.io/os In"));
        assert_eq!(os.count(), 1, "{edited}");
        let term =
            vec![r#"node.kubernetes.io/windows-build In ["10.0.20348", "10.0.26100"]"#.to_owned()];
        assert_eq!(terms, Some(vec![term]), "{edited}");
        same_but_for(
            &text,
            &edited,
            &["nodeSelector", "<<: *sel", "disk: ssd,", "disk: ssd}"],
        );
        let again = place_on(&after, &["10.0.20348", "10.0.26100"]).unwrap();
        assert_eq!(carried_out(&after, again).unwrap(), edited);
    }
}

/// No line goes but those that a change may rewrite, no comment goes, and the line ends stay.
fn same_but_for(old: &str, new: &str, may_change: &[&str]) {
    for line in lines_gone(old, new) {
        let may = may_change.iter().any(|piece| line.contains(piece));
        assert!(may, "{line:?} is gone from\n{new}");
        if let Some((_, comment)) = line.split_once('#') {
            assert!(new.contains(comment), "{comment:?} is gone from\n{new}");
        }
    }
    let bare = |text: &str| text.matches('\n').count() - text.matches("\r\n").count();
    if old.contains("\r\n") {
        assert_eq!(bare(new), 0, "{new:?}");
    } else {
        assert!(!new.contains('\r'), "{new:?}");
    }
    assert_eq!(old.ends_with('\n'), new.ends_with('\n'), "{new:?}");
}

/// `spec` of a Pod, and what becomes of it with another one.
fn spec(spec: &str, change: PodChange) -> String {
    let text = format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: web}}\nspec:\n{spec}");
    let before = repository("pod.yaml", text.as_bytes());
    let at = pods(&before)[0].spec.clone();
    let change = Change::Pod {
        at,
        change: Box::new(change),
    };
    match carried_out(&before, vec![change]) {
        Ok(text) => text.split_once("spec:\n").unwrap().1.to_owned(),
        Err(error) => format!("refused: {error}"),
    }
}

fn only(builds: &[&str]) -> PodChange {
    let values = builds.iter().map(|build| format!("10.0.{build}")).collect();
    PodChange {
        demands: vec![("node.kubernetes.io/windows-build".to_owned(), values)],
        ..PodChange::default()
    }
}

#[test]
fn an_affinity_with_two_terms_gets_the_builds_in_both() {
    // Terms are joined by "or": a third one would open what the others close.
    insta::assert_snapshot!(spec(
        "  affinity:
    nodeAffinity:
      preferredDuringSchedulingIgnoredDuringExecution: []
      requiredDuringSchedulingIgnoredDuringExecution:
        nodeSelectorTerms:
        - matchExpressions:
          - {key: pool, operator: In, values: [a]}   # the old pool
        - matchExpressions:
          - key: pool
            operator: In
            values:
            - b
          matchFields:
          - {key: metadata.name, operator: In, values: [n1]}
  containers: [{name: web, image: contoso/web:1}]
",
        only(&["20348", "26100"]),
    ), @r#"
      affinity:
        nodeAffinity:
          preferredDuringSchedulingIgnoredDuringExecution: []
          requiredDuringSchedulingIgnoredDuringExecution:
            nodeSelectorTerms:
            - matchExpressions:
              - {key: pool, operator: In, values: [a]}   # the old pool
              - key: node.kubernetes.io/windows-build
                operator: In
                values: ["10.0.20348", "10.0.26100"]
            - matchExpressions:
              - key: pool
                operator: In
                values:
                - b
              - key: node.kubernetes.io/windows-build
                operator: In
                values: ["10.0.20348", "10.0.26100"]
              matchFields:
              - {key: metadata.name, operator: In, values: [n1]}
      containers: [{name: web, image: contoso/web:1}]
    "#);
}

#[test]
fn builds_that_are_demanded_already_are_narrowed_where_they_stand() {
    insta::assert_snapshot!(spec(
        "  affinity:
    nodeAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
        nodeSelectorTerms:
          - matchExpressions:
              - key: node.kubernetes.io/windows-build
                operator: In
                values:
                  - \"10.0.17763\" # old
                  - \"10.0.20348\"
  containers: [{name: web, image: contoso/web:1}]
",
        only(&["20348"]),
    ), @r#"
      affinity:
        nodeAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            nodeSelectorTerms:
              - matchExpressions:
                  - key: node.kubernetes.io/windows-build
                    operator: In
                    values:
                      - "10.0.20348"
      containers: [{name: web, image: contoso/web:1}]
    "#);
}

#[test]
fn what_would_admit_no_node_or_another_workload_is_refused() {
    let containers = "  containers: [{name: web, image: contoso/web:1}]\n";
    let no_terms = "  affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: []}}}\n";
    for before in [
        no_terms.to_owned(),
        no_terms.replace("[]", "[{}]"),
        "  affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: node.kubernetes.io/windows-build, operator: In, values: [10.0.1]}]}]}}}\n".to_owned(),
        "  nodeSelector: [a]\n".to_owned(),
    ] {
        let found = spec(&format!("{before}{containers}"), only(&["20348", "26100"]));
        let one = spec(&format!("{before}{containers}"), only(&["20348"]));
        assert!(found.starts_with("refused") || one.starts_with("refused"), "{found}\n{one}");
    }
}

#[test]
fn a_pod_is_placed_anew() {
    let change = PodChange {
        lift: vec!["node.kubernetes.io/windows-build".to_owned()],
        tolerate: vec![
            Taint {
                key: "os".to_owned(),
                value: "windows".to_owned(),
                effect: "NoSchedule".to_owned(),
            },
            Taint {
                key: "gpu".to_owned(),
                value: String::new(),
                effect: String::new(),
            },
        ],
        runtime_class: Some("windows-2022".to_owned()),
        host_network: true,
        ..PodChange::default()
    };
    insta::assert_snapshot!(spec(
        "    nodeSelector:
        node.kubernetes.io/windows-build: 10.0.17763
    # What runs.
    containers:
    -   name: web
        image: contoso/web:1
    tolerations:
    -   key: a
        operator: Exists
",
        change,
    ), @r#"
        runtimeClassName: windows-2022
        hostNetwork: true
        # What runs.
        containers:
        -   name: web
            image: contoso/web:1
        tolerations:
        -   key: a
            operator: Exists
        -   key: os
            operator: Equal
            value: windows
            effect: NoSchedule
        -   key: gpu
            operator: Exists
    "#);
}

#[test]
fn json_stays_json() {
    let text = "{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"Pod\",\n  \"spec\": {\n    \"containers\": [{\"name\": \"web\", \"image\": \"contoso/web:1\"}]\n  }\n}\n";
    let before = repository("pod.json", text.as_bytes());
    let changes = place_on(&before, &["10.0.20348", "10.0.26100"]).unwrap();
    let edited = carried_out(&before, changes).unwrap();
    serde_json::from_str::<serde_json::Value>(&edited)
        .unwrap_or_else(|error| panic!("{error}\n{edited}"));
    insta::assert_snapshot!(edited, @r#"
    {
      "apiVersion": "v1",
      "kind": "Pod",
      "spec": {
        "nodeSelector": {"kubernetes.io/os": "windows"},
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "node.kubernetes.io/windows-build", "operator": "In", "values": ["10.0.20348", "10.0.26100"]}]}]}}},
        "containers": [{"name": "web", "image": "contoso/web:1"}]
      }
    }
    "#);
}

#[test]
fn an_anchor_that_others_use_is_not_edited_for_one_of_them() {
    let text = "apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Pod
  metadata: {name: a}
  spec: &spec
    nodeSelector: {kubernetes.io/os: windows}
    containers: [{name: web, image: contoso/web:1}]
- apiVersion: v1
  kind: Pod
  metadata: {name: b}
  spec: *spec
";
    let before = repository("pods.yaml", text.as_bytes());
    let changes = place_on(&before, &["10.0.20348"]).unwrap();
    assert_eq!(
        carried_out(&before, changes).unwrap_err().to_string(),
        "pods.yaml: the edit would reach further than this place, as through an anchor"
    );
}

#[test]
fn what_a_merge_brings_in_gets_an_entry_of_its_own() {
    let text = "apiVersion: v1
kind: List
x: &base
  nodeSelector: {kubernetes.io/os: windows}
  restartPolicy: Never
items:
- apiVersion: v1
  kind: Pod
  metadata: {name: a}
  spec:
    containers: [{name: web, image: contoso/web:1}]
    <<: *base
- apiVersion: v1
  kind: Pod
  metadata: {name: b}
  spec:
    <<: *base
    containers: [{name: web, image: contoso/web:1}]
";
    let before = repository("pods.yaml", text.as_bytes());
    let changes = place_on(&before, &["10.0.20348"]).unwrap();
    let edited = carried_out(&before, changes).unwrap();
    let after = repository("pods.yaml", edited.as_bytes());
    let words: Vec<usize> = pods(&after)
        .iter()
        .map(|pod| demands(pod).0.len())
        .collect();
    assert_eq!(words, [2, 1], "{edited}");
    assert_eq!(lines_gone(text, &edited), Vec::<String>::new());
}

#[test]
fn an_old_deployment_moves_to_apps_v1_with_its_selector() {
    let text = "apiVersion: extensions/v1beta1   # old\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 1\n  template:\n    metadata:\n      labels: {app: web, 'tier': \"1\"}\n    spec:\n      containers: [{name: web, image: contoso/web:1}]\n";
    let before = repository("web.yaml", text.as_bytes());
    let change = Change::ApiVersion {
        at: place(&before.files[0].source, "extensions/v1beta1"),
        to: "apps/v1".to_owned(),
        match_labels: vec![
            ("app".to_owned(), "web".to_owned()),
            ("tier".to_owned(), "1".to_owned()),
        ],
    };
    insta::assert_snapshot!(carried_out(&before, vec![change]).unwrap(), @r#"
    apiVersion: apps/v1   # old
    kind: Deployment
    metadata: {name: web}
    spec:
      replicas: 1
      selector:
        matchLabels:
          app: web
          tier: "1"
      template:
        metadata:
          labels: {app: web, 'tier': "1"}
        spec:
          containers: [{name: web, image: contoso/web:1}]
    "#);
}

/// A Compose service with these lines, after a change of the service.
fn service(lines: &str, change: ServiceChange) -> String {
    let text = format!("services:\n  web:\n{lines}");
    let before = repository("docker-compose.yml", text.as_bytes());
    let at = place(&before.files[0].source, "web");
    match carried_out(&before, vec![Change::Service { at, change }]) {
        Ok(text) => text.split_once("web:\n").unwrap().1.to_owned(),
        Err(error) => format!("refused: {error}"),
    }
}

#[test]
fn services_get_constraints_and_an_isolation() {
    let constraint = || ServiceChange {
        constraints: vec!["node.labels.OsVersion == 10.0.20348".to_owned()],
        ..ServiceChange::default()
    };
    let hyperv = || ServiceChange {
        isolation: Some(Isolation::Hyperv),
        ..ServiceChange::default()
    };
    for (before, change, after) in [
        (
            "    image: a\n",
            constraint(),
            "    image: a\n    deploy:\n      placement:\n        constraints:\n          - node.labels.OsVersion == 10.0.20348\n",
        ),
        (
            "    image: a\n    deploy: {}\n",
            constraint(),
            "    image: a\n    deploy:\n      placement:\n        constraints:\n          - node.labels.OsVersion == 10.0.20348\n",
        ),
        (
            "    image: a\n    deploy:\n        placement:\n            constraints: [node.role == worker]\n",
            constraint(),
            "    image: a\n    deploy:\n        placement:\n            constraints: [node.role == worker, node.labels.OsVersion == 10.0.20348]\n",
        ),
        (
            "    deploy:\n      placement:\n        constraints:\n        - node.role == worker # here\n    image: a\n",
            constraint(),
            "    deploy:\n      placement:\n        constraints:\n        - node.role == worker # here\n        - node.labels.OsVersion == 10.0.20348\n    image: a\n",
        ),
        (
            "    image: a\n    deploy:\n      placement:\n        constraints: [node.labels.OsVersion == 10.0.20348]\n",
            constraint(),
            "    image: a\n    deploy:\n      placement:\n        constraints: [node.labels.OsVersion == 10.0.20348]\n",
        ),
        (
            "    image: a\n    ports: [80]\n",
            hyperv(),
            "    image: a\n    isolation: hyperv\n    ports: [80]\n",
        ),
        (
            "    image: a\n    isolation: \"process\"\n",
            hyperv(),
            "    image: a\n    isolation: \"hyperv\"\n",
        ),
        (
            "    build: .\n",
            hyperv(),
            "    build: .\n    isolation: hyperv\n",
        ),
    ] {
        assert_eq!(service(before, change), after);
    }
}

/// One text of a file that is to say something else.
fn text_change(
    name: &str,
    text: &str,
    piece: &str,
    old: &str,
    new: &str,
) -> Result<String, NotFixed> {
    let before = repository(name, text.as_bytes());
    let at = place(&before.files[0].source, piece);
    carried_out(
        &before,
        vec![Change::Text {
            at,
            old: old.to_owned(),
            new: new.to_owned(),
        }],
    )
}

#[test]
fn an_image_is_mended_where_its_text_stands() {
    const OLD: &str = "mcr.microsoft.com/windows/servercore:ltsc2019";
    const NEW: &str = "mcr.microsoft.com/windows/servercore:ltsc2022";
    for (text, piece, after) in [
        (
            "FROM mcr.microsoft.com/windows/servercore:ltsc2019 AS a\r\nRUN x\r\n",
            OLD,
            Some("FROM mcr.microsoft.com/windows/servercore:ltsc2022 AS a\r\nRUN x\r\n"),
        ),
        (
            "FROM \"mcr.microsoft.com/windows/servercore:ltsc2019\"\n",
            OLD,
            Some("FROM \"mcr.microsoft.com/windows/servercore:ltsc2022\"\n"),
        ),
        (
            "ARG TAG=ltsc2019\nFROM mcr.microsoft.com/windows/servercore:$TAG\n",
            "ltsc2019",
            Some("ARG TAG=ltsc2022\nFROM mcr.microsoft.com/windows/servercore:$TAG\n"),
        ),
        (
            "ARG BASE=mcr.microsoft.com/windows/servercore\nARG TAG='ltsc2019'\nFROM ${BASE}:${TAG}\n",
            "ltsc2019",
            Some(
                "ARG BASE=mcr.microsoft.com/windows/servercore\nARG TAG='ltsc2022'\nFROM ${BASE}:${TAG}\n",
            ),
        ),
        (
            "ARG IMAGE=mcr.microsoft.com/windows/servercore:ltsc2019\nFROM $IMAGE\nFROM $IMAGE AS b\n",
            OLD,
            Some(
                "ARG IMAGE=mcr.microsoft.com/windows/servercore:ltsc2022\nFROM $IMAGE\nFROM $IMAGE AS b\n",
            ),
        ),
        (
            "# escape=`\nFROM `\n  mcr.microsoft.com/windows/servercore:ltsc2019\n",
            OLD,
            Some("# escape=`\nFROM `\n  mcr.microsoft.com/windows/servercore:ltsc2022\n"),
        ),
        // Two stages with one tag go together.
        (
            "ARG TAG=ltsc2019\nFROM mcr.microsoft.com/windows/nanoserver:$TAG\nFROM mcr.microsoft.com/windows/servercore:$TAG\n",
            "ltsc2019",
            Some(
                "ARG TAG=ltsc2022\nFROM mcr.microsoft.com/windows/nanoserver:$TAG\nFROM mcr.microsoft.com/windows/servercore:$TAG\n",
            ),
        ),
        (
            "ARG YEAR=2019\nFROM mcr.microsoft.com/windows/servercore:ltsc${YEAR}\n",
            "2019",
            Some("ARG YEAR=2022\nFROM mcr.microsoft.com/windows/servercore:ltsc${YEAR}\n"),
        ),
        (
            "ARG A=ltsc2019\nARG TAG=$A\nFROM mcr.microsoft.com/windows/servercore:$TAG\n",
            "ltsc2019",
            Some("ARG A=ltsc2022\nARG TAG=$A\nFROM mcr.microsoft.com/windows/servercore:$TAG\n"),
        ),
    ] {
        let found = text_change("Dockerfile", text, piece, OLD, NEW);
        match after {
            Some(after) => assert_eq!(found.as_deref(), Ok(after), "{text}"),
            None => assert!(found.is_err(), "{found:?}"),
        }
    }
}

#[test]
fn the_default_of_a_variable_is_mended_in_compose_files() {
    let of = |image: &str, old: &str, new: &str| {
        let text = format!("services:\n  web:\n    image: {image}\n    deploy: {{}}\n");
        text_change("compose.yaml", &text, image, old, new)
            .map(|text| text.lines().nth(2).unwrap().trim().to_owned())
            .map_err(|error| error.to_string())
    };
    let (old, new) = ("contoso/web:1-ltsc2019", "contoso/web:1-ltsc2022");
    assert_eq!(
        of("contoso/web:1-ltsc2019", old, new).as_deref(),
        Ok("image: contoso/web:1-ltsc2022")
    );
    assert_eq!(
        of("\"contoso/web:${TAG:-1-ltsc2019}\"", old, new).as_deref(),
        Ok("image: \"contoso/web:${TAG:-1-ltsc2022}\"")
    );
    assert_eq!(
        of("${IMAGE-contoso/web:1-ltsc2019}", old, new).as_deref(),
        Ok("image: ${IMAGE-contoso/web:1-ltsc2022}")
    );
    // What stands elsewhere decides.
    assert!(of("contoso/web:${TAG}", old, new).is_err());
    assert!(of("contoso/web:${TAG:-1-ltsc2016}", old, new).is_err());
}

#[test]
fn daemon_json_gets_the_isolation_as_the_page_has_it() {
    for (before, after) in [
        ("{}\n", "{\n    \"exec-opts\": [\"isolation=hyperv\"]\n}\n"),
        ("", "{\n    \"exec-opts\": [\"isolation=hyperv\"]\n}\n"),
        (
            "{\n    \"debug\": true\n}\n",
            "{\n    \"debug\": true,\n    \"exec-opts\": [\"isolation=hyperv\"]\n}\n",
        ),
        (
            "{\r\n\t\"debug\": true\r\n}",
            "{\r\n\t\"debug\": true,\r\n\t\"exec-opts\": [\"isolation=hyperv\"]\r\n}",
        ),
        (
            "{\"exec-opts\": []}",
            "{\"exec-opts\": [\"isolation=hyperv\"]}",
        ),
        (
            "{\"exec-opts\": [\"isolation=process\"], \"a\": 1}",
            "{\"exec-opts\": [\"isolation=hyperv\"], \"a\": 1}",
        ),
        (
            "{\"exec-opts\": [\"isolation=hyperv\"]}",
            "{\"exec-opts\": [\"isolation=hyperv\"]}",
        ),
    ] {
        let repository = repository("daemon.json", before.as_bytes());
        let at = repository.files[0].source.whole();
        let change = Change::EngineIsolation {
            at,
            isolation: Isolation::Hyperv,
        };
        assert_eq!(
            carried_out(&repository, vec![change]).as_deref(),
            Ok(after),
            "{before:?}"
        );
    }
}

/// The text of a `daemon.json` once everything safe is mended.
fn daemon_mended(text: &str) -> String {
    let options = ReadOptions {
        stdin: Some(("daemon.json".to_owned(), text.as_bytes().to_vec())),
        ..ReadOptions::default()
    };
    let lint = LintOptions {
        today: parse_day("2026-11-22").unwrap(),
        eol_within: None,
        hosts: Vec::new(),
        build_isolation: None,
        registries: winfit_files::registries::Words::new(),
    };
    let fixed = run(Catalog::builtin(), &options, &lint, false);
    let file = fixed.files.into_iter().next();
    file.map_or_else(|| text.to_owned(), |file| file.text)
}

#[test]
fn what_no_engine_reads_becomes_json() {
    for (before, after) in [
        // As people copy it from the page.
        (
            "\"exec-opts\": [\"isolation=hyperv\"]\n",
            "{\n    \"exec-opts\": [\"isolation=hyperv\"]\n}\n",
        ),
        (
            "{\n  // why\n  \"debug\": true, /* x */\n  \"a\": [1,],\n}\n",
            "{\n  \n  \"debug\": true, \n  \"a\": [1]\n}\n",
        ),
        // What is meant, nobody knows.
        ("{\"a\": }", "{\"a\": }"),
        ("{\"a\" 1,}", "{\"a\" 1,}"),
        ("// {", "// {"),
    ] {
        assert_eq!(daemon_mended(before), after, "{before:?}");
    }
}

#[test]
fn an_option_goes_with_its_comma() {
    for (before, piece, after) in [
        (
            "{\"exec-opts\": [\"isolation=process\", \"isolation=hyperv\"]}",
            "\"isolation=process\"",
            "{\"exec-opts\": [\"isolation=hyperv\"]}",
        ),
        (
            "{\"exec-opts\": [\n  \"isolation=process\",\n  \"isolation=hyperv\"\n]}",
            "\"isolation=hyperv\"",
            "{\"exec-opts\": [\n  \"isolation=process\"\n]}",
        ),
    ] {
        let repository = repository("daemon.json", before.as_bytes());
        let at = place(&repository.files[0].source, piece);
        assert_eq!(
            carried_out(&repository, vec![Change::Remove { at }]).as_deref(),
            Ok(after)
        );
    }
}

#[test]
fn a_place_that_is_not_there_is_told() {
    let repository = repository("Dockerfile", b"FROM a\n");
    let elsewhere = Source::of_text("other", "FROM a\n");
    let change = |at: Origin| Change::Text {
        at,
        old: "a".to_owned(),
        new: "b".to_owned(),
    };
    let error = carried_out(&repository, vec![change(elsewhere.whole())]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "other: what this would change no longer stands there"
    );
    let error = carried_out(&repository, vec![]).unwrap_err();
    assert_eq!(error, NotFixed::NoChange);
    let beyond = Source::of_text("Dockerfile", &"x".repeat(100));
    assert!(carried_out(&repository, vec![change(beyond.origin(50, 60))]).is_err());
}

/// Pieces of which hostile files are made.
fn fragments() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "apiVersion: v1\n",
        "kind: Pod\n",
        "spec:\n",
        "  nodeSelector:",
        " {",
        "}",
        "[",
        "]",
        ", ",
        ": ",
        "\n",
        "\r\n",
        "    a: b\n",
        "&a ",
        "*a",
        "<<: *a",
        "- ",
        "? ",
        "# c\n",
        "---\n",
        "'",
        "\"",
        "|\n",
        ">-\n",
        "  containers:\n",
        "  - image: x\n",
        "\u{feff}",
        "é",
        "\t",
        "services:\n",
        "  web:\n",
        "    image: x\n",
        "FROM a\n",
        "ARG B=c\n",
        "FROM $B\n",
        "# escape=`\n",
        "`\n",
        "\\\n",
        "!reset ",
        "null",
        "1",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// Whatever a file holds: an edit is made whole or refused, and what is outside of it stays.
    #[test]
    fn hostile_files_are_edited_or_left_alone(
        text in fragments(),
        name in prop::sample::select(vec!["a.yaml", "docker-compose.yml", "Dockerfile", "daemon.json", "a.json"]),
        start in 0usize..200,
        length in 0usize..40,
        kind in 0usize..8,
    ) {
        let repository = repository(name, text.as_bytes());
        if let Some(file) = repository.files.first() {
            let source = &file.source;
            let floor = |mut at: usize| {
                at = at.min(source.text.len());
                while !source.text.is_char_boundary(at) { at -= 1; }
                at
            };
            let (start, end) = (floor(start), floor(start + length));
            let at = source.origin(start, end);
            let old = source.text[start..end].to_owned();
            let change = match kind {
                0 => Change::Text { at, old, new: "x: [y".to_owned() },
                1 => Change::Quote { at },
                2 => Change::Demand { at, key: "k".to_owned(), values: vec!["1".to_owned()] },
                3 => Change::Remove { at },
                4 => Change::Pod { at, change: Box::new(only(&["1", "2"])) },
                5 => Change::Service { at, change: ServiceChange { constraints: vec!["a == b".to_owned()], isolation: Some(Isolation::Hyperv) } },
                6 => Change::ApiVersion { at, to: "apps/v1".to_owned(), match_labels: vec![("a".to_owned(), "b".to_owned())] },
                _ => Change::EngineIsolation { at, isolation: Isolation::Hyperv },
            };
            if let Ok(found) = edits(&repository, &remedy(vec![change])) {
                let mut last = 0;
                for edit in &found {
                    prop_assert!(last <= edit.range.start && edit.range.end <= source.text.len());
                    last = edit.range.end;
                }
            }
        }
    }
}
