//! The table of a cold `winfit check`: a new process each time, beside `/bin/true`.

use std::process::Command;

use crate::Outcome;
use crate::timing::{median, quartiles, time};

const PAIRS: usize = 400;
/// What a check may take longer than a process that does nothing.
const TARGET: f64 = 10.0;

/// Prints the table.
pub fn table(winfit: &str) -> Outcome {
    let image = "mcr.microsoft.com/windows/servercore:ltsc2019";
    let arguments = ["check", image, "--host", "ltsc2022"];
    let (mut ours, mut floor, mut difference) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..PAIRS + 20 {
        // In turns, so that whatever else the machine does meets both.
        let (took, status) = time(Command::new(winfit).args(arguments))?;
        let (nothing, _) = time(&mut Command::new("/bin/true"))?;
        if status.code() != Some(1) {
            return Err(format!("winfit {} left with {status}", arguments.join(" ")).into());
        }
        // The first rounds warm the page cache.
        if round >= 20 {
            let (took, nothing) = (took.as_secs_f64() * 1e3, nothing.as_secs_f64() * 1e3);
            ours.push(took);
            floor.push(nothing);
            difference.push(took - nothing);
        }
    }
    println!("winfit check, a cold process: medians of {PAIRS} spawns in turn with /bin/true");
    println!("{:<46}{:>7}{:>17}", "", "ms", "half within");
    for (name, values) in [
        ("winfit check", &ours),
        ("/bin/true", &floor),
        ("difference", &difference),
    ] {
        let (low, high) = quartiles(values);
        println!(
            "{name:<46}{:>7.2}{:>17}",
            median(values),
            format!("{low:.2} to {high:.2}")
        );
    }
    let verdict = if median(&difference) < TARGET {
        "met"
    } else {
        "missed"
    };
    println!(
        "{:.1} x /bin/true; target within {TARGET:.0} ms of it: {verdict}",
        median(&ours) / median(&floor)
    );
    Ok(())
}
