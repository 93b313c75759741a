//! `kubectl describe`: as kubectl prints it, and as the page's Kubernetes chapter shows it, without indentation.

use winfit_kube::model::Kind;
use winfit_kube::{Cluster, Interned, LeftOut};

fn read(text: &str) -> (Cluster, LeftOut) {
    let mut cluster = Cluster::default();
    let left = cluster.add_saved(text.as_bytes(), &mut Interned::default());
    (cluster, left.unwrap())
}

const POD: &str = r#"Name:                web-5d4f8c7b9-abcde
Namespace:           shop
Priority:            0
Runtime Class Name:  runhcs-wcow-process
Service Account:     default
Node:                win-a/10.240.0.6
Start Time:          Mon, 01 Jun 2026 08:00:00 +0000
Labels:              app=web
                     pod-template-hash=5d4f8c7b9
Annotations:         example.com/note: Status: Failed
                     Node: elsewhere/1.2.3.4
Status:              Pending
IP:                  10.244.3.169
IPs:
  IP:           10.244.3.169
Controlled By:  ReplicaSet/web-5d4f8c7b9
Init Containers:
  prepare:
    Container ID:   containerd://1
    Image:          contoso/prepare:1
    Image ID:       contoso/prepare@sha256:1
    Port:           <none>
    Host Port:      <none>
    State:          Terminated
      Reason:       Completed
      Exit Code:    0
      Started:      Mon, 01 Jun 2026 08:00:00 +0000
      Finished:     Mon, 01 Jun 2026 08:00:01 +0000
    Ready:          True
    Restart Count:  0
    Environment:    <none>
    Mounts:         <none>
Containers:
  web:
    Container ID:  containerd://2
    Image:         contoso/web:1
    Image ID:      contoso/web@sha256:2
    Port:          80/TCP
    Host Port:     0/TCP
    Command:
      server
    State:          Waiting
      Reason:       CrashLoopBackOff
    Last State:     Terminated
      Reason:       StartError
      Message:      hcs::CreateComputeSystem web:
extra info: {"Image": "no"}
      Exit Code:    -1
    Ready:          False
    Restart Count:  4
    Limits:
      cpu:  1
    Environment:
      Image:  contoso/other:1
      State:  Running
      WEB:
    Mounts:
      /var/run/secrets/kubernetes.io/serviceaccount from kube-api-access (ro)
  side:
    Image:        contoso/side:1
    Port:         <none>
    Host Port:    <none>
    Environment:  <none>
    Mounts:       <none>
Conditions:
  Type              Status
  Initialized       True 
  Ready             False 
  PodScheduled      True 
Volumes:
  data:
    Type:        ConfigMap (a volume populated by a ConfigMap)
    Name:        data
    Optional:    false
QoS Class:       BestEffort
Node-Selectors:  kubernetes.io/arch=amd64
                 kubernetes.io/os=windows
Tolerations:     node.kubernetes.io/not-ready:NoExecute op=Exists for 300s
                 os=windows:NoSchedule
Events:
  Type     Reason                  Age                From               Message
  ----     ------                  ----               ----               -------
  Normal   Scheduled               12m                                   Successfully assigned shop/web to win-a
  Warning  Failed                  9m (x4 over 12m)   kubelet            Error: failed to create task:
hcs::CreateComputeSystem web: The container operating system does not match the host operating system. (0xc0370101)
  Warning  FailedCreatePodSandBox  8m (x2 over 9m)    kubelet, win-a     no sandbox
"#;

#[test]
fn a_pod_as_kubectl_prints_it() {
    let (cluster, left) = read(POD);
    assert_eq!(left, LeftOut::default());
    let [pod] = cluster.pods.as_slice() else {
        panic!("{:?}", cluster.pods);
    };
    assert_eq!(&*pod.metadata.name, "web-5d4f8c7b9-abcde");
    assert_eq!(&*pod.metadata.namespace, "shop");
    assert_eq!(&*pod.node, "win-a");
    assert_eq!(&*pod.status.phase, "Pending");
    let owner = &pod.metadata.owner_references[0];
    assert_eq!(
        (&*owner.kind, &*owner.name),
        ("ReplicaSet", "web-5d4f8c7b9")
    );
    assert!(owner.controller);
    assert_eq!(pod.spec.runtime_class_name, "runhcs-wcow-process");
    assert_eq!(pod.spec.init_containers[0].image, "contoso/prepare:1");
    let images = pod.spec.containers.iter();
    let images: Vec<_> = images.map(|one| (&*one.name, &*one.image)).collect();
    assert_eq!(
        images,
        [("web", "contoso/web:1"), ("side", "contoso/side:1")]
    );
    let prepared = &pod.status.init_container_statuses[0];
    assert!(prepared.ready);
    assert_eq!(
        prepared.state.terminated.as_ref().unwrap().reason,
        "Completed"
    );
    let [web] = pod.status.container_statuses.as_slice() else {
        panic!("the side container has no status yet");
    };
    assert_eq!(
        (&*web.name, &*web.image_id),
        ("web", "contoso/web@sha256:2")
    );
    assert_eq!((web.ready, web.restart_count), (false, 4));
    assert_eq!(
        web.state.waiting.as_ref().unwrap().reason,
        "CrashLoopBackOff"
    );
    let ended = web.last_state.terminated.as_ref().unwrap();
    assert_eq!((&*ended.reason, ended.exit_code), ("StartError", -1));
    assert_eq!(
        ended.message,
        "hcs::CreateComputeSystem web:\nextra info: {\"Image\": \"no\"}"
    );
    let conditions: Vec<_> = pod.status.conditions.iter().map(|one| &*one.kind).collect();
    assert_eq!(conditions, ["Ready"]);
    let selector: Vec<_> = pod.spec.node_selector.iter().collect();
    assert_eq!(selector.len(), 2);
    assert_eq!(pod.spec.node_selector["kubernetes.io/os"], "windows");
    let [not_ready, os] = pod.spec.tolerations.as_slice() else {
        panic!("{:?}", pod.spec.tolerations);
    };
    assert_eq!(
        (&*not_ready.key, &*not_ready.operator, &*not_ready.effect),
        ("node.kubernetes.io/not-ready", "Exists", "NoExecute")
    );
    assert_eq!(
        (&*os.key, &*os.operator, &*os.value, &*os.effect),
        ("os", "Equal", "windows", "NoSchedule")
    );
}

#[test]
fn the_events_of_a_pod_are_about_it() {
    let (cluster, _) = read(POD);
    let [failed, sandbox] = cluster.events.as_slice() else {
        panic!("{:?}", cluster.events);
    };
    let about = &failed.involved_object;
    assert_eq!(
        (&*about.kind, &*about.namespace, &*about.name),
        ("Pod", "shop", "web-5d4f8c7b9-abcde")
    );
    assert_eq!((failed.count, &*failed.source.component), (4, "kubelet"));
    assert!(
        failed
            .message
            .starts_with("Error: failed to create task:\nhcs::")
    );
    assert!(failed.message.ends_with("(0xc0370101)"));
    assert_eq!(
        (sandbox.count, &*sandbox.source.host, &*sandbox.message),
        (2, "win-a", "no sandbox")
    );
}

#[test]
fn a_node_as_kubectl_prints_it() {
    let (cluster, _) = read(
        "Name:               win-a\nRoles:              <none>\nLabels:             kubernetes.io/os=windows\n                    node.kubernetes.io/windows-build=10.0.17763\nAnnotations:        node.alpha.kubernetes.io/ttl: 0\nCreationTimestamp:  Mon, 01 Jun 2026 08:00:00 +0000\nTaints:             os=windows:NoSchedule\n                    node.kubernetes.io/unschedulable:NoSchedule\nUnschedulable:      true\nLease:\n  HolderIdentity:  win-a\nConditions:\n  Type             Status    LastHeartbeatTime                 LastTransitionTime                Reason               Message\n  ----             ------    -----------------                 ------------------                ------               -------\n  MemoryPressure   False     Mon, 01 Jun 2026 08:00:00 +0000   Mon, 01 Jun 2026 08:00:00 +0000   KubeletHasEnough     kubelet has True memory\n  Ready            Unknown   Mon, 01 Jun 2026 08:00:00 +0000   Mon, 01 Jun 2026 08:00:00 +0000   NodeStatusUnknown    Kubelet stopped posting node status.\nAddresses:\n  Hostname:    win-a\nSystem Info:\n  Machine ID:                 win-a\n  Kernel Version:             10.0.17763.3165\n  OS Image:                   Windows Server 2019 Datacenter\n  Operating System:           windows\n  Architecture:               amd64\n  Container Runtime Version:  containerd://1.7.20\n  Kubelet Version:            v1.31.2\nProviderID:                   azure:///x\nNon-terminated Pods:          (1 in total)\n  Namespace                   Name       CPU Requests\n  shop                        web-1      0 (0%)\nEvents:              <none>\n",
    );
    let [node] = cluster.nodes.as_slice() else {
        panic!("{cluster:?}");
    };
    assert_eq!(&*node.metadata.name, "win-a");
    assert_eq!(node.metadata.labels.len(), 2);
    assert!(node.spec.unschedulable);
    let taints: Vec<_> = node.spec.taints.iter().map(|taint| &*taint.key).collect();
    assert_eq!(taints, ["os", "node.kubernetes.io/unschedulable"]);
    assert_eq!(node.spec.provider_id, "azure:///x");
    let info = &node.status.node_info;
    assert_eq!(info.kernel_version, "10.0.17763.3165");
    assert_eq!(info.os_image, "Windows Server 2019 Datacenter");
    assert_eq!(info.container_runtime_version, "containerd://1.7.20");
    assert_eq!(info.kubelet_version, "v1.31.2");
    let ready = &node.status.conditions[1];
    assert_eq!(
        (
            &*ready.kind,
            &*ready.status,
            &*ready.reason,
            &*ready.message
        ),
        (
            "Ready",
            "Unknown",
            "NodeStatusUnknown",
            "Kubelet stopped posting node status."
        )
    );
    assert_eq!(node.status.conditions.len(), 2);
}

const TEMPLATE: &str = "Pod Template:\n  Labels:           app=web\n  Service Account:  web\n  Containers:\n   web:\n    Image:        contoso/web:1\n    Port:         <none>\n    Host Port:    <none>\n    Environment:  <none>\n    Mounts:       <none>\n  Volumes:         <none>\n  Node-Selectors:  kubernetes.io/os=windows\n  Tolerations:     os=windows:NoSchedule\nEvents:            <none>\n";

#[test]
fn every_workload_is_known_by_its_own_keys() {
    let head = "Name: web\nNamespace: shop\nLabels: tier=front\n";
    for (kind, keys, wanted) in [
        (
            Kind::Deployment,
            "Replicas:               3 desired | 3 updated | 3 total | 2 available | 1 unavailable\nStrategyType:           RollingUpdate\n",
            (Some(3), Some(2)),
        ),
        (
            Kind::ReplicaSet,
            "Controlled By:  Deployment/web\nReplicas:       2 current / 4 desired\nPods Status:    2 Running / 0 Waiting / 0 Succeeded / 0 Failed\n",
            (Some(4), None),
        ),
        (
            Kind::StatefulSet,
            "Replicas:           2 desired | 2 total\nUpdate Strategy:    RollingUpdate\n  Partition:        0\nPods Status:        2 Running / 0 Waiting / 0 Succeeded / 0 Failed\n",
            (Some(2), None),
        ),
        (
            Kind::DaemonSet,
            "Desired Number of Nodes Scheduled: 3\nNumber of Nodes Scheduled with Available Pods: 2\n",
            (None, None),
        ),
        (
            Kind::Job,
            "Parallelism:    2\nCompletions:    <unset>\nPods Statuses:  1 Active (1 Ready) / 3 Succeeded / 0 Failed\n",
            (None, None),
        ),
        (
            Kind::CronJob,
            "Schedule:                      0 1 * * *\nSuspend:                       True\nSelector:                      <unset>\nParallelism:                   <unset>\nCompletions:                   <unset>\n",
            (None, None),
        ),
    ] {
        let (cluster, left) = read(&format!("{head}{keys}{TEMPLATE}"));
        assert_eq!(left, LeftOut::default());
        let [(found, workload)] = cluster.workloads.as_slice() else {
            panic!("{kind:?}: {cluster:?}");
        };
        assert_eq!(*found, kind);
        assert_eq!(
            (&*workload.metadata.namespace, &*workload.metadata.name),
            ("shop", "web")
        );
        assert_eq!(
            workload.metadata.labels.len(),
            1,
            "the template's labels are not the object's"
        );
        let pods = workload.spec.pods();
        assert_eq!(
            (&*pods.containers[0].name, &*pods.containers[0].image),
            ("web", "contoso/web:1")
        );
        assert_eq!(pods.node_selector["kubernetes.io/os"], "windows");
        assert_eq!(pods.tolerations.len(), 1);
        assert_eq!(
            (workload.spec.replicas, workload.status.ready_replicas),
            wanted,
            "{kind:?}"
        );
        let status = &workload.status;
        match kind {
            Kind::DaemonSet => assert_eq!(
                (status.desired_number_scheduled, status.number_ready),
                (Some(3), Some(2))
            ),
            Kind::Job => assert_eq!(
                (workload.spec.parallelism, status.active, status.succeeded),
                (Some(2), 1, Some(3))
            ),
            Kind::CronJob => assert!(workload.spec.suspend),
            _ => {}
        }
    }
}

#[test]
fn another_kind_decides_nothing() {
    let (cluster, left) = read("Name:  web\nNamespace:  shop\nType:  ClusterIP\nEvents:  <none>\n");
    assert_eq!(cluster, Cluster::default());
    assert_eq!(left.kinds, [(String::new(), 1)]);
}

/// The chapter of the page in Swedish, prose and all; its descriptions have lost their indentation.
const PAGE: &str = include_str!("../fixtures/sv-kubernetes.txt");

#[test]
fn the_nodes_and_the_failing_pod_of_the_page_are_read_as_they_stand_there() {
    let (cluster, left) = read(PAGE);
    assert_eq!(left, LeftOut::default());
    let nodes: Vec<_> = cluster.nodes.iter().collect();
    let kernels: Vec<_> = nodes
        .iter()
        .map(|node| (&*node.metadata.name, &*node.status.node_info.kernel_version))
        .collect();
    assert_eq!(
        kernels,
        [
            (
                "38519acs9010",
                "10.0 14393 (14393.1715.amd64fre.rs1_release_inmarket.170906-1810)"
            ),
            (
                "38519acs9011",
                "10.0 16299 (16299.0.amd64fre.rs3_release.170922-1354)"
            ),
        ]
    );
    for node in nodes {
        assert_eq!(node.metadata.labels.len(), 6, "{:?}", node.metadata.labels);
        assert_eq!(node.metadata.labels["beta.kubernetes.io/os"], "windows");
        let info = &node.status.node_info;
        assert_eq!(
            (&*info.operating_system, &*info.architecture),
            ("windows", "amd64")
        );
        assert_eq!(info.os_image, "");
        assert!(node.spec.taints.is_empty());
    }
    let pod = &cluster.pods[0];
    assert_eq!(&*pod.metadata.name, "fabrikamfiber.web-789699744-rqv6p");
    assert_eq!(
        (&*pod.metadata.namespace, &*pod.node),
        ("plang", "38519acs9011")
    );
    assert_eq!(
        &*pod.metadata.owner_references[0].name,
        "fabrikamfiber.web-789699744"
    );
    assert_eq!(pod.spec.node_selector.len(), 1);
    assert_eq!(pod.spec.node_selector["beta.kubernetes.io/os"], "windows");
    let [container] = pod.spec.containers.as_slice() else {
        panic!("{:?}", pod.spec.containers);
    };
    assert_eq!(
        (&*container.name, &*container.image),
        ("fabrikamfiberweb", "patricklang/fabrikamfiber.web:latest")
    );
    let status = &pod.status.container_statuses[0];
    assert_eq!((status.ready, status.restart_count), (false, 10));
    assert!(status.image_id.starts_with("docker-pullable://"));
    assert_eq!(
        status.state.waiting.as_ref().unwrap().reason,
        "CrashLoopBackOff"
    );
    let ended = status.last_state.terminated.as_ref().unwrap();
    assert_eq!(
        (&*ended.reason, ended.exit_code),
        ("ContainerCannotRun", 128)
    );
    assert!(ended.message.contains("(0xc0370101)"));
    assert!(
        ended
            .message
            .ends_with("\"AllowUnqualifiedDNSQuery\":false}")
    );
}

#[test]
fn the_old_table_of_events_on_the_page_is_read() {
    let (cluster, _) = read(PAGE);
    let failed: Vec<_> = cluster
        .events
        .iter()
        .map(|event| {
            (
                &*event.reason,
                event.count,
                &*event.involved_object.field_path,
            )
        })
        .collect();
    let container = "spec.containers{fabrikamfiberweb}";
    assert_eq!(
        failed,
        [
            ("Failed", 1, container),
            ("Failed", 11, container),
            ("FailedSync", 151, "")
        ]
    );
    let event = &cluster.events[1];
    assert!(
        event
            .message
            .starts_with("Error: failed to start container")
    );
    assert!(event.message.contains("(0xc0370101)"));
    assert_eq!(
        (&*event.source.component, &*event.source.host),
        ("kubelet", "38519acs9011")
    );
    assert_eq!(
        &*event.involved_object.name,
        "fabrikamfiber.web-789699744-rqv6p"
    );
}
