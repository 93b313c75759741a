//! Writing to a real registry.

use serde_json::json;
use winfit_core::reference::Reference;
use winfit_registry::digest::Digest;
use winfit_registry::model::OCI_INDEX;
use winfit_registry::place::Place;
use winfit_registry::{Client, Options};

use crate::support::block_on;
use crate::support::images::Repository;
use crate::support::registry::{Registry, installed};

#[test]
fn an_index_over_a_child_of_another_repository() {
    if !installed() {
        return;
    }
    let registry = Registry::start();
    let from = Repository::new(&registry.host(), "shop/web-2022");
    let child = from.windows(Some("1"), "10.0.20348.2340");
    let client = Client::new(Options::default());
    let reference = Reference::parse(&format!("{}/shop/web:1", registry.host())).unwrap();
    let place = Place::of(&reference);
    let old = Place {
        repository: "shop/web-2022".to_owned(),
        ..place.clone()
    };

    assert!(!block_on(client.has_manifest(&place, "1")).unwrap());
    let source = Reference::parse(&format!("{}/shop/web-2022:1", registry.host())).unwrap();
    let manifest = block_on(client.manifest(&source)).unwrap();
    let blobs: serde_json::Value = serde_json::from_slice(&manifest.bytes).unwrap();
    for blob in [&blobs["config"], &blobs["layers"][0]] {
        let digest = Digest::parse(blob["digest"].as_str().unwrap()).unwrap();
        assert!(block_on(client.mount_blob(&place, &digest, "shop/web-2022")).unwrap());
    }
    let digest = manifest.digest.as_str();
    let pushed =
        block_on(client.push_manifest(&place, digest, &manifest.media_type, &manifest.bytes));
    assert_eq!(pushed.unwrap(), child.digest);
    let index = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [
        {"mediaType": manifest.media_type, "digest": digest, "size": manifest.bytes.len()},
    ]});
    let index = serde_json::to_vec(&index).unwrap();
    let pushed = block_on(client.push_manifest(&place, "1", OCI_INDEX, &index)).unwrap();
    assert!(block_on(client.has_manifest(&place, "1")).unwrap());
    assert!(block_on(client.has_manifest(&place, pushed.as_str())).unwrap());
    assert!(!block_on(client.has_manifest(&old, "2")).unwrap());
}

#[test]
fn a_blob_that_is_not_there_is_not_mounted() {
    if !installed() {
        return;
    }
    let registry = Registry::start();
    let client = Client::new(Options::default());
    let reference = Reference::parse(&format!("{}/shop/web:1", registry.host())).unwrap();
    let nothing = Digest::of(b"a blob that nobody has");
    let mounted = block_on(client.mount_blob(&Place::of(&reference), &nothing, "shop/api"));
    assert!(!mounted.unwrap());
}
