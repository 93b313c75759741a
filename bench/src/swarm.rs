//! The table of `winfit swarm audit` on a simulated engine, beside reading the same lists and no more.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::Outcome;
use crate::engine::{Answers, listen};
use crate::timing::{median, quartiles, time};

/// At most so many times as long as reading the lists alone.
const TIMES_READING: f64 = 1.5;
/// At most so many megabytes at any time.
const MEMORY: f64 = 200.0;
const ROUNDS: usize = 15;
const NODES: usize = 500;
const SERVICES: usize = 2_000;
const TASKS: usize = 20_000;

/// Prints the table.
pub fn table(winfit: &str, floor: &str, folder: &Path) -> Outcome {
    let socket = folder.join("engine.sock");
    let answers = Answers::generated(NODES, SERVICES, TASKS);
    let megabytes = |path: &str| answers.size(path) as f64 / 1e6;
    let sizes = format!(
        "nodes {:.1} MB, services {:.1} MB, tasks {:.1} MB",
        megabytes("/nodes"),
        megabytes("/services"),
        megabytes("/tasks")
    );
    listen(&socket, answers)?;
    let ours = || {
        let mut command = Command::new(winfit);
        command
            .args(["swarm", "audit", "--format", "json"])
            .env("DOCKER_HOST", format!("unix://{}", socket.display()))
            .env_remove("DOCKER_CONTEXT");
        command
    };
    let reading = || {
        let mut command = Command::new(floor);
        command.arg(&socket);
        command
    };
    let (mut audit, mut bare) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS + 2 {
        let (took, status) = time(&mut ours())?;
        // There is something to find.
        if status.code() != Some(1) {
            return Err(format!("winfit swarm audit left with {status}").into());
        }
        let (least, status) = time(&mut reading())?;
        if !status.success() {
            return Err(format!("the floor left with {status}").into());
        }
        // The first rounds warm up.
        if round >= 2 {
            audit.push(took.as_secs_f64() * 1e3);
            bare.push(least.as_secs_f64() * 1e3);
        }
    }
    println!(
        "winfit swarm audit, {NODES} nodes, {SERVICES} services, {TASKS} tasks of a simulated engine\n({sizes}): medians of {ROUNDS} runs in turn"
    );
    println!(
        "{:<46}{:>7}{:>17}{:>12}",
        "", "ms", "half within", "peak MB"
    );
    let row = |name: &str, values: &[f64], memory: f64| {
        let (low, high) = quartiles(values);
        println!(
            "{name:<46}{:>7.1}{:>17}{memory:>12.1}",
            median(values),
            format!("{low:.1} to {high:.1}"),
        );
    };
    let memory = peak(&mut ours())?;
    row("winfit swarm audit --format json", &audit, memory);
    row(
        "the same lists read into slim structs",
        &bare,
        peak(&mut reading())?,
    );
    let ratio = median(&audit) / median(&bare);
    println!(
        "{ratio:.2} x reading alone; target at most {TIMES_READING} x: {}",
        met(ratio <= TIMES_READING)
    );
    println!(
        "{memory:.1} MB at most; target under {MEMORY:.0} MB: {}",
        met(memory < MEMORY)
    );
    Ok(())
}

/// The most memory that a command had at any time, in megabytes: the high-water mark of its resident
/// pages, mapped files included, as it was last seen before its end.
fn peak(command: &mut Command) -> Result<f64, Box<dyn std::error::Error>> {
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0.0;
    while child.try_wait()?.is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let mark = text.lines().find_map(|line| {
            let kilobytes = line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?;
            kilobytes.trim().parse::<f64>().ok()
        });
        most = mark.map_or(most, |kilobytes| f64::max(most, kilobytes * 1_024.0 / 1e6));
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(most)
}

fn met(yes: bool) -> &'static str {
    if yes { "met" } else { "missed" }
}
