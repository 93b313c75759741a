//! Kubernetes manifests: what is read, and what is wrong with them.

use std::fmt::Write as _;

use proptest::prelude::*;
use winfit_core::audit::AuditOptions;
use winfit_core::finding::Finding;
use winfit_core::fleet::{Fleet, Member};
use winfit_core::host::Host;
use winfit_core::placement::kubernetes::Taint;
use winfit_core::version::OsVersion;
use winfit_core::{Catalog, Date};
use winfit_files::kubernetes::{
    Content, Manifests, Object, PodTemplate, is_helm_template, is_kustomization, is_object,
    looks_like, read,
};
use winfit_files::rules::Context;
use winfit_files::rules::kubernetes::{RULES, check};
use winfit_files::source::Source;
use winfit_files::yaml;

fn manifests(text: &str) -> Manifests {
    let source = Source::of_text("f.yaml", text);
    let (trees, _) = yaml::read(&source);
    read(&source, &trees).0
}

fn check_in(fleet: &Fleet, text: &str) -> Vec<Finding> {
    let source = Source::of_text("f.yaml", text);
    let (trees, _) = yaml::read(&source);
    let (manifests, _) = read(&source, &trees);
    let options = AuditOptions {
        today: Date::from_calendar_date(2026, time::Month::November, 22).unwrap(),
        eol_within: 180,
    };
    let context = Context {
        catalog: Catalog::builtin(),
        fleet,
        hosts: &[],
        options: &options,
        base_tags: None,
    };
    let found = check(&context, &source.name, &manifests);
    for finding in &found {
        assert!(
            RULES.iter().any(|rule| rule.name == finding.rule),
            "{}",
            finding.rule
        );
        assert!(!finding.message.ends_with('.'), "{}", finding.message);
        for origin in std::iter::once(&finding.origin)
            .chain(finding.related.iter().map(|related| &related.origin))
        {
            if &*origin.source == "f.yaml" {
                let span = origin.span.unwrap();
                assert!(text.get(span.start..span.end).is_some());
            }
        }
    }
    found
}

/// `line:column severity rule «underlined»`, one a finding.
fn told(fleet: &Fleet, text: &str) -> Vec<String> {
    check_in(fleet, text)
        .iter()
        .map(|finding| {
            let span = finding.origin.span.unwrap();
            format!(
                "{}:{} {} {} «{}»",
                span.line,
                span.column,
                finding.severity.name(),
                finding.rule,
                &text[span.start..span.end]
            )
        })
        .collect()
}

fn template(object: &Object) -> &PodTemplate {
    match &object.content {
        Content::Workload(template) => template,
        other => panic!("{other:?} starts no pods"),
    }
}

/// The deployment that Microsoft's page prints.
const PAGE: &str = r#"apiVersion: extensions/v1beta1
kind: Deployment
metadata:
  annotations:
    kompose.cmd: kompose convert -f docker-compose-combined.yml
    kompose.version: 1.2.0 (99f88ef)
  creationTimestamp: null
  labels:
    io.kompose.service: fabrikamfiber.web
  name: fabrikamfiber.web
spec:
  replicas: 1
  strategy: {}
  template:
    metadata:
      creationTimestamp: null
      labels:
        io.kompose.service: fabrikamfiber.web
    spec:
      containers:
      - image: patricklang/fabrikamfiber.web:latest
        name: fabrikamfiberweb
        ports:
        - containerPort: 80
        resources: {}
      restartPolicy: Always
      nodeSelector:
        "beta.kubernetes.io/os": windows
        "beta.kubernetes.io/osbuild": "14393.1715"
status: {}
"#;

/// What a person reads of a finding.
fn shown(findings: &[Finding]) -> String {
    let mut out = String::new();
    for finding in findings {
        let span = finding.origin.span.unwrap();
        writeln!(
            out,
            "{}[{}] {} at {}:{}\n{}",
            finding.severity.name(),
            finding.rule,
            finding.subject.in_words(),
            span.line,
            span.column,
            finding.message
        )
        .unwrap();
        if !finding.label.is_empty() {
            writeln!(out, "  ^ {}", finding.label).unwrap();
        }
        for note in &finding.notes {
            writeln!(out, "  note: {note}").unwrap();
        }
        for remedy in &finding.remedies {
            writeln!(out, "  {} ({})", remedy.title, remedy.safety.name()).unwrap();
            for line in remedy
                .commands
                .iter()
                .flat_map(|command| command.text.lines())
            {
                writeln!(out, "    {line}").unwrap();
            }
        }
        out.push('\n');
    }
    out
}

#[test]
fn the_page_s_deployment_as_printed() {
    let found = manifests(PAGE);
    let object = &found.objects[0];
    let template = template(object);
    assert_eq!(object.name.as_ref().unwrap().value, "fabrikamfiber.web");
    assert_eq!(template.replicas, Some(1));
    assert!(!template.has_selector);
    let selected: Vec<_> = template
        .placement
        .node_selector
        .iter()
        .map(|one| (one.key.as_str(), one.values[0].as_str(), one.origin.line()))
        .collect();
    assert_eq!(
        selected,
        [
            ("beta.kubernetes.io/os", "windows", Some(28)),
            ("beta.kubernetes.io/osbuild", "14393.1715", Some(29)),
        ]
    );
    // As the page prints it, indented, it reads the same.
    let indented: String = PAGE.lines().map(|line| format!("    {line}\n")).collect();
    assert_eq!(manifests(&indented).objects.len(), 1);

    insta::assert_snapshot!(shown(&check_in(&Fleet::default(), PAGE)), @r##"
    warning[deprecated-label] Deployment fabrikamfiber.web at 28:9
    the label beta.kubernetes.io/os is deprecated since Kubernetes 1.14; kubernetes.io/os has the same values
      ^ now kubernetes.io/os
      note: controllers still copy kubernetes.io/os to it on every node, and may cease to with any release
      select by the label that stays (unsafe)
        kubernetes.io/os: windows

    warning[deprecated-label] Deployment fabrikamfiber.web at 29:9
    no cluster sets the label beta.kubernetes.io/osbuild: a node has it only where someone set it by hand
      ^ since Kubernetes 1.17 kubelets set node.kubernetes.io/windows-build
      note: node.kubernetes.io/windows-build has no revision, and Windows Server 2016 (14393) runs only images of its own revision (1715): to keep revisions apart, label the nodes yourself, under a name of your own
      select by the build that kubelets report (unsafe)
        node.kubernetes.io/windows-build: "10.0.14393"

    error[removed-api-version] Deployment fabrikamfiber.web at 1:13
    Kubernetes 1.16 and newer refuse a Deployment of extensions/v1beta1; apps/v1 took its place
      ^ now apps/v1
      note: apps/v1 demands spec.selector, which extensions/v1beta1 made from the labels of the pod template
      write the version that is served (safe)
        apiVersion: apps/v1
        spec:
          selector:
            matchLabels:
              io.kompose.service: "fabrikamfiber.web"
    "##);
}

#[test]
fn the_page_s_deployment_on_one_line_is_no_yaml() {
    let flat = PAGE.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(looks_like(&flat));
    let source = Source::of_text("flat.yaml", &flat);
    let (trees, problems) = yaml::read(&source);
    assert!(trees.is_empty());
    let span = problems[0].origin.span.unwrap();
    assert_eq!(
        (span.line, span.column, problems[0].rule),
        (1, 36, "broken-file")
    );
    assert_eq!(&flat[..span.start], "apiVersion: extensions/v1beta1 kind");
    insta::assert_snapshot!(problems[0].message, @r##"
    this is no YAML: a key cannot stand here; a line break before it is missing, or its indentation differs from its neighbours'
    "##);
}

#[test]
fn every_kind_with_a_pod_template_is_read() {
    let spec = "{containers: [{name: web, image: x}]}";
    for (kind, body) in [
        ("v1 Pod", format!("spec: {spec}")),
        ("v1 PodTemplate", format!("template: {{spec: {spec}}}")),
        (
            "v1 ReplicationController",
            format!("spec: {{template: {{spec: {spec}}}}}"),
        ),
        (
            "apps/v1 Deployment",
            format!("spec: {{template: {{spec: {spec}}}}}"),
        ),
        (
            "apps/v1 ReplicaSet",
            format!("spec: {{template: {{spec: {spec}}}}}"),
        ),
        (
            "apps/v1 StatefulSet",
            format!("spec: {{template: {{spec: {spec}}}}}"),
        ),
        (
            "apps/v1 DaemonSet",
            format!("spec: {{template: {{spec: {spec}}}}}"),
        ),
        (
            "batch/v1 Job",
            format!("spec: {{template: {{spec: {spec}}}}}"),
        ),
        (
            "batch/v1 CronJob",
            format!("spec: {{jobTemplate: {{spec: {{template: {{spec: {spec}}}}}}}}}"),
        ),
        (
            "argoproj.io/v1alpha1 Rollout",
            format!("spec: {{template: {{spec: {spec}}}}}"),
        ),
        (
            "serving.knative.dev/v1 Service",
            format!("spec: {{template: {{spec: {spec}}}}}"),
        ),
        (
            "apps.kruise.io/v1beta1 StatefulSet",
            format!("spec: {{template: {{spec: {spec}}}}}"),
        ),
        (
            "apps.kruise.io/v1alpha1 AdvancedCronJob",
            format!(
                "spec: {{template: {{jobTemplate: {{spec: {{template: {{spec: {spec}}}}}}}}}}}"
            ),
        ),
        (
            "agones.dev/v1 Fleet",
            format!("spec: {{template: {{spec: {{template: {{spec: {spec}}}}}}}}}"),
        ),
        (
            "keda.sh/v1alpha1 ScaledJob",
            format!("spec: {{jobTargetRef: {{template: {{spec: {spec}}}}}}}"),
        ),
    ] {
        let (version, kind) = kind.split_once(' ').unwrap();
        let text = format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{name: n}}\n{body}\n");
        let found = manifests(&text);
        assert_eq!(found.objects.len(), 1, "{text}");
        let image = template(&found.objects[0]).containers[0]
            .image
            .as_ref()
            .unwrap();
        assert_eq!(image.value, "x", "{text}");
    }
    for text in [
        "apiVersion: v1\nkind: Service\nspec: {selector: {a: b}}\n",
        "apiVersion: v1\nkind: Pod\n",
        "apiVersion: apps/v1\nkind: Deployment\nspec: {template: {spec: {containers: text}}}\n",
        "apiVersion: apps/v1\nkind: Deployment\nspec: {template: null}\nstatus: {}\n",
    ] {
        assert_eq!(manifests(text).objects[0].content, Content::Other, "{text}");
    }
    // A fragment is none of ours.
    for text in [
        "kind: Pod\nspec: {containers: []}\n",
        "- a\n",
        "text\n",
        "apiVersion: v1\n",
    ] {
        assert!(manifests(text).objects.is_empty(), "{text}");
    }
}

#[test]
fn all_of_a_pod_is_read() {
    let text = "\
apiVersion: batch/v1
kind: CronJob
metadata: {generateName: nightly-, namespace: shop, annotations: {a: b}}
spec:
  jobTemplate:
    spec:
      parallelism: 3
      selector: {matchLabels: {a: b}}
      template:
        metadata:
          creationTimestamp: null
          labels: {app: nightly}
          annotations: {c: d}
        spec:
          os: {name: windows}
          nodeName: win-a
          runtimeClassName: windows-2022
          hostNetwork: true
          securityContext: {windowsOptions: {hostProcess: true}}
          nodeSelector:
            kubernetes.io/os: windows
          affinity:
            nodeAffinity:
              preferredDuringSchedulingIgnoredDuringExecution:
              - {weight: 1, preference: {matchExpressions: [{key: p, operator: Exists}]}}
              requiredDuringSchedulingIgnoredDuringExecution:
                nodeSelectorTerms:
                - matchExpressions:
                  - {key: node.kubernetes.io/windows-build, operator: In, values: [10.0.20348, 10.0.26100]}
                  - {key: spot, operator: DoesNotExist}
                - matchFields:
                  - {key: metadata.name, operator: In, values: [win-b]}
                - {}
          tolerations:
          - {key: os, value: windows, effect: NoSchedule}
          - {operator: Exists}
          initContainers:
          - {name: first, image: a}
          containers:
          - name: web
            image: \"b\"
            securityContext: {windowsOptions: {hostProcess: false}}
          ephemeralContainers:
          - {name: debug, image: c}
status: {}
";
    let found = manifests(text);
    let object = &found.objects[0];
    assert_eq!(object.name.as_ref().unwrap().value, "nightly-");
    assert_eq!(object.namespace.as_ref().unwrap().value, "shop");
    assert_eq!(object.annotations[0].1, "b");
    assert_eq!(object.wrong_types, []);
    let template = template(object);
    assert_eq!(template.replicas, Some(3));
    assert!(template.has_selector && template.host_process);
    assert_eq!(template.labels, [("app".to_owned(), "nightly".to_owned())]);
    assert_eq!(template.annotations[0].0.value, "c");
    assert_eq!(template.os_name.as_ref().unwrap().value, "windows");
    assert_eq!(template.spec.line(), Some(15));
    assert!(template.host_network.as_ref().unwrap().value);
    assert_eq!(template.windows_options.as_ref().unwrap().line(), Some(19));
    let placement = &template.placement;
    assert_eq!(placement.node_name.as_ref().unwrap().value, "win-a");
    assert_eq!(
        placement.runtime_class.as_ref().unwrap().value,
        "windows-2022"
    );
    let terms: Vec<Vec<String>> = placement
        .terms
        .as_ref()
        .unwrap()
        .iter()
        .map(|term| {
            term.iter()
                .map(|one| {
                    let place = one.origin.span.unwrap();
                    assert!(text[place.start..place.end].starts_with("{key"));
                    format!(
                        "{} {} {:?} {}",
                        one.key,
                        one.operator.name(),
                        one.values,
                        one.field
                    )
                })
                .collect()
        })
        .collect();
    assert_eq!(
        terms,
        [
            vec![
                "node.kubernetes.io/windows-build In [\"10.0.20348\", \"10.0.26100\"] false"
                    .to_owned(),
                "spot DoesNotExist [] false".to_owned()
            ],
            vec!["metadata.name In [\"win-b\"] true".to_owned()],
            vec![],
        ]
    );
    let tolerations: Vec<_> = placement
        .tolerations
        .iter()
        .map(|one| {
            (
                one.key.as_deref(),
                one.exists,
                one.value.as_str(),
                one.effect.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        tolerations,
        [
            (Some("os"), false, "windows", Some("NoSchedule")),
            (None, true, "", None)
        ]
    );
    let containers: Vec<_> = template
        .containers
        .iter()
        .map(|one| {
            let image = one.image.as_ref().unwrap();
            (
                one.name.as_str(),
                image.value.as_str(),
                one.host_process,
                image.origin.line(),
            )
        })
        .collect();
    assert_eq!(
        containers,
        [
            ("first", "a", true, Some(38)),
            ("web", "b", false, Some(41)),
            ("debug", "c", true, Some(44)),
        ]
    );
}

#[test]
fn lists_are_their_items() {
    let text = "\
apiVersion: v1
kind: List
metadata: {resourceVersion: \"\"}
items:
- apiVersion: v1
  kind: Pod
  metadata: {name: one}
  spec: {containers: [{name: a, image: x}]}
- apiVersion: v1
  kind: Service
---
apiVersion: v1
kind: PodList
items:
- metadata: {name: two}
  spec: {containers: [{name: a, image: x}]}
";
    let seen: Vec<_> = manifests(text)
        .objects
        .iter()
        .map(|object| {
            (
                object.document,
                object.kind.value.clone(),
                object.api_version.as_ref().unwrap().value.clone(),
                object.origin.line(),
                matches!(object.content, Content::Workload(_)),
            )
        })
        .collect();
    let row = |document, kind: &str, line, starts| {
        (
            document,
            kind.to_owned(),
            "v1".to_owned(),
            Some(line),
            starts,
        )
    };
    assert_eq!(
        seen,
        [
            row(0, "Pod", 5, true),
            row(0, "Service", 9, false),
            row(1, "Pod", 15, true)
        ]
    );
}

#[test]
fn runtime_classes_and_nodes_are_read() {
    let text = "\
apiVersion: node.k8s.io/v1
kind: RuntimeClass
metadata: {name: new}
handler: runhcs-wcow-process
scheduling:
  nodeSelector: {kubernetes.io/os: windows, node.kubernetes.io/windows-build: '10.0.17763'}
  tolerations: [{effect: NoSchedule, key: os, operator: Equal, value: windows}]
---
apiVersion: node.k8s.io/v1alpha1
kind: RuntimeClass
metadata: {name: old}
spec: {runtimeHandler: runhcs-wcow-hypervisor}
---
apiVersion: v1
kind: Node
metadata: {name: win-a, labels: {kubernetes.io/os: windows, empty: }}
spec: {unschedulable: true, taints: [{key: os, value: windows, effect: NoSchedule}, {key: k, effect: NoExecute}]}
status:
  conditions: [{type: MemoryPressure, status: 'False'}, {type: Ready, status: Unknown}]
  nodeInfo: {kernelVersion: 10.0.20348.825, operatingSystem: windows, architecture: amd64, containerRuntimeVersion: containerd://1.7.1}
";
    let found = manifests(text);
    let [new, old, node] = found.objects.as_slice() else {
        panic!("{found:?}")
    };
    let Content::RuntimeClass(class) = &new.content else {
        panic!()
    };
    assert_eq!(
        (class.name.as_str(), class.handler.value.as_str()),
        ("new", "runhcs-wcow-process")
    );
    assert_eq!(class.node_selector[1].values, ["10.0.17763"]);
    assert_eq!(class.tolerations[0].value, "windows");
    let Content::RuntimeClass(class) = &old.content else {
        panic!()
    };
    assert_eq!(
        (class.name.as_str(), class.handler.value.as_str()),
        ("old", "runhcs-wcow-hypervisor")
    );
    let Content::Node(node) = &node.content else {
        panic!()
    };
    assert_eq!(
        node.labels[0],
        ("kubernetes.io/os".to_owned(), "windows".to_owned())
    );
    assert_eq!(node.labels[1].1, "");
    assert_eq!(node.taints.len(), 2);
    assert!(node.unschedulable && node.not_ready);
    assert_eq!(
        node.kernel_version.as_ref().unwrap().value,
        "10.0.20348.825"
    );
    assert_eq!(node.operating_system.as_deref(), Some("windows"));
    assert_eq!(node.architecture.as_deref(), Some("amd64"));
    assert_eq!(node.runtime_version.as_deref(), Some("containerd://1.7.1"));
}

#[test]
fn manifests_are_told_from_other_texts() {
    for (text, is) in [
        (PAGE, true),
        ("{\"kind\": \"Pod\", \"apiVersion\": \"v1\"}", true),
        ("'apiVersion' : v1\nkind: Pod", true),
        ("services:\n  web: {image: x}\n", false),
        ("kind: Pod\n", false),
        ("the apiVersion and the kind of thing", false),
        ("myapiVersion: v1\nkind: x", false),
        ("", false),
    ] {
        assert_eq!(looks_like(text), is, "{text:?}");
    }
    let object = |text| {
        let source = Source::of_text("f.yaml", text);
        yaml::read(&source).0.first().is_some_and(is_object)
    };
    assert!(object("apiVersion: v1\nkind: Pod\n"));
    assert!(!object("apiVersion: v1\nkind: {a: b}\n"));
    assert!(!object("apiVersion:\nkind:\n- a\n"));
    for (text, is) in [
        ("image: {{ .Values.image }}\n", true),
        ("{{- if .Values.windows }}\nkind: Pod\n{{- end }}\n", true),
        ("name: {{ include \"chart.name\" . }}\n", true),
        ("name: {{-  template \"x\" . }}\n", true),
        ("name: \"{{ .Release.Name }}\"\n", true),
        // An alert's template is its text.
        ("summary: 'Instance {{ $labels.instance }} down'\n", false),
        ("a: {{b: c}: d}\n", false),
        ("# .Values.x\na: b\n", false),
        ("{{ unclosed .Values", false),
        // Linear, however often it opens.
        (&"{{a".repeat(300_000), false),
    ] {
        assert_eq!(is_helm_template(text), is, "{text:?}");
    }
    for (name, is) in [
        ("kustomization.yaml", true),
        ("overlays/prod/kustomization.yml", true),
        ("base\\Kustomization", true),
        ("kustomization.yaml/deploy.yaml", false),
        ("my-kustomization.yaml", false),
    ] {
        assert_eq!(is_kustomization(name), is, "{name:?}");
    }
}

#[test]
fn a_document_that_refers_to_itself_too_often_is_a_problem() {
    let mut text = "apiVersion: v1\nkind: List\nitems:\n".to_owned();
    text.push_str("- &a {apiVersion: v1, kind: Pod, spec: {containers: [{name: a, image: x}]}}\n");
    text.push_str(&format!(
        "- &l0 {{kind: List, items: [{}]}}\n",
        vec!["*a"; 200].join(", ")
    ));
    text.push_str(&format!(
        "- &l1 {{kind: List, items: [{}]}}\n",
        vec!["*l0"; 200].join(", ")
    ));
    text.push_str(&format!(
        "- &l2 {{kind: List, items: [{}]}}\n",
        vec!["*l1"; 200].join(", ")
    ));
    let source = Source::of_text("f.yaml", &text);
    let (trees, _) = yaml::read(&source);
    let (found, problems) = read(&source, &trees);
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].rule, "too-large");
    assert!(found.objects.len() < 100_000);
}

/// A pod with this spec.
fn pod(spec: &str) -> String {
    format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: web}}\nspec:\n{spec}")
}

const WINDOWS: &str = "mcr.microsoft.com/windows/servercore:ltsc2022";

#[test]
fn rules_and_their_places() {
    let mut all = String::new();
    for spec in [
        // Labels.
        "  nodeSelector: {kubernetes.io/os: windows}\n",
        "  nodeSelector: {beta.kubernetes.io/os: windows, beta.kubernetes.io/arch: amd64}\n",
        "  nodeSelector: {beta.kubernetes.io/os: linux}\n",
        "  nodeSelector:\n    beta.kubernetes.io/osbuild: \"16299\"\n",
        "  nodeSelector:\n    beta.kubernetes.io/osbuild: 14393.*\n",
        "  nodeSelector: {node.kubernetes.io/windows-build: 10.0.17763}\n",
        "  nodeSelector: {node.kubernetes.io/windows-build: 17763}\n",
        "  nodeSelector: {node.kubernetes.io/windows-build: 10.0.17763.437}\n",
        "  nodeSelector: {node.kubernetes.io/windows-build: ltsc2019}\n",
        "  nodeSelector: {node.kubernetes.io/windows-build: latest}\n",
        "  nodeSelector: {node.kubernetes.io/windows-build: 10.0.*}\n",
        "  nodeSelector: {kubernetes.io/os: Windows}\n",
        "  nodeSelector: {kubernetes.io/os: windows2022}\n",
        "  nodeSelector: {kubernetes.io/os: Linux}\n",
        "  nodeSelector: {kubernetes.azure.com/os-sku: Windows2019}\n",
        "  nodeSelector: {kubernetes.azure.com/os-sku: Windows2022}\n",
        "  nodeSelector: {kubernetes.azure.com/os-sku: windows-2022}\n",
        "  nodeSelector: {kubernetes.azure.com/os-sku: Ubuntu}\n",
        "  nodeSelector: {kubernetes.io/os: windows, pool: true, disk: \"5\"}\n",
        "  nodeSelector: {kubernetes.io/os: linux, pool: true}\n",
        "  affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [\n    {matchExpressions: [{key: node.kubernetes.io/windows-build, operator: In, values: [10.0.20348, ltsc2025]}]},\n    {matchExpressions: [{key: beta.kubernetes.io/os, operator: In, values: [windows]}]}]}}}\n",
        // Windows pods without a place.
        "  containers: [{name: a, image: IMAGE}]\n",
        "  os: {name: windows}\n  containers: [{name: a, image: x}]\n",
        "  containers: [{name: a, image: x, securityContext: {windowsOptions: {runAsUserName: A}}}]\n",
        "  nodeSelector: {agentpool: winpool}\n  containers: [{name: a, image: IMAGE}]\n",
        "  nodeSelector: {disk: ssd}\n  containers: [{name: a, image: IMAGE}]\n",
        "  nodeName: win-a\n  containers: [{name: a, image: IMAGE}]\n",
        "  runtimeClassName: unknown\n  containers: [{name: a, image: IMAGE}]\n",
        "  containers: [{name: a, image: nginx}]\n",
        "  containers: [{name: a, image: \"windows/servercore\"}]\n",
        "  nodeSelector: {kubernetes.io/os: linux}\n  containers: [{name: a, image: IMAGE}]\n",
        // Fields inside a container.
        "  containers:\n  - name: a\n    image: x\n    nodeSelector:\n      kubernetes.io/os: windows\n",
        "  containers:\n  - name: a\n    image: x\n    nodeSelector: {kubernetes.io/os: linux}\n",
        // HostProcess.
        "  hostNetwork: true\n  securityContext: {windowsOptions: {hostProcess: true}}\n  nodeSelector: {kubernetes.io/os: windows}\n  containers: [{name: a, image: x}]\n",
        "  securityContext: {windowsOptions: {hostProcess: true}}\n  nodeSelector: {kubernetes.io/os: windows}\n  containers: [{name: a, image: x}]\n",
        "  hostNetwork: true\n  nodeSelector: {kubernetes.io/os: windows}\n  containers:\n  - {name: a, image: x, securityContext: {windowsOptions: {hostProcess: true}}}\n  - {name: b, image: x}\n",
        // Clouds.
        "  nodeSelector: {eks.amazonaws.com/compute-type: fargate}\n  containers: [{name: a, image: IMAGE}]\n",
        "  nodeSelector: {eks.amazonaws.com/compute-type: fargate}\n  containers: [{name: a, image: nginx}]\n",
    ] {
        let text = pod(&spec.replace("IMAGE", WINDOWS));
        writeln!(all, "{}", spec.trim_end()).unwrap();
        for line in told(&Fleet::default(), &text) {
            writeln!(all, "→ {line}").unwrap();
        }
    }
    insta::assert_snapshot!(all, @r##"
      nodeSelector: {kubernetes.io/os: windows}
      nodeSelector: {beta.kubernetes.io/os: windows, beta.kubernetes.io/arch: amd64}
    → 5:18 warning deprecated-label «beta.kubernetes.io/os»
    → 5:50 warning deprecated-label «beta.kubernetes.io/arch»
      nodeSelector: {beta.kubernetes.io/os: linux}
      nodeSelector:
        beta.kubernetes.io/osbuild: "16299"
    → 6:5 warning deprecated-label «beta.kubernetes.io/osbuild»
      nodeSelector:
        beta.kubernetes.io/osbuild: 14393.*
    → 6:33 error wildcard-label-value «14393.*»
    → 6:5 warning deprecated-label «beta.kubernetes.io/osbuild»
      nodeSelector: {node.kubernetes.io/windows-build: 10.0.17763}
      nodeSelector: {node.kubernetes.io/windows-build: 17763}
    → 5:52 error windows-build-value «17763»
      nodeSelector: {node.kubernetes.io/windows-build: 10.0.17763.437}
    → 5:52 error windows-build-value «10.0.17763.437»
      nodeSelector: {node.kubernetes.io/windows-build: ltsc2019}
    → 5:52 error windows-build-value «ltsc2019»
      nodeSelector: {node.kubernetes.io/windows-build: latest}
    → 5:52 error windows-build-value «latest»
      nodeSelector: {node.kubernetes.io/windows-build: 10.0.*}
    → 5:52 error wildcard-label-value «10.0.*»
      nodeSelector: {kubernetes.io/os: Windows}
    → 5:36 error os-label-value «Windows»
      nodeSelector: {kubernetes.io/os: windows2022}
    → 5:36 error os-label-value «windows2022»
      nodeSelector: {kubernetes.io/os: Linux}
      nodeSelector: {kubernetes.azure.com/os-sku: Windows2019}
    → 5:47 warning retired-node-os «Windows2019»
      nodeSelector: {kubernetes.azure.com/os-sku: Windows2022}
    → 5:47 warning retired-node-os «Windows2022»
      nodeSelector: {kubernetes.azure.com/os-sku: windows-2022}
    → 5:47 error os-label-value «windows-2022»
      nodeSelector: {kubernetes.azure.com/os-sku: Ubuntu}
      nodeSelector: {kubernetes.io/os: windows, pool: true, disk: "5"}
    → 5:51 error wrong-type «true»
      nodeSelector: {kubernetes.io/os: linux, pool: true}
      affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [
        {matchExpressions: [{key: node.kubernetes.io/windows-build, operator: In, values: [10.0.20348, ltsc2025]}]},
        {matchExpressions: [{key: beta.kubernetes.io/os, operator: In, values: [windows]}]}]}}}
    → 6:100 warning windows-build-value «ltsc2025»
    → 7:31 warning deprecated-label «beta.kubernetes.io/os»
      containers: [{name: a, image: IMAGE}]
    → 5:33 warning os-selector-missing «mcr.microsoft.com/windows/servercore:ltsc2022»
      os: {name: windows}
      containers: [{name: a, image: x}]
    → 5:14 warning os-selector-missing «windows»
      containers: [{name: a, image: x, securityContext: {windowsOptions: {runAsUserName: A}}}]
    → 5:54 warning os-selector-missing «windowsOptions»
      nodeSelector: {agentpool: winpool}
      containers: [{name: a, image: IMAGE}]
      nodeSelector: {disk: ssd}
      containers: [{name: a, image: IMAGE}]
    → 6:33 warning os-selector-missing «mcr.microsoft.com/windows/servercore:ltsc2022»
      nodeName: win-a
      containers: [{name: a, image: IMAGE}]
      runtimeClassName: unknown
      containers: [{name: a, image: IMAGE}]
      containers: [{name: a, image: nginx}]
      containers: [{name: a, image: "windows/servercore"}]
    → 5:33 warning os-selector-missing «"windows/servercore"»
      nodeSelector: {kubernetes.io/os: linux}
      containers: [{name: a, image: IMAGE}]
      containers:
      - name: a
        image: x
        nodeSelector:
          kubernetes.io/os: windows
    → 8:5 error misplaced-pod-field «nodeSelector»
      containers:
      - name: a
        image: x
        nodeSelector: {kubernetes.io/os: linux}
      hostNetwork: true
      securityContext: {windowsOptions: {hostProcess: true}}
      nodeSelector: {kubernetes.io/os: windows}
      containers: [{name: a, image: x}]
      securityContext: {windowsOptions: {hostProcess: true}}
      nodeSelector: {kubernetes.io/os: windows}
      containers: [{name: a, image: x}]
    → 5:21 error host-process-incomplete «windowsOptions»
      hostNetwork: true
      nodeSelector: {kubernetes.io/os: windows}
      containers:
      - {name: a, image: x, securityContext: {windowsOptions: {hostProcess: true}}}
      - {name: b, image: x}
    → 9:5 error host-process-incomplete «{name: b, image: x}»
      nodeSelector: {eks.amazonaws.com/compute-type: fargate}
      containers: [{name: a, image: IMAGE}]
    → 5:50 error no-windows-here «fargate»
      nodeSelector: {eks.amazonaws.com/compute-type: fargate}
      containers: [{name: a, image: nginx}]
    "##);
}

/// A remedy keeps the other values of its list, doubles no key, and is itself without findings.
#[test]
fn remedies_can_be_pasted() {
    let affinity = |expressions: &str| {
        format!(
            "  affinity:\n    nodeAffinity:\n      requiredDuringSchedulingIgnoredDuringExecution:\n        nodeSelectorTerms:\n          - matchExpressions: [{expressions}]\n"
        )
    };
    let mut all = String::new();
    for spec in [
        "  nodeSelector: {beta.kubernetes.io/os: windows, kubernetes.io/os: windows}\n".to_owned(),
        "  nodeSelector: {beta.kubernetes.io/os: Windows}\n".to_owned(),
        affinity("{key: node.kubernetes.io/windows-build, operator: In, values: ['20348', 10.0.26100]}"),
        affinity("{key: node.kubernetes.io/windows-build, operator: In, values: [10.0.17763.*, 10.0.20348.*]}"),
        affinity("{key: node.kubernetes.io/windows-build, operator: NotIn, values: [10.0.17763.*]}"),
        affinity("{key: node.kubernetes.io/windows-build, operator: Gt, values: ['20347']}"),
        affinity("{key: node.kubernetes.io/windows-build, operator: Gt, values: [new]}"),
        affinity("{key: kubernetes.io/os, operator: In, values: [linux, Windows]}"),
        affinity("{key: beta.kubernetes.io/os, operator: NotIn, values: [linux]}, {key: kubernetes.azure.com/os-sku, operator: In, values: [Windows2019]}"),
        "  containers:\n  - name: a\n    image: x\n    nodeSelector:\n      beta.kubernetes.io/os: windows\n      beta.kubernetes.io/osbuild: 14393.*\n      pool: \"5\"\n".to_owned(),
        "  nodeSelector: {kubernetes.io/os: windows, eks.amazonaws.com/compute-type: auto}\n".to_owned(),
        affinity("{key: eks.amazonaws.com/compute-type, operator: In, values: [fargate]}")
            + "  containers: [{name: a, image: IMAGE}]\n",
        "  hostNetwork: false\n  nodeSelector: {kubernetes.io/os: windows}\n  securityContext: {windowsOptions: {hostProcess: true}}\n  containers:\n  - {name: a, image: x}\n  - {name: b, image: x, securityContext: {windowsOptions: {hostProcess: false}}}\n".to_owned(),
    ] {
        let found = check_in(&Fleet::default(), &pod(&spec.replace("IMAGE", WINDOWS)));
        writeln!(all, "{}\n{}", spec.trim_end(), shown(&found)).unwrap();
    }
    insta::assert_snapshot!(all, @r#"
      nodeSelector: {beta.kubernetes.io/os: windows, kubernetes.io/os: windows}
    warning[deprecated-label] Pod web at 5:18
    the label beta.kubernetes.io/os is deprecated since Kubernetes 1.14; kubernetes.io/os has the same values
      ^ now kubernetes.io/os
      note: controllers still copy kubernetes.io/os to it on every node, and may cease to with any release
      note: kubernetes.io/os is demanded here too: take beta.kubernetes.io/os away
      take beta.kubernetes.io/os away (unsafe)


      nodeSelector: {beta.kubernetes.io/os: Windows}
    warning[deprecated-label] Pod web at 5:18
    the label beta.kubernetes.io/os is deprecated since Kubernetes 1.14; kubernetes.io/os has the same values
      ^ now kubernetes.io/os
      note: controllers still copy kubernetes.io/os to it on every node, and may cease to with any release
      select by the label that stays (unsafe)
        kubernetes.io/os: windows

    error[os-label-value] Pod web at 5:41
    no node has beta.kubernetes.io/os=Windows: the value is "windows", and case matters
      ^ write "windows"
      write the value that nodes have (unsafe)
        kubernetes.io/os: windows


      affinity:
        nodeAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            nodeSelectorTerms:
              - matchExpressions: [{key: node.kubernetes.io/windows-build, operator: In, values: ['20348', 10.0.26100]}]
    warning[windows-build-value] Pod web at 9:95
    no node has the build "20348": kubelets write node.kubernetes.io/windows-build as major.minor.build, here 10.0.20348
      ^ write "10.0.20348"
      write the value that nodes have (unsafe)
        - key: node.kubernetes.io/windows-build
          operator: In
          values: ["10.0.20348", "10.0.26100"]


      affinity:
        nodeAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            nodeSelectorTerms:
              - matchExpressions: [{key: node.kubernetes.io/windows-build, operator: In, values: [10.0.17763.*, 10.0.20348.*]}]
    error[wildcard-label-value] Pod web at 9:95
    "10.0.17763.*" matches no node: the values of labels are compared whole, and hold no "*"
      ^ no wildcards here
      note: newer API servers refuse such a value in an affinity; older ones take it, and the scheduler finds no node by it
      select the build, which leaves the revision open (unsafe)
        - key: node.kubernetes.io/windows-build
          operator: In
          values: ["10.0.17763", "10.0.20348"]

    error[wildcard-label-value] Pod web at 9:109
    "10.0.20348.*" matches no node: the values of labels are compared whole, and hold no "*"
      ^ no wildcards here
      note: newer API servers refuse such a value in an affinity; older ones take it, and the scheduler finds no node by it
      select the build, which leaves the revision open (unsafe)
        - key: node.kubernetes.io/windows-build
          operator: In
          values: ["10.0.17763", "10.0.20348"]


      affinity:
        nodeAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            nodeSelectorTerms:
              - matchExpressions: [{key: node.kubernetes.io/windows-build, operator: NotIn, values: [10.0.17763.*]}]
    warning[wildcard-label-value] Pod web at 9:98
    "10.0.17763.*" matches no node: the values of labels are compared whole, and hold no "*"
      ^ no wildcards here
      note: newer API servers refuse such a value in an affinity; older ones take it, and the scheduler finds no node by it
      select the build, which leaves the revision open (unsafe)
        - key: node.kubernetes.io/windows-build
          operator: NotIn
          values: ["10.0.17763"]


      affinity:
        nodeAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            nodeSelectorTerms:
              - matchExpressions: [{key: node.kubernetes.io/windows-build, operator: Gt, values: ['20347']}]
    error[windows-build-value] Pod web at 9:95
    no node satisfies Gt here: it compares whole numbers, and kubelets write node.kubernetes.io/windows-build as 10.0.20348
      ^ Gt matches no node
      name the builds, as far as your nodes have them (unsafe)
        - key: node.kubernetes.io/windows-build
          operator: In
          values: ["10.0.20348", "10.0.25398", "10.0.26100"]


      affinity:
        nodeAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            nodeSelectorTerms:
              - matchExpressions: [{key: node.kubernetes.io/windows-build, operator: Gt, values: [new]}]
    error[windows-build-value] Pod web at 9:95
    no node satisfies Gt here: it compares whole numbers, and kubelets write node.kubernetes.io/windows-build as 10.0.20348
      ^ Gt matches no node


      affinity:
        nodeAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            nodeSelectorTerms:
              - matchExpressions: [{key: kubernetes.io/os, operator: In, values: [linux, Windows]}]
    warning[os-label-value] Pod web at 9:86
    no node has kubernetes.io/os=Windows: the value is "windows", and case matters
      ^ write "windows"
      write the value that nodes have (unsafe)
        - key: kubernetes.io/os
          operator: In
          values: [linux, windows]


      affinity:
        nodeAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            nodeSelectorTerms:
              - matchExpressions: [{key: beta.kubernetes.io/os, operator: NotIn, values: [linux]}, {key: kubernetes.azure.com/os-sku, operator: In, values: [Windows2019]}]
    warning[deprecated-label] Pod web at 9:38
    the label beta.kubernetes.io/os is deprecated since Kubernetes 1.14; kubernetes.io/os has the same values
      ^ now kubernetes.io/os
      note: controllers still copy kubernetes.io/os to it on every node, and may cease to with any release
      select by the label that stays (unsafe)
        - key: kubernetes.io/os
          operator: NotIn
          values: [linux]

    warning[retired-node-os] Pod web at 9:154
    AKS retired its Windows Server 2019 node pools on 2026-03-01
      ^ retired
      note: Windows Server 2025 (26100) runs no images of Windows Server 2019 (17763) without Hyper-V, which AKS does not offer: rebuild the images before the pods move


      containers:
      - name: a
        image: x
        nodeSelector:
          beta.kubernetes.io/os: windows
          beta.kubernetes.io/osbuild: 14393.*
          pool: "5"
    error[misplaced-pod-field] Pod web at 8:5
    nodeSelector is a field of the pod, not of a container: here it is refused or has no effect
      ^ belongs beside containers
      note: kubectl refuses unknown fields unless it is told not to; for other clients the API server drops them
      move it up, beside containers (unsafe)
        nodeSelector:
          kubernetes.io/os: windows
          node.kubernetes.io/windows-build: "10.0.14393"
          pool: "5"


      nodeSelector: {kubernetes.io/os: windows, eks.amazonaws.com/compute-type: auto}
    error[no-windows-here] Pod web at 5:77
    EKS Auto Mode runs no Windows pods, and this pod is one
      ^ no Windows here
      note: take eks.amazonaws.com/compute-type away: the Windows nodes of EKS are in node groups


      affinity:
        nodeAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            nodeSelectorTerms:
              - matchExpressions: [{key: eks.amazonaws.com/compute-type, operator: In, values: [fargate]}]
      containers: [{name: a, image: IMAGE}]
    error[no-windows-here] Pod web at 9:93
    EKS Fargate runs no Windows pods, and this pod is one
      ^ no Windows here
      select the Windows nodes of a node group in its place (unsafe)
        - key: kubernetes.io/os
          operator: In
          values: [windows]


      hostNetwork: false
      nodeSelector: {kubernetes.io/os: windows}
      securityContext: {windowsOptions: {hostProcess: true}}
      containers:
      - {name: a, image: x}
      - {name: b, image: x, securityContext: {windowsOptions: {hostProcess: false}}}
    error[host-process-incomplete] Pod web at 10:5
    in a pod with a HostProcess container all containers must be HostProcess containers, and this one is not: the API server refuses the pod
      ^ says hostProcess: false
      note: a container that says nothing of hostProcess has the pod's value

    error[host-process-incomplete] Pod web at 5:16
    a pod with HostProcess containers needs hostNetwork: true, or the API server refuses it
      ^ is to be true
      set it in the pod's spec (unsafe)
        hostNetwork: true
    "#);
}

#[test]
fn versions_that_are_gone() {
    let mut all = String::new();
    for (version, kind, body) in [
        (
            "extensions/v1beta1",
            "Deployment",
            "spec: {template: {spec: {os: {name: windows}, nodeName: a, containers: []}}}",
        ),
        (
            "apps/v1beta2",
            "StatefulSet",
            "spec: {selector: {a: b}, template: {spec: {os: {name: windows}, nodeName: a, containers: []}}}",
        ),
        (
            "apps/v1",
            "Deployment",
            "spec: {template: {spec: {os: {name: windows}, nodeName: a, containers: []}}}",
        ),
        (
            "extensions/v1beta1",
            "Deployment",
            "spec: {template: {spec: {containers: [{image: nginx}]}}}",
        ),
        (
            "batch/v1beta1",
            "CronJob",
            "spec: {jobTemplate: {spec: {template: {spec: {os: {name: windows}, nodeName: a, containers: []}}}}}",
        ),
        (
            "node.k8s.io/v1beta1",
            "RuntimeClass",
            "handler: runhcs-wcow-process",
        ),
        (
            "node.k8s.io/v1alpha1",
            "RuntimeClass",
            "spec: {runtimeHandler: runhcs-wcow-hypervisor-17763}",
        ),
        ("node.k8s.io/v1beta1", "RuntimeClass", "handler: kata"),
        (
            "node.k8s.io/v1",
            "RuntimeClass",
            "handler: runhcs-wcow-hypervisor",
        ),
    ] {
        let text = format!("kind: {kind}\napiVersion: {version}\nmetadata: {{name: n}}\n{body}\n");
        writeln!(all, "{version} {kind}").unwrap();
        for finding in check_in(&Fleet::default(), &text) {
            writeln!(
                all,
                "→ {}:{} {}",
                finding.origin.line().unwrap(),
                finding.rule,
                finding.message
            )
            .unwrap();
            for note in &finding.notes {
                writeln!(all, "    {note}").unwrap();
            }
        }
    }
    insta::assert_snapshot!(all, @r#"
    extensions/v1beta1 Deployment
    → 2:removed-api-version Kubernetes 1.16 and newer refuse a Deployment of extensions/v1beta1; apps/v1 took its place
        apps/v1 demands spec.selector, which extensions/v1beta1 made from the labels of the pod template; this template has none, so give it a label too
    apps/v1beta2 StatefulSet
    → 2:removed-api-version Kubernetes 1.16 and newer refuse a StatefulSet of apps/v1beta2; apps/v1 took its place
    apps/v1 Deployment
    extensions/v1beta1 Deployment
    batch/v1beta1 CronJob
    → 2:removed-api-version Kubernetes 1.25 and newer refuse a CronJob of batch/v1beta1; batch/v1 took its place
    node.k8s.io/v1beta1 RuntimeClass
    → 2:removed-api-version Kubernetes 1.25 and newer refuse a RuntimeClass of node.k8s.io/v1beta1; node.k8s.io/v1 took its place
    node.k8s.io/v1alpha1 RuntimeClass
    → 2:removed-api-version Kubernetes 1.24 and newer refuse a RuntimeClass of node.k8s.io/v1alpha1; node.k8s.io/v1 took its place
        spec.runtimeHandler is called handler and stands beside metadata in node.k8s.io/v1
    → 4:hypervisor-handler containerd knows the handler runhcs-wcow-hypervisor-17763 only where someone configured it
        a handler for each build, here 17763, is a convention of Microsoft's own containerd; the defaults are runhcs-wcow-process and runhcs-wcow-hypervisor
    node.k8s.io/v1beta1 RuntimeClass
    node.k8s.io/v1 RuntimeClass
    "#);
}

#[test]
fn the_dead_annotation() {
    let text = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: iis}
spec:
  selector: {matchLabels: {app: iis}}
  template:
    metadata:
      annotations:
        experimental.windows.kubernetes.io/isolation-type: hyperv
    spec:
      nodeSelector: {kubernetes.io/os: windows}
      containers: [{name: iis, image: x}]
";
    insta::assert_snapshot!(shown(&check_in(&Fleet::default(), text)), @r#"
    warning[dead-annotation] Deployment iis at 9:9
    Kubernetes 1.21 and newer do not read this annotation: the containers start with process isolation
      ^ has no effect
      note: a RuntimeClass chooses the isolation now; its handler must be configured in containerd on the nodes
      choose Hyper-V isolation by a RuntimeClass (unsafe)
        apiVersion: node.k8s.io/v1
        kind: RuntimeClass
        metadata:
          name: windows-hyperv
        handler: runhcs-wcow-hypervisor
        ---
        # in the pod's spec
        runtimeClassName: windows-hyperv
    "#);
}

#[test]
fn beside_a_runtime_class_the_annotation_changes_nothing() {
    let text = "\
apiVersion: v1
kind: Pod
metadata:
  name: iis
  annotations: {experimental.windows.kubernetes.io/isolation-type: hyperv}
spec:
  runtimeClassName: windows-hyperv
  containers: [{name: iis, image: x}]
";
    insta::assert_snapshot!(shown(&check_in(&Fleet::default(), text)), @r#"
    warning[dead-annotation] Pod iis at 5:17
    Kubernetes 1.21 and newer do not read this annotation: the RuntimeClass windows-hyperv decides on the isolation
      ^ has no effect
      take the annotation away; what runs is as before, and pods of a template are made anew (unsafe)
    "#);
}

#[test]
fn an_old_object_is_rewritten_with_what_the_new_version_demands() {
    let mut all = String::new();
    for text in [
        "apiVersion: extensions/v1beta1\nkind: Deployment\nmetadata: {name: n}\nspec: {template: {metadata: {labels: {app: n}}, spec: {os: {name: windows}, nodeName: a, containers: []}}}\n",
        "apiVersion: extensions/v1beta1\nkind: Deployment\nmetadata: {name: n}\nspec: {template: {spec: {os: {name: windows}, nodeName: a, containers: []}}}\n",
        "apiVersion: node.k8s.io/v1alpha1\nkind: RuntimeClass\nmetadata: {name: n}\nspec: {runtimeHandler: runhcs-wcow-process}\n",
    ] {
        writeln!(all, "{}", shown(&check_in(&Fleet::default(), text))).unwrap();
    }
    insta::assert_snapshot!(all, @r#"
    error[removed-api-version] Deployment n at 1:13
    Kubernetes 1.16 and newer refuse a Deployment of extensions/v1beta1; apps/v1 took its place
      ^ now apps/v1
      note: apps/v1 demands spec.selector, which extensions/v1beta1 made from the labels of the pod template
      write the version that is served (safe)
        apiVersion: apps/v1
        spec:
          selector:
            matchLabels:
              app: "n"


    error[removed-api-version] Deployment n at 1:13
    Kubernetes 1.16 and newer refuse a Deployment of extensions/v1beta1; apps/v1 took its place
      ^ now apps/v1
      note: apps/v1 demands spec.selector, which extensions/v1beta1 made from the labels of the pod template; this template has none, so give it a label too
      write the version that is served (safe)
        apiVersion: apps/v1


    error[removed-api-version] RuntimeClass n at 1:13
    Kubernetes 1.24 and newer refuse a RuntimeClass of node.k8s.io/v1alpha1; node.k8s.io/v1 took its place
      ^ now node.k8s.io/v1
      note: spec.runtimeHandler is called handler and stands beside metadata in node.k8s.io/v1
      write the version that is served (safe)
        apiVersion: node.k8s.io/v1
        handler: runhcs-wcow-process
    "#);
}

fn tainted(key: &str, value: &str) -> Fleet {
    let mut member = Member::new(
        "win-a",
        Host::windows(OsVersion::of_build(20_348)),
        "winfit.toml",
    );
    member.taints = Some(vec![Taint {
        key: key.to_owned(),
        value: value.to_owned(),
        effect: "NoSchedule".to_owned(),
    }]);
    Fleet {
        hosts: vec![member],
        ..Fleet::default()
    }
}

#[test]
fn taints_are_spelt_as_the_nodes_spell_them() {
    let text = |key: &str, value: &str| {
        pod(&format!(
            "  nodeSelector: {{kubernetes.io/os: windows}}\n  tolerations:\n  - {{key: {key}, value: {value}, effect: NoSchedule}}\n  containers: [{{name: a, image: x}}]\n"
        ))
    };
    let fleet = tainted("os", "windows");
    for (key, value, wrong) in [
        ("os", "windows", false),
        ("os", "Windows", true),
        ("node.kubernetes.io/os", "windows", true),
        ("kubernetes.io/os", "windows", true),
        ("dedicated", "windows", false),
        ("os", "linux", false),
    ] {
        let found = check_in(&fleet, &text(key, value));
        assert_eq!(!found.is_empty(), wrong, "{key}={value}");
    }
    insta::assert_snapshot!(shown(&check_in(&fleet, &text("os", "Windows"))), @r##"
    warning[taint-spelling] Pod web at 7:5
    no node has the taint os=Windows: the Windows nodes have os=windows, which this pod does not tolerate
      ^ nodes spell it os=windows
      tolerate the taint as the nodes spell it (unsafe)
        tolerations:
          - key: os
            operator: Equal
            value: windows
            effect: NoSchedule
    "##);
    // Both spellings, or any: fine.
    for tolerations in [
        "[{key: os, value: Windows}, {key: os, value: windows}]",
        "[{key: os, operator: Exists}]",
        "[{operator: Exists}, {key: os, value: Windows}]",
    ] {
        let text = pod(&format!(
            "  nodeSelector: {{kubernetes.io/os: windows}}\n  tolerations: {tolerations}\n  containers: [{{name: a, image: x}}]\n"
        ));
        assert_eq!(told(&fleet, &text), [""; 0]);
    }
    // Nobody declares a taint: nothing to compare with.
    assert_eq!(told(&Fleet::default(), &text("os", "Windows")), [""; 0]);
}

#[test]
fn a_runtime_class_of_the_repository_places_its_pods() {
    let class = |selector: &str| {
        let text = format!(
            "apiVersion: node.k8s.io/v1\nkind: RuntimeClass\nmetadata: {{name: windows-2022}}\nhandler: runhcs-wcow-process\n{selector}"
        );
        let found = manifests(&text);
        let Content::RuntimeClass(class) = &found.objects[0].content else {
            panic!()
        };
        Fleet {
            runtime_classes: vec![(**class).clone()],
            ..Fleet::default()
        }
    };
    let text = pod("  runtimeClassName: windows-2022\n  containers: [{name: a, image: x}]\n");
    let placed = class("scheduling: {nodeSelector: {kubernetes.io/os: windows}}\n");
    assert_eq!(told(&placed, &text), [""; 0]);
    assert_eq!(
        told(&class(""), &text),
        ["5:21 warning os-selector-missing «windows-2022»"]
    );
}

#[test]
fn linux_is_none_of_our_business() {
    let text = "\
apiVersion: extensions/v1beta1
kind: Deployment
metadata: {name: web, annotations: {a: true}}
spec:
  template:
    spec:
      nodeSelector: {beta.kubernetes.io/os: linux, beta.kubernetes.io/arch: amd64, pool: 5, x: 'a*'}
      tolerations: [{key: os, value: linux}]
      containers:
      - {name: web, image: 'nginx:1809', nodeSelector: {a: b}, tolerations: []}
      - {name: two, image: 'registry.example/app:2022.10.1'}
---
apiVersion: node.k8s.io/v1beta1
kind: RuntimeClass
metadata: {name: kata}
handler: kata
";
    assert_eq!(told(&Fleet::default(), text), [""; 0]);
}

proptest! {
    #[test]
    fn any_manifest_is_read(pieces in proptest::collection::vec(prop_oneof![
        Just("apiVersion: v1\n"), Just("kind: Pod\n"), Just("kind: List\n"), Just("items:\n"),
        Just("- "), Just("spec:\n"), Just("  "), Just("    "), Just("template:\n"), Just("containers:\n"),
        Just("nodeSelector: "), Just("{kubernetes.io/os: windows}\n"), Just("{a: 5, b: }\n"),
        Just("node.kubernetes.io/windows-build: 10.*\n"), Just("image: windows/servercore\n"), Just("~\n"),
        Just("affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{}]}}}\n"),
        Just("tolerations: [a, {key: os, value: Windows}]\n"), Just("&a "), Just("*a\n"), Just("<<: *a\n"),
        Just("---\n"), Just("ö: \"\"\n"), Just("securityContext: {windowsOptions: {hostProcess: true}}\n"),
    ], 0..40)) {
        check_in(&Fleet::default(), &pieces.concat());
    }
}

#[test]
fn a_manifest_without_its_line_breaks_is_read_as_far_as_it_tells() {
    let text = "apiVersion: apps/v1 kind: Deployment metadata: name: web namespace: shop spec: selector: matchLabels: app: web template: metadata: labels: app.kubernetes.io/name: web spec: containers: - image: contoso/web:1 name: web nodeSelector: \"kubernetes.io/os\": windows 'kubernetes.io/arch': amd64 status: {}";
    let source = Source::of_text("web.yaml", text);
    let manifests = winfit_files::kubernetes::read_flattened(&source).unwrap();
    let object = &manifests.objects[0];
    let Content::Workload(pod) = &object.content else {
        panic!("a workload")
    };
    let at = |origin: &winfit_core::finding::Origin| {
        let span = origin.span.unwrap();
        &text[span.start..span.end]
    };
    assert_eq!(at(&object.kind.origin), "Deployment");
    assert_eq!(object.name.as_ref().unwrap().value, "web");
    assert_eq!(object.namespace.as_ref().unwrap().value, "shop");
    assert_eq!(
        at(&pod.containers[0].image.as_ref().unwrap().origin),
        "contoso/web:1"
    );
    assert!(pod.has_selector);
    assert_eq!(
        pod.labels,
        [("app.kubernetes.io/name".to_owned(), "web".to_owned())]
    );
    let selector: Vec<(&str, &str)> = object
        .demands
        .iter()
        .map(|demand| (at(&demand.key.origin), at(&demand.values[0].origin)))
        .collect();
    assert_eq!(
        selector,
        [
            ("kubernetes.io/os", "windows"),
            ("kubernetes.io/arch", "amd64")
        ]
    );
}

proptest::proptest! {
    #[test]
    fn no_line_breaks_the_reader_of_flattened_manifests(text in "apiVersion: (([a-z\"':{}./ -]|é|\\t){0,20} ?){0,30}") {
        let source = Source::of_text("web.yaml", &text);
        let _ = winfit_files::kubernetes::read_flattened(&source);
    }
}

#[test]
fn parts_of_another_shape_are_told() {
    let pod =
        |spec: &str| format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec:\n{spec}");
    for (spec, expected) in [
        (
            "  containers: {name: a, image: b}\n",
            "5:15 a list of containers",
        ),
        (
            "  containers: [[{name: a}]]\n",
            "5:16 a container: a mapping with name and image",
        ),
        (
            "  nodeSelector: [a]\n  containers: []\n",
            "5:17 a mapping of labels to values",
        ),
        (
            "  tolerations: {key: os}\n  containers: []\n",
            "5:16 a list of tolerations",
        ),
    ] {
        let text = pod(spec);
        let source = Source::of_text("pod.yaml", &text);
        let (trees, _) = yaml::read(&source);
        let (_, problems) = winfit_files::kubernetes::read(&source, &trees);
        let told: Vec<String> = problems
            .iter()
            .map(|problem| {
                let span = problem.origin.span.unwrap();
                let expected = problem.message.rsplit("expected ").next().unwrap();
                format!("{}:{} {expected}", span.line, span.column)
            })
            .collect();
        assert_eq!(told, [expected], "{spec}");
    }
}
