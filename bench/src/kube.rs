//! The table of `winfit kube audit` on the largest cluster that Kubernetes documents, beside reading the same
//! lists and no more, and of what somebody saved.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::Outcome;
use crate::large::Large;
use crate::timing::{median, quartiles, time};

/// At most so many times as long as reading the lists alone.
const TIMES_READING: f64 = 1.5;
/// At most so many megabytes of anonymous memory at any time.
const MEMORY: f64 = 400.0;
/// So many megabytes of saved JSON a second at least.
const SPEED: f64 = 300.0;
const ROUNDS: usize = 5;

/// Prints the table.
pub fn table(winfit: &str, floor: &str, folder: &Path, nodes: usize, pods: usize) -> Outcome {
    let cluster = Large::new(nodes, pods);
    let (config, saved) = (folder.join("large.config"), folder.join("large.json"));
    cluster.write_list(&saved)?;
    let failing = cluster.failing();
    let server = cluster.serve()?;
    server.write_kubeconfig(&config)?;
    let address = server.address.to_string();
    let ours = || {
        let mut command = Command::new(winfit);
        command.args(["kube", "audit", "--format", "json", "--kubeconfig"]);
        command.arg(&config);
        command
    };
    let of_file = || {
        let mut command = Command::new(winfit);
        command.args(["kube", "audit", "--format", "json", "--from"]);
        command.arg(&saved);
        command
    };
    let reading = || {
        let mut command = Command::new(floor);
        command.arg(&address);
        command
    };
    let (mut audit, mut bare, mut file) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let (took, status) = time(&mut ours())?;
        // There is something to find.
        if status.code() != Some(1) {
            return Err(format!("winfit kube audit left with {status}").into());
        }
        let (least, status) = time(&mut reading())?;
        if !status.success() {
            return Err(format!("the floor left with {status}").into());
        }
        let (of_saved, status) = time(&mut of_file())?;
        if status.code() != Some(1) {
            return Err(format!("winfit kube audit --from left with {status}").into());
        }
        // The first round warms up.
        if round > 0 {
            audit.push(took.as_secs_f64() * 1e3);
            bare.push(least.as_secs_f64() * 1e3);
            file.push(of_saved.as_secs_f64() * 1e3);
        }
    }
    let megabytes = std::fs::metadata(&saved)?.len() as f64 / 1e6;
    println!(
        "winfit kube audit, {nodes} nodes, {pods} pods ({failing} that do not start) of a simulated API,\nand of a file of {megabytes:.0} MB: medians of {ROUNDS} runs in turn"
    );
    println!(
        "{:<46}{:>8}{:>20}{:>14}",
        "", "ms", "half within", "anonymous MB"
    );
    let row = |name: &str, values: &[f64], memory: f64| {
        let (low, high) = quartiles(values);
        println!(
            "{name:<46}{:>8.0}{:>20}{memory:>14.0}",
            median(values),
            format!("{low:.0} to {high:.0}"),
        );
    };
    let memory = peak(&mut ours())?;
    row("winfit kube audit --format json", &audit, memory);
    row(
        "the same lists read into slim structs",
        &bare,
        peak(&mut reading())?,
    );
    row(
        "winfit kube audit --from FILE --format json",
        &file,
        peak(&mut of_file())?,
    );
    let ratio = median(&audit) / median(&bare);
    println!(
        "{ratio:.2} x reading alone; target at most {TIMES_READING} x: {}",
        met(ratio <= TIMES_READING)
    );
    println!(
        "{memory:.0} MB of anonymous memory at most; target under {MEMORY:.0} MB: {}",
        met(memory < MEMORY)
    );
    let speed = megabytes / (median(&file) / 1e3);
    println!(
        "{speed:.0} MB of JSON a second from a file; target at least {SPEED:.0}: {}",
        met(speed >= SPEED)
    );
    Ok(())
}

/// The most anonymous memory that a command had at any time, in megabytes, sampled each millisecond.
fn peak(command: &mut Command) -> Result<f64, Box<dyn std::error::Error>> {
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0.0;
    while child.try_wait()?.is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let now = text.lines().find_map(|line| {
            let kilobytes = line.strip_prefix("RssAnon:")?.trim().strip_suffix(" kB")?;
            kilobytes.trim().parse::<f64>().ok()
        });
        most = now.map_or(most, |kilobytes| f64::max(most, kilobytes * 1_024.0 / 1e6));
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(most)
}

fn met(yes: bool) -> &'static str {
    if yes { "met" } else { "missed" }
}
