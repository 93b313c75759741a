//! `winfit swarm watch` on a real Swarm: what changes is told once, labelled and constrained.

mod engines;
mod restart;
mod stack;
mod state;
mod stop;
mod tasks;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::docker_support::proxy::Proxy;
use crate::docker_support::real_swarm::{RealSwarm, can_run};
use crate::schemas::check_document;

/// Long enough for a machine with much else to do.
const PATIENCE: Duration = Duration::from_secs(90);

/// A watch, with all that it has logged. It ends with this.
struct Watch {
    process: Child,
    lines: Arc<Mutex<Vec<Value>>>,
}

impl Watch {
    fn start(address: &str, arguments: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_winfit"))
            .args(["swarm", "watch", "--format=json", "--docker-host", address])
            .args(arguments)
            .env("WINFIT_CATALOG_OVERLAY", "off")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(process.stdout.take().unwrap());
        let lines = Arc::new(Mutex::new(Vec::new()));
        let own = Arc::clone(&lines);
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                own.lock()
                    .unwrap()
                    .push(serde_json::from_str(&line).unwrap());
            }
        });
        Self { process, lines }
    }

    /// Lines about something, by what they are and whom they are about.
    fn told(&self, what: &str, name: &str) -> Vec<Value> {
        let lines = self.lines.lock().unwrap();
        let of = |line: &&Value| {
            line["what"] == what && (name.is_empty() || line["subject"]["name"] == name)
        };
        lines.iter().filter(of).cloned().collect()
    }

    fn until(&self, what: &str, name: &str) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(line) = self.told(what, name).pop() {
                return line;
            }
            assert!(
                Instant::now() < end,
                "waited in vain for {what} {name}: {:#?}",
                self.lines.lock().unwrap()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Asks it to end, and checks that it does so in good order.
    fn end(mut self) -> Vec<Value> {
        let id = self.process.id().to_string();
        let killed = Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(killed.success());
        let end = Instant::now() + Duration::from_secs(20);
        let status = loop {
            match self.process.try_wait().unwrap() {
                Some(status) => break status,
                None => assert!(Instant::now() < end, "it does not end"),
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        assert_eq!(status.code(), Some(0));
        self.until("stopped", "");
        let lines = self.lines.lock().unwrap().clone();
        lines.iter().for_each(check_document);
        lines
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn constraints(swarm: &RealSwarm, service: &str) -> String {
    let format = "--format={{.Spec.TaskTemplate.Placement.Constraints}}";
    let shown = swarm.docker("win-a", &["service", "inspect", format, service]);
    shown.trim().to_owned()
}

/// The milliseconds of a day of a time in RFC 3339.
fn millis(time: &str) -> i64 {
    let clock = time.split_once('T').unwrap().1.trim_end_matches('Z');
    let mut parts = clock.split([':', '.']);
    let mut next = || parts.next().unwrap_or("0").to_owned();
    let (hours, minutes, seconds, part) = (next(), next(), next(), next());
    let number = |text: &str| text.parse::<i64>().unwrap();
    let whole = (number(&hours) * 60 + number(&minutes)) * 60 + number(&seconds);
    whole * 1000 + number(&format!("{part:0<3}")[..3])
}

/// A port of this machine that nobody has just now.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn page(port: u16, path: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

/// Leads to a daemon, until its connections are cut.
struct Line {
    at: PathBuf,
    streams: Arc<Mutex<Vec<UnixStream>>>,
    is_cut: Arc<Mutex<bool>>,
}

impl Line {
    fn start(socket: &Path, at: PathBuf) -> Self {
        let listener = UnixListener::bind(&at).unwrap();
        let line = Self {
            at,
            streams: Arc::default(),
            is_cut: Arc::default(),
        };
        let (socket, streams, is_cut) = (
            socket.to_owned(),
            Arc::clone(&line.streams),
            Arc::clone(&line.is_cut),
        );
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(daemon) = UnixStream::connect(&socket) else {
                    continue;
                };
                if *is_cut.lock().unwrap() {
                    continue;
                }
                let mut all = streams.lock().unwrap();
                all.extend([client.try_clone().unwrap(), daemon.try_clone().unwrap()]);
                for (from, to) in [(&client, &daemon), (&daemon, &client)] {
                    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    std::thread::spawn(move || {
                        let _ = std::io::copy(&mut from, &mut to);
                        let _ = to.shutdown(std::net::Shutdown::Both);
                    });
                }
            }
        });
        line
    }

    fn address(&self) -> String {
        format!("unix://{}", self.at.display())
    }

    fn cut(&self) {
        *self.is_cut.lock().unwrap() = true;
        for stream in self.streams.lock().unwrap().drain(..) {
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
    }

    fn mend(&self) {
        *self.is_cut.lock().unwrap() = false;
    }
}

#[test]
fn a_node_that_joins_has_its_labels_and_a_new_service_its_constraint() {
    if !can_run() {
        return;
    }
    let swarm = RealSwarm::apart(&["win-a", "win-b"]);
    let init = [
        "swarm",
        "init",
        "--advertise-addr=127.0.0.1",
        "--listen-addr=127.0.0.1:2377",
    ];
    swarm.docker("win-a", &init);
    let port = free_port();
    let listen = format!("--listen=127.0.0.1:{port}");
    let watch = Watch::start(
        &swarm.address("win-a"),
        &[
            "--label",
            "--enforce",
            "--host=win-a=ltsc2019",
            "--host=win-b=ltsc2022",
            &listen,
        ],
    );
    watch.until("labels", "win-a");
    let token = swarm.docker("win-a", &["swarm", "join-token", "--quiet", "worker"]);
    let join = [
        "swarm",
        "join",
        "--token",
        token.trim(),
        "--advertise-addr=127.0.0.2",
        "--listen-addr=127.0.0.2:2377",
        "--data-path-addr=127.0.0.2",
        "127.0.0.1:2377",
    ];
    swarm.docker("win-b", &join);
    let line = watch.until("labels", "win-b");
    let created = swarm.docker(
        "win-a",
        &["node", "inspect", "--format={{json .CreatedAt}}", "win-b"],
    );
    let took = millis(line["time"].as_str().unwrap()) - millis(created.trim().trim_matches('"'));
    eprintln!("a node that joined had its labels after {took} ms");
    assert!(took < 10_000, "{took} ms");
    let labels = "--format={{.Spec.Labels}}";
    assert_eq!(
        swarm
            .docker("win-a", &["node", "inspect", labels, "win-b"])
            .trim(),
        "map[OS:windows OsVersion:10.0.20348 winfit.build:20348 winfit.runs-ltsc2022:true]"
    );
    swarm.import("contoso/fax:2-ltsc2022");
    swarm.create("fax", "contoso/fax:2-ltsc2022", "win-b", &[]);
    let line = watch.until("constraints", "fax");
    assert_eq!(
        line["message"],
        "it has node.labels.OsVersion==10.0.20348 now, which keeps it off win-a, where it cannot start; it runs on win-b"
    );
    assert_eq!(
        constraints(&swarm, "fax"),
        "[node.labels.OsVersion==10.0.20348]"
    );
    // Where no node runs it, it is left alone.
    swarm.import("contoso/new:2-ltsc2025");
    swarm.create("new", "contoso/new:2-ltsc2025", "", &[]);
    watch.until("unconstrained", "new");
    assert_eq!(constraints(&swarm, "new"), "[]");
    let metrics = page(port, "/metrics");
    for line in [
        "winfit_swarm_nodes 2\n",
        "winfit_swarm_leader 1\n",
        "winfit_swarm_label_writes_total 2\n",
        "winfit_swarm_constraint_writes_total 1\n",
        "winfit_swarm_failed_writes_total 0\n",
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
    assert!(page(port, "/healthz").starts_with("HTTP/1.1 200 OK"));
    let lines = watch.end();
    let count = |what: &str| lines.iter().filter(|line| line["what"] == what).count();
    assert_eq!((count("labels"), count("constraints")), (2, 1));
}

#[test]
fn a_service_that_changes_meanwhile_is_told_as_it_was_decided_then() {
    if !can_run() {
        return;
    }
    let swarm = Arc::new(RealSwarm::start(&["win-a", "win-b"]));
    for image in ["contoso/fax:2-ltsc2019", "contoso/fax:3-ltsc2022"] {
        swarm.import(image);
    }
    // The proxy outlives the test, and the daemons may not.
    let (others, is_done) = (Arc::downgrade(&swarm), AtomicBool::new(false));
    // Somebody else is faster, with another image.
    let faster = move |path: &str, _: &mut Value| {
        if path.ends_with("/update") && !is_done.swap(true, Ordering::SeqCst) {
            let update = ["service", "update", "--detach", "--no-resolve-image"];
            let image = ["--image=contoso/fax:3-ltsc2022", "fax"];
            let others = others.upgrade().unwrap();
            others.docker("win-a", &[&update[..], &image].concat());
        }
    };
    let proxy = Proxy::start(&swarm.socket("win-a"), faster, |_, _| {});
    let hosts = ["--host=win-a=ltsc2019", "--host=win-b=ltsc2022"];
    let enforce = [&["--enforce"], &hosts[..]].concat();
    let watch = Watch::start(&proxy.address(), &enforce);
    watch.until("watching", "");
    swarm.create("fax", "contoso/fax:2-ltsc2019", "win-a", &[]);
    let line = watch.until("constraints", "fax");
    assert_eq!(
        line["message"],
        "it has node.hostname!=win-a now, which keeps it off win-a, where it cannot start; it runs on win-b"
    );
    assert_eq!(constraints(&swarm, "fax"), "[node.hostname!=win-a]");
    watch.end();
}

#[test]
fn a_lost_connection_loses_nothing_and_repeats_nothing() {
    if !can_run() {
        return;
    }
    let swarm = RealSwarm::start(&["win-a", "win-b"]);
    let line = Line::start(&swarm.socket("win-a"), swarm.folder("win-a").join("line"));
    let watch = Watch::start(
        &line.address(),
        &["--host=win-a=ltsc2019", "--host=win-b=ltsc2016"],
    );
    watch.until("watching", "");
    swarm.create("before", "contoso/before:2-ltsc2022", "", &[]);
    watch.until("finding", "before");
    line.cut();
    watch.until("lost", "");
    swarm.create("meanwhile", "contoso/meanwhile:2-ltsc2022", "", &[]);
    swarm.docker("win-a", &["service", "rm", "before"]);
    line.mend();
    watch.until("finding", "meanwhile");
    watch.until("gone", "before");
    watch.until("again", "");
    swarm.create("after", "contoso/after:2-ltsc2022", "", &[]);
    watch.until("finding", "after");
    let lines = watch.end();
    nothing_twice(&lines);
}

#[test]
fn a_manager_that_restarts_loses_nothing_and_repeats_nothing() {
    if !can_run() {
        return;
    }
    let swarm = RealSwarm::start(&["win-a", "win-b"]);
    let watch = Watch::start(
        &swarm.address("win-a"),
        &[
            "--label",
            "--host=win-a=ltsc2019",
            "--host=win-b=ltsc2016",
            "--every=2",
        ],
    );
    watch.until("labels", "win-b");
    swarm.create("before", "contoso/before:2-ltsc2022", "", &[]);
    watch.until("finding", "before");
    swarm.restart("win-a");
    watch.until("lost", "");
    watch.until("again", "");
    swarm.create("after", "contoso/after:2-ltsc2022", "", &[]);
    watch.until("finding", "after");
    // A few rounds more, in which the worker is found again.
    std::thread::sleep(Duration::from_secs(8));
    let lines = watch.end();
    nothing_twice(&lines);
    let gone = lines.iter().filter(|line| line["what"] == "gone");
    assert_eq!(gone.count(), 0, "{lines:#?}");
}

/// Whether each thing was told once.
fn nothing_twice(lines: &[Value]) {
    let mut told: Vec<String> = lines
        .iter()
        .filter(|line| line["what"] == "finding" || line["what"] == "gone")
        .map(|line| format!("{} {} {}", line["what"], line["rule"], line["subject"]))
        .collect();
    let all = told.len();
    told.sort_unstable();
    told.dedup();
    assert_eq!(told.len(), all, "{lines:#?}");
}

#[test]
fn of_three_managers_one_tells_and_another_takes_over() {
    if !can_run() {
        return;
    }
    let names = ["win-a", "win-b", "win-c"];
    let swarm = RealSwarm::start(&names);
    swarm.docker("win-a", &["node", "promote", "win-b", "win-c"]);
    let hosts = names.map(|name| format!("--host={name}=ltsc2019"));
    let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
    for name in &names[1..] {
        swarm.until("it is a manager", || {
            let of = ["info", "--format={{.Swarm.ControlAvailable}}"];
            swarm.docker(name, &of).trim() == "true"
        });
    }
    let watches = names.map(|name| Watch::start(&swarm.address(name), &hosts));
    for watch in &watches {
        watch.until("watching", "");
    }
    for watch in &watches[1..] {
        watch.until("follows", "");
    }
    swarm.create("one", "contoso/one:2-ltsc2022", "", &[]);
    watches[0].until("finding", "one");
    swarm.docker("win-b", &["node", "demote", "win-a"]);
    let end = Instant::now() + PATIENCE;
    let leads = |watch: &&Watch| !watch.told("leads", "").is_empty();
    while watches[1..].iter().all(|watch| !leads(&watch)) {
        assert!(Instant::now() < end, "nobody takes over");
        std::thread::sleep(Duration::from_millis(20));
    }
    let leader = watches[1..].iter().find(leads).unwrap();
    let create = [
        "service",
        "create",
        "--detach",
        "--no-resolve-image",
        "--name=two",
        "contoso/two:2-ltsc2022",
    ];
    swarm.docker("win-b", &create);
    let of_two = |watch: &Watch| {
        let told = watch.told("finding", "two").into_iter();
        told.filter(|line| line["rule"] == "build-mismatch").count()
    };
    leader.until("finding", "two");
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(watches.iter().map(of_two).sum::<usize>(), 1);
    let [old, ..] = watches;
    // A worker now: its watch waits until it is a manager again.
    old.until("lost", "");
    old.end();
}

#[test]
fn the_stack_file_has_nothing_to_find() {
    let folder = crate::repository("integrations/swarm")
        .display()
        .to_string();
    let output = crate::winfit(&["lint", &folder, "--host=ltsc2022", "--fail-on=info"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
}

#[test]
fn one_round_for_a_clock() {
    if !can_run() {
        return;
    }
    let swarm = RealSwarm::start(&["win-a"]);
    let once = |arguments: &[&str]| {
        let address = swarm.address("win-a");
        let command = ["swarm", "watch", "--once", "--docker-host", &address];
        crate::winfit(&[&command, arguments].concat())
    };
    let output = once(&[]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.code().is_some(), "{said}");
    let output = once(&["--label", "--host=win-a=ltsc2019"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        said.contains("labels node win-a: it has OS=windows, OsVersion=10.0.17763, "),
        "{said}"
    );
    // An engine that is in no Swarm is no engine to wait for.
    let apart = RealSwarm::apart(&["win-z"]);
    let address = apart.address("win-z");
    let output = crate::winfit(&["swarm", "watch", "--docker-host", &address]);
    assert_eq!(output.status.code(), Some(3));
}
