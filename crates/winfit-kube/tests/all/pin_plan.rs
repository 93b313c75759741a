//! What `pin` does to a pod template: the smallest change that admits exactly the nodes that run it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use winfit_core::Catalog;
use winfit_core::audit::AuditOptions;
use winfit_core::fleet::Fleet;
use winfit_core::given::Given;
use winfit_core::host::Os;
use winfit_kube::fleet::fleet;
use winfit_kube::pin::{Decision, Object, Owned, Pinning, Plan, Wanted, between, decide};
use winfit_kube::{Cluster, Interned};

/// A cluster for tests: objects as the API has them.
#[derive(Default)]
pub(crate) struct Lab {
    cluster: Cluster,
    fleet: Fleet,
    given: Given,
}

pub(crate) fn options() -> AuditOptions {
    AuditOptions {
        today: time::Date::from_calendar_date(2026, time::Month::November, 25).unwrap(),
        eol_within: 180,
    }
}

impl Lab {
    pub(crate) fn new(objects: &[Value]) -> Self {
        let mut cluster = Cluster::default();
        let text = json!({"kind": "List", "items": objects}).to_string();
        cluster
            .add_json(text.as_bytes(), &mut Interned::default())
            .unwrap();
        let fleet = fleet(Catalog::builtin(), &cluster, &BTreeMap::new()).fleet;
        Self {
            cluster,
            fleet,
            given: Given::new(),
        }
    }

    pub(crate) fn pinning<'a>(&'a self, options: &'a AuditOptions) -> Pinning<'a> {
        Pinning {
            catalog: Catalog::builtin(),
            cluster: &self.cluster,
            fleet: &self.fleet,
            options,
            given: &self.given,
        }
    }

    /// What becomes of the only workload, whose object this is.
    pub(crate) fn decide(&self, object: &Value) -> Decision {
        let options = options();
        let [workload] = self.fleet.workloads.as_slice() else {
            panic!("one workload");
        };
        let kind = object["kind"].as_str().unwrap();
        let object = Object::new(kind, object.clone());
        let pinning = self.pinning(&options);
        let wanted = Wanted::of(&pinning, workload, &object).unwrap();
        decide(&pinning, &[wanted]).remove(0)
    }
}

/// A Windows node of a build, as a kubelet labels it.
pub(crate) fn node(name: &str, version: &str) -> Value {
    let build: Vec<&str> = version.split('.').take(3).collect();
    json!({
        "kind": "Node",
        "metadata": {"name": name, "labels": {
            "kubernetes.io/os": "windows",
            "kubernetes.io/hostname": name,
            "node.kubernetes.io/windows-build": build.join("."),
        }},
        "status": {
            "conditions": [{"type": "Ready", "status": "True"}],
            "nodeInfo": {
                "kernelVersion": version, "operatingSystem": "windows", "architecture": "amd64",
                "containerRuntimeVersion": "containerd://1.7.13",
            },
        },
    })
}

pub(crate) fn linux(name: &str) -> Value {
    json!({
        "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/os": "linux", "kubernetes.io/hostname": name}},
        "status": {
            "conditions": [{"type": "Ready", "status": "True"}],
            "nodeInfo": {
                "kernelVersion": "5.15.0", "operatingSystem": "linux", "architecture": "amd64",
                "containerRuntimeVersion": "containerd://1.7.13",
            },
        },
    })
}

/// The same object with something else at a place.
pub(crate) fn with(mut object: Value, at: &str, value: Value) -> Value {
    let (parent, key) = at.rsplit_once('/').unwrap();
    object.pointer_mut(parent).unwrap()[key] = value;
    object
}

/// A Deployment whose pods have these fields beside their container.
pub(crate) fn web(tag: &str, more: Value) -> Value {
    let image = format!("mcr.microsoft.com/windows/servercore:{tag}");
    let mut spec = json!({"containers": [{"name": "web", "image": image}]});
    let Value::Object(more) = more else {
        panic!("fields of a pod's spec");
    };
    for (key, value) in more {
        spec[key] = value;
    }
    json!({
        "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop", "resourceVersion": "7"},
        "spec": {"replicas": 1, "template": {"spec": spec}},
    })
}

const W2019: &str = "10.0.17763.8037";
const W2022: &str = "10.0.20348.4405";
const W2025: &str = "10.0.26100.7171";

fn windows() -> Value {
    json!({"nodeSelector": {"kubernetes.io/os": "windows"}})
}

fn planned(nodes: &[Value], object: &Value) -> Plan {
    let objects = [nodes, std::slice::from_ref(object)].concat();
    match Lab::new(&objects).decide(object) {
        Decision::Pin(plan) => *plan,
        other => panic!("{other:?}"),
    }
}

/// The operations on the pod's spec.
fn operations(plan: &Plan) -> Vec<Value> {
    between(&plan.old, &plan.new, "")
}

fn decided(nodes: &[Value], object: &Value) -> Decision {
    Lab::new(&[nodes, std::slice::from_ref(object)].concat()).decide(object)
}

#[test]
fn one_build_goes_into_the_node_selector() {
    let nodes = [node("win-a", W2019), node("win-b", W2022)];
    let plan = planned(&nodes, &web("ltsc2019", windows()));
    assert_eq!(
        operations(&plan),
        [json!({
            "op": "add",
            "path": "/nodeSelector/node.kubernetes.io~1windows-build",
            "value": "10.0.17763",
        })]
    );
    assert_eq!(plan.nodes.on, ["win-a"]);
    assert_eq!(plan.nodes.off, ["win-b"]);
}

#[test]
fn several_builds_are_an_affinity() {
    let nodes = [
        node("win-a", W2019),
        node("win-b", W2022),
        node("win-c", W2025),
    ];
    let plan = planned(&nodes, &web("ltsc2022", windows()));
    assert_eq!(
        operations(&plan),
        [
            json!({"op": "add", "path": "/affinity", "value": {"nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
                    {"matchExpressions": [{
                        "key": "node.kubernetes.io/windows-build",
                        "operator": "In",
                        "values": ["10.0.20348", "10.0.26100"],
                    }]},
                ]},
            }}})
        ]
    );
}

#[test]
fn with_two_terms_the_demand_goes_into_both() {
    let nodes = [
        with(node("win-a", W2019), "/metadata/labels/zone", json!("x")),
        with(node("win-b", W2022), "/metadata/labels/zone", json!("x")),
        with(node("win-c", W2025), "/metadata/labels/zone", json!("y")),
    ];
    let term = |zone: &str| json!({"matchExpressions": [{"key": "zone", "operator": "In", "values": [zone]}]});
    let more = json!({
        "nodeSelector": {"kubernetes.io/os": "windows"},
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [term("x"), term("y")],
        }}},
    });
    let plan = planned(&nodes, &web("ltsc2022", more));
    let terms =
        "/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms";
    let demand = json!({
        "key": "node.kubernetes.io/windows-build",
        "operator": "In",
        "values": ["10.0.20348", "10.0.26100"],
    });
    assert_eq!(
        operations(&plan),
        [0, 1].map(|term| json!({
            "op": "add",
            "path": format!("{terms}/{term}/matchExpressions/-"),
            "value": demand,
        }))
    );
}

#[test]
fn a_windows_build_that_the_user_chose_rightly_is_kept() {
    let nodes = [
        node("win-a", W2019),
        node("win-b", W2022),
        node("win-c", W2025),
    ];
    let own = json!({"nodeSelector": {
        "kubernetes.io/os": "windows",
        "node.kubernetes.io/windows-build": "10.0.20348",
    }});
    // It would run on win-c too: that the user wants only one of them is the user's business.
    match decided(&nodes, &web("ltsc2022", own)) {
        Decision::Right(nodes) => assert_eq!(nodes.on, ["win-b"]),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_windows_build_on_which_it_does_not_run_gives_way() {
    let nodes = [node("win-a", W2019), node("win-b", W2022)];
    let own = json!({"nodeSelector": {
        "kubernetes.io/os": "windows",
        "node.kubernetes.io/windows-build": "10.0.17763",
    }});
    let plan = planned(&nodes, &web("ltsc2022", own));
    assert_eq!(
        operations(&plan),
        [json!({
            "op": "replace",
            "path": "/nodeSelector/node.kubernetes.io~1windows-build",
            "value": "10.0.20348",
        })]
    );
    assert_eq!(plan.nodes.off, ["win-a"]);
}

fn class(name: &str, build: &str) -> Value {
    json!({
        "kind": "RuntimeClass", "metadata": {"name": name}, "handler": "runhcs-wcow-process",
        "scheduling": {
            "nodeSelector": {
                "kubernetes.io/os": "windows",
                "node.kubernetes.io/windows-build": build,
            },
            "tolerations": [{"key": "os", "operator": "Equal", "value": "windows", "effect": "NoSchedule"}],
        },
    })
}

#[test]
fn a_runtime_class_that_selects_exactly_these_nodes_is_named() {
    let nodes = [
        node("win-a", W2019),
        node("win-b", W2022),
        class("windows-2022", "10.0.20348"),
        class("windows-2019", "10.0.17763"),
    ];
    let plan = planned(&nodes, &web("ltsc2019", windows()));
    assert_eq!(
        operations(&plan),
        [json!({"op": "add", "path": "/runtimeClassName", "value": "windows-2019"})]
    );
}

#[test]
fn a_runtime_class_whose_handler_the_nodes_do_not_have_is_not_named() {
    let nodes = [
        with(
            node("win-a", W2019),
            "/status/runtimeHandlers",
            json!([{"name": "another"}]),
        ),
        node("win-b", W2022),
        class("windows-2019", "10.0.17763"),
    ];
    let plan = planned(&nodes, &web("ltsc2019", windows()));
    assert_eq!(plan.new["runtimeClassName"], Value::Null);
    assert_eq!(
        plan.new["nodeSelector"]["node.kubernetes.io/windows-build"],
        "10.0.17763"
    );
}

#[test]
fn a_runtime_class_that_carries_the_right_build_is_no_conflict() {
    let nodes = [
        node("win-a", W2019),
        node("win-b", W2022),
        class("windows-2019", "10.0.17763"),
    ];
    let more = json!({"runtimeClassName": "windows-2019"});
    match decided(&nodes, &web("ltsc2019", more)) {
        Decision::Right(nodes) => assert_eq!(nodes.on, ["win-a"]),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_runtime_class_for_another_build_gives_way_to_the_right_one() {
    let nodes = [
        node("win-a", W2019),
        node("win-b", W2022),
        class("windows-2019", "10.0.17763"),
        class("windows-2022", "10.0.20348"),
    ];
    let more = json!({"runtimeClassName": "windows-2019"});
    let plan = planned(&nodes, &web("ltsc2022", more));
    assert_eq!(
        operations(&plan),
        [json!({"op": "replace", "path": "/runtimeClassName", "value": "windows-2022"})]
    );
}

#[test]
fn a_selector_that_contradicts_its_runtime_class_gives_way_where_the_class_is_right() {
    let nodes = [
        node("win-a", W2019),
        node("win-b", W2022),
        class("windows-2022", "10.0.20348"),
    ];
    let more = json!({
        "runtimeClassName": "windows-2022",
        "nodeSelector": {"node.kubernetes.io/windows-build": "10.0.17763"},
    });
    let plan = planned(&nodes, &web("ltsc2022", more));
    assert_eq!(
        operations(&plan),
        [json!({"op": "remove", "path": "/nodeSelector"})]
    );
}

#[test]
fn the_operating_system_alone_is_enough_where_only_linux_is_to_be_kept_out() {
    let nodes = [node("win-a", W2019), linux("lin-a")];
    let plan = planned(&nodes, &web("ltsc2019", json!({})));
    assert_eq!(
        operations(&plan),
        [json!({"op": "add", "path": "/nodeSelector", "value": {"kubernetes.io/os": "windows"}})]
    );
}

#[test]
fn the_operating_system_is_said_beside_the_build_where_it_is_missing() {
    let nodes = [node("win-a", W2019), node("win-b", W2022), linux("lin-a")];
    let plan = planned(&nodes, &web("ltsc2019", json!({})));
    assert_eq!(
        plan.new["nodeSelector"],
        json!({
            "kubernetes.io/os": "windows",
            "node.kubernetes.io/windows-build": "10.0.17763",
        })
    );
}

#[test]
fn taints_are_tolerated_as_the_cluster_spells_them_and_only_those_of_nodes_that_fit() {
    let taint = |value: &str| json!([{"key": "os", "value": value, "effect": "NoSchedule"}]);
    let nodes = [
        with(json!({"x": 0}), "/x", json!(0)),
        with(
            node("win-a", W2019),
            "/spec",
            json!({"taints": taint("Windows")}),
        ),
        with(
            node("win-b", W2022),
            "/spec",
            json!({"taints": taint("windows")}),
        ),
        linux("lin-a"),
    ];
    let plan = planned(&nodes[1..], &web("ltsc2019", json!({})));
    assert_eq!(
        plan.new["tolerations"],
        json!([{"key": "os", "operator": "Equal", "value": "Windows", "effect": "NoSchedule"}])
    );
    // That taint keeps win-b off already, so the operating system is all that is left to say.
    assert_eq!(
        plan.new["nodeSelector"],
        json!({"kubernetes.io/os": "windows"})
    );
}

#[test]
fn a_taint_that_is_not_about_windows_is_never_tolerated() {
    let taint = json!({"taints": [{"key": "dedicated", "value": "gpu", "effect": "NoSchedule"}]});
    let nodes = [
        with(node("win-a", W2019), "/spec", taint),
        node("win-b", W2022),
    ];
    match decided(&nodes, &web("ltsc2019", windows())) {
        Decision::NoNode(why) => assert!(why.contains("servercore:ltsc2019"), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_toleration_that_its_runtime_class_brings_is_not_added() {
    let taint = json!({"taints": [{"key": "os", "value": "windows", "effect": "NoSchedule"}]});
    let nodes = [
        with(node("win-a", W2019), "/spec", taint.clone()),
        with(node("win-b", W2022), "/spec", taint),
        class("windows-2019", "10.0.17763"),
    ];
    let plan = planned(&nodes, &web("ltsc2019", windows()));
    assert_eq!(
        operations(&plan),
        [json!({"op": "add", "path": "/runtimeClassName", "value": "windows-2019"})]
    );
}

#[test]
fn revisions_of_2016_are_told_apart_by_the_labels_that_nodes_have() {
    let labelled = |name: &str, version: &str, label: &str, value: &str| {
        let mut node = node(name, version);
        node["metadata"]["labels"][label] = json!(value);
        node
    };
    let image = json!({"containers": [
        {"name": "web", "image": "mcr.microsoft.com/windows/servercore:10.0.14393.1715"},
    ]});
    let object = web("", image);
    let osbuild = "beta.kubernetes.io/osbuild";
    let nodes = [
        labelled("win-a", "10.0.14393.1715", osbuild, "14393.1715"),
        labelled("win-b", "10.0.14393.1480", osbuild, "14393.1480"),
    ];
    let plan = planned(&nodes, &object);
    assert_eq!(
        plan.new["nodeSelector"],
        json!({"kubernetes.io/os": "windows", osbuild: "14393.1715"})
    );
    // What a node runs outlives its patches, and goes before its own version.
    let mut both = nodes.clone();
    both[0]["metadata"]["labels"]["winfit.dev/runs-ltsc2016"] = json!("1715");
    let plan = planned(&both, &object);
    assert_eq!(plan.new["nodeSelector"]["winfit.dev/runs-ltsc2016"], "1715");
    // Without such labels nothing tells them apart.
    let bare = [
        node("win-a", "10.0.14393.1715"),
        node("win-b", "10.0.14393.1480"),
    ];
    match decided(&bare, &object) {
        Decision::NotTold(nodes) => {
            assert_eq!(nodes.on, ["win-a"]);
            assert_eq!(nodes.off, ["win-b"]);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_fit_node_that_takes_no_pods_is_waited_for() {
    let nodes = [
        with(
            node("win-a", W2019),
            "/spec",
            json!({"unschedulable": true}),
        ),
        node("win-b", W2022),
    ];
    let plan = planned(&nodes, &web("ltsc2019", windows()));
    assert_eq!(plan.nodes.on, [] as [&str; 0]);
    assert_eq!(plan.nodes.waits[0].0, "win-a");
    assert_eq!(
        plan.new["nodeSelector"]["node.kubernetes.io/windows-build"],
        "10.0.17763"
    );
}

#[test]
fn what_runs_on_no_node_is_refused() {
    let nodes = [node("win-a", W2019)];
    match decided(&nodes, &web("ltsc2022", windows())) {
        Decision::NoNode(why) => assert!(why.contains("servercore:ltsc2022"), "{why}"),
        other => panic!("{other:?}"),
    }
}

fn two(one: &str, other: &str) -> Value {
    web(
        "",
        json!({"containers": [{"name": "a", "image": one}, {"name": "b", "image": other}]}),
    )
}

#[test]
fn linux_and_windows_in_one_pod_are_refused() {
    let nodes = [node("win-a", W2019), linux("lin-a")];
    let object = two("mcr.microsoft.com/windows/servercore:ltsc2019", "alpine:3");
    let mut lab = Lab::new(&[nodes.as_slice(), std::slice::from_ref(&object)].concat());
    // Nothing in the name says so.
    match lab.decide(&object) {
        Decision::UnknownImage(why) => assert!(why.contains("alpine:3"), "{why}"),
        other => panic!("{other:?}"),
    }
    // Its registry, or a pod that runs, may.
    lab.fleet.workloads[0].containers[1].image.os = Some(Os::Linux);
    match lab.decide(&object) {
        Decision::Refused(why) => {
            assert!(why.contains("Linux") && why.contains("Windows"), "{why}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn images_that_no_windows_runs_together_are_both_named() {
    let nodes = [node("win-a", W2019), node("win-b", W2022)];
    let object = two(
        "mcr.microsoft.com/windows/servercore:ltsc2019",
        "mcr.microsoft.com/windows/servercore:ltsc2022",
    );
    match decided(&nodes, &object) {
        Decision::NoNode(why) => {
            assert!(
                why.contains("ltsc2019") && why.contains("ltsc2022"),
                "{why}"
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_image_of_which_nobody_knows_the_windows_is_not_pinned() {
    let nodes = [node("win-a", W2019), node("win-b", W2022)];
    let object = web(
        "",
        json!({
            "nodeSelector": {"kubernetes.io/os": "windows"},
            "containers": [{"name": "web", "image": "contoso/web:7"}],
        }),
    );
    match decided(&nodes, &object) {
        Decision::UnknownImage(why) => assert!(why.contains("contoso/web:7"), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_not_for_windows_is_left_alone() {
    let object = web(
        "",
        json!({"containers": [{"name": "web", "image": "contoso/web:7"}]}),
    );
    assert_eq!(decided(&[linux("lin-a")], &object), Decision::NotWindows);
}

#[test]
fn what_admits_exactly_the_fit_nodes_needs_nothing() {
    let nodes = [node("win-a", W2022), node("win-b", W2025), linux("lin-a")];
    assert!(matches!(
        decided(&nodes, &web("ltsc2022", windows())),
        Decision::Right(_)
    ));
}

#[test]
fn who_writes_an_object_is_told_by_its_marks() {
    let of = |metadata: Value| Object::new("Deployment", json!({"metadata": metadata})).owned();
    let by = |metadata: Value| match of(metadata) {
        Owned::By(manager) => manager.to_string(),
        other => panic!("{other:?}"),
    };
    let helm = json!({
        "labels": {"app.kubernetes.io/managed-by": "Helm"},
        "annotations": {"meta.helm.sh/release-name": "shop"},
    });
    assert_eq!(by(helm.clone()), "Helm release shop");
    // Charts write the label themselves, whoever renders them.
    assert_eq!(
        of(json!({"labels": {"app.kubernetes.io/managed-by": "Helm"}})),
        Owned::ByNobody
    );
    let mut of_flux = helm;
    of_flux["labels"]["helm.toolkit.fluxcd.io/name"] = json!("shop");
    assert_eq!(by(of_flux), "Flux HelmRelease shop");
    assert_eq!(
        by(json!({"labels": {"kustomize.toolkit.fluxcd.io/name": "apps"}})),
        "Flux Kustomization apps"
    );
    assert_eq!(
        by(
            json!({"annotations": {"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:shop/web"}})
        ),
        "Argo CD application shop"
    );
    assert_eq!(
        by(json!({"labels": {"argocd.argoproj.io/instance": "shop"}})),
        "Argo CD application shop"
    );
    assert_eq!(
        of(json!({"ownerReferences": [{"kind": "Rollout", "name": "web", "controller": true}]})),
        Owned::ByObject {
            kind: "Rollout".to_owned(),
            name: "web".to_owned(),
        }
    );
    assert_eq!(Object::new("Job", json!({})).owned(), Owned::Immutable);
}

#[test]
fn a_job_is_made_anew_without_what_the_cluster_wrote() {
    let job = json!({
        "kind": "Job", "apiVersion": "batch/v1",
        "metadata": {
            "name": "sums", "namespace": "shop", "uid": "u", "resourceVersion": "9", "generation": 2,
            "creationTimestamp": "2026-11-25T08:00:00Z", "managedFields": [{"manager": "kubectl"}],
            "labels": {"app": "sums", "job-name": "sums"},
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"},
        },
        "spec": {
            "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": "u"}},
            "template": {
                "metadata": {"creationTimestamp": null, "labels": {"batch.kubernetes.io/controller-uid": "u"}},
                "spec": {"restartPolicy": "Never", "containers": [{"name": "sums", "image": "x"}]},
            },
        },
        "status": {"active": 1},
    });
    let object = Object::new("Job", job);
    let pods = object.pods().unwrap().clone();
    assert_eq!(
        object.anew(&with(pods, "/nodeSelector", json!({"a": "b"}))),
        "apiVersion: batch/v1
kind: Job
metadata:
  name: sums
  namespace: shop
  labels:
    app: sums
spec:
  template:
    metadata: {}
    spec:
      restartPolicy: Never
      containers:
        - name: sums
          image: x
      nodeSelector:
        a: b
"
    );
}

#[test]
fn a_pod_is_made_anew_without_its_node_and_its_token() {
    let pod = json!({
        "kind": "Pod",
        "metadata": {"name": "look", "namespace": "shop", "uid": "u"},
        "spec": {
            "nodeName": "win-b", "priority": 0, "preemptionPolicy": "PreemptLowerPriority",
            "serviceAccount": "default", "serviceAccountName": "default",
            "containers": [{"name": "look", "image": "x", "volumeMounts": [
                {"name": "kube-api-access-x7", "mountPath": "/var/run/secrets"},
            ]}],
            "tolerations": [
                {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
                {"key": "os", "value": "windows"},
            ],
            "volumes": [{"name": "kube-api-access-x7", "projected": {}}],
        },
    });
    let object = Object::new("Pod", pod);
    assert_eq!(
        object.anew(object.pods().unwrap()),
        "apiVersion: v1
kind: Pod
metadata:
  name: look
  namespace: shop
spec:
  serviceAccountName: default
  containers:
    - name: look
      image: x
  tolerations:
    - key: os
      value: windows
"
    );
}
