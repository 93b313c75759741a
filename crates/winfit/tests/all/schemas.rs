//! What `--format json` prints is what `docs/schemas` promises.

use std::collections::BTreeMap;
use std::fs;

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::{Value, json};

use crate::image::Shop;
use crate::{repository, winfit};

/// All published schemas, compiled, by the name that documents carry in `schema`.
struct Published {
    schemas: Schemas,
    by_name: BTreeMap<String, SchemaIndex>,
}

impl Published {
    fn read() -> Self {
        let mut compiler = Compiler::new();
        compiler.enable_format_assertions();
        let mut schemas = Schemas::new();
        let mut by_name = BTreeMap::new();
        for (name, schema) in files() {
            let id = schema["$id"].as_str().expect("a schema has an $id");
            compiler
                .add_resource(id, schema.clone())
                .expect("the schema is a resource");
            let index = compiler
                .compile(id, &mut schemas)
                .unwrap_or_else(|error| panic!("{name}: {error:#}"));
            by_name.insert(name, index);
        }
        Self { schemas, by_name }
    }

    fn check(&self, document: &Value) -> Result<(), String> {
        let name = document["schema"].as_str().unwrap_or("(none)");
        let index = self
            .by_name
            .get(name)
            .ok_or_else(|| format!("no schema is published for {name}"))?;
        self.schemas
            .validate(document, *index)
            .map_err(|error| format!("{error:#}"))
    }
}

/// The files of `docs/schemas`, by the document that each is for.
fn files() -> BTreeMap<String, Value> {
    fs::read_dir(repository("docs/schemas"))
        .expect("docs/schemas")
        .map(|entry| {
            let path = entry.expect("an entry of docs/schemas").path();
            let text = fs::read_to_string(&path).expect("a schema can be read");
            let schema: Value = serde_json::from_str(&text)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let name = schema["properties"]["schema"]["const"]
                .as_str()
                .unwrap_or_else(|| panic!("{} names its document", path.display()))
                .to_owned();
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            assert_eq!(format!("{}.json", name.replace('/', ".")), file);
            (name, schema)
        })
        .collect()
}

/// Checks a document by its own schema.
pub(crate) fn check_document(document: &Value) {
    assert_eq!(Published::read().check(document), Ok(()));
}

/// Runs a command that prints a document.
fn document(arguments: &[&str]) -> Value {
    let output = winfit(arguments);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!(
            "{arguments:?} printed no JSON ({error}): {}",
            String::from_utf8_lossy(&output.stderr)
        )
    })
}

const NODES: &str = "NAME STATUS ROLES AGE VERSION INTERNAL-IP EXTERNAL-IP OS-IMAGE KERNEL-VERSION CONTAINER-RUNTIME
win-a Ready <none> 5d v1.29.0 10.0.0.4 <none> Windows Server 2019 Datacenter 10.0.17763.437 containerd://1.7.13
lin-a Ready <none> 5d v1.29.0 10.0.0.5 <none> Ubuntu 22.04 LTS 5.15.0-1 containerd://1.7.13
";

const SWARM: &str = r#"[
  {"ID": "n1", "Spec": {"Labels": {"winfit.build": "7"}, "Role": "manager", "Availability": "active"},
   "Description": {"Hostname": "win-a", "Platform": {"OS": "windows"}}, "Status": {"State": "ready"}},
  {"ID": "n2", "Spec": {"Labels": {"OsVersion": "10.0.20348"}, "Role": "worker", "Availability": "active"},
   "Description": {"Hostname": "win-b", "Platform": {"OS": "windows"}}, "Status": {"State": "ready"}},
  {"ID": "s1", "Spec": {"Name": "fax", "Mode": {"Replicated": {"Replicas": 1}},
   "TaskTemplate": {"ContainerSpec": {"Image": "contoso/fax:2-ltsc2019"}}}},
  {"ID": "s2", "Spec": {"Name": "web", "TaskTemplate": {"ContainerSpec": {"Image": "nginx:1"}}}}
]"#;

/// Workloads of all decisions of `kube pin`.
const CLUSTER: &str = r#"{"items": [
  {"kind": "Node", "metadata": {"name": "win-a", "labels": {"kubernetes.io/os": "windows", "node.kubernetes.io/windows-build": "10.0.17763"}},
   "spec": {"unschedulable": true}, "status": {"nodeInfo": {"operatingSystem": "windows", "kernelVersion": "10.0.17763.8037"}}},
  {"kind": "Node", "metadata": {"name": "win-b", "labels": {"kubernetes.io/os": "windows", "node.kubernetes.io/windows-build": "10.0.20348"}},
   "status": {"nodeInfo": {"operatingSystem": "windows", "kernelVersion": "10.0.20348.4405"}}},
  {"kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"spec": {
   "containers": [{"name": "web", "image": "contoso/web:1-ltsc2019"}]}}}},
  {"kind": "StatefulSet", "metadata": {"name": "helm", "namespace": "shop", "labels": {"app.kubernetes.io/managed-by": "Helm"},
   "annotations": {"meta.helm.sh/release-name": "shop"}}, "spec": {"template": {"spec": {
   "containers": [{"name": "web", "image": "contoso/web:1-ltsc2022"}]}}}},
  {"kind": "Job", "metadata": {"name": "sums", "namespace": "shop"}, "spec": {"template": {"spec": {
   "containers": [{"name": "sums", "image": "contoso/sums:1-ltsc2022"}]}}}},
  {"kind": "Deployment", "metadata": {"name": "right", "namespace": "shop"}, "spec": {"template": {"spec": {
   "nodeSelector": {"node.kubernetes.io/windows-build": "10.0.20348"},
   "containers": [{"name": "web", "image": "contoso/web:1-ltsc2022"}]}}}},
  {"kind": "Deployment", "metadata": {"name": "newest", "namespace": "shop"}, "spec": {"template": {"spec": {
   "containers": [{"name": "web", "image": "contoso/web:1-ltsc2025"}]}}}},
  {"kind": "Deployment", "metadata": {"name": "who", "namespace": "shop"}, "spec": {"template": {"spec": {
   "nodeSelector": {"kubernetes.io/os": "windows"}, "containers": [{"name": "web", "image": "contoso/who:1"}]}}}},
  {"kind": "Deployment", "metadata": {"name": "linux", "namespace": "shop"}, "spec": {"template": {"spec": {
   "containers": [{"name": "web", "image": "nginx:1"}]}}}}
]}"#;

#[test]
fn every_command_prints_what_its_schema_says() {
    let published = Published::read();
    let base = "mcr.microsoft.com/windows/servercore";
    let (ltsc2019, ltsc2022) = (format!("{base}:ltsc2019"), format!("{base}:ltsc2022"));
    let nodes = std::env::temp_dir().join(format!("winfit-schemas-{}.txt", std::process::id()));
    fs::write(&nodes, NODES).expect("a temporary file");
    let from_nodes = format!("@{}", nodes.display());
    let check = ["check", "--as-of", "2026-11-22", "--format", "json"];
    let with = |more: &[&'static str]| -> Vec<String> {
        check.iter().chain(more).map(|&s| s.to_owned()).collect()
    };
    let mut commands: Vec<Vec<String>> = vec![
        // A plain yes; a no with commands for two shells; a refused pull with a diff.
        with(&["ltsc2022", "--host", "ltsc2022"]),
        with(&[
            "ltsc2016",
            "ltsc2025",
            "--host",
            "ws2022",
            "--host",
            "24H2,client",
        ]),
        with(&[
            "--engine",
            "docker@29.6.2+containerd",
            "ltsc2022",
            "--host",
            "win11-25h2",
        ]),
        // An engine that is not in the table: no generation, no order.
        with(&[
            "--engine",
            "containerd@2.3.5",
            "ltsc2022",
            "--host",
            "ws2025",
        ]),
        // A host of either kind; a break; an image that states nothing; notes.
        with(&["ltsc2019", "--host", "17763"]),
        with(&["26100.3194", "--host", "26100.2894,server"]),
        with(&["contoso/app:1", "--host", "ltsc2019"]),
        with(&["microsoft/nanoserver:1709", "--host", "16299.125,server"]),
        with(&["nginx:1", "--image-os", "linux", "--host", "ltsc2022"]),
    ];
    let more: [&[&str]; 17] = [
        &[
            "check",
            &ltsc2019,
            &ltsc2022,
            "--host",
            &from_nodes,
            "--format",
            "json",
        ],
        &["host", "17763.437", "--format", "json"],
        &[
            "host",
            "Windows Server 2016 med KB4041691",
            "--format",
            "json",
        ],
        &["host", "24H2", "--format", "json"],
        &["host", &from_nodes, "--format", "json"],
        &["matrix", "--format", "json"],
        &[
            "matrix",
            "--host",
            "ws2025",
            "--isolation",
            "process",
            "--format",
            "json",
        ],
        &[
            "matrix",
            "--host",
            "win11",
            "--as-of",
            "2023-06-01",
            "--format",
            "json",
        ],
        &[
            "tag",
            "--host",
            "ltsc2022",
            "--as-of",
            "2026-11-22",
            "--format",
            "json",
        ],
        &[
            "tag",
            "--host",
            "win11-25h2",
            "--as-of",
            "2026-11-22",
            "--format",
            "json",
        ],
        &["catalog", "releases", "--format", "json"],
        &["catalog", "updates", "KB4493509", "--format", "json"],
        &["catalog", "engines", "--format", "json"],
        &["catalog", "breaks", "nothing like it", "--format", "json"],
        &["catalog", "show", "17763.437", "--format", "json"],
        &["catalog", "show", "1809-KB4493509", "--format", "json"],
        &["catalog", "show", "26100", "--format", "json"],
    ];
    commands.extend(
        more.iter()
            .map(|command| command.iter().map(|&s| s.to_owned()).collect()),
    );
    let pod = repository("examples/pod.txt").display().to_string();
    for more in [
        &["--host=17763.437,server"][..],
        &["--host=ltsc2022", "--image=ltsc2019"],
        &[],
    ] {
        let mut command = vec![
            "explain".to_owned(),
            pod.clone(),
            "--format=json".to_owned(),
        ];
        command.extend(more.iter().map(|&s| s.to_owned()));
        commands.push(command);
    }
    let examples = repository("examples").display().to_string();
    for more in [&["lint"][..], &["lint", "--host=ltsc2016"], &["facts"]] {
        let all = more.iter().copied().chain([&*examples, "--format=json"]);
        commands.push(all.map(str::to_owned).collect());
    }
    for (old, new, host) in [
        ("10.0.17763.437", "10.0.26100.1", "ltsc2022"),
        ("1809-KB4493509", "10.0.17763.9121", "ltsc2019"),
        ("ltsc2019", "ltsc2019-amd64", "24H2,client"),
    ] {
        let (old, new) = (format!("{base}:{old}"), format!("{base}:{new}"));
        let change = ["image-change", &old, &new, "--format=json"].map(str::to_owned);
        commands.push(change.to_vec());
        commands.push([&change[..], &[format!("--host={host}")]].concat());
    }
    commands.push(
        ["image-change", &ltsc2022, "debian:12", "--format=json"]
            .map(str::to_owned)
            .to_vec(),
    );
    let swarm = std::env::temp_dir().join(format!("winfit-schemas-{}.json", std::process::id()));
    fs::write(&swarm, SWARM).expect("a temporary file");
    let saved = format!("--from={}", swarm.display());
    let itself = format!("--file={}", swarm.with_extension("none").display());
    for more in [
        &["audit", &saved][..],
        &["label", &saved],
        &["label", &saved, "--host=win-a=ltsc2019"],
        &["label", "--self", &itself, "--host=17763.437,server"],
        &["constrain", "--all", &saved],
        &["constrain", "fax", &saved, "--host=win-a=ltsc2022"],
        &["constrain", "fax", &saved, "--host=win-a=ltsc2019"],
        &["isolate", &saved],
        &["isolate", &saved, "--verify=win-a=unix:///nowhere"],
    ] {
        let all = ["swarm"].into_iter().chain(more.iter().copied());
        let all = all.chain(["--format=json"]);
        commands.push(all.map(str::to_owned).collect());
    }
    commands.push(
        [
            "docker",
            "isolation",
            "--set=hyperv",
            &itself,
            "--docker-host=unix:///nowhere",
            "--format=json",
        ]
        .map(str::to_owned)
        .to_vec(),
    );
    let cluster = swarm.with_extension("kube.json");
    fs::write(&cluster, CLUSTER).expect("a temporary file");
    let of_cluster = format!("--from={}", cluster.display());
    commands.push(
        ["kube", "pin", "--all", &of_cluster, "--format=json"]
            .map(str::to_owned)
            .to_vec(),
    );
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for command in &commands {
        let arguments: Vec<&str> = command.iter().map(String::as_str).collect();
        let printed = document(&arguments);
        if let Err(error) = published.check(&printed) {
            panic!("{arguments:?}: {error}");
        }
        let name = printed["schema"].as_str().unwrap_or_default().to_owned();
        *seen.entry(name).or_default() += 1;
    }
    fs::remove_file(&nodes).expect("the temporary file goes");
    fs::remove_file(&swarm).expect("the temporary file goes");
    fs::remove_file(&cluster).expect("the temporary file goes");
    for document in [
        "check",
        "host",
        "explain",
        "matrix",
        "tag",
        "catalog",
        "audit",
        "facts",
        "image-change",
        "swarm-change",
        "swarm-isolate",
        "docker-isolation",
        "kube-pin",
    ] {
        assert!(
            seen.contains_key(&format!("winfit.{document}/1")),
            "{document}"
        );
    }
}

/// Their documents need a registry.
#[test]
fn what_the_commands_about_images_print_is_what_their_schemas_say() {
    let published = Published::read();
    let shop = Shop::open();
    shop.index(
        "shop/web:1",
        &[
            ("10.0.20348.2340", "10.0.20348.2340"),
            ("10.0.26100.1", "10.0.26100.2894"),
            ("", ""),
        ],
    );
    let repository = shop.repository("shop/web");
    repository.windows(Some("single"), "10.0.17763.5576");
    let (index, single) = (shop.named("shop/web:1"), shop.named("shop/web:single"));
    let (gone, new) = (shop.named("shop/web:gone"), shop.named("shop/web:new"));
    for (schema, arguments) in [
        ("winfit.image/1", &["inspect", &index, &single, &gone][..]),
        ("winfit.image/1", &["inspect", &gone]),
        (
            "winfit.pick/1",
            &[
                "pick",
                &index,
                &single,
                &gone,
                "--host=ltsc2025",
                "--host=win11-25h2",
            ],
        ),
        (
            "winfit.pick/1",
            &["pick", &index, "--host=ltsc2025", "--engine=containerd@3.0"],
        ),
        (
            "winfit.audit/1",
            &["lint", &index, &single, &gone, "--host=ltsc2016"],
        ),
        (
            "winfit.assemble/1",
            &["assemble", &new, "--from", &index, "--from", &single],
        ),
        (
            "winfit.assemble/1",
            &["assemble", &new, "--from", &single, "--apply"],
        ),
    ] {
        let output = shop.run(&[&["image"], arguments, &["--format=json"]].concat());
        let printed: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{arguments:?}: {error}"));
        assert_eq!(printed["schema"], schema);
        assert_eq!(published.check(&printed), Ok(()), "{arguments:?}");
    }
}

/// What is done to a verdict to break it.
type Change = fn(&mut Value);

/// A schema that accepts everything would pass the test above.
#[test]
fn documents_that_break_the_contract_are_refused() {
    let published = Published::read();
    let good = document(&[
        "check",
        "ltsc2022",
        "--host",
        "ws2025",
        "--engine",
        "docker@29.6.2",
        "--format",
        "json",
    ]);
    assert_eq!(published.check(&good), Ok(()));
    let changes: [(&str, Change); 7] = [
        ("an answer that is none", |it| {
            it["process"]["answer"] = json!("perhaps");
        }),
        ("no hyperv", |it| remove(it, "hyperv")),
        ("no pull", |it| remove(it, "pull")),
        ("an authority that is none", |it| {
            it["process"]["reasons"][0]["authority"] = json!("hearsay");
        }),
        ("an order that is none", |it| {
            it["pull"]["order"] = json!("random");
        }),
        ("a build that is text", |it| {
            it["host"]["build"] = json!("26100");
        }),
        ("a remedy without its safety", |it| {
            it["remedies"] = json!([{"title": "try again", "commands": [], "diff": null}]);
        }),
    ];
    for (what, change) in changes {
        let mut bad = good.clone();
        change(&mut bad["verdicts"][0]);
        assert!(published.check(&bad).is_err(), "{what} was accepted");
    }
    let mut later = good;
    later["verdicts"][0]["new_in_a_later_release"] = json!(true);
    assert_eq!(published.check(&later), Ok(()), "fields may be added");
}

fn remove(value: &mut Value, field: &str) {
    value
        .as_object_mut()
        .and_then(|object| object.remove(field))
        .expect("the field was there");
}

/// A diagnosis as the contract has it, and one with a kind that it does not have.
#[test]
fn the_contract_s_diagnosis_fits_its_schema() {
    let published = Published::read();
    let mut explained = json!({
        "schema": "winfit.explain/1",
        "diagnoses": [{
            "kind": "start-mismatch",
            "code": "0xc0370101",
            "host_version": "10.0.16299.1087",
            "image_version": null,
            "image": "contoso/web:latest",
            "subject": {
                "kind": "Pod", "namespace": "shop", "name": "web-0", "node": "win-a",
                "container": "web",
            },
            "location": {"file": "describe.txt", "line": 22, "offset": 913},
            "count": 11,
            "confidence": "certain",
            "message": "the image was built for another Windows than the node's",
            "remedies": [],
        }],
    });
    assert_eq!(published.check(&explained), Ok(()));
    explained["diagnoses"][0]["kind"] = json!("bad-luck");
    assert!(published.check(&explained).is_err());
}

/// Files stand alone, so that one can be copied; what they share must stay the same.
#[test]
fn what_schemas_share_is_the_same() {
    let mut known: BTreeMap<String, (String, Value)> = BTreeMap::new();
    for (name, schema) in files() {
        let Some(definitions) = schema["$defs"].as_object() else {
            continue;
        };
        for (key, definition) in definitions {
            let (other, first) = known
                .entry(key.clone())
                .or_insert_with(|| (name.clone(), definition.clone()));
            assert_eq!(first, definition, "{key} in {other} and {name}");
        }
    }
}
