//! `--endpoint-template`: the nodes' own engines tell their Windows. Proxies make them ones on Windows.

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tempfile::TempDir;

use super::Watch;
use crate::docker_support::proxy::Proxy;
use crate::docker_support::real_swarm::{RealSwarm, can_run};

const NODES: [&str; 2] = ["win-a", "win-b"];

/// What each engine says: the number of its Windows and its default isolation.
type Words = Arc<Mutex<BTreeMap<&'static str, (&'static str, &'static str)>>>;

/// Two engines of one Swarm on Windows.
struct Windows {
    swarm: RealSwarm,
    /// A socket for each, under its hostname.
    folder: TempDir,
    words: Words,
    proxies: BTreeMap<&'static str, Proxy>,
}

impl Windows {
    fn start(swarm: RealSwarm) -> Self {
        let words = NODES.map(|node| (node, ("10.0.20348", "process")));
        let words: Words = Arc::new(Mutex::new(words.into()));
        let proxy = |node: &'static str| {
            let words = Arc::clone(&words);
            let answer = move |path: &str, object: &mut Value| {
                let (version, isolation) = words.lock().unwrap()[node];
                of_windows(path, object, version, isolation);
            };
            (node, Proxy::start(&swarm.socket(node), |_, _| {}, answer))
        };
        let proxies = NODES.map(proxy).into();
        Self {
            swarm,
            folder: TempDir::new().unwrap(),
            words,
            proxies,
        }
    }

    fn link(&self, node: &str) -> PathBuf {
        self.folder.path().join(node)
    }

    /// From now on an engine is reached under the name of a node.
    fn lead(&self, node: &str, engine: &str) {
        let address = self.proxies[engine].address();
        let _ = std::fs::remove_file(self.link(node));
        symlink(address.strip_prefix("unix://").unwrap(), self.link(node)).unwrap();
    }

    /// An engine says something else, and begins anew.
    fn becomes(&self, node: &'static str, version: &'static str, isolation: &'static str) {
        let words = (version, isolation);
        self.words.lock().unwrap().insert(node, words);
        self.swarm.restart(node);
    }

    fn watch(&self, every: &str) -> Watch {
        let template = self.folder.path().join("{hostname}");
        let template = format!("--endpoint-template=unix://{}", template.display());
        let every = format!("--every={every}");
        let address = self.proxies["win-a"].address();
        Watch::start(&address, &["--label", &template, &every])
    }

    fn labels(&self, node: &str) -> String {
        let format = "--format={{.Spec.Labels}}";
        let shown = self
            .swarm
            .docker("win-a", &["node", "inspect", format, node]);
        shown.trim().to_owned()
    }
}

fn of_windows(path: &str, object: &mut Value, version: &str, isolation: &str) {
    let windows = |node: &mut Value| {
        node["Description"]["Platform"]["OS"] = "windows".into();
    };
    match path {
        "/info" => {
            object["OSType"] = "windows".into();
            object["OSVersion"] = version.into();
            object["OperatingSystem"] = "Windows".into();
            object["Isolation"] = isolation.into();
        }
        "/nodes" => object.as_array_mut().unwrap().iter_mut().for_each(windows),
        path if path.starts_with("/nodes/") && object.is_object() => windows(object),
        _ => {}
    }
}

#[test]
fn nodes_are_labelled_by_what_their_engines_say_and_anew_when_they_say_something_else() {
    if !can_run() {
        return;
    }
    let windows = Windows::start(RealSwarm::start(&NODES));
    windows.lead("win-a", "win-a");
    windows.lead("win-b", "win-b");
    windows
        .words
        .lock()
        .unwrap()
        .insert("win-b", ("10.0.17763", "process"));
    let watch = windows.watch("3600");
    let labels = ["win-a", "win-b"].map(|node| {
        watch.until("labels", node);
        windows.labels(node)
    });
    assert_eq!(
        labels,
        [
            "map[OS:windows OsVersion:10.0.20348 winfit.build:20348 winfit.isolation:process winfit.runs-ltsc2022:true]",
            "map[OS:windows OsVersion:10.0.17763 winfit.build:17763 winfit.isolation:process winfit.runs-ltsc2019:true]",
        ]
    );
    // It fits neither node as long as both isolate processes by default.
    let swarm = &windows.swarm;
    swarm.create("old", "contoso/old:2-ltsc2016", "", &["--replicas=0"]);
    watch.until("finding", "old");
    // Hyper-V is turned on, and the engine begins anew, as isolate advises.
    windows.becomes("win-b", "10.0.17763", "hyperv");
    swarm.until("the labels tell it", || {
        windows
            .labels("win-b")
            .contains("winfit.runs-ltsc2016:true")
    });
    // The machine is another Windows now.
    windows.becomes("win-b", "10.0.26100", "process");
    swarm.until("the labels tell it", || {
        windows.labels("win-b").contains("OsVersion:10.0.26100")
    });
    assert!(!windows.labels("win-b").contains("ltsc2016"));
    // That an engine is silent while it begins anew may be told, and is then gone.
    let lines = watch.end();
    let about = |what: &str| {
        let of = |line: &&Value| line["subject"]["kind"] == "node" && line["what"] == what;
        lines.iter().filter(of).count()
    };
    assert_eq!(about("silent"), about("gone"), "{lines:#?}");
}

#[test]
fn an_engine_that_says_nothing_is_told_until_it_speaks_and_another_ones_word_does_not_count() {
    if !can_run() {
        return;
    }
    let windows = Windows::start(RealSwarm::start(&NODES));
    windows.lead("win-a", "win-a");
    let watch = windows.watch("1");
    watch.until("labels", "win-a");
    let line = watch.until("silent", "win-b");
    let message = line["message"].as_str().unwrap();
    assert!(
        message.starts_with("no engine answers at unix://"),
        "{message}"
    );
    watch.until("open", "win-b");
    // The address leads to another node.
    windows.lead("win-b", "win-a");
    windows
        .swarm
        .until("it is told", || watch.told("silent", "win-b").len() == 2);
    let line = watch.until("silent", "win-b");
    let message = line["message"].as_str().unwrap();
    assert!(
        message.ends_with("/win-b is the engine of win-a, which is not that node of this Swarm"),
        "{message}"
    );
    assert_eq!(windows.labels("win-b"), "map[]");
    windows.lead("win-b", "win-b");
    watch.until("labels", "win-b");
    windows.swarm.until("it is gone", || {
        let gone = watch.told("gone", "win-b");
        gone.iter().any(|line| line["message"] == message)
    });
    let lines = watch.end();
    let told = |what: &str| {
        let lines = lines.iter();
        lines
            .filter(|line| line["what"] == what && line["subject"]["name"] == "win-b")
            .count()
    };
    // Each was told once: no engine, another engine, and the labels that nobody could tell.
    assert_eq!((told("silent"), told("open"), told("labels")), (2, 1, 1));
    assert_eq!(told("gone"), 3);
}
