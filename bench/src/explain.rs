//! The table of `winfit explain` on a large log, beside ripgrep with the same literals.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use winfit_explain::ANCHORS;

use crate::Outcome;
use crate::log;
use crate::timing::{median, quartiles, time};

const ROUNDS: usize = 7;
/// Which part of ripgrep's speed is enough.
const TARGET: f64 = 0.5;

/// How the bytes reach the program.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    File,
    Pipe,
}

/// Prints the table.
pub fn table(winfit: &str, folder: &Path, megabytes: u64) -> Outcome {
    let literals = ANCHORS.len();
    println!(
        "winfit explain: {megabytes} MB of log with {} hits, in the page cache; medians of {ROUNDS}",
        log::HITS
    );
    println!("rounds in turn with rg -j1 -F -c and the same {literals} literals");
    println!("(on one line --count-matches)");
    println!(
        "{:<28}{:>11}{:>11}{:>13}{:>17}",
        "", "winfit MB/s", "rg MB/s", "winfit / rg", "half within"
    );
    let mut memory = Vec::new();
    for (name, end) in [("lines", b'\n'), ("one line", b' ')] {
        let path = folder.join("log");
        let mut out = BufWriter::new(File::create(&path)?);
        log::write(&mut out, megabytes * 1_000_000, end)?;
        out.flush()?;
        drop(out);
        for way in [Way::File, Way::Pipe] {
            let label = match way {
                Way::File => format!("{name}, a file"),
                Way::Pipe => format!("{name}, from a pipe"),
            };
            // With -c ripgrep leaves a line at its first match and only looks for its end: on one
            // line that would be a search for a line feed.
            let count = if end == b'\n' {
                "-c"
            } else {
                "--count-matches"
            };
            let ours = || ours(winfit, &path, way);
            let rg = || rg(&path, way, count);
            compare(ours, rg, way, &path, &label, megabytes)?;
            memory.push((label.clone(), peak(&mut ours(), way, &path)?));
            memory.push((format!("{label}, rg"), peak(&mut rg(), way, &path)?));
        }
        std::fs::remove_file(&path)?;
    }
    println!();
    println!("peak memory in MB, sampled while it runs: anonymous, and mapped from files");
    for (label, Peak { anonymous, mapped }) in memory {
        println!("{label:<28}{anonymous:>11.1}{mapped:>11.1}");
    }
    Ok(())
}

/// One comparison, one line of the table.
fn compare(
    ours: impl Fn() -> Command,
    rg: impl Fn() -> Command,
    way: Way,
    path: &Path,
    label: &str,
    megabytes: u64,
) -> Outcome {
    let (mut our_times, mut peer_times, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let (took, code) = run(ours(), way, path)?;
        if code != Some(1) {
            return Err(format!("winfit explain found nothing ({label}): exit {code:?}").into());
        }
        let (peer, code) = run(rg(), way, path)?;
        if code != Some(0) {
            return Err(format!("rg found nothing ({label}): exit {code:?}").into());
        }
        // The first round brings the file into the page cache.
        if round > 0 {
            our_times.push(took);
            peer_times.push(peer);
            ratios.push(peer / took);
        }
    }
    let ratio = median(&ratios);
    let (low, high) = quartiles(&ratios);
    let size = megabytes as f64;
    println!(
        "{label:<28}{:>11.0}{:>11.0}{ratio:>13.2}{:>17}  {}",
        size / median(&our_times),
        size / median(&peer_times),
        format!("{low:.2} to {high:.2}"),
        match way {
            Way::Pipe => "",
            Way::File if ratio >= TARGET => "target 0.50 met",
            Way::File => "target 0.50 missed",
        }
    );
    Ok(())
}

fn ours(winfit: &str, path: &Path, way: Way) -> Command {
    let mut command = Command::new(winfit);
    command.arg("explain");
    match way {
        Way::File => command.arg(path),
        Way::Pipe => command.arg("-"),
    };
    command
}

fn rg(path: &Path, way: Way, count: &str) -> Command {
    let mut command = Command::new("rg");
    command.args(["--no-config", "-j1", "-F", count]);
    for anchor in ANCHORS {
        command.args(["-e", anchor]);
    }
    match way {
        Way::File => command.arg(path),
        Way::Pipe => command.arg("-"),
    };
    command
}

/// Seconds, and the exit code. Through a pipe, `cat` writes.
fn run(
    mut command: Command,
    way: Way,
    path: &Path,
) -> Result<(f64, Option<i32>), Box<dyn std::error::Error>> {
    let (took, status) = match way {
        Way::File => time(command.stdin(Stdio::null()))?,
        Way::Pipe => {
            let mut cat = Command::new("cat")
                .arg(path)
                .stdout(Stdio::piped())
                .spawn()?;
            let pipe = cat.stdout.take().ok_or("cat has no output")?;
            let result = time(command.stdin(pipe))?;
            cat.wait()?;
            result
        }
    };
    Ok((took.as_secs_f64(), status.code()))
}

struct Peak {
    anonymous: f64,
    mapped: f64,
}

/// The most memory that the program had, of either kind, seen every half millisecond.
fn peak(command: &mut Command, way: Way, path: &Path) -> Result<Peak, Box<dyn std::error::Error>> {
    let mut cat = None;
    match way {
        Way::File => {
            command.stdin(Stdio::null());
        }
        Way::Pipe => {
            let mut child = Command::new("cat")
                .arg(path)
                .stdout(Stdio::piped())
                .spawn()?;
            command.stdin(child.stdout.take().ok_or("cat has no output")?);
            cat = Some(child);
        }
    }
    let mut child = command.stdout(Stdio::null()).spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak = Peak {
        anonymous: 0.0,
        mapped: 0.0,
    };
    while child.try_wait()?.is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let megabytes = |name: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(name))
                .and_then(|rest| rest.trim_start_matches(':').trim().split(' ').next())
                .and_then(|number| number.parse::<f64>().ok())
                .map_or(0.0, |kib| kib * 1024.0 / 1e6)
        };
        peak.anonymous = peak.anonymous.max(megabytes("RssAnon"));
        peak.mapped = peak.mapped.max(megabytes("RssFile"));
        sleep(Duration::from_micros(500));
    }
    if let Some(mut cat) = cat {
        cat.wait()?;
    }
    Ok(peak)
}
