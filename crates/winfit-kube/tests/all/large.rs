//! The large cluster of tests and benchmarks: that its objects are what they are said to be.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use winfit_kube::{Cluster, Interned, Scope, Settings};

use crate::support::large::{Kind, Large};

fn names(large: &Large, kind: Kind) -> BTreeSet<String> {
    let name = |object: Value| {
        let meta = &object["metadata"];
        let text = |field: &str| meta[field].as_str().unwrap_or_default().to_owned();
        format!("{}/{}", text("namespace"), text("name"))
    };
    large.objects(kind).map(name).collect()
}

#[test]
fn every_object_has_a_name_of_its_own() {
    let large = Large::new(50, 2_000);
    for kind in Kind::ALL {
        assert_eq!(names(&large, kind).len(), large.count(kind), "{kind:?}");
    }
    assert!(large.failing() > 0);
}

#[test]
fn pods_weigh_what_real_ones_do_and_stand_on_nodes_that_there_are() {
    let large = Large::new(50, 2_000);
    let nodes = names(&large, Kind::Node);
    let sets = names(&large, Kind::ReplicaSet);
    let (mut failing, mut bytes) = (0, 0);
    for pod in large.objects(Kind::Pod) {
        let node = pod["spec"]["nodeName"].as_str().unwrap();
        assert!(nodes.contains(&format!("/{node}")), "{node}");
        let owner = &pod["metadata"]["ownerReferences"][0];
        if owner["kind"] == "ReplicaSet" {
            let namespace = pod["metadata"]["namespace"].as_str().unwrap();
            let name = owner["name"].as_str().unwrap();
            assert!(sets.contains(&format!("{namespace}/{name}")), "{name}");
        }
        let text = pod.to_string();
        assert!(!text.contains("\"@"), "{text}");
        failing += usize::from(text.contains("0xc0370101"));
        bytes += text.len();
    }
    assert_eq!(failing, large.failing());
    let each = bytes / large.count(Kind::Pod);
    assert!((4_500..6_500).contains(&each), "{each}");
}

/// How much of each there is.
fn counts(cluster: &Cluster) -> [usize; 5] {
    [
        cluster.nodes.len(),
        cluster.classes.len(),
        cluster.workloads.len(),
        cluster.pods.len(),
        cluster.events.len(),
    ]
}

#[tokio::test]
async fn its_server_and_its_file_tell_the_same_cluster() {
    let large = || Large::new(20, 1_300);
    let expected = large();
    let folder = tempfile::TempDir::new().unwrap();
    let (config, list) = (
        folder.path().join("config"),
        folder.path().join("list.json"),
    );
    large().serve().unwrap().write_kubeconfig(&config).unwrap();
    let settings = Settings {
        kubeconfig: Some(config),
        context: None,
        patience: Duration::from_secs(10),
    };
    let api = settings.connect().unwrap();
    let read = Cluster::read(&api, &Scope::default()).await.unwrap();
    assert_eq!(read.missing, []);
    let workloads = [
        Kind::Deployment,
        Kind::ReplicaSet,
        Kind::DaemonSet,
        Kind::Job,
    ];
    assert_eq!(
        counts(&read),
        [
            20,
            3,
            workloads.map(|kind| expected.count(kind)).iter().sum(),
            1_300,
            expected.failing(),
        ]
    );
    expected.write_list(&list).unwrap();
    let mut saved = Cluster::default();
    saved
        .add_json(&std::fs::read(list).unwrap(), &mut Interned::default())
        .unwrap();
    assert_eq!(counts(&saved), counts(&read));
    assert_eq!(saved.nodes, read.nodes);
    assert_eq!(saved.pods, read.pods);
}
