//! `winfit kube label` on saved nodes: which labels each node gets, and what is said of the others.

use std::fs;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::schemas::check_document;
use crate::winfit;

/// Nodes that somebody saved.
struct Saved(TempDir);

impl Saved {
    fn new(nodes: &[Value]) -> Self {
        let folder = TempDir::new().unwrap();
        let list = json!({"kind": "List", "items": nodes});
        fs::write(folder.path().join("nodes.json"), list.to_string()).unwrap();
        Self(folder)
    }

    fn label(&self, more: &[&str]) -> Output {
        let path = self.0.path().join("nodes.json").display().to_string();
        winfit(&[&["kube", "label", "--from", &path], more].concat())
    }

    fn human(&self, more: &[&str]) -> (Option<i32>, String) {
        let output = self.label(more);
        let text = String::from_utf8(output.stdout).unwrap();
        (output.status.code(), text)
    }

    /// What the document says of a node.
    fn of(&self, node: &str, more: &[&str]) -> Value {
        let output = self.label(&[more, &["--format", "json"]].concat());
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        check_document(&document);
        let mut nodes = document["nodes"].as_array().unwrap().iter();
        nodes.find(|one| one["name"] == node).unwrap().clone()
    }
}

/// A text without its line ends.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn node(name: &str, kernel: &str, labels: Value) -> Value {
    let mut node = json!({
        "kind": "Node",
        "metadata": {"name": name},
        "status": {"nodeInfo": {
            "kernelVersion": kernel, "operatingSystem": "windows", "architecture": "amd64",
            "containerRuntimeVersion": "containerd://1.7.20",
        }},
    });
    node["metadata"]["labels"] = labels;
    node
}

fn linux(name: &str, labels: Value) -> Value {
    let mut node = node(name, "6.1.0-28-amd64", labels);
    node["status"]["nodeInfo"]["operatingSystem"] = json!("linux");
    node
}

const LAB_OF_2016: &str = "10.0 14393 (14393.1715.amd64fre.rs1_release_inmarket.170906-1810)";

#[test]
fn each_node_gets_its_version_its_build_and_the_images_that_it_runs() {
    let saved = Saved::new(&[
        node("win-16", LAB_OF_2016, json!({})),
        node("win-19", "10.0.17763.5329", json!({})),
        node("win-25", "10.0.26100.2894", json!({})),
    ]);
    for (name, labels) in [
        (
            "win-16",
            json!({
                "winfit.dev/version": "10.0.14393.1715", "winfit.dev/build": "14393",
                "winfit.dev/runs-ltsc2016-1715": "true",
            }),
        ),
        (
            "win-19",
            json!({
                "winfit.dev/version": "10.0.17763.5329", "winfit.dev/build": "17763",
                "winfit.dev/runs-ltsc2019": "true",
            }),
        ),
        (
            "win-25",
            json!({
                "winfit.dev/version": "10.0.26100.2894", "winfit.dev/build": "26100",
                "winfit.dev/runs-ltsc2022": "true", "winfit.dev/runs-ltsc2025": "true",
            }),
        ),
    ] {
        assert_eq!(saved.of(name, &[])["set"], labels, "{name}");
    }
}

/// The page's label has the revision where the page says that it decides.
#[test]
fn labels_of_ones_own_tell_the_same_under_other_keys() {
    let saved = Saved::new(&[
        node("win-16", LAB_OF_2016, json!({})),
        node("win-22", "10.0.20348.825", json!({})),
    ]);
    for (node, tells, value) in [
        ("win-16", "osbuild", "14393.1715"),
        ("win-22", "osbuild", "20348"),
        ("win-16", "build", "14393"),
        ("win-22", "version", "10.0.20348.825"),
        ("win-22", "release", "ltsc2022"),
    ] {
        let label = format!("beta.kubernetes.io/osbuild={tells}");
        let set = &saved.of(node, &["--label", &label])["set"];
        assert_eq!(set["beta.kubernetes.io/osbuild"], value, "{node}, {tells}");
    }
}

#[test]
fn a_label_that_a_node_cannot_have_is_said_and_the_others_are_written() {
    let saved = Saved::new(&[
        node("win-16", "10.0.14393", json!({})),
        node("win-x", "10.0.20000.1", json!({})),
    ]);
    let lacking = saved.of("win-16", &["--label", "os=osbuild"]);
    assert_eq!(lacking["lacking"][0]["label"], "os");
    assert_eq!(lacking["set"]["winfit.dev/build"], "14393");
    let (exit, text) = saved.human(&["--label", "os=osbuild"]);
    assert_eq!(exit, Some(1));
    let said = words(&text);
    assert!(
        said.contains("say it with --host win-16=10.0.14393.REVISION"),
        "{text}"
    );
    let told = ["--label", "os=osbuild", "--host", "win-16=10.0.14393.2665"];
    assert_eq!(saved.of("win-16", &told)["set"]["os"], "14393.2665");
    let unnamed = saved.of("win-x", &["--label", "os=release"]);
    assert_eq!(unnamed["lacking"][0]["label"], "os");
}

#[test]
fn what_is_right_stays_and_what_is_stale_goes() {
    let right = json!({
        "winfit.dev/version": "10.0.20348.825", "winfit.dev/build": "20348",
        "winfit.dev/runs-ltsc2022": "true", "disk": "ssd",
    });
    let mut patched = right.clone();
    patched["winfit.dev/runs-ltsc2019"] = json!("true");
    let saved = Saved::new(&[
        node("right", "10.0.20348.825", right),
        node("patched", "10.0.20348.2700", patched),
        linux("linux", json!({"winfit.dev/build": "20348", "disk": "hdd"})),
        linux("other", json!({"disk": "hdd"})),
    ]);
    let of = |name: &str| {
        let change = saved.of(name, &[]);
        (change["set"].clone(), change["remove"].clone())
    };
    assert_eq!(of("right"), (json!({}), json!([])));
    assert_eq!(
        of("patched"),
        (
            json!({"winfit.dev/version": "10.0.20348.2700"}),
            json!(["winfit.dev/runs-ltsc2019"])
        )
    );
    assert_eq!(of("linux"), (json!({}), json!(["winfit.dev/build"])));
    assert_eq!(of("other"), (json!({}), json!([])));
    let (exit, text) = saved.human(&[]);
    assert_eq!(exit, Some(0));
    for command in [
        "\n       kubectl label node patched winfit.dev/version=10.0.20348.2700 winfit.dev/runs-ltsc2019- --overwrite\n",
        "\n       kubectl label node linux winfit.dev/build-\n",
        "\n  the way back\n       kubectl label node patched winfit.dev/version=10.0.20348.825 winfit.dev/runs-ltsc2019=true --overwrite\n",
        "\n       kubectl label node linux winfit.dev/build=20348\n",
    ] {
        assert!(text.contains(command), "{text}");
    }
}

#[test]
fn nodes_whose_windows_nobody_knows_are_told_and_left_alone() {
    let silent = json!({"kind": "Node", "metadata": {"name": "win-a", "labels": {
        "kubernetes.io/os": "windows", "winfit.dev/build": "17763"}}});
    let saved = Saved::new(&[silent]);
    let (exit, text) = saved.human(&[]);
    assert_eq!(exit, Some(1));
    assert!(
        words(&text)
            .contains("nothing tells which Windows win-a has; say it with --host win-a=ltsc2019"),
        "{text}"
    );
    let change = saved.of("win-a", &[]);
    assert_eq!(
        (&change["set"], &change["remove"]),
        (&json!({}), &json!([]))
    );
    let told = saved.of("win-a", &["--host", "win-a=ltsc2022"]);
    assert_eq!(told["set"]["winfit.dev/build"], "20348");
    let (exit, _) = saved.human(&["--host", "win-a=ltsc2022"]);
    assert_eq!(exit, Some(0));
}

/// What is told knows the release, the kubelet its revision.
#[test]
fn what_is_told_without_a_revision_keeps_that_of_the_kubelet() {
    let saved = Saved::new(&[node("win-a", "10.0.17763.5329", json!({}))]);
    let version = |told: &str| saved.of("win-a", &["--host", told])["os_version"].clone();
    assert_eq!(version("win-a=ltsc2019"), "10.0.17763.5329");
    assert_eq!(version("win-a=17763.437"), "10.0.17763.437");
    assert_eq!(version("win-a=ltsc2022"), "10.0.20348");
}

#[test]
fn what_no_label_can_be_is_a_usage_error() {
    let saved = Saved::new(&[node("win-a", "10.0.17763.5329", json!({}))]);
    for (labels, why) in [
        (&["os"][..], "write it as KEY=osbuild"),
        (&["os=name"], "write it as KEY=osbuild"),
        (&["-os=build"], "no label key"),
        (&["winfit.dev/os=build"], "are winfit's own"),
        (
            &["kubernetes.io/os=release"],
            "the kubelet writes this label",
        ),
        (&["os=build", "os=release"], "this key is given twice"),
    ] {
        let flags: Vec<String> = labels
            .iter()
            .map(|label| format!("--label={label}"))
            .collect();
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let output = saved.label(&flags);
        let errors = String::from_utf8(output.stderr).unwrap();
        let errors = words(&errors);
        assert_eq!(output.status.code(), Some(2), "{errors}");
        assert!(errors.contains(why), "{errors}");
    }
    let output = saved.label(&["--apply"]);
    assert_eq!(output.status.code(), Some(2));
}

/// A name that a shell would read more into gets no command, and no control sequence reaches a terminal.
#[test]
fn hostile_names_of_nodes_are_no_commands() {
    let saved = Saved::new(&[
        node("a;reboot", "10.0.17763.5329", json!({})),
        node(
            "b\u{1b}[2J",
            "10.0.17763.5329",
            json!({"winfit.dev/x\n$(id)": "y"}),
        ),
    ]);
    let (_, text) = saved.human(&[]);
    assert!(!text.contains("kubectl label"), "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
}

#[test]
fn of_very_many_nodes_those_that_are_alike_share_a_line() {
    let nodes: Vec<Value> = (0..100)
        .map(|at| node(&format!("win-{at}"), "10.0.20348.825", json!({})))
        .collect();
    let (_, text) = Saved::new(&nodes).human(&[]);
    assert!(text.lines().count() < 90, "{text}");
    for line in [
        "  100    Windows Server 2022  20348.825  nodeInfo     to write\n",
        "  win-0, win-1, win-2 and 97 more\n",
        "       and 70 more; --format json has the command of every node\n",
    ] {
        assert!(text.contains(line), "{text}");
    }
}

/// A node that was patched, or set up anew, after it was labelled.
#[test]
fn an_audit_tells_labels_of_winfit_that_are_no_longer_true() {
    let saved = Saved::new(&[
        node(
            "win-a",
            "10.0.20348.2700",
            json!({"winfit.dev/version": "10.0.20348.825", "winfit.dev/build": "20348"}),
        ),
        node(
            "win-b",
            "10.0.20348.2700",
            json!({"winfit.dev/build": "17763"}),
        ),
    ]);
    let path = saved.0.path().join("nodes.json").display().to_string();
    let output = winfit(&["kube", "audit", "--format", "json", "--from", &path]);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = document["findings"].as_array().unwrap().iter();
    let fixes: Vec<&str> = findings
        .map(|finding| {
            finding["remedies"][0]["commands"][0]["text"]
                .as_str()
                .unwrap()
        })
        .collect();
    assert_eq!(
        fixes,
        [
            "kubectl label node win-a winfit.dev/version=10.0.20348.2700 --overwrite",
            "kubectl label node win-b winfit.dev/build=20348 --overwrite",
        ]
    );
}

/// Other pods stay where they are; the controller of DaemonSets ends those that select by what goes.
#[test]
fn daemonsets_that_lose_a_node_are_told() {
    let agent = |name: &str, selector: Value| {
        json!({
            "kind": "DaemonSet", "metadata": {"name": name, "namespace": "ops"},
            "spec": {"template": {"spec": {"nodeSelector": selector,
                "containers": [{"name": "agent", "image": "contoso/agent:1"}]}}},
        })
    };
    let saved = Saved::new(&[
        node(
            "win-a",
            "10.0.20348.825",
            json!({"winfit.dev/build": "17763", "disk": "ssd"}),
        ),
        node("win-b", "10.0.17763.5329", json!({"disk": "ssd"})),
        agent("old", json!({"winfit.dev/build": "17763"})),
        agent("disks", json!({"disk": "ssd"})),
    ]);
    let (_, text) = saved.human(&[]);
    let said = words(&text);
    assert_eq!(said.matches("its pod there ends").count(), 1, "{text}");
    assert!(
        said.contains(
            "the labels of win-a would keep DaemonSet ops/old off it: its pod there ends"
        ),
        "{text}"
    );
}

/// What is typed by hand, typed: kubectl itself makes of the labels what `--apply` would, and the way back
/// what they were.
#[test]
fn kubectl_takes_what_is_typed_by_hand() {
    let before = json!({
        "disk": "ssd", "winfit.dev/build": "17763", "winfit.dev/runs-ltsc2019": "true",
    });
    let saved = Saved::new(&[node("win-a", "10.0.26100.2894", before.clone())]);
    let change = saved.of("win-a", &["--label", "contoso.com/os=release"]);
    let typed = |labels: &Value, command: &str| -> Option<Value> {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("node.json");
        let mut object = node("win-a", "10.0.26100.2894", labels.clone());
        object["apiVersion"] = json!("v1");
        fs::write(&path, object.to_string()).unwrap();
        let command = command.strip_prefix("kubectl label node win-a ").unwrap();
        let output = Command::new("kubectl")
            .args(["label", "--local", "-o", "json", "-f"])
            .arg(&path)
            .args(command.split(' '))
            .output()
            .ok()?;
        let errors = String::from_utf8_lossy(&output.stderr);
        let object: Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{errors}"));
        Some(object["metadata"]["labels"].clone())
    };
    let Some(after) = typed(&before, change["command"].as_str().unwrap()) else {
        eprintln!("left out: kubectl is not installed (Debian: kubernetes-client)");
        return;
    };
    assert_eq!(
        after,
        json!({
            "disk": "ssd", "contoso.com/os": "ltsc2025",
            "winfit.dev/version": "10.0.26100.2894", "winfit.dev/build": "26100",
            "winfit.dev/runs-ltsc2022": "true", "winfit.dev/runs-ltsc2025": "true",
        })
    );
    let back = typed(&after, change["way_back"].as_str().unwrap());
    assert_eq!(back, Some(before));
}
