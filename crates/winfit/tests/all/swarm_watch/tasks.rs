//! Tasks that fail: managers make no event of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::{PATIENCE, Watch, millis};
use crate::docker_support::proxy::Proxy;
use crate::docker_support::real_swarm::{RealSwarm, can_run};

/// The image's build is the node's: nothing but its tasks tells that something is wrong.
const HOST: &str = "--host=win-a=ltsc2022";
const IMAGE: &str = "contoso/fax:2-ltsc2022";

/// When the watch told that a service does not run.
fn until_told(watch: &Watch, service: &str) -> String {
    let end = Instant::now() + PATIENCE;
    loop {
        let told = watch.told("finding", service).into_iter();
        let mut stuck = told.filter(|line| line["rule"] == "service-not-running");
        if let Some(line) = stuck.next() {
            return line["time"].as_str().unwrap().to_owned();
        }
        assert!(Instant::now() < end, "{:#?}", watch.lines.lock().unwrap());
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// When the first task of a service failed, by its manager's word.
fn first_failure(swarm: &RealSwarm, service: &str) -> String {
    let all = ["service", "ps", "--quiet", "--no-trunc", service];
    let tasks = swarm.docker("win-a", &all);
    let failed = tasks.lines().filter_map(|task| {
        let format =
            "--format={{.Status.State}} {{.Status.Timestamp.Format \"2006-01-02T15:04:05.000Z\"}}";
        let shown = swarm.docker("win-a", &["inspect", "--type=task", format, task]);
        shown.trim().strip_prefix("failed ").map(str::to_owned)
    });
    failed.min().unwrap()
}

#[test]
fn a_task_that_fails_is_told_within_seconds_and_long_before_the_next_reading() {
    if !can_run() {
        return;
    }
    let swarm = RealSwarm::start(&["win-a"]);
    swarm.import(IMAGE);
    let watch = Watch::start(&swarm.address("win-a"), &[HOST, "--every=3600"]);
    watch.until("watching", "");
    swarm.create("fax", IMAGE, "", &["--restart-delay=20s"]);
    let told = until_told(&watch, "fax");
    let took = millis(&told) - millis(&first_failure(&swarm, "fax"));
    eprintln!("a task that failed was told after {took} ms");
    assert!((0..10_000).contains(&took), "{took} ms");
}

#[test]
fn what_is_told_needs_no_further_look() {
    if !can_run() {
        return;
    }
    let swarm = RealSwarm::start(&["win-a"]);
    swarm.import(IMAGE);
    let looks = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&looks);
    let answer = move |path: &str, _: &mut serde_json::Value| {
        if path == "/tasks" {
            count.fetch_add(1, Ordering::Relaxed);
        }
    };
    let proxy = Proxy::start(&swarm.socket("win-a"), |_, _| {}, answer);
    let watch = Watch::start(&proxy.address(), &[HOST, "--every=3600"]);
    watch.until("watching", "");
    swarm.create("fax", IMAGE, "", &[]);
    until_told(&watch, "fax");
    let then = looks.load(Ordering::Relaxed);
    // Its tasks go on failing, one each second.
    std::thread::sleep(Duration::from_secs(5));
    let more = looks.load(Ordering::Relaxed) - then;
    assert!(more <= 1, "{more} looks");
    let lines = watch.end();
    super::nothing_twice(&lines);
}

#[test]
fn a_manager_makes_no_event_of_a_task_and_a_node_tells_only_of_its_own_containers() {
    if !can_run() {
        return;
    }
    let swarm = RealSwarm::start(&["win-a", "win-b"]);
    swarm.import(IMAGE);
    let since = swarm.docker("win-a", &["info", "--format={{.SystemTime}}"]);
    let placement = ["--constraint=node.hostname==win-b"];
    swarm.create("fax", IMAGE, "", &placement);
    let events = |node: &str, more: &[&str]| {
        let all = ["events", "--since", since.trim(), "--until=0s"];
        let format = ["--format={{.Scope}} {{.Type}} {{.Action}}"];
        swarm.docker(node, &[&all[..], &format, more].concat())
    };
    swarm.until("its tasks fail", || {
        let all = ["service", "ps", "--format={{.CurrentState}}", "fax"];
        let tasks = swarm.docker("win-a", &all);
        let failed = tasks.lines().filter(|state| state.starts_with("Failed"));
        failed.count() >= 2
    });
    let of_manager = events("win-a", &[]);
    assert!(
        of_manager.contains("swarm service create\n"),
        "{of_manager}"
    );
    // Its own networks are no matter of tasks.
    let others = |line: &&str| !line.starts_with("swarm service ") && !line.contains(" network ");
    assert_eq!(of_manager.lines().find(others), None, "{of_manager}");
    for node in ["win-a", "win-b"] {
        assert_eq!(events(node, &["--filter=type=task"]), "");
    }
    let of_worker = events("win-b", &["--filter=type=container"]);
    assert!(of_worker.contains("local container die\n"), "{of_worker}");
}
