//! The table of `winfit lint` on a large tree, beside hadolint on its half and beside reading alone,
//! and of one file from cold.

use std::path::Path;
use std::process::Command;

use crate::Outcome;
use crate::timing::{median, quartiles, time};
use crate::tree;

/// At least so many times the files a second of hadolint.
const TIMES_HADOLINT: f64 = 10.0;
/// At most so many times as long as reading the files alone.
const TIMES_READING: f64 = 3.0;
/// What one file from cold may take.
const ONE_FILE: f64 = 15.0;
const ROUNDS: usize = 15;
const COLD: usize = 200;

/// Prints the tables.
pub fn table(winfit: &str, hadolint: Option<&str>, folder: &Path, files: usize) -> Outcome {
    let tree = folder.join("tree");
    tree::write(&tree, files)?;
    large(winfit, hadolint, &tree, files)?;
    one_file(winfit, &tree)
}

fn large(winfit: &str, hadolint: Option<&str>, tree: &Path, files: usize) -> Outcome {
    let (mut ours, mut reading) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS + 2 {
        let (took, status) = time(Command::new(winfit).arg("lint").arg(tree))?;
        if !matches!(status.code(), Some(0 | 1)) {
            return Err(format!("winfit lint left with {status}").into());
        }
        let (floor, status) = time(
            Command::new("sh")
                .args(["-c", "rg --files -0 . | xargs -0 cat"])
                .current_dir(tree),
        )?;
        if !status.success() {
            return Err(format!("rg and cat left with {status}").into());
        }
        // The first rounds warm the page cache.
        if round >= 2 {
            ours.push(took.as_secs_f64() * 1e3);
            reading.push(floor.as_secs_f64() * 1e3);
        }
    }
    println!(
        "winfit lint, {files} files, half Dockerfiles, half manifests: medians of {ROUNDS} runs in turn"
    );
    println!(
        "{:<46}{:>7}{:>17}{:>12}",
        "", "ms", "half within", "files/s"
    );
    let row = |name: &str, values: &[f64], files: usize| {
        let (low, high) = quartiles(values);
        println!(
            "{name:<46}{:>7.0}{:>17}{:>12.0}",
            median(values),
            format!("{low:.0} to {high:.0}"),
            files as f64 / median(values) * 1e3
        );
    };
    row("winfit lint", &ours, files);
    row("rg --files -0 | xargs -0 cat", &reading, files);
    let ratio = median(&ours) / median(&reading);
    if let Some(hadolint) = hadolint {
        let mut peer = Vec::new();
        for _ in 0..2 {
            let (took, _) = time(
                Command::new("sh")
                    .args([
                        "-c",
                        "rg --files -0 -g '*.Dockerfile' . | xargs -0 \"$0\"",
                        hadolint,
                    ])
                    .current_dir(tree),
            )?;
            peer.push(took.as_secs_f64() * 1e3);
        }
        row("hadolint, on the Dockerfiles alone", &peer, files / 2);
        let times = (files as f64 / median(&ours)) / ((files / 2) as f64 / median(&peer));
        println!(
            "{times:.0} x the files a second of hadolint; target at least {TIMES_HADOLINT:.0} x: {}",
            met(times >= TIMES_HADOLINT)
        );
    }
    println!(
        "{ratio:.2} x reading alone; target at most {TIMES_READING:.0} x: {}",
        met(ratio <= TIMES_READING)
    );
    Ok(())
}

fn one_file(winfit: &str, tree: &Path) -> Outcome {
    let file = tree.join("team-000/app0.Dockerfile");
    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    for round in 0..COLD + 10 {
        let (took, status) = time(Command::new(winfit).arg("lint").arg(&file))?;
        if !matches!(status.code(), Some(0 | 1)) {
            return Err(format!("winfit lint left with {status}").into());
        }
        let (nothing, _) = time(&mut Command::new("/bin/true"))?;
        if round >= 10 {
            ours.push(took.as_secs_f64() * 1e3);
            floor.push(nothing.as_secs_f64() * 1e3);
        }
    }
    let (low, high) = quartiles(&ours);
    println!();
    println!("winfit lint of one Dockerfile, a cold process: median of {COLD} spawns");
    println!(
        "{:.2} ms, half within {low:.2} to {high:.2}; {:.1} x /bin/true; target under {ONE_FILE:.0} ms: {}",
        median(&ours),
        median(&ours) / median(&floor),
        met(median(&ours) < ONE_FILE)
    );
    Ok(())
}

fn met(is: bool) -> &'static str {
    if is { "met" } else { "missed" }
}
