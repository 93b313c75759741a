//! An engine's own images and containers: a real engine, with the Windows that Linux cannot have.

use serde_json::{Value, json};
use winfit_core::Catalog;
use winfit_core::host::{Isolation, Kind};
use winfit_docker::DockerError;
use winfit_docker::host::EngineHost;
use winfit_docker::local::{Local, LocalContainer, LocalImage, failed, fleet};

use crate::asking::{block_on, engine};
use crate::support::proxy::Proxy;
use crate::support::real_swarm::{RealSwarm, can_run};

/// Windows Server 2022 with an image of Server 2019 and a container that it does not start.
fn of_windows(path: &str, object: &mut Value) {
    if path == "/info" {
        for (key, value) in [
            ("OSType", "windows"),
            ("OSVersion", "10.0.20348"),
            ("Isolation", "process"),
            (
                "OperatingSystem",
                "Microsoft Windows Server Version 21H2 (OS Build 20348.169)",
            ),
        ] {
            object[key] = value.into();
        }
    } else if path.starts_with("/images/") && path.ends_with("/json") && object.is_object() {
        object["Os"] = "windows".into();
        object["OsVersion"] = "10.0.17763.437".into();
    } else if path.starts_with("/containers/") && object.is_object() && object["Name"] == "/fax" {
        object["Platform"] = "windows".into();
        object["HostConfig"]["Isolation"] = "process".into();
        object["State"]["Error"] = json!(
            "hcsshim::CreateComputeSystem fax: The container operating system does not match the host operating system. (0xc0370101)"
        );
    }
}

#[test]
fn images_and_containers_with_what_windows_says_of_them() {
    if !can_run() {
        return;
    }
    let swarm = RealSwarm::apart(&["win-a"]);
    swarm.import("contoso/fax:2");
    swarm.import("contoso/print:1");
    swarm.docker("win-a", &["create", "--name=fax", "contoso/fax:2"]);
    let proxy = Proxy::start(&swarm.socket("win-a"), |_, _| {}, of_windows);
    let engine = engine(&proxy.address());
    let catalog = Catalog::builtin();
    let host = block_on(EngineHost::read(catalog, &engine)).unwrap();
    assert_eq!(host.name, "win-a");
    assert_eq!(host.isolation, Some(Isolation::Process));
    assert_eq!(host.driver, "vfs");
    assert!(!host.containerd_store);
    assert_eq!(host.host().version.unwrap().to_string(), "10.0.20348.169");
    assert_eq!(host.host().kind, Kind::Server);

    let local = block_on(Local::read(&engine)).unwrap();
    assert_eq!(local.images.len(), 2);
    let unused: Vec<&str> = local.unused().iter().map(|image| image.name()).collect();
    assert_eq!(unused, ["contoso/print:1"]);
    let fleet = fleet::fleet(catalog, &local, &host);
    let [fax] = fleet.workloads.as_slice() else {
        panic!("{:?}", fleet.workloads);
    };
    assert_eq!(fax.subject.in_words(), "container fax");
    assert_eq!(fax.isolation.as_ref().unwrap().value, Isolation::Process);
    let image = fax.containers[0].image.image.as_ref().unwrap();
    assert_eq!(image.image.version.unwrap().to_string(), "10.0.17763.437");
    let failed = failed::findings(&local);
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert!(
        failed[0]
            .message
            .starts_with("container fax was not started: "),
        "{}",
        failed[0].message
    );

    // One by one.
    let fax = block_on(LocalContainer::find(&engine, "fax")).unwrap();
    assert_eq!(fax.name(), "fax");
    let none = block_on(LocalContainer::find(&engine, "none")).unwrap_err();
    assert!(matches!(none, DockerError::NotFound { .. }), "{none:?}");
    let image = block_on(LocalImage::find(&engine, "contoso/fax:2")).unwrap();
    assert_eq!(image.unwrap().os_version, "10.0.17763.437");
    assert_eq!(
        block_on(LocalImage::find(&engine, "contoso/none:2")).unwrap(),
        None
    );
}

#[test]
fn what_is_saved_is_read_as_what_is_asked_for() {
    let mut local = Local::default();
    let complaints = local.add_saved(
        r#"{"ServerVersion": "20.10.9", "OSType": "windows", "Name": "win-a"}
        [{"Id": "sha256:aa", "RepoTags": null, "Os": "windows", "OsVersion": "10.0.17763.437"}]
        [{"Id": "1", "Name": "/a", "Image": "sha256:aa", "State": {"Status": "exited", "ExitCode": -1070137077},
          "HostConfig": {"Isolation": ""}, "Config": {"Image": "x"}}, {"Other": 1}] {"#,
    );
    assert_eq!(complaints.len(), 2, "{complaints:?}");
    assert!(complaints[0].contains("passed over"), "{complaints:?}");
    assert!(complaints[1].contains("line 4"), "{complaints:?}");
    assert_eq!((local.images.len(), local.containers.len()), (1, 1));
    assert!(local.info.is_some());
    // 0xc037010b, as a number with a sign.
    let failed = failed::findings(&local);
    assert!(failed[0].notes[0].contains("0xc037010b"), "{failed:?}");
}

#[test]
fn containers_that_failed_alike_are_one_finding() {
    let container = |name: &str, running: bool, error: &str| {
        serde_json::from_value::<LocalContainer>(json!({
            "Id": format!("{name}{name}"), "Name": format!("/{name}"), "Config": {"Image": "x"},
            "State": {"Status": "created", "Running": running, "Error": error.replace("ID", &format!("{name}{name}"))},
        }))
        .unwrap()
    };
    let mismatch = "container ID encountered an error during CreateContainer: failure in a Windows system call: The operating system of the container does not match the operating system of the host. (0xc0370101)";
    let local = Local {
        containers: vec![
            container("a", false, mismatch),
            container("b", false, mismatch),
            container("c", false, "exec: no such file"),
            // It runs: what was is over.
            container("d", true, mismatch),
            container("e", false, ""),
        ],
        ..Local::default()
    };
    let found: Vec<(String, Vec<String>)> = failed::findings(&local)
        .into_iter()
        .map(|finding| (finding.message, finding.notes))
        .collect();
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(found[0].1.last().unwrap(), "the same of b");
    assert_eq!(
        found[1].0,
        "container c was not started: exec: no such file"
    );
}

#[test]
fn an_image_that_is_published_no_longer_is_known_by_its_config() {
    let catalog = Catalog::builtin();
    let name = "mcr.microsoft.com/windows/nanoserver:latest";
    assert!(fleet::named(catalog, name, None).is_err());
    let image = LocalImage {
        os: "windows".to_owned(),
        os_version: "10.0.17763.437".to_owned(),
        ..LocalImage::default()
    };
    let named = fleet::named(catalog, name, Some(&image)).unwrap();
    assert_eq!(named.text, name);
    assert_eq!(named.image.version.unwrap().to_string(), "10.0.17763.437");
}
