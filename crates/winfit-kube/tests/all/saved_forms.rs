//! The forms in which people save clusters: JSON with a broken object in it, YAML, descriptions, UTF-16.

use proptest::prelude::*;
use serde_json::{Value, json};
use winfit_kube::model::Kind;
use winfit_kube::{Cluster, Interned, LeftOut};

fn read(bytes: &[u8]) -> (Cluster, Result<LeftOut, String>) {
    let mut cluster = Cluster::default();
    let left = cluster.add_saved(bytes, &mut Interned::default());
    (cluster, left)
}

fn node(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/os": "windows", "zone": "0", "on": "true"}},
        "spec": {"taints": [{"key": "os", "value": "windows", "effect": "NoSchedule"}]},
        "status": {"nodeInfo": {"kernelVersion": "10.0.17763.3165", "operatingSystem": "windows"}}})
}

fn pod(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "shop"},
        "spec": {"nodeName": "win-a", "containers": [{"name": "web", "image": "contoso/web:1"}]},
        "status": {"phase": "Running", "containerStatuses": [{"name": "web", "ready": false,
            "lastState": {"terminated": {"exitCode": 128, "message": "line one\nline two: (0xc0370101)"}}}]}})
}

fn list(items: &[Value]) -> Value {
    json!({"apiVersion": "v1", "items": items, "kind": "List", "metadata": {"resourceVersion": ""}})
}

fn names(cluster: &Cluster) -> Vec<&str> {
    let nodes = cluster.nodes.iter().map(|node| &*node.metadata.name);
    nodes
        .chain(cluster.pods.iter().map(|pod| &*pod.metadata.name))
        .collect()
}

#[test]
fn an_object_that_cannot_be_read_takes_no_other_with_it() {
    let mut broken = pod("broken");
    broken["spec"]["containers"] = json!("none");
    let text =
        serde_json::to_string_pretty(&list(&[node("win-a"), pod("one"), broken, pod("two")]))
            .unwrap();
    let (cluster, left) = read(text.as_bytes());
    assert_eq!(names(&cluster), ["win-a", "one", "two"]);
    let line = text
        .lines()
        .position(|line| line.contains("\"none\""))
        .unwrap()
        + 1;
    assert_eq!(
        left.unwrap().broken,
        [format!(
            "Pod shop/broken is left out, line {line}: invalid type: string \"none\", expected a sequence"
        )]
    );
}

#[test]
fn items_of_a_typed_list_are_read_for_themselves_too() {
    let mut broken = pod("broken");
    broken["metadata"]["name"] = json!(7);
    // As the API gives it.
    let mut list = json!({"kind": "PodList", "items": [broken, pod("one")]});
    for item in list["items"].as_array_mut().unwrap() {
        item.as_object_mut().unwrap().remove("kind");
    }
    let (cluster, left) = read(list.to_string().as_bytes());
    assert_eq!(names(&cluster), ["one"]);
    assert!(left.unwrap().broken[0].starts_with("Pod without a name is left out"));
}

#[test]
fn many_broken_objects_are_counted() {
    let broken =
        |at: usize| json!({"kind": "Node", "metadata": {"name": format!("n{at}"), "labels": []}});
    let all: Vec<Value> = (0..25).map(broken).collect();
    let left = read(list(&all).to_string().as_bytes()).1.unwrap();
    assert_eq!((left.broken.len(), left.more_broken), (10, 15));
    assert_eq!(
        left.complaints().last().unwrap(),
        "15 more objects are left out"
    );
}

#[test]
fn yaml_says_what_json_says() {
    let all = list(&[node("win-a"), pod("one")]);
    let (by_json, _) = read(all.to_string().as_bytes());
    let yaml = serde_saphyr::to_string(&all).unwrap();
    assert!(!yaml.starts_with('{'), "{yaml}");
    let (by_yaml, left) = read(yaml.as_bytes());
    left.unwrap();
    assert_eq!(by_yaml, by_json);
    // One document each, as `kubectl get -o yaml` of several names, pasted.
    let documents = [node("win-a"), pod("one")].map(|one| serde_saphyr::to_string(&one).unwrap());
    let (by_documents, left) =
        read(format!("---\n{}\n---\n{}", documents[0], documents[1]).as_bytes());
    left.unwrap();
    assert_eq!(by_documents, by_json);
}

#[test]
fn yaml_that_grows_without_end_is_refused() {
    let mut text = String::from("a: &a [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 0..12 {
        let (this, next) = (char::from(b'a' + level), char::from(b'b' + level));
        text.push_str(&format!("{next}: &{next} [*{this}, *{this}, *{this}, *{this}, *{this}, *{this}, *{this}, *{this}]\n"));
    }
    assert!(read(text.as_bytes()).1.is_err());
}

#[test]
fn utf_16_and_a_byte_order_mark_are_read() {
    let text = list(&[node("win-a")]).to_string();
    let mut marked = b"\xef\xbb\xbf".to_vec();
    marked.extend(text.bytes());
    assert_eq!(names(&read(&marked).0), ["win-a"]);
    let mut wide = b"\xff\xfe".to_vec();
    wide.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    assert_eq!(names(&read(&wide).0), ["win-a"]);
}

const NODE: &str = "\
Name:               win-a
Roles:              <none>
Labels:             beta.kubernetes.io/os=windows
                    kubernetes.io/os=windows
Annotations:        volumes.kubernetes.io/controller-managed-attach-detach: true
CreationTimestamp:  Fri, 06 Oct 2023 01:41:02 +0000
Taints:             os=windows:NoSchedule
                    node.kubernetes.io/unschedulable:NoSchedule
Unschedulable:      true
Conditions:
  Type             Status  LastHeartbeatTime                 Reason                       Message
  ----             ------  -----------------                 ------                       -------
  MemoryPressure   False   Wed, 25 Nov 2026 08:00:00 +0000   KubeletHasSufficientMemory   kubelet has sufficient memory available
  Ready            True    Wed, 25 Nov 2026 08:00:00 +0000   KubeletReady                 kubelet is posting ready status
Addresses:
  InternalIP:  10.240.0.4
System Info:
  Machine ID:                 win-a
  Kernel Version:             10.0.17763.3165
  OS Image:                   Windows Server 2019 Datacenter
  Operating System:           windows
  Architecture:               amd64
  Container Runtime Version:  containerd://1.7.20
  Kubelet Version:            v1.31.2
PodCIDR:                      10.244.1.0/24
Events:                       <none>
";

const POD: &str = "\
Name:             web-7d4f-x
Namespace:        shop
Priority:         0
Runtime Class Name: windows-2019
Service Account:  default
Node:             win-a/10.240.0.4
Start Time:       Wed, 25 Nov 2026 08:00:00 +0000
Labels:           app=web
Annotations:      <none>
Status:           Running
IP:               10.244.1.7
Controlled By:    ReplicaSet/web-7d4f
Init Containers:
  first:
    Container ID:   containerd://aa
    Image:          contoso/first:1
    State:          Terminated
      Reason:       Completed
      Exit Code:    0
    Ready:          True
    Restart Count:  0
Containers:
  web:
    Container ID:   containerd://bb
    Image:          contoso/web:1
    Image ID:       contoso/web@sha256:562741016ce7d9a232a389449a4fd0a0a55aab178cf324144404812887250ead
    Port:           80/TCP
    Args:
      --verbose
    State:          Waiting
      Reason:       CrashLoopBackOff
    Last State:     Terminated
      Reason:       ContainerCannotRun
      Message:      container bb encountered an error during CreateContainer
and goes on (0xc0370101)
      Exit Code:    128
    Ready:          False
    Restart Count:  10
    Environment:    <none>
    Mounts:
      /var/run/secrets from kube-api-access (ro)
Conditions:
  Type              Status
  Initialized       True
  Ready             False
Volumes:
  kube-api-access:
    Type:                    Projected (a volume that contains injected data)
QoS Class:                   BestEffort
Node-Selectors:              kubernetes.io/os=windows
                             node.kubernetes.io/windows-build=10.0.17763
Tolerations:                 node.kubernetes.io/not-ready:NoExecute op=Exists for 300s
                             os=windows:NoSchedule
Events:
  Type     Reason   Age                  From     Message
  ----     ------   ----                 ----     -------
  Warning  Failed   3m2s (x12 over 49m)  kubelet  Error: failed to start container \"web\": (0xc0370101)
  Warning  Failed   3m2s                 kubelet  Failed again
";

const DEPLOYMENT: &str = "\
Name:                   web
Namespace:              shop
CreationTimestamp:      Wed, 25 Nov 2026 08:00:00 +0000
Labels:                 app=web
Selector:               app=web
Replicas:               3 desired | 3 updated | 3 total | 2 available | 1 unavailable
StrategyType:           RollingUpdate
Pod Template:
  Labels:  app=web
           tier=front
  Containers:
   web:
    Image:        contoso/web:1-ltsc2019
    Port:         <none>
    Environment:  <none>
    Mounts:       <none>
  Volumes:        <none>
  Node-Selectors: kubernetes.io/os=windows
  Tolerations:    op=Exists
Conditions:
  Type           Status  Reason
  ----           ------  ------
  Available      True    MinimumReplicasAvailable
Events:          <none>
";

#[test]
fn descriptions_of_nodes() {
    let (cluster, left) = read(NODE.as_bytes());
    left.unwrap();
    let node = &cluster.nodes[0];
    assert_eq!(&*node.metadata.name, "win-a");
    assert_eq!(node.metadata.labels.len(), 2);
    assert!(node.spec.unschedulable);
    let taints: Vec<(&str, &str, &str)> = node
        .spec
        .taints
        .iter()
        .map(|taint| {
            (
                taint.key.as_str(),
                taint.value.as_str(),
                taint.effect.as_str(),
            )
        })
        .collect();
    assert_eq!(
        taints,
        [
            ("os", "windows", "NoSchedule"),
            ("node.kubernetes.io/unschedulable", "", "NoSchedule")
        ]
    );
    let ready = node
        .status
        .conditions
        .iter()
        .find(|one| one.kind == "Ready")
        .unwrap();
    assert_eq!(ready.status, "True");
    let info = &node.status.node_info;
    assert_eq!(
        (
            info.kernel_version.as_str(),
            info.container_runtime_version.as_str()
        ),
        ("10.0.17763.3165", "containerd://1.7.20")
    );
    assert_eq!(info.os_image, "Windows Server 2019 Datacenter");
}

#[test]
fn descriptions_of_pods() {
    let (cluster, left) = read(format!("$ kubectl describe pod\n{POD}").as_bytes());
    left.unwrap();
    let pod = &cluster.pods[0];
    assert_eq!((&*pod.metadata.namespace, &*pod.node), ("shop", "win-a"));
    assert_eq!(&*pod.metadata.owner_references[0].name, "web-7d4f");
    assert_eq!(pod.spec.runtime_class_name, "windows-2019");
    assert_eq!(pod.spec.node_selector.len(), 2);
    assert_eq!(pod.spec.tolerations[0].operator, "Exists");
    assert_eq!(pod.spec.tolerations[1].value, "windows");
    assert_eq!(pod.spec.init_containers[0].image, "contoso/first:1");
    let web = &pod.status.container_statuses[0];
    assert_eq!((web.ready, web.restart_count), (false, 10));
    assert_eq!(
        web.state.waiting.as_ref().unwrap().reason,
        "CrashLoopBackOff"
    );
    let ended = web.last_state.terminated.as_ref().unwrap();
    assert_eq!(
        (ended.message.as_str(), ended.exit_code),
        (
            "container bb encountered an error during CreateContainer\nand goes on (0xc0370101)",
            128
        )
    );
    let told: Vec<(u32, &str, &str)> = cluster
        .events
        .iter()
        .map(|event| {
            (
                event.count,
                &*event.involved_object.name,
                event.source.component.as_str(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [(12, "web-7d4f-x", "kubelet"), (1, "web-7d4f-x", "kubelet")]
    );
}

#[test]
fn descriptions_of_what_owns_pods() {
    let (cluster, left) = read(format!("{NODE}\n\n{DEPLOYMENT}\n{POD}").as_bytes());
    left.unwrap();
    assert_eq!((cluster.nodes.len(), cluster.pods.len()), (1, 1));
    let (kind, web) = &cluster.workloads[0];
    assert_eq!(*kind, Kind::Deployment);
    assert_eq!(
        (web.spec.replicas, web.status.ready_replicas),
        (Some(3), Some(2))
    );
    assert_eq!(web.metadata.labels.len(), 1);
    let spec = web.spec.pods();
    assert_eq!(spec.containers[0].image, "contoso/web:1-ltsc2019");
    assert_eq!(spec.node_selector["kubernetes.io/os"], "windows");
    assert_eq!(
        (
            spec.tolerations[0].key.as_str(),
            spec.tolerations[0].operator.as_str()
        ),
        ("", "Exists")
    );
}

/// The pod of the page, as it stands there: without indentation, its events in the form of 2017.
#[test]
fn the_description_of_the_page() {
    let text = include_str!("../../../winfit-explain/tests/fixtures/sv-describe-failing.txt");
    let (cluster, left) = read(text.as_bytes());
    left.unwrap();
    let pod = &cluster.pods[0];
    assert_eq!(&*pod.metadata.name, "fabrikamfiber.web-789699744-rqv6p");
    assert_eq!(&*pod.node, "38519acs9011");
    let ended = pod.status.container_statuses[0]
        .last_state
        .terminated
        .as_ref()
        .unwrap();
    assert!(ended.message.contains("(0xc0370101)"));
    let failed = cluster
        .events
        .iter()
        .find(|event| event.message.contains("0xc0370101"))
        .unwrap();
    assert_eq!(
        (failed.count, failed.source.host.as_str()),
        (11, "38519acs9011")
    );
    assert_eq!(
        failed.involved_object.field_path,
        "spec.containers{fabrikamfiberweb}"
    );
}

proptest! {
    #[test]
    fn whatever_is_given_nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&bytes);
    }

    #[test]
    fn descriptions_in_pieces_do_not_panic(
        order in proptest::collection::vec(0..3_usize, 1..4),
        cut in 0..4_000_usize,
        noise in "[ :=/()<>a-zA-Z0-9\n]{0,60}",
    ) {
        let texts = [NODE, POD, DEPLOYMENT];
        let mut text: String = order.iter().map(|at| texts[*at]).collect();
        let mut at = cut.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        text.insert_str(at, &noise);
        let _ = read(text.as_bytes());
    }

    #[test]
    fn objects_around_a_broken_one_are_kept(before in 0..4_usize, behind in 0..4_usize, wrong in 0..4_usize) {
        let mut broken = pod("broken");
        match wrong {
            0 => broken["metadata"] = json!(7),
            1 => broken["spec"]["nodeSelector"] = json!({"a": 1}),
            2 => broken["status"]["containerStatuses"] = json!({"name": "web"}),
            _ => broken["status"]["phase"] = json!({}),
        }
        let mut items: Vec<Value> = (0..before).map(|at| pod(&format!("a{at}"))).collect();
        items.push(broken);
        items.extend((0..behind).map(|at| pod(&format!("b{at}"))));
        let (cluster, left) = read(list(&items).to_string().as_bytes());
        prop_assert_eq!(cluster.pods.len(), before + behind);
        prop_assert_eq!(left.unwrap().broken.len(), 1);
    }
}
