//! `label --apply` and `constrain --apply` while a manager does not answer a write, and while others write.

use std::process::Output;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use super::{constraints, labels, says, text};
use crate::docker_support::proxy::Proxy;
use crate::docker_support::real_swarm::{RealSwarm, can_run};
use crate::winfit;

/// Holds writes before they reach the manager, until it is opened.
#[derive(Default)]
struct Gate {
    is_open: Mutex<bool>,
    changed: Condvar,
}

impl Gate {
    /// A way to a manager that stops here.
    fn before(swarm: &RealSwarm) -> (Arc<Self>, Proxy) {
        let gate = Arc::new(Self::default());
        let own = Arc::clone(&gate);
        let hold = move |path: &str, _: &mut serde_json::Value| {
            if path.ends_with("/update") {
                let is_open = own.is_open.lock().unwrap();
                drop(own.changed.wait_while(is_open, |is_open| !*is_open));
            }
        };
        let proxy = Proxy::start(&swarm.socket("win-a"), hold, |_, _| {});
        (gate, proxy)
    }

    fn open(&self) {
        *self.is_open.lock().unwrap() = true;
        self.changed.notify_all();
    }
}

/// Runs it by way of a proxy; one answer may take two seconds.
fn by(proxy: &Proxy, arguments: &[&str]) -> Output {
    let address = proxy.address();
    let asked = ["--timeout=2", "--docker-host", &address];
    winfit(&[&["swarm"], arguments, &asked].concat())
}

/// That nothing is known to be written, in one sentence.
fn came_to_no_end(output: &Output, what: &str, either: &str) {
    let said = text(output);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(output.stdout.is_empty(), "{said}");
    let sentence = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let begins = format!("winfit: writing {what} came to no end: unix://");
    assert!(sentence.starts_with(&begins), "{sentence}");
    let ends =
        format!("within 2 seconds; each {either}, and the same command again writes what is left");
    assert!(sentence.ends_with(&ends), "{sentence}");
    assert_eq!(sentence.matches("winfit:").count(), 1, "{sentence}");
}

const HOSTS: [&str; 2] = ["--host=win-a=ltsc2019", "--host=win-b=ltsc2022"];

#[test]
fn labels_that_a_manager_holds_are_old_and_a_second_run_writes_them() {
    if !can_run() {
        return;
    }
    let swarm = RealSwarm::start(&["win-a", "win-b"]);
    let (_gate, proxy) = Gate::before(&swarm);
    let label = [&["label", "--apply"], &HOSTS[..]].concat();
    let held = by(&proxy, &label);
    came_to_no_end(
        &held,
        "the labels of win-a",
        "node has its old labels or its new ones",
    );
    let nodes = ["win-a", "win-b"];
    assert_eq!(nodes.map(|node| labels(&swarm, node)), ["map[]", "map[]"]);
    says(&swarm, 0, &label);
    assert_eq!(
        nodes.map(|node| labels(&swarm, node)),
        [
            "map[OS:windows OsVersion:10.0.17763 winfit.build:17763 winfit.runs-ltsc2019:true]",
            "map[OS:windows OsVersion:10.0.20348 winfit.build:20348 winfit.runs-ltsc2022:true]",
        ]
    );
}

#[test]
fn constraints_that_a_manager_holds_come_late_and_a_second_run_writes_the_rest() {
    if !can_run() {
        return;
    }
    let swarm = RealSwarm::start(&["win-a", "win-b"]);
    swarm.import("contoso/fax:2-ltsc2022");
    for service in ["fax", "print"] {
        swarm.create(service, "contoso/fax:2-ltsc2022", "win-b", &[]);
    }
    let (gate, proxy) = Gate::before(&swarm);
    let constrain = [&["constrain", "--all", "--apply"], &HOSTS[..]].concat();
    let held = by(&proxy, &constrain);
    let first = if text(&held).contains("constraints of fax") {
        "fax"
    } else {
        "print"
    };
    came_to_no_end(
        &held,
        &format!("the constraints of {first}"),
        "service has its old constraints or its new ones",
    );
    // The other one was not tried: it would have waited as long.
    assert!(["fax", "print"].map(|service| constraints(&swarm, service)) == ["[]", "[]"]);
    // The manager carries out what it was asked, long after anybody waits for it.
    gate.open();
    let new = "[node.hostname!=win-a]";
    swarm.until("the first one is written", || {
        constraints(&swarm, first) == new
    });
    says(&swarm, 0, &constrain);
    assert_eq!(
        ["fax", "print"].map(|service| constraints(&swarm, service)),
        [new, new]
    );
}

#[test]
fn a_service_that_changes_meanwhile_is_decided_anew() {
    if !can_run() {
        return;
    }
    let swarm = Arc::new(RealSwarm::start(&["win-a", "win-b"]));
    for image in ["contoso/fax:2-ltsc2019", "contoso/fax:3-ltsc2022"] {
        swarm.import(image);
    }
    swarm.create("fax", "contoso/fax:2-ltsc2019", "win-a", &[]);
    // The proxy outlives the test, and the daemons may not.
    let (others, is_done) = (Arc::downgrade(&swarm), AtomicBool::new(false));
    // Somebody else is faster: another image, and a constraint of theirs.
    let proxy = Proxy::start(
        &swarm.socket("win-a"),
        move |path, _| {
            if path.ends_with("/update") && !is_done.swap(true, Ordering::SeqCst) {
                let others = others.upgrade().unwrap();
                others.docker(
                    "win-a",
                    &[
                        "service",
                        "update",
                        "--detach",
                        "--no-resolve-image",
                        "--image=contoso/fax:3-ltsc2022",
                        "--constraint-add=node.labels.team!=shop",
                        "fax",
                    ],
                );
            }
        },
        |_, _| {},
    );
    let written = by(
        &proxy,
        &[&["constrain", "fax", "--apply"], &HOSTS[..]].concat(),
    );
    assert_eq!(written.status.code(), Some(0), "{}", text(&written));
    assert_eq!(
        constraints(&swarm, "fax"),
        "[node.labels.team!=shop node.hostname!=win-a]"
    );
    // What is told is what was decided then.
    let said = text(&written);
    let tells = [
        "fax is kept off win-a, where it cannot start.",
        "image  contoso/fax:3-ltsc2022",
        "has    node.labels.team!=shop",
        "[node.labels.team!=shop node.hostname!=win-a]",
    ];
    for words in tells {
        assert!(said.contains(words), "{words}: {said}");
    }
}
