//! The table of `winfit swarm watch`: how long after a node has joined a real Swarm it has its labels, beside
//! a watcher that knows beforehand what to write.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tokio::runtime::Runtime;
use winfit_docker::{Engine, Events, Settings};

use crate::Outcome;
use crate::real_swarm::{RealSwarm, can_run};
use crate::timing::{median, quartiles};

/// At most so many milliseconds from a node's joining to its labels.
const TARGET: f64 = 500.0;
const JOINS: usize = 10;
const PATIENCE: Duration = Duration::from_mins(1);

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

/// Prints the table.
pub fn table(winfit: &str) -> Outcome {
    if !can_run() {
        println!("left out: winfit swarm watch is measured on real daemons, which need root");
        return Ok(());
    }
    let swarm = RealSwarm::apart(&["win-a", "win-b"]);
    let init = [
        "init",
        "--advertise-addr=127.0.0.1",
        "--listen-addr=127.0.0.1:2377",
    ];
    swarm.docker("win-a", &[&["swarm"], &init[..]].concat());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (mut ours, mut by_hand) = (Vec::new(), Vec::new());
    for round in 0..=JOINS {
        let watch = by_watch(winfit, &swarm)?;
        let least = at_once(&runtime, &swarm)?;
        // The first round warms up.
        if round > 0 {
            ours.push(watch);
            by_hand.push(least);
        }
    }
    println!(
        "winfit swarm watch --label, a node that joins a manager (two real daemons): {JOINS} joins each, in turn"
    );
    println!(
        "{:<46}{:>7}{:>17}{:>12}",
        "from its joining to its labels", "ms", "half within", "worst"
    );
    let worst = |values: &[f64]| values.iter().copied().fold(0.0, f64::max);
    for (name, values) in [
        ("winfit swarm watch, until its line is read", &ours),
        ("event heard, that node read, written at once", &by_hand),
    ] {
        let (low, high) = quartiles(values);
        let within = format!("{low:.1} to {high:.1}");
        println!(
            "{name:<46}{:>7.1}{within:>17}{:>12.1}",
            median(values),
            worst(values)
        );
    }
    println!(
        "{:.2} x the floor; the worst takes {:.1} ms; target under {TARGET:.0} ms: {}",
        median(&ours) / median(&by_hand),
        worst(&ours),
        if worst(&ours) < TARGET {
            "met"
        } else {
            "missed"
        }
    );
    Ok(())
}

/// A watch that labels. It ends with this.
struct Watch(Child);

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Has a node join while winfit watches. The milliseconds until winfit says that it has its labels.
fn by_watch(winfit: &str, swarm: &RealSwarm) -> Fallible<f64> {
    let mut watch = Watch(
        Command::new(winfit)
            .args(["swarm", "watch", "--label", "--format=json"])
            .args(["--host=win-a=ltsc2019", "--host=win-b=ltsc2022"])
            .args(["--docker-host", &swarm.address("win-a")])
            .stdout(Stdio::piped())
            .spawn()?,
    );
    let out = watch.0.stdout.take().ok_or("it has no output")?;
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            if sender.send((now(), line)).is_err() {
                break;
            }
        }
    });
    until(&lines, "watching", "")?;
    join(swarm);
    let labelled = until(&lines, "labels", "win-b")?;
    let joined = joined_at(swarm)?;
    leave(swarm);
    Ok(millis(joined, labelled))
}

/// When a line came that is of this kind and about this node.
fn until(lines: &Receiver<(u128, String)>, what: &str, node: &str) -> Fallible<u128> {
    loop {
        let (at, line) = lines.recv_timeout(PATIENCE)?;
        let line: Value = serde_json::from_str(&line)?;
        let name = line["subject"]["name"].as_str().unwrap_or_default();
        if line["what"] == what && (node.is_empty() || name == node) {
            return Ok(at);
        }
    }
}

/// Has a node join while somebody listens who reads that node alone, again and again, and writes as soon as it
/// has its name.
fn at_once(runtime: &Runtime, swarm: &RealSwarm) -> Fallible<f64> {
    let endpoint = Settings::of_user().endpoint(Some(&swarm.address("win-a")), None)?;
    let engine = Engine::new(endpoint, PATIENCE);
    let mut events = runtime.block_on(engine.events(None))?;
    // docker returns only some time after the node is there.
    let labelled = std::thread::scope(|scope| {
        scope.spawn(|| join(swarm));
        runtime.block_on(label_next(&engine, &mut events))
    })?;
    let joined = joined_at(swarm)?;
    leave(swarm);
    Ok(millis(joined, labelled))
}

/// Labels the next worker that comes. When that was done.
async fn label_next(engine: &Engine, events: &mut Events) -> Fallible<u128> {
    let path = loop {
        let event = events.next().await?.ok_or("the events ended")?;
        // One that left just now is told once more; it is gone by then.
        let path = format!("/nodes/{}", event.actor.id);
        if event.kind == "node"
            && let Ok(node) = engine.get::<Value>(&path).await
            && node["Spec"]["Role"] == "worker"
        {
            break path;
        }
    };
    // It has no name at first, and changes under the write: neither waits for another event.
    loop {
        let node = engine.get::<Value>(&path).await?;
        if node["Description"]["Hostname"] != "win-b" {
            continue;
        }
        let mut spec = node["Spec"].clone();
        spec["Labels"] = json!({"OS": "windows", "OsVersion": "10.0.20348"});
        let update = format!("{path}/update?version={}", node["Version"]["Index"]);
        if engine.post(&update, &spec).await.is_ok() {
            return Ok(now());
        }
    }
}

fn join(swarm: &RealSwarm) {
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
}

fn leave(swarm: &RealSwarm) {
    swarm.docker("win-b", &["swarm", "leave"]);
    swarm.docker("win-a", &["node", "rm", "--force", "win-b"]);
}

/// When the manager took the node in, by its own word, in nanoseconds since 1970.
fn joined_at(swarm: &RealSwarm) -> Fallible<u128> {
    let format = "--format={{.CreatedAt.UnixNano}}";
    let told = swarm.docker("win-a", &["node", "inspect", format, "win-b"]);
    Ok(told.trim().parse()?)
}

fn now() -> u128 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_nanos())
}

fn millis(from: u128, to: u128) -> f64 {
    to.saturating_sub(from) as f64 / 1e6
}
