//! The end of a watch while a manager does not answer a write.

use std::process::Command;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use super::{PATIENCE, Watch, constraints};
use crate::docker_support::proxy::Proxy;
use crate::docker_support::real_swarm::{RealSwarm, can_run};

/// Holds writes before they reach the manager.
#[derive(Default)]
struct Gate {
    /// So many came, and whether they may go on.
    state: Mutex<(usize, bool)>,
    changed: Condvar,
}

impl Gate {
    /// A way to a manager that stops here.
    fn before(swarm: &RealSwarm) -> (Arc<Self>, Proxy) {
        let gate = Arc::new(Self::default());
        let own = Arc::clone(&gate);
        let hold = move |path: &str, _: &mut serde_json::Value| {
            if path.ends_with("/update") {
                own.pass();
            }
        };
        let proxy = Proxy::start(&swarm.socket("win-a"), hold, |_, _| {});
        (gate, proxy)
    }

    fn pass(&self) {
        let mut state = self.state.lock().unwrap();
        state.0 += 1;
        self.changed.notify_all();
        drop(self.changed.wait_while(state, |state| !state.1).unwrap());
    }

    fn until_held(&self) {
        let state = self.state.lock().unwrap();
        let waited = self
            .changed
            .wait_timeout_while(state, PATIENCE, |state| state.0 == 0);
        assert!(!waited.unwrap().1.timed_out(), "nothing is written");
    }

    fn open(&self) {
        self.state.lock().unwrap().1 = true;
        self.changed.notify_all();
    }
}

fn ask_to_end(watch: &Watch) {
    let id = watch.process.id().to_string();
    let asked = Command::new("kill").args(["-TERM", &id]).status().unwrap();
    assert!(asked.success());
}

/// Its exit code, and how long it took.
fn ended(watch: &mut Watch) -> (Option<i32>, Duration) {
    let began = Instant::now();
    loop {
        if let Some(status) = watch.process.try_wait().unwrap() {
            return (status.code(), began.elapsed());
        }
        assert!(began.elapsed() < PATIENCE, "it does not end");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn labels(swarm: &RealSwarm) -> String {
    let format = "--format={{.Spec.Labels}}";
    let shown = swarm.docker("win-a", &["node", "inspect", format, "win-a"]);
    shown.trim().to_owned()
}

const LABELS: &str =
    "map[OS:windows OsVersion:10.0.17763 winfit.build:17763 winfit.runs-ltsc2019:true]";

#[test]
fn a_write_under_way_is_finished_first() {
    if !can_run() {
        return;
    }
    let swarm = RealSwarm::start(&["win-a"]);
    let (gate, proxy) = Gate::before(&swarm);
    let mut watch = Watch::start(&proxy.address(), &["--label", "--host=win-a=ltsc2019"]);
    gate.until_held();
    ask_to_end(&watch);
    watch.until("stopping", "");
    assert!(watch.process.try_wait().unwrap().is_none());
    assert_eq!(labels(&swarm), "map[]");
    gate.open();
    assert_eq!(ended(&mut watch).0, Some(0));
    watch.until("labels", "win-a");
    watch.until("stopped", "");
    assert!(watch.told("not-written", "").is_empty());
    assert_eq!(labels(&swarm), LABELS);
}

#[test]
fn asked_twice_it_ends_at_once_and_says_what_is_open() {
    if !can_run() {
        return;
    }
    let swarm = RealSwarm::start(&["win-a"]);
    let (gate, proxy) = Gate::before(&swarm);
    let mut watch = Watch::start(&proxy.address(), &["--label", "--host=win-a=ltsc2019"]);
    gate.until_held();
    ask_to_end(&watch);
    watch.until("stopping", "");
    ask_to_end(&watch);
    let (code, took) = ended(&mut watch);
    assert_eq!(code, Some(1));
    assert!(took < Duration::from_secs(5), "{took:?}");
    let line = watch.until("not-written", "win-a");
    assert_eq!(
        line["message"],
        "the watch ends without the manager's answer: it has its old labels or its new ones"
    );
    watch.until("stopped", "");
    assert_eq!(labels(&swarm), "map[]");
    // The next one writes what is left.
    let once = [
        "swarm",
        "watch",
        "--once",
        "--label",
        "--host=win-a=ltsc2019",
    ];
    let address = swarm.address("win-a");
    let output = crate::winfit(&[&once[..], &["--docker-host", &address]].concat());
    assert!(output.stderr.is_empty());
    assert_eq!(labels(&swarm), LABELS);
    gate.open();
}

#[test]
fn a_manager_that_never_answers_holds_the_end_no_longer_than_an_answer_may_take() {
    if !can_run() {
        return;
    }
    let swarm = RealSwarm::start(&["win-a"]);
    let (gate, proxy) = Gate::before(&swarm);
    let arguments = ["--label", "--host=win-a=ltsc2019", "--timeout=3"];
    let mut watch = Watch::start(&proxy.address(), &arguments);
    gate.until_held();
    ask_to_end(&watch);
    let (code, took) = ended(&mut watch);
    assert_eq!(code, Some(1));
    assert!(took < Duration::from_secs(20), "{took:?}");
    let line = watch.until("not-written", "win-a");
    let message = line["message"].as_str().unwrap();
    assert!(
        message.ends_with("; the watch ends without it"),
        "{message}"
    );
    assert_eq!(labels(&swarm), "map[]");
    gate.open();
}

/// A Swarm in which a new service would be constrained, and a watch whose write of that is held.
fn held_constraint(more: &[&str]) -> (RealSwarm, Arc<Gate>, Proxy, Watch) {
    let swarm = RealSwarm::start(&["win-a", "win-b"]);
    for (node, version) in [("win-a", "10.0.17763"), ("win-b", "10.0.20348")] {
        let version = format!("--label-add=OsVersion={version}");
        let update = ["node", "update", "--label-add=OS=windows", &version, node];
        swarm.docker("win-a", &update);
    }
    let (gate, proxy) = Gate::before(&swarm);
    let watch = Watch::start(&proxy.address(), &[&["--enforce"], more].concat());
    watch.until("watching", "");
    swarm.create("fax", "contoso/fax:2-ltsc2022", "", &[]);
    gate.until_held();
    ask_to_end(&watch);
    (swarm, gate, proxy, watch)
}

const CONSTRAINTS: &str = "[node.labels.OsVersion==10.0.20348]";

#[test]
fn constraints_under_way_are_finished_first() {
    if !can_run() {
        return;
    }
    let (swarm, gate, _proxy, mut watch) = held_constraint(&[]);
    watch.until("stopping", "");
    assert!(watch.process.try_wait().unwrap().is_none());
    assert_eq!(constraints(&swarm, "fax"), "[]");
    gate.open();
    assert_eq!(ended(&mut watch).0, Some(0));
    watch.until("constraints", "fax");
    watch.until("stopped", "");
    assert!(watch.told("not-written", "").is_empty());
    assert_eq!(constraints(&swarm, "fax"), CONSTRAINTS);
}

#[test]
fn constraints_that_are_given_up_are_told_and_written_by_the_next_watch() {
    if !can_run() {
        return;
    }
    let folder = tempfile::TempDir::new().unwrap();
    let state = format!("--state={}", folder.path().join("state.json").display());
    let (swarm, gate, _proxy, mut watch) = held_constraint(&[&state]);
    watch.until("stopping", "");
    ask_to_end(&watch);
    let (code, took) = ended(&mut watch);
    assert_eq!(code, Some(1));
    assert!(took < Duration::from_secs(5), "{took:?}");
    let line = watch.until("not-written", "fax");
    assert_eq!(
        line["message"],
        "the watch ends without the manager's answer: it has its old constraints or its new ones"
    );
    assert_eq!(constraints(&swarm, "fax"), "[]");
    let next = Watch::start(&swarm.address("win-a"), &["--enforce", &state]);
    next.until("constraints", "fax");
    assert_eq!(constraints(&swarm, "fax"), CONSTRAINTS);
    next.end();
    gate.open();
}

#[test]
fn constraints_that_no_manager_takes_hold_the_end_no_longer_than_an_answer_may_take() {
    if !can_run() {
        return;
    }
    let (swarm, gate, _proxy, mut watch) = held_constraint(&["--timeout=3"]);
    let (code, took) = ended(&mut watch);
    assert_eq!(code, Some(1));
    assert!(took < Duration::from_secs(20), "{took:?}");
    let line = watch.until("not-written", "fax");
    let message = line["message"].as_str().unwrap();
    assert!(
        message.ends_with("; the watch ends without it"),
        "{message}"
    );
    assert_eq!(constraints(&swarm, "fax"), "[]");
    gate.open();
}
